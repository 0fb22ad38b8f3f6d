"""Values cut down to as many wrong parts as an answer names.

A validator finds every error before it tells the first, and holds everybody up meanwhile: for a
list of 300,000 wrong items that is some seconds. So the parts of long lists and maps are tried one
by one here, and the wrong ones past the limit are only counted.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.errors import COLLECTED, Path, Problem

Compile = Callable[[dict[str, Any]], Any]
"""Compiles a schema to a validator."""


class Excess:
    """Cuts a value that does not fit its schema.

    Afterwards `problems` names the lists that are too long, whose items are not looked at, and
    `left_out` counts the wrong parts that the cut value does not have.
    """

    def __init__(self, compile: Compile) -> None:
        self._compile = compile
        self.problems: list[Problem] = []
        self.left_out = 0

    def cut(self, value: Any, schema: Mapping[str, Any], path: Path = ()) -> Any:
        """The value with the first wrong items of each long list, and members of each long map."""
        if isinstance(value, list):
            return self._cut_list(value, schema, path)
        if isinstance(value, dict):
            return self._cut_object(value, schema, path)
        return value

    def _cut_list(self, items: list[Any], schema: Mapping[str, Any], path: Path) -> list[Any]:
        most = schema.get("maxItems", len(items))
        if len(items) > most:
            self.problems.append(
                Problem(path, "maxItems", f"has more than {most} items", items, schema)
            )
            return items[: schema.get("minItems", 0)]
        part = schema.get("items", {})
        is_left_out = self._limit(part, len(items))
        # Items move only behind the last wrong one that is kept: nothing is said of those.
        kept = []
        for index, item in enumerate(items):
            if not is_left_out(item):
                kept.append(self.cut(item, part, (*path, index)))
        return kept

    def _cut_object(self, value: dict[str, Any], schema: Mapping[str, Any], path: Path) -> Any:
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties")
        if not isinstance(others, dict):
            others = {}
        is_left_out = self._limit(others, len(value))
        kept = {}
        for name, item in value.items():
            if name in properties:
                kept[name] = self.cut(item, properties[name], (*path, name))
            elif not is_left_out(item):
                kept[name] = self.cut(item, others, (*path, name))
        return kept

    def _limit(self, schema: dict[str, Any], count: int) -> Callable[[Any], bool]:
        """Whether a part goes, asked of one after the other: a wrong one past the limit."""
        if count <= COLLECTED or not schema:
            return _never
        is_valid = self._compile(schema).is_valid
        wrong = 0

        def is_left_out(part: Any) -> bool:
            nonlocal wrong
            if is_valid(part):
                return False
            wrong += 1
            self.left_out += wrong > COLLECTED
            return wrong > COLLECTED

        return is_left_out


def _never(part: Any) -> bool:
    return False

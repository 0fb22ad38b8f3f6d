"""Times of a fixture that are told from another moment, like `-3d` or `+1d12h`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mockserver.errors import Path, Problem

PATTERN = "^[+-](?:[0-9]{1,6}[wdhms]){1,5}$"
"""What a relative time is: a sign, and numbers with units (weeks to seconds) that are added up."""

RELATIVE = "x-relative"
"""The keyword of a schema whose texts may be relative times."""

_TEXT = re.compile(PATTERN, re.ASCII)
_STEP = re.compile("([0-9]+)([wdhms])", re.ASCII)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def is_relative(value: Any) -> bool:
    """Whether it is a relative time."""
    return isinstance(value, str) and _TEXT.match(value) is not None


def moment_at(text: str, now: datetime) -> datetime:
    """The moment that a relative time names. Raises OverflowError outside of the calendar."""
    distance = timedelta()
    for number, unit in _STEP.findall(text):
        distance += timedelta(**{_UNITS[unit]: int(number)})
    return now - distance if text.startswith("-") else now + distance


@dataclass(slots=True)
class _Places:
    """Where the values of a schema have times: here, in members, in items."""

    here: bool = False
    members: dict[str, "_Places"] = field(default_factory=dict)
    items: "_Places | None" = None

    def __bool__(self) -> bool:
        return self.here or bool(self.members) or self.items is not None


def _places_in(schema: Any) -> _Places:
    places = _Places(here=RELATIVE in schema)
    for name, part in schema.get("properties", {}).items():
        found = _places_in(part)
        if found:
            places.members[name] = found
    if isinstance(schema.get("items"), dict):
        places.items = _places_in(schema["items"]) or None
    for part in schema.get("anyOf", ()):
        places = _places_in(part) or places
    return places


class RelativeTimes:
    """The relative times in values of one schema (without `$ref`)."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._places = _places_in(schema)

    def resolved(self, content: Any, now: datetime) -> tuple[Any, list[Problem]]:
        """The content with the times that they are at that moment, in whole seconds.

        And a problem for each that is outside of the calendar. Only what holds a relative time is
        copied.
        """
        problems: list[Problem] = []
        return _resolved(content, self._places, (), now, problems), problems

    def are_in(self, content: Any) -> bool:
        """Whether the content has any."""
        return _has_any(content, self._places)


def _resolved(
    value: Any, places: _Places, path: Path, now: datetime, problems: list[Problem]
) -> Any:
    if places.here and is_relative(value):
        try:
            return moment_at(value, now).isoformat(timespec="seconds")
        except OverflowError:
            problems.append(Problem(path, "range", f"{value} is out of range", value))
            return now.isoformat()
    changed: dict[Any, Any] = {}
    for step, part, below in _parts(value, places):
        known = _resolved(part, below, (*path, step), now, problems)
        if known is not part:
            changed[step] = known
    if not changed:
        return value
    if isinstance(value, dict):
        return value | changed
    return [changed.get(index, item) for index, item in enumerate(value)]


def _has_any(value: Any, places: _Places) -> bool:
    if places.here and is_relative(value):
        return True
    return any(_has_any(part, below) for _, part, below in _parts(value, places))


def _parts(value: Any, places: _Places) -> list[tuple[Any, Any, _Places]]:
    """The members and items in which there may be times, each with its step."""
    if isinstance(value, dict):
        return [
            (name, value[name], places.members[name]) for name in places.members if name in value
        ]
    if isinstance(value, list) and places.items is not None:
        return [(index, item, places.items) for index, item in enumerate(value)]
    return []

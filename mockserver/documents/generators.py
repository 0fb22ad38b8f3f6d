"""What generators of clients cannot read in a document, said in words that they can.

No JSON body changes its meaning. docs/clients.md names each change, and the generators that need
it.
"""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

_JSON = "application/json"


def for_generators(document: Json) -> Json:
    """The document without what some generator cannot read; the given one stays as it is."""
    changed: Json = _Overlay(document).changed(document)
    return changed


class _Overlay:
    def __init__(self, document: Json) -> None:
        self._document = document

    def changed(self, part: Any) -> Any:
        """A part of the document, with all that is in it."""
        if isinstance(part, list):
            return [self.changed(each) for each in part]
        if not isinstance(part, dict):
            return part
        new = {name: self.changed(value) for name, value in part.items()}
        content = new.get("content")
        if isinstance(content, dict) and _JSON in content:
            new["content"] = {_JSON: content[_JSON]}
        if isinstance(new.get("oneOf"), list):
            self._join_enums(new)
        if new.get("nullable") is True and isinstance(new.get("allOf"), list):
            self._put_in(new)
        return new

    def _join_enums(self, schema: Json) -> None:
        """Make one enum of a `oneOf` of enums of texts and of null."""
        values: list[Any] = []
        for part in schema["oneOf"]:
            enum = self._enum(part)
            if not enum:
                return
            values += enum
        if not _are_texts(values):
            return
        del schema["oneOf"]
        schema |= {"type": "string", "nullable": None in values, "enum": values}

    def _put_in(self, schema: Json) -> None:
        """Put what an `allOf` of one refers to in its place, where it may be null too."""
        if len(schema["allOf"]) > 1:
            return
        (only,) = schema.pop("allOf")
        target = self.changed(self._target(only))
        schema |= {name: value for name, value in target.items() if name not in schema}
        if "enum" in target and None not in target["enum"]:
            schema["enum"] = [*target["enum"], None]

    def _enum(self, part: Any) -> Sequence[Any]:
        enum: Sequence[Any] = self._target(part).get("enum", ())
        return enum

    def _target(self, part: Json) -> Json:
        """The part itself, or what it refers to."""
        if "$ref" not in part:
            return part
        target = self._document
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target.get(step, {})
        return target


def _are_texts(values: Sequence[Any]) -> bool:
    return all(value is None or isinstance(value, str) for value in values)

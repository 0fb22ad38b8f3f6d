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
    _drop_enums_of_null(changed)
    return changed


class _Overlay:
    def __init__(self, document: Json) -> None:
        self._document = document
        self._doubles = _parameters_named_like_schemas(document)

    def changed(self, part: Any) -> Any:
        """A part of the document, with all that is in it."""
        if isinstance(part, list):
            return [self.changed(each) for each in part]
        if not isinstance(part, dict):
            return part
        if part.get("$ref") in self._doubles:
            return self.changed(self._target(part))
        new = {name: self.changed(value) for name, value in part.items()}
        _simplify(new)
        self._drop_unions(new)
        if isinstance(new.get("oneOf"), list):
            self._join_enums(new)
        return self._without_wrapper(new)

    def _drop_unions(self, schema: Json) -> None:
        """Leave out the unions that generators for Java and Python can make no class of."""
        for union in ("anyOf", "oneOf"):
            members = schema.get(union)
            if isinstance(members, list) and any(map(_has_no_class, map(self._target, members))):
                del schema[union]

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

    def _without_wrapper(self, schema: Json) -> Json:
        """The schema, or what its `allOf` of one refers to."""
        parts = schema.get("allOf")
        if not isinstance(parts, list) or len(parts) != 1:
            return schema
        if schema.get("nullable") is True:
            self._put_in(schema)
        elif "properties" in schema:
            # An answer that narrows its error's schema: generators make a class without fields.
            narrowed: Json = parts[0]
            return narrowed
        return schema

    def _put_in(self, schema: Json) -> None:
        """Put what an `allOf` of one refers to in its place, where it may be null too."""
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


def _simplify(part: Json) -> None:
    """Leave out what a generator cannot read and others can do without."""
    content = part.get("content")
    if isinstance(content, dict):
        part["content"] = _in_known_types(content)
    if part.get("format") == "date-time":
        part.pop("pattern", None)


def _in_known_types(content: Json) -> Json:
    """The bodies of an operation in the media types that every generator knows."""
    if _JSON in content:
        return {_JSON: content[_JSON]}
    known: Json = {}
    for media_type, body in content.items():
        foreign = media_type.startswith("application/") and _is_text(body)
        known["text/plain" if foreign else media_type] = body
    return known


def _is_text(body: Any) -> bool:
    schema = body.get("schema") if isinstance(body, dict) else None
    return isinstance(schema, dict) and schema.get("type") == "string"


def _has_no_class(member: Json) -> bool:
    """Whether generators for Java and Python can make no class of this member of a union."""
    return member == {"type": "object"} or member.get("type") == "array"


def _parameters_named_like_schemas(document: Json) -> set[str]:
    """References to the parameters of which a generator would make a type that is there already."""
    components = document.get("components", {})
    schemas = {name.lower() for name in components.get("schemas", {})}
    names = [name for name in components.get("parameters", {}) if name.lower() in schemas]
    return {f"#/components/parameters/{name}" for name in names}


def _drop_enums_of_null(document: Json) -> None:
    """Leave out what only the joined enums referred to."""
    schemas: Json = document.get("components", {}).get("schemas", {})
    for name in [name for name, schema in schemas.items() if schema.get("enum") == [None]]:
        del schemas[name]


def _are_texts(values: Sequence[Any]) -> bool:
    return all(value is None or isinstance(value, str) for value in values)

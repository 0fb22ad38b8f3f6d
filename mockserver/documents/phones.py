"""Where phone numbers stand in a request, as the document says.

A field is one where its schema has `x-phone: true` or `x-format: phone`.
"""

from collections.abc import Iterator
from typing import Any

from mockserver.documents.schema import Schema
from mockserver.documents.spec import Body

_BRANCHES = ("allOf", "anyOf", "oneOf")


def is_phone_schema(schema: Schema) -> bool:
    """Whether the schema is that of a phone number."""
    return bool(schema.get("x-phone")) or schema.get("x-format") == "phone"


def phones_in(body: Body, sent: Any) -> Iterator[Any]:
    """The values of all phone fields in a body that has been parsed, as they were sent."""
    value = body.reader.coerced(sent)
    yield from _phones(body.reader.schema, value)
    if body.item is None:
        return
    items = [value]
    if body.items is not None:
        listed = value.get(body.items) if isinstance(value, dict) else None
        items = listed if isinstance(listed, list) else []
    for item in items:
        yield from _phones(body.item.schema, body.item.coerced(item))


def _phones(schema: Schema, value: Any) -> Iterator[Any]:
    if is_phone_schema(schema):
        yield value
    for branch in _BRANCHES:
        for part in schema.get(branch, ()):
            yield from _phones(part, value)
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield from _phones(part, value[name])
    elif isinstance(value, list) and "items" in schema:
        for item in value:
            yield from _phones(schema["items"], item)

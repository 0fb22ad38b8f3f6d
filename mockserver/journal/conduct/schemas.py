"""What the documents say of the fields of requests and records."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockserver.documents.schema import Schema
from mockserver.documents.spec import Operation

_PARTS = ("allOf", "anyOf", "oneOf")


def properties(schema: Schema) -> dict[str, Schema]:
    """Every property that a schema, or a part of it, speaks of."""
    found: dict[str, Schema] = dict(schema.get("properties", {}))
    for key in _PARTS:
        for part in schema.get(key, ()):
            found = properties(part) | found
    return found


def record_columns(fields: Mapping[str, Any], operations: Iterable[Operation]) -> frozenset[str]:
    """The columns of the records that a request with these fields is about.

    They are told by the documented answers, of whatever operation: the answer to a write often
    has nothing of the record but its id. An object in an answer is such a record where it has an
    `id` and, beside that, one of the fields.
    """
    others = fields.keys() - {"id"}
    columns: set[str] = set()
    for operation in operations:
        for schema in _answer_schemas(operation):
            names = properties(schema).keys()
            if "id" in names and not others.isdisjoint(names):
                columns |= names
    return frozenset(columns)


def _answer_schemas(operation: Operation) -> Iterator[Schema]:
    """The schemas of the operation's successful answers, and all that lie within them."""
    for status, answer in operation.answers.items():
        if 200 <= status < 300 and answer.validator is not None:
            yield from _with_nested(answer.validator.schema)


def _with_nested(schema: Schema) -> Iterator[Schema]:
    yield schema
    for part in schema.get("properties", {}).values():
        yield from _with_nested(part)
    for key in _PARTS:
        for part in schema.get(key, ()):
            yield from _with_nested(part)
    if "items" in schema:
        yield from _with_nested(schema["items"])

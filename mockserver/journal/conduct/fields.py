"""Fields and query parameters that a request had and its operation does not take."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.call import Call
from mockserver.documents.schema import Reader, Schema
from mockserver.documents.spec import Body
from mockserver.journal.conduct.signs import Sign, answered, called, json_of, listed
from mockserver.journal.redaction import carries_credential
from mockserver.wire import read_query


class Shape(NamedTuple):
    """The fields an object of a body may have; `open`: others are kept too."""

    known: Mapping[str, Schema]
    open: bool


class Sent(NamedTuple):
    """One object of a request's body.

    Where it stands, its fields as they were sent and as they were read, and what they may be.
    """

    prefix: str
    fields: Mapping[str, Any]
    read: Mapping[str, Any]
    shape: Shape


class Stored(NamedTuple):
    """What the rows of a request have.

    Their columns, and what they keep aside in objects, as names and the texts of their values.
    """

    columns: frozenset[str]
    aside: frozenset[tuple[str, str]]


def properties(schema: Schema) -> dict[str, Schema]:
    """Every property that a schema, or a part of it, speaks of."""
    found: dict[str, Schema] = dict(schema.get("properties", {}))
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, ()):
            found = properties(part) | found
    return found


def strange_fields(calls: Iterable[Call]) -> Iterator[Sign]:
    """Fields of a body, or of an item judged by itself, that were not set."""
    for call, operation in answered(calls):
        if operation.body is not None and call.status < 400:
            strange = _strange(call, operation.body)
            for slug, names in strange.items():
                yield Sign(
                    slug,
                    call,
                    frozenset(names),
                    f"{called(call)} was sent {listed('field', names)}.",
                )


def _strange(call: Call, body: Body) -> dict[str, dict[str, None]]:
    """The names of the fields that a check objects to, by check, in the order sent."""
    found: dict[str, dict[str, None]] = {}
    stored = _stored(call)
    for sent in _objects(call, body):
        for name in sent.fields:
            slug = _verdict(name, sent, stored)
            if slug is not None:
                found.setdefault(slug, {})[sent.prefix + name] = None
    return found


def _objects(call: Call, body: Body) -> Iterator[Sent]:
    fields, read, schema = json_of(call.request.body), call.body, body.reader.schema
    if not isinstance(read, dict):
        return
    yield Sent("", fields if isinstance(fields, dict) else read, read, _shape(schema))
    for name, part in schema.get("properties", {}).items():
        if body.item is not None and "x-partial" in part and isinstance(read.get(name), list):
            yield from _items(f"{name}[].", read[name], body.item)


def _items(prefix: str, items: Iterable[Any], reader: Reader) -> Iterator[Sent]:
    """The items with fields that call for a look, but for those that were refused."""
    shape = _shape(reader.schema)
    plain = {name for name, part in shape.known.items() if not part.get("readOnly")}
    for item in items:
        if isinstance(item, dict) and not item.keys() <= plain:
            read, problems = reader.read(item)
            if not problems:
                yield Sent(prefix, item, read, shape)


def _shape(schema: Schema) -> Shape:
    return Shape(properties(schema), bool(schema.get("additionalProperties")))


def _stored(call: Call) -> Stored:
    """What the rows hold that a request changed or found."""
    rows = [change.after or change.before or {} for change in call.changes]
    rows += [row for match in call.matches for row in match.rows]
    values = [value for row in rows for value in row.values() if isinstance(value, dict)]
    aside = frozenset((name, str(kept)) for value in values for name, kept in value.items())
    return Stored(frozenset(name for row in rows for name in row), aside)


def _verdict(name: str, sent: Sent, stored: Stored) -> str | None:
    """Which check has something against a field, if any.

    Told by the schema, and by what became of the field in the rows.
    """
    known = sent.shape.known
    if known.get(name, {}).get("readOnly"):
        return "read-only-fields"
    if not known or name in known or _read_in_another_case(name, sent):
        return None
    if name in stored.columns:
        return "read-only-fields"
    return (
        "extra-fields"
        if sent.shape.open or (name, str(sent.fields[name])) in stored.aside
        else "unknown-fields"
    )


def _read_in_another_case(name: str, sent: Sent) -> bool:
    """Whether the vendor took the field for one that is written with other capitals."""
    return any(name.lower() == each.lower() for each in sent.read.keys() - sent.fields.keys())


def strange_parameters(calls: Iterable[Call]) -> Iterator[Sign]:
    """Parameters of a query that the operation does not have."""
    for call, _ in answered(calls):
        strange = [
            name
            for name in read_query(call.request.query_string)
            if name not in call.parameters and not carries_credential(name)
        ]
        if strange:
            done = (
                f"{called(call)} was asked with {listed('query parameter', strange)} and "
                f"answered {call.status}."
            )
            yield Sign("unknown-parameters", call, (call.status, frozenset(strange)), done)

"""Fields and query parameters that a request had and its operation does not take."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

from mockserver.documents.schema import Reader, Schema
from mockserver.documents.spec import Operation
from mockserver.journal.bodies import read_body
from mockserver.journal.conduct.schemas import properties, record_columns
from mockserver.journal.conduct.signs import Sign, answered, called, listed, parsed_json
from mockserver.journal.directory import Directory
from mockserver.journal.records import WHOLE_BODY, ManyRows, Record
from mockserver.journal.redaction import carries_credential, quoted
from mockserver.wire import read_query

_REPLACED = "\N{REPLACEMENT CHARACTER}".encode()
"""Stands in a body for bytes that the vendor's framework could not read."""


class Shape:
    """The fields that an object of a body may have, by its schema.

    `known` are those that the schema names. The vendor keeps others too where it `is_open`, and
    never where it `is_closed`; a schema that says neither leaves it to the vendor's code.
    """

    def __init__(self, schema: Schema, operations: Sequence[Operation]) -> None:
        others = schema.get("additionalProperties")
        self.known: Mapping[str, Schema] = properties(schema)
        self.is_open = bool(others)
        self.is_closed = others is False
        self._operations = operations

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that the documented records have which the object is about."""
        return record_columns(self.known, self._operations)


class Shapes:
    """The shapes of bodies and of the items in them, each made once for a report."""

    def __init__(self, directory: Directory) -> None:
        self._operations = directory.operations
        self._shapes: dict[tuple[str, str, str], Shape] = {}

    def shape(self, vendor: str, operation: Operation, prefix: str, schema: Schema) -> Shape:
        """The shape of what stands under the prefix in a body of the operation."""
        key = (vendor, operation.id, prefix)
        if key not in self._shapes:
            self._shapes[key] = Shape(schema, self._operations[vendor])
        return self._shapes[key]


class Sent(NamedTuple):
    """One object of a request's body.

    Where it stands, its fields as they were sent and as they were read, and what they may be.
    """

    prefix: str
    fields: Mapping[str, Any]
    read: Mapping[str, Any]
    shape: Shape


class Evidence:
    """What a record tells of the rows that its request was about.

    The changed columns of a changed row, all of a created or deleted one, and what the answer
    shows. Of a row that was only found, and of the rows of a large change, it has but the id.
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that the rows have for certain."""
        columns = {"id"} if self._record.changes or self._record.matches else set()
        for row in self._rows():
            columns |= row.keys()
        return frozenset(columns)

    @property
    def is_partial(self) -> bool:
        """Whether the request changed more rows than the record has columns of."""
        return any(isinstance(change, ManyRows) for change in self._record.changes)

    def shows(self, name: str, value: Any) -> bool:
        """Whether the value stands under that name in an object that a row or the answer holds."""
        return (name, str(value)) in self._aside

    def column_with(self, name: str) -> str | None:
        """The column whose value is an object with a member of that name."""
        for row in self._rows():
            for column, value in row.items():
                if isinstance(value, dict) and name in value:
                    return column
        return None

    @cached_property
    def _aside(self) -> frozenset[tuple[str, str]]:
        """What the objects that the rows and the answer hold have inside, values as texts.

        The answer counts because a value that was kept aside before is no change of its row.
        """
        found: set[tuple[str, str]] = set()
        for row in self._rows():
            for value in row.values():
                found.update(_members(value))
        found.update(_members(parsed_json(self._record.answer)))
        return frozenset(found)

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        for change in self._record.changes:
            if not isinstance(change, ManyRows):
                yield change.after or change.before or {}


def _members(value: Any) -> Iterator[tuple[str, str]]:
    """The members of all objects in a JSON value, as names and texts."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield name, str(part)
            yield from _members(part)
    elif isinstance(value, list):
        for part in value:
            yield from _members(part)


def strange_fields(records: Iterable[Record], directory: Directory) -> Iterator[Sign]:
    """Fields of a body, or of an item judged by itself, that were not set."""
    shapes = Shapes(directory)
    for record, operation in answered(records, directory):
        if operation.body is None or record.status >= 400:
            continue
        objects = _objects(record, operation, shapes)
        for slug, names in _strange(objects, Evidence(record)).items():
            done = f"{called(record)} was sent {listed('field', names)}."
            yield Sign(slug, record, frozenset(names), done, fields=tuple(names))


class Remark(NamedTuple):
    """What became of one field that the operation does not simply set."""

    field: str
    text: str


def remarks(record: Record, directory: Directory) -> list[Remark]:
    """What became of the fields of a record's body that its operation does not simply set.

    Of a request that was refused: the fields that are probably misspelt. There are none where an
    answer was made by a fault.
    """
    operation = directory.operation(record)
    if record.refusal is not None and record.fault is None and operation is not None:
        return list(_misspelt(record, operation, directory))
    found: list[Remark] = []
    if _REPLACED in (record.request.body or b""):
        found.append(Remark(WHOLE_BODY, "has lost characters (U+FFFD): it was not sent in UTF-8"))
    for sign in strange_fields([record], directory):
        found += [Remark(name, _remark(sign.slug, name, record, directory)) for name in sign.fields]
    return found


def _misspelt(record: Record, operation: Operation, directory: Directory) -> Iterator[Remark]:
    """Fields of a refused body that the operation has under a name like theirs."""
    for sent in _objects(record, operation, Shapes(directory)):
        missing = [name for name in sent.shape.known if name not in sent.fields]
        for name in sent.fields:
            if name in sent.shape.known or _is_read_in_another_case(name, sent):
                continue
            close = get_close_matches(name, missing, n=1)
            if close:
                yield Remark(sent.prefix + name, f"is no field (did you mean {close[0]}?)")


def _remark(slug: str, name: str, record: Record, directory: Directory) -> str:
    if slug == "read-only-fields":
        return "cannot be set here: ignored"
    operation = directory.operation(record)
    known = properties(operation.body.reader.schema) if operation and operation.body else {}
    close = get_close_matches(name, known, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    if slug == "extra-fields":
        column = Evidence(record).column_with(name.rpartition(".")[2])
        return f"is no field: kept {f'in {column}' if column else 'beside the fields'}{meant}"
    return f"is no field: ignored{meant}"


def _strange(objects: Iterable[Sent], evidence: Evidence) -> dict[str, dict[str, None]]:
    """The names of the fields that a check objects to, by check, in the order sent."""
    found: dict[str, dict[str, None]] = {}
    for sent in objects:
        for name in sent.fields:
            slug = _verdict(name, sent, evidence)
            if slug is not None:
                found.setdefault(slug, {})[sent.prefix + name] = None
    return found


def _objects(record: Record, operation: Operation, shapes: Shapes) -> Iterator[Sent]:
    """The objects in a request's body: itself, and the items that are judged by themselves."""
    body, found = operation.body, read_body(record.request, operation)
    if body is None or found is None or not isinstance(found.read, dict):
        return
    schema, read = body.reader.schema, found.read
    fields = found.sent if isinstance(found.sent, dict) else read
    yield Sent("", fields, read, shapes.shape(record.vendor, operation, "", schema))
    for name, part in schema.get("properties", {}).items():
        if body.item is not None and "x-partial" in part and isinstance(read.get(name), list):
            prefix = f"{name}[]."
            shape = shapes.shape(record.vendor, operation, prefix, body.item.schema)
            yield from _items(prefix, read[name], body.item, shape)


def _items(prefix: str, items: Iterable[Any], reader: Reader, shape: Shape) -> Iterator[Sent]:
    """The items with fields that call for a look, but for those that were refused."""
    plain = {name for name, part in shape.known.items() if not part.get("readOnly")}
    for item in items:
        if isinstance(item, dict) and not item.keys() <= plain:
            read, problems = reader.read(item)
            if not problems:
                yield Sent(prefix, item, read, shape)


def _verdict(name: str, sent: Sent, evidence: Evidence) -> str | None:
    """Which check objects to a field, if any.

    Told by the schema, by what became of the field, and by the documented records.
    """
    shape = sent.shape
    if shape.known.get(name, {}).get("readOnly"):
        return "read-only-fields"
    if not shape.known or name in shape.known or _is_read_in_another_case(name, sent):
        return None
    if name in evidence.columns or name in shape.columns:
        return "read-only-fields"
    if shape.is_open or evidence.shows(name, sent.fields[name]):
        return "extra-fields"
    if evidence.is_partial and not shape.is_closed:
        return None  # kept aside or dropped: only the rows would tell
    return "unknown-fields"


def _is_read_in_another_case(name: str, sent: Sent) -> bool:
    """Whether the vendor took the field for one that is written with other capitals."""
    renamed = sent.read.keys() - sent.fields.keys()
    return any(name.lower() == each.lower() for each in renamed)


def strange_parameters(records: Iterable[Record], directory: Directory) -> Iterator[Sign]:
    """Parameters of a query that the operation does not have."""
    for record, operation in answered(records, directory):
        known = operation.query.schema["properties"]
        sent = read_query(record.request.query_string)
        strange = [name for name in sent if name not in known and not carries_credential(name)]
        if strange:
            parameters = listed("query parameter", strange)
            done = f"{called(record)} was asked with {parameters} and answered {record.status}"
            close = get_close_matches(strange[0], known, n=1)
            done += f" (did you mean {quoted(close[0])}?)." if close else "."
            yield Sign("unknown-parameters", record, (record.status, frozenset(strange)), done)

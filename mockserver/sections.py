"""A vendor's section of a fixture as data: what its rows hold, how they are stored and exported.

A vendor says of each table which columns a row has and what they are where a fixture leaves them
out. The schema of its section, seeding and export follow from that. A hook does what is left: a
column whose value depends on another row, on the time or on other columns.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, Final

from mockserver.collection import new_id
from mockserver.documents.formats import parse_date_time
from mockserver.documents.relative_times import RELATIVE
from mockserver.errors import Problem
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import Transaction

Schema = dict[str, Any]
"""A JSON Schema 2020-12 without `$ref`."""

ID: Schema = {"type": "integer", "minimum": 1}
TEXT_ID: Schema = {"type": "string", "minLength": 1}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time", RELATIVE: True}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
TIME_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time", RELATIVE: True}

NOW: Final = object()
"""As a default of a column: the present time, written as the table's `times` says."""

_LOOSE = "unknown_references"
_NUMBERS = "next_numbers"


@dataclass(frozen=True, slots=True)
class Seeding:
    """What may decide a row besides the fixture: time, seed and settings of the workspace."""

    now: datetime
    seed: int
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a value of a fixture, unless it is null, becomes the value that is stored.

    `read` raises ValueError or OverflowError for a value that cannot be stored. Then `message` says
    what is wrong, with the value in place of `{!r}`.
    """

    read: Callable[[Any, Seeding], Any]
    keyword: str = "range"
    message: str = "is out of range"


@dataclass(frozen=True, slots=True)
class Ids:
    """How a table counts its ids.

    `make` makes an id from a number, `number_of` is the way back (0 for an id that was not made
    from a number). `note` tells the author of a fixture what the table's next number means.
    """

    make: Callable[[int, Seeding], RowId]
    number_of: Callable[[RowId, Seeding], int]
    note: str = "The number that the id of the next new row is made from, where it is not 1."


def _the_number(number: int, seeding: Seeding) -> RowId:
    return number


def _number_itself(id: RowId, seeding: Seeding) -> int:
    return id if isinstance(id, int) else 0


NUMBERED = Ids(
    _the_number,
    _number_itself,
    "The id of the next new row, where it is not the one after the highest.",
)
"""Ids that are the numbers themselves."""


def no_number(id: RowId, seeding: Seeding) -> int:
    """For ids that tell nothing of the number they were made from."""
    return 0


def _inherits_nothing(row: Row, tx: Transaction) -> Row:
    return {}


def _is_complete(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
    return row


def _none_besides(row: Row) -> Collection[str]:
    return ()


@dataclass(frozen=True)
class SectionTable:
    """One table of a section.

    Data:

    - `columns`: the schema of each column that a fixture may give. A row may have other columns;
      an export leaves them out.
    - `required`: the columns that a fixture must give.
    - `defaults`: what the others are, in the order in which a stored row has them; `NOW` is the
      present time.
    - `references`: from a column to the table that must have a row with the id in it.
    - `times`: columns that hold a date-time, each with the function that writes it (in UTC).
    - `readings`: columns whose value is stored in another form.
    - `ids`: how a row without an id gets one; None where a fixture gives every id.
    - `single`: the table holds one row. It is an object in the section, not a list, and its id is
      the table's name. Unless a column is required, the row is always there.
    - `stated`: columns that an export always writes, because the hooks decide what they are where a
      fixture leaves them out. Required columns, ids and times that default to `NOW` always count.
    - `others`: the schema of further columns, whose names the author of a fixture chooses.
    - `description`: what a row is, for the author of a fixture.

    Hooks:

    - `inherits(row, tx)`: the defaults that a row has from the rows it refers to.
    - `complete(row, given, tx, seeding)`: the row to store. `row` has defaults and given values,
      `given` is what the fixture gives, as it is stored.
    - `also_stated(row)`: columns that the export of this one row writes besides.
    """

    name: str
    columns: Mapping[str, Schema]
    required: tuple[str, ...] = ()
    defaults: Row = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, Callable[[datetime], str]] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    ids: Ids | None = NUMBERED
    single: bool = False
    stated: tuple[str, ...] = ()
    others: Schema | None = None
    description: str = ""
    inherits: Callable[[Row, Transaction], Row] = _inherits_nothing
    complete: Callable[[Row, Row, Transaction, Seeding], Row] = _is_complete
    also_stated: Callable[[Row], Collection[str]] = _none_besides

    def __post_init__(self) -> None:
        """Raise ValueError for a table that cannot be: a mistake in a vendor's data."""
        named = {*self.required, *self.references, *self.times, *self.readings, *self.stated}
        strange = sorted(named - self.columns.keys())
        if strange:
            raise ValueError(f"section table {self.name}: {', '.join(strange)} is no column")
        if self.ids is None and not self.single and "id" not in self.required:
            raise ValueError(f"section table {self.name}: without `ids`, id must be required")
        for name, default in self.defaults.items():
            if default is NOW and name not in self.times:
                raise ValueError(
                    f"section table {self.name}: {name} defaults to NOW, but is no time"
                )

    @cached_property
    def schema(self) -> Schema:
        """What a fixture may say of this table."""
        row: dict[str, Any] = {"description": self.description} if self.description else {}
        row |= {"type": "object", "additionalProperties": self.others or False}
        if self.required:
            row["required"] = list(self.required)
        row["properties"] = dict(self.columns)
        return row if self.single else {"type": "array", "items": row}

    def read(self, given: Row, seeding: Seeding) -> tuple[Row, list[Problem]]:
        """The values of a row as they are stored, and what is wrong with them.

        The paths of the problems start in the row.
        """
        stored, problems = dict(given), []
        if isinstance(given.get("id"), float):  # 7.0 is an integer for JSON Schema
            stored["id"] = int(given["id"])
        for name, reading in self._readings.items():
            if given.get(name) is None:
                continue
            try:
                stored[name] = reading.read(given[name], seeding)
            except (ValueError, OverflowError):
                message = reading.message.format(given[name])
                problems.append(Problem((name,), reading.keyword, message))
        return stored, problems

    @cached_property
    def _readings(self) -> dict[str, Reading]:
        times = {name: Reading(_time(write)) for name, write in self.times.items()}
        return {**times, **self.readings}

    def defaults_at(self, now: datetime) -> Row:
        """The defaults with the present time in place of `NOW`."""
        present = {
            name: self.times[name](now) for name, value in self.defaults.items() if value is NOW
        }
        return self.defaults | present

    def row(self, defaults: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
        """The row to store for what a fixture gives, an id included."""
        return self.complete(defaults | self.inherits(given, tx) | given, given, tx, seeding)

    def written(self, row: Row, tx: Transaction) -> Row:
        """What a fixture gives for this row: every column that its defaults do not tell."""
        defaults = self.defaults | self.inherits(row, tx)
        stated = self._stated.union(self.also_stated(row))
        return {
            name: value
            for name, value in row.items()
            if (name in stated or not _is_default(value, defaults.get(name, NOW)))
            and (name in self.columns or (self.others is not None and name != "id"))
        }

    @cached_property
    def _stated(self) -> frozenset[str]:
        return frozenset(("id", *self.required, *self.stated))


def _time(write: Callable[[datetime], str]) -> Callable[[Any, Seeding], str]:
    def read(text: str, seeding: Seeding) -> str:
        moment = parse_date_time(text)
        assert moment is not None, text
        return write(moment.astimezone(UTC))

    return read


def _is_default(value: Any, default: Any) -> bool:
    """Whether leaving the value out loads back the same JSON: True is not 1, 1.0 is not 1."""
    return value is default or (type(value) is type(default) and value == default)


@dataclass(frozen=True)
class Section:
    """All tables of a vendor's section, in the order in which an export writes them.

    `unknown_references`: a fixture may say `unknown_references: true`, and then its rows may refer
    to rows that are not there. For a vendor whose API can make such rows.
    """

    tables: tuple[SectionTable, ...] = ()
    unknown_references: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for references that lead nowhere or in a circle."""
        names = {table.name for table in self.tables}
        for table in self.tables:
            strange = set(table.references.values()) - names
            if strange:
                raise ValueError(f"section table {table.name} refers to {', '.join(strange)}")
        _ = self._in_order

    @cached_property
    def numbered(self) -> Mapping[str, Ids]:
        """How ids are counted, by the name of each table that has a next number."""
        return {
            table.name: table.ids
            for table in self.tables
            if table.ids is not None and not table.single
        }

    @cached_property
    def schema(self) -> Schema:
        """What a fixture may say in this section."""
        properties: dict[str, Any] = {}
        if self.numbered:
            numbers = {name: _next_number(ids) for name, ids in self.numbered.items()}
            properties[_NUMBERS] = {
                "type": "object",
                "additionalProperties": False,
                "properties": numbers,
            }
        if self.unknown_references:
            description = "Whether a row may refer to a row that is not there."
            properties[_LOOSE] = {"description": description, "type": "boolean"}
        for table in self.tables:
            properties[table.name] = table.schema
        return {"type": "object", "additionalProperties": False, "properties": properties}

    @cached_property
    def _in_order(self) -> list[SectionTable]:
        """The tables, each after those that its rows refer to."""
        tables = {table.name: table for table in self.tables}
        referred = {
            table.name: [name for name in table.references.values() if name != table.name]
            for table in self.tables
        }
        return [tables[name] for name in TopologicalSorter(referred).static_order()]

    def seed(
        self, content: Mapping[str, Any], tx: Transaction, seeding: Seeding
    ) -> Iterator[Problem]:
        """Fill the tables from the section of a fixture.

        Tables may hold rows already: one with the same id is replaced, and any may be referred to.
        Yields what is wrong. The paths start inside the section; the value of a `reference` to
        nothing is the table and the id that it names.
        """
        for table, number in content.get(_NUMBERS, {}).items():
            tx.skip_numbers(table, int(number) - 1)
        strict = not content.get(_LOOSE)
        known = {table.name: _ids(content.get(table.name, ())) for table in self.tables}
        for table in self._in_order:
            if table.single:
                yield from _seed_single(table, content.get(table.name), tx, seeding)
            else:
                rows = content.get(table.name, ())
                yield from _seed_rows(table, rows, tx, seeding, known if strict else None)

    def export(self, tx: Transaction) -> dict[str, Any]:
        """The section that fills empty tables with exactly these rows in this order.

        It does so whatever the seed, the time and the settings then are.
        """
        content: dict[str, Any] = {}
        if self.unknown_references and any(_dangles(table, tx) for table in self.tables):
            content[_LOOSE] = True
        for table in self.tables:
            rows = [table.written(row, tx) for row in tx.rows(table.name)]
            content[table.name] = rows[0] if table.single and rows else rows
        return {name: part for name, part in content.items() if part}


def _next_number(ids: Ids) -> Schema:
    return {"description": ids.note} | ID


def _ids(rows: Any) -> set[RowId]:
    return {row["id"] for row in rows if "id" in row} if isinstance(rows, list) else set()


def _seed_single(
    table: SectionTable, given: Row | None, tx: Transaction, seeding: Seeding
) -> Iterator[Problem]:
    """Store the table's one row.

    Where the section does not have it, the row that is there stays. A new one has its defaults,
    unless a column is required.
    """
    if given is None and (table.required or tx.get(table.name, table.name) is not None):
        return
    stored, problems = table.read(given or {}, seeding)
    for problem in problems:
        yield _below(problem, table.name)
    if not problems:
        row = table.row(table.defaults_at(seeding.now), stored, tx, seeding)
        tx.put(table.name, row | {"id": table.name})


def _seed_rows(
    table: SectionTable,
    rows: Collection[Row],
    tx: Transaction,
    seeding: Seeding,
    known: Mapping[str, set[RowId]] | None,
) -> Iterator[Problem]:
    """Store the rows that have no problem.

    `known` has the ids of the fixture's rows, by table; None where a row may refer to nothing.
    """
    read = [table.read(row, seeding) for row in rows]
    taken = {row["id"] for row, _ in read if "id" in row}
    _skip_numbers(table, taken, tx, seeding)
    defaults = table.defaults_at(seeding.now)
    for index, (given, problems) in enumerate(read):
        dangling = [] if known is None else list(_dangling(table, given, tx))
        problems += [each for each in dangling if not _is_known(each, known)]
        for problem in problems:
            yield _below(problem, table.name, index)
        if not problems and not any(_names_refused(each, table) for each in dangling):
            whole = _with_id(given, table, tx, seeding, taken)
            tx.put(table.name, table.row(defaults, whole, tx, seeding))


def _skip_numbers(
    table: SectionTable, taken: Collection[RowId], tx: Transaction, seeding: Seeding
) -> None:
    if table.ids is not None:
        for id in taken:
            tx.skip_numbers(table.name, table.ids.number_of(id, seeding))


def _with_id(
    given: Row, table: SectionTable, tx: Transaction, seeding: Seeding, taken: Collection[RowId]
) -> Row:
    ids = table.ids
    if "id" in given or ids is None:
        return given

    def make(number: int) -> RowId:
        return ids.make(number, seeding)

    # The id comes first, as in a row that the API makes.
    return {"id": new_id(tx, table.name, make, taken)} | given


def _below(problem: Problem, *steps: str | int) -> Problem:
    return replace(problem, path=(*steps, *problem.path))


def _dangling(table: SectionTable, given: Row, tx: Transaction) -> Iterator[Problem]:
    """A problem for each reference of a row to a row that is not stored."""
    for name, target in table.references.items():
        id = given.get(name)
        if id is not None and tx.get(target, id) is None:
            message = f"there is no {id} in {target}"
            yield Problem((name,), "reference", message, (target, id))


def _is_known(dangling: Problem, known: Mapping[str, set[RowId]] | None) -> bool:
    """Whether the fixture has the row: further down in the same table, or it was refused."""
    target, id = dangling.value
    return known is not None and id in known[target]


def _names_refused(dangling: Problem, table: SectionTable) -> bool:
    """Whether the row that is named was refused: all other tables are filled before.

    The hooks count on that row, so the one that names it is left out. The fixture is
    refused anyway.
    """
    return bool(dangling.value[0] != table.name)


def _dangles(table: SectionTable, tx: Transaction) -> bool:
    """Whether any row of the table refers to nothing."""
    for name, target in table.references.items():
        ids: set[Any] = {row.get(name) for row in tx.rows(table.name)} - {None}
        if any(tx.get(target, id) is None for id in ids):
            return True
    return False

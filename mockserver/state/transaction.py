"""One request's view of one vendor's tables: it reads its own writes, and nobody else does."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.state.changes import Change, IdCounter, Row, RowChange, RowId
from mockserver.state.tables import Table, Tables

_NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})


class RowDiff(NamedTuple):
    """What happened to one row: the changed columns before and after.

    `before` is None for a row that was created, `after` for one that was deleted; the other side
    then has all columns.
    """

    table: str
    id: RowId
    before: Row | None
    after: Row | None


class Transaction:
    """What a handler reads and writes through.

    Writes are kept beside the tables as drafts. `changes` tells what the workspace has to apply to
    make them count; a transaction that is dropped has done nothing.
    """

    __slots__ = ("_drafts", "_tables", "_vendor", "settings", "trace")

    def __init__(
        self, vendor: str, tables: Tables, settings: Mapping[str, Any] = _NO_SETTINGS
    ) -> None:
        """`settings` are the vendor's: the keys of some indexes depend on one."""
        self._vendor = vendor
        self._tables = tables
        self.settings = settings
        self._drafts: dict[str, _Draft] = {}
        self.trace: list[Any] = []
        """Where whoever looks for rows notes how it found them."""

    def get(self, table: str, id: RowId) -> Row | None:
        """The row with that id."""
        draft = self._drafts.get(table)
        if draft is not None and id in draft.rows:
            return draft.rows[id]
        return self._tables[table].rows.get(id)

    def find(self, table: str, index: str, key: Hashable | None) -> list[Row]:
        """The rows under that key of the index, oldest first."""
        draft = self._drafts.get(table)
        if draft is None or not draft.rows:
            return self._tables[table].find(index, key)
        return draft.find(index, key)

    def rows(self, table: str) -> Iterable[Row]:
        """Every row, oldest first."""
        draft = self._drafts.get(table)
        if draft is None or not draft.rows:
            return self._tables[table].rows.values()
        return draft.all_rows()

    def next_number(self, table: str) -> int:
        """1, 2, 3, ... for the table's new rows; a refused request gives its numbers back."""
        draft = self._draft(table)
        draft.last_number += 1
        return draft.last_number

    def skip_numbers(self, table: str, last: int) -> None:
        """Give no new row a number up to and including `last`: stored rows have them."""
        draft = self._draft(table)
        draft.last_number = max(draft.last_number, last)

    def put(self, table: str, row: Row) -> Row:
        """Store the row under its `id`, in place of the one that was there."""
        self._draft(table).put(row["id"], row)
        return row

    def update(self, table: str, row: Row, changes: Row) -> Row:
        """Store the row with these columns changed. Returns it as it then is."""
        draft = self._draft(table)
        id, after = row["id"], row | changes
        is_first = id not in draft.rows
        draft.put(id, after)
        if is_first:
            draft.columns[id] = tuple(changes)
        return after

    def delete(self, table: str, id: RowId) -> bool:
        """Take the row away. Says whether there was one."""
        return self._draft(table).delete(id)

    def _draft(self, table: str) -> "_Draft":
        draft = self._drafts.get(table)
        if draft is None:
            draft = self._drafts[table] = _Draft(self._tables[table])
        return draft

    def changes(self) -> list[Change]:
        """What the workspace has to apply, in the order in which it was written."""
        changes: list[Change] = []
        for name, draft in self._drafts.items():
            if draft.last_number != draft.table.last_number:
                changes.append(IdCounter(self._vendor, name, draft.last_number))
            for id, row in draft.rows.items():
                changes.append(RowChange(self._vendor, name, id, draft.places[id], row))
        return changes

    def diffs(self) -> list[RowDiff]:
        """What the writes change, to be asked before they are applied."""
        found: list[RowDiff] = []
        for name, draft in self._drafts.items():
            stored = draft.table.rows
            columns = draft.columns
            for id, row in draft.rows.items():
                found.append(_diff(name, id, stored.get(id), row, columns.get(id)))
        return found

    def written_ids(self) -> dict[str, tuple[RowId, ...]]:
        """The ids of the rows that were written or deleted, by table."""
        return {name: tuple(draft.rows) for name, draft in self._drafts.items() if draft.rows}

    def count(self) -> int:
        """How many rows were written or deleted."""
        count = 0
        for draft in self._drafts.values():
            count += len(draft.rows)
        return count


def _diff(
    table: str,
    id: RowId,
    before: Row | None,
    after: Row | None,
    columns: tuple[str, ...] | None = None,
) -> RowDiff:
    """What happened to a row. `columns` are those that can differ, where that is known."""
    if before is None or after is None:
        return RowDiff(table, id, before, after)
    names: Iterable[str] = dict.fromkeys((*before, *after)) if columns is None else columns
    old: Row = {}
    new: Row = {}
    for name in names:
        if name not in before:
            new[name] = after[name]
        elif name not in after:
            old[name] = before[name]
        elif before[name] != after[name]:
            old[name], new[name] = before[name], after[name]
    diff: RowDiff = tuple.__new__(RowDiff, (table, id, old, new))
    return diff


class _Draft:
    """What a transaction has written to one table: rows by id, None for a deleted one.

    `places` has the place of each of these rows, `columns` what was changed of those that were
    updated once. The rows are indexed when somebody first looks for
    rows after a write: most requests write once, at their end.
    """

    __slots__ = ("_indexed", "_next_place", "columns", "last_number", "places", "rows", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows: dict[RowId, Row | None] = {}
        self.places: dict[RowId, int] = {}
        self.columns: dict[RowId, tuple[str, ...]] = {}
        self.last_number = table.last_number
        self._next_place: int | None = None
        self._indexed: Table | None = None

    def put(self, id: RowId, row: Row) -> None:
        if self.columns:
            self.columns.pop(id, None)
        if self.rows.get(id) is None:
            place = self.table.places.get(id) if id not in self.rows else None
            self.rows.pop(id, None)  # a row that comes back stands at the end
            self.places[id] = self._new_place() if place is None else place
        self.rows[id] = row
        if self._indexed is not None:
            self._indexed.put(id, row, self.places[id])

    def _new_place(self) -> int:
        place = self.table.next_place if self._next_place is None else self._next_place
        self._next_place = place + 1
        return place

    def delete(self, id: RowId) -> bool:
        is_stored = id in self.table.rows
        is_there = self.rows[id] is not None if id in self.rows else is_stored
        self.rows.pop(id, None)
        if is_stored:
            self.rows[id] = None
            self.places[id] = self.table.places[id]
        if self._indexed is not None:
            self._indexed.remove(id)
        return is_there

    def find(self, index: str, key: Hashable | None) -> list[Row]:
        stored = [row for row in self.table.find(index, key) if row["id"] not in self.rows]
        drafted = self._index().find(index, key)
        if not stored or not drafted:
            return drafted or stored
        return sorted(stored + drafted, key=self._place)

    def _index(self) -> Table:
        if self._indexed is None:
            self._indexed = Table(self.table.spec, self.table.options)
            for id, row in self.rows.items():
                if row is not None:
                    self._indexed.put(id, row, self.places[id])
        return self._indexed

    def _place(self, row: Row) -> int:
        id = row["id"]
        return self.places[id] if id in self.rows else self.table.places[id]

    def all_rows(self) -> Iterator[Row]:
        """The stored rows with what was written over them, then the new ones."""
        stored = self.table.places
        for id, row in self.table.rows.items():
            drafted = self.rows.get(id, row)
            if drafted is not None and self.places.get(id, stored[id]) == stored[id]:
                yield drafted
        for id, drafted in self.rows.items():
            if drafted is not None and self.places[id] != stored.get(id):
                yield drafted

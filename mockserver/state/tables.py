"""The store.

Tables of rows with hash indexes, written only through transactions that can be taken back.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Row = dict[str, Any]
"""A stored record. Rows are replaced, never mutated: whoever holds one may keep it."""

RowId = int | str
IndexKey = Callable[[Row], Hashable | None]


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a table is: its name and, for each index, the function from a row to its key (None.

    Not in this index).

    `columns` are all that the indexes read of a row: a row that replaces one with the same values
    there is not indexed again. None means that any column may matter.
    """

    name: str
    indexes: Mapping[str, IndexKey] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None


class Change(NamedTuple):
    """One row before and after.

    `before` is None where it was created, `after` where it was deleted.
    """

    table: str
    id: RowId
    before: Row | None
    after: Row | None


Ids = RowId | dict[RowId, None]
"""The rows under one key of an index: nearly always one."""


_made: Any = tuple.__new__
"""Makes a named tuple in half of the time that its own constructor takes."""


class Saved(NamedTuple):
    """A table's content at one moment.

    It is the table's own, until the table is written to again.
    """

    rows: dict[RowId, Row]
    places: dict[RowId, int]
    serial: int
    indexes: dict[str, dict[Hashable, Ids]]


class Table:
    """Rows by id, in the order in which they were first put.

    A row put again after it was deleted is the newest.

    Reading costs a dict lookup; saving, restoring and copying cost nothing, as content is shared
    until the next write to either side. `serial` counts the ids handed out and `places` numbers the
    rows in their order, so both survive a rollback and a restore exactly.
    """

    __slots__ = (
        "_columns",
        "_indexes",
        "_keys",
        "_own",
        "_shared",
        "places",
        "rows",
        "serial",
        "spec",
    )

    def __init__(self, spec: TableSpec) -> None:
        self.spec = spec
        self.rows: dict[RowId, Row] = {}
        self.places: dict[RowId, int] = {}
        self.serial = 0
        self._keys = tuple(spec.indexes.items())
        self._columns = spec.columns
        self._indexes: dict[str, dict[Hashable, Ids]] = {name: {} for name in spec.indexes}
        self._own: set[tuple[str, Hashable]] = set()
        self._shared = False

    def find(self, index: str, key: Hashable | None) -> list[Row]:
        """The rows under `key` in that index, oldest first; none where the key is None."""
        ids = self._indexes[index].get(key) if key is not None else None
        if ids is None:
            return []
        if isinstance(ids, dict):
            return [self.rows[id] for id in sorted(ids, key=self.places.__getitem__)]
        return [self.rows[ids]]

    def set(self, id: RowId, row: Row | None) -> Row | None:
        """Put a row under an id, or take it away with None. Returns what was there before."""
        if self._shared:
            self._part()
        before = self.rows.get(id)
        if before is not None and row is not None and self._columns is not None:
            for column in self._columns:
                if before[column] != row[column]:
                    break
            else:  # nearly every update comes this way, and no index has to learn of it
                self.rows[id] = row
                return before
        for name, key_of in self._keys:
            old = key_of(before) if before is not None else None
            new = key_of(row) if row is not None else None
            if old != new:
                self._reindex(name, id, old, new)
        if row is not None:
            self.rows[id] = row
            if before is None:
                self.places[id] = next(reversed(self.places.values()), -1) + 1
        elif before is not None:
            del self.rows[id]
            del self.places[id]
        return before

    def _reindex(self, name: str, id: RowId, old: Hashable, new: Hashable) -> None:
        index = self._indexes[name]
        if old is not None:
            ids = self._several(name, old)
            del ids[id]
            if len(ids) > 1:
                index[old] = ids
            else:
                self._own.discard((name, old))
                if ids:
                    index[old] = next(iter(ids))
                else:
                    del index[old]
        if new is not None:
            if new in index:
                several = self._several(name, new)
                several[id] = None
                index[new] = several
            else:
                index[new] = id

    def _several(self, name: str, key: Hashable) -> dict[RowId, None]:
        """The ids under the key as a dict that nothing saved shares."""
        ids = self._indexes[name][key]
        if isinstance(ids, dict) and (name, key) in self._own:
            return ids
        self._own.add((name, key))
        return dict(ids) if isinstance(ids, dict) else {ids: None}

    def save(self) -> Saved:
        """The content as it is now."""
        self._shared = True
        return Saved(self.rows, self.places, self.serial, self._indexes)

    def restore(self, saved: Saved) -> None:
        """Back to what was saved."""
        self._shared = True
        self.rows, self.places, self.serial, self._indexes = saved

    def _part(self) -> None:
        """Have content of its own again."""
        self._shared, self._own = False, set()
        self.rows, self.places = dict(self.rows), dict(self.places)
        self._indexes = {name: dict(index) for name, index in self._indexes.items()}

    def copy(self) -> "Table":
        """A table of its own with the same rows."""
        twin = Table(self.spec)
        twin.restore(self.save())
        return twin

    def sort(self) -> None:
        """Put rows back in the order of their places."""
        self.places = dict(sorted(self.places.items(), key=lambda item: item[1]))
        self.rows = {id: self.rows[id] for id in self.places}


class Transaction:
    """One request's view of one vendor's tables.

    What it writes is kept by `commit` or undone by `rollback`.

    Handlers run to the end without an `await`, so nobody sees a transaction half done, and its own
    writes are visible to it at once.
    """

    __slots__ = ("_changes", "_deleted", "_serials", "tables", "trace")

    def __init__(self, tables: Mapping[str, Table]) -> None:
        """`trace` is where whoever looks for rows notes how it found them."""
        self.tables = tables
        self._changes: list[Change] = []
        self._serials: dict[str, int] = {}
        self._deleted: list[tuple[str, RowId, int]] = []
        self.trace: list[Any] = []

    def get(self, table: str, id: RowId) -> Row | None:
        """The row with that id."""
        return self.tables[table].rows.get(id)

    def find(self, table: str, index: str, key: Hashable | None) -> list[Row]:
        """The rows under that key of the index, oldest first."""
        return self.tables[table].find(index, key)

    def rows(self, table: str) -> Iterable[Row]:
        """Every row, oldest first."""
        return self.tables[table].rows.values()

    def next_number(self, table: str) -> int:
        """1, 2, 3, ... for the table's new rows; a refused request gives its numbers back."""
        store = self.tables[table]
        self._serials.setdefault(table, store.serial)
        store.serial += 1
        return store.serial

    def skip_numbers(self, table: str, last: int) -> None:
        """Never hand out a number up to and including `last`.

        Rows that came with their ids have them.
        """
        store = self.tables[table]
        self._serials.setdefault(table, store.serial)
        store.serial = max(store.serial, last)

    def put(self, table: str, row: Row) -> Row:
        """Store the row under its `id`, in place of the one that was there."""
        id = row["id"]
        before = self.tables[table].set(id, row)
        self._changes.append(_made(Change, (table, id, before, row)))
        return row

    def delete(self, table: str, id: RowId) -> bool:
        """Take the row away. Says whether there was one."""
        store = self.tables[table]
        if id not in store.rows:
            return False
        self._deleted.append((table, id, store.places[id]))
        self._changes.append(Change(table, id, store.set(id, None), None))
        return True

    def commit(self) -> list[Change]:
        """Keep everything. Returns the changes in the order in which they were made."""
        return self._changes

    def rollback(self) -> None:
        """Leave the tables exactly as they were, order and counters included."""
        for table, id, before, _ in reversed(self._changes):
            self.tables[table].set(id, before)
        for table, id, place in reversed(self._deleted):
            if id in self.tables[table].rows:
                self.tables[table].places[id] = place
        for table in {table for table, _, _ in self._deleted}:
            self.tables[table].sort()
        for table, serial in self._serials.items():
            self.tables[table].serial = serial
        self._changes = []

"""The store: tables of rows with hash indexes. A table is written by its workspace alone."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.state.changes import Row, RowId

RowKey = Callable[[Row], Hashable | None]
Options = Mapping[str, Any]
"""The values of the settings that the indexes of a table depend on."""

Ids = RowId | dict[RowId, None]
"""The rows under one key of an index: nearly always one."""


@dataclass(frozen=True, slots=True)
class Index:
    """A way to find rows: the columns it reads, and the function from their values to a key.

    A row whose key is None is not in the index. As an index knows its columns, an update that
    leaves them alone, as nearly every one does, costs it nothing. `settings` names the vendor's
    settings that the key depends on: the function is given their values after those of the columns.
    """

    columns: str | tuple[str, ...]
    key: Callable[..., Hashable | None]
    settings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns as a tuple, one or more."""
        return (self.columns,) if isinstance(self.columns, str) else self.columns

    def row_key(self, options: Options) -> RowKey:
        """The function from a whole row to its key."""
        key, names = self.key, self.names
        values = [options[name] for name in self.settings]
        if len(names) == 1 and not values:
            (name,) = names
            return lambda row: key(row[name])
        return lambda row: key(*[row[name] for name in names], *values)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a table is: its name and its indexes by name. Rows are found by their `id` anyway."""

    name: str
    indexes: Mapping[str, Index] = field(default_factory=dict)

    def options(self, settings: Mapping[str, Any]) -> Options:
        """Those of the settings that its indexes depend on."""
        found = {}
        for index in self.indexes.values():
            for name in index.settings:
                found[name] = settings[name]
        return found


class SavedTable(NamedTuple):
    """A table's content at one moment. The table shares it until it is written to again."""

    spec: TableSpec
    rows: dict[RowId, Row]
    places: dict[RowId, int]
    last_number: int
    indexes: dict[str, dict[Hashable, Ids]]
    options: Options


_NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})


class Table:
    """Rows by id, in the order of their places: a row put again after its deletion is the newest.

    Reading costs a dict lookup. Saving, restoring and copying cost nothing, as content is shared
    until the next write to either side. `last_number` is the last one given to a new row.
    """

    __slots__ = (
        "_columns",
        "_indexes",
        "_keys",
        "_own",
        "_shared",
        "last_number",
        "options",
        "places",
        "rows",
        "spec",
    )

    def __init__(self, spec: TableSpec, settings: Mapping[str, Any] = _NO_SETTINGS) -> None:
        """`settings` are the vendor's: some indexes depend on one."""
        self.spec = spec
        self.options = spec.options(settings)
        self.rows: dict[RowId, Row] = {}
        self.places: dict[RowId, int] = {}
        self.last_number = 0
        self._keys = self._row_keys()
        columns = (name for index in spec.indexes.values() for name in index.names)
        self._columns = tuple(dict.fromkeys(columns))
        self._indexes: dict[str, dict[Hashable, Ids]] = {name: {} for name in spec.indexes}
        self._own: set[tuple[str, Hashable]] = set()
        self._shared = False

    @property
    def next_place(self) -> int:
        """The place of the next new row."""
        return next(reversed(self.places.values()), -1) + 1

    def find(self, index: str, key: Hashable | None) -> list[Row]:
        """The rows under `key` in that index, oldest first; none where the key is None."""
        ids = self._indexes[index].get(key) if key is not None else None
        if ids is None:
            return []
        if isinstance(ids, dict):
            return [self.rows[id] for id in sorted(ids, key=self.places.__getitem__)]
        return [self.rows[ids]]

    def put(self, id: RowId, row: Row, place: int) -> None:
        """Store a row at its place, instead of what was there under that id."""
        if self._shared:
            self._stop_sharing()
        before = self.rows.get(id)
        if before is not None and self.places[id] == place:
            self._replace(id, before, row)
            return
        if before is not None:
            self.remove(id)
        is_last = place >= self.next_place
        self._reindex_all(id, None, row)
        self.rows[id] = row
        self.places[id] = place
        if not is_last:  # only a run of changes that is applied a second time comes this way
            self._sort()

    def _replace(self, id: RowId, before: Row, row: Row) -> None:
        for column in self._columns:
            if before[column] != row[column]:
                self._reindex_all(id, before, row)
                break
        self.rows[id] = row

    def remove(self, id: RowId) -> None:
        """Take a row away, if it is there."""
        before = self.rows.get(id)
        if before is None:
            return
        if self._shared:
            self._stop_sharing()
        self._reindex_all(id, before, None)
        del self.rows[id]
        del self.places[id]

    def empty(self) -> None:
        """Take every row away, and count from 1 again."""
        self.restore(Table(self.spec, self.options).save())

    def follow(self, settings: Mapping[str, Any]) -> None:
        """Read anew the indexes that depend on a setting which has another value now."""
        options = self.spec.options(settings)
        if options == self.options:
            return
        if self._shared:
            self._stop_sharing()
        self.options = options
        self._keys = self._row_keys()
        for name, key_of in self._keys:
            if self.spec.indexes[name].settings:
                self._read_index(name, key_of)

    def _row_keys(self) -> tuple[tuple[str, RowKey], ...]:
        indexes = self.spec.indexes.items()
        return tuple((name, index.row_key(self.options)) for name, index in indexes)

    def _read_index(self, name: str, key_of: RowKey) -> None:
        self._indexes[name] = {}
        self._own = {pair for pair in self._own if pair[0] != name}
        for id, row in self.rows.items():
            key = key_of(row)
            if key is not None:
                self._reindex(name, id, None, key)

    def _reindex_all(self, id: RowId, before: Row | None, row: Row | None) -> None:
        for name, key_of in self._keys:
            old = key_of(before) if before is not None else None
            new = key_of(row) if row is not None else None
            if old != new:
                self._reindex(name, id, old, new)

    def _reindex(self, name: str, id: RowId, old: Hashable, new: Hashable) -> None:
        index = self._indexes[name]
        if old is not None:
            ids = self._own_ids(name, old)
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
                several = self._own_ids(name, new)
                several[id] = None
                index[new] = several
            else:
                index[new] = id

    def _own_ids(self, name: str, key: Hashable) -> dict[RowId, None]:
        """The ids under the key as a dict that nothing saved shares."""
        ids = self._indexes[name][key]
        if isinstance(ids, dict) and (name, key) in self._own:
            return ids
        self._own.add((name, key))
        return dict(ids) if isinstance(ids, dict) else {ids: None}

    def save(self) -> SavedTable:
        """The content as it is now."""
        self._shared = True
        return SavedTable(
            self.spec, self.rows, self.places, self.last_number, self._indexes, self.options
        )

    def restore(self, saved: SavedTable) -> None:
        """Hold again what was saved."""
        self._shared = True
        _, self.rows, self.places, self.last_number, self._indexes, options = saved
        if options != self.options:
            self.options = options
            self._keys = self._row_keys()

    def _stop_sharing(self) -> None:
        """Have content of its own again."""
        self._shared, self._own = False, set()
        self.rows, self.places = dict(self.rows), dict(self.places)
        self._indexes = {name: dict(index) for name, index in self._indexes.items()}

    def _sort(self) -> None:
        """Put the rows back in the order of their places."""
        self.places = dict(sorted(self.places.items(), key=lambda item: item[1]))
        self.rows = {id: self.rows[id] for id in self.places}


def table_of(saved: SavedTable) -> Table:
    """A table that holds what was saved."""
    table = Table(saved.spec, saved.options)
    table.restore(saved)
    return table


Tables = Mapping[str, Table]
"""One vendor's tables by name."""

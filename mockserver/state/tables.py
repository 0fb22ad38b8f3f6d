"""The store: tables of rows with hash indexes. A table is written by its workspace alone."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, overload

from mockserver.state.changes import Row, RowId
from mockserver.state.ids import ROOM
from mockserver.state.shared import PLACE_BITS, HashMap, PlaceMap

RowKey = Callable[[Row], Hashable | None]
Options = Mapping[str, Any]
"""The values of the settings that the indexes of a table depend on."""

_MOST_STALE = 64
"""So many entries of the queue of times may be out of date, beside as many as there are rows."""

Places = int | PlaceMap[None]
"""The places of the rows under one key of an index: nearly always one."""


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
        if len(names) == 1:
            (name,) = names
            return lambda row: key(row[name], *values)
        # Every new row comes through here for each of its indexes.
        columns = itemgetter(*names)
        return lambda row: key(*columns(row), *values)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a table is: its name and its indexes by name. Rows are found by their `id` anyway.

    `order` gives keys that follow each other as rows are created, such as times. The table then
    knows whether its own order is the order of these keys. `timeline` gives the key by which
    `Table.earliest` finds the row that comes first; a row whose key is None waits.

    `highest` is the highest number that the id of a new row may have: 32 bits unless the vendor's
    ids have more. With 0 the table always counts from 1: no client sees its numbers.
    """

    name: str
    indexes: Mapping[str, Index] = field(default_factory=dict)
    order: Index | None = None
    timeline: Index | None = None
    highest: int = 2**31 - 1

    def options(self, settings: Mapping[str, Any]) -> Options:
        """Those of the settings that its indexes depend on."""
        found = {}
        for index in self.indexes.values():
            for name in index.settings:
                found[name] = settings[name]
        return found


class Rows(Mapping[RowId, Row]):
    """The rows of a table by id, in the order of their places."""

    __slots__ = ("_by_place", "_places")

    def __init__(self, by_place: PlaceMap[Row], places: HashMap[RowId, int]) -> None:
        self._by_place = by_place
        self._places = places

    def __getitem__(self, id: RowId) -> Row:
        place = self._places.get(id)
        if place is None:
            raise KeyError(id)
        return self._by_place[place]

    def __len__(self) -> int:
        return len(self._by_place)

    def __iter__(self) -> Iterator[RowId]:
        for row in self._by_place.values():
            yield row["id"]


class RowSequence(Sequence[Row]):
    """Rows in the order of their places. A slice costs its own length, not that of the sequence."""

    __slots__ = ("_by_place", "_order")

    def __init__(self, by_place: PlaceMap[Row], order: PlaceMap[Any]) -> None:
        """`order` has the places of the rows that belong to the sequence."""
        self._by_place = by_place
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Row]:
        if self._order is self._by_place:
            return self._by_place.values()
        return map(self._by_place.__getitem__, self._order)

    @overload
    def __getitem__(self, wanted: int) -> Row: ...

    @overload
    def __getitem__(self, wanted: slice) -> list[Row]: ...

    def __getitem__(self, wanted: int | slice) -> Row | list[Row]:
        numbers = range(len(self._order))[wanted]
        if isinstance(numbers, int):
            return self._window(numbers, numbers + 1)[0]
        if numbers.step != 1:
            return list(self)[wanted]
        return self._window(numbers.start, numbers.stop)

    def _window(self, start: int, stop: int) -> list[Row]:
        return [self._by_place[place] for place in self._order.window(start, stop)]


class SavedTable(NamedTuple):
    """A table's content at one moment. The table shares it until it is written to again."""

    spec: TableSpec
    by_place: PlaceMap[Row]
    places: HashMap[RowId, int]
    last_number: int
    in_order: bool
    indexes: Mapping[str, HashMap[Hashable, Places]]
    options: Options

    def get(self, id: RowId) -> Row | None:
        """The row with that id."""
        # By the parts of the maps, as `Table.get`: each write asks once.
        places = self.places
        place = places.parts[hash(id) & places.mask].get(id)
        if place is None:
            return None
        row: Row = self.by_place.parts[place >> PLACE_BITS][place]
        return row

    @property
    def rows(self) -> Rows:
        """The rows by id."""
        return Rows(self.by_place, self.places)


_NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})


class Table:
    """Rows by id, in the order of their places: a row put again after its deletion is the newest.

    Reading costs two dict lookups. Saving, restoring and emptying cost nothing, as content is
    shared: a write to either side copies the few parts that it touches (see `shared`).
    `last_number` is the last one given to a new row; where there was none, it is `start`.
    `in_order` says that no row has a smaller key of `spec.order` than the row before it, as far as
    the table knows.
    """

    __slots__ = (
        "_by_place",
        "_columns_of",
        "_indexes",
        "_keys",
        "_order_key",
        "_owner",
        "_places",
        "_queue",
        "_shared",
        "_time_key",
        "in_order",
        "last_number",
        "options",
        "spec",
        "start",
    )

    def __init__(self, spec: TableSpec, settings: Mapping[str, Any] = _NO_SETTINGS) -> None:
        """`settings` are the vendor's: some indexes depend on one."""
        self.spec = spec
        self.options = spec.options(settings)
        self._owner = object()
        self._by_place: PlaceMap[Row] = PlaceMap(self._owner)
        self._places: HashMap[RowId, int] = HashMap(self._owner)
        self.last_number = 0
        self.start = 0
        self.in_order = spec.order is not None
        self._keys = self._row_keys()
        self._order_key: Callable[[Row], Any] = _no_key
        if spec.order is not None:
            self._order_key = spec.order.row_key(self.options)
        columns = [name for index in spec.indexes.values() for name in index.names]
        if spec.order is not None:
            columns += spec.order.names
        self._columns_of = itemgetter(*dict.fromkeys(columns)) if columns else None
        self._indexes: dict[str, HashMap[Hashable, Places]] = {
            name: HashMap(self._owner) for name in spec.indexes
        }
        self._shared = False
        self._time_key: RowKey = _no_key
        if spec.timeline is not None:
            self._time_key = spec.timeline.row_key(self.options)
        # A heap of times and ids, made when somebody asks for the earliest row. What it has of a
        # row that moved or went is dropped when it comes to the top.
        self._queue: list[tuple[Any, RowId]] | None = None

    @property
    def rows(self) -> Rows:
        """The rows by id."""
        return Rows(self._by_place, self._places)

    @property
    def is_empty(self) -> bool:
        """Whether it has no row."""
        return not self._by_place.parts

    @property
    def next_place(self) -> int:
        """The place of the next new row."""
        return self._by_place.last_place() + 1

    def get(self, id: RowId) -> Row | None:
        """The row with that id."""
        places = self._places
        place = places.parts[hash(id) & places.mask].get(id)
        if place is None:
            return None
        row: Row = self._by_place.parts[place >> PLACE_BITS][place]
        return row

    def place(self, id: RowId) -> int | None:
        """The place of the row with that id."""
        places = self._places
        place: int | None = places.parts[hash(id) & places.mask].get(id)
        return place

    def all(self) -> RowSequence:
        """Every row."""
        return RowSequence(self._by_place, self._by_place)

    def placed_rows(self) -> Iterator[tuple[int, Row]]:
        """Every row with its place."""
        return zip(self._by_place, self._by_place.values(), strict=True)

    def find(self, index: str, key: Hashable | None) -> list[Row]:
        """The rows under `key` in that index, oldest first; none where the key is None."""
        if key is None:
            return []
        keys = self._indexes[index]
        found: Places | None = keys.parts[hash(key) & keys.mask].get(key)
        if type(found) is int:
            return [self._by_place.parts[found >> PLACE_BITS][found]]
        if isinstance(found, PlaceMap):
            return list(map(self._by_place.__getitem__, found))
        return []

    def has(self, index: str, key: Hashable) -> bool:
        """Whether there is a row under `key` in that index."""
        keys = self._indexes[index]
        return key in keys.parts[hash(key) & keys.mask]

    def group(self, index: str, key: Hashable) -> RowSequence:
        """The rows under `key` in that index as a sequence, which may be very long."""
        places = self._indexes[index].get(key)
        if not isinstance(places, PlaceMap):
            places = _group(self._owner, places)
        return RowSequence(self._by_place, places)

    def put(self, id: RowId, row: Row, place: int) -> Row | None:
        """Store a row at its place. Returns the one that was there under that id."""
        if self._shared:
            self._stop_sharing()
        if self._queue is not None:
            self._enqueue(self._queue, id, row)
        places = self._places
        held = places.parts[hash(id) & places.mask].get(id)
        if held == place:
            return self._replace(place, row)
        before = self.remove(id) if held is not None else None
        self._check_order(row, place)
        self._by_place.set(place, row)
        self._places.set(id, place)
        indexes = self._indexes
        for name, key_of in self._keys:
            key = key_of(row)
            if key is not None:
                self._join(indexes[name], key, place)
        return before

    def _replace(self, place: int, row: Row) -> Row:
        before: Row = self._by_place.parts[place >> PLACE_BITS][place]
        columns_of = self._columns_of
        if columns_of is not None and columns_of(before) != columns_of(row):
            self._reindex_all(place, before, row)
            if self._order_key(before) != self._order_key(row):
                self.in_order = False
        self._by_place.set(place, row)
        return before

    def _check_order(self, row: Row, place: int) -> None:
        """Note where a new row is not in its order."""
        if not self.in_order or not len(self._by_place):
            return
        last = self._by_place.last_place()
        if place < last or self._order_key(row) < self._order_key(self._by_place[last]):
            self.in_order = False

    def remove(self, id: RowId) -> Row | None:
        """Take a row away, and return it; None where there is none."""
        place = self._places.get(id)
        if place is None:
            return None
        if self._shared:
            self._stop_sharing()
        before = self._by_place[place]
        self._reindex_all(place, before, None)
        self._by_place.remove(place)
        self._places.remove(id)
        return before

    def earliest(self) -> Row | None:
        """The row with the smallest key of `spec.timeline`; of several that with the smallest id.

        None where no row has a key.
        """
        queue = self._queue
        if queue is None:
            queue = self._queue = self._timed_ids()
        while queue:
            key, id = queue[0]
            row = self.get(id)
            if row is not None and self._time_key(row) == key:
                return row
            heappop(queue)
        return None

    def _timed_ids(self) -> list[tuple[Any, RowId]]:
        keys = [(self._time_key(row), row["id"]) for row in self.all()]
        queue = [pair for pair in keys if pair[0] is not None]
        heapify(queue)
        return queue

    def _enqueue(self, queue: list[tuple[Any, RowId]], id: RowId, row: Row) -> None:
        key = self._time_key(row)
        if key is not None:
            heappush(queue, (key, id))
        if len(queue) > 2 * len(self._by_place) + _MOST_STALE:
            self._queue = None  # mostly rows that moved or went: it is made anew

    def empty(self) -> None:
        """Take every row away, and count from the start again."""
        self.restore(Table(self.spec, self.options).save())
        self.last_number = self.start

    def count_from(self, start: int) -> None:
        """Give the next new row the number after this one, and again when the table was emptied."""
        self.last_number = self.start = start

    def may_have_given(self, number: int) -> bool:
        """Whether the number is one of the table's own: the id of a new row may have it.

        Where the table counts from a number that was drawn, few are: ids that others have drawn do
        not move its counter.
        """
        return not self.start or self.start < number <= self.start + ROOM

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
        index = self._indexes[name] = HashMap(self._owner)
        for place, row in self.placed_rows():
            key = key_of(row)
            if key is not None:
                self._join(index, key, place)

    def _reindex_all(self, place: int, before: Row, row: Row | None) -> None:
        for name, key_of in self._keys:
            old = key_of(before)
            new = key_of(row) if row is not None else None
            if old != new:
                index = self._indexes[name]
                if old is not None:
                    self._leave(index, old, place)
                if new is not None:
                    self._join(index, new, place)

    def _leave(self, index: HashMap[Hashable, Places], key: Hashable, place: int) -> None:
        """Take a place away from those under a key."""
        places = index.get(key)
        if not isinstance(places, PlaceMap):
            index.remove(key)
            return
        group = self._own_group(index, key, places)
        group.remove(place)
        if len(group) == 1:
            index.set(key, group.last_place())

    def _join(self, index: HashMap[Hashable, Places], key: Hashable, place: int) -> None:
        """Add a place to those under a key."""
        places = index.add(key, place)
        if places is not None:
            self._own_group(index, key, places).set(place, None)

    def _own_group(
        self, index: HashMap[Hashable, Places], key: Hashable, places: Places
    ) -> PlaceMap[None]:
        """The places under a key as a group that may be changed."""
        if not isinstance(places, PlaceMap):
            places = _group(self._owner, places)
        elif places.owner is self._owner:
            return places
        else:
            places = places.copy(self._owner)
        index.set(key, places)
        return places

    def save(self) -> SavedTable:
        """The content as it is now."""
        self._shared = True
        return SavedTable(
            self.spec,
            self._by_place,
            self._places,
            self.last_number,
            self.in_order,
            self._indexes,
            self.options,
        )

    def restore(self, saved: SavedTable) -> None:
        """Hold again what was saved."""
        self._shared = True
        self._queue = None
        self._by_place = saved.by_place
        self._places = saved.places
        self.last_number = saved.last_number
        self.in_order = saved.in_order
        self._indexes = dict(saved.indexes)
        if saved.options != self.options:
            self.options = saved.options
            self._keys = self._row_keys()

    def _stop_sharing(self) -> None:
        """Have maps of its own again, whose parts are copied when they are written to."""
        self._shared = False
        self._owner = owner = object()
        self._by_place = self._by_place.copy(owner)
        self._places = self._places.copy(owner)
        self._indexes = {name: index.copy(owner) for name, index in self._indexes.items()}


def _no_key(row: Row) -> None:
    """The key of a row in a table that has no order but its own."""


def _group(owner: object, place: int | None) -> PlaceMap[None]:
    """A group of places with this one place, or none."""
    group: PlaceMap[None] = PlaceMap(owner)
    if place is not None:
        group.set(place, None)
    return group


def table_of(saved: SavedTable) -> Table:
    """A table that holds what was saved."""
    table = Table(saved.spec, saved.options)
    table.restore(saved)
    return table


Tables = Mapping[str, Table]
"""One vendor's tables by name."""

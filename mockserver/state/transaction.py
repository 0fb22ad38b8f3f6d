"""One request's view of one vendor's tables: it reads its own writes, and nobody else does."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.state.changes import Change, IdCounter, Row, RowChange, RowId
from mockserver.state.memory import growth
from mockserver.state.tables import Table, Tables

_NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})
_ABSENT = object()
_new: Any = tuple.__new__
"""Makes a named tuple in half of the time that its own constructor takes: one for each write."""


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

    __slots__ = ("_vendor", "drafts", "settings", "stored", "trace")

    def __init__(
        self, vendor: str, tables: Tables, settings: Mapping[str, Any] = _NO_SETTINGS
    ) -> None:
        """`settings` are the vendor's: the keys of some indexes depend on one."""
        self._vendor = vendor
        self.stored = tables
        """The tables as they are without what this transaction has written."""
        self.settings = settings
        self.drafts: dict[str, _Draft] = {}
        """What was written, by table; empty where nothing was."""
        self.trace: list[Any] = []
        """Where whoever looks for rows notes how it found them."""

    def get(self, table: str, id: RowId) -> Row | None:
        """The row with that id."""
        if self.drafts:
            draft = self.drafts.get(table)
            if draft is not None and id in draft.writes:
                return draft.writes[id].row
        return self.stored[table].get(id)

    def find(self, table: str, index: str, key: Hashable | None) -> list[Row]:
        """The rows under that key of the index, oldest first."""
        if self.drafts:
            draft = self.drafts.get(table)
            if draft is not None and draft.writes:
                return draft.find(index, key)
        return self.stored[table].find(index, key)

    def rows(self, table: str) -> Sequence[Row]:
        """Every row, oldest first. A slice costs its own length, not that of the table."""
        draft = self.drafts.get(table)
        if draft is None or not draft.writes:
            return self.stored[table].all()
        return list(draft.all_rows())

    def written(self, table: str) -> list[Row]:
        """The rows of the table that this transaction has stored and not deleted."""
        draft = self.drafts.get(table)
        if draft is None:
            return []
        return [write.row for write in draft.writes.values() if write.row is not None]

    def group(self, table: str, index: str, key: Hashable) -> Sequence[Row]:
        """The rows under that key of the index as `rows` gives them: there may be very many."""
        draft = self.drafts.get(table)
        if draft is None or not draft.writes:
            return self.stored[table].group(index, key)
        return draft.find(index, key)

    def in_order(self, table: str) -> bool:
        """Whether the rows are known to be in the order of the table's `order`."""
        draft = self.drafts.get(table)
        return self.stored[table].in_order and (draft is None or not draft.writes)

    def next_number(self, table: str) -> int:
        """1, 2, 3, ... for the table's new rows; a refused request gives its numbers back."""
        draft = self._draft(table)
        draft.last_number += 1
        return draft.last_number

    def last_number(self, table: str) -> int:
        """The last number that a new row of the table has got."""
        draft = self.drafts.get(table)
        return self.stored[table].last_number if draft is None else draft.last_number

    def skip_numbers(self, table: str, last: int) -> None:
        """Give no new row a number up to and including `last`: stored rows have them.

        A number that the table would not give itself does not count (`Table.may_have_given`).
        """
        draft = self._draft(table)
        if draft.table.may_have_given(last):
            draft.last_number = max(draft.last_number, last)

    def put(self, table: str, row: Row) -> Row:
        """Store the row under its `id`, in place of the one that was there."""
        self._draft(table).put(row["id"], row)
        return row

    def update(self, table: str, row: Row, changes: Row) -> Row:
        """Store the row with these columns changed. Returns it as it then is."""
        draft = self.drafts.get(table) or self._draft(table)
        id, after = row["id"], row | changes
        if id in draft.writes:
            draft.put(id, after)
        else:
            draft.update(id, row, after, changes)
        return after

    def delete(self, table: str, id: RowId) -> bool:
        """Take the row away. Says whether there was one."""
        return self._draft(table).delete(id)

    def _draft(self, table: str) -> "_Draft":
        draft = self.drafts.get(table)
        if draft is None:
            draft = self.drafts[table] = _Draft(self._vendor, table, self.stored[table])
        return draft

    def changes(self) -> list[Change]:
        """What the workspace has to apply, in the order in which it was written."""
        changes: list[Change] = []
        for draft in self.drafts.values():
            if draft.last_number != draft.table.last_number:
                changes.append(IdCounter(self._vendor, draft.name, draft.last_number))
            changes += draft.writes.values()
        return changes

    def effects(self) -> tuple[list[RowDiff], int]:
        """What the writes change, and how many bytes more the rows take then.

        To be asked before the changes are applied.
        """
        diffs: list[RowDiff] = []
        size = 0
        for draft in self.drafts.values():
            for id, write in draft.writes.items():
                diff, grown = draft.effects.get(id) or _effect(write, draft.table.get(id))
                diffs.append(diff)
                size += grown
        return diffs, size


_Effect = tuple[RowDiff, int]
"""What happened to a row, and how many bytes more it takes then."""


def _update_effect(table: str, id: RowId, row: Row, changes: Row) -> _Effect:
    """What an update does to a row: `changes` names all columns that can differ."""
    before: Row = {}
    after: Row = {}
    for name, value in changes.items():
        held = row.get(name, _ABSENT)
        if held == value:
            continue
        after[name] = value
        if held is not _ABSENT:
            before[name] = held
    return _new(RowDiff, (table, id, before, after)), growth(before, after)


def _effect(write: RowChange, before: Row | None) -> _Effect:
    """What a write does to a row."""
    after = write.row
    if before is None or after is None:
        return RowDiff(write.table, write.id, before, after), growth(before, after)
    diff, _ = _update_effect(write.table, write.id, before, after)
    lost = {name: value for name, value in before.items() if name not in after}
    if lost:
        diff = diff._replace(before={**(diff.before or {}), **lost})
    return diff, growth(diff.before, diff.after)


class _Draft:
    """What a transaction has written to one table.

    `writes` has the last change of each row by id, `effects` what happened to those that were
    updated once. The rows are indexed when somebody first looks for rows after a write: most
    requests write once, at their end.
    """

    __slots__ = (
        "_indexed",
        "_next_place",
        "_vendor",
        "effects",
        "last_number",
        "name",
        "table",
        "writes",
    )

    def __init__(self, vendor: str, name: str, table: Table) -> None:
        self._vendor = vendor
        self.name = name
        self.table = table
        self.writes: dict[RowId, RowChange] = {}
        self.effects: dict[RowId, _Effect] = {}
        self.last_number = table.last_number
        self._next_place: int | None = None
        self._indexed: Table | None = None

    def put(self, id: RowId, row: Row) -> None:
        written = self.writes.get(id)
        if written is None:
            place = self.table.place(id)
            if place is None:
                place = self._new_place()
        elif written.row is None:
            del self.writes[id]  # a row that comes back stands at the end
            place = self._new_place()
        else:
            self.effects.pop(id, None)
            place = written.place
        self.writes[id] = _new(RowChange, (self._vendor, self.name, id, place, row))
        if self._indexed is not None:
            self._indexed.put(id, row, place)

    def update(self, id: RowId, row: Row, after: Row, changes: Row) -> None:
        """Write over a stored row for the first time, as `put`; `changes` is what differs."""
        place = self.table.place(id)
        if place is None:
            place = self._new_place()
        self.writes[id] = _new(RowChange, (self._vendor, self.name, id, place, after))
        self.effects[id] = _update_effect(self.name, id, row, changes)
        if self._indexed is not None:
            self._indexed.put(id, after, place)

    def _new_place(self) -> int:
        place = self.table.next_place if self._next_place is None else self._next_place
        self._next_place = place + 1
        return place

    def delete(self, id: RowId) -> bool:
        place = self.table.place(id)
        written = self.writes.pop(id, None)
        is_there = place is not None if written is None else written.row is not None
        self.effects.pop(id, None)
        if place is not None:
            self.writes[id] = RowChange(self._vendor, self.name, id, place, None)
        if self._indexed is not None:
            self._indexed.remove(id)
        return is_there

    def find(self, index: str, key: Hashable | None) -> list[Row]:
        stored = [row for row in self.table.find(index, key) if row["id"] not in self.writes]
        drafted = self._index().find(index, key)
        if not stored or not drafted:
            return drafted or stored
        return sorted(stored + drafted, key=self._place)

    def _index(self) -> Table:
        if self._indexed is None:
            self._indexed = Table(self.table.spec, self.table.options)
            for id, write in self.writes.items():
                if write.row is not None:
                    self._indexed.put(id, write.row, write.place)
        return self._indexed

    def _place(self, row: Row) -> int:
        id = row["id"]
        place = self.writes[id].place if id in self.writes else self.table.place(id)
        assert place is not None, f"the row {id!r} is in the table or in the draft"
        return place

    def all_rows(self) -> Iterator[Row]:
        """The stored rows with what was written over them, then the new ones."""
        new = dict(self.writes)
        for row in self.table.all():
            id = row["id"]
            write = new.get(id)
            if write is None:
                yield row
            elif write.place == self.table.place(id):
                del new[id]
                if write.row is not None:
                    yield write.row
        for write in new.values():
            if write.row is not None:
                yield write.row

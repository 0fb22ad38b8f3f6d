"""How many bytes rows take, and how many all workspaces of a server may take together."""

from collections.abc import Callable, Iterable
from typing import Any

from mockserver.errors import Refusal
from mockserver.state.changes import Row
from mockserver.wire import write_json

_MEGABYTE = 1 << 20

_ROW_BYTES = 800
_COLUMN_BYTES = 50
_VALUE_BYTES = 40
_NESTED_BYTES = 250
_ITEM_BYTES = 100
"""What a row takes with its place and its keys in the indexes, each of its columns, a number, each
list or object in a value, and each of their members. Measured: see `docs/security.md`."""

_CONTAINERS = frozenset({dict, list})

ENTRY_BYTES = 200
"""What one row takes in a copy of its table that shares the row."""

PART_BYTES = 64 << 10
"""What a write copies at most of a table that is shared: a part of it and of each of its maps."""

_WIDEST = 5
"""Bytes of a character outside ASCII: four, and one for the text's copy in UTF-8."""

_RESERVED_FOR_JOURNALS = 16
"""Rows may fill all of the memory but this part of it."""


def row_size(row: Row) -> int:
    """About how many bytes a row takes, and hardly ever too few."""
    return _ROW_BYTES + _COLUMN_BYTES * len(row) + values_size(row.values())


def values_size(values: Iterable[Any]) -> int:
    """About how many bytes these JSON values take."""
    size = 0
    for value in values:
        # Nearly all values are short texts in ASCII or nothing.
        if type(value) is str and value.isascii():
            size += len(value)
        elif value is not None:
            size += value_size(value)
    return size


def value_size(value: Any) -> int:
    """About how many bytes a JSON value takes."""
    if type(value) is str:
        return len(value) if value.isascii() else _WIDEST * len(value)
    if type(value) not in _CONTAINERS:
        return 0 if value is None else _VALUE_BYTES
    raw = write_json(value)
    size = len(raw) if raw.isascii() else _WIDEST * len(raw)
    size += _NESTED_BYTES * (raw.count(b"{") + raw.count(b"["))
    return size + _ITEM_BYTES * raw.count(b",")


def growth(before: Row | None, after: Row | None) -> int:
    """How many bytes more `after` takes than `before`.

    Both may lack columns in which they are equal.
    """
    if before is None or after is None:
        return _size_or_nothing(after) - _size_or_nothing(before)
    columns = len(after) - len(before)
    return _COLUMN_BYTES * columns + values_size(after.values()) - values_size(before.values())


def _size_or_nothing(row: Row | None) -> int:
    return 0 if row is None else row_size(row)


def _no_journals(size: int) -> None:
    """There are no journals that could make room."""


class Memory:
    """What all workspaces of a server take together.

    `stored` counts rows, snapshots and fault rules, `journals` the records of requests; both are in
    bytes, and together they stay below `limit`. Requests that work beside the loop count too: so
    whoever changes a number computes the difference before.
    """

    __slots__ = ("free_journals", "journals", "limit", "stored")

    def __init__(self, limit: int = 1 << 62) -> None:
        """At most so many bytes. Without a limit it only counts."""
        self.limit = limit
        self.stored = 0
        self.journals = 0
        self.free_journals: Callable[[int], None] = _no_journals
        """Drops old journals until they take no more than so many bytes."""

    def require(self, size: int) -> None:
        """Ask for so many bytes of rows; `settle` makes the room for them.

        Raises Refusal("storage_full") where they do not fit, even if all journals went.
        """
        most = self.limit - self.limit // _RESERVED_FOR_JOURNALS
        if size > 0 and self.stored + size > most:
            raise Refusal("storage_full", self._sentence())

    def settle(self) -> None:
        """Let journals go until all is within the limit. For the thread of the event loop only."""
        if self.stored + self.journals > self.limit:
            # More than is needed, so that not every request has to free some.
            spare = self.limit // (2 * _RESERVED_FOR_JOURNALS)
            self.free_journals(max(0, self.limit - self.stored - spare))

    def _sentence(self) -> str:
        return (
            f"This server may store at most {self.limit / _MEGABYTE:g} MB (--max-memory), and this "
            "would be more. Delete workspaces or snapshots, or start it with a greater limit."
        )

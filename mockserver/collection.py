"""A table as a collection of a vendor's API: a row by its id, a new id, one page of many rows."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from mockserver.errors import Refusal
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import Transaction


def not_found() -> Refusal:
    """The refusal for a row that is not there, in the words of the dialect."""
    return Refusal("not_found")


def find_or_refuse(
    tx: Transaction, table: str, id: RowId, refusal: Callable[[], Refusal] = not_found
) -> Row:
    """The row with that id.

    Raises what `refusal` makes where there is none. It is a function because making a refusal costs
    time, and nearly every row is there.
    """
    row = tx.get(table, id)
    if row is None:
        raise refusal()
    return row


Id = TypeVar("Id", bound=RowId)


def new_id(
    tx: Transaction, table: str, make: Callable[[int], Id], taken: Collection[RowId] = ()
) -> Id:
    """The next id that no row of the table has, and that is not `taken` either.

    `make` makes an id from a number. A fixture may hold ids that were made here before.
    """
    while True:
        id = make(tx.next_number(table))
        if id not in taken and tx.get(table, id) is None:
            return id


def new_number(tx: Transaction, table: str) -> int:
    """The next number that is the id of no row of the table."""
    return new_id(tx, table, int)


def page_count(total: int, size: int) -> int:
    """How many pages of that size hold so many rows; no page holds none."""
    return -(-total // size)


def page(
    rows: Sequence[Row], number: int, size: int, *, newest_first: bool = False
) -> Sequence[Row]:
    """One page of the rows. The first page is 1; past the last one is nothing."""
    return window(rows, (number - 1) * size, size, newest_first=newest_first)


def window(
    rows: Sequence[Row], skip: int, limit: int, *, newest_first: bool = False
) -> Sequence[Row]:
    """At most `limit` rows after the first `skip` (neither is negative).

    `newest_first` counts from the end of the rows. The other rows are not looked at.
    """
    if not newest_first:
        return rows[skip : skip + limit]
    end = max(len(rows) - skip, 0)
    return rows[max(end - limit, 0) : end][::-1]

"""Rows by their ids, new ids, and pages."""

import pytest

from mockserver.collection import find_or_refuse, new_id, page, page_count, window
from mockserver.errors import Refusal
from mockserver.state.changes import Row
from mockserver.state.tables import Table, TableSpec
from mockserver.state.transaction import Transaction

ROWS: list[Row] = [{"id": number} for number in range(1, 6)]


def transaction() -> Transaction:
    """A transaction over one table with the rows."""
    tx = Transaction("shop", {"things": Table(TableSpec("things"))})
    for row in ROWS:
        tx.put("things", row)
    return tx


def test_a_row_is_found_by_its_id() -> None:
    assert find_or_refuse(transaction(), "things", 3) == {"id": 3}


def test_a_row_that_is_not_there_is_refused_in_the_words_of_the_dialect() -> None:
    with pytest.raises(Refusal) as caught:
        find_or_refuse(transaction(), "things", 9)
    assert (caught.value.kind, caught.value.message) == ("not_found", None)


def test_a_row_that_is_not_there_is_refused_as_the_vendor_does() -> None:
    with pytest.raises(Refusal) as caught:
        find_or_refuse(transaction(), "things", 9, lambda: Refusal("invalid", "No such thing"))
    assert (caught.value.kind, caught.value.message) == ("invalid", "No such thing")


def test_a_new_id_is_none_that_is_there_or_taken() -> None:
    tx = transaction()
    made = [new_id(tx, "things", lambda number: number, {6, 8}) for _ in range(2)]
    assert made == [7, 9]


@pytest.mark.parametrize(("total", "pages"), [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_pages_are_counted(total: int, pages: int) -> None:
    assert page_count(total, 2) == pages


@pytest.mark.parametrize(("number", "ids"), [(1, [1, 2]), (2, [3, 4]), (3, [5]), (4, [])])
def test_a_page_has_its_rows(number: int, ids: list[int]) -> None:
    assert page(ROWS, number, 2) == [{"id": id} for id in ids]


@pytest.mark.parametrize(
    ("skip", "limit", "ids"), [(0, 2, [1, 2]), (3, 9, [4, 5]), (5, 1, []), (1, 0, [])]
)
def test_a_window_skips_and_limits(skip: int, limit: int, ids: list[int]) -> None:
    assert window(ROWS, skip, limit) == [{"id": id} for id in ids]

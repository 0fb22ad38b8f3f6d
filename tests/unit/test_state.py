"""Tables keep order, indexes and counters, and a transaction leaves no trace when it is taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.state.tables import Change, Row, Table, TableSpec, Transaction

SPEC = TableSpec(
    "people", {"colour": lambda row: row.get("colour"), "size": lambda row: row.get("size")}
)
ADA: Row = {"id": 1, "colour": "red", "size": 3}
BOB: Row = {"id": 2, "colour": "red", "size": None}
CY: Row = {"id": 3, "colour": "blue", "size": 3}


def table_of(*rows: Row) -> Table:
    table = Table(SPEC)
    for row in rows:
        table.set(row["id"], row)
    table.serial = len(rows)
    return table


def transaction(table: Table) -> Transaction:
    return Transaction({"people": table})


def everything(table: Table) -> Any:
    """All that can be seen of a table: rows and places in their order, the counter, and what each index finds."""
    found = {
        (name, key): table.find(name, key)
        for name in SPEC.indexes
        for key in ("red", "blue", "green", 1, 2, 3, None)
    }
    return list(table.rows.items()), list(table.places.items()), table.serial, found


def test_a_new_table_is_empty() -> None:
    assert everything(Table(SPEC)) == ([], [], 0, {key: [] for key in everything(Table(SPEC))[3]})


@pytest.mark.parametrize(
    ("index", "key", "ids"),
    [
        pytest.param("colour", "red", [1, 2], id="several, oldest first"),
        pytest.param("colour", "blue", [3], id="one"),
        pytest.param("colour", "green", [], id="none"),
        pytest.param("size", 3, [1, 3], id="another index"),
        pytest.param("size", None, [], id="None is never found"),
    ],
)
def test_an_index_finds_the_rows_under_a_key(index: str, key: Any, ids: list[int]) -> None:
    assert [row["id"] for row in table_of(ADA, BOB, CY).find(index, key)] == ids


def test_a_row_put_again_keeps_its_place_and_moves_in_the_indexes() -> None:
    table = table_of(ADA, BOB, CY)
    blue = ADA | {"colour": "blue"}
    assert table.set(1, blue) is ADA
    assert (list(table.rows), table.find("colour", "red"), table.find("colour", "blue")) == (
        [1, 2, 3],
        [BOB],
        [blue, CY],
    )


def test_a_row_that_comes_into_an_index_late_is_still_found_in_table_order() -> None:
    table = table_of(ADA | {"colour": None}, BOB, CY)
    table.set(1, ADA)
    assert table.find("colour", "red") == [ADA, BOB]


def test_a_deleted_row_is_in_no_index() -> None:
    table = table_of(ADA, BOB)
    assert (table.set(1, None), table.find("colour", "red"), table.find("size", 3)) == (
        ADA,
        [BOB],
        [],
    )


def test_a_row_put_after_its_deletion_is_the_newest_everywhere() -> None:
    table = table_of(ADA, BOB)
    table.set(1, None)
    table.set(1, ADA)
    assert (list(table.rows), list(table.places), table.find("colour", "red")) == (
        [2, 1],
        [2, 1],
        [BOB, ADA],
    )


def test_rows_made_after_a_deletion_come_after_all_others() -> None:
    table = table_of(ADA, BOB)
    table.set(1, None)
    table.set(3, CY | {"colour": "red"})
    table.set(2, BOB | {"colour": "green"})
    table.set(2, BOB)
    assert [row["id"] for row in table.find("colour", "red")] == [2, 3]


def test_ids_may_be_texts() -> None:
    table = table_of({"id": "b", "colour": "red"}, {"id": "a", "colour": "red"})
    assert [row["id"] for row in table.find("colour", "red")] == ["b", "a"]


def test_restoring_brings_back_everything_that_was_saved() -> None:
    table = table_of(ADA, BOB)
    before, saved = everything(table), table.save()
    table.set(1, None)
    table.set(2, BOB | {"colour": "blue"})
    table.set(3, CY)
    table.serial = 9
    table.restore(saved)
    assert everything(table) == before


def test_a_saved_state_can_be_restored_twice() -> None:
    table = table_of(ADA, BOB)
    before, saved = everything(table), table.save()
    for _ in range(2):
        table.restore(saved)
        table.set(1, None)
        table.set(4, {"id": 4, "colour": "red"})
    table.restore(saved)
    assert everything(table) == before


def test_a_copy_has_the_same_content_and_goes_its_own_way() -> None:
    table = table_of(ADA, BOB)
    before, twin = everything(table), table.copy()
    assert everything(twin) == before
    twin.set(1, None)
    twin.serial += 1
    twin.set(3, CY)
    assert everything(table) == before


def test_a_copy_shares_its_rows() -> None:
    table = table_of(ADA)
    assert table.copy().rows[1] is table.rows[1]


def test_a_transaction_reads_what_the_tables_hold() -> None:
    tx = transaction(table_of(ADA, BOB))
    assert (
        tx.get("people", 1),
        tx.get("people", 9),
        tx.find("people", "size", 3),
        list(tx.rows("people")),
    ) == (
        ADA,
        None,
        [ADA],
        [ADA, BOB],
    )


def test_a_transaction_sees_its_own_writes() -> None:
    tx = transaction(table_of(ADA))
    tx.put("people", CY)
    tx.delete("people", 1)
    assert (tx.find("people", "size", 3), list(tx.rows("people"))) == ([CY], [CY])


def test_a_commit_keeps_the_writes_and_lists_each_change() -> None:
    table = table_of(ADA, BOB)
    tx = transaction(table)
    blue = tx.put("people", ADA | {"colour": "blue"})
    tx.put("people", CY)
    deleted = tx.delete("people", 2), tx.delete("people", 2)
    assert (tx.commit(), deleted) == (
        [
            Change("people", 1, ADA, blue),
            Change("people", 3, None, CY),
            Change("people", 2, BOB, None),
        ],
        (True, False),
    )
    assert list(table.rows.values()) == [blue, CY]


def test_numbers_count_from_the_table_and_stay_counted_after_a_commit() -> None:
    table = table_of(ADA, BOB)
    tx = transaction(table)
    assert ([tx.next_number("people"), tx.next_number("people")], tx.commit(), table.serial) == (
        [3, 4],
        [],
        4,
    )


def _nothing(tx: Transaction) -> None:
    tx.get("people", 1)


def _update(tx: Transaction) -> None:
    tx.put("people", ADA | {"colour": "blue", "size": 1})


def _update_twice(tx: Transaction) -> None:
    _update(tx)
    tx.put("people", ADA | {"colour": "green"})


def _create(tx: Transaction) -> None:
    tx.put("people", {"id": tx.next_number("people"), "colour": "red", "size": 3})


def _delete(tx: Transaction) -> None:
    tx.delete("people", 1)


def _delete_all(tx: Transaction) -> None:
    for id in (2, 1, 3):
        tx.delete("people", id)


def _delete_and_put_back(tx: Transaction) -> None:
    tx.delete("people", 1)
    tx.put("people", ADA)


def _replace_by_another(tx: Transaction) -> None:
    _create(tx)
    tx.delete("people", 1)
    _create(tx)


def _create_and_delete(tx: Transaction) -> None:
    _create(tx)
    tx.delete("people", 4)
    tx.put("people", CY | {"id": 4})


def _a_little_of_everything(tx: Transaction) -> None:
    for step in (_create, _update, _delete, _delete_and_put_back, _create, _delete_all, _create):
        step(tx)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(write, id=write.__name__.strip("_").replace("_", " "))
        for write in (
            _nothing,
            _update,
            _update_twice,
            _create,
            _delete,
            _delete_all,
            _delete_and_put_back,
            _replace_by_another,
            _create_and_delete,
            _a_little_of_everything,
        )
    ],
)
def test_a_rollback_leaves_everything_as_it_was(write: Callable[[Transaction], None]) -> None:
    table = table_of(ADA, BOB, CY)
    before = everything(table)
    tx = transaction(table)
    write(tx)
    tx.rollback()
    assert (everything(table), tx.commit()) == (before, [])


def test_a_rollback_keeps_the_order_that_an_earlier_deletion_left() -> None:
    table = table_of(ADA, BOB)
    table.set(1, None)
    before, tx = everything(table), transaction(table)
    tx.put("people", ADA)
    tx.rollback()
    assert everything(table) == before


def test_a_rollback_touches_only_the_tables_it_wrote() -> None:
    people, places = table_of(ADA), table_of(BOB)
    tx = Transaction({"people": people, "places": places})
    tx.delete("people", 1)
    tx.next_number("places")
    tx.rollback()
    assert (everything(people), everything(places)) == (
        everything(table_of(ADA)),
        everything(table_of(BOB)),
    )


class Naive:
    """The same table as a list of rows, newest last: slow and plain to see."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.serial = 0

    def put(self, row: Row) -> None:
        at = next(
            (i for i, other in enumerate(self.rows) if other["id"] == row["id"]), len(self.rows)
        )
        self.rows[at : at + 1] = [row]

    def delete(self, id: int) -> None:
        self.rows = [row for row in self.rows if row["id"] != id]

    def find(self, index: str, key: Any) -> list[Row]:
        return [row for row in self.rows if key is not None and row.get(index) == key]


ids = st.integers(1, 4)
rows = st.fixed_dictionaries(
    {
        "id": ids,
        "colour": st.sampled_from(["red", "blue", None]),
        "size": st.sampled_from([1, 2, None]),
    }
)
writes = st.one_of(
    st.tuples(st.just("put"), rows),
    st.tuples(st.just("delete"), ids),
    st.tuples(st.just("number"), st.none()),
)
requests = st.tuples(
    st.sampled_from(["commit", "rollback", "save", "restore"]), st.lists(writes, max_size=5)
)


def _write(table: Table, writes: list[tuple[str, Any]], *, keep: bool) -> None:
    tx = transaction(table)
    for name, value in writes:
        if name == "put":
            tx.put("people", value)
        elif name == "delete":
            tx.delete("people", value)
        else:
            tx.next_number("people")
    if keep:
        tx.commit()
    else:
        tx.rollback()


def _write_naively(naive: Naive, writes: list[tuple[str, Any]]) -> None:
    for name, value in writes:
        if name == "put":
            naive.put(value)
        elif name == "delete":
            naive.delete(value)
        else:
            naive.serial += 1


def _same(table: Table, naive: Naive) -> None:
    assert (list(table.rows.values()), list(table.places), table.serial) == (
        naive.rows,
        [row["id"] for row in naive.rows],
        naive.serial,
    )
    for index, keys in (("colour", ("red", "blue", None)), ("size", (1, 2, None))):
        assert [table.find(index, key) for key in keys] == [naive.find(index, key) for key in keys]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(requests, max_size=8))
def test_a_table_behaves_like_a_list_of_rows(
    story: list[tuple[str, list[tuple[str, Any]]]],
) -> None:
    table, naive = Table(SPEC), Naive()
    saved, kept = table.save(), ([*naive.rows], naive.serial)
    for end, steps in story:
        _write(table, steps, keep=end != "rollback")
        if end != "rollback":
            _write_naively(naive, steps)
        if end == "save":
            saved, kept = table.save(), ([*naive.rows], naive.serial)
        elif end == "restore":
            table.restore(saved)
            naive.rows, naive.serial = [*kept[0]], kept[1]
        _same(table, naive)
        _same(table.copy(), naive)

"""Tables keep order, indexes and counters; a transaction changes nothing until it is applied."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.state.changes import Change, IdCounter, Row, RowChange
from mockserver.state.tables import Index, Table, TableSpec, table_of
from mockserver.state.transaction import RowDiff, Transaction

SPEC = TableSpec(
    "people",
    {"colour": Index("colour", lambda colour: colour), "size": Index("size", lambda size: size)},
)
ADA: Row = {"id": 1, "colour": "red", "size": 3}
BOB: Row = {"id": 2, "colour": "red", "size": None}
CY: Row = {"id": 3, "colour": "blue", "size": 3}


def table_with(*rows: Row) -> Table:
    table = Table(SPEC)
    for place, row in enumerate(rows):
        table.put(row["id"], row, place)
    table.last_number = len(rows)
    return table


def transaction(table: Table) -> Transaction:
    return Transaction("shop", {"people": table})


def apply(table: Table, changes: Iterable[Change]) -> None:
    """Make changes of rows and counters as a workspace does."""
    for change in changes:
        if isinstance(change, IdCounter):
            table.last_number = change.last
        elif isinstance(change, RowChange) and change.row is not None:
            table.put(change.id, change.row, change.place)
        elif isinstance(change, RowChange):
            table.remove(change.id)


def everything(table: Table) -> Any:
    """All that can be seen of a table: rows and places in their order, the counter, and what each index finds."""
    found = {
        (name, key): table.find(name, key)
        for name in SPEC.indexes
        for key in ("red", "blue", "green", 1, 2, 3, None)
    }
    return list(table.placed_rows()), table.last_number, found


def seen(tx: Transaction) -> Any:
    """All that can be seen through a transaction."""
    found = {
        (name, key): tx.find("people", name, key)
        for name in SPEC.indexes
        for key in ("red", "blue", "green", 1, 2, 3, None)
    }
    return list(tx.rows("people")), [tx.get("people", id) for id in range(1, 9)], found


def test_a_new_table_is_empty() -> None:
    assert everything(Table(SPEC)) == ([], 0, {key: [] for key in everything(Table(SPEC))[2]})


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
    assert [row["id"] for row in table_with(ADA, BOB, CY).find(index, key)] == ids


def test_an_index_of_several_columns_is_kept_when_any_of_them_changes() -> None:
    spec = TableSpec("people", {"both": Index(("colour", "size"), lambda *values: values)})
    table = Table(spec)
    table.put(1, ADA, 0)
    green = ADA | {"size": 4}
    table.put(1, green, 0)
    assert (table.find("both", ("red", 3)), table.find("both", ("red", 4))) == ([], [green])


def test_a_row_put_again_keeps_its_place_and_moves_in_the_indexes() -> None:
    table = table_with(ADA, BOB, CY)
    blue = ADA | {"colour": "blue"}
    table.put(1, blue, 0)
    assert (list(table.rows), table.find("colour", "red"), table.find("colour", "blue")) == (
        [1, 2, 3],
        [BOB],
        [blue, CY],
    )


def test_a_row_that_comes_into_an_index_late_is_still_found_in_table_order() -> None:
    table = table_with(ADA | {"colour": None}, BOB, CY)
    table.put(1, ADA, 0)
    assert table.find("colour", "red") == [ADA, BOB]


def test_a_removed_row_is_in_no_index() -> None:
    table = table_with(ADA, BOB)
    table.remove(1)
    table.remove(1)
    assert (table.find("colour", "red"), table.find("size", 3)) == ([BOB], [])


def test_a_row_put_at_another_place_moves_there() -> None:
    table = table_with(ADA, BOB)
    table.put(1, ADA, 2)
    assert (list(table.placed_rows()), table.find("colour", "red")) == (
        [(1, BOB), (2, ADA)],
        [BOB, ADA],
    )


def test_a_row_put_before_others_stands_before_them() -> None:
    table = Table(SPEC)
    table.put(2, BOB, 5)
    table.put(1, ADA, 3)
    assert (list(table.rows), table.next_place) == ([1, 2], 6)


def test_ids_may_be_texts() -> None:
    blank = {"colour": "red", "size": None}
    table = table_with({"id": "b"} | blank, {"id": "a"} | blank)
    assert [row["id"] for row in table.find("colour", "red")] == ["b", "a"]


def test_restoring_brings_back_everything_that_was_saved() -> None:
    table = table_with(ADA, BOB)
    before, saved = everything(table), table.save()
    table.remove(1)
    table.put(2, BOB | {"colour": "blue"}, 1)
    table.put(3, CY, 2)
    table.last_number = 9
    table.restore(saved)
    assert everything(table) == before


def test_a_saved_state_can_be_restored_twice() -> None:
    table = table_with(ADA, BOB)
    before, saved = everything(table), table.save()
    for _ in range(2):
        table.restore(saved)
        table.remove(1)
        table.put(4, {"id": 4, "colour": "red", "size": None}, 2)
    table.restore(saved)
    assert everything(table) == before


def test_a_table_of_what_was_saved_goes_its_own_way() -> None:
    table = table_with(ADA, BOB)
    before, twin = everything(table), table_of(table.save())
    assert everything(twin) == before
    assert twin.rows[1] is table.rows[1]
    twin.remove(1)
    twin.last_number += 1
    twin.put(3, CY, 2)
    assert everything(table) == before


def test_an_emptied_table_counts_from_1_again() -> None:
    table = table_with(ADA, BOB)
    saved = table.save()
    table.empty()
    assert everything(table) == everything(Table(SPEC))
    assert everything(table_of(saved)) == everything(table_with(ADA, BOB))


def test_a_transaction_reads_what_the_tables_hold() -> None:
    tx = transaction(table_with(ADA, BOB))
    assert (
        tx.get("people", 1),
        tx.get("people", 9),
        tx.find("people", "size", 3),
        list(tx.rows("people")),
    ) == (ADA, None, [ADA], [ADA, BOB])


def test_a_transaction_sees_its_own_writes() -> None:
    tx = transaction(table_with(ADA))
    tx.put("people", CY)
    tx.delete("people", 1)
    assert (tx.find("people", "size", 3), list(tx.rows("people"))) == ([CY], [CY])


def test_a_transaction_lists_what_there_is_to_apply() -> None:
    table = table_with(ADA, BOB)
    tx = transaction(table)
    blue = tx.put("people", ADA | {"colour": "blue"})
    tx.put("people", CY)
    deleted = tx.delete("people", 2), tx.delete("people", 2)
    assert (tx.changes(), deleted) == (
        [
            RowChange("shop", "people", 1, 0, blue),
            RowChange("shop", "people", 3, 2, CY),
            RowChange("shop", "people", 2, 1, None),
        ],
        (True, False),
    )


def test_an_update_stores_a_row_with_some_columns_changed() -> None:
    tx = transaction(table_with(ADA, BOB))
    after = tx.update("people", ADA, {"colour": "blue", "size": 3})
    assert (after, tx.get("people", 1)) == (ADA | {"colour": "blue"}, after)
    assert tx.effects()[0] == [RowDiff("people", 1, {"colour": "red"}, {"colour": "blue"})]


def test_what_two_writes_of_a_row_changed_is_one_diff() -> None:
    tx = transaction(table_with(ADA))
    blue = tx.update("people", ADA, {"colour": "blue"})
    tx.update("people", blue, {"size": 4})
    diff = RowDiff("people", 1, {"colour": "red", "size": 3}, {"colour": "blue", "size": 4})
    assert tx.effects()[0] == [diff]


def test_a_row_written_twice_is_one_change() -> None:
    tx = transaction(table_with(ADA))
    tx.put("people", ADA | {"colour": "blue"})
    green = tx.put("people", ADA | {"colour": "green"})
    assert tx.changes() == [RowChange("shop", "people", 1, 0, green)]
    assert tx.effects()[0] == [RowDiff("people", 1, {"colour": "red"}, {"colour": "green"})]


def test_a_diff_has_the_changed_columns_and_whole_rows_that_came_or_went() -> None:
    tx = transaction(table_with(ADA, BOB))
    tx.put("people", ADA | {"size": None})
    tx.put("people", CY)
    tx.delete("people", 2)
    assert tx.effects()[0] == [
        RowDiff("people", 1, {"size": 3}, {"size": None}),
        RowDiff("people", 3, None, CY),
        RowDiff("people", 2, BOB, None),
    ]


def test_numbers_count_from_the_table() -> None:
    table = table_with(ADA, BOB)
    tx = transaction(table)
    numbers = [tx.next_number("people"), tx.next_number("people")]
    assert (numbers, tx.changes(), table.last_number) == (
        [3, 4],
        [IdCounter("shop", "people", 4)],
        2,
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


def _create_and_forget(tx: Transaction) -> None:
    _create(tx)
    tx.delete("people", 4)


def _a_little_of_everything(tx: Transaction) -> None:
    for step in (_create, _update, _delete, _delete_and_put_back, _create, _delete_all, _create):
        step(tx)


WRITES = [
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
        _create_and_forget,
        _a_little_of_everything,
    )
]


@pytest.mark.parametrize("write", WRITES)
def test_a_dropped_transaction_has_done_nothing(write: Callable[[Transaction], None]) -> None:
    table = table_with(ADA, BOB, CY)
    before = everything(table)
    write(transaction(table))
    assert everything(table) == before


@pytest.mark.parametrize("write", WRITES)
def test_what_a_transaction_sees_is_what_stands_when_it_is_applied(
    write: Callable[[Transaction], None],
) -> None:
    table = table_with(ADA, BOB, CY)
    tx = transaction(table)
    write(tx)
    during, changes = seen(tx), tx.changes()
    apply(table, changes)
    after = everything(table)
    assert seen(transaction(table)) == during
    apply(table, changes)
    assert everything(table) == after


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
    st.sampled_from(["apply", "drop", "save", "restore"]), st.lists(writes, max_size=5)
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
        tx.find("people", "colour", "red")
    if keep:
        apply(table, tx.changes())


def _write_naively(naive: Naive, writes: list[tuple[str, Any]]) -> None:
    for name, value in writes:
        if name == "put":
            naive.put(value)
        elif name == "delete":
            naive.delete(value)
        else:
            naive.serial += 1


def _same(table: Table, naive: Naive) -> None:
    assert (list(table.rows.values()), list(table.rows), table.last_number) == (
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
        _write(table, steps, keep=end != "drop")
        if end != "drop":
            _write_naively(naive, steps)
        if end == "save":
            saved, kept = table.save(), ([*naive.rows], naive.serial)
        elif end == "restore":
            table.restore(saved)
            naive.rows, naive.serial = [*kept[0]], kept[1]
        _same(table, naive)
        _same(table_of(table.save()), naive)

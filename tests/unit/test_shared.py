"""Maps that share their content with their copies: what they hold, and how little a write copies."""

from collections.abc import Hashable, Iterable
from random import Random
from typing import Any

import pytest

from mockserver.state.shared import HashMap, PlaceMap
from mockserver.state.tables import Index, Table, TableSpec
from mockserver.state.transaction import Transaction

MANY = 20_000
SPEC = TableSpec(
    "leads",
    {"email": Index("email", str), "list": Index("list", str)},
    order=Index("created", int),
)


def row(number: int) -> dict[str, Any]:
    return {"id": number, "email": f"p{number}@example.com", "list": "all", "created": number}


def table_with(count: int) -> Table:
    table = Table(SPEC)
    for number in range(count):
        table.put(number, row(number), number)
    return table


def hash_map(keys: Iterable[Hashable]) -> HashMap[Hashable, int]:
    found: HashMap[Hashable, int] = HashMap(object())
    for number, key in enumerate(keys):
        found.set(key, number)
    return found


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(range(MANY), id="numbers in turn"),
        pytest.param(range(0, MANY << 20, 1 << 20), id="numbers whose lowest bits are equal"),
        pytest.param([("pearl", str(number)) for number in range(MANY)], id="pairs"),
    ],
)
def test_a_hash_map_holds_what_was_set(keys: Iterable[Hashable]) -> None:
    found = hash_map(keys)
    expected = {key: number for number, key in enumerate(keys)}
    assert (dict(found.items()), len(found)) == (expected, MANY)
    assert {key: found.get(key) for key in keys} == expected


def test_adding_to_a_hash_map_is_setting_what_is_not_there() -> None:
    added: HashMap[int, int] = HashMap(object())
    put: HashMap[int, int] = HashMap(object())
    for key in range(3_000):
        put.set(key, key)
        assert added.add(key, key) is None
    copy = added.copy(object())
    assert (copy.add(7, 8), copy.add(-1, 8), added.get(-1)) == (7, None, None)
    assert (added, len(added), copy.get(-1), len(copy)) == (put, 3_000, 8, 3_001)


def test_maps_and_their_copies_go_their_own_ways() -> None:
    chance = Random(1)
    maps = [(hash_map(range(3000)), {number: number for number in range(3000)})]
    for step in range(6000):
        found, expected = chance.choice(maps)
        key = chance.randrange(4000)
        if step % 1000 == 999:
            # Both sides of a copy get a new owner, as tables do it.
            maps.append((found.copy(object()), dict(expected)))
            maps.append((found.copy(object()), expected))
            maps.remove((found, expected))
        elif key in expected and step % 3 == 0:
            found.remove(key)
            del expected[key]
        else:
            found.set(key, step)
            expected[key] = step
    for found, expected in maps:
        assert (dict(found.items()), len(found)) == (expected, len(expected))


def test_places_are_in_order_whatever_order_they_come_in() -> None:
    places = list(range(0, 9000, 3))
    found: PlaceMap[str] = PlaceMap(object())
    for place in Random(1).sample(places, len(places)):
        found.set(place, str(place))
    assert (list(found), found.last_place(), len(found)) == (places, 8997, 3000)
    for start, stop in ((0, 5), (510, 520), (1490, 1510), (2995, 3000), (2999, 4000), (3000, 3010)):
        assert found.window(start, stop) == places[start:stop]
    for place in places[:2990]:
        found.remove(place)
    assert (list(found), list(found.values())) == (places[2990:], list(map(str, places[2990:])))


def copied(before: Table, write: Any) -> int:
    """How many entries of all maps of a table are not shared with what was saved before `write`."""
    saved = before.save()
    write(before)
    after = before.save()
    pairs = [(saved.by_place, after.by_place), (saved.places, after.places)]
    pairs += [(saved.indexes[name], after.indexes[name]) for name in SPEC.indexes]
    groups = [index.indexes["list"].get("all") for index in (saved, after)]
    return sum(_own_entries(*pair) for pair in [*pairs, groups])


def _own_entries(saved: Any, after: Any) -> int:
    shared = {id(part) for part in _parts(saved)}
    return sum(len(part) for part in _parts(after) if id(part) not in shared)


def _parts(found: Any) -> list[Any]:
    parts = found.parts
    return (
        list(parts.values())
        if isinstance(parts, dict)
        else list({id(p): p for p in parts}.values())
    )


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(
            lambda table: table.put(7, row(7) | {"email": "new@example.com"}, 7), id="put"
        ),
        pytest.param(lambda table: table.put(MANY, row(MANY), MANY), id="add"),
        pytest.param(lambda table: table.remove(7), id="remove"),
    ],
)
def test_the_first_write_after_a_save_copies_a_few_parts_however_large_the_table(
    write: Any,
) -> None:
    table = table_with(MANY)
    assert copied(table, write) <= 6 * 512


def test_a_page_reads_its_own_rows_only() -> None:
    rows = Transaction("sela", {"leads": table_with(MANY)}).rows("leads")
    assert [row["id"] for row in rows[10_000:10_003]] == [10_000, 10_001, 10_002]
    assert [row["id"] for row in rows[MANY - 2 : MANY + 5]] == [MANY - 2, MANY - 1]
    assert (len(rows), rows[-1]["id"], rows[:0]) == (MANY, MANY - 1, [])


def test_a_table_knows_whether_its_rows_are_in_order() -> None:
    table = table_with(10)
    in_order = table.save()
    table.put(10, row(5) | {"id": 10}, 10)
    out_of_order = table.in_order
    table.restore(in_order)
    table.put(3, row(3) | {"list": "other"}, 3)
    assert (in_order.in_order, out_of_order, table.in_order) == (True, False, True)
    table.put(3, row(3) | {"created": 99}, 3)
    assert table.in_order is False
    table.empty()
    assert table.in_order is True

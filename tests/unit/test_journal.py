"""The journal keeps what fits, tells what it dropped, and shows a record whole but for its credentials."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mockserver.call import Note, shared_headers
from mockserver.journal.records import (
    AppliedFault,
    Journal,
    ManyRows,
    Record,
    record_as_json,
    record_of,
    row_changes,
)
from mockserver.journal.view import describe, instant, select, summary, verdict
from mockserver.matching import Combine, KeyTrial, Mismatch
from mockserver.state.changes import Row
from mockserver.state.tables import Table, TableSpec
from mockserver.state.transaction import RowDiff, Transaction
from tests.unit.recorded import NOW, record, trace, trial

ADA: Row = {"id": 28001, "status": "OPEN", "phone_number": "+12025550101"}


def journal_of(*records: Record, **limits: int) -> Journal:
    journal = Journal(**limits)
    for each in records:
        journal.add(each)
    return journal


def kept(journal: Journal) -> tuple[list[int], int, int]:
    """The numbers of the entries, how many were dropped, and the greatest number among those."""
    return [each.number for each in journal], journal.dropped, journal.last_dropped


def test_records_stand_in_their_order_and_are_found_by_number() -> None:
    first, second = record(1), record(2)
    journal = journal_of(first, second)
    assert (list(journal), len(journal)) == ([first, second], 2)
    assert (journal.get(2), journal.get(3)) == (second, None)


def test_the_same_values_under_other_names_are_other_headers() -> None:
    first = record(1, headers={b"x-first-name": b"Ada", b"x-last-name": b"Grace"})
    second = record(2, headers={b"x-last-name": b"Ada", b"x-first-name": b"Grace"})
    third = record(3, headers={b"x-first-name": b"Ada", b"x-last-name": b"Grace"})
    told = [describe(entry)["request"]["headers"] for entry in journal_of(first, second, third)]
    assert told == [
        {"x-first-name": "Ada", "x-last-name": "Grace"},
        {"x-last-name": "Ada", "x-first-name": "Grace"},
        {"x-first-name": "Ada", "x-last-name": "Grace"},
    ]


def test_the_oldest_make_room_for_the_newest() -> None:
    journal = journal_of(*map(record, range(1, 6)), max_entries=2)
    assert kept(journal) == ([4, 5], 3, 3)
    assert (journal.get(3), journal.get(4)) == (None, next(iter(journal)))


def test_the_greatest_number_dropped_is_told_also_where_answers_overtook_each_other() -> None:
    assert kept(journal_of(record(2), record(1), record(3), max_entries=1)) == ([3], 2, 2)


def weight(entry: Record) -> int:
    """How many bytes a journal counts for the record: the least in which it stays beside another."""
    low, high = 0, 1 << 24
    while high - low > 1:
        middle = (low + high) // 2
        fits = len(journal_of(entry, entry, max_bytes=middle)) == 2
        low, high = (low, middle) if fits else (middle, high)
    return high // 2


LONG = "x" * 8000


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        pytest.param({"body": LONG.encode()}, 8000, id="the body, as it was sent"),
        pytest.param(
            {"body": b'{"a":' * 100 + b"1" + b"}" * 100}, 601, id="once, whatever is in it"
        ),
        pytest.param({"body": None}, 0, id="a body too large to be read weighs nothing"),
        pytest.param({"answer": LONG.encode()}, 8000, id="the answer"),
        pytest.param({"headers": {b"cookie": LONG.encode()}}, 8006, id="request headers"),
        pytest.param({"own_headers": ((b"location", LONG.encode()),)}, 8008, id="answer headers"),
        pytest.param({"seen_headers": ((b"location", LONG.encode()),)}, 8008, id="under a fault"),
        pytest.param({"path": "/" + LONG}, 8001 - 23, id="the path"),
        pytest.param({"query_string": LONG.encode()}, 8000, id="the query"),
        pytest.param({"raw_path": "/" + LONG}, 8001, id="the path with its escapes"),
        pytest.param({"changes": (ManyRows("leads", tuple(range(500)), 500),)}, 4000, id="ids"),
    ],
)
def test_all_that_a_record_holds_counts(fields: dict[str, Any], more: int) -> None:
    assert weight(record(**fields)) - weight(record()) == more


def test_columns_and_keys_count_with_their_texts() -> None:
    changed = record(changes=(RowDiff("leads", 1, {"note": None}, {"note": LONG}),))
    nested = record(changes=(RowDiff("leads", 1, None, {"metadata": {"a": LONG}}),))
    matched = record(matches=(trace((trial("email", LONG, LONG, 1),), (1,)),))
    for entry in (changed, nested, matched):
        assert 8000 <= weight(entry) - weight(record()) <= 17_000


def test_the_newest_stays_however_large_it_is() -> None:
    assert kept(journal_of(record(1), record(2, body=b"x" * 99_000), max_bytes=10_000)) == (
        [2],
        1,
        1,
    )
    assert kept(journal_of(record(1, body=b"x" * 99_000), record(2), max_bytes=10_000)) == (
        [2],
        1,
        1,
    )


def test_the_rows_that_an_import_changes_push_nothing_out() -> None:
    rows = tuple(range(50_000))
    journal = journal_of(
        *map(record, range(1, 900)), record(900, changes=(ManyRows("leads", rows, len(rows)),))
    )
    assert kept(journal) == (list(range(1, 901)), 0, 0)


BODY = b"x" * 8000
ROOM = 4 * 2000


def test_what_was_dropped_gives_its_bytes_back() -> None:
    journal = journal_of(*(record(number, body=BODY) for number in range(1, 100)), max_bytes=ROOM)
    for number in range(100, 104):
        journal.add(record(number))
    assert kept(journal) == ([100, 101, 102, 103], 99, 99)


def test_a_cleared_journal_has_nothing_dropped_and_all_its_room() -> None:
    journal = journal_of(record(1, body=BODY), record(2, body=BODY), max_bytes=ROOM)
    journal.clear()
    assert (kept(journal), len(journal)) == (([], 0, 0), 0)
    for number in range(3, 7):
        journal.add(record(number))
    assert kept(journal) == ([3, 4, 5, 6], 0, 0)


def test_a_journal_may_be_read_while_it_is_written() -> None:
    journal = journal_of(record(1), record(2))
    for each in journal:
        journal.add(record(each.number + 2))
    assert kept(journal) == ([1, 2, 3, 4], 0, 0)


REQUESTS = (
    record(1),
    record(2, "leads_list", "/sela/api/leads/", method="GET"),
    record(4, None, "/sela/api/nowhere/", status=404),
    record(3, "update_lead", "/octanist/api/leads", vendor="octanist", status=400),
    record(5, status=404),
)


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        pytest.param({}, [1, 2, 3, 4, 5], id="all, in the order of their numbers"),
        pytest.param({"after": 3}, [4, 5], id="after a number"),
        pytest.param({"vendor": "octanist"}, [3], id="of one vendor"),
        pytest.param({"operation": "leads_update_update"}, [1, 5], id="of one operation"),
        pytest.param({"status": "404"}, [4, 5], id="of one status"),
        pytest.param({"status": "4xx"}, [3, 4, 5], id="of one class of status"),
        pytest.param({"before": 3}, [1, 2], id="before a number"),
        pytest.param({"order": "desc", "limit": 2}, [5, 4], id="the last few"),
        pytest.param({"q": "octanist/API"}, [3], id="that hold a text"),
        pytest.param({"fault": "slow"}, [], id="with a fault that none got"),
        pytest.param({"unmatched": True}, [4], id="that no operation answers"),
        pytest.param({"unmatched": False}, [1, 2, 3, 5], id="that an operation answers"),
        pytest.param({"limit": 2}, [1, 2], id="the first few"),
        pytest.param(
            {"limit": 1, "after": 1, "operation": "leads_update_update"},
            [5],
            id="all conditions hold together",
        ),
        pytest.param({"vendor": "other"}, [], id="none"),
    ],
)
def test_entries_are_selected(choice: dict[str, Any], numbers: list[int]) -> None:
    assert [each.number for each in select(journal_of(*REQUESTS), **choice)] == numbers


PHONE = trial("phone_number", "+12025550101", "+12025550101", 28001)
EMAIL = trial("email", "ada@example.com", "ada@example.com")
MISS = trace((PHONE, EMAIL), keys=("phone_number", "email"), combine="all given")


def test_a_summary_says_an_entry_in_a_line() -> None:
    both = trace(ids=(28001, 28002))
    entry = record(
        7,
        query_string=b"a=1",
        matches=(MISS, both, both),
        fault=AppliedFault("slow", "rule 1", {"seconds": 1.0}),
    )
    assert summary(entry) == {
        "number": 7,
        "version": 7,
        "time": "2025-01-31T12:00:00.123Z",
        "vendor": "sela",
        "operation": "leads_update_update",
        "method": "PUT",
        "target": "/sela/api/leads/update/?a=1",
        "status": 200,
        "milliseconds": 12.346,
        "fault": "slow",
        "matched": [28001, 28002],
    }


def test_a_summary_of_what_nothing_answers_has_no_operation() -> None:
    line = summary(record(operation=None, status=404))
    assert (line["operation"], line["fault"], line["matched"]) == (None, None, [])


def test_a_description_holds_everything() -> None:
    entry = record(
        7,
        body=b'{"phone_number":"+12025550101","status":"CLOSED"}',
        headers={b"authorization": b"Token demo", b"content-type": b"application/json"},
        answer=b'{"id":28001}',
        seen_headers=((b"content-type", b"application/json"),),
        matches=(trace((PHONE,), (28001,)),),
        changes=(RowDiff("leads", 28001, {"status": "OPEN"}, {"status": "CLOSED"}),),
        fault=AppliedFault("apply_but_fail", "prefer", {"answer": "reset"}),
        notes=(Note("not-seeded", "x", "named the thing {}, one of {}", ("x`y", "a")),),
    )
    assert describe(entry) == summary(entry) | {
        "request": {
            "headers": {"authorization": "Token ***", "content-type": "application/json"},
            "body": {"phone_number": "+12025550101", "status": "CLOSED"},
            "raw": '{"phone_number":"+12025550101","status":"CLOSED"}',
        },
        "answer": {
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": {"id": 28001},
        },
        "matches": [
            {
                "rule": "update",
                "rows": [28001],
                "found": 1,
                "steps": [
                    {
                        "key": "phone_number",
                        "value": "+12025550101",
                        "normalised": "+12025550101",
                        "candidates": [28001],
                        "found": 1,
                        "verdict": "matches",
                    }
                ],
                "verdict": "phone_number +12025550101 matched lead 28001",
            }
        ],
        "changes": [
            {
                "table": "leads",
                "id": 28001,
                "before": {"status": "OPEN"},
                "after": {"status": "CLOSED"},
                "fields": ["status"],
            }
        ],
        "fault": {"kind": "apply_but_fail", "cause": "prefer", "parameters": {"answer": "reset"}},
        "notes": ["leads_update_update named the thing `x'y`, one of `a`"],
    }


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        pytest.param(b"", None, id="none"),
        pytest.param(None, None, id="too large to be read"),
        pytest.param(b'[1, {"a": null}]', [1, {"a": None}], id="JSON"),
        pytest.param(b"123456789012345678901", 123456789012345678901, id="a number past 64 bits"),
        pytest.param(b'{"a":', '{"a":', id="JSON cut off is text"),
        pytest.param(b"NaN", "NaN", id="no JSON number is text"),
        pytest.param(
            b"[" * 500 + b"]" * 500, "[" * 500 + "]" * 500, id="what nests too deep is text"
        ),
        pytest.param("a=1&b=é".encode(), "a=1&b=é", id="a form is text"),
        pytest.param(b"\xff\xfe", {"base64": "//4="}, id="no text at all"),
    ],
)
def test_a_body_is_shown_as_what_it_is(raw: bytes | None, body: Any) -> None:
    entry = describe(record(body=raw, answer=raw or b""))
    assert (entry["request"]["body"], entry["answer"]["body"]) == (body, body)


NOT_GIVEN = trial("email", None, None)
SPELT = trial("phone_number", "(202) 555-0101", "+12025550101", 28001)
SHARED = trial("phone_number", "+12025550101", "+12025550101", 28001, 28002)
PAIR = trial("phone_number and email", ("+12025550101", None), ("+12025550101", None))
MANY = tuple(range(1, 24))
FIRST_20 = ", ".join(map(str, range(1, 21)))


@pytest.mark.parametrize(
    ("combine", "ids", "trials", "sentence"),
    [
        pytest.param(
            "all given",
            (),
            (PHONE, EMAIL),
            "phone_number +12025550101 matched lead 28001; email ada@example.com matched none; "
            "all given keys must fit one lead: nothing matched",
            id="keys that do not fit together",
        ),
        pytest.param(
            "all given",
            (28001,),
            (SPELT, NOT_GIVEN),
            "phone_number (202) 555-0101, compared as +12025550101, matched lead 28001; email was not given; "
            "all given keys must fit one lead: lead 28001 matched",
            id="another spelling of the number",
        ),
        pytest.param(
            "first that matches",
            (28001, 28002),
            (SHARED,),
            "phone_number +12025550101 matched leads 28001, 28002; the first key that matches decides: leads 28001, 28002 matched",
            id="several",
        ),
        pytest.param(
            "first given",
            (),
            (EMAIL,),
            "email ada@example.com matched none; the first key given decides: nothing matched",
            id="no falling through",
        ),
        pytest.param(
            "first given",
            (),
            (),
            "the first key given decides: nothing matched",
            id="no keys tried",
        ),
    ],
)
def test_a_match_is_told_in_a_sentence(
    combine: Combine, ids: tuple[int, ...], trials: tuple[KeyTrial, ...], sentence: str
) -> None:
    assert verdict(trace(trials, ids, ("phone_number", "email"), combine=combine)) == sentence


@pytest.mark.parametrize(
    ("ids", "step", "sentence"),
    [
        pytest.param(
            (), PAIR, "phone_number and email +12025550101 matched none", id="a key of two values"
        ),
        pytest.param(
            (), trial("phone", "--", None), "phone -- matched none", id="a value that is no key"
        ),
        pytest.param(
            MANY,
            trial("phone", "1", "1", *MANY),
            f"phone 1 matched leads {FIRST_20} and 3 more",
            id="more than can be read",
        ),
    ],
)
def test_where_there_is_one_key_what_it_found_is_all(
    ids: tuple[int, ...], step: KeyTrial, sentence: str
) -> None:
    assert verdict(trace((step,), ids, (step.key,))) == sentence


def test_of_many_candidates_the_first_stand_with_their_count() -> None:
    match = trace((trial("phone", ("1", "2"), ("1", "2"), *MANY),), MANY, ("phone",))
    entry = describe(record(matches=(match,)))["matches"][0]
    step = entry["steps"][0]
    assert (entry["rows"], entry["found"]) == (list(range(1, 21)), 23)
    assert step == {
        "key": "phone",
        "value": ["1", "2"],
        "normalised": ["1", "2"],
        "candidates": entry["rows"],
        "found": 23,
        "verdict": "matches",
    }


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        pytest.param(None, {"id": 1, "name": "Ada"}, ["id", "name"], id="created"),
        pytest.param({"id": 1, "name": "Ada"}, None, ["id", "name"], id="deleted"),
        pytest.param({"name": "Ada"}, {"name": "Bob"}, ["name"], id="changed"),
        pytest.param({}, {}, [], id="put again as it was"),
    ],
)
def test_a_change_names_what_differs(
    before: Row | None, after: Row | None, fields: list[str]
) -> None:
    entry = describe(record(changes=(RowDiff("leads", 1, before, after),)))
    assert entry["changes"] == [
        {"table": "leads", "id": 1, "before": before, "after": after, "fields": fields}
    ]


def test_a_change_of_many_rows_has_ids_and_a_count() -> None:
    entry = describe(record(changes=(ManyRows("leads", (1, 2, 3), 3),)))
    assert entry["changes"] == [{"table": "leads", "ids": [1, 2, 3], "count": 3}]


@pytest.mark.parametrize(("count", "is_kept_whole"), [(100, True), (101, False)])
def test_of_more_than_a_hundred_rows_ids_are_kept(count: int, is_kept_whole: bool) -> None:
    tx = Transaction("shop", {"leads": Table(TableSpec("leads"))})
    rows: list[Row] = [{"id": number, "name": "Ada"} for number in range(count)]
    for row in rows:
        tx.put("leads", row)
    whole = tuple(RowDiff("leads", row["id"], None, row) for row in rows)
    many = (ManyRows("leads", tuple(range(count)), count),)
    assert row_changes(tx.effects()[0]) == (whole if is_kept_whole else many)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(record(operation=None, status=404), id="next to nothing"),
        pytest.param(record(body=None, seen_headers=None), id="a body too large to be read"),
        pytest.param(
            record(
                body=b"\xff\xfe",
                answer=b"\x00",
                headers={b"x-latin": b"\xe9", b"host": b"shop"},
                query_string=b"a=%FF",
                methods=("GET", "PUT"),
                own_headers=((b"allow", b"GET"),),
                matches=(
                    trace(
                        (PHONE, trial("pair", ("1", None), ("1", None), 7, 8)),
                        (7, 8),
                        mismatches=(Mismatch("email", "a@example.com", 7, "b@example.com"),),
                    ),
                ),
                changes=(
                    RowDiff("leads", 7, {"status": "OPEN"}, {"status": "LOST"}),
                    RowDiff("leads", "x", None, {"id": "x", "big": 2**70}),
                    ManyRows("calls", ("a", 2), 2),
                ),
                fault=AppliedFault("slow", "prefer", {"seconds": 0.5}, b"fault=slow"),
            ),
            id="everything",
        ),
    ],
)
def test_a_record_can_be_written_as_json_and_read_back(entry: Record) -> None:
    assert record_of(json.loads(json.dumps(record_as_json(entry)))) == entry


def test_equal_headers_are_kept_once_and_the_same_values_under_other_names_are_not_mixed_up() -> (
    None
):
    one, other = [(b"a", b"1"), (b"b", b"2")], [(b"b", b"1"), (b"a", b"2")]
    first, second, third = (shared_headers(pairs) for pairs in (one, list(one), other))
    assert (first is second, second, third) == (True, dict(one), dict(other))


def test_a_server_may_give_header_pairs_as_lists() -> None:
    pairs: Any = [[b"a", b"1"], [b"b", b"2"]]
    assert shared_headers(pairs) == {b"a": b"1", b"b": b"2"}


def test_large_headers_are_not_shared() -> None:
    pairs = [(b"a", b"x" * 9000)]
    assert shared_headers(pairs) is not shared_headers(pairs)


def test_what_was_added_since_is_told_even_where_some_of_it_is_gone() -> None:
    journal = journal_of(record(1), record(2), max_entries=2)
    added = journal.added
    assert (added, journal.since(added)) == (2, [])
    journal.add(record(3))
    assert journal.since(added) == [record(3)]
    for number in (4, 5):
        journal.add(record(number))
    assert journal.since(added) == [record(4), record(5)]
    journal.clear()
    assert (journal.added, journal.since(added)) == (5, [])
    journal.add(record(1))
    assert journal.since(added) == [record(1)]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(NOW, "2025-01-31T12:00:00.123Z", id="cut to milliseconds"),
        pytest.param(
            datetime(2025, 1, 31, tzinfo=UTC),
            "2025-01-31T00:00:00.000Z",
            id="always with milliseconds",
        ),
        pytest.param(
            datetime(2025, 1, 31, 1, tzinfo=timezone(timedelta(hours=2))),
            "2025-01-30T23:00:00.000Z",
            id="always in UTC",
        ),
    ],
)
def test_a_moment_is_written_in_utc(moment: datetime, text: str) -> None:
    assert instant(moment) == text

"""The journal keeps what fits, tells what it dropped, and shows an entry whole but for its credentials."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mockserver.app import load_vendors
from mockserver.call import Call, request_of
from mockserver.documents.resources import folder
from mockserver.documents.spec import load_document
from mockserver.faults.catalogue import CATALOGUE, InjectedFault
from mockserver.journal.records import Journal
from mockserver.journal.view import describe, instant, select, summary, verdict
from mockserver.matching import Combine, Key, Match, MatchingRule, Step
from mockserver.state.tables import Change, Row

NOW = datetime(2025, 1, 31, 12, 0, 0, 123456, UTC)
OPERATIONS = {
    vendor.name: load_document(
        folder("openapi") / f"{vendor.name}.yaml", formats=vendor.dialect.formats
    ).operations
    for vendor in load_vendors()
}
BY_ID = {operation.id: operation for group in OPERATIONS.values() for operation in group}
ADA: Row = {"id": 28001, "status": "OPEN", "phone_number": "+12025550101"}
BOB: Row = {"id": 28002, "status": "OPEN", "phone_number": "+12025550102"}


def call(
    number: int = 1,
    operation: str | None = "leads_update_update",
    path: str = "/sela/api/leads/update/",
    **slots: Any,
) -> Call:
    """A call that was answered; what is left out of its slots is that of a plain 200 without a body."""
    scope = {
        "path": path,
        "raw_path": slots.pop("raw_path", path.encode()),
        "query_string": slots.pop("query_string", b""),
    }
    entry = Call(
        request_of(
            scope | {"method": slots.pop("method", "PUT")},
            slots.pop("headers", {}),
            slots.pop("raw", b""),
        )
    )
    entry.number, entry.operation, entry.now = number, BY_ID[operation] if operation else None, NOW
    entry.vendor, entry.status, entry.seen_headers, entry.answer = "sela", 200, (), b""
    entry.matches, entry.changes, entry.seconds = [], [], 0.0123456
    for name, value in slots.items():
        setattr(entry, name, value)
    return entry


def journal_of(*calls: Call, **limits: int) -> Journal:
    journal = Journal(**limits)
    for each in calls:
        journal.add(each)
    return journal


def kept(journal: Journal) -> tuple[list[int], int, int]:
    """The numbers of the entries, how many were dropped, and the greatest number among those."""
    return [each.number for each in journal], journal.dropped, journal.last_dropped


def test_an_entry_is_the_call_itself() -> None:
    first, second = call(1), call(2)
    journal = journal_of(first, second)
    assert list(journal) == [first, second]
    assert len(journal) == 2
    assert journal.get(2) is second
    assert journal.get(3) is None


def test_the_same_values_under_other_names_are_other_headers() -> None:
    first = call(1, headers={b"x-first-name": b"Ada", b"x-last-name": b"Grace"})
    second = call(2, headers={b"x-last-name": b"Ada", b"x-first-name": b"Grace"})
    third = call(3, headers={b"x-first-name": b"Ada", b"x-last-name": b"Grace"})
    told = [describe(entry)["request"]["headers"] for entry in journal_of(first, second, third)]
    assert told == [
        {"x-first-name": "Ada", "x-last-name": "Grace"},
        {"x-last-name": "Ada", "x-first-name": "Grace"},
        {"x-first-name": "Ada", "x-last-name": "Grace"},
    ]


def test_the_oldest_make_room_for_the_newest() -> None:
    journal = journal_of(*map(call, range(1, 6)), max_entries=2)
    assert kept(journal) == ([4, 5], 3, 3)
    assert (journal.get(3), journal.get(4)) == (None, next(iter(journal)))


def test_the_greatest_number_dropped_is_told_also_where_answers_overtook_each_other() -> None:
    assert kept(journal_of(call(2), call(1), call(3), max_entries=1)) == ([3], 2, 2)


BODY = b"x" * 8000
ROOM = 4 * 8192


@pytest.mark.parametrize(
    ("calls", "numbers"),
    [
        pytest.param([call(1, raw=BODY), call(2, raw=BODY)], [1, 2], id="as many as fit"),
        pytest.param(
            [call(1, raw=BODY), call(2, raw=BODY), call(3)],
            [2, 3],
            id="each entry counts its request",
        ),
        pytest.param(
            [call(1), call(2, answer=BODY), call(3, answer=BODY)],
            [2, 3],
            id="each entry counts its answer",
        ),
        pytest.param(
            [call(1), call(2), call(3), call(4)],
            [1, 2, 3, 4],
            id="an entry without a body has its allowance",
        ),
        pytest.param(
            [call(1), call(2), call(3), call(4), call(5)], [2, 3, 4, 5], id="and that is counted"
        ),
        pytest.param(
            [call(1), call(2, changes=[Change("leads", 1, None, ADA)] * 12)],
            [2],
            id="each changed row has one too",
        ),
        pytest.param(
            [call(1, raw=None), call(2, raw=BODY)],
            [1, 2],
            id="a body too large to be read weighs nothing",
        ),
        pytest.param(
            [call(1), call(2, raw=BODY * 9)],
            [2],
            id="one larger than everything is kept as the only one",
        ),
        pytest.param([call(1, raw=BODY * 9), call(2)], [2], id="and makes room like any other"),
    ],
)
def test_entries_are_bounded_by_bytes(calls: list[Call], numbers: list[int]) -> None:
    dropped = len(calls) - len(numbers)
    assert kept(journal_of(*calls, max_bytes=ROOM)) == (numbers, dropped, dropped)


def test_what_was_dropped_gives_its_bytes_back() -> None:
    journal = journal_of(*(call(number, raw=BODY * 3) for number in range(1, 100)), max_bytes=ROOM)
    for number in range(100, 104):
        journal.add(call(number))
    assert kept(journal) == ([100, 101, 102, 103], 99, 99)


def test_a_cleared_journal_has_nothing_dropped_and_all_its_room() -> None:
    journal = journal_of(call(1, raw=BODY * 9), call(2, raw=BODY * 3), max_bytes=ROOM)
    journal.clear()
    assert (kept(journal), len(journal)) == (([], 0, 0), 0)
    for number in range(3, 7):
        journal.add(call(number))
    assert kept(journal) == ([3, 4, 5, 6], 0, 0)


def test_a_journal_may_be_read_while_it_is_written() -> None:
    journal = journal_of(call(1), call(2))
    for each in journal:
        journal.add(call(each.number + 2))
    assert kept(journal) == ([1, 2, 3, 4], 0, 0)


REQUESTS = (
    call(1),
    call(2, "leads_list", "/sela/api/leads/", method="GET"),
    call(4, None, "/sela/api/nowhere/", status=404),
    call(3, "update_lead", "/octanist/api/leads", vendor="octanist", status=400),
    call(5, status=404),
)


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        pytest.param({}, [1, 2, 3, 4, 5], id="all, in the order of their numbers"),
        pytest.param({"after": 3}, [4, 5], id="after a number"),
        pytest.param({"vendor": "octanist"}, [3], id="of one vendor"),
        pytest.param({"operation": "leads_update_update"}, [1, 5], id="of one operation"),
        pytest.param({"status": 404}, [4, 5], id="of one status"),
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


def rule(combine: Combine, *fields: str) -> MatchingRule:
    keys = tuple(Key(field, field, str) for field in fields)
    return MatchingRule(
        "update",
        ("leads_update_update",),
        "leads",
        keys,
        combine,
        "404",
        "newest",
        "documented",
        "nowhere",
    )


PHONE = Step("phone_number", "+12025550101", "+12025550101", [ADA])
EMAIL = Step("email", "ada@example.com", "ada@example.com", [])
MISS = Match(rule("all given", "phone_number", "email"), [], (PHONE, EMAIL))


def test_a_summary_says_an_entry_in_a_line() -> None:
    both = Match(rule("first given", "phone_number"), [ADA, BOB], ())
    entry = call(
        7,
        query_string=b"a=1",
        matches=[MISS, both, both],
        fault=InjectedFault(CATALOGUE["slow"], "rule 1", {"seconds": 1.0}),
    )
    assert summary(entry) == {
        "number": 7,
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
    line = summary(call(operation=None, status=404))
    assert (line["operation"], line["fault"], line["matched"]) == (None, None, [])


def test_a_description_holds_everything() -> None:
    entry = call(
        7,
        raw=b'{"phone_number":"+12025550101","status":"CLOSED"}',
        headers={b"authorization": b"Token demo", b"content-type": b"application/json"},
        answer=b'{"id":28001}',
        seen_headers=((b"content-type", b"application/json"),),
        matches=[Match(rule("first given", "phone_number"), [ADA], (PHONE,))],
        changes=[Change("leads", 28001, ADA, ADA | {"status": "CLOSED"})],
        fault=InjectedFault(CATALOGUE["apply_but_fail"], "prefer", {"answer": "reset"}),
    )
    assert describe(entry) == summary(entry) | {
        "request": {
            "headers": {"authorization": "Token ***", "content-type": "application/json"},
            "body": {"phone_number": "+12025550101", "status": "CLOSED"},
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
                "before": ADA,
                "after": ADA | {"status": "CLOSED"},
                "fields": ["status"],
            }
        ],
        "fault": {"kind": "apply_but_fail", "cause": "prefer", "parameters": {"answer": "reset"}},
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
    entry = describe(call(raw=raw, answer=raw or b""))
    assert (entry["request"]["body"], entry["answer"]["body"]) == (body, body)


NOT_GIVEN = Step("email", None, None, [])
SPELT = Step("phone_number", "(202) 555-0101", "+12025550101", [ADA])
SHARED = Step("phone_number", "+12025550101", "+12025550101", [ADA, BOB])
PAIR = Step("phone_number and email", ("+12025550101", None), ("+12025550101", None), [])
MANY = [{"id": number} for number in range(1, 24)]
FIRST_20 = ", ".join(map(str, range(1, 21)))


@pytest.mark.parametrize(
    ("combine", "rows", "trace", "sentence"),
    [
        pytest.param(
            "all given",
            [],
            (PHONE, EMAIL),
            "phone_number +12025550101 matched lead 28001; email ada@example.com matched none; "
            "all given keys must fit one lead: nothing matched",
            id="keys that do not fit together",
        ),
        pytest.param(
            "all given",
            [ADA],
            (SPELT, NOT_GIVEN),
            "phone_number (202) 555-0101, compared as +12025550101, matched lead 28001; email was not given; "
            "all given keys must fit one lead: lead 28001 matched",
            id="another spelling of the number",
        ),
        pytest.param(
            "first that matches",
            [ADA, BOB],
            (SHARED,),
            "phone_number +12025550101 matched leads 28001, 28002; the first key that matches decides: leads 28001, 28002 matched",
            id="several",
        ),
        pytest.param(
            "first given",
            [],
            (EMAIL,),
            "email ada@example.com matched none; the first key given decides: nothing matched",
            id="no falling through",
        ),
        pytest.param(
            "first given",
            [],
            (),
            "the first key given decides: nothing matched",
            id="no keys tried",
        ),
    ],
)
def test_a_match_is_told_in_a_sentence(
    combine: Combine, rows: list[Row], trace: tuple[Step, ...], sentence: str
) -> None:
    assert verdict(Match(rule(combine, "phone_number", "email"), rows, trace)) == sentence


@pytest.mark.parametrize(
    ("rows", "step", "sentence"),
    [
        pytest.param(
            [], PAIR, "phone_number and email +12025550101 matched none", id="a key of two values"
        ),
        pytest.param(
            [], Step("phone", "--", None, []), "phone -- matched none", id="a value that is no key"
        ),
        pytest.param(
            MANY,
            Step("phone", "1", "1", MANY),
            f"phone 1 matched leads {FIRST_20} and 3 more",
            id="more than can be read",
        ),
    ],
)
def test_where_there_is_one_key_what_it_found_is_all(
    rows: list[Row], step: Step, sentence: str
) -> None:
    assert verdict(Match(rule("first given", step.key), rows, (step,))) == sentence


def test_of_many_candidates_the_first_stand_with_their_count() -> None:
    match = Match(
        rule("first given", "phone"), MANY, (Step("phone", ("1", "2"), ("1", "2"), MANY),)
    )
    entry = describe(call(matches=[match]))["matches"][0]
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
        pytest.param({"id": 1, "name": "Ada"}, {"id": 1, "name": "Bob"}, ["name"], id="changed"),
        pytest.param(
            {"id": 1, "old": None},
            {"id": 1, "new": None},
            ["old", "new"],
            id="a null is not a lack",
        ),
        pytest.param({"id": 1}, {"id": 1}, [], id="put again as it was"),
    ],
)
def test_a_change_names_what_differs(
    before: Row | None, after: Row | None, fields: list[str]
) -> None:
    entry = describe(call(changes=[Change("leads", 1, before, after)]))
    assert entry["changes"] == [
        {"table": "leads", "id": 1, "before": before, "after": after, "fields": fields}
    ]


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

"""A verification passes, fails with a reason, or says why it cannot tell: never does it pass by mistake."""

from typing import Any

import pytest

from mockserver.app import load_vendors
from mockserver.documents.resources import folder
from mockserver.documents.spec import load_document
from mockserver.errors import Problem, Refusal
from mockserver.journal.directory import Directory
from mockserver.journal.judge import Verification
from mockserver.journal.records import AppliedFault, Record
from mockserver.journal.verification import Entry, difference, verify
from mockserver.subset import like
from tests.records import journal_of, record, request

OPERATIONS = {
    vendor.name: load_document(
        folder("openapi") / f"{vendor.name}.yaml", formats=vendor.dialect.formats
    ).operations
    for vendor in load_vendors()
}
DIRECTORY = Directory(OPERATIONS, {})
UPDATE = "leads_update_update"


def asked(
    number: int = 1,
    operation: str | None = UPDATE,
    *,
    status: int = 200,
    fault: AppliedFault | None = None,
    method: str = "PUT",
    path: str = "/sela/api/leads/update/",
    **parts: Any,
) -> Record:
    """A request to Sela; the further parts are those of a `Request`."""
    return record(
        number,
        operation=operation,
        status=status,
        fault=fault,
        request=request(method, path, **parts),
    )


def update(number: int, to: str = "OPEN", **parts: Any) -> Record:
    body = b'{"phone_number": "+12025550101", "status": "%s"}' % to.encode()
    return asked(number, body=body, **parts)


def listing(number: int) -> Record:
    return asked(
        number,
        "leads_list",
        method="GET",
        path="/sela/api/leads/",
        query_string=b"page=2&page_size=10",
    )


def differences(wanted: dict[str, Any], kept: Record) -> list[str]:
    return difference(wanted, Entry(kept, DIRECTORY.operation(kept)))


def verdict(expectation: dict[str, Any], *records: Record, **limits: int) -> Verification:
    return verify(journal_of(*records, **limits), expectation, OPERATIONS)


def refused(expectation: dict[str, Any], *records: Record, **limits: int) -> Refusal:
    with pytest.raises(Refusal) as caught:
        verdict(expectation, *records, **limits)
    return caught.value


SENT = update(
    1,
    query_string=b"a=1&a=2&b=x%20y",
    headers={b"authorization": b"Token s3cret", b"content-type": b"application/json"},
    fault=AppliedFault("slow", "prefer", {}),
)


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        pytest.param({"vendor": "sela"}, [], id="the vendor"),
        pytest.param(
            {"vendor": "octanist"}, ['vendor: expected "octanist", was "sela"'], id="another vendor"
        ),
        pytest.param({"operation": UPDATE}, [], id="the operation"),
        pytest.param(
            {"operation": "leads_list"},
            [f'operation: expected "leads_list", was "{UPDATE}"'],
            id="another operation",
        ),
        pytest.param({"method": "GET"}, ['method: expected "GET", was "PUT"'], id="another method"),
        pytest.param({"path": "/api/leads/update/"}, [], id="the path below the vendor's prefix"),
        pytest.param({"path": "/api/*/update*"}, [], id="a path with gaps"),
        pytest.param(
            {"path": "/api/leads/"},
            ['path: expected "/api/leads/", was "/api/leads/update/"'],
            id="another path",
        ),
        pytest.param({"query": {"b": "x y"}}, [], id="a parameter, decoded"),
        pytest.param({"query": {"a": "2"}}, [], id="the last of several"),
        pytest.param(
            {"query": {"a": "1", "c": "3"}},
            ['query.a: expected "1", was "2"', 'query.c: expected "3", was absent'],
            id="other parameters",
        ),
        pytest.param(
            {"headers": {"Content-Type": "application/json"}}, [], id="a header in any case"
        ),
        pytest.param(
            {"headers": {"content-type": "text/plain", "X-Trace": "1"}},
            [
                'headers.content-type: expected "text/plain", was "application/json"',
                'headers.x-trace: expected "1", was absent',
            ],
            id="other headers",
        ),
        pytest.param({"headers": {"Authorization": "Token s3cret"}}, [], id="the credential"),
        pytest.param(
            {"headers": {"Authorization": "Token other", "X-API-KEY": "key"}},
            [
                "headers.authorization: another than expected (credentials are not shown)",
                "headers.x-api-key: absent",
            ],
            id="another credential, not shown",
        ),
        pytest.param({"body": {"status": "OPEN"}}, [], id="a part of the body"),
        pytest.param(
            {"body": {"status": "CLOSED", "email": "a@b.c"}},
            [
                'body.status: expected "CLOSED", was "OPEN"',
                'body.email: expected "a@b.c", was absent',
            ],
            id="another body",
        ),
        pytest.param({"status": 404}, ["status: expected 404, was 200"], id="another status"),
        pytest.param({"fault": "slow"}, [], id="the fault"),
        pytest.param({"fault": None}, ['fault: expected null, was "slow"'], id="no fault"),
        pytest.param(
            {"method": "GET", "path": "/", "status": 404},
            [
                'method: expected "GET", was "PUT"',
                "status: expected 404, was 200",
                'path: expected "/", was "/api/leads/update/"',
            ],
            id="everything that differs",
        ),
    ],
)
def test_a_request_differs_from_a_filter_in_named_places(
    wanted: dict[str, Any], lines: list[str]
) -> None:
    assert differences(wanted, SENT) == lines


PARTS = b'--x\r\nContent-Disposition: form-data; name="lead_type"\r\n\r\n1\r\n--x--\r\n'
FORM = {b"content-type": b"application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("entry", "wanted", "lines"),
    [
        pytest.param(asked(body=b""), {}, ["body: absent"], id="no body"),
        pytest.param(
            asked(body=None), {}, ["body: was too large to be kept"], id="a body that was not read"
        ),
        pytest.param(
            asked(body=b'{"a": 1}'), {"a": 1.0}, [], id="numbers are equal as JSON has it"
        ),
        pytest.param(
            asked(body=b'{"a": 1}'),
            {"a": True},
            ["body.a: expected true, was 1"],
            id="true is not 1",
        ),
        pytest.param(
            asked(body=b'{"a": [1, 2]}'),
            {"a": [1]},
            ["body.a: expected 1 item, was 2 items"],
            id="lists are as long",
        ),
        pytest.param(
            asked(body=b'{"lead_type": "1"}'),
            {"lead_type": "1"},
            [],
            id="JSON as it was sent, not as it was understood",
        ),
        pytest.param(
            asked(body=b"lead_type=1", headers=FORM),
            {"lead_type": 1},
            [],
            id="a form as it is understood",
        ),
        pytest.param(
            asked(operation=None, body=b"lead_type=1", headers=FORM),
            {"lead_type": "1"},
            [],
            id="a form that no operation reads has texts",
        ),
        pytest.param(
            asked(body=b"a=%00", headers=FORM),
            {"a": "1"},
            ['body: expected {"a": "1"}, was "a=%00"'],
            id="a form that cannot be",
        ),
        pytest.param(
            asked(body=PARTS, headers={b"content-type": b"multipart/form-data; boundary=x"}),
            {"lead_type": 1},
            [],
            id="a form in parts",
        ),
        pytest.param(asked(body=b"hello"), "hello", [], id="text"),
        pytest.param(asked(body=b"\xff\xfe"), "//4=", [], id="what is no text, as base64"),
    ],
)
def test_a_body_is_compared_as_what_it_is(entry: Record, wanted: Any, lines: list[str]) -> None:
    assert differences({"body": wanted}, entry) == lines


@pytest.mark.parametrize(
    ("path", "below"),
    [
        pytest.param("/sela/api/leads/", "/api/leads/", id="called by the prefix"),
        pytest.param("/api/leads/", "/api/leads/", id="called by the vendor's own host"),
        pytest.param("/selah/leads/", "/selah/leads/", id="a path that only looks like it"),
    ],
)
def test_the_prefix_is_no_part_of_a_path(path: str, below: str) -> None:
    assert differences({"path": below}, asked(path=path)) == []


@pytest.mark.parametrize(
    ("glob", "text", "is_like"),
    [
        pytest.param("/a", "/a", True, id="the same"),
        pytest.param("/a", "/ab", False, id="longer"),
        pytest.param("/a*", "/a", True, id="a gap may be empty"),
        pytest.param("*", "", True, id="anything"),
        pytest.param("/*/c", "/a/b/c", True, id="a gap spans steps"),
        pytest.param("a*b*c", "axbxbxc", True, id="several gaps"),
        pytest.param("a*b*c", "axcxb", False, id="parts in another order"),
        pytest.param("ab*ba", "aba", False, id="parts do not overlap"),
        pytest.param("a*", "ba", False, id="another beginning"),
        pytest.param("a[b]?", "ab", False, id="nothing but a star is special"),
    ],
)
def test_a_star_stands_for_any_run_of_characters(glob: str, text: str, is_like: bool) -> None:
    assert like(glob, text) is is_like


THREE = (update(1), update(2, "CLOSED"), listing(3), update(4, "CLOSED"))
CLOSED = {"operation": UPDATE, "body": {"status": "CLOSED"}}
WON = {"operation": UPDATE, "body": {"status": "WON"}}


@pytest.mark.parametrize(
    ("wanted", "bounds", "passed", "found"),
    [
        pytest.param(CLOSED, {}, True, [2, 4], id="at least one unless told otherwise"),
        pytest.param(WON, {}, False, [], id="none is too few"),
        pytest.param(CLOSED, {"times": 2}, True, [2, 4], id="exactly so many"),
        pytest.param(CLOSED, {"times": 1}, False, [2, 4], id="more than exactly so many"),
        pytest.param(CLOSED, {"times": 3}, False, [2, 4], id="fewer than exactly so many"),
        pytest.param(WON, {"times": 0}, True, [], id="never"),
        pytest.param(CLOSED, {"times": 0}, False, [2, 4], id="never, but it was"),
        pytest.param(CLOSED, {"at_least": 2}, True, [2, 4], id="at least"),
        pytest.param(CLOSED, {"at_least": 3}, False, [2, 4], id="too few"),
        pytest.param(CLOSED, {"at_most": 2}, True, [2, 4], id="at most"),
        pytest.param(WON, {"at_most": 2}, True, [], id="at most may be none"),
        pytest.param(CLOSED, {"at_most": 1}, False, [2, 4], id="too many"),
        pytest.param(CLOSED, {"at_least": 1, "at_most": 2}, True, [2, 4], id="between"),
        pytest.param(CLOSED, {"after": 2, "times": 1}, True, [4], id="only later ones count"),
        pytest.param(CLOSED, {"after": 4}, False, [], id="nothing came later"),
    ],
)
def test_one_filter_is_counted(
    wanted: dict[str, Any], bounds: dict[str, int], passed: bool, found: list[int]
) -> None:
    told = verdict({"requests": [wanted], **bounds}, *THREE)
    assert (told.passed, told.found) == (passed, found)


OPEN = {"operation": UPDATE, "body": {"status": "OPEN"}}
ANY = {"operation": UPDATE}
LIST = {"operation": "leads_list"}


@pytest.mark.parametrize(
    ("filters", "in_order", "passed", "found"),
    [
        pytest.param([OPEN, CLOSED, LIST], True, True, [1, 2, 3], id="in order"),
        pytest.param([OPEN, LIST], True, True, [1, 3], id="others may lie between"),
        pytest.param([LIST, OPEN], True, False, [3], id="in another order"),
        pytest.param([LIST, OPEN], False, True, [3, 1], id="in any order"),
        pytest.param([CLOSED, CLOSED], True, True, [2, 4], id="twice"),
        pytest.param(
            [CLOSED, CLOSED, CLOSED], True, False, [2, 4], id="each needs one of its own, in order"
        ),
        pytest.param(
            [CLOSED, CLOSED, CLOSED],
            False,
            False,
            [2, 4],
            id="each needs one of its own, in any order",
        ),
        pytest.param(
            [ANY, OPEN],
            False,
            True,
            [2, 1],
            id="a filter that fits much leaves room for one that fits little",
        ),
        pytest.param([ANY, ANY, ANY, ANY], False, False, [1, 2, 4], id="more than there are"),
    ],
)
def test_several_filters_need_a_request_each(
    filters: list[dict[str, Any]], in_order: bool, passed: bool, found: list[int]
) -> None:
    told = verdict({"requests": filters, "in_order": in_order}, *THREE)
    assert (told.passed, told.found) == (passed, found)


def test_answers_that_overtook_each_other_stand_in_the_order_of_their_requests() -> None:
    assert verdict({"requests": [OPEN, LIST], "in_order": True}, listing(2), update(1)).found == [
        1,
        2,
    ]


def test_what_passes_says_what_was_found() -> None:
    message = f'expected at least 1 request like\n  {{"operation": "{UPDATE}", "body": {{"status": "CLOSED"}}}}\nfound 2 among 4 requests: 2, 4'
    assert verdict({"requests": [CLOSED]}, *THREE) == Verification(True, [2, 4], message)


def test_what_fails_tells_the_nearest_requests_and_their_differences() -> None:
    entries = (
        update(1),
        listing(2),
        update(3, "CLOSED", status=404),
        update(4),
        update(5),
        asked(6),
    )
    told = verdict(
        {"requests": [{"operation": UPDATE, "body": {"status": "CLOSED"}, "status": 200}]}, *entries
    )
    assert told == Verification(
        False,
        [],
        """\
expected at least 1 request like
  {"operation": "leads_update_update", "body": {"status": "CLOSED"}, "status": 200}
found 0 among 6 requests
nearest:
  request 6: PUT /sela/api/leads/update/, answered 200
    body: absent
  request 5: PUT /sela/api/leads/update/, answered 200
    body.status: expected "CLOSED", was "OPEN"
  request 4: PUT /sela/api/leads/update/, answered 200
    body.status: expected "CLOSED", was "OPEN\"""",
        [
            {"number": 6, "differences": ["body: absent"]},
            {"number": 5, "differences": ['body.status: expected "CLOSED", was "OPEN"']},
            {"number": 4, "differences": ['body.status: expected "CLOSED", was "OPEN"']},
        ],
        may_change=True,
    )


def test_a_request_to_the_right_operation_is_nearer_than_one_with_fewer_differences() -> None:
    wanted = CLOSED | {"status": 404, "headers": {"x-trace": "1"}, "body": {"status": "OPEN"}}
    told = verdict(
        {"requests": [wanted]},
        update(1, "CLOSED"),
        asked(2, "leads_create", body=b'{"status":"OPEN"}', status=404),
    )
    assert [each["number"] for each in told.nearest] == [1, 2]


@pytest.mark.parametrize(
    ("bounds", "line"),
    [
        pytest.param({"times": 0}, "expected no request like", id="none"),
        pytest.param({"times": 1}, "expected exactly 1 request like", id="one"),
        pytest.param({"at_most": 1}, "expected at most 1 request like", id="at most"),
        pytest.param(
            {"at_least": 0, "at_most": 1},
            "expected at most 1 request like",
            id="at most, said in full",
        ),
        pytest.param({"at_least": 3}, "expected at least 3 requests like", id="at least"),
        pytest.param({"at_least": 3, "at_most": 5}, "expected 3 to 5 requests like", id="between"),
    ],
)
def test_a_message_begins_with_what_was_expected(bounds: dict[str, int], line: str) -> None:
    assert verdict({"requests": [CLOSED], **bounds}, *THREE).message.splitlines()[0] == line


def test_too_many_have_no_nearest_but_their_numbers() -> None:
    told = verdict({"requests": [CLOSED], "times": 1, "after": 1}, *THREE)
    assert (told.message.splitlines()[-1], told.nearest) == (
        "found 2 among 3 requests after number 1: 2, 4",
        [],
    )


def test_an_order_that_does_not_hold_says_what_came_too_early() -> None:
    told = verdict({"requests": [LIST, OPEN], "in_order": True}, *THREE)
    assert (
        told.message
        == """\
expected 2 requests in this order
  1. {"operation": "leads_list"}
  2. {"operation": "leads_update_update", "body": {"status": "OPEN"}}
found 1 among 4 requests: 3
nothing is like 2. after request 3
nearest:
  request 4: PUT /sela/api/leads/update/, answered 200
    body.status: expected "OPEN", was "CLOSED"
  request 1: PUT /sela/api/leads/update/, answered 200
    order: came before request 3
  request 2: PUT /sela/api/leads/update/, answered 200
    order: came before request 3
    body.status: expected "OPEN", was "CLOSED\""""
    )


def test_a_long_difference_is_cut_in_the_message_only() -> None:
    wanted = {"operation": UPDATE, "body": {f"field_{number}": 1 for number in range(30)}}
    told = verdict({"requests": [wanted]}, update(1))
    assert len(told.nearest[0]["differences"]) == 30
    assert told.message.splitlines()[-2:] == [
        "    body.field_11: expected 1, was absent",
        "    and 18 more",
    ]


def test_no_credential_stands_in_a_verdict() -> None:
    entry = update(1, headers={b"authorization": b"Token s3cret", b"x-api-key": b"s3cret"})
    wanted = {
        "operation": UPDATE,
        "headers": {"Authorization": "Token 0ther", "X-API-Key": "0ther"},
    }
    told = str(verdict({"requests": [wanted]}, entry))
    assert "s3cret" not in told
    assert "0ther" not in told
    assert '"Authorization": "Token ***"' in told


def problem(path: tuple[str | int, ...], message: str, value: Any) -> Problem:
    return Problem(path, "unknown", message, value)


NO_FIELD = "'phone' is no field of {}: did you mean phoneNumber?"


@pytest.mark.parametrize(
    ("wanted", "path", "message", "value"),
    [
        pytest.param(
            {"vendor": "sella"},
            ("vendor",),
            "'sella' is no vendor: did you mean sela?",
            "sella",
            id="a vendor",
        ),
        pytest.param(
            {"vendor": "acme"},
            ("vendor",),
            "'acme' is no vendor: known are nlpearl, octanist, sela",
            "acme",
            id="a vendor like none",
        ),
        pytest.param(
            {"vendor": "sela", "operation": "leads_updat"},
            ("operation",),
            "'leads_updat' is no operation of sela: did you mean leads_update_update or leads_partial_update or leads_create?",
            "leads_updat",
            id="an operation",
        ),
        pytest.param(
            {"operation": "xyz"},
            ("operation",),
            f"'xyz' is no operation of any vendor: known are {', '.join(sorted({each.id for group in OPERATIONS.values() for each in group}))}",
            "xyz",
            id="an operation of nobody",
        ),
        pytest.param(
            {"vendor": "octanist", "operation": "leads_list"},
            ("operation",),
            "'leads_list' is no operation of octanist, but of sela: known are check, create_lead, get_lead, list_leads, stats, update_lead",
            "leads_list",
            id="an operation of another vendor",
        ),
        pytest.param(
            {"vendor": "octanist", "path": "/api/lead"},
            ("path",),
            "'/api/lead' is no path of octanist: did you mean /api/leads or /api/leads/{id} or /api/stats?",
            "/api/lead",
            id="a path",
        ),
        pytest.param(
            {"vendor": "octanist", "path": "/api/xeads*"},
            ("path",),
            "'/api/xeads*' is no path of octanist: did you mean /api/leads or /api/leads/{id}?",
            "/api/xeads*",
            id="a path with a gap",
        ),
        pytest.param(
            {"operation": UPDATE, "path": "/api/leads/"},
            ("path",),
            "'/api/leads/' is no path of leads_update_update: did you mean /api/leads/update/?",
            "/api/leads/",
            id="another operation's path",
        ),
        pytest.param(
            {"vendor": "octanist", "method": "TRACE"},
            ("method",),
            "'TRACE' is no method of octanist: known are GET, PATCH, POST",
            "TRACE",
            id="a method",
        ),
        pytest.param(
            {"vendor": "octanist", "path": "/api/check", "method": "GET"},
            ("method",),
            "'GET' is no method of /api/check: known is POST",
            "GET",
            id="a method that the path does not take",
        ),
        pytest.param(
            {"operation": UPDATE, "method": "POST"},
            ("method",),
            "'POST' is no method of leads_update_update: known is PUT",
            "POST",
            id="a method that the operation does not have",
        ),
        pytest.param(
            {"operation": "add_lead", "body": {"phone": "1"}},
            ("body", "phone"),
            NO_FIELD.format("add_lead"),
            "1",
            id="a field",
        ),
        pytest.param(
            {"vendor": "nlpearl", "path": "/v2/outbound/*/lead", "body": {"phone": "1"}},
            ("body", "phone"),
            NO_FIELD.format("add_lead or update_lead"),
            "1",
            id="a field of an operation that only its path names",
        ),
        pytest.param(
            {"operation": "leads_list", "body": []},
            ("body",),
            "leads_list takes no body",
            [],
            id="a body where there is none",
        ),
        pytest.param(
            {"fault": "rate_limit"},
            ("fault",),
            "'rate_limit' is no fault: did you mean rate_limited?",
            "rate_limit",
            id="a fault",
        ),
    ],
)
def test_a_filter_that_can_never_fit_is_an_error(
    wanted: dict[str, Any], path: tuple[str, ...], message: str, value: Any
) -> None:
    refusal = refused({"requests": [ANY, wanted]})
    assert (refusal.kind, refusal.problems) == (
        "invalid",
        (problem(("requests", 1, *path), message, value),),
    )


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"path": "/api/leads/28001/"}, id="a path parameter takes a value"),
        pytest.param({"path": "/api/leads/*"}, id="a gap reaches over a parameter"),
        pytest.param({"path": "*/Lead/External/x*y"}, id="a gap within a parameter"),
        pytest.param({"path": "/v2/*/*/*"}, id="several gaps"),
        pytest.param({"path": "*"}, id="any path"),
        pytest.param(
            {"vendor": "nlpearl", "path": "/V2/PEARL"},
            id="a path in other letters, as a framework may take it",
        ),
        pytest.param(
            {"operation": "leads_list", "method": "HEAD"}, id="a HEAD where there is a GET"
        ),
        pytest.param(
            {"operation": UPDATE, "body": {"favourite_colour": "red"}},
            id="a further field where those are taken",
        ),
        pytest.param(
            {"operation": "add_lead", "body": {"PhoneNumber": "1"}}, id="a field in other letters"
        ),
        pytest.param(
            {"operation": "add_lead", "body": [{"phone": "1"}]}, id="a body that is no object"
        ),
        pytest.param(
            {"vendor": "sela", "body": {"leads": []}}, id="a field that one of the operations has"
        ),
        pytest.param({"fault": None, "status": 200}, id="no fault"),
    ],
)
def test_a_filter_that_could_fit_is_none(wanted: dict[str, Any]) -> None:
    assert verdict({"requests": [wanted], "times": 0}).passed


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/api/leads//", id="a parameter is never empty"),
        pytest.param("/api/leads/1/2/", id="nor more than one step"),
        pytest.param("/api/leads/?page=2", id="a query is no path"),
        pytest.param("/sela/api/leads/", id="nor is the prefix"),
        pytest.param("", id="nothing"),
    ],
)
def test_no_operation_has_such_a_path(path: str) -> None:
    assert [
        each.path for each in refused({"requests": [{"vendor": "sela", "path": path}]}).problems
    ] == [("requests", 0, "path")]


def test_everything_misspelt_is_told_at_once() -> None:
    filters = [
        {"vendor": "sella", "operation": "nope", "fault": "nope"},
        {"operation": "add_lead", "body": {"a": 1, "b": 2}},
    ]
    paths = [each.path for each in refused({"requests": filters, "times": 1}).problems]
    assert paths == [
        ("times",),
        ("requests", 0, "fault"),
        ("requests", 0, "vendor"),
        ("requests", 0, "operation"),
        ("requests", 1, "body", "a"),
        ("requests", 1, "body", "b"),
    ]


@pytest.mark.parametrize(
    ("expectation", "problems"),
    [
        pytest.param(
            {"requests": [ANY], "times": 1, "at_most": 2},
            [Problem(("times",), "exclusive", "is exact: leave out at_least and at_most", 1)],
            id="an exact count with a limit",
        ),
        pytest.param(
            {"requests": [ANY], "at_least": 3, "at_most": 2},
            [Problem(("at_least",), "maximum", "must not be greater than at_most", 3)],
            id="limits that leave nothing",
        ),
        pytest.param(
            {"requests": [ANY, ANY], "times": 2, "at_most": 3},
            [
                Problem(
                    ("times",),
                    "exclusive",
                    "counts the requests of one filter, and here are several",
                    2,
                ),
                Problem(
                    ("at_most",),
                    "exclusive",
                    "counts the requests of one filter, and here are several",
                    3,
                ),
            ],
            id="a count of several filters",
        ),
    ],
)
def test_bounds_must_make_sense(expectation: dict[str, Any], problems: list[Problem]) -> None:
    assert refused(expectation).problems == tuple(problems)


FIVE = (
    update(1, "CLOSED"),
    update(2, "CLOSED"),
    *(update(number) for number in (3, 4)),
    update(5, "CLOSED"),
)


@pytest.mark.parametrize(
    ("expectation", "passed"),
    [
        pytest.param({"requests": [CLOSED]}, True, id="enough were found"),
        pytest.param({"requests": [CLOSED], "times": 0}, False, id="too many were found"),
        pytest.param(
            {"requests": [CLOSED], "at_most": 0}, False, id="more than the limit were found"
        ),
        pytest.param(
            {"requests": [CLOSED], "times": 1, "after": 2}, True, id="what was dropped came before"
        ),
        pytest.param(
            {"requests": [WON], "after": 2}, False, id="what was dropped came before, and it fails"
        ),
        pytest.param({"requests": [OPEN, CLOSED], "in_order": True}, True, id="each was found"),
        pytest.param({"requests": [OPEN], "at_least": 0}, True, id="nothing was asked for"),
    ],
)
def test_dropped_entries_that_decide_nothing_leave_the_verdict(
    expectation: dict[str, Any], passed: bool
) -> None:
    assert verdict(expectation, *FIVE, max_entries=3).passed is passed


@pytest.mark.parametrize(
    "expectation",
    [
        pytest.param({"requests": [WON]}, id="too few were found"),
        pytest.param({"requests": [CLOSED], "at_least": 3}, id="not as many as asked for"),
        pytest.param({"requests": [WON], "times": 0}, id="there was none"),
        pytest.param({"requests": [CLOSED], "times": 1}, id="exactly so many"),
        pytest.param({"requests": [CLOSED], "at_most": 2}, id="no more than the limit"),
        pytest.param(
            {"requests": [CLOSED], "times": 1, "after": 1}, id="one of the later ones was dropped"
        ),
        pytest.param(
            {"requests": [CLOSED, OPEN, CLOSED], "in_order": True}, id="the order could have held"
        ),
        pytest.param({"requests": [CLOSED, CLOSED]}, id="each could have had one"),
    ],
)
def test_a_verdict_that_dropped_entries_could_change_is_none(expectation: dict[str, Any]) -> None:
    refusal = refused(expectation, *FIVE, max_entries=3)
    assert (refusal.kind, refusal.message) == (
        "conflict",
        """\
2 entries up to number 2 were dropped from the journal, and with them the verdict could be another. \
Verify with `after` 2 or greater, or start the server with more --journal-entries and --journal-bytes.""",
    )


def test_a_misspelt_filter_is_told_before_dropped_entries() -> None:
    assert (
        refused({"requests": [{"vendor": "acme"}], "times": 0}, *FIVE, max_entries=3).kind
        == "invalid"
    )

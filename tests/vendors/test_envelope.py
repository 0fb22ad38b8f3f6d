"""The envelope dialect: which code, which sentence and which details a refusal gets, and what JavaScript makes of numbers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mockserver.call import Call, request_of
from mockserver.dialects.envelope import Envelope, Page, instant
from mockserver.dialects.javascript import date, number, number_text, stringify
from mockserver.errors import Kind, Problem, Reason, Refusal
from mockserver.vendor import Reply

DIALECT = Envelope(listing={"limit"}, booleans={"yes": True, "no": False})
JSON = ((b"content-type", b"application/json"),)
META = {"requestId": "req_cd9ae5b9b8e6", "timestamp": "2026-03-10T12:00:00.000Z"}


def call(methods: tuple[str, ...] = (), raw: bytes = b"") -> Call:
    made = Call(
        request_of({"method": "GET", "path": "/", "query_string": b"", "headers": []}, {}, raw)
    )
    made.now, made.seed, made.number, made.methods = (
        datetime(2026, 3, 10, 12, 0, tzinfo=UTC),
        1,
        1,
        methods,
    )
    return made


def test_a_reply_is_put_into_the_envelope() -> None:
    reply = DIALECT.accept(Reply({"id": 1}, 201), call())
    assert list(reply.body) == ["success", "data", "meta"]
    assert (reply.body["success"], reply.body["data"], reply.status, reply.headers) == (
        True,
        {"id": 1},
        201,
        JSON,
    )
    assert reply.body["meta"]["timestamp"] == META["timestamp"]


def test_a_page_tells_of_itself_in_meta() -> None:
    body = DIALECT.accept(Reply(Page([1, 2], {"limit": 2})), call()).body
    assert (body["data"], body["meta"]["pagination"], list(body["meta"])) == (
        [1, 2],
        {"limit": 2},
        ["pagination", "requestId", "timestamp"],
    )


def test_a_reply_that_says_so_goes_out_without_the_envelope() -> None:
    reply = DIALECT.accept(Reply({"success": True}, wrapped=False), call())
    assert (reply.body, reply.headers) == ({"success": True}, JSON)


def test_a_header_changes_neither_the_envelope_nor_the_content_type() -> None:
    reply = DIALECT.accept(Reply(1, headers=((b"x-a", b"1"),)), call())
    assert (reply.body["data"], reply.headers) == (1, (*JSON, (b"x-a", b"1")))


def test_a_reply_may_name_its_content_type() -> None:
    headers = ((b"content-type", b"application/hal+json"),)
    assert DIALECT.accept(Reply(1, headers=headers), call()).headers == headers


@pytest.mark.parametrize(
    ("kind", "given", "status", "code", "words"),
    [
        ("unauthorized", Reason.MISSING, 401, "UNAUTHORIZED", "Invalid or missing API key"),
        ("unauthorized", Reason.UNKNOWN, 401, "UNAUTHORIZED", "Invalid or missing API key"),
        ("forbidden", None, 403, "FORBIDDEN", "Action not allowed"),
        ("forbidden", "Too many", 403, "FORBIDDEN", "Too many"),
        ("no_route", Reason.MISSING_SLASH, 404, "NOT_FOUND", "There is no such endpoint"),
        ("not_found", Reason.PATH_PARAMETER, 404, "NOT_FOUND", "Resource not found"),
        ("not_found", "Lead not found", 404, "NOT_FOUND", "Lead not found"),
        (
            "method_not_allowed",
            None,
            405,
            "METHOD_NOT_ALLOWED",
            "The endpoint does not take this method",
        ),
        ("not_acceptable", None, 406, "NOT_ACCEPTABLE", "Only JSON can be answered"),
        ("conflict", "Several", 409, "CONFLICT", "Several"),
        ("too_large", None, 413, "PAYLOAD_TOO_LARGE", "The request body is too large"),
        (
            "unsupported_media_type",
            None,
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "The request body must be application/json",
        ),
        ("server_error", None, 500, "INTERNAL_ERROR", "Internal server error"),
        ("invalid", None, 400, "VALIDATION_ERROR", "The request is not valid"),
    ],
)
def test_every_refusal_has_its_code(
    kind: Kind, given: str | Reason | None, status: int, code: str, words: str
) -> None:
    refusal = Refusal(kind, reason=given) if isinstance(given, Reason) else Refusal(kind, given)
    reply = DIALECT.refuse(refusal, call())
    assert (reply.status, reply.body["success"]) == (status, False)
    assert reply.body["error"] == {"code": code, "message": words, "details": {}}


def test_a_405_names_the_methods() -> None:
    assert DIALECT.refuse(Refusal("method_not_allowed"), call(("GET", "HEAD"))).headers == (
        *JSON,
        (b"allow", b"GET, HEAD"),
    )


def test_a_status_of_the_refusal_itself_wins() -> None:
    assert DIALECT.refuse(Refusal("conflict", status=400), call()).status == 400


def test_a_body_that_is_no_json_is_told_where() -> None:
    error = DIALECT.refuse(Refusal("malformed", "whatever Python says"), call(raw=b'{"a": ')).body[
        "error"
    ]
    words = "Unexpected end of JSON input"
    assert error == {
        "code": "VALIDATION_ERROR",
        "message": "The request body is not valid JSON",
        "details": {"body": [words]},
    }


TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
EITHER = {"anyOf": [{"type": "number"}, {"type": "string", "x-format": "numeric"}]}


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (Problem(("a",), "type", "", 1, TEXT), "a must be a string"),
        (Problem(("a",), "type", "", "x", NUMBER), "a must be a number"),
        (Problem(("a",), "type", "", "x", {"type": "integer"}), "a must be an integer"),
        (Problem(("a",), "type", "", "x", FLAG), "a must be true or false"),
        (Problem(("a",), "type", "", "x", {"type": "array"}), "a must be an array"),
        (Problem(("a", 0, "b"), "type", "", 1, TEXT), "a[0].b must be a string"),
        (
            Problem((), "type", "", [], {"type": "object", "anyOf": [{"required": ["a"]}]}),
            "body must be a JSON object",
        ),
        (Problem(("a",), "anyOf", "", "x", EITHER), "a must be a number"),
        (Problem(("a",), "enum", "", "x", {"enum": ["b", "c"]}), "a must be one of b, c"),
        (
            Problem(("a",), "enum", "", "x", {"type": "boolean", "enum": [True, False]}),
            "a must be one of true, false",
        ),
        (Problem(("a",), "minimum", "", 0, {"minimum": 1}), "a must be at least 1"),
        (Problem(("a",), "maximum", "", 2, {"maximum": 1}), "a must be at most 1"),
        (Problem(("a",), "required", "", None, TEXT), "a is required"),
        (Problem(("a",), "unknown", "", "x", None, "query"), "a is no parameter of this endpoint"),
        (Problem(("a",), "null-character", ""), "a must not contain NUL characters"),
        (Problem(("a",), "surrogate", ""), "a must not contain lone surrogates"),
        (Problem(("a",), "finite", ""), "a must be a finite number"),
        (Problem((), "surrogate", ""), "body must not contain lone surrogates"),
        (Problem(("\ud800",), "null-character", ""), "\ud800 must not contain NUL characters"),
        (
            Problem(("a",), "format", "", "x", {"type": "string", "format": "date"}),
            "a must be a date, YYYY-MM-DD",
        ),
        (
            Problem(("a",), "format", "", "x", {"type": "string", "x-format": "field-list"}),
            "a must be names of fields, separated by commas",
        ),
        (Problem(("a",), "reference", "a is unknown"), "a is unknown"),
        (Problem(("a",), "maxLength", "is too long", "x", {}), "a is too long"),
    ],
)
def test_every_problem_has_its_sentence(problem: Problem, sentence: str) -> None:
    assert DIALECT.details([problem]) == {sentence.split(maxsplit=1)[0]: [sentence]}


ONE_OF = {"anyOf": [{"required": ["a"], "properties": {"a": TEXT}}, {"required": ["b"]}]}
BOTH_OR_OTHER = {"anyOf": [{"properties": {"kind": {"enum": ["x"]}}}, {"required": ["a", "b"]}]}


@pytest.mark.parametrize(
    ("schema", "value", "others", "details"),
    [
        pytest.param(
            ONE_OF,
            {},
            (),
            {"a": ["One of a, b is required"], "b": ["One of a, b is required"]},
            id="one of several",
        ),
        pytest.param(
            ONE_OF,
            {"a": 1},
            (Problem(("a",), "type", "", 1, TEXT),),
            {"a": ["a must be a string"]},
            id="there but wrong",
        ),
        pytest.param(
            BOTH_OR_OTHER, {"a": 1}, (), {"b": ["b is required"]}, id="the rest of a group"
        ),
        pytest.param(
            BOTH_OR_OTHER,
            {"kind": "y"},
            (Problem(("kind",), "enum", "", "y", {"enum": ["x"]}),),
            {"kind": ["kind must be one of x"]},
            id="bad kind",
        ),
    ],
)
def test_what_is_missing_is_named(
    schema: Any, value: Any, others: tuple[Problem, ...], details: Any
) -> None:
    assert DIALECT.details([*others, Problem((), "anyOf", "", value, schema)]) == details


DATE = {"type": "string", "format": "date"}
BAD_DATE = Problem(("from",), "format", "", "x", DATE)
BAD_FILTER = Problem(("color",), "enum", "", "x", {"enum": ["red"]}, "query")
BAD_LIMIT = Problem(("limit",), "type", "", "x", {"type": "integer"}, "query")


@pytest.mark.parametrize(
    ("problems", "code"),
    [
        pytest.param([BAD_DATE], "INVALID_DATE", id="a date"),
        pytest.param(
            [Problem(("from",), "type", "", 1, DATE)], "VALIDATION_ERROR", id="no text for a date"
        ),
        pytest.param([BAD_FILTER], "INVALID_FILTER", id="a filter"),
        pytest.param([BAD_LIMIT], "VALIDATION_ERROR", id="a limit"),
        pytest.param([BAD_DATE, BAD_FILTER], "INVALID_FILTER", id="a filter before a date"),
        pytest.param(
            [BAD_DATE, BAD_FILTER, BAD_LIMIT], "VALIDATION_ERROR", id="a limit before all"
        ),
    ],
)
def test_several_problems_have_one_code(problems: list[Problem], code: str) -> None:
    assert DIALECT.code(problems) == code


def test_a_sentence_is_told_once() -> None:
    assert DIALECT.details([BAD_FILTER, BAD_FILTER]) == {"color": ["color must be one of red"]}


@pytest.mark.parametrize(
    ("content_type", "json"),
    [
        ("", True),
        ("application/json", True),
        ("application/json;charset=utf-8", True),
        (" Application/Json ; a=b", True),
        ("application/problem+json", True),
        ("application/jsonx", False),
        ("text/json", False),
        ("application/x-www-form-urlencoded", False),
    ],
)
def test_only_json_is_read(content_type: str, json: bool) -> None:
    assert (DIALECT.media_type(content_type, ("application/json",)) == "application/json") is json


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"flag": "yes"}, {"flag": True}),
        ({"flag": "no", "text": "no"}, {"flag": False, "text": "no"}),
        ({"flag": "maybe"}, {"flag": "maybe"}),
        ({"flag": None}, {"flag": None}),
        ({"flag": []}, {"flag": []}),
        ({"flag": {"yes": 1}}, {"flag": {"yes": 1}}),
        ({}, {}),
        ([], []),
        ("yes", "yes"),
        (None, None),
    ],
)
def test_words_for_booleans_are_read_where_a_boolean_belongs(sent: Any, read: Any) -> None:
    assert (
        DIALECT.coercer({"type": "object", "properties": {"flag": FLAG, "text": TEXT}})(sent)
        == read
    )


def test_other_values_are_left_as_they_are() -> None:
    value = {"text": "yes"}
    assert DIALECT.coercer({"type": "object", "properties": {"text": TEXT}})(value) is value


def test_an_instant_has_milliseconds_and_a_z() -> None:
    assert (
        instant(datetime(2026, 3, 10, 12, 0, 0, 123999, tzinfo=UTC)) == "2026-03-10T12:00:00.123Z"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (5, 5),
        (5.0, 5),
        ("5", 5),
        ("-0", 0),
        (0.5, 0.5),
        (2**53, 2**53),
        (2**53 + 1, 2**53),
        (2**53 + 3, 2**53 + 4),
        (10**20, 10**20),
        (-(2**60), -1152921504606847000),
        (10**21, 1e21),
    ],
)
def test_numbers_are_doubles(given: float | str, expected: float) -> None:
    assert (number(given), type(number(given))) == (expected, type(expected))


@pytest.mark.parametrize("given", [10**400, "1e999", float("inf"), float("nan")])
def test_a_number_past_all_doubles_is_refused(given: float | str) -> None:
    with pytest.raises(OverflowError):
        number(given)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (123456.789, "123456.789"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (1e-7, "1e-7"),
        (5e-324, "5e-324"),
        (1e20, "100000000000000000000"),
        (2**64, "18446744073709552000"),
        (-123456789012345680000, "-123456789012345680000"),
        (1e21, "1e+21"),
        (1.25e21, "1.25e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_numbers_are_written_as_javascript_writes_them(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        # What `new Date(text).toISOString()` of Node 20 says in the zone UTC.
        ("2026", "2026-01-01T00:00:00.000Z"),
        ("2026-02", "2026-02-01T00:00:00.000Z"),
        ("2026-02-03", "2026-02-03T00:00:00.000Z"),
        ("2026-02T04:05", "2026-02-01T04:05:00.000Z"),
        ("2026-02-03T04:05:06", "2026-02-03T04:05:06.000Z"),
        ("2026-02-03T04:05:06.7", "2026-02-03T04:05:06.700Z"),
        ("2026-02-03T04:05:06.789999", "2026-02-03T04:05:06.789Z"),
        ("2026-02-03 04:05:06", "2026-02-03T04:05:06.000Z"),
        ("2026-02-03t04:05:06z", "2026-02-03T04:05:06.000Z"),
        ("2026-02-28T24:00", "2026-03-01T00:00:00.000Z"),
        ("2026-02-03T04:05:06-05:30", "2026-02-03T09:35:06.000Z"),
        ("2026-02-03T04:05+23:59", "2026-02-02T04:06:00.000Z"),
    ],
)
def test_dates_are_read_as_javascript_reads_them(text: str, moment: str) -> None:
    read = date(text)
    assert read is not None
    assert instant(read) == moment


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ('a"\\/\n\x1f\u2028é😀', '"a\\"\\\\/\\n\\u001f\u2028é😀"'),
        ([], "[]"),
        ({}, "{}"),
        ([1, [2.0, {}]], "[1,[2,{}]]"),
        ({"b": 1, "a": [1e21]}, '{"b":1,"a":[1e+21]}'),
        (
            {"b": 0, "10": 0, "9": 0, "01": 0, "-1": 0, "4294967295": 0, "4294967294": 0},
            '{"9":0,"10":0,"4294967294":0,"b":0,"01":0,"-1":0,"4294967295":0}',
        ),
    ],
)
def test_json_is_written_as_javascript_writes_it(value: Any, text: str) -> None:
    assert stringify(value) == text

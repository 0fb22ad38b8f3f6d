"""The default dialect, and what holds for every dialect."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from mockserver.app import load_vendors
from mockserver.call import Call, request_of
from mockserver.dialects.plain_json import PlainJson, either
from mockserver.dialects.problem_json import ProblemJson
from mockserver.documents.schema import Reader
from mockserver.errors import Kind, Problem, Reason, Refusal
from mockserver.vendor import Dialect, Reply
from mockserver.wire import write_json

JSON = (b"content-type", b"application/json")
DIALECTS: list[Any] = [
    pytest.param(PlainJson(), id="plain"),
    pytest.param(ProblemJson(), id="control"),
    *(pytest.param(vendor.dialect, id=vendor.name) for vendor in load_vendors()),
]


def call(method: str = "PUT") -> Call:
    scope = {"method": method, "path": "/thing", "query_string": b""}
    found = Call(request_of(scope, {b"content-type": b"text/csv"}, b"{"))
    found.methods = ("GET", "POST")
    found.now, found.seed, found.number = datetime(2026, 3, 10, tzinfo=UTC), 1, 1
    return found


@pytest.mark.parametrize("reason", [None, *Reason])
@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_reason_ever_stands_in_an_answer(
    dialect: Dialect, kind: Kind, reason: Reason | None
) -> None:
    reply = dialect.refuse(Refusal(kind, reason=reason), call())
    body = reply.body if isinstance(reply.body, bytes) else write_json(reply.body)
    text = (body + b" ".join(value for _, value in reply.headers)).decode()
    assert 300 <= reply.status < 600
    assert [each for each in Reason if each.value in text or each.name in text] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_reply_keeps_its_own_content_type_and_other_headers_change_none(
    dialect: Dialect,
) -> None:
    def types(*headers: tuple[bytes, bytes]) -> list[bytes]:
        sent = dialect.accept(Reply({}, headers=headers), call()).headers
        return [value for name, value in sent if name == b"content-type"]

    assert types((b"content-type", b"text/csv")) == [b"text/csv"]
    assert types((b"x-a", b"1")) == types()
    assert len(types()) == 1


def test_a_refusal_is_a_code_a_sentence_and_the_fields() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"b": {"type": "integer"}}}
    _, problems = Reader(schema).read({"b": "x"})
    reply = PlainJson().refuse(Refusal("invalid", problems=problems), call())
    assert reply == Reply(
        {
            "error": {
                "code": "invalid",
                "message": "The request is not valid",
                "fields": {"a": ["is required"], "b": ["must be an integer"]},
            }
        },
        400,
        (JSON,),
    )


@pytest.mark.parametrize(
    ("refusal", "status", "message", "headers"),
    [
        pytest.param(Refusal("not_found", "No such lead."), 404, "No such lead.", (), id="message"),
        pytest.param(
            Refusal("method_not_allowed"),
            405,
            "The endpoint does not take this method",
            ((b"allow", b"GET, POST"),),
            id="method",
        ),
        pytest.param(
            Refusal("rate_limited", retry_after=3),
            429,
            "Too many requests",
            ((b"retry-after", b"3"),),
            id="wait",
        ),
        pytest.param(Refusal("conflict", status=422), 422, "Conflict", (), id="another status"),
    ],
)
def test_a_refusal_has_a_status_a_message_and_the_headers_of_its_kind(
    refusal: Refusal, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    reply = PlainJson().refuse(refusal, call())
    assert (reply.status, reply.body["error"]["message"], reply.headers) == (
        status,
        message,
        (JSON, *headers),
    )


class Shop(PlainJson):
    """An API that answers 422 for what is not valid, and errors in a shape of its own."""

    statuses = {**PlainJson.statuses, "invalid": 422}  # noqa: RUF012  # a mapping nobody changes

    def error(self, refusal: Refusal, call: Call) -> Any:
        return {"fault": self.sentence(refusal, call), "on": self.fields(refusal.problems)}


def test_a_vendor_refines_it_in_a_few_lines() -> None:
    problem = Problem(("a", 0, "b"), "odd", "is odd")
    reply = Shop().refuse(Refusal("invalid", problems=[problem]), call())
    assert (reply.status, reply.body) == (
        422,
        {"fault": "The request is not valid", "on": {"a[0].b": ["is odd"]}},
    )


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        pytest.param({"type": "string"}, 1, "must be a string", id="type"),
        pytest.param(
            {"type": "string", "nullable": True}, 1, "must be a string or null", id="nullable"
        ),
        pytest.param({"enum": ["a", 1]}, "b", "must be one of a, 1", id="enum"),
        pytest.param({"type": "integer", "minimum": 2}, 1, "must be at least 2", id="minimum"),
        pytest.param({"type": "string", "minLength": 1}, "", "must not be empty", id="empty"),
        pytest.param(
            {"type": "string", "minLength": 2},
            "a",
            "must have at least 2 characters",
            id="length",
        ),
        pytest.param(
            {"type": "string", "pattern": "^a{2}$"}, "a", "must match ^a{2}$", id="a pattern"
        ),
        pytest.param({"type": "string", "format": "uuid"}, "a", "must be a UUID", id="format"),
        pytest.param(
            {"oneOf": [{"type": "string"}, {"type": "integer"}]},
            [],
            "must be a string or an integer",
            id="several types",
        ),
    ],
)
def test_a_keyword_has_its_words(schema: Any, value: Any, words: str) -> None:
    root = {"type": "object", "properties": {"a": schema}}
    _, problems = Reader(root).read({"a": value})
    assert [PlainJson().reason(problem) for problem in problems] == [words]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        pytest.param(Problem(("a",), "unknown", "no such pearl"), "no such pearl", id="its own"),
        pytest.param(
            Problem(("a",), "unknown", "is no parameter here", location="query"),
            "is no parameter of this endpoint",
            id="a stray parameter",
        ),
        pytest.param(
            Problem(("a",), "surrogate", ""), "must not contain lone surrogates", id="text"
        ),
    ],
)
def test_a_problem_without_a_schema_has_its_words_too(problem: Problem, words: str) -> None:
    assert PlainJson().reason(problem) == words


@pytest.mark.parametrize(
    ("words", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b, or c")]
)
def test_alternatives_are_told_as_a_list(words: list[str], text: str) -> None:
    assert either(words) == text


@pytest.mark.parametrize(
    ("content_type", "offered", "kind"),
    [
        ("application/json", ("application/json",), "application/json"),
        ("Application/JSON; charset=utf-8", ("application/json",), "application/json"),
        ("text/plain", ("application/json", "text/plain"), "text/plain"),
        ("", ("application/json",), None),
    ],
)
def test_a_media_type_is_one_of_those_offered(
    content_type: str, offered: tuple[str, ...], kind: str | None
) -> None:
    assert PlainJson().media_type(content_type, offered) == kind

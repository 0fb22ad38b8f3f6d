"""The dialect of plain JSON: each refusal as problem details, each wrong value told what it may be."""

from typing import Any, get_args

import pytest

from mockserver.call import Call, request_of
from mockserver.dialects.problem_json import ProblemJson, explained
from mockserver.documents.schema import Reader
from mockserver.errors import Kind, Problem, Reason, Refusal

CLOCK = {
    "oneOf": [
        {
            "type": "object",
            "required": ["mode"],
            "additionalProperties": False,
            "properties": {"mode": {"enum": ["real"]}},
        },
        {
            "type": "object",
            "required": ["mode", "at"],
            "additionalProperties": False,
            "properties": {"mode": {"enum": ["frozen"]}, "at": {"type": "string"}},
        },
    ]
}
SCALAR = {"oneOf": [{"type": "string"}, {"type": "integer"}]}


def call() -> Call:
    found = Call(request_of({"method": "PUT", "path": "/thing", "query_string": b""}, {}, b""))
    found.methods = ("GET", "POST")
    return found


@pytest.mark.parametrize(
    ("refusal", "status", "detail", "headers"),
    [
        pytest.param(Refusal("unauthorized", reason=Reason.MISSING), 401, "This server wants its token: `Authorization: Bearer <token>`.", {b"www-authenticate": b"Bearer"}, id="unauthorized"),
        pytest.param(Refusal("forbidden", "Not you."), 403, "Not you.", {}, id="forbidden"),
        pytest.param(Refusal("no_route", reason=Reason.MISSING_SLASH), 404, "There is nothing at /thing.", {}, id="path"),
        pytest.param(Refusal("not_found", reason=Reason.PATH_PARAMETER), 404, "There is nothing at /thing.", {}, id="place"),
        pytest.param(Refusal("not_found", "No such one."), 404, "No such one.", {}, id="thing"),
        pytest.param(Refusal("method_not_allowed"), 405, "/thing takes GET, POST, not PUT.", {b"allow": b"GET, POST"}, id="method"),
        pytest.param(Refusal("conflict", "Taken."), 409, "Taken.", {}, id="conflict"),
        pytest.param(Refusal("conflict", "Taken.", status=422), 422, "Taken.", {}, id="another status"),
        pytest.param(Refusal("rate_limited", retry_after=3), 429, "Too many requests.", {b"retry-after": b"3"}, id="rate"),
        pytest.param(Refusal("server_error"), 500, "This server has a fault; its log says more.", {}, id="server error"),
        pytest.param(Refusal("maintenance"), 503, "This server is down for maintenance.", {}, id="maintenance"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_refusal_is_told_in_a_sentence(
    refusal: Refusal, status: int, detail: str, headers: dict[bytes, bytes]
) -> None:
    reply = ProblemJson().refuse(refusal, call())
    assert (reply.status, reply.body["status"], reply.body["detail"]) == (status, status, detail)
    assert dict(reply.headers) == {b"content-type": b"application/problem+json"} | headers


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_refusal_has_a_sentence(kind: Kind) -> None:
    body = ProblemJson().refuse(Refusal(kind), call()).body
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["detail"].endswith(".")


def test_the_first_three_problems_are_in_the_sentence_and_all_in_the_list() -> None:
    problems = [Problem(("a/b", number, "~"), "value", "is odd") for number in range(5)]
    body = ProblemJson().refuse(Refusal("invalid", problems=problems), call()).body
    assert body["detail"] == "a/b[0].~ is odd; a/b[1].~ is odd; a/b[2].~ is odd; and 2 more."
    assert body["errors"] == [
        {"pointer": f"/a~1b/{number}/~0", "detail": "is odd"} for number in range(5)
    ]


def test_a_long_message_is_cut() -> None:
    body = (
        ProblemJson()
        .refuse(Refusal("invalid", problems=[Problem(("a",), "value", "x" * 2000)]), call())
        .body
    )
    assert body["errors"] == [{"pointer": "/a", "detail": "x" * 1000 + "..."}]


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        pytest.param(
            CLOCK, {"mode": "frozen"}, [("required", ("at",))], id="the form that its mark names"
        ),
        pytest.param(
            CLOCK,
            {"mode": "real", "at": ""},
            [("additionalProperties", ("at",))],
            id="a property of another form",
        ),
        pytest.param(CLOCK, {"mode": "late"}, [("enum", ("mode",))], id="no form's mark"),
        pytest.param(CLOCK, {}, [("required", ("mode",))], id="the fewest problems"),
        pytest.param(CLOCK, 5, [("type", ())], id="no object"),
        pytest.param(SCALAR, [], [("oneOf", ())], id="forms without properties"),
    ],
)
def test_a_value_of_no_form_is_told_what_is_wrong_with_the_nearest(
    schema: Any, value: Any, told: list[tuple[str, Any]]
) -> None:
    _, problems = Reader(schema).read(value)
    assert [
        (each.keyword, each.path) for problem in problems for each in explained(problem)
    ] == told


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        pytest.param("application/json", True, id="JSON"),
        pytest.param("Application/JSON; charset=utf-8", True, id="capitals and charset"),
        pytest.param("application/problem+json", False, id="another kind of JSON"),
        pytest.param("text/plain", False, id="text"),
        pytest.param("", False, id="none"),
    ],
)
def test_only_json_is_taken(content_type: str, taken: bool) -> None:
    assert (ProblemJson().media_type(content_type, ("application/json",)) is not None) is taken

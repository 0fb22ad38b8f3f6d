"""The way of one request, with a tiny vendor: routes, workspaces, reading, refusing, committing, checking."""

import asyncio
from pathlib import Path as File
from typing import Any

import pytest

from mockserver.api import Receive, read_body
from mockserver.call import Call, headers_of, request_of
from mockserver.credential import Credential
from mockserver.dispatch import Site
from mockserver.documents.spec import load_document
from mockserver.errors import DocumentError, Reason, Refusal
from mockserver.journal.conduct import report
from mockserver.journal.har import har
from mockserver.journal.verification import verify
from mockserver.journal.view import describe
from mockserver.routing import Router, read_path_parameter
from mockserver.state.changes import SettingsChange
from mockserver.vendor import Reply
from mockserver.workspaces import Workspaces
from tests.unit import tiny

JSON = {b"content-type": b"application/json", b"x-key": b"me", b"host": b"127.0.0.1:80"}
ADA = {"id": 1, "name": "Ada"}


@pytest.fixture
def served(tmp_path: File) -> tuple[Site, Workspaces]:
    """The tiny vendor and the workspaces behind it."""
    return tiny.site(tmp_path)


@pytest.fixture
def site(served: tuple[Site, Workspaces]) -> Site:
    """The tiny vendor."""
    return served[0]


def ask(
    site: Site,
    method: str,
    path: str,
    raw: bytes | None = b"",
    headers: dict[bytes, bytes] = JSON,
    *,
    query: bytes = b"",
) -> Reply:
    """The reply to one request below the prefix `/tiny`."""
    whole = "/tiny/v1" + path
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": whole,
        "raw_path": whole.encode(),
        "query_string": query,
    }
    return site.reply_to(Call(request_of(scope, headers, raw)), "/tiny")


def switch(worlds: Workspaces, **values: str) -> None:
    """Change settings of the workspace behind the credential."""
    workspace = worlds.admit("me")
    workspace.apply([SettingsChange("tiny", {**workspace.settings["tiny"], **values})])


# ------------------------------------------------------------------------------------------------------------------ router

PATHS = (
    "/leads",
    "/leads/",
    "/leads/new",
    "/leads/{id}",
    "/leads/{id}/calls/",
    "/{kind}/{id}",
    "/leads/{id}/calls/{call}",
    "/Slash/",
)


def router(folder: File, *, case_sensitive: bool, slashes: bool = True) -> Router:
    """A router over PATHS, each with a GET."""
    parameters = {
        path: ", ".join(
            f"{{name: {step[1:-1]}, in: path, schema: {{}}}}"
            for step in path.split("/")
            if step[:1] == "{"
        )
        for path in PATHS
    }
    operations = "".join(
        f"  {path}: {{get: {{operationId: o{i}, x-provenance: chosen, parameters: [{parameters[path]}], responses: {{200: {{}}}}}}}}\n"
        for i, path in enumerate(PATHS)
    )
    file = folder / "routes.yaml"
    file.write_text(
        f"openapi: 3.0.3\ninfo: {{title: Routes}}\nservers: [{{url: 'http://x.example'}}]\npaths:\n{operations}",
        "utf-8",
    )
    return Router(load_document(file).operations, {}, case_sensitive, slashes)


@pytest.mark.parametrize(
    ("path", "raw_path", "route", "places"),
    [
        pytest.param("/leads", "/leads", "/leads", {}, id="static"),
        pytest.param("/leads/", "/leads/", "/leads/", {}, id="static with a slash"),
        pytest.param("/leads/new", "/leads/new", "/leads/new", {}, id="static before template"),
        pytest.param(
            "/leads/5", "/leads/5", "/leads/{id}", {"id": "5"}, id="literal before parameter"
        ),
        pytest.param(
            "/calls/5",
            "/calls/5",
            "/{kind}/{id}",
            {"kind": "calls", "id": "5"},
            id="two parameters",
        ),
        pytest.param(
            "/leads/5/calls/",
            "/leads/5/calls/",
            "/leads/{id}/calls/",
            {"id": "5"},
            id="slash after a template",
        ),
        pytest.param(
            "/leads/a/b",
            "/leads/a%2Fb",
            "/leads/{id}",
            {"id": "a%2Fb"},
            id="an escaped slash stays in its segment",
        ),
        pytest.param(
            "/leads/é",
            "/leads/%C3%A9",
            "/leads/{id}",
            {"id": "%C3%A9"},
            id="escapes are left to the parameter's type",
        ),
        pytest.param(
            "/leads/5/calls/",
            "/l%65ads/5/%63alls/",
            "/leads/{id}/calls/",
            {"id": "5"},
            id="escaped letters of a literal",
        ),
        pytest.param("/LEADS/New", "/LEADS/New", "/leads/new", {}, id="static in capitals"),
        pytest.param(
            "/LEADS/A/Calls/B",
            "/LEADS/A/Calls/B",
            "/leads/{id}/calls/{call}",
            {"id": "A", "call": "B"},
            id="template in capitals",
        ),
    ],
)
def test_a_path_leads_to_its_route(
    path: str, raw_path: str, route: str, places: dict[str, str], tmp_path: File
) -> None:
    found, values = router(tmp_path, case_sensitive=False).find(path, raw_path)
    assert ("/".join(found.segments), values) == (route, places)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("/", None, id="the root"),
        pytest.param("", None, id="nothing"),
        pytest.param("/nothing", None, id="unknown"),
        pytest.param("/leads/5/calls/6/7", None, id="too long"),
        pytest.param("/leads/5/", None, id="a slash too many"),
        pytest.param("//5", None, id="an empty parameter"),
        pytest.param("/slash", Reason.MISSING_SLASH, id="a static path without its slash"),
        pytest.param("/leads/5/calls", Reason.MISSING_SLASH, id="a template without its slash"),
    ],
)
def test_a_path_without_a_route_is_refused_and_a_missing_slash_is_told(
    path: str, reason: Reason | None, tmp_path: File
) -> None:
    with pytest.raises(Refusal) as caught:
        router(tmp_path, case_sensitive=False).find(path, path)
    assert (caught.value.kind, caught.value.reason) == ("no_route", reason)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        pytest.param("/Leads/new", "/{kind}/{id}", id="another literal"),
        pytest.param("/Slash/", "/Slash/", id="the same letters"),
    ],
)
def test_letter_case_counts_where_the_dialect_says_so(
    path: str, route: str, tmp_path: File
) -> None:
    assert "/".join(router(tmp_path, case_sensitive=True).find(path, path)[0].segments) == route


@pytest.mark.parametrize(
    ("path", "route", "places"),
    [
        pytest.param("/leads/new/", "/leads/new", {}, id="static"),
        pytest.param("/slash", "/Slash", {}, id="one too few"),
        pytest.param("/leads/5/", "/leads/{id}", {"id": "5"}, id="template"),
        pytest.param(
            "/leads/5/calls", "/leads/{id}/calls", {"id": "5"}, id="template with one too few"
        ),
    ],
)
def test_a_slash_at_the_end_means_nothing_where_the_dialect_says_so(
    path: str, route: str, places: dict[str, str], tmp_path: File
) -> None:
    found, values = router(tmp_path, case_sensitive=False, slashes=False).find(path, path)
    assert ("/".join(found.segments), values) == (route, places)


def test_two_slashes_at_the_end_are_no_path(tmp_path: File) -> None:
    with pytest.raises(Refusal, match="no_route"):
        router(tmp_path, case_sensitive=False, slashes=False).find("/leads//", "/leads//")


@pytest.mark.parametrize("path", ["/LEADS", "/slash/"])
def test_other_letters_are_another_path_where_letter_case_counts(path: str, tmp_path: File) -> None:
    with pytest.raises(Refusal):
        router(tmp_path, case_sensitive=True).find(path, path)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        pytest.param("integer", "5", 5, id="integer"),
        pytest.param("integer", "99999999999999999999", 99999999999999999999, id="long integer"),
        pytest.param("string", "a%2Fb%20%C3%A9", "a/b é", id="text"),
        pytest.param(
            "uuid",
            "123E4567-E89B-12D3-A456-426614174000",
            "123e4567-e89b-12d3-a456-426614174000",
            id="uuid",
        ),
    ],
)
def test_a_path_parameter_is_read_as_its_type(kind: str, text: str, value: Any) -> None:
    assert read_path_parameter(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param("integer", "x", id="no integer"),
        pytest.param("integer", "1.5", id="a fraction"),
        pytest.param("integer", "9" * 5000, id="too many digits"),
        pytest.param("uuid", "5", id="no uuid"),
        pytest.param("string", "%ff", id="no UTF-8"),
        pytest.param("string", "%ED%A0%80", id="a surrogate"),
    ],
)
def test_a_path_parameter_that_cannot_be_an_id_is_not_found(kind: str, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_path_parameter(kind, text)
    assert (caught.value.kind, caught.value.reason) == ("not_found", Reason.PATH_PARAMETER)


# -------------------------------------------------------------------------------------------------------------------- body


def receiver(*parts: bytes) -> tuple[Receive, list[bytes]]:
    """An ASGI receive that hands out these parts, and the list of those that are left."""
    left = list(parts)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive, left


@pytest.mark.parametrize(
    ("parts", "declared", "body", "left"),
    [
        pytest.param([b""], None, b"", 0, id="empty"),
        pytest.param([b"12345"], b"5", b"12345", 0, id="as long as may be"),
        pytest.param([b"12", b"34", b"5"], None, b"12345", 0, id="in parts"),
        pytest.param([b"123456"], b"6", None, 1, id="declared too long: not even received"),
        pytest.param([b"123456"], None, None, 0, id="too long and not declared"),
        pytest.param([b"123456"], b"5", None, 0, id="longer than declared"),
        pytest.param(
            [b"123", b"456", b"789"], None, None, 1, id="parts past the limit are not received"
        ),
        pytest.param([b"123"], b"x", b"123", 0, id="a length that is none"),
    ],
)
def test_a_body_is_read_up_to_the_limit(
    parts: list[bytes], declared: bytes | None, body: bytes | None, left: int
) -> None:
    receive, rest = receiver(*parts)
    headers = {} if declared is None else {b"content-length": declared}
    assert (asyncio.run(read_body(headers, receive, 5)), len(rest)) == (body, left)


def test_half_a_request_of_a_client_that_went_away_is_none(served: tuple[Site, Workspaces]) -> None:
    site, worlds = served
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"name"', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/tiny/v1/people",
        "query_string": b"",
        "headers": list(JSON.items()),
    }
    asyncio.run(site(scope, receive, send, "/tiny"))
    assert (worlds.admit("me").requests, list(worlds.admit("me").journal)) == (0, [])


@pytest.mark.parametrize(
    ("pairs", "headers"),
    [
        pytest.param([(b"a", b"1"), (b"b", b"2")], {b"a": b"1", b"b": b"2"}, id="each once"),
        pytest.param(
            [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")], {b"a": b"1, 3", b"b": b"2"}, id="one twice"
        ),
    ],
)
def test_headers_that_are_sent_several_times_are_joined(
    pairs: list[tuple[bytes, bytes]], headers: dict[bytes, bytes]
) -> None:
    assert headers_of(pairs) == headers


@pytest.mark.parametrize(
    ("query", "target"),
    [
        pytest.param(b"", "/v1/people", id="no query"),
        pytest.param(b"a=%C3%A9", "/v1/people?a=%C3%A9", id="a query"),
    ],
)
def test_a_request_knows_what_the_client_called(query: bytes, target: str) -> None:
    scope = {"method": "GET", "scheme": "https", "path": "/v1/people", "query_string": query}
    call = Call(request_of(scope, {b"host": b"api.tiny.example"}, None))
    assert (
        call.request.method,
        call.request.query_string,
        call.request.target,
        call.request.url,
    ) == (
        "GET",
        query,
        target,
        "https://api.tiny.example/v1/people",
    )


# ----------------------------------------------------------------------------------------------------------------- request


def test_a_request_is_read_handled_kept_and_answered(served: tuple[Site, Workspaces]) -> None:
    site, worlds = served
    reply = ask(site, "POST", "/people", b'{"name": "Bob", "friend": 1}')
    bob = {"id": 2, "name": "Bob", "friend": 1}
    assert reply == Reply(bob, 201, ((b"content-type", b"application/json"), (b"x-number", b"1")))
    assert list(worlds.admit("me").tables["tiny"]["people"].rows.values()) == [ADA, bob]


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        pytest.param(b"application/json; charset=utf-8", b'{"name": "Bob", "age": 7}', id="JSON"),
        pytest.param(b"application/x-www-form-urlencoded", b"name=Bob&age=7", id="form"),
        pytest.param(
            b"multipart/form-data; boundary=B",
            b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\nBob\r\n'
            b'--B\r\nContent-Disposition: form-data; name="age"\r\n\r\n7\r\n--B--\r\n',
            id="multipart",
        ),
    ],
)
def test_a_body_is_read_by_its_media_type(content_type: bytes, raw: bytes, site: Site) -> None:
    reply = ask(site, "POST", "/people", raw, JSON | {b"content-type": content_type})
    assert (reply.status, reply.body) == (201, {"id": 2, "name": "Bob", "age": 7})


def test_a_handler_is_told_of_its_caller(site: Site) -> None:
    body = {
        "account": "me",
        "now": "2025-01-31T12:00:00+00:00",
        "url": "http://127.0.0.1:80/tiny/v1/people/me",
        "number": 1,
    }
    assert ask(site, "GET", "/people/me").body == body


def test_an_open_operation_needs_no_credential(served: tuple[Site, Workspaces]) -> None:
    site, worlds = served
    body = ask(site, "GET", "/people/me", headers={}).body
    assert (body["account"], [each.name for each in worlds]) == (None, ["demo"])


@pytest.mark.parametrize(
    ("method", "path", "raw", "headers", "status", "body"),
    [
        pytest.param("GET", "/persons", b"", JSON, 404, {"kind": "no_route"}, id="no such path"),
        pytest.param("PATCH", "/people", b"", JSON, 405, {"kind": "method_not_allowed", "allowed": ["GET", "HEAD", "POST"]}, id="no such method"),
        pytest.param("PATCH", "/people", b"", {}, 405, {"kind": "method_not_allowed", "allowed": ["GET", "HEAD", "POST"]}, id="method before credential"),
        pytest.param("GET", "/people", b"", {}, 401, {"kind": "unauthorized", "reason": "missing-credential"}, id="no credential"),
        pytest.param("GET", "/people", b"", {b"x-key": b"invalid"}, 401, {"kind": "unauthorized", "reason": "unknown-credential"}, id="a refused credential"),
        pytest.param("PUT", "/people/x", b"{}", JSON, 404, {"kind": "not_found", "reason": "bad-path-parameter"}, id="an id that is none"),
        pytest.param("PUT", "/people/9", b'{"name": "x"}', JSON, 404, {"kind": "not_found", "message": "nobody"}, id="an id that nobody has"),
        pytest.param("POST", "/people", b"<a/>", {b"x-key": b"me", b"content-type": b"text/xml"}, 415, {"kind": "unsupported_media_type"}, id="media type"),
        pytest.param("POST", "/people", b"{}", {b"x-key": b"me"}, 415, {"kind": "unsupported_media_type"}, id="no media type"),
        pytest.param("POST", "/people", b"", JSON, 400, {"kind": "malformed", "message": "Expecting value: line 1 column 1 (char 0)"}, id="no body"),
        pytest.param("POST", "/people", b"{", JSON, 400, {"kind": "malformed", "message": "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}, id="no JSON"),
        pytest.param("POST", "/people", b"[[[[[1]]]]]", JSON, 400, {"kind": "malformed", "reason": "too-deep", "message": "it nests too deep"}, id="too deep"),
        pytest.param("POST", "/people", None, JSON, 413, {"kind": "too_large", "limit": 1000}, id="too large"),
        pytest.param("POST", "/people", b"[]", JSON, 400, {"kind": "invalid", "problems": [[[], "type", "body"]]}, id="no object"),
        pytest.param("POST", "/people", b'{"name": "\\u0000"}', JSON, 400, {"kind": "invalid", "problems": [[["name"], "null-character", "body"]]}, id="NUL"),
        pytest.param("POST", "/people", b'{"name": "Ada"}', JSON, 409, {"kind": "conflict", "message": "taken"}, id="the handler refuses"),
    ],
)  # fmt: skip  # one line a refusal reads best
def test_a_refusal_is_phrased_by_the_dialect_and_leaves_no_trace(
    method: str,
    path: str,
    raw: bytes | None,
    headers: dict[bytes, bytes],
    *,
    status: int,
    body: Any,
    served: tuple[Site, Workspaces],
) -> None:
    site, worlds = served
    reply = ask(site, method, path, raw, headers)
    table = worlds.admit("me").tables["tiny"]["people"]
    assert (reply.status, reply.body, dict(table.rows), table.place(1), table.last_number) == (
        status,
        body,
        {1: ADA},
        0,
        1,
    )


def test_what_no_text_can_be_hides_no_other_problem(site: Site) -> None:
    reply = ask(
        site, "POST", "/people", b'{"name": "\\u0000", "age": "x", "friend": 9, "\\ud800": 1}'
    )
    assert (reply.status, reply.body["problems"]) == (
        400,
        [
            [[], "surrogate", "body"],
            [["name"], "null-character", "body"],
            [["age"], "type", "body"],
            [["friend"], "reference", "body"],
        ],
    )


def test_every_problem_of_a_request_is_told_at_once(site: Site) -> None:
    reply = ask(site, "POST", "/people", b'{"age": "x", "friend": 9, "colour": 1}')
    assert sorted(reply.body["problems"]) == [
        [["age"], "type", "body"],
        [["colour"], "additionalProperties", "body"],
        [["friend"], "reference", "body"],
        [["name"], "required", "body"],
    ]


def test_a_setting_takes_unknown_references(served: tuple[Site, Workspaces]) -> None:
    site, worlds = served
    switch(worlds, unknown_references="accept")
    assert ask(site, "POST", "/people", b'{"name": "Bob", "friend": 9}').status == 201


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        pytest.param(b"limit=1", 200, [ADA], id="good"),
        pytest.param(b"limit=0", 400, {"kind": "invalid", "problems": [[["limit"], "minimum", "query"]]}, id="too small"),
        pytest.param(b"a=1&limit=x", 400, {"kind": "invalid", "problems": [[["limit"], "type", "query"], [["a"], "unknown", "query"]]}, id="bad and unknown"),
    ],
)  # fmt: skip  # one line a query reads best
def test_a_query_is_validated_where_the_dialect_is_strict(
    query: bytes, status: int, body: Any, site: Site
) -> None:
    reply = ask(site, "GET", "/people", query=query)
    assert (reply.status, reply.body) == (status, body)


class Casual(tiny.Plain):
    """Hands unknown and bad query parameters on, and asks for a credential first."""

    strict_query = False
    authenticates_first = True


@pytest.mark.parametrize("query", [b"a=1", b"limit=1&a=1", b"a=%ff"])
def test_a_query_is_handed_on_where_the_dialect_is_not_strict(query: bytes, tmp_path: File) -> None:
    reply = ask(tiny.site(tmp_path, Casual())[0], "GET", "/people", query=query)
    assert (reply.status, reply.body) == (200, [ADA])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param(b"limit=0", 400, id="a bad one is refused"),
        pytest.param(b"a=1", 200, id="an unknown one is not"),
    ],
)
def test_a_query_is_read_to_the_letter_in_document_strictness(
    query: bytes, status: int, tmp_path: File
) -> None:
    assert (
        ask(tiny.site(tmp_path, Casual(), lenient=False)[0], "GET", "/people", query=query).status
        == status
    )


def test_a_setting_takes_unknown_parameters(served: tuple[Site, Workspaces]) -> None:
    site, worlds = served
    switch(worlds, unknown_parameters="ignore")
    assert [ask(site, "GET", "/people", query=query).status for query in (b"a=1", b"limit=0")] == [
        200,
        400,
    ]


def test_an_operation_without_parameters_takes_any(site: Site) -> None:
    assert ask(site, "GET", "/people/me", query=b"a=1").status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [pytest.param({}, 401, id="no credential"), pytest.param(JSON, 405, id="a credential")],
)
def test_a_credential_is_asked_for_first_where_the_dialect_does(
    headers: dict[bytes, bytes], status: int, tmp_path: File
) -> None:
    assert (
        ask(tiny.site(tmp_path, Casual())[0], "PATCH", "/people", headers=headers).status == status
    )


def test_a_derived_method_is_answered_like_its_origin(site: Site) -> None:
    assert ask(site, "HEAD", "/people") == ask(site, "GET", "/people")


def test_a_missing_body_is_what_the_dialect_says(tmp_path: File) -> None:
    dialect = tiny.Plain()
    dialect.empty_body = {"name": "Nobody"}
    assert ask(tiny.site(tmp_path, dialect)[0], "POST", "/people").body == {
        "id": 2,
        "name": "Nobody",
    }


def test_two_accounts_never_meet(site: Site) -> None:
    ask(site, "POST", "/people", b'{"name": "Bob"}')
    found = [
        ask(site, "GET", "/people", headers=JSON | {b"x-key": key}).body for key in (b"me", b"you")
    ]
    assert found == [[ADA, {"id": 2, "name": "Bob"}], [ADA]]


def test_requests_are_counted_by_workspace_and_refused_ones_count(site: Site) -> None:
    ask(site, "POST", "/people", b"{")
    assert [
        ask(site, "GET", "/people/me", headers=JSON | {b"x-key": key}).body["number"]
        for key in (b"me", b"you", b"me")
    ] == [2, 1, 3]


def test_a_bug_in_a_handler_is_a_500_that_leaves_no_trace_but_in_the_log(
    served: tuple[Site, Workspaces], caplog: pytest.LogCaptureFixture
) -> None:
    site, worlds = served
    reply = ask(site, "POST", "/people", b'{"name": "bug"}')
    said = [
        (record.levelname, record.getMessage(), str(record.exc_info and record.exc_info[1]))
        for record in caplog.records
    ]
    caplog.clear()
    assert (reply.status, reply.body, said) == (
        500,
        {"kind": "server_error"},
        [("ERROR", "POST /tiny/v1/people failed inside the server", "a bug")],
    )
    assert (
        dict(worlds.admit("me").tables["tiny"]["people"].rows),
        worlds.admit("me").tables["tiny"]["people"].last_number,
    ) == ({1: ADA}, 1)


def test_a_bug_in_the_wording_of_a_refusal_is_a_500_too(
    tmp_path: File, caplog: pytest.LogCaptureFixture
) -> None:
    reply = ask(tiny.site(tmp_path, Speechless())[0], "POST", "/people", b"{")
    said = [record.getMessage() for record in caplog.records]
    caplog.clear()
    assert (reply.status, said) == (500, ["POST /tiny/v1/people failed inside the server"])


class Speechless(tiny.Plain):
    """A dialect that has no words for a body that is no JSON."""

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        if refusal.kind == "malformed":
            raise ValueError("no words")
        return super().refuse(refusal, call)


def test_an_answer_out_of_the_document_is_sent_and_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    reply = ask(site, "PUT", "/people/1", b'{"name": "odd"}')
    said = [record.getMessage() for record in caplog.records]
    caplog.clear()
    assert (reply.status, reply.body, len(said)) == (201, {"colour": "odd"}, 1)
    assert said[0].startswith("change_person answers 201 with a body out of the document: ")


def test_a_status_that_the_document_lacks_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    ask(site, "GET", "/people/me", headers={b"x-key": b"expired"})
    said = [record.getMessage() for record in caplog.records]
    caplog.clear()
    assert said == ["who answers 401, which tiny.yaml does not describe"]


# -------------------------------------------------------------------------------------------------------------------- ASGI


def test_an_answer_goes_out_with_its_length_its_number_and_the_time_of_its_workspace(
    site: Site,
) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/people",
        "raw_path": b"/v1/people",
        "query_string": b"",
    }
    asyncio.run(site(scope | {"headers": list(JSON.items())}, receiver(b"")[0], send))
    headers = [
        (b"content-type", b"application/json"),
        (b"date", b"Fri, 31 Jan 2025 12:00:00 GMT"),
        (b"mockserver-request", b"1"),
        (b"content-length", b"23"),
    ]
    assert sent == [
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": b'[{"id":1,"name":"Ada"}]'},
    ]


KEY = Credential("whatever", where="query")


def test_a_key_in_the_query_lets_in_and_is_no_parameter(tmp_path: File) -> None:
    site, worlds = tiny.site(tmp_path, credential=KEY)
    assert ask(site, "GET", "/people", headers={}).status == 401
    reply = ask(site, "GET", "/people", headers={}, query=b"limit=1&whatever=me")
    assert (reply.status, reply.body) == (200, [ADA])
    assert [workspace.name for workspace in worlds] == ["me"]


def test_a_key_in_the_query_shows_nowhere(tmp_path: File) -> None:
    site, worlds = tiny.site(tmp_path, credential=KEY)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/tiny/v1/people",
        "query_string": b"whatever=s3cret&limit=1&Api_Key=s3cret",
        "headers": [(b"referer", b"http://a.example/?whatever=s3cret")],
    }
    site.answer(scope, b"", "/tiny")
    journal = worlds.admit("s3cret").journal
    wanted = {"requests": [{"query": {"whatever": "0ther", "api-key": "0ther"}}]}
    verdict = verify(journal, wanted, {"tiny": site.document.operations})
    entries = list(journal)
    known = {"tiny": site.document.operations}
    told = str([*map(describe, entries), har(entries, "1"), verdict, report(entries, known, {})])
    assert "s3cret" not in told
    assert "0ther" not in told
    assert "?whatever=***&limit=1&Api_Key=***" in told


# ------------------------------------------------------------------------------------------------------------------- start


def test_an_operation_without_a_handler_stops_the_start(tmp_path: File) -> None:
    (tmp_path / "tiny.yaml").write_text(tiny.DOCUMENT, "utf-8")
    vendor = tiny.vendor()
    del vendor.handlers["who"]
    with pytest.raises(DocumentError) as caught:
        Site(
            vendor,
            load_document(tmp_path / "tiny.yaml"),
            tiny.workspaces(vendor),
            lenient=True,
            max_body=1,
            max_wait=5,
        )
    assert (
        str(caught.value)
        == f"{tmp_path / 'tiny.yaml'}: the operation 'who' has no handler in mockserver.vendors.tiny"
    )


def test_a_handler_without_an_operation_stops_the_start(tmp_path: File) -> None:
    (tmp_path / "tiny.yaml").write_text(tiny.DOCUMENT, "utf-8")
    vendor = tiny.vendor()
    vendor.handlers["stray"] = vendor.handlers["who"]
    with pytest.raises(DocumentError) as caught:
        Site(
            vendor,
            load_document(tmp_path / "tiny.yaml"),
            tiny.workspaces(vendor),
            lenient=True,
            max_body=1,
            max_wait=5,
        )
    assert (
        str(caught.value)
        == f"mockserver.vendors.tiny: stray handles no operation of {tmp_path / 'tiny.yaml'}"
    )

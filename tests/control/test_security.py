"""Who may use the control API: this machine, or whoever has the token; never a web page of another site."""

from collections.abc import Callable

import httpx
import pytest

from mockserver.app import create_app
from mockserver.serving.server import MockServer

TOKEN = "correct-horse-battery"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
MISSING = "This server wants its token: `Authorization: Bearer <token>`."
WRONG = "That is not this server's token."

Serve = Callable[..., str]


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        pytest.param(None, MISSING, id="none"),
        pytest.param(f"Token {TOKEN}", MISSING, id="another scheme"),
        pytest.param(f"Bearer {TOKEN}x", WRONG, id="wrong"),
        pytest.param("Bearer", MISSING, id="empty"),
        pytest.param("Bearer é", WRONG, id="not ASCII"),
    ],
)
def test_with_a_token_nobody_gets_in_without_it(
    authorization: str | None, detail: str, serve: Serve
) -> None:
    headers = (
        [(b"Authorization", authorization.encode("latin-1"))] if authorization is not None else []
    )
    answer = httpx.get(serve(admin_token=TOKEN) + "/__admin/workspaces", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": detail,
    }


def test_the_token_lets_in(serve: Serve) -> None:
    url = serve(admin_token=TOKEN)
    listing = httpx.get(f"{url}/__admin/workspaces", headers=BEARER).json()
    assert [each["name"] for each in listing["workspaces"]] == ["demo"]
    assert (
        httpx.get(
            f"{url}/__admin/workspaces", headers={"authorization": f"bearer  {TOKEN}"}
        ).status_code
        == 200
    )


def test_every_operation_but_health_documents_and_certificate_wants_the_token(
    serve: Serve, server: MockServer
) -> None:
    url = serve(admin_token=TOKEN)
    places = {"name": "x", "number": "1", "id": "1", "vendor": "sela", "workspace": "a"}
    operations = server.app.control.document.operations
    answers = {
        each.id: httpx.request(each.method, url + each.path.format(**places)).status_code
        for each in operations
    }
    assert {name for name, status in answers.items() if status != 401} == {
        "get_health",
        "get_document",
        "get_authority",
        "post_to_inbox",  # whoever sends webhooks knows no token
    }


@pytest.mark.parametrize(
    "given", [b"Bearer \xff\xfe", "Bearer é€".encode(), b"Bearer " + b"x" * 5000, b"Bearer"]
)
def test_a_token_of_any_bytes_is_refused_and_no_message_shows_ours(
    given: bytes, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    url = serve(admin_token=TOKEN)
    refused = httpx.get(f"{url}/__admin/workspaces", headers=[(b"Authorization", given)])
    assert (refused.status_code, TOKEN in refused.text + caplog.text) == (401, False)


def test_vendors_do_not_ask_for_the_token(serve: Serve) -> None:
    url = serve(admin_token=TOKEN)
    assert httpx.get(f"{url}/octanist/api/leads", headers={"X-API-KEY": "a"}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_on_loopback_no_token_is_needed(host: str) -> None:
    assert create_app(host=host, fixtures="empty").control.token is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "mockserver.example"])
def test_beyond_loopback_a_token_is_made_up(host: str) -> None:
    tokens = {create_app(host=host, fixtures="empty").control.token for _ in range(2)}
    assert [len(token or "") for token in tokens] == [32, 32]


def test_a_token_that_is_given_counts_anywhere() -> None:
    assert [
        create_app(host=host, admin_token=TOKEN, fixtures="empty").control.token
        for host in ("127.0.0.1", "0.0.0.0")
    ] == [TOKEN, TOKEN]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1", ""]
)
def test_a_web_page_of_another_site_is_refused(origin: str, server: MockServer) -> None:
    for method, path in (
        ("GET", "/workspaces"),
        ("POST", "/workspaces"),
        ("GET", "/health"),
        ("OPTIONS", "/workspaces"),
    ):
        answer = httpx.request(method, f"{server.url}/__admin{path}", headers={"Origin": origin})
        detail = (
            "A web page of another site may not use the control API: `Origin` is not this server."
        )
        assert (answer.status_code, answer.json()["detail"]) == (403, detail)


def test_a_page_of_this_server_is_not(server: MockServer) -> None:
    assert (
        httpx.get(f"{server.url}/__admin/workspaces", headers={"Origin": server.url}).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("rebound.com", 403, id="a name that somebody may own"),
        pytest.param("Rebound.com:8080", 403, id="with a port"),
        pytest.param("localhost.rebound.com", 403, id="beginning like this machine"),
        pytest.param("127.0.0.1.rebound.com", 403, id="beginning like an address"),
        pytest.param("localhost:8080", 200, id="localhost"),
        pytest.param("127.0.0.1", 200, id="address"),
        pytest.param("[::1]:8080", 200, id="IPv6 address"),
        pytest.param("mockserver:8080", 200, id="a service of a container network"),
        pytest.param("mockserver.test", 200, id="a name for tests"),
        pytest.param("host.docker.internal:8080", 200, id="the host of a container"),
        pytest.param("api.trysela.com", 200, id="a vendor's own"),
    ],
)
def test_without_a_token_a_host_name_that_was_bent_to_this_machine_is_refused(
    host: str, status: int, server: MockServer
) -> None:
    answer = httpx.get(f"{server.url}/__admin/workspaces", headers={"Host": host})
    assert answer.status_code == status


def test_with_a_token_the_host_name_does_not_matter(serve: Serve) -> None:
    answer = httpx.get(
        serve(admin_token=TOKEN) + "/__admin/workspaces",
        headers=BEARER | {"Host": "mock.company.com"},
    )
    assert answer.status_code == 200


def test_no_answer_invites_other_sites(server: MockServer) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [
        httpx.options(f"{server.url}/__admin/workspaces", headers=asked),
        httpx.get(f"{server.url}/__admin/workspaces"),
        httpx.get(f"{server.url}/__admin/nothing"),
    ]
    assert [
        name for answer in answers for name in answer.headers if name.startswith("access-control")
    ] == []


def test_a_body_past_the_limit_is_refused(serve: Serve) -> None:
    url = serve(max_body=100)
    httpx.post(f"{url}/__admin/workspaces", json={"name": "a"})
    answer = httpx.post(
        f"{url}/__admin/workspaces/a/seed",
        json={"fixture": {"octanist": {"leads": [{"note": "x" * 100}]}}},
    )
    assert (answer.status_code, answer.json()["detail"]) == (
        413,
        "The body is larger than 100 bytes.",
    )


@pytest.mark.parametrize(
    ("content", "headers", "status", "detail"),
    [
        pytest.param(b"{}", {"Content-Type": "text/plain"}, 415, "The body must be sent as `Content-Type: application/json`, not as text/plain.", id="text"),
        pytest.param(b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "The body must be sent as `Content-Type: application/json`, not as application/x-www-form-urlencoded.", id="form"),
        pytest.param(b"{}", {}, 415, "The body must be sent as `Content-Type: application/json`, not as nothing at all.", id="no type"),
        pytest.param(b"{", {"Content-Type": "application/json"}, 400, "The body is not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1).", id="no JSON"),
        pytest.param(b"[" * 100 + b"]" * 100, {"Content-Type": "application/json"}, 400, "The body is not valid JSON: it nests too deep.", id="deep"),
        pytest.param(b'{"name": "\\u0000"}', {"Content-Type": "application/json"}, 400, "name must not contain NUL characters.", id="NUL"),
        pytest.param(b'{"\\ud800": 1}', {"Content-Type": "application/json"}, 400, "the body must not contain lone surrogates.", id="surrogate"),
        pytest.param(b'{"name": 1e999}', {"Content-Type": "application/json"}, 400, "name must be a finite number.", id="infinite"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_what_is_no_json_is_refused(
    content: bytes, headers: dict[str, str], status: int, detail: str, admin: httpx.Client
) -> None:
    answer = admin.post("/workspaces", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"], answer.json()["detail"]) == (
        status,
        "application/problem+json",
        detail,
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        pytest.param("GET", "/nothing", 404, "There is nothing at /__admin/nothing.", id="path"),
        pytest.param(
            "GET", "/workspaces/", 404, "There is nothing at /__admin/workspaces/.", id="slash"
        ),
        pytest.param(
            "PUT", "/workspaces", 405, "/__admin/workspaces takes GET, POST, not PUT.", id="method"
        ),
        pytest.param(
            "GET", "/workspaces?page=2", 400, "page is no parameter here.", id="parameter"
        ),
    ],
)
def test_what_is_not_there_is_told_plainly(
    method: str, path: str, status: int, detail: str, admin: httpx.Client
) -> None:
    answer = admin.request(method, path)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert answer.headers.get("allow") == ("GET, POST" if status == 405 else None)

"""Requests to the paths of no vendor: they stand in a journal, with the operation that was meant."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver.app import create_app
from mockserver.serving.server import MockServer
from mockserver.testing import MockWorkspace, Running
from mockserver.testing.transport import InProcess

MEANT = (
    "No vendor has GET /api/leads/: it has no `/sela` before its path. "
    "Probably meant: GET /sela/api/leads/ (leads_list)."
)
FACTS = ("vendor", "operation", "method", "target", "status")


def facts(entry: dict[str, Any]) -> tuple[Any, ...]:
    """What the journal says of a request that is the same in every run."""
    return (*(entry[name] for name in FACTS), entry["why"]["sentence"])


def unclaimed(admin: httpx.Client) -> list[dict[str, Any]]:
    """The newest of the requests in no workspace."""
    entries: list[dict[str, Any]] = admin.get("/requests?order=desc&limit=1").json()["requests"]
    return entries


@pytest.fixture
def opened(server: MockServer, request: pytest.FixtureRequest) -> Iterator[MockWorkspace]:
    """A workspace of the test's own."""
    made = Running(server.client).open(request.node.nodeid)
    yield made
    made.close()


def test_without_a_credential_it_is_one_of_the_unclaimed(
    admin: httpx.Client, server: MockServer
) -> None:
    answer = httpx.get(f"{server.url}/api/leads/?page=2")
    (entry,) = unclaimed(admin)
    assert answer.headers["Mockserver-Request"] == str(entry["number"])
    assert facts(entry) == (None, None, "GET", "/api/leads/?page=2", 404, MEANT)


@pytest.mark.parametrize(
    ("path", "header", "value"),
    [
        pytest.param("/api/leads/", "Authorization", "Token {}", id="as the vendor reads it"),
        pytest.param("/api/leads/", "X-API-KEY", "{}", id="as another vendor reads it"),
        pytest.param("/nothing", "Authorization", "Bearer {}:secret", id="where none is meant"),
    ],
)
def test_with_a_credential_it_is_in_its_workspace(
    path: str,
    header: str,
    value: str,
    opened: MockWorkspace,
) -> None:
    headers = {header: value.format(opened.name)}
    httpx.post(f"{opened.client.url}{path}", headers=headers, json={"a": 1})
    entry = opened.request(1)
    assert (entry["target"], entry["status"], entry["request"]["body"]) == (path, 404, {"a": 1})
    assert entry["answer"]["body"]["detail"].startswith(f"Nothing is served at {path}.")
    assert [finding["check"] for finding in entry["findings"]] == ["unmatched"]


@pytest.mark.parametrize("value", ["Token invalid", "Bearer without-a-colon", "Basic YTpi", ""])
def test_a_refused_credential_is_none(value: str, admin: httpx.Client, server: MockServer) -> None:
    httpx.get(f"{server.url}/api/leads/", headers={"Authorization": value})
    assert facts(unclaimed(admin)[0]) == (None, None, "GET", "/api/leads/", 404, MEANT)


def test_a_workspace_at_which_a_thread_works_is_left_alone() -> None:
    app = create_app(fixtures="empty")
    workspace = app.workspaces.admit("busy")

    async def ask() -> None:
        async with workspace.turns.turn(1):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                await client.get("/leads", headers={"X-API-KEY": "busy"})

    asyncio.run(ask())
    assert (len(workspace.journal), len(app.workspaces.unclaimed.journal)) == (0, 1)


def test_a_body_that_is_too_large_is_not_kept() -> None:
    with MockServer(fixtures="empty", max_body=1000) as server:
        transport = InProcess(server.app, server.loop)
        with httpx.Client(transport=transport, base_url="http://test") as in_process:
            in_process.post("/leads", content=iter([b"x" * 600] * 2))
        httpx.post(f"{server.url}/leads", content=b"x" * 1001)
        bodies = [record.request.body for record in server.app.workspaces.unclaimed.journal]
    assert bodies == [None, None]


def test_the_journal_of_the_unclaimed_is_bounded() -> None:
    with MockServer(fixtures="empty", journal_entries=2) as server:
        for number in range(4):
            httpx.get(f"{server.url}/nothing/{number}")
        targets = [entry["target"] for entry in server.client.unclaimed()]
    assert targets == ["/nothing/2", "/nothing/3"]


def test_it_has_a_line_in_the_log() -> None:
    lines: list[str] = []
    with MockServer(fixtures="empty", log_level="info") as server:
        log = server.app.log_requests(lines.append)
        assert log is not None
        httpx.get(f"{server.url}/api/leads/")
        server.loop.call_soon_threadsafe(log.flush)
    (line,) = "".join(lines).splitlines()
    beginning, _, end = line.partition(" ms ")
    assert beginning.split(" ", 1)[1].startswith("no vendor GET /api/leads/ 404 ")
    assert end == f"no operation - {MEANT}"

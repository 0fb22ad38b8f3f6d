"""A request leaves no reference cycle behind: what it used is free at once.

The server runs the garbage collector seldom, so a cycle would keep bodies and answers for long.
"""

import asyncio
import gc
import json
from collections.abc import Iterator, MutableMapping
from typing import Any
from urllib.parse import urlencode
from weakref import ref

import pytest

from mockserver.api import App
from mockserver.app import create_app
from mockserver.faults.delivery import Answer
from tests.samples import SAMPLES, Sample, options

APP = create_app()

BODIES: list[bytes | None] = [
    None,
    b"",
    b"{",
    b"[]",
    b"{}",
    b'{"name": null, "email": 5, "phone": "x"}',
    b'{"email": "ada+fault-409@example.com"}',
    json.dumps({"email": "x" * 1000, "phone": "1" * 1000}).encode(),
    json.dumps({"email": "x" * 30_000, "note": "x" * 60_000}).encode(),
]
"""What is sent in place of a sample's body (None: that itself). Most are refused, and the last is
worked on beside the loop."""

Message = MutableMapping[str, Any]


@pytest.fixture(autouse=True)
def collector_is_off() -> Iterator[None]:
    gc.disable()
    gc.freeze()  # what the other tests hold is not looked through
    yield
    gc.enable()


def send(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
    """Send a request to the application; its answer is of no interest."""
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), *pairs],
    }
    answer = APP.answer(scope, body)
    if not isinstance(answer, Answer):

        async def send_it(app: App = answer) -> None:
            await app(scope, nothing, ignore)
            # The end of the loop would break off what is being delivered.
            for workspace in APP.workspaces:
                await APP.courier.all_settled(workspace)

        asyncio.run(send_it())


async def nothing() -> Message:
    """No more comes from the client."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def ignore(message: Message) -> None:
    """Nobody reads the answer."""


def send_sample(sample: Sample, account: str | None, body: bytes | None) -> None:
    """Send the sample with that body in place of its own."""
    sent = options(sample, account)
    headers = {**sent["headers"], "Content-Type": "application/json"}
    if body is None:
        body = b"" if sample.body is None else json.dumps(sample.body).encode()
    send(sample.method, sample.path, urlencode(sent["params"]), headers, body)


def garbage_of(sample: Sample, account: str | None, body: bytes | None) -> int:
    """How many objects only the garbage collector can free after the request."""
    send_sample(sample, account, body)  # what is made at the first use stays
    gc.collect()
    send_sample(sample, account, body)
    return gc.collect()


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_request_to_a_vendor_leaves_no_cycle(sample: Sample) -> None:
    found = {body: garbage_of(sample, "garbage", body) for body in BODIES}
    assert {body: count for body, count in found.items() if count} == {}
    assert garbage_of(sample, None, None) == 0


@pytest.mark.parametrize("view", ["", "/har", "/report", "/export?format=yaml", "/leads?q=ada"])
def test_a_request_to_the_control_api_leaves_no_cycle(view: str) -> None:
    path, _, query = f"/__admin/workspaces/garbage{view}".partition("?")
    for _ in range(2):
        gc.collect()
        send("GET", path, query, {}, b"")
    assert gc.collect() == 0


@pytest.mark.parametrize("fixture", [{}, {"octanist": {"leads": [{"note": "x" * 90_000}]}}])
def test_a_seed_leaves_no_cycle(fixture: Any) -> None:
    body = json.dumps({"fixture": fixture}).encode()
    headers = {"Content-Type": "application/json"}
    for _ in range(2):
        gc.collect()
        send("POST", "/__admin/workspaces/garbage/seed", "", headers, body)
    assert gc.collect() == 0


def test_a_deleted_workspace_is_freed_whatever_was_asked_about_it() -> None:
    send("GET", "/octanist/leads", "", {"X-API-KEY": "freed"}, b"")
    admin = "/__admin/workspaces/freed"
    for view in ("/requests/1", "/people", "/events", "/report"):
        send("GET", f"{admin}{view}", "", {}, b"")
    workspace = APP.workspaces.named("freed")
    assert workspace is not None
    assert workspace.requests == 1
    gone = ref(workspace)
    del workspace
    send("DELETE", admin, "", {}, b"")
    assert gone() is None

"""Streams tell what happens as it happens: on a real socket, without a hole, and never without bounds."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest
import uvicorn

from mockserver.app import create_app
from mockserver.client import Client, ControlError, StreamEvent, WorkspaceClient
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.world import PEOPLE

Events = Iterator[StreamEvent]


@pytest.fixture
def watched(server: MockServer, workspace: Workspace) -> WorkspaceClient:
    return server.client.workspace(workspace.name)


@pytest.fixture
def events(watched: WorkspaceClient) -> Iterator[Events]:
    """The events of this test's workspace, after the first one."""
    with closing(watched.stream()) as stream:  # type: ignore[type-var]  # it is a generator
        assert next(stream).kind == "hello"
        yield stream


def until(kind: str, events: Events) -> list[StreamEvent]:
    """The events up to the first one of that kind, with it."""
    found = []
    for event in events:
        found.append(event)
        if event.kind == kind:
            return found
    raise AssertionError(f"no {kind} in {found}")


def test_a_stream_begins_with_a_hello(watched: WorkspaceClient, server: MockServer) -> None:
    (hello,) = watched.stream(seconds=0)
    version = server.client.health()["version"]
    assert hello.kind == "hello"
    assert hello.data == {"version": version, "workspace": watched.name, "last": hello.number}


def test_a_request_is_told_with_the_lead_that_it_changed(
    events: Events, octanist: httpx.Client, watched: WorkspaceClient
) -> None:
    octanist.patch("/leads", json={"email": "john@example.com", "value": 6100})
    request, change = until("change", events)
    (listed,) = watched.requests()
    assert request.kind == "request"
    assert request.data == {name: value for name, value in listed.items() if name != "why"}
    (lead,) = request.data["matched"]
    assert change.data == {
        "vendor": "octanist",
        "id": lead,
        "fields": ["updatedAt", "value"],
        "deleted": False,
        "request": 1,
        "version": 1,
    }
    assert change.number == request.number + 1


def test_a_call_is_told_as_the_list_of_events_has_it(
    events: Events, watched: WorkspaceClient
) -> None:
    lead = watched.leads("sela")[0]["id"]
    watched.simulate("sela", lead, "no_answer", force=True)
    told = [until("call", events)[-1], next(events), next(events)]
    path = f"/workspaces/{watched.name}/events?kind="
    listed = watched.client.call("GET", path + "call.started")["events"]
    assert [event.data["kind"] for event in told] == ["call.started", "call.ended", "call.complete"]
    assert told[0].data == listed[0]


def test_a_fault_rule_is_told_as_it_stands(
    events: Events, watched: WorkspaceClient, octanist: httpx.Client
) -> None:
    fault = watched.add_fault("rate_limited", times=1)
    assert until("fault", events)[-1].data == {"id": fault.id, "rule": fault.rule}
    octanist.get("/leads")
    used = until("fault", events)[-1].data["rule"]
    assert (used["applied"], used["spent"]) == (1, True)
    fault.remove()
    assert until("fault", events)[-1].data == {"id": fault.id, "rule": None}


def test_clock_settings_and_a_cleared_journal_are_told(
    events: Events, watched: WorkspaceClient
) -> None:
    watched.freeze("2026-03-01T09:00:00Z")
    clock = until("clock", events)[-1]
    assert clock.data == watched.client.call("GET", f"/workspaces/{watched.name}/clock")
    watched.set("octanist", create_status=201)
    settings = until("settings", events)[-1]
    assert (settings.data["vendor"], settings.data["values"]["create_status"]) == ("octanist", 201)
    watched.forget_requests()
    assert until("reset", events)[-1].data == {"cause": "clear_requests"}


def test_a_reset_is_told_alone(events: Events, watched: WorkspaceClient) -> None:
    watched.reset()
    assert next(events).data == {"cause": "reset"}


def test_what_is_no_change_can_be_told_by_its_kind(events: Events, workspace: Workspace) -> None:
    workspace.tell("delivery", {"number": 1, "status": 200})
    told = next(events)
    assert (told.kind, told.data) == ("delivery", {"number": 1, "status": 200})


def test_a_delivery_is_told_with_what_became_of_it(
    events: Events, watched: WorkspaceClient
) -> None:
    watched.call(
        "POST", "/webhooks", {"vendor": "sela", "kind": "CALL_COMPLETE", "to": "inbox:here"}
    )
    lead = watched.leads("sela")[0]["id"]
    watched.simulate("sela", lead, "no_answer", force=True)
    for event in events:
        if event.kind == "delivery" and event.data["state"] == "delivered":
            break
    assert event.data == watched.call("GET", f"/deliveries/{event.data['number']}")


def test_a_stream_ends_with_its_workspace(events: Events, watched: WorkspaceClient) -> None:
    watched.delete()
    (reset,) = events
    assert reset.data == {"cause": "delete"}


def test_a_client_that_comes_back_misses_nothing(
    watched: WorkspaceClient, octanist: httpx.Client
) -> None:
    (hello,) = watched.stream(seconds=0)
    for _ in range(70):
        octanist.get("/leads")
    rest = watched.stream(after=hello.number)
    numbers = [next(rest).number for _ in range(71)]
    assert numbers == list(range(hello.number, hello.number + 71))


def test_the_header_of_browsers_counts_before_the_address(
    watched: WorkspaceClient, octanist: httpx.Client, control: httpx.Client
) -> None:
    (hello,) = watched.stream(seconds=0)
    octanist.get("/leads")
    query = {"seconds": 0, "after": 1}
    answer = control.get("/stream", params=query, headers={"Last-Event-ID": str(hello.number)})
    lines = [line for line in answer.text.splitlines() if line.startswith("event: ")]
    assert lines == ["event: hello", "event: request"]


def test_a_number_that_is_none_is_refused(control: httpx.Client) -> None:
    answer = control.get("/stream", params={"seconds": 0}, headers={"Last-Event-ID": "x"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"parameter": "Last-Event-ID", "detail": "must be the number of an event"}
    ]


def test_an_event_of_long_ago_leads_to_a_gap(watched: WorkspaceClient) -> None:
    hello, gap = watched.stream(after=7, seconds=0)
    assert (hello.number, gap.kind) == (7, "gap")
    assert gap.data == {"from": 8, "to": gap.number, "count": None}


def test_an_event_that_is_yet_to_come_leads_to_a_gap(watched: WorkspaceClient) -> None:
    hello, gap = watched.stream(after=10**17, seconds=0)
    assert (hello.number, gap.kind, gap.number) == (10**17, "gap", hello.data["last"])
    assert gap.data == {"from": gap.number, "to": gap.number, "count": None}


def test_one_who_is_far_behind_gets_a_gap_with_its_count(
    watched: WorkspaceClient, workspace: Workspace
) -> None:
    (hello,) = watched.stream(seconds=0)
    for number in range(1500):
        workspace.tell("delivery", {"number": number})
    _, gap, *rest = watched.stream(after=hello.number, seconds=0)
    first, last = hello.number + 1, hello.number + 1450
    assert gap.data == {"from": first, "to": last, "count": 1450}
    assert [event.data["number"] for event in rest] == list(range(1450, 1500))


def test_a_request_that_the_journal_has_no_more_is_a_gap(
    watched: WorkspaceClient, octanist: httpx.Client
) -> None:
    (hello,) = watched.stream(seconds=0)
    octanist.get("/leads")
    list(watched.stream(seconds=0))  # the request has its number now
    watched.forget_requests()
    octanist.get("/leads")
    told = list(watched.stream(after=hello.number, seconds=0))
    assert [event.kind for event in told] == ["hello", "gap", "request", "reset"] or [
        event.kind for event in told
    ] == ["hello", "gap", "reset", "request"]
    assert told[1].data == {"from": hello.number + 1, "to": hello.number + 1, "count": 1}


def test_the_server_tells_which_workspaces_come_and_go(server: MockServer, account: str) -> None:
    with closing(server.client.stream()) as stream:  # type: ignore[type-var]  # it is a generator
        assert next(stream).data["workspace"] is None
        server.client.create(account).delete()
        mine = (event for event in stream if event.data.get("name") == account)
        assert [next(mine).data["happened"], next(mine).data["happened"]] == ["created", "deleted"]


def test_a_stream_too_many_is_refused(serve: Callable[..., str]) -> None:
    client = Client(serve(max_streams=1))
    with closing(client.stream()) as stream:  # type: ignore[type-var]  # it is a generator
        next(stream)
        with pytest.raises(ControlError, match=r"1 streams at a time \(--max-streams\)") as refused:
            next(client.stream())
        assert refused.value.status == 503
    assert next(retried(client)).kind == "hello"


def retried(client: Client) -> Events:
    """A stream, once the server has seen that the one before is gone."""
    for _ in range(100):
        try:
            stream = client.stream(seconds=0)
            return iter([next(stream)])
        except ControlError:
            time.sleep(0.05)
    raise AssertionError("the other stream still counts")


def test_a_workspace_that_nobody_watches_has_no_listener(workspace: Workspace) -> None:
    assert workspace._listeners == ()
    assert workspace.audience is None


def test_a_server_that_stops_ends_its_streams(server: MockServer) -> None:
    with MockServer(fixtures="empty") as other:
        stream = other.client.workspace("demo").stream()
        next(stream)
        began = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - began < 5


@pytest.fixture
def plain_server() -> Iterator[tuple[uvicorn.Server, str]]:
    """The application under uvicorn with uvicorn's own protocol."""
    bound = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(fixtures=PEOPLE), log_config=None)
    plain = uvicorn.Server(config)
    thread = threading.Thread(target=plain.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    yield plain, f"http://127.0.0.1:{bound.getsockname()[1]}"
    plain.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def test_another_server_streams_too(plain_server: tuple[uvicorn.Server, str]) -> None:
    plain, url = plain_server
    client = Client(url)
    stream = client.workspace("demo").stream()
    assert next(stream).kind == "hello"
    httpx.get(f"{url}/octanist/api/leads", headers={"X-API-KEY": "demo"})
    assert next(stream).kind == "request"
    plain.should_exit = True
    assert list(stream) == []

"""Long requests: worked on beside the loop, one at a time in a workspace, in the order of their arrival."""

import asyncio
import gc
import json
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path as File
from typing import Any

import pytest

from mockserver.api import LONG_BODY, App
from mockserver.app import create_app
from mockserver.call import MANY_ROWS, Call
from mockserver.collector import collector_paused
from mockserver.dispatch import Site
from mockserver.errors import Refusal
from mockserver.faults.delivery import Answer
from mockserver.play.attempts import Carrier, Sending, turn
from mockserver.play.clockwork import Clockwork, Pace
from mockserver.play.courier import Courier
from mockserver.play.timer import Timer
from mockserver.state.changes import WorkspaceReset
from mockserver.state.clock import WorkspaceClock
from mockserver.state.transaction import Transaction
from mockserver.turns import Turns
from mockserver.vendor import Reply
from mockserver.workspaces import Workspace, Workspaces
from tests.unit import tiny

PADDING = " " * LONG_BODY
WAIT = 5


class Gate:
    """A handler that stops until it is let through, and notes the thread that it runs on."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.thread: threading.Thread | None = None

    def create_person(self, call: Call, tx: Transaction) -> Reply:
        """A new person, after a wait; refused where the name is `no`."""
        row = tx.put("people", {"id": tx.next_number("people")} | call.body)
        if call.is_beside:
            self.thread = threading.current_thread()
            self.entered.set()
            assert self.opened.wait(WAIT)
        if row["name"] == "no":
            raise Refusal("conflict", "no")
        return Reply(row, 201)


@pytest.fixture
def gate() -> Gate:
    """A gate that is shut."""
    return Gate()


@pytest.fixture
def served(tmp_path: File, gate: Gate) -> tuple[Site, Workspaces]:
    """The tiny vendor, whose long requests stop at the gate."""
    site, worlds = tiny.site(tmp_path, max_body=2 * LONG_BODY, max_wait=WAIT)
    site._handlers["create_person"] = gate.create_person
    return site, worlds


def scope_of(method: str, path: str, account: bytes) -> dict[str, Any]:
    """A request below the prefix `/tiny`."""
    headers = [(b"content-type", b"application/json"), (b"x-key", account), (b"host", b"a")]
    whole = f"/tiny/v1{path}"
    return {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": whole,
        "raw_path": whole.encode(),
        "query_string": b"",
        "headers": headers,
    }


async def ask(
    site: Site, method: str, path: str = "/people", raw: bytes = b"", account: bytes = b"me"
) -> tuple[int, Any]:
    """Status and body of the answer."""
    scope = scope_of(method, path, account)
    answer = site.answer(scope, raw, "/tiny")
    if not isinstance(answer, Answer):
        answer = await _sent(answer, scope)
    return answer.status, json.loads(answer.body)


async def _sent(app: App, scope: dict[str, Any]) -> Answer:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        raise AssertionError("the body is known")

    await app(scope, receive, send)
    start, end = messages
    return Answer(start["status"], start["headers"], end["body"])


def person(name: str, padding: str = "") -> bytes:
    """A body that makes a person."""
    return json.dumps({"name": name}).encode() + padding.encode()


async def until(event: threading.Event) -> None:
    """Wait for an event of another thread."""
    assert await asyncio.to_thread(event.wait, WAIT)


def with_others(gate: Gate, site: Site, story: Callable[[], Awaitable[None]]) -> tuple[int, Any]:
    """Do the story while a long request stops at the gate; what the long one got."""

    async def run() -> tuple[int, Any]:
        long = asyncio.create_task(ask(site, "POST", raw=person("Long", PADDING)))
        await until(gate.entered)
        try:
            await story()
        finally:
            gate.opened.set()
        return await long

    return asyncio.run(run())


def test_a_long_request_is_worked_on_by_another_thread(
    gate: Gate, served: tuple[Site, Workspaces]
) -> None:
    gate.opened.set()
    status, body = asyncio.run(ask(served[0], "POST", raw=person("Long", PADDING)))
    assert (status, body["name"]) == (201, "Long")
    assert gate.thread is not None
    assert gate.thread is not threading.main_thread()


def test_other_workspaces_go_on_meanwhile(gate: Gate, served: tuple[Site, Workspaces]) -> None:
    site, _ = served

    async def story() -> None:
        answer = site.answer(scope_of("GET", "/people", b"other"), b"", "/tiny")
        assert isinstance(answer, Answer)
        assert answer.status == 200

    assert with_others(gate, site, story)[0] == 201


def test_requests_of_its_workspace_wait_their_turn_in_their_order(
    gate: Gate, served: tuple[Site, Workspaces]
) -> None:
    site, worlds = served
    waiting: list[asyncio.Task[Any]] = []

    async def story() -> None:
        asked = (ask(site, "POST", raw=person(name)) for name in ("Bo", "Cy", "Di"))
        waiting.extend(map(asyncio.create_task, asked))
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in waiting)

    async def run() -> list[Any]:
        long = asyncio.create_task(ask(site, "POST", raw=person("Long", PADDING)))
        await until(gate.entered)
        await story()
        gate.opened.set()
        return [(await task)[1]["name"] for task in (long, *waiting)]

    assert asyncio.run(run()) == ["Long", "Bo", "Cy", "Di"]
    workspace = worlds.named("me")
    assert workspace is not None
    records = [(record.number, json.loads(record.answer)["name"]) for record in workspace.journal]
    assert records == [(1, "Long"), (2, "Bo"), (3, "Cy"), (4, "Di")]
    assert not workspace.turns.is_taken


def test_a_refusal_of_a_long_request_leaves_nothing(
    gate: Gate, served: tuple[Site, Workspaces]
) -> None:
    site, worlds = served
    gate.opened.set()
    assert asyncio.run(ask(site, "POST", raw=person("no", PADDING)))[0] == 409
    assert asyncio.run(ask(site, "GET"))[1] == [{"id": 1, "name": "Ada"}]
    assert [record.status for record in _records(worlds, "me")] == [409, 200]


def _records(worlds: Workspaces, name: str) -> list[Any]:
    workspace: Workspace | None = worlds.named(name)
    assert workspace is not None
    return list(workspace.journal)


def test_a_wait_that_is_too_long_is_refused_and_does_nothing(
    gate: Gate, served: tuple[Site, Workspaces]
) -> None:
    site, worlds = served
    site._max_wait = 0.01
    answers: list[tuple[int, Any]] = []

    async def story() -> None:
        answers.append(await ask(site, "POST", raw=person("Bo")))

    with_others(gate, site, story)
    assert [status for status, _ in answers] == [503]
    assert [person["name"] for person in asyncio.run(ask(site, "GET"))[1]] == ["Ada", "Long"]
    # Its workspace was not to be touched, so it stands among the requests that reached none.
    assert [record.status for record in worlds.unclaimed.journal] == [503]


def test_a_client_that_leaves_does_not_give_the_workspace_free_before_the_work_is_done(
    gate: Gate, served: tuple[Site, Workspaces]
) -> None:
    site, worlds = served

    async def run() -> bool:
        long = asyncio.create_task(ask(site, "POST", raw=person("Long", PADDING)))
        await until(gate.entered)
        long.cancel()
        await asyncio.sleep(0.01)
        workspace = worlds.named("me")
        assert workspace is not None
        is_taken = workspace.turns.is_taken
        gate.opened.set()
        with pytest.raises(asyncio.CancelledError):
            await long
        return is_taken and not workspace.turns.is_taken

    assert asyncio.run(run())


def test_a_handler_that_goes_through_many_rows_begins_anew_beside_the_loop(
    served: tuple[Site, Workspaces],
) -> None:
    site, worlds = served
    runs: list[bool] = []

    def list_people(call: Call, tx: Transaction) -> Reply:
        tx.put("people", {"id": tx.next_number("people"), "name": f"run {len(runs)}"})
        runs.append(call.is_beside)
        call.works_through(MANY_ROWS + 1)
        return Reply([], 200)

    site._handlers["list_people"] = list_people
    assert asyncio.run(ask(site, "GET")) == (200, [])
    # At first, with the turn, and beside the loop.
    assert runs == [False, False, True]
    workspace = worlds.named("me")
    assert workspace is not None
    assert [row["name"] for row in workspace.tables["tiny"]["people"].rows.values()] == [
        "Ada",
        "run 2",
    ]
    assert workspace.requests == 1


def test_a_turn_goes_to_the_next_one_that_still_waits() -> None:
    turns = Turns()
    order: list[str] = []

    async def work(name: str, seconds: float) -> None:
        try:
            async with turns.turn(seconds):
                order.append(name)
                await asyncio.sleep(0.02)
        except TimeoutError:
            order.append(f"{name} gave up")

    async def run() -> None:
        await asyncio.gather(work("first", 1), work("second", 0.001), work("third", 1))

    asyncio.run(run())
    assert order == ["first", "second gave up", "third"]
    assert not turns.is_taken


def test_those_who_wait_until_nobody_works_go_on_one_after_the_other() -> None:
    turns = Turns()
    order: list[str] = []

    async def wait(name: str) -> None:
        await turns.wait_until_free(1)
        order.append(name)
        # Soon it wants to go on again.
        await asyncio.sleep(0)
        await turns.wait_until_free(1)
        order.append(f"{name} again")

    async def work(name: str) -> None:
        async with turns.turn(1):
            order.append(name)
            await asyncio.sleep(0.02)

    async def run() -> None:
        await asyncio.gather(work("work"), wait("one"), wait("two"), work("more work"))

    asyncio.run(asyncio.wait_for(run(), 3))
    assert order == ["work", "one", "two", "more work", "one again", "two again"]
    assert not turns.is_taken


def test_whoever_waits_until_nobody_works_gives_up_after_a_time() -> None:
    turns = Turns()

    async def run() -> None:
        async with turns.turn(1):
            await turns.wait_until_free(0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    assert not turns.is_taken


def test_two_deliveries_may_wait_for_the_same_long_request() -> None:
    workspace = tiny.workspaces(tiny.vendor()).admit("me")

    async def run() -> None:
        async with workspace.turns.turn(1):
            waiting = asyncio.gather(turn(workspace), turn(workspace))
            await asyncio.sleep(0.01)
        await asyncio.wait_for(waiting, 3)

    asyncio.run(run())
    assert not workspace.turns.is_taken


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/people", 405)]
)
def test_a_request_that_no_operation_answers_waits_its_turn_too(
    gate: Gate, served: tuple[Site, Workspaces], method: str, path: str, status: int
) -> None:
    site, worlds = served
    waiting: list[asyncio.Task[Any]] = []

    async def story() -> None:
        waiting.append(asyncio.create_task(ask(site, method, path)))
        await asyncio.sleep(0.01)

    async def run() -> None:
        long = asyncio.create_task(ask(site, "POST", raw=person("Long", PADDING)))
        await until(gate.entered)
        await story()
        gate.opened.set()
        await asyncio.gather(long, *waiting)

    asyncio.run(run())
    records = [(each.number, each.version, each.status) for each in _records(worlds, "me")]
    assert records == [(1, 1, 201), (2, 2, status)]


def test_a_move_of_the_clock_waits_while_a_long_request_works() -> None:
    worlds = tiny.workspaces(tiny.vendor())
    workspace = worlds.admit("me")
    clockwork = Clockwork({}, courier_of(worlds))
    later = tiny.NOW + timedelta(hours=1)

    async def run() -> None:
        async with workspace.turns.turn(1):
            move = clockwork.move(workspace, WorkspaceClock(frozen=later), later, Pace(wait=1))
            moving = asyncio.create_task(move)
            await asyncio.sleep(0.01)
            assert (workspace.version, moving.done()) == (0, False)
        assert (await moving).stopped is None
        assert (workspace.version, workspace.now()) == (1, later)

    asyncio.run(run())


def test_a_move_of_the_clock_stops_where_a_reset_comes_before_its_turn() -> None:
    worlds = tiny.workspaces(tiny.vendor())
    workspace = worlds.admit("me")
    clockwork = Clockwork({}, courier_of(worlds))
    later = tiny.NOW + timedelta(hours=1)

    async def run() -> str | None:
        async with workspace.turns.turn(1):
            move = clockwork.move(workspace, WorkspaceClock(frozen=later), later, Pace(wait=1))
            moving = asyncio.create_task(move)
            await asyncio.sleep(0.01)
            workspace.apply([WorkspaceReset()])
        return (await moving).stopped

    assert (asyncio.run(run()), workspace.now()) == ("reset", tiny.NOW)


def courier_of(worlds: Workspaces) -> Courier:
    """A courier that nothing has to be sent by."""

    async def network(sending: Sending) -> None:
        raise AssertionError(sending)

    return Courier(worlds, Carrier(worlds, network, 1))


def test_pairs_of_deliveries_are_released_once_no_long_request_works() -> None:
    worlds = tiny.workspaces(tiny.vendor())
    workspace = worlds.admit("me")
    courier = courier_of(worlds)

    async def run() -> None:
        async with workspace.turns.turn(1):
            releasing = asyncio.create_task(courier.settled_pairs(workspace))
            await asyncio.sleep(0.01)
            assert not releasing.done()
        await asyncio.wait_for(releasing, 1)

    asyncio.run(run())


def test_two_resets_of_the_server_do_not_wait_for_each_other() -> None:
    app = create_app(fixtures="empty")
    first, second = (app.workspaces.create(name) for name in ("first", "second"))
    scope = scope_of("POST", "", b"")
    scope |= {"path": "/__admin/reset", "raw_path": b"/__admin/reset"}

    async def reset() -> int:
        answer = app.answer(scope, b"")
        assert not isinstance(answer, Answer)
        return (await _sent(answer, scope)).status

    async def run() -> list[int]:
        async with second.turns.turn(1):
            one = asyncio.create_task(reset())
            await asyncio.sleep(0.01)
            async with first.turns.turn(1):
                other = asyncio.create_task(reset())
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)
        return list(await asyncio.wait_for(asyncio.gather(one, other), 3))

    assert asyncio.run(run()) == [204, 204]


def _timer_of_one() -> tuple[Timer, Workspace]:
    """A timer that knows no vendor, and a workspace that it may look at."""
    worlds = tiny.workspaces(tiny.vendor())
    return Timer({}, courier_of(worlds), 1), worlds.admit("me")


def test_the_timer_rings_for_what_a_thread_beside_the_loop_has_planned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timer, workspace = _timer_of_one()
    asked: list[threading.Thread] = []

    def seconds_until(each: Workspace) -> float:
        asked.append(threading.current_thread())
        return 0.0

    monkeypatch.setattr("mockserver.play.timer._seconds_until", seconds_until)
    played = asyncio.Event()

    async def play(each: Workspace) -> None:
        played.set()

    monkeypatch.setattr(timer, "_play_workspace", play)

    async def run() -> None:
        timer.start()
        await asyncio.to_thread(timer.look, workspace)
        await asyncio.wait_for(played.wait(), 3)
        timer.stop()

    asyncio.run(run())
    assert set(asked) == {threading.main_thread()}


def test_a_timer_that_was_stopped_rings_no_more_until_it_is_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timer, workspace = _timer_of_one()
    monkeypatch.setattr("mockserver.play.timer._seconds_until", lambda each: 0.0)
    played: list[Workspace] = []

    async def play(each: Workspace) -> None:
        played.append(each)
        timer.stop()

    monkeypatch.setattr(timer, "_play_workspace", play)

    async def run() -> None:
        timer.start()
        timer.look(workspace)
        timer.stop()
        timer.look(workspace)
        await asyncio.sleep(0.02)
        assert played == []
        timer.start()
        timer.look(workspace)
        await asyncio.sleep(0.02)

    asyncio.run(run())
    assert played == [workspace]


def test_the_collector_pauses_while_long_work_goes_on_and_only_then() -> None:
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()

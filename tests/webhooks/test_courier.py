"""Deliveries to real receivers: in order, once or twice, late, lost, and never where they may not."""

import asyncio
import json
from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.app import Application, create_app
from mockserver.faults.delivery import Answer
from mockserver.webhooks.sender import SendError
from tests.lives import DAY, NOW, standing_workspace
from tests.pearl import MIRA, PEARL, add_lead, advance, simulate
from tests.webhooks.listener import Got, Listener


@pytest.fixture
def control(server: MockServer, account: str) -> Iterator[httpx.Client]:
    """The control API of a workspace whose clock stands at NOW, without webhooks."""
    with standing_workspace(server.url, account) as client:
        yield client


@pytest.fixture
def lead(control: httpx.Client, nlpearl: httpx.Client) -> str:
    """The id of a lead of the pearl."""
    return add_lead(nlpearl)


def hear(control: httpx.Client, to: str, kind: str = "call", **options: Any) -> dict[str, Any]:
    """Set a webhook of all pearls."""
    body = {"vendor": "nlpearl", "kind": kind, "to": to, "options": options}
    answer = control.post("/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def delivery(control: httpx.Client, number: int) -> dict[str, Any]:
    shown: dict[str, Any] = control.get(f"/deliveries/{number}").json()
    return shown


def webhook(control: httpx.Client, made: dict[str, Any]) -> dict[str, Any]:
    """A webhook as it is now."""
    listed: list[dict[str, Any]] = control.get("/webhooks").json()["webhooks"]
    (found,) = (each for each in listed if each["key"] == made["key"])
    return found


def statuses(listener: Listener) -> list[int]:
    return [body["status"] for body in listener.bodies]


def give_time(control: httpx.Client, made: dict[str, Any]) -> None:
    """Let a webhook's receiver answer as late as it likes from now on."""
    change = {"options": {"timeout": 20}}
    answer = control.patch(f"/webhooks/{made['key']}", json=change)
    assert answer.status_code == 200, answer.text


def until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so that happens beside the test."""
    end = monotonic() + seconds
    while not is_so():
        assert monotonic() < end, "it never happened"
        sleep(0.005)


# Order.


def test_one_receiver_gets_everything_of_a_call_in_its_order(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url + "/calls")
    hear(control, receiver.url + "/leads", "lead")
    done = simulate(control, lead, "success")
    got = [(each.path, each.json["status"]) for each in receiver.got]
    assert got == [("/leads", 20), ("/calls", 3), ("/leads", 40), ("/calls", 4), ("/leads", 100)]
    assert [each["state"] for each in done["deliveries"]] == ["delivered"] * 5
    assert [each["attempts"][0]["status"] for each in done["deliveries"]] == [204] * 5
    assert control.get("/clock").json()["now"] == "2026-03-02T14:00:00.000Z"


def test_a_slow_receiver_does_not_delay_another_one(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    goes_on = Event()
    slow = Listener(lambda got: 204 if goes_on.wait(10) else 500)
    hear(control, slow.url)
    hear(control, receiver.url, "lead")
    simulate(control, lead, "success", wait=False)
    until(lambda: statuses(receiver) == [20, 40, 100])
    assert statuses(slow) == [3]
    goes_on.set()
    until(lambda: statuses(slow) == [3, 4])
    slow.close()


def test_a_request_is_answered_before_its_delivery_is(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    goes_on = Event()
    slow = Listener(lambda got: 204 if goes_on.wait(10) else 500)
    hear(control, slow.url, "lead")
    url = f"/v2/Outbound/{PEARL}/Lead/{lead}"
    assert nlpearl.put(url, json={"status": 130}).status_code == 200
    (shown,) = control.get("/deliveries").json()["deliveries"]
    assert shown["state"] == "pending"
    assert list(shown["cause"]) == ["request"]
    goes_on.set()
    until(lambda: bool(delivery(control, 1)["state"] == "delivered"))
    slow.close()


def test_a_body_is_that_of_the_event_whatever_happens_later(
    control: httpx.Client, nlpearl: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, "hold", "lead")
    url = f"/v2/Outbound/{PEARL}/Lead/{lead}"
    nlpearl.put(url, json={"status": 130})
    nlpearl.put(url, json={"status": 1})
    bodies = [each["body"]["status"] for each in control.get("/deliveries").json()["deliveries"]]
    assert bodies == [130, 1]


# Test modes.


def test_copies_come_twice_with_one_number(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, copies=2)
    simulate(control, lead, "success")
    assert [each.delivery for each in receiver.got] == ["1.1", "1.2", "2.1", "2.2"]
    bodies = [each.body for each in receiver.got]
    assert bodies[0] == bodies[1]
    assert bodies[2] == bodies[3]
    assert statuses(receiver) == [3, 3, 4, 4]


@pytest.mark.parametrize("run", ["once", "and again"])
def test_pairs_come_the_other_way_round(
    run: str, control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, order="swapped")
    simulate(control, lead, "success")
    assert statuses(receiver) == [4, 3]


def test_the_odd_one_of_pairs_comes_when_the_simulation_ends(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, "lead", order="swapped")
    done = simulate(control, lead, "success")
    assert statuses(receiver) == [40, 20, 100]
    assert [each["state"] for each in done["deliveries"]] == ["delivered"] * 3


def test_pairs_that_are_late_come_the_other_way_round(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, order="swapped", late=30)
    simulate(control, lead, "success")
    advance(control, 30)
    assert statuses(receiver) == [4, 3]


def test_a_pair_that_is_late_waits_for_its_second(
    control: httpx.Client, nlpearl: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, "lead", order="swapped", late=30)
    url = f"/v2/Outbound/{PEARL}/Lead/{lead}"
    nlpearl.put(url, json={"status": 130})
    control.put("/clock", json={"mode": "frozen", "at": "2026-03-02T14:00:20Z", "wait": False})
    nlpearl.put(url, json={"status": 1})
    advance(control, 29)
    assert receiver.got == []
    advance(control, 1)
    assert statuses(receiver) == [1, 130]


def test_a_receiver_that_moves_the_clock_before_it_answers_is_told_so(
    control: httpx.Client, lead: str
) -> None:
    moved: list[int] = []

    def move(got: Got) -> int:
        moved.append(control.post("/clock/advance", json={"seconds": 1}).status_code)
        return 204

    moving = Listener(move)
    made = hear(control, moving.url, timeout=0.3)
    (told,) = simulate(control, lead, None, phase="start")["deliveries"]
    assert "a receiver that moves the clock has to answer first" in told["attempts"][0]["error"]
    until(lambda: moved == [200])
    give_time(control, made)
    simulate(control, lead, "success", phase="end", call=told["body"]["id"], wait=False)
    assert advance(control, 60)["failed"] == 0
    assert moved == [200, 409]
    moving.close()


def test_what_is_late_comes_when_the_clock_is_there(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, late=30)
    done = simulate(control, lead, "success")
    assert [each["next_try"] for each in done["deliveries"]] == ["2026-03-02T14:00:30.000Z"] * 2
    assert advance(control, 29)["deliveries"] == 0
    assert receiver.got == []
    assert advance(control, 1)["deliveries"] == 2
    assert statuses(receiver) == [3, 4]


def test_the_first_ones_are_lost_for_good(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    made = hear(control, receiver.url, lose_first=1, retries=[1])
    done = simulate(control, lead, "success")
    assert [each["state"] for each in done["deliveries"]] == ["lost", "delivered"]
    advance(control, 60)
    assert statuses(receiver) == [4]
    assert webhook(control, made)["options"]["lose_first"] == 0


def test_an_answer_that_gets_lost_makes_the_same_delivery_come_again(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, lose_answer=1, retries=[5, 300])
    (first,) = simulate(control, lead, None, phase="start")["deliveries"]
    assert (first["state"], first["next_try"]) == ("pending", "2026-03-02T14:00:05.000Z")
    assert len(receiver.got) == 1
    advance(control, 4)
    assert len(receiver.got) == 1
    advance(control, 1)
    assert [each.delivery for each in receiver.got] == ["1.1", "1.2"]
    assert receiver.got[0].body == receiver.got[1].body
    shown = delivery(control, 1)
    assert shown["state"] == "delivered"
    assert [each["at"] for each in shown["attempts"]] == [
        "2026-03-02T14:00:00.000Z",
        "2026-03-02T14:00:05.000Z",
    ]


def test_a_connection_that_is_closed_after_the_body_counts_as_failed(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, hang_up=1)
    done = simulate(control, lead, "success")
    assert [each["state"] for each in done["deliveries"]] == ["failed", "delivered"]
    (attempt,) = done["deliveries"][0]["attempts"]
    assert (attempt["status"], attempt["failure"]) == (None, "test-mode")
    # Nobody waits for the answer to the first one: the receiver may read the second one before it.
    until(lambda: sorted(statuses(receiver)) == [3, 4])


# Receivers that fail.


def test_a_receiver_that_died_gets_the_delivery_again(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    dying = Listener(lambda got: 204 if got.json["status"] == 3 else None)
    hear(control, dying.url, retries=[5])
    done = simulate(control, lead, "no_answer")
    assert [each["state"] for each in done["deliveries"]] == ["delivered", "pending"]
    dying.close()
    assert nlpearl.get(f"/v2/Outbound/{PEARL}/Lead/{lead}").json()["status"] == 10
    alive = Listener(port=dying.port)
    passed = advance(control, 5)
    assert (passed["deliveries"], passed["failed"]) == (1, 0)
    assert [each.delivery for each in alive.got] == ["2.2"]
    alive.close()


def test_a_receiver_that_is_down_for_good_is_tried_ten_times(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    down = Listener()
    down.close()
    hear(control, down.url, "lead", retries="standard")
    simulate(control, lead, "wrong_country_code")
    passed = advance(control, 4 * DAY)
    assert (passed["deliveries"], passed["failed"]) == (1, 1)
    shown = delivery(control, 1)
    assert shown["state"] == "failed"
    assert [each["at"] for each in shown["attempts"]] == [
        "2026-03-02T14:00:00.000Z",
        "2026-03-02T14:00:05.000Z",
        "2026-03-02T14:05:05.000Z",
        "2026-03-02T14:35:05.000Z",
        "2026-03-02T16:35:05.000Z",
        "2026-03-02T21:35:05.000Z",
        "2026-03-03T07:35:05.000Z",
        "2026-03-03T21:35:05.000Z",
        "2026-03-04T17:35:05.000Z",
        "2026-03-05T17:35:05.000Z",
    ]
    assert {each["failure"] for each in shown["attempts"]} == {"no-connection"}
    assert all("refused" in each["error"] for each in shown["attempts"])
    control.patch("/settings", json={"nlpearl": {"api_changes_fire": "off"}})
    nlpearl.put(f"/v2/Outbound/{PEARL}/Lead/{lead}", json={"status": 130})
    up = Listener(port=down.port)
    again = control.post("/deliveries/1/redeliver").json()
    assert (again["state"], len(again["attempts"])) == ("delivered", 11)
    assert up.bodies[0]["status"] == 30
    up.close()


def test_a_receiver_that_hangs_is_waited_for_once_in_a_simulation(
    control: httpx.Client, lead: str
) -> None:
    goes_on = Event()
    hanging = Listener(lambda got: None if goes_on.wait(20) else 500)
    hear(control, hanging.url, timeout=0.3)
    hear(control, hanging.url, "lead", timeout=0.3)
    began = monotonic()
    done = simulate(control, lead, "success")
    assert monotonic() - began < 3
    goes_on.set()
    errors = [each["attempts"][0]["error"] for each in done["deliveries"]]
    assert "the thread of the test" in errors[0]
    assert [error.partition(":")[0] for error in errors[1:]] == ["not tried"] * 4
    assert {each["state"] for each in done["deliveries"]} == {"failed"}
    hanging.close()


def test_retries_come_by_themselves_where_the_clock_runs(control: httpx.Client, lead: str) -> None:
    control.put("/clock", json={"mode": "real"})
    answers = iter([500, 500, 204])
    picky = Listener(lambda got: next(answers))
    hear(control, picky.url, late=0.1, retries=[0.1, 0.2])
    simulate(control, lead, None, phase="start")
    until(lambda: len(picky.got) == 3)
    assert [each.delivery for each in picky.got] == ["1.1", "1.2", "1.3"]
    picky.close()


def test_what_is_late_comes_by_itself_where_the_clock_runs(
    control: httpx.Client, nlpearl: httpx.Client, lead: str, receiver: Listener
) -> None:
    control.put("/clock", json={"mode": "shifted", "shift_seconds": -60})
    hear(control, receiver.url, "lead", late=0.1)
    nlpearl.put(f"/v2/Outbound/{PEARL}/Lead/{lead}", json={"status": 130})
    until(lambda: statuses(receiver) == [130])


def test_a_failed_delivery_does_not_hold_up_the_next_one(control: httpx.Client, lead: str) -> None:
    answers = iter([500, 204, 204])
    picky = Listener(lambda got: next(answers))
    hear(control, picky.url, retries=[10])
    simulate(control, lead, "success")
    advance(control, 10)
    assert [each.delivery for each in picky.got] == ["1.1", "2.1", "1.2"]
    picky.close()


def test_a_strict_webhook_holds_up_what_comes_behind_a_failed_delivery(
    control: httpx.Client, lead: str
) -> None:
    answers = iter([500, 204, 204])
    picky = Listener(lambda got: next(answers))
    hear(control, picky.url, retries=[10], strict=True)
    done = simulate(control, lead, "success")
    assert [each["state"] for each in done["deliveries"]] == ["pending", "pending"]
    advance(control, 10)
    assert [each.delivery for each in picky.got] == ["1.1", "1.2", "2.1"]
    picky.close()


def test_what_was_strictly_held_up_goes_once_the_webhook_is_removed(
    control: httpx.Client, lead: str
) -> None:
    picky = Listener(lambda got: 500 if got.path == "/calls" else 204)
    strict = hear(control, picky.url + "/calls", retries=[60], strict=True)
    hear(control, picky.url + "/leads", "lead")
    simulate(control, lead, "success")
    assert [each.path for each in picky.got] == ["/leads", "/calls"]
    assert control.delete(f"/webhooks/{strict['key']}").status_code == 204
    until(lambda: len(picky.got) == 4)
    assert [each.json["status"] for each in picky.got] == [20, 3, 40, 100]
    picky.close()


def test_what_was_strictly_held_up_goes_once_the_webhook_is_strict_no_more(
    control: httpx.Client, lead: str
) -> None:
    answers = iter([500, 204, 204])
    picky = Listener(lambda got: next(answers))
    strict = hear(control, picky.url, retries=[60], strict=True)
    simulate(control, lead, "success")
    control.patch(f"/webhooks/{strict['key']}", json={"options": {"strict": None}})
    until(lambda: len(picky.got) == 2)
    advance(control, 60)
    assert [each.delivery for each in picky.got] == ["1.1", "2.1", "1.2"]
    picky.close()


def test_a_snapshot_has_what_is_strictly_held_up(control: httpx.Client, lead: str) -> None:
    answers = iter([500, 204, 204])
    picky = Listener(lambda got: next(answers))
    hear(control, picky.url, retries=[10], strict=True)
    simulate(control, lead, "success")
    control.put("/snapshots/before")
    control.post("/snapshots/before/restore")
    assert advance(control, 9)["deliveries"] == 0
    advance(control, 1)
    assert [each.delivery for each in picky.got] == ["1.1", "1.2", "2.1"]
    picky.close()


def test_a_receiver_that_hangs_is_waited_for_once_in_a_move_of_the_clock(
    control: httpx.Client, lead: str
) -> None:
    goes_on = Event()
    hanging = Listener(lambda got: None if goes_on.wait(20) else 500)
    hear(control, hanging.url, timeout=0.3)
    control.put(f"/leads/nlpearl/{lead}/story", json=["no_answer"])
    passed = advance(control, 5 * DAY)
    goes_on.set()
    assert passed["failed"] == passed["deliveries"] > 4
    assert len(hanging.got) == 1
    hanging.close()


def test_a_receiver_that_hung_gets_its_retries_at_later_moments(
    control: httpx.Client, lead: str
) -> None:
    goes_on = Event()
    statuses = iter([None, 204])
    hung = Listener(lambda got: (goes_on.wait(0.6), next(statuses))[1])
    made = hear(control, hung.url, timeout=0.3, retries=[5])
    simulate(control, lead, None, phase="start", wait=False)
    assert advance(control, 4)["deliveries"] == 0
    goes_on.set()
    give_time(control, made)
    assert advance(control, 1)["failed"] == 0
    assert [each.delivery for each in hung.got] == ["1.1", "1.2"]
    hung.close()


def test_nobody_waits_more_than_once_for_what_nobody_settles(serve: Callable[..., str]) -> None:
    url = serve(webhook_timeout=0.3)
    with httpx.Client(base_url=f"{url}/__admin/workspaces/demo", timeout=60) as control:
        control.put("/clock", json={"mode": "frozen", "at": NOW})
        hear(control, "hold")
        control.put("/leads/nlpearl/crm-1/story", json=["no_answer"])
        passed = advance(control, 3 * DAY)
        shown = control.get("/deliveries", params={"kind": "call"}).json()["deliveries"]
    errors = [each["attempts"][0]["error"] for each in shown]
    assert passed["stopped"] is None
    assert len(errors) > 2
    assert errors[0].startswith("nobody settled it in 0.3 seconds: ")
    assert set(errors[2:]) == {"nobody settled the one before in time, in the same wait"}


def test_what_is_under_way_when_its_webhook_is_removed_is_dropped(
    control: httpx.Client, lead: str
) -> None:
    goes_on = Event()
    slow = Listener(lambda got: 500 if goes_on.wait(10) else 204)
    made = hear(control, slow.url, retries=[60])
    simulate(control, lead, None, phase="start", wait=False)
    until(lambda: len(slow.got) == 1)
    control.delete(f"/webhooks/{made['key']}")
    goes_on.set()
    until(lambda: len(delivery(control, 1)["attempts"]) == 1)
    assert delivery(control, 1)["state"] == "dropped"
    assert "outbox" not in control.get("/export").json()["nlpearl"]
    slow.close()


# Receivers that act.


def test_a_receiver_that_acts_at_once_is_in_time_for_the_next_moment(
    control: httpx.Client, nlpearl: httpx.Client, server: MockServer, account: str, lead: str
) -> None:
    headers = {"Authorization": f"Bearer {account}:secret"}

    def stop_calling(got: Got) -> int:
        if got.json["status"] == 10:
            url = f"{server.url}/nlpearl/v2/Outbound/{PEARL}/Lead/{lead}"
            httpx.put(url, json={"status": 130}, headers=headers)
        return 204

    acting = Listener(stop_calling)
    hear(control, acting.url, "lead")
    control.put(f"/leads/nlpearl/{lead}/story", json=["no_answer", "success"])
    passed = advance(control, 3 * DAY)
    assert [body["status"] for body in acting.bodies] == [20, 40, 10, 130]
    assert passed["deliveries"] == 4
    shown = nlpearl.get(f"/v2/Outbound/{PEARL}/Lead/{lead}").json()
    assert (shown["status"], len(shown["callsId"])) == (130, 1)
    assert control.get("/due", params={"lead": lead}).json()["due"] == []
    requests = control.get("/requests", params={"operation": "update_lead"}).json()["requests"]
    assert [each["time"][:16] for each in requests] == ["2026-03-02T14:00"]
    acting.close()


def test_a_loop_is_stopped(
    control: httpx.Client, server: MockServer, account: str, lead: str
) -> None:
    headers = {"Authorization": f"Bearer {account}:secret"}
    url = f"{server.url}/nlpearl/v2/Outbound/{PEARL}/Lead/{lead}"

    def write_back(got: Got) -> int:
        other = 1 if got.json["status"] == 130 else 130
        httpx.put(url, json={"status": other}, headers=headers)
        return 204

    looping = Listener(write_back)
    made = hear(control, looping.url, "lead")
    httpx.put(url, json={"status": 130}, headers=headers)
    until(lambda: bool(webhook(control, made)["state"] == "loop"), 60)
    until(lambda: len(looping.got) == 100)
    newest = control.get("/deliveries", params={"after": 100}).json()["deliveries"]
    assert [each["state"] for each in newest] == ["loop"]
    looping.close()


# Worlds.


def test_a_reset_drops_what_is_pending(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, late=60)
    simulate(control, lead, "success")
    control.post("/reset")
    advance(control, 120)
    assert receiver.got == []
    assert control.get("/deliveries").json()["deliveries"] == []


def test_a_snapshot_has_what_is_pending_and_the_modes(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url, late=60, lose_answer=1)
    simulate(control, lead, "success")
    control.put("/snapshots/before")
    advance(control, 60)
    assert statuses(receiver) == [3, 4]
    control.post("/snapshots/before/restore")
    advance(control, 60)
    assert statuses(receiver) == [3, 4, 3, 4]
    states = [each["state"] for each in control.get("/deliveries").json()["deliveries"]]
    assert states == ["failed", "delivered"]


def test_an_answer_that_comes_after_a_reset_changes_nothing(
    control: httpx.Client, lead: str
) -> None:
    goes_on = Event()
    slow = Listener(lambda got: 204 if goes_on.wait(10) else 500)
    hear(control, slow.url)
    simulate(control, lead, "success", wait=False)
    until(lambda: len(slow.got) == 1)
    control.post("/reset")
    goes_on.set()
    sleep(0.05)
    assert control.get("/deliveries").json()["deliveries"] == []
    assert len(slow.got) == 1
    slow.close()


def test_a_receiver_that_deletes_the_workspace_keeps_nobody_waiting(
    control: httpx.Client, lead: str
) -> None:
    url = str(control.base_url).rstrip("/")
    deleting = Listener(lambda got: httpx.delete(url).status_code)
    hear(control, deleting.url)
    done = simulate(control, lead, "success")
    assert [each["kind"] for each in done["deliveries"]] == ["call", "call"]
    assert statuses(deleting) == [3]
    assert control.get("/deliveries").status_code == 404
    deleting.close()


def test_a_receiver_that_resets_the_workspace_stops_the_move_of_its_clock(
    control: httpx.Client, lead: str
) -> None:
    resetting = Listener(lambda got: control.post("/reset").status_code)
    hear(control, resetting.url)
    control.put(f"/leads/nlpearl/{lead}/story", json=["no_answer"])
    assert advance(control, 3 * DAY)["stopped"] == "reset"
    assert statuses(resetting) == [3]
    resetting.close()


def test_two_worlds_share_a_receiver_and_nothing_else(
    server: MockServer, account: str, receiver: Listener
) -> None:
    worlds = {}
    for name in ("a", "b"):
        body = {"name": f"{account}-{name}", "at": NOW, "ids": name}
        made = httpx.post(f"{server.url}/__admin/workspaces", json=body)
        assert made.status_code == 201, made.text
        world = httpx.Client(base_url=f"{server.url}/__admin/workspaces/{account}-{name}")
        headers = {"Authorization": f"Bearer {account}-{name}:secret"}
        url = f"{server.url}/nlpearl/v2/Outbound/{PEARL}/Lead"
        lead = httpx.post(url, json=MIRA, headers=headers).json()["leadId"]
        hear(world, f"{receiver.url}/{name}")
        hear(world, f"{receiver.url}/{name}", "lead")
        worlds[name] = world, lead
    a, b = worlds["a"], worlds["b"]
    before = [b[0].get(path).json() for path in ("/deliveries", "/due", "/inboxes", "/clock")]
    simulate(*a, "success")
    advance(a[0], 3600)
    assert {each.path for each in receiver.got} == {"/a"}
    assert [
        b[0].get(path).json() for path in ("/deliveries", "/due", "/inboxes", "/clock")
    ] == before
    simulate(*b, "success")
    ids: dict[str, set[str]] = {"/a": set(), "/b": set()}
    for each in receiver.got:
        ids[each.path].add(each.json["id"])
    assert not ids["/a"] & ids["/b"]
    for world, _ in worlds.values():
        world.close()


# Who watches.


def test_a_stream_tells_what_comes_of_each_delivery(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url)
    with control.stream("GET", "/stream", params={"seconds": 20}) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: hello"
        simulate(control, lead, "success")
        states: dict[int, str] = {}
        while list(states.values()) != ["delivered"] * 2:
            if next(lines) == "event: delivery":
                shown = json.loads(next(lines).removeprefix("data: "))
                states[shown["number"]] = shown["state"]
    assert shown == control.get("/deliveries/2").json()


def test_a_person_has_the_deliveries_of_his_leads(
    control: httpx.Client, lead: str, receiver: Listener
) -> None:
    hear(control, receiver.url)
    simulate(control, lead, "success")
    timeline = control.get(f"/people/nlpearl/{lead}").json()["timeline"]
    told = [each["delivery"] for each in timeline if each["kind"] == "delivery"]
    listed = control.get("/deliveries").json()["deliveries"]
    assert told == [control.get(f"/deliveries/{each['number']}").json() for each in listed]


# Bounds.


def test_there_is_a_bound_for_webhooks_and_for_deliveries(serve: Callable[..., str]) -> None:
    url = serve(fixtures="empty", max_webhooks=1, max_deliveries=2)
    token = {"Authorization": "Token demo"}
    webhook = {"url": "http://127.0.0.1:9/", "trigger": "LEAD_CREATED"}
    answers = [
        httpx.post(f"{url}/sela/api/webhooks/", json=webhook, headers=token) for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 403]
    assert "--max-webhooks" in answers[1].text
    leads = {"leads": [{"phone_number": f"+1202555017{number}"} for number in range(3)]}
    refused = httpx.post(f"{url}/sela/api/leads/bulk-create/", json=leads, headers=token)
    assert (refused.status_code, "--max-deliveries" in refused.text) == (403, True)
    assert httpx.get(f"{url}/sela/api/leads/", headers=token).json()["count"] == 0
    seed = {"fixture": {"sela": {"webhooks": [webhook | {"id": id} for id in (1, 2)]}}}
    seeded = httpx.post(f"{url}/__admin/workspaces/demo/seed", json=seed)
    assert (seeded.status_code, "--max-webhooks" in seeded.text) == (403, True)


def test_an_application_that_is_served_by_another_loop_goes_on_with_its_deliveries() -> None:
    app = create_app(fixtures="empty")
    waiting = asyncio.Event()

    async def never(sending: Any) -> Any:
        waiting.set()
        await asyncio.sleep(60)

    app.courier.carrier._network = never
    token = {"host": "a", "authorization": "Token demo"}
    webhook = {"url": "http://127.0.0.1:9/", "trigger": "LEAD_CREATED"}
    answered(app, "/sela/api/webhooks/", webhook, token)

    async def begun() -> None:
        answered(app, "/sela/api/leads/", {"phone_number": "+12025550171"}, token)
        await waiting.wait()
        await app.stop(0)

    asyncio.run(begun())
    workspace = app.workspaces.admit("demo")

    async def ended() -> list[str]:
        app.courier.carrier._network = refuse
        await asyncio.wait_for(app.courier.all_settled(workspace), 5)
        return [each.state for each in workspace.deliveries]

    assert asyncio.run(ended()) == ["failed"]


async def refuse(sending: Any) -> Any:
    raise SendError("no-connection", "connection refused")


def answered(app: Application, path: str, body: Any, headers: dict[str, str]) -> None:
    """Ask the application, which answers without waiting for anything."""
    raw = json.dumps(body).encode()
    given = {"content-type": "application/json"} | headers
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    answer = app.answer(scope, raw)
    assert isinstance(answer, Answer)
    assert answer.status == 201

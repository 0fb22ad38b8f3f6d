"""What the report finds out about receivers, with real ones; and what it says nothing of."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.testing import MockWorkspace, Running

NOW = "2026-03-02T14:00:00Z"
PEARL = "66a1f0c2d60e456235eae601"
ADA, GRACE = "66a1f0c2d60e456235eae701", "66a1f0c2d60e456235eae702"
LEAD = f"/v2/Outbound/{PEARL}/Lead/{ADA}"

Answer = tuple[int, Any]


class Receiver:
    """A receiver on a socket whose answers a test decides: status and body, of payload and headers."""

    def __init__(self) -> None:
        self.react: Callable[[Any, dict[str, str]], Answer] = _fine
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library calls it so
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, answer = receiver.react(body, headers)
                raw = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(raw)))
                if 300 <= status < 400:
                    self.send_header("location", "/elsewhere")
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


def _fine(body: Any, headers: dict[str, str]) -> Answer:
    return 204, None


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 204."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def world(server: MockServer, request: pytest.FixtureRequest) -> Iterator[MockWorkspace]:
    """A workspace whose clock stands, without webhooks."""
    made = Running(server.client).open(request.node.nodeid, at=NOW)
    for each in made.webhooks():
        made.remove_webhook(each["key"])
    yield made
    made.close()


Found = tuple[str, str, list[int], list[int]]


def found(world: MockWorkspace) -> list[Found]:
    """Check, level, deliveries and requests of what was found about receivers."""
    findings = []
    for each in world.report()["findings"]:
        if not each["check"].endswith(("-behaviour", "chosen-event")):
            parts = each["check"], each["level"], each["deliveries"], each["requests"]
            findings.append(parts)
    return findings


def done(world: MockWorkspace, check: str) -> str:
    (finding,) = [each for each in world.report()["findings"] if each["check"] == check]
    return str(finding["done"])


def test_a_receiver_that_does_all_right_is_said_nothing_of(
    world: MockWorkspace, receiver: Receiver
) -> None:
    world.webhook("nlpearl", "call", to=receiver.url, copies=2)
    world.webhook("nlpearl", "lead", to=receiver.url, copies=2, order="swapped")
    for outcome in ("no_answer", "no_answer", "success"):
        world.simulate("nlpearl", ADA, outcome)
    assert found(world) == []


def test_a_receiver_that_fails(world: MockWorkspace, receiver: Receiver) -> None:
    receiver.react = lambda body, headers: (500, None)
    world.webhook("nlpearl", "call", to=receiver.url)
    world.simulate("nlpearl", ADA, "busy")
    assert found(world) == [("receiver-failed", "error", [1, 2], [])]
    assert (
        done(world, "receiver-failed")
        == f"The webhook `call` to `{receiver.url}` was answered 500."
    )


def test_a_receiver_that_is_not_there(world: MockWorkspace, receiver: Receiver) -> None:
    receiver.close()
    world.webhook("nlpearl", "lead", to=receiver.url)
    world.simulate("nlpearl", ADA, "wrong_country_code")
    assert found(world) == [("receiver-failed", "error", [1], [])]
    assert "had no answer:" in done(world, "receiver-failed")


@pytest.mark.parametrize("mode", ["lose_answer", "hang_up", "lose_first"])
def test_what_a_test_mode_spoils_is_nobodys_fault(
    mode: str, world: MockWorkspace, receiver: Receiver
) -> None:
    options: Any = {mode: 1}
    world.webhook("nlpearl", "lead", to=receiver.url, **options)
    world.simulate("nlpearl", ADA, "wrong_country_code")
    assert found(world) == []


def test_what_an_inbox_answers_is_wanted(world: MockWorkspace) -> None:
    world.set_inbox("crm", then=500)
    world.webhook("nlpearl", "lead", to="inbox:crm")
    world.webhook("nlpearl", "call", to=world.inbox_url("crm"))
    world.simulate("nlpearl", ADA, "busy")
    assert {each.status for each in world.deliveries()} == {500}
    assert found(world) == []


def test_a_receiver_that_redirects(world: MockWorkspace, receiver: Receiver) -> None:
    receiver.react = lambda body, headers: (302, None)
    world.webhook("nlpearl", "lead", to=receiver.url)
    world.simulate("nlpearl", ADA, "wrong_country_code")
    assert found(world) == [
        ("receiver-failed", "error", [1], []),
        ("receiver-redirects", "warning", [1], []),
    ]


def test_a_receiver_that_is_slow(world: MockWorkspace, receiver: Receiver) -> None:
    def late(body: Any, headers: dict[str, str]) -> Answer:
        sleep(0.5)
        return 204, None

    receiver.react = late
    world.webhook("nlpearl", "lead", to=receiver.url, timeout=0.1)
    world.simulate("nlpearl", ADA, "wrong_country_code")
    assert [each[0] for each in found(world)] == ["receiver-failed", "receiver-slow"]


def test_a_target_that_is_refused_is_a_finding_of_its_own(world: MockWorkspace) -> None:
    hook: Any = {
        "id": 1,
        "pearl": None,
        "kind": "lead",
        "url": "http://10.0.0.5/hook",
        "options": {},
    }
    world.seed({"nlpearl": {"webhooks": [hook]}}, "merge")
    world.simulate("nlpearl", ADA, "wrong_country_code")
    assert found(world) == [("refused-target", "warning", [1], [])]
    assert "10.0.0.5 is not loopback" in done(world, "refused-target")


def test_a_receiver_that_checks_no_credential(world: MockWorkspace, receiver: Receiver) -> None:
    credential = {"header": "X-Hook", "value": "s3cret"}
    calls = world.webhook("nlpearl", "call", to=receiver.url, credential=credential)
    calls.test(wrong_credential=True)
    assert found(world) == [("unauthenticated-receiver", "note", [1], [])]


def test_a_receiver_that_checks_its_credential(world: MockWorkspace, receiver: Receiver) -> None:
    receiver.react = lambda body, headers: (204 if headers["x-hook"] == "s3cret" else 401, None)
    credential = {"header": "X-Hook", "value": "s3cret"}
    calls = world.webhook("nlpearl", "call", to=receiver.url, credential=credential)
    assert calls.test(wrong_credential=True).status == 401
    assert calls.test().status == 204
    assert found(world) == []


# The same delivery once more


def writing(world: MockWorkspace, status: int) -> None:
    """What a receiver writes to the vendor: it closes the lead."""
    headers = {"Authorization": world.credentials["nlpearl"]["Authorization"]}
    url = world.base_urls["nlpearl"] + LEAD
    assert httpx.put(url, json={"status": status}, headers=headers).status_code == 200


def test_a_receiver_that_does_the_work_of_an_event_twice(
    world: MockWorkspace, receiver: Receiver
) -> None:
    def react(body: Any, headers: dict[str, str]) -> Answer:
        if body["status"] == 5:
            writing(world, 130)
        return 204, None

    receiver.react = react
    world.webhook("nlpearl", "call", to=receiver.url, copies=2)
    world.simulate("nlpearl", ADA, "busy")
    assert found(world) == [("not-idempotent", "error", [2], [1, 2])]
    assert "came 2 times, and `update_lead" in done(world, "not-idempotent")


def test_a_lost_answer_makes_two_where_a_receiver_remembers_nothing(
    world: MockWorkspace, receiver: Receiver
) -> None:
    def react(body: Any, headers: dict[str, str]) -> Answer:
        writing(world, 100)
        return 204, None

    receiver.react = react
    world.webhook("nlpearl", "call", to=receiver.url, lose_answer=1, retries=[5])
    world.simulate("nlpearl", ADA, phase="start")
    world.advance(5)
    assert found(world) == [("not-idempotent", "error", [1], [1, 2])]


def test_a_receiver_that_writes_once_is_idempotent(
    world: MockWorkspace, receiver: Receiver
) -> None:
    seen: set[tuple[str, int]] = set()

    def react(body: Any, headers: dict[str, str]) -> Answer:
        key = (body["id"], body["status"])
        if key not in seen:
            seen.add(key)
            writing(world, 130)
        return 204, None

    receiver.react = react
    world.webhook("nlpearl", "call", to=receiver.url, copies=2)
    world.simulate("nlpearl", ADA, "busy")
    assert found(world) == [], "start and end are two events, with a write each"


def test_answers_that_differ_are_a_note(world: MockWorkspace, receiver: Receiver) -> None:
    seen: set[tuple[str, int]] = set()

    def react(body: Any, headers: dict[str, str]) -> Answer:
        key = (body["id"], body["status"])
        is_new = key not in seen
        seen.add(key)
        return 200, {"ok": True} if is_new else {"duplicate": True}

    receiver.react = react
    world.webhook("nlpearl", "call", to=receiver.url, copies=2)
    world.simulate("nlpearl", ADA, "busy")
    assert found(world) == [("not-idempotent", "note", [1, 2], [])]


# A new event that is taken for a repetition


def remembering(*names: str) -> Callable[[Any, dict[str, str]], Answer]:
    """A receiver that takes for a repetition what has these fields in common with what came."""
    seen: set[tuple[Any, ...]] = set()

    def react(body: Any, headers: dict[str, str]) -> Answer:
        key = tuple(body[name] for name in names)
        is_new = key not in seen
        seen.add(key)
        return 200, {"ok": True} if is_new else {"duplicate": True}

    return react


def test_the_end_of_a_call_is_taken_for_a_repetition(
    world: MockWorkspace, receiver: Receiver
) -> None:
    receiver.react = remembering("id")
    world.webhook("nlpearl", "call", to=receiver.url, copies=2)
    world.simulate("nlpearl", ADA, "success")
    assert ("taken-for-duplicate", "error", [2], []) in found(world)
    assert "told something new of lead" in done(world, "taken-for-duplicate")
    assert "(delivery 2)" in done(world, "taken-for-duplicate")


def test_who_compares_id_and_status_sees_the_end_of_a_call(
    world: MockWorkspace, receiver: Receiver
) -> None:
    receiver.react = remembering("id", "status")
    world.webhook("nlpearl", "call", to=receiver.url, copies=2)
    world.simulate("nlpearl", ADA, "success")
    assert "taken-for-duplicate" not in [each[0] for each in found(world)]


def test_the_second_attempt_of_a_lead_is_taken_for_the_first(
    world: MockWorkspace, receiver: Receiver
) -> None:
    receiver.react = remembering("id", "status")
    world.webhook("nlpearl", "lead", to=receiver.url, copies=2)
    world.simulate("nlpearl", ADA, "no_answer")
    assert "taken-for-duplicate" not in [each[0] for each in found(world)]
    world.simulate("nlpearl", ADA, "no_answer")
    assert "taken-for-duplicate" in [each[0] for each in found(world)]


def test_a_retry_after_a_failure_is_no_repetition(world: MockWorkspace, receiver: Receiver) -> None:
    answers: Iterator[Answer] = iter([(500, None), (200, {"ok": True}), (200, {"ok": True})])
    receiver.react = lambda body, headers: next(answers)
    world.webhook("nlpearl", "call", to=receiver.url, retries=[5])
    call = world.simulate("nlpearl", ADA, phase="start")
    world.advance(5)
    world.simulate("nlpearl", outcome="busy", phase="end", call=call.id)
    assert [each[0] for each in found(world)] == ["receiver-failed"]


# What is read


def test_a_call_that_is_read_at_its_start_alone(world: MockWorkspace, receiver: Receiver) -> None:
    def react(body: Any, headers: dict[str, str]) -> Answer:
        if body["status"] == 3:
            read(world, f"/v2/Call/{body['id']}")
        return 204, None

    receiver.react = react
    world.webhook("nlpearl", "call", to=receiver.url)
    call = world.simulate("nlpearl", ADA, phase="start")
    assert found(world) == []
    world.simulate("nlpearl", outcome="busy", phase="end", call=call.id)
    assert found(world) == [("start-taken-for-end", "warning", [1], [1])]
    read(world, f"/v2/Call/{call.id}")
    assert found(world) == [], "it was read again"


def read(world: MockWorkspace, path: str) -> None:
    headers = {"Authorization": world.credentials["nlpearl"]["Authorization"]}
    assert httpx.get(world.base_urls["nlpearl"] + path, headers=headers).status_code == 200


def test_a_lead_that_is_read_again_and_again(world: MockWorkspace) -> None:
    for _ in range(3):
        read(world, LEAD)
    assert found(world) == [], "there is no webhook"
    world.simulate("nlpearl", ADA, "busy")
    world.webhook("nlpearl", "lead")
    for _ in range(2):
        read(world, LEAD)
    assert found(world) == [("polls-anyway", "note", [], [1, 2, 3])]


def test_a_lead_that_changes_is_not_polled(world: MockWorkspace) -> None:
    world.webhook("nlpearl", "lead")
    for status in (1, 10, 130):
        writing(world, status)
        read(world, LEAD)
    assert "polls-anyway" not in [each[0] for each in found(world)]


@pytest.mark.parametrize("id", [ADA, PEARL], ids=["a lead's", "a pearl's"])
def test_a_call_is_read_by_another_id(id: str, world: MockWorkspace) -> None:
    world.nlpearl.get(f"/v2/Call/{id}")
    assert ("wrong-call-id", "error", [], [1]) in found(world)


def test_a_call_that_nobody_knows_is_not_the_id_of_something_else(world: MockWorkspace) -> None:
    world.nlpearl.get("/v2/Call/66a1f0c2d60e4562ffffffff")
    assert "wrong-call-id" not in [each[0] for each in found(world)]


# Loops, and what is guessed


def test_a_receiver_that_causes_what_it_is_told_of(
    world: MockWorkspace, receiver: Receiver
) -> None:
    numbers = iter(range(1000))

    def react(body: Any, headers: dict[str, str]) -> Answer:
        lead = {"phone_number": body["phone_number"], "metadata": {"turn": next(numbers)}}
        headers = dict(world.credentials["sela"])
        url = f"{world.base_urls['sela']}/api/leads/update/"
        httpx.put(url, json=lead, headers=headers)
        return 204, None

    receiver.react = react
    hook = world.webhook("sela", "LEAD_UPDATED", to=receiver.url)
    world.sela.put(
        "/api/leads/update/", json={"phone_number": "+12025550101", "metadata": {"turn": -1}}
    )
    world.assert_delivered(hook, state="loop", within=30)
    assert [each[0] for each in found(world) if each[1] == "error"] == ["webhook-loop"]
    (shown,) = world.webhooks()
    assert shown["state"] == "loop"
    hook.change(stopped=None)
    assert world.webhooks()[0]["state"] == "active"


def test_what_no_source_tells_of_an_event_is_a_note(world: MockWorkspace) -> None:
    hook = world.webhook("sela", "CALL_ENDED")
    world.simulate("sela", world.leads("sela")[0], "no_answer")
    world.simulate("sela", world.leads("sela")[0], "voicemail")
    world.assert_delivered(hook)
    assert "last_chat" in done(world, "chosen-event")


# What was seen


def test_the_coverage_has_what_no_test_has_seen(world: MockWorkspace, receiver: Receiver) -> None:
    assert "outcomes_never_seen" not in world.report()["coverage"]["nlpearl"]
    receiver.close()
    world.webhook("nlpearl", "call", to=receiver.url)
    world.simulate("nlpearl", ADA, "busy")
    coverage = world.report()["coverage"]["nlpearl"]
    assert "busy" not in coverage["outcomes_never_seen"]
    assert "success" in coverage["outcomes_never_seen"]
    assert coverage["kinds_never_sent"] == ["lead"]
    assert coverage["webhooks_never_answered"] == [f"call to {receiver.url}"]
    page = world.report("markdown")
    assert f"Webhooks never answered: `call to {receiver.url}`" in page
    assert "(nlpearl, deliveries 1, 2)" in page

"""Webhooks as a test of a user's has them: an inbox, a URL, or a function in the test's own thread."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import get_ident
from time import sleep
from typing import Any

import pytest

from mockserver.client import Client, ControlError, Delivery
from mockserver.errors import MockserverError
from mockserver.testing import MockWorkspace, Running
from tests.testing.suites import Suite
from tests.webhooks.listener import Listener

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
PEARL = "66a1f0c2d60e456235eae601"
ADA, GRACE = "66a1f0c2d60e456235eae701", "66a1f0c2d60e456235eae702"


@pytest.fixture
def mockserver(running: Running, request: pytest.FixtureRequest) -> Iterator[MockWorkspace]:
    """What the plugin gives a test, with a clock that stands and without webhooks."""
    made = running.open(request.node.nodeid, at=NOW)
    for each in made.webhooks():
        made.remove_webhook(each["key"])
    yield made
    made.close()


def statuses(bodies: list[Any]) -> list[int]:
    return [body["status"] for body in bodies]


# Where a webhook goes


def test_a_webhook_without_an_address_has_an_inbox_of_its_own(mockserver: MockWorkspace) -> None:
    calls = mockserver.webhook("nlpearl", "call")
    leads = mockserver.webhook("nlpearl", "lead", pearl=PEARL)
    call = mockserver.simulate("nlpearl", ADA, "success")
    assert (statuses(calls.bodies), statuses(leads.bodies)) == ([3, 4], [20, 40, 100])
    assert [each.attempt for each in calls.received] == [1, 1]
    assert [each.kind for each in call.deliveries] == ["lead", "call", "lead", "call", "lead"]
    mockserver.assert_delivered(
        calls,
        {"id": call.id, "status": 3},
        {"id": call.id, "status": 4, "conversationStatus": 100},
        in_order=True,
    )


def test_a_webhook_goes_to_a_receiver_on_a_socket(mockserver: MockWorkspace) -> None:
    receiver = Listener()
    calls = mockserver.webhook("nlpearl", "call", to=receiver.url + "/hooks", copies=2)
    mockserver.simulate("nlpearl", ADA, "busy")
    assert [each.delivery for each in receiver.got] == ["1.1", "1.2", "2.1", "2.2"]
    assert statuses(calls.bodies) == [3, 5]
    with pytest.raises(MockserverError, match=r"has no inbox: it goes to http://127\.0"):
        _ = calls.received
    receiver.close()


def test_a_function_receives_in_the_thread_of_the_test(mockserver: MockWorkspace) -> None:
    came: list[tuple[int, int]] = []

    def receive(body: Any) -> None:
        came.append((body["status"], get_ident()))

    calls = mockserver.webhook("nlpearl", "call", to=receive)
    told = mockserver.simulate("nlpearl", ADA, "busy")
    assert came == [(3, get_ident()), (5, get_ident())]
    assert [(each.state, each.status) for each in told.deliveries] == [("delivered", 204)] * 2
    assert statuses(calls.bodies) == [3, 5]


def test_a_function_answers_as_a_receiver_does(mockserver: MockWorkspace) -> None:
    answers: Iterator[Any] = iter([500, (200, {"ok": True})])
    mockserver.webhook("nlpearl", "call", to=lambda body: next(answers))
    told = mockserver.simulate("nlpearl", ADA, "busy")
    assert [(each.state, each.status) for each in told.deliveries] == [
        ("failed", 500),
        ("delivered", 200),
    ]
    assert told.deliveries[1].attempts[0].answer == {"ok": True}


def test_an_error_of_a_function_is_raised_in_the_test(mockserver: MockWorkspace) -> None:
    def receive(body: Any) -> None:
        raise LookupError(f"no customer for {body['status']}")

    mockserver.webhook("nlpearl", "lead", to=receive)
    with pytest.raises(LookupError, match="no customer for 30"):
        mockserver.simulate("nlpearl", ADA, "wrong_country_code")
    (failed,) = mockserver.deliveries()
    assert failed.state == "failed"
    assert failed.attempts[0].error == "the receiver raised LookupError: no customer for 30"


def test_what_a_function_returns_is_an_answer(mockserver: MockWorkspace) -> None:
    mockserver.webhook("nlpearl", "lead", to=lambda body: "fine")
    with pytest.raises(TypeError, match="a receiver returns a status"):
        mockserver.simulate("nlpearl", ADA, "wrong_country_code")


def test_a_function_that_acts_at_once_is_in_time_for_the_next_moment(
    mockserver: MockWorkspace,
) -> None:
    def receive(body: Any) -> None:
        if body["status"] == 10:
            path = f"/v2/Outbound/{PEARL}/Lead/{ADA}"
            assert mockserver.nlpearl.put(path, json={"status": 130}).status_code == 200

    mockserver.webhook("nlpearl", "lead", to=receive)
    mockserver.story("nlpearl", ADA, ["no_answer", "success"])
    passed = mockserver.advance(timedelta(days=3))
    outcomes = [each.outcome for each in passed.events if each.kind == "call.ended"]
    assert outcomes == ["no_answer"], "its answer stopped the second call"
    assert statuses([each.body for each in passed.deliveries]) == [20, 40, 10, 130]
    assert (passed.failed, mockserver.due()) == (0, [])


def test_a_function_gets_what_a_request_has_caused(mockserver: MockWorkspace) -> None:
    came: list[int] = []
    mockserver.webhook("nlpearl", "lead", to=lambda body: came.append(body["status"]))
    path = f"/v2/Outbound/{PEARL}/Lead/{ADA}"
    mockserver.nlpearl.put(path, json={"status": 130})
    mockserver.deliver_held()
    assert came == [130]
    mockserver.nlpearl.put(path, json={"status": 100})
    mockserver.assert_delivered("nlpearl/1", {"status": 130}, {"status": 100})
    assert came == [130, 100]


def test_a_function_may_use_the_workspace_itself(mockserver: MockWorkspace) -> None:
    came: list[int] = []

    def receive(body: Any) -> None:
        came.append(body["status"])
        if body["id"] == ADA:
            mockserver.simulate("nlpearl", GRACE, "wrong_country_code")

    mockserver.webhook("nlpearl", "lead", to=receive)
    mockserver.simulate("nlpearl", ADA, "wrong_country_code")
    assert came == [30, 30]


def test_a_function_may_have_calls_played_while_others_wait(mockserver: MockWorkspace) -> None:
    came: list[tuple[str, int]] = []

    def receive(body: Any) -> None:
        came.append((body["leadId"], body["status"]))
        if len(came) == 1:
            mockserver.simulate("nlpearl", GRACE, "no_answer")

    mockserver.webhook("nlpearl", "call", to=receive)
    told = mockserver.simulate("nlpearl", ADA, "no_answer")
    assert sorted(came) == sorted([(ADA, 3), (ADA, 7), (GRACE, 3), (GRACE, 7)])
    assert [each.state for each in told.deliveries] == ["delivered"] * 2


def test_a_function_may_reset_the_workspace(mockserver: MockWorkspace) -> None:
    mockserver.webhook("nlpearl", "call", to=lambda body: mockserver.reset())
    told = mockserver.simulate("nlpearl", ADA, "no_answer")
    assert {each.state for each in told.deliveries} == {"dropped"}
    assert mockserver.events() == []


def test_a_function_that_takes_too_long_is_told_so(serve: Callable[..., str]) -> None:
    world = Client(serve(webhook_timeout=0.2)).create("slow", at=NOW)
    world.webhook("nlpearl", "call", to=lambda body: sleep(0.4))
    world.story("nlpearl", ADA, ["no_answer"])
    with pytest.raises(MockserverError, match=r"the function of nlpearl/\d+ did not return in"):
        world.advance(timedelta(minutes=1))


# What a handle does


def test_a_handle_changes_tests_and_removes_its_webhook(mockserver: MockWorkspace) -> None:
    calls = mockserver.webhook("nlpearl", "call", to="inbox:crm", retries=[5])
    calls.change(lose_first=1, retries=None)
    assert mockserver.webhooks()[0]["options"] == {"lose_first": 1}
    calls.change("inbox:other", lose_first=0)
    assert (calls.url, calls.test().state) == ("inbox:other", "delivered")
    assert len(calls.received) == 1
    calls.remove()
    assert mockserver.webhooks() == []


def test_a_wrong_credential_is_found_out(mockserver: MockWorkspace) -> None:
    credential = {"header": "X-Hook", "value": "s3cret"}
    calls = mockserver.webhook("nlpearl", "call", credential=credential)
    assert calls.test(wrong_credential=True).status == 204
    found = [each["check"] for each in mockserver.report()["findings"]]
    assert "unauthenticated-receiver" in found


def test_a_delivery_is_read_repeated_and_told_in_a_line(mockserver: MockWorkspace) -> None:
    leads = mockserver.webhook("nlpearl", "lead", to="inbox:crm")
    mockserver.set_inbox("crm", 500, {"seconds": 0.01}, then=202)
    mockserver.simulate("nlpearl", ADA, "wrong_country_code")
    (failed,) = leads.deliveries
    assert failed == mockserver.delivery(1)
    assert str(failed) == f"  1  lead of lead {ADA} to nlpearl/1 inbox:crm failed (500)"
    assert isinstance(mockserver.redeliver(failed), Delivery)
    assert [each.status for each in mockserver.redeliver(1).attempts] == [500, 204, 202]
    assert [each.answer["status"] for each in mockserver.inbox("crm")] == [500, 204, 202]
    mockserver.clear_inbox("crm")
    assert mockserver.inboxes() == []


def test_a_webhook_is_named_by_vendor_and_id(mockserver: MockWorkspace) -> None:
    with pytest.raises(ValueError, match="'1' is no key of a webhook"):
        mockserver.remove_webhook("1")
    with pytest.raises(ControlError, match="documents no webhooks"):
        mockserver.webhook("octanist", "lead")


# What was expected


def test_what_was_not_delivered_is_told_with_what_was(mockserver: MockWorkspace) -> None:
    calls = mockserver.webhook("nlpearl", "call", to="inbox:crm")
    mockserver.simulate("nlpearl", ADA, "busy")
    with pytest.raises(AssertionError) as failed:
        mockserver.assert_delivered(calls, {"status": 4}, within=0)
    assert str(failed.value).splitlines()[-5:] == [
        "nearest:",
        f"  delivery 2: call of lead {ADA} to inbox:crm, answered 204",
        "    body.status: expected 4, was 5",
        f"  delivery 1: call of lead {ADA} to inbox:crm, answered 204",
        "    body.status: expected 4, was 3",
    ]


def test_that_nothing_was_delivered_is_seen_at_once(mockserver: MockWorkspace) -> None:
    calls = mockserver.webhook("nlpearl", "call")
    mockserver.assert_delivered(calls, times=0)
    mockserver.simulate("nlpearl", ADA, "busy")
    mockserver.assert_delivered(calls, times=2)
    mockserver.assert_delivered(calls, {"status": 5}, times=1, lead="crm-1")
    with pytest.raises(AssertionError, match="expected no delivery"):
        mockserver.assert_delivered(calls, times=0)


def test_what_was_lost_is_not_delivered(mockserver: MockWorkspace) -> None:
    calls = mockserver.webhook("nlpearl", "call", lose_first=1)
    mockserver.simulate("nlpearl", ADA, "busy")
    mockserver.assert_delivered(calls, {"status": 3}, state="lost")
    with pytest.raises(AssertionError, match='was "lost"'):
        mockserver.assert_delivered(calls, {"status": 3}, within=0)


# Tests that fail

FAILING = """
def test_it(mockserver):
    mockserver.webhook("nlpearl", "lead", to="inbox:crm")
    mockserver.set_inbox("crm", then=500)
    lead = mockserver.leads("nlpearl")[0]
    mockserver.simulate("nlpearl", lead, "wrong_country_code", force=True)
    assert False
"""


@pytest.mark.slow
def test_a_test_that_fails_shows_what_webhooks_were_told(suite: Suite) -> None:
    out = suite({"test_it.py": FAILING}).out
    assert "deliveries to webhooks:" in out
    assert "attempt 1 at " in out


def test_the_deliveries_stand_beside_the_requests(mockserver: MockWorkspace) -> None:
    assert "deliveries" not in mockserver.journal_text()
    mockserver.webhook("nlpearl", "lead", to="inbox:crm")
    mockserver.simulate("nlpearl", ADA, "wrong_country_code")
    lines = mockserver.journal_text().splitlines()
    told = lines[lines.index("deliveries to webhooks:") + 1]
    assert told.startswith(f"  1  lead of lead {ADA} to nlpearl/1 inbox:crm  delivered  204")

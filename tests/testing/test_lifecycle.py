"""What happens to leads after the request, by the Python client and as a test of a user's has it."""

import copy
import pickle
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.client import (
    ChangedLead,
    Client,
    ClockStopped,
    ControlError,
    DueStep,
    Event,
    LeadStory,
    Passed,
    WorkspaceClient,
)
from mockserver.errors import MockserverError
from mockserver.testing import MockWorkspace, Running
from tests.testing.suites import Suite

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
PEARL = "66a1f0c2d60e456235eae601"
ADA, GRACE = "66a1f0c2d60e456235eae701", "66a1f0c2d60e456235eae702"
ALAN_IS_CLOSED = "the lead is called no more: its status is 100"


class Shop:
    """The application under test: it buys leads, and asks what became of them."""

    def __init__(self, client: httpx.Client) -> None:
        self._leads = f"/v2/Outbound/{PEARL}/Lead"
        self._client = client

    def buy_lead(self, name: str, phone: str) -> str:
        body = {"phoneNumber": phone, "externalId": f"shop-{name}", "callData": {"firstName": name}}
        id: str = self._client.post(self._leads, json=body).json()["leadId"]
        return id

    def stage(self, lead: str) -> str:
        status = self._client.get(f"{self._leads}/{lead}").json()["status"]
        return {100: "won", 110: "lost", 150: "given up"}.get(status, "open")


@pytest.fixture
def mockserver(running: Running, request: pytest.FixtureRequest) -> Iterator[MockWorkspace]:
    """What the plugin gives a test, with a clock that stands."""
    made = running.open(request.node.nodeid, at=NOW)
    yield made
    made.close()


@pytest.fixture
def shop(mockserver: MockWorkspace) -> Shop:
    return Shop(mockserver.nlpearl)


# A test of a user's


def test_a_won_call(mockserver: MockWorkspace, shop: Shop) -> None:
    mockserver.freeze("2026-03-02T14:00:00Z")
    lead = shop.buy_lead("Mira", "+12025550171")
    call = mockserver.simulate("nlpearl", lead, "success", collected={"rideTime": "Friday"})
    read = mockserver.nlpearl.get(f"/v2/Call/{call.id}").json()
    assert (read["status"], read["conversationStatus"], read["leadId"]) == (4, 100, lead)
    assert {"id": "rideTime", "name": "rideTime", "value": "Friday"} in read["collectedInfo"]
    assert shop.stage(lead) == "won"


def test_three_attempts(mockserver: MockWorkspace, shop: Shop) -> None:
    lead = shop.buy_lead("Mira", "+12025550171")
    mockserver.story("nlpearl", lead, ["no_answer", "busy", "success"])
    passed = mockserver.advance(timedelta(days=3))
    ended = [event for event in passed.events if event.kind == "call.ended"]
    assert [event.outcome for event in ended] == ["no_answer", "busy", "success"]
    assert passed.next_due is None
    assert shop.stage(lead) == "won"


# Simulate


@pytest.mark.parametrize(
    "lead",
    [
        pytest.param(ADA, id="id"),
        pytest.param("crm-1", id="external id"),
        pytest.param("+12025550101", id="phone number"),
        pytest.param("ada@example.com", id="e-mail address"),
        pytest.param({"id": ADA, "status": 1}, id="a row"),
        pytest.param({"leadId": ADA}, id="the vendor's answer to a new lead"),
    ],
)
def test_a_lead_is_named_in_many_ways(lead: Any, mockserver: MockWorkspace) -> None:
    done = mockserver.simulate("nlpearl", lead, "no_answer")
    assert done.lead is not None
    assert (done.lead["id"], done.lead["status"]) == (ADA, 10)
    assert mockserver.due("nlpearl", lead) == []
    assert len(mockserver.events(lead=lead)) == len(done.events) == 5


def test_an_object_without_an_id_names_no_lead(mockserver: MockWorkspace) -> None:
    with pytest.raises(ValueError, match="named by its id or leadId, but this one has only email"):
        mockserver.simulate("nlpearl", {"email": "ada@example.com"}, "success")


def test_what_happened_to_one_lead_is_told(mockserver: MockWorkspace) -> None:
    done = mockserver.simulate("nlpearl", ADA, "busy", duration=0)
    assert done.call is not None
    assert (done.id, done.due, done.next_due) == (done.call["id"], [], None)
    assert (done.call["status"], done.call["leadId"]) == (5, ADA)


def test_many_leads_are_told_one_by_one(mockserver: MockWorkspace) -> None:
    done = mockserver.simulate("nlpearl", leads=[ADA, {"id": GRACE}], outcome="busy")
    assert [each.lead and each.lead["id"] for each in done.leads] == [ADA, GRACE]
    with pytest.raises(MockserverError, match="it happened to 2 leads: `leads` has each"):
        _ = done.lead


def test_a_call_in_two_halves(mockserver: MockWorkspace) -> None:
    started = mockserver.simulate("nlpearl", ADA, phase="start")
    ended = mockserver.simulate("nlpearl", ADA, "success", phase="end", call=started.id)
    assert ended.id == started.id
    assert [event.kind for event in (*started.events, *ended.events)] == [
        "lead.status",
        "call.started",
        "lead.status",
        "call.ended",
        "lead.status",
    ]


@pytest.mark.parametrize(
    "when",
    [
        pytest.param(timedelta(hours=2), id="time until then"),
        pytest.param(7200, id="seconds"),
        pytest.param("+2h", id="text"),
        pytest.param(NOW + timedelta(hours=2), id="moment"),
    ],
)
def test_an_outcome_is_planned(when: Any, mockserver: MockWorkspace) -> None:
    done = mockserver.simulate("nlpearl", ADA, "busy", when=when)
    step = DueStep(
        1,
        "nlpearl",
        ADA,
        "call",
        NOW + timedelta(hours=2),
        1,
        "simulate busy",
        False,
        "busy",
    )
    assert (done.due, done.next_due, mockserver.due(), done.call) == ([step], step, [step], None)
    with pytest.raises(MockserverError, match="nobody was called"):
        _ = done.id
    mockserver.remove_due(step)
    assert mockserver.due() == []


def test_a_preview_changes_nothing(mockserver: MockWorkspace) -> None:
    told = mockserver.simulate("nlpearl", ADA, "success", preview=True)
    assert {(event.number, event.cause) for event in told.events} == {(None, None)}
    assert mockserver.events() == []


def test_a_closed_lead_is_refused_unless_forced(mockserver: MockWorkspace) -> None:
    with pytest.raises(ControlError, match=ALAN_IS_CLOSED):
        mockserver.simulate("nlpearl", "crm-3", "busy")
    assert mockserver.simulate("nlpearl", "crm-3", "busy", force=True).call is not None


def test_the_outcomes_are_listed_with_what_they_do(mockserver: MockWorkspace) -> None:
    names = [each["name"] for each in mockserver.outcomes("nlpearl")]
    told = {each["name"]: each for each in mockserver.outcomes("nlpearl", "crm-3")}
    assert (names, told["busy"]["refused"]) == ([*told], ALAN_IS_CLOSED)


# Events


def test_an_event_has_the_members_of_its_kind(mockserver: MockWorkspace) -> None:
    call = mockserver.simulate("nlpearl", ADA, "success")
    event = mockserver.events(kind="lead.status")[-1]
    assert event == Event(
        5, NOW, "nlpearl", ADA, "lead.status", {"simulate": 1}, {"from": 40, "to": 100}
    )
    assert (event["from"], event["to"], event.to) == (40, 100, 100)
    assert copy.deepcopy(event) == pickle.loads(pickle.dumps(event)) == event
    assert str(event) == (
        f"  5  2026-03-02T14:00:00Z nlpearl {ADA} lead.status from=40 to=100 (by simulate 1)"
    )
    (ended,) = mockserver.events(kind="call.ended")
    assert (ended.call, ended.outcome) == (call.id, "success")
    with pytest.raises(
        AttributeError, match="has no member 'outcome'; its own members are from, to"
    ):
        _ = event.outcome


def test_events_are_read_page_by_page() -> None:
    with MockServer(max_steps=10_000) as roomy:
        made = roomy.client.create(at=NOW)
        leads = [{"pearlId": PEARL, "phoneNumber": f"+1202555{n:04}"} for n in range(1050)]
        made.seed({"nlpearl": {"pearls": [PEARL_ROW], "leads": leads}})
        numbers = [row["id"] for row in made.leads("nlpearl")]
        made.simulate("nlpearl", leads=numbers, outcome="wrong_country_code", when=60)
        assert len(made.due("nlpearl")) == 1050
        passed = made.advance(60)
        assert (passed.steps, passed.dropped, made.due()) == (1050, 0, [])
        assert [event.number for event in passed.events] == list(range(1, 1051))
        assert made.events(1000) == passed.events[1000:]


PEARL_ROW = {"id": PEARL, "name": "Many", "type": 2, "phoneNumber": "+12025550190"}


# Stories


def test_a_story_is_given_and_ended(mockserver: MockWorkspace) -> None:
    told = mockserver.story("nlpearl", ADA, ["no_answer", {"outcome": "busy", "after": "2h"}])
    assert told == LeadStory(
        "no_answer, busy",
        "control",
        [{"outcome": "no_answer"}, {"outcome": "busy", "after": "2h"}],
        0,
        mockserver.due(),
    )
    assert mockserver.story("nlpearl", "crm-1", "never_answers").story == "never_answers"
    mockserver.clear_story("nlpearl", {"id": ADA})
    assert mockserver.due() == []


def test_the_autopilot_is_read_and_set(mockserver: MockWorkspace) -> None:
    before = mockserver.autopilot()["nlpearl"]
    set_to = mockserver.set_autopilot(
        "nlpearl", mode="all", weights={"mine": 1}, stories={"mine": ["busy"]}
    )
    stories = before["stories"] | {"mine": ["busy"]}
    assert set_to == {"mode": "all", "weights": {"mine": 1}, "stories": stories}
    assert mockserver.autopilot()["nlpearl"] == set_to
    assert len(mockserver.due("nlpearl")) > 1


def test_a_lead_is_changed_with_events_or_without(mockserver: MockWorkspace) -> None:
    changed = mockserver.change_lead("nlpearl", "crm-1", {"status": 130})
    assert changed.lead is not None
    assert (changed.lead["status"], changed.events) == (130, mockserver.events())
    silent = mockserver.change_lead("nlpearl", "crm-1", {"status": 130}, events=False)
    assert silent == ChangedLead(changed.lead, [])


# The clock


def test_time_passes_to_a_moment_and_to_what_is_due_next(mockserver: MockWorkspace) -> None:
    mockserver.simulate("nlpearl", ADA, "wrong_country_code", when="1h")
    mockserver.simulate("nlpearl", GRACE, "wrong_country_code", when="3h")
    first = mockserver.advance(to="next")
    assert (first.now, first.steps) == (NOW + timedelta(hours=1), 1)
    assert [event.lead for event in first.events] == [ADA]
    assert first.next_due is not None
    assert (first.next_due.lead, first.next_due.at) == (GRACE, NOW + timedelta(hours=3))
    second = mockserver.advance(to=NOW + timedelta(days=1))
    assert [event.lead for event in second.events] == [GRACE]
    assert second == Passed(
        "frozen", NOW + timedelta(days=1), timedelta(0), 1, second.events, [], 0, 0, None, None
    )
    assert mockserver.clock().now == second.now


def test_what_requests_did_meanwhile_is_among_what_passed(
    mockserver: MockWorkspace, shop: Shop
) -> None:
    before = shop.buy_lead("Mira", "+12025550171")
    mockserver.simulate("nlpearl", before, "wrong_country_code", when=60)
    kinds = [event.kind for event in mockserver.advance(60).events]
    assert kinds == ["lead.status"], "the lead was made before"


@pytest.mark.parametrize("given", [{}, {"by": 5, "to": "next"}])
def test_time_passes_by_or_to(given: Any, mockserver: MockWorkspace) -> None:
    with pytest.raises(TypeError, match="a time that passes, or `to`, and not both"):
        mockserver.advance(**given)


def test_a_clock_may_move_without_anything_happening(mockserver: MockWorkspace) -> None:
    mockserver.simulate("nlpearl", ADA, "wrong_country_code", when="1h")
    assert mockserver.advance(7200, fire=False).steps == 0
    mockserver.freeze(NOW + timedelta(hours=3), fire=False)
    assert mockserver.events() == []
    assert mockserver.advance(0).steps == 1


def test_a_frozen_clock_that_is_set_forward_plays_what_is_due(mockserver: MockWorkspace) -> None:
    mockserver.simulate("nlpearl", ADA, "wrong_country_code", when="1h")
    mockserver.freeze(NOW + timedelta(hours=2))
    assert [event.at for event in mockserver.events()] == [NOW + timedelta(hours=1)]


@pytest.fixture
def impatient() -> Iterator[WorkspaceClient]:
    """A workspace of a server that plays two steps in one move, with three that are due."""
    with MockServer(max_steps=2) as server:
        made = server.client.create(at=NOW)
        for seconds in (10, 20, 30):
            made.simulate("nlpearl", "crm-1", "wrong_country_code", when=seconds, force=True)
        yield made


def test_a_clock_that_stops_on_its_way_says_so(impatient: WorkspaceClient) -> None:
    with pytest.raises(ClockStopped, match=r"after 2 due steps, .*move the clock again") as stopped:
        impatient.advance(60)
    passed = stopped.value.passed
    assert (passed.now, passed.steps, passed.stopped) == (NOW + timedelta(seconds=20), 2, "limit")
    assert impatient.advance(40).steps == 1


def test_a_clock_that_is_set_and_stops_says_so_too(impatient: WorkspaceClient) -> None:
    with pytest.raises(ClockStopped):
        impatient.freeze(NOW + timedelta(minutes=1))


class Noting(Client):
    """A client that notes how long each answer may take beyond the usual."""

    def __init__(self, url: str) -> None:
        super().__init__(url, patience=77)
        self.waited: list[float] = []

    def call(
        self, method: str, path: str, body: Any = None, *, patience: float = 0.0, **query: Any
    ) -> Any:
        self.waited.append(patience)
        return super().call(method, path, body, patience=patience, **query)


def test_the_client_waits_for_what_takes_long(mockserver: MockWorkspace) -> None:
    client = Noting(mockserver.client.url)
    workspace = WorkspaceClient(client, mockserver.name)
    workspace.simulate("nlpearl", ADA, "busy")
    workspace.advance(5)
    workspace.freeze()
    workspace.clock()
    assert client.waited == [77, 0, 77, 0, 77, 0], "before a clock moves, what is pending is read"


# A failed test


def test_a_failed_test_shows_the_newest_events_with_their_causes(suite: Suite) -> None:
    text = f"""
def test_it(mockserver):
    mockserver.freeze("2026-03-02T14:00:00Z")
    for outcome in ("busy", "no_answer", "failed", "busy", "no_answer"):
        mockserver.simulate("nlpearl", "{ADA}", outcome, force=True)
    mockserver.change_lead("nlpearl", "{ADA}", {{"status": 130}})
    assert False
"""
    out = suite({"test_it.py": text}).out
    section = out.partition("mockserver requests -")[2]
    title, *lines = section.partition("what happened")[2].splitlines()[:21]
    assert title == " to leads and calls, 6 events before these left out:"
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == list(range(7, 27))
    assert re.search(r"lead\.status from=150 to=130 \(by control 1\)", lines[-1])


def test_a_failed_test_without_events_does_not_speak_of_them(opened: MockWorkspace) -> None:
    opened.octanist.get("/leads")
    assert "what happened" not in opened.journal_text()

"""What happens to leads without a request, by the control API: what it answers and what it refuses."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.workspaces import Workspace
from tests.answers import problems, refused
from tests.lives import standing_workspace
from tests.pearl import ADA, ALAN, GRACE, PEARL, simulate
from tests.samples import NAMES

NOW = "2026-03-02T14:00:00.000Z"
CLOSED = 'the lead is called no more: its status is 100; "force": true plays it all the same'
CALENDAR = "must lead to a time from the year 2 to the year 9998"


@pytest.fixture
def control(server: MockServer, account: str) -> Iterator[httpx.Client]:
    """The control API of a workspace whose clock stands at NOW."""
    with standing_workspace(server.url, account) as client:
        yield client


def status(control: httpx.Client, lead: str) -> int:
    row: int = control.get(f"/leads/nlpearl/{lead}").json()["lead"]["status"]
    return row


def due(control: httpx.Client, **query: Any) -> list[tuple[Any, ...]]:
    """Of each due step its number, lead, time, outcome, and whether it is held."""
    steps = control.get("/due", params=query).json()["due"]
    return [tuple(each[name] for name in ("number", "lead", "at", "outcome")) for each in steps]


# Simulate


def test_the_lead_may_be_named_by_whatever_is_its_own(control: httpx.Client) -> None:
    names = [ADA, "crm-1", "+12025550101", "(202) 555-0101", "ada@example.com"]
    leads = [simulate(control, name, preview=True)["lead"]["id"] for name in names]
    assert leads == [ADA] * len(names)


def test_a_preview_tells_what_would_happen_and_changes_nothing(control: httpx.Client) -> None:
    told = simulate(control, outcome="no_answer", preview=True)
    before = control.get(f"/leads/nlpearl/{ADA}").json()
    done = simulate(control, outcome="no_answer")
    assert (before["lead"]["status"], before["events"]) == (1, [])
    assert [each | {"number": 0, "cause": {}} for each in told["events"]] == [
        each | {"number": 0, "cause": {}} for each in done["events"]
    ]
    assert {name: told[name] for name in ("lead", "call", "due", "next_due")} == {
        name: done[name] for name in ("lead", "call", "due", "next_due")
    }


def test_a_preview_of_an_event_has_no_number_and_no_cause(control: httpx.Client) -> None:
    first = simulate(control, preview=True)["events"][0]
    assert first == {
        "at": NOW,
        "vendor": "nlpearl",
        "lead": ADA,
        "kind": "lead.status",
        "from": 1,
        "to": 20,
    }


def test_many_leads_get_the_same_or_nobody_does(control: httpx.Client) -> None:
    body = {"vendor": "nlpearl", "leads": ["crm-1", GRACE, "crm-3", "crm-4"], "outcome": "busy"}
    closed = CLOSED.replace("100", "110")
    assert problems(control.post("/simulate", json=body)) == {
        "/leads/2": CLOSED,
        "/leads/3": closed,
    }
    assert control.get("/events").json()["events"] == []
    done = control.post("/simulate", json=body | {"leads": ["crm-1", GRACE]}).json()
    assert [each["lead"]["id"] for each in done["leads"]] == [ADA, GRACE]
    assert [each["call"]["status"] for each in done["leads"]] == [5, 5]
    assert {json_cause["simulate"] for json_cause in (e["cause"] for e in done["events"])} == {1}
    assert "lead" not in done


def test_no_lead_at_all_is_nothing(control: httpx.Client) -> None:
    body = {"vendor": "nlpearl", "leads": [], "outcome": "success"}
    assert control.post("/simulate", json=body).json() == {
        "events": [],
        "leads": [],
        "deliveries": [],
        "next_due": None,
    }


def test_what_a_test_says_of_a_call_stands_in_it(control: httpx.Client) -> None:
    said = {"summary": "She wants the blue one.", "tags": ["blue", "big"], "overallSentiment": 1}
    call = simulate(control, duration=31, collected={"rideTime": "Friday"}, fields=said)["call"]
    collected = {each["id"]: each["value"] for each in call["collectedInfo"]}
    assert (call["duration"], collected["rideTime"]) == (31, "Friday")
    assert {name: call[name] for name in said} == said


def test_a_closed_lead_is_not_called_unless_it_is_forced(control: httpx.Client) -> None:
    body = {"vendor": "nlpearl", "lead": ALAN, "outcome": "no_answer"}
    assert problems(control.post("/simulate", json=body)) == {"/outcome": CLOSED}
    assert simulate(control, ALAN, "no_answer", force=True)["lead"]["status"] == 10


def test_a_call_has_a_start_and_one_end(control: httpx.Client, nlpearl: httpx.Client) -> None:
    start = control.post("/simulate", json={"vendor": "nlpearl", "lead": ADA, "phase": "start"})
    id = start.json()["call"]["id"]
    ongoing = nlpearl.get(f"/v2/Pearl/{PEARL}/OngoingCalls").json()["totalOngoingCalls"]
    assert (nlpearl.get(f"/v2/Call/{id}").json()["status"], ongoing) == (3, 1)
    end = {"vendor": "nlpearl", "phase": "end", "call": id, "outcome": "not_successful"}
    wrong = control.post("/simulate", json=end | {"lead": GRACE})
    assert refused(wrong) == (409, f"The call {id} is not one of the lead {GRACE}.")
    ended = control.post("/simulate", json=end | {"lead": "crm-1"}).json()
    assert (ended["call"]["id"], ended["call"]["status"], ended["lead"]["status"]) == (id, 4, 110)
    assert refused(control.post("/simulate", json=end)) == (
        409,
        f"The call {id} has ended already.",
    )
    assert len(control.get("/events").json()["events"]) == 5


@pytest.mark.parametrize(
    ("when", "at"),
    [
        pytest.param(90, "2026-03-02T14:01:30.000Z", id="seconds"),
        pytest.param("+2h", "2026-03-02T16:00:00.000Z", id="a text"),
        pytest.param("1d12h", "2026-03-04T02:00:00.000Z", id="a text of two units"),
        pytest.param("2026-03-03T10:00:00+01:00", "2026-03-03T09:00:00.000Z", id="an instant"),
        pytest.param("2020-01-01T00:00:00Z", NOW, id="what is past is now"),
    ],
)
def test_an_outcome_may_be_planned(when: Any, at: str, control: httpx.Client) -> None:
    done = simulate(control, outcome="voicemail_left", when=when)
    assert done["events"] == []
    assert due(control) == [(1, ADA, at, "voicemail_left")]
    assert done["due"] == [done["next_due"]]
    control.post("/clock/advance", json={"to": "next"})
    control.post("/clock/advance", json={"seconds": 120})
    assert status(control, ADA) == 70


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({}, {"/vendor": "is required", "/lead": "is required, or leads for many", "/outcome": "is required unless the phase is start"}, id="empty"),
        pytest.param({"vendor": "nlparl", "lead": ADA, "outcome": "success"}, {"/vendor": "is 'nlparl', which is not known; did you mean nlpearl?"}, id="vendor"),
        pytest.param({"vendor": "nlpearl", "lead": ADA, "outcome": "sucess"}, {"/outcome": "nlpearl has no outcome 'sucess'; did you mean success or not_successful?"}, id="outcome"),
        pytest.param({"vendor": "nlpearl", "lead": ADA, "leads": [ADA], "outcome": "success"}, {"/leads": "goes not together with lead"}, id="lead and leads"),
        pytest.param({"vendor": "nlpearl", "lead": ADA, "outcome": "success", "call": "1"}, {"/call": "goes not together with the phase whole"}, id="a call of its own"),
        pytest.param({"vendor": "nlpearl", "leads": [ADA], "phase": "start", "when": 5, "duration": 5}, {"/leads": "goes not together with the phase start", "/when": "goes not together with the phase start", "/duration": "goes not together with the phase start"}, id="start"),
        pytest.param({"vendor": "nlpearl", "phase": "end", "when": 5}, {"/when": "goes not together with the phase end", "/call": "is required with the phase end", "/outcome": "is required unless the phase is start"}, id="end"),
        pytest.param({"vendor": "nlpearl", "lead": ADA, "outcome": "success", "when": "soon", "fields": {"colour": 1, "status": 9, "id": "x"}}, {"/when": "must be seconds from now, a text like +2h, or an instant", "/fields/colour": "is no field that a test may set; known are collectedInfo, conversationStatus, duration, from, isCallTransferred, name, overallSentiment, recording, status, summary, tags, to, transcript", "/fields/status": "is 9, and must be one of 3, 4, 5, 6, 7, 8", "/fields/id": "is no field that a test may set; known are collectedInfo, conversationStatus, duration, from, isCallTransferred, name, overallSentiment, recording, status, summary, tags, to, transcript"}, id="when and fields"),
        pytest.param({"vendor": "nlpearl", "lead": ADA, "outcome": "success", "when": -5}, {"/when": "must be seconds from now, a text like +2h, or an instant"}, id="ago"),
        pytest.param({"vendor": "nlpearl", "lead": ADA, "outcome": "success", "when": 300_000_000_000}, {"/when": CALENDAR}, id="past 9999"),
        pytest.param({"vendor": "nlpearl", "lead": ADA, "outcome": "success", "when": "9999-12-31T23:59:59Z"}, {"/when": CALENDAR}, id="the end of time"),
        pytest.param({"vendor": "nlpearl", "lead": ADA, "outcome": "success", "duration": -1, "phase": "middle"}, {"/duration": "must be at least 0", "/phase": "must be one of whole, start, end"}, id="values"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_simulation_that_cannot_be_is_refused(
    body: Any, errors: dict[str, str], control: httpx.Client
) -> None:
    assert problems(control.post("/simulate", json=body)) == errors


def test_a_lead_that_is_not_there_or_there_more_than_once_is_named(
    control: httpx.Client, account: str
) -> None:
    def asked(*leads: str) -> tuple[int, str]:
        body = {"vendor": "nlpearl", "leads": leads, "outcome": "success"}
        return refused(control.post("/simulate", json=body))

    several = (
        "'+12155550111' names 2 leads of nlpearl: 66a1f0c2d60e456235eae70b, "
        "66a1f0c2d60e456235eae70c."
    )
    assert asked("+12155550111") == (409, several)
    missing = (
        f"{account} has no lead 'nobody' of nlpearl. {account} has no lead 'crm-99' of nlpearl."
    )
    assert asked("nobody", ADA, "crm-99", "+12155550111") == (404, f"{missing} {several}")


def test_a_call_that_is_not_there_cannot_end(control: httpx.Client, account: str) -> None:
    body = {"vendor": "nlpearl", "phase": "end", "call": ADA, "outcome": "success"}
    assert refused(control.post("/simulate", json=body)) == (
        404,
        f"{account} has no call {ADA!r} of nlpearl.",
    )


# Outcomes


def test_the_catalogue_says_what_each_outcome_sets_and_how_sure_it_is(
    control: httpx.Client,
) -> None:
    found = {
        each["name"]: each for each in control.get("/outcomes?vendor=nlpearl").json()["outcomes"]
    }
    assert found["no_answer"] == {
        "vendor": "nlpearl",
        "name": "no_answer",
        "title": "It rang and nobody answered",
        "next": "retry",
        "sets": {
            "call": {"status": 7, "conversationStatus": 10, "duration": 0, "overallSentiment": 3},
            "lead": {"status": 10},
        },
        "last_attempt": {"lead": {"status": 150}},
        "magic_phone": "+19005550150",
        "marks": {
            "call.status": "documented",
            "call.conversationStatus": "inferred",
            "lead.status": "inferred",
            "last_attempt.lead.status": "inferred",
            "call.duration": "inferred",
            "call.overallSentiment": "inferred",
        },
    }


def test_with_a_lead_the_catalogue_has_the_effects(control: httpx.Client) -> None:
    found = control.get(f"/outcomes?vendor=nlpearl&lead={ALAN}").json()["outcomes"]
    (success,) = [each for each in found if each["name"] == "success"]
    assert success["refused"] == CLOSED.partition(";")[0]
    assert [each["to"] for each in success["events"] if each["kind"] == "lead.status"] == [
        20,
        40,
        100,
    ]
    assert (success["lead"]["status"], success["call"]["status"], success["due"]) == (100, 4, [])
    assert control.get("/events").json()["events"] == []


def test_an_unknown_vendor_or_lead_has_no_outcomes(control: httpx.Client, account: str) -> None:
    assert problems(control.get("/outcomes?vendor=nlparl")) == {
        "vendor": "is 'nlparl', which is not known; did you mean nlpearl?"
    }
    assert refused(control.get("/outcomes?vendor=nlpearl&lead=nobody")) == (
        404,
        f"{account} has no lead 'nobody' of nlpearl.",
    )


# Due steps


def test_due_steps_come_by_page_earliest_first(control: httpx.Client) -> None:
    for seconds in (30, 10, 20):
        simulate(control, when=seconds)
    first = control.get("/due?limit=2").json()
    assert [each["number"] for each in first["due"]] == [2, 3]
    assert (first["total"], first["next"]) == (3, 2)
    last = control.get("/due?limit=2&after=2").json()
    assert ([each["number"] for each in last["due"]], last["next"]) == ([1], None)
    assert control.get("/due?after=3").json() == {"due": [], "total": 3, "next": None}
    assert due(control, lead="crm-2") == due(control, vendor="octanist") == []
    assert len(due(control, lead="crm-1", vendor="nlpearl")) == 3


def test_a_due_step_that_is_removed_does_not_happen(control: httpx.Client, account: str) -> None:
    simulate(control, when="1h")
    assert control.delete("/due/1").status_code == 204
    passed = control.post("/clock/advance", json={"seconds": 604_800}).json()
    assert (passed["steps"], status(control, ADA)) == (0, 1)
    assert refused(control.delete("/due/1")) == (404, f"{account} has no due step 1.")


def test_pages_of_due_steps_have_a_size(control: httpx.Client) -> None:
    assert problems(control.get("/due?limit=0&after=-1&vendor=x&late=1")) == {
        "limit": "must be at least 1",
        "after": "must be at least 0",
        "vendor": "is 'x', which is not known; known are nlpearl, octanist, sela",
        "late": "is no parameter here; known are vendor, lead, after, limit",
    }


# Autopilot and stories


def test_the_autopilot_is_read_and_changed(control: httpx.Client) -> None:
    before = control.get("/autopilot").json()["nlpearl"]
    assert (before["mode"], before["stories"]["third_time"]) == (
        "magic",
        ["no_answer", "busy", "success"],
    )
    wanted = {"mode": "all", "weights": {"machines": 1}, "stories": {"machines": ["machine"]}}
    changed = control.put("/autopilot", json={"nlpearl": wanted}).json()["nlpearl"]
    assert changed == {
        "mode": "all",
        "weights": {"machines": 1},
        "stories": before["stories"] | {"machines": ["machine"]},
    }
    assert control.get("/autopilot").json()["nlpearl"] == changed
    assert len(due(control, vendor="nlpearl")) > 1
    control.put("/autopilot", json={"nlpearl": {"mode": "off"}})
    assert due(control, vendor="nlpearl") == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({"nlparl": {}}, {"/nlparl": "calls nobody here; did you mean nlpearl?"}, id="vendor"),
        pytest.param({"octanist": {"mode": "all"}}, {"/octanist": "calls nobody here"}, id="a vendor that calls nobody"),
        pytest.param({"nlpearl": {"mode": "on", "weights": {"never": 1}, "stories": {"mine": ["sucess", {"outcome": "busy", "after": "later"}]}}}, {"/nlpearl/mode": "must be one of off, magic, all", "/nlpearl/weights/never": "'never' is no story", "/nlpearl/stories/mine/0": "'sucess' is no outcome; did you mean success or not_successful?", "/nlpearl/stories/mine/1": "after must be seconds or a text like 2h, not 'later'"}, id="everything"),
        pytest.param({"nlpearl": {"stories": {"mine": 5, "id": ["busy"]}, "weights": [1]}}, {"/nlpearl/weights": "must be a JSON object", "/nlpearl/stories/mine": "must be an array", "/nlpearl/stories/id": "is no name for a story"}, id="shapes"),
        pytest.param({"nlpearl": {"stories": {"mine": [{"outcome": "busy", "fields": {"status": 9}}]}}}, {"/nlpearl/stories/mine/0/fields/status": "is 9, and must be one of 3, 4, 5, 6, 7, 8"}, id="fields"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_an_autopilot_that_cannot_be_is_refused(
    body: Any, errors: dict[str, str], control: httpx.Client
) -> None:
    before = control.get("/autopilot").json()
    found = problems(control.put("/autopilot", json=body))
    # Which vendors call is not what this is about.
    assert {place: text.partition("; known are")[0] for place, text in found.items()} == errors
    assert control.get("/autopilot").json() == before


def test_a_story_is_given_by_its_steps_or_by_name_and_ended(control: httpx.Client) -> None:
    steps = ["no_answer", {"outcome": "success", "after": "2h", "duration": 31}]
    told = control.put("/leads/nlpearl/crm-1/story", json=steps).json()
    assert told == {
        "story": "no_answer, success",
        "source": "control",
        "steps": [{"outcome": "no_answer"}, {"outcome": "success", "after": "2h", "duration": 31}],
        "attempts": 0,
        "due": [
            {
                "number": 1,
                "vendor": "nlpearl",
                "lead": ADA,
                "step": "call",
                "at": NOW,
                "attempt": 1,
                "why": "attempt 1 of at most 3",
                "held": False,
                "outcome": None,
            }
        ],
    }
    named = control.put("/leads/nlpearl/crm-1/story", json={"story": "third_time"}).json()
    assert (named["story"], len(named["due"])) == ("third_time", 1)
    assert control.delete("/leads/nlpearl/crm-1/story").status_code == 204
    assert due(control) == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param([], {"": "must not be empty"}, id="no step"),
        pytest.param({"story": "third"}, {"/story": "'third' is no story; did you mean third_time?"}, id="name"),
        pytest.param(["sucess", "busy", {"outcome": "busy", "after": -1}], {"/0": "'sucess' is no outcome; did you mean success or not_successful?", "/2": "after must be seconds or a text like 2h, not -1"}, id="steps"),
        pytest.param(["busy", {"outcome": "busy", "duration": "long"}], {"/1/duration": "must be an integer"}, id="shape"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_story_that_cannot_be_is_refused(
    body: Any, errors: dict[str, str], control: httpx.Client
) -> None:
    assert problems(control.put("/leads/nlpearl/crm-1/story", json=body)) == errors


def test_a_story_past_the_end_of_the_calendar_is_never_played(control: httpx.Client) -> None:
    story = [{"outcome": "success", "after": 315_000_000_000}]
    assert control.put("/leads/nlpearl/crm-1/story", json=story).status_code == 200
    assert control.post("/clock/advance", json={"seconds": 10**9}).json()["steps"] == 0


def test_no_story_begins_for_a_closed_lead(control: httpx.Client, account: str) -> None:
    sentence = "No story can begin: the lead is called no more: its status is 100."
    assert refused(control.put("/leads/nlpearl/crm-3/story", json=["busy"])) == (409, sentence)
    for method in ("PUT", "DELETE"):
        answer = control.request(method, "/leads/nlpearl/nobody/story", json=["busy"])
        assert refused(answer) == (404, f"{account} has no lead 'nobody' of nlpearl.")
    answer = control.put("/leads/nlparl/crm-1/story", json=["busy"])
    sentence = "'nlparl' is no vendor whose leads are played; did you mean nlpearl?"
    assert refused(answer) == (404, sentence)


# Leads and events


def test_a_change_by_the_control_api_makes_the_same_events_or_none(control: httpx.Client) -> None:
    changed = control.patch("/leads/nlpearl/crm-1", json={"fields": {"status": 130}}).json()
    assert (changed["lead"]["status"], changed["events"]) == (
        130,
        [
            {
                "number": 1,
                "at": NOW,
                "vendor": "nlpearl",
                "lead": ADA,
                "kind": "lead.status",
                "from": 1,
                "to": 130,
                "cause": {"control": 1},
            }
        ],
    )
    silent = {"fields": {"status": 1}, "events": False}
    assert control.patch("/leads/nlpearl/crm-1", json=silent).json()["events"] == []
    assert (status(control, ADA), control.get("/requests").json()["requests"]) == (1, [])
    assert control.get("/events").json()["events"] == changed["events"]


def test_a_change_that_the_vendor_refuses_is_refused(control: httpx.Client, account: str) -> None:
    body = {"fields": {"status": 7, "callData": 5}, "event": True}
    found = problems(control.patch("/leads/nlpearl/crm-1", json=body))
    assert found == {"/event": "is no property here; known are fields, events"}
    del body["event"]
    found = problems(control.patch("/leads/nlpearl/crm-1", json=body))
    assert found["/fields/status"] == "is 7, and must be one of 1, 10, 100, 110, 130"
    assert (sorted(found), status(control, ADA)) == (["/fields/callData", "/fields/status"], 1)
    answer = control.patch("/leads/nlpearl/nobody", json={"fields": {}})
    assert refused(answer) == (404, f"{account} has no lead 'nobody' of nlpearl.")


def test_events_come_by_page_and_filter_oldest_first(
    control: httpx.Client, nlpearl: httpx.Client
) -> None:
    simulate(control, ADA)
    simulate(control, GRACE, "busy")
    first = control.get("/events?limit=4").json()
    assert [each["number"] for each in first["events"]] == [1, 2, 3, 4]
    assert (first["next"], first["last"], first["dropped"]) == (4, 10, 0)
    last = control.get("/events?after=4&limit=6").json()
    assert ([each["number"] for each in last["events"]], last["next"]) == ([*range(5, 11)], None)

    def numbers(**query: Any) -> list[int]:
        page = control.get("/events", params=query).json()["events"]
        return [each["number"] for each in page]

    assert numbers(kind="call.ended") == [4, 9]
    assert numbers(lead="crm-2", kind="call.ended") == numbers(lead=GRACE, after=8, limit=1) == [9]
    assert numbers(vendor="octanist") == numbers(lead="nobody") == numbers(after=10**30) == []
    nlpearl.request("DELETE", f"/v2/Outbound/{PEARL}/Leads", json={"leadIds": [ADA]})
    assert numbers(lead=ADA) == [1, 2, 3, 4, 5, 11], "its id still names it"


@pytest.mark.parametrize("vendor", NAMES)
def test_each_kind_of_event_can_be_asked_for(vendor: str, control: httpx.Client) -> None:
    lead = control.get(f"/leads?vendor={vendor}&limit=1").json()["leads"][0]["id"]
    outcomes = control.get(f"/outcomes?vendor={vendor}").json()["outcomes"]
    for outcome in outcomes:
        body = {"vendor": vendor, "lead": lead, "outcome": outcome["name"], "force": True}
        assert control.post("/simulate", json=body).status_code == 200, outcome
    control.post("/clock/advance", json={"seconds": 86_400})
    events = control.get("/events?limit=1000").json()["events"]
    kinds = {event["kind"] for event in events if event["vendor"] == vendor}
    assert "lead.status" in kinds
    for kind in kinds:
        found = control.get(f"/events?vendor={vendor}&kind={kind}&limit=1000").json()["events"]
        assert {event["kind"] for event in found} == {kind}


def test_a_kind_of_event_that_there_is_not_is_refused(control: httpx.Client) -> None:
    [error] = control.get("/events?kind=call.end").json()["errors"]
    said = "is 'call.end', which is not known; did you mean call.ended or "
    assert (error["parameter"], error["detail"].startswith(said)) == ("kind", True), error
    [error] = control.get("/events?vendor=octanist&kind=call.queued").json()["errors"]
    assert error["parameter"] == "kind"


def test_pages_of_events_have_a_size(control: httpx.Client) -> None:
    assert problems(control.get("/events?limit=1001&after=-1&vendor=x")) == {
        "limit": "must be at most 1000",
        "after": "must be at least 0",
        "vendor": "is 'x', which is not known; known are nlpearl, octanist, sela",
    }


# The clock


def test_the_clock_goes_to_what_is_due_first(control: httpx.Client) -> None:
    simulate(control, ADA, "busy", when="2h")
    simulate(control, GRACE, "busy", when="1h")
    passed = control.post("/clock/advance", json={"to": "next"}).json()
    assert passed == {
        "mode": "frozen",
        "now": "2026-03-02T15:00:00.000Z",
        "shift_seconds": 0,
        "steps": 1,
        "after": 0,
        "events": 1,
        "deliveries": 0,
        "failed": 0,
        "stopped": None,
        "first": control.get("/events").json()["events"],
        "next_due": control.get("/due").json()["due"][0],
    }
    later = control.post("/clock/advance", json={"to": "2026-03-02T16:30:00Z"}).json()
    assert (later["now"], later["next_due"]) == ("2026-03-02T16:30:00.000Z", None)
    assert later["after"] + later["events"] == control.get("/events").json()["last"]


def test_with_nothing_due_the_next_moment_is_now(control: httpx.Client) -> None:
    passed = control.post("/clock/advance", json={"to": "next"}).json()
    assert (passed["now"], passed["steps"], passed["next_due"]) == (NOW, 0, None)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({"seconds": 5, "to": "next"}, {"/to": "goes not together with seconds"}, id="both"),
        pytest.param({}, {"/seconds": "is required, or to"}, id="neither"),
        pytest.param({"to": 5}, {"/to": "must be a string"}, id="a number"),
        pytest.param({"to": "soon", "fire": 1}, {"/to": "must be an instant or the word next", "/fire": "must be true or false"}, id="no time"),
        pytest.param({"to": "2026-03-02T13:59:59Z"}, {"/to": "is before the present time, 2026-03-02T14:00:00.000Z; a clock is set back by set_clock"}, id="past"),
        pytest.param({"to": "9999-01-01T00:00:00Z"}, {"/to": CALENDAR}, id="the end of time"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_time_that_the_clock_cannot_go_to_is_refused(
    body: Any, errors: dict[str, str], control: httpx.Client
) -> None:
    assert problems(control.post("/clock/advance", json=body)) == errors


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", "/clock/advance", {"seconds": 7200, "fire": False}, id="advance"),
        pytest.param("PUT", "/clock", {"mode": "frozen", "at": "2026-03-02T16:00:00Z", "fire": False}, id="set"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_clock_that_does_not_fire_leaves_what_is_due_overdue(
    method: str, path: str, body: Any, control: httpx.Client
) -> None:
    simulate(control, when="1h")
    moved = control.request(method, path, json=body).json()
    assert (moved["now"], moved["steps"]) == ("2026-03-02T16:00:00.000Z", 0)
    assert due(control) == [(1, ADA, "2026-03-02T15:00:00.000Z", "success")]
    passed = control.post("/clock/advance", json={"seconds": 0}).json()
    assert (passed["steps"], passed["first"][0]["at"]) == (1, "2026-03-02T16:00:00.000Z")


def test_a_clock_that_is_set_back_takes_nothing_back(control: httpx.Client) -> None:
    simulate(control, when="1h")
    control.post("/clock/advance", json={"seconds": 7200})
    moved = control.put("/clock", json={"mode": "frozen", "at": NOW}).json()
    assert (moved["now"], moved["steps"], status(control, ADA)) == (NOW, 0, 100)


def test_one_clock_is_moved_by_one_request_at_a_time(
    control: httpx.Client, workspace: Workspace
) -> None:
    workspace.mover = object()  # as while another request moves it
    moving = (409, f"The clock of {workspace.name} is being moved already.")
    assert refused(control.post("/clock/advance", json={"seconds": 1})) == moving
    assert refused(control.put("/clock", json={"mode": "real"})) == moving
    workspace.mover = None
    assert control.post("/clock/advance", json={"seconds": 1}).status_code == 200


def test_a_clock_stops_where_more_is_due_than_one_move_may_play(serve: Any) -> None:
    base = f"{serve(max_steps=2)}/__admin/workspaces"
    httpx.post(base, json={"name": "busy", "at": NOW})
    with httpx.Client(base_url=f"{base}/busy") as control:
        for seconds in (10, 20, 30):
            simulate(control, outcome="wrong_country_code", when=seconds, force=True)
        moved = control.post("/clock/advance", json={"seconds": 60}).json()
        assert (moved["now"], moved["steps"], moved["stopped"]) == (
            "2026-03-02T14:00:20.000Z",
            2,
            "limit",
        )
        assert moved["next_due"]["number"] == 3

"""What happens to Sela's leads: outcomes with the vendor's triggers, schedule, hours, zones, stories.

The clock stands at 2 March 2026, 14:00 UTC, a Monday: the times are exact.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.documents.spec import Document
from mockserver.errors import DocumentError
from mockserver.life.outcomes import load_outcomes
from mockserver.vendors.sela.lifecycle import SelaLifecycle
from tests.lives import DAY, HOUR, NOW, Life, triggers

CALLED, PLACED = "NEXT_AVAILABLE_SLOT", "FIRST_CALL"
ENDED = ["BEFORE_CALLING", "CALL_ENDED", "CALL_COMPLETE"]
FAILED = ["BEFORE_CALLING", "CALL_FAILED", "CALL_COMPLETE"]
TRANSFERRED = ["BEFORE_CALLING", "CALL_TRANSFER_INITIATED", "CALL_ENDED", "CALL_COMPLETE"]
UPDATED = "LEAD_UPDATED"
MIRA = {"phone_number": "+12025550171", "email": "mira@example.com", "lead_type": 123}
"""A number of Washington, where it is 9 o'clock."""


@pytest.fixture
def at(server: MockServer, account: str) -> Iterator[Callable[[str], Life]]:
    """Makes the life of the leads behind this test's client of Sela, from a moment on."""
    lives = []

    def start(moment: str) -> Life:
        lives.append(Life("sela", server.url, account, moment))
        return lives[-1]

    yield start
    for each in lives:
        each.control.close()


@pytest.fixture
def life(at: Callable[[str], Life]) -> Life:
    """The life of the leads from NOW on."""
    return at(NOW)


@pytest.fixture
def document(server: MockServer) -> Document:
    """The vendor's OpenAPI document."""
    return next(site.document for site in server.app.sites if site.vendor.name == "sela")


def add(sela: httpx.Client, **fields: Any) -> int:
    answer = sela.post("/api/leads/", json=MIRA | fields)
    assert answer.status_code in (200, 201), answer.text
    id: int = answer.json()["id"]
    return id


def shown(sela: httpx.Client, lead: int) -> dict[str, Any]:
    row: dict[str, Any] = sela.get(f"/api/leads/{lead}/").json()
    return row


def patch(sela: httpx.Client, lead: int, **fields: Any) -> None:
    answer = sela.patch(f"/api/leads/{lead}/", json=fields)
    assert answer.status_code == 200, answer.text


def next_call(sela: httpx.Client, lead: int) -> str | None:
    """When the lead shows its next call, in the form of the due steps."""
    text: str | None = shown(sela, lead)["next_call_time"]
    return None if text is None else text.replace("+00:00", "Z")


# What an outcome does.

STATE = ("status", "status_detail", "status_reason", "next_call_time", "sms_dnc", "call_dnc")
NEXT = "2026-03-02T17:00:00+00:00"
LATER = "2026-03-03T14:00:00+00:00"


@pytest.mark.parametrize(
    ("outcome", "state", "told"),
    [
        ("no_answer", ("OPEN", None, None, NEXT, False, False), [*FAILED, UPDATED]),
        ("busy", ("OPEN", None, None, NEXT, False, False), [*FAILED, UPDATED]),
        ("failed", ("OPEN", None, None, NEXT, False, False), [*FAILED, UPDATED]),
        ("voicemail", ("OPEN", None, None, NEXT, False, False), [*ENDED, UPDATED]),
        ("hung_up", ("OPEN", None, "CHAT", NEXT, False, False), [*ENDED, UPDATED]),
        (
            "callback_requested",
            ("OPEN", None, "CHAT", LATER, False, False),
            [*ENDED, UPDATED],
        ),
        (
            "warm_transfer",
            ("CLOSED", "warm_transfer", "CHAT", None, False, False),
            [*TRANSFERRED, "LEAD_CLOSED", UPDATED],
        ),
        (
            "blind_transfer",
            ("CLOSED", "blind_transfer", "CHAT", None, False, False),
            [*TRANSFERRED, "LEAD_CLOSED", UPDATED],
        ),
        (
            "live_handoff_unavailable",
            ("CALLBACK_TO_TRANSFER", "live_handoff_unavailable", "CHAT", NEXT, False, False),
            [*TRANSFERRED, "LEAD_CALLBACK_TO_TRANSFER", UPDATED],
        ),
        (
            "appointment_booked",
            ("CLOSED", "appointment_booked", "CHAT", None, False, False),
            [*ENDED, "LEAD_CLOSED", UPDATED],
        ),
        (
            "escalation",
            ("CLOSED", "escalation", "CHAT", None, False, False),
            [*ENDED, "LEAD_CLOSED", UPDATED],
        ),
        (
            "incomplete",
            ("CLOSED_INCOMPLETE", None, "CHAT", None, False, False),
            [*ENDED, "LEAD_CLOSED_INCOMPLETE", UPDATED],
        ),
        (
            "not_interested",
            ("LOST", None, "CHAT", None, False, False),
            [*ENDED, "LEAD_LOST", UPDATED],
        ),
        (
            "do_not_call",
            ("LOST", "has_call_dnc", "CHAT", None, False, True),
            [*ENDED, "LEAD_LOST", "CALL_DNC", UPDATED],
        ),
        (
            "out_of_territory",
            ("OUT_OF_TERRITORY", None, "CHAT", None, False, False),
            [*ENDED, "LEAD_OUT_OF_TERRITORY", UPDATED],
        ),
        (
            "bad_number",
            ("BAD_NUMBER", None, None, None, False, False),
            [*FAILED, "LEAD_BAD_NUMBER", UPDATED],
        ),
        (
            "first_inbound",
            ("OPEN", None, "CHAT", NEXT, False, False),
            ["LEAD_FIRST_INBOUND", UPDATED],
        ),
        (
            "do_not_text",
            ("OPEN", None, None, "2026-03-02T14:00:00+00:00", True, False),
            ["SMS_DNC", UPDATED],
        ),
        (
            "call_dnc_listed",
            ("LOST", "has_call_dnc", None, None, False, True),
            ["LEAD_LOST", "CALL_DNC", UPDATED],
        ),
        (
            "tcpa_litigator",
            ("LOST", "tcpa_litigator", None, None, True, True),
            ["LEAD_LOST", "SMS_DNC", "CALL_DNC", UPDATED],
        ),
        (
            "schedule_completed",
            ("SCHEDULE_COMPLETED", None, None, None, False, False),
            ["LEAD_SCHEDULE_COMPLETED", UPDATED],
        ),
        (
            "late_callback",
            ("OPEN", None, None, NEXT, False, False),
            ["LEAD_LATE_CALLBACK", UPDATED],
        ),
        (
            "lead_assigned",
            ("OPEN", "LEAD_ASSIGNED", None, "2026-03-02T14:00:00+00:00", False, False),
            [UPDATED],
        ),
    ],
)
def test_an_outcome_changes_the_lead_and_sets_off_its_triggers_in_order(
    life: Life,
    sela: httpx.Client,
    outcome: str,
    state: tuple[Any, ...],
    told: list[str],
) -> None:
    lead = add(sela)
    before = shown(sela, lead)
    life.advance(0.25)
    done = life.simulate(lead, outcome)
    after = shown(sela, lead)
    expected = tuple(_later(value) for value in state)
    assert tuple(after[name] for name in STATE) == expected
    assert triggers(done["events"]) == told
    is_counted = "CALL_COMPLETE" in told or "LEAD_FIRST_INBOUND" in told
    assert done["lead"] == after | {"call_count": int(is_counted)}
    assert after["modified_time"] == "2026-03-02T06:00:00.250000-08:00"
    changing = {*STATE, "modified_time", "next_call_time_reason", "representative"}
    for name in before.keys() - changing:
        assert after[name] == before[name], name
    reason = None if after["next_call_time"] is None else CALLED
    if after["next_call_time"] == before["next_call_time"]:
        reason = PLACED
    assert after["next_call_time_reason"] == reason
    assert (after["representative"] in (456, 457)) is (outcome == "lead_assigned")


def _later(value: Any) -> Any:
    """A slot that is reckoned from a quarter of a second past: the first whole second after."""
    return value.replace(":00+00", ":01+00") if value in (NEXT, LATER) else value


def test_a_call_in_two_halves_counts_at_its_end(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    begun = life.ask("POST", "/simulate", {"vendor": "sela", "lead": lead, "phase": "start"})
    assert triggers(begun["events"]) == ["BEFORE_CALLING"]
    assert (begun["call"]["ended"], begun["lead"]["call_count"]) == (False, 0)
    end = {"vendor": "sela", "phase": "end", "call": begun["call"]["id"], "outcome": "incomplete"}
    done = life.ask("POST", "/simulate", end | {"duration": 33, "collected": {"why": "noise"}})
    assert triggers(done["events"])[:2] == ["CALL_ENDED", "CALL_COMPLETE"]
    assert done["call"] == begun["call"] | {
        "ended": True,
        "outcome": "incomplete",
        "duration": 33,
        "collected": {"why": "noise"},
    }
    assert done["lead"]["call_count"] == 1
    assert life.refused("POST", "/simulate", end)[0] == 409


def test_only_the_first_inbound_call_sets_off_its_trigger(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    life.simulate(lead, "first_inbound")
    again = life.simulate(lead, "first_inbound")
    assert triggers(again["events"]) == [UPDATED]
    assert again["events"][-1]["fields"] == ["call_count"]
    assert again["lead"]["call_count"] == 2


def test_a_closed_lead_is_called_no_more_unless_a_test_insists(
    life: Life, sela: httpx.Client
) -> None:
    lead = add(sela)
    life.simulate(lead, "not_interested")
    body = {"vendor": "sela", "lead": lead, "outcome": "no_answer"}
    reason = "the lead is called no more: its status is LOST"
    status, detail = life.refused("POST", "/simulate", body)
    assert (status, reason in detail) == (400, True), detail
    assert life.simulate(lead, "no_answer", force=True)["lead"]["status"] == "OPEN"
    assert triggers(life.simulate(lead, "do_not_text")["events"]) == ["SMS_DNC", UPDATED]
    patch(sela, lead, call_dnc=True)
    assert "its call_dnc is true" in life.refused("POST", "/simulate", body)[1]
    assert life.simulate(lead, "lead_assigned")["lead"]["status_detail"] == "LEAD_ASSIGNED"


def test_a_test_lays_values_of_the_document_over_an_outcome(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    asked = {"next_call_time": "2026-03-05T03:30:00Z", "status_detail": "escalation"}
    done = life.simulate(lead, "callback_requested", fields=asked)
    assert done["lead"]["next_call_time"] == "2026-03-05T03:30:00+00:00"
    assert done["lead"]["status_detail"] == "escalation"
    body = {"vendor": "sela", "lead": lead, "outcome": "no_answer"}
    refusals = {
        "status": ("DONE", "is no value of the vendor's document"),
        "sms_dnc": (1, "is no value of the vendor's document"),
        "next_call_time": ("soon", "must be a date-time, not 'soon'"),
        "id": (7, "is no field that an outcome sets"),
    }
    for name, (value, reason) in refusals.items():
        status, detail = life.refused("POST", "/simulate", body | {"fields": {name: value}})
        assert (status, reason in detail) == (400, True), detail


@pytest.mark.parametrize("named", ["28014", "mira-1", "MIRA@example.com", "(202) 555-0171"])
def test_a_lead_has_many_names(life: Life, sela: httpx.Client, named: str) -> None:
    lead = add(sela, external_id="mira-1")
    assert life.simulate(named, "voicemail")["lead"]["id"] == lead


# Stories and the schedule.


def test_calls_fall_due_by_the_schedule_until_it_is_used_up(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    life.tell(lead, ["no_answer"])
    fell_due = []
    while life.due(lead):
        (at,) = life.due(lead)
        assert at == next_call(sela, lead)
        fell_due.append(at)
        life.ask("POST", "/clock/advance", {"to": "next"})
    assert fell_due == [
        "2026-03-02T14:00:00Z",
        "2026-03-02T17:00:00Z",
        "2026-03-02T23:00:00Z",
        "2026-03-03T23:00:00Z",
        "2026-03-04T23:00:00Z",
        "2026-03-06T23:00:00Z",
    ]
    after = shown(sela, lead)
    assert (after["status"], after["status_reason"]) == ("SCHEDULE_COMPLETED", None)
    assert (after["next_call_time"], after["next_call_time_reason"]) == (None, None)
    last = [event for event in life.events(lead) if event["at"] == "2026-03-06T23:00:00.000Z"]
    assert triggers(last) == [*FAILED, "LEAD_SCHEDULE_COMPLETED", UPDATED]
    assert last[2]["call_count"] == 6


def test_a_story_ends_in_the_outcomes_it_names(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    story = ["no_answer", {"outcome": "busy", "after": "2h"}, "appointment_booked"]
    life.tell(lead, story)
    passed = life.advance(3 * DAY)
    ended = [event for event in life.events(lead) if event["kind"] == "call.ended"]
    assert [(event["outcome"], event["at"][8:16]) for event in ended] == [
        ("no_answer", "02T14:00"),
        ("busy", "02T16:00"),
        ("appointment_booked", "02T22:00"),
    ]
    assert passed["next_due"] is None
    assert shown(sela, lead)["status"] == "CLOSED"


def test_a_lead_without_a_story_is_left_alone(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    before = shown(sela, lead)
    assert life.advance(30 * DAY)["steps"] == 0
    assert shown(sela, lead) == before
    assert before["next_call_time"] == "2026-03-02T14:00:00+00:00"


def test_a_story_can_say_what_comes_instead_of_a_call(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    life.tell(lead, ["do_not_text", "warm_transfer"])
    life.advance(DAY)
    assert shown(sela, lead)["status"] == "CLOSED"
    other = add(sela, phone_number="+12025550172")
    life.tell(other, ["lead_assigned"])
    assert life.advance(DAY)["steps"] == 1
    assert life.due(other) == []
    assert next_call(sela, other) is None


def test_a_callback_comes_when_the_person_asked(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    asked = {"next_call_time": "2026-03-04T04:15:30Z"}
    life.tell(lead, [{"outcome": "callback_requested", "fields": asked}, "warm_transfer"])
    life.advance(60)
    assert life.due(lead) == ["2026-03-04T04:15:30Z"]
    assert next_call(sela, lead) == "2026-03-04T04:15:30Z"


def test_the_schedule_is_a_setting(life: Life, sela: httpx.Client) -> None:
    life.set(call_schedule=[600, 60.5], calling_hours="off", new_lead_status="OPEN")
    lead = add(sela, email="mira+story-never-answers@example.com")
    assert life.due(lead) == ["2026-03-02T14:10:00Z"]
    life.advance(600)
    assert life.due(lead) == ["2026-03-02T14:11:01Z"]
    life.advance(61)
    assert shown(sela, lead)["status"] == "SCHEDULE_COMPLETED"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("call_schedule", [], "must have at least 1 number"),
        ("call_schedule", [0, -1], "number 2 of the list must be at least 0"),
        ("calling_hours", "8-21", "must be hours like 08:00-21:00 or 22:00-06:00, or off"),
        ("calling_hours", 8, "must be a text"),
        ("callback_after_seconds", 0, "must be at least 1"),
    ],
)
def test_a_setting_of_calls_is_checked(life: Life, name: str, value: Any, reason: str) -> None:
    status, detail = life.refused("PATCH", "/settings", {"sela": {name: value}})
    assert (status, reason in detail) == (400, True), detail


# Calling hours and zones.


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({"us_state": "CA"}, "2026-03-02T16:00:00Z"),
        ({"us_state": "HI"}, "2026-03-02T18:00:00Z"),
        ({"us_state": "AZ"}, "2026-03-02T15:00:00Z"),
        ({"us_state": "GU"}, "2026-03-02T22:00:00Z"),
        ({"phone_number": "+18082345678"}, "2026-03-02T18:00:00Z"),
        ({"phone_number": "+18082345678", "us_state": "AP"}, "2026-03-02T18:00:00Z"),
        ({"phone_number": "+18082345678", "us_state": "NY"}, NOW),
        ({"phone_number": "+31612345678"}, NOW),
        ({"phone_number": "+18005550199"}, "2026-03-02T16:00:00Z"),
    ],
)
def test_a_lead_is_called_in_its_own_day(
    life: Life, sela: httpx.Client, fields: dict[str, str], first: str
) -> None:
    lead = add(sela, external_id="outcome-no-answer", **fields)
    assert life.due(lead) == [first]
    assert next_call(sela, lead) == first
    assert shown(sela, lead)["next_call_time_reason"] == PLACED


def test_every_state_of_the_document_has_a_zone_but_for_soldiers(
    life: Life, sela: httpx.Client, document: Document
) -> None:
    states = document.fields("PartialLead")["us_state"]["enum"]
    opened = {}
    for number, state in enumerate(states):
        lead = add(
            sela,
            external_id=f"{state}-outcome-busy",
            us_state=state,
            phone_number=f"+1800555{number:04d}",
        )
        opened[state] = life.due(lead)[0][11:16]
    east, central, mountain, pacific = "14:00", "14:00", "15:00", "16:00"
    some = {state: opened[state] for state in ("NY", "TX", "UT", "WA", "AK", "HI", "AS", "PR")}
    assert some == {
        "NY": east,
        "TX": central,
        "UT": mountain,
        "WA": pacific,
        "AK": "17:00",
        "HI": "18:00",
        "AS": "19:00",
        "PR": "14:00",
    }
    assert [state for state, time in opened.items() if time == pacific] == [
        "AA", "AE", "AP", "CA", "NV", "OR", "WA",
    ]  # fmt: skip


def test_clocks_that_go_forward_or_back_move_no_opening(
    at: Callable[[str], Life], sela: httpx.Client
) -> None:
    life = at("2026-03-08T04:30:00Z")  # 23:30 on the day before, in New York
    lead = add(sela, us_state="NY", external_id="outcome-no-answer")
    assert life.due(lead) == ["2026-03-08T12:00:00Z"]  # 8:00 in summer time
    life.set(calling_hours="02:30-21:00")
    gap = add(sela, us_state="NY", external_id="x-outcome-no-answer", email="a@example.com")
    assert life.due(gap) == ["2026-03-08T07:00:00Z"]  # 2:30 is not on the clock: 3:00 is


@pytest.mark.parametrize(
    ("now", "first"),
    [
        pytest.param("2026-03-02T14:00:00Z", "2026-03-03T03:00:00Z", id="by day"),
        pytest.param("2026-03-03T04:30:00Z", "2026-03-03T04:30:00Z", id="before midnight"),
        pytest.param("2026-03-03T10:59:00Z", "2026-03-03T10:59:00Z", id="after midnight"),
        pytest.param("2026-03-03T11:00:00Z", "2026-03-04T03:00:00Z", id="at their end"),
    ],
)
def test_calling_hours_may_go_over_midnight(
    now: str, first: str, at: Callable[[str], Life], sela: httpx.Client
) -> None:
    life = at(now)
    life.set(calling_hours="22:00-06:00")
    assert life.due(add(sela, us_state="NY", external_id="outcome-no-answer")) == [first]


def test_an_opening_that_comes_twice_is_the_first_of_the_two(
    at: Callable[[str], Life], sela: httpx.Client
) -> None:
    life = at("2026-11-01T03:00:00Z")
    life.set(calling_hours="01:30-21:00")
    lead = add(sela, us_state="NY", external_id="outcome-no-answer")
    assert life.due(lead) == ["2026-11-01T05:30:00Z"]


def test_a_clock_between_two_seconds_plans_for_the_next_one(
    at: Callable[[str], Life], sela: httpx.Client
) -> None:
    life = at("2026-03-02T14:00:05.502Z")
    lead = add(sela, external_id="outcome-no-answer")
    assert life.due(lead) == ["2026-03-02T14:00:06Z"]
    assert next_call(sela, lead) == "2026-03-02T14:00:06Z"


# The plan follows what the vendor's API does.


def test_a_later_start_of_the_schedule_moves_the_plan(life: Life, sela: httpx.Client) -> None:
    lead = add(sela, external_id="outcome-no-answer")
    for start, planned in (
        ("2026-03-04T20:00:00Z", "2026-03-04T20:00:00Z"),
        ("2026-03-04T04:00:00Z", "2026-03-04T13:00:00Z"),
        (None, NOW),
    ):
        patch(sela, lead, call_schedule_start_time=start)
        assert life.due(lead) == [planned]
        assert next_call(sela, lead) == planned
    patch(sela, lead, us_state="HI")
    assert life.due(lead) == ["2026-03-02T18:00:00Z"] == [next_call(sela, lead)]


def test_an_answer_shows_the_plan_already(life: Life, sela: httpx.Client) -> None:
    body = MIRA | {"us_state": "HI", "external_id": "outcome-busy"}
    created = sela.post("/api/leads/", json=body).json()
    assert created == shown(sela, created["id"])
    assert created["next_call_time"] == "2026-03-02T18:00:00+00:00"
    moved = {"call_schedule_start_time": "2026-03-04T20:00:00Z"}
    answers = [
        sela.patch(f"/api/leads/{created['id']}/", json=moved),
        sela.put("/api/leads/update/", json=moved | {"phone_number": MIRA["phone_number"]}),
    ]
    expected = shown(sela, created["id"])
    assert [answer.json() for answer in answers] == [expected, expected]
    assert expected["next_call_time"] == "2026-03-04T20:00:00+00:00"


def test_a_start_past_the_end_of_the_calendar_is_planned_for_the_last_second(
    life: Life, sela: httpx.Client
) -> None:
    lead = add(sela, external_id="outcome-busy")
    patch(sela, lead, call_schedule_start_time="9999-12-31T23:59:59Z")
    assert life.due(lead) == ["9998-12-31T23:59:59Z"] == [next_call(sela, lead)]


def test_a_lead_that_is_to_be_called_later_is_called_then(life: Life, sela: httpx.Client) -> None:
    start = "2026-03-09T20:00:00Z"
    lead = add(sela, external_id="outcome-no-answer", call_schedule_start_time=start)
    assert life.due(lead) == [start] == [next_call(sela, lead)]


@pytest.mark.parametrize(
    "fields", [{"status": "CANCELLED"}, {"call_dnc": True}, {"lead_type": 124}]
)
def test_what_excludes_calls_removes_the_plan(
    life: Life, sela: httpx.Client, fields: dict[str, Any]
) -> None:
    lead = add(sela, external_id="outcome-no-answer")
    patch(sela, lead, **fields)
    assert life.due(lead) == []
    assert next_call(sela, lead) is None
    assert life.advance(7 * DAY)["steps"] == 0


def test_a_lead_that_is_opened_again_is_called_again(life: Life, sela: httpx.Client) -> None:
    lead = add(sela, external_id="outcome-no-answer")
    life.advance(HOUR)
    patch(sela, lead, status="LOST")
    life.advance(HOUR)
    patch(sela, lead, status="OPEN")
    assert life.due(lead) == ["2026-03-02T17:00:00Z"] == [next_call(sela, lead)]


def test_a_lead_that_comes_in_once_more_begins_the_schedule_anew(
    life: Life, sela: httpx.Client
) -> None:
    lead = add(sela, external_id="outcome-no-answer")
    life.advance(20 * DAY)
    assert shown(sela, lead)["status"] == "SCHEDULE_COMPLETED"
    number = life.events()[-1]["number"]
    assert add(sela, external_id="outcome-no-answer", min_reengagement_days=10) == lead
    happened = [event for event in life.events(lead) if event["number"] > number]
    assert triggers(happened) == ["LEAD_BEFORE_REENGAGEMENT", "LEAD_REENGAGEMENT", UPDATED]
    after = shown(sela, lead)
    assert (after["status_reason"], after["next_call_time_reason"]) == ("REENGAGEMENT", CALLED)
    assert life.due(lead) == ["2026-03-22T14:00:00Z"] == [next_call(sela, lead)]
    life.advance(3 * HOUR)
    assert life.due(lead) == ["2026-03-22T23:00:00Z"]


def test_a_step_that_is_removed_is_no_plan_any_more(life: Life, sela: httpx.Client) -> None:
    lead = add(sela, external_id="outcome-no-answer")
    number = life.ask("GET", f"/due?lead={lead}")["due"][0]["number"]
    life.ask("DELETE", f"/due/{number}")
    assert next_call(sela, lead) is None
    assert life.advance(7 * DAY)["steps"] == 0
    assert shown(sela, lead)["status"] == "OPEN"


def test_an_outcome_for_later_is_what_the_lead_shows(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    life.simulate(lead, "warm_transfer", when="+2h", duration=44)
    assert life.due(lead) == ["2026-03-02T16:00:00Z"] == [next_call(sela, lead)]
    life.simulate(lead, "do_not_text", when="+3h")
    life.simulate(lead, "no_answer")
    assert life.due(lead) == ["2026-03-02T16:00:00Z", "2026-03-02T17:00:00Z"]
    life.advance(2 * HOUR)
    assert shown(sela, lead)["status"] == "CLOSED"


def test_an_operator_changes_a_lead_as_the_api_would(life: Life, sela: httpx.Client) -> None:
    lead = add(sela, external_id="outcome-no-answer")
    path = f"/leads/sela/{lead}"
    done = life.ask("PATCH", path, {"fields": {"status": "CLOSED", "status_detail": "escalation"}})
    assert triggers(done["events"]) == ["LEAD_CLOSED", UPDATED]
    assert done["lead"]["next_call_time"] is None
    assert life.due(lead) == []
    assert life.refused("PATCH", path, {"fields": {"status": "DONE"}})[0] == 400


# Who is played.


@pytest.mark.parametrize(
    ("fields", "story"),
    [
        ({"email": "ann+outcome-no-answer@example.com"}, "no_answer"),
        ({"email": "Ann+story-third-time@example.com"}, "third_time"),
        ({"external_id": "crm-7-outcome-busy"}, "busy"),
        ({"metadata": {"other": "ann+outcome-voicemail@example.com"}}, "voicemail"),
        ({"phone_number": "+19005550158"}, "warm_transfer"),
        ({"phone_number": "+19005550158", "external_id": "outcome-busy"}, "busy"),
    ],
)
def test_a_magic_value_is_a_story(
    life: Life, sela: httpx.Client, fields: dict[str, Any], story: str
) -> None:
    lead = add(sela, **fields)
    assert len(life.due(lead)) == 1
    life.advance(30 * DAY)
    first = next(event for event in life.events(lead) if event["kind"] == "call.ended")
    assert first["outcome"] == ("no_answer" if story == "third_time" else story)


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "ann+outcome-no-such@example.com"},
        {"external_id": "outcome-no-answer-7"},
        {"phone_number": "+19005550169"},
        {"phone_number": "+12025550150"},
        {"lead_type": 124, "external_id": "outcome-no-answer"},
    ],
)
def test_other_values_mean_nothing(life: Life, sela: httpx.Client, fields: dict[str, Any]) -> None:
    add(sela, **fields)
    assert life.due() == []


def test_magic_values_can_be_switched_off(life: Life, sela: httpx.Client) -> None:
    life.set(magic="off")
    add(sela, email="ann+outcome-no-answer@example.com")
    assert life.due() == []


def test_a_magic_value_that_comes_later_begins_its_story(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    patch(sela, lead, external_id="outcome-no-answer")
    assert life.due(lead) == [NOW]


# Case 16: changes by the API are events.


def test_an_update_by_the_api_sets_off_triggers_once(life: Life, sela: httpx.Client) -> None:
    lost = {"phone_number": "+12025550101", "status": "LOST", "call_dnc": True}
    assert sela.put("/api/leads/update/", json=lost).status_code == 200
    assert triggers(life.events()) == ["LEAD_LOST", "CALL_DNC", UPDATED]
    life.advance(5)
    assert sela.put("/api/leads/update/", json=lost).status_code == 200
    assert len(life.events()) == 3
    patch(sela, 28002, status="LOST")
    assert triggers(life.events(28002)) == ["LEAD_LOST", UPDATED]
    life.set(unchanged_update="event")
    patch(sela, 28002, status="LOST")
    assert triggers(life.events(28002)) == ["LEAD_LOST", UPDATED, UPDATED]


def test_creations_and_duplicates_set_off_triggers(life: Life, sela: httpx.Client) -> None:
    leads = [MIRA, MIRA, MIRA | {"min_reengagement_days": 0}, {"phone_number": "x"}]
    answer = sela.post("/api/leads/bulk-create/", json={"leads": leads})
    actions = [result["action"] for result in answer.json()["results"]]
    assert actions == ["created", "error", "reengaged", "error"]
    assert triggers(life.events()) == ["LEAD_CREATED"]


def test_refusals_and_seeds_set_off_nothing(life: Life, sela: httpx.Client) -> None:
    assert sela.patch("/api/leads/28001/", json={"status": "DONE"}).status_code == 400
    life.seed("merge", leads=[{"phone_number": "+12025550177"}])
    assert life.events() == []


# Fixtures.


def test_a_fixture_gives_calls_and_stories(life: Life, sela: httpx.Client) -> None:
    lead = {
        "id": 40001,
        "phone_number": "+12025550177",
        "story": "never_answers",
        "next_call_time": "2026-03-03T15:00:00+00:00",
        "next_call_time_reason": "NEXT_AVAILABLE_SLOT",
    }
    late = {"id": 40002, "phone_number": "+12025550178", "story": "books"}
    late["created_time"] = "2026-02-01T00:00:00Z"
    calls = [
        {"lead": 40001, "started": "2026-03-01T15:00:00Z", "outcome": "busy", "connected": False},
        {"lead": 40001, "started": "2026-03-01T18:00:00Z", "duration": 20, "outcome": "voicemail"},
    ]
    life.seed("replace", leads=[lead, late], calls=calls)
    assert life.due(40001) == ["2026-03-03T15:00:00Z"] == [next_call(sela, 40001)]
    assert life.due(40002) == [NOW] == [next_call(sela, 40002)]
    assert life.ask("GET", "/due?lead=40001")["due"][0]["attempt"] == 3
    exported = life.ask("GET", "/export?format=json")
    life.ask("POST", "/seed", {"fixture": exported})
    assert life.due(40001) == ["2026-03-03T15:00:00Z"] == [next_call(sela, 40001)]
    assert life.ask("GET", "/export?format=json") == exported


def test_an_overdue_step_of_a_fixture_counts_from_now_in_calling_hours(
    at: Callable[[str], Life], sela: httpx.Client
) -> None:
    life = at("2026-03-02T05:00:00Z")
    due = {"lead": 40001, "step": "call"}
    due |= dict.fromkeys(("at", "counted_from"), "2026-01-01T15:00:00Z")
    played = {"id": 40001, "story": "mine", "steps": ["no_answer"]}
    lead = {"id": 40001, "phone_number": "+12025550177"}
    life.seed("replace", leads=[lead], played=[played], due=[due])
    assert life.due(40001) == ["2026-03-02T13:00:00Z"] == [next_call(sela, 40001)]


# The data.


def test_outcomes_are_held_to_the_document(document: Document, tmp_path: Path) -> None:
    file = tmp_path / "outcomes.yaml"
    lead, marks = "{status: DONE}", "{lead.status: inferred}"
    file.write_text(f"gone:\n  title: 'Gone'\n  parts:\n    lead: {lead}\n  marks: {marks}\n")
    lifecycle = SelaLifecycle("sela", load_outcomes(file), {"lead": "PartialLead"})
    with pytest.raises(DocumentError) as caught:
        lifecycle.check(document)
    reason = "'DONE' is no value of the document"
    assert str(caught.value) == f"sela/outcomes.yaml: gone.parts.lead.status: {reason}"
    other = tmp_path / "others.yaml"
    other.write_text("gone:\n  title: 'Gone'\n  parts:\n    lead: {status: OPEN}\n")
    with pytest.raises(DocumentError, match=r"others\.yaml:1: gone\.marks: lack lead\.status"):
        load_outcomes(other)


def test_a_lead_that_cannot_be_called_shows_no_call_played_or_not(
    life: Life, sela: httpx.Client
) -> None:
    lead = add(sela)
    patch(sela, lead, lead_type=124)
    assert next_call(sela, lead) is None
    life.tell(lead, ["no_answer"])
    assert life.due(lead) == []
    assert next_call(sela, lead) is None


def test_an_outcome_that_a_test_insisted_on_comes_in_time(life: Life, sela: httpx.Client) -> None:
    lead = add(sela)
    patch(sela, lead, status="LOST")
    life.simulate(lead, "warm_transfer", when="+1h", force=True)
    life.advance(HOUR)
    assert shown(sela, lead)["status"] == "CLOSED"

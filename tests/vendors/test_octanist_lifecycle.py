"""What an operator makes of Octanist's leads: the vendor calls nobody and tells nobody."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.lives import HOUR, Life

NOW = "2026-03-02T14:00:00.000Z"


@pytest.fixture
def life(server: MockServer, account: str) -> Iterator[Life]:
    """The life of the leads behind this test's client of Octanist."""
    life = Life("octanist", server.url, account)
    yield life
    life.control.close()


@pytest.fixture
def lead(life: Life, octanist: httpx.Client) -> str:
    """The id of a new lead."""
    body = {"name": "Mira", "email": "mira@example.com", "phone": "+12025550171"}
    id: str = octanist.post("/leads", json=body).json()["data"]["id"]
    return id


def shown(octanist: httpx.Client, lead: str) -> dict[str, Any]:
    row: dict[str, Any] = octanist.get(f"/leads/{lead}").json()["data"]
    return row


@pytest.mark.parametrize(
    ("act", "changed"),
    [
        (("qualified", {}), {"status": "qualified", "qualifiedAt": NOW}),
        (("won", {"value": 5000.0}), {"status": "won", "value": 5000, "qualifiedAt": NOW}),
        (("lost", {"lossReason": "too far"}), {"status": "lost", "lossReason": "too far"}),
        (("won", {"lossReason": "too far"}), {"status": "won", "qualifiedAt": NOW}),
        (("lost", {"note": "rang twice"}), {"status": "lost", "note": "rang twice"}),
    ],
)
def test_an_operator_changes_a_lead_as_an_update_would(
    life: Life, octanist: httpx.Client, lead: str, act: Any, changed: Any
) -> None:
    outcome, fields = act
    before = shown(octanist, lead)
    done = life.simulate(lead, outcome, fields=fields)
    after = shown(octanist, lead)
    assert after == before | changed | {"updatedAt": NOW}
    assert done["lead"] == after
    assert done["call"] is None
    kinds = [event["kind"] for event in done["events"]]
    fields_told = sorted(changed.keys() - {"status"})
    assert kinds == ["lead.status"] + ["lead.updated"] * bool(fields_told)
    assert (done["events"][0]["from"], done["events"][0]["to"]) == ("open", changed["status"])


def test_a_request_makes_events_too(life: Life, octanist: httpx.Client, lead: str) -> None:
    octanist.patch("/leads", json={"id": lead, "status": "won"})
    octanist.patch("/leads", json={"id": lead, "status": "won"})
    happened = life.events(lead)
    assert [event["kind"] for event in happened] == ["lead.created", "lead.status", "lead.updated"]
    assert [event["cause"] for event in happened] == [
        {"request": 1},
        {"request": 2},
        {"request": 2},
    ]


def test_an_outcome_can_be_for_later(life: Life, octanist: httpx.Client, lead: str) -> None:
    life.simulate(lead, "won", when="+2h", fields={"value": 12})
    assert life.due(lead) == ["2026-03-02T16:00:00Z"]
    life.advance(HOUR)
    assert shown(octanist, lead)["status"] == "open"
    life.advance(HOUR)
    after = shown(octanist, lead)
    won = ("won", 12, "2026-03-02T16:00:00.000Z")
    assert (after["status"], after["value"], after["updatedAt"]) == won


@pytest.mark.parametrize("named", ["MIRA@example.com", "+12025550171", "(202) 555-0171"])
def test_a_lead_has_many_names(life: Life, lead: str, named: str) -> None:
    assert life.simulate(named, "qualified")["lead"]["id"] == lead


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "open"}, 'is "open", and must be one of qualified, won, lost'),
        ({"value": "much"}, 'is "much", and must be a number or a string that is a number'),
        ({"email": "x@example.com"}, "is no field that an update sets"),
    ],
)
def test_a_value_that_no_update_takes_is_refused(
    life: Life, lead: str, fields: dict[str, Any], reason: str
) -> None:
    body = {"vendor": "octanist", "lead": lead, "outcome": "won", "fields": fields}
    status, detail = life.refused("POST", "/simulate", body)
    assert (status, reason in detail) == (400, True), detail


def test_nobody_is_called(life: Life, lead: str) -> None:
    start = {"vendor": "octanist", "lead": lead, "phase": "start"}
    assert life.refused("POST", "/simulate", start)[0] == 409
    assert life.refused("PUT", f"/leads/octanist/{lead}/story", ["won"])[0] == 409
    assert life.refused("DELETE", f"/leads/octanist/{lead}/story")[0] == 409
    assert life.refused("PUT", "/autopilot", {"octanist": {"mode": "all"}})[0] == 400
    assert "octanist" not in life.ask("GET", "/autopilot")


def test_an_operator_changes_fields_by_the_control_api(
    life: Life, octanist: httpx.Client, lead: str
) -> None:
    done = life.ask("PATCH", f"/leads/octanist/{lead}", {"fields": {"status": "won", "value": 7}})
    assert done["lead"] == shown(octanist, lead)
    assert (done["lead"]["status"], done["lead"]["value"]) == ("won", 7)


def test_a_fixture_has_due_steps_and_further_outcomes(life: Life, octanist: httpx.Client) -> None:
    due = {"lead": "lead_1", "step": "simulate", "options": {"outcome": "sold"}}
    due |= dict.fromkeys(("at", "counted_from"), "2026-03-02T13:00:00Z")
    sold = {"extends": "won", "title": "Sold", "parts": {"lead": {"value": 900}}}
    leads = [{"id": "lead_1", "email": "x@example.com"}]
    life.seed("replace", leads=leads, due=[due], outcomes={"sold": sold})
    assert life.due("lead_1") == ["2026-03-02T14:00:00Z"]
    life.advance(0)
    assert shown(octanist, "lead_1")["value"] == 900

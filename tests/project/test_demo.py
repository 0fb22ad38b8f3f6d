"""The demo fixture: what others rely on stays, and it looks alive at any moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mockserver.app import create_app, load_vendors
from mockserver.documents.fixture_files import FixtureFiles
from mockserver.fixtures import Fixture, fixture_file
from mockserver.life.moments import moment_of
from mockserver.state.memory import Memory
from mockserver.workspaces import Workspaces
from tests.unit import tiny
from tests.world import FEW, PEOPLE

DEMO: dict[str, Any] = FixtureFiles(fixture_file("demo")).content
OLD: dict[str, Any] = FixtureFiles(FEW).content
FIXTURE = Fixture(fixture_file("demo"), load_vendors(), seed=1)
DOCUMENTED = {"sela": 28013, "octanist": "lead_abc123", "nlpearl": "66a1f0c2d60e456235eae70d"}
KEPT = {
    "sela": ("id", "phone_number", "email", "us_state", "external_id"),
    "octanist": ("id", "phone", "email"),
    "nlpearl": ("id", "externalId", "phoneNumber"),
}


def keys(content: Any, vendor: str) -> list[tuple[Any, ...]]:
    """What clients find the first thirteen leads by."""
    known = [each["id"] for each in OLD[vendor]["leads"]]
    leads = [lead for lead in content[vendor]["leads"] if lead["id"] in known]
    return [tuple(lead.get(name) for name in KEPT[vendor]) for lead in leads]


@pytest.mark.parametrize("vendor", KEPT)
def test_the_first_leads_keep_their_keys(vendor: str) -> None:
    assert keys(DEMO, vendor) == keys(OLD, vendor)


@pytest.mark.parametrize(("vendor", "id"), DOCUMENTED.items())
def test_the_leads_of_the_documentation_stay_as_they_are(vendor: str, id: Any) -> None:
    found = [lead for c in (DEMO, OLD) for lead in c[vendor]["leads"] if lead["id"] == id]
    assert found == [found[0], found[0]]


def test_lead_types_and_the_pearl_of_the_documentation_stay() -> None:
    assert DEMO["sela"]["lead_types"] == OLD["sela"]["lead_types"]
    pearl = DEMO["nlpearl"]["pearls"][0] | {"created": None}
    assert pearl == OLD["nlpearl"]["pearls"][0] | {"created": None}


def test_there_are_sixty_people_and_some_are_known_to_one_vendor_only() -> None:
    names = {
        "sela": {
            f"{lead['metadata']['first_name']} {lead['metadata']['last_name']}"
            for lead in DEMO["sela"]["leads"]
            if lead["id"] != DOCUMENTED["sela"]
        },
        "octanist": {
            lead["name"] for lead in DEMO["octanist"]["leads"] if lead["id"] != "lead_abc123"
        },
        "nlpearl": {
            f"{lead['callData']['firstName']} {lead['callData']['lastName']}"
            for lead in DEMO["nlpearl"]["leads"]
            if lead["id"] != DOCUMENTED["nlpearl"]
        },
    }
    everybody = set().union(*names.values())
    alone = [name for name in everybody if sum(name in each for each in names.values()) == 1]
    assert (len(everybody), len(alone)) == (60, 7)


def test_a_call_is_made_by_its_pearl_and_ended_before_now() -> None:
    numbers = {pearl["id"]: pearl["phoneNumber"] for pearl in DEMO["nlpearl"]["pearls"]}
    leads = {lead["id"]: lead for lead in DEMO["nlpearl"]["leads"]}
    calls = [call for call in DEMO["nlpearl"]["calls"] if "leadId" in call]
    assert len(calls) > 40
    for call in calls:
        pearl = leads[call["leadId"]]["pearlId"]
        assert (call["pearlId"], call.get("from", numbers[pearl])) == (pearl, numbers[pearl])


def test_nothing_in_it_is_later_than_now_but_the_next_calls() -> None:
    now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    snapshot = FIXTURE.origin_at(now).snapshot
    for row in snapshot.tables["octanist"]["leads"].rows.values():
        assert row["createdAt"] <= row["updatedAt"] <= "2026-03-01T09:00:00.000Z"
    for row in snapshot.tables["sela"]["leads"].rows.values():
        created, modified = (row[name] for name in ("created_time", "modified_time"))
        assert datetime.fromisoformat(created) <= datetime.fromisoformat(modified) <= now
    leads = snapshot.tables["nlpearl"]["leads"].rows
    for row in snapshot.tables["nlpearl"]["calls"].rows.values():
        start = datetime.fromisoformat(row["startTime"])
        assert start <= now
        if row["leadId"] is not None:
            assert datetime.fromisoformat(leads[row["leadId"]]["created"]) <= start


def _due(at: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Each due step of a workspace that is made at that moment, with its vendor."""
    tables = FIXTURE.origin_at(at).snapshot.tables
    return [
        (vendor, row)
        for vendor, group in tables.items()
        if "due" in group
        for row in group["due"].rows.values()
    ]


@pytest.mark.parametrize("hour", [0, 5, 14, 20])
def test_calls_to_come_are_those_of_leads_with_a_story_and_lie_ahead(hour: int) -> None:
    now = datetime(2026, 3, 7, hour, 59, 59, 999_999, tzinfo=UTC)
    steps = _due(now)
    told = {
        (vendor, lead["id"])
        for vendor in ("sela", "nlpearl")
        for lead in DEMO[vendor]["leads"]
        if "story" in lead
    }
    assert {(vendor, step["lead"]) for vendor, step in steps} == told
    assert min(moment_of(step["at"]) for _, step in steps) > now
    for vendor, step in steps:
        if vendor == "sela":
            assert step["lead"] > DOCUMENTED["sela"]
        else:
            assert step["group"] == "66a1f0c2d60e456235eae603"


def test_nobody_in_it_looks_like_a_magic_value() -> None:
    for vendor in load_vendors():
        for lead in DEMO[vendor.name]["leads"]:
            text = str({name: value for name, value in lead.items() if name != "story"})
            assert "outcome-" not in text
            assert "story-" not in text
            assert "+1900555" not in text


def test_keys_that_examples_create_are_free() -> None:
    text = str([DEMO[vendor]["leads"] for vendor in KEPT])
    for key in ("'crm-41'", "'crm-42'", "+12025550171", "+12025550172"):
        assert key not in text


def test_the_workspace_demo_is_there_from_the_start() -> None:
    assert [each.name for each in create_app().workspaces] == ["demo"]


def test_new_workspaces_begin_near_the_present_and_a_reset_keeps_the_rows() -> None:
    seconds = [0.0]
    moments: list[datetime | None] = []

    def resolve(moment: datetime | None) -> Any:
        moments.append(moment)
        return FIXTURE.origin_at(
            datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(hours=len(moments))
        )

    memory = Memory()
    worlds = Workspaces(
        FIXTURE.origin,
        strict=False,
        declared=frozenset(),
        default="demo",
        limit=100,
        memory=memory,
        clock=lambda: seconds[0],
        resolve=resolve,
        is_relative=True,
    )
    first, second = worlds.create("first"), worlds.create("second")
    seconds[0] = 3601
    third, fourth = worlds.create("third"), worlds.create("fourth")
    assert (first.origin is second.origin, third.origin is fourth.origin) == (True, True)
    assert (first.origin is third.origin, moments) == (False, [None])
    before = memory.stored
    seconds[0] = 7300
    worlds.create("fifth")
    for name in ("third", "fourth", "fifth"):
        worlds.delete(name)
    assert memory.stored < before
    worlds.reset()


def test_a_fixture_without_relative_times_is_never_resolved_anew() -> None:
    assert (FIXTURE.is_relative, Fixture(PEOPLE, load_vendors(), seed=1).is_relative) == (
        True,
        False,
    )
    worlds = tiny.workspaces(tiny.vendor())
    assert worlds.create("a").origin is worlds.origin

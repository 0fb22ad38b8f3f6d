"""People: the leads of all vendors grouped, searched, and told as one story."""

import httpx
import pytest

from mockserver.client import ControlError, WorkspaceClient
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace


@pytest.fixture
def world(server: MockServer, workspace: Workspace) -> WorkspaceClient:
    """A workspace with a family of two, one of whom every vendor knows."""
    world = server.client.workspace(workspace.name)
    world.seed(
        {
            "sela": {
                "leads": [
                    {
                        "id": 1,
                        "phone_number": "+12155550111",
                        "email": "ada@example.com",
                        "external_id": "crm-1",
                        "metadata": {"first_name": "Ada", "last_name": "Lindqvarn"},
                        "status": "CLOSED",
                    },
                    {
                        "id": 2,
                        "phone_number": "+12155550111",
                        "email": "bo@example.com",
                        "external_id": "crm-2",
                        "metadata": {"first_name": "Bo"},
                    },
                ]
            },
            "octanist": {
                "leads": [
                    {
                        "id": "lead_1",
                        "name": "ada  LINDQVARN",
                        "email": "Ada@example.com",
                        "value": 12,
                    }
                ]
            },
            "nlpearl": {
                "pearls": [{"id": "66a1f0c2d60e456235eae601", "name": "Loans"}],
                "leads": [
                    {
                        "id": "66a1f0c2d60e456235eae701",
                        "pearlId": "66a1f0c2d60e456235eae601",
                        "externalId": "crm-1",
                        "phoneNumber": "(215) 555-0111",
                    }
                ],
            },
        }
    )
    return world


def test_leads_of_all_vendors_are_one_person(world: WorkspaceClient) -> None:
    ada, bo = world.people(order="name")
    assert ada["name"] == "ada  LINDQVARN"
    assert [(lead["vendor"], lead["id"]) for lead in ada["leads"]] == [
        ("nlpearl", "66a1f0c2d60e456235eae701"),
        ("octanist", "lead_1"),
        ("sela", 1),
    ]
    assert [(lead["title"], lead["state"]) for lead in ada["leads"]] == [
        ("New", "new"),
        ("Open", "open"),
        ("Closed", "won"),
    ]
    assert ada["leads"][1]["facts"][0] == {"name": "value", "value": 12}
    assert bo["shares"] == [
        {
            "field": "phone",
            "value": "+12155550111",
            "total": 1,
            "people": [{"key": ada["key"], "name": ada["name"]}],
        }
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param({"filter": "won"}, ["ada  LINDQVARN"], id="won"),
        pytest.param({"filter": "gaps"}, ["Bo"], id="not with every vendor"),
        pytest.param({"filter": "shared"}, ["ada  LINDQVARN", "Bo"], id="sharing a key"),
        pytest.param({"filter": "calls"}, [], id="in calls"),
        pytest.param({"q": "LINDQ"}, ["ada  LINDQVARN"], id="a part of the name"),
        pytest.param({"q": "crm-2"}, ["Bo"], id="an external id"),
        pytest.param({"q": "215 555 0111"}, ["ada  LINDQVARN", "Bo"], id="a phone number"),
        pytest.param({"q": "nobody"}, [], id="nothing"),
    ],
)
def test_people_are_found(
    world: WorkspaceClient, control: httpx.Client, query: dict[str, str], names: list[str]
) -> None:
    answer = control.get("/people", params=query | {"order": "name"}).json()
    assert [person["name"] for person in answer["people"]] == names
    assert answer["total"] == len(names)


def test_filters_are_counted_and_pages_go_on(world: WorkspaceClient, control: httpx.Client) -> None:
    first = control.get("/people", params={"limit": 1, "order": "name"}).json()
    assert first["counts"] == {"all": 2, "calls": 0, "won": 1, "gaps": 1, "shared": 2}
    assert first["leads"] == {"nlpearl": 1, "octanist": 1, "sela": 2}
    assert first["next"] == 1
    second = control.get("/people", params={"limit": 1, "order": "name", "after": 1}).json()
    assert ([person["name"] for person in second["people"]], second["next"]) == (["Bo"], None)


def test_who_changed_last_comes_first(
    world: WorkspaceClient, control: httpx.Client, sela: httpx.Client
) -> None:
    for number in (1, 2):
        sela.patch(f"/api/leads/{number}/", json={"status": "OPEN"}).raise_for_status()
    bo, _ = world.people()
    assert (bo["name"], bo["changed"]["by"]) == ("Bo", {"request": 2})
    assert control.get("/people").json()["counts"]["calls"] == 2


def test_a_change_of_a_key_groups_anew(world: WorkspaceClient, sela: httpx.Client) -> None:
    assert len(world.people()) == 2
    sela.patch("/api/leads/2/", json={"external_id": "crm-1"}).raise_for_status()
    (both,) = world.people()
    assert len(both["leads"]) == 4


def test_a_person_has_rows_due_steps_and_a_timeline(
    world: WorkspaceClient, sela: httpx.Client
) -> None:
    sela.patch("/api/leads/1/", json={"status": "OPEN"}).raise_for_status()
    world.simulate("sela", 1, "no_answer", when="+2h", force=True)
    ada = world.person("octanist", "lead_1")
    assert ada["key"] == "nlpearl/66a1f0c2d60e456235eae701"
    assert ada["leads"][1]["lead"]["value"] == 12
    assert [(due["vendor"], due["lead"], due["outcome"]) for due in ada["upcoming"]] == [
        ("sela", 1, "no_answer")
    ]
    assert "request" in [entry["kind"] for entry in ada["timeline"]]
    (asked,) = [entry for entry in ada["timeline"] if entry["kind"] == "request"]
    assert asked["request"]["number"] == 1
    assert asked["changes"][0]["after"]["status"] == "OPEN"
    assert asked["request"]["why"]["what"] == "updated"


def test_nobody_is_told_in_a_sentence(world: WorkspaceClient) -> None:
    with pytest.raises(ControlError, match="has no lead '77' of sela"):
        world.person("sela", 77)
    with pytest.raises(ControlError, match="'zebra' is no vendor; the vendors are"):
        world.person("zebra", 1)

"""A test's world: its own, put back, remembered, filled and written down."""

from typing import Any

import pytest

from mockserver.client import ControlError
from mockserver.testing import MockWorkspace, Running

NEW = {"phone_number": "+12025550199", "email": "new@example.com"}
ONE_LEAD = {
    "octanist": {
        "leads": [
            {
                "id": "lead_one",
                "name": "One",
                "email": "one@example.com",
                "createdAt": "2026-01-01T00:00:00.000Z",
            }
        ]
    }
}


def ids(mockserver: MockWorkspace, vendor: str) -> list[Any]:
    return [each["id"] for each in mockserver.leads(vendor)]


@pytest.mark.parametrize("place", ["first", "second"])
def test_no_test_sees_what_another_one_did(mockserver: MockWorkspace, place: str) -> None:
    before = len(mockserver.leads("sela"))
    lead = mockserver.sela.post("/api/leads/", json=NEW | {"lead_source": place}).json()
    assert (before, mockserver.lead("sela", lead["id"])["lead"]["lead_source"]) == (13, place)


def test_two_workspaces_do_not_meet(mockserver: MockWorkspace, mockserver_server: Running) -> None:
    other = mockserver_server.client.create()
    mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "status": "won"})
    assert other.lead("octanist", "lead_demo01")["lead"]["status"] == "open"
    other.delete()


def test_a_reset_brings_the_seed_back(mockserver: MockWorkspace) -> None:
    seed = mockserver.leads()
    mockserver.sela.post("/api/leads/", json=NEW)
    mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "status": "won"})
    mockserver.reset()
    assert (mockserver.leads(), mockserver.requests()) == (seed, [])


def test_a_snapshot_undoes_its_block(mockserver: MockWorkspace) -> None:
    before = mockserver.leads()
    with mockserver.snapshot():
        mockserver.nlpearl.request(
            "DELETE",
            "/v2/Outbound/66a1f0c2d60e456235eae601/Leads",
            json={"leadIds": ["66a1f0c2d60e456235eae701"]},
        )
        assert mockserver.leads() != before
    assert mockserver.leads() == before


def test_a_snapshot_undoes_a_block_that_fails(mockserver: MockWorkspace) -> None:
    before = mockserver.leads()
    with pytest.raises(ZeroDivisionError), mockserver.snapshot():
        assert mockserver.sela.post("/api/leads/", json=NEW).json()["id"] / 0
    assert mockserver.leads() == before


def test_a_named_snapshot_stays(mockserver: MockWorkspace) -> None:
    mockserver.save("before")
    mockserver.sela.post("/api/leads/", json=NEW)
    mockserver.save("after")
    mockserver.restore("before")
    assert (len(ids(mockserver, "sela")), mockserver.snapshots()) == (13, ["before", "after"])
    mockserver.restore("after")
    assert len(ids(mockserver, "sela")) == 14


def test_a_snapshot_brings_ids_and_clock_back(mockserver: MockWorkspace) -> None:
    mockserver.freeze("2027-01-01T00:00:00Z")
    with mockserver.snapshot():
        mockserver.advance(60)
        first = mockserver.sela.post("/api/leads/", json=NEW).json()
    assert mockserver.clock().now.minute == 0
    assert mockserver.sela.post("/api/leads/", json=NEW).json()["id"] == first["id"]


def test_a_snapshot_that_there_is_not_is_an_error(mockserver: MockWorkspace) -> None:
    with pytest.raises(ControlError, match="There is no snapshot 'none'"):
        mockserver.restore("none")


def test_an_empty_world(mockserver: MockWorkspace) -> None:
    mockserver.seed("empty")
    assert mockserver.leads() == []
    assert mockserver.sela.get("/api/leads/").json()["count"] == 0


def test_a_world_of_our_own(mockserver: MockWorkspace) -> None:
    mockserver.seed(ONE_LEAD)
    assert (ids(mockserver, "octanist"), ids(mockserver, "sela")) == (["lead_one"], [])


def test_a_few_leads_more(mockserver: MockWorkspace) -> None:
    mockserver.seed(ONE_LEAD, mode="merge")
    assert ids(mockserver, "octanist")[-1] == "lead_one"
    assert len(mockserver.leads("octanist")) == 14


def test_a_bad_fixture_changes_nothing_and_says_where_it_is_wrong(
    mockserver: MockWorkspace,
) -> None:
    before = mockserver.leads()
    with pytest.raises(ControlError) as refused:
        mockserver.seed({"octanist": {"leads": [{"id": "lead_one", "status": "sold"}]}})
    assert [each["pointer"] for each in refused.value.errors] == [
        "/fixture/octanist/leads/0/status"
    ]
    assert mockserver.leads() == before


def test_an_export_makes_the_same_world_again(mockserver: MockWorkspace) -> None:
    mockserver.sela.post("/api/leads/", json=NEW)
    mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "status": "won"})
    leads, written = mockserver.leads(), mockserver.export()
    mockserver.seed("empty")
    mockserver.seed(written)
    assert mockserver.leads() == leads


@pytest.mark.parametrize("q", ["Lovelace", "+1 (202) 555-0101"])
def test_a_person_is_found_in_every_vendor(mockserver: MockWorkspace, q: str) -> None:
    assert [each["vendor"] for each in mockserver.leads(q=q)] == sorted(mockserver.base_urls)


def test_many_leads_are_listed_to_the_last(mockserver: MockWorkspace) -> None:
    mockserver.seed({"nlpearl": {"pearls": [{"id": "list"}]}})
    leads = [{"phoneNumber": "+12025550199", "externalId": f"n-{number}"} for number in range(1100)]
    mockserver.nlpearl.post("/v2/Outbound/list/Leads/Add", json={"leads": leads})
    assert len(mockserver.leads("nlpearl")) == 1100

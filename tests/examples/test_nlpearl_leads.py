"""A call list that is fed to NLPearl: create, read, update, search, delete."""

from typing import Any

import pytest

from mockserver.testing import MockWorkspace

PEARL = "66a1f0c2d60e456235eae601"
ADA = "66a1f0c2d60e456235eae701"
LEAD, LEADS = f"/v2/Outbound/{PEARL}/Lead", f"/v2/Outbound/{PEARL}/Leads"


def search(mockserver: MockWorkspace, **wanted: Any) -> list[str]:
    return [
        each["externalId"] for each in mockserver.nlpearl.post(LEADS, json=wanted).json()["results"]
    ]


def test_a_new_lead_is_answered_with_its_id(mockserver: MockWorkspace) -> None:
    id = mockserver.nlpearl.post(
        LEAD, json={"phoneNumber": "+12025550199", "externalId": "crm-99"}
    ).json()["leadId"]
    found = mockserver.nlpearl.get(f"{LEAD}/{id}").json()
    assert (found["phoneNumber"], found["externalId"], found["status"]) == (
        "+12025550199",
        "crm-99",
        1,
    )


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        pytest.param({"phoneNumber": None}, "PhoneNumber", id="no number"),
        pytest.param({"timeZoneId": "Atlantis"}, "TimeZoneId", id="a zone that there is not"),
        pytest.param({"externalId": 7}, "$.externalId", id="a number for a text"),
    ],
)
def test_a_lead_that_breaks_a_rule_is_refused(
    mockserver: MockWorkspace, wrong: dict[str, Any], named: str
) -> None:
    answer = mockserver.nlpearl.post(LEAD, json={"phoneNumber": "+12025550199"} | wrong)
    assert (answer.status_code, named in answer.json()["errors"]) == (400, True)


def test_many_leads_are_added_at_once(mockserver: MockWorkspace) -> None:
    leads = [
        {"phoneNumber": f"+1202555016{digit}", "externalId": f"batch-{digit}"}
        for digit in range(10)
    ]
    assert mockserver.nlpearl.post(f"{LEADS}/Add", json={"leads": leads}).json() is True
    assert len(mockserver.leads("nlpearl", q="batch-")) == 10


def test_the_good_ones_of_a_batch_stay_though_the_answer_is_400(mockserver: MockWorkspace) -> None:
    leads = [
        {"phoneNumber": "+12025550160", "externalId": "good"},
        {"phoneNumber": "", "externalId": "bad"},
    ]
    answer = mockserver.nlpearl.post(f"{LEADS}/Add", json={"leads": leads})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Leads[1].PhoneNumber"])
    assert [
        each["lead"]["externalId"] for each in mockserver.leads("nlpearl", q="+12025550160")
    ] == ["good"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{LEAD}/{ADA}", id="by its id"),
        pytest.param(f"{LEAD}/External/crm-1", id="by our id"),
        pytest.param(f"{LEAD}/PhoneNumber/(202)%20555-0101", id="by its number as people write it"),
    ],
)
def test_a_lead_is_found(mockserver: MockWorkspace, path: str) -> None:
    assert mockserver.nlpearl.get(path).json()["id"] == ADA


@pytest.mark.parametrize("path", [f"{LEAD}/External/none", "/v2/Pearl/none"])
def test_what_is_not_there_is_400(mockserver: MockWorkspace, path: str) -> None:
    assert mockserver.nlpearl.get(path).status_code == 400


@pytest.mark.parametrize("status", [10, 100])
def test_a_status_is_set(mockserver: MockWorkspace, status: int) -> None:
    assert (
        mockserver.nlpearl.put(f"{LEAD}/{ADA}", json={"status": status}).json()["status"] == status
    )


@pytest.mark.parametrize("status", [20, "Success"])
def test_a_status_that_only_calls_can_set_is_refused(
    mockserver: MockWorkspace, status: Any
) -> None:
    answer = mockserver.nlpearl.put(f"{LEAD}/{ADA}", json={"status": status})
    assert (answer.status_code, mockserver.lead("nlpearl", ADA)["lead"]["status"]) == (400, 1)


def test_an_update_leaves_alone_what_it_does_not_name(mockserver: MockWorkspace) -> None:
    before = mockserver.nlpearl.get(f"{LEAD}/{ADA}").json()
    assert mockserver.nlpearl.put(
        f"{LEAD}/{ADA}", json={"externalId": "crm-77"}
    ).json() == before | {"externalId": "crm-77"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param({"statuses": [100]}, ["crm-13", "crm-3"], id="by status"),
        pytest.param({"searchInput": "liskov"}, ["crm-6"], id="by a name in the call data"),
        pytest.param(
            {"searchInput": "+12155550111", "isAscending": True},
            ["crm-11", "crm-12"],
            id="by number, oldest first",
        ),
        pytest.param({"skip": 11}, ["crm-2", "crm-1"], id="the last page"),
    ],
)
def test_leads_are_searched(
    mockserver: MockWorkspace, wanted: dict[str, Any], expected: list[str]
) -> None:
    assert search(mockserver, **wanted) == expected


def test_a_deleted_lead_is_gone(mockserver: MockWorkspace) -> None:
    assert mockserver.nlpearl.request("DELETE", LEADS, json={"leadIds": [ADA]}).json() is True
    assert mockserver.nlpearl.get(f"{LEAD}/{ADA}").status_code == 400


def test_leads_are_deleted_by_our_ids(mockserver: MockWorkspace) -> None:
    mockserver.nlpearl.request(
        "DELETE", f"{LEADS}/External", json={"leadExternalIds": ["crm-1", "crm-2", "none"]}
    )
    assert len(mockserver.leads("nlpearl")) == 11

"""A CRM that keeps its leads in Sela: create, read, update, list."""

from typing import Any

import pytest

from mockserver.testing import MockWorkspace

ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}
NEW = {"phone_number": "+12025550199", "email": "new@example.com"}


def test_a_new_lead_gets_an_id_and_can_be_read_back(mockserver: MockWorkspace) -> None:
    made = mockserver.sela.post("/api/leads/", json=NEW)
    assert made.status_code == 201
    assert mockserver.sela.get(f"/api/leads/{made.json()['id']}/").json() == made.json()


def test_a_lead_of_a_calling_campaign_is_open_and_has_a_call_planned(
    mockserver: MockWorkspace,
) -> None:
    lead = mockserver.sela.post("/api/leads/", json=NEW | {"lead_type": 123}).json()
    assert (lead["status"], lead["next_call_time_reason"]) == ("OPEN", "FIRST_CALL")


@pytest.mark.parametrize("spelling", ["(202) 555-0199", "2025550199"])
def test_a_phone_number_comes_back_as_e164(mockserver: MockWorkspace, spelling: str) -> None:
    assert (
        mockserver.sela.post("/api/leads/", json=NEW | {"phone_number": spelling}).json()[
            "phone_number"
        ]
        == "+12025550199"
    )


def test_fields_of_our_own_are_kept_as_metadata(mockserver: MockWorkspace) -> None:
    lead = mockserver.sela.post(
        "/api/leads/", json=NEW | {"loan_amount": 250_000, "first_name": "Neo"}
    ).json()
    assert lead["metadata"] == {"loan_amount": 250_000, "first_name": "Neo"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        pytest.param({"phone_number": "12345"}, "phone_number", id="a phone number that is none"),
        pytest.param({"email": "new@"}, "email", id="half an e-mail address"),
        pytest.param({"lead_type": 999}, "lead_type", id="a lead type that there is not"),
    ],
)
def test_bad_data_is_refused_and_nothing_is_stored(
    mockserver: MockWorkspace, wrong: dict[str, Any], field: str
) -> None:
    before = mockserver.leads("sela")
    answer = mockserver.sela.post("/api/leads/", json=NEW | wrong)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert mockserver.leads("sela") == before


def test_the_same_person_is_refused_as_a_duplicate(mockserver: MockWorkspace) -> None:
    answer = mockserver.sela.post("/api/leads/", json=ADA)
    assert (answer.status_code, list(answer.json())) == (400, ["non_field_errors"])


def test_a_lead_that_comes_back_is_engaged_again(mockserver: MockWorkspace) -> None:
    answer = mockserver.sela.post("/api/leads/", json=ADA | {"min_reengagement_days": 30})
    lead = answer.json()
    assert (answer.status_code, lead["id"], lead["status_reason"], lead["reengagements_count"]) == (
        200,
        28001,
        "REENGAGEMENT",
        1,
    )


def test_a_bulk_answers_for_each_lead_in_its_order(mockserver: MockWorkspace) -> None:
    leads = [NEW, ADA, {"phone_number": "?"}, ADA | {"min_reengagement_days": 1}]
    results = mockserver.sela.post("/api/leads/bulk-create/", json={"leads": leads}).json()[
        "results"
    ]
    assert [each["action"] for each in results] == ["created", "error", "error", "reengaged"]


def test_an_update_needs_no_id(mockserver: MockWorkspace) -> None:
    lead = mockserver.sela.put("/api/leads/update/", json=ADA | {"status": "CLOSED"}).json()
    assert (lead["id"], lead["status"]) == (28001, "CLOSED")


def test_an_update_leaves_alone_what_it_does_not_name(mockserver: MockWorkspace) -> None:
    before = mockserver.sela.get("/api/leads/28001/").json()
    after = mockserver.sela.put("/api/leads/update/", json=ADA | {"lead_source": "web"}).json()
    assert {name for name in after if after[name] != before[name]} == {
        "lead_source",
        "modified_time",
    }


@pytest.mark.parametrize("status", ["CLOSED", "LOST", "BAD_NUMBER"])
def test_a_lead_that_is_done_is_not_called_again(mockserver: MockWorkspace, status: str) -> None:
    lead = mockserver.sela.put("/api/leads/update/", json=ADA | {"status": status}).json()
    assert (lead["status"], lead["next_call_time"], lead["next_call_time_reason"]) == (
        status,
        None,
        None,
    )


def test_do_not_call_takes_the_lead_off_the_schedule(mockserver: MockWorkspace) -> None:
    assert (
        mockserver.sela.put("/api/leads/update/", json=ADA | {"call_dnc": True}).json()[
            "next_call_time"
        ]
        is None
    )


def test_an_update_of_nobody_is_404(mockserver: MockWorkspace) -> None:
    answer = mockserver.sela.put("/api/leads/update/", json=NEW | {"status": "CLOSED"})
    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": "No Lead matches the given query."},
    )


def test_a_lead_is_changed_by_its_id(mockserver: MockWorkspace) -> None:
    mockserver.sela.patch("/api/leads/28002/", json={"external_id": "crm-77"})
    assert mockserver.lead("sela", 28002)["lead"]["external_id"] == "crm-77"


def test_a_list_has_the_newest_first_and_counts_all(mockserver: MockWorkspace) -> None:
    page = mockserver.sela.get("/api/leads/").json()
    assert (page["count"], page["next"], page["results"][0]["id"]) == (13, None, 28013)


@pytest.mark.parametrize("size", [1, 5])
def test_following_next_reads_every_lead_once(mockserver: MockWorkspace, size: int) -> None:
    ids, url = [], f"/api/leads/?page_size={size}"
    while url:
        page = mockserver.sela.get(url).json()
        ids += [lead["id"] for lead in page["results"]]
        url = page["next"]
    assert ids == list(range(28013, 28000, -1))


def test_a_webhook_is_stored_and_read_back(mockserver: MockWorkspace) -> None:
    made = mockserver.sela.post(
        "/api/webhooks/", json={"url": "https://crm.example.com/{{id}}", "trigger": "CALL_COMPLETE"}
    ).json()
    assert mockserver.sela.get(f"/api/webhooks/{made['id']}/").json() == made


def test_a_providers_payload_is_mapped_to_a_lead(mockserver: MockWorkspace) -> None:
    payload = {
        "contact": {"phone": "202-555-0199", "email": "new@example.com"},
        "ref": "p-1",
        "provider": "acme",
    }
    lead = mockserver.sela.post(
        "/api/lead-ingestion/3f0c1a52-7d6b-4c58-9a0e-5b1f6f2d8e11/", json=payload
    ).json()
    assert (lead["phone_number"], lead["external_id"], lead["lead_source"]) == (
        "+12025550199",
        "p-1",
        "acme",
    )


def test_a_path_without_its_slash_is_redirected(mockserver: MockWorkspace) -> None:
    answer = mockserver.sela.get("/api/leads")
    assert (answer.status_code, answer.headers["location"].endswith("/sela/api/leads/")) == (
        301,
        True,
    )

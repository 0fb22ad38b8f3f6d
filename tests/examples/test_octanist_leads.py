"""A site that sends its conversions to Octanist: create, read, update, list."""

from typing import Any

import pytest

from mockserver.testing import MockWorkspace


def lead(mockserver: MockWorkspace, id: str) -> dict[str, Any]:
    found: dict[str, Any] = mockserver.octanist.get(f"/leads/{id}").json()["data"]
    return found


def ids(mockserver: MockWorkspace, **query: Any) -> list[str]:
    return [each["id"] for each in mockserver.octanist.get("/leads", params=query).json()["data"]]


def test_a_new_lead_is_open_and_can_be_read_back(mockserver: MockWorkspace) -> None:
    id = mockserver.octanist.post(
        "/leads", json={"name": "Neo", "email": "neo@example.com"}
    ).json()["data"]["id"]
    made = lead(mockserver, id)
    assert (made["name"], made["email"], made["status"], made["source"]) == (
        "Neo",
        "neo@example.com",
        "open",
        "api",
    )


@pytest.mark.parametrize(
    "given", [{"name": "Neo"}, {"phone": "+12025550199"}, {"custom": {"ref": 1}}]
)
def test_one_thing_to_know_somebody_by_is_enough(
    mockserver: MockWorkspace, given: dict[str, Any]
) -> None:
    assert mockserver.octanist.post("/leads", json=given).json()["success"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"note": "who?"}, id="nobody"),
    ],
)
def test_a_lead_that_is_nobody_is_refused(mockserver: MockWorkspace, wrong: dict[str, Any]) -> None:
    answer = mockserver.octanist.post("/leads", json=wrong)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert len(mockserver.leads("octanist")) == 13


def test_the_same_person_twice_is_two_leads(mockserver: MockWorkspace) -> None:
    made = [
        mockserver.octanist.post("/leads", json={"email": "neo@example.com"}).json()["data"]["id"]
        for _ in range(2)
    ]
    assert len(set(made)) == 2


def test_a_session_gives_the_lead_its_attribution(mockserver: MockWorkspace) -> None:
    given = {"name": "Neo", "sessionId": "550e8400-e29b-41d4-a716-446655440000"}
    made = lead(mockserver, mockserver.octanist.post("/leads", json=given).json()["data"]["id"])
    assert (made["gclid"], made["utm_campaign"]) == ("gclid-ada", "summer_sale")


@pytest.mark.parametrize(
    "who",
    [
        pytest.param({"id": "lead_demo01"}, id="by id"),
        pytest.param({"email": "ada@example.com"}, id="by e-mail"),
        pytest.param({"email": "ADA@example.com"}, id="by e-mail in capitals"),
        pytest.param({"phone": "+12025550101"}, id="by phone as it was written"),
    ],
)
def test_a_lead_is_updated_by_what_we_know_of_it(
    mockserver: MockWorkspace, who: dict[str, str]
) -> None:
    answer = mockserver.octanist.patch("/leads", json=who | {"status": "won", "value": 5000})
    assert answer.json()["data"]["leadId"] == "lead_demo01"
    assert lead(mockserver, "lead_demo01")["status"] == "won"


def test_two_leads_with_one_address_are_a_conflict_and_stay_as_they_are(
    mockserver: MockWorkspace,
) -> None:
    before = mockserver.leads("octanist")
    answer = mockserver.octanist.patch(
        "/leads", json={"email": "family@example.com", "status": "won"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert mockserver.leads("octanist") == before


def test_an_unknown_address_is_not_found(mockserver: MockWorkspace) -> None:
    answer = mockserver.octanist.patch(
        "/leads", json={"email": "nobody@example.com", "status": "won"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_a_wrong_id_does_not_fall_back_to_the_address(mockserver: MockWorkspace) -> None:
    answer = mockserver.octanist.patch(
        "/leads", json={"id": "lead_none", "email": "ada@example.com", "status": "won"}
    )
    assert answer.status_code == 404


def test_a_lost_lead_has_its_reason(mockserver: MockWorkspace) -> None:
    mockserver.octanist.patch(
        "/leads", json={"id": "lead_demo01", "status": "lost", "lossReason": "Too far"}
    )
    assert lead(mockserver, "lead_demo01")["lossReason"] == "Too far"


def test_a_value_as_text_is_stored_as_a_number(mockserver: MockWorkspace) -> None:
    mockserver.octanist.patch(
        "/leads", json={"id": "lead_demo01", "status": "won", "value": "1250.50"}
    )
    assert lead(mockserver, "lead_demo01")["value"] == 1250.5


@pytest.mark.parametrize("value", ["1,250", "much", None])
def test_a_value_that_is_no_number_is_refused(mockserver: MockWorkspace, value: Any) -> None:
    answer = mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "value": value})
    assert (answer.status_code, lead(mockserver, "lead_demo01")["value"]) == (400, None)


def test_a_lead_is_qualified_once(mockserver: MockWorkspace) -> None:
    mockserver.freeze("2026-03-01T09:00:00Z")
    mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "status": "qualified"})
    mockserver.advance(3600)
    mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "status": "won"})
    after = lead(mockserver, "lead_demo01")
    assert (after["qualifiedAt"], after["updatedAt"]) == (
        "2026-03-01T09:00:00.000Z",
        "2026-03-01T10:00:00.000Z",
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"status": "lost"}, ["lead_demo09", "lead_demo05"], id="by status"),
        pytest.param(
            {"status": "won", "sort": "value:asc"},
            ["lead_demo10", "lead_demo03", "lead_demo07", "lead_abc123"],
            id="sorted",
        ),
        pytest.param({"createdAt[lt]": "2025-02-12"}, ["lead_demo02", "lead_demo01"], id="by date"),
    ],
)
def test_a_list_is_filtered(
    mockserver: MockWorkspace, query: dict[str, str], expected: list[str]
) -> None:
    assert ids(mockserver, **query) == expected


@pytest.mark.parametrize("limit", [4, 13])
def test_pages_hold_every_lead_once(mockserver: MockWorkspace, limit: int) -> None:
    found, page, more = [], 1, True
    while more:
        answer = mockserver.octanist.get(
            "/leads", params={"limit": limit, "page": page, "fields": "id"}
        ).json()
        found += [each["id"] for each in answer["data"]]
        page, more = page + 1, answer["meta"]["pagination"]["hasMore"]
    assert (len(found), len(set(found))) == (13, 13)


def test_the_figures_of_a_period_add_up(mockserver: MockWorkspace) -> None:
    body = {"period": "custom", "startDate": "2025-02-01", "endDate": "2025-02-28"}
    figures = mockserver.octanist.post("/stats", json=body).json()["data"]
    assert (figures["leads"]["total"], figures["conversion"]["totalValue"]) == (12, 5400.5)

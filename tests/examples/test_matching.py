"""Which lead an update means, where the vendors differ, and how a test sees why."""

import pytest

from mockserver.testing import MockWorkspace

UPDATE = "/api/leads/update/"
INGESTION = "/api/lead-ingestion/3f0c1a52-7d6b-4c58-9a0e-5b1f6f2d8e11/"


@pytest.mark.parametrize(
    ("keys", "id"),
    [
        pytest.param(
            {"phone_number": "+12155550111"}, 28012, id="the newest of two with one number"
        ),
        pytest.param(
            {"phone_number": "+12155550111", "email": "family@example.com"},
            28011,
            id="the one with this address, too",
        ),
        pytest.param(
            {"phone_number": "215-555-0111", "email": "JEAN@EXAMPLE.COM"},
            28012,
            id="in any spelling",
        ),
    ],
)
def test_a_phone_number_and_an_address_decide_together(
    mockserver: MockWorkspace, keys: dict[str, str], id: int
) -> None:
    assert mockserver.sela.put(UPDATE, json=keys | {"status": "CLOSED"}).json()["id"] == id


def test_an_address_of_somebody_else_matches_nobody(mockserver: MockWorkspace) -> None:
    answer = mockserver.sela.put(
        UPDATE, json={"phone_number": "+12025550101", "email": "grace@example.com"}
    )
    assert answer.status_code == 404


def test_the_journal_says_what_each_key_found(mockserver: MockWorkspace) -> None:
    answer = mockserver.sela.put(
        UPDATE, json={"phone_number": "+12025550101", "email": "grace@example.com"}
    )
    (match,) = mockserver.request(int(answer.headers["mockserver-request"]))["matches"]
    assert [(step["key"], step["candidates"]) for step in match["steps"]] == [
        ("phone_number", [28001]),
        ("email", [28002]),
    ]
    assert match["rows"] == []


@pytest.mark.parametrize(
    ("payload", "status", "id"),
    [
        pytest.param(
            {"ref": "crm-3", "contact": {"phone": "+12025550101"}},
            200,
            28003,
            id="our id before the number",
        ),
        pytest.param(
            {"ref": "none", "contact": {"phone": "+12025550101"}}, 200, 28001, id="then the number"
        ),
        pytest.param(
            {"contact": {"phone": "+12025550199", "email": "grace@example.com"}},
            200,
            28002,
            id="then the address",
        ),
    ],
)
def test_an_ingestion_takes_the_first_key_that_finds_somebody(
    mockserver: MockWorkspace, payload: dict[str, object], status: int, id: int
) -> None:
    answer = mockserver.sela.put(INGESTION, json=payload)
    assert (answer.status_code, answer.json()["id"]) == (status, id)


def test_an_ingestion_that_finds_nobody_makes_a_lead(mockserver: MockWorkspace) -> None:
    before = [each["id"] for each in mockserver.leads("sela")]
    contact = {"phone": "+12025550199", "email": "new@example.com"}
    answer = mockserver.sela.put(INGESTION, json={"contact": contact})
    assert (answer.status_code, answer.json()["id"] in before) == (201, False)


def test_a_conflict_names_both_leads_in_the_journal(mockserver: MockWorkspace) -> None:
    mockserver.octanist.patch("/leads", json={"email": "family@example.com", "status": "won"})
    (entry,) = mockserver.requests(status=409)
    assert entry["matched"] == ["lead_demo11", "lead_demo12"]


def test_a_change_shows_the_lead_before_and_after(mockserver: MockWorkspace) -> None:
    mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "status": "won", "value": 10})
    (change,) = mockserver.lead("octanist", "lead_demo01")["history"]
    assert (change["before"]["status"], change["after"]["status"]) == ("open", "won")
    assert set(change["fields"]) == {"status", "value", "qualifiedAt", "updatedAt"}

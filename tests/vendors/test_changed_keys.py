"""A lead is found by the keys it has now: by what an update made of them, and no more by the old ones."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

# Sela: phone number with e-mail address, and in an ingestion external id, phone number or address.

UPDATE, LEADS, BULK = "/api/leads/update/", "/api/leads/", "/api/leads/bulk-create/"
ADA_AT_SELA = "/api/leads/28001/"
INGESTION = "/api/lead-ingestion/3f0c1a52-7d6b-4c58-9a0e-5b1f6f2d8e11/"
ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}
MOVED = {"phone_number": "+13125550171", "email": "ada@lovelace.example"}
DUPLICATE = {"non_field_errors": ["The fields phone_number, email must make a unique set."]}


def payload(**lead: Any) -> dict[str, Any]:
    """What a lead provider sends that means those fields."""
    contact = {"phone": lead.get("phone_number"), "email": lead.get("email")}
    given = {"contact": {name: value for name, value in contact.items() if value}}
    return given | ({"ref": lead["external_id"]} if "external_id" in lead else {})


def found(answer: httpx.Response) -> Any:
    """The id of the lead that was found, or the status."""
    return answer.json()["id"] if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"email": MOVED["email"]}, id="e-mail address"),
        pytest.param({"phone_number": MOVED["phone_number"]}, id="phone number"),
        pytest.param(MOVED, id="both"),
        pytest.param({"phone_number": "(312) 555-0171"}, id="phone number in another spelling"),
    ],
)
def test_sela_updates_by_the_patched_pair_and_not_by_the_old_one(
    changed: dict[str, str], sela: httpx.Client
) -> None:
    assert sela.patch(ADA_AT_SELA, json=changed).status_code == 200
    answers = [sela.put(UPDATE, json=pair) for pair in (ADA | changed, ADA)]
    assert [found(answer) for answer in answers] == [28001, 404]


def test_sela_no_longer_finds_a_lead_by_an_address_it_has_lost(sela: httpx.Client) -> None:
    sela.patch(ADA_AT_SELA, json={"email": None})
    pairs = ({"phone_number": ADA["phone_number"]}, ADA)
    assert [found(sela.put(UPDATE, json=pair)) for pair in pairs] == [28001, 404]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param({"external_id": "crm-1"}, {"external_id": "crm-99"}, id="external id"),
        pytest.param({"email": ADA["email"]}, {"email": MOVED["email"]}, id="e-mail address"),
        pytest.param(
            {"phone_number": ADA["phone_number"]},
            {"phone_number": MOVED["phone_number"]},
            id="phone number",
        ),
    ],
)
def test_sela_ingests_by_the_patched_key_and_not_by_the_old_one(
    old: dict[str, str], new: dict[str, str], sela: httpx.Client
) -> None:
    sela.patch(ADA_AT_SELA, json=new)
    stranger = {"phone_number": "+14045550172"}
    by_new = sela.put(INGESTION, json=payload(**new))
    by_old = sela.put(INGESTION, json=payload(**(stranger | old)))
    assert (found(by_new), by_old.status_code) == (28001, 201)


def test_sela_ingests_by_the_external_id_that_an_update_stored(sela: httpx.Client) -> None:
    sela.put(UPDATE, json=ADA | {"external_id": "crm-99"})
    assert found(sela.put(INGESTION, json=payload(external_id="crm-99"))) == 28001
    fresh = payload(external_id="crm-1", phone_number="+14045550172")
    assert sela.put(INGESTION, json=fresh).status_code == 201


def test_sela_updates_by_the_pair_that_an_ingestion_stored(sela: httpx.Client) -> None:
    assert found(sela.put(INGESTION, json=payload(external_id="crm-1", **MOVED))) == 28001
    assert [found(sela.put(UPDATE, json=pair)) for pair in (MOVED, ADA)] == [28001, 404]


def test_a_duplicate_at_sela_has_the_patched_pair_and_not_the_old_one(sela: httpx.Client) -> None:
    sela.patch(ADA_AT_SELA, json=MOVED)
    duplicate, new = sela.post(LEADS, json=MOVED), sela.post(LEADS, json=ADA)
    assert (duplicate.status_code, duplicate.json()) == (400, DUPLICATE)
    assert (new.status_code, new.json()["email"]) == (201, ADA["email"])


@pytest.mark.parametrize("email", ["ADA@EXAMPLE.COM", "Ada@example.com", "ada@Example.Com"])
def test_an_address_in_another_letter_case_is_a_duplicate_at_sela(
    email: str, sela: httpx.Client
) -> None:
    again = ADA | {"email": email}
    alone, ingested = sela.post(LEADS, json=again), sela.post(INGESTION, json=payload(**again))
    assert [(each.status_code, each.json()) for each in (alone, ingested)] == [(400, DUPLICATE)] * 2
    (result,) = sela.post(BULK, json={"leads": [again]}).json()["results"]
    assert result["action"] == "error"


def test_two_letter_cases_of_one_address_are_duplicates_within_a_bulk(sela: httpx.Client) -> None:
    leads = [MOVED, MOVED | {"email": "Ada@LOVELACE.example"}]
    results = sela.post(BULK, json={"leads": leads}).json()["results"]
    assert [each["action"] for each in results] == ["created", "error"]


def test_sela_keeps_the_letter_case_of_a_patched_address_and_finds_it_in_any(
    sela: httpx.Client,
) -> None:
    stored = sela.patch(ADA_AT_SELA, json={"email": "Ada@LOVELACE.example"}).json()["email"]
    assert stored == "Ada@LOVELACE.example"
    assert found(sela.put(UPDATE, json=ADA | {"email": "ADA@lovelace.EXAMPLE"})) == 28001


# Octanist: id, e-mail address or phone number, which an update looks up and leaves as they are.


def lead_id(answer: httpx.Response) -> Any:
    """The id of the lead that was updated, or the status."""
    return answer.json()["data"]["leadId"] if answer.status_code == 200 else answer.status_code


def test_octanist_keeps_the_keys_that_an_update_by_id_names(octanist: httpx.Client) -> None:
    other = {"email": "ada@lovelace.example", "phone": "+13125550171"}
    assert lead_id(octanist.patch("/leads", json={"id": "lead_demo01"} | other)) == "lead_demo01"
    old = ({"email": "ada@example.com"}, {"phone": "+12025550101"})
    new = ({"email": other["email"]}, {"phone": other["phone"]})
    answers = [lead_id(octanist.patch("/leads", json=key)) for key in (*old, *new)]
    assert answers == ["lead_demo01", "lead_demo01", 404, 404]


@pytest.mark.parametrize("email", ["ADA@EXAMPLE.COM", "Ada@example.com", " ada@Example.Com "])
def test_octanist_finds_an_address_in_another_letter_case(
    email: str, octanist: httpx.Client
) -> None:
    assert lead_id(octanist.patch("/leads", json={"email": email})) == "lead_demo01"


def test_two_letter_cases_of_one_address_are_several_matches_at_octanist(
    octanist: httpx.Client,
) -> None:
    octanist.post("/leads", json={"name": "Ada", "email": "ADA@Example.com"})
    assert octanist.patch("/leads", json={"email": "ada@example.com"}).status_code == 409


# NLPearl: external id or phone number within a pearl.

PEARL = "/v2/Outbound/66a1f0c2d60e456235eae601"
ADA_AT_NLPEARL = "66a1f0c2d60e456235eae701"


@pytest.mark.parametrize(
    ("field", "path", "old", "new"),
    [
        pytest.param("externalId", "External", "crm-1", "crm-99", id="external id"),
        pytest.param(
            "phoneNumber", "PhoneNumber", "+12025550101", "+13125550171", id="phone number"
        ),
    ],
)
def test_nlpearl_gets_a_lead_by_its_new_key_and_not_by_the_old_one(
    field: str, path: str, old: str, new: str, nlpearl: httpx.Client
) -> None:
    changed = nlpearl.put(f"{PEARL}/Lead/{ADA_AT_NLPEARL}", json={field: new})
    answers = [nlpearl.get(f"{PEARL}/Lead/{path}/{quote(key, safe='')}") for key in (new, old)]
    assert (changed.status_code, changed.json()[field]) == (200, new)
    assert [found(answer) for answer in answers] == [ADA_AT_NLPEARL, 400]


def test_nlpearl_deletes_by_the_new_external_id_and_not_by_the_old_one(
    nlpearl: httpx.Client,
) -> None:
    nlpearl.put(f"{PEARL}/Lead/{ADA_AT_NLPEARL}", json={"externalId": "crm-99"})
    path = f"{PEARL}/Leads/External"
    nlpearl.request("DELETE", path, json={"leadExternalIds": ["crm-1"]})
    assert nlpearl.get(f"{PEARL}/Lead/{ADA_AT_NLPEARL}").status_code == 200
    nlpearl.request("DELETE", path, json={"leadExternalIds": ["crm-99"]})
    assert nlpearl.get(f"{PEARL}/Lead/{ADA_AT_NLPEARL}").status_code == 400


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        pytest.param({"externalId": "crm-99"}, {"externalId": "crm-1"}, id="external id"),
        pytest.param(
            {"phoneNumber": "+13125550171"}, {"phoneNumber": "+12025550101"}, id="phone number"
        ),
    ],
)
def test_a_duplicate_at_nlpearl_has_the_new_key_and_not_the_old_one(
    taken: dict[str, str], free: dict[str, str], nlpearl: httpx.Client, server: Any, account: str
) -> None:
    settings = {"nlpearl": {"duplicate_leads": "refuse"}}
    nlpearl.put(f"{PEARL}/Lead/{ADA_AT_NLPEARL}", json=taken)
    httpx.patch(f"{server.url}/__admin/workspaces/{account}/settings", json=settings)
    other = {"phoneNumber": "+14045550172"}
    statuses = [
        nlpearl.post(f"{PEARL}/Lead", json=other | key).status_code for key in (taken, free)
    ]
    assert statuses == [400, 200]

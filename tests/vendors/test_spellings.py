"""Which spellings of a phone number, an e-mail address or an external id mean one lead, by rule."""

from typing import Any

import httpx
import pytest

from mockserver.workspaces import Workspace
from tests.world import switch

FULL_WIDTH = "".join(chr(ord(sign) + 0xFEE0) for sign in "2025550160")

PHONES = [
    pytest.param("+12025550160", "+1 (202) 555-0160", True, id="punctuation"),
    pytest.param("+12025550160", "2025550160", True, id="no country code"),
    pytest.param("+12025550160", "12025550160", True, id="no plus"),
    pytest.param("+12025550160", "1-202-555-0160 ext. 5", True, id="an extension"),
    pytest.param(
        "+12025550160", "tel:+1-202-555-0160;ext=5", True, id="an extension of an address"
    ),
    pytest.param("202-555-0160 x1", "202-555-0160 x2", True, id="two extensions"),
    pytest.param("+12025550160", "011 1 202 555 0160", True, id="the way out of America"),
    pytest.param("+12025552255", "202-555-CALL", True, id="letters on the keys"),
    pytest.param("+12025550160", FULL_WIDTH, True, id="full-width digits"),
    pytest.param("+12025550160", "\uff0b\uff11" + FULL_WIDTH, True, id="a full-width plus"),
    pytest.param("+442079460958", "+44 (0)20 7946 0958", True, id="a trunk 0 in brackets"),
    pytest.param("+442079460958", "+44 020 7946 0958", True, id="a trunk 0"),
    pytest.param("+12025550160", "+12025550161", False, id="another number"),
    pytest.param("+12025550160", "+442079460958", False, id="another country"),
]
"""Two spellings, and whether they are one number to the phone library, read in the region US."""

EMAILS = [
    pytest.param("ada@example.net", "ADA@Example.NET", True, id="letter case"),
    pytest.param("ada@example.net", " ada@example.net ", True, id="white space"),
    pytest.param("ada@b\u00fccher.example", "ada@xn--bcher-kva.example", True, id="IDN"),
    pytest.param("ada@b\u00fccher.example", "ada@B\u00dcCHER.example", True, id="IDN in capitals"),
    pytest.param("ada@stra\u00dfe.de", "ada@xn--strae-oqa.de", True, id="a sharp s"),
    pytest.param("ada@stra\u00dfe.de", "ada@strasse.de", False, id="a sharp s is no double s"),
    pytest.param("ada@example.net", "ada+news@example.net", False, id="plus addressing"),
    pytest.param("a.da@gmail.com", "ada@gmail.com", False, id="dots at gmail"),
    pytest.param("ada@example.net", "ada@mail.example.net", False, id="another host"),
]
"""Two spellings, and whether they are one address: these vendors' rules say that case is none."""

TEXTS = [
    pytest.param("CRM-1x", "CRM-1x", True, id="the same"),
    pytest.param("CRM-1x", "crm-1x", False, id="letter case"),
    pytest.param("1001", "01001", False, id="a leading zero"),
    pytest.param("1001", "\uff11\uff10\uff10\uff11", False, id="full-width digits"),
    pytest.param("stra\u00dfe", "strasse", False, id="a sharp s"),
    pytest.param("\u00fc", "u\u0308", False, id="one sign and two"),
]
"""External ids are compared as they are."""

PEARL = "/v2/Outbound/66a1f0c2d60e456235eae601"


# Sela: a lead has one combination of phone number and e-mail address


@pytest.mark.parametrize(("one", "other", "same"), PHONES)
def test_sela_refuses_a_duplicate_phone_in_any_spelling(
    sela: httpx.Client, one: str, other: str, same: bool
) -> None:
    person = {"email": "ada@example.net"}
    assert sela.post("/api/leads/", json=person | {"phone_number": one}).status_code == 201
    second = sela.post("/api/leads/", json=person | {"phone_number": other})
    assert second.status_code == (400 if same else 201)


@pytest.mark.parametrize(("one", "other", "same"), EMAILS)
def test_sela_refuses_a_duplicate_address_in_any_letter_case(
    sela: httpx.Client, one: str, other: str, same: bool
) -> None:
    person = {"phone_number": "+12025550160"}
    assert sela.post("/api/leads/", json=person | {"email": one}).status_code == 201
    second = sela.post("/api/leads/", json=person | {"email": other})
    assert second.status_code == (400 if same else 201)


@pytest.mark.parametrize(("one", "other", "same"), TEXTS)
def test_sela_finds_an_external_id_as_it_is(
    sela: httpx.Client, one: str, other: str, same: bool
) -> None:
    path = "/api/lead-ingestion/3f0c1a52-7d6b-4c58-9a0e-5b1f6f2d8e11/"
    first = sela.put(path, json={"ref": one, "contact": {"phone": "+12025550160"}})
    second = sela.put(path, json={"ref": other, "contact": {"phone": "+12025550161"}})
    assert (second.json()["id"] == first.json()["id"]) is same


# Octanist: nothing is de-duplicated, and an update finds its lead


def octanist_statuses(client: httpx.Client, field: str, one: str, other: str) -> list[int]:
    """What an update by each spelling is answered after a lead was made with the first."""
    client.post("/leads", json={field: one})
    return [client.patch("/leads", json={field: each}).status_code for each in (one, other)]


@pytest.mark.parametrize(("one", "other", "same"), PHONES)
def test_octanist_compares_phones_as_texts(
    octanist: httpx.Client, one: str, other: str, same: bool
) -> None:
    assert octanist_statuses(octanist, "phone", one, other) == [200, 404]


@pytest.mark.parametrize(("one", "other", "same"), PHONES)
def test_octanist_compares_phones_as_numbers_where_the_setting_says_so(
    octanist: httpx.Client, workspace: Workspace, one: str, other: str, same: bool
) -> None:
    switch(workspace, "octanist", phone_match="e164")
    assert octanist_statuses(octanist, "phone", one, other) == [200, 200 if same else 404]


@pytest.mark.parametrize(("one", "other", "same"), EMAILS)
def test_octanist_finds_an_address_in_any_letter_case(
    octanist: httpx.Client, one: str, other: str, same: bool
) -> None:
    assert octanist_statuses(octanist, "email", one, other) == [200, 200 if same else 404]


def test_octanist_makes_a_second_lead_of_the_same_person(octanist: httpx.Client) -> None:
    person = {"email": "ada@example.net", "phone": "+12025550160"}
    made = {octanist.post("/leads", json=person).json()["data"]["id"] for _ in range(2)}
    assert len(made) == 2


# NLPearl: a pearl takes everything, unless the setting refuses duplicates


def nlpearl_statuses(client: httpx.Client, *leads: dict[str, Any]) -> list[int]:
    return [client.post(f"{PEARL}/Lead", json=lead).status_code for lead in leads]


@pytest.mark.parametrize(("one", "other", "same"), PHONES)
def test_nlpearl_takes_a_duplicate_phone(
    nlpearl: httpx.Client, one: str, other: str, same: bool
) -> None:
    assert nlpearl_statuses(nlpearl, {"phoneNumber": one}, {"phoneNumber": other}) == [200, 200]


@pytest.mark.parametrize(("one", "other", "same"), PHONES)
def test_nlpearl_refuses_a_duplicate_phone_in_any_spelling_where_the_setting_says_so(
    nlpearl: httpx.Client, workspace: Workspace, one: str, other: str, same: bool
) -> None:
    switch(workspace, "nlpearl", duplicate_leads="refuse")
    statuses = nlpearl_statuses(nlpearl, {"phoneNumber": one}, {"phoneNumber": other})
    assert statuses == [200, 400 if same else 200]


@pytest.mark.parametrize(("one", "other", "same"), TEXTS)
def test_nlpearl_compares_external_ids_as_they_are(
    nlpearl: httpx.Client, workspace: Workspace, one: str, other: str, same: bool
) -> None:
    switch(workspace, "nlpearl", duplicate_leads="refuse")
    leads = [
        {"phoneNumber": "+12025550160", "externalId": one},
        {"phoneNumber": "+12025550161", "externalId": other},
    ]
    assert nlpearl_statuses(nlpearl, *leads) == [200, 400 if same else 200]


# The region of numbers without a country code

REGIONS = [
    pytest.param("NL", "+31612345678", "0612345678", id="Dutch, at home"),
    pytest.param("NL", "+31612345678", "0031612345678", id="Dutch, with 00"),
    pytest.param("NL", "+31612345678", "31612345678", id="Dutch, without a plus"),
    pytest.param("NL", "+31612345678", "+31 (0)6 12345678", id="Dutch, with a trunk 0"),
    pytest.param("IL", "+972502345678", "050-234-5678", id="Israeli, at home"),
    pytest.param("IL", "+972502345678", "00972502345678", id="Israeli, with 00"),
    pytest.param("IL", "+972502345678", "972502345678", id="Israeli, without a plus"),
]


@pytest.mark.parametrize(("region", "stored", "asked"), REGIONS)
def test_sela_reads_the_numbers_of_its_region(
    sela: httpx.Client, workspace: Workspace, region: str, stored: str, asked: str
) -> None:
    sela.post("/api/leads/", json={"phone_number": stored})
    switch(workspace, "sela", phone_region=region)
    assert sela.put("/api/leads/update/", json={"phone_number": asked}).status_code == 200


@pytest.mark.parametrize(("region", "stored", "asked"), REGIONS)
def test_octanist_reads_the_numbers_of_its_region(
    octanist: httpx.Client, workspace: Workspace, region: str, stored: str, asked: str
) -> None:
    octanist.post("/leads", json={"phone": stored})
    switch(workspace, "octanist", phone_match="e164", phone_region=region)
    assert octanist.patch("/leads", json={"phone": asked}).status_code == 200


@pytest.mark.parametrize(("region", "stored", "asked"), REGIONS)
def test_nlpearl_reads_the_numbers_of_its_region(
    nlpearl: httpx.Client, workspace: Workspace, region: str, stored: str, asked: str
) -> None:
    nlpearl.post(f"{PEARL}/Lead", json={"phoneNumber": stored})
    switch(workspace, "nlpearl", phone_region=region)
    assert nlpearl.get(f"{PEARL}/Lead/PhoneNumber/{asked}").status_code == 200


def test_national_numbers_that_are_stored_are_found_once_the_region_is_theirs(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    nlpearl.post(f"{PEARL}/Lead", json={"phoneNumber": "0612345678"})
    path = f"{PEARL}/Lead/PhoneNumber/+31612345678"
    statuses = [nlpearl.get(path).status_code]
    for region in ("NL", "US", "NL"):
        switch(workspace, "nlpearl", phone_region=region)
        statuses.append(nlpearl.get(path).status_code)
    assert statuses == [400, 200, 400, 200]


def test_sela_refuses_what_is_no_number_of_its_region(
    sela: httpx.Client, workspace: Workspace
) -> None:
    switch(workspace, "sela", phone_region="NL")
    items = [{"phone_number": "0612345678"}, {"phone_number": "2025550160"}]
    statuses = [sela.post("/api/leads/", json=item).status_code for item in items]
    assert statuses == [201, 400]
    results = sela.post("/api/leads/bulk-create/", json={"leads": items}).json()["results"]
    assert [each["action"] for each in results] == ["error", "error"]
    assert results[1]["error"] == "phone_number: Enter a valid phone number."
    assert sela.get("/api/leads/").json()["results"][0]["phone_number"] == "+31612345678"

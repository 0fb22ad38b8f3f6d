"""Bugs as clients have them: the text of the failing test says what is wrong in a sentence."""

import re

import pytest

from tests.testing.suites import run_suite

BUGS = """
import json, threading, time

import httpx

PEARL = "66a1f0c2d60e456235eae601"
ADA = "+12025550101"


def ask(url, **options):
    httpx.request(url=url, trust_env=False, **options)


def test_no_slash(mockserver):
    mockserver.sela.put("/api/leads/update", json={"phone_number": ADA, "status": "CLOSED"})
    assert mockserver.lead("sela", 28001)["lead"]["status"] == "CLOSED"

def test_a_redirection_that_is_followed(mockserver):
    client = mockserver.http("sela", follow_redirects=True)
    client.post("/api/leads", json={"phone_number": "+12025550199"})
    assert mockserver.leads("sela", q="+12025550199")

def test_a_slash_too_many(mockserver):
    assert mockserver.octanist.get("/leads/").status_code == 200

def test_a_wrong_enum(mockserver):
    mockserver.octanist.patch("/leads", json={"email": "ada@example.com", "status": "closed"})
    assert mockserver.lead("octanist", "lead_demo01")["lead"]["status"] == "closed"

def test_an_enum_of_many(mockserver):
    mockserver.sela.put("/api/leads/update/", json={"phone_number": ADA, "status": "WON"})
    assert mockserver.lead("sela", 28001)["lead"]["status"] == "WON"

def test_a_phone_that_is_not_normalised(mockserver):
    mockserver.octanist.patch("/leads", json={"phone": "(202) 555-0101", "status": "won"})
    assert mockserver.lead("octanist", "lead_demo01")["lead"]["status"] == "won"

def test_a_double_create(mockserver):
    for _ in range(2):
        mockserver.octanist.post("/leads", json={"name": "Neo", "email": "neo@example.com"})
    assert len(mockserver.leads("octanist", q="neo@example.com")) == 1

def test_a_retry_after_a_lost_answer(mockserver):
    with mockserver.add_fault("apply_but_fail", operation="create_lead", times=1):
        for _ in range(2):
            try:
                mockserver.octanist.post("/leads", json={"name": "Neo"})
            except httpx.TransportError:
                continue
    assert len(mockserver.leads("octanist", q="Neo")) == 1

def test_a_page_loop(mockserver):
    assert len(mockserver.octanist.get("/leads?limit=5").json()["data"]) == 13

def test_a_loop_by_links(mockserver):
    assert len(mockserver.sela.get("/api/leads/?page_size=5").json()["results"]) == 13

def test_a_loop_by_offsets(mockserver):
    answer = mockserver.nlpearl.post(f"/v2/Outbound/{PEARL}/Leads", json={"limit": 3})
    assert len(answer.json()["results"]) == 13

def test_a_shared_phone(mockserver):
    mockserver.sela.put("/api/leads/update/", json={"phone_number": "+12155550111", "status": "CLOSED"})
    assert mockserver.lead("sela", 28011)["lead"]["status"] == "CLOSED"

def test_a_shared_address(mockserver):
    answer = mockserver.octanist.patch("/leads", json={"email": "family@example.com", "status": "won"})
    assert answer.status_code == 200

def test_a_misspelt_field(mockserver):
    mockserver.octanist.patch("/leads", json={"email": "ada@example.com", "vaule": 1200})
    assert mockserver.lead("octanist", "lead_demo01")["lead"]["value"] == 1200

def test_a_misspelt_field_that_is_kept(mockserver):
    mockserver.sela.put("/api/leads/update/", json={"phone_number": ADA, "statsu": "CLOSED"})
    assert mockserver.lead("sela", 28001)["lead"]["status"] == "CLOSED"

def test_a_foreign_key(mockserver):
    url = mockserver.base_urls["octanist"]
    for _ in range(3):
        ask(url + "/leads", method="GET", headers={"X-API-KEY": "prod-key"})
    mockserver.assert_called(operation="list_leads")

def test_no_key(mockserver):
    ask(mockserver.base_urls["octanist"] + "/leads", method="GET")
    mockserver.assert_called(operation="list_leads")

def test_a_missing_api(mockserver):
    url = mockserver.base_urls["octanist"].removesuffix("/api")
    ask(url + "/leads", method="GET", headers=mockserver.credentials["octanist"])
    mockserver.assert_called(operation="list_leads")

def test_a_missing_prefix(mockserver):
    url = mockserver.base_urls["octanist"].removesuffix("/octanist/api")
    ask(url + "/leads", method="POST", headers=mockserver.credentials["octanist"], json={})
    mockserver.assert_called(operation="create_lead")

def test_a_missing_prefix_and_no_key(mockserver):
    url = mockserver.base_urls["sela"].removesuffix("/sela")
    ask(url + "/api/leads/update/", method="PUT", json={"phone_number": ADA})
    mockserver.assert_called(operation="leads_update_update")

def test_a_slash_too_many_before_the_path(mockserver):
    url = mockserver.base_urls["octanist"].replace("/octanist", "//octanist")
    ask(url + "/leads", method="GET", headers=mockserver.credentials["octanist"])
    mockserver.assert_called(operation="list_leads")

def test_another_vendors_prefix(mockserver):
    url = mockserver.base_urls["octanist"].replace("/octanist", "/sela")
    ask(url + "/leads", method="GET", headers=mockserver.credentials["octanist"])
    mockserver.assert_called(operation="list_leads")

def test_the_scheme_of_another_vendor(mockserver):
    url = mockserver.base_urls["sela"]
    ask(url + "/api/leads/", method="GET", headers={"Authorization": "Bearer " + mockserver.name})
    mockserver.assert_called(operation="leads_list")

def test_a_form_for_json(mockserver):
    mockserver.octanist.patch("/leads", data={"email": "ada@example.com", "status": "won"})
    assert mockserver.lead("octanist", "lead_demo01")["lead"]["status"] == "won"

def test_json_that_is_encoded_twice(mockserver):
    body = json.dumps({"email": "ada@example.com", "status": "won"})
    mockserver.octanist.patch("/leads", json=body)
    assert mockserver.lead("octanist", "lead_demo01")["lead"]["status"] == "won"

def test_no_body(mockserver):
    assert mockserver.octanist.patch("/leads").status_code == 200

def test_a_key_in_camel_case(mockserver):
    mockserver.sela.put("/api/leads/update/", json={"phoneNumber": ADA, "status": "CLOSED"})
    assert mockserver.lead("sela", 28001)["lead"]["status"] == "CLOSED"

def test_a_misspelt_identifier(mockserver):
    answer = mockserver.octanist.patch("/leads", json={"emial": "ada@example.com", "status": "won"})
    assert answer.status_code == 200

def test_a_number_as_people_write_it(mockserver):
    answer = mockserver.octanist.patch("/leads", json={"email": "ada@example.com", "value": "1.200,50"})
    assert answer.status_code == 200

def test_a_misspelt_parameter(mockserver):
    assert mockserver.octanist.get("/leads?stauts=won").status_code == 200

def test_another_encoding(mockserver):
    body = json.dumps({"name": "Zo\u00eb"}, ensure_ascii=False).encode("latin-1")
    mockserver.octanist.post("/leads", content=body, headers={"Content-Type": "application/json"})
    assert mockserver.leads("octanist", q="Zo\u00eb")

def test_pages_that_overlap(mockserver):
    for skip in (0, 4):
        mockserver.nlpearl.post(f"/v2/Outbound/{PEARL}/Leads", json={"limit": 5, "skip": skip})
    assert not "the same row twice"

def test_a_request_that_comes_late(mockserver):
    def later():
        time.sleep(0.2)
        mockserver.octanist.post("/check")

    client = threading.Thread(target=later)
    client.start()
    try:
        mockserver.assert_called(operation="check")
    finally:
        client.join()

def test_a_doubled_api(mockserver):
    assert mockserver.octanist.get("/api/leads").status_code == 200
"""

NO_FURTHER = ", and no further page was asked for."
CAUSES = {
    "no_slash": [
        "it has no slash at the end of its path. Probably meant: PUT /sela/api/leads/update/",
        "of the clients that follow it Go sends a GET without the body there",
    ],
    "a_redirection_that_is_followed": [
        "followed with GET and no body: what it was to write is lost.",
    ],
    "a_slash_too_many": [
        "it has a slash too many at the end of its path. Probably meant: GET /octanist/api/leads",
    ],
    "a_wrong_enum": [
        'Refused with 400: status is "closed", and must be one of qualified, won, lost.',
    ],
    "an_enum_of_many": [
        'status is "WON", and must be one of UNKNOWN, NEW, OPEN, CALLBACK_TO_TRANSFER, CLOSED,',
    ],
    "a_phone_that_is_not_normalised": [
        "and found no lead, while the lead `lead_demo01` has it as `+12025550101`.",
    ],
    "a_double_create": [
        "`create_lead` was sent again as it was in request 1, and made what that one had made once more.",
    ],
    "a_retry_after_a_lost_answer": [
        "had taken effect but got no answer (fault apply_but_fail): it was done twice.",
    ],
    "a_page_loop": ["`list_leads` answered page 1 of ", NO_FURTHER],
    "a_loop_by_links": ["`leads_list` answered page 1 of ", NO_FURTHER],
    "a_loop_by_offsets": ["`search_leads` answered 3 of ", NO_FURTHER],
    "a_shared_phone": [
        "match by phone_number (28011, 28012",
        ": the one added last (setting `several_matches`)",
    ],
    "a_shared_address": [
        "Refused with 409: ",
        " leads match, and none was changed",
    ],
    "a_misspelt_field": ["remark: vaule is no field: ignored (did you mean value?)"],
    "a_misspelt_field_that_is_kept": [
        "statsu is no field: kept in metadata (did you mean status?)",
    ],
    "a_foreign_key": [
        "3 requests came with the key `prod-key`, none with this test's",
    ],
    "no_key": [
        "Signed in as nobody, answered 401: octanist reads `X-API-KEY: <key>`, and the request has no credential."
    ],
    "a_missing_api": [
        "it has no `/api` in its path. Probably meant: GET /octanist/api/leads (list_leads).",
    ],
    "a_missing_prefix": [
        "it has no `/octanist/api` before its path. Probably meant: POST /octanist/api/leads ",
    ],
    "a_missing_prefix_and_no_key": [
        "it has no `/sela` before its path. Probably meant: PUT /sela/api/leads/update/ ",
    ],
    "a_slash_too_many_before_the_path": [
        "it has empty segments in its path. Probably meant: GET /octanist/api/leads ",
    ],
    "another_vendors_prefix": [
        "sela has no operation GET /sela/api/leads: it has ",
    ],
    "the_scheme_of_another_vendor": [
        "sela reads `Authorization: Token <key>`, and the request has `authorization: Bearer ***`.",
    ],
    "a_form_for_json": [
        "the Content-Type is application/x-www-form-urlencoded, and update_lead reads application/json",
    ],
    "json_that_is_encoded_twice": [
        "the body is a text that holds JSON: it was encoded twice.",
    ],
    "no_body": ["Refused with 400: the body is empty."],
    "a_key_in_camel_case": [
        "Refused with 400: phone_number is required.",
        "remark: phoneNumber is no field (did you mean phone_number?)",
    ],
    "a_misspelt_identifier": [
        "Refused with 400: the body needs id or email or phone.",
        "remark: emial is no field (did you mean email?)",
    ],
    "a_number_as_people_write_it": [
        'value is "1.200,50", and must be a number or a string that is a number.',
    ],
    "a_misspelt_parameter": ["(did you mean `status`?)"],
    "another_encoding": [
        "the body has lost characters (U+FFFD): it was not sent in UTF-8",
    ],
    "pages_that_overlap": [
        "and the next request began at `skip` 4, not 5: rows came twice.",
    ],
    "a_request_that_comes_late": [
        "what the test missed came later: `assert_called(..., within=2)` waits for it",
    ],
    "a_doubled_api": [
        "Probably meant: GET /octanist/api/leads (list_leads).",
    ],
}


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pytest prints of each test that fails, by the test's name."""
    run = run_suite(tmp_path_factory.mktemp("bugs"), {"test_bugs.py": BUGS})
    parts = re.split(r"^_+ test_(\w+) _+$", run.out, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("bug", list(CAUSES))
def test_the_failing_test_names_the_cause(bug: str, failures: dict[str, str]) -> None:
    section = failures[bug].partition("mockserver requests ---")[2]
    assert [cause for cause in CAUSES[bug] if cause not in section] == []


def test_every_bug_fails_its_test(failures: dict[str, str]) -> None:
    assert failures.keys() == CAUSES.keys()

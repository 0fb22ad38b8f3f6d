"""Bodies and queries that are the worst for a reader: each gets the answer that a short one of its kind gets.

How long they take is held by tests/growth.
"""

import json
from typing import Any

import httpx
import pytest

from mockserver.errors import COLLECTED

ADD = "/v2/Outbound/66a1f0c2d60e456235eae601/Leads/Add"
SEARCH = "/v2/Outbound/66a1f0c2d60e456235eae601/Leads"
JSON = {"Content-Type": "application/json"}


def details(answer: httpx.Response) -> dict[str, list[str]]:
    """The details of a refusal of Octanist."""
    assert answer.status_code == 400
    found: dict[str, list[str]] = answer.json()["error"]["details"]
    return found


def test_a_long_text_of_digits_is_no_number(octanist: httpx.Client) -> None:
    answer = octanist.patch(
        "/leads", json={"email": "john@example.com", "value": "1" * 10_000 + "x"}
    )
    assert details(answer) == {"value": ["value must be a number"]}


def test_a_long_filter_of_digits_is_no_number(octanist: httpx.Client) -> None:
    answer = octanist.get("/leads", params={"value[gte]": "1" * 4000 + "x"})
    assert details(answer) == {"value[gte]": ["value[gte] must be a number"]}


def test_a_field_that_stands_in_a_sort_list_again_says_nothing_more(octanist: httpx.Client) -> None:
    once = octanist.get("/leads", params={"sort": "name:desc,email"})
    again = octanist.get("/leads", params={"sort": ",".join(["name:desc,email,name"] * 300)})
    assert again.status_code == 200
    assert again.json()["data"] == once.json()["data"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 126 + "{}," * 50_000 + "x", id="deep and wide"),
        pytest.param("[" + "1," * 100_000 + "x", id="wide"),
        pytest.param("[" + "[{}]," * 50_000 + "x", id="wide with lists"),
    ],
)
def test_the_break_of_a_long_text_is_found(octanist: httpx.Client, text: str) -> None:
    answer = octanist.patch("/leads", content=text, headers=JSON)
    around = f'..."{text[-11:]}"'
    assert details(answer) == {
        "body": [f"Unexpected token 'x', {around} is not valid JSON"],
    }


def test_an_address_that_is_too_long_matches_nothing(octanist: httpx.Client) -> None:
    answer = octanist.patch("/leads", json={"email": " " * 500_000 + "a@example.com", "note": "x"})
    assert answer.status_code == 404


def test_many_open_quotes_are_characters_like_any_other(sela: httpx.Client) -> None:
    answer = sela.get("/api/lead-types/", params={"search": '"\\"' * 1500})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


@pytest.mark.parametrize("charset", ["punycode", "idna", "base64", "zlib", "utf-7"])
def test_a_codec_that_is_no_charset_of_the_web_is_refused(sela: httpx.Client, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    answer = sela.post("/api/leads/", content="a-" + "b" * 100_000, headers=headers)
    assert answer.status_code in (400, 415)
    assert charset in answer.text


@pytest.mark.parametrize(
    "charset", ["utf-8", "utf-16", "utf-32", "ascii", "iso-8859-1", "windows-1252"]
)
def test_the_charsets_of_the_web_are_read(sela: httpx.Client, charset: str) -> None:
    body = json.dumps({"phone_number": "+12025550123"}).encode(charset)
    headers = {"Content-Type": f"application/json; charset={charset}"}
    assert sela.post("/api/leads/", content=body, headers=headers).status_code == 201


def test_phones_that_are_too_long_are_refused_one_by_one(sela: httpx.Client) -> None:
    leads = [{"phone_number": "+1 " + "(" * 240 + str(number)} for number in range(1000)]
    answer = sela.post("/api/leads/bulk-create/", json={"leads": leads})
    error = {"id": None, "action": "error", "error": "phone_number: Enter a valid phone number."}
    assert answer.json() == {"results": [error] * 1000}


def test_the_results_of_many_items_are_complete(sela: httpx.Client) -> None:
    texts = '{"phone_number": "+12025550123", "lead_source": "\\u0000"}'
    body = '{"leads": [' + ",".join([texts] * 500) + "]}"
    answer = sela.post("/api/leads/bulk-create/", content=body, headers=JSON)
    text = "lead_source: Null characters are not allowed."
    assert answer.json() == {"results": [{"id": None, "action": "error", "error": text}] * 500}


def test_one_request_has_no_more_items_than_the_setting_says(sela: httpx.Client) -> None:
    answer = sela.post("/api/leads/bulk-create/", json={"leads": [{}] * 50_001})
    assert (answer.status_code, answer.json()) == (
        400,
        {"leads": ["Ensure this field has no more than 50000 elements."]},
    )


def test_one_request_deletes_no_more_ids_than_the_setting_says(nlpearl: httpx.Client) -> None:
    body: Any = {"leadIds": ["a"] * 50_001}
    answer = nlpearl.request("DELETE", SEARCH, json=body)
    message = "The field LeadIds must be a string or array type with a maximum length of '50000'."
    assert (answer.status_code, answer.json()["errors"]) == (400, {"LeadIds": [message]})


def test_octanist_counts_the_problems_past_a_hundred(octanist: httpx.Client) -> None:
    body = "[" + "1e400," * 1000 + "1e400]"
    found = details(octanist.patch("/leads", content=body, headers=JSON))
    assert len(found) == 100
    assert found["body"] == ["body must be a JSON object", "902 more problems are not listed."]


def test_sela_counts_the_problems_past_a_hundred(sela: httpx.Client) -> None:
    metadata = {f"key{number}": "\0" for number in range(300)}
    body = {"phone_number": "+12025550123", **metadata}
    answer = sela.post("/api/leads/", json=body)
    assert answer.status_code == 400
    assert len(answer.json()) == 101
    assert answer.json()["non_field_errors"] == ["200 more problems are not listed."]


def test_a_body_that_is_no_object_is_refused_for_that_alone(sela: httpx.Client) -> None:
    body = "[" + '"\\u0000",' * 1000 + "1]"
    answer = sela.post("/api/leads/", content=body, headers=JSON)
    text = "Invalid data. Expected a dictionary, but got list."
    assert answer.status_code == 400
    assert answer.json()["non_field_errors"][0] == text


def test_a_search_folds_its_text_once_and_finds_what_it_found_before(nlpearl: httpx.Client) -> None:
    leads = [
        {"phoneNumber": f"+1202555{number:04}", "externalId": "STRASSE"} for number in range(50)
    ]
    assert nlpearl.post(ADD, json={"leads": leads}).json() is True
    found = nlpearl.post(SEARCH, json={"searchInput": "straße", "limit": 1}).json()
    assert found["count"] == 50
    nothing = nlpearl.post(SEARCH, json={"searchInput": "é" * 100_000})
    assert nothing.json() == {"count": 0, "results": []}


def test_a_search_takes_many_statuses(nlpearl: httpx.Client) -> None:
    every = nlpearl.post(SEARCH, json={"limit": 1}).json()
    answer = nlpearl.post(SEARCH, json={"statuses": [1, 100, 110, 130] * 20_000, "limit": 1})
    assert answer.status_code == 200
    assert answer.json()["count"] <= every["count"]


def test_the_control_api_counts_the_problems_past_a_hundred(
    http: httpx.Client, octanist: httpx.Client, account: str
) -> None:
    octanist.get("/leads")
    rows = [{"id": number} for number in range(1, 301)]
    answer = http.post(
        f"/__admin/workspaces/{account}/seed", json={"fixture": {"sela": {"leads": rows}}}
    )
    told = answer.json()
    assert answer.status_code == 400
    assert len(told["errors"]) == 101
    assert told["errors"][-1] == {"pointer": "", "detail": "200 more problems are not listed."}


def test_an_expectation_with_a_long_glob_is_refused(
    http: httpx.Client, octanist: httpx.Client, account: str
) -> None:
    octanist.get("/leads")
    url = f"/__admin/workspaces/{account}/requests/verify"
    answer = http.post(url, json={"requests": [{"path": "*a" * 5000}]})
    assert answer.status_code == 400
    answer = http.post(url, json={"requests": [{"path": "*a" * 1000}]})
    assert (answer.status_code, answer.json()["passed"]) == (200, False)


def test_a_search_for_many_digits_finds_nothing(
    http: httpx.Client, octanist: httpx.Client, account: str
) -> None:
    octanist.get("/leads")
    answer = http.get(f"/__admin/workspaces/{account}/leads", params={"q": "1" * 12_000})
    assert (answer.status_code, answer.json()["leads"]) == (200, [])


def test_a_fault_rule_finds_its_lead_among_many_phones(
    http: httpx.Client, octanist: httpx.Client, account: str
) -> None:
    octanist.get("/leads")
    rule = {"fault": "server_error", "lead": "(202) 555-9999"}
    assert http.post(f"/__admin/workspaces/{account}/faults", json=rule).status_code == 201
    phones = [f"+1202555{number:04}" for number in range(9000)]
    body = {"email": "a@example.com", "custom": {"phones": phones}}
    assert octanist.post("/leads", json=body).status_code == 200
    body["custom"]["phones"].append("1 202 555 9999")  # type: ignore[index]  # it is the list above
    assert octanist.post("/leads", json=body).status_code == 500


def test_so_many_problems_of_one_value_are_looked_for() -> None:
    assert COLLECTED == 200

"""Sela's documented examples, replayed against the demo's workspace; only ids and times that the server makes differ."""

import json
import shlex
from typing import Any

import httpx
import pytest
import yaml

from mockserver.documents.resources import folder
from mockserver.serving.server import MockServer
from mockserver.vendors.sela import LEAD, vendor

DOCUMENT = yaml.load((folder("openapi") / "sela.yaml").read_text(), yaml.CSafeLoader)
EXAMPLES = {name: example["value"] for name, example in DOCUMENT["components"]["examples"].items()}
DOCUMENTED = LEAD | EXAMPLES["Lead"]
"""The lead of the examples. They leave out status_detail, which an answer has as null."""


def examples(method: str, path: str) -> dict[str, Any]:
    body = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]
    return {name: example["value"] for name, example in body["examples"].items()}


def make_room(sela: httpx.Client) -> None:
    """Give the documented lead another number, so that the examples' own is free."""
    assert sela.patch("/api/leads/28013/", json={"phone_number": "+12025550150"}).status_code == 200


def test_retrieve_a_lead(sela: httpx.Client) -> None:
    assert sela.get("/api/leads/28013/").json() == DOCUMENTED


def test_list_leads(sela: httpx.Client) -> None:
    page = sela.get("/api/leads/", params={"page_size": 1}).json()
    example = EXAMPLES["LeadsListed"]
    assert list(page) == list(example)
    assert page["results"] == [{**LEAD, **example["results"][0], "representative": 456}]
    assert (page["next"].partition("/api/")[2], page["previous"]) == (
        "leads/?page=2&page_size=1",
        None,
    )


UPDATES = examples("put", "/api/leads/update/")
OUTCOMES: dict[str, dict[str, Any]] = {
    "CancelMatchedLead": {"status": "CANCELLED"},
    "CloseMatchedLead": {"status": "CLOSED"},
    "MarkMatchedLeadLostWithCallDNC": {"status": "LOST", "call_dnc": True},
    "MarkMatchedLeadLost": {"status": "LOST"},
}


@pytest.mark.parametrize("name", UPDATES)
def test_update_a_lead_with_phone_email_match(sela: httpx.Client, name: str) -> None:
    response = sela.put("/api/leads/update/", json=UPDATES[name])
    changed = {
        "next_call_time": None,
        "next_call_time_reason": None,
        "modified_time": response.json()["modified_time"],
    }
    assert (response.status_code, response.json()) == (200, DOCUMENTED | changed | OUTCOMES[name])


def test_every_update_example_has_its_outcome() -> None:
    assert UPDATES.keys() == OUTCOMES.keys()


def test_create_a_lead(sela: httpx.Client) -> None:
    make_room(sela)
    response = sela.post("/api/leads/", json=EXAMPLES["NewLead"])
    assert response.status_code == 201
    made = ("id", "modified_time", "created_time", "received_time", "next_call_time")
    expected = DOCUMENTED | {"metadata": EXAMPLES["NewLead"]["metadata"]}
    assert response.json() == expected | {name: response.json()[name] for name in made}


BULKS = examples("post", "/api/leads/bulk-create/")


@pytest.mark.parametrize("name", BULKS)
def test_bulk_create_leads(sela: httpx.Client, name: str) -> None:
    make_room(sela)
    (lead,) = BULKS[name]["leads"]
    response = sela.post(
        "/api/leads/bulk-create/",
        json={"leads": [lead, lead | {"min_reengagement_days": 0}, "no object"]},
    )
    example = DOCUMENT["paths"]["/api/leads/bulk-create/"]["post"]["responses"]["200"]["content"][
        "application/json"
    ]["examples"]["BulkCreated"]
    results = response.json()["results"]
    assert [result | {"id": None} for result in results] == [
        result | {"id": None} for result in example["value"]["results"]
    ]
    assert [result["id"] for result in results] == [28014, 28014, None]


def test_the_bulk_example_of_the_documented_lead_is_a_duplicate(sela: httpx.Client) -> None:
    (result,) = sela.post("/api/leads/bulk-create/", json=BULKS["BulkCreate"]).json()["results"]
    assert (result["id"], result["action"]) == (None, "error")


def test_retrieve_and_list_lead_types(sela: httpx.Client) -> None:
    content = DOCUMENT["paths"]["/api/lead-types/{id}/"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]
    example = content["examples"]["LeadTypeRetrieved"]["value"]
    assert sela.get("/api/lead-types/123/").json() == example
    page = sela.get("/api/lead-types/").json()
    assert (page["count"], page["next"], page["previous"], page["results"][0]) == (
        2,
        None,
        None,
        example,
    )


def test_create_and_retrieve_a_webhook(sela: httpx.Client) -> None:
    response = sela.post("/api/webhooks/", json=EXAMPLES["NewWebhook"])
    assert response.status_code == 201
    assert response.json() == {"id": 2, "filter_condition": None} | EXAMPLES["NewWebhook"]
    assert sela.get("/api/webhooks/2/").json() == response.json()


def test_the_line_of_the_banner_works_as_it_stands(server: MockServer, account: str) -> None:
    line = shlex.split(
        vendor.curl.format(url=f"{server.url}/sela").replace("Token demo", f"Token {account}")
    )
    command, _, method, url, *options = line
    assert (command, options[0::2]) == ("curl", ["-H", "-H", "-d"])
    headers = dict(header.split(": ", 1) for header in options[1:4:2])
    response = httpx.request(method, url, headers=headers, content=options[5])
    assert (response.status_code, response.json()["status"]) == (
        200,
        json.loads(options[5])["status"],
    )

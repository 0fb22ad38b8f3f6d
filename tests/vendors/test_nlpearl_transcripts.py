"""The documented examples, replayed; ids and times are normalised."""

import re
from functools import cache
from typing import Any

import httpx
import pytest

from mockserver.documents.resources import folder
from mockserver.documents.source import Source

PEARL = "66a1f0c2d60e456235eae601"
DOCUMENTED = "66a1f0c2d60e456235eae70d"
ID = "<id>"
CALLS, ANALYTICS = "/v2/Pearl/{pearlId}/Calls", "/v2/Pearl/{pearlId}/Analytics"
CALL_DATA = {"email": "joe@gmail.com", "address": "3 Abbey Road UK", "carLicense": "90-929-82"}


@cache
def document() -> Any:
    return Source(folder("openapi") / "nlpearl.yaml").content


def examples(method: str, path: str) -> dict[str, Any]:
    """The request examples of one operation, by name."""
    content = document()["paths"][path][method.lower()]["requestBody"]["content"][
        "application/json"
    ]
    return {name: example["value"] for name, example in content["examples"].items()}


def normalised(value: Any) -> Any:
    """The answer with every generated id as `<id>`."""
    if isinstance(value, dict):
        return {key: normalised(item) for key, item in value.items()}
    return ID if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{24}", value) else value


def lead(nlpearl: httpx.Client) -> Any:
    return nlpearl.get(f"/v2/Outbound/{PEARL}/Lead/{DOCUMENTED}").json()


REPLAYED = [
    pytest.param(
        "POST", "/v2/Outbound/{pearlId}/Lead", "documented", {"leadId": ID}, id="add a lead"
    ),
    pytest.param(
        "POST",
        "/v2/Outbound/{pearlId}/Lead",
        "other_time_zone",
        {"leadId": ID},
        id="add a lead in another zone",
    ),
    pytest.param("POST", "/v2/Outbound/{pearlId}/Leads/Add", "documented", True, id="add leads"),
    pytest.param("PUT", "/v2/Pearl/{pearlId}/Active", "documented", 1, id="run a pearl"),
    pytest.param("PUT", "/v2/Pearl/{pearlId}/Active", "pause", 2, id="pause a pearl"),
    pytest.param(
        "PUT",
        "/v2/Pearl/{pearlId}/Settings/Outbound",
        "office_hours",
        True,
        id="change how a pearl calls",
    ),
    pytest.param(
        "DELETE", "/v2/Outbound/{pearlId}/Leads", "demo_lead", True, id="delete leads by id"
    ),
    pytest.param(
        "DELETE",
        "/v2/Outbound/{pearlId}/Leads/External",
        "demo_lead",
        True,
        id="delete leads by external id",
    ),
]
UPDATES = [
    pytest.param(
        "call_data",
        {"timeZone": "-8.0", "callData": {"email": "joe@gmail.com", "carLicense": "90-929-82"}},
        id="call data",
    ),
    pytest.param("stop_calling", {"status": 130}, id="stop calling"),
    pytest.param("converted_elsewhere", {"status": 100}, id="converted elsewhere"),
]


@pytest.mark.parametrize(("method", "path", "name", "expected"), REPLAYED)
def test_a_documented_request_is_answered_as_documented(
    nlpearl: httpx.Client, method: str, path: str, name: str, expected: Any
) -> None:
    answer = nlpearl.request(method, path.format(pearlId=PEARL), json=examples(method, path)[name])
    assert (answer.status_code, answer.headers["content-type"]) == (
        200,
        "application/json; charset=utf-8",
    )
    assert normalised(answer.json()) == expected


@pytest.mark.parametrize(("name", "changed"), UPDATES)
def test_a_documented_update_answers_the_changed_lead(
    nlpearl: httpx.Client, name: str, changed: dict[str, Any]
) -> None:
    before, path = lead(nlpearl), "/v2/Outbound/{pearlId}/Lead/{leadId}"
    answer = nlpearl.put(
        path.format(pearlId=PEARL, leadId=DOCUMENTED), json=examples("PUT", path)[name]
    )
    assert (answer.status_code, answer.json()) == (200, before | changed)


def test_the_documented_searches_find_the_documented_call(nlpearl: httpx.Client) -> None:
    calls = nlpearl.post(CALLS.format(pearlId=PEARL), json=examples("POST", CALLS)["page"]).json()
    counted = nlpearl.post(
        ANALYTICS.format(pearlId=PEARL), json=examples("POST", ANALYTICS)["a_month"]
    ).json()
    assert [each["id"] for each in calls["results"]] == lead(nlpearl)["callsId"]
    assert (calls["count"], counted["callsStatusOverview"]["successful"]) == (1, 1)


def test_every_request_example_is_replayed() -> None:
    update, search = "/v2/Outbound/{pearlId}/Lead/{leadId}", "/v2/Outbound/{pearlId}/Leads"
    replayed = {param.values[:3] for param in REPLAYED}
    replayed |= {("PUT", update, param.values[0]) for param in UPDATES}
    replayed |= {("POST", search, "page"), ("POST", CALLS, "page"), ("POST", ANALYTICS, "a_month")}
    written = set()
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            for name in content.get("application/json", {}).get("examples", ()):
                written.add((method.upper(), path, name))
    assert replayed == written


def test_the_documented_lead_is_in_the_demo(nlpearl: httpx.Client) -> None:
    example = document()["components"]["responses"]["Lead"]["content"]["application/json"][
        "examples"
    ]["documented"]["value"]
    assert {name: value for name, value in lead(nlpearl).items() if name in example} == example
    assert lead(nlpearl)["callData"] == CALL_DATA


def test_the_documented_page_of_leads(nlpearl: httpx.Client) -> None:
    path = "/v2/Outbound/{pearlId}/Leads"
    answer = nlpearl.post(path.format(pearlId=PEARL), json=examples("POST", path)["page"])
    assert (answer.status_code, answer.json()["count"]) == (200, 3)
    assert [found["status"] for found in answer.json()["results"]] == [1, 10, 1]


def test_the_documented_deletion(nlpearl: httpx.Client) -> None:
    answer = nlpearl.request(
        "DELETE", f"/v2/Outbound/{PEARL}/Leads", json={"leadIds": [DOCUMENTED]}
    )
    assert (answer.status_code, answer.json()) == (200, True)

"""The examples of Octanist's documentation, replayed: the request as it stands there gets the answer that stands there."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mockserver.documents.resources import folder
from mockserver.documents.source import Source
from mockserver.state.changes import Row
from mockserver.workspaces import Workspace
from tests.world import freeze

DOCUMENT = Source(folder("openapi") / "octanist.yaml").content
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NEWER = {"dclid", "wbraid", "gbraid", "epik"}
"""Fields that are accepted since the examples were written."""


def resolved(part: Any) -> Any:
    while "$ref" in part:
        target = DOCUMENT
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def examples(content: Any) -> Iterator[Any]:
    for example in content["application/json"].get("examples", {}).values():
        yield resolved(example)["value"]


def request_of(path: str, method: str) -> Any:
    return next(examples(DOCUMENT["paths"][path][method]["requestBody"]["content"]))


def response_of(path: str, method: str) -> Row:
    body: Row = next(examples(DOCUMENT["paths"][path][method]["responses"]["200"]["content"]))
    return body


def same(answer: httpx.Response, documented: Row) -> None:
    """The answer is the documented one, keys in the same order, but for the request's id and what is new every time."""
    ours = answer.json()
    ours["meta"]["requestId"] = documented["meta"]["requestId"]
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert ours == documented
    assert str(ours) == str(documented)


@pytest.fixture(autouse=True)
def _at_noon(workspace: Workspace) -> None:
    freeze(workspace, NOON)


def without_newer(lead: Row) -> Row:
    return {name: value for name, value in lead.items() if name not in NEWER}


def test_check(octanist: httpx.Client) -> None:
    answer = octanist.post("/check")
    assert (answer.status_code, answer.json()) == (200, response_of("/check", "post"))


def test_get_lead(octanist: httpx.Client) -> None:
    answer, documented = octanist.get("/leads/lead_abc123"), response_of("/leads/{id}", "get")
    ours = answer.json()
    assert list(ours["data"].items())[: len(documented["data"])] == list(documented["data"].items())
    assert {
        name: ours["data"][name] for name in ours["data"].keys() - documented["data"].keys()
    } == dict.fromkeys(NEWER)
    assert list(ours["meta"]) == list(documented["meta"])


def test_get_leads(octanist: httpx.Client, workspace: Workspace) -> None:
    documented = response_of("/leads", "get")
    transaction = workspace.transaction("octanist")
    (example,) = [row for row in transaction.rows("leads") if row["id"] == "lead_abc123"]
    for number in range(234 - len([*transaction.rows("leads")])):
        transaction.put(
            "leads", example | {"id": f"lead_{number}", "createdAt": "2026-01-01T00:00:00.000Z"}
        )
    workspace.apply(transaction.changes())
    body = octanist.get("/leads").json()
    first = without_newer(body["data"][0])
    assert (first, list(first)) == (documented["data"][0], list(documented["data"][0]))
    assert body["meta"] | {"requestId": "req_a1b2c3d4e5f6"} == documented["meta"]
    assert list(body["meta"]) == list(documented["meta"])


def test_create_lead(octanist: httpx.Client) -> None:
    answer, documented = (
        octanist.post("/leads", json=request_of("/leads", "post")),
        response_of("/leads", "post"),
    )
    created = octanist.get(f"/leads/{answer.json()['data']['id']}").json()["data"]
    assert {name: created[name] for name in request_of("/leads", "post")} == request_of(
        "/leads", "post"
    )
    same(answer, documented | {"data": documented["data"] | {"id": created["id"]}})


def test_update_lead(octanist: httpx.Client) -> None:
    same(
        octanist.patch("/leads", json=request_of("/leads", "patch")), response_of("/leads", "patch")
    )


def a_quarter(workspace: Workspace) -> None:
    """150 leads as the example of the stats counts them."""
    transaction = workspace.transaction("octanist")
    (example,) = [row for row in transaction.rows("leads") if row["id"] == "lead_abc123"]
    for id in [row["id"] for row in transaction.rows("leads")]:
        transaction.delete("leads", id)
    statuses = ["open"] * 45 + ["qualified"] * 30 + ["won"] * 50 + ["lost"] * 25
    sources = ["gtm"] * 120 + ["api"] * 20 + ["manual"] * 10
    for number, (status, source) in enumerate(zip(statuses, sources, strict=True)):
        transaction.put(
            "leads",
            example | {"id": f"lead_{number}", "status": status, "source": source, "value": 2500},
        )
    workspace.apply(transaction.changes())


def test_stats(octanist: httpx.Client, workspace: Workspace) -> None:
    a_quarter(workspace)
    dates = {"startDate": "2026-01-01", "endDate": "2026-03-01"}
    same(octanist.post("/stats", json={"period": "custom", **dates}), response_of("/stats", "post"))


@pytest.mark.parametrize(
    "body", list(examples(DOCUMENT["paths"]["/stats"]["post"]["requestBody"]["content"]))
)
def test_the_current_stats_have_the_documented_form(octanist: httpx.Client, body: Row) -> None:
    ours, documented = octanist.post("/stats", json=body).json(), response_of("/stats", "post")
    assert {name: list(part) for name, part in ours["data"].items()} == {
        name: list(part) for name, part in documented["data"].items()
    }
    assert ours["data"]["usage"]["periodStart"] == "2026-03-01T00:00:00.000Z"

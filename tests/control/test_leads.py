"""What is stored, for all vendors alike, with what was done to it."""

from typing import Any

import httpx
import pytest

from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.samples import NAMES


def ids(page: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(each["vendor"], each["id"]) for each in page["leads"]]


def test_leads_are_listed_by_vendor_and_oldest_first(
    control: httpx.Client, workspace: Workspace
) -> None:
    stored = [(vendor, id) for vendor in NAMES for id in workspace.tables[vendor]["leads"].rows]
    page = control.get("/leads").json()
    assert (ids(page), page["next"]) == (stored, None)


def test_a_lead_is_shown_as_it_is_stored(control: httpx.Client, workspace: Workspace) -> None:
    row = workspace.tables["sela"]["leads"].rows[28001]
    assert control.get("/leads?vendor=sela&limit=1").json()["leads"] == [
        {"vendor": "sela", "id": 28001, "lead": row}
    ]
    assert control.get("/leads/sela/28001").json() == {
        "vendor": "sela",
        "id": 28001,
        "lead": row,
        "history": [],
        "events": [],
        "deliveries": [],
    }


@pytest.mark.parametrize("limit", [1, 7, 13, 39, 1000])
def test_pages_lead_through_all_of_them_once(limit: int, control: httpx.Client) -> None:
    page = control.get("/leads", params={"limit": limit}).json()
    seen = ids(page)
    while page["next"] is not None:
        page = control.get("/leads", params={"limit": limit, "after": page["next"]}).json()
        seen += ids(page)
    assert seen == ids(control.get("/leads?limit=1000").json())


def delete(nlpearl: httpx.Client, lead: dict[str, Any]) -> None:
    pearl = f"/v2/Outbound/{lead['lead']['pearlId']}/Leads"
    assert nlpearl.request("DELETE", pearl, json={"leadIds": [lead["id"]]}).status_code == 200


def test_a_page_goes_on_where_the_last_lead_was_deleted(
    control: httpx.Client, nlpearl: httpx.Client
) -> None:
    page = control.get("/leads?vendor=nlpearl&limit=2").json()
    rest = ids(control.get("/leads", params={"vendor": "nlpearl", "after": page["next"]}).json())
    delete(nlpearl, page["leads"][1])
    assert (
        ids(control.get("/leads", params={"vendor": "nlpearl", "after": page["next"]}).json())
        == rest
    )


@pytest.mark.parametrize(
    ("vendor", "query", "found"),
    [
        pytest.param("octanist", "ada@example.com", 1, id="e-mail"),
        pytest.param("octanist", "ADA LOVELACE", 1, id="capitals"),
        pytest.param("sela", "lovelace", 1, id="nested"),
        pytest.param("octanist", "+12025550101", 1, id="E.164"),
        pytest.param("octanist", "(202) 555-0101", 1, id="US notation"),
        pytest.param("octanist", "1 202 555 0101", 1, id="with the 1"),
        pytest.param("sela", "28001", 1, id="id"),
        pytest.param("octanist", "28001", 0, id="id of another vendor"),
        pytest.param("octanist", "nobody", 0, id="nobody"),
        pytest.param("octanist", "", 13, id="nothing asked"),
    ],
)
def test_leads_are_searched_by_what_is_in_them(
    vendor: str, query: str, found: int, control: httpx.Client
) -> None:
    page = control.get("/leads", params={"vendor": vendor, "q": query}).json()
    assert len(page["leads"]) == found


def test_a_lead_tells_its_history(control: httpx.Client, octanist: httpx.Client) -> None:
    control.put("/clock", json={"mode": "frozen", "at": "2025-01-31T12:00:00Z"})
    id = octanist.post("/leads", json={"email": "new@example.com"}).json()["data"]["id"]
    octanist.get("/leads")
    control.post("/clock/advance", json={"seconds": 5})
    octanist.patch("/leads", json={"id": id, "status": "won"})
    told = control.get(f"/leads/octanist/{id}").json()
    created, won = told["history"]
    assert (created["request"], created["time"], created["operation"], created["before"]) == (
        1,
        "2025-01-31T12:00:00.000Z",
        "create_lead",
        None,
    )
    assert (won["request"], won["time"], won["operation"]) == (
        3,
        "2025-01-31T12:00:05.000Z",
        "update_lead",
    )
    assert created["after"] | won["after"] == told["lead"]
    assert (list(won["after"]), won["before"]) == (
        won["fields"],
        {name: created["after"][name] for name in won["fields"]},
    )
    assert set(won["fields"]) == {"status", "updatedAt", "qualifiedAt"}


def test_a_deleted_lead_still_tells_its_history(
    control: httpx.Client, nlpearl: httpx.Client
) -> None:
    (lead,) = control.get("/leads?vendor=nlpearl&limit=1").json()["leads"]
    delete(nlpearl, lead)
    told = control.get(f"/leads/nlpearl/{lead['id']}").json()
    (change,) = told["history"]
    assert (told["lead"], change["operation"], change["before"], change["after"]) == (
        None,
        "delete_leads",
        lead["lead"],
        None,
    )


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        pytest.param("sela/1", "{} has no lead '1' of sela.", id="number"),
        pytest.param("sela/" + "9" * 5000, None, id="enormous number"),
        pytest.param(
            "octanist/28001", "{} has no lead '28001' of octanist.", id="id of another vendor"
        ),
        pytest.param(
            "nobody/1",
            f"'nobody' is no vendor; the vendors are {', '.join(NAMES)}.",
            id="vendor",
        ),
    ],
)
def test_a_lead_that_is_not_there_is_not_found(
    path: str, detail: str | None, control: httpx.Client, account: str
) -> None:
    answer = control.get(f"/leads/{path}")
    assert (answer.status_code, answer.json()["detail"] if detail else None) == (
        404,
        detail and detail.format(account),
    )


@pytest.mark.parametrize("kind", ["leads", "people"])
@pytest.mark.parametrize("name", ["crm-1", "ada@example.com", "%2B12025550101", "(202)%20555-0101"])
def test_a_lead_is_read_by_what_names_it(name: str, kind: str, control: httpx.Client) -> None:
    by_id = control.get(f"/{kind}/nlpearl/66a1f0c2d60e456235eae701")
    named = control.get(f"/{kind}/nlpearl/{name}")
    assert (named.status_code, named.json()) == (200, by_id.json())


@pytest.mark.parametrize("kind", ["leads", "people"])
def test_a_text_that_names_several_leads_is_told_so(
    kind: str, control: httpx.Client, octanist: httpx.Client
) -> None:
    lead = {"name": "Ada", "email": "twice@example.com"}
    ids = [octanist.post("/leads", json=lead).json()["data"]["id"] for _ in range(2)]
    answer = control.get(f"/{kind}/octanist/twice@example.com")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        f"'twice@example.com' names 2 leads of octanist: {', '.join(map(str, ids))}.",
    )


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        pytest.param("limit=0", "limit", "must be at least 1", id="low"),
        pytest.param("limit=1001", "limit", "must be at most 1000", id="high"),
        pytest.param("limit=many", "limit", "must be an integer", id="no number"),
        pytest.param("after=x", "after", "must match ^[a-z0-9_]+:[0-9]{1,15}$", id="after"),
        pytest.param(
            "vendor=Sela",
            "vendor",
            "is 'Sela', which is not known; did you mean sela?",
            id="vendor",
        ),
        pytest.param(
            "search=ada",
            "search",
            "is no parameter here; known are vendor, q, limit, after",
            id="unknown",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    query: str, parameter: str, detail: str, control: httpx.Client
) -> None:
    answer = control.get(f"/leads?{query}")
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"parameter": parameter, "detail": detail}],
    )


def test_leads_of_another_workspace_are_not_seen(control: httpx.Client, server: MockServer) -> None:
    other = server.app.workspaces.create(None)
    httpx.post(
        f"{server.url}/octanist/api/leads",
        headers={"X-API-KEY": other.name},
        json={"email": "theirs@example.com"},
    )
    assert control.get("/leads?q=theirs@example.com").json() == {"leads": [], "next": None}

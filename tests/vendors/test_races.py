"""Many requests at once behave as one after the other, and a refused one leaves no trace."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from mockserver.app import create_app
from mockserver.dispatch import Site
from mockserver.documents.spec import Operation
from mockserver.workspaces import Workspace

AT_ONCE = 200
APP = create_app(max_body=4000)
CREDENTIALS = {
    "sela": ("Authorization", "Token {}"),
    "octanist": ("X-API-KEY", "{}"),
    "nlpearl": ("Authorization", "Bearer {}:secret"),
}

Request = tuple[str, str, Any]


async def _gather(client: httpx.Client, requests: list[Request]) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=50)
    async with httpx.AsyncClient(
        base_url=client.base_url, headers=client.headers, limits=limits, timeout=30
    ) as together:
        return await asyncio.gather(
            *[together.request(method, path, json=body) for method, path, body in requests]
        )


def at_once(client: httpx.Client, requests: list[Request]) -> list[httpx.Response]:
    """The answers to requests that are all under way together, in the order of the requests."""
    return asyncio.run(_gather(client, requests))


def contents(workspace: Workspace) -> bytes:
    """Everything the tables hold: rows, their order, and how many ids were handed out."""
    tables = {
        f"{vendor} {name}": [
            list(table.rows.items()),
            list(table.places.items()),
            table.last_number,
        ]
        for vendor, group in workspace.tables.items()
        for name, table in group.items()
    }
    return orjson.dumps(tables, default=str)


def send(
    vendor: str, account: str | None, method: str, path: str, **request: Any
) -> httpx.Response:
    """One request to the application in this process."""
    name, form = CREDENTIALS[vendor]
    headers = (
        {"Content-Type": "application/json"}
        | ({name: form.format(account)} if account else {})
        | request.pop("headers", {})
    )

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(APP), base_url=f"http://test/{vendor}"
        ) as client:
            return await client.request(method, path, headers=headers, **request)

    return asyncio.run(call())


BAD: dict[str, dict[str, Any]] = {
    "broken": {"content": b'{"a": '},
    "no JSON": {"content": b"NaN"},
    "not UTF-8": {"content": b'{"a": \xff}'},
    "NUL": {"content": b'{"a": "\\u0000"}'},
    "lone surrogate": {"content": b'{"a": "\\ud800"}'},
    "endless number": {"content": b'{"a": 1e400}'},
    "a list": {"content": b"[1]"},
    "a text": {"content": b'"a"'},
    "too deep": {"content": b"[" * 1500 + b"]" * 1500},
    "too long": {"content": b'{"a": "' + b"x" * 4000 + b'"}'},
    "other media type": {"content": b"<a/>", "headers": {"Content-Type": "application/xml"}},
}
"""Bodies that no operation takes."""

PLACE = {"integer": "1", "uuid": "00000000-0000-4000-8000-000000000000"}


def path_of(operation: Operation) -> str:
    """A path that leads to the operation, though to no row."""
    path = operation.path
    for name, kind in operation.path_parameters.items():
        path = path.replace(f"{{{name}}}", PLACE.get(kind, "none"))
    return path


def operations() -> list[tuple[Site, Operation]]:
    return [(site, operation) for site in APP.sites for operation in site.document.operations]


def refused_requests() -> list[Any]:
    """Each operation without its credential, and with each kind of bad body where it reads one."""
    cases = []
    for site, operation in operations():
        bodies = BAD if operation.body is not None else {}
        cases += [
            pytest.param(site.vendor.name, operation, bad, id=f"{operation.id}, {kind}")
            for kind, bad in bodies.items()
        ]
    return cases


def check_untouched(vendor: str, account: str, method: str, path: str, **request: Any) -> int:
    """The status of a request that must leave every table of the account as it was."""
    workspace = APP.workspaces.admit(account)
    before = contents(workspace)
    answer = send(vendor, account, method, path, **request)
    assert contents(workspace) == before
    return answer.status_code


@pytest.mark.parametrize(("vendor", "operation", "bad"), refused_requests())
def test_a_body_that_is_refused_leaves_every_table_as_it_was(
    vendor: str, operation: Operation, bad: dict[str, Any], account: str
) -> None:
    status = check_untouched(vendor, account, operation.method, path_of(operation), **bad)
    assert 400 <= status < 500


ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}
PEARL, FRONT_DESK = "/v2/Outbound/66a1f0c2d60e456235eae601", "/v2/Outbound/66a1f0c2d60e456235eae602"

REFUSED: dict[str, tuple[str, str, str, Any, int]] = {
    "sela: a duplicate": ("sela", "POST", "/api/leads/", ADA | {"lead_source": "new"}, 400),
    "sela: one bad field among good ones": (
        "sela",
        "PATCH",
        "/api/leads/28001/",
        {"lead_source": "new", "status": "WON"},
        400,
    ),
    "sela: a reference to nothing": (
        "sela",
        "PUT",
        "/api/leads/update/",
        ADA | {"lead_type": 999, "lead_source": "new"},
        400,
    ),
    "sela: nobody to update": (
        "sela",
        "PUT",
        "/api/leads/update/",
        ADA | {"email": "nobody@example.com"},
        404,
    ),
    "sela: no such lead": ("sela", "PATCH", "/api/leads/1/", {"lead_source": "new"}, 404),
    "sela: no list in bulk": (
        "sela",
        "POST",
        "/api/leads/bulk-create/",
        {"leads": {"0": ADA}},
        400,
    ),
    "sela: a NUL beside a bulk": (
        "sela",
        "POST",
        "/api/leads/bulk-create/",
        {"leads": [{"phone_number": "+12125550188"}], "\0": 1},
        400,
    ),
    "sela: no such ingestion": (
        "sela",
        "PUT",
        "/api/lead-ingestion/00000000-0000-4000-8000-000000000000/",
        ADA,
        404,
    ),
    "sela: a bad webhook": (
        "sela",
        "POST",
        "/api/webhooks/",
        {"url": "mailto:ada@example.com", "trigger": "SMS_DNC"},
        400,
    ),
    "sela: no such method": ("sela", "DELETE", "/api/leads/28001/", {}, 405),
    "octanist: two leads of one family": (
        "octanist",
        "PATCH",
        "/api/leads",
        {"email": "family@example.com", "status": "won"},
        409,
    ),
    "octanist: no such id beside an email": (
        "octanist",
        "PATCH",
        "/api/leads",
        {"id": "none", "email": "ada@example.com", "note": "new"},
        404,
    ),
    "octanist: a status to be had by none": (
        "octanist",
        "PATCH",
        "/api/leads",
        {"email": "ada@example.com", "note": "new", "status": "open"},
        400,
    ),
    "octanist: a value that is none": (
        "octanist",
        "PATCH",
        "/api/leads",
        {"email": "ada@example.com", "note": "new", "value": "much"},
        400,
    ),
    "octanist: no identifier": ("octanist", "PATCH", "/api/leads", {"status": "won"}, 400),
    "octanist: a lead of nobody": ("octanist", "POST", "/api/leads", {"note": "new"}, 400),
    "octanist: one bad field among good ones": (
        "octanist",
        "POST",
        "/api/leads",
        {"name": "New", "gclid": ["new"]},
        400,
    ),
    "octanist: an unknown filter": ("octanist", "GET", "/api/leads?colour=red", None, 400),
    "octanist: a period without dates": (
        "octanist",
        "POST",
        "/api/stats",
        {"period": "custom"},
        400,
    ),
    "octanist: no such method": ("octanist", "DELETE", "/api/leads", None, 405),
    "nlpearl: no such zone": (
        "nlpearl",
        "POST",
        f"{PEARL}/Lead",
        {"phoneNumber": "+12125550188", "timeZoneId": "Mars"},
        400,
    ),
    "nlpearl: no phone number": ("nlpearl", "POST", f"{PEARL}/Lead", {"externalId": "new"}, 400),
    "nlpearl: an inbound pearl": (
        "nlpearl",
        "POST",
        f"{FRONT_DESK}/Lead",
        {"phoneNumber": "+12125550188"},
        400,
    ),
    "nlpearl: no list of leads": (
        "nlpearl",
        "POST",
        f"{PEARL}/Leads/Add",
        {"leads": "+12125550188"},
        400,
    ),
    "nlpearl: one bad field among good ones": (
        "nlpearl",
        "PUT",
        f"{PEARL}/Lead/66a1f0c2d60e456235eae701",
        {"externalId": "new", "callData": {"a": "b"}, "status": 999},
        400,
    ),
    "nlpearl: no such lead": (
        "nlpearl",
        "PUT",
        f"{PEARL}/Lead/66a1f0c2d60e456235eae7ff",
        {"externalId": "new"},
        400,
    ),
    "nlpearl: bad ids to delete": (
        "nlpearl",
        "DELETE",
        f"{PEARL}/Leads",
        {"leadIds": ["66a1f0c2d60e456235eae701", {}]},
        400,
    ),
    "nlpearl: a pearl neither active nor not": (
        "nlpearl",
        "PUT",
        "/v2/Pearl/66a1f0c2d60e456235eae601/Active",
        {"isActive": "yes"},
        400,
    ),
    "nlpearl: no such pearl": ("nlpearl", "PUT", "/v2/Pearl/none/Active", {"isActive": False}, 400),
    "nlpearl: no such method": (
        "nlpearl",
        "PATCH",
        f"{PEARL}/Lead/66a1f0c2d60e456235eae701",
        {"externalId": "new"},
        405,
    ),
}
"""Requests that are well formed and refused all the same, with what the demo fixture holds: vendor, method, path, body and status."""


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in REFUSED.items()])
def test_a_request_that_a_rule_refuses_leaves_every_table_as_it_was(
    case: tuple[str, str, str, Any, int], account: str
) -> None:
    vendor, method, path, body, status = case
    assert (
        check_untouched(vendor, account, method, path, **({} if body is None else {"json": body}))
        == status
    )


def test_the_refused_requests_are_of_every_vendor() -> None:
    assert {vendor for vendor, *_ in REFUSED.values()} == {site.vendor.name for site in APP.sites}


@pytest.mark.parametrize(
    ("vendor", "operation"),
    [
        pytest.param(site.vendor.name, operation, id=operation.id)
        for site, operation in operations()
        if operation.needs_credential
    ],
)
def test_a_request_without_a_credential_is_refused_and_makes_no_workspace(
    vendor: str, operation: Operation
) -> None:
    before = [each.name for each in APP.workspaces]
    answer = send(vendor, None, operation.method, path_of(operation), content=b"{}")
    assert (answer.status_code, [each.name for each in APP.workspaces]) == (401, before)


@pytest.mark.parametrize(
    ("key", "body"),
    [
        pytest.param("external id", {"external_id": "crm-race"}, id="external id"),
        pytest.param("phone", {}, id="phone"),
    ],
)
def test_two_hundred_upserts_of_one_person_at_once_make_one_lead(
    sela: httpx.Client, workspace: Workspace, key: str, body: Any
) -> None:
    leads = workspace.tables["sela"]["leads"]
    before, config = len(leads.rows), next(iter(workspace.tables["sela"]["ingestion_configs"].rows))
    person = {"phone_number": "+12125550177", **body}
    answers = at_once(
        sela,
        [
            ("PUT", f"/api/lead-ingestion/{config}/", person | {"lead_source": str(n)})
            for n in range(AT_ONCE)
        ],
    )
    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert (len(leads.rows) - before, len({answer.json()["id"] for answer in answers})) == (1, 1)


def test_two_hundred_creations_of_one_lead_at_once_make_one(
    sela: httpx.Client, workspace: Workspace
) -> None:
    leads = workspace.tables["sela"]["leads"]
    before = len(leads.rows)
    answers = at_once(
        sela,
        [("POST", "/api/leads/", {"phone_number": "+12125550178", "email": "race@example.com"})]
        * AT_ONCE,
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * (AT_ONCE - 1)
    assert len(leads.rows) - before == 1


def test_two_hundred_updates_at_once_leave_what_one_of_them_sent(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    answers = at_once(
        octanist,
        [
            ("PATCH", "/leads", {"email": "ada@example.com", "value": n, "note": f"note {n}"})
            for n in range(AT_ONCE)
        ],
    )
    (lead,) = [
        row
        for row in workspace.tables["octanist"]["leads"].rows.values()
        if row["email"] == "ada@example.com"
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert (lead["note"], lead["value"] in range(AT_ONCE)) == (f"note {lead['value']}", True)


def test_two_hundred_leads_added_at_once_have_two_hundred_ids(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    pearl = next(
        row["id"] for row in workspace.tables["nlpearl"]["pearls"].rows.values() if row["type"] == 2
    )
    requests = [
        (
            "POST",
            f"/v2/Outbound/{pearl}/Lead",
            {"phoneNumber": "+12125550179", "externalId": f"race-{n}"},
        )
        for n in range(AT_ONCE)
    ]
    ids = [answer.json()["leadId"] for answer in at_once(nlpearl, requests)]
    assert len(set(ids)) == AT_ONCE
    assert set(ids) <= workspace.tables["nlpearl"]["leads"].rows.keys()


def test_a_request_that_is_taken_shows_in_the_tables(account: str) -> None:
    workspace = APP.workspaces.admit(account)
    before = contents(workspace)
    answer = send("sela", account, "PUT", "/api/leads/update/", json=ADA | {"lead_source": "new"})
    assert (answer.status_code, contents(workspace) == before) == (200, False)

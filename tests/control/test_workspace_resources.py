"""Workspaces by the control API: made, listed, read, reset, deleted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mockserver import __version__
from mockserver.serving.server import MockServer
from mockserver.vendor import Vendor
from mockserver.workspaces import Workspace
from tests.control.worlds import leads, tables, world
from tests.samples import NAMES, SAMPLES, SITES, VENDORS, access

KEY = "sk_live_51H8xYzQwErTyUiOp"

Serve = Callable[..., str]


def vendor_urls(url: str) -> dict[str, str]:
    return {
        site.vendor.name: f"{url}/{site.vendor.name}{site.document.base_path}" for site in SITES
    }


def test_the_server_says_that_it_is_healthy_and_where_its_vendors_are(
    admin: httpx.Client, server: MockServer
) -> None:
    assert admin.get("/health").json() == {
        "status": "ok",
        "version": __version__,
        "base_urls": vendor_urls(server.url),
    }


def test_a_new_workspace_comes_with_all_that_a_client_needs(
    admin: httpx.Client, server: MockServer, account: str
) -> None:
    answer = admin.post("/workspaces", json={"name": account})
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (
        201,
        f"/__admin/workspaces/{account}",
    )
    assert made == {
        "name": account,
        "requests": 0,
        "last_request": None,
        "leads": leads(server.app.workspaces.unclaimed),
        "ids": "sequence",
        "clock": {"mode": "real", "now": made["clock"]["now"], "shift_seconds": 0},
        "journal": {"entries": 0, "dropped": 0},
        "faults": 0,
        "snapshots": [],
        "credentials": {name: told(vendor, account) for name, vendor in VENDORS.items()},
        "base_urls": vendor_urls(server.url),
    }


def told(vendor: Vendor, account: str) -> dict[str, Any]:
    """A credential of the account as the control API tells it."""
    carried = access(vendor, account)
    query = {"query": carried["params"]} if carried["params"] else {}
    return {"headers": carried["headers"]} | query


def test_its_credentials_and_base_urls_lead_into_it(
    admin: httpx.Client, server: MockServer
) -> None:
    made = admin.post("/workspaces").json()
    for sample in SAMPLES:
        credential = made["credentials"][sample.vendor]
        answer = httpx.request(
            sample.method,
            server.url + sample.path,
            headers=credential.get("headers", {}),
            params={**credential.get("query", {}), **sample.query},
            json=sample.body,
        )
        assert answer.status_code != 401
        assert str(answer.url).startswith(made["base_urls"][sample.vendor])
    assert admin.get(f"/workspaces/{made['name']}").json()["requests"] == len(SAMPLES)


def test_base_urls_have_the_host_that_was_asked(admin: httpx.Client) -> None:
    answer = admin.get("/health", headers={"Host": "mockserver:8080"})
    assert answer.json()["base_urls"] == vendor_urls("http://mockserver:8080")


def test_without_a_name_each_workspace_gets_one_of_its_own(admin: httpx.Client) -> None:
    assert (
        admin.post("/workspaces").json()["name"]
        != admin.post("/workspaces", json={}).json()["name"]
    )


def test_a_name_is_given_once(admin: httpx.Client, account: str) -> None:
    admin.post("/workspaces", json={"name": account})
    again = admin.post("/workspaces", json={"name": account})
    detail = f"There is a workspace '{account}' already."
    assert (again.status_code, again.json()) == (
        409,
        {"type": "about:blank", "title": "Conflict", "status": 409, "detail": detail},
    )


SLUG = "must match ^[a-z0-9][a-z0-9-]{0,31}$"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({"name": "Ada"}, [{"pointer": "/name", "detail": SLUG}], id="capitals"),
        pytest.param({"name": ""}, [{"pointer": "/name", "detail": SLUG}], id="empty"),
        pytest.param({"name": "a" * 33}, [{"pointer": "/name", "detail": SLUG}], id="long"),
        pytest.param({"name": "-a"}, [{"pointer": "/name", "detail": SLUG}], id="hyphen first"),
        pytest.param(
            {"name": 5}, [{"pointer": "/name", "detail": "must be a string"}], id="number"
        ),
        pytest.param(
            {"name": None}, [{"pointer": "/name", "detail": "must be a string"}], id="null"
        ),
        pytest.param(
            {"name": "expired"},
            [{"pointer": "/name", "detail": "'expired' never gets in"}],
            id="never admitted",
        ),
        pytest.param(
            {"nam": "a"},
            [{"pointer": "/nam", "detail": "is no property here; known are name, at, ids"}],
            id="misspelt",
        ),
        pytest.param(["a"], [{"pointer": "", "detail": "must be a JSON object"}], id="list"),
    ],
)
def test_a_bad_name_is_refused_and_said_why(
    body: Any, errors: list[dict[str, str]], admin: httpx.Client
) -> None:
    answer = admin.post("/workspaces", json=body)
    assert (answer.status_code, answer.json()["errors"]) == (400, errors)


def test_past_the_limit_no_workspace_is_made(serve: Serve) -> None:
    with httpx.Client(base_url=serve(max_workspaces=1) + "/__admin") as admin:
        assert admin.post("/workspaces", json={"name": "demo"}).status_code == 201
        refused = admin.post("/workspaces", json={"name": "two"})
        assert (refused.status_code, refused.json()["detail"]) == (
            403,
            "This server holds at most 1 workspaces.",
        )


def test_a_workspace_that_was_made_gets_in_where_only_declared_accounts_do(serve: Serve) -> None:
    url = serve(auth="strict")
    headers = {"X-API-KEY": "newcomer"}
    assert httpx.get(f"{url}/octanist/api/leads", headers=headers).status_code == 401
    httpx.post(f"{url}/__admin/workspaces", json={"name": "newcomer"})
    assert httpx.get(f"{url}/octanist/api/leads", headers=headers).status_code == 200


def test_workspaces_are_listed_in_the_order_in_which_they_came_to_be(serve: Serve) -> None:
    url = serve(fixtures="empty")
    none = dict.fromkeys(NAMES, 0)
    httpx.get(f"{url}/octanist/api/leads", headers={"X-API-KEY": "by-use"})
    httpx.post(f"{url}/__admin/workspaces", json={"name": "by-name"})
    demo, by_use, by_name = httpx.get(f"{url}/__admin/workspaces").json()["workspaces"]
    assert demo == {"name": "demo", "requests": 0, "last_request": None, "leads": none}
    last = by_use["last_request"]
    assert by_use == {"name": "by-use", "requests": 1, "last_request": last, "leads": none}
    assert by_name == {"name": "by-name", "requests": 0, "last_request": None, "leads": none}


def test_the_last_request_is_told_by_this_machines_clock(
    admin: httpx.Client, control: httpx.Client, octanist: httpx.Client, account: str
) -> None:
    control.put("/clock", json={"mode": "frozen", "at": "2031-05-01T00:00:00Z"})
    before = datetime.now(UTC)
    octanist.get("/leads")
    after = datetime.now(UTC)
    last = datetime.fromisoformat(admin.get(f"/workspaces/{account}").json()["last_request"])
    second = timedelta(seconds=1)
    assert before - second <= last <= after + second


def test_a_real_key_is_told_nowhere(serve: Serve) -> None:
    url = serve()
    httpx.get(f"{url}/octanist/api/leads", headers={"X-API-KEY": KEY})
    listing = httpx.get(f"{url}/__admin/workspaces")
    _, name = [each["name"] for each in listing.json()["workspaces"]]
    shown = httpx.get(f"{url}/__admin/workspaces/{name}")
    assert (shown.json()["name"], name.startswith("ws-")) == (name, True)
    assert shown.json()["credentials"] is None
    assert httpx.get(f"{url}/__admin/workspaces/{KEY}").json()["name"] == name
    assert (
        KEY
        not in listing.text
        + shown.text
        + httpx.get(f"{url}/__admin/workspaces/{name}/requests/1").text
    )


def test_a_deleted_workspace_begins_anew(
    admin: httpx.Client, octanist: httpx.Client, account: str
) -> None:
    octanist.patch("/leads", json={"email": "ada@example.com", "status": "lost"})
    assert admin.delete(f"/workspaces/{account}").status_code == 204
    assert admin.get(f"/workspaces/{account}").status_code == 404
    assert (
        octanist.get("/leads", params={"search": "ada@example.com"}).json()["data"][0]["status"]
        == "open"
    )
    assert admin.get(f"/workspaces/{account}").json()["requests"] == 1


def operations(server: MockServer) -> list[tuple[str, str, str]]:
    places = {"name": "x", "number": "1", "id": "1", "vendor": "sela", "workspace": "nobody"}
    known = server.app.control.document.operations
    return [
        (each.id, each.method, each.path.format(**places))
        for each in known
        if "workspace" in each.path_parameters
    ]


def test_every_operation_says_how_workspaces_come_to_be_where_there_is_none(
    server: MockServer,
) -> None:
    detail = (
        "There is no workspace 'nobody'. The first request with its credential creates it, and so does "
        "POST /__admin/workspaces."
    )
    bodies: dict[str, Any] = {
        "seed_workspace": {"name": "demo"},
        "verify_requests": {"requests": [{"status": 200}]},
        "add_fault": {"fault": "reset"},
        "preview_fault": {"fault": "reset", "vendor": "sela"},
        "set_clock": {"mode": "real"},
        "advance_clock": {"seconds": 1},
        "change_settings": {"sela": {}},
        "simulate": {"vendor": "nlpearl", "lead": "x", "outcome": "success"},
        "set_autopilot": {"nlpearl": {"mode": "all"}},
        "set_story": ["success"],
        "change_lead": {"fields": {}},
        "add_webhook": {"vendor": "sela", "kind": "LEAD_LOST", "to": "hold"},
        "change_webhook": {"to": "hold"},
        "settle": {"status": 204},
        "verify_deliveries": {"deliveries": [{"state": "delivered"}]},
    }
    for name, method, path in operations(server):
        answer = httpx.request(method, server.url + path, json=bodies.get(name))
        assert (name, answer.status_code, answer.json()["detail"]) == (name, 404, detail)


def test_the_text_of_an_export_is_a_seed(control: httpx.Client) -> None:
    exported = control.get("/export", params={"format": "yaml"}).text
    control.post("/seed", json={"name": "empty"})
    assert control.post("/seed", json={"text": exported}).status_code == 200
    assert control.get("/export", params={"format": "yaml"}).text == exported


def test_a_text_that_is_no_yaml_is_refused_with_its_line(control: httpx.Client) -> None:
    answer = control.post("/seed", json={"text": "sela:\n  leads: [\n"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (400, "/text")
    assert error["detail"].startswith("is not YAML, in line 3: ")


def test_reset_brings_back_the_seed_and_forgets_what_was_asked(
    control: httpx.Client, octanist: httpx.Client, workspace: Workspace, server: MockServer
) -> None:
    control.put("/clock", json={"mode": "frozen", "at": "2025-01-31T12:00:00Z"})
    control.patch("/settings", json={"octanist": {"allow_bulk_updates": True}})
    control.post("/faults", json={"fault": "slow", "vendor": "sela"})
    octanist.patch("/leads", json={"email": "ada@example.com", "status": "lost"})
    assert control.post("/reset").status_code == 204
    assert world(workspace) == world(Workspace(workspace.name, server.app.workspaces.origin))


def test_the_whole_server_is_reset_at_once(serve: Serve) -> None:
    url = serve()
    for key in ("demo", "two"):
        httpx.patch(
            f"{url}/octanist/api/leads",
            headers={"X-API-KEY": key},
            json={"email": "ada@example.com", "status": "lost"},
        )
    httpx.get(f"{url}/octanist/api/leads")
    before = [
        each["requests"] for each in httpx.get(f"{url}/__admin/workspaces").json()["workspaces"]
    ]
    assert (before, len(httpx.get(f"{url}/__admin/requests").json()["requests"])) == ([1, 1], 1)
    assert httpx.post(f"{url}/__admin/reset").status_code == 204
    after = [
        each["requests"] for each in httpx.get(f"{url}/__admin/workspaces").json()["workspaces"]
    ]
    assert (after, httpx.get(f"{url}/__admin/requests").json()) == (
        [0],
        {"requests": [], "dropped": 0},
    )


def test_a_workspace_that_is_reset_with_the_server_has_no_journal(serve: Serve) -> None:
    url = serve()
    control = f"{url}/__admin/workspaces/demo"
    httpx.get(f"{url}/octanist/api/leads", headers={"X-API-KEY": "demo"})
    assert httpx.put(f"{control}/snapshots/kept").status_code < 300
    httpx.post(f"{url}/__admin/reset")
    assert httpx.get(f"{control}/requests").json() == {"requests": [], "dropped": 0}


def test_reset_is_of_one_workspace_only(control: httpx.Client, server: MockServer) -> None:
    other = server.app.workspaces.create(None)
    headers = {"X-API-KEY": other.name}
    httpx.patch(
        f"{server.url}/octanist/api/leads",
        headers=headers,
        json={"email": "ada@example.com", "status": "lost"},
    )
    before = (tables(other), world(other))
    control.post("/reset")
    assert (tables(other), world(other)) == before

"""Fixtures by the control API: loaded whole or not at all, and exported so that they load back."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import yaml

from mockserver.app import load_vendors
from mockserver.fixtures import Fixture, fixture_file
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.control.worlds import leads, tables
from tests.samples import NAMES

Serve = Callable[..., str]

NOON = {"mode": "frozen", "at": "2025-01-31T12:00:00Z"}
GRACE = {"id": "lead_grace", "name": "Grace", "email": "grace@navy.example"}
ONE_LEAD = {"octanist": {"leads": [GRACE]}}


def emails(octanist: httpx.Client) -> set[str]:
    return {lead["email"] for lead in octanist.get("/leads", params={"limit": 100}).json()["data"]}


def test_a_fixture_takes_the_place_of_everything(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    answer = control.post("/seed", json={"fixture": ONE_LEAD})
    assert (answer.status_code, answer.json()["leads"]) == (
        200,
        dict.fromkeys(NAMES, 0) | {"octanist": 1},
    )
    assert emails(octanist) == {"grace@navy.example"}


def test_a_fixture_can_be_added(
    control: httpx.Client, octanist: httpx.Client, workspace: Workspace
) -> None:
    before, counts = emails(octanist), leads(workspace)
    answer = control.post("/seed", json={"fixture": ONE_LEAD, "mode": "merge"})
    assert answer.json()["leads"] == counts | {"octanist": counts["octanist"] + 1}
    assert emails(octanist) == before | {"grace@navy.example"}


def test_a_fixture_sets_clock_and_settings(control: httpx.Client) -> None:
    fixture = {
        "clock": "2025-01-31T12:00:00Z",
        "settings": {"octanist": {"allow_bulk_updates": True}},
    }
    assert (
        control.post("/seed", json={"fixture": fixture}).json()["clock"]["now"]
        == "2025-01-31T12:00:00.000Z"
    )
    assert [
        each["value"]
        for each in control.get("/settings").json()["octanist"]
        if each["name"] == "allow_bulk_updates"
    ] == [True]


def test_the_bundled_fixtures_load_by_their_names(
    control: httpx.Client, workspace: Workspace
) -> None:
    demo = leads(Fixture(fixture_file("demo"), load_vendors(), seed=1).workspace)
    control.post("/seed", json={"fixture": ONE_LEAD})
    empty = control.post("/seed", json={"name": "empty"}).json()["leads"]
    assert empty == dict.fromkeys(NAMES, 0)
    assert control.post("/seed", json={"name": "demo"}).json()["leads"] == demo


def test_the_demo_is_what_a_server_begins_with(serve: Serve) -> None:
    with httpx.Client(base_url=serve(fixtures="demo") + "/__admin") as admin:
        admin.post("/workspaces", json={"name": "one", "at": "2026-03-01T09:00:00Z"})
        before = admin.get("/workspaces/one/export").json()
        for name in ("empty", "demo"):
            admin.post("/workspaces/one/seed", json={"name": name})
        assert admin.get("/workspaces/one/export").json() == before


def test_a_workspace_at_a_moment_has_the_same_rows_each_time_also_after_a_reset(
    serve: Serve,
) -> None:
    with httpx.Client(base_url=serve(fixtures="demo") + "/__admin") as admin:
        exports = []
        for name in ("one", "two"):
            admin.post("/workspaces", json={"name": name, "at": "2026-03-01T09:00:00Z"})
            exports.append(admin.get(f"/workspaces/{name}/export").json())
        admin.post("/workspaces/one/seed", json={"name": "empty"})
        admin.post("/workspaces/one/reset")
        exports.append(admin.get("/workspaces/one/export").json())
    assert exports[0] == exports[1] == exports[2]
    assert exports[0]["clock"] == "2026-03-01T09:00:00Z"
    assert exports[0]["sela"]["leads"][0]["created_time"].startswith("2026-01-16")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_a_moment_that_the_seed_does_not_allow_is_refused(at: str, serve: Serve) -> None:
    url = serve(fixtures="demo")
    refused = httpx.post(f"{url}/__admin/workspaces", json={"at": at})
    assert (refused.status_code, [each["pointer"] for each in refused.json()["errors"]]) == (
        400,
        ["/at"],
    )


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_a_fixture_with_anything_wrong_changes_nothing_and_names_it_all(
    mode: str, control: httpx.Client, workspace: Workspace
) -> None:
    control.put("/clock", json=NOON)
    before = (tables(workspace), control.get("/settings").json(), control.get("/clock").json())
    wrong: dict[str, Any] = {
        "clock": "2025-02-01T12:00:00Z",
        "settings": {"octanist": {"allow_bulk_updates": 1}},
        "octanist": {"leads": [GRACE, GRACE]},
        "sela": {
            "leads": [{"phone_number": "12"}, {"phone_number": "+12025550199", "status": "NOPE"}]
        },
    }
    answer = control.post("/seed", json={"fixture": wrong, "mode": mode})
    assert (answer.status_code, {each["pointer"] for each in answer.json()["errors"]}) == (
        400,
        {
            "/fixture/settings/octanist/allow_bulk_updates",
            "/fixture/octanist/leads/1/id",
            "/fixture/sela/leads/0/phone_number",
            "/fixture/sela/leads/1/status",
        },
    )
    assert (
        tables(workspace),
        control.get("/settings").json(),
        control.get("/clock").json(),
    ) == before


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({}, {"/fixture": "is required"}, id="neither"),
        pytest.param({"name": "demos"}, {"/name": "must be one of demo, empty"}, id="unknown name"),
        pytest.param({"name": "/etc/passwd"}, {"/name": "must be one of demo, empty"}, id="a file"),
        pytest.param({"fixture": []}, {"/fixture": "must be a JSON object"}, id="list"),
        pytest.param(
            {"fixture": {}, "mode": "add"}, {"/mode": "must be one of replace, merge"}, id="mode"
        ),
        pytest.param(
            {"fixture": {"leads": []}},
            {
                "/fixture/leads": "is no property here; the properties are accounts, clock, settings, "
                "nlpearl, octanist, sela"
            },
            id="unknown section",
        ),
        pytest.param(
            {"fixture": {"sela": {"leads": [{}]}}},
            {"/fixture/sela/leads/0/phone_number": "is required"},
            id="missing field",
        ),
    ],
)
def test_what_is_no_fixture_is_refused(
    body: Any, errors: dict[str, str], control: httpx.Client
) -> None:
    answer = control.post("/seed", json=body)
    assert (
        answer.status_code,
        {each["pointer"]: each["detail"] for each in answer.json()["errors"]},
    ) == (400, errors)


@pytest.mark.parametrize("format", ["json", "yaml"])
def test_an_export_loads_back_to_the_same_state(
    format: str,
    control: httpx.Client,
    octanist: httpx.Client,
    workspace: Workspace,
    server: MockServer,
) -> None:
    control.put("/clock", json=NOON)
    control.patch("/settings", json={"octanist": {"allow_bulk_updates": True}})
    octanist.post(
        "/leads",
        json={"email": "new@example.com", "note": "yes: 12:30, 1e5, ~ & *\n# no comment é"},
    )
    exported = control.get("/export", params={"format": format})
    assert exported.headers["content-type"] == f"application/{format}"
    other = server.app.workspaces.create(None)
    fixture = yaml.safe_load(exported.content)  # JSON is YAML, too
    assert (
        httpx.post(
            f"{server.url}/__admin/workspaces/{other.name}/seed", json={"fixture": fixture}
        ).status_code
        == 200
    )
    assert (tables(other), other.settings, other.clock.now()) == (
        tables(workspace),
        workspace.settings,
        workspace.clock.now(),
    )


def test_yaml_is_written_without_anchors_in_readable_letters(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    octanist.post("/leads", json={"name": "Zoë"})
    text = control.get("/export?format=yaml").text
    assert "Zoë" in text
    assert "&id" not in text


def test_another_format_is_refused(control: httpx.Client) -> None:
    answer = control.get("/export?format=xml")
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"parameter": "format", "detail": "must be one of json, yaml"}],
    )

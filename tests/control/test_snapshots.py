"""Snapshots: named, whole, and restored at once."""

import httpx
import pytest

from mockserver.serving.server import MockServer
from mockserver.state.changes import SnapshotSaved
from mockserver.workspaces import Workspace
from tests.control.worlds import leads, tables
from tests.samples import APP

LEADS = leads(APP.workspaces.unclaimed)
NOON = {"mode": "frozen", "at": "2025-01-31T12:00:00Z"}
REMEMBERED = {"leads": LEADS, "now": "2025-01-31T12:00:00.000Z"}


def test_a_snapshot_brings_back_leads_ids_settings_and_clock(
    control: httpx.Client, octanist: httpx.Client, workspace: Workspace
) -> None:
    control.put("/clock", json=NOON)
    before = (tables(workspace), control.get("/settings").json(), control.get("/clock").json())
    assert control.put("/snapshots/first").json() == {"name": "first"} | REMEMBERED
    octanist.post("/leads", json={"email": "new@example.com"})
    octanist.patch("/leads", json={"email": "ada@example.com", "status": "lost"})
    control.patch("/settings", json={"octanist": {"allow_bulk_updates": True}})
    control.post("/clock/advance", json={"seconds": 60})
    assert control.post("/snapshots/first/restore").status_code == 204
    assert (
        tables(workspace),
        control.get("/settings").json(),
        control.get("/clock").json(),
    ) == before


def test_a_snapshot_can_be_restored_again_and_again(
    control: httpx.Client, octanist: httpx.Client, workspace: Workspace
) -> None:
    before = tables(workspace)
    control.put("/snapshots/first")
    for _ in range(3):
        octanist.post("/leads", json={"email": "new@example.com"})
        assert tables(workspace) != before
        control.post("/snapshots/first/restore")
        assert tables(workspace) == before


def test_a_snapshot_forgets_no_request_and_no_fault(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    control.put("/snapshots/first")
    octanist.get("/leads")
    control.post("/faults", json={"fault": "slow", "vendor": "sela"})
    control.post("/snapshots/first/restore")
    assert (
        len(control.get("/requests").json()["requests"]),
        len(control.get("/faults").json()["faults"]),
    ) == (1, 1)


def test_snapshots_are_listed_oldest_first(control: httpx.Client) -> None:
    control.put("/clock", json=NOON)
    for name in ("one", "two", "one"):
        control.put(f"/snapshots/{name}")
    assert control.get("/snapshots").json() == {
        "snapshots": [{"name": "one"} | REMEMBERED, {"name": "two"} | REMEMBERED]
    }


def test_a_snapshot_of_the_same_name_is_replaced(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    control.put("/snapshots/first")
    octanist.post("/leads", json={"email": "new@example.com"})
    assert control.put("/snapshots/first").json()["leads"] == LEADS | {
        "octanist": LEADS["octanist"] + 1
    }


def test_snapshots_outlive_a_reset(control: httpx.Client, octanist: httpx.Client) -> None:
    octanist.post("/leads", json={"email": "new@example.com"})
    control.put("/snapshots/more")
    control.post("/reset")
    control.post("/snapshots/more/restore")
    assert (
        octanist.get("/leads", params={"search": "new@example.com"}).json()["meta"]["pagination"][
            "total"
        ]
        == 1
    )


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/restore")])
def test_an_unknown_snapshot_is_told_the_known_ones(
    method: str, path: str, control: httpx.Client, account: str
) -> None:
    assert (
        control.request(method, f"/snapshots/none{path}").json()["detail"]
        == f"There is no snapshot 'none' of {account}; there is none."
    )
    control.put("/snapshots/one")
    answer = control.request(method, f"/snapshots/none{path}")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        f"There is no snapshot 'none' of {account}; there is one.",
    )


def test_a_deleted_snapshot_is_gone(control: httpx.Client) -> None:
    control.put("/snapshots/one")
    assert control.delete("/snapshots/one").status_code == 204
    assert control.get("/snapshots").json() == {"snapshots": []}


@pytest.mark.parametrize("name", ["%20", "a%20b", ".hidden", "a" * 65, "%00", "%F0%9F%90%8E"])
def test_a_name_that_is_hard_to_say_is_refused(name: str, control: httpx.Client) -> None:
    answer = control.put(f"/snapshots/{name}")
    reason = "must begin with a letter or digit, and have at most 64 letters, digits, dots, hyphens and underscores"
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"parameter": "name", "detail": reason}],
    )


def test_there_are_at_most_a_hundred(
    control: httpx.Client, workspace: Workspace, server: MockServer
) -> None:
    workspace.apply([SnapshotSaved(f"s{number}") for number in range(100)])
    refused = control.put("/snapshots/more")
    detail = "A workspace may have at most 100 snapshots (--max-snapshots); delete one that you no longer need."
    assert (refused.status_code, refused.json()["detail"]) == (403, detail)
    assert control.put("/snapshots/s1").status_code == 200

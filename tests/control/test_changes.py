"""What happened to a workspace, kept as JSON and applied to a new one, gives an equal workspace."""

import asyncio
import json
from typing import Any, NamedTuple

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.fixtures import export
from mockserver.journal.records import record_as_json, record_of
from mockserver.state.changes import read, written
from mockserver.workspaces import Workspace
from tests.samples import APP, NAMES, SAMPLES, VENDORS, Sample, ask, new_account

NOON = {"mode": "frozen", "at": "2025-01-31T12:00:00Z"}
BASE = f"{APP.control.document.base_path}/workspaces"


class Control(NamedTuple):
    """A request to the workspace in the control API."""

    method: str
    path: str
    body: Any = None


def _fault(fault: str, vendor: str, times: int | None, probability: float) -> Control:
    rule = {"fault": fault, "vendor": vendor, "times": times, "probability": probability}
    return Control("POST", "/faults", rule)


def _quota(vendor: str) -> Control:
    parameters = {"limit": 1, "window": 30.0}
    rule = {"fault": "rate_limited", "vendor": vendor, "parameters": parameters}
    return Control("POST", "/faults", rule | {"seconds_to_live": 5000})


def _switch(vendor: str) -> Control:
    choices = {each.name: each.values[-1] for each in VENDORS[vendor].settings if each.values}
    return Control("PATCH", "/settings", {vendor: choices})


_vendors = st.sampled_from(NAMES)
_snapshots = st.sampled_from(["/snapshots/one", "/snapshots/two"])
CONTROLS: st.SearchStrategy[Control] = st.one_of(
    st.builds(
        _fault,
        st.sampled_from(["conflict", "server_error", "empty_body", "malformed_json"]),
        _vendors,
        st.sampled_from([None, 1, 3]),
        st.sampled_from([1.0, 0.5]),
    ),
    st.builds(_quota, _vendors),
    st.builds(_switch, _vendors),
    st.sampled_from([Control("DELETE", "/faults"), Control("DELETE", "/faults/1")]),
    st.sampled_from([Control("PUT", "/clock", NOON), Control("PUT", "/clock", {"mode": "real"})]),
    st.just(Control("PUT", "/clock", {"mode": "shifted", "shift_seconds": -86399.5})),
    st.builds(lambda n: Control("POST", "/clock/advance", {"seconds": n}), st.integers(0, 10**6)),
    st.builds(lambda path: Control("PUT", path), _snapshots),
    st.builds(lambda path: Control("POST", f"{path}/restore"), _snapshots),
    st.builds(lambda path: Control("DELETE", path), _snapshots),
    st.sampled_from(
        [
            Control("POST", "/reset"),
            Control("POST", "/seed", {"name": "demo", "mode": "merge"}),
            Control("POST", "/seed", {"name": "empty"}),
            Control("DELETE", "/requests"),
        ]
    ),
)
REQUESTS: st.SearchStrategy[Sample | Control] = st.sampled_from(SAMPLES) | CONTROLS


def control(account: str, asked: Control) -> httpx.Response:
    """The answer of the control API of the application in this process."""

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(
                asked.method, f"{BASE}/{account}{asked.path}", json=asked.body
            )

    return asyncio.run(call())


def do(account: str, asked: Sample | Control) -> None:
    """Send one request; some are refused, as a snapshot or a rule may not be there."""
    answer = ask(account, asked) if isinstance(asked, Sample) else control(account, asked)
    assert answer.status_code < 600


def state(workspace: Workspace) -> Any:
    """Everything that a workspace is: what an export has, and what it has not."""
    tables = {
        (vendor, name): json.dumps([*table.placed_rows()])
        for vendor, group in workspace.tables.items()
        for name, table in group.items()
    }
    counters = {
        (vendor, name): table.last_number
        for vendor, group in workspace.tables.items()
        for name, table in group.items()
    }
    faults = workspace.faults.listing(workspace.clock.frozen or _MOMENT)
    next_rule = workspace.faults.new_rule({"fault": "slow"}, _MOMENT).id
    snapshots = {name: _held(workspace, name) for name in workspace.snapshots}
    exported = json.dumps(export(workspace, tuple(VENDORS.values())))
    return (
        exported,
        tables,
        counters,
        workspace.settings,
        workspace.clock,
        workspace.requests,
        faults,
        next_rule,
        snapshots,
    )


_MOMENT = APP.workspaces.unclaimed.now()


def _held(workspace: Workspace, name: str) -> Any:
    snapshot = workspace.snapshots[name]
    rows = {
        (vendor, table): (json.dumps([*saved.rows.items()]), saved.last_number)
        for vendor, group in snapshot.tables.items()
        for table, saved in group.items()
    }
    return rows, snapshot.settings, snapshot.clock


@settings(max_examples=25)
@given(st.lists(REQUESTS, min_size=1, max_size=25), st.sampled_from(["sequence", "one", "two"]))
def test_the_changes_of_any_run_give_an_equal_workspace(
    asked: list[Sample | Control], ids: str
) -> None:
    account = new_account()
    workspace = APP.workspaces.create(account, ids=ids)
    kept: list[str] = []
    workspace.listen(lambda version, changes: kept.append(json.dumps(written(changes))))
    for each in asked:
        do(account, each)
    copy = Workspace("copy", APP.workspaces.origin, ids=ids)
    for changes in kept:
        copy.apply(read(json.loads(changes)))
    assert state(copy) == state(workspace)
    assert copy.version == workspace.version == len(kept)
    APP.workspaces.delete(account)


def test_every_operation_makes_changes_that_can_be_kept_and_applied_twice() -> None:
    account = new_account()
    workspace = APP.workspaces.create(account)
    kept: list[str] = []
    workspace.listen(lambda version, changes: kept.append(json.dumps(written(changes))))
    for sample in (*SAMPLES, *SAMPLES):
        do(account, sample)
    copy = Workspace("copy", APP.workspaces.origin)
    for changes in kept:
        for _ in range(2):
            copy.apply(read(json.loads(changes)))
    assert state(copy) == state(workspace)
    for record in workspace.journal:
        assert record_of(json.loads(json.dumps(record_as_json(record)))) == record
        assert record.version == record.number


def test_an_index_that_follows_a_setting_is_the_same_when_the_changes_are_applied_again() -> None:
    account = new_account()
    workspace = APP.workspaces.create(account)
    kept: list[str] = []
    workspace.listen(lambda version, changes: kept.append(json.dumps(written(changes))))
    rows = [{"id": "dutch", "phone": "0612345678"}, {"id": "other", "phone": "+31612345678"}]
    seed = {"fixture": {"octanist": {"leads": rows}}}
    control(account, Control("POST", "/seed", seed))
    control(account, Control("PUT", "/snapshots/american"))
    found = []
    for region in ("NL", "US", "NL"):
        switch = {"octanist": {"phone_region": region}}
        control(account, Control("PATCH", "/settings", switch))
        found.append(_by_phone(workspace))
    control(account, Control("POST", "/snapshots/american/restore"))
    found.append(_by_phone(workspace))
    assert found == [["dutch", "other"], ["other"], ["dutch", "other"], ["other"]]
    copy = Workspace("copy", APP.workspaces.origin)
    copies = []
    for changes in kept:
        copy.apply(read(json.loads(changes)))
        copies.append(_by_phone(copy))
    assert copies == [["other"], ["other"], *found]


def _by_phone(workspace: Workspace) -> list[Any]:
    return [
        row["id"] for row in workspace.tables["octanist"]["leads"].find("phone", "+31612345678")
    ]

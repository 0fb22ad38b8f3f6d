"""A workspace that is exported and loaded again, compared with what it was."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from mockserver.app import load_vendors
from mockserver.fixtures import Fixture, export, fixture_file, replace
from mockserver.state.changes import RequestNumber, Row
from mockserver.webhooks.tables import OUTBOX
from mockserver.workspaces import Workspace
from tests.samples import APP, Sample, ask
from tests.world import freeze, switch

VENDORS = load_vendors()
NOW = datetime(2026, 1, 5, 21, 59, 1, 250000, tzinfo=UTC)

Fields = dict[str, st.SearchStrategy[Any]]
Switches = dict[str, dict[str, Any]]
"""Values of settings, by vendor and name."""


def made_from(content: Any, seed: int = 99) -> Workspace:
    """A workspace of another server that holds the fixture, read from JSON."""
    workspace = Fixture(fixture_file("empty"), VENDORS, seed).workspace
    replace(workspace, json.loads(json.dumps(content)), VENDORS)
    return workspace


def contents(workspace: Workspace) -> Any:
    """Everything that an export must keep: rows to the byte and in their order, how many ids were handed out, settings and clock.

    What is to be delivered is on its way meanwhile, and has the number of its event, which starts anew.
    """
    tables = {
        f"{vendor} {name}": (json.dumps([*table.rows.items()]), table.last_number)
        for vendor, group in workspace.tables.items()
        for name, table in group.items()
        if name != OUTBOX
    }
    return tables, workspace.settings, workspace.clock.frozen, workspace.clock.shift


def holding(vendor: str, **tables: list[Row]) -> Workspace:
    """A workspace at a fixed time with these rows of one vendor."""
    return made_from({"clock": NOW.isoformat(), vendor: tables}, seed=1)


def fields(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


def bodies(
    required: Fields, **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


def requests(
    vendor: str,
    method: str,
    path: str,
    body: st.SearchStrategy[Any],
    **places: st.SearchStrategy[str],
) -> st.SearchStrategy[Sample]:
    """Requests to one path of a vendor, below its prefix."""
    paths = st.fixed_dictionaries(places).map(lambda given: f"/{vendor}{path.format(**given)}")
    return st.builds(lambda path, body: Sample(vendor, "", method, path, {}, body), paths, body)


def read(vendor: str, method: str, path: str, body: Any = None) -> Sample:
    """A request that shows what is stored."""
    return Sample(vendor, "", method, f"/{vendor}{path}", {}, body)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
PHONE = st.sampled_from(["+12025550101", "(212) 555-0102", "+16175550188", "+442079460018", "12"])
EMAIL = st.sampled_from(
    ["ada@example.com", "family@example.com", "Tim+x@Example.com", "bücher@example.com"]
)
TIME = st.sampled_from(
    ["2027-01-01T10:00:00Z", "2027-07-01T10:00:00.5-04:00", "0001-01-01T00:00:00Z"]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    st.lists,
    max_leaves=3,
)

SWITCHES = st.fixed_dictionaries(
    {
        vendor.name: fields(
            **{
                setting.name: st.sampled_from(setting.values)
                for setting in vendor.settings
                if setting.values
            }
        )
        for vendor in VENDORS
    }
)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants them naive


def switch_all(workspace: Workspace, switches: Switches) -> None:
    """Give the workspace these values of settings."""
    for vendor, values in switches.items():
        switch(workspace, vendor, **values)


def fresh(account: str) -> Workspace:
    """The account's workspace as it is before its first request."""
    APP.workspaces.delete(account)
    return APP.workspaces.admit(account)


def answer(account: str, sample: Sample) -> tuple[int, bytes]:
    """Status and body of the answer."""
    given = ask(account, sample)
    return given.status_code, given.content


def check_that_an_export_is_the_same_workspace(
    asked: list[tuple[Sample, Switches]],
    switches: Switches,
    moment: datetime,
    later: list[Sample],
) -> None:
    """Ask one workspace, export it, load that into another: both hold and then answer the same."""
    workspace, other = fresh("exported"), fresh("loaded")
    freeze(workspace, moment)
    for sample, before in asked:
        switch_all(workspace, before)
        ask("exported", sample)
    switch_all(workspace, switches)
    content = export(workspace, VENDORS)
    assert contents(made_from(content)) == contents(workspace)

    replace(other, json.loads(json.dumps(content)), VENDORS)
    other.apply([RequestNumber(workspace.requests, workspace.now())])
    for sample in later:
        assert answer("exported", sample) == answer("loaded", sample)
    assert contents(other) == contents(workspace)

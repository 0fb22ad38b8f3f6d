"""A workspace changes in one place: all of a run of changes or none, told to whoever listens."""

import gc
import json
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mockserver.journal.view import describe
from mockserver.state.changes import (
    Change,
    ClockChange,
    FaultRuleChange,
    FaultRulesCleared,
    FaultTally,
    IdCounter,
    RequestNumber,
    RowChange,
    SettingsChange,
    SnapshotForgotten,
    SnapshotRestored,
    SnapshotSaved,
    TablesEmptied,
    WorkspaceDeleted,
    WorkspaceReset,
    read,
    written,
)
from mockserver.workspaces import Workspace
from tests.records import record
from tests.unit import tiny

LATER = tiny.NOW + timedelta(hours=1)
BOB = {"id": 2, "name": "Bob"}
ADD_BOB = RowChange("tiny", "people", 2, 1, BOB)
RULE = {"fault": "slow", "lead": "ada@example.com", "times": 2, "seconds_to_live": 60.5}
ORIGIN = tiny.workspaces(tiny.vendor()).origin


def workspace() -> Workspace:
    """A workspace that begins with Ada."""
    return Workspace("one", ORIGIN)


def add_rule(found: Workspace) -> FaultRuleChange:
    return found.faults.new_rule(RULE, tiny.NOW)


def state(found: Workspace) -> Any:
    """Everything that a workspace is, and the ids that come next."""
    tables = {
        name: (list(table.placed_rows()), table.last_number, table.save().indexes)
        for name, table in found.tables["tiny"].items()
    }
    snapshots = {name: _content(snapshot) for name, snapshot in found.snapshots.items()}
    faults = found.faults.listing(tiny.NOW)
    next_rule = found.faults.new_rule(RULE, tiny.NOW).id if len(found.faults) < 1000 else None
    return tables, found.settings, found.clock, found.requests, faults, next_rule, snapshots


def _content(snapshot: Any) -> Any:
    tables = {
        name: (saved.rows, saved.last_number) for name, saved in snapshot.tables["tiny"].items()
    }
    return tables, snapshot.settings, snapshot.clock


EVERY_KIND: list[Change] = [
    RequestNumber(3, LATER),
    ADD_BOB,
    IdCounter("tiny", "people", 2),
    SettingsChange("tiny", {"colour": "blue", "size": 2**70}),
    ClockChange(LATER, timedelta()),
    FaultRuleChange(1, add_rule(workspace()).rule),
    FaultTally(1, 4, 1, LATER, 2),
    SnapshotSaved("one"),
    RowChange("tiny", "people", 1, 0, None),
    ClockChange(None, timedelta(days=-1, microseconds=5)),
    SnapshotSaved("two"),
    SnapshotForgotten("one"),
    SnapshotRestored("two"),
]


def test_changes_are_plain_data_that_json_holds() -> None:
    kinds: list[Change] = [
        *EVERY_KIND,
        FaultRuleChange(1, None),
        FaultRulesCleared(),
        TablesEmptied(),
        WorkspaceReset(),
        WorkspaceDeleted(),
    ]
    assert {type(change) for change in kinds} == set(Change.__args__)
    found = read(json.loads(json.dumps(written(kinds))))
    assert [(type(change), change) for change in found] == [
        (type(change), change) for change in kinds
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param([["Nothing"]], id="no such kind"),
        pytest.param([["RequestNumber", 1]], id="a field too few"),
        pytest.param([["SnapshotSaved", "a", "b"]], id="a field too many"),
    ],
)
def test_what_is_no_change_is_refused(wrong: list[Any]) -> None:
    with pytest.raises(ValueError, match="is no change of a workspace"):
        read(wrong)


def test_changes_applied_in_order_give_an_equal_workspace_also_when_applied_twice() -> None:
    first, second = workspace(), Workspace("two", ORIGIN)
    first.apply(EVERY_KIND)
    for _ in range(2):
        second.apply(read(json.loads(json.dumps(written(EVERY_KIND)))))
    assert state(second) == state(first)


def test_each_run_of_changes_makes_the_next_version_and_is_told() -> None:
    found = workspace()
    heard: list[tuple[int, Sequence[Change]]] = []
    found.listen(lambda version, changes: heard.append((version, changes)))
    runs: list[list[Change]] = [
        [RequestNumber(1, LATER)],
        [ADD_BOB, IdCounter("tiny", "people", 2)],
    ]
    versions = [found.apply(run) for run in runs]
    assert (versions, found.version) == ([1, 2], 2)
    assert heard == list(enumerate(runs, 1))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(RowChange("tiny", "places", 1, 0, {"id": 1}), id="no such table"),
        pytest.param(RowChange("huge", "people", 1, 0, {"id": 1}), id="no such vendor"),
        pytest.param(IdCounter("tiny", "places", 1), id="the counter of no table"),
        pytest.param(SettingsChange("huge", {}), id="the settings of no vendor"),
        pytest.param(FaultTally(7, 1), id="the tally of no rule"),
        pytest.param(SnapshotRestored("never"), id="no such snapshot"),
    ],
)
def test_of_changes_of_which_one_does_not_fit_none_is_made(wrong: Change) -> None:
    found = workspace()
    before = state(found)
    with pytest.raises(ValueError, match="does not fit the workspace one"):
        found.apply([RequestNumber(9, LATER), ADD_BOB, wrong])
    assert (state(found), found.version) == (before, 0)


def test_a_reset_leaves_the_snapshots_and_a_deletion_nothing() -> None:
    found = workspace()
    found.apply([ADD_BOB, FaultRuleChange(1, add_rule(found).rule), SnapshotSaved("kept")])
    found.apply([RequestNumber(5, LATER)])
    found.apply([WorkspaceReset()])
    as_new = workspace()
    as_new.snapshots = dict(found.snapshots)
    assert (state(found), list(found.snapshots)) == (state(as_new), ["kept"])
    found.apply([WorkspaceDeleted()])
    assert (state(found), found.version) == (state(workspace()), 4)


@pytest.mark.parametrize("end", [WorkspaceReset(), WorkspaceDeleted()])
def test_a_reset_and_a_deletion_begin_a_new_journal(end: Change) -> None:
    found = workspace()
    found.apply([SnapshotSaved("one")])
    found.journal.add(record(1))
    found.apply([SnapshotForgotten("one"), end])
    assert (len(found.journal), found.memory.journals) == (0, 0)


def test_a_deleted_workspace_is_freed_at_once() -> None:
    worlds = tiny.workspaces(tiny.vendor())
    found = worlds.admit("me")
    found.apply([ADD_BOB, SnapshotSaved("one"), FaultRuleChange(1, add_rule(found).rule)])
    gone = weakref.ref(found)
    gc.disable()
    try:
        del found
        worlds.delete("me")
        assert gone() is None
    finally:
        gc.enable()


def test_a_running_clock_shows_no_time_before_its_last_request() -> None:
    found = workspace()
    found.apply([ClockChange(None, timedelta())])
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    found.apply([RequestNumber(1, tomorrow)])
    assert found.now() == tomorrow
    found.apply([ClockChange(None, timedelta(days=2))])
    assert found.now() > tomorrow
    found.apply([ClockChange(LATER, timedelta())])
    assert found.now() == LATER


def test_an_empty_run_of_changes_is_a_version_too() -> None:
    assert workspace().apply([]) == 1


def test_no_credential_stands_in_a_workspace_or_its_changes() -> None:
    worlds = tiny.workspaces(tiny.vendor())
    found = worlds.admit("sk_live_51Hxyz")
    heard: list[Any] = []
    found.listen(lambda version, changes: heard.append(written(changes)))
    found.apply([RequestNumber(1, LATER), ADD_BOB])
    held = [str(getattr(found, name, "")) for name in Workspace.__slots__ if name != "__weakref__"]
    assert "sk_live" not in str((found.name, held, heard, [*map(describe, found.journal)]))

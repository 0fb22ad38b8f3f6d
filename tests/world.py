"""Changes of a workspace, made by its one way in: for tests that set the scene."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mockserver.app import load_vendors
from mockserver.documents.resources import folder
from mockserver.fixtures import settings_changes
from mockserver.state.changes import ClockChange, FaultRuleChange, Row, SettingsChange
from mockserver.state.clock import WorkspaceClock, frozen_at, shifted_by
from mockserver.workspaces import Workspace

FEW = Path(__file__).parent / "people"
PEOPLE = (
    FEW,
    *(file for file in folder("fixtures").glob("demo/*.yaml") if not (FEW / file.name).exists()),
)
"""The fixtures that most tests begin with: the demo is for people and may change. A vendor that has
no file among them begins with its part of the demo."""


def switch(workspace: Workspace, vendor: str, **values: Any) -> None:
    """Change some settings of a vendor."""
    settings = {**workspace.settings[vendor], **values}
    known = {each.name: each for each in load_vendors()}
    if vendor in known:
        workspace.apply(settings_changes(workspace, known[vendor], settings))
    else:
        workspace.apply([SettingsChange(vendor, settings)])


def freeze(workspace: Workspace, moment: datetime) -> None:
    """Let the clock stand still at that moment."""
    _turn_to(workspace, frozen_at(moment))


def shift(workspace: Workspace, by: timedelta) -> None:
    """Let the clock run that far ahead of the real time."""
    _turn_to(workspace, shifted_by(by))


def _turn_to(workspace: Workspace, clock: WorkspaceClock) -> None:
    workspace.apply([ClockChange(clock.frozen, clock.shift)])


def put(workspace: Workspace, vendor: str, table: str, row: Row) -> None:
    """Store a row."""
    tx = workspace.transaction(vendor)
    tx.put(table, row)
    workspace.apply(tx.changes())


def delete(workspace: Workspace, vendor: str, table: str, *ids: int | str) -> None:
    """Take rows away."""
    tx = workspace.transaction(vendor)
    for id in ids:
        tx.delete(table, id)
    workspace.apply(tx.changes())


def add_fault(workspace: Workspace, rule: Mapping[str, Any]) -> FaultRuleChange:
    """Add a fault rule, as the control API takes one."""
    change = workspace.faults.new_rule(rule, workspace.now())
    workspace.apply([change])
    return change

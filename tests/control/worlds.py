"""Everything a workspace holds as one value, to be compared before and after."""

from datetime import UTC, datetime
from typing import Any

import orjson

from mockserver.journal.view import describe
from mockserver.state.tables import Table
from mockserver.workspaces import Workspace


def _table(table: Table) -> Any:
    return [list(table.placed_rows()), table.last_number]


def tables(workspace: Workspace) -> bytes:
    """The rows, their order, and how many ids were handed out."""
    content = {
        vendor: {name: _table(table) for name, table in group.items()}
        for vendor, group in workspace.tables.items()
    }
    return orjson.dumps(content)


def contents(workspace: Workspace) -> dict[str, Any]:
    """The rows in their order, and how many ids were handed out: what an export keeps."""
    return {
        vendor: {name: ([*table.rows.items()], table.last_number) for name, table in group.items()}
        for vendor, group in workspace.tables.items()
    }


def leads(workspace: Workspace) -> dict[str, int]:
    """How many leads of each vendor it holds."""
    return {vendor: len(group["leads"].rows) for vendor, group in workspace.tables.items()}


def world(workspace: Workspace) -> bytes:
    """Tables, settings, clock, faults, journal, snapshots and the count of requests."""
    clock = [workspace.clock.frozen, workspace.clock.shift.total_seconds()]
    journal = [describe(call) for call in workspace.journal]
    faults = workspace.faults.listing(datetime(2025, 1, 31, tzinfo=UTC))
    return orjson.dumps(
        [
            tables(workspace).decode(),
            workspace.settings,
            clock,
            faults,
            journal,
            list(workspace.snapshots),
            workspace.requests,
        ]
    )

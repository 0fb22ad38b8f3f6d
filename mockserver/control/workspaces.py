"""Handlers for the server and its workspaces: make, read, reset, seed, export, remember, delete."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver import fixtures
from mockserver.call import Call
from mockserver.control.api import Control, long, nothing, on_all, operation
from mockserver.control.behaviour import clock_view
from mockserver.credential import Credential
from mockserver.documents.fixture_files import FixtureFiles
from mockserver.documents.formats import parse_date_time
from mockserver.errors import Problem, Refusal
from mockserver.journal.view import instant
from mockserver.state.changes import (
    SnapshotForgotten,
    SnapshotRestored,
    SnapshotSaved,
    WorkspaceReset,
)
from mockserver.state.ids import SEQUENCE
from mockserver.state.tables import SavedTable, Table
from mockserver.vendor import Reply
from mockserver.version import __version__
from mockserver.workspaces import LEADS, SNAPSHOT_BYTES, Snapshot, Workspace

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@operation
def get_health(call: Call, server: Control) -> Reply:
    """Say that the server is there, its version, and where the vendors' APIs are."""
    return Reply({"status": "ok", "version": __version__, "base_urls": server.base_urls(call)})


@operation
@on_all
def reset_server(call: Call, server: Control) -> Reply:
    """Delete the workspaces that came later, and set the others back to the seed."""
    server.workspaces.reset()
    return nothing()


@operation
def list_workspaces(call: Call, server: Control) -> Reply:
    """A summary of each workspace."""
    return Reply({"workspaces": [_summary(workspace, server) for workspace in server.workspaces]})


@operation
def create_workspace(call: Call, server: Control) -> Reply:
    """Create a workspace, and show its credentials."""
    at = call.body.get("at")
    moment = parse_date_time(at) if at is not None else None
    try:
        ids = call.body.get("ids", SEQUENCE)
        workspace = server.workspaces.create(call.body.get("name"), moment, ids)
    except Refusal as refusal:
        if moment is None or not any(each.path != ("name",) for each in refusal.problems):
            raise
        text = "is no moment to which the fixture's times are relative"
        raise Refusal("invalid", problems=[Problem(("at",), "range", text, at)]) from None
    location = f"{call.request.path}/{workspace.name}".encode()
    return Reply(_view(workspace, call, server), 201, ((b"location", location),))


@operation
def get_workspace(call: Call, server: Control) -> Reply:
    """What the workspace holds and how to reach it."""
    return Reply(_view(server.workspace(call), call, server))


@operation
def delete_workspace(call: Call, server: Control) -> Reply:
    """Delete the workspace."""
    server.workspaces.delete(server.workspace(call).name)
    return nothing()


@operation
def reset_workspace(call: Call, server: Control) -> Reply:
    """Set the workspace back to the seed."""
    workspace = server.workspace(call)
    workspace.apply([WorkspaceReset()])
    server.workspaces.on_begin(workspace)
    return nothing()


@operation
@long
def seed_workspace(call: Call, server: Control) -> Reply:
    """Fill the workspace with a fixture, in place of what it holds or beside it."""
    workspace = server.workspace(call)
    load = fixtures.merge if call.body.get("mode") == "merge" else fixtures.replace
    if "fixture" in call.body:
        field, content = "fixture", call.body["fixture"]
    elif "text" in call.body:
        field, content = "text", _read_yaml(call.body["text"])
    else:
        file = fixtures.fixture_file(call.body["name"])
        field, content = "name", FixtureFiles(file).content  # a bundled one, which has no problem
    try:
        load(workspace, content, server.vendors)
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        problems = [replace(each, path=(field, *each.path)) for each in refusal.problems]
        raise Refusal("invalid", problems=problems) from None
    return Reply(_view(workspace, call, server))


def _read_yaml(text: str) -> Any:
    """What a fixture file of that text holds. Raises Refusal("invalid") with the line."""
    # Imported here: only a request with YAML needs it.
    from mockserver.documents.yaml_loader import NotYaml, load

    try:
        return load(text)
    except NotYaml as error:
        reason = f"is not YAML, in line {error.line}: {error.problem}"
        problem = Problem(("text",), "format", reason, None)
        raise Refusal("invalid", problems=[problem]) from None


@operation
@long
def export_workspace(call: Call, server: Control) -> Reply:
    """What the workspace holds, as a fixture that `seed_workspace` reads."""
    content = fixtures.export(server.workspace(call), server.vendors)
    if call.query.get("format") == "yaml":
        # Imported here: only a request for YAML needs it.
        from mockserver.documents.yaml_text import yaml_text

        return Reply(yaml_text(content).encode(), 200, ((b"content-type", b"application/yaml"),))
    return Reply(content)


@operation
def list_snapshots(call: Call, server: Control) -> Reply:
    """The workspace's snapshots, oldest first."""
    snapshots = server.workspace(call).snapshots
    return Reply({"snapshots": [_snapshot(name, snapshot) for name, snapshot in snapshots.items()]})


@operation
def save_snapshot(call: Call, server: Control) -> Reply:
    """Save what the workspace holds now under that name."""
    workspace = server.workspace(call)
    name = call.path_parameters["name"]
    if not _NAME.fullmatch(name):
        reason = (
            "must begin with a letter or digit, and have at most 64 letters, digits, dots, "
            "hyphens and underscores"
        )
        problem = Problem(("name",), "pattern", reason, name, None, "path")
        raise Refusal("invalid", problems=[problem])
    most = workspace.limits.snapshots
    if name not in workspace.snapshots and len(workspace.snapshots) >= most:
        raise Refusal(
            "forbidden",
            f"A workspace may have at most {most} snapshots (--max-snapshots); delete one that you "
            "no longer need.",
        )
    workspace.memory.require(SNAPSHOT_BYTES)
    workspace.apply([SnapshotSaved(name)])
    return Reply(_snapshot(name, workspace.snapshots[name]))


@operation
def delete_snapshot(call: Call, server: Control) -> Reply:
    """Delete the snapshot."""
    workspace = server.workspace(call)
    _found(workspace, call.path_parameters["name"])
    workspace.apply([SnapshotForgotten(call.path_parameters["name"])])
    return nothing()


@operation
def restore_snapshot(call: Call, server: Control) -> Reply:
    """Let the workspace hold again what the snapshot has."""
    workspace = server.workspace(call)
    _found(workspace, call.path_parameters["name"])
    workspace.apply([SnapshotRestored(call.path_parameters["name"])])
    return nothing()


def _found(workspace: Workspace, name: str) -> Snapshot:
    found = workspace.snapshots.get(name)
    if found is None:
        there = "there is none"
        if workspace.snapshots:
            there = f"there is {', '.join(workspace.snapshots)}"
        raise Refusal("not_found", f"There is no snapshot {name!r} of {workspace.name}; {there}.")
    return found


def _snapshot(name: str, snapshot: Snapshot) -> dict[str, Any]:
    leads = _lead_counts(snapshot.tables)
    return {"name": name, "leads": leads, "now": instant(snapshot.clock.now())}


def _summary(workspace: Workspace, server: Control) -> dict[str, Any]:
    last = server.workspaces.last_request(workspace)
    return {
        "name": workspace.name,
        "requests": workspace.requests,
        "last_request": instant(last) if last is not None else None,
        "leads": _lead_counts(workspace.tables),
    }


def _lead_counts(tables: Mapping[str, Mapping[str, Table | SavedTable]]) -> dict[str, int]:
    """How many leads there are, by vendor."""
    counts = {}
    for vendor, group in tables.items():
        if LEADS in group:
            counts[vendor] = len(group[LEADS].rows)
    return counts


def _view(workspace: Workspace, call: Call, server: Control) -> dict[str, Any]:
    return _summary(workspace, server) | {
        "ids": workspace.ids,
        "clock": clock_view(workspace),
        "journal": {"entries": len(workspace.journal), "dropped": workspace.journal.dropped},
        "faults": len(workspace.faults),
        "snapshots": list(workspace.snapshots),
        "credentials": _credentials(workspace, server),
        "base_urls": server.base_urls(call),
    }


def _credentials(workspace: Workspace, server: Control) -> dict[str, Any] | None:
    """What chooses the workspace; None where its name is a digest, or where it does not get in."""
    if not server.workspaces.is_credential(workspace.name):
        return None
    return {vendor.name: _access(vendor.credential, workspace.name) for vendor in server.vendors}


def _access(credential: Credential, account: str) -> dict[str, Any]:
    """What a request to a vendor carries: headers, and a query where the credential is in it."""
    access = {"headers": dict(credential.headers(account))}
    query = credential.query(account)
    if query:
        access["query"] = dict(query)
    return access

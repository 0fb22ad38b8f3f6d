"""One step of what happens without a request: read, played, applied, and told as events."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from mockserver.life.events import Cause, Event
from mockserver.life.lifecycle import DUE, Scene
from mockserver.life.moments import moment_of, moment_text
from mockserver.state.changes import Change, ClockChange, Row
from mockserver.state.clock import WorkspaceClock, frozen_at
from mockserver.state.transaction import Transaction
from mockserver.vendor import Vendor
from mockserver.workspaces import Workspace

log = logging.getLogger("mockserver")

Vendors = Mapping[str, Vendor]
"""Every vendor by its name."""


def commit(
    workspace: Workspace, vendor: str, scene: Scene, before: Sequence[Change] = ()
) -> list[Event]:
    """Apply what a scene has written, after other changes, and keep what happened in it.

    Raises Refusal as `Workspace.require_room` does; then nothing was done.
    """
    written = scene.tx.changes()
    workspace.require_calls(written)
    _, size = scene.tx.effects()
    workspace.require_room(written, size)
    version = workspace.commit([*before, *written], size)
    batch = workspace.events.add(scene.happenings, vendor, scene.now, scene.cause, version)
    return batch.events()


def catch_up(workspace: Workspace, vendors: Vendors) -> None:
    """Have what is past fall due now: no workspace begins with an overdue step."""
    now = workspace.now()
    found = workspace.earliest_due()
    if found is None or moment_of(found[1]["at"]) >= now:
        return
    for name, vendor in vendors.items():
        if vendor.lifecycle is None:
            continue
        scene = workspace.scene(workspace.transaction(name), now, Cause("control", 0))
        if vendor.lifecycle.catch_up(scene):
            scene.happenings.clear()
            commit(workspace, name, scene)


def play_step(
    workspace: Workspace, vendors: Vendors, vendor: str, due: Row, *, stands: bool
) -> list[Event]:
    """Play a due step at its time, or now where that has passed. Returns what happened.

    With `stands` the clock of the workspace stands at that time from then on. A step that fails
    inside the server is dropped, with a line in the log: it would keep all others waiting.
    """
    now = max(moment_of(due["at"]), workspace.now()) if stands else moment_of(due["at"])
    moved: list[Change] = []
    if stands and workspace.clock != WorkspaceClock(now):
        moved.append(ClockChange(frozen_at(now).frozen, WorkspaceClock().shift))
    lifecycle = vendors[vendor].lifecycle
    assert lifecycle is not None, vendor
    scene = _scene_without(workspace, vendor, due, now)
    try:
        lifecycle.play(due | {"at": moment_text(now)}, scene)
    except Exception:
        log.exception("the due step %d of %s failed inside the server", due["id"], vendor)
        scene = _scene_without(workspace, vendor, due, now)
    return commit(workspace, vendor, scene, moved)


def _scene_without(workspace: Workspace, vendor: str, due: Row, now: datetime) -> Scene:
    """A scene in which the due step is gone."""
    tx: Transaction = workspace.transaction(vendor)
    tx.delete(DUE, due["id"])
    return workspace.scene(tx, now, Cause("due", due["id"]))

"""One step of what happens without a request: read, played, applied, and told as events."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mockserver.life.events import Cause, Event
from mockserver.life.lifecycle import DUE, Scene
from mockserver.life.moments import moment_of, moment_text
from mockserver.play.posting import Occasion, Told, post, posted, state_of
from mockserver.state.changes import Change, ClockChange, Row
from mockserver.state.clock import WorkspaceClock, frozen_at
from mockserver.state.transaction import Transaction
from mockserver.vendor import Vendor
from mockserver.webhooks.deliveries import Delivery
from mockserver.webhooks.tables import OUTBOX
from mockserver.workspaces import Workspace

log = logging.getLogger("mockserver")

Vendors = Mapping[str, Vendor]
"""Every vendor by its name."""


class Done(NamedTuple):
    """What a scene has made happen, and what is delivered because of it."""

    events: Sequence[Event]
    deliveries: Sequence[Delivery]


def commit(workspace: Workspace, vendor: str, scene: Scene, before: Sequence[Change] = ()) -> Done:
    """Apply what a scene has written, after other changes, and keep what happened in it.

    Raises Refusal as `Workspace.require_room` and `require_rows` do; then nothing was done.
    """
    what = post(workspace, vendor, _told(scene, workspace), scene.tx)
    written = scene.tx.changes()
    workspace.require_rows(written)
    _, size = scene.tx.effects()
    workspace.require_room(written, size)
    version = workspace.commit([*before, *written], size)
    batch = workspace.events.add(scene.happenings, vendor, scene.now, scene.cause, version)
    posted(workspace, vendor, what)
    return Done(batch.events(), what.deliveries)


def _told(scene: Scene, workspace: Workspace) -> Iterator[Told]:
    """The messages of a scene, each with what it tells of."""
    first = workspace.events.last + 1 if scene.messages else 0
    for position, message in scene.messages:
        lead = scene.happenings[position].lead
        yield Occasion(first + position, lead, scene.now, scene.cause), message


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
            scene.messages.clear()
            commit(workspace, name, scene)


def play_next(
    workspace: Workspace, vendors: Vendors, found: tuple[str, str, Row], *, stands: bool
) -> Sequence[Event]:
    """Play what is due, at its time, or now where that has passed. Returns what happened.

    `found` is as `Workspace.earliest` has it. With `stands` the clock of the workspace stands at
    that time from then on.
    """
    vendor, table, row = found
    at = moment_of(row["at"])
    now = max(at, workspace.now()) if stands else at
    moved: list[Change] = []
    if stands and workspace.clock != WorkspaceClock(now):
        moved.append(ClockChange(frozen_at(now).frozen, WorkspaceClock().shift))
    if table == OUTBOX:
        _let_go(workspace, vendor, row, moved)
        return ()
    scene = _played(workspace, vendors[vendor], row, now)
    return commit(workspace, vendor, scene, moved).events


def _played(workspace: Workspace, vendor: Vendor, due: Row, now: datetime) -> Scene:
    """The scene of a due step. One that fails inside the server is dropped, with a line in the log.

    It would keep all others waiting.
    """
    assert vendor.lifecycle is not None, vendor.name
    scene = _scene_without(workspace, vendor.name, due, now)
    try:
        vendor.lifecycle.play(due | {"at": moment_text(now)}, scene)
    except Exception:
        log.exception("the due step %d of %s failed inside the server", due["id"], vendor.name)
        scene = _scene_without(workspace, vendor.name, due, now)
    return scene


def _let_go(workspace: Workspace, vendor: str, row: Row, moved: Sequence[Change]) -> None:
    """A delivery has waited long enough: the courier may have it."""
    tx = workspace.transaction(vendor)
    tx.update(OUTBOX, row, {"at": None})
    workspace.commit([*moved, *tx.changes()], tx.effects()[1])
    entry = workspace.deliveries.get(row["id"])
    if entry is not None:
        state = state_of(row | {"at": None})
        workspace.deliveries.put(entry._replace(state=state, next_try=None))
    if row["held"] is None:
        workspace.outgoing.append((vendor, row["id"]))


def _scene_without(workspace: Workspace, vendor: str, due: Row, now: datetime) -> Scene:
    """A scene in which the due step is gone."""
    tx: Transaction = workspace.transaction(vendor)
    tx.delete(DUE, due["id"])
    return workspace.scene(tx, now, Cause("due", due["id"]))

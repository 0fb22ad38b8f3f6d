"""Moving a workspace's clock forward: what falls due on the way is played, moment by moment."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mockserver.errors import Refusal
from mockserver.life.events import Event
from mockserver.life.moments import moment_of
from mockserver.play.steps import Vendors, play_step
from mockserver.state.changes import ClockChange, Row
from mockserver.state.clock import WorkspaceClock
from mockserver.workspaces import Workspace

_MOST_SHOWN = 20
_TOGETHER = 0.002
"""Seconds of steps after which other requests have their turn."""


@dataclass
class Passed:
    """What happened while a clock moved: how many steps and events, the first of these.

    `after` is the number of the last event before. `stopped` is "limit" where there were more steps
    than one move may play, and "reset" where the workspace was reset, restored or deleted
    meanwhile: then the clock is not moved any further.
    """

    after: int
    steps: int = 0
    events: int = 0
    stopped: str | None = None
    first: list[Event] = field(default_factory=list)

    def note(self, events: Sequence[Event]) -> None:
        """Count the events of a step."""
        self.steps += 1
        self.events += len(events)
        self.first += events[: _MOST_SHOWN - len(self.first)]


async def move(
    workspace: Workspace, vendors: Vendors, clock: WorkspaceClock, until: datetime, wait: float
) -> Passed:
    """Play what is due up to a moment, and then turn the clock.

    The clock stands at each moment while its steps are played; between steps other requests have
    their turn. `wait` is for how many seconds a step waits for a long request of the workspace.
    Raises Refusal("conflict") while another move is under way, and what a step raises that finds
    no room: then the clock stands there.
    """
    require_still(workspace)
    passed = workspace.mover = Passed(workspace.events.last)
    try:
        await _play_until(workspace, vendors, until, wait, passed)
        if passed.stopped is None:
            workspace.apply([ClockChange(clock.frozen, clock.shift)])
        return passed
    finally:
        if workspace.mover is passed:
            workspace.mover = None


def require_still(workspace: Workspace) -> None:
    """Raise Refusal("conflict") while the workspace's clock is being moved."""
    if workspace.mover is not None:
        raise Refusal("conflict", f"The clock of {workspace.name} is being moved already.")


async def _play_until(
    workspace: Workspace, vendors: Vendors, until: datetime, wait: float, passed: Passed
) -> None:
    loop = asyncio.get_running_loop()
    goes_on_at = loop.time() + _TOGETHER
    while (found := due_until(workspace, until)) is not None:
        if passed.steps == workspace.limits.steps:
            passed.stopped = "limit"
            return
        passed.note(play_step(workspace, vendors, *found, stands=True))
        if loop.time() > goes_on_at:
            await asyncio.sleep(0)
            goes_on_at = loop.time() + _TOGETHER
        while workspace.turns.is_taken:
            async with workspace.turns.turn(wait):
                pass
        if workspace.mover is not passed:
            passed.stopped = "reset"
            return


def due_until(workspace: Workspace, until: datetime) -> tuple[str, Row] | None:
    """The step that comes first, with its vendor; None where it comes after that moment."""
    found = workspace.earliest_due()
    if found is None or moment_of(found[1]["at"]) > until:
        return None
    return found

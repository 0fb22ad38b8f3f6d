"""Moving a workspace's clock forward: what falls due on the way is played, moment by moment."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mockserver.errors import Refusal
from mockserver.life.events import Event
from mockserver.life.moments import moment_of, moment_text
from mockserver.play.courier import Courier
from mockserver.play.steps import Vendors, play_next
from mockserver.state.changes import ClockChange, Row
from mockserver.state.clock import WorkspaceClock
from mockserver.workspaces import Workspace

_MOST_SHOWN = 20
_TOGETHER = 0.002
"""Seconds of steps after which other requests have their turn."""
_LONGEST_QUIET = 2.0
_LOOKS_EVERY = 0.01


@dataclass
class Passed:
    """What happened while a clock moved: how many steps and events, the first of these.

    `deliveries` were settled meanwhile, and `failed` of them not taken by their receivers. `after`
    is the number of the last event before. `stopped` is "limit" where there were more steps than
    one move may play, and "reset" where the workspace was reset, restored or deleted meanwhile:
    then the clock is not moved any further.
    """

    after: int
    steps: int = 0
    events: int = 0
    deliveries: int = 0
    failed: int = 0
    stopped: str | None = None
    first: list[Event] = field(default_factory=list)

    def note(self, events: Sequence[Event]) -> None:
        """Count the events of a step."""
        self.steps += 1
        self.events += len(events)
        self.first += events[: _MOST_SHOWN - len(self.first)]


@dataclass(frozen=True, slots=True)
class Pace:
    """How a clock is moved.

    `wait` is for how many seconds a step waits for a long request of the workspace. Without
    `settles` no delivery is waited for. After each moment the clock waits until the workspace has
    had no request for `quiet` seconds of real time, at most two seconds.
    """

    wait: float
    settles: bool = True
    quiet: float = 0.0


class Clockwork:
    """Moves the clocks of workspaces."""

    def __init__(self, vendors: Vendors, courier: Courier) -> None:
        self._vendors = vendors
        self._courier = courier

    async def move(
        self, workspace: Workspace, clock: WorkspaceClock, until: datetime, pace: Pace
    ) -> Passed:
        """Play what is due up to a moment, and then turn the clock.

        The clock stands at each moment while its steps are played and what they make is delivered,
        so that a receiver that acts at once is in time for the next moment; between steps other
        requests have their turn. Raises Refusal("conflict") while another move is under way, and
        what a step raises that finds no room: then the clock stands there.
        """
        require_still(workspace)
        passed = workspace.mover = Passed(after=0)
        try:
            await _free(workspace, pace.wait, passed)
            passed.after = workspace.events.last
            before = self._courier.tally(workspace)
            with self._courier.waiting(workspace):
                await self._play_until(workspace, until, pace, passed)
            if passed.stopped is None:
                workspace.apply([ClockChange(clock.frozen, clock.shift)])
            settled, undelivered = self._courier.tally(workspace)
            passed.deliveries = settled - before.settled
            passed.failed = undelivered - before.undelivered
            return passed
        finally:
            if workspace.mover is passed:
                workspace.mover = None

    async def _play_until(
        self, workspace: Workspace, until: datetime, pace: Pace, passed: Passed
    ) -> None:
        while passed.stopped is None:
            moment = await self._play_moment(workspace, until, pace.wait, passed)
            if passed.stopped is None and pace.settles:
                await self._courier.all_settled(workspace)
                if moment is None:
                    await self._courier.settled_pairs(workspace)
                await _quiet(workspace, pace.quiet)
            await _free(workspace, pace.wait, passed)
            if passed.stopped is None and moment is None and due_until(workspace, until) is None:
                return

    async def _play_moment(
        self, workspace: Workspace, until: datetime, wait: float, passed: Passed
    ) -> str | None:
        """Play all steps of the time that comes first. Returns it; None where there is no step."""
        loop = asyncio.get_running_loop()
        goes_on_at = loop.time() + _TOGETHER
        moment = None
        while (found := due_until(workspace, until)) is not None:
            at = max(found[2]["at"], moment_text(workspace.now()))
            if moment not in (None, at):
                break
            if passed.steps == workspace.limits.steps:
                passed.stopped = "limit"
                break
            moment = at
            passed.note(play_next(workspace, self._vendors, found, stands=True))
            self._courier.look(workspace)
            if loop.time() > goes_on_at:
                await asyncio.sleep(0)
                goes_on_at = loop.time() + _TOGETHER
            await _free(workspace, wait, passed)
            if passed.stopped is not None:
                break
        return moment


async def _free(workspace: Workspace, wait: float, passed: Passed) -> None:
    """Wait until no long request works with the workspace, and note if the move is to stop."""
    await workspace.turns.wait_until_free(wait)
    if workspace.mover is not passed:
        passed.stopped = "reset"


def require_still(workspace: Workspace) -> None:
    """Raise Refusal("conflict") while the workspace's clock is being moved."""
    if workspace.mover is not None:
        raise Refusal("conflict", f"The clock of {workspace.name} is being moved already.")


async def _quiet(workspace: Workspace, seconds: float) -> None:
    """Wait until the workspace has had no request for so long."""
    if not seconds:
        return
    loop = asyncio.get_running_loop()
    ends, requests = loop.time() + _LONGEST_QUIET, workspace.requests
    until = loop.time() + seconds
    while loop.time() < min(until, ends):
        await asyncio.sleep(min(seconds, _LOOKS_EVERY))
        if workspace.requests != requests:
            requests, until = workspace.requests, loop.time() + seconds


def due_until(workspace: Workspace, until: datetime) -> tuple[str, str, Row] | None:
    """What comes first, with its vendor and its table; None where it comes after that moment."""
    found = workspace.earliest()
    if found is None or moment_of(found[2]["at"]) > until:
        return None
    return found

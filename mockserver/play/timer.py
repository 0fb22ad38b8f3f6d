"""One timer for the due steps of all workspaces whose clock runs."""

import asyncio
import logging
from weakref import WeakSet

from mockserver.errors import Refusal
from mockserver.life.moments import moment_of
from mockserver.play.clockwork import due_until
from mockserver.play.courier import Courier
from mockserver.play.steps import Vendors, catch_up, play_next
from mockserver.state.changes import Row
from mockserver.workspaces import Workspace

log = logging.getLogger("mockserver")

_LONGEST = 3600.0
"""After so many seconds the timer looks again: no step is forgotten when a machine slept."""
_RETRIES_AFTER = 1.0


class Timer:
    """Plays the due steps of workspaces with a running clock when their time comes.

    It costs nothing while no workspace has any. `look` has to be called, in the event loop, for a
    workspace whose steps or clock have changed.
    """

    def __init__(self, vendors: Vendors, courier: Courier, wait: float) -> None:
        """`wait` is for how many seconds a step waits for a long request of its workspace."""
        self._vendors = vendors
        self._courier = courier
        self._wait = wait
        self._waiting: WeakSet[Workspace] = WeakSet()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._rang_meanwhile = False
        self._has_stopped = False

    def start(self) -> None:
        """Ring in the running event loop from now on."""
        self._has_stopped = False
        self._use(asyncio.get_running_loop())

    def stop(self) -> None:
        """Ring no more: the loop is about to end, and what began now would never go on."""
        self._has_stopped = True
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _use(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:  # an application may be served again, by another loop
            self._loop, self._handle = loop, None

    def look(self, workspace: Workspace) -> None:
        """See when a workspace wants to be played next."""
        loop = self._loop
        if loop is not None and not loop.is_closed() and not _is_in_loop():
            loop.call_soon_threadsafe(self.look, workspace)
            return
        seconds = _seconds_until(workspace)
        if seconds is None:
            return
        self._waiting.add(workspace)
        self._ring_in(seconds)

    def _ring_in(self, seconds: float) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # an application that no loop has served yet
            return
        if self._has_stopped and loop is self._loop:
            return
        self._use(loop)
        at = loop.time() + min(max(seconds, 0.0), _LONGEST)
        if self._handle is not None:
            # Not its `when`: uvloop's handle of a moment that has come has none.
            if self._rings_at <= at:
                return
            self._handle.cancel()
        self._handle, self._rings_at = loop.call_at(at, self._ring), at

    def _ring(self) -> None:
        self._handle = None
        if self._task is None or self._task.done():
            self._rang_meanwhile = False
            self._task = asyncio.ensure_future(self._play())
        else:
            self._rang_meanwhile = True

    async def _play(self) -> None:
        """Play what is due in all workspaces, one step after the other, and set the timer anew."""
        for workspace in tuple(self._waiting):
            at_least = 0.0
            try:
                await self._play_workspace(workspace)
            except (Refusal, TimeoutError) as error:
                log.warning("a due step of %s has to wait: %s", workspace.name, error)
                at_least = _RETRIES_AFTER
            seconds = _seconds_until(workspace)
            if seconds is None:
                self._waiting.discard(workspace)
            else:
                self._ring_in(max(seconds, at_least))
        if self._rang_meanwhile:
            # It may have rung for a workspace that had its turn before.
            self._ring_in(0.0)

    async def _play_workspace(self, workspace: Workspace) -> None:
        while _due_now(workspace) is not None:
            await workspace.turns.wait_until_free(self._wait)
            # Who had the turn may have changed what is due.
            found = _due_now(workspace)
            if found is None:
                return
            play_next(workspace, self._vendors, found, stands=False)
            self._courier.look(workspace)
            await asyncio.sleep(0)


def begin(workspace: Workspace, vendors: Vendors, courier: Courier, timer: Timer) -> None:
    """What has to be done for a workspace that begins: nothing is overdue, and its time runs."""
    catch_up(workspace, vendors)
    courier.look(workspace)
    timer.look(workspace)


def _is_in_loop() -> bool:
    """Whether this is a thread of an event loop, and none beside it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _due_now(workspace: Workspace) -> tuple[str, str, Row] | None:
    """What has to be played now; None where nothing is due, or the clock does not run by itself."""
    if workspace.mover is not None or workspace.clock.frozen is not None:
        return None
    return due_until(workspace, workspace.now())


def _seconds_until(workspace: Workspace) -> float | None:
    """How many seconds are left until the next step; None where there is none to come by itself."""
    if workspace.clock.frozen is not None or workspace.mover is not None:
        return None
    found = workspace.earliest()
    if found is None:
        return None
    return (moment_of(found[2]["at"]) - workspace.now()).total_seconds()

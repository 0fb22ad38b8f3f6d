"""One clock for all connections: it ends those that wait too long."""

import asyncio
from typing import Protocol


class Waiter(Protocol):
    """A connection, as the clock sees it."""

    loop: asyncio.AbstractEventLoop

    def check(self, now: float) -> None:
        """End the connection if it has waited too long."""


class Watch:
    """Looks at each connection once in a `period` of seconds.

    A timer for each connection, set anew with each request, would cost more than an answer. So
    `now` is the time of the last look, and a time-out is late by up to two periods, never early.
    """

    def __init__(self, shortest: float) -> None:
        """`shortest` is the shortest time-out that a connection has, in seconds."""
        self.period = min(1.0, shortest / 4)
        self.now = 0.0
        self._waiters: set[Waiter] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, waiter: Waiter) -> None:
        """Watch this one too."""
        if self._timer is None:
            self._look(waiter.loop)
        self._waiters.add(waiter)

    def remove(self, waiter: Waiter) -> None:
        """Watch this one no longer."""
        self._waiters.discard(waiter)
        if not self._waiters and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time()
        self._timer = loop.call_later(self.period, self._look, loop)
        for waiter in tuple(self._waiters):
            waiter.check(self.now)

"""What waits to be delivered in one workspace, by receiver, and who waits for it."""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime

from mockserver.play.attempts import Place


class Receiver:
    """What waits for one receiver: an origin, or an inbox.

    First attempts go one after the other. Behind `blocked_by`, where it is set, none goes before
    that delivery is settled. `retrying` counts the retries that are under way.
    """

    __slots__ = ("blocked_by", "first", "is_served", "key", "retries", "retrying")

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.first: deque[Place] = deque()
        self.retries: deque[Place] = deque()
        self.is_served = False
        self.retrying = 0
        self.blocked_by: Place | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for it, and nothing is on its way."""
        return not (self.first or self.retries or self.is_served or self.retrying)


class Office:
    """What the courier knows of one workspace. It does not refer to it: nothing goes in circles.

    `world` is that of the workspace whose deliveries these are. `waiting` has what is queued or
    under way, `slow` the receivers that did not answer in time while somebody waited, and the time
    of the workspace's clock at which they did not. `settled` counts what came to its end, and
    `undelivered` what of it the receiver did not take.
    """

    __slots__ = (
        "_barriers",
        "_waiters",
        "is_left_alone",
        "receivers",
        "requests",
        "settled",
        "slow",
        "undelivered",
        "waiting",
        "world",
    )

    def __init__(self) -> None:
        self.world = -1
        self.receivers: dict[Hashable, Receiver] = {}
        self.requests = 0
        """The number of the last request when the last attempt ended."""
        self.waiting: set[Place] = set()
        self.slow: dict[Hashable, datetime] = {}
        self.is_left_alone = False
        """Whether nobody has settled what is held, while somebody waited."""
        self.settled = 0
        self.undelivered = 0
        self._barriers: list[_Barrier] = []
        self._waiters = 0

    def receiver(self, key: Hashable) -> Receiver:
        """The receiver with that key."""
        found = self.receivers.get(key)
        if found is None:
            found = self.receivers[key] = Receiver(key)
        return found

    def queue(self, receiver: Receiver, place: Place, *, is_first: bool) -> None:
        """Let a delivery wait for a receiver."""
        (receiver.first if is_first else receiver.retries).append(place)
        if not is_first or receiver.blocked_by is None:
            self.waiting.add(place)

    def finish(self, place: Place) -> None:
        """Nothing of this delivery is under way any more."""
        self.waiting.discard(place)
        for barrier in self._barriers:
            barrier.pass_by(place)

    def close(self, receiver: Receiver) -> None:
        """Forget a receiver that nothing waits for."""
        is_over = receiver.is_idle and receiver.blocked_by is None
        if is_over and self.receivers.get(receiver.key) is receiver:
            del self.receivers[receiver.key]

    def empty(self) -> None:
        """Forget what waits, as its world is gone."""
        for receiver in self.receivers.values():
            receiver.first.clear()
            receiver.retries.clear()
        self.receivers.clear()
        for place in tuple(self.waiting):
            self.finish(place)

    def block(self, receiver: Receiver, place: Place) -> None:
        """Let nothing go to a receiver before that delivery is settled.

        Nobody waits for what is held up: it may be until the clock is moved.
        """
        receiver.blocked_by = place
        for behind in receiver.first:
            self.finish(behind)

    def unblock(self, receiver: Receiver) -> None:
        """Let go what was held up."""
        receiver.blocked_by = None
        self.waiting.update(receiver.first)

    def note_late(self, key: Hashable, time: datetime) -> None:
        """A receiver has not answered in time: who waits now does so for it once only."""
        if self._waiters:
            self.slow[key] = time

    def is_given_up(self, key: Hashable, time: datetime, *, is_first: bool) -> bool:
        """Whether an attempt fails at once, as its receiver did not answer in time before.

        First attempts do as long as somebody waits; others only at the same moment of the
        workspace's clock, as a receiver may be well again later.
        """
        late = self.slow.get(key)
        return late is not None and (is_first or late == time)

    @contextmanager
    def waiter(self) -> Iterator[None]:
        """Somebody waits meanwhile."""
        self._waiters += 1
        try:
            yield
        finally:
            self._waiters -= 1
            if not self._waiters:
                self.slow.clear()
                self.is_left_alone = False

    async def reached(self, places: set[Place]) -> None:
        """Wait until nothing of these deliveries is under way."""
        left = places & self.waiting
        if not left:
            return
        barrier = _Barrier(left)
        self._barriers.append(barrier)
        try:
            await barrier.reached
        finally:
            self._barriers.remove(barrier)


class _Barrier:
    """Somebody waits until all of these are settled."""

    __slots__ = ("left", "reached")

    def __init__(self, left: set[Place]) -> None:
        self.left = left
        self.reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def pass_by(self, place: Place) -> None:
        self.left.discard(place)
        if not self.left and not self.reached.done():
            self.reached.set_result(None)

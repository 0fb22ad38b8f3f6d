"""Deliveries as the journal keeps them: one payload to one receiver, with every attempt."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from mockserver.life.events import Cause
from mockserver.state.changes import RowId
from mockserver.state.memory import Memory

State = Literal["pending", "held", "delivered", "failed", "refused", "lost", "loop", "dropped"]
"""What became of a delivery.

- `pending`: it waits for its next attempt; `held`: it waits for `settle`.
- `delivered`: the receiver answered 2xx. `failed`: it did not, and there are no attempts left.
- `refused`: this server may not go there. `lost`: a test mode lost it before it was sent.
- `loop`: it was one too many for one lead at one moment. `dropped`: its world is gone, by a reset
  or because its webhook was removed.
"""

_DELIVERY_BYTES = 1100
"""What a delivery takes at most, its body and its attempts apart. Measured."""
_ATTEMPT_BYTES = 600


class Attempt(NamedTuple):
    """One try: when (by the workspace's clock), what came back, and how long it took.

    `number` counts the attempts of a delivery from 1. Without an answer `status` is None, and
    `error` is a sentence; `kind` is a word for it, as `SendError` has them, or `test-mode`.
    `milliseconds` are real ones. `headers` and `body` are the answer's: 4 KiB of it at most.
    """

    number: int
    time: datetime
    status: int | None
    milliseconds: float
    kind: str | None = None
    error: str | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


class Delivery(NamedTuple):
    """One payload to one receiver because of one event.

    `event` is the number of the event, `time` when it happened, `cause` what it came from.
    `webhook` is the id of the vendor's webhook and `kind` its kind. `next_try` is the time of the
    workspace's clock at which it is tried again. `requests` are the first and the last number of
    the requests of the workspace that came between its first and its last attempt.
    """

    number: int
    vendor: str
    webhook: RowId
    kind: str
    event: int
    lead: RowId | None
    time: datetime
    cause: Cause
    url: str
    body: bytes
    state: State = "pending"
    attempts: tuple[Attempt, ...] = ()
    next_try: datetime | None = None
    remarks: tuple[str, ...] = ()
    is_plain: bool = False
    """Whether it carries no header of this server."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more comes by itself."""
        return self.state not in ("pending", "held")


class DeliveryLog:
    """The last deliveries of a workspace by number. What they take counts in its memory.

    What is still to be delivered stands in the rows of the workspace; this only tells of it.
    """

    __slots__ = ("_by_number", "_most", "last", "memory", "version")

    def __init__(self, most: int, memory: Memory) -> None:
        """At most so many deliveries are kept."""
        self._by_number: dict[int, Delivery] = {}
        self._most = most
        self.last = 0
        """The number of the last delivery; 0 where there was none."""
        self.version = 0
        """Counts the changes: whoever waits for one looks at it."""
        self.memory = memory

    def put(self, delivery: Delivery) -> None:
        """Keep a delivery, or what has become of it. The oldest ones make room."""
        self.version += 1
        before = self._by_number.get(delivery.number)
        if before is not None:
            self.memory.journals -= _size(before)
        self._by_number[delivery.number] = delivery
        self.memory.journals += _size(delivery)
        self.last = max(self.last, delivery.number)
        if len(self._by_number) > self._most:
            oldest = next(iter(self._by_number))
            self.memory.journals -= _size(self._by_number.pop(oldest))

    def get(self, number: int) -> Delivery | None:
        """The delivery of that number, if it is kept still."""
        return self._by_number.get(number)

    def after(self, number: int) -> Iterator[Delivery]:
        """The deliveries with a higher number, oldest first."""
        for each in tuple(self._by_number.values()):
            if each.number > number:
                yield each

    def __iter__(self) -> Iterator[Delivery]:
        return self.after(0)

    def __len__(self) -> int:
        return len(self._by_number)

    @property
    def dropped(self) -> int:
        """How many deliveries had to go."""
        return self.last - len(self._by_number)

    def drop_all(self) -> None:
        """Drop every delivery, as others need the memory."""
        self.version += 1
        self.memory.journals -= sum(map(_size, self._by_number.values()))
        self._by_number.clear()

    def clear(self) -> None:
        """Forget every delivery, and that there was any."""
        self.drop_all()
        self.last = 0


def _size(delivery: Delivery) -> int:
    size = _DELIVERY_BYTES + len(delivery.body) + len(delivery.url)
    for attempt in delivery.attempts:
        size += _ATTEMPT_BYTES + len(attempt.body)
    return size

"""Deliveries as the journal keeps them: one payload to one receiver, with every attempt."""

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from mockserver.life.events import Cause
from mockserver.state.changes import RowId
from mockserver.state.memory import Memory, value_size

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
    `requests` are the numbers of the last request of the workspace before it, and at its end.
    """

    number: int
    time: datetime
    status: int | None
    milliseconds: float
    kind: str | None = None
    error: str | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    requests: tuple[int, int] = (0, 0)


class Delivery(NamedTuple):
    """One payload to one receiver because of one event.

    `event` is the number of the event, `time` when it happened, `cause` what it came from.
    `webhook` is the id of the vendor's webhook and `kind` its kind. `next_try` is the time of the
    workspace's clock at which it is tried again. `body` is the payload's JSON, as it was when the
    event happened.
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
    body: str
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

    __slots__ = (
        "_by_number",
        "_counted_at",
        "_counts",
        "_most",
        "_places",
        "audience",
        "dropped",
        "last",
        "last_dropped",
        "memory",
        "version",
    )

    def __init__(self, most: int, memory: Memory) -> None:
        """At most so many deliveries are kept."""
        self._by_number: dict[int, Delivery] = {}
        self._most = most
        self._counted_at: datetime | None = None
        self._counts: dict[Hashable, int] = {}
        self._places: dict[int, int] = {}
        self.last = 0
        """The number of the last delivery; 0 where there was none."""
        self.dropped = 0
        """How many deliveries had to go."""
        self.last_dropped = 0
        """The greatest number of a delivery that had to go; 0 where none had."""
        self.version = 0
        """Counts the changes: whoever waits for one looks at it."""
        self.audience: Callable[[int], None] | None = None
        """Is told the number of each delivery that is new or has changed."""
        self.memory = memory

    def put(self, delivery: Delivery) -> None:
        """Keep a delivery, or what has become of it. The oldest ones make room."""
        self.version += 1
        before = self._by_number.get(delivery.number)
        grown = _size(delivery)
        if before is not None:
            grown -= _size(before)
        self._by_number[delivery.number] = delivery
        if delivery.attempts:
            self._places.setdefault(delivery.number, self.version)
        self.memory.journals += grown
        self.last = max(self.last, delivery.number)
        if self.audience is not None:
            self.audience(delivery.number)
        if len(self._by_number) > self._most:
            oldest = next(iter(self._by_number))
            size = _size(self._by_number.pop(oldest))
            self.memory.journals -= size
            self._places.pop(oldest, None)
            self._note_dropped(oldest, 1)

    def _note_dropped(self, number: int, count: int) -> None:
        self.dropped += count
        self.last_dropped = max(self.last_dropped, number)

    def place(self, delivery: Delivery) -> tuple[bool, int, int]:
        """What deliveries are sorted by in the order in which their receivers first got them.

        Those that nobody has got yet come last, by their numbers.
        """
        place = self._places.get(delivery.number)
        return place is None, place or 0, delivery.number

    def count(self, place: Hashable, time: datetime) -> int:
        """Count one more delivery of a place at a time. Returns how many there were at that moment.

        A moment is a second long: a clock that runs shows no time twice.
        """
        moment = time.replace(microsecond=0)
        if moment != self._counted_at:
            self._counted_at = moment
            self._counts.clear()
        count = self._counts[place] = self._counts.get(place, 0) + 1
        return count

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

    def drop_all(self) -> None:
        """Drop every delivery, as others need the memory."""
        self.version += 1
        self._places.clear()
        size = sum(map(_size, self._by_number.values()))
        self.memory.journals -= size
        self._note_dropped(max(self._by_number, default=0), len(self._by_number))
        self._by_number.clear()

    def clear(self) -> None:
        """Forget every delivery, and that there was any."""
        self.drop_all()
        self._counts.clear()
        self.last = self.dropped = self.last_dropped = 0


def _size(delivery: Delivery) -> int:
    size = _DELIVERY_BYTES + value_size(delivery.body) + len(delivery.url)
    for attempt in delivery.attempts:
        size += _ATTEMPT_BYTES + len(attempt.body)
        for name, value in attempt.headers:
            size += len(name) + len(value)
    return size

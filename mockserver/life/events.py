"""Events: what happened to a lead or a call, at a time of the workspace's clock, and why."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from mockserver.state.changes import RowId
from mockserver.state.memory import Memory
from mockserver.state.transaction import RowDiff

CauseKind = Literal["request", "simulate", "due", "control"]

_EVENT_BYTES = 900
"""What an event takes at most, its data apart. Measured."""

_DEFERRED_BYTES = 3000
"""What a change takes at most that is read later, where its record is no large one."""

_MOST_UNREAD = 1 << 20
"""Of large records so many bytes may wait to be read."""


_new: Any = tuple.__new__
"""Makes a named tuple in half of the time that its own constructor takes: one for each write."""


class Cause(NamedTuple):
    """What an event comes from: which request, simulation, due step or act of the control API."""

    kind: CauseKind
    number: int


class Happening(NamedTuple):
    """What happened, before it has its number: the lead it is about, a word for it, its data.

    `data` are plain values, such as `from` and `to` of a status, `call`, `outcome`, and `trigger`,
    the vendor's own word for it.
    """

    lead: RowId | None
    kind: str
    data: Mapping[str, Any]


class Event(NamedTuple):
    """A happening of a workspace with its number, its time, its vendor and its cause.

    `version` is that of the workspace with the change of rows that it comes from.
    """

    number: int
    version: int
    time: datetime
    vendor: str
    cause: Cause
    lead: RowId | None
    kind: str
    data: Mapping[str, Any]


class Batch(NamedTuple):
    """What one cause made happen, as it is kept: most of it is never looked at.

    `first` is the number of its first event.
    """

    first: int
    version: int
    time: datetime
    vendor: str
    cause: Cause
    happenings: Sequence[Happening]

    def events(self) -> list[Event]:
        """Its events."""
        _, version, time, vendor, cause, happenings = self
        return [
            Event(number, version, time, vendor, cause, *happening)
            for number, happening in enumerate(happenings, self.first)
        ]

    def newest(self, count: int) -> "Batch":
        """So many of it, the newest ones."""
        gone = len(self.happenings) - count
        return self._replace(first=self.first + gone, happenings=self.happenings[gone:])


Meaning = Callable[[RowDiff, Mapping[str, Any]], Sequence[Happening]]
"""What a change of a lead makes happen, with the settings of its vendor."""


class Deferred(NamedTuple):
    """A change of one lead by a request, whose meaning nobody has asked for yet."""

    meaning: Meaning
    change: RowDiff
    settings: Mapping[str, Any]
    vendor: str
    time: datetime
    request: int
    version: int


class EventLog:
    """The last events of a workspace, oldest first. What they take counts in its memory.

    What a request changed of one lead, as nearly every write does, is read when somebody asks for
    events: it would be a tenth of the time of such a request. What nobody asked for before it has
    to make room counts as one event.
    """

    __slots__ = ("_acts", "_batches", "_count", "_deferred", "_last", "_most", "_unread", "memory")

    def __init__(self, most: int, memory: Memory) -> None:
        """At most so many events are kept."""
        self._batches: deque[Batch] = deque()
        self._count = 0
        self._most = most
        self._acts: dict[CauseKind, int] = {}
        self._last = 0
        self._deferred: deque[Deferred] = deque()
        self._unread = 0
        self.memory = memory

    @property
    def last(self) -> int:
        """The number of the last event; 0 where there was none."""
        self._read_deferred()
        return self._last

    def defer(self, change: Deferred) -> None:
        """Keep what a change of a lead means, which is read later."""
        deferred = self._deferred
        if len(deferred) < self._most:
            self.memory.journals += _DEFERRED_BYTES
        else:
            deferred.popleft()
            self._last += 1
        deferred.append(change)

    def weigh(self, size: int) -> None:
        """The journal keeps a large record, of so many bytes: what it changed may wait here too.

        The journal drops it when it has to make room. So it may not stay here because of an event
        that has no use for the texts.
        """
        if self._deferred:
            self._unread += size
            if self._unread > _MOST_UNREAD:
                self._read_deferred()

    def _read_deferred(self) -> None:
        deferred = self._deferred
        if not deferred:
            return
        self._deferred = deque()  # before `add`, which comes here again
        self._unread = 0
        size = _DEFERRED_BYTES * len(deferred)
        self.memory.journals -= size
        for meaning, change, settings, vendor, time, request, version in deferred:
            self.add(meaning(change, settings), vendor, time, Cause("request", request), version)

    def add(
        self,
        happenings: Sequence[Happening],
        vendor: str,
        time: datetime,
        cause: Cause,
        version: int,
    ) -> Batch:
        """Keep what happened. The oldest events make room for it."""
        self._read_deferred()
        batch: Batch = _new(Batch, (self._last + 1, version, time, vendor, cause, happenings))
        count = len(happenings)
        if not count:
            return batch
        self._batches.append(batch)
        self._last += count
        self._count += count
        self.memory.journals += _EVENT_BYTES * count
        if self._count > self._most:
            self._drop(self._count - self._most)
        return batch

    def _drop(self, excess: int) -> None:
        """Let so many of the oldest events go."""
        self._count -= excess
        size = _EVENT_BYTES * excess
        self.memory.journals -= size
        while excess:
            oldest = self._batches.popleft()
            left = len(oldest.happenings) - excess
            if left > 0:
                self._batches.appendleft(oldest.newest(left))
                return
            excess = -left

    @property
    def newest_batch(self) -> Batch | None:
        """The batch that was added last, without those that wait to be read."""
        return self._batches[-1] if self._batches else None

    def batches_since(self, known: Batch | None) -> list[Batch]:
        """The batches that were added after a known one; all where it is gone.

        What a request changed of one lead alone waits to be read, and is not among them.
        """
        found: list[Batch] = []
        for batch in reversed(self._batches):
            if batch is known:
                break
            found.append(batch)
        found.reverse()
        return found

    def next_act(self, kind: CauseKind) -> Cause:
        """The cause that an act of the control API is, with a number of its own."""
        number = self._acts[kind] = self._acts.get(kind, 0) + 1
        return Cause(kind, number)

    @property
    def dropped(self) -> int:
        """How many events had to go."""
        return self.last - self._count  # in this order: `last` reads what was deferred

    def after(self, number: int) -> Iterator[Event]:
        """The events with a higher number, oldest first."""
        self._read_deferred()
        for batch in tuple(self._batches):
            if batch.first + len(batch.happenings) > number + 1:
                yield from (event for event in batch.events() if event.number > number)

    def __iter__(self) -> Iterator[Event]:
        return self.after(0)

    def __len__(self) -> int:
        self._read_deferred()
        return self._count

    def drop_all(self) -> None:
        """Drop every event, as others need the memory."""
        self._read_deferred()
        self._drop(self._count)

    def clear(self) -> None:
        """Forget every event, and that there was any."""
        size = _DEFERRED_BYTES * len(self._deferred)
        self.memory.journals -= size
        self._deferred.clear()
        self._unread = 0
        self._drop(self._count)
        self._last = 0
        self._acts.clear()

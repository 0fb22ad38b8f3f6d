"""Events: what happened to a lead or a call, at a time of the workspace's clock, and why."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Literal, NamedTuple

from mockserver.state.changes import RowId
from mockserver.state.memory import Memory

CauseKind = Literal["request", "simulate", "due", "control"]

_EVENT_BYTES = 900
"""What an event takes at most, its data apart. Measured."""


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


class EventLog:
    """The last events of a workspace, oldest first. What they take counts in its memory."""

    __slots__ = ("_acts", "_events", "_most", "_size", "last", "memory")

    def __init__(self, most: int, memory: Memory) -> None:
        """At most so many events are kept."""
        self._events: deque[Event] = deque()
        self._most = most
        self._size = 0
        self._acts: dict[CauseKind, int] = {}
        self.memory = memory
        self.last = 0
        """The number of the last event; 0 where there was none."""

    def add(
        self,
        happenings: Iterable[Happening],
        vendor: str,
        time: datetime,
        cause: Cause,
        version: int,
    ) -> list[Event]:
        """Keep what happened. The oldest events make room for it."""
        added = []
        for lead, kind, data in happenings:
            self.last += 1
            event = Event(self.last, version, time, vendor, cause, lead, kind, data)
            self._events.append(event)
            added.append(event)
        self._grow(_EVENT_BYTES * len(added))
        excess = len(self._events) - self._most
        if excess > 0:
            for _ in range(excess):
                self._events.popleft()
            self._grow(-_EVENT_BYTES * excess)
        return added

    def next_act(self, kind: CauseKind) -> Cause:
        """The cause that an act of the control API is, with a number of its own."""
        number = self._acts[kind] = self._acts.get(kind, 0) + 1
        return Cause(kind, number)

    def _grow(self, size: int) -> None:
        self._size += size
        self.memory.journals += size

    @property
    def dropped(self) -> int:
        """How many events had to go."""
        return self.last - len(self._events)

    def after(self, number: int) -> Iterator[Event]:
        """The events with a higher number, oldest first."""
        first = self.last - len(self._events) + 1
        skipped = min(max(0, number - first + 1), len(self._events))
        return islice(tuple(self._events), skipped, None)

    def __iter__(self) -> Iterator[Event]:
        return iter(tuple(self._events))

    def __len__(self) -> int:
        return len(self._events)

    def drop_all(self) -> None:
        """Drop every event, as others need the memory."""
        self._events.clear()
        self._grow(-self._size)

    def clear(self) -> None:
        """Forget every event, and that there was any."""
        self.drop_all()
        self.last = 0
        self._acts.clear()

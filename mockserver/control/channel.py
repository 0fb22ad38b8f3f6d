"""What happens in a workspace while somebody listens: numbered, bounded, read at any pace."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakSet

from mockserver.errors import Refusal
from mockserver.life.events import Batch
from mockserver.state.changes import (
    Change,
    ClockChange,
    FaultRuleChange,
    FaultRulesCleared,
    FaultTally,
    RowChange,
    SettingsChange,
    SnapshotRestored,
    TablesEmptied,
    WorkspaceDeleted,
    WorkspaceReset,
)
from mockserver.workspaces import LEADS, Workspace

KEPT = 1000
"""How many entries a channel keeps: a reader that is further behind gets a gap."""

IN_A_FLUSH = 50
"""How many entries a reader gets at a time."""

_MOST_AT_ONCE = 200
"""Of more runs than this at a time only the newest are told: they come faster than anybody reads,
and to keep and look at each would slow down those who make them."""

_MOST_LEADS = 100
"""Of a run that changes more leads than this no single one is told."""

_CALL_KINDS = "call."
"""How the kinds of those events begin that are about a call."""

_LINGERS = 30.0
"""So many seconds a channel stays after its last reader has left."""

_CAUSES: Mapping[type[Change], str] = {
    WorkspaceReset: "reset",
    TablesEmptied: "seed",
    SnapshotRestored: "restore",
    WorkspaceDeleted: "delete",
}

_STATES = frozenset({"fault", "clock", "settings", "delivery"})
"""Kinds that tell how something stands: of several at a time the last one is enough."""


class Entry(NamedTuple):
    """One thing that happened: `what` is what its kind needs to be told, and no more."""

    number: int
    kind: str
    what: Any


class Occurrence(NamedTuple):
    """An entry that has no number yet; by `version` and `rank` it finds its place."""

    version: int
    rank: int
    kind: str
    what: Any


class ChangedLead(NamedTuple):
    """A lead that a run of changes wrote; without an id it stands for many leads of the vendor."""

    version: int
    vendor: str
    id: int | str | None
    is_deleted: bool


class Channel:
    """The last entries about one workspace, for as many readers as there are.

    The workspace tells it of each run of changes, which it only notes: what a run means is found
    out when somebody reads. Entries hold no rows and no records, so they keep none alive.

    Numbers grow by one, and jump where entries are lost. They begin at the time in microseconds:
    so they grow over restarts, too.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.first = time.time_ns() // 1000
        """No entry has this number or a smaller one."""
        self.last = self.first
        self.is_over = False
        """Whether the workspace is deleted: nothing more can happen in it."""
        self.readers: WeakSet[Reader] = WeakSet()
        self.leaving: asyncio.TimerHandle | None = None
        self._kept: deque[Entry] = deque(maxlen=KEPT)
        self._heard: deque[tuple[int, Sequence[Change] | Occurrence]] = deque(
            maxlen=_MOST_AT_ONCE + 1
        )
        self._heard_count = 0
        self._read_count = 0
        self._told_from = 0
        """Of requests with an older version nothing is told: they are among what was lost."""
        self._requests = workspace.journal.added
        self._world = workspace.world
        self._batch: Batch | None = workspace.events.newest_batch
        workspace.listen(self._hear)
        workspace.audience = self._tell
        workspace.deliveries.audience = self._hear_delivery

    def close(self) -> None:
        """Listen no more."""
        self.workspace.stop_listening(self._hear)
        self.workspace.audience = None
        self.workspace.deliveries.audience = None

    def _hear(self, version: int, changes: Sequence[Change]) -> None:
        if self._world != self.workspace.world:
            self._forget_heard()
        self._heard_count += 1
        self._heard.append((version, changes))

    def _forget_heard(self) -> None:
        """Let go of what was before a reset or the like: the readers are told of that alone."""
        self._world = self.workspace.world
        self._heard.clear()
        self._heard_count = self._read_count
        self._batch = self.workspace.events.newest_batch

    def _tell(self, kind: str, what: Any) -> None:
        self._heard_count += 1
        version = self.workspace.version
        self._heard.append((version, Occurrence(version, 2, kind, what)))

    def _hear_delivery(self, number: int) -> None:
        self._heard_count += 1
        version = self.workspace.version
        self._heard.append((version, Occurrence(version, 3, "delivery", number)))

    def collect(self) -> None:
        """Give numbers to what has happened since the last time."""
        workspace = self.workspace
        is_quiet = not self._heard and workspace.journal.added == self._requests
        if is_quiet or workspace.turns.is_taken:  # a thread may be at work with it
            return
        changes = list(self._new_changes())
        found = [*self._new_requests(), *changes, *self._new_calls()]
        found.sort(key=_place)
        for occurrence in _without_repeats(found):
            self.last += 1
            self._kept.append(Entry(self.last, occurrence.kind, occurrence.what))
            if occurrence.kind == "reset" and occurrence.what["cause"] == "delete":
                self.is_over = True

    def _new_requests(self) -> Iterator[Occurrence]:
        journal = self.workspace.journal
        for record in journal.since(self._requests):
            if record.version < self._told_from:
                continue
            yield Occurrence(record.version, 0, "request", record.version)
        self._requests = journal.added

    def _new_changes(self) -> Iterator[Occurrence]:
        heard: Sequence[tuple[int, Sequence[Change] | Occurrence]] = tuple(self._heard)
        self._heard.clear()
        if len(heard) > _MOST_AT_ONCE:
            heard = heard[-IN_A_FLUSH:]
            self._told_from = heard[0][0]
        lost = max(0, self._heard_count - self._read_count - len(heard))
        self._read_count = self._heard_count
        self.last += lost
        for version, what in heard:
            if isinstance(what, Occurrence):
                yield what
            else:
                yield from _occurrences(version, what)

    def _new_calls(self) -> Iterator[Occurrence]:
        events = self.workspace.events
        for batch in events.batches_since(self._batch):
            # Most are changes of a field: their events are not made to be left out.
            if not any(kind.startswith(_CALL_KINDS) for _, kind, _ in batch.happenings):
                continue
            for event in batch.events():
                if event.kind.startswith(_CALL_KINDS):
                    yield Occurrence(batch.version, 2, "call", event)
        self._batch = events.newest_batch

    def after(self, number: int) -> list[Entry]:
        """The entries that come next after a number, as many as a flush may have.

        One that is so far behind that entries are lost goes on with the newest ones.
        """
        if self.last - number > KEPT:
            number = self.last - IN_A_FLUSH
        found: list[Entry] = []
        for entry in reversed(self._kept):
            if entry.number <= number:
                break
            found.append(entry)
        found.reverse()
        return found[:IN_A_FLUSH]


def _place(occurrence: Occurrence) -> tuple[int, int]:
    return occurrence.version, occurrence.rank


def _without_repeats(found: Sequence[Occurrence]) -> list[Occurrence]:
    """What is worth telling: nothing before a reset, and how something stands once."""
    told: list[Occurrence] = []
    known: set[tuple[str, Any]] = set()
    for occurrence in reversed(found):
        kind, what = occurrence.kind, occurrence.what
        if kind in _STATES and not isinstance(what, Mapping):
            if (kind, what) in known:
                continue
            known.add((kind, what))
        told.append(occurrence)
        if kind == "reset" and what["cause"] != "clear_requests":
            break
    told.reverse()
    return told


def _occurrences(version: int, changes: Sequence[Change]) -> Iterator[Occurrence]:
    """What a run of changes means to those who look at the workspace."""
    leads: list[RowChange] = []
    for change in changes:
        if isinstance(change, RowChange):
            if change.table == LEADS:
                leads.append(change)
        elif type(change) in _CAUSES:
            yield Occurrence(version, 1, "reset", {"cause": _CAUSES[type(change)]})
        elif isinstance(change, FaultTally | FaultRuleChange):
            yield Occurrence(version, 1, "fault", change.id)
        elif isinstance(change, FaultRulesCleared):
            yield Occurrence(version, 1, "fault", None)
        elif isinstance(change, ClockChange):
            yield Occurrence(version, 1, "clock", None)
        elif isinstance(change, SettingsChange):
            yield Occurrence(version, 1, "settings", change.vendor)
    for lead in _changed_leads(version, leads):
        yield Occurrence(version, 1, "change", lead)


def _changed_leads(version: int, changes: Sequence[RowChange]) -> Iterator[ChangedLead]:
    if len(changes) > _MOST_LEADS:
        for vendor in dict.fromkeys(change.vendor for change in changes):
            yield ChangedLead(version, vendor, None, is_deleted=False)
        return
    last = {(change.vendor, change.id): change for change in changes}
    for (vendor, id), change in last.items():
        yield ChangedLead(version, vendor, id, is_deleted=change.row is None)


class Gap(NamedTuple):
    """Entries that a reader does not get: from which number to which, and how many.

    `total` is None where nobody knows.
    """

    first: int
    last: int
    total: int | None


class Reader:
    """One who reads a channel, from a number on."""

    def __init__(self, channel: Channel, after: int | None) -> None:
        """Without `after` it reads what happens from now on."""
        self.channel = channel
        channel.collect()
        self._number = channel.last if after is None else after
        channel.readers.add(self)

    @property
    def number(self) -> int:
        """The number of the last entry that it has read or missed."""
        return self._number

    def read(self, view: Callable[[Sequence[Entry]], Sequence[Any]]) -> list[Entry | Gap]:
        """What comes next, a flush of it. `what` of each entry is as `view` shows it.

        `view` has None for an entry that cannot be told any more, as its request is gone.
        """
        channel = self.channel
        channel.collect()
        told: list[Entry | Gap] = []
        if self._number > channel.last:  # of a server whose clock was ahead
            told.append(Gap(min(channel.first + 1, channel.last), channel.last, None))
            self._number = channel.last
        elif self._number < channel.first:
            told.append(Gap(self._number + 1, channel.first, None))
            self._number = channel.first
        entries = channel.after(self._number)
        end = entries[-1].number if entries else channel.last
        for entry, what in zip(entries, view(entries), strict=True):
            if what is not None:
                told += self._gap_before(entry.number)
                told.append(entry._replace(what=what))
                self._number = entry.number
        told += self._gap_before(end + 1)
        self._number = end
        return told

    def _gap_before(self, number: int) -> list[Gap]:
        first = self._number + 1
        return [Gap(first, number - 1, number - first)] if number > first else []


class Channels:
    """The channels of a server: those that somebody reads, or has read a moment ago."""

    def __init__(self, most: int) -> None:
        """At most so many readers at a time."""
        self.most = most
        self._channels: dict[Workspace, Channel] = {}

    def open(self, workspace: Workspace, after: int | None) -> Reader:
        """A new reader of a workspace. It counts until `close`, or until nobody has it any more.

        Raises Refusal("maintenance") where there are as many readers as there may be.
        """
        readers = sum(len(channel.readers) for channel in self._channels.values())
        if readers >= self.most:
            raise Refusal(
                "maintenance",
                f"This server has {self.most} streams at a time (--max-streams). Close one, or "
                "start the server with a greater limit.",
                retry_after=1,
            )
        channel = self._channels.get(workspace)
        if channel is None:
            channel = self._channels[workspace] = Channel(workspace)
        if channel.leaving is not None:
            channel.leaving.cancel()
            channel.leaving = None
        return Reader(channel, after)

    def close(self, reader: Reader) -> None:
        """Count a reader no more. Its channel stays for a while: it may come back.

        Nobody comes back to a workspace that is deleted.
        """
        channel = reader.channel
        channel.readers.discard(reader)
        if channel.is_over:
            self._forget(channel)
        elif not channel.readers and channel.leaving is None:
            loop = asyncio.get_running_loop()
            channel.leaving = loop.call_later(_LINGERS, self._forget, channel)

    def _forget(self, channel: Channel) -> None:
        channel.leaving = None
        if not channel.readers and self._channels.pop(channel.workspace, None) is not None:
            channel.close()

    def __len__(self) -> int:
        return len(self._channels)

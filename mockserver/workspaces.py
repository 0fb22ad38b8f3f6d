"""Workspaces: one account's whole world each, chosen by the credential a client sends anyway."""

import logging
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from time import monotonic, time
from typing import Any, NamedTuple

from mockserver.errors import Problem, Reason, Refusal
from mockserver.faults.rules import FaultRules
from mockserver.journal.records import Journal
from mockserver.life.events import Cause, EventLog
from mockserver.life.lifecycle import DUE, Scene
from mockserver.remembering import LONGEST, remembered
from mockserver.settings import REFUSED_ACCOUNTS
from mockserver.state.changes import (
    Change,
    ClockChange,
    FaultRuleChange,
    FaultRulesCleared,
    FaultTally,
    IdCounter,
    RequestNumber,
    Row,
    RowChange,
    RowId,
    SettingsChange,
    SnapshotForgotten,
    SnapshotRestored,
    SnapshotSaved,
    TablesEmptied,
    WorkspaceDeleted,
    WorkspaceReset,
)
from mockserver.state.clock import WorkspaceClock
from mockserver.state.ids import SEQUENCE, number_before_first
from mockserver.state.layers import Layer
from mockserver.state.memory import Memory, growth, row_size
from mockserver.state.tables import SavedTable, Table, TableSpec, table_of
from mockserver.state.transaction import Transaction
from mockserver.turns import Turns
from mockserver.webhooks.base import WEBHOOKS
from mockserver.webhooks.deliveries import DeliveryLog
from mockserver.webhooks.inbox import Inboxes
from mockserver.webhooks.tables import OUTBOX

log = logging.getLogger("mockserver")

LEADS = "leads"
"""The table in which every vendor keeps its leads."""

CALLS = "calls"
"""The table of a vendor that calls its leads."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_HEX = re.compile(r"[0-9a-f]*")
_DIGIT = re.compile(r"[0-9]")
_KEY_LENGTH = 20
_KEY_DIGITS = 3
_DIGEST_LENGTH = 32
"""With `ws-` before it this is longer than a slug may be: no account has such a name of its own."""

_FRESH = 3600.0
"""So many seconds after a seed was resolved, its relative times are those of the present."""

_MAX_NAMES = 1 << 14
_WORKSPACE_BYTES = 12 << 10
SNAPSHOT_BYTES = 8 << 10
"""What a workspace and a snapshot take that share all their rows. Measured."""

_BOUNDED: Mapping[str, tuple[str, str, str]] = {
    CALLS: ("calls", "calls", "--max-calls"),
    DUE: ("calls", "due steps", "--max-calls"),
    WEBHOOKS: ("webhooks", "webhooks", "--max-webhooks"),
    OUTBOX: ("deliveries", "deliveries that are not settled", "--max-deliveries"),
}
"""Tables of which a vendor may have so many rows: the limit, a word for the rows, the option."""

Listener = Callable[[int, Sequence[Change]], None]
"""Is told of each run of changes with the version that it made."""

Audience = Callable[[str, Any], None]
"""Is told what happened, by its kind and as JSON values."""


@remembered(_MAX_NAMES)
def workspace_name(account: str) -> str:
    """The workspace of an account: the account's own name where that is a short slug.

    Otherwise, and where the slug could be a key, a digest, so that no real key shows in a listing.
    """
    if _SLUG.fullmatch(account) and not _could_be_key(account):
        return account
    digest = sha256(account.encode("utf-8", "surrogateescape")).hexdigest()
    return "ws-" + digest[:_DIGEST_LENGTH]


def _could_be_key(slug: str) -> bool:
    """Whether nobody would think of such a name: random digits and letters in one long word."""
    if len(slug) < _KEY_LENGTH or "-" in slug:
        return False
    return _HEX.fullmatch(slug) is not None or len(_DIGIT.findall(slug)) >= _KEY_DIGITS


class Limits(NamedTuple):
    """How much one workspace may hold."""

    leads: int = 1_000_000
    snapshots: int = 100
    fault_rules: int = 1000
    events: int = 10_000
    calls: int = 1_000_000
    steps: int = 10_000
    webhooks: int = 100
    inboxes: int = 100
    inbox_entries: int = 1000
    inbox_bytes: int = 4 << 20
    deliveries: int = 100_000
    kept_deliveries: int = 10_000
    loop: int = 100


class Snapshot(NamedTuple):
    """What a workspace held at one moment: rows, counters, settings and clock.

    It shares its rows with the workspace, so it costs nothing however much they are, until the
    workspace replaces them. `layer` counts them.
    """

    tables: Mapping[str, Mapping[str, SavedTable]]
    settings: Mapping[str, Mapping[str, Any]]
    clock: WorkspaceClock
    layer: Layer | None = None


class Origin(NamedTuple):
    """What every workspace begins with; `seed` decides its ids and its chance."""

    snapshot: Snapshot
    seed: int


def empty_origin(
    tables: Mapping[str, Sequence[TableSpec]],
    settings: Mapping[str, Mapping[str, Any]],
    *,
    clock: WorkspaceClock | None = None,
    seed: int = 1,
) -> Origin:
    """The origin of workspaces without rows; tables and settings are by vendor."""
    saved = {
        vendor: {spec.name: Table(spec, settings[vendor]).save() for spec in specs}
        for vendor, specs in tables.items()
    }
    return Origin(Snapshot(saved, settings, clock or WorkspaceClock()), seed)


class Workspace:
    """The leads, settings, clock, counters, fault rules and snapshots of one account.

    Everything that it is changes in one place, `apply`, by changes that are plain data. It is made
    from its name, its origin and its `ids` alone; no credential stands in it. `version` counts the
    runs of changes, `requests` is the number of the last request, `seed` decides ids and chance.
    `ids` is `sequence`, or a text from which, with the seed, the first number of new rows is drawn
    for each table; nothing else depends on it. What it takes counts in `memory`; `used_at` is when
    somebody last used it, in seconds of any clock.
    """

    __slots__ = (
        "__weakref__",
        "_latest",
        "_layer",
        "_listeners",
        "_most_leads",
        "_origin",
        "audience",
        "clock",
        "controlled_at",
        "deliveries",
        "derived",
        "events",
        "faults",
        "ids",
        "inboxes",
        "journal",
        "limits",
        "memory",
        "mover",
        "name",
        "outgoing",
        "requests",
        "seed",
        "settings",
        "snapshots",
        "tables",
        "turns",
        "used_at",
        "version",
        "world",
    )

    def __init__(
        self,
        name: str,
        origin: Origin,
        journal: Journal | None = None,
        *,
        memory: Memory | None = None,
        limits: Limits | None = None,
        ids: str = SEQUENCE,
    ) -> None:
        self.name = name
        self.ids = ids
        self.memory = memory if memory is not None else Memory()
        self.limits = limits if limits is not None else Limits()
        self._most_leads = self.limits.leads
        self.used_at = self.controlled_at = 0.0
        self._layer = Layer(Layer(tables=origin.snapshot.tables))
        self._origin = origin
        self.version = 0
        self.turns = Turns()
        self.requests = 0
        self.seed = origin.seed
        self.faults = FaultRules(origin.seed)
        self.snapshots: dict[str, Snapshot] = {}
        self.clock = origin.snapshot.clock
        self.settings: dict[str, Mapping[str, Any]] = dict(origin.snapshot.settings)
        self.tables: dict[str, dict[str, Table]] = {
            vendor: {key: table_of(saved) for key, saved in group.items()}
            for vendor, group in origin.snapshot.tables.items()
        }
        self._count_from_first()
        self._latest: datetime | None = None
        self.journal = journal if journal is not None else Journal()
        self.journal.memory = self.memory
        self.events = EventLog(self.limits.events, self.memory)
        self.journal.on_large = self.events.weigh
        self.deliveries = DeliveryLog(self.limits.kept_deliveries, self.memory)
        self.outgoing: deque[tuple[str, int]] = deque()
        """Vendor and number of the deliveries that may go, until the courier has fetched them."""
        self.world = 0
        """Counts resets and restores: an answer that comes after one belongs to no row here."""
        self.inboxes = Inboxes(
            self.limits.inboxes, self.limits.inbox_entries, self.limits.inbox_bytes, self.memory
        )
        self.derived: object | None = None
        """What a reader has found out about the rows. It goes with them, and must not refer to the
        workspace: that would be a reference cycle."""
        self.mover: object | None = None
        """What moves its clock at the moment, and plays what falls due meanwhile."""
        self._listeners: tuple[Listener, ...] = ()
        self.audience: Audience | None = None
        """Is told of what is no change of the workspace; None where nobody listens."""

    def _count_from_first(self) -> None:
        """Let new rows have the numbers that `ids` says."""
        for vendor, group in self.tables.items():
            for name, table in group.items():
                place = f"{vendor}.{name}"
                start = number_before_first(self.seed, self.ids, place, table.spec.highest)
                if start:
                    table.count_from(start)

    @property
    def origin(self) -> Origin:
        """What it began with, and has again after a reset."""
        return self._origin

    def now(self) -> datetime:
        """The present moment of its clock. A running clock shows no time before its last request's.

        The machine's clock can be set back; what follows upon a request may not come before it.
        """
        clock, latest = self.clock, self._latest
        if clock.frozen is not None:
            return clock.frozen
        now = datetime.now(UTC)
        if clock.shift:
            now += clock.shift
        return now if latest is None or now >= latest else latest

    def scene(self, tx: Transaction, now: datetime, cause: Cause) -> Scene:
        """What a lifecycle needs to work in a transaction of this workspace."""
        return Scene(tx, now, self.seed, cause, self._next_due)

    def _next_due(self, tx: Transaction) -> int:
        """A number that no due step of any vendor has."""
        for group in self.tables.values():
            if DUE in group:
                tx.skip_numbers(DUE, group[DUE].last_number)
        return tx.next_number(DUE)

    def require_rows(self, changes: Sequence[Change]) -> None:
        """Say no to changes that bring more of something than a vendor may have in a workspace.

        That is of calls, due steps, webhooks and deliveries. Raises Refusal("forbidden").
        """
        # Nearly always there are so few changes that nothing has to be counted.
        for vendor, group in self.tables.items():
            for table, (name, what, option) in _BOUNDED.items():
                most: int = getattr(self.limits, name)
                if table not in group or len(group[table].rows) + len(changes) <= most:
                    continue
                if self._rows_after(vendor, table, changes) > most:
                    raise Refusal(
                        "forbidden",
                        f"A workspace may have at most {most} {what} of a vendor ({option}). "
                        "Delete some, or start the server with a greater limit.",
                    )

    def _rows_after(self, vendor: str, table: str, changes: Sequence[Change]) -> int:
        """How many rows a table has after these changes."""
        ids = set(self.tables[vendor][table].rows)
        for change in changes:
            if isinstance(change, TablesEmptied):
                ids.clear()
            elif isinstance(change, RowChange) and (change.vendor, change.table) == (vendor, table):
                if change.row is None:
                    ids.discard(change.id)
                else:
                    ids.add(change.id)
        return len(ids)

    def earliest(self) -> tuple[str, str, Row] | None:
        """The row of the timelines that comes first, with its vendor and its table.

        That is a due step or a delivery; of one time the step, and then that of the least number.
        """
        found: tuple[str, str, Row] | None = None
        first = None
        for vendor, group in self.tables.items():
            for table in (DUE, OUTBOX):
                row = group[table].earliest() if table in group else None
                if row is None:
                    continue
                number = row["order"] if table == OUTBOX else row["id"]
                key = (row["at"], table == OUTBOX, number)
                if first is None or key < first:
                    found, first = (vendor, table, row), key
        return found

    def earliest_due(self) -> tuple[str, Row] | None:
        """The due step that comes first, with its vendor; of one time that of the least number."""
        found: tuple[str, Row] | None = None
        for vendor, group in self.tables.items():
            row = group[DUE].earliest() if DUE in group else None
            if row is None:
                continue
            if found is None or (row["at"], row["id"]) < (found[1]["at"], found[1]["id"]):
                found = vendor, row
        return found

    def transaction(self, vendor: str) -> Transaction:
        """A transaction over one vendor's tables."""
        return Transaction(vendor, self.tables[vendor], self.settings[vendor])

    def listen(self, listener: Listener) -> None:
        """Tell the listener of every run of changes from now on."""
        self._listeners = (*self._listeners, listener)

    def stop_listening(self, listener: Listener) -> None:
        """Tell the listener of no further changes."""
        self._listeners = tuple(each for each in self._listeners if each != listener)

    def tell(self, kind: str, what: Mapping[str, Any]) -> None:
        """Say to those who listen what happened that is no change, such as a delivery.

        `what` are JSON values. Nobody keeps it where nobody listens.
        """
        if self.audience is not None:
            self.audience(kind, what)

    def save(self) -> Snapshot:
        """What it holds now."""
        tables = {
            vendor: {key: table.save() for key, table in group.items()}
            for vendor, group in self.tables.items()
        }
        return Snapshot(tables, dict(self.settings), self.clock)

    def growth(self, changes: Sequence[Change]) -> int:
        """How many bytes more the rows take after these changes."""
        size = 0
        written: dict[tuple[str, str, RowId], Row | None] = {}
        stays = True  # false: the changes before took every row away
        for change in changes:
            if isinstance(change, TablesEmptied):
                size, stays = -self._layer.size, False
                written.clear()
            elif isinstance(change, RowChange):
                place = (change.vendor, change.table, change.id)
                stored = self.tables[change.vendor][change.table].get(change.id)
                before = written.get(place, stored if stays else None)
                size += growth(before, change.row)
                written[place] = change.row
        return size

    def require_room(self, changes: Sequence[Change], size: int) -> None:
        """Say no to changes of rows that take so many bytes more, where there is no room for them.

        Raises Refusal("forbidden") past the limit of leads, Refusal("storage_full") past that of
        the server's memory.
        """
        if size > 0:
            self.memory.require(size)
        most = self.limits.leads
        # Leads are counted only when there might be too many: each change adds one at most.
        self._most_leads += len(changes)
        if self._most_leads <= most:
            return
        self._most_leads = self.lead_count() + len(changes)
        if self._most_leads > most and self._leads_after(changes) > most:
            raise Refusal(
                "forbidden",
                f"A workspace may hold at most {most} leads (--max-leads). Delete some, or start "
                "the server with a greater limit.",
            )

    def lead_count(self) -> int:
        """How many leads it holds, of all vendors."""
        return sum([len(group[LEADS].all()) for group in self.tables.values() if LEADS in group])

    def _leads_after(self, changes: Sequence[Change]) -> int:
        """How many leads there are after these changes."""
        ids = {
            (vendor, id)
            for vendor, group in self.tables.items()
            if LEADS in group
            for id in group[LEADS].rows
        }
        for change in changes:
            if isinstance(change, TablesEmptied):
                ids.clear()
            elif isinstance(change, RowChange) and change.table == LEADS:
                if change.row is None:
                    ids.discard((change.vendor, change.id))
                else:
                    ids.add((change.vendor, change.id))
        return len(ids)

    def apply(self, changes: Sequence[Change], size: int | None = None) -> int:
        """Make all these changes, or none, and tell the listeners. Returns the new version.

        `size` is what `growth` says of the changes, where that is known. Asks for nothing outside
        the workspace. Raises ValueError for a change that names what is not there: a table, a
        vendor, a fault rule, a snapshot.
        """
        for position, change in enumerate(changes):
            check = _CHECKS.get(type(change))
            if check is None or check(self, change):
                continue
            if not _is_brought(change, changes[:position]):
                raise ValueError(f"{change} does not fit the workspace {self.name}")
        return self.commit(changes, self.growth(changes) if size is None else size)

    def commit(self, changes: Sequence[Change], size: int) -> int:
        """Apply what a transaction of this workspace has made.

        It names nothing that is not there, so it needs no check: see `apply`.
        """
        for change in changes:
            _APPLIERS[type(change)](self, change)
        if size:
            self._grow(size)
        version = self.version = self.version + 1
        for listener in self._listeners:
            listener(version, changes)
        return version

    def _count_request(self, change: RequestNumber) -> None:
        self.requests, time = change
        if self.clock.frozen is None:
            self._latest = time

    def _set_row(self, change: RowChange) -> None:
        vendor, name, id, place, row = change
        table = self.tables[vendor][name]
        layer = self._layer
        if (vendor, name) not in layer.copied_whole:
            copied = layer.copy(vendor, name, len(table.all()))
            self.memory.stored += copied
        before = table.remove(id) if row is None else table.put(id, row, place)
        # What is replaced or deleted here may be held elsewhere.
        if before is not None and layer.shares(vendor, name, id, before):
            size = row_size(before)
            layer.cover(vendor, name, id, before, size)
            self._grow(size)

    def _grow(self, size: int) -> None:
        self._layer.size += size
        self.memory.stored += size

    def _set_counter(self, change: IdCounter) -> None:
        self.tables[change.vendor][change.table].last_number = change.last

    def _set_settings(self, change: SettingsChange) -> None:
        self.settings[change.vendor] = change.values
        for table in self.tables[change.vendor].values():
            table.follow(change.values)

    def _set_clock(self, change: ClockChange) -> None:
        self._turn_to(WorkspaceClock(change.frozen, change.shift))

    def _turn_to(self, clock: WorkspaceClock) -> None:
        if clock != self.clock:
            self.clock, self._latest = clock, None

    def _set_fault_rule(self, change: FaultRuleChange) -> None:
        before = self.faults.size
        self.faults.put(change.id, change.rule)
        grown = self.faults.size - before
        self.memory.stored += grown

    def _count_fault(self, change: FaultTally) -> None:
        self.faults.count(change)

    def _clear_fault_rules(self, change: FaultRulesCleared) -> None:
        self.memory.stored -= self.faults.size
        self.faults.clear()

    def _empty_tables(self, change: TablesEmptied) -> None:
        self._end_world()
        for group in self.tables.values():
            for table in group.values():
                table.empty()
        size = self._layer.size
        copied = self._layer.total() - size
        self.memory.stored -= copied
        self._layer.cover_all()
        self._layer.size = size  # `growth` has counted that it goes

    def _end_world(self) -> None:
        """All rows go: let go of what is about them."""
        self.world += 1
        self.outgoing.clear()
        self.derived = None

    def _save_snapshot(self, change: SnapshotSaved) -> None:
        replaced = self.snapshots.get(change.name)
        saved = self.save()
        self._layer.tables = saved.tables
        self.snapshots[change.name] = saved._replace(layer=self._layer)
        self._layer = Layer(self._layer)
        self.memory.stored += SNAPSHOT_BYTES
        if replaced is not None:
            self._release(replaced)

    def _forget_snapshot(self, change: SnapshotForgotten) -> None:
        snapshot = self.snapshots.pop(change.name, None)
        if snapshot is not None:
            self._release(snapshot)

    def _release(self, snapshot: Snapshot) -> None:
        """Count no more what only this snapshot held, which is forgotten."""
        layer = snapshot.layer
        assert layer is not None
        others = self._layers()
        before = layer.total() + _sizes(others)
        layer.dissolve(others)
        grown = _sizes(others) - before - SNAPSHOT_BYTES
        self.memory.stored += grown

    def _layers(self) -> list[Layer]:
        """The layers of the snapshots, and the one that is written to."""
        saved = [snapshot.layer for snapshot in self.snapshots.values()]
        return [layer for layer in (*saved, self._layer) if layer is not None]

    def _restore_snapshot(self, change: SnapshotRestored) -> None:
        snapshot = self.snapshots[change.name]
        self._hold(snapshot, snapshot.layer)

    def _hold(self, snapshot: Snapshot, layer: Layer | None) -> None:
        self._most_leads = self.limits.leads  # nobody knows: the next write counts
        self.mover = None
        self._end_world()
        for vendor, group in snapshot.tables.items():
            for key, saved in group.items():
                self.tables[vendor][key].restore(saved)
        self.settings = dict(snapshot.settings)
        self._turn_to(snapshot.clock)
        size = self._layer.total()
        self.memory.stored -= size
        self._layer = Layer(layer)

    def _begin_anew(self, change: WorkspaceReset | WorkspaceDeleted) -> None:
        origin = self._origin.snapshot
        self._hold(origin, Layer(tables=origin.tables))
        self._count_from_first()
        self.requests = 0
        self._latest = None
        self.memory.stored -= self.faults.size
        self.faults.clear()
        self.journal.clear()
        self.events.clear()
        self.deliveries.clear()
        self.inboxes.clear()
        if isinstance(change, WorkspaceDeleted):
            size = _sizes(self._layers()) + SNAPSHOT_BYTES * len(self.snapshots)
            self.memory.stored -= size
            self.snapshots = {}

    def _has_table(self, change: RowChange | IdCounter) -> bool:
        return change.table in self.tables.get(change.vendor, ())

    def _has_vendor(self, change: SettingsChange) -> bool:
        return change.vendor in self.settings

    def _has_rule(self, change: FaultTally) -> bool:
        return change.id in self.faults

    def _has_snapshot(self, change: SnapshotRestored) -> bool:
        return change.name in self.snapshots


_CHECKS: Mapping[type[Change], Callable[[Workspace, Any], bool]] = {
    RowChange: Workspace._has_table,
    IdCounter: Workspace._has_table,
    SettingsChange: Workspace._has_vendor,
    FaultTally: Workspace._has_rule,
    SnapshotRestored: Workspace._has_snapshot,
}
"""What a change needs to be there. With it, applying cannot fail half way."""


def _is_brought(change: Change, earlier: Sequence[Change]) -> bool:
    """Whether an earlier change of the run brings what this one needs."""
    if isinstance(change, FaultTally):
        return any(isinstance(each, FaultRuleChange) and each.id == change.id for each in earlier)
    if isinstance(change, SnapshotRestored):
        names = (each.name for each in earlier if isinstance(each, SnapshotSaved))
        return change.name in names
    return False


_APPLIERS: Mapping[type[Change], Callable[[Workspace, Any], None]] = {
    RequestNumber: Workspace._count_request,
    RowChange: Workspace._set_row,
    IdCounter: Workspace._set_counter,
    SettingsChange: Workspace._set_settings,
    ClockChange: Workspace._set_clock,
    FaultRuleChange: Workspace._set_fault_rule,
    FaultTally: Workspace._count_fault,
    FaultRulesCleared: Workspace._clear_fault_rules,
    TablesEmptied: Workspace._empty_tables,
    SnapshotSaved: Workspace._save_snapshot,
    SnapshotForgotten: Workspace._forget_snapshot,
    SnapshotRestored: Workspace._restore_snapshot,
    WorkspaceReset: Workspace._begin_anew,
    WorkspaceDeleted: Workspace._begin_anew,
}


def _sizes(layers: Sequence[Layer]) -> int:
    return sum([layer.total() for layer in layers])


class Origins:
    """What new workspaces begin with.

    That is `first`, and once an hour has passed what `resolve` then makes, so that relative times
    of the seed stay near the present. An origin counts in `memory` as long as it is the present one
    or a workspace began with it. `clock` counts seconds.
    """

    def __init__(
        self,
        first: Origin,
        resolve: Callable[[datetime | None], Origin] | None,
        memory: Memory,
        clock: Callable[[], float],
        *,
        is_relative: bool,
    ) -> None:
        """`resolve` makes the origin of a moment (None: of the present)."""
        self.present = first
        self._is_relative = is_relative
        self._resolve = resolve
        self._memory = memory
        self._clock = clock
        self._resolved_at = clock()
        self._moment: datetime | None = None
        self._of_moment: Origin | None = None
        self._users: dict[int, int] = {}
        self._keep(first)

    def get(self, moment: datetime | None = None) -> Origin:
        """The origin of a workspace that is made now, or whose clock is to stand at a moment.

        Raises Refusal("invalid") for a moment that the seed does not allow.
        """
        if moment is not None:
            return self._at(moment)
        now = self._clock()
        if self._is_relative and now - self._resolved_at > _FRESH:
            assert self._resolve is not None
            old, self.present = self.present, self._resolve(None)
            self._resolved_at = now
            self._keep(self.present)
            self.release(old)
        return self.present

    def _at(self, moment: datetime) -> Origin:
        # Tests of one suite mostly share a moment: its origin is kept until another is asked for.
        if self._of_moment is None or moment != self._moment:
            assert self._resolve is not None
            resolved = self._resolve(moment)
            if self._of_moment is not None:
                self.release(self._of_moment)
            self._moment, self._of_moment = moment, resolved
            self._keep(resolved)
        return self._of_moment

    def _keep(self, origin: Origin) -> None:
        size = _origin_size(origin)
        self._memory.stored += size
        self._users[id(origin.snapshot)] = 1

    def hold(self, origin: Origin) -> None:
        """A workspace begins with this origin."""
        self._users[id(origin.snapshot)] += 1

    def release(self, origin: Origin) -> None:
        """One that held this origin holds it no more."""
        key = id(origin.snapshot)
        self._users[key] -= 1
        if not self._users[key]:
            del self._users[key]
            size = _origin_size(origin)
            self._memory.stored -= size


class Workspaces:
    """Every workspace by name, made at an account's first request or on demand."""

    def __init__(
        self,
        origin: Origin,
        *,
        strict: bool,
        declared: frozenset[str],
        default: str,
        limit: int,
        journal: Callable[[], Journal] = Journal,
        memory: Memory | None = None,
        limits: Limits | None = None,
        idle: float = 0,
        clock: Callable[[], float] = monotonic,
        resolve: Callable[[datetime | None], Origin] | None = None,
        is_relative: bool = False,
    ) -> None:
        """`origin` is what every new workspace begins with.

        `resolve` makes that of a moment (None: of the present); if the seed `is_relative`, new
        workspaces begin with a new one from time to time, as `Origins` says.

        `default` is the account of requests that need no credential. `strict` admits only
        credentials of the `declared` accounts, there are at most `limit` workspaces, and `journal`
        makes the journal of each. `memory` counts what they take, `limits` are those of each.

        A workspace that nobody used for `idle` seconds (0: for ever) is deleted. At the limit the
        one goes that was used least recently. The default one and those of declared accounts stay.
        `clock` counts seconds. `unclaimed` has the requests that come to no workspace.
        """
        self.memory = memory if memory is not None else Memory()
        self.memory.free_journals = self._free_journals
        self.origins = Origins(origin, resolve, self.memory, clock, is_relative=is_relative)
        self._limits = limits if limits is not None else Limits()
        self._journal = journal
        self._strict = strict
        self._declared = declared
        self._created: set[str] = set()
        self._default = default
        self._kept = frozenset(map(workspace_name, (default, *declared)))
        self._limit = limit
        self._idle = idle
        self._clock = clock
        self._next_sweep = 0.0
        self.on_begin: Callable[[Workspace], None] = _nothing_due
        """Is told of each workspace that begins, at first and after a reset."""
        self._by_name: dict[str, Workspace] = {}
        self._admitted: dict[str | None, Workspace] = {}
        self._names = count(1)
        self._epoch = time() - clock()
        self.unclaimed = self._new("unclaimed")

    @property
    def origin(self) -> Origin:
        """What a workspace that is made now begins with."""
        return self.origins.present

    def _new(self, name: str, moment: datetime | None = None, ids: str = SEQUENCE) -> Workspace:
        origin = self.origins.get(moment)
        self.memory.stored += _WORKSPACE_BYTES
        self.origins.hold(origin)
        workspace = Workspace(
            name, origin, self._journal(), memory=self.memory, limits=self._limits, ids=ids
        )
        workspace.used_at = self._clock()
        return workspace

    def admit(self, account: str | None) -> Workspace:
        """The account's workspace; without an account, that of the default one.

        Raises Refusal("unauthorized") for an account that does not get in, Refusal("forbidden")
        past the limit of workspaces, Refusal("storage_full") past that of the memory.
        """
        now = self._clock()
        if self._idle and now >= self._next_sweep:
            self._delete_idle(now)
        workspace = self._admitted.get(account) or self._let_in(account)
        workspace.used_at = now
        return workspace

    def _let_in(self, account: str | None) -> Workspace:
        """The account's workspace, remembered until one is made or deleted. Raises as `admit`."""
        if account is not None and not self.admits(account):
            raise Refusal("unauthorized", reason=Reason.UNKNOWN)
        name = self._name(self._default if account is None else account)
        workspace = self._by_name.get(name) or self._add(name)
        if account is None or len(account) <= LONGEST:
            if len(self._admitted) >= _MAX_NAMES:
                self._admitted.clear()
            self._admitted[account] = workspace
        return workspace

    def admits(self, account: str) -> bool:
        """Whether a credential of the account gets in."""
        if account in REFUSED_ACCOUNTS:
            return False
        return not self._strict or account in self._declared or account in self._created

    def is_credential(self, name: str) -> bool:
        """Whether the workspace of that name is the one that a credential of that account chooses.

        It is not for a digest: only its owner knows the account.
        """
        return self._name(name) == name and self.admits(name)

    def _name(self, account: str) -> str:
        """What the workspace of the account is called: as it was created, if it was."""
        return account if account in self._created else workspace_name(account)

    def _add(self, name: str, moment: datetime | None = None, ids: str = SEQUENCE) -> Workspace:
        if len(self._by_name) >= self._limit:
            self._delete_longest_idle()
        self.memory.require(_WORKSPACE_BYTES)
        workspace = self._by_name[name] = self._new(name, moment, ids)
        self.on_begin(workspace)
        self.unclaimed.tell("workspace", {"name": name, "happened": "created"})
        return workspace

    def create(
        self, name: str | None, at: datetime | None = None, ids: str = SEQUENCE
    ) -> Workspace:
        """A new workspace whose name doubles as its credential; a free name where none is given.

        With `at` its clock stands at that moment, and the relative times of its seed are those of
        then. `ids` decides the numbers of new rows, as `Workspace` says.

        Raises Refusal("conflict") where the name is taken, Refusal("invalid") where no such account
        gets in or the moment cannot be, Refusal("forbidden") past the limit.
        """
        if name is None:
            name = next(name for name in map("w-{}".format, self._names) if name not in self)
        if name in REFUSED_ACCOUNTS or not _SLUG.fullmatch(name):
            raise Refusal("invalid", problems=[Problem(("name",), "pattern", _misnamed(name))])
        present = self.named(name)
        if present is not None and not self._is_untouched(present):
            raise Refusal("conflict", f"There is a workspace {name!r} already.")
        self.delete(name)
        workspace = self._add(name, at, ids)
        self._created.add(name)
        self._admitted.clear()
        return workspace

    def _is_untouched(self, workspace: Workspace) -> bool:
        """Whether it is the default one, and only the start of the server has made it."""
        is_default = workspace.name == self._name(self._default)
        return is_default and workspace.version == 0 and workspace.name not in self._created

    def named(self, name: str) -> Workspace | None:
        """The workspace of that name, or that a credential of that account chooses."""
        now = self._clock()
        if self._idle and now >= self._next_sweep:
            self._delete_idle(now)
        workspace = self._by_name.get(name) or self._by_name.get(self._name(name))
        if workspace is not None:
            workspace.controlled_at = now
        return workspace

    def holds(self, workspace: Workspace) -> bool:
        """Whether the workspace is still there: it may be deleted while somebody works with it."""
        return self._by_name.get(workspace.name) is workspace

    def last_request(self, workspace: Workspace) -> datetime | None:
        """When the last request reached a workspace, by this machine's clock."""
        if not workspace.requests:
            return None
        return datetime.fromtimestamp(self._epoch + workspace.used_at, UTC)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Workspace]:
        if self._idle:
            self._delete_idle(self._clock())
        return iter(tuple(self._by_name.values()))

    def delete(self, name: str) -> bool:
        """Forget the workspace of that name; its account's next request begins anew.

        Says whether there was one.
        """
        self._created.discard(name)
        self._admitted.clear()
        workspace = self._by_name.pop(name, None)
        if workspace is None:
            return False
        workspace.apply([WorkspaceDeleted()])
        self.memory.stored -= _WORKSPACE_BYTES
        self.origins.release(workspace.origin)
        # Whoever still holds it counts for nothing.
        memory = workspace.memory = workspace.journal.memory = workspace.events.memory = Memory()
        workspace.deliveries.memory = workspace.inboxes.memory = memory
        self.unclaimed.tell("workspace", {"name": name, "happened": "deleted"})
        return True

    def reset(self) -> None:
        """Begin anew: the default workspace and those of declared accounts as they were at first.

        All others are deleted.
        """
        for workspace in tuple(self._by_name.values()):
            if workspace.name in self._kept:
                forgotten = [SnapshotForgotten(name) for name in workspace.snapshots]
                workspace.apply([*forgotten, WorkspaceReset()])
                self.on_begin(workspace)
            else:
                self.delete(workspace.name)
        self._created.clear()
        self._admitted.clear()
        self.unclaimed.apply([WorkspaceReset()])

    def _deletable(self) -> list[Workspace]:
        """The workspaces that may go, the one that was used least recently first."""
        # A request beside the loop may ask: the loop can add a workspace meanwhile.
        deletable = [
            each
            for name, each in tuple(self._by_name.items())
            if name not in self._kept and not each.turns.is_taken
        ]
        return sorted(deletable, key=_used_at)

    def _delete_idle(self, now: float) -> None:
        """Delete what nobody used for long."""
        self._next_sweep = now + min(1.0, self._idle / 4)
        for workspace in self._deletable():
            if now - _used_at(workspace) < self._idle:
                break
            self.delete(workspace.name)
            log.info("workspace %s was idle for %d s and is deleted", workspace.name, self._idle)

    def _delete_longest_idle(self) -> None:
        """Make room for one more workspace. Raises Refusal("forbidden") where all have to stay."""
        oldest = next(iter(self._deletable()), None)
        if oldest is None:
            raise Refusal("forbidden", f"This server holds at most {self._limit} workspaces.")
        self.delete(oldest.name)
        log.warning(
            "there are %d workspaces (--max-workspaces): %s, which is idle longest, is deleted",
            self._limit,
            oldest.name,
        )

    def _free_journals(self, most: int) -> None:
        """Drop the journals of the workspaces that are idle longest, down to so many bytes."""
        for workspace in sorted((*self._by_name.values(), self.unclaimed), key=_used_at):
            if self.memory.journals <= most:
                return
            if not workspace.turns.is_taken:  # a thread may be at its journal
                workspace.journal.drop_all()
                workspace.events.drop_all()
                workspace.deliveries.drop_all()
                workspace.inboxes.drop_all()


def _nothing_due(workspace: Workspace) -> None:
    """No vendor has anything that happens without a request."""


def _used_at(workspace: Workspace) -> float:
    return max(workspace.used_at, workspace.controlled_at)


def _origin_size(origin: Origin) -> int:
    """How many bytes the rows of the origin take."""
    size = 0
    for group in origin.snapshot.tables.values():
        for table in group.values():
            size += sum(map(row_size, table.rows.values()))
    return size


def _misnamed(name: str) -> str:
    if name in REFUSED_ACCOUNTS:
        return f"{name!r} never gets in"
    return f"{name!r} must be a short slug: a-z, 0-9 and -, at most 32 characters"

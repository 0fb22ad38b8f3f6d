"""Workspaces: one account's whole world each, chosen by the credential a client sends anyway."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple

from mockserver.errors import Problem, Reason, Refusal
from mockserver.faults.rules import FaultRules
from mockserver.journal.records import Journal
from mockserver.settings import REFUSED_ACCOUNTS
from mockserver.state.changes import (
    Change,
    ClockChange,
    FaultRuleChange,
    FaultRulesCleared,
    FaultTally,
    IdCounter,
    RequestNumber,
    RowChange,
    SettingsChange,
    SnapshotForgotten,
    SnapshotRestored,
    SnapshotSaved,
    TablesEmptied,
    WorkspaceDeleted,
    WorkspaceReset,
)
from mockserver.state.clock import WorkspaceClock
from mockserver.state.tables import SavedTable, Table, TableSpec, table_of
from mockserver.state.transaction import Transaction
from mockserver.turns import Turns

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_MAX_NAMES = 1 << 14

Listener = Callable[[int, Sequence[Change]], None]
"""Is told of each run of changes with the version that it made."""


@lru_cache(maxsize=_MAX_NAMES)
def workspace_name(account: str) -> str:
    """The workspace of an account: the account's own name where that is a short slug.

    Otherwise a digest, so that no real key shows in a listing.
    """
    if _SLUG.fullmatch(account):
        return account
    return "ws-" + sha256(account.encode("utf-8", "surrogateescape")).hexdigest()[:12]


class Snapshot(NamedTuple):
    """What a workspace held at one moment: rows, counters, settings and clock.

    It shares its rows with the workspace, so it costs nothing however much they are.
    """

    tables: Mapping[str, Mapping[str, SavedTable]]
    settings: Mapping[str, Mapping[str, Any]]
    clock: WorkspaceClock


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
        vendor: {spec.name: Table(spec).save() for spec in specs}
        for vendor, specs in tables.items()
    }
    return Origin(Snapshot(saved, settings, clock or WorkspaceClock()), seed)


class Workspace:
    """The leads, settings, clock, counters, fault rules and snapshots of one account.

    Everything that it is changes in one place, `apply`, by changes that are plain data. It is made
    from its name and its origin alone; no credential stands in it. `version` counts the runs of
    changes, `requests` is the number of the last request, `seed` decides ids and chance.
    """

    __slots__ = (
        "__weakref__",
        "_latest",
        "_listeners",
        "_origin",
        "clock",
        "faults",
        "journal",
        "name",
        "requests",
        "seed",
        "settings",
        "snapshots",
        "tables",
        "turns",
        "version",
    )

    def __init__(self, name: str, origin: Origin, journal: Journal | None = None) -> None:
        self.name = name
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
        self._latest: datetime | None = None
        self.journal = journal if journal is not None else Journal()
        self._listeners: tuple[Listener, ...] = (self.journal.hear,)

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

    def transaction(self, vendor: str) -> Transaction:
        """A transaction over one vendor's tables."""
        return Transaction(vendor, self.tables[vendor])

    def listen(self, listener: Listener) -> None:
        """Tell the listener of every run of changes from now on."""
        self._listeners = (*self._listeners, listener)

    def save(self) -> Snapshot:
        """What it holds now."""
        tables = {
            vendor: {key: table.save() for key, table in group.items()}
            for vendor, group in self.tables.items()
        }
        return Snapshot(tables, dict(self.settings), self.clock)

    def apply(self, changes: Sequence[Change]) -> int:
        """Make all these changes, or none, and tell the listeners. Returns the new version.

        Asks for nothing outside the workspace. Raises ValueError for a change that names what is
        not there: a table, a vendor, a fault rule, a snapshot.
        """
        for position, change in enumerate(changes):
            check = _CHECKS.get(type(change))
            if check is None or check(self, change):
                continue
            if not _is_brought(change, changes[:position]):
                raise ValueError(f"{change} does not fit the workspace {self.name}")
        for change in changes:
            _APPLIERS[type(change)](self, change)
        self.version += 1
        for listener in self._listeners:
            listener(self.version, changes)
        return self.version

    def _count_request(self, change: RequestNumber) -> None:
        self.requests = change.number
        if self.clock.frozen is None:
            self._latest = change.time

    def _set_row(self, change: RowChange) -> None:
        table = self.tables[change.vendor][change.table]
        if change.row is None:
            table.remove(change.id)
        else:
            table.put(change.id, change.row, change.place)

    def _set_counter(self, change: IdCounter) -> None:
        self.tables[change.vendor][change.table].last_number = change.last

    def _set_settings(self, change: SettingsChange) -> None:
        self.settings[change.vendor] = change.values

    def _set_clock(self, change: ClockChange) -> None:
        self._turn_to(WorkspaceClock(change.frozen, change.shift))

    def _turn_to(self, clock: WorkspaceClock) -> None:
        if clock != self.clock:
            self.clock, self._latest = clock, None

    def _set_fault_rule(self, change: FaultRuleChange) -> None:
        self.faults.put(change.id, change.rule)

    def _count_fault(self, change: FaultTally) -> None:
        self.faults.count(change)

    def _clear_fault_rules(self, change: FaultRulesCleared) -> None:
        self.faults.clear()

    def _empty_tables(self, change: TablesEmptied) -> None:
        for group in self.tables.values():
            for table in group.values():
                table.empty()

    def _save_snapshot(self, change: SnapshotSaved) -> None:
        self.snapshots[change.name] = self.save()

    def _forget_snapshot(self, change: SnapshotForgotten) -> None:
        self.snapshots.pop(change.name, None)

    def _restore_snapshot(self, change: SnapshotRestored) -> None:
        self._hold(self.snapshots[change.name])

    def _hold(self, snapshot: Snapshot) -> None:
        for vendor, group in snapshot.tables.items():
            for key, saved in group.items():
                self.tables[vendor][key].restore(saved)
        self.settings = dict(snapshot.settings)
        self._turn_to(snapshot.clock)

    def _begin_anew(self, change: WorkspaceReset | WorkspaceDeleted) -> None:
        self._hold(self._origin.snapshot)
        self.requests = 0
        self._latest = None
        self.faults.clear()
        if isinstance(change, WorkspaceDeleted):
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
    ) -> None:
        """`origin` is what every new workspace begins with.

        `default` is the account of requests that need no credential. `strict` admits only
        credentials of the `declared` accounts, there are at most `limit` workspaces, and `journal`
        makes the journal of each. `unclaimed` has the requests that come to none.
        """
        self.origin = origin
        self.unclaimed = Workspace("unclaimed", origin, journal())
        self._journal = journal
        self._strict = strict
        self._declared = declared
        self._created: set[str] = set()
        self._default = default
        self._limit = limit
        self._by_name: dict[str, Workspace] = {}
        self._names = count(1)

    def admit(self, account: str | None) -> Workspace:
        """The account's workspace; without an account, that of the default one.

        Raises Refusal("unauthorized") for an account that does not get in, Refusal("forbidden")
        past the limit.
        """
        if account in REFUSED_ACCOUNTS or (
            self._strict and account is not None and not self.admits(account)
        ):
            raise Refusal("unauthorized", reason=Reason.UNKNOWN)
        name = workspace_name(self._default if account is None else account)
        return self._by_name.get(name) or self._add(name)

    def admits(self, account: str) -> bool:
        """Whether a credential of the account gets in."""
        if account in REFUSED_ACCOUNTS:
            return False
        return not self._strict or account in self._declared or account in self._created

    def _add(self, name: str) -> Workspace:
        if len(self._by_name) >= self._limit:
            raise Refusal("forbidden", f"This server holds at most {self._limit} workspaces.")
        workspace = self._by_name[name] = Workspace(name, self.origin, self._journal())
        return workspace

    def create(self, name: str | None) -> Workspace:
        """A new workspace whose name doubles as its credential; a free name where none is given.

        Raises Refusal("conflict") where the name is taken, Refusal("invalid") where no such account
        gets in, Refusal("forbidden") past the limit.
        """
        if name is None:
            name = next(name for name in map("w-{}".format, self._names) if name not in self)
        if name in REFUSED_ACCOUNTS or not _SLUG.fullmatch(name):
            raise Refusal("invalid", problems=[Problem(("name",), "pattern", _misnamed(name))])
        if name in self:
            raise Refusal("conflict", f"There is a workspace {name!r} already.")
        workspace = self._add(name)
        self._created.add(name)
        return workspace

    def named(self, name: str) -> Workspace | None:
        """The workspace of that name."""
        return self._by_name.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Workspace]:
        return iter(self._by_name.values())

    def delete(self, name: str) -> bool:
        """Forget the workspace of that name; its account's next request begins anew.

        Says whether there was one.
        """
        self._created.discard(name)
        workspace = self._by_name.pop(name, None)
        if workspace is None:
            return False
        workspace.apply([WorkspaceDeleted()])
        return True

    def reset(self) -> None:
        """Every workspace back to its origin."""
        for workspace in (*self, self.unclaimed):
            workspace.apply([WorkspaceReset()])


def _misnamed(name: str) -> str:
    if name in REFUSED_ACCOUNTS:
        return f"{name!r} never gets in"
    return f"{name!r} must be a short slug: a-z, 0-9 and -, at most 32 characters"

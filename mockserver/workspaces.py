"""Workspaces: one account's whole world each, chosen by the credential a client sends anyway."""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple

from mockserver.call import Call
from mockserver.errors import Problem, Reason, Refusal
from mockserver.faults.rules import FaultRules
from mockserver.journal.records import Journal
from mockserver.settings import REFUSED_ACCOUNTS
from mockserver.state.clock import Clock
from mockserver.state.tables import Saved, Table, Transaction

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def workspace_name(account: str) -> str:
    """The account's own name where it is a short slug.

    Otherwise a digest, so that no real key shows in a listing.
    """
    if _SLUG.fullmatch(account):
        return account
    return "ws-" + sha256(account.encode("utf-8", "surrogateescape")).hexdigest()[:12]


class Snapshot(NamedTuple):
    """What a workspace held at one moment: rows, ids, settings and clock.

    It shares its rows with the workspace.
    """

    tables: dict[str, dict[str, Saved]]
    settings: dict[str, dict[str, Any]]
    clock: Clock


class Workspace:
    """The leads, settings, clock, counters, faults and journal of one account, for every vendor."""

    __slots__ = (
        "account",
        "clock",
        "injection",
        "journal",
        "name",
        "requests",
        "seed",
        "settings",
        "snapshots",
        "tables",
    )

    def __init__(
        self,
        account: str,
        tables: dict[str, dict[str, Table]],
        settings: dict[str, dict[str, Any]],
        clock: Clock,
        seed: int,
    ) -> None:
        self.account = account
        self.name = workspace_name(account)
        self.tables = tables
        self.settings = settings
        self.clock = clock
        self.seed = seed
        self.requests = 0
        self.journal = Journal()
        self.injection = FaultRules(seed)
        self.snapshots: dict[str, Snapshot] = {}

    def begin(self, call: Call) -> None:
        """Count the request: it takes the next number and the present time from here."""
        self.requests = call.number = self.requests + 1
        call.seed = self.seed
        call.now = self.clock.now()
        call.journal = self.journal

    def transaction(self, vendor: str) -> Transaction:
        """A transaction over one vendor's tables."""
        return Transaction(self.tables[vendor])

    def save(self) -> Snapshot:
        """What it holds now."""
        tables = {
            vendor: {key: table.save() for key, table in group.items()}
            for vendor, group in self.tables.items()
        }
        return Snapshot(
            tables,
            {vendor: dict(values) for vendor, values in self.settings.items()},
            self.clock.copy(),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Hold again what was saved."""
        for vendor, group in snapshot.tables.items():
            for key, saved in group.items():
                self.tables[vendor][key].restore(saved)
        self.settings = {vendor: dict(values) for vendor, values in snapshot.settings.items()}
        self.clock.set(snapshot.clock)

    def reset(self, seed: Snapshot) -> None:
        """As it was before its first request, but for its snapshots.

        `seed` is what it holds then.
        """
        self.restore(seed)
        self.requests = 0
        self.journal.clear()
        self.injection.clear()

    def copy(self, account: str) -> "Workspace":
        """A workspace of another account with the same content.

        Rows are shared, as they are never mutated.
        """
        tables = {
            vendor: {key: table.copy() for key, table in group.items()}
            for vendor, group in self.tables.items()
        }
        settings = {vendor: dict(values) for vendor, values in self.settings.items()}
        return Workspace(account, tables, settings, self.clock.copy(), self.seed)


class Workspaces:
    """Every workspace, made at an account's first request, or on demand, as a copy of the seed."""

    def __init__(
        self,
        seed: Workspace,
        *,
        strict: bool,
        declared: frozenset[str],
        default: str,
        limit: int,
        journal: Callable[[], Journal] = Journal,
    ) -> None:
        """`seed` is what every new workspace copies; `default`: the account without a credential.

        `strict` admits only credentials of the `declared` accounts, there are at most `limit`
        workspaces, and `journal` makes the journal of each. `unclaimed` has the requests that come
        to none.
        """
        self.seed = seed
        self.unclaimed = seed.copy("unclaimed")
        self.unclaimed.journal = journal()
        self._journal = journal
        self._strict = strict
        self._declared = set(declared)
        self._default = default
        self._limit = limit
        self._by_account: dict[str, Workspace] = {}
        self._admitted: dict[str | None, Workspace] = {}
        self._names = count(1)

    def of(self, account: str | None) -> Workspace:
        """The account's workspace; without an account, that of the default one.

        Raises Refusal("unauthorized") for an account that does not get in, Refusal("forbidden")
        past the limit.
        """
        found = self._admitted.get(account)
        return found if found is not None else self._admit(account)

    def _admit(self, account: str | None) -> Workspace:
        if account in REFUSED_ACCOUNTS or (
            self._strict and account is not None and account not in self._declared
        ):
            raise Refusal("unauthorized", reason=Reason.UNKNOWN)
        name = self._default if account is None else account
        workspace = self._admitted[account] = self._by_account.get(name) or self._made(name)
        return workspace

    def _made(self, account: str) -> Workspace:
        if len(self._by_account) >= self._limit:
            raise Refusal("forbidden", f"This server holds at most {self._limit} workspaces.")
        workspace = self._by_account[account] = self.seed.copy(account)
        workspace.journal = self._journal()
        return workspace

    def create(self, name: str | None) -> Workspace:
        """A new workspace, which its name is the credential of.

        `name`, a short slug, or one that nobody has.

        Raises Refusal("conflict") where it is taken, Refusal("invalid") where no such account gets
        in, Refusal("forbidden") past the limit.
        """
        if name is None:
            name = next(
                name for name in map("w-{}".format, self._names) if self.named(name) is None
            )
        if name in REFUSED_ACCOUNTS or not _SLUG.fullmatch(name):
            reason = (
                "never gets in"
                if name in REFUSED_ACCOUNTS
                else "must be a short slug: a-z, 0-9 and -, at most 32 characters"
            )
            raise Refusal("invalid", problems=[Problem(("name",), "pattern", f"{name!r} {reason}")])
        if self.named(name) is not None:
            raise Refusal("conflict", f"There is a workspace {name!r} already.")
        workspace = self._made(name)
        self._declared.add(name)
        return workspace

    def named(self, name: str) -> Workspace | None:
        """The workspace of that name."""
        found = self._by_account.get(name)
        return (
            found if found is not None else next((each for each in self if each.name == name), None)
        )

    def delete(self, name: str) -> bool:
        """Forget the workspace of that name; its account's next request begins anew.

        Says whether there was one.
        """
        found = self.named(name)
        if found is not None:
            del self._by_account[found.account]
            self._admitted.pop(found.account, None)
            if found.account == self._default:
                self._admitted.pop(None, None)
        return found is not None

    def reset(self) -> None:
        """Every workspace back to the seed."""
        seed = self.seed.save()
        for workspace in (*self, self.unclaimed):
            workspace.reset(seed)

    def __iter__(self) -> Iterator[Workspace]:
        return iter(self._by_account.values())

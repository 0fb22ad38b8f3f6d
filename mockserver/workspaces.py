"""Workspaces: one account's whole world each, chosen by the credential a client sends anyway."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from mockserver.call import Call
from mockserver.clock import Clock
from mockserver.errors import Refusal
from mockserver.state import Table, Transaction

REFUSED_ACCOUNTS = frozenset({"invalid", "expired"})
"""Account names that never get in, so that a client can test its 401."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def workspace_name(account: str) -> str:
    """The account's own name where it is a short slug; otherwise a digest, so that no real key shows in a listing."""
    if _SLUG.fullmatch(account):
        return account
    return "ws-" + sha256(account.encode("utf-8", "surrogateescape")).hexdigest()[:12]


class Workspace:
    """The leads, settings, clock and counters of one account, for every vendor."""

    __slots__ = ("clock", "name", "requests", "seed", "settings", "tables")

    def __init__(
        self, name: str, tables: dict[str, dict[str, Table]], settings: dict[str, dict[str, Any]], clock: Clock, seed: int
    ) -> None:
        self.name = name
        self.tables = tables
        self.settings = settings
        self.clock = clock
        self.seed = seed
        self.requests = 0

    def begin(self, call: Call) -> None:
        """Count the request: it takes the next number and the present time from here."""
        self.requests += 1
        call.number = self.requests
        call.seed = self.seed
        call.now = self.clock.now()

    def transaction(self, vendor: str) -> Transaction:
        """A transaction over one vendor's tables."""
        return Transaction(self.tables[vendor])

    def copy(self, name: str) -> "Workspace":
        """A workspace of its own with the same content; rows are shared, as they are never mutated."""
        tables = {vendor: {key: table.copy() for key, table in group.items()} for vendor, group in self.tables.items()}
        settings = {vendor: dict(values) for vendor, values in self.settings.items()}
        return Workspace(name, tables, settings, self.clock.copy(), self.seed)


class Workspaces:
    """Every workspace, made at an account's first request as a copy of the seed."""

    def __init__(self, seed: Workspace, *, strict: bool, declared: frozenset[str], default: str, limit: int) -> None:
        """`seed` is what every new workspace copies, `default` the account of requests that need no credential.

        `strict` admits only the `declared` accounts, and there are at most `limit`.
        """
        self.seed = seed
        self._strict = strict
        self._declared = declared
        self._default = default
        self._limit = limit
        self._by_account: dict[str, Workspace] = {}

    def of(self, account: str | None) -> Workspace:
        """The account's workspace.

        Raises Refusal("unauthorized") for an account that does not get in, Refusal("forbidden") past the limit.
        """
        found = self._by_account.get(account or self._default)
        return found if found is not None else self._enter(account or self._default)

    def _enter(self, account: str) -> Workspace:
        if account in REFUSED_ACCOUNTS or (self._strict and account not in self._declared and account != self._default):
            raise Refusal("unauthorized", "unknown")
        if len(self._by_account) >= self._limit:
            raise Refusal("forbidden", f"This server holds at most {self._limit} workspaces.")
        workspace = self._by_account[account] = self.seed.copy(workspace_name(account))
        return workspace

    def reset(self) -> None:
        """Every workspace back to the seed."""
        self._by_account.clear()

    def __iter__(self) -> Any:
        return iter(self._by_account.values())

    @property
    def listing(self) -> Mapping[str, Workspace]:
        """Workspaces by name."""
        return {workspace.name: workspace for workspace in self}

"""What a test works with: `MockWorkspace`, a workspace that lasts as long as the test.

It has clients for each vendor, over a socket or without one. `Running` is the server behind it.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mockserver.client import Client, ControlError, Row
from mockserver.errors import MockserverError
from mockserver.journal.redaction import printable
from mockserver.testing.clients import VendorClients

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import ModuleType

    import httpx

_MOST_UNCLAIMED = 10
_LONGEST_SLUG = 19  # with a hyphen and 12 digits of a digest: 32, the longest name there may be
_NOT_IN_PROCESS = (
    "clients in process need a server in process: leave MOCKSERVER_URL unset, or use http()"
)


class MockWorkspace(VendorClients):
    """A workspace that lasts as long as a test.

    `mockserver.<vendor>` is a client of that vendor's API.
    """

    def __init__(self, workspace: Row, server: "Running") -> None:
        super().__init__(server.client, workspace["name"], workspace)
        self._server = server
        self._opened_at = datetime.now(UTC)
        self._open_clients = ExitStack()

    def http(self, vendor: str, **options: Any) -> "httpx.Client":
        """A new client of the vendor's API, with its base URL and this workspace's credential.

        `options` are those of httpx.Client. Raises ValueError for an unknown vendor.
        """
        client: httpx.Client = _httpx().Client(**self._options(vendor, options))
        return self._open_clients.enter_context(client)

    def async_http(self, vendor: str, **options: Any) -> "httpx.AsyncClient":
        """The same for asyncio; `options` are those of httpx.AsyncClient.

        It keeps no connection open, so nothing is left behind if nobody closes it.
        """
        limits = _httpx().Limits(max_keepalive_connections=0)
        options = {"limits": limits} | self._options(vendor, options)
        client: httpx.AsyncClient = _httpx().AsyncClient(**options)
        return client

    def in_process(self, vendor: str, **options: Any) -> "httpx.Client":
        """A new client that calls the server without a socket.

        Raises MockserverError if the server is in another process.
        """
        if self._server.transport is None:
            raise MockserverError(_NOT_IN_PROCESS)
        return self.http(vendor, **{"transport": self._server.transport()} | options)

    def environment(self) -> dict[str, str]:
        """Variables with which an unmodified client, run as a process, reaches this server.

        They name the server as the proxy for the vendors' own `https://` addresses, and its
        authority as trusted. A request belongs to the workspace of its credential, as everywhere:
        give the client one of `credentials`.

        Raises MockserverError without the extra `tls`, and where the server is in another process
        that runs without `--tls`.
        """
        return self._server.environment()

    def _options(self, vendor: str, given: dict[str, Any]) -> dict[str, Any]:
        if vendor not in self.base_urls:
            known = ", ".join(self.base_urls)
            raise ValueError(f"{vendor!r} is no vendor; the vendors are {known}")
        headers = _httpx().Headers(self.credentials[vendor])
        headers.update(given.get("headers"))
        defaults: dict[str, Any] = {
            "base_url": self.base_urls[vendor],
            "trust_env": False,  # no proxy of this machine stands between a test and its server
            "verify": _certificates(),
        }
        query = self.credential_queries[vendor]
        if query:
            defaults["auth"] = _adding(query)
        return defaults | given | {"headers": headers}

    def close(self) -> None:
        """Close the clients and delete the workspace."""
        self._open_clients.close()
        try:
            self.delete()
        except ControlError as error:
            # The test may have deleted it itself.
            if error.status != 404:
                raise

    def journal_text(self) -> str:
        """The journal as text, for a developer who wonders why the test failed.

        It says of each request why it was answered as it was, and more of one that was refused, got
        a fault or has a finding in the report.
        """
        try:
            return "\n".join(self._journal_lines())
        except ControlError as error:
            return printable(f"The journal cannot be read: {error}")

    def _journal_lines(self) -> Iterator[str]:
        yield from self.requests_text().splitlines()
        # A missing credential is the first thing to look for when no request has arrived. These
        # requests belong to no workspace, so some may come from a test that runs beside this one.
        recent = [
            entry
            for entry in self.client.unclaimed()
            if datetime.fromisoformat(entry["time"]) >= self._opened_at
        ]
        if recent:
            yield "without a credential or with a refused one, in this test or one beside it:"
        for entry in recent[-_MOST_UNCLAIMED:]:
            yield printable(_summary_line(entry))


def _summary_line(entry: Row) -> str:
    return (
        f"{entry['number']:>3}  {entry['method']} {entry['target']}  {entry['status']}  "
        f"{entry['why']['sentence']}"
    )


def _unique_run() -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return f"{worker} {os.urandom(8).hex()}"


def _no_environment() -> dict[str, str]:
    raise MockserverError("this server is no proxy")


@dataclass(frozen=True)
class Running:
    """The server behind the tests.

    `transport` makes a transport that calls the server without a socket; None if the server is in
    another process. `environment` is that of clients that come by a proxy. `run` is a text that no
    other test run has.
    """

    client: Client
    transport: "Callable[[], httpx.BaseTransport] | None" = None
    environment: Callable[[], dict[str, str]] = _no_environment
    run: str = field(default_factory=_unique_run)

    @property
    def url(self) -> str:
        """The server's own URL; those of the vendors are below it."""
        return self.client.url

    def open(self, test: str) -> MockWorkspace:
        """A new workspace for the test of that name (a pytest node id).

        The caller closes it.
        """
        name = workspace_name(test, self.run)
        created = self.client.call("POST", "/workspaces", {"name": name})
        return MockWorkspace(created, self)


def workspace_name(test: str, run: str) -> str:
    """A workspace's name: the beginning of the test's, and a digest of its node id and the run."""
    _, _, function = test.rpartition("::")
    slug = re.sub(r"[^a-z0-9]+", "-", function.lower()).strip("-")[:_LONGEST_SLUG]
    digest = sha256(f"{test} {run}".encode()).hexdigest()[:12]
    # A test whose name has no letter or digit leaves the digest alone.
    return f"{slug}-{digest}".removeprefix("-")


def _adding(query: Mapping[str, str]) -> "Callable[[httpx.Request], httpx.Request]":
    """What adds parameters to a request, and keeps those of its URL: httpx's `params` do not."""

    def add(request: "httpx.Request") -> "httpx.Request":
        request.url = request.url.copy_merge_params(query)
        return request

    return add


def _httpx() -> "ModuleType":
    try:
        import httpx
    except ImportError:
        raise MockserverError("ready clients need httpx: install lead-mockserver[pytest]") from None
    return httpx


@cache
def _certificates() -> "SSLContext":
    # httpx would load the certificates again for every client, which takes longer than a test.
    import ssl

    return ssl.create_default_context()

"""What a test has in its hands.

A workspace of its own, with clients of every vendor over a socket or without one.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mockserver.client import Client, ControlError, Row
from mockserver.errors import MockserverError
from mockserver.testing.clients import VendorClients

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import ModuleType

    import httpx

_SHOWN = 50
_MAX_TEXT = 300
_LONGEST_SLUG = 19
_NO_SOCKETLESS = (
    "clients in process need a server in process: leave MOCKSERVER_URL unset, or use http()"
)


class MockWorkspace(VendorClients):
    """A workspace that lasts as long as a test.

    `mockserver.<vendor>` is a client of that vendor's API.
    """

    def __init__(self, workspace: Row, server: "Running") -> None:
        super().__init__(server.client, workspace["name"], workspace)
        self._server = server
        self._began = datetime.now(UTC)
        self._open = ExitStack()

    def http(self, vendor: str, **options: Any) -> "httpx.Client":
        """A new client of the vendor's API, with its base URL and this workspace's credential.

        `options` are those of httpx.Client.
        """
        made: httpx.Client = _httpx().Client(**self._options(vendor, options))
        return self._open.enter_context(made)

    def async_http(self, vendor: str, **options: Any) -> "httpx.AsyncClient":
        """The same for asyncio.

        It keeps no connection open, so that nothing is left where nobody closes it.
        """
        limits = _httpx().Limits(max_keepalive_connections=0)
        made: httpx.AsyncClient = _httpx().AsyncClient(
            **{"limits": limits} | self._options(vendor, options)
        )
        return made

    def in_process(self, vendor: str, **options: Any) -> "httpx.Client":
        """A new client that calls the server without a socket.

        Raises MockserverError where the server is in another process.
        """
        if self._server.transport is None:
            raise MockserverError(_NO_SOCKETLESS)
        made: httpx.Client = _httpx().Client(
            **{"transport": self._server.transport()} | self._options(vendor, options)
        )
        return self._open.enter_context(made)

    def _options(self, vendor: str, given: dict[str, Any]) -> dict[str, Any]:
        if vendor not in self.base_urls:
            raise ValueError(
                f"{vendor!r} is no vendor; the vendors are {', '.join(self.base_urls)}"
            )
        headers = _httpx().Headers(self.credentials[vendor])
        headers.update(given.get("headers"))
        return (
            {"base_url": self.base_urls[vendor], "trust_env": False, "verify": _certificates()}
            | given
            | {"headers": headers}
        )

    def close(self) -> None:
        """Close the clients and forget the workspace."""
        self._open.close()
        try:
            self.delete()
        except ControlError as error:
            if error.status != 404:
                raise

    def told(self) -> str:
        """The journal for somebody who wonders why the test failed.

        A line for each request, and more for each that was refused.
        """
        try:
            return "\n".join(self._lines())
        except ControlError as error:
            return f"The journal cannot be read: {error}"

    def _lines(self) -> Iterator[str]:
        requests = self.requests()
        if len(requests) > _SHOWN:
            yield f"({len(requests) - _SHOWN} before these)"
        for entry in requests[-_SHOWN:]:
            yield _line(entry)
            if entry["status"] >= 400 or entry["fault"]:
                yield from _details(self.request(entry["number"]))
        strays = [
            entry
            for entry in self.client.unclaimed()
            if datetime.fromisoformat(entry["time"]) >= self._began
        ]
        if strays:
            yield "with no credential or a refused one, in this test or one beside it:"
            yield from map(_line, strays[-_SHOWN:])


def _line(entry: Row) -> str:
    outcome = f"{entry['status']}" if entry["status"] else "no answer"
    fault = f"  fault {entry['fault']}" if entry["fault"] else ""
    operation = entry["operation"] or "no operation"
    return (
        f"{entry['number']:>3}  {entry['method']} {entry['target']}  {outcome}  {operation}  "
        f"{entry['milliseconds']} ms{fault}"
    )


def _details(entry: Row) -> Iterator[str]:
    if entry["request"]["body"] is not None:
        yield f"     sent: {_short(entry['request']['body'])}"
    yield from (
        f"     matched by {match['rule']}: {match['verdict']}" for match in entry["matches"]
    )
    if entry["answer"]["body"] is not None:
        yield f"     answered: {_short(entry['answer']['body'])}"


def _short(body: Any) -> str:
    text = " ".join(body.split()) if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


@dataclass(frozen=True)
class Running:
    """The server behind the tests.

    `transport` makes what calls it without a socket, where it is in this process; `run` is a text
    that no other run of any tests has.
    """

    client: Client
    transport: "Callable[[], httpx.BaseTransport] | None" = None
    run: str = field(
        default_factory=lambda: f"{os.environ.get('PYTEST_XDIST_WORKER', '')} {os.urandom(8).hex()}"
    )

    @property
    def url(self) -> str:
        """The server's own URL; the vendors' are below it."""
        return self.client.url

    def open(self, test: str) -> MockWorkspace:
        """A workspace for the test of that name (a pytest node id), which nobody else has.

        Whoever opens it closes it.
        """
        made = self.client.call("POST", "/workspaces", {"name": workspace_name(test, self.run)})
        return MockWorkspace(made, self)


def workspace_name(test: str, run: str) -> str:
    """The beginning of the test's name, and a digest of its node id and of the run."""
    slug = re.sub(r"[^a-z0-9]+", "-", test.rpartition("::")[2].lower()).strip("-")[:_LONGEST_SLUG]
    return f"{slug}-{sha256(f'{test} {run}'.encode()).hexdigest()[:12]}".removeprefix("-")


def _httpx() -> "ModuleType":
    try:
        import httpx
    except ImportError:
        raise MockserverError("ready clients need httpx: install lead-mockserver[pytest]") from None
    return httpx


@cache
def _certificates() -> "SSLContext":
    """What httpx would load for every client anew."""
    import ssl

    return ssl.create_default_context()

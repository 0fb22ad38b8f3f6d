"""What a test works with: `MockWorkspace`, a workspace that lasts as long as the test.

It has clients for each vendor, over a socket or without one. `Running` is the server behind it.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from os import PathLike
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from mockserver.client import Client, ControlError, Row, Verdict, iso_text
from mockserver.documents.fixture_files import FixtureFiles
from mockserver.errors import FixtureError, MockserverError, Problem
from mockserver.fixtures import BUNDLED
from mockserver.journal.redaction import printable
from mockserver.state.ids import SEQUENCE
from mockserver.testing.clients import VendorClients

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import ModuleType

    import httpx

_MOST_UNCLAIMED = 10
_MOST_WORKSPACES = 10
_MOST_STRAYS = 100
_SHOWN_STRAYS = 3
_SHOWN_EVENTS = 20
_OF_A_TEST = re.compile(r"(?:[a-z0-9-]+-)?[0-9a-f]{12}")
_OF_A_KEY = re.compile(r"ws-[0-9a-f]{32}")
_NO_DELIVERIES = "(no deliveries)"
_NO_TIME = timedelta(0)
_ROUNDING = timedelta(milliseconds=1)
_LONGEST_SLUG = 19  # with a hyphen and 12 digits of a digest: 32, the longest name there may be
_NOT_IN_PROCESS = (
    "clients in process need a server in process: leave MOCKSERVER_URL unset, or use http()"
)
_LATE = "what the test missed came later: `assert_called(..., within=2)` waits for it"


class MockWorkspace(VendorClients):
    """A workspace that lasts as long as a test.

    `mockserver.<vendor>` is a client of that vendor's API.
    """

    def __init__(self, workspace: Row, server: "Running", folder: File | None = None) -> None:
        """`folder` is where the files of fixtures are looked for first."""
        super().__init__(server.client, workspace["name"], workspace)
        self._folder = folder
        self._server = server
        self._opened_at = datetime.now(UTC)
        self._open_clients = ExitStack()
        self._allowed: frozenset[str] = frozenset()
        self._unmet: Row | None = None

    def seed(
        self,
        fixture: str | PathLike[str] | Mapping[str, Any],
        mode: Literal["replace", "merge"] = "replace",
    ) -> None:
        """Load a fixture: a bundled one by its name, a YAML file, a folder of them, or its content.

        A path is relative to the test's file, else to the working directory. A fixture with a
        mistake in it changes nothing. Raises FixtureError with file and line of each mistake in a
        file, ControlError for one in the content.
        """
        if isinstance(fixture, PathLike) or (isinstance(fixture, str) and fixture not in BUNDLED):
            self._seed_files(FixtureFiles(self._beside(fixture)), mode)
        else:
            super().seed(fixture, mode)

    def _beside(self, path: str | PathLike[str]) -> File:
        beside = self._folder / path if self._folder is not None else File(path)
        return beside if beside.exists() else File(path)

    def _seed_files(self, files: FixtureFiles, mode: Literal["replace", "merge"]) -> None:
        files.require()
        try:
            super().seed(files.content, mode)
        except ControlError as error:
            sentences = files.sentences(map(_fixture_problem, error.errors))
            if not sentences:
                raise
            raise FixtureError("\n".join(sentences)) from None

    def http(self, vendor: str, **options: Any) -> "httpx.Client":
        """A new client of the vendor's API, with its base URL and this workspace's credential.

        `options` are those of httpx.Client. The errors of the client have a note with the number of
        the request in the journal. Raises ValueError for an unknown vendor.
        """
        options = self._options(vendor, options)  # says so if there is no httpx
        from mockserver.testing.noted import NotedTransport

        options["transport"] = NotedTransport(_transport(options), self)
        client: httpx.Client = _httpx().Client(**options)
        return self._open_clients.enter_context(client)

    def async_http(self, vendor: str, **options: Any) -> "httpx.AsyncClient":
        """The same for asyncio; `options` are those of httpx.AsyncClient.

        It keeps no connection open, so nothing is left behind if nobody closes it.
        """
        limits = _httpx().Limits(max_keepalive_connections=0)
        options = {"limits": limits} | self._options(vendor, options)
        from mockserver.testing.noted import AsyncNotedTransport

        options["transport"] = AsyncNotedTransport(_async_transport(options), self)
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

    def _judge(self, expectation: Row) -> Verdict:
        verdict = super()._judge(expectation)
        self._unmet = None if verdict.passed else expectation
        return verdict

    def allow_findings(self, *checks: str) -> None:
        """Leave what these checks find in this test out of the report on the whole run.

        For a test that means what they find: `allow_findings("refused")`. Raises ValueError for an
        unknown check (docs/conduct.md has them all).
        """
        from mockserver.journal.conduct.checks import CHECKS

        known = [check.slug for check in CHECKS]
        for check in checks:
            if check not in known:
                raise ValueError(f"{check!r} is no check; the checks are {', '.join(known)}")
        self._allowed |= frozenset(checks)

    def conduct(self) -> Row:
        """The report as JSON, without the findings that are allowed; empty if there is none."""
        try:
            report = self.report()
        except ControlError:
            # The test may have deleted its workspace, or the server may be gone.
            return {}
        kept = [each for each in report["findings"] if each["check"] not in self._allowed]
        return report | {"findings": kept}

    def journal_text(self) -> str:
        """The journal as text, for a developer who wonders why the test failed.

        It says of each request why it was answered as it was, and more of one that was refused, got
        a fault or has a finding in the report. The newest events stand below, each with its cause.
        """
        try:
            return "\n".join(self._journal_lines())
        except ControlError as error:
            return printable(f"The journal cannot be read: {error}")

    def _journal_lines(self) -> Iterator[str]:
        yield from self.requests_text().splitlines()
        if self._unmet is not None and super()._judge(self._unmet | {"within": 0}).passed:
            yield _LATE
        yield from self._event_lines()
        yield from self._delivery_lines()
        # What a test misses may have gone elsewhere. These requests belong to no test, so some may
        # come from one that runs beside this one.
        yield from self._lines_of_strays()
        # They had no credential, a refused one, or the path of no vendor.
        recent = [entry for entry in self.client.unclaimed() if self._is_recent(entry)]
        if recent:
            yield "in no workspace, in this test or one beside it:"
        for entry in recent[-_MOST_UNCLAIMED:]:
            yield printable(_summary_line(entry))

    def _event_lines(self) -> Iterator[str]:
        """What happened to leads and calls: the newest events, and how many came before."""
        last: int = self.call("GET", "/events", limit=1)["last"]
        left_out = max(0, last - _SHOWN_EVENTS)
        events = self.events(left_out)
        if not events:
            return
        title = "what happened to leads and calls"
        yield f"{title}, {left_out} events before these left out:" if left_out else f"{title}:"
        for event in events:
            yield printable(str(event))

    def _delivery_lines(self) -> Iterator[str]:
        """What webhooks were told: the newest deliveries, whole where they did not arrive."""
        lines = self.deliveries_text().splitlines()
        if lines != [_NO_DELIVERIES]:
            yield "deliveries to webhooks:"
            yield from lines

    def _lines_of_strays(self) -> Iterator[str]:
        """The requests since the beginning of the test that came with the key of no test."""
        own = len(self.requests())
        for name in self._other_workspaces():
            recent = self._recent_strays(name)
            if recent:
                yield _stray_line(name, len(recent), own)
            for entry in recent[-_SHOWN_STRAYS:]:
                yield printable(_summary_line(entry))

    def _recent_strays(self, workspace: str) -> list[Row]:
        try:
            clock = self.client.workspace(workspace).clock()
            path = f"/workspaces/{quote(workspace, safe='')}/requests"
            newest = self.client.call("GET", path, order="desc", limit=_MOST_STRAYS)["requests"]
        except ControlError:  # it was deleted meanwhile
            return []
        entries: list[Row] = newest[::-1]
        if clock.mode == "frozen":
            return entries  # such a clock does not tell when they came
        return [entry for entry in entries if self._is_recent(entry, clock.shift)]

    def _other_workspaces(self) -> list[str]:
        """The first workspaces that are no test's and have had a request."""
        names = [row["name"] for row in self.client.workspaces() if row["requests"]]
        others = [name for name in names if _OF_A_TEST.fullmatch(name) is None]
        return [name for name in others if name != self.name][:_MOST_WORKSPACES]

    def _is_recent(self, entry: Row, shift: timedelta = _NO_TIME) -> bool:
        """Whether a request came since the test began, by a clock that is ahead by the shift."""
        # The server may be another machine, and the journal rounds to milliseconds.
        came = datetime.fromisoformat(entry["time"])
        return came - shift >= self._opened_at - _ROUNDING


def _stray_line(workspace: str, count: int, own: int) -> str:
    many = f"{_MOST_STRAYS} requests or more" if count == _MOST_STRAYS else _requests(count)
    key = f"the key `{workspace}`"
    if _OF_A_KEY.fullmatch(workspace):
        key = f"a key that is not shown (workspace `{workspace}`)"
    this = _requests(own) if own else "none"
    return f"{many} came with {key}, {this} with this test's (in this test or one beside it):"


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"


def _fixture_problem(error: Mapping[str, str]) -> Problem:
    """The problem with a fixture that one entry of an answer's `errors` tells."""
    steps = error.get("pointer", "").split("/")[2:]  # behind the empty one and `fixture`
    names = [step.replace("~1", "/").replace("~0", "~") for step in steps]
    path = tuple(int(name) if name.isdecimal() else name for name in names)
    return Problem(path, "fixture", error["detail"])


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

    def open(
        self,
        test: str,
        *,
        at: datetime | str | None = None,
        folder: File | None = None,
        ids: str = SEQUENCE,
    ) -> MockWorkspace:
        """A new workspace for the test of that name (a pytest node id).

        With `at` its clock stands at that moment. `folder` is that of the test's file, `ids` as
        `Client.create` has it. The caller closes it.
        """
        body = {"name": workspace_name(test, self.run)}
        if ids != SEQUENCE:
            body["ids"] = ids
        if at is not None:
            body["at"] = iso_text(at)
        created = self.client.call("POST", "/workspaces", body)
        return MockWorkspace(created, self, folder)


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


_TRANSPORT_OPTIONS = ("verify", "cert", "trust_env", "http1", "http2", "limits")


def _transport(options: Mapping[str, Any]) -> "httpx.BaseTransport":
    """The transport that httpx would make for a client with these options."""
    given: httpx.BaseTransport | None = options.get("transport")
    return given or _httpx().HTTPTransport(**_of_transport(options))


def _async_transport(options: Mapping[str, Any]) -> "httpx.AsyncBaseTransport":
    given: httpx.AsyncBaseTransport | None = options.get("transport")
    return given or _httpx().AsyncHTTPTransport(**_of_transport(options))


def _of_transport(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in _TRANSPORT_OPTIONS if name in options}


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

"""The control API for tests and scripts.

A server's workspaces, and of each its leads, journal, faults, clock, settings and snapshots.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from os import urandom
from types import TracebackType
from typing import Any, Literal, TypedDict, Unpack, overload
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from mockserver.errors import MockserverError

_PAGE = 1000
_MAX_TEXT = 300
_JSON = "application/json"
_KINDS = (_JSON, "application/yaml", "text/markdown")

Row = dict[str, Any]
"""A JSON object as the control API has it (openapi/control.yaml)."""


class ControlError(MockserverError):
    """The server refuses, or there is none; its text is what is wrong.

    `status` and `title` are those of the answer, 0 and `No answer` where there was none. `detail`
    says what is wrong and what would be right, and `errors` has each thing by itself: its `detail`,
    and the `pointer` into the body or the `parameter` that it is about.
    """

    def __init__(
        self, status: int, title: str, detail: str, errors: Sequence[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)


class Filter(TypedDict, total=False):
    """What a request must be like.

    `path` is below the vendor's prefix and may have `*`; of a body, objects hold what is named
    here.
    """

    vendor: str
    operation: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    status: int
    fault: str


class Rule(TypedDict, total=False):
    """Which requests get a fault, and how often: see docs/faults.md."""

    parameters: Mapping[str, Any]
    vendor: str
    operation: str
    path: str
    body: Any
    lead: str | int
    times: int | None
    skip: int
    probability: float
    seconds_to_live: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the client asked what was expected of it, and why.

    `found` has the numbers of the requests that fit, `nearest` those that come closest to what is
    missing, each with its `differences`.
    """

    passed: bool
    message: str
    found: list[int]
    nearest: list[Row]


@dataclass(frozen=True, slots=True)
class Clock:
    """What a workspace's clock shows: `now` is aware.

    `shift` is how far it is ahead of the real time, zero where it stands still.
    """

    mode: Literal["real", "frozen", "shifted"]
    now: datetime
    shift: timedelta


class Client:
    """A running server's control API.

    Every call is one request on a connection of its own, so threads may share a client.
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = 10.0) -> None:
        """`url` is the server's own, like `http://127.0.0.1:8080`.

        `token` is its admin token, where it has one; `timeout` is in seconds.

        Raises ValueError for a URL that is none.
        """
        self.url = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._parts = _server(self.url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def health(self) -> Row:
        """That the server is there: `status`, `version`, and `base_urls` by vendor."""
        found: Row = self.call("GET", "/health")
        return found

    def reset(self) -> None:
        """Put every workspace back to the seed."""
        self.call("POST", "/reset")

    def workspaces(self) -> list[Row]:
        """A line for each workspace: `name`, `requests`, and `leads` by vendor."""
        found: list[Row] = self.call("GET", "/workspaces")["workspaces"]
        return found

    def create(self, name: str | None = None) -> "WorkspaceClient":
        """A new workspace with a copy of the seed, of that name or of one that nobody has."""
        made = self.call("POST", "/workspaces", {} if name is None else {"name": name})
        return WorkspaceClient(self, made["name"], made)

    def workspace(self, name: str) -> "WorkspaceClient":
        """The workspace of that name. Whether there is one shows at the first call."""
        return WorkspaceClient(self, name)

    def unclaimed(self, after: int = 0) -> list[Row]:
        """The requests that reached no workspace, having no credential or one that is refused.

        Those with a greater number.
        """
        return list(self.pages("/requests", after=after))

    def fault_kinds(self) -> Row:
        """The catalogue of `faults`, and the `magic` values that ask for one by themselves."""
        found: Row = self.call("GET", "/faults")
        return found

    def pages(self, path: str, after: int, **query: Any) -> Iterator[Row]:
        """The entries of a journal, page after page."""
        while True:
            page = self.call("GET", path, after=after, limit=_PAGE, **query)["requests"]
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]["number"]

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """What the server answers at a path below `/__admin`.

        The JSON value, the text where it is none, None where it is nothing.

        A query parameter that is None is left out. Raises ControlError.
        """
        from http.client import HTTPException

        target = f"{self._parts.path}/__admin{path}{_query(query)}"
        try:
            status, kind, raw = self._exchange(
                method, target, None if body is None else json.dumps(body)
            )
        except (OSError, HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise ControlError(
                0, "No answer", f"there is no mockserver at {self.url}: {reason}"
            ) from error
        if status >= 300 or (raw and kind not in _KINDS):
            raise _refusal(status, kind, raw)
        return json.loads(raw) if kind == _JSON else raw.decode() or None

    def _exchange(self, method: str, target: str, body: str | None) -> tuple[int, str, bytes]:
        """The status, media type and body of the answer."""
        from http.client import HTTPConnection, HTTPSConnection

        connect = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        connection = connect(str(self._parts.hostname), self._parts.port, timeout=self._timeout)
        try:
            connection.request(method, target, body and body.encode(), self._headers(body))
            answer = connection.getresponse()
            return answer.status, answer.headers.get_content_type(), answer.read()
        finally:
            connection.close()

    def _headers(self, body: str | None) -> dict[str, str]:
        content = {} if body is None else {"Content-Type": _JSON}
        return content | ({"Authorization": f"Bearer {self._token}"} if self._token else {})


def _server(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise ValueError(f"{url!r} is no URL of a server: http://127.0.0.1:8080 is one")


def _query(query: Mapping[str, Any]) -> str:
    given = {
        name: json.dumps(value) if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }
    return f"?{urlencode(given)}" if given else ""


def _refusal(status: int, kind: str, raw: bytes) -> ControlError:
    if kind != "application/problem+json":
        return ControlError(
            status,
            "No mockserver",
            f"it is something else that answers there: {raw[:_MAX_TEXT].decode(errors='replace')}",
        )
    problem = json.loads(raw)
    return ControlError(status, problem["title"], problem["detail"], problem.get("errors", ()))


class Fault:
    """A fault rule that was made; as a context manager it is there until the end of the block.

    `rule` is what it said when it was made.
    """

    def __init__(self, workspace: "WorkspaceClient", rule: Row) -> None:
        self._workspace = workspace
        self.rule = rule
        self.id: int = rule["id"]

    @property
    def applied(self) -> int:
        """How many requests got the fault until now; 0 where the rule is no more."""
        return next(
            (rule["applied"] for rule in self._workspace.faults() if rule["id"] == self.id), 0
        )

    def remove(self) -> None:
        """Take the rule away, if it is still there."""
        try:
            self._workspace.call("DELETE", f"/faults/{self.id}")
        except ControlError as error:
            if error.status != 404:
                raise

    def __enter__(self) -> "Fault":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()


class WorkspaceClient:
    """One workspace of a running server, and everything the control API can do with it.

    Every method may raise ControlError.
    """

    def __init__(self, client: Client, name: str, known: Row | None = None) -> None:
        """`known` is what the server said of the workspace, where it has been asked already."""
        self.client = client
        self.name = name
        self._known = known

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.client.url}>"

    def call(self, method: str, path: str = "", body: Any = None, **query: Any) -> Any:
        """What the server answers at a path below the workspace's own; see `Client.call`."""
        return self.client.call(
            method, f"/workspaces/{quote(self.name, safe='')}{path}", body, **query
        )

    @cached_property
    def _access(self) -> Row:
        found: Row = self._known or self.call("GET")
        return found

    @property
    def base_urls(self) -> dict[str, str]:
        """By vendor, the base URL for a client of its API."""
        found: dict[str, str] = self._access["base_urls"]
        return found

    @property
    def credentials(self) -> dict[str, dict[str, str]]:
        """By vendor, the headers that lead a request into this workspace.

        There are none where the vendor's credential stands in the query: see `credential_queries`.

        Raises MockserverError where the server does not say them, as the account could be a real
        key.
        """
        return {vendor: access["headers"] for vendor, access in self._told_access().items()}

    @property
    def credential_queries(self) -> dict[str, dict[str, str]]:
        """By vendor, the query parameters that do the same; mostly none.

        Raises MockserverError as `credentials` does.
        """
        return {vendor: access.get("query", {}) for vendor, access in self._told_access().items()}

    def _told_access(self) -> dict[str, Any]:
        found: dict[str, Any] | None = self._access["credentials"]
        if found is None:
            raise MockserverError(
                f"the credentials of {self.name} are not told: its account could be a real key"
            )
        return found

    def reset(self) -> None:
        """Put everything back to the seed: leads, settings, clock and ids.

        No faults, an empty journal. Snapshots stay.
        """
        self.call("POST", "/reset")

    def delete(self) -> None:
        """Forget the workspace; the next request with its credential begins a new one."""
        self.call("DELETE")

    def seed(
        self, fixture: str | Mapping[str, Any], mode: Literal["replace", "merge"] = "replace"
    ) -> None:
        """Load a fixture, or the bundled one of that name.

        All of it or, where anything in it is wrong, nothing.
        """
        given = {"name": fixture} if isinstance(fixture, str) else {"fixture": dict(fixture)}
        self.call("POST", "/seed", given | {"mode": mode})

    @overload
    def export(self, format: Literal["json"] = "json") -> Row: ...
    @overload
    def export(self, format: Literal["yaml"]) -> str: ...
    def export(self, format: Literal["json", "yaml"] = "json") -> Row | str:
        """The workspace as a fixture that `seed` takes: a JSON object, or YAML as text."""
        found: Row | str = self.call("GET", "/export", format=format)
        return found

    def snapshots(self) -> list[str]:
        """The names of the snapshots, oldest first."""
        return [each["name"] for each in self.call("GET", "/snapshots")["snapshots"]]

    def save(self, name: str) -> None:
        """Remember leads, settings, clock and ids under that name."""
        self.call("PUT", f"/snapshots/{quote(name, safe='')}")

    def restore(self, name: str) -> None:
        """Hold again what was saved under that name."""
        self.call("POST", f"/snapshots/{quote(name, safe='')}/restore")

    def forget(self, name: str) -> None:
        """Have that snapshot no longer."""
        self.call("DELETE", f"/snapshots/{quote(name, safe='')}")

    @contextmanager
    def snapshot(self, name: str | None = None) -> Iterator[None]:
        """At the end of the block leads, settings, clock and ids are what they were before it.

        Without a name no snapshot is left.
        """
        own = name or f"block-{urandom(8).hex()}"
        self.save(own)
        try:
            yield
        finally:
            self.restore(own)
            if name is None:
                self.forget(own)

    def leads(self, vendor: str | None = None, q: str | None = None) -> list[Row]:
        """What is stored, of every vendor or of one, oldest first.

        Each with its `vendor`, `id`, and the `lead` under the vendor's names.

        `q` asks for leads with this text in one of their fields, in any letter case; a phone number
        in any spelling.
        """
        found: list[Row] = []
        after = None
        while True:
            page = self.call("GET", "/leads", vendor=vendor, q=q, limit=_PAGE, after=after)
            found += page["leads"]
            after = page["next"]
            if after is None:
                return found

    def lead(self, vendor: str, id: str | int) -> Row:
        """One `lead` (None where it was deleted) and its `history`.

        Each change to it, with the row `before` and `after`.
        """
        found: Row = self.call("GET", f"/leads/{quote(vendor, safe='')}/{quote(str(id), safe='')}")
        return found

    def requests(
        self,
        *,
        vendor: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        unmatched: bool | None = None,
        after: int = 0,
    ) -> list[Row]:
        """The journal, oldest first, a line for each request; all that is said must fit.

        `unmatched` asks for requests that no operation answers, or for the others; `after` for
        those with a greater number.
        """
        path = f"/workspaces/{quote(self.name, safe='')}/requests"
        return list(
            self.client.pages(
                path, after, vendor=vendor, operation=operation, status=status, unmatched=unmatched
            )
        )

    def request(self, number: int) -> Row:
        """One request: its answer, how leads were looked for, changed rows, its fault.

        The number is the `Mockserver-Request` header of the answer.
        """
        found: Row = self.call("GET", f"/requests/{number}")
        return found

    def forget_requests(self) -> None:
        """Empty the journal; numbers go on from where they were."""
        self.call("DELETE", "/requests")

    def verify(
        self,
        *requests: Filter,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        in_order: bool = False,
        after: int | None = None,
        **wanted: Unpack[Filter],
    ) -> Verdict:
        """The verdict on what the client asked.

        One filter, by keywords, or several, each of which must be met by a request of its own.

        One filter must fit `times` requests, or `at_least` and `at_most` so many; at least one
        where nothing is said. No filter at all means any request. `in_order` wants the requests of
        several filters one after the other. Only requests with a number greater than `after` count.

        Raises ControlError where a filter is misspelt, or where the journal had to drop what could
        decide.
        """
        filters = [*requests, *([wanted] if wanted or not requests else [])]
        limits = {
            "times": times,
            "at_least": at_least,
            "at_most": at_most,
            "after": after,
            "in_order": in_order or None,
        }
        given = {name: value for name, value in limits.items() if value is not None}
        return Verdict(
            **self.call(
                "POST",
                "/requests/verify",
                given | {"requests": [each or {"path": "*"} for each in filters]},
            )
        )

    def assert_called(
        self,
        *requests: Filter,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        in_order: bool = False,
        after: int | None = None,
        **wanted: Unpack[Filter],
    ) -> None:
        """Raise AssertionError, saying what was sent instead, unless `verify` passes."""
        __tracebackhide__ = True
        verdict = self.verify(
            *requests,
            times=times,
            at_least=at_least,
            at_most=at_most,
            in_order=in_order,
            after=after,
            **wanted,
        )
        if not verdict.passed:
            raise AssertionError(verdict.message)

    def assert_not_called(self, *, after: int | None = None, **wanted: Unpack[Filter]) -> None:
        """Raise AssertionError where a request fits; without a filter, where there is any."""
        __tracebackhide__ = True
        self.assert_called(times=0, after=after, **wanted)

    def add_fault(self, fault: str, **rule: Unpack[Rule]) -> Fault:
        """Add a fault rule. `fault` is a name of the catalogue (docs/faults.md)."""
        return Fault(self, self.call("POST", "/faults", {"fault": fault} | rule))

    def faults(self) -> list[Row]:
        """The fault rules in the order in which they are asked, with what came of them."""
        found: list[Row] = self.call("GET", "/faults")["faults"]
        return found

    def clear_faults(self) -> None:
        """Remove every fault rule."""
        self.call("DELETE", "/faults")

    def clock(self) -> Clock:
        """The workspace's clock."""
        return _clock(self.call("GET", "/clock"))

    def freeze(self, at: datetime | str | None = None) -> Clock:
        """Let the clock stand still.

        At an aware datetime or an ISO 8601 text, at the present moment without one.
        """
        return _clock(
            self.call(
                "PUT", "/clock", {"mode": "frozen"} | ({} if at is None else {"at": _instant(at)})
            )
        )

    def shift(self, by: timedelta | float) -> Clock:
        """Let the clock run ahead of the real time by this much; negative: behind it."""
        return _clock(
            self.call("PUT", "/clock", {"mode": "shifted", "shift_seconds": _seconds(by)})
        )

    def advance(self, by: timedelta | float) -> Clock:
        """Let that much time (or so many seconds) pass at once."""
        return _clock(self.call("POST", "/clock/advance", {"seconds": _seconds(by)}))

    def real_time(self) -> Clock:
        """Let the clock show the real time."""
        return _clock(self.call("PUT", "/clock", {"mode": "real"}))

    def settings(self) -> dict[str, dict[str, str | int | bool]]:
        """By vendor and name, what each switch for an undocumented behaviour stands on."""
        found = self.call("GET", "/settings")
        return {
            vendor: {each["name"]: each["value"] for each in switches}
            for vendor, switches in found.items()
        }

    def set(self, vendor: str, **values: str | int | bool | None) -> None:
        """Switch some of a vendor's settings, None being the default.

        All of them or, where one is wrong, none.
        """
        self.call("PATCH", "/settings", {vendor: values})

    @overload
    def report(self, format: Literal["json"] = "json") -> Row: ...
    @overload
    def report(self, format: Literal["markdown"]) -> str: ...
    def report(self, format: Literal["json", "markdown"] = "json") -> Row | str:
        """What the client did badly (`findings`), and what it reached (`coverage`).

        Or a page of Markdown that says so.
        """
        found: Row | str = self.call("GET", "/report", format=format)
        return found

    def har(self) -> Row:
        """The journal as an HTTP archive."""
        found: Row = self.call("GET", "/har")
        return found


def _clock(shown: Row) -> Clock:
    return Clock(
        shown["mode"],
        datetime.fromisoformat(shown["now"]),
        timedelta(seconds=shown["shift_seconds"]),
    )


def _instant(moment: datetime | str) -> str:
    if isinstance(moment, str):
        return moment
    if moment.tzinfo is None:
        raise ValueError(
            f"{moment!r} has no time zone: give it one, or say the moment as text, like "
            "2026-03-01T09:00:00Z"
        )
    return moment.isoformat()


def _seconds(by: timedelta | float) -> float:
    return by.total_seconds() if isinstance(by, timedelta) else by

"""A client of the control API, for tests and scripts; it needs the standard library only.

`Client` is for the server, `WorkspaceClient` for one workspace: its leads and what happens to them,
journal, faults, clock, settings and snapshots.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from os import urandom
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, Unpack, overload
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from mockserver.client_answers import (
    Attempt,
    ChangedLead,
    Clock,
    Delivery,
    DueStep,
    Event,
    LeadStory,
    Passed,
    Received,
    Row,
    Simulated,
    SimulatedLead,
    StreamEvent,
    read_clock,
    read_deliveries,
    read_delivery,
    read_due,
    read_due_or_none,
    read_events,
    read_received,
    read_simulated,
    read_story,
    read_stream,
)
from mockserver.client_webhooks import (
    INBOX,
    Receiver,
    Receivers,
    WebhookHandle,
    WebhookOptions,
    webhook_path,
)
from mockserver.errors import MockserverError

if TYPE_CHECKING:
    from http.client import HTTPConnection

__all__ = (
    "Attempt",
    "ChangedLead",
    "Client",
    "Clock",
    "ClockStopped",
    "ControlError",
    "Delivery",
    "DueStep",
    "Event",
    "Fault",
    "Filter",
    "LeadName",
    "LeadStory",
    "Passed",
    "Received",
    "Receiver",
    "Row",
    "Rule",
    "Simulated",
    "SimulatedLead",
    "StreamEvent",
    "Verdict",
    "WebhookHandle",
    "WebhookOptions",
    "WorkspaceClient",
)

_PAGE_SIZE = 1000
_MAX_TEXT = 300
_BETWEEN_COMMENTS = 15.0
"""So many seconds a stream may be silent."""

_JSON = "application/json"
_MEDIA_TYPES = (_JSON, "application/yaml", "text/markdown", "application/x-pem-file")

LeadName = str | int | Mapping[str, Any]
"""What names a lead: its id, external id, e-mail address or phone number, or a JSON object that has
its `id` or `leadId`, such as the vendor's own answer."""

_LEAD_IDS = ("id", "leadId")
_TOKEN = re.compile(r"[!-~]+")
"""What a header can carry as a token. A message never shows one that is not."""

SettingValue = str | int | bool | Sequence[float]
"""The value of a vendor's setting; a list of numbers where the setting is one."""


class ControlError(MockserverError):
    """The server refused a request, or no server answered; the text says what is wrong.

    `status` and `title` are those of the answer; without an answer they are 0 and `No answer`.
    `detail` says what is wrong and what would be right. `errors` has one mapping for each problem:
    its `detail`, and the `pointer` into the body or the `parameter` that it is about.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)


class ClockStopped(MockserverError):
    """The clock did not go all the way, as more was due than one call may play.

    `passed` says how far it went and what happened. The next call goes on from there.
    """

    def __init__(self, passed: Passed) -> None:
        super().__init__(
            f"the clock stopped at {passed.now.isoformat()} after {passed.steps} due steps, which "
            "is as many as one call may play (--max-steps); the rest is still due: move the clock "
            "again to go on"
        )
        self.passed = passed


class Filter(TypedDict, total=False):
    """Which requests fit. All fields that are given must fit.

    `path` is below the vendor's prefix and may contain `*`. An object in `body` fits an object that
    has these members, whatever else it has.

    Values in `query`, `headers` and `body` may be matchers: those of the control API, such as
    `{"$absent": True}`, and in their place `unittest.mock.ANY` and a `re.Pattern`. A `Decimal` is a
    number.
    """

    vendor: str
    operation: str
    method: str
    path: str
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    body: Any
    status: int
    fault: str


class Rule(TypedDict, total=False):
    """Which requests get a fault, and how often (docs/faults.md)."""

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
    """Whether the client sent the expected requests, and why.

    `found` has the numbers of the requests that fit. `nearest` has the requests that come closest
    to a missing one, each with its `differences`.
    """

    passed: bool
    message: str
    found: list[int]
    nearest: list[Row]


class _Outgoing(NamedTuple):
    """The number of the last delivery, and those that are pending."""

    last: int
    pending: list[int]


class Client:
    """The control API of a running server.

    Every call is one request on a connection of its own, so threads may share a client.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        timeout: float = 10.0,
        patience: float = 600.0,
    ) -> None:
        """`url` is the server's own, like `http://127.0.0.1:8080`.

        `token` is the server's admin token, if it has one. `timeout` is in seconds. `patience` is
        how many seconds longer an answer may take for which much has to happen first: to a clock
        that is moved, or to a simulate.

        Raises ValueError for what is not the URL of a server, and for a token that no header can
        carry.
        """
        self._parts = _split_server_url(url)
        self.url = url.rstrip("/")
        self.patience = patience
        if token and not _TOKEN.fullmatch(token):
            raise ValueError("the admin token must be ASCII characters without spaces")
        self._token = token
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def health(self) -> Row:
        """The server's `status`, its `version`, and `base_urls` by vendor."""
        answer: Row = self.call("GET", "/health")
        return answer

    def reset(self) -> None:
        """Put the default workspace and those of the fixture's accounts back to the seed.

        All others are deleted, with their snapshots and journals.
        """
        self.call("POST", "/reset")

    def workspaces(self) -> list[Row]:
        """For each workspace its `name`, its number of `requests`, and of `leads` by vendor.

        `last_request` is when it got the last one.
        """
        answer: list[Row] = self.call("GET", "/workspaces")["workspaces"]
        return answer

    def create(
        self,
        name: str | None = None,
        *,
        at: datetime | str | None = None,
        ids: str | None = None,
    ) -> "WorkspaceClient":
        """Create a workspace with a copy of the seed; its name doubles as its credential.

        Without a name the server chooses a free one. With `at` (an aware datetime or ISO 8601 text)
        its clock stands at that moment, and relative times of the seed are those of then. `ids` is
        any text: with the seed it decides from which ids new leads, calls and webhooks count, so
        that workspaces with different texts do not give the same ones.
        """
        body = {} if name is None else {"name": name}
        if ids is not None:
            body["ids"] = ids
        if at is not None:
            body["at"] = iso_text(at)
        created = self.call("POST", "/workspaces", body)
        return WorkspaceClient(self, created["name"], created)

    def workspace(self, name: str) -> "WorkspaceClient":
        """The workspace of that name. The first call shows whether it exists."""
        return WorkspaceClient(self, name)

    def unclaimed(self, after: int = 0) -> list[Row]:
        """The requests that reached no workspace: their credential was missing or refused.

        Or they had none, and the path of no vendor. Only those with a number greater than `after`.
        """
        return list(self.pages("/requests", after=after))

    def fault_kinds(self) -> Row:
        """The catalogue of `faults`, and the `magic` values that trigger one without a rule."""
        answer: Row = self.call("GET", "/faults")
        return answer

    def fidelity(self) -> dict[str, Row]:
        """By vendor, its operations, rules and settings, with how sure the server is of each."""
        answer: dict[str, Row] = self.call("GET", "/fidelity")["vendors"]
        return answer

    def document(self, name: str, *, for_generators: bool = False) -> Row:
        """The OpenAPI document of a vendor, or that of this API: `control`.

        Its server is this one. With `for_generators` it says in simpler words what generators of
        clients cannot read.
        """
        query: dict[str, Any] = {"for": "generators" if for_generators else None}
        answer: Row = self.call("GET", f"/documents/{_quoted(name)}.json", **query)
        return answer

    def authority(self) -> str:
        """The certificate that clients of a server with `--tls` have to trust, in PEM."""
        text: str = self.call("GET", "/authority.pem")
        return text

    def stream(
        self, after: int | None = None, *, seconds: float | None = None
    ) -> Iterator[StreamEvent]:
        """Which workspaces come and go, and the requests that reach none, as it happens.

        See `WorkspaceClient.stream`.
        """
        return self.streamed("/stream", after=after, seconds=seconds)

    def streamed(self, path: str, **query: Any) -> Iterator[StreamEvent]:
        """The events of a stream at a path below `/__admin`. Raises ControlError."""
        from http.client import HTTPException

        target = f"{self._parts.path}/__admin{path}{_query_string(query)}"
        connection = self._connection(_BETWEEN_COMMENTS)
        try:
            connection.request("GET", target, headers=self._headers(None))
            answer = connection.getresponse()
            if answer.status >= 300:
                raise _refusal(answer.status, answer.headers.get_content_type(), answer.read())
            yield from read_stream(answer)
        except (OSError, HTTPException) as error:
            raise self._no_answer(error) from error
        finally:
            connection.close()

    def pages(self, path: str, after: int, **query: Any) -> Iterator[Row]:
        """The entries of a journal with a number greater than `after`, page after page."""
        while True:
            answer = self.call("GET", path, after=after, limit=_PAGE_SIZE, **query)
            page = answer["requests"]
            yield from page
            if len(page) < _PAGE_SIZE:
                return
            after = page[-1]["number"]

    def call(
        self, method: str, path: str, body: Any = None, *, patience: float = 0.0, **query: Any
    ) -> Any:
        """Send a request to a path below `/__admin`; returns the content of the answer.

        That is a JSON value, or text for another media type, or None for an empty body. A query
        parameter that is None is left out. `patience` is how many seconds longer than usual the
        answer may take.

        Raises ControlError.
        """
        # Imported late: the pytest plugin loads this module in test runs that never use it.
        from http.client import HTTPException

        target = f"{self._parts.path}/__admin{path}{_query_string(query)}"
        content = None if body is None else json.dumps(body)
        try:
            status, media_type, raw = self._exchange(method, target, content, patience)
        except (OSError, HTTPException) as error:
            raise self._no_answer(error) from error
        # Anything may answer with plain text: only who asked for it takes it for an answer.
        is_text = media_type == "text/plain" and query.get("format") == "text"
        is_known = is_text or media_type in _MEDIA_TYPES
        if status >= 300 or (raw and not is_known):
            raise _refusal(status, media_type, raw)
        if media_type == _JSON:
            return json.loads(raw)
        return raw.decode() or None

    def _exchange(
        self, method: str, target: str, body: str | None, patience: float
    ) -> tuple[int, str, bytes]:
        """The status, media type and body of the answer."""
        connection = self._connection(patience)
        try:
            connection.request(method, target, body and body.encode(), self._headers(body))
            answer = connection.getresponse()
            return answer.status, answer.headers.get_content_type(), answer.read()
        finally:
            connection.close()

    def _connection(self, patience: float) -> "HTTPConnection":
        """A connection whose answers may take so many seconds longer than usual."""
        from http.client import HTTPConnection, HTTPSConnection

        connect = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        timeout = self._timeout + patience
        return connect(str(self._parts.hostname), self._parts.port, timeout=timeout)

    def _headers(self, body: str | None) -> dict[str, str]:
        headers = {}
        if body is not None:
            headers["Content-Type"] = _JSON
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _no_answer(self, error: Exception) -> ControlError:
        # `strerror` is the system's sentence, without the number in front that `str` adds.
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return ControlError(0, "No answer", f"there is no mockserver at {self.url}: {reason}")


def _split_server_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.rstrip("/") if isinstance(url, str) else "")
        # `port` raises ValueError for a text that is no port number.
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise ValueError(f"{url!r} is not the URL of a server, like http://127.0.0.1:8080")


def _query_string(query: Mapping[str, Any]) -> str:
    given = {}
    for name, value in query.items():
        if isinstance(value, bool):
            given[name] = json.dumps(value)
        elif value is not None:
            given[name] = value
    return f"?{urlencode(given)}" if given else ""


def _refusal(status: int, media_type: str, raw: bytes) -> ControlError:
    if media_type != "application/problem+json":
        beginning = raw[:_MAX_TEXT].decode(errors="replace")
        return ControlError(
            status,
            "No mockserver",
            f"something else answers there: {beginning}",
        )
    problem = json.loads(raw)
    return ControlError(
        status,
        problem["title"],
        problem["detail"],
        problem.get("errors", ()),
    )


class Fault:
    """A fault rule on the server. As a context manager it is removed at the end of the block.

    `rule` is what the server said when the rule was added.
    """

    def __init__(self, workspace: "WorkspaceClient", rule: Row) -> None:
        self._workspace = workspace
        self.rule = rule
        self.id: int = rule["id"]

    @property
    def applied(self) -> int:
        """How many requests have got the fault so far; 0 after the rule was removed."""
        for rule in self._workspace.faults():
            if rule["id"] == self.id:
                return int(rule["applied"])
        return 0

    def remove(self) -> None:
        """Remove the rule. Nothing happens if it is removed already."""
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
        """`known` is the server's description of the workspace, if it was asked already."""
        self.client = client
        self.name = name
        self._known = known
        self._receivers = Receivers(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.client.url}>"

    def call(self, method: str, path: str = "", body: Any = None, **query: Any) -> Any:
        """Send a request to a path below this workspace's own; see `Client.call`."""
        return self.client.call(method, self._path + path, body, **query)

    @property
    def _path(self) -> str:
        return f"/workspaces/{_quoted(self.name)}"

    @cached_property
    def _access(self) -> Row:
        answer: Row = self._known or self.call("GET")
        return answer

    @property
    def base_urls(self) -> dict[str, str]:
        """By vendor, the base URL for a client of its API."""
        urls: dict[str, str] = self._access["base_urls"]
        return urls

    @property
    def credentials(self) -> dict[str, dict[str, str]]:
        """By vendor, the headers that lead a request into this workspace.

        There are none where the vendor's credential stands in the query: see `credential_queries`.

        Raises MockserverError if the server does not show them: no such credential gets in.
        """
        return {vendor: access["headers"] for vendor, access in self._credential_parts().items()}

    @property
    def credential_queries(self) -> dict[str, dict[str, str]]:
        """By vendor, the query parameters that do the same; mostly none.

        Raises MockserverError as `credentials` does.
        """
        parts = self._credential_parts()
        return {vendor: access.get("query", {}) for vendor, access in parts.items()}

    def _credential_parts(self) -> dict[str, Any]:
        parts: dict[str, Any] | None = self._access["credentials"]
        if parts is None:
            raise MockserverError(
                f"the server does not show the credentials of {self.name}: "
                "only declared accounts get in, and this is none"
            )
        return parts

    def reset(self) -> None:
        """Put leads, settings, clock and ids back to the seed; remove faults and journal.

        Snapshots stay.
        """
        self.call("POST", "/reset")

    def delete(self) -> None:
        """Delete the workspace; the next request with its credential creates a new one."""
        self.call("DELETE")

    def seed(
        self, fixture: str | Mapping[str, Any], mode: Literal["replace", "merge"] = "replace"
    ) -> None:
        """Load a fixture, or the bundled fixture of that name.

        A fixture with a mistake in it changes nothing. Raises TypeError for what is neither.
        """
        if isinstance(fixture, str):
            self.call("POST", "/seed", {"name": fixture, "mode": mode})
            return
        if not isinstance(fixture, Mapping):
            raise TypeError(f"{fixture!r} is neither the content of a fixture nor a name")
        self.call("POST", "/seed", {"fixture": dict(fixture), "mode": mode})

    def seed_text(self, text: str, mode: Literal["replace", "merge"] = "replace") -> None:
        """Load a fixture from the text of a fixture file, in YAML or JSON."""
        self.call("POST", "/seed", {"text": text, "mode": mode})

    @overload
    def export(self, format: Literal["json"] = "json") -> Row: ...
    @overload
    def export(self, format: Literal["yaml"]) -> str: ...
    def export(self, format: Literal["json", "yaml"] = "json") -> Row | str:
        """The workspace as a fixture for `seed`: a JSON object, or YAML as text."""
        fixture: Row | str = self.call("GET", "/export", format=format)
        return fixture

    def snapshots(self) -> list[str]:
        """The names of the snapshots, oldest first."""
        answer = self.call("GET", "/snapshots")
        return [snapshot["name"] for snapshot in answer["snapshots"]]

    def save(self, name: str) -> None:
        """Save leads, settings, clock and ids under that name."""
        self.call("PUT", f"/snapshots/{_quoted(name)}")

    def restore(self, name: str) -> None:
        """Bring back what was saved under that name."""
        self.call("POST", f"/snapshots/{_quoted(name)}/restore")

    def forget(self, name: str) -> None:
        """Delete the snapshot of that name."""
        self.call("DELETE", f"/snapshots/{_quoted(name)}")

    @contextmanager
    def snapshot(self, name: str | None = None) -> Iterator[None]:
        """Bring leads, settings, clock and ids back at the end of the block.

        A snapshot with a name stays on the server.
        """
        # A random name, so that blocks within blocks keep apart.
        chosen = name or f"block-{urandom(8).hex()}"
        self.save(chosen)
        try:
            yield
        finally:
            self.restore(chosen)
            if name is None:
                self.forget(chosen)

    def leads(self, vendor: str | None = None, q: str | None = None) -> list[Row]:
        """The stored leads of every vendor, or of one, oldest first.

        Each has its `vendor`, its `id`, and the `lead` with the vendor's field names.

        `q` selects leads with this text in one of their fields, in any letter case; a phone number
        in any spelling.
        """
        pages = self._pages_of("/leads", vendor=vendor, q=q)
        return [lead for page in pages for lead in page["leads"]]

    def lead(self, vendor: str, id: str | int) -> Row:
        """One `lead` (None if it was deleted), its `history`, `events` and `deliveries`.

        The history has each change by a request, with the row `before` and `after`.
        """
        answer: Row = self.call("GET", f"/leads/{_quoted(vendor)}/{_quoted(str(id))}")
        return answer

    def people(
        self,
        q: str | None = None,
        *,
        filter: Literal["all", "calls", "won", "gaps", "shared"] | None = None,
        order: Literal["changed", "name"] | None = None,
    ) -> list[Row]:
        """The people that the leads of all vendors are, the one that changed last first.

        `q` is a text in a name, e-mail address, phone number or id. `filter` chooses those that are
        called, those with a lead that is won, those without a lead of some vendor, or those who
        share an e-mail address or phone number.
        """
        pages = self._pages_of("/people", q=q, filter=filter, order=order)
        return [person for page in pages for person in page["people"]]

    def person(self, vendor: str, id: str | int) -> Row:
        """The person that a lead belongs to: leads, what is due, and what happened to them."""
        answer: Row = self.call("GET", f"/people/{_quoted(vendor)}/{_quoted(str(id))}")
        return answer

    def change_lead(
        self, vendor: str, lead: LeadName, fields: Mapping[str, Any], *, events: bool = True
    ) -> ChangedLead:
        """Change a lead as an update by the vendor's API would, without a request of the journal.

        `fields` are those of the vendor's API. Without `events` nobody hears of it.
        """
        body = {"fields": dict(fields), "events": events}
        answer = self._patient("PATCH", _lead_path(vendor, lead), body)
        return ChangedLead(answer["lead"], read_events(answer["events"]))

    def simulate(
        self,
        vendor: str,
        lead: LeadName | None = None,
        outcome: str | None = None,
        *,
        leads: Sequence[LeadName] | None = None,
        duration: int | None = None,
        collected: Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
        phase: Literal["whole", "start", "end"] | None = None,
        call: str | int | None = None,
        when: datetime | timedelta | float | str | None = None,
        preview: bool | None = None,
        force: bool | None = None,
        wait: bool | None = None,
    ) -> Simulated:
        """Let something happen to a lead now: a call and what it ends in. The clock stands still.

        `outcomes` lists what there is. With `leads` it happens to each of many, or to none of them.
        `duration` is in seconds, `collected` what the conversation finds out, and `fields` lay
        other values over those of the outcome. With `phase="start"` the call goes on until it is
        ended with `phase="end"` and its id as `call`. With `when` (a moment, or the time until
        then) it becomes a due step. `preview` only tells what would happen. `force` lets it happen
        where the state of the lead excludes it. It returns once the receivers of webhooks have
        answered, unless `wait` is false.
        """
        given = {
            "lead": None if lead is None else _lead_value(lead),
            "leads": None if leads is None else [_lead_value(each) for each in leads],
            "outcome": outcome,
            "duration": duration,
            "collected": collected,
            "fields": fields,
            "phase": phase,
            "call": call,
            "when": _when(when),
            "preview": preview,
            "force": force,
            "wait": wait,
        }
        body: Row = {"vendor": vendor}
        body |= {name: value for name, value in given.items() if value is not None}
        shown = self._patient("POST", "/simulate", body)
        if any(each["state"] == "held" for each in shown["deliveries"]):
            # A function has got them since.
            shown["deliveries"] = [self._as_it_is(each) for each in shown["deliveries"]]
        return read_simulated(shown)

    def _as_it_is(self, delivery: Row) -> Row:
        """A delivery as it is now; one that a reset has taken away is dropped."""
        try:
            found: Row = self.call("GET", f"/deliveries/{delivery['number']}")
        except ControlError as error:
            if error.status != 404:
                raise
            return delivery | {"state": "dropped"}
        return found

    def outcomes(self, vendor: str | None = None, lead: LeadName | None = None) -> list[Row]:
        """What a call can end in, with how sure each field is.

        With a lead each has the `events` that it would make happen, and why it is `refused`.
        """
        text = None if lead is None else _lead_text(lead)
        answer: list[Row] = self.call("GET", "/outcomes", vendor=vendor, lead=text)["outcomes"]
        return answer

    def due(self, vendor: str | None = None, lead: LeadName | None = None) -> list[DueStep]:
        """What will happen by itself, earliest first; what is held comes last."""
        text = None if lead is None else _lead_text(lead)
        pages = self._pages_of("/due", vendor=vendor, lead=text)
        return [read_due(each) for page in pages for each in page["due"]]

    def remove_due(self, step: DueStep | int) -> None:
        """Have a due step not happen."""
        number = step.number if isinstance(step, DueStep) else step
        self.call("DELETE", f"/due/{number}")

    def autopilot(self) -> dict[str, Row]:
        """By vendor, which leads are played (`mode`), the `weights` of stories, the `stories`."""
        answer: dict[str, Row] = self.call("GET", "/autopilot")
        return answer

    def set_autopilot(
        self,
        vendor: str,
        *,
        mode: Literal["off", "magic", "all"] | None = None,
        weights: Mapping[str, float] | None = None,
        stories: Mapping[str, Sequence[Any]] | None = None,
    ) -> Row:
        """Change what is given of a vendor's autopilot; returns it as it is then.

        With the mode `magic` only leads with a story of their own or a magic value are played, with
        `all` every lead. `weights` say how often each story is drawn. `stories` adds some by name.
        """
        given = {"mode": mode, "weights": weights, "stories": stories}
        wanted = {name: value for name, value in given.items() if value is not None}
        answer: Row = self._patient("PUT", "/autopilot", {vendor: wanted})[vendor]
        return answer

    def story(
        self, vendor: str, lead: LeadName, steps: str | Sequence[str | Mapping[str, Any]]
    ) -> LeadStory:
        """Decide what the calls to a lead end in, one after the other; the last step repeats.

        `steps` are outcomes, each alone or as an object with `outcome`, `after`, `duration`,
        `collected` and `fields`; or the name of a story that the workspace has. The first call is
        planned at once.
        """
        body = {"story": steps} if isinstance(steps, str) else list(steps)
        path = f"{_lead_path(vendor, lead)}/story"
        return read_story(self.call("PUT", path, body))

    def clear_story(self, vendor: str, lead: LeadName) -> None:
        """Have a lead not called by itself any more."""
        self.call("DELETE", f"{_lead_path(vendor, lead)}/story")

    def events(
        self,
        after: int = 0,
        *,
        vendor: str | None = None,
        lead: LeadName | None = None,
        kind: str | None = None,
    ) -> list[Event]:
        """What happened to leads and calls, oldest first, with a number greater than `after`.

        An event must fit all that is given. The server keeps a number of them; the oldest go.
        """
        text = None if lead is None else _lead_text(lead)
        pages = self._pages_of("/events", after=after, vendor=vendor, lead=text, kind=kind)
        return [event for page in pages for event in read_events(page["events"])]

    def stream(
        self, after: int | None = None, *, seconds: float | None = None
    ) -> Iterator[StreamEvent]:
        """What happens in the workspace, as it happens; the first event is a `hello`.

        It goes on behind the event with the number `after`, else from now on, and ends after so
        many `seconds`, else when the server stops or you close it.
        """
        path = f"/workspaces/{_quoted(self.name)}/stream"
        return self.client.streamed(path, after=after, seconds=seconds)

    def _pages_of(self, path: str, after: Any = None, **query: Any) -> Iterator[Row]:
        """The pages of a list that says itself what comes next."""
        more = True
        while more:
            page = self.call("GET", path, after=after, limit=_PAGE_SIZE, **query)
            yield page
            after = page["next"]
            more = after is not None

    def _patient(self, method: str, path: str, body: Any) -> Any:
        """Send a request whose answer may take long: much may have to happen first.

        The functions that are webhooks get what is held for them meanwhile.
        """

        def request() -> Any:
            return self.call(method, path, body, patience=self.client.patience)

        return self._receivers.during(request)

    def requests(
        self,
        *,
        vendor: str | None = None,
        operation: str | None = None,
        status: int | str | None = None,
        fault: str | None = None,
        unmatched: bool | None = None,
        q: str | None = None,
        after: int = 0,
        before: int | None = None,
    ) -> list[Row]:
        """A summary of each request in the journal, oldest first, with the reason of its answer.

        A request must fit all that is given. `status` is a number, or a class as "4xx"; `fault` the
        name of one. `unmatched` selects the requests for which there is no operation (True) or the
        others (False), `q` those that have the text in target, body or answer, `after` and `before`
        those with a greater and a smaller number.
        """
        return list(
            self.client.pages(
                f"{self._path}/requests",
                after,
                vendor=vendor,
                operation=operation,
                status=status,
                fault=fault,
                unmatched=unmatched,
                q=q,
                before=before,
            )
        )

    def requests_text(self, lines: int | None = None) -> str:
        """The last requests as text, oldest first: what was sent, what came of it, and why.

        It has at most so many lines, 40 unless more are asked for.
        """
        text: str = self.call("GET", "/requests", format="text", lines=lines)
        return text

    def request(self, number: int) -> Row:
        """One request: its answer, the search for leads, the changed rows, its fault.

        The number is the `Mockserver-Request` header of the answer.
        """
        answer: Row = self.call("GET", f"/requests/{number}")
        return answer

    def forget_requests(self) -> None:
        """Empty the journal. The numbering of requests goes on."""
        self.call("DELETE", "/requests")

    def verify(
        self,
        *requests: Filter,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        in_order: bool = False,
        after: int | None = None,
        within: timedelta | float = 0,
        **wanted: Unpack[Filter],
    ) -> Verdict:
        """The verdict on what the client sent.

        Give one filter by keywords, or several filters; without a filter, any request fits.

        One filter must fit exactly `times` requests, or from `at_least` to `at_most`; without these
        numbers, at least one. Each of several filters must fit a request of its own. `in_order`:
        these requests came in the order of their filters. `after`: only requests with a greater
        number count. `within`: wait so many seconds for what has not come yet; where nothing must
        come, until they are over.

        Raises TypeError or ValueError for what a filter cannot have.

        Raises ControlError for a misspelt filter, and if the journal has dropped requests that the
        verdict depends on.
        """
        filters = list(requests)
        if wanted or not requests:
            filters.append(wanted)
        limits = {
            "times": times,
            "at_least": at_least,
            "at_most": at_most,
            "after": after,
            "in_order": in_order or None,
            "within": _seconds(within) or None,
        }
        body: Row = {name: value for name, value in limits.items() if value is not None}
        # The API refuses an empty filter: it is more often a mistake than a wish.
        body["requests"] = [_filter_as_json(each) or {"path": "*"} for each in filters]
        return self._judge(body)

    def _judge(self, expectation: Row) -> Verdict:
        patience = expectation.get("within", 0)
        return Verdict(**self.call("POST", "/requests/verify", expectation, patience=patience))

    def assert_called(
        self,
        *requests: Filter,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        in_order: bool = False,
        after: int | None = None,
        within: timedelta | float = 0,
        **wanted: Unpack[Filter],
    ) -> None:
        """Raise AssertionError unless `verify` passes; the message says what was sent instead."""
        __tracebackhide__ = True  # pytest then shows the line of the test, not this one
        verdict = self.verify(
            *requests,
            times=times,
            at_least=at_least,
            at_most=at_most,
            in_order=in_order,
            after=after,
            within=within,
            **wanted,
        )
        if not verdict.passed:
            raise AssertionError(verdict.message)

    def assert_not_called(
        self,
        *,
        after: int | None = None,
        within: timedelta | float = 0,
        **wanted: Unpack[Filter],
    ) -> None:
        """Raise AssertionError if a request fits; without a filter, if there is any request.

        `within`: one that comes in so many seconds from now counts too.
        """
        __tracebackhide__ = True
        self.assert_called(times=0, after=after, within=within, **wanted)

    def webhook(
        self,
        vendor: str,
        kind: str,
        to: str | Receiver | None = None,
        *,
        pearl: str | None = None,
        **options: Unpack[WebhookOptions],
    ) -> WebhookHandle:
        """Set a webhook. `kind` is the vendor's word for what it is told of (docs/webhooks.md).

        `to` is where it goes: a URL, `inbox:` and a name, or a function that gets the payload of
        each delivery and returns a status, a pair of status and body, or None for 204. An error in
        the function is raised in the test too. Without `to` it has an inbox of its own, whose
        contents the handle shows.

        `pearl` is the id of the one object whose events it wants, where the vendor has such
        webhooks; without it, of all. `options` say how deliveries are made. A webhook of a kind of
        which the vendor has only one takes the place of the one before.
        """
        where = to
        if to is None:
            where = f"{INBOX}{kind.lower()}-{urandom(4).hex()}"
        elif callable(to):
            where = "hold"
        body: Row = {"vendor": vendor, "kind": kind, "to": where}
        if pearl is not None:
            body["scope"] = pearl
        if options:
            body["options"] = options
        handle = WebhookHandle(self, self._patient("POST", "/webhooks", body))
        if callable(to):
            self._receivers.add(handle.key, to)
        return handle

    def webhooks(self, vendor: str | None = None) -> list[Row]:
        """Every webhook, those of fixtures too, with what came of its `last` delivery."""
        shown: list[Row] = self.call("GET", "/webhooks", vendor=vendor)["webhooks"]
        return shown

    def change_webhook(
        self,
        webhook: WebhookHandle | str,
        to: str | None = None,
        **options: Unpack[WebhookOptions],
    ) -> Row:
        """Change where a webhook goes, or how deliveries are made; None is as it was at first.

        It is named by its handle, or by vendor and id with a slash between. With `stopped=None` one
        goes on that a loop has stopped.
        """
        body: Row = {} if to is None else {"to": to}
        if options:
            body["options"] = options
        shown: Row = self._patient("PATCH", webhook_path(webhook), body)
        return shown

    def remove_webhook(self, webhook: WebhookHandle | str) -> None:
        """Remove a webhook; what is pending for it is dropped."""
        self.call("DELETE", webhook_path(webhook))
        self._receivers.remove(_key(webhook))

    def test_webhook(
        self, webhook: WebhookHandle | str, *, wrong_credential: bool = False
    ) -> Delivery:
        """Send an example to a webhook, and wait for what comes of it.

        The example is the last payload of its kind, or what a lead of the workspace would make.
        With a wrong credential a receiver that checks it refuses.
        """
        body = {"credential": "wrong"} if wrong_credential else {}
        path = f"{webhook_path(webhook)}/test"
        return self._settled(read_delivery(self._patient("POST", path, body)))

    def deliveries(
        self,
        after: int = 0,
        *,
        webhook: WebhookHandle | str | None = None,
        vendor: str | None = None,
        lead: LeadName | None = None,
        kind: str | None = None,
        state: str | None = None,
    ) -> list[Delivery]:
        """What webhooks were told, or are still to be told, oldest first, with every attempt.

        Those with a number greater than `after`. A delivery must fit all that is given.
        """
        pages = self._pages_of(
            "/deliveries",
            after=after,
            webhook=None if webhook is None else _key(webhook),
            vendor=vendor,
            lead=None if lead is None else _lead_text(lead),
            kind=kind,
            state=state,
        )
        return [each for page in pages for each in read_deliveries(page["deliveries"])]

    def deliveries_text(self, lines: int | None = None) -> str:
        """The last deliveries as text, oldest first, with what came of each attempt.

        It has at most so many lines, 40 unless more are asked for.
        """
        text: str = self.call("GET", "/deliveries", format="text", lines=lines)
        return text

    def delivery(self, number: int) -> Delivery:
        """One delivery. The header `Mockserver-Delivery` names it: `7.1` is attempt 1 of 7."""
        return read_delivery(self.call("GET", f"/deliveries/{number}"))

    def redeliver(self, delivery: Delivery | int) -> Delivery:
        """Try a delivery once more, at once and with the body of then; waits for the answer."""
        path = f"/deliveries/{_number(delivery)}/redeliver"
        return self._settled(read_delivery(self._patient("POST", path, None)))

    def settle(
        self,
        delivery: Delivery | int,
        status: int | None = None,
        *,
        error: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Delivery:
        """Say what the receiver of a held delivery answered, or with `error` why it did not."""
        given = {"status": status, "error": error, "headers": headers, "body": body}
        wanted = {name: value for name, value in given.items() if value is not None}
        path = f"/deliveries/{_number(delivery)}/settle"
        return read_delivery(self.call("POST", path, wanted))

    def _settled(self, delivery: Delivery) -> Delivery:
        """The delivery once the function that it is for has got it."""
        if delivery.state != "held":
            return delivery
        return self._receivers.during(lambda: self.delivery(delivery.number))

    def deliver_held(self) -> None:
        """Call the functions that are webhooks with what is held for them.

        What needs it is a request of the client under test: `simulate`, `advance` and
        `assert_delivered` do it themselves.
        """
        self._receivers.during(lambda: None)

    def verify_deliveries(
        self,
        *deliveries: Mapping[str, Any],
        times: int | None = None,
        in_order: bool = False,
        after: int | None = None,
        within: timedelta | float = 0,
    ) -> Verdict:
        """The verdict on what receivers were told.

        Each filter has some of `webhook`, `vendor`, `kind`, `lead`, `state` and `body`; values in
        the body may be matchers, as in `Filter`. One filter must fit exactly `times` deliveries,
        without that at least one. Each of several must fit a delivery of its own. `in_order`: they
        arrived in the order of the filters. `after`: only those with a greater number count.
        `within`: wait so many seconds for what has not come yet.

        Raises ControlError for a filter that no delivery can ever fit.
        """
        limits = {
            "times": times,
            "in_order": in_order or None,
            "after": after,
            "within": _seconds(within) or None,
        }
        body: Row = {name: value for name, value in limits.items() if value is not None}
        body["deliveries"] = [_delivery_filter(each) for each in deliveries]
        patience = body.get("within", 0)

        def judge() -> Verdict:
            return Verdict(**self.call("POST", "/deliveries/verify", body, patience=patience))

        return self._receivers.during(judge)

    def assert_delivered(
        self,
        webhook: WebhookHandle | str,
        *bodies: Any,
        times: int | None = None,
        in_order: bool = False,
        lead: LeadName | None = None,
        after: int | None = None,
        within: timedelta | float | None = None,
        state: str | None = "delivered",
    ) -> None:
        """Raise AssertionError unless the receiver of a webhook got these payloads.

        A body fits a payload that has these members, whatever else it has; without a body any
        payload fits. Otherwise as `verify_deliveries`. `state` is what must have become of them,
        None: anything. It waits for five seconds at most, and not at all where there must be none
        (`times=0`), unless `within` says otherwise.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test, not this one
        wanted: Row = {"webhook": _key(webhook)}
        if state is not None:
            wanted["state"] = state
        if lead is not None:
            wanted["lead"] = _lead_value(lead)
        if within is None:
            within = 0 if times == 0 else _PATIENCE
        filters = [wanted | {"body": body} for body in bodies] or [wanted]
        verdict = self.verify_deliveries(
            *filters, times=times, in_order=in_order, after=after, within=within
        )
        if not verdict.passed:
            raise AssertionError(verdict.message)

    def inboxes(self) -> list[Row]:
        """Each inbox by its `name`, with how many `entries` it has and what it answers."""
        shown: list[Row] = self.call("GET", "/inboxes")["inboxes"]
        return shown

    def inbox(self, name: str, after: int = 0) -> list[Received]:
        """What came into an inbox, oldest first, with a number greater than `after`."""
        pages = self._pages_of(f"/inbox/{_quoted(name)}", after=after)
        return [read_received(each) for page in pages for each in page["received"]]

    def inbox_url(self, name: str) -> str:
        """The address of an inbox, for whoever is to send something to it."""
        return f"{self.client.url}/__admin{self._path}/inbox/{_quoted(name)}"

    def set_inbox(
        self,
        name: str,
        *answers: int | Mapping[str, Any],
        then: int | Mapping[str, Any] | None = None,
    ) -> None:
        """Decide what an inbox answers: with these, one by one, and from then on with `then`.

        An answer is a status, or an object with some of `status`, `seconds` (until it comes),
        `headers` and `body`. Without `then` it is 204.
        """
        body: Row = {"answers": [_inbox_answer(each) for each in answers]}
        if then is not None:
            body["then"] = _inbox_answer(then)
        self.call("PUT", f"/inbox/{_quoted(name)}", body)

    def clear_inbox(self, name: str) -> None:
        """Forget what came into an inbox, and what it answers."""
        self.call("DELETE", f"/inbox/{_quoted(name)}")

    def add_fault(self, fault: str, **rule: Unpack[Rule]) -> Fault:
        """Add a fault rule. `fault` is a name of the catalogue (docs/faults.md)."""
        return Fault(self, self.call("POST", "/faults", {"fault": fault} | rule))

    def preview_fault(
        self, fault: str, vendor: str, operation: str | None = None, **parameters: Any
    ) -> Row:
        """What a client would get for a fault with these parameters: `status`, `headers`, `body`.

        The status is 0 where no answer comes. Nothing changes.
        """
        body: Row = {"fault": fault, "vendor": vendor, "parameters": parameters}
        if operation is not None:
            body["operation"] = operation
        answer: Row = self.call("POST", "/faults/preview", body)
        return answer

    def faults(self) -> list[Row]:
        """The fault rules in the order in which they are tried, with how often each applied."""
        rules: list[Row] = self.call("GET", "/faults")["faults"]
        return rules

    def clear_faults(self) -> None:
        """Remove every fault rule."""
        self.call("DELETE", "/faults")

    def clock(self) -> Clock:
        """The workspace's clock."""
        return read_clock(self.call("GET", "/clock"))

    def freeze(self, at: datetime | str | None = None, *, fire: bool = True) -> Clock:
        """Stop the clock: at an aware datetime or ISO 8601 text, or else at what it shows now.

        What falls due on the way there happens, unless `fire` is false. Raises ClockStopped as
        `advance` does.
        """
        body: Row = {"mode": "frozen", "fire": fire}
        if at is not None:
            body["at"] = iso_text(at)
        return self._turn("PUT", "/clock", body)

    def shift(self, by: timedelta | float, *, fire: bool = True) -> Clock:
        """Run the clock ahead of the real time by this much; a negative value: behind it."""
        body = {"mode": "shifted", "shift_seconds": _seconds(by), "fire": fire}
        return self._turn("PUT", "/clock", body)

    def advance(
        self,
        by: timedelta | float | None = None,
        *,
        to: datetime | str | None = None,
        fire: bool = True,
        wait: bool | None = None,
        quiet: timedelta | float | None = None,
    ) -> Passed:
        """Let this much time (or so many seconds) pass at once, and all that is due happen.

        Or let time pass `to` an aware datetime or ISO 8601 text, or to "next": the time of what is
        due first. It happens moment by moment, in order; with `fire` false nothing happens, and is
        overdue. The deliveries of a moment are settled before the next one begins, unless `wait` is
        false. With `quiet` the clock also waits until the workspace has had no request for so many
        seconds of real time, for receivers that answer first and work afterwards.

        Raises ClockStopped where more is due than one call may play, TypeError unless it is given
        one of the two.
        """
        if (by is None) == (to is None):
            raise TypeError("advance needs a time that passes, or `to`, and not both")
        body: Row = {"fire": fire}
        if by is not None:
            body["seconds"] = _seconds(by)
        if to is not None:
            body["to"] = iso_text(to)
        if wait is not None:
            body["wait"] = wait
        if quiet is not None:
            body["quiet"] = _seconds(quiet)
        before = self._outgoing()
        passed = self._passed(self._patient("POST", "/clock/advance", body), before)
        if passed.stopped == "limit":
            raise ClockStopped(passed)
        return passed

    def real_time(self, *, fire: bool = True) -> Clock:
        """Let the clock show the real time."""
        return self._turn("PUT", "/clock", {"mode": "real", "fire": fire})

    def _turn(self, method: str, path: str, body: Row) -> Clock:
        before = self._outgoing()
        shown = self._patient(method, path, body)
        if shown["stopped"] == "limit":
            raise ClockStopped(self._passed(shown, before))
        return read_clock(shown)

    def _outgoing(self) -> _Outgoing:
        """What is to be delivered now."""
        page = self.call("GET", "/deliveries", state="pending", limit=_PAGE_SIZE)
        return _Outgoing(page["last"], [each["number"] for each in page["deliveries"]])

    def _delivered_since(self, before: _Outgoing) -> list[Delivery]:
        """What was new since then, or was to be delivered then."""
        pending = set(before.pending)
        after = min([before.last + 1, *pending]) - 1
        found = self.deliveries(after)
        return [each for each in found if each.number > before.last or each.number in pending]

    def _passed(self, shown: Row, before: _Outgoing) -> Passed:
        """What passed: the answer has only the first events, so the others are asked for."""
        events: list[Event] = []
        if shown["steps"]:
            events = self.events(shown["after"])
        dropped = 0
        if events and events[0].number is not None:
            dropped = events[0].number - shown["after"] - 1
        clock = read_clock(shown)
        return Passed(
            clock.mode,
            clock.now,
            clock.shift,
            shown["steps"],
            events,
            self._delivered_since(before) if shown["deliveries"] or events else [],
            shown["failed"],
            dropped,
            shown["stopped"],
            read_due_or_none(shown["next_due"]),
        )

    def settings(self) -> dict[str, dict[str, SettingValue]]:
        """By vendor and name, the value of each setting for an undocumented behaviour."""
        values: dict[str, dict[str, SettingValue]] = {}
        for vendor, settings in self.call("GET", "/settings").items():
            values[vendor] = {setting["name"]: setting["value"] for setting in settings}
        return values

    def set(self, vendor: str, **values: SettingValue | None) -> None:
        """Change some of a vendor's settings; None sets the default.

        A setting that is a list of numbers takes a list. If one of the values is wrong, nothing
        changes.
        """
        self.call("PATCH", "/settings", {vendor: values})

    @overload
    def report(self, format: Literal["json"] = "json") -> Row: ...
    @overload
    def report(self, format: Literal["markdown"]) -> str: ...
    def report(self, format: Literal["json", "markdown"] = "json") -> Row | str:
        """What the client did badly (`findings`), and what it reached (`coverage`).

        In Markdown, the same as a page to read.
        """
        answer: Row | str = self.call("GET", "/report", format=format)
        return answer

    def har(self) -> Row:
        """The journal as an HTTP archive (HAR 1.2)."""
        archive: Row = self.call("GET", "/har")
        return archive


_PATIENCE = 5.0
"""So many seconds `assert_delivered` waits for what has not come yet."""


def _key(webhook: WebhookHandle | str) -> str:
    return webhook.key if isinstance(webhook, WebhookHandle) else webhook


def _number(delivery: Delivery | int) -> int:
    return delivery.number if isinstance(delivery, Delivery) else delivery


def _inbox_answer(answer: int | Mapping[str, Any]) -> Row:
    return {"status": answer} if isinstance(answer, int) else dict(answer)


def _delivery_filter(wanted: Mapping[str, Any]) -> Row:
    from mockserver.python_matchers import matcher_as_json

    written = dict(wanted)
    if "webhook" in written:
        written["webhook"] = _key(written["webhook"])
    if "body" in written:
        written["body"] = matcher_as_json(written["body"])
    return written


_MATCHED = frozenset({"query", "headers", "body"})
"""The parts of a filter that may be or hold matchers."""


def _filter_as_json(wanted: Filter) -> Row:
    from mockserver.python_matchers import matcher_as_json

    written: Row = {name: matcher_as_json(value) for name, value in wanted.items()}
    for name, value in written.items():
        if name not in _MATCHED and isinstance(value, dict | list):
            more = ", in which `*` stands for any characters" if name == "path" else ""
            raise TypeError(f"{name} is a single value{more}: it takes no matcher")
    return written


def _quoted(step: str) -> str:
    """The text as one step of a path: slashes are escaped too."""
    return quote(step, safe="")


def _lead_value(lead: LeadName) -> str | int:
    """The text or number that names a lead. Raises ValueError for an object without an id."""
    if not isinstance(lead, Mapping):
        return lead
    for name in _LEAD_IDS:
        id: str | int | None = lead.get(name)
        if id is not None:
            return id
    known = ", ".join(map(str, lead)) or "none"
    raise ValueError(f"a lead is named by its id or leadId, but this one has only {known}")


def _lead_text(lead: LeadName) -> str:
    return str(_lead_value(lead))


def _lead_path(vendor: str, lead: LeadName) -> str:
    return f"/leads/{_quoted(vendor)}/{_quoted(_lead_text(lead))}"


def _when(when: datetime | timedelta | float | str | None) -> str | float | None:
    if isinstance(when, timedelta):
        return when.total_seconds()
    return iso_text(when) if isinstance(when, datetime) else when


def iso_text(moment: datetime | str) -> str:
    """A moment as the control API takes it.

    Raises TypeError for what is neither text nor datetime, ValueError for a datetime without a time
    zone.
    """
    if isinstance(moment, str):
        return moment
    if not isinstance(moment, datetime):
        raise TypeError(
            f"{moment!r} is no moment: give an aware datetime, or a text like 2026-03-01T09:00:00Z"
        )
    if moment.tzinfo is None:
        raise ValueError(
            f"{moment!r} has no time zone: give it one, or write the moment as text, like "
            "2026-03-01T09:00:00Z"
        )
    return moment.isoformat()


def _seconds(by: timedelta | float) -> float:
    return by.total_seconds() if isinstance(by, timedelta) else by

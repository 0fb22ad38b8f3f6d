"""A request on its way: what came, and what a handler works with."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from mockserver.documents.schema import Reader, Schema
from mockserver.documents.spec import Operation
from mockserver.errors import Path, Problem, Refusal
from mockserver.faults.catalogue import InjectedFault
from mockserver.identity import DEFAULT_REGION
from mockserver.state.ids import token
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.turns import Turns

Headers = Mapping[bytes, bytes]
"""Header names in lower case to values, as ASGI gives them."""


MANY_ROWS = 10_000
"""Through more rows than this a handler goes beside the loop, so that nobody else has to wait."""


class LongWork(Exception):
    """The request has to be worked on beside the loop. Nothing is done so far."""


class HeaderSet(dict[bytes, bytes]):
    """Headers that know how many bytes their names and values have."""

    __slots__ = ("size",)

    size: int


def header_size(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """How many bytes the names and values of these headers have."""
    return sum([len(name) + len(value) for name, value in headers])


_NOTED = 200


class Note(NamedTuple):
    """What the report on the client should say of a request, found while it was answered.

    `check` is the slug of a check, notes with one `subject` add up to one finding, and `text` goes
    on after the operation's name, with `{}` for each of the `values`: what the client sent, cut
    short.
    """

    check: str
    subject: str
    text: str
    values: tuple[str, ...] = ()


_MAX_HEADER_SETS = 256
_MAX_SHARED = 8 << 10
_header_sets: dict[tuple[tuple[bytes, bytes], ...], HeaderSet] = {}
"""The last different sets of headers. Clients repeat themselves, and what is kept but once in all
journals is had faster, and costs less when the oldest records go."""


def shared_headers(pairs: Iterable[tuple[bytes, bytes]]) -> HeaderSet:
    """The headers of a request by name, as `headers_of` reads them; equal ones are one object."""
    try:
        key = tuple(pairs)
        headers = _header_sets.get(key)
    except TypeError:  # a server may give lists for pairs
        key = tuple((name, value) for name, value in pairs)
        headers = _header_sets.get(key)
    return _new_headers(key) if headers is None else headers


def _new_headers(pairs: tuple[tuple[bytes, bytes], ...]) -> HeaderSet:
    headers = header_set(pairs)
    if headers.size <= _MAX_SHARED:
        if len(_header_sets) >= _MAX_HEADER_SETS:
            _header_sets.clear()
        _header_sets[pairs] = headers
    return headers


def header_set(pairs: Collection[tuple[bytes, bytes]]) -> HeaderSet:
    """The headers by name, with their size."""
    headers = HeaderSet(headers_of(pairs))
    headers.size = header_size(headers.items())
    return headers


def headers_of(pairs: Collection[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name.

    The values of a name that is there several times are joined by commas, as RFC 9110 (5.3) allows.
    """
    headers = dict(pairs)
    if len(headers) == len(pairs):
        return headers
    values: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: b", ".join(several) for name, several in values.items()}


class Request(NamedTuple):
    """What came, and nothing else: it never changes.

    `path` has its percent escapes decoded, `raw_path` has them as they came. `headers` are by name
    in lower case; `body` is what was sent (None: too large to be read).
    """

    method: str
    path: str
    raw_path: str
    query_string: bytes
    scheme: str
    headers: Headers
    body: bytes | None

    @property
    def target(self) -> str:
        """The path that was called, with its query."""
        query = self.query_string.decode("latin-1")
        return f"{self.path}?{query}" if query else self.path

    @property
    def url(self) -> str:
        """The address that was called, as the client wrote it, without the query."""
        host = self.headers.get(b"host", b"").decode("latin-1")
        return f"{self.scheme}://{host}{self.path}"


def request_of(scope: Mapping[str, Any], headers: Headers, body: bytes | None) -> Request:
    """The request of an ASGI scope."""
    path = scope["path"]
    raw = scope.get("raw_path")
    raw_path = path
    if raw:
        text = raw.decode("latin-1").partition("?")[0]
        raw_path = path if text == path else text  # one text to keep, nearly always
    query, scheme = scope["query_string"], scope.get("scheme", "http")
    request: Request = tuple.__new__(
        Request, (scope["method"], path, raw_path, query, scheme, headers, body)
    )
    return request


class Recorder(Protocol):
    """What keeps a record of an answered call."""

    def add(self, record: Any) -> None:
        """Keep one."""
        ...


class Call:
    """One request with what is known of it: read, coerced and valid when a handler sees it.

    As it came: `request`. As it was understood: `vendor` (whose it is), `operation` (None where the
    path or method is unknown), `methods` (those of the path), `siblings` (the operations of the
    path by method, where the request has none), `account` (the credential's account name, None
    without one), `path_parameters`, `query`, `body` (the JSON value; None where there was none),
    `flaws` (texts and numbers in it that cannot be) and `flawed_items` (of a list whose items are
    answered one by one, as they came, where the body has flaws).

    From its workspace: `workspace` (its name), `number` (which of its requests this is; 0: none),
    `now`, `seed` (decides ids and tokens), `settings` (the vendor's), `tx`, `fault` (None without
    one), `journal` and `notes` (for the report); `turns` (those with workspaces that it has) and
    `is_beside` (whether it is worked on beside the loop); once it is handled `version` (the
    workspace's, with its changes applied), `changes` (of rows, as the journal keeps them), `growth`
    (how many bytes more the rows take), `refusal` (None without one) and `action` (what the handler
    did, in a word, where the rows do not tell it). What its changes mean for leads is read from
    `lead_change` (the change, where it is one of a lead alone) or stands in `happenings`; `plans`
    says whether they move what will happen by itself; `posted` is what webhooks are told of them.
    """

    __slots__ = (
        "account",
        "action",
        "body",
        "changes",
        "fault",
        "flawed_items",
        "flaws",
        "growth",
        "happenings",
        "is_beside",
        "journal",
        "lead_change",
        "methods",
        "notes",
        "now",
        "number",
        "operation",
        "path_parameters",
        "plans",
        "posted",
        "query",
        "refusal",
        "request",
        "seed",
        "settings",
        "siblings",
        "turns",
        "tx",
        "vendor",
        "version",
        "workspace",
    )

    def __init__(self, request: Request) -> None:
        self.request = request
        self.vendor = ""
        self.operation: Operation | None = None
        self.methods: tuple[str, ...] = ()
        self.siblings: Mapping[str, Operation] = _NO_OPERATIONS
        self.account: str | None = None
        self.path_parameters: Mapping[str, Any] = _NOTHING
        self.query: Mapping[str, Any] = _NOTHING
        self.body: Any = None
        self.flaws: Sequence[Problem] = ()
        self.flawed_items: Any = None
        self.number = 0
        self.now = _BEGINNING
        self.seed = 0
        self.workspace = ""
        self.settings: Mapping[str, Any] = _NOTHING
        self.tx = _NO_TABLES
        self.fault: InjectedFault | None = None
        self.journal: Recorder | None = None
        self.version = 0
        self.changes: tuple[Any, ...] = ()
        self.turns: tuple[Turns, ...] = ()
        self.is_beside = False
        self.growth = 0
        self.happenings: Sequence[Any] = ()
        self.lead_change: RowDiff | None = None
        self.plans = False
        self.posted: Any = None
        self.refusal: Refusal | None = None
        self.action = ""
        self.notes: tuple[Note, ...] = ()

    def note(self, check: str, subject: str, text: str, *values: object) -> None:
        """Tell the report something about this request; the first time counts (see `Note`)."""
        if all((each.check, each.subject) != (check, subject) for each in self.notes):
            shown = tuple(str(value)[:_NOTED] for value in values)
            self.notes += (Note(check, subject, text, shown),)

    def works_through(self, count: int) -> None:
        """Say before the work that the handler goes through so many rows or items.

        Of many it goes through beside the loop: raises LongWork where it is not there yet.
        """
        if count > MANY_ROWS and not self.is_beside:
            raise LongWork

    @property
    def content_type(self) -> str:
        """The Content-Type of the request; empty where it has none."""
        return self.request.headers.get(b"content-type", b"").decode("latin-1")

    @property
    def parameters(self) -> Mapping[str, Schema]:
        """The query parameters that the operation knows, with their schemas."""
        return self.operation.query.schema["properties"] if self.operation else {}

    @property
    def item_reader(self) -> Reader:
        """Reads an item of an `x-partial` array, or a body mapped by `x-mapped-to`."""
        body = self.operation.body if self.operation is not None else None
        if body is None or body.item is None:
            raise TypeError(f"{self.request.target} has nothing for its handler to read")
        return body.item

    @property
    def region(self) -> str:
        """The region of phone numbers without a country code."""
        region: str = self.settings.get("phone_region", DEFAULT_REGION)
        return region

    def exists(self, table: str, id: Any) -> bool:
        """Whether the table has a row with that id.

        Any will do where the setting `unknown_references` says so.
        """
        if self.tx.get(table, id) is not None:
            return True
        return bool(self.settings.get("unknown_references") == "accept")

    def token(self, kind: str, number: int, digits: int) -> str:
        """`digits` hex digits that the workspace's seed, kind and number decide."""
        return token(self.seed, kind, number, digits)

    def inbox_url(self, name: str) -> str:
        """The address of an inbox of the workspace, as the sender of this request reaches it."""
        server = self.request.url.removesuffix(self.request.path)
        return f"{server}/__admin/workspaces/{self.workspace}/inbox/{name}"

    def invalid(self, path: Path, keyword: str, message: str) -> Refusal:
        """A refusal of one value of the body, for a rule that no schema can say."""
        return Refusal("invalid", problems=[Problem(path, keyword, message)])


_NOTHING: Mapping[str, Any] = {}
_NO_OPERATIONS: Mapping[str, Operation] = {}
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_NO_TABLES = Transaction("", {})

"""One request on its way.

What is known of it so far, for handlers, dialects and the journal alike.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from mockserver.documents.schema import Reader, Schema
from mockserver.documents.spec import Operation
from mockserver.errors import Path, Problem, Refusal
from mockserver.faults.catalogue import InjectedFault
from mockserver.matching import Match
from mockserver.state.ids import token
from mockserver.state.tables import Change, Transaction

Headers = Mapping[bytes, bytes]
"""Header names in lower case to values, as ASGI gives them."""


@lru_cache(maxsize=64)
def http_date(second: int) -> bytes:
    """A second since 1970 as HTTP writes it."""
    return formatdate(second, usegmt=True).encode()


class Keeper(Protocol):
    """What keeps answered calls."""

    def add(self, call: "Call") -> None:
        """Keep one."""
        ...


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
    raw_path = raw.decode("latin-1").partition("?")[0] if raw else path
    return Request(
        scope["method"],
        path,
        raw_path,
        scope["query_string"],
        scope.get("scheme", "http"),
        headers,
        body,
    )


class Call:
    """One request: read, coerced and valid when a handler sees it; later with its answer.

    As it came: `request`. As it was understood: `vendor` (whose it is), `operation`
    (None where the path or method is unknown), `methods` (those that the path has), `account` (the
    credential's account name, None without one), `path_parameters`, `query`, `body` (the
    JSON value; None where there was none) and `flaws` (what of it no text or number can be). From
    its workspace: `number` (which of its requests this is; 0 before it has one), `now`, `seed`,
    `journal`, `settings` (the vendor's switches) and `tx`. As it was answered: `status`,
    `own_headers` (those of the API), `answer` (bytes), `matches` (how rows were looked for),
    `changes` (rows before and after; none where it was refused), `fault` (None without one;
    `seen_headers` are what it left of the headers), `seconds` (how long that took) and `size` (in
    bytes, as the journal counts it).
    """

    __slots__ = (
        "account",
        "answer",
        "body",
        "changes",
        "fault",
        "flaws",
        "journal",
        "matches",
        "methods",
        "now",
        "number",
        "operation",
        "own_headers",
        "path_parameters",
        "query",
        "request",
        "seconds",
        "seed",
        "seen_headers",
        "settings",
        "size",
        "status",
        "tx",
        "vendor",
    )

    account: str | None
    answer: bytes
    body: Any
    changes: Sequence[Change]
    fault: InjectedFault | None
    flaws: Sequence[Problem]
    journal: Keeper
    matches: Sequence[Match]
    methods: tuple[str, ...]
    now: datetime
    operation: Operation | None
    own_headers: Sequence[tuple[bytes, bytes]]
    path_parameters: Mapping[str, Any]
    query: Mapping[str, Any]
    seconds: float
    seen_headers: Sequence[tuple[bytes, bytes]] | None
    settings: Mapping[str, Any]
    size: int
    status: int
    tx: Transaction
    vendor: str

    def __init__(self, request: Request) -> None:
        self.request = request
        self.methods = ()
        self.operation = self.account = self.body = self.fault = self.seen_headers = None
        self.path_parameters = self.query = _NOTHING
        self.flaws = self.matches = self.changes = ()
        self.number = self.seed = 0

    @property
    def answer_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """The headers of the answer, as the client sees them.

        The API's own, the time of the workspace, and the number of the request.

        They are made when they are asked for, as a journal would hold little else.
        """
        if self.seen_headers is not None:
            return self.seen_headers
        date, size = (
            (b"date", http_date(int(self.now.timestamp()))),
            (b"content-length", b"%d" % len(self.answer)),
        )
        if self.status == _NO_CONTENT:
            return (*self.own_headers, date)
        if not self.number:
            return (*self.own_headers, date, size)
        number = (b"mockserver-request", b"%d" % self.number)
        if self.fault is not None and self.fault.preference is not None:
            return (
                *self.own_headers,
                date,
                number,
                (b"preference-applied", self.fault.preference),
                size,
            )
        return (*self.own_headers, date, number, size)

    @property
    def parameters(self) -> Mapping[str, Schema]:
        """The query parameters that the operation knows, with their schemas."""
        return self.operation.query.schema["properties"] if self.operation else {}

    @property
    def item_reader(self) -> Reader:
        """Reads an item of an `x-partial` array, or a body mapped by `x-mapped-to`."""
        if (
            self.operation is None
            or self.operation.body is None
            or self.operation.body.item is None
        ):
            raise TypeError(
                f"{self.operation and self.operation.id} has nothing for its handler to read"
            )
        return self.operation.body.item

    def exists(self, table: str, id: Any) -> bool:
        """Whether the table has a row with that id.

        Any will do where the setting `unknown_references` says so.
        """
        return (
            self.tx.get(table, id) is not None
            or self.settings.get("unknown_references") == "accept"
        )

    def token(self, kind: str, number: int, digits: int) -> str:
        """`digits` hex digits that the workspace's seed, kind and number decide."""
        return token(self.seed, kind, number, digits)

    def invalid(self, path: Path, keyword: str, message: str) -> Refusal:
        """A refusal of one value of the body, for a rule that no schema can say."""
        return Refusal("invalid", problems=[Problem(path, keyword, message)])


_NO_CONTENT = 204
"""A status that has no Content-Length (RFC 9110, 8.6). Only the control API has it."""

_NOTHING: Mapping[str, Any] = {}

"""What can go wrong, as one tree.

MockserverError
├── OperatorError          the start stops with one sentence naming file and key
│   ├── DocumentError      an OpenAPI document the server cannot be wired from
│   ├── FixtureError       a seed file that breaks a rule
│   ├── SettingError       a flag or an environment variable with a bad value
│   ├── UnreadableError    a file that is not there, or that may not be read
│   └── UnreachableError   an address that cannot be listened on, or where no server answers
├── NameNotFound           a host name of a receiver that has no address
├── RefusedTarget          a URL to which nothing may be sent
├── SendError              a delivery to which there is no answer
└── Refusal                one answer to a caller, phrased by the vendor's dialect
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

Kind = Literal[
    "unauthorized",
    "forbidden",
    "no_route",
    "method_not_allowed",
    "not_acceptable",
    "unsupported_media_type",
    "too_large",
    "malformed",
    "invalid",
    "not_found",
    "conflict",
    "rate_limited",
    "server_error",
    "maintenance",
    "storage_full",
]
"""The refusals every dialect knows how to phrase."""


class Reason(StrEnum):
    """Why exactly a request is refused, where its kind has several reasons.

    It is for the dialect, which has a sentence for it; it never stands in an answer itself.
    """

    MISSING = "missing-credential"
    UNKNOWN = "unknown-credential"
    MALFORMED = "malformed-credential"
    EMPTY = "empty-credential"
    SPACES = "spaces-in-credential"
    CHARACTERS = "bad-characters-in-credential"
    MISSING_SLASH = "missing-slash"
    PATH_PARAMETER = "bad-path-parameter"
    TOO_DEEP = "too-deep"
    TOO_MANY_FIELDS = "too-many-fields"
    NO_BOUNDARY = "no-boundary"
    MULTIPART_TYPE = "bad-multipart-type"
    NOT_ASCII = "not-ascii"
    PART_HEADER = "part-header-too-long"
    BASE64 = "bad-base64"
    CHARSET = "unsupported-charset"
    TOO_MUCH_DATA = "too-much-data"
    NOT_FINITE = "not-finite"


Location = Literal["path", "query", "body"]
Path = tuple[str | int, ...]


class MockserverError(Exception):
    """The root of every error this package raises on purpose."""


class OperatorError(MockserverError):
    """A mistake of whoever runs the server; its text is the sentence to print."""


class DocumentError(OperatorError):
    """An OpenAPI document that cannot be served as it stands."""


class FixtureError(OperatorError):
    """A seed file that breaks a rule, with file, line and path of each problem."""


class SettingError(OperatorError):
    """A flag or environment variable that does not parse."""


class UnreadableError(OperatorError):
    """A file that is not there, or that may not be read."""


class UnreachableError(OperatorError):
    """An address that cannot be listened on, or at which no server answers."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request (or a fixture), before a dialect words it.

    `path` leads to the offending value, property names and list positions in order; `keyword` is
    the JSON Schema keyword (or `reference`, `encoding`, ...) that refused it; `schema` is the
    property's own schema; `message` is the plain English fallback.
    """

    path: Path
    keyword: str
    message: str
    value: Any = None
    schema: Any = None
    location: Location = "body"


COLLECTED = 200
"""So many problems of one value are looked for; the others are counted. No dialect names more."""

LEFT_OUT = "left out"
"""The keyword of a problem that stands for others: its value says for how many."""


def limited(problems: Iterable[Problem], most: int = COLLECTED) -> list[Problem]:
    """The first so many problems, and one more that counts the others, if there are any."""
    kept: list[Problem] = []
    left_out = 0
    for problem in problems:
        if problem.keyword == LEFT_OUT:
            left_out += problem.value
        elif len(kept) < most:
            kept.append(problem)
        else:
            left_out += 1
    if left_out:
        kept.append(without(left_out))
    return kept


def without(count: int) -> Problem:
    """The problem that stands for so many others."""
    verb = "problem is" if count == 1 else "problems are"
    return Problem((), LEFT_OUT, f"{count} more {verb} not listed.", count)


def joined(flaws: Iterable[Problem], problems: Iterable[Problem]) -> list[Problem]:
    """The flaws of a value, and the problems with the rest of it.

    A flawed text was replaced before the rest was checked: problems of its replacement are left
    out. A problem of the whole value comes first.
    """
    found = list(flaws)
    flawed = {flaw.path for flaw in found if flaw.keyword != LEFT_OUT}
    others = [problem for problem in problems if problem.path not in flawed]
    whole = [problem for problem in others if problem.path == ()]
    parts = [problem for problem in others if problem.path != ()]
    return whole + found + parts


class Refusal(MockserverError):
    """A request is refused: nothing it did is kept, and the vendor's dialect phrases the answer.

    - `message`: a text for people, where the handler knows one that the vendor would show.
    - `reason`: for the dialect, which has its own words for it.
    - `problems`: every problem at once.
    - `status`: replaces the dialect's, where a setting allows the choice.
    - `body`: the answer itself, where only the handler knows it.
    - `retry_after`: how many seconds the client should wait.
    - `retry_text`: what `Retry-After` says in place of them.
    - `limit`: how many bytes a body may have (`too_large`).
    - `value`: the value that was refused (`NOT_FINITE`: the word in its place).
    """

    def __init__(
        self,
        kind: Kind,
        message: str | None = None,
        *,
        reason: Reason | None = None,
        problems: Iterable[Problem] = (),
        status: int | None = None,
        body: Any = None,
        retry_after: int | None = None,
        retry_text: str | None = None,
        limit: int | None = None,
        value: Any = None,
    ) -> None:
        super().__init__(message or reason or kind)
        self.kind: Kind = kind
        self.message = message
        self.reason = reason
        self.problems = tuple(problems)
        self.status = status
        self.body = body
        self.retry_after = retry_after
        self.retry_text = retry_text
        self.limit = limit
        self.value = value

    @property
    def retry_header(self) -> tuple[tuple[bytes, bytes], ...]:
        """The `Retry-After` header, where the client is told to wait."""
        if self.retry_text is not None:
            return ((b"retry-after", self.retry_text.encode()),)
        if self.retry_after is None:
            return ()
        return ((b"retry-after", b"%d" % self.retry_after),)

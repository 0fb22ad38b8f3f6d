"""APIs that put every answer into an envelope.

`success`, `data` or `error`, and `meta` with a request id and the time.

The words of a refusal are this server's: such an API documents its codes, hardly ever its messages.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.call import Call
from mockserver.dialects.javascript import FORMATS
from mockserver.dialects.plain_json import (
    SENTENCES,
    WORDS,
    PlainJson,
    dotted,
    format_of,
    has_own_words,
    typed,
)
from mockserver.dialects.v8 import complaint
from mockserver.documents.formats import Format
from mockserver.documents.schema import Coerce, Schema
from mockserver.errors import Kind, Problem, Reason, Refusal
from mockserver.state.ids import token
from mockserver.vendor import Reply

Details = dict[str, list[str]]
"""What is wrong with each field, in sentences that name it."""

_MEDIA_TYPE = "application/json"


class Page(NamedTuple):
    """A reply's body that is one page of a list: its items, and what `meta` says of the page."""

    items: list[Any]
    pagination: Mapping[str, Any]


_ERROR_CODES: Mapping[Kind, str] = {
    "malformed": "VALIDATION_ERROR",
    "unauthorized": "UNAUTHORIZED",
    "forbidden": "FORBIDDEN",
    "no_route": "NOT_FOUND",
    "not_found": "NOT_FOUND",
    "method_not_allowed": "METHOD_NOT_ALLOWED",
    "not_acceptable": "NOT_ACCEPTABLE",
    "conflict": "CONFLICT",
    "too_large": "PAYLOAD_TOO_LARGE",
    "unsupported_media_type": "UNSUPPORTED_MEDIA_TYPE",
    "rate_limited": "RATE_LIMITED",
    "server_error": "INTERNAL_ERROR",
    "maintenance": "SERVICE_UNAVAILABLE",
}

_CODES = ("VALIDATION_ERROR", "INVALID_FILTER", "INVALID_DATE")
"""The codes of a 400; of several kinds of problems the first one here is told."""


def instant(moment: datetime) -> str:
    """A moment in UTC as JavaScript's `toISOString` writes it: milliseconds and a Z."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


class Envelope(PlainJson):
    """The dialect of one API."""

    formats: Mapping[str, Format] = FORMATS
    sentences: Mapping[Kind, str] = MappingProxyType(
        {**SENTENCES, "unauthorized": "Invalid or missing API key"}
    )
    words: Mapping[str, str] = MappingProxyType(
        {
            **WORDS,
            "format: js-date": "must be an ISO 8601 date, or a date and time with its offset",
        }
    )

    def __init__(
        self, listing: Iterable[str] = (), booleans: Mapping[str, bool] | None = None
    ) -> None:
        """`listing` are the query parameters that arrange a list instead of filtering it.

        `booleans` maps texts to values.
        """
        self.listing = frozenset(listing)
        self._booleans = dict(booleans or {})

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """JSON where the Content-Type says so, or says nothing."""
        if content_type in (_MEDIA_TYPE, ""):
            return offered[0]
        essence = content_type.partition(";")[0].strip().lower()
        return offered[0] if essence in (_MEDIA_TYPE, "") or essence.endswith("+json") else None

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body as the Fetch standard decodes it.

        Without a byte order mark, U+FFFD for what is no UTF-8.
        """
        return raw if raw.isascii() else raw.decode("utf-8-sig", "replace").encode()

    def coercer(self, schema: Schema) -> Coerce:
        """Reads the texts for booleans in properties that are booleans.

        Everything else stays as it was sent.
        """
        names = [
            name
            for name, part in schema.get("properties", {}).items()
            if part.get("type") == "boolean"
        ]
        words = self._booleans
        if not names or not words:
            return lambda value: value

        def coerce(value: Any) -> Any:
            if not isinstance(value, dict):
                return value
            read = {
                name: words[value[name]]
                for name in names
                if isinstance(value.get(name), str) and value[name] in words
            }
            return value | read if read else value

        return coerce

    def accept(self, reply: Reply, call: Call) -> Reply:
        """A reply in its envelope, unless it says that it goes without; bytes as they are."""
        if type(reply.body) is bytes:
            return reply
        if reply.wrapped:
            reply.body = _wrapped(reply.body, call)
        reply.headers = typed(reply.headers, self.content_type)
        return reply

    def error(self, refusal: Refusal, call: Call) -> Any:
        """A refusal in its envelope.

        A code, a sentence, and in `details` what is wrong with each field.
        """
        details: Details = {}
        if refusal.kind == "invalid":
            details = self.details(refusal.problems)
            code, message = self.code(refusal.problems), _summary(details)
        else:
            code, message = _ERROR_CODES[refusal.kind], self.sentence(refusal, call)
        if refusal.kind == "malformed":
            details = {"body": [self._unparsed(refusal, call)]}
        error = {"code": code, "message": message, "details": details}
        return {"success": False, "error": error, "meta": _meta(call)}

    def _unparsed(self, refusal: Refusal, call: Call) -> str:
        """What is wrong with a body that is no JSON, in the words of the JavaScript engine."""
        if refusal.reason == Reason.TOO_DEEP:
            return f"body must not nest deeper than {self.max_depth} levels"
        return (
            complaint(self.decoded(call.request.body or b"", "").decode())
            or "body must not hold a number of thousands of digits"
        )

    def code(self, problems: Iterable[Problem]) -> str:
        """The code for all of these problems together."""
        return min(
            (self._code(problem) for problem in problems), key=_CODES.index, default=_CODES[0]
        )

    def _code(self, problem: Problem) -> str:
        if problem.keyword == "format" and format_of(problem.schema or {}) in _DATES:
            return "INVALID_DATE"
        if problem.location == "query" and problem.path[0] not in self.listing:
            return "INVALID_FILTER"
        return "VALIDATION_ERROR"

    def details(self, problems: Iterable[Problem]) -> Details:
        """Each field that has problems, and what they are."""
        problems = tuple(problems)
        refused = {str(problem.path[0]) for problem in problems if problem.path}
        found: Details = {}
        for problem in problems:
            for name, text in self._worded(problem, refused):
                texts = found.setdefault(name, [])
                if text not in texts:
                    texts.append(text)
        return found

    def _worded(self, problem: Problem, refused: set[str]) -> Iterator[tuple[str, str]]:
        """The fields that a problem is about, each with a sentence."""
        name = dotted(problem.path) or "body"
        if problem.path == () and problem.keyword == "anyOf" and isinstance(problem.value, dict):
            yield from _missing(problem, refused)
        elif has_own_words(problem):
            yield name, problem.message
        else:
            yield name, f"{name} {self.reason(problem)}"

    def type_names(self, schema: Schema) -> list[str]:
        """The first type that a schema allows."""
        first = schema if "type" in schema else next(iter(schema.get("anyOf", ())), schema)
        name = self.words.get(f"type: {first.get('type')}")
        return [name] if name is not None else []


_DATES = frozenset({"date", "js-date", "date-time"})


def _wrapped(body: Any, call: Call) -> dict[str, Any]:
    meta = _meta(call)
    if isinstance(body, Page):
        return {
            "success": True,
            "data": body.items,
            "meta": {"pagination": body.pagination, **meta},
        }
    return {"success": True, "data": body, "meta": meta}


def _meta(call: Call) -> dict[str, Any]:
    return {
        "requestId": "req_" + token(call.seed, "request", call.number, 12),
        "timestamp": instant(call.now),
    }


def _summary(details: Details) -> str:
    """The first of all the sentences, and how many more there are."""
    first, *more = dict.fromkeys(text for texts in details.values() for text in texts) or [
        "The request is not valid"
    ]
    return f"{first} (and {len(more)} more)" if more else first


def _missing(problem: Problem, refused: set[str]) -> Iterator[tuple[str, str]]:
    """What the body lacks.

    Of several choices each is named, unless one of the fields involved is there but wrong.
    """
    branches = (problem.schema or {}).get("anyOf", [])
    groups = [branch["required"] for branch in branches if "required" in branch]
    involved = {
        name
        for branch in branches
        for name in (*branch.get("required", ()), *branch.get("properties", ()))
    }
    if involved & refused:
        return
    if len(groups) == 1:
        yield from (
            (name, f"{name} is required") for name in groups[0] if name not in problem.value
        )
    else:
        names = [name for group in groups for name in group]
        yield from ((name, f"One of {', '.join(names)} is required") for name in names)

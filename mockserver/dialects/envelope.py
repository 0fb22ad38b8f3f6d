"""APIs that put every answer into an envelope.

It holds `success`, then `data` or `error`, and `meta` with a request id and the time. The words of
a refusal are this server's own: such an API documents its codes, hardly ever its messages.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.call import Call
from mockserver.dialects.javascript import FORMATS
from mockserver.dialects.plain_json import (
    SENTENCES,
    WORDS,
    PlainJson,
    as_it_is,
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
    "storage_full": "SERVICE_UNAVAILABLE",
}

_CODES = ("VALIDATION_ERROR", "INVALID_FILTER", "INVALID_DATE")
"""The codes of a 400. Where problems have different codes, the first one here is sent."""


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
        {**WORDS, "format: js-date": "must be an ISO 8601 date, or a date and time"}
    )

    def __init__(
        self, listing: Iterable[str] = (), booleans: Mapping[str, bool] | None = None
    ) -> None:
        """Make the dialect of one API.

        `listing` names the query parameters that arrange a list instead of filtering it.
        `booleans` has the texts that the API reads as booleans.
        """
        self.listing = frozenset(listing)
        self._booleans = dict(booleans or {})

    def refuse_unread(self, status: int, sentence: str) -> Reply:
        """Node's server says nothing but the status (a Content-Length is added here: chosen)."""
        return Reply(b"", status)

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """JSON where the Content-Type says so, or says nothing."""
        if content_type in (_MEDIA_TYPE, ""):
            return offered[0]
        essence = content_type.partition(";")[0].strip().lower()
        return offered[0] if essence in (_MEDIA_TYPE, "") or essence.endswith("+json") else None

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body as the Fetch standard decodes it.

        It has no byte order mark, and U+FFFD stands for bytes that are not UTF-8.
        """
        if raw.isascii():
            return raw
        return raw.decode("utf-8-sig", "replace").encode()

    def coercer(self, schema: Schema) -> Coerce:
        """Reads the texts for booleans in boolean properties, and nothing else."""
        words = self._booleans
        properties = schema.get("properties", {})
        names = [name for name, part in properties.items() if part.get("type") == "boolean"]
        if not names or not words:
            return as_it_is

        def coerce(value: Any) -> Any:
            if not isinstance(value, dict):
                return value
            read = {}
            for name in names:
                text = value.get(name)
                if isinstance(text, str) and text in words:
                    read[name] = words[text]
            return value | read if read else value

        return coerce

    def accept(self, reply: Reply, call: Call) -> Reply:
        """A reply in its envelope, if it says that it is wrapped; bytes go out as they are."""
        if type(reply.body) is bytes:
            return reply
        if reply.wrapped:
            reply.body = _wrapped(reply.body, call)
        reply.headers = typed(reply.headers, self.content_type)
        return reply

    def error(self, refusal: Refusal, call: Call) -> Any:
        """A refusal in its envelope: a code, a sentence, and the problems of each field."""
        details: Details = {}
        if refusal.kind == "invalid":
            details = self.details(refusal.problems)
            code = self.code(refusal.problems)
            message = _summary(details)
        else:
            code = _ERROR_CODES[refusal.kind]
            message = self.sentence(refusal, call)
        if refusal.kind == "malformed":
            details = {"body": [self._unparsed(refusal, call)]}
        error = {"code": code, "message": message, "details": details}
        return {"success": False, "error": error, "meta": _meta(call)}

    def _unparsed(self, refusal: Refusal, call: Call) -> str:
        """What is wrong with a body that is no JSON, in the words of the JavaScript engine."""
        if refusal.reason == Reason.TOO_DEEP:
            return f"body must not nest deeper than {self.max_depth} levels"
        text = self.decoded(call.request.body or b"", "").decode()
        # JavaScript reads a number of any length; Python refuses one of thousands of digits.
        return complaint(text) or "body must not hold a number of thousands of digits"

    def code(self, problems: Iterable[Problem]) -> str:
        """The code for all of these problems together."""
        codes = {self._code(problem) for problem in problems}
        return min(codes, key=_CODES.index, default=_CODES[0])

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
    sentences: dict[str, None] = {}
    for texts in details.values():
        sentences |= dict.fromkeys(texts)
    first, *more = sentences or ["The request is not valid"]
    if not more:
        return first
    return f"{first} (and {len(more)} more)"


def _missing(problem: Problem, refused: set[str]) -> Iterator[tuple[str, str]]:
    """What the body lacks.

    Where the body may have one of several fields, each of them is named. If one of these fields is
    there but wrong, that problem says enough, and nothing is named here.
    """
    groups: list[list[str]] = []
    involved: set[str] = set()
    for branch in (problem.schema or {}).get("anyOf", []):
        involved.update(branch.get("required", ()), branch.get("properties", ()))
        if "required" in branch:
            groups.append(branch["required"])
    if involved & refused:
        return
    if len(groups) == 1:
        for name in groups[0]:
            if name not in problem.value:
                yield name, f"{name} is required"
        return
    names = list(chain.from_iterable(groups))
    for name in names:
        yield name, f"One of {', '.join(names)} is required"

"""APIs that put every answer into an envelope.

`success`, `data` or `error`, and `meta` with a request id and the time.

The words of a refusal are this server's: such an API documents its codes, hardly ever its messages.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.call import Call, Headers
from mockserver.dialects.v8 import complaint
from mockserver.documents.schema import Coerce, Schema
from mockserver.errors import Kind, Path, Problem, Refusal
from mockserver.state.ids import token
from mockserver.vendor import Reply

JSON = ((b"content-type", b"application/json"),)
"""The headers of every answer. A reply that a handler gives them goes out without the envelope."""

Details = dict[str, list[str]]
"""What is wrong with each field, in sentences that name it."""

_MEDIA_TYPE = "application/json"


class Page(NamedTuple):
    """A reply's body that is one page of a list: its items, and what `meta` says of the page."""

    items: list[Any]
    pagination: Mapping[str, Any]


class Refused(NamedTuple):
    """How a kind of refusal is answered."""

    status: int
    code: str
    message: str


_REFUSED: Mapping[Kind, Refused] = {
    "malformed": Refused(400, "VALIDATION_ERROR", "The request body is not valid JSON"),
    "unauthorized": Refused(401, "UNAUTHORIZED", "Invalid or missing API key"),
    "forbidden": Refused(403, "FORBIDDEN", "Action not allowed"),
    "no_route": Refused(404, "NOT_FOUND", "There is no such endpoint"),
    "not_found": Refused(404, "NOT_FOUND", "Resource not found"),
    "method_not_allowed": Refused(
        405, "METHOD_NOT_ALLOWED", "The endpoint does not take this method"
    ),
    "not_acceptable": Refused(406, "NOT_ACCEPTABLE", "Only JSON can be answered"),
    "conflict": Refused(409, "CONFLICT", "Conflict"),
    "too_large": Refused(413, "PAYLOAD_TOO_LARGE", "The request body is too large"),
    "unsupported_media_type": Refused(
        415, "UNSUPPORTED_MEDIA_TYPE", "The request body must be application/json"
    ),
    "rate_limited": Refused(429, "RATE_LIMITED", "Too many requests"),
    "server_error": Refused(500, "INTERNAL_ERROR", "Internal server error"),
    "maintenance": Refused(503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable"),
}
_TELLING: frozenset[Kind] = frozenset({"forbidden", "not_found", "conflict"})
"""Refusals whose message, if a handler gives one, is for the client."""

_CODES = ("VALIDATION_ERROR", "INVALID_FILTER", "INVALID_DATE")
"""The codes of a 400; of several kinds of problems the first one here is told."""


def instant(moment: datetime) -> str:
    """A moment in UTC as JavaScript's `toISOString` writes it: milliseconds and a Z."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


class Envelope:
    """The dialect of one API."""

    authenticates_first = False
    case_sensitive_paths = True
    trailing_slashes = True
    escaped_slashes = False
    implicit_methods: Mapping[str, str] = MappingProxyType({"HEAD": "GET"})
    max_depth = 128
    empty_body: Any = ...
    strict_query = True

    def __init__(
        self,
        key_header: bytes,
        listing: Iterable[str] = (),
        booleans: Mapping[str, bool] | None = None,
    ) -> None:
        """`key_header` (in lower case) carries the credential; `booleans` maps texts to values.

        `listing` are the query parameters that arrange a list instead of filtering it.
        """
        self.listing = frozenset(listing)
        self._key_header = key_header
        self._booleans = dict(booleans or {})

    def account(self, headers: Headers) -> str | None:
        """The key itself, without the white space around it."""
        return headers.get(self._key_header, b"").decode("latin-1").strip() or None

    def credential(self, account: str) -> Mapping[str, str]:
        """The key header."""
        return {self._key_header.decode().upper(): account}

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
        """A reply in its envelope, unless it has its headers already."""
        if reply.headers:
            return reply
        body, meta = reply.body, _meta(call)
        if isinstance(body, Page):
            meta = {"pagination": body.pagination, **meta}
            body = body.items
        reply.body = {"success": True, "data": body, "meta": meta}
        reply.headers = JSON
        return reply

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """A refusal in its envelope.

        A code, a sentence, and in `details` what is wrong with each field.
        """
        details: Details = {}
        if refusal.kind == "invalid":
            details = self.details(refusal.problems)
            refused = Refused(400, self.code(refusal.problems), _summary(details))
        else:
            refused = _REFUSED[refusal.kind]
        if refusal.kind == "malformed":
            details = {"body": [self._unparsed(refusal, call)]}
        if refusal.kind in _TELLING and refusal.message and refusal.message != "place":
            refused = refused._replace(message=refusal.message)
        error = {"code": refused.code, "message": refused.message, "details": details}
        allow = (
            ((b"allow", ", ".join(call.methods).encode()),)
            if refusal.kind == "method_not_allowed"
            else ()
        )
        headers = JSON + allow + refusal.retry_header
        return Reply(
            {"success": False, "error": error, "meta": _meta(call)},
            refusal.status or refused.status,
            headers,
        )

    def _unparsed(self, refusal: Refusal, call: Call) -> str:
        """What is wrong with a body that is no JSON, in the words of the JavaScript engine."""
        if refusal.message == "depth":
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
        if problem.keyword == "format" and _format(problem.schema or {}) in _DATES:
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
            for name, text in _worded(problem, refused):
                texts = found.setdefault(name, [])
                if text not in texts:
                    texts.append(text)
        return found


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


def _worded(problem: Problem, refused: set[str]) -> Iterator[tuple[str, str]]:
    """The fields that a problem is about, each with a sentence."""
    if problem.path == () and problem.keyword == "anyOf" and isinstance(problem.value, dict):
        yield from _missing(problem, refused)
    elif problem.schema is None and problem.keyword not in _PLAIN:
        yield _name(problem.path), problem.message
    else:
        name = _name(problem.path)
        yield name, f"{name} {_reason(problem)}"


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


def _name(path: Path) -> str:
    """`a.b[0]`, in characters that can be sent."""
    text = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in path
    ).removeprefix(".")
    return text.encode("utf-8", "replace").decode() or "body"


_DATES = frozenset({"date", "js-date", "date-time"})
_PLAIN: Mapping[str, str] = {
    "required": "is required",
    "unknown": "is no parameter of this endpoint",
    "null-character": "must not contain NUL characters",
    "surrogate": "must not contain lone surrogates",
    "finite": "must be a finite number",
}
_LIMITS: Mapping[str, str] = {"minimum": "must be at least {}", "maximum": "must be at most {}"}
_FORMATS: Mapping[str, str] = {
    "date": "must be a date, YYYY-MM-DD",
    "js-date": "must be an ISO 8601 date, or a date and time with its offset",
    "numeric": "must be a number",
    "sort-list": "must be field:asc or field:desc, several separated by commas",
    "field-list": "must be names of fields, separated by commas",
}
_TYPES: Mapping[str, str] = {
    "string": "must be a string",
    "number": "must be a number",
    "integer": "must be an integer",
    "boolean": "must be true or false",
    "object": "must be a JSON object",
    "array": "must be an array",
}


def _format(schema: Schema) -> str:
    return str(schema.get("x-format", schema.get("format", "")))


def _reason(problem: Problem) -> str:
    """What must be otherwise, as the end of a sentence that begins with the field's name."""
    schema: Schema = problem.schema or {}
    if problem.keyword in _PLAIN:
        return _PLAIN[problem.keyword]
    if "enum" in schema:
        return "must be one of " + ", ".join(
            each if isinstance(each, str) else json.dumps(each) for each in schema["enum"]
        )
    if problem.keyword in _LIMITS:
        return _LIMITS[problem.keyword].format(schema[problem.keyword])
    if problem.keyword == "format" and _format(schema) in _FORMATS:
        return _FORMATS[_format(schema)]
    first = schema if "type" in schema else next(iter(schema.get("anyOf", ())), schema)
    return _TYPES.get(first.get("type", ""), problem.message)

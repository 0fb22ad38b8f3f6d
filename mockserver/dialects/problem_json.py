"""Plain JSON over HTTP.

What is refused is told as problem details (RFC 9457) that name every field and what it may be.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from mockserver.call import Call, Headers
from mockserver.documents.schema import Coerce, Schema, compile_schema, problems_of, schema_at
from mockserver.errors import Kind, Path, Problem, Refusal
from mockserver.vendor import Reply

JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_MEDIA_TYPE = "application/json"
_TOLD = 3
_LONGEST = 400

_STATUSES: Mapping[Kind, int] = {
    "malformed": 400,
    "invalid": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "no_route": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "conflict": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "server_error": 500,
    "maintenance": 503,
}
_SILENT: Mapping[Kind, str] = {
    "rate_limited": "Too many requests.",
    "server_error": "This server has a fault; its log says more.",
    "maintenance": "This server is down for maintenance.",
}
_UNAUTHORIZED: Mapping[str | None, str] = {
    "missing": "This server wants its token: `Authorization: Bearer <token>`.",
    "unknown": "That is not this server's token.",
}


class ProblemJson:
    """The dialect of an API of strict JSON that wants a bearer token."""

    authenticates_first = False
    case_sensitive_paths = True
    trailing_slashes = True
    escaped_slashes = False
    implicit_methods: Mapping[str, str] = MappingProxyType({})
    max_depth = 64
    strict_query = True

    def __init__(self) -> None:
        self.empty_body: Any = {}

    def account(self, headers: Headers) -> str | None:
        """The bearer token; None where there is none."""
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    def credential(self, account: str) -> Mapping[str, str]:
        """The request headers that carry that token."""
        return {"Authorization": f"Bearer {account}"}

    def coercer(self, schema: Schema) -> Coerce:
        """Bodies are read as they were sent."""
        return lambda value: value

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """JSON, or None for everything else."""
        return (
            _MEDIA_TYPE if content_type.partition(";")[0].strip().lower() == _MEDIA_TYPE else None
        )

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body as it was sent."""
        return raw

    def accept(self, reply: Reply, call: Call) -> Reply:
        """A reply as JSON, unless its body is bytes already."""
        if not isinstance(reply.body, bytes):
            reply.headers = (*reply.headers, JSON)
        return reply

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """Problem details: what is wrong in a sentence, and field by field in `errors`."""
        status = refusal.status or _STATUSES[refusal.kind]
        problems = [each for problem in refusal.problems for each in explained(problem)]
        body = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": _detail(refusal, problems, call),
        }
        if problems:
            body["errors"] = [_error(problem, call) for problem in problems]
        return Reply(body, status, (_PROBLEM, *_headers(refusal, call), *refusal.retry_header))


def _headers(refusal: Refusal, call: Call) -> Iterator[tuple[bytes, bytes]]:
    if refusal.kind == "unauthorized":
        yield b"www-authenticate", b"Bearer"
    if refusal.kind == "method_not_allowed":
        yield b"allow", ", ".join(call.methods).encode()


def _detail(refusal: Refusal, problems: list[Problem], call: Call) -> str:
    """Everything in a sentence, in characters that can be sent."""
    return _sendable(_sentences(problems, call) if problems else _sentence(refusal, call))


def _sentence(refusal: Refusal, call: Call) -> str:
    if refusal.kind == "unauthorized":
        return _UNAUTHORIZED.get(refusal.message, _UNAUTHORIZED["unknown"])
    if refusal.kind == "method_not_allowed":
        return f"{call.request.path} takes {', '.join(call.methods)}, not {call.request.method}."
    if refusal.kind == "unsupported_media_type":
        return (
            f"The body must be sent as `Content-Type: {_MEDIA_TYPE}`, not as "
            f"{refusal.message or 'nothing at all'}."
        )
    if refusal.kind == "too_large":
        return f"The body is larger than {refusal.message} bytes."
    if refusal.kind == "malformed":
        return (
            "The body is not valid JSON: "
            f"{'it nests too deep' if refusal.message == 'depth' else refusal.message}."
        )
    if refusal.kind in ("no_route", "not_found") and refusal.message in (None, "slash", "place"):
        return f"There is nothing at {call.request.path}."
    return refusal.message or _SILENT.get(refusal.kind, "This request is refused.")


def _sentences(problems: list[Problem], call: Call) -> str:
    told = [f"{_name(problem)} {_reason(problem, call)}" for problem in problems[:_TOLD]]
    text = "; ".join(told) + (
        f"; and {len(problems) - _TOLD} more" if len(problems) > _TOLD else ""
    )
    return text if text.endswith("?") else text + "."


def _error(problem: Problem, call: Call) -> dict[str, str]:
    detail = _sendable(_reason(problem, call))
    if problem.location == "body":
        return {"pointer": _sendable(_pointer(problem.path)), "detail": detail}
    return {"parameter": _sendable(_name(problem)), "detail": detail}


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _name(problem: Problem) -> str:
    """`requests[0].operation`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem.path)
    return "".join(steps).removeprefix(".") or "the body"


def _pointer(path: Path) -> str:
    """`/requests/0/operation` (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


_TYPES: Mapping[str, str] = {
    "string": "a text",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "object": "a JSON object",
    "array": "an array",
}
_LIMITS: Mapping[str, str] = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "minProperties": "must have at least {} properties",
    "pattern": "must match {}",
}
_LEAST = frozenset({"minLength", "minItems", "minProperties"})
_FORMATS: Mapping[str, str] = {
    "date-time": "must be a date and time with its offset, like 2025-01-31T12:00:00Z"
}
_STRAYS = frozenset({"is no property here", "is no parameter here"})
_PLAIN: Mapping[str, str] = {
    "required": "is missing",
    "null-character": "must not contain NUL characters",
    "surrogate": "must not contain lone surrogates",
    "finite": "must be a finite number",
}


def _reason(problem: Problem, call: Call) -> str:
    """What must be otherwise, as the end of a sentence that begins with the field's name."""
    schema: Schema = problem.schema or {}
    if problem.keyword in _PLAIN:
        return _PLAIN[problem.keyword]
    if problem.message in _STRAYS:
        return _stray(problem, call)
    if problem.keyword == "enum" and "enum" in schema:
        return "must be one of " + ", ".join(
            each if isinstance(each, str) else json.dumps(each) for each in schema["enum"]
        )
    if problem.keyword in _LEAST and schema.get(problem.keyword) == 1:
        return "must not be empty"
    if problem.keyword in _LIMITS and problem.keyword in schema:
        return _LIMITS[problem.keyword].format(schema[problem.keyword])
    if problem.keyword == "format" and schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    types = [
        _TYPES[each["type"]]
        for each in schema.get("oneOf", (schema,))
        if each.get("type") in _TYPES
    ]
    if types:
        return "must be " + _either([*types, *(["null"] if schema.get("nullable") else [])])
    return (
        problem.message if len(problem.message) <= _LONGEST else problem.message[:_LONGEST] + "..."
    )


def _either(words: list[str]) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    return f"{', '.join(words[:-1])}, or {words[-1]}" if len(words) > 2 else " or ".join(words)


def _stray(problem: Problem, call: Call) -> str:
    """That there is no such property or parameter, and which ones there are."""
    operation = call.operation
    root: Schema = {}
    if operation is not None:
        root = (
            operation.query.schema
            if problem.location == "query"
            else operation.body.reader.schema
            if operation.body
            else {}
        )
    around = schema_at(root, problem.path[:-1]) or {}
    names = {
        name: None
        for branch in (around, *around.get("oneOf", ()))
        for name in branch.get("properties", {})
    }
    kind = "parameter" if problem.location == "query" else "property"
    return (
        f"is no {kind} here; known {'is' if len(names) == 1 else 'are'} {', '.join(names)}"
        if names
        else f"is no {kind} here"
    )


def explained(problem: Problem) -> Iterator[Problem]:
    """The problem itself.

    Where it is that a value has none of several forms, what is wrong with the form that it comes
    nearest to.
    """
    schema: Schema = problem.schema or {}
    branches = schema.get("oneOf", ())
    if not problem.keyword.startswith(("oneOf", "anyOf")) or not any(
        "properties" in branch for branch in branches
    ):
        yield problem
        return
    told = [list(problems_of(compile_schema(branch), problem.value, branch)) for branch in branches]
    nearest = min(told, key=lambda each: (any(map(_tags, each)), len(each)))
    tags = [each for each in nearest if _tags(each)]
    for each in _merged(tags[0], told) if tags else nearest:
        yield from explained(replace(each, path=(*problem.path, *each.path)))


def _tags(problem: Problem) -> bool:
    """Whether the value is not the one that marks this form of several."""
    return problem.keyword == "enum" and len((problem.schema or {}).get("enum", ())) == 1


def _merged(tag: Problem, told: Iterable[list[Problem]]) -> Iterator[Problem]:
    """One problem for a mark that no form has, with the marks of all forms."""
    values = [
        value
        for each in told
        for other in each
        if _tags(other) and other.path == tag.path
        for value in other.schema["enum"]
    ]
    yield replace(tag, schema={"enum": values})

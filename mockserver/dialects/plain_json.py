"""Plain JSON over HTTP: the dialect that all the others refine.

A vendor can use `PlainJson` as it is. One that answers otherwise overrides what differs: a status
in `statuses`, a word in `words`, the shape of an error in `error`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mockserver.call import Call
from mockserver.credential import Authenticate, Credential
from mockserver.documents.formats import Format, Formats
from mockserver.documents.schema import Coerce, Schema, form_coercer
from mockserver.errors import Kind, Path, Problem, Refusal
from mockserver.forms import FORM, MULTIPART, read_form, read_multipart
from mockserver.routing import read_path_parameter
from mockserver.vendor import Header, Reply
from mockserver.wire import read_json, write_json

JSON: Header = (b"content-type", b"application/json")

STATUSES: Mapping[Kind, int] = MappingProxyType(
    {
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
        "storage_full": 507,
    }
)

SENTENCES: Mapping[Kind, str] = MappingProxyType(
    {
        "malformed": "The request body is not valid JSON",
        "invalid": "The request is not valid",
        "unauthorized": "The credential is missing or not valid",
        "forbidden": "Action not allowed",
        "no_route": "There is no such endpoint",
        "not_found": "Resource not found",
        "method_not_allowed": "The endpoint does not take this method",
        "not_acceptable": "Only JSON can be answered",
        "conflict": "Conflict",
        "too_large": "The request body is too large",
        "unsupported_media_type": "The request body must be application/json",
        "rate_limited": "Too many requests",
        "server_error": "Internal server error",
        "maintenance": "Service temporarily unavailable",
        "storage_full": "Insufficient storage",
    }
)
"""What is said of a refusal that has no message of its own."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "required": "is required",
        "unknown": "is no parameter of this endpoint",
        "additionalProperties": "is no property here",
        "null-character": "must not contain NUL characters",
        "surrogate": "must not contain lone surrogates",
        "finite": "must be a finite number",
        "enum": "must be one of {}",
        "minimum": "must be at least {}",
        "maximum": "must be at most {}",
        "minLength": "must have at least {} characters",
        "maxLength": "must have at most {} characters",
        "minItems": "must have at least {} items",
        "maxItems": "must have at most {} items",
        "minProperties": "must have at least {} properties",
        "pattern": "must match {}",
        "minLength: 1": "must not be empty",
        "minItems: 1": "must not be empty",
        "minProperties: 1": "must not be empty",
        "type: string": "a string",
        "type: number": "a number",
        "type: integer": "an integer",
        "type: boolean": "true or false",
        "type: object": "a JSON object",
        "type: array": "an array",
        "format: date": "must be a date, YYYY-MM-DD",
        "format: date-time": "must be a date and time with its offset, like 2025-01-31T12:00:00Z",
        "format: email": "must be an e-mail address",
        "format: numeric": "must be a number",
        "format: phone": "must be a phone number",
        "format: uri": "must be a URI",
        "format: uuid": "must be a UUID",
        "format: sort-list": "must be field:asc or field:desc, several separated by commas",
        "format: field-list": "must be names of fields, separated by commas",
    }
)
"""What a value must be, by the keyword of JSON Schema that refused it.

`{}` stands for what the schema says there. A keyword with a colon and a value is for that value
alone; `type` has nouns, as a schema may allow several types.
"""

_ALWAYS = frozenset({"required", "null-character", "surrogate", "finite"})
"""Keywords that mean one thing, whoever found the problem."""

_PLAIN_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")

_NO_FORMATS: Mapping[str, Format] = MappingProxyType({})


class PlainJson:
    """Strict JSON: bodies are read to the letter, errors are `{"error": {...}}`.

    See `mockserver.vendor.Dialect` for what each member of the contract is for.
    """

    authenticates_first = False
    case_sensitive_paths = True
    trailing_slashes = True
    decodes_paths = False
    parameter = re.compile(r".+", re.DOTALL)
    implicit_methods: Mapping[str, str] = MappingProxyType({"HEAD": "GET"})
    max_depth = 128
    most_problems = 100
    empty_body: Any = ...
    strict_query = True
    formats: Mapping[str, Format] = _NO_FORMATS

    content_type: Header = JSON
    """The Content-Type of every reply that names none."""
    error_type: Header = JSON
    """The Content-Type of a refusal."""
    challenge: bytes | None = None
    """The WWW-Authenticate of a 401, where it has one."""
    statuses: Mapping[Kind, int] = STATUSES
    sentences: Mapping[Kind, str] = SENTENCES
    words: Mapping[str, str] = WORDS
    telling: frozenset[Kind] = frozenset(
        {"invalid", "forbidden", "not_found", "conflict", "storage_full"}
    )
    """Refusals whose own message, where they have one, replaces the sentence of their kind."""

    def coercer(self, schema: Schema) -> Coerce:
        """Values are read as they were sent."""
        return as_it_is

    def form_coercer(self, schema: Schema, formats: Formats) -> Coerce:
        """Texts are read as the types of their properties."""
        return form_coercer(schema, formats)

    def authenticator(self, credential: Credential) -> Authenticate:
        """The account is what the credential says it is."""
        return credential.authenticator()

    def decoded_path(self, path: str, raw_path: str) -> str:
        """The path with its escapes read."""
        return path

    def method(self, name: str) -> str:
        """The method as it was sent."""
        return name

    def check(self, call: Call) -> None:
        """Nothing is refused before it is read."""

    def path_parameter(self, name: str, kind: str, text: str) -> Any:
        """The text with its percent escapes decoded, as its type."""
        return read_path_parameter(kind, text)

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """The offered media type; parameters and letter case do not matter."""
        kind = content_type.partition(";")[0].strip().lower()
        return kind if kind in offered else None

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body as it was sent."""
        return raw

    def read_body(self, raw: bytes, kind: str, call: Call) -> Any:
        """JSON in UTF-8, or a form."""
        if kind == FORM:
            return read_form(raw, call.content_type)
        if kind == MULTIPART:
            return read_multipart(raw, call.content_type)
        return read_json(raw, self.max_depth)

    def write_body(self, body: Any, call: Call) -> bytes:
        """Compact JSON."""
        return write_json(body)

    def accept(self, reply: Reply, call: Call) -> Reply:
        """A reply as JSON; bytes go out as they are."""
        if type(reply.body) is not bytes:
            reply.headers = typed(reply.headers, self.content_type)
        return reply

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The refusal as `status`, `error` and `refusal_headers` have it."""
        return Reply(
            self.error(refusal, call), self.status(refusal), self.refusal_headers(refusal, call)
        )

    def refuse_unread(self, status: int, sentence: str) -> Reply:
        """The sentence as plain text (chosen: servers differ, and most say no more)."""
        return Reply(sentence.encode(), status, (_PLAIN_TEXT,))

    def status(self, refusal: Refusal) -> int:
        """The refusal's own status, or the one of its kind."""
        return refusal.status or self.statuses[refusal.kind]

    def error(self, refusal: Refusal, call: Call) -> Any:
        """The body of a refusal: its kind, a sentence, and what is wrong with each field."""
        return {
            "error": {
                "code": refusal.kind,
                "message": self.sentence(refusal, call),
                "fields": self.fields(refusal.problems),
            }
        }

    def refusal_headers(self, refusal: Refusal, call: Call) -> tuple[Header, ...]:
        """Content-Type, and what HTTP wants of a 401, a 405 and a refusal that asks to wait."""
        headers = [self.error_type]
        if refusal.kind == "unauthorized" and self.challenge is not None:
            headers.append((b"www-authenticate", self.challenge))
        if refusal.kind == "method_not_allowed":
            headers.append(allow(call.methods))
        return (*headers, *refusal.retry_header)

    def sentence(self, refusal: Refusal, call: Call) -> str:
        """The refusal in a sentence for people."""
        if refusal.message and refusal.kind in self.telling:
            return sendable(refusal.message)
        return self.sentences[refusal.kind]

    def fields(self, problems: Iterable[Problem]) -> dict[str, list[str]]:
        """Each field that has problems, and what they are, in words that follow its name."""
        found: dict[str, list[str]] = {}
        for problem in problems:
            texts = found.setdefault(sendable(dotted(problem.path)) or "body", [])
            text = sendable(self.reason(problem))
            if text not in texts:
                texts.append(text)
        return found

    def reason(self, problem: Problem) -> str:
        """What must be otherwise, as the end of a sentence that begins with the field's name."""
        if has_own_words(problem):
            return problem.message
        if problem.schema is None or problem.keyword in _ALWAYS:
            return self.words[problem.keyword]
        return self._by_schema(problem.keyword, problem.schema) or problem.message

    def _by_schema(self, keyword: str, schema: Schema) -> str | None:
        """The words for a keyword of the schema; None where there are none."""
        if "enum" in schema:
            return self.words["enum"].format(", ".join(map(_shown, schema["enum"])))
        limit = format_of(schema) if keyword == "format" else schema.get(keyword)
        words = None
        if keyword != "type":
            words = self.words.get(f"{keyword}: {limit}") or self.words.get(keyword)
        if words is not None and (limit is not None or "{}" not in words):
            return words.format(limit)
        types = self.type_names(schema)
        return "must be " + either(types) if types else None

    def type_names(self, schema: Schema) -> list[str]:
        """The types that a schema allows, as nouns with their articles."""
        branches = schema.get("oneOf") or schema.get("anyOf") or [schema]
        known = [f"type: {branch.get('type')}" for branch in branches]
        names = [self.words[name] for name in known if name in self.words]
        if names and any(part.get("nullable") for part in (schema, *branches)):
            names.append("null")
        return list(dict.fromkeys(names))


def has_own_words(problem: Problem) -> bool:
    """Whether a handler found the problem, and only its message says what is wrong."""
    stray = problem.keyword == "unknown" and problem.location == "query"
    return problem.schema is None and problem.keyword not in _ALWAYS and not stray


def as_it_is(value: Any) -> Any:
    """The value, for a coercer that changes nothing."""
    return value


def typed(headers: tuple[Header, ...], content_type: Header) -> tuple[Header, ...]:
    """The headers with that Content-Type, unless they name one themselves."""
    if headers and any(name == b"content-type" for name, _ in headers):
        return headers
    return (content_type, *headers)


def allow(methods: Iterable[str]) -> Header:
    """The Allow header of a path with these methods."""
    return (b"allow", ", ".join(methods).encode())


def dotted(path: Path) -> str:
    """`a.b[0]`; empty for the whole body."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def sendable(text: str) -> str:
    """The text in characters that UTF-8 has."""
    return text.encode("utf-8", "replace").decode()


def either(words: list[str]) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    if len(words) <= 2:
        return " or ".join(words)
    return f"{', '.join(words[:-1])}, or {words[-1]}"


def format_of(schema: Schema) -> str:
    """The name of the format that a schema asks for; `x-format` wins."""
    return str(schema.get("x-format", schema.get("format", "")))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

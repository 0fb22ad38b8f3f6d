"""ASP.NET Core with System.Text.Json.

How it reads bodies and words refusals (RFC 9110 problem details).
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.call import Call
from mockserver.dialects.json_text import TextPosition, lines_and_bytes, positions
from mockserver.dialects.plain_json import PlainJson, allow, as_it_is, sendable
from mockserver.dialects.system_text_json import NO_MEMBER, NOT_CONVERTED, stopped
from mockserver.documents.formats import Format
from mockserver.documents.schema import Coerce, Schema
from mockserver.documents.zones import offset_hours
from mockserver.errors import Kind, Path, Problem, Reason, Refusal
from mockserver.state.ids import token
from mockserver.vendor import Header, Reply

Errors = dict[str, list[str]]
"""The `errors` of a validation problem: a key and its messages."""

_JSON: Header = (b"content-type", b"application/json; charset=utf-8")
_PROBLEM = ((b"content-type", b"application/problem+json; charset=utf-8"),)
_CHALLENGE = ((b"www-authenticate", b"Bearer"),)
_RFC = "https://tools.ietf.org/html/rfc9110#section-"

_NONE: Mapping[str, Any] = MappingProxyType({})

_BLANK = re.compile(r"[^\S\x1c-\x1f]*")
"""What .NET's `Char.IsWhiteSpace` takes for white space.

Python counts four separators of ASCII more.
"""


def is_not_blank(text: str) -> bool:
    """Whether .NET finds more than white space in it."""
    return _BLANK.fullmatch(text) is None


def is_time_zone(text: str) -> bool:
    """Whether `TimeZoneInfo.FindSystemTimeZoneById` knows it: a Windows or an IANA name."""
    return offset_hours(text) is not None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"not-blank": is_not_blank, "windows-time-zone": is_time_zone}
)
"""By the names that a document calls them."""


class Told(NamedTuple):
    """One message of a validation problem, and the key that it stands under."""

    key: str
    message: str


class Model(NamedTuple):
    """What an action binds its body to: the parameter's name and the full name of its .NET type."""

    parameter: str
    type: str


class _Client(NamedTuple):
    """An error as the framework maps it to problem details."""

    status: int
    type: str
    title: str


_CLIENT_ERRORS: Mapping[Kind, _Client] = {
    "forbidden": _Client(403, _RFC + "15.5.4", "Forbidden"),
    "not_found": _Client(404, _RFC + "15.5.5", "Not Found"),
    "not_acceptable": _Client(406, _RFC + "15.5.7", "Not Acceptable"),
    "conflict": _Client(409, _RFC + "15.5.10", "Conflict"),
    "unsupported_media_type": _Client(415, _RFC + "15.5.16", "Unsupported Media Type"),
    "rate_limited": _Client(
        429, "https://tools.ietf.org/html/rfc6585#section-4", "Too Many Requests"
    ),
    "server_error": _Client(
        500, _RFC + "15.6.1", "An error occurred while processing your request."
    ),
    "maintenance": _Client(503, _RFC + "15.6.4", "Service Unavailable"),
}
_BARE: Mapping[Kind, int] = {"no_route": 404, "too_large": 413}
"""What is refused before there is an action that could answer."""

_TELLING: frozenset[Kind] = frozenset({"forbidden", "conflict"})
"""Refusals whose message is for the client."""

_NAMELESS: Errors = {"": ["The input was not valid."]}
_EMPTY: Errors = {"": ["A non-empty request body is required."]}
_UNREADABLE = frozenset({"null-character", "surrogate", "finite"})
"""Values that are refused before anybody looks at their type."""


class AspNetCore(PlainJson):
    """The dialect of one API."""

    case_sensitive_paths = False
    trailing_slashes = False
    escaped_slashes = True
    implicit_methods: Mapping[str, str] = _NONE
    max_depth = 32
    strict_query = False
    formats: Mapping[str, Format] = FORMATS
    content_type: Header = _JSON

    def __init__(
        self, models: Mapping[str, Model] = _NONE, types: Mapping[str, str] = _NONE
    ) -> None:
        """`models` says by operationId what a body is bound to.

        `types` names by property the .NET type of its value, or of its items, where that is an enum
        or a class.
        """
        self.models = models
        self.types = types

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """The offered type that the Content-Type means.

        None for other types and for texts that are neither UTF-8 nor UTF-16.
        """
        return content_type if content_type in offered else _media_type(content_type, offered)

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body without a byte order mark; from UTF-16 where the Content-Type says so."""
        if _UTF_16.search(content_type):
            raw = raw.decode("utf-16-le", "replace").encode("utf-8", "replace")
        return raw.removeprefix(BOM_UTF8)

    def coercer(self, schema: Schema) -> Coerce:
        """Compiles how System.Text.Json with its web defaults reads a value.

        Unknown members are ignored, names match in any letter case, numbers may be numeric texts
        but enums may not, 1.0 is no integer, null texts in a list are empty ones, and null values
        of a map vanish.
        """
        return self._coerce(schema, "") or as_it_is

    def _coerce(self, schema: Schema, name: str) -> Coerce | None:
        kind = schema.get("type")
        if kind == "integer":
            return _whole if name in self.types else _integer
        if kind == "number":
            return _number
        if kind == "array":
            return _items(schema.get("items", {}), self._coerce(schema.get("items", {}), name))
        if kind == "object" and "properties" in schema:
            return _members(
                {
                    key: self._coerce(part, key) or as_it_is
                    for key, part in schema["properties"].items()
                }
            )
        return _without_nulls if kind == "object" else None

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The framework's answer.

        Empty for routing, authentication and the size of the body, problem details for the rest.
        """
        if refusal.kind == "invalid" or refusal.reason == Reason.PATH_PARAMETER:
            return self.invalid(
                self._unbound(refusal.problems, call) if refusal.problems else _NAMELESS, call
            )
        if refusal.kind == "malformed":
            return self.invalid(self._unparsed(self._text(call), call) | self._required(call), call)
        if refusal.kind == "unauthorized":
            return Reply(b"", 401, _CHALLENGE)
        if refusal.kind in _BARE:
            return Reply(b"", _BARE[refusal.kind])
        if refusal.kind == "method_not_allowed":
            return Reply(b"", 405, (allow(call.methods),))
        client = _CLIENT_ERRORS[refusal.kind]
        detail = {"detail": refusal.message} if refusal.kind in _TELLING and refusal.message else {}
        reply = _details(client._replace(status=refusal.status or client.status), detail, call)
        reply.headers += refusal.retry_header
        return reply

    def invalid(self, errors: Errors, call: Call) -> Reply:
        """A 400 with those errors, by key."""
        return _details(
            _Client(400, _RFC + "15.5.1", "One or more validation errors occurred."),
            {"errors": errors},
            call,
        )

    def worded(self, problems: Sequence[Problem], call: Call) -> list[Told]:
        """Each problem in the framework's words.

        The key is `$.path` for a value that cannot be converted, else `Path.To[0].Property`.
        """
        unread = [problem.path for problem in problems if not converts(problem)]
        found = positions(self._text(call), unread) if unread else {}
        return [
            self._worded(problem, found.get(problem.path, TextPosition(problem.path, 0, 0)), call)
            for problem in problems
        ]

    def _text(self, call: Call) -> str:
        """The body, with bytes that are no UTF-8 as surrogates."""
        return (call.request.body or b"").decode("utf-8", "surrogateescape")

    def _worded(self, problem: Problem, position: TextPosition, call: Call) -> Told:
        if problem.location != "body":
            return Told(str(problem.path[-1]), problem.message)
        if converts(problem):
            return Told(_property_path(problem.path), _annotation(problem))
        if problem.keyword == "additionalProperties":
            return Told(
                _key(position),
                sendable(NO_MEMBER.format(position.path[-1], self._class_of(problem, call))),
            )
        type = self._model(call).type if problem.path == () else self._type_of(problem)
        return _at(position, NOT_CONVERTED.format(type))

    def _unbound(self, problems: tuple[Problem, ...], call: Call) -> Errors:
        if any(
            problem.location == "body" and problem.path == () and problem.value is None
            for problem in problems
        ):
            return _EMPTY | self._required(call)
        told = grouped(self.worded(problems, call))
        return told | (self._required(call) if any(key.startswith("$") for key in told) else {})

    def _unparsed(self, text: str, call: Call) -> Errors:
        """What is wrong with a body that is no JSON, and where."""
        if not text:
            return _EMPTY
        stop = stopped(text, self.max_depth, self._model(call).type)
        ((line, byte),) = lines_and_bytes(text, [stop.at])
        key, message = _at(TextPosition(_as_far_as_known(stop.path, call), line, byte), stop.words)
        return {key: [message]}

    def _model(self, call: Call) -> Model:
        return self.models.get(
            call.operation.id if call.operation else "", Model("request", "System.Object")
        )

    def _required(self, call: Call) -> Errors:
        parameter = self._model(call).parameter
        return {parameter: [f"The {parameter} field is required."]}

    def _class_of(self, problem: Problem, call: Call) -> str:
        """The class that lacks the member."""
        name = next((step for step in reversed(problem.path[:-1]) if isinstance(step, str)), "")
        return self.types.get(name, self._model(call).type)

    def _type_of(self, problem: Problem) -> str:
        schema: Schema = problem.schema or {}
        name = next((step for step in reversed(problem.path) if isinstance(step, str)), "")
        named = self.types.get(name) or _type_name(
            schema.get("items", schema) if schema.get("type") == "array" else schema
        )
        if schema.get("type") == "array":
            return f"System.Collections.Generic.List`1[{named}]"
        return (
            f"System.Nullable`1[{named}]"
            if schema.get("nullable") and schema["type"] in _VALUE_TYPES
            else named
        )


_CHARSETS = frozenset({"utf-8", "utf8", "utf-16", "unicode"})
_UTF_16 = re.compile(r"""charset="?(?:utf-16|unicode)\b""", re.IGNORECASE)


@lru_cache(maxsize=256)
def _media_type(content_type: str, offered: tuple[str, ...]) -> str | None:
    essence, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [
        part.removeprefix("charset=").strip('"')
        for part in parameters
        if part.startswith("charset=")
    ]
    if any(charset not in _CHARSETS for charset in charsets):
        return None
    return next(
        (
            each
            for each in offered
            if re.fullmatch(re.escape(each).replace(r"\*", r"[^\s/]+"), essence)
        ),
        None,
    )


def _whole(value: Any) -> Any:
    """An integer.

    A number written with a fraction becomes a text, which no validator takes for one.
    """
    return str(value) if type(value) is float else value


_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,2})?", re.ASCII)


def _integer(value: Any) -> Any:
    return int(value) if type(value) is str and _INTEGER.fullmatch(value) else _whole(value)


def _number(value: Any) -> Any:
    return float(value) if type(value) is str and _NUMBER.fullmatch(value) else value


def _without_nulls(value: Any) -> Any:
    if type(value) is dict and None in value.values():
        return {key: item for key, item in value.items() if item is not None}
    return value


def _items(schema: Schema, coerce: Coerce | None) -> Coerce | None:
    if schema.get("type") == "string":
        return lambda value: (
            ["" if item is None else item for item in value]
            if type(value) is list and None in value
            else value
        )
    if coerce is None:
        return None
    return lambda value: [coerce(item) for item in value] if type(value) is list else value


def _members(readers: Mapping[str, Coerce]) -> Coerce:
    known: dict[str, tuple[str, Coerce]] = {name: (name, read) for name, read in readers.items()}
    known |= {name.lower(): member for name, member in known.items()}

    def coerce(value: Any) -> Any:
        if type(value) is not dict:
            return value
        found = {}
        for name, item in value.items():
            member = known.get(name) or known.get(name.lower())
            if member is not None:
                found[member[0]] = member[1](item)
        return found

    return coerce


def _details(client: _Client, more: Mapping[str, Any], call: Call) -> Reply:
    trace, span = (
        token(call.seed, kind, call.number, digits)
        for kind, digits in (("trace", 32), ("span", 16))
    )
    body = {
        "type": client.type,
        "title": client.title,
        "status": client.status,
        **more,
        "traceId": f"00-{trace}-{span}-00",
    }
    return Reply(body, client.status, _PROBLEM)


_INT32 = range(-(2**31), 2**31)
_VALUE_TYPES = frozenset({"integer", "number", "boolean"})
_CONVERTS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: value is None or isinstance(value, str),
    "array": lambda value: value is None or isinstance(value, list),
    "object": lambda value: value is None or isinstance(value, dict),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: type(value) is int and value in _INT32,
    "number": lambda value: type(value) in (int, float),
}


def converts(problem: Problem) -> bool:
    """Whether the property can hold the value, so that only a rule of it refuses."""
    if problem.location != "body":
        return True
    if problem.keyword in _UNREADABLE or problem.keyword == "additionalProperties":
        return False
    if problem.keyword == "required" or problem.schema is None:
        return True
    test = _CONVERTS.get(problem.schema.get("type", ""))
    return test is None or test(problem.value)


def _annotation(problem: Problem) -> str:
    """The message of a data annotation, or the handler's own."""
    schema = problem.schema
    if schema is None:
        return problem.message
    label = _pascal(next((step for step in reversed(problem.path) if isinstance(step, str)), ""))
    if (
        problem.value is None
        or problem.keyword == "minLength"
        or schema.get("x-format") == "not-blank"
    ):
        return f"The {label} field is required."
    if problem.keyword == "maxItems":
        return (
            f"The field {label} must be a string or array type with a maximum length of "
            f"'{schema['maxItems']}'."
        )
    if schema.get("x-format") == "windows-time-zone":
        return f"The time zone ID '{problem.value}' was not found on the local computer."
    return f"The field {label} is invalid."


def _type_name(schema: Schema) -> str:
    names = {"integer": "System.Int32", "number": "System.Double", "boolean": "System.Boolean"}
    if schema.get("type") == "object":
        return "System.Collections.Generic.Dictionary`2[System.String,System.String]"
    return names.get(schema.get("type", ""), "System.String")


_SPECIAL = re.compile(r"""[.' /"\[\]()\t\n\r\f\b\\\x85\u2028\u2029]""")


def _json_path(path: Path) -> str:
    """`$.leads[3].callData['first name']`, as System.Text.Json writes it."""
    return "$" + "".join(
        f"[{step}]"
        if isinstance(step, int)
        else f"['{step}']"
        if _SPECIAL.search(step)
        else f".{step}"
        for step in path
    )


def _property_path(path: Path) -> str:
    """`Leads[3].PhoneNumber`, the C# names."""
    return "".join(
        f"[{step}]" if isinstance(step, int) else f".{_pascal(step)}" for step in path
    ).removeprefix(".")


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def grouped(told: Iterable[Told]) -> Errors:
    """Messages by their keys, none twice under one."""
    found: Errors = {}
    for key, message in told:
        messages = found.setdefault(key, [])
        if message not in messages:
            messages.append(message)
    return found


def _at(position: TextPosition, message: str) -> Told:
    """A message about a position in the body, under its path."""
    key = _key(position)
    return Told(
        key,
        sendable(
            f"{message} Path: {key} | LineNumber: {position.line} | "
            f"BytePositionInLine: {position.byte}."
        ),
    )


def _key(position: TextPosition) -> str:
    return sendable(_json_path(position.path))


def _as_far_as_known(path: Path, call: Call) -> Path:
    """The path, up to the first member that nobody knows.

    What is within that one is passed over.
    """
    schema: Schema = (
        call.operation.body.reader.schema if call.operation and call.operation.body else {}
    )
    for depth, step in enumerate(path):
        if isinstance(step, int):
            part = schema.get("items")
        else:
            known = {name.lower(): part for name, part in schema.get("properties", {}).items()}
            part = known.get(step.lower(), schema.get("additionalProperties"))
        if not part:
            return path[: depth + isinstance(step, str)]
        schema = part
    return path

"""Reads requests and words refusals as ASP.NET Core with System.Text.Json does.

Its refusals are problem details, with the sections of RFC 9110 as their types.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
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
from mockserver.errors import LEFT_OUT, Kind, Path, Problem, Reason, Refusal
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
"""Only white space, as .NET's `Char.IsWhiteSpace` knows it.

For Python four separators of ASCII are white space too.
"""


def is_not_blank(text: str) -> bool:
    """Whether the text has more than white space, as .NET sees it."""
    return _BLANK.fullmatch(text) is None


def is_time_zone(text: str) -> bool:
    """Whether `TimeZoneInfo.FindSystemTimeZoneById` knows the name: one of Windows or of IANA."""
    return offset_hours(text) is not None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"not-blank": is_not_blank, "windows-time-zone": is_time_zone}
)
"""The formats by the names that a document uses for them."""


class Told(NamedTuple):
    """One message of a validation problem, and the key that it stands under."""

    key: str
    message: str


class Model(NamedTuple):
    """What an action binds its body to: the parameter's name and the full name of its .NET type."""

    parameter: str
    type: str


_UNKNOWN_MODEL = Model("request", "System.Object")


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
_VALIDATION_PROBLEM = _Client(400, _RFC + "15.5.1", "One or more validation errors occurred.")
_BARE: Mapping[Kind, int] = {"no_route": 404, "too_large": 413}
"""Refusals without a body: the framework makes them before it has found an action."""

_TELLING: frozenset[Kind] = frozenset({"forbidden", "conflict"})
"""Refusals whose message the client gets to see."""

_NAMELESS: Errors = {"": ["The input was not valid."]}
_EMPTY: Errors = {"": ["A non-empty request body is required."]}
_UNREADABLE = frozenset({"null-character", "surrogate", "finite"})
"""Keywords of values that the parser refuses before it compares their type."""


class AspNetCore(PlainJson):
    """The dialect of one API."""

    case_sensitive_paths = False
    trailing_slashes = False
    escaped_slashes = True
    implicit_methods: Mapping[str, str] = _NONE
    max_depth = 32
    most_problems = 199
    strict_query = False
    formats: Mapping[str, Format] = FORMATS
    content_type: Header = _JSON

    def __init__(
        self, models: Mapping[str, Model] = _NONE, types: Mapping[str, str] = _NONE
    ) -> None:
        """Make the dialect of one API.

        `models` has by operationId what a body is bound to. `types` has by property the .NET type
        of its value, or of its items, where that is an enum or a class.
        """
        self.models = models
        self.types = types

    def refuse_unread(self, status: int, sentence: str) -> Reply:
        """Kestrel says nothing but the status."""
        return Reply(b"", status)

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """The offered type that the Content-Type means, if its charset is UTF-8 or UTF-16."""
        if content_type in offered:
            return content_type
        return _media_type(content_type, offered)

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body in UTF-8, without a byte order mark."""
        if _UTF_16.search(content_type):
            raw = raw.decode("utf-16-le", "replace").encode("utf-8", "replace")
        return raw.removeprefix(BOM_UTF8)

    def coercer(self, schema: Schema) -> Coerce:
        """Compiles how System.Text.Json with its web defaults reads a value.

        It ignores unknown members, and finds the others in any letter case. A number may be sent
        as a text, an enum may not, and 1.0 is not an integer. Null in a list of texts becomes an
        empty text, and null values of a map are left out.
        """
        return self._coerce(schema, "") or as_it_is

    def _coerce(self, schema: Schema, name: str) -> Coerce | None:
        """What reads a value of that schema, or None where nothing changes it."""
        kind = schema.get("type")
        if kind == "integer":
            return _whole if name in self.types else _integer
        if kind == "number":
            return _number
        if kind == "array":
            items = schema.get("items", {})
            return _items_reader(items, self._coerce(items, name))
        if kind == "object" and "properties" in schema:
            return self._object_reader(schema["properties"])
        if kind == "object":
            return _without_nulls
        return None

    def _object_reader(self, properties: Mapping[str, Schema]) -> Coerce:
        readers = {}
        for name, part in properties.items():
            readers[name] = self._coerce(part, name) or as_it_is
        return _members_reader(readers)

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The framework's answer.

        It has no body for routing, authentication and the size of a body, and problem details for
        everything else.
        """
        if refusal.kind == "invalid" or refusal.reason == Reason.PATH_PARAMETER:
            return self.invalid(self._unbound(refusal.problems, call), call)
        if refusal.kind == "malformed":
            return self.invalid(self._unparsed(self._text(call), call) | self._required(call), call)
        if refusal.kind == "unauthorized":
            return Reply(b"", 401, _CHALLENGE)
        if refusal.kind in _BARE:
            return Reply(b"", _BARE[refusal.kind])
        if refusal.kind == "method_not_allowed":
            return Reply(b"", 405, (allow(call.methods),))
        return _client_error(refusal, call)

    def invalid(self, errors: Errors, call: Call) -> Reply:
        """A 400 with those errors, by key."""
        return _details(_VALIDATION_PROBLEM, {"errors": errors}, call)

    def worded(self, problems: Sequence[Problem], call: Call) -> list[Told]:
        """Each problem in the framework's words.

        The key is `$.path` for a value that cannot be converted, else `Path.To[0].Property`.
        """
        unread = [problem.path for problem in problems if not converts(problem)]
        # Reading the text again costs time, and most problems do not name a position in it.
        found = positions(self._text(call), unread) if unread else {}
        worded = []
        for problem in problems:
            position = found.get(problem.path, TextPosition(problem.path, 0, 0))
            worded.append(self._worded(problem, position, call))
        return worded

    def _text(self, call: Call) -> str:
        """The body, with bytes that are no UTF-8 as surrogates."""
        return (call.request.body or b"").decode("utf-8", "surrogateescape")

    def _worded(self, problem: Problem, position: TextPosition, call: Call) -> Told:
        if problem.keyword == LEFT_OUT:
            return Told("", _NAMELESS[""][0])
        if problem.location != "body":
            return Told(str(problem.path[-1]), problem.message)
        if converts(problem):
            return Told(_property_path(problem.path), _annotation(problem))
        if problem.keyword == "additionalProperties":
            message = NO_MEMBER.format(position.path[-1], self._class_of(problem, call))
            return Told(_key(position), sendable(message))
        is_body = problem.path == ()
        type = self._model(call).type if is_body else self._type_of(problem)
        return _at(position, NOT_CONVERTED.format(type))

    def _unbound(self, problems: Sequence[Problem], call: Call) -> Errors:
        """What is wrong with values that cannot be bound to the parameters of the action."""
        if not problems:
            return _NAMELESS
        if any(_is_null_body(problem) for problem in problems):
            return _EMPTY | self._required(call)
        errors = grouped(self.worded(problems, call))
        # A value that does not convert leaves the action without its body altogether.
        if any(key.startswith("$") for key in errors):
            errors |= self._required(call)
        return errors

    def _unparsed(self, text: str, call: Call) -> Errors:
        """What is wrong with a body that is no JSON, and where."""
        if not text:
            return _EMPTY
        stop = stopped(text, self.max_depth, self._model(call).type)
        ((line, byte),) = lines_and_bytes(text, [stop.at])
        path = _known_part(stop.path, call)
        key, message = _at(TextPosition(path, line, byte), stop.words)
        return {key: [message]}

    def _model(self, call: Call) -> Model:
        id = call.operation.id if call.operation else ""
        return self.models.get(id, _UNKNOWN_MODEL)

    def _required(self, call: Call) -> Errors:
        parameter = self._model(call).parameter
        return {parameter: [f"The {parameter} field is required."]}

    def _class_of(self, problem: Problem, call: Call) -> str:
        """The class that lacks the member."""
        return self.types.get(_last_name(problem.path[:-1]), self._model(call).type)

    def _type_of(self, problem: Problem) -> str:
        """The full name of the .NET type that the value should have had."""
        schema: Schema = problem.schema or {}
        is_list = schema.get("type") == "array"
        part = schema.get("items", schema) if is_list else schema
        name = self.types.get(_last_name(problem.path)) or _type_name(part)
        if is_list:
            return f"System.Collections.Generic.List`1[{name}]"
        if schema.get("nullable") and schema["type"] in _VALUE_TYPES:
            return f"System.Nullable`1[{name}]"
        return name


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
    for each in offered:
        pattern = re.escape(each).replace(r"\*", r"[^\s/]+")
        if re.fullmatch(pattern, essence):
            return each
    return None


def _whole(value: Any) -> Any:
    """An integer; a number that is written with a fraction becomes a text, which is refused."""
    # A schema would accept 1.0 as an integer; System.Text.Json does not.
    return str(value) if type(value) is float else value


_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,2})?", re.ASCII)


def _integer(value: Any) -> Any:
    if type(value) is str and _INTEGER.fullmatch(value):
        return int(value)
    return _whole(value)


def _number(value: Any) -> Any:
    if type(value) is str and _NUMBER.fullmatch(value):
        return float(value)
    return value


def _without_nulls(value: Any) -> Any:
    if type(value) is dict and None in value.values():
        return {key: item for key, item in value.items() if item is not None}
    return value


def _items_reader(schema: Schema, coerce: Coerce | None) -> Coerce | None:
    """What reads a list of such items, or None where nothing changes it."""
    if schema.get("type") == "string":
        return _without_null_texts
    if coerce is None:
        return None

    def read(value: Any) -> Any:
        if type(value) is not list:
            return value
        return [coerce(item) for item in value]

    return read


def _without_null_texts(value: Any) -> Any:
    if type(value) is list and None in value:
        return ["" if item is None else item for item in value]
    return value


def _members_reader(readers: Mapping[str, Coerce]) -> Coerce:
    """What reads an object with these members, whose names match in any letter case."""
    known: dict[str, tuple[str, Coerce]] = {}
    for name, read in readers.items():
        known[name] = (name, read)
    # The lower-case names come last: where two members differ in case only, the last one counts.
    for name, read in readers.items():
        known[name.lower()] = (name, read)

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


def _client_error(refusal: Refusal, call: Call) -> Reply:
    """Problem details by the status, without the errors of single values."""
    client = _CLIENT_ERRORS[refusal.kind]
    if refusal.status:
        client = client._replace(status=refusal.status)
    more = {}
    if refusal.kind in _TELLING and refusal.message:
        more["detail"] = refusal.message
    reply = _details(client, more, call)
    reply.headers += refusal.retry_header
    return reply


def _details(client: _Client, more: Mapping[str, Any], call: Call) -> Reply:
    # The trace id has the form of W3C Trace Context, and repeats with the seed.
    trace = token(call.seed, "trace", call.number, 32)
    span = token(call.seed, "span", call.number, 16)
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
_REFERENCE_TYPES: Mapping[str, type] = {"string": str, "array": list, "object": dict}
"""The types that can be null, and what their values are in Python."""


def _fits(kind: str, value: Any) -> bool:
    """Whether a .NET property for that type of JSON Schema can hold the value."""
    if kind in _REFERENCE_TYPES:
        return value is None or isinstance(value, _REFERENCE_TYPES[kind])
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return type(value) is int and value in _INT32
    if kind == "number":
        return type(value) in (int, float)
    return True


def converts(problem: Problem) -> bool:
    """Whether the property can hold the value, and only one of its rules refuses it."""
    if problem.location != "body":
        return True
    if problem.keyword in _UNREADABLE or problem.keyword == "additionalProperties":
        return False
    if problem.keyword == "required" or problem.schema is None:
        return True
    return _fits(problem.schema.get("type", ""), problem.value)


def _annotation(problem: Problem) -> str:
    """The message of a data annotation, or the handler's own."""
    schema = problem.schema
    if schema is None:
        return problem.message
    format = schema.get("x-format")
    label = _pascal(_last_name(problem.path))
    # [Required] refuses null, an empty text and white space alike.
    if problem.value is None or problem.keyword == "minLength" or format == "not-blank":
        return f"The {label} field is required."
    if problem.keyword == "maxItems":
        return (
            f"The field {label} must be a string or array type with a maximum length of "
            f"'{schema['maxItems']}'."
        )
    if format == "windows-time-zone":
        return f"The time zone ID '{problem.value}' was not found on the local computer."
    return f"The field {label} is invalid."


_MAP_TYPE = "System.Collections.Generic.Dictionary`2[System.String,System.String]"
_TYPE_NAMES: Mapping[str, str] = {
    "integer": "System.Int32",
    "number": "System.Double",
    "boolean": "System.Boolean",
    "object": _MAP_TYPE,
}


def _type_name(schema: Schema) -> str:
    return _TYPE_NAMES.get(schema.get("type", ""), "System.String")


def _is_null_body(problem: Problem) -> bool:
    return problem.location == "body" and problem.path == () and problem.value is None


def _last_name(path: Path) -> str:
    """The last name in a path, past the positions in lists; empty where there is none."""
    for step in reversed(path):
        if isinstance(step, str):
            return step
    return ""


_SPECIAL = re.compile(r"""[.' /"\[\]()\t\n\r\f\b\\\x85\u2028\u2029]""")


def _json_path(path: Path) -> str:
    """`$.leads[3].callData['first name']`, as System.Text.Json writes it."""
    text = "$"
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _SPECIAL.search(step):
            text += f"['{step}']"
        else:
            text += f".{step}"
    return text


def _property_path(path: Path) -> str:
    """`Leads[3].PhoneNumber`, the C# names."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{_pascal(step)}"
    return text.removeprefix(".")


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
    place = f"Path: {key} | LineNumber: {position.line} | BytePositionInLine: {position.byte}."
    return Told(key, sendable(f"{message} {place}"))


def _key(position: TextPosition) -> str:
    return sendable(_json_path(position.path))


def _known_part(path: Path, call: Call) -> Path:
    """The path up to the first member that the model does not have.

    System.Text.Json skips an unknown member, and names nothing inside it.
    """
    schema: Schema = {}
    if call.operation and call.operation.body:
        schema = call.operation.body.reader.schema
    for depth, step in enumerate(path):
        part = _part_at(schema, step)
        if not part:
            return path[: depth + isinstance(step, str)]
        schema = part
    return path


def _part_at(schema: Schema, step: int | str) -> Any:
    """The schema of an item, or of a member in any letter case."""
    if isinstance(step, int):
        return schema.get("items")
    for name, part in schema.get("properties", {}).items():
        if name.lower() == step.lower():
            return part
    return schema.get("additionalProperties")

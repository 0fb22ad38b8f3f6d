"""Reads requests and words refusals as ASP.NET Core with System.Text.Json does.

Its refusals are problem details, with the sections of RFC 9110 as their types.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.call import Call
from mockserver.dialects.aspnet_requests import (
    answered_type,
    decoded_path,
    form_error,
    json_media_type,
    utf_8,
)
from mockserver.dialects.dot_net_values import ascii_folded, floating, int32, is_blank
from mockserver.dialects.plain_json import STATUSES, PlainJson, allow, as_it_is, sendable, typed
from mockserver.dialects.system_text_json import Record, Stop, Types, convert, hides_a_value
from mockserver.documents.formats import Format
from mockserver.documents.schema import Coerce, Schema
from mockserver.documents.spec import Operation
from mockserver.documents.zones import offset_hours
from mockserver.errors import LEFT_OUT, Kind, Path, Problem, Refusal
from mockserver.state.ids import token
from mockserver.vendor import Header, Reply
from mockserver.wire import read_json

Errors = dict[str, list[str]]
"""The `errors` of a validation problem: a key and its messages."""

_JSON: Header = (b"content-type", b"application/json; charset=utf-8")
_PROBLEM = ((b"content-type", b"application/problem+json; charset=utf-8"),)
_CHALLENGE = ((b"www-authenticate", b"Bearer"),)
_RFC = "https://tools.ietf.org/html/rfc9110#section-"
_RFC_4918 = "https://tools.ietf.org/html/rfc4918#section-11.2"

_NONE: Mapping[str, Any] = MappingProxyType({})


def is_not_blank(text: str) -> bool:
    """Whether the text has more than white space, as .NET sees it."""
    return not is_blank(text)


def is_time_zone(text: str) -> bool:
    """Whether `TimeZoneInfo.FindSystemTimeZoneById` knows the name: one of Windows or of IANA."""
    return offset_hours(text) is not None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"not-blank": is_not_blank, "windows-time-zone": is_time_zone}
)
"""The formats by the names that a document uses for them."""


class KeyedMessage(NamedTuple):
    """One message of a validation problem, and the key that it stands under."""

    key: str
    message: str


class Model(NamedTuple):
    """What an action binds its body to: the parameter's name and the full name of its .NET type."""

    parameter: str
    type: str


_UNKNOWN_MODEL = Model("request", "System.Object")


class _Client(NamedTuple):
    """A status with the type and the title that problem details have for it."""

    status: int
    type: str | None
    title: str | None


_WORDS: Mapping[int, tuple[str, str]] = {
    400: ("15.5.1", "Bad Request"),
    401: ("15.5.2", "Unauthorized"),
    403: ("15.5.4", "Forbidden"),
    404: ("15.5.5", "Not Found"),
    405: ("15.5.6", "Method Not Allowed"),
    406: ("15.5.7", "Not Acceptable"),
    408: ("15.5.9", "Request Timeout"),
    409: ("15.5.10", "Conflict"),
    410: ("15.5.11", "Gone"),
    411: ("15.5.12", "Length Required"),
    412: ("15.5.13", "Precondition Failed"),
    413: ("15.5.14", "Content Too Large"),
    414: ("15.5.15", "URI Too Long"),
    415: ("15.5.16", "Unsupported Media Type"),
    426: ("15.5.22", "Upgrade Required"),
    500: ("15.6.1", "An error occurred while processing your request."),
    501: ("15.6.2", "Not Implemented"),
    502: ("15.6.3", "Bad Gateway"),
    503: ("15.6.4", "Service Unavailable"),
    504: ("15.6.5", "Gateway Timeout"),
}
"""Statuses that the framework has words for (`ProblemDetailsDefaults`): section of RFC 9110, title.

It has 422 too, of another RFC. Other statuses, 429 say, have neither type nor title.
"""

_VALIDATION_PROBLEM = _Client(400, _RFC + "15.5.1", "One or more validation errors occurred.")
_BARE: Mapping[Kind, int] = {"no_route": 404, "too_large": 413}
"""Refusals without a body: the framework makes them before it has found an action."""

_TELLING: frozenset[Kind] = frozenset({"forbidden", "conflict", "storage_full"})
"""Refusals whose message the client gets to see."""

_NOT_VALID = "The input was not valid."
_NAMELESS: Errors = {"": [_NOT_VALID]}
_EMPTY: Errors = {"": ["A non-empty request body is required."]}
_MOST_ERRORS = 199
"""How many errors the framework keeps (`ModelStateDictionary.MaxAllowedErrors`, less one)."""

_MOST_BYTES = 30_000_000
"""How large a body may be (`KestrelServerLimits.MaxRequestBodySize`)."""

_UNREADABLE = frozenset({"null-character", "surrogate", "finite"})
"""Keywords of values that the parser refuses before it compares their type."""


class AspNetCore(PlainJson):
    """The dialect of one API."""

    case_sensitive_paths = False
    trailing_slashes = False
    decodes_paths = True
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
        self._records: dict[str, tuple[Operation, Record]] = {}

    def decoded_path(self, path: str, raw_path: str) -> str:
        """The path as Kestrel decodes it; one that it refuses is answered 400 without a body."""
        decoded = decoded_path(raw_path)
        if decoded is None:
            raise Refusal("no_route", status=400)
        return decoded

    def method(self, name: str) -> str:
        """The method in capitals: routes ignore its letter case."""
        return name.upper()

    def check(self, call: Call) -> None:
        """Refuses a form that cannot be read.

        The framework reads it before it binds the parameters of an action, if there are any.
        """
        content_type = call.request.headers.get(b"content-type")
        # `find` and not `in`: CPython first tries to take the bytes for one number.
        if content_type is None or content_type.lower().find(b"form") < 0:
            return
        if call.path_parameters or (call.operation and call.operation.body):
            error = form_error(call.request.body or b"", content_type.decode("latin-1"))
            if error is not None:
                raise Refusal("invalid", problems=[Problem(("",), "form", error, location="query")])

    def path_parameter(self, name: str, kind: str, text: str) -> str:
        """The text as it is; one of white space only is missing."""
        if text.isspace() and is_blank(text):
            message = f"The {name} field is required."
            problem = Problem((name,), "required", message, text, location="path")
            raise Refusal("invalid", problems=[problem])
        return text

    def refuse_unread(self, status: int, sentence: str) -> Reply:
        """Kestrel says nothing but the status."""
        return Reply(b"", status)

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """JSON in UTF-8 or UTF-16, where JSON is offered."""
        found = json_media_type(content_type)
        return found if found in offered else None

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body in UTF-8, without a byte order mark."""
        text = utf_8(raw, content_type)
        # A mark with nothing behind it is a body, though one without JSON.
        return text.removeprefix(BOM_UTF8) or text

    def read_body(self, raw: bytes, kind: str, call: Call) -> Any:
        """The value of a JSON body.

        A fast parser reads it, and its value stands where System.Text.Json would read the same.
        Only a text that may be read otherwise is walked through. Raises Refusal("malformed") with
        the Stop, or without one for no text at all.
        """
        if len(raw) > _MOST_BYTES:
            raise Refusal("too_large", limit=_MOST_BYTES)
        operation = call.operation
        assert operation is not None
        record = self._record(operation)
        try:
            value = read_json(raw, self.max_depth)
        except Refusal:
            if not raw:
                raise
        else:
            if not hides_a_value(raw, value, record):
                return value
        try:
            return self._converted(raw, record)
        except Stop as stop:
            raise Refusal("malformed", stop.message, value=stop) from None

    def _converted(self, raw: bytes, record: Record) -> Any:
        return convert(raw.removeprefix(BOM_UTF8), record, self.max_depth)

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

    def accept(self, reply: Reply, call: Call) -> Reply:
        """A reply as JSON, of the type that the request's Accept wants; bytes as they are."""
        accept = call.request.headers.get(b"accept")
        # Most clients take everything or name no type.
        if accept is not None and accept.find(b"text/") >= 0 and type(reply.body) is not bytes:
            wanted = answered_type(accept.decode("latin-1"))
            reply.headers = typed(
                reply.headers, (b"content-type", f"{wanted}; charset=utf-8".encode())
            )
        return super().accept(reply, call)

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The framework's answer.

        It has no body for routing, authentication and the size of a body, and problem details for
        everything else.
        """
        if refusal.kind == "invalid":
            return self.invalid(self._unbound(refusal.problems, call), call)
        if refusal.kind == "malformed":
            return self.invalid(self._unparsed(refusal, call), call)
        if refusal.kind == "unauthorized":
            return Reply(b"", 401, _CHALLENGE)
        if refusal.kind in _BARE:
            return Reply(b"", refusal.status or _BARE[refusal.kind])
        if refusal.kind == "method_not_allowed":
            return Reply(b"", 405, (allow(sorted(call.methods)),))
        return _client_error(refusal, call)

    def invalid(self, errors: Errors, call: Call) -> Reply:
        """A 400 with those errors, by key."""
        return _details(_VALIDATION_PROBLEM, {"errors": _ordered(errors)}, call)

    def worded(self, problems: Iterable[Problem]) -> list[KeyedMessage]:
        """Each problem in the framework's words, under a key like `Path.To[0].Property`."""
        return [_keyed_message(problem) for problem in problems]

    def _unbound(self, problems: Sequence[Problem], call: Call) -> Errors:
        """What is wrong with values that cannot be bound to the parameters of the action."""
        if not problems:
            return _NAMELESS
        if any(_is_null_body(problem) for problem in problems):
            return _EMPTY | self._required(call) | grouped(_of_path(problems))
        if not all(map(converts, problems)):
            # System.Text.Json tells one thing only, the first in the order of the text.
            stop = self._stop(call)
            if stop is not None:
                return self._stopped(stop, call) | grouped(_of_path(problems))
        # Rules of a handler are asked only where the annotations of the model are kept.
        first = [each for each in problems if _is_annotated(each)] or problems
        return grouped(self.worded(first))

    def _unparsed(self, refusal: Refusal, call: Call) -> Errors:
        """What is wrong with a body that is no JSON, and where."""
        blank = grouped(self._blank_parameters(call))
        if isinstance(refusal.value, Stop):
            return self._stopped(refusal.value, call) | blank
        return _EMPTY | self._required(call) | blank

    def _stopped(self, stop: Stop, call: Call) -> Errors:
        # A body that does not convert leaves the action without it altogether.
        return {sendable(stop.path): [sendable(stop.message)]} | self._required(call)

    def _stop(self, call: Call) -> Stop | None:
        """Where the body cannot be converted."""
        if call.operation is None or call.operation.body is None:
            return None
        try:
            self._converted(call.request.body or b"", self._record(call.operation))
        except Stop as stop:
            # Without the frames in which it was raised: one of them will hold it, a cycle.
            return stop.with_traceback(None)
        return None

    def _blank_parameters(self, call: Call) -> Iterator[KeyedMessage]:
        for name, text in call.path_parameters.items():
            if isinstance(text, str) and is_blank(text):
                yield KeyedMessage(name, f"The {name} field is required.")

    def _record(self, operation: Operation) -> Record:
        """What converts the body of the operation."""
        known = self._records.get(operation.id)
        if known is not None and known[0] is operation:
            return known[1]
        if operation.body is None:
            raise TypeError(f"{operation.id} has no body")
        types = Types(self.types, operation.body.reader.coerces)
        model = self.models.get(operation.id, _UNKNOWN_MODEL)
        record = types.record(operation.body.schema, model.type)
        self._records[operation.id] = (operation, record)
        return record

    def _model(self, call: Call) -> Model:
        id = call.operation.id if call.operation else ""
        return self.models.get(id, _UNKNOWN_MODEL)

    def _required(self, call: Call) -> Errors:
        parameter = self._model(call).parameter
        return {parameter: [f"The {parameter} field is required."]}


def _whole(value: Any) -> Any:
    """An integer; a number that is written with a fraction becomes a text, which is refused."""
    # A schema would accept 1.0 as an integer; System.Text.Json does not.
    return str(value) if type(value) is float else value


def _integer(value: Any) -> Any:
    return _parsed(value, int32) if type(value) is str else _whole(value)


def _number(value: Any) -> Any:
    return _parsed(value, floating) if type(value) is str else value


def _parsed(text: str, parse: Callable[[str], Any]) -> Any:
    """The number; a text that is none stays, and is refused."""
    try:
        return parse(text)
    except ValueError:
        return text


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
            member = known.get(name) or known.get(ascii_folded(name))
            if member is not None:
                found[member[0]] = member[1](item)
        return found

    return coerce


def _client_error(refusal: Refusal, call: Call) -> Reply:
    """Problem details by the status, without the errors of single values."""
    status = refusal.status or STATUSES[refusal.kind]
    detail = refusal.message if refusal.kind in _TELLING else None
    reply = problem(status, call, detail)
    reply.headers += refusal.retry_header
    return reply


def problem(status: int, call: Call, detail: str | None = None) -> Reply:
    """The problem details of a status in the framework's words."""
    more = {"detail": detail} if detail else {}
    if status == 422:
        client = _Client(422, _RFC_4918, "Unprocessable Entity")
    elif status in _WORDS:
        section, title = _WORDS[status]
        client = _Client(status, _RFC + section, title)
    else:
        client = _Client(status, None, None)
    return _details(client, more, call)


def _details(client: _Client, more: Mapping[str, Any], call: Call) -> Reply:
    # The trace id has the form of W3C Trace Context, and repeats with the seed.
    trace = token(call.seed, "trace", call.number, 32)
    span = token(call.seed, "span", call.number, 16)
    named = {"type": client.type, "title": client.title} if client.type else {}
    body = {
        **named,
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
    # The validator takes a key of digits for a position in a list: then there is no schema.
    if problem.keyword == "type" and problem.value is not None:
        return False
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


def _is_annotated(problem: Problem) -> bool:
    """Whether the problem is one that the framework finds, before a handler runs."""
    if problem.location != "body":
        return True
    if problem.schema is None or "x-enum" in problem.schema:
        return False
    return bool(problem.schema.get("x-format") != "windows-time-zone")


def _keyed_message(problem: Problem) -> KeyedMessage:
    if problem.keyword == LEFT_OUT:
        return KeyedMessage("", _NOT_VALID)
    if problem.location != "body":
        return KeyedMessage(str(problem.path[-1]), problem.message)
    return KeyedMessage(_property_path(problem.path), _annotation(problem))


def _of_path(problems: Iterable[Problem]) -> Iterator[KeyedMessage]:
    for problem in problems:
        if problem.location == "path":
            yield _keyed_message(problem)


def _is_null_body(problem: Problem) -> bool:
    return problem.location == "body" and problem.path == () and problem.value is None


def _last_name(path: Path) -> str:
    """The last name in a path, past the positions in lists; empty where there is none."""
    for step in reversed(path):
        if isinstance(step, str):
            return step
    return ""


def _property_path(path: Path) -> str:
    """`Leads[3].PhoneNumber`, the C# names."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{_pascal(step)}"
    return text.removeprefix(".")


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def grouped(messages: Iterable[KeyedMessage]) -> Errors:
    """Messages by their keys, none twice under one."""
    found: Errors = {}
    for key, message in messages:
        under = found.setdefault(key, [])
        if message not in under:
            under.append(message)
    return found


def _ordered(errors: Errors) -> Errors:
    """The first errors that the framework keeps, in the order in which it writes them."""
    kept: Errors = {}
    room = _MOST_ERRORS
    for key, messages in errors.items():
        if room <= 0:
            kept.setdefault("", []).append(_NOT_VALID)
            break
        kept[key] = messages[:room]
        room -= len(messages)
    return {key: kept[key] for key in sorted(kept, key=_rank)}


def _rank(key: str) -> tuple[int, list[tuple[int, str]]]:
    """Where a key stands (`ModelStateDictionary`).

    Its keys are a tree, which is written level by level; at each the short names come first.
    """
    steps = key.replace("[", ".").split(".")
    return len(steps), [(len(step), step.lower()) for step in steps]

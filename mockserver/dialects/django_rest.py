"""Reads requests and words refusals as Django REST framework (3.15+, on Django 5) does.

The wordings, coercions and headers are the framework's own; an API built on it shows them unless it
overrides them. What such an API decides for itself, the keyword of its challenge and its time zone,
are arguments of `DjangoRest`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mockserver.call import Call, Request
from mockserver.credential import Authenticate, Credential
from mockserver.dialects.django_formats import FORMATS
from mockserver.dialects.plain_json import (
    JSON,
    SENTENCES,
    PlainJson,
    as_it_is,
    format_of,
    typed,
)
from mockserver.documents import formats
from mockserver.documents.formats import Format
from mockserver.documents.schema import Coerce, Schema, schema_at
from mockserver.errors import Kind, Path, Problem, Reason, Refusal
from mockserver.identity import phone_e164
from mockserver.vendor import Header, Reply
from mockserver.wire import read_query

_HTML = (b"content-type", b"text/html; charset=utf-8")
_METHOD_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_PAGE = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{title}</title>\n</head>\n'
    "<body>\n  <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
)

_REQUIRED = "This field is required."
_NULL = "This field may not be null."
_BLANK = "This field may not be blank."
_NULL_CHARACTERS = "Null characters are not allowed."
_UNSAFE = {
    "null-character": _NULL_CHARACTERS,
    "surrogate": "Surrogate characters are not allowed: {}.",
    "finite": "Out of range float values are not JSON compliant.",
}
"""What is said of what no text or number can be, by keyword; `{}` is the character."""
_OUT_OF_RANGE = "Datetime value out of range."
_WRONG_DATE_TIME = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)

_TRUE = frozenset({"t", "y", "yes", "true", "on", "1", 1})
_FALSE = frozenset({"f", "n", "no", "false", "off", "0", 0})
_CHARSET = re.compile(r"""charset="?([^\s;"]+)""", re.IGNORECASE)
_WHOLE = re.compile(r"\.0*\s*$")
_SEARCH_TERM = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\S)+""", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["'\\])""")
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})[T ](?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:[\.,](?P<microsecond>\d{1,6})\d{0,6})?)?\s*(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?"
)
_MAX_INTEGER_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Field:
    """One serializer field: how it reads a value, and what it says of a value that it cannot take.

    `read` leaves alone what the field refuses; `complain` may say nothing, then `otherwise` is what
    it says.
    """

    read: Coerce
    complain: Callable[[Any], list[str]]
    otherwise: str


def field_of(schema: Schema, zone: tzinfo) -> Field:
    """The serializer field that has this schema.

    `zone` is where a time without an offset is read.
    """
    choices = _choices(schema)
    if "x-reference" in schema:
        return Field(
            _read_key, _complain_of_key, "Incorrect type. Expected pk value, received str."
        )
    if choices:
        return Field(as_it_is, lambda value: [f'"{value}" is not a valid choice.'], "")
    kind = schema.get("type")
    if kind == "boolean":
        return Field(_read_boolean, lambda value: [], "Must be a valid boolean.")
    if kind == "integer":
        return Field(
            _read_integer,
            lambda value: _complain_of_integer(schema, value),
            "A valid integer is required.",
        )
    if kind == "object":
        return _object_field(schema, zone)
    if kind == "array":
        return Field(as_it_is, _complain_of_list, "Expected a list of items.")
    if schema.get("format") == "date-time":
        return Field(
            lambda value: _read_date_time(value, zone),
            lambda value: _complain_of_date_time(value, zone),
            _WRONG_DATE_TIME,
        )
    if kind == "string":
        return Field(
            _text_reader(schema),
            lambda value: _complain_of_text(schema, value),
            _FORMATS.get(format_of(schema), "Not a valid string."),
        )
    return Field(as_it_is, lambda value: [], "")


def _choices(schema: Schema) -> list[Any]:
    found = list(schema.get("enum", ()))
    for group in ("oneOf", "anyOf", "allOf"):
        for part in schema.get(group, ()):
            found += part.get("enum", ())
    return found


def _object_field(schema: Schema, zone: tzinfo) -> Field:
    """A serializer where the schema has properties, otherwise a field for a free dictionary."""
    fields = {name: field_of(part, zone) for name, part in schema.get("properties", {}).items()}
    readers = {name: field.read for name, field in fields.items() if field.read is not as_it_is}
    if not fields:
        return Field(as_it_is, _complain_of_dictionary, "Value must be valid JSON.")

    texts = frozenset(name for name, reader in readers.items() if reader is _read_text)

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            name: item.strip()
            if type(item) is str and name in texts
            else readers[name](item)
            if name in readers
            else item
            for name, item in value.items()
        }

    return Field(read, _complain_of_serializer, "Invalid data.")


def _complain_of_serializer(value: Any) -> list[str]:
    if value is None:
        return ["No data provided"]
    return [f"Invalid data. Expected a dictionary, but got {type(value).__name__}."]


def _complain_of_dictionary(value: Any) -> list[str]:
    return [f'Expected a dictionary of items but got type "{type(value).__name__}".']


def _complain_of_list(value: Any) -> list[str]:
    return (
        []
        if isinstance(value, list)
        else [f'Expected a list of items but got type "{type(value).__name__}".']
    )


def _read_key(value: Any) -> Any:
    """A primary key as Django looks it up.

    `int()` of texts and fractions, an empty text as null.
    """
    if type(value) is int or isinstance(value, bool):
        return value
    if value == "":
        return None
    try:
        return int(value) if isinstance(value, str | float) else value
    except ValueError:
        return value


def _complain_of_key(value: Any) -> list[str]:
    return [f"Incorrect type. Expected pk value, received {type(value).__name__}."]


def _read_boolean(value: Any) -> Any:
    plain = value.lower() if isinstance(value, str) else value
    if not isinstance(plain, str | int | float):
        return value
    return True if plain in _TRUE else False if plain in _FALSE else value


def _read_integer(value: Any) -> Any:
    """IntegerField: `int()` of the value's text.

    `1e30` has none, and stays a text, as a fraction may look like an integer.
    """
    if (
        type(value) is int
        or not isinstance(value, str | float)
        or len(str(value)) > _MAX_INTEGER_TEXT
    ):
        return value
    text = str(value)
    try:
        return int(_WHOLE.sub("", text))
    except ValueError:
        return text


def _complain_of_integer(schema: Schema, value: Any) -> list[str]:
    if isinstance(value, str) and len(value) > _MAX_INTEGER_TEXT:
        return ["String value too large."]
    if type(value) is not int:
        return []
    if value < schema.get("minimum", value):
        return [f"Ensure this value is greater than or equal to {schema['minimum']}."]
    if value > schema.get("maximum", value):
        return [f"Ensure this value is less than or equal to {schema['maximum']}."]
    return []


def _text_reader(schema: Schema) -> Coerce:
    if schema.get("x-format") == "phone":
        return _read_phone
    if schema.get("format") == "email" and schema.get("nullable"):
        return _read_nullable_email
    return _read_text


def _read_text(value: Any) -> Any:
    """CharField: numbers are taken as text, white space around a text is cut off."""
    if type(value) is str:
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _read_nullable_email(value: Any) -> Any:
    """An empty address is null, as the format of the field has no place for an empty text."""
    text = value.strip() if type(value) is str else _read_text(value)
    return None if text == "" else text


def _read_phone(value: Any) -> Any:
    """PhoneNumberField: a valid number becomes E.164."""
    text = value.strip() if type(value) is str else _read_text(value)
    return phone_e164(text) or text if type(text) is str else text


def _complain_of_text(schema: Schema, value: Any) -> list[str]:
    if not isinstance(value, str):
        return []
    if not value and schema.get("minLength"):
        return [_BLANK]
    found = []
    if len(value) > schema.get("maxLength", len(value)):
        found.append(f"Ensure this field has no more than {schema['maxLength']} characters.")
    format = format_of(schema)
    if format in _FORMATS and not _CHECKS[format](value):
        found.append(_FORMATS[format])
    return found


_FORMATS = {
    "email": "Enter a valid email address.",
    "django-email": "Enter a valid email address.",
    "phone": "Enter a valid phone number.",
    "uri": "Enter a valid URL.",
    "django-url": "Enter a valid URL.",
    "uuid": "Must be a valid UUID.",
}
"""What a field says of a text that is none of its format."""

_CHECKS: Mapping[str, Format] = {**formats.FORMATS, **FORMATS}


def _read_date_time(value: Any, zone: tzinfo) -> Any:
    """DateTimeField: the moment in UTC.

    One out of range is spelled as no schema's date-time is, which would take it.
    """
    moment = date_time(value, zone) if isinstance(value, str) else None
    if isinstance(moment, str):
        return value.replace("T", " ")
    return moment.astimezone(UTC).isoformat() if moment else value


def _complain_of_date_time(value: Any, zone: tzinfo) -> list[str]:
    moment = date_time(value, zone) if isinstance(value, str) else None
    return [moment] if isinstance(moment, str) else []


def date_time(text: str, zone: tzinfo) -> datetime | str | None:
    """The moment that DateTimeField reads in a text.

    The framework's complaint, or None where it is no date-time.

    Takes every form of `datetime.fromisoformat` and of Django's own pattern; a time without an
    offset is one in `zone`.
    """
    moment = _parsed(text)
    if moment is None:
        return None
    there = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        there.astimezone(UTC).astimezone(zone)
    except OverflowError:
        return _OUT_OF_RANGE
    return there


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict()
    parts["microsecond"] = (parts["microsecond"] or "").ljust(6, "0")
    try:
        offset = _offset(parts.pop("zone"))
        return datetime(**{name: int(part) for name, part in parts.items() if part}, tzinfo=offset)
    except ValueError:
        return None


def _offset(text: str | None) -> timezone | None:
    if text is None or text == "Z":
        return UTC if text else None
    minutes = 60 * int(text[1:3]) + (int(text[-2:]) if len(text) > 3 else 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def search_terms(text: str) -> Iterator[str]:
    """What SearchFilter looks for: the words between white space and commas.

    Words in quotes stay together.

    Raises Refusal("invalid") for a NUL.
    """
    if "\0" in text:
        raise Refusal("invalid", body=[_NULL_CHARACTERS])
    for found in _SEARCH_TERM.findall(text):
        term = found.strip(",")
        if term.startswith(('"', "'")) and term[0] == term[-1]:
            yield _ESCAPED.sub(r"\1", term[1:-1])
        else:
            yield from (part.strip() for part in term.split(",") if part)


@lru_cache(maxsize=256)
def takes_json(accept: bytes) -> bool:
    """Whether an Accept header leaves room for `application/json`.

    Quality values do not matter to the framework.
    """
    for part in accept.decode("latin-1").split(","):
        main, _, sub = part.partition(";")[0].strip().lower().partition("/")
        if main in ("*", "application") and sub in ("*", "json"):
            return True
    return False


def renders(query: bytes) -> bool:
    """Whether the `format` of a query string, if there is one, is JSON.

    The framework looks at it before anything else of a request.
    """
    return read_query(query).get("format", "") in ("", "json")


@lru_cache(maxsize=256)
def _headers(methods: tuple[str, ...]) -> tuple[Header, ...]:
    """Content type and Allow of a view with these methods.

    There is nothing to vary by, as there is one renderer.
    """
    return (JSON, (b"allow", ", ".join(_allowed(methods)).encode()))


def _allowed(methods: tuple[str, ...]) -> list[str]:
    return [name for name in _METHOD_ORDER if name in methods or name == "OPTIONS"]


_CREDENTIALS: Mapping[Reason | None, str] = {
    Reason.MISSING: "Authentication credentials were not provided.",
    Reason.UNKNOWN: "Invalid token.",
    Reason.EMPTY: "Invalid token header. No credentials provided.",
    Reason.SPACES: "Invalid token header. Token string should not contain spaces.",
    Reason.CHARACTERS: (
        "Invalid token header. Token string should not contain invalid characters."
    ),
}

_SENTENCES: Mapping[Kind, str] = {
    "forbidden": "You do not have permission to perform this action.",
    "not_acceptable": "Could not satisfy the request Accept header.",
    "not_found": "Not found.",
    "conflict": "The request conflicts with the current state of the resource.",
    "rate_limited": "Request was throttled.",
    "maintenance": "Service temporarily unavailable, try again later.",
}

_TOO_DEEP = "maximum recursion depth exceeded while decoding a JSON object from a unicode string"


def _malformed(refusal: Refusal) -> str:
    """What the parser of the body's media type says."""
    if refusal.reason == Reason.NO_BOUNDARY:
        return f"Multipart form parse error - Invalid boundary in multipart: {refusal.value}"
    text = refusal.message
    if refusal.reason == Reason.TOO_DEEP:
        text = _TOO_DEEP
    if refusal.reason == Reason.NOT_FINITE:
        text = f"Out of range float values are not JSON compliant: {refusal.value!r}"
    return f"JSON parse error - {text}"


def _unsupported(request: Request) -> str:
    kind = request.headers.get(b"content-type", b"").decode("latin-1")
    return f'Unsupported media type "{kind}" in request.'


def _waiting(refusal: Refusal) -> str:
    """The second sentence of a throttled request."""
    seconds = refusal.retry_after
    if refusal.kind != "rate_limited" or seconds is None:
        return ""
    return f" Expected available in {seconds} second{'' if seconds == 1 else 's'}."


class DjangoRest(PlainJson):
    """Django REST framework with token authentication and the JSON renderer."""

    authenticates_first = True
    strict_query = False
    formats: Mapping[str, Format] = FORMATS
    sentences: Mapping[Kind, str] = MappingProxyType({**SENTENCES, **_SENTENCES})
    telling = frozenset(_SENTENCES) - {"not_acceptable"}

    def __init__(self, keyword: str, zone: str) -> None:
        """`keyword` is the scheme that a 401 asks for: that of the credential.

        A time without an offset is one of the IANA `zone`.
        """
        self.empty_body: Any = {}
        self._challenge: Header = (b"www-authenticate", keyword.encode())
        self._zone = ZoneInfo(zone)

    def authenticator(self, credential: Credential) -> Authenticate:
        """Reads the account as TokenAuthentication reads the key of a token.

        None without a credential, or with another scheme. Content is negotiated before, as the
        framework does.

        The function raises Refusal("not_acceptable"), and Refusal("unauthorized") with EMPTY,
        SPACES or CHARACTERS.
        """
        sent = credential.sent()

        @lru_cache(maxsize=1024)
        def account(accept: bytes | None, value: bytes) -> str | None:
            if accept is not None and not takes_json(accept):
                raise Refusal("not_acceptable")
            return _key(value, credential)

        return lambda request: account(request.headers.get(b"accept"), sent(request))

    def coercer(self, schema: Schema) -> Coerce:
        """How the serializer with this schema reads a value."""
        return field_of(schema, self._zone).read

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body in UTF-8, read in the charset of the Content-Type where that works."""
        charset = _CHARSET.search(content_type) if ";" in content_type else None
        try:
            return raw.decode(charset[1]).encode() if charset else raw
        except (LookupError, UnicodeError):
            return raw

    def accept(self, reply: Reply, call: Call) -> Reply:
        """The reply with the headers that every view sends.

        Raises Refusal("not_found") where the query asks for another format than JSON.
        """
        if call.request.query_string and not renders(call.request.query_string):
            raise Refusal("not_found")
        own = _headers(call.methods)
        reply.headers = typed((*own[1:], *reply.headers), JSON) if reply.headers else own
        return reply

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The framework's answer; Django's own where no view is reached."""
        if refusal.kind == "no_route":
            return _no_view(refusal, call)
        if refusal.kind == "server_error":
            return _page(500, "Server Error (500)", "")
        if refusal.reason == Reason.TOO_MANY_FIELDS:
            return _page(400, "Bad Request (400)", "")
        if (
            call.request.query_string
            and call.fault is None
            and not renders(call.request.query_string)
        ):
            refusal = Refusal("not_found")
        if refusal.kind == "method_not_allowed" and call.request.method == "OPTIONS":
            return Reply(_metadata(call), 200, _headers(call.methods))
        if refusal.kind == "invalid":
            status, body = self._invalid(refusal, call)
        else:
            detail = self.sentence(refusal, call) + _waiting(refusal)
            status, body = self.status(refusal), {"detail": detail}
        headers = _headers(call.methods)
        if refusal.kind == "unauthorized":
            headers = (*headers, self._challenge)
        return Reply(
            body if refusal.body is None else refusal.body,
            refusal.status or status,
            headers + refusal.retry_header,
        )

    def sentence(self, refusal: Refusal, call: Call) -> str:
        """The `detail` of a refusal."""
        if refusal.kind == "unauthorized":
            return _CREDENTIALS.get(refusal.reason, _CREDENTIALS[Reason.UNKNOWN])
        if refusal.kind == "method_not_allowed":
            return f'Method "{call.request.method}" not allowed.'
        if refusal.kind == "unsupported_media_type":
            return _unsupported(call.request)
        if refusal.kind == "too_large":
            return f"Request body exceeded the limit of {refusal.limit} bytes."
        if refusal.kind == "malformed":
            return _malformed(refusal)
        return super().sentence(refusal, call)

    def _invalid(self, refusal: Refusal, call: Call) -> tuple[int, Any]:
        problems = refusal.problems
        if not problems:
            return 400, {"non_field_errors": ["Invalid data."]}
        if all(problem.location == "query" for problem in problems):
            return 404, {"detail": "Invalid page."}
        body = call.operation.body if call.operation is not None else None
        return 400, self.errors(problems, body.reader.schema if body is not None else {})

    def errors(self, problems: Iterable[Problem], schema: Schema) -> dict[str, Any]:
        """Every problem by field, in the order of the schema, nested as the serializers are.

        A field that holds a free dictionary has its complaints in one list, wherever in it they
        arose.
        """
        order = {name: number for number, name in enumerate(schema.get("properties", {}))}
        found: dict[Path, list[str]] = {}
        for problem in sorted(
            problems,
            key=lambda problem: order.get(problem.path[0], len(order)) if problem.path else -1,
        ):
            path = _field_path(problem.path, schema)
            found.setdefault(path, []).extend(
                text for text in self._messages(problem) if text not in found.get(path, ())
            )
        nested = _nested(found)
        return nested if isinstance(nested, dict) else {"non_field_errors": nested}

    def _messages(self, problem: Problem) -> list[str]:
        if problem.keyword == "required":
            return [_REQUIRED]
        if problem.keyword in _UNSAFE:
            return [_UNSAFE[problem.keyword].format(problem.value)]
        if not problem.schema:
            return [problem.message]
        if problem.value is None and problem.path:
            return [_NULL]
        if problem.keyword == "reference":
            return [f'Invalid pk "{problem.value}" - object does not exist.']
        field = field_of(problem.schema, self._zone)
        return field.complain(problem.value) or [field.otherwise or problem.message]


def _key(value: bytes, credential: Credential) -> str | None:
    """The key in the value of a header; other places have nothing but the key."""
    words = value.split()
    if credential.scheme:
        if not words or words[0].decode("latin-1").lower() != credential.scheme.lower():
            return None
        words = words[1:]
        if not words:
            raise Refusal("unauthorized", reason=Reason.EMPTY)
    if len(words) > 1:
        raise Refusal("unauthorized", reason=Reason.SPACES)
    try:
        return words[0].decode() if words else None
    except UnicodeDecodeError:
        raise Refusal("unauthorized", reason=Reason.CHARACTERS) from None


def _field_path(path: Path, schema: Schema) -> Path:
    """The path as far as there are fields: it ends at the first step whose schema has no parts."""
    for length in range(1, len(path)):
        part = schema_at(schema, path[:length])
        if "properties" not in part and "items" not in part:
            return path[:length]
    return path


def _nested(found: Mapping[Path, list[str]]) -> Any:
    """Messages by path as nested maps.

    A list of serializers has one map for each up to the last that is wrong.
    """
    if () in found:
        return found[()]
    parts: dict[str | int, dict[Path, list[str]]] = {}
    for path, messages in found.items():
        parts.setdefault(path[0], {})[path[1:]] = messages
    nested = {step: _nested(part) for step, part in parts.items()}
    numbers = [step for step in nested if isinstance(step, int)]
    return [nested.get(number, {}) for number in range(max(numbers) + 1)] if numbers else nested


def _metadata(call: Call) -> dict[str, Any]:
    """The short description of a view that OPTIONS gets."""
    return {
        "name": " ".join(_words(call.request.target)),
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }


def _words(target: str) -> Iterator[str]:
    steps = [step for step in target.partition("?")[0].split("/") if step]
    yield from (word.capitalize() for word in (steps[-1] if steps else "").split("-"))


def _no_view(refusal: Refusal, call: Call) -> Reply:
    if refusal.reason != Reason.MISSING_SLASH:
        return _page(404, "Not Found", "The requested resource was not found on this server.")
    path, _, query = call.request.target.partition("?")
    location = quote(path + "/", safe="/:@!$&'()*+,;=~-._%") + ("?" + query if query else "")
    return Reply(b"", 301, (_HTML, (b"location", location.encode("latin-1", "replace"))))


def _page(status: int, title: str, text: str) -> Reply:
    return Reply(_PAGE.format(title=title, text=text).encode(), status, (_HTML,))

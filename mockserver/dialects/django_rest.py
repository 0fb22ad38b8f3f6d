"""Reads requests and words refusals as Django REST framework (3.15+, on Django 5) does.

The wordings, coercions and headers are the framework's own; an API built on it shows them unless it
overrides them. What such an API decides for itself, the keyword of its challenge and its time zone,
are arguments of `DjangoRest`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mockserver.call import Call, Request
from mockserver.credential import Authenticate, Credential
from mockserver.dialects.django_fields import field_of
from mockserver.dialects.django_formats import FORMATS
from mockserver.dialects.plain_json import JSON, SENTENCES, PlainJson, allow, typed
from mockserver.documents.formats import Format
from mockserver.documents.schema import Coerce, Schema, schema_at
from mockserver.errors import Kind, Path, Problem, Reason, Refusal
from mockserver.vendor import Header, Reply
from mockserver.wire import in_utf_8, is_decoded, is_known_codec, read_query

_HTML = (b"content-type", b"text/html; charset=utf-8")
_METHOD_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_PAGE = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{title}</title>\n</head>\n'
    "<body>\n  <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
)

_REQUIRED = "This field is required."
_NULL = "This field may not be null."
_NULL_CHARACTERS = "Null characters are not allowed."
_NOT_COMPLIANT = "Out of range float values are not JSON compliant"
_UNSAFE = {
    "null-character": _NULL_CHARACTERS,
    "surrogate": "Surrogate characters are not allowed: {}.",
    "finite": _NOT_COMPLIANT + ".",
}
"""The sentence about a value that cannot be stored, by keyword; `{}` is the character."""

_CHARSET = re.compile(r"""charset="?([^\s;"]+)""", re.IGNORECASE)
_PLAIN = re.compile(r"""[^\s"']++""")
_ESCAPED = re.compile(r"""\\(["'\\])""")


def search_terms(text: str) -> Iterator[str]:
    """What SearchFilter searches for: the words between white space and commas.

    Words in quotes stay together. Raises Refusal("invalid") for a NUL.
    """
    if "\0" in text:
        raise Refusal("invalid", body=[_NULL_CHARACTERS])
    for found in _unsplit_terms(text):
        term = found.strip(",")
        if term.startswith(('"', "'")) and term[0] == term[-1]:
            yield _ESCAPED.sub(r"\1", term[1:-1])
        else:
            yield from (part.strip() for part in term.split(",") if part)


def _unsplit_terms(text: str) -> Iterator[str]:
    """The parts of the text between white space that stands in no quotes."""
    ends = {quote: _quote_ends(text, quote) for quote in "\"'" if quote in text}
    start = at = 0
    while at < len(text):
        if text[at].isspace():
            if at > start:
                yield text[start:at]
            at += 1
            start = at
        elif text[at] in ends:
            end = ends[text[at]][at + 1]
            # A quote that nothing closes is a character like any other.
            at = at + 1 if end is None else end + 1
        else:
            plain = _PLAIN.match(text, at)
            assert plain is not None, text
            at = plain.end()
    if at > start:
        yield text[start:at]


def _quote_ends(text: str, quote: str) -> list[int | None]:
    """For each position the first quote from there on that no backslash escapes.

    A pattern would look for it anew from each quote, and take time that grows with their square.
    """
    ends: list[int | None] = [None] * (len(text) + 2)
    for at in range(len(text) - 1, -1, -1):
        if text[at] == quote:
            ends[at] = at
        elif text[at] == "\\":
            ends[at] = ends[at + 2]
        else:
            ends[at] = ends[at + 1]
    return ends


@lru_cache(maxsize=256)
def accepts_json(accept: bytes) -> bool:
    """Whether an Accept header allows `application/json`."""
    for part in accept.decode("latin-1").split(","):
        # The framework ignores quality values: with `q=0` a type is accepted all the same.
        media_type = part.partition(";")[0].strip().lower()
        main, _, sub = media_type.partition("/")
        if main in ("*", "application") and sub in ("*", "json"):
            return True
    return False


def renders(query: bytes) -> bool:
    """Whether the framework can answer in the `format` that a query string asks for.

    It can where the query asks for JSON, or for nothing. This is the framework's first check.
    """
    return read_query(query).get("format", "") in ("", "json")


@lru_cache(maxsize=256)
def _headers(methods: tuple[str, ...]) -> tuple[Header, ...]:
    """Content-Type and Allow of a view with these methods."""
    # The framework sends Vary only for views with several renderers; here JSON is the only one.
    allowed = [name for name in _METHOD_ORDER if name in methods or name == "OPTIONS"]
    return (JSON, allow(allowed))


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
    if refusal.reason == Reason.TOO_DEEP:
        return f"JSON parse error - {_TOO_DEEP}"
    if refusal.reason == Reason.NOT_FINITE:
        return f"JSON parse error - {_NOT_COMPLIANT}: {refusal.value!r}"
    return f"JSON parse error - {refusal.message}"


def _unsupported(request: Request) -> str:
    kind = request.headers.get(b"content-type", b"").decode("latin-1")
    return f'Unsupported media type "{kind}" in request.'


def _waiting(refusal: Refusal) -> str:
    """The second sentence of a throttled request."""
    seconds = refusal.retry_after
    if refusal.kind != "rate_limited" or seconds is None:
        return ""
    unit = "second" if seconds == 1 else "seconds"
    return f" Expected available in {seconds} {unit}."


class DjangoRest(PlainJson):
    """Django REST framework with token authentication and the JSON renderer."""

    authenticates_first = True
    strict_query = False
    formats: Mapping[str, Format] = FORMATS
    sentences: Mapping[Kind, str] = MappingProxyType({**SENTENCES, **_SENTENCES})
    telling = frozenset(_SENTENCES) - {"not_acceptable"}

    def __init__(self, keyword: str, zone: str) -> None:
        """Make the dialect of one API.

        `keyword` is the scheme that the challenge of a 401 names, as the credential does. `zone` is
        the IANA name of the API's time zone, in which it reads a time without an offset.
        """
        self.empty_body: Any = {}
        self._challenge: Header = (b"www-authenticate", keyword.encode())
        self._zone = ZoneInfo(zone)

    def authenticator(self, credential: Credential) -> Authenticate:
        """Compiles how TokenAuthentication reads the key of a token, which is the account.

        The function returns None without a credential, or for one with another scheme. It raises
        Refusal("not_acceptable"), and Refusal("unauthorized") with EMPTY, SPACES or CHARACTERS.
        """
        sent = credential.value_reader()

        @lru_cache(maxsize=1024)
        def account(accept: bytes | None, value: bytes) -> str | None:
            # The framework negotiates the content before it authenticates.
            if accept is not None and not accepts_json(accept):
                raise Refusal("not_acceptable")
            return _key(value, credential)

        def authenticate(request: Request) -> str | None:
            return account(request.headers.get(b"accept"), sent(request))

        return authenticate

    def coercer(self, schema: Schema) -> Coerce:
        """How the serializer with this schema reads a value."""
        return field_of(schema, self._zone).read

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """As `PlainJson` has it. A codec that Python has and this server does not use is refused.

        The framework would take it (chosen).
        """
        charset = _charset(content_type)
        if charset and is_known_codec(charset) and not is_decoded(charset):
            return None
        return super().media_type(content_type, offered)

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """The body in UTF-8, read in the charset of the Content-Type where that works."""
        return in_utf_8(raw, _charset(content_type))

    def accept(self, reply: Reply, call: Call) -> Reply:
        """The reply with the headers that every view sends.

        Raises Refusal("not_found") where the query asks for another format than JSON.
        """
        query = call.request.query_string
        if query and not renders(query):
            raise Refusal("not_found")
        own = _headers(call.methods)
        if reply.headers:
            _, *without_type = own
            reply.headers = typed((*without_type, *reply.headers), JSON)
        else:
            reply.headers = own
        return reply

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The framework's answer; Django's own where no view is reached."""
        if refusal.kind == "no_route":
            return _no_view(refusal, call)
        if refusal.kind == "server_error":
            return _page(500, "Server Error (500)", "")
        if refusal.reason == Reason.TOO_MANY_FIELDS:
            return _page(400, "Bad Request (400)", "")
        if _asks_for_other_format(call):
            refusal = Refusal("not_found")
        headers = _headers(call.methods)
        if refusal.kind == "method_not_allowed" and call.request.method == "OPTIONS":
            return Reply(_metadata(call), 200, headers)
        if refusal.kind == "unauthorized":
            headers = (*headers, self._challenge)
        status, body = self._answer(refusal, call)
        return Reply(body, status, headers + refusal.retry_header)

    def _answer(self, refusal: Refusal, call: Call) -> tuple[int, Any]:
        """Status and body of a refusal, which may bring its own."""
        if refusal.kind == "invalid":
            status, body = self._invalid(refusal, call)
        else:
            detail = self.sentence(refusal, call) + _waiting(refusal)
            status, body = self.status(refusal), {"detail": detail}
        if refusal.body is not None:
            body = refusal.body
        return refusal.status or status, body

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
        # A paginator that cannot read its parameters has no such page.
        if all(problem.location == "query" for problem in problems):
            return 404, {"detail": "Invalid page."}
        schema: Schema = {}
        if call.operation is not None and call.operation.body is not None:
            schema = call.operation.body.reader.schema
        return 400, self.errors(problems, schema)

    def errors(self, problems: Iterable[Problem], schema: Schema) -> dict[str, Any]:
        """Every problem by field, in the order of the schema, nested as the serializers are.

        A field that holds a free dictionary has one list of complaints, for whatever is wrong at
        any depth of it.
        """
        found: dict[Path, list[str]] = {}
        for problem in _in_order(problems, schema):
            texts = found.setdefault(_field_path(problem.path, schema), [])
            for text in self._messages(problem):
                if text not in texts:
                    texts.append(text)
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


def _charset(content_type: str) -> str:
    """The charset that a Content-Type names; empty where it names none."""
    found = _CHARSET.search(content_type) if ";" in content_type else None
    return found[1] if found is not None else ""


def _asks_for_other_format(call: Call) -> bool:
    query = call.request.query_string
    # A fault comes before the framework could look at the query.
    return bool(query) and call.fault is None and not renders(query)


def _in_order(problems: Iterable[Problem], schema: Schema) -> list[Problem]:
    """The problems in the order of the schema's properties: first those of the whole body."""
    order = {name: number for number, name in enumerate(schema.get("properties", {}))}

    def position(problem: Problem) -> int:
        if not problem.path:
            return -1
        return order.get(problem.path[0], len(order))

    return sorted(problems, key=position)


def _key(value: bytes, credential: Credential) -> str | None:
    """The key in the value of a header, after its scheme; elsewhere the key is the whole value."""
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
    """The path to the field: it ends at the first value whose schema has no parts."""
    for length in range(1, len(path)):
        part = schema_at(schema, path[:length])
        if "properties" not in part and "items" not in part:
            return path[:length]
    return path


def _nested(found: Mapping[Path, list[str]]) -> Any:
    """Messages by path, as nested maps.

    A list of serializers is a list of maps, up to the last item that is wrong.
    """
    if () in found:
        return found[()]
    parts: dict[str | int, dict[Path, list[str]]] = {}
    for path, messages in found.items():
        parts.setdefault(path[0], {})[path[1:]] = messages
    nested = {step: _nested(part) for step, part in parts.items()}
    numbers = [step for step in nested if isinstance(step, int)]
    if not numbers:
        return nested
    return [nested.get(number, {}) for number in range(max(numbers) + 1)]


def _metadata(call: Call) -> dict[str, Any]:
    """The short description of a view that OPTIONS gets."""
    return {
        "name": _view_name(call.request.target),
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }


def _view_name(target: str) -> str:
    """The last step of a path as a title: `Lead Types` for `/api/lead-types/`."""
    path = target.partition("?")[0]
    last = path.rstrip("/").rpartition("/")[2]
    return " ".join(word.capitalize() for word in last.split("-"))


def _no_view(refusal: Refusal, call: Call) -> Reply:
    """The answer of Django itself: a redirect where only a slash is missing, otherwise a 404."""
    if refusal.reason != Reason.MISSING_SLASH:
        return _page(404, "Not Found", "The requested resource was not found on this server.")
    # From the path as it came: decoded, it may hold a `?`, or a line end that ends the header.
    location = quote(call.request.raw_path + "/", safe="/:@!$&'()*+,;=~-._%")
    query = call.request.query_string.decode("latin-1")
    if query:
        location += "?" + query
    return Reply(b"", 301, (_HTML, (b"location", location.encode("latin-1", "replace"))))


def _page(status: int, title: str, text: str) -> Reply:
    return Reply(_PAGE.format(title=title, text=text).encode(), status, (_HTML,))

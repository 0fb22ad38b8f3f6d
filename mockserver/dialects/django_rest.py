"""Reads requests and words refusals as Django REST framework (3.15+, on Django 5) does.

The wordings, coercions and headers are the framework's own; an API built on it shows them unless it
overrides them. What such an API decides for itself, the keyword of its challenge and its time zone,
are arguments of `DjangoRest`.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote_to_bytes
from zoneinfo import ZoneInfo

from mockserver.call import Call, Request
from mockserver.credential import Authenticate, Credential
from mockserver.dialects.django_fields import field_of
from mockserver.dialects.django_formats import FORMATS
from mockserver.dialects.django_forms import form_reader
from mockserver.dialects.django_metadata import metadata
from mockserver.dialects.django_negotiation import accepted, parsed_as
from mockserver.dialects.django_versions import OLDER, as_older
from mockserver.dialects.plain_json import JSON, SENTENCES, PlainJson, allow, typed
from mockserver.documents.formats import Format, Formats
from mockserver.documents.schema import Coerce, Schema, schema_at
from mockserver.errors import LEFT_OUT, Kind, Path, Problem, Reason, Refusal
from mockserver.forms import FORM, MULTIPART, Form
from mockserver.media_types import in_utf8
from mockserver.remembering import remembered
from mockserver.routing import typed_path_parameter
from mockserver.vendor import Header, Reply
from mockserver.wire import is_flat, read_query, write_json

_HTML = (b"content-type", b"text/html; charset=utf-8")
_METHOD_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
SECURITY: tuple[Header, ...] = (
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
"""The headers that the middleware of a new Django project puts on every answer."""

_SAFE_IN_PATH = "/:@&+$,-_.!~*'()"
_SAFE_IN_QUERY = "/#%[]=:;$&()+,!?*@'~"
"""The characters that Django does not escape in a Location."""

_DIGITS_AS_ZEROS = bytes(ord("0") if 48 <= byte <= 57 else byte for byte in range(256))
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

_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
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
    return (JSON, allow(allowed), *SECURITY)


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
    "storage_full": "Insufficient storage.",
}

_TOO_DEEP = "maximum recursion depth exceeded while decoding a JSON object from a unicode string"


_MULTIPART: Mapping[Reason | None, str] = {
    Reason.NO_BOUNDARY: "Invalid boundary in multipart: {}",
    Reason.MULTIPART_TYPE: "Invalid Content-Type: {}",
    Reason.NOT_ASCII: "Invalid non-ASCII Content-Type in multipart: {}",
    Reason.PART_HEADER: "Request max total header size exceeded.",
    Reason.BASE64: "Could not decode base64 data.",
}
"""What the parser of multipart forms says, by reason."""


def _malformed(refusal: Refusal) -> str:
    """What the parser of the body's media type says."""
    if refusal.reason == Reason.CHARSET:
        return f'Unsupported charset "{refusal.value}" in request Content-Type header.'
    if refusal.reason in _MULTIPART:
        text = _MULTIPART[refusal.reason].format(refusal.value)
        return f"Multipart form parse error - {text}"
    if refusal.reason == Reason.TOO_DEEP:
        return f"JSON parse error - {_TOO_DEEP}"
    if refusal.reason == Reason.NOT_FINITE:
        return f"JSON parse error - {_NOT_COMPLIANT}: {refusal.value!r}"
    return f"JSON parse error - {refusal.message}"


def _unsupported(request: Request) -> str:
    kind = request.headers.get(b"content-type", b"").decode("latin-1").strip()
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
    decodes_paths = True
    parameter = re.compile(r"[^/.]+")
    telling = frozenset(_SENTENCES) - {"not_acceptable"}

    def __init__(self, keyword: str, zone: str) -> None:
        """Make the dialect of one API.

        `keyword` is the scheme that the challenge of a 401 names, as the credential does. `zone` is
        the IANA name of the API's time zone, in which it reads a time without an offset.
        """
        self.empty_body: Any = {}
        self._challenge: Header = (b"www-authenticate", keyword.encode())
        self._zone = ZoneInfo(zone)

    def decoded_path(self, path: str, raw_path: str) -> str:
        """The path with its escapes read; those that are not UTF-8 stay escapes, in capitals."""
        return path if "\ufffd" not in path else _decoded(path, raw_path)

    def path_parameter(self, name: str, kind: str, text: str) -> Any:
        """The text, whose escapes have been read, as its type."""
        return typed_path_parameter(kind, text)

    def authenticator(self, credential: Credential) -> Authenticate:
        """Compiles how TokenAuthentication reads the key of a token, which is the account.

        The function returns None without a credential, or for one with another scheme. It raises
        Refusal("not_acceptable"), and Refusal("unauthorized") with EMPTY, SPACES or CHARACTERS.
        """
        sent = credential.value_reader()

        @remembered(1024)
        def account(value: bytes) -> str | None:
            return _key(value, credential)

        def authenticate(request: Request) -> str | None:
            # The framework negotiates the content before it authenticates.
            accept = request.headers.get(b"accept")
            if accept is not None and accepted(accept) is None:
                raise Refusal("not_acceptable")
            return account(sent(request))

        return authenticate

    def coercer(self, schema: Schema) -> Coerce:
        """How the serializer with this schema reads a value."""
        return field_of(schema, self._zone).read

    def form_coercer(self, schema: Schema, formats: Formats) -> Coerce:
        """How the serializer with this schema finds its values in a form."""
        return form_reader(schema, formats)

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """The media type of the parser that the framework chooses."""
        return parsed_as(content_type, offered)

    def read_body(self, raw: bytes, kind: str, call: Call) -> Any:
        """What the parser of that media type reads.

        Raises Refusal("malformed"): with TOO_MUCH_DATA past the setting `data_upload_limit`, where
        the API has it (0: there is no limit). A file does not count.
        """
        limit = call.settings.get("data_upload_limit", 0)
        if kind not in (FORM, MULTIPART):
            _check_size(len(raw), limit)
            # Nearly every body is ASCII, and names no encoding.
            content_type = call.request.headers.get(b"content-type", b"")
            if not raw.isascii() or content_type.find(b";") >= 0:
                raw = in_utf8(raw, call.content_type)
        elif kind == FORM:
            _check_size(len(raw), limit)
        value = super().read_body(raw, kind, call)
        if kind == MULTIPART and limit:
            _check_size(_size_of(value), limit)
        if call.settings.get("framework_version") == OLDER:
            return as_older(value, call)
        return value

    def write_body(self, body: Any, call: Call) -> bytes:
        """JSON as Python writes it, indented where the Accept header asks for that."""
        accept = call.request.headers.get(b"accept", b"")
        # Only a header with parameters can ask.
        if accept.find(b";") >= 0 and renders(call.request.query_string):
            wanted = accepted(accept)
            if wanted is not None and wanted.indent is not None:
                return _python_json(body, wanted.indent)
        raw = write_json(body)
        # Python writes the separators of lines and paragraphs otherwise, and exponents.
        if not raw.isascii() and raw.find(b"\xe2\x80") >= 0:
            return _python_json(body, None)
        if not is_flat(body) and raw.translate(_DIGITS_AS_ZEROS).find(b"0e") >= 0:
            return _python_json(body, None)
        return raw

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
        if refusal.reason in (Reason.TOO_MANY_FIELDS, Reason.TOO_MUCH_DATA):
            return _page(400, "Bad Request (400)", "")
        if _asks_for_other_format(call):
            refusal = Refusal("not_found")
        headers = _headers(call.methods)
        if refusal.kind == "method_not_allowed" and call.request.method == "OPTIONS":
            return Reply(metadata(call.siblings), 200, headers)
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
        left_out = []
        for problem in _in_order(problems, schema):
            if problem.keyword == LEFT_OUT:
                left_out.append(problem.message)
                continue
            texts = found.setdefault(_field_path(problem.path, schema), [])
            for text in self._messages(problem):
                if text not in texts:
                    texts.append(text)
        nested = _nested(found)
        if not isinstance(nested, dict):
            nested = {"non_field_errors": nested}
        if left_out:
            nested.setdefault("non_field_errors", []).extend(left_out)
        return nested

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


def _no_view(refusal: Refusal, call: Call) -> Reply:
    """The answer of Django itself: a redirect where only a slash is missing, otherwise a 404."""
    if refusal.reason != Reason.MISSING_SLASH:
        return _page(404, "Not Found", "The requested resource was not found on this server.")
    request = call.request
    location = quote(_decoded(request.path, request.raw_path), safe=_SAFE_IN_PATH) + "/"
    if request.query_string:
        location += "?" + quote(request.query_string.decode("latin-1"), safe=_SAFE_IN_QUERY)
    # The middleware that redirects comes before the one that forbids frames.
    return Reply(b"", 301, (_HTML, (b"location", location.encode()), *SECURITY[1:]))


def _decoded(path: str, raw_path: str) -> str:
    """A path as Django reads it."""
    if "\ufffd" not in path:
        return path
    text = unquote_to_bytes(raw_path).decode("utf-8", "surrogateescape")
    return _NOT_UTF_8.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    # Python hides a byte that is not UTF-8 in a character of U+DC00 and more.
    return f"%{ord(found[0]) - 0xDC00:02X}"


def _page(status: int, title: str, text: str) -> Reply:
    body = _PAGE.format(title=title, text=text).encode()
    return Reply(body, status, (_HTML, *SECURITY))


def header_bytes(text: str) -> bytes:
    """A text as Django sends it in a header: Latin-1, or else an encoded word of RFC 2047."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        from email.header import Header as EncodedHeader

        return EncodedHeader(text, "utf-8", maxlinelen=sys.maxsize).encode().encode()


def _check_size(size: int, limit: int) -> None:
    if limit and size > limit:
        raise Refusal("malformed", "it is too large", reason=Reason.TOO_MUCH_DATA, limit=limit)


def _size_of(form: Form) -> int:
    """How many bytes of a form count: names and texts, and the signs between them."""
    texts = [(name, value) for name, value in form.items() if isinstance(value, str)]
    return sum(len(name) + len(value.encode()) + 2 for name, value in texts)


def _python_json(body: Any, indent: int | None) -> bytes:
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(body, ensure_ascii=False, separators=separators, indent=indent)
    # JavaScript once took these two for ends of lines.
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()

"""The bodies of requests, read again: a record keeps them as bytes, as they were sent."""

from base64 import b64encode
from contextlib import suppress
from typing import Any, NamedTuple

from mockserver.call import Request
from mockserver.documents.spec import Body, Operation
from mockserver.errors import Refusal
from mockserver.forms import FORM, MULTIPART, Form, read_form, read_multipart
from mockserver.media_types import in_utf8
from mockserver.wire import read_json

_MAX_DEPTH = 128
"""As deep as any framework reads that a vendor may be built on."""


class ReadBody(NamedTuple):
    """The body that an operation takes: as the client wrote it, and as the handler got it.

    The values of a form have the types of the operation's fields in both.
    """

    sent: Any
    read: Any


def read_body(request: Request, operation: Operation | None) -> ReadBody | None:
    """The body as the operation reads it.

    None where it takes none, none was sent, or what was sent cannot be read.
    """
    body = operation.body if operation is not None else None
    if body is None or not request.body:
        return None
    try:
        sent = _parsed(request.body, request, body)
    except Refusal:
        return None
    read, _ = body.reader.read(sent)
    return ReadBody(sent, read)


def _parsed(raw: bytes, request: Request, body: Body) -> Any:
    kind = _media_type(request)
    if kind == FORM and FORM in body.media_types:
        return body.form(read_form(raw, _content_type(request)))
    if kind == MULTIPART and MULTIPART in body.media_types:
        return body.form(read_multipart(raw, _content_type(request)))
    # Everything else is JSON: some frameworks read it whatever the Content-Type says.
    return _json_value(raw, request)


def _json_value(raw: bytes, request: Request) -> Any:
    """The JSON value in `raw`: in UTF-8, or in the encoding of its Content-Type.

    Raises Refusal where there is none.
    """
    try:
        return json_value(raw)
    except Refusal:
        return json_value(in_utf8(raw, _content_type(request)))


def form_of(request: Request) -> Form | None:
    """The fields of the form that was sent; None where the body is none. Raises Refusal."""
    kind, raw = _media_type(request), request.body
    if not raw or kind not in (FORM, MULTIPART):
        return None
    if kind == FORM:
        return read_form(raw, _content_type(request))
    return read_multipart(raw, _content_type(request))


def sent_value(request: Request, operation: Operation | None) -> Any:
    """The body as a person would describe it.

    A JSON value as it was sent; a form as its fields, of the types that the operation gives them
    (texts, where no operation answers); anything else as text.
    """
    raw = request.body or b""
    with suppress(Refusal):
        return _json_value(raw, request)
    form = read_body(request, operation)
    if form is not None:
        return form.read
    if _media_type(request) == FORM:
        with suppress(Refusal):
            return read_form(raw, _content_type(request))
    return _text(raw)


def is_encoded_twice(request: Request) -> bool:
    """Whether the body is a JSON text that holds JSON of its own."""
    with suppress(Refusal):
        text = json_value(request.body or b"")
        return isinstance(text, str) and isinstance(json_value(text.encode()), dict | list)
    return False


def json_value(raw: bytes) -> Any:
    """The JSON value in `raw`. Raises Refusal where there is none."""
    return read_json(raw, _MAX_DEPTH)


def _text(raw: bytes) -> str:
    """The bytes as text; as base64 where they are not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return b64encode(raw).decode()


def _content_type(request: Request) -> str:
    return request.headers.get(b"content-type", b"").decode("latin-1")


def _media_type(request: Request) -> str:
    return _content_type(request).partition(";")[0].strip().lower()

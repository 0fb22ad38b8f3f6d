"""The one writer of heads: no answer leaves with a header that could be read as two."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

HeaderPairs = Sequence[tuple[bytes, bytes]]

CLOSE = b"connection: close\r\n"
WITHOUT_BODY = frozenset({204, 304})
"""Statuses whose answers have no body, whatever their headers say."""


class UnsafeHeader(ValueError):
    """A header of an answer has a character that would end it: CR, LF or NUL."""


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES = {status: _status_line(status) for status in range(100, 1000)}


def written_head(status: int, headers: HeaderPairs, own_lines: bytes) -> bytes:
    """Status line and headers, up to the blank line; `own_lines` are the connection's.

    Raises UnsafeHeader, whoever made the header.
    """
    parts = [_STATUS_LINES[status]]
    for name, value in headers:
        parts += name, b": ", value, b"\r\n"
    head = b"".join(parts)
    # Counting is faster than a look at each value: every line brings one CR and one LF.
    lines = 1 + len(headers)
    if head.count(b"\n") != lines or head.count(b"\r") != lines or head.find(b"\0") >= 0:
        raise UnsafeHeader(_first_unsafe(headers))
    return b"".join((head, own_lines, b"\r\n"))


def written(status: int, headers: HeaderPairs, own_lines: bytes, body: bytes) -> bytes:
    """A whole answer. Raises UnsafeHeader."""
    return written_head(status, headers, own_lines) + body


def _first_unsafe(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if any(mark in name + value for mark in (b"\r", b"\n", b"\0")):
            return f"the header {name!r} has the value {value!r}"
    return "a header"


def keep_alive_lines(seconds: float, *, is_http_1_0: bool) -> bytes:
    """The lines of an answer after which the connection stays: for how long, if nothing comes."""
    lines = b"keep-alive: timeout=%d\r\n" % seconds
    # A client of HTTP/1.0 expects the connection to end, unless it is told otherwise.
    return b"connection: keep-alive\r\n" + lines if is_http_1_0 else lines

"""The one writer of heads: no answer leaves with a header that could be read as two."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from http import HTTPStatus

HeaderPairs = Sequence[tuple[bytes, bytes]]

CLOSE = b"connection: close\r\n"
WITHOUT_BODY = frozenset({204, 304})
"""Statuses whose answers have no body, whatever their headers say."""


class UnsafeHeader(ValueError):
    """A header of an answer has a character that would end it: CR, LF or NUL."""


def phrase_of(status: int) -> str:
    """The words beside a status; empty where the RFCs have none."""
    if status == 414:
        return "URI Too Long"  # RFC 9110; Python 3.11 has an older one
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {phrase_of(status)}\r\n".encode()


class _StatusLines(dict[int, bytes]):
    """The status lines, each made when it is first needed."""

    def __missing__(self, status: int) -> bytes:
        if not 100 <= status < 1000:
            raise KeyError(status)
        line = self[status] = _status_line(status)
        return line


_STATUS_LINES = _StatusLines()


def written(status: int, headers: HeaderPairs, own_lines: bytes, body: bytes = b"") -> bytes:
    """An answer, or its head alone; `own_lines` are the connection's own headers.

    Raises UnsafeHeader, whoever made the header.
    """
    lines = _known_lines(headers) if type(headers) is tuple else _lines(headers)
    return b"%b%b%b\r\n%b" % (_STATUS_LINES[status], lines, own_lines, body)


def _lines(headers: HeaderPairs) -> bytes:
    """The headers as lines of a head. Raises UnsafeHeader."""
    lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    # Counting is faster than a look at each value: every header brings one CR and one LF.
    count = len(headers)
    if lines.count(b"\n") != count or lines.count(b"\r") != count or lines.find(b"\0") >= 0:
        raise UnsafeHeader(_first_unsafe(headers))
    return lines


# Most answers of an operation have the same headers, but for their stamp.
_known_lines = lru_cache(maxsize=64)(_lines)


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

"""Plain requests: those that can be read with a few searches, as nearly every client writes them.

A request is plain if it has a known method, a path on this server, HTTP/1.1, header lines that are
all well formed and different, and no more of a body than Content-Length says. What is not plain is
left to a whole parser.
"""

import re
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockserver.call import HeaderSet, header_set

_METHODS = {
    name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0-\x08\n-\x1f\x7f]*)")
_SPECIAL = (b"expect", b"transfer-encoding")
"""Headers whose request has to be answered in between, or whose body is not told by its length."""

_MAX_BLOCK = 8 << 10
_MAX_BODY_DIGITS = 5
_MAX_HEADS = 256


class Head(NamedTuple):
    """The header lines of a plain request.

    `length` is the body's, in bytes; `is_last` says that the client wants no further answer.
    """

    pairs: tuple[tuple[bytes, bytes], ...]
    headers: HeaderSet
    length: int
    is_last: bool


class PlainRequest(NamedTuple):
    """A request as an ASGI scope with its body, and where in the data it ends."""

    scope: dict[str, Any]
    body: bytes
    end: int
    is_last: bool


_heads: dict[bytes, Head] = {}
"""The last different blocks of header lines. Clients repeat themselves: each is read once."""


def plain_request(data: bytes) -> PlainRequest | None:
    """The request that the data begins with; None where it is not plain or not whole."""
    line_end = data.find(b"\r\n")
    head_end = data.find(b"\r\n\r\n", line_end)
    if head_end < 0:
        return None
    block = data[line_end + 2 : head_end]
    head = _heads.get(block) or _read_head(block)
    body_start = head_end + 4
    if head is None or len(data) < body_start + head.length:
        return None
    scope = _scope(data[:line_end], head)
    if scope is None:
        return None
    end = body_start + head.length
    return PlainRequest(scope, data[body_start:end], end, head.is_last)


def _read_head(block: bytes) -> Head | None:
    lines = block.split(b"\r\n")
    fields = [_FIELD.fullmatch(line) for line in lines]
    pairs = tuple((field[1].lower(), field[2].rstrip()) for field in fields if field is not None)
    headers = header_set(pairs)
    length = headers.get(b"content-length", b"0")
    # Java's client offers HTTP/2 with each request, which may be ignored (RFC 9110, 7.8).
    upgrade = headers.get(b"upgrade", b"h2c").lower()
    is_plain = (
        len(block) <= _MAX_BLOCK
        and len(headers) == len(lines)
        and b"host" in headers
        and upgrade == b"h2c"
        and headers.keys().isdisjoint(_SPECIAL)
        and length.isdigit()
        and len(length) <= _MAX_BODY_DIGITS
    )
    if not is_plain:
        return None
    if len(_heads) >= _MAX_HEADS:
        _heads.clear()
    tokens = headers.get(b"connection", b"").lower().split(b",")
    is_last = b"close" in [token.strip() for token in tokens]
    head = _heads[block] = Head(pairs, headers, int(length), is_last)
    return head


def _scope(line: bytes, head: Head) -> dict[str, Any] | None:
    """The ASGI scope of a request with this first line; None where the line is not plain."""
    try:
        method, raw_target, version = line.split(b" ")
        target = raw_target.decode("ascii")
    except ValueError:
        return None
    name = _METHODS.get(method)
    if name is None or version != b"HTTP/1.1" or target[:1] != "/":
        return None
    if "#" in target or not target.isprintable():
        return None
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "scheme": "http",
        "method": name,
        "path": unquote(path) if "%" in path else path,
        "raw_path": path.encode() if "%" in path else None,
        "query_string": query.encode(),
        "headers": head.pairs,
        "header_set": head.headers,
    }

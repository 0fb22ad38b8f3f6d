"""The head of a request: its first line, read by hand, and its header lines, read by httptools."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote

import httptools

from mockserver.call import HeaderSet, header_set
from mockserver.remembering import remembered
from mockserver.serving.limits import Limits
from mockserver.serving.refusals import BadRequest

Pairs = tuple[tuple[bytes, bytes], ...]

END_OF_HEAD = b"\r\n\r\n"
_EMPTY_LINES = re.compile(rb"(?:\r\n)*")
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_METHODS = {
    name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_NO_METHOD = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_ORIGIN = re.compile(rb"/[!-~]*")
_PLAIN_LINE = re.compile(rb"""([A-Z]+) (/[!"$&->@-~]*)(?:\?([!"$-~]*))? HTTP/1\.1""")
"""The first line of nearly every request: its target has no escape in the path and no fragment."""
_ABSOLUTE = re.compile(rb"https?://[!-~]+", re.IGNORECASE)
HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?")
_HOST_AND_PORT = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_UPGRADE = re.compile(rb"upgrade:", re.IGNORECASE)

_new: Any = tuple.__new__  # Python's own way to make a named tuple takes twice the time

_MAX_BLOCK = 8 << 10
_MAX_REMEMBERED = 1 << 20
_MAX_HASHES = 4096
_PAIR_SIZE = 200  # of two bytes objects, their tuple, and their place in a dictionary


class Line(NamedTuple):
    """The first line of a request.

    `path` has its percent escapes decoded, `raw_path` has them as they came; it is None where there
    are none. `host` is that of an absolute target or of a CONNECT, None for other ones.
    """

    method: str
    path: str
    raw_path: bytes | None
    query_string: bytes
    host: bytes | None
    is_http_1_0: bool


class Head(NamedTuple):
    """The header lines of a request.

    `length` is the body's in bytes; None if it comes in chunks. `keeps_alive` says whether the
    client may send another request after this one.
    """

    pairs: Pairs
    headers: HeaderSet
    length: int | None
    keeps_alive: bool
    expects_continue: bool


def end_of_head(data: bytes | bytearray, start: int, limits: Limits, searched: int = 0) -> int:
    """Where the blank line after a head begins that begins at `start`; -1 if it is not there yet.

    What stands before `searched` holds no end. Raises BadRequest as soon as no more bytes can make
    this a request.
    """
    end = data.find(END_OF_HEAD, searched or start)
    if 0 <= end <= start + limits.max_head:
        return end
    if end >= 0 or len(data) - start > limits.max_head:
        _refuse_long_line(data, start, limits)
        raise BadRequest(431, f"The head has more than {limits.max_head} bytes")
    _refuse_early(data, start, limits, searched or start)
    return -1


def _refuse_early(data: bytes | bytearray, start: int, limits: Limits, searched: int) -> None:
    """Raise BadRequest for an unfinished head that cannot become one."""
    start = _EMPTY_LINES.match(data, start).end()  # type: ignore[union-attr]  # it matches nothing too
    word_end = data.find(b" ", start, start + 65)
    word = data[start : word_end if word_end >= 0 else start + 65]
    if _NO_METHOD.search(word.rstrip(b"\r")):
        raise BadRequest(400, "The request does not begin with a method")
    if _BARE_LINE_FEED.search(data, searched):
        raise BadRequest(400, "A line ends with a line feed alone")
    _refuse_long_line(data, start, limits)


def _refuse_long_line(data: bytes | bytearray, start: int, limits: Limits) -> None:
    # A method and a version are short: what makes a line longer than this is its target.
    longest = limits.max_target + 128
    if data.find(b"\r\n", start, start + longest) < 0 and len(data) - start >= longest:
        raise BadRequest(414, f"The target has more than {limits.max_target} bytes")


def read_line(line: bytes, limits: Limits) -> Line:
    """The first line of a request. Raises BadRequest."""
    plain = _PLAIN_LINE.fullmatch(line)
    if plain is None or len(line) > limits.max_target:
        return _read_other_line(line, limits)
    word, path, query = plain.groups(b"")
    method = _METHODS.get(word) or _other_method(word, path)
    read: Line = _new(Line, (method, path.decode("ascii"), None, query, None, False))
    return read


def _read_other_line(line: bytes, limits: Limits) -> Line:
    """A first line that is out of the ordinary. Raises BadRequest."""
    words = line.split(b" ")
    if len(words) != 3:
        raise _bad_line(line)
    method, target, version = words
    is_http_1_0 = version == b"HTTP/1.0"
    if version != b"HTTP/1.1" and not is_http_1_0:
        raise _bad_version(line, version)
    name = _METHODS.get(method) or _other_method(method, target)
    if len(target) > limits.max_target:
        raise BadRequest(414, f"The target has more than {limits.max_target} bytes")
    host = None
    if _ORIGIN.fullmatch(target) is None:
        target, host = _other_target(target, method)
    # A fragment is the client's own business: it is no part of what a server is asked for.
    raw_path, _, query = target.partition(b"#")[0].partition(b"?")
    path = raw_path.decode("ascii")
    if raw_path.find(b"%") >= 0:
        return Line(name, unquote(path), raw_path, query, host, is_http_1_0)
    return Line(name, path, None, query, host, is_http_1_0)


def _bad_line(line: bytes) -> BadRequest:
    if len(line.split()) > 3:
        return BadRequest(400, "The target has an unescaped space")
    return BadRequest(400, "The first line is not a method, a target and a version")


def _bad_version(line: bytes, version: bytes) -> BadRequest:
    if _VERSION.fullmatch(version):
        return BadRequest(505, "This server speaks HTTP/1.1")
    return _bad_line(line)


def _other_method(method: bytes, target: bytes) -> str:
    if method == b"CONNECT" and not _HOST_AND_PORT.fullmatch(target):
        raise BadRequest(400, "The target of a CONNECT is a host and a port")  # RFC 9110, 9.3.6
    if _METHOD.fullmatch(method):
        return method.decode("ascii")
    if method and _NO_METHOD.search(method) is None:
        raise BadRequest(501, "The method has more than 64 characters")
    raise BadRequest(400, "The method has a character that no method has")


def _other_target(target: bytes, method: bytes) -> tuple[bytes, bytes | None]:
    """The path with its query, and the host, of a target that does not begin with a slash."""
    if method == b"OPTIONS" and target == b"*":
        return target, None
    if method == b"CONNECT":
        return b"", target
    if _ABSOLUTE.fullmatch(target) is None:
        if not target.isascii() or not target.decode("ascii").isprintable():
            raise BadRequest(400, "The target has an unescaped character")
        raise BadRequest(400, "The target does not begin with a slash")
    scheme_end = target.find(b"://") + 3
    authority = re.split(rb"[/?#]", target[scheme_end:], maxsplit=1)[0]
    if not authority or not HOST.fullmatch(authority):
        raise BadRequest(400, "The target has no valid host")
    path = target[scheme_end + len(authority) :]
    if not path.startswith(b"/"):
        path = b"/" + path
    return path, authority


class Heads:
    """Reads blocks of header lines; one that comes again is not read again.

    Clients repeat themselves. A block is remembered when it comes for the second time, so those
    that come once cost nothing more. All that is remembered is bounded in bytes.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.known: dict[bytes, Head] = {}
        """What is remembered, by the block."""
        self._size = 0
        self._hashes: set[int] = set()

    def read(self, line: bytes, block: bytes, *, is_http_1_0: bool) -> Head:
        """What a block that is not known says after that first line. Raises BadRequest."""
        head = self._parsed(line, block, is_http_1_0=is_http_1_0)
        if not is_http_1_0:
            self._remember(block, head)
        return head

    def _remember(self, block: bytes, head: Head) -> None:
        if len(block) > _MAX_BLOCK:
            return
        number = hash(block)
        if number not in self._hashes:
            if len(self._hashes) >= _MAX_HASHES:
                self._hashes.clear()
            self._hashes.add(number)
            return
        if self._size > _MAX_REMEMBERED:
            self.known.clear()
            self._size = 0
        self.known[block] = head
        self._size += len(block) + head.headers.size + _PAIR_SIZE * len(head.pairs)

    def _parsed(self, line: bytes, block: bytes, *, is_http_1_0: bool) -> Head:
        count = block.count(b"\r\n") + 1
        if count > self._limits.max_headers:
            raise BadRequest(431, f"The head has more than {self._limits.max_headers} headers")
        pairs = _header_lines(line, block, count)
        headers = _by_name(pairs)
        _check_host(headers, pairs, is_http_1_0=is_http_1_0)
        length = _length(headers, is_http_1_0=is_http_1_0)
        connection = headers.get(b"connection")
        keeps_alive = not is_http_1_0
        if connection is not None:
            keeps_alive = _keeps_alive(connection, is_http_1_0=is_http_1_0)
        expects = headers.get(b"expect", b"").lower() == b"100-continue" and not is_http_1_0
        head: Head = _new(Head, (pairs, headers, length, keeps_alive, expects))
        return head


class _Parsing:
    """Tells the parser what to call for each header line, and nothing else."""

    __slots__ = ("on_header",)

    def __init__(self, on_header: Callable[[bytes, bytes], None]) -> None:
        self.on_header = on_header


def _header_lines(line: bytes, block: bytes, count: int) -> Pairs:
    """The names, in lower case, and values of a block of so many lines. Raises BadRequest."""
    head = parser_head(line, block)
    # The dictionary's own method: each line is taken without a call of Python.
    by_name: dict[bytes, bytes] = {}
    _parse(head, by_name.__setitem__)
    lines: Iterable[tuple[bytes, bytes]] = by_name.items()
    if len(by_name) < count:  # a name stands there twice, or a line goes on in the next one
        lines = _all_lines(head)
    pairs = [(name.lower(), value.rstrip()) for name, value in lines]
    if head.find(b"\n-") >= 0 and _offers_upgrade(block):
        _restore_upgrades(pairs, block)
    return tuple(pairs)


def _all_lines(head: bytes) -> list[tuple[bytes, bytes]]:
    lines: list[tuple[bytes, bytes]] = []
    _parse(head, lambda name, value: lines.append((name, value)))
    return lines


def _parse(head: bytes, on_header: Callable[[bytes, bytes], None]) -> None:
    try:
        httptools.HttpRequestParser(_Parsing(on_header)).feed_data(head)
    except httptools.HttpParserError as error:
        raise BadRequest(400, str(error)) from None


def parser_head(line: bytes, block: bytes) -> bytes:
    """A head as httptools gets it: with a method that it knows, and nothing to upgrade to.

    It gives up at methods that it does not know, and ends a request at an offer to upgrade, which
    a server may ignore (RFC 9110, 7.8). The target of a CONNECT is none for another method. All
    else in the head stays as it is.
    """
    method, _, rest = line.partition(b" ")
    if method == b"CONNECT":
        rest = b"/ " + rest.rpartition(b" ")[2]
    if _offers_upgrade(block):
        block = b"\r\n".join(_other_name(each) for each in block.split(b"\r\n"))
    end = END_OF_HEAD if block else b"\r\n"
    return b"POST %b\r\n%b%b" % (rest, block, end)


def _offers_upgrade(block: bytes) -> bool:
    return block.lower().find(b"upgrade:") >= 0


def _other_name(line: bytes) -> bytes:
    return b"-" + line if _UPGRADE.match(line) else line


def _restore_upgrades(pairs: list[tuple[bytes, bytes]], block: bytes) -> None:
    """Give the headers back the names that `parser_head` has changed."""
    for number, line in enumerate(block.split(b"\r\n")):
        if _UPGRADE.match(line):
            pairs[number] = (b"upgrade", pairs[number][1])


def _by_name(pairs: Pairs) -> HeaderSet:
    headers = HeaderSet(pairs)
    if len(headers) < len(pairs):
        return header_set(pairs)
    headers.size = sum(map(len, headers)) + sum(map(len, headers.values()))
    return headers


def _check_host(headers: HeaderSet, pairs: Pairs, *, is_http_1_0: bool) -> None:
    """Raise BadRequest for a host that is missing, double or malformed (RFC 9112, 3.2)."""
    host = headers.get(b"host")
    if host is None:
        if is_http_1_0:
            return
        raise BadRequest(400, "The Host header is missing")
    if len(headers) < len(pairs) and [name for name, _ in pairs].count(b"host") > 1:
        raise BadRequest(400, "There are several Host headers")
    if not _is_host(host):
        raise BadRequest(400, "The Host header is malformed")


@remembered(256)
def _is_host(host: bytes) -> bool:
    return HOST.fullmatch(host) is not None


def _keeps_alive(connection: bytes, *, is_http_1_0: bool) -> bool:
    """Whether another request may follow (RFC 9112, 9.3)."""
    options = {option.strip() for option in connection.lower().split(b",")}
    return b"close" not in options and (not is_http_1_0 or b"keep-alive" in options)


def _length(headers: HeaderSet, *, is_http_1_0: bool) -> int | None:
    """How many bytes the body has, None for chunks. Raises BadRequest for other codings."""
    coding = headers.get(b"transfer-encoding")
    if coding is None:
        return int(headers.get(b"content-length", b"0"))
    if is_http_1_0:
        raise BadRequest(400, "HTTP/1.0 has no Transfer-Encoding")  # RFC 9112, 6.1
    if coding.lower() != b"chunked":
        raise BadRequest(501, "The only Transfer-Encoding that is read is chunked")
    return None


def scope_of(line: Line, head: Head, scheme: str) -> dict[str, Any]:
    """The ASGI scope of a request, as far as an answer at once needs it."""
    method, path, raw_path, query, _, _ = line
    return {
        "type": "http",
        "scheme": scheme,
        "method": method,
        "path": path,
        "raw_path": raw_path,
        "query_string": query,
        "headers": head.pairs,
        "header_set": head.headers,
    }


def with_host(scope: dict[str, Any], host: bytes) -> dict[str, Any]:
    """The scope of a request for another host than its header says."""
    others = [each for each in scope["headers"] if each[0] != b"host"]
    pairs = (*others, (b"host", host))
    return scope | {"headers": pairs, "header_set": header_set(pairs)}

"""What a stranger may send: each request is read as the RFCs have it, however it is cut."""

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.faults.delivery import Answer
from mockserver.serving.exchange import App
from tests.serving.door import (
    KEPT,
    LAST,
    Address,
    Service,
    no_application,
    serving,
    talk,
    talk_in_pieces,
    whole,
)


def seen(scope: Any, raw: bytes | None) -> Answer | App:
    """Answers what was understood: method, path, query, host and body."""
    host = scope["header_set"].get(b"host", b"-").decode("latin-1")
    text = f"{scope['method']} {scope['path']} {scope['query_string'].decode()} {host} "
    return whole(text.encode() + (b"too large" if raw is None else raw))


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with serving(Service(seen, no_application)) as address:
        yield address


def kept(text: bytes) -> bytes:
    return KEPT % len(text) + text


def last(text: bytes) -> bytes:
    return LAST % len(text) + text


HOST = b"Host: x\r\n"
END = b"GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
ENDED = last(b"GET /end  x ")
CHUNKED = b"Transfer-Encoding: chunked\r\n"

READ = {
    "a get": (b"GET /a?b=c HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /a b=c x "),
    "a body": (
        b"PUT /a HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\n\r\nbody",
        b"PUT /a  x body",
    ),
    "empty lines first": (b"\r\n\r\nGET /a HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /a  x "),
    "a method of its own": (b"BREW /a HTTP/1.1\r\n" + HOST + b"\r\n", b"BREW /a  x "),
    "a method in small letters": (b"get /a HTTP/1.1\r\n" + HOST + b"\r\n", b"get /a  x "),
    "a method of HTTP/2": (b"PRI /a HTTP/1.1\r\n" + HOST + b"\r\n", b"PRI /a  x "),
    "an absolute target": (
        b"GET http://shop:1/a?b HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a b shop:1 ",
    ),
    "an absolute target without a path": (
        b"GET http://shop HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /  shop ",
    ),
    "the whole server": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", b"OPTIONS *  x "),
    "a fragment": (b"GET /a?b#c?d HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /a b x "),
    "a question mark that is escaped": (b"GET /%3Fa HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /?a  x "),
    "an empty host": (b"GET /a HTTP/1.1\r\nHost:\r\n\r\n", b"GET /a   "),
    "chunks": (
        b"PUT /a HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\n\r\n",
        b"PUT /a  x body",
    ),
    "chunks that look like ends": (
        b"PUT /a HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n9\r\n\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
        b"PUT /a  x \r\n\r\n0\r\n\r\n",
    ),
    "trailers": (
        b"PUT /a HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n1\r\nb\r\n0\r\nHost: y\r\nZ: z\r\n\r\n",
        b"PUT /a  x b",
    ),
    "an upgrade to another protocol": (
        b"PUT /a HTTP/1.1\r\nUpgrade: TLS/1.2\r\n"
        + HOST
        + b"Connection: Upgrade\r\nContent-Length: 4\r\n\r\nbody",
        b"PUT /a  x body",
    ),
    "an upgrade as the last line": (
        b"PUT /a HTTP/1.1\r\n"
        + HOST
        + b"Connection: x, upgrade\r\nContent-Length: 4\r\nUPGRADE:websocket\r\n\r\nbody",
        b"PUT /a  x body",
    ),
    "an upgrade with chunks": (
        b"PUT /a HTTP/1.1\r\n"
        + HOST
        + b"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n"
        + CHUNKED
        + b"\r\n4\r\nbody\r\n0\r\n\r\n",
        b"PUT /a  x body",
    ),
    "an upgrade named in a body": (
        b"PUT /a HTTP/1.1\r\n" + HOST + b"Content-Length: 20\r\n\r\n\r\nUpgrade: h2c\r\n\r\nab",
        b"PUT /a  x \r\nUpgrade: h2c\r\n\r\nab",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_a_request_is_read_wherever_its_segments_end(address: Address, case: str) -> None:
    data, understood = READ[case]
    expected = kept(understood) + ENDED
    assert talk(address, data + END) == expected
    assert talk_in_pieces(address, [bytes([byte]) for byte in data + END]) == expected
    for cut in range(1, len(data), 3):
        assert talk_in_pieces(address, [data[:cut], data[cut:] + END]) == expected


@pytest.mark.parametrize("case", READ)
def test_requests_are_answered_in_order(address: Address, case: str) -> None:
    data, understood = READ[case]
    other, other_understood = READ["a body"]
    expected = (kept(understood) + kept(other_understood)) * 3 + ENDED
    assert talk(address, (data + other) * 3 + END) == expected


REFUSED = {
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two hosts": (400, b"GET / HTTP/1.1\r\n" + HOST + b"host: x\r\n\r\n"),
    "the same host twice": (400, b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n"),
    "two hosts in HTTP/1.0": (400, b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n"),
    "a host with a space": (400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    "a host with a path": (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "a host with a user": (400, b"GET http://me@shop/ HTTP/1.1\r\n" + HOST + b"\r\n"),
    "two lengths": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    ),
    "two lengths in one": (400, b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 1, 1\r\n\r\na"),
    "a signed length": (400, b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na"),
    "a negative length": (400, b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\na"),
    "no length": (400, b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length:\r\n\r\na"),
    "a length beyond all": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\na",
    ),
    "a length and chunks": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    ),
    "chunks and a length": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    ),
    "chunks in HTTP/1.0": (400, b"PUT / HTTP/1.0\r\n" + HOST + CHUNKED + b"\r\n0\r\n\r\n"),
    "chunks twice": (400, b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n"),
    "chunks that are compressed": (
        501,
        b"PUT / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ),
    "another coding": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ),
    "a folded line": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n"),
    "a folded upgrade": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\nUpgrade: c\r\n d\r\n\r\n"),
    "a space before the first header": (400, b"GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
    "a space before the colon": (400, b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
    "a header without a name": (400, b"GET / HTTP/1.1\r\n" + HOST + b": a\r\n\r\n"),
    "a header without a colon": (400, b"GET / HTTP/1.1\r\n" + HOST + b"a\r\n\r\n"),
    "a bare carriage return": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\rC: d\r\n\r\n"),
    "a bare line feed": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\nC: d\r\n\r\n"),
    "lines that end with line feeds": (400, b"GET / HTTP/1.1\nHost: x\n\n"),
    "a NUL": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n"),
    "a NUL in a name": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A\0: b\r\n\r\n"),
    "two spaces": (400, b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a space at the end": (400, b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n"),
    "an unescaped space": (400, b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an unescaped tab": (400, b"GET /a\tb HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an unescaped letter": (400, "GET /é HTTP/1.1\r\n".encode() + HOST + b"\r\n"),
    "no slash": (400, b"GET a HTTP/1.1\r\n" + HOST + b"\r\n"),
    "the whole server, read": (400, b"GET * HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a proxy": (501, b"CONNECT shop:443 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "no version": (400, b"GET /\r\n\r\n"),
    "HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/1.2": (505, b"GET / HTTP/1.2\r\n" + HOST + b"\r\n"),
    "a version in small letters": (400, b"GET / http/1.1\r\n" + HOST + b"\r\n"),
    "no method": (400, b" / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a method with a bracket": (400, b"G(T / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a method without an end": (501, b"G" * 65 + b" / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "another protocol": (400, b"SSH-2.0-OpenSSH\r\n"),
    "a long target": (414, b"GET /" + b"a" * 16_384 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a target without an end": (414, b"GET /" + b"a" * 20_000),
    "a long header": (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"a" * 65_536 + b"\r\n\r\n"),
    "a header without an end": (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"a" * 70_000),
    "101 headers": (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 100 + b"\r\n"),
    "a broken chunk": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\nx\r\n\r\n0\r\n\r\n",
    ),
    "a chunk that is longer than it says": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n1\r\nab\r\n0\r\n\r\n",
    ),
    "a chunk whose line ends with a line feed": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n1\na\r\n0\r\n\r\n",
    ),
    "a chunk of more than everything": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\nfffffffffffffffff\r\na",
    ),
    "chunk extensions without an end": (
        431,
        b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n1;a=" + b"b" * 70_000,
    ),
    "trailers without an end": (
        431,
        b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n0\r\n" + b"A: b\r\n" * 12_000,
    ),
    "a length in a trailer": (
        400,
        b"PUT / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n0\r\nContent-Length: 5\r\n\r\nGET / ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_request_is_refused_and_ends_the_connection(address: Address, case: str) -> None:
    status, data = REFUSED[case]
    answer = talk(address, data if "without an end" in case else data + END)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("case", [case for case in REFUSED if len(REFUSED[case][1]) < 300])
def test_it_is_refused_wherever_its_segments_end(address: Address, case: str) -> None:
    status, data = REFUSED[case]
    answer = talk_in_pieces(address, [bytes([byte]) for byte in data])
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_head_of_the_largest_size_is_read(address: Address) -> None:
    start = b"GET /" + b"a" * 16_383 + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"
    filler = b"A: " + b"a" * (65_536 - len(start) - 3)
    answer = talk(address, start + filler + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_hundred_headers_are_read(address: Address) -> None:
    lines = b"".join(b"A%d: b\r\n" % number for number in range(98))
    answer = talk(address, b"GET / HTTP/1.1\r\n" + HOST + lines + b"Connection: close\r\n\r\n")
    assert answer == last(b"GET /  x ")


def test_header_lines_that_were_read_are_read_the_same_again(address: Address) -> None:
    data = b"PUT /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nUpgrade: a\r\n\r\nb"
    for _ in range(3):
        assert talk(address, data + END) == kept(b"PUT /a  x b") + ENDED


def test_http_1_0_ends_with_its_answer_unless_it_asks(address: Address) -> None:
    answered = b"GET /a  - "
    assert talk(address, b"GET /a HTTP/1.0\r\n\r\n" + END) == last(answered)
    stays = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: keep-alive\r\n"
    stays += b"keep-alive: timeout=75\r\n\r\n" + answered
    assert (
        talk(address, b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + END) == stays + ENDED
    )


def test_what_follows_the_last_request_is_not_read(address: Address) -> None:
    assert talk(address, END + END + b"garbage") == ENDED

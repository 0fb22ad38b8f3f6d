"""The door of the whole server: refusals in the vendors' shapes, redirects, the log."""

import logging
from collections.abc import Iterator

import pytest

from mockserver import MockServer
from tests.serving.door import Address, talk

CLOSED = b"connection: close\r\n\r\n"
KESTREL = b"content-length: 0\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with MockServer(fixtures="empty", max_body=1000) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        yield host, int(port)


def asked(path: str, *lines: bytes) -> bytes:
    """A GET with these header lines."""
    return b"GET %b HTTP/1.1\r\n%b\r\n" % (
        path.encode(),
        b"".join(line + b"\r\n" for line in lines),
    )


BAD = {
    "no host": (b"400 Bad Request", asked("/nlpearl/v2/Pearl")),
    "two hosts": (b"400 Bad Request", asked("/nlpearl/v2/Pearl", b"Host: a", b"Host: b")),
    "a long target": (b"414 URI Too Long", asked("/nlpearl/v2?" + "a" * 20_000, b"Host: a")),
    "a large head": (
        b"431 Request Header Fields Too Large",
        asked("/nlpearl/v2/Pearl", b"Host: a", b"A: " + b"b" * 70_000),
    ),
    "many headers": (
        b"431 Request Header Fields Too Large",
        asked("/nlpearl/v2/Pearl", b"Host: a", *[b"A: b"] * 100),
    ),
    "another version": (
        b"505 HTTP Version Not Supported",
        b"GET /nlpearl/v2/Pearl HTTP/2.0\r\nHost: a\r\n\r\n",
    ),
    "a broken chunk": (
        b"400 Bad Request",
        b"POST /nlpearl/v2/Pearl HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ),
    "the vendor's own host": (
        b"431 Request Header Fields Too Large",
        asked("/v2/Pearl", b"Host: api.nlpearl.ai", *[b"A: b"] * 100),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_kestrel_refuses_with_nothing_but_a_status(address: Address, case: str) -> None:
    status, data = BAD[case]
    assert talk(address, data) == b"HTTP/1.1 " + status + b"\r\n" + KESTREL


def test_a_refusal_for_nobody_is_a_sentence(address: Address) -> None:
    text = b"Bad Request: The Host header is missing."
    assert talk(address, asked("/sela/api/leads/")) == (
        b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
        b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(text), text)
    )


def test_a_redirect_escapes_what_would_end_path_or_header(address: Address) -> None:
    path = "/sela/api/leads/%3F%0d%0aSet-Cookie:%20pwn=1"
    answer = talk(address, asked(path + "?a=b", b"Host: x", b"Connection: close"))
    assert answer.count(b"HTTP/1.1") == 1
    assert b"\r\nlocation: /sela/api/leads/%3F%0D%0ASet-Cookie:%20pwn%3D1/?a=b\r\n" in answer
    assert b"\r\nSet-Cookie" not in answer


def test_an_unknown_method_gets_the_vendors_405(address: Address) -> None:
    credentials = (b"Host: x", b"Authorization: Token me", b"Connection: close")
    data = asked("/sela/api/leads/", *credentials).replace(b"GET", b"BREW")
    answer = talk(address, data)
    assert answer.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    assert answer.endswith(b'{"detail":"Method \\"BREW\\" not allowed."}')


def test_an_upgrade_is_ignored_and_stands_in_the_journal() -> None:
    body = b'{"email":"a@example.com"}'
    head = (
        b"POST /octanist/api/leads HTTP/1.1\r\nHost: x\r\nX-API-KEY: me\r\nConnection: Upgrade, close"
        b"\r\nUpgrade: TLS/1.2\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    with MockServer(fixtures="empty") as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        answer = talk((host, int(port)), head % len(body) + body)
        assert answer.startswith(b"HTTP/1.1 20")
        workspace = server.client.workspace("me")
        request = workspace.request(1)
        assert request["request"]["headers"]["upgrade"] == "TLS/1.2"


def test_a_body_that_is_too_large_is_refused_in_the_vendors_shape(address: Address) -> None:
    data = b"POST /sela/api/leads/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token me\r\n"
    data += b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    answer = talk(address, data)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in answer


def test_tls_on_the_plain_port_is_said_to_the_operator(
    address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    with MockServer(fixtures="empty") as server, caplog.at_level(logging.WARNING):
        host, _, port = server.url.removeprefix("http://").partition(":")
        answer = talk((host, int(port)), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("127.0.0.1:")
    assert message.endswith("this was TLS, and this port speaks plain HTTP")

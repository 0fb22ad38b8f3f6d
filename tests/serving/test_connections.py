"""A connection from its first byte to its end: time-outs, half-closed clients, late answers."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.faults.delivery import Answer
from mockserver.serving.exchange import App
from mockserver.serving.limits import Limits
from mockserver.serving.refusals import BadRequest, RefusalLog
from tests.serving.door import KEPT, LAST, Address, Service, rest_of, serving, talk, whole

BIG = b"x" * 20_000_000


async def late(scope: Any, receive: Any, send: Any) -> None:
    """Answers a moment later, in pieces."""
    message = await receive()
    await asyncio.sleep(0.1)
    body = b"late " + message["body"]
    length = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body[:3], "more_body": True})
    await send({"type": "http.response.body", "body": body[3:]})


async def empty(scope: Any, receive: Any, send: Any) -> None:
    """Answers 204 with a length that it must not have."""
    await send(
        {"type": "http.response.start", "status": 204, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body", "body": b""})


async def unsafe(scope: Any, receive: Any, send: Any) -> None:
    """Answers with a header that would be two."""
    headers = [(b"location", b"/a\r\nSet-Cookie: a=b")]
    await send({"type": "http.response.start", "status": 301, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


APPLICATIONS = {"/late": late, "/empty": empty, "/unsafe": unsafe}


def by_path(scope: Any, raw: bytes | None) -> Answer | App:
    """Answers as the path says."""
    path = scope["path"]
    if path in APPLICATIONS:
        return APPLICATIONS[path]
    if path == "/big":
        return whole(BIG)
    if path == "/unsafe/at-once":
        return Answer(
            301, ((b"location", b"/a\r\nSet-Cookie: a=b"), (b"content-length", b"0")), b""
        )
    if raw is None:
        return whole(b"too large", 413)
    return whole(b"got %d" % len(raw))


SERVICE = Service(by_path, late)
SHORT = Limits(head_timeout=0.2, body_timeout=0.2, idle_timeout=0.2, max_body=100_000)


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with serving(SERVICE) as address:
        yield address


@pytest.fixture(scope="module")
def hasty() -> Iterator[Address]:
    """A server that waits for nothing long."""
    with serving(SERVICE, SHORT) as address:
        yield address


def request(path: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


END = request("/", "Connection: close")
ENDED = LAST % 5 + b"got 0"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(request("/"), KEPT % 5 + b"got 0", id="no body"),
        pytest.param(
            request("/", method="POST", body=b"b" * 300_000), KEPT % 10 + b"got 300000", id="a body"
        ),
        pytest.param(request("/big"), KEPT % len(BIG) + BIG, id="a large answer"),
        pytest.param(request("/late"), KEPT % 5 + b"late ", id="a late answer"),
        pytest.param(
            request("/late") + request("/") + request("/late"),
            KEPT % 5 + b"late " + KEPT % 5 + b"got 0" + KEPT % 5 + b"late ",
            id="several",
        ),
        pytest.param(
            request("/big") * 3 + request("/"),
            (KEPT % len(BIG) + BIG) * 3 + KEPT % 5 + b"got 0",
            id="several large ones",
        ),
    ],
)
def test_a_client_that_has_closed_its_side_gets_its_answers(
    address: Address, data: bytes, expected: bytes
) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        assert rest_of(connection) == expected


@pytest.mark.parametrize("half", [b"GET / HT", request("/", body=b"body")[:-1]])
def test_half_a_request_with_nothing_behind_it_is_refused(address: Address, half: bytes) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request("/") + half)
        connection.shutdown(socket.SHUT_WR)
        answer = rest_of(connection)
        assert answer.startswith(KEPT % 5 + b"got 0" + b"HTTP/1.1 400 ")


def test_garbage_behind_a_request_that_waits_is_answered_after_it(address: Address) -> None:
    answer = talk(address, request("/late") + b"\0garbage")
    assert answer.startswith(KEPT % 5 + b"late HTTP/1.1 400 Bad Request\r\n")


def test_answers_keep_their_order_around_a_late_one(address: Address) -> None:
    data = request("/") + request("/late", method="POST", body=b"b") + request("/")
    assert talk(address, data * 2 + END) == (
        (KEPT % 5 + b"got 0" + KEPT % 6 + b"late b" + KEPT % 5 + b"got 0") * 2 + ENDED
    )


def test_many_requests_may_wait_behind_a_late_answer(address: Address) -> None:
    many = request("/", method="POST", body=b"b" * 1000) * 2000
    expected = KEPT % 5 + b"late " + (KEPT % 8 + b"got 1000") * 2000 + ENDED
    assert talk(address, request("/late") + many + END) == expected


def test_head_and_204_have_no_body(address: Address) -> None:
    headed = KEPT % 5
    late_head = KEPT % 5
    no_content = b"HTTP/1.1 204 No Content\r\nkeep-alive: timeout=75\r\n\r\n"
    data = request("/", method="HEAD") + request("/late", method="HEAD") + request("/empty") + END
    assert talk(address, data) == headed + late_head + no_content + ENDED


def test_a_client_is_asked_for_the_body_that_it_holds_back(address: Address) -> None:
    head = request("/", "Content-Length: 4", "Expect: 100-Continue", method="POST")
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body" + END)
        assert rest_of(connection) == KEPT % 5 + b"got 4" + ENDED


def test_a_client_is_not_asked_for_a_body_that_is_too_large(hasty: Address) -> None:
    head = request("/", "Content-Length: 100001", "Expect: 100-continue", method="POST")
    answer = talk(hasty, head)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"connection: close\r\n\r\ntoo large")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_sends_too_much_reads_why(hasty: Address, chunked: bool) -> None:
    body = b"b" * 3_000_000
    data = request("/", method="POST", body=body)
    if chunked:
        data = request("/", "Transfer-Encoding: chunked", method="POST") + b"%x\r\n" % len(body)
        data += body
    answer = talk(hasty, data)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"too large")


@pytest.mark.parametrize("path", ["/unsafe", "/unsafe/at-once"])
def test_no_header_becomes_two(
    address: Address, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = talk(address, request(path))
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"Set-Cookie" not in answer
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == [
        r"the header b'location' has the value b'/a\r\nSet-Cookie: a=b'"
    ]
    caplog.clear()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(b"", b"", id="a silent client"),
        pytest.param(b"GET / HT", b"HTTP/1.1 408 Request Timeout\r\n", id="half a head"),
        pytest.param(
            request("/", "Content-Length: 4"), b"HTTP/1.1 408 Request Timeout\r\n", id="no body"
        ),
    ],
)
def test_a_client_that_does_not_go_on_is_not_waited_for(
    hasty: Address, sent: bytes, expected: bytes
) -> None:
    began = time.monotonic()
    assert talk(hasty, sent).startswith(expected)
    assert 0.2 <= time.monotonic() - began < 5


def test_a_head_that_drips_is_not_waited_for(hasty: Address) -> None:
    with socket.create_connection(hasty, timeout=10) as connection:
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a" * 1000:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.02)
            connection.setblocking(False)
            try:
                answer = connection.recv(100)
                break
            except BlockingIOError:
                connection.settimeout(10)
        assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("segments", [(b"\r\n",), (b"\r", b"\n"), (b"\r\n", b"\r\n")])
def test_empty_lines_behind_a_body_begin_no_request(
    hasty: Address, segments: tuple[bytes, ...]
) -> None:
    """A connection with nothing else on it ends quietly: a 408 would be taken for an answer."""
    with socket.create_connection(hasty, timeout=10) as connection:
        connection.sendall(request("/", body=b"ab"))
        for segment in segments:
            time.sleep(0.02)
            connection.sendall(segment)
        came = rest_of(connection)
    assert came.startswith(b"HTTP/1.1 200 OK")
    assert came.count(b"HTTP/1.1") == 1


def test_empty_lines_that_drip_keep_no_connection(hasty: Address) -> None:
    with socket.create_connection(hasty, timeout=0.1) as connection:
        ends = time.monotonic() + 3
        while time.monotonic() < ends:
            connection.sendall(b"\r\n")
            try:
                assert connection.recv(100) == b""
                return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    raise AssertionError("the connection stays")


def test_a_body_that_makes_progress_is_waited_for(hasty: Address) -> None:
    with socket.create_connection(hasty, timeout=10) as connection:
        connection.sendall(request("/", "Content-Length: 8", "Connection: close", method="POST"))
        for _ in range(8):
            time.sleep(0.08)
            connection.sendall(b"b")
        assert rest_of(connection) == LAST % 5 + b"got 8"


def test_a_client_that_reads_nothing_is_given_up(hasty: Address) -> None:
    with socket.create_connection(hasty, timeout=10) as connection:
        connection.sendall(request("/big") * 5)
        time.sleep(1)
        assert len(rest_of(connection)) < 5 * len(BIG)


def test_refusals_are_logged_with_peer_and_cause_once_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [10.0]
    log = RefusalLog(lambda: now[0])
    error = BadRequest(400, "The target has an unescaped space")
    with caplog.at_level(logging.WARNING):
        for at in (10.0, 10.1, 10.9, 11.0):
            now[0] = at
            log.add("127.0.0.1:5", b"GET /a b HTTP/1.1", error)
        now[0] = 12.5
        log.add("127.0.0.1:6", b"\x16\x03\x01\x02\x00", BadRequest(400, "no method"))
    tls = "this was TLS, and this port speaks plain HTTP"
    said = "127.0.0.1:5 sent no request that can be read: The target has an unescaped space"
    assert [record.getMessage() for record in caplog.records] == [
        said,
        f"{said} (2 more since the last such line)",
        f"127.0.0.1:6 sent no request that can be read: {tls}",
    ]

"""uvicorn sends each answer whole, whether it is there at once or an application sends it."""

import asyncio
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.faults.delivery import Answer
from mockserver.serving.exchange import App
from mockserver.serving.limits import Limits
from tests.serving.door import KEPT, LAST, Service, no_application, serving, talk, whole

BIG = b"x" * 5_000_000


def body_of(path: str, raw: bytes | None) -> bytes:
    """What is answered in one piece."""
    if path == "/big":
        return BIG
    return raw or b"" if path == "/echo" else b"whole"


def at_once(scope: Any, raw: bytes | None) -> Answer | App:
    """Answers what has one piece and a length."""
    path = scope["path"]
    if path == "/fail":
        raise RuntimeError("a fault of the server")
    if path in ("/pieces", "/waiting", "/chunked"):
        return application
    return whole(body_of(path, raw))


def never_at_once(scope: Any, raw: bytes | None) -> Answer | App:
    """Has everything answered by the application."""
    return application


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers as its path says."""
    path, raw, more = scope["path"], b"", True
    while more:
        message = await receive()
        raw, more = raw + message["body"], message["more_body"]
    pieces = (
        [b"in ", b"three ", b"pieces"] if path in ("/pieces", "/waiting") else [body_of(path, raw)]
    )
    length = [] if path == "/chunked" else [(b"content-length", b"%d" % sum(map(len, pieces)))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    if path == "/waiting":
        await asyncio.sleep(0.05)
    for number, piece in enumerate(pieces, 1):
        await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})


@pytest.fixture(scope="module", params=[at_once, never_at_once])
def address(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """Where a server listens that answers at once what it can, and one that never does."""
    with serving(Service(request.param, application)) as address:
        yield address


def request(path: str, method: str = "GET", *headers: str, close: bool = True) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: x",
        *headers,
        *(["Connection: close"] if close else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/", b"whole", id="one piece"),
        pytest.param("/pieces", b"in three pieces", id="several pieces"),
        pytest.param("/waiting", b"in three pieces", id="a pause after the head"),
        pytest.param("/big", BIG, id="five megabytes"),
    ],
)
def test_an_answer_arrives_whole(address: tuple[str, int], path: str, body: bytes) -> None:
    assert talk(address, request(path)) == LAST % len(body) + body


def test_head_has_no_body(address: tuple[str, int]) -> None:
    assert talk(address, request("/", "HEAD")) == LAST % 5


def test_an_answer_without_a_length_is_chunked(address: tuple[str, int]) -> None:
    head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert talk(address, request("/chunked")) == head + b"5\r\nwhole\r\n0\r\n\r\n"


def test_requests_on_one_connection_are_answered_in_turn(address: tuple[str, int]) -> None:
    asked = [request(path, close=False) for path in ("/", "/", "/waiting", "/", "/pieces")]
    whole, pieces = KEPT % 5 + b"whole", KEPT % 15 + b"in three pieces"
    assert (
        talk(address, *asked, request("/"))
        == whole * 2 + pieces + whole + pieces + LAST % 5 + b"whole"
    )


def test_a_client_that_wants_to_leave_is_let_go(address: tuple[str, int]) -> None:
    began = time.monotonic()
    assert talk(address, request("/")) == LAST % 5 + b"whole"
    assert (
        time.monotonic() - began < 3
    )  # and not after the five seconds for which a connection is kept


def test_many_requests_at_once_are_all_answered(address: tuple[str, int]) -> None:
    assert (
        talk(address, *[request("/", close=False)] * 500, request("/"))
        == (KEPT % 5 + b"whole") * 500 + LAST % 5 + b"whole"
    )


def test_a_connection_of_http_1_0_ends_with_its_answer(address: tuple[str, int]) -> None:
    assert talk(address, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n") == LAST % 5 + b"whole"


@pytest.mark.parametrize("size", [0, 1, 1_000, 100_000, 3_000_000])
def test_a_body_is_read_to_its_end_however_it_comes(address: tuple[str, int], size: int) -> None:
    body = b"b" * size
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request("/echo", "PUT", f"Content-Length: {size}"))
        time.sleep(0.01)
        connection.sendall(body[: size // 2])
        time.sleep(0.01)
        connection.sendall(body[size // 2 :])
        assert b"".join(iter(lambda: connection.recv(1 << 16), b"")) == LAST % size + body


def test_chunks_are_put_together(address: tuple[str, int]) -> None:
    asked = request("/echo", "PUT", "Transfer-Encoding: chunked")
    assert talk(address, asked, b"3\r\none\r\n", b"3\r\ntwo\r\n0\r\n\r\n") == LAST % 6 + b"onetwo"


def test_a_client_that_reads_late_gets_everything(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        for _ in range(5):
            connection.sendall(request("/big", close=False))
            time.sleep(0.02)
        connection.sendall(request("/"))
        assert (
            b"".join(iter(lambda: connection.recv(1 << 16), b""))
            == (KEPT % len(BIG) + BIG) * 5 + LAST % 5 + b"whole"
        )


def test_what_can_be_answered_at_once_never_comes_to_the_application() -> None:
    with serving(Service(at_once, no_application)) as address:
        assert (
            talk(address, request("/echo", "PUT", "Content-Length: 4"), b"body")
            == LAST % 4 + b"body"
        )


def test_a_fault_of_the_server_is_not_said_to_be_the_clients(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(Service(at_once, application)) as address:
        assert talk(address, request("/fail", close=False)).startswith(
            b"HTTP/1.1 500 Internal Server Error\r\n"
        )
    assert [record.exc_info and str(record.exc_info[1]) for record in caplog.records] == [
        "a fault of the server"
    ]
    caplog.clear()


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(address: tuple[str, int]) -> None:
    asked = request("/", "POST", "Content-Length: 2", "Expect: 100-continue")
    assert talk(address, asked, b"{}") == b"HTTP/1.1 100 Continue\r\n\r\n" + LAST % 5 + b"whole"


def test_an_offer_of_http_2_costs_a_request_nothing(address: tuple[str, int]) -> None:
    offer = ("Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA")
    asked = request(
        "/echo",
        "PUT",
        *offer,
        "Connection: Upgrade, HTTP2-Settings",
        "Content-Length: 4",
        close=False,
    )
    assert talk(address, asked + b"body", request("/")) == KEPT % 4 + b"body" + LAST % 5 + b"whole"


def test_nonsense_is_refused(address: tuple[str, int]) -> None:
    assert talk(address, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize("sent", [b"", request("/", close=False)], ids=["at first", "afterwards"])
def test_an_idle_connection_is_closed(sent: bytes) -> None:
    with serving(Service(at_once, application), Limits(idle_timeout=0.05)) as address:
        answered = KEPT.replace(b"75", b"0") % 5 + b"whole" if sent else b""
        assert talk(address, sent) == answered


def test_a_connection_that_is_used_stays() -> None:
    asked = request("/", close=False)
    with (
        serving(Service(at_once, application), Limits(idle_timeout=0.2)) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        for _ in range(10):
            connection.sendall(asked)
            assert connection.recv(1 << 16) == KEPT.replace(b"75", b"0") % 5 + b"whole"
            time.sleep(0.05)

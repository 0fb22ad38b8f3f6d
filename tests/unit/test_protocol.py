"""uvicorn sends each answer whole, whichever way the application sends it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from mockserver.protocol import OneWriteProtocol
from mockserver.server import bind

BIG = b"x" * 5_000_000


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers as its path says."""
    path = scope["path"]
    message = await receive()
    if path == "/echo":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(message["body"]))]})
        await send({"type": "http.response.body", "body": message["body"]})
        return
    body = BIG if path == "/big" else b"whole"
    pieces = [b"in ", b"three ", b"pieces"] if path in ("/pieces", "/waiting") else [body]
    length = [] if path == "/chunked" else [(b"content-length", b"%d" % sum(map(len, pieces)))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    if path == "/waiting":
        await asyncio.sleep(0.05)
    for number, piece in enumerate(pieces, 1):
        await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Where a server with the protocol listens."""
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(application, http=OneWriteProtocol, lifespan="off", log_config=None, server_header=False, date_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield listener.getsockname()
    server.should_exit = True
    thread.join()
    listener.close()


def talk(address: tuple[str, int], *requests: bytes) -> bytes:
    """All that comes back for requests that are sent at once, until the server closes."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(b"".join(requests))
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def request(path: str, method: str = "GET", *headers: str, close: bool = True) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers, *(["Connection: close"] if close else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"


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
    assert talk(address, request(path)) == HEAD % len(body) + body


def test_head_has_no_body(address: tuple[str, int]) -> None:
    assert talk(address, request("/", "HEAD")) == HEAD % 5


def test_an_answer_without_a_length_is_chunked(address: tuple[str, int]) -> None:
    head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert talk(address, request("/chunked")) == head + b"5\r\nwhole\r\n0\r\n\r\n"


def test_requests_on_one_connection_are_answered_in_turn(address: tuple[str, int]) -> None:
    kept = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole"
    answers = talk(address, request("/", close=False), request("/", close=False), request("/pieces"))
    assert answers == kept * 2 + HEAD % 15 + b"in three pieces"


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(address: tuple[str, int]) -> None:
    asked = request("/", "POST", "Content-Length: 2", "Expect: 100-continue")
    assert talk(address, asked, b"{}") == b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD % 5 + b"whole"


def test_an_offer_of_http_2_costs_a_request_nothing(address: tuple[str, int]) -> None:
    offer = ("Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA")
    asked = request("/echo", "PUT", *offer, "Connection: Upgrade, HTTP2-Settings", "Content-Length: 4", close=False)
    kept = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody"
    assert talk(address, asked + b"body", request("/")) == kept + HEAD % 5 + b"whole"


def test_nonsense_is_refused(address: tuple[str, int]) -> None:
    assert talk(address, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request\r\n")

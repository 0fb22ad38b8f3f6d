"""A server with this package's protocol around a small service, and raw bytes to and from it."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mockserver.faults.delivery import Answer
from mockserver.serving.exchange import App
from mockserver.serving.limits import Limits
from mockserver.serving.listeners import Listeners, bind
from mockserver.serving.protocol import Door
from mockserver.serving.server import Server

Address = tuple[str, int]

KEPT = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nkeep-alive: timeout=75\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True)
class Service:
    """What a door serves: a function that answers at once, and an application for the rest."""

    answer: Callable[[Any, bytes | None], Answer | App]
    application: App

    def refuse_unread(self, status: int, sentence: str, path: str, host: bytes) -> Answer:
        """The sentence itself."""
        body = sentence.encode()
        return Answer(status, ((b"content-length", b"%d" % len(body)),), body)

    def is_here(self, host: bytes) -> bool:
        """Every host without a dot."""
        return b"." not in host

    def is_vendor(self, host: bytes) -> bool:
        """One host alone."""
        return host == b"vendor.example"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.application(scope, receive, send)


async def no_application(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError(scope)


def whole(body: bytes, status: int = 200) -> Answer:
    """An answer with a body and its length."""
    return Answer(status, ((b"content-length", b"%d" % len(body)),), body)


@contextmanager
def serving(service: Service, limits: Limits | None = None) -> Iterator[Address]:
    """A server on a thread; where it listens."""
    listener = bind("127.0.0.1", 0)
    server = Server(Door(service, limits or Limits()), Listeners((listener,)))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def rest_of(connection: socket.socket) -> bytes:
    """All that comes until the server ends the connection."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def talk(address: Address, *pieces: bytes) -> bytes:
    """All that comes back for pieces that are sent at once, until the server ends it."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(b"".join(pieces))
        return rest_of(connection)


def talk_in_pieces(address: Address, pieces: Iterable[bytes], pause: float = 0.0) -> bytes:
    """All that comes back for pieces that are each sent in a segment of its own.

    Each is sent as the server has read the one before: not for sure, but nearly always.
    """
    with socket.create_connection(address, timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        return rest_of(connection)

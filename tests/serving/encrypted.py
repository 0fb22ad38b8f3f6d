"""A server with TLS around a small service, and the two ways to it: its port, and a tunnel."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mockserver.certificates import certificates_of
from mockserver.serving.limits import Limits
from mockserver.serving.listeners import Listeners, bind
from mockserver.serving.protocol import Door
from mockserver.serving.server import Server
from mockserver.settings import Settings
from tests.serving.door import Address, Service

VENDOR = "vendor.example"
CONNECT = f"CONNECT {VENDOR}:443 HTTP/1.1\r\nHost: {VENDOR}:443\r\n\r\n".encode()
OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass(frozen=True)
class Doors:
    """Where a server listens, and how to get in."""

    plain: Address
    encrypted: Address
    context: ssl.SSLContext

    def by_port(self) -> ssl.SSLSocket:
        """A connection to the port with TLS."""
        return self.wrapped(socket.create_connection(self.encrypted, timeout=10))

    def by_tunnel(self) -> ssl.SSLSocket:
        """A connection through a tunnel of the plain port."""
        connection = socket.create_connection(self.plain, timeout=10)
        connection.sendall(CONNECT)
        assert connection.recv(len(OPEN)) == OPEN
        return self.wrapped(connection)

    def wrapped(self, connection: socket.socket) -> ssl.SSLSocket:
        """The same connection with TLS."""
        return self.context.wrap_socket(connection, server_hostname=VENDOR)


Enter = Callable[[Doors], ssl.SSLSocket]
WAYS: dict[str, Enter] = {"port": Doors.by_port, "tunnel": Doors.by_tunnel}


@contextmanager
def serving_encrypted(service: Service, limits: Limits | None = None) -> Iterator[Doors]:
    """A server on a thread, with an authority of its own."""
    certificates = certificates_of(Settings(tls=True), [VENDOR])
    assert certificates.authority is not None
    plain, encrypted = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
    server = Server(Door(service, limits or Limits()), Listeners((plain,), (encrypted,)))
    server.accept_tls(certificates.context)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    context = ssl.create_default_context(cadata=certificates.authority.decode())
    try:
        yield Doors(plain.getsockname(), encrypted.getsockname(), context)
    finally:
        server.should_exit = True
        thread.join()


_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")


def first_answer(connection: socket.socket) -> bytes:
    """The first answer that comes, up to the end of its body."""
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if end and length and len(body) >= int(length[1]):
            return data
        piece = connection.recv(1 << 16)
        if not piece:
            return data
        data += piece

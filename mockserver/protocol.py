"""uvicorn's HTTP protocol: answers go out in one write each, and an offer of HTTP/2 costs no request its body."""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER = re.compile(rb"\A([A-Z]+ \S+ HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?)upgrade:[ \t]*h2c[ \t]*\r\n", re.IGNORECASE)


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn sends head and body apart: two system calls and two segments for each answer. Here they go together."""

    def data_received(self, data: bytes) -> None:
        """Take what has come. The parser ends a request at an `Upgrade`, which Java's client offers with each: it is taken out."""
        super().data_received(_OFFER.sub(rb"\1", data) if b"h2c" in data else data)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Take a new connection."""
        super().connection_made(_Joining(transport, self.loop))  # type: ignore[arg-type]  # does what uvicorn asks of a transport


class _Joining:
    """A transport that writes at the loop's next turn what it has been given in this one.

    So the answers of all requests that came together are made one after the other, and then sent one after the other: the processor does
    not have to change between the two for each.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._soon = loop.call_soon
        self._held: list[bytes] = []
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if not self._held:
            self._soon(self.flush)
        self._held.append(data)

    def flush(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._transport.writelines(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

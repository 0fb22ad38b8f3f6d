"""uvicorn's HTTP protocol: an answer goes out in one write, and an offer of HTTP/2 costs no request its body."""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER = re.compile(rb"\A([A-Z]+ \S+ HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?)upgrade:[ \t]*h2c[ \t]*\r\n", re.IGNORECASE)


class OneWriteProtocol(HttpToolsProtocol):
    """A head and a body sent apart cost the kernel two system calls and the network two segments, a quarter of a small answer's time."""

    def data_received(self, data: bytes) -> None:
        """Take what has come. The parser ends a request at an `Upgrade`, which Java's client offers with each: it is taken out."""
        super().data_received(_OFFER.sub(rb"\1", data) if b"h2c" in data else data)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Take a new connection."""
        super().connection_made(_Joining(transport, self.loop))  # type: ignore[arg-type]  # does what uvicorn asks of a transport


class _Joining:
    """A transport that holds a first piece back until the next one comes, or until the loop's next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        held = self._held
        if held is None:
            self._held = data
            self._loop.call_soon(self.flush)
        else:
            self._held = None
            self._transport.writelines((held, data))

    def flush(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._transport.write(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

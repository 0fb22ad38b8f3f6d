"""The ASGI side of one request: `receive` and `send` for the application that answers it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from mockserver.serving.writer import (
    CLOSE,
    WITHOUT_BODY,
    HeaderPairs,
    keep_alive_lines,
    written,
)

log = logging.getLogger("mockserver")

App = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""

Message = MutableMapping[str, Any]


class Owner(Protocol):
    """The connection, as an exchange sees it."""

    transport: asyncio.Transport

    async def writable(self) -> None:
        """Wait until the client has read enough of what was sent."""

    def exchange_ended(self, *, keeps_alive: bool) -> None:
        """The answer is complete, or will never be."""


class Exchange:
    """One request on its way through an application, which may answer late and in pieces.

    Those who spoil an answer on purpose find `transport`, to end the connection before the answer
    is complete, and `input_ended`, which says that the client sends no more: it has left, or it
    waits for the answer with its own side closed. TCP does not tell which. An answer without an end
    finds `is_stopping`: the server waits for its last part.
    """

    def __init__(
        self,
        owner: Owner,
        scope: Any,
        body: bytes,
        *,
        keeps_alive: bool,
        is_http_1_0: bool,
        idle_timeout: float,
    ) -> None:
        self.transport = owner.transport
        self._owner = owner
        self._scope = scope
        self._body: bytes | None = body
        self._keeps_alive = keeps_alive
        self._is_http_1_0 = is_http_1_0
        self._idle_timeout = idle_timeout
        self.input_ended = asyncio.Event()
        self.is_stopping = False
        self._gone = asyncio.Event()
        self._is_started = False
        self._is_complete = False
        self._has_body = True
        self._is_chunked = False
        # Bytes of the body that are still to come; None where no length was told.
        self._missing: int | None = None

    def disconnect(self) -> None:
        """The client is gone, or nobody waits for the rest of this answer."""
        self._gone.set()
        self.input_ended.set()

    def close_afterwards(self) -> None:
        """The server stops: let the connection end with this answer, if its head is not sent."""
        self.is_stopping = True
        if not self._is_started:
            self._keeps_alive = False

    async def run(self, app: App) -> None:
        """Have the application answer."""
        try:
            await app(self._scope, self.receive, self.send)
            if not self._is_complete and not self.input_ended.is_set():
                raise RuntimeError("the application has returned without a complete answer")
        except asyncio.CancelledError:
            self._keeps_alive = False
        except Exception:
            log.exception("An answer failed inside the server")
            await self._fail()
        finally:
            self._gone.set()
            self._owner.exchange_ended(keeps_alive=self._keeps_alive and self._is_complete)

    async def _fail(self) -> None:
        self._keeps_alive = False
        if self._is_started:
            return
        text = b"Internal Server Error"
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(text)),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": text})

    async def receive(self) -> Message:
        """The body as one message; after that, the message that the client is gone, once it is."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send a part of the answer. Raises RuntimeError for a part that is out of turn."""
        await self._owner.writable()
        if self._gone.is_set():
            return
        kind = message["type"]
        if kind == "http.response.start" and not self._is_started:
            self._start(message["status"], list(message.get("headers", ())))
        elif kind == "http.response.body" and self._is_started and not self._is_complete:
            self._send_body(message.get("body", b""), is_last=not message.get("more_body"))
        else:
            raise RuntimeError(f"the ASGI message {kind!r} is out of turn")

    def _start(self, status: int, headers: HeaderPairs) -> None:
        by_name = {name.lower(): value for name, value in headers}
        self._has_body = self._scope["method"] != "HEAD" and status not in WITHOUT_BODY
        length = by_name.get(b"content-length")
        if length is not None:
            self._missing = int(length)
        elif self._has_body and self._is_http_1_0:
            self._keeps_alive = False  # the end of the connection is the end of the body
        elif self._has_body:
            self._is_chunked = True
        if by_name.get(b"connection", b"").lower() == b"close":
            self._keeps_alive = False
        dropped = _OWN if status != 204 else _OWN_OF_204
        sent = [(name, value) for name, value in headers if name.lower() not in dropped]
        self.transport.write(written(status, sent, self._own_lines()))
        self._is_started = True

    def _own_lines(self) -> bytes:
        lines = CLOSE
        if self._keeps_alive:
            lines = keep_alive_lines(self._idle_timeout, is_http_1_0=self._is_http_1_0)
        if self._is_chunked:
            lines += b"transfer-encoding: chunked\r\n"
        return lines

    def _send_body(self, piece: bytes, *, is_last: bool) -> None:
        if self._has_body:
            self._write(piece, is_last=is_last)
        self._is_complete = is_last

    def _write(self, piece: bytes, *, is_last: bool) -> None:
        if self._is_chunked:
            end = b"0\r\n\r\n" if is_last else b""
            chunk = b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
            self.transport.write(chunk + end)
            return
        if self._missing is not None:
            self._missing -= len(piece)
            if self._missing < 0 or (is_last and self._missing):
                raise RuntimeError("the body is not as long as the Content-Length says")
        self.transport.write(piece)


_OWN = frozenset({b"connection", b"keep-alive", b"transfer-encoding"})
"""Headers that say how the connection works. The server writes them."""
_OWN_OF_204 = _OWN | {b"content-length"}  # RFC 9110, 8.6

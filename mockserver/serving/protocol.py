"""uvicorn's HTTP protocol, with a short way for requests that need no task."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mockserver.faults.delivery import Answer

App = Callable[[Any, Any, Any], Awaitable[None]]
Take = Callable[[Any, bytes], Answer | App]
"""Answers the request of an ASGI scope, whose body is here, or gives the application that has to
send the answer."""

_MAX_HELD = 64 << 10
_OFFER = re.compile(
    rb"\A([A-Z]+ \S+ HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?)upgrade:[ \t]*h2c[ \t]*\r\n", re.IGNORECASE
)


class PromptProtocol(HttpToolsProtocol):
    """Answers a request within the call that brings its last byte.

    No task, no waiting, and one write for head and body.

    What `take` gives an application for, what a client has to be asked for, bodies that uvicorn
    does not hold whole, and all that comes while a client does not read its answers go the way of
    any ASGI server.
    """

    def __init__(self, take: Take, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._take = take
        self._waiting: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Take a new connection."""
        super().connection_made(_Joining(transport, self.loop))  # type: ignore[arg-type]  # does what uvicorn asks of a transport

    def data_received(self, data: bytes) -> None:
        """Take what has come.

        The parser ends a request at an `Upgrade`, which Java's client offers with each: it is taken
        out.
        """
        super().data_received(_OFFER.sub(rb"\1", data) if b"h2c" in data else data)
        if self._waiting is not None and self.flow.read_paused:
            cycle, self._waiting = self._waiting, None
            super()._start_asgi_task(cycle, self.app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: App) -> None:
        if cycle.more_body and app is self.app and not cycle.waiting_for_100_continue:
            self._waiting = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        """The parser has come to the end of a request."""
        super().on_message_complete()
        cycle, self._waiting = self._waiting, None
        if cycle is None:
            return
        answer = self.app if self.flow.write_paused else self._answer(cycle)
        if isinstance(answer, Answer):
            self._write(cycle, answer)
        else:
            super()._start_asgi_task(cycle, answer)

    def _answer(self, cycle: RequestResponseCycle) -> Answer | App:
        try:
            return self._take(cycle.scope, bytes(cycle.body))
        except Exception as error:
            # uvicorn logs and answers it; the parser would take it for the client's mistake.
            return partial(_failing, error)

    def _write(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        parts = [STATUS_LINE[answer.status]]
        for name, value in answer.headers:
            parts += name, b": ", value, b"\r\n"
        parts.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
        if cycle.scope["method"] != "HEAD":
            parts.append(answer.body)
        self.transport.write(b"".join(parts))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()


async def _failing(error: Exception, scope: Any, receive: Any, send: Any) -> None:
    raise error


class _Joining:
    """A transport that writes at the loop's next turn what it has been given in this one.

    So the answers of all requests that came together are made one after the other, and then sent
    one after the other: the processor does not have to change between the two for each. Large
    answers go at once: the transport then says when a client does not read them.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._soon = loop.call_soon
        self._held: list[bytes] = []
        self._size = 0
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if not self._held:
            self._soon(self.flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > _MAX_HELD:
            self.flush()

    def flush(self) -> None:
        held, self._held, self._size = self._held, [], 0
        if held and not self.is_closing():
            self._transport.writelines(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

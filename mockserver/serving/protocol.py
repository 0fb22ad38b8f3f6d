"""uvicorn's HTTP protocol, with a short way for requests whose answer waits for nothing."""

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
from mockserver.serving.plain import plain_request

App = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""

AnswerRequest = Callable[[Any, bytes], Answer | App]
"""Answers the request of an ASGI scope with that body; or gives the application that has to send
the answer."""

_MAX_HELD = 64 << 10
_H2C_OFFER = re.compile(
    rb"\A([A-Z]+ \S+ HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?)upgrade:[ \t]*h2c[ \t]*\r\n", re.IGNORECASE
)


class PromptProtocol(HttpToolsProtocol):
    """Answers a request within the call that brings its last byte.

    An answer here waits for nothing. So it needs no task, no event, no `receive` and no `send`, and
    head and body go out in one write: a sixth more requests a second.

    A plain request (see `plain`) needs no parser either, as long as all before it on its connection
    were plain.

    Some requests go the way of any ASGI server: those for which `answer` gives an application,
    those whose client waits to be asked for the body (`Expect: 100-continue`), those whose body
    uvicorn does not hold as a whole, and all that arrive while the client does not read its
    answers.
    """

    # `_start_asgi_task` is a method of uvicorn that is not public. Without it every request would
    # go the ordinary way, and a test would notice.

    def __init__(self, answer: AnswerRequest, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._answer_request = answer
        self._waiting: RequestResponseCycle | None = None
        self._is_plain = True
        self._is_idle = False
        self._decided: App | None = None
        self._idle_check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """A client has connected."""
        super().connection_made(_JoiningTransport(transport, self.loop))  # type: ignore[arg-type]  # does what uvicorn asks of a transport
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        if self._idle_check is not None:
            self._idle_check.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        # uvicorn has a timer for each answer; one for each connection costs less.
        self._idle_check = self.loop.call_later(self.timeout_keep_alive, self._check_idle)

    def _check_idle(self) -> None:
        """Close the connection if nothing came since the last check."""
        if not self._is_plain:
            return  # uvicorn's own timer does that from now on
        if self._is_idle:
            self.transport.close()
            return
        self._is_idle = True
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived from the client."""
        self._is_idle = False
        if self._is_plain:
            data = self._answer_plain(data)
            if not data:
                return
            # What follows on this connection goes through uvicorn's parser.
            self._is_plain = False
        self._parse(data)

    def _answer_plain(self, data: bytes) -> bytes:
        """Answer the plain requests that the data begins with; give back the rest."""
        while data and not self.flow.write_paused and not self.transport.is_closing():
            request = plain_request(data)
            if request is None:
                break
            answer = self._answer_of(request.scope, request.body)
            if not isinstance(answer, Answer):
                self._decided = answer
                break
            self._send(answer, request.scope["method"], keep_alive=not request.is_last)
            if request.is_last:
                return b""
            data = data[request.end :]
        return data

    def _answer_of(self, scope: Any, body: bytes) -> Answer | App:
        try:
            return self._answer_request(scope, body)
        except Exception as error:
            # Raised in a task, uvicorn logs the error and answers 500. Raised here, the parser
            # would treat it as the client's mistake.
            return partial(_raise, error)

    def _parse(self, data: bytes) -> None:
        # The parser would end the request at an `Upgrade` header, which Java's client sends with
        # each request to offer HTTP/2. So the header is removed.
        if data.find(b"h2c") >= 0:
            data = _H2C_OFFER.sub(rb"\1", data)
        super().data_received(data)
        # uvicorn holds only so much of a body: the application has to read the rest of it.
        if self._waiting is not None and self.flow.read_paused:
            cycle, self._waiting = self._waiting, None
            super()._start_asgi_task(cycle, self.app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: App) -> None:
        # uvicorn calls this at the end of the headers. The answer waits for the end of the body.
        if cycle.more_body and app is self.app and not cycle.waiting_for_100_continue:
            self._waiting = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        """The parser has reached the end of a request."""
        super().on_message_complete()
        cycle, self._waiting = self._waiting, None
        if cycle is None:
            return
        answer = self._answer(cycle)
        if isinstance(answer, Answer):
            self._write(cycle, answer)
        else:
            super()._start_asgi_task(cycle, answer)

    def _answer(self, cycle: RequestResponseCycle) -> Answer | App:
        # A client that does not read its answers must wait, or they would fill the memory.
        if self._decided is not None:  # a plain request that was answered by an application
            decided, self._decided = self._decided, None
            return decided
        if self.flow.write_paused:
            ordinary: App = self.app
            return ordinary
        return self._answer_of(cycle.scope, bytes(cycle.body))

    def _write(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        cycle.response_started = True
        cycle.response_complete = True
        self._send(answer, cycle.scope["method"], keep_alive=cycle.keep_alive)
        cycle.on_response()

    def _send(self, answer: Answer, method: str, *, keep_alive: bool) -> None:
        parts = [STATUS_LINE[answer.status]]
        for name, value in answer.headers:
            parts += name, b": ", value, b"\r\n"
        if not keep_alive:
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        if method != "HEAD":
            parts.append(answer.body)
        self.transport.write(b"".join(parts))
        if not keep_alive:
            self.transport.close()


async def _raise(error: Exception, scope: Any, receive: Any, send: Any) -> None:
    raise error


class _JoiningTransport:
    """A transport that collects what is written and sends it at the loop's next turn.

    So the answers to all requests that arrived together are made one after the other, and then sent
    one after the other. The processor's caches hold one kind of work at a time: a fifth more
    requests a second. Much data is sent at once, so that the real transport can report that a
    client does not read.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._held: list[bytes] = []
        self._size = 0
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if not self._held:
            self._call_soon(self.flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > _MAX_HELD:
            self.flush()

    def flush(self) -> None:
        held = self._held
        self._held = []
        self._size = 0
        if held and not self.is_closing():
            self._transport.writelines(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

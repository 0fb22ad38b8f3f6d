"""An httpx transport that calls an ASGI application without a socket."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, MutableMapping
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote

import httpx

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Coroutine[Any, Any, None],
]

# The words of httpx for the same events on a socket.
_RESET = "[Errno 104] Connection reset by peer"
_CUT_SHORT = "peer closed connection without sending complete message body"
_NO_RESPONSE = "Server disconnected without sending a response."


class InProcess(httpx.BaseTransport):
    """Calls an application on the application's own event loop, which runs on another thread."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Status and headers of the answer; the body arrives while it is read.

        Raises httpx.ReadTimeout after the client's read timeout. Raises httpx.ReadError or
        httpx.RemoteProtocolError if the application ends the connection: before the answer, or
        within its body.
        """
        exchange = _Exchange(self._loop, request)
        call = self._app(_scope(request), exchange.receive, exchange.send)
        running = asyncio.run_coroutine_threadsafe(call, self._loop)
        running.add_done_callback(exchange.end)
        start = exchange.next_message()
        stream: httpx.SyncByteStream = _Body(exchange)
        if request.method == "HEAD":
            stream = httpx.ByteStream(b"")
        return httpx.Response(start["status"], headers=start["headers"], stream=stream)


def _scope(request: httpx.Request) -> Message:
    """The request as ASGI has it, with what a socket of this machine would add."""
    raw_path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 0),
        "server": (request.url.host, request.url.port),
    }


class _Exchange:
    """One request and its answer, between the client's thread and the application's event loop.

    `receive`, `send` and `end` are called on the loop, `next_message` and `leave` on the client's
    thread. The answer's messages pass through a queue; None in it is the end.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, request: httpx.Request) -> None:
        self._loop = loop
        self._timeout: float | None = request.extensions.get("timeout", {}).get("read")
        self._requests: list[Message] = [
            {"type": "http.request", "body": request.read(), "more_body": False}
        ]
        self._left = asyncio.Event()
        self._answer: SimpleQueue[Message | BaseException | None] = SimpleQueue()
        self._started = False

    async def receive(self) -> Message:
        """The request; at the next call, the message that the client has left, once it has."""
        if self._requests:
            return self._requests.pop()
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Accept a part of the answer."""
        self._answer.put(message)

    def end(self, call: Future[None]) -> None:
        """The application has returned or failed."""
        self._answer.put(None if call.cancelled() else call.exception())

    def next_message(self) -> Message:
        """The next part of the answer; raises as `InProcess.handle_request` does."""
        try:
            message = self._answer.get(timeout=self._timeout)
        except Empty:
            self.leave()
            raise httpx.ReadTimeout("timed out") from None
        if isinstance(message, MutableMapping):
            self._started = True
            return message
        # An application that is called in process cannot close a socket. It raises a
        # ConnectionError instead, which here becomes what a socket would show to the client.
        if message is not None and not isinstance(message, ConnectionError):
            raise message
        if self._started:
            raise httpx.RemoteProtocolError(_CUT_SHORT) from message
        if isinstance(message, ConnectionResetError):
            raise httpx.ReadError(_RESET) from message
        raise httpx.RemoteProtocolError(_NO_RESPONSE) from message

    def leave(self) -> None:
        """The client waits for nothing more."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._left.set)


class _Body(httpx.SyncByteStream):
    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        more = True
        while more:
            message = self._exchange.next_message()
            more = message.get("more_body", False)
            yield message.get("body", b"")

    def close(self) -> None:
        self._exchange.leave()

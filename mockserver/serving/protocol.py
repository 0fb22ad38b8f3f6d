"""HTTP/1.1 over one connection: requests are answered in the order in which they come."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import Any, Protocol

from mockserver.faults.delivery import Answer
from mockserver.journal.redaction import printable
from mockserver.serving.bodies import ChunkedBody, SizedBody
from mockserver.serving.exchange import App, Exchange
from mockserver.serving.forwarded import Forwarded, ScopeOf
from mockserver.serving.heads import (
    END_OF_HEAD,
    Head,
    Heads,
    Line,
    end_of_head,
    read_line,
    scope_of,
    with_host,
)
from mockserver.serving.limits import Limits
from mockserver.serving.proxy import Proxy
from mockserver.serving.refusals import BadRequest, NotHere, RefusalLog, claimed_target
from mockserver.serving.rounds import Round
from mockserver.serving.timeouts import Watch
from mockserver.serving.writer import (
    CLOSE,
    WITHOUT_BODY,
    keep_alive_lines,
    written,
)

log = logging.getLogger("mockserver")

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_TUNNEL_IS_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
_EMPTY_LINE = b"\r\n"
"""Stands behind the body of some clients, and is no beginning of a next request."""
_MAX_UNSENT = 64 << 10
_MAX_HELD = 64 << 10
_MAX_LINGER_SECONDS = 30.0
STOP_SECONDS = 0.2
"""How long a connection may take to end once the server stops."""


class Service(Protocol):
    """The application, as the door sees it."""

    def answer(self, scope: Any, raw: bytes | None, /) -> Answer | App:
        """The answer to a request with that body (None: too large), or what has to send it."""

    def refuse_unread(self, status: int, sentence: str, path: str, host: bytes) -> Answer:
        """The answer to bytes that are no request, by what they seem to be for."""

    def is_here(self, host: bytes) -> bool:
        """Whether a proxy may serve requests for that host itself: it is this machine."""

    def is_vendor(self, host: bytes) -> bool:
        """Whether that is the host name of a vendor."""


class Door:
    """What all connections of a server share."""

    def __init__(
        self, service: Service, limits: Limits, forwarded: Forwarded | None = None
    ) -> None:
        """`forwarded` reads what proxies in front of the server say, where there are some."""
        self.answer: Callable[[Any, bytes | None], Answer | App] = service.answer
        self.refuse_unread = service.refuse_unread
        self.handshake: Callable[..., Any] | None = None
        """Makes the protocol of a connection with TLS; without it there is none."""
        self.forwarded = forwarded
        self.proxy = Proxy(service)
        self.limits = limits
        self.heads = Heads(limits)
        self.round = Round()
        self.watch = Watch(min(limits.head_timeout, limits.body_timeout, limits.idle_timeout))
        self.refusals = RefusalLog()
        self.keep_alive = keep_alive_lines(limits.idle_timeout, is_http_1_0=False)
        self.keep_alive_1_0 = keep_alive_lines(limits.idle_timeout, is_http_1_0=True)


class Phase(Enum):
    """What a connection is doing."""

    IDLE = auto()
    """Nothing of a next request is here."""
    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    """An application is answering; what comes is held."""
    STUCK = auto()
    """The client does not read its answers; what comes is held."""
    TUNNEL = auto()
    """The client was given a tunnel, and another protocol has the connection."""
    LINGER = auto()
    """The last answer is sent; what comes is dropped."""
    CLOSED = auto()


# The members of an enumeration are found slower than names of a module.
IDLE, HEAD, BODY, ANSWER, STUCK, TUNNEL, LINGER, CLOSED = Phase


class _Unfinished:
    """A request whose body has not arrived as a whole."""

    __slots__ = ("body", "head", "line", "scope")

    def __init__(self, line: Line, head: Head, scope: Any, body: SizedBody | ChunkedBody) -> None:
        self.line = line
        self.head = head
        self.scope = scope
        self.body = body


class Connection(asyncio.Protocol):
    """One connection, as uvicorn's server makes and keeps it.

    A request is answered within the call that brings its last byte. An answer that has to wait is
    left to an ASGI application; what follows on the connection is held until it is complete.
    """

    scheme = "http"
    linger_seconds = 5.0
    """How long a pause a client that was refused may make while it goes on sending.

    A connection that is closed while bytes come is reset, and the client may never read why.
    """

    def __init__(
        self,
        door: Door,
        config: Any,
        server_state: Any,
        app_state: Any = None,
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Uvicorn gives all but the first; of `server_state` the sets are used, the rest is not."""
        self.loop = _loop or asyncio.get_running_loop()
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # until it is made
        self._door = door
        self._limits = door.limits
        self._known_heads = door.heads.known
        self._watch = door.watch
        self._connections: set[Any] = server_state.connections
        self._tasks: set[asyncio.Task[None]] = server_state.tasks
        self._server_state = server_state
        self._phase = IDLE
        self._since = 0.0
        self._lingers_since = 0.0
        self._scope_of: ScopeOf = scope_of
        self._held = bytearray()
        self._searched = 0
        self._unfinished: _Unfinished | None = None
        self._exchange: Exchange | None = None
        self._tunnel: asyncio.Protocol | None = None
        self._writable: asyncio.Event | None = None
        self._unsent: list[bytes] = []
        self._unsent_size = 0
        self._buffered = 0
        self._has_ended = False
        self._is_last = False
        self._is_refusing = False

    # What the event loop and uvicorn's server call.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP has both directions
        """A client has connected."""
        self.transport = transport
        self._connections.add(self)
        self._watch.add(self)
        self._since = self._watch.now
        forwarded = self._door.forwarded
        if forwarded is not None and forwarded.comes_from_proxy(
            transport.get_extra_info("peername")
        ):
            self._scope_of = forwarded.scope_of

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more; what came on it before counts."""
        self._door.round.run()
        self._phase = CLOSED
        self._connections.discard(self)
        self._watch.remove(self)
        self._drop()
        self.resume_writing()
        if self._exchange is not None:
            self._exchange.disconnect()

    def data_received(self, data: bytes) -> None:
        """Bytes have come from the client."""
        self._door.round.add(self, data)

    def eof_received(self) -> bool:
        """The client sends no more, but it may still read: the connection stays."""
        self._door.round.add(self, b"")
        return True

    def pause_writing(self) -> None:
        """The client reads more slowly than it is answered."""
        self._writable = asyncio.Event()
        self._buffered = self.transport.get_write_buffer_size()
        if self._phase is IDLE or self._phase is HEAD:
            self._phase = STUCK
        self._since = self._watch.now

    def resume_writing(self) -> None:
        """The client has read what was sent, or most of it."""
        if self._writable is None:
            return
        self._writable.set()
        self._writable = None
        if self._phase is STUCK:
            self._go_on()

    def shutdown(self) -> None:
        """The server stops: answer what is here, then close."""
        self._door.round.run()
        self._is_last = True
        if self._exchange is not None and not self._has_ended:
            self._exchange.close_afterwards()
        elif self._phase is BODY:
            # The rest of a body is mostly on its way; uvicorn waits for it, but not for long.
            self.loop.call_later(STOP_SECONDS, self.transport.abort)
        else:
            self._close()

    # Requests.

    def receive(self, data: bytes) -> None:
        """Answer what has come; no bytes mean that the client sends no more."""
        try:
            if self._phase is IDLE and data:
                self._serve(data)
            else:
                self._receive(data)
        except Exception:
            log.exception("A connection failed inside the server")
            self._drop()
            self.transport.abort()

    def _receive(self, data: bytes) -> None:
        phase = self._phase
        if not data:
            self._end()
        elif phase is HEAD:
            self._held += data
            self._serve_held()
        elif phase is BODY:
            self._read_body(data)
        elif phase is ANSWER or phase is STUCK:
            self._hold(data)
        elif phase is TUNNEL:
            assert self._tunnel is not None
            self._tunnel.data_received(data)
        elif phase is LINGER:
            self._since = self._watch.now

    def _serve_held(self) -> None:
        """Answer what is held, once there is a whole head."""
        held = self._held
        try:
            found = end_of_head(held, 0, self._limits, self._searched)
        except BadRequest as error:
            self._refuse(error, bytes(held))
            return
        self._searched = max(0, len(held) - 3)
        if found >= 0 or held == _EMPTY_LINE:
            self._go_on()

    def _go_on(self) -> None:
        """Answer what was held."""
        data = bytes(self._held)
        self._drop()
        self._phase = IDLE
        self._since = self._watch.now
        self._resume_reading()
        self._serve(data)
        if self._has_ended:
            self._end()

    def _serve(self, data: bytes) -> None:
        """Answer the requests that the data holds, as far as they are whole and can be answered."""
        start = 0
        size = len(data)
        try:
            while start < size and self._phase is IDLE:
                end = data.find(END_OF_HEAD, start)
                if not 0 <= end <= start + self._limits.max_head:
                    end = end_of_head(data, start, self._limits)
                    if end < 0:
                        break
                start = self._serve_one(data, start, end)
        except BadRequest as error:
            self._refuse(error, data[start:])
            return
        if start:
            self._since = self._watch.now
        if start < size:
            self._keep(data[start:])

    def _keep(self, rest: bytes) -> None:
        """Hold what cannot be answered yet: half a head, or requests behind one that waits."""
        if self._phase is IDLE:
            if rest == _EMPTY_LINE:
                return
            self._phase = HEAD
            self._since = self._watch.now
            self._searched = max(0, len(rest) - 3)
            self._held += rest
        elif self._phase is ANSWER or self._phase is STUCK:
            self._hold(rest)

    def _hold(self, data: bytes) -> None:
        if self._is_last:
            return
        self._held += data
        if len(self._held) > _MAX_HELD:
            self.transport.pause_reading()

    def _serve_one(self, data: bytes, start: int, end: int) -> int:
        """Answer the request at `start`, whose head ends at `end`.

        Returns where the next one begins. Raises BadRequest.
        """
        line_end = data.find(b"\r\n", start)
        if line_end == start:
            return start + 2  # an empty line before a request is ignored (RFC 9112, 2.2)
        first = data[start:line_end]
        block = data[line_end + 2 : end]
        line = read_line(first, self._limits)
        head = self._known_heads.get(block)
        if head is None or line.is_http_1_0:
            head = self._door.heads.read(first, block, is_http_1_0=line.is_http_1_0)
        scope = self._scope_of(line, head, self.scheme)
        body_start = end + 4
        if line.host is not None:
            if line.method == "CONNECT":
                self._start_tunnel(line.host, head, data[body_start:])
                return len(data)
            self._door.proxy.check_host(line.host)
            scope = with_host(scope, line.host)
        length = head.length
        if length is None or length > len(data) - body_start or length > self._limits.max_body:
            self._start_body(_Unfinished(line, head, scope, self._new_body(first, block, head)))
            if self._phase is BODY:
                self._read_body(data[body_start:])
            return len(data)
        next_start = body_start + length
        if head.expects_continue and length:
            self._write(_CONTINUE)
        self._answer(line, head, scope, data[body_start:next_start])
        return next_start

    def _start_tunnel(self, host: bytes, head: Head, rest: bytes) -> None:
        """Give the client what seems to be a way to that host. Raises BadRequest."""
        if self.scheme != "http":
            raise NotHere(501, "This server is a proxy for CONNECT on its plain port only")
        if self._door.handshake is None:
            raise NotHere(501, "This server is a proxy for CONNECT only with --tls")
        self._door.proxy.check_tunnel(host)
        if head.length != 0:
            raise BadRequest(400, "A CONNECT has no body")  # RFC 9110, 9.3.6
        self._write(_TUNNEL_IS_OPEN)
        self.flush()
        self._drop()
        self._phase = TUNNEL
        self._connections.discard(self)
        self._watch.remove(self)
        self._tunnel = self._door.handshake(self._door, self._server_state, is_tunnel=True)
        self.transport.set_protocol(self._tunnel)
        self._tunnel.connection_made(self.transport)
        if rest:
            self._tunnel.data_received(rest)

    def _new_body(self, first: bytes, block: bytes, head: Head) -> SizedBody | ChunkedBody:
        limits = self._limits
        if head.length is None:
            return ChunkedBody(first, block, limits.max_body, limits.max_head)
        return SizedBody(head.length, limits.max_body)

    def _start_body(self, request: _Unfinished) -> None:
        if request.body.is_too_large:
            self._answer_too_large(request)
            return
        self._unfinished = request
        self._phase = BODY
        if request.head.expects_continue:
            self._write(_CONTINUE)
            self.flush()

    def _read_body(self, data: bytes) -> None:
        request = self._unfinished
        assert request is not None
        self._since = self._watch.now
        try:
            rest = request.body.feed(data)
        except BadRequest as error:
            self._unfinished = None
            self._refuse(error, b"", request.scope)
            return
        if request.body.is_too_large:
            self._unfinished = None
            self._answer_too_large(request)
        elif request.body.is_complete:
            self._unfinished = None
            self._phase = IDLE if self._writable is None else STUCK
            self._answer(request.line, request.head, request.scope, bytes(request.body.content))
            self._serve(rest)

    # Answers.

    def _answer(self, line: Line, head: Head, scope: Any, body: bytes | None) -> None:
        keeps_alive = head.keeps_alive and not self._is_last
        try:
            answer = self._door.answer(scope, body)
            if isinstance(answer, Answer):
                self._send(answer, line, keeps_alive=keeps_alive)
                return
        except Exception as error:
            answer = partial(_fail, error)
        self._start_exchange(answer, line, scope, body, keeps_alive=keeps_alive)

    def _answer_too_large(self, request: _Unfinished) -> None:
        """Answer a request whose body will not be read; so nothing can follow it."""
        self._is_last = True
        self._is_refusing = True
        self._phase = IDLE
        self._answer(request.line, request.head, request.scope, None)

    def _send(self, answer: Answer, line: Line, *, keeps_alive: bool) -> None:
        if not keeps_alive:
            own_lines = CLOSE
        elif line.is_http_1_0:
            own_lines = self._door.keep_alive_1_0
        else:
            own_lines = self._door.keep_alive
        has_body = line.method != "HEAD" and answer.status not in WITHOUT_BODY
        body = answer.body if has_body else b""
        status, headers, _, stamp = answer
        self._write(written(status, headers, stamp + own_lines, body))
        if not keeps_alive:
            self._finish()

    def _write(self, data: bytes) -> None:
        self._unsent.append(data)
        self._unsent_size += len(data)
        if self._unsent_size > _MAX_UNSENT:
            self.flush()

    def flush(self) -> None:
        """Send the answers that were written."""
        unsent = self._unsent
        if not unsent:
            return
        self._unsent = []
        self._unsent_size = 0
        self.transport.write(unsent[0] if len(unsent) == 1 else b"".join(unsent))

    def _start_exchange(
        self, app: App, line: Line, scope: Any, body: bytes | None, *, keeps_alive: bool
    ) -> None:
        self.flush()
        self._phase = ANSWER
        whole_scope = _whole_scope(scope, self.transport, is_http_1_0=line.is_http_1_0)
        self._exchange = Exchange(
            self,
            whole_scope,
            body or b"",
            keeps_alive=keeps_alive,
            is_http_1_0=line.is_http_1_0,
            idle_timeout=self._limits.idle_timeout,
        )
        task = self.loop.create_task(self._exchange.run(app))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def writable(self) -> None:
        """Wait until the client has read enough of what was sent."""
        if self._writable is not None:
            await self._writable.wait()

    def exchange_ended(self, *, keeps_alive: bool) -> None:
        """An application has answered: go on with what was held meanwhile."""
        is_stopping = self._exchange is not None and self._exchange.is_stopping
        self._exchange = None
        if self._phase is CLOSED:
            return
        if is_stopping:
            self._close()
        elif not keeps_alive:
            self._finish()
        elif self._writable is not None:
            self._phase = STUCK
        else:
            self._go_on()

    # The end.

    def refuse(self, error: BadRequest, data: bytes) -> None:
        """Answer a client of which nothing is to be read."""
        self._refuse(error, data)
        self.flush()

    def _refuse(self, error: BadRequest, data: bytes, scope: Any = None) -> None:
        """Answer bytes that are no request, and read nothing more."""
        if isinstance(error, NotHere):
            path, host = "", b""
        elif scope is None:
            path, host = claimed_target(data)
        else:
            path, host = scope["path"], scope["header_set"].get(b"host", b"")
        self._door.refusals.add(peer_of(self.transport), data, error)
        answer = self._door.refuse_unread(error.status, error.sentence, path, host)
        self._write(written(answer.status, answer.headers, CLOSE, answer.body))
        self._is_last = True
        self._is_refusing = True
        self._finish()

    def _finish(self) -> None:
        """Send what is written, and end the connection without losing it."""
        self.flush()
        self._drop()
        if self._phase is CLOSED:
            return
        if self._has_ended or not self._end_sending():
            self._close()
            return
        self._phase = LINGER
        self._since = self._lingers_since = self._watch.now
        self._resume_reading()

    def _end_sending(self) -> bool:
        """Tell the client that nothing more comes; False where that ends the whole connection."""
        if not self.transport.can_write_eof():
            return False
        self.transport.write_eof()
        return True

    def _resume_reading(self) -> None:
        if not self._has_ended and not self.transport.is_reading():
            self.transport.resume_reading()

    def _close(self) -> None:
        self.flush()
        self._drop()
        self._phase = CLOSED
        self.transport.close()

    def _drop(self) -> None:
        """Keep nothing of what is unanswered."""
        self._held = bytearray()
        self._searched = 0
        self._unfinished = None

    def _end(self) -> None:
        """The client sends no more: nothing but answers can follow."""
        self._has_ended = True
        phase = self._phase
        if phase is HEAD or phase is BODY:
            request = self._unfinished
            scope = request.scope if request is not None else None
            error = BadRequest(400, "The client ended the connection within a request")
            self._refuse(error, bytes(self._held), scope)
        elif phase is IDLE or phase is LINGER:
            self._close()
        elif self._tunnel is not None:
            self._tunnel.eof_received()
        elif self._exchange is not None:
            self._exchange.input_ended.set()

    def check(self, now: float) -> None:
        """End the connection if it has waited too long."""
        waited = now - self._since - self._watch.period
        phase = self._phase
        limits = self._limits
        if self._writable is not None or phase is CLOSED:
            self._check_reading(now, waited)
        elif phase is IDLE and waited > limits.idle_timeout:
            self._close()
        elif phase is HEAD and waited > limits.head_timeout:
            self._time_out("The head did not come in time")
        elif phase is BODY and waited > limits.body_timeout:
            self._time_out("The body did not come in time")
        elif phase is LINGER:
            lingered = now - self._lingers_since
            if waited > self.linger_seconds or lingered > _MAX_LINGER_SECONDS:
                self._close()

    def _check_reading(self, now: float, waited: float) -> None:
        """Give up a client that reads nothing of its answer."""
        buffered = self.transport.get_write_buffer_size()
        if buffered < self._buffered or not buffered:
            self._since = now
        elif waited > self._limits.idle_timeout:
            self.transport.abort()
        self._buffered = buffered

    def _time_out(self, text: str) -> None:
        request = self._unfinished
        scope = request.scope if request is not None else None
        self._refuse(BadRequest(408, text), bytes(self._held), scope)
        self.flush()


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The address of a client, as the log shows it."""
    peer = transport.get_extra_info("peername")
    return printable(":".join(map(str, peer[:2]))) if peer else "A client"


def _whole_scope(scope: Any, transport: asyncio.Transport, *, is_http_1_0: bool) -> Any:
    """The ASGI scope with all that an application may ask for."""
    raw_path = scope["raw_path"]
    return scope | {
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.0" if is_http_1_0 else "1.1",
        "raw_path": scope["path"].encode() if raw_path is None else raw_path,
        "root_path": "",
        "client": transport.get_extra_info("peername"),
        "server": transport.get_extra_info("sockname"),
    }


async def _fail(error: Exception, scope: Any, receive: Any, send: Any) -> None:
    raise error

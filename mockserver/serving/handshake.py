"""TLS: the handshake of a connection, and what a connection does differently after it."""

import asyncio
import ssl
from enum import Enum, auto
from typing import Any

from mockserver.serving.protocol import STOP_SECONDS, Connection, Door, Phase, peer_of
from mockserver.serving.refusals import BadRequest

_HANDSHAKE = 0x16
"""The first byte of a client that speaks TLS."""
_SHUTDOWN_SECONDS = 5.0
"""How long a client may take to end TLS in good order."""
_TURNS_SECONDS = 0.02
"""Some turns of the loop."""
_DISTRUST = (
    "ALERT_UNKNOWN_CA",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_UNSUPPORTED_CERTIFICATE",
)
"""How the errors end of which a client tells that does not trust a certificate."""


class Encrypted(Connection):
    """A connection with TLS."""

    scheme = "https"
    linger_seconds = 1.0  # a client that waits for the end of the connection waits so long

    def __init__(self, door: Door, raw: asyncio.Transport, server_state: Any) -> None:
        """`raw` carries the connection."""
        super().__init__(door, None, server_state)
        self._raw = raw

    def data_received(self, data: bytes) -> None:
        """Bytes have come from the client."""
        # At once: once a client has ended TLS nothing can be sent any more, and it may do that in
        # the same turn of the loop.
        self.receive(data)
        self.flush()

    def eof_received(self) -> bool:
        """The client has ended TLS, so it gets no more either."""
        self.raw_eof_received()
        return False

    def raw_eof_received(self) -> None:
        """The client sends no more, but it may still read."""
        self.receive(b"")
        self.flush()

    def _close(self) -> None:
        if self._phase is Phase.CLOSED:
            return  # asyncio's transport cannot be closed twice
        super()._close()
        # The client's word that ends TLS in good order will not come any more.
        if self._has_ended and not self.transport.get_write_buffer_size():
            self._raw.close()

    def shutdown(self) -> None:
        """The server stops: answer what is here, then close."""
        super().shutdown()
        if self._exchange is None:
            # An orderly end waits for the client's word; a server that stops does not, for long.
            self.loop.call_later(STOP_SECONDS, self.transport.abort)

    def _end_sending(self) -> bool:
        # TLS cannot end one side and go on reading. A client that was refused learns from the
        # answer's length that nothing more comes; for all others an orderly end is best.
        return self._is_refusing


class _State(Enum):
    SILENT = auto()
    """Nothing has come."""
    SHAKING = auto()
    DONE = auto()


class Handshake(asyncio.Protocol):
    """A connection until its TLS handshake is done.

    One that begins with something else is refused. In a tunnel it is served as it is: a client may
    use a tunnel for plain HTTP too.
    """

    def __init__(
        self, context: ssl.SSLContext, door: Door, server_state: Any, *, is_tunnel: bool = False
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # until it is made
        self._context = context
        self._door = door
        self._server_state = server_state
        self._is_tunnel = is_tunnel
        self._state = _State.SILENT
        self._early = bytearray()
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP has both directions
        """A client has connected, or was given a tunnel."""
        self.transport = transport
        self._server_state.connections.add(self)
        self._door.watch.add(self)
        self._since = self._door.watch.now

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left without a handshake."""
        self._leave()

    def data_received(self, data: bytes) -> None:
        """The first bytes have come, or what followed them before somebody else reads."""
        self._early += data
        if self._state is not _State.SILENT:
            return
        self._since = self._door.watch.now
        if data[0] == _HANDSHAKE:
            self._state = _State.SHAKING
            self.transport.pause_reading()
            task = self.loop.create_task(self._shake_hands())
            self._server_state.tasks.add(task)
            task.add_done_callback(self._server_state.tasks.discard)
        else:
            self._serve_plain(data)

    def shutdown(self) -> None:
        """The server stops."""
        self.transport.abort()

    def check(self, now: float) -> None:
        """End the connection if it has waited too long, as one whose head is slow."""
        limits = self._door.limits
        is_silent = self._state is _State.SILENT
        limit = limits.idle_timeout if is_silent else limits.head_timeout
        if now - self._since - self._door.watch.period > limit:
            self.transport.abort()

    def _leave(self) -> None:
        self._state = _State.DONE
        self._server_state.connections.discard(self)
        self._door.watch.remove(self)

    def _serve_plain(self, data: bytes) -> None:
        self._leave()
        connection = Connection(self._door, None, self._server_state)
        self.transport.set_protocol(connection)
        connection.connection_made(self.transport)
        if self._is_tunnel:
            connection.data_received(data)
        else:
            connection.refuse(BadRequest(400, "This port speaks TLS: use https://"), data)

    async def _shake_hands(self) -> None:
        inner = _Early()
        try:
            transport = await self._encrypted(inner)
        except OSError as error:  # all that ssl raises is one
            self._log(error)
            return
        finally:
            self._leave()
        connection = Encrypted(self._door, self.transport, self._server_state)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        inner.replay(connection)
        carrier = self.transport.get_protocol()
        if isinstance(carrier, _Carrier):
            carrier.connection = connection

    async def _encrypted(self, inner: asyncio.Protocol) -> asyncio.Transport:
        """The transport within TLS. Raises OSError."""
        starting = self.loop.create_task(
            self.loop.start_tls(
                self.transport,
                inner,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._door.limits.head_timeout,
                ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
            )
        )
        # In its first step it puts its own protocol in place, which is connected in the step after
        # that. Only then the protocol can be given what has come before, and nothing else has.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        protocol = self.transport.get_protocol()
        if protocol is not self:  # it is, where the client has left meanwhile
            self.transport.set_protocol(_Carrier(protocol, self.loop))
            _feed(protocol, bytes(self._early))
        transport = await starting
        if transport is None or self.transport.is_closing():
            raise ConnectionResetError("the client has left")
        return transport

    def _log(self, error: OSError) -> None:
        reason = getattr(error, "reason", None) or str(error) or type(error).__name__
        text = f"its TLS handshake failed: {reason.lower().replace('_', ' ')}"
        if reason.endswith(_DISTRUST):
            text += "; it does not trust this server's certificate"
        self._door.refusals.add(peer_of(self.transport), b"", BadRequest(400, text))


class _Carrier(asyncio.BufferedProtocol):
    """Stands between TCP and TLS: a client may end its side of TCP and wait for its answer.

    The event loop's own TLS would end the connection with the answer unsent.
    """

    def __init__(self, tls: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.connection: Encrypted | None = None
        """Whose bytes are carried, once the handshake is done."""
        self._tls = tls
        self._loop = loop

    def get_buffer(self, sizehint: int) -> Any:
        """Where the next bytes go."""
        return self._tls.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        self._tls.buffer_updated(nbytes)

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self._tls.pause_writing()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._tls.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        self._tls.connection_lost(exc)

    def eof_received(self) -> bool:
        """The client has ended its side of TCP."""
        # The handshake may have ended in this turn of the loop, and nobody knows it yet.
        self._loop.call_later(_TURNS_SECONDS, self._end)
        return True

    def _end(self) -> None:
        if self.connection is not None:
            self.connection.raw_eof_received()
        else:
            self._tls.eof_received()


class _Early(asyncio.Protocol):
    """Holds what comes with the end of the handshake, until a connection is there for it."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._has_ended = False
        self._is_lost = False

    def data_received(self, data: bytes) -> None:
        """Hold it."""
        self._data += data

    def eof_received(self) -> bool:
        """Note it."""
        self._has_ended = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it."""
        self._is_lost = True

    def replay(self, connection: asyncio.Protocol) -> None:
        """Tell the connection of all that came."""
        if self._data:
            connection.data_received(bytes(self._data))
        if self._has_ended:
            connection.eof_received()
        if self._is_lost:
            connection.connection_lost(None)


def _feed(protocol: Any, data: bytes) -> None:
    """Give bytes to a protocol that has its own buffer."""
    while data:
        buffer = protocol.get_buffer(len(data))
        size = min(len(buffer), len(data))
        buffer[:size] = data[:size]
        protocol.buffer_updated(size)
        data = data[size:]

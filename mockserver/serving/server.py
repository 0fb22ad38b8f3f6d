"""A server in this process: uvicorn for the command line, and `MockServer`, one on a thread."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Any

import uvicorn

from mockserver.app import DELIVERY_GRACE, Application, create_app
from mockserver.errors import MockserverError
from mockserver.serving.forwarded import Forwarded
from mockserver.serving.handshake import Handshake
from mockserver.serving.limits import limits_of
from mockserver.serving.listeners import Listeners, listen
from mockserver.serving.protocol import Connection, Door
from mockserver.trust import client_environment

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from mockserver.client import WorkspaceClient

# How long a stop waits for answers that are not sent yet. Only a fault delays an answer.
_GRACE_SECONDS = 0.5


class Server(uvicorn.Server):
    """uvicorn, with this package's protocol, on all sockets, and with a stop of seconds."""

    def __init__(self, door: Door, listeners: Listeners, local_door: Door | None = None) -> None:
        """`local_door` is for those who come by the socket file, the other one for all others."""
        config = uvicorn.Config(
            _no_application,
            interface="asgi3",
            loop="auto",
            http=partial(Connection, door),  # type: ignore[arg-type]  # all that uvicorn does with it is to call it
            ws="none",
            lifespan="off",
            access_log=False,
            server_header=False,
            # `Date` comes from the workspace's clock: with a frozen clock every byte repeats.
            date_header=False,
            # The protocol itself reads what a proxy says, where the operator trusts one.
            proxy_headers=False,
            log_config=None,
            timeout_graceful_shutdown=_GRACE_SECONDS,  # type: ignore[arg-type]  # it waits for parts of seconds too
        )
        super().__init__(config)
        self._door = door
        self._local_door = local_door or door
        self._listeners = listeners
        self.on_start: Callable[[], None] | None = None
        """Is called in the event loop, before the first request."""
        self.on_stop: Callable[[], Awaitable[None]] | None = None
        """Is waited for before connections are closed."""

    def accept_tls(self, context: SSLContext) -> None:
        """Speak TLS from now on: where the listeners have ports for it, and in tunnels."""
        handshake = partial(Handshake, context)
        self._door.handshake = self._local_door.handshake = handshake

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer on every socket."""
        if self.on_start is not None:
            self.on_start()
        await super().startup(list(self._listeners.plain))
        loop = asyncio.get_running_loop()
        if self._door.handshake is not None:
            handshake = partial(self._door.handshake, self._door, self.server_state)
            for each in self._listeners.encrypted:
                self.servers.append(await loop.create_server(handshake, sock=each))
        local = self._listeners.local
        if local is not None:
            connection = partial(Connection, self._local_door, self.config, self.server_state)
            self.servers.append(await loop.create_unix_server(connection, sock=local))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more, and end all connections."""
        if self.on_stop is not None:
            await self.on_stop()
        await super().shutdown(list(self._listeners.sockets))
        self._listeners.close()


async def _no_application(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("a connection asks the door")


def server_of(app: Application, listeners: Listeners, grace: float = DELIVERY_GRACE) -> Server:
    """A server for an application, as its settings say.

    `grace` is for how many seconds a stop waits for deliveries that are under way.
    """
    limits = limits_of(app.settings)
    forwarded = None
    if app.settings.trust_proxy:
        forwarded = Forwarded(app.settings.trust_proxy, app.is_known)
    local_door = Door(app.without_token(), limits, forwarded)
    server = Server(Door(app, limits, forwarded), listeners, local_door)
    server.on_start = app.start
    server.on_stop = partial(app.stop, grace)
    app.listens_at(listeners.addresses)
    if app.certificates is not None:
        server.accept_tls(app.certificates.context)
    return server


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop of uvloop; None, for Python's own, where there is no uvloop, as on Windows."""
    # Not the factory of uvicorn's configuration: only its newest versions have one.
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


class MockServer:
    """A server on a thread, on a free port unless `port` says another.

    >>> with MockServer(fixtures="empty") as server:
    ...     server.url
    'http://127.0.0.1:...'
    """

    def __init__(self, **options: Any) -> None:
        """`options` are those of `mockserver serve`; a port that is left out is 0.

        Raises OperatorError as `create_app` does, and ListenError (an OSError too) if a port is in
        use.
        """
        # Imported here: the server of the command line is nobody's client.
        from mockserver.client import Client

        self.app = create_app(**{"port": 0, "tls_port": 0} | options)
        self._listeners = listen(self.app.settings)
        self._server = server_of(self.app, self._listeners, _GRACE_SECONDS)
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._files: TemporaryDirectory[str] | None = None
        self.url = self._listeners.url
        self._tls_url = self._listeners.encrypted_url
        self.client = Client(self.url, self.app.control.token)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            self._loop.set_result(runner.get_loop())
            runner.run(self._server.serve())

    @property
    def tls_url(self) -> str:
        """The server's URL with TLS. Raises MockserverError without `tls`."""
        if self._tls_url is None:
            raise MockserverError("this server speaks no TLS: start it with tls=True")
        return self._tls_url

    def environment(self) -> dict[str, str]:
        """Variables with which an unmodified client, as a process, comes here for the vendors.

        They name this server as the proxy and its authority as trusted. From the first call on the
        server is a proxy for https:// addresses, with `tls` or without. The files that they name
        last as long as the server.

        Raises MockserverError without the library that makes certificates.
        """
        if self._files is None:
            certificates = self.app.certify()
            self._server.accept_tls(certificates.context)
            from tempfile import TemporaryDirectory

            self._files = TemporaryDirectory(prefix="mockserver-")
        authority = self.app.certify().authority or b""
        return client_environment(self.url, authority, Path(self._files.name))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the server's thread.

        A caller of `app` calls it on this loop: the application has no locks.
        """
        return self._loop.result()

    def workspace(self, name: str | None = None) -> "WorkspaceClient":
        """The workspace of that name, created if there is none; without a name, a new one."""
        from mockserver.client import ControlError

        try:
            return self.client.create(name)
        except ControlError as error:
            if error.status != 409 or name is None:
                raise
            return self.client.workspace(name)

    def start(self) -> "MockServer":
        """Start to answer. The socket listens already, so clients need not wait for this."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop the server and free the port."""
        # A uvicorn that is told to exit while it starts leaves its listener open, unless it is a
        # new one; uvloop then never closes.
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.001)
        self._server.should_exit = True
        self._thread.join()
        self._listeners.close()
        if self._files is not None:
            self._files.cleanup()

    def __enter__(self) -> "MockServer":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

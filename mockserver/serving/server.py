"""A server in this process: uvicorn for the command line, and `MockServer`, one on a thread."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Protocol

import uvicorn

from mockserver.app import create_app
from mockserver.client import Client, ControlError, WorkspaceClient
from mockserver.serving.limits import Limits, limits_of
from mockserver.serving.protocol import Connection, Door, Service

# How long a stop waits for answers that are not sent yet. Only a fault delays an answer.
_GRACE_SECONDS = 0.5

_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; with port 0 the system chooses a free one.

    Raises OSError if the address is in use or does not exist.
    """
    if ":" not in host:
        return socket.create_server((host, port), backlog=_BACKLOG)
    # "All addresses" means those of IPv4 too, where the system can do both with one socket.
    dual_stack = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(
        (host, port),
        family=socket.AF_INET6,
        backlog=_BACKLOG,
        dualstack_ipv6=dual_stack,
    )


def url_of(listener: socket.socket) -> str:
    """The base URL at which a client on this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    is_ipv6 = ":" in host
    if ip_address(host).is_unspecified:
        host = "::1" if is_ipv6 else "127.0.0.1"
    if is_ipv6:
        host = f"[{host}]"
    return f"http://{host}:{port}"


def everywhere(listener: socket.socket) -> str | None:
    """The address and port of a socket that listens on all addresses; None for any other."""
    host, port = listener.getsockname()[:2]
    if not ip_address(host).is_unspecified:
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Application(Service, Protocol):
    """What is served: an ASGI application that can also answer a request at once."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI entry point, for any other server."""


def uvicorn_server(app: Application, limits: Limits) -> uvicorn.Server:
    """uvicorn, with this package's protocol and a stop within a second."""
    config = uvicorn.Config(
        app,
        interface="asgi3",
        loop="auto",
        http=partial(Connection, Door(app, limits)),  # type: ignore[arg-type]  # all that uvicorn does with it is to call it
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        # `Date` comes from the workspace's clock: with a frozen clock every byte repeats.
        date_header=False,
        # Nothing stands between a client and its mock; links in answers follow the `Host` header.
        proxy_headers=False,
        log_config=None,
        timeout_graceful_shutdown=_GRACE_SECONDS,  # type: ignore[arg-type]  # it waits for parts of seconds too
    )
    return uvicorn.Server(config)


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
        """`options` are those of `mockserver serve`; `port` is 0 if it is left out.

        Raises OperatorError as `create_app` does, and OSError if the port is in use.
        """
        self.app = create_app(**{"port": 0} | options)
        self._listener = bind(self.app.settings.host, self.app.settings.port)
        self._server = uvicorn_server(self.app, limits_of(self.app.settings))
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = url_of(self._listener)
        self.client = Client(self.url, self.app.control.token)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            self._loop.set_result(runner.get_loop())
            runner.run(self._server.serve(sockets=[self._listener]))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the server's thread.

        A caller of `app` calls it on this loop: the application has no locks.
        """
        return self._loop.result()

    def workspace(self, name: str | None = None) -> WorkspaceClient:
        """The workspace of that name, created if there is none; without a name, a new one."""
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
        self._listener.close()

    def __enter__(self) -> "MockServer":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

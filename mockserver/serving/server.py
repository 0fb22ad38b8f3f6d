"""A server in this process.

The one the command line runs, and one on a thread as a context manager.
"""

import asyncio
import socket
import threading
from concurrent.futures import Future
from functools import partial
from ipaddress import ip_address
from types import TracebackType
from typing import Any

import uvicorn

from mockserver.app import create_app
from mockserver.client import Client, ControlError, WorkspaceClient
from mockserver.serving.protocol import App, PromptProtocol, Take

_GRACE_SECONDS = 0.5
"""How long a stop waits for answers that are on their way.

Only those are that a fault holds back.
"""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError where the address is taken."""
    if ":" not in host:
        return socket.create_server((host, port), backlog=2048)
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(
        (host, port), family=socket.AF_INET6, backlog=2048, dualstack_ipv6=both
    )


def url_of(listener: socket.socket) -> str:
    """The base URL a client on this machine reaches the socket by."""
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def uvicorn_server(app: App, take: Take) -> uvicorn.Server:
    """uvicorn, set up for speed and a stop within a second.

    `take` answers the requests that need no task of their own.
    """
    config = uvicorn.Config(
        app,
        interface="asgi3",
        loop="auto",
        http=partial(PromptProtocol, take),  # type: ignore[arg-type]  # all that uvicorn does with it is to call it
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_graceful_shutdown=_GRACE_SECONDS,  # type: ignore[arg-type]  # it waits for parts of seconds too
    )
    return uvicorn.Server(config)


class MockServer:
    """A server on a thread, on a free port unless told otherwise.

    >>> with MockServer(fixtures="empty") as server:
    ...     server.url
    'http://127.0.0.1:...'
    """

    def __init__(self, **options: Any) -> None:
        """Take the options of `mockserver serve`; `port` is 0 where it is left out.

        Raises OperatorError as `create_app` does.
        """
        self.app = create_app(**{"port": 0} | options)
        self._listener = bind(self.app.settings.host, self.app.settings.port)
        self._server = uvicorn_server(self.app, self.app.take)
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = url_of(self._listener)
        self.client = Client(self.url, self.app.control.token)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
            self._loop.set_result(runner.get_loop())
            runner.run(self._server.serve(sockets=[self._listener]))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop on which it answers.

        Whoever calls `app` without a socket does it there, since it has no locks.
        """
        return self._loop.result()

    def workspace(self, name: str | None = None) -> WorkspaceClient:
        """The workspace of that name, made where there is none yet; without a name, a new one.

        It has the credentials to reach it by.
        """
        try:
            return self.client.create(name)
        except ControlError as error:
            if error.status != 409 or name is None:
                raise
            return self.client.workspace(name)

    def start(self) -> "MockServer":
        """Begin to answer. The socket listens already, so no client has to wait."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Answer no more and free the port."""
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

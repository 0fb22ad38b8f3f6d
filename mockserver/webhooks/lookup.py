"""Look-ups of host names, beside the event loop."""

import asyncio
import socket
import threading
from contextlib import suppress
from ipaddress import ip_address

from mockserver.errors import MockserverError
from mockserver.webhooks.addresses import Address

_MOST_AT_A_TIME = 32

Future = asyncio.Future[list[Address]]


class NameNotFound(MockserverError):
    """A host name that has no address, or whose look-up failed; the text says so."""


class LookUp:
    """Asks the system for the addresses of names.

    A look-up that hangs cannot be ended. So each has a thread that nothing waits for, neither the
    caller nor the end of the process; how many there are is bounded.
    """

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(_MOST_AT_A_TIME)

    async def __call__(self, host: str, port: int) -> list[Address]:
        """All addresses of a host, in the order in which the system wants them tried.

        Raises NameNotFound. The caller bounds the time.
        """
        if not self._free.acquire(blocking=False):
            raise NameNotFound("too many names are being looked up")
        loop = asyncio.get_running_loop()
        future: Future = loop.create_future()
        thread = threading.Thread(
            target=self._run, args=(host, port, loop, future), daemon=True, name="look-up"
        )
        thread.start()
        return await future

    def _run(self, host: str, port: int, loop: asyncio.AbstractEventLoop, future: Future) -> None:
        addresses: list[Address] = []
        problem: NameNotFound | None = None
        try:
            addresses = _addresses(host, port)
        except Exception as error:
            # Nobody sees an error of this thread, and the caller would wait in vain.
            problem = NameNotFound(_sentence(error))
        finally:
            self._free.release()
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(_settle, future, addresses, problem)


def _addresses(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(place[0]) for *_, place in found]
    return list(dict.fromkeys(addresses))


def _sentence(error: Exception) -> str:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return "the name server does not answer"
    return "name not found"


def _settle(future: Future, addresses: list[Address], problem: NameNotFound | None) -> None:
    if future.done():
        return  # nobody waits any more
    if problem is not None:
        future.set_exception(problem)
    else:
        future.set_result(addresses)

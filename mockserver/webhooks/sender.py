"""One attempt: a payload goes to a receiver, and its answer comes back, or a sentence why not.

The HTTP client is imported by the first attempt, and TLS by the first that needs it.
"""

import asyncio
import re
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Literal, NamedTuple

from mockserver.errors import MockserverError, SettingError
from mockserver.webhooks.lookup import NameNotFound
from mockserver.webhooks.targets import Destination, RefusedTarget, Targets

if TYPE_CHECKING:
    from ssl import SSLContext

    from mockserver.webhooks.exchange import Exchange

MOST_READ = 64 * 1024
"""So many bytes of an answer's body are read; with more the connection is closed."""
MOST_KEPT = 4 * 1024
"""So many bytes of a body are kept, and so many of the header lines."""

ErrorKind = Literal[
    "refused-target",
    "refused-header",
    "no-connection",
    "time-out",
    "tls",
    "broken",
    "hung-up",
]
"""Why there is no answer.

- `refused-target`: nothing may be sent there. `refused-header`: it cannot stand in a request.
- `no-connection`: the name is not found, or nobody listens. `tls`: the certificate is not right.
- `time-out`: it was not all over in time. `broken`: what came is no whole answer of HTTP.
- `hung-up`: the connection was closed after the body, as the caller wanted.
"""

_CLIENT = "mockserver.webhooks.exchange"
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_FIELD_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
OF_THE_MESSAGE = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding"}
    | {"upgrade"}
)
"""Header fields that say how the message itself is sent."""


class ReceiverAnswer(NamedTuple):
    """What a receiver answered.

    `body` and `headers` are what is kept of them: the first 4 KiB each. `milliseconds` counts from
    the look-up of the name to the last byte that was read.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    milliseconds: float


class SendError(MockserverError):
    """There is no answer; the text is a sentence that says why.

    `milliseconds` is how long it took to see that.
    """

    def __init__(self, kind: ErrorKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind: ErrorKind = kind
        self.milliseconds = 0.0


class Authorities:
    """The certificate authorities that receivers are trusted by: the system's, and those in a file.

    Raises SettingError for a file that has none.
    """

    def __init__(self, file: str = "") -> None:
        self._file = file
        self.context: SSLContext | None = None
        """What TLS is spoken with; None before `load`."""
        if file:
            # An operator's mistake stops the start, and not the first delivery.
            self.context = self._made()

    async def load(self) -> None:
        """Make the context, if there is none. It takes too long for the event loop."""
        if self.context is None:
            self.context = await asyncio.to_thread(self._made)

    def _made(self) -> "SSLContext":
        from ssl import SSLError

        from httpcore import default_ssl_context

        context = default_ssl_context()
        if not self._file:
            return context
        place = f"--webhook-ca {self._file}"
        try:
            with open(self._file, "rb"):
                context.load_verify_locations(self._file)
        except SSLError:
            raise SettingError(f"{place}: holds no certificate in PEM") from None
        except OSError as error:
            raise SettingError(f"{place}: cannot be read: {error.strerror}") from None
        return context


def header_objection(name: str, value: str) -> str | None:
    """Why a header field cannot be sent; None if it can.

    Fields that say how the message itself is sent are this module's own.
    """
    if not _FIELD_NAME.fullmatch(name):
        return f"{name!r} is no name of a header"
    if name.lower() in OF_THE_MESSAGE:
        return f"the header {name} is set by the server itself"
    if not _FIELD_VALUE.fullmatch(value) or value != value.strip(" \t"):
        return f"the header {name} holds control characters, or spaces at an end"
    return None


async def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    timeout: float,  # noqa: ASYNC109  # it is a receiver's, and becomes an error of this module
    targets: Targets,
    authorities: Authorities,
    hang_up: bool = False,
) -> ReceiverAnswer:
    """Send a body by POST on a connection of its own, once.

    `timeout` is in seconds and for all: look-up, connection, TLS, sending and reading. Redirects
    are not followed, no proxy is used, cookies are not kept. With `hang_up` the connection is
    closed when the body is sent.

    Raises SendError, and nothing else but CancelledError.
    """
    await _prepare(url, authorities)
    start = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            destination = targets.destination(url)
            exchange = await _exchange(destination, headers, targets, authorities)
            status, fields, content = await exchange.post(headers, body, hang_up=hang_up)
    except SendError as error:
        raise _timed(error, start) from None
    except RefusedTarget as refused:
        raise _timed(SendError("refused-target", str(refused)), start) from None
    except NameNotFound as error:
        raise _timed(SendError("no-connection", str(error)), start) from None
    except TimeoutError:
        sentence = f"no whole answer in {timeout:g} seconds"
        raise _timed(SendError("time-out", sentence), start) from None
    except Exception as error:
        # Whatever a receiver brings about: it is an attempt that failed, and no end of the courier.
        sentence = f"{type(error).__name__}: {error}"
        raise _timed(SendError("broken", sentence), start) from error
    return ReceiverAnswer(status, fields, content, _since(start))


async def _exchange(
    destination: Destination,
    headers: Mapping[str, str],
    targets: Targets,
    authorities: Authorities,
) -> "Exchange":
    for name, value in headers.items():
        objection = header_objection(name, value)
        if objection is not None:
            raise SendError("refused-header", objection)
    addresses = await targets.addresses(destination)
    from mockserver.webhooks.exchange import Exchange

    return Exchange(destination, addresses, targets, authorities.context)


async def _prepare(url: str, authorities: Authorities) -> None:
    """Load what the first attempt needs, beside the event loop and before time is taken."""
    if _CLIENT not in sys.modules:
        await asyncio.to_thread(import_module, _CLIENT)
    if url[:6].lower() == "https:":
        await authorities.load()


def _timed(error: SendError, start: float) -> SendError:
    error.milliseconds = _since(start)
    return error


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000

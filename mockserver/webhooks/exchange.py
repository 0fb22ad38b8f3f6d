"""One request and its answer on a connection of its own, by httpcore."""

import os
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpcore

from mockserver.webhooks.addresses import Address
from mockserver.webhooks.sender import MOST_KEPT, MOST_READ, SendError
from mockserver.webhooks.targets import Destination, RefusedTarget, Targets

Fields = tuple[tuple[bytes, bytes], ...]


class Exchange:
    """A destination with its checked addresses: what is sent goes to one of these.

    `context` is for TLS, and None without it.
    """

    def __init__(
        self,
        destination: Destination,
        addresses: Sequence[Address],
        targets: Targets,
        context: ssl.SSLContext | None,
    ) -> None:
        self._destination = destination
        self._context = context
        self._backend = _Guard(destination, addresses, targets)

    async def post(
        self, headers: Mapping[str, str], body: bytes, *, hang_up: bool
    ) -> tuple[int, Fields, bytes]:
        """The status, the header fields and the body of the answer, as far as they are kept.

        Raises SendError and RefusedTarget.
        """
        destination = self._destination
        origin = (destination.scheme.encode(), destination.host.encode(), destination.port)
        url = httpcore.URL(
            scheme=origin[0], host=origin[1], port=origin[2], target=destination.target.encode()
        )
        extensions: dict[str, Any] = {}
        if destination.address is not None:
            # A certificate has the usual form of an address, in whatever form the URL has it.
            extensions["sni_hostname"] = str(destination.address)
        if hang_up:
            extensions["trace"] = _hang_up
        connection = httpcore.AsyncHTTPConnection(
            httpcore.Origin(*origin), ssl_context=self._context, network_backend=self._backend
        )
        try:
            async with (
                connection,
                connection.stream(
                    "POST",
                    url,
                    headers=self._fields(headers, body),
                    content=body,
                    extensions=extensions,
                ) as response,
            ):
                content = await _beginning(response)
                return response.status, _kept(response.headers), content
        except httpcore.ConnectError as error:
            # The guard has its own words for connections: what is left is TLS.
            raise SendError("tls", _tls_sentence(error)) from error
        except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
            raise SendError("broken", _broken_sentence(error)) from error
        except httpcore.LocalProtocolError as error:
            raise SendError("refused-header", str(error)) from error
        finally:
            await self._backend.close()

    def _fields(self, headers: Mapping[str, str], body: bytes) -> list[tuple[bytes, bytes]]:
        fields = [(b"Host", self._destination.authority.encode())]
        fields += [(name.encode(), value.encode()) for name, value in headers.items()]
        fields.append((b"Content-Length", b"%d" % len(body)))
        # A connection that is used again may be closed by then, which would look like a failure.
        fields.append((b"Connection", b"close"))
        return fields


class _Guard(httpcore.AsyncNetworkBackend):
    """Connects to the checked addresses of one destination, and refuses to connect elsewhere.

    It is the last guard: it judges an address anew, right before it is dialled.
    """

    def __init__(
        self, destination: Destination, addresses: Sequence[Address], targets: Targets
    ) -> None:
        self._destination = destination
        self._addresses = addresses
        self._targets = targets
        self._backend = httpcore.AnyIOBackend()
        self._stream: httpcore.AsyncNetworkStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that answers. Raises SendError and RefusedTarget."""
        if (host, port) != (self._destination.host, self._destination.port):
            raise RefusedTarget(f"{host}:{port} is not where this delivery goes")
        problem = SendError("no-connection", "the name has no address")
        for address in self._addresses:
            self._targets.check(address, self._destination)
        for address in self._addresses:
            try:
                self._stream = await self._backend.connect_tcp(str(address), port)
            except httpcore.ConnectError as error:
                problem = SendError("no-connection", _connection_sentence(error))
            else:
                return self._stream
        raise problem

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raise RefusedTarget: no target is a file."""
        raise RefusedTarget(f"{path} is a file")

    async def close(self) -> None:
        """Close what was opened, if it is still open.

        httpcore leaves the socket open where a handshake of TLS is cancelled.
        """
        if self._stream is not None:
            await self._stream.aclose()


async def _hang_up(event: str, _: Mapping[str, Any]) -> None:
    """A callback for httpcore's extension `trace`: the error ends and closes the connection."""
    if event == "http11.send_request_body.complete":
        raise SendError("hung-up", "the connection was closed after the body")


async def _beginning(response: httpcore.Response) -> bytes:
    """The part of a body that is kept; the rest is read so that the receiver can send it."""
    kept = bytearray()
    read = 0
    async for chunk in response.aiter_stream():
        kept += chunk[: MOST_KEPT - len(kept)]
        read += len(chunk)
        if read >= MOST_READ:
            break
    return bytes(kept)


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    """The first header fields, up to the bound."""
    kept = []
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if size > MOST_KEPT:
            break
        kept.append((name, value))
    return tuple(kept)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from, the latest first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _connection_sentence(error: httpcore.ConnectError) -> str:
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return "no connection"


def _tls_sentence(error: httpcore.ConnectError) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is refused: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return f"no TLS with the receiver: {cause.reason.lower().replace('_', ' ')}"
    return "the receiver ended the connection before TLS began"


def _broken_sentence(error: Exception) -> str:
    if isinstance(error, httpcore.RemoteProtocolError):
        return f"no whole answer of HTTP: {error}"
    return "the receiver broke the connection"

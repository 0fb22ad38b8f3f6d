"""How a fault is brought to the client."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from math import ceil
from typing import Any, NamedTuple

from mockserver.errors import Refusal
from mockserver.faults.catalogue import InjectedFault

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HeaderPairs = Sequence[tuple[bytes, bytes]]
_DROPS = 20


def refusal(fault: InjectedFault) -> Refusal:
    """What the vendor's dialect phrases for a fault that does not apply the request.

    For those that answer in no vendor's words (`gateway_html`, `timeout`, `reset`) it is an error
    that `deliver` never lets out.
    """
    kind = fault.kind.refusal or "server_error"
    reason = "unknown" if kind == "unauthorized" else None
    return Refusal(kind, reason, retry_after=fault.parameters.get("retry_after"))


def instead(fault: InjectedFault) -> Refusal | None:
    """What the vendor's dialect phrases in place of the answer to a request that was applied.

    None where it keeps its own.
    """
    return Refusal("server_error") if fault.parameters.get("answer") == "server_error" else None


class Answer(NamedTuple):
    """An answer as a client gets it; status 0 where it gets none."""

    status: int
    headers: HeaderPairs
    body: bytes


_NONE = Answer(0, (), b"")
_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad "
    b"Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_KEPT = (b"date", b"mockserver-", b"preference-applied")
"""How the headers begin that are not the application's, so that a proxy's page has them too."""


def _from_gateway(answer: Answer) -> Answer:
    own = [(name, value) for name, value in answer.headers if name.startswith(_KEPT)]
    return Answer(502, [(b"server", b"nginx"), (b"content-type", b"text/html"), *own], _PAGE)


def _half(body: bytes) -> bytes:
    """The first half of a text, up to a whole character."""
    return body[: len(body) // 2].decode("utf-8", "ignore").encode()


_ALTERED: Mapping[str, Callable[[Answer], Answer]] = {
    "gateway_html": _from_gateway,
    "empty_body": lambda answer: answer._replace(body=b""),
    "malformed_json": lambda answer: answer._replace(body=_half(answer.body)),
    "truncated_body": lambda answer: answer._replace(body=answer.body[: len(answer.body) // 2]),
    "timeout": lambda answer: _NONE,
    "reset": lambda answer: _NONE,
}


def _way(fault: InjectedFault) -> str:
    return str(fault.parameters["answer"]) if "answer" in fault.parameters else fault.kind.name


def as_seen(fault: InjectedFault, answer: Answer) -> Answer:
    """What a client gets of an answer under the fault, once it has all of it."""
    alter = _ALTERED.get(_way(fault))
    return alter(answer) if alter else answer


class _Connection:
    """The client's end of one request.

    What is sent to it, whether it is still there, and how to leave it.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def start(self, answer: Answer, length: int) -> None:
        """Send status and headers, with `length` as the Content-Length."""
        headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
        await self._send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [*headers, (b"content-length", b"%d" % length)],
            }
        )

    async def body(self, piece: bytes, *, more: bool = False) -> None:
        """Send a piece of the body; the last one unless there is `more`."""
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def gone(self) -> None:
        """Wait until the client has left."""
        message = await self._receive()
        while message["type"] != "http.disconnect":
            await asyncio.sleep(0)
            message = await self._receive()

    async def outlasts(self, seconds: float) -> bool:
        """Wait so long, or until the client has left. Says whether it is still there."""
        try:
            await asyncio.wait_for(self.gone(), seconds)
        except TimeoutError:
            return True
        return False

    async def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection before the answer is complete; with `reset` by a TCP reset.

        ASGI has no call for that, so this reaches for the transport behind uvicorn's `send`. It
        returns when the server has noticed, which then misses no answer. Where there is no
        transport, in an application that is called in process, it raises ConnectionResetError, or
        ConnectionAbortedError without `reset`.
        """
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            raise (ConnectionResetError if reset else ConnectionAbortedError)(
                "a fault ends the connection here"
            )
        if reset:
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            transport.abort()
        else:
            transport.close()
        await self.gone()


async def deliver(
    fault: InjectedFault, answer: Answer, scope: Any, receive: Receive, send: Send
) -> None:
    """Bring an answer to the client the way the fault says.

    `answer` is the whole of it, as it would go out without the fault. Waits are real time and end
    early where the client leaves. Raises ConnectionError in place of closing a connection that is
    not there, in an application called in process.
    """
    connection = _Connection(receive, send)
    bring = _BRINGERS.get(_way(fault), _at_once)
    try:
        await bring(
            connection,
            as_seen(fault, answer),
            fault.parameters.get("seconds", 0.0),
            len(answer.body),
        )
    except asyncio.CancelledError:  # the server stops
        await connection.hang_up()


async def _at_once(connection: _Connection, answer: Answer, seconds: float, whole: int) -> None:
    await connection.start(answer, len(answer.body))
    await connection.body(answer.body)


async def _late(connection: _Connection, answer: Answer, seconds: float, whole: int) -> None:
    if await connection.outlasts(seconds):
        await _at_once(connection, answer, seconds, whole)


async def _dripping(connection: _Connection, answer: Answer, seconds: float, whole: int) -> None:
    size = ceil(len(answer.body) / _DROPS) or 1
    drops = [answer.body[start : start + size] for start in range(0, len(answer.body), size)] or [
        b""
    ]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await connection.start(answer, len(answer.body))
    for number, drop in enumerate(drops, 1):
        if not await connection.outlasts(began + seconds * number / len(drops) - loop.time()):
            return
        await connection.body(drop, more=True)
    await connection.body(b"")


async def _cut_short(connection: _Connection, answer: Answer, seconds: float, whole: int) -> None:
    await connection.start(answer, whole)
    await connection.body(answer.body, more=True)
    await connection.hang_up()


async def _never(connection: _Connection, answer: Answer, seconds: float, whole: int) -> None:
    if await connection.outlasts(seconds):
        await connection.hang_up()


async def _reset(connection: _Connection, answer: Answer, seconds: float, whole: int) -> None:
    await connection.hang_up(reset=True)


_BRINGERS = {
    "slow": _late,
    "slow_drip": _dripping,
    "truncated_body": _cut_short,
    "timeout": _never,
    "reset": _reset,
}

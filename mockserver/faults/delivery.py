"""How an answer with a fault reaches the client: altered, late, in pieces, or not at all."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from math import ceil
from typing import Any, NamedTuple

from mockserver.errors import Reason, Refusal
from mockserver.faults.catalogue import InjectedFault
from mockserver.stamps import stamped_headers

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HeaderPairs = Sequence[tuple[bytes, bytes]]

_PIECES = 20  # of a body that comes slowly
_NO_LINGER = struct.pack("ii", 1, 0)  # on, with 0 seconds: closing the socket sends a reset


def refusal_of(fault: InjectedFault, now: datetime) -> Refusal:
    """The refusal that the vendor's dialect phrases for a fault that does not apply the request.

    `now` is the workspace's present time.
    """
    # `gateway_html`, `timeout` and `reset` have no words of a vendor. The request is refused with
    # an error all the same, and `deliver` then replaces that answer.
    kind = fault.kind.refusal or "server_error"
    reason = Reason.UNKNOWN if kind == "unauthorized" else None
    retry_after = fault.parameters.get("retry_after")
    if isinstance(retry_after, str):
        return Refusal(kind, reason=reason, retry_text=retry_after)
    retry_text = None
    if retry_after is not None and fault.parameters.get("retry_format") == "date":
        end = now + timedelta(seconds=retry_after)
        retry_text = format_datetime(end.replace(microsecond=0), usegmt=True)
    return Refusal(kind, reason=reason, retry_after=retry_after, retry_text=retry_text)


def refusal_after(fault: InjectedFault) -> Refusal | None:
    """The refusal that replaces the answer to a request that was applied; None keeps the answer."""
    if fault.parameters.get("answer") == "server_error":
        return Refusal("server_error")
    return None


class Answer(NamedTuple):
    """An answer as a client gets it; status 0 if it gets none.

    `own` are its headers, but for those in `stamp`, which are written as lines already: see
    `mockserver.stamps`.
    """

    status: int
    own: HeaderPairs
    body: bytes
    stamp: bytes = b""

    @property
    def headers(self) -> HeaderPairs:
        """All headers."""
        return [*self.own, *stamped_headers(self.stamp)] if self.stamp else self.own


_NO_ANSWER = Answer(0, (), b"")
_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    b"</body>\r\n</html>\r\n"
)
# Headers that are not the application's own begin so: the page of a proxy has them too.
_KEPT = (b"date", b"mockserver-", b"preference-applied")


def _from_gateway(answer: Answer) -> Answer:
    kept = [(name, value) for name, value in answer.headers if name.startswith(_KEPT)]
    headers = [(b"server", b"nginx"), (b"content-type", b"text/html"), *kept]
    return Answer(502, headers, _PAGE)


def _without_body(answer: Answer) -> Answer:
    return answer._replace(body=b"")


def _half_of_the_text(answer: Answer) -> Answer:
    half = answer.body[: len(answer.body) // 2]
    # Up to a whole character: the JSON shall be malformed, not its encoding.
    return answer._replace(body=half.decode("utf-8", "ignore").encode())


def _half_of_the_bytes(answer: Answer) -> Answer:
    return answer._replace(body=answer.body[: len(answer.body) // 2])


def _lost(answer: Answer) -> Answer:
    return _NO_ANSWER


_ALTERED: Mapping[str, Callable[[Answer], Answer]] = {
    "gateway_html": _from_gateway,
    "empty_body": _without_body,
    "malformed_json": _half_of_the_text,
    "truncated_body": _half_of_the_bytes,
    "timeout": _lost,
    "reset": _lost,
}


def _what_happens(fault: InjectedFault) -> str:
    """The name of the fault that the answer gets: `apply_but_fail` names another one."""
    return str(fault.parameters.get("answer", fault.kind.name))


def as_seen(fault: InjectedFault, answer: Answer) -> Answer:
    """What the client has got of the answer in the end."""
    alter = _ALTERED.get(_what_happens(fault))
    if alter is None:
        return answer
    return alter(answer)


class _Connection:
    """The connection to the client during one request: send to it, wait on it, close it."""

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
            # A server may give the rest of the request without waiting: let others run.
            await asyncio.sleep(0)
            message = await self._receive()

    async def silent(self) -> None:
        """Wait until the client has left, or has closed its side to wait for the answer."""
        # The server's own protocol has this event; others end the connection in both cases.
        input_ended = getattr(getattr(self._send, "__self__", None), "input_ended", None)
        if input_ended is None:
            await self.gone()
        else:
            await input_ended.wait()

    async def outlasts(self, seconds: float, *, answered: bool = True) -> bool:
        """Wait this long, or until the client has left. Returns whether it is still there.

        A client that has closed its side may wait for its answer. It counts as one that has left
        if it will not be `answered`.
        """
        left = self.gone() if answered else self.silent()
        try:
            await asyncio.wait_for(left, seconds)
        except TimeoutError:
            return True
        return False

    async def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection before the answer is complete; with `reset` by a TCP reset.

        Raises ConnectionResetError (ConnectionAbortedError without `reset`) if there is no
        connection: in an application that is called in process.
        """
        # ASGI has no call for this. uvicorn's `send` is a method of an object that has the
        # connection's transport.
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            error = ConnectionResetError if reset else ConnectionAbortedError
            raise error("a fault ends the connection here")
        if reset and not transport.is_closing():  # the client may have left: it has no socket then
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
            )
            transport.abort()
        else:
            transport.close()
        # Once uvicorn knows that the client is gone, it does not miss the rest of the answer.
        await self.gone()


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One answer to send with a fault."""

    connection: _Connection
    answer: Answer
    """What is sent: the answer as the client sees it in the end."""
    seconds: float
    full_length: int
    """The length of the body without the fault."""


async def deliver(
    fault: InjectedFault, answer: Answer, scope: Any, receive: Receive, send: Send
) -> None:
    """Send an answer to the client the way the fault says.

    `answer` is the whole answer, as it would be without the fault. Waits are real time, and end
    early if the client leaves.

    Raises ConnectionError instead of closing the connection where there is none: in an application
    that is called in process.
    """
    connection = _Connection(receive, send)
    delivery = _Delivery(
        connection,
        as_seen(fault, answer),
        fault.parameters.get("seconds", 0.0),
        len(answer.body),
    )
    send_answer = _WAYS.get(_what_happens(fault), _at_once)
    try:
        await send_answer(delivery)
    except asyncio.CancelledError:  # the server stops
        await connection.hang_up()


async def _at_once(delivery: _Delivery) -> None:
    body = delivery.answer.body
    await delivery.connection.start(delivery.answer, len(body))
    await delivery.connection.body(body)


async def _late(delivery: _Delivery) -> None:
    if await delivery.connection.outlasts(delivery.seconds):
        await _at_once(delivery)


async def _in_pieces(delivery: _Delivery) -> None:
    connection = delivery.connection
    body = delivery.answer.body
    pieces = _pieces(body)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await connection.start(delivery.answer, len(body))
    for number, piece in enumerate(pieces, 1):
        # Counted from the start, so that the time for sending does not add up.
        due = started + delivery.seconds * number / len(pieces)
        if not await connection.outlasts(due - loop.time()):
            return
        await connection.body(piece, more=True)
    await connection.body(b"")


def _pieces(body: bytes) -> list[bytes]:
    """The body in at most so many pieces; at least one, which may be empty."""
    if not body:
        return [b""]
    size = ceil(len(body) / _PIECES)
    return [body[start : start + size] for start in range(0, len(body), size)]


async def _cut_short(delivery: _Delivery) -> None:
    await delivery.connection.start(delivery.answer, delivery.full_length)
    await delivery.connection.body(delivery.answer.body, more=True)
    await delivery.connection.hang_up()


async def _never(delivery: _Delivery) -> None:
    if await delivery.connection.outlasts(delivery.seconds, answered=False):
        await delivery.connection.hang_up()


async def _reset(delivery: _Delivery) -> None:
    await delivery.connection.hang_up(reset=True)


_WAYS: Mapping[str, Callable[[_Delivery], Awaitable[None]]] = {
    "slow": _late,
    "slow_drip": _in_pieces,
    "truncated_body": _cut_short,
    "timeout": _never,
    "reset": _reset,
}

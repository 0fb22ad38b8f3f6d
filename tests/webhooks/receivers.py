"""Receivers on sockets, as small as a test needs them, and one attempt to reach one."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from mockserver.webhooks.sender import Authorities, ReceiverAnswer, SendError, post
from mockserver.webhooks.targets import Targets

T = TypeVar("T")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Outcome = ReceiverAnswer | SendError

BODY = b'{"id": "66a1", "status": 4}'


def run(story: Coroutine[Any, Any, T]) -> T:
    """What a story gives, on the event loop that the server has."""
    try:
        import uvloop
    except ImportError:  # as on Windows
        return asyncio.run(story)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(story)


async def request(reader: asyncio.StreamReader) -> bytes:
    """A whole request with a `Content-Length`: head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
    return head + await reader.readexactly(int(length))


def answering(answer: bytes, seen: list[bytes] | None = None) -> Handler:
    """A receiver that reads the request, sends these bytes and closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came = await request(reader)
        if seen is not None:
            seen.append(came)
        writer.write(answer)
        await writer.drain()

    return handle


def kind_and_text(outcome: Outcome) -> tuple[str, str]:
    """Why there was no answer."""
    assert isinstance(outcome, SendError), outcome
    return outcome.kind, str(outcome)


async def attempt(url: str, targets: Targets | None = None, **options: Any) -> Outcome:
    """One attempt; an error is what it gives too."""
    given: dict[str, Any] = {
        "timeout": 2,
        "authorities": Authorities(),
        "headers": {},
        "body": BODY,
    } | options
    try:
        return await post(url, targets=targets or Targets(), **given)
    except SendError as error:
        return error


def delivered_to(
    handle: Handler,
    *,
    host: str = "127.0.0.1",
    url: str = "http://127.0.0.1:{port}/",
    tls: ssl.SSLContext | None = None,
    **options: Any,
) -> Outcome:
    """What comes of one attempt at a receiver that listens on a free port."""

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the sender has had enough, or the story is over
        finally:
            writer.close()

    async def story() -> Outcome:
        server = await asyncio.start_server(closing, host, 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        outcome = await attempt(url.format(port=port), **options)
        server.close()
        return outcome

    return run(story())

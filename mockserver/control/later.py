"""Requests to the control API whose answer waits: for what comes yet, or for work to end."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any

from orjson import dumps, loads

from mockserver.api import Receive, Send
from mockserver.call import Request
from mockserver.vendor import Reply

_LOOKS_EVERY = 0.01
"""Seconds between two looks for something new."""


class Unsettled(Reply):
    """A reply that may become another one with what comes yet, for so many seconds.

    `news` gives another value than `known` once there is something new. The value has to be a small
    one: it is kept until then.
    """

    def __init__(self, body: Any, news: Callable[[], object], known: object, within: float) -> None:
        super().__init__(body)
        self.news = news
        self.known = known
        self.within = within


class Underway(Reply):
    """Stands for a reply that takes a while: `work` brings it, or raises Refusal."""

    def __init__(self, work: Callable[[], Awaitable[Reply]]) -> None:
        super().__init__(b"")
        self.work = work


class Stream(Reply):
    """Stands for a reply that goes on until somebody leaves: `send` sends it.

    `send` is given the headers of an answer, and then what an ASGI application is.
    """

    def __init__(self, send: Callable[..., Awaitable[None]]) -> None:
        super().__init__(b"")
        self.send = send


class Later:
    """A request to be asked again: when there is something new, and when its time is over."""

    def __init__(self, reply: Unsettled, request: Request) -> None:
        """`reply` is what the request got so far. Its body is a JSON object with `within`."""
        self._news = reply.news
        self._known = reply.known
        self._until = monotonic() + reply.within
        self._asked = loads(request.body or b"{}")

    async def for_news(self) -> None:
        """Wait until there is something new, or the time is over."""
        # A look costs next to nothing.
        while self._news() == self._known and self._left():  # noqa: ASYNC110  # an event would cost every request
            await asyncio.sleep(min(_LOOKS_EVERY, self._left()))

    def _left(self) -> float:
        return max(0.0, self._until - monotonic())

    def body(self) -> bytes:
        """The body to ask with: it waits no longer than the time that is left."""
        return dumps({**self._asked, "within": self._left()})


class Attempt:
    """Sends an answer; has what to ask later where there is none yet."""

    def __init__(self, send: Send, later: Later | None) -> None:
        self._send = send
        self.later = later

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Pass on a message of the answer."""
        await self._send(message)


def whole_body(raw: bytes) -> Receive:
    """What gives a body to an application, in one piece."""

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    return receive

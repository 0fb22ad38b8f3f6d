"""Whose turn it is to work with a workspace, while a long request is worked on beside the loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """The requests that wait for one workspace, in the order in which they came.

    A short request that finds nobody here has its turn at once, and needs no lock: it is done
    before the loop goes on.
    """

    __slots__ = ("_waiting", "is_taken")

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.is_taken = False
        """Whether a request works with the workspace at the moment."""

    @asynccontextmanager
    async def turn(self, seconds: float) -> AsyncIterator[None]:
        """The turn of a request, from its start to its end.

        Raises TimeoutError if it does not come within so many seconds.
        """
        await self._acquire(seconds)
        try:
            yield
        finally:
            self._release()

    async def wait_until_free(self, seconds: float) -> None:
        """Wait until nobody works with the workspace, at most so many seconds.

        What the caller does before it next waits for something is done before anybody else has a
        turn. Whether the turn is taken need not be asked again: it may be the next one's already,
        and two who ask in a loop would give it to each other without end.

        Raises TimeoutError.
        """
        if self.is_taken:
            async with self.turn(seconds):
                pass

    async def _acquire(self, seconds: float) -> None:
        if not self.is_taken:
            self.is_taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException:
            # The turn may have come together with the end of the wait.
            if turn.done() and not turn.cancelled():
                self._release()
            raise

    def _release(self) -> None:
        """Give the turn to the next request that still waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.is_taken = False

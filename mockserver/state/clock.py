"""A workspace's own time: real, shifted or frozen."""

from datetime import UTC, datetime, timedelta
from typing import Literal

Mode = Literal["real", "shifted", "frozen"]


class Clock:
    """Tells the time of one workspace.

    Every timestamp and every expiry asks it and nothing else does.
    """

    __slots__ = ("frozen", "offset")

    def __init__(self, frozen: datetime | None = None, offset: timedelta = timedelta()) -> None:
        """`frozen`: where the clock stands still; else `offset`: how far it is ahead."""
        self.frozen = frozen
        self.offset = offset

    @property
    def mode(self) -> Mode:
        """How the clock goes."""
        return "frozen" if self.frozen is not None else "shifted" if self.offset else "real"

    def now(self) -> datetime:
        """The present moment in this workspace, in UTC with microseconds."""
        if self.frozen is not None:
            return self.frozen
        now = datetime.now(UTC)
        return now + self.offset if self.offset else now

    def real(self) -> None:
        """Show the real time."""
        self.frozen, self.offset = None, timedelta()

    def freeze(self, moment: datetime) -> None:
        """Stand still at that moment."""
        self.frozen, self.offset = moment.astimezone(UTC), timedelta()

    def shift(self, offset: timedelta) -> None:
        """Go on, that far ahead of the real time (or behind it).

        Raises OverflowError where there is no such time.
        """
        _ = datetime.now(UTC) + offset
        self.frozen, self.offset = None, offset

    def advance(self, step: timedelta) -> None:
        """Go on from here by that much: a frozen clock stands still again there.

        Raises OverflowError where there is no such time.
        """
        if self.frozen is not None:
            self.frozen += step
        else:
            self.shift(self.offset + step)

    def set(self, other: "Clock") -> None:
        """Show what the other shows."""
        self.frozen, self.offset = other.frozen, other.offset

    def copy(self) -> "Clock":
        """A clock that shows the same time and goes its own way from here."""
        return Clock(self.frozen, self.offset)

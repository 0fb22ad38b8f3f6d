"""A workspace's own time: real, shifted or frozen."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Mode = Literal["real", "shifted", "frozen"]


@dataclass(frozen=True, slots=True)
class WorkspaceClock:
    """How a workspace tells the time.

    `frozen` is the moment (in UTC) at which it stands still, None where it runs; `shift` is how far
    a running clock is ahead of the real time (negative: behind it).
    """

    frozen: datetime | None = None
    shift: timedelta = timedelta()

    @property
    def mode(self) -> Mode:
        """How the clock goes."""
        if self.frozen is not None:
            return "frozen"
        return "shifted" if self.shift else "real"

    def now(self) -> datetime:
        """The present moment in UTC, with microseconds."""
        if self.frozen is not None:
            return self.frozen
        now = datetime.now(UTC)
        return now + self.shift if self.shift else now


def frozen_at(moment: datetime) -> WorkspaceClock:
    """A clock that stands still. Raises OverflowError for a moment that UTC does not have."""
    return WorkspaceClock(frozen=moment.astimezone(UTC))


def shifted_by(shift: timedelta) -> WorkspaceClock:
    """A clock that runs ahead of the real time. Raises OverflowError past the year 9999."""
    _ = datetime.now(UTC) + shift
    return WorkspaceClock(shift=shift)


def advanced(clock: WorkspaceClock, step: timedelta) -> WorkspaceClock:
    """The clock after so much time; a frozen one stands still again there. Raises OverflowError."""
    if clock.frozen is not None:
        return WorkspaceClock(frozen=clock.frozen + step)
    return shifted_by(clock.shift + step)

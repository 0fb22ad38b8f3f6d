"""A workspace's own time: real, shifted or frozen."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Mode = Literal["real", "shifted", "frozen"]

EARLIEST = datetime(2, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""Between which moments a clock may be set. A year is left at each end of the calendar, for time
zones, for what is reckoned from the present time, and for the time that passes meanwhile."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400


def second_of(moment: datetime) -> int:
    """The second since 1970 in which the moment is. A fifth of what `timestamp` takes."""
    since = moment - _EPOCH
    return since.days * _DAY + since.seconds


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
    """A clock that stands still. Raises OverflowError outside of EARLIEST and LATEST."""
    return WorkspaceClock(frozen=_possible(moment.astimezone(UTC)))


def shifted_by(shift: timedelta) -> WorkspaceClock:
    """A clock that runs ahead of the real time. Raises OverflowError as `frozen_at` does."""
    _possible(datetime.now(UTC) + shift)
    return WorkspaceClock(shift=shift)


def _possible(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise OverflowError(f"{moment} is no time for a clock")
    return moment


def advanced(clock: WorkspaceClock, step: timedelta) -> WorkspaceClock:
    """The clock after so much time; a frozen one stands still again there. Raises OverflowError."""
    if clock.frozen is not None:
        return frozen_at(clock.frozen + step)
    return shifted_by(clock.shift + step)

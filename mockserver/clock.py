"""A workspace's own time: real unless it is frozen or shifted."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time of one workspace; every timestamp and every expiry asks it and nothing else does."""

    __slots__ = ("_frozen", "_shift")

    def __init__(self, frozen: datetime | None = None) -> None:
        self._frozen = frozen
        self._shift = timedelta()

    def now(self) -> datetime:
        """The present moment in this workspace, in UTC with microseconds."""
        if self._frozen is not None:
            return self._frozen
        now = datetime.now(UTC)
        return now + self._shift if self._shift else now

    def copy(self) -> "Clock":
        """A clock that shows the same time and goes its own way from here."""
        twin = Clock(self._frozen)
        twin._shift = self._shift
        return twin

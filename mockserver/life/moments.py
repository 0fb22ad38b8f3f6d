"""Moments as due steps and stories write them: texts of one length that sort like the times."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from mockserver.documents.formats import parse_date_time

_SPAN = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?", re.ASCII)


@lru_cache(maxsize=1024)
def moment_text(moment: datetime) -> str:
    """A moment in UTC with microseconds, always as long: `2026-03-02T14:00:00.000000Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment_of(text: str) -> datetime:
    """The moment of a text that `moment_text` has written, or of another date-time."""
    moment = parse_date_time(text)
    assert moment is not None, text
    return moment.astimezone(UTC)


def later(moment: datetime, span: timedelta) -> datetime:
    """The moment after the span; the last one there is where that is past the calendar's end."""
    try:
        return moment + span
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def span_of(value: object) -> timedelta | None:
    """A span of time: seconds as a number, or a text like `2h`, `1d12h`, `30m`, `90s`.

    None for what is no span.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return timedelta(seconds=value) if value >= 0 else None
        except (OverflowError, ValueError):
            return None
    if not isinstance(value, str):
        return None
    read = _SPAN.fullmatch(value.removeprefix("+"))
    if read is None or not any(read.groups()):
        return None
    days, hours, minutes, seconds = (int(each or 0) for each in read.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

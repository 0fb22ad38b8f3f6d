"""When somebody may be called: hours of the day in a time zone, on some days of the week."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

_DAYS_LOOKED_AT = 8
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class Hours(NamedTuple):
    """Calls may begin on this day of the week (1 is Monday) from `start` on and before `end`."""

    day: int
    start: time
    end: time


def every_day(start: time, end: time) -> tuple[Hours, ...]:
    """The same hours on each day of the week; those that end before they begin go over midnight."""
    days = range(1, 8)
    if start < end:
        return tuple(Hours(day, start, end) for day in days)
    mornings = (Hours(day, time.min, end) for day in days)
    return (*mornings, *(Hours(day, start, time.max) for day in days))


def next_open(moment: datetime, zone: tzinfo, hours: Sequence[Hours]) -> datetime:
    """The first moment, not before the given one, that is within the hours in the zone.

    Without hours any time will do, and where the hours of no day can ever be met, too. An opening
    time that does not exist on a day (clocks go forward) is the first moment after the gap; one
    that exists twice (clocks go back) is the first of the two. Moments are in UTC.
    """
    try:
        local = moment.astimezone(zone)
    except OverflowError:  # at the ends of the calendar
        return moment
    for number in range(_DAYS_LOOKED_AT):
        try:
            day = local.date() + number * _DAY
        except OverflowError:
            break
        for opens, closes in _windows(day, zone, hours):
            if moment < closes:
                return max(moment, opens)
    return moment


def _windows(
    day: date, zone: tzinfo, hours: Sequence[Hours]
) -> Iterator[tuple[datetime, datetime]]:
    """When calls may begin on a day, earliest first, in UTC."""
    found = []
    for each in hours:
        if each.day == day.isoweekday() and each.start < each.end:
            opens = local_moment(datetime.combine(day, each.start), zone)
            closes = local_moment(datetime.combine(day, each.end), zone)
            found.append((opens, closes))
    yield from sorted(found)


def local_moment(local: datetime, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which clocks in the zone show this time.

    The first one after the gap where they never show it; the first of the two where they show it
    twice.
    """
    earlier = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if earlier.astimezone(zone).replace(tzinfo=None) == local:
        return earlier
    return _end_of_gap(local.replace(tzinfo=zone, fold=1).astimezone(UTC), earlier, zone)


def _end_of_gap(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """The moment between the two, to the second, at which the zone's clocks go forward."""
    before = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)

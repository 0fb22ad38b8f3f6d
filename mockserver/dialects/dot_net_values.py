"""Texts and numbers as .NET reads them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite

_BLANK = re.compile(r"[^\S\x1c-\x1f]*")
"""Only white space, as `Char.IsWhiteSpace` knows it.

For Python four separators of ASCII are white space too.
"""

_INTEGER = re.compile(r"([+-]?)0*+([0-9]{0,20})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
_INT32 = range(-(2**31), 2**31)
_MOST_SINGLE = (2 - 2**-24) * 2.0**127
"""From here on a number is rounded to a Single that is infinite."""

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,16}))?)?(?:(Z)|([+-])(\d\d)(?::(\d\d))?)?)?",
    re.ASCII,
)
_MOST_OFFSET = timedelta(hours=14)


def is_blank(text: str) -> bool:
    """Whether the text has nothing but white space."""
    return _BLANK.fullmatch(text) is not None


def ascii_folded(name: str) -> str:
    """The name for a comparison without letter case (`StringComparer.OrdinalIgnoreCase`).

    It is one of ASCII or stays as it is: no other letter equals one of ASCII in another case.
    """
    return name.lower() if name.isascii() else name


def int32(text: str) -> int:
    """An Int32 (`Utf8Parser`): an optional sign and digits. Raises ValueError."""
    match = _INTEGER.fullmatch(text)
    if match is None or not text[-1:].isdigit():
        raise ValueError(text)
    value = int(match[1] + (match[2] or "0"))
    if value not in _INT32:
        raise ValueError(text)
    return value


def floating(text: str) -> float:
    """A Double (`Utf8Parser`). Raises ValueError, also for what is past its range."""
    if not _NUMBER.fullmatch(text) or not isfinite(value := float(text)):
        raise ValueError(text)
    return value


def single(text: str) -> float:
    """A Single, like `floating`. It keeps the digits that a Single would lose."""
    value = floating(text)
    if not is_single(value):
        raise ValueError(text)
    return value


def is_single(value: float) -> bool:
    """Whether a Single can hold the number, or one next to it."""
    return abs(value) < _MOST_SINGLE


def is_date_time(text: str) -> bool:
    """Whether `date_time` reads the text."""
    try:
        date_time(text)
    except ValueError:
        return False
    return True


def date_time(text: str) -> datetime:
    """A DateTime as System.Text.Json reads one, to the microsecond; naive without an offset.

    That is ISO 8601 in its extended form: a date, or one with a `T`, hours and minutes, which
    seconds, up to 16 decimals and a `Z` or an offset of 14 hours at most may follow.

    Raises ValueError.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction = int((match[7] or "")[:6].ljust(6, "0"))
    zone = None
    if match[8]:
        zone = UTC
    elif match[9]:
        zone = timezone(_offset(match[9], int(match[10]), int(match[11] or 0)))
    moment = datetime(year, month, day, hour, minute, second, fraction, zone)
    if zone is not None:
        _refuse_out_of_range(moment)
    return moment


def _refuse_out_of_range(moment: datetime) -> None:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment} is before the year 1 or after 9999 in UTC") from None


def _offset(sign: str, hours: int, minutes: int) -> timedelta:
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > _MOST_OFFSET:
        raise ValueError(f"{sign}{hours:02}:{minutes:02}")
    return -offset if sign == "-" else offset

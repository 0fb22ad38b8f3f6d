"""Numbers, dates and JSON text as JavaScript has them, for APIs whose server is written in it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite
from types import MappingProxyType
from typing import Any

import orjson

from mockserver.documents.formats import Format

_SAFE = 2**53
_EXPONENT = 1e21
"""From here on JavaScript writes a whole number with an exponent."""

_LAST_INDEX = 2**32 - 2

_DAY = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d\d))?)?", re.ASCII)
_TIME = re.compile(
    r"([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d)(?:\.(\d++))?)?"
    r"(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))?",
    re.ASCII,
)
_WHOLE_DAY = timedelta(days=1)


def date(text: str) -> datetime | None:
    """The moment that Date reads from a text in the form of ECMA-262; None for another text.

    That is a year, a month or a day, alone or with a time. Without an offset it is in UTC, as on a
    server whose zone is UTC. V8 reads a space for the T too, if there is a whole day before it.
    """
    found = _DAY.match(text)
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        midnight = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        passed = _since_midnight(text[found.end() :], "Tt " if day else "Tt")
        return None if passed is None else midnight + passed
    except (ValueError, OverflowError):  # no such day, or none that Python has
        return None


def _since_midnight(text: str, separators: str) -> timedelta | None:
    """The time of a date in UTC, with the separator before it; None where it is none."""
    if not text:
        return timedelta()
    found = _TIME.fullmatch(text, 1)
    if found is None or text[0] not in separators:
        return None
    hour, minute, second, fraction, sign, *offset = found.groups(default="0")
    time = _span(hour, minute, second) + timedelta(milliseconds=int(f"{fraction:0<3.3}"))
    if time > _WHOLE_DAY:
        return None
    return time + _span(*offset) if sign == "-" else time - _span(*offset)


def _span(hours: str, minutes: str, seconds: str = "0") -> timedelta:
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))


def is_date(text: str) -> bool:
    """Whether it is a date in the form of ECMA-262."""
    return date(text) is not None


FORMATS: Mapping[str, Format] = MappingProxyType({"js-date": is_date})
"""By the names that a document calls them."""


def number(value: float | str) -> int | float:
    """The nearest double; an integer where JavaScript writes it as one (below 1e21).

    A text must be a number in decimal notation. Raises OverflowError past the range of doubles.
    """
    double = float(value)
    if not isfinite(double):
        raise OverflowError("past the range of doubles")
    if not double.is_integer() or abs(double) >= _EXPONENT:
        return double
    if abs(double) <= _SAFE:
        return int(double)
    # JavaScript has zeros behind the digits that tell this double from its neighbours.
    return int(Decimal(repr(double)))


def number_text(value: float) -> str:
    """`String(value)`: 1 for 1.0, 1e+21 for 1e21, 0.000001 for 1e-06.

    Raises OverflowError past the range of doubles.
    """
    exact = number(value)
    if isinstance(exact, int):
        return str(exact)
    decimal = Decimal(repr(exact)).normalize()
    sign, parts, _ = decimal.as_tuple()
    digits = "".join(map(str, parts))
    text = _placed(digits, decimal.adjusted() + 1)
    return f"-{text}" if sign else text


def _placed(digits: str, point: int) -> str:
    """The digits with a decimal point after `point` of them (ECMA-262 Number::toString).

    The number is no integer below 1e21.
    """
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def stringify(value: Any) -> str:
    """`JSON.stringify(value)` of a parsed JSON value.

    No spaces, members that are array indexes first.

    Raises OverflowError for a number past the range of doubles.
    """
    if isinstance(value, dict):
        members = [f"{stringify(name)}:{stringify(item)}" for name, item in _members(value)]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(stringify, value)) + "]"
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return orjson.dumps(value).decode()
    return number_text(value)


def _members(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    indexes = sorted((name for name in value if _is_index(name)), key=int)
    yield from ((name, value[name]) for name in indexes)
    yield from ((name, item) for name, item in value.items() if not _is_index(name))


def _is_index(name: str) -> bool:
    return (
        name.isascii()
        and name.isdecimal()
        and len(name) <= 10
        and str(int(name)) == name
        and int(name) <= _LAST_INDEX
    )

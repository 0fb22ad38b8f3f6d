"""Numbers, dates and JSON text as JavaScript has them, for APIs whose server is written in it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import isfinite
from types import MappingProxyType
from typing import Any

import orjson

from mockserver.documents.formats import Format, parse_date, parse_date_time

_SAFE = 2**53
_LAST_INDEX = 2**32 - 2


def is_date(text: str) -> bool:
    """Whether it is a date of ECMA-262: a day, or a day and a time with its offset."""
    return parse_date(text) is not None or parse_date_time(text) is not None


FORMATS: Mapping[str, Format] = MappingProxyType({"js-date": is_date})
"""By the names that a document calls them."""


def number(value: float | str) -> int | float:
    """The nearest double; an integer where JavaScript holds it exactly (up to 2**53).

    A text must be a number in decimal notation. Raises OverflowError past the range of doubles.
    """
    double = float(value)
    if not isfinite(double):
        raise OverflowError("past the range of doubles")
    if double.is_integer() and -_SAFE <= double <= _SAFE:
        return int(double)
    return double


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
    """The digits with a decimal point after `point` of them (ECMA-262 Number::toString)."""
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
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

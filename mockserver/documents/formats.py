"""The named string formats a document may ask for.

The standard ones, and those that vendors state in prose (`x-format`). A dialect adds its own.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from math import isfinite
from uuid import UUID

from mockserver.identity import is_email, is_phone

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):\d\d:\d\d(\.\d++)?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Possessive repeats: a text that is no number is refused in time that grows with its length only.
_NUMBER = re.compile(r"\s*+[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d++)?\s*+", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f<>\"{}|\\^`]*")
_SORT = re.compile(r"\w++(:(asc|desc))?(,\w++(:(asc|desc))?)*+", re.ASCII)
_FIELDS = re.compile(r"\w++(,\w++)*+", re.ASCII)


def parse_date_time(text: str) -> datetime | None:
    """The moment an RFC 3339 date-time means, or None."""
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def parse_date(text: str) -> date | None:
    """The day that `YYYY-MM-DD` means, or None."""
    # `date.fromisoformat` also reads the other forms of ISO 8601, like 20250131.
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_date(text: str) -> bool:
    return parse_date(text) is not None


def _is_date_time(text: str) -> bool:
    return parse_date_time(text) is not None


def _is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def _is_numeric(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and isfinite(float(text))


def _is_field_list(text: str) -> bool:
    return _FIELDS.fullmatch(text) is not None


def _is_sort_list(text: str) -> bool:
    return _SORT.fullmatch(text) is not None


def _is_uuid(text: str) -> bool:
    # `UUID` also reads braces, a prefix and missing hyphens.
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


Format = Callable[[str], bool]
"""Whether a text is one of that format."""

Formats = Mapping[str, Format]
"""Formats by name."""

FORMATS: Formats = {
    "date": _is_date,
    "date-time": _is_date_time,
    "email": is_email,
    "uri": _is_uri,
    "uuid": _is_uuid,
    "field-list": _is_field_list,
    "numeric": _is_numeric,
    "phone": is_phone,
    "sort-list": _is_sort_list,
}
"""Each format's name and the test a text must pass."""

INTEGER_RANGES: dict[str, tuple[int, int]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
"""Numeric formats that bound an integer, both ends included."""

UNCHECKED = frozenset({"float", "double"})
"""Formats that say how a number is held, not which numbers there are."""

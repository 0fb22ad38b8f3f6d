"""The named string formats a document may ask for: the standard ones, and those a vendor states in prose (`x-format`)."""

import re
from collections.abc import Callable
from datetime import date, datetime
from math import isfinite
from uuid import UUID

from mockserver.identity import is_email, is_phone
from mockserver.zones import offset_hours

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f<>\"{}|\\^`]*")
_WEBHOOK_URL = re.compile(
    r"https?://([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?([/?#][^\s\x00-\x1f<>\"]*)?", re.ASCII
)
_BLANK = re.compile(r"[^\S\x1c-\x1f]*")
"""What .NET's `Char.IsWhiteSpace` takes for white space: Python counts four separators of ASCII more."""
_SORT = re.compile(r"\w+(:(asc|desc))?(,\w+(:(asc|desc))?)*", re.ASCII)
_FIELDS = re.compile(r"\w+(,\w+)*", re.ASCII)


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
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


FORMATS: dict[str, Callable[[str], bool]] = {
    "date": lambda text: parse_date(text) is not None,
    "date-time": lambda text: parse_date_time(text) is not None,
    "email": is_email,
    "uri": lambda text: _URI.fullmatch(text) is not None,
    "uuid": _is_uuid,
    "field-list": lambda text: _FIELDS.fullmatch(text) is not None,
    "js-date": lambda text: parse_date(text) is not None or parse_date_time(text) is not None,
    "not-blank": lambda text: _BLANK.fullmatch(text) is None,
    "numeric": lambda text: _NUMBER.fullmatch(text) is not None and isfinite(float(text)),
    "phone": is_phone,
    "sort-list": lambda text: _SORT.fullmatch(text) is not None,
    "webhook-url": lambda text: _WEBHOOK_URL.fullmatch(text) is not None,
    "windows-time-zone": lambda text: offset_hours(text) is not None,
}
"""Each format's name and the test a text must pass."""

INTEGER_RANGES: dict[str, tuple[int, int]] = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
"""Numeric formats that bound an integer, both ends included."""

UNCHECKED = frozenset({"float", "double"})
"""Formats that say how a number is held, not which numbers there are."""

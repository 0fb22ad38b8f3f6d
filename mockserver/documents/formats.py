"""The named string formats a document may ask for.

The standard ones, and those a vendor states in prose (`x-format`).
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from math import isfinite
from uuid import UUID

from mockserver.documents.zones import offset_hours
from mockserver.identity import is_email, is_phone

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f<>\"{}|\\^`]*")
_BLANK = re.compile(r"[^\S\x1c-\x1f]*")
"""What .NET's `Char.IsWhiteSpace` takes for white space.

Python counts four separators of ASCII more.
"""
_SORT = re.compile(r"\w+(:(asc|desc))?(,\w+(:(asc|desc))?)*", re.ASCII)
_FIELDS = re.compile(r"\w+(,\w+)*", re.ASCII)

# Patterns as texts are compiled when they are first needed: these take as long as a tenth of a
# start.
_LETTERS = "A-Za-z\u00a1-\uffff"
_LABEL = rf"(?!-)[{_LETTERS}0-9-]{{1,63}}(?<!-)"
_TOP_LABEL = rf"(?!-)(?:[{_LETTERS}-]{{2,63}}|[Xx][Nn]--[A-Za-z0-9]{{1,59}})(?<!-)"
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_QUOTED = r'"(?:[^\0\t\n\r "\\\x80-\U0010ffff]|\\[^\0\n\r\x80-\U0010ffff])*"'
_LOCAL_PART = rf"{_ATOM}(?:\.{_ATOM})*|{_QUOTED}"
_USER = r"[^\s:@/?#\[\]]+(?::[^\s:@/?#\[\]]*)?@"
_URL = (
    rf"(?:https?|ftps?)://(?:{_USER})?(\[[^\]]*\]|[^\s/?#:@\[\]]+)(?::[0-9]{{1,5}})?(?:[/?#]\S*)?"
)
_MAX_EMAIL = 320
_MAX_URL = 2048
_MAX_HOST = 253


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


def _is_address(text: str, kind: type[IPv4Address | IPv6Address]) -> bool:
    try:
        return "%" not in str(kind(text))
    except ValueError:
        return False


def _is_domain(text: str) -> bool:
    *labels, top = text.split(".")
    return (
        bool(labels)
        and all(re.fullmatch(_LABEL, label) for label in labels)
        and re.fullmatch(_TOP_LABEL, top) is not None
    )


@lru_cache(maxsize=1 << 16)
def is_django_email(text: str) -> bool:
    """Whether Django 5 takes it for an e-mail address.

    An ASCII user, dotted or in quotes, at a domain of letters of any script, at an IP address in
    brackets, or at `localhost`.
    """
    user, _, host = text.rpartition("@")
    if len(text) > _MAX_EMAIL or not re.fullmatch(_LOCAL_PART, user, re.ASCII):
        return False
    if host[:1] == "[" and host[-1] == "]":
        return _is_address(host[1:-1], IPv4Address) or _is_address(host[1:-1], IPv6Address)
    return host == "localhost" or _is_domain(host)


def is_django_url(text: str) -> bool:
    """Whether Django 5 takes it for a URL.

    Of the web or of FTP, of a host as in an e-mail address, and without white space.
    """
    match = re.fullmatch(_URL, text, re.IGNORECASE)
    if match is None or len(text) > _MAX_URL or len(match[1]) > _MAX_HOST:
        return False
    host = match[1]
    if host[0] == "[":
        return _is_address(host[1:-1], IPv6Address)
    return (
        host.lower() == "localhost"
        or _is_address(host, IPv4Address)
        or _is_domain(host.removesuffix("."))
    )


FORMATS: dict[str, Callable[[str], bool]] = {
    "date": lambda text: parse_date(text) is not None,
    "date-time": lambda text: parse_date_time(text) is not None,
    "email": is_email,
    "uri": lambda text: _URI.fullmatch(text) is not None,
    "uuid": _is_uuid,
    "django-email": is_django_email,
    "django-url": is_django_url,
    "field-list": lambda text: _FIELDS.fullmatch(text) is not None,
    "js-date": lambda text: parse_date(text) is not None or parse_date_time(text) is not None,
    "not-blank": lambda text: _BLANK.fullmatch(text) is None,
    "numeric": lambda text: _NUMBER.fullmatch(text) is not None and isfinite(float(text)),
    "phone": is_phone,
    "sort-list": lambda text: _SORT.fullmatch(text) is not None,
    "windows-time-zone": lambda text: offset_hours(text) is not None,
}
"""Each format's name and the test a text must pass."""

INTEGER_RANGES: dict[str, tuple[int, int]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
"""Numeric formats that bound an integer, both ends included."""

UNCHECKED = frozenset({"float", "double"})
"""Formats that say how a number is held, not which numbers there are."""

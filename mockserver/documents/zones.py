"""Time zones by the names Windows gives them."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ALIASES = {
    "türkiye standard time": "Europe/Istanbul",
    "mid-atlantic standard time": "Etc/GMT+2",
    "kamchatka standard time": "Asia/Kamchatka",
}
"""Names in use that the CLDR table lacks: one renamed by Windows, two withdrawn."""


@lru_cache(maxsize=1)
def _windows_zones() -> dict[str, str]:
    from tzlocal.windows_tz import win_tz

    return {name.casefold(): zone for name, zone in win_tz.items()} | _ALIASES


def is_windows_name(name: str) -> bool:
    """Whether Windows has a zone of that name, in any letter case."""
    return name.casefold() in _windows_zones()


@lru_cache(maxsize=1024)
def offset_hours(name: str) -> float | None:
    """The standard-time offset from UTC in hours of a Windows or IANA zone.

    None where there is no such zone.
    """
    zone = _windows_zones().get(name.casefold(), name)
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    offsets = (
        datetime(2025, month, 1, tzinfo=there).utcoffset() or timedelta() for month in (1, 7)
    )
    return min(offsets).total_seconds() / 3600

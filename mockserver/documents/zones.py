"""Time zones by the names Windows gives them."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mockserver.descriptors import are_used_up
from mockserver.remembering import remembered

# Names in use that the CLDR table lacks: one that Windows renamed, two that it withdrew.
_ALIASES = {
    "türkiye standard time": "Europe/Istanbul",
    "mid-atlantic standard time": "Etc/GMT+2",
    "kamchatka standard time": "Asia/Kamchatka",
}


@lru_cache(maxsize=1)
def _windows_zones() -> dict[str, str]:
    # Only the library's CLDR table is used, not its search for the zone of this machine.
    from tzlocal.windows_tz import win_tz

    zones = {name.casefold(): zone for name, zone in win_tz.items()}
    return zones | _ALIASES


def is_windows_name(name: str) -> bool:
    """Whether Windows has a zone of that name, in any letter case."""
    return name.casefold() in _windows_zones()


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of a Windows or IANA name; None if there is none."""
    zone = _windows_zones().get(name.casefold(), name)
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    except OSError as error:
        if are_used_up(error):
            raise
        return None


@remembered(1024, 64)
def offset_hours(name: str) -> float | None:
    """The offset of a Windows or IANA zone from UTC in hours, without daylight saving time.

    None if there is no such zone.
    """
    there = zone_named(name)
    if there is None:
        return None
    # One of the two is in standard time, on either half of the globe; it is the smaller one.
    january = datetime(2025, 1, 1, tzinfo=there).utcoffset() or timedelta()
    july = datetime(2025, 7, 1, tzinfo=there).utcoffset() or timedelta()
    return min(january, july).total_seconds() / 3600

"""Where a lead is called: the zone of its state, else of its phone number, else the account's."""

from datetime import tzinfo
from functools import lru_cache
from importlib import import_module
from zoneinfo import ZoneInfo

from mockserver.descriptors import tried_again
from mockserver.state.changes import Row

_CHICAGO, _DENVER = "America/Chicago", "America/Denver"
_LOS_ANGELES, _NEW_YORK = "America/Los_Angeles", "America/New_York"

# The zone of most people of the state; mail to soldiers (AA, AE, AP) says nothing of a zone.
_STATE_ZONES = {
    **dict.fromkeys("AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI".split(), _CHICAGO),
    **dict.fromkeys("CO MT NM UT WY".split(), _DENVER),
    **dict.fromkeys("CA NV OR WA".split(), _LOS_ANGELES),
    **dict.fromkeys(
        "CT DC DE FL GA KY MA MD ME NC NH NJ NY OH PA RI SC VA VT WV".split(), _NEW_YORK
    ),
    "AK": "America/Anchorage",
    "AS": "Pacific/Pago_Pago",
    "AZ": "America/Phoenix",
    "GU": "Pacific/Guam",
    "HI": "Pacific/Honolulu",
    "ID": "America/Boise",
    "IN": "America/Indiana/Indianapolis",
    "MI": "America/Detroit",
    "MP": "Pacific/Guam",
    "PR": "America/Puerto_Rico",
    "VI": "America/Puerto_Rico",
}


def zone_of(lead: Row, account: str) -> tzinfo:
    """The zone that a lead is called in; `account` is the name of the account's."""
    state = _STATE_ZONES.get(lead["us_state"] or "")
    return ZoneInfo(state or _zone_of_number(lead["phone_number"], account))


@lru_cache(maxsize=4096)
def _zone_of_number(number: str, account: str) -> str:
    """The zone of a number in E.164: the account's where that is one of several, or none known."""
    library = tried_again(import_module, "phonenumbers")
    zones = tried_again(import_module, "phonenumbers.timezone")
    try:
        found = zones.time_zones_for_number(library.parse(number))
    except library.NumberParseException:
        return account
    if account in found or zones.UNKNOWN_TIMEZONE in found:
        return account
    return str(found[0])

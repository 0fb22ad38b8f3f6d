"""What Octanist stores.

The fields of a lead, where it came from, and how times, ids and custom fields are read and written.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from mockserver.dialects.envelope import instant
from mockserver.dialects.javascript import stringify
from mockserver.state.changes import Row
from mockserver.state.ids import token
from mockserver.state.transaction import Transaction

OPEN, QUALIFIED, WON, LOST = STATUSES = ("open", "qualified", "won", "lost")
QUALIFYING = frozenset({QUALIFIED, WON})
_LIFETIME = timedelta(days=90)

_CONSENTS = ("ad_storage", "ad_user_data", "analytics_storage", "ad_personalization")
_CLICK_IDS = (
    "gclid",
    "ga4cid",
    "ga4sid",
    "fbc",
    "fbp",
    "msclkid",
    "ttclid",
    "twclid",
    "rdt_cid",
    "sccid",
    "li_fat_id",
)
_NEWER_CLICK_IDS = ("dclid", "wbraid", "gbraid", "epik")
_CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign")
_ADS = (
    "googleAdsCampaignId",
    "googleAdsCampaignName",
    "googleAdsAdGroupId",
    "googleAdsAdGroupName",
    "googleAdsAdId",
)
INSTANTS = ("createdAt", "updatedAt", "qualifiedAt", "expiresAt")

ATTRIBUTION: Row = dict.fromkeys(("website", "path", *_CLICK_IDS, *_CAMPAIGN))
ATTRIBUTION |= dict.fromkeys(_CONSENTS, False)
ATTRIBUTION |= dict.fromkeys(_NEWER_CLICK_IDS)
"""Where a lead came from, as its session holds it, with the value of each field that nobody gave
(`create-lead`)."""

_CONTENT = (
    "name",
    "email",
    "phone",
    "status",
    "value",
    "note",
    "custom",
    "lossReason",
    "conversionName",
    "source",
    "website",
    "path",
)
_FIELDS = (
    "id",
    *_CONTENT,
    *_CLICK_IDS,
    *_CAMPAIGN,
    *_CONSENTS,
    *_ADS,
    "labelId",
    "selectedConversionEventId",
    *INSTANTS,
    *_NEWER_CLICK_IDS,
)
_DEFAULTS: Row = {"id": "", "status": OPEN, "source": "api"} | dict.fromkeys(_CONSENTS, False)

LEAD: Row = {name: _DEFAULTS.get(name) for name in _FIELDS}
"""A lead as the API returns it, keys in the order of the example (`get-leads`), with the value of
each field that nobody gave."""

ROW: Row = LEAD | {"sessionId": None}
"""A lead as it is stored."""


def expiry(moment: datetime) -> str:
    """When a lead that was created at that moment expires."""
    try:
        return instant(moment + _LIFETIME)
    except OverflowError:  # a clock at the end of the calendar
        return instant(datetime.max.replace(tzinfo=UTC))


HIGHEST = 2**53 - 1
"""The highest number of a lead: it stands in exports, and JavaScript reads it as it is."""


def lead_id(number: int, seed: int) -> str:
    """The id of the lead with that number."""
    return "lead_" + token(seed, "lead", number, 12)


def attribution(session: str | None, tx: Transaction) -> Row:
    """What the leads of a session have from it; nothing where there is no such session."""
    row = tx.get("sessions", session) if session else None
    if row is None:
        return {}
    return {name: row[name] for name in ATTRIBUTION}


def custom_text(value: Any) -> str | None:
    """Custom fields as they are stored: a text, or the text of JSON.

    Raises OverflowError for a number past the range of doubles.
    """
    if value is None or isinstance(value, str):
        return value
    return stringify(value)

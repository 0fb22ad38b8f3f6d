"""What Sela stores: the fields of a lead, those of a new one, and how it writes times."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from mockserver.documents.formats import parse_date_time
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendors.sela.rules import ZONES

LEAD: Row = {
    "id": 0,
    "email": None,
    "phone_number": "",
    "metadata": None,
    "modified_time": "",
    "created_time": "",
    "status": "NEW",
    "status_detail": None,
    "status_reason": None,
    "lead_type": None,
    "representative": None,
    "next_call_time": None,
    "next_call_time_reason": None,
    "external_id": None,
    "us_state": None,
    "lead_source": None,
    "received_time": None,
    "reengagements_count": 0,
    "last_reengagement_time": None,
    "call_schedule_start_time": None,
    "sms_dnc": False,
    "call_dnc": False,
}
"""A lead as the API returns it, keys in the order of the schema PartialLead, with the value of each
field that nobody gave."""

CLOSING = frozenset(
    "CLOSED CLOSED_INCOMPLETE LOST SCHEDULE_COMPLETED OUT_OF_TERRITORY BAD_NUMBER CANCELLED".split()
)
"""Statuses of a lead that is called no more."""


def new_lead(
    number: int, fields: Row, now: datetime, settings: Mapping[str, Any], tx: Transaction
) -> Row:
    """A whole lead from the fields given.

    Received now, and scheduled for a first call where its lead type calls out.
    """
    time = time_text(now, settings)
    times = {"modified_time": time, "created_time": time, "received_time": time}
    kind = tx.get("lead_types", fields.get("lead_type") or 0)
    calls_out = kind is not None and kind["outbound_calling"]
    status = settings["new_lead_status"]
    first = {"status": ("OPEN" if calls_out else "NEW") if status == "by lead type" else status}
    row = LEAD | times | first | fields | {"id": number}
    if (
        calls_out
        and "next_call_time" not in fields
        and not row["call_dnc"]
        and row["status"] not in CLOSING
    ):
        row |= next_call(row, now, "FIRST_CALL")
    return row


def next_call(row: Row, now: datetime, reason: str) -> Row:
    """The fields of a call that is due now, or at the start that the lead asks for."""
    start = row["call_schedule_start_time"]
    moment = max(now, moment_of(start)) if start else now
    return {
        "next_call_time": _in(UTC, moment).isoformat(timespec="seconds"),
        "next_call_time_reason": reason,
    }


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=len(ZONES))
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def time_text(moment: datetime, settings: Mapping[str, Any]) -> str:
    """ISO 8601 with microseconds and the offset of the account's zone (`leads/retrieve-a-lead`)."""
    second, offset = _second((moment - _EPOCH) // _SECOND, settings["time_zone"])
    return f"{second}.{moment.microsecond:06d}{offset}"


@lru_cache(maxsize=1024)
def _second(count: int, zone: str) -> tuple[str, str]:
    """That second since 1970 in the zone, and its offset.

    What the times of a busy moment have in common.
    """
    text = _in(_zone(zone), _EPOCH + count * _SECOND).isoformat()
    return text[:19], text[19:]


def local(moment: datetime, settings: Mapping[str, Any]) -> datetime:
    """The moment in the account's zone."""
    return _in(_zone(settings["time_zone"]), moment)


def _in(zone: Any, moment: datetime) -> datetime:
    """The moment in a zone.

    As it is where the zone's calendar has no such time, or no offset in whole minutes for it.
    """
    try:
        there = moment.astimezone(zone)
    except OverflowError:
        return moment
    offset = there.utcoffset()
    return moment if offset is None or offset.seconds % 60 else there


def moment_of(text: str) -> datetime:
    """The moment that a date-time which passed its check means."""
    moment = parse_date_time(text)
    assert moment is not None, text
    return moment

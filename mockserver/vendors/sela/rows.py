"""What Sela stores: the fields of a lead, those of a new one, and how it writes times."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from mockserver.documents.formats import parse_date_time
from mockserver.state.changes import Row, RowId
from mockserver.state.clock import second_of
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

TIMES = (
    "modified_time",
    "created_time",
    "received_time",
    "last_reengagement_time",
    "call_schedule_start_time",
)
"""The fields of a lead that are printed in the account's zone."""

CALL: Row = {
    "id": 0,
    "lead": None,
    "started": "",
    "ended": True,
    "outcome": None,
    "inbound": False,
    "connected": True,
    "transfer_initiated": False,
    "duration": 0,
    "collected": {},
    "last_chat": {},
}
"""A call, which the API shows nowhere: webhooks tell of it, and of the number of a lead's calls."""

CALL_FIELDS: dict[str, dict[str, Any]] = {
    "inbound": {"description": "Whether the lead called.", "type": "boolean"},
    "connected": {"description": "Whether the line was up.", "type": "boolean"},
    "transfer_initiated": {"description": "Whether a transfer began.", "type": "boolean"},
    "duration": {"description": "In seconds.", "type": "integer", "minimum": 0},
    "last_chat": {
        "description": "What webhooks show as last_chat from then on: an object that somebody has "
        "seen, as the documentation tells none of its fields.",
        "type": "object",
    },
}
"""What an outcome sets of a call: the vendor's document has no calls."""

FLAGS = ("sms_dnc", "call_dnc")
SET_FLAGS = "set_flags"
"""The column of a lead that has those of its flags which somebody has set to false.

A webhook tells them from flags that nobody has ever set; the API shows both as false. Most leads
have no such column.
"""

CLOSING = frozenset(
    "CLOSED CLOSED_INCOMPLETE LOST SCHEDULE_COMPLETED OUT_OF_TERRITORY BAD_NUMBER CANCELLED".split()
)
"""Statuses of a lead that is called no more."""


def new_lead(
    number: int, fields: Row, now: datetime, settings: Mapping[str, Any], tx: Transaction
) -> Row:
    """A whole lead from the fields given.

    It is received now, and scheduled for a first call if its lead type calls out.
    """
    time = time_text(now, settings)
    times = {"modified_time": time, "created_time": time, "received_time": time}
    is_called = calls_out(fields.get("lead_type"), tx)
    first = {"status": _first_status(is_called, settings)}
    row = LEAD | times | first | fields | {"id": number}
    may_be_called = not row["call_dnc"] and row["status"] not in CLOSING
    if is_called and may_be_called and "next_call_time" not in fields:
        row |= next_call(row, now, "FIRST_CALL")
    return row


def calls_out(lead_type: RowId | None, tx: Transaction) -> bool:
    """Whether outbound calling is configured for leads of that type (`leads/create-a-lead`)."""
    row = tx.get("lead_types", lead_type or 0)
    return row is not None and bool(row["outbound_calling"])


def _first_status(is_called: bool, settings: Mapping[str, Any]) -> str:
    status: str = settings["new_lead_status"]
    if status != "by lead type":
        return status
    return "OPEN" if is_called else "NEW"


def next_call(row: Row, now: datetime, reason: str) -> Row:
    """The fields of a call that is due now, or at the start that the lead asks for."""
    moment = now
    if row["call_schedule_start_time"]:
        moment = max(now, moment_of(row["call_schedule_start_time"]))
    return {"next_call_time": _call_time(moment), "next_call_time_reason": reason}


def planned_anew(row: Row, changes: Row, tx: Transaction) -> Row:
    """What becomes of the planned call of a lead that changes: it goes, moves, or stays ({}).

    A later start of the schedule moves it. A closing status, call_dnc, and a lead type that does
    not call out end it.
    """
    lead_type = changes.get("lead_type")
    if (
        changes.get("status", row["status"]) in CLOSING
        or changes.get("call_dnc")
        or (lead_type is not None and not calls_out(lead_type, tx))
    ):
        return {"next_call_time": None, "next_call_time_reason": None}
    planned, start = row["next_call_time"], changes.get("call_schedule_start_time")
    if planned and start and moment_of(start) > moment_of(planned):
        return {"next_call_time": _call_time(moment_of(start))}
    return {}


def _call_time(moment: datetime) -> str:
    return _moved(moment, UTC).isoformat(timespec="seconds")


def set_flags(row: Row, changes: Row) -> Row:
    """The changes of a lead, with the flags that are false from now on because somebody says so."""
    if changes.keys().isdisjoint(FLAGS):
        return changes
    found = [name for name in FLAGS if changes.get(name) is False]
    if not found:
        return changes
    return changes | {SET_FLAGS: sorted({*row.get(SET_FLAGS, ()), *found})}


def lead_shown(row: Row) -> Row:
    """A lead as the API shows it."""
    if SET_FLAGS not in row:
        return row
    return {name: value for name, value in row.items() if name != SET_FLAGS}


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=len(ZONES))
def zone_named(name: str) -> ZoneInfo:
    """The zone of that IANA name."""
    return ZoneInfo(name)


def time_text(moment: datetime, settings: Mapping[str, Any]) -> str:
    """ISO 8601 with the offset of the account's zone (`leads/retrieve-a-lead`).

    As the framework writes it: a whole second has no fraction, and UTC is `Z`.
    """
    second, offset = _second(second_of(moment), settings["time_zone"])
    if moment.microsecond:
        return f"{second}.{moment.microsecond:06d}{offset}"
    return second + offset


# Every write asks for a time or two, and many writes fall into one second. A zone's offset is slow
# to find, so it is found once for a second; the microseconds are added outside.
@lru_cache(maxsize=1024)
def _second(count: int, zone: str) -> tuple[str, str]:
    """The text of that second since 1970 in the zone, and the text of its offset."""
    text = _moved(_EPOCH + count * _SECOND, zone_named(zone)).isoformat()
    offset = text[19:]
    return text[:19], "Z" if offset == "+00:00" else offset


def moment_shown(moment: datetime) -> str:
    """A moment in UTC, as the control API shows the start of a call."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def printed_anew(row: Row, settings: Mapping[str, Any]) -> Row:
    """The times of a lead as these settings have them printed, where that is another text."""
    changes = {}
    for name in TIMES:
        if row[name] is not None:
            text = time_text(moment_of(row[name]), settings)
            if text != row[name]:
                changes[name] = text
    return changes


def _moved(moment: datetime, zone: tzinfo) -> datetime:
    """The moment in the zone; the moment as it is where the zone cannot write it."""
    try:
        there = moment.astimezone(zone)
    except OverflowError:  # at the ends of the calendar
        return moment
    offset = there.utcoffset()
    # Before 1900 zones have offsets with seconds, for which RFC 3339 has no notation.
    if offset is None or offset.seconds % 60:
        return moment
    return there


def moment_of(text: str) -> datetime:
    """The moment of a date-time that has passed its check."""
    moment = parse_date_time(text)
    assert moment is not None, text
    return moment


def call_count(lead: RowId | None, tx: Transaction) -> int:
    """How many calls a lead has had, in either direction (`webhook`)."""
    calls = tx.find("calls", "lead", lead)
    return sum(call["ended"] for call in calls)

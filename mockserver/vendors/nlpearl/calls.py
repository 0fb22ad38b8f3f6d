"""The calls of a pearl: how each API shows them, and which of them a search means.

The vendor has three names for what was said and found out: `transcript` and `collectedInfo` of a
call, `collectedData.transcript` and `.collectedInfos` of a lead's last call, `collectedData` of the
lead (`v2/call/get-call`, `v2/outbound/update-lead`).
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from mockserver.dialects.dot_net_values import date_time
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendors.nlpearl.rows import CALL, IN_PROGRESS, LEAD

_SHORT = ("id", "startTime", "conversationStatus", "status", "from", "to", "duration", "tags")
_LAST = ("id", "startTime", "pearlId", "status", "from", "name")
_LAST_END = ("summary", "duration", "recording", "tags")
_STARTED = "startTime"


def call_view(row: Row) -> Row:
    """A call as CallApiView."""
    return {name: row[name] for name in CALL}


def short_call_view(row: Row) -> Row:
    """A call as an item of a search."""
    return {name: row[name] for name in _SHORT}


def lead_view(row: Row, tx: Transaction) -> Row:
    """A lead as LeadApiView, with what its calls tell of it."""
    lead = LEAD | row
    del lead["pearlId"], lead["timeZoneId"]
    calls = tx.find("calls", "lead", row["id"])
    if calls:
        _tell_calls(lead, sorted(calls, key=started))
    return lead


def _tell_calls(lead: Row, calls: list[Row]) -> None:
    """Fill in what comes from the calls, which are in the order in which they started.

    The last call is the last one that has ended (`pages/webhooks` names a call at its start too).
    """
    lead["callsId"] = [call["id"] for call in calls]
    ended = [call for call in calls if call["status"] != IN_PROGRESS]
    if not ended:
        return
    lead["lastCall"] = _last_call_view(ended[-1])
    if lead["collectedData"] is None:
        lead["collectedData"] = _found_out(ended[-1], lead["callData"] or {})


def _last_call_view(row: Row) -> Row:
    """A call as LeadLastCallApiView."""
    last = {name: row[name] for name in _LAST}
    last["collectedData"] = None
    if row["transcript"] is not None or row["collectedInfo"] is not None:
        last["collectedData"] = {
            "transcript": row["transcript"],
            "collectedInfos": row["collectedInfo"],
        }
    return last | {name: row[name] for name in _LAST_END}


def _found_out(call: Row, known: Row) -> Row | None:
    """What a call found out by the id of the variable, without what was known before it."""
    infos = call["collectedInfo"]
    if infos is None:
        return None
    return {
        info["id"]: info.get("value")
        for info in infos
        if info.get("id") is not None and info["id"] not in known
    }


def started(row: Row) -> str:
    """What calls are ordered by. It is the text of the time, which sorts like the time."""
    # Without the Z a time with milliseconds comes after the same time without them.
    text: str = row[_STARTED]
    return text.removesuffix("Z")


def moment(text: str) -> datetime:
    """A date-time of a request, which .NET can read; one without an offset is in UTC."""
    read = date_time(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def between(rows: Iterable[Row], first: datetime, last: datetime) -> Iterator[Row]:
    """The calls that started between the two moments, both included."""
    low, high = _sortable(first), _sortable(last)
    for row in rows:
        if low <= started(row) <= high:
            yield row


def _sortable(moment: datetime) -> str:
    """The text that compares with those of `started` as the times do, to the microsecond."""
    text = moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.rstrip("0").rstrip(".")


def search_filter(search: Row) -> Callable[[Row], bool]:
    """A test of a call: whether it has one of the statuses, one of the tags, and the text."""
    statuses = frozenset(search.get("statuses") or ())
    tags = frozenset(search.get("tags") or ())
    text = (search.get("searchInput") or "").casefold()

    def fits(row: Row) -> bool:
        if statuses and row["conversationStatus"] not in statuses:
            return False
        if tags and tags.isdisjoint(row["tags"] or ()):
            return False
        return not text or any(text in each.casefold() for each in _texts(row))

    return fits


def _texts(row: Row) -> Iterator[str]:
    """The texts of a call that a search looks through."""
    for name in ("from", "to", "name", "summary"):
        yield row[name] or ""


SORTABLE = {name.lower(): name for name in _SHORT}
"""The fields that calls can be sorted by, in any letter case."""


def sort_key(name: str) -> Callable[[Row], tuple[bool, Any]]:
    """What calls are sorted by. Those without the field come first; a list of tags is a text."""

    def key(row: Row) -> tuple[bool, Any]:
        value = row[name]
        if name == _STARTED:
            return True, started(row)
        if isinstance(value, int):
            return True, value
        return value is not None, str(value)

    return key

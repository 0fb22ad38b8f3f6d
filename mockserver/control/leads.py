"""Handlers for what is stored: the leads of every vendor, and what was done to each."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from mockserver.call import Call
from mockserver.control.api import Control, checked, operation
from mockserver.errors import Problem, Refusal
from mockserver.journal.records import ManyRows
from mockserver.journal.view import change_view, instant
from mockserver.life.events import Event
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import RowDiff
from mockserver.vendor import Reply
from mockserver.webhooks.view import delivery_view
from mockserver.wire import write_json
from mockserver.workspaces import LEADS, Workspace

_PHONE_LENGTHS = range(7, 40)
_MAX_DIGITS = 40
"""More digits than any id has, and any phone number."""
_NO_DIGIT = re.compile(r"\D")
_MOST_NAMED = 10
_GAP = r'[^\d"]{0,3}'


class FoundLead(NamedTuple):
    """A lead: its vendor, its place among that vendor's leads, and its row."""

    vendor: str
    place: int
    row: Row


def _check_vendor(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    return server.unknown_names(query.get("vendor"), None, "query")


@operation
@checked(_check_vendor)
def list_leads(call: Call, server: Control) -> Reply:
    """A page of the leads of all vendors or of one."""
    workspace = server.workspace(call)
    call.works_through(_count(workspace))
    limit = call.query.get("limit", 100)
    after, _, place = call.query.get("after", ":-1").partition(":")
    fits = _search(call.query.get("q", ""))
    found = (
        lead
        for lead in _leads(workspace, call.query.get("vendor"))
        if (lead.vendor, lead.place) > (after, int(place)) and fits(lead.row)
    )
    page = list(islice(found, limit + 1))  # one more, to know whether there is a next page
    following = None
    if len(page) > limit:
        last = page[limit - 1]
        following = f"{last.vendor}:{last.place}"
    return Reply({"leads": [_lead(each) for each in page[:limit]], "next": following})


def _lead(found: FoundLead) -> dict[str, Any]:
    return {"vendor": found.vendor, "id": found.row["id"], "lead": found.row}


def _count(workspace: Workspace) -> int:
    return sum(len(group[LEADS].rows) for group in workspace.tables.values() if LEADS in group)


def _leads(workspace: Workspace, vendor: str | None) -> Iterator[FoundLead]:
    for name, group in sorted(workspace.tables.items()):
        if vendor in (None, name) and LEADS in group:
            table = group[LEADS]
            for place, row in table.placed_rows():
                yield FoundLead(name, place, row)


def _search(text: str) -> Callable[[Row], bool]:
    """A test of a row: whether a field has the text in it, in any letter case.

    A phone number is found in any spelling.
    """
    folded = text.casefold()
    digits = _digits(text)
    likely = _pattern(folded, digits)

    def has(field: str) -> bool:
        if folded in field.casefold():
            return True
        may_be_phone = digits != "" and len(field) in _PHONE_LENGTHS
        return may_be_phone and digits in _NO_DIGIT.sub("", field)

    def fits(row: Row) -> bool:
        # The JSON of a row is searched first: that is ten times as fast as field by field, and
        # nearly all rows fail there.
        if likely.search(write_json(row).decode().casefold()) is None:
            return False
        return any(map(has, _texts(row)))

    return fits


def _pattern(folded: str, digits: str) -> re.Pattern[str]:
    """What the JSON of a row has in it if one of its fields has the text or the phone number."""
    pattern = re.escape(write_json(folded)[1:-1].decode())
    if digits:
        pattern += "|" + _GAP.join(digits)
    return re.compile(pattern)


def _digits(text: str) -> str:
    """The digits of a phone number, without a 1 at the beginning of eleven; else an empty text."""
    if len(text) not in _PHONE_LENGTHS or not text.isascii() or any(map(str.isalpha, text)):
        return ""
    digits = _NO_DIGIT.sub("", text)
    if len(digits) < _PHONE_LENGTHS.start:
        return ""
    # The 1 of North America is often left out, so that a search must find a number without it.
    if len(digits) == 11 and digits[0] == "1":
        return digits[1:]
    return digits


def _texts(value: Any) -> Iterator[str]:
    """Every value within a row, as text."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


@operation
def get_lead(call: Call, server: Control) -> Reply:
    """A lead, even a deleted one, with every change to it that the journal still has."""
    workspace = server.workspace(call)
    vendor, id = lead_meant(workspace, call, server)
    rows = workspace.tables[vendor][LEADS].rows
    key = lead_key(workspace, vendor, id)
    history = list(_history(workspace, vendor, id))
    events = [each for each in workspace.events if _is_of(each, vendor, id)]
    if key not in rows and not history and not events:
        raise Refusal("not_found", f"{workspace.name} has no lead {id!r} of {vendor}.")
    return Reply(
        {
            "vendor": vendor,
            "id": key,
            "lead": rows.get(key),
            "history": history,
            "events": [event_view(each) for each in events],
            "deliveries": _deliveries_about(workspace, vendor, id),
        }
    )


def lead_meant(workspace: Workspace, call: Call, server: Control) -> tuple[str, str]:
    """The vendor in the path, and the id of the lead that is meant there.

    A text that is no lead's id may be an external id, e-mail address or phone number. What names
    no lead is given as it is: it may be the id of a deleted one.

    Raises Refusal("not_found") for an unknown vendor, and for a text that names several leads.
    """
    vendor, text = call.path_parameters["vendor"], call.path_parameters["id"]
    if vendor not in server.sites or LEADS not in workspace.tables.get(vendor, ()):
        raise Refusal(
            "not_found", f"{vendor!r} is no vendor; the vendors are {', '.join(server.sites)}."
        )
    lifecycle = server.sites[vendor].vendor.lifecycle
    has_id = lead_key(workspace, vendor, text) in workspace.tables[vendor][LEADS].rows
    if has_id or lifecycle is None:
        return vendor, text
    ids = [str(lead["id"]) for lead in lifecycle.named(text, workspace.transaction(vendor))]
    if len(ids) > 1:
        few = ", ".join(ids[:_MOST_NAMED])
        raise Refusal("not_found", f"{text!r} names {len(ids)} leads of {vendor}: {few}.")
    return vendor, ids[0] if ids else text


def _deliveries_about(workspace: Workspace, vendor: str, id: str) -> list[dict[str, Any]]:
    """What webhooks were told of a lead."""
    return [
        delivery_view(each)
        for each in workspace.deliveries
        if each.vendor == vendor and str(each.lead) == id
    ]


def lead_key(workspace: Workspace, vendor: str, id: str) -> RowId:
    """The id of a lead as its vendor stores it: some number their leads."""
    rows = workspace.tables[vendor][LEADS].rows
    if id not in rows and id.isdecimal() and len(id) <= _MAX_DIGITS:
        return int(id)
    return id


def _is_of(event: Event, vendor: str, id: str) -> bool:
    return event.vendor == vendor and str(event.lead) == id


def event_view(event: Event) -> dict[str, Any]:
    """An event as the API shows it."""
    view = {
        "number": event.number,
        "at": instant(event.time),
        "vendor": event.vendor,
        "lead": event.lead,
        "kind": event.kind,
    }
    return view | dict(event.data) | {"cause": {event.cause.kind: event.cause.number}}


def _history(workspace: Workspace, vendor: str, id: str) -> Iterator[dict[str, Any]]:
    """Each change to the lead, oldest first."""
    for record in workspace.journal:
        if record.vendor != vendor:
            continue
        for change in record.changes:
            if change.table == LEADS and _is_about(change, id):
                yield {
                    "request": record.number,
                    "time": instant(record.time),
                    "operation": record.operation,
                    **_columns(change),
                }


def _is_about(change: RowDiff | ManyRows, id: str) -> bool:
    ids = change.ids if isinstance(change, ManyRows) else (change.id,)
    return any(str(each) == id for each in ids)


def _columns(change: RowDiff | ManyRows) -> dict[str, Any]:
    if isinstance(change, ManyRows):  # the journal keeps only the ids of so many rows
        return {"before": None, "after": None, "fields": []}
    shown = change_view(change)
    return {name: shown[name] for name in ("before", "after", "fields")}

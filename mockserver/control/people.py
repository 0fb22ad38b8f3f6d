"""Handlers for people: the leads of all vendors that are one person, and what happened to them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, operation
from mockserver.control.grouping import FILTERS, People, Person
from mockserver.control.leads import event_view, lead_key, lead_meant
from mockserver.control.lifecycle import due_view
from mockserver.errors import Refusal
from mockserver.journal.records import ManyRows, Record
from mockserver.journal.view import change_view, instant, summary
from mockserver.journal.why import why
from mockserver.life.lifecycle import DUE
from mockserver.life.people import Member, SharedKey, first_given
from mockserver.state.transaction import RowDiff
from mockserver.vendor import Reply
from mockserver.webhooks.view import delivery_view
from mockserver.workspaces import LEADS, Workspace

_PAGE = 100
_LONGEST_TIMELINE = 200
_SHOWN_SHARING = 20
_NO_DIGIT = re.compile(r"\D+")
_FEWEST_DIGITS = 3


@operation
def list_people(call: Call, server: Control) -> Reply:
    """A page of the people of a workspace, and how many each filter has."""
    workspace, query = server.workspace(call), call.query
    call.works_through(workspace.lead_count())
    people = server.people.of(workspace, server.vendors)
    found = [person for person in people.people if _has(person, query.get("q", ""))]
    counts = dict.fromkeys(FILTERS, 0)
    for person in found:
        for name in person.filters:
            counts[name] += 1
    chosen = [person for person in found if query.get("filter", "all") in person.filters]
    ordered = people.in_order(chosen, query.get("order", "changed"))
    first = query.get("after", 0)
    end = first + query.get("limit", _PAGE)
    page = ordered[first:end]
    return Reply(
        {
            "people": [_summary(person, people, workspace, server) for person in page],
            "total": len(ordered),
            "next": end if end < len(ordered) else None,
            "counts": counts,
            "leads": {
                vendor: len(group[LEADS].all())
                for vendor, group in workspace.tables.items()
                if LEADS in group
            },
        }
    )


def _has(person: Person, text: str) -> bool:
    """Whether the text stands in a name, e-mail address, phone number or id of the person."""
    folded = text.casefold().strip()
    if not folded or folded in person.text:
        return True
    digits = _NO_DIGIT.sub("", folded)
    is_number = len(digits) >= _FEWEST_DIGITS and not any(map(str.isalpha, folded))
    return is_number and digits in person.digits


def _summary(
    person: Person, people: People, workspace: Workspace, server: Control
) -> dict[str, Any]:
    profiles = [member.profile for member in person.members]
    change = people.last_change(person)
    changed = None
    if change is not None:
        by = None if change.cause is None else {change.cause.kind: change.cause.number}
        changed = {"at": instant(change.at), "by": by}
    return {
        "key": person.key,
        "name": person.name,
        "email": first_given(profile.email for profile in profiles),
        "phone": first_given(profile.phone for profile in profiles),
        "external_id": first_given(profile.external_id for profile in profiles),
        "changed": changed,
        "leads": [_lead(member, workspace, server) for member in person.members],
        "shares": [_shared(shared, person, people) for shared in person.shares],
    }


def _shared(shared: SharedKey, person: Person, people: People) -> dict[str, Any]:
    having = (people.people[place] for place in shared.places)
    others = (each for each in having if each is not person)
    return {
        "field": shared.field,
        "value": shared.value,
        "total": len(shared.places) - 1,
        "people": [
            {"key": other.key, "name": other.name} for other in islice(others, _SHOWN_SHARING)
        ],
    }


def _lead(member: Member, workspace: Workspace, server: Control) -> dict[str, Any]:
    profiles = server.sites[member.vendor].vendor.profiles
    facts = profiles.facts(member.row, workspace.transaction(member.vendor))
    return {
        "vendor": member.vendor,
        "id": member.id,
        "status": member.profile.status,
        "title": member.profile.title,
        "state": member.profile.state,
        "facts": [{"name": name, "value": value} for name, value in facts],
    }


@operation
def get_person(call: Call, server: Control) -> Reply:
    """The person that a lead belongs to, with all leads, what is due and what happened."""
    workspace = server.workspace(call)
    vendor, id = lead_meant(workspace, call, server)
    call.works_through(workspace.lead_count())
    people = server.people.of(workspace, server.vendors)
    person = people.having(vendor, lead_key(workspace, vendor, id))
    if person is None:
        raise Refusal("not_found", f"{workspace.name} has no lead {id!r} of {vendor}.")
    shown = _summary(person, people, workspace, server)
    for lead, member in zip(shown["leads"], person.members, strict=True):
        lead["lead"] = member.row
    limit = call.query.get("limit", _LONGEST_TIMELINE)
    return Reply(
        shown
        | {
            "upcoming": _upcoming(person, workspace),
            "timeline": _timeline(person, workspace, server)[:limit],
        }
    )


def _upcoming(person: Person, workspace: Workspace) -> list[dict[str, Any]]:
    """The due steps of the person's leads, the next one first; what is held comes last."""
    found = []
    for member in person.members:
        if DUE in workspace.tables[member.vendor]:
            rows = workspace.transaction(member.vendor).find(DUE, "lead", member.id)
            found += [due_view(member.vendor, row) for row in rows]
    return sorted(found, key=_due_order)


def _due_order(due: Mapping[str, Any]) -> tuple[bool, str, int]:
    return due["at"] is None, due["at"] or "", due["number"]


def _timeline(person: Person, workspace: Workspace, server: Control) -> list[dict[str, Any]]:
    """What happened to the person's leads, newest first."""
    leads = {(member.vendor, member.id) for member in person.members}
    found = [
        *_requests(leads, workspace, server),
        *_events(leads, workspace),
        *_deliveries(leads, workspace),
    ]
    found.sort(key=_moment, reverse=True)
    return found


def _moment(entry: Mapping[str, Any]) -> str:
    at: str = entry["at"]
    return at


def _requests(
    leads: set[tuple[str, Any]], workspace: Workspace, server: Control
) -> Iterator[dict[str, Any]]:
    for record in workspace.journal:
        changes = [change for change in record.changes if _is_about(change, record, leads)]
        if changes or _is_meant(record, leads):
            yield {
                "kind": "request",
                "at": instant(record.time),
                "request": summary(record) | {"why": why(record, server.directory).as_json()},
                "changes": [change_view(change) for change in changes],
            }


def _is_about(change: RowDiff | ManyRows, record: Record, leads: set[tuple[str, Any]]) -> bool:
    if change.table != LEADS:
        return False
    ids: Sequence[Any] = change.ids if isinstance(change, ManyRows) else (change.id,)
    return any((record.vendor, id) in leads for id in ids)


def _is_meant(record: Record, leads: set[tuple[str, Any]]) -> bool:
    """Whether the request found one of the leads."""
    for match in record.matches:
        if match.table == LEADS and any((record.vendor, id) in leads for id in match.ids):
            return True
    return False


def _events(leads: set[tuple[str, Any]], workspace: Workspace) -> Iterator[dict[str, Any]]:
    for event in workspace.events:
        if (event.vendor, event.lead) in leads:
            yield {"kind": "event", "at": instant(event.time), "event": event_view(event)}


def _deliveries(leads: set[tuple[str, Any]], workspace: Workspace) -> Iterator[dict[str, Any]]:
    for each in workspace.deliveries:
        if (each.vendor, each.lead) in leads:
            yield {"kind": "delivery", "at": instant(each.time), "delivery": delivery_view(each)}

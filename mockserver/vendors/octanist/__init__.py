"""Octanist: leads of one organization, updated by id, e-mail or phone."""

from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from math import fsum
from sys import float_info
from typing import Any, NamedTuple

from mockserver import matching
from mockserver.call import Call
from mockserver.collection import find_or_refuse, new_id, page, page_count
from mockserver.credential import Credential
from mockserver.dialects.envelope import Envelope, Page, instant
from mockserver.dialects.javascript import number
from mockserver.errors import Problem, Refusal
from mockserver.identity import email_key
from mockserver.state.changes import Row
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import Transaction
from mockserver.vendor import Reply, Vendor
from mockserver.vendors.octanist.rows import (
    ATTRIBUTION,
    INSTANTS,
    LEAD,
    LOST,
    OPEN,
    QUALIFIED,
    QUALIFYING,
    ROW,
    STATUSES,
    WON,
    attribution,
    custom_text,
    expiry,
    lead_id,
    moment_of,
)
from mockserver.vendors.octanist.rules import BEHAVIOURS, RULES, SETTINGS, phone_index, trimmed
from mockserver.vendors.octanist.seeds import SECTION

_GIVEN_ON_CREATE = ("name", "email", "phone", "note")


DIALECT = Envelope(
    listing=frozenset({"limit", "page", "sort", "search", "fields"}),
    booleans={"granted": True, "denied": False},
)


def view(row: Row) -> Row:
    """A lead as the API returns it."""
    return {name: row[name] for name in LEAD}


vendor = Vendor(
    name="octanist",
    dialect=DIALECT,
    credential=Credential("X-API-KEY"),
    tables=(
        TableSpec(
            "leads",
            {
                "id": Index("id", str),
                "email": Index("email", email_key),
                "phone": Index("phone", phone_index),
                "exact phone": Index("phone", trimmed),
            },
        ),
        TableSpec("sessions"),
    ),
    section=SECTION,
    settings=SETTINGS,
    rules=tuple(RULES.values()),
    behaviours=BEHAVIOURS,
    curl="curl -X PATCH {url}/api/leads -H 'X-API-KEY: demo' -H 'Content-Type: application/json' "
    '-d \'{{"email": "john@example.com", "status": "won", "value": 5000}}\'',
)


@vendor.operation
def check(call: Call, tx: Transaction) -> Reply:
    """POST /check: the one answer without the envelope (`check`, `introduction`)."""
    return Reply({"success": True}, wrapped=False)


@vendor.operation
def get_lead(call: Call, tx: Transaction) -> Reply:
    """GET /leads/{id} (`get-lead`)."""
    return Reply(view(find_or_refuse(tx, "leads", call.path_parameters["id"], _no_lead)))


def _no_lead() -> Refusal:
    return Refusal("not_found", "Lead not found")


@vendor.operation
def create_lead(call: Call, tx: Transaction) -> Reply:
    """POST /leads: always a new lead (`create-lead`)."""
    _refuse_rejected(call)
    now, given = instant(call.now), call.body
    session = _session(call, tx)
    row = ROW | {name: given[name] for name in _GIVEN_ON_CREATE if name in given}
    row |= (
        attribution(session, tx)
        if session
        else {name: given[name] for name in ATTRIBUTION if name in given}
    )
    row["custom"] = _given_custom(call)
    row |= {"createdAt": now, "updatedAt": now, "expiresAt": expiry(call.now), "sessionId": session}
    row["id"] = new_id(tx, "leads", partial(lead_id, seed=call.seed))
    return Reply(
        {"id": tx.put("leads", row)["id"], "message": "Lead added"}, call.settings["create_status"]
    )


def _refuse_rejected(call: Call) -> None:
    """A 403 for an e-mail of a domain that the organization rejects (legacy `authentication`.

    The key is valid, the lead is not taken).
    """
    rejected = call.settings["reject_email_domains"]
    domain = call.body.get("email", "").rpartition("@")[2].strip().lower()
    if rejected and domain and domain in [each.strip().lower() for each in rejected.split(",")]:
        raise Refusal(
            "forbidden", "The lead is rejected by the organization's lead filtering rules"
        )


def _session(call: Call, tx: Transaction) -> str | None:
    """The id of the session that a new lead belongs to.

    Raises Refusal by the setting unknown_session.
    """
    id: str = call.body.get("sessionId", "")
    if id and tx.get("sessions", id) is not None:
        return id
    if id and call.settings["unknown_session"] == "refuse":
        raise call.invalid(
            ("sessionId",), "reference", "sessionId is no session of this organization"
        )
    return None


def _given_custom(call: Call) -> str | None:
    try:
        return custom_text(call.body.get("custom"))
    except OverflowError:
        raise call.invalid(("custom",), "finite", "custom must have finite numbers only") from None


@vendor.operation
def update_lead(call: Call, tx: Transaction) -> Reply:
    """PATCH /leads.

    The lead that the identifier means, or every one where bulk updates are allowed (`update-lead`).
    """
    settings, update = call.settings, _update(call)
    rule = RULES[settings["identifier_fallback"], settings["phone_match"]]
    rows = matching.find(rule, call.body, tx).rows
    if not rows:
        raise _no_lead()
    if len(rows) > 1 and not settings["allow_bulk_updates"]:
        raise Refusal("conflict", "Multiple leads match; provide a more specific identifier")
    for row in rows:
        tx.put("leads", _updated(row, update, settings))
    return Reply(
        {"leadId": rows[0]["id"], "leadsUpdated": len(rows), "message": "Lead updated successfully"}
    )


class Update(NamedTuple):
    """What an update sets on every lead, and three fields whose value depends on the lead."""

    changes: Row
    status: str | None
    note: str | None
    loss_reason: str | None


def _update(call: Call) -> Update:
    """What the body asks for; `status` wins over its older name (`update-lead`).

    Raises Refusal for a value past all numbers.
    """
    given = call.body
    changes: Row = {"updatedAt": instant(call.now)}
    if "value" in given:
        try:
            changes["value"] = number(given["value"])
        except OverflowError:
            raise call.invalid(("value",), "finite", "value must be a finite number") from None
    return Update(
        changes,
        given.get("status", given.get("changedTo")),
        given.get("note"),
        given.get("lossReason"),
    )


def _updated(row: Row, update: Update, settings: Mapping[str, Any]) -> Row:
    after = row | update.changes
    if update.status is not None:
        after["status"] = update.status
        if update.status in QUALIFYING and after["qualifiedAt"] is None:
            after["qualifiedAt"] = after["updatedAt"]
    if after["status"] != LOST:
        if row["status"] == LOST and settings["leaving_lost"] == "clear":
            after["lossReason"] = None
    elif update.loss_reason is not None:
        after["lossReason"] = update.loss_reason
    if update.note is not None:
        append = row["note"] and settings["note_update"] == "append"
        after["note"] = f"{row['note']}\n{update.note}" if append else update.note
    return after


@vendor.operation
def list_leads(call: Call, tx: Transaction) -> Reply:
    """GET /leads: one page of the leads that every filter fits (`get-leads`)."""
    query = {name: asked for name, asked in call.query.items() if name in call.parameters}
    order, names = _asked(query)
    filters = _filters(query)
    rows = _sorted([row for row in tx.rows("leads") if all(fits(row) for fits in filters)], order)
    limit, page_number = query.get("limit", 50), query.get("page", 1)
    pages = page_count(len(rows), limit)
    items = [{name: row[name] for name in names} for row in page(rows, page_number, limit)]
    return Reply(
        Page(
            items,
            {
                "limit": limit,
                "page": page_number,
                "totalPages": pages,
                "total": len(rows),
                "hasMore": page_number < pages,
            },
        )
    )


Fits = Callable[[Row], bool]
Order = list[tuple[str, bool]]
"""Fields to sort by, each with whether it is descending."""

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "": lambda held, asked: held == asked,
    "gte": lambda held, asked: held >= asked,
    "gt": lambda held, asked: held > asked,
    "lte": lambda held, asked: held <= asked,
    "lt": lambda held, asked: held < asked,
}


def _asked(query: Mapping[str, Any]) -> tuple[Order, tuple[str, ...]]:
    """What to sort by and which fields to show.

    Raises Refusal naming every field that leads do not have.
    """
    pairs = [each.partition(":") for each in query.get("sort", "createdAt:desc").split(",")]
    names = tuple(dict.fromkeys(query["fields"].split(","))) if "fields" in query else tuple(LEAD)
    problems = [
        Problem(
            (parameter,),
            "unknown field",
            f"{parameter} names {name}, which is no field of a lead",
            location="query",
        )
        for parameter, asked in (("sort", [name for name, _, _ in pairs]), ("fields", names))
        for name in asked
        if name not in LEAD
    ]
    if problems:
        raise Refusal("invalid", problems=problems)
    return [(name, direction == "desc") for name, _, direction in pairs], names


def _sorted(rows: list[Row], order: Order) -> list[Row]:
    """The rows by those fields, nulls last.

    Equal ones in the order of their creation, or against it where the first field descends.
    """
    if order[0][1]:
        rows.reverse()
    for name, descending in reversed(order):
        held = [row for row in rows if row[name] is not None]
        held.sort(key=lambda row: row[name], reverse=descending)
        rows = held + [row for row in rows if row[name] is None]
    return rows


def _filters(query: Mapping[str, Any]) -> list[Fits]:
    """A test of a row for each filter. Raises Refusal naming each date that no clock shows."""
    filters, problems = [], []
    for parameter, sent in query.items():
        asked = sent
        name, _, operator = parameter.rstrip("]").partition("[")
        if name in INSTANTS and operator != "exists":
            moment = moment_of(sent)
            if moment is None:
                problems.append(
                    Problem(
                        (parameter,),
                        "format",
                        "",
                        sent,
                        {"type": "string", "x-format": "js-date"},
                        "query",
                    )
                )
                continue
            asked = instant(moment)
        if parameter == "search":
            filters.append(_mentions(asked.casefold()))
        elif parameter not in DIALECT.listing:
            filters.append(
                _exists(name, asked) if operator == "exists" else _compares(name, operator, asked)
            )
    if problems:
        raise Refusal("invalid", problems=problems)
    return filters


def _mentions(text: str) -> Fits:
    return lambda row: any(
        text in (row[name] or "").casefold() for name in ("name", "email", "phone")
    )


def _exists(name: str, asked: bool) -> Fits:
    return lambda row: (row[name] not in (None, "")) is asked


def _compares(name: str, operator: str, asked: Any) -> Fits:
    holds = _OPERATORS[operator]
    return lambda row: row[name] is not None and holds(row[name], asked)


class Period(NamedTuple):
    """The first and the last moment of a period, as leads have them."""

    start: str
    end: str


def _days(first: str, last: str) -> Period:
    return Period(f"{first}T00:00:00.000Z", f"{last}T23:59:59.999Z")


def _month(year: int, month: int) -> Period:
    return _days(f"{year:04}-{month:02}-01", f"{year:04}-{month:02}-{monthrange(year, month)[1]}")


def _period(asked: Mapping[str, Any], now: datetime) -> Period:
    """The period of a request.

    The calendar month, the one before, or the days it names (`stats`).
    """
    kind = asked.get("period", "current")
    if kind == "custom":
        return _days(asked["startDate"], asked["endDate"])
    if kind == "current":
        return _month(now.year, now.month)
    return _month(now.year, now.month - 1) if now.month > 1 else _month(now.year - 1, 12)


@vendor.operation
def stats(call: Call, tx: Transaction) -> Reply:
    """POST /stats: usage, counts and conversion of a period's leads (`stats`)."""
    period = _period(call.body, call.now)
    rows = [row for row in tx.rows("leads") if period.start <= row["createdAt"] <= period.end]
    limit = call.settings["leads_limit"]
    shown = period if call.settings["subscription"] == "active" else (None, None)
    usage = {"leadsUsed": len(rows), "leadsLimit": limit, "lockedLeads": max(len(rows) - limit, 0)}
    usage |= dict(zip(("periodStart", "periodEnd"), shown, strict=True))
    by_status = dict.fromkeys(STATUSES, 0) | Counter(row["status"] for row in rows)
    leads = {
        "total": len(rows),
        "byStatus": by_status,
        "bySource": dict(Counter(row["source"] for row in rows)),
    }
    return Reply({"usage": usage, "leads": leads, "conversion": _conversion(by_status, rows)})


def _conversion(by_status: Mapping[str, int], rows: Iterable[Row]) -> Row:
    """The figures whose formulas fit the documentation's example (`stats`)."""
    won, total = by_status[WON], sum(by_status.values())
    qualified = by_status[QUALIFIED] + won
    value = _total(
        row["value"] for row in rows if row["status"] == WON and row["value"] is not None
    )
    return {
        "qualified": qualified,
        "qualificationRate": _ratio(total - by_status[OPEN], total),
        "winRate": _ratio(won, qualified),
        "averageValue": _ratio(value, won),
        "totalValue": number(value),
    }


def _total(values: Iterable[float]) -> float:
    """The sum, at most the largest double: more cannot be said in JSON."""
    try:
        return fsum(values)
    except OverflowError:
        return float_info.max


def _ratio(part: float, whole: int) -> int | float:
    return number(part / whole) if whole else 0

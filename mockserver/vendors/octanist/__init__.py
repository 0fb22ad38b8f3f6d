"""Octanist: leads of one organization, updated by id, e-mail or phone."""

import operator
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from math import fsum
from operator import itemgetter
from sys import float_info
from typing import Any, NamedTuple

from mockserver import matching
from mockserver.call import Call
from mockserver.collection import find_or_refuse, new_id, page, page_count
from mockserver.credential import Credential
from mockserver.dialects.envelope import Envelope, Page, instant
from mockserver.dialects.javascript import date, number
from mockserver.errors import Problem, Refusal
from mockserver.identity import email_key
from mockserver.life.lifecycle import tables as life_tables
from mockserver.state.changes import Row
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import Transaction
from mockserver.vendor import Reply, Vendor
from mockserver.vendors.octanist.lifecycle import LIFECYCLE
from mockserver.vendors.octanist.people import OctanistProfiles
from mockserver.vendors.octanist.rows import (
    ATTRIBUTION,
    HIGHEST,
    INSTANTS,
    LEAD,
    OPEN,
    QUALIFIED,
    ROW,
    STATUSES,
    WON,
    attribution,
    custom_text,
    expiry,
    lead_id,
)
from mockserver.vendors.octanist.rules import BEHAVIOURS, RULES, SETTINGS, phone_index, trimmed
from mockserver.vendors.octanist.seeds import SECTION
from mockserver.vendors.octanist.updates import Update, changes_of

_CREATED = "createdAt"
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
                "phone": Index("phone", phone_index, ("phone_region",)),
                "exact phone": Index("phone", trimmed),
            },
            order=Index(_CREATED, str),
            highest=HIGHEST,
        ),
        TableSpec("sessions"),
        *life_tables(has_calls=False),
    ),
    section=SECTION,
    settings=SETTINGS,
    rules=tuple(RULES.values()),
    behaviours=BEHAVIOURS,
    lifecycle=LIFECYCLE,
    profiles=OctanistProfiles(),
    curl="curl -X PATCH {url}/api/leads -H 'X-API-KEY: demo' -H 'Content-Type: application/json' "
    '-d \'{{"email": "john@example.com", "status": "won", "value": 5000}}\'',
)


@vendor.operation
def check(call: Call, tx: Transaction) -> Reply:
    """POST /check: say that the key is valid (`check`, `introduction`)."""
    # This is the one answer without the envelope.
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
    now = instant(call.now)
    session = _session(call, tx)
    row = ROW | _chosen(call.body, _GIVEN_ON_CREATE)
    # A known session has the whole attribution of the lead; that of the request is then ignored.
    row |= attribution(session, tx) if session else _chosen(call.body, ATTRIBUTION)
    row["custom"] = _given_custom(call)
    row |= {"createdAt": now, "updatedAt": now, "expiresAt": expiry(call.now), "sessionId": session}
    row["id"] = new_id(tx, "leads", partial(lead_id, seed=call.seed))
    tx.put("leads", row)
    return Reply({"id": row["id"], "message": "Lead added"}, call.settings["create_status"])


def _chosen(given: Mapping[str, Any], names: Iterable[str]) -> Row:
    """The fields of these names that are given."""
    return {name: given[name] for name in names if name in given}


def _refuse_rejected(call: Call) -> None:
    """Raise Refusal("forbidden") if the organization rejects the domain of the lead's e-mail.

    The key is valid, but the lead is not stored (legacy `authentication`).
    """
    rejected = call.settings["reject_email_domains"]
    domain = _plain_domain(call.body.get("email", "").rpartition("@")[2])
    if rejected and domain and domain in map(_plain_domain, rejected.split(",")):
        raise Refusal(
            "forbidden", "The lead is rejected by the organization's lead filtering rules"
        )


def _plain_domain(text: str) -> str:
    return text.strip().lower()


def _session(call: Call, tx: Transaction) -> str | None:
    """The id of the session that a new lead belongs to.

    Raises Refusal for an unknown session if the setting `unknown_session` refuses it.
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
    """The text of the custom fields. Raises Refusal for a number past the range of doubles."""
    try:
        return custom_text(call.body.get("custom"))
    except OverflowError:
        raise call.invalid(("custom",), "finite", "custom must have finite numbers only") from None


@vendor.operation
def update_lead(call: Call, tx: Transaction) -> Reply:
    """PATCH /leads.

    Change the lead that the identifier means, or every such lead if bulk updates are allowed
    (`update-lead`).
    """
    settings, update = call.settings, _update(call)
    rule = RULES[settings["identifier_fallback"], settings["phone_match"]]
    rows = matching.find(rule, call.body, tx).rows
    if not rows:
        raise _no_lead()
    if len(rows) > 1 and not settings["allow_bulk_updates"]:
        raise Refusal("conflict", "Multiple leads match; provide a more specific identifier")
    call.works_through(len(rows))
    for row in rows:
        tx.update("leads", row, changes_of(row, update, settings))
    return Reply(
        {"leadId": rows[0]["id"], "leadsUpdated": len(rows), "message": "Lead updated successfully"}
    )


def _update(call: Call) -> Update:
    """What the body asks for; `status` wins over its older name (`update-lead`).

    Raises Refusal for a value past the range of doubles.
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


@vendor.operation
def list_leads(call: Call, tx: Transaction) -> Reply:
    """GET /leads: one page of the leads that pass every filter (`get-leads`)."""
    query = {name: value for name, value in call.query.items() if name in call.parameters}
    order, names = _order_and_fields(query)
    filters = _filters(query)
    rows: Sequence[Row] = tx.rows("leads")
    newest_first = False
    if filters:
        call.works_through(len(rows))
        rows = [row for row in rows if all(fits(row) for fits in filters)]
    (column, descending), *others = order
    # Most tables are in the order of their creation already: then one page is all that is read.
    if column == _CREATED and not others and tx.in_order("leads"):
        newest_first = descending
    else:
        call.works_through(len(rows))
        rows = _sorted(list(rows), order)
    limit = query.get("limit", 50)
    page_number = query.get("page", 1)
    pages = page_count(len(rows), limit)
    pagination = {
        "limit": limit,
        "page": page_number,
        "totalPages": pages,
        "total": len(rows),
        "hasMore": page_number < pages,
    }
    found = page(rows, page_number, limit, newest_first=newest_first)
    items = [_chosen(row, names) for row in found]
    return Reply(Page(items, pagination))


Fits = Callable[[Row], bool]

Order = list[tuple[str, bool]]
"""Fields to sort by, each with whether it is descending."""

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
}

_SEARCHED = ("name", "email", "phone")


def _order_and_fields(query: Mapping[str, Any]) -> tuple[Order, tuple[str, ...]]:
    """What to sort by and which fields to show.

    Raises Refusal naming every field that leads do not have.
    """
    directions: dict[str, bool] = {}
    for part in query.get("sort", f"{_CREATED}:desc").split(","):
        name, _, direction = part.partition(":")
        # Rows that are in order of a field stay so, whatever is said of the field once more.
        directions.setdefault(name, direction == "desc")
    shown = tuple(LEAD)
    if "fields" in query:
        shown = tuple(dict.fromkeys(query["fields"].split(",")))
    problems = [*_unknown_fields("sort", directions), *_unknown_fields("fields", shown)]
    if problems:
        raise Refusal("invalid", problems=problems)
    return list(directions.items()), shown


def _unknown_fields(parameter: str, names: Iterable[str]) -> Iterator[Problem]:
    for name in names:
        if name not in LEAD:
            text = f"{parameter} names {name}, which is no field of a lead"
            yield Problem((parameter,), "unknown field", text, location="query")


def _sorted(rows: list[Row], order: Order) -> list[Row]:
    """The rows by those fields, nulls last.

    Equal rows have the order of their creation, or the reverse if the first field descends.
    """
    _, newest_first = order[0]
    if newest_first:
        rows.reverse()
    # Sorting is stable, so the last field comes first and the first one decides.
    for name, descending in reversed(order):
        with_value = [row for row in rows if row[name] is not None]
        without_value = [row for row in rows if row[name] is None]
        with_value.sort(key=itemgetter(name), reverse=descending)
        rows = with_value + without_value
    return rows


def _filters(query: Mapping[str, Any]) -> list[Fits]:
    """A test of a row for each filter."""
    filters: list[Fits] = []
    for parameter, value in query.items():
        if parameter == "search":
            filters.append(_mentions(value.casefold()))
        elif parameter not in DIALECT.listing:
            filters.append(_filter(parameter, value))
    return filters


def _filter(parameter: str, value: Any) -> Fits:
    """The test of one filter, as `value` or `value[gte]`."""
    name, _, comparison = parameter.rstrip("]").partition("[")
    if comparison == "exists":
        return _exists(name, value)
    if name == "value":
        return _compares(name, comparison, number(value))
    if name not in INSTANTS:
        return _compares(name, comparison, value)
    moment = date(value)
    assert moment is not None, value
    # Leads have their times in one form and one zone: compared as texts they are in order.
    return _compares(name, comparison, instant(moment))


def _mentions(text: str) -> Fits:
    def fits(row: Row) -> bool:
        return any(text in (row[name] or "").casefold() for name in _SEARCHED)

    return fits


def _exists(name: str, wanted: bool) -> Fits:
    def fits(row: Row) -> bool:
        return (row[name] not in (None, "")) is wanted

    return fits


def _compares(name: str, comparison: str, wanted: Any) -> Fits:
    holds = _OPERATORS[comparison]

    def fits(row: Row) -> bool:
        return row[name] is not None and holds(row[name], wanted)

    return fits


class Period(NamedTuple):
    """The first and the last moment of a period, as leads have them."""

    start: str
    end: str


def _days(first: str, last: str) -> Period:
    return Period(f"{first}T00:00:00.000Z", f"{last}T23:59:59.999Z")


def _month(year: int, month: int) -> Period:
    return _days(f"{year:04}-{month:02}-01", f"{year:04}-{month:02}-{monthrange(year, month)[1]}")


def _period(body: Mapping[str, Any], now: datetime) -> Period:
    """The period of a request: this month, the month before, or the days it names (`stats`)."""
    kind = body.get("period", "current")
    if kind == "custom":
        return _days(body["startDate"], body["endDate"])
    if kind == "current":
        return _month(now.year, now.month)
    if now.month == 1:
        return _month(now.year - 1, 12)
    return _month(now.year, now.month - 1)


@vendor.operation
def stats(call: Call, tx: Transaction) -> Reply:
    """POST /stats: usage, counts and conversion of a period's leads (`stats`)."""
    period = _period(call.body, call.now)
    call.works_through(len(tx.rows("leads")))
    rows = [row for row in tx.rows("leads") if period.start <= row["createdAt"] <= period.end]
    by_status = dict.fromkeys(STATUSES, 0) | Counter(row["status"] for row in rows)
    leads = {
        "total": len(rows),
        "byStatus": by_status,
        "bySource": dict(Counter(row["source"] for row in rows)),
    }
    return Reply(
        {
            "usage": _usage(len(rows), period, call.settings),
            "leads": leads,
            "conversion": _conversion(by_status, rows),
        }
    )


def _usage(used: int, period: Period, settings: Mapping[str, Any]) -> Row:
    """What the subscription allows and what is used of it (`stats`)."""
    limit = settings["leads_limit"]
    is_active = settings["subscription"] == "active"
    return {
        "leadsUsed": used,
        "leadsLimit": limit,
        "lockedLeads": max(used - limit, 0),
        "periodStart": period.start if is_active else None,
        "periodEnd": period.end if is_active else None,
    }


def _conversion(by_status: Mapping[str, int], rows: Iterable[Row]) -> Row:
    """The figures of conversion (`stats`)."""
    # The documentation gives no formulas; these fit the figures of its example.
    won = by_status[WON]
    total = sum(by_status.values())
    qualified = by_status[QUALIFIED] + won
    values = [row["value"] for row in rows if row["status"] == WON]
    value = _total(value for value in values if value is not None)
    return {
        "qualified": qualified,
        "qualificationRate": _ratio(total - by_status[OPEN], total),
        "winRate": _ratio(won, qualified),
        "averageValue": _ratio(value, won),
        "totalValue": number(value),
    }


def _total(values: Iterable[float]) -> float:
    """The sum, at most the largest double."""
    try:
        return fsum(values)
    except OverflowError:  # JSON has no infinity
        return float_info.max


def _ratio(part: float, whole: int) -> int | float:
    if whole == 0:
        return 0
    return number(part / whole)

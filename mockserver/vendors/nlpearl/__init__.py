"""NLPearl: outbound leads of voice agents ("pearls") and calls, at api.nlpearl.ai.

Sources are pages below developers.nlpearl.ai.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from mockserver import matching
from mockserver.call import Call
from mockserver.collection import new_id, window
from mockserver.credential import Credential
from mockserver.dialects.aspnet_core import AspNetCore, KeyedMessage, Model, converts, grouped
from mockserver.documents.zones import is_windows_name, offset_hours
from mockserver.errors import Problem, Refusal, limited
from mockserver.life.lifecycle import tables as life_tables
from mockserver.matching import MatchingRule
from mockserver.state.changes import Row
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import Transaction
from mockserver.vendor import Reply, Vendor
from mockserver.vendors.nlpearl import outbound_settings, webhooks
from mockserver.vendors.nlpearl.analytics import analytics
from mockserver.vendors.nlpearl.calls import (
    SORTABLE as SORTABLE_CALLS,
)
from mockserver.vendors.nlpearl.calls import (
    between,
    call_view,
    lead_view,
    moment,
    search_filter,
    short_call_view,
    sort_key,
    started,
)
from mockserver.vendors.nlpearl.lifecycle import LIFECYCLE
from mockserver.vendors.nlpearl.people import PearlProfiles
from mockserver.vendors.nlpearl.rows import (
    ACCOUNT,
    FROM_CALLS,
    HIGHEST,
    IN_PROGRESS,
    INBOUND,
    LEAD,
    NEW,
    PAUSED,
    PEARL,
    RUNNING,
    SUCCESS,
    ZONE,
    Stamp,
    stamp_of,
    time_text,
    time_zone,
)
from mockserver.vendors.nlpearl.rules import (
    BEHAVIOURS,
    BY_EXTERNAL_ID,
    BY_ID,
    BY_PHONE,
    SETTINGS,
    phone_index,
)
from mockserver.vendors.nlpearl.seeds import SECTION
from mockserver.vendors.nlpearl.webhooks import WEBHOOKS_OF_PEARLS
from mockserver.webhooks.base import WEBHOOKS
from mockserver.webhooks.tables import OUTBOX_TABLE
from mockserver.wire import write_json

_FINISHED = frozenset({100, 110, 130})  # Success, NotSuccessful, Completed
"""Statuses of a lead that is called no more after a conversation."""

_OBJECT_ID = re.compile("[0-9a-f]{24}")
_EXAMPLE_PEARL = "66a1f0c2d60e456235eae601"
"""The outbound pearl of the demo."""
_SHOWN_PEARLS = 10
_FIRST_MOMENT = "0001-01-01"

_CREATED = "created"
_SHORT = ("id", "externalId", "phoneNumber", "timeZone", "status", "created", "callData")
_SORTABLE = {name.lower(): name for name in LEAD}

_NAMESPACE = "NLPearl.Core.Models."


def _model(parameter: str, name: str) -> Model:
    return Model(parameter, _NAMESPACE + name)


DIALECT = AspNetCore(
    models={
        "add_lead": _model("leadToAdd", "LeadToAddApi"),
        "add_leads": _model("leadsToAdd", "LeadsToAddApi"),
        "update_lead": _model("leadToUpdate", "LeadToUpdateApi"),
        "search_leads": _model("leadSearch", "LeadSearch"),
        "delete_leads": _model("deleteLeadsRequest", "DeleteLeadsRequestApi"),
        "delete_leads_by_external_id": _model(
            "deleteLeadsRequest", "DeleteLeadsByExternalIdRequestApi"
        ),
        "set_pearl_active": _model("setActiveRequest", "SetActiveRequest"),
        "get_calls": _model("callsSearch", "CallsTableDateSearchApi"),
        "get_analytics": _model("analyticsRequest", "AnalyticsRequest"),
        "update_outbound_settings": _model("outboundSettings", "OutboundSettingsApi"),
    },
    types={
        "status": _NAMESPACE + "eLeadStatusInputApi",
        "statuses": _NAMESPACE + "eLeadStatusView",
        "leads": _NAMESPACE + "LeadToAddApi",
        "recordingTrack": _NAMESPACE + "eRecordingTrack",
        "transcriptOptions": _NAMESPACE + "eTranscriptOptions",
        "minimumRetryIntervalHours": _NAMESPACE + "eRetryInterval",
        "callingHours": _NAMESPACE + "CallingHoursApi",
    },
)


def short_view(row: Row) -> Row:
    """A lead as an item of a search."""
    return {name: row[name] for name in _SHORT}


def pearl_view(row: Row, now: datetime, tx: Transaction) -> Row:
    """A pearl as ProjectApiView.

    Only an outbound pearl has counters of leads, and only an inbound one the counter of its queue.
    """
    pearl = {name: row[name] for name in PEARL}
    pearl["totalTodayCalls"] += _count_today(row, now, tx)
    pearl["totalOngoingCalls"] += _count_ongoing(row, tx)
    if row["type"] == INBOUND:
        return pearl | {"totalOnQueue": row["totalOnQueue"] or 0}
    statuses = [lead["status"] for lead in tx.find("leads", "pearl", row["id"])]
    return pearl | {
        "totalLeads": len(statuses),
        "totalLeadsCompleted": sum(status in _FINISHED for status in statuses),
        "totalLeadsSuccess": statuses.count(SUCCESS),
    }


def _count_ongoing(pearl: Row, tx: Transaction) -> int:
    return len(tx.group("calls", "ongoing", pearl["id"]))


def _count_today(pearl: Row, now: datetime, tx: Transaction) -> int:
    """How many calls of the pearl have started on the present day of its zone."""
    offset = timedelta(hours=offset_hours(pearl["timeZoneId"]) or 0)
    midnight = (now + offset).replace(hour=0, minute=0, second=0, microsecond=0) - offset
    calls = between(tx.group("calls", "pearl", pearl["id"]), midnight, now)
    return sum(1 for _ in calls)


def _if_ongoing(pearl: str, status: int) -> str | None:
    return pearl if status == IN_PROGRESS else None


def _itself(id: str | None) -> str | None:
    return id


def _in_pearl(pearl: str, key: str | None) -> tuple[str, str] | None:
    """The key within its pearl: two pearls may each have a lead with the same key."""
    return (pearl, key) if key else None


def _phone_in_pearl(pearl: str, phone: str | None, region: str) -> tuple[str, str] | None:
    return _in_pearl(pearl, phone_index(phone, region))


def _text_order(value: Any) -> tuple[bool, str]:
    # Without the Z a time with milliseconds comes after the same time without them.
    return value is not None, str(value).removesuffix("Z")


vendor = Vendor(
    name="nlpearl",
    dialect=DIALECT,
    credential=Credential("Authorization", scheme="Bearer", two_parts=True),
    tables=(
        TableSpec(
            "leads",
            {
                "pearl": Index("pearlId", str),
                "lead": Index(("pearlId", "id"), _in_pearl),
                "external id": Index(("pearlId", "externalId"), _in_pearl),
                "phone": Index(("pearlId", "phoneNumber"), _phone_in_pearl, ("phone_region",)),
            },
            order=Index(_CREATED, _text_order),
            highest=HIGHEST,
        ),
        TableSpec(
            "calls",
            {
                "pearl": Index("pearlId", str),
                "lead": Index("leadId", _itself),
                "ongoing": Index(("pearlId", "status"), _if_ongoing),
            },
            order=Index("startTime", _text_order),
            highest=HIGHEST,
        ),
        TableSpec("pearls"),
        TableSpec("account"),
        TableSpec(WEBHOOKS, {"pearl": Index("pearl", _itself)}, highest=0),
        *life_tables(group=Index("group", _itself)),
        OUTBOX_TABLE,
    ),
    section=SECTION,
    lifecycle=LIFECYCLE,
    profiles=PearlProfiles(),
    settings=SETTINGS,
    rules=(BY_ID, BY_EXTERNAL_ID, BY_PHONE),
    behaviours=BEHAVIOURS,
    curl="curl -X PUT {url}/v2/Outbound/66a1f0c2d60e456235eae601/Lead/66a1f0c2d60e456235eae701 "
    "-H 'Authorization: Bearer demo:secret' -H 'Content-Type: application/json' -d '{{\"status\": "
    "130}}'",
)


@vendor.operation
def add_lead(call: Call, tx: Transaction) -> Reply:
    """POST /v2/Outbound/{pearlId}/Lead.

    Create a lead, even if the pearl has one like it (`v2/outbound/add-lead`).
    """
    pearl = _pearl_for_new_leads(call, tx)
    problems = _objections(call.body, pearl, call, tx)
    if problems:
        raise Refusal("invalid", problems=problems)
    row = _create(call.body, pearl, stamp_of(call.now, call.seed), tx)
    return Reply({"leadId": row["id"]})


@vendor.operation
def add_leads(call: Call, tx: Transaction) -> Reply:
    """POST /v2/Outbound/{pearlId}/Leads/Add.

    Create each lead on its own: the good ones stay when others fail (`v2/outbound/add-leads`).
    """
    items = call.body.get("leads") or []
    if not items and call.settings["empty_leads"] == "refuse":
        raise call.invalid(("leads",), "required", "The Leads field is required.")
    leads = [call.item_reader.read(item) for item in items]
    _refuse_unread([problems for _, problems in leads])
    pearl = _pearl_for_new_leads(call, tx)
    stamp = stamp_of(call.now, call.seed)
    failures = []
    for index, (lead, wrong) in enumerate(leads):
        problems = wrong or _objections(lead, pearl, call, tx)
        if problems:
            failures.append(Failure(index, items[index], problems))
        else:
            _create(lead, pearl, stamp, tx)
    if failures:
        return _failed(failures, call)
    return Reply(True)


@vendor.operation
def get_lead(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Outbound/{pearlId}/Lead/{leadId} (`outbound/get-lead`)."""
    return Reply(lead_view(_found(BY_ID, "leadId", call, tx), tx))


@vendor.operation
def get_lead_by_external_id(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Outbound/{pearlId}/Lead/External/{externalId}.

    (`v2/outbound/get-lead-via-external-id`)
    """
    return Reply(lead_view(_found(BY_EXTERNAL_ID, "externalId", call, tx), tx))


@vendor.operation
def get_lead_by_phone_number(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Outbound/{pearlId}/Lead/PhoneNumber/{phoneNumber} (SDK)."""
    return Reply(lead_view(_found(BY_PHONE, "phoneNumber", call, tx), tx))


@vendor.operation
def update_lead(call: Call, tx: Transaction) -> Reply:
    """PUT /v2/Outbound/{pearlId}/Lead/{leadId}.

    Change what is given (`v2/outbound/update-lead`).
    """
    row = _found(BY_ID, "leadId", call, tx)
    problems = _unknown_zone(call.body, call)
    if problems:
        raise Refusal("invalid", problems=problems)
    changes = _changes(row, call.body, _pearl(call, tx), call.settings)
    if changes:
        row = tx.update("leads", row, changes)
    return Reply(lead_view(row, tx))


@vendor.operation
def search_leads(call: Call, tx: Transaction) -> Reply:
    """POST /v2/Outbound/{pearlId}/Leads.

    One page of the leads that match (`v1/outbound/search-leads`).
    """
    search = call.body
    rows = tx.group("leads", "pearl", _pearl(call, tx)["id"])
    if search.get("statuses") or search.get("searchInput"):
        call.works_through(len(rows))
        fits = _search_filter(search)
        rows = [row for row in rows if fits(row)]
    column = _SORTABLE.get((search.get("sortProp") or "").lower(), _CREATED)
    # Most tables are in the order of their creation already: then one page is all that is read.
    if column != _CREATED or not tx.in_order("leads"):
        call.works_through(len(rows))
        rows = _sorted(rows, column, tx)
    start = max(int(search.get("skip", 0)), 0)
    limit = max(int(search.get("limit", 0)), 0) or call.settings["search_limit"]
    found = window(rows, start, limit, newest_first=not search.get("isAscending", False))
    return Reply({"count": len(rows), "results": [short_view(row) for row in found]})


@vendor.operation
def delete_leads(call: Call, tx: Transaction) -> Reply:
    """DELETE /v2/Outbound/{pearlId}/Leads: by their ids (`v2/outbound/delete-leads`)."""
    return _deleted("lead", "leadIds", call, tx)


@vendor.operation
def delete_leads_by_external_id(call: Call, tx: Transaction) -> Reply:
    """DELETE /v2/Outbound/{pearlId}/Leads/External.

    Delete leads by the caller's own ids (`v2/outbound/delete-leads-external-id`).
    """
    return _deleted("external id", "leadExternalIds", call, tx)


@vendor.operation
def list_pearls(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Pearl (`v2/pearl/get-pearls`)."""
    return Reply([_listed(row) for row in tx.rows("pearls")])


@vendor.operation
def get_pearl(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Pearl/{pearlId} (`v2/pearl/get-pearl`)."""
    call.works_through(len(tx.rows("leads")) + len(tx.rows("calls")))
    return Reply(pearl_view(_pearl(call, tx), call.now, tx))


@vendor.operation
def set_pearl_active(call: Call, tx: Transaction) -> Reply:
    """PUT /v2/Pearl/{pearlId}/Active.

    Run or pause the pearl, and answer its new status (`v2/pearl/set-activity-state`).
    """
    status = RUNNING if call.body.get("isActive") else PAUSED
    tx.update("pearls", _pearl(call, tx), {"status": status})
    return Reply(status)


@vendor.operation
def get_calls(call: Call, tx: Transaction) -> Reply:
    """POST /v2/Pearl/{pearlId}/Calls.

    One page of the calls that started between two dates and match (`v2/pearl/get-calls`).
    """
    search = call.body
    rows = tx.group("calls", "pearl", _pearl(call, tx)["id"])
    most = call.settings["max_calls_limit"]
    limit = max(int(search.get("limit", 0)), 0)
    if limit > most:
        raise _broken_rule(f"limit must not be more than {most}")
    call.works_through(len(rows))
    dated = between(rows, moment(search["fromDate"]), moment(search["toDate"]))
    column = SORTABLE_CALLS.get((search.get("sortProp") or "").lower(), "startTime")
    found = sorted(filter(search_filter(search), dated), key=sort_key(column))
    start = max(int(search.get("skip", 0)), 0)
    newest_first = not search.get("isAscending", False)
    page = window(found, start, limit or most, newest_first=newest_first)
    return Reply({"count": len(found), "results": [short_call_view(row) for row in page]})


@vendor.operation
def get_ongoing_calls(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Pearl/{pearlId}/OngoingCalls (`v2/pearl/get-ongoing-calls`)."""
    pearl = _pearl(call, tx)
    queue = None
    if pearl["type"] == INBOUND:
        queue = pearl["totalOnQueue"] or 0
    ongoing = pearl["totalOngoingCalls"] + _count_ongoing(pearl, tx)
    return Reply({"totalOngoingCalls": ongoing, "totalOnQueue": queue})


@vendor.operation
def get_analytics(call: Call, tx: Transaction) -> Reply:
    """POST /v2/Pearl/{pearlId}/Analytics.

    The calls of at most 90 days, counted (`v2/pearl/get-analytics`). A time that is left out is
    the first of .NET, that of the year 1.
    """
    pearl = _pearl(call, tx)
    first = moment(call.body.get("from", _FIRST_MOMENT))
    last = moment(call.body.get("to", _FIRST_MOMENT))
    most = call.settings["max_analytics_days"]
    if (last - first) / timedelta(days=1) > most:
        raise _broken_rule(f"the date range must not be longer than {most} days")
    rows = tx.group("calls", "pearl", pearl["id"])
    call.works_through(len(rows))
    calls = sorted(between(rows, first, last), key=started)
    return Reply(analytics(calls, pearl["type"]))


@vendor.operation
def update_outbound_settings(call: Call, tx: Transaction) -> Reply:
    """PUT /v2/Pearl/{pearlId}/Settings/Outbound.

    Change what is given (`v2/pearlFlow/update-pearl-outbound`).
    """
    pearl = _pearl(call, tx)
    _refuse_inbound(pearl, "An inbound pearl has no outbound settings.")
    wrong = [
        *outbound_settings.objections(call.body),
        *_strange_zone(call),
        *webhooks.objections(call.body, call.settings),
    ]
    if wrong:
        raise _broken_rule(*wrong)
    changes = outbound_settings.changes(pearl, call.body)
    leads: Sequence[Row] = ()
    if "timeZoneId" in changes:
        leads = tx.group("leads", "pearl", pearl["id"])
        call.works_through(len(leads))
    if changes:
        pearl = tx.update("pearls", pearl, changes)
    WEBHOOKS_OF_PEARLS.set_urls(pearl["id"], call.body, tx)
    _move_leads(leads, pearl, tx)
    return Reply(True)


@vendor.operation
def get_call(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Call/{callId} (`v2/call/get-call`).

    An unknown id is a 400 in words that a public client has kept from production.
    """
    id = call.path_parameters["callId"]
    row = tx.get("calls", id)
    if row is not None and _is_visible(row, call):
        return Reply(call_view(row))
    for table, what in _OTHER_IDS.items():
        if tx.get(table, id) is not None:
            call.note("wrong-call-id", table, "was asked for {}, which is the id of {}", id, what)
    if call.settings["not_found_status"] == 404:
        raise Refusal("not_found")
    raise _broken_rule("wrong CallId")


_OTHER_IDS = {"leads": "a lead", "pearls": "a pearl"}
"""What clients take for a call: the tables of what else has an id."""


def _is_visible(row: Row, call: Call) -> bool:
    """Whether a call is shown already: some time after its start, by the setting."""
    lag: int = call.settings["call_visible_after_seconds"]
    return not lag or moment(row["startTime"]) + timedelta(seconds=lag) <= call.now


@vendor.operation
def get_account(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Account (`v1/account/get-account`)."""
    row = tx.get("account", "account") or ACCOUNT
    return Reply({name: row[name] for name in ACCOUNT})


class Failure(NamedTuple):
    """A lead that Add Leads could not add: its index in the request, what was sent, and why."""

    item: int
    sent: Any
    problems: list[Problem]


def _not_found(name: str, what: str, call: Call) -> Refusal:
    if call.settings["not_found_status"] == 404:
        return Refusal("not_found")
    problem = Problem((name,), "unknown", f"The {what} was not found.", location="path")
    return Refusal("invalid", problems=[problem])


def _broken_rule(*texts: str) -> Refusal:
    """A refusal in the form that the vendor's own rules have: 400 under `validation`."""
    problems = [Problem(("validation",), "rule", text, location="path") for text in texts]
    return Refusal("invalid", problems=problems)


def _pearl(call: Call, tx: Transaction) -> Row:
    """The pearl that the path names. Raises Refusal."""
    id = call.path_parameters["pearlId"]
    row = tx.get("pearls", id)
    if row is None:
        _note_missing(id, call, tx)
        raise _not_found("pearlId", "pearl", call)
    return row


def _note_missing(id: str, call: Call, tx: Transaction) -> None:
    """Say which pearls there are, and how to have the one that was named."""
    known = [row["id"] for row in islice(tx.rows("pearls"), _SHOWN_PEARLS)]
    there = "has no pearl"
    if known:
        there = f"has {', '.join(['{}'] * len(known))}"
    seeded = id if _OBJECT_ID.fullmatch(id) else _EXAMPLE_PEARL
    pearls = {"nlpearl": {"pearls": [{"id": seeded}]}}
    seed = write_json({"mode": "merge", "fixture": pearls}).decode()
    text = (
        f"named the pearl {{}}, and the workspace {there}. To seed one: a fixture with {{}}, or "
        "`POST /__admin/workspaces/<workspace>/seed` with {}. With the setting unknown_pearl: "
        "create a pearl is made when a lead is added to it"
    )
    call.note("not-seeded", f"pearl {id}", text, id, *known, write_json(pearls).decode(), seed)


def _pearl_for_new_leads(call: Call, tx: Transaction) -> Row:
    """The pearl that the path names; a new one if the setting `unknown_pearl` creates it.

    Raises Refusal for an inbound pearl.
    """
    id = call.path_parameters["pearlId"]
    if tx.get("pearls", id) is None and call.settings["unknown_pearl"] == "create":
        text = "made the pearl {} by adding to it, as the setting unknown_pearl: create has it"
        call.note("chosen-behaviour", f"pearl {id}", text, id)
        return tx.put("pearls", _new_pearl(id, call))
    row = _pearl(call, tx)
    _refuse_inbound(row, "An inbound pearl takes no leads.")
    return row


def _refuse_inbound(pearl: Row, text: str) -> None:
    if pearl["type"] == INBOUND:
        problem = Problem(("pearlId",), "type", text, location="path")
        raise Refusal("invalid", problems=[problem])


def _new_pearl(id: str, call: Call) -> Row:
    return PEARL | {
        "id": id,
        "name": f"Pearl {id}",
        "created": time_text(call.now),
        "timeZoneId": ZONE,
        "outboundSettings": None,
    }


def _found(rule: MatchingRule, name: str, call: Call, tx: Transaction) -> Row:
    """The lead of the pearl that a path parameter means. Raises Refusal."""
    pearl = _pearl(call, tx)["id"]
    rows = matching.find(rule, {name: (pearl, call.path_parameters[name])}, tx).rows
    if not rows:
        raise _not_found(name, "lead", call)
    if len(rows) == 1:
        return rows[0]
    by_age = sorted(rows, key=_sort_key("created"))
    if call.settings["several_leads"] == "newest":
        return by_age[-1]
    return by_age[0]


def _objections(lead: Row, pearl: Row, call: Call, tx: Transaction) -> list[Problem]:
    """The problems of a new lead that its schema does not know."""
    problems = []
    # A new lead with an empty zone has none; an update with an empty zone is refused.
    if lead.get("timeZoneId"):
        problems += _unknown_zone(lead, call)
    if call.settings["duplicate_leads"] == "refuse":
        problems += _duplicates(lead, pearl["id"], call, tx)
    return problems


_WINDOWS_ZONE = {"type": "string", "x-format": "windows-time-zone"}


def _unknown_zone(lead: Row, call: Call) -> list[Problem]:
    name = lead.get("timeZoneId")
    if name is None or call.settings["time_zones"] != "windows" or is_windows_name(name):
        return []
    return [Problem(("timeZoneId",), "format", "", name, _WINDOWS_ZONE)]


def _strange_zone(call: Call) -> Iterator[str]:
    """What is wrong with the zone of outbound settings."""
    name = call.body.get("timeZone")
    if name is None:
        return
    only_windows = call.settings["time_zones"] == "windows"
    if offset_hours(name) is None or (only_windows and not is_windows_name(name)):
        yield f"The time zone ID '{name}' was not found on the local computer."


def _move_leads(leads: Iterable[Row], pearl: Row, tx: Transaction) -> None:
    """Give the leads without a zone of their own the offset of the pearl's new zone."""
    offset = time_zone(None, pearl)
    for lead in leads:
        if not lead["timeZoneId"] and lead["timeZone"] != offset:
            tx.update("leads", lead, {"timeZone": offset})


def _duplicates(lead: Row, pearl: str, call: Call, tx: Transaction) -> Iterator[Problem]:
    keys = (
        ("phoneNumber", "phone", phone_index(lead["phoneNumber"], call.region)),
        ("externalId", "external id", lead.get("externalId")),
    )
    for name, index, key in keys:
        if key and tx.find("leads", index, (pearl, key)):
            yield Problem((name,), "unique", f"A lead with this {name} already exists.")


def _create(given: Row, pearl: Row, stamp: Stamp, tx: Transaction) -> Row:
    zone = given.get("timeZoneId")
    return tx.put(
        "leads",
        {
            "id": new_id(tx, "leads", stamp.id),
            "externalId": given.get("externalId"),
            "phoneNumber": given["phoneNumber"],
            "timeZone": time_zone(zone, pearl),
            "status": NEW,
            "created": stamp.created,
            "callData": given.get("callData"),
            "collectedData": None,
            "timeZoneId": zone,
            "pearlId": pearl["id"],
        },
    )


def _changes(row: Row, given: Row, pearl: Row, settings: Mapping[str, Any]) -> Row:
    """The fields of a lead that an update sets: those that are given and not null."""
    changes = {name: value for name, value in given.items() if value is not None}
    if "status" in changes:
        changes["status"] = int(changes["status"])
    if "timeZoneId" in changes:
        changes["timeZone"] = time_zone(changes["timeZoneId"], pearl)
    if "callData" in changes and settings["call_data_update"] == "merge":
        changes["callData"] = (row["callData"] or {}) | changes["callData"]
    return changes


def _refuse_unread(found: Collection[list[Problem]]) -> None:
    """Raise Refusal for the problems of all leads if a value of one cannot be converted.

    The framework converts the whole body before its handler runs: then no lead is added.
    """
    problems: list[Problem] = []
    for index, each in enumerate(found):
        if each:
            problems += _problems_of_request(index, each)
    if not all(map(converts, problems)):
        raise Refusal("invalid", problems=problems)


def _problems_of_request(index: int, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems of one lead with their paths in the whole request."""
    for problem in problems:
        yield replace(problem, path=("leads", index, *problem.path))


def _failed(failures: list[Failure], call: Call) -> Reply:
    """A 400 that names the leads that were not added, in the form of the setting `failed_leads`."""
    problems: list[Problem] = []
    for failure in failures:
        problems += _problems_of_request(failure.item, failure.problems)
    if call.settings["failed_leads"] != "list":
        messages = DIALECT.worded(limited(problems, DIALECT.most_problems))
        return DIALECT.invalid(grouped(messages), call)
    worded = iter(DIALECT.worded(problems))
    # There is one text for each problem, in their order: each failure takes as many as it has.
    leads = [_failed_lead(failure, islice(worded, len(failure.problems))) for failure in failures]
    return Reply(leads, 400)


def _failed_lead(failure: Failure, worded: Iterable[KeyedMessage]) -> Row:
    sent = failure.sent if isinstance(failure.sent, dict) else {}
    return {
        "phoneNumber": _text_or_none(sent.get("phoneNumber")),
        "externalId": _text_or_none(sent.get("externalId")),
        "errors": list(dict.fromkeys(each.message for each in worded)),
    }


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _search_filter(search: Row) -> Callable[[Row], bool]:
    """A test of a lead: whether it has one of the statuses, and the text in any letter case."""
    statuses = frozenset(search.get("statuses") or ())
    text = (search.get("searchInput") or "").casefold()

    def fits(row: Row) -> bool:
        if statuses and row["status"] not in statuses:
            return False
        return not text or any(text in each.casefold() for each in _texts(row))

    return fits


def _texts(row: Row) -> Iterator[str]:
    """The texts of a lead that a search looks through."""
    yield row["phoneNumber"] or ""
    yield row["externalId"] or ""
    yield from (row["callData"] or {}).values()


def _sorted(rows: Iterable[Row], column: str, tx: Transaction) -> list[Row]:
    """The leads in the order of a column, which may be one that comes from their calls."""
    key = _sort_key(column)
    if column in FROM_CALLS or column == "collectedData":
        return sorted(rows, key=lambda row: key(lead_view(row, tx)))
    return sorted(rows, key=key)


def _sort_key(name: str) -> Callable[[Row], tuple[bool, Any]]:
    """What leads are sorted by. Those without the field come first; lists and maps are texts."""

    def key(row: Row) -> tuple[bool, Any]:
        value = row[name]
        if name == "status":
            return True, value
        return _text_order(value)

    return key


def _deleted(index: str, field: str, call: Call, tx: Transaction) -> Reply:
    """Delete the leads of the pearl that have one of the ids of the field in the index.

    The answer is whether each id (or any, by the setting `delete_result`) had a lead.
    """
    ids = call.body.get(field) or ()
    most = call.settings["max_bulk_items"]
    if len(ids) > most:
        raise Refusal("invalid", problems=[_too_many(field, ids, most)])
    pearl = _pearl(call, tx)["id"]
    found = [tx.find("leads", index, (pearl, id)) for id in dict.fromkeys(ids)]
    for rows in found:
        for row in rows:
            tx.delete("leads", row["id"])
    enough = all if call.settings["delete_result"] == "all" else any
    return Reply(bool(found) and enough(map(bool, found)))


def _too_many(field: str, ids: Sequence[str], most: int) -> Problem:
    schema = {"type": "array", "maxItems": most}
    return Problem((field,), "maxItems", f"has more than {most} items", ids, schema)


def _listed(row: Row) -> Row:
    return {
        "id": row["id"],
        "name": row["name"],
        "createdAt": row["created"],
        "type": row["type"],
        "status": row["status"],
    }

"""NLPearl: outbound leads of voice agents ("pearls"), at api.nlpearl.ai.

Sources are pages below developers.nlpearl.ai.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from mockserver import matching
from mockserver.call import Call
from mockserver.collection import find_or_refuse, window
from mockserver.credential import Credential
from mockserver.dialects.aspnet_core import AspNetCore, Model, Told, converts, grouped
from mockserver.documents.zones import is_windows_name
from mockserver.errors import Problem, Refusal
from mockserver.matching import MatchingRule
from mockserver.state.changes import Row
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import Transaction
from mockserver.vendor import Reply, Vendor
from mockserver.vendors.nlpearl.rows import (
    ACCOUNT,
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

_FINISHED = frozenset({100, 110, 130})
"""Statuses of a lead that is called no more after a conversation.

Success, NotSuccessful, Completed.
"""

_SHORT = ("id", "externalId", "phoneNumber", "timeZone", "status", "created", "callData")
_SORTABLE = {name.lower(): name for name in LEAD}

_NAMESPACE = "NLPearl.Core.Models."
DIALECT = AspNetCore(
    models={
        operation: Model(parameter, _NAMESPACE + name)
        for operation, parameter, name in (
            ("add_lead", "leadToAdd", "LeadToAddApi"),
            ("add_leads", "leadsToAdd", "LeadsToAddApi"),
            ("update_lead", "leadToUpdate", "LeadToUpdateApi"),
            ("search_leads", "leadSearch", "LeadSearch"),
            ("delete_leads", "deleteLeadsRequest", "DeleteLeadsRequestApi"),
            (
                "delete_leads_by_external_id",
                "deleteLeadsRequest",
                "DeleteLeadsByExternalIdRequestApi",
            ),
            ("set_pearl_active", "setActiveRequest", "SetActiveRequest"),
        )
    },
    types={
        "status": _NAMESPACE + "eLeadStatusInputApi",
        "statuses": _NAMESPACE + "eLeadStatusView",
        "leads": _NAMESPACE + "LeadToAddApi",
    },
)


def view(row: Row) -> Row:
    """A lead as LeadApiView."""
    return {name: row[name] for name in LEAD}


def short_view(row: Row) -> Row:
    """A lead as an item of a search."""
    return {name: row[name] for name in _SHORT}


def pearl_view(row: Row, tx: Transaction) -> Row:
    """A pearl as ProjectApiView.

    The counters of leads only where it is outbound, that of its queue only where it is inbound.
    """
    pearl = {name: row[name] for name in PEARL}
    if row["type"] == INBOUND:
        return pearl | {"totalOnQueue": row["totalOnQueue"] or 0}
    statuses = [lead["status"] for lead in tx.find("leads", "pearl", row["id"])]
    return pearl | {
        "totalLeads": len(statuses),
        "totalLeadsCompleted": sum(status in _FINISHED for status in statuses),
        "totalLeadsSuccess": statuses.count(SUCCESS),
    }


def _in_pearl(pearl: str, key: str | None) -> tuple[str, str] | None:
    """A key that counts within its pearl."""
    return (pearl, key) if key else None


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
                "phone": Index(
                    ("pearlId", "phoneNumber"),
                    lambda pearl, phone: _in_pearl(pearl, phone_index(phone)),
                ),
            },
        ),
        TableSpec("pearls"),
        TableSpec("account"),
    ),
    section=SECTION,
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

    A new lead, whatever is there already (`v2/outbound/add-lead`).
    """
    pearl = _taking_leads(call, tx)
    problems = _objections(call.body, pearl, call, tx)
    if problems:
        raise Refusal("invalid", problems=problems)
    return Reply({"leadId": _create(call.body, pearl, stamp_of(call.now, call.seed), tx)["id"]})


@vendor.operation
def add_leads(call: Call, tx: Transaction) -> Reply:
    """POST /v2/Outbound/{pearlId}/Leads/Add: each lead on its own.

    The good ones stay when others fail (`v2/outbound/add-leads`).

    What is no lead at all cannot be bound, and then there is no request.
    """
    items = call.body.get("leads") or []
    if not items and call.settings["empty_leads"] == "refuse":
        raise call.invalid(("leads",), "required", "The Leads field is required.")
    leads = [call.item_reader.read(item) for item in items]
    _refuse_unread([problems for _, problems in leads])
    pearl, stamp, failed = _taking_leads(call, tx), stamp_of(call.now, call.seed), []
    for index, (lead, wrong) in enumerate(leads):
        problems = wrong or _objections(lead, pearl, call, tx)
        if problems:
            failed.append(Failure(index, items[index], problems))
        else:
            _create(lead, pearl, stamp, tx)
    return _failed(failed, call) if failed else Reply(True)


@vendor.operation
def get_lead(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Outbound/{pearlId}/Lead/{leadId} (`outbound/get-lead`)."""
    return Reply(view(_found(BY_ID, "leadId", call, tx)))


@vendor.operation
def get_lead_by_external_id(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Outbound/{pearlId}/Lead/External/{externalId}.

    (`v2/outbound/get-lead-via-external-id`)
    """
    return Reply(view(_found(BY_EXTERNAL_ID, "externalId", call, tx)))


@vendor.operation
def get_lead_by_phone_number(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Outbound/{pearlId}/Lead/PhoneNumber/{phoneNumber} (SDK)."""
    return Reply(view(_found(BY_PHONE, "phoneNumber", call, tx)))


@vendor.operation
def update_lead(call: Call, tx: Transaction) -> Reply:
    """PUT /v2/Outbound/{pearlId}/Lead/{leadId}.

    Change what is given (`v2/outbound/update-lead`).
    """
    row = _found(BY_ID, "leadId", call, tx)
    problems = list(_strange_zone(call.body, call))
    if problems:
        raise Refusal("invalid", problems=problems)
    changes = _changes(row, call.body, _pearl(call, tx), call.settings)
    return Reply(view(tx.put("leads", row | changes) if changes else row))


@vendor.operation
def search_leads(call: Call, tx: Transaction) -> Reply:
    """POST /v2/Outbound/{pearlId}/Leads.

    One page of the leads that match (`v1/outbound/search-leads`).
    """
    search = call.body
    rows = [row for row in tx.find("leads", "pearl", _pearl(call, tx)["id"]) if _fits(row, search)]
    rows.sort(key=_sort_key(_SORTABLE.get((search.get("sortProp") or "").lower(), "created")))
    if not search.get("isAscending", False):
        rows.reverse()
    start = max(int(search.get("skip", 0)), 0)
    limit = max(int(search.get("limit", 0)), 0) or call.settings["search_limit"]
    return Reply(
        {"count": len(rows), "results": [short_view(row) for row in window(rows, start, limit)]}
    )


@vendor.operation
def delete_leads(call: Call, tx: Transaction) -> Reply:
    """DELETE /v2/Outbound/{pearlId}/Leads: by their ids (`v2/outbound/delete-leads`)."""
    pearl = _pearl(call, tx)["id"]
    asked = [
        tx.find("leads", "lead", (pearl, id))
        for id in dict.fromkeys(call.body.get("leadIds") or ())
    ]
    return _deleted(asked, call, tx)


@vendor.operation
def delete_leads_by_external_id(call: Call, tx: Transaction) -> Reply:
    """DELETE /v2/Outbound/{pearlId}/Leads/External.

    By the caller's own ids (`v2/outbound/delete-leads-external-id`).
    """
    pearl = _pearl(call, tx)["id"]
    asked = [
        tx.find("leads", "external id", (pearl, id))
        for id in dict.fromkeys(call.body.get("leadExternalIds") or ())
    ]
    return _deleted(asked, call, tx)


@vendor.operation
def list_pearls(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Pearl (`v2/pearl/get-pearls`)."""
    return Reply([_listed(row) for row in tx.rows("pearls")])


@vendor.operation
def get_pearl(call: Call, tx: Transaction) -> Reply:
    """GET /v2/Pearl/{pearlId} (`v2/pearl/get-pearl`)."""
    return Reply(pearl_view(_pearl(call, tx), tx))


@vendor.operation
def set_pearl_active(call: Call, tx: Transaction) -> Reply:
    """PUT /v2/Pearl/{pearlId}/Active: run or pause.

    Answers the new status (`v2/pearl/set-activity-state`).
    """
    status = RUNNING if call.body.get("isActive") else PAUSED
    return Reply(tx.put("pearls", _pearl(call, tx) | {"status": status})["status"])


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
    return Refusal(
        "invalid",
        problems=[Problem((name,), "unknown", f"The {what} was not found.", location="path")],
    )


def _pearl(call: Call, tx: Transaction) -> Row:
    """The pearl that the path names. Raises Refusal."""
    missing = partial(_not_found, "pearlId", "pearl", call)
    return find_or_refuse(tx, "pearls", call.path_parameters["pearlId"], missing)


def _taking_leads(call: Call, tx: Transaction) -> Row:
    """The pearl that the path names, made where the setting unknown_pearl allows it.

    Raises Refusal where it is inbound.
    """
    id = call.path_parameters["pearlId"]
    if tx.get("pearls", id) is None and call.settings["unknown_pearl"] == "create":
        return tx.put(
            "pearls",
            PEARL
            | {"id": id, "name": f"Pearl {id}", "created": time_text(call.now), "timeZoneId": ZONE},
        )
    row = _pearl(call, tx)
    if row["type"] == INBOUND:
        raise Refusal(
            "invalid",
            problems=[
                Problem(("pearlId",), "type", "An inbound pearl takes no leads.", location="path")
            ],
        )
    return row


def _found(rule: MatchingRule, name: str, call: Call, tx: Transaction) -> Row:
    """The lead of the pearl that a path parameter means. Raises Refusal."""
    pearl = _pearl(call, tx)["id"]
    rows = matching.find(rule, {name: (pearl, call.path_parameters[name])}, tx).rows
    if not rows:
        raise _not_found(name, "lead", call)
    if len(rows) == 1:
        return rows[0]
    by_age = sorted(rows, key=_sort_key("created"))
    return by_age[-1 if call.settings["several_leads"] == "newest" else 0]


def _objections(lead: Row, pearl: Row, call: Call, tx: Transaction) -> list[Problem]:
    """What speaks against a lead that the schema has nothing against."""
    problems = list(_strange_zone(lead, call)) if lead.get("timeZoneId") else []
    if call.settings["duplicate_leads"] == "refuse":
        problems += _duplicates(lead, pearl["id"], tx)
    return problems


def _strange_zone(lead: Row, call: Call) -> Iterator[Problem]:
    name = lead.get("timeZoneId")
    if name is not None and call.settings["time_zones"] == "windows" and not is_windows_name(name):
        yield Problem(
            ("timeZoneId",), "format", "", name, {"type": "string", "x-format": "windows-time-zone"}
        )


def _duplicates(lead: Row, pearl: str, tx: Transaction) -> Iterator[Problem]:
    keys = (
        ("phoneNumber", "phone", phone_index(lead["phoneNumber"])),
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
            "id": stamp.id(tx.next_number("leads")),
            "externalId": given.get("externalId"),
            "phoneNumber": given["phoneNumber"],
            "timeZone": time_zone(zone, pearl),
            "status": NEW,
            "created": stamp.created,
            "callsId": [],
            "lastCall": None,
            "callData": given.get("callData"),
            "collectedData": None,
            "timeZoneId": zone,
            "pearlId": pearl["id"],
        },
    )


def _changes(row: Row, given: Row, pearl: Row, settings: Mapping[str, Any]) -> Row:
    """The fields of a lead that an update sets: those that it gives and that are not null."""
    changes = {name: value for name, value in given.items() if value is not None}
    if "status" in changes:
        changes["status"] = int(changes["status"])
    if "timeZoneId" in changes:
        changes["timeZone"] = time_zone(changes["timeZoneId"], pearl)
    if "callData" in changes and settings["call_data_update"] == "merge":
        changes["callData"] = (row["callData"] or {}) | changes["callData"]
    return changes


def _refuse_unread(found: Collection[list[Problem]]) -> None:
    """Raise Refusal for the problems of all leads if a value of one cannot be converted."""
    if not all(converts(problem) for problems in found for problem in problems):
        raise Refusal(
            "invalid",
            problems=[
                each for index, problems in enumerate(found) for each in _placed(index, problems)
            ],
        )


def _placed(index: int, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems of one lead as those of the request."""
    return (replace(problem, path=("leads", index, *problem.path)) for problem in problems)


def _failed(failures: list[Failure], call: Call) -> Reply:
    """A 400 that names the leads that were not added, in the form the setting failed_leads says."""
    problems = [each for failure in failures for each in _placed(failure.item, failure.problems)]
    told = iter(DIALECT.worded(problems, call))
    if call.settings["failed_leads"] == "list":
        return Reply(
            [_failed_lead(failure, islice(told, len(failure.problems))) for failure in failures],
            400,
        )
    return DIALECT.invalid(grouped(told), call)


def _failed_lead(failure: Failure, told: Iterable[Told]) -> Row:
    sent = failure.sent if isinstance(failure.sent, dict) else {}
    texts = {
        name: sent[name] if isinstance(sent.get(name), str) else None
        for name in ("phoneNumber", "externalId")
    }
    return texts | {"errors": list(dict.fromkeys(each.message for each in told))}


def _fits(row: Row, search: Row) -> bool:
    statuses, text = search.get("statuses"), search.get("searchInput")
    if statuses and row["status"] not in statuses:
        return False
    return not text or any(text.casefold() in each.casefold() for each in _texts(row))


def _texts(row: Row) -> Iterator[str]:
    yield from (row["phoneNumber"] or "", row["externalId"] or "")
    yield from (row["callData"] or {}).values()


def _sort_key(name: str) -> Callable[[Row], tuple[bool, Any]]:
    """What leads are sorted by.

    Those without the field first, times in their order, lists and maps as text.
    """
    if name == "status":
        return lambda row: (True, row["status"])
    return lambda row: (row[name] is not None, str(row[name]).removesuffix("Z"))


def _deleted(asked: Collection[Collection[Row]], call: Call, tx: Transaction) -> Reply:
    """Delete the leads found for each id that was asked for."""
    for rows in asked:
        for row in rows:
            tx.delete("leads", row["id"])
    enough = all if call.settings["delete_result"] == "all" else any
    return Reply(bool(asked) and enough(map(bool, asked)))


def _listed(row: Row) -> Row:
    return {
        "id": row["id"],
        "name": row["name"],
        "createdAt": row["created"],
        "type": row["type"],
        "status": row["status"],
    }

"""Sela: leads for voice agents, at api.trysela.com.

Sources are pages below docs.trysela.com/api-reference.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode

from mockserver import matching
from mockserver.call import Call
from mockserver.collection import find_or_refuse, page, page_count
from mockserver.credential import Credential
from mockserver.dialects.django_rest import DjangoRest, search_terms
from mockserver.errors import Problem, Reason, Refusal, joined
from mockserver.identity import email_key, phone_e164
from mockserver.state.changes import Row
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import Transaction
from mockserver.vendor import Reply, Vendor
from mockserver.vendors.sela.rows import (
    CLOSING,
    LEAD,
    local,
    moment_of,
    new_lead,
    next_call,
    time_text,
)
from mockserver.vendors.sela.rules import BEHAVIOURS, DUPLICATE, INGESTION, SETTINGS, UPDATE
from mockserver.vendors.sela.seeds import SECTION

__all__ = ["LEAD", "vendor"]

_ON_CREATE = frozenset(
    "email phone_number lead_type representative external_id us_state lead_source "
    "call_schedule_start_time".split()
)
_ON_UPDATE = _ON_CREATE | {"status", "status_detail", "sms_dnc", "call_dnc"}
_STANDARD = LEAD.keys() | {"min_reengagement_days"}
_NOT_AN_OBJECT = "Each lead must be a JSON object."
_DUPLICATE = "The fields phone_number, email must make a unique set."
_SEVERAL = "Several leads match."

CREDENTIAL = Credential("Authorization", scheme="Token")
DIALECT = DjangoRest(keyword=CREDENTIAL.scheme, zone="America/Los_Angeles")


def _pair(phone: str, email: str | None) -> tuple[str, str | None]:
    return phone, email_key(email)


def _given(value: str | None) -> str | None:
    return value or None


vendor = Vendor(
    name="sela",
    dialect=DIALECT,
    credential=CREDENTIAL,
    tables=(
        TableSpec(
            "leads",
            {
                "phone": Index("phone_number", _given),
                "email": Index("email", email_key),
                "pair": Index(("phone_number", "email"), _pair),
                "external_id": Index("external_id", _given),
            },
        ),
        TableSpec("lead_types"),
        TableSpec("representatives"),
        TableSpec("ingestion_configs"),
        TableSpec("webhooks"),
    ),
    section=SECTION,
    settings=SETTINGS,
    rules=(UPDATE, DUPLICATE, INGESTION),
    behaviours=BEHAVIOURS,
    curl="curl -X PUT {url}/api/leads/update/ -H 'Authorization: Token demo' -H 'Content-Type: "
    "application/json' "
    '-d \'{{"phone_number": "+18042221111", "email": "first_name@trysela.com", "status": '
    '"CLOSED"}}\'',
)


@vendor.operation
def leads_update_update(call: Call, tx: Transaction) -> Reply:
    """PUT /api/leads/update/.

    Change the lead with this phone number and e-mail address (`leads/update-a-lead-with-phone-
    email-match`).
    """
    body = call.body
    row = _the_one(matching.find(UPDATE, body, tx).rows, call)
    if row is None:
        raise _no("Lead", call, call.settings["no_match_status"])
    if not body.get("email"):
        body = {name: value for name, value in body.items() if name != "email"}
    return Reply(_update(row, body, call, tx))


def _lead(call: Call, tx: Transaction) -> Row:
    return _found("leads", "Lead", call, tx)


@vendor.operation
@vendor.check_first(_lead)
def leads_partial_update(call: Call, tx: Transaction) -> Reply:
    """PATCH /api/leads/{id}/: change the fields that are sent (`leads/update-a-lead`)."""
    return Reply(_update(_lead(call, tx), call.body, call, tx))


@vendor.operation
def leads_retrieve(call: Call, tx: Transaction) -> Reply:
    """GET /api/leads/{id}/ (`leads/retrieve-a-lead`)."""
    return Reply(_lead(call, tx))


@vendor.operation
def leads_list(call: Call, tx: Transaction) -> Reply:
    """GET /api/leads/, a page at a time (`leads/list-leads`)."""
    rows = list(tx.rows("leads"))
    return Reply(_page(rows if call.settings["list_order"] == "oldest" else rows[::-1], call))


@vendor.operation
def leads_create(call: Call, tx: Transaction) -> Reply:
    """POST /api/leads/.

    A new lead, or the re-engaged one that it repeats (`leads/create-a-lead`, `introduction`).
    """
    row, action = _take_in(call.body, call, tx)
    if action == "duplicate" and call.settings["duplicate"] == "refuse":
        raise _refused(_DUPLICATE)
    return Reply(
        row, call.settings[_STATUS_SETTINGS[action]] if action in _STATUS_SETTINGS else 200
    )


_STATUS_SETTINGS = {"created": "create_status", "reengaged": "reengagement_status"}


@vendor.operation
def leads_bulk_create_create(call: Call, tx: Transaction) -> Reply:
    """POST /api/leads/bulk-create/.

    Each lead on its own, results in the order of the request (`leads/bulk-create-leads`).
    """
    return Reply(
        {
            "results": [
                _bulk_result(index, item, call, tx) for index, item in enumerate(call.body["leads"])
            ]
        }
    )


@vendor.operation
def lead_types_list(call: Call, tx: Transaction) -> Reply:
    """GET /api/lead-types/, with `search` over the names (`lead-types/list-lead-types`)."""
    words = [term.casefold() for term in search_terms(call.query.get("search", ""))]
    rows = [
        row
        for row in tx.rows("lead_types")
        if all(word in row["name"].casefold() for word in words)
    ]
    return Reply(_page(rows, call, _lead_type_view))


@vendor.operation
def lead_types_retrieve(call: Call, tx: Transaction) -> Reply:
    """GET /api/lead-types/{id}/ (`lead-types/retrieve-a-lead-type`)."""
    return Reply(_lead_type_view(_found("lead_types", "LeadType", call, tx)))


def _config(call: Call, tx: Transaction) -> Row:
    """The configuration that the path names.

    Raises Refusal("not_found"), and Refusal("unauthorized") where this configuration asks for a
    token (`lead-ingestion/...`).
    """
    config = _found("ingestion_configs", "LeadIngestionConfig", call, tx)
    if config["requires_token"] and call.account is None:
        raise Refusal("unauthorized", reason=Reason.MISSING)
    return config


@vendor.operation
@vendor.check_first(_config)
def lead_ingestion_create(call: Call, tx: Transaction) -> Reply:
    """POST /api/lead-ingestion/{id}/.

    A new lead from a mapped payload (`lead-ingestion/create-a-lead-from-a-custom-payload`).
    """
    body, problems = _mapped(call, tx)
    if problems:
        raise Refusal("invalid", problems=problems)
    if call.settings["ingestion_duplicate"] == "create":
        return Reply(_create(body, call, tx), 201)
    row, action = _take_in(body, call, tx)
    if action == "duplicate":
        raise _refused(_DUPLICATE)
    return Reply(row, 201)


@vendor.operation
@vendor.check_first(_config)
def lead_ingestion_update(call: Call, tx: Transaction) -> Reply:
    """PUT /api/lead-ingestion/{id}/.

    Update the lead with the payload's external id, phone number or e-mail, or create it.

    (`lead-ingestion/create-or-update-a-lead-from-a-custom-payload`)
    """
    body, problems = _mapped(call, tx)
    wrong = [problem for problem in problems if problem.keyword != "required"]
    row = None if wrong else _the_one(matching.find(INGESTION, body, tx).rows, call)
    if wrong or (problems and row is None):
        raise Refusal("invalid", problems=problems)
    return (
        Reply(_create(body, call, tx), 201) if row is None else Reply(_update(row, body, call, tx))
    )


@vendor.operation
def webhooks_create(call: Call, tx: Transaction) -> Reply:
    """POST /api/webhooks/: stored, never called (`webhook`)."""
    fields = {
        name: call.body[name]
        for name in ("url", "trigger", "filter_condition")
        if name in call.body
    }
    row = {
        "id": tx.next_number("webhooks"),
        "url": "",
        "trigger": "CALL_COMPLETE",
        "filter_condition": None,
    } | fields
    return Reply(tx.put("webhooks", row), 201)


@vendor.operation
def webhooks_retrieve(call: Call, tx: Transaction) -> Reply:
    """GET /api/webhooks/{id}/ (`webhooks/retrieve-a-webhook`)."""
    return Reply(_found("webhooks", "Webhook", call, tx))


def _found(table: str, model: str, call: Call, tx: Transaction) -> Row:
    """The row that the path names. Raises Refusal("not_found")."""
    return find_or_refuse(tx, table, call.path_parameters["id"], partial(_no, model, call))


def _no(model: str, call: Call, status: int = 404) -> Refusal:
    text = (
        f"No {model} matches the given query."
        if call.settings["not_found_wording"] == "named"
        else "Not found."
    )
    return Refusal("not_found", text, status=status)


def _refused(text: str) -> Refusal:
    return Refusal("invalid", problems=[Problem((), "unique", text)])


def _the_one(rows: list[Row], call: Call) -> Row | None:
    """Which of the matching rows is meant, if any.

    Raises Refusal("invalid") where the setting wants one match only.
    """
    if len(rows) > 1 and call.settings["several_matches"] == "refuse":
        raise _refused(_SEVERAL)
    return rows[-1] if rows else None


def _update(row: Row, body: Mapping[str, Any], call: Call, tx: Transaction) -> Row:
    """Store the row with what the body changes."""
    changes = _fields(body, _ON_UPDATE, call)
    changes["modified_time"] = time_text(call.now, call.settings)
    if "metadata" in body or not _STANDARD.issuperset(body):
        changes["metadata"] = _metadata(
            body, row["metadata"] if call.settings["metadata_update"] == "merge" else None
        )
    status = changes.get("status", row["status"])
    if status != row["status"]:
        changes["status_reason"] = None
    if status in CLOSING or changes.get("call_dnc"):
        changes["next_call_time"] = changes["next_call_time_reason"] = None
    return tx.put("leads", row | changes)


def _fields(body: Mapping[str, Any], writable: Collection[str], call: Call) -> Row:
    """The fields that the body sets, as they are stored."""
    fields = {name: value for name, value in body.items() if name in writable}
    if "phone_number" in fields:
        fields["phone_number"] = _phone(fields["phone_number"], call)
    if fields.get("call_schedule_start_time"):
        fields["call_schedule_start_time"] = local(
            moment_of(fields["call_schedule_start_time"]), call.settings
        ).isoformat()
    return fields


def _phone(text: str, call: Call) -> str:
    """E.164. Raises Refusal("invalid") for numbers outside +1 where the setting wants none."""
    number = phone_e164(text) or text
    if call.settings["international_phones"] == "refuse" and not number.startswith("+1"):
        raise call.invalid(("phone_number",), "phone", "Enter a valid phone number.")
    return number


def _metadata(body: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What was there, under `metadata`, under the keys that are no standard lead fields.

    Null where nothing gives any.
    """
    extras = {name: value for name, value in body.items() if name not in _STANDARD}
    sent = body.get("metadata")
    if sent is None and "metadata" in body:
        old = None
    if sent is None and not extras:
        return dict(old) if old is not None else None
    return {**(old or {}), **(sent or {}), **extras}


def _take_in(body: Mapping[str, Any], call: Call, tx: Transaction) -> tuple[Row, str]:
    """The lead that a body means, and what became of it.

    Created, reengaged, or untouched as a duplicate (`introduction`).
    """
    pair = (_phone(body["phone_number"], call), body.get("email"))
    twins = matching.find(DUPLICATE, {"phone_number and email": pair}, tx).rows
    if not twins:
        return _create(body, call, tx), "created"
    if not _is_due(twins[-1], body.get("min_reengagement_days"), call.now):
        return twins[-1], "duplicate"
    return _reengage(twins[-1], body, call, tx), "reengaged"


def _create(body: Mapping[str, Any], call: Call, tx: Transaction) -> Row:
    fields = _fields(body, _ON_CREATE, call) | {"metadata": _metadata(body, None)}
    return tx.put("leads", new_lead(tx.next_number("leads"), fields, call.now, call.settings, tx))


def _is_due(row: Row, days: float | None, now: datetime) -> bool:
    """Whether so many days have passed since the last (re-)engagement (`introduction`)."""
    if days is None:
        return False
    times = [
        moment_of(row[name]) for name in ("received_time", "last_reengagement_time") if row[name]
    ]
    return not times or (now - max(times)) / timedelta(days=1) >= days


def _reengage(row: Row, body: Mapping[str, Any], call: Call, tx: Transaction) -> Row:
    """Store the row as a lead that came in once more (`introduction`)."""
    time = time_text(call.now, call.settings)
    row = (
        row
        | _fields(body, _ON_CREATE, call)
        | {
            "metadata": _metadata(body, row["metadata"]),
            "modified_time": time,
            "status": "OPEN",
            "status_reason": "REENGAGEMENT",
            "reengagements_count": row["reengagements_count"] + 1,
            "last_reengagement_time": time,
        }
    )
    return tx.put(
        "leads", row if row["call_dnc"] else row | next_call(row, call.now, "NEXT_AVAILABLE_SLOT")
    )


def _bulk_result(index: int, item: Any, call: Call, tx: Transaction) -> dict[str, Any]:
    """What became of one item.

    An error is one sentence for each field (`leads/bulk-create-leads`).
    """
    if not isinstance(item, dict):
        return _bulk_error(_NOT_AN_OBJECT)
    reader = call.item_reader
    body, problems = reader.read(item, call.exists)
    if call.flaws:
        problems = joined(
            (replace(flaw, path=flaw.path[2:]) for flaw in call.flaws if flaw.path[1] == index),
            problems,
        )
    try:
        if problems:
            raise Refusal("invalid", problems=problems)
        row, action = _take_in(body, call, tx)
    except Refusal as refusal:
        errors = DIALECT.errors(refusal.problems, reader.schema)
        return _bulk_error(
            "; ".join(f"{field}: {' '.join(messages)}" for field, messages in errors.items())
        )
    return _bulk_error(_DUPLICATE) if action == "duplicate" else {"id": row["id"], "action": action}


def _bulk_error(text: str) -> dict[str, Any]:
    return {"id": None, "action": "error", "error": text}


def _mapped(call: Call, tx: Transaction) -> tuple[Any, list[Problem]]:
    """The payload after the configuration's field mapping, read as a lead; its problems."""
    config, payload, fields = _config(call, tx), call.body, {}
    for theirs, ours in config["field_map"].items():
        payload, value = _taken_out(payload, tuple(theirs.split(".")))
        if value is not ...:
            fields[ours] = value
    lead = payload | fields
    if lead.get("lead_type") in (None, "") and config["lead_type"] is not None:
        lead["lead_type"] = config["lead_type"]
    return call.item_reader.read(lead, call.exists)


def _taken_out(payload: Any, steps: tuple[str, ...]) -> tuple[Any, Any]:
    """The payload without the value at that path and without what that empties, and the value.

    `...` where there is none.
    """
    if not isinstance(payload, dict) or steps[0] not in payload:
        return payload, ...
    if len(steps) == 1:
        return {name: value for name, value in payload.items() if name != steps[0]}, payload[
            steps[0]
        ]
    rest, value = _taken_out(payload[steps[0]], steps[1:])
    if value is not ... and not rest:
        return _taken_out(payload, steps[:1])[0], value
    return payload | {steps[0]: rest}, value


def _lead_type_view(row: Row) -> Row:
    return {name: row[name] for name in ("id", "name", "lead_metadata_fields")}


def _page(rows: list[Row], call: Call, view: Callable[[Row], Row] = dict) -> dict[str, Any]:
    """The page that the query asks for, with links to its neighbours.

    Raises Refusal("not_found") where there is none.
    """
    size = _page_size(call)
    last = max(1, page_count(len(rows), size))
    number = _page_number(call.query.get("page"), last)
    return {
        "count": len(rows),
        "next": _link(call, number + 1) if number < last else None,
        "previous": _link(call, number - 1) if number > 1 else None,
        "results": [view(row) for row in page(rows, number, size)],
    }


def _page_size(call: Call) -> int:
    size = _whole_number(call.query.get("page_size"))
    limits = call.settings
    return int(
        limits["page_size"] if size is None or size < 1 else min(size, limits["max_page_size"])
    )


def _page_number(page: Any, last: int) -> int:
    number = {None: 1, "": 1, "last": last}.get(page, _whole_number(page))
    if number is None or not 1 <= number <= last:
        raise Refusal("not_found", "Invalid page.")
    return number


def _whole_number(value: Any) -> int | None:
    """What Python's `int()` makes of it, as the framework does: ` 1` and `+1` are 1."""
    try:
        return None if value is None else int(value)
    except ValueError:
        return None


def _link(call: Call, number: int) -> str:
    """The called address with another page, the parameters sorted.

    The first page goes without one.
    """
    query = parse_qs(call.request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    query.pop("page", None)
    if number > 1:
        query["page"] = [str(number)]
    return call.request.url + ("?" + urlencode(sorted(query.items()), doseq=True) if query else "")

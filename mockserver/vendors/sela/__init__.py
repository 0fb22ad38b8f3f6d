"""Sela: leads for voice agents, at api.trysela.com.

Sources are pages below docs.trysela.com/api-reference.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode

from mockserver import matching
from mockserver.call import Call
from mockserver.collection import find_or_refuse, new_number, page, page_count
from mockserver.credential import Credential
from mockserver.dialects.django_fields import moment_in
from mockserver.dialects.django_negotiation import is_form
from mockserver.dialects.django_rest import DjangoRest, header_bytes, search_terms
from mockserver.dialects.django_versions import OLDER
from mockserver.errors import Problem, Reason, Refusal, joined
from mockserver.identity import DEFAULT_REGION, email_key, phone_e164
from mockserver.life.lifecycle import tables as life_tables
from mockserver.state.changes import Row, RowId
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import Transaction
from mockserver.vendor import Reply, Vendor
from mockserver.vendors.sela.lifecycle import LIFECYCLE
from mockserver.vendors.sela.people import SelaProfiles
from mockserver.vendors.sela.rows import (
    LEAD,
    calls_out,
    lead_shown,
    moment_of,
    new_lead,
    next_call,
    planned_anew,
    printed_anew,
    set_flags,
    time_text,
    zone_named,
)
from mockserver.vendors.sela.rules import (
    BEHAVIOURS,
    DUPLICATE,
    INGESTION,
    REMOVED,
    SETTINGS,
    UPDATE,
)
from mockserver.vendors.sela.seeds import SECTION
from mockserver.vendors.sela.webhooks import TRIGGERS_OF_LEADS, WEBHOOK, is_misplaced
from mockserver.webhooks.base import INBOX, WEBHOOKS
from mockserver.webhooks.tables import OUTBOX_TABLE
from mockserver.wire import flaws_of

__all__ = ["LEAD", "vendor"]

_ON_CREATE = frozenset(
    "email phone_number lead_type representative external_id us_state lead_source "
    "call_schedule_start_time".split()
)
_ON_UPDATE = _ON_CREATE | {"status", "status_detail", "sms_dnc", "call_dnc"}
_STANDARD = LEAD.keys() | {"min_reengagement_days"}
_ACTIONS = {"reengaged": "re-engaged", "duplicate": "left the duplicate as it is"}
"""What the journal says of a lead that came in once more."""
_STATUS_SETTINGS = {"created": "create_status", "reengaged": "reengagement_status"}
"""Which setting has the status of an answer, by what became of the lead."""

_BAD_URL = "Enter a valid URL."
_NOT_AN_OBJECT = "Each lead must be a JSON object."
_DUPLICATE = "The fields phone_number, email must make a unique set."
_SEVERAL = "Several leads match."

CREDENTIAL = Credential("Authorization", scheme="Token")
DIALECT = DjangoRest(keyword=CREDENTIAL.scheme, zone="America/Los_Angeles")


def _pair(phone: str, email: str | None) -> tuple[str, str | None]:
    return phone, email_key(email)


def _given(value: str | None) -> str | None:
    """The value as a key of an index. An empty text is no key: many leads have one."""
    return value or None


def _itself(id: RowId | None) -> RowId | None:
    return id


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
        TableSpec(WEBHOOKS),
        TableSpec("calls", {"lead": Index("lead", _itself)}),
        *life_tables(),
        OUTBOX_TABLE,
    ),
    section=SECTION,
    settings=SETTINGS,
    rules=(UPDATE, DUPLICATE, INGESTION),
    removed=REMOVED,
    behaviours=BEHAVIOURS,
    lifecycle=LIFECYCLE,
    profiles=SelaProfiles(),
    curl="curl -X PUT {url}/api/leads/update/ -H 'Authorization: Token demo' -H 'Content-Type: "
    "application/json' "
    '-d \'{{"phone_number": "+18042221111", "email": "first_name@trysela.com", "status": '
    '"CLOSED"}}\'',
)


@vendor.settled
def print_times_anew(tx: Transaction, settings: Mapping[str, Any]) -> None:
    """Print the times of all leads in the zone that the settings name from now on."""
    for row in list(tx.rows("leads")):
        changes = printed_anew(row, settings)
        if changes:
            tx.update("leads", row, changes)


@vendor.operation
def leads_update_update(call: Call, tx: Transaction) -> Reply:
    """PUT /api/leads/update/.

    Change the lead with this phone number and e-mail address (`leads/update-a-lead-with-phone-
    email-match`).
    """
    body = call.body
    if call.settings["form_dnc"] == "false" and is_form(call.content_type):
        body = {"sms_dnc": False, "call_dnc": False} | body
    row = _the_one(matching.find(UPDATE, body, tx).rows, call)
    if row is None:
        raise _no("Lead", call, call.settings["no_match_status"])
    if not body.get("email"):
        # The lead was found by its phone number alone, so its address is not meant to change.
        body = {name: value for name, value in body.items() if name != "email"}
    return Reply(lead_shown(_update(row, body, call, tx)))


def _lead(call: Call, tx: Transaction) -> Row:
    return _found("leads", "Lead", call, tx)


@vendor.operation
@vendor.check_first(_lead)
def leads_partial_update(call: Call, tx: Transaction) -> Reply:
    """PATCH /api/leads/{id}/: change the fields that are sent (`leads/update-a-lead`)."""
    return Reply(lead_shown(_update(_lead(call, tx), call.body, call, tx)))


@vendor.operation
def leads_retrieve(call: Call, tx: Transaction) -> Reply:
    """GET /api/leads/{id}/ (`leads/retrieve-a-lead`)."""
    return Reply(lead_shown(_lead(call, tx)))


@vendor.operation
def leads_list(call: Call, tx: Transaction) -> Reply:
    """GET /api/leads/, a page at a time (`leads/list-leads`)."""
    newest_first = call.settings["list_order"] != "oldest"
    return Reply(_page(tx.rows("leads"), call, lead_shown, newest_first=newest_first))


@vendor.operation
def leads_create(call: Call, tx: Transaction) -> Reply:
    """POST /api/leads/.

    Create a lead, or engage again the one with the same phone number and e-mail address
    (`leads/create-a-lead`, `introduction`).
    """
    row, action = _create_or_reengage(call.body, call, tx)
    row = lead_shown(row)
    call.action = _ACTIONS.get(action, "")
    if action in _STATUS_SETTINGS:
        return Reply(row, call.settings[_STATUS_SETTINGS[action]])
    if call.settings["duplicate"] == "refuse":
        raise _refused(_DUPLICATE)
    return Reply(row)


@vendor.operation
def leads_bulk_create_create(call: Call, tx: Transaction) -> Reply:
    """POST /api/leads/bulk-create/.

    Create each lead on its own; the results have the order of the request
    (`leads/bulk-create-leads`).
    """
    most = call.settings["max_bulk_items"]
    if len(call.body["leads"]) > most:
        text = f"Ensure this field has no more than {most} elements."
        raise call.invalid(("leads",), "maxItems", text)
    items = enumerate(call.body["leads"])
    results = [_bulk_result(index, item, call, tx) for index, item in items]
    return Reply({"results": results})


@vendor.operation
def lead_types_list(call: Call, tx: Transaction) -> Reply:
    """GET /api/lead-types/, with `search` over the names (`lead-types/list-lead-types`)."""
    words = [term.casefold() for term in search_terms(call.query.get("search", ""))]
    rows = [row for row in tx.rows("lead_types") if _has_words(row["name"].casefold(), words)]
    return Reply(_page(rows, call, _lead_type_view))


def _has_words(text: str, words: Iterable[str]) -> bool:
    return all(word in text for word in words)


@vendor.operation
def lead_types_retrieve(call: Call, tx: Transaction) -> Reply:
    """GET /api/lead-types/{id}/ (`lead-types/retrieve-a-lead-type`)."""
    return Reply(_lead_type_view(_found("lead_types", "LeadType", call, tx)))


def _config(call: Call, tx: Transaction) -> Row:
    """The configuration that the path names.

    Raises Refusal("not_found") where there is none, and Refusal("unauthorized") where it needs a
    token and the request has none (`lead-ingestion/...`).
    """
    config = _found("ingestion_configs", "LeadIngestionConfig", call, tx)
    if config["requires_token"] and call.account is None:
        raise Refusal("unauthorized", reason=Reason.MISSING)
    return config


@vendor.operation
@vendor.check_first(_config)
def lead_ingestion_create(call: Call, tx: Transaction) -> Reply:
    """POST /api/lead-ingestion/{id}/.

    Create a lead from a mapped payload (`lead-ingestion/create-a-lead-from-a-custom-payload`).
    """
    body, problems = _mapped(call, tx)
    if problems:
        raise Refusal("invalid", problems=problems)
    body = _routed(body, call, tx)
    if call.settings["ingestion_duplicate"] == "create":
        return Reply(_create(body, call, tx), 201)
    row, action = _create_or_reengage(body, call, tx)
    call.action = _ACTIONS.get(action, "")
    if action == "duplicate":
        raise _refused(_DUPLICATE)
    return Reply(lead_shown(row), 201)


@vendor.operation
@vendor.check_first(_config)
def lead_ingestion_update(call: Call, tx: Transaction) -> Reply:
    """PUT /api/lead-ingestion/{id}/.

    Update the lead with the payload's external id, phone number or e-mail, or create it
    (`lead-ingestion/create-or-update-a-lead-from-a-custom-payload`).
    """
    body, problems = _mapped(call, tx)
    # An update may leave out what a new lead must have: such a problem counts only without a match.
    if any(problem.keyword != "required" for problem in problems):
        raise Refusal("invalid", problems=problems)
    row = _the_one(matching.find(INGESTION, body, tx).rows, call)
    if row is not None:
        return Reply(lead_shown(_update(row, body, call, tx)))
    if problems:
        raise Refusal("invalid", problems=problems)
    return Reply(_create(_routed(body, call, tx), call, tx), 201)


@vendor.operation
def webhooks_create(call: Call, tx: Transaction) -> Reply:
    """POST /api/webhooks/: store a webhook, which is told of leads from now on (`webhook`)."""
    url = call.body.get("url", "")
    if is_misplaced(url):
        raise call.invalid(("url",), "format", _BAD_URL)
    row = TRIGGERS_OF_LEADS.new_row(call.body.get("trigger", "CALL_COMPLETE"), url, None, tx)
    row["filter_condition"] = call.body.get("filter_condition")
    # The framework takes a field of this name for the address of what was created.
    location = (b"location", header_bytes(url))
    return Reply(_webhook_view(tx.put(WEBHOOKS, row), call), 201, (location,))


@vendor.operation
def webhooks_retrieve(call: Call, tx: Transaction) -> Reply:
    """GET /api/webhooks/{id}/ (`webhooks/retrieve-a-webhook`)."""
    return Reply(_webhook_view(_found(WEBHOOKS, "Webhook", call, tx), call))


def _webhook_view(row: Row, call: Call) -> Row:
    """A webhook as the API shows it: an inbox by its whole address."""
    shown = {name: row[name] for name in WEBHOOK}
    url = row["url"]
    if url.startswith(INBOX):
        shown["url"] = call.inbox_url(url.removeprefix(INBOX))
    return shown


def _found(table: str, model: str, call: Call, tx: Transaction) -> Row:
    """The row that the path names. Raises Refusal("not_found")."""
    return find_or_refuse(tx, table, call.path_parameters["id"], partial(_no, model, call))


def _no(model: str, call: Call, status: int = 404) -> Refusal:
    text = f"No {model} matches the given query."
    if call.settings["framework_version"] == OLDER:
        text = "Not found."
    return Refusal("not_found", text, status=status)


def _refused(text: str) -> Refusal:
    return Refusal("invalid", problems=[Problem((), "unique", text)])


def _the_one(rows: list[Row], call: Call) -> Row | None:
    """The last of the matching rows; None where no row matches.

    Raises Refusal("invalid") where several match and the setting `several_matches` refuses that.
    """
    if len(rows) > 1 and call.settings["several_matches"] == "refuse":
        raise _refused(_SEVERAL)
    return rows[-1] if rows else None


def _update(row: Row, body: Mapping[str, Any], call: Call, tx: Transaction) -> Row:
    """Store the row with what the body changes."""
    changes = _fields(body, _ON_UPDATE, call)
    changes["modified_time"] = time_text(call.now, call.settings)
    if "metadata" in body or not _STANDARD.issuperset(body):
        old = row["metadata"] if call.settings["metadata_update"] == "merge" else None
        changes["metadata"] = _metadata(body, old)
    status = changes.get("status", row["status"])
    if status != row["status"]:
        changes["status_reason"] = None
    changes |= planned_anew(row, changes, tx)
    return tx.update("leads", row, set_flags(row, changes))


def _fields(body: Mapping[str, Any], writable: Collection[str], call: Call) -> Row:
    """The fields that the body sets, as they are stored."""
    fields = {name: value for name, value in body.items() if name in writable}
    if "phone_number" in fields:
        fields["phone_number"] = _phone(fields["phone_number"], call)
    if fields.get("call_schedule_start_time"):
        zone = zone_named(call.settings["time_zone"])
        start = moment_in(fields["call_schedule_start_time"], zone)
        fields["call_schedule_start_time"] = time_text(start, call.settings)
    return fields


def _phone(text: str, call: Call) -> str:
    """The number as E.164.

    Raises Refusal("invalid") for a number outside +1 if the setting `international_phones` refuses
    it.
    """
    region = call.region
    number = phone_e164(text, region) or text
    if region != DEFAULT_REGION and not text.startswith("+"):
        read = "read the phone number {} as {}, a number of the setting phone_region: " + region
        call.note("chosen-behaviour", "phone_region", read, text, number)
    if call.settings["international_phones"] == "refuse" and not number.startswith("+1"):
        raise call.invalid(("phone_number",), "phone", "Enter a valid phone number.")
    return number


def _metadata(body: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The metadata of a lead: what it had, what the body sends as `metadata`, and its extra keys.

    The later one wins. A `metadata` of null drops what the lead had. None where nothing is left.
    """
    # Sela keeps the keys that are no standard fields of a lead in its metadata.
    extras = {name: value for name, value in body.items() if name not in _STANDARD}
    sent = body.get("metadata")
    if sent is None and "metadata" in body:
        old = None
    if sent is None and not extras:
        return dict(old) if old is not None else None
    return {**(old or {}), **(sent or {}), **extras}


def _create_or_reengage(body: Mapping[str, Any], call: Call, tx: Transaction) -> tuple[Row, str]:
    """The lead that a body means, and what became of it (`introduction`).

    It was `created`, it was `reengaged`, or it is left as it is, as a `duplicate`.
    """
    _phone(body["phone_number"], call)
    pair = (body["phone_number"], body.get("email"))
    twins = matching.find(DUPLICATE, {"phone_number and email": pair}, tx).rows
    if not twins:
        return _create(body, call, tx), "created"
    latest = twins[-1]
    if not _is_due(latest, body.get("min_reengagement_days"), call.now):
        return latest, "duplicate"
    return _reengage(latest, body, call, tx), "reengaged"


def _create(body: Mapping[str, Any], call: Call, tx: Transaction) -> Row:
    """Store a new lead with the fields of the body."""
    fields = _fields(body, _ON_CREATE, call)
    fields["metadata"] = _metadata(body, None)
    row = new_lead(new_number(tx, "leads"), fields, call.now, call.settings, tx)
    return tx.put("leads", row)


def _is_due(row: Row, days: float | None, now: datetime) -> bool:
    """Whether so many days have passed since the last (re-)engagement (`introduction`)."""
    if days is None:
        return False
    engaged = (row["received_time"], row["last_reengagement_time"])
    moments = [moment_of(time) for time in engaged if time]
    return not moments or (now - max(moments)) / timedelta(days=1) >= days


def _reengage(row: Row, body: Mapping[str, Any], call: Call, tx: Transaction) -> Row:
    """Store the row as a lead that came in once more (`introduction`)."""
    time = time_text(call.now, call.settings)
    changes = _fields(body, _ON_CREATE, call) | {
        "metadata": _metadata(body, row["metadata"]),
        "modified_time": time,
        "status": "OPEN",
        "status_reason": "REENGAGEMENT",
        "reengagements_count": row["reengagements_count"] + 1,
        "last_reengagement_time": time,
    }
    row = row | changes | {"next_call_time": None, "next_call_time_reason": None}
    if calls_out(row["lead_type"], tx) and not row["call_dnc"]:
        row |= next_call(row, call.now, "NEXT_AVAILABLE_SLOT")
    return tx.put("leads", row)


def _bulk_result(index: int, item: Any, call: Call, tx: Transaction) -> dict[str, Any]:
    """What became of one item of a bulk request (`leads/bulk-create-leads`)."""
    if not isinstance(item, dict):
        return _bulk_error(_NOT_AN_OBJECT)
    try:
        row, action = _create_or_reengage(_bulk_body(index, item, call), call, tx)
    except Refusal as refusal:
        return _bulk_error(_one_sentence_per_field(refusal.problems, call))
    if action == "duplicate":
        return _bulk_error(_DUPLICATE)
    return {"id": row["id"], "action": action}


def _bulk_body(index: int, item: Any, call: Call) -> Any:
    """The item as it was read. Raises Refusal naming every problem of the item."""
    body, problems = call.item_reader.read(item, call.exists, call.region)
    if isinstance(call.flawed_items, list):
        problems = joined(flaws_of(call.flawed_items[index]), problems)
    if problems:
        raise Refusal("invalid", problems=problems)
    return body


def _one_sentence_per_field(problems: Iterable[Problem], call: Call) -> str:
    errors = DIALECT.errors(problems, call.item_reader.schema)
    return "; ".join(f"{field}: {' '.join(messages)}" for field, messages in errors.items())


def _bulk_error(text: str) -> dict[str, Any]:
    return {"id": None, "action": "error", "error": text}


def _mapped(call: Call, tx: Transaction) -> tuple[Any, list[Problem]]:
    """The payload after the configuration's field mapping, read as a lead; its problems."""
    config = _config(call, tx)
    payload = call.body
    fields = {}
    # What the mapping does not name stays in the payload: extra keys become metadata of the lead.
    for theirs, ours in config["field_map"].items():
        payload, value = _without_path(payload, tuple(theirs.split(".")))
        if value is not ...:
            fields[ours] = value
    return call.item_reader.read(payload | fields, call.exists, call.region)


def _routed(body: Mapping[str, Any], call: Call, tx: Transaction) -> Mapping[str, Any]:
    """The body of a new lead, with the configured campaign where it names none.

    A lead that is there already keeps its own (`lead-ingestion/create-or-update-...`).
    """
    campaign = _config(call, tx)["lead_type"]
    if body.get("lead_type") is None and campaign is not None:
        return {**body, "lead_type": campaign}
    return body


def _without_path(payload: Any, steps: tuple[str, ...]) -> tuple[Any, Any]:
    """The payload without the value at that path, and the value; `...` where there is none.

    An object that is empty afterwards is left out too.
    """
    first, further = steps[0], steps[1:]
    if not isinstance(payload, dict) or first not in payload:
        return payload, ...
    others = {name: value for name, value in payload.items() if name != first}
    if not further:
        return others, payload[first]
    rest, value = _without_path(payload[first], further)
    if value is not ... and not rest:
        return others, value
    return payload | {first: rest}, value


def _lead_type_view(row: Row) -> Row:
    return {name: row[name] for name in ("id", "name", "lead_metadata_fields")}


def _page(
    rows: Sequence[Row],
    call: Call,
    view: Callable[[Row], Row] = dict,
    *,
    newest_first: bool = False,
) -> dict[str, Any]:
    """The page that the query asks for, with links to its neighbours.

    Raises Refusal("not_found") where there is none.
    """
    size = _page_size(call)
    last = max(1, page_count(len(rows), size))
    number = _page_number(call.query.get("page"), last, call)
    return {
        "count": len(rows),
        "next": _link(call, number + 1) if number < last else None,
        "previous": _link(call, number - 1) if number > 1 else None,
        "results": [view(row) for row in page(rows, number, size, newest_first=newest_first)],
    }


def _page_size(call: Call) -> int:
    """The size that the query asks for, at most `max_page_size`.

    Django REST framework ignores a size that it cannot read or that is below 1.
    """
    size = _whole_number(call.query.get("page_size"))
    if size is None or size < 1:
        return int(call.settings["page_size"])
    return int(min(size, call.settings["max_page_size"]))


def _page_number(asked: Any, last: int, call: Call) -> int:
    """The number of the page asked for. Raises Refusal("not_found") where there is none."""
    if asked is None:
        return 1
    if asked == "" and call.settings["framework_version"] != OLDER:
        return 1
    if asked == "last":
        return last
    number = _whole_number(asked)
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
    """The called address with the number of another page, as Django REST framework writes it.

    The parameters are sorted, and the first page has no number.
    """
    query = parse_qs(call.request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    query.pop("page", None)
    if number > 1:
        query["page"] = [str(number)]
    if not query:
        return call.request.url
    return f"{call.request.url}?{urlencode(sorted(query.items()), doseq=True)}"

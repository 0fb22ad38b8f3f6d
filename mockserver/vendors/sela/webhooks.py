"""What Sela tells of leads: a webhook for each trigger, all with one payload (`webhook`)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import quote

from mockserver.collection import new_number
from mockserver.dialects.django_formats import is_django_url
from mockserver.documents.formats import parse_date_time
from mockserver.errors import Path
from mockserver.life.events import Happening
from mockserver.state.changes import Row
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.vendors.sela.rows import FLAGS, SET_FLAGS, TIMES, call_count
from mockserver.webhooks.base import INBOX, WEBHOOKS, Webhook, Webhooks
from mockserver.webhooks.inbox import NAME
from mockserver.wire import write_json

TRIGGERS = tuple(
    "LEAD_CREATED LEAD_UPDATED LEAD_CLOSED LEAD_CLOSED_INCOMPLETE LEAD_LOST "
    "LEAD_SCHEDULE_COMPLETED LEAD_LATE_CALLBACK LEAD_OUT_OF_TERRITORY LEAD_BAD_NUMBER "
    "LEAD_CANCELLED LEAD_CALLBACK_TO_TRANSFER LEAD_BEFORE_REENGAGEMENT LEAD_REENGAGEMENT "
    "LEAD_FIRST_INBOUND CALL_COMPLETE BEFORE_CALLING CALL_FAILED CALL_ENDED "
    "CALL_TRANSFER_INITIATED SMS_DNC CALL_DNC".split()
)

WEBHOOK: Row = {"id": 0, "url": "", "trigger": "CALL_COMPLETE", "filter_condition": None}
"""A webhook as the API returns it. Its row has the column `options` besides."""

_PAYLOAD = (
    "id",
    "email",
    "phone_number",
    "metadata",
    "modified_time",
    "created_time",
    "status",
    "status_reason",
    "lead_type",
    "next_call_time",
    "next_call_time_reason",
    "external_id",
    "us_state",
    "lead_source",
    "received_time",
    "reengagements_count",
    "last_reengagement_time",
    "call_schedule_start_time",
    "sms_dnc",
    "call_dnc",
    "call_count",
    "last_chat",
)

_LONGEST_URL = 255
_SECOND_END = 19
"""Where the whole second of a time ends: `2026-01-05T11:30:20`."""

_AUTHORITY = re.compile(r"[^:/?#]*://[^/?#]*")
_PLACEHOLDER = re.compile(r"{{([^{}]*)}}")
_CHOSEN = "its order among the triggers of one moment, and that its last_chat is empty, are chosen"
_LATE = "after how long a callback is late, "
_NOT_EVALUATED = "filter_condition is not evaluated"


class SelaWebhooks(Webhooks):
    """The webhooks of triggers: several may have one trigger, and each is of all leads."""

    kinds = TRIGGERS
    chosen = dict.fromkeys(TRIGGERS, _CHOSEN) | {"LEAD_LATE_CALLBACK": _LATE + _CHOSEN}
    kind_column = "trigger"
    payloads = ("lead",)

    def webhook(self, row: Row) -> Webhook:
        """See `Webhooks`."""
        return Webhook(self.vendor, row["id"], row["trigger"], row["url"], None, row["options"])

    def new_row(self, kind: str, url: str, scope: str | None, tx: Transaction) -> Row:
        """See `Webhooks`."""
        own = {"id": new_number(tx, WEBHOOKS), "url": url, "trigger": kind}
        return WEBHOOK | own | {"options": {}}

    def wrong(
        self, kind: str, url: str, scope: str | None, tx: Transaction
    ) -> Iterator[tuple[Path, str]]:
        """See `Webhooks`: the rules of the API, in words of this server."""
        if scope is not None:
            yield ("scope",), "must be left out: each webhook is of all leads"
        if len(url) > _LONGEST_URL:
            yield ("url",), f"must have at most {_LONGEST_URL} characters"
        elif is_misplaced(url):
            yield ("url",), "may have placeholders in its path and its query only"
        elif not is_address(url):
            yield ("url",), "is no URL that the vendor takes"

    def kind_of(self, happening: Happening, settings: Mapping[str, Any]) -> str | None:
        """See `Webhooks`: the event has the trigger that it sets off."""
        trigger: str | None = happening.data.get("trigger")
        return trigger

    def described_as(self, webhook: Webhook) -> str:
        """See `Webhooks`: all triggers have one payload."""
        return self.payloads[0]

    def payload(
        self, webhook: Webhook, happening: Happening, diffs: Sequence[RowDiff], tx: Transaction
    ) -> Any:
        """See `Webhooks`."""
        lead = tx.get("leads", happening.lead or 0)
        if lead is None:
            return None
        if webhook.kind == "LEAD_BEFORE_REENGAGEMENT":
            lead = lead | _before(lead, diffs)
        told: Row = {name: _precise(lead[name]) for name in TIMES}
        for name in FLAGS:
            told[name] = _flag(lead, name)
        told["next_call_time"] = _in_utc(lead["next_call_time"])
        told["call_count"] = call_count(lead["id"], tx)
        told["last_chat"] = _last_chat(lead, tx)
        lead = lead | told
        return {name: lead[name] for name in _PAYLOAD}

    def address(self, webhook: Webhook, payload: Any) -> str:
        """See `Webhooks`."""
        return filled(webhook.url, payload)

    def remarks(self, webhook: Webhook, tx: Transaction) -> tuple[str, ...]:
        """See `Webhooks`."""
        row = tx.get(WEBHOOKS, webhook.id)
        return (_NOT_EVALUATED,) if row and row["filter_condition"] else ()


def _before(lead: Row, diffs: Sequence[RowDiff]) -> Row:
    """The columns of a lead that a change gave another value, as they were."""
    for diff in diffs:
        if diff.table == "leads" and diff.id == lead["id"]:
            return diff.before or {}
    return {}


def _precise(time: str | None) -> str | None:
    """A time with six decimals, as the sample of the documentation has them."""
    if time is None or time[_SECOND_END : _SECOND_END + 1] == ".":
        return time
    return f"{time[:_SECOND_END]}.000000{time[_SECOND_END:]}"


def _in_utc(time: str | None) -> str | None:
    """A time in UTC, in whole seconds, with `+00:00`; a text that is no time stays as it is."""
    moment = parse_date_time(time) if time else None
    if moment is None:
        return time
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _flag(lead: Row, name: str) -> bool | None:
    """A flag of a lead; None for one that nobody has ever set."""
    value: bool = lead[name]
    return value if value or name in lead.get(SET_FLAGS, ()) else None


def _last_chat(lead: Row, tx: Transaction) -> Mapping[str, Any]:
    """What the last call that has a chat shows of it; nobody knows the vendor's fields."""
    chat: Mapping[str, Any] = {}
    for call in tx.find("calls", "lead", lead["id"]):
        if call["ended"] and call["last_chat"]:
            chat = call["last_chat"]
    return chat


# Addresses.


def is_address(url: str) -> bool:
    """Whether a fixture may have it: a URL as the API takes it, or an inbox."""
    if url.startswith(INBOX):
        return re.fullmatch(NAME, url.removeprefix(INBOX)) is not None
    return is_django_url(url) and not is_misplaced(url)


def _authority(url: str) -> str:
    """Scheme, credentials, host and port."""
    match = _AUTHORITY.match(url)
    return url if match is None else match[0]


def is_misplaced(url: str) -> bool:
    """Whether there is a placeholder where it would decide who gets the payload."""
    return "{{" in _authority(url)


def filled(url: str, payload: Mapping[str, Any]) -> str:
    """The URL with values of the payload in its path and its query, percent-encoded."""
    if "{{" not in url:
        return url
    authority = _authority(url)
    rest, hash, fragment = url.removeprefix(authority).partition("#")

    def value(match: re.Match[str]) -> str:
        return quote(_text(_found(payload, match[1])), safe="")

    return authority + _PLACEHOLDER.sub(value, rest) + hash + fragment


def _found(payload: Mapping[str, Any], name: str) -> Any:
    """The value that a dotted name leads to; None where there is none."""
    found: Any = payload
    for step in name.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(step)
    return found


def _text(value: Any) -> str:
    """A value as it stands in a URL: texts as they are, others as JSON has them, null empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else write_json(value).decode()


TRIGGERS_OF_LEADS = SelaWebhooks("sela")

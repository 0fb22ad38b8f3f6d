"""What NLPearl tells of calls and leads, and to whom (`pages/webhooks`).

Each pearl has an address for its calls and one for its leads. The payloads are those of version 2;
version 1 is inferred from them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from mockserver.collection import new_number
from mockserver.errors import Path
from mockserver.life.events import Happening
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.vendors.nlpearl.calls import lead_view
from mockserver.vendors.nlpearl.rows import CALL, INBOUND
from mockserver.webhooks.base import INBOX, WEBHOOKS, Webhook, Webhooks

CALL_WEBHOOK, LEAD_WEBHOOK = "call", "lead"

URL_SETTINGS = {"callWebhookUrl": CALL_WEBHOOK, "leadWebhookUrl": LEAD_WEBHOOK}
"""The outbound settings that are the address of a webhook, and of which one."""

INVALID_URL = "Invalid Webhook URL"

_V1 = "V1"
VERSIONS = (_V1, "V2")

_CALL_PAYLOAD = tuple(name for name in CALL if name != "relatedId")
_LEAD_PAYLOAD = (
    "id",
    "pearlId",
    "externalId",
    "phoneNumber",
    "timeZone",
    "status",
    "created",
    "callsId",
    "callData",
    "collectedData",
)

CALL_STATUSES = {
    3: "InProgress",
    4: "Completed",
    5: "Busy",
    6: "Failed",
    7: "NoAnswer",
    8: "Canceled",
}
CONVERSATION_STATUSES = {
    10: "NeedRetry",
    20: "InCallQueue",
    40: "OnCall",
    70: "VoiceMailLeft",
    100: "Success",
    110: "NotSuccessful",
    130: "Completed",
    150: "Unreachable",
    220: "Blacklisted",
    300: "QueueAbandon",
    500: "Error",
}
LEAD_STATUSES = {1: "New", 30: "WrongCountryCode", **CONVERSATION_STATUSES}
SENTIMENTS = {
    1: "Negative",
    2: "SlightlyNegative",
    3: "Neutral",
    4: "SlightlyPositive",
    5: "Positive",
}
ROLES = {2: "Pearl", 3: "Client"}

_LOCAL_NAMES = ("localhost", "local", "internal")
"""The last labels of names that no public server has."""


class PearlWebhooks(Webhooks):
    """The call webhooks and the lead webhooks of pearls.

    Their scope is a pearl. A webhook of all pearls is told of those that have none of their own.
    """

    kinds = (CALL_WEBHOOK, LEAD_WEBHOOK)
    chosen = dict.fromkeys(kinds, "whether the call or the lead is told first is chosen")
    payloads = ("call", "lead", "callV1", "leadV1")
    versions = VERSIONS

    def webhook(self, row: Row) -> Webhook:
        """See `Webhooks`."""
        kind, url, pearl, options = row["kind"], row["url"], row["pearl"], row["options"]
        return Webhook(self.vendor, row["id"], kind, url, pearl, options)

    def new_row(self, kind: str, url: str, scope: str | None, tx: Transaction) -> Row:
        """See `Webhooks`."""
        id = new_number(tx, WEBHOOKS)
        return {"id": id, "kind": kind, "pearl": scope, "url": url, "options": {}}

    def replaced_by(self, webhook: Webhook, tx: Transaction) -> list[Row]:
        """See `Webhooks`: a pearl has one address of each kind. One for all pearls replaces all."""
        rows = tx.rows(WEBHOOKS)
        if webhook.scope is not None:
            rows = tx.find(WEBHOOKS, "pearl", webhook.scope)
        return [row for row in rows if row["kind"] == webhook.kind and row["id"] != webhook.id]

    def wrong(
        self, kind: str, url: str, scope: str | None, tx: Transaction
    ) -> Iterator[tuple[Path, str]]:
        """See `Webhooks`."""
        if is_refused(url, tx.settings):
            yield ("url",), f"{INVALID_URL}: the setting webhook_hosts is public"
        if scope is None:
            return
        pearl = tx.get("pearls", scope)
        if pearl is None:
            yield ("scope",), f"there is no pearl {scope!r}"
        elif kind == LEAD_WEBHOOK and pearl["type"] == INBOUND:
            yield ("scope",), "is an inbound pearl, which has no lead webhook"

    def kind_of(self, happening: Happening, settings: Mapping[str, Any]) -> str | None:
        """See `Webhooks`: both ends of a call, and each new status of a lead."""
        kind = happening.kind
        if kind in ("call.started", "call.ended"):
            return CALL_WEBHOOK
        is_told = kind == "lead.created" and settings["lead_webhook_on_add"] == "on"
        if kind == "lead.status" or is_told:
            return LEAD_WEBHOOK
        return None

    def is_for(self, webhook: Webhook, happening: Happening, tx: Transaction) -> bool:
        """See `Webhooks`: the pearl's own webhook is told, else that of all pearls."""
        subject = _subject(webhook.kind, happening, tx)
        if subject is None:
            return False
        pearl = subject["pearlId"]
        if webhook.scope is not None:
            return bool(webhook.scope == pearl)
        own = tx.find(WEBHOOKS, "pearl", pearl)
        return not any(row["kind"] == webhook.kind for row in own)

    def described_as(self, webhook: Webhook) -> str:
        """See `Webhooks`."""
        return webhook.kind + _V1 if webhook.options.get("version") == _V1 else webhook.kind

    def payload(
        self, webhook: Webhook, happening: Happening, diffs: Sequence[RowDiff], tx: Transaction
    ) -> Any:
        """See `Webhooks`."""
        subject = _subject(webhook.kind, happening, tx)
        if subject is None:
            return None
        is_v1 = webhook.options.get("version") == _V1
        if webhook.kind == CALL_WEBHOOK:
            payload = _call_payload(subject)
            if is_v1:
                payload["relatedId"] = subject["relatedId"]
        else:
            payload = _lead_payload(subject, tx)
        if tx.settings["webhook_enums"] == "name":
            payload = _with_names(payload, webhook.kind)
        return _capitalized(payload) if is_v1 else payload

    def set_urls(self, pearl: RowId, settings: Mapping[str, Any], tx: Transaction) -> None:
        """Give a pearl the addresses among its outbound settings. An empty one removes its own."""
        for name, kind in URL_SETTINGS.items():
            url = settings.get(name)
            if url is not None:
                self._set_url(kind, url, pearl, tx)

    def _set_url(self, kind: str, url: str, pearl: RowId, tx: Transaction) -> None:
        own = [row for row in tx.find(WEBHOOKS, "pearl", pearl) if row["kind"] == kind]
        if not url:
            for row in own:
                tx.delete(WEBHOOKS, row["id"])
        elif own:
            # Its receiver is known now: nobody waits for `settle`, or stopped it for a loop.
            kept = {
                name: value
                for name, value in own[0]["options"].items()
                if name not in ("hold", "stopped")
            }
            tx.update(WEBHOOKS, own[0], {"url": url, "options": kept})
        else:
            tx.put(WEBHOOKS, self.new_row(kind, url, str(pearl), tx))

    def seeded(self, section: Mapping[str, Any], tx: Transaction) -> Iterator[tuple[Path, str]]:
        """Store the addresses that a fixture's pearls have, and have one of each kind for a pearl.

        `section` is the vendor's, whose rows are stored already. Yields what is wrong in it.
        """
        given: dict[tuple[str | None, str], str] = {}
        written = tx.written(WEBHOOKS)
        for position, row in enumerate(written):
            place = row["pearl"], row["kind"]
            if place in given:
                pearl = row["pearl"] or "all pearls"
                yield (WEBHOOKS, position), f"is a second {row['kind']} webhook of {pearl}"
            given[place] = row["url"]
        for row in list(tx.rows(WEBHOOKS)):
            if (row["pearl"], row["kind"]) in given and row not in written:
                tx.delete(WEBHOOKS, row["id"])
        for position, pearl in enumerate(section.get("pearls", ())):
            settings = pearl.get("outboundSettings") or {}
            for name, kind in URL_SETTINGS.items():
                url = settings.get(name)
                if url and given.get((pearl["id"], kind), url) != url:
                    text = f"is another URL than the pearl's {kind} webhook has in `{WEBHOOKS}`"
                    yield ("pearls", position, "outboundSettings", name), text
            self.set_urls(pearl["id"], settings, tx)


def _subject(kind: str, happening: Happening, tx: Transaction) -> Row | None:
    """The call or the lead that the event is about; None where it is gone, or nobody is told.

    Leads of inbound pearls have no webhook (`pages/webhooks`).
    """
    if kind == CALL_WEBHOOK:
        # The report asks of events of leads too: a webhook for calls is not told of them.
        call = happening.data.get("call")
        return None if call is None else tx.get("calls", call)
    lead = tx.get("leads", happening.lead or "")
    pearl = tx.get("pearls", lead["pearlId"]) if lead is not None else None
    if pearl is not None and pearl["type"] == INBOUND:
        return None
    return lead


def _call_payload(call: Row) -> Row:
    return {name: call[name] for name in _CALL_PAYLOAD}


def _lead_payload(lead: Row, tx: Transaction) -> Row:
    shown = lead_view(lead, tx) | {"pearlId": lead["pearlId"]}
    return {name: shown[name] for name in _LEAD_PAYLOAD}


def _with_names(payload: Row, kind: str) -> Row:
    """The payload with the names of its enums, as the examples of the documentation have them."""
    if kind == LEAD_WEBHOOK:
        return payload | {"status": LEAD_STATUSES[payload["status"]]}
    named: Row = {
        "status": CALL_STATUSES[payload["status"]],
        "conversationStatus": CONVERSATION_STATUSES[payload["conversationStatus"]],
        "overallSentiment": SENTIMENTS[payload["overallSentiment"]],
    }
    if payload["transcript"] is not None:
        named["transcript"] = [_with_role(line) for line in payload["transcript"]]
    return payload | named


def _with_role(line: Row) -> Row:
    return line | {"role": ROLES[line["role"]]} if "role" in line else line


def _capitalized(payload: Row) -> Row:
    """The payload as version 1 has it: the names of its fields begin with capitals.

    What a client chose, or a conversation found out, keeps its names.
    """
    return {name[0].upper() + name[1:]: _items(value) for name, value in payload.items()}


def _items(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [_capitalized(each) if isinstance(each, dict) else each for each in value]


def is_refused(url: str, settings: Mapping[str, Any]) -> bool:
    """Whether the platform refuses the address: it has no public host, where the setting asks."""
    if settings["webhook_hosts"] != "public" or not url or url.startswith(INBOX):
        return False
    return not _is_public(url)


def objections(given: Row, settings: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with the addresses among outbound settings, a sentence for all."""
    urls = [given.get(name) or "" for name in URL_SETTINGS]
    return [INVALID_URL] if any(is_refused(url, settings) for url in urls) else []


def _is_public(url: str) -> bool:
    """Whether it is an address of the web whose host is not plainly a private one."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return _is_public_name(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_global
    return address.is_global


def _is_public_name(host: str) -> bool:
    *labels, top = host.split(".")
    # A name that ends in a number is an address in another notation: `127.1`, `0x7f.1`.
    is_number = top.isdigit() or top[:2] == "0x"
    return bool(labels) and top not in _LOCAL_NAMES and not is_number


WEBHOOKS_OF_PEARLS = PearlWebhooks("nlpearl")

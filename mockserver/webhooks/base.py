"""What a vendor's webhooks are: which events they tell of, with what payload, to which address."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.documents.schema import Validator
from mockserver.documents.spec import Document
from mockserver.errors import DocumentError, Path
from mockserver.journal.redaction import printable
from mockserver.life.events import Happening
from mockserver.sections import TEXT, Schema
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.wire import write_json

log = logging.getLogger("mockserver")

WEBHOOKS = "webhooks"
"""The table in which a vendor keeps its webhooks: rows with `id`, `url` and `options` at least."""

INBOX = "inbox:"
"""An address that begins so is an inbox of the workspace itself: `inbox:crm`."""

LONGEST_WAIT = 30.0
"""So many seconds a receiver has for its answer at most."""

_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 10_000}
_SECONDS: Schema = {"type": "number", "minimum": 0, "maximum": 31_536_000}

OPTIONS: Schema = {
    "description": "How it is delivered; what is left out is as the server delivers it.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "retries": {
            "description": "When a failed delivery is tried again: never, by the standard "
            "schedule, or after so many seconds each.",
            "type": ["string", "array"],
            "pattern": "^(none|standard)$",
            "maxItems": 50,
            "items": _SECONDS,
        },
        "timeout": {
            "description": "So many seconds of real time the receiver has for its answer.",
            "type": "number",
            "minimum": 0.1,
            "maximum": LONGEST_WAIT,
        },
        "credential": {
            "description": "A header that each delivery carries.",
            "type": ["object", "null"],
            "additionalProperties": False,
            "required": ["header", "value"],
            "properties": {
                "header": {"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"},
                "value": {
                    "type": "string",
                    "maxLength": 4096,
                    "pattern": "^[\\x21-\\x7e]([ -~]*[\\x21-\\x7e])?$",
                },
            },
        },
        "plain": {
            "description": "Without the header that numbers deliveries, as no vendor sends it.",
            "type": "boolean",
        },
        "hold": {
            "description": "Deliveries wait until `settle` says what came of them.",
            "type": "boolean",
        },
        "strict": {
            "description": "A failed delivery holds up those behind it until it is settled.",
            "type": "boolean",
        },
        "copies": {
            "description": "Each delivery is sent so many times.",
            "type": "integer",
            "minimum": 1,
            "maximum": 10,
        },
        "late": {
            "description": "Deliveries are sent so many seconds of the workspace's clock later.",
            **_SECONDS,
        },
        "order": {
            "description": "`swapped`: each pair of deliveries the other way round.",
            "enum": ["kept", "swapped"],
        },
        "lose_first": {
            "description": "The first ones are never sent, and never retried.",
            **_COUNT,
        },
        "lose_answer": {"description": "The first answers are thrown away.", **_COUNT},
        "hang_up": {
            "description": "The first connections are closed once the body is sent.",
            **_COUNT,
        },
        "stopped": {"description": "Why nothing is delivered any more.", "enum": ["loop"]},
    },
}
"""The schema of the column `options` of a webhook, in fixtures and in the control API."""


def options_with(*versions: str) -> Schema:
    """The schema of a vendor's options whose payloads have these versions."""
    version = {"description": "The version of the payload.", "enum": list(versions)}
    return {**OPTIONS, "properties": {**OPTIONS["properties"], "version": version}}


URL: Schema = TEXT | {"maxLength": 2048}


class Webhook(NamedTuple):
    """One webhook of a workspace: what it wants to hear of, where it is, how it is told.

    `kind` is the vendor's word for the events: a trigger, or which of its webhooks it is. `scope`
    is the id of the one object whose events it wants, None: of all. `url` is as it was set, with
    its placeholders. `options` are as the schema `OPTIONS` has them.
    """

    vendor: str
    id: RowId
    kind: str
    url: str
    scope: str | None
    options: Mapping[str, Any]


class Message(NamedTuple):
    """What one webhook is told of one event: its address, filled in, and the frozen body.

    `remarks` are sentences about it, such as "the filter is not evaluated".
    """

    webhook: Webhook
    url: str
    body: str
    remarks: tuple[str, ...] = ()


class Webhooks:
    """The webhooks of a vendor. The vendor refines everything but `messages`."""

    kinds: tuple[str, ...] = ()
    """The vendor's words for the events that a webhook can be set for."""

    chosen: Mapping[str, str] = MappingProxyType({})
    """What of a kind no source tells, in words: when it is sent, in which order, a field."""

    kind_column = "kind"
    """The column of a row that has the kind."""

    payloads: tuple[str, ...] = ()
    """What the payloads are called in the `x-webhooks` of the document."""

    versions: tuple[str, ...] = ()
    """The versions that a payload may have, where there is more than one (see `options_with`)."""

    def __init__(self, vendor: str) -> None:
        self.vendor = vendor
        self._validators: Mapping[str, Validator] = {}

    def check(self, document: Document) -> None:
        """Hold the payloads to the document from now on.

        Raises DocumentError where it does not describe them, or describes others.
        """
        described = document.webhooks
        if set(described) != set(self.payloads):
            names = ", ".join(self.payloads)
            raise DocumentError(f"{document.source.file}: x-webhooks: must describe {names}")
        self._validators = {name: each.validator for name, each in described.items()}

    def listed(self, tx: Transaction) -> list[Webhook]:
        """All webhooks of the workspace, by id."""
        return [self.webhook(row) for row in sorted(tx.rows(WEBHOOKS), key=_by_id)]

    def webhook(self, row: Row) -> Webhook:
        """The webhook that a row of the table describes."""
        raise NotImplementedError

    def new_row(self, kind: str, url: str, scope: str | None, tx: Transaction) -> Row:
        """The row of a new webhook, with no options; it has its id, and is not stored yet."""
        raise NotImplementedError

    def replaced_by(self, webhook: Webhook, tx: Transaction) -> list[Row]:
        """The rows that go when this webhook is added, where the vendor has room for one only."""
        return []

    def changed(self, row: Row, url: str) -> Row:
        """The row with another address."""
        return row | {"url": url}

    def wrong(
        self, kind: str, url: str, scope: str | None, tx: Transaction
    ) -> Iterator[tuple[Path, str]]:
        """What the vendor itself would find wrong with a new webhook: paths and sentences."""
        yield from ()

    def kind_of(self, happening: Happening, settings: Mapping[str, Any]) -> str | None:
        """Which kind of webhook is told of the event; None for no one."""
        raise NotImplementedError

    def is_for(self, webhook: Webhook, happening: Happening, tx: Transaction) -> bool:
        """Whether the event is one of the object that the webhook is set for."""
        return True

    def payload(
        self, webhook: Webhook, happening: Happening, diffs: Sequence[RowDiff], tx: Transaction
    ) -> Any:
        """What the webhook is told, as JSON values; None where the vendor tells nothing.

        `tx` shows the rows as they are at the event; `diffs` says how they were before.
        """
        raise NotImplementedError

    def described_as(self, webhook: Webhook) -> str:
        """Which of the `payloads` the webhook gets."""
        return webhook.kind

    def address(self, webhook: Webhook, payload: Any) -> str:
        """Where the payload goes: the webhook's URL with its placeholders filled in."""
        return webhook.url

    def remarks(self, webhook: Webhook, tx: Transaction) -> tuple[str, ...]:
        """Sentences about each delivery of a webhook."""
        return ()

    def messages(
        self, happening: Happening, diffs: Sequence[RowDiff], tx: Transaction
    ) -> Iterator[Message]:
        """What is told of an event, to the webhooks that want to know, by their ids."""
        kind = self.kind_of(happening, tx.settings)
        if kind is None:
            return
        # Most events are told to nobody, and this is asked of each: a look at one column.
        rows = [row for row in tx.rows(WEBHOOKS) if row[self.kind_column] == kind]
        for webhook in map(self.webhook, sorted(rows, key=_by_id)):
            if not self.is_for(webhook, happening, tx):
                continue
            payload = self.payload(webhook, happening, diffs, tx)
            if payload is not None:
                self._hold(payload, webhook)
                url, body = self.address(webhook, payload), write_json(payload).decode()
                yield Message(webhook, url, body, self.remarks(webhook, tx))

    def _hold(self, payload: Any, webhook: Webhook) -> None:
        """Hold a payload to the document. A breach is this server's fault and goes to the log."""
        validator = self._validators.get(self.described_as(webhook))
        if validator is None or validator.is_valid(payload):
            return
        first = next(iter(validator.compiled.iter_errors(payload)))
        log.error(
            "%s sends the webhook %s a payload out of the document: %s",
            self.vendor,
            webhook.kind,
            printable(first.message),
        )


def _by_id(row: Row) -> RowId:
    id: RowId = row["id"]
    return id

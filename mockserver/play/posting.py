"""From messages to deliveries: rows of the outbox, in the transaction of what they tell of."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from mockserver.life.events import Cause
from mockserver.life.moments import later, moment_of, moment_text
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.webhooks.base import WEBHOOKS, Message, Webhook
from mockserver.webhooks.deliveries import Delivery, State
from mockserver.webhooks.tables import OUTBOX, OUTBOX_ROW
from mockserver.workspaces import Workspace


class Occasion(NamedTuple):
    """What messages tell of: an event's number, the lead it is about, its time and its cause."""

    event: int
    lead: int | str | None
    time: datetime
    cause: Cause


Told = tuple[Occasion, Message]


class Posted(NamedTuple):
    """What became of messages: the deliveries, and of these the rows that may go now, in order."""

    deliveries: Sequence[Delivery] = ()
    ready: Sequence[Row] = ()


NOTHING_POSTED = Posted()


def post(workspace: Workspace, vendor: str, told: Iterable[Told], tx: Transaction) -> Posted:
    """Write a row of the outbox for each message. The test modes of its webhook act on it.

    `posted` has to be called once the transaction is applied.
    """
    desk = _Desk(workspace, vendor, tx)
    for occasion, message in told:
        desk.post(occasion, message)
    return Posted(desk.deliveries, desk.ready)


def posted(workspace: Workspace, vendor: str, what: Posted) -> None:
    """Keep the deliveries in the journal, and have the courier find those that may go."""
    for delivery in what.deliveries:
        workspace.deliveries.put(delivery)
    for row in what.ready:
        workspace.outgoing.append((vendor, row["id"]))


def delivery_of(vendor: str, row: Row) -> Delivery:
    """What the journal keeps of a row of the outbox of which it knows nothing."""
    at = row["at"]
    return Delivery(
        row["id"],
        vendor,
        row["webhook"],
        row["kind"],
        row["event"],
        row["lead"],
        moment_of(row["time"]),
        Cause(row["cause"], row["cause_number"]),
        row["url"],
        row["body"],
        state_of(row),
        next_try=None if at is None else moment_of(at),
        remarks=tuple(row["remarks"]),
    )


def state_of(row: Row) -> State:
    """The state of a delivery that has a row in the outbox."""
    return "held" if row["held"] == "settle" and row["at"] is None else "pending"


def release_pairs(workspace: Workspace) -> list[tuple[str, int]]:
    """Let those go that wait for the second of a pair, as there will be none.

    Returns vendor and number of each.
    """
    released = []
    for vendor, group in workspace.tables.items():
        waiting = group[OUTBOX].find("waits", "pair") if OUTBOX in group else ()
        if not waiting:
            continue
        tx = workspace.transaction(vendor)
        for row in waiting:
            tx.update(OUTBOX, row, {"held": None})
            if row["at"] is None:
                released.append((vendor, row["id"]))
        workspace.commit(tx.changes(), tx.effects()[1])
    workspace.outgoing.extend(released)
    return released


def _last_number(workspace: Workspace) -> int:
    """The last number that a delivery has: of the journal, or of a seed."""
    last = workspace.deliveries.last
    for group in workspace.tables.values():
        if OUTBOX in group:
            last = max(last, group[OUTBOX].last_number)
    return last


class _Desk:
    """Where messages of one transaction are posted."""

    def __init__(self, workspace: Workspace, vendor: str, tx: Transaction) -> None:
        self._workspace = workspace
        self._vendor = vendor
        self._tx = tx
        self._last = _last_number(workspace)
        self.deliveries: list[Delivery] = []
        self.ready: list[Row] = []

    def post(self, occasion: Occasion, message: Message) -> None:
        """Write the row of one message, unless its webhook loses it or is stopped."""
        # An earlier message of this transaction may have changed how it is delivered.
        stored = self._tx.get(WEBHOOKS, message.webhook.id)
        webhook = message.webhook
        if stored is not None:
            webhook = webhook._replace(options=stored["options"])
        if webhook.options.get("stopped"):
            return
        self._last += 1
        row = self._row(occasion, message)
        if self._is_one_too_many(webhook, occasion):
            self._set_option(webhook, "stopped", "loop")
            self.deliveries.append(delivery_of(self._vendor, row)._replace(state="loop"))
        elif webhook.options.get("lose_first"):
            self._set_option(webhook, "lose_first", webhook.options["lose_first"] - 1)
            self.deliveries.append(delivery_of(self._vendor, row)._replace(state="lost"))
        else:
            self._keep(row, webhook)

    def _row(self, occasion: Occasion, message: Message) -> Row:
        event, lead, time, cause = occasion
        return OUTBOX_ROW | {
            "id": self._last,
            "webhook": message.webhook.id,
            "kind": message.webhook.kind,
            "event": event,
            "lead": lead,
            "time": moment_text(time),
            "cause": cause.kind,
            "cause_number": cause.number,
            "url": message.url,
            "body": message.body,
            "order": self._last,
            "remarks": list(message.remarks),
        }

    def _keep(self, row: Row, webhook: Webhook) -> None:
        """Store the row, to go now, later, or once something else has happened."""
        options = webhook.options
        late = options.get("late")
        if late:
            at = later(moment_of(row["time"]), timedelta(seconds=late))
            row["at"] = moment_text(at)
        if options.get("hold"):
            row["held"] = "settle"
        elif options.get("order") == "swapped":
            self._swap(row, webhook)
            return
        self._store(row)
        if row["at"] is None and row["held"] is None:
            self.ready.append(row)

    def _swap(self, row: Row, webhook: Webhook) -> None:
        """Have the second of a pair go before the first, which has waited for it."""
        waiting = self._tx.find(OUTBOX, "pair", webhook.id)
        if not waiting:
            self._store(row | {"held": "pair"})
            return
        (first,) = waiting
        self._store(row | {"order": first["order"]})
        # What is late goes with the second one, as it has waited for it.
        free = {"held": None, "order": row["order"], "at": row["at"]}
        first = self._tx.update(OUTBOX, first, free)
        if row["at"] is None:
            self.ready += [row, first]

    def _store(self, row: Row) -> None:
        self._tx.skip_numbers(OUTBOX, row["id"])
        self._tx.put(OUTBOX, row)
        self.deliveries.append(delivery_of(self._vendor, row))

    def _is_one_too_many(self, webhook: Webhook, occasion: Occasion) -> bool:
        """Whether the receiver seems to answer each delivery with a request that makes another."""
        if occasion.cause.kind != "request":
            return False
        place = (self._vendor, webhook.id, occasion.lead)
        count = self._workspace.deliveries.count(place, occasion.time)
        return count > self._workspace.limits.loop

    def _set_option(self, webhook: Webhook, name: str, value: int | str) -> None:
        row = self._tx.get(WEBHOOKS, webhook.id)
        assert row is not None, webhook
        self._tx.update(WEBHOOKS, row, {"options": {**row["options"], name: value}})

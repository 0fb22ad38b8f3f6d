"""Webhooks, deliveries and inboxes as JSON, for people and tests: credentials are hidden in it."""

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.journal.redaction import HIDDEN, hidden_link, hidden_query, masked_headers
from mockserver.journal.view import instant, json_or_text
from mockserver.webhooks.base import Webhook
from mockserver.webhooks.deliveries import Attempt, Delivery
from mockserver.webhooks.inbox import Entry, Inbox, InboxAnswer

_FAILING = frozenset({"pending", "failed", "refused"})


def webhook_key(vendor: str, id: str | int) -> str:
    """Vendor and id of a webhook as one text, like `vendor/1`."""
    return f"{vendor}/{id}"


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    """A delivery with its attempts as the API shows it.

    Its body is the JSON value, else its text.
    """
    return {
        "number": delivery.number,
        "event": delivery.event,
        "webhook": webhook_key(delivery.vendor, delivery.webhook),
        "vendor": delivery.vendor,
        "kind": delivery.kind,
        "lead": delivery.lead,
        "at": instant(delivery.time),
        "cause": {delivery.cause.kind: delivery.cause.number},
        "url": hidden_link(delivery.url),
        "state": delivery.state,
        "next_try": None if delivery.next_try is None else instant(delivery.next_try),
        "body": json_or_text(delivery.body.encode()),
        "attempts": [_attempt_view(each) for each in delivery.attempts],
        "remarks": list(delivery.remarks),
    }


def _attempt_view(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "at": instant(attempt.time),
        "status": attempt.status,
        "ms": round(attempt.milliseconds, 3),
        "failure": attempt.kind,
        "error": attempt.error,
        "headers": masked_headers(attempt.headers),
        "answer": json_or_text(attempt.body),
    }


class Outcomes:
    """What came of the last deliveries of each webhook, by its key."""

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self._last: dict[str, Delivery] = {}
        self._failing_since: dict[str, str] = {}
        for delivery in deliveries:
            if delivery.attempts:
                self._note(webhook_key(delivery.vendor, delivery.webhook), delivery)

    def _note(self, key: str, delivery: Delivery) -> None:
        self._last[key] = delivery
        if delivery.state in _FAILING:
            self._failing_since.setdefault(key, instant(delivery.attempts[0].time))
        else:
            self._failing_since.pop(key, None)

    def last(self, key: str) -> dict[str, Any] | None:
        """What came of the last delivery that was tried; None where there was none."""
        delivery = self._last.get(key)
        if delivery is None:
            return None
        attempt = delivery.attempts[-1]
        return {
            "delivery": delivery.number,
            "state": delivery.state,
            "at": instant(attempt.time),
            "status": attempt.status,
            "error": attempt.error,
        }

    def failing_since(self, key: str) -> str | None:
        """The time from which no delivery has arrived; None where the last one has."""
        return self._failing_since.get(key)


def webhook_view(webhook: Webhook, outcomes: Outcomes, objection: str | None) -> dict[str, Any]:
    """A webhook as the API shows it. `objection` is why this server may not go to its address."""
    key = webhook_key(webhook.vendor, webhook.id)
    return {
        "key": key,
        "vendor": webhook.vendor,
        "id": webhook.id,
        "kind": webhook.kind,
        "scope": webhook.scope,
        "url": webhook.url,
        "options": options_view(webhook.options),
        "state": webhook.options.get("stopped", "active"),
        "refused": objection,
        "last": outcomes.last(key),
        "failing_since": outcomes.failing_since(key),
    }


def options_view(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a webhook, without the value of its credential."""
    credential = options.get("credential")
    if credential is None:
        return dict(options)
    return {**options, "credential": {**credential, "value": HIDDEN}}


def inbox_view(name: str, inbox: Inbox) -> dict[str, Any]:
    """An inbox in a few words: how much came, and what it answers."""
    return {
        "name": name,
        "entries": len(inbox),
        "last": inbox.last,
        "dropped": inbox.dropped,
        "answers": [answer_view(each) for each in inbox.answers],
        "then": answer_view(inbox.then),
    }


def entry_view(entry: Entry) -> dict[str, Any]:
    """One thing that came into an inbox, and what it was answered."""
    arrival = entry.arrival
    return {
        "number": entry.number,
        "delivery": arrival.delivery,
        "attempt": arrival.attempt,
        "at": instant(arrival.time),
        "query": hidden_query(arrival.query),
        "headers": masked_headers(arrival.headers),
        "body": json_or_text(arrival.body),
        "answer": answer_view(entry.answer),
    }


def answer_view(answer: InboxAnswer) -> dict[str, Any]:
    """What an inbox answers."""
    return {
        "status": answer.status,
        "seconds": answer.seconds,
        "headers": {
            name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers
        },
        "body": json_or_text(answer.body),
    }

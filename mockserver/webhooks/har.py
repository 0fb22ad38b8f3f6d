"""Attempts of deliveries as entries of an HTTP archive (HAR 1.2), beside those of requests."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from mockserver.journal.har import PHRASES
from mockserver.journal.redaction import hidden_link, masked_headers
from mockserver.journal.view import instant, text_of
from mockserver.webhooks.deliveries import Attempt, Delivery
from mockserver.webhooks.view import webhook_key

_VERSION = "HTTP/1.1"
_JSON = "application/json"


def delivery_entries(deliveries: Iterable[Delivery]) -> Iterator[dict[str, Any]]:
    """An entry for each attempt: this server is its client, the receiver its server.

    An attempt without an answer has the status 0, as browsers write it, and the reason in
    `_mockserver`.
    """
    for delivery in deliveries:
        for attempt in delivery.attempts:
            yield _entry(delivery, attempt)


def _entry(delivery: Delivery, attempt: Attempt) -> dict[str, Any]:
    wait = round(attempt.milliseconds, 3)
    return {
        "startedDateTime": instant(attempt.time),
        "time": wait,
        "request": _request(delivery),
        "response": _response(attempt),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": 0},
        "_mockserver": {
            "delivery": delivery.number,
            "attempt": attempt.number,
            "webhook": webhook_key(delivery.vendor, delivery.webhook),
            "kind": delivery.kind,
            "lead": delivery.lead,
            "event": delivery.event,
            "state": delivery.state,
            "error": attempt.error,
        },
    }


def _request(delivery: Delivery) -> dict[str, Any]:
    url = hidden_link(delivery.url)
    query = parse_qsl(url.partition("?")[2].partition("#")[0], keep_blank_values=True)
    return {
        "method": "POST",
        "url": url,
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": [{"name": "content-type", "value": _JSON}],
        "queryString": [{"name": name, "value": value} for name, value in query],
        "postData": {"mimeType": _JSON, "params": [], "text": delivery.body},
        "headersSize": -1,
        "bodySize": len(delivery.body.encode()),
    }


def _response(attempt: Attempt) -> dict[str, Any]:
    headers = masked_headers(attempt.headers)
    text, is_encoded = text_of(attempt.body)
    content = {
        "size": len(attempt.body),
        "mimeType": headers.get("content-type", ""),
        "text": text,
    }
    if is_encoded:
        content["encoding"] = "base64"
    status = attempt.status or 0
    return {
        "status": status,
        "statusText": PHRASES.get(status, ""),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "content": content,
        "redirectURL": headers.get("location", ""),
        "headersSize": -1,
        "bodySize": len(attempt.body),
    }

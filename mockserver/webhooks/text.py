"""Deliveries as plain text: what a person reads who wonders what a receiver was told."""

import json
from collections.abc import Iterator, Sequence

from mockserver.journal.redaction import hidden_link, printable
from mockserver.journal.view import instant, json_or_text
from mockserver.webhooks.deliveries import Attempt, Delivery
from mockserver.webhooks.view import webhook_key

MOST_LINES = 40
"""How many lines a text has unless more are asked for."""

_INDENT = "     "
_LONGEST = 400
_QUIET = frozenset({"delivered", "held", "lost"})
"""States that nobody has to ask the reason of."""


def delivery_lines(deliveries: Sequence[Delivery], most: int = MOST_LINES) -> list[str]:
    """The last deliveries, oldest first, in at most so many lines.

    One that did not arrive, or not at once, stands there with its attempts and its body, any other
    in a line. The first line tells how many come before these.
    """
    if not deliveries:
        return ["(no deliveries)"]
    blocks: list[list[str]] = []
    left = most
    for delivery in reversed(deliveries):
        block = _block(delivery)
        rest = len(deliveries) - len(blocks) - 1
        # The line that counts the rest needs its place too.
        if len(block) > left - (rest > 0):
            break
        blocks.append(block)
        left -= len(block)
    lines = [line for block in reversed(blocks) for line in block]
    rest = len(deliveries) - len(blocks)
    if rest and not lines:
        # The newest delivery alone is too long: its beginning says most.
        lines = _block(deliveries[-1])[: left - 1]
        rest -= 1
    if rest:
        lines.insert(0, f"({rest} {'delivery' if rest == 1 else 'deliveries'} before these)")
    return lines


def _block(delivery: Delivery) -> list[str]:
    return [_cut(line) for line in _lines(delivery)]


def _lines(delivery: Delivery) -> Iterator[str]:
    is_quiet = delivery.state in _QUIET and len(delivery.attempts) < 2
    came = f"  {_attempt(delivery.attempts[-1])}" if is_quiet and delivery.attempts else ""
    cause = f"(by {delivery.cause.kind} {delivery.cause.number})"
    key = webhook_key(delivery.vendor, delivery.webhook)
    yield (
        f"{delivery.number:>3}  {delivery.kind} of lead {delivery.lead} to {key} "
        f"{hidden_link(delivery.url)}  {delivery.state}{came}  {cause}"
    )
    if is_quiet:
        return
    for attempt in delivery.attempts:
        yield f"{_INDENT}attempt {attempt.number} at {instant(attempt.time)}: {_attempt(attempt)}"
    if delivery.next_try is not None:
        yield f"{_INDENT}next try at {instant(delivery.next_try)}"
    for remark in delivery.remarks:
        yield f"{_INDENT}remark: {remark}"
    body = json_or_text(delivery.body.encode())
    yield f"{_INDENT}body: {json.dumps(body, ensure_ascii=False, default=str)}"


def _attempt(attempt: Attempt) -> str:
    took = f"{attempt.milliseconds:.0f} ms"
    if attempt.error is not None:
        return f"{attempt.error} ({took})"
    return f"{attempt.status} ({took})"


def _cut(line: str) -> str:
    text = printable(line)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

"""What receivers do badly with deliveries, and what tests have seen of webhooks."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from mockserver.journal.conduct import Told
from mockserver.journal.conduct.signs import DeliverySign, parsed_json
from mockserver.journal.records import Record
from mockserver.journal.redaction import hidden_link, quoted
from mockserver.life.events import Event
from mockserver.state.changes import RowId
from mockserver.webhooks.base import INBOX, Webhook
from mockserver.webhooks.deliveries import Attempt, Delivery

PROBE = "a test with a wrong credential"
"""The remark of a delivery that carries another credential than its webhook has."""

_SLOW = 2000
"""A receiver that needs more milliseconds is slow."""

_READS = 3
"""So often a lead is read without a change, and one could have waited for its webhook."""

_OWN_INBOX = re.compile(r"/__admin/workspaces/[^/]+/inbox/[^/?]+(?:[/?].*)?$")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_NO_END = 1 << 62

Answer = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class World:
    """What is known of the webhooks of a workspace, beside its requests.

    `chosen` says by vendor and kind what of it no source tells, in words. `outcomes` and `kinds`
    are by vendor what there is. `is_for` says whether a webhook is told of a lead of its vendor.
    """

    deliveries: Sequence[Delivery] = ()
    events: Sequence[Event] = ()
    webhooks: Sequence[Webhook] = ()
    chosen: Mapping[tuple[str, str], str] = field(default_factory=dict)
    outcomes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kinds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_for: Callable[[Webhook, RowId], bool] | None = None


def told(records: Iterable[Record], world: World) -> Told:
    """What a report says of deliveries."""
    in_order = sorted(records, key=_number)
    return Told(tuple(_signs(in_order, world)), _coverage(world))


def _number(record: Record) -> int:
    return record.number


def _signs(records: Sequence[Record], world: World) -> Iterator[DeliverySign]:
    for delivery in world.deliveries:
        yield from _about_one(delivery)
    yield from _repeated(records, world.deliveries)
    yield from _taken_for_duplicates(world.deliveries)
    yield from _starts_taken_for_ends(records, world)
    yield from _polls(records, world)
    yield from _chosen(world)


# What came of one delivery.


def _about_one(delivery: Delivery) -> Iterator[DeliverySign]:
    if delivery.state == "loop":
        done = f"{_called(delivery)} was one too many for lead {delivery.lead} at one moment."
        yield _sign("webhook-loop", delivery, delivery.webhook, done)
    if PROBE in delivery.remarks:
        yield from _probed(delivery)
        return
    is_inbox = _is_inbox(delivery.url)
    for attempt in delivery.attempts:
        if attempt.kind == "test-mode":
            continue
        if attempt.kind == "refused-target":
            done = f"{_called(delivery)} was not sent: {attempt.error}."
            yield _sign("refused-target", delivery, delivery.webhook, done)
        elif not is_inbox:
            yield from _failed(delivery, attempt)


def _probed(delivery: Delivery) -> Iterator[DeliverySign]:
    if any(map(_is_accepted, delivery.attempts)):
        done = f"{_called(delivery)} was answered {delivery.attempts[-1].status}."
        yield _sign("unauthenticated-receiver", delivery, delivery.webhook, done)


def _failed(delivery: Delivery, attempt: Attempt) -> Iterator[DeliverySign]:
    """An attempt that the receiver did not accept, or accepted late."""
    called, status = _called(delivery), attempt.status
    came = f"was answered {status}" if status is not None else f"had no answer: {attempt.error}"
    if not _is_accepted(attempt):
        subject = (delivery.webhook, status or attempt.kind)
        yield _sign("receiver-failed", delivery, subject, f"{called} {came}.")
    if status is not None and 300 <= status < 400:
        yield _sign("receiver-redirects", delivery, delivery.webhook, f"{called} {came}.")
    if attempt.milliseconds > _SLOW or attempt.kind == "time-out":
        took = f"{called} {came} after {attempt.milliseconds / 1000:.1f} s."
        if status is None:
            took = f"{called} {came}."
        yield _sign("receiver-slow", delivery, delivery.webhook, took)


def _is_accepted(attempt: Attempt) -> bool:
    return attempt.status is not None and 200 <= attempt.status < 300


def _is_inbox(url: str) -> bool:
    return url.startswith(INBOX) or _OWN_INBOX.search(url) is not None


def _called(delivery: Delivery) -> str:
    return f"The webhook {quoted(delivery.kind)} to {_address(delivery)}"


def _address(delivery: Delivery) -> str:
    """Where it went, without what differs from one delivery to the next."""
    return quoted(hidden_link(delivery.url).partition("?")[0])


def _sign(slug: str, delivery: Delivery, subject: object, done: str) -> DeliverySign:
    return DeliverySign(slug, delivery.vendor, subject, done, (delivery.number,))


# What followed when a delivery came again.


def _repeated(records: Sequence[Record], deliveries: Sequence[Delivery]) -> Iterator[DeliverySign]:
    """The same delivery came again, and the same write followed, or another answer came."""
    spans = _spans(deliveries)
    writes = [record for record in records if _is_write(record)]
    for delivery in deliveries:
        if len(delivery.attempts) < 2:
            continue
        twice = _written_twice(spans[delivery.number], writes)
        if twice is not None:
            first, second = twice
            done = (
                f"{_called(delivery)} came {len(delivery.attempts)} times, and "
                f"`{first.operation or first.request.method}` was sent each time."
            )
            yield DeliverySign(
                "not-idempotent",
                delivery.vendor,
                (delivery.webhook, first.operation),
                done,
                (delivery.number,),
                (first.number, second.number),
            )
        elif _answers_differ(delivery):
            done = f"{_called(delivery)} came again and got another answer."
            yield _sign("not-idempotent", delivery, delivery.webhook, done)._replace(level="note")


def _is_write(record: Record) -> bool:
    is_done = 200 <= record.status < 300 and record.operation is not None
    return is_done and record.request.method not in _READING


def _spans(deliveries: Sequence[Delivery]) -> dict[int, list[range]]:
    """By delivery, for each attempt the numbers of the requests until the next one of anything."""
    begun = []
    for delivery in deliveries:
        begun += [(*each.requests, delivery.number, each.number) for each in delivery.attempts]
    begun.sort()
    spans: dict[int, list[range]] = {}
    for present, following in zip_longest(begun, begun[1:]):
        end = _NO_END if following is None else following[0]
        spans.setdefault(present[2], []).append(range(present[0] + 1, end + 1))
    return spans


def _written_twice(
    spans: Sequence[range], writes: Sequence[Record]
) -> tuple[Record, Record] | None:
    """The same write twice in what followed the attempts of a delivery."""
    seen: dict[object, Record] = {}
    for span in spans:
        for record in writes:
            if record.number not in span:
                continue
            request = record.request
            write = (record.vendor, request.method, request.target, request.body)
            before = seen.setdefault(write, record)
            if before is not record:
                return before, record
    return None


def _answers_differ(delivery: Delivery) -> bool:
    return len(set(filter(None, map(_answer, delivery.attempts)))) > 1


def _answer(attempt: Attempt) -> Answer | None:
    """What the receiver answered with a 2xx; None where it did not."""
    if attempt.status is None or not _is_accepted(attempt):
        return None
    return attempt.status, attempt.body


# What a new event was taken for.


def _taken_for_duplicates(deliveries: Sequence[Delivery]) -> Iterator[DeliverySign]:
    """A new payload of an id got the answer that a repetition got, and the first one did not."""
    groups: dict[object, list[Delivery]] = {}
    for delivery in deliveries:
        payload = parsed_json(delivery.body.encode())
        id = payload.get("id") if isinstance(payload, dict) else None
        if id is not None and not _is_inbox(delivery.url):
            key = (delivery.vendor, delivery.webhook, type(id), str(id))
            groups.setdefault(key, []).append(delivery)
    for group in groups.values():
        yield from _taken_in_group(group)


def _taken_in_group(group: Sequence[Delivery]) -> Iterator[DeliverySign]:
    answers = _answers_to_repetitions(group)
    bodies: set[str] = set()
    for delivery in group:
        is_new = delivery.body not in bodies
        bodies.add(delivery.body)
        first = _answer(delivery.attempts[0]) if delivery.attempts else None
        if len(bodies) > 1 and is_new and first in answers:
            done = (
                f"{_called(delivery)} told something new of lead {delivery.lead} "
                f"(delivery {delivery.number}), and got the answer that only a repetition had got."
            )
            yield _sign("taken-for-duplicate", delivery, delivery.webhook, done)


def _answers_to_repetitions(group: Iterable[Delivery]) -> set[Answer]:
    """The answers that a repetition got where the first attempt had got another one."""
    found: set[Answer] = set()
    for delivery in group:
        answers = [_answer(each) for each in delivery.attempts]
        if not answers or answers[0] is None:
            continue
        found |= {each for each in answers[1:] if each is not None and each != answers[0]}
    return found


# What was read.


def _starts_taken_for_ends(records: Sequence[Record], world: World) -> Iterator[DeliverySign]:
    """A call, or its lead, was read after its start was told, and not again after its end."""
    ends = {}
    for event in world.events:
        if event.kind == "call.ended":
            ends[event.vendor, event.data.get("call")] = event
    starts = {event.number: event for event in world.events if event.kind == "call.started"}
    for delivery in world.deliveries:
        start = starts.get(delivery.event)
        end = ends.get((delivery.vendor, start.data.get("call"))) if start is not None else None
        if start is None or end is None or delivery.state != "delivered":
            continue
        ids = {str(start.data.get("call")), str(start.lead)}
        reads = [each for each in records if _is_read_of(each, delivery.vendor, ids)]
        between = [each for each in reads if start.version < each.version < end.version]
        if between and not any(each.version > end.version for each in reads):
            done = (
                f"{_called(delivery)} told that a call began; `{between[0].operation}` read it "
                "then, and nobody did once it had ended."
            )
            numbers = tuple(each.number for each in between)
            subject = (delivery.kind, between[0].operation)
            sign = _sign("start-taken-for-end", delivery, subject, done)
            yield sign._replace(requests=numbers)


def _is_read_of(record: Record, vendor: str, ids: Iterable[str]) -> bool:
    if record.vendor != vendor or record.request.method != "GET" or record.operation is None:
        return False
    steps = record.request.path.split("/")
    return record.status < 300 and any(id in steps for id in ids)


def _polls(records: Sequence[Record], world: World) -> Iterator[DeliverySign]:
    """The same read of a lead got the same answer again and again, with a webhook for the lead."""
    leads = {(event.vendor, str(event.lead)): event.lead for event in world.events}
    for record in records:
        for match in record.matches:
            if len(match.ids) == 1:
                leads[record.vendor, str(match.ids[0])] = match.ids[0]
    reads: dict[object, list[Record]] = {}
    for record in records:
        if record.request.method == "GET" and record.operation is not None and record.status < 300:
            key = (record.vendor, record.request.target, record.answer)
            reads.setdefault(key, []).append(record)
    for same in reads.values():
        lead = _lead_of(same[0], leads) if len(same) >= _READS else None
        if lead is not None and _is_told(same[0].vendor, lead, world):
            done = f"`{same[0].operation}` read lead {lead} {len(same)} times without a change."
            numbers = tuple(record.number for record in same)
            yield DeliverySign("polls-anyway", same[0].vendor, same[0].operation, done, (), numbers)


def _lead_of(record: Record, leads: Mapping[tuple[str, str], RowId | None]) -> RowId | None:
    """The lead that a request read; None where it is not about one."""
    for match in record.matches:
        if len(match.ids) == 1:
            return match.ids[0]
    for step in record.request.path.split("/"):
        lead = leads.get((record.vendor, step))
        if lead is not None:
            return lead
    return None


def _is_told(vendor: str, lead: RowId, world: World) -> bool:
    is_for = world.is_for
    webhooks = [each for each in world.webhooks if each.vendor == vendor]
    return is_for is not None and any(is_for(each, lead) for each in webhooks)


def _chosen(world: World) -> Iterator[DeliverySign]:
    for delivery in world.deliveries:
        words = world.chosen.get((delivery.vendor, delivery.kind))
        if words is not None and delivery.event and delivery.state == "delivered":
            done = f"The webhook {quoted(delivery.kind)} was delivered: {words}."
            yield _sign("chosen-event", delivery, delivery.kind, done)


# What was seen.


def _coverage(world: World) -> dict[str, dict[str, Any]]:
    """By vendor what the tests have seen nothing of; nothing of a vendor that told nothing."""
    coverage: dict[str, dict[str, Any]] = {}
    seen = {(event.vendor, event.data.get("outcome")) for event in world.events}
    sent = {(each.vendor, each.kind) for each in world.deliveries}
    for vendor, outcomes in world.outcomes.items():
        if any(name == vendor and outcome is not None for name, outcome in seen):
            unseen = [each for each in outcomes if (vendor, each) not in seen]
            coverage.setdefault(vendor, {})["outcomes_never_seen"] = unseen
    for vendor, kinds in world.kinds.items():
        if any(name == vendor for name, _ in sent):
            unsent = [each for each in kinds if (vendor, each) not in sent]
            coverage.setdefault(vendor, {})["kinds_never_sent"] = unsent
    for webhook, url in _never_answered(world):
        part = coverage.setdefault(webhook.vendor, {})
        part.setdefault("webhooks_never_answered", []).append(f"{webhook.kind} to {url}")
    return coverage


def _never_answered(world: World) -> Iterator[tuple[Webhook, str]]:
    """The webhooks to which something was sent, and that never answered."""
    tried: set[tuple[str, RowId]] = set()
    answered: set[tuple[str, RowId]] = set()
    for delivery in world.deliveries:
        key = (delivery.vendor, delivery.webhook)
        if delivery.attempts:
            tried.add(key)
        if any(each.status is not None for each in delivery.attempts):
            answered.add(key)
    for webhook in world.webhooks:
        if (webhook.vendor, webhook.id) in tried - answered:
            yield webhook, hidden_link(webhook.url)

"""Was a receiver told what it should have been told: a verdict on deliveries, with its reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mockserver.errors import Path, Problem, Refusal
from mockserver.journal.judge import Judge, Verification
from mockserver.journal.matchers import Mistakes, read_matchers
from mockserver.journal.redaction import hidden_link, printable
from mockserver.journal.view import json_or_text
from mockserver.subset import ABSENT, differences, shown
from mockserver.webhooks.deliveries import Delivery, DeliveryLog
from mockserver.webhooks.view import webhook_key

_LONGEST_URL = 200
_FACTS = ("webhook", "vendor", "kind", "state")

Lead = tuple[str, str]
"""The vendor and the id of a lead."""


class Wanted(NamedTuple):
    """What a delivery should be like.

    `facts` are by name, `leads` those that it may be about (None: any), `body` what its payload
    contains (ABSENT: anything). `given` is the filter as it was written.
    """

    facts: Mapping[str, str]
    leads: frozenset[Lead] | None
    body: Any
    given: Mapping[str, Any]


def read_wanted(
    given: Mapping[str, Any], leads: Iterable[Lead] | None, path: Path
) -> tuple[Wanted, list[Problem]]:
    """A filter with its matchers read, and what is wrong with them.

    `leads` are those that its `lead` names; None where it names none.
    """
    mistakes: Mistakes = []
    body = ABSENT
    if "body" in given:
        body = read_matchers(given["body"], (*path, "body"), mistakes)
    facts = {name: given[name] for name in _FACTS if name in given}
    named = None if leads is None else frozenset(leads)
    problems = [Problem(place, "matcher", text, value) for place, text, value in mistakes]
    return Wanted(facts, named, body, given), problems


def verify(
    log: DeliveryLog, filters: Sequence[Wanted], expectation: Mapping[str, Any]
) -> Verification:
    """Hold the deliveries to what was expected.

    One filter must fit `times` deliveries, at least one where nothing is said. Several: each must
    be met by a delivery of its own, and with `in_order` they arrived in that order. Only deliveries
    with a number greater than `after` count.

    Raises Refusal("conflict") where the verdict depends on deliveries that are no longer kept.
    """
    after = expectation.get("after", 0)
    deliveries = sorted(log.after(after), key=log.place)
    verification, is_settled = _DELIVERIES.verdict(deliveries, filters, expectation)
    last_dropped = log.last_dropped
    if last_dropped > after and not is_settled:
        raise Refusal(
            "conflict",
            f"The deliveries up to number {last_dropped} are no longer kept, and with them the "
            f"verdict could be another. Verify with `after` {last_dropped} or greater.",
        )
    return verification


class _Deliveries(Judge[Wanted, Delivery]):
    """Holds deliveries to filters."""

    one, many = "delivery", "deliveries"
    which = ("webhook: ", "vendor: ", "kind: ", "lead: ")

    def differences(self, wanted: Wanted, entry: Delivery) -> Iterator[str]:
        facts = {
            "webhook": webhook_key(entry.vendor, entry.webhook),
            "vendor": entry.vendor,
            "kind": entry.kind,
            "state": entry.state,
        }
        for name, value in wanted.facts.items():
            if facts[name] != value:
                why = f" ({came_of(entry)})" if name == "state" else ""
                yield f"{name}: expected {shown(value)}, was {shown(facts[name])}{why}"
        if wanted.leads is not None and (entry.vendor, str(entry.lead)) not in wanted.leads:
            yield f"lead: expected {shown(wanted.given['lead'])}, was {shown(entry.lead)}"
        if wanted.body is not ABSENT:
            yield from differences(wanted.body, json_or_text(entry.body.encode()), "body")

    def described(self, wanted: Wanted) -> str:
        return printable(shown(dict(wanted.given)))

    def expected(self, times: str, wanted: Wanted) -> Iterable[str]:
        return (f"expected {times}: {self.described(wanted)}",)

    def title(self, entry: Delivery) -> str:
        url = hidden_link(entry.url)[:_LONGEST_URL]
        told = f"{entry.kind} of lead {entry.lead} to {url}"
        return f"{printable(told)}, {came_of(entry)}"


_DELIVERIES = _Deliveries()


def came_of(delivery: Delivery) -> str:
    """What came of the last attempt, in a few words."""
    if not delivery.attempts:
        return "not tried"
    last = delivery.attempts[-1]
    tries = f"attempt {last.number}: " if last.number > 1 else ""
    if last.status is not None and last.error is None:
        return f"{tries}answered {last.status}"
    return f"{tries}{last.error}"

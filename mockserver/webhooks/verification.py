"""Was a receiver told what it should have been told: a verdict on deliveries, with its reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mockserver.errors import Path, Problem, Refusal
from mockserver.journal.assignment import assign
from mockserver.journal.matchers import Mistakes, read_matchers
from mockserver.journal.redaction import hidden_link, printable
from mockserver.journal.verification import Verification
from mockserver.journal.view import json_or_text
from mockserver.subset import ABSENT, differences, shown
from mockserver.webhooks.deliveries import Delivery, DeliveryLog
from mockserver.webhooks.view import webhook_key

_NEAREST = 3
_MOST_LINES = 12
_LONGEST_URL = 200
_FACTS = ("webhook", "vendor", "kind", "state")
_WHICH = ("webhook: ", "vendor: ", "kind: ", "lead: ")
"""How differences begin that make a delivery quite another one than the one expected."""

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
    judge = _judge_count if len(filters) == 1 else _judge_each
    verification, is_settled = judge(deliveries, filters, expectation)
    last_dropped = log.last_dropped
    if last_dropped > after and not is_settled:
        raise Refusal(
            "conflict",
            f"The deliveries up to number {last_dropped} are no longer kept, and with them the "
            f"verdict could be another. Verify with `after` {last_dropped} or greater.",
        )
    return verification


Judged = tuple[Verification, bool]
"""A verification, and whether no further delivery could change it."""


def _judge_count(
    deliveries: Sequence[Delivery], filters: Sequence[Wanted], expectation: Mapping[str, Any]
) -> Judged:
    """The verdict on one filter."""
    (wanted,) = filters
    times = expectation.get("times")
    least = 1 if times is None else times
    found = [each.number for each in deliveries if not _difference(wanted, each)]
    is_too_many = times is not None and len(found) > times
    passed = len(found) >= least and not is_too_many
    nearest: list[dict[str, Any]] = []
    if len(found) < least:
        nearest = _nearest(wanted, _without(found, deliveries))
    lines = [
        f"expected {_times(times)}: {_described(wanted)}",
        _found(found, deliveries, expectation),
        *_nearest_lines(nearest, deliveries),
    ]
    is_settled = is_too_many or (passed and times is None)
    may_change = not is_settled and (not passed or least == 0)
    return Verification(passed, found, "\n".join(lines), nearest, may_change), is_settled


def _judge_each(
    deliveries: Sequence[Delivery], filters: Sequence[Wanted], expectation: Mapping[str, Any]
) -> Judged:
    """The verdict on several filters."""
    in_order = expectation.get("in_order", False)
    assign_each = _assigned_in_order if in_order else _assigned_in_any_order
    assigned = assign_each(filters, deliveries)
    found = [each.number for each in assigned if each is not None]
    lines = [f"expected {_count(len(filters))} in {'this' if in_order else 'any'} order"]
    lines += [f"  {index}. {_described(wanted)}" for index, wanted in enumerate(filters, 1)]
    lines.append(_found(found, deliveries, expectation))
    if None not in assigned:
        return Verification(True, found, "\n".join(lines)), True
    missing = assigned.index(None)
    before = assigned[missing - 1] if in_order and missing else None
    after = "" if before is None else f" after delivery {before.number}"
    lines.append(f"nothing is like {missing + 1}.{after}")
    earlier: Sequence[Delivery] = ()
    if before is not None:
        earlier = deliveries[: deliveries.index(before)]
    nearest = _nearest(filters[missing], _without(found, deliveries), before, earlier)
    lines += _nearest_lines(nearest, deliveries)
    return Verification(False, found, "\n".join(lines), nearest, may_change=True), False


def _assigned_in_order(
    filters: Sequence[Wanted], deliveries: Iterable[Delivery]
) -> list[Delivery | None]:
    """For each filter the first delivery after the one before it that fits.

    None from the first that none fits.
    """
    waiting = iter(deliveries)
    return [
        next((each for each in waiting if not _difference(wanted, each)), None)
        for wanted in filters
    ]


def _assigned_in_any_order(
    filters: Sequence[Wanted], deliveries: Sequence[Delivery]
) -> list[Delivery | None]:
    """A delivery of its own for as many filters as can have one."""
    fitting = []
    for wanted in filters:
        fits = [index for index, each in enumerate(deliveries) if not _difference(wanted, each)]
        fitting.append(fits)
    assigned: list[Delivery | None] = [None] * len(filters)
    for wanted_index, index in assign(fitting).items():
        assigned[wanted_index] = deliveries[index]
    return assigned


def _difference(wanted: Wanted, delivery: Delivery) -> list[str]:
    """Each way in which the delivery is not what is wanted; none: it fits.

    A line is like `body.status: expected 4, was 3`.
    """
    return [printable(line) for line in _differences(wanted, delivery)]


def _differences(wanted: Wanted, delivery: Delivery) -> Iterator[str]:
    facts = {
        "webhook": webhook_key(delivery.vendor, delivery.webhook),
        "vendor": delivery.vendor,
        "kind": delivery.kind,
        "state": delivery.state,
    }
    for name, value in wanted.facts.items():
        if facts[name] != value:
            why = f" ({came_of(delivery)})" if name == "state" else ""
            yield f"{name}: expected {shown(value)}, was {shown(facts[name])}{why}"
    if wanted.leads is not None and (delivery.vendor, str(delivery.lead)) not in wanted.leads:
        yield f"lead: expected {shown(wanted.given['lead'])}, was {shown(delivery.lead)}"
    if wanted.body is not ABSENT:
        yield from differences(wanted.body, json_or_text(delivery.body.encode()), "body")


def came_of(delivery: Delivery) -> str:
    """What came of the last attempt, in a few words."""
    if not delivery.attempts:
        return "not tried"
    last = delivery.attempts[-1]
    tries = f"attempt {last.number}: " if last.number > 1 else ""
    if last.status is not None and last.error is None:
        return f"{tries}answered {last.status}"
    return f"{tries}{last.error}"


def _times(times: int | None) -> str:
    if times == 0:
        return "no delivery"
    return "at least 1 delivery" if times is None else f"exactly {_count(times)}"


def _count(number: int) -> str:
    return f"{number} {'delivery' if number == 1 else 'deliveries'}"


def _found(
    found: Sequence[int], deliveries: Sequence[Delivery], expectation: Mapping[str, Any]
) -> str:
    after = f" after number {expectation['after']}" if expectation.get("after") else ""
    numbers = f": {', '.join(map(str, found))}" if found else ""
    return f"found {len(found)} among {_count(len(deliveries))}{after}{numbers}"


def _without(numbers: Sequence[int], deliveries: Iterable[Delivery]) -> list[Delivery]:
    return [each for each in deliveries if each.number not in numbers]


def _described(wanted: Wanted) -> str:
    return printable(shown(dict(wanted.given)))


def _nearest(
    wanted: Wanted,
    deliveries: Iterable[Delivery],
    before: Delivery | None = None,
    earlier: Sequence[Delivery] = (),
) -> list[dict[str, Any]]:
    """The deliveries with the fewest differences: of the right webhook first, then the latest.

    `before` is the one that they should have come after, and did not if they are `earlier`.
    """
    candidates = []
    for each in deliveries:
        lines = _difference(wanted, each)
        if before is not None and each in earlier:
            lines.insert(0, f"order: came before delivery {before.number}")
        candidates.append({"number": each.number, "differences": lines})
    return sorted(candidates, key=_distance)[:_NEAREST]


def _distance(candidate: Mapping[str, Any]) -> tuple[bool, int, int]:
    """What candidates are sorted by, the nearest first."""
    lines = candidate["differences"]
    is_another = any(line.startswith(_WHICH) for line in lines)
    return is_another, len(lines), -candidate["number"]


def _nearest_lines(
    nearest: Sequence[Mapping[str, Any]], deliveries: Iterable[Delivery]
) -> Iterator[str]:
    by_number = {each.number: each for each in deliveries}
    if nearest:
        yield "nearest:"
    for candidate in nearest:
        delivery, lines = by_number[candidate["number"]], candidate["differences"]
        url = hidden_link(delivery.url)[:_LONGEST_URL]
        told = f"{delivery.kind} of lead {delivery.lead} to {url}"
        yield f"  delivery {delivery.number}: {printable(told)}, {came_of(delivery)}"
        for line in lines[:_MOST_LINES]:
            yield f"    {line}"
        if len(lines) > _MOST_LINES:
            yield f"    and {len(lines) - _MOST_LINES} more"

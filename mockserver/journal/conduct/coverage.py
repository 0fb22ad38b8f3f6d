"""Which operations, statuses and matching rules a client's requests came upon."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mockserver.documents.spec import Operation
from mockserver.journal.records import Record
from mockserver.matching import MatchingRule

NO_ANSWER = "no answer"
"""Stands among the statuses for requests whose answer a fault kept back."""


def vendor_coverage(
    operations: Sequence[Operation], rules: Sequence[MatchingRule], records: Sequence[Record]
) -> dict[str, Any]:
    """What was seen of one vendor, as JSON values.

    A status is a text, and `NO_ANSWER` where there was none.
    """
    statuses: dict[str | None, Counter[int]] = {}
    matches: dict[str, Counter[str]] = {}
    for record in records:
        statuses.setdefault(record.operation, Counter())[record.status] += 1
        for trace in record.matches:
            matches.setdefault(trace.rule, Counter())[_outcome(trace.found)] += 1
    never_called = [each.id for each in operations if each.id not in statuses]
    return {
        "requests": len(records),
        "operations": [
            _covered_operation(each, statuses.get(each.id, Counter())) for each in operations
        ],
        "never_called": never_called,
        "rules": [_covered_rule(rule, matches.get(rule.name, Counter())) for rule in rules],
    }


def _outcome(found: int) -> str:
    if found > 1:
        return "several"
    return "one" if found else "none"


def _covered_operation(operation: Operation, statuses: Counter[int]) -> dict[str, Any]:
    return {
        "operation": operation.id,
        "method": operation.method,
        "path": operation.path,
        "requests": statuses.total(),
        "statuses": {str(status or NO_ANSWER): statuses[status] for status in sorted(statuses)},
        "never_seen": [status for status in sorted(operation.answers) if status not in statuses],
    }


def _covered_rule(rule: MatchingRule, outcomes: Counter[str]) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "provenance": rule.provenance,
        "none": outcomes["none"],
        "one": outcomes["one"],
        "several": outcomes["several"],
    }


def add_coverage(total: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add to one coverage what another one has: both by vendor, as `vendor_coverage` makes them."""
    for vendor, added in part.items():
        known = total.get(vendor)
        total[vendor] = added if known is None else _sum(known, added)


def _sum(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    operations = _paired(first["operations"], second["operations"], "operation")
    rules = _paired(first["rules"], second["rules"], "rule")
    uncalled = set(first["never_called"]) & set(second["never_called"])
    total = {
        "requests": first["requests"] + second["requests"],
        "operations": [_sum_of_operation(*pair) for pair in operations],
        "never_called": [name for name in first["never_called"] if name in uncalled],
        "rules": [_sum_of_rule(*pair) for pair in rules],
    }
    return total | _sum_of_webhooks(first, second)


_NEVER_SEEN = ("outcomes_never_seen", "kinds_never_sent")
_UNANSWERED = "webhooks_never_answered"


def _sum_of_webhooks(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Of outcomes and kinds what neither has seen, of webhooks all that were never answered.

    What one of them does not tell it does not know.
    """
    total = {}
    for name in _NEVER_SEEN:
        lists = [part[name] for part in (first, second) if name in part]
        if lists:
            total[name] = [each for each in lists[0] if all(each in other for other in lists)]
    unanswered = [*first.get(_UNANSWERED, ()), *second.get(_UNANSWERED, ())]
    if unanswered:
        total[_UNANSWERED] = list(dict.fromkeys(unanswered))
    return total


_Part = dict[str, Any]


def _paired(
    first: Iterable[_Part], second: Iterable[_Part], name: str
) -> list[tuple[_Part, _Part]]:
    """The parts that have the same name. Both lists come from servers with the same documents."""
    others = {part[name]: part for part in second}
    return [(part, others[part[name]]) for part in first if part[name] in others]


def _sum_of_operation(first: _Part, second: _Part) -> _Part:
    statuses: Counter[str] = Counter(first["statuses"])
    statuses.update(second["statuses"])
    unseen = set(first["never_seen"]) & set(second["never_seen"])
    return first | {
        "requests": first["requests"] + second["requests"],
        "statuses": dict(sorted(statuses.items())),
        "never_seen": sorted(unseen),
    }


def _sum_of_rule(first: _Part, second: _Part) -> _Part:
    return first | {name: first[name] + second[name] for name in ("none", "one", "several")}

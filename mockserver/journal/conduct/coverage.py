"""Which operations, statuses and matching rules a client's requests came upon."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mockserver.call import Call
from mockserver.documents.spec import Operation
from mockserver.journal.view import operation_of
from mockserver.matching import MatchingRule

NO_ANSWER = "no answer"
"""Stands among the statuses for requests whose answer a fault kept back."""


def coverage_of(
    operations: Sequence[Operation], rules: Sequence[MatchingRule], calls: Sequence[Call]
) -> dict[str, Any]:
    """What was seen of one vendor, as JSON values.

    A status is a text, and `NO_ANSWER` where there was none.
    """
    seen: dict[str | None, Counter[int]] = {}
    for call in calls:
        seen.setdefault(operation_of(call), Counter())[call.status] += 1
    matches = [match for call in calls for match in call.matches]
    return {
        "requests": len(calls),
        "operations": [
            _covered_operation(each, seen.get(each.id, Counter())) for each in operations
        ],
        "never_called": [each.id for each in operations if each.id not in seen],
        "rules": [
            _covered_rule(
                rule, [len(match.rows) for match in matches if match.rule.name == rule.name]
            )
            for rule in rules
        ],
    }


def _covered_operation(operation: Operation, statuses: Counter[int]) -> dict[str, Any]:
    return {
        "operation": operation.id,
        "method": operation.method,
        "path": operation.path,
        "requests": statuses.total(),
        "statuses": {str(status or NO_ANSWER): statuses[status] for status in sorted(statuses)},
        "never_seen": [status for status in sorted(operation.answers) if status not in statuses],
    }


def _covered_rule(rule: MatchingRule, found: Sequence[int]) -> dict[str, Any]:
    several = sum(rows > 1 for rows in found)
    return {
        "rule": rule.name,
        "provenance": rule.provenance,
        "none": found.count(0),
        "one": found.count(1),
        "several": several,
    }

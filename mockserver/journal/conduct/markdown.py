"""The report as a page to read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from mockserver.journal.conduct.checks import LEVELS, Check, Level
from mockserver.journal.conduct.signs import Finding

_LISTED = 10
_OPERATION_HEAD = ("operation", "requests", "statuses seen", "documented, never seen")
_RULE_HEAD = ("matching rule", "none", "one", "several")


def render(
    requests: int, dropped: int, findings: Sequence[Finding], coverage: Mapping[str, Any]
) -> str:
    """The whole page; the arguments are the fields of a `Report`."""
    return "\n".join(
        [*_head(requests, dropped, findings), *_findings(findings), *covered(coverage)]
    )


def _head(requests: int, dropped: int, findings: Iterable[Finding]) -> Iterator[str]:
    levels = Counter(finding.level for finding in findings)
    counts = [counted(levels[level], level) for level in LEVELS]
    yield from (
        "# Client conduct",
        "",
        f"{counted(requests, 'request')}: {', '.join(counts)}.",
        "",
    )
    if dropped:
        yield (
            f"Incomplete: the journal dropped {counted(dropped, 'older request')}, which this "
            "report does not cover."
        )
        yield ""


def counted(count: int, word: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    """A section for each check and level, with a line for each finding."""
    for (level, check), group in groupby(findings, key=_section):
        yield from (
            f"## {level.capitalize()}: {check.title} (`{check.slug}`)",
            "",
            f"{check.meaning} {check.advice}",
            "",
        )
        for finding in group:
            where = located(finding.requests, finding.deliveries)
            yield f"- {finding.done} ({finding.vendor or 'no vendor'}, {where})"
        yield ""


def _section(finding: Finding) -> tuple[Level, Check]:
    return finding.level, finding.check


def located(requests: Sequence[int], deliveries: Sequence[int]) -> str:
    """`request 3`, or `deliveries 7, 8, requests 3, 4`: the first of them, and how many more."""
    parts = []
    if deliveries:
        parts.append(_numbers("delivery", "deliveries", deliveries))
    if requests or not deliveries:
        parts.append(_numbers("request", "requests", requests))
    return ", ".join(parts)


def _numbers(one: str, several: str, found: Sequence[int]) -> str:
    shown = ", ".join(map(str, found[:_LISTED]))
    if len(found) == 1:
        return f"{one} {shown}"
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f"{several} {shown}{more}"


def covered(coverage: Mapping[str, Any]) -> Iterator[str]:
    """The section that says what the requests reached."""
    yield from ("## Coverage", "")
    for vendor, part in coverage.items():
        operations = part["operations"]
        called = [operation for operation in operations if operation["requests"]]
        yield f"### {vendor}: {len(called)} of {len(operations)} operations"
        yield ""
        if called:
            yield from _table(_OPERATION_HEAD, map(_operation_row, called))
            yield from _table(_RULE_HEAD, map(_rule_row, part["rules"]))
        if called and part["never_called"]:
            yield f"Never called: {', '.join(f'`{name}`' for name in part['never_called'])}"
            yield ""
        yield from _covered_webhooks(part)


_NEVER = {
    "outcomes_never_seen": "Outcomes never seen",
    "kinds_never_sent": "Webhooks never sent",
    "webhooks_never_answered": "Webhooks never answered",
}


def _covered_webhooks(part: Mapping[str, Any]) -> Iterator[str]:
    """What the tests have seen nothing of, where they have seen something of it."""
    for name, title in _NEVER.items():
        if part.get(name):
            yield f"{title}: {', '.join(f'`{each}`' for each in part[name])}"
            yield ""


def _operation_row(operation: Mapping[str, Any]) -> tuple[object, ...]:
    statuses = operation["statuses"].items()
    return (
        f"`{operation['operation']}`",
        operation["requests"],
        ", ".join(f"{status} ({count})" for status, count in statuses),
        ", ".join(map(str, operation["never_seen"])),
    )


def _rule_row(rule: Mapping[str, Any]) -> tuple[object, ...]:
    return rule["rule"], rule["none"], rule["one"], rule["several"]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    body = [_line(row) for row in rows]
    if body:
        yield from (_line(head), "|" + "---|" * len(head), *body, "")


def _line(cells: Iterable[object]) -> str:
    texts = [str(cell).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(texts)} |"

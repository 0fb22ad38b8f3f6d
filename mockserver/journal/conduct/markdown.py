"""The report as a page to read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from mockserver.journal.conduct.checks import LEVELS
from mockserver.journal.conduct.signs import Finding

_LISTED = 10


def render(
    requests: int, dropped: int, findings: Sequence[Finding], coverage: Mapping[str, Any]
) -> str:
    """The whole page; the arguments are the fields of a `Report`."""
    return "\n".join(
        [*_head(requests, dropped, findings), *_findings(findings), *_covered(coverage)]
    )


def _head(requests: int, dropped: int, findings: Iterable[Finding]) -> Iterator[str]:
    levels = Counter(finding.level for finding in findings)
    counts = [f"{levels[level]} {level}{'' if levels[level] == 1 else 's'}" for level in LEVELS]
    yield from (
        "# Client conduct",
        "",
        f"{_counted(requests, 'request')}: {', '.join(counts)}.",
        "",
    )
    if dropped:
        yield (
            f"Incomplete: {_counted(dropped, 'older request')} had to leave the journal, and "
            "nothing is said of them."
        )
        yield ""


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    """A section for each check and level, with a line for each finding."""
    for (level, check), group in groupby(findings, key=lambda each: (each.level, each.check)):
        yield from (
            f"## {level.capitalize()}: {check.title} (`{check.slug}`)",
            "",
            f"{check.meaning} {check.advice}",
            "",
        )
        yield from (f"- {each.done} ({each.vendor}, {_numbers(each.requests)})" for each in group)
        yield ""


def _numbers(requests: Sequence[int]) -> str:
    shown = ", ".join(map(str, requests[:_LISTED]))
    more = f" and {len(requests) - _LISTED} more" if len(requests) > _LISTED else ""
    return f"request{'' if len(requests) == 1 else 's'} {shown}{more}"


def _covered(coverage: Mapping[str, Any]) -> Iterator[str]:
    yield from ("## Coverage", "")
    for vendor, part in coverage.items():
        called = [each for each in part["operations"] if each["requests"]]
        yield f"### {vendor}: {len(called)} of {len(part['operations'])} operations"
        yield ""
        if called:
            yield from _table(
                ("operation", "requests", "statuses seen", "documented, never seen"),
                map(_operation_row, called),
            )
            yield from _table(
                ("matching rule", "none", "one", "several"), map(_rule_row, part["rules"])
            )
        if called and part["never_called"]:
            yield f"Never called: {', '.join(f'`{name}`' for name in part['never_called'])}"
            yield ""


def _operation_row(each: Mapping[str, Any]) -> tuple[object, ...]:
    statuses = ", ".join(f"{status} ({count})" for status, count in each["statuses"].items())
    return (
        f"`{each['operation']}`",
        each["requests"],
        statuses,
        ", ".join(map(str, each["never_seen"])),
    )


def _rule_row(each: Mapping[str, Any]) -> tuple[object, ...]:
    return each["rule"], each["none"], each["one"], each["several"]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    body = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    if body:
        yield from ("| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body, "")

"""What the client under test did badly and what its tests covered, by its journal."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.call import Call
from mockserver.documents.spec import Operation
from mockserver.journal.conduct.coverage import coverage_of
from mockserver.journal.conduct.fields import strange_fields, strange_parameters
from mockserver.journal.conduct.markdown import render
from mockserver.journal.conduct.matches import other_leads, several_matches, uncertain
from mockserver.journal.conduct.pages import stopped_loops
from mockserver.journal.conduct.refusals import (
    early_retries,
    missing_slashes,
    refused,
    repeated_refusals,
    unmatched,
)
from mockserver.journal.conduct.signs import Finding, Sign, findings_of
from mockserver.matching import MatchingRule

_WATCHES: tuple[Callable[[Sequence[Call]], Iterator[Sign]], ...] = (
    early_retries,
    repeated_refusals,
    strange_fields,
    strange_parameters,
    stopped_loops,
    missing_slashes,
    unmatched,
    refused,
    other_leads,
    several_matches,
    uncertain,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, the worst first, in so many requests.

    `dropped` older ones had gone from the journal.

    `coverage` has, for each vendor, how many `requests` it got, its `operations` with the statuses
    seen and the documented ones never seen, those `never_called`, and its matching `rules` with how
    often they found no, one and several rows.
    """

    requests: int
    dropped: int
    findings: tuple[Finding, ...]
    coverage: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values only."""
        findings = [finding.as_json() for finding in self.findings]
        return {
            "requests": self.requests,
            "dropped": self.dropped,
            "findings": findings,
            "coverage": dict(self.coverage),
        }

    def as_markdown(self) -> str:
        """The report as a page to read."""
        return render(self.requests, self.dropped, self.findings, self.coverage)


def report(
    calls: Iterable[Call],
    operations: Mapping[str, Sequence[Operation]],
    rules: Mapping[str, Sequence[MatchingRule]],
    dropped: int = 0,
) -> Report:
    """The report on a journal's entries; operations and matching rules are by vendor.

    `dropped` is how many entries the journal had to let go.
    """
    entries = sorted(calls, key=lambda call: call.number)
    signs = [sign for watch in _WATCHES for sign in watch(entries)]
    coverage = {
        vendor: coverage_of(known, rules.get(vendor, ()), _of(vendor, entries))
        for vendor, known in operations.items()
    }
    return Report(len(entries), dropped, tuple(findings_of(signs)), coverage)


def _of(vendor: str, calls: Iterable[Call]) -> list[Call]:
    return [call for call in calls if call.vendor == vendor]

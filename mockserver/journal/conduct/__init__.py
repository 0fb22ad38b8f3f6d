"""What the client under test did badly and what its tests covered, by its journal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mockserver.journal.conduct.behaviour import general, noted, relied_on
from mockserver.journal.conduct.coverage import vendor_coverage
from mockserver.journal.conduct.fields import strange_fields, strange_parameters
from mockserver.journal.conduct.html_forms import careless_forms
from mockserver.journal.conduct.markdown import render
from mockserver.journal.conduct.matches import other_leads, several_matches, spelling_misses
from mockserver.journal.conduct.pages import stopped_loops
from mockserver.journal.conduct.placeholders import placeholders
from mockserver.journal.conduct.redirects import lost_bodies, missing_slashes
from mockserver.journal.conduct.refusals import refused, unmatched
from mockserver.journal.conduct.repeats import early_retries, repeated_refusals, repeated_writes
from mockserver.journal.conduct.signs import DeliverySign, Finding, Sign, findings_from
from mockserver.journal.directory import Directory, Operations, Rules
from mockserver.journal.records import Record


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, the worst first, in so many requests; `dropped` older ones were not kept.

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


class Told(NamedTuple):
    """What a report says of deliveries: signs, and by vendor what the coverage has of them."""

    signs: Sequence[DeliverySign]
    coverage: Mapping[str, Mapping[str, Any]]


def report(
    records: Iterable[Record],
    operations: Operations,
    rules: Rules,
    dropped: int = 0,
    told: Told | None = None,
) -> Report:
    """The report on a journal's records; operations and matching rules are by vendor.

    `dropped` is how many records the journal had to let go, `told` what there is to say of
    deliveries to webhooks.
    """
    kept = sorted(records, key=_number)
    signs = () if told is None else told.signs
    findings = findings_of(kept, Directory(operations, rules), signs)
    coverage = {}
    for vendor, known in operations.items():
        of_vendor = [record for record in kept if record.vendor == vendor]
        coverage[vendor] = vendor_coverage(known, rules.get(vendor, ()), of_vendor)
        if told is not None:
            coverage[vendor] |= told.coverage.get(vendor, {})
    return Report(len(kept), dropped, tuple(findings), coverage)


def findings_of(
    records: Sequence[Record], directory: Directory, deliveries: Iterable[DeliverySign] = ()
) -> list[Finding]:
    """What was found in these records and in deliveries, the worst first.

    The records are in their order.
    """
    return findings_from(_signs(records, directory), deliveries)


def _number(record: Record) -> int:
    return record.number


def _signs(records: Sequence[Record], directory: Directory) -> Iterator[Sign]:
    """All that any check stumbles over."""
    yield from early_retries(records)
    yield from repeated_refusals(records)
    yield from repeated_writes(records)
    yield from strange_fields(records, directory)
    yield from strange_parameters(records, directory)
    yield from careless_forms(records, directory)
    yield from stopped_loops(records, directory)
    yield from missing_slashes(records)
    yield from lost_bodies(records)
    yield from unmatched(records)
    yield from refused(records)
    yield from other_leads(records)
    yield from several_matches(records)
    yield from placeholders(records, directory)
    yield from spelling_misses(records)
    yield from noted(records)
    yield from relied_on(records, directory)
    yield from general(records, directory)

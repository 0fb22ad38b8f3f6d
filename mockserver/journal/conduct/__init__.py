"""What the client under test did badly and what its tests covered, by its journal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mockserver.journal.conduct.behaviour import general
from mockserver.journal.conduct.coverage import vendor_coverage
from mockserver.journal.conduct.markdown import render
from mockserver.journal.conduct.observations import Observations
from mockserver.journal.conduct.pages import stopped_loops
from mockserver.journal.conduct.redirects import lost_bodies
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
    records: Sequence[Record],
    directory: Directory,
    deliveries: Iterable[DeliverySign] = (),
    observations: Observations | None = None,
) -> list[Finding]:
    """What was found in these records and in deliveries, the worst first.

    The records are in their order. `observations` have what they told when they were asked about
    before.
    """
    known = observations or Observations(directory)
    known.observe(records)
    return findings_from(_signs(records, known, directory), deliveries)


def _number(record: Record) -> int:
    return record.number


def _signs(
    records: Sequence[Record], observations: Observations, directory: Directory
) -> Iterator[Sign]:
    """All that any check stumbles over: those that compare records, and those of single ones."""
    yield from early_retries(records)
    yield from repeated_refusals(records)
    yield from repeated_writes(records)
    yield from stopped_loops(records, directory, observations.pages)
    yield from lost_bodies(records)
    yield from observations.signs
    yield from general(records, directory)

"""What the report finds in a journal, kept for those who look at one request after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import ReferenceType, ref

from mockserver.journal.directory import Directory
from mockserver.journal.records import Journal, Record

if TYPE_CHECKING:
    from mockserver.journal.conduct.signs import Finding


class _Findings:
    """The findings in one journal, which keeps them.

    What single records told is kept too, so a journal that has grown costs little.
    """

    def __init__(self, directory: Directory) -> None:
        # Imported here: a server whose requests nobody looks at needs no checks.
        from mockserver.journal.conduct.observations import Observations

        self._directory = directory
        self._observations = Observations(directory)
        self._findings: Sequence[Finding] = ()
        self._added = -1

    def read(self, journal: Journal) -> Sequence[Finding]:
        """All findings in the journal, the worst first."""
        if self._added != journal.added:
            from mockserver.journal.conduct import findings_of

            ordered = sorted(journal, key=lambda each: each.number)
            self._findings = findings_of(ordered, self._directory, (), self._observations)
            self._added = journal.added
        return self._findings

    def forget(self, record: Record) -> None:
        """Let go of a record that the journal drops, and of the findings about it."""
        self._observations.forget(record)
        self._findings, self._added = (), -1


class FindingsCache:
    """The findings in the journal that was asked about last.

    All checks of a journal of 1,000 requests take a tenth of a second, and each request's page
    asks for those about it. They stand in the journal itself, so they go with its records.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._asked: ReferenceType[Journal] | None = None

    def about(self, record: Record, journal: Journal) -> list[Finding]:
        """What was found about a record of the journal, the worst first."""
        found = self._findings(journal).read(journal)
        return [finding for finding in found if record.number in finding.requests]

    def _findings(self, journal: Journal) -> _Findings:
        before = self._asked() if self._asked is not None else None
        if before is not journal:
            if before is not None:
                before.derived = None
            self._asked = ref(journal)
        kept = journal.derived
        if not isinstance(kept, _Findings):
            kept = journal.derived = _Findings(self._directory)
        return kept

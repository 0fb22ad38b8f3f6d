"""What the report finds in a journal, kept for those who look at one request after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mockserver.journal.directory import Directory
from mockserver.journal.records import Journal, Record

if TYPE_CHECKING:
    from mockserver.journal.conduct.signs import Finding


class FindingsCache:
    """The findings in the journal that was asked about last, until it changes.

    All checks of a journal of 1,000 requests take a tenth of a second, and each request's page
    asks for those about it.
    """

    def __init__(self) -> None:
        self._newest: Record | None = None
        self._dropped = 0
        self._found: Sequence[Finding] = ()

    def about(self, record: Record, journal: Journal, directory: Directory) -> list[Finding]:
        """What was found about a record of the journal, the worst first."""
        # A record is in one journal: where its newest is the same, and none went, nothing changed.
        if self._newest is not journal.newest or self._dropped != journal.dropped:
            # Imported here: a server whose requests nobody looks at needs no checks.
            from mockserver.journal.conduct import findings_of

            ordered = sorted(journal, key=lambda each: each.number)
            self._found = findings_of(ordered, directory)
            self._newest, self._dropped = journal.newest, journal.dropped
        return [finding for finding in self._found if record.number in finding.requests]

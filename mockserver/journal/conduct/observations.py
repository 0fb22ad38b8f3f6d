"""What single records tell the checks, each read once however often the journal is asked about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mockserver.journal.conduct.behaviour import noted, relied_on
from mockserver.journal.conduct.fields import strange_fields, strange_parameters
from mockserver.journal.conduct.html_forms import careless_forms
from mockserver.journal.conduct.matches import other_leads, several_matches, spelling_misses
from mockserver.journal.conduct.pages import Page, announced_page
from mockserver.journal.conduct.placeholders import placeholders
from mockserver.journal.conduct.redirects import missing_slashes
from mockserver.journal.conduct.refusals import refused, unmatched
from mockserver.journal.conduct.signs import Sign
from mockserver.journal.directory import Directory
from mockserver.journal.records import Record


@dataclass(slots=True)
class _Observation:
    record: Record
    page: Page | None
    signs: list[Sign] = field(default_factory=list)


class Observations:
    """The signs of the checks that look at one request alone, and the pages that were announced.

    They are those of the records that were given last, but for those forgotten since. A record
    never changes, so those given again are not read again: what grows costs only what is new.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._by_number: dict[int, _Observation] = {}

    def observe(self, records: Sequence[Record]) -> None:
        """Read the records that are new, and forget those that are gone."""
        before = self._by_number
        self._by_number = {}
        new = []
        for record in records:
            known = before.get(record.number)
            # Another journal has other records of the same numbers.
            if known is None or known.record is not record:
                new.append(record)
                known = _Observation(record, announced_page(record, self._directory))
            self._by_number[record.number] = known
        for sign in _signs(new, self._directory):
            self._by_number[sign.record.number].signs.append(sign)

    def forget(self, record: Record) -> None:
        """Keep nothing of a record, as its journal has dropped it."""
        known = self._by_number.get(record.number)
        if known is not None and known.record is record:
            del self._by_number[record.number]

    @property
    def signs(self) -> Iterator[Sign]:
        """What the checks stumbled over, record by record."""
        for observation in self._by_number.values():
            yield from observation.signs

    @property
    def pages(self) -> Mapping[int, Page]:
        """The pages that answers announced, by the number of the request."""
        return {
            number: observation.page
            for number, observation in self._by_number.items()
            if observation.page is not None
        }


def _signs(records: Sequence[Record], directory: Directory) -> Iterator[Sign]:
    """All that a check stumbles over which needs no other record."""
    yield from strange_fields(records, directory)
    yield from strange_parameters(records, directory)
    yield from careless_forms(records, directory)
    yield from missing_slashes(records)
    yield from unmatched(records)
    yield from refused(records)
    yield from other_leads(records)
    yield from several_matches(records)
    yield from placeholders(records, directory)
    yield from spelling_misses(records)
    yield from noted(records)
    yield from relied_on(records, directory)

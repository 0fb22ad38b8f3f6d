"""The verdict on what was expected of the things that a workspace notes, and the reason for it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from mockserver.journal.assignment import assign
from mockserver.journal.redaction import printable

_NEAREST = 3
_MAX_LINES = 12


class Noted(Protocol):
    """A request or a delivery: something with a number in its workspace."""

    @property
    def number(self) -> int:
        """Which one of its workspace it is."""


Wanted = TypeVar("Wanted")
Entry = TypeVar("Entry", bound=Noted)


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the expectation holds, and why.

    `found` has the numbers of the entries that fit it; where several filters had to be met, of the
    one that was chosen for each, in their order. `nearest` has the entries that come closest to
    what is missing, as `{"number": ..., "differences": [line, ...]}`. `message` tells all that in a
    few lines for a terminal. No credential stands in any of it. `may_change` says whether what
    comes yet may bring what is missing, or what must not be.
    """

    passed: bool
    found: list[int]
    message: str
    nearest: list[dict[str, Any]] = field(default_factory=list)
    may_change: bool = False


class Verdict(NamedTuple):
    """A verification, and whether it `is_settled`: no further entry could change it."""

    verification: Verification
    is_settled: bool


class Judge(ABC, Generic[Wanted, Entry]):
    """Holds entries of one kind, in their order, to filters."""

    one: str
    many: str
    """What an entry is called, and what several are."""

    which: tuple[str, ...]
    """How differences begin that make an entry quite another one than the one expected."""

    @abstractmethod
    def differences(self, wanted: Wanted, entry: Entry) -> Iterator[str]:
        """Each way in which the entry is not what the filter wants; none: it fits.

        Those come first that are found fast.
        """

    @abstractmethod
    def described(self, wanted: Wanted) -> str:
        """The filter in a line, without a credential."""

    @abstractmethod
    def expected(self, times: str, wanted: Wanted) -> Iterable[str]:
        """The lines that say what one filter wanted, and how many times."""

    @abstractmethod
    def title(self, entry: Entry) -> str:
        """What the entry is, behind its number, without a credential."""

    def verdict(
        self, entries: Sequence[Entry], filters: Sequence[Wanted], expectation: Mapping[str, Any]
    ) -> Verdict:
        """The verdict on these entries.

        One filter: it must fit `times` entries, or `at_least` and `at_most` so many; at least one
        where nothing is said. Several: each must be met by an entry of its own, and with `in_order`
        in that order. `after` is the number that all entries are greater than.
        """
        if len(filters) == 1:
            return self._on_one(entries, filters[0], expectation)
        return self._on_each(entries, filters, expectation)

    def difference(self, wanted: Wanted, entry: Entry) -> list[str]:
        """All differences, as anybody may print them."""
        return [printable(line) for line in self.differences(wanted, entry)]

    def _fits(self, wanted: Wanted, entry: Entry) -> bool:
        return next(self.differences(wanted, entry), None) is None

    def _on_one(
        self, entries: Sequence[Entry], wanted: Wanted, expectation: Mapping[str, Any]
    ) -> Verdict:
        least, most = _bounds(expectation)
        found = [entry.number for entry in entries if self._fits(wanted, entry)]
        is_enough = len(found) >= least
        is_too_many = most is not None and len(found) > most
        nearest = [] if is_enough else self._nearest(wanted, _without(found, entries))
        lines = [
            *self.expected(self._times(least, most), wanted),
            self._found(found, entries, expectation),
            *self._nearest_lines(nearest, entries),
        ]
        passed = is_enough and not is_too_many
        is_settled = is_too_many or (is_enough and most is None)
        # What must come at least has come once it is there. What must not come may come until the
        # end.
        may_change = not is_settled and (not passed or least == 0)
        verification = Verification(passed, found, "\n".join(lines), nearest, may_change)
        return Verdict(verification, is_settled)

    def _on_each(
        self, entries: Sequence[Entry], filters: Sequence[Wanted], expectation: Mapping[str, Any]
    ) -> Verdict:
        in_order = expectation.get("in_order", False)
        assigned_each = self._assigned_in_order if in_order else self._assigned_in_any_order
        assigned = assigned_each(filters, entries)
        found = [entry.number for entry in assigned if entry is not None]
        lines = [f"expected {self._count(len(filters))} in {'this' if in_order else 'any'} order"]
        lines += [f"  {index}. {self.described(each)}" for index, each in enumerate(filters, 1)]
        lines += [self._found(found, entries, expectation)]
        if None not in assigned:
            return Verdict(Verification(True, found, "\n".join(lines)), True)
        missing = assigned.index(None)
        before = assigned[missing - 1] if in_order and missing else None
        after = "" if before is None else f" after {self.one} {before.number}"
        lines.append(f"nothing is like {missing + 1}.{after}")
        nearest = self._nearest(filters[missing], _without(found, entries), before, entries)
        lines += self._nearest_lines(nearest, entries)
        verification = Verification(False, found, "\n".join(lines), nearest, may_change=True)
        return Verdict(verification, False)

    def _assigned_in_order(
        self, filters: Sequence[Wanted], entries: Iterable[Entry]
    ) -> list[Entry | None]:
        """For each filter the first entry after the one before it that fits.

        None from the first that none fits.
        """
        waiting = iter(entries)
        return [
            next((entry for entry in waiting if self._fits(wanted, entry)), None)
            for wanted in filters
        ]

    def _assigned_in_any_order(
        self, filters: Sequence[Wanted], entries: Sequence[Entry]
    ) -> list[Entry | None]:
        """An entry of its own for as many filters as can have one."""
        assigned = assign([self._fitting(wanted, entries) for wanted in filters])
        found: list[Entry | None] = [None] * len(filters)
        for wanted, index in assigned.items():
            found[wanted] = entries[index]
        return found

    def _fitting(self, wanted: Wanted, entries: Iterable[Entry]) -> list[int]:
        return [index for index, entry in enumerate(entries) if self._fits(wanted, entry)]

    def _nearest(
        self,
        wanted: Wanted,
        candidates: Iterable[Entry],
        before: Entry | None = None,
        entries: Sequence[Entry] = (),
    ) -> list[dict[str, Any]]:
        """The candidates with the fewest differences: the right kind first, then the latest.

        `before` is the one of the `entries` that they should have come after.
        """
        early = set() if before is None else _numbers_up_to(before, entries)
        found = []
        for entry in candidates:
            lines = self.difference(wanted, entry)
            if before is not None and entry.number in early:
                lines.insert(0, f"order: came before {self.one} {before.number}")
            found.append({"number": entry.number, "differences": lines})
        return sorted(found, key=self._distance)[:_NEAREST]

    def _distance(self, candidate: Mapping[str, Any]) -> tuple[bool, int, int]:
        """What candidates are sorted by, the nearest first."""
        lines = candidate["differences"]
        is_another = any(line.startswith(self.which) for line in lines)
        return is_another, len(lines), -candidate["number"]

    def _nearest_lines(
        self, nearest: Sequence[Mapping[str, Any]], entries: Iterable[Entry]
    ) -> Iterator[str]:
        by_number = {entry.number: entry for entry in entries}
        if nearest:
            yield "nearest:"
        for candidate in nearest:
            entry, lines = by_number[candidate["number"]], candidate["differences"]
            yield f"  {self.one} {entry.number}: {self.title(entry)}"
            for line in lines[:_MAX_LINES]:
                yield f"    {line}"
            if len(lines) > _MAX_LINES:
                yield f"    and {len(lines) - _MAX_LINES} more"

    def _times(self, least: int, most: int | None) -> str:
        if most == 0:
            return f"no {self.one}"
        if most is None:
            return f"at least {self._count(least)}"
        if least == most:
            return f"exactly {self._count(least)}"
        return f"{least} to {self._count(most)}" if least else f"at most {self._count(most)}"

    def _count(self, number: int) -> str:
        return f"{number} {self.one if number == 1 else self.many}"

    def _found(
        self, found: Sequence[int], entries: Sequence[Entry], expectation: Mapping[str, Any]
    ) -> str:
        after = f" after number {expectation['after']}" if expectation.get("after") else ""
        numbers = f": {', '.join(map(str, found))}" if found else ""
        return f"found {len(found)} among {self._count(len(entries))}{after}{numbers}"


def _bounds(expectation: Mapping[str, Any]) -> tuple[int, int | None]:
    """How many entries at least and at most; None: any number."""
    times = expectation.get("times")
    if times is not None:
        return times, times
    most = expectation.get("at_most")
    least = 1 if most is None else 0
    return expectation.get("at_least", least), most


def _without(numbers: Iterable[int], entries: Iterable[Entry]) -> list[Entry]:
    left_out = frozenset(numbers)
    return [entry for entry in entries if entry.number not in left_out]


def _numbers_up_to(last: Entry, entries: Iterable[Entry]) -> set[int]:
    numbers = set()
    for entry in entries:
        numbers.add(entry.number)
        if entry.number == last.number:
            break
    return numbers

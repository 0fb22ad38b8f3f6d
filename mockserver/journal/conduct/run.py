"""The reports on all workspaces of a run, as one.

It works with reports as JSON values, so the server may be another process.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from mockserver.journal.conduct.checks import CHECKS, LEVELS
from mockserver.journal.conduct.coverage import add_coverage
from mockserver.journal.conduct.markdown import counted, covered, located
from mockserver.journal.redaction import printable, quoted

_LISTED = 10
"""How many tests or workspaces are named for one finding; the others are counted."""

_ORDER = {check.slug: index for index, check in enumerate(CHECKS)}


class Numbers(NamedTuple):
    """The numbers of the requests and of the deliveries that a finding is about, in one place."""

    requests: list[int]
    deliveries: list[int]


@dataclass(frozen=True, slots=True)
class RunFinding:
    """What one check found in a run: the finding as JSON, and where.

    `places` has the tests or workspaces, each with the numbers of its requests and of its
    deliveries.
    """

    finding: Mapping[str, Any]
    places: dict[str, Numbers] = field(default_factory=dict)

    @property
    def check(self) -> str:
        """The name of the check."""
        return str(self.finding["check"])

    @property
    def level(self) -> Any:
        """How bad it is."""
        return self.finding["level"]

    @property
    def done(self) -> str:
        """What the client did, in a sentence."""
        return str(self.finding["done"])

    @property
    def meaning(self) -> str:
        """What the vendor expects, and why it hurts."""
        return str(self.finding["message"]).removeprefix(self.done).strip()

    @property
    def severity(self) -> tuple[int, int]:
        """What findings are sorted by, the worst first."""
        return LEVELS.index(self.level), _ORDER.get(self.check, len(_ORDER))


class RunReport:
    """Collects the reports of a run.

    `unit` says what each of them is on: a `test` or a `workspace`. `unclaimed` has those requests
    that reached no workspace, as the control API lists them.
    """

    def __init__(self, unit: str, unclaimed: Sequence[Mapping[str, Any]] = ()) -> None:
        self._unit = unit
        self._unclaimed = unclaimed
        self._found: dict[object, RunFinding] = {}
        self._reports: dict[str, Mapping[str, Any]] = {}
        self._coverage: dict[str, Any] = {}
        self._requests = self._dropped = 0

    def add(self, name: str, report: Mapping[str, Any]) -> None:
        """Add the report on the test or workspace of that name, as JSON values."""
        self._reports[name] = report
        self._requests += report["requests"]
        self._dropped += report["dropped"]
        add_coverage(self._coverage, report["coverage"])
        for finding in report["findings"]:
            parts = ("check", "level", "vendor", "operation", "done")
            key = tuple(finding[part] for part in parts)
            found = self._found.setdefault(key, RunFinding(finding))
            place = found.places.setdefault(name, Numbers([], []))
            place.requests.extend(finding["requests"])
            place.deliveries.extend(finding.get("deliveries", ()))

    @property
    def findings(self) -> list[RunFinding]:
        """What was found, the worst first."""
        return sorted(self._found.values(), key=_severity)

    def failing(self, selected: Collection[str]) -> list[RunFinding]:
        """The findings of these checks and levels."""
        return [
            found for found in self.findings if found.check in selected or found.level in selected
        ]

    def headline(self) -> str:
        """How many requests there were, and what was found in them, by level."""
        levels = Counter(found.level for found in self._found.values())
        counts = ", ".join(counted(levels[level], level) for level in LEVELS)
        where = counted(len(self._reports), self._unit)
        return f"{counted(self._requests, 'request')} in {where}: {counts}"

    def summary(self) -> Iterator[str]:
        """A line for each check that found an error or a warning, with the first place."""
        yield self.headline()
        grave = [found for found in self.findings if found.level != "note"]
        for _, group in groupby(grave, key=_section):
            yield _summary_line(list(group), self._unit)

    def full(self) -> Iterator[str]:
        """All findings, each with what the client did and where, and each check with its advice."""
        yield self.headline()
        for (level, check), group in groupby(self.findings, key=_section):
            members = list(group)
            finding = members[0].finding
            yield f"{level:8} {check}: {finding['title']}. {finding['advice']}"
            for found in members:
                yield printable(f"  {found.done}")
                for name, numbers in _first(found.places):
                    yield printable(f"    {name} ({located(*numbers)})")
                if len(found.places) > _LISTED:
                    yield f"    and {counted(len(found.places) - _LISTED, self._unit)} more"

    def as_json(self) -> dict[str, Any]:
        """The reports by name, and the coverage of all of them."""
        return {
            f"{self._unit}s": self._reports,
            "unclaimed": len(self._unclaimed),
            "coverage": self._coverage,
        }

    def as_markdown(self) -> str:
        """The report as a page to read."""
        return "\n".join([*self._head(), *self._sections(), *covered(self._coverage)])

    def _head(self) -> Iterator[str]:
        yield from ("# Client conduct", "", f"{self.headline()}.", "")
        if self._unclaimed:
            yield f"{counted(len(self._unclaimed), 'further request')} reached no workspace:"
            yield ""
            yield from _unclaimed_lines(self._unclaimed)
            yield ""
        if self._dropped:
            dropped = counted(self._dropped, "older request")
            yield f"Incomplete: journals dropped {dropped}, which this report does not cover."
            yield ""

    def _sections(self) -> Iterator[str]:
        for (level, check), group in groupby(self.findings, key=_section):
            members = list(group)
            finding = members[0].finding
            yield from (
                f"## {level.capitalize()}: {finding['title']} (`{check}`)",
                "",
                f"{members[0].meaning} {finding['advice']}",
                "",
            )
            yield from (f"- {found.done} ({self._places(found)})" for found in members)
            yield ""

    def _places(self, found: RunFinding) -> str:
        parts = [found.finding["vendor"] or "no vendor"]
        for name, numbers in _first(found.places):
            parts.append(f"{quoted(name)} {located(*numbers)}")
        if len(found.places) > _LISTED:
            parts.append(f"and {counted(len(found.places) - _LISTED, self._unit)} more")
        return "; ".join(parts)


def _unclaimed_lines(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each sentence that says why a request was answered so, the most frequent first."""
    counts = Counter(
        (f"{entry['method']} {entry['target']}", entry["why"]["sentence"]) for entry in entries
    )
    for (called, sentence), count in counts.most_common(_LISTED):
        yield f"- {quoted(called)}: {sentence} ({counted(count, 'request')})"
    if len(counts) > _LISTED:
        yield f"- and {len(counts) - _LISTED} more like these"


def _severity(found: RunFinding) -> tuple[int, int]:
    return found.severity


def _section(found: RunFinding) -> tuple[str, str]:
    return found.level, found.check


def _first(places: Mapping[str, Numbers]) -> list[tuple[str, Numbers]]:
    return sorted(places.items())[:_LISTED]


def _summary_line(members: Sequence[RunFinding], unit: str) -> str:
    first, *others = sorted({name for found in members for name in found.places})
    where = first if not others else f"{first} and {counted(len(others), unit)} more"
    finding = members[0].finding
    line = f"{members[0].level:8} {members[0].check}: {finding['title']} ({where})"
    return printable(line)


def failure_line(failing: Sequence[RunFinding]) -> str:
    """Why a run fails: how many findings, and of which checks."""
    fails = "1 finding fails" if len(failing) == 1 else f"{len(failing)} findings fail"
    names = ", ".join(dict.fromkeys(found.check for found in failing))
    return f"{fails} this run: {names}"

"""Finding the lead a request means: rules as data, and a match that can say how it came about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from mockserver.documents.provenance import Provenance
from mockserver.state.tables import Row, Transaction

Combine = Literal["all given", "first that matches", "first given"]
"""How the keys of a rule work together: every given key must fit the same row.

The first given key that finds anything decides; or the first given key decides whether it finds
anything or not.
"""


@dataclass(frozen=True, slots=True)
class Key:
    """One way to find a row.

    The request's `field`, the table's `index`, and how a value becomes an index key.
    """

    field: str
    index: str
    normalise: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class MatchingRule:
    """An ordered list of keys over one table, and how they combine.

    `several` says in words what several matches mean.
    """

    name: str
    operations: tuple[str, ...]
    table: str
    keys: tuple[Key, ...]
    combine: Combine
    none: str
    several: str
    provenance: Provenance
    source: str


class Step(NamedTuple):
    """What one key did.

    The value sent, what it was compared as, and the rows it found, oldest first.
    """

    key: str
    value: Any
    normalised: Any
    rows: list[Row]

    @property
    def verdict(self) -> str:
        """What became of the key, in words."""
        if self.value is None or self.value == "":
            return "not given"
        return "matches" if self.rows else "matches none"


class Match(NamedTuple):
    """Every row that matches, oldest first, and how it was found."""

    rule: MatchingRule
    rows: list[Row]
    trace: tuple[Step, ...]


def find(rule: MatchingRule, values: Mapping[str, Any], tx: Transaction) -> Match:
    """All rows that `values` means under the rule, noted in the transaction's trace.

    A key that is missing, null or empty is not given.
    """
    rows: list[Row] | None = None
    trace: list[Step] = []
    table = tx.tables[rule.table]
    for key in rule.keys:
        value = values.get(key.field)
        if value is None or value == "":
            trace.append(_made(Step, (key.field, value, None, [])))
            continue
        normalised = key.normalise(value)
        found = table.find(key.index, normalised)
        trace.append(_made(Step, (key.field, value, normalised, found)))
        if rule.combine == "all given":
            rows = found if rows is None or rows == found else _in_both(rows, found)
        elif found or rule.combine == "first given":
            rows = found
            break
    match: Match = _made(Match, (rule, rows or [], tuple(trace)))
    tx.trace.append(match)
    return match


_made: Any = tuple.__new__
"""Makes a named tuple in half of the time that its own constructor takes."""


def _in_both(rows: list[Row], others: list[Row]) -> list[Row]:
    ids = {row["id"] for row in others}
    return [row for row in rows if row["id"] in ids]

"""Finding the lead a request means: rules as data, and a match that can say how it came about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from mockserver.documents.provenance import Provenance
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import Transaction

Combine = Literal["all given", "first that matches", "first given"]
"""How the keys of a rule work together: every given key must fit the same row; the first given key
that finds anything decides; or the first given key decides whether it finds anything or not."""

KEPT_IDS = 100
"""How many ids of the rows found a match keeps; it counts them all."""

_NAMED = 5
"""How many rows that differ only in spelling a match names."""


class Spelling(NamedTuple):
    """The rule by which two spellings are one key: a sentence without its period, and how sure."""

    rule: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Key:
    """A way to find a row: the request's `field`, the table's `index`, and how a value is compared.

    `normalise` turns the value into a key of the index. It is given the values of the index's
    settings after that value. `columns` are those of the index, where they are not the field.

    `spelling` is the rule that the key relies on where a row has the value in another spelling.
    `near` is a looser key: it never finds a lead, but where none is found it tells which leads
    differ only in spelling.
    """

    field: str
    index: str
    normalise: Callable[..., Any]
    settings: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    spelling: Spelling | None = None
    near: "Key | None" = None

    def compared(self, value: Any, tx: Transaction) -> Any:
        """The value as the index has it."""
        if len(self.settings) == 1:
            return self.normalise(value, tx.settings[self.settings[0]])
        return self.normalise(value, *[tx.settings[name] for name in self.settings])

    def difference(self, value: Any, row: Row) -> tuple[Any, Any] | None:
        """The value and what the row has instead of it; None where they are equal."""
        if not self.columns:
            held = row.get(self.field)
            return None if held == value else (value, held)
        for name, part in zip(self.columns, value, strict=True):
            if row.get(name) != part:
                return part, row.get(name)
        return None


@dataclass(frozen=True)
class MatchingRule:
    """An ordered list of keys over one table, and how they combine.

    `none` and `several` say in words what it means that no row or several rows match; `setting`
    names the vendor's setting that decides among several.
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
    setting: str | None = None

    @cached_property
    def key_names(self) -> tuple[str, ...]:
        """The names of the keys, as a match tells them."""
        return tuple(key.field for key in self.keys)


class KeyTrial(NamedTuple):
    """What one key did: the value sent, what it was compared as, and the rows it found.

    `ids` has the first of them, oldest first, `found` counts them all.
    """

    key: str
    value: Any
    compared: Any
    ids: tuple[RowId, ...]
    found: int

    @property
    def verdict(self) -> str:
        """What became of the key, in words."""
        if self.value in _NOT_GIVEN:
            return "not given"
        return "matches" if self.found else "matches none"


class Mismatch(NamedTuple):
    """A key that the request gave too, and that a row found by another key has otherwise."""

    key: str
    value: Any
    id: RowId
    held: Any


class OtherSpelling(NamedTuple):
    """A key that found its row by a rule on spelling: the row has it as `held`."""

    key: str
    value: Any
    id: RowId
    held: Any
    rule: str
    provenance: str


class MatchTrace(NamedTuple):
    """How rows were looked for, as plain data.

    `keys` are the names of all keys of the rule, `trials` what those did that were tried. `ids` has
    the first rows that match, oldest first, `found` counts them all. `spellings` are the keys that
    found the first row though it has them in another spelling. Where nothing matches, `near` has
    rows that differ from the request only in spelling.
    """

    rule: str
    table: str
    combine: Combine
    keys: tuple[str, ...]
    trials: tuple[KeyTrial, ...]
    ids: tuple[RowId, ...]
    found: int
    mismatches: tuple[Mismatch, ...] = ()
    spellings: tuple[OtherSpelling, ...] = ()
    near: tuple[Mismatch, ...] = ()


class Match(NamedTuple):
    """Every row that matches, oldest first, and how it was found."""

    rows: list[Row]
    trace: MatchTrace


_NOT_GIVEN = (None, "")
_new: Any = tuple.__new__
"""Makes a named tuple in half of the time that its own constructor takes: one for each key."""


def find(rule: MatchingRule, values: Mapping[str, Any], tx: Transaction) -> Match:
    """All rows that `values` means under the rule, noted in the transaction's trace.

    A key that is missing, null or empty is not given.
    """
    rows: list[Row] | None = None
    trials: list[KeyTrial] = []
    table, combine = rule.table, rule.combine
    stored = None if tx.drafts else tx.stored[table]
    has_spellings = False
    for key in rule.keys:
        field = key.field
        value = values.get(field)
        if value in _NOT_GIVEN:
            trials.append(_new(KeyTrial, (field, value, None, (), 0)))
            continue
        compared = key.compared(value, tx) if key.settings else key.normalise(value)
        if stored is not None:
            found = stored.find(key.index, compared)
        else:
            found = tx.find(table, key.index, compared)
        count = len(found)
        ids = (found[0]["id"],) if count == 1 else _ids(found)
        trials.append(_new(KeyTrial, (field, value, compared, ids, count)))
        if count != 1 or found[0].get(field) != value:
            has_spellings = True
        if combine == "all given":
            rows = found if rows is None or rows == found else _in_both(rows, found)
        elif found or combine == "first given":
            rows = found
            break
    matching = rows or []
    trace = _trace(rule, trials, matching, values, tx, has_spellings=has_spellings)
    tx.trace.append(trace)
    match: Match = _new(Match, (matching, trace))
    return match


def _trace(
    rule: MatchingRule,
    trials: list[KeyTrial],
    rows: list[Row],
    values: Mapping[str, Any],
    tx: Transaction,
    *,
    has_spellings: bool,
) -> MatchTrace:
    """What is told of the search. Without `has_spellings` each key found just the text it sent."""
    mismatches: tuple[Mismatch, ...] = ()
    spellings: tuple[OtherSpelling, ...] = ()
    near: tuple[Mismatch, ...] = ()
    if not rows:
        near = _near(rule, trials, tx)
    else:
        if has_spellings:
            spellings = _spellings(rule, trials, rows[0])
        if rule.combine != "all given" and len(rule.keys) > 1:
            mismatches = tuple(_mismatches(rule, len(trials) - 1, rows, values, tx))
    trace: MatchTrace = _new(
        MatchTrace,
        (
            rule.name,
            rule.table,
            rule.combine,
            rule.key_names,
            tuple(trials),
            (rows[0]["id"],) if len(rows) == 1 else _ids(rows),
            len(rows),
            mismatches,
            spellings,
            near,
        ),
    )
    return trace


def _spellings(rule: MatchingRule, trials: list[KeyTrial], row: Row) -> tuple[OtherSpelling, ...]:
    """The keys that found the row though it has them in another spelling."""
    found: tuple[OtherSpelling, ...] = ()
    for key, (field, value, _, _, count) in zip(rule.keys, trials, strict=False):
        if row.get(field) == value or key.spelling is None or not count:
            continue
        difference = key.difference(value, row)
        if difference is not None:
            sent, held = difference
            found += (OtherSpelling(field, sent, row["id"], held, *key.spelling),)
    return found


def _near(rule: MatchingRule, trials: list[KeyTrial], tx: Transaction) -> tuple[Mismatch, ...]:
    """Rows that a looser key finds for a key that found none."""
    found: list[Mismatch] = []
    for key, trial in zip(rule.keys, trials, strict=False):
        if key.near is None or trial.found or trial.verdict == "not given":
            continue
        compared = key.near.compared(trial.value, tx)
        rows = tx.find(rule.table, key.near.index, compared)[:_NAMED]
        found += [Mismatch(key.field, trial.value, row["id"], row.get(key.field)) for row in rows]
    return tuple(found)


def _ids(rows: list[Row]) -> tuple[RowId, ...]:
    return tuple([row["id"] for row in rows[:KEPT_IDS]])


def _mismatches(
    rule: MatchingRule,
    decided: int,
    rows: list[Row],
    values: Mapping[str, Any],
    tx: Transaction,
) -> list[Mismatch]:
    """Where the request gave a key beside the one that decided, and a row found has another."""
    found = []
    for number, key in enumerate(rule.keys):
        value = values.get(key.field)
        if number == decided or not value:
            continue
        compared = key.compared(value, tx)
        for row in rows[:KEPT_IDS]:
            held = row.get(key.field)
            if not held or type(held) is not type(value):
                continue
            if key.compared(held, tx) != compared:
                found.append(Mismatch(key.field, value, row["id"], held))
    return found


def _in_both(rows: list[Row], others: list[Row]) -> list[Row]:
    ids = {row["id"] for row in others}
    return [row for row in rows if row["id"] in ids]

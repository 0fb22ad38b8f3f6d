"""Which leads a request meant, which it got, and how sure it is that the vendor does the same."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mockserver.call import Call
from mockserver.journal.conduct.signs import Sign, answered, called, quoted
from mockserver.matching import Match
from mockserver.state.changes import Row


class Taken(NamedTuple):
    """A row that a match led to, as it was found and as it was left."""

    match: Match
    before: Row
    after: Row


def _taken(call: Call) -> Iterator[Taken]:
    """The rows that a request went on with: those that it changed, or what a read found alone."""
    for match in call.matches:
        after = {
            change.id: change.after
            for change in call.changes
            if change.table == match.rule.table and change.before is not None
        }
        rows = [row for row in match.rows if row["id"] in after] or (
            match.rows if len(match.rows) == 1 else []
        )
        yield from (Taken(match, row, after.get(row["id"]) or row) for row in rows)


def other_leads(calls: Iterable[Call]) -> Iterator[Sign]:
    """Requests that got a lead by one key although another key they named differs."""
    for call in calls:
        for taken in _taken(call) if call.status < 400 else ():
            for field, named in _named_otherwise(taken, call.body):
                who = (
                    f"the lead {quoted(taken.before['id'])}, whose {quoted(field)} is "
                    f"{quoted(taken.before[field])}"
                )
                done = (
                    f"{called(call)} named the {quoted(field)} {quoted(named)}, and the rule "
                    f"{quoted(taken.match.rule.name)} took {who}."
                )
                yield Sign("other-lead", call, (taken.match.rule.name, field), done)


def _named_otherwise(taken: Taken, body: Any) -> Iterator[tuple[str, Any]]:
    """The keys, with their values, that a request also named and that the lead taken does not have.

    A key after the one that decided may be new data for the lead: it counts only where the lead did
    not take it over.
    """
    match, deciding = taken.match, len(taken.match.trace) - 1
    for index, key in enumerate(match.rule.keys if match.rule.combine != "all given" else ()):
        sent = body.get(key.field) if isinstance(body, dict) else None
        named, held = (
            match.trace[index].value if index <= deciding else sent,
            taken.before.get(key.field),
        )
        if index == deciding or not named or not held or type(named) is not type(held):
            continue
        taken_over = index > deciding and taken.after.get(key.field) not in (held, None)
        if key.normalise(held) != key.normalise(named) and not taken_over:
            yield key.field, named


def several_matches(calls: Iterable[Call]) -> Iterator[Sign]:
    """Requests that meant several leads, of which the vendor took some."""
    for call in calls:
        for match in call.matches if call.status < 400 else ():
            ids = {row["id"] for row in match.rows}
            changed = len(
                {change.id for change in call.changes if change.table == match.rule.table} & ids
            )
            if len(ids) > 1 and (changed or call.request.method in _READING):
                what = f"changed {changed}" if changed else "took one"
                done = (
                    f"{called(call)} named {len(ids)} leads by the rule "
                    f"{quoted(match.rule.name)}, and the vendor {what} of them."
                )
                yield Sign("several-matches", call, match.rule.name, done)


_READING = frozenset({"GET", "HEAD"})


def uncertain(calls: Iterable[Call]) -> Iterator[Sign]:
    """Answers, and rules for finding a lead, that the vendor's documentation does not have."""
    for call, operation in answered(calls):
        answer = operation.answers.get(call.status)
        if answer is not None and answer.provenance in _UNCERTAIN:
            yield Sign(
                _UNCERTAIN[answer.provenance],
                call,
                call.status,
                f"{called(call)} was answered {call.status}.",
            )
        for rule in {match.rule.name: match.rule for match in call.matches}.values():
            if rule.provenance in _UNCERTAIN:
                done = f"{called(call)} looked for its lead by the rule {quoted(rule.name)}."
                yield Sign(_UNCERTAIN[rule.provenance], call, rule.name, done)


_UNCERTAIN = {"inferred": "inferred-behaviour", "chosen": "chosen-behaviour"}

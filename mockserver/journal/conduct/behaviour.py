"""What a run relied on that the vendor's documentation does not say.

What this request really needed is told by itself; what every call relies on is told once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mockserver.documents.spec import Operation
from mockserver.journal.conduct.signs import Sign, answered, called
from mockserver.journal.directory import Directory
from mockserver.journal.records import Record
from mockserver.journal.redaction import quoted
from mockserver.journal.view import note_text

_UNCERTAIN: Mapping[str, str] = {"inferred": "inferred-behaviour", "chosen": "chosen-behaviour"}
_REFUSED = 400


def relied_on(records: Iterable[Record], directory: Directory) -> Iterator[Sign]:
    """Uncertain rules that decided one request.

    The status of a refusal, and a lead that was found only because spelling does not matter.
    """
    for record, operation in answered(records, directory):
        mark = _mark(record, operation)
        if mark in _UNCERTAIN and record.status >= _REFUSED:
            done = f"{called(record)} was refused with {record.status}."
            yield Sign(_UNCERTAIN[mark], record, record.status, done)
        yield from _spellings(record)


def _mark(record: Record, operation: Operation) -> str:
    """How sure the status of the answer is."""
    answer = operation.answers.get(record.status)
    return answer.provenance if answer is not None else ""


def _spellings(record: Record) -> Iterator[Sign]:
    for trace in record.matches:
        for other in trace.spellings:
            if other.provenance in _UNCERTAIN:
                done = (
                    f"{called(record)} named the {quoted(other.key)} {quoted(other.value)} and "
                    f"found the lead {quoted(other.id)}, which has {quoted(other.held)}: "
                    f"{other.rule}."
                )
                yield Sign(_UNCERTAIN[other.provenance], record, (trace.rule, other.key), done)


def noted(records: Iterable[Record]) -> Iterator[Sign]:
    """What was found while the requests were answered."""
    for record in records:
        for note in record.notes:
            done = f"{called(record)} {note_text(note)}."
            yield Sign(note.check, record, note.subject, done)


def general(records: Sequence[Record], directory: Directory) -> Iterator[Sign]:
    """What every call relies on: the statuses of successes, and the rules that find leads.

    For each vendor and mark there is one sentence, which names them all.
    """
    reliances: dict[tuple[str, str], dict[str, list[Record]]] = {}
    # A journal has few kinds of calls, and many of each.
    kinds: dict[object, Sequence[tuple[str, str]]] = {}
    for record, operation in answered(records, directory):
        rules = tuple([trace.rule for trace in record.matches])
        kind = (record.vendor, operation.id, record.status, rules)
        if kind not in kinds:
            kinds[kind] = tuple(_general(record, operation, directory))
        for mark, name in kinds[kind]:
            names = reliances.setdefault((record.vendor, mark), {})
            names.setdefault(name, []).append(record)
    for (_, mark), names in reliances.items():
        done = f"The vendor's documents do not have {_listed(list(names))}: {mark}."
        for record in [each for group in names.values() for each in group]:
            yield Sign("general-behaviour", record, mark, done, whole=True)


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _general(
    record: Record, operation: Operation, directory: Directory
) -> Iterator[tuple[str, str]]:
    mark = _mark(record, operation)
    if mark in _UNCERTAIN and record.status < _REFUSED:
        yield mark, f"the {record.status} of `{operation.id}`"
    for trace in record.matches:
        rule = directory.rule(record.vendor, trace.rule)
        if rule is not None and rule.provenance in _UNCERTAIN:
            yield rule.provenance, f"the rule {quoted(rule.name)}"

"""The journal as plain text: what a person reads who wonders why a test failed."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.journal.bodies import sent_value
from mockserver.journal.conduct import findings_of
from mockserver.journal.conduct.fields import remarks
from mockserver.journal.conduct.signs import Finding
from mockserver.journal.directory import Directory
from mockserver.journal.records import ManyRows, Record
from mockserver.journal.redaction import hidden_target, printable
from mockserver.journal.view import json_or_text, milliseconds, text_of, verdict
from mockserver.journal.why import why
from mockserver.state.transaction import RowDiff

MOST_LINES = 40
"""How many lines a text has unless more are asked for."""

_INDENT = "     "
_LONGEST = 400
_MOST_CHANGES = 5

_SAID_BY_WHY = frozenset({"refused", "unmatched"})
"""Checks whose finding says once more what the sentence of why says."""

Block = Sequence[str]
"""The lines about one request."""


def journal_lines(
    records: Iterable[Record],
    directory: Directory,
    most: int = MOST_LINES,
) -> list[str]:
    """The last requests of a journal, oldest first, in at most so many lines.

    A request that was refused, got a fault or has a finding stands there whole, any other in a
    line. The first line tells how many requests come before these.
    """
    kept = sorted(records, key=_number)
    if not kept:
        return ["(no requests)"]
    findings = _findings_by_number(findings_of(kept, directory))
    blocks: list[Block] = []
    left = most
    for record in reversed(kept):
        block = _block(record, directory, findings.get(record.number, ()))
        rest = len(kept) - len(blocks) - 1
        # The line that counts the rest needs its place too.
        if len(block) > left - (rest > 0):
            break
        blocks.append(block)
        left -= len(block)
    return _with_count(blocks, kept, directory, findings, left)


def _with_count(
    blocks: list[Block],
    kept: Sequence[Record],
    directory: Directory,
    findings: Mapping[int, Sequence[Finding]],
    left: int,
) -> list[str]:
    rest = len(kept) - len(blocks)
    lines = [line for block in reversed(blocks) for line in block]
    if rest and not lines:
        # The newest request alone is too long: its beginning says most.
        newest = kept[-1]
        lines = list(_block(newest, directory, findings.get(newest.number, ())))[: left - 1]
        rest -= 1
    if rest:
        lines.insert(0, f"({rest} {'request' if rest == 1 else 'requests'} before these)")
    return lines


def _number(record: Record) -> int:
    return record.number


def _findings_by_number(findings: Iterable[Finding]) -> dict[int, list[Finding]]:
    """The findings that somebody should act on, by the number of each request they are about."""
    by_number: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.level != "note":
            for number in finding.requests:
                by_number.setdefault(number, []).append(finding)
    return by_number


def _block(record: Record, directory: Directory, findings: Sequence[Finding]) -> Block:
    """The lines about a request."""
    sentence = why(record, directory).sentence
    remarked = [f"{remark.field} {remark.text}" for remark in remarks(record, directory)]
    if record.status < 400 and record.fault is None and not findings:
        return [_cut("  ".join((_summary(record), sentence, *remarked)))]
    lines = [_summary(record), f"{_INDENT}why: {sentence}"]
    lines += _details(record, directory, sentence)
    lines += [f"{_INDENT}remark: {remark}" for remark in remarked]
    lines += [f"{_INDENT}{_hint(finding)}" for finding in findings]
    return [_cut(line) for line in lines]


def _hint(finding: Finding) -> str:
    advice = finding.check.advice
    if finding.check.slug in _SAID_BY_WHY:
        return f"hint: {advice}"
    return f"{finding.level}: {finding.done} {advice}"


def _summary(record: Record) -> str:
    """The line of a request: number, method, target, status, time and fault."""
    outcome = record.status or "no answer"
    line = f"{record.number:>3}  {record.request.method} {hidden_target(record.request)}  {outcome}"
    line += f"  {record.operation or 'no operation'}  {milliseconds(record)} ms"
    if record.fault is not None:
        line += f"  fault {record.fault.name}"
    return line


def _details(record: Record, directory: Directory, sentence: str) -> Iterator[str]:
    """What was sent, matched, changed and answered, as far as the sentence does not say it."""
    if record.request.body:
        yield f"{_INDENT}sent: {_sent(record, directory)}"
    for match in record.matches:
        found = printable(verdict(match))
        if found not in sentence:
            yield f"{_INDENT}matched by {match.rule}: {found}"
    for change in record.changes[:_MOST_CHANGES]:
        yield f"{_INDENT}changed: {_change(change)}"
    if len(record.changes) > _MOST_CHANGES:
        yield f"{_INDENT}changed: {len(record.changes) - _MOST_CHANGES} more"
    if record.answer:
        yield f"{_INDENT}answered: {_on_one_line(json_or_text(record.answer))}"


def _sent(record: Record, directory: Directory) -> str:
    sent = sent_value(record.request, directory.operation(record))
    if isinstance(sent, str):
        # With its quotes: a JSON text is not the same as what stands in it.
        sent, _ = text_of(record.request.body or b"")
    return _on_one_line(sent)


def _change(change: RowDiff | ManyRows) -> str:
    if isinstance(change, ManyRows):
        return f"{change.count} rows of {change.table}"
    name = f"{change.table} {change.id}"
    if change.before is None:
        return f"{name} is new"
    if change.after is None:
        return f"{name} is deleted"
    fields = []
    for field, value in change.after.items():
        before = _on_one_line(change.before.get(field))
        fields.append(f"{field} {before} -> {_on_one_line(value)}")
    return f"{name}: {', '.join(fields)}"


def _on_one_line(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    return json.dumps(value, ensure_ascii=False, default=str)


def _cut(line: str) -> str:
    text = printable(line)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

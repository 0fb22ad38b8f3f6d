"""Which leads a request meant, and which it got."""

from collections.abc import Collection, Iterable, Iterator

from mockserver.journal.conduct.signs import Sign, called
from mockserver.journal.records import ManyRows, Record
from mockserver.journal.redaction import quoted
from mockserver.matching import MatchTrace, Mismatch
from mockserver.state.changes import RowId
from mockserver.state.transaction import RowDiff

_READING = frozenset({"GET", "HEAD"})


class ChangedRows:
    """The rows that a request changed, by table and id.

    Of a large change the record has but the ids of its rows.
    """

    def __init__(self, record: Record) -> None:
        self._ids: dict[str, set[RowId]] = {}
        self._diffs: dict[tuple[str, RowId], RowDiff] = {}
        for change in record.changes:
            ids = self._ids.setdefault(change.table, set())
            if isinstance(change, ManyRows):
                ids.update(change.ids)
            else:
                ids.add(change.id)
                self._diffs[change.table, change.id] = change

    def ids(self, table: str) -> Collection[RowId]:
        """The ids of every changed row of the table."""
        return self._ids.get(table, ())

    def is_known(self, table: str, id: RowId) -> bool:
        """Whether the request changed a row that was there before it."""
        diff = self._diffs.get((table, id))
        return id in self.ids(table) and (diff is None or diff.before is not None)

    def may_have_set(self, table: str, id: RowId, column: str) -> bool:
        """Whether the request set the column of a row that was there before it.

        It may have, where the record has no more of the row than its id.
        """
        if not self.is_known(table, id):
            return False
        diff = self._diffs.get((table, id))
        if diff is None:
            return True
        return diff.after is not None and diff.after.get(column) is not None


def other_leads(records: Iterable[Record]) -> Iterator[Sign]:
    """Requests that got a lead by one key although another key they named differs."""
    for record in records:
        if record.status < 400 and any(trace.mismatches for trace in record.matches):
            changed = ChangedRows(record)
            for trace in record.matches:
                yield from _other_leads(record, trace, changed)


def _other_leads(record: Record, trace: MatchTrace, changed: ChangedRows) -> Iterator[Sign]:
    meant = _rows_gone_on_with(trace, changed)
    for mismatch in trace.mismatches:
        if mismatch.id in meant and not _is_new_data(mismatch, trace, changed):
            key = quoted(mismatch.key)
            lead = f"the lead {quoted(mismatch.id)}, whose {key} is {quoted(mismatch.held)}"
            done = (
                f"{called(record)} named the {key} {quoted(mismatch.value)}, and the rule "
                f"{quoted(trace.rule)} took {lead}."
            )
            yield Sign("other-lead", record, (trace.rule, mismatch.key), done)


def _rows_gone_on_with(trace: MatchTrace, changed: ChangedRows) -> Collection[RowId]:
    """Of the rows found those that the request changed; where it changed none, the only one."""
    written = {id for id in trace.ids if changed.is_known(trace.table, id)}
    if written or trace.found > 1:
        return written
    return trace.ids


def _is_new_data(mismatch: Mismatch, trace: MatchTrace, changed: ChangedRows) -> bool:
    """Whether the lead took the key over.

    A key that was not tried, as one before it had decided, may be new data for the lead. One that
    was tried and found nothing was meant to find the lead.
    """
    if any(trial.key == mismatch.key for trial in trace.trials):
        return False
    return changed.may_have_set(trace.table, mismatch.id, mismatch.key)


def several_matches(records: Iterable[Record]) -> Iterator[Sign]:
    """Requests that meant several leads, of which the vendor took some."""
    for record in records:
        if record.status < 400 and any(trace.found > 1 for trace in record.matches):
            yield from _several_matches(record)


def _several_matches(record: Record) -> Iterator[Sign]:
    changed = ChangedRows(record)
    for trace in record.matches:
        count = _count_changed(trace, changed)
        if trace.found > 1 and (count or record.request.method in _READING):
            what = f"changed {count}" if count else "took one"
            done = (
                f"{called(record)} named {trace.found} leads by the rule {quoted(trace.rule)}, "
                f"and the vendor {what} of them."
            )
            yield Sign("several-matches", record, trace.rule, done)


def _count_changed(trace: MatchTrace, changed: ChangedRows) -> int:
    """How many of the rows found the request changed.

    Where a match found more rows than it keeps ids of, every changed row of its table counts.
    """
    written = changed.ids(trace.table)
    if trace.found > len(trace.ids):
        return len(written)
    return sum(id in written for id in trace.ids)


def spelling_misses(records: Iterable[Record]) -> Iterator[Sign]:
    """Requests that found no lead, where a lead differs from them only in spelling."""
    for record in records:
        for trace in record.matches:
            for near in trace.near:
                lead = f"the lead {quoted(near.id)} has it as {quoted(near.held)}"
                done = (
                    f"{called(record)} named the {quoted(near.key)} {quoted(near.value)} and found "
                    f"no lead, while {lead}."
                )
                yield Sign("spelling", record, (trace.rule, near.key), done)

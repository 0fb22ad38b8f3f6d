"""Requests that the vendor refused: unknown paths, and content that it does not take."""

from collections.abc import Iterable, Iterator

from mockserver.journal.conduct.signs import Sign, called, is_answered
from mockserver.journal.records import Record
from mockserver.journal.redaction import quoted

_UNREADABLE = frozenset({400, 406, 413, 415, 422})


def unmatched(records: Iterable[Record]) -> Iterator[Sign]:
    """Paths and methods that the vendor does not have."""
    for record in records:
        request = record.request
        if record.operation is None and record.status >= 400:
            known = "no operation has that path" if record.vendor else "no vendor has that path"
            if record.methods:
                known = f"the path takes {', '.join(record.methods)}"
            done = f"{called(record)} was called and answered {record.status}: {known}."
            yield Sign("unmatched", record, (request.method, request.path), done)


def refused(records: Iterable[Record]) -> Iterator[Sign]:
    """Requests whose content the vendor did not take."""
    for record in records:
        if is_answered(record) and record.status in _UNREADABLE:
            done = f"{called(record)} was answered {record.status}"
            if record.answer:
                done += f", saying {quoted(record.answer.decode('utf-8', 'replace'))}"
            yield Sign("refused", record, record.status, f"{done}.")

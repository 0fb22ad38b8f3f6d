"""The same request again: too early, after a refusal, or after a write that took effect."""

from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime

from mockserver.journal.conduct.signs import Sign, called, header
from mockserver.journal.records import Record
from mockserver.journal.redaction import secret_headers
from mockserver.state.transaction import RowDiff

_BUSY = frozenset({429, 503})
_WORTH_REPEATING = frozenset({408, 429})


def _identity(record: Record) -> object:
    """What two requests have in common that are the same one, sent twice."""
    request = record.request
    # Nobody knows what a body was that was too large: such a request is like no other.
    body = record.number if request.body is None else request.body
    return (
        record.vendor,
        request.method,
        request.target,
        body,
        secret_headers(request.headers),
    )


def early_retries(records: Iterable[Record]) -> Iterator[Sign]:
    """The same request again before the time that Retry-After named, on the workspace's clock."""
    refused: dict[object, tuple[Record, float]] = {}
    for record in records:
        asked = _wait(record) if record.status in _BUSY else None
        if asked is None and not refused:
            continue
        request = _identity(record)
        if request in refused:
            before, wait = refused.pop(request)
            passed = (record.time - before.time).total_seconds()
            if passed < wait:
                yield _early_retry(record, before, passed, wait)
        if asked is not None:
            refused[request] = record, asked


def _early_retry(record: Record, before: Record, passed: float, wait: float) -> Sign:
    refusal = f"request {before.number}, whose {before.status} asked for {wait:g} s"
    done = f"{called(record)} was sent again {round(passed, 3):g} s after {refusal}."
    if passed > 0:
        return Sign("early-retry", record, "early", done)
    still = (
        "The workspace's clock did not go on meanwhile, so the client may have waited: advance the "
        "clock where it does."
    )
    return Sign("early-retry", record, "at once", f"{done} {still}", "note")


def _wait(record: Record) -> float | None:
    """The seconds that Retry-After asks for, given as a number or as a time.

    None where it asks for nothing.
    """
    text = (header(record, b"retry-after") or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return (parsedate_to_datetime(text) - record.time).total_seconds()
    except (TypeError, ValueError):
        return None


def repeated_refusals(records: Iterable[Record]) -> Iterator[Sign]:
    """The same request again after a 4xx that nothing written since then could have changed."""
    refused: dict[object, Record] = {}
    for record in records:
        is_refused = 400 <= record.status < 500 and record.status not in _WORTH_REPEATING
        if not is_refused and not refused:
            continue
        request = _identity(record)
        before = refused.pop(request, None)
        if before is not None:
            answer = f"request {before.number} had been answered {before.status}"
            done = f"{called(record)} was sent again as it was after {answer}."
            yield Sign("retried-4xx", record, before.status, done)
        if record.changes:
            refused.clear()
        if is_refused:
            refused[request] = record


def repeated_writes(records: Iterable[Record]) -> Iterator[Sign]:
    """The same write again, after one that took effect.

    It is an error where a fault spoilt the first answer, and a warning where both made new rows.
    """
    written: dict[object, Record] = {}
    for record in records:
        if not record.changes:
            continue
        request = _identity(record)
        before = written.get(request)
        if before is not None and before.fault is not None and _adds(record):
            yield _repeated_write(record, before)
        elif before is not None and _creates(record) and _creates(before):
            yield _double_create(record, before)
        if _deletes(record):
            # What is gone may be made again.
            written.clear()
        written[request] = record


def _adds(record: Record) -> bool:
    """Whether doing it twice is another thing than doing it once."""
    return record.request.method == "POST" or _creates(record)


def _creates(record: Record) -> bool:
    return any(isinstance(change, RowDiff) and change.before is None for change in record.changes)


def _deletes(record: Record) -> bool:
    return any(isinstance(change, RowDiff) and change.after is None for change in record.changes)


def _double_create(record: Record, before: Record) -> Sign:
    done = (
        f"{called(record)} was sent again as it was in request {before.number}, and made what that "
        "one had made once more."
    )
    return Sign("double-create", record, "create", done)


def _repeated_write(record: Record, before: Record) -> Sign:
    assert before.fault is not None
    answer = f"was answered {before.status}" if before.status else "got no answer"
    done = (
        f"{called(record)} was sent again as it was after request {before.number}, which had taken "
        f"effect but {answer} (fault {before.fault.name}): it was done twice."
    )
    return Sign("repeated-write", record, before.fault.name, done)

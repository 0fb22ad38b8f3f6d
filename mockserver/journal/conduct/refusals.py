"""Requests that the vendor did not answer as they were meant.

Too early, refused, repeated, led elsewhere.
"""

from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

from mockserver.journal.conduct.signs import Sign, called, header, is_answered
from mockserver.journal.records import Record
from mockserver.journal.redaction import quoted, secret_headers

_BUSY = frozenset({429, 503})
_WORTH_REPEATING = frozenset({408, 429})
_UNREADABLE = frozenset({400, 406, 413, 415, 422})


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
        request = _identity(record)
        if request in refused:
            before, wait = refused.pop(request)
            passed = (record.time - before.time).total_seconds()
            if passed < wait:
                yield _early_retry(record, before, passed, wait)
        asked = _wait(record) if record.status in _BUSY else None
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
        request = _identity(record)
        before = refused.pop(request, None)
        if before is not None:
            answer = f"request {before.number} had been answered {before.status}"
            done = f"{called(record)} was sent again as it was after {answer}."
            yield Sign("retried-4xx", record, before.status, done)
        if record.changes:
            refused.clear()
        if 400 <= record.status < 500 and record.status not in _WORTH_REPEATING:
            refused[request] = record


def missing_slashes(records: Iterable[Record]) -> Iterator[Sign]:
    """Redirections to the same path with a slash at its end."""
    for record in records:
        request = record.request
        if _redirected_to(record) == request.path + "/":
            done = (
                f"{called(record)} was called, and answered {record.status} to the path with a "
                "slash at its end."
            )
            yield Sign("missing-slash", record, (request.method, request.path), done)


def _redirected_to(record: Record) -> str | None:
    """The path to which a request was redirected that reached no operation."""
    if record.operation is not None or not 300 <= record.status < 400:
        return None
    location = header(record, b"location")
    return unquote(urlsplit(location).path) if location is not None else None


def unmatched(records: Iterable[Record]) -> Iterator[Sign]:
    """Paths and methods that the vendor does not have."""
    for record in records:
        request = record.request
        if record.operation is None and record.status >= 400:
            known = "no operation has that path"
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

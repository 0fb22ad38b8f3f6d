"""Requests that the vendor did not answer as they were meant.

Too early, refused, repeated, led elsewhere.
"""

from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

from mockserver.call import Call
from mockserver.journal.conduct.signs import Sign, answered, called, header, quoted
from mockserver.journal.redaction import secret_headers

_BUSY = frozenset({429, 503})
_WORTH_REPEATING = frozenset({408, 429})


def _identity(call: Call) -> object:
    """What two requests have in common that are the same one, sent twice."""
    body = call.number if call.request.body is None else call.request.body
    return (
        call.vendor,
        call.request.method,
        call.request.target,
        body,
        secret_headers(call.request.headers),
    )


def early_retries(calls: Iterable[Call]) -> Iterator[Sign]:
    """The same request again before the time that Retry-After named, on the workspace's clock."""
    refused: dict[object, tuple[Call, float]] = {}
    for call in calls:
        request = _identity(call)
        if request in refused:
            before, wait = refused.pop(request)
            passed = (call.now - before.now).total_seconds()
            if passed < wait:
                yield _early_retry(call, before, passed, wait)
        asked = _wait(call) if call.status in _BUSY else None
        if asked is not None:
            refused[request] = call, asked


def _early_retry(call: Call, before: Call, passed: float, wait: float) -> Sign:
    refusal = f"request {before.number}, whose {before.status} asked for {wait:g} s"
    done = f"{called(call)} was sent again {round(passed, 3):g} s after {refusal}."
    if passed > 0:
        return Sign("early-retry", call, "early", done)
    still = (
        "The workspace's clock did not go on meanwhile, so the client may have waited: "
        "advance "
        "the clock where it does."
    )
    return Sign("early-retry", call, "at once", f"{done} {still}", "note")


def _wait(call: Call) -> float | None:
    """The seconds that Retry-After asks for, given as a number or as a time.

    None where it asks for nothing.
    """
    text = (header(call, b"retry-after") or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return (parsedate_to_datetime(text) - call.now).total_seconds()
    except (TypeError, ValueError):
        return None


def repeated_refusals(calls: Iterable[Call]) -> Iterator[Sign]:
    """The same request again after a 4xx that nothing written since then could have changed."""
    refused: dict[object, Call] = {}
    for call in calls:
        request = _identity(call)
        before = refused.pop(request, None)
        if before is not None:
            done = (
                f"{called(call)} was sent again as it was after request {before.number} had "
                f"been answered {before.status}."
            )
            yield Sign("retried-4xx", call, before.status, done)
        if call.changes:
            refused.clear()
        if 400 <= call.status < 500 and call.status not in _WORTH_REPEATING:
            refused[request] = call


def missing_slashes(calls: Iterable[Call]) -> Iterator[Sign]:
    """Redirections to the same path with a slash at its end."""
    for call in calls:
        location = (
            header(call, b"location")
            if call.operation is None and 300 <= call.status < 400
            else None
        )
        if location is not None and unquote(urlsplit(location).path) == call.request.path + "/":
            done = (
                f"{quoted(f'{call.request.method} {call.request.path}')} was called, and answered "
                f"{call.status} "
                "to the path with a slash at its end."
            )
            yield Sign("missing-slash", call, (call.request.method, call.request.path), done)


def unmatched(calls: Iterable[Call]) -> Iterator[Sign]:
    """Paths and methods that the vendor does not have."""
    for call in calls:
        if call.operation is None and call.status >= 400:
            other = (
                f"the path takes {', '.join(call.methods)}"
                if call.methods
                else "no operation has that path"
            )
            done = (
                f"{quoted(f'{call.request.method} {call.request.path}')} was called and answered "
                f"{call.status}: "
                f"{other}."
            )
            yield Sign("unmatched", call, (call.request.method, call.request.path), done)


def refused(calls: Iterable[Call]) -> Iterator[Sign]:
    """Requests whose content the vendor did not take."""
    for call, _ in answered(calls):
        if call.status in _UNREADABLE:
            said = (
                f", saying {quoted(call.answer.decode('utf-8', 'replace'))}" if call.answer else ""
            )
            yield Sign(
                "refused", call, call.status, f"{called(call)} was answered {call.status}{said}."
            )


_UNREADABLE = frozenset({400, 406, 413, 415, 422})

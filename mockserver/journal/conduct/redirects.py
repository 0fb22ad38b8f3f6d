"""Redirections to the path with its slash, and what a client made of them."""

from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from mockserver.journal.conduct.signs import Sign, called, header
from mockserver.journal.records import Record
from mockserver.journal.redaction import secret_headers

_READ = (
    "clients that follow it send the same request there; httpx, curl and Java's HttpClient follow "
    "only when they are told to, and take the empty answer for the vendor's"
)
_POST = (
    "clients that follow it (requests, httpx, fetch, Go, Java's HttpClient, curl -L) send a GET "
    "without the body there, so the write is lost"
)
_OTHER_WRITE = (
    "of the clients that follow it Go sends a GET without the body there, requests and curl -L "
    "send {method} without the body, fetch, httpx and Java's HttpClient send it whole"
)
# Tried with requests 2.34, httpx 0.28, Node 20, Go 1.26, Java's HttpClient and curl on a 301.
_FOLLOWED = {"GET": _READ, "HEAD": _READ, "POST": _POST}


def missing_slashes(records: Iterable[Record]) -> Iterator[Sign]:
    """Redirections to the same path with a slash at its end."""
    for record in records:
        request = record.request
        if _redirected_to(record) == request.path + "/":
            followed = _FOLLOWED.get(request.method, _OTHER_WRITE).format(method=request.method)
            done = (
                f"{called(record)} was called, and answered {record.status} to the path with a "
                f"slash at its end: {followed}."
            )
            yield Sign("missing-slash", record, (request.method, request.path), done)


def lost_bodies(records: Iterable[Record]) -> Iterator[Sign]:
    """Requests with a body that were redirected, and that their sender repeated without it."""
    redirected: dict[object, tuple[Record, str]] = {}
    for record in records:
        location = _redirected_to(record)
        if location is None and not redirected:
            continue
        sender = (record.vendor, secret_headers(record.request.headers))
        # What is not the sender's next request is not the one that follows the redirection.
        before, target = redirected.pop(sender, (record, ""))
        if record.request.path == target and record.request.body == b"":
            yield _lost_body(record, before)
        if location is not None and record.request.body != b"":
            redirected[sender] = record, location


def _lost_body(record: Record, before: Record) -> Sign:
    done = (
        f"{called(before)} (request {before.number}) was redirected with {before.status}, and "
        f"followed with {record.request.method} and no body: what it was to write is lost."
    )
    return Sign("lost-body", record, (before.request.method, record.request.method), done)


def _redirected_to(record: Record) -> str | None:
    """The path to which a request was redirected that reached no operation."""
    if record.operation is not None or not 300 <= record.status < 400:
        return None
    location = header(record, b"location")
    return unquote(urlsplit(location).path) if location is not None else None

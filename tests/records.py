"""Records for tests of what reads a journal."""

from datetime import UTC, datetime
from typing import Any

from mockserver.call import Headers, Request
from mockserver.journal.records import Journal, Record

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


def request(
    method: str = "GET",
    path: str = "/",
    *,
    query_string: bytes = b"",
    headers: Headers | None = None,
    body: bytes | None = b"",
) -> Request:
    """A request; what is left out is empty."""
    return Request(method, path, path, query_string, "http", headers or {}, body)


def record(number: int = 1, vendor: str = "sela", **fields: Any) -> Record:
    """The record of a request that was answered 200 with nothing, but for the fields given."""
    plain = Record(
        number=number,
        version=number,
        time=NOON,
        vendor=vendor,
        operation=None,
        methods=(),
        request=request(),
        status=200,
        answer=b"",
        own_headers=(),
        seen_headers=None,
        matches=(),
        changes=(),
        fault=None,
        seconds=0.001,
    )
    return plain._replace(**fields)


def journal_of(*records: Record, **limits: int) -> Journal:
    """A journal with these records, added in their order."""
    journal = Journal(**limits)
    for each in records:
        journal.add(each)
    return journal

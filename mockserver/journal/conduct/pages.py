"""Lists that were not read to their end, whatever way they name the next page."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.call import Call
from mockserver.journal.conduct.fields import properties
from mockserver.journal.conduct.signs import Sign, called, json_of
from mockserver.wire import read_query

Page = tuple[str, dict[str, str], Any]
"""What asks for a page: the path, the query, and the body of a search."""


def stopped_loops(calls: Iterable[Call]) -> Iterator[Sign]:
    """Pages that an answer announced and no later request asked for."""
    waiting: list[tuple[Call, Page]] = []
    for call in calls:
        asked = (call.request.path, read_query(call.request.query_string), call.body)
        waiting = [
            (before, page)
            for before, page in waiting
            if before.vendor != call.vendor or page != asked
        ]
        page = _next_page(call)
        if page is not None:
            waiting.append((call, page))
    for call, _ in waiting:
        done = f"{called(call)} answered that there is a further page, which was never asked for."
        yield Sign("page-loop-stopped", call, "page", done)


def _next_page(call: Call) -> Page | None:
    if (
        call.operation is None
        or call.fault is not None
        or call.request.method == "HEAD"
        or call.status != 200
        or call.changes
    ):
        return None
    answer = json_of(call.answer)
    pages = (
        (find(call, answer) for find in (_by_link, _by_number, _by_offset))
        if isinstance(answer, dict)
        else ()
    )
    return next((page for page in pages if page is not None), None)


def _by_link(call: Call, answer: Mapping[str, Any]) -> Page | None:
    """`next` is the address of the next page."""
    link = answer.get("next")
    if not isinstance(link, str) or not link.startswith(("http://", "https://", "/")):
        return None
    parts = urlsplit(link)
    return unquote(parts.path), read_query(parts.query.encode()), None


def _by_number(call: Call, answer: Mapping[str, Any]) -> Page | None:
    """The answer tells the page's number and how many there are, or that there are more."""
    meta = answer.get("meta")
    for part in (
        answer,
        answer.get("pagination"),
        meta,
        meta.get("pagination") if isinstance(meta, dict) else None,
    ):
        number = part.get("page") if isinstance(part, dict) else None
        if isinstance(part, dict) and isinstance(number, int):
            pages = next(
                (
                    part[name]
                    for name in ("totalPages", "total_pages", "pages")
                    if isinstance(part.get(name), int)
                ),
                0,
            )
            if part.get("hasMore") is True or part.get("has_more") is True or number < pages:
                return (
                    call.request.path,
                    read_query(call.request.query_string) | {"page": str(number + 1)},
                    call.body,
                )
    return None


def _by_offset(call: Call, answer: Mapping[str, Any]) -> Page | None:
    """A search whose body says where to start, and whose answer counts all results."""
    body = call.operation.body if call.operation is not None else None
    known, asked = properties(body.reader.schema) if body is not None else {}, call.body
    name = next((name for name in ("skip", "offset") if name in known), None)
    total = next(
        (answer[name] for name in ("count", "total") if isinstance(answer.get(name), int)), 0
    )
    lists = [value for value in answer.values() if isinstance(value, list)]
    if name is None or len(lists) != 1 or not isinstance(asked, dict):
        return None
    end = (asked.get(name) or 0) + len(lists[0])
    return (
        (call.request.path, read_query(call.request.query_string), asked | {name: end})
        if lists[0] and end < total
        else None
    )

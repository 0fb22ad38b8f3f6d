"""Lists that were not read to their end, whatever way they name the next page."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from math import ceil
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from mockserver.documents.spec import Operation
from mockserver.journal.bodies import read_body
from mockserver.journal.conduct.schemas import properties
from mockserver.journal.conduct.signs import Sign, called, is_answered, parsed_json
from mockserver.journal.directory import Directory
from mockserver.journal.records import Record
from mockserver.wire import read_query

_PAGE_COUNTS = ("totalPages", "total_pages", "pages")
_MORE = ("hasMore", "has_more")
_STARTS = ("skip", "offset")
_SIZES = frozenset({"limit", "pagesize", "perpage", "size", "take", "top"})
_FIRST = {"page": "1", "skip": "0", "offset": "0"}
"""How a request names the first page, where it does."""
_TOTALS = ("count", "total")


class Page(NamedTuple):
    """What asks for a page: the path, the query, and the body of a search (None without one).

    `before` names the page before it, as far as the answer tells which one it is. `start` is the
    member of the body that says where the page starts, if one does.
    """

    path: str
    query: Mapping[str, str]
    body: Any
    before: str = ""
    start: str = ""


def stopped_loops(records: Iterable[Record], directory: Directory) -> Iterator[Sign]:
    """Pages that an answer announced and no later request asked for."""
    waiting = _Waiting()
    # Where the request after one started that was not asked for, by the number of the first.
    others: dict[int, int] = {}
    for record in records:
        operation = directory.operation(record)
        waiting.forget_what(record, operation)
        newest = waiting.newest
        if newest is not None:
            before, missed = newest
            start = _other_start(missed, record, operation)
            if start is not None:
                others.setdefault(before.number, start)
        page = _next_page(record, operation)
        if page is not None and not _asks_for_one_row(record, operation):
            waiting.add(record, page)
    for record, page in waiting.pages.values():
        told = page.before or "that there is a further page"
        done = f"{called(record)} answered {told}, and no further page was asked for."
        if record.number in others:
            done = _jump(record, page, others[record.number])
        yield Sign("page-loop-stopped", record, "page", done)


class _Waiting:
    """Pages that were announced and not asked for yet, by the number of who was told of them."""

    def __init__(self) -> None:
        self.pages: dict[int, tuple[Record, Page]] = {}
        # A journal may have thousands of them: a request looks at those of its own address only.
        self._by_address: dict[Hashable, list[int]] = {}

    @property
    def newest(self) -> tuple[Record, Page] | None:
        """The page that was announced last."""
        number = next(reversed(self.pages), None)
        return None if number is None else self.pages[number]

    def add(self, record: Record, page: Page) -> None:
        """Wait for the page that the answer to a request announced."""
        self.pages[record.number] = record, page
        address = _address(record.vendor, page.path, page.query)
        self._by_address.setdefault(address, []).append(record.number)

    def forget_what(self, record: Record, operation: Operation | None) -> None:
        """Wait no more for the pages that a request asks for."""
        request = record.request
        address = _address(record.vendor, request.path, read_query(request.query_string))
        numbers = self._by_address.get(address)
        if not numbers:
            return
        body = _body(record, operation)
        asked = [number for number in numbers if self.pages[number][1].body == body]
        for number in asked:
            del self.pages[number]
            numbers.remove(number)


def _address(vendor: str, path: str, query: Mapping[str, str]) -> Hashable:
    return vendor, path, frozenset(query.items())


def _other_start(page: Page, record: Record, operation: Operation | None) -> int | None:
    """Where the request starts that asks for rows behind the page before, but not for that page."""
    if not page.start or record.request.path != page.path:
        return None
    body = _body(record, operation)
    start = body.get(page.start) if isinstance(body, dict) else None
    return start if isinstance(start, int) and start > 0 else None


def _jump(record: Record, page: Page, start: int) -> str:
    right = page.body[page.start]
    what = "rows came twice" if start < right else "rows were left out"
    return (
        f"{called(record)} answered {page.before}, and the next request began at `{page.start}` "
        f"{start}, not {right}: {what}."
    )


def _asks_for_one_row(record: Record, operation: Operation | None) -> bool:
    """Whether it is the first page of a single row.

    So clients ask whether a service works, or whether a list has any row.
    """
    asked: dict[str, Any] = dict(read_query(record.request.query_string))
    body = _body(record, operation)
    if isinstance(body, dict):
        asked |= body
    if any(str(asked.get(name, first)) != first for name, first in _FIRST.items()):
        return False
    sizes = [value for name, value in asked.items() if name.lower().replace("_", "") in _SIZES]
    return any(str(value) == "1" for value in sizes)


def _body(record: Record, operation: Operation | None) -> Any:
    found = read_body(record.request, operation)
    return found.read if found is not None else None


def _next_page(record: Record, operation: Operation | None) -> Page | None:
    """The page that the answer to a read announces."""
    is_list = is_answered(record) and record.request.method != "HEAD" and not record.changes
    if not is_list or operation is None or record.status != 200:
        return None
    answer = parsed_json(record.answer)
    if not isinstance(answer, dict):
        return None
    return (
        _by_link(answer)
        or _by_number(record, operation, answer)
        or _by_offset(record, operation, answer)
    )


def _by_link(answer: Mapping[str, Any]) -> Page | None:
    """`next` is the address of the next page."""
    link = answer.get("next")
    if not isinstance(link, str) or not link.startswith(("http://", "https://", "/")):
        return None
    parts = urlsplit(link)
    query = read_query(parts.query.encode())
    rows, count = _rows(answer), _first_integer(answer, _TOTALS)
    number = query.get("page", "")
    before = ""
    if rows and count and number.isdecimal():
        before = f"page {int(number) - 1} of {ceil(count / len(rows))}"
    return Page(unquote(parts.path), query, None, before)


def _rows(answer: Mapping[str, Any]) -> list[Any]:
    """The only list of the answer; an empty one where it has none or several."""
    lists = [value for value in answer.values() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else []


def _by_number(record: Record, operation: Operation, answer: Mapping[str, Any]) -> Page | None:
    """The answer tells the page's number and how many there are, or that there are more."""
    for part in _page_objects(answer):
        number = part.get("page")
        if isinstance(number, int) and _has_more(part, number):
            query = read_query(record.request.query_string) | {"page": str(number + 1)}
            count = _first_integer(part, _PAGE_COUNTS)
            before = f"page {number} of {count}" if count else ""
            return Page(record.request.path, query, _body(record, operation), before)
    return None


def _page_objects(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects in which an answer may speak of its pages."""
    meta = answer.get("meta")
    inner = meta.get("pagination") if isinstance(meta, dict) else None
    for part in (answer, answer.get("pagination"), meta, inner):
        if isinstance(part, dict):
            yield part


def _has_more(part: Mapping[str, Any], number: int) -> bool:
    if any(part.get(name) is True for name in _MORE):
        return True
    return number < _first_integer(part, _PAGE_COUNTS)


def _first_integer(part: Mapping[str, Any], names: Iterable[str]) -> int:
    """The first of these members that is an integer; 0 where none is."""
    for name in names:
        value = part.get(name)
        if isinstance(value, int):
            return value
    return 0


def _by_offset(record: Record, operation: Operation, answer: Mapping[str, Any]) -> Page | None:
    """A search whose body says where to start, and whose answer counts all results."""
    start = _start_name(operation)
    rows, count = _rows(answer), _first_integer(answer, _TOTALS)
    if start is None or not rows:
        return None
    asked = _body(record, operation)
    if not isinstance(asked, dict):
        return None
    end = (asked.get(start) or 0) + len(rows)
    if end >= count:
        return None
    query = read_query(record.request.query_string)
    path, before = record.request.path, f"{end} of {count} rows"
    return Page(path, query, asked | {start: end}, before, start)


def _start_name(operation: Operation) -> str | None:
    """The field of the operation's body that says where a page starts."""
    if operation.body is None:
        return None
    known = properties(operation.body.reader.schema)
    return next((name for name in _STARTS if name in known), None)

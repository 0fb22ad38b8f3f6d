"""Was a workspace asked what it should have been asked.

A verdict with its reason, and no verdict on a question that makes no sense.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.documents.spec import Operation
from mockserver.errors import Refusal
from mockserver.journal.bodies import sent_value
from mockserver.journal.directory import Directory, Operations
from mockserver.journal.expectations import Expectation, Filter, mistakes, read_expectation
from mockserver.journal.judge import Judge, Verification
from mockserver.journal.records import Journal, Record
from mockserver.journal.redaction import (
    HIDDEN,
    hidden_target,
    is_secret_header,
    is_secret_parameter,
    masked,
    masked_parameters,
    printable,
)
from mockserver.subset import ABSENT, Matcher, differences, like, shown
from mockserver.wire import read_query

_MAX_TARGET = 200


class Entry(NamedTuple):
    """A request as filters see it; `operation` is the one that answered it (None: none did)."""

    record: Record
    operation: Operation | None

    @property
    def number(self) -> int:
        """Which request of its workspace it is."""
        return self.record.number


def verify(journal: Journal, expectation: Expectation, operations: Operations) -> Verification:
    """Hold the journal to what was expected of the client.

    `expectation` has `requests`, a list of filters. One filter: it must fit `times` requests, or
    `at_least` and `at_most` so many; at least one where nothing is said. Several: each must be met
    by a request of its own, and with `in_order` in that order. Only requests with a number greater
    than `after` count. Values in queries, headers and bodies may be matchers.

    Raises Refusal("invalid") naming everything in the expectation that can never fit, and
    Refusal("conflict") where the verdict depends on records that were dropped from the journal.
    """
    expectation, problems = read_expectation(expectation)
    problems += mistakes(expectation, operations)
    if problems:
        raise Refusal("invalid", problems=problems)
    after = expectation.get("after", 0)
    entries = _entries_after(after, journal, Directory(operations, {}))
    verdict = _REQUESTS.verdict(entries, expectation["requests"], expectation)
    if journal.last_dropped > after and not verdict.is_settled:
        raise Refusal("conflict", _dropped(journal))
    return verdict.verification


def _entries_after(after: int, journal: Journal, directory: Directory) -> list[Entry]:
    """The requests with a greater number than `after`, by number."""
    entries = [
        Entry(record, directory.operation(record)) for record in journal if record.number > after
    ]
    return sorted(entries, key=_number)


def _number(entry: Entry) -> int:
    return entry.number


def _dropped(journal: Journal) -> str:
    count, last = journal.dropped, journal.last_dropped
    return (
        f"{count} entries up to number {last} were dropped from the journal, and with them the "
        "verdict could be another. "
        f"Verify with `after` {last} or greater, or start the server with more --journal-entries "
        "and --journal-bytes."
    )


class _Requests(Judge[Filter, Entry]):
    """Holds requests to filters."""

    one, many = "request", "requests"
    which = ("vendor: ", "operation: ", "method: ", "path: ")

    def differences(self, wanted: Filter, entry: Entry) -> Iterator[str]:
        record = entry.record
        for name, value in _facts(record).items():
            if name in wanted and value != wanted[name]:
                yield f"{name}: expected {shown(wanted[name])}, was {shown(value)}"
        path = path_without_prefix(record)
        if "path" in wanted and not like(wanted["path"], path):
            yield f"path: expected {shown(wanted['path'])}, was {shown(path)}"
        if "query" in wanted:
            yield from _in_texts("query", wanted["query"], read_query(record.request.query_string))
        if "headers" in wanted:
            headers = {name.lower(): value for name, value in wanted["headers"].items()}
            yield from _in_texts("headers", headers, _header_texts(record))
        if "body" in wanted:
            yield from _in_body(wanted["body"], entry)

    def described(self, wanted: Filter) -> str:
        hidden = dict(wanted)
        if "headers" in wanted:
            headers = wanted["headers"].items()
            hidden["headers"] = {name: _hidden(name, each) for name, each in headers}
        if "query" in wanted:
            hidden["query"] = masked_parameters(wanted["query"])
        return printable(shown(hidden))

    def expected(self, times: str, wanted: Filter) -> Iterable[str]:
        return f"expected {times} like", f"  {self.described(wanted)}"

    def title(self, entry: Entry) -> str:
        record = entry.record
        called = f"{record.request.method} {hidden_target(record.request)[:_MAX_TARGET]}"
        return f"{printable(called)}, answered {record.status}"


_REQUESTS = _Requests()


def difference(wanted: Filter, entry: Entry) -> list[str]:
    """Each way in which the request is not what the filter wants; none: it fits.

    A line is like `body.status: expected "CLOSED", was "OPEN"`.
    """
    return _REQUESTS.difference(wanted, entry)


def _facts(record: Record) -> dict[str, Any]:
    """What a filter may ask for that is one value."""
    return {
        "vendor": record.vendor,
        "operation": record.operation,
        "method": record.request.method,
        "status": record.status,
        "fault": record.fault.name if record.fault is not None else None,
    }


def _header_texts(record: Record) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in record.request.headers.items()
    }


_SECRET: Mapping[str, Callable[[str], bool]] = {
    "headers": is_secret_header,
    "query": is_secret_parameter,
}


def _in_texts(kind: str, wanted: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[str]:
    for name, value in wanted.items():
        found = differences(value, given.get(name, ABSENT), f"{kind}.{name}")
        if found and _SECRET[kind](name):
            hidden = "another than expected (credentials are not shown)"
            yield f"{kind}.{name}: {hidden if name in given else 'absent'}"
        else:
            yield from found


def _in_body(wanted: Any, entry: Entry) -> list[str]:
    request = entry.record.request
    if request.body is None:
        return ["body: was too large to be kept"]
    if not request.body:
        return differences(wanted, ABSENT) if isinstance(wanted, Matcher) else ["body: absent"]
    return differences(wanted, sent_value(request, entry.operation), "body")


def path_without_prefix(record: Record) -> str:
    """The path below the vendor's prefix."""
    prefix, path = f"/{record.vendor}", record.request.path
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def _hidden(name: str, value: Any) -> Any:
    """A header's value, or what was expected of it, as anybody may see it."""
    if isinstance(value, str):
        return masked(name, value)
    return HIDDEN if is_secret_header(name) else value

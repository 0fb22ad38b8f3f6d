"""Was a workspace asked what it should have been asked.

A verdict with its reason, and no verdict on a question that makes no sense.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockserver.documents.spec import Operation
from mockserver.errors import Refusal
from mockserver.journal.assignment import assign
from mockserver.journal.bodies import sent_value
from mockserver.journal.directory import Directory, Operations
from mockserver.journal.expectations import Expectation, Filter, mistakes, read_expectation
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

_NEAREST = 3
_MAX_LINES = 12
_MAX_TARGET = 200
_WHICH = ("vendor: ", "operation: ", "method: ", "path: ")
"""How differences begin that make a request quite another one than the one expected."""


class Entry(NamedTuple):
    """A request as filters see it; `operation` is the one that answered it (None: none did)."""

    record: Record
    operation: Operation | None

    @property
    def number(self) -> int:
        """Which request of its workspace it is."""
        return self.record.number


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the expectation holds, and why.

    `found` has the numbers of the requests that fit it; where several filters had to be met, of the
    one that was chosen for each, in their order. `nearest` has the requests that come closest to
    what is missing, as `{"number": ..., "differences": [line, ...]}`. `message` tells all that in a
    few lines for a terminal. No credential stands in any of it. `may_change` says whether what
    comes yet may bring what is missing, or what must not be.
    """

    passed: bool
    found: list[int]
    message: str
    nearest: list[dict[str, Any]] = field(default_factory=list)
    may_change: bool = False


class Verdict(NamedTuple):
    """A verification, and whether it `is_settled`: no further request could change it."""

    verification: Verification
    is_settled: bool


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
    judge = _judge_count if len(expectation["requests"]) == 1 else _judge_each
    verdict = judge(entries, expectation)
    if journal.last_dropped > after and not verdict.is_settled:
        raise Refusal("conflict", _dropped(journal))
    return verdict.verification


def _may_change(passed: bool, expectation: Expectation) -> bool:
    """Whether to wait for more requests, where more could change the verdict.

    What must come at least has come once it is there. What must not come may come until the end.
    """
    if len(expectation["requests"]) > 1:
        return not passed
    least, _ = _bounds(expectation)
    return not passed or least == 0


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


def difference(wanted: Filter, entry: Entry) -> list[str]:
    """Each way in which the request is not what the filter wants; none: it fits.

    A line is like `body.status: expected "CLOSED", was "OPEN"`.
    """
    return [printable(line) for line in _differences(wanted, entry)]


def _fits(wanted: Filter, entry: Entry) -> bool:
    return next(_differences(wanted, entry), None) is None


def _differences(wanted: Filter, entry: Entry) -> Iterator[str]:
    """The differences, those first that are found fast: the body is read only at the end."""
    record = entry.record
    for name, value in _facts(record).items():
        if name in wanted and value != wanted[name]:
            yield f"{name}: expected {shown(wanted[name])}, was {shown(value)}"
    if "path" in wanted and not like(wanted["path"], path_without_prefix(record)):
        yield f"path: expected {shown(wanted['path'])}, was {shown(path_without_prefix(record))}"
    if "query" in wanted:
        yield from _in_texts("query", wanted["query"], read_query(record.request.query_string))
    if "headers" in wanted:
        headers = {name.lower(): value for name, value in wanted["headers"].items()}
        yield from _in_texts("headers", headers, _header_texts(record))
    if "body" in wanted:
        yield from _in_body(wanted["body"], entry)


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


def _judge_count(entries: Sequence[Entry], expectation: Expectation) -> Verdict:
    """The verdict on one filter."""
    (wanted,) = expectation["requests"]
    least, most = _bounds(expectation)
    found = [entry.number for entry in entries if _fits(wanted, entry)]
    is_enough = len(found) >= least
    is_too_many = most is not None and len(found) > most
    nearest = [] if is_enough else _nearest(wanted, _without(found, entries))
    lines = [
        f"expected {_times(least, most)} like",
        f"  {_described(wanted)}",
        _found(found, entries, expectation),
        *_nearest_lines(nearest, entries),
    ]
    passed = is_enough and not is_too_many
    is_settled = is_too_many or (is_enough and most is None)
    may_change = not is_settled and _may_change(passed, expectation)
    verification = Verification(passed, found, "\n".join(lines), nearest, may_change)
    return Verdict(verification, is_settled)


def _bounds(expectation: Expectation) -> tuple[int, int | None]:
    """How many requests at least and at most; None: any number."""
    if "times" in expectation:
        return expectation["times"], expectation["times"]
    most = expectation.get("at_most")
    least = 1 if most is None else 0
    return expectation.get("at_least", least), most


def _times(least: int, most: int | None) -> str:
    if most == 0:
        return "no request"
    if most is None:
        return f"at least {_count(least)}"
    if least == most:
        return f"exactly {_count(least)}"
    return f"{least} to {_count(most)}" if least else f"at most {_count(most)}"


def _count(number: int) -> str:
    return f"{number} request{'' if number == 1 else 's'}"


def _found(found: Sequence[int], entries: Sequence[Entry], expectation: Expectation) -> str:
    after = f" after number {expectation['after']}" if expectation.get("after") else ""
    numbers = f": {', '.join(map(str, found))}" if found else ""
    return f"found {len(found)} among {_count(len(entries))}{after}{numbers}"


def _without(numbers: Sequence[int], entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.number not in numbers]


def _judge_each(entries: Sequence[Entry], expectation: Expectation) -> Verdict:
    """The verdict on several filters."""
    filters, in_order = expectation["requests"], expectation.get("in_order", False)
    assign = _assign_in_order if in_order else _assign_in_any_order
    assigned = assign(filters, entries)
    found = [entry.number for entry in assigned if entry is not None]
    lines = [f"expected {_count(len(filters))} in {'this' if in_order else 'any'} order"]
    lines += [f"  {index}. {_described(wanted)}" for index, wanted in enumerate(filters, 1)]
    lines += [_found(found, entries, expectation)]
    if None not in assigned:
        return Verdict(Verification(True, found, "\n".join(lines)), True)
    missing = assigned.index(None)
    before = found[missing - 1] if in_order and missing else 0
    lines.append(f"nothing is like {missing + 1}." + (f" after request {before}" if before else ""))
    nearest = _nearest(filters[missing], _without(found, entries), before)
    lines += _nearest_lines(nearest, entries)
    may_change = _may_change(False, expectation)
    return Verdict(Verification(False, found, "\n".join(lines), nearest, may_change), False)


def _assign_in_order(filters: Sequence[Filter], entries: Iterable[Entry]) -> list[Entry | None]:
    """For each filter the first request after the one before it that fits.

    None from the first that none fits.
    """
    waiting = iter(entries)
    return [next((entry for entry in waiting if _fits(wanted, entry)), None) for wanted in filters]


def _assign_in_any_order(filters: Sequence[Filter], entries: Sequence[Entry]) -> list[Entry | None]:
    """A request of its own for as many filters as can have one."""
    assigned = assign([_fitting(wanted, entries) for wanted in filters])
    found: list[Entry | None] = [None] * len(filters)
    for wanted, index in assigned.items():
        found[wanted] = entries[index]
    return found


def _fitting(wanted: Filter, entries: Iterable[Entry]) -> list[int]:
    return [index for index, entry in enumerate(entries) if _fits(wanted, entry)]


def _nearest(wanted: Filter, entries: Iterable[Entry], before: int = 0) -> list[dict[str, Any]]:
    """The requests with the fewest differences: the right operation first, then the latest.

    `before` is the number of the request that they should have come after.
    """
    candidates = []
    for entry in entries:
        lines = difference(wanted, entry)
        if entry.number <= before:
            lines.insert(0, f"order: came before request {before}")
        candidates.append({"number": entry.number, "differences": lines})
    return sorted(candidates, key=_distance)[:_NEAREST]


def _distance(candidate: Mapping[str, Any]) -> tuple[bool, int, int]:
    """What candidates are sorted by, the nearest first."""
    lines = candidate["differences"]
    is_another = any(line.startswith(_WHICH) for line in lines)
    return is_another, len(lines), -candidate["number"]


def _nearest_lines(nearest: list[dict[str, Any]], entries: Iterable[Entry]) -> Iterator[str]:
    by_number = {entry.number: entry.record for entry in entries}
    if nearest:
        yield "nearest:"
    for candidate in nearest:
        record, lines = by_number[candidate["number"]], candidate["differences"]
        called = f"{record.request.method} {hidden_target(record.request)[:_MAX_TARGET]}"
        yield f"  request {record.number}: {printable(called)}, answered {record.status}"
        for line in lines[:_MAX_LINES]:
            yield f"    {line}"
        if len(lines) > _MAX_LINES:
            yield f"    and {len(lines) - _MAX_LINES} more"


def _described(wanted: Filter) -> str:
    hidden = dict(wanted)
    if "headers" in wanted:
        hidden["headers"] = {name: _hidden(name, each) for name, each in wanted["headers"].items()}
    if "query" in wanted:
        hidden["query"] = masked_parameters(wanted["query"])
    return printable(shown(hidden))


def _hidden(name: str, value: Any) -> Any:
    """A header's value, or what was expected of it, as anybody may see it."""
    if isinstance(value, str):
        return masked(name, value)
    return HIDDEN if is_secret_header(name) else value

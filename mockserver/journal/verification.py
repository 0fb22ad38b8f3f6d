"""Was a workspace asked what it should have been asked.

A verdict with its reason, and no verdict on a question that makes no sense.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from mockserver.call import Call
from mockserver.documents.spec import Operation
from mockserver.errors import Path, Problem, Refusal
from mockserver.faults.catalogue import CATALOGUE
from mockserver.journal.records import Journal
from mockserver.journal.redaction import (
    hidden_target,
    is_secret_header,
    is_secret_parameter,
    masked,
    masked_parameters,
    printable,
)
from mockserver.journal.view import json_of, operation_of, text_of
from mockserver.subset import differences, like, shown
from mockserver.wire import FORM, read_form, read_query

Filter = Mapping[str, Any]
"""What a request should be like.

Any of vendor, operation, method, path, query, headers, body, status and fault.
"""

Operations = Mapping[str, Sequence[Operation]]
"""The operations of each vendor."""

_NEAREST = 3
_MAX_LINES = 12
_MAX_TARGET = 200
_BOUNDS = ("times", "at_least", "at_most")
_WHICH = ("vendor: ", "operation: ", "method: ", "path: ")
_PARAMETER = re.compile(r"{[^}]*}")
_STARS = re.compile(r"\*+")
_PLACE = "\0"


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the expectation holds, and why.

    `found` has the numbers of the requests that fit it; where several filters had to be met, of the
    one that was taken for each, in their order. `nearest` has the requests that come closest to
    what is missing, as `{"number": ..., "differences": [line, ...]}`. `message` tells all that in a
    few lines for a terminal. No credential stands in any of it.
    """

    passed: bool
    found: list[int]
    message: str
    nearest: list[dict[str, Any]] = field(default_factory=list)


def verify(
    journal: Journal, expectation: Mapping[str, Any], operations: Operations
) -> Verification:
    """Hold the journal to what was expected of the client.

    `expectation` has `requests`, a list of filters. One filter: it must fit `times` requests, or
    `at_least` and `at_most` so many; at least one where nothing is said. Several: each must be met
    by a request of its own, and with `in_order` in that order. Only requests with a number greater
    than `after` count.

    Raises Refusal("invalid") naming everything in the expectation that can never fit, and
    Refusal("conflict") where the verdict hangs on entries that were dropped from the journal.
    """
    problems = list(mistakes(expectation, operations))
    if problems:
        raise Refusal("invalid", problems=problems)
    after = expectation.get("after", 0)
    calls = sorted((call for call in journal if call.number > after), key=lambda call: call.number)
    judge = _judge_count if len(expectation["requests"]) == 1 else _judge_each
    verdict, settled = judge(calls, expectation)
    if journal.last_dropped > after and not settled:
        raise Refusal("conflict", _dropped(journal))
    return verdict


def _dropped(journal: Journal) -> str:
    count, last = journal.dropped, journal.last_dropped
    return (
        f"{count} entries up to number {last} were dropped from the journal, and with them the "
        "verdict could be another. "
        f"Verify with `after` {last} or greater, or start the server with more --journal-entries "
        "and --journal-bytes."
    )


def difference(wanted: Filter, call: Call) -> list[str]:
    """Each way in which the request is not what the filter wants, like `body.status.

    Expected "CLOSED", was "OPEN"`; none: it fits.
    """
    return list(map(printable, _differences(wanted, call)))


def _fits(wanted: Filter, call: Call) -> bool:
    return next(_differences(wanted, call), None) is None


_FACTS: dict[str, Callable[[Call], Any]] = {
    "vendor": lambda call: call.vendor,
    "operation": operation_of,
    "method": lambda call: call.request.method,
    "status": lambda call: call.status,
    "fault": lambda call: call.fault.kind.name if call.fault else None,
}


def _differences(wanted: Filter, call: Call) -> Iterator[str]:
    for name, fact in _FACTS.items():
        if name in wanted and fact(call) != wanted[name]:
            yield f"{name}: expected {shown(wanted[name])}, was {shown(fact(call))}"
    if "path" in wanted and not like(wanted["path"], path_of(call)):
        yield f"path: expected {shown(wanted['path'])}, was {shown(path_of(call))}"
    if "query" in wanted:
        yield from _in_texts("query", wanted["query"], read_query(call.request.query_string))
    if "headers" in wanted:
        given = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in call.request.headers.items()
        }
        yield from _in_texts(
            "headers", {name.lower(): value for name, value in wanted["headers"].items()}, given
        )
    if "body" in wanted:
        yield from _in_body(wanted["body"], call)


_SECRET: Mapping[str, Callable[[str], bool]] = {
    "headers": is_secret_header,
    "query": is_secret_parameter,
}


def _in_texts(kind: str, wanted: Mapping[str, str], given: Mapping[str, str]) -> Iterator[str]:
    for name, value in wanted.items():
        if given.get(name) == value:
            continue
        if _SECRET[kind](name):
            hidden = "another than expected (credentials are not shown)"
            yield f"{kind}.{name}: {hidden if name in given else 'absent'}"
        else:
            yield (
                f"{kind}.{name}: expected {shown(value)}, was "
                f"{shown(given[name]) if name in given else 'absent'}"
            )


def _in_body(wanted: Any, call: Call) -> Iterable[str]:
    if call.request.body is None:
        return ["body: was too large to be kept"]
    return (
        differences(wanted, _sent(call.request.body, call), "body")
        if call.request.body
        else ["body: absent"]
    )


def _sent(raw: bytes, call: Call) -> Any:
    """The body as its JSON value; a form as its fields, of the types that the operation gives them.

    Anything else as text.
    """
    try:
        return json_of(raw)
    except Refusal:
        return (
            call.body
            if call.body is not None
            else _unread(raw, call.request.headers.get(b"content-type", b""))
        )


def _unread(raw: bytes, content_type: bytes) -> Any:
    try:
        return read_form(raw) if content_type.startswith(FORM.encode()) else text_of(raw)[0]
    except Refusal:
        return text_of(raw)[0]


def path_of(call: Call) -> str:
    """The path below the vendor's prefix."""
    prefix = f"/{call.vendor}"
    return (
        call.request.path.removeprefix(prefix)
        if call.request.path.startswith(prefix + "/")
        else call.request.path
    )


def _judge_count(calls: list[Call], expectation: Mapping[str, Any]) -> tuple[Verification, bool]:
    """The verdict on one filter, and whether no further request could change it."""
    (wanted,) = expectation["requests"]
    least, most = _bounds(expectation)
    found = [call.number for call in calls if _fits(wanted, call)]
    enough, too_many = len(found) >= least, most is not None and len(found) > most
    nearest = (
        [] if enough else _nearest(wanted, [call for call in calls if call.number not in found])
    )
    lines = [
        f"expected {_times(least, most)} like",
        f"  {_described(wanted)}",
        _found(found, calls, expectation),
    ]
    message = "\n".join([*lines, *_nearest_lines(nearest, calls)])
    return Verification(enough and not too_many, found, message, nearest), too_many or (
        enough and most is None
    )


def _bounds(expectation: Mapping[str, Any]) -> tuple[int, int | None]:
    if "times" in expectation:
        return expectation["times"], expectation["times"]
    return expectation.get("at_least", 0 if "at_most" in expectation else 1), expectation.get(
        "at_most"
    )


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


def _found(found: list[int], calls: list[Call], expectation: Mapping[str, Any]) -> str:
    after = f" after number {expectation['after']}" if expectation.get("after") else ""
    numbers = f": {', '.join(map(str, found))}" if found else ""
    return f"found {len(found)} among {_count(len(calls))}{after}{numbers}"


def _judge_each(calls: list[Call], expectation: Mapping[str, Any]) -> tuple[Verification, bool]:
    """The verdict on several filters, and whether no further request could change it."""
    filters, in_order = expectation["requests"], expectation.get("in_order", False)
    taken = _in_order(filters, calls) if in_order else _in_any_order(filters, calls)
    found = [call.number for call in taken if call is not None]
    missing = next((index for index, call in enumerate(taken) if call is None), None)
    lines = [f"expected {_count(len(filters))} in {'this' if in_order else 'any'} order"]
    lines += [f"  {index}. {_described(wanted)}" for index, wanted in enumerate(filters, 1)]
    lines += [_found(found, calls, expectation)]
    if missing is None:
        return Verification(True, found, "\n".join(lines)), True
    before = found[missing - 1] if in_order and missing else 0
    lines.append(f"nothing is like {missing + 1}." + (f" after request {before}" if before else ""))
    nearest = _nearest(
        filters[missing], [call for call in calls if call.number not in found], before
    )
    return Verification(
        False, found, "\n".join([*lines, *_nearest_lines(nearest, calls)]), nearest
    ), False


def _in_order(filters: Sequence[Filter], calls: list[Call]) -> list[Call | None]:
    """For each filter the first request after the one before it that fits.

    None from the first that none fits.
    """
    waiting = iter(calls)
    return [next((call for call in waiting if _fits(wanted, call)), None) for wanted in filters]


def _in_any_order(filters: Sequence[Filter], calls: list[Call]) -> list[Call | None]:
    """A request of its own for as many filters as can have one."""
    fitting = [
        [index for index, call in enumerate(calls) if _fits(wanted, call)] for wanted in filters
    ]
    owner: dict[int, int] = {}

    def settle(wanted: int, tried: set[int]) -> bool:
        for index in sorted(fitting[wanted], key=owner.__contains__):
            if index not in tried:
                tried.add(index)
                if index not in owner or settle(owner[index], tried):
                    owner[index] = wanted
                    return True
        return False

    for wanted in range(len(filters)):
        settle(wanted, set())
    taken = {wanted: calls[index] for index, wanted in owner.items()}
    return [taken.get(wanted) for wanted in range(len(filters))]


def _nearest(wanted: Filter, calls: Iterable[Call], before: int = 0) -> list[dict[str, Any]]:
    """The requests with the fewest differences: the right operation first, then the latest.

    `before` is the number of the request that they should have come after.
    """
    told = [(call.number, difference(wanted, call)) for call in calls]
    late = [
        (number, lines if number > before else [f"order: came before request {before}", *lines])
        for number, lines in told
    ]
    late.sort(
        key=lambda each: (any(line.startswith(_WHICH) for line in each[1]), len(each[1]), -each[0])
    )
    return [{"number": number, "differences": lines} for number, lines in late[:_NEAREST]]


def _nearest_lines(nearest: list[dict[str, Any]], calls: list[Call]) -> Iterator[str]:
    by_number = {call.number: call for call in calls}
    yield from ["nearest:"] if nearest else []
    for each in nearest:
        call, lines = by_number[each["number"]], each["differences"]
        what = f"{call.request.method} {hidden_target(call.request)[:_MAX_TARGET]}"
        yield f"  request {call.number}: {printable(what)}, answered {call.status}"
        yield from (f"    {line}" for line in lines[:_MAX_LINES])
        yield from [f"    and {len(lines) - _MAX_LINES} more"] if len(lines) > _MAX_LINES else []


def _described(wanted: Filter) -> str:
    told = dict(wanted)
    if "headers" in wanted:
        told["headers"] = {name: masked(name, value) for name, value in wanted["headers"].items()}
    if "query" in wanted:
        told["query"] = masked_parameters(wanted["query"])
    return printable(shown(told))


def mistakes(expectation: Mapping[str, Any], operations: Operations) -> Iterator[Problem]:
    """Every part of an expectation that no request can fit, with what is known instead."""
    yield from _wrong_bounds(expectation)
    for index, wanted in enumerate(expectation["requests"]):
        for path, message, value in _misspelt(wanted, operations):
            yield Problem(("requests", index, *path), "unknown", message, value)


def _wrong_bounds(expectation: Mapping[str, Any]) -> Iterator[Problem]:
    given = [name for name in _BOUNDS if name in expectation]
    if len(expectation["requests"]) > 1:
        for name in given:
            yield Problem(
                (name,),
                "exclusive",
                "counts the requests of one filter, and here are several",
                expectation[name],
            )
    elif "times" in given and len(given) > 1:
        yield Problem(
            ("times",),
            "exclusive",
            "is exact: leave out at_least and at_most",
            expectation["times"],
        )
    elif len(given) > 1 and expectation["at_least"] > expectation["at_most"]:
        yield Problem(
            ("at_least",), "maximum", "must not be greater than at_most", expectation["at_least"]
        )


Mistake = tuple[Path, str, Any]
"""Where in the filter, a sentence that names what is known instead, and the value that is meant."""

_PARTS: dict[str, tuple[Callable[[Operation], str], Callable[[Operation, str], bool]]] = {
    "operation": (lambda each: each.id, lambda each, id: each.id == id),
    "path": (
        lambda each: each.path,
        lambda each, glob: _could_be(glob.lower(), _PARAMETER.sub(_PLACE, each.path.lower())),
    ),
    "method": (
        lambda each: each.method,
        lambda each, method: method == each.method or (method, each.method) == ("HEAD", "GET"),
    ),
}
"""What a filter may say of an operation: how the operation names it, and whether that fits.

Paths fit in any letter case, as in some frameworks.
"""


def _misspelt(wanted: Filter, operations: Operations) -> Iterator[Mistake]:
    """What no request can fit.

    The operations in question become fewer with each part of the filter that makes sense.
    """
    vendor, fault = wanted.get("vendor"), wanted.get("fault")
    if fault is not None and fault not in CATALOGUE:
        yield ("fault",), f"{fault!r} is no fault: {_known(fault, CATALOGUE)}", fault
    if vendor is not None and vendor not in operations:
        yield ("vendor",), f"{vendor!r} is no vendor: {_known(vendor, operations)}", vendor
    candidates = [
        each
        for name, group in operations.items()
        for each in group
        if name == vendor or vendor not in operations
    ]
    for part, (name_of, fits) in _PARTS.items():
        fitting = [each for each in candidates if part not in wanted or fits(each, wanted[part])]
        if not fitting:
            message = (
                f"{wanted[part]!r} is no {part} of {_whose(part, wanted, operations)}: "
                f"{_known(wanted[part], map(name_of, candidates))}"
            )
            yield (part,), message, wanted[part]
        candidates = fitting or candidates
    if "body" in wanted:
        yield from _unknown_fields(wanted["body"], candidates)


def _whose(part: str, wanted: Filter, operations: Operations) -> str:
    vendor = wanted["vendor"] if wanted.get("vendor") in operations else "any vendor"
    if part == "method" and "path" in wanted:
        return str(wanted["path"])
    if part != "operation":
        return str(wanted.get("operation", vendor))
    others = [
        name
        for name, group in operations.items()
        if any(each.id == wanted["operation"] for each in group)
    ]
    return f"{vendor}, but of {' and '.join(others)}" if others else vendor


def _unknown_fields(body: Any, candidates: Sequence[Operation]) -> Iterator[Mistake]:
    """The top-level fields of a body that none of the operations can read."""
    schemas = {each.id: each.body.reader.schema for each in candidates if each.body is not None}
    known = {
        name.lower(): name for schema in schemas.values() for name in schema.get("properties", {})
    }
    names = " or ".join(schemas or [each.id for each in candidates])
    if not schemas:
        yield ("body",), f"{names} takes no body", body
    elif isinstance(body, dict) and all(
        schema.get("additionalProperties") is False for schema in schemas.values()
    ):
        for name in body:
            if name.lower() not in known:
                yield (
                    ("body", name),
                    f"{name!r} is no field of {names}: {_known(name, known.values())}",
                    body[name],
                )


def _known(value: str, names: Iterable[str]) -> str:
    known = sorted(set(names))
    close = get_close_matches(value, known)
    return (
        f"did you mean {' or '.join(close)}?"
        if close
        else f"known {'is' if len(known) == 1 else 'are'} {', '.join(known)}"
    )


def _could_be(glob: str, template: str) -> bool:
    """Whether some text fits both.

    The glob, and the template in which each NUL stands for one step of a path.
    """
    glob = _STARS.sub("*", glob)
    waiting, seen = [(0, 0)], set()
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += [
                (at[0] + i, at[1] + j)
                for i, j in _moves(glob[at[0] : at[0] + 1], template[at[1] : at[1] + 1])
            ]
    return (len(glob), len(template)) in seen


def _moves(glob: str, template: str) -> tuple[tuple[int, int], ...]:
    """How far one character leads in a glob and in a template, by what is next in each."""
    if glob == "*":
        return ((1, 0), (0, 1)) if template else ((1, 0),)
    if template == _PLACE:
        return ((1, 0), (1, 1)) if glob not in ("", "/") else ()
    return ((1, 1),) if glob and glob == template else ()

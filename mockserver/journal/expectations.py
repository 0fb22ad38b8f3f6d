"""What is expected of a client, and what in it no request can ever fit."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import chain
from typing import Any, NamedTuple

from mockserver.documents.spec import Operation
from mockserver.errors import Path, Problem
from mockserver.faults.catalogue import CATALOGUE
from mockserver.journal.directory import Operations
from mockserver.journal.matchers import Mistakes, read_matchers
from mockserver.subset import Matcher

Filter = Mapping[str, Any]
"""What a request should be like.

Any of vendor, operation, method, path, query, headers, body, status and fault.
"""

Expectation = Mapping[str, Any]
"""Filters as `requests`, and how many requests are to fit or in which order: see `verify`."""

_BOUNDS = ("times", "at_least", "at_most")
_PARAMETER = re.compile(r"{[^}]*}")
_SEGMENT = "\0"
"""Stands in a template for a path parameter: one or more characters without a slash."""


def read_expectation(expectation: Expectation) -> tuple[Expectation, list[Problem]]:
    """The expectation with its matchers read, and what is wrong with them."""
    found: Mistakes = []
    filters = []
    for index, wanted in enumerate(expectation["requests"]):
        filters.append(_read_filter(wanted, ("requests", index), found))
    problems = [Problem(path, "matcher", message, value) for path, message, value in found]
    return {**expectation, "requests": filters}, problems


def _read_filter(wanted: Filter, path: Path, found: Mistakes) -> Filter:
    read = dict(wanted)
    if "body" in wanted:
        read["body"] = read_matchers(wanted["body"], (*path, "body"), found)
    for part in ("query", "headers"):
        if part in wanted:
            read[part] = {
                name: read_matchers(value, (*path, part, name), found, in_text=True)
                for name, value in wanted[part].items()
            }
    return read


def mistakes(expectation: Expectation, operations: Operations) -> Iterator[Problem]:
    """Every part of an expectation that no request can fit, with what is known instead."""
    yield from _wrong_bounds(expectation)
    for index, wanted in enumerate(expectation["requests"]):
        for problem in unfit_parts(wanted, operations):
            yield replace(problem, path=("requests", index, *problem.path))


def _wrong_bounds(expectation: Expectation) -> Iterator[Problem]:
    given = [name for name in _BOUNDS if name in expectation]
    if len(expectation["requests"]) > 1:
        message = "counts the requests of one filter, and here are several"
        for name in given:
            yield Problem((name,), "exclusive", message, expectation[name])
    elif "times" in given and len(given) > 1:
        message = "is exact: leave out at_least and at_most"
        yield Problem(("times",), "exclusive", message, expectation["times"])
    elif len(given) > 1 and expectation["at_least"] > expectation["at_most"]:
        message = "must not be greater than at_most"
        yield Problem(("at_least",), "maximum", message, expectation["at_least"])


def unfit_parts(wanted: Filter, operations: Operations) -> Iterator[Problem]:
    """Every part of a filter that no request can fit, as `mistakes` has those of several."""
    for path, message, value in _misspelt(wanted, operations):
        yield Problem(path, "unknown", message, value)


Mistake = tuple[Path, str, Any]
"""Where in the filter, a sentence that names what is known instead, and the value that is meant."""


class _Part(NamedTuple):
    """What a filter may say of an operation: how the operation names it, and what fits that."""

    name: Callable[[Operation], str]
    fits: Callable[[Operation, str], bool]


def _id(operation: Operation) -> str:
    return operation.id


def _path(operation: Operation) -> str:
    return operation.path


def _method(operation: Operation) -> str:
    return operation.method


def _has_id(operation: Operation, id: str) -> bool:
    return operation.id == id


def _has_path(operation: Operation, glob: str) -> bool:
    """Whether a path of the operation fits, in any letter case, as in some frameworks."""
    template = _PARAMETER.sub(_SEGMENT, operation.path.lower())
    return _product_automaton_accepts(glob.lower(), template)


def _has_method(operation: Operation, method: str) -> bool:
    return method == operation.method or (method, operation.method) == ("HEAD", "GET")


_PARTS = {
    "operation": _Part(_id, _has_id),
    "path": _Part(_path, _has_path),
    "method": _Part(_method, _has_method),
}


def _misspelt(wanted: Filter, operations: Operations) -> Iterator[Mistake]:
    """What no request can fit.

    The operations in question become fewer with each part of the filter that makes sense.
    """
    vendor = wanted.get("vendor")
    yield from _unknown("fault", wanted.get("fault"), CATALOGUE)
    yield from _unknown("vendor", vendor, operations)
    candidates = _operations_of_vendor(vendor, operations)
    for name, part in _PARTS.items():
        if name not in wanted:
            continue
        value = wanted[name]
        fitting = [each for each in candidates if part.fits(each, value)]
        if not fitting:
            owner = _owner(name, wanted, operations)
            known = _known(value, map(part.name, candidates))
            yield (name,), f"{value!r} is no {name} of {owner}: {known}", value
        candidates = fitting or candidates
    if "body" in wanted:
        yield from _unknown_fields(wanted["body"], candidates)


def _unknown(part: str, value: str | None, names: Collection[str]) -> Iterator[Mistake]:
    if value is not None and value not in names:
        yield (part,), f"{value!r} is no {part}: {_known(value, names)}", value


def _operations_of_vendor(vendor: str | None, operations: Operations) -> list[Operation]:
    """The vendor's operations; those of all where the filter names none that is known."""
    if vendor is not None and vendor in operations:
        return list(operations[vendor])
    return list(chain.from_iterable(operations.values()))


def _owner(part: str, wanted: Filter, operations: Operations) -> str:
    """What does not have the operation, path or method that a filter names, in words."""
    vendor = wanted["vendor"] if wanted.get("vendor") in operations else "any vendor"
    if part == "method" and "path" in wanted:
        return str(wanted["path"])
    if part != "operation":
        return str(wanted.get("operation", vendor))
    others = _vendors_with(wanted["operation"], operations)
    return f"{vendor}, but of {' and '.join(others)}" if others else vendor


def _vendors_with(id: str, operations: Operations) -> list[str]:
    """The vendors that have an operation of that id."""
    found = []
    for vendor, group in operations.items():
        if any(operation.id == id for operation in group):
            found.append(vendor)
    return found


def _unknown_fields(body: Any, candidates: Sequence[Operation]) -> Iterator[Mistake]:
    """The top-level fields of a body that none of the operations can read."""
    schemas = {each.id: each.body.reader.schema for each in candidates if each.body is not None}
    if not schemas and not isinstance(body, Matcher):
        names = " or ".join(each.id for each in candidates)
        yield ("body",), f"{names} takes no body", body
        return
    are_closed = all(schema.get("additionalProperties") is False for schema in schemas.values())
    if not isinstance(body, dict) or not are_closed:
        return
    names = " or ".join(schemas)
    known: dict[str, str] = {}
    for schema in schemas.values():
        known |= {name.lower(): name for name in schema.get("properties", {})}
    for name, value in body.items():
        if name.lower() not in known:
            message = f"{name!r} is no field of {names}: {_known(name, known.values())}"
            yield ("body", name), message, value


def _known(value: str, names: Iterable[str]) -> str:
    """What could be meant by a value that is none of the names."""
    known = sorted(set(names))
    close = get_close_matches(value, known)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known {'is' if len(known) == 1 else 'are'} {', '.join(known)}"


def _product_automaton_accepts(glob: str, template: str) -> bool:
    """Whether some text fits both the glob and the template.

    Each is an automaton whose states are its positions. This goes through the glob once, with all
    positions of the template that the same text leads to, as the bits of one number.
    """
    at_character: dict[str, int] = {}
    for position, character in enumerate(template):
        at_character[character] = at_character.get(character, 0) | 1 << position
    at_segment = at_character.pop(_SEGMENT, 0)
    all_positions = (2 << len(template)) - 1
    reached = 1
    for character in glob:
        if character == "*":
            # Any text follows: every position from the first one on.
            reached = all_positions & -(reached & -reached)
            continue
        within = 0
        if character != "/":
            within = reached & at_segment
        # A path parameter may end with this character, or go on.
        reached = (reached & at_character.get(character, 0) | within) << 1 | within
        if not reached:
            return False
    return bool(reached >> len(template) & 1)

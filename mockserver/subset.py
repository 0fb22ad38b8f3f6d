"""Comparing what was expected with what was there.

`differences` compares JSON values and explains each difference; `like` compares text with a
pattern.
"""

import json
from collections.abc import Iterator
from typing import Any

_LONGEST = 200


class Matcher:
    """Stands in an expected value for what is no single value, as "any text" is."""

    def differences(self, actual: Any, path: str) -> Iterator[str]:
        """Why the actual value (or ABSENT) does not fit, as `differences` says it."""
        raise NotImplementedError

    def as_json(self) -> Any:
        """The matcher as it was written."""
        raise NotImplementedError


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Stands for the value of a member that is not there."""


def differences(expected: Any, actual: Any, path: str = "body") -> list[str]:
    """Why `actual` does not contain `expected`, one line for each difference; empty if it does.

    An object contains an object with some of its members. A list contains a list of the same length
    whose items are contained one by one. Other values are equal as in JSON: 1 is 1.0, but true is
    not 1.

    A `Matcher` in `expected` says itself what fits.

    A line begins with `path`: `body.status: expected "CLOSED", was "OPEN"`.
    """
    return list(_differences(expected, actual, path))


def _differences(expected: Any, actual: Any, path: str) -> Iterator[str]:
    if isinstance(expected, Matcher):
        yield from expected.differences(actual, path)
    elif isinstance(expected, dict) and isinstance(actual, dict):
        yield from _in_objects(expected, actual, path)
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _in_lists(expected, actual, path)
    elif not _equal(expected, actual):
        yield f"{path}: expected {shown(expected)}, was {shown(actual)}"


def _in_objects(
    expected: dict[str, Any],
    actual: dict[str, Any],
    path: str,
) -> Iterator[str]:
    for name, value in expected.items():
        yield from _differences(value, actual.get(name, ABSENT), f"{path}.{name}")


def _in_lists(
    expected: list[Any],
    actual: list[Any],
    path: str,
) -> Iterator[str]:
    # After a missing item all others would differ too: the length alone says more.
    if len(expected) != len(actual):
        yield f"{path}: expected {_count(expected)}, was {_count(actual)}"
        return
    pairs = zip(expected, actual, strict=True)
    for index, (item, other) in enumerate(pairs):
        yield from _differences(item, other, f"{path}[{index}]")


def _count(items: list[Any]) -> str:
    if len(items) == 1:
        return "1 item"
    return f"{len(items)} items"


def _equal(expected: Any, actual: Any) -> bool:
    # In Python, but not in JSON, True is equal to 1.
    if isinstance(expected, bool) is not isinstance(actual, bool):
        return False
    return bool(expected == actual)


def shown(value: Any) -> str:
    """The value as JSON on one line, cut if it is long."""
    if value is ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False, default=_written)
    # A lone surrogate can be in a text but not in an answer; it becomes a question mark.
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}…"


def _written(value: Any) -> Any:
    if isinstance(value, Matcher):
        return value.as_json()
    return str(value)


def like(glob: str, text: str) -> bool:
    """Whether the text fits the glob; each `*` in it stands for any characters, or none."""
    first, *rest = glob.split("*")
    if not rest:
        return text == first
    if not text.startswith(first):
        return False
    # Greedy matching: each part is found as early as possible, which leaves the others most room.
    *middle, last = rest
    start = len(first)
    for part in middle:
        found = text.find(part, start)
        if found < 0:
            return False
        start = found + len(part)
    return len(text) - len(last) >= start and text.endswith(last)

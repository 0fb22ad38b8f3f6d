"""Comparing what was expected with what was there.

`differences` compares JSON values and explains each difference; `like` compares text with a
pattern.
"""

import json
from collections.abc import Iterator
from typing import Any

_LONGEST = 200


def differences(expected: Any, actual: Any, path: str = "body") -> list[str]:
    """Why `actual` does not contain `expected`, one line for each difference; empty if it does.

    An object contains an object with some of its members. A list contains a list of the same length
    whose items are contained one by one. Other values are equal as in JSON: 1 is 1.0, but true is
    not 1.

    A line begins with `path`: `body.status: expected "CLOSED", was "OPEN"`.
    """
    return list(_differences(expected, actual, path))


def _differences(expected: Any, actual: Any, path: str) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(actual, dict):
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
        member = f"{path}.{name}"
        if name in actual:
            yield from _differences(value, actual[name], member)
        else:
            yield f"{member}: expected {shown(value)}, was absent"


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
    text = json.dumps(value, ensure_ascii=False)
    # A lone surrogate can be in a text but not in an answer; it becomes a question mark.
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}…"


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

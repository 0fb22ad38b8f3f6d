"""Whether a value is what was expected of it.

JSON that holds other JSON, told in lines to read, and text that is like a pattern.
"""

import json
from collections.abc import Iterator
from typing import Any

_LONGEST = 200


def differences(expected: Any, actual: Any, path: str = "body") -> list[str]:
    """Why `actual` does not hold `expected`, one line each; empty where it does.

    An object holds the members that are listed and may have more; a list has as many items, each of
    which holds its own; anything else is equal as JSON has it: 1 is 1.0, true is not 1. A line says
    `body.status: expected "CLOSED", was "OPEN"`, beginning with `path`.
    """
    return list(_differences(expected, actual, path))


def _differences(expected: Any, actual: Any, path: str) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, part in expected.items():
            if name in actual:
                yield from _differences(part, actual[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}: expected {shown(part)}, was absent"
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _in_lists(expected, actual, path)
    elif not _equal(expected, actual):
        yield f"{path}: expected {shown(expected)}, was {shown(actual)}"


def _in_lists(expected: list[Any], actual: list[Any], path: str) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"{path}: expected {_items(expected)}, was {_items(actual)}"
        return
    for index, (part, other) in enumerate(zip(expected, actual, strict=True)):
        yield from _differences(part, other, f"{path}[{index}]")


def _items(value: list[Any]) -> str:
    return f"{len(value)} {'item' if len(value) == 1 else 'items'}"


def _equal(expected: Any, actual: Any) -> bool:
    return isinstance(expected, bool) is isinstance(actual, bool) and bool(expected == actual)


def shown(value: Any) -> str:
    """A value as JSON on one line, cut where it is long, in characters that can be sent."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def like(glob: str, text: str) -> bool:
    """Whether the text is the glob, in which each `*` stands for any run of characters."""
    first, *rest = glob.split("*")
    if not rest:
        return text == first
    *middle, last = rest
    at = len(first) if text.startswith(first) else -1
    for part in middle:
        found = text.find(part, at) if at >= 0 else -1
        at = found + len(part) if found >= 0 else -1
    return 0 <= at <= len(text) - len(last) and text.endswith(last)

"""What Python has for "any value" and "like this", as the control API writes it."""

import re
import sys
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}
_OUTSIDE = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)
"""An escape, the beginning of a class (a `]` that comes first belongs to it), or a character."""

_INSIDE = re.compile(r"\\.|.", re.DOTALL)
"""An escape or a character of a class."""

# Python's `\\w` and `\\d` know all letters and digits, those of JSON Schema the ones of ASCII.
_WORD = r"\p{L}\p{N}_"
_UNICODE = {r"\d": r"\p{Nd}", r"\D": r"\P{Nd}", r"\w": _WORD}
_IN_CLASS = {"[": r"\[", "&": r"\&", "~": r"\~"}
"""What means something else in a class of the server's patterns."""


def matcher_as_json(value: Any) -> Any:
    """A value of a filter as the control API has it: matchers, in lists and mappings too.

    `unittest.mock.ANY` becomes `{"$any": true}`, a `re.Pattern` `{"$pattern": ...}`, a number in
    `pytest.approx` `{"$close_to": ...}`, and a Decimal a number.

    Raises TypeError for what is no JSON value, ValueError for what is no number or a pattern of
    bytes.
    """
    if isinstance(value, Mapping):
        return {name: matcher_as_json(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [matcher_as_json(item) for item in value]
    if isinstance(value, re.Pattern):
        return {"$pattern": _pattern(value)}
    if isinstance(value, Decimal):
        return _number(value)
    if _is_any(value):
        return {"$any": True}
    if _is_approximation(value):
        return _close_to(value)
    if value is not None and not isinstance(value, str | int | float):
        raise TypeError(f"{value!r} is neither a JSON value nor a matcher")
    return value


def _is_any(value: Any) -> bool:
    # Who has ANY has imported its module, which takes longer than most tests.
    mock = sys.modules.get("unittest.mock")
    return mock is not None and value is mock.ANY


def _is_approximation(value: Any) -> bool:
    # Older versions of pytest have no public name for the types of what `approx` gives.
    return type(value).__module__.startswith("_pytest.") and hasattr(value, "expected")


def _close_to(approximation: Any) -> Any:
    expected = approximation.expected
    if isinstance(expected, bool) or not isinstance(expected, int | float | Decimal):
        raise TypeError(f"{approximation!r} is no single number: give each number its own approx")
    tolerance = matcher_as_json(approximation.tolerance)
    return {"$close_to": {"number": matcher_as_json(expected), "tolerance": tolerance}}


def _number(value: Decimal) -> int | float:
    if not value.is_finite() or not isfinite(float(value)):
        raise ValueError(f"{value!r} is no number of JSON")
    return int(value) if value == value.to_integral_value() else float(value)


def _pattern(pattern: re.Pattern[Any]) -> str:
    """The pattern as the server reads it. It says itself what it cannot search for."""
    if not isinstance(pattern.pattern, str):
        raise ValueError(f"{pattern!r} is a pattern of bytes: write it as text")
    flags = "".join(letter for flag, letter in _FLAGS.items() if pattern.flags & flag)
    text = _translated(pattern.pattern, ascii_only=bool(pattern.flags & re.ASCII))
    return f"(?{flags}){text}" if flags else text


def _translated(pattern: str, *, ascii_only: bool) -> str:
    known = {} if ascii_only else _UNICODE
    parts: list[str] = []
    position, in_class = 0, False
    while position < len(pattern):
        found = (_INSIDE if in_class else _OUTSIDE).match(pattern, position)
        assert found is not None  # a character at least
        position, part = found.end(), found.group()
        if in_class:
            in_class = part != "]"
            parts.append(known.get(part) or _IN_CLASS.get(part, part))
        elif part[0] == "[":
            in_class = True
            parts.append(part.replace("]", r"\]"))
        else:
            parts.append(_outside_of_classes(part, known))
    return "".join(parts)


def _outside_of_classes(part: str, known: Mapping[str, str]) -> str:
    if part == r"\W" and known:
        return f"[^{_WORD}]"
    if part in known:
        return f"[{known[part]}]"
    return r"\z" if part == r"\Z" else part

"""Bytes to values and back: JSON and query strings.

What cannot be read is a Refusal, for the vendor's dialect to phrase.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
from math import isfinite
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson

from mockserver.errors import Path, Problem, Reason, Refusal, limited

_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
"""How a bracket changes the depth."""

_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)
_CONTAINERS = frozenset({dict, list})
_SIMPLE = frozenset({str, int, bool, type(None)})
_DIGITS_AS_ZEROS = bytes(
    ord("0") if ord("0") <= byte <= ord("9") else ord(" ") for byte in range(256)
)
_LONG_NUMBER = b"0" * 19
"""As many digits as the smallest integer has that needs more than 64 bits."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_FORBIDDEN_CHARACTER = re.compile("[\0\ud800-\udfff]")
_Value = TypeVar("_Value")


class Unsafe(Refusal):
    """A refusal of texts and numbers that cannot be stored.

    `value` is the rest, so that its other problems can be found too: each such value is replaced,
    and members with such names are left out. `sent` is the whole.
    """

    def __init__(self, value: Any, problems: Iterable[Problem], sent: Any) -> None:
        super().__init__("invalid", problems=problems)
        self.value = value
        self.sent = sent


def read_json(raw: bytes, max_depth: int) -> Any:
    """The JSON value in `raw`, numbers past 64 bits exact.

    Raises Refusal("malformed") with Python's wording and the parser's error as its cause, with
    TOO_DEEP, or with NOT_FINITE and the word that stands for such a number. Raises Unsafe naming
    each NUL, lone surrogate and infinite number.
    """
    # Counting is fast, and a text with few brackets cannot nest deep.
    deep = len(raw) > max_depth and raw.count(b"[") + raw.count(b"{") > max_depth
    try:
        value = orjson.loads(raw)
        # orjson turns integers past 64 bits into floats: Python's parser reads those texts.
        if is_flat(value) or not _has_long_number(raw):
            if deep and _nests_deeper(value, max_depth):
                raise Refusal("malformed", "it nests too deep", reason=Reason.TOO_DEEP)
            # `find` and not `in`: CPython first tries to take the bytes for one number.
            return checked(value) if raw.find(b"\\u0000") >= 0 else value
    except orjson.JSONDecodeError:
        # Lone surrogates and `NaN` end here too: Python's parser tells them from broken JSON.
        pass
    if deep and _depth(raw) > max_depth:
        raise Refusal("malformed", "it nests too deep", reason=Reason.TOO_DEEP)
    return checked(_read_slowly(raw))


def is_flat(value: Any) -> bool:
    """Whether it is an object of nothing but texts, whole numbers, booleans and nulls.

    Nearly all bodies are, and what goes wrong with fractions and nesting cannot with them.
    """
    return type(value) is dict and _SIMPLE.issuperset(map(type, value.values()))


def _has_long_number(raw: bytes) -> bool:
    return raw.translate(_DIGITS_AS_ZEROS).find(_LONG_NUMBER) >= 0


def _nests_deeper(value: Any, limit: int) -> bool:
    """Whether the value has more levels than that. Goes through it level by level."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        deeper: list[Any] = []
        for part in level:
            items = part.values() if type(part) is dict else part
            deeper += [item for item in items if type(item) in _CONTAINERS]
        level = deeper
    return bool(level)


def _read_slowly(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        byte = f"byte 0x{raw[error.start]:02x} in position {error.start}"
        message = f"'utf-8' codec can't decode {byte}: {error.reason}"
        raise Refusal("malformed", message) from None
    except json.JSONDecodeError as error:
        raise Refusal("malformed", str(error)) from error
    except ValueError as error:
        # Python refuses numbers of thousands of digits.
        raise Refusal("malformed", str(error)) from None


def _no_constant(name: str) -> Any:
    raise Refusal("malformed", f"{name} is no number", reason=Reason.NOT_FINITE, value=name)


def _depth(raw: bytes) -> int:
    """How deep a text nests, which may not be JSON: its brackets outside of texts."""
    brackets = _TEXT.sub(b"", raw).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def checked(value: _Value) -> _Value:
    """The value itself, if every text and every number in it can be stored.

    Raises Unsafe naming each text with a NUL or a lone surrogate and each number that is not
    finite. They are refused for every vendor, so that nothing is lost or half stored in silence.
    """
    problems = flaws_of(value)
    if problems:
        raise Unsafe(_without_unsafe(value), problems, value)
    return value


def flaws_of(value: Any) -> list[Problem]:
    """What is in the value that cannot be stored: see `checked`."""
    return limited(_unsafe(value))


def _without_unsafe(value: Any) -> Any:
    if isinstance(value, str):
        return _FORBIDDEN_CHARACTER.sub("\ufffd", value)
    if isinstance(value, float) and not isfinite(value):
        return 0
    if isinstance(value, list):
        return [_without_unsafe(item) for item in value]
    if not isinstance(value, dict):
        return value
    safe = type(value)()
    for name, item in value.items():
        if not _FORBIDDEN_CHARACTER.search(name):
            safe[name] = _without_unsafe(item)
    return safe


def _unsafe(value: Any) -> Iterator[Problem]:
    """A problem for each text and number that cannot be stored, names of members included."""
    # A stack: nested generators would pass each problem up through every level.
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, dict):
            waiting.extend(((*path, name), item) for name, item in reversed(part.items()))
            for name in part:
                yield from _unsafe_text(path, name)
        elif isinstance(part, list):
            last = len(part) - 1
            items = enumerate(reversed(part))
            waiting.extend(((*path, last - index), item) for index, item in items)
        elif isinstance(part, str):
            yield from _unsafe_text(path, part)
        elif isinstance(part, float) and not isfinite(part):
            yield Problem(path, "finite", "must be a finite number")


def _unsafe_text(path: Path, text: str) -> Iterator[Problem]:
    if "\0" in text:
        yield Problem(path, "null-character", "must not contain NUL characters")
    elif found := _SURROGATE.search(text):
        point = f"U+{ord(found.group()):X}"
        yield Problem(path, "surrogate", "must not contain lone surrogates", point)


def write_json(value: Any) -> bytes:
    """The value as compact JSON in UTF-8, in no more memory than it needs.

    Half a surrogate pair, which UTF-8 cannot hold, is the escape that `JSON.stringify` writes.
    """
    try:
        # What orjson returns keeps its buffer of 8 KiB or more; a copy of it does not.
        return b"".join((orjson.dumps(value), b""))
    except TypeError:
        # An integer past 64 bits, or half a surrogate pair.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")


def read_query(raw: bytes) -> dict[str, str]:
    """The parameters of a query string, also the empty ones.

    Of several with one name the last one counts. What is not UTF-8 becomes U+FFFD.
    """
    return dict(_pairs(raw))


def repeated_names(raw: bytes) -> list[str]:
    """The names that stand more than once in a query string, in alphabetic order."""
    counts = Counter(name for name, _ in _pairs(raw))
    return sorted(name for name, count in counts.items() if count > 1)


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    return parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)

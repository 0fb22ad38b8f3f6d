"""Values of a filter that stand for many: `{"$any": true}`, `{"$pattern": "^lead_"}` and others.

Written as JSON: an object with one member, whose name begins with `$`. A member of an object that
is itself called so has another `$` before its name.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from mockserver.errors import Path
from mockserver.journal.assignment import assign
from mockserver.subset import ABSENT, Matcher, differences, shown

Mistakes = list[tuple[Path, str, Any]]
"""For each mistake where it is, a sentence that says what is wrong, and the value."""

_MOST_CHOICES = 100
_LONGEST_PATTERN = 1000
_PATTERN_BYTES = 1 << 20
"""How much memory a pattern may take once it is compiled."""

_CLOSE = 1e-6
"""How far a number may be away that is close, as a part of it, unless it is said."""


class Anything(Matcher):
    """Any value, null too; but the member has to be there."""

    def differences(self, actual: Any, path: str) -> Iterator[str]:
        """See `Matcher`."""
        if actual is ABSENT:
            yield f"{path}: expected any value, was absent"

    def as_json(self) -> Any:
        """See `Matcher`."""
        return {"$any": True}


class Absent(Matcher):
    """No value: the member is not there."""

    def differences(self, actual: Any, path: str) -> Iterator[str]:
        """See `Matcher`."""
        if actual is not ABSENT:
            yield f"{path}: expected to be absent, was {shown(actual)}"

    def as_json(self) -> Any:
        """See `Matcher`."""
        return {"$absent": True}


class OneOf(Matcher):
    """What one of several values or matchers fits."""

    def __init__(self, choices: Sequence[Any]) -> None:
        self._choices = choices

    def differences(self, actual: Any, path: str) -> Iterator[str]:
        """See `Matcher`."""
        if any(not differences(choice, actual) for choice in self._choices):
            return
        choices = ", ".join(map(shown, self._choices))
        yield f"{path}: expected one of {choices}, was {shown(actual)}"

    def as_json(self) -> Any:
        """See `Matcher`."""
        return {"$one_of": list(self._choices)}


class Pattern(Matcher):
    """A text in which a regular expression is found."""

    def __init__(self, pattern: str) -> None:
        """Raises ValueError for what the engine does not have."""
        self._pattern = pattern
        self._is_found = _search(pattern)

    def differences(self, actual: Any, path: str) -> Iterator[str]:
        """See `Matcher`."""
        if not isinstance(actual, str) or not self._is_found(actual):
            yield f"{path}: expected a text like /{self._pattern}/, was {shown(actual)}"

    def as_json(self) -> Any:
        """See `Matcher`."""
        return {"$pattern": self._pattern}


class CloseTo(Matcher):
    """A number that is not further away than the tolerance; `in_text`: written as a text."""

    def __init__(self, number: float, tolerance: float | None, *, in_text: bool) -> None:
        self._number = number
        self._tolerance = tolerance
        self._in_text = in_text

    def differences(self, actual: Any, path: str) -> Iterator[str]:
        """See `Matcher`."""
        number = _number_in(actual) if self._in_text else actual
        if not self._is_close(number):
            close = f"a number close to {shown(self._number)}"
            yield f"{path}: expected {close}, was {shown(actual)}"

    def _is_close(self, number: Any) -> bool:
        if not _is_number(number):
            return False
        tolerance = self._tolerance
        if tolerance is None:
            tolerance = abs(self._number) * _CLOSE
        try:
            return bool(abs(number - self._number) <= tolerance)
        except OverflowError:  # an integer past all floats
            return False

    def as_json(self) -> Any:
        """See `Matcher`."""
        if self._tolerance is None:
            return {"$close_to": self._number}
        return {"$close_to": {"number": self._number, "tolerance": self._tolerance}}


class Unordered(Matcher):
    """A list with exactly these items, in any order."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items

    def differences(self, actual: Any, path: str) -> Iterator[str]:
        """See `Matcher`."""
        if not isinstance(actual, list):
            yield f"{path}: expected a list, was {shown(actual)}"
            return
        if len(actual) != len(self._items):
            yield f"{path}: expected {len(self._items)} items, was {len(actual)}"
            return
        assigned = assign([_fitting(item, actual) for item in self._items])
        for index, item in enumerate(self._items):
            if index not in assigned:
                yield f"{path}: expected an item {shown(item)}, and no other item fits it"

    def as_json(self) -> Any:
        """See `Matcher`."""
        return {"$unordered": list(self._items)}


def _fitting(item: Any, actual: Sequence[Any]) -> list[int]:
    return [index for index, other in enumerate(actual) if not differences(item, other)]


class NumberInText(Matcher):
    """A text that is this number, as in a query: `1` and `1.0` are the same."""

    def __init__(self, number: float) -> None:
        self._number = number

    def differences(self, actual: Any, path: str) -> Iterator[str]:
        """See `Matcher`."""
        number = _number_in(actual)
        if not _is_number(number) or number != self._number:
            yield f"{path}: expected {shown(self._number)}, was {shown(actual)}"

    def as_json(self) -> Any:
        """See `Matcher`."""
        return self._number


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_NUMBER = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")


def _number_in(text: Any) -> int | float | None:
    """The number that a text is; None where it is none."""
    if not isinstance(text, str) or _NUMBER.fullmatch(text) is None:
        return None
    return int(text) if text.lstrip("-").isdigit() else float(text)


@lru_cache(maxsize=64)
def _search(pattern: str) -> Callable[[str], bool]:
    """What says whether the pattern is found in a text, in time that is linear in the text.

    Raises ValueError.
    """
    # The engine is that of Rust's `regex`, which never backtracks. It reads `a++` as `(a+)+`.
    from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"has more than {_LONGEST_PATTERN} characters")
    if _POSSESSIVE.search(_LITERAL.sub("", pattern)):
        raise ValueError("has a possessive repeat like `a++`, which patterns here do not have")
    options = RegexOptions(size_limit=_PATTERN_BYTES, dfa_size_limit=_PATTERN_BYTES)
    try:
        compiled = Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except (ValidationError, ValueError):
        raise ValueError(
            "is no pattern that can be searched for without going back: it is misspelt, too large, "
            "or has a look-around, a back reference or an atomic group, which patterns here do not "
            "have"
        ) from None
    return compiled.is_valid


_LITERAL = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]", re.DOTALL)
"""Escapes and classes of a pattern: what stands in them repeats nothing."""

_POSSESSIVE = re.compile(r"[*+?}]\+")


def read_matchers(value: Any, path: Path, mistakes: Mistakes, *, in_text: bool = False) -> Any:
    """An expected value with its matchers in place of the objects that write them.

    Adds to the mistakes. `in_text`: what is expected is a text, as in a query or header.
    """
    if isinstance(value, dict):
        if any(_is_reserved(name) for name in value):
            return _read_matcher(value, path, mistakes, in_text)
        if not in_text:
            return _read_members(value, path, mistakes)
    if isinstance(value, list) and not in_text:
        return _read_items(value, path, mistakes)
    return _text_value(value, path, mistakes) if in_text else value


def matchers_in(value: Any, path: Path) -> Iterator[Path]:
    """Where in a value an object writes a matcher, well or badly."""
    if isinstance(value, dict):
        if any(map(_is_reserved, value)):
            yield path
            return
        for name, member in value.items():
            yield from matchers_in(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from matchers_in(item, (*path, index))


def _is_reserved(name: str) -> bool:
    return name.startswith("$") and not name.startswith("$$")


def _read_members(value: Mapping[str, Any], path: Path, mistakes: Mistakes) -> dict[str, Any]:
    members = {}
    for name, member in value.items():
        plain = name[1:] if name.startswith("$$") else name
        members[plain] = read_matchers(member, (*path, name), mistakes)
    return members


def _read_items(items: Sequence[Any], path: Path, mistakes: Mistakes) -> list[Any]:
    return [read_matchers(item, (*path, index), mistakes) for index, item in enumerate(items)]


def _text_value(value: Any, path: Path, mistakes: Mistakes) -> Any:
    """What a query or header is compared with: a text, a number or a flag."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_number(value):
        return NumberInText(value)
    if not isinstance(value, str):
        mistakes.append((path, "must be a text, a number, true, false or a matcher", value))
    return value


def _read_matcher(value: Mapping[str, Any], path: Path, mistakes: Mistakes, in_text: bool) -> Any:
    """The matcher that an object writes; itself where it is a mistake."""
    name = next(filter(_is_reserved, value))
    argument = value[name]
    try:
        if name not in _READERS:
            raise ValueError(
                f"is no matcher: known are {', '.join(_READERS)}; a member that is called {name} "
                f"is written ${name}"
            )
        if len(value) > 1:
            raise ValueError("is a matcher, and no other member may stand beside it")
        return _READERS[name](argument, (*path, name), mistakes, in_text)
    except ValueError as error:
        mistakes.append(((*path, name), f"{name} {error}", argument))
        return value


def _read_any(argument: Any, path: Path, mistakes: Mistakes, in_text: bool) -> Matcher:
    _must_be_true(argument)
    return Anything()


def _read_absent(argument: Any, path: Path, mistakes: Mistakes, in_text: bool) -> Matcher:
    _must_be_true(argument)
    return Absent()


def _must_be_true(argument: Any) -> None:
    if argument is not True:
        raise ValueError("must be true")


def _read_one_of(argument: Any, path: Path, mistakes: Mistakes, in_text: bool) -> Matcher:
    choices = _checked_list(argument)
    read = [
        read_matchers(choice, (*path, index), mistakes, in_text=in_text)
        for index, choice in enumerate(choices)
    ]
    return OneOf(read)


def _read_unordered(argument: Any, path: Path, mistakes: Mistakes, in_text: bool) -> Matcher:
    if in_text:
        raise ValueError("is for lists, and this is a text")
    return Unordered(_read_items(_checked_list(argument), path, mistakes))


def _checked_list(argument: Any) -> list[Any]:
    if not isinstance(argument, list) or not 1 <= len(argument) <= _MOST_CHOICES:
        raise ValueError(f"must be a list of 1 to {_MOST_CHOICES} values")
    return argument


def _read_pattern(argument: Any, path: Path, mistakes: Mistakes, in_text: bool) -> Matcher:
    if not isinstance(argument, str):
        raise ValueError("must be a text")
    return Pattern(argument)


def _read_close_to(argument: Any, path: Path, mistakes: Mistakes, in_text: bool) -> Matcher:
    number, tolerance = argument, None
    if isinstance(argument, dict) and argument.keys() == {"number", "tolerance"}:
        number, tolerance = argument["number"], argument["tolerance"]
    if not _is_number(number) or not (tolerance is None or _is_number(tolerance)):
        raise ValueError('must be a number, or {"number": 12.5, "tolerance": 0.1}')
    return CloseTo(number, tolerance, in_text=in_text)


_READERS: Mapping[str, Callable[[Any, Path, Mistakes, bool], Matcher]] = {
    "$any": _read_any,
    "$absent": _read_absent,
    "$one_of": _read_one_of,
    "$pattern": _read_pattern,
    "$close_to": _read_close_to,
    "$unordered": _read_unordered,
}

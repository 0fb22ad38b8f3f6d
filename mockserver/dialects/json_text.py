"""Where a text stops being JSON.

All parsers stop at the same place of a broken text, but each has words of its own for it. So this
file says what is missing there, and each dialect words it. Only refused bodies are read by it.
"""

import json
import re
from collections.abc import Callable, Mapping
from sys import maxsize
from typing import Any, NamedTuple

from mockserver.errors import Path


class _Constant(ValueError):
    """A word like `NaN`, which Python reads as a number and JSON does not have."""


def _no_constant(name: str) -> Any:
    raise _Constant(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
# The digits of a number do not matter here, and Python refuses to read thousands of them.
_CHECKER = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=_no_constant)
_SPACE = re.compile(r"[ \t\r\n]*")
_TEXT = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
_HEX_DIGITS = re.compile("[0-9a-fA-F]*")
_NO_UTF_8 = re.compile("[\udc80-\udcff]")
_DIGITS = re.compile("[0-9]*")
_AFTER_NUMBERS = ("", *",]} \t\r\n/")

# These go past what is known to be JSON, or its beginning. All repeats are possessive: none is
# tried twice, so each takes time that grows with the length of the text only.
_ANY_TEXT = r'"(?:[^"\\]++|\\.?+)*+(?:"|\Z)'
_SHALLOW = rf'(?:[^"\[\]{{}}]++|{_ANY_TEXT})*+'
_FLAT = rf"\[{_SHALLOW}\]|\{{{_SHALLOW}\}}"
"""A list or object without another in it."""
_TO_BRACKET = re.compile(rf'(?:[^"\[\]{{}}]++|{_ANY_TEXT}|{_FLAT})*+', re.DOTALL)
_TO_ANY_BRACKET = re.compile(_SHALLOW, re.DOTALL)
_TO_COMMA = re.compile(rf'(?:[^",\[\]{{}}]++|{_ANY_TEXT}|{_FLAT})*+,', re.DOTALL)
_TO_CONSTANT = re.compile(rf'(?:[^"NI]++|{_ANY_TEXT})*+', re.DOTALL)


def _after_space(text: str, at: int) -> int:
    return _past(_SPACE, text, at)


def _past(pattern: re.Pattern[str], text: str, at: int, end: int = maxsize) -> int:
    match = pattern.match(text, at, end)
    if match is None:
        return at
    return match.end()


class Break(NamedTuple):
    """Where a text stops being JSON.

    `wanted` says what should have come, `token` and `at` are the characters at which the token
    begins and at which it goes wrong, `path` leads to the value that is being read, and `within` is
    the bracket of the innermost open level, if there is one.
    """

    wanted: str
    token: int
    at: int
    path: Path
    within: str


def broken(text: str, depth: int | None = None) -> Break | None:
    """Where a text stops being JSON of no more than so many levels; None where it does not.

    Bytes that are no UTF-8 are surrogates in it.
    """
    return _Walk(text, depth).to_the_break()


class _Level:
    """A list or object that is open: its bracket, and where and which its present member is."""

    __slots__ = ("bracket", "member", "number")

    def __init__(self, bracket: str, member: int) -> None:
        self.bracket = bracket
        self.member = member
        self.number = 0

    def go_on(self, text: str, at: int, end: int) -> None:
        """Count the members that end between these characters."""
        # Not `finditer`: it would go on within the text or list that a match ends before.
        found = _TO_COMMA.match(text, at, end)
        while found is not None:
            self.number += 1
            self.member = found.end()
            found = _TO_COMMA.match(text, self.member, end)

    def step(self, text: str) -> int | str:
        """The index or the name of its present member."""
        if self.bracket == "[":
            return self.number
        name: str = _DECODER.raw_decode(text, _after_space(text, self.member))[0]
        return name


def _open_levels(text: str, end: int) -> list[_Level]:
    """The levels that are open at that character; before it the text is JSON."""
    levels: list[_Level] = []
    at = 0
    while True:
        bracket = _past(_TO_BRACKET, text, at, end)
        if levels:
            levels[-1].go_on(text, at, bracket)
        if bracket == end:
            return levels
        at = bracket + 1
        if text[bracket] in _OPENING:
            levels.append(_Level(text[bracket], at))
        else:
            levels.pop()


def _end_of_depth(text: str, depth: int) -> int:
    """The bracket that opens one level too many, if the text is JSON up to there; else its end."""
    at = opened = 0
    while True:
        pattern = _TO_BRACKET if opened < depth else _TO_ANY_BRACKET
        at = _past(pattern, text, at)
        if at == len(text):
            return at
        if text[at] not in _OPENING:
            opened -= 1
        elif opened == depth:
            return at
        else:
            opened += 1
        at += 1


def _sound_length(text: str, depth: int | None) -> int:
    """So many characters are the beginning of a JSON text of that depth, up to its break or near.

    The parser of the standard library finds it far faster than a walk.
    """
    end = len(text) if depth is None else _end_of_depth(text, depth)
    found = _NO_UTF_8.search(text, 0, end)
    if found is not None:
        end = found.start()
    try:
        return _parsed_length(text[:end])
    except _Constant:
        return _parsed_length(text[: _past(_TO_CONSTANT, text, 0, end)])
    except RecursionError:
        return 0


def _parsed_length(text: str) -> int:
    """Where the parser of the standard library stops in a text. Raises _Constant."""
    try:
        return _CHECKER.raw_decode(text, _after_space(text, 0))[1]
    except json.JSONDecodeError as error:
        return error.pos


class _Walk:
    """The way through a text, token by token, as far as it is JSON.

    It begins at the last member before the break: what is before is known to be fine.
    """

    def __init__(self, text: str, depth: int | None) -> None:
        self.text, self.depth = text, depth
        self.sound = _sound_length(text, depth)
        self.at, self.wanted = _after_space(text, 0), "document"
        self.brackets: list[str] = []
        self.steps: list[int | str | None] = []
        """For each open level the name or index of its member (None: between two named ones)."""
        self.name = ""
        levels = _open_levels(text, self.sound)
        if levels:
            self._go_to_member(levels)

    def _go_to_member(self, levels: list[_Level]) -> None:
        last = levels[-1]
        self.brackets = [level.bracket for level in levels]
        self.steps = [level.step(self.text) for level in levels[:-1]]
        self.steps.append(last.number if last.bracket == "[" else None)
        self.wanted = _OPENING[last.bracket]
        if last.number:
            self.wanted = _FOLLOWS[last.bracket, ","]
        self.at = _after_space(self.text, last.member)

    def to_the_break(self) -> Break | None:
        while self.wanted != "end" or self.at < len(self.text):
            token = self.at
            missing = self._missing(self.text[token : token + 1])
            if missing:
                path = tuple(step for step in self.steps if step is not None)
                within = self.brackets[-1] if self.brackets else ""
                return Break(missing, token, self.at, path, within)
            self.at = _after_space(self.text, self.at)
        return None

    def _missing(self, sign: str) -> str:
        """Go past one token. Returns what should have come instead, or an empty text."""
        if sign in _OPENING and self.wanted in _VALUES:
            return "" if self._is_past_all() else self._open(sign)
        if sign in _SCALARS and (self.wanted in _VALUES or (self.wanted in _NAMES and sign == '"')):
            return self._missing_in_scalar(sign)
        follows = _FOLLOWS.get((self.wanted, sign))
        if follows is None:
            return self.wanted
        self.at += 1
        if sign == ":":
            self.steps[-1] = self.name
        if sign in "}]":
            self.brackets.pop()
            self.steps.pop()
        self.wanted = follows or self._after_value()
        return ""

    def _is_past_all(self) -> bool:
        """Go past a whole list or object, if it ends before the break."""
        if self.at >= self.sound:
            return False
        self.at = _CHECKER.raw_decode(self.text, self.at)[1]
        self.wanted = self._after_value()
        return True

    def _open(self, bracket: str) -> str:
        if len(self.brackets) == self.depth:
            return "depth"
        self.brackets.append(bracket)
        self.steps.append(0 if bracket == "[" else None)
        self.wanted = _OPENING[bracket]
        self.at += 1
        return ""

    def _missing_in_scalar(self, sign: str) -> str:
        token = self.at
        self.at, missing = _SCALARS[sign](self.text, token)
        if missing:
            return missing
        if self.wanted in _NAMES:
            self.name = _DECODER.raw_decode(self.text, token)[0]
            self.wanted = _NAMES[self.wanted]
        else:
            self.wanted = self._after_value()
        return ""

    def _after_value(self) -> str:
        if not self.steps:
            return "end"
        step = self.steps[-1]
        self.steps[-1] = step + 1 if isinstance(step, int) else None
        return self.brackets[-1]


def _text_end(text: str, at: int) -> tuple[int, str]:
    """Where a text stops, and what is missing there."""
    end = _past(_TEXT, text, at)
    sign = text[end : end + 1]
    if sign == '"':
        return end + 1, "UTF-8" if _NO_UTF_8.search(text, at, end) else ""
    if sign != "\\":
        return end, "escaped control" if sign else "quote"
    if text[end + 1 : end + 2] == "u":
        return _past(_HEX_DIGITS, text, end + 2), "hex digit"
    return end + 1, "escape"


def _number_end(text: str, at: int) -> tuple[int, str]:
    """Where a number stops, and what is missing there."""
    first = at + (text[at] == "-")
    end = _past(_DIGITS, text, first)
    if end == first:
        return end, "digit"
    if text[first] == "0" and end > first + 1:
        return first + 1, "end of zero"
    if text[end : end + 1] == ".":
        first, end = end + 1, _past(_DIGITS, text, end + 1)
        if end == first:
            return end, "fraction"
    if text[end : end + 1] in ("e", "E"):
        first = end + 1 + (text[end + 1 : end + 2] in ("+", "-"))
        end = _past(_DIGITS, text, first)
        if end == first:
            return end, "exponent"
    return end, "" if text[end : end + 1] in _AFTER_NUMBERS else "delimiter"


def _literal_end(text: str, at: int) -> tuple[int, str]:
    """Where a literal stops, and what is missing there."""
    literal = LITERALS[text[at]]
    for index, sign in enumerate(literal):
        if not text.startswith(sign, at + index):
            return at + index, "literal"
    return at + len(literal), ""


LITERALS: Mapping[str, str] = {"t": "true", "f": "false", "n": "null"}
"""The literals by their first letters."""

_SCALARS: Mapping[str, Callable[[str, int], tuple[int, str]]] = {
    '"': _text_end,
    **dict.fromkeys("-0123456789", _number_end),
    **dict.fromkeys(LITERALS, _literal_end),
}
_OPENING = {"{": "first name", "[": "first item"}
_VALUES = frozenset({"document", "first item", "item", "member"})
_NAMES = {"first name": "first colon", "name": "colon"}
_FOLLOWS: Mapping[tuple[str, str], str] = {
    ("first name", "}"): "",
    ("first item", "]"): "",
    ("first colon", ":"): "member",
    ("colon", ":"): "member",
    ("{", ","): "name",
    ("{", "}"): "",
    ("[", ","): "item",
    ("[", "]"): "",
}
"""What is wanted after a sign where something else was wanted.

Nothing after the end of a value, where its level decides.
"""

"""System.Text.Json: where it stops in a text that is no JSON, and what it says."""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from mockserver.dialects.json_text import first_deeper, first_of, open_token

NOT_CONVERTED = "The JSON value could not be converted to {}."

_PARSER: Mapping[str, str] = {
    "Expecting value": "'{}' is an invalid start of a value.",
    "Expecting property name enclosed in double quotes": "'{}' is an invalid start of a property name. Expected a '\"'.",
    "Expecting ':' delimiter": "'{}' is invalid after a property name. Expected a ':'.",
    "Expecting ',' delimiter": "'{}' is invalid after a value. Expected either ',', '}}', or ']'.",
    "Extra data": "'{}' is invalid after a single JSON value. Expected end of data.",
    "Unterminated string starting at": "Expected end of string, but instead reached end of data.",
    "Invalid control character at": "'{}' is invalid within a JSON string. The string should be correctly escaped.",
    "Invalid \\escape": "'{}' is an invalid escapable character within a JSON string. The string should be correctly escaped.",
}
"""The words of Python's parser to those of System.Text.Json about the byte where it stopped."""

_BLANK = "The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when isFinalBlock is true."
_OPEN = "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed."
_COMMA = "The JSON {} contains a trailing comma at the end which is not supported in this mode. Change the reader options."
_DEEP = "The maximum configured depth of {} has been exceeded. Cannot read next JSON {}."
_LITERAL = "'{}' is an invalid JSON literal. Expected the literal '{}'."
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_ZERO = "Invalid leading zero before '{}'."
_NO_FRACTION = "'{}' is invalid within a number, immediately after a decimal point ('.'). Expected a digit ('0'-'9')."
_NO_DIGIT = "'{}' is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit ('0'-'9')."
_NO_MORE_DIGITS = "Expected a digit ('0'-'9'), but instead reached end of data."
_NO_END = "'{}' is an invalid end of a number. Expected a delimiter."
_PYTHON_ONLY = frozenset({"NaN", "Infinity", "-Infinity"})
_LONGEST = 1000
_NO_UTF_8 = re.compile("[\udc80-\udcff]")
_REST_OF_TEXT = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)
_TRAILING_COMMA = re.compile(r",[ \t\r\n]*[}\]]")
_HEX_DIGITS = re.compile(r"\\u[0-9a-fA-F]*")
_NO_HEX = "'{}' is not a hex digit following '\\u' within a JSON string. The string should be correctly escaped."
_BRACKETS = {"[": "array", "]": "array", "{": "object", "}": "object"}


class Stop(NamedTuple):
    """The characters at which the token begins that is no JSON, and at which that shows, and what is said of it."""

    token: int
    at: int
    words: str


def stopped(text: str, error: BaseException | None, too_deep: int | None, type: str) -> Stop:
    """Why the text cannot be read into an object of that .NET type.

    `text` has surrogates for bytes that are no UTF-8, `error` is what Python's parser said, and `too_deep` the levels that are allowed
    where the text has more.
    """
    if text.lstrip().startswith("["):
        return Stop(0, text.index("[") + 1, NOT_CONVERTED.format(type))
    if too_deep is not None:
        at = first_deeper(text, too_deep)
        return Stop(at, at, _DEEP.format(too_deep, _BRACKETS.get(text[at : at + 1], "object")))
    if isinstance(error, json.JSONDecodeError):
        return Stop(error.pos, *_told(text, error))
    if found := _NO_UTF_8.search(text):
        return _no_utf_8(text, found.start())
    at = first_of(text, _PYTHON_ONLY)
    return Stop(at, *_no_value(text, at)) if at < len(text) else Stop(0, 0, NOT_CONVERTED.format(type))


def _no_utf_8(text: str, at: int) -> Stop:
    token = open_token(text, at)
    rest = _REST_OF_TEXT.match(text, at)
    if rest and text[token] == '"':
        return Stop(token, rest.end(), NOT_CONVERTED.format("System.String"))
    return Stop(token, *_no_value(text, at))


def _told(text: str, error: json.JSONDecodeError) -> tuple[int, str]:
    """Where it stops and in which words, by where Python's parser does."""
    at, rest = error.pos, text[error.pos :]
    kind = error.msg.removesuffix(": ")
    if kind == "Unterminated string starting at":
        return len(text), _PARSER[kind]
    if kind == "Invalid \\escape":
        return at + 1, _PARSER[kind].format(_byte(text, at + 1))
    if kind == "Invalid \\uXXXX escape":
        at = _HEX_DIGITS.match(text, text.rindex("\\u", 0, at + 2)).end()  # type: ignore[union-attr]  # it is there
        return at, _NO_HEX.format(_byte(text, at))
    if not text.strip():
        return at, _BLANK
    if not rest:
        return at, _OPEN
    if comma := _TRAILING_COMMA.match(text, text.rfind(",", 0, at + 1)):
        return comma.end() - 1, _COMMA.format(_BRACKETS[comma.group()[-1]])
    if kind == "Expecting value":
        return _no_value(text, at)
    if kind in ("Expecting ',' delimiter", "Extra data") and text[at - 1].isdigit():
        return _no_number(text, at)
    return at, _PARSER.get(kind, _PARSER["Expecting value"]).format(_byte(text, at))


def _no_value(text: str, at: int) -> tuple[int, str]:
    rest = text[at : at + _LONGEST]
    if rest[0] in _LITERALS:
        literal = _LITERALS[rest[0]]
        same = next((i for i, pair in enumerate(zip(rest, literal, strict=False)) if pair[0] != pair[1]), len(rest))
        return at + same, _LITERAL.format(rest, literal)
    return _no_digit(text, at + 1, _NO_DIGIT) if rest[0] == "-" else (at, _PARSER["Expecting value"].format(_byte(text, at)))


def _no_number(text: str, at: int) -> tuple[int, str]:
    if text[at] == ".":
        return _no_digit(text, at + 1, _NO_FRACTION)
    return at, (_ZERO if text[at].isdigit() else _NO_END).format(_byte(text, at))


def _no_digit(text: str, at: int, words: str) -> tuple[int, str]:
    return at, words.format(_byte(text, at)) if at < len(text) else _NO_MORE_DIGITS


def _byte(text: str, at: int) -> str:
    """The first byte of a character as the framework shows it: as it is where it is printable ASCII, else in hex."""
    first = text[at : at + 1].encode("utf-8", "surrogateescape")[:1]
    return first.decode("ascii") if b" " <= first <= b"~" else f"0x{first.hex().upper()}"

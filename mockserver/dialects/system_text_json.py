"""System.Text.Json: where it stops in a text that is no JSON, and what it says."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.dialects.json_text import LITERALS, Break, broken
from mockserver.errors import Path

NOT_CONVERTED = "The JSON value could not be converted to {}."
NO_MEMBER = "The JSON property '{}' could not be mapped to any .NET member contained in type '{}'."

_NO_TEXT = NOT_CONVERTED.format("System.String")
_NO_VALUE = "'{}' is an invalid start of a value."
_NO_NAME = "'{}' is an invalid start of a property name. Expected a '\"'."
_NO_COLON = "'{}' is invalid after a property name. Expected a ':'."
_NO_COMMA = "'{}' is invalid after a value. Expected either ',', '}}', or ']'."
_NO_DIGIT = (
    "'{}' is invalid within a number, immediately after a sign character ('+' or '-'). "
    "Expected a digit ('0'-'9')."
)
_NO_CONTROL = "'{}' is invalid within a JSON string. The string should be correctly escaped."
_WORDS: Mapping[str, str] = {
    "document": _NO_VALUE,
    "first item": _NO_VALUE,
    "item": _NO_VALUE,
    "member": _NO_VALUE,
    "first name": _NO_NAME,
    "name": _NO_NAME,
    "first colon": _NO_COLON,
    "colon": _NO_COLON,
    "{": _NO_COMMA,
    "[": _NO_COMMA,
    "end": "'{}' is invalid after a single JSON value. Expected end of data.",
    "escaped control": _NO_CONTROL,
    "escape": "'{}' is an invalid escapable character within a JSON string. The string should be "
    "correctly escaped.",
    "hex digit": "'{}' is not a hex digit following '\\u' within a JSON string. The string should "
    "be correctly escaped.",
    "digit": _NO_DIGIT,
    "exponent": _NO_DIGIT,
    "fraction": "'{}' is invalid within a number, immediately after a decimal point ('.'). "
    "Expected a digit ('0'-'9').",
    "end of zero": "Invalid leading zero before '{}'.",
    "delimiter": "'{}' is an invalid end of a number. Expected a delimiter.",
    "UTF-8": _NO_TEXT,
}
"""What is said about the byte that came instead of what was wanted."""

_BLANK = (
    "The input does not contain any JSON tokens. Expected the input to start with a valid "
    "JSON token, when isFinalBlock is true."
)
_OPEN = (
    "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or "
    "array that should be closed."
)
_NOTHING_NEXT = "Expected start of a property name or value, but instead reached end of data."
_NOTHING_NAMED = "Expected a value, but instead reached end of data."
_NO_QUOTE = "Expected end of string, but instead reached end of data."
_NO_MORE_DIGITS = "Expected a digit ('0'-'9'), but instead reached end of data."
_AT_END: Mapping[str, str] = {
    "document": _BLANK,
    "first item": _OPEN,
    "first name": _OPEN,
    "member": _OPEN,
    "{": _OPEN,
    "[": _OPEN,
    "item": _NOTHING_NEXT,
    "name": _NOTHING_NEXT,
    "first colon": _NOTHING_NAMED,
    "colon": _NOTHING_NAMED,
    "quote": _NO_QUOTE,
    "escape": _NO_QUOTE,
    "hex digit": _NO_QUOTE,
    "digit": _NO_MORE_DIGITS,
    "fraction": _NO_MORE_DIGITS,
    "exponent": _NO_MORE_DIGITS,
    "UTF-8": _NO_TEXT,
}
"""What is said where the text ends instead."""

_NO_OPENING = "'{}' is invalid without a matching open."
_COMMA = (
    "The JSON {} contains a trailing comma at the end which is not supported in this mode. "
    "Change the reader options."
)
_AT_SIGN: Mapping[tuple[str, str], str] = {
    ("{", "]"): _NO_OPENING,
    ("[", "}"): _NO_OPENING,
    ("name", "}"): _COMMA.format("object"),
    ("item", "]"): _COMMA.format("array"),
    (
        "depth",
        "{",
    ): "The maximum configured depth of {depth} has been exceeded. Cannot read next JSON object.",
    (
        "depth",
        "[",
    ): "The maximum configured depth of {depth} has been exceeded. Cannot read next JSON array.",
}
"""What is said about certain signs instead."""

_LITERAL = "'{}' is an invalid JSON literal. Expected the literal '{}'."
_NO_E = "'{}' is an invalid end of a number. Expected 'E' or 'e'."
_LONGEST = 1000


class Stop(NamedTuple):
    """The path and the character at which reading stops, and what is said of it."""

    path: Path
    at: int
    words: str


def stopped(text: str, depth: int, type: str) -> Stop:
    """Why a text cannot be read into an object of that .NET type, with no more than so many levels.

    Bytes that are no UTF-8 are surrogates in it.
    """
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if text.startswith("[", start):
        return Stop((), start + 1, NOT_CONVERTED.format(type))
    stop = broken(text, depth)
    if stop is None:
        return Stop((), 0, NOT_CONVERTED.format(type))
    return Stop(stop.path, *_worded(text, stop, depth))


def _worded(text: str, stop: Break, depth: int) -> tuple[int, str]:
    """The character that is named, and the words."""
    token, at = text[stop.token : stop.token + _LONGEST], stop.at
    if stop.wanted == "literal":
        return at, _LITERAL.format(token, LITERALS[token[0]])
    if at == len(text):
        return at - 1 if text.endswith(",") else at, _AT_END[stop.wanted]
    words = _AT_SIGN.get((stop.wanted, text[at])) or _WORDS[stop.wanted]
    # After a fraction the framework expects an exponent, unless it has read one.
    number = text[stop.token : at].lower()
    if stop.wanted == "delimiter" and "." in number and "e" not in number:
        words = _NO_E
    return at, words.format(_byte(text[at]), depth=depth)


def _byte(sign: str) -> str:
    """The first byte of a character as the framework shows it.

    As it is where it is printable ASCII, else in hex.
    """
    first = sign.encode("utf-8", "surrogateescape")[:1]
    return first.decode("ascii") if b" " <= first <= b"~" else f"0x{first.hex().upper()}"

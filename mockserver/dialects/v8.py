"""V8, the JavaScript engine of Node 20: what its JSON.parse says of a text that is not JSON."""

from collections.abc import Mapping

from mockserver.dialects.json_text import broken

_AFTER_MEMBER = "Expected ',' or '}' after property value in JSON at position "
_AFTER_ITEM = "Expected ',' or ']' after array element in JSON at position "
_AFTER_ALL = "Unexpected non-whitespace character after JSON at position "
_WORDS: Mapping[str, str] = {
    "first name": "Expected property name or '}' in JSON at position ",
    "name": "Expected double-quoted property name in JSON at position ",
    "first colon": "Expected ':' after property name in JSON at position ",
    "{": _AFTER_MEMBER,
    "[": _AFTER_ITEM,
    "end": _AFTER_ALL,
    "quote": "Unterminated string in JSON at position ",
    "escaped control": "Bad control character in string literal in JSON at position ",
    "escape": "Bad escaped character in JSON at position ",
    "hex digit": "Bad Unicode escape in JSON at position ",
    "digit": "No number after minus sign in JSON at position ",
    "fraction": "Unterminated fractional number in JSON at position ",
    "exponent": "Exponent part is missing a number in JSON at position ",
}
"""What is said, before the position, where one thing alone was wanted."""

_UNEXPECTED = {"": "Unexpected end of JSON input", '"': "Unexpected string in JSON at position {}"}
_UNEXPECTED |= dict.fromkeys("-0123456789", "Unexpected number in JSON at position {}")
_NO_TEXTS = frozenset({"[object Object]", "NaN", "Infinity", "undefined"})
"""What careless code passes instead of JSON, and is told as it is."""

_CONTEXT = 10
_LAST_OF_LATIN_1 = "\xff"


def complaint(text: str) -> str | None:
    """The message of the SyntaxError about a text; None where it is JSON.

    Positions are counted in UTF-16 code units.
    """
    stop = broken(text)
    if stop is None:
        return None
    sign = text[stop.at : stop.at + 1]
    position = len(text[: stop.at].encode("utf-16-le")) // 2
    wanted = (stop.within or "end") if stop.wanted == "delimiter" else stop.wanted
    if wanted in _WORDS and (wanted != "escape" or "" < sign <= _LAST_OF_LATIN_1):
        return f"{_WORDS[wanted]}{position}"
    if sign in _UNEXPECTED:
        return _UNEXPECTED[sign].format(position)
    if text in _NO_TEXTS:
        return f'"{text}" is not valid JSON'
    return _unexpected_token(text.encode("utf-16-le"), position)


def _unexpected_token(units: bytes, position: int) -> str:
    """The words about any other sign, with what stands around it."""
    length = len(units) // 2
    around = f'"{_part(units, 0, length)}"'
    if length > 2 * _CONTEXT:
        before = "..." if position >= _CONTEXT else ""
        after = "..." if position + _CONTEXT < length else ""
        part = _part(units, max(position - _CONTEXT, 0), position + _CONTEXT)
        around = f'{before}"{part}"{after}'
    return f"Unexpected token '{_part(units, position, position + 1)}', {around} is not valid JSON"


def _part(units: bytes, start: int, end: int) -> str:
    """These code units as a text, in which half a surrogate pair may stand alone."""
    return units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")

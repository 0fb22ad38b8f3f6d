"""Reads JSON token by token, as the Utf8JsonReader of .NET does, up to the byte where it stops.

It takes the strict grammar: no comments, no trailing commas. A text is not checked for UTF-8 and
for half surrogates before somebody asks for its value.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from mockserver.dialects import utf8_json_words as words

NONE, OBJECT, OBJECT_END, ARRAY, ARRAY_END = "", "{", "}", "[", "]"
NAME, TEXT, NUMBER, TRUE, FALSE, NULL, END = "name", '"', "number", "true", "false", "null", "end"

_SPACE = re.compile(rb"[ \t\r\n]*+")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*+')
_ESCAPED = re.compile(rb'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
_HEX_DIGITS = re.compile(rb"[0-9a-fA-F]*+")
_DIGITS = re.compile(rb"[0-9]*+")
_SURROGATES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
"""Escapes; a half surrogate is in the group."""

_ESCAPES = re.compile(rb"\\(?:u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|.)")
_AFTER_NUMBERS = frozenset({b"", *(bytes((byte,)) for byte in b",]} \t\r\n/")})
_LITERALS: Mapping[bytes, tuple[bytes, str]] = {
    b"t": (b"true", TRUE),
    b"f": (b"false", FALSE),
    b"n": (b"null", NULL),
}
_CLOSING = {b"}": OBJECT_END, b"]": ARRAY_END}
_OPENING = {b"{": OBJECT, b"[": ARRAY}


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant, strict=True)


class Broken(Exception):
    """The text is no JSON: what is said of it, and the byte that it is said of."""

    def __init__(self, words: str, at: int) -> None:
        super().__init__(words)
        self.words = words
        self.at = at


class NotText(ValueError):
    """A text that UTF-16 cannot hold: it is no UTF-8, or has half a surrogate pair."""


class Utf8JsonReader:
    """The way through a text, token by token.

    `token` is the kind of the last one, `start` its first byte, and `at` the byte after it. A name
    ends with its colon.
    """

    def __init__(self, raw: bytes, max_depth: int) -> None:
        self.raw = raw
        self.token = NONE
        self.start = self.at = 0
        self._max_depth = max_depth
        self._brackets = bytearray()
        self._text_end = 0
        self._latin_1: str | None = None

    @property
    def span(self) -> bytes:
        """The last token as it stands in the text; of a text or a name what its quotes hold."""
        if self.token in (NAME, TEXT):
            return self.raw[self.start + 1 : self._text_end - 1]
        return self.raw[self.start : self.at]

    def read(self) -> str:
        """Go on by one token, and return its kind. Raises Broken."""
        last = self.token
        sign = self._sign_after_space()
        self.start = self.at
        if last in (NONE, NAME):
            return self._comment_or_value(sign)
        if last == OBJECT:
            return self._close(sign) if sign == b"}" else self._comment_or_name(sign)
        if last == ARRAY:
            return self._close(sign) if sign == b"]" else self._comment_or_value(sign)
        return self._after_value(sign)

    def skip(self) -> None:
        """Go past the value whose first token was read last. Raises Broken."""
        if self.token not in (OBJECT, ARRAY) or self._skip_at_once():
            return
        depth = len(self._brackets)
        while len(self._brackets) >= depth:
            self.read()

    def text(self) -> str:
        """The value of the last text or name. Raises NotText."""
        raw = self.span
        try:
            if b"\\" not in raw:
                return raw.decode()
            if any(match[1] for match in _SURROGATES.finditer(raw)):
                raise NotText
            found: str = json.loads(f'"{raw.decode()}"')
            return found
        except UnicodeDecodeError:
            raise NotText from None

    def name(self) -> str:
        """The last name, with U+FFFD for bytes that are no UTF-8.

        Raises NotText for half a surrogate pair.
        """
        raw = self.span
        if b"\\" not in raw:
            return raw.decode("utf-8", "replace")
        if any(match[1] for match in _SURROGATES.finditer(raw)):
            raise NotText
        return _ESCAPES.sub(_unescaped, raw).decode("utf-8", "replace")

    def _sign_after_space(self) -> bytes:
        match = _SPACE.match(self.raw, self.at)
        self.at = match.end() if match else self.at
        return self.raw[self.at : self.at + 1]

    def _end(self) -> str:
        if self._brackets:
            raise Broken(words.OPEN, self.at)
        if self.token == NONE:
            raise Broken(words.BLANK, self.at)
        self.token = END
        return END

    def _comment_or_value(self, sign: bytes) -> str:
        # The first token is the one place where a slash is not looked at as a comment first.
        if sign == b"/" and self.token != NONE:
            raise self._broken(words.NO_COMMA)
        return self._value(sign) if sign else self._end()

    def _comment_or_name(self, sign: bytes) -> str:
        if sign == b"/":
            raise self._broken(words.NO_COMMA)
        return self._name(sign) if sign else self._end()

    def _after_value(self, sign: bytes) -> str:
        if not sign:
            return self._end()
        if not self._brackets:
            raise self._broken(words.NO_END)
        if sign in _CLOSING:
            return self._close(sign)
        if sign != b",":
            raise self._broken(words.NO_COMMA)
        return self._after_comma()

    def _after_comma(self) -> str:
        comma = self.at
        self.at += 1
        sign = self._sign_after_space()
        self.start = self.at
        if not sign:
            # A comma that is the very last byte is the one that is told.
            at = comma if self.at == comma + 1 else self.at
            raise Broken(words.NOTHING_NEXT, at)
        if self._brackets.endswith(b"{"):
            if sign == b"}":
                raise Broken(words.COMMA.format("object"), self.at)
            return self._name(sign)
        if sign == b"]":
            raise Broken(words.COMMA.format("array"), self.at)
        return self._value(sign)

    def _close(self, sign: bytes) -> str:
        if not self._brackets.endswith(b"{" if sign == b"}" else b"["):
            raise self._broken(words.NO_OPENING)
        del self._brackets[-1]
        self.at += 1
        self.token = _CLOSING[sign]
        return self.token

    def _name(self, sign: bytes) -> str:
        if sign != b'"':
            raise self._broken(words.NO_NAME)
        self._go_past_text()
        sign = self._sign_after_space()
        if not sign:
            raise Broken(words.NOTHING_NAMED, self.at)
        if sign != b":":
            raise self._broken(words.NO_COLON)
        self.at += 1
        self.token = NAME
        return NAME

    def _value(self, sign: bytes) -> str:
        if sign == b'"':
            self._go_past_text()
            self.token = TEXT
        elif sign in _OPENING:
            self._open(sign)
        elif sign in _LITERALS:
            self._go_past_literal(sign)
        elif sign == b"-" or sign.isdigit():
            self._go_past_number()
            self.token = NUMBER
        else:
            raise self._broken(words.NO_VALUE)
        return self.token

    def _open(self, sign: bytes) -> None:
        if len(self._brackets) == self._max_depth:
            kind = "object" if sign == b"{" else "array"
            raise Broken(words.TOO_DEEP.format(self._max_depth, kind), self.at)
        self._brackets += sign
        self.at += 1
        self.token = _OPENING[sign]

    def _go_past_text(self) -> None:
        raw, at = self.raw, self.at + 1
        at = _past(_PLAIN, raw, at)
        if raw[at : at + 1] != b'"':
            at = self._past_escapes(at)
        self.at = self._text_end = at + 1

    def _past_escapes(self, at: int) -> int:
        """The quote that ends a text."""
        raw = self.raw
        at = _past(_ESCAPED, raw, at)
        sign = raw[at : at + 1]
        if sign == b'"':
            return at
        if sign and sign != b"\\":
            raise self._broken(words.NO_CONTROL, at)
        escape = raw[at + 1 : at + 2]
        if escape == b"u":
            at, said = _past(_HEX_DIGITS, raw, at + 2), words.NO_HEX_DIGIT
        else:
            at, said = at + 1, words.NO_ESCAPE
        if at >= len(raw):
            raise Broken(words.NO_QUOTE, len(raw))
        raise self._broken(said, at)

    def _go_past_literal(self, sign: bytes) -> None:
        literal, token = _LITERALS[sign]
        if self.raw.startswith(literal, self.at):
            self.at += len(literal)
            self.token = token
            return
        rest = self.raw[self.at : self.at + words.LONGEST].decode("utf-8", "replace")
        at = self.at
        while self.raw[at : at + 1] == literal[at - self.at : at - self.at + 1]:
            at += 1
        raise Broken(words.NO_LITERAL.format(rest, literal.decode()), at)

    def _go_past_number(self) -> None:
        raw, at = self.raw, self.at
        if raw[at : at + 1] == b"-":
            at += 1
            self._need_digit(at, words.NO_DIGIT)
        if raw[at : at + 1] == b"0":
            at += 1
            if raw[at : at + 1].isdigit():
                raise self._broken(words.LEADING_ZERO, at)
        else:
            at = _past(_DIGITS, raw, at)
        said = words.NO_DELIMITER
        if raw[at : at + 1] == b".":
            self._need_digit(at + 1, words.NO_FRACTION)
            at = _past(_DIGITS, raw, at + 1)
            said = words.NO_EXPONENT
        if raw[at : at + 1] in (b"e", b"E"):
            at += 2 if raw[at + 1 : at + 2] in (b"+", b"-") else 1
            self._need_digit(at, words.NO_DIGIT)
            at = _past(_DIGITS, raw, at)
            said = words.NO_DELIMITER
        if raw[at : at + 1] not in _AFTER_NUMBERS:
            raise self._broken(said, at)
        self.at = at

    def _need_digit(self, at: int, said: str) -> None:
        sign = self.raw[at : at + 1]
        if not sign:
            raise Broken(words.NO_MORE_DIGITS, at)
        if not sign.isdigit():
            raise self._broken(said, at)

    def _skip_at_once(self) -> bool:
        """Go past a whole list or object, if it is fine.

        The parser of the standard library says so far faster than a walk. To it every byte is a
        character of its own: nobody asks for the values.
        """
        if self._latin_1 is None:
            self._latin_1 = self.raw.decode("latin-1")
        try:
            _, end = _DECODER.raw_decode(self._latin_1, self.start)
        except (ValueError, RecursionError):
            return False
        levels = self.raw.count(b"[", self.start, end) + self.raw.count(b"{", self.start, end)
        if len(self._brackets) - 1 + levels > self._max_depth:
            return False
        self.token = _CLOSING[self.raw[end - 1 : end]]
        del self._brackets[-1]
        self.at = end
        return True

    def _broken(self, said: str, at: int | None = None) -> Broken:
        """With the byte that stands there in the words."""
        at = self.at if at is None else at
        return Broken(said.format(_shown(self.raw[at : at + 1])), at)


def position(raw: bytes, at: int) -> tuple[int, int]:
    """The line of a byte, and the byte in that line, both from 0."""
    return raw.count(b"\n", 0, at), at - raw.rfind(b"\n", 0, at) - 1


def _past(pattern: re.Pattern[bytes], raw: bytes, at: int) -> int:
    match = pattern.match(raw, at)
    return match.end() if match else at


def _shown(byte: bytes) -> str:
    """As it is where it is printable ASCII, else in hex."""
    return byte.decode("ascii") if b" " <= byte <= b"~" else f"0x{byte.hex().upper()}"


def _unescaped(match: re.Match[bytes]) -> bytes:
    text: str = json.loads(f'"{match[0].decode("ascii")}"')
    return text.encode("utf-8", "replace")

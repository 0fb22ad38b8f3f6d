"""Bytes to values and back: JSON, forms, query strings.

What cannot be read is a Refusal, for the vendor's dialect to phrase.
"""

import json
import pkgutil
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from itertools import accumulate
from math import isfinite
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson

from mockserver.errors import Path, Problem, Reason, Refusal

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
"""How a bracket changes the depth."""

_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)
_CONTAINERS = frozenset({dict, list})
_DIGITS_AS_ZEROS = bytes(
    ord("0") if ord("0") <= byte <= ord("9") else ord(" ") for byte in range(256)
)
_LONG_NUMBER = b"0" * 19
"""As many digits as the smallest integer has that needs more than 64 bits."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_FORBIDDEN_CHARACTER = re.compile("[\0\ud800-\udfff]")
_ITEM = re.compile(r"([^\[]*)\[([0-9]{1,9})\](.*)", re.DOTALL)
_DECODED = re.compile(
    r"utf_?8(_sig)?|u8|utf_?(16|32)(_?[bl]e)?|u(16|32)|(us_?)?ascii|646|latin_?1|l1|"
    r"iso_?8859(_[0-9]{1,2})?|(windows|cp)_?125[0-8]"
)
_SEPARATORS = re.compile("[^a-z0-9]+")
_LONGEST_CHARSET = 40
_MAX_FIELDS = 1000
_TOO_MANY = f"it has more than {_MAX_FIELDS} fields"
_Value = TypeVar("_Value")


class Form(dict[str, Any]):
    """The fields of an HTML form: every value is a text or an `Upload`.

    Of several fields with one name the last one counts.
    """

    def items_of(self, name: str) -> list[Any]:
        """The list that the fields `name[0]`, `name[1]`, ... hold, in the order of the numbers.

        Fields such as `name[0]part` make their item a form of these parts.
        """
        found: dict[int, Form] = {}
        for key, value in self.items():
            match = _ITEM.fullmatch(key)
            if match and match[1] == name:
                found.setdefault(int(match[2]), Form())[match[3]] = value
        items = [found[number] for number in sorted(found)]
        return [item[""] if item.keys() == {""} else item for item in items]


class Upload:
    """A file part of a multipart form. No operation takes one."""


class Unsafe(Refusal):
    """A refusal of texts and numbers that cannot be stored.

    `value` is the rest, so that its other problems can be found too: each such value is replaced,
    and members with such names are left out.
    """

    def __init__(self, value: Any, problems: Iterable[Problem]) -> None:
        super().__init__("invalid", problems=problems)
        self.value = value


def read_json(raw: bytes, max_depth: int) -> Any:
    """The JSON value in `raw`, numbers past 64 bits exact.

    Raises Refusal("malformed") with Python's wording and the parser's error as its cause, with
    TOO_DEEP, or with NOT_FINITE and the word that stands for such a number. Raises Unsafe naming
    each NUL, lone surrogate and infinite number.
    """
    # Counting is fast, and a text with few brackets cannot nest deep.
    deep = raw.count(b"[") + raw.count(b"{") > max_depth
    try:
        # orjson turns integers past 64 bits into floats, so it only gets texts without any.
        # `find` and not `in`: CPython first tries to take the bytes for one number.
        if raw.translate(_DIGITS_AS_ZEROS).find(_LONG_NUMBER) < 0:
            value = orjson.loads(raw)
            if deep and _nests_deeper(value, max_depth):
                raise Refusal("malformed", "it nests too deep", reason=Reason.TOO_DEEP)
            return checked(value) if raw.find(b"\\u0000") >= 0 else value
    except orjson.JSONDecodeError:
        # Lone surrogates and `NaN` end here too: Python's parser tells them from broken JSON.
        pass
    if deep and _depth(raw) > max_depth:
        raise Refusal("malformed", "it nests too deep", reason=Reason.TOO_DEEP)
    return checked(_read_slowly(raw))


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
        # Python refuses numbers of thousands of digits, and then gives advice on its settings.
        raise Refusal("malformed", str(error).split(";")[0]) from None


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
    problems = list(_unsafe(value))
    if problems:
        raise Unsafe(_without_unsafe(value), problems)
    return value


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
            waiting.extend(((*path, name), item) for name, item in part.items())
            for name in part:
                yield from _unsafe_text(path, name)
        elif isinstance(part, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(part))
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


def is_decoded(charset: str) -> bool:
    """Whether bodies in the charset are read: UTF-8, -16 and -32, ASCII, ISO 8859, Windows 125x.

    Other codecs of Python take time that grows with the square of a body, or unpack it.
    """
    return len(charset) <= _LONGEST_CHARSET and _DECODED.fullmatch(_plain(charset)) is not None


def in_utf_8(raw: bytes, charset: str) -> bytes:
    """The text in UTF-8; the bytes as they are where they are no text of a charset that is read."""
    if not is_decoded(charset):
        return raw
    try:
        # By its plain name: Python remembers each spelling of a name for good.
        return raw.decode(_plain(charset)).encode()
    except (LookupError, UnicodeError):
        return raw


def is_known_codec(charset: str) -> bool:
    """Whether Python has a codec of that name, without a look at the disk for it."""
    return len(charset) <= _LONGEST_CHARSET and _plain(charset) in _codec_names()


def _plain(charset: str) -> str:
    return _SEPARATORS.sub("_", charset.lower()).strip("_")


@cache
def _codec_names() -> frozenset[str]:
    # `codecs.lookup` would remember each name that it does not find for good.
    import encodings
    from encodings.aliases import aliases

    modules = [module.name for module in pkgutil.iter_modules(encodings.__path__)]
    return frozenset([*aliases, *aliases.values(), *modules]) - {"aliases"}


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


def read_form(raw: bytes) -> Form:
    """The fields of a URL-encoded form.

    A body that is not UTF-8 is read as Latin-1. An escape that is not UTF-8 becomes U+FFFD.

    Raises Refusal("malformed") with TOO_MANY_FIELDS, and Unsafe naming each NUL.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Refusal("malformed", _TOO_MANY, reason=Reason.TOO_MANY_FIELDS) from None
    return checked(Form(fields))


def read_query(raw: bytes) -> dict[str, str]:
    """The parameters of a query string, also the empty ones.

    Of several with one name the last one counts. What is not UTF-8 becomes U+FFFD.
    """
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def read_multipart(raw: bytes, content_type: str) -> Form:
    """The fields of a multipart form, up to the place where it breaks; files become `Upload`.

    A part without a name is not a field. Bytes that are not UTF-8 become U+FFFD.

    Raises Refusal("malformed") with NO_BOUNDARY (`value`: the empty boundary, or None) or
    TOO_MANY_FIELDS, and Unsafe naming each NUL.
    """
    from python_multipart.exceptions import MultipartParseError
    from python_multipart.multipart import MultipartParser

    boundary = _options(content_type).get("boundary")
    if not boundary:
        message = "its Content-Type names no boundary"
        raise Refusal("malformed", message, reason=Reason.NO_BOUNDARY, value=boundary)
    parts = _Parts()
    with suppress(MultipartParseError):
        MultipartParser(boundary, parts.callbacks()).write(raw)
    if len(parts.found) > _MAX_FIELDS:
        raise Refusal("malformed", _TOO_MANY, reason=Reason.TOO_MANY_FIELDS)
    return checked(_fields_of(parts))


def _fields_of(parts: "_Parts") -> Form:
    fields = Form()
    for headers, content in parts.found:
        disposition = _options(headers.get("content-disposition", ""))
        name = disposition.get("name")
        if not name:
            continue
        if disposition.get("filename"):
            fields[name] = Upload()
        else:
            encoding = headers.get("content-transfer-encoding", "")
            fields[name] = _content(bytes(content), encoding)
    return fields


class _Parts:
    """The parts that a multipart parser finds: for each its headers and its content.

    The names of headers are in lower case.
    """

    def __init__(self) -> None:
        self.found: list[tuple[dict[str, str], bytearray]] = []
        self._name = self._value = b""

    def callbacks(self) -> Any:
        """What the parser is to call."""
        return {
            "on_part_begin": self.on_part_begin,
            "on_header_field": self.on_header_field,
            "on_header_value": self.on_header_value,
            "on_header_end": self.on_header_end,
            "on_part_data": self.on_part_data,
        }

    def on_part_begin(self) -> None:
        self.found.append(({}, bytearray()))

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        headers, _ = self.found[-1]
        name = self._name.decode("latin-1").lower()
        headers[name] = self._value.decode("utf-8", "replace")
        self._name = self._value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        _, content = self.found[-1]
        content.extend(data[start:end])


def _options(header: str) -> dict[str, str]:
    """The parameters of a header's value, by their names in lower case."""
    from python_multipart.multipart import parse_options_header

    _, options = parse_options_header(header.encode("utf-8").decode("latin-1"))
    decoded = {}
    for name, value in options.items():
        decoded[name.decode("latin-1").lower()] = value.decode("utf-8", "replace")
    return decoded


def _content(raw: bytes, encoding: str) -> str:
    if encoding.lower() == "base64":
        with suppress(ValueError):
            raw = b64decode(raw)
    return raw.decode("utf-8", "replace")

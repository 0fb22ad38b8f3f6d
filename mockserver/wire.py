"""Bytes to values and back: JSON, forms, query strings.

What the vendors would choke on is told as problems, never raised.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
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
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)
_CONTAINERS = frozenset({dict, list})
_DIGITS_AS_ZEROS = bytes(
    ord("0") if ord("0") <= byte <= ord("9") else ord(" ") for byte in range(256)
)
_LONG_NUMBER = b"0" * 19
"""As many digits as the smallest integer has that needs more than 64 bits."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_ITEM = re.compile(r"([^\[]*)\[([0-9]{1,9})\](.*)", re.DOTALL)
_MAX_FIELDS = 1000
_TOO_MANY = f"it has more than {_MAX_FIELDS} fields"
_Value = TypeVar("_Value")


class Form(dict[str, Any]):
    """The fields of an HTML form: every value is a text, the last of several.

    Uploads are `Upload`.
    """

    def items_of(self, name: str) -> list[Any]:
        """The list that `name[0]` and `name[1]` spell, in the order of the numbers.

        `name[0]part` makes an item a form of such parts.
        """
        found: dict[int, Form] = {}
        for key, value in self.items():
            match = _ITEM.fullmatch(key)
            if match and match[1] == name:
                found.setdefault(int(match[2]), Form())[match[3]] = value
        return [item[""] if item.keys() == {""} else item for _, item in sorted(found.items())]


class Upload:
    """A file part of a multipart form. No operation takes one."""


class Unsafe(Refusal):
    """A refusal of what no text or number can be.

    `value` is the rest: other values are in such places, and such names are not there.
    """

    def __init__(self, value: Any, problems: Iterable[Problem]) -> None:
        super().__init__("invalid", problems=problems)
        self.value = value


def read_json(raw: bytes, max_depth: int) -> Any:
    """The JSON value in `raw`, numbers past 64 bits exact.

    Raises Refusal("malformed") with Python's wording and the parser's error as its cause, with
    TOO_DEEP, or with NOT_FINITE and the word that stands for such a number, and Unsafe naming each
    NUL, lone surrogate and infinite number.
    """
    deep = raw.count(b"[") + raw.count(b"{") > max_depth
    try:
        if raw.translate(_DIGITS_AS_ZEROS).find(_LONG_NUMBER) < 0:
            value = orjson.loads(raw)
            if deep and _nests_deeper(value, max_depth):
                raise Refusal("malformed", "it nests too deep", reason=Reason.TOO_DEEP)
            return checked(value) if raw.find(b"\\u0000") >= 0 else value
    except orjson.JSONDecodeError:
        pass
    if deep and _depth(raw) > max_depth:
        raise Refusal("malformed", "it nests too deep", reason=Reason.TOO_DEEP)
    return checked(_read_slowly(raw))


def _nests_deeper(value: Any, limit: int) -> bool:
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        level = [
            item
            for part in level
            for item in (part.values() if type(part) is dict else part)
            if type(item) in _CONTAINERS
        ]
    return bool(level)


def _read_slowly(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        reason = (
            f"'utf-8' codec can't decode byte 0x{raw[error.start]:02x} in position "
            f"{error.start}: {error.reason}"
        )
        raise Refusal("malformed", reason) from None
    except json.JSONDecodeError as error:
        raise Refusal("malformed", str(error)) from error
    except ValueError as error:
        raise Refusal("malformed", str(error).split(";")[0]) from None


def _no_constant(name: str) -> Any:
    raise Refusal("malformed", f"{name} is no number", reason=Reason.NOT_FINITE, value=name)


def _depth(raw: bytes) -> int:
    brackets = _TEXT.sub(b"", raw).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def checked(value: _Value) -> _Value:
    """The value itself.

    Raises Unsafe naming each text with a NUL or a lone surrogate and each number that is not
    finite.
    """
    problems = list(_unsafe(value))
    if problems:
        raise Unsafe(_made_safe(value), problems)
    return value


def _made_safe(value: Any) -> Any:
    if isinstance(value, str):
        return _NO_CHARACTER.sub("\ufffd", value)
    if isinstance(value, float) and not isfinite(value):
        return 0
    if isinstance(value, dict):
        return type(value)(
            (name, _made_safe(item))
            for name, item in value.items()
            if not _NO_CHARACTER.search(name)
        )
    return [_made_safe(item) for item in value] if isinstance(value, list) else value


def _unsafe(value: Any) -> Iterator[Problem]:
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, dict):
            waiting.extend(((*path, key), item) for key, item in part.items())
            texts = list(part)
        elif isinstance(part, list):
            waiting.extend(((*path, i), item) for i, item in enumerate(part))
            texts = []
        else:
            texts = [part] if isinstance(part, str) else []
        if isinstance(part, float) and not isfinite(part):
            yield Problem(path, "finite", "must be a finite number")
        for text in texts:
            if "\0" in text:
                yield Problem(path, "null-character", "must not contain NUL characters")
            elif found := _SURROGATE.search(text):
                point = f"U+{ord(found.group()):X}"
                yield Problem(path, "surrogate", "must not contain lone surrogates", point)


def write_json(value: Any) -> bytes:
    """The value as compact JSON in UTF-8, in no more memory than it needs.

    Orjson leaves its buffer of 8 KiB or more behind it.
    """
    try:
        return b"".join((orjson.dumps(value), b""))
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_form(raw: bytes) -> Form:
    """The fields of a URL-encoded form.

    Bytes that are not UTF-8 are read as Latin-1, and escapes that are not are replaced.

    Raises Refusal("malformed") with TOO_MANY_FIELDS, and Unsafe naming each NUL.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    try:
        return checked(Form(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)))
    except ValueError:
        raise Refusal("malformed", _TOO_MANY, reason=Reason.TOO_MANY_FIELDS) from None


def read_query(raw: bytes) -> dict[str, str]:
    """The parameters of a query string, the last of several.

    Empty ones kept, what is not UTF-8 replaced.
    """
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def read_multipart(raw: bytes, content_type: str) -> Form:
    """The fields of a multipart form as far as it is one; files become `Upload`.

    A part without a name is no field, and bytes that are not UTF-8 are replaced.

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
    fields = Form()
    for headers, content in parts.found:
        disposition = _options(headers.get("content-disposition", ""))
        if disposition.get("name"):
            encoding = headers.get("content-transfer-encoding", "")
            fields[disposition["name"]] = (
                Upload() if disposition.get("filename") else _content(bytes(content), encoding)
            )
    return checked(fields)


class _Parts:
    """The parts of a multipart body, as a parser tells of them.

    For each its headers by name in small letters, and its content.
    """

    def __init__(self) -> None:
        self.found: list[tuple[dict[str, str], bytearray]] = []
        self._name = self._value = b""

    def callbacks(self) -> Any:
        """What the parser is to call."""
        return {
            name: getattr(self, name)
            for name in (
                "on_part_begin",
                "on_header_field",
                "on_header_value",
                "on_header_end",
                "on_part_data",
            )
        }

    def on_part_begin(self) -> None:
        self.found.append(({}, bytearray()))

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self.found[-1][0][self._name.decode("latin-1").lower()] = self._value.decode(
            "utf-8", "replace"
        )
        self._name = self._value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.found[-1][1].extend(data[start:end])


def _options(header: str) -> dict[str, str]:
    """What follows the value of a header, by name in small letters."""
    from python_multipart.multipart import parse_options_header

    _, options = parse_options_header(header.encode("utf-8").decode("latin-1"))
    return {
        name.decode("latin-1").lower(): value.decode("utf-8", "replace")
        for name, value in options.items()
    }


def _content(raw: bytes, encoding: str) -> str:
    if encoding.lower() == "base64":
        with suppress(ValueError):
            raw = b64decode(raw)
    return raw.decode("utf-8", "replace")

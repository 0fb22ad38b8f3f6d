"""Bytes to values and back: JSON, forms, query strings. What the vendors would choke on is told as problems, never raised."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate
from math import isfinite
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson

from mockserver.errors import Path, Problem, Refusal

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)
_CONTAINERS = frozenset({dict, list})
_DIGITS_AS_ZEROS = bytes(ord("0") if ord("0") <= byte <= ord("9") else ord(" ") for byte in range(256))
_LONG_NUMBER = b"0" * 19
"""As many digits as the smallest integer has that needs more than 64 bits."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_MAX_FIELDS = 1000
_Value = TypeVar("_Value")


class Form(dict[str, Any]):
    """The fields of an HTML form: every value is a text, the last of several; uploads are `Upload`."""


class Upload:
    """A file part of a multipart form. No operation takes one."""


class Unsafe(Refusal):
    """A refusal of what no text or number can be. `value` is the rest: other values are in such places, and such names are not there."""

    def __init__(self, value: Any, problems: Iterable[Problem]) -> None:
        super().__init__("invalid", problems=problems)
        self.value = value


def read_json(raw: bytes, max_depth: int) -> Any:
    """The JSON value in `raw`, numbers past 64 bits exact.

    Raises Refusal("malformed") with Python's wording and the parser's error as its cause, and Unsafe naming each NUL, lone surrogate and
    infinite number.
    """
    deep = raw.count(b"[") + raw.count(b"{") > max_depth
    try:
        if _LONG_NUMBER not in raw.translate(_DIGITS_AS_ZEROS):
            value = orjson.loads(raw)
            if deep and _nests_deeper(value, max_depth):
                raise Refusal("malformed", "depth")
            return checked(value) if b"\\u0000" in raw else value
    except orjson.JSONDecodeError:
        pass
    if deep and _depth(raw) > max_depth:
        raise Refusal("malformed", "depth")
    return checked(_read_slowly(raw))


def _nests_deeper(value: Any, limit: int) -> bool:
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        level = [item for part in level for item in (part.values() if type(part) is dict else part) if type(item) in _CONTAINERS]
    return bool(level)


def _read_slowly(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        reason = f"'utf-8' codec can't decode byte 0x{raw[error.start]:02x} in position {error.start}: {error.reason}"
        raise Refusal("malformed", reason) from None
    except json.JSONDecodeError as error:
        raise Refusal("malformed", str(error)) from error
    except ValueError as error:
        raise Refusal("malformed", str(error).split(";")[0]) from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


def _depth(raw: bytes) -> int:
    brackets = _TEXT.sub(b"", raw).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def checked(value: _Value) -> _Value:
    """The value itself.

    Raises Unsafe naming each text with a NUL or a lone surrogate and each number that is not finite.
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
        return type(value)((name, _made_safe(item)) for name, item in value.items() if not _NO_CHARACTER.search(name))
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
            yield Problem(path, "finite", "Out of range float values are not JSON compliant.", None)
        for text in texts:
            if "\0" in text:
                yield Problem(path, "null-character", "Null characters are not allowed.", None)
            elif found := _SURROGATE.search(text):
                point = f"U+{ord(found.group()):X}"
                yield Problem(path, "surrogate", f"Surrogate characters are not allowed: {point}.", None)


def write_json(value: Any) -> bytes:
    """The value as compact JSON in UTF-8, in no more memory than it needs: orjson leaves its buffer of 8 KiB or more behind it."""
    try:
        return bytes(memoryview(orjson.dumps(value)))
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_form(raw: bytes) -> Form:
    """The fields of a URL-encoded form."""
    return checked(_fields(raw))


def read_query(raw: bytes) -> dict[str, str]:
    """The parameters of a query string, the last of several; empty ones kept, what is not UTF-8 replaced."""
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def _fields(raw: bytes) -> Form:
    try:
        return Form(parse_qsl(raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS))
    except UnicodeDecodeError as error:
        reason = f"'utf-8' codec can't decode byte in position {error.start}: {error.reason}"
        raise Refusal("malformed", f"Form parse error - {reason}") from None
    except ValueError as error:
        raise Refusal("malformed", f"Form parse error - {error}") from None


def read_multipart(raw: bytes, content_type: str) -> Form:
    """The fields of a multipart form; file parts become `Upload`.

    Raises Refusal("malformed") for a missing boundary or a broken part.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import FormParser, parse_options_header

    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise Refusal("malformed", "Multipart form parse error - Invalid boundary in multipart: None")
    fields = Form()

    def keep(field: Any) -> None:
        if len(fields) >= _MAX_FIELDS:
            raise FormParserError("Too many fields")
        fields[field.field_name.decode("utf-8")] = (field.value or b"").decode("utf-8")

    def keep_file(file: Any) -> None:
        fields[file.field_name.decode("utf-8")] = Upload()

    try:
        in_memory = {"MAX_MEMORY_FILE_SIZE": len(raw)}
        parser = FormParser(MULTIPART, keep, keep_file, boundary=boundary, config=in_memory)
        parser.write(raw)
        parser.finalize()
    except UnicodeDecodeError as error:
        reason = f"'utf-8' codec can't decode byte in position {error.start}: {error.reason}"
        raise Refusal("malformed", f"Multipart form parse error - {reason}") from None
    except FormParserError as error:
        raise Refusal("malformed", f"Multipart form parse error - {error}") from None
    return checked(fields)

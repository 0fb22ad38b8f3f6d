"""Bytes to values and back: JSON, forms, query strings. What the vendors would choke on is told as problems, never raised."""

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson

from mockserver.errors import Path, Problem, Refusal

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_LONG_NUMBER = re.compile(rb"\d{16}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_FIELDS = 1000
_Value = TypeVar("_Value")


class Form(dict[str, Any]):
    """The fields of an HTML form: every value is a text, the last of several; uploads are `Upload`."""


class Upload:
    """A file part of a multipart form. No operation takes one."""


def read_json(raw: bytes, max_depth: int) -> Any:
    """The JSON value in `raw`, numbers past 64 bits exact.

    Raises Refusal("malformed") with Python's wording, and Refusal("invalid") naming each NUL, lone surrogate and infinite number.
    """
    if raw.count(b"[") + raw.count(b"{") > max_depth and _depth(raw) > max_depth:
        raise Refusal("malformed", "depth")
    try:
        if not _LONG_NUMBER.search(raw):
            value = orjson.loads(raw)
            return checked(value) if b"\\u0000" in raw else value
    except orjson.JSONDecodeError:
        pass
    return checked(_read_slowly(raw))


def _read_slowly(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        reason = f"'utf-8' codec can't decode byte 0x{raw[error.start]:02x} in position {error.start}: {error.reason}"
        raise Refusal("malformed", reason) from None
    except json.JSONDecodeError as error:
        raise Refusal("malformed", str(error)) from None
    except ValueError as error:
        raise Refusal("malformed", str(error).split(";")[0]) from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


def _depth(raw: bytes) -> int:
    deepest = depth = 0
    for match in _BRACKETS.finditer(raw):
        token = match.group()
        if token in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in b"]}":
            depth -= 1
    return deepest


def checked(value: _Value) -> _Value:
    """The value itself.

    Raises Refusal("invalid") naming each text with a NUL or a lone surrogate and each number that is not finite.
    """
    problems = list(_unsafe(value))
    if problems:
        raise Refusal("invalid", problems=problems)
    return value


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
    """The value as compact JSON in UTF-8."""
    try:
        return orjson.dumps(value)
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
        raise Refusal("malformed", f"'utf-8' codec can't decode byte in position {error.start}: {error.reason}") from None
    except ValueError as error:
        raise Refusal("malformed", str(error)) from None


def read_multipart(raw: bytes, content_type: str) -> Form:
    """The fields of a multipart form; file parts become `Upload`.

    Raises Refusal("malformed") for a missing boundary or a broken part.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import FormParser, parse_options_header

    _, options = parse_options_header(content_type)
    fields = Form()

    def keep(field: Any) -> None:
        if len(fields) >= _MAX_FIELDS:
            raise FormParserError("Too many fields")
        fields[field.field_name.decode("utf-8")] = (field.value or b"").decode("utf-8")

    def keep_file(file: Any) -> None:
        fields[file.field_name.decode("utf-8")] = Upload()

    try:
        parser = FormParser(MULTIPART, keep, keep_file, boundary=options.get(b"boundary") or None)
        parser.write(raw)
        parser.finalize()
    except UnicodeDecodeError as error:
        raise Refusal("malformed", f"'utf-8' codec can't decode byte in position {error.start}: {error.reason}") from None
    except FormParserError as error:
        raise Refusal("malformed", f"Multipart form parse error - {error}") from None
    return checked(fields)

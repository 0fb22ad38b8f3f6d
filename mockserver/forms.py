"""HTML forms: URL-encoded and multipart bodies, read as Django reads them.

Other frameworks read what clients write in the same way. Where a body is broken, or a client does
what no browser does, each has its own rules, and the only vendor that takes forms is built on
Django. What cannot be read is a Refusal, for the vendor's dialect to phrase.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mockserver.errors import Reason, Refusal
from mockserver.media_types import HeaderValue, charset_of, header_value
from mockserver.wire import checked

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_MAX_FIELDS = 1000
_MAX_FILES = 100
_MAX_PART_HEADER = 1024
_MAX_FILE_IN_MEMORY = 2_621_440
_TOO_MANY = f"it has more than {_MAX_FIELDS} fields"
_TOO_MANY_FILES = f"it has more than {_MAX_FILES} files"
_ITEM = re.compile(r"([^\[]*)\[([0-9]{1,9})\](.*)", re.DOTALL)
_BOUNDARY = re.compile(r"[ -~]{0,200}[!-~]")


class Form(dict[str, Any]):
    """The fields of an HTML form: every value is a text or an `Upload`.

    Of several fields with one name the last one counts, and a file before a text.
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


def is_item(key: str, name: str) -> bool:
    """Whether a field of this name belongs to an item of that list."""
    match = _ITEM.fullmatch(key)
    return match is not None and match[1] == name


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a multipart form. No operation takes one.

    `kind` is the class that the framework makes of it, as its messages call it.
    """

    name: str
    kind: str = "InMemoryUploadedFile"


def read_form(raw: bytes, content_type: str = FORM) -> Form:
    """The fields of a URL-encoded form, in the encoding that its Content-Type names.

    A body that is not in that encoding is read as Latin-1. An escape that is not becomes U+FFFD.

    Raises Refusal("malformed") with CHARSET or TOO_MANY_FIELDS, and Unsafe naming each NUL.
    """
    charset = charset_of(content_type)
    try:
        text = raw.decode(charset)
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    try:
        fields = parse_qsl(
            text,
            keep_blank_values=True,
            encoding=charset,
            errors="replace",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise Refusal("malformed", _TOO_MANY, reason=Reason.TOO_MANY_FIELDS) from None
    return checked(Form(fields))


class _Part(NamedTuple):
    """A part of a multipart body: its headers by name, and its content."""

    headers: Mapping[str, HeaderValue]
    content: bytes

    @property
    def disposition(self) -> Mapping[str, str] | None:
        """The parameters of its Content-Disposition; None where it has none."""
        header = self.headers.get("content-disposition")
        return header.parameters if header is not None else None


def read_multipart(raw: bytes, content_type: str) -> Form:
    """The fields of a multipart form, up to the place where it breaks; files become `Upload`.

    A part without a name is not a field. Bytes that are not in the encoding of the Content-Type
    become U+FFFD.

    Raises Refusal("malformed") with NO_BOUNDARY (`value`: the boundary, or None), MULTIPART_TYPE,
    NOT_ASCII, PART_HEADER, BASE64, CHARSET or TOO_MANY_FIELDS, and Unsafe naming each NUL.
    """
    charset = charset_of(content_type)
    boundary = _boundary(content_type)
    # The framework keeps files of a large request on disk.
    kind = "InMemoryUploadedFile"
    if len(raw) > _MAX_FILE_IN_MEMORY:
        kind = "TemporaryUploadedFile"
    texts, files = Form(), Form()
    count = file_count = 0
    pending: tuple[str, Upload] | None = None
    for part in _parts(raw, b"--" + boundary.encode()):
        # A file counts once another part follows it: the end of a whole body does.
        if pending is not None:
            files[pending[0]] = pending[1]
            pending = None
        disposition = part.disposition
        is_file = disposition is not None and bool(disposition.get("filename"))
        count += not is_file
        # Two more: what stands before the first boundary and after the last.
        if count > _MAX_FIELDS + 2:
            raise Refusal("malformed", _TOO_MANY, reason=Reason.TOO_MANY_FIELDS)
        if disposition is None or "name" not in disposition:
            continue
        name = _decoded(disposition["name"].strip(), charset)
        if not is_file:
            texts[name] = _text_of(part, charset)
            continue
        file_count += 1
        if file_count > _MAX_FILES:
            raise Refusal("malformed", _TOO_MANY_FILES, reason=Reason.TOO_MANY_FIELDS)
        file_name = _file_name(_decoded(disposition["filename"], charset))
        if file_name:
            _check_file(part)
            pending = (name, Upload(file_name, kind))
    return checked(Form(texts | files))


def _boundary(content_type: str) -> str:
    if not content_type.startswith("multipart/"):
        message = f"its Content-Type is {content_type}"
        raise Refusal("malformed", message, reason=Reason.MULTIPART_TYPE, value=content_type)
    if not content_type.isascii():
        message = "its Content-Type is not ASCII"
        raise Refusal("malformed", message, reason=Reason.NOT_ASCII, value=content_type)
    try:
        boundary = header_value(content_type).parameters.get("boundary")
    except ValueError:
        boundary = None
    if not boundary or not _BOUNDARY.fullmatch(boundary):
        message = "its Content-Type names no boundary"
        raise Refusal("malformed", message, reason=Reason.NO_BOUNDARY, value=boundary)
    return boundary


def _parts(raw: bytes, separator: bytes) -> Iterator[_Part]:
    """Each part of a multipart body: what stands before the first separator too, and at the end.

    Raises Refusal("malformed") with PART_HEADER.
    """
    start = 0
    while start < len(raw):
        end = raw.find(separator, start)
        if end < 0:
            yield _part(raw[start:])
            return
        # The line end before a separator belongs to it.
        stop = end
        if raw.endswith(b"\n", start, stop):
            stop -= 1
        if raw.endswith(b"\r", start, stop):
            stop -= 1
        yield _part(raw[start:stop])
        start = end + len(separator)


def _part(raw: bytes) -> _Part:
    head = raw[:_MAX_PART_HEADER]
    head_end = head.find(b"\r\n\r\n")
    if head_end < 0:
        if len(head) == _MAX_PART_HEADER:
            raise Refusal("malformed", "a part has no end of its head", reason=Reason.PART_HEADER)
        return _Part({}, raw)
    headers = {}
    for line in head[:head_end].split(b"\r\n"):
        try:
            header = header_value(line.decode())
            name, value = header.value.split(":", 1)
            for parameter in header.parameters.values():
                parameter.encode()  # raises for a lone surrogate
        except ValueError:
            continue
        headers[name] = HeaderValue(value, header.parameters)
    return _Part(headers, raw[head_end + 4 :])


def _decoded(text: str, charset: str) -> str:
    """A parameter as the framework gets it: its UTF-8 read in the encoding of the form."""
    return text.encode().decode(charset, "replace")


def _is_base64(part: _Part) -> bool:
    encoding = part.headers.get("content-transfer-encoding")
    return encoding is not None and encoding.value.strip() == "base64"


def _text_of(part: _Part, charset: str) -> str:
    content = part.content
    if _is_base64(part):
        try:
            content = b64decode(content)
        except ValueError:
            content = part.content
    return content.decode(charset, "replace")


def _check_file(part: _Part) -> None:
    """Raise Refusal("malformed") with BASE64 for a file that is not in the encoding it names."""
    if not _is_base64(part):
        return
    content = b"".join(part.content.split())
    try:
        b64decode(content)
        is_whole = len(content) % 4 == 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise Refusal("malformed", "a file is no base64", reason=Reason.BASE64)


def _file_name(text: str) -> str:
    """The name of a file without its folders; empty for one that has no name of its own."""
    # Its table of entities is large, and few forms have files.
    from html import unescape

    name = unescape(text).rpartition("/")[2].rpartition("\\")[2]
    name = "".join(filter(str.isprintable, name))
    return "" if name in (".", "..") else name

"""What a Content-Type says: the media type, its parameters, and the encoding of the body."""

import codecs
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

from mockserver.errors import Reason, Refusal

_UTF_8 = "utf-8"
_SLOW = frozenset({"idna", "punycode"})
"""Encodings of domain names. To read one takes time that grows with the square of its length."""


class HeaderValue(NamedTuple):
    """The value of a header such as Content-Type, in small letters, with its parameters."""

    value: str
    parameters: Mapping[str, str]


def header_value(text: str) -> HeaderValue:
    """The value and the parameters of a header, as Django reads them: with the `email` package.

    Raises ValueError for a parameter in an unknown encoding (RFC 2231).
    """
    if ";" not in text:
        return HeaderValue(text.strip().lower(), {})
    from email.message import Message
    from email.utils import collapse_rfc2231_value

    message = Message()
    message["content-type"] = text
    try:
        (value, _), *pairs = message.get_params([("", "")])
    except TypeError as error:  # of a parameter in parts of which one has no number
        raise ValueError(str(error)) from None
    parameters = {}
    for name, parameter in pairs:
        if isinstance(parameter, tuple) and parameter[0]:
            _known_encoding(parameter[0])
        if name:
            parameters[name] = collapse_rfc2231_value(parameter)
    return HeaderValue(value.lower(), parameters)


def _known_encoding(name: str) -> None:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"{name!r} is no encoding") from None


@lru_cache(maxsize=256)
def charset_of(content_type: str) -> str:
    """The encoding that a Content-Type names, UTF-8 where it names none that is known.

    Raises Refusal("malformed") with CHARSET for one that is not for texts, or that is too slow.
    """
    charset = _named_charset(content_type)
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return _UTF_8
    if name in _SLOW or not _is_of_texts(charset):
        message = f"it names the encoding {charset}"
        raise Refusal("malformed", message, reason=Reason.CHARSET, value=charset)
    return charset


def _is_of_texts(charset: str) -> bool:
    try:
        # Unlike a look-up, this refuses what is no encoding of texts, like `base64`.
        "".encode(charset)
    except (LookupError, UnicodeError):
        return False
    return True


def _named_charset(content_type: str) -> str:
    if ";" not in content_type:
        return _UTF_8
    try:
        return header_value(content_type).parameters.get("charset", _UTF_8)
    except ValueError:
        return _UTF_8


def in_utf8(raw: bytes, content_type: str) -> bytes:
    """A body in UTF-8, read in the encoding that its Content-Type names.

    A character that the end of the body cuts off is left out, as Python's stream readers do.

    Raises Refusal("malformed") with CHARSET, and with what Python says of a body that is not in
    that encoding.
    """
    charset = charset_of(content_type)
    if codecs.lookup(charset).name == _UTF_8 and raw.isascii():
        return raw
    try:
        text: str = codecs.getreader(charset)(BytesIO(raw)).read()
    except UnicodeError as error:
        raise Refusal("malformed", str(error)) from None
    return text.encode("utf-8", "surrogatepass")

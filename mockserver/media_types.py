"""What headers say of bodies: the type and the encoding of one, and which a client wants."""

import codecs
import pkgutil
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from io import BytesIO
from typing import NamedTuple

from mockserver.errors import Reason, Refusal

_UTF_8 = "utf-8"
_LONGEST = 1024
_SEPARATORS = re.compile("[^a-z0-9]+")
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_READ = re.compile(r"utf-8(-sig)?|utf-(16|32)(-[bl]e)?|ascii|iso8859-\d+|cp125\d")
"""The encodings that bodies are read in, by Python's names for them. To read some of the others, as
`punycode`, takes time that grows with the square of the length."""


class HeaderValue(NamedTuple):
    """The value of a header such as Content-Type, in small letters, with its parameters."""

    value: str
    parameters: Mapping[str, str]


def header_value(text: str) -> HeaderValue:
    """The value and the parameters of a header, as Django reads them: with the `email` package.

    Raises ValueError for a parameter in an unknown encoding (RFC 2231) and for a text of more than
    1,024 characters: to read it takes time that grows with the square of its length.
    """
    if len(text) > _LONGEST:
        raise ValueError("it is too long")
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
    if _codec(name) is None:
        raise ValueError(f"{name!r} is no encoding")


def qualities(text: str) -> dict[str, float]:
    """What a header like Accept or Accept-Encoding names, in its order, and how much it is wanted.

    That goes from 0, not at all, to 1, which is meant where a name stands alone (RFC 9110, 12.4.2).
    What has a value that is no such number counts as not named.
    """
    found: dict[str, float] = {}
    for part in text.lower().split(","):
        name, *parameters = map(str.strip, part.split(";"))
        quality = _quality(parameters)
        if name and quality is not None:
            found.setdefault(name, quality)
    return found


def _quality(parameters: list[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QUALITY.fullmatch(value.strip()) else None
    return 1.0


def is_preferred(media_type: str, accept: str, usual: str = "application/json") -> bool:
    """Whether an Accept wants a media type more than the usual one; of equal ones, names it first.

    Clients in JavaScript send `application/json, text/plain, */*` unless they are told otherwise.
    """
    wanted = qualities(accept)
    quality = wanted.get(media_type, 0.0)
    other = wanted.get(usual, wanted.get("*/*", 0.0))
    if quality != other:
        return quality > other
    named = [name for name in wanted if name in (media_type, usual)]
    return quality > 0 and named[0] == media_type


def charset_of(content_type: str) -> str:
    """The encoding that a Content-Type names, UTF-8 where it names none that Python knows.

    Raises Refusal("malformed") with CHARSET for any other that bodies are not read in.
    """
    if ";" not in content_type or len(content_type) > _LONGEST:
        return _UTF_8
    return _charset(content_type)


@lru_cache(maxsize=256)
def _charset(content_type: str) -> str:
    try:
        named = header_value(content_type).parameters.get("charset", _UTF_8)
    except ValueError:
        return _UTF_8
    codec = _codec(named)
    if codec is None:
        return _UTF_8
    if not _READ.fullmatch(codec):
        message = f"it names the encoding {named}"
        raise Refusal("malformed", message, reason=Reason.CHARSET, value=named)
    return codec


def _codec(name: str) -> str | None:
    """The name under which Python finds an encoding; None for one that it does not have.

    Python remembers each spelling that it looks up for good, found or not. So only the plain names
    of its own encodings are looked up.
    """
    plain = _SEPARATORS.sub("_", name.lower()).strip("_")
    if plain not in _codec_names():
        return None
    try:
        return codecs.lookup(plain).name
    except LookupError:  # one of another operating system
        return None


@cache
def _codec_names() -> frozenset[str]:
    import encodings
    from encodings.aliases import aliases

    modules = [module.name for module in pkgutil.iter_modules(encodings.__path__)]
    return frozenset([*aliases, *aliases.values(), *modules]) - {"aliases"}


def in_utf8(raw: bytes, content_type: str) -> bytes:
    """A body in UTF-8, read in the encoding that its Content-Type names.

    A character that the end of the body cuts off is left out, as Python's stream readers do.

    Raises Refusal("malformed") with CHARSET, and with what Python says of a body that is not in
    that encoding.
    """
    charset = charset_of(content_type)
    if charset == _UTF_8 and raw.isascii():
        return raw
    try:
        text: str = codecs.getreader(charset)(BytesIO(raw)).read()
    except UnicodeError as error:
        raise Refusal("malformed", str(error)) from None
    return text.encode("utf-8", "surrogatepass")

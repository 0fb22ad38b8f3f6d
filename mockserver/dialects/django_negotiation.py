"""What Django REST framework makes of the headers Accept and Content-Type."""

from functools import lru_cache
from typing import NamedTuple

from mockserver.forms import FORM, MULTIPART
from mockserver.media_types import HeaderValue, header_value
from mockserver.remembering import remembered

_MAX_ACCEPT = 8192
_MAX_TOKENS = 64
_MAX_MEDIA_TYPE = 256
_MAX_INDENT = 8


class Accepted(NamedTuple):
    """An Accept header that allows JSON: how far the answer is indented, or None."""

    indent: int | None


@remembered(256)
def accepted(accept: bytes) -> Accepted | None:
    """What an Accept header says about JSON; None where it leaves no room for it."""
    best: HeaderValue | None = None
    for token in _tokens(accept.decode("latin-1")):
        # The framework ignores quality values: with `q=0` a type is accepted all the same.
        found = _media_type(token)
        main, _, sub = found.value.partition("/")
        if main not in ("*", "application") or sub not in ("*", "json"):
            continue
        if best is None or _precedence(found) > _precedence(best):
            best = found
    if best is None:
        return None
    return Accepted(_indent(best.parameters.get("indent")))


def _tokens(accept: str) -> list[str]:
    """The media types of an Accept header, as many and as long as the framework reads."""
    if len(accept) > _MAX_ACCEPT:
        accept = accept[: accept.rfind(",", 0, _MAX_ACCEPT) + 1]
    tokens = [token.strip() for token in accept.split(",")]
    return [token for token in tokens if 0 < len(token) <= _MAX_MEDIA_TYPE][:_MAX_TOKENS]


def _media_type(text: str) -> HeaderValue:
    try:
        return header_value(text)
    except ValueError:
        return HeaderValue("", {})


def _precedence(found: HeaderValue) -> int:
    main, _, sub = found.value.partition("/")
    if main == "*":
        return 0
    if sub == "*":
        return 1
    return 2 if found.parameters.keys() <= {"q"} else 3


def _indent(text: str | None) -> int | None:
    try:
        wanted = int(text or "")
    except ValueError:
        return None
    return max(min(wanted, _MAX_INDENT), 0) or None


def is_form(content_type: str) -> bool:
    """Whether a Content-Type is that of an HTML form."""
    if len(content_type) > _MAX_MEDIA_TYPE:
        return False
    return _media_type(content_type).value in (FORM, MULTIPART)


def parsed_as(content_type: str, offered: tuple[str, ...]) -> str | None:
    """The offered media type whose parser reads a body of that Content-Type.

    A client may send `*/*` for its body too: then the first parser reads it.
    """
    if len(content_type) > _MAX_MEDIA_TYPE:
        return None
    return _parsed_as(content_type, offered)


@lru_cache(maxsize=256)
def _parsed_as(content_type: str, offered: tuple[str, ...]) -> str | None:
    main, _, sub = _media_type(content_type).value.partition("/")
    for kind in offered:
        own_main, _, own_sub = kind.partition("/")
        if main in ("*", own_main) and sub in ("*", own_sub):
            return kind
    return None

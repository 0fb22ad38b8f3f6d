"""What ASP.NET Core reads of a request beside its JSON.

The path as Kestrel decodes it, media types and charsets as MVC's formatters do, and forms, which
MVC reads before it looks for a formatter.
"""

import re
from typing import NamedTuple

from mockserver.remembering import remembered

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_ESSENCE = re.compile(rf"[ \t]*({_WORD})[ \t]*/[ \t]*({_WORD})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*({_WORD})[ \t]*(?:=[ \t]*({_WORD}|"(?:[^"\\]|\\.)*")?)?[ \t]*')

JSON, TEXT_JSON = "application/json", "text/json"
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

UTF_16 = frozenset({"utf-16", "utf-16le", "unicode", "ucs-2", "iso-10646-ucs-2"})
"""The names of little-endian UTF-16 that .NET knows."""

_UTF_8 = frozenset(
    {
        "utf-8",
        "unicode-1-1-utf-8",
        "unicode-2-0-utf-8",
        "x-unicode-1-1-utf-8",
        "x-unicode-2-0-utf-8",
    }
)


class MediaType(NamedTuple):
    """A media type in small letters, with its parameters in their order as they were sent."""

    type: str = ""
    subtype: str = ""
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def essence(self) -> str:
        """Type and subtype."""
        return f"{self.type}/{self.subtype}"

    def parameter(self, name: str) -> str | None:
        """The first parameter of that name, without quotes; None where there is none."""
        for each, value in self.parameters:
            if each == name:
                return value.strip('"')
        return None

    @property
    def charset(self) -> str | None:
        """The charset in small letters; None where there is none."""
        charset = self.parameter("charset")
        return None if charset is None else charset.lower()


@remembered(256)
def media_type(text: str) -> MediaType:
    """The first media type of a header; an empty one where it is none.

    What comes after the first parameter that is none does not count.
    """
    match = _ESSENCE.match(text)
    if match is None:
        return MediaType()
    parameters = []
    at = match.end()
    while parameter := _PARAMETER.match(text, at):
        parameters.append((parameter[1].lower(), parameter[2] or ""))
        at = parameter.end()
    return MediaType(match[1].lower(), match[2].lower(), tuple(parameters))


@remembered(256)
def json_media_type(content_type: str) -> str | None:
    """`application/json` or `text/json`, whichever the formatter of JSON takes this one for.

    A suffix counts like a subtype: `text/vnd+json` is `text/json`. None where the formatter takes
    neither the type nor its charset.
    """
    found = media_type(content_type)
    is_json = found.subtype == "json" or found.subtype.endswith("+json")
    charset = found.charset
    if not is_json or not (charset is None or charset in UTF_16 or charset in _UTF_8):
        return None
    name = f"{found.type}/json"
    return name if name in (JSON, TEXT_JSON) else None


def utf_8(raw: bytes, content_type: str) -> bytes:
    """The body as the parser gets it, transcoded to UTF-8.

    The framework falls over UTF-16 that is none (500). Here it becomes a text that is no JSON: half
    surrogate pairs stay bytes that are no UTF-8, and half a character adds one.
    """
    if media_type(content_type).charset not in UTF_16:
        return raw
    whole = raw[: len(raw) & ~1]
    rest = b"\xff" if len(raw) & 1 else b""
    return whole.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass") + rest


@remembered(256)
def answered_type(accept: str) -> str:
    """The media type of an answer to a request with that Accept: the most wanted that is JSON's.

    With `*/*` anywhere, or without any that is JSON's, it is `application/json`.
    """
    wanted = [media_type(each) for each in accept.split(",")]
    if any(each.essence == "*/*" for each in wanted):
        return JSON
    for each in sorted(wanted, key=_quality, reverse=True):
        for offered in (JSON, TEXT_JSON):
            if _includes(each, offered):
                return offered
    return JSON


def _includes(range: MediaType, offered: str) -> bool:
    """Whether a media range has the offered type. Ours have no parameters, so it may have none."""
    own = [name for name, _ in range.parameters]
    if own and own[0] != "q":
        return False
    type, _, subtype = offered.partition("/")
    return range.type == type and range.subtype in (subtype, "*")


def _quality(range: MediaType) -> float:
    try:
        return float(range.parameter("q") or 1)
    except ValueError:
        return 1.0


# Forms (FormValueProviderFactory, FormFeature, with the limits of FormOptions)

_FAILED = "Failed to read the request form. {}"
_NO_BOUNDARY = "Missing content-type boundary."
_LONG_BOUNDARY = "Multipart boundary length limit 128 exceeded."
_CUT_SHORT = (
    "Unexpected end of Stream, the content may have already been read by another component. "
)
_TOO_MANY = "Form value count limit 1024 exceeded."
_LONG_KEY = "Form key length limit 2048 exceeded."
_LONG_VALUE = "Form value length limit 4194304 exceeded."
_MOST_FIELDS, _LONGEST_KEY, _LONGEST_VALUE, _LONGEST_BOUNDARY = 1024, 2048, 4 << 20, 128


def form_error(raw: bytes, content_type: str) -> str | None:
    """Why the framework cannot read a form, or None: it can, or the body is none.

    It reads every form, for actions that want none too.
    """
    found = media_type(content_type)
    if not raw or found.essence not in (_FORM, _MULTIPART):
        return None
    if found.essence == _FORM:
        error = _urlencoded_error(raw)
    else:
        error = _multipart_error(raw, found.parameter("boundary") or "")
    return _FAILED.format(error) if error else None


def _urlencoded_error(raw: bytes) -> str | None:
    if raw.count(b"&") >= _MOST_FIELDS:
        return _TOO_MANY
    for field in raw.split(b"&"):
        key, _, value = field.partition(b"=")
        if len(key) > _LONGEST_KEY:
            return _LONG_KEY
        if len(value) > _LONGEST_VALUE:
            return _LONG_VALUE
    return None


def _multipart_error(raw: bytes, boundary: str) -> str | None:
    if not boundary:
        return _NO_BOUNDARY
    if len(boundary) > _LONGEST_BOUNDARY:
        return _LONG_BOUNDARY
    exact = re.escape(boundary.encode("latin-1"))
    end = re.compile(rb"(?:^|\r\n)--" + exact + rb"--[ \t]*(?:\r\n|$)")
    first = re.compile(rb"(?:^|\r\n)--" + exact + rb"(?:--)?[ \t]*(?:\r\n|$)")
    begun = first.search(raw)
    if begun is None or end.search(raw, begun.start()) is None:
        return _CUT_SHORT
    return None


# Paths

_OCTETS = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_OCTET = re.compile(rb"%([0-9A-Fa-f]{2})")


def decoded_path(raw: str) -> str | None:
    """A path as Kestrel decodes it before the routes see it; None for one that it refuses.

    Escapes are decoded, but for that of the slash, and for bytes that are no UTF-8. Then the steps
    `.` and `..` are resolved. It refuses NUL, and bytes beyond ASCII.
    """
    if not raw.isascii():
        return None
    if "%" in raw:
        decoded = _OCTETS.sub(_characters, raw.encode("ascii"))
        if b"\0" in decoded:
            return None
        raw = decoded.decode()
    return _without_dots(raw) if "/." in raw else raw


def _characters(match: re.Match[bytes]) -> bytes:
    """A run of escapes, decoded; those that are no UTF-8 stay as they are."""
    escapes = match[0]
    octets = bytes(int(escape, 16) for escape in _OCTET.findall(escapes))
    text = octets.decode("utf-8", "surrogateescape")
    decoded, at = [], 0
    for character in text:
        size = len(character.encode("utf-8", "surrogateescape"))
        kept = character == "/" or "\udc80" <= character <= "\udcff"
        sent = escapes[at * 3 : (at + size) * 3]
        decoded.append(sent if kept else character.encode())
        at += size
    return b"".join(decoded)


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4."""
    steps: list[str] = []
    parts = path.split("/")[1:]
    for part in parts:
        if part == "..":
            del steps[-1:]
        elif part != ".":
            steps.append(part)
    if parts[-1] in (".", ".."):
        steps.append("")
    return "/" + "/".join(steps)

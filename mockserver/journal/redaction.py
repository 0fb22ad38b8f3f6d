"""What is told of a request: without its secrets, and in characters that do no harm.

Names are compared in any letter case, and `-` and `_` are one. The usual names of secrets are data
here; where a vendor's credential stands is told at the start, by `hide`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

if TYPE_CHECKING:
    from mockserver.call import Request
    from mockserver.credential import Credential

HIDDEN = "***"
"""What stands in the place of a secret."""

HEADERS = frozenset(
    "authorization proxy-authorization x-authorization cookie set-cookie x-api-key api-key apikey "
    "x-api-token api-token x-auth-key x-auth-token auth-token x-access-token access-token "
    "x-refresh-token x-token x-csrf-token x-xsrf-token x-secret x-api-secret client-secret "
    "x-client-secret x-session-token x-goog-api-key x-amz-security-token ocp-apim-subscription-key "
    "x-signature x-hub-signature x-hub-signature-256 private-token".split()
)
"""Headers that carry secrets."""

PARAMETERS = frozenset(
    "token access-token refresh-token id-token auth-token api-token session-token csrf-token "
    "api-key apikey x-api-key key auth-key access-key secret-key private-key subscription-key "
    "password passwd pwd secret client-secret api-secret signature sig auth authorization "
    "credential credentials session-id sessionid x-amz-signature x-amz-credential "
    "x-amz-security-token x-goog-signature x-goog-credential".split()
)
"""Query parameters that carry secrets.

`key` is among them, as it often is the whole credential. `code` is not: a code of a status, country
or product is more common than that of OAuth, which works once.
"""

SCHEMES = frozenset(
    "apikey aws4-hmac-sha256 basic bearer digest dpop gnap hmac hoba mutual negotiate ntlm oauth "
    "privatetoken scram-sha-1 scram-sha-256 token vapid".split()
)
"""The words before a credential that may be shown: those of authentication schemes."""

_WITH_SCHEME = frozenset({"authorization", "proxy-authorization", "x-authorization"})
_LINKS = frozenset({"location", "content-location", "referer"})
"""Headers whose value is an address, and may have a query."""

_headers = set(HEADERS)
_parameters = set(PARAMETERS)
_schemes = set(SCHEMES)
_keys: set[str] = set()
# Names are only ever added: servers in one process may share them, as hiding one name too many
# does no harm, and one too few does.


def hide(credential: "Credential") -> None:
    """Hide what stands where this credential does, from now on."""
    if credential.where == "query":
        _parameters.add(_plain(credential.name))
        _keys.add(credential.name)
    elif credential.where == "header":
        _headers.add(_plain(credential.name))
    if credential.scheme:
        _schemes.add(credential.scheme.lower())


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def is_secret_header(name: str) -> bool:
    """Whether nobody may see the value of the header."""
    return _plain(name) in _headers


def is_secret_parameter(name: str) -> bool:
    """Whether nobody may see the value of the query parameter."""
    return _plain(name) in _parameters


def carries_credential(name: str) -> bool:
    """Whether a vendor's credential stands in the query parameter of that name."""
    return name in _keys


def masked(name: str, value: str) -> str:
    """A header's value as anybody may see it.

    Of a secret the scheme stays, where it has one that is known. Of an address the query is
    hidden as far as it is secret.
    """
    plain = _plain(name)
    if plain in _LINKS:
        return hidden_link(value)
    if plain not in _headers:
        return value
    scheme, space, _ = value.partition(" ")
    if plain in _WITH_SCHEME and space and scheme.lower() in _schemes:
        return f"{scheme} {HIDDEN}"
    return HIDDEN


def masked_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name, equal names joined by a comma, secrets hidden."""
    texts: dict[str, list[str]] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1").lower()
        texts.setdefault(name, []).append(raw_value.decode("latin-1"))
    return {name: masked(name, ", ".join(values)) for name, values in texts.items()}


def masked_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters by name, secrets hidden."""
    return {
        name: HIDDEN if is_secret_parameter(name) else value for name, value in parameters.items()
    }


def hidden_query(query: str) -> str:
    """A query string as it was sent, secrets hidden."""
    return "&".join(map(_hidden_pair, query.split("&")))


def _hidden_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if value and is_secret_parameter(unquote_plus(name)):
        return f"{name}{equals}{HIDDEN}"
    return pair


def hidden_link(link: str) -> str:
    """An address, secrets in its query hidden."""
    address, mark, rest = link.partition("?")
    query, hash, fragment = rest.partition("#")
    return f"{address}{mark}{hidden_query(query)}{hash}{fragment}"


def hidden_target(request: "Request") -> str:
    """The path that was called, with its query, secrets hidden."""
    query = request.query_string
    return f"{request.path}?{hidden_query(query.decode('latin-1'))}" if query else request.path


def secret_headers(headers: Mapping[bytes, bytes]) -> frozenset[tuple[bytes, bytes]]:
    """The headers of a request that say who sends it; to compare, not to show."""
    return frozenset(
        (name, value) for name, value in headers.items() if is_secret_header(name.decode("latin-1"))
    )


def shown_secrets(request: "Request") -> Iterator[str]:
    """Where a request has credentials or the like, with what may be shown of them."""
    for header, raw in request.headers.items():
        name = header.decode("latin-1")
        if is_secret_header(name):
            yield f"{name}: {_masked_or_empty(name, raw.decode('latin-1').strip())}"
    for name, _ in parse_qsl(request.query_string.decode("utf-8", "replace")):
        if is_secret_parameter(name):
            yield f"?{name}={HIDDEN}"


def _masked_or_empty(name: str, value: str) -> str:
    if not value:
        return "(empty)"
    if value.lower() in _schemes:
        return f"{value} (empty)"
    return masked(name, value)


def secret_texts(request: "Request") -> Iterator[str]:
    """The credentials of a request, without their schemes; to judge, not to show."""
    for header, raw in secret_headers(request.headers):
        text = raw.decode("latin-1")
        if header == b"cookie":
            yield from (pair.partition("=")[2].strip() for pair in text.split(";"))
            continue
        scheme, _, rest = text.partition(" ")
        yield rest.strip() if scheme.lower() in _schemes else text
    if not request.query_string:
        return
    for name, value in parse_qsl(request.query_string.decode("utf-8", "replace")):
        if carries_credential(name):
            yield value


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters (C0, DEL, C1), line separators, and what no encoding has."""


def printable(text: str) -> str:
    """One line for a terminal or a page: control characters become escapes."""
    return text if text.isascii() and text.isprintable() else _UNPRINTABLE.sub(_escape, text)


_SHOWN = 200


def quoted(text: object) -> str:
    """What a client sent, as a short piece of code that no Markdown gets out of."""
    line = printable(" ".join(str(text).replace("`", "'").split())) or '""'
    return f"`{line[:_SHOWN]}...`" if len(line) > _SHOWN else f"`{line}`"


def printable_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(printable, text.split("\n")))


def _escape(match: re.Match[str]) -> str:
    point = ord(match.group())
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"

"""What of a request nobody may see: credentials."""

import re
from collections.abc import Iterable

_HIDDEN = "***"
_SCHEME = re.compile(r"[A-Za-z-]{1,20} ")

CREDENTIALS = {
    "authorization": _SCHEME,
    "proxy-authorization": _SCHEME,
    "x-api-key": None,
    "cookie": None,
}
"""The headers whose values nobody sees, and what of a value may be shown.

The word that names the scheme, or nothing.
"""


def masked(name: str, value: str) -> str:
    """A header's value as anybody may see it; `name` in lower case."""
    if name not in CREDENTIALS:
        return value
    pattern = CREDENTIALS[name]
    scheme = pattern.match(value) if pattern else None
    return (scheme.group() if scheme else "") + _HIDDEN


def masked_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name, equal names joined by a comma, credentials hidden."""
    texts: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        texts[name] = f"{texts[name]}, {value}" if name in texts else value
    return {name: masked(name, value) for name, value in texts.items()}

"""The e-mail addresses and URLs that Django takes."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType

from mockserver.documents.formats import Format
from mockserver.remembering import remembered

# Patterns as texts are compiled when they are first needed: these take as long as a tenth of a
# start.
_LETTERS = "A-Za-z\u00a1-\uffff"
_LABEL = rf"(?!-)[{_LETTERS}0-9-]{{1,63}}(?<!-)"
_TOP_LABEL = rf"(?!-)(?:[{_LETTERS}-]{{2,63}}|[Xx][Nn]--[A-Za-z0-9]{{1,59}})(?<!-)"
_ATOM = r"[\w!#$%&'*+/=?^`{|}~\u0130\u0131\u017f\u212a-]+"
# The last four letters are those that Python takes for an i, an s or a k in any case.
_QUOTED = r'"(?:[^\0\t\n\r "\\\x80-\U0010ffff]|\\[^\0\n\r\x80-\U0010ffff])*"'
_LOCAL_PART = rf"{_ATOM}(?:\.{_ATOM})*|{_QUOTED}"
_USER = r"[^\s:@/?#\[\]]+(?::[^\s:@/?#\[\]]*)?@"
_URL = (
    rf"(?:https?|ftps?)://(?:{_USER})?(\[[^\]]*\]|[^\s/?#:@\[\]]+)(?::[0-9]{{1,5}})?(?:[/?#]\S*)?"
)
_MAX_EMAIL = 320
_MAX_URL = 2048
_MAX_HOST = 253


def _is_address(text: str, kind: type[IPv4Address | IPv6Address]) -> bool:
    try:
        return "%" not in str(kind(text))
    except ValueError:
        return False


def _is_domain(text: str) -> bool:
    *labels, top = text.split(".")
    return (
        bool(labels)
        and all(re.fullmatch(_LABEL, label) for label in labels)
        and re.fullmatch(_TOP_LABEL, top) is not None
    )


def is_django_email(text: str) -> bool:
    """Whether Django 5 takes it for an e-mail address.

    An ASCII user, dotted or in quotes, at a domain of letters of any script, at an IP address in
    brackets, or at `localhost`.
    """
    # The length comes first: no longer text is kept in the cache.
    return len(text) <= _MAX_EMAIL and _is_short_email(text)


@remembered(1 << 14, 128)
def _is_short_email(text: str) -> bool:
    user, _, host = text.rpartition("@")
    if not re.fullmatch(_LOCAL_PART, user, re.ASCII):
        return False
    if host[:1] == "[" and host[-1] == "]":
        return _is_address(host[1:-1], IPv4Address) or _is_address(host[1:-1], IPv6Address)
    return host == "localhost" or _is_domain(host)


def is_django_url(text: str) -> bool:
    """Whether Django 5 takes it for a URL.

    Of the web or of FTP, of a host as in an e-mail address, and without white space.
    """
    if len(text) > _MAX_URL:
        return False
    match = re.fullmatch(_URL, text, re.IGNORECASE)
    if match is None or len(match[1]) > _MAX_HOST:
        return False
    host = match[1]
    if host[0] == "[":
        return _is_address(host[1:-1], IPv6Address)
    return (
        host.lower() == "localhost"
        or _is_address(host, IPv4Address)
        or _is_domain(host.removesuffix("."))
    )


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"django-email": is_django_email, "django-url": is_django_url}
)
"""By the names that a document calls them."""

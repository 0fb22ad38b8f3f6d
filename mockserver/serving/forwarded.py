"""What a proxy in front of the server says of a request: how the client reached that proxy."""

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from mockserver.serving.heads import HOST, Head, Line, scope_of, with_host
from mockserver.serving.proxy import name_of

ScopeOf = Callable[[Line, Head, str], dict[str, Any]]
"""Makes the ASGI scope of a request from its head and the scheme of its connection."""

_SCHEMES = {b"http": "http", b"https": "https"}
_PAIR = re.compile(rb'(proto|host)[ \t]*=[ \t]*(?:"([^"]*)"|([^;, \t"]*))', re.IGNORECASE)


class Forwarded:
    """Reads `Forwarded` (RFC 7239), else `X-Forwarded-Proto` and `X-Forwarded-Host`.

    Where several proxies have each added a value, the first one is that of the client's own.
    """

    def __init__(self, networks: Iterable[str], is_known: Callable[[bytes], bool]) -> None:
        """`networks` are those of proxies.

        `is_known` says of the host in `Host` whether a proxy may have sent it. Of another one no
        name is believed: a web page can make its own name lead to this machine, and send headers.
        """
        self._networks = [ip_network(network) for network in networks]
        self._is_known = is_known

    def comes_from_proxy(self, peer: Any) -> bool:
        """Whether a client with this address may be a proxy. A socket file is this machine's."""
        if not isinstance(peer, tuple):
            return True
        address = ip_address(peer[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return any(_is_in(mapped or address, network) for network in self._networks)

    def scope_of(self, line: Line, head: Head, scheme: str) -> dict[str, Any]:
        """The scope of a request as the client sent it to the proxy."""
        scope = scope_of(line, head, scheme)
        proto, host = _told(head)
        known = _SCHEMES.get(proto.lower())
        if known is not None:
            scope["scheme"] = known
        if (
            host
            and HOST.fullmatch(host)
            and self._is_known(name_of(head.headers.get(b"host", b"")))
        ):
            scope = with_host(scope, host)
        return scope


def _is_in(address: Any, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version and address in network


def _told(head: Head) -> tuple[bytes, bytes]:
    """The scheme and the host that a proxy tells; empty where it tells none."""
    headers = head.headers
    proto = _first(headers.get(b"x-forwarded-proto", b""))
    host = _first(headers.get(b"x-forwarded-host", b""))
    for name, quoted, plain in _PAIR.findall(_first(headers.get(b"forwarded", b""))):
        if name.lower() == b"proto":
            proto = quoted or plain
        else:
            host = quoted or plain
    return proto, host


def _first(value: bytes) -> bytes:
    return value.partition(b",")[0].strip()

"""For which hosts a client may use this server as its proxy. Nothing is ever dialled."""

from typing import Protocol

from mockserver.serving.refusals import NotHere


class Hosts(Protocol):
    """What knows the names of this server."""

    def is_here(self, host: bytes) -> bool:
        """Whether a proxy may serve requests for that host itself: it is this machine."""

    def is_vendor(self, host: bytes) -> bool:
        """Whether that is the host name of a vendor."""


class Proxy:
    """Says of a host that a client wants to reach whether it is reached here."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    def check_host(self, authority: bytes) -> None:
        """Raise NotHere for an absolute target with a host that is not here."""
        host = name_of(authority)
        if not (self._hosts.is_vendor(host) or self._hosts.is_here(host)):
            raise _elsewhere(host)

    def check_tunnel(self, authority: bytes) -> None:
        """Raise NotHere for a CONNECT to a host that is no vendor's."""
        host = name_of(authority)
        if not self._hosts.is_vendor(host):
            raise _elsewhere(host)


def name_of(authority: bytes) -> bytes:
    """The host in a host and port, in lower case, without the dot that may end it."""
    if authority.startswith(b"["):
        return authority.partition(b"]")[0].lower() + b"]"
    return authority.partition(b":")[0].lower().removesuffix(b".")


def _elsewhere(host: bytes) -> NotHere:
    name = host.decode("latin-1")
    return NotHere(
        403, f"This server reaches no other host, so it is no proxy for {name or 'no host'}"
    )

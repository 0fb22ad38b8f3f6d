"""Targets: where a delivery may go, judged by the URL, and by the addresses of its host."""

import asyncio
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from mockserver.errors import MockserverError
from mockserver.settings import host_and_port
from mockserver.webhooks.addresses import (
    LOOPBACK,
    PRIVATE,
    Address,
    Network,
    is_of_this_machine,
    judged,
    literal,
    never,
    unmapped,
)
from mockserver.webhooks.lookup import LookUp, NameNotFound

LONGEST_URL = 8192
"""So many characters the URL of a delivery has at most, its placeholders filled."""

_OPTION = "--webhook-targets"
_LONGEST_HOST = 253
_PORTS = {"http": 80, "https": 443}
# After an `@` there would be credentials before it: no host has one.
_AUTHORITY = re.compile(r"(?:\[([^\[\]@]*)\]|([^\[\]:@]*))(?::([0-9]{0,8}))?", re.ASCII)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What a path or a query may hold as it is (RFC 3986); `%` too: what is escaped stays so.
_SAFE = "%!$&'()*+,;=:@/?[]"

METADATA_NAMES = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.azure.internal",
        "metadata.goog",
        "metadata.google.internal",
        "metadata.packet.net",
        "metadata.platformequinix.com",
        "metadata.tencentyun.com",
    }
)
"""Names of the services that hand out a cloud machine's credentials."""


class RefusedTarget(MockserverError):
    """A URL to which nothing may be sent; the text is a sentence that says why.

    `is_own` says that it leads to this server itself.
    """

    def __init__(self, reason: str, *, is_own: bool = False) -> None:
        super().__init__(reason)
        self.is_own = is_own


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL in its parts: what is dialled, asked for and shown is made from these alone.

    `host` is in ASCII and small letters, without brackets, and without the dot at its end;
    `address` is what it means where it is no name. `target` is path and query, percent-encoded.
    """

    scheme: str
    host: str
    port: int
    target: str
    address: Address | None

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL and in the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_localhost(self) -> bool:
        """Whether the host is a name for this machine by RFC 6761, whatever a name server says."""
        return self.host == "localhost" or self.host.endswith(".localhost")


class Targets:
    """Where deliveries may go: loopback, and what the operator names beside it.

    `allowed` are items of the option `--webhook-targets`: networks, hosts, hosts with a port, and
    the words `private` and `any`. Addresses that are link-local or of another kind in
    `addresses.never` are refused whatever it says.
    """

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self.own: Collection[tuple[str, int]] = ()
        """The addresses and ports on which this server listens: nothing is sent there."""
        self.own_names: Collection[str] = ()
        """Host names that this server answers for: nothing is sent there either."""
        self._any = "any" in allowed
        self._networks: list[tuple[Network, int | None]] = []
        self._names: set[tuple[str, int | None]] = set()
        self._look_up: Final = LookUp()
        for item in allowed:
            self._allow(item.lower())

    def _allow(self, item: str) -> None:
        if item in ("any", "loopback"):
            return
        if item == "private":
            self._networks += [(network, None) for network in PRIVATE]
            return
        host, port = host_and_port(item)
        try:
            self._networks.append((ip_network(host, strict=False), port))
        except ValueError:
            self._names.add((host.removesuffix("."), port))

    def destination(self, url: str) -> Destination:
        """A URL in its parts, if nothing is wrong with it that can be seen without a look-up.

        Raises RefusedTarget.
        """
        destination = parsed(url)
        host = destination.host
        if host in self.own_names:
            raise RefusedTarget(f"{host} is a host name of this server", is_own=True)
        if host in METADATA_NAMES:
            raise RefusedTarget(f"{host} is a cloud's metadata service")
        for address in self._known(destination):
            self.check(address, destination)
        return destination

    def objection(self, url: str) -> str | None:
        """Why nothing may be sent to a URL, as far as it can be said without a look-up."""
        try:
            self.destination(url)
        except RefusedTarget as refused:
            return str(refused)
        return None

    async def refusal(self, url: str, seconds: float = 2) -> str | None:
        """Why nothing may be sent to a URL, with one look-up of its name; None if it may.

        A name that is not found within so many seconds may be there later: it is refused only if
        the operator has named neither it nor `any`.
        """
        try:
            destination = self.destination(url)
            with suppress(NameNotFound, TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.addresses(destination)
                return None
        except RefusedTarget as refused:
            return str(refused)
        if self._any or self._is_named(destination):
            return None
        return f"{destination.host} is not found, and {_OPTION} does not name it"

    async def addresses(self, destination: Destination) -> list[Address]:
        """The addresses of a destination, each of them checked, by one look-up at most.

        Raises RefusedTarget if one of them is refused, and NameNotFound.
        """
        found = self._known(destination)
        if not found:
            found = tuple(map(unmapped, await self._look_up(destination.host, destination.port)))
        for address in found:
            self.check(address, destination)
        return list(found)

    def check(self, address: Address, destination: Destination) -> None:
        """Raise RefusedTarget if an address of a destination may not be called."""
        place = destination.host
        if str(address) != place:
            place += f" ({address})"
        if not address.is_loopback:
            self._refuse_never(address, place)
        if self._is_own(address, destination.port):
            where = f"{destination.authority} is this server itself"
            raise RefusedTarget(f"{where}: only inboxes are targets here", is_own=True)
        if self._any or address.is_loopback or self._is_named(destination):
            return
        if not all(self._is_in_network(each, destination.port) for each in judged(address)):
            raise RefusedTarget(f"{place} is not loopback, and {_OPTION} does not name it")

    def _refuse_never(self, address: Address, place: str) -> None:
        for each in (address, *judged(address)):
            why = "an address of no machine" if each.is_loopback else never(each)
            if why is not None:
                inside = "" if each == address else f", which holds {each},"
                raise RefusedTarget(f"{place}{inside} is {why}: nothing is sent there")

    def _known(self, destination: Destination) -> tuple[Address, ...]:
        """The addresses that are known without a look-up."""
        if destination.address is not None:
            return (destination.address,)
        return LOOPBACK if destination.is_localhost else ()

    def _is_named(self, destination: Destination) -> bool:
        host = destination.host
        return (host, None) in self._names or (host, destination.port) in self._names

    def _is_in_network(self, address: Address, port: int) -> bool:
        return any(address in network and only in (None, port) for network, only in self._networks)

    def _is_own(self, address: Address, port: int) -> bool:
        for text, own_port in self.own:
            if own_port != port:
                continue
            own = literal(text)
            if own == address:
                return True
            # It listens on all addresses of this machine.
            if own is not None and own.is_unspecified and is_of_this_machine(address):
                return True
        return False


def parsed(url: str) -> Destination:
    """A URL in its parts. Raises RefusedTarget for one that is none, or holds what none should."""
    if len(url) > LONGEST_URL:
        raise RefusedTarget(f"the URL is longer than {LONGEST_URL:,} characters")
    if _CONTROL.search(url) or url != url.strip():
        raise RefusedTarget("the URL holds control characters, or spaces at an end")
    try:
        parts = urlsplit(url)
        target = _target(parts)
    except ValueError:  # a UnicodeEncodeError too
        raise RefusedTarget("that is no URL") from None
    if parts.scheme not in _PORTS:
        raise RefusedTarget("only http:// and https:// URLs are called")
    if "@" in parts.netloc:
        raise RefusedTarget("the URL holds credentials: give them as a header")
    host, port = _host_and_port(parts)
    try:
        address = literal(host)
    except ValueError:
        raise RefusedTarget(f"{host} is no valid address") from None
    host = host.removesuffix(".")
    return Destination(parts.scheme, host, port or _PORTS[parts.scheme], target, address)


def _target(parts: SplitResult) -> str:
    path = quote(parts.path, safe=_SAFE) or "/"
    return f"{path}?{quote(parts.query, safe=_SAFE)}" if parts.query else path


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    """The host of a URL in ASCII and small letters, and its port; 0 if it names none."""
    match = _AUTHORITY.fullmatch(parts.netloc)
    if match is None:
        raise RefusedTarget("the URL names no valid host and port")
    bracketed, name, digits = match.groups()
    port = int(digits or 0)
    if port > 65_535 or (digits and port == 0):
        raise RefusedTarget("the port of the URL is not between 1 and 65535")
    if bracketed is not None:
        return _without_zone(bracketed), port
    if not name:
        raise RefusedTarget("the URL names no host")
    host = _in_ascii(name).lower()
    if len(host) > _LONGEST_HOST or not _NAME.fullmatch(host):
        raise RefusedTarget("the URL names no valid host")
    return host, port


def _without_zone(text: str) -> str:
    # Only link-local addresses have zones, and these are never called.
    if "%" in text or ":" not in text:
        raise RefusedTarget("the URL names no valid host")
    return text.lower()


def _in_ascii(name: str) -> str:
    """A host name as name servers know it; letters and digits of any width become plain ones."""
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise RefusedTarget("the URL names no valid host") from None

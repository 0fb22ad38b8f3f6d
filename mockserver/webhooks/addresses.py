"""Addresses: which one a host's text means, which may never be called, and which hide in others."""

import socket
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
"""What `localhost` means, in the order in which it is called."""

PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""The networks that belong to nobody in particular (RFC 1918 and 4193)."""

# Metadata services hand out credentials to whoever asks from within the machine. The well-known
# address 169.254.169.254 is a link-local one; these are the others.
_METADATA = {
    "100.100.100.200/32": "Alibaba Cloud",
    "168.63.129.16/32": "Azure",
    "192.0.0.192/32": "Oracle Cloud",
    "fd00:ec2::/32": "AWS",
    "fd20:ce::/32": "Google Cloud",
    "fd00:42::42/128": "Scaleway",
}
_NEVER = {
    "0.0.0.0/8": "an unspecified address",
    "::/128": "an unspecified address",
    "169.254.0.0/16": "a link-local address",
    "fe80::/10": "a link-local address",
    "224.0.0.0/4": "a multicast address",
    "ff00::/8": "a multicast address",
    "240.0.0.0/4": "a reserved address",
    # Which IPv4 address is meant depends on the length of a prefix that only the network knows.
    "64:ff9b:1::/48": "an address of a local translator",
    **dict.fromkeys(_METADATA, "an address of a cloud's metadata service"),
}
_NEVER_NETWORKS: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), why) for network, why in _NEVER.items()
)

_BITS_32 = 0xFFFF_FFFF
# Where an IPv6 address holds one of IPv4: the network, the place of its last bit, and what its
# bits are inverted with.
_HOLDERS = (
    (IPv6Network("::/96"), 0, 0),  # "IPv4-compatible" (RFC 4291, out of use)
    (IPv6Network("::ffff:0:0:0/96"), 0, 0),  # IPv4-translated (RFC 2765)
    (IPv6Network("64:ff9b::/96"), 0, 0),  # NAT64 (RFC 6052)
    (IPv6Network("2002::/16"), 80, 0),  # 6to4 (RFC 3056)
    (IPv6Network("2001::/32"), 64, 0),  # Teredo: its server (RFC 4380)
    (IPv6Network("2001::/32"), 0, _BITS_32),  # Teredo: its client
)
# The second half of an ISATAP address, above the IPv4 address (RFC 5214), but for one bit.
_ISATAP = 0x0000_5EFE
_ISATAP_MASK = 0xFDFF_FFFF

_DIGITS = {8: "01234567", 10: "0123456789", 16: "0123456789abcdef"}


def literal(host: str) -> Address | None:
    """The address that the text of a host is, in any form that a resolver takes; None for a name.

    `host` is in ASCII, in small letters and without brackets. An IPv4 address may have one to four
    parts, each decimal, octal or hexadecimal (the WHATWG URL Standard's IPv4 parser, and
    `inet_aton`). What is IPv4 within IPv6 (`::ffff:127.0.0.1`) is given as IPv4.

    Raises ValueError for what looks like an address and is none.
    """
    if ":" in host:
        return unmapped(ip_address(host))
    parts = host.removesuffix(".").split(".")
    if not _is_number(parts[-1]):
        return None
    *front, last = [_number(part) for part in parts]
    if len(front) > 3 or any(number > 255 for number in front):
        raise ValueError
    value = last
    for place, number in enumerate(front):
        value += number << (24 - 8 * place)
    if last >= 1 << (32 - 8 * len(front)):
        raise ValueError
    return IPv4Address(value)


def _is_number(part: str) -> bool:
    return part.isdecimal() or part.startswith("0x")


def _number(part: str) -> int:
    base = 10
    if part.startswith("0x"):
        base, part = 16, part[2:]
    elif part.startswith("0"):
        base = 8
    # `int` would take signs, spaces and underscores too.
    if not part or part.strip(_DIGITS[base]):
        raise ValueError
    return int(part, base)


def unmapped(address: Address) -> Address:
    """The address of IPv4 that `::ffff:0:0/96` writes as one of IPv6; any other as it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def judged(address: Address) -> tuple[Address, ...]:
    """The addresses by which a target is judged.

    Those of IPv4 that it holds, where a gateway sends to these (NAT64, 6to4, Teredo, ISATAP); else
    itself.
    """
    return held(address) or (address,)


def held(address: Address) -> tuple[Address, ...]:
    """The addresses of IPv4 that are part of one of IPv6."""
    if isinstance(address, IPv4Address) or address in LOOPBACK or not int(address):
        return ()
    value = int(address)
    found = [
        IPv4Address((value >> shift ^ inverted) & _BITS_32)
        for network, shift, inverted in _HOLDERS
        if address in network
    ]
    if (value >> 32) & _ISATAP_MASK == _ISATAP:
        found.append(IPv4Address(value & _BITS_32))
    return tuple(found)


def never(address: Address) -> str | None:
    """Why an address may not be called, whatever the settings say; None if it may."""
    for network, why in _NEVER_NETWORKS:
        if address in network:
            return why
    return None


def is_of_this_machine(address: Address) -> bool:
    """Whether an address is one of this machine's own. Nothing is sent."""
    if address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        # Only an address of one's own can be bound.
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True

"""Holds the tests to this machine: whatever would leave it fails, in a faulty build too."""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any

_NAMES = frozenset({"localhost", "", None})


def stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook of Python: refuses connections and look-ups by the module `socket`."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple):
            _refuse_elsewhere(address[0])
    elif event == "socket.getaddrinfo" and not _is_address(arguments[0]):
        host = arguments[0]
        assert host in _NAMES, f"{host} would be looked up"


def only_here(connect: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same for the connections of httpcore: those of uvloop do not pass through `socket`."""

    async def connect_here(backend: Any, host: str, *rest: Any, **options: Any) -> Any:
        _refuse_elsewhere(host)
        return await connect(backend, host, *rest, **options)

    return connect_here


def _refuse_elsewhere(host: str) -> None:
    if host not in _NAMES:
        assert ip_address(host).is_loopback, f"a connection to {host} leaves this machine"


def _is_address(host: str | bytes | None) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    try:
        ip_address(text or "")
    except ValueError:
        return False
    return True

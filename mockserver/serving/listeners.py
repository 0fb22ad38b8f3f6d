"""The sockets on which a server listens: plain, with TLS, and as a file."""

import errno
import os
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from mockserver.errors import UnreachableError
from mockserver.settings import Settings

_BACKLOG = 2048
_LOCALHOST = ("127.0.0.1", "::1")
# How often another free port is tried, where the system's choice is free in one family only.
_TRIES = 20
_NO_SUCH_FAMILY = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class ListenError(UnreachableError, OSError):
    """An address that cannot be listened on; the sentence names the options."""


@dataclass(frozen=True)
class Listeners:
    """The sockets of a server.

    `plain` and `encrypted` have one for each address, `encrypted` none without TLS. `local` is a
    socket file at `path`.
    """

    plain: tuple[socket.socket, ...]
    encrypted: tuple[socket.socket, ...] = ()
    local: socket.socket | None = None
    path: str = ""

    @property
    def url(self) -> str:
        """The base URL at which a client on this machine reaches the server."""
        return url_of(self.plain[0])

    @property
    def encrypted_url(self) -> str | None:
        """The same with TLS, where there is TLS."""
        return url_of(self.encrypted[0], "https") if self.encrypted else None

    @property
    def addresses(self) -> set[tuple[str, int]]:
        """The addresses and ports on which the server listens, with TLS and without."""
        return {each.getsockname()[:2] for each in (*self.plain, *self.encrypted)}

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """All of them."""
        local = () if self.local is None else (self.local,)
        return (*self.plain, *self.encrypted, *local)

    def close(self) -> None:
        """Free the ports, and remove the socket file."""
        for each in self.sockets:
            each.close()
        if self.path:
            Path(self.path).unlink(missing_ok=True)


def listen(settings: Settings) -> Listeners:
    """The sockets that the settings name. Raises ListenError."""
    host, port, tls_port = settings.host, settings.port, settings.tls_port
    plain = _opened(f"--host {host}, --port {port}", lambda: bind_all(host, port))
    opened = Listeners(plain)
    try:
        if settings.tls:
            place = f"--host {host}, --tls-port {tls_port}"
            opened = Listeners(plain, _opened(place, lambda: bind_all(host, tls_port)))
        if settings.unix:
            place = f"--unix {settings.unix}"
            (local,) = _opened(place, lambda: (bind_file(settings.unix),))
            opened = Listeners(plain, opened.encrypted, local, settings.unix)
    except ListenError:
        opened.close()
        raise
    return opened


Sockets = tuple[socket.socket, ...]


def _opened(place: str, bind: Callable[[], Sockets]) -> Sockets:
    try:
        return bind()
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeError:  # it cannot be encoded for DNS
        reason = "that is no host name"
    raise ListenError(f"{place}: cannot listen there: {reason}")


def bind_all(host: str, port: int) -> Sockets:
    """A listening socket for each address that the host means.

    `localhost` means both loopback addresses, on one port: many programs try one, and only some
    then the other. Where the machine has no IPv6, it is 127.0.0.1 alone. Raises OSError.
    """
    if host.lower() != "localhost":
        return (bind(host, port),)
    for _ in range(_TRIES - 1):
        try:
            return _bind_loopback(port)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise
    return _bind_loopback(port)


def _bind_loopback(port: int) -> Sockets:
    first_host, second_host = _LOCALHOST
    first = bind(first_host, port)
    try:
        second = bind(second_host, first.getsockname()[1])
    except OSError as error:
        if error.errno in _NO_SUCH_FAMILY or not socket.has_ipv6:
            return (first,)
        first.close()
        raise
    return first, second


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; with port 0 the system chooses a free one.

    Raises OSError if the address is in use or does not exist.
    """
    if ":" not in host:
        return socket.create_server((host, port), backlog=_BACKLOG)
    # "All addresses" means those of IPv4 too, where the system can do both with one socket.
    dual_stack = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(
        (host, port),
        family=socket.AF_INET6,
        backlog=_BACKLOG,
        dualstack_ipv6=dual_stack,
    )


def bind_file(path: str) -> socket.socket:
    """A listening socket at a path, for the user who runs the server alone.

    A socket file that a server has left behind is replaced. Raises OSError.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise OSError(errno.EAFNOSUPPORT, "this system has no socket files")
    _remove_left_behind(Path(path))
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(path)
        # Nobody can connect before it listens, so nobody gets in with other permissions.
        os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_left_behind(path: Path) -> None:
    if not path.is_socket():
        return  # a file of another kind stays: the address is then in use
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """The base URL at which a client on this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    is_ipv6 = ":" in host
    if ip_address(host).is_unspecified:
        host = "::1" if is_ipv6 else "127.0.0.1"
    if is_ipv6:
        host = f"[{host}]"
    return f"{scheme}://{host}:{port}"


def everywhere(listener: socket.socket) -> str | None:
    """The address and port of a socket that listens on all addresses; None for any other."""
    host, port = listener.getsockname()[:2]
    if not ip_address(host).is_unspecified:
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

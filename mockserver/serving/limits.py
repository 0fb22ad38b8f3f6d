"""What a connection may send, and how long it may take: the limits of the door."""

from dataclasses import dataclass

from mockserver.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. Each has a setting of the same name."""

    max_head: int = 64 << 10
    """Request line and header lines of a request."""
    max_headers: int = 100
    max_target: int = 16 << 10
    """The target of the request line: path and query."""
    max_body: int = 32 << 20
    head_timeout: float = 10
    """From the first byte of a request to the end of its head."""
    body_timeout: float = 30
    """Between two pieces of a body."""
    idle_timeout: float = 75
    """Between two requests, and for a client that reads nothing of its answer."""


def limits_of(settings: Settings) -> Limits:
    """The limits that the server's settings say."""
    return Limits(
        max_head=settings.max_head,
        max_headers=settings.max_headers,
        max_target=settings.max_target,
        max_body=settings.max_body,
        head_timeout=settings.head_timeout,
        body_timeout=settings.body_timeout,
        idle_timeout=settings.idle_timeout,
    )

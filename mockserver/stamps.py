"""The headers that every answer to a numbered request has, written as lines of its head at once."""

from datetime import datetime
from email.utils import formatdate
from functools import lru_cache

from mockserver.state.clock import second_of


def http_date(moment: datetime) -> bytes:
    """A moment as HTTP writes it, to the second."""
    return _date_of(second_of(moment))


@lru_cache(maxsize=64)
def _date_of(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def stamp(size: int, moment: datetime, number: int) -> bytes:
    """Lines that say when an answer was made, to which request of the workspace, and its length.

    `size` is the body's, in bytes. Every answer has others: lines are sent as they are, and read as
    headers only where somebody asks.
    """
    date = _date_of(second_of(moment))
    return b"date: %b\r\nmockserver-request: %d\r\ncontent-length: %d\r\n" % (date, number, size)


def stamped_headers(stamp: bytes) -> list[tuple[bytes, bytes]]:
    """The headers in a stamp."""
    pairs = []
    for line in stamp.splitlines():
        name, _, value = line.partition(b": ")
        pairs.append((name, value))
    return pairs

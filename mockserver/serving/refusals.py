"""Why bytes are refused before they are a request, and the line about it in the log."""

import logging
import re
import time
from collections.abc import Callable

from mockserver.journal.redaction import printable
from mockserver.serving.writer import phrase_of

log = logging.getLogger("mockserver")

_TLS_HANDSHAKE = b"\x16\x03"
_HTTP_2_PREFACE = b"PRI * HTTP/2.0"
_SECONDS_BETWEEN_LINES = 1.0


class BadRequest(Exception):
    """The bytes are no request that this server reads.

    `status` is that of the answer; the text says what is wrong with them.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

    @property
    def sentence(self) -> str:
        """What the client is told."""
        return f"{phrase_of(self.status)}: {self}."


class NotHere(BadRequest):
    """The request is for another host, or for a service that only a proxy has.

    It is refused in this server's own words, whatever host it names.
    """


def likely_cause(data: bytes, error: BadRequest) -> str:
    """Why a client may have sent this, for those who read the log."""
    if data.startswith(_TLS_HANDSHAKE):
        return "this was TLS, and this port speaks plain HTTP"
    if data.startswith(_HTTP_2_PREFACE):
        return "this was HTTP/2 without an upgrade, and this port speaks HTTP/1.1"
    return str(error)


class RefusalLog:
    """Writes a line about refused bytes, at most one a second; the next one counts the others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        self._unsaid = 0

    def add(self, peer: str, data: bytes, error: BadRequest) -> None:
        """Log that `peer` (its address) has sent this."""
        now = self._clock()
        if now < self._next:
            self._unsaid += 1
            return
        others = f" ({self._unsaid} more since the last such line)" if self._unsaid else ""
        self._unsaid = 0
        self._next = now + _SECONDS_BETWEEN_LINES
        cause = printable(likely_cause(data, error))
        log.warning("%s sent no request that can be read: %s%s", peer, cause, others)


_HOST_LINE = re.compile(rb"\nhost:[ \t]*([^\r\n]*)", re.IGNORECASE)


def claimed_target(data: bytes) -> tuple[str, bytes]:
    """The path and the host that broken bytes seem to be for; empty where they name none.

    They only decide in whose shape the refusal is.
    """
    line, _, _ = data[:1024].partition(b"\r\n")
    words = line.split(b" ")
    path = words[1].partition(b"?")[0] if len(words) > 1 else b""
    host = _HOST_LINE.search(data)
    return path.decode("latin-1"), host[1].strip() if host else b""

"""What was asked of one workspace, and what came of it: bounded, oldest first."""

from collections import deque
from collections.abc import Iterator

from mockserver.call import Call, Headers

_ENTRY_BYTES = 8 << 10
_ROW_BYTES = 2 << 10
_PARSED = 10
"""How many bytes a body takes once it is parsed too, for each byte that was sent."""
_MAX_HEADERS = 256


class Journal:
    """The last requests and their answers.

    It keeps the calls themselves, and with them the rows that they changed.

    `dropped` says how many had to go, `last_dropped` the greatest number among them (0 where none
    had).
    """

    __slots__ = (
        "_bytes",
        "_entries",
        "_headers",
        "_max_bytes",
        "_max_entries",
        "dropped",
        "last_dropped",
    )

    def __init__(self, max_entries: int = 1000, max_bytes: int = 16 << 20) -> None:
        """At most so many entries, and so many bytes.

        An entry counts as both its bodies, ten times what was sent where it was parsed, 8 KiB, and
        2 KiB for each changed row. The newest entry is kept however large it is.
        """
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: deque[Call] = deque()
        self._headers: dict[tuple[bytes, ...], Headers] = {}
        self._bytes = self.dropped = self.last_dropped = 0

    def add(self, call: Call) -> None:
        """Keep an answered call; the oldest make room for it."""
        entries = self._entries
        entries.append(call)
        headers = call.request.headers
        known = self._headers.get(key := tuple(headers.values()))
        if known is not headers:
            shared = known if known == headers else self._new(key, headers)
            call.request = call.request._replace(headers=shared)
        sent = len(call.request.body or b"") * (1 if call.body is None else _PARSED)
        call.size = sent + len(call.answer) + _ENTRY_BYTES + _ROW_BYTES * len(call.changes)
        self._bytes += call.size
        while len(entries) > self._max_entries or (
            self._bytes > self._max_bytes and len(entries) > 1
        ):
            oldest = entries.popleft()
            self._bytes -= oldest.size
            self.dropped += 1
            self.last_dropped = max(self.last_dropped, oldest.number)

    def _new(self, key: tuple[bytes, ...], headers: Headers) -> Headers:
        """Headers for later calls to share.

        Clients repeat themselves, and what is kept but once is had faster.
        """
        if len(self._headers) >= _MAX_HEADERS:
            self._headers.clear()
        self._headers[key] = headers
        return headers

    def get(self, number: int) -> Call | None:
        """The entry of that number, or None: there was none yet, or it was dropped."""
        return next((call for call in self if call.number == number), None)

    def clear(self) -> None:
        """Forget every entry, and that any was dropped."""
        self._entries.clear()
        self._headers.clear()
        self._bytes = self.dropped = self.last_dropped = 0

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

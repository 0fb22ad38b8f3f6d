"""The log of requests: one line for each, written in batches to a stream."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from mockserver.journal.directory import Directory
from mockserver.journal.records import Record
from mockserver.journal.redaction import hidden_target, printable
from mockserver.journal.view import instant, milliseconds, text_of
from mockserver.journal.why import why

_BATCH_SECONDS = 0.1
_LONGEST_BODY = 2000
_SHOWN_IDS = 3

_RESET = "\x1b[0m"
_COLOURS = {0: "\x1b[35m", 2: "\x1b[32m", 3: "\x1b[36m", 4: "\x1b[33m", 5: "\x1b[31m"}
"""The colour of a status by its first digit; 0: the client got no answer."""

Entry = tuple[Record | str, float]
"""A record, or a sentence about a request without one, and this machine's time when it came."""


class RequestLog:
    """Writes what was asked and what came of it.

    A line is made a moment later, together with others: a request waits for none. At most `rate`
    lines are written in a second; the requests beyond are counted in one line. `directory` has the
    operations that the records name.
    """

    def __init__(
        self,
        write: Callable[[str], Any],
        directory: Directory,
        *,
        rate: int = 2000,
        as_json: bool = False,
        colours: bool = False,
        bodies: bool = False,
    ) -> None:
        self._write = write
        self._directory = directory
        self._most = max(1, int(rate * _BATCH_SECONDS))
        self._line = self._json_line if as_json else self._text_line
        self._as_json = as_json
        self._colours = colours
        self._bodies = bodies
        self._waiting: list[Entry] = []
        self._uncounted = 0
        self._is_due = False

    def add(self, record: Record | str) -> None:
        """Write a line about this request soon, or count it where too many came already.

        A sentence is for a request that no API answered.
        """
        if len(self._waiting) < self._most:
            self._waiting.append((record, time.time()))
        else:
            self._uncounted += 1
        if not self._is_due:
            self._flush_soon()

    def _flush_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # an application that is called without a loop
            self.flush()
            return
        self._is_due = True
        loop.call_later(_BATCH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        self._is_due = False
        waiting, self._waiting = self._waiting, []
        uncounted, self._uncounted = self._uncounted, 0
        lines = [self._any_line(*entry) for entry in waiting]
        if uncounted:
            lines.append(self._count_line(uncounted))
        # Whoever reads the log may have left.
        with suppress(OSError, ValueError):
            self._write("".join(f"{line}\n" for line in lines))

    def _any_line(self, entry: Record | str, moment: float) -> str:
        if isinstance(entry, Record):
            return self._line(entry, moment)
        if self._as_json:
            return _json("request", _at(moment), message=entry)
        return f"{_clock(moment)} {printable(entry)}"

    def _text_line(self, record: Record, moment: float) -> str:
        """Time, vendor, request, status, milliseconds, operation, lead, fault and reason."""
        parts = [
            _clock(moment),
            record.vendor or "no vendor",
            printable(record.request.method),
            printable(hidden_target(record.request)),
            self._status(record.status),
            f"{milliseconds(record):.1f} ms",
            record.operation or "no operation",
        ]
        matched = _matched(record)
        if matched:
            parts.append(printable(f"lead {', '.join(matched)}"))
        if record.fault is not None:
            parts.append(f"fault {record.fault.name}")
        if _needs_reason(record):
            parts.append(f"- {why(record, self._directory).sentence}")
        return " ".join(parts) + self._body_lines(record)

    def _status(self, status: int) -> str:
        text = str(status) if status else "no-answer"
        if not self._colours:
            return text
        return f"{_COLOURS.get(status // 100, '')}{text}{_RESET}"

    def _body_lines(self, record: Record) -> str:
        if not self._bodies:
            return ""
        lines = ""
        for name, raw in (("sent", record.request.body), ("answered", record.answer)):
            if raw:
                lines += f"\n    {name}: {printable(_short(raw))}"
        return lines

    def _json_line(self, record: Record, moment: float) -> str:
        line: dict[str, Any] = {
            "number": record.number,
            "vendor": record.vendor or None,
            "method": record.request.method,
            "target": hidden_target(record.request),
            "status": record.status,
            "milliseconds": milliseconds(record),
            "operation": record.operation,
            "matched": _matched(record),
            "fault": record.fault.name if record.fault is not None else None,
            "why": why(record, self._directory).sentence,
        }
        if self._bodies:
            line["sent"] = _short(record.request.body or b"")
            line["answered"] = _short(record.answer)
        return _json("request", _at(moment), **line)

    def _count_line(self, count: int) -> str:
        if self._as_json:
            return _json("requests", datetime.now(UTC), count=count)
        return f"{_clock(time.time())} and {count} more requests, too many for a line each"


def _at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _clock(moment: float) -> str:
    """The time of the day (UTC), to the millisecond."""
    second = int(moment)
    return f"{_time_of_day(second)}.{int((moment - second) * 1000):03d}"


@lru_cache(maxsize=4)
def _time_of_day(second: int) -> str:
    # Formatting it takes half as long as all the rest of a line does.
    return f"{_at(second):%H:%M:%S}"


def _json(event: str, moment: datetime, **members: Any) -> str:
    return json.dumps({"time": instant(moment), "level": "info", "event": event, **members})


def _needs_reason(record: Record) -> bool:
    """Whether the rest of the line does not say why."""
    return not 200 <= record.status < 300 or record.fault is not None


def _matched(record: Record) -> list[str]:
    ids: dict[str, None] = {}
    for match in record.matches:
        for id in match.ids[:_SHOWN_IDS]:
            ids[str(id)] = None
    return list(ids)


def _short(raw: bytes) -> str:
    text, _ = text_of(raw)
    return text if len(text) <= _LONGEST_BODY else f"{text[:_LONGEST_BODY]}…"

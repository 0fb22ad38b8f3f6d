"""What was asked of one workspace, and what came of it: bounded, oldest first, without credentials where it is shown."""

import re
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mockserver.call import Call, Headers
from mockserver.errors import Refusal
from mockserver.faults import Fault
from mockserver.matching import Combine, Match, Step
from mockserver.state import Change, Row
from mockserver.wire import read_json

_ENTRY_BYTES = 8 << 10
_ROW_BYTES = 2 << 10
_PARSED = 10
"""How many bytes a body takes once it is parsed too, for each byte that was sent."""

_SHOWN = 20
_MAX_HEADERS = 256
_MAX_DEPTH = 100
_HIDDEN = "***"
_SCHEME = re.compile(r"[A-Za-z-]{1,20} ")
_MISSING = object()

CREDENTIALS = {"authorization": _SCHEME, "proxy-authorization": _SCHEME, "x-api-key": None, "cookie": None}
"""The headers whose values nobody sees, and what of a value may be shown: the word that names the scheme, or nothing."""

_HOW: dict[Combine, str] = {
    "all given": "all given keys must fit one lead",
    "first that matches": "the first key that matches decides",
    "first given": "the first key given decides",
}


class Journal:
    """The last requests and their answers. It keeps the calls themselves, and with them the rows that they changed.

    `dropped` says how many had to go, `last_dropped` the greatest number among them (0 where none had).
    """

    __slots__ = ("_bytes", "_entries", "_headers", "_max_bytes", "_max_entries", "dropped", "last_dropped")

    def __init__(self, max_entries: int = 1000, max_bytes: int = 16 << 20) -> None:
        """At most so many entries, and so many bytes.

        An entry counts as both its bodies, ten times what was sent where it was parsed, 8 KiB, and 2 KiB for each changed row. The newest
        entry is kept however large it is.
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
        known = self._headers.get(key := tuple(call.headers.values()))
        call.headers = known if known == call.headers else self._new(key, call.headers)
        sent = len(call.raw or b"") * (1 if call.body is None else _PARSED)
        call.size = sent + len(call.answer) + _ENTRY_BYTES + _ROW_BYTES * len(call.changes)
        self._bytes += call.size
        while len(entries) > self._max_entries or (self._bytes > self._max_bytes and len(entries) > 1):
            oldest = entries.popleft()
            self._bytes -= oldest.size
            self.dropped += 1
            self.last_dropped = max(self.last_dropped, oldest.number)

    def _new(self, key: tuple[bytes, ...], headers: Headers) -> Headers:
        """Headers for later calls to share: clients repeat themselves, and what is kept but once is had faster."""
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


def select(
    journal: Journal,
    *,
    after: int = 0,
    vendor: str | None = None,
    operation: str | None = None,
    status: int | None = None,
    unmatched: bool | None = None,
    limit: int = 100,
) -> list[Call]:
    """The first `limit` entries with a number greater than `after` that are so, in the order of their numbers.

    `unmatched` asks for those that no operation answers (an unknown path, or a method that it does not take), or for the others.
    """
    fitting = [
        call
        for call in journal
        if call.number > after
        and vendor in (None, call.vendor)
        and operation in (None, operation_of(call))
        and status in (None, call.status)
        and unmatched in (None, call.operation is None)
    ]
    return sorted(fitting, key=_number)[:limit]


def _number(call: Call) -> int:
    return call.number


def summary(call: Call) -> dict[str, Any]:
    """An entry in a line: `time` is the workspace's, `matched` the ids of the leads that it meant, `fault` the name of one."""
    return {
        "number": call.number,
        "time": instant(call.now),
        "vendor": call.vendor,
        "operation": operation_of(call),
        "method": call.method,
        "target": call.target,
        "status": call.status,
        "milliseconds": milliseconds(call),
        "fault": call.fault.kind.name if call.fault else None,
        "matched": list(dict.fromkeys(row["id"] for match in call.matches for row in match.rows[:_SHOWN])),
    }


def describe(call: Call) -> dict[str, Any]:
    """An entry with all that is known of it, as JSON.

    A body is its JSON value, else its text, else `{"base64": ...}`; null where there was none or where it was too large to be read.
    Of the leads that a match or a key found, the first 20 stand there and `found` counts them all.
    """
    return summary(call) | {
        "request": {"headers": masked_headers(call.headers.items()), "body": _body(call.raw)},
        "answer": {"status": call.status, "headers": masked_headers(call.answer_headers), "body": _body(call.answer)},
        "matches": [_match(match) for match in call.matches],
        "changes": [_change(change) for change in call.changes],
        "fault": _fault(call.fault),
    }


def operation_of(call: Call) -> str | None:
    """The operationId, or None where no operation answers the request."""
    return call.operation.id if call.operation else None


def milliseconds(call: Call) -> float:
    """How long the answer took."""
    return round(call.seconds * 1000, 3)


def instant(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC, with milliseconds and a Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def masked(name: str, value: str) -> str:
    """A header's value as anybody may see it; `name` in lower case."""
    if name not in CREDENTIALS:
        return value
    pattern = CREDENTIALS[name]
    scheme = pattern.match(value) if pattern else None
    return (scheme.group() if scheme else "") + _HIDDEN


def masked_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name in lower case, several of one name joined by a comma, credentials taken out."""
    texts: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        texts[name] = f"{texts[name]}, {value}" if name in texts else value
    return {name: masked(name, value) for name, value in texts.items()}


def text_of(raw: bytes) -> tuple[str, bool]:
    """The bytes as text; as base64, and True, where they are not UTF-8."""
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        return b64encode(raw).decode(), True


def json_of(raw: bytes) -> Any:
    """The JSON value in `raw`. Raises Refusal where there is none."""
    return read_json(raw, _MAX_DEPTH)


def _body(raw: bytes | None) -> Any:
    if not raw:
        return None
    try:
        return json_of(raw)
    except Refusal:
        text, encoded = text_of(raw)
        return {"base64": text} if encoded else text


def _match(match: Match) -> dict[str, Any]:
    return {
        "rule": match.rule.name,
        "rows": _ids(match.rows),
        "found": len(match.rows),
        "steps": [_step(step) for step in match.trace],
        "verdict": verdict(match),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "value": _plain(step.value),
        "normalised": _plain(step.normalised),
        "candidates": _ids(step.rows),
        "found": len(step.rows),
        "verdict": step.verdict,
    }


def _ids(rows: list[Row]) -> list[Any]:
    return [row["id"] for row in islice(rows, _SHOWN)]


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def verdict(match: Match) -> str:
    """What each key found and what came of it, in a sentence."""
    parts = [_said(step) for step in match.trace]
    if len(match.rule.keys) > 1:
        parts.append(f"{_HOW[match.rule.combine]}: {_leads(match.rows) if match.rows else 'nothing'} matched")
    return "; ".join(parts)


def _said(step: Step) -> str:
    if step.verdict == "not given":
        return f"{step.key} was not given"
    value, normalised = _text(step.value), _text(step.normalised)
    read = f", compared as {normalised}," if normalised not in (value, "") else ""
    return f"{step.key} {value}{read} matched {_leads(step.rows) if step.rows else 'none'}"


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " and ".join(_text(each) for each in value if each is not None)
    return "" if value is None else str(value)


def _leads(rows: list[Row]) -> str:
    if len(rows) == 1:
        return f"lead {rows[0]['id']}"
    first = ", ".join(str(row["id"]) for row in rows[:_SHOWN])
    return f"leads {first}" + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


def _change(change: Change) -> dict[str, Any]:
    before, after = change.before or {}, change.after or {}
    fields = [name for name in {**before, **after} if before.get(name, _MISSING) != after.get(name, _MISSING)]
    return {"table": change.table, "id": change.id, "before": change.before, "after": change.after, "fields": fields}


def _fault(fault: Fault | None) -> dict[str, Any] | None:
    return {"kind": fault.kind.name, "cause": fault.cause, "parameters": dict(fault.parameters)} if fault else None

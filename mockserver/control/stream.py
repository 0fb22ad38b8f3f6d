"""Handlers for streams: what happens in a workspace, or with workspaces, as server-sent events."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any

from mockserver.api import Receive, Scope, Send
from mockserver.call import Call
from mockserver.control.api import Control, operation
from mockserver.control.behaviour import clock_view
from mockserver.control.channel import (
    IN_A_FLUSH,
    ChangedLead,
    Channel,
    Channels,
    Entry,
    Gap,
    Reader,
)
from mockserver.control.later import Stream
from mockserver.control.leads import event_view
from mockserver.errors import Problem, Refusal
from mockserver.journal.records import ManyRows, Record
from mockserver.journal.view import summary
from mockserver.life.events import Event
from mockserver.vendor import Header, Reply
from mockserver.version import __version__
from mockserver.webhooks.view import delivery_view
from mockserver.wire import write_json
from mockserver.workspaces import LEADS, Workspace

_FLUSHES_EVERY = 0.05
_FLUSHES_BEHIND_EVERY = 0.2
"""Seconds between two flushes; of a reader that gets gaps, who sees no single event anyway."""

_COMMENTS_EVERY = 15.0
_RETRY_MILLISECONDS = 1000
_LAST_EVENT_ID = "Last-Event-ID"
_LONGEST_ID = 18

_HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
)
_REPLACED = frozenset({b"content-type", b"content-length"})


@operation
def stream_events(call: Call, server: Control) -> Reply:
    """What happens in the workspace from now on, or after an event."""
    workspace = server.workspace(call)
    return _stream(workspace, workspace.name, call, server)


@operation
def stream_server_events(call: Call, server: Control) -> Reply:
    """Which workspaces come and go, and the requests that reach none."""
    return _stream(server.workspaces.unclaimed, None, call, server)


def _stream(workspace: Workspace, name: str | None, call: Call, server: Control) -> Reply:
    reader = server.channels.open(workspace, _number_asked(call))
    hello = {"version": __version__, "workspace": name, "last": reader.channel.last}
    seconds = call.query.get("seconds")
    return Stream(_Telling(reader, server.channels, hello, seconds).send)


def _number_asked(call: Call) -> int | None:
    """After which event the stream is to go on. The header is newer than the address."""
    sent = call.request.headers.get(_LAST_EVENT_ID.lower().encode(), b"").decode("latin-1")
    if not sent:
        number: int | None = call.query.get("after")
        return number
    if not (sent.isascii() and sent.isdecimal() and len(sent) <= _LONGEST_ID):
        text = "must be the number of an event"
        problem = Problem((_LAST_EVENT_ID,), "type", text, sent, None, "query")
        raise Refusal("invalid", problems=[problem])
    return int(sent)


class _Telling:
    """Tells a client what a reader reads, until the client leaves or the server stops."""

    def __init__(
        self,
        reader: Reader,
        channels: Channels,
        hello: Mapping[str, Any],
        seconds: float | None,
    ) -> None:
        """`seconds` are how long it lasts; None: until one of the two leaves."""
        self._reader = reader
        self._channels = channels
        self._hello = hello
        self._ends_at = None if seconds is None else monotonic() + seconds
        self._wrote_at = monotonic()
        self._is_behind = False

    async def send(
        self, headers: Iterable[Header], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send the answer; `headers` are those of any answer."""
        kept = [(name, value) for name, value in headers if name not in _REPLACED]
        left = asyncio.ensure_future(_left(receive, send))
        stops = _stop_of(send)
        try:
            await send(
                {"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *kept]}
            )
            await self._write(self._first(), send)
            while not (left.done() or stops()):
                await self._write(self._next(), send)
                if self._is_over():
                    break
                period = _FLUSHES_BEHIND_EVERY if self._is_behind else _FLUSHES_EVERY
                await asyncio.wait((left,), timeout=period)
            await send({"type": "http.response.body", "body": b""})
        finally:
            left.cancel()
            self._channels.close(self._reader)

    async def _write(self, text: bytes, send: Send) -> None:
        if text:
            await send({"type": "http.response.body", "body": text, "more_body": True})
            self._wrote_at = monotonic()

    def _first(self) -> bytes:
        retry = b"retry: %d\n" % _RETRY_MILLISECONDS
        return retry + _event(self._reader.number, "hello", self._hello)

    def _next(self) -> bytes:
        """The next events; a comment where there were none for long."""
        channel = self._reader.channel
        parts = []
        self._is_behind = False
        for entry in self._reader.read(lambda entries: _views(channel, entries)):
            if isinstance(entry, Gap):
                self._is_behind = True
                gap = {"from": entry.first, "to": entry.last, "count": entry.total}
                parts.append(_event(entry.last, "gap", gap))
            else:
                parts.append(_event(entry.number, entry.kind, entry.what))
        if not parts and monotonic() - self._wrote_at >= _COMMENTS_EVERY:
            return b":\n\n"
        return b"".join(parts)

    def _is_over(self) -> bool:
        channel = self._reader.channel
        if channel.is_over and self._reader.number == channel.last:
            return True
        return self._ends_at is not None and monotonic() >= self._ends_at


async def _left(receive: Receive, send: Send) -> None:
    """Wait until the client has left. One that has closed its side has: it reads no end."""
    # The server's own protocol has this event; others end the connection in both cases.
    input_ended = getattr(getattr(send, "__self__", None), "input_ended", None)
    if input_ended is not None:
        await input_ended.wait()
        return
    message = await receive()
    while message["type"] != "http.disconnect":
        # A server may give the rest of the request without waiting: let others run.
        await asyncio.sleep(0)
        message = await receive()


def _stop_of(send: Send) -> Callable[[], bool]:
    """What says whether the server stops, and waits for the end of this answer.

    ASGI has no word for that. `send` is a method of an object that knows it, of this package's own
    server and of uvicorn, which then keeps the connection no longer.
    """
    connection = getattr(send, "__self__", None)
    was_kept = getattr(connection, "keep_alive", False)

    def stops() -> bool:
        if getattr(connection, "is_stopping", False):
            return True
        return bool(was_kept and not getattr(connection, "keep_alive", True))

    return stops


def _event(number: int, kind: str, what: Any) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (number, kind.encode(), write_json(what))


def _views(channel: Channel, entries: Sequence[Entry]) -> list[Any]:
    """What each entry tells; None for a request that the journal has no more."""
    if not entries:
        return []
    workspace = channel.workspace
    # Answers may end a little later than others that came after them.
    count = channel.last - entries[0].number + 2 * IN_A_FLUSH
    records = {record.version: record for record in workspace.journal.newest_of(count)}
    return [_view(entry, workspace, records) for entry in entries]


def _view(entry: Entry, workspace: Workspace, records: Mapping[int, Record]) -> Any:
    kind, what = entry.kind, entry.what
    if kind == "request":
        record = records.get(what)
        return None if record is None else summary(record)
    if isinstance(what, ChangedLead):
        return _change(what, records.get(what.version))
    if isinstance(what, Event):
        return event_view(what)
    if kind == "fault":
        is_there = what is not None and what in workspace.faults
        rule = workspace.faults.describe(what, workspace.now()) if is_there else None
        return {"id": what, "rule": rule}
    if kind == "clock":
        return clock_view(workspace)
    if kind == "delivery" and isinstance(what, int):
        delivery = workspace.deliveries.get(what)
        return None if delivery is None else delivery_view(delivery)
    if kind == "settings":
        return {"vendor": what, "values": workspace.settings[what]}
    return what


def _change(changed: ChangedLead, record: Record | None) -> dict[str, Any]:
    """Which lead changed, and which of its fields, where the journal knows that."""
    return {
        "vendor": changed.vendor,
        "id": changed.id,
        "fields": _fields(changed, record) if record is not None else None,
        "deleted": changed.is_deleted,
        "request": record.number if record is not None else None,
        "version": changed.version,
    }


def _fields(changed: ChangedLead, record: Record) -> list[str] | None:
    for change in record.changes:
        if isinstance(change, ManyRows) or (change.table, change.id) != (LEADS, changed.id):
            continue
        return list(change.after or change.before or ())
    return None

"""One attempt of a delivery: counted, made over a socket or into an inbox, and judged."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from mockserver.life.moments import later
from mockserver.play.posting import delivery_of
from mockserver.state.changes import Row
from mockserver.version import __version__
from mockserver.webhooks.base import INBOX, WEBHOOKS
from mockserver.webhooks.deliveries import Attempt, State
from mockserver.webhooks.inbox import NAME, PATH, Arrival
from mockserver.webhooks.tables import OUTBOX
from mockserver.workspaces import Workspace, Workspaces

STANDARD = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds from each attempt to the next by the schedule of Standard Webhooks, which `standard`
means."""

_LOOKS_FOR_TURN = 60.0

_OWN_INBOX = re.compile(PATH)
_INBOX_NAME = re.compile(NAME)

_HUNG_UP = "the test mode hang_up closed the connection once the body was sent"
_MOVED_MEANWHILE = (
    "a move of the workspace's clock began meanwhile, and it waits for this delivery: a receiver "
    "that moves the clock has to answer first"
)
_IN_THE_TESTS_OWN_THREAD = (
    "a receiver in the thread of the test cannot answer while the test waits for this server: "
    "run it in another one, or give `webhook(to=...)` a function"
)

Place = tuple[str, int]
"""Vendor and number of a delivery."""


class Sending(NamedTuple):
    """What goes over a socket. `timeout` is in seconds; with `hang_up` no answer is read."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float
    hang_up: bool = False


Network = Callable[[Sending], Awaitable[Any]]
"""Sends something; see `mockserver.webhooks.sender.post`."""


class Parcel(NamedTuple):
    """One attempt that is about to be made: its row, with the attempt counted, and how.

    `copies` is how many attempts are made in any case.
    """

    vendor: str
    row: Row
    options: Mapping[str, Any]
    copies: int
    hangs_up: bool = False
    loses_answer: bool = False

    @property
    def is_first(self) -> bool:
        """Whether it is a first attempt, or a copy that goes with it."""
        return not self.row["by_hand"] and bool(self.row["attempts"] <= self.copies)


class Carrier:
    """Makes attempts. It knows the inboxes of this server, which need no socket."""

    def __init__(self, workspaces: Workspaces, network: Network, timeout: float) -> None:
        """`timeout` is what a receiver has for its answer, unless its webhook says otherwise."""
        self._workspaces = workspaces
        self._network = network
        self.timeout = timeout
        self.is_own: Callable[[str, int], bool] = _is_any
        """Whether host and port are this server's."""

    def inbox_of(self, workspace: Workspace, url: str) -> tuple[str, str] | None:
        """Workspace and name of the inbox that an address means; None where it means none."""
        if url.startswith(INBOX):
            return workspace.name, url.removeprefix(INBOX)
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return None
        found = _OWN_INBOX.fullmatch(parts.path)
        if found is None or not self.is_own(parts.hostname or "", port):
            return None
        return unquote(found[1]), found[2]

    async def attempt(self, workspace: Workspace, parcel: Parcel) -> Attempt:
        """What came of an attempt, without its number and times."""
        row, options = parcel.row, parcel.options
        timeout = options.get("timeout", self.timeout)
        body = row["body"].encode()
        sending = Sending(row["url"], _headers(parcel), body, timeout, parcel.hangs_up)
        inbox = self.inbox_of(workspace, row["url"])
        if inbox is None:
            mover = workspace.mover
            attempt = await self._over_network(sending)
            if attempt.kind == "time-out":
                why = _MOVED_MEANWHILE
                if workspace.mover is mover:
                    why = _IN_THE_TESTS_OWN_THREAD
                attempt = attempt._replace(error=f"{attempt.error}; {why}")
        elif not _INBOX_NAME.fullmatch(inbox[1]):
            return _unanswered("refused-target", f"{inbox[1]!r} is no name of an inbox")
        else:
            owner = workspace
            if inbox[0] != workspace.name:
                other = self._workspaces.named(inbox[0])
                if other is None:
                    return _answered(404, f"there is no workspace {inbox[0]!r}")
                owner = other
            attempt = await _into_inbox(owner, inbox[1], sending, row)
        if parcel.loses_answer and attempt.status is not None:
            text = f"the test mode lose_answer threw the answer {attempt.status} away"
            return _unanswered("test-mode", text)
        return attempt

    async def _over_network(self, sending: Sending) -> Attempt:
        from mockserver.webhooks.sender import SendError

        try:
            answer = await self._network(sending)
        except SendError as error:
            if error.kind == "hung-up":
                return _unanswered("test-mode", _HUNG_UP)
            return _unanswered(error.kind, str(error))
        return _answered(answer.status)._replace(headers=answer.headers, body=answer.body)


async def _into_inbox(workspace: Workspace, name: str, sending: Sending, row: Row) -> Attempt:
    """Put a delivery into an inbox, which answers as it was told."""
    await turn(workspace)
    pairs = tuple((key.encode(), value.encode()) for key, value in sending.headers.items())
    query = "" if sending.url.startswith(INBOX) else urlsplit(sending.url).query
    arrival = Arrival(workspace.now(), pairs, sending.body, row["id"], row["attempts"], query)
    answer = workspace.inboxes.receive(name, arrival)
    await asyncio.sleep(min(answer.seconds, sending.timeout))
    if answer.seconds >= sending.timeout:
        text = f"no answer in {sending.timeout:g} seconds: the inbox was told to be slow"
        return _unanswered("time-out", text)
    if sending.hang_up:
        return _unanswered("test-mode", _HUNG_UP)
    return _answered(answer.status)._replace(headers=answer.headers, body=answer.body)


async def turn(workspace: Workspace) -> None:
    """Wait while a long request works with the workspace."""
    while True:
        with suppress(TimeoutError):
            return await workspace.turns.wait_until_free(_LOOKS_FOR_TURN)


def take(workspace: Workspace, place: Place) -> Parcel | None:
    """Count an attempt that is about to be made, and the test mode that it is used for.

    None where there is nothing to send any more.
    """
    vendor, number = place
    tx = workspace.transaction(vendor)
    row = tx.get(OUTBOX, number)
    if row is None or row["at"] is not None or row["held"] is not None:
        return None
    hook = tx.get(WEBHOOKS, row["webhook"])
    if hook is None:
        tx.delete(OUTBOX, number)
        workspace.commit(tx.changes(), tx.effects()[1])
        entry = workspace.deliveries.get(number) or delivery_of(vendor, row)
        workspace.deliveries.put(entry._replace(state="dropped", next_try=None))
        return None
    options = hook["options"]
    row = tx.update(OUTBOX, row, {"attempts": row["attempts"] + 1})
    mode = _mode(options)
    if mode is not None:
        tx.update(WEBHOOKS, hook, {"options": {**options, mode: options[mode] - 1}})
    workspace.commit(tx.changes(), tx.effects()[1])
    copies = 1 if row["by_hand"] else options.get("copies", 1)
    return Parcel(vendor, row, options, copies, mode == "hang_up", mode == "lose_answer")


def _mode(options: Mapping[str, Any]) -> str | None:
    """The test mode that the next attempt is used for."""
    for mode in ("hang_up", "lose_answer"):
        if options.get(mode):
            return mode
    return None


def outcome(parcel: Parcel, attempts: Sequence[Attempt]) -> tuple[State, datetime | None]:
    """What has become of a delivery with its last attempt, and when it is tried again."""
    last, copies = attempts[-1], parcel.copies
    if last.kind == "refused-target":
        return "refused", None
    if last.number < copies:
        return "pending", None
    together = attempts[-copies:] if last.number == copies else attempts[-1:]
    if any(map(_is_taken, together)):
        return "delivered", None
    retries = _retries(parcel.options)
    number = last.number - copies
    if parcel.row["by_hand"] or number >= len(retries):
        return "failed", None
    return "pending", later(last.time, timedelta(seconds=retries[number]))


def is_first(row: Row, options: Mapping[str, Any]) -> bool:
    """Whether the next attempt is a first one, or a copy that goes with it."""
    return bool(row["attempts"] < options.get("copies", 1)) and not row["by_hand"]


def _is_any(host: str, port: int) -> bool:
    return True


_NO_TIME: Any = None
"""Until the attempt is over, and gets its time."""


def _answered(status: int, error: str | None = None) -> Attempt:
    return Attempt(0, _NO_TIME, status, 0.0, None, error)


def _unanswered(kind: str, error: str) -> Attempt:
    return Attempt(0, _NO_TIME, None, 0.0, kind, error)


def _headers(parcel: Parcel) -> dict[str, str]:
    row, options = parcel.row, parcel.options
    headers = {"content-type": "application/json", "user-agent": f"mockserver/{__version__}"}
    credential = options.get("credential")
    if credential is not None:
        headers[credential["header"]] = "wrong" if row["probe"] else credential["value"]
    if not options.get("plain"):
        headers["mockserver-delivery"] = f"{row['id']}.{row['attempts']}"
    return headers


def _retries(options: Mapping[str, Any]) -> Sequence[float]:
    wanted = options.get("retries", "none")
    if wanted == "none":
        return ()
    return STANDARD if wanted == "standard" else tuple(wanted)


def _is_taken(attempt: Attempt) -> bool:
    """Whether the receiver took it: it answered 2xx, as far as the vendor knows."""
    return attempt.status is not None and 200 <= attempt.status < 300

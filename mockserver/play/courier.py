"""The courier: brings deliveries to their receivers, beside the requests that made them."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from mockserver.errors import Refusal
from mockserver.life.moments import moment_text
from mockserver.play.attempts import Carrier, Parcel, Place, is_first, outcome, take, turn
from mockserver.play.office import Office, Receiver
from mockserver.play.posting import (
    Occasion,
    delivery_of,
    post,
    posted,
    release_pairs,
    state_of,
)
from mockserver.state.changes import Row
from mockserver.webhooks.base import WEBHOOKS, Message
from mockserver.webhooks.deliveries import Attempt, Delivery
from mockserver.webhooks.tables import OUTBOX, OUTBOX_ROW
from mockserver.workspaces import Workspace, Workspaces

log = logging.getLogger("mockserver")

_AT_ONCE = 32
"""So many attempts are under way at most, in all workspaces."""
_RETRIES_AT_ONCE = 8
"""So many retries are under way at most, to one receiver."""
_MOST_ATTEMPTS = 100
"""So many attempts of a delivery are kept, the last ones."""
_TOGETHER = 0.002
"""Seconds of work after which other requests have their turn."""
_LOOKS_EVERY = 0.005
"""Seconds between two looks whether somebody has settled a delivery."""

_NOBODY_SETTLED = (
    "nobody settled it in {:g} seconds: the webhook is held (`to` is hold), so somebody has to "
    "take the delivery and say with `settle` what came of it"
)
_NOBODY_SETTLED_BEFORE = "nobody settled the one before in time, in the same wait"
_GIVEN_UP = "not tried: the receiver did not answer in time just before, in the same wait"


class Tally(NamedTuple):
    """How many deliveries of a workspace were settled so far, and how many of them not taken."""

    settled: int
    undelivered: int


class Courier:
    """Sends what is in the outboxes. Nothing waits for it but who asks to.

    To one receiver first attempts go one after the other, in their order; to different ones side
    by side. `look` has to be called for a workspace that has something to send.
    """

    def __init__(self, workspaces: Workspaces, carrier: Carrier) -> None:
        self._workspaces = workspaces
        self.carrier = carrier
        self._offices: WeakKeyDictionary[Workspace, Office] = WeakKeyDictionary()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        self.on_retry: Callable[[Workspace], object] = _nobody
        """Is told the workspace of each attempt that is followed by another one at a later time."""

    # Sending.

    def start(self) -> None:
        """Work in the running event loop from now on."""
        self._use(asyncio.get_running_loop())
        self._is_stopping = False
        for workspace in self._workspaces:
            self.look(workspace)

    def _use(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:  # an application may be served again, by another loop
            self._loop = loop
            self._is_stopping = False
            self._slots = asyncio.Semaphore(_AT_ONCE)
            self._tasks.clear()
            self._offices.clear()

    def look(self, workspace: Workspace) -> None:
        """Begin to send what may go now. Costs next to nothing where there is nothing."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a thread beside the loop, or an application without one
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self.look, workspace)
            return
        # An earlier loop may have ended in the middle of an attempt.
        self._use(loop)
        office = self._offices.get(workspace)
        if office is None:
            if not workspace.outgoing and not _pending(workspace):
                return
        elif office.world == workspace.world and not workspace.outgoing:
            return
        self._sort(workspace, self._office(workspace))

    def _office(self, workspace: Workspace) -> Office:
        office = self._offices.get(workspace)
        if office is None:
            office = self._offices[workspace] = Office()
        return office

    def _sort(self, workspace: Workspace, office: Office) -> None:
        """Put what may go now into the queues of its receivers."""
        if office.world != workspace.world:
            office.world = workspace.world
            office.empty()
            if self._workspaces.holds(workspace):
                _queue_anew(workspace)
        receivers = set()
        while workspace.outgoing:
            place = workspace.outgoing.popleft()
            row = _row(workspace, place)
            if row is None or row["held"] is not None or place in office.waiting:
                continue
            receiver = office.receiver(self._key(workspace, row["url"]))
            if row["at"] is None:
                first = is_first(row, _options(workspace, place[0], row))
                office.queue(receiver, place, is_first=first)
            elif self._holds_up(workspace, office, place):
                office.block(receiver, place)
            receivers.add(receiver)
        for receiver in receivers:
            self._serve(workspace, office, receiver)

    def review(self, workspace: Workspace) -> None:
        """Let go what a webhook has held up that is removed, or strict no more."""
        office = self._offices.get(workspace)
        if office is None or office.world != workspace.world:
            return
        for receiver in tuple(office.receivers.values()):
            self._serve(workspace, office, receiver)

    def _holds_up(self, workspace: Workspace, office: Office, place: Place) -> bool:
        """Whether what comes after a delivery has to wait until it is settled."""
        row = _row(workspace, place)
        if row is None or not row["attempts"]:
            return False
        is_strict = bool(_options(workspace, place[0], row).get("strict"))
        return is_strict and (row["at"] is not None or place in office.waiting)

    def _key(self, workspace: Workspace, url: str) -> Hashable:
        """Which receiver an address belongs to."""
        inbox = self.carrier.inbox_of(workspace, url)
        if inbox is not None:
            return inbox
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        return parts.scheme, parts.netloc.lower()

    def _serve(self, workspace: Workspace, office: Office, receiver: Receiver) -> None:
        """Have a receiver served that has something to get."""
        if self._is_stopping:
            return
        blocked_by = receiver.blocked_by
        if blocked_by is not None and not self._holds_up(workspace, office, blocked_by):
            office.unblock(receiver)
        if receiver.first and not receiver.is_served and receiver.blocked_by is None:
            receiver.is_served = True
            self._begin(self._serve_first(workspace, office, receiver))
        while receiver.retries and receiver.retrying < _RETRIES_AT_ONCE:
            receiver.retrying += 1
            place = receiver.retries.popleft()
            self._begin(self._serve_retry(workspace, office, receiver, place))
        office.close(receiver)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_first(self, workspace: Workspace, office: Office, receiver: Receiver) -> None:
        """Make first attempts, one after the other."""
        while receiver.first and receiver.blocked_by is None and not self._is_stopping:
            place = receiver.first.popleft()
            await self._deliver(workspace, office, receiver, place)
        receiver.is_served = False
        self._serve(workspace, office, receiver)

    async def _serve_retry(
        self, workspace: Workspace, office: Office, receiver: Receiver, place: Place
    ) -> None:
        await self._deliver(workspace, office, receiver, place)
        receiver.retrying -= 1
        self._serve(workspace, office, receiver)

    async def _deliver(
        self, workspace: Workspace, office: Office, receiver: Receiver, place: Place
    ) -> None:
        """Make an attempt, and the copies that go with it.

        It is cancelled only where the server or its loop ends: then nothing goes on.
        """
        world = office.world
        try:
            async with self._slots:
                goes_on = True
                while goes_on and not self._is_stopping and workspace.world == world:
                    goes_on = await self._make_attempt(workspace, office, receiver, place)
        except Exception:
            log.exception("the delivery %d of %s failed inside the server", place[1], place[0])
        # Who waits for a delivery of a world that is gone waits no longer.
        self.look(workspace)
        if office.world == world:
            office.finish(place)
            if self._holds_up(workspace, office, place):
                office.block(receiver, place)

    async def _make_attempt(
        self, workspace: Workspace, office: Office, receiver: Receiver, place: Place
    ) -> bool:
        """Make one attempt. Says whether another one follows at once."""
        world = workspace.world
        await turn(workspace)
        parcel = take(workspace, place) if workspace.world == world else None
        if parcel is None:
            return False
        time, began = workspace.now(), perf_counter()
        requests = workspace.requests
        if office.is_given_up(receiver.key, time, is_first=parcel.is_first):
            attempt = Attempt(0, time, None, 0.0, "time-out", _GIVEN_UP)
        else:
            attempt = await self.carrier.attempt(workspace, parcel)
        number: int = parcel.row["attempts"]
        milliseconds = (perf_counter() - began) * 1000
        attempt = attempt._replace(
            number=number,
            time=time,
            milliseconds=milliseconds,
            requests=(requests, workspace.requests),
        )
        if attempt.kind == "time-out":
            office.note_late(receiver.key, time)
        await turn(workspace)
        if workspace.world != world:
            _note(workspace, place[1], attempt)
            return False
        self._record(workspace, office, parcel, attempt)
        return number < parcel.copies

    def _record(
        self, workspace: Workspace, office: Office, parcel: Parcel, attempt: Attempt
    ) -> Delivery:
        """Keep what came of an attempt, and plan the next one."""
        office.requests = workspace.requests
        vendor, row = parcel.vendor, parcel.row
        entry = workspace.deliveries.get(row["id"]) or delivery_of(vendor, row)
        attempts = (*entry.attempts, attempt)[-_MOST_ATTEMPTS:]
        state, next_try = outcome(parcel, attempts)
        tx = workspace.transaction(vendor)
        if tx.get(OUTBOX, row["id"]) is None:  # its webhook was removed meanwhile
            state, next_try = "dropped", None
        elif state == "pending":
            at = None if next_try is None else moment_text(next_try)
            state = state_of(tx.update(OUTBOX, row, {"at": at}))
        else:
            tx.delete(OUTBOX, row["id"])
            office.settled += 1
            office.undelivered += state != "delivered"
        workspace.commit(tx.changes(), tx.effects()[1])
        entry = entry._replace(attempts=attempts, state=state, next_try=next_try)
        workspace.deliveries.put(entry)
        if next_try is not None:
            self.on_retry(workspace)
        return entry

    # Waiting.

    def _present_office(self, workspace: Workspace) -> Office:
        """The office of the loop that runs, with all that may go in its queues."""
        self.look(workspace)
        return self._office(workspace)

    def tally(self, workspace: Workspace) -> Tally:
        """What was settled so far."""
        office = self._present_office(workspace)
        return Tally(office.settled, office.undelivered)

    def is_busy(self, workspace: Workspace) -> bool:
        """Whether anything is queued or under way, or held until somebody settles it."""
        self.look(workspace)
        office = self._offices.get(workspace)
        if office is not None and office.waiting:
            return True
        return next(_held(workspace), None) is not None

    async def settled(self, workspace: Workspace, numbers: Collection[int]) -> None:
        """Wait until nothing of these deliveries is under way. What is held does not count."""
        office = self._present_office(workspace)
        with office.waiter():
            await office.reached({place for place in office.waiting if place[1] in numbers})

    def waiting(self, workspace: Workspace) -> AbstractContextManager[None]:
        """Somebody waits meanwhile, perhaps several times.

        Of a receiver that did not answer in time, the other first attempts fail at once.
        """
        return self._present_office(workspace).waiter()

    async def all_settled(self, workspace: Workspace) -> None:
        """Wait until nothing is under way, what comes meanwhile included.

        A delivery that is held and that nobody settles in time fails then.
        """
        office = self._present_office(workspace)
        with office.waiter():
            while self.is_busy(workspace):
                await office.reached(set(office.waiting))
                await self._settled_by_hand(workspace)

    async def settled_pairs(self, workspace: Workspace) -> None:
        """Send what waits for the second of a pair, and wait for that."""
        await turn(workspace)
        numbers = {number for _, number in release_pairs(workspace)}
        if numbers:
            await self.settled(workspace, numbers)

    async def _settled_by_hand(self, workspace: Workspace) -> None:
        """Wait for what is held as long as somebody goes on settling."""
        loop, office = asyncio.get_running_loop(), self._present_office(workspace)
        text, seconds = _NOBODY_SETTLED_BEFORE, 0.0
        if not office.is_left_alone:
            seconds = self.carrier.timeout
            text = _NOBODY_SETTLED.format(seconds)
        version, until = -1, loop.time() + seconds
        while loop.time() < until:
            if workspace.deliveries.version != version:
                if next(_held(workspace), None) is None:
                    return
                version, until = workspace.deliveries.version, loop.time() + seconds
            await asyncio.sleep(_LOOKS_EVERY)
        await self._fail_held(workspace, text)

    async def _fail_held(self, workspace: Workspace, text: str) -> None:
        """Have everything that is held fail, as nobody has settled it."""
        loop, office = asyncio.get_running_loop(), self._present_office(workspace)
        goes_on_at = loop.time() + _TOGETHER
        await turn(workspace)
        for place in list(_held(workspace)):
            if loop.time() > goes_on_at:
                await asyncio.sleep(0)
                await turn(workspace)
                goes_on_at = loop.time() + _TOGETHER
            row = _row(workspace, place)
            if row is not None and state_of(row) == "held":
                self.settle(workspace, place, error=text)
                office.is_left_alone = True

    # By hand.

    def settle(
        self,
        workspace: Workspace,
        place: Place,
        *,
        status: int | None = None,
        error: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        body: bytes = b"",
    ) -> Delivery:
        """Say what came of a delivery that is held. Returns it as it then is.

        Raises Refusal("conflict") for one that is not held.
        """
        row = _row(workspace, place)
        if row is None or state_of(row) != "held":
            raise Refusal("conflict", f"The delivery {place[1]} is not held.")
        vendor = place[0]
        tx = workspace.transaction(vendor)
        row = tx.update(OUTBOX, row, {"attempts": row["attempts"] + 1})
        workspace.commit(tx.changes(), tx.effects()[1])
        options = _options(workspace, vendor, row)
        parcel = Parcel(vendor, row, options, options.get("copies", 1))
        kind = None if error is None else "broken"
        number, now = row["attempts"], workspace.now()
        office = self._present_office(workspace)
        office.is_left_alone = False
        # Whoever settles it has begun once it had settled the one before.
        requests = (office.requests, workspace.requests)
        attempt = Attempt(number, now, status, 0.0, kind, error, headers, body, requests)
        return self._record(workspace, office, parcel, attempt)

    def redeliver(self, workspace: Workspace, delivery: Delivery) -> None:
        """Make one more attempt of a delivery, at once and with the body of then.

        Raises Refusal("conflict") while it is under way, and where its webhook is gone.
        """
        vendor, number = place = (delivery.vendor, delivery.number)
        tx = workspace.transaction(vendor)
        hook = tx.get(WEBHOOKS, delivery.webhook)
        if hook is None:
            raise Refusal("conflict", f"The webhook of the delivery {number} was removed.")
        if place in self._present_office(workspace).waiting:
            raise Refusal("conflict", f"An attempt of the delivery {number} is under way.")
        held = "settle" if hook["options"].get("hold") else None
        row = tx.get(OUTBOX, number)
        if row is None:
            row = tx.put(OUTBOX, _row_of(delivery) | {"by_hand": True, "held": held})
        else:
            row = tx.update(OUTBOX, row, {"at": None, "held": held})
        workspace.commit(tx.changes(), tx.effects()[1])
        workspace.deliveries.put(delivery._replace(state=state_of(row), next_try=None))
        if held is None:
            workspace.outgoing.append(place)
        self.look(workspace)

    def send(
        self, workspace: Workspace, message: Message, lead: int | str | None, *, probe: bool = False
    ) -> Delivery:
        """Send a message that no event has caused. Raises Refusal where there is no room.

        A `probe` carries a wrong credential.
        """
        vendor = message.webhook.vendor
        tx = workspace.transaction(vendor)
        occasion = Occasion(0, lead, workspace.now(), workspace.events.next_act("control"))
        what = post(workspace, vendor, [(occasion, message)], tx)
        if not what.deliveries:
            raise Refusal("conflict", "The webhook is stopped, as its receiver made a loop.")
        if probe:
            for row in what.ready:
                tx.update(OUTBOX, row, {"probe": True})
        workspace.require_rows(tx.changes())
        workspace.commit(tx.changes(), tx.effects()[1])
        posted(workspace, vendor, what)
        self.look(workspace)
        return what.deliveries[0]

    # The end.

    async def stop(self, seconds: float) -> int:
        """Begin no attempt any more; those under way have so many seconds to end.

        Returns how many deliveries are still to be made.
        """
        self._is_stopping = True
        tasks = [task for task in self._tasks if not task.done()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)
        for office in tuple(self._offices.values()):
            office.empty()  # who waits for a delivery would do so in vain
        return sum(map(_pending, self._workspaces))


def _nobody(workspace: Workspace) -> None:
    """Until somebody wants to know."""


def _queue_anew(workspace: Workspace) -> None:
    """Find what is still to be delivered in a workspace that has begun, was reset or restored."""
    workspace.outgoing.clear()
    pending = set()
    for vendor, group in workspace.tables.items():
        rows = sorted(group[OUTBOX].all(), key=_order) if OUTBOX in group else []
        for row in rows:
            workspace.outgoing.append((vendor, row["id"]))
            pending.add(row["id"])
        # Older ones would go from the journal at once.
        for row in rows[-workspace.limits.kept_deliveries :]:
            known = workspace.deliveries.get(row["id"])
            entry = delivery_of(vendor, row)
            if known is not None:
                entry = entry._replace(attempts=known.attempts)
            if entry != known:
                workspace.deliveries.put(entry)
    for each in workspace.deliveries:
        if not each.is_settled and each.number not in pending:
            workspace.deliveries.put(each._replace(state="dropped", next_try=None))


def _pending(workspace: Workspace) -> int:
    tables = workspace.tables.values()
    return sum([len(group[OUTBOX].rows) for group in tables if OUTBOX in group])


def _order(row: Row) -> tuple[int, int]:
    return row["order"], row["id"]


def _row(workspace: Workspace, place: Place) -> Row | None:
    vendor, number = place
    return workspace.tables[vendor][OUTBOX].get(number)


def _options(workspace: Workspace, vendor: str, row: Row) -> Mapping[str, Any]:
    hook = workspace.tables[vendor][WEBHOOKS].get(row["webhook"])
    options: Mapping[str, Any] = {} if hook is None else hook["options"]
    return options


def _held(workspace: Workspace) -> Iterator[Place]:
    """The deliveries that wait for somebody to settle them."""
    for vendor, group in workspace.tables.items():
        if OUTBOX not in group:
            continue
        for row in group[OUTBOX].find("waits", "settle"):
            if row["at"] is None:
                yield vendor, row["id"]


def _row_of(delivery: Delivery) -> Row:
    """A row of the outbox for a delivery that has none any more."""
    return OUTBOX_ROW | {
        "id": delivery.number,
        "webhook": delivery.webhook,
        "kind": delivery.kind,
        "event": delivery.event,
        "lead": delivery.lead,
        "time": moment_text(delivery.time),
        "cause": delivery.cause.kind,
        "cause_number": delivery.cause.number,
        "url": delivery.url,
        "body": delivery.body,
        "order": delivery.number,
        "attempts": len(delivery.attempts),
        "remarks": list(delivery.remarks),
    }


def _note(workspace: Workspace, number: int, attempt: Attempt) -> None:
    """Keep an attempt of a world that is gone: in the journal only."""
    entry = workspace.deliveries.get(number)
    if entry is not None:
        attempts = (*entry.attempts, attempt)[-_MOST_ATTEMPTS:]
        workspace.deliveries.put(entry._replace(attempts=attempts))

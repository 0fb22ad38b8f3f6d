"""The way of one request to a vendor: its workspace, its faults, its handler."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from mockserver.api import LONG_BODY, Api, require_turn, wait_for_turn, waiting
from mockserver.call import Call, LongWork, Request
from mockserver.descriptors import are_used_up, with_reserve
from mockserver.documents.spec import Document, Operation
from mockserver.errors import Reason, Refusal
from mockserver.faults.catalogue import InjectedFault
from mockserver.faults.delivery import refusal_after, refusal_of
from mockserver.journal.records import row_changes
from mockserver.journal.redaction import hide
from mockserver.life.events import Cause, Deferred, Happening, Meaning
from mockserver.life.lifecycle import Lifecycle
from mockserver.play.courier import Courier
from mockserver.play.posting import Occasion, Posted, Told, post, posted
from mockserver.play.timer import Timer
from mockserver.state.changes import Change, RequestNumber
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.vendor import Handler, Header, Precheck, Reply, Vendor
from mockserver.webhooks.base import WEBHOOKS, Webhooks
from mockserver.workspaces import LEADS, Workspace, Workspaces


class Site(Api):
    """One vendor, served: behind its handlers is the workspace that the credential chooses."""

    def __init__(
        self,
        vendor: Vendor,
        document: Document,
        workspaces: Workspaces,
        *,
        lenient: bool,
        max_body: int,
        max_wait: float,
    ) -> None:
        """See `Api`.

        Raises DocumentError where an operation has no handler or a handler no operation.
        """
        module = f"mockserver.vendors.{vendor.name}"
        super().__init__(
            module,
            vendor.dialect,
            document,
            vendor.handlers,
            credential=vendor.credential,
            lenient=lenient,
            max_body=max_body,
            max_wait=max_wait,
        )
        self.vendor = vendor
        self._handlers: dict[str, Handler] = dict(vendor.handlers)
        hide(vendor.credential)
        self._prechecks: dict[str, Precheck] = dict(vendor.prechecks)
        self._workspaces = workspaces
        self._name = vendor.name
        self.timer: Timer | None = None
        """Plays the due steps of workspaces whose clock runs."""
        self.courier: Courier | None = None
        """Brings deliveries to their receivers."""
        self._meaning: Meaning = _no_meaning
        self._webhooks: Webhooks | None = None
        if vendor.lifecycle is not None:
            vendor.lifecycle.check(document)
            self._meaning = vendor.lifecycle.lead_happenings
            self._webhooks = vendor.lifecycle.webhooks

    def serve(self, call: Call, prefix: str) -> Reply:
        """In the order in which the vendor's framework looks: path, method and credential, body.

        Then the handler. What it changed counts with its reply, and not with a refusal. Where file
        descriptors are used up, it is called once more with one in reserve.
        """
        call.vendor = self._name
        if call.request.method == "OPTIONS" and self._is_preflight(call):
            return self._preflight(call)
        self.route(call, prefix)
        operation = call.operation
        if operation is None and not self.dialect.authenticates_first:
            raise Refusal("method_not_allowed")
        account = call.account = self._account(call.request)
        if account is None and (operation is None or operation.needs_credential):
            raise Refusal("unauthorized", reason=Reason.MISSING)
        workspace = self._workspaces.admit(account)
        turns = workspace.turns
        body = call.request.body
        if turns.is_taken or call.is_beside or (body is not None and len(body) > LONG_BODY):
            wait_for_turn(call, turns)
        changes: list[Change] = _enter(call, workspace)
        try:
            try:
                reply = self._handle(call, workspace, changes)
            except OSError as error:
                if not are_used_up(error):
                    raise
                del changes[1:]  # the request itself counts once
                call.posted = None
                reply = with_reserve(partial(self._handle, call, workspace, changes))
        except LongWork:
            raise waiting(call, workspace.turns) from None
        except BaseException:
            call.version = workspace.commit(changes, call.growth)
            raise
        call.version = workspace.commit(changes, call.growth)
        change = call.lead_change
        if change is not None:
            # A named tuple's own constructor takes twice as long.
            now, number, version = call.now, call.number, call.version
            fields = (self._meaning, change, call.settings, self._name, now, number, version)
            workspace.events.defer(tuple.__new__(Deferred, fields))
        elif call.happenings:
            cause = Cause("request", call.number)
            workspace.events.add(call.happenings, self._name, call.now, cause, call.version)
            if call.posted is not None:
                self._send(workspace, call.posted)
        if call.plans and self.timer is not None:
            self.timer.look(workspace)
        return reply

    def _is_preflight(self, call: Call) -> bool:
        headers = call.request.headers
        is_one = b"origin" in headers and b"access-control-request-method" in headers
        return is_one and self._allows_origin(call)

    def _preflight(self, call: Call) -> Reply:
        """What a browser needs to know before it sends a request of another site's page.

        It carries no credential, so it is one of the unclaimed.
        """
        unclaimed = self._workspaces.unclaimed
        call.version = unclaimed.commit(_enter(call, unclaimed), 0)
        names = call.request.headers.get(b"access-control-request-headers", b"*")
        return Reply(b"", 204, (*_PREFLIGHT, (b"access-control-allow-headers", names)))

    def _allows_origin(self, call: Call) -> bool:
        settings = call.settings
        if not settings:
            settings = self._workspaces.admit(None).settings[self._name]
        return bool(settings.get("cors") == "on")

    def cross_origin(self, call: Call) -> tuple[Header, ...]:
        """See `Api`: the setting `cors` allows it."""
        return _ANY_ORIGIN if self._allows_origin(call) else ()

    def _handle(self, call: Call, workspace: Workspace, changes: list[Change]) -> Reply:
        """The reply of the operation's handler, or of a fault. Adds to the changes."""
        operation = call.operation
        if operation is None:
            raise Refusal("method_not_allowed")
        call.settings = workspace.settings[self._name]
        fault, tallies = workspace.faults.decide(call)
        changes += tallies
        if fault is not None:
            call.fault = fault
            _note_magic(call, fault)
            if not fault.kind.applies:
                raise refusal_of(fault, call.now)
        tx = call.tx = Transaction(self._name, workspace.tables[self._name], call.settings)
        self.read(call, operation)
        reply = self.dialect.accept(self._handlers[operation.id](call, tx), call)
        if tx.drafts:
            changes += self._written(call, workspace, reply)
        return reply if fault is None else self._instead(fault, call) or reply

    def _written(
        self,
        call: Call,
        workspace: Workspace,
        reply: Reply | None = None,
        cause: Cause | None = None,
    ) -> list[Change]:
        """What the handler wrote, and what follows from it for leads, if there is room for it.

        The reply shows what follows, too. The cause is the request unless another one is given.
        """
        tx = call.tx
        written = tx.changes()
        if not written:
            return written
        diffs: Sequence[RowDiff]
        diffs, size = tx.effects()
        lifecycle = self.vendor.lifecycle
        if lifecycle is None or (len(diffs) == 1 and lifecycle.is_silent(diffs[0], call.settings)):
            call.changes = row_changes(diffs)
        else:
            cause = cause or Cause("request", call.number)
            diffs = self._followed(call, workspace, diffs, cause, lifecycle)
            call.changes = row_changes(diffs)
            if call.plans and reply is not None:
                reply.body = lifecycle.renewed(reply.body, tx)
            is_told = self._is_told(call, workspace, diffs, cause)
            if call.plans or is_told:
                written = tx.changes()
                _, size = tx.effects()
            # A write of one lead alone brings nothing of what is bounded.
            if is_told or len(diffs) > 1 or diffs[0].table != LEADS:
                workspace.require_rows(written)
        workspace.require_room(written, size)
        call.growth = size
        return written

    def _followed(
        self,
        call: Call,
        workspace: Workspace,
        diffs: Sequence[RowDiff],
        cause: Cause,
        lifecycle: Lifecycle,
    ) -> Sequence[RowDiff]:
        """Plan what follows from these changes for leads. Returns all changes then."""
        tx = call.tx
        if lifecycle.concerns(diffs, tx):
            call.plans = lifecycle.react(diffs, workspace.scene(tx, call.now, cause))
        if call.plans:
            diffs, _ = tx.effects()
        if len(diffs) == 1 and diffs[0].table == LEADS:
            call.lead_change = diffs[0]
        else:
            call.happenings = lifecycle.happenings(diffs, tx)
        return diffs

    def _is_told(
        self, call: Call, workspace: Workspace, diffs: Sequence[RowDiff], cause: Cause
    ) -> bool:
        """Have webhooks told of what the call changes. Says whether any is."""
        webhooks = self._webhooks
        if webhooks is None or call.tx.stored[WEBHOOKS].is_empty:
            return False
        return self._post(call, workspace, diffs, cause, webhooks)

    def _post(
        self,
        call: Call,
        workspace: Workspace,
        diffs: Sequence[RowDiff],
        cause: Cause,
        webhooks: Webhooks,
    ) -> bool:
        """Have webhooks told of what the call changes. Says whether any is."""
        if call.settings["api_changes_fire"] == "off":
            return False
        change = call.lead_change
        if change is not None:
            call.happenings = self._meaning(change, call.settings)
            call.lead_change = None
        told: list[Told] = []
        first = workspace.events.last + 1
        for number, happening in enumerate(call.happenings, first):
            occasion = Occasion(number, happening.lead, call.now, cause)
            messages = webhooks.messages(happening, diffs, call.tx)
            told += [(occasion, message) for message in messages]
        if not told:
            return False
        call.posted = post(workspace, self._name, told, call.tx)
        return True

    def _send(self, workspace: Workspace, what: Posted) -> None:
        posted(workspace, self._name, what)
        if self.courier is not None:
            self.courier.look(workspace)
        if self.timer is not None and any(each.next_try for each in what.deliveries):
            self.timer.look(workspace)

    def change(self, workspace: Workspace, request: Request, cause: Cause) -> list[Happening]:
        """Do what a request would, without the request: it has no number and no record.

        No fault is applied. Returns what it makes happen. Raises Refusal.
        """
        call = Call(request)
        call.vendor, call.number = self._name, workspace.requests
        call.now, call.seed = workspace.now(), workspace.seed
        call.settings = workspace.settings[self._name]
        self.route(call, "")
        operation = call.operation
        assert operation is not None, request.path
        call.tx = workspace.transaction(self._name)
        self.read(call, operation)
        self._handlers[operation.id](call, call.tx)
        written = self._written(call, workspace, cause=cause)
        workspace.commit(written, call.growth)
        if call.posted is not None:
            self._send(workspace, call.posted)
        if call.lead_change is not None:
            return list(self._meaning(call.lead_change, call.settings))
        return list(call.happenings)

    def precheck(self, call: Call, operation: Operation) -> None:
        """Call the check that the vendor wants made before the body is read."""
        check = self._prechecks.get(operation.id)
        if check is not None:
            check(call, call.tx)

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """Phrase a refusal; the workspace counts the request even where it was not reached.

        Raises Waits where a long request works with the workspace: the next number is its own.
        """
        if call.number == 0:
            workspace = self.claimant(call.request) or self._workspaces.unclaimed
            require_turn(call, workspace.turns)
            call.version = workspace.commit(_enter(call, workspace), 0)
        return (self._instead(call.fault, call) if call.fault else None) or self.dialect.refuse(
            refusal, call
        )

    def too_busy(self, call: Call, prefix: str) -> Reply:
        """See `Api`. The request is one of the unclaimed: its workspace is not to be touched."""
        call.vendor = self._name
        unclaimed = self._workspaces.unclaimed
        call.version = unclaimed.commit(_enter(call, unclaimed), 0)
        return super().too_busy(call, prefix)

    def _instead(self, fault: InjectedFault, call: Call) -> Reply | None:
        lost = refusal_after(fault)
        return self.dialect.refuse(lost, call) if lost is not None else None

    def claimant(self, request: Request) -> Workspace | None:
        """The workspace of a request's credential; None without one that gets in."""
        try:
            account = self._account(request)
            return self._workspaces.admit(account) if account else None
        except Refusal:
            return None


def _no_meaning(change: RowDiff, settings: Mapping[str, Any]) -> Sequence[Happening]:
    """A vendor without a lifecycle makes no events."""
    return ()


def _note_magic(call: Call, fault: InjectedFault) -> None:
    if fault.cause.startswith("magic"):
        text = f"got a fault for a {fault.cause}; with the setting magic: off it would not"
        call.note("chosen-behaviour", fault.cause, text)


_ANY_ORIGIN = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"*"),
)
_PREFLIGHT = (
    (b"access-control-allow-methods", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    (b"access-control-max-age", b"86400"),
    (b"vary", b"Access-Control-Request-Headers"),
)


def _enter(call: Call, workspace: Workspace) -> list[Change]:
    """Give the call what it has from its workspace. Returns the change that counts it."""
    call.number = workspace.requests + 1
    call.now = workspace.now()
    call.seed = workspace.seed
    call.workspace = workspace.name
    call.journal = workspace.journal
    # A named tuple's own constructor takes twice as long.
    return [tuple.__new__(RequestNumber, (call.number, call.now))]

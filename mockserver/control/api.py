"""The machine behind the control API: who may ask, and what its handlers are given."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from mockserver.api import (
    Api,
    App,
    Receive,
    Scope,
    Send,
    Waits,
    Worked,
    send_answer,
    wait_for_turn,
    waiting,
)
from mockserver.call import Call, Headers, LongWork
from mockserver.control.channel import Channels
from mockserver.control.findings import FindingsCache
from mockserver.control.later import Attempt, Later, Stream, Underway, Unsettled, whole_body
from mockserver.credential import Credential
from mockserver.descriptors import tried_again
from mockserver.dialects.problem_json import ProblemJson
from mockserver.dispatch import Site
from mockserver.documents.spec import Document, Operation
from mockserver.errors import Location, Path, Problem, Reason, Refusal
from mockserver.faults.delivery import Answer
from mockserver.journal.directory import Directory, Rules
from mockserver.play.clockwork import Clockwork
from mockserver.play.courier import Courier
from mockserver.play.timer import Timer
from mockserver.turns import Turns
from mockserver.vendor import Reply, Vendor
from mockserver.webhooks.targets import Targets
from mockserver.wire import repeated_names
from mockserver.workspaces import Workspace, Workspaces

if TYPE_CHECKING:
    from mockserver.control.grouping import PeopleCache

Handler = Callable[[Call, "Control"], Reply]

HANDLERS: dict[str, Handler] = {}

Check = Callable[[Mapping[str, Any], Call, "Control"], Iterable[Problem]]
"""What is wrong with a body (with a query if there is no body) that the document cannot know.

A check is given the members that fit the document.
"""

CHECKS: dict[str, Check] = {}

LONG: set[str] = set()
"""Operations whose work grows with what a workspace holds: they are done beside the loop."""

ON_ALL: set[str] = set()
"""Operations that work with every workspace."""

ANY_QUERY: set[str] = set()
"""Operations that take any query."""

NAME = "control"
"""What this API is called where a request to a vendor has the vendor's name."""

CREDENTIAL = Credential("Authorization", scheme="Bearer")
"""How a request carries the server's token."""

_PRIVATE = (b".localhost", b".test", b".example", b".invalid", b".local", b".internal")
"""Endings of host names that nobody can register."""


def operation(handler: Handler) -> Handler:
    """Decorator: this function answers the operation of its name."""
    HANDLERS[handler.__name__] = handler
    return handler


def long(handler: Handler) -> Handler:
    """Decorator: what the function does is worked on beside the loop."""
    LONG.add(handler.__name__)
    return handler


def on_all(handler: Handler) -> Handler:
    """Decorator: the function works with every workspace, and waits for all that are busy."""
    ON_ALL.add(handler.__name__)
    return handler


def any_query(handler: Handler) -> Handler:
    """Decorator: a request may have parameters that the document does not name."""
    ANY_QUERY.add(handler.__name__)
    return handler


def checked(check: Check) -> Callable[[Handler], Handler]:
    """Decorator: run the check before the handler.

    The answer names what the check finds together with what breaks the document.
    """

    def register(handler: Handler) -> Handler:
        CHECKS[handler.__name__] = check
        return handler

    return register


def load_handlers() -> None:
    """Import the handlers, which register themselves in `HANDLERS`.

    With all that they need they take a fifth of a start, and many servers get no request for them.
    """
    from mockserver.control import handlers

    assert handlers


def nothing() -> Reply:
    """The answer 204: it is done, and the answer has no content."""
    return Reply(b"", 204)


def unknown(name: str, known: Iterable[str]) -> str:
    """What is wrong with an unknown name, with the known names that are like it, or all of them."""
    from difflib import get_close_matches

    names = sorted(set(known))
    close = get_close_matches(name, names, 3, 0.5)
    hint = f"known are {', '.join(names)}"
    if close:
        hint = f"did you mean {' or '.join(close)}?"
    return f"is {name!r}, which is not known; {hint}"


def _stray_parameters(call: Call, operation: Operation) -> Iterator[Problem]:
    """The problems of parameters that nobody knows, and of those that stand twice."""
    if operation.id in ANY_QUERY:
        return
    known = operation.query.schema["properties"].keys()
    for name in sorted(call.query.keys() - known):
        yield Problem((name,), "unknown", "is no parameter here", None, None, "query")
    for name in repeated_names(call.request.query_string):
        if name in known:
            yield Problem((name,), "repeated", "stands more than once", None, None, "query")


def _are_equal(given: str, token: str) -> bool:
    """Whether the texts are equal. Raises nothing: an error would show a token in its trace."""
    pair = [text.encode("utf-8", "surrogatepass") for text in (given, token)]
    return compare_digest(*pair)


class Control(Api):
    """The control API of a server.

    Behind its handlers are all workspaces, and the vendors they are for.
    """

    def __init__(
        self,
        document: Document,
        workspaces: Workspaces,
        sites: Collection[Site],
        *,
        token: str | None,
        timer: Timer,
        courier: Courier,
        targets: Targets,
        max_body: int,
        max_wait: float,
        max_streams: int = 16,
    ) -> None:
        """`token` is what every request but the one for the server's health must carry.

        None lets in whoever reaches this machine.

        Raises DocumentError where an operation has no handler or a handler no operation. A kept
        document has passed that check: then the handlers are imported by the first request.
        """
        self.max_wait = max_wait
        self.max_body = max_body
        self._has_handlers = False
        if not document.trusted:
            self._load_handlers()
        super().__init__(
            __package__ or "",
            ProblemJson(),
            document,
            HANDLERS if self._has_handlers else None,
            credential=CREDENTIAL,
            lenient=False,
            max_body=max_body,
            max_wait=max_wait,
        )
        self.workspaces = workspaces
        self._turns_of_all = Turns()
        self.timer = timer
        self.channels = Channels(max_streams)
        self.courier = courier
        self.targets = targets
        self.clockwork = Clockwork({site.vendor.name: site.vendor for site in sites}, courier)
        self._underway: set[asyncio.Task[Answer | App]] = set()
        self.sites: Mapping[str, Site] = {site.vendor.name: site for site in sites}
        self.token = token
        self.authority: bytes | None = None
        """The certificate that clients have to trust, in PEM."""
        self._hosts = frozenset(site.document.host.encode() for site in self.sites.values())

    @property
    def vendors(self) -> tuple[Vendor, ...]:
        """Every vendor, by name."""
        return tuple(site.vendor for site in self.sites.values())

    @property
    def operations(self) -> Mapping[str, Sequence[Operation]]:
        """The operations of each vendor."""
        return {name: site.document.operations for name, site in self.sites.items()}

    @property
    def rules(self) -> Rules:
        """The matching rules of each vendor."""
        return {vendor.name: vendor.rules for vendor in self.vendors}

    @cached_property
    def findings(self) -> FindingsCache:
        """What the report finds in journals."""
        return FindingsCache(self.directory)

    @cached_property
    def people(self) -> "PeopleCache":
        """The people of workspaces."""
        from mockserver.control.grouping import PeopleCache

        return PeopleCache()

    def _load_handlers(self) -> None:
        tried_again(load_handlers)
        self._has_handlers = True

    @cached_property
    def directory(self) -> Directory:
        """What records name, and what their vendors read."""
        credentials = {vendor.name: vendor.credential for vendor in self.vendors}
        return Directory(self.operations, self.rules, credentials)

    def serve(self, call: Call, prefix: str) -> Reply:
        """Check who asks, find the operation, read the request strictly, and handle it."""
        call.settings = {}
        call.vendor = NAME
        call.now = datetime.now(UTC)
        if not self._has_handlers:
            self._load_handlers()
        self._refuse_web_pages(call.request.headers)
        self.route(call, prefix)
        operation = call.operation
        if operation is None:
            raise Refusal("method_not_allowed")
        if operation.needs_credential:
            self._let_in(call)
        self._wait_for_turn(call, operation)
        return tried_again(self._handle, call, operation)

    def _handle(self, call: Call, operation: Operation) -> Reply:
        self.read(call, operation)
        try:
            return self.dialect.accept(HANDLERS[operation.id](call, self), call)
        except LongWork:
            raise waiting(call, *self._turns(call)) from None

    def _keep(self, worked: Worked) -> Answer | App:
        # Where a seed or a snapshot needs room, journals go once its work beside the loop is done.
        self.workspaces.memory.settle()
        reply = worked.reply
        if isinstance(reply, Underway):
            return partial(self._answer_at_end, reply, worked.call)
        if isinstance(reply, Stream):
            return partial(reply.send, worked.answer.headers)
        workspace = self.workspaces.named(worked.call.path_parameters.get("workspace", ""))
        if workspace is not None:
            self.timer.look(workspace)
            self.courier.look(workspace)
        if isinstance(reply, Unsettled):
            return partial(self._ask_again, Later(reply, worked.call.request))
        return super()._keep(worked)

    def _check(self, operation: Operation, reply: Reply) -> None:
        if not isinstance(reply, Underway):  # there is no answer yet
            super()._check(operation, reply)

    async def _answer_at_end(
        self, reply: Underway, call: Call, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send the answer to what takes a while. It goes on to its end if the client leaves."""
        task = asyncio.ensure_future(self._finish(reply, call))
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)
        await send_answer(await asyncio.shield(task), scope, receive, send)

    async def _finish(self, reply: Underway, call: Call) -> Answer | App:
        operation = call.operation
        assert operation is not None
        try:
            last = self.dialect.accept(await reply.work(), call)
        except Refusal as refusal:
            last = self.refuse(refusal, call)
        except TimeoutError:
            last = self.too_busy(call, "")
        self._check(operation, last)
        return self._keep(self._finished(call, last))

    async def _ask_again(self, later: Later, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask again whenever there is a further request, until the answer is settled."""
        if isinstance(send, Attempt):
            send.later = later  # who makes the attempt goes on
            return
        attempt = Attempt(send, later)
        while attempt.later is not None:
            waits, attempt.later = attempt.later, None
            await waits.for_news()
            await self(scope, whole_body(waits.body()), attempt)

    def _turns(self, call: Call) -> tuple[Turns, ...]:
        """The turns of the workspace that the path names."""
        workspace = self.workspaces.named(call.path_parameters.get("workspace", ""))
        return (workspace.turns,) if workspace is not None else ()

    def _wait_for_turn(self, call: Call, operation: Operation) -> None:
        """Raise Waits unless the workspace of the path, or every one, can be worked with now."""
        for turns in self._turns(call):
            wait_for_turn(call, turns, operation.id in LONG)
        if operation.id in ON_ALL:
            taken = [each.turns for each in self.workspaces if each.turns.is_taken]
            missing = [turns for turns in taken if turns not in call.turns]
            if missing:
                # Only one at a time has several turns: two could each wait for one of the other's.
                if self._turns_of_all not in call.turns:
                    missing.insert(0, self._turns_of_all)
                raise Waits(missing)

    def read(self, call: Call, operation: Operation) -> None:
        """Read as `Api` does; refuse unknown parameters and what the operation's check finds."""
        problems: list[Problem] = []
        try:
            super().read(call, operation)
        except Refusal as refusal:
            problems += refusal.problems
            if not problems:
                raise
        # One place has one problem: a check need not know what the document says of the member.
        places = {(problem.location, problem.path) for problem in problems}
        more = (*_stray_parameters(call, operation), *self._checked(call, operation, places))
        problems += [each for each in more if (each.location, each.path) not in places]
        if problems:
            raise Refusal("invalid", problems=problems)

    def _checked(
        self, call: Call, operation: Operation, places: Collection[tuple[Location, Path]]
    ) -> Iterable[Problem]:
        """What the operation's check finds in the members that have no problem so far."""
        check = CHECKS.get(operation.id)
        location: Location = "body" if operation.body else "query"
        given = call.body if operation.body else call.query
        if check is None or not isinstance(given, dict):
            return ()
        sound = {name: each for name, each in given.items() if (location, (name,)) not in places}
        return check(sound, call, self)

    def _let_in(self, call: Call) -> None:
        """Raise Refusal("unauthorized") unless the request has the server's token."""
        if self.token is None:
            return
        given = self._account(call.request)
        if given is None:
            raise Refusal("unauthorized", reason=Reason.MISSING)
        # Compared in constant time: how long it takes must not say how much of a guess was right.
        if not _are_equal(given, self.token):
            raise Refusal("unauthorized", reason=Reason.UNKNOWN)

    def _refuse_web_pages(self, headers: Headers) -> None:
        """Raise Refusal("forbidden") for a request that a web page of another site sends.

        A browser names the page's site in `Origin`. A page whose own host name leads to this
        machine (DNS rebinding) has that name in `Host`.
        """
        host = headers.get(b"host", b"").lower()
        origin = headers.get(b"origin")
        if origin is not None and origin.lower().partition(b"://")[2] != host:
            raise Refusal(
                "forbidden",
                "A web page of another site may not use the control API: `Origin` is not this "
                "server.",
            )
        if self.token is None and not self.is_ours(host):
            raise Refusal(
                "forbidden",
                "Without an admin token the control API answers to host names of this machine "
                f"only, not to {host.decode('latin-1')}.",
            )

    def is_ours(self, host: bytes) -> bool:
        """Whether nobody else can have made that name, in lower case, lead here.

        It is an address, a name without a dot, a name of a private kind, or the host of a vendor.
        """
        if host.startswith(b"["):  # an IPv6 address
            return True
        name = host.partition(b":")[0]
        is_address = not name.strip(b"0123456789.")
        return is_address or b"." not in name or name.endswith(_PRIVATE) or name in self._hosts

    def unknown_names(
        self, vendor: str | None, operation: str | None, location: Location
    ) -> Iterator[Problem]:
        """The problems of an unknown vendor, and of an operation that the vendor does not have.

        Without a known vendor the operation may be any vendor's.
        """
        if vendor is not None and vendor not in self.sites:
            yield Problem(("vendor",), "value", unknown(vendor, self.sites), vendor, None, location)
        known: list[str] = []
        for name, group in self.operations.items():
            if name == vendor or vendor not in self.sites:
                known += [each.id for each in group]
        if operation is not None and operation not in known:
            text = unknown(operation, known)
            yield Problem(("operation",), "value", text, operation, None, location)

    def workspace(self, call: Call) -> Workspace:
        """The workspace that the path names. Raises Refusal("not_found")."""
        name = call.path_parameters["workspace"]
        found = self.workspaces.named(name)
        if found is None:
            raise Refusal(
                "not_found",
                f"There is no workspace {name!r}. The first request with its credential creates "
                "it, and so does POST /__admin/workspaces.",
            )
        return found

    def base_urls(self, call: Call) -> dict[str, str]:
        """Where each vendor's API is, by vendor, as the sender of this request reaches it."""
        server = call.request.url.removesuffix(call.request.path)
        urls = {}
        for name, site in self.sites.items():
            urls[name] = f"{server}/{name}{site.document.base_path}"
        return urls

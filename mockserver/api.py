"""One API served from its document: find the operation, read, check, answer."""

import asyncio
import concurrent.futures.thread  # noqa: F401  # asyncio imports it at the first thread, maybe when no file can be opened
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

from mockserver.call import Call, Headers, Recorder, Request, request_of, shared_headers
from mockserver.collector import collector_paused
from mockserver.credential import Credential
from mockserver.descriptors import tried_again
from mockserver.documents.spec import Body, Document, Operation
from mockserver.errors import DocumentError, Problem, Refusal, joined, limited
from mockserver.faults.delivery import Answer, as_seen, deliver
from mockserver.forms import FORM, MULTIPART
from mockserver.journal.records import (
    NO_CONTENT,
    Record,
    answer_headers,
    applied_fault,
    refusal_note,
)
from mockserver.journal.redaction import printable
from mockserver.routing import Router
from mockserver.stamps import stamp
from mockserver.turns import Turns
from mockserver.vendor import Dialect, Header, Reply
from mockserver.wire import Unsafe, flaws_of, read_query

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("mockserver")

_new: Any = tuple.__new__
"""Makes a named tuple in half of the time that its own constructor takes."""

_FORMS = frozenset({FORM, MULTIPART})
_ANYWHERE = frozenset({301, 403, 405, 507})
"""Statuses that need no description.

A missing slash, a limit of this server, a wrong method, a full memory.
"""


class Api:
    """One API served from its document.

    Finds the operation, reads the request, phrases refusals, holds answers to the document.

    What stands behind its handlers is a subclass's.
    """

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        document: Document,
        handlers: Iterable[str] | None,
        *,
        credential: Credential,
        lenient: bool,
        max_body: int,
        max_wait: float,
    ) -> None:
        """`name` is the module of the handlers; those that are None fit the document.

        `credential` is none of the query's parameters.

        `lenient` reads as the API's framework does, otherwise to the letter of the document.

        `max_body` is in bytes, `max_wait` in seconds. Raises DocumentError where an operation has
        no handler or a handler no operation.
        """
        self.document = document
        self.dialect = dialect
        self.request_log: Recorder | None = None
        """What is told of each request, beside the journal."""
        self._strict_query = dialect.strict_query or not lenient
        self._max_body = max_body
        self._max_wait = max_wait
        self._account = dialect.authenticator(credential)
        self._key = credential.name if credential.where == "query" else None
        self._decoded_path = dialect.decoded_path if dialect.decodes_paths else None
        self._router: Router | None = None
        if handlers is not None:
            self._refuse_strays(name, set(handlers))

    def _new_router(self) -> Router:
        """The router, made at the first request."""
        # No cached property: one makes every look at an attribute of its object slower.
        dialect = self.dialect
        self._router = Router(
            self.document.operations,
            dialect.implicit_methods,
            dialect.case_sensitive_paths,
            dialect.trailing_slashes,
            parameter=dialect.parameter,
            decoded=dialect.decodes_paths,
        )
        return self._router

    def _refuse_strays(self, module: str, handled: set[str]) -> None:
        described = {operation.id for operation in self.document.operations}
        for name in sorted(described - handled):
            raise DocumentError(
                f"{self.document.source.file}: the operation {name!r} has no handler in {module}"
            )
        for name in sorted(handled - described):
            raise DocumentError(
                f"{module}: {name} handles no operation of {self.document.source.file}"
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send, prefix: str = "") -> None:
        """Answer one HTTP request. `prefix` is the part of the path that is not the API's."""
        try:
            raw = await read_body(dict(scope["headers"]), receive, self._max_body)
        except ClientLeft:
            return
        await send_answer(self.answer(scope, raw, prefix), scope, receive, send)

    def answer(self, scope: Scope, raw: bytes | None, prefix: str = "") -> Answer | App:
        """Answer a request whose body is here (None: it was too large), and keep it in the journal.

        What is left is to send the answer. An application comes instead of it where that is done in
        a way of its own, as a fault says, or where the request has to wait: for its turn with the
        workspace, or for the end of its own work beside the loop.
        """
        headers = scope.get("header_set") or shared_headers(scope["headers"])
        if raw is not None and len(raw) > self._max_body:
            raw = None
        kind = headers.get(b"content-type", b"")
        # `find` and not `in`: CPython first tries to take the bytes for one number.
        if raw and (not raw.isascii() or kind.find(b";") >= 0):
            raw = tried_again(self.dialect.decoded, raw, kind.decode("latin-1"))
        call = Call(request_of(scope, headers, raw))
        began = perf_counter()
        try:
            reply = self.reply_to(call, prefix)
        except Waits as raised:
            # Not the error itself: it knows the frames that will hold the application, a cycle.
            waits = Waits(raised.turns, is_long=raised.is_long)
            return partial(self._answer_later, call.request, waits, prefix)
        return self._keep(self._finished(call, reply, began))

    async def _answer_later(
        self, request: Request, waits: "Waits", prefix: str, *asgi: Any
    ) -> None:
        """Answer a request in its turn, and send the answer (`asgi`: scope, receive and send)."""
        async with AsyncExitStack() as turns:
            answer = None
            held: tuple[Turns, ...] = ()
            while answer is None:
                call = Call(request)
                try:
                    for each in waits.turns:
                        await turns.enter_async_context(each.turn(self._max_wait))
                        held += (each,)
                    # Only with all turns that it needs a request goes beside the loop.
                    call.turns, call.is_beside = held, waits.is_long and not waits.turns
                    answer = self._keep(await self._worked(call, prefix))
                except Waits as again:
                    waits = Waits(again.turns, is_long=waits.is_long or again.is_long)
                except TimeoutError:
                    answer = self._keep(self._finished(call, self.too_busy(call, prefix)))
        await send_answer(answer, *asgi)

    async def _worked(self, call: Call, prefix: str) -> "Worked":
        """The work of a request, beside the loop if it is long.

        A thread does it while the turn with the workspace is the request's. Python lets the threads
        run in turn, so that the loop goes on with the requests of other workspaces.
        """
        if not call.is_beside:
            return self._work(call, prefix)
        work = asyncio.ensure_future(asyncio.to_thread(self._work_beside, call, prefix))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            # A thread cannot be stopped, and the turn is the request's as long as it works.
            await asyncio.wait([work])
            raise
        finally:
            del work  # it has the error that it raised, and that knows this frame: a cycle

    def _work_beside(self, call: Call, prefix: str) -> "Worked":
        with collector_paused():
            return self._work(call, prefix)

    def _work(self, call: Call, prefix: str) -> "Worked":
        """Do what is asked. Raises Waits."""
        began = perf_counter()
        return self._finished(call, self.reply_to(call, prefix), began)

    def _finished(self, call: Call, reply: Reply, began: float | None = None) -> "Worked":
        """The answer in bytes, and what the journal keeps of the request."""
        headers = reply.headers
        if b"origin" in call.request.headers:
            headers = (*headers, *self.cross_origin(call))
        body = reply.body
        if type(body) is not bytes:
            body = self.dialect.write_body(body, call)
        applied = None if call.fault is None else applied_fault(call.fault)
        if applied is None and call.number and reply.status != NO_CONTENT:
            parts = (reply.status, headers, body, stamp(len(body), call.now, call.number))
            answer: Answer = _new(Answer, parts)
        else:
            size = None if reply.status == NO_CONTENT else len(body)
            sent = answer_headers(headers, size, call.now, call.number, applied)
            answer = Answer(reply.status, sent, body)
        record = None
        if call.journal is not None or self.request_log is not None:
            seconds = 0.0 if began is None else perf_counter() - began
            # The answer as the client sees it, under a fault too.
            status, seen_headers, seen_body = reply.status, None, body
            if call.fault is not None:
                status, seen_headers, seen_body, _ = as_seen(call.fault, answer)
            record = _new(
                Record,
                (
                    call.number,
                    call.version,
                    call.now,
                    call.vendor,
                    None if call.operation is None else call.operation.id,
                    call.methods,
                    call.request,
                    status,
                    seen_body,
                    headers,
                    seen_headers,
                    tuple(call.tx.trace),
                    call.changes,
                    applied,
                    seconds,
                    None if call.refusal is None else refusal_note(call.refusal),
                    call.action,
                    call.notes,
                ),
            )
        worked: Worked = _new(Worked, (call, reply, answer, record))
        return worked

    def _keep(self, worked: "Worked") -> Answer | App:
        """Keep the request in its journal; what is to be sent."""
        call, _, answer, record = worked
        if record is not None:
            if call.journal is not None:
                call.journal.add(record)
            if self.request_log is not None:
                self.request_log.add(record)
        # An error knows the frames in which it was raised, and these know the call: a cycle.
        call.refusal = None
        if call.fault is None:
            return answer
        return partial(deliver, call.fault, answer)

    def reply_to(self, call: Call, prefix: str = "") -> Reply:
        """The reply to a request that has been read. Raises Waits, and nothing else."""
        try:
            try:
                reply = self.serve(call, prefix)
            except Refusal as refusal:
                refusal.problems = tuple(limited(refusal.problems, self.dialect.most_problems))
                call.refusal = refusal
                reply = self.refuse(refusal, call)
        except Waits:
            call.refusal = None  # it is refused anew; the error would be in a cycle with the call
            raise
        except Exception:
            log.exception(
                "%s %s failed inside the server",
                printable(call.request.method),
                printable(call.request.path),
            )
            reply = self.refuse(Refusal("server_error"), call)
        operation = call.operation
        if operation is not None and call.fault is None:
            documented = operation.answers.get(reply.status)
            validator = None if documented is None else documented.validator
            body = reply.body
            # Nearly every answer fits the document, and asking for that alone costs least.
            if validator is None or type(body) is bytes or not validator.is_valid(body):
                self._check(operation, reply)
        return reply

    def serve(self, call: Call, prefix: str) -> Reply:
        """Find out what is asked, and do it. Raises Refusal."""
        raise NotImplementedError

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The answer to a refusal, in the words of the API's framework."""
        return self.dialect.refuse(refusal, call)

    def cross_origin(self, call: Call) -> tuple[Header, ...]:
        """Headers that let the web page of another site read the answer; none, unless allowed."""
        return ()

    def too_busy(self, call: Call, prefix: str) -> Reply:
        """The answer to a request whose turn did not come in time."""
        with suppress(Refusal):
            self.route(call, prefix)
        message = f"The workspace was busy for {self._max_wait:g} seconds (--max-wait)."
        return self.dialect.refuse(Refusal("maintenance", message, retry_after=1), call)

    def route(self, call: Call, prefix: str) -> None:
        """Find the path and its operation, which is None where the path does not take the method.

        Raises Refusal("no_route").
        """
        method, path, raw_path = call.request[:3]
        if prefix:
            path, raw_path = path[len(prefix) :], raw_path[len(prefix) :]
        if self._decoded_path is not None:
            path = raw_path = self._decoded_path(path, raw_path)
        router = self._router or self._new_router()
        route = router.static(path)
        if route is None:
            route, call.path_parameters = router.find_template(path, raw_path)
        call.methods = route.methods
        operations = route.operations
        operation = operations.get(method) or operations.get(self.dialect.method(method))
        call.operation = operation
        if operation is None:
            call.siblings = operations

    def read(self, call: Call, operation: Operation) -> None:
        """Fill in path parameters, query and body. Raises Refusal naming every problem."""
        self.dialect.check(call)
        problems: list[Problem] = []
        if call.path_parameters:
            call.path_parameters, problems = self._read_path(call, operation)
            self.precheck(call, operation)
        query = call.request.query_string
        if query or operation.asks:
            call.query, more = self._read_query(operation, query, call.settings)
            problems += more
        body = operation.body
        if body is not None:
            sent = self._read_body(body, call)
            if call.settings.get("nulls") == "absent":
                sent = _without_nulls(sent, call)
            call.body, more = body.reader.read(sent, call.exists, call.region)
            if more and call.settings.get("nulls") == "refuse":
                _note_nulls(sent, more, call)
            problems += joined(call.flaws, more) if call.flaws else more
        if problems:
            raise Refusal("invalid", problems=problems)

    def precheck(self, call: Call, operation: Operation) -> None:
        """Hook between reading the path parameters and reading the body. Raises Refusal."""

    def _read_path(self, call: Call, operation: Operation) -> tuple[dict[str, Any], list[Problem]]:
        """The path parameters as values, and what is wrong with those that are told later."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, text in call.path_parameters.items():
            try:
                values[name] = self.dialect.path_parameter(
                    name, operation.path_parameters[name], text
                )
            except Refusal as refusal:
                if refusal.kind != "invalid":
                    raise
                values[name] = text
                problems += refusal.problems
        return values, problems

    def _read_query(
        self, operation: Operation, raw: bytes, settings: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[Problem]]:
        sent = read_query(raw)
        if self._key is not None:
            sent.pop(self._key, None)
        values, problems = operation.query.read(sent)
        if not self._strict_query:
            return values, []
        known = operation.query.schema["properties"]
        strays = [
            Problem((name,), "unknown", "is no parameter here", value, None, "query")
            for name, value in values.items()
            if name not in known
        ]
        placed = [
            Problem(p.path, p.keyword, p.message, p.value, p.schema, "query") for p in problems
        ]
        strict = (
            self.dialect.strict_query and known and settings.get("unknown_parameters") != "ignore"
        )
        return values, placed + (strays if strict else [])

    def _read_body(self, body: Body, call: Call) -> Any:
        raw = call.request.body
        if raw is None:
            raise Refusal("too_large", limit=self._max_body)
        if not raw and self.dialect.empty_body is not ...:
            return self.dialect.empty_body
        content_type = call.request.headers.get(b"content-type", b"")
        kind = body.literal_types.get(content_type)
        if kind is None:
            kind = self.dialect.media_type(content_type.decode("latin-1"), body.media_types)
        if kind is None:
            raise Refusal("unsupported_media_type")
        try:
            value = self.dialect.read_body(raw, kind, call)
        except Unsafe as unsafe:  # the others of its problems are looked for too
            value, call.flaws = unsafe.value, unsafe.problems
            if body.reported is not None and isinstance(unsafe.sent, dict):
                # Items that are answered one by one are looked at one by one, however many.
                others = dict(unsafe.sent)
                call.flawed_items = others.pop(body.reported, None)
                call.flaws = flaws_of(others)
        return body.form(value) if kind in _FORMS else value

    def _check(self, operation: Operation, reply: Reply) -> None:
        """Hold the answer to the document.

        A breach is this server's fault and goes to the log, not to the client.
        """
        answer = operation.answers.get(reply.status)
        if answer is None:
            if reply.status not in _ANYWHERE and not operation.answers_anything:
                log.error(
                    "%s answers %d, which %s does not describe",
                    operation.id,
                    reply.status,
                    self.document.source.file.name,
                )
        elif (
            answer.validator is not None
            and not isinstance(reply.body, bytes)
            and not answer.validator.is_valid(reply.body)
        ):
            first = next(iter(answer.validator.compiled.iter_errors(reply.body)))
            log.error(
                "%s answers %d with a body out of the document: %s",
                operation.id,
                reply.status,
                printable(first.message),
            )


class Worked(NamedTuple):
    """What came of a request: its answer, and the record where somebody keeps one."""

    call: Call
    reply: Reply
    answer: Answer
    record: Record | None


class Waits(Exception):
    """A request waits for these turns, and is then worked on beside the loop if it `is_long`."""

    def __init__(self, turns: Iterable[Turns], *, is_long: bool = False) -> None:
        self.turns = tuple(turns)
        self.is_long = is_long


LONG_BODY = 16 << 10
"""A longer body is worked on beside the loop: the worst of 16 KB takes some 20 milliseconds."""


def wait_for_turn(call: Call, turns: Turns, is_long: bool = False) -> None:
    """Raise Waits unless the request can work with the workspace now.

    A long one has to be beside the loop for that.
    """
    if not is_long:
        body = call.request.body
        is_long = body is not None and len(body) > LONG_BODY
    if is_long and not call.is_beside:
        raise waiting(call, turns)
    require_turn(call, turns)


def require_turn(call: Call, turns: Turns) -> None:
    """Raise Waits unless the request can work with the workspace where it is now."""
    if turns not in call.turns and (turns.is_taken or call.is_beside):
        raise Waits((turns,))


def waiting(call: Call, *turns: Turns) -> Waits:
    """What to raise for a long request: it waits for those of the turns that it does not have."""
    return Waits((each for each in turns if each not in call.turns), is_long=True)


async def send_answer(answer: Answer | App, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer, or have the application send it that comes in its place."""
    if isinstance(answer, Answer):
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        await send({"type": "http.response.body", "body": answer.body})
    else:
        await answer(scope, receive, send)


def _without_nulls(body: Any, call: Call) -> Any:
    """The body without its members that are null: they count as not sent."""
    if not isinstance(body, dict) or None not in body.values():
        return body
    names = ", ".join(name for name, value in body.items() if value is None)
    text = "sent null for {}, which counts as not sent with the setting nulls: absent"
    call.note("chosen-behaviour", "nulls", text, names)
    return {name: value for name, value in body.items() if value is not None}


def _note_nulls(body: Any, problems: Iterable[Problem], call: Call) -> None:
    """Say that the nulls among the problems would count as not sent with the other setting."""
    refused = {problem.path[0] for problem in problems if len(problem.path) == 1}
    if not isinstance(body, dict):
        return
    names = [name for name, value in body.items() if value is None and name in refused]
    if names:
        text = "sent null for {}, which is refused; with the setting nulls: absent it is not sent"
        call.note("inferred-behaviour", "nulls", text, ", ".join(names))


class ClientLeft(Exception):
    """The client left before the end of its request."""


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """The request's body, or None where it is longer than `limit` bytes.

    Then no more than that was held. Raises ClientLeft.
    """
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        return None
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= limit else None
    parts, size = [body], len(body)
    while message.get("more_body") and size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    return b"".join(parts) if size <= limit else None

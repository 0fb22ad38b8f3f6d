"""One API served from its document: find the operation, read, check, answer."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import partial
from time import perf_counter
from typing import Any

from mockserver.call import Call, Headers, request_of, shared_headers
from mockserver.credential import Credential
from mockserver.descriptors import tried_again
from mockserver.documents.spec import Body, Document, Operation
from mockserver.errors import DocumentError, Problem, Refusal, joined
from mockserver.faults.delivery import Answer, as_seen, deliver
from mockserver.journal.records import AppliedFault, Record, answer_headers, refusal_note
from mockserver.journal.redaction import printable
from mockserver.routing import Router, read_path_parameter
from mockserver.vendor import Dialect, Reply
from mockserver.wire import (
    FORM,
    MULTIPART,
    Unsafe,
    read_form,
    read_json,
    read_multipart,
    read_query,
    write_json,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("mockserver")

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
        handlers: Iterable[str],
        *,
        credential: Credential,
        lenient: bool,
        max_body: int,
    ) -> None:
        """`name` is the module of the handlers; `credential` is none of the query's parameters.

        `lenient` reads as the API's framework does, otherwise to the letter of the document.

        `max_body` is in bytes. Raises DocumentError where an operation has no handler or a handler
        no operation.
        """
        self.document = document
        self.dialect = dialect
        self._strict_query = dialect.strict_query or not lenient
        self._max_body = max_body
        self._account = dialect.authenticator(credential)
        self._key = credential.name if credential.where == "query" else None
        self._refuse_strays(name, set(handlers))
        self._router = Router(
            document.operations,
            dialect.implicit_methods,
            dialect.case_sensitive_paths,
            dialect.trailing_slashes,
        )

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
        answer = self.answer(scope, raw, prefix)
        if isinstance(answer, Answer):
            await send(
                {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
            )
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await answer(scope, receive, send)

    def answer(self, scope: Scope, raw: bytes | None, prefix: str = "") -> Answer | App:
        """Answer a request whose body is here (None: it was too large), and keep it in the journal.

        What is left is to send the answer: in a way of its own where a fault says so, which the
        application does that comes instead of it.
        """
        began = perf_counter()
        headers = scope.get("header_set") or shared_headers(scope["headers"])
        if raw is not None and len(raw) > self._max_body:
            raw = None
        kind = headers.get(b"content-type", b"")
        # `find` and not `in`: CPython first tries to take the bytes for one number.
        if raw and (kind.find(b";") >= 0 or not raw.isascii()):
            raw = tried_again(self.dialect.decoded, raw, kind.decode("latin-1"))
        call = Call(request_of(scope, headers, raw))
        reply = self.reply_to(call, prefix)
        body = reply.body if type(reply.body) is bytes else write_json(reply.body)
        fault = call.fault
        preference = fault.preference if fault is not None else None
        answer = Answer(
            reply.status,
            answer_headers(
                reply.headers,
                reply.status,
                len(body),
                call.now,
                number=call.number,
                preference=preference,
            ),
            body,
        )
        if call.journal is not None:
            call.journal.add(self._record(call, reply, answer, perf_counter() - began))
        # An error knows the frames in which it was raised, and these know the call: a cycle.
        call.refusal = None
        if fault is None:
            return answer
        return partial(deliver, fault, answer)

    @staticmethod
    def _record(call: Call, reply: Reply, answer: Answer, seconds: float) -> Record:
        """What stays of the request: the answer as the client sees it, under a fault too."""
        status, seen_headers, body, applied = answer.status, None, answer.body, None
        fault = call.fault
        if fault is not None:
            status, seen_headers, body = as_seen(fault, answer)
            applied = AppliedFault(
                fault.kind.name,
                fault.cause,
                fault.parameters,
                fault.preference,
                fault.left,
            )
        record: Record = tuple.__new__(
            Record,
            (
                call.number,
                call.version,
                call.now,
                call.vendor,
                call.operation.id if call.operation is not None else None,
                call.methods,
                call.request,
                status,
                body,
                reply.headers,
                seen_headers,
                tuple(call.tx.trace),
                call.changes,
                applied,
                seconds,
                refusal_note(call.refusal) if call.refusal is not None else None,
                call.action,
            ),
        )
        return record

    def reply_to(self, call: Call, prefix: str = "") -> Reply:
        """The reply to a request that has been read. Never raises."""
        try:
            try:
                reply = self.serve(call, prefix)
            except Refusal as refusal:
                call.refusal = refusal
                reply = self.refuse(refusal, call)
        except Exception:
            log.exception(
                "%s %s failed inside the server",
                printable(call.request.method),
                printable(call.request.path),
            )
            reply = self.refuse(Refusal("server_error"), call)
        if call.operation is not None and call.fault is None:
            self._check(call.operation, reply)
        return reply

    def serve(self, call: Call, prefix: str) -> Reply:
        """Find out what is asked, and do it. Raises Refusal."""
        raise NotImplementedError

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The answer to a refusal, in the words of the API's framework."""
        return self.dialect.refuse(refusal, call)

    def route(self, call: Call, prefix: str) -> None:
        """Find the path and its operation, which is None where the path does not take the method.

        Raises Refusal("no_route").
        """
        path = call.request.path[len(prefix) :]
        route = self._router.static(path)
        if route is None:
            route, call.path_parameters = self._router.find(
                path, call.request.raw_path[len(prefix) :]
            )
        call.methods = route.methods
        call.operation = route.operations.get(call.request.method)

    def read(self, call: Call, operation: Operation) -> None:
        """Fill in path parameters, query and body. Raises Refusal naming every problem."""
        if call.path_parameters:
            kept = self.dialect.escaped_slashes
            call.path_parameters = {
                name: read_path_parameter(operation.path_parameters[name], text, kept)
                for name, text in call.path_parameters.items()
            }
            self.precheck(call, operation)
        problems: list[Problem] = []
        query = call.request.query_string
        if query or operation.asks:
            call.query, problems = self._read_query(operation, query, call.settings)
        body = operation.body
        if body is not None:
            call.body, more = body.reader.read(self._read_body(body, call), call.exists)
            problems += (
                joined((flaw for flaw in call.flaws if not body.reports(flaw)), more)
                if call.flaws
                else more
            )
        if problems:
            raise Refusal("invalid", problems=problems)

    def precheck(self, call: Call, operation: Operation) -> None:
        """Hook between reading the path parameters and reading the body. Raises Refusal."""

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
        content_type = call.request.headers.get(b"content-type", b"").decode("latin-1")
        if not raw and self.dialect.empty_body is not ...:
            return self.dialect.empty_body
        offered = body.media_types
        kind = (
            content_type
            if content_type in offered
            else self.dialect.media_type(content_type, offered)
        )
        if kind is None:
            raise Refusal("unsupported_media_type")
        try:
            value = self._parsed(raw, kind, content_type)
        except Unsafe as unsafe:  # the others of its problems are looked for too
            value, call.flaws = unsafe.value, unsafe.problems
        return body.form(value) if kind in _FORMS else value

    def _parsed(self, raw: bytes, kind: str, content_type: str) -> Any:
        if kind == FORM:
            return read_form(raw)
        if kind == MULTIPART:
            return read_multipart(raw, content_type)
        return read_json(raw, self.dialect.max_depth)

    def _check(self, operation: Operation, reply: Reply) -> None:
        """Hold the answer to the document.

        A breach is this server's fault and goes to the log, not to the client.
        """
        answer = operation.answers.get(reply.status)
        if answer is None:
            if reply.status not in _ANYWHERE:
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

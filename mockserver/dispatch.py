"""The way of one request, for every vendor alike: find the operation and the workspace, read, handle, check, answer."""

import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from time import perf_counter
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from mockserver.call import Call, Headers
from mockserver.errors import DocumentError, Problem, Refusal, joined
from mockserver.faults import Fault
from mockserver.injection import Answer, as_seen, deliver, instead
from mockserver.injection import refusal as refusal_of
from mockserver.spec import Body, Document, Operation
from mockserver.vendor import Dialect, Handler, Look, Reply, Vendor
from mockserver.wire import FORM, MULTIPART, Unsafe, read_form, read_json, read_multipart, read_query, write_json
from mockserver.workspaces import Workspace, Workspaces

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Places = dict[str, Any]

log = logging.getLogger("mockserver")

_FORMS = frozenset({FORM, MULTIPART})
_SLASH = re.compile("%(2[Ff])")
_ANYWHERE = frozenset({301, 403, 405})
"""Statuses that need no description: a missing slash, a server full of workspaces, a wrong method."""


class Route:
    """One path of a vendor and the operations it has, by method."""

    __slots__ = ("methods", "operations", "segments")

    def __init__(self, path: str) -> None:
        self.segments = tuple(path.split("/"))
        self.operations: dict[str, Operation] = {}
        self.methods: tuple[str, ...] = ()

    def add(self, operation: Operation, implicit: Mapping[str, str]) -> None:
        """Serve one more method, and those the framework derives from it."""
        self.operations[operation.method] = operation
        derived = {name: self.operations[origin] for name, origin in implicit.items() if origin in self.operations}
        self.operations |= derived
        self.methods = tuple(self.operations)


class Router:
    """Paths to routes: static ones by a dict, templated ones by their segments, a literal before a parameter."""

    def __init__(self, operations: tuple[Operation, ...], implicit: Mapping[str, str], case_sensitive: bool, slashes: bool = True) -> None:
        """`slashes` says whether one at the end of a path matters."""
        self._fold: Callable[[str], str] = str if case_sensitive else str.lower
        self._trim: Callable[[str], str] = str if slashes else lambda path: path.removesuffix("/")
        routes: dict[str, Route] = {}
        for operation in operations:
            path = self._trim(operation.path)
            routes.setdefault(path, Route(path)).add(operation, implicit)
        self._static = {self._fold(path): route for path, route in routes.items() if "{" not in path}
        self.static = self._static.get if case_sensitive and slashes else self._in_static
        """The route of a path without parameters."""
        self._templates: dict[int, list[Route]] = {}
        for path, route in sorted(routes.items(), key=lambda item: [step.startswith("{") for step in item[0].split("/")]):
            if "{" in path:
                self._templates.setdefault(len(route.segments), []).append(route)

    def _in_static(self, path: str) -> Route | None:
        return self._static.get(self._fold(self._trim(path)))

    def find(self, path: str, raw_path: str) -> tuple[Route, Places]:
        """The route of a path and its path parameters as text. `raw_path` still has its percent escapes.

        Raises Refusal("no_route"), with the message "slash" where only a slash at the end is missing.
        """
        route = self.static(path)
        if route is not None:
            return route, {}
        found = self._in_templates(raw_path)
        if found is None:
            near = self._static.get(self._fold(path + "/")) or self._in_templates(raw_path + "/")
            raise Refusal("no_route", "slash" if near else None)
        return found

    def _in_templates(self, raw_path: str) -> tuple[Route, Places] | None:
        steps = self._trim(raw_path).split("/")
        for route in self._templates.get(len(steps), ()):
            places: Places = {}
            for wanted, step in zip(route.segments, steps, strict=True):
                if wanted[:1] == "{":
                    if not step:
                        break
                    places[wanted[1:-1]] = step
                elif self._fold(wanted) != self._fold(unquote(step)):
                    break
            else:
                return route, places
        return None


def read_place(kind: str, text: str, escaped_slashes: bool = False) -> Any:
    """A path parameter as its type. `escaped_slashes` says whether `%2F` stays what it is.

    Raises Refusal("not_found", "place"): no such thing has such an id.
    """
    try:
        text = unquote(_SLASH.sub(r"%25\1", text) if escaped_slashes else text, errors="strict")
        if kind == "integer":
            return int(text)
        if kind == "uuid":
            return str(UUID(text))
        text.encode()
    except ValueError:
        raise Refusal("not_found", "place") from None
    return text


class Api:
    """One API served from its document: finds the operation, reads the request, phrases refusals, holds answers to the document.

    What stands behind its handlers is a subclass's.
    """

    def __init__(self, name: str, dialect: Dialect, document: Document, handlers: Iterable[str], *, lenient: bool, max_body: int) -> None:
        """`name` is the module of the handlers; `lenient` reads as the API's framework does, otherwise to the letter of the document.

        `max_body` is in bytes. Raises DocumentError where an operation has no handler or a handler no operation.
        """
        self.document = document
        self.dialect = dialect
        self._strict_query = dialect.strict_query or not lenient
        self._max_body = max_body
        self._refuse_strays(name, set(handlers))
        self._router = Router(document.operations, dialect.implicit_methods, dialect.case_sensitive_paths, dialect.trailing_slashes)

    def _refuse_strays(self, module: str, handled: set[str]) -> None:
        described = {operation.id for operation in self.document.operations}
        for name in sorted(described - handled):
            raise DocumentError(f"{self.document.source.file}: the operation {name!r} has no handler in {module}")
        for name in sorted(handled - described):
            raise DocumentError(f"{module}: {name} handles no operation of {self.document.source.file}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send, prefix: str = "") -> None:
        """Answer one HTTP request. `prefix` is the part of the path that is not the API's."""
        try:
            raw = await read_body(dict(scope["headers"]), receive, self._max_body)
        except ClientLeft:
            return
        answer = self.take(scope, raw, prefix)
        if isinstance(answer, Answer):
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await answer(scope, receive, send)

    def take(self, scope: Scope, raw: bytes | None, prefix: str = "") -> Answer | App:
        """Answer a request whose body is here (None: it was too large), and keep it in the journal.

        What is left is to send the answer: in a way of its own where a fault says so, which the application does that comes instead of it.
        """
        began = perf_counter()
        headers = headers_of(scope["headers"])
        if raw is not None and len(raw) > self._max_body:
            raw = None
        kind = headers.get(b"content-type", b"")
        if raw and (b";" in kind or not raw.isascii()):
            raw = self.dialect.decoded(raw, kind.decode("latin-1"))
        call = Call(scope, headers, raw)
        reply = self.answer(call, prefix)
        call.answer = reply.body if type(reply.body) is bytes else write_json(reply.body)
        call.status = reply.status
        call.own_headers = reply.headers
        call.seconds = perf_counter() - began
        answer = Answer(call.status, call.answer_headers, call.answer)
        fault = call.fault
        if fault is not None:
            call.status, call.seen_headers, call.answer = as_seen(fault, answer)
        if call.number:
            call.journal.add(call)
        return answer if fault is None else lambda scope, receive, send: deliver(fault, answer, receive, send)

    def answer(self, call: Call, prefix: str = "") -> Reply:
        """The reply to a request that has been read. Never raises."""
        try:
            try:
                reply = self.serve(call, prefix)
            except Refusal as refusal:
                reply = self.refuse(refusal, call)
        except Exception:
            log.exception("%s %s failed inside the server", call.method, call.path)
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
        """Find the path and its operation, which is None where the path does not take the method. Raises Refusal("no_route")."""
        path = call.path[len(prefix) :]
        route = self._router.static(path)
        if route is None:
            route, call.place = self._router.find(path, call.raw_path[len(prefix) :])
        call.methods = route.methods
        call.operation = route.operations.get(call.method)

    def read(self, call: Call, operation: Operation) -> None:
        """Fill in path parameters, query and body. Raises Refusal naming every problem."""
        if call.place:
            kept = self.dialect.escaped_slashes
            call.place = {name: read_place(operation.places[name], text, kept) for name, text in call.place.items()}
            self.look(call, operation)
        problems: list[Problem] = []
        query = call.query_string
        if query or operation.asks:
            call.query, problems = self._read_query(operation, query, call.settings)
        body = operation.body
        if body is not None:
            call.body, more = body.reader.read(self._read_body(body, call), call.exists)
            problems += joined((flaw for flaw in call.flaws if not body.reports(flaw)), more) if call.flaws else more
        if problems:
            raise Refusal("invalid", problems=problems)

    def look(self, call: Call, operation: Operation) -> None:
        """What the API's framework looks at once it has the path parameters and before it reads the body. Raises Refusal."""

    def _read_query(self, operation: Operation, raw: bytes, settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        values, problems = operation.query.read(read_query(raw))
        if not self._strict_query:
            return values, []
        known = operation.query.schema["properties"]
        strays = [
            Problem((name,), "unknown", "is no parameter here", value, None, "query") for name, value in values.items() if name not in known
        ]
        placed = [Problem(p.path, p.keyword, p.message, p.value, p.schema, "query") for p in problems]
        strict = self.dialect.strict_query and known and settings.get("unknown_parameters") != "ignore"
        return values, placed + (strays if strict else [])

    def _read_body(self, body: Body, call: Call) -> Any:
        raw = call.raw
        if raw is None:
            raise Refusal("too_large", str(self._max_body))
        content_type = call.headers.get(b"content-type", b"").decode("latin-1")
        if not raw and self.dialect.empty_body is not ...:
            return self.dialect.empty_body
        offered = body.media_types
        kind = content_type if content_type in offered else self.dialect.media_type(content_type, offered)
        if kind is None:
            raise Refusal("unsupported_media_type", content_type)
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
        """Hold the answer to the document; a breach is this server's fault and goes to the log, not to the client."""
        answer = operation.answers.get(reply.status)
        if answer is None:
            if reply.status not in _ANYWHERE:
                log.error("%s answers %d, which %s does not describe", operation.id, reply.status, self.document.source.file.name)
        elif answer.validator is not None and not isinstance(reply.body, bytes) and not answer.validator.is_valid(reply.body):
            first = next(iter(answer.validator.compiled.iter_errors(reply.body)))
            log.error("%s answers %d with a body out of the document: %s", operation.id, reply.status, first.message)


class Site(Api):
    """One vendor, served: behind its handlers is the workspace that the credential chooses."""

    def __init__(self, vendor: Vendor, document: Document, workspaces: Workspaces, *, lenient: bool, max_body: int) -> None:
        """See `Api`. Raises DocumentError where an operation has no handler or a handler no operation."""
        module = f"mockserver.vendors.{vendor.name}"
        super().__init__(module, vendor.dialect, document, vendor.handlers, lenient=lenient, max_body=max_body)
        self.vendor = vendor
        self._handlers: dict[str, Handler] = dict(vendor.handlers)
        self._looks: dict[str, Look] = dict(vendor.looks)
        self._workspaces = workspaces
        self._name = vendor.name

    def serve(self, call: Call, prefix: str) -> Reply:
        """In the order in which the vendor's framework looks: path, method and credential, body; then handle, commit or roll back."""
        call.vendor = self._name
        self.route(call, prefix)
        operation = call.operation
        if operation is None and not self.dialect.authenticates_first:
            raise Refusal("method_not_allowed")
        account = call.account = self.dialect.account(call.headers)
        if account is None and (operation is None or operation.needs_credential):
            raise Refusal("unauthorized", "missing")
        workspace = self._workspaces.of(account)
        workspace.begin(call)
        if operation is None:
            raise Refusal("method_not_allowed")
        fault = call.fault = workspace.injection.take(call)
        if fault is not None and not fault.kind.applies:
            raise refusal_of(fault)
        call.settings = workspace.settings[self._name]
        tx = call.tx = workspace.transaction(self._name)
        call.matches = tx.trace
        try:
            self.read(call, operation)
            reply = self.dialect.accept(self._handlers[operation.id](call, tx), call)
        except BaseException:
            tx.rollback()
            raise
        call.changes = tx.commit()
        del call.tx
        return reply if fault is None else self._instead(fault, call) or reply

    def look(self, call: Call, operation: Operation) -> None:
        """What the vendor's handler has to look at first."""
        look = self._looks.get(operation.id)
        if look is not None:
            look(call, call.tx)

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """A refusal before the workspace was looked for still belongs to it, as far as there is one."""
        if call.number == 0:
            self._claimant(call).begin(call)
        return (self._instead(call.fault, call) if call.fault else None) or self.dialect.refuse(refusal, call)

    def _instead(self, fault: Fault, call: Call) -> Reply | None:
        lost = instead(fault)
        return self.dialect.refuse(lost, call) if lost is not None else None

    def _claimant(self, call: Call) -> Workspace:
        try:
            account = self.dialect.account(call.headers)
            return self._workspaces.of(account) if account else self._workspaces.unclaimed
        except Refusal:
            return self._workspaces.unclaimed


def headers_of(pairs: Collection[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name; the values of a name that is there several times are joined by commas, as RFC 9110 (5.3) allows."""
    headers = dict(pairs)
    if len(headers) < len(pairs):
        headers = {}
        for name, value in pairs:
            headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


class ClientLeft(Exception):
    """The client left before the end of its request."""


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """The request's body, or None where it is longer than `limit` bytes: then no more than that was held. Raises ClientLeft."""
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

"""The way of one request, for every vendor alike: find the operation and the workspace, read, handle, check, answer."""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from mockserver.errors import DocumentError, Problem, Refusal
from mockserver.spec import Body, Document, Operation
from mockserver.state import Transaction
from mockserver.vendor import Call, Context, Handler, Headers, Reply, Vendor
from mockserver.wire import FORM, MULTIPART, read_form, read_json, read_multipart, read_query, write_json
from mockserver.workspaces import Workspace, Workspaces

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Places = dict[str, Any]

log = logging.getLogger("mockserver")


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

    def __init__(self, operations: tuple[Operation, ...], implicit: Mapping[str, str], case_sensitive: bool) -> None:
        self._fold: Callable[[str], str] = str if case_sensitive else str.lower
        routes: dict[str, Route] = {}
        for operation in operations:
            routes.setdefault(operation.path, Route(operation.path)).add(operation, implicit)
        self._static = {self._fold(path): route for path, route in routes.items() if "{" not in path}
        self._templates: dict[int, list[Route]] = {}
        for path, route in sorted(routes.items(), key=lambda item: [step.startswith("{") for step in item[0].split("/")]):
            if "{" in path:
                self._templates.setdefault(len(route.segments), []).append(route)

    def find(self, path: str, raw_path: str) -> tuple[Route, Places]:
        """The route of a path and its path parameters as text. `raw_path` still has its percent escapes.

        Raises Refusal("no_route"), with the message "slash" where only a slash at the end is missing.
        """
        route = self._static.get(self._fold(path))
        if route is not None:
            return route, {}
        found = self._in_templates(raw_path)
        if found is None:
            near = self._static.get(self._fold(path + "/")) or self._in_templates(raw_path + "/")
            raise Refusal("no_route", "slash" if near else None)
        return found

    def _in_templates(self, raw_path: str) -> tuple[Route, Places] | None:
        steps = raw_path.split("/")
        for route in self._templates.get(len(steps), ()):
            places: Places = {}
            for wanted, step in zip(route.segments, steps, strict=True):
                if wanted[:1] == "{":
                    if not step:
                        break
                    places[wanted[1:-1]] = step
                elif self._fold(wanted) != self._fold(step):
                    break
            else:
                return route, places
        return None


def read_place(kind: str, text: str) -> Any:
    """A path parameter as its type.

    Raises Refusal("not_found", "place"): no such thing has such an id.
    """
    try:
        text = unquote(text, errors="strict")
        if kind == "integer":
            return int(text)
        if kind == "uuid":
            return str(UUID(text))
        text.encode()
    except ValueError:
        raise Refusal("not_found", "place") from None
    return text


class Visit:
    """One request on its way: what is known of it so far."""

    __slots__ = ("account", "headers", "now", "operation", "places", "raw", "route", "scope", "workspace")

    workspace: Workspace
    now: datetime

    def __init__(self, scope: Scope, headers: Headers, raw: bytes | None) -> None:
        self.scope = scope
        self.headers = headers
        self.raw = raw
        self.route: Route | None = None
        self.places: Places = {}
        self.operation: Operation | None = None
        self.account: str | None = None

    def enter(self, workspace: Workspace) -> None:
        """Take the next number and the present time of a workspace."""
        self.workspace = workspace
        workspace.requests += 1
        self.now = workspace.clock.now()


class Site:
    """One vendor, served: an ASGI callable once the application has chosen it."""

    def __init__(self, vendor: Vendor, document: Document, workspaces: Workspaces, *, lenient: bool, max_body: int) -> None:
        """`lenient` reads as the vendor's framework does, otherwise to the letter of the document; `max_body` is in bytes.

        Raises DocumentError where an operation has no handler or a handler no operation.
        """
        self.vendor = vendor
        self.document = document
        self._workspaces = workspaces
        self._dialect = vendor.dialect
        self._strict_query = vendor.dialect.strict_query or not lenient
        self._lenient = lenient
        self._max_body = max_body
        self._handlers: dict[str, Handler] = dict(vendor.handlers)
        self._refuse_strays()
        self._router = Router(document.operations, vendor.dialect.implicit_methods, vendor.dialect.case_sensitive_paths)

    def _refuse_strays(self) -> None:
        described = {operation.id for operation in self.document.operations}
        for name in sorted(described - self._handlers.keys()):
            raise DocumentError(f"{self.document.source.file}: the operation {name!r} has no handler in mockserver/vendors/{self.vendor.name}.py")
        for name in sorted(self._handlers.keys() - described):
            raise DocumentError(f"mockserver/vendors/{self.vendor.name}.py: {name} handles no operation of {self.document.source.file}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send, prefix: str = "") -> None:
        """Answer one HTTP request. `prefix` is the part of the path that is not the vendor's."""
        headers = dict(scope["headers"])
        raw = await read_body(headers, receive, self._max_body)
        reply = self.answer(scope, prefix, headers, raw)
        body = reply.body if isinstance(reply.body, bytes) else write_json(reply.body)
        fields = [*reply.headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": reply.status, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    def answer(self, scope: Scope, prefix: str, headers: Headers, raw: bytes | None) -> Reply:
        """The reply to a request that has been read; `raw` is None where the body was too large. Never raises."""
        visit = Visit(scope, headers, raw)
        try:
            self._route(visit, prefix)
            reply = self._handle(visit)
        except Refusal as refusal:
            reply = self._dialect.refuse(refusal, self._context(visit))
        except Exception:
            log.exception("%s %s failed inside the server", scope["method"], scope["path"])
            reply = self._dialect.refuse(Refusal("server_error"), self._context(visit))
        if visit.operation is not None:
            self._check(visit.operation, reply)
        return reply

    def _route(self, visit: "Visit", prefix: str) -> None:
        """Find route, operation and workspace, in the order in which the vendor's framework looks for them."""
        scope, dialect = visit.scope, self._dialect
        path, skip = scope["path"], len(prefix)
        raw_path = (scope.get("raw_path") or path.encode()).decode("latin-1").partition("?")[0]
        visit.route, visit.places = self._router.find(path[skip:], raw_path[skip:])
        operation = visit.operation = visit.route.operations.get(scope["method"])
        if operation is None and not dialect.authenticates_first:
            raise Refusal("method_not_allowed", allowed=visit.route.methods)
        visit.account = dialect.account(visit.headers)
        if visit.account is None and (operation is None or operation.needs_credential):
            raise Refusal("unauthorized", "missing")
        visit.enter(self._workspaces.of(visit.account))
        if operation is None:
            raise Refusal("method_not_allowed", allowed=visit.route.methods)

    def _handle(self, visit: "Visit") -> Reply:
        """Read, handle and commit; whatever fails on the way is rolled back."""
        assert visit.operation is not None
        tx = visit.workspace.transaction(self.vendor.name)
        try:
            call = self._read(visit, visit.operation, tx)
            reply = self._dialect.accept(self._handlers[visit.operation.id](call, tx), self._context(visit))
        except BaseException:
            tx.rollback()
            raise
        tx.commit()
        return reply

    def _context(self, visit: "Visit") -> Context:
        if not hasattr(visit, "workspace"):
            visit.enter(self._workspaces.seed)
        scope, workspace = visit.scope, visit.workspace
        query = scope["query_string"].decode("latin-1")
        return Context(
            scope["method"],
            f"{scope['path']}?{query}" if query else scope["path"],
            visit.now,
            workspace.seed,
            workspace.requests,
            visit.operation,
            visit.route.methods if visit.route else (),
        )

    def _read(self, visit: "Visit", operation: Operation, tx: Transaction) -> Call:
        workspace = visit.workspace
        settings = workspace.settings[self.vendor.name]

        def exists(table: str, id: Any) -> bool:
            return tx.get(table, id) is not None or settings.get("unknown_references") == "accept"

        call = Call(operation, settings, visit.now, workspace.seed, workspace.requests, visit.account, exists=exists)
        if visit.places:
            call.place = {name: read_place(operation.places[name], text) for name, text in visit.places.items()}
        problems: list[Problem] = []
        if visit.scope["query_string"] or operation.query.schema["required"]:
            call.query, problems = self._read_query(operation, visit.scope["query_string"])
        if operation.body is not None:
            call.body, more = operation.body.reader.read(self._read_body(operation.body, visit.headers, visit.raw), exists)
            problems += more
        if problems:
            raise Refusal("invalid", problems=problems)
        call.url = url_of(visit.scope, visit.headers)
        return call

    def _read_query(self, operation: Operation, raw: bytes) -> tuple[dict[str, Any], list[Problem]]:
        values, problems = operation.query.read(read_query(raw))
        if not self._strict_query:
            return values, []
        known = operation.query.schema["properties"]
        strays = [Problem((name,), "unknown", "is no parameter here", value, None, "query") for name, value in values.items() if name not in known]
        placed = [Problem(p.path, p.keyword, p.message, p.value, p.schema, "query") for p in problems]
        return values, placed + (strays if self._dialect.strict_query else [])

    def _read_body(self, body: Body, headers: Headers, raw: bytes | None) -> Any:
        if raw is None:
            raise Refusal("too_large", str(self._max_body))
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        if not raw and self._dialect.empty_body is not ...:
            return self._dialect.empty_body
        kind = self._dialect.media_type(content_type, body.media_types)
        if kind is None:
            raise Refusal("unsupported_media_type", content_type)
        if kind == FORM:
            return read_form(raw)
        if kind == MULTIPART:
            return read_multipart(raw, content_type)
        return read_json(raw, self._dialect.max_depth)

    def _check(self, operation: Operation, reply: Reply) -> None:
        """Hold the answer to the document; a breach is this server's fault and goes to the log, not to the client."""
        answer = operation.answers.get(reply.status)
        if answer is None:
            if reply.status not in (301, 405):
                log.error("%s answers %d, which %s does not describe", operation.id, reply.status, self.document.source.file.name)
        elif answer.validator is not None and not isinstance(reply.body, bytes) and not answer.validator.is_valid(reply.body):
            first = next(iter(answer.validator.iter_errors(reply.body)))
            log.error("%s answers %d with a body out of the document: %s", operation.id, reply.status, first.message)


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """The request's body, or None where it is longer than `limit` bytes (then no more than that was held)."""
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
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    return b"".join(parts) if size <= limit else None


def url_of(scope: Scope, headers: Headers) -> str:
    """The address that was called, as the client wrote it, without the query."""
    host = headers.get(b"host", b"").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}{scope['path']}"

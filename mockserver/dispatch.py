"""The way of one request, for every vendor alike: find the operation and the workspace, read, handle, check, answer."""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
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

    def static(self, path: str) -> Route | None:
        """The route of a path without parameters."""
        return self._static.get(self._fold(path))

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
            raise DocumentError(
                f"{self.document.source.file}: the operation {name!r} has no handler in mockserver.vendors.{self.vendor.name}"
            )
        for name in sorted(self._handlers.keys() - described):
            raise DocumentError(f"mockserver.vendors.{self.vendor.name}: {name} handles no operation of {self.document.source.file}")

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
        context = Context(scope, headers, raw)
        try:
            workspace = self._enter(context, scope, prefix)
            reply = self._handle(context, workspace)
        except Refusal as refusal:
            reply = self._refuse(refusal, context)
        except Exception:
            log.exception("%s %s failed inside the server", scope["method"], scope["path"])
            reply = self._refuse(Refusal("server_error"), context)
        if context.operation is not None:
            self._check(context.operation, reply)
        return reply

    def _enter(self, context: Context, scope: Scope, prefix: str) -> Workspace:
        """Find operation and workspace, in the order in which the vendor's framework looks for them."""
        dialect = self._dialect
        path: str = scope["path"][len(prefix) :]
        route = self._router.static(path)
        if route is None:
            raw_path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
            route, context.places = self._router.find(path, raw_path[len(prefix) :])
        context.methods = route.methods
        operation = context.operation = route.operations.get(context.method)
        if operation is None and not dialect.authenticates_first:
            raise Refusal("method_not_allowed")
        context.account = dialect.account(context.headers)
        if context.account is None and (operation is None or operation.needs_credential):
            raise Refusal("unauthorized", "missing")
        workspace = self._workspaces.of(context.account)
        _begin(context, workspace)
        if operation is None:
            raise Refusal("method_not_allowed")
        return workspace

    def _handle(self, context: Context, workspace: Workspace) -> Reply:
        """Read, handle and commit; whatever fails on the way is rolled back."""
        operation = context.operation
        assert operation is not None
        tx = workspace.transaction(self.vendor.name)
        try:
            call = self._read(context, operation, workspace.settings[self.vendor.name], tx)
            reply = self._dialect.accept(self._handlers[operation.id](call, tx), context)
        except BaseException:
            tx.rollback()
            raise
        tx.commit()
        return reply

    def _refuse(self, refusal: Refusal, context: Context) -> Reply:
        if context.number == 0:
            _begin(context, self._workspaces.seed)
        return self._dialect.refuse(refusal, context)

    def _read(self, context: Context, operation: Operation, settings: Mapping[str, Any], tx: Transaction) -> Call:
        def exists(table: str, id: Any) -> bool:
            return tx.get(table, id) is not None or settings.get("unknown_references") == "accept"

        call = Call(operation, settings, context.now, context.seed, context, context.account, exists=exists)
        if context.places:
            call.place = {name: read_place(operation.places[name], text) for name, text in context.places.items()}
        problems: list[Problem] = []
        if context.query or operation.asks:
            call.query, problems = self._read_query(operation, context.query, settings)
        if operation.body is not None:
            call.body, more = operation.body.reader.read(self._read_body(operation.body, context), exists)
            problems += more
        if problems:
            raise Refusal("invalid", problems=problems)
        return call

    def _read_query(self, operation: Operation, raw: bytes, settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        values, problems = operation.query.read(read_query(raw))
        if not self._strict_query:
            return values, []
        known = operation.query.schema["properties"]
        strays = [
            Problem((name,), "unknown", "is no parameter here", value, None, "query") for name, value in values.items() if name not in known
        ]
        placed = [Problem(p.path, p.keyword, p.message, p.value, p.schema, "query") for p in problems]
        strict = self._dialect.strict_query and known and settings.get("unknown_parameters") != "ignore"
        return values, placed + (strays if strict else [])

    def _read_body(self, body: Body, context: Context) -> Any:
        raw = context.raw
        if raw is None:
            raise Refusal("too_large", str(self._max_body))
        content_type = context.headers.get(b"content-type", b"").decode("latin-1")
        if not raw and self._dialect.empty_body is not ...:
            return self._dialect.empty_body
        kind = self._dialect.media_type(content_type, body.media_types)
        if kind is None:
            raise Refusal("unsupported_media_type", content_type)
        if kind == FORM:
            return body.form(read_form(raw))
        if kind == MULTIPART:
            return body.form(read_multipart(raw, content_type))
        return read_json(raw, self._dialect.max_depth)

    def _check(self, operation: Operation, reply: Reply) -> None:
        """Hold the answer to the document; a breach is this server's fault and goes to the log, not to the client."""
        answer = operation.answers.get(reply.status)
        if answer is None:
            if reply.status not in _ANYWHERE:
                log.error("%s answers %d, which %s does not describe", operation.id, reply.status, self.document.source.file.name)
        elif answer.validator is not None and not isinstance(reply.body, bytes) and not answer.validator.is_valid(reply.body):
            first = next(iter(answer.validator.iter_errors(reply.body)))
            log.error("%s answers %d with a body out of the document: %s", operation.id, reply.status, first.message)


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """The request's body, or None: longer than `limit` bytes (then no more than that was held), or the client left before its end."""
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
    return b"".join(parts) if size <= limit and message["type"] == "http.request" else None


def _begin(context: Context, workspace: Workspace) -> None:
    """Take the next number and the present time of the workspace."""
    workspace.requests += 1
    context.number = workspace.requests
    context.seed = workspace.seed
    context.now = workspace.clock.now()

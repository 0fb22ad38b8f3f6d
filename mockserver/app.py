"""The composition root: makes one ASGI application of vendors, workspaces and control API."""

import importlib
import logging
import pkgutil
from collections.abc import Callable, Collection, Iterable, MutableMapping
from copy import copy
from functools import cached_property, partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import mockserver.vendors
from mockserver.api import Api, App, Receive, Scope, Send, send_answer
from mockserver.certificates import Certificates, certificates_of
from mockserver.control import Control
from mockserver.descriptors import hold_reserve, tried_again
from mockserver.dialects.plain_json import PlainJson
from mockserver.dispatch import Site
from mockserver.documents.resources import folder
from mockserver.documents.schema import Coercer, FormCoercer, form_coercer
from mockserver.documents.spec import Document, load_document
from mockserver.errors import SettingError
from mockserver.faults.delivery import Answer
from mockserver.fixtures import Fixture, fixture_file
from mockserver.journal.records import Journal, Record
from mockserver.play.attempts import Carrier, Sending
from mockserver.play.courier import Courier
from mockserver.play.timer import Timer, begin
from mockserver.settings import Settings
from mockserver.state.memory import Memory
from mockserver.vendor import Vendor
from mockserver.web.health import health
from mockserver.webhooks.sender import Authorities, ReceiverAnswer, post
from mockserver.webhooks.targets import Targets
from mockserver.workspaces import Limits, Workspaces

if TYPE_CHECKING:
    from mockserver.journal.log import RequestLog

log = logging.getLogger("mockserver")

DELIVERY_GRACE = 5.0
"""For so many seconds a stop waits for the receivers of deliveries that are under way."""

_PAGES = ("/__admin", "/__admin/")
_FILES = ("/__admin/console/", "/__admin/reference/", "/__admin/viewer/")


def load_vendors() -> tuple[Vendor, ...]:
    """All vendors, sorted by name.

    Each module or package in `mockserver.vendors` is one: `mockserver.vendors.x` serves
    `openapi/x.yaml`.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(mockserver.vendors.__path__))
    modules = (importlib.import_module(f"mockserver.vendors.{name}") for name in names)
    vendors = tuple(module.vendor for module in modules)
    for vendor in vendors:
        if vendor.lifecycle is not None:
            vendor.lifecycle.read_document = partial(_document, vendor)
    return vendors


def _document(vendor: Vendor) -> Document:
    file = folder("openapi") / f"{vendor.name}.yaml"
    return load_document(file, formats=vendor.dialect.formats, keep=True)


class Application:
    """The whole server as one ASGI callable.

    The first step of the path (`/<vendor>/...`) or the Host header (the vendor's own host name)
    chooses a vendor, the first step of the path also the control API. Their requests do not pass
    through Starlette, which only serves the remaining paths.
    """

    def __init__(self, settings: Settings) -> None:
        """Connect all parts.

        Raises OperatorError for what the operator can correct: settings, fixture, documents.
        """
        hold_reserve()
        self.settings = settings
        vendors = load_vendors()
        files = [fixture_file(name) for name in settings.fixtures]
        fixture = Fixture(files, vendors, settings.seed, trusts_kept=True)
        limits = Limits(
            leads=settings.max_leads,
            snapshots=settings.max_snapshots,
            fault_rules=settings.max_fault_rules,
            events=settings.journal_events,
            calls=settings.max_calls,
            steps=settings.max_steps,
            webhooks=settings.max_webhooks,
            deliveries=settings.max_deliveries,
            kept_deliveries=settings.journal_deliveries,
            inboxes=settings.max_inboxes,
            inbox_entries=settings.inbox_entries,
            inbox_bytes=settings.inbox_bytes,
        )
        self.workspaces = Workspaces(
            fixture.origin,
            strict=settings.auth == "strict",
            declared=fixture.accounts,
            default=settings.default_account,
            limit=settings.max_workspaces,
            journal=partial(Journal, settings.journal_entries, settings.journal_bytes),
            memory=Memory(settings.max_memory),
            limits=limits,
            idle=settings.workspace_idle,
            resolve=fixture.origin_at,
            is_relative=fixture.is_relative,
        )
        _refuse_large(fixture, self.workspaces.memory, settings)
        by_name = {vendor.name: vendor for vendor in vendors}
        self.targets = Targets(settings.webhook_targets)
        self.authorities = Authorities(settings.webhook_ca)
        carrier = Carrier(self.workspaces, self._network, settings.webhook_timeout)
        self.courier = Courier(self.workspaces, carrier)
        self.timer = Timer(by_name, self.courier, settings.max_wait)
        self.courier.on_retry = self.timer.look
        self.workspaces.on_begin = partial(
            begin, vendors=by_name, courier=self.courier, timer=self.timer
        )
        # The default workspace is there before its first request: a demo shows it at once.
        self.workspaces.admit(None)
        self.sites = tuple(self._site(vendor) for vendor in vendors)
        for site in self.sites:
            site.timer = self.timer
            site.courier = self.courier
        self.targets.own_names = {site.document.host for site in self.sites}
        self.control = self._control(_admin_token(settings))
        self.certificates: Certificates | None = None
        if settings.tls:
            self.certify()
        self.request_log: RequestLog | None = None
        # Where a request goes: the API, and the part of the path that its document does not have.
        self._by_first_step: dict[str, tuple[Api, str]] = {}
        self._by_host: dict[bytes, tuple[Api, str]] = {}
        for site in self.sites:
            self._by_first_step[site.vendor.name] = (site, "/" + site.vendor.name)
            self._by_host[site.document.host.encode()] = (site, "")
        # The control API's paths begin with its base path, which its document has.
        self._by_first_step[self.control.document.base_path.strip("/")] = (self.control, "")

    async def _network(self, sending: Sending) -> ReceiverAnswer:
        """Send over a socket what has no inbox. Raises SendError."""
        return await post(
            sending.url,
            sending.headers,
            sending.body,
            timeout=sending.timeout,
            targets=self.targets,
            authorities=self.authorities,
            hang_up=sending.hang_up,
        )

    def certify(self) -> Certificates:
        """The certificates for connections with TLS; they are made when first asked for.

        Raises SettingError as `certificates_of` does.
        """
        if self.certificates is None:
            hosts = [site.document.host for site in self.sites]
            self.certificates = certificates_of(self.settings, hosts)
            self.control.authority = self.certificates.authority
        return self.certificates

    def log_requests(
        self, write: Callable[[str], Any], *, colours: bool = False
    ) -> "RequestLog | None":
        """Write a line for each request from now on, as the settings say; see `RequestLog`.

        `info` has the requests to the vendors, `debug` those to the control API too, with bodies.
        None: the log level is above that.
        """
        settings = self.settings
        if settings.log_level not in ("debug", "info"):
            return None
        from mockserver.journal.log import RequestLog

        is_debug = settings.log_level == "debug"
        log = self.request_log = RequestLog(
            write,
            self.control.directory,
            rate=settings.log_rate,
            as_json=settings.log_format == "json",
            colours=colours,
            bodies=is_debug,
        )
        for site in self.sites:
            site.request_log = log
        if is_debug:
            self.control.request_log = log
        return log

    def start(self) -> None:
        """Play from now on what falls due in workspaces whose clock runs. In the event loop."""
        self.courier.start()
        self.timer.start()
        for workspace in self.workspaces:
            self.timer.look(workspace)

    def listens_at(self, addresses: Collection[tuple[str, int]]) -> None:
        """Say at which addresses and ports the server is: webhooks reach only its inboxes there."""
        self.targets.own = addresses
        ports = {port for _, port in addresses}
        self.courier.carrier.is_own = lambda host, port: port in ports and self._is_here(host)

    def _is_here(self, host: str) -> bool:
        return self.control.is_ours(host.lower().encode("utf-8", "replace"))

    async def stop(self, grace: float) -> None:
        """Play and deliver no more; what is sent has so many seconds to end. In the event loop."""
        self.timer.stop()
        pending = await self.courier.stop(grace)
        if pending:
            what = "delivery was" if pending == 1 else "deliveries were"
            log.warning("%d %s still to be made", pending, what)

    def _site(self, vendor: Vendor) -> Site:
        lenient = self.settings.strictness == "vendor"
        coercer: Coercer | None = None
        form_reader: FormCoercer = form_coercer
        if lenient:
            coercer, form_reader = vendor.dialect.coercer, vendor.dialect.form_coercer
        document = load_document(
            folder("openapi") / f"{vendor.name}.yaml",
            coercer,
            form_coercer=form_reader,
            formats=vendor.dialect.formats,
            keep=True,
        )
        site = Site(
            vendor,
            document,
            self.workspaces,
            lenient=lenient,
            max_body=self.settings.max_body,
            max_wait=self.settings.max_wait,
        )
        document.keep()
        return site

    def _control(self, token: str | None) -> Control:
        document = load_document(folder("openapi") / "control.yaml", keep=True)
        control = Control(
            document,
            self.workspaces,
            self.sites,
            token=token,
            timer=self.timer,
            courier=self.courier,
            targets=self.targets,
            max_body=self.settings.max_body,
            max_wait=self.settings.max_wait,
            max_streams=self.settings.max_streams,
        )
        document.keep()
        return control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point, for any server."""
        found = self._find(scope) if scope["type"] == "http" else None
        if scope["type"] == "lifespan":
            self.start()
            receive = self._stopping(receive)
        if found is None:
            await send_answer(self._beside(scope), scope, receive, send)
            return
        api, prefix = found
        if api is self.control and self._is_page(scope):
            await self._web(scope, receive, send)
            return
        await api(scope, receive, send, prefix)

    def _stopping(self, receive: Receive) -> Receive:
        """Gives the messages of a server's life; before the last one, deliveries end."""

        async def received() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.stop(DELIVERY_GRACE)
            return message

        return received

    def answer(self, scope: Scope, raw: bytes | None) -> Answer | App:
        """The entry point for a server that has the whole body of a request.

        None stands for a body that is too large. Returns the answer, or an ASGI application that
        has to send it.
        """
        found = self._find(scope)
        if found is None:
            return self._beside(scope)
        api, prefix = found
        if api is self.control and self._is_page(scope):
            return self._web
        return api.answer(scope, raw, prefix)

    def refuse_unread(self, status: int, sentence: str, path: str, host: bytes) -> Answer:
        """The answer to bytes that are no request, for a server that could not read them.

        It has the shape of the API that they seem to be for, by the path or the host that they
        claim. No workspace has such a request, so nothing is kept of it.
        """
        found = self._find({"path": path, "headers": ((b"host", host),)})
        dialect = found[0].dialect if found is not None else PlainJson()
        reply = dialect.refuse_unread(status, sentence)
        headers = (*reply.headers, (b"content-length", b"%d" % len(reply.body)))
        return Answer(status, headers, reply.body)

    def is_vendor(self, host: bytes) -> bool:
        """Whether that is the host name of a vendor."""
        return host in self._by_host

    def is_here(self, host: bytes) -> bool:
        """Whether the control API counts that host as this machine."""
        return self.control.is_ours(host)

    def is_known(self, host: bytes) -> bool:
        """Whether a request with that host may be believed what it says of another one."""
        has_token = self.control.token is not None
        return has_token or self.is_vendor(host) or self.is_here(host)

    def without_token(self) -> "Application":
        """The same application for those who need no admin token."""
        if self.control.token is None:
            return self
        twin = copy(self)
        twin.control = self._control(None)
        twin.control.authority = self.control.authority
        twin.control.request_log = self.control.request_log
        twin.control.channels = self.control.channels
        (step,) = (name for name, (api, _) in self._by_first_step.items() if api is self.control)
        twin._by_first_step = self._by_first_step | {step: (twin.control, "")}
        return twin

    def _find(self, scope: Scope) -> tuple[Api, str] | None:
        """The API that a request is for, and the part of the path that is not the API's."""
        _, _, path = scope["path"].partition("/")
        first_step, _, _ = path.partition("/")
        found = self._by_first_step.get(first_step)
        return found or self._by_host.get(_host_name(scope["headers"]))

    def _is_page(self, scope: Scope) -> bool:
        """Whether a request for a path of the control API is for the console, which lies there."""
        if not self.settings.console or scope["method"] not in ("GET", "HEAD"):
            return False
        return scope["path"] in _PAGES or scope["path"].startswith(_FILES)

    def _beside(self, scope: Scope) -> Answer | App:
        """What answers a request to a path that belongs to no API."""
        if scope["type"] != "http":
            return self._web
        answer = health(scope)
        if answer is None:
            return self._web
        self._log_health(f"{scope['method']} {scope['path']} {answer.status}")
        return answer

    @cached_property
    def _web(self) -> App:
        return tried_again(self._new_web)

    def _new_web(self) -> App:
        # Starlette is a tenth of the time to the first answer; most servers never need it.
        from mockserver.web.console import Console
        from mockserver.web.pages import web
        from mockserver.web.strays import Strays

        prefixes = ["/" + step for step in self._by_first_step]
        strays = Strays(self.sites, self.workspaces, prefixes, self.control.operations)
        console = Console([site.vendor.name for site in self.sites])
        return web(
            strays,
            self._log,
            self._log_health,
            console=console if self.settings.console else None,
            max_body=self.settings.max_body,
        )

    def _log(self, entry: Record | str) -> None:
        if self.request_log is not None:
            self.request_log.add(entry)

    def _log_health(self, sentence: str) -> None:
        if self.settings.log_level == "debug":
            self._log(sentence)


def _refuse_large(fixture: Fixture, memory: Memory, settings: Settings) -> None:
    """Raise SettingError where the fixture alone is more than the settings allow."""
    leads = fixture.workspace.lead_count()
    named = ", ".join(settings.fixtures)
    if leads > settings.max_leads:
        raise SettingError(
            f"--fixtures {named} has {leads} leads, but --max-leads (or "
            f"MOCKSERVER_MAX_LEADS) allows {settings.max_leads}"
        )
    if memory.stored > memory.limit:
        raise SettingError(
            f"--fixtures {named} takes {memory.stored} bytes, but --max-memory (or "
            f"MOCKSERVER_MAX_MEMORY) allows {memory.limit}"
        )


def _admin_token(settings: Settings) -> str | None:
    """The token that the control API asks for; None lets every request in.

    A server that other machines can reach always has one.
    """
    if settings.admin_token:
        return settings.admin_token
    if _is_loopback(settings.host):
        return None
    from secrets import token_urlsafe

    return token_urlsafe(24)


def _is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address.

    No host name but localhost is trusted: it may lead anywhere.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host_name(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"host":
            return value.partition(b":")[0].lower()
    return b""


def create_app(**options: Any) -> Application:
    """The application with these options (`mockserver.settings.OPTIONS`).

    An option that is left out has its default. Raises OperatorError, as `Application` does.
    """
    return Application(Settings.read(options))

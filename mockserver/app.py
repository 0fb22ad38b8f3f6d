"""The composition root.

The one file that knows all the others, and folds them into an ASGI application.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cached_property
from ipaddress import ip_address
from typing import Any

import mockserver.vendors
from mockserver.api import Api, App, Receive, Scope, Send
from mockserver.control import Control
from mockserver.dispatch import Site
from mockserver.documents.resources import folder
from mockserver.documents.spec import load_document
from mockserver.faults.delivery import Answer
from mockserver.fixtures import Fixture, fixture_file
from mockserver.journal.records import Journal
from mockserver.settings import Settings
from mockserver.vendor import Vendor
from mockserver.workspaces import Workspaces


def load_vendors() -> tuple[Vendor, ...]:
    """Every vendor there is a module for, by name.

    A module or package `mockserver.vendors.x` serves `openapi/x.yaml`.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(mockserver.vendors.__path__))
    return tuple(importlib.import_module(f"mockserver.vendors.{name}").vendor for name in names)


class Application:
    """The whole server as one ASGI callable.

    A vendor's requests go straight to its site, everything else to Starlette.

    A vendor is found by the first step of the path (`/<vendor>/...`) or by the Host header (its own
    host name), the control API by the first step of its path.
    """

    def __init__(self, settings: Settings) -> None:
        """Wire everything.

        Raises OperatorError for whatever the operator can mend: settings, fixture, documents.
        """
        self.settings = settings
        vendors = load_vendors()
        fixture = Fixture(fixture_file(settings.fixtures), vendors, settings.seed)
        self.workspaces = Workspaces(
            fixture.origin,
            strict=settings.auth == "strict",
            declared=fixture.accounts,
            default=settings.default_account,
            limit=settings.max_workspaces,
            journal=lambda: Journal(settings.journal_entries, settings.journal_bytes),
        )
        self.sites = tuple(self._site(vendor) for vendor in vendors)
        self.control = self._control()
        self._by_prefix: dict[str, tuple[Api, str]] = {
            site.vendor.name: (site, "/" + site.vendor.name) for site in self.sites
        }
        self._by_prefix[self.control.document.base_path.strip("/")] = (self.control, "")
        self._by_host: dict[bytes, tuple[Api, str]] = {
            site.document.host.encode(): (site, "") for site in self.sites
        }

    def _site(self, vendor: Vendor) -> Site:
        lenient = self.settings.strictness == "vendor"
        coercer = vendor.dialect.coercer if lenient else None
        document = load_document(folder("openapi") / f"{vendor.name}.yaml", coercer, keep=True)
        return Site(
            vendor, document, self.workspaces, lenient=lenient, max_body=self.settings.max_body
        )

    def _control(self) -> Control:
        document = load_document(folder("openapi") / "control.yaml", keep=True)
        return Control(
            document,
            self.workspaces,
            self.sites,
            token=_token(self.settings),
            max_body=self.settings.max_body,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point, for any server."""
        found = self._find(scope) if scope["type"] == "http" else None
        if found is not None:
            await found[0](scope, receive, send, found[1])
        else:
            await self._web(scope, receive, send)

    def take(self, scope: Scope, raw: bytes) -> Answer | App:
        """The entry point for a server that has a request's whole body.

        Its answer, or the application that has to send one.
        """
        found = self._find(scope)
        return found[0].take(scope, raw, found[1]) if found is not None else self._web

    def _find(self, scope: Scope) -> tuple[Api, str] | None:
        """The API that a request is for, and the part of the path that is not the API's."""
        path = scope["path"]
        return self._by_prefix.get(
            path.split("/", 2)[1] if "/" in path else ""
        ) or self._by_host.get(_host(scope["headers"]))

    @cached_property
    def _web(self) -> App:
        from mockserver.web.pages import web

        return web(tuple("/" + prefix for prefix in self._by_prefix))


def _token(settings: Settings) -> str | None:
    """What the control API asks for.

    Nothing on loopback unless a token is given, and one made up where none is given beyond it.
    """
    if settings.admin_token or _is_loopback(settings.host):
        return settings.admin_token or None
    from secrets import token_urlsafe

    return token_urlsafe(24)


def _is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches the address.

    A host name other than localhost may lead anywhere.
    """
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _host(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"host":
            return value.partition(b":")[0].lower()
    return b""


def create_app(**options: Any) -> Application:
    """The application with the given options (see `mockserver.settings.OPTIONS`).

    What is left out has its default.
    """
    return Application(Settings.read(options))

"""The composition root: the one file that knows all the others, and folds them into an ASGI application."""

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import mockserver.vendors
from mockserver.dispatch import Receive, Scope, Send, Site
from mockserver.fixtures import Fixture, fixture_file
from mockserver.resources import folder
from mockserver.settings import Settings
from mockserver.spec import load_document
from mockserver.vendor import Vendor
from mockserver.workspaces import Workspaces


def load_vendors() -> tuple[Vendor, ...]:
    """Every vendor there is a module for, by name. A module or package `mockserver.vendors.x` serves `openapi/x.yaml`."""
    names = sorted(module.name for module in pkgutil.iter_modules(mockserver.vendors.__path__))
    return tuple(importlib.import_module(f"mockserver.vendors.{name}").vendor for name in names)


class Application:
    """The whole server as one ASGI callable: a vendor's requests go straight to its site, everything else to Starlette.

    A vendor is found by the first step of the path (`/<vendor>/...`) or by the Host header (its own host name).
    """

    def __init__(self, settings: Settings) -> None:
        """Wire everything.

        Raises OperatorError for whatever the operator can mend: settings, fixture, documents.
        """
        self.settings = settings
        vendors = load_vendors()
        fixture = Fixture(fixture_file(settings.fixtures), vendors, settings.seed)
        self.workspaces = Workspaces(
            fixture.workspace,
            strict=settings.auth == "strict",
            declared=fixture.accounts,
            default=settings.default_account,
            limit=settings.max_workspaces,
        )
        self.sites = tuple(self._site(vendor) for vendor in vendors)
        self._by_prefix = {site.vendor.name: (site, "/" + site.vendor.name) for site in self.sites}
        self._by_host = {site.document.host.encode(): site for site in self.sites}
        self._rest = Starlette(
            routes=[Route("/livez", _alive), Route("/readyz", _ready)],
            exception_handlers={404: self._nothing_here},
        )

    def _site(self, vendor: Vendor) -> Site:
        lenient = self.settings.strictness == "vendor"
        coercer = vendor.dialect.coercer if lenient else None
        document = load_document(folder("openapi") / f"{vendor.name}.yaml", coercer, keep=True)
        return Site(vendor, document, self.workspaces, lenient=lenient, max_body=self.settings.max_body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] == "http":
            found = self._by_prefix.get(scope["path"].split("/", 2)[1] if "/" in scope["path"] else "")
            if found is not None:
                await found[0](scope, receive, send, found[1])
                return
            site = self._by_host.get(_host(scope["headers"]))
            if site is not None:
                await site(scope, receive, send)
                return
        await self._rest(scope, receive, send)

    async def _nothing_here(self, request: Request, error: Exception) -> JSONResponse:
        detail = (
            f"Nothing is served at {request.url.path}. The vendors' APIs begin with {', '.join('/' + name for name in self._by_prefix)}."
        )
        return JSONResponse({"title": "Not Found", "status": 404, "detail": detail}, 404, media_type="application/problem+json")


def _host(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"host":
            return value.partition(b":")[0].lower()
    return b""


async def _alive(request: Request) -> JSONResponse:
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ready"})


def create_app(**options: Any) -> Application:
    """The application with the given options (see `mockserver.settings.OPTIONS`); what is left out has its default."""
    return Application(Settings.read(options))

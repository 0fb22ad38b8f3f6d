"""A browser that looks at the console of a real server.

Every test fails on an error in the browser's console, a report of the page's policy, or a request
to another host.
"""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.serving.server import MockServer

# The shell of the same browser, without its windows, needs less than half of the time.
_BROWSERS = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
if "CHROMIUM" in os.environ:
    _BROWSERS.insert(0, Path(os.environ["CHROMIUM"]))
CHROMIUM = next((each for each in _BROWSERS if each.exists()), _BROWSERS[-1])
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 320, "height": 720}
PATIENCE = 20_000
"""Milliseconds until something has to be seen: other tests run beside."""

_numbers = count(1)

# A report of the policy is an error in the browser's console; this one names the place, too.
_TELL_REPORTS = """addEventListener("securitypolicyviolation", (event) =>
  console.error("policy", event.violatedDirective, event.blockedURI, event.sourceFile))"""

Open = Callable[..., Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    api.expect.set_options(timeout=PATIENCE)
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    """A server with the demo. Each test has a workspace of its own there."""
    with MockServer(fixtures="demo") as running:
        yield running


@pytest.fixture
def workspace(server: MockServer) -> str:
    """The name of a workspace of this test's own, whose clock stands still."""
    name = f"story-{next(_numbers)}"
    made = httpx.post(
        f"{server.url}/__admin/workspaces", json={"name": name, "at": "2026-12-01T18:00:00Z"}
    )
    assert made.status_code == 201
    return name


@pytest.fixture
def control(server: MockServer, workspace: str) -> Iterator[httpx.Client]:
    """A client of the control API for that workspace."""
    with httpx.Client(base_url=f"{server.url}/__admin/workspaces/{workspace}") as client:
        yield client


@pytest.fixture
def shop(server: MockServer, workspace: str) -> Iterator[httpx.Client]:
    """The client under test: it sends requests to the vendors, with this workspace's credentials."""
    credentials = {"Authorization": f"Token {workspace}", "X-API-KEY": workspace}
    with httpx.Client(base_url=server.url, headers=credentials) as client:
        yield client


class Watch:
    """What a page must not do, as it is seen."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.problems: list[str] = []
        self.allowed: list[str] = []

    def follow(self, page: Any) -> None:
        """Note every error, and every request to another host."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.problems.append(f"request: {request.url}")

    def allow(self, text: str) -> None:
        """Let problems with that text pass: the test makes them."""
        self.allowed.append(text)

    def left(self) -> list[str]:
        """The problems that no test expects."""
        return [each for each in self.problems if not any(text in each for text in self.allowed)]


@pytest.fixture
def watch(server: MockServer) -> Iterator[Watch]:
    """Fails the test in whose pages something went wrong."""
    watching = Watch(server.url)
    yield watching
    assert watching.left() == []


@pytest.fixture
def open_page(browser: Any, server: MockServer, workspace: str, watch: Watch) -> Iterator[Open]:
    """Opens a screen of the console: `open_page("requests")`, with what a context may be given."""
    contexts = []

    def open_screen(screen: str = "people", **options: Any) -> Any:
        options = {"viewport": WIDE, "permissions": ["clipboard-read", "clipboard-write"]} | options
        context = browser.new_context(**options)
        contexts.append(context)
        context.add_init_script(_TELL_REPORTS)
        page = context.new_page()
        watch.follow(page)
        page.set_default_timeout(PATIENCE)
        page.goto(f"{server.url}/__admin/#/{screen}?ws={workspace}")
        page.wait_for_selector("main h1", state="attached")
        return page

    yield open_screen
    for context in contexts:
        context.close()

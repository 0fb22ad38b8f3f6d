"""What every test may use: a server over a socket, and a client of each vendor in a workspace of its own."""

import gc
import logging
import os
import ssl
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import HealthCheck, settings

from mockserver.cli import main
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.here import only_here, stay_here
from tests.world import PEOPLE

Command = Callable[..., tuple[int, str, str]]

_numbers = count(1)

# Every client of httpx loads the certificates of all authorities, which takes longer than most
# tests do. Here they are loaded once. Who asks without keywords adds authorities of its own.
_new_context = ssl.create_default_context
_shared_context = cache(_new_context)


def _context(**options: Any) -> ssl.SSLContext:
    return _shared_context(**options) if options else _new_context()


ssl.create_default_context = _context  # type: ignore[assignment]  # called by keywords only

sys.addaudithook(stay_here)
httpcore.AnyIOBackend.connect_tcp = only_here(httpcore.AnyIOBackend.connect_tcp)  # type: ignore[assignment,method-assign]  # see tests/here.py

# Repeatable and short by default; `--hypothesis-profile long` looks further, at other requests each time,
# and `few` shows only that a test works.
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
settings.register_profile(
    "gate",
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "long", max_examples=500, database=None, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("few", settings.get_profile("gate"), max_examples=2)
settings.load_profile("gate")


def pytest_collection_finish() -> None:
    """Let the collector pass over the tests themselves: they are many, and stay to the end."""
    gc.freeze()


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    """One server with a dozen people for the whole session."""
    with MockServer(fixtures=PEOPLE) as running:
        yield running


@pytest.fixture(scope="session")
def http(server: MockServer) -> Iterator[httpx.Client]:
    """A client of the whole server, without a credential."""
    with httpx.Client(base_url=server.url) as client:
        yield client


@pytest.fixture
def account() -> str:
    """An account name that no other test uses."""
    return f"test-{next(_numbers)}"


@pytest.fixture
def workspace(server: MockServer, account: str) -> Workspace:
    """The world behind this test's clients."""
    return server.app.workspaces.admit(account)


@pytest.fixture
def sela(server: MockServer, account: str) -> Iterator[httpx.Client]:
    """A client of Sela with a token."""
    with httpx.Client(
        base_url=f"{server.url}/sela", headers={"Authorization": f"Token {account}"}
    ) as client:
        yield client


@pytest.fixture
def octanist(server: MockServer, account: str) -> Iterator[httpx.Client]:
    """A client of Octanist with an API key."""
    with httpx.Client(
        base_url=f"{server.url}/octanist/api", headers={"X-API-KEY": account}
    ) as client:
        yield client


@pytest.fixture
def nlpearl(server: MockServer, account: str) -> Iterator[httpx.Client]:
    """A client of NLPearl with an account id and a secret."""
    with httpx.Client(
        base_url=f"{server.url}/nlpearl", headers={"Authorization": f"Bearer {account}:secret"}
    ) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Starts a further server with other options and returns its base URL."""
    running: list[MockServer] = []

    def start(**options: Any) -> str:
        running.append(MockServer(**{"fixtures": PEOPLE} | options).start())
        return running[-1].url

    yield start
    for each in running:
        each.stop()


def _status_of_main() -> int:
    try:
        main()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command line in this process: status, standard output and standard error."""
    for name in os.environ:
        if name.startswith("MOCKSERVER_"):
            monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["mockserver", *arguments])
            status = _status_of_main()
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture(autouse=True)
def _no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An answer out of the document, or a handler that breaks, is logged as an error: both fail the test."""
    yield
    records = [record for phase in ("setup", "call") for record in caplog.get_records(phase)]
    errors = [record.getMessage() for record in records if record.levelno >= logging.ERROR]
    assert errors == []

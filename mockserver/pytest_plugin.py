"""The pytest plugin: a fixture `mockserver`, and `mockserver_server`, the server behind it."""

# The package is imported within the fixtures. So a test run without them starts as fast as before,
# and a coverage tool, which starts after the plugins, sees every line of the package.

import os
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from mockserver.client import Client
    from mockserver.serving.server import MockServer
    from mockserver.testing import MockWorkspace, Running

# Options of `mockserver serve` that a test suite may set: in its configuration file, as
# `mockserver_<name>`, or in the environment, as MOCKSERVER_<NAME>.
_OPTIONS = {
    "fixtures": (
        "What each workspace holds at first: demo, empty, or a YAML file or a folder of them "
        "beside this file."
    ),
    "seed": "Number from which all ids are generated.",
    "strictness": (
        "vendor reads requests as the vendor's framework does, document strictly by its OpenAPI "
        "document."
    ),
}

_WORKSPACE: "pytest.StashKey[MockWorkspace]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the server that the plugin starts."""
    for name, help in _OPTIONS.items():
        parser.addini(f"mockserver_{name}", help, default="")


@pytest.fixture(scope="session")
def mockserver_server(pytestconfig: pytest.Config) -> Iterator["Running"]:
    """The server of this session: the one at MOCKSERVER_URL, or a new one on a free port."""
    from mockserver.testing import Running

    url = os.environ.get("MOCKSERVER_URL")
    if url:
        with TemporaryDirectory(prefix="mockserver-") as folder:
            yield _server_at(url, Path(folder))
    else:
        with _new_server(pytestconfig) as server:
            yield Running(server.client, _transport_to(server), server.environment)


def _server_at(url: str, folder: Path) -> "Running":
    from mockserver.client import Client, ControlError
    from mockserver.testing import Running

    try:
        client = Client(url, os.environ.get("MOCKSERVER_ADMIN_TOKEN"))
        client.workspaces()
    except (ControlError, ValueError) as error:
        pytest.fail(f"MOCKSERVER_URL: {error}", pytrace=False)
    return Running(client, environment=partial(_environment_at, client, folder))


def _environment_at(client: "Client", folder: Path) -> dict[str, str]:
    from mockserver.client import ControlError
    from mockserver.errors import MockserverError
    from mockserver.trust import client_environment

    try:
        authority = client.authority().encode()
    except ControlError as error:
        raise MockserverError(f"MOCKSERVER_URL: {error}") from None
    return client_environment(client.url, authority, folder)


def _new_server(config: pytest.Config) -> "MockServer":
    from mockserver.environment import read_environment
    from mockserver.errors import OperatorError
    from mockserver.serving.server import MockServer

    slips = read_environment(os.environ).problems
    if slips:
        pytest.fail("\n".join(slips), pytrace=False)
    options = {name: _option(name, config) for name in _OPTIONS}
    try:
        return MockServer(**options)
    except OperatorError as error:
        pytest.fail(f"mockserver: {error}", pytrace=False)


def _option(name: str, config: pytest.Config) -> str | None:
    """The variable's value, else the configuration file's."""
    given = os.environ.get(f"MOCKSERVER_{name.upper()}")
    written = str(config.getini(f"mockserver_{name}"))
    if given or not written:
        return given or None
    return _beside(written, config) if name == "fixtures" else written


def _beside(fixtures: str, config: pytest.Config) -> str:
    """The file or folder of that name beside the configuration file, where there is one.

    The names of the bundled fixtures keep their meaning, also beside a folder `demo`.
    """
    from mockserver.fixtures import BUNDLED

    if fixtures in BUNDLED or config.inipath is None:
        return fixtures
    path = config.inipath.parent / fixtures
    return str(path) if path.exists() else fixtures


def _transport_to(server: "MockServer") -> "Callable[[], httpx.BaseTransport]":
    def transport() -> "httpx.BaseTransport":
        from mockserver.testing.transport import InProcess

        return InProcess(server.app, server.loop)

    return transport


@pytest.fixture
def mockserver(
    request: pytest.FixtureRequest, mockserver_server: "Running"
) -> Iterator["MockWorkspace"]:
    """A workspace of the test's own, with a client for each vendor.

    It is deleted after the test.
    """
    workspace = mockserver_server.open(request.node.nodeid)
    request.node.stash[_WORKSPACE] = workspace
    yield workspace
    del request.node.stash[_WORKSPACE]
    workspace.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Add the requests to its workspace to the report of a failed test."""
    report = yield
    workspace = item.stash.get(_WORKSPACE, None)
    if workspace is not None and report.failed:
        report.sections.append(("mockserver requests", workspace.journal_text()))
    return report

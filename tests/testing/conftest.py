"""A workspace as a user's test has it, and a way to run a user's test files."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mockserver.serving.server import MockServer
from mockserver.testing import MockWorkspace, Running
from mockserver.testing.transport import InProcess
from tests.testing.suites import Suite, run_suite


@pytest.fixture
def running(server: MockServer) -> Running:
    """The session's server as the plugin would have started it."""
    return Running(server.client, lambda: InProcess(server.app, server.loop))


@pytest.fixture
def opened(running: Running, request: pytest.FixtureRequest) -> Iterator[MockWorkspace]:
    """What the plugin's fixture `mockserver` would be."""
    made = running.open(request.node.nodeid)
    yield made
    made.close()


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Runs test files, given as names and texts, in a pytest of their own with this plugin and those that are named, and nothing else."""
    return partial(run_suite, tmp_path)

"""A workspace as a user's test has it, and a way to run a user's test files."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.serving.server import MockServer
from mockserver.testing import MockWorkspace, Running
from mockserver.testing.transport import InProcess
from tests.testing.suites import ROOT, Run, Suite


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

    def run(
        files: dict[str, str], *arguments: str, python: tuple[str, ...] = (), **environment: str
    ) -> Run:
        for name, text in files.items():
            (tmp_path / name).write_text(text, "utf-8")
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MOCKSERVER_", "PYTEST_"))
        }
        own |= {
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [
            sys.executable,
            *python,
            "-m",
            "pytest",
            "-p",
            "mockserver.pytest_plugin",
            "-p",
            "no:cacheprovider",
            *arguments,
        ]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=own | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run

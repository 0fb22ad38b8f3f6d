"""The examples: a suite as users write it, against one server that all of its workers share, in random order."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.client import Client

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("MOCKSERVER_", "PYTEST_"))
}
PLUGINS = ["-p", "mockserver.pytest_plugin", "-p", "xdist", "-p", "randomly"]
"""Those that the examples need: each worker loads them, and the others would take most of the time."""


@pytest.fixture
def url() -> Iterator[str]:
    """The URL of a server in a process of its own."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


def examples(*arguments: str, **environment: str) -> str:
    """What pytest prints of them."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/examples",
        "--confcutdir=tests/examples",
        *PLUGINS,
        *arguments,
    ]
    environment |= ENVIRONMENT | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.slow
def test_two_hundred_examples_pass_in_four_processes_on_one_server(url: str) -> None:
    out = examples("-n", "4", MOCKSERVER_URL=url)
    assert re.findall(r"\d+ (?:passed|failed|errors?|skipped)", out.splitlines()[-1]) == [
        "200 passed"
    ], out
    assert [each["name"] for each in Client(url).workspaces()] == ["demo"]


def test_they_pass_on_a_server_of_their_own(url: str) -> None:
    out = examples("-n", "0", "-k", "snapshot or quota")
    assert " passed" in out.splitlines()[-1], out
    assert [each["name"] for each in Client(url).workspaces()] == ["demo"]

"""Clients with the vendors' https:// addresses in their source, run with nothing but an environment."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import MockServer
from tests.serving import programs


@pytest.fixture(scope="module")
def proxy() -> Iterator[MockServer]:
    with MockServer(log_level="error") as server:
        yield server


def run(command: list[str], proxy: MockServer, credential: str, folder: Path) -> str:
    """What a client prints that is given a credential and the environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        command,
        env=kept | proxy.environment() | {"KEY": credential},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def need(program: str) -> str:
    """The program's path, or a reason to skip."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"this machine has no {program}")
    return found


SCRIPTS = {
    "sela with requests": (programs.SELA_REQUESTS, "requests", "new@example.com"),
    "octanist with requests": (programs.OCTANIST_REQUESTS, "requests", "won"),
    "httpx": (programs.HTTPX, "httpx", "won"),
    "urllib": (programs.URLLIB, "urllib", "won"),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_a_python_client_works_by_its_environment_alone(
    proxy: MockServer, tmp_path: Path, case: str
) -> None:
    script, library, printed = SCRIPTS[case]
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"the package {library} is not installed")
    workspace = proxy.workspace()
    assert run([sys.executable, "-c", script], proxy, workspace.name, tmp_path) == printed
    assert [entry["method"] for entry in workspace.requests()] == ["POST", "PATCH", "GET"]
    workspace.delete()


def test_the_sdk_of_nlpearl_works_by_its_environment_alone(
    proxy: MockServer, tmp_path: Path
) -> None:
    if importlib.util.find_spec("nlpearl") is None:
        pytest.skip("the package nlpearl is not installed")
    workspace = proxy.workspace()
    command = [sys.executable, "-c", programs.NLPEARL_SDK]
    assert run(command, proxy, f"{workspace.name}:secret", tmp_path) == "crm-100"
    asked = [entry["operation"] for entry in workspace.requests()]
    assert asked == ["add_lead", "update_lead", "get_lead"]
    workspace.delete()


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        pytest.param(programs.SELA_CURL, "new@example.com", id="sela"),
        pytest.param(programs.OCTANIST_CURL, "won", id="octanist"),
    ],
)
def test_curl_works_by_its_environment_alone(
    proxy: MockServer, tmp_path: Path, script: str, printed: str
) -> None:
    need("curl")
    workspace = proxy.workspace()
    assert run([need("sh"), "-c", script], proxy, workspace.name, tmp_path) == printed
    workspace.delete()


def test_node_works_by_its_environment_alone(proxy: MockServer, tmp_path: Path) -> None:
    node = need("node")
    known = run([node, "--help"], proxy, "", tmp_path)
    if "NODE_USE_ENV_PROXY" not in known and "--use-env-proxy" not in known:
        pytest.skip("this node does not know NODE_USE_ENV_PROXY")
    (tmp_path / "client.mjs").write_text(programs.NODE, "utf-8")
    workspace = proxy.workspace()
    assert run([node, "client.mjs"], proxy, workspace.name, tmp_path) == "won"
    workspace.delete()


@pytest.mark.slow
def test_go_works_by_its_environment_alone(proxy: MockServer, tmp_path: Path) -> None:
    go = need("go")
    (tmp_path / "client.go").write_text(programs.GO, "utf-8")
    workspace = proxy.workspace()
    assert run([go, "run", "client.go"], proxy, workspace.name, tmp_path) == "won new@example.com"
    workspace.delete()


def test_java_works_by_its_environment_alone(proxy: MockServer, tmp_path: Path) -> None:
    java = need("java")
    need("javac")  # a source file is compiled as it is started
    (tmp_path / "Client.java").write_text(programs.JAVA, "utf-8")
    workspace = proxy.workspace()
    assert run([java, "Client.java"], proxy, workspace.name, tmp_path) == "won new@example.com"
    workspace.delete()

"""Clients with the vendors' https:// addresses in their source, run with nothing but an environment."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockserver import MockServer
from tests.serving import programs

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clients.md").read_text("utf-8")
FILES = {
    "client.py": programs.OCTANIST_REQUESTS,
    "client.go": programs.GO,
    "Client.java": programs.JAVA,
    "client.mjs": programs.NODE,
    "client.php": programs.PHP,
}


@pytest.fixture(scope="module")
def proxy() -> Iterator[MockServer]:
    with MockServer(log_level="error") as server:
        yield server


def bare_environment() -> dict[str, str]:
    """What a program needs to start, and nothing that leads it anywhere."""
    kept = ("PATH", "HOME", "PYTHONPATH")
    return {name: os.environ[name] for name in kept if name in os.environ}


def run(command: list[str], proxy: MockServer, credential: str, folder: Path) -> str:
    """What a client prints that is given a credential and the environment."""
    done = subprocess.run(
        command,
        env=bare_environment() | proxy.environment() | {"KEY": credential},
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


def node_with_proxy(proxy: MockServer, folder: Path) -> str:
    """A node that reads the proxy from its environment, or a reason to skip.

    Node 20 does not. `npm install --no-save node@24` puts a newer one beside the tests, for nobody
    else to see.
    """
    found = [shutil.which("node"), shutil.which("node", path=ROOT / "node_modules" / ".bin")]
    for node in filter(None, found):
        known = run([node, "--help"], proxy, "", folder)
        if "NODE_USE_ENV_PROXY" in known or "--use-env-proxy" in known:
            return node
    pytest.skip("no node here knows NODE_USE_ENV_PROXY: npm install --no-save node@24")


def test_node_works_by_its_environment_alone(proxy: MockServer, tmp_path: Path) -> None:
    node = node_with_proxy(proxy, tmp_path)
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


@pytest.mark.slow
def test_java_works_by_its_environment_alone(proxy: MockServer, tmp_path: Path) -> None:
    java = need("java")
    need("javac")  # a source file is compiled as it is started
    (tmp_path / "Client.java").write_text(programs.JAVA, "utf-8")
    workspace = proxy.workspace()
    assert run([java, "Client.java"], proxy, workspace.name, tmp_path) == "won new@example.com"
    workspace.delete()


def block_with(program: str) -> str:
    """The lines of docs/clients.md that run an unmodified client of that program's language."""
    _, _, section = PAGE.partition("## A client that cannot be changed")
    section, _, _ = section.partition("\n## ")
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    (found,) = (block for block in blocks if f" {program} " in block.splitlines()[-1])
    return str(found)


@pytest.mark.parametrize(
    "program",
    [
        "curl -H",
        "python",
        pytest.param("go", marks=pytest.mark.slow),
        pytest.param("java", marks=pytest.mark.slow),
        "node",
        "php",
    ],
)
def test_the_lines_of_the_page_run_a_client(
    proxy: MockServer, tmp_path: Path, program: str
) -> None:
    name, _, _ = program.partition(" ")
    path = str(Path(sys.executable).parent) if name == "python" else os.environ["PATH"]
    if name == "node":
        path = str(Path(node_with_proxy(proxy, tmp_path)).parent)
    elif shutil.which(name, path=path) is None:
        pytest.skip(f"this machine has no {name}")
    for file, text in FILES.items():
        (tmp_path / file).write_text(text, "utf-8")
    shutil.copy(proxy.environment()["SSL_CERT_FILE"], tmp_path / "authority.pem")
    workspace = proxy.workspace()
    port = str(urlsplit(proxy.url).port)
    lines = block_with(program).replace("8080", port).replace("demo", workspace.name)
    done = subprocess.run(
        ["sh", "-ec", lines],
        env=bare_environment() | {"KEY": workspace.name, "PATH": f"{path}:{os.environ['PATH']}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert workspace.requests(vendor="octanist") != []
    workspace.delete()

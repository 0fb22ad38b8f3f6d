"""Every snippet of docs/testing.md does what the page says."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mockserver.serving.server import MockServer
from tests.testing.suites import ROOT, Suite

pytestmark = pytest.mark.slow  # a process for each test

PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8080"
INSTALLED = {"httpx", "mockserver", "pytest"}


class Snippet(NamedTuple):
    """A fenced block: its language, its text and the heading that it stands below."""

    language: str
    text: str
    heading: str


def snippets() -> Iterator[Snippet]:
    heading = ""
    for title, language, text in re.findall(
        r"^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    ):
        heading = title or heading
        if language:
            yield Snippet(language, text, heading)


def imported(text: str) -> set[str]:
    """The packages that a snippet imports."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    return {
        name.partition(".")[0]
        for name in names
        + [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    }


def has_tests(snippet: Snippet) -> bool:
    """Whether pytest finds something to run in it."""
    return re.search(r"def test_", snippet.text) is not None


def runs_with_the_others(snippet: Snippet) -> bool:
    """Whether it is a test that needs only what is installed with the plugin."""
    return (
        snippet.language == "python"
        and has_tests(snippet)
        and imported(snippet.text) <= INSTALLED | sys.stdlib_module_names
    )


def of(
    language: str, containing: str = "", leaving_out: Callable[[Snippet], bool] | None = None
) -> list[Any]:
    """The snippets of one language, as parameters of a test."""
    found = [each for each in snippets() if each.language == language and containing in each.text]
    return [
        pytest.param(each, id=f"{place} {each.heading}")
        for place, each in enumerate(found, 1)
        if leaving_out is None or not leaving_out(each)
    ]


def run(command: list[str], folder: Path, server: MockServer) -> tuple[int, str]:
    """The status of a command that finds the server by variables, and what it printed."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")
    }
    environment |= {"MOCKSERVER_URL": server.url, "PYTHONPATH": str(ROOT)}
    environment["MOCKSERVER_ADMIN_TOKEN"] = server.app.control.token or ""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_tests_of_the_page_pass(suite: Suite) -> None:
    """All in one run: a process for each would take most of the time."""
    files = {
        f"test_snippet_{place}.py": each.text
        for place, each in enumerate(snippets())
        if runs_with_the_others(each)
    }
    done = suite(files)
    assert re.fullmatch(r"\d+ passed", done.summary), done.out
    assert len(files) > 10


@pytest.mark.parametrize("snippet", of("python", leaving_out=runs_with_the_others))
def test_python(snippet: Snippet, suite: Suite, server: MockServer, tmp_path: Path) -> None:
    for package in imported(snippet.text):
        pytest.importorskip(package, reason=f"{package} is not installed")
    if has_tests(snippet):
        done = suite({"test_snippet.py": snippet.text})
        assert re.fullmatch(r"\d+ passed", done.summary), done.out
    else:
        file = tmp_path / "snippet.py"
        file.write_text(
            snippet.text.replace(ADDRESS, server.url).replace("client.reset()", ""), "utf-8"
        )
        status, out = run([sys.executable, str(file)], tmp_path, server)
        assert status == 0, out


@pytest.mark.parametrize("snippet", of("sh", "curl"))
def test_shell(snippet: Snippet, server: MockServer, tmp_path: Path) -> None:
    script = re.sub(
        r"^mockserver ",
        f"{shlex.quote(sys.executable)} -m mockserver ",
        snippet.text,
        flags=re.MULTILINE,
    )
    script = re.sub(
        r"^curl ", "curl --silent --show-error --fail-with-body ", script, flags=re.MULTILINE
    ).replace(ADDRESS, server.url)
    status, out = run(["bash", "-e", "-c", script], tmp_path, server)
    assert (status, '"passed":false' in out) == (0, False), out


@pytest.mark.parametrize("snippet", of("ini"))
def test_ini(snippet: Snippet, suite: Suite) -> None:
    text = "def test_it(mockserver):\n    assert mockserver.leads() == []\n"
    assert (
        suite({"pytest.ini": snippet.text, "test_it.py": text}, "--strict-config").summary
        == "1 passed"
    )


def needed(program: str) -> str:
    """Where a program is; skips the test where it is not."""
    found = shutil.which(program)
    return found or pytest.skip(f"{program} is not installed")


@pytest.fixture(scope="module")
def locked() -> Iterator[MockServer]:
    """A server that asks for a token, as one in a container does."""
    with MockServer(admin_token="open-sesame") as server:
        yield server


def names(server: MockServer) -> list[str]:
    return [each["name"] for each in server.client.workspaces()]


@pytest.mark.parametrize("snippet", of("js", "node:test"))
def test_node(snippet: Snippet, locked: MockServer, tmp_path: Path) -> None:
    (tmp_path / "closing.test.mjs").write_text(snippet.text, "utf-8")
    status, out = run([needed("node"), "--test", "closing.test.mjs"], tmp_path, locked)
    assert (status, "pass 1" in out, names(locked)) == (0, True, ["demo"]), out


@pytest.mark.parametrize("snippet", of("go", "package closing"))
def test_go(snippet: Snippet, locked: MockServer, tmp_path: Path) -> None:
    (tmp_path / "closing_test.go").write_text(snippet.text, "utf-8")
    (tmp_path / "go.mod").write_text("module closing\n\ngo 1.20\n", "utf-8")
    status, out = run([needed("go"), "test", "./..."], tmp_path, locked)
    assert (status, names(locked)) == (0, ["demo"]), out


PHPUNIT = """<?php
namespace PHPUnit\\Framework {
    class TestCase {
        protected function assertTrue(bool $holds, string $message): void {
            if (!$holds) throw new \\Exception($message);
        }
        public function run(string $name): void {
            $this->setUp();
            try { $this->$name(); } finally { $this->tearDown(); }
        }
    }
}
namespace {
    require 'ClosingTest.php';
    (new ClosingTest())->run('testALeadIsClosed');
    echo 'passed';
}
"""
"""What the recipe needs of PHPUnit."""


@pytest.mark.parametrize("snippet", of("php"))
def test_php(snippet: Snippet, locked: MockServer, tmp_path: Path) -> None:
    (tmp_path / "ClosingTest.php").write_text(snippet.text, "utf-8")
    (tmp_path / "run.php").write_text(PHPUNIT, "utf-8")
    assert run([needed("php"), "run.php"], tmp_path, locked) == (0, "passed")
    assert names(locked) == ["demo"]


JUNIT = {
    **{
        f"org/junit/jupiter/api/{name}.java": f"""
package org.junit.jupiter.api;

@java.lang.annotation.Retention(java.lang.annotation.RetentionPolicy.RUNTIME)
public @interface {name} {{}}
"""
        for name in ("Test", "BeforeEach", "AfterEach")
    },
    "org/junit/jupiter/api/Assertions.java": """
package org.junit.jupiter.api;

public class Assertions {
    public static void assertTrue(boolean holds, String message) {
        if (!holds) throw new AssertionError(message);
    }
}
""",
    "Run.java": """
class Run {
    public static void main(String[] names) throws Exception {
        for (var method : ClosingTest.class.getDeclaredMethods())
            if (method.isAnnotationPresent(org.junit.jupiter.api.Test.class)) {
                var test = new ClosingTest();
                test.makeWorkspace();
                try { method.invoke(test); } finally { test.deleteWorkspace(); }
                System.out.println("passed " + method.getName());
            }
    }
}
""",
}
"""What the recipe needs of JUnit, so that it runs where there is a JDK and nothing else."""


@pytest.mark.parametrize("snippet", of("java", "class ClosingTest"))
def test_java(snippet: Snippet, locked: MockServer, tmp_path: Path) -> None:
    for name, text in {**JUNIT, "ClosingTest.java": snippet.text}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    status, out = run(
        [
            needed("javac"),
            "Run.java",
            "ClosingTest.java",
            *(name for name in JUNIT if "junit" in name),
        ],
        tmp_path,
        locked,
    )
    assert status == 0, out
    done = run([needed("java"), "-cp", ".", "Run"], tmp_path, locked)
    assert (done, names(locked)) == ((0, "passed aLeadIsClosed\n"), ["demo"])

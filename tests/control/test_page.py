"""docs/control.md: every operation is told, and every line works when it is pasted."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import mockserver
from mockserver.app import create_app
from mockserver.documents.spec import Operation

PAGE = (Path(mockserver.__path__[0]).parent / "docs" / "control.md").read_text("utf-8")
LINES = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]
OPERATIONS = create_app(fixtures="empty").control.document.operations
URL = "http://127.0.0.1:8080"


def called(line: str) -> tuple[str, str]:
    """The method and path of a curl line."""
    words = shlex.split(line)
    method = (
        words[words.index("-X") + 1] if "-X" in words else "POST" if "--json" in words else "GET"
    )
    return method, urlsplit(words[-1]).path


def answers(operation: Operation, line: str) -> bool:
    pattern = re.sub(r"{\w+}", "[^/]+", operation.path)
    method, path = called(line)
    return method == operation.method and re.fullmatch(pattern, path) is not None


def run(line: str, url: str) -> tuple[str, int]:
    """The line with the status that it got."""
    quiet = ["-sS", "-o", "/dev/null", "-w", "%{http_code}"]
    done = subprocess.run(
        [*shlex.split(line.replace(URL, url)), *quiet], capture_output=True, check=True, text=True
    )
    return line, int(done.stdout)


@pytest.mark.parametrize("operation", [pytest.param(each, id=each.id) for each in OPERATIONS])
def test_every_operation_has_a_line(operation: Operation) -> None:
    assert [line for line in LINES if answers(operation, line)] != []


def test_every_line_is_of_an_operation_or_of_a_vendor() -> None:
    assert [
        line
        for line in LINES
        if "/__admin" in line and not any(answers(each, line) for each in OPERATIONS)
    ] == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines are for curl")
def test_every_line_works_when_it_is_pasted(serve: Callable[..., str]) -> None:
    url = serve(tls=True)
    results = [run(line, url) for line in LINES]
    assert [
        (line, status) for line, status in results if status >= 300 and "/__admin" in line
    ] == []

"""Type checkers know the vendors' clients of the fixture `mockserver`, and no others."""

import subprocess
import sys
from pathlib import Path

import pytest

import mockserver
from mockserver.app import load_vendors
from mockserver.testing.stubs import render

PACKAGE = Path(mockserver.__path__[0])
NAMES = [vendor.name for vendor in load_vendors()]
HEAD = """\
from mockserver.testing import MockWorkspace

def test(mockserver: MockWorkspace) -> None:
"""


def errors_in(file: Path, *statements: str) -> list[str]:
    """What mypy says of a test made of these statements."""
    file.write_text(HEAD + "".join(f"    {line}\n" for line in statements), "utf-8")
    options = ["--strict", "--no-error-summary", "--config-file=", "--cache-dir", str(file.parent)]
    result = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(file)],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return [line.partition(f"{file.name}:")[2] for line in result.stdout.splitlines()]


def test_the_stub_has_a_property_for_each_vendor() -> None:
    written = (PACKAGE / "testing" / "clients.pyi").read_text("utf-8")
    assert written == render(NAMES)


@pytest.mark.slow
def test_a_checker_knows_each_vendors_client_and_refuses_a_misspelt_vendor(tmp_path: Path) -> None:
    right = [f"mockserver.{name}.get('/').json()" for name in NAMES]
    wrong = [f"mockserver.{NAMES[0]}.gett('/')", f"mockserver.{NAMES[-1]}h.get('/')"]
    line = HEAD.count("\n") + len(right) + 1
    of_the_client, of_the_workspace = errors_in(tmp_path / "snippet.py", *right, *wrong)
    assert of_the_client.startswith(f'{line}: error: "Client" has no attribute "gett"')
    assert of_the_workspace.startswith(
        f'{line + 1}: error: "MockWorkspace" has no attribute "{NAMES[-1]}h"'
    )

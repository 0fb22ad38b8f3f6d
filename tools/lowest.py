"""Tries this package in the environments of others.

`python tools/lowest.py lowest` runs all tests but the contract tests with the lowest versions that
`pyproject.toml` allows; the tool of the contract tests has bounds of its own. `python
tools/lowest.py beside` installs the package beside well-known frameworks, with pytest 8 and 9, and
runs the tests of `tools/beside`. Without an argument it does both.

The environments are made anew below `build/lowest` each time.
"""

import os
import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
_FOLDER = ROOT / "build" / "lowest"
_BOUND = re.compile(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\w.]+)")

# Wants newer versions than the package does, or only checks the code.
_NOT_FOR_TESTS = ("schemathesis", "mypy", "ruff", "import-linter", "types-")


class Beside(NamedTuple):
    """Packages that a user has already, and the versions of pytest to try them with."""

    name: str
    packages: tuple[str, ...]
    pytest: str


BESIDE = (
    Beside("fastapi-0.115", ("fastapi==0.115.12",), "8"),
    Beside("newest-pytest-8", ("fastapi", "flask", "django"), "8"),
    Beside("newest-pytest-9", ("fastapi", "flask", "django"), "9"),
)


def project() -> dict[str, list[str]]:
    """What the package needs, by the name of the extra; `` for what it always needs."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {"": content["dependencies"], **content["optional-dependencies"]}


def lower_bounds(requirements: Iterable[str]) -> list[str]:
    """Each requirement with its lowest version alone: `name==version`."""
    bounds = []
    for requirement in requirements:
        found = _BOUND.match(requirement)
        if found is None:
            raise ValueError(f"{requirement!r} has no lower bound")
        bounds.append(f"{found[1]}=={found[2]}")
    return bounds


class Environment:
    """A virtual environment made for one try."""

    def __init__(self, name: str) -> None:
        """Make it anew."""
        folder = _FOLDER / name
        venv.create(folder, clear=True, with_pip=True)
        binaries = folder / ("Scripts" if os.name == "nt" else "bin")
        self._python = str(binaries / "python")

    def install(self, *arguments: str) -> None:
        """Install packages; they must agree with all that is there."""
        pip = ("-m", "pip", "--disable-pip-version-check", "--quiet")
        self.run(*pip, "install", *arguments)
        self.run(*pip, "check")

    def run(self, *arguments: str) -> None:
        """Run Python with these arguments. Raises CalledProcessError where that fails."""
        subprocess.run([self._python, *arguments], cwd=ROOT, check=True)


def try_lowest() -> None:
    """Run the tests with the lowest versions."""
    needs = project()
    bounds = lower_bounds(needs[""] + needs["pytest"])
    names = {bound.partition("==")[0] for bound in bounds}
    tools = [
        each
        for each in needs["dev"]
        if not each.startswith(_NOT_FOR_TESTS) and re.split(r"[\[<>=]", each)[0] not in names
    ]
    environment = Environment("lowest")
    environment.install(*bounds, *tools, "--editable", f"{ROOT}[pytest]")
    choice = ("-n", "auto", "-m", "not slow", "--ignore", "tests/contract")
    environment.run("-m", "pytest", *choice)


def try_beside(beside: Beside) -> None:
    """Install the package beside others, and use it as their users would."""
    environment = Environment(beside.name)
    environment.install(*beside.packages, f"pytest=={beside.pytest}.*", f"{ROOT}[pytest]")
    # Not with this checkout's own configuration.
    settings = ("--config-file", os.devnull, "--rootdir", "tools/beside")
    environment.run("-m", "pytest", "-q", *settings, "tools/beside")


def main(arguments: list[str]) -> None:
    """Try what the arguments name, or all."""
    if "beside" in arguments or not arguments:
        for each in BESIDE:
            sys.stdout.write(f"Beside {', '.join(each.packages)}, with pytest {each.pytest}\n")
            sys.stdout.flush()
            try_beside(each)
    if "lowest" in arguments or not arguments:
        try_lowest()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)

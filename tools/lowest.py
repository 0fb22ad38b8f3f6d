"""Tries this package in the environments of others.

`python -m tools.lowest` installs the package with the lowest versions that `pyproject.toml` allows
and runs the tests (`lowest`); and it installs the package beside well-known frameworks, with pytest
8 and 9, and runs the tests of `tools/beside`. Names as arguments choose some. `lowest-slow`, which
runs only when it is named, runs the slow tests with the lowest versions. The contract tests are in
neither: their tool has bounds of its own.

The environments are made below `build/lowest`.
"""

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tools.programs import BUILD, ROOT, Trial, main, make_environment, run

FOLDER = BUILD / "lowest"
_BOUND = re.compile(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\w.]+)")
_CHOICES = {
    "lowest": "not slow",
    "lowest-slow": "slow and not alone",
}

# Wants newer versions than the package does, or only checks the code.
_NOT_FOR_TESTS = ("schemathesis", "mypy", "ruff", "import-linter", "types-")

NEWEST = ("fastapi", "flask", "django")
BESIDE = {
    "fastapi-0.115": ("fastapi==0.115.12", "click==8.1.8", "uvicorn==0.40.0", "pytest==8.*"),
    "newest-pytest-8": (*NEWEST, "pytest==8.*"),
    "newest-pytest-9": (*NEWEST, "pytest==9.*"),
}
"""What a user has already, by the name of the trial."""


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


def install_lowest(folder: Path) -> None:
    """Install the lowest versions, and what the tests need."""
    needs = project()
    bounds = lower_bounds(needs[""] + needs["pytest"])
    names = {bound.partition("==")[0] for bound in bounds}
    tools = [
        each
        for each in needs["dev"]
        if not each.startswith(_NOT_FOR_TESTS) and re.split(r"[\[<>=]", each)[0] not in names
    ]
    _install_anew(folder, *bounds, *tools, "--editable", f"{ROOT}[pytest]")


def run_tests(folder: Path, _: str) -> None:
    """Run those tests of this checkout that are meant by the name of the folder."""
    choice = ("-n", "auto", "-m", _CHOICES[folder.name], "--ignore", "tests/contract")
    run(ROOT, _python(folder), "-m", "pytest", *choice, seconds=1800)


def install_beside(packages: Iterable[str], folder: Path) -> None:
    """Install the package beside these."""
    _install_anew(folder, *packages, f"{ROOT}[pytest]")


def use_beside(folder: Path, _: str) -> None:
    """Use the package as its users would: not with this checkout's own configuration."""
    settings = ("--config-file", os.devnull, "--rootdir", "tools/beside")
    run(ROOT, _python(folder), "-m", "pytest", *settings, "tools/beside")


def _install_anew(folder: Path, *arguments: str) -> None:
    shutil.rmtree(folder / "venv", ignore_errors=True)
    # Most modules of these packages are never imported.
    make_environment(folder, "--quiet", "--no-compile", *arguments)


def _python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


TRIALS = [
    *(
        Trial(name, (), partial(install_beside, packages), use_beside)
        for name, packages in BESIDE.items()
    ),
    *(Trial(name, (), install_lowest, run_tests) for name in _CHOICES),
]
_NOT_SLOW = [trial.name for trial in TRIALS if trial.name != "lowest-slow"]


if __name__ == "__main__":
    sys.exit(main(TRIALS, FOLDER, sys.argv[1:] or _NOT_SLOW))

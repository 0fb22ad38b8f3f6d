"""Tries this package in the environments of others.

`python -m tools.lowest` installs the package with the lowest versions that `pyproject.toml` allows
and runs the tests (`lowest`); and it installs the package beside well-known frameworks, with pytest
8 and 9, and runs the tests of `tools/beside`. Names as arguments choose some. `lowest-slow` and
`lowest-browser` run the slow tests and the console's with the lowest versions, when they are named.
The contract tests are in none of them: their tool has bounds of its own.

The environments are made below `build/lowest`.
"""

import os
import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any

from tools.programs import BUILD, ROOT, Trial, build_wheel, main, make_environment, run

FOLDER = BUILD / "lowest"
_BOUND = re.compile(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\w.]+)")
_CHOICES = {
    "lowest": ("-m", "not slow", "--ignore", "tests/console", "--ignore", "tests/contract"),
    "lowest-browser": ("tests/console",),
    "lowest-slow": ("-m", "slow and not alone", "--ignore", "tests/console"),
}
"""By the name of the trial, the tests that it runs."""

_ONLY_BY_NAME = ("lowest-browser", "lowest-slow")

OPTIONS = ("--quiet", "--no-compile")
"""Of pip: most modules of these packages are never imported."""

# Wants newer versions than the package does, or only checks the code.
_NOT_FOR_TESTS = ("schemathesis", "mypy", "ruff", "import-linter", "types-")

_FOR_THE_BROWSER = ("playwright", "axe-playwright-python")

NEWEST = ("fastapi", "flask", "django")
BESIDE = {
    "fastapi-0.115": ("fastapi==0.115.12", "click==8.1.8", "uvicorn==0.40.0", "pytest==8.*"),
    "newest-pytest-8": (*NEWEST, "pytest==8.*"),
    "newest-pytest-9": (*NEWEST, "pytest==9.*"),
}
"""What a user has already, by the name of the trial."""


def project() -> dict[str, list[str]]:
    """What the package needs, by the name of the extra; `` for what it always needs."""
    content = _pyproject()["project"]
    return {"": content["dependencies"], **content["optional-dependencies"]}


def build_requirements() -> list[str]:
    """What the wheel is built with."""
    requires: list[str] = _pyproject()["build-system"]["requires"]
    return requires


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


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
    is_for_browser = folder.name == "lowest-browser"
    left_out = _NOT_FOR_TESTS if is_for_browser else (*_NOT_FOR_TESTS, *_FOR_THE_BROWSER)
    tools = [
        each
        for each in needs["dev"]
        if not each.startswith(left_out) and re.split(r"[\[<>=]", each)[0] not in names
    ]
    # A test builds the wheel with what is installed.
    tools += ["pip", *build_requirements()]
    make_environment(
        folder, *OPTIONS, *bounds, *tools, "--editable", f"{ROOT}[pytest]", is_new=True
    )


def run_tests(folder: Path, _: str) -> None:
    """Run those tests of this checkout that are meant by the name of the folder."""
    workers = ("-n", "auto", "--dist", "worksteal")
    run(ROOT, _python(folder), "-m", "pytest", *workers, *_CHOICES[folder.name], seconds=1800)


@cache
def built_wheel() -> Path:
    """The wheel of this checkout, built once for all trials. Raises Unavailable, Failed."""
    return build_wheel(FOLDER / "wheel")


def install_beside(packages: Iterable[str], folder: Path) -> None:
    """Install the package beside these."""
    make_environment(folder, *OPTIONS, *packages, f"{built_wheel()}[pytest]", is_new=True)


def use_beside(folder: Path, _: str) -> None:
    """Use the package as its users would: not with this checkout's own configuration."""
    settings = ("--config-file", os.devnull, "--rootdir", "tools/beside")
    run(ROOT, _python(folder), "-m", "pytest", *settings, "tools/beside")


def _python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


TRIALS = [
    *(
        Trial(name, (), partial(install_beside, packages), use_beside)
        for name, packages in BESIDE.items()
    ),
    *(Trial(name, (), install_lowest, run_tests) for name in _CHOICES),
]
_WITHOUT_A_NAME = [trial.name for trial in TRIALS if trial.name not in _ONLY_BY_NAME]


if __name__ == "__main__":
    sys.exit(main(TRIALS, FOLDER, sys.argv[1:] or _WITHOUT_A_NAME))

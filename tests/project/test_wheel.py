"""The wheel holds exactly what it should, and serves without a checkout."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from mockserver import __version__

ROOT = Path(__file__).parents[2]
RESOURCES = "mockserver/_resources"
VIEWER = ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-bundle.js.LICENSE.txt", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, freshly built."""
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """A folder with the wheel installed into it and nothing else."""
    _pip("install", "--no-deps", "--target", str(tmp_path / "site"), str(wheel))
    return tmp_path / "site"


@pytest.fixture
def served_from_wheel(installed: Path, tmp_path: Path) -> Iterator[str]:
    """The base URL of `python -m mockserver serve`, run from the installed wheel in an empty folder."""
    empty = tmp_path / "empty"
    empty.mkdir()
    command = [sys.executable, "-P", "-m", "mockserver", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=empty, env=_environment(installed), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _announced(process)
        finally:
            process.terminate()


def _pip(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        check=True,
        timeout=60,
    )


def _environment(installed: Path) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")
    }
    return inherited | {"PYTHONPATH": str(installed), "PYTHONUNBUFFERED": "1"}


def _announced(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    first = process.stdout.readline()
    found = re.search(r"http://\S+", first)
    assert found, f"the first line names no URL: {first!r}"
    return found.group()


def _expected() -> set[str]:
    written = [
        file.relative_to(ROOT) for file in (ROOT / "mockserver").rglob("*") if file.is_file()
    ]
    package = {
        file.as_posix()
        for file in written
        if not any(part.startswith((".", "__pycache__")) for part in file.parts)
    }
    documents = {f"{RESOURCES}/openapi/{file.name}" for file in (ROOT / "openapi").glob("*.yaml")}
    fixtures = {
        f"{RESOURCES}/{file.relative_to(ROOT).as_posix()}"
        for file in (ROOT / "fixtures").rglob("*")
        if file.is_file() and file.parent.name != "__pycache__"
    }
    viewer = {f"{RESOURCES}/viewer/{name}" for name in VIEWER}
    about = {
        f"lead_mockserver-{__version__}.dist-info/{name}"
        for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")
    }
    return (
        package
        | documents
        | fixtures
        | viewer
        | about
        | {f"lead_mockserver-{__version__}.dist-info/licenses/LICENSE"}
    )


def test_the_wheel_holds_the_package_the_documents_and_the_fixtures_and_nothing_else(
    wheel: Path,
) -> None:
    assert set(ZipFile(wheel).namelist()) == _expected()


def test_the_wheel_is_typed_and_has_the_command(wheel: Path) -> None:
    archive = ZipFile(wheel)
    assert "mockserver/py.typed" in archive.namelist()
    assert "mockserver/testing/clients.pyi" in archive.namelist()
    assert b"mockserver = mockserver.cli:main" in archive.read(
        f"lead_mockserver-{__version__}.dist-info/entry_points.txt"
    )


@pytest.mark.slow
def test_the_installed_wheel_is_found_before_the_checkout(installed: Path) -> None:
    asked = [
        sys.executable,
        "-P",
        "-c",
        "from mockserver.documents.resources import folder; print(folder('openapi'))",
    ]
    told = subprocess.run(
        asked,
        cwd=installed.parent,
        env=_environment(installed),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(told.stdout.strip()) == installed / RESOURCES / "openapi"


@pytest.mark.slow
def test_the_wheel_serves_in_an_empty_folder(served_from_wheel: str) -> None:
    assert httpx.get(f"{served_from_wheel}/readyz").status_code == 200

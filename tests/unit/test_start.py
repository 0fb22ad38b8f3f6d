"""A start does only what the first answer needs: what is known of this package's own files is kept, and the rest is imported by the first request for it."""

import os
import subprocess
import sys
from pathlib import Path as File

import pytest

from mockserver import fixtures
from mockserver.app import load_vendors
from mockserver.control.api import HANDLERS, load_handlers
from mockserver.documents import fixture_files
from mockserver.documents.fixture_files import FixtureFiles
from mockserver.documents.resources import folder
from mockserver.documents.spec import load_document
from mockserver.errors import FixtureError
from mockserver.fixtures import Fixture
from mockserver.identity import phone_e164, phone_key

VENDORS = load_vendors()
SEED = "octanist:\n  leads:\n    - email: ada@example.com\n      phone: '+12025550101'\n"


@pytest.fixture
def bundled(tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> File:
    """A fixture that counts as one of this package's, in a folder where Python writes bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(fixture_files, "folder", lambda name: tmp_path)
    file = tmp_path / "seed.yaml"
    file.write_text(SEED, "utf-8")
    return file


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is compared with the schemas of fixtures from now on."""
    contents: list[object] = []
    compare = fixtures._misfits

    def misfits(content: object, vendors: object) -> object:
        contents.append(content)
        return compare(content, vendors)  # type: ignore[arg-type]  # it is only passed on

    monkeypatch.setattr(fixtures, "_misfits", misfits)
    return contents


def start(file: File) -> list[object]:
    """The e-mail addresses that a server would begin with."""
    fixture = Fixture(file, VENDORS, 1, trusts_kept=True)
    return [row["email"] for row in fixture.workspace.tables["octanist"]["leads"].rows.values()]


def test_the_control_api_has_a_handler_for_each_operation_and_no_other() -> None:
    load_handlers()
    document = load_document(folder("openapi") / "control.yaml")
    assert sorted(HANDLERS) == sorted(operation.id for operation in document.operations)


def test_a_second_start_imports_nothing_that_only_some_requests_need() -> None:
    late = "phonenumbers email_validator yaml difflib html starlette httpcore"
    late += " mockserver.client mockserver.control.handlers mockserver.journal.why"
    code = (
        "import sys\n"
        "import mockserver.cli, mockserver.serving.server\n"
        "from mockserver.app import create_app\n"
        "app = create_app(log_level='warning')\n"
        "scope = {'type': 'http', 'method': 'GET', 'path': '/livez', 'headers': ()}\n"
        "assert app.answer(scope, b'').status == 200\n"
        f"print(*sorted(set({late.split()}) & set(sys.modules)))\n"
    )
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout.split() == []


def test_a_bundled_fixture_is_compared_with_the_schemas_once(
    bundled: File, compared: list[object]
) -> None:
    first, second = start(bundled), start(bundled)
    assert (first, second, len(compared)) == (["ada@example.com"], ["ada@example.com"], 1)


def test_a_bundled_fixture_that_changed_is_compared_again(
    bundled: File, compared: list[object]
) -> None:
    start(bundled)
    bundled.write_text(SEED + "      colour: red\n", "utf-8")
    with pytest.raises(FixtureError, match=r"seed.yaml:5: octanist.leads\[0\].colour"):
        start(bundled)
    assert len(compared) > 1
    with pytest.raises(FixtureError):  # what is wrong is not kept
        start(bundled)


def test_a_check_compares_what_is_kept(bundled: File, compared: list[object]) -> None:
    start(bundled)
    Fixture(bundled, VENDORS, 1)
    assert len(compared) == 2


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\n[]"])
def test_a_bundled_fixture_whose_kept_content_is_broken_is_read_again(
    bundled: File, damage: bytes
) -> None:
    start(bundled)
    (kept,) = bundled.parent.glob("__pycache__/seed.*.json")
    kept.write_bytes(damage)
    assert (FixtureFiles(bundled).is_proven, start(bundled)) == (False, ["ada@example.com"])
    assert FixtureFiles(bundled).is_proven


def test_another_version_of_the_phone_library_reads_a_bundled_fixture_again(
    bundled: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(bundled)
    monkeypatch.setattr(fixture_files, "phones_version", lambda: "another")
    assert not FixtureFiles(bundled).is_proven
    start(bundled)
    assert FixtureFiles(bundled).is_proven


def test_a_fixture_of_a_user_is_never_kept(tmp_path: File) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(SEED, "utf-8")
    start(file)
    assert (list(tmp_path.iterdir()), FixtureFiles(file).is_proven) == ([file], False)


def test_what_is_kept_of_phone_numbers_is_what_the_library_says() -> None:
    FixtureFiles(folder("fixtures") / "demo")
    number, none = "+18042221111", "+1234567890"
    assert (phone_e164(number), phone_key(number)) == (number, number)
    assert (phone_e164(none), phone_key(none)) == (None, "+1234567890")

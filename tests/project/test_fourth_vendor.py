"""A vendor is three files: with a fourth one beside the others, the tests of every vendor pass, and nothing else is touched."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOURTH = ROOT / "tests" / "fourth_vendor"
NAME = "acme"
PLACES = {
    "openapi.yaml": f"openapi/{NAME}.yaml",
    "vendor.py": f"mockserver/vendors/{NAME}.py",
    "demo.yaml": f"fixtures/demo/{NAME}.yaml",
}
COPIED = ("mockserver", "openapi", "fixtures", "tests", "docs")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "_resources")

# What the copy runs. Everything that is made from the fourth vendor's document, its rows and its
# module has the vendor's name in the id of the test; `-k` chooses it. The properties that mix the
# requests of all vendors have no vendor in their names: the second run has them. What is left out
# are the other vendors' own tests, which the fourth does not change; their contracts, which take
# most of the time, are not even made (CONTRACT_VENDOR).
EVERY_VENDOR = [
    "tests/contract/test_contract.py",
    "tests/contract/test_walks.py",
    "tests/contract/test_null_characters.py",
    "tests/control/test_every_vendor.py",
    "tests/control/test_isolation.py",
    "tests/vendors/test_races.py",
    "tests/vendors/test_export.py",
    "tests/vendors/test_fault_shapes.py",
    "tests/testing/test_plugin.py",
    "tests/project/test_provenance.py",
]
TOGETHER = [
    "tests/control/test_isolation.py::test_another_workspace_neither_changes_nor_shows",
    "tests/vendors/test_export.py::test_whatever_was_asked_of_a_workspace_its_export_is_the_same_workspace",
    "tests/project/test_vendor_names.py::test_a_vendor_name_would_be_found",
    "tests/control/test_leads.py::test_leads_are_listed_by_vendor_and_oldest_first",
    "tests/control/test_workspace_resources.py::test_a_new_workspace_comes_with_all_that_a_client_needs",
    "tests/unit/test_app.py::test_every_vendor_module_is_served",
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the fourth vendor's three files in their places."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    for file in ("pyproject.toml", "Makefile", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / file, folder / file)
    for name, place in PLACES.items():
        assert not (folder / place).exists()
        shutil.copy(FOURTH / name, folder / place)
    return folder


def run(copy: Path, *arguments: str) -> str:
    """What pytest prints in the copy."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MOCKSERVER_", "PYTEST_"))
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly"]
    # Few examples and one contract: what is shown here is that the vendor is tested at all.
    command += ["--hypothesis-profile", "few"]
    done = subprocess.run(
        [*command, "-p", "no:xdist", *arguments],
        cwd=copy,
        env=environment | {"PYTHONPATH": str(copy), "CONTRACT_VENDOR": NAME},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.stdout + done.stderr


def passed(out: str) -> int:
    """How many tests passed, where nothing else came of any."""
    summary = re.search(r"^[= ]*(\d+) passed(?:, \d+ deselected)? in ", out, re.MULTILINE)
    assert summary is not None, out
    return int(summary[1])


@pytest.mark.slow
def test_the_tests_of_every_vendor_are_run_over_it(copy: Path) -> None:
    out = run(copy, *EVERY_VENDOR, "-k", NAME, "-vv")
    assert passed(out) > 100
    assert set(re.findall(r"^(tests/\S+?)::.* PASSED", out, re.MULTILINE)) == set(EVERY_VENDOR)


@pytest.mark.slow
def test_the_tests_that_mix_all_vendors_pass_beside_it(copy: Path) -> None:
    assert passed(run(copy, *TOGETHER)) == len(TOGETHER)

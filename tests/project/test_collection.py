"""Any choice of tests can be run together: files of one name in two folders are two modules."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TWINS = ("tests/unit/test_matching.py", "tests/examples/test_matching.py")


@pytest.mark.slow
def test_folders_with_files_of_one_name_are_collected_together() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [*command, *TWINS],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    collected = {line.partition(":")[0] for line in run.stdout.splitlines()}
    assert (run.returncode, collected & {*TWINS}) == (0, {*TWINS}), run.stdout


def test_a_test_module_is_called_by_its_whole_path() -> None:
    """So no two of them, in whichever folders, have one name."""
    assert __name__ == "tests.project.test_collection"

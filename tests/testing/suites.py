"""What a test file of a user's is run with, and what comes of it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Run(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def summary(self) -> str:
        """pytest's last line, without the time that it took."""
        return self.out.splitlines()[-1].rpartition(" in ")[0].strip("= ")


Suite = Callable[..., Run]


def run_suite(
    folder: Path,
    files: dict[str, str],
    *arguments: str,
    python: tuple[str, ...] = (),
    **environment: str,
) -> Run:
    """Run test files of these names and texts in that folder."""
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MOCKSERVER_", "PYTEST_"))
    }
    own |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    plugins = ["-p", "mockserver.pytest_plugin", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, *python, "-m", "pytest", *plugins, *arguments],
        cwd=folder,
        env=own | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)

"""Holds the console's scripts, sheets and pages to a formatter, a linter and a type checker.

`python -m tools.scripts` runs prettier, eslint and tsc over them; names as arguments choose some,
and `format` lets prettier write them anew. They come from npm into `build/scripts`; where node or
npm is missing, or no registry answers, a line says so.
"""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.programs import BUILD, ROOT, Trial, main, npm_install, run

SOURCES = Path(__file__).parent / "javascript"
FOLDER = BUILD / "scripts"
PROGRAMS = FOLDER / "javascript"
CONSOLE = ROOT / "mockserver" / "console"
NEEDS = ("node", "npm")


def files() -> Iterable[Path]:
    """What prettier looks after."""
    own = [each for each in CONSOLE.rglob("*") if each.suffix in (".js", ".css", ".html")]
    return sorted([*own, *ROOT.glob("mockserver/vendors/*/console.json")])


def install(_: Path) -> None:
    """Install the three, and put the scripts beside them: they look for their settings there."""
    shutil.copytree(SOURCES, PROGRAMS, dirs_exist_ok=True)
    npm_install(PROGRAMS)
    shutil.copytree(CONSOLE, PROGRAMS / "console", dirs_exist_ok=True)


def program(name: str) -> Path:
    """The program that npm installed."""
    return PROGRAMS / "node_modules" / ".bin" / name


def check_format(*_: object) -> None:
    """Hold all files to prettier's format."""
    run(PROGRAMS, program("prettier"), *_prettier(), "--check", *files())


def write_format(*_: object) -> None:
    """Let prettier write all files anew."""
    run(PROGRAMS, program("prettier"), *_prettier(), "--write", *files())


def _prettier() -> tuple[str, ...]:
    return ("--config", str(PROGRAMS / ".prettierrc.json"), "--ignore-path", "nothing")


def lint(*_: object) -> None:
    """Lint the scripts."""
    run(PROGRAMS, program("eslint"), "--max-warnings", "0", "console")


def check_types(*_: object) -> None:
    """Check the types that the comments give."""
    run(PROGRAMS, program("tsc"), "--project", "tsconfig.json")


TRIALS = (
    Trial("prettier", NEEDS, install, check_format),
    Trial("eslint", NEEDS, install, lint),
    Trial("tsc", NEEDS, install, check_types),
)
FORMAT = (Trial("format", NEEDS, install, write_format),)


if __name__ == "__main__":
    wanted = sys.argv[1:]
    sys.exit(main(FORMAT if wanted == ["format"] else TRIALS, FOLDER, wanted))

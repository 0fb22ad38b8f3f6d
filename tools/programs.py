"""Tries other people's programs on this package, and says of each what came of it.

A program is skipped, with the reason, where this machine lacks what it needs or a package registry
does not answer. Whatever else goes wrong is a failure.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"

_SECONDS = 600
_ATTEMPTS = 3
_PAUSE = 3.0
_SHOWN = 12_000

# How pip, npm, Maven and Go say that a registry cannot be reached or does not have a package.
_UNANSWERED = re.compile(
    r"""
    name\ resolution | no\ such\ host | unknown\ host | ENOTFOUND | EAI_AGAIN
    | connection\ (?:refused|reset|aborted|broken|timed\ out) | ECONNREFUSED | ECONNRESET
    | network\ is\ unreachable | no\ route\ to\ host | dial\ tcp | failed\ to\ establish
    | read\ timed\ out | i/o\ timeout | handshake\ timeout | ETIMEDOUT | ProxyError
    | unexpected\ EOF | \b(?:40[37]|404|410|429|5\d\d)\b\ (?:client|server)\ error
    | HTTP\ error\ \d{3} | \bE(?:40[347]|410|429|5\d\d)\b | :\ (?:40[347]|410|429|5\d\d)\ [A-Z]
    | status(?:\ code)?:\ (?:40[37]|404|410|429|5\d\d) | from\ versions:\ none
    | could\ not\ (?:transfer|find)\ artifact | toolchain\ not\ available
    """,
    re.IGNORECASE | re.VERBOSE,
)

# The registry answered, and what we ask for cannot be.
_REFUSED = re.compile(r"ResolutionImpossible|conflicting dependencies|ERESOLVE|checksum mismatch")


class Failed(Exception):
    """A program failed; the text has the command and the end of its output."""

    def __init__(self, text: str, output: str = "") -> None:
        """`output`: all that it printed."""
        super().__init__(f"{text}\n{output[-_SHOWN:]}".rstrip())
        self.output = output


class TimedOut(Failed):
    """A program did not end in its time."""


class Unavailable(Exception):
    """Something cannot be had here; the text says what and why."""


class Trial(NamedTuple):
    """A program of others, and how it is tried."""

    name: str
    needs: tuple[str, ...]
    """Commands that the machine must have."""

    install: Callable[[Path], None]
    """Installs it into a folder, or finds it there. Raises Unavailable, Failed."""

    use: Callable[[Path, str], None]
    """Uses it, from that folder, with the subject of the trials. Raises Failed."""


def run(folder: Path, *command: str | Path, seconds: float = _SECONDS) -> str:
    """Run a program in a folder. Returns all that it prints. Raises Failed, TimedOut."""
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | _environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        # A group of its own: npm, Maven and Go start programs too, and none may be left behind.
        start_new_session=True,
    )
    try:
        output = process.communicate(timeout=seconds)[0].decode(errors="replace")
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise TimedOut(f"{_shortened(command)} did not end in {seconds:g} s") from None
        raise
    if process.returncode != 0:
        raise Failed(f"{_shortened(command)} ended with {process.returncode}", output)
    return output


def fetch(
    folder: Path, *command: str | Path, attempts: int = _ATTEMPTS, pause: float = _PAUSE
) -> None:
    """Run a program that asks a package registry, again where that does not answer.

    Raises Unavailable where it does not answer at last, Failed where something else is wrong.
    """
    for attempt in range(attempts):
        try:
            run(folder, *command)
        except TimedOut as error:
            raise Unavailable(f"no registry answers: {error}") from error
        except Failed as error:
            reason = _unanswered(error.output)
            if reason is None:
                raise
            if attempt == attempts - 1:
                raise Unavailable(
                    f"a registry does not have it or does not answer: {reason}"
                ) from error
        else:
            return
        time.sleep(pause * (attempt + 1))


def make_environment(folder: Path, *arguments: str, is_new: bool = False) -> None:
    """Make a Python environment in `venv` of a folder, and have pip install there.

    With `is_new` nothing is left of an environment that was there. One pip, in an environment of
    its own, installs into all others: to make one that has pip takes seconds.

    Raises Unavailable, Failed.
    """
    environment = folder / "venv"
    if is_new or not environment.exists():
        venv.create(environment, clear=is_new)
    pip = (*_pip(), "--python", environment / "bin" / "python")
    fetch(folder, *pip, "install", *arguments)
    run(folder, *pip, "check")


def build_wheel(folder: Path) -> Path:
    """Have pip build the wheel of this checkout into a folder. Returns its path.

    Raises Unavailable, Failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fetch(folder, *_pip(), "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _pip() -> tuple[str | Path, ...]:
    """The command of a pip that can install into other environments."""
    binaries = BUILD / "pip" / "bin"
    if not (binaries / "pip").exists():
        venv.create(binaries.parent, with_pip=True)
    return (binaries / "python", "-m", "pip", "--disable-pip-version-check")


def npm_install(folder: Path) -> None:
    """Have npm install what `package.json` of a folder names. Raises Unavailable, Failed."""
    # It would wait over a minute for a registry that is silent; `fetch` asks again anyway.
    waits = ("--fetch-retries=1", "--fetch-retry-mintimeout=2000")
    kinds = ("--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund")
    fetch(folder, "npm", "install", *kinds, *waits)


def main(trials: Sequence[Trial], folder: Path, arguments: Sequence[str], subject: str = "") -> int:
    """Make the trials that the arguments name, or all. Returns the exit code."""
    try:
        wanted = chosen(trials, arguments)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # An end from outside ends the program that is running too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    return attempt_all(wanted, folder, subject)


def chosen(trials: Sequence[Trial], names: Iterable[str]) -> list[Trial]:
    """The trials of these names, or all where there are none. Raises ValueError."""
    names = list(names)
    known = [trial.name for trial in trials]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"Unknown: {', '.join(unknown)}. There are {', '.join(known)}.")
    return [trial for trial in trials if not names or trial.name in names]


def attempt_all(trials: Iterable[Trial], folder: Path, subject: str) -> int:
    """Make each trial and print a line about it. Returns 1 where one failed, else 0."""
    verdicts = []
    for trial in trials:
        start = time.monotonic()
        verdict, detail = attempt(trial, folder / trial.name, subject)
        seconds = time.monotonic() - start
        verdicts.append(verdict)
        sys.stdout.write(f"{verdict:8}{trial.name}, {seconds:.0f} s{detail}\n")
        sys.stdout.flush()
    counted = (f"{verdicts.count(each)} {each}" for each in ("passed", "FAILED", "SKIPPED"))
    sys.stdout.write(f"{', '.join(counted)}\n")
    return int("FAILED" in verdicts)


def attempt(trial: Trial, folder: Path, subject: str) -> tuple[str, str]:
    """Make a trial. Returns the verdict, and what is to be said of it."""
    missing = [program for program in trial.needs if shutil.which(program) is None]
    if missing:
        return "SKIPPED", f": this machine has no {', '.join(missing)}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        trial.install(folder)
        trial.use(folder, subject)
    except Unavailable as error:
        return "SKIPPED", f": {error}"
    except Failed as error:
        return "FAILED", f": {error}"
    return "passed", ""


def _environment(folder: Path) -> dict[str, str]:
    # openapi-python-client starts ruff, which is installed beside it.
    path = os.pathsep.join((str(folder / "venv" / "bin"), os.environ["PATH"]))
    # Go writes the sums of what `go.mod` names by itself, and no stamp of this checkout.
    return {"PATH": path, "GOFLAGS": "-mod=mod -buildvcs=false"}


def _unanswered(output: str) -> str | None:
    """The line that says that a registry did not answer; None where that is not the reason."""
    if _REFUSED.search(output):
        return None
    lines = (line.strip()[:200] for line in output.splitlines() if _UNANSWERED.search(line))
    return next(lines, None)


def _shortened(command: Sequence[str | Path]) -> str:
    return " ".join(str(part) for part in command[:6])

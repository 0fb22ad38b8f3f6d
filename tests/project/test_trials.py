"""What `make lowest`, `make clients` and `make documents` do when a program of others fails."""

import re
import sys
import time
from pathlib import Path

import pytest

from tools import lowest
from tools.clients.generators import GENERATORS
from tools.documents.__main__ import TRIALS as READERS
from tools.programs import (
    ROOT,
    Failed,
    TimedOut,
    Trial,
    Unavailable,
    attempt,
    attempt_all,
    chosen,
    fetch,
    run,
)


def nothing(*_: object) -> None:
    """Installs or uses nothing, and that works."""


def printing(text: str, code: int) -> tuple[str, ...]:
    return sys.executable, "-c", f"print({text!r}); raise SystemExit({code})"


def unreachable(folder: Path, *_: object) -> None:
    fetch(folder, *printing("dial tcp: no such host", 1), attempts=1)


def broken(folder: Path, *_: object) -> None:
    run(folder, *printing("does not compile", 1))


def trial(name: str, install: object = nothing, use: object = nothing, *needs: str) -> Trial:
    return Trial(name, needs, install, use)  # type: ignore[arg-type]  # they take any arguments


@pytest.mark.parametrize(
    ("tried", "verdict", "detail"),
    [
        pytest.param(trial("all well"), "passed", "", id="all well"),
        pytest.param(
            trial("no language", nothing, nothing, "no-such-language"),
            "SKIPPED",
            ": this machine has no no-such-language",
            id="no language",
        ),
        pytest.param(
            trial("no registry", unreachable),
            "SKIPPED",
            ": a registry does not have it or does not answer: dial tcp: no such host",
            id="no registry",
        ),
    ],
)
def test_a_trial_has_a_verdict_and_its_reason(
    tmp_path: Path, tried: Trial, verdict: str, detail: str
) -> None:
    assert attempt(tried, tmp_path, "") == (verdict, detail)


@pytest.mark.parametrize("tried", [trial("install", broken), trial("use", nothing, broken)])
def test_what_is_wrong_with_the_product_is_a_failure_with_its_output(
    tmp_path: Path, tried: Trial
) -> None:
    verdict, detail = attempt(tried, tmp_path, "")
    assert verdict == "FAILED"
    assert detail.endswith("ended with 1\ndoes not compile")


def test_a_registry_that_is_silent_while_a_client_is_used_excuses_nothing(tmp_path: Path) -> None:
    def use(folder: Path, _: str) -> None:
        run(folder, *printing("dial tcp: no such host", 1))

    assert attempt(trial("use", nothing, use), tmp_path, "")[0] == "FAILED"


@pytest.mark.parametrize(
    "output",
    [
        "ERROR: Could not find a version that satisfies the requirement x (from versions: none)",
        "HTTPSConnectionPool: Max retries exceeded (Failed to establish a new connection)",
        "ERROR: HTTP error 403 while getting x",
        "ERROR: 503 Server Error: Service Unavailable for url: x",
        "npm error code ENOTFOUND",
        "npm error code E404",
        "[ERROR] Could not transfer artifact a:b:1 from/to central",
        "[ERROR] Could not find artifact a:b:1 in central",
        "go: a/b@v1.0.0: reading x: 404 Not Found",
        "go: download go1.26 for linux/amd64: toolchain not available",
    ],
)
def test_a_registry_does_not_answer(tmp_path: Path, output: str) -> None:
    with pytest.raises(Unavailable, match=re.escape(output)):
        fetch(tmp_path, *printing(output, 1), attempts=2, pause=0)


@pytest.mark.parametrize(
    "output",
    [
        "ERROR: Could not find a version that satisfies the requirement x>=9 (from versions: 8.0)",
        "WARNING: Retrying after connection broken by x\nERROR: ResolutionImpossible",
        "npm error code ERESOLVE",
        "verifying a/b@v1.0.0: checksum mismatch",
        "SyntaxError: invalid syntax",
    ],
)
def test_what_a_registry_answers_can_be_a_failure(tmp_path: Path, output: str) -> None:
    with pytest.raises(Failed):
        fetch(tmp_path, *printing(output, 1), pause=0)


def test_a_registry_is_asked_again(tmp_path: Path) -> None:
    script = """if True:
        import pathlib
        asked = pathlib.Path("asked")
        if not asked.exists():
            asked.touch()
            raise SystemExit("i/o timeout")
    """
    fetch(tmp_path, sys.executable, "-c", script, pause=0)


def test_a_program_ends_at_the_end_of_its_time_with_all_that_it_started(tmp_path: Path) -> None:
    # What it started holds its output open: a run that left it behind would wait for it.
    start = time.monotonic()
    with pytest.raises(TimedOut, match="did not end in 1 s"):
        run(tmp_path, "sh", "-c", "sleep 600 & wait", seconds=1)
    assert time.monotonic() - start < 300


def test_names_choose_trials() -> None:
    trials = [trial("a"), trial("b")]
    assert chosen(trials, []) == trials
    assert chosen(trials, ["b"]) == trials[1:]
    with pytest.raises(ValueError, match=r"Unknown: c, d\. There are a, b\."):
        chosen(trials, ["c", "a", "d"])


def test_one_failure_is_the_failure_of_all_and_a_skip_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trials = [trial("broken", nothing, broken), trial("fine"), trial("silent", unreachable)]
    assert attempt_all(trials[1:], tmp_path, "") == 0
    printed = capsys.readouterr().out
    assert re.search(r"^SKIPPED silent, \d+ s: a registry", printed, re.MULTILINE)
    assert printed.endswith("1 passed, 0 FAILED, 1 SKIPPED\n")
    assert attempt_all(trials, tmp_path, "") == 1
    assert re.search(r"^FAILED  broken, \d+ s: ", capsys.readouterr().out, re.MULTILINE)


def test_the_gate_names_trials_that_exist() -> None:
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    for target, trials in (
        ("lowest", lowest.TRIALS),
        ("clients", GENERATORS),
        ("documents", READERS),
    ):
        calls = re.findall(rf"^make {target}(?: ARGS='(.*)')?$", gate, re.MULTILINE)
        assert calls, target
        for names in calls:
            chosen(trials, names.split())


def test_the_lowest_version_is_what_the_bound_says() -> None:
    assert lowest.lower_bounds(["a>=1", "b-c[d,e]>=0.4; python_version < '4'"]) == [
        "a==1",
        "b-c==0.4",
    ]
    with pytest.raises(ValueError, match="'a' has no lower bound"):
        lowest.lower_bounds(["a"])


def test_every_dependency_has_a_lower_bound() -> None:
    needs = lowest.project()
    assert lowest.lower_bounds(needs[""] + needs["pytest"] + needs["tls"])

"""The report on a whole run of pytest: what each test's client did badly, under xdist too."""

from pathlib import Path

import pytest

from tests.testing.suites import Run, Suite

pytestmark = pytest.mark.slow  # a process for each test

CLIENTS = """
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_slash(mockserver, number):
    mockserver.sela.get("/api/leads")

def test_refusal(mockserver):
    mockserver.octanist.post("/leads", json={"email": 3})

def test_meant(mockserver):
    mockserver.allow_findings("refused")
    mockserver.octanist.post("/leads", json={"email": 3})
"""
SUMMARY = [
    "4 requests in 4 tests: 1 error, 1 warning, 1 note",
    "error    missing-slash: Called without the slash at the end (test_it.py::test_slash[1] and 1 test more)",
    "warning  refused: Sent invalid data (test_it.py::test_refusal)",
]
FAILS = "mockserver: 1 finding fails this run: missing-slash"


def section(run: Run) -> list[str]:
    """The lines of the report."""
    text = run.out.partition("mockserver report ===")[2].partition("\n")[2]
    return text.splitlines()[:-1]


@pytest.mark.parametrize(
    "arguments",
    [pytest.param((), id="alone"), pytest.param(("-p", "xdist", "-n", "2"), id="with workers")],
)
def test_a_run_ends_with_what_its_clients_did_badly(
    arguments: tuple[str, ...], suite: Suite
) -> None:
    run = suite({"test_it.py": CLIENTS}, *arguments)
    assert (run.status, run.summary, section(run)) == (0, "4 passed", SUMMARY)


def test_a_run_fails_by_the_findings_that_it_must_not_have(suite: Suite, tmp_path: Path) -> None:
    ini = "[pytest]\nmockserver_fail_on = error\nmockserver_report = off\nmockserver_report_file = out/report.md\n"
    run = suite({"test_it.py": CLIENTS, "pytest.ini": ini}, "-p", "xdist", "-n", "2")
    assert (run.status, run.summary, section(run)) == (1, "4 passed", [FAILS])
    page = (tmp_path / "out/report.md").read_text("utf-8")
    assert page.startswith(
        "# Client conduct\n\n4 requests in 4 tests: 1 error, 1 warning, 1 note.\n"
    )
    places = "(sela; `test_it.py::test_slash[1]` request 1; `test_it.py::test_slash[2]` request 1)"
    assert places in page
    assert "### octanist: 1 of 6 operations" in page


def test_all_findings_are_told_with_where_and_what_to_do(suite: Suite) -> None:
    run = suite({"test_it.py": CLIENTS}, MOCKSERVER_REPORT="full")
    lines = section(run)
    assert lines[0] == SUMMARY[0]
    assert (
        lines[1]
        == "error    missing-slash: Called without the slash at the end. End the path with a slash."
    )
    assert lines[2].startswith("  `GET /sela/api/leads` was called, and answered 301 to the path")
    assert lines[3:5] == [
        "    test_it.py::test_slash[1] (request 1)",
        "    test_it.py::test_slash[2] (request 1)",
    ]


def test_nothing_is_told_where_nothing_is_wanted(suite: Suite) -> None:
    run = suite({"test_it.py": CLIENTS}, MOCKSERVER_REPORT="off")
    assert (run.status, "mockserver report" in run.out) == (0, False)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param(
            {"MOCKSERVER_FAIL_ON": "errors"},
            "mockserver_fail_on names 'errors': no such check or level; the levels are error,",
            id="a check",
        ),
        pytest.param(
            {"MOCKSERVER_REPORT": "long"},
            "mockserver_report is 'long', but must be off, summary or full",
            id="a report",
        ),
    ],
)
def test_a_bad_option_of_the_report_is_told_at_once(
    variables: dict[str, str], words: str, suite: Suite
) -> None:
    run = suite({"test_it.py": "def test_it(): pass"}, **variables)
    assert (run.status, f"ERROR: {words}" in run.err) == (4, True)


def test_a_file_that_cannot_be_written_is_told(suite: Suite) -> None:
    files = {"test_it.py": CLIENTS, "blocked": ""}
    run = suite(files, MOCKSERVER_REPORT="off", MOCKSERVER_REPORT_FILE="blocked/report.md")
    (line,) = section(run)
    assert line.startswith("mockserver: mockserver_report_file: cannot write ")


def test_only_checks_can_be_allowed(suite: Suite) -> None:
    text = "def test_it(mockserver):\n    mockserver.allow_findings('warning')\n"
    out = suite({"test_it.py": text}).out
    assert "ValueError: 'warning' is no check; the checks are early-retry, " in out

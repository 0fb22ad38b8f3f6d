"""`mockserver report`, for the end of a CI job."""

import json
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest

from mockserver.serving.server import MockServer
from mockserver.testing import MockWorkspace
from tests.testing.suites import Run

Command = Callable[..., tuple[int, str, str]]
Report = Callable[..., Run]


@pytest.fixture
def report(command: Command) -> Report:
    """Runs `mockserver report` in this process."""

    def run(*arguments: str, **environment: str) -> Run:
        return Run(*command("report", *arguments, **environment))

    return run


@pytest.fixture
def named(opened: MockWorkspace) -> tuple[str, ...]:
    """The arguments that name the server and the workspace of a client that did not wait and forgot a slash."""
    opened.add_fault("rate_limited", parameters={"retry_after": 30}, vendor="octanist")
    for _ in range(2):
        opened.octanist.get("/leads")
    opened.sela.get("/api/leads")
    return "--url", opened.client.url, "--workspace", opened.name


def test_it_is_a_command(named: tuple[str, ...], opened: MockWorkspace) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", "report", *named],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    page = opened.report("markdown") + "\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, page, "")


def test_it_prints_a_page(named: tuple[str, ...], opened: MockWorkspace, report: Report) -> None:
    assert report(*named) == Run(0, opened.report("markdown") + "\n", "")


def test_it_prints_json(named: tuple[str, ...], opened: MockWorkspace, report: Report) -> None:
    done = report(*named, "--format", "json")
    assert (done.status, json.loads(done.out)) == (0, opened.report())


@pytest.mark.parametrize(
    ("fail_on", "status"),
    [
        pytest.param("early-retry", 1, id="a check"),
        pytest.param("other-lead, missing-slash", 1, id="one of several"),
        pytest.param("error", 1, id="a level"),
        pytest.param("note", 1, id="a milder level"),
        pytest.param("other-lead,unmatched", 0, id="checks that found nothing"),
        pytest.param("", 0, id="nothing"),
    ],
)
def test_it_fails_where_it_is_told_to(
    named: tuple[str, ...], fail_on: str, status: int, report: Report
) -> None:
    assert report(*named, "--fail-on", fail_on).status == status


def test_it_says_what_failed(named: tuple[str, ...], report: Report) -> None:
    assert (
        report(*named, "--fail-on", "error").err
        == "mockserver: 2 findings fail this run: early-retry, missing-slash\n"
    )


def test_variables_do_as_well(
    named: tuple[str, ...], opened: MockWorkspace, report: Report
) -> None:
    variables = {"URL": named[1], "WORKSPACE": named[3], "FORMAT": "json", "FAIL_ON": "early-retry"}
    done = report(**{f"MOCKSERVER_{name}": value for name, value in variables.items()})
    assert (done.status, json.loads(done.out)) == (1, opened.report())


def test_it_wants_the_servers_token(report: Report) -> None:
    with MockServer(admin_token="open-sesame") as server:
        server.workspace("any")
        named = ("--url", server.url, "--workspace", "any")
        assert report(*named, "--admin-token", "open-sesame").status == 0
        assert report(*named).err.startswith("mockserver: Unauthorized: ")


def test_a_token_that_no_header_can_carry_is_not_shown(report: Report) -> None:
    done = report("--workspace", "any", "--admin-token", "open\nsesame")
    said = "mockserver: the admin token must be ASCII characters without spaces\n"
    assert (done.status, done.out, done.err) == (2, "", said)


def test_a_misspelt_variable_fails_the_report(named: tuple[str, ...], report: Report) -> None:
    done = report(*named, MOCKSERVER_FAILON="error")
    said = "MOCKSERVER_FAILON is no variable of mockserver; MOCKSERVER_FAIL_ON was probably meant"
    assert (done.status, done.out, done.err) == (2, "", f"mockserver: {said}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            (), "name a --workspace (or MOCKSERVER_WORKSPACE), or say --all", id="no workspace"
        ),
        pytest.param(
            ("--workspace", "none", "--fail-on", "early"),
            "--fail-on (or MOCKSERVER_FAIL_ON) names 'early': no such check or level; the levels are error, warning, note, the checks ",
            id="a check",
        ),
        pytest.param(
            ("--workspace", "none", "--format", "xml"),
            "Invalid value for '--format'",
            id="a format",
        ),
        pytest.param(
            ("--workspace", "none", "--url", "here"),
            "'here' is not the URL of a server",
            id="no URL",
        ),
        pytest.param(
            ("--workspace", "none", "--url", "http://127.0.0.1:1"),
            "No answer: there is no mockserver at http://127.0.0.1:1",
            id="no server",
        ),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    arguments: tuple[str, ...], words: str, report: Report
) -> None:
    done = report(*arguments)
    status = 3 if words.startswith("No answer") else 2
    assert (done.status, done.out, done.err.count("\n")) == (status, "", 1)
    assert done.err.startswith(f"mockserver: {words}")


def test_a_workspace_that_there_is_not_is_told(server: MockServer, report: Report) -> None:
    done = report("--url", server.url, "--workspace", "none")
    assert (
        done.status,
        done.err.startswith("mockserver: Not Found: There is no workspace 'none'."),
    ) == (2, True)


NOBODY = "Signed in as nobody, answered 401: sela reads `Authorization: Token <key>`, and the request has no credential."
NO_VENDOR = (
    "No vendor has GET /api/leads/: it has no `/sela` before its path. "
    "Probably meant: GET /sela/api/leads/ (leads_list)."
)


def test_it_reports_on_all_workspaces(report: Report) -> None:
    with MockServer() as server:
        for name in ("one", "two"):
            credentials = server.workspace(name).credentials["sela"]
            httpx.get(f"{server.url}/sela/api/leads", headers=credentials)
        httpx.get(f"{server.url}/sela/api/leads/")
        httpx.get(f"{server.url}/api/leads/")
        page = report("--url", server.url, "--all", "--fail-on", "missing-slash")
        content = json.loads(report("--url", server.url, "--all", "--format", "json").out)
    assert (page.status, page.err) == (
        1,
        "mockserver: 1 finding fails this run: missing-slash\n",
    )
    assert page.out.splitlines()[:8] == [
        "# Client conduct",
        "",
        "2 requests in 2 workspaces: 1 error, 0 warnings, 0 notes.",
        "",
        "2 further requests reached no workspace:",
        "",
        f"- `GET /sela/api/leads/`: {NOBODY} (1 request)",
        f"- `GET /api/leads/`: {NO_VENDOR} (1 request)",
    ]
    assert "(sela; `one` request 1; `two` request 1)" in page.out
    assert (list(content["workspaces"]), content["unclaimed"]) == (["one", "two"], 2)
    assert content["coverage"]["sela"]["requests"] == 2

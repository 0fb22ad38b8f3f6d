"""The pytest plugin as a user's suite meets it."""

import re
from pathlib import Path
from typing import Any

import pytest

from mockserver.serving.server import MockServer
from mockserver.testing import workspace_name
from tests.samples import NAMES, READS, SITES, Sample, by_name, of_vendor
from tests.testing.suites import ROOT, Suite

pytestmark = pytest.mark.slow  # a process for each test

HEAVY = {
    "click",
    "email_validator",
    "http",
    "httpx",
    "jsonschema_rs",
    "orjson",
    "phonenumbers",
    "starlette",
    "uvicorn",
    "yaml",
}
FAILING = """
def test_closing(mockserver):
    mockserver.sela.put("/api/leads/update/", json={"phone_number": "+12025550199", "status": "CLOSED"})
    mockserver.octanist.get("/leads/lead_demo01")
    mockserver.add_fault("maintenance")
    mockserver.octanist.post("/check")
    assert False
"""
JOURNAL = [
    "  1  PUT /sela/api/leads/update/  404  leads_update_update  _ ms",
    "     why: Nothing found, answered 404: phone_number +12025550199 matched none; email was not given; all given keys must fit one lead: nothing matched.",
    '     sent: {"phone_number": "+12025550199", "status": "CLOSED"}',
    '     answered: {"detail": "No Lead matches the given query."}',
    "  2  GET /octanist/api/leads/lead_demo01  200  get_lead  _ ms  Answered 200, and nothing changed.",
    "  3  POST /octanist/api/check  503  check  _ ms  fault maintenance",
]


def journal(out: str) -> list[str]:
    """The lines of the section, with the times left out."""
    section = out.partition("mockserver requests -")[2].partition("\n")[2]
    lines = section[: section.find("\n=")].splitlines()
    return [re.sub(r"[\d.]+ ms", "_ ms", line) for line in lines]


# What it costs


def test_a_suite_that_does_not_use_it_pays_nothing(suite: Suite) -> None:
    text = "import sys\n\ndef test_nothing():\n    print('imported', *sys.modules)\n"
    imported = suite({"test_it.py": text}, "-s").out.partition("imported ")[2].split()
    assert [name for name in imported if name.partition(".")[0] in HEAVY] == []
    assert {name for name in imported if name.startswith("mockserver")} == {
        "mockserver",
        "mockserver.pytest_plugin",
        "mockserver.version",
    }


def test_the_package_names_it_for_pytest() -> None:
    assert '[project.entry-points.pytest11]\nmockserver = "mockserver.pytest_plugin"\n' in (
        ROOT / "pyproject.toml"
    ).read_text("utf-8")


# A client of each vendor


@pytest.mark.parametrize("sample", by_name(tuple(of_vendor(name, READS)[0] for name in NAMES)))
def test_every_vendor_has_a_client_with_base_url_and_credential(
    sample: Sample, suite: Suite
) -> None:
    text = f"""
REQUEST = {below_base_url(sample)!r}

def test_it(mockserver):
    assert mockserver.{sample.vendor}.request(**REQUEST).is_success
    assert mockserver.in_process({sample.vendor!r}).request(**REQUEST).is_success
    mockserver.assert_called(vendor={sample.vendor!r}, operation={sample.operation!r}, times=2)
"""
    assert suite({"test_it.py": text}).summary == "1 passed"


def below_base_url(sample: Sample) -> dict[str, Any]:
    """The request as a client sends it whose base URL and credential are set."""
    (site,) = [site for site in SITES if site.vendor.name == sample.vendor]
    path = sample.path.removeprefix(f"/{sample.vendor}{site.document.base_path}")
    return {
        "method": sample.method,
        "url": path,
        "params": dict(sample.query),
        "json": sample.body,
    }


# The journal of a test that fails


def test_a_test_that_fails_shows_what_it_asked(suite: Suite) -> None:
    assert journal(suite({"test_it.py": FAILING}).out)[:6] == JOURNAL


def test_it_shows_it_from_a_worker_too(suite: Suite) -> None:
    assert journal(suite({"test_it.py": FAILING}, "-p", "xdist", "-n", "1").out)[:6] == JOURNAL


def test_a_test_that_passes_shows_nothing(suite: Suite) -> None:
    assert (
        "mockserver requests"
        not in suite({"test_it.py": FAILING.replace("assert False", "")}, "-rA").out
    )


def test_a_request_that_reached_no_workspace_is_shown(suite: Suite) -> None:
    text = """
import httpx

def test_it(mockserver):
    httpx.get(mockserver.base_urls["octanist"] + "/leads")
    assert False
"""
    assert journal(suite({"test_it.py": text}).out) == [
        "(no requests)",
        "in no workspace, in this test or one beside it:",
        "  1  GET /octanist/api/leads  401  Signed in as nobody, answered 401: octanist reads `X-API-KEY: <key>`, and the request has no credential.",
    ]


def test_requests_with_another_key_are_shown(suite: Suite) -> None:
    text = """
import httpx

def earlier(mockserver):
    httpx.get(mockserver.base_urls["octanist"] + "/leads", headers={"X-API-KEY": "old-key"})

def test_first(mockserver):
    earlier(mockserver)

def test_it(mockserver):
    url = mockserver.base_urls["octanist"] + "/leads"
    mockserver.octanist.get("/leads")
    for key in ["prod-key"] * 4 + ["0123456789abcdef0123456789abcdef"]:
        httpx.get(url, headers={"X-API-KEY": key})
    assert False
"""
    lines = journal(suite({"test_it.py": text}, "-p", "no:randomly").out)
    told = "Answered 200, and nothing changed."
    first = next(at for at, line in enumerate(lines) if "prod-key" in line)
    assert lines[first : first + 4] == [
        "4 requests came with the key `prod-key`, 1 request with this test's (in this test or one beside it):",
        *(f"  {number}  GET /octanist/api/leads  200  {told}" for number in (2, 3, 4)),
    ]
    assert re.fullmatch(
        r"1 request came with a key that is not shown \(workspace `ws-[0-9a-f]{32}`\), 1 request with this test's .*",
        lines[first + 4],
    )


def test_a_set_up_that_fails_shows_what_it_asked(suite: Suite) -> None:
    text = """
import pytest

@pytest.fixture
def lead(mockserver):
    mockserver.octanist.get("/leads/none")
    assert False

def test_it(lead): pass
"""
    assert (
        journal(suite({"test_it.py": text}).out)[0]
        == "  1  GET /octanist/api/leads/none  404  get_lead  _ ms"
    )


def test_a_tear_down_that_fails_shows_no_more_than_itself(suite: Suite) -> None:
    text = """
import pytest

@pytest.fixture
def late():
    yield
    assert False

def test_it(late, mockserver): pass
"""
    done = suite({"test_it.py": text})
    assert (done.summary, "mockserver requests" in done.out) == ("1 passed, 1 error", False)


def test_a_journal_that_cannot_be_read_says_so(suite: Suite) -> None:
    text = """
def test_it(mockserver):
    mockserver.delete()
    assert False
"""
    (line,) = journal(suite({"test_it.py": text}).out)
    assert line.startswith("The journal cannot be read: Not Found: There is no workspace 'test-it-")


def test_a_long_journal_shows_its_end(suite: Suite) -> None:
    text = """
def test_it(mockserver):
    for _ in range(60):
        mockserver.octanist.post("/check")
    assert False
"""
    lines = journal(suite({"test_it.py": text}).out)
    assert (len(lines), lines[0], lines[-1]) == (
        40,
        "(21 requests before these)",
        " 60  POST /octanist/api/check  200  check  _ ms  Answered 200, and nothing changed.",
    )


# The mark


def test_a_mark_says_what_the_workspace_of_a_test_holds(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "octanist: {leads: [{id: one, name: One, createdAt: -3d}]}\n", "utf-8"
    )
    text = """
import pytest

pytestmark = pytest.mark.mockserver(at="2026-03-01T09:00:00Z")

@pytest.mark.mockserver(
    fixtures=["one.yaml", {"sela": {"leads": [{"phone_number": "+12025550147"}]}}],
    settings={"octanist": {"allow_bulk_updates": True}},
)
def test_marked(mockserver):
    assert mockserver.lead("octanist", "one")["lead"]["createdAt"] == "2026-02-26T09:00:00.000Z"
    assert len(mockserver.leads()) == 2
    assert mockserver.settings()["octanist"]["allow_bulk_updates"]
    assert mockserver.clock().now.isoformat() == "2026-03-01T09:00:00+00:00"

@pytest.mark.mockserver(fixtures="empty")
def test_empty(mockserver):
    assert mockserver.leads() == []
    assert mockserver.clock().mode == "frozen"

def test_the_seed_at_a_moment(mockserver):
    before = mockserver.export()
    mockserver.octanist.patch("/leads", json={"email": "ada@example.com", "status": "lost"})
    mockserver.reset()
    assert mockserver.export() == before
    assert mockserver.clock().now.isoformat() == "2026-03-01T09:00:00+00:00"

@pytest.mark.mockserver(at=None)
def test_no_moment(mockserver):
    assert mockserver.clock().mode == "real"
"""
    assert suite({"test_it.py": text}, "--strict-markers").summary == "4 passed"


def test_a_test_seeds_from_a_file_beside_it(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("octanist: {leads: [{name: One}]}\n", "utf-8")
    (tmp_path / "bad.yaml").write_text("octanist:\n  leads:\n  - {status: wonn}\n", "utf-8")
    text = """
import pathlib, pytest
from mockserver.errors import FixtureError

def test_it(mockserver):
    mockserver.seed("one.yaml")
    mockserver.seed(pathlib.Path("one.yaml"), mode="merge")
    assert len(mockserver.leads()) == 2
    with pytest.raises(FixtureError) as refused:
        mockserver.seed("bad.yaml")
    place, _, problem = str(refused.value).partition(": ")
    assert place.endswith("bad.yaml:3")
    assert problem.startswith('octanist.leads[0].status: "wonn" is not allowed (did you mean won?)')
"""
    assert suite({"test_it.py": text}, "--rootdir=/").summary == "1 passed"


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        pytest.param("fixture='demo'", "takes fixtures, settings, at by name, not fixture", id="a misspelt name"),
        pytest.param("'demo'", "takes fixtures, settings, at by name, not 'demo'", id="no name"),
        pytest.param("fixtures='none.yaml'", "none.yaml: cannot be read", id="no such file"),
        pytest.param("settings={'sela': {'page': 1}}", "is no setting", id="no such setting"),
        pytest.param("at='noon'", "@pytest.mark.mockserver: Bad Request: at must be a date and time", id="no moment"),
        pytest.param("at=datetime(2026, 3, 1)", "has no time zone", id="a moment without its zone"),
        pytest.param("at=date(2026, 3, 1)", "at is datetime.date(2026, 3, 1), and must be an aware datetime, or a text", id="a day"),
        pytest.param("fixtures=3", "fixtures is 3, and must be a name, a path,", id="a number of fixtures"),
        pytest.param("fixtures=[]", "fixtures is [], and must be a name, a path,", id="no fixture"),
        pytest.param("settings=['x']", "settings is ['x'], and must be a dictionary by vendor", id="settings of no vendor"),
        pytest.param("settings={'sela': 3}", "settings is {'sela': 3}, and must be a dictionary by vendor", id="no settings"),
    ],
)  # fmt: skip  # one line a case reads best
def test_a_mark_that_cannot_be_is_told(mark: str, words: str, suite: Suite) -> None:
    text = f"""
import pytest
from datetime import date, datetime

@pytest.mark.mockserver({mark})
def test_it(mockserver): pass
"""
    done = suite({"test_it.py": text})
    assert (done.summary, words in done.out) == ("1 error", True), done.out
    assert "During handling of" not in done.out, done.out


def test_a_mark_that_is_none_says_nothing(suite: Suite) -> None:
    text = """
import pytest

@pytest.mark.mockserver(fixtures="empty", settings={"sela": {"magic": "off"}})
class TestAll:
    def test_it(self, mockserver):
        assert (mockserver.leads(), mockserver.settings()["sela"]["magic"]) == ([], "off")

    @pytest.mark.mockserver(fixtures=None, settings=None)
    def test_none(self, mockserver):
        assert mockserver.leads() != []
        assert mockserver.settings()["sela"]["magic"] == "on"
"""
    assert suite({"test_it.py": text}).summary == "2 passed"


def test_a_fixture_with_a_mistake_is_told_once(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("sela: {leads: [{phone_number: '12'}]}", "utf-8")
    files = {
        "pytest.ini": "[pytest]\nmockserver_fixtures = seed.yaml\n",
        "test_it.py": "def test_a(mockserver): pass\ndef test_b(mockserver): pass\n",
    }
    done = suite(files)
    _, first, second = re.split(
        r"_ ERROR at setup of test_\w _", done.out.partition("short test")[0]
    )
    assert done.summary == "2 errors"
    assert ["is no valid phone number" in each for each in (first, second)] == [True, False]


# The plugin's own server


def leads(count: int) -> dict[str, str]:
    return {
        "test_it.py": f'def test_it(mockserver):\n    assert len(mockserver.leads("octanist")) == {count}\n'
    }


def test_it_has_the_demo_fixture(suite: Suite) -> None:
    assert suite(leads(58)).summary == "1 passed"


def test_a_fixture_is_named_in_the_configuration_file(suite: Suite) -> None:
    assert (
        suite(leads(0) | {"pytest.ini": "[pytest]\nmockserver_fixtures = empty\n"}).summary
        == "1 passed"
    )


def test_a_file_lies_beside_the_configuration_file(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "seed.yaml").write_text("octanist: {leads: [{name: One}]}", "utf-8")
    files = {
        "pytest.ini": "[pytest]\nmockserver_fixtures = seed.yaml\n",
        "tests/test_it.py": leads(1)["test_it.py"],
    }
    assert suite(files, "--rootdir=.", "-c", "pytest.ini", "tests").summary == "1 passed"


def test_a_folder_lies_beside_the_configuration_file(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/octanist.yaml").write_text("octanist: {leads: [{name: One}]}", "utf-8")
    files = leads(1) | {"pytest.ini": "[pytest]\nmockserver_fixtures = seeds\n"}
    assert suite(files).summary == "1 passed"


def test_a_folder_of_the_same_name_does_not_hide_the_demo(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    files = leads(58) | {"pytest.ini": "[pytest]\nmockserver_fixtures = demo\n"}
    assert suite(files).summary == "1 passed"


def test_a_variable_wins_over_the_configuration_file(suite: Suite) -> None:
    assert (
        suite(
            leads(0) | {"pytest.ini": "[pytest]\nmockserver_fixtures = demo\n"},
            MOCKSERVER_FIXTURES="empty",
        ).summary
        == "1 passed"
    )


@pytest.mark.parametrize(("strictness", "status"), [("vendor", 200), ("document", 400)])
def test_strictness_is_an_option(suite: Suite, strictness: str, status: int) -> None:
    text = f"""
def test_it(mockserver):
    answer = mockserver.nlpearl.put("/v2/Pearl/66a1f0c2d60e456235eae601/Active", json={{"isActive": True, "other": 1}})
    assert answer.status_code == {status}
"""
    assert (
        suite(
            {"test_it.py": text, "pytest.ini": f"[pytest]\nmockserver_strictness = {strictness}\n"}
        ).summary
        == "1 passed"
    )


def test_the_seed_decides_ids(suite: Suite) -> None:
    text = """
def test_it(mockserver):
    print("made", mockserver.octanist.post("/leads", json={"name": "Neo"}).json()["data"]["id"])
"""
    made = [
        re.findall(
            r"made (\w+)",
            suite(
                {
                    "test_it.py": text,
                    "pytest.ini": f"[pytest]\nmockserver_ids = sequence\nmockserver_seed = {seed}\n",
                },
                "-s",
            ).out,
        )
        for seed in (7, 7, 8)
    ]
    assert made[0] == made[1] != made[2]


def test_a_bad_option_is_told_in_a_sentence(suite: Suite) -> None:
    done = suite(leads(58) | {"pytest.ini": "[pytest]\nmockserver_seed = often\n"})
    assert (done.summary, "Traceback" in done.out) == ("1 error", False)
    assert (
        "mockserver: --seed (or MOCKSERVER_SEED) is 'often', but must be an integer from 0 to 9223372036854775807"
        in done.out
    )


# A server that runs anyway

SHARED = """
def test_it(mockserver):
    assert mockserver.octanist.post("/check").status_code == 200
    mockserver.assert_called(operation="check", times=1)
"""


def test_a_running_server_is_used_and_left_as_it_was(suite: Suite, server: MockServer) -> None:
    before = server.client.workspaces()
    assert suite({"test_it.py": SHARED}, MOCKSERVER_URL=server.url).summary == "1 passed"
    assert server.client.workspaces() == before


def test_it_wants_its_token(suite: Suite) -> None:
    with MockServer(admin_token="open-sesame") as guarded:
        assert (
            suite(
                {"test_it.py": SHARED},
                MOCKSERVER_URL=guarded.url,
                MOCKSERVER_ADMIN_TOKEN="open-sesame",
            ).summary
            == "1 passed"
        )
        done = suite({"test_it.py": SHARED}, MOCKSERVER_URL=guarded.url)
    assert (done.summary, "MOCKSERVER_URL: Unauthorized" in done.out) == ("1 error", True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1"])
def test_a_server_that_is_not_there_is_told_in_a_sentence(suite: Suite, url: str) -> None:
    done = suite({"test_it.py": SHARED}, MOCKSERVER_URL=url)
    assert (done.summary, "Traceback" in done.out, "MOCKSERVER_URL: " in done.out) == (
        "1 error",
        False,
        True,
    )


def test_it_cannot_be_called_without_a_socket(suite: Suite, server: MockServer) -> None:
    text = 'def test_it(mockserver):\n    mockserver.in_process("octanist")\n'
    out = suite({"test_it.py": text}, MOCKSERVER_URL=server.url).out
    assert (
        "clients in process need a server in process: leave MOCKSERVER_URL unset, or use http()"
        in out
    )


# Without httpx


def test_everything_but_ready_clients_works_without_httpx(suite: Suite, tmp_path: Path) -> None:
    text = """
def test_journal(mockserver):
    assert mockserver.requests() == []

def test_client(mockserver):
    mockserver.sela
"""
    out = suite(
        {"test_it.py": text, "httpx.py": "raise ImportError"}, PYTHONPATH=f"{tmp_path}:{ROOT}"
    )
    assert out.summary == "1 failed, 1 passed"
    assert "MockserverError: ready clients need httpx: install lead-mockserver[pytest]" in out.out


# Names


def test_a_workspace_is_called_like_its_test() -> None:
    assert re.fullmatch(
        r"test-a-lead-is-clos-[0-9a-f]{12}",
        workspace_name("tests/test_a.py::TestLeads::test_a_lead_is_closed[1]", "gw0 1"),
    )


@pytest.mark.parametrize(
    "test", ["test.py::test_ö", "test.py::[É]", "", "a" * 500, "x::" + "-" * 40]
)
def test_every_name_is_one_that_the_server_takes(test: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", workspace_name(test, "1"))


def test_no_two_runs_share_a_name() -> None:
    assert (
        len(
            {
                workspace_name(test, run)
                for test in ("a::test_x", "b::test_x")
                for run in ("gw0 1", "gw1 1", "gw0 2")
            }
        )
        == 6
    )


# Clients that cannot be changed

UNMODIFIED = """
import os, subprocess, sys

CLIENT = '''
import json, os, urllib.request
headers = {"X-API-KEY": os.environ["OCTANIST_KEY"], "Content-Type": "application/json"}
lead = json.dumps({"email": "new@example.com"}).encode()
urllib.request.urlopen(
    urllib.request.Request("https://octanist.com/api/leads", lead, headers)
)
'''

def test_the_nightly_job_sends_its_leads(mockserver):
    key = mockserver.credentials["octanist"]["X-API-KEY"]
    variables = os.environ | mockserver.environment() | {"OCTANIST_KEY": key}
    subprocess.run([sys.executable, "-c", CLIENT], env=variables, check=True)
    assert mockserver.requests(operation="create_lead")
"""


def test_an_unmodified_client_reaches_the_workspace_of_the_test(suite: Suite) -> None:
    assert suite({"test_it.py": UNMODIFIED}).summary == "1 passed"


def test_an_unmodified_client_reaches_a_running_server_with_tls(suite: Suite) -> None:
    with MockServer(tls=True) as server:
        assert suite({"test_it.py": UNMODIFIED}, MOCKSERVER_URL=server.url).summary == "1 passed"


def test_a_running_server_without_tls_is_told_in_a_sentence(
    suite: Suite, server: MockServer
) -> None:
    out = suite({"test_it.py": UNMODIFIED}, MOCKSERVER_URL=server.url).out
    assert "MOCKSERVER_URL: Not Found: This server has no authority of its own" in out


# The environment


def test_a_misspelt_variable_is_told_in_a_sentence(suite: Suite) -> None:
    done = suite({"test_it.py": SHARED}, MOCKSERVER_FIXTURE="empty")
    assert (done.summary, "MOCKSERVER_FIXTURES was probably meant" in done.out) == ("1 error", True)


def test_variables_of_others_are_not_mentioned(suite: Suite) -> None:
    done = suite(
        {"test_it.py": SHARED},
        MOCKSERVER_API_KEY="x",
        MOCKSERVER_PORT="tcp://10.3.240.1:8080",
        MOCKSERVER_IDS="sequence",  # without a key of the run in the header
    )
    assert (done.summary, "MOCKSERVER" in done.out + done.err) == ("1 passed", False)

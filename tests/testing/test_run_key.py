"""The ids of a test's leads are those of the test and the run, and the key of the run brings them back."""

import re

import pytest

from tests.testing.suites import Run, Suite

pytestmark = pytest.mark.slow  # a process for each test

HEADER = re.compile(
    r"^mockserver: MOCKSERVER_RUN=(\S+) gives the ids of this run again$", re.MULTILINE
)
TESTS = """
import pytest

LEADS = {"email": "mira@example.com"}

@pytest.mark.parametrize("number", range(3))
@pytest.mark.mockserver(at="2026-03-02T14:00:00Z")
def test_it(mockserver, number):
    sela = mockserver.sela.post("/api/leads/", json={"phone_number": "+12025550171"}).json()
    octanist = mockserver.octanist.post("/leads", json=LEADS).json()["data"]
    print(f"made {number} {sela['id']} {octanist['id']}")
"""
TWICE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    runtestprotocol(item, nextitem=nextitem, log=False)
"""


def made(run: Run) -> set[str]:
    """What each test has made; the same for each run that gives the same ids."""
    found = re.findall(r"\bmade \d \d+ \w+$", run.out, re.MULTILINE)
    assert found, run.out
    return set(found)


def key_of(run: Run) -> str:
    (key,) = HEADER.findall(run.out)
    return str(key)


def test_the_key_that_is_printed_gives_the_same_ids_again_with_workers_too(suite: Suite) -> None:
    files = {"test_it.py": TESTS}
    workers = suite(files, "-p", "xdist", "-n", "2", "-rA")
    key = key_of(workers)
    again = suite(files, "-rA", MOCKSERVER_RUN=key)
    one = suite(files, "-rA", "test_it.py::test_it[1]", MOCKSERVER_RUN=key)
    assert (key_of(again), made(again)) == (key, made(workers))
    assert len(made(workers)) == 3
    assert made(one) < made(again)


def test_two_runs_and_two_tests_have_no_id_in_common(suite: Suite) -> None:
    runs = [suite({"test_it.py": TESTS}, "-rA") for _ in range(2)]
    ids = [id for run in runs for line in made(run) for id in line.split()[2:]]
    assert (len(ids), len(set(ids))) == (12, 12)
    assert key_of(runs[0]) != key_of(runs[1])


def test_a_test_that_is_run_once_more_has_other_ids(suite: Suite) -> None:
    files = {"test_it.py": TESTS, "conftest.py": TWICE}
    first = suite(files, "-s", "test_it.py::test_it[0]", MOCKSERVER_RUN="my run 7")
    assert len(made(first)) == 2
    assert made(suite(files, "-s", "test_it.py::test_it[0]", MOCKSERVER_RUN="my run 7")) == made(
        first
    )


@pytest.mark.parametrize(
    ("ini", "variables"),
    [
        pytest.param("[pytest]\nmockserver_ids = sequence\n", {}, id="ini"),
        pytest.param("[pytest]\n", {"MOCKSERVER_IDS": "sequence"}, id="variable"),
    ],
)
def test_with_sequence_they_follow_those_of_the_fixture(
    ini: str, variables: dict[str, str], suite: Suite
) -> None:
    run = suite({"test_it.py": TESTS, "pytest.ini": ini}, "-rA", **variables)
    ids = {tuple(line.split()[2:]) for line in made(run)}
    assert len(ids) == 1
    assert HEADER.findall(run.out) == []


def test_a_random_seed_comes_of_the_key(suite: Suite) -> None:
    ini = "[pytest]\nmockserver_ids = sequence\nmockserver_seed = random\n"
    files = {"test_it.py": TESTS, "pytest.ini": ini}
    first = suite(files, "-rA")
    again = suite(files, "-rA", "-p", "xdist", "-n", "2", MOCKSERVER_RUN=key_of(first))
    assert made(again) == made(first) != made(suite(files, "-rA"))


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        pytest.param(
            {"MOCKSERVER_IDS": "often"},
            "mockserver_ids is 'often', but must be test or sequence",
            id="ids",
        ),
        pytest.param(
            {"MOCKSERVER_RUN": "a\nb"},
            "MOCKSERVER_RUN must have at most 100 printable characters",
            id="two lines",
        ),
        pytest.param(
            {"MOCKSERVER_RUN": "a" * 101},
            "MOCKSERVER_RUN must have at most 100 printable characters",
            id="long",
        ),
    ],
)
def test_a_bad_value_stops_the_run_with_a_sentence(
    variables: dict[str, str], sentence: str, suite: Suite
) -> None:
    run = suite({"test_it.py": TESTS}, **variables)
    assert (run.status, sentence in run.err) == (4, True)

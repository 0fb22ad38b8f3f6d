"""The pytest plugin: a fixture `mockserver`, and `mockserver_server`, the server behind it.

At the end of a run it tells what the clients of all tests did badly.
"""

# The package is imported within the fixtures. So a test run without them starts as fast as before,
# and a coverage tool, which starts after the plugins, sees every line of the package.

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    import httpx

    from mockserver.client import Client
    from mockserver.journal.conduct.run import RunReport
    from mockserver.serving.server import MockServer
    from mockserver.testing import MockWorkspace, Running

# Options of `mockserver serve` that a test suite may set: in its configuration file, as
# `mockserver_<name>`, or in the environment, as MOCKSERVER_<NAME>.
_OPTIONS = {
    "fixtures": (
        "What each workspace holds at first: demo, empty, or a YAML file or a folder of them "
        f"beside this file; several, separated by {os.pathsep}, are added to each other."
    ),
    "seed": (
        "Number from which ids and chance are generated, or random: then the key of the run "
        "decides it."
    ),
    "strictness": (
        "vendor reads requests as the vendor's framework does, document strictly by its OpenAPI "
        "document."
    ),
}

# What is told at the end of a run, with the default of each option.
_REPORT_OPTIONS = {
    "report": (
        "What is told of the clients' mistakes at the end of the run: off, summary or full.",
        "summary",
    ),
    "report_file": ("Markdown file for the whole report, below the root of the tests.", ""),
    "fail_on": ("Checks and levels of findings that fail the run, separated by commas.", ""),
}
_REPORTS = ("off", "summary", "full")

_IDS = ("test", "sequence")
_IDS_HELP = (
    "From where the ids of new rows count: test, from numbers of each test's own, or sequence, "
    "after those of the fixture."
)
_RUN_VARIABLE = "MOCKSERVER_RUN"
_RUN_INPUT = "mockserver_run"
_LONGEST_RUN = 100
_LONGEST_IDS = 4096
_MARKED = ("fixtures", "settings", "at")

_WORKSPACE: "pytest.StashKey[MockWorkspace]" = pytest.StashKey()
_NO_SERVER: pytest.StashKey[str] = pytest.StashKey()
_TOLD: pytest.StashKey[bool] = pytest.StashKey()
_CONDUCT: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
_RUN: pytest.StashKey[str] = pytest.StashKey()
_OPENED: pytest.StashKey[Counter[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the plugin, and of the server that it starts."""
    for name, help in _OPTIONS.items():
        parser.addini(f"mockserver_{name}", help, default="")
    for name, (help, default) in _REPORT_OPTIONS.items():
        parser.addini(f"mockserver_{name}", help, default=default)
    parser.addini("mockserver_ids", _IDS_HELP, default="test")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of the tests, and read the options of the report and of the ids.

    A worker of xdist leaves the report to its controller.
    """
    config.addinivalue_line(
        "markers",
        "mockserver(fixtures=..., settings=..., at=...): what the workspace of this test holds, "
        "its settings by vendor, and the moment at which its clock stands.",
    )
    ids = _plain_option("ids", config)
    if ids not in _IDS:
        raise pytest.UsageError(f"mockserver_ids is {ids!r}, but must be {' or '.join(_IDS)}")
    config.stash[_RUN] = _run_key(config)
    config.stash[_OPENED] = Counter()
    report = _plain_option("report", config)
    if report not in _REPORTS:
        known = "off, summary or full"
        raise pytest.UsageError(f"mockserver_report is {report!r}, but must be {known}")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_WholeRun(config), "mockserver-report")


def _run_key(config: pytest.Config) -> str:
    """The key of this run: the controller's in a worker of xdist, else the variable's or a new one.

    Raises pytest.UsageError for one that cannot be printed.
    """
    given: str = getattr(config, "workerinput", {}).get(_RUN_INPUT, "")
    key = given or os.environ.get(_RUN_VARIABLE) or os.urandom(6).hex()
    if len(key) > _LONGEST_RUN or not key.isprintable():
        must_be = f"must have at most {_LONGEST_RUN} printable characters"
        raise pytest.UsageError(f"{_RUN_VARIABLE} {must_be}")
    return key


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker of xdist the key of the run."""
    node.workerinput[_RUN_INPUT] = node.config.stash[_RUN]


def pytest_report_header(config: pytest.Config) -> str | None:
    """Print what repeats the ids of this run."""
    is_drawn = _plain_option("ids", config) != "sequence" or _option("seed", config) == "random"
    if not is_drawn:
        return None
    return f"mockserver: {_RUN_VARIABLE}={config.stash[_RUN]} gives the ids of this run again"


def _ids(node: pytest.Item) -> str:
    """The text from which the ids of a test are drawn: another one if the test is run once more."""
    config = node.config
    if _plain_option("ids", config) == "sequence":
        return "sequence"
    opened = config.stash[_OPENED]
    opened[node.nodeid] += 1
    text = f"{config.stash[_RUN]} {node.nodeid}"
    if opened[node.nodeid] > 1:
        text += f" {opened[node.nodeid]}"
    return text if len(text) <= _LONGEST_IDS else sha256(text.encode()).hexdigest()


def _plain_option(name: str, config: pytest.Config) -> str:
    """The variable's value, else the configuration file's."""
    return os.environ.get(f"MOCKSERVER_{name.upper()}") or str(config.getini(f"mockserver_{name}"))


def _is_report_wanted(config: pytest.Config) -> bool:
    if _plain_option("report", config) != "off":
        return True
    return any(_plain_option(name, config) for name in ("report_file", "fail_on"))


@pytest.fixture(scope="session")
def mockserver_server(pytestconfig: pytest.Config) -> Iterator["Running"]:
    """The server of this session: the one at MOCKSERVER_URL, or a new one on a free port."""
    from mockserver.environment import read_environment
    from mockserver.testing import Running

    slips = read_environment(os.environ).problems
    if slips:
        _fail("\n".join(slips))
    url = os.environ.get("MOCKSERVER_URL")
    if url:
        with TemporaryDirectory(prefix="mockserver-") as folder:
            yield _server_at(url, Path(folder))
    else:
        with _new_server(pytestconfig) as server:
            yield Running(server.client, _transport_to(server), server.environment)


def _fail(message: str) -> NoReturn:
    """Fail the test with that message alone, and not with the error that it comes from."""
    raise pytest.fail.Exception(message, pytrace=False) from None


def _server_at(url: str, folder: Path) -> "Running":
    from mockserver.client import Client, ControlError
    from mockserver.testing import Running

    try:
        client = Client(url, os.environ.get("MOCKSERVER_ADMIN_TOKEN"))
        client.workspaces()
    except (ControlError, ValueError) as error:
        _fail(f"MOCKSERVER_URL: {error}")
    return Running(client, environment=partial(_environment_at, client, folder))


def _environment_at(client: "Client", folder: Path) -> dict[str, str]:
    from mockserver.client import ControlError
    from mockserver.errors import MockserverError
    from mockserver.trust import client_environment

    try:
        authority = client.authority().encode()
    except ControlError as error:
        raise MockserverError(f"MOCKSERVER_URL: {error}") from None
    return client_environment(client.url, authority, folder)


def _new_server(config: pytest.Config) -> "MockServer":
    from mockserver.errors import OperatorError
    from mockserver.serving.server import MockServer

    options = {name: _option(name, config) for name in _OPTIONS}
    if options["seed"] == "random":
        # The servers of all workers have the same one, and the key brings it back.
        options["seed"] = str(int(sha256(config.stash[_RUN].encode()).hexdigest()[:13], 16))
    try:
        return MockServer(**options)
    except OperatorError as error:
        reason = config.stash[_NO_SERVER] = f"mockserver: {error}"
        _fail(reason)


def _option(name: str, config: pytest.Config) -> str | None:
    """The variable's value, else the configuration file's."""
    given = os.environ.get(f"MOCKSERVER_{name.upper()}")
    written = str(config.getini(f"mockserver_{name}"))
    if given or not written:
        return given or None
    if name != "fixtures":
        return written
    return os.pathsep.join(_beside(each, config) for each in written.split(os.pathsep))


def _beside(fixtures: str, config: pytest.Config) -> str:
    """The file or folder of that name beside the configuration file, where there is one.

    The names of the bundled fixtures keep their meaning, also beside a folder `demo`.
    """
    from mockserver.fixtures import BUNDLED

    if fixtures in BUNDLED or config.inipath is None:
        return fixtures
    path = config.inipath.parent / fixtures
    return str(path) if path.exists() else fixtures


def _transport_to(server: "MockServer") -> "Callable[[], httpx.BaseTransport]":
    def transport() -> "httpx.BaseTransport":
        from mockserver.testing.transport import InProcess

        return InProcess(server.app, server.loop)

    return transport


@pytest.fixture
def mockserver(
    request: pytest.FixtureRequest, mockserver_server: "Running"
) -> Iterator["MockWorkspace"]:
    """A workspace of the test's own, with a client for each vendor.

    It is deleted after the test. The mark `mockserver` says what it holds at first.
    """
    marked = _marked(request.node)
    workspace = _open(mockserver_server, request, marked)
    request.node.stash[_WORKSPACE] = workspace
    try:
        _prepare(workspace, marked)
        yield workspace
        if _is_report_wanted(request.config):
            request.node.stash[_CONDUCT] = workspace.conduct()
    finally:
        del request.node.stash[_WORKSPACE]
        workspace.close()


def _marked(node: pytest.Item) -> dict[str, Any]:
    """What the marks of the test say together; a mark that is nearer to it wins."""
    marked: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("mockserver"))):
        unknown = sorted(mark.kwargs.keys() - set(_MARKED))
        if mark.args or unknown:
            given = ", ".join([*map(repr, mark.args), *unknown])
            _fail(f"@pytest.mark.mockserver takes {', '.join(_MARKED)} by name, not {given}")
        marked |= mark.kwargs
    # None is as without a mark.
    marked = {name: value for name, value in marked.items() if value is not None}
    for name, wanted in _wrong_values(marked):
        _fail(f"@pytest.mark.mockserver: {name} is {marked[name]!r}, and must be {wanted}")
    return marked


def _wrong_values(marked: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What in a mark has the wrong type, and what it must be."""
    fixtures = _listed(marked.get("fixtures", "demo"))
    if not fixtures or not all(isinstance(each, str | os.PathLike | dict) for each in fixtures):
        yield "fixtures", "a name, a path, the content of a fixture, or a list of these"
    settings = marked.get("settings", {})
    if not isinstance(settings, dict) or not all(map(_is_dict, settings.values())):
        yield "settings", "a dictionary by vendor, like {'vendor': {'setting': 1}}"
    if not isinstance(marked.get("at", ""), str | datetime):
        yield "at", "an aware datetime, or a text like '2026-03-01T09:00:00Z'"


def _listed(fixtures: Any) -> Sequence[Any]:
    """The fixtures of a mark, which may be one alone; empty where they are neither."""
    if isinstance(fixtures, str | os.PathLike | dict):
        return (fixtures,)
    return fixtures if isinstance(fixtures, list | tuple) else ()


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)


def _open(
    server: "Running", request: pytest.FixtureRequest, marked: dict[str, Any]
) -> "MockWorkspace":
    """The test's workspace. A moment that cannot be fails the test with one sentence."""
    from mockserver.client import ControlError

    try:
        return server.open(
            request.node.nodeid,
            at=marked.get("at"),
            folder=request.path.parent,
            ids=_ids(request.node),
        )
    except (ControlError, ValueError) as error:
        if marked.get("at") is None:
            raise
        _fail(f"@pytest.mark.mockserver: {error}")


def _prepare(workspace: "MockWorkspace", marked: dict[str, Any]) -> None:
    """Fill the workspace as the marks say."""
    from mockserver.client import ControlError
    from mockserver.errors import OperatorError

    fixtures = _listed(marked.get("fixtures", ()))
    try:
        for index, fixture in enumerate(fixtures):
            workspace.seed(fixture, "merge" if index else "replace")
        if fixtures and marked.get("at") is not None:
            workspace.freeze(marked["at"])
        for vendor, settings in marked.get("settings", {}).items():
            workspace.set(vendor, **settings)
    except (ControlError, OperatorError) as error:
        _fail(f"@pytest.mark.mockserver: {error}")


def _tell_once(report: pytest.TestReport, reason: str, config: pytest.Config) -> None:
    """Every test that needs the server fails if it does not start; the first one says why."""
    if reason != config.stash[_NO_SERVER]:
        return
    if config.stash.get(_TOLD, False):
        report.longrepr = "mockserver: there is no server, for the reason that is told above"
    config.stash[_TOLD] = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, Any, Any]:
    """Add to a failed test's report the requests to its workspace.

    The report of a test's end has with it what its client did. So it reaches the controller of
    xdist, whose workers send their reports there.
    """
    report = yield
    if call.excinfo is not None and item.config.stash.get(_NO_SERVER, None) is not None:
        _tell_once(report, str(call.excinfo.value), item.config)
    workspace = item.stash.get(_WORKSPACE, None)
    if workspace is not None and report.failed:
        report.sections.append(("mockserver requests", workspace.journal_text()))
    if report.when == "teardown" and _CONDUCT in item.stash:
        report.mockserver = item.stash[_CONDUCT]
    return report


class _WholeRun:
    """Collects what the clients of all tests did, and tells it when the run is over."""

    def __init__(self, config: pytest.Config) -> None:
        """Raises pytest.UsageError for an unknown check or level."""
        self._config = config
        self._collected: RunReport | None = None
        self._failing = ""
        self._unwritten = ""
        fail_on = _plain_option("fail_on", config)
        self._selected = _selected_checks(fail_on) if fail_on else frozenset[str]()

    def _report(self) -> "RunReport":
        if self._collected is None:
            from mockserver.journal.conduct.run import RunReport

            self._collected = RunReport("test")
        return self._collected

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what the client of a test did."""
        conduct = getattr(report, "mockserver", None)
        if conduct:
            self._report().add(report.nodeid, conduct)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the file, and fail the run if it has a finding that it must not have."""
        self._write()
        if self._collected is None:
            return
        failing = self._collected.failing(self._selected)
        if failing:
            from mockserver.journal.conduct.run import failure_line

            self._failing = failure_line(failing)
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write(self) -> None:
        file = _plain_option("report_file", self._config)
        if not file:
            return
        path = self._config.rootpath / file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._report().as_markdown(), "utf-8")
        except OSError as error:
            self._unwritten = f"mockserver_report_file: cannot write {path}: {error.strerror}"

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Print the report."""
        lines: list[str] = []
        wanted = _plain_option("report", self._config)
        if self._collected is not None and wanted != "off":
            told = self._collected.full() if wanted == "full" else self._collected.summary()
            lines += told
        if lines or self._failing or self._unwritten:
            terminalreporter.write_sep("=", "mockserver report")
        for line in lines:
            terminalreporter.write_line(line)
        for line in filter(None, (self._failing, self._unwritten)):
            terminalreporter.write_line(f"mockserver: {line}", red=True)


def _selected_checks(text: str) -> frozenset[str]:
    from mockserver.errors import OperatorError
    from mockserver.journal.conduct.checks import checks_in

    try:
        return checks_in(text)
    except OperatorError as error:
        raise pytest.UsageError(f"mockserver_fail_on names {error}") from None

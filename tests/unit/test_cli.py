"""The command line as its users have it: what it prints, and how an operator's mistake ends it."""

import gc
import itertools
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path as File
from queue import SimpleQueue

import httpx
import pytest

import mockserver
from mockserver.app import create_app, load_vendors
from mockserver.cli import _open_soon, cli
from mockserver.documents.fixture_files import FixtureFiles
from mockserver.documents.resources import folder
from mockserver.environment import OTHER_VARIABLES
from mockserver.fixtures import fixture_file
from mockserver.settings import OPTIONS
from tests.webhooks.listener import Got, Listener

Command = Callable[..., tuple[int, str, str]]
NAMES = [vendor.name for vendor in load_vendors()]
BASE_PATHS = [site.document.base_path for site in create_app().sites]
TOP = ", ".join(["accounts", "clock", "settings", *NAMES])
BANNER = 3 + 2 * len(NAMES)
"""How many lines `serve` prints: what listens where, two for each vendor, the control API."""

CHECKOUT = File(mockserver.__file__).parent.parent
SOON = 3.0
"""Seconds a stop may take where every core is busy with tests; alone it takes a fifth of one. Waiting for open connections would take ten."""
COMMAND = [sys.executable, "-m", "mockserver"]
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")
}


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Status, stdout and stderr of the command, in a process of its own.

    Where nothing depends on the process, the fixture `command` does the same in a tenth of the time.
    """
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=CHECKOUT,
        env=ENVIRONMENT | environment,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("word", ["version", "--version"])
def test_version_prints_the_version(word: str) -> None:
    assert run(word) == (0, f"mockserver {mockserver.__version__}\n", "")


def test_help_names_every_command(command: Command) -> None:
    status, out, _ = command("--help")
    commands = {"serve", "routes", "check", "fixtures", "report", "version"}
    assert (status, commands <= set(out.split())) == (0, True)


def test_help_tells_the_exit_statuses(command: Command) -> None:
    _, out, _ = command("--help")
    assert re.findall(r"^ +(\d+) ", out, re.MULTILINE) == ["0", "1", "2", "3", "130"]


def test_no_command_is_answered_with_help(command: Command) -> None:
    status, out, err = command()
    assert (status, "Usage:" in out, err) == (0, True, "")


def test_help_of_serve_names_every_option_with_its_variable_and_default(command: Command) -> None:
    _, out, _ = command("serve", "--help")
    words = " ".join(out.split())
    assert [
        o.name
        for o in OPTIONS
        if not (
            f"{o.flag} {o.metavar} " in words
            and o.variable in words
            and f"default: {o.shown_default}]" in words
        )
    ] == []


def test_help_of_serve_tells_choices_and_the_kinds_of_values(command: Command) -> None:
    _, out, _ = command("serve", "--help")
    for shown in (
        "--log-level [debug|info|warning|error]",
        "--port INTEGER",
        "--max-memory SIZE",
        "--workspace-idle TIME",
        "--admin-token TEXT",
        "[default: none]",
    ):
        assert shown in " ".join(out.split())


def test_routes_lists_every_operation_of_every_vendor(command: Command) -> None:
    status, out, err = command("routes")
    documents = [
        file.read_text("utf-8").partition("\nx-webhooks:")[0]
        for file in folder("openapi").glob("*.yaml")
    ]
    named = {name for text in documents for name in re.findall(r"\n      operationId: (\w+)", text)}
    listed = {line.split()[2] for line in out.splitlines() if line.startswith("  ")}
    assert (status, listed, err) == (0, named, "")


@pytest.mark.skipif(not File("/dev/full").exists(), reason="there is no disk without room here")
def test_a_disk_without_room_is_told_in_a_sentence() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mockserver", "routes"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )
    said = b"mockserver: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, said)


# ------------------------------------------------------------------------------------------------------------------- check


@pytest.mark.parametrize("name", ["demo", "empty"])
def test_check_finds_nothing_wrong_with_a_bundled_fixture(name: str, command: Command) -> None:
    file = fixture_file(name)
    said = (0, f"{file}: no problem\n", "")
    assert (command("check", name), command("check", str(file))) == (said, said)


def test_check_counts_the_operations_of_a_document(command: Command) -> None:
    file = folder("openapi") / "octanist.yaml"
    assert command("check", str(file)) == (0, f"{file}: 6 operations, no problem\n", "")


def test_check_takes_documents_and_fixtures_together(tmp_path: File, command: Command) -> None:
    octanist, empty = folder("openapi") / "octanist.yaml", fixture_file("empty")
    said = f"{octanist}: 6 operations, no problem\n{empty}: no problem\n"
    assert command("check", "empty", str(octanist)) == (0, said, "")
    document, fixture = tmp_path / "api.yaml", tmp_path / "leads.yaml"
    document.write_text("openapi: 3.0.3\npaths: []\n")
    fixture.write_text("selaa: {}\n")
    status, out, err = command("check", str(fixture), str(document), str(octanist))
    assert (status, out) == (1, f"{octanist}: 6 operations, no problem\n")
    assert f"{document}:2: paths" in err
    assert f"{fixture}:1: selaa: is no property here (did you mean sela?)" in err


def test_an_account_that_never_gets_in_is_no_account_of_a_fixture(
    tmp_path: File, command: Command
) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text("accounts: [team, expired]\n")
    reason = "'expired' never gets in: it is the name for a credential that is refused"
    assert command("check", str(file)) == (
        1,
        "",
        f"mockserver: {file}:1: accounts[1]: {reason}\n",
    )


def test_check_tells_every_problem_of_a_fixture(tmp_path: File, command: Command) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text("clock: tomorrow\nnobody: {}\n", "utf-8")
    status, out, err = command("check", str(file))
    assert (status, out, sorted(err.removeprefix("mockserver: ").splitlines())) == (
        1,
        "",
        [
            f'{file}:1: clock: "tomorrow" is no time; give one like 2025-01-31T12:00:00Z',
            f"{file}:2: nobody: is no property here; the properties are {TOP}",
        ],
    )


def test_check_tells_every_problem_of_a_folder(tmp_path: File, command: Command) -> None:
    (tmp_path / "a.yaml").write_text("clock: tomorrow\n", "utf-8")
    (tmp_path / "b.yaml").write_text("\nnobody: {}\n", "utf-8")
    sentences = [
        f'{tmp_path}/a.yaml:1: clock: "tomorrow" is no time; give one like 2025-01-31T12:00:00Z',
        f"{tmp_path}/b.yaml:2: nobody: is no property here; the properties are {TOP}",
    ]
    assert command("check", str(tmp_path)) == (1, "", "mockserver: " + "\n".join(sentences) + "\n")


def test_check_of_a_folder_without_a_fixture_is_one_sentence(
    tmp_path: File, command: Command
) -> None:
    sentence = f"{tmp_path}: is a folder without a YAML file (*.yaml, *.yml)"
    assert command("check", str(tmp_path)) == (2, "", f"mockserver: {sentence}\n")


def test_check_tells_every_problem_of_a_document(tmp_path: File, command: Command) -> None:
    file = tmp_path / "api.yaml"
    file.write_text("openapi: 3.0.3\ninfo: {title: x}\n", "utf-8")
    status, out, err = command("check", str(file))
    assert (status, out, sorted(err.removeprefix("mockserver: ").splitlines())) == (
        1,
        "",
        [f"{file}:1: paths: is missing", f"{file}:1: servers: is missing"],
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, ": cannot be read: No such file or directory", id="no file"),
        pytest.param(b"a: [", ":2: is not YAML: did not find expected node content", id="no YAML"),
        pytest.param(b"\xff\xfe\x00", ":1: is not UTF-8 (byte 0)", id="no text"),
        pytest.param(b"- 1", ':1: [1] is not of type "object"', id="a list"),
    ],
)
def test_check_of_something_else_is_one_sentence(
    content: bytes | None, problem: str, tmp_path: File, command: Command
) -> None:
    file = tmp_path / "some.yaml"
    if content is not None:
        file.write_bytes(content)
    status = 2 if content is None else 1
    assert command("check", str(file)) == (status, "", f"mockserver: {file}{problem}\n")


def test_check_shows_twenty_problems_and_counts_the_others(
    tmp_path: File, command: Command
) -> None:
    file = tmp_path / "seed.yaml"
    rows = "".join(f"  - phone_number: {number}\n" for number in range(25))
    file.write_text(f"sela:\n  leads:\n{rows}", "utf-8")
    status, out, err = command("check", str(file))
    *shown, last = err.splitlines()
    assert (status, out, len(shown), last) == (1, "", 20, "mockserver: 5 more problems like these")


def test_check_reads_several_fixtures_together(tmp_path: File, command: Command) -> None:
    more = tmp_path / "more.yaml"
    lead = "{phone_number: '+12025550147', lead_type: 123}"
    more.write_text(f"sela:\n  leads:\n  - {lead}\n", "utf-8")
    alone = f"mockserver: {more}:3: sela.leads[0].lead_type: there is no 123 in lead_types\n"
    both = f"{fixture_file('demo')}: no problem\n{more}: no problem\n"
    assert (command("check", str(more)), command("check", "demo", str(more))) == (
        (1, "", alone),
        (0, both, ""),
    )


def test_fixtures_lists_the_bundled_ones(command: Command) -> None:
    assert command("fixtures") == (0, "demo\nempty\n", "")


def test_fixtures_prints_one_that_loads_to_the_same(tmp_path: File, command: Command) -> None:
    status, out, err = command("fixtures", "demo")
    file = tmp_path / "mine.yaml"
    file.write_text(out, "utf-8")
    assert (status, err) == (0, "")
    assert FixtureFiles(file).content == FixtureFiles(fixture_file("demo")).content
    assert command("check", str(file)) == (0, f"{file}: no problem\n", "")


def test_check_wants_a_file(command: Command) -> None:
    assert command("check") == (
        2,
        "",
        "mockserver: Missing argument 'FILE...'. Try 'mockserver check --help'.\n",
    )


# ------------------------------------------------------------------------------------------------------- serve: bad options

BAD = {
    "host": "",
    "port": "http",
    "tls": "maybe",
    "tls_port": "https",
    "tls_names": "a b",
    "trust_proxy": "everybody",
    "fixtures": " ",
    "seed": "-1",
    "strictness": "loose",
    "auth": "none",
    "log_level": "loud",
    "log_format": "xml",
    "log_rate": "1",
    "max_body": "1XB",
    "max_head": "0",
    "max_headers": "0",
    "max_target": "0",
    "head_timeout": "0",
    "max_wait": "0",
    "body_timeout": "0.5",
    "idle_timeout": "never",
    "max_workspaces": "0",
    "workspace_idle": "soon",
    "max_memory": "1KB",
    "max_leads": "0",
    "max_calls": "0",
    "max_steps": "0",
    "journal_events": "0",
    "journal_deliveries": "0",
    "max_webhooks": "0",
    "max_inboxes": "0",
    "inbox_entries": "0",
    "inbox_bytes": "0",
    "max_deliveries": "0",
    "webhook_targets": "app:0",
    "webhook_timeout": "0",
    "max_snapshots": "0",
    "max_fault_rules": "0",
    "max_streams": "-1",
    "journal_entries": "0",
    "journal_bytes": "0",
    "admin_token": "short",
    "console": "maybe",
    "default_account": "invalid",
}


ANY_TEXT = {"tls_dir", "tls_cert", "tls_key", "unix", "webhook_ca"}
"""Options that are paths: any text is one."""


def shown(flag: str, value: str) -> str:
    """How a message shows a bad value: not at all if it is a secret."""
    return "" if flag == "--admin-token" else f" is {value!r}, but"


SPOKEN = [
    pytest.param(option.flag, option.variable, BAD[option.name], id=option.name)
    for option in OPTIONS
    if option.name not in ANY_TEXT
]


def test_a_start_that_is_refused_leaves_the_garbage_collector_on(command: Command) -> None:
    assert command("serve", "--port=none")[0] == 2
    assert gc.isenabled()


@pytest.mark.parametrize(("flag", "variable", "value"), SPOKEN)
def test_a_bad_flag_is_one_sentence(flag: str, variable: str, value: str, command: Command) -> None:
    status, out, err = command("serve", f"{flag}={value}")
    assert (
        status,
        out,
        err.count("\n"),
        err.startswith(f"mockserver: {flag} (or {variable}){shown(flag, value)} must be "),
    ) == (
        2,
        "",
        1,
        True,
    )


@pytest.mark.parametrize(
    ("flag", "variable", "value"), [each for each in SPOKEN if each.values[2] != ""]
)
def test_a_bad_variable_is_one_sentence(
    flag: str, variable: str, value: str, command: Command
) -> None:
    status, out, err = command("serve", **{variable: value})
    assert (
        status,
        out,
        err.count("\n"),
        err.startswith(f"mockserver: {flag} (or {variable}){shown(flag, value)} must be "),
    ) == (
        2,
        "",
        1,
        True,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["serve", "--prot", "1"], "No such option", id="unknown flag"),
        pytest.param(
            ["serve", "--port"], "Option '--port' requires an argument.", id="flag without a value"
        ),
        pytest.param(["serve", "now"], "Got unexpected extra argument (now)", id="extra argument"),
        pytest.param(["sreve"], "No such command 'sreve'.", id="unknown command"),
        pytest.param(
            ["serve", "--fixtures", "none.yaml"],
            "none.yaml: cannot be read: No such file or directory",
            id="no such fixture",
        ),
    ],
)
def test_a_slip_is_one_sentence(arguments: list[str], sentence: str, command: Command) -> None:
    status, out, err = command(*arguments)
    # A mistake in the command line tells where its help is; one in a file has none.
    assert err.endswith(" --help'.\n") is (".yaml" not in sentence)
    assert (status, out, err.count("\n"), err.startswith(f"mockserver: {sentence}")) == (
        2,
        "",
        1,
        True,
    )


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("192.0.2.1", id="another machine's"),
        pytest.param("a" * 70, id="no name at all"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_one_sentence(host: str) -> None:
    status, out, err = run("serve", "--port", "0", "--host", host)
    assert (
        status,
        out,
        err.count("\n"),
        err.startswith(f"mockserver: --host {host}, --port 0: cannot listen there: "),
    ) == (3, "", 1, True)


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, out, err = run("serve", "--port", port)
    assert (status, out, err.count("\n")) == (3, "", 1)
    assert err.startswith(
        f"mockserver: --host localhost, --port {port}: cannot listen there: Address already in use"
    )


# ------------------------------------------------------------------------------------------------------------ serve: running

Start = Callable[..., tuple[subprocess.Popen[str], list[str]]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `mockserver serve` on a free port; returns the process and its banner, blank lines left out. Stops it after the test."""
    running: list[subprocess.Popen[str]] = []

    def start(
        *arguments: str, lines: int = BANNER, **environment: str
    ) -> tuple[subprocess.Popen[str], list[str]]:
        command, environment = (
            [*COMMAND, "serve", "--port", "0", *arguments],
            ENVIRONMENT | environment,
        )
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env=environment,
        )
        running.append(process)
        watchdog = threading.Timer(20, process.kill)
        watchdog.start()
        assert process.stdout is not None
        banner = [
            line.rstrip() for line in itertools.islice(filter(str.strip, process.stdout), lines)
        ]
        watchdog.cancel()
        return process, banner

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_serve_prints_the_base_urls_with_a_curl_line_each(start: Start) -> None:
    _, (first, console, *pairs, control) = start()
    url = first.removeprefix(f"mockserver {mockserver.__version__} is listening on ")
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", url)
    base_urls = [f"{url}/{name}{path}" for name, path in zip(NAMES, BASE_PATHS, strict=True)]
    assert [line.rpartition(": ")[2] for line in pairs[::2]] == base_urls
    assert [line.split()[0] for line in pairs[1::2] if url in line] == ["curl"] * len(NAMES)
    assert (console, control) == (
        f"Console: {url}/__admin/",
        f"mockserver control API: {url}/__admin",
    )


def test_a_random_seed_is_printed_and_gives_the_same_ids_when_it_is_given_again(
    start: Start,
) -> None:
    _, (first, *_, line) = start("--seed", "random", lines=BANNER + 1)
    seed = line.removeprefix("Seed: ")
    _, (again, *_, line_again) = start(MOCKSERVER_SEED=seed, lines=BANNER + 1)
    assert (line_again, seed.isdecimal()) == (line, True)
    ids = [
        httpx.post(
            f"{banner.rpartition(' ')[2]}/octanist/api/leads",
            json={"email": "mira@example.com"},
            headers={"X-API-KEY": "me"},
        ).json()["data"]["id"]
        for banner in (first, again)
    ]
    assert ids[0] == ids[1]


def test_beyond_loopback_the_control_api_has_a_token_that_is_printed_once(start: Start) -> None:
    _, (first, *_, control, token) = start("--host", "0.0.0.0", lines=BANNER + 1)
    where = rf"{re.escape('0.0.0.0')}:\d+ \(on this machine: (http://127\.0\.0\.1:\d+)\)"
    found = re.search(f"is listening on {where}$", first)
    assert found is not None
    url, header = found[1], token.rpartition("Authorization: ")[2]
    answers = [
        httpx.get(f"{url}/__admin/workspaces", headers=given).status_code
        for given in ({}, {"Authorization": header})
    ]
    assert (control, answers) == (f"mockserver control API: {url}/__admin", [401, 200])


def test_with_tls_the_start_says_what_to_trust_in_each_language(
    start: Start, tmp_path: File
) -> None:
    _, (first, *lines) = start(
        "--tls", "--tls-port", "0", "--tls-dir", str(tmp_path), lines=BANNER + 10
    )
    url = first.rpartition(" ")[2]
    file = tmp_path / "authority.pem"
    tls, proxy, trust, *languages = [line.strip() for line in lines[-10:]]
    assert re.fullmatch(r"TLS: https://127\.0\.0\.1:[1-9]\d*", tls)
    assert proxy.endswith(f"HTTPS_PROXY={url}")
    assert (trust, file.exists()) == (f"trust {file}", True)
    begins = ["curl:", "Python:", "Node:", "Java:", "JAVA_TOOL_OPTIONS", "Go:", ".NET:"]
    assert [line.startswith(begin) for line, begin in zip(languages, begins, strict=True)] == (
        [True] * 7
    )


def test_without_a_folder_the_start_says_where_the_certificate_is(start: Start) -> None:
    _, (first, *lines) = start("--tls", "--tls-port=0", lines=BANNER + 3)
    url = first.rpartition(" ")[2]
    assert lines[-1].endswith(f"curl -o authority.pem {url}/__admin/authority.pem")


@pytest.mark.skipif(
    shutil.which("curl") is None, reason="this machine has no curl to paste the lines to"
)
def test_the_printed_curl_lines_work(start: Start) -> None:
    _, (_, _, *pairs, _) = start()
    statuses = []
    for line in pairs[1::2]:
        done = subprocess.run(
            [*shlex.split(line), "-s", "-o", os.devnull, "-w", "%{http_code}"],
            capture_output=True,
            text=True,
            check=True,
        )
        statuses.append(done.stdout[0])
    assert statuses == ["2"] * 3


def test_serve_answers_as_soon_as_it_says_so(start: Start) -> None:
    _, (first, *_) = start()
    assert httpx.get(first.rpartition(" ")[2] + "/readyz").status_code == 200


def test_a_flag_wins_over_its_variable(start: Start) -> None:
    _, (first, *_) = start("--host", "127.0.0.1", MOCKSERVER_HOST="192.0.2.1")
    assert "http://127.0.0.1:" in first


def test_all_that_is_wrong_is_told_at_once_and_no_secret(start: Start) -> None:
    status, out, err = run(
        "serve",
        "--port=http",
        MOCKSERVER_SEED="x",
        MOCKSERVER_ADMIN_TOKEN="hunter2",
        MOCKSERVER_FIXTURE="empty",
    )
    assert (status, out, len(err.splitlines()), "hunter2" in err) == (2, "", 4, False)
    assert "MOCKSERVER_FIXTURES was probably meant" in err


def test_what_kubernetes_makes_for_a_service_of_that_name_stops_nothing(start: Start) -> None:
    process, (first, *_) = start(
        MOCKSERVER_PORT="tcp://10.3.240.1:8080",
        MOCKSERVER_SERVICE_HOST="10.3.240.1",
        MOCKSERVER_API_KEY="an application's own",
    )
    assert "http://127.0.0.1:" in first
    process.terminate()
    _, err = process.communicate(timeout=10)
    ignored, unknown = err.splitlines()
    assert ignored.startswith("WARNING mockserver: MOCKSERVER_PORT is ignored: ")
    assert unknown.endswith("No variables of mockserver, and ignored: MOCKSERVER_API_KEY")


def test_the_variables_of_other_commands_are_known() -> None:
    variables = {
        parameter.envvar
        for command in cli.commands.values()
        for parameter in command.params
        if isinstance(parameter.envvar, str)
    }
    assert variables <= OTHER_VARIABLES | {option.variable for option in OPTIONS}


def test_several_fixtures_are_served_together(start: Start, tmp_path: File) -> None:
    (tmp_path / "more.yaml").write_text("sela: {leads: [{phone_number: '+12025550147'}]}", "utf-8")
    more = str(tmp_path / "more.yaml")
    _, (by_flags, *_) = start("--fixtures", "empty", "--fixtures", more)
    _, (by_variable, *_) = start(MOCKSERVER_FIXTURES=f"empty{os.pathsep}{more}")
    for first in (by_flags, by_variable):
        listing = httpx.get(first.rpartition(" ")[2] + "/__admin/workspaces").json()
        leads = {"nlpearl": 0, "octanist": 0, "sela": 1}
        demo = {"name": "demo", "requests": 0, "last_request": None, "leads": leads}
        assert listing == {"workspaces": [demo]}


def test_a_variable_configures_the_server(start: Start) -> None:
    _, (first, *_) = start(MOCKSERVER_AUTH="strict")
    url = first.rpartition(" ")[2] + "/sela/api/leads/"
    assert httpx.get(url, headers={"Authorization": "Token demo"}).status_code == 401


def test_a_stop_waits_for_the_delivery_under_way_and_counts_the_others(start: Start) -> None:
    process, (first, *_) = start()
    asked, goes_on = threading.Event(), threading.Event()

    def answer(got: Got) -> int:
        asked.set()
        goes_on.wait(10)
        return 204

    receiver = Listener(answer)
    with httpx.Client(base_url=first.rpartition(" ")[2]) as client:
        webhook = {"vendor": "sela", "kind": "LEAD_CREATED", "to": receiver.url}
        assert client.post("/__admin/workspaces/demo/webhooks", json=webhook).status_code == 201
        leads = {"leads": [{"phone_number": f"+1202555017{number}"} for number in range(3)]}
        token = {"Authorization": "Token demo"}
        client.post("/sela/api/leads/bulk-create/", json=leads, headers=token)
        assert asked.wait(5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        goes_on.set()
        _, err = process.communicate(timeout=10)
    receiver.close()
    assert len(receiver.got) == 1
    assert err.splitlines()[-1] == "WARNING mockserver: 2 deliveries were still to be made"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_at_once_though_a_client_keeps_its_connection(
    number: signal.Signals, start: Start
) -> None:
    process, (first, *_) = start()
    with httpx.Client() as client:
        client.get(first.rpartition(" ")[2] + "/livez")
        began = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
        assert (time.monotonic() - began < SOON, err.strip()) == (True, "")


def test_open_leads_a_browser_to_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(webbrowser, "open", opened.put)
    _open_soon("http://127.0.0.1:8080/__admin/")
    assert opened.get(timeout=5) == "http://127.0.0.1:8080/__admin/"

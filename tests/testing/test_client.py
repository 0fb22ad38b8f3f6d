"""The control client against a running server."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import yaml

import mockserver
from mockserver.client import Client, Clock, ControlError, Verdict, WorkspaceClient
from mockserver.errors import MockserverError, SettingError
from mockserver.serving.server import MockServer
from mockserver.testing import MockWorkspace, Running
from mockserver.testing.transport import InProcess
from tests.control.worlds import leads
from tests.samples import NAMES, SITES
from tests.world import PEOPLE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW = {"phone_number": "+12025550199", "email": "new@example.com"}


# The server


def test_health_says_version_and_base_urls(server: MockServer) -> None:
    urls = {
        site.vendor.name: f"{server.url}/{site.vendor.name}{site.document.base_path}"
        for site in SITES
    }
    assert server.client.health() == {
        "status": "ok",
        "version": mockserver.__version__,
        "base_urls": urls,
    }


def test_a_workspace_is_made_listed_and_deleted(server: MockServer) -> None:
    made = server.client.create("client-one")
    assert {
        "name": "client-one",
        "requests": 0,
        "last_request": None,
        "leads": leads(server.app.workspaces.unclaimed),
    } in server.client.workspaces()
    made.delete()
    assert "client-one" not in [each["name"] for each in server.client.workspaces()]


def test_a_name_is_found_where_none_is_given(server: MockServer) -> None:
    first, second = server.client.create(), server.client.create()
    assert first.name != second.name


def test_a_workspace_has_its_credentials_and_base_urls(server: MockServer) -> None:
    made = server.client.create("client-two")
    assert made.credentials.keys() == set(NAMES)
    assert made.credentials["octanist"] == {"X-API-KEY": "client-two"}
    assert (
        server.client.workspace("client-two").base_urls
        == made.base_urls
        == server.client.health()["base_urls"]
    )


def test_a_workspace_whose_credential_does_not_get_in_shows_none() -> None:
    with MockServer(auth="strict", default_account="everybody") as server:
        server.app.workspaces.admit(None)
        with pytest.raises(MockserverError, match="only declared accounts get in"):
            _ = server.client.workspace("everybody").credentials


def test_reset_puts_the_default_workspace_back_and_deletes_the_others() -> None:
    with MockServer(fixtures=PEOPLE) as server:
        for name in ("demo", "b"):
            server.client.create(name).seed("empty")
        server.client.reset()
        assert [each["name"] for each in server.client.workspaces()] == ["demo"]
        assert len(server.client.workspace("demo").leads()) == 39


def test_the_catalogue_of_faults_is_told(server: MockServer) -> None:
    catalogue = server.client.fault_kinds()
    assert (
        "rate_limited" in [each["name"] for each in catalogue["faults"]],
        "emails" in catalogue["magic"],
    ) == (True, True)


def test_threads_share_a_client(server: MockServer) -> None:
    made: list[WorkspaceClient] = []
    threads = [
        threading.Thread(target=lambda: made.append(server.client.create())) for _ in range(12)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({each.name for each in made}) == 12


def test_a_client_and_a_workspace_say_which_they_are(server: MockServer) -> None:
    assert repr(server.client) == f"Client('{server.url}')"
    assert repr(server.client.workspace("demo")) == f"<WorkspaceClient demo at {server.url}>"


# What goes wrong


def test_a_refusal_says_what_is_wrong(server: MockServer) -> None:
    with pytest.raises(ControlError) as refused:
        server.client.workspace("none").leads()
    error = refused.value
    assert (error.status, error.title, error.errors) == (404, "Not Found", ())
    assert str(error) == f"Not Found: {error.detail}"
    assert error.detail.startswith("There is no workspace 'none'.")


def test_a_refusal_names_every_field(opened: MockWorkspace) -> None:
    with pytest.raises(ControlError) as refused:
        opened.call(
            "POST", "/faults", {"fault": "slow", "vendor": "selah", "parameters": {"seconds": -1}}
        )
    assert {each["pointer"] for each in refused.value.errors} == {"/vendor", "/parameters/seconds"}


def test_a_token_is_wanted_and_sent() -> None:
    with MockServer(admin_token="open-sesame") as server:
        for client in (server.client, Client(server.url, "open-sesame")):
            assert [each["name"] for each in client.workspaces()] == ["demo"]
        with pytest.raises(ControlError, match=r"^Unauthorized: "):
            Client(server.url).workspaces()


def test_no_server_is_told_in_a_sentence() -> None:
    with pytest.raises(ControlError) as refused:
        Client("http://127.0.0.1:1").health()
    assert (refused.value.status, str(refused.value)) == (
        0,
        "No answer: there is no mockserver at http://127.0.0.1:1: Connection refused",
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://h:99999",
    ],
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(
        ValueError, match=r"is not the URL of a server, like http://127\.0\.0\.1:8080"
    ):
        Client(url)


@pytest.fixture
def stranger() -> Iterator[Callable[[bytes], str]]:
    """Something that is no mockserver: answers every GET with these bytes."""
    servers: list[HTTPServer] = []

    def start(answer: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.wfile.write(answer)

            def log_message(self, *arguments: Any) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for each in servers:
        each.shutdown()
        each.server_close()


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhey!",
            200,
            "No mockserver: .*: hey!",
            id="a page that is there",
        ),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n",
            302,
            "No mockserver: ",
            id="a redirect",
        ),
        pytest.param(
            b"HTTP/1.1 404 Gone\r\ncontent-length: 4\r\n\r\nhuh?",
            404,
            "No mockserver: .*: huh?",
            id="a page",
        ),
        pytest.param(
            b"HTTP/1.1 502 Bad\r\ncontent-length: 2\r\n\r\n\xff\xfe",
            502,
            "No mockserver: ",
            id="no text",
        ),
        pytest.param(b"", 0, "No answer: ", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", 0, "No answer: ", id="another protocol"),
    ],
)
def test_something_else_that_answers_is_told(
    stranger: Callable[[bytes], str], answer: bytes, status: int, words: str
) -> None:
    with pytest.raises(ControlError, match=words) as refused:
        Client(stranger(answer)).health()
    assert refused.value.status == status


def test_a_server_that_does_not_answer_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ControlError, match="timed out"),
    ):
        Client(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05).health()


# The clock


def test_the_clock_is_read_as_what_it_is(opened: MockWorkspace) -> None:
    assert opened.freeze(NOON) == opened.clock() == Clock("frozen", NOON, timedelta(0))


@pytest.mark.parametrize(
    "at",
    [
        pytest.param("2026-03-01T12:00:00Z", id="text"),
        pytest.param(NOON.astimezone(timezone(timedelta(hours=-8))), id="another zone"),
        pytest.param(NOON, id="UTC"),
    ],
)
def test_a_moment_may_be_said_in_several_ways(opened: MockWorkspace, at: datetime | str) -> None:
    assert opened.freeze(at).now == NOON


def test_a_moment_without_a_zone_is_refused(opened: MockWorkspace) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        opened.freeze(NOON.replace(tzinfo=None))


@pytest.mark.parametrize("at", [NOON.date(), 3])
def test_what_is_no_moment_is_refused(opened: MockWorkspace, at: Any) -> None:
    with pytest.raises(TypeError, match="is no moment: give an aware datetime"):
        opened.freeze(at)


@pytest.mark.parametrize("fixture", [["octanist"], 3])
def test_what_is_no_fixture_is_refused(opened: MockWorkspace, fixture: Any) -> None:
    with pytest.raises(TypeError, match="is neither the content of a fixture nor a name"):
        opened.seed(fixture)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", None])
def test_what_is_no_url_is_refused(url: Any) -> None:
    with pytest.raises(ValueError, match="is not the URL of a server"):
        Client(url)


@pytest.mark.parametrize("token", ["open sesame", "open\nsesame", "sésame"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ValueError, match=r"^the admin token must be ASCII characters") as refused:
        Client("http://127.0.0.1:1", token)
    assert token not in str(refused.value)


@pytest.mark.parametrize("fixtures", [3, {"octanist": {}}])
def test_what_names_no_fixture_stops_a_server(fixtures: Any) -> None:
    with pytest.raises(SettingError, match="must be a name or a path, or several of them"):
        MockServer(fixtures=fixtures)


def test_without_a_moment_the_clock_stands_still_now(opened: MockWorkspace) -> None:
    clock = opened.freeze()
    assert (clock.mode, abs(clock.now - datetime.now(UTC)) < timedelta(seconds=30)) == (
        "frozen",
        True,
    )


@pytest.mark.parametrize("by", [timedelta(minutes=1), 60, 60.0])
def test_a_time_may_be_said_in_seconds(opened: MockWorkspace, by: timedelta | float) -> None:
    assert opened.shift(by).shift == timedelta(minutes=1)
    opened.freeze(NOON)
    assert opened.advance(by).now == NOON + timedelta(minutes=1)
    assert (opened.real_time().mode, opened.clock().shift) == ("real", timedelta(0))


# Leads, journal, faults, snapshots


def test_a_lead_is_read_with_its_history(opened: MockWorkspace) -> None:
    opened.sela.patch("/api/leads/28001/", json={"status": "LOST"})
    found = opened.lead("sela", 28001)
    assert (found["lead"]["status"], [each["operation"] for each in found["history"]]) == (
        "LOST",
        ["leads_partial_update"],
    )


def test_a_journal_is_read_page_by_page() -> None:
    with MockServer(journal_entries=2000) as roomy:
        opened = Running(roomy.client, lambda: InProcess(roomy.app, roomy.loop)).open("test_pages")
        client = opened.in_process("octanist")
        for _ in range(1001):
            client.post("/check")
        assert [each["number"] for each in opened.requests()] == list(range(1, 1002))
        opened.close()


def test_a_verdict_has_its_reason(opened: MockWorkspace) -> None:
    opened.octanist.post("/check")
    passed = opened.verify(operation="check")
    assert (passed.passed, passed.found, passed.nearest) == (True, [1], [])
    failed = opened.verify(operation="check", status=500)
    assert failed == Verdict(
        False, failed.message, [], [{"number": 1, "differences": ["status: expected 500, was 200"]}]
    )


def test_a_fault_can_be_removed_twice(opened: MockWorkspace) -> None:
    fault = opened.add_fault("conflict", times=3)
    assert (fault.rule["times"], fault.applied) == (3, 0)
    fault.remove()
    fault.remove()
    assert (opened.faults(), fault.applied) == ([], 0)


def test_a_fault_that_is_gone_by_the_end_of_its_block_is_no_error(opened: MockWorkspace) -> None:
    with opened.add_fault("conflict"):
        opened.reset()
    assert opened.faults() == []


def test_a_fault_in_a_workspace_that_is_gone_is_no_error(server: MockServer) -> None:
    workspace = server.client.create()
    with workspace.add_fault("conflict"):
        workspace.delete()


def test_a_name_with_a_slash_is_refused_by_the_server_and_reaches_no_other_place(
    opened: MockWorkspace,
) -> None:
    with pytest.raises(ControlError) as refused:
        opened.save("../leads?x=")
    assert refused.value.status in (400, 404)


def test_an_unnamed_snapshot_leaves_nothing(opened: MockWorkspace) -> None:
    with opened.snapshot():
        assert len(opened.snapshots()) == 1
    assert opened.snapshots() == []


def test_a_named_snapshot_stays_until_it_is_forgotten(opened: MockWorkspace) -> None:
    with opened.snapshot("mine"):
        opened.seed("empty")
    assert (opened.snapshots(), len(opened.leads())) == (["mine"], 39)
    opened.forget("mine")
    assert opened.snapshots() == []


def test_settings_are_values_by_name(opened: MockWorkspace) -> None:
    opened.set("sela", several_matches="refuse", page_size=5)
    assert {name: opened.settings()["sela"][name] for name in ("several_matches", "page_size")} == {
        "several_matches": "refuse",
        "page_size": 5,
    }


def test_an_export_is_json_or_yaml(opened: MockWorkspace) -> None:
    written = opened.export()
    assert yaml.safe_load(opened.export("yaml")) == yaml.safe_load(yaml.safe_dump(written))


def test_the_report_and_the_archive_are_read(opened: MockWorkspace) -> None:
    opened.octanist.get("/leads")
    assert opened.report()["requests"] == 1
    assert opened.report("markdown").startswith("# Client conduct\n")
    assert len(opened.har()["log"]["entries"]) == 1


def test_text_of_any_language_goes_and_comes(opened: MockWorkspace) -> None:
    opened.seed({"octanist": {"leads": [{"name": "Gödel, Łoś, 李"}]}})
    assert [each["lead"]["name"] for each in opened.leads(q="GÖDEL, łoś")] == ["Gödel, Łoś, 李"]


def test_a_ready_client_carries_a_key_in_the_query() -> None:
    access = {
        "name": "w",
        "base_urls": {"shop": "http://shop.example/v1"},
        "credentials": {"shop": {"headers": {}, "query": {"key": "w"}}},
    }
    workspace = MockWorkspace(access, Running(Client("http://127.0.0.1:1")))
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200)

    workspace.http("shop", transport=httpx.MockTransport(answer)).get("/leads?b=2")
    assert asked == ["http://shop.example/v1/leads?b=2&key=w"]
    assert workspace.credential_queries == {"shop": {"key": "w"}}

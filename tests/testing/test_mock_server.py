"""The server as a context manager, for any test runner."""

import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import mockserver
from mockserver.client import ControlError
from mockserver.serving.server import MockServer


def test_it_is_exported_by_the_package() -> None:
    assert mockserver.MockServer is MockServer


def test_the_package_exports_nothing_else() -> None:
    with pytest.raises(AttributeError, match="module 'mockserver' has no attribute 'MockSever'"):
        _ = mockserver.MockSever
    assert set(mockserver.__all__) == {"MockServer", "__version__"}


def test_importing_the_package_imports_no_server() -> None:
    code = "import sys, mockserver, mockserver.client; print(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {name for name in out if name.startswith("mockserver")} == {
        "mockserver",
        "mockserver.client",
        "mockserver.client_answers",
        "mockserver.client_webhooks",
        "mockserver.errors",
        "mockserver.version",
    }
    assert {"starlette", "uvicorn", "asyncio", "http.client"}.isdisjoint(out)


def test_a_workspace_is_ready_for_any_client() -> None:
    with MockServer(fixtures="empty") as server:
        workspace = server.workspace()
        url, headers = workspace.base_urls["octanist"], workspace.credentials["octanist"]
        assert httpx.post(f"{url}/leads", headers=headers, json={"name": "Neo"}).status_code == 200
        workspace.assert_called(operation="create_lead", body={"name": "Neo"}, times=1)


def test_a_workspace_that_is_there_is_given_again(server: MockServer) -> None:
    server.workspace("mock-server-one").seed("empty")
    assert server.workspace("mock-server-one").leads() == []


def test_a_name_that_never_gets_in_is_refused(server: MockServer) -> None:
    with pytest.raises(ControlError, match="'invalid' never gets in"):
        server.workspace("invalid")


def test_its_client_has_the_token_that_was_made_up() -> None:
    with MockServer(host="0.0.0.0") as server:
        assert server.app.control.token
        assert server.workspace("any").leads("sela") != []
        assert httpx.get(f"{server.url}/__admin/workspaces").status_code == 401


@pytest.mark.skipif(
    not socket.has_dualstack_ipv6(), reason="this machine has no IPv6 beside its IPv4"
)
def test_it_listens_on_every_address_of_both_kinds() -> None:
    with MockServer(host="::") as server:
        port = server.url.rpartition(":")[2]
        assert server.url == f"http://[::1]:{port}"
        assert [
            httpx.get(f"http://{host}:{port}/readyz").status_code for host in ("[::1]", "127.0.0.1")
        ] == [200, 200]


def test_it_stops_at_once_though_a_fault_holds_an_answer_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = MockServer().start()
    with ThreadPoolExecutor() as pool:
        held = pool.submit(
            httpx.get,
            f"{server.url}/sela/api/leads/",
            headers={"Authorization": "Token a", "Prefer": "fault=timeout"},
        )
        while len(server.client.workspaces()) == 1:  # the demo's, until the request is here
            time.sleep(0.01)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 3
        assert isinstance(held.exception(), httpx.RemoteProtocolError)
    assert [record.getMessage() for record in caplog.records] == [
        "Cancel 1 running task(s), timeout graceful shutdown exceeded"
    ]
    caplog.clear()


def test_it_runs_on_a_loop_that_is_told(server: MockServer) -> None:
    assert server.loop.is_running()


def test_it_can_be_stopped_and_its_port_used_again() -> None:
    with MockServer() as server:
        port = server.app.settings.port or int(server.url.rpartition(":")[2])
    with MockServer(port=port) as again:
        assert again.client.health()["status"] == "ok"

"""What clients send over and over leaves nothing behind: memory stays near where it was."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import pytest

MOST = 20 << 20
"""How many bytes more the server may take at the end than at the start."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not File("/proc/self/statm").exists(), reason="needs Linux"),
]


class Server:
    """A server in a process of its own, and one connection to it."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> int:
        """Send a request with a JSON body. Returns the status of the answer."""
        text = None if body is None else json.dumps(body)
        given = {"Content-Type": "application/json"} | (headers or {})
        try:
            self._connection.request(method, path, text, given)
            answer = self._connection.getresponse()
            answer.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()  # a server may close on what it refuses
            return 0
        return answer.status

    def close(self) -> None:
        """End the connection and the process."""
        self._connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def memory(self) -> int:
        """How many bytes the process takes."""
        pages = File(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that has just been started."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--log-level", "error"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
    assert found is not None
    started = Server(process, int(found[1]))
    yield started
    started.close()
    process.stdout.close()


def test_workspaces_that_are_made_and_deleted_leave_nothing(server: Server) -> None:
    leads = [{"email": f"p{number}@example.com", "note": "x" * 10_000} for number in range(100)]

    def one_round(number: int) -> None:
        account = f"w{number}"
        server.send("POST", "/__admin/workspaces", {"name": account})
        path = f"/__admin/workspaces/{account}"
        fixture = {"octanist": {"leads": leads}}
        assert server.send("POST", f"{path}/seed", {"fixture": fixture}) == 200
        for _ in range(18):
            listed = server.send(
                "GET", "/octanist/api/leads?limit=100", headers={"X-API-KEY": account}
            )
            assert listed == 200
        assert server.send("DELETE", path) == 204

    for number in range(5):
        one_round(number)
    before = server.memory()
    for number in range(5, 20):
        one_round(number)
    grown = server.memory() - before
    assert grown < MOST


def test_long_phones_and_addresses_are_not_remembered(server: Server) -> None:
    headers = {"X-API-KEY": "me"}

    def one_round(number: int) -> None:
        long = f"{number:07}" + "1" * 1_000_000
        server.send("PATCH", "/octanist/api/leads", {"phone": long, "status": "won"}, headers)
        server.send("PATCH", "/octanist/api/leads", {"email": long + "@example.com"}, headers)
        server.send("GET", "/octanist/api/leads", headers=headers | {"X-API-KEY": long[:60_000]})
        charset = f"application/json; charset=x{number}" + "y" * 5000
        server.send(
            "POST", "/sela/api/leads/", {}, {"Authorization": "Token me", "Content-Type": charset}
        )

    for number in range(5):
        one_round(number)
    before = server.memory()
    for number in range(5, 25):
        one_round(number)
    server.send("POST", "/__admin/workspaces/me/reset")
    server.send("DELETE", "/__admin/workspaces/me")
    grown = server.memory() - before
    assert grown < MOST


def test_large_headers_count_for_the_journal(server: Server) -> None:
    def one_round(number: int) -> None:
        server.send("GET", "/octanist/api/leads", headers={"X-Large": "x" * 1_000_000})
        server.send("GET", "/octanist/api/leads", headers={"X-Large": f"{number}" + "x" * 50_000})

    for number in range(10):
        one_round(number)
    before = server.memory()
    for number in range(10, 60):
        one_round(number)
    grown = server.memory() - before
    assert grown < MOST

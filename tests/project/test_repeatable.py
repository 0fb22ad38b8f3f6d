"""The same seed, the same clock and the same requests give the same bytes, whichever process answers."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SELA = {"Authorization": "Token twin"}
OCTANIST = {"X-API-KEY": "twin"}
NLPEARL = {"Authorization": "Bearer twin:secret"}
PEARL = "/nlpearl/v2/Outbound/66a1f0c2d60e456235eae601"
ADMIN = "/__admin/workspaces/twin"

SCRIPT: list[tuple[str, str, dict[str, str], Any]] = [
    ("POST", "/__admin/workspaces", {}, {"name": "twin", "at": "2026-03-01T12:00:00.123456Z"}),
    (
        "POST",
        f"{ADMIN}/faults",
        {},
        {"fault": "server_error", "operation": "leads_retrieve", "probability": 0.5},
    ),
    (
        "POST",
        "/sela/api/leads/",
        SELA,
        {
            "phone_number": "+12025550120",
            "email": "new@example.com",
            "lead_type": 123,
            "extra": {"b": 1, "a": 2},
        },
    ),
    (
        "PUT",
        "/sela/api/leads/update/",
        SELA,
        {"phone_number": "+12025550120", "email": "new@example.com", "status": "CLOSED"},
    ),
    *[("GET", "/sela/api/leads/28058/", SELA, None)] * 8,
    ("GET", "/sela/api/leads/?page_size=3", SELA, None),
    ("POST", "/sela/api/leads/", SELA, {"phone_number": "12", "lead_type": "x"}),
    ("GET", "/sela/nothing/", SELA, None),
    (
        "POST",
        "/octanist/api/leads",
        OCTANIST,
        {"name": "New", "email": "new@example.com", "custom": {"z": 1, "y": 2}},
    ),
    ("PATCH", "/octanist/api/leads", OCTANIST, {"email": "family@example.com", "status": "won"}),
    (
        "POST",
        "/octanist/api/stats",
        OCTANIST,
        {"period": "custom", "startDate": "2025-01-01", "endDate": "2026-12-31"},
    ),
    ("GET", "/octanist/api/leads?sort=createdAt:desc", OCTANIST, None),
    (
        "POST",
        f"{PEARL}/Lead",
        NLPEARL,
        {
            "phoneNumber": "+12025550121",
            "externalId": "crm-1",
            "timeZoneId": "Pacific Standard Time",
        },
    ),
    (
        "POST",
        f"{PEARL}/Leads/Add",
        NLPEARL,
        {"leads": [{"phoneNumber": "+12025550122"}, {"phoneNumber": None}]},
    ),
    ("POST", f"{PEARL}/Leads", NLPEARL, {"limit": 5}),
    ("PUT", f"{PEARL}/Lead/ffffffffffffffffffffffff", NLPEARL, {"status": 100}),
    ("POST", f"{ADMIN}/clock/advance", {}, {"seconds": 86400}),
    ("GET", "/sela/api/lead-types/", SELA, None),
    ("GET", f"{ADMIN}/export", {}, None),
]


@pytest.fixture
def start() -> Iterator[Callable[[str], int]]:
    """Starts a server in a process with that PYTHONHASHSEED, and returns its port."""
    running = []

    def start(hash_seed: str) -> int:
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--seed", "7"]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )
        running.append(process)
        assert process.stdout is not None
        return int(process.stdout.readline().rpartition(":")[2])

    yield start
    for process in running:
        process.kill()
        process.communicate()


def answers(port: int) -> list[bytes]:
    """Every byte that comes back for the script, one connection for each request."""
    return [talk(port, *each) for each in SCRIPT]


def talk(port: int, method: str, target: str, headers: dict[str, str], body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    fields = {
        "Host": "mock.example",
        "Content-Type": "application/json",
        "Connection": "close",
        **headers,
        "Content-Length": len(content),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + content)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def without_real_time(answer: bytes) -> bytes:
    """The answer, but for the times in those of the control API, which are the machine's until the workspace's clock stands still."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"mockserver-request: " in head:
        return answer
    content = json.loads(body)
    if isinstance(content.get("clock"), dict):
        del content["clock"]["now"]
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"date: ")]
    return b"\r\n".join([*lines, b"", json.dumps(content).encode()])


def test_two_processes_answer_the_same_bytes(start: Callable[[str], int]) -> None:
    one, two = (list(map(without_real_time, answers(start(seed)))) for seed in ("1", "2"))
    assert one == two
    statuses = [int(answer.split(b" ", 2)[1]) for answer in one]
    assert statuses[:4] == [201, 201, 201, 200]
    assert set(statuses[4:12]) == {200, 500}
    assert statuses[12:] == [200, 400, 404, 200, 409, 200, 200, 200, 400, 200, 400, 200, 200, 200]

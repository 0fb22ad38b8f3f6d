"""How fast the server is on this machine.

Requests a second against a bare ASGI application, start-up, memory, a large import, snapshots.

The servers run on one core and the load on another. It is all measured over the wire and takes
about a minute, ten seconds with --quick.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
PEOPLE = 5_000
IMPORTED = 50_000
STORED = 10_000
AREAS = (212, 213, 312, 404, 415, 512, 617, 702, 808, 907)
TOKEN = "Authorization: Token bench"
KEY = "X-API-KEY: bench"
BEARER = "Authorization: Bearer bench:secret"
WORKSPACE = "/__admin/workspaces/bench"
PATIENCE = 15
"""Seconds after which a server that does not answer is given up."""


@dataclass(frozen=True)
class Plan:
    """How long to measure: rounds of each load, seconds a round, starts of the server."""

    rounds: int = 3
    seconds: int = 2
    starts: int = 10


QUICK = Plan(rounds=1, seconds=1, starts=3)


@dataclass(frozen=True)
class Load:
    """Requests to send again and again, with the header line of their credential."""

    name: str
    credential: str
    requests: Sequence[str]


@dataclass(frozen=True)
class Result:
    """What one round of a load came to."""

    rate: float
    slowest: float
    errors: int


def phone(person: int) -> str:
    """A valid number of that person's own."""
    return f"+1{AREAS[person % len(AREAS)]}{2340000 + person // len(AREAS)}"


def email(person: int) -> str:
    """An address of that person's own."""
    return f"person{person}@example.com"


def pinned(core: int, command: list[str]) -> list[str]:
    """The command, kept on one core where the system can do that."""
    return (
        ["taskset", "-c", str(core % (os.cpu_count() or 1)), *command]
        if shutil.which("taskset")
        else command
    )


def floor(port: int) -> list[str]:
    """The command that serves the bare application, below which nothing can be."""
    options = ["--no-access-log", "--log-level", "error", "--ws", "none", "--lifespan", "off"]
    return [
        sys.executable,
        "-m",
        "uvicorn",
        "bare:app",
        "--app-dir",
        str(HERE),
        "--port",
        str(port),
        *options,
    ]


def mockserver(port: int) -> list[str]:
    """The command that serves the product."""
    return [
        sys.executable,
        "-m",
        "mockserver",
        "serve",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]


@contextmanager
def serving(command: Callable[[int], list[str]]) -> Iterator[tuple[int, int]]:
    """Runs a server on a free port and waits until it is ready.

    Gives the port and the process id.
    """
    port = free_port()
    process = subprocess.Popen(pinned(0, command(port)), stdout=subprocess.DEVNULL)
    try:
        until_answered(port, "/readyz")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def until_answered(port: int, path: str, credential: str = TOKEN) -> None:
    """Ask until the answer is 200."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if (
                ask(HTTPConnection("127.0.0.1", port, timeout=PATIENCE), "GET", path, credential)[0]
                == 200
            ):
                return
        except (OSError, HTTPException):
            time.sleep(0.001)
    sys.exit(f"nothing answers {path} on port {port}")


def ask(
    connection: HTTPConnection, method: str, path: str, credential: str, body: Any = None
) -> tuple[int, Any]:
    """One request; the status and the JSON that came back."""
    name, _, value = credential.partition(": ")
    payload = None if body is None else json.dumps(body)
    connection.request(method, path, payload, {name: value, "Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"null")


def seed(port: int) -> list[int]:
    """Every person as a lead of Sela, in bulk, and of Octanist, one by one.

    Gives the ids at Sela.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    leads = [{"phone_number": phone(person), "email": email(person)} for person in range(PEOPLE)]
    _, answer = ask(connection, "POST", "/sela/api/leads/bulk-create/", TOKEN, {"leads": leads})
    for person in range(PEOPLE):
        ask(
            connection,
            "POST",
            "/octanist/api/leads",
            KEY,
            {"name": f"Person {person}", "email": email(person), "phone": phone(person)},
        )
    return [result["id"] for result in answer["results"]]


def loads(ids: Sequence[int]) -> Iterator[Load]:
    """What is sent: the two updates, each for every person in turn, and a read."""
    everybody = range(PEOPLE)
    statuses = ("OPEN", "CLOSED", "LOST", "NEW")
    updates = [
        {
            "phone_number": phone(i),
            "email": email(i),
            "status": statuses[i % 4],
            "external_id": f"crm-{i}",
            "lead_source": "bench",
        }
        for i in everybody
    ]
    changes = [
        {
            "email": email(i),
            "status": ("won", "lost", "qualified")[i % 3],
            "value": i,
            "note": "bench",
        }
        for i in everybody
    ]
    yield Load(
        "Sela: PUT /api/leads/update/",
        TOKEN,
        [f"PUT /sela/api/leads/update/ {json.dumps(each)}" for each in updates],
    )
    yield Load(
        "Octanist: PATCH /leads",
        KEY,
        [f"PATCH /octanist/api/leads {json.dumps(each)}" for each in changes],
    )
    yield Load("Sela: GET /api/leads/{id}/", TOKEN, [f"GET /sela/api/leads/{id}/" for id in ids])


def measure(load: Load, port: int, seconds: int) -> Result:
    """One round of a load against one server: one thread, 32 connections."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(load.requests) + "\n")
        file.flush()
        wrk = [
            "wrk",
            "--threads",
            "1",
            "--connections",
            "32",
            "--duration",
            f"{seconds}s",
            "--latency",
            "--script",
            str(HERE / "replay.lua"),
        ]
        command = pinned(1, [*wrk, f"http://127.0.0.1:{port}", "--", file.name, load.credential])
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, slowest, errors = output.rpartition("RESULT ")[2].split()
    return Result(float(rate), float(slowest), int(errors))


def compare(plan: Plan) -> None:
    """The loads against the bare application and against the product, in turns."""
    print(
        f"Requests a second, {PEOPLE:,} people in turn, one core (median of {plan.rounds}, in "
        "turns)",
        flush=True,
    )
    with serving(floor) as (bare_port, _), serving(mockserver) as (port, _):
        for load in loads(seed(port)):
            rounds = [
                (measure(load, bare_port, plan.seconds), measure(load, port, plan.seconds))
                for _ in range(plan.rounds)
            ]
            lowest, rate = (
                median(bare.rate for bare, _ in rounds),
                median(ours.rate for _, ours in rounds),
            )
            ratio = median(ours.rate / bare.rate for bare, ours in rounds)
            slowest = median(ours.slowest for _, ours in rounds)
            rates = f"bare {lowest:8,.0f}   mockserver {rate:8,.0f}   ratio {ratio:.2f}"
            print(f"  {load.name:30} {rates}   99 % within {slowest:.1f} ms", flush=True)
            if errors := sum(ours.errors for _, ours in rounds):
                sys.exit(f"{errors} answers were no success")


def start_up(plan: Plan) -> None:
    """Time from exec to the first answers, and memory after them."""
    ready, lead, memory = [], [], []
    for _ in range(plan.starts):
        began = time.perf_counter()
        with serving(mockserver) as (port, process):
            ready.append(time.perf_counter() - began)
            until_answered(port, "/sela/api/leads/28013/")
            lead.append(time.perf_counter() - began)
            memory.append(resident(process))
    print(f"Start-up, from exec (median of {plan.starts})")
    print(
        f"  first 200 of /readyz {median(ready) * 1000:.0f} ms   first lead "
        f"{median(lead) * 1000:.0f} ms   resident {median(memory):.0f} MB"
    )


def resident(process: int) -> float:
    """The resident memory of a process in megabytes."""
    return (
        int(
            subprocess.run(
                ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True
            ).stdout
        )
        / 1024
    )


def large_import() -> None:
    """One request that adds as many leads as the vendor allows."""
    leads = [
        {
            "phoneNumber": phone(i),
            "externalId": f"crm-{i}",
            "callData": {"firstName": f"Person {i}"},
        }
        for i in range(IMPORTED)
    ]
    with serving(mockserver) as (port, process):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        _, pearls = ask(connection, "GET", "/nlpearl/v2/Pearl", BEARER)
        pearl = next(each["id"] for each in pearls if each["type"] == 2)
        began = time.perf_counter()
        status, _ = ask(
            connection, "POST", f"/nlpearl/v2/Outbound/{pearl}/Leads/Add", BEARER, {"leads": leads}
        )
        print(f"NLPearl: Add Leads, {IMPORTED:,} at once")
        print(
            f"  {time.perf_counter() - began:.2f} s   status {status}   resident after it "
            f"{resident(process):.0f} MB"
        )


def control_plane(plan: Plan) -> None:
    """What saving, restoring, resetting, exporting and seeding a workspace take that holds STORED
    leads."""
    leads = [{"phone_number": phone(person), "email": email(person)} for person in range(STORED)]
    with serving(mockserver) as (port, _):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        ask(connection, "POST", "/sela/api/leads/bulk-create/", TOKEN, {"leads": leads})
        fixture = ask(connection, "GET", f"{WORKSPACE}/export", TOKEN)[1]
        steps: Sequence[tuple[str, str, str, Any]] = (
            ("save", "PUT", "/snapshots/full", {}),
            ("restore", "POST", "/snapshots/full/restore", None),
            ("export", "GET", "/export", None),
            ("reset", "POST", "/reset", None),
            ("restore after reset", "POST", "/snapshots/full/restore", None),
            ("forget", "DELETE", "/snapshots/full", None),
            ("seed", "POST", "/seed", {"fixture": fixture}),
        )
        times: dict[str, list[float]] = {}
        for _ in range(plan.starts):
            for name, method, path, body in steps:
                times.setdefault(name, []).append(
                    milliseconds(connection, method, WORKSPACE + path, body)
                )
    print(f"Control plane, a workspace of {STORED:,} leads (median of {plan.starts}, over HTTP)")
    print("  " + "   ".join(f"{name} {median(each):.1f} ms" for name, each in times.items()))


def milliseconds(connection: HTTPConnection, method: str, path: str, body: Any) -> float:
    """How long one request takes, from its first byte to the last of its answer."""
    payload = None if body is None else json.dumps(body)
    began = time.perf_counter()
    connection.request(method, path, payload, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 300:
        sys.exit(f"{method} {path} answers {answer.status}: {content.decode()[:300]}")
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    plan = QUICK if parser.parse_args().quick else Plan()
    if not shutil.which("taskset"):
        print(
            "taskset is not installed: servers and load share the cores, and the rates mean less."
        )
    if shutil.which("wrk"):
        compare(plan)
    else:
        print(
            "wrk is not installed: requests a second are not measured (apt-get install wrk, or "
            "brew install wrk)."
        )
    start_up(plan)
    large_import()
    control_plane(plan)


if __name__ == "__main__":
    main()

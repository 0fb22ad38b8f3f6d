"""How fast the server is on this machine.

Requests a second against a bare ASGI application, what TLS beside it and the log of requests cost,
start-up, memory, a large import, snapshots.

The servers run on one core and the load on another. It is all measured over the wire and takes
about two minutes, twenty seconds with --quick.

With --against FOLDER another checkout is measured in the same turns: this one, that one, this one,
that one, so that what else the machine does meets both. It runs FOLDER's own code on this
interpreter. Each figure is then two, `this / other`, with the ratio of this one to the other in
brackets: the median of the ratios of all turns. That takes about four minutes, half a minute with
--quick.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PEOPLE = 5_000
IMPORTED = 50_000
STORED = 10_000
AREAS = (212, 213, 312, 404, 415, 512, 617, 702, 808, 907)
TOKEN = "Authorization: Token bench"
KEY = "X-API-KEY: bench"
BEARER = "Authorization: Bearer bench:secret"
WORKSPACE = "/__admin/workspaces/bench"
STEPS = 10_000
NOON = "2026-03-02T12:00:00Z"
PEARL = "66a1f0c2d60e456235eae601"
OPTION_ROUNDS = 3
"""So many times more turns than a load has: small differences are looked for."""
PATIENCE = 15
"""Seconds after which a server that does not answer is given up."""


@dataclass(frozen=True)
class Plan:
    """How long to measure: rounds of each load, seconds a round, starts of the server, imports."""

    rounds: int = 3
    seconds: int = 2
    starts: int = 10
    imports: int = 1


QUICK = Plan(rounds=1, seconds=1, starts=3)
PAIRED = Plan(rounds=9, seconds=1, starts=10, imports=5)
"""Short turns, and many: for a ratio that the rest of the machine leaves alone."""

Values = Sequence[float]
Server = tuple[int, int]
"""The port and the process id of a server."""


@dataclass(frozen=True)
class Load:
    """Requests to send again and again, with the header line of their credential.

    With `differing` each request has one more header line, which no other has: then no server can
    profit from header lines that it has read before.
    """

    name: str
    credential: str
    requests: Sequence[str]
    differing: bool = False


@dataclass(frozen=True)
class Result:
    """What one round of a load came to; `cpu` is the server's microseconds for a request."""

    rate: float
    slowest: float
    errors: int
    cpu: float


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


def bare(port: int) -> list[str]:
    """The command that serves the bare application, which no mock can be faster than."""
    options = ["--no-access-log", "--log-level", "warning", "--ws", "none", "--lifespan", "off"]
    place = ["--app-dir", str(HERE), "--port", str(port)]
    return [sys.executable, "-m", "uvicorn", "bare:app", *place, *options]


def mockserver(port: int) -> list[str]:
    """The command that serves the product."""
    options = ["--port", str(port), "--log-level", "warning"]
    return [sys.executable, "-m", "mockserver", "serve", *options]


def with_tls(port: int) -> list[str]:
    """The same with TLS on a second port."""
    return [*mockserver(port), "--tls", "--tls-port", "0"]


def with_log(port: int) -> list[str]:
    """The same with a line for each request, into nothing: a pipe that nobody reads would fill."""
    command = [*mockserver(port), "--log-level", "info"]
    return ["sh", "-c", 'exec "$@" 2>/dev/null', "sh", *command]


OPTIONS = {"plain": mockserver, "with --tls": with_tls, "with --log-level info": with_log}


def environment(folder: Path) -> dict[str, str]:
    """What a server is started with: of Python's own variables only where its code is."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return others | {"PYTHONPATH": str(folder)}


def stop_unless_it_runs_its_own_code(folder: Path) -> None:
    """Exit where `mockserver` is not the package in that folder."""
    command = [sys.executable, "-c", "import mockserver; print(mockserver.__file__)"]
    run = subprocess.run(
        command, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True, check=False
    )
    package = Path(run.stdout.strip()).resolve().parent
    if run.returncode or package != folder / "mockserver":
        sys.exit(f"{folder} is no checkout of mockserver: the package is {package}")


@contextmanager
def serving(
    folder: Path, command: Callable[[int], list[str]] = mockserver
) -> Iterator[tuple[int, int]]:
    """Runs a server with the code in a folder, on a free port, and waits until it is ready.

    Gives the port and the process id.
    """
    port = free_port()
    process = subprocess.Popen(
        pinned(0, command(port)), cwd=folder, env=environment(folder), stdout=subprocess.DEVNULL
    )
    try:
        until_answered(port, "/readyz")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def figure(name: str, values: Sequence[Values], unit: str = "", digits: int = 0) -> str:
    """One line of what was measured: the median of each checkout's values.

    Of two checkouts also the median of the ratios of their values, the first to the second.
    """
    medians = " / ".join(f"{median(each):,.{digits}f}" for each in values)
    text = f"{name} {medians} {unit}".rstrip()
    if len(values) == 1:
        return text
    return f"{text} ({median(ratios(*values)):.2f})"


def ratios(first: Values, second: Values) -> list[float]:
    """The ratios of the first values to the second ones, one for each turn."""
    return [one / other for one, other in zip(first, second, strict=True)]


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
    ask(connection, "GET", "/sela/api/leads/", TOKEN)
    without_webhooks(connection)
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


def in_both_ways(loads: Iterator[Load]) -> Iterator[Load]:
    """Each load with header lines that repeat, and with one that differs in each request."""
    for load in loads:
        yield load
        yield replace(load, name="  with a header that differs", differing=True)


def cpu_seconds(process: int) -> float:
    """The processor's time that a process has had; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(load: Load, port: int, process: int, seconds: int) -> Result:
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
        headers = "differing" if load.differing else "repeated"
        options = ["--", file.name, load.credential, headers]
        command = pinned(1, [*wrk, f"http://127.0.0.1:{port}", *options])
        began = cpu_seconds(process)
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = cpu_seconds(process) - began
    rate, slowest, errors, requests = output.rpartition("RESULT ")[2].split()
    return Result(float(rate), float(slowest), int(errors), used * 1e6 / int(requests))


def compare(plan: Plan, folders: Sequence[Path]) -> None:
    """The loads against the bare application and against each checkout, in turns."""
    print(
        f"Requests a second and CPU time, {PEOPLE:,} people in turn, one core "
        f"(median of {plan.rounds}, in turns)",
        flush=True,
    )
    with ExitStack() as stack:
        floor = stack.enter_context(serving(ROOT, bare))
        servers = [stack.enter_context(serving(folder)) for folder in folders]
        for each in zip(*(in_both_ways(loads(seed(port))) for port, _ in servers), strict=True):
            compare_one(plan, floor, servers, each)


def compare_one(plan: Plan, floor: Server, servers: Sequence[Server], load: Sequence[Load]) -> None:
    """One load, made for each checkout, in turns."""
    lowest: list[Result] = []
    results: list[list[Result]] = [[] for _ in servers]
    for _ in range(plan.rounds):
        lowest.append(measure(load[0], *floor, plan.seconds))
        for server, own, kept in zip(servers, load, results, strict=True):
            kept.append(measure(own, *server, plan.seconds))
    bottom = [each.rate for each in lowest]
    rates = [[each.rate for each in kept] for kept in results]
    shares = " / ".join(f"{median(ratios(each, bottom)):.2f}" for each in rates)
    slowest = [[each.slowest for each in kept] for kept in results]
    times = [[each.cpu for each in kept] for kept in results]
    floor_time = median(each.cpu for each in lowest)
    line = f"bare {median(bottom):8,.0f}   {figure('mockserver', rates)}   of bare {shares}"
    print(
        f"  {load[0].name:30} {line}   CPU us a request: bare {floor_time:.1f}"
        f"   {figure('mockserver', times, digits=1)}   {figure('99 % within', slowest, 'ms', 1)}",
        flush=True,
    )
    if errors := sum(each.errors for kept in results for each in kept):
        sys.exit(f"{errors} answers were no success")


def what_options_cost(plan: Plan) -> None:
    """The first load against servers with other options, in turns, and their ratios to the plain.

    All of them are asked on their plain port.
    """
    results: dict[str, list[Result]] = {name: [] for name in OPTIONS}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(ROOT, command)) for name, command in OPTIONS.items()
        }
        own = {name: next(loads(seed(port))) for name, (port, _) in servers.items()}
        order = list(OPTIONS)
        for _ in range(OPTION_ROUNDS * plan.rounds):
            order = order[1:] + order[:1]  # nobody is always the first of a turn
            for name in order:
                results[name].append(measure(own[name], *servers[name], plan.seconds))
    plain = [each.cpu for each in results["plain"]]
    print(f"What options cost, CPU us a request of {own['plain'].name}, on the plain port")
    for name, kept in results.items():
        times = [each.cpu for each in kept]
        print(f"  {name:22} {median(times):.1f} ({median(ratios(times, plain)):.2f} of plain)")


def start_up(plan: Plan, folders: Sequence[Path]) -> None:
    """Time from exec to the first answers, and memory after them."""
    ready: list[list[float]] = [[] for _ in folders]
    lead: list[list[float]] = [[] for _ in folders]
    memory: list[list[float]] = [[] for _ in folders]
    for _ in range(plan.starts):
        for index, folder in enumerate(folders):
            began = time.perf_counter()
            with serving(folder) as (port, process):
                ready[index].append((time.perf_counter() - began) * 1000)
                until_answered(port, "/sela/api/leads/28013/")
                lead[index].append((time.perf_counter() - began) * 1000)
                memory[index].append(resident(process))
    figures = (
        figure("first 200 of /readyz", ready, "ms"),
        figure("first lead", lead, "ms"),
        figure("resident", memory, "MB"),
    )
    print(f"Start-up, from exec (median of {plan.starts})")
    print("  " + "   ".join(figures), flush=True)


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


def large_import(plan: Plan, folders: Sequence[Path]) -> None:
    """One request that adds as many leads as the vendor allows."""
    seconds: list[list[float]] = [[] for _ in folders]
    memory: list[list[float]] = [[] for _ in folders]
    for _ in range(plan.imports):
        for index, folder in enumerate(folders):
            with serving(folder) as (port, process):
                seconds[index].append(add_leads(port))
                memory[index].append(resident(process))
    took, held = figure("", seconds, "s", 2), figure("resident after it", memory, "MB")
    print(f"NLPearl: Add Leads, {IMPORTED:,} at once (median of {plan.imports})")
    print(f" {took}   {held}", flush=True)


def add_leads(port: int) -> float:
    """How many seconds it takes to add IMPORTED leads in one request."""
    leads = [
        {
            "phoneNumber": phone(i),
            "externalId": f"crm-{i}",
            "callData": {"firstName": f"Person {i}"},
        }
        for i in range(IMPORTED)
    ]
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    _, pearls = ask(connection, "GET", "/nlpearl/v2/Pearl", BEARER)
    without_webhooks(connection)
    pearl = next(each["id"] for each in pearls if each["type"] == 2)
    path = f"/nlpearl/v2/Outbound/{pearl}/Leads/Add"
    began = time.perf_counter()
    status, _ = ask(connection, "POST", path, BEARER, {"leads": leads})
    seconds = time.perf_counter() - began
    if status != 200:
        sys.exit(f"POST {path} answers {status}")
    return seconds


def control_plane(plan: Plan, folders: Sequence[Path]) -> None:
    """What saving, restoring, resetting, exporting and seeding a workspace take.

    The workspace holds STORED leads.
    """
    turns: list[list[dict[str, float]]] = [[] for _ in folders]
    with ExitStack() as stack:
        ports = [stack.enter_context(serving(folder))[0] for folder in folders]
        fixtures = [fill(port) for port in ports]
        for _ in range(plan.starts):
            for port, fixture, kept in zip(ports, fixtures, turns, strict=True):
                kept.append(turn(port, fixture))
    figures = [
        figure(name, [[times[name] for times in kept] for kept in turns], "ms", 1)
        for name in turns[0][0]
    ]
    print(f"Control plane, a workspace of {STORED:,} leads (median of {plan.starts}, over HTTP)")
    print("  " + "   ".join(figures))


def turn(port: int, fixture: Any) -> dict[str, float]:
    """The milliseconds that each step with the workspace takes, once."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()  # anew: the server closes one that waits through another's turn
    return {
        name: milliseconds(connection, method, WORKSPACE + path, body)
        for name, method, path, body in steps(fixture)
    }


def fill(port: int) -> Any:
    """Store STORED leads; gives all that the workspace holds as a fixture."""
    leads = [{"phone_number": phone(person), "email": email(person)} for person in range(STORED)]
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    ask(connection, "GET", "/sela/api/leads/", TOKEN)
    without_webhooks(connection)
    ask(connection, "POST", "/sela/api/leads/bulk-create/", TOKEN, {"leads": leads})
    return ask(connection, "GET", f"{WORKSPACE}/export", TOKEN)[1]


def steps(fixture: Any) -> Iterator[tuple[str, str, str, Any]]:
    """What is done with a workspace: name, method, path and body of each step."""
    yield "save", "PUT", "/snapshots/full", {}
    yield "restore", "POST", "/snapshots/full/restore", None
    yield "export", "GET", "/export", None
    yield "reset", "POST", "/reset", None
    yield "restore after reset", "POST", "/snapshots/full/restore", None
    yield "forget", "DELETE", "/snapshots/full", None
    yield "seed", "POST", "/seed", {"fixture": fixture}


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


def played_calls() -> None:
    """How long it takes to play many due steps of one moment, and what others notice of it.

    Of this checkout alone. A lead is read over and over meanwhile.
    """
    with serving(ROOT) as (port, process):
        connection = HTTPConnection("127.0.0.1", port, timeout=10 * PATIENCE)
        made = {"name": "bench", "at": NOON}
        ask(connection, "POST", "/__admin/workspaces", BEARER, made)
        leads = [played_lead(number) for number in range(STEPS)]
        pearl = {"id": PEARL, "timeZoneId": "UTC"}
        fixture = {"nlpearl": {"pearls": [pearl], "leads": [unplayed(lead) for lead in leads]}}
        order = {"mode": "replace", "fixture": fixture}
        ask(connection, "POST", f"{WORKSPACE}/seed", BEARER, order)
        before = resident(process)
        order["fixture"] = {"nlpearl": {"pearls": [pearl], "leads": leads}}
        ask(connection, "POST", f"{WORKSPACE}/seed", BEARER, order)
        with reading(port) as waits:
            seconds = advance(connection, 0)
        advance(connection, 5)
        advance(connection, 60)
        grown = resident(process) - before
    waits.sort()
    late = 1000 * waits[int(len(waits) * 0.99)]
    print(f"NLPearl: {STEPS:,} due steps at one moment, and a lead that is read meanwhile")
    print(
        f" {seconds:.2f} s   p99 of the reads {late:.1f} ms   with {STEPS:,} calls {grown:.0f} MB"
    )


def played_lead(number: int) -> dict[str, Any]:
    """A lead of a fixture, with a story."""
    id = f"{0x66A1F0C2D60E456235F00000 + number:024x}"
    given = {"id": id, "pearlId": PEARL, "phoneNumber": phone(number)}
    return given | {"externalId": f"crm-{number}", "story": "never_answers"}


def unplayed(lead: dict[str, Any]) -> dict[str, Any]:
    """The lead without its story."""
    return {name: value for name, value in lead.items() if name != "story"}


def advance(connection: HTTPConnection, seconds: int) -> float:
    """Let so much time of the clock pass; how long that took."""
    began = time.perf_counter()
    status, answer = ask(
        connection, "POST", f"{WORKSPACE}/clock/advance", BEARER, {"seconds": seconds}
    )
    if (status, answer["steps"]) != (200, STEPS):
        sys.exit(f"the clock answers {status}: {answer}")
    return time.perf_counter() - began


@contextmanager
def reading(port: int) -> Iterator[list[float]]:
    """Read a lead over and over; the seconds that each answer took."""
    waits: list[float] = []
    stop = threading.Event()
    path = f"/nlpearl/v2/Outbound/{PEARL}/Lead/{played_lead(0)['id']}"

    def read() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        while not stop.is_set():
            began = time.perf_counter()
            ask(connection, "GET", path, BEARER)
            waits.append(time.perf_counter() - began)
            time.sleep(0.002)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield waits
    finally:
        stop.set()
        reader.join()


def deliveries() -> None:
    """How long deliveries due at one moment take, what others notice of it, and what they weigh.

    Of this checkout alone, to one receiver on the machine.
    """
    receiver = free_port()
    command = pinned(1, [sys.executable, str(HERE / "receiver.py"), str(receiver)])
    with serving(ROOT) as (port, process), subprocess.Popen(command) as listening:
        connection = HTTPConnection("127.0.0.1", port, timeout=20 * PATIENCE)
        ask(connection, "POST", "/__admin/workspaces", BEARER, {"name": "bench", "at": NOON})
        leads = [unplayed(played_lead(number)) for number in range(STEPS)]
        fixture = {"nlpearl": {"pearls": [{"id": PEARL, "timeZoneId": "UTC"}], "leads": leads}}
        order = {"mode": "replace", "fixture": fixture}
        ask(connection, "POST", f"{WORKSPACE}/seed", BEARER, order)
        simulated = {"vendor": "nlpearl", "leads": [lead["id"] for lead in leads]}
        simulated |= {"outcome": "wrong_country_code", "wait": False}
        ask(connection, "POST", f"{WORKSPACE}/simulate", BEARER, {**simulated, "preview": True})
        before = resident(process)
        to = f"http://127.0.0.1:{receiver}/"
        webhook = {"vendor": "nlpearl", "kind": "lead", "to": to, "options": {"late": 30}}
        ask(connection, "POST", f"{WORKSPACE}/webhooks", BEARER, webhook)
        ask(connection, "POST", f"{WORKSPACE}/simulate", BEARER, simulated)
        grown = resident(process) - before
        with reading(port) as waits:
            seconds = advance(connection, 30)
        came = received(receiver)
        listening.terminate()
    waits.sort()
    late = 1000 * waits[int(len(waits) * 0.99)]
    print(f"NLPearl: {STEPS:,} deliveries at one moment, and a lead that is read meanwhile")
    print(f" {seconds:.2f} s   {came}   p99 of the reads {late:.1f} ms   pending {grown:.0f} MB")


def received(port: int) -> str:
    """What the receiver says."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/")
    return connection.getresponse().read().decode()


def without_webhooks(connection: HTTPConnection) -> None:
    """Remove the webhooks that the demo has, so that a write costs what it costs without any."""
    status, answer = ask(connection, "GET", f"{WORKSPACE}/webhooks", TOKEN)
    if status != 200:  # an earlier version, which has none
        return
    for each in answer["webhooks"]:
        ask(connection, "DELETE", f"{WORKSPACE}/webhooks/{each['key']}", TOKEN)


def planned(quick: bool, paired: bool) -> Plan:
    """How long to measure one checkout, or two."""
    if quick:
        return QUICK
    return PAIRED if paired else Plan()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument(
        "--against",
        metavar="FOLDER",
        type=Path,
        help="another checkout to measure in the same turns",
    )
    asked = parser.parse_args()
    folders = [ROOT] if asked.against is None else [ROOT, asked.against.resolve()]
    for folder in folders:
        stop_unless_it_runs_its_own_code(folder)
    if asked.against is not None:
        print(f"{folders[0]} / {folders[1]} (median of the ratios, the first to the second)")
    plan = planned(asked.quick, asked.against is not None)
    if not shutil.which("taskset"):
        print(
            "taskset is not installed: servers and load share the cores, and the rates mean less."
        )
    if shutil.which("wrk"):
        compare(plan, folders)
        what_options_cost(plan)
    else:
        print(
            "wrk is not installed: requests a second are not measured (apt-get install wrk, or "
            "brew install wrk)."
        )
    start_up(plan, folders)
    large_import(plan, folders)
    control_plane(plan, folders)
    played_calls()
    deliveries()


if __name__ == "__main__":
    main()

"""Measures the console: first paint, the cost of a request's page, keys and frames under load.

`make console-bench` prints a line for each figure. They are figures of one machine: no test holds
them.
"""

import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from tests.console.conftest import CHROMIUM, FLAGS, WIDE

RUNS = 7
RATE = 500
SECONDS = 10
WORKSPACE = "bench"

# Counts long tasks and the time between frames, from now on.
_WATCH = """() => {
  window.tasks = []; window.frames = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((each) => each.duration)))
    .observe({ type: "longtask" });
  let last = performance.now();
  const frame = (now) => { frames.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""

# Resolves with the time from a key to the row that it chooses.
_KEY = """() => new Promise((done) => {
  const rows = document.querySelector(".rows");
  const chosen = () => document.querySelector(".row.chosen .no")?.textContent;
  const before = chosen(), began = performance.now();
  rows.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  const look = () => chosen() !== before ? done(performance.now() - began) : requestAnimationFrame(look);
  look();
})"""

# Resolves with the time from a click on a row to the page of its request.
_OPEN = """(place) => new Promise((done) => {
    const row = [...document.querySelectorAll(".rows .row:not([hidden])")][place];
    const began = performance.now();
    row.click();
    const wanted = new RegExp(`^No. ${row.dataset.number}\\\\D`);
    const text = () => document.querySelector(".detail .sub")?.textContent ?? "";
    const look = () => wanted.test(text())
      ? done(performance.now() - began) : setTimeout(look, 0);
    look();
  })"""


def say(name: str, value: str) -> None:
    """Print a figure."""
    sys.stdout.write(f"{name:48} {value}\n")
    sys.stdout.flush()


def paints(browser: Any, url: str) -> list[float]:
    """First contentful paints of cold starts, in milliseconds."""
    found = []
    for _ in range(RUNS):
        context = browser.new_context(viewport=WIDE)
        page = context.new_page()
        page.goto(f"{url}/__admin/#/people?ws={WORKSPACE}")
        page.wait_for_selector("main h1")
        found.append(
            page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        )
        context.close()
    return found


def sizes(browser: Any, url: str) -> dict[str, int]:
    """How many compressed bytes of own files each screen loads."""
    found = {}
    for screen in ("people", "requests", "person/sela/28041", "faults", "clock", "webhooks"):
        context = browser.new_context(viewport=WIDE)
        page = context.new_page()
        page.goto(f"{url}/__admin/#/{screen}?ws={WORKSPACE}")
        page.wait_for_selector("main h1", state="attached")
        page.wait_for_timeout(300)
        found[screen] = page.evaluate(
            """[...performance.getEntriesByType("navigation"),
               ...performance.getEntriesByType("resource")]
              .filter(({ name }) => !/__admin\\/(health|workspaces|fidelity)/.test(name))
              .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
        )
        context.close()
    return found


def send_steadily(url: str, seconds: float) -> int:
    """Send RATE requests a second over one connection. Returns how many were answered.

    In a process of its own, by a bare socket: a client written in Python would have its time from
    the page that is measured.
    """
    host, port = url.removeprefix("http://").split(":")
    command = [sys.executable, "-c", _SENDER, host, port, WORKSPACE, str(RATE), str(seconds)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


# Requests that are due go out together, and their answers are counted by their status lines.
_SENDER = """
import socket, sys, time
host, port, workspace, rate, seconds = sys.argv[1:]
request = (f"GET /octanist/api/leads?limit=1 HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n"
           f"X-API-KEY: {workspace}\\r\\n\\r\\n").encode()
connection = socket.create_connection((host, int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
sent = answered = 0
rest = b""
began = time.perf_counter()
while (passed := time.perf_counter() - began) < float(seconds) or answered < sent:
    due = 0 if passed >= float(seconds) else min(int(passed * float(rate)) - sent, 20)
    if due > 0 and sent - answered < 50:
        connection.sendall(request * due)
        sent += due
    if answered < sent:
        read = rest + connection.recv(1 << 20)
        answered += read.count(b"HTTP/1.1 200")
        rest = read[-11:]
    else:
        time.sleep(0.002)
print(answered)
"""


def under_load(browser: Any, url: str) -> None:
    """Frames, long tasks and keys while requests come in."""
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{url}/__admin/#/requests?ws={WORKSPACE}")
    page.wait_for_selector(".row.chosen")
    page.evaluate(_WATCH)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = metrics(session)
    sent: list[int] = []
    sender = threading.Thread(target=lambda: sent.append(send_steadily(url, SECONDS)))
    sender.start()
    keys = []
    while sender.is_alive():
        keys.append(page.evaluate(_KEY))
        page.wait_for_timeout(250)
    page.wait_for_timeout(500)
    frames = sorted(page.evaluate("frames"))
    tasks = page.evaluate("tasks")
    after = metrics(session)
    busy, took = (after[name] - before[name] for name in ("TaskDuration", "Timestamp"))
    say("requests answered in 10 s", str(sent[0]))
    say("the page's main thread was busy", f"{100 * busy / took:.0f} % of {took:.1f} s")
    say("frames, p50 / p99 / worst", " / ".join(f"{each:.1f} ms" for each in _spread(frames)))
    say("long tasks (over 50 ms)", f"{len(tasks)}, worst {max(tasks, default=0):.0f} ms")
    say(
        "key to chosen row, p50 / p99 / worst",
        " / ".join(f"{each:.1f} ms" for each in _spread(sorted(keys))),
    )
    say("nodes in the page", str(page.evaluate("document.querySelectorAll('*').length")))
    say("requests shown", page.locator("#count-requests").inner_text())
    page.close()


def metrics(session: Any) -> dict[str, float]:
    """What the browser has measured of a page, in seconds."""
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def _spread(ordered: list[float]) -> tuple[float, float, float]:
    return (
        statistics.median(ordered),
        ordered[int(len(ordered) * 0.99) - 1],
        ordered[-1],
    )


def open_request(browser: Any, url: str) -> None:
    """How long it takes to read and draw one request."""
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{url}/__admin/#/requests?ws={WORKSPACE}")
    page.wait_for_selector(".row.chosen")
    found = [page.evaluate(_OPEN, place) for place in range(2, 12)]
    say("open a request, p50 / worst", f"{statistics.median(found):.1f} / {max(found):.1f} ms")
    page.close()


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server in a process of its own; it ends with its input."""
    command = [sys.executable, "-c", _SERVER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()


_SERVER = """
import sys
from mockserver.serving.server import MockServer
with MockServer(fixtures="demo", journal_entries=20_000) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


def main() -> int:
    """Print every figure; 0, or 1 where there is no browser."""
    if not CHROMIUM.exists():
        sys.stderr.write(f"There is no {CHROMIUM}: install Debian's chromium.\n")
        return 1
    with serving() as url, sync_playwright() as api:
        httpx.post(f"{url}/__admin/workspaces", json={"name": WORKSPACE})
        browser = api.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        found = paints(browser, url)
        say(
            "first contentful paint, median / worst",
            f"{statistics.median(found):.0f} / {max(found):.0f} ms",
        )
        for screen, size in sizes(browser, url).items():
            say(f"own files, compressed, of {screen}", f"{size / 1000:.1f} kB")
        send_steadily(url, 0.2)
        open_request(browser, url)
        under_load(browser, url)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

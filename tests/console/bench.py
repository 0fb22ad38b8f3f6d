"""Measures the console: first paint, the cost of a request's page, keys and frames under load.

`make console-bench` prints a line for each figure. They are figures of one machine: no test holds
them.
"""

import asyncio
import statistics
import sys
import threading
import time
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from mockserver.serving.server import MockServer
from tests.console.conftest import CHROMIUM, WIDE

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
    """Sends RATE requests a second. Returns how many were sent."""

    async def send() -> int:
        headers = {"X-API-KEY": WORKSPACE}
        sent = 0
        async with httpx.AsyncClient(base_url=url, headers=headers) as client:
            began = time.perf_counter()
            while (passed := time.perf_counter() - began) < seconds:
                due = int(passed * RATE) - sent
                asked = [client.get("/octanist/api/leads?limit=1") for _ in range(min(due, 25))]
                await asyncio.gather(*asked)
                sent += len(asked)
                await asyncio.sleep(0.005)
        return sent

    return asyncio.run(send())


def under_load(browser: Any, url: str) -> None:
    """Frames, long tasks and keys while requests come in."""
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{url}/__admin/#/requests?ws={WORKSPACE}")
    page.wait_for_selector(".row.chosen")
    page.evaluate(_WATCH)
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
    say("requests sent in 10 s", str(sent[0]))
    say("frames, p50 / p99 / worst", " / ".join(f"{each:.1f} ms" for each in _spread(frames)))
    say("long tasks (over 50 ms)", f"{len(tasks)}, worst {max(tasks, default=0):.0f} ms")
    say(
        "key to chosen row, p50 / p99 / worst",
        " / ".join(f"{each:.1f} ms" for each in _spread(sorted(keys))),
    )
    say("nodes in the page", str(page.evaluate("document.querySelectorAll('*').length")))
    say("requests shown", page.locator("#count-requests").inner_text())
    page.close()


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


def main() -> int:
    """Print every figure; 0, or 1 where there is no browser."""
    if not CHROMIUM.exists():
        sys.stderr.write(f"There is no {CHROMIUM}: install Debian's chromium.\n")
        return 1
    with MockServer(fixtures="demo", journal_entries=20_000) as server, sync_playwright() as api:
        httpx.post(f"{server.url}/__admin/workspaces", json={"name": WORKSPACE})
        browser = api.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        found = paints(browser, server.url)
        say(
            "first contentful paint, median / worst",
            f"{statistics.median(found):.0f} / {max(found):.0f} ms",
        )
        for screen, size in sizes(browser, server.url).items():
            say(f"own files, compressed, of {screen}", f"{size / 1000:.1f} kB")
        some = threading.Thread(target=send_steadily, args=(server.url, 0.2))
        some.start()
        some.join()
        open_request(browser, server.url)
        under_load(browser, server.url)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

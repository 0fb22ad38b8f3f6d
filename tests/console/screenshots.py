"""Makes the pictures of README and docs: `make screenshots`."""

import sys
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from mockserver.serving.server import MockServer
from tests.console.conftest import CHROMIUM

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
WORKSPACE = "acme-demo"
MOMENT = "2026-12-01T18:42:00Z"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

# Name, screen, size, colours.
PICTURES: list[tuple[str, str, dict[str, int], str]] = [
    ("people", "people", WIDE, "light"),
    ("request", "requests/{conflict}", WIDE, "light"),
    ("person", "person/sela/28041", WIDE, "dark"),
    ("webhooks", "webhooks", WIDE, "light"),
    ("clock", "clock", WIDE, "light"),
    ("phone", "people", PHONE, "light"),
]


def live(server: str) -> int:
    """Lets an hour of an integration happen. Returns the number of the request that conflicts."""
    admin = httpx.Client(base_url=f"{server}/__admin")
    admin.post("/workspaces", json={"name": WORKSPACE, "at": MOMENT}).raise_for_status()
    here = f"/workspaces/{WORKSPACE}"
    credentials = {"Authorization": f"Token {WORKSPACE}", "X-API-KEY": WORKSPACE}
    shop = httpx.Client(base_url=server, headers=credentials)
    new = {"name": "Mira Kovacs", "email": "mira.kovacs@example.com", "phone": "+12025550171"}
    shop.post("/octanist/api/leads", json=new)
    shop.post(
        "/sela/api/leads/",
        json={
            "first_name": "Mira",
            "last_name": "Kovacs",
            "email": "mira.kovacs@example.com",
            "phone_number": "+12025550171",
            "lead_type": 123,
        },
    )
    admin.post(f"{here}/simulate", json={"vendor": "sela", "lead": 28041, "outcome": "no_answer"})
    admin.post(f"{here}/faults", json={"fault": "rate_limited", "vendor": "sela", "times": 1})
    update = {"phone_number": "(612) 555-0150", "email": "Marisol.Treviso@example.com"}
    shop.put("/sela/api/leads/update/", json=update | {"status": "OPEN", "agent_note": "Friday"})
    shop.put("/sela/api/leads/update/", json=update | {"status": "OPEN", "agent_note": "Friday"})
    admin.post(f"{here}/clock/advance", json={"seconds": 3600})
    admin.post(
        f"{here}/simulate", json={"vendor": "sela", "lead": 28041, "outcome": "appointment_booked"}
    )
    conflict = shop.patch("/octanist/api/leads", json={"phone": "+12155550111", "status": "won"})
    return int(conflict.headers["mockserver-request"])


def take(browser: Any, server: str, conflict: int) -> None:
    """Takes every picture."""
    for name, screen, size, scheme in PICTURES:
        context = browser.new_context(
            viewport=size, color_scheme=scheme, timezone_id="America/Los_Angeles"
        )
        page = context.new_page()
        page.goto(f"{server}/__admin/#/{screen.format(conflict=conflict)}?ws={WORKSPACE}")
        page.wait_for_selector("main h1", state="attached")
        page.wait_for_timeout(1500)
        page.screenshot(path=str(FOLDER / f"{name}.png"))
        context.close()


def main() -> int:
    """Make all pictures; 0, or 1 where there is no browser."""
    if not CHROMIUM.exists():
        sys.stderr.write(f"There is no {CHROMIUM}: install Debian's chromium.\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with MockServer(fixtures="demo", port=8080) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        take(browser, server.url, live(server.url))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Many requests at once: nothing is lost, the page stays small, keys are answered."""

import threading

import httpx
from playwright.sync_api import expect

from mockserver.serving.server import MockServer
from tests.console.conftest import Open

REQUESTS = 2000
MOST_NODES = 1500
LEAD = {"email": "first_name@trysela.com", "phone_number": "+18042221111", "status": "OPEN"}


def storm(server: MockServer, workspace: str, number: int) -> None:
    """Sends requests as fast as one client can."""
    headers = {"X-API-KEY": workspace}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        for _ in range(number):
            client.get("/octanist/api/leads?limit=1")


def test_no_request_of_a_storm_is_lost_and_the_page_stays_small(
    open_page: Open, server: MockServer, workspace: str
) -> None:
    page = open_page("requests")
    expect(page.locator(".live")).to_have_text("Live")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sender = threading.Thread(target=storm, args=(server, workspace, REQUESTS))
    sender.start()
    while sender.is_alive():
        page.wait_for_timeout(200)
    expect(page.locator("#count-requests")).to_have_text(f"{REQUESTS:,}", timeout=20_000)
    expect(page.locator(".journal .head .sub")).to_have_text(f"{REQUESTS:,} requests")
    assert page.evaluate("document.querySelectorAll('*').length") < MOST_NODES
    # What comes in is told by the stream; it is not asked for again and again.
    assert len(asked) < 60


def test_keys_choose_while_requests_come_in(
    open_page: Open, server: MockServer, workspace: str
) -> None:
    storm(server, workspace, 300)
    page = open_page("requests")
    expect(page.locator(".row.chosen")).to_have_count(1)
    page.locator(".rows").focus()
    sender = threading.Thread(target=storm, args=(server, workspace, 500))
    sender.start()
    for number in (299, 298, 297):
        page.keyboard.press("ArrowDown")
        expect(page.locator(".row.chosen .no")).to_have_text(str(number))
    sender.join()
    expect(page.locator(".row.chosen .no")).to_have_text("297")


def test_the_people_are_not_asked_for_with_every_request(
    open_page: Open, server: MockServer, workspace: str
) -> None:
    page = open_page("people")
    expect(page.locator(".live")).to_have_text("Live")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Token {workspace}"}) as shop:
        for _ in range(300):
            shop.put("/sela/api/leads/update/", json=LEAD)
    page.wait_for_timeout(1500)
    assert len(asked) < 20
    assert page.locator(".feed-list li").count() <= 60

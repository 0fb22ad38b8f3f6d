"""Answers that come in another order than they were asked for: the newest question's counts."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from mockserver.serving.server import MockServer
from tests.console.conftest import Open, Watch
from tests.console.test_webhooks import BOOKED, without_receivers

LEAD = {"email": "mira@example.com", "name": "Mira"}
QUIET = 300
"""Milliseconds after which a late answer would have been drawn."""


class Held:
    """The answer to the first request of a page that fits: the server has given it, the page waits."""

    def __init__(self, page: Any, pattern: str) -> None:
        self._page = page
        self._waiting: list[tuple[Any, Any]] = []
        page.route(re.compile(pattern), self._hold)

    def _hold(self, route: Any) -> None:
        if self._waiting:
            route.continue_()
        else:
            self._waiting.append((route, route.fetch()))

    def wait(self) -> None:
        """Wait until there is one."""
        while not self._waiting:
            self._page.wait_for_timeout(10)

    def release(self) -> None:
        """Let the page have it, and wait until it would have been drawn."""
        ((route, answer),) = self._waiting
        route.fulfill(response=answer)
        self._page.wait_for_timeout(QUIET)


@pytest.fixture
def later_page(open_page: Open) -> Callable[[str], Any]:
    """A page whose next screen is to be seen: its `go` leads there within the page."""

    def open_screen(screen: str) -> Any:
        page = open_page("more")
        ws = page.locator("#workspace-name").inner_text()
        page.go = lambda name, ws=ws: page.evaluate(f"location.hash = '#/{name}?ws={ws}'")
        page.first = lambda: page.go(screen)
        return page

    return open_screen


def test_inboxes_that_are_read_late_leave_the_chosen_delivery(
    later_page: Callable[[str], Any], control: httpx.Client
) -> None:
    without_receivers(control)
    control.post("/webhooks", json={"vendor": "sela", "kind": "CALL_COMPLETE", "to": "inbox:crm"})
    control.post("/simulate", json=BOOKED)
    page = later_page("webhooks")
    held = Held(page, "/inboxes")
    page.first()
    held.wait()
    page.locator(".delivery").first.click()
    held.release()
    expect(page.locator(".detail .state")).to_have_text("delivered")


def test_an_older_list_leaves_the_newer_one(
    later_page: Callable[[str], Any], control: httpx.Client
) -> None:
    page = later_page("faults")
    held = Held(page, "/workspaces/.*/faults$")
    page.first()
    held.wait()
    page.get_by_role("button", name="Add the rule").click()
    expect(page.locator(".rule-card")).to_have_count(1)
    page.wait_for_timeout(2 * QUIET)
    held.release()
    expect(page.locator(".rule-card")).to_have_count(1)


def test_a_person_who_is_read_late_leaves_the_next_screen(
    later_page: Callable[[str], Any],
) -> None:
    page = later_page("person/sela/28041")
    held = Held(page, "/people/sela/28041")
    page.first()
    held.wait()
    page.go("faults")
    expect(page.locator("main h1")).to_have_text("Faults")
    held.release()
    expect(page.locator("main h1")).to_have_text("Faults")
    expect(page).to_have_title("Faults · mockserver")


def test_a_journal_that_is_read_late_leaves_the_address_of_the_next_screen(
    later_page: Callable[[str], Any], shop: httpx.Client
) -> None:
    shop.get("/octanist/api/leads")
    page = later_page("requests")
    held = Held(page, "order=desc&limit=200")
    page.first()
    held.wait()
    page.go("report")
    expect(page.locator("main h1")).to_have_text("Report")
    held.release()
    assert "#/report?" in page.url


def test_a_request_that_is_read_late_leaves_what_was_opened_since(
    open_page: Open, shop: httpx.Client, server: MockServer
) -> None:
    for _ in range(3):
        shop.get("/octanist/api/leads")
    httpx.get(f"{server.url}/octanist/api/leads")
    page = open_page("requests/1")
    expect(page.locator(".detail .sub").first).to_contain_text("No. 1")
    held = Held(page, "/requests/2$")
    page.locator("[id='request-2']").click()
    held.wait()
    page.get_by_role("button", name="Look").click()
    held.release()
    expect(page.locator(".detail h2").first).to_have_text("Requests without a workspace")


def test_requests_that_came_while_the_journal_was_read_are_there(
    later_page: Callable[[str], Any], shop: httpx.Client
) -> None:
    shop.get("/octanist/api/leads")
    page = later_page("requests")
    expect(page.locator(".live")).to_have_text("Live")
    held = Held(page, "order=desc&limit=200")
    page.first()
    held.wait()
    shop.get("/octanist/api/leads")
    expect(page.locator("#count-requests")).to_have_text("2")
    held.release()
    expect(page.locator(".rows .row:visible")).to_have_count(2)


def test_requests_that_come_while_a_hole_is_filled_stay_in_their_order(
    open_page: Open, shop: httpx.Client
) -> None:
    page = open_page("requests")
    expect(page.locator(".live")).to_have_text("Live")
    page.wait_for_timeout(QUIET)
    shop.get("/octanist/api/leads")
    expect(page.locator(".rows .row:visible")).to_have_count(1)
    page.locator(".live").click()
    for _ in range(3):
        shop.get("/octanist/api/leads")
    held = Held(page, "/requests.after=")
    page.locator(".live").click()
    held.wait()
    shop.get("/octanist/api/leads")
    expect(page.locator("#count-requests")).to_have_text("5")
    held.release()
    numbers = page.locator(".rows .row:visible .no")
    expect(numbers).to_have_text(["5", "4", "3", "2", "1"])


def test_an_older_search_leaves_the_newer_one(open_page: Open, shop: httpx.Client) -> None:
    shop.get("/octanist/api/leads?mark=first")
    shop.get("/octanist/api/leads?mark=second")
    page = open_page("requests")
    expect(page.locator(".rows .row:visible")).to_have_count(2)
    held = Held(page, "q=first")
    page.get_by_label("Find requests").fill("first")
    held.wait()
    page.get_by_label("Find requests").fill("second")
    expect(page.locator(".rows .row:visible")).to_have_count(1)
    held.release()
    page.locator(".chips button", has_text="All").click()
    expect(page.locator(".rows .row:visible")).to_contain_text("mark=second")


def test_a_workspace_that_answers_late_leaves_the_next_one(
    open_page: Open, server: MockServer, workspace: str
) -> None:
    httpx.post(f"{server.url}/__admin/workspaces", json={"name": "answers-late"})
    page = open_page("faults")
    held = Held(page, "/workspaces/answers-late")
    page.evaluate("location.hash = '#/faults?ws=answers-late'")
    held.wait()
    page.evaluate(f"location.hash = '#/report?ws={workspace}'")
    expect(page.locator("main h1")).to_have_text("Report")
    held.release()
    expect(page.locator("#workspace-name")).to_have_text(workspace)
    assert page.url.endswith(f"#/report?ws={workspace}")


def test_what_happens_while_people_are_read_is_read_again(
    open_page: Open, shop: httpx.Client
) -> None:
    page = open_page("people")
    expect(page.locator(".live")).to_have_text("Live")
    held = Held(page, "/people.q=|/people.filter=")
    shop.post("/octanist/api/leads", json=LEAD)
    held.wait()
    shop.post("/octanist/api/leads", json={"email": "second@example.com", "name": "Second One"})
    expect(page.locator(".feed-list li")).to_have_count(2)
    held.release()
    expect(page.locator("tbody")).to_contain_text("Second One", timeout=10_000)


def test_a_journal_that_cannot_be_read_shows_what_comes_all_the_same(
    later_page: Callable[[str], Any], shop: httpx.Client, watch: Watch
) -> None:
    watch.allow("503")
    page = later_page("requests")
    busy = {"title": "Service Unavailable", "status": 503, "detail": "Busy just now."}
    page.route(
        re.compile("/requests.order=desc"), lambda route: route.fulfill(status=503, json=busy)
    )
    page.first()
    expect(page.locator(".detail")).to_contain_text("Busy just now.")
    shop.get("/octanist/api/leads")
    expect(page.locator(".rows .row:visible .no")).to_have_text(["1"])


def test_the_numbers_in_the_rail_are_those_of_the_workspace(
    open_page: Open, server: MockServer, shop: httpx.Client
) -> None:
    httpx.post(f"{server.url}/__admin/workspaces", json={"name": "without-errors"})
    shop.get("/octanist/api/leads/undefined")
    page = open_page("faults")
    expect(page.locator("#count-report")).to_have_text("1 error")
    held = Held(page, "/workspaces/without-errors/report")
    page.evaluate("location.hash = '#/faults?ws=without-errors'")
    expect(page.locator("#workspace-name")).to_have_text("without-errors")
    expect(page.locator("#count-report")).to_be_empty()
    held.wait()
    held.release()

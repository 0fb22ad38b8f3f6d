"""The frame around the screens: workspaces, clock, reset, token, keys, the stream."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from mockserver.serving.server import MockServer
from tests.console.conftest import PHONE, Open, Watch

SCREENS = [
    "people",
    "person/sela/28041",
    "requests",
    "faults",
    "clock",
    "webhooks",
    "report",
    "settings",
]
LEAD = {"email": "mira@example.com", "name": "Mira"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[MockServer]:
    """A server whose control API asks for a token."""
    with MockServer(fixtures="demo", admin_token="a-token-of-this-test") as running:
        yield running


def test_on_a_phone_no_screen_scrolls_sideways(open_page: Open, workspace: str) -> None:
    page = open_page("more", viewport=PHONE)
    widths = {}
    for screen in SCREENS:
        page.evaluate(f"location.hash = '#/{screen}?ws={workspace}'")
        page.locator(f"main.screen-{screen.split('/')[0]} .pane").first.wait_for()
        page.wait_for_timeout(300)
        widths[screen] = page.evaluate("document.documentElement.scrollWidth")
    assert widths == dict.fromkeys(SCREENS, PHONE["width"])


def test_a_screen_loads_less_than_sixty_kilobytes(open_page: Open, workspace: str) -> None:
    page = open_page("more")
    first = own_files(page)
    sizes = {}
    for screen in SCREENS:
        known = own_files(page)
        page.evaluate(f"location.hash = '#/{screen}?ws={workspace}'")
        page.locator(f"main.screen-{screen.split('/')[0]} h1").wait_for(state="attached")
        more = own_files(page).items() - known.items()
        sizes[screen] = sum(size for _, size in [*first.items(), *more])
    assert len(first) > 10
    assert {screen: size for screen, size in sizes.items() if size > 60_000} == {}


def own_files(page: Any) -> dict[str, int]:
    """The compressed size of each file that the page has loaded."""
    files: dict[str, int] = page.evaluate(
        """Object.fromEntries(
          [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
            .filter(({ name }) => !/__admin\\/(health|workspaces|fidelity|faults)/.test(name))
            .map(({ name, encodedBodySize }) => [name, encodedBodySize]))"""
    )
    return files


def test_the_title_and_the_address_say_where_one_is(open_page: Open, workspace: str) -> None:
    page = open_page("faults")
    expect(page).to_have_title("Faults · mockserver")
    page.get_by_role("link", name="Report").click()
    expect(page).to_have_title("Report · mockserver")
    expect(page).to_have_url(page.url.split("#")[0] + f"#/report?ws={workspace}")
    page.go_back()
    expect(page).to_have_title("Faults · mockserver")


def test_two_keys_go_to_a_screen_and_none_while_one_types(open_page: Open) -> None:
    page = open_page("people")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.locator("main h1")).to_have_text("Requests")
    page.keyboard.press("/")
    page.keyboard.type("gp")
    expect(page.get_by_label("Find requests")).to_have_value("gp")
    expect(page.locator("main h1")).to_have_text("Requests")


def test_keys_of_one_letter_can_be_switched_off(open_page: Open) -> None:
    page = open_page("people")
    page.keyboard.press("?")
    page.get_by_label("Keys of one letter are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.locator("main h1")).to_have_text("People")


def test_a_day_later_fires_what_is_due_and_says_so(open_page: Open, control: httpx.Client) -> None:
    page = open_page("clock")
    page.locator(".top").get_by_role("button", name="+1 day").click()
    expect(page.locator(".toast")).to_contain_text("It is Wed 2 Dec")
    expect(page.locator(".toast")).to_contain_text("fell due")
    assert control.get("/clock").json()["now"].startswith("2026-12-02T18:00:00")
    assert control.get("/events").json()["last"] > 0


def test_the_menu_of_the_clock_goes_to_the_next_event_and_freezes(
    open_page: Open, control: httpx.Client
) -> None:
    page = open_page("people")
    page.locator("#now").click()
    menu = page.get_by_role("group", name="Move the clock")
    menu.get_by_role("button", name="To the next event").click()
    expect(page.locator(".toast").first).to_contain_text("fell due")
    menu.get_by_role("button", name="Real").click()
    expect(page.locator("#clock-mode")).to_have_text("Real")
    assert control.get("/clock").json()["mode"] == "real"
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "now"


def test_the_rail_counts_what_the_report_found(open_page: Open, shop: httpx.Client) -> None:
    page = open_page("people")
    shop.get("/octanist/api/nope")
    expect(page.locator("#count-report")).to_have_text("1 error")


def test_reset_asks_keeps_a_snapshot_and_resets(
    open_page: Open, shop: httpx.Client, control: httpx.Client
) -> None:
    shop.post("/octanist/api/leads", json=LEAD)
    page = open_page("people")
    page.get_by_role("button", name="Reset").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The journal of 1 request")
    dialog.get_by_role("button", name="Keep everything").click()
    assert control.get("/requests").json()["requests"] != []
    page.get_by_role("button", name="Reset").click()
    dialog.get_by_role("button", name="Reset").click()
    expect(page.locator(".toast")).to_contain_text("is as it was at first")
    assert control.get("/requests").json()["requests"] == []
    assert [each["name"] for each in control.get("/snapshots").json()["snapshots"]] == [
        "before-reset"
    ]


def test_a_workspace_is_made_and_gone_to(open_page: Open, server: MockServer) -> None:
    page = open_page("requests")
    page.locator("#workspace").click()
    page.get_by_label("Name of a new workspace").fill("made-here")
    page.get_by_role("button", name="New").click()
    expect(page.locator("#workspace-name")).to_have_text("made-here")
    assert page.url.endswith("#/requests?ws=made-here")
    assert httpx.get(f"{server.url}/__admin/workspaces/made-here").status_code == 200


def test_the_server_without_a_token_asks_for_none(open_page: Open) -> None:
    page = open_page("settings")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_a_wrong_token_asks_again_and_a_right_one_is_kept_for_the_tab(
    browser: Any, guarded: MockServer
) -> None:
    watch = Watch(guarded.url)
    watch.allow("401")
    page = browser.new_page()
    watch.follow(page)
    page.goto(f"{guarded.url}/__admin/#/people")
    for token in ("a-wrong-token", "a-token-of-this-test"):
        page.get_by_role("textbox", name="Token").fill(token)
        page.get_by_role("button", name="Sign in").click()
    expect(page.locator("main h1")).to_have_text("People")
    expect(page.locator(".live")).to_have_text("Live")
    assert page.evaluate("sessionStorage.length + localStorage.length") == 1
    page.reload()
    expect(page.locator("main h1")).to_have_text("People")
    page.goto(f"{guarded.url}/__admin/#/settings")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("textbox", name="Token")).to_be_visible()
    assert watch.left() == []
    page.close()


def test_pause_lets_go_and_going_on_has_no_hole(
    open_page: Open, shop: httpx.Client, watch: Watch
) -> None:
    page = open_page("requests")
    expect(page.locator(".live")).to_have_text("Live")
    page.locator(".live").click()
    expect(page.locator(".live")).to_have_text("Paused")
    for _ in range(3):
        shop.post("/octanist/api/leads", json=LEAD)
    page.locator(".live").click()
    shop.post("/octanist/api/leads", json=LEAD)
    expect(page.locator(".rows .row:visible")).to_have_count(4)


def test_a_stream_that_is_cut_comes_back_without_a_hole(
    open_page: Open, shop: httpx.Client, watch: Watch
) -> None:
    watch.allow("net::ERR")
    watch.allow("Failed to fetch")
    page = open_page("requests")
    expect(page.locator(".live")).to_have_text("Live")
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('test-cut'))")
    for _ in range(3):
        shop.post("/octanist/api/leads", json=LEAD)
    page.context.set_offline(False)
    shop.post("/octanist/api/leads", json=LEAD)
    expect(page.locator(".rows .row:visible")).to_have_count(4, timeout=15_000)


def test_light_and_dark_are_kept(open_page: Open) -> None:
    page = open_page("people", color_scheme="light")
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

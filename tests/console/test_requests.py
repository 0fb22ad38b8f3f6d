"""The screen of requests: what a client sent, and why that happened."""

from typing import Any

import httpx
from playwright.sync_api import expect

from mockserver.serving.server import MockServer
from tests.console.conftest import PHONE, Open

FOUND = {"phone_number": "(804) 222-1111", "email": "First_Name@trysela.com", "status": "CLOSED"}
SEVERAL = {"phone_number": "(215) 555-0111", "status": "CLOSED"}
NONE = {"phone_number": "+12025559999", "email": "nobody@example.com", "status": "CLOSED"}


def update(shop: httpx.Client, body: object, **more: Any) -> int:
    """Sends an update to Sela; returns the number of the request."""
    answer = shop.put("/sela/api/leads/update/", json=body, **more)
    return int(answer.headers["mockserver-request"])


def test_a_request_shows_up_without_a_reload(open_page: Open, shop: httpx.Client) -> None:
    page = open_page("requests")
    expect(page.locator(".live")).to_have_text("Live")
    expect(page.locator(".detail h2")).to_have_text("No request yet")
    update(shop, FOUND)
    expect(page.locator(".rows .row:visible")).to_have_count(1, timeout=1000)
    expect(page.locator(".rows .row").first).to_contain_text("PUT /api/leads/update/")
    expect(page.locator("#count-requests")).to_have_text("1")


def test_a_lead_that_was_found_is_explained(open_page: Open, shop: httpx.Client) -> None:
    number = update(shop, FOUND)
    page = open_page(f"requests/{number}")
    why = page.locator(".why")
    expect(why).to_contain_text("Updated lead 28013")
    expect(why).to_have_class("why tone-ok")
    rows = page.locator(".match tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("(804) 222-1111")
    expect(rows.nth(0)).to_contain_text("compared as +18042221111")
    expect(page.locator(".match tfoot")).to_contain_text("Found")
    status = page.locator(".diff tr", has=page.locator("th", has_text="status")).first
    expect(status.locator("del")).to_have_text("OPEN")
    expect(status.locator("ins")).to_have_text("CLOSED")


def test_what_fits_several_leads_is_amber(open_page: Open, shop: httpx.Client) -> None:
    answer = shop.patch("/octanist/api/leads", json={"phone": "+12155550111", "status": "won"})
    page = open_page(f"requests/{answer.headers['mockserver-request']}")
    expect(page.locator(".match")).to_have_class("match several")
    expect(page.locator(".match tfoot .hit")).to_have_count(2)
    expect(page.locator(".match tfoot .hit").first).to_have_text("Fits")


def test_what_fits_none_says_so(open_page: Open, shop: httpx.Client) -> None:
    page = open_page(f"requests/{update(shop, NONE)}")
    expect(page.locator(".why")).to_have_class("why tone-warn")
    expect(page.locator(".why")).to_contain_text("Nothing found, answered 404")
    expect(page.locator(".block", has_text="What it changed")).to_contain_text("Nothing.")


def test_everything_from_a_client_stays_text(
    open_page: Open, shop: httpx.Client, workspace: str
) -> None:
    evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
    dialogs: list[str] = []
    number = update(
        shop,
        FOUND | {evil: evil, "agent_note": evil},
        params={"q": evil},
        headers={"X-Evil": "<script>alert(3)</script>"},
    )
    page = open_page(f"requests/{number}")
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.locator(".detail", has_text="alert(3)").wait_for()
    for screen in ("people", "person/sela/28013", "report"):
        assert page.locator("main img, main script").count() == 0
        page.evaluate(f"location.hash = '#/{screen}?ws={workspace}'")
        page.locator(f"main.screen-{screen.split('/')[0]} .pane").first.wait_for()
        page.wait_for_timeout(200)
    assert page.locator("main img, main script").count() == 0
    assert dialogs == []


def test_a_copied_curl_sends_what_was_sent(
    open_page: Open, shop: httpx.Client, server: MockServer, workspace: str
) -> None:
    raw = b'{"phone_number": "(804) 222-1111",  "email":"first_name@trysela.com", "loan": 5000.0, "loan": 1, "note": "it\'s"}'
    number = update(shop, None, content=raw, headers={"Content-Type": "application/json"})
    page = open_page(f"requests/{number}")
    page.get_by_role("button", name="curl").click()
    line = page.evaluate("navigator.clipboard.readText()")
    assert line.startswith(f"curl -X PUT {server.url}/sela/api/leads/update/ -H")
    assert f"'authorization: Token {workspace}'".lower() in line.lower()
    assert raw.decode().replace("'", "'\\''") in line


def test_the_assertion_of_a_request_holds(open_page: Open, shop: httpx.Client) -> None:
    page = open_page(f"requests/{update(shop, FOUND)}")
    page.get_by_role("button", name="pytest").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It holds now.")
    expect(dialog.locator("pre")).to_contain_text(
        'mockserver.assert_called(vendor="sela", operation="leads_update_update"'
    )


def test_send_again_is_one_more_request(open_page: Open, shop: httpx.Client) -> None:
    page = open_page(f"requests/{update(shop, FOUND)}")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".toast")).to_contain_text("Sent again")
    expect(page.locator("#count-requests")).to_have_text("2")


def test_a_fault_from_the_request_makes_the_next_one_fail(
    open_page: Open, shop: httpx.Client, control: httpx.Client
) -> None:
    page = open_page(f"requests/{update(shop, FOUND)}")
    page.locator(".detail .why").wait_for()
    page.keyboard.press("x")
    page.get_by_role("dialog").get_by_role("button", name="Make it fail").click()
    expect(page.locator(".toast")).to_contain_text("server_error")
    assert shop.put("/sela/api/leads/update/", json=FOUND).status_code == 500
    assert [rule["applied"] for rule in control.get("/faults").json()["faults"]] == [1]
    expect(page.locator(".chips button", has_text="With a fault")).to_contain_text("1")


def test_keys_choose_in_the_list(open_page: Open, shop: httpx.Client) -> None:
    for _ in range(5):
        update(shop, FOUND)
    page = open_page("requests")
    rows = page.locator(".rows")
    expect(page.locator(".row.chosen")).to_contain_text("5")
    rows.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    expect(page.locator(".detail .sub").first).to_contain_text("No. 3")
    page.keyboard.press("End")
    expect(page.locator(".detail .sub").first).to_contain_text("No. 1")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('.detail') !== null")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "rows"
    assert page.url.endswith("#/requests/1?ws=" + page.locator("#workspace-name").inner_text())


def test_what_is_read_stays_while_others_come_in(open_page: Open, shop: httpx.Client) -> None:
    first = update(shop, FOUND)
    page = open_page(f"requests/{first}")
    expect(page.locator(".detail .sub").first).to_contain_text("No. 1")
    for _ in range(3):
        update(shop, FOUND)
    expect(page.locator(".fresh-ones")).to_have_text("3 new")
    expect(page.locator(".row.chosen")).to_contain_text("PUT")
    page.locator(".fresh-ones").click()
    expect(page.locator(".fresh-ones")).to_be_hidden()


def test_a_filter_leaves_what_fits(open_page: Open, shop: httpx.Client) -> None:
    update(shop, FOUND)
    update(shop, NONE)
    page = open_page("requests")
    page.locator(".chips button", has_text="Refused").click()
    expect(page.locator(".rows .row:visible")).to_have_count(1)
    expect(page.locator(".rows .row:visible")).to_contain_text("404")
    page.locator(".chips button", has_text="All").click()
    page.get_by_label("Find requests").fill("nobody@example")
    expect(page.locator(".rows .row:visible")).to_have_count(1)


def test_on_a_phone_the_list_comes_first_and_nothing_scrolls_sideways(
    open_page: Open, shop: httpx.Client
) -> None:
    update(shop, FOUND)
    page = open_page("requests", viewport=PHONE)
    expect(page.locator(".detail")).to_be_hidden()
    page.locator(".rows .row").first.click()
    expect(page.locator(".journal")).to_be_hidden()
    expect(page.locator(".why")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator(".journal")).to_be_visible()

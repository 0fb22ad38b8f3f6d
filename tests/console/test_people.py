"""People, one person, and what can be made to happen to them."""

import httpx
from playwright.sync_api import expect

from tests.console.conftest import PHONE, Open

CALLABLE = "person/sela/28041"


def test_a_row_has_a_person_and_a_column_each_vendor(open_page: Open) -> None:
    page = open_page("people")
    row = page.locator("tr", has_text="Marisol Treviso")
    expect(row.locator("td.lead")).to_have_count(3)
    expect(page.locator(".people .head .sub")).to_contain_text("64 people")
    row.get_by_role("link", name="Marisol Treviso").click()
    expect(page.locator("main h1")).to_have_text("Marisol Treviso")


def test_search_and_filters_leave_who_fits(open_page: Open) -> None:
    page = open_page("people")
    page.get_by_label("Find people").fill("treviso")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Find people").fill("nobody at all")
    expect(page.locator("tbody")).to_contain_text("Nobody is like that.")
    page.get_by_role("button", name="Show all").click()
    page.locator(".chips button", has_text="Sharing a key").click()
    expect(page.locator("tbody .note").first).to_contain_text("Shares")


def test_a_lead_that_comes_in_shows_up_with_what_happened(
    open_page: Open, shop: httpx.Client
) -> None:
    page = open_page("people")
    expect(page.locator(".live")).to_have_text("Live")
    shop.post("/octanist/api/leads", json={"name": "Mira Kovacs", "email": "mira@example.com"})
    expect(page.locator("tbody tr").first).to_contain_text("Mira Kovacs")
    expect(page.locator(".feed-list li").first).to_contain_text("POST api/leads")


def test_a_person_is_made_with_every_vendor_that_is_ticked(
    open_page: Open, control: httpx.Client
) -> None:
    page = open_page("people")
    page.get_by_role("button", name="Person").click()
    page.get_by_label("External id").fill("crm-9001")
    page.get_by_role("button", name="Make them").click()
    expect(page.locator("tr", has_text="Mira Kovacs")).to_have_count(1)
    vendors = [each["vendor"] for each in control.get("/requests").json()["requests"]]
    assert sorted(vendors) == ["nlpearl", "octanist", "sela"]


def test_an_outcome_changes_the_lead_and_its_timeline(
    open_page: Open, control: httpx.Client
) -> None:
    page = open_page(CALLABLE)
    page.get_by_role("button", name="Appointment booked").click()
    preview = page.locator(".preview")
    expect(preview).to_contain_text("CLOSED")
    preview.get_by_role("button", name="Make this call happen").click()
    expect(page.locator(".toast")).to_contain_text("Appointment booked: Marisol Treviso")
    expect(page.locator(".card", has_text="Sela").locator(".status")).to_have_text("Closed")
    expect(page.locator(".story").last).to_contain_text("Appointment booked")
    assert control.get("/leads/sela/28041").json()["lead"]["status"] == "CLOSED"


def test_digits_choose_an_outcome_and_esc_goes_back(open_page: Open) -> None:
    page = open_page(CALLABLE)
    expect(page.locator(".outcomes button").first).to_be_visible()
    page.keyboard.press("3")
    expect(page.locator(".outcomes [aria-pressed=true]")).to_have_text("Blind transferCLOSED3")
    page.keyboard.press("Escape")
    expect(page.locator("main h1")).to_have_text("People")


def test_the_clock_goes_to_what_is_upcoming(open_page: Open, control: httpx.Client) -> None:
    page = open_page(CALLABLE)
    when = page.locator(".upcoming time").first.get_attribute("datetime")
    page.get_by_role("button", name="Go there").first.click()
    expect(page.locator(".toast").first).to_contain_text("fell due")
    assert control.get("/clock").json()["now"] >= when


def test_a_field_is_changed(open_page: Open, control: httpx.Client) -> None:
    page = open_page("person/octanist/lead_demo40")
    page.get_by_role("button", name="Change a field").click()
    page.get_by_label("With").select_option("octanist")
    page.get_by_label("Value").fill("qualified")
    page.get_by_role("button", name="Change it").click()
    expect(page.locator(".toast")).to_contain_text("status")
    assert control.get("/leads/octanist/lead_demo40").json()["lead"]["status"] == "qualified"


def test_nobody_yet_offers_the_demo(open_page: Open, control: httpx.Client) -> None:
    control.post("/seed", json={"name": "empty"})
    page = open_page("people")
    expect(page.locator("tbody")).to_contain_text("No leads yet")
    expect(page.locator("tbody pre")).to_contain_text("curl -X POST")
    page.get_by_role("button", name="Load the demo").click()
    expect(page.locator("tbody tr").nth(20)).to_be_visible()


def test_on_a_phone_the_outcomes_are_below(open_page: Open) -> None:
    page = open_page(CALLABLE, viewport=PHONE)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator(".drive h2")).to_be_in_viewport()

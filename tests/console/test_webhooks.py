"""Webhooks and inbox: a receiver, what it is told, and what it answers."""

import httpx
from playwright.sync_api import expect

from tests.console.conftest import PHONE, Open

BOOKED = {"vendor": "sela", "lead": 28041, "outcome": "appointment_booked"}


def without_receivers(control: httpx.Client) -> None:
    """Removes the receivers that the demo has."""
    for each in control.get("/webhooks").json()["webhooks"]:
        control.delete(f"/webhooks/{each['key']}")


def test_the_built_in_receiver_is_told_of_a_call(open_page: Open, control: httpx.Client) -> None:
    without_receivers(control)
    page = open_page("webhooks")
    expect(page.get_by_role("heading", name="No receiver")).to_be_visible()
    page.get_by_role("button", name="All of Sela").click()
    expect(page.locator(".fold summary")).to_contain_text("Receivers")
    control.post("/simulate", json=BOOKED)
    expect(page.locator(".deliveries")).to_contain_text("CALL_COMPLETE")
    expect(page.locator(".inbox li").first).to_contain_text("Delivery")
    page.locator(".delivery", has_text="CALL_COMPLETE").first.click()
    expect(page.locator(".detail .why")).to_contain_text("Marisol Treviso")
    expect(page.locator(".attempts li")).to_have_count(1)


def test_an_inbox_that_answers_500_fails_and_the_delivery_is_sent_again(
    open_page: Open, control: httpx.Client
) -> None:
    without_receivers(control)
    control.post("/webhooks", json={"vendor": "sela", "kind": "CALL_COMPLETE", "to": "inbox:crm"})
    control.put("/inbox/crm", json={"answers": [{"status": 500}], "then": {"status": 200}})
    control.post("/simulate", json=BOOKED)
    page = open_page("webhooks")
    expect(page.locator(".head .sub").first).to_contain_text("1 failing")
    expect(page.locator("#count-webhooks")).to_have_text("1 failing")
    page.locator(".delivery").first.click()
    expect(page.locator(".detail .state")).to_have_text("failed")
    page.keyboard.press("r")
    expect(page.locator(".detail .state")).to_have_text("delivered")
    expect(page.locator(".attempts li")).to_have_count(2)


def test_what_an_inbox_answers_is_chosen(open_page: Open, control: httpx.Client) -> None:
    control.put("/inbox/console", json={"then": {"status": 200}})
    page = open_page("webhooks")
    page.get_by_role("group", name="What console answers").get_by_role("button", name="500").click()
    expect(page.locator(".toast")).to_contain_text("console answers 500")
    assert control.get("/inbox/console").json()["then"]["status"] == 500


def test_the_timeline_of_a_person_has_the_deliveries(
    open_page: Open, control: httpx.Client
) -> None:
    control.post("/simulate", json=BOOKED)
    page = open_page("person/sela/28041")
    expect(page.locator(".timeline")).to_contain_text("CALL_COMPLETE delivered")


def test_a_vendor_without_webhooks_says_so(open_page: Open) -> None:
    page = open_page("webhooks")
    expect(page.locator(".receivers")).to_contain_text("Octanist documents no webhooks")


def test_on_a_phone_a_delivery_is_a_page(open_page: Open, control: httpx.Client) -> None:
    control.post("/simulate", json=BOOKED)
    page = open_page("webhooks", viewport=PHONE)
    page.locator(".delivery").first.click()
    expect(page.locator(".journal")).to_be_hidden()
    page.get_by_role("button", name="Back to the inbox").click()
    expect(page.locator(".journal")).to_be_visible()

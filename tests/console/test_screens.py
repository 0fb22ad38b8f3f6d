"""Faults, clock and calls, report, settings, reference: a story each."""

import httpx
import pytest
from playwright.sync_api import expect

from mockserver.serving.server import MockServer
from tests.console.conftest import Open, Watch

LEAD = {"email": "mira@example.com", "name": "Mira"}


def test_a_rule_of_the_sentence_makes_calls_fail_and_counts_them(
    open_page: Open, shop: httpx.Client
) -> None:
    page = open_page("faults")
    expect(page.get_by_role("heading", name="Nothing goes wrong")).to_be_visible()
    page.get_by_label("How many requests").fill("2")
    page.get_by_label("Which requests").select_option("octanist")
    expect(page.locator(".fault-preview .http")).to_have_text("429")
    page.get_by_role("button", name="Add the rule").click()
    card = page.locator(".rule-card")
    expect(card).to_contain_text("0 of 2")
    statuses = [shop.post("/octanist/api/leads", json=LEAD).status_code for _ in range(3)]
    assert statuses[:2] == [429, 429]
    expect(card).to_contain_text("2 of 2")
    expect(card).to_contain_text("spent")


def test_a_removed_rule_comes_back_by_undo(open_page: Open, control: httpx.Client) -> None:
    control.post("/faults", json={"fault": "server_error", "times": 4})
    page = open_page("faults")
    page.get_by_role("button", name="Remove rule 1").click()
    expect(page.locator(".rule-card")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".rule-card")).to_contain_text("0 of 4")


def test_the_next_event_is_played(open_page: Open, control: httpx.Client) -> None:
    page = open_page("clock")
    expect(page.locator(".strip-day")).to_have_count(7)
    page.get_by_role("button", name="To the next event").click()
    expect(page.locator(".toast").first).to_contain_text("fell due")
    assert control.get("/events").json()["last"] > 0


def test_the_autopilot_is_turned(open_page: Open, control: httpx.Client) -> None:
    page = open_page("clock")
    page.get_by_role("group", name="Autopilot of Sela").get_by_role("button", name="All").click()
    expect(page.locator(".toast")).to_contain_text("autopilot all")
    assert control.get("/autopilot").json()["sela"]["mode"] == "all"


def test_one_outcome_happens_to_many_leads(open_page: Open, control: httpx.Client) -> None:
    page = open_page("clock")
    panel = page.locator(".panel", has_text="One outcome for many leads")
    panel.get_by_label("Outcome").select_option("not_interested")
    for name in ("Marisol Treviso", "Fintan Mulrooney"):
        panel.get_by_label(name).first.check()
    panel.get_by_role("button", name="Make it happen").click()
    expect(page.locator(".toast")).to_contain_text("Not interested: 2 leads")
    assert control.get("/leads/sela/28041").json()["lead"]["status"] == "LOST"


def test_the_report_names_what_was_done_badly(open_page: Open, shop: httpx.Client) -> None:
    page = open_page("report")
    expect(page.locator("main")).to_contain_text("Nothing to say yet")
    shop.get("/octanist/api/nope")
    expect(page.locator(".banner")).to_contain_text("1 request since this was made.")
    page.get_by_role("button", name="Again").click()
    expect(page.locator(".finding").first).to_contain_text("Called an unknown operation")
    page.locator(".finding").first.get_by_role("link", name="No. 1").click()
    expect(page.locator(".detail .sub").first).to_contain_text("No. 1")


def test_a_setting_is_changed_and_put_back(open_page: Open, control: httpx.Client) -> None:
    page = open_page("settings")
    page.get_by_label("Find a setting").fill("not_found_status")
    page.locator("#setting-nlpearl-not_found_status").select_option("404")
    expect(page.locator(".changed-one")).to_have_count(1)
    values = {each["name"]: each["value"] for each in control.get("/settings").json()["nlpearl"]}
    assert values["not_found_status"] == 404
    page.get_by_role("button", name="default 400").click()
    expect(page.locator(".changed-one")).to_have_count(0)


def test_a_snapshot_is_saved_restored_and_deleted(
    open_page: Open, shop: httpx.Client, control: httpx.Client
) -> None:
    page = open_page("settings")
    page.get_by_role("button", name="Save one now").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".snapshots")).to_contain_text("before-demo")
    shop.post("/octanist/api/leads", json=LEAD)
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".toast").last).to_contain_text("is restored")
    assert control.get("/leads?q=mira@example.com").json()["leads"] == []
    page.get_by_role("button", name="Delete before-demo").click()
    expect(page.locator(".snapshots")).to_have_count(0)


def test_a_fixture_that_does_not_fit_is_told_with_its_place(open_page: Open, watch: Watch) -> None:
    watch.allow("400")
    page = open_page("settings")
    bad = {"name": "bad.json", "mimeType": "application/json", "buffer": b'{"sela": {"leeds": []}}'}
    page.get_by_label("A fixture as YAML or JSON").set_input_files(bad)
    expect(page.get_by_role("dialog")).to_contain_text("leeds")


def test_a_fixture_of_yaml_is_loaded(open_page: Open, control: httpx.Client) -> None:
    exported = control.get("/export", params={"format": "yaml"}).content
    control.post("/seed", json={"name": "empty"})
    page = open_page("settings")
    file = {"name": "kept.yaml", "mimeType": "application/yaml", "buffer": exported}
    page.get_by_label("A fixture as YAML or JSON").set_input_files(file)
    expect(page.locator(".toast")).to_contain_text("kept.yaml is loaded")
    assert control.get("/export", params={"format": "yaml"}).content == exported


@pytest.mark.parametrize("document", ["sela", "octanist", "nlpearl", "control"])
def test_the_reference_shows_each_document(
    open_page: Open, server: MockServer, workspace: str, document: str
) -> None:
    page = open_page("people")
    page.goto(f"{server.url}/__admin/reference/?ws={workspace}&doc={document}")
    expect(page.locator(".opblock").first).to_be_visible()
    expect(page.locator("#tabs [aria-current]")).to_be_visible()


def test_the_reference_sends_with_the_workspaces_credential(
    open_page: Open, server: MockServer, workspace: str, control: httpx.Client
) -> None:
    page = open_page("people")
    operation = "leads_list"
    page.goto(f"{server.url}/__admin/reference/?ws={workspace}&doc=sela&operation={operation}")
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    page.get_by_role("link", name="Requests of this operation").click()
    expect(page.locator(".rows .row:visible")).to_have_count(1)
    assert [each["operation"] for each in control.get("/requests").json()["requests"]] == [
        operation
    ]
    expect(page.get_by_role("link", name=operation)).to_be_visible()

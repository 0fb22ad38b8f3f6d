"""Every screen in both themes and at both widths, looked through by axe-core."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from mockserver.serving.server import MockServer
from tests.console.conftest import PHONE, WIDE, Open

SCREENS = [
    "people",
    "person/sela/28041",
    "requests/1",
    "faults",
    "clock",
    "webhooks",
    "report",
    "settings",
    "more",
]
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
UPDATE = {"phone_number": "(804) 222-1111", "email": "first_name@trysela.com", "status": "CLOSED"}

# The rules that depend on colours; on widths, all do.
COLOURS = OPTIONS | {"runOnly": ["color-contrast"]}

# Rows that are built alike: some are looked at for all.
ALIKE = (
    ".grid tbody tr:nth-child(n + 12), .plain tbody tr:nth-child(n + 6), "
    ".operations li:nth-child(n + 6), .settings li:nth-child(n + 6), .check:nth-child(n + 6)"
)

# The viewer's own faults, by rule: a new one is to be seen.
VIEWERS = {
    "color-contrast",
    "nested-interactive",
    "select-name",
    "region",
    "heading-order",
    "scrollable-region-focusable",
}


def violations(page: Any, options: Mapping[str, Any] = OPTIONS) -> list[str]:
    """What axe-core finds, a line for each element."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options=dict(options)).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_in_both_themes_at_both_widths(
    open_page: Open, shop: httpx.Client, control: httpx.Client, screen: str
) -> None:
    shop.put("/sela/api/leads/update/", json=UPDATE)
    control.post("/faults", json={"fault": "server_error", "times": 4})
    page = open_page(screen, reduced_motion="reduce")
    page.wait_for_timeout(500)
    page.evaluate(
        "(alike) => document.querySelectorAll(alike).forEach((row) => row.remove())", ALIKE
    )
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for scheme, options in (("light", OPTIONS), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme)
            assert (scheme, violations(page, options)) == (scheme, [])


def test_of_the_reference_only_the_viewers_own_faults_are_left(
    open_page: Open, server: MockServer, workspace: str
) -> None:
    page = open_page("people")
    page.goto(f"{server.url}/__admin/reference/?ws={workspace}&doc=sela")
    page.wait_for_selector(".opblock")
    left = [each for each in violations(page) if each.split(":")[0] not in VIEWERS]
    assert left == []


def test_focus_goes_to_the_title_of_a_new_screen(open_page: Open) -> None:
    page = open_page("people")
    page.get_by_role("link", name="Faults").click()
    # Not `wait_for_function`: the page's policy forbids what it needs.
    page.locator("h1:focus").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Faults"


def test_the_first_key_leads_to_the_content(open_page: Open) -> None:
    page = open_page("people")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

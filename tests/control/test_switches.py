"""The switches of a workspace: every one is listed, all that are named change together or none does."""

from typing import Any

import httpx
import pytest

from mockserver.app import load_vendors
from mockserver.workspaces import Workspace
from tests.samples import NAMES

STRANGER = f"is no vendor; the vendors are {', '.join(NAMES)}"


def values(listing: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {
        vendor: {each["name"]: each["value"] for each in group} for vendor, group in listing.items()
    }


def test_every_switch_is_listed_with_all_that_is_known_of_it(control: httpx.Client) -> None:
    assert control.get("/settings").json() == {
        vendor.name: [
            {
                "name": each.name,
                "value": each.initial,
                "default": each.initial,
                "values": list(each.values),
                "help": each.help,
                "provenance": each.provenance,
                "source": each.source,
            }
            for each in vendor.settings
        ]
        for vendor in load_vendors()
    }


def test_a_switch_changes_what_its_vendor_does(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    family = {"email": "family@example.com", "status": "lost"}
    assert octanist.patch("/leads", json=family).status_code == 409
    control.patch("/settings", json={"octanist": {"allow_bulk_updates": True}})
    assert octanist.patch("/leads", json=family).json()["data"]["leadsUpdated"] == 2


def test_null_is_the_default(control: httpx.Client) -> None:
    before = control.get("/settings").json()
    control.patch(
        "/settings",
        json={"octanist": {"allow_bulk_updates": True}, "nlpearl": {"not_found_status": 404}},
    )
    assert (
        control.patch(
            "/settings",
            json={"octanist": {"allow_bulk_updates": None}, "nlpearl": {"not_found_status": None}},
        ).json()
        == before
    )


def test_the_answer_shows_the_values_of_now(control: httpx.Client) -> None:
    before = values(control.get("/settings").json())
    after = values(control.patch("/settings", json={"nlpearl": {"not_found_status": 404}}).json())
    assert after == before | {"nlpearl": before["nlpearl"] | {"not_found_status": 404}}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        pytest.param({"nobody": {}}, {"/nobody": STRANGER}, id="vendor"),
        pytest.param({"nlpearl": {"not_found_status": 403}}, {"/nlpearl/not_found_status": "must be one of 400, 404"}, id="choice"),
        pytest.param({"sela": {"page_size": "ten"}}, {"/sela/page_size": "must be an integer, like 100"}, id="type"),
        pytest.param({"sela": {"page_size": 0, "max_page_size": -1}, "nlpearl": {"search_limit": 0}, "octanist": {"leads_limit": -1}}, {
            "/sela/page_size": "must be at least 1",
            "/sela/max_page_size": "must be at least 1",
            "/nlpearl/search_limit": "must be at least 1",
            "/octanist/leads_limit": "must be at least 0",
        }, id="range"),
        pytest.param({"octanist": {"allow_bulk_updates": []}}, {"/octanist/allow_bulk_updates": "must be one of false, true"}, id="list"),
        pytest.param({"octanist": {"allow_bulk_updates": {}}}, {"/octanist/allow_bulk_updates": "must be a string, an integer, true or false, an array, or null"}, id="object"),
        pytest.param({"octanist": True}, {"/octanist": "must be a JSON object"}, id="no object"),
        pytest.param({"octanist": {"allow_bulk_updates": {}, "leads_limit": -1}, "sela": 1, "nobody": {}}, {
            "/octanist/allow_bulk_updates": "must be a string, an integer, true or false, an array, or null",
            "/octanist/leads_limit": "must be at least 0",
            "/sela": "must be a JSON object",
            "/nobody": STRANGER,
        }, id="several at once"),
        pytest.param({}, {"": "must not be empty"}, id="nothing"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_switch_that_is_none_is_refused(
    changes: Any, errors: dict[str, str], control: httpx.Client
) -> None:
    answer = control.patch("/settings", json=changes)
    assert (
        answer.status_code,
        {each["pointer"]: each["detail"] for each in answer.json()["errors"]},
    ) == (400, errors)


def test_an_unknown_switch_is_told_the_known_ones(
    control: httpx.Client, workspace: Workspace
) -> None:
    (error,) = control.patch("/settings", json={"octanist": {"bulk": True}}).json()["errors"]
    assert error == {
        "pointer": "/octanist/bulk",
        "detail": f"is no setting; the settings are {', '.join(workspace.settings['octanist'])}",
    }


def test_where_one_is_wrong_none_is_changed(control: httpx.Client) -> None:
    before = control.get("/settings").json()
    answer = control.patch(
        "/settings",
        json={"octanist": {"allow_bulk_updates": True}, "nlpearl": {"not_found_status": 403}},
    )
    assert (answer.status_code, control.get("/settings").json()) == (400, before)

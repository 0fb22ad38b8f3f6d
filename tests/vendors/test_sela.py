"""What Sela does with leads, as stories over a socket."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.errors import FixtureError
from mockserver.fixtures import Fixture
from mockserver.vendors.sela import LEAD, vendor
from mockserver.workspaces import Workspace
from tests.world import freeze, switch

NOW = datetime(2026, 1, 5, 21, 59, 1, 250000, tzinfo=UTC)
LOCAL_NOW = "2026-01-05T13:59:01.250000-08:00"
ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}
NEW = {"phone_number": "+12025550199", "email": "new@example.com"}
NO_CONFIG = "/api/lead-ingestion/00000000-0000-4000-8000-000000000000/"
OPEN_CONFIG = "/api/lead-ingestion/3f0c1a52-7d6b-4c58-9a0e-5b1f6f2d8e11/"
CLOSED_CONFIG = "/api/lead-ingestion/8d2b7e90-14c3-4f6a-b7d5-2c9e0a4f6b32/"
UPDATE, LEADS, BULK = "/api/leads/update/", "/api/leads/", "/api/leads/bulk-create/"
DUPLICATE = {"non_field_errors": ["The fields phone_number, email must make a unique set."]}
NO_LEAD = {"detail": "No Lead matches the given query."}


@pytest.fixture
def at_noon(workspace: Workspace) -> Workspace:
    """The test's workspace, at a moment that stands still."""
    freeze(workspace, NOW)
    return workspace


def rows(workspace: Workspace, table: str = "leads") -> dict[Any, Any]:
    return dict(workspace.tables["sela"][table].rows)


def switch_sela(workspace: Workspace, **settings: Any) -> None:
    switch(workspace, "sela", **settings)


# Updating by phone number and e-mail address


def test_an_update_changes_what_it_sends_and_nothing_else(
    sela: httpx.Client, at_noon: Workspace
) -> None:
    before = rows(at_noon)[28001]
    response = sela.put(UPDATE, json=ADA | {"external_id": "crm-99"})
    assert response.json() == before | {"external_id": "crm-99", "modified_time": LOCAL_NOW}
    assert rows(at_noon)[28001] == response.json()


def test_a_lead_has_its_keys_in_the_order_of_the_schema(sela: httpx.Client) -> None:
    assert list(sela.put(UPDATE, json=ADA).json()) == list(LEAD)


def test_both_keys_have_to_match(sela: httpx.Client) -> None:
    response = sela.put(UPDATE, json=ADA | {"email": "grace@example.com"})
    assert (response.status_code, response.json()) == (404, NO_LEAD)


@pytest.mark.parametrize(
    "extra", [{}, {"email": None}, {"email": ""}], ids=["left out", "null", "empty"]
)
def test_without_an_address_the_phone_number_alone_matches_and_the_address_stays(
    sela: httpx.Client, extra: dict[str, Any]
) -> None:
    body = {"phone_number": "+12025550101"} | extra
    for lead in (sela.put(UPDATE, json=body).json(), sela.put(UPDATE, data=body).json()):
        assert (lead["id"], lead["email"]) == (28001, "ada@example.com")


@pytest.mark.parametrize(
    "email",
    [
        "ada@localhost",
        "ada@company.local",
        "ada@[127.0.0.1]",
        '"Ada"@example.com',
        "ada@exämple.рф",
    ],
)
def test_an_address_that_the_framework_takes_finds_its_lead(sela: httpx.Client, email: str) -> None:
    id = sela.post(LEADS, json=NEW | {"email": email}).json()["id"]
    assert sela.put(UPDATE, json=NEW | {"email": email}).json()["id"] == id


def test_the_address_is_compared_without_regard_to_case(sela: httpx.Client) -> None:
    lead = sela.put(UPDATE, json=ADA | {"email": "ADA@Example.com"}).json()
    assert (lead["id"], lead["email"]) == (28001, "ADA@Example.com")


def test_the_external_id_is_stored_and_never_matched(sela: httpx.Client) -> None:
    assert sela.put(UPDATE, json=NEW | {"external_id": "crm-1"}).status_code == 404


def test_the_address_decides_between_two_leads_with_one_number(sela: httpx.Client) -> None:
    for email, id in (("family@example.com", 28011), ("jean@example.com", 28012)):
        assert (
            sela.put(UPDATE, json={"phone_number": "+12155550111", "email": email}).json()["id"]
            == id
        )


def test_of_several_leads_the_newest_is_meant(sela: httpx.Client) -> None:
    assert sela.put(UPDATE, json={"phone_number": "+12155550111"}).json()["id"] == 28012


def test_several_leads_can_be_refused(sela: httpx.Client, workspace: Workspace) -> None:
    switch_sela(workspace, several_matches="refuse")
    response = sela.put(UPDATE, json={"phone_number": "+12155550111"})
    assert (response.status_code, response.json()) == (
        400,
        {"non_field_errors": ["Several leads match."]},
    )


def test_no_match_can_be_400_and_worded_plainly(sela: httpx.Client, workspace: Workspace) -> None:
    switch_sela(workspace, no_match_status=400, framework_version="django-4.2")
    response = sela.put(UPDATE, json=NEW)
    assert (response.status_code, response.json()) == (400, {"detail": "Not found."})


def test_lost_leaves_the_do_not_contact_marks(sela: httpx.Client) -> None:
    assert sela.put(UPDATE, json=ADA | {"status": "LOST"}).json()["call_dnc"] is False
    assert (
        sela.put(UPDATE, json=ADA | {"status": "LOST", "call_dnc": True}).json()["call_dnc"] is True
    )
    lead = sela.put(UPDATE, json=ADA | {"status": "LOST"}).json()
    assert (lead["call_dnc"], lead["sms_dnc"]) == (True, False)


@pytest.mark.parametrize(
    "change",
    [
        {"status": status}
        for status in (
            "CLOSED",
            "CLOSED_INCOMPLETE",
            "LOST",
            "SCHEDULE_COMPLETED",
            "OUT_OF_TERRITORY",
            "BAD_NUMBER",
            "CANCELLED",
        )
    ]
    + [{"call_dnc": True}],
    ids=str,
)
def test_a_closing_status_or_call_dnc_ends_the_call_schedule(
    sela: httpx.Client, change: dict[str, Any]
) -> None:
    assert sela.get("/api/leads/28001/").json()["next_call_time_reason"] == "FIRST_CALL"
    lead = sela.put(UPDATE, json=ADA | change).json()
    assert (lead["next_call_time"], lead["next_call_time_reason"]) == (None, None)


def test_sms_dnc_leaves_the_call_schedule(sela: httpx.Client) -> None:
    lead = sela.put(UPDATE, json=ADA | {"sms_dnc": True}).json()
    assert (lead["sms_dnc"], lead["call_dnc"], lead["next_call_time_reason"]) == (
        True,
        False,
        "FIRST_CALL",
    )


def test_a_new_status_has_no_reason_yet(sela: httpx.Client, at_noon: Workspace) -> None:
    again = sela.post(LEADS, json=ADA | {"min_reengagement_days": 0}).json()
    assert again["status_reason"] == "REENGAGEMENT"
    assert sela.put(UPDATE, json=ADA | {"status": "OPEN"}).json()["status_reason"] == "REENGAGEMENT"
    assert sela.put(UPDATE, json=ADA | {"status": "CLOSED"}).json()["status_reason"] is None


def test_unknown_keys_go_to_the_metadata_over_the_old(sela: httpx.Client) -> None:
    body = ADA | {"metadata": {"first_name": "A.", "loan": 1}, "loan": 2, "title": "Countess"}
    assert sela.put(UPDATE, json=body).json()["metadata"] == {
        "first_name": "A.",
        "last_name": "Lovelace",
        "loan": 2,
        "title": "Countess",
    }


def test_metadata_can_be_replaced_instead(sela: httpx.Client, workspace: Workspace) -> None:
    switch_sela(workspace, metadata_update="replace")
    assert sela.put(UPDATE, json=ADA | {"title": "Countess"}).json()["metadata"] == {
        "title": "Countess"
    }


def test_null_empties_the_metadata(sela: httpx.Client) -> None:
    assert sela.put(UPDATE, json=ADA | {"metadata": None}).json()["metadata"] is None
    assert sela.put(UPDATE, json=ADA | {"metadata": None, "a": 1}).json()["metadata"] == {"a": 1}


def test_read_only_fields_are_ignored(sela: httpx.Client, at_noon: Workspace) -> None:
    before = rows(at_noon)[28001]
    read_only = {
        "id": 5,
        "created_time": "x",
        "status_reason": "CHAT",
        "reengagements_count": 9,
        "min_reengagement_days": 3,
    }
    assert sela.put(UPDATE, json=ADA | read_only).json() == before | {"modified_time": LOCAL_NOW}


# One lead by its id


def test_a_lead_is_changed_by_its_id(sela: httpx.Client) -> None:
    lead = sela.patch(
        "/api/leads/28001/", json={"phone_number": "202-555-0177", "email": None}
    ).json()
    assert (lead["phone_number"], lead["email"]) == ("+12025550177", None)
    assert sela.get("/api/leads/28001/").json() == lead
    assert sela.put(UPDATE, json=ADA).status_code == 404


def test_an_empty_patch_changes_only_the_time(sela: httpx.Client, at_noon: Workspace) -> None:
    before = rows(at_noon)[28001]
    assert sela.patch("/api/leads/28001/").json() == before | {"modified_time": LOCAL_NOW}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/api/leads/1/", "Lead"),
        ("/api/lead-types/1/", "LeadType"),
        ("/api/webhooks/99/", "Webhook"),
        ("/api/leads/-1/", "Lead"),
    ],
)
def test_what_is_not_there_is_404(sela: httpx.Client, path: str, model: str) -> None:
    response = sela.get(path)
    assert (response.status_code, response.json()) == (
        404,
        {"detail": f"No {model} matches the given query."},
    )


# Creating


def test_a_new_lead_of_a_calling_campaign_is_scheduled(
    sela: httpx.Client, at_noon: Workspace
) -> None:
    response = sela.post(LEADS, json=NEW | {"lead_type": 123, "first_name": "Neo"})
    assert response.status_code == 201
    assert response.json() == LEAD | NEW | {
        "id": 28014,
        "metadata": {"first_name": "Neo"},
        "modified_time": LOCAL_NOW,
        "created_time": LOCAL_NOW,
        "received_time": LOCAL_NOW,
        "status": "OPEN",
        "lead_type": 123,
        "next_call_time": "2026-01-05T21:59:01+00:00",
        "next_call_time_reason": "FIRST_CALL",
    }
    assert rows(at_noon)[28014] == response.json()


@pytest.mark.parametrize(
    "extra", [{}, {"lead_type": 124}], ids=["no campaign", "a campaign without calls"]
)
def test_a_new_lead_that_nobody_calls_is_new(sela: httpx.Client, extra: dict[str, Any]) -> None:
    lead = sela.post(LEADS, json=NEW | extra).json()
    assert (
        lead["status"],
        lead["next_call_time"],
        lead["next_call_time_reason"],
        lead["metadata"],
    ) == ("NEW", None, None, None)


def test_the_first_call_waits_for_the_start_of_the_schedule(
    sela: httpx.Client, at_noon: Workspace
) -> None:
    for start, first in (
        ("2026-01-07T10:00:00-08:00", "2026-01-07T18:00:00+00:00"),
        ("2025-01-01T10:00:00Z", "2026-01-05T21:59:01+00:00"),
    ):
        lead = sela.post(
            LEADS,
            json=NEW
            | {
                "email": f"a{start[3]}@example.com",
                "lead_type": 123,
                "call_schedule_start_time": start,
            },
        ).json()
        assert lead["next_call_time"] == first


def test_status_and_do_not_contact_cannot_be_set_on_creation(sela: httpx.Client) -> None:
    sent = {"status": "CLOSED", "status_detail": "escalation", "sms_dnc": True, "call_dnc": True}
    lead = sela.post(LEADS, json=NEW | sent).json()
    assert {name: lead[name] for name in sent} == {
        "status": "NEW",
        "status_detail": None,
        "sms_dnc": False,
        "call_dnc": False,
    }
    assert lead["metadata"] is None


def test_the_first_status_can_be_chosen(sela: httpx.Client, workspace: Workspace) -> None:
    switch_sela(workspace, new_lead_status="OPEN", create_status=200)
    response = sela.post(LEADS, json=NEW)
    assert (response.status_code, response.json()["status"]) == (200, "OPEN")


def test_ids_count_on_from_the_largest(sela: httpx.Client) -> None:
    assert [
        sela.post(LEADS, json=NEW | {"email": f"{n}@example.com"}).json()["id"] for n in range(3)
    ] == [28014, 28015, 28016]


def test_a_refused_creation_takes_no_id(sela: httpx.Client) -> None:
    assert sela.post(LEADS, json=NEW | {"lead_type": 999}).status_code == 400
    assert sela.post(LEADS, json=NEW).json()["id"] == 28014


def test_unknown_references_can_be_accepted(sela: httpx.Client, workspace: Workspace) -> None:
    switch_sela(workspace, unknown_references="accept")
    assert (
        sela.post(LEADS, json=NEW | {"lead_type": 999, "representative": 7}).json()["lead_type"]
        == 999
    )


def test_numbers_outside_plus_one_can_be_refused(sela: httpx.Client, workspace: Workspace) -> None:
    abroad = {"phone_number": "+442079460958"}
    assert sela.post(LEADS, json=abroad).status_code == 201
    switch_sela(workspace, international_phones="refuse")
    refused = {"phone_number": ["Enter a valid phone number."]}
    assert sela.post(LEADS, json=abroad | {"email": "a@example.com"}).json() == refused
    assert sela.patch("/api/leads/28001/", json=abroad).json() == refused
    assert (
        sela.post(BULK, json={"leads": [abroad]}).json()["results"][0]["error"]
        == "phone_number: Enter a valid phone number."
    )


# Duplicates and re-engagement


@pytest.mark.parametrize("spelling", ["(202) 555-0101", "+12025550101"])
def test_a_duplicate_is_refused_and_changes_nothing(
    sela: httpx.Client, workspace: Workspace, spelling: str
) -> None:
    before = rows(workspace)
    response = sela.post(
        LEADS, json={"phone_number": spelling, "email": "ADA@example.com", "first_name": "X"}
    )
    assert (response.status_code, response.json()) == (400, DUPLICATE)
    assert rows(workspace) == before


def test_another_address_or_number_is_no_duplicate(sela: httpx.Client) -> None:
    assert sela.post(LEADS, json=ADA | {"email": "other@example.com"}).status_code == 201
    assert sela.post(LEADS, json=ADA | {"phone_number": "+12025550102"}).status_code == 201
    assert sela.post(LEADS, json={"phone_number": "+12025550101"}).status_code == 201
    assert sela.post(LEADS, json={"phone_number": "+12025550101"}).status_code == 400


def test_a_duplicate_can_be_answered_with_the_lead_there_is(
    sela: httpx.Client, workspace: Workspace
) -> None:
    switch_sela(workspace, duplicate="existing")
    response = sela.post(LEADS, json=ADA | {"first_name": "X"})
    assert (response.status_code, response.json()) == (200, rows(workspace)[28001])


def test_a_lead_that_comes_in_again_is_reengaged(sela: httpx.Client, at_noon: Workspace) -> None:
    sela.put(UPDATE, json=ADA | {"status": "CLOSED"})
    before = rows(at_noon)[28001]
    response = sela.post(
        LEADS, json=ADA | {"min_reengagement_days": 30, "lead_source": "web", "title": "Countess"}
    )
    assert response.status_code == 200
    assert response.json() == before | {
        "metadata": {"first_name": "Ada", "last_name": "Lovelace", "title": "Countess"},
        "status": "OPEN",
        "status_reason": "REENGAGEMENT",
        "lead_source": "web",
        "next_call_time": "2026-01-05T21:59:01+00:00",
        "next_call_time_reason": "NEXT_AVAILABLE_SLOT",
        "reengagements_count": 1,
        "last_reengagement_time": LOCAL_NOW,
    }


def test_the_days_count_from_the_last_time_it_came_in(
    sela: httpx.Client, at_noon: Workspace
) -> None:
    body = ADA | {"min_reengagement_days": 2}
    assert sela.post(LEADS, json=body).json()["reengagements_count"] == 1
    freeze(at_noon, NOW + timedelta(days=2, seconds=-1))
    assert sela.post(LEADS, json=body).json() == DUPLICATE
    freeze(at_noon, NOW + timedelta(days=2))
    assert sela.post(LEADS, json=body).json()["reengagements_count"] == 2


@pytest.mark.parametrize("lead_type", [124, None])
def test_a_reengaged_lead_of_a_campaign_without_calls_is_not_called(
    sela: httpx.Client, lead_type: int | None
) -> None:
    again = ADA | {"min_reengagement_days": 0, "lead_type": lead_type}
    lead = sela.post(LEADS, json=again).json()
    assert (lead["status"], lead["lead_type"]) == ("OPEN", lead_type)
    assert (lead["next_call_time"], lead["next_call_time_reason"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "planned"),
    [
        ({"lead_type": 124}, (None, None)),
        ({"lead_type": None}, ("2026-01-05T21:59:01+00:00", "FIRST_CALL")),
        (
            {"call_schedule_start_time": "2026-01-07T09:00:00-08:00"},
            ("2026-01-07T17:00:00+00:00", "FIRST_CALL"),
        ),
        (
            {"call_schedule_start_time": "2026-01-01T09:00:00-08:00"},
            ("2026-01-05T21:59:01+00:00", "FIRST_CALL"),
        ),
        (
            {"call_schedule_start_time": "2026-01-07T09:00:00-08:00", "status": "LOST"},
            (None, None),
        ),
    ],
)
def test_an_update_ends_or_moves_the_planned_call(
    sela: httpx.Client,
    at_noon: Workspace,
    changes: dict[str, Any],
    planned: tuple[str | None, str | None],
) -> None:
    id = sela.post(LEADS, json=NEW | {"lead_type": 123}).json()["id"]
    lead = sela.patch(f"{LEADS}{id}/", json=changes).json()
    assert (lead["next_call_time"], lead["next_call_time_reason"]) == planned


def test_a_reengaged_lead_that_must_not_be_called_is_not(sela: httpx.Client) -> None:
    sela.put(UPDATE, json=ADA | {"call_dnc": True})
    lead = sela.post(LEADS, json=ADA | {"min_reengagement_days": 1}).json()
    assert (lead["status"], lead["call_dnc"], lead["next_call_time"]) == ("OPEN", True, None)


@pytest.mark.parametrize("days", [10**6, 10**400, 2**63])
def test_however_many_days_are_a_number(sela: httpx.Client, days: int) -> None:
    assert sela.post(LEADS, json=ADA | {"min_reengagement_days": days}).json() == DUPLICATE


def test_the_days_may_not_be_negative(sela: httpx.Client) -> None:
    response = sela.post(LEADS, json=NEW | {"min_reengagement_days": -1})
    assert response.json() == {
        "min_reengagement_days": ["Ensure this value is greater than or equal to 0."]
    }


def test_the_status_of_a_reengagement_can_be_chosen(
    sela: httpx.Client, workspace: Workspace
) -> None:
    switch_sela(workspace, reengagement_status=201)
    assert sela.post(LEADS, json=ADA | {"min_reengagement_days": "1"}).status_code == 201


# Many at once


def test_each_item_of_a_bulk_has_its_own_result(sela: httpx.Client, workspace: Workspace) -> None:
    leads = [
        NEW,
        ADA | {"min_reengagement_days": 1},
        ADA,
        NEW,
        5,
        {"email": "x", "lead_type": 9},
        NEW | {"email": "b@example.com"},
    ]
    response = sela.post(BULK, json={"leads": leads})
    assert response.status_code == 200
    assert response.json()["results"] == [
        {"id": 28014, "action": "created"},
        {"id": 28001, "action": "reengaged"},
        {
            "id": None,
            "action": "error",
            "error": "The fields phone_number, email must make a unique set.",
        },
        {
            "id": None,
            "action": "error",
            "error": "The fields phone_number, email must make a unique set.",
        },
        {"id": None, "action": "error", "error": "Each lead must be a JSON object."},
        {
            "id": None,
            "action": "error",
            "error": "phone_number: This field is required.; email: Enter a valid email address.; "
            'lead_type: Invalid pk "9" - object does not exist.',
        },
        {"id": 28015, "action": "created"},
    ]
    assert list(rows(workspace))[-2:] == [28014, 28015]


def test_what_no_text_can_be_fails_its_item_of_a_bulk_alone(
    sela: httpx.Client, workspace: Workspace
) -> None:
    good = b'{"phone_number": "+12125550180"}'
    nul = b'{"phone_number": "+12125550181", "external_id": "a\\u0000b", "status": 5, "us_state": "XX"}'
    surrogate = b'{"phone_number": "+12125550182", "\\ud800": 1}'
    body = b'{"leads": [' + b", ".join([nul, good, surrogate]) + b"]}"
    response = sela.post(BULK, content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["results"]) == (
        200,
        [
            {
                "id": None,
                "action": "error",
                "error": 'external_id: Null characters are not allowed.; us_state: "XX" is not a valid choice.',
            },
            {"id": 28014, "action": "created"},
            {
                "id": None,
                "action": "error",
                "error": "non_field_errors: Surrogate characters are not allowed: U+D800.",
            },
        ],
    )
    assert list(rows(workspace))[-1] == 28014


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "This field is required."),
        ({"leads": None}, "This field may not be null."),
        ({"leads": "x"}, 'Expected a list of items but got type "str".'),
        ({"leads": {}}, 'Expected a list of items but got type "dict".'),
    ],
)
def test_a_bulk_without_a_list_is_400(
    sela: httpx.Client, body: dict[str, Any], message: str
) -> None:
    response = sela.post(BULK, json=body)
    assert (response.status_code, response.json()) == (400, {"leads": [message]})


def test_a_bulk_of_nothing_has_no_results(sela: httpx.Client) -> None:
    assert sela.post(BULK, json={"leads": []}).json() == {"results": []}


@pytest.mark.parametrize("kind", ["data", "files"])
def test_a_bulk_may_be_a_form_of_numbered_fields(
    sela: httpx.Client, workspace: Workspace, kind: str
) -> None:
    lead = {
        "leads[0]phone_number": "202-555-0199",
        "leads[0]lead_type": "124",
        "leads[0]email": "",
        "leads[0]age": "3",
    }
    form = lead | {"leads[2]": "x", "leads[1]phone_number": "12"}
    response = (
        sela.post(BULK, data=form)
        if kind == "data"
        else sela.post(BULK, files={name: (None, form[name]) for name in form})
    )
    assert response.json()["results"] == [
        {"id": 28014, "action": "created"},
        {"id": None, "action": "error", "error": "phone_number: Enter a valid phone number."},
        {"id": None, "action": "error", "error": "Each lead must be a JSON object."},
    ]
    created = rows(workspace)[28014]
    assert (created["phone_number"], created["lead_type"], created["metadata"]) == (
        "+12025550199",
        124,
        {"age": "3"},
    )


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"leads[x]phone_number": "1"},
    ],
    ids=str,
)
def test_a_bulk_form_without_numbered_fields_has_no_leads(
    sela: httpx.Client, form: dict[str, str]
) -> None:
    response = sela.post(BULK, data=form)
    assert (response.status_code, response.json()) == (400, {"leads": ["This field is required."]})


@pytest.mark.parametrize("text", ["[]", '[{"phone_number": "+12025550199"}]'])
def test_text_in_a_bulk_form_is_a_lead_that_is_no_object(sela: httpx.Client, text: str) -> None:
    error = {"id": None, "action": "error", "error": "Each lead must be a JSON object."}
    assert sela.post(BULK, data={"leads": text}).json() == {"results": [error]}


# Pages


def test_the_newest_leads_come_first(sela: httpx.Client, workspace: Workspace) -> None:
    page = sela.get(LEADS).json()
    assert (page["count"], page["next"], page["previous"]) == (13, None, None)
    assert page["results"] == list(rows(workspace).values())[::-1]
    switch_sela(workspace, list_order="oldest")
    assert sela.get(LEADS).json()["results"] == list(rows(workspace).values())


def test_pages_lead_to_their_neighbours(sela: httpx.Client) -> None:
    link = f"{sela.base_url}api/leads/"
    ends = {
        1: (f"{link}?page=2&page_size=5", None),
        2: (f"{link}?page=3&page_size=5", f"{link}?page_size=5"),
        3: (None, f"{link}?page=2&page_size=5"),
    }
    for number, (following, previous) in ends.items():
        page = sela.get(LEADS, params={"page_size": 5, "page": number}).json()
        assert (page["next"], page["previous"], len(page["results"])) == (
            following,
            previous,
            3 if number == 3 else 5,
        )


def test_the_last_page_has_a_name(sela: httpx.Client) -> None:
    assert (
        sela.get(LEADS, params={"page_size": 5, "page": "last"}).json()
        == sela.get(LEADS, params={"page_size": 5, "page": 3}).json()
    )


def test_links_keep_the_other_parameters(sela: httpx.Client) -> None:
    following = sela.get(LEADS, params={"page_size": "5", "z": "a b&c", "a": "é"}).json()["next"]
    assert following == f"{sela.base_url}api/leads/?a=%C3%A9&page=2&page_size=5&z=a+b%26c"


def test_links_keep_parameters_that_are_repeated(sela: httpx.Client) -> None:
    following = sela.get(LEADS + "?page_size=5&a=2&a=1&page=1&page=1").json()["next"]
    assert following == f"{sela.base_url}api/leads/?a=2&a=1&page=2&page_size=5"


@pytest.mark.parametrize("page", ["+2", "%2B2", "02", "2%20"])
def test_a_page_number_is_read_as_python_reads_one(sela: httpx.Client, page: str) -> None:
    assert (
        sela.get(f"{LEADS}?page_size=+5&page={page}").json()
        == sela.get(f"{LEADS}?page_size=+5&page=2").json()
    )


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"json": {"status": "NOPE"}}, id="a bad value"),
        pytest.param(
            {"content": b"{", "headers": {"Content-Type": "application/json"}}, id="broken JSON"
        ),
        pytest.param(
            {"content": b"x", "headers": {"Content-Type": "text/plain"}}, id="an unknown media type"
        ),
    ],
)
@pytest.mark.parametrize(
    ("method", "path", "model"),
    [
        ("PATCH", "/api/leads/99999/", "Lead"),
        ("POST", NO_CONFIG, "LeadIngestionConfig"),
        ("PUT", NO_CONFIG, "LeadIngestionConfig"),
    ],
)
def test_what_is_not_there_is_told_before_the_body_is_read(
    sela: httpx.Client, method: str, path: str, model: str, sent: dict[str, Any]
) -> None:
    response = sela.request(method, path, **sent)
    assert (response.status_code, response.json()) == (
        404,
        {"detail": f"No {model} matches the given query."},
    )


def test_a_configuration_asks_for_its_token_before_the_body_is_read(
    serve: Callable[..., str],
) -> None:
    answer = httpx.post(
        serve() + "/sela" + CLOSED_CONFIG,
        content=b"{",
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()) == (
        401,
        {"detail": "Authentication credentials were not provided."},
    )


@pytest.mark.parametrize("page", ["0", "-1", "2", "abc", "1.0", "99999999999999999999999"])
def test_a_page_that_is_not_there_is_404(sela: httpx.Client, page: str) -> None:
    response = sela.get(LEADS, params={"page": page})
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


@pytest.mark.parametrize("size", ["0", "-5", "x", "", "1001"])
def test_a_strange_page_size_does_no_harm(sela: httpx.Client, size: str) -> None:
    assert len(sela.get(LEADS, params={"page_size": size, "page": ""}).json()["results"]) == 13


def test_page_sizes_are_settings(sela: httpx.Client, workspace: Workspace) -> None:
    switch_sela(workspace, page_size=4, max_page_size=6)
    assert len(sela.get(LEADS).json()["results"]) == 4
    assert len(sela.get(LEADS, params={"page_size": 10}).json()["results"]) == 6


def test_a_workspace_without_leads_has_one_empty_page(serve: Callable[..., str]) -> None:
    headers = {"Authorization": "Token demo"}
    response = httpx.get(serve(fixtures="empty") + "/sela/api/leads/", headers=headers)
    assert response.json() == {"count": 0, "next": None, "previous": None, "results": []}


def test_document_strictness_refuses_a_page_that_is_no_number(serve: Callable[..., str]) -> None:
    response = httpx.get(
        serve(strictness="document") + "/sela/api/leads/?page=last",
        headers={"Authorization": "Token demo"},
    )
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("refi", [123]),
        ("HOME ins", [124]),
        ("e", [123, 124]),
        ("nothing", []),
        ("", [123, 124]),
        ('"home ins"', [124]),
        ('"ins home"', []),
    ],
)
def test_lead_types_are_searched_by_their_names(
    sela: httpx.Client, search: str, ids: list[int]
) -> None:
    assert [
        each["id"]
        for each in sela.get("/api/lead-types/", params={"search": search}).json()["results"]
    ] == ids


def test_a_search_for_a_null_character_is_400(sela: httpx.Client) -> None:
    response = sela.get("/api/lead-types/?search=a%00")
    assert (response.status_code, response.json()) == (400, ["Null characters are not allowed."])


# Ingestion


def test_a_payload_is_mapped_to_a_lead(sela: httpx.Client, at_noon: Workspace) -> None:
    payload = {
        "contact": {"phone": "202-555-0199", "email": "new@example.com", "name": "Neo"},
        "ref": 7,
        "provider": "P",
        "loan": {"a": [1]},
    }
    response = sela.post(OPEN_CONFIG, json=payload)
    assert response.status_code == 201
    assert response.json() == LEAD | NEW | {
        "id": 28014,
        "metadata": {"contact": {"name": "Neo"}, "loan": {"a": [1]}},
        "modified_time": LOCAL_NOW,
        "created_time": LOCAL_NOW,
        "received_time": LOCAL_NOW,
        "status": "OPEN",
        "lead_type": 123,
        "external_id": "7",
        "lead_source": "P",
        "next_call_time": "2026-01-05T21:59:01+00:00",
        "next_call_time_reason": "FIRST_CALL",
    }


def test_standard_names_need_no_mapping_and_a_lead_type_sent_wins(sela: httpx.Client) -> None:
    assert sela.post(OPEN_CONFIG, json=NEW | {"lead_type": 124}).json()["lead_type"] == 124


@pytest.mark.parametrize(
    ("payload", "lead_type"),
    [
        pytest.param({}, 123, id="none in the payload"),
        pytest.param({"lead_type": 124}, 124, id="another in the payload"),
        pytest.param({"lead_type": None}, None, id="null in the payload"),
        pytest.param({"lead_type": ""}, None, id="an empty text in the payload"),
    ],
)
def test_the_configured_lead_type_is_for_new_leads_only(
    sela: httpx.Client, payload: dict[str, Any], lead_type: int | None
) -> None:
    # Lead 28001 has the lead type 123, the configuration 124.
    known = sela.put(CLOSED_CONFIG, json={"external_id": "crm-1", "loan": 5} | payload)
    assert (known.status_code, known.json()["lead_type"]) == (200, lead_type)
    new = sela.put(CLOSED_CONFIG, json=NEW | {"external_id": "crm-new"} | payload)
    assert (new.status_code, new.json()["lead_type"]) == (201, 124)


def test_an_open_url_asks_for_no_token(sela: httpx.Client) -> None:
    del sela.headers["Authorization"]
    assert sela.put(OPEN_CONFIG, json={"ref": "crm-1", "loan": 5}).status_code == 200


def test_the_other_url_does(sela: httpx.Client) -> None:
    assert sela.post(CLOSED_CONFIG, json=NEW).json()["lead_type"] == 124
    del sela.headers["Authorization"]
    response = sela.post(CLOSED_CONFIG, json=NEW)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Token")
    assert response.json() == {"detail": "Authentication credentials were not provided."}


@pytest.mark.parametrize("id", ["11111111-1111-4111-8111-111111111111", "abc"])
def test_a_configuration_that_is_not_there_is_404(sela: httpx.Client, id: str) -> None:
    assert sela.post(f"/api/lead-ingestion/{id}/", json=NEW).status_code == 404


def test_a_mapped_payload_is_checked_like_a_lead(sela: httpx.Client, workspace: Workspace) -> None:
    before = rows(workspace)
    payload = {"contact": {"email": "x"}, "state": "Nowhere"}
    expected = {
        "phone_number": ["This field is required."],
        "email": ["Enter a valid email address."],
        "us_state": ['"Nowhere" is not a valid choice.'],
    }
    assert sela.post(OPEN_CONFIG, json=payload).json() == expected
    assert sela.put(OPEN_CONFIG, json=payload).json() == expected
    assert rows(workspace) == before


def test_a_second_lead_from_a_payload_is_a_duplicate(
    sela: httpx.Client, workspace: Workspace
) -> None:
    assert sela.post(OPEN_CONFIG, json=ADA).json() == DUPLICATE
    assert (
        sela.post(OPEN_CONFIG, json=ADA | {"min_reengagement_days": 1}).json()[
            "reengagements_count"
        ]
        == 1
    )
    switch_sela(workspace, ingestion_duplicate="create")
    assert sela.post(OPEN_CONFIG, json=ADA).json()["id"] == 28014


@pytest.mark.parametrize(
    ("payload", "id"),
    [
        pytest.param(
            {"ref": "crm-2", "contact": {"phone": "+12025550101", "email": "alan@example.com"}},
            28002,
            id="external id first",
        ),
        pytest.param(
            {"ref": "none", "contact": {"phone": "+12025550101", "email": "alan@example.com"}},
            28001,
            id="then the phone number",
        ),
        pytest.param(
            {"ref": "none", "contact": {"phone": "+12025550188", "email": "alan@example.com"}},
            28003,
            id="then the address",
        ),
    ],
)
def test_a_resent_payload_updates_the_first_match(
    sela: httpx.Client, payload: dict[str, Any], id: int
) -> None:
    response = sela.put(OPEN_CONFIG, json=payload | {"loan": 5})
    assert (response.status_code, response.json()["id"], response.json()["metadata"]["loan"]) == (
        200,
        id,
        5,
    )


def test_what_the_mapping_empties_leaves_the_metadata(sela: httpx.Client) -> None:
    first = {"ref": "crm-new", "contact": {"phone": "+12025550199", "name": "Neo"}, "loan": {}}
    assert sela.put(OPEN_CONFIG, json=first).json()["metadata"] == {
        "contact": {"name": "Neo"},
        "loan": {},
    }
    again = sela.put(
        OPEN_CONFIG, json={"ref": "crm-new", "contact": {"phone": "+12025550199"}}
    ).json()
    assert again["metadata"] == {"contact": {"name": "Neo"}, "loan": {}}


def test_a_resent_payload_may_close_the_lead(sela: httpx.Client) -> None:
    lead = sela.put(OPEN_CONFIG, json={"ref": "crm-1", "status": "LOST", "sms_dnc": True}).json()
    assert (lead["id"], lead["status"], lead["sms_dnc"], lead["phone_number"]) == (
        28001,
        "LOST",
        True,
        "+12025550101",
    )


def test_a_resent_payload_without_a_match_creates(sela: httpx.Client) -> None:
    response = sela.put(
        OPEN_CONFIG, json={"ref": "crm-new", "contact": {"phone": "+12025550199"}, "status": "LOST"}
    )
    assert (response.status_code, response.json()["id"], response.json()["status"]) == (
        201,
        28014,
        "OPEN",
    )
    assert sela.put(OPEN_CONFIG, json={"ref": "crm-none"}).json() == {
        "phone_number": ["This field is required."]
    }


def test_a_form_is_a_payload_too(sela: httpx.Client) -> None:
    assert sela.post(OPEN_CONFIG, data=NEW | {"ref": "7", "age": "3"}).json()["metadata"] == {
        "age": "3"
    }


# Webhooks


def test_a_webhook_is_stored(sela: httpx.Client) -> None:
    response = sela.post(
        "/api/webhooks/",
        json={
            "url": "https://api.example.com/{{id}}?s={{metadata.us_state}}",
            "trigger": "LEAD_LOST",
        },
    )
    assert response.status_code == 201
    assert (
        sela.get("/api/webhooks/2/").json()
        == response.json()
        == {
            "id": 2,
            "url": "https://api.example.com/{{id}}?s={{metadata.us_state}}",
            "trigger": "LEAD_LOST",
            "filter_condition": None,
        }
    )


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, {"url": ["This field is required."]}),
        ({"url": ""}, {"url": ["This field may not be blank."]}),
        ({"url": "https://{{host}}/x"}, {"url": ["Enter a valid URL."]}),
        (
            {"url": "https://example.com/a b", "trigger": "NOW"},
            {"url": ["Enter a valid URL."], "trigger": ['"NOW" is not a valid choice.']},
        ),
        (
            {"url": "https://example.com/" + "a" * 255},
            {"url": ["Ensure this field has no more than 255 characters."]},
        ),
        (
            {"url": "example.com/" + "a" * 255},
            {"url": ["Ensure this field has no more than 255 characters.", "Enter a valid URL."]},
        ),
        ({"url": ["https://example.com"]}, {"url": ["Enter a valid URL."]}),
    ],
)
def test_a_webhook_needs_a_good_url(
    sela: httpx.Client, body: dict[str, Any], answer: dict[str, Any]
) -> None:
    response = sela.post("/api/webhooks/", json=body)
    assert (response.status_code, response.json()) == (400, answer)


# Strange input, and requests that leave nothing behind

NASTY = {
    "NUL": b'{"phone_number": "\\u0000"}',
    "NUL in metadata": b'{"phone_number": "+12025550101", "metadata": {"a": ["\\u0000"]}}',
    "NUL in a key": b'{"phone_number": "+12025550101", "a\\u0000": 1}',
    "lone surrogate": b'{"phone_number": "+12025550101", "first_name": "\\ud800"}',
    "infinite": b'{"phone_number": "+12025550101", "x": 1e400}',
    "huge integer": b'{"phone_number": "+12025550101", "x": ' + b"9" * 400 + b"}",
    "endless integer": b'{"phone_number": "+12025550101", "x": ' + b"9" * 5000 + b"}",
    "huge reference": b'{"phone_number": "+12025550101", "lead_type": ' + b"9" * 400 + b"}",
    "past 2^53": b'{"phone_number": 9007199254740993, "lead_type": 9007199254740993}',
    "fractions": b'{"phone_number": 1e22, "lead_type": 1e308, "min_reengagement_days": 1e308}',
    "deep": b'{"phone_number": "+12025550101", "metadata": '
    + b'{"a":' * 120
    + b"1"
    + b"}" * 120
    + b"}",
    "deeper": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "list": b"[[]]",
    "broken": b'{"phone_number"',
    "not UTF-8": b'{"phone_number": "\xff"}',
    "NaN": b'{"a": NaN}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "every type wrong": json.dumps({name: [{"a": None}] for name in LEAD}).encode(),
    "every value null": json.dumps(dict.fromkeys(LEAD)).encode(),
    "every value huge": json.dumps(dict.fromkeys(LEAD, 10**300)).encode(),
    "leads of all sorts": b'{"leads": [null, [], 1e400, "\\ud800", {"phone_number": {}}]}',
    "old and late": b'{"phone_number": "+12025550101", "call_schedule_start_time": "1800-01-01T00:00:00Z"}',
}
WRITES = [
    ("PUT", UPDATE),
    ("PATCH", "/api/leads/28001/"),
    ("POST", LEADS),
    ("POST", BULK),
    ("POST", OPEN_CONFIG),
    ("PUT", OPEN_CONFIG),
]


@pytest.mark.parametrize(("method", "path"), [*WRITES, ("POST", "/api/webhooks/")])
@pytest.mark.parametrize("content", NASTY.values(), ids=NASTY)
def test_nasty_bodies_never_break_the_server(
    sela: httpx.Client, workspace: Workspace, method: str, path: str, content: bytes
) -> None:
    before = {name: rows(workspace, name) for name in workspace.tables["sela"]}
    response = sela.request(
        method, path, content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code < 500
    if response.status_code >= 400:
        assert {name: rows(workspace, name) for name in workspace.tables["sela"]} == before


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "a/b",
        "",
        ";",
    ],
)
@pytest.mark.parametrize(
    "content", [b"phone_number=%00&email=%ff", b"a" * 5000, b"--x\r\n\r\n", b"&&==&", b"\x00\xff"]
)
def test_nasty_forms_never_break_the_server(sela: httpx.Client, kind: str, content: bytes) -> None:
    for method, path in WRITES:
        assert (
            400
            <= sela.request(
                method, path, content=content, headers={"Content-Type": kind}
            ).status_code
            < 500
            or path == "/api/leads/28001/"
        )


@pytest.mark.parametrize(
    "query",
    ["page=%00", "page=%ff", "page_size=1e9", "&&&=", "search=%00", "page=1&page=2", "a" * 5000],
)
def test_nasty_queries_never_break_the_server(sela: httpx.Client, query: str) -> None:
    for path in (LEADS, "/api/lead-types/"):
        assert sela.get(f"{path}?{query}").status_code in (200, 400, 404)


# Fixtures


def seeded(tmp_path: Path, text: str) -> Workspace:
    file = tmp_path / "seed.yaml"
    file.write_text(text)
    return Fixture(file, (vendor,), seed=1).workspace


def test_a_lead_of_a_fixture_has_the_defaults_of_the_api(tmp_path: Path) -> None:
    workspace = seeded(
        tmp_path,
        "clock: '2026-01-05T21:59:01.250000Z'\nsela: {leads: [{phone_number: 202-555-0101}, {id: 5, phone_number: '+12025550102'}]}",
    )
    times = {"modified_time": LOCAL_NOW, "created_time": LOCAL_NOW, "received_time": LOCAL_NOW}
    assert rows(workspace) == {
        6: LEAD | times | {"id": 6, "phone_number": "+12025550101"},
        5: LEAD | times | {"id": 5, "phone_number": "+12025550102"},
    }


def test_a_lead_as_the_api_returns_it_loads_back_to_the_same_row(
    tmp_path: Path, sela: httpx.Client
) -> None:
    start = {"call_schedule_start_time": "2027-01-01T10:00:00Z", "min_reengagement_days": 0}
    sela.post(LEADS, json=ADA | start)
    leads = sela.get(LEADS).json()["results"]
    types = [{"id": 123, "name": "A"}, {"id": 124, "name": "B"}]
    text = json.dumps(
        {"sela": {"lead_types": types, "representatives": [{"id": 456}], "leads": leads}}
    )
    assert list(rows(seeded(tmp_path, text)).values()) == leads


@pytest.mark.parametrize(
    ("section", "line"),
    [
        (
            "leads: [{id: 1, phone_number: '12'}]",
            "sela.leads[0].phone_number: '12' is no valid phone number",
        ),
        (
            "lead_types: [{id: 1, name: A}, {id: 1, name: B}]",
            "sela.lead_types[1].id: the id 1 stands twice in lead_types",
        ),
        (
            "leads: [{phone_number: '+12025550101', lead_type: 9}]",
            "sela.leads[0].lead_type: there is no 9 in lead_types",
        ),
        (
            "leads: [{phone_number: '+12025550101', representative: 9}]",
            "sela.leads[0].representative: there is no 9 in representatives",
        ),
        (
            "ingestion_configs: [{id: 3f0c1a52-7d6b-4c58-9a0e-5b1f6f2d8e11, lead_type: 9}]",
            "sela.ingestion_configs[0].lead_type: there is no 9 in lead_types",
        ),
        (
            "leads: [{id: 1, phone_number: '+12025550101'}, {id: 1, phone_number: '+12025550102'}]",
            "sela.leads[1].id: the id 1 stands twice in leads",
        ),
    ],
)
def test_a_fixture_that_breaks_a_rule_says_where(tmp_path: Path, section: str, line: str) -> None:
    with pytest.raises(FixtureError) as raised:
        seeded(tmp_path, f"sela:\n  {section}\n")
    assert str(raised.value).endswith(":2: " + line)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_zone_of_the_times_is_a_setting(
    sela: httpx.Client, at_noon: Workspace, zone: str
) -> None:
    switch_sela(at_noon, time_zone=zone)
    expected = {
        "UTC": "2026-01-05T21:59:01.250000Z",
        "America/New_York": "2026-01-05T16:59:01.250000-05:00",
    }
    assert sela.put(UPDATE, json=ADA).json()["modified_time"] == expected[zone]

"""What is particular in an export of Sela's leads."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.fixtures import export, replace
from tests.samples import Sample
from tests.vendors.exports import (
    EMAIL,
    JSON,
    MOMENTS,
    PHONE,
    SWITCHES,
    TEXT,
    TIME,
    VENDORS,
    Fields,
    Switches,
    bodies,
    check_that_an_export_is_the_same_workspace,
    contents,
    fields,
    holding,
    made_from,
    read,
    requests,
)
from tests.world import switch

SELA_LEAD: Fields = {
    "lead_type": st.sampled_from([123, 124, 999, None]),
    "representative": st.sampled_from([456, 999]),
    "external_id": TEXT,
}
SELA_LEAD |= {
    "us_state": st.sampled_from(["CA", "", None]),
    "lead_source": TEXT,
    "call_schedule_start_time": TIME,
    "metadata": fields(a=JSON),
}
SELA_NEW = bodies(
    {"phone_number": PHONE},
    **SELA_LEAD,
    email=EMAIL | st.none(),
    min_reengagement_days=st.integers(0, 1),
    extra=JSON,
)
SELA_CHANGE = fields(
    **SELA_LEAD,
    status=st.sampled_from(["CLOSED", "OPEN"]),
    status_detail=st.just(""),
    sms_dnc=st.booleans(),
    extra=JSON,
)
SELA_CONFIGS = ("3f0c1a52-7d6b-4c58-9a0e-5b1f6f2d8e11", "8d2b7e90-14c3-4f6a-b7d5-2c9e0a4f6b32")
SELA_HOOK = bodies(
    {
        "url": st.just("https://example.com/{{id}}"),
        "trigger": st.sampled_from(["SMS_DNC", "CALL_ENDED"]),
    },
    filter_condition=TEXT,
)

REQUESTS = st.one_of(
    requests("sela", "POST", "/api/leads/", SELA_NEW),
    requests(
        "sela",
        "POST",
        "/api/leads/bulk-create/",
        st.lists(SELA_NEW, max_size=3).map(lambda leads: {"leads": leads}),
    ),
    requests(
        "sela", "PATCH", "/api/leads/{id}/", SELA_CHANGE, id=st.integers(28001, 28015).map(str)
    ),
    requests(
        "sela", "PUT", "/api/lead-ingestion/{id}/", SELA_NEW, id=st.sampled_from(SELA_CONFIGS)
    ),
    requests("sela", "POST", "/api/webhooks/", SELA_HOOK),
)
READS = [
    read("sela", "GET", "/api/leads/?page_size=1000"),
]


@given(
    st.lists(st.tuples(REQUESTS, SWITCHES), min_size=4, max_size=20),
    SWITCHES,
    MOMENTS,
    st.lists(REQUESTS, min_size=2, max_size=5),
)
def test_whatever_was_asked_of_a_workspace_its_export_is_the_same_workspace(
    asked: list[tuple[Sample, Switches]], switches: Switches, moment: datetime, later: list[Sample]
) -> None:
    check_that_an_export_is_the_same_workspace(asked, switches, moment, [*later, *READS])


def test_times_are_printed_in_the_zone_of_now() -> None:
    lead = {"phone_number": "+12025550101", "call_schedule_start_time": "2027-01-01T10:00:00Z"}
    workspace = holding("sela", leads=[lead])
    switch(workspace, "sela", time_zone="America/New_York")
    [row] = workspace.tables["sela"]["leads"].rows.values()
    assert row["call_schedule_start_time"] == "2027-01-01T05:00:00-05:00"
    assert contents(made_from(export(workspace, VENDORS))) == contents(workspace)


def test_a_lead_of_a_lead_type_that_there_is_not_stays_so_whatever_the_setting_is_then() -> None:
    workspace = holding("sela")
    row = {"phone_number": "+12025550101", "lead_type": 9, "representative": 8}
    replace(workspace, {"sela": {"unknown_references": True, "leads": [row]}}, VENDORS)
    content = export(workspace, VENDORS)
    assert (content["sela"]["unknown_references"], contents(made_from(content))) == (
        True,
        contents(workspace),
    )


@pytest.mark.parametrize("id", [2**53, 2**63 - 1, 10**30])
def test_ids_go_on_past_any_limit(id: int) -> None:
    workspace = holding(
        "sela", leads=[{"id": id, "phone_number": "+12025550101"}, {"phone_number": "+12025550102"}]
    )
    assert [*workspace.tables["sela"]["leads"].rows] == [id, id + 1]
    assert contents(made_from(export(workspace, VENDORS))) == contents(workspace)


def test_an_id_with_a_zero_fraction_is_an_integer() -> None:
    workspace = holding(
        "sela",
        leads=[{"id": 7.0, "phone_number": "+12025550101"}],
        lead_types=[{"id": 5.0, "name": "A"}],
    )
    whole = holding(
        "sela",
        leads=[{"id": 7, "phone_number": "+12025550101"}],
        lead_types=[{"id": 5, "name": "A"}],
    )
    assert contents(workspace) == contents(whole)


def test_an_export_says_what_is_no_default() -> None:
    workspace = holding(
        "sela",
        lead_types=[{"id": 1, "name": "A"}],
        leads=[
            {
                "phone_number": "(202) 555-0101",
                "lead_type": 1,
                "email": None,
                "next_call_time": None,
            }
        ],
        webhooks=[{"id": 4, "url": "https://example.com"}],
    )
    time = "2026-01-05T13:59:01.250000-08:00"
    lead = {
        "id": 1,
        "phone_number": "+12025550101",
        "modified_time": time,
        "created_time": time,
        "status": "OPEN",
        "lead_type": 1,
    }
    assert export(workspace, VENDORS)["sela"] == {
        "next_numbers": {"leads": 2, "lead_types": 2, "webhooks": 5},
        "leads": [lead | {"next_call_time": None, "received_time": time}],
        "lead_types": [{"id": 1, "name": "A"}],
        "webhooks": [{"id": 4, "url": "https://example.com"}],
    }

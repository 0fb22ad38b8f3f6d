"""A workspace that is exported and loaded again is the same workspace: rows, their order, the next ids, settings and clock."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.app import create_app, load_vendors
from mockserver.fixtures import BUNDLED, Fixture, export, fixture_file, replace
from mockserver.state.changes import RequestNumber, Row
from mockserver.workspaces import Workspace
from tests.world import delete, freeze, shift, switch

VENDORS = load_vendors()
APP = create_app()
CREDENTIALS = {
    "sela": ("Authorization", "Token {}"),
    "octanist": ("X-API-KEY", "{}"),
    "nlpearl": ("Authorization", "Bearer {}:secret"),
}
NOW = datetime(2026, 1, 5, 21, 59, 1, 250000, tzinfo=UTC)

Request = tuple[str, str, str, Any]
"""Vendor, method, path and body."""

Fields = dict[str, st.SearchStrategy[Any]]


def made_from(content: Any, seed: int = 99) -> Workspace:
    """A workspace of another server that holds the fixture, read from JSON."""
    workspace = Fixture(fixture_file("empty"), VENDORS, seed).workspace
    replace(workspace, json.loads(json.dumps(content)), VENDORS)
    return workspace


def contents(workspace: Workspace) -> Any:
    """Everything that an export must keep: rows to the byte and in their order, how many ids were handed out, settings and clock."""
    tables = {
        f"{vendor} {name}": (json.dumps([*table.rows.items()]), table.last_number)
        for vendor, group in workspace.tables.items()
        for name, table in group.items()
    }
    return tables, workspace.settings, workspace.clock.frozen, workspace.clock.shift


def holding(vendor: str, **tables: list[Row]) -> Workspace:
    """A workspace at a fixed time with these rows of one vendor."""
    return made_from({"clock": NOW.isoformat(), vendor: tables}, seed=1)


def send(account: str, request: Request) -> tuple[int, bytes]:
    """Status and body of the answer of the application in this process."""
    vendor, method, path, body = request
    name, form = CREDENTIALS[vendor]

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(APP), base_url=f"http://test/{vendor}"
        ) as client:
            return await client.request(
                method, path, headers={name: form.format(account)}, json=body
            )

    answer = asyncio.run(call())
    return answer.status_code, answer.content


def fields(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


def bodies(
    required: Fields, **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
PHONE = st.sampled_from(["+12025550101", "(212) 555-0102", "+16175550188", "+442079460018", "12"])
EMAIL = st.sampled_from(
    ["ada@example.com", "family@example.com", "Tim+x@Example.com", "bücher@example.com"]
)
TIME = st.sampled_from(
    ["2027-01-01T10:00:00Z", "2027-07-01T10:00:00.5-04:00", "0001-01-01T00:00:00Z"]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    st.lists,
    max_leaves=3,
)
ATTRIBUTION = dict.fromkeys(("website", "path", "gclid", "utm_source", "epik"), TEXT) | {
    "ad_storage": st.sampled_from(["granted", "denied"])
}

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

OCTANIST_NEW = fields(
    **dict.fromkeys(("name", "note", "phone"), TEXT),
    email=EMAIL,
    custom=JSON | fields(a=JSON),
    sessionId=st.sampled_from(["550e8400-e29b-41d4-a716-446655440000", "none"]),
    **ATTRIBUTION,
)
OCTANIST_CHANGE = bodies(
    {"id": st.sampled_from([f"lead_demo{number:02}" for number in range(1, 14)])},
    status=st.sampled_from(["qualified", "won", "lost"]),
    value=st.floats(allow_nan=False, allow_infinity=False) | st.just("12.50"),
    note=TEXT,
    lossReason=TEXT,
)

PEARLS = st.sampled_from(["66a1f0c2d60e456235eae601", "66a1f0c2d60e456235eae602", "new pearl"])
NLPEARL_LEAD: Fields = {
    "externalId": TEXT | st.just("crm-x"),
    "timeZoneId": st.sampled_from(["Eastern Standard Time", "Asia/Tokyo", "Nowhere", None]),
}
NLPEARL_LEAD |= {"callData": st.dictionaries(TEXT, TEXT, max_size=2)}
NLPEARL_NEW = bodies({"phoneNumber": PHONE}, **NLPEARL_LEAD)
NLPEARL_CHANGE = fields(**NLPEARL_LEAD, phoneNumber=TEXT, status=st.sampled_from([1, 100, 130, 7]))
NLPEARL_IDS = st.sampled_from([f"66a1f0c2d60e456235eae70{digit}" for digit in "1234567890abcd"])


def requests(
    vendor: str,
    method: str,
    path: str,
    body: st.SearchStrategy[Any],
    **places: st.SearchStrategy[str],
) -> Any:
    return st.tuples(
        st.just(vendor),
        st.just(method),
        st.fixed_dictionaries(places).map(lambda given: path.format(**given)),
        body,
    )


REQUESTS: st.SearchStrategy[Request] = st.one_of(
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
    requests("octanist", "POST", "/api/leads", OCTANIST_NEW),
    requests("octanist", "PATCH", "/api/leads", OCTANIST_CHANGE),
    requests("nlpearl", "POST", "/v2/Outbound/{pearl}/Lead", NLPEARL_NEW, pearl=PEARLS),
    requests(
        "nlpearl",
        "POST",
        "/v2/Outbound/{pearl}/Leads/Add",
        fields(leads=st.lists(NLPEARL_NEW, max_size=3)),
        pearl=PEARLS,
    ),
    requests(
        "nlpearl",
        "PUT",
        "/v2/Outbound/66a1f0c2d60e456235eae601/Lead/{id}",
        NLPEARL_CHANGE,
        id=NLPEARL_IDS,
    ),
    requests(
        "nlpearl",
        "DELETE",
        "/v2/Outbound/66a1f0c2d60e456235eae601/Leads",
        fields(leadIds=st.lists(NLPEARL_IDS, max_size=2)),
    ),
    requests(
        "nlpearl",
        "DELETE",
        "/v2/Outbound/{pearl}/Leads/External",
        fields(leadExternalIds=st.just(["crm-x", "crm-3"])),
        pearl=PEARLS,
    ),
    requests(
        "nlpearl", "PUT", "/v2/Pearl/{pearl}/Active", fields(isActive=st.booleans()), pearl=PEARLS
    ),
)
READS: list[Request] = [
    ("sela", "GET", "/api/leads/?page_size=1000", None),
    ("octanist", "GET", "/api/leads?limit=100", None),
    ("nlpearl", "POST", "/v2/Outbound/66a1f0c2d60e456235eae601/Leads", {"limit": 1000}),
    ("nlpearl", "GET", "/v2/Pearl/66a1f0c2d60e456235eae601", None),
    ("nlpearl", "GET", "/v2/Account", None),
]
SWITCHES = st.fixed_dictionaries(
    {
        vendor.name: fields(
            **{
                setting.name: st.sampled_from(setting.values)
                for setting in vendor.settings
                if setting.values
            }
        )
        for vendor in VENDORS
    }
)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants them naive


def switch_all(workspace: Workspace, switches: dict[str, dict[str, Any]]) -> None:
    for vendor, values in switches.items():
        switch(workspace, vendor, **values)


@given(
    st.lists(st.tuples(REQUESTS, SWITCHES), min_size=4, max_size=20),
    SWITCHES,
    MOMENTS,
    st.lists(REQUESTS, min_size=2, max_size=5),
)
def test_whatever_was_asked_of_a_workspace_its_export_is_the_same_workspace(
    asked: list[tuple[Request, Any]], switches: Any, moment: datetime, later: list[Request]
) -> None:
    APP.workspaces.reset()
    workspace, other = APP.workspaces.admit("mine"), APP.workspaces.admit("other")
    freeze(workspace, moment)
    for request, before in asked:
        switch_all(workspace, before)
        send("mine", request)
    switch_all(workspace, switches)
    content = export(workspace, VENDORS)
    assert contents(made_from(content)) == contents(workspace)

    replace(other, json.loads(json.dumps(content)), VENDORS)
    other.apply([RequestNumber(workspace.requests, workspace.now())])
    for request in (*later, *READS):
        assert send("mine", request) == send("other", request)
    assert contents(other) == contents(workspace)


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_fixture_survives_its_export(name: str) -> None:
    workspace = Fixture(fixture_file(name), VENDORS, seed=1).workspace
    assert contents(made_from(export(workspace, VENDORS))) == contents(workspace)


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
    switch(workspace, "octanist", allow_bulk_updates=True)
    time = "2026-01-05T13:59:01.250000-08:00"
    lead = {
        "id": 1,
        "phone_number": "+12025550101",
        "modified_time": time,
        "created_time": time,
        "status": "OPEN",
        "lead_type": 1,
    }
    assert export(workspace, VENDORS) == {
        "clock": "2026-01-05T21:59:01.250000Z",
        "settings": {"octanist": {"allow_bulk_updates": True}},
        "nlpearl": {
            "account": {
                "name": "Demo account",
                "totalAgents": 10,
                "creditBalance": 1000.0,
                "status": 1,
            }
        },
        "sela": {
            "next_numbers": {"leads": 2, "lead_types": 2, "webhooks": 5},
            "leads": [lead | {"next_call_time": None, "received_time": time}],
            "lead_types": [{"id": 1, "name": "A"}],
            "webhooks": [{"id": 4, "url": "https://example.com"}],
        },
    }


def test_an_exported_lead_has_what_differs_from_its_session() -> None:
    leads: list[Row] = [
        {"id": "a", "sessionId": "s", "gclid": "own", "path": None},
        {"id": "b", "name": "Ada", "status": "won", "qualifiedAt": None},
    ]
    workspace = holding(
        "octanist", sessions=[{"id": "s", "gclid": "theirs", "path": "/", "epik": "e"}], leads=leads
    )
    times = {
        "createdAt": "2026-01-05T21:59:01.250Z",
        "updatedAt": "2026-01-05T21:59:01.250Z",
        "expiresAt": "2026-04-05T21:59:01.250Z",
    }
    assert export(workspace, VENDORS)["octanist"] == {
        "sessions": [{"id": "s", "path": "/", "gclid": "theirs", "epik": "e"}],
        "leads": [lead | times for lead in leads],
    }


def test_an_exported_lead_has_its_pearl_and_its_offset() -> None:
    leads: list[Row] = [
        {"pearlId": "p", "phoneNumber": None, "timeZone": None, "callData": {"a": "b"}},
        {"pearlId": "p", "phoneNumber": "1", "timeZoneId": "Asia/Tokyo"},
    ]
    workspace = holding(
        "nlpearl", pearls=[{"id": "p", "created": "2025-01-01T00:00:00.500+01:00"}], leads=leads
    )
    first, second = ids(workspace)
    time = {"created": "2026-01-05T21:59:01.25Z"}
    assert export(workspace, VENDORS)["nlpearl"] == {
        "next_numbers": {"leads": 3},
        "account": {
            "name": "Demo account",
            "totalAgents": 10,
            "creditBalance": 1000.0,
            "status": 1,
        },
        "pearls": [{"id": "p", "created": "2024-12-31T23:00:00.5Z"}],
        "leads": [
            leads[0] | {"id": first} | time,
            leads[1] | {"id": second, "timeZone": "9.0"} | time,
        ],
    }


def ids(workspace: Workspace) -> list[Any]:
    return [*workspace.tables["nlpearl"]["leads"].rows]


def test_times_of_another_zone_stay_as_they_are() -> None:
    lead = {"phone_number": "+12025550101", "call_schedule_start_time": "2027-01-01T10:00:00Z"}
    workspace = holding("sela", leads=[lead])
    switch(workspace, "sela", time_zone="America/New_York")
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


def test_an_id_is_not_handed_out_again_after_its_lead_was_deleted() -> None:
    workspace = holding(
        "nlpearl", pearls=[{"id": "p"}], leads=[{"pearlId": "p", "phoneNumber": "1"}]
    )
    (id,) = ids(workspace)
    delete(workspace, "nlpearl", "leads", id)
    content = export(workspace, VENDORS)["nlpearl"]
    assert ("leads" in content, content["next_numbers"]) == (False, {"leads": 2})


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


def test_a_shifted_clock_is_told_by_its_shift_and_a_real_one_not_at_all() -> None:
    workspace = holding("sela")
    shift(workspace, timedelta(days=-1, seconds=0.5))
    assert export(workspace, VENDORS)["clock"] == {"shift_seconds": -86399.5}
    assert contents(made_from(export(workspace, VENDORS))) == contents(workspace)
    shift(workspace, timedelta())
    assert "clock" not in export(workspace, VENDORS)

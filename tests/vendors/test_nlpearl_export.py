"""What is particular in an export of NLPearl's leads."""

from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.fixtures import export
from mockserver.state.changes import Row
from mockserver.workspaces import Workspace
from tests.samples import Sample
from tests.vendors.exports import (
    MOMENTS,
    PHONE,
    SWITCHES,
    TEXT,
    VENDORS,
    Fields,
    Switches,
    bodies,
    check_that_an_export_is_the_same_workspace,
    fields,
    holding,
    read,
    requests,
)
from tests.world import delete

PEARLS = st.sampled_from(["66a1f0c2d60e456235eae601", "66a1f0c2d60e456235eae602", "new pearl"])
NLPEARL_LEAD: Fields = {
    "externalId": TEXT | st.just("crm-x"),
    "timeZoneId": st.sampled_from(["Eastern Standard Time", "Asia/Tokyo", "Nowhere", None]),
}
NLPEARL_LEAD |= {"callData": st.dictionaries(TEXT, TEXT, max_size=2)}
NLPEARL_NEW = bodies({"phoneNumber": PHONE}, **NLPEARL_LEAD)
NLPEARL_CHANGE = fields(**NLPEARL_LEAD, phoneNumber=TEXT, status=st.sampled_from([1, 100, 130, 7]))
NLPEARL_HOURS = fields(day=st.integers(-5, 9), start=TEXT | st.none(), end=st.just("17:00"))
NLPEARL_OUTBOUND = fields(
    budgetTotal=st.sampled_from([None, 0, 12.5, -1]),
    timeZone=st.sampled_from(["Asia/Tokyo", "Pacific Standard Time", "Nowhere", None]),
    ringDuration=st.sampled_from([10, 50, 51, None]),
    voiceMail=TEXT | st.none(),
    callingHours=st.lists(NLPEARL_HOURS | st.none(), max_size=2),
    callWebhookUrl=TEXT,
)
NLPEARL_IDS = st.sampled_from([f"66a1f0c2d60e456235eae70{digit}" for digit in "1234567890abcd"])

REQUESTS = st.one_of(
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
    requests(
        "nlpearl",
        "PUT",
        "/v2/Pearl/{pearl}/Settings/Outbound",
        NLPEARL_OUTBOUND,
        pearl=PEARLS,
    ),
)
READS = [
    read("nlpearl", "POST", "/v2/Outbound/66a1f0c2d60e456235eae601/Leads", {"limit": 1000}),
    read("nlpearl", "GET", "/v2/Pearl/66a1f0c2d60e456235eae601"),
    read("nlpearl", "GET", "/v2/Pearl/66a1f0c2d60e456235eae602"),
    read("nlpearl", "GET", "/v2/Call/66a1f0c2d60e456235eae80d"),
    read("nlpearl", "GET", "/v2/Account"),
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


def ids(workspace: Workspace) -> list[Any]:
    return [*workspace.tables["nlpearl"]["leads"].rows]


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


def test_an_id_is_not_handed_out_again_after_its_lead_was_deleted() -> None:
    workspace = holding(
        "nlpearl", pearls=[{"id": "p"}], leads=[{"pearlId": "p", "phoneNumber": "1"}]
    )
    (id,) = ids(workspace)
    delete(workspace, "nlpearl", "leads", id)
    content = export(workspace, VENDORS)["nlpearl"]
    assert ("leads" in content, content["next_numbers"]) == (False, {"leads": 2})

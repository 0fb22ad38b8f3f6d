"""What is particular in an export of Octanist's leads."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from mockserver.fixtures import export
from mockserver.state.changes import Row
from tests.samples import Sample
from tests.vendors.exports import (
    EMAIL,
    JSON,
    MOMENTS,
    SWITCHES,
    TEXT,
    VENDORS,
    Switches,
    bodies,
    check_that_an_export_is_the_same_workspace,
    fields,
    holding,
    read,
    requests,
)

ATTRIBUTION = dict.fromkeys(("website", "path", "gclid", "utm_source", "epik"), TEXT) | {
    "ad_storage": st.sampled_from(["granted", "denied"])
}
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

REQUESTS = st.one_of(
    requests("octanist", "POST", "/api/leads", OCTANIST_NEW),
    requests("octanist", "PATCH", "/api/leads", OCTANIST_CHANGE),
)
READS = [
    read("octanist", "GET", "/api/leads?limit=100"),
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

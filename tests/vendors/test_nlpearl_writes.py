"""What NLPearl refuses leaves no trace, and many requests to it at once are as one after the other."""

from typing import Any

import httpx
import pytest

from mockserver.workspaces import Workspace
from tests.control.worlds import tables
from tests.vendors.at_once import AT_ONCE, at_once

PEARL = "/v2/Outbound/66a1f0c2d60e456235eae601"
FRONT_DESK = "/v2/Outbound/66a1f0c2d60e456235eae602"

REFUSED = [
    pytest.param(
        ("POST", f"{PEARL}/Lead", {"phoneNumber": "+12125550188", "timeZoneId": "Mars"}, 400),
        id="no such zone",
    ),
    pytest.param(("POST", f"{PEARL}/Lead", {"externalId": "new"}, 400), id="no phone number"),
    pytest.param(
        ("POST", f"{FRONT_DESK}/Lead", {"phoneNumber": "+12125550188"}, 400), id="an inbound pearl"
    ),
    pytest.param(
        ("POST", f"{PEARL}/Leads/Add", {"leads": "+12125550188"}, 400), id="no list of leads"
    ),
    pytest.param(
        (
            "PUT",
            f"{PEARL}/Lead/66a1f0c2d60e456235eae701",
            {"externalId": "new", "callData": {"a": "b"}, "status": 999},
            400,
        ),
        id="one bad field among good ones",
    ),
    pytest.param(
        ("PUT", f"{PEARL}/Lead/66a1f0c2d60e456235eae7ff", {"externalId": "new"}, 400),
        id="no such lead",
    ),
    pytest.param(
        ("DELETE", f"{PEARL}/Leads", {"leadIds": ["66a1f0c2d60e456235eae701", {}]}, 400),
        id="bad ids to delete",
    ),
    pytest.param(
        ("PUT", "/v2/Pearl/66a1f0c2d60e456235eae601/Active", {"isActive": "yes"}, 400),
        id="a pearl neither active nor not",
    ),
    pytest.param(("PUT", "/v2/Pearl/none/Active", {"isActive": False}, 400), id="no such pearl"),
    pytest.param(
        ("PATCH", f"{PEARL}/Lead/66a1f0c2d60e456235eae701", {"externalId": "new"}, 405),
        id="no such method",
    ),
]
"""Method, path, body and status of requests that are well formed and refused all the same."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_a_rule_refuses_leaves_every_table_as_it_was(
    case: tuple[str, str, Any, int], nlpearl: httpx.Client, workspace: Workspace
) -> None:
    method, path, body, status = case
    before = tables(workspace)
    answer = nlpearl.request(method, path, json=body)
    assert (answer.status_code, tables(workspace)) == (status, before)


@pytest.mark.slow
def test_two_hundred_leads_added_at_once_have_two_hundred_ids(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    pearl = next(
        row["id"] for row in workspace.tables["nlpearl"]["pearls"].rows.values() if row["type"] == 2
    )
    requests = [
        (
            "POST",
            f"/v2/Outbound/{pearl}/Lead",
            {"phoneNumber": "+12125550179", "externalId": f"race-{n}"},
        )
        for n in range(AT_ONCE)
    ]
    ids = [answer.json()["leadId"] for answer in at_once(nlpearl, requests)]
    assert len(set(ids)) == AT_ONCE
    assert set(ids) <= workspace.tables["nlpearl"]["leads"].rows.keys()

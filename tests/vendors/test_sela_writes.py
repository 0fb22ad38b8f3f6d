"""What Sela refuses leaves no trace, and many requests to it at once are as one after the other."""

from typing import Any

import httpx
import pytest

from mockserver.workspaces import Workspace
from tests.control.worlds import tables
from tests.vendors.at_once import AT_ONCE, at_once

ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}

REFUSED = [
    pytest.param(("POST", "/api/leads/", ADA | {"lead_source": "new"}, 400), id="a duplicate"),
    pytest.param(
        ("PATCH", "/api/leads/28001/", {"lead_source": "new", "status": "WON"}, 400),
        id="one bad field among good ones",
    ),
    pytest.param(
        ("PUT", "/api/leads/update/", ADA | {"lead_type": 999, "lead_source": "new"}, 400),
        id="a reference to nothing",
    ),
    pytest.param(
        ("PUT", "/api/leads/update/", ADA | {"email": "nobody@example.com"}, 404),
        id="nobody to update",
    ),
    pytest.param(("PATCH", "/api/leads/1/", {"lead_source": "new"}, 404), id="no such lead"),
    pytest.param(
        ("POST", "/api/leads/bulk-create/", {"leads": {"0": ADA}}, 400), id="no list in bulk"
    ),
    pytest.param(
        (
            "POST",
            "/api/leads/bulk-create/",
            {"leads": [{"phone_number": "+12125550188"}], "\0": 1},
            400,
        ),
        id="a NUL beside a bulk",
    ),
    pytest.param(
        ("PUT", "/api/lead-ingestion/00000000-0000-4000-8000-000000000000/", ADA, 404),
        id="no such ingestion",
    ),
    pytest.param(
        ("POST", "/api/webhooks/", {"url": "mailto:ada@example.com", "trigger": "SMS_DNC"}, 400),
        id="a bad webhook",
    ),
    pytest.param(("DELETE", "/api/leads/28001/", {}, 405), id="no such method"),
]
"""Method, path, body and status of requests that are well formed and refused all the same."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_a_rule_refuses_leaves_every_table_as_it_was(
    case: tuple[str, str, Any, int], sela: httpx.Client, workspace: Workspace
) -> None:
    method, path, body, status = case
    before = tables(workspace)
    answer = sela.request(method, path, json=body)
    assert (answer.status_code, tables(workspace)) == (status, before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "body"),
    [
        pytest.param("external id", {"external_id": "crm-race"}, id="external id"),
        pytest.param("phone", {}, id="phone"),
    ],
)
def test_two_hundred_upserts_of_one_person_at_once_make_one_lead(
    sela: httpx.Client, workspace: Workspace, key: str, body: Any
) -> None:
    leads = workspace.tables["sela"]["leads"]
    before, config = len(leads.rows), next(iter(workspace.tables["sela"]["ingestion_configs"].rows))
    person = {"phone_number": "+12125550177", **body}
    answers = at_once(
        sela,
        [
            ("PUT", f"/api/lead-ingestion/{config}/", person | {"lead_source": str(n)})
            for n in range(AT_ONCE)
        ],
    )
    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert (len(leads.rows) - before, len({answer.json()["id"] for answer in answers})) == (1, 1)


@pytest.mark.slow
def test_two_hundred_creations_of_one_lead_at_once_make_one(
    sela: httpx.Client, workspace: Workspace
) -> None:
    leads = workspace.tables["sela"]["leads"]
    before = len(leads.rows)
    answers = at_once(
        sela,
        [("POST", "/api/leads/", {"phone_number": "+12125550178", "email": "race@example.com"})]
        * AT_ONCE,
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * (AT_ONCE - 1)
    assert len(leads.rows) - before == 1

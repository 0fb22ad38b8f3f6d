"""What Octanist refuses leaves no trace, and many requests to it at once are as one after the other."""

from typing import Any

import httpx
import pytest

from mockserver.workspaces import Workspace
from tests.control.worlds import tables
from tests.vendors.at_once import AT_ONCE, at_once

REFUSED = [
    pytest.param(
        ("PATCH", "/leads", {"email": "family@example.com", "status": "won"}, 409),
        id="two leads of one family",
    ),
    pytest.param(
        ("PATCH", "/leads", {"id": "none", "email": "ada@example.com", "note": "new"}, 404),
        id="no such id beside an email",
    ),
    pytest.param(
        ("PATCH", "/leads", {"email": "ada@example.com", "note": "new", "status": "open"}, 400),
        id="a status to be had by none",
    ),
    pytest.param(
        ("PATCH", "/leads", {"email": "ada@example.com", "note": "new", "value": "much"}, 400),
        id="a value that is none",
    ),
    pytest.param(("PATCH", "/leads", {"status": "won"}, 400), id="no identifier"),
    pytest.param(("POST", "/leads", {"note": "new"}, 400), id="a lead of nobody"),
    pytest.param(
        ("POST", "/leads", {"name": "New", "gclid": ["new"]}, 400),
        id="one bad field among good ones",
    ),
    pytest.param(("GET", "/leads?colour=red", None, 400), id="an unknown filter"),
    pytest.param(("POST", "/stats", {"period": "custom"}, 400), id="a period without dates"),
    pytest.param(("DELETE", "/leads", None, 405), id="no such method"),
]
"""Method, path, body and status of requests that are well formed and refused all the same."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_a_rule_refuses_leaves_every_table_as_it_was(
    case: tuple[str, str, Any, int], octanist: httpx.Client, workspace: Workspace
) -> None:
    method, path, body, status = case
    before = tables(workspace)
    answer = octanist.request(method, path, json=body)
    assert (answer.status_code, tables(workspace)) == (status, before)


@pytest.mark.slow
def test_two_hundred_updates_at_once_leave_what_one_of_them_sent(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    answers = at_once(
        octanist,
        [
            ("PATCH", "/leads", {"email": "ada@example.com", "value": n, "note": f"note {n}"})
            for n in range(AT_ONCE)
        ],
    )
    (lead,) = [
        row
        for row in workspace.tables["octanist"]["leads"].rows.values()
        if row["email"] == "ada@example.com"
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert (lead["note"], lead["value"] in range(AT_ONCE)) == (f"note {lead['value']}", True)

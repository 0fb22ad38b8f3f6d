"""A refusal that a fault makes has the words, the shape and the headers of Octanist's framework."""

import httpx
import pytest

from mockserver.workspaces import Workspace
from tests.world import add_fault

OCTANIST = "/leads"


def refused(client: httpx.Client, path: str, prefer: str) -> httpx.Response:
    """The answer to a request that asks for a fault."""
    response = client.get(path, headers={"Prefer": prefer})
    assert response.headers["preference-applied"] == prefer.partition(";")[0]
    return response


@pytest.mark.parametrize(
    ("prefer", "status", "code", "message"),
    [
        pytest.param(
            "code=401", 401, "UNAUTHORIZED", "Invalid or missing API key", id="unauthorized"
        ),
        pytest.param("code=403", 403, "FORBIDDEN", "Action not allowed", id="forbidden"),
        pytest.param("code=404", 404, "NOT_FOUND", "Resource not found", id="not_found"),
        pytest.param("code=409", 409, "CONFLICT", "Conflict", id="conflict"),
        pytest.param(
            "code=400", 400, "VALIDATION_ERROR", "The request is not valid", id="validation"
        ),
        pytest.param("code=429", 429, "RATE_LIMITED", "Too many requests", id="rate_limited"),
        pytest.param("code=500", 500, "INTERNAL_ERROR", "Internal server error", id="server_error"),
        pytest.param(
            "code=503",
            503,
            "SERVICE_UNAVAILABLE",
            "Service temporarily unavailable",
            id="maintenance",
        ),
    ],
)
def test_octanist_puts_it_into_its_envelope(
    octanist: httpx.Client, prefer: str, status: int, code: str, message: str
) -> None:
    response = refused(octanist, OCTANIST, prefer)
    body = response.json()
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    assert (body["success"], body["error"], sorted(body["meta"])) == (
        False,
        {"code": code, "message": message, "details": {}},
        ["requestId", "timestamp"],
    )


def test_a_quota_holds_over_the_socket(octanist: httpx.Client, workspace: Workspace) -> None:
    rule = {
        "fault": "rate_limited",
        "vendor": "octanist",
        "parameters": {"limit": 2, "window": 3600},
    }
    add_fault(workspace, rule)
    answers = [octanist.get(OCTANIST) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 3500 < int(answers[2].headers["retry-after"]) <= 3600


def test_a_magic_address_needs_no_call_and_no_header(octanist: httpx.Client) -> None:
    person = {"phone": "+12025550101", "email": "ada+fault-429@example.com"}
    assert octanist.post(OCTANIST, json=person).status_code == 429

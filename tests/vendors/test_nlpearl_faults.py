"""A refusal that a fault makes has the words, the shape and the headers of NLPearl's framework."""

from typing import Any

import httpx
import pytest

NLPEARL = "/v2/Outbound/none/Lead/none"
RFC = "https://tools.ietf.org/html/rfc9110#section-"


def refused(client: httpx.Client, path: str, prefer: str) -> httpx.Response:
    """The answer to a request that asks for a fault."""
    response = client.get(path, headers={"Prefer": prefer})
    assert response.headers["preference-applied"] == prefer.partition(";")[0]
    return response


def details(type: str, title: str, status: int, **more: Any) -> dict[str, Any]:
    """Problem details without their trace."""
    return {"type": type, "title": title, "status": status, **more}


@pytest.mark.parametrize(
    ("prefer", "body"),
    [
        pytest.param("code=403", details(f"{RFC}15.5.4", "Forbidden", 403), id="forbidden"),
        pytest.param("code=404", details(f"{RFC}15.5.5", "Not Found", 404), id="not_found"),
        pytest.param("code=409", details(f"{RFC}15.5.10", "Conflict", 409), id="conflict"),
        pytest.param(
            "code=400",
            details(
                f"{RFC}15.5.1",
                "One or more validation errors occurred.",
                400,
                errors={"": ["The input was not valid."]},
            ),
            id="validation",
        ),
        pytest.param(
            "code=429",
            {"status": 429},
            id="rate_limited",
        ),
        pytest.param(
            "code=500",
            details(f"{RFC}15.6.1", "An error occurred while processing your request.", 500),
            id="server_error",
        ),
        pytest.param(
            "code=503", details(f"{RFC}15.6.4", "Service Unavailable", 503), id="maintenance"
        ),
    ],
)
def test_nlpearl_answers_problem_details(
    nlpearl: httpx.Client, prefer: str, body: dict[str, Any]
) -> None:
    response = refused(nlpearl, NLPEARL, prefer)
    told = response.json()
    assert told.pop("traceId").startswith("00-")
    assert (response.status_code, told) == (body["status"], body)
    assert response.headers["content-type"] == "application/problem+json; charset=utf-8"


def test_nlpearl_refuses_a_token_without_a_body(nlpearl: httpx.Client) -> None:
    response = refused(nlpearl, NLPEARL, "code=401")
    assert (response.status_code, response.content, response.headers["www-authenticate"]) == (
        401,
        b"",
        "Bearer",
    )

"""A refusal that a fault makes has the words, the shape and the headers of the vendor's framework."""

from typing import Any

import httpx
import pytest

from mockserver.workspaces import Workspace
from tests.world import add_fault

SELA = "/api/leads/28001/"
OCTANIST = "/leads"
NLPEARL = "/v2/Outbound/none/Lead/none"
RFC = "https://tools.ietf.org/html/rfc9110#section-"


def refused(client: httpx.Client, path: str, prefer: str) -> httpx.Response:
    """The answer to a request that asks for a fault."""
    response = client.get(path, headers={"Prefer": prefer})
    assert response.headers["preference-applied"] == prefer.partition(";")[0]
    return response


@pytest.mark.parametrize(
    ("prefer", "status", "detail"),
    [
        pytest.param("code=401", 401, "Invalid token.", id="unauthorized"),
        pytest.param(
            "code=403", 403, "You do not have permission to perform this action.", id="forbidden"
        ),
        pytest.param("code=404", 404, "Not found.", id="not_found"),
        pytest.param(
            "code=409",
            409,
            "The request conflicts with the current state of the resource.",
            id="conflict",
        ),
        pytest.param(
            "code=429",
            429,
            "Request was throttled. Expected available in 1 second.",
            id="rate_limited",
        ),
        pytest.param(
            "code=429; retry-after=3",
            429,
            "Request was throttled. Expected available in 3 seconds.",
            id="rate_limited, longer",
        ),
        pytest.param(
            "code=503", 503, "Service temporarily unavailable, try again later.", id="maintenance"
        ),
        pytest.param(
            "code=503; retry-after=3",
            503,
            "Service temporarily unavailable, try again later.",
            id="maintenance, with a time",
        ),
    ],
)
def test_sela_words_it_as_its_framework(
    sela: httpx.Client, prefer: str, status: int, detail: str
) -> None:
    response = refused(sela, SELA, prefer)
    assert (response.status_code, response.json()) == (status, {"detail": detail})
    assert response.headers["content-type"] == "application/json"
    assert response.headers["allow"] == "GET, PATCH, HEAD, OPTIONS"


def test_sela_has_no_field_for_a_rule_that_is_not_named(sela: httpx.Client) -> None:
    response = refused(sela, SELA, "fault=validation")
    assert (response.status_code, response.json()) == (400, {"non_field_errors": ["Invalid data."]})


def test_sela_breaks_with_the_page_of_its_framework(sela: httpx.Client) -> None:
    response = refused(sela, SELA, "code=500")
    assert (response.status_code, response.headers["content-type"]) == (
        500,
        "text/html; charset=utf-8",
    )
    assert "<h1>Server Error (500)</h1>" in response.text


def test_sela_challenges_a_refused_token(sela: httpx.Client) -> None:
    assert refused(sela, SELA, "code=401").headers["www-authenticate"] == "Token"


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
            details("https://tools.ietf.org/html/rfc6585#section-4", "Too Many Requests", 429),
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


@pytest.mark.parametrize(
    ("prefer", "wait"),
    [
        pytest.param("code=429", "1", id="a second unless told otherwise"),
        pytest.param("code=429; retry-after=3", "3", id="too many requests"),
        pytest.param("code=503; retry-after=60", "60", id="maintenance"),
        pytest.param("code=503", None, id="maintenance without an end"),
    ],
)
def test_every_vendor_tells_how_long_to_wait(
    sela: httpx.Client, octanist: httpx.Client, nlpearl: httpx.Client, prefer: str, wait: str | None
) -> None:
    answers = [
        refused(client, path, prefer)
        for client, path in ((sela, SELA), (octanist, OCTANIST), (nlpearl, NLPEARL))
    ]
    assert [answer.headers.get("retry-after") for answer in answers] == [wait] * 3


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


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        pytest.param("fault=apply-but-fail", "CLOSED", id="lost after it was applied"),
        pytest.param("fault=reset", "OPEN", id="lost before"),
    ],
)
def test_a_lost_answer_may_have_been_applied_or_not(
    sela: httpx.Client, prefer: str, status: str
) -> None:
    with pytest.raises(httpx.ReadError):
        sela.patch(SELA, json={"status": "CLOSED"}, headers={"Prefer": prefer})
    assert sela.get(SELA).json()["status"] == status


def test_an_applied_request_may_be_told_as_an_error(sela: httpx.Client) -> None:
    prefer = {"Prefer": "fault=apply-but-fail; answer=server_error"}
    assert sela.patch(SELA, json={"status": "CLOSED"}, headers=prefer).status_code == 500
    assert sela.get(SELA).json()["status"] == "CLOSED"


def test_magic_values_need_no_call_and_no_header(
    sela: httpx.Client, octanist: httpx.Client
) -> None:
    person = {"phone": "+12025550101", "email": "ada+fault-429@example.com"}
    assert octanist.post(OCTANIST, json=person).status_code == 429
    assert (
        sela.put("/api/leads/update/", json={"phone_number": "(202) 555-0139"}).status_code == 409
    )

"""A refusal that a fault makes has the words, the shape and the headers of Sela's framework."""

import httpx
import pytest

SELA = "/api/leads/28001/"


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


def test_a_magic_phone_number_needs_no_call_and_no_header(sela: httpx.Client) -> None:
    answer = sela.put("/api/leads/update/", json={"phone_number": "(900) 555-0139"})
    assert (answer.status_code, answer.headers["mockserver-fault"]) == (
        409,
        "conflict; magic phone",
    )

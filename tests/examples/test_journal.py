"""What was asked, to be read by people and by programs."""

from typing import Any

import httpx
import pytest

from mockserver.testing import MockWorkspace, Running

ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}


def test_each_answer_says_its_number(mockserver: MockWorkspace) -> None:
    numbers = [mockserver.octanist.post("/check").headers["mockserver-request"] for _ in range(3)]
    assert numbers == ["1", "2", "3"]


def test_an_entry_has_both_bodies_and_no_secret(mockserver: MockWorkspace) -> None:
    answer = mockserver.sela.put("/api/leads/update/", json=ADA)
    entry = mockserver.request(int(answer.headers["mockserver-request"]))
    assert (entry["request"]["body"], entry["answer"]["body"]) == (ADA, answer.json())
    assert entry["request"]["headers"]["authorization"] == "Token ***"


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        pytest.param({"vendor": "sela"}, [1, 3], id="by vendor"),
        pytest.param({"operation": "check"}, [2], id="by operation"),
        pytest.param({"status": 404}, [3, 4], id="by status"),
        pytest.param({"unmatched": True}, [4], id="to no operation"),
    ],
)
def test_the_journal_is_searched(
    mockserver: MockWorkspace, wanted: dict[str, Any], numbers: list[int]
) -> None:
    mockserver.sela.get("/api/leads/")
    mockserver.octanist.post("/check")
    mockserver.sela.get("/api/leads/1/")
    mockserver.nlpearl.get("/v3/Pearl")
    assert [each["number"] for each in mockserver.requests(**wanted)] == numbers


def test_the_journal_can_be_forgotten(mockserver: MockWorkspace) -> None:
    mockserver.octanist.post("/check")
    mockserver.forget_requests()
    assert mockserver.requests() == []


def test_a_request_without_a_credential_is_not_lost(
    mockserver: MockWorkspace, mockserver_server: Running
) -> None:
    path = f"/api/leads/?from={mockserver.name}"
    httpx.get(mockserver.base_urls["sela"] + path)
    assert mockserver.requests() == []
    assert [
        each["status"]
        for each in mockserver_server.client.unclaimed()
        if each["target"].endswith(path)
    ] == [401]


def test_the_journal_is_a_har_file(mockserver: MockWorkspace) -> None:
    mockserver.sela.get("/api/leads/")
    (entry,) = mockserver.har()["log"]["entries"]
    assert (entry["request"]["method"], entry["response"]["status"]) == ("GET", 200)


def test_the_report_has_nothing_against_a_good_client(mockserver: MockWorkspace) -> None:
    mockserver.octanist.get("/leads/lead_demo01")
    assert [each for each in mockserver.report()["findings"] if each["level"] != "note"] == []


def test_the_report_knows_who_did_not_wait(mockserver: MockWorkspace) -> None:
    mockserver.add_fault("rate_limited", parameters={"retry_after": 30})
    for _ in range(2):
        mockserver.octanist.get("/leads")
    assert "early-retry" in [each["check"] for each in mockserver.report()["findings"]]

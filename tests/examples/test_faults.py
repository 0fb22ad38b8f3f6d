"""What a client has to live with: refusals, broken answers, lost ones, and quotas."""

import time
from contextlib import suppress

import httpx
import pytest

from mockserver.client import Rule
from mockserver.testing import MockWorkspace

LISTS = {"sela": "/api/leads/", "octanist": "/leads", "nlpearl": "/v2/Pearl"}
REFUSALS = {"unauthorized": 401, "rate_limited": 429, "server_error": 500, "maintenance": 503}


@pytest.mark.parametrize(("fault", "status"), REFUSALS.items())
@pytest.mark.parametrize("vendor", LISTS)
def test_any_operation_can_be_refused(
    mockserver: MockWorkspace, vendor: str, fault: str, status: int
) -> None:
    mockserver.add_fault(fault, vendor=vendor, times=1)
    client = mockserver.http(vendor)
    assert [client.get(LISTS[vendor]).status_code for _ in range(2)] == [status, 200]


def test_a_refused_update_changes_nothing(mockserver: MockWorkspace) -> None:
    before = mockserver.leads()
    mockserver.add_fault("server_error")
    mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "status": "won"})
    assert mockserver.leads() == before


def test_a_rule_is_there_until_the_end_of_its_block(mockserver: MockWorkspace) -> None:
    with mockserver.add_fault("maintenance") as fault:
        assert mockserver.sela.get("/api/leads/").status_code == 503
        assert fault.applied == 1
    assert mockserver.sela.get("/api/leads/").status_code == 200


def test_the_first_requests_can_get_through(mockserver: MockWorkspace) -> None:
    mockserver.add_fault("server_error", skip=2)
    assert [mockserver.sela.get("/api/leads/").status_code for _ in range(4)] == [
        200,
        200,
        500,
        500,
    ]


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [
        pytest.param({"operation": "leads_list"}, [500, 200], id="by operation"),
        pytest.param({"path": "/api/lead-types/*"}, [200, 500], id="by path"),
    ],
)
def test_a_rule_is_about_some_requests_only(
    mockserver: MockWorkspace, rule: Rule, statuses: list[int]
) -> None:
    mockserver.add_fault("server_error", **rule)
    assert [
        mockserver.sela.get(path).status_code for path in ("/api/leads/", "/api/lead-types/")
    ] == statuses


def test_one_lead_can_be_the_trouble(mockserver: MockWorkspace) -> None:
    mockserver.add_fault("conflict", lead="ada@example.com")
    statuses = [
        mockserver.octanist.patch("/leads", json={"email": email, "status": "won"}).status_code
        for email in ("ada@example.com", "grace@example.com")
    ]
    assert statuses == [409, 200]


def test_a_quota_lets_so_many_through_and_says_when_to_come_back(mockserver: MockWorkspace) -> None:
    mockserver.freeze()
    mockserver.add_fault("rate_limited", parameters={"limit": 2, "window": 30})
    answers = [mockserver.sela.get("/api/leads/") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "30"
    mockserver.advance(30)
    assert mockserver.sela.get("/api/leads/").status_code == 200


def test_a_rule_ends_by_the_clock_of_the_workspace(mockserver: MockWorkspace) -> None:
    mockserver.add_fault("maintenance", seconds_to_live=3600)
    assert mockserver.sela.get("/api/leads/").status_code == 503
    mockserver.advance(3600)
    assert mockserver.sela.get("/api/leads/").status_code == 200


@pytest.mark.parametrize(
    ("vendor", "fault"),
    [("sela", "empty_body"), ("octanist", "malformed_json"), ("nlpearl", "gateway_html")],
)
def test_a_body_that_is_no_json(mockserver: MockWorkspace, vendor: str, fault: str) -> None:
    mockserver.add_fault(fault)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        mockserver.http(vendor).get(LISTS[vendor]).json()


@pytest.mark.parametrize(
    ("fault", "patience", "error"),
    [
        pytest.param("reset", 5, httpx.ReadError, id="reset"),
        pytest.param("truncated_body", 5, httpx.RemoteProtocolError, id="truncated_body"),
        pytest.param("timeout", 0.2, httpx.ReadTimeout, id="timeout"),
    ],
)
def test_a_connection_that_breaks(
    mockserver: MockWorkspace, fault: str, patience: float, error: type[httpx.TransportError]
) -> None:
    mockserver.add_fault(fault)
    with pytest.raises(error):
        mockserver.http("octanist", timeout=patience).get("/leads")


@pytest.mark.parametrize("fault", ["slow", "slow_drip"])
def test_an_answer_that_takes_its_time_arrives_whole(mockserver: MockWorkspace, fault: str) -> None:
    mockserver.add_fault(fault, parameters={"seconds": 0.1})
    began = time.monotonic()
    assert mockserver.sela.get("/api/leads/").json()["count"] == 13
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("answer", ["reset", "gateway_html", "server_error"])
def test_a_lead_is_written_although_the_answer_is_lost(
    mockserver: MockWorkspace, answer: str
) -> None:
    mockserver.add_fault("apply_but_fail", parameters={"answer": answer}, times=1)
    with suppress(httpx.TransportError):
        mockserver.octanist.patch("/leads", json={"id": "lead_demo01", "status": "won"})
    assert mockserver.octanist.get("/leads/lead_demo01").json()["data"]["status"] == "won"


def test_a_retry_after_a_lost_answer_makes_a_second_lead(mockserver: MockWorkspace) -> None:
    mockserver.add_fault("apply_but_fail", operation="create_lead", times=1)
    with pytest.raises(httpx.ReadError):
        mockserver.octanist.post("/leads", json={"name": "Neo"})
    mockserver.octanist.post("/leads", json={"name": "Neo"})
    assert len(mockserver.leads("octanist", q="Neo")) == 2


def test_one_request_asks_for_its_own_fault(mockserver: MockWorkspace) -> None:
    answer = mockserver.sela.get("/api/leads/", headers={"Prefer": "code=503"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (503, "code=503")


@pytest.mark.parametrize(
    ("phone", "status"),
    [("+19005550142", 429), ("(900) 555-0147", 503)],
)
def test_a_magic_phone_number_needs_no_rule(
    mockserver: MockWorkspace, phone: str, status: int
) -> None:
    assert mockserver.sela.post("/api/leads/", json={"phone_number": phone}).status_code == status


@pytest.mark.parametrize(("asked", "status"), [("409", 409), ("rate-limited", 429)])
def test_a_magic_address_needs_no_rule(mockserver: MockWorkspace, asked: str, status: int) -> None:
    assert (
        mockserver.octanist.post(
            "/leads", json={"email": f"ada+fault-{asked}@example.com"}
        ).status_code
        == status
    )


def test_chance_is_the_same_in_every_run(mockserver: MockWorkspace) -> None:
    mockserver.add_fault("server_error", probability=0.5)
    first = [mockserver.sela.get("/api/leads/").status_code for _ in range(12)]
    mockserver.reset()
    mockserver.add_fault("server_error", probability=0.5)
    assert [mockserver.sela.get("/api/leads/").status_code for _ in range(12)] == first
    assert set(first) == {200, 500}


def test_rules_are_listed_and_cleared(mockserver: MockWorkspace) -> None:
    mockserver.add_fault("conflict")
    mockserver.add_fault("slow")
    assert [each["fault"] for each in mockserver.faults()] == ["conflict", "slow"]
    mockserver.clear_faults()
    assert mockserver.faults() == []

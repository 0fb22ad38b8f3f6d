"""Did the client ask what it should have asked?"""

from typing import Any

import pytest

from mockserver.client import ControlError
from mockserver.testing import MockWorkspace

UPDATE = "/api/leads/update/"


def close_ada_and_win_grace(mockserver: MockWorkspace) -> None:
    """What a client under test would do."""
    mockserver.sela.put(
        UPDATE,
        json={"phone_number": "+12025550101", "email": "ada@example.com", "status": "CLOSED"},
    )
    mockserver.octanist.patch(
        "/leads",
        json={"email": "grace@example.com", "status": "won", "value": 100},
        params={"source": "crm"},
    )


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"operation": "leads_update_update"}, id="by operation"),
        pytest.param({"vendor": "octanist"}, id="by vendor"),
        pytest.param({"method": "PATCH", "path": "/api/leads"}, id="by method and path"),
        pytest.param({"path": "/api/*/update/"}, id="by part of the path"),
        pytest.param({"body": {"status": "CLOSED"}}, id="by part of the body"),
        pytest.param({"query": {"source": "crm"}}, id="by query"),
        pytest.param(
            {"headers": {"Content-Type": "application/json"}, "vendor": "sela"}, id="by header"
        ),
    ],
)
def test_a_request_is_found(mockserver: MockWorkspace, wanted: dict[str, Any]) -> None:
    close_ada_and_win_grace(mockserver)
    mockserver.assert_called(**wanted, times=1)


def test_a_failure_says_what_came_closest(mockserver: MockWorkspace) -> None:
    close_ada_and_win_grace(mockserver)
    with pytest.raises(AssertionError, match=r'body.status: expected "LOST", was "CLOSED"'):
        mockserver.assert_called(operation="leads_update_update", body={"status": "LOST"})


def test_nothing_was_asked(mockserver: MockWorkspace) -> None:
    mockserver.assert_not_called()


def test_that_was_not_asked(mockserver: MockWorkspace) -> None:
    close_ada_and_win_grace(mockserver)
    mockserver.assert_not_called(operation="leads_create")
    with pytest.raises(AssertionError):
        mockserver.assert_not_called(operation="leads_update_update")


def test_an_order_is_kept(mockserver: MockWorkspace) -> None:
    close_ada_and_win_grace(mockserver)
    mockserver.assert_called({"vendor": "sela"}, {"vendor": "octanist"}, in_order=True)
    with pytest.raises(AssertionError, match="in this order"):
        mockserver.assert_called({"vendor": "octanist"}, {"vendor": "sela"}, in_order=True)


def test_a_retry_is_counted(mockserver: MockWorkspace) -> None:
    mockserver.add_fault("server_error", times=2)
    while mockserver.sela.get("/api/leads/").status_code == 500:
        pass
    mockserver.assert_called(operation="leads_list", times=3)
    mockserver.assert_called(operation="leads_list", fault="server_error", times=2)


def test_between_two_and_four(mockserver: MockWorkspace) -> None:
    for _ in range(3):
        mockserver.octanist.post("/check")
    assert mockserver.verify(operation="check", at_least=2, at_most=4).found == [1, 2, 3]


def test_only_what_came_later_counts(mockserver: MockWorkspace) -> None:
    first = int(mockserver.octanist.post("/check").headers["mockserver-request"])
    mockserver.assert_not_called(operation="check", after=first)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"operation": "leads_updat"}, id="an operation"),
        pytest.param({"path": "/api/lead/"}, id="a path"),
        pytest.param({"operatoin": "leads_list"}, id="a filter"),
    ],
)
def test_a_misspelt_expectation_is_an_error_and_no_pass(
    mockserver: MockWorkspace, wanted: dict[str, Any]
) -> None:
    with pytest.raises(ControlError) as refused:
        mockserver.assert_not_called(**wanted)
    assert refused.value.status == 400

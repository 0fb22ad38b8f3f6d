"""A workspace has a time of its own."""

from datetime import UTC, datetime, timedelta

import pytest

from mockserver.testing import MockWorkspace

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}


def test_a_frozen_clock_stamps_every_lead_alike(mockserver: MockWorkspace) -> None:
    mockserver.freeze(NEW_YEAR)
    times = {
        mockserver.octanist.post("/leads", json={"name": name}).json()["meta"]["timestamp"]
        for name in ("a", "b", "c")
    }
    assert times == {"2027-01-01T00:00:00.000Z"}


def test_a_vendor_tells_the_time_in_its_own_zone(mockserver: MockWorkspace) -> None:
    mockserver.freeze("2027-01-01T00:00:00Z")
    lead = mockserver.sela.post("/api/leads/", json={"phone_number": "+12025550199"}).json()
    assert lead["created_time"] == "2026-12-31T16:00:00-08:00"


def test_time_passes_when_it_is_told_to(mockserver: MockWorkspace) -> None:
    mockserver.freeze(NEW_YEAR)
    assert mockserver.advance(timedelta(days=30)).now == NEW_YEAR + timedelta(days=30)


def test_a_shifted_clock_goes_on(mockserver: MockWorkspace) -> None:
    clock = mockserver.shift(timedelta(days=-365))
    assert clock.mode == "shifted"
    assert timedelta(days=364) < datetime.now(UTC) - clock.now < timedelta(days=366)


def test_the_real_time_comes_back(mockserver: MockWorkspace) -> None:
    mockserver.freeze(NEW_YEAR)
    assert mockserver.real_time().mode == "real"
    assert abs(mockserver.clock().now - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(("days", "status"), [(29, 400), (30, 200)])
def test_a_lead_is_engaged_again_when_enough_days_have_passed(
    mockserver: MockWorkspace, days: int, status: int
) -> None:
    mockserver.freeze(NEW_YEAR)
    lead = {"phone_number": "+12025550199", "email": "new@example.com", "min_reengagement_days": 30}
    assert mockserver.sela.post("/api/leads/", json=lead).status_code == 201
    mockserver.advance(timedelta(days=days))
    assert mockserver.sela.post("/api/leads/", json=lead).status_code == status


def test_this_month_is_the_month_of_the_workspace(mockserver: MockWorkspace) -> None:
    mockserver.freeze("2025-02-28T12:00:00Z")
    assert (
        mockserver.octanist.post("/stats", json={"period": "current"}).json()["data"]["leads"][
            "total"
        ]
        == 12
    )


def test_the_same_moment_makes_the_same_answers(mockserver: MockWorkspace) -> None:
    def story() -> list[bytes]:
        mockserver.reset()
        mockserver.freeze(NEW_YEAR)
        made = mockserver.nlpearl.post(
            "/v2/Outbound/66a1f0c2d60e456235eae601/Lead", json={"phoneNumber": "+12025550199"}
        )
        return [
            made.content,
            mockserver.sela.put("/api/leads/update/", json=ADA).content,
            mockserver.octanist.post("/check").content,
        ]

    assert story() == story()

"""What the vendors leave open can be switched."""

from typing import Any

import pytest

from mockserver.client import ControlError
from mockserver.testing import MockWorkspace

ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}
FAMILY = {"email": "family@example.com", "status": "won"}


def test_bulk_updates_can_be_allowed(mockserver: MockWorkspace) -> None:
    mockserver.set("octanist", allow_bulk_updates=True)
    assert mockserver.octanist.patch("/leads", json=FAMILY).json()["data"]["leadsUpdated"] == 2


@pytest.mark.parametrize(
    ("setting", "body", "statuses"),
    [
        pytest.param(
            {"create_status": 200}, {"phone_number": "+12025550199"}, [201, 200], id="a new lead"
        ),
        pytest.param({"duplicate": "existing"}, ADA, [400, 200], id="a duplicate"),
        pytest.param(
            {"international_phones": "refuse"},
            {"phone_number": "+442079460123"},
            [201, 400],
            id="a number from abroad",
        ),
        pytest.param(
            {"unknown_references": "accept"},
            {"phone_number": "+12025550199", "lead_type": 9},
            [400, 201],
            id="any lead type",
        ),
    ],
)
def test_a_client_is_tried_with_the_other_choice(
    mockserver: MockWorkspace, setting: dict[str, Any], body: dict[str, Any], statuses: list[int]
) -> None:
    with mockserver.snapshot():
        by_default = mockserver.sela.post("/api/leads/", json=body)
    mockserver.set("sela", **setting)
    assert [
        by_default.status_code,
        mockserver.sela.post("/api/leads/", json=body).status_code,
    ] == statuses


def test_duplicates_can_be_refused(mockserver: MockWorkspace) -> None:
    mockserver.set("nlpearl", duplicate_leads="refuse")
    answer = mockserver.nlpearl.post(
        "/v2/Outbound/66a1f0c2d60e456235eae601/Lead", json={"phoneNumber": "+12025550101"}
    )
    assert answer.status_code == 400


def test_a_setting_goes_back_to_its_default(mockserver: MockWorkspace) -> None:
    mockserver.set("octanist", allow_bulk_updates=True)
    mockserver.set("octanist", allow_bulk_updates=None)
    assert mockserver.settings()["octanist"]["allow_bulk_updates"] is False


@pytest.mark.parametrize(
    ("vendor", "values"),
    [
        pytest.param("sela", {"several_match": "refuse"}, id="a misspelt setting"),
        pytest.param("sela", {"several_matches": "oldest"}, id="a value that it does not have"),
        pytest.param("selah", {"several_matches": "refuse"}, id="a vendor that there is not"),
    ],
)
def test_a_misspelt_setting_is_an_error(
    mockserver: MockWorkspace, vendor: str, values: dict[str, str]
) -> None:
    before = mockserver.settings()
    with pytest.raises(ControlError) as refused:
        mockserver.set(vendor, **values)
    assert (refused.value.status, mockserver.settings()) == (400, before)

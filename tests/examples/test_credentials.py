"""Whom each vendor lets in, and what a refusal looks like."""

import httpx
import pytest

from mockserver.testing import MockWorkspace

LISTS = {"sela": "/api/leads/", "octanist": "/leads", "nlpearl": "/v2/Pearl"}
REFUSED = {
    "sela": {"Authorization": "Token invalid"},
    "octanist": {"X-API-KEY": "invalid"},
    "nlpearl": {"Authorization": "Bearer invalid:secret"},
}
EXPIRED = {
    "sela": {"Authorization": "Token expired"},
    "octanist": {"X-API-KEY": "expired"},
    "nlpearl": {"Authorization": "Bearer expired:secret"},
}


@pytest.mark.parametrize("vendor", LISTS)
def test_no_credential_is_401(mockserver: MockWorkspace, vendor: str) -> None:
    assert httpx.get(mockserver.base_urls[vendor] + LISTS[vendor]).status_code == 401


@pytest.mark.parametrize("headers", [REFUSED, EXPIRED], ids=["invalid", "expired"])
@pytest.mark.parametrize("vendor", LISTS)
def test_a_credential_that_is_no_good_is_401(
    mockserver: MockWorkspace, vendor: str, headers: dict[str, dict[str, str]]
) -> None:
    assert mockserver.http(vendor, headers=headers[vendor]).get(LISTS[vendor]).status_code == 401


def test_one_account_is_one_world_for_all_vendors(mockserver: MockWorkspace) -> None:
    for vendor, path in LISTS.items():
        mockserver.http(vendor).get(path)
    assert [(each["vendor"], each["status"]) for each in mockserver.requests()] == [
        (vendor, 200) for vendor in LISTS
    ]

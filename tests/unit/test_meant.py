"""The operation that a request meant which no operation answers."""

import pytest

from mockserver.journal.meant import meant
from tests.samples import SITES

OPERATIONS = {site.vendor.name: site.document.operations for site in SITES}


@pytest.mark.parametrize(
    ("request_line", "operation", "path", "mistake"),
    [
        pytest.param("GET /sela/api/leads", "leads_list", "/sela/api/leads/", "no slash at the end of its path", id="no slash"),
        pytest.param("GET /octanist/api/leads/", "list_leads", "/octanist/api/leads", "a slash too many at the end of its path", id="a slash too many"),
        pytest.param("GET /sela/leads/", "leads_list", "/sela/api/leads/", "no `/api` in its path", id="no base path"),
        pytest.param("PATCH /octanist/leads", "update_lead", "/octanist/api/leads", "no `/api` in its path", id="no base path, another vendor"),
        pytest.param("GET /sela/api/api/leads/", "leads_list", "/sela/api/leads/", "`/api` twice in its path", id="the base path twice"),
        pytest.param("GET /sela/sela/api/leads/", "leads_list", "/sela/api/leads/", "`/sela` twice in its path", id="the prefix twice"),
        pytest.param("GET /sela//api/leads/", "leads_list", "/sela/api/leads/", "empty segments in its path", id="an empty segment"),
        pytest.param("POST /nlpearl/v1/Outbound/p1/Lead", "add_lead", "/nlpearl/v2/Outbound/p1/Lead", "`v1` in its path, where `v2` is right", id="another version"),
        pytest.param("GET /sela/api/lead/28001/", "leads_retrieve", "/sela/api/leads/28001/", "`lead` in its path, where `leads` is right", id="a misspelt word"),
        pytest.param("GET /octanist/v2/Account", "get_account", "/nlpearl/v2/Account", "a path of nlpearl", id="another vendor's path"),
        pytest.param("DELETE /nlpearl/v2/Pearl", "list_pearls", "/nlpearl/v2/Pearl", "the method DELETE, where the path takes GET", id="another method"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_the_nearest_operation_is_meant(
    request_line: str, operation: str, path: str, mistake: str
) -> None:
    method, asked = request_line.split()
    vendor = asked.split("/")[1]
    found = meant(vendor, method, asked, OPERATIONS)
    assert found is not None
    assert (found.operation, found.path, found.mistake) == (operation, path, mistake)


@pytest.mark.parametrize(
    ("request_line", "path", "mistake"),
    [
        pytest.param("GET /api/leads/", "/sela/api/leads/", "no `/sela` before its path", id="no prefix"),
        pytest.param("POST /leads", "/octanist/api/leads", "no `/octanist/api` before its path", id="neither prefix nor base path"),
        pytest.param("GET //sela/api/leads/", "/sela/api/leads/", "empty segments in its path", id="a slash too many before the prefix"),
        pytest.param("GET /Sela/api/leads/", "/sela/api/leads/", "`Sela` in its path, where `sela` is right", id="a prefix in capitals"),
        pytest.param("GET /selan/api/leads/", "/sela/api/leads/", "`selan` in its path, where `sela` is right", id="a misspelt prefix"),
        pytest.param("GET /8080/octanist/api/leads", "/octanist/api/leads", "`/8080` too much in its path", id="the port before the prefix"),
        pytest.param("GET /http://127.0.0.1:8080/octanist/api/leads", "/octanist/api/leads", "`/http:` too much in its path", id="an address in the path"),
        pytest.param("GET /api/octanist/leads", "/octanist/api/leads", "the words of its path in another order", id="another order"),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_path_of_no_vendor_means_the_nearest(request_line: str, path: str, mistake: str) -> None:
    method, asked = request_line.split()
    found = meant("", method, asked, OPERATIONS)
    assert found is not None
    assert (found.path, found.mistake) == (path, mistake)


def test_a_path_below_the_vendors_own_host_is_read_the_same() -> None:
    found = meant("sela", "GET", "/api/leads", OPERATIONS)
    assert found is not None
    assert (found.path, found.mistake) == ("/sela/api/leads/", "no slash at the end of its path")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/sela/zzz", id="nothing like it"),
        pytest.param("/sela" + "/api" * 5000, id="thousands of segments"),
        pytest.param("/sela/api/" + "l" * 100_000, id="a word that is too long"),
    ],
)
def test_a_path_like_no_other_means_nothing(path: str) -> None:
    assert meant("sela", "GET", path, OPERATIONS) is None

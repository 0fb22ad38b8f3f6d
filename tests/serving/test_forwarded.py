"""Links behind a proxy: they follow what it says, where the operator trusts it."""

from collections.abc import Iterator

import httpx
import pytest

from mockserver import MockServer
from mockserver.serving.forwarded import Forwarded

PATH = "/sela/api/leads/?page_size=1"


@pytest.fixture(scope="module")
def trusting() -> Iterator[MockServer]:
    with MockServer(trust_proxy="loopback") as server:
        yield server


def link(server: MockServer, **headers: str) -> str:
    """The server that the link to the next page names."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = httpx.get(server.url + PATH, headers={"Authorization": "Token demo"} | sent)
    url: str = answer.json()["next"]
    return url.partition("/sela")[0]


SAID = {
    "a scheme": ({"X_Forwarded_Proto": "https"}, "https://{here}"),
    "a host": ({"X_Forwarded_Host": "mock.example.com"}, "http://mock.example.com"),
    "both": (
        {"X_Forwarded_Proto": "HTTPS", "X_Forwarded_Host": "mock.example.com:444"},
        "https://mock.example.com:444",
    ),
    "several proxies": (
        {"X_Forwarded_Proto": "https, http", "X_Forwarded_Host": "a.example.com, b"},
        "https://a.example.com",
    ),
    "the standard": (
        {"Forwarded": 'for=192.0.2.1;proto=https;host="mock.example.com:444", for=x;proto=http'},
        "https://mock.example.com:444",
    ),
    "the standard before the others": (
        {"Forwarded": "Proto=https", "X_Forwarded_Proto": "http", "X_Forwarded_Host": "x"},
        "https://x",
    ),
    "no scheme that there is": ({"X_Forwarded_Proto": "ftp"}, "http://{here}"),
    "no host that can be one": ({"X_Forwarded_Host": "a/b"}, "http://{here}"),
    "nothing": ({}, "http://{here}"),
}


@pytest.mark.parametrize("case", SAID)
def test_links_follow_what_a_trusted_proxy_says(trusting: MockServer, case: str) -> None:
    headers, expected = SAID[case]
    here = trusting.url.removeprefix("http://")
    assert link(trusting, **headers) == expected.format(here=here)


def test_without_the_option_nothing_is_believed(server: MockServer) -> None:
    said = link(server, X_Forwarded_Proto="https", X_Forwarded_Host="mock.example.com")
    assert said == server.url


@pytest.mark.parametrize(
    ("peer", "is_proxy"),
    [
        (("127.0.0.1", 1), True),
        (("::1", 1, 0, 0), True),
        (("10.1.2.3", 1), True),
        (("::ffff:10.1.2.3", 1, 0, 0), True),
        (("192.0.2.1", 1), False),
        (("fd00::1", 1, 0, 0), False),
        ("", True),
    ],
)
def test_a_proxy_is_known_by_its_network(peer: object, is_proxy: bool) -> None:
    networks = ("127.0.0.0/8", "::1/128", "10.0.0.0/8")
    assert Forwarded(networks, lambda host: True).comes_from_proxy(peer) is is_proxy


def test_a_web_page_cannot_rename_itself(trusting: MockServer) -> None:
    headers = {"Host": "evil.example.com", "X-Forwarded-Host": "localhost"}
    answer = httpx.get(f"{trusting.url}/__admin/workspaces", headers=headers)
    assert answer.status_code == 403

"""The console's page and files: who gets them, with which headers, and what switches them off."""

import gzip
from collections.abc import Iterator

import httpx
import pytest

from mockserver.serving.server import MockServer
from tests.world import PEOPLE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[MockServer]:
    """A server whose control API asks for a token."""
    with MockServer(fixtures=PEOPLE, admin_token="a-token-of-this-test") as running:
        yield running


def test_the_page_is_served_with_its_policy(http: httpx.Client) -> None:
    answer = http.get("/__admin/")
    headers = answer.headers
    assert (answer.status_code, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert headers["content-security-policy"] == POLICY
    assert {
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }.items() <= dict(headers).items()
    assert headers["permissions-policy"].startswith("camera=()")


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("console/app.css", "text/css; charset=utf-8"),
        ("console/app.js", "text/javascript; charset=utf-8"),
        ("console/screens/requests.js", "text/javascript; charset=utf-8"),
        ("console/mark.svg", "image/svg+xml"),
        ("console/vendors.json", "application/json"),
    ],
)
def test_a_file_has_its_type_and_the_policy(http: httpx.Client, path: str, type: str) -> None:
    answer = http.get(f"/__admin/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, type)
    assert answer.headers["content-security-policy"] == POLICY


def test_a_browser_that_has_a_file_gets_304(http: httpx.Client) -> None:
    tag = http.get("/__admin/console/app.js").headers["etag"]
    again = http.get("/__admin/console/app.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param("*", 304, id="whatever it is"),
        pytest.param('"other", {tag}', 304, id="among others"),
        pytest.param("{strong}", 304, id="as a strong one"),
        pytest.param('"other"', 200, id="another"),
        pytest.param("{bare}", 200, id="without quotation marks"),
    ],
)
def test_tags_are_compared_as_the_standard_says(sent: str, status: int, http: httpx.Client) -> None:
    tag = http.get("/__admin/console/app.js").headers["etag"]
    strong = tag.removeprefix("W/")
    header = sent.format(tag=tag, strong=strong, bare=strong.strip('"'))
    again = http.get("/__admin/console/app.js", headers={"If-None-Match": header})
    assert again.status_code == status


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        pytest.param("br, gzip;q=0.5", "gzip", id="wanted less"),
        pytest.param("GZIP", "gzip", id="in capitals"),
        pytest.param("*", "gzip", id="any"),
        pytest.param("gzip;q=0", None, id="refused"),
        pytest.param("*;q=0", None, id="all refused"),
        pytest.param("*, gzip;q=0.000", None, id="any but this"),
        pytest.param("x-gzip-like", None, id="a name with it inside"),
        pytest.param("gzip;q=much", None, id="no number"),
    ],
)
def test_a_file_is_compressed_as_the_standard_says(
    accepted: str, encoding: str | None, http: httpx.Client
) -> None:
    answer = http.get("/__admin/console/app.css", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding


def test_a_file_is_compressed_for_who_reads_that(http: httpx.Client) -> None:
    plain = http.get("/__admin/console/app.css", headers={"Accept-Encoding": "identity"})
    with http.stream(
        "GET", "/__admin/console/app.css", headers={"Accept-Encoding": "gzip"}
    ) as some:
        raw = b"".join(some.iter_raw())
    assert (some.headers["content-encoding"], gzip.decompress(raw)) == ("gzip", plain.content)


def test_there_is_no_other_file(http: httpx.Client) -> None:
    for path in ("console/nothing.js", "console/../app.py", "console/", "viewer/package.json"):
        assert http.get(f"/__admin/{path}").status_code == 404


def test_head_has_the_headers_alone(http: httpx.Client) -> None:
    answer = http.head("/__admin/")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_browser_is_led_from_the_root_to_the_page(http: httpx.Client) -> None:
    led = http.get("/", headers=BROWSER)
    assert (led.status_code, led.headers["location"]) == (307, "/__admin/")
    assert http.get("/__admin").headers["location"] == "/__admin/"


def test_others_get_the_problem_at_the_root_as_before(http: httpx.Client) -> None:
    answer = http.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
    assert "The APIs begin with" in answer.json()["detail"]


def test_the_page_is_open_and_the_api_is_not(guarded: MockServer) -> None:
    paths = ["/__admin/", "/__admin/console/app.js", "/__admin/reference/", "/__admin/workspaces"]
    assert [httpx.get(guarded.url + path).status_code for path in paths] == [200, 200, 200, 401]


def test_the_control_api_keeps_its_paths(http: httpx.Client) -> None:
    assert http.get("/__admin/health").json()["status"] == "ok"
    assert http.post("/__admin/").status_code == 404


def test_without_the_console_there_is_the_control_api_alone() -> None:
    with MockServer(fixtures=PEOPLE, console="off") as running:
        paths = ["/__admin/", "/__admin/console/app.js", "/__admin/health", "/"]
        answers = [httpx.get(running.url + path, headers=BROWSER) for path in paths]
    assert [answer.status_code for answer in answers] == [404, 404, 200, 404]
    assert answers[0].headers["content-type"] == "application/problem+json"


def test_a_vendor_may_say_how_it_is_shown(http: httpx.Client) -> None:
    looks = http.get("/__admin/console/vendors.json").json()
    assert looks["sela"]["title"] == "Sela"
    assert looks.keys() == http.get("/__admin/health").json()["base_urls"].keys()

"""A client in process: what it gets is what it would get over a socket."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from mockserver.errors import MockserverError
from mockserver.testing import MockWorkspace, Running
from tests.samples import NAMES
from tests.testing.suites import Suite

NEW = {"phone_number": "+12025550199", "email": "new@example.com"}
OWN = {b"date", b"mockserver-request", b"keep-alive"}
"""Headers whose values are the server's own where no workspace is reached, or that a socket has."""
Make = Callable[..., httpx.Client]


@pytest.fixture(params=["in_process", "http"])
def make(request: pytest.FixtureRequest, opened: MockWorkspace) -> Make:
    """Makes a client of a vendor; each test runs without a socket and with one."""
    found: Make = getattr(opened, request.param)
    return found


@pytest.mark.parametrize(
    ("vendor", "method", "path", "options"),
    [
        pytest.param("sela", "GET", "/api/leads/?page_size=2", {}, id="a query"),
        pytest.param("sela", "POST", "/api/leads/", {"data": NEW}, id="a form"),
        pytest.param(
            "sela",
            "POST",
            "/api/leads/",
            {"files": {name: (None, value) for name, value in NEW.items()}},
            id="a multipart form",
        ),
        pytest.param("sela", "GET", "/api/leads", {}, id="a redirect"),
        pytest.param("sela", "PUT", "/api/leads/update/", {"json": NEW}, id="a refusal"),
        pytest.param("sela", "GET", "/nothing/", {}, id="nothing there"),
        pytest.param("octanist", "HEAD", "/leads/lead_demo01", {}, id="no body"),
        pytest.param(
            "octanist",
            "PATCH",
            "/leads",
            {"json": {"id": "lead_demo01", "note": "ä" * 5000}},
            id="a long body",
        ),
        pytest.param(
            "octanist",
            "POST",
            "/leads",
            {"content": lambda: iter([b'{"name":', b'"Neo"}'])},
            id="a body in pieces",
        ),
        pytest.param(
            "nlpearl",
            "GET",
            "/v2/Outbound/66a1f0c2d60e456235eae601/Lead/PhoneNumber/(202)%20555-0101",
            {},
            id="escapes",
        ),
        pytest.param(
            "nlpearl",
            "GET",
            "/v2/Pearl",
            {"headers": {"Authorization": "Bearer x"}},
            id="an empty 401",
        ),
        pytest.param("nlpearl", "GET", "/v2/Outbound/%2F/Lead/x", {}, id="an escaped slash"),
    ],
)
def test_an_answer_is_the_same_without_a_socket(
    opened: MockWorkspace, vendor: str, method: str, path: str, options: dict[str, Any]
) -> None:
    def asked(make: Make) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        opened.reset()
        opened.freeze("2026-03-01T12:00:00Z")
        answer = make(vendor).request(
            method,
            path,
            **{name: value() if callable(value) else value for name, value in options.items()},
        )
        return (
            answer.status_code,
            [field for field in answer.headers.raw if field[0] not in OWN],
            answer.content,
        )

    assert asked(opened.in_process) == asked(opened.http)


def test_it_is_journalled_alike(opened: MockWorkspace, make: Make) -> None:
    answer = make("sela").post("/api/leads/", json=NEW)
    entry = opened.request(int(answer.headers["mockserver-request"]))
    assert (entry["target"], entry["request"]["body"], entry["status"]) == (
        "/sela/api/leads/",
        NEW,
        201,
    )


PATIENT, IMPATIENT = 5.0, 0.1


@pytest.mark.parametrize(
    ("fault", "parameters", "patience", "error"),
    [
        pytest.param("reset", {}, PATIENT, httpx.ReadError, id="reset"),
        pytest.param("truncated_body", {}, PATIENT, httpx.RemoteProtocolError, id="truncated_body"),
        pytest.param("timeout", {}, IMPATIENT, httpx.ReadTimeout, id="timeout"),
        pytest.param("slow", {"seconds": 30}, IMPATIENT, httpx.ReadTimeout, id="slow"),
        pytest.param("slow_drip", {"seconds": 60}, IMPATIENT, httpx.ReadTimeout, id="slow_drip"),
        pytest.param("apply_but_fail", {}, PATIENT, httpx.ReadError, id="apply_but_fail"),
        pytest.param(
            "apply_but_fail",
            {"answer": "timeout"},
            IMPATIENT,
            httpx.ReadTimeout,
            id="apply_but_fail timeout",
        ),
    ],
)
def test_a_fault_that_breaks_off_raises_what_it_raises_over_a_socket(
    opened: MockWorkspace,
    make: Make,
    fault: str,
    parameters: dict[str, Any],
    *,
    patience: float,
    error: type[httpx.TransportError],
) -> None:
    opened.add_fault(fault, parameters=parameters)
    with pytest.raises(error):
        make("sela", timeout=patience).get("/api/leads/")


def test_a_client_without_a_timeout_waits_for_the_end(opened: MockWorkspace, make: Make) -> None:
    opened.add_fault("timeout", parameters={"seconds": 0.05})
    with pytest.raises(httpx.TransportError):
        make("sela", timeout=None).get("/api/leads/")


@pytest.mark.parametrize(
    ("fault", "content"), [("gateway_html", "text/html"), ("empty_body", "application/json")]
)
def test_a_broken_answer_is_an_answer(
    opened: MockWorkspace, make: Make, fault: str, content: str
) -> None:
    opened.add_fault(fault)
    assert make("octanist").get("/leads").headers["content-type"] == content


def test_a_body_comes_as_it_is_sent(opened: MockWorkspace, make: Make) -> None:
    opened.add_fault("slow_drip", parameters={"seconds": 0.4})
    with make("sela").stream("GET", "/api/leads/") as answer:
        pieces = list(answer.iter_raw())
    assert (len(pieces) > 1, json.loads(b"".join(pieces))["count"]) == (True, 13)


def test_a_stream_can_be_left(opened: MockWorkspace, make: Make) -> None:
    opened.add_fault("slow_drip", parameters={"seconds": 60}, times=1)
    client = make("sela")
    with client.stream("GET", "/api/leads/") as answer:
        assert answer.status_code == 200
    assert client.get("/api/lead-types/").status_code == 200


def test_threads_call_at_once_and_each_request_is_atomic(opened: MockWorkspace) -> None:
    clients = [opened.in_process("sela"), opened.http("sela")]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda number: clients[number % 2].post("/api/leads/", json=NEW), range(40))
        )
    assert sorted(each.status_code for each in answers) == [201] + [400] * 39


def test_a_client_of_a_server_elsewhere_needs_a_socket(running: Running) -> None:
    remote = Running(running.client).open("test_remote")
    with pytest.raises(MockserverError, match="clients in process need a server in process"):
        remote.in_process("sela")
    remote.close()


# What the object in a test's hands does


def test_a_vendors_client_is_the_same_each_time(opened: MockWorkspace) -> None:
    assert opened.sela is opened.sela
    assert opened.http("sela") is not opened.sela


def test_a_vendor_that_there_is_not_is_told(opened: MockWorkspace) -> None:
    misspelt = "selah"
    with pytest.raises(AttributeError, match="'MockWorkspace' object has no attribute 'selah'"):
        getattr(opened, misspelt)
    known = ", ".join(NAMES)
    with pytest.raises(ValueError, match=f"'selah' is no vendor; the vendors are {known}"):
        opened.http("selah")


def test_options_are_those_of_httpx(opened: MockWorkspace) -> None:
    client = opened.http("sela", follow_redirects=True, headers={"X-Trace": "1"})
    assert client.get("/api/leads").json()["count"] == 13
    assert opened.requests()[-1]["target"] == "/sela/api/leads/"
    assert opened.request(1)["request"]["headers"]["x-trace"] == "1"


def test_its_clients_are_closed_with_it(running: Running) -> None:
    opened = running.open("test_closing")
    clients = [opened.sela, opened.http("octanist"), opened.in_process("nlpearl")]
    opened.close()
    assert [each.is_closed for each in clients] == [True] * 3


def test_closing_what_is_gone_already_is_no_error(running: Running) -> None:
    opened = running.open("test_deleted")
    opened.delete()
    opened.close()


def test_a_proxy_of_the_environment_is_not_asked(suite: Suite) -> None:
    text = 'def test_it(mockserver):\n    assert mockserver.octanist.post("/check").status_code == 200\n'
    proxy = "http://127.0.0.1:1"
    assert (
        suite({"test_it.py": text}, HTTP_PROXY=proxy, http_proxy=proxy, ALL_PROXY=proxy).summary
        == "1 passed"
    )

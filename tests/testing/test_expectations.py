"""What a test may expect of its client's requests: matchers, and requests that have not come yet."""

import re
import threading
from collections.abc import Callable
from decimal import Decimal
from time import monotonic
from typing import Any
from unittest.mock import ANY

import pytest

from mockserver.client import ControlError
from mockserver.serving.server import MockServer
from mockserver.testing import MockWorkspace

LEAD = {"name": "Neo", "email": "neo@example.com", "value": 12.5, "custom": {"$id": 7, "tags": ["b", "a"]}}  # fmt: skip


@pytest.fixture
def sent(opened: MockWorkspace) -> MockWorkspace:
    """A workspace whose client made a lead and read a list."""
    opened.octanist.post("/leads", json=LEAD)
    opened.octanist.get("/leads", params={"limit": 5, "page": 1})
    return opened


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"body": {"email": ANY}}, id="any value"),
        pytest.param({"body": {"email": re.compile(r"^\w+@")}}, id="a pattern"),
        pytest.param({"body": {"value": Decimal("12.50")}}, id="a decimal"),
        pytest.param({"body": {"phone": {"$absent": True}}}, id="absent"),
        pytest.param({"body": {"name": {"$one_of": ["Neo", "Ada"]}}}, id="one of"),
        pytest.param({"body": {"value": {"$close_to": 12.5000001}}}, id="close to"),
        pytest.param({"body": {"custom": {"tags": {"$unordered": ["a", ANY]}}}}, id="unordered"),
        pytest.param({"body": {"custom": {"$$id": 7}}}, id="a literal dollar"),
        pytest.param({"body": ANY}, id="any body"),
        pytest.param({"query": {"limit": 5, "page": ANY}}, id="a number in a query"),
        pytest.param({"query": {"q": {"$absent": True}}, "method": "GET"}, id="absent in a query"),
        pytest.param({"headers": {"User-Agent": re.compile("httpx")}}, id="a header"),
        pytest.param({"body": {"$absent": True}}, id="no body"),
    ],
)
def test_a_request_is_found_by_matchers(wanted: Any, sent: MockWorkspace) -> None:
    sent.assert_called(**wanted)


def test_what_does_not_match_is_told(sent: MockWorkspace) -> None:
    with pytest.raises(AssertionError, match=r"body\.email: expected a text like /\^trinity/, was"):
        sent.assert_called(operation="create_lead", body={"email": re.compile("^trinity")})


def test_a_credential_stands_in_no_verdict_of_a_matcher(sent: MockWorkspace) -> None:
    verdict = sent.verify(headers={"X-API-KEY": {"$one_of": ["secret-1", "secret-2"]}})
    assert (verdict.passed, "secret-1" in verdict.message) == (False, False)
    assert "headers.x-api-key: another than expected" in verdict.message


@pytest.mark.parametrize(
    ("wanted", "pointer", "words"),
    [
        pytest.param({"body": {"email": re.compile("(?=a)")}}, "/requests/0/body/email/$pattern", "$pattern is no pattern that can be searched for", id="a look-ahead"),
        pytest.param({"body": {"custom": {"$id": 7}}}, "/requests/0/body/custom/$id", "$id is no matcher", id="an unknown one"),
        pytest.param({"query": {"limit": [1]}}, "/requests/0/query/limit", "must be a text, a number", id="a list in a query"),
    ],
)  # fmt: skip
def test_a_matcher_that_is_none_is_refused_with_its_place(
    wanted: Any, pointer: str, words: str, sent: MockWorkspace
) -> None:
    with pytest.raises(ControlError) as raised:
        sent.verify(**wanted)
    (error,) = raised.value.errors
    assert (raised.value.status, error["pointer"].removeprefix("#")) == (400, pointer)
    assert words in error["detail"]


# Requests that have not come yet


def timed(asked: Callable[[], None]) -> float:
    """How many seconds it takes."""
    started = monotonic()
    asked()
    return monotonic() - started


def test_a_request_that_comes_in_time_is_waited_for(opened: MockWorkspace) -> None:
    client = opened.octanist
    later = threading.Timer(0.3, client.post, ("/check",))
    later.start()
    assert timed(lambda: opened.assert_called(operation="check", within=30)) < 25
    later.join()


def test_many_other_requests_may_come_meanwhile(opened: MockWorkspace) -> None:
    client = opened.octanist

    def work() -> None:
        for _ in range(40):
            client.get("/leads/lead_demo01")
        client.post("/check")

    worker = threading.Thread(target=work)
    worker.start()
    opened.assert_called(operation="check", within=30)
    worker.join()


def test_several_requests_are_waited_for(opened: MockWorkspace) -> None:
    client = opened.octanist
    later = threading.Timer(0.2, client.post, ("/check",))
    client.get("/leads")
    later.start()
    opened.assert_called(
        {"operation": "list_leads"}, {"operation": "check"}, in_order=True, within=30
    )
    later.join()


def test_what_does_not_come_in_time_fails_after_it(opened: MockWorkspace) -> None:
    with pytest.raises(AssertionError, match="found 0 among 0 requests"):
        opened.assert_called(operation="check", within=0.2)


def test_what_must_not_come_is_waited_for_until_the_end(opened: MockWorkspace) -> None:
    assert timed(lambda: opened.assert_not_called(operation="check", within=0.3)) >= 0.3
    client = opened.octanist
    later = threading.Timer(0.2, client.post, ("/check",))
    later.start()
    with pytest.raises(AssertionError, match="found 1 among 1 request"):
        opened.assert_not_called(operation="check", within=30)
    later.join()


def test_a_verdict_that_nothing_can_change_comes_at_once(opened: MockWorkspace) -> None:
    for _ in range(2):
        opened.octanist.post("/check")
    with pytest.raises(AssertionError, match="found 2 among 2 requests"):
        opened.assert_called(operation="check", times=1, within=30)


def test_a_workspace_that_goes_meanwhile_is_told_at_the_end(opened: MockWorkspace) -> None:
    threading.Timer(0.1, opened.delete).start()
    with pytest.raises(ControlError, match="There is no workspace"):
        opened.assert_called(operation="check", within=0.5)


def test_nobody_waits_longer_than_requests_may_wait(server: MockServer) -> None:
    with MockServer(max_wait=1) as impatient:
        workspace = impatient.workspace("one")
        with pytest.raises(ControlError, match=r"must be at most 1 seconds \(--max-wait\)"):
            workspace.assert_called(operation="check", within=2)


def test_a_part_that_takes_no_matcher_says_so(opened: MockWorkspace) -> None:
    with pytest.raises(TypeError, match=r"path is a single value, in which `\*` stands for any"):
        opened.assert_called(path=re.compile("leads"))  # type: ignore[arg-type]  # the mistake

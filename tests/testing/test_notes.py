"""The errors of ready clients say which request of the journal they are about."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mockserver.testing import MockWorkspace

WAYS: list[Any] = [
    pytest.param(MockWorkspace.http, id="over a socket"),
    pytest.param(MockWorkspace.in_process, id="without a socket"),
]
Way = Callable[..., httpx.Client]


@pytest.mark.parametrize("way", WAYS)
def test_a_status_that_is_raised_has_the_number_and_the_reason(
    way: Way, opened: MockWorkspace
) -> None:
    client = way(opened, "octanist")
    assert client.get("/leads?limit=1").raise_for_status().json()["success"] is True
    with pytest.raises(httpx.HTTPStatusError) as raised:
        client.get("/leads/none").raise_for_status()
    (note,) = raised.value.__notes__
    assert note.startswith("Mockserver-Request: 2 (Nothing found, answered 404: ")


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_is_lost_has_its_number_from_the_journal(
    way: Way, opened: MockWorkspace
) -> None:
    opened.octanist.post("/check")
    opened.add_fault("apply_but_fail", operation="create_lead")
    with pytest.raises(httpx.TransportError) as raised:
        way(opened, "octanist").post("/leads", json={"name": "Neo"})
    (note,) = raised.value.__notes__
    assert note.startswith("Mockserver-Request: 2 (The fault apply_but_fail (rule 1) left it")


@pytest.mark.parametrize("way", WAYS)
def test_half_an_answer_has_its_number(way: Way, opened: MockWorkspace) -> None:
    opened.add_fault("truncated_body", operation="list_leads")
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        way(opened, "octanist").get("/leads")
    (note,) = raised.value.__notes__
    assert note.startswith("Mockserver-Request: 1 (The fault truncated_body (rule 1) answered 200")


def test_clients_of_asyncio_note_it_too(opened: MockWorkspace) -> None:
    opened.add_fault("reset", operation="check")
    opened.add_fault("truncated_body", operation="list_leads")

    async def notes() -> list[str]:
        found = []
        async with opened.async_http("octanist") as client:
            for method, path in (("POST", "/check"), ("GET", "/leads"), ("GET", "/leads/none")):
                with pytest.raises(httpx.HTTPError) as raised:
                    (await client.request(method, path)).raise_for_status()
                found += [note.partition(" (")[0] for note in raised.value.__notes__]
        return found

    expected = [f"Mockserver-Request: {number}" for number in (1, 2, 3)]
    assert asyncio.run(notes()) == expected


def test_a_workspace_that_is_gone_leaves_the_number(opened: MockWorkspace) -> None:
    answer = opened.octanist.get("/leads/none")
    opened.delete()
    with pytest.raises(httpx.HTTPStatusError) as raised:
        answer.raise_for_status()
    assert raised.value.__notes__ == ["Mockserver-Request: 1 (no longer in the journal)"]


def test_a_request_that_did_not_arrive_has_none(opened: MockWorkspace) -> None:
    with pytest.raises(httpx.ConnectError) as raised:
        opened.http("octanist", base_url="http://127.0.0.1:1/api").post("/check")
    assert raised.value.__notes__ == ["Mockserver-Request: none was found in the journal"]


def test_a_transport_of_the_test_is_used(opened: MockWorkspace) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500, headers={"mockserver-request": "7"})

    client = opened.http("octanist", transport=httpx.MockTransport(answer))
    with pytest.raises(httpx.HTTPStatusError) as raised:
        client.get("/leads").raise_for_status()
    assert raised.value.__notes__ == ["Mockserver-Request: 7 (no longer in the journal)"]

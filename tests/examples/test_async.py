"""Clients on asyncio, several requests at a time."""

import asyncio

from mockserver.testing import MockWorkspace


def test_many_leads_are_created_at_once(mockserver: MockWorkspace) -> None:
    async def story() -> list[int]:
        async with mockserver.async_http("sela") as client:
            leads = [
                {"phone_number": f"+120255501{number}", "email": f"n{number}@example.com"}
                for number in range(60, 80)
            ]
            answers = await asyncio.gather(
                *(client.post("/api/leads/", json=lead) for lead in leads)
            )
        return [answer.json()["id"] for answer in answers]

    ids = sorted(asyncio.run(story()))
    assert ids == list(range(ids[0], ids[0] + 20))


def test_of_many_twins_one_is_created(mockserver: MockWorkspace) -> None:
    async def story() -> list[int]:
        client = mockserver.async_http("sela")
        answers = await asyncio.gather(
            *(client.post("/api/leads/", json={"phone_number": "+12025550199"}) for _ in range(10))
        )
        return [answer.status_code for answer in answers]

    assert sorted(asyncio.run(story())) == [201] + [400] * 9

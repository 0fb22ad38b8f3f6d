"""Many requests that are under way together."""

import asyncio
from typing import Any

import httpx

AT_ONCE = 200

Request = tuple[str, str, Any]
"""Method, path and JSON body."""


async def _gather(client: httpx.Client, requests: list[dict[str, Any]]) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=50)
    # Plain HTTP: certificates need not be loaded for it.
    async with httpx.AsyncClient(
        base_url=client.base_url, headers=client.headers, limits=limits, timeout=30, verify=False
    ) as together:
        return await asyncio.gather(*[together.request(**request) for request in requests])


def all_at_once(client: httpx.Client, requests: list[dict[str, Any]]) -> list[httpx.Response]:
    """The answers, in the order of the requests, each given as the arguments of a client."""
    return asyncio.run(_gather(client, requests))


def at_once(client: httpx.Client, requests: list[Request]) -> list[httpx.Response]:
    """The answers to requests of JSON, in the order of the requests."""
    return all_at_once(
        client, [{"method": method, "url": path, "json": body} for method, path, body in requests]
    )

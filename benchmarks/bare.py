"""What a mock cannot be faster than: an ASGI application that reads JSON and writes it back."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

_HEADERS = [(b"content-type", b"application/json")]


async def app(
    scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer 200 with the JSON that was sent."""
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    answer = orjson.dumps(orjson.loads(body or b"null"))
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [*_HEADERS, (b"content-length", b"%d" % len(answer))],
        }
    )
    await send({"type": "http.response.body", "body": answer})

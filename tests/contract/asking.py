"""One request to an application in this process."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from mockserver.app import Application

Message = dict[str, Any]


class Answered(NamedTuple):
    """What came back: the status, and the JSON of the body (None where there is no body)."""

    status: int
    content: Any


def ask(
    app: Application,
    method: str,
    target: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answered:
    """Send a request with a JSON body, if any, and wait for its answer.

    The target is a path of plain letters, with or without a query.
    """
    path, _, query = target.partition("?")
    raw = b"" if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/json"} if raw else {}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": _lines({"host": "testserver", **sent, **(headers or {})}),
        "client": ("127.0.0.1", 0),
        "server": ("testserver", 80),
    }
    return asyncio.run(_exchange(app, scope, raw))


def _lines(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


async def _exchange(app: Application, scope: Message, raw: bytes) -> Answered:
    answer: list[Any] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        answer.append(message)

    await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in answer)
    return Answered(answer[0]["status"], json.loads(content) if content else None)

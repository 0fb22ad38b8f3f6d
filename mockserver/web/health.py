"""`/livez` and `/readyz`: whether the server is there.

They are what most clients ask first, so a `GET` is answered without Starlette, whose import takes
a sixth of a start. Other methods are its `Route`'s (`pages.py`).
"""

from orjson import dumps

from mockserver.api import Scope
from mockserver.faults.delivery import Answer

STATES = {"/livez": "alive", "/readyz": "ready"}
"""What the server says of itself at each path."""


def _answer(state: str) -> Answer:
    body = dumps({"status": state})
    headers = ((b"content-length", b"%d" % len(body)), (b"content-type", b"application/json"))
    return Answer(200, headers, body)


_ANSWERS = {path: _answer(state) for path, state in STATES.items()}


def health(scope: Scope) -> Answer | None:
    """The answer to a request for the server's health; None for any other request."""
    return _ANSWERS.get(scope["path"]) if scope["method"] == "GET" else None

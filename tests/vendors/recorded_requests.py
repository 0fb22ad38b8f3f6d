"""Requests with the answers of a real ASP.NET Core application, and what this server answers."""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from mockserver.app import Application
from mockserver.faults.delivery import Answer

_OWN_RULES = re.compile(
    r"validation|leadId|pearlId|externalId|phoneNumber|TimeZoneId|Status|Leads\[\d+\].*"
)
"""Keys of what this server refuses by itself: what is not there, or is no value of a list."""


@dataclass(frozen=True)
class Recorded:
    """One request as it was sent, and what the framework answered."""

    name: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None
    status: int
    answer_headers: dict[str, str]
    answer_body: bytes


def recorded(file: Path) -> Iterator[Recorded]:
    """All requests of a file of JSON lines."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            each = json.loads(line)
            answer = each["answer"]
            yield Recorded(
                each["name"],
                each["method"],
                each["target"],
                each["headers"],
                None if each["body"] is None else b64decode(each["body"]),
                answer["status"],
                dict(answer["headers"]),
                b64decode(answer["body"]),
            )


def answer_of(app: Application, request: Recorded) -> Answer:
    """What the server answers to the very bytes of the request, without a socket."""
    raw_path, _, query = request.target.encode().partition(b"?")
    raw_path = b"/nlpearl" + raw_path
    scope = {
        "type": "http",
        "method": request.method,
        "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": query,
        "headers": [
            (b"host", b"x"),
            *((k.lower().encode(), v.encode()) for k, v in request.headers.items()),
        ],
    }
    answer = app.answer(scope, request.body or b"")
    assert isinstance(answer, Answer)
    return answer


def difference(request: Recorded, answer: Answer) -> str | None:
    """Where the two answers differ, or None."""
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    if request.status == 500:
        # The framework falls over; this server refuses the body or its media type.
        return None if answer.status in (400, 415) else f"500, not {answer.status}"
    if request.status < 400 <= answer.status:
        return None if _is_own_refusal(answer) else f"{request.status}, not {_shown(answer)}"
    if request.status != answer.status:
        return f"{request.status}, not {_shown(answer)}"
    for name in ("content-type", "allow"):
        if headers.get(name) != request.answer_headers.get(name):
            return f"{name}: {request.answer_headers.get(name)}, not {headers.get(name)}"
    if request.status < 400:
        return None
    wanted, given = _value(request.answer_body), _value(answer.body)
    if wanted != given or (isinstance(wanted, dict) and _order(wanted) != _order(given)):
        return f"{wanted}, not {given}"
    return None


def _is_own_refusal(answer: Answer) -> bool:
    errors = (_value(answer.body) or {}).get("errors", {})
    return answer.status == 400 and bool(errors) and all(map(_OWN_RULES.fullmatch, errors))


def _value(body: bytes) -> Any:
    """The body without its trace id."""
    if not body:
        return None
    value = json.loads(body)
    if isinstance(value, dict):
        value.pop("traceId", None)
    return value


def _order(body: dict[str, Any]) -> tuple[list[str], list[str]]:
    return list(body), list(body.get("errors", {}))


def _shown(answer: Answer) -> str:
    return f"{answer.status} {answer.body.decode()}"

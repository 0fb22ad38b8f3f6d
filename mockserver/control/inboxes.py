"""Handlers for inboxes: receivers of the server's own, that show what came."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, any_query, checked, nothing, operation
from mockserver.control.later import Underway
from mockserver.errors import Problem, Refusal
from mockserver.state.memory import Memory
from mockserver.vendor import Reply
from mockserver.webhooks.inbox import NAME, Arrival, HeaderPairs, Inbox, InboxAnswer
from mockserver.webhooks.view import entry_view, inbox_view
from mockserver.wire import write_json

_PAGE = 100
_NO_CONTENT = 204
_MOST_HEADERS = 20
_LONGEST_BODY = 64 << 10
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "date"})
"""Headers that the server writes itself."""


@operation
def list_inboxes(call: Call, server: Control) -> Reply:
    """Every inbox in a few words."""
    inboxes = server.workspace(call).inboxes
    return Reply({"inboxes": [inbox_view(name, inbox) for name, inbox in inboxes]})


def _name(call: Call) -> str:
    """The inbox's name in the path. Raises Refusal("invalid") for one that no inbox may have."""
    name: str = call.path_parameters["name"]
    if not re.fullmatch(NAME, name):
        text = (
            "must begin with a letter or digit, and have at most 64 letters, digits, dots, "
            "hyphens and underscores"
        )
        problem = Problem(("name",), "pattern", text, name, None, "path")
        raise Refusal("invalid", problems=[problem])
    return name


@operation
def get_inbox(call: Call, server: Control) -> Reply:
    """What came into an inbox."""
    name = _name(call)
    inbox = server.workspace(call).inboxes.get(name)
    if inbox is None:  # an empty one is false, too
        inbox = Inbox(Memory())
    limit = call.query.get("limit", _PAGE)
    page = list(islice(inbox.after(call.query.get("after", 0)), limit + 1))
    following = page[limit - 1].number if len(page) > limit else None
    received = [entry_view(each) for each in page[:limit]]
    return Reply(inbox_view(name, inbox) | {"received": received, "next": following})


def _unfit_answers(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    for position, answer in enumerate(body.get("answers", ())):
        yield from _unfit_answer(answer, ("answers", position))
    if "then" in body:
        yield from _unfit_answer(body["then"], ("then",))


def _unfit_answer(answer: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    if not isinstance(answer, dict):
        return
    headers = answer.get("headers", {})
    if not isinstance(headers, dict):
        return
    if len(headers) > _MOST_HEADERS:
        yield Problem((*path, "headers"), "maxProperties", f"must be at most {_MOST_HEADERS}")
    for name in headers:
        if name.lower() in _FRAMING:
            yield Problem((*path, "headers", name), "value", "is written by the server itself")
        elif not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            yield Problem((*path, "headers", name), "value", "is no name of a header")
    if len(_body_of(answer)[0]) > _LONGEST_BODY:
        yield Problem((*path, "body"), "maxLength", f"must have at most {_LONGEST_BODY} bytes")


@operation
@checked(_unfit_answers)
def set_inbox_answer(call: Call, server: Control) -> Reply:
    """Decide what an inbox answers."""
    name = _name(call)
    answers = [_answer(each) for each in call.body.get("answers", ())]
    then = _answer(call.body.get("then", {}))
    inbox = server.workspace(call).inboxes.open(name)
    inbox.set_answers(answers, then)
    return Reply(inbox_view(name, inbox))


def _answer(given: Mapping[str, Any]) -> InboxAnswer:
    raw, kind = _body_of(given)
    headers: dict[str, str] = {"content-type": kind} if raw else {}
    for name, value in given.get("headers", {}).items():
        headers[name.lower()] = value
    pairs: HeaderPairs = tuple(
        (name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()
    )
    status = given.get("status", 200 if raw else _NO_CONTENT)
    return InboxAnswer(status, float(given.get("seconds", 0)), pairs, raw)


def _body_of(given: Mapping[str, Any]) -> tuple[bytes, str]:
    """The body of an answer in bytes, and its media type."""
    body = given.get("body")
    if body is None:
        return b"", ""
    if isinstance(body, str):
        return body.encode("utf-8", "replace"), "text/plain; charset=utf-8"
    return write_json(body), "application/json"


@operation
def clear_inbox(call: Call, server: Control) -> Reply:
    """Forget what came into an inbox, and what it answers."""
    server.workspace(call).inboxes.remove(_name(call))
    return nothing()


@operation
@any_query
def post_to_inbox(call: Call, server: Control) -> Reply:
    """Put something into an inbox, and answer as it is set."""
    workspace, request = server.workspace(call), call.request
    if request.body is None:
        raise Refusal("too_large", limit=server.max_body)
    name = _name(call)
    workspace.inboxes.open(name)
    headers = tuple(request.headers.items())
    query = request.query_string.decode("latin-1")
    arrival = Arrival(workspace.now(), headers, request.body, query=query)
    answer = workspace.inboxes.receive(name, arrival)
    reply = Reply(answer.body, answer.status, answer.headers)
    if answer.status == _NO_CONTENT:
        reply = Reply(b"", _NO_CONTENT, answer.headers)
    if not answer.seconds:
        return reply

    async def work() -> Reply:
        await asyncio.sleep(answer.seconds)
        return reply

    return Underway(work)

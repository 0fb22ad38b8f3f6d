"""Plain JSON whose refusals are problem details (RFC 9457).

They name every field that is wrong, and say what it may be.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from itertools import chain
from types import MappingProxyType
from typing import Any

from mockserver.call import Call
from mockserver.dialects.plain_json import PlainJson, dotted, sendable
from mockserver.documents.schema import Schema, Validator, schema_at
from mockserver.errors import LEFT_OUT, Kind, Path, Problem, Reason, Refusal, limited
from mockserver.vendor import Header

_LISTED = 3
"""How many problems the sentence names; `errors` has them all."""
_LONGEST = 1000

_SILENT: Mapping[Kind, str] = {
    "rate_limited": "Too many requests.",
    "server_error": "This server has a fault; its log says more.",
    "maintenance": "This server is down for maintenance.",
}
_MISSING = "This server wants its token: `Authorization: Bearer <token>`."
_WRONG = "That is not this server's token."


class ProblemJson(PlainJson):
    """The dialect of an API of strict JSON that wants a bearer token."""

    implicit_methods: Mapping[str, str] = MappingProxyType({})
    max_depth = 64
    error_type: Header = (b"content-type", b"application/problem+json")
    challenge = b"Bearer"

    def __init__(self) -> None:
        self.empty_body: Any = {}

    def error(self, refusal: Refusal, call: Call) -> Any:
        """Problem details: what is wrong in a sentence, and field by field in `errors`."""
        status = self.status(refusal)
        explanations = chain.from_iterable(map(explained, refusal.problems))
        problems = limited(explanations, self.most_problems)
        body = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": self._detail(refusal, problems, call),
        }
        if problems:
            body["errors"] = [self._error(problem, call) for problem in problems]
        return body

    def sentence(self, refusal: Refusal, call: Call) -> str:
        """The refusal in a whole sentence that says what to do instead."""
        request = call.request
        if refusal.kind == "unauthorized":
            return _MISSING if refusal.reason == Reason.MISSING else _WRONG
        if refusal.kind == "method_not_allowed":
            return f"{request.path} takes {', '.join(call.methods)}, not {request.method}."
        if refusal.kind == "unsupported_media_type":
            sent = request.headers.get(b"content-type", b"").decode("latin-1")
            return (
                "The body must be sent as `Content-Type: application/json`, not as "
                f"{sent or 'nothing at all'}."
            )
        if refusal.kind == "too_large":
            return f"The body is larger than {refusal.limit} bytes."
        if refusal.kind == "malformed":
            return f"The body is not valid JSON: {refusal.message}."
        if refusal.kind in ("no_route", "not_found") and refusal.message is None:
            return f"There is nothing at {request.path}."
        return refusal.message or _SILENT.get(refusal.kind, "This request is refused.")

    def _detail(self, refusal: Refusal, problems: list[Problem], call: Call) -> str:
        """Everything in a sentence, in characters that can be sent."""
        if not problems:
            return sendable(self.sentence(refusal, call))
        named = [f"{_name(each)} {self._reason(each, call)}" for each in problems[:_LISTED]]
        text = "; ".join(named)
        others = sum(_count(each) for each in problems[_LISTED:])
        if others:
            text += f"; and {others} more"
        return sendable(text if text.endswith("?") else text + ".")

    def _error(self, problem: Problem, call: Call) -> dict[str, str]:
        detail = sendable(self._reason(problem, call))
        if problem.location == "body":
            return {"pointer": sendable(_pointer(problem.path)), "detail": detail}
        return {"parameter": _name(problem), "detail": detail}

    def _reason(self, problem: Problem, call: Call) -> str:
        if problem.message in _STRAYS:
            return _stray(problem, call)
        text = self.reason(problem)
        if len(text) <= _LONGEST:
            return text
        return text[:_LONGEST] + "..."


def _name(problem: Problem) -> str:
    """`requests[0].operation`."""
    return sendable(dotted(problem.path)) or "the body"


def _count(problem: Problem) -> int:
    """How many problems it stands for."""
    count: int = problem.value if problem.keyword == LEFT_OUT else 1
    return count


def _pointer(path: Path) -> str:
    """`/requests/0/operation` (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


_STRAYS = frozenset({"is no property here", "is no parameter here"})
"""The messages of what is not in the document."""


def _stray(problem: Problem, call: Call) -> str:
    """That the property or parameter is unknown, and which ones are known."""
    kind = "parameter" if problem.location == "query" else "property"
    names: dict[str, None] = {}
    for part in _parts_at(_root_schema(problem, call), problem.path[:-1]):
        names |= dict.fromkeys(part.get("properties", ()))
    if not names:
        return f"is no {kind} here"
    verb = "is" if len(names) == 1 else "are"
    return f"is no {kind} here; known {verb} {', '.join(names)}"


def _parts_at(schema: Schema, path: Path) -> list[Schema]:
    """What speaks of the value at that path: a schema and, where it has forms, each of them."""
    parts = [schema, *_forms(schema)]
    for step in path:
        below = [schema_at(part, (step,)) for part in parts]
        parts = []
        for each in below:
            parts += [each, *_forms(each)]
    return parts


def _root_schema(problem: Problem, call: Call) -> Schema:
    """The schema of the whole query or of the whole body."""
    operation = call.operation
    if operation is None:
        return {}
    if problem.location == "query":
        return operation.query.schema
    return operation.body.reader.schema if operation.body else {}


def explained(problem: Problem) -> Iterator[Problem]:
    """The problem itself, or more exact ones for a value that has none of several forms.

    These say what is wrong with the form that the value comes nearest to.
    """
    branches = list(_forms(problem.schema or {}))
    has_forms = any(_PARTS & branch.keys() for branch in branches)
    if not has_forms or not problem.keyword.startswith(("oneOf", "anyOf")):
        yield problem
        return
    value = problem.value
    by_form = [limited(Validator(branch).all_problems(value)) for branch in branches]
    nearest = min(by_form, key=_distance)
    types = {str(branch.get("type")) for branch in branches}
    if len(types) > 1 and any(map(_is_of_another_type, nearest)):
        yield problem
        return
    tags = [each for each in nearest if _tags(each)]
    # With a wrong tag the value has no form at all, and its other problems mean nothing.
    for each in _merged(tags[0], by_form) if tags else nearest:
        yield from explained(replace(each, path=(*problem.path, *each.path)))


_PARTS = frozenset({"properties", "items"})
"""The keywords of a form that has parts, which may be wrong by themselves."""


def _forms(schema: Schema) -> Iterator[Schema]:
    """The forms that a value may have, those of a form itself included."""
    branches = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    for branch in branches:
        inner = list(_forms(branch))
        yield from inner or [branch]


def _distance(problems: list[Problem]) -> tuple[bool, int]:
    """How far a value is from a form, by its problems: a form of its type and tag is nearer."""
    return any(_tags(each) or _is_of_another_type(each) for each in problems), len(problems)


def _is_of_another_type(problem: Problem) -> bool:
    """Whether the value itself, and no part of it, is of a wrong type."""
    return problem.keyword == "type" and not problem.path


def _tags(problem: Problem) -> bool:
    """Whether the problem is a wrong tag: the one value that marks a form."""
    return problem.keyword == "enum" and len((problem.schema or {}).get("enum", ())) == 1


def _merged(tag: Problem, by_form: Iterable[list[Problem]]) -> Iterator[Problem]:
    """One problem for a tag that no form has, with the tags of all forms."""
    values: list[Any] = []
    for problems in by_form:
        for other in problems:
            if _tags(other) and other.path == tag.path:
                values += other.schema["enum"]
    yield replace(tag, schema={"enum": values})

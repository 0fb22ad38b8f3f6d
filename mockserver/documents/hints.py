"""Problems of a file that people write, with what would be right in its place."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from mockserver.documents.relative_times import RELATIVE
from mockserver.documents.schema import problems_of
from mockserver.documents.wording import format_noun
from mockserver.errors import Path, Problem

Compile = Callable[[dict[str, Any]], Any]
"""Compiles a schema to a validator."""

Schema = Mapping[str, Any]

_ALIKE = 0.6
_TIME = "2025-01-31T12:00:00Z"
_LONGEST = 60
_TYPES: Mapping[type, str] = {dict: "object", list: "array", str: "string"}


def hinted(problems: Iterable[Problem], schema: Schema, compile: Compile) -> Iterator[Problem]:
    """The problems in words that name the allowed values and the one that was probably meant.

    `schema` is that of the whole value. A part that may be one of several things has the problems
    of that one whose type it has.
    """
    for problem in problems:
        yield from _hinted(problem, schema, compile)


def _hinted(problem: Problem, schema: Schema, compile: Compile) -> Iterator[Problem]:
    part = _part(schema, problem.path)
    choice = _choice(part, _TYPES.get(type(problem.value)))
    if problem.keyword == "anyOf" and choice is not None:
        below = problems_of(compile(dict(choice)), problem.value, {})
        for each in hinted(below, choice, compile):
            yield replace(each, path=problem.path + each.path)
        return
    # Without its schema a problem is told in these words, and in no dialect's.
    yield replace(problem, message=_message(problem, schema, part), schema=None)


def _message(problem: Problem, schema: Schema, part: Schema) -> str:
    if problem.keyword == "additionalProperties":
        known = list(_part(schema, problem.path[:-1]).get("properties", ()))
        near = meant(str(problem.path[-1]), known)
        return f"is no property here{near}; the properties are {', '.join(known)}"
    if problem.keyword == "enum":
        # Numbers mean nothing by themselves: the description has them with their names.
        allowed = part.get("description") or ", ".join(map(_shown, part["enum"]))
        near = meant(problem.value, part["enum"])
        return f"{_quoted(problem.value)} is not allowed{near}; the values are {allowed}"
    if problem.keyword == "anyOf":
        types = [each["type"] for each in part.get("anyOf", ()) if "type" in each]
        return f"{_quoted(problem.value)} is none of what may stand here: {', '.join(types)}"
    if problem.keyword == "format" and part.get("format") == "date-time":
        relative = ", or a relative one like -3d or +2h30m" if RELATIVE in part else ""
        return f"{_quoted(problem.value)} is no time; give one like {_TIME}{relative}"
    if problem.keyword == "format" and "format" in part:
        return f"{_quoted(problem.value)} is not {format_noun(part['format'])}"
    return "is required" if problem.keyword == "required" else problem.message


def meant(given: Any, known: Iterable[Any]) -> str:
    """`: did you mean x?`-like words if one of the known texts is near; else nothing."""
    texts = {each.lower(): each for each in known if isinstance(each, str)}
    if not isinstance(given, str) or len(given) > _LONGEST:
        return ""
    near = get_close_matches(given.lower(), texts, 1, _ALIKE)
    return f" (did you mean {texts[near[0]]}?)" if near else ""


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value else _quoted(value)


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _part(schema: Schema, path: Path) -> Schema:
    """The part of the schema that speaks of the value at that path; empty where none does."""
    for step in path:
        schema = _choice(schema, "array" if isinstance(step, int) else "object") or schema
        if isinstance(step, int):
            schema = schema.get("items", {})
        else:
            extra = schema.get("additionalProperties")
            schema = schema.get("properties", {}).get(step, extra)
        if not isinstance(schema, Mapping):
            return {}
    return schema


def _choice(schema: Schema, type: str | None) -> Schema | None:
    """What a value of that type may be besides null, if that is one thing."""
    others = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(others) > 1:
        others = [each for each in others if each.get("type") == type]
    return others[0] if len(others) == 1 else None

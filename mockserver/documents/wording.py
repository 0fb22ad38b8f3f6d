"""What is wrong with a value, in words that say what may stand in its place."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from mockserver.errors import Problem
from mockserver.subset import shown

Schema = Mapping[str, Any]

_CHOOSING = ("enum", "format", "anyOf", "oneOf")
"""Keywords that say what may stand there."""
_FORKS = ("anyOf", "oneOf", "allOf")

_FORMATS: Mapping[str, str] = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "url": "a URL",
    "uri": "a URI",
    "uuid": "a UUID",
    "date": "a date",
    "date-time": "a date and time",
    "time-zone": "the name of a time zone",
    "numeric": "a string that is a number",
    "not-blank": "a string that is not blank",
}
"""What a format is called. A framework's own, like `x-email`, ends in the name of one of these."""


_TYPES: Mapping[str, str] = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "object": "a JSON object",
    "array": "an array",
}


def format_noun(format: str) -> str:
    """What a value in that format is, with its article."""
    endings = [format]
    while "-" in endings[-1]:
        endings.append(endings[-1].partition("-")[2])
    for ending in endings:
        if ending in _FORMATS:
            return _FORMATS[ending]
    return f"in the format {format}"


def explanation(problem: Problem) -> str:
    """What is wrong with a value, as the end of a sentence that begins with the field's name.

    Of one that is no choice, or of another type or format, it says what may be.
    """
    schema = problem.schema
    if problem.keyword == "required" and problem.path:
        return "is required"
    if not isinstance(schema, dict):
        return problem.message
    if problem.keyword not in _CHOOSING:
        return problem.message
    # A schema that may be null is compiled to an anyOf, which it does not have itself.
    branches = [branch for branch in _branches(schema) if not _is_null(branch)] or [schema]
    if all("required" in branch for branch in branches):
        return f"needs {' or '.join(' and '.join(branch['required']) for branch in branches)}"
    forms = list(dict.fromkeys(map(_form, branches)))
    if not all(forms):
        return problem.message
    return f"is {shown(problem.value)}, and must be {' or '.join(forms)}"


def _branches(schema: Schema) -> Iterator[Schema]:
    """The forms that a value may have, those of a form itself included."""
    for branch in chain.from_iterable(schema.get(word, ()) for word in _FORKS):
        if isinstance(branch, dict):
            inner = list(_branches(branch))
            yield from inner or [branch]


def _is_null(schema: Schema) -> bool:
    """Whether it takes null and nothing else."""
    return schema.get("type") == "null" or schema.get("enum") == [None]


def _form(schema: Schema) -> str:
    """What a schema without branches takes, in a few words; empty where it says neither."""
    allowed = schema.get("enum", schema.get("x-enum"))
    if allowed is not None:
        choices = [written(choice) for choice in allowed if choice is not None]
        return f"one of {', '.join(choices)}" if len(choices) > 1 else "".join(choices)
    format = schema.get("x-format") or schema.get("format")
    if format is not None and schema.get("type", "string") == "string":
        return format_noun(format)
    return _TYPES.get(str(schema.get("type")), "")


def written(value: Any) -> str:
    """A choice as a person writes it; an empty text in its quotation marks."""
    return str(value) if isinstance(value, str) and value else shown(value)

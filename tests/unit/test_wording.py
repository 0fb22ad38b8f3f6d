"""What is said of a value that does not fit its schema."""

from typing import Any

import pytest

from mockserver.documents.schema import Validator
from mockserver.documents.wording import explanation, format_noun

STATES = {"type": "string", "enum": ["AL", "AK"]}


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"type": "string", "enum": ["won", "lost"]}, "wonn", "must be one of won, lost"),
        ({"type": "integer", "x-enum": [1, 10], "nullable": True}, 7, "must be one of 1, 10"),
        (
            {"nullable": True, "oneOf": [STATES, {"enum": [""]}, {"enum": [None]}]},
            "ZZ",
            'must be one of AL, AK or ""',
        ),
        ({"allOf": [STATES], "nullable": True}, "ZZ", "must be one of AL, AK"),
        (
            {"anyOf": [{"type": "number"}, {"type": "array"}, {"type": "boolean"}]},
            "x",
            "must be a number or an array or true or false",
        ),
    ],
)
def test_what_is_no_choice_is_told_with_the_choices(
    schema: dict[str, Any], value: Any, said: str
) -> None:
    [problem] = Validator(schema).all_problems(value)
    shown = f'"{value}"' if isinstance(value, str) else value
    assert explanation(problem) == f"is {shown}, and {said}"


def test_a_body_that_needs_one_of_several_fields_is_told_which() -> None:
    schema = {"type": "object", "anyOf": [{"required": ["id"]}, {"required": ["email", "phone"]}]}
    [problem] = Validator(schema).all_problems({})
    assert explanation(problem) == "needs id or email and phone"


@pytest.mark.parametrize(
    ("format", "noun"),
    [
        ("email", "an e-mail address"),
        ("some-framework-email", "an e-mail address"),
        ("some-framework-date-time", "a date and time"),
        ("date", "a date"),
        ("sort-list", "in the format sort-list"),
    ],
)
def test_the_format_of_a_framework_is_called_as_what_it_is(format: str, noun: str) -> None:
    assert format_noun(format) == noun

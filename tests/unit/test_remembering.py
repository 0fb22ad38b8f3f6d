"""What is remembered of texts that clients send is bounded, in number and in length."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import ref

import pytest

import mockserver
from mockserver.dialects.aspnet_requests import (
    MediaType,
    answered_type,
    json_media_type,
    media_type,
)
from mockserver.dialects.django_forms import form_reader
from mockserver.documents.schema import form_coercer
from mockserver.forms import Form
from mockserver.remembering import remembered

SHORT = {
    "_hours": "the setting has a pattern",
    "_is_north_american_prefix": "a prefix has a few digits",
    "_machine": "the tables of a vendor",
    "_parsed_as": "longer ones are refused before",
    "_search": "a longer pattern is refused, and what raises is not kept",
    "_second": "zones of the account",
    "_short_phone_e164": "longer ones go past it",
    "_short_phone_key": "longer ones go past it",
    "_zone_of_number": "a number in E.164",
    "_charset": "longer ones go past it",
    "blank": "names of the schema",
    "stamp_of": "the tables of a vendor",
    "zone_named": "the zones that the setting has",
}
"""Caches of the standard library whose texts are short, and why."""


class Text(str):
    """A text of which it can be seen whether anybody still has it."""


def is_kept(text: str, use: Callable[[Text], object]) -> bool:
    """Whether anybody has the text once it was used."""
    traced = Text(text)
    use(traced)
    kept = ref(traced)
    del traced
    return kept() is not None


def test_a_short_text_is_remembered_and_a_long_one_is_not() -> None:
    length = remembered(2, longest=3)(len)
    assert [is_kept("a" * count, length) for count in (3, 4)] == [True, False]


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (media_type, MediaType("text", "json", (("a", "b" * 300),))),
        (json_media_type, "text/json"),
        (answered_type, "application/json"),
    ],
)
def test_a_long_media_type_is_read_and_not_remembered(
    read: Callable[[str], object], expected: object
) -> None:
    long = "text/json; a=" + "b" * 300
    assert (read(long), is_kept(long, read)) == (expected, False)


@pytest.mark.parametrize("reader", [form_reader, form_coercer])
def test_a_form_does_not_remember_the_names_of_fields_that_nobody_knows(
    reader: Callable[..., Callable[[Any], Any]],
) -> None:
    read = reader({"properties": {"name": {"type": "string", "nullable": True}}}, {})
    assert read(Form({"name": "", "other": ""})) == {"name": "", "other": ""}
    assert not is_kept("stranger", lambda name: read(Form({name: ""})))


def test_every_other_cache_of_texts_says_why_they_are_short() -> None:
    found = set()
    for file in Path(mockserver.__file__).parent.rglob("*.py"):
        text = file.read_text("utf-8")
        if "cache" in text:
            functions = [
                each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef)
            ]
            found |= {each.name for each in functions if is_cache_of_texts(each)}
    assert found == set(SHORT)


def is_cache_of_texts(function: ast.FunctionDef) -> bool:
    """Whether it is given a text, and the standard library remembers its results."""
    decorators = {ast.unparse(each).partition("(")[0] for each in function.decorator_list}
    kinds = {ast.unparse(each.annotation) for each in function.args.args if each.annotation}
    return bool(decorators & {"cache", "lru_cache"}) and bool(kinds & {"str", "bytes"})

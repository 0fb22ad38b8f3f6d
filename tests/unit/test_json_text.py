"""Where a text stops being JSON, against where a parser refuses it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.json_text import Break, broken

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().map(str.lower), inner),
    max_leaves=15,
)
LAYOUTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"indent": st.sampled_from([None, 0, 2]), "ensure_ascii": st.booleans()}
)


@given(VALUES, LAYOUTS)
def test_a_text_is_not_broken(value: Any, layout: dict[str, Any]) -> None:
    assert broken(json.dumps(value, **layout)) is None


@given(VALUES, LAYOUTS, st.data())
def test_a_text_is_broken_where_a_parser_refuses_it(
    value: Any, layout: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(value, **layout)
    at = data.draw(st.integers(0, len(text)))
    spoilt = (
        text[:at]
        + data.draw(
            st.sampled_from(["", "x", '"', "{", "]", ",", ":", "\\", "\n", "-", ".", "0", "NaN"])
        )
        + text[at + 1 :]
    )
    try:
        json.loads(spoilt, parse_constant=no_constant)
    except ValueError:
        found = broken(spoilt)
        assert found is not None
        assert 0 <= found.token <= found.at <= len(spoilt)
    else:
        assert broken(spoilt) is None


def no_constant(name: str) -> Any:
    raise ValueError(name)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            '{"a": [1, {"b": x',
            Break("member", 16, 16, ("a", 1, "b"), "{"),
            id="in an object in a list",
        ),
        pytest.param('{"a": "b" x', Break("{", 10, 10, (), "{"), id="after a value"),
        pytest.param('{"a": 1x', Break("delimiter", 6, 7, ("a",), "{"), id="after a number"),
        pytest.param('{"a" x', Break("first colon", 5, 5, (), "{"), id="after a name"),
        pytest.param(
            '{"a": {"b": 1}, "c": x', Break("member", 21, 21, ("c",), "{"), id="after an object"
        ),
        pytest.param("[[], x", Break("item", 5, 5, (1,), "["), id="after an empty list"),
        pytest.param("[x", Break("first item", 1, 1, (0,), "["), id="in a list"),
        pytest.param("[1 x", Break("[", 3, 3, (1,), "["), id="after an item"),
        pytest.param("{x", Break("first name", 1, 1, (), "{"), id="in an object"),
        pytest.param('{"a": 1, x', Break("name", 9, 9, (), "{"), id="after a comma"),
        pytest.param(
            '{"\\u0061\\"": x', Break("member", 13, 13, ('a"',), "{"), id="an escaped name"
        ),
        pytest.param("x", Break("document", 0, 0, (), ""), id="at the start"),
        pytest.param("{} x", Break("end", 3, 3, (), ""), id="after the end"),
        pytest.param('["a\\u12x', Break("hex digit", 1, 7, (0,), "["), id="in an escape"),
        pytest.param('["\udcff", x', Break("UTF-8", 1, 4, (0,), "["), id="bytes that are no text"),
    ],
)
def test_a_text_is_broken_at_a_place_and_a_path(text: str, found: Break) -> None:
    assert broken(text) == found


def test_the_first_bracket_too_deep_is_found() -> None:
    assert broken('["[[", [ [ ] ]]', 2) == Break("depth", 9, 9, (1, 0), "[")
    assert broken("[[]]", 2) is None

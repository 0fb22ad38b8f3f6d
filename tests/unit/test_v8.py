"""The messages of JSON.parse, as Node 20 gives them."""

import pytest

from mockserver.dialects.v8 import complaint


@pytest.mark.parametrize(
    "text", ["{}", "[]", ' {"a": [1, -0.5e+3, "\\u00e9\\n", true, false, null]} \n', "1", '"a"']
)
def test_of_json_nothing_is_said(text: str) -> None:
    assert complaint(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "Unexpected end of JSON input", id="nothing"),
        pytest.param("[1,", "Unexpected end of JSON input", id="half a list"),
        pytest.param("tru", "Unexpected end of JSON input", id="half a literal"),
        pytest.param('"a\\', "Unexpected end of JSON input", id="half an escape"),
        pytest.param(
            "{", "Expected property name or '}' in JSON at position 1", id="half an object"
        ),
        pytest.param(
            "{'a': 1}", "Expected property name or '}' in JSON at position 1", id="other quotes"
        ),
        pytest.param(
            '{"a": 1,}',
            "Expected double-quoted property name in JSON at position 8",
            id="a comma at the end",
        ),
        pytest.param(
            '{"a" 1}', "Expected ':' after property name in JSON at position 5", id="no colon"
        ),
        pytest.param(
            '{"a": 1, "b" "c"}',
            "Unexpected string in JSON at position 13",
            id="no colon after a second name",
        ),
        pytest.param(
            '{"a": 1 "b": 2}',
            "Expected ',' or '}' after property value in JSON at position 8",
            id="no comma between members",
        ),
        pytest.param(
            '{"a": 1x}',
            "Expected ',' or '}' after property value in JSON at position 7",
            id="a letter after a number",
        ),
        pytest.param(
            "[1 2]",
            "Expected ',' or ']' after array element in JSON at position 3",
            id="no comma between items",
        ),
        pytest.param(
            "{} {}", "Unexpected non-whitespace character after JSON at position 3", id="two values"
        ),
        pytest.param(
            "1x",
            "Unexpected non-whitespace character after JSON at position 1",
            id="a letter after it all",
        ),
        pytest.param('["a]', "Unterminated string in JSON at position 4", id="an open text"),
        pytest.param(
            '["a\n"]',
            "Bad control character in string literal in JSON at position 3",
            id="a line feed",
        ),
        pytest.param('["\\x"]', "Bad escaped character in JSON at position 3", id="no escape"),
        pytest.param('["\\u12x4"]', "Bad Unicode escape in JSON at position 6", id="no hex digit"),
        pytest.param("[-]", "No number after minus sign in JSON at position 2", id="a sign alone"),
        pytest.param(
            "[1.]", "Unterminated fractional number in JSON at position 3", id="no fraction"
        ),
        pytest.param(
            "[1e+]", "Exponent part is missing a number in JSON at position 4", id="no exponent"
        ),
        pytest.param("[01]", "Unexpected number in JSON at position 2", id="a leading zero"),
        pytest.param("[n1]", "Unexpected number in JSON at position 2", id="a number in a literal"),
        pytest.param("NaN", '"NaN" is not valid JSON', id="NaN alone"),
        pytest.param("undefined", '"undefined" is not valid JSON', id="undefined"),
        pytest.param(
            "[nope]", "Unexpected token 'o', \"[nope]\" is not valid JSON", id="another literal"
        ),
        pytest.param(
            "[1,]",
            "Unexpected token ']', \"[1,]\" is not valid JSON",
            id="a comma at the end of a list",
        ),
        pytest.param(
            '["\\é"]', "Bad escaped character in JSON at position 3", id="an escape in Latin-1"
        ),
        pytest.param(
            '["\\€"]',
            'Unexpected token \'€\', "["\\€"]" is not valid JSON',
            id="an escape past Latin-1",
        ),
        pytest.param(
            "x" * 30,
            f"Unexpected token 'x', \"{'x' * 10}\"... is not valid JSON",
            id="the start of much",
        ),
        pytest.param(
            f'["{"a" * 20}", x]',
            'Unexpected token \'x\', ..."aaaaaaa", x]" is not valid JSON',
            id="the end of much",
        ),
        pytest.param(
            f'["{"a" * 20}", x, "{"b" * 20}"]',
            'Unexpected token \'x\', ..."aaaaaaa", x, "bbbbbb"... is not valid JSON',
            id="the middle of much",
        ),
        pytest.param(
            '["😀" x]',
            "Expected ',' or ']' after array element in JSON at position 6",
            id="positions count code units",
        ),
        pytest.param(
            "[😀]",
            "Unexpected token '\ud83d', \"[😀]\" is not valid JSON",
            id="the first half of a character",
        ),
    ],
)
def test_a_text_is_complained_about(text: str, words: str) -> None:
    assert complaint(text) == words

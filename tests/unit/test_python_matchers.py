"""What Python has for values that stand for many, as the control API writes it and as it then matches."""

import datetime
import re
from decimal import Decimal
from typing import Any
from unittest.mock import ANY

import pytest

from mockserver.journal.matchers import read_matchers
from mockserver.python_matchers import matcher_as_json
from mockserver.subset import differences


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param(ANY, {"$any": True}, id="any"),
        pytest.param(re.compile("^a"), {"$pattern": "^a"}, id="a pattern"),
        pytest.param(
            re.compile("a", re.IGNORECASE | re.DOTALL), {"$pattern": "(?is)a"}, id="flags"
        ),
        pytest.param(Decimal("12.50"), 12.5, id="a decimal"),
        pytest.param(Decimal("3E+2"), 300, id="a whole decimal"),
        pytest.param(
            pytest.approx(12.5, abs=0.1),
            {"$close_to": {"number": 12.5, "tolerance": 0.1}},
            id="an approximation",
        ),
        pytest.param({"a": [ANY, (1, None)]}, {"a": [{"$any": True}, [1, None]]}, id="within"),
        pytest.param({"$absent": True}, {"$absent": True}, id="a matcher as it is"),
    ],
)
def test_values_are_written_as_json(value: Any, written: Any) -> None:
    assert matcher_as_json(value) == written


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        pytest.param(re.compile(b"a"), ValueError, "is a pattern of bytes", id="bytes"),
        pytest.param(Decimal("NaN"), ValueError, "is no number of JSON", id="no number"),
        pytest.param(Decimal("1E+999"), ValueError, "is no number of JSON", id="a huge number"),
        pytest.param(pytest.approx([1, 2]), TypeError, "is no single number", id="numbers"),
        pytest.param(
            datetime.date(2026, 3, 1), TypeError, "neither a JSON value nor a matcher", id="a date"
        ),
    ],
)
def test_what_json_does_not_have_is_refused(value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        matcher_as_json(value)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"^\w+ \w+\Z", ["José García", "a b", "a b\n", "a-b", "a b c"]),
        (r"^[\w.]+@[^\W\d_]+$", ["josé.x@y", "a@1", "@b"]),
        (r"^\d{3}$", ["123", "٣٣٣", "12"]),
        (r"^\W$", ["-", "é", "_"]),
        (r"[a[&~]", ["[", "&", "~", "b"]),
        (r"^[]x]$", ["]", "x", "y"]),
        (r"^[^]x]$", ["]", "x", "y"]),
        (r"(?P<year>\d+)-(?:a|b)", ["2026-a", "x-b", "1-c"]),
        (r"\[\]\\", ["[]\\", "[]"]),
    ],
)
def test_a_pattern_finds_what_it_finds_in_python(pattern: str, texts: list[str]) -> None:
    mistakes: list[Any] = []
    matcher = read_matchers(matcher_as_json(re.compile(pattern)), (), mistakes)
    assert mistakes == []
    found = [text for text in texts if not differences(matcher, text)]
    assert found == [text for text in texts if re.search(pattern, text)]


def test_a_pattern_with_re_ascii_knows_the_letters_of_ascii_only() -> None:
    assert matcher_as_json(re.compile(r"\w", re.ASCII)) == {"$pattern": r"\w"}

"""Matchers in filters: what fits them, what does not, and which are refused."""

from time import process_time
from typing import Any

import pytest

from mockserver.journal.matchers import read_matchers
from mockserver.subset import ABSENT, differences


def compared(wanted: Any, actual: Any, *, in_text: bool = False) -> list[str]:
    """The differences from what is wanted, which has no mistake."""
    mistakes: list[Any] = []
    expected = read_matchers(wanted, (), mistakes, in_text=in_text)
    assert mistakes == []
    return differences(expected, actual)


@pytest.mark.parametrize(
    ("wanted", "actual"),
    [
        pytest.param({"$any": True}, None, id="any, null"),
        pytest.param({"a": {"$absent": True}}, {"b": 1}, id="absent"),
        pytest.param({"a": {"$one_of": [1, {"b": 2}]}}, {"a": {"b": 2, "c": 3}}, id="one of"),
        pytest.param({"a": {"$one_of": [1, {"$absent": True}]}}, {}, id="absent or one"),
        pytest.param({"$pattern": "^lead_[0-9]+$"}, "lead_12", id="a pattern"),
        pytest.param({"$pattern": "ea"}, "lead", id="a pattern that is found within"),
        pytest.param({"$close_to": 12.5}, 12.500001, id="close"),
        pytest.param({"$close_to": {"number": 12, "tolerance": 1}}, 11, id="within a tolerance"),
        pytest.param({"$unordered": [1, {"a": 1}]}, [{"a": 1, "b": 2}, 1], id="any order"),
        pytest.param({"$unordered": [{"$any": True}, 1]}, [1, 2], id="any order, the only one"),
        pytest.param({"$$any": True, "$$$b": 1}, {"$any": True, "$$b": 1}, id="a literal dollar"),
        pytest.param({"a": "$any"}, {"a": "$any"}, id="a text with a dollar"),
    ],
)
def test_what_fits_has_no_difference(wanted: Any, actual: Any) -> None:
    assert compared(wanted, actual) == []


@pytest.mark.parametrize(
    ("wanted", "actual", "lines"),
    [
        pytest.param({"a": {"$any": True}}, {}, ["body.a: expected any value, was absent"], id="any"),
        pytest.param({"a": {"$absent": True}}, {"a": 1}, ["body.a: expected to be absent, was 1"], id="absent"),
        pytest.param({"$one_of": ["a", {"$any": True}]}, ABSENT, ['body: expected one of "a", {"$any": true}, was absent'], id="one of"),
        pytest.param({"$pattern": "^a"}, "ba", ['body: expected a text like /^a/, was "ba"'], id="a pattern"),
        pytest.param({"$pattern": "1"}, 1, ["body: expected a text like /1/, was 1"], id="a number is no text"),
        pytest.param({"$close_to": 1}, 1.1, ["body: expected a number close to 1, was 1.1"], id="not close"),
        pytest.param({"$close_to": 1.5}, 10**400, [f"body: expected a number close to 1.5, was {'1' + '0' * 199}…"], id="past all floats"),
        pytest.param({"$close_to": 1}, True, ["body: expected a number close to 1, was true"], id="true is no number"),
        pytest.param({"$unordered": [1, 2]}, [2, 3], ["body: expected an item 1, and no other item fits it"], id="another item"),
        pytest.param({"$unordered": [1, 1]}, [1, 2], ["body: expected an item 1, and no other item fits it"], id="one item for two"),
        pytest.param({"$unordered": [1]}, [1, 2], ["body: expected 1 items, was 2"], id="more items"),
        pytest.param({"$unordered": [1]}, {}, ["body: expected a list, was {}"], id="no list"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(wanted: Any, actual: Any, lines: list[str]) -> None:
    assert compared(wanted, actual) == lines


@pytest.mark.parametrize(
    ("wanted", "actual", "fits"),
    [
        (1, "1", True),
        (1, "1.0", True),
        (1, "01", True),
        (1, "one", False),
        (1, ABSENT, False),
        (True, "true", True),
        (True, "1", False),
        ("1", "1.0", False),
        ({"$one_of": [1, "x"]}, "1", True),
        ({"$close_to": {"number": 2, "tolerance": 0.5}}, "2.25", True),
        ({"$close_to": 2}, "9" * 5000, False),
        ({"$absent": True}, ABSENT, True),
    ],
)
def test_a_text_is_compared_with_numbers_and_flags(wanted: Any, actual: Any, fits: bool) -> None:
    assert (compared(wanted, actual, in_text=True) == []) is fits


@pytest.mark.parametrize(
    ("wanted", "place", "words"),
    [
        pytest.param({"$some": 1}, ("$some",), "$some is no matcher: known are $any, $absent, $one_of, $pattern, $close_to, $unordered; a member that is called $some is written $$some", id="an unknown one"),
        pytest.param({"a": {"$any": False}}, ("a", "$any"), "$any must be true", id="no flag"),
        pytest.param([{"$any": True, "b": 1}], (0, "$any"), "$any is a matcher, and no other member may stand beside it", id="not alone"),
        pytest.param({"$one_of": []}, ("$one_of",), "$one_of must be a list of 1 to 100 values", id="no choice"),
        pytest.param({"$unordered": [1] * 101}, ("$unordered",), "$unordered must be a list of 1 to 100 values", id="too many items"),
        pytest.param({"$one_of": [{"$x": 1}]}, ("$one_of", 0, "$x"), "$x is no matcher", id="within another"),
        pytest.param({"$close_to": "1"}, ("$close_to",), '$close_to must be a number, or {"number": 12.5, "tolerance": 0.1}', id="no number"),
        pytest.param({"$pattern": 1}, ("$pattern",), "$pattern must be a text", id="no text"),
        pytest.param({"$pattern": "("}, ("$pattern",), "$pattern is no pattern that can be searched for without going back: it is misspelt, too large, or has a look-around", id="misspelt"),
        pytest.param({"$pattern": r"(a)\1"}, ("$pattern",), "$pattern is no pattern that can be searched for", id="a back reference"),
        pytest.param({"$pattern": "(?=a)"}, ("$pattern",), "$pattern is no pattern that can be searched for", id="a look-ahead"),
        pytest.param({"$pattern": "a++b"}, ("$pattern",), "$pattern has a possessive repeat like `a++`", id="a possessive repeat"),
        pytest.param({"$pattern": "a" * 1001}, ("$pattern",), "$pattern has more than 1000 characters", id="too long"),
        pytest.param({"$pattern": "(?:a{999}){999}"}, ("$pattern",), "$pattern is no pattern that can be searched for without going back: it is misspelt, too large", id="too large"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_place(wanted: Any, place: tuple[Any, ...], words: str) -> None:
    mistakes: list[Any] = []
    read_matchers(wanted, (), mistakes)
    ((path, message, _),) = mistakes
    assert (path, message[: len(words)]) == (place, words)


@pytest.mark.parametrize("wanted", [[1], {"a": 1}, None])
def test_a_text_is_no_list_object_or_null(wanted: Any) -> None:
    mistakes: list[Any] = []
    read_matchers(wanted, ("query", "a"), mistakes, in_text=True)
    words = "must be a text, a number, true, false or a matcher"
    assert mistakes == [(("query", "a"), words, wanted)]


def test_a_plus_that_is_no_repeat_may_follow_a_repeat() -> None:
    assert compared({"$pattern": r"^a+\+[*+]$"}, "aa++") == []


def test_a_pattern_that_others_go_back_for_is_searched_in_linear_time() -> None:
    started = process_time()
    assert compared({"$pattern": "^(a+)+$"}, "a" * 100_000 + "b") != []
    assert process_time() - started < 1

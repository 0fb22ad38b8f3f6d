"""What is missing or different is said in lines; what is more than expected is no difference."""

from typing import Any

import pytest

from mockserver.subset import differences, shown


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        pytest.param({"a": 1}, {"a": 1, "b": 2}, id="more members"),
        pytest.param({"a": {"b": []}}, {"a": {"b": [], "c": 1}}, id="more members further down"),
        pytest.param([{"a": 1}, {}], [{"a": 1, "b": 2}, {"c": 3}], id="items hold items"),
        pytest.param(1, 1.0, id="numbers are numbers"),
        pytest.param(None, None, id="null"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_a_value_holds_what_is_listed(expected: Any, actual: Any) -> None:
    assert differences(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "lines"),
    [
        pytest.param(
            {"status": "CLOSED"},
            {"status": "OPEN"},
            ['body.status: expected "CLOSED", was "OPEN"'],
            id="another text",
        ),
        pytest.param({"a": {"b": 1}}, {"a": {}}, ["body.a.b: expected 1, was absent"], id="absent"),
        pytest.param(
            {"a": None}, {}, ["body.a: expected null, was absent"], id="absent is not null"
        ),
        pytest.param(True, 1, ["body: expected true, was 1"], id="true is not 1"),
        pytest.param(0, False, ["body: expected 0, was false"], id="0 is not false"),
        pytest.param("1", 1, ['body: expected "1", was 1'], id="a text is no number"),
        pytest.param([1], [1, 2], ["body: expected 1 item, was 2 items"], id="another length"),
        pytest.param(
            [1, 2, 3],
            [1, 3, 2],
            ["body[1]: expected 2, was 3", "body[2]: expected 3, was 2"],
            id="another order",
        ),
        pytest.param(
            {"a": 1}, [1], ['body: expected {"a": 1}, was [1]'], id="another kind of value"
        ),
        pytest.param({"a": 1}, None, ['body: expected {"a": 1}, was null'], id="nothing there"),
        pytest.param(
            {"a": 1, "b": 2},
            {"a": 2},
            ["body.a: expected 1, was 2", "body.b: expected 2, was absent"],
            id="all at once",
        ),
    ],
)
def test_every_difference_is_a_line(expected: Any, actual: Any, lines: list[str]) -> None:
    assert differences(expected, actual) == lines


def test_a_path_begins_where_it_is_told() -> None:
    assert differences({"a": 1}, {"a": 2}, "answer") == ["answer.a: expected 1, was 2"]


def test_a_long_value_is_cut_and_an_unsendable_one_replaced() -> None:
    assert shown("x" * 300) == '"' + "x" * 199 + "…"
    assert shown("é \ud800") == '"é ?"'

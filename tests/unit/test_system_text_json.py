"""The reader of System.Text.Json: what it makes of a text, and where it stops."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.dot_net_values import date_time, floating, int32
from mockserver.dialects.system_text_json import Record, Stop, Types, convert, hides_a_value
from mockserver.dialects.utf8_json import Broken, Utf8JsonReader

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer"},
        "price": {"type": "number", "format": "float", "nullable": True},
        "from": {"type": "string", "format": "date-time"},
        "colour": {"type": "integer", "nullable": True},
        "words": {"type": "object", "additionalProperties": {"type": "string"}},
        "things": {
            "type": "array",
            "items": {"type": "object", "properties": {"on": {"type": "boolean"}}},
        },
    },
}
NAMES = {"colour": "Shop.Colour", "things": "Shop.Thing"}


def record(*, lenient: bool = True) -> Record:
    return Types(NAMES, lenient).record(SCHEMA, "Shop.Order")


def stopped(text: str | bytes, *, lenient: bool = True) -> str:
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(Stop) as stop:
        convert(raw, record(lenient=lenient), 32)
    return stop.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(b"null", None, id="null for the whole"),
        pytest.param(b'{"NAME": "x", "name": null}', {"name": None}, id="the last spelling counts"),
        pytest.param(b'{"\\u006eame": "\\ud83d\\ude00"}', {"name": "😀"}, id="escapes"),
        pytest.param(b'{"count": "+007"}', {"count": 7}, id="a number in a text"),
        pytest.param(b'{"price": "1e2"}', {"price": 100.0}, id="an exponent in a text"),
        pytest.param(b'{"count": -0}', {"count": 0}, id="minus zero"),
        pytest.param(
            b'{"things": [null, {"on": true}]}', {"things": [None, {"on": True}]}, id="null items"
        ),
        pytest.param(b'{"words": {"a": null, "a": "b"}}', {"words": {"a": "b"}}, id="a map"),
        pytest.param(
            b'{"x\xff": ["\xff\\ud800", 1e400, {"\\udfff": []}], "count": 1}',
            {"count": 1},
            id="unknown members are not read",
        ),
        pytest.param(
            '{"\u212aount": "x", "co\u017fnt": []}'.encode(), {}, id="letter case of ASCII only"
        ),
    ],
)
def test_a_text_is_read(text: bytes, value: Any) -> None:
    assert convert(text, record(), 32) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            '{"count": 1.0, "name": 5',
            "The JSON value could not be converted to System.Int32. Path: $.count | LineNumber: 0 | BytePositionInLine: 13.",
            id="type before a later break",
        ),
        pytest.param(
            '{"name": "x" "count": 1.0}',
            "'\"' is invalid after a value. Expected either ',', '}', or ']'. Path: $ | LineNumber: 0 | BytePositionInLine: 13.",
            id="a break before a later type",
        ),
        pytest.param(
            '{"count": 1x}',
            "'x' is an invalid end of a number. Expected a delimiter. Path: $.count | LineNumber: 0 | BytePositionInLine: 11.",
            id="a break in the token itself",
        ),
        pytest.param(
            '{"things": [{}, {"on":\n 1}]}',
            "The JSON value could not be converted to System.Boolean. Path: $.things[1].on | LineNumber: 1 | BytePositionInLine: 2.",
            id="as deep as the reader is",
        ),
        pytest.param(
            '{"things": [{}',
            "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed. Path: $.things[1] | LineNumber: 0 | BytePositionInLine: 14.",
            id="in a list after an item",
        ),
        pytest.param(
            '{"things": [{}] "x"',
            "'\"' is invalid after a value. Expected either ',', '}', or ']'. Path: $ | LineNumber: 0 | BytePositionInLine: 16.",
            id="after a list",
        ),
        pytest.param(
            '{"words": {"a": "b", "c d": 1}}',
            "The JSON value could not be converted to System.String. Path: $.words['c d'] | LineNumber: 0 | BytePositionInLine: 29.",
            id="in a map",
        ),
        pytest.param(
            '{"words": {"\\ud800": "b"}}',
            "The JSON value could not be converted to System.String. Path: $.words | LineNumber: 0 | BytePositionInLine: 20.",
            id="half a character as a key",
        ),
        pytest.param(
            '{"\\ud800": 1}',
            "The JSON value could not be converted to Shop.Order. Path: $ | LineNumber: 0 | BytePositionInLine: 10.",
            id="half a character in a name",
        ),
        pytest.param(
            '{"colour": "1"}',
            "The JSON value could not be converted to System.Nullable`1[Shop.Colour]. Path: $.colour | LineNumber: 0 | BytePositionInLine: 14.",
            id="an enum in a text",
        ),
        pytest.param(
            '{"from": "2026-01-01 00:00"}',
            "The JSON value could not be converted to System.DateTime. Path: $.from | LineNumber: 0 | BytePositionInLine: 27.",
            id="no date-time",
        ),
        pytest.param(
            '{"price": 1e400}',
            "The JSON value could not be converted to System.Nullable`1[System.Single]. Path: $.price | LineNumber: 0 | BytePositionInLine: 15.",
            id="an infinite number",
        ),
        pytest.param(
            '{"x": {"y": [1,]}}',
            "The JSON array contains a trailing comma at the end which is not supported in this mode. Change the reader options. Path: $.x | LineNumber: 0 | BytePositionInLine: 15.",
            id="a break in an unknown member",
        ),
        pytest.param(
            '{"name": /* c */ "x"}',
            "'/' is invalid after a value. Expected either ',', '}', or ']'. Path: $.name | LineNumber: 0 | BytePositionInLine: 9.",
            id="a comment after a name",
        ),
        pytest.param(
            '{"name": "x", /* c */ "count": 1}',
            "'/' is an invalid start of a property name. Expected a '\"'. Path: $ | LineNumber: 0 | BytePositionInLine: 14.",
            id="a comment after a comma",
        ),
        pytest.param(
            "// c",
            "'/' is an invalid start of a value. Path: $ | LineNumber: 0 | BytePositionInLine: 0.",
            id="a comment at the start",
        ),
        pytest.param(
            b'{"name": "\xe2\x82"}',
            "The JSON value could not be converted to System.String. Path: $.name | LineNumber: 0 | BytePositionInLine: 13.",
            id="no UTF-8",
        ),
    ],
)
def test_a_text_stops_at_the_first_thing_wrong(text: str | bytes, message: str) -> None:
    assert stopped(text) == message


def test_to_the_letter_names_and_numbers_are_strict() -> None:
    assert "'NAME' could not be mapped" in stopped('{"NAME": "x"}', lenient=False)
    assert "System.Int32" in stopped('{"count": "1"}', lenient=False)


@pytest.mark.parametrize(
    ("text", "hides"),
    [
        pytest.param(b'{"name": "a:b", "words": {"a": "b: c"}}', False, id="colons in texts"),
        pytest.param(b'{"name": 1, "name": "x"}', True, id="twice"),
        pytest.param(b'{"NAME": 1, "name": "x"}', True, id="in two letter cases"),
        pytest.param(b'{"things": [{"on": 1, "on": true}]}', True, id="in an item"),
        pytest.param(b'{"things": [{"ON": 1, "on": true}]}', True, id="in two cases in an item"),
        pytest.param(b'{"things": [{"on": 1}, {"on": true}]}', False, id="in two items"),
        pytest.param(b'{"words": {"a": "b", "A": "c"}}', False, id="two keys of a map"),
        pytest.param(b'{"n\\u0061me": 1, "name": "x"}', True, id="spelled with an escape"),
        pytest.param(b'{"other": 1, "Other": 2, "name": "x"}', False, id="unknown ones"),
    ],
)
def test_a_name_that_comes_twice_is_noticed(text: bytes, hides: bool) -> None:
    assert hides_a_value(text, json.loads(text), record()) is hides


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def go_through(tokens: Utf8JsonReader) -> None:
    while tokens.read() != "end":
        pass


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 2]))
def test_a_value_is_read_to_its_end(value: Any, ascii: bool, indent: int | None) -> None:
    raw = json.dumps(value, ensure_ascii=ascii, indent=indent).encode()
    tokens = Utf8JsonReader(raw, 64)
    tokens.read()
    tokens.skip()
    assert tokens.at == len(raw)
    slow = Utf8JsonReader(raw, 64)
    go_through(slow)
    assert slow.at == len(raw)


@given(VALUES, st.data())
def test_a_text_is_refused_where_a_parser_refuses_it(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value)
    at = data.draw(st.integers(0, len(text)))
    sign = data.draw(st.sampled_from(["", "x", '"', "{", "]", ",", ":", "\\", "\n", "-", ".", "0"]))
    spoilt = text[:at] + sign + text[at + 1 :]
    tokens = Utf8JsonReader(spoilt.encode(), 64)
    try:
        json.loads(spoilt)
    except ValueError:
        with pytest.raises(Broken) as broken:
            go_through(tokens)
        assert 0 <= broken.value.at <= len(spoilt)
    else:
        go_through(tokens)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-01-01", datetime(2026, 1, 1), id="a date"),  # noqa: DTZ001 - .NET's Unspecified
        pytest.param("2026-01-01T00:00", datetime(2026, 1, 1), id="minutes"),  # noqa: DTZ001 - the same
        pytest.param(
            "2026-01-02T03:04:05.123456789Z",
            datetime(2026, 1, 2, 3, 4, 5, 123456, UTC),
            id="more than seven decimals",
        ),
        pytest.param(
            "2026-01-02T03:04:05.1-14:00",
            datetime(2026, 1, 2, 3, 4, 5, 100000, timezone(timedelta(hours=-14))),
            id="an offset",
        ),
        pytest.param(
            "2026-01-02T03:04+02",
            datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2))),
            id="an offset in hours",
        ),
    ],
)
def test_a_date_time_is_read(text: str, moment: datetime) -> None:
    assert date_time(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 00:00",
        "2026-01-01t00:00",
        "2026-01-01T00:00z",
        "2026-01-01T00:00+0200",
        "2026-01-01T00Z",
        "2026-01-01T24:00",
        "2026-01-01T00:00:60",
        " 2026-01-01",
        "2026-01-01T00:00+14:01",
        "2026-01-01T00:00+02:60",
        "2026-02-30",
        "9999-12-31T23:59:59-14:00",
        "0000-01-01",
        "2026-01-01T",
        "2026-01-01Z",
        "",
    ],
)
def test_other_texts_are_no_date_time(text: str) -> None:
    with pytest.raises(ValueError):
        date_time(text)


@pytest.mark.parametrize("text", ["", "+", " 1", "1.0", "1e1", "2147483648", "1" * 5000, "\uff10"])
def test_a_text_is_no_int32(text: str) -> None:
    with pytest.raises(ValueError):
        int32(text)


@pytest.mark.parametrize("text", ["", ".", "1_0", "inf", "NaN", "1e400", "0x1"])
def test_a_text_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):
        floating(text)

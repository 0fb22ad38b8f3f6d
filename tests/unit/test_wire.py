"""Bytes to values: what is read exactly, what is refused as malformed, and what is told as a problem."""

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.errors import Path, Reason, Refusal
from mockserver.forms import Form, Upload, read_form, read_multipart
from mockserver.wire import (
    Unsafe,
    checked,
    read_json,
    read_query,
    write_json,
)

DEPTH = 3
NUL = "must not contain NUL characters"
SURROGATE = "must not contain lone surrogates"
NOT_FINITE = "must be a finite number"
TOO_DEEP = "it nests too deep"
TOO_MANY = "it has more than 1000 fields"


def refusal_of(
    read: Callable[..., Any], *arguments: Any
) -> tuple[str, str | None, list[tuple[Path, str, str]]]:
    """Kind, message and problems of the refusal that the call must end in."""
    with pytest.raises(Refusal) as caught:
        read(*arguments)
    refusal = caught.value
    return (
        refusal.kind,
        refusal.message,
        [(problem.path, problem.keyword, problem.message) for problem in refusal.problems],
    )


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param(b"{}", {}, id="an empty object"),
        pytest.param(b"null", None, id="null"),
        pytest.param(
            b' {"a": [1, 1.5, true, "\\u00e9"]} ',
            {"a": [1, 1.5, True, "é"]},
            id="a bit of everything",
        ),
        pytest.param('{"a": "é"}'.encode(), {"a": "é"}, id="UTF-8"),
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, id="the last of two equal keys"),
        pytest.param(b'"\\ud83d\\ude00"', "\U0001f600", id="a surrogate pair is one character"),
        pytest.param(b'"\\\\u0000"', "\\u0000", id="an escaped backslash before u0000"),
        pytest.param(b"9007199254740993", 2**53 + 1, id="past the integers of a float"),
        pytest.param(b"18446744073709551616", 2**64, id="past 64 bits"),
        pytest.param(
            b"-123456789012345678901234567890",
            -123456789012345678901234567890,
            id="far past 64 bits",
        ),
        pytest.param(b"[1" + b"0" * 400 + b"]", [10**400], id="400 digits"),
        pytest.param(b"0.1234567890123456789", 0.12345678901234568, id="a float with many digits"),
        pytest.param(b"[[[1]]]", [[[1]]], id="as deep as may be"),
        pytest.param(
            b'[["[[[[", "\\"[[{{"]]', [["[[[[", '"[[{{']], id="brackets in texts do not nest"
        ),
        pytest.param(b"[[], [], [], {}]", [[], [], [], {}], id="many brackets side by side"),
    ],
)
def test_json_is_read_exactly(raw: bytes, value: Any) -> None:
    read = read_json(raw, DEPTH)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"", "Expecting value: line 1 column 1 (char 0)", id="empty"),
        pytest.param(b"  ", "Expecting value: line 1 column 3 (char 2)", id="blank"),
        pytest.param(b'{"a":', "Expecting value: line 1 column 6 (char 5)", id="cut off"),
        pytest.param(
            b"{a: 1}",
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            id="no quotes",
        ),
        pytest.param(b"{} {}", "Extra data: line 1 column 4 (char 3)", id="two values"),
        pytest.param(
            b'"\x00"', "Invalid control character at: line 1 column 2 (char 1)", id="a raw NUL"
        ),
        pytest.param(
            b"\xef\xbb\xbf{}",
            "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)",
            id="a byte order mark",
        ),
        pytest.param(
            b'"\xff"',
            "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte",
            id="no UTF-8",
        ),
        pytest.param(
            b'"\xed\xa0\x80"',
            "'utf-8' codec can't decode byte 0xed in position 1: invalid continuation byte",
            id="a raw surrogate",
        ),
        pytest.param(b"[NaN]", "NaN is no number", id="NaN"),
        pytest.param(
            b"[-Infinity]",
            "-Infinity is no number",
            id="infinity",
        ),
        pytest.param(b"[[[[1]]]]", TOO_DEEP, id="one level too deep"),
        pytest.param(b"[" * 100_000, TOO_DEEP, id="very deep and never closed"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, TOO_DEEP, id="very deep objects"),
        pytest.param(
            b"1" * 5000,
            "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; "
            "use sys.set_int_max_str_digits() to increase the limit",
            id="5,000 digits",
        ),
    ],
)
def test_what_is_not_json_is_malformed(raw: bytes, message: str) -> None:
    assert refusal_of(read_json, raw, DEPTH) == ("malformed", message, [])


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        pytest.param(b'{"a": "x\\u0000y"}', [(("a",), "null-character", NUL)], id="NUL in a text"),
        pytest.param(
            b'{"a": {"\\u0000": 1}}', [(("a",), "null-character", NUL)], id="NUL in a key"
        ),
        pytest.param(
            b'{"a": ["\\ud800"]}',
            [(("a", 0), "surrogate", SURROGATE)],
            id="lone surrogate",
        ),
        pytest.param(
            b'"\\udc00\\ud800"',
            [((), "surrogate", SURROGATE)],
            id="surrogates swapped",
        ),
        pytest.param(b'{"a": 1e999}', [(("a",), "finite", NOT_FINITE)], id="1e999"),
        pytest.param(
            b'{"a": [1, -1e999]}', [(("a", 1), "finite", NOT_FINITE)], id="-1e999 in a list"
        ),
    ],
)
def test_what_no_database_would_hold_is_a_problem_at_its_place(
    raw: bytes, problems: list[tuple[Path, str, str]]
) -> None:
    assert refusal_of(read_json, raw, DEPTH) == ("invalid", None, problems)


def test_every_unsafe_value_is_named_at_once() -> None:
    kind, _, problems = refusal_of(checked, {"a": "\0", "b": ["\ud800", float("inf")], "c": "fine"})
    assert (kind, sorted((path, keyword) for path, keyword, _ in problems)) == (
        "invalid",
        [(("a",), "null-character"), (("b", 0), "surrogate"), (("b", 1), "finite")],
    )


def test_what_is_refused_as_unsafe_is_there_in_a_safe_form() -> None:
    with pytest.raises(Unsafe) as caught:
        checked({"a": "x\0y", "b": ["\ud800", float("-inf"), {"\0": 1}], "c": "fine"})
    assert caught.value.value == {"a": "x\ufffdy", "b": ["\ufffd", 0, {}], "c": "fine"}


def test_a_safe_value_is_handed_on_as_it_is() -> None:
    value = {"a": ["é", 1, None, 1.5]}
    assert checked(value) is value


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        pytest.param({"a": [1, None, "é"]}, '{"a":[1,null,"é"]}', id="compact UTF-8"),
        pytest.param(
            {"a": 2**70, "b": "é"}, '{"a":1180591620717411303424,"b":"é"}', id="past 64 bits"
        ),
    ],
)
def test_json_is_written_compactly_and_exactly(value: Any, raw: str) -> None:
    assert write_json(value).decode() == raw


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        pytest.param(b"", {}, id="empty"),
        pytest.param(b"a=1&b=2", {"a": "1", "b": "2"}, id="two fields"),
        pytest.param(b"a=1&a=2", {"a": "2"}, id="the last of two"),
        pytest.param(b"a=&b", {"a": "", "b": ""}, id="empty values"),
        pytest.param(b"a+b=%C3%A9+%2B", {"a b": "é +"}, id="escapes"),
        pytest.param("a=é".encode(), {"a": "é"}, id="raw UTF-8"),
        pytest.param(b"a=%zz", {"a": "%zz"}, id="a broken escape is text"),
        pytest.param(b"a=%ff", {"a": "\ufffd"}, id="escaped, not UTF-8"),
        pytest.param(b"a=\xff&b=%C3%A9", {"a": "ÿ", "b": "é"}, id="raw, not UTF-8"),
    ],
)
def test_a_form_is_read_as_texts(raw: bytes, fields: dict[str, str]) -> None:
    form = read_form(raw)
    assert (form, type(form)) == (fields, Form)


@pytest.mark.parametrize(
    ("raw", "kind", "message", "problems"),
    [
        pytest.param(b"a=1&" * 1001, "malformed", TOO_MANY, [], id="too many fields"),
        pytest.param(b"a=%00", "invalid", None, [(("a",), "null-character", NUL)], id="NUL"),
    ],
)
def test_a_bad_form_is_refused(
    raw: bytes, kind: str, message: str | None, problems: list[tuple[Path, str, str]]
) -> None:
    assert refusal_of(read_form, raw) == (kind, message, problems)


@pytest.mark.parametrize(
    ("form", "items"),
    [
        pytest.param({"a": "1", "b[0]": "2", "a[x]c": "3", "a[-1]c": "4"}, [], id="none"),
        pytest.param(
            {"a[1]": "x", "a[0]": "y"}, ["y", "x"], id="texts, in the order of their numbers"
        ),
        pytest.param(
            {"a[7]b": "1", "a[7]c": "2", "a[3]b": "3"},
            [{"b": "3"}, {"b": "1", "c": "2"}],
            id="forms, with numbers left out",
        ),
        pytest.param(
            {"a[0]b[1]": "x", "a[1].b": "y"},
            [{"b[1]": "x"}, {".b": "y"}],
            id="the rest of a name is a name",
        ),
    ],
)
def test_a_form_spells_a_list_by_numbers(form: dict[str, str], items: list[Any]) -> None:
    assert Form(form).items_of("a") == items


@pytest.mark.parametrize(
    ("raw", "parameters"),
    [
        pytest.param(b"", {}, id="empty"),
        pytest.param(b"a=1&b=&c", {"a": "1", "b": "", "c": ""}, id="empty values are kept"),
        pytest.param(b"a=1&a=2", {"a": "2"}, id="the last of two"),
        pytest.param(b"a=%C3%A9+b", {"a": "é b"}, id="escapes"),
        pytest.param(
            b"a=%ff&b=\xff", {"a": "\ufffd", "b": "\ufffd"}, id="what is not UTF-8 is replaced"
        ),
        pytest.param(b"a=%00", {"a": "\0"}, id="NUL is left to the operation"),
    ],
)
def test_a_query_is_read_as_texts(raw: bytes, parameters: dict[str, str]) -> None:
    assert read_query(raw) == parameters


TYPE = "multipart/form-data; boundary=B"
END = b"--B--\r\n"
TEXT = b'Content-Disposition: form-data; name="a"'
FILE = b'Content-Disposition: form-data; name="a"; filename="a.txt"\r\nContent-Type: text/plain'


def part(head: bytes, body: bytes) -> bytes:
    return b"--B\r\n" + head + b"\r\n\r\n" + body + b"\r\n"


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        pytest.param(b"", {}, id="empty"),
        pytest.param(part(TEXT, b"1") + END, {"a": "1"}, id="one field"),
        pytest.param(part(TEXT, b"") + END, {"a": ""}, id="an empty field"),
        pytest.param(
            part(TEXT, "é\r\né".encode()) + END, {"a": "é\r\né"}, id="UTF-8 and line breaks"
        ),
        pytest.param(part(TEXT, b"1") + part(TEXT, b"2") + END, {"a": "2"}, id="the last of two"),
        pytest.param(
            part(TEXT + b"\r\nContent-Transfer-Encoding: BASE64", b"YWI=") + END,
            {"a": "ab"},
            id="base64",
        ),
        pytest.param(part(TEXT, b"1") + END + b"epilogue", {"a": "1"}, id="an epilogue"),
        pytest.param(
            part(TEXT + b"\r\nContent-Transfer-Encoding: base64", b"YWI") + END,
            {"a": "YWI"},
            id="no base64 after all",
        ),
        pytest.param(
            part(TEXT, b"\xff") + END, {"a": "\ufffd"}, id="what is not UTF-8 is replaced"
        ),
        pytest.param(
            part(b"content-disposition: form-data; NAME=a", b"1") + END,
            {"a": "1"},
            id="capitals and quotes do not matter",
        ),
        pytest.param(
            part(TEXT.replace(b'"a"', rb'"a \"b\""'), b"1") + END,
            {'a "b"': "1"},
            id="quotes in a name",
        ),
        pytest.param(
            part(TEXT + b'; filename=""', b"1") + END,
            {"a": "1"},
            id="a file without a name is a text",
        ),
        pytest.param(
            part(b"X-Any: 1", b"1") + part(b"Content-Disposition: form-data", b"2") + END,
            {},
            id="parts without a name",
        ),
        pytest.param(b"nonsense", {}, id="no parts"),
        pytest.param(
            part(TEXT, b"1").replace(b"--B", b"--C"), {"a": "1\r\n"}, id="another boundary"
        ),
        pytest.param(
            part(TEXT, b"1") + b"--B\r\n" + TEXT.replace(b'"a"', b'"b"') + b"\r\n\r\nhal",
            {"a": "1", "b": "hal"},
            id="cut off",
        ),
        pytest.param(b"--B\r\nContent-Dispo", {}, id="cut off in a header"),
        pytest.param(
            b"".join(part(TEXT, b"%d" % i) for i in range(1000)) + END,
            {"a": "999"},
            id="as many fields as may be",
        ),
    ],
)
def test_a_multipart_form_is_read_as_texts(raw: bytes, fields: dict[str, str]) -> None:
    form = read_multipart(raw, TYPE)
    assert (form, type(form)) == (fields, Form)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"hello", id="small"),
        pytest.param(b"\xff\0" * 2_000_000, id="large and not a text"),
    ],
)
def test_a_file_is_an_upload(body: bytes) -> None:
    form = read_multipart(part(FILE, body) + part(TEXT.replace(b'"a"', b'"b"'), b"1") + END, TYPE)
    assert (type(form["a"]), form["b"], len(form)) == (Upload, "1", 2)


@pytest.mark.parametrize(
    ("raw", "content_type", "boundary"),
    [
        pytest.param(
            part(TEXT, b"1") + END,
            "multipart/form-data",
            None,
            id="no boundary",
        ),
        pytest.param(
            part(TEXT, b"1") + END,
            "multipart/form-data; boundary=",
            "",
            id="an empty boundary",
        ),
    ],
)
def test_a_multipart_form_without_a_boundary_is_malformed(
    raw: bytes, content_type: str, boundary: str | None
) -> None:
    with pytest.raises(Refusal) as caught:
        read_multipart(raw, content_type)
    assert (caught.value.kind, caught.value.reason, caught.value.value) == (
        "malformed",
        Reason.NO_BOUNDARY,
        boundary,
    )


@pytest.mark.parametrize(
    ("raw", "kind", "message", "problems"),
    [
        pytest.param(
            part(TEXT, b"1") * 1001 + END, "malformed", TOO_MANY, [], id="too many fields"
        ),
        pytest.param(
            part(TEXT, b"a\0b") + END, "invalid", None, [(("a",), "null-character", NUL)], id="NUL"
        ),
    ],
)
def test_a_multipart_form_of_too_many_or_unsafe_fields_is_refused(
    raw: bytes, kind: str, message: str | None, problems: list[tuple[Path, str, str]]
) -> None:
    assert refusal_of(read_multipart, raw, TYPE) == (kind, message, problems)

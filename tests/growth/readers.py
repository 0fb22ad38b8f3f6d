"""All readers of what a client sends, each with inputs that are the worst for it."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mockserver.call import Call, Request, headers_of
from mockserver.control.leads import _search
from mockserver.credential import Credential
from mockserver.dialects.django_fields import date_time, field_of
from mockserver.dialects.django_formats import is_django_email, is_django_url
from mockserver.dialects.django_negotiation import accepted
from mockserver.dialects.django_rest import search_terms
from mockserver.dialects.javascript import stringify
from mockserver.dialects.json_text import broken
from mockserver.dialects.system_text_json import Stop, Types, convert
from mockserver.dialects.v8 import complaint
from mockserver.documents.formats import FORMATS
from mockserver.documents.resources import folder
from mockserver.documents.schema import Reader, form_coercer
from mockserver.documents.spec import load_document
from mockserver.errors import Refusal
from mockserver.faults.catalogue import CATALOGUE, magic_email, may_have_magic_phone
from mockserver.faults.prefer import preferred
from mockserver.faults.rules import FaultRule, _Request
from mockserver.forms import read_form, read_multipart
from mockserver.identity import email_key, phone_e164, phone_key
from mockserver.journal.expectations import mistakes
from mockserver.journal.matchers import Pattern
from mockserver.journal.redaction import hidden_query, masked_headers, printable
from mockserver.media_types import header_value, in_utf8
from mockserver.subset import differences, like
from mockserver.vendors.octanist import vendor
from mockserver.wire import read_json, read_query

DOCUMENT = load_document(folder("openapi") / "octanist.yaml", formats=vendor.dialect.formats)
COOKIE = Credential("key", where="cookie")
RULE = FaultRule(1, CATALOGUE["slow"], {}, lead="+1 (202) 555-9999")
MODEL = Types({}, lenient=True).record(
    {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}, "Model"
)
ZONE = ZoneInfo("America/Los_Angeles")
DISPOSITION = b'--B\r\nContent-Disposition: form-data; name="a"\r\n'
NUMBERS = Reader(
    {"type": "object", "properties": {"ids": {"type": "array", "items": {"type": "string"}}}}
)
MAP = Reader({"type": "object", "additionalProperties": {"type": "string"}})
CLOSED = Reader({"type": "object", "properties": {}, "additionalProperties": False})
FORM = form_coercer(
    {
        "type": "object",
        "properties": {
            "a": {
                "type": "array",
                "items": {"type": "object", "properties": {"b": {"type": "string"}}},
            }
        },
    }
)


class Case(NamedTuple):
    """A reader, and an input of about so many characters that makes it work hardest."""

    name: str
    read: Callable[[Any], Any]
    worst: Callable[[int], Any]


def _refusing(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(value: Any) -> None:
        with suppress(Refusal):
            read(value)

    return run


def _json(raw: bytes) -> Any:
    return read_json(raw, 128)


def _convert(raw: bytes) -> None:
    with suppress(Stop):
        convert(raw, MODEL, 32)


def _encoded(worst: Callable[[int], str]) -> Callable[[int], bytes]:
    def encode(size: int) -> bytes:
        return worst(size).encode("utf-8", "surrogateescape")

    return encode


def _header(text: str) -> None:
    with suppress(ValueError):
        header_value(text)


def _all(found: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(value: Any) -> None:
        for _ in found(value):
            pass

    return run


def _in_rows(text: str) -> None:
    fits = _search(text)
    for number in range(20):
        fits({"id": number, "phone": f"+1202555{number:04}"})


def _formats() -> list[Case]:
    texts: dict[str, tuple[Callable[[int], str], ...]] = {
        "numeric": (
            lambda n: "1" * n + "x",
            lambda n: "1." + "1" * n + "x",
            lambda n: "." * n,
            lambda n: " " * n + "x",
            lambda n: "1" + " " * n + "x",
            lambda n: "1e" + "1" * n + "x",
        ),
        "date-time": (lambda n: "2025-01-01T00:00:00." + "1" * n, lambda n: "1" * n),
        "date": (lambda n: "2025-01-01" * (n // 10),),
        "sort-list": (lambda n: "a:asc," * (n // 6) + "!", lambda n: "a" * n + "!"),
        "field-list": (lambda n: "a," * (n // 2) + "!",),
        "uri": (lambda n: "a" * n, lambda n: "a:" + "a" * n + " "),
        "uuid": (lambda n: "1-" * (n // 2),),
        "email": (lambda n: " " * n, lambda n: "a." * (n // 2) + "@b.c", lambda n: "@" * n),
        "phone": (lambda n: "+1 " + "(" * n + "1", lambda n: "1 " * (n // 2)),
    }
    return [
        Case(f"format {name} {number}", FORMATS[name], worst)
        for name, group in texts.items()
        for number, worst in enumerate(group)
    ]


def _json_texts() -> dict[str, Callable[[int], str]]:
    return {
        "deep": lambda n: "[" * n,
        "deep objects": lambda n: '{"a":' * (n // 5),
        "siblings": lambda n: "[" + "{}," * (n // 3) + "x",
        "siblings far down": lambda n: "[" * 30 + "{}," * (n // 3) + "x",
        "nested siblings": lambda n: "[" + "[[1]]," * (n // 6) + "x",
        "numbers": lambda n: "[" + "1," * (n // 2) + "x",
        "texts": lambda n: "[" + '"\\"",' * (n // 5) + "x",
        "members": lambda n: "{" + '"a":1,' * (n // 6) + "x",
        "lines": lambda n: "[" + "1,\n" * (n // 3) + "x",
        "open text": lambda n: '["' + "\\n" * (n // 2),
        "bad escape": lambda n: '["' + "\\n" * (n // 2) + '\\x"]',
        "long number": lambda n: "[" + "1" * n + "x",
        "no UTF-8": lambda n: "[" + "1," * (n // 2) + '"\udc80"]',
        "constant": lambda n: "[" + "1," * (n // 2) + "NaN]",
        "blanks": lambda n: " " * n + "x",
    }


def _json_cases() -> list[Case]:
    cases = []
    for name, worst in _json_texts().items():
        cases.append(Case(f"broken JSON: {name}", broken, worst))
        if name != "no UTF-8":  # the dialect has replaced such bytes before
            cases.append(Case(f"V8: {name}", complaint, worst))
        cases.append(Case(f"System.Text.Json: {name}", _convert, _encoded(worst)))
    values: dict[str, Callable[[int], bytes]] = {
        "NULs": lambda n: b"[" + b'"\\u0000",' * (n // 9) + b"1]",
        "infinite": lambda n: b"[" + b"1e400," * (n // 6) + b"1]",
        "surrogates": lambda n: b"[" + b'"\\ud800",' * (n // 9) + b"1]",
        "long numbers": lambda n: b"[" + b"1" * 30 + (b"," + b"1" * 30) * (n // 31) + b"]",
        "a long number": lambda n: b"[" + b"1" * n + b"]",
        "deep": lambda n: b"[" * (n // 2) + b"]" * (n // 2),
        "lists": lambda n: b"[" + b"[[[]]]," * (n // 7) + b"1]",
        "cut": lambda n: b'["' + b"\\\\" * (n // 2),
    }
    cases += [Case(f"JSON: {name}", _refusing(_json), worst) for name, worst in values.items()]
    return cases


def _bodies() -> list[Case]:
    forms: dict[str, Callable[[int], bytes]] = {
        "ampersands": lambda n: b"&" * n,
        "escapes": lambda n: b"a=" + b"%ff" * (n // 3),
        "brackets": lambda n: b"[" * n + b"=1",
        "numbers": lambda n: b"a" + b"[0]" * (n // 3) + b"=1",
    }
    parts: dict[str, Callable[[int], bytes]] = {
        "parts": lambda n: (DISPOSITION + b"\r\nx\r\n") * (n // 51) + b"--B--",
        "dashes": lambda n: DISPOSITION + b"\r\n" + b"\r\n--" * (n // 4) + b"\r\n--B--",
        "headers": lambda n: b"--B\r\n" + b"A: b\r\n" * (n // 6) + b"\r\nx\r\n--B--",
        "parameters": lambda n: (
            b"--B\r\nContent-Disposition: form-data" + b"; a=b" * (n // 5) + b"\r\n\r\nx\r\n--B--"
        ),
        "preamble": lambda n: b"x" * n + b"--B\r\n",
    }
    cases = [Case(f"form: {name}", _refusing(read_form), worst) for name, worst in forms.items()]
    cases += [
        Case(f"multipart: {name}", _refusing(_multipart), worst) for name, worst in parts.items()
    ]
    for charset in ("punycode", "utf-16", "utf-32", "windows-1252", "utf-7", "ascii"):
        cases.append(
            Case(f"charset {charset}", _refusing(_decoder(charset)), lambda n: b"a-" + b"b" * n)
        )
    cases.append(Case("list in a form", _list_in_form, lambda n: n // 1000))
    return cases


def _multipart(raw: bytes) -> Any:
    return read_multipart(raw, "multipart/form-data; boundary=B")


def _list_in_form(length: int) -> None:
    FORM(read_form(b"&".join(b"a[%d]b=%s" % (n, b"x" * length) for n in range(900))))


def _decoder(charset: str) -> Callable[[bytes], bytes]:
    def decode(raw: bytes) -> bytes:
        return in_utf8(raw, f"application/json; charset={charset}")

    return decode


def _fields() -> list[Case]:
    integer = field_of({"type": "integer"}, ZONE)
    key = field_of({"type": "integer", "x-reference": "rows"}, ZONE)
    phone = field_of({"type": "string", "x-format": "phone"}, ZONE)

    def moment(text: str) -> Any:
        return date_time(text, ZONE)

    return [
        Case("Django: integer", integer.read, lambda n: "1." + "0" * n + "x"),
        Case("Django: key", key.read, lambda n: "1" * n),
        Case("Django: phone", phone.read, lambda n: "+1 " + "(" * n + "1"),
        Case("Django: date-time", moment, lambda n: "2025-01-01T00:00" + " " * n + "x"),
        Case("Django: fraction", moment, lambda n: "2025-01-01T00:00:00." + "1" * n),
        Case("Django: e-mail", is_django_email, lambda n: '"' + "\\a" * (n // 2) + "@a.b"),
        Case("Django: domain", is_django_email, lambda n: "a@" + "a-." * (n // 3)),
        Case("Django: URL", is_django_url, lambda n: "http://" + "a:" * (n // 2) + "@"),
        Case("Django: search, open quotes", _all(search_terms), lambda n: '"\\"' * (n // 3)),
        Case("Django: search, words", _all(search_terms), lambda n: '"\\" ' * (n // 4)),
        Case("Django: search, both quotes", _all(search_terms), lambda n: "\"'" * (n // 2)),
        Case("Django: search, commas", _all(search_terms), lambda n: "a," * (n // 2)),
        Case("Accept", accepted, lambda n: b"a/b," * (n // 4)),
        Case("phone key", phone_key, lambda n: "1(" * (n // 2)),
        Case("E.164", phone_e164, lambda n: "+" * n),
        Case("e-mail key", email_key, lambda n: " " * n + "a@b.c"),
        Case("JSON.stringify", _stringify, lambda n: n),
    ]


def _stringify(size: int) -> str:
    return stringify({str(number): 1e21 for number in range(size // 10)})


def _schemas() -> list[Case]:
    return [
        Case("wrong items", NUMBERS.read, lambda n: {"ids": [1] * n}),
        Case("wrong members", MAP.read, lambda n: {str(number): 1 for number in range(n)}),
        Case("unknown members", CLOSED.read, lambda n: {str(number): 1 for number in range(n)}),
    ]


def _addresses() -> list[Case]:
    return [
        Case("query", read_query, lambda n: b"a=&" * (n // 3)),
        Case("query, escapes", read_query, lambda n: b"a=" + b"%ff" * (n // 3)),
        Case("header with parameters", _header, lambda n: "a/b" + ";c=d" * (n // 4)),
        Case(".NET: items", _convert, lambda n: b'{"a":[' + b'"x",' * (n // 4) + b"1]}"),
        Case(".NET: unknown members", _convert, lambda n: b'{"b":[' + b"[{}]," * (n // 5) + b"x"),
        Case(".NET: names", _convert, lambda n: b"{" + b'"a":null,' * (n // 9) + b"}"),
        Case("Prefer, blanks", preferred, lambda n: b"," + b" " * n),
        Case("Prefer, quotes", preferred, lambda n: b'a="' * (n // 3)),
        Case("Prefer, words", preferred, lambda n: b"fault" * (n // 5)),
        Case("magic phone", may_have_magic_phone, lambda n: b"900%20" * (n // 6)),
        Case("magic e-mail", magic_email, lambda n: b"+fault-" * (n // 7)),
        Case("cookies", COOKIE._in_cookies, lambda n: b"key=" * (n // 4)),
        Case("cookies, blanks", COOKIE._in_cookies, lambda n: b"key" + b" " * n + b"\1"),
        Case("cookies, quotes", COOKIE._in_cookies, lambda n: b'key="' + b"\\" * n + b'"'),
        Case("hidden query", hidden_query, lambda n: "token=a&" * (n // 8)),
        Case("printable", printable, lambda n: "\0" * n),
        Case("headers of one name", headers_of, lambda n: [(b"a", b"b")] * (n // 2)),
        Case("headers", masked_headers, lambda n: [(b"a", b"b")] * (n // 2)),
        Case("glob", _glob, lambda n: "*a" * (n // 2)),
        Case("path of an expectation", _expect, lambda n: "*a" * (n // 2)),
        Case("difference", _differ, lambda n: [1] * n),
        Case("pattern of a filter", _find, lambda n: "a" * n + "b"),
        Case("fault rule", _rule_fits, lambda n: [f"+1202555{each:04}" for each in range(n // 12)]),
        Case("search for digits", _in_rows, lambda n: "1" * n),
        Case("search for text", _in_rows, lambda n: "é" * n),
    ]


def _rule_fits(phones: list[str]) -> bool:
    body = json.dumps(phones).encode()
    call = Call(
        Request("POST", "/", "/", b"", "http", {b"content-type": b"application/json"}, body)
    )
    return RULE.fits(_Request(call))


def _glob(glob: str) -> bool:
    return like(glob, "a" * len(glob))


def _expect(path: str) -> None:
    list(mistakes({"requests": [{"path": path}]}, {"octanist": DOCUMENT.operations}))


def _differ(value: Any) -> None:
    differences(value, [2] * len(value))


def _find(text: str) -> None:
    list(Pattern("^(a+)+$").differences(text, "body"))


CASES = (
    *_formats(),
    *_json_cases(),
    *_bodies(),
    *_fields(),
    *_schemas(),
    *_addresses(),
)

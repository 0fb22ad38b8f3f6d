"""Requests drawn at random, in families: what clients send, and what goes wrong with it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple
from urllib.parse import quote, quote_plus, urlencode

from tests.differential import world

Headers = list[tuple[str, str]]
"""Values are Latin-1, as they stand on the wire."""


class Request(NamedTuple):
    """One request, as its bytes say it. `target` is ASCII."""

    family: str
    method: str
    target: str
    headers: Headers
    body: bytes

    @property
    def raw(self) -> bytes:
        """The bytes of the request."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body

    def header(self, name: str) -> str:
        """The value of a header; empty where there is none."""
        return dict(self.headers).get(name, "")


_FORM = "application/x-www-form-urlencoded"
_WRITES = (
    ("PATCH", "/api/leads/28013/"),
    ("PATCH", "/api/leads/28013/"),
    ("PATCH", "/api/leads/28008/"),
    ("PUT", "/api/leads/update/"),
    ("POST", "/api/leads/"),
)
_PHONE = "+18042221111"
_NEW_PHONE = "+12065550199"

TEXTS = (
    "", " ", "a", " padded ", "CRM-1", "ünïcödé", "日本", "😀", "a\tb", "a\nb", "<b>&amp;</b>",
    "null", "true", "1", "x" * 255, "x" * 256, "\u2028", "a\u2029b", "\x7f", "é" * 255, "\\", '"',
    "\u00a0x\u00a0", "\ufeffx", "\x1f", "%41", "+", "a+b c", "'",
)  # fmt: skip
EMAILS = (
    "ada@example.com", "ADA@Example.COM", "a.b+c@example.co.uk", "a@localhost", "a@example",
    "a@b.c", "a..b@example.com", ".a@example.com", "a@example..com", "a@-example.com", "", " ",
    " ada@example.com ", '"quoted"@example.com', '"a b"@example.com', "a@[127.0.0.1]",
    "a@[::1]", "a@[IPv6:::1]", "a@[1.2.3]", "ünï@example.com", "a@exämple.com", "a@例え.jp",
    "a@example.co1", "a@exa_mple.com", "a@b@c.com", "plain", "@example.com", "a@", "a@xn--p1ai",
    "a@example.xn--p1ai", "\u212a@localhost", "\u212a@example.com", "a@\u212a.com", "a\n@b.com",
    "a@b.com\n", "a@" + "b" * 63 + ".com", "a@" + "b" * 64 + ".com", "x" * 310 + "@b.com",
    "x" * 320 + "@b.com", "a@b.c0m", "a@b-.com", "a@b.com.", "a!#$%&'*+/=?^_`{|}~-@b.com",
    "a@😀.com", "a@b.😀", "ſ@b.com", "a@ſ.com", "İ@localhost", "a@LOCALHOST", "a,b@c.com",
)  # fmt: skip
PHONES = (
    "+18042221111", "8042221111", "804-222-1111", "(804) 222-1111", "1-804-222-1111",
    "+1 (804) 222-1111", "+442079460018", "+493012345678", "911", "+15101234567", "", " ",
    "8042221111 x12", "804.222.1111", "tel:+18042221111", "+1 800 FLOWERS", "１８０４２２２１１１１",
    "+999123", "abc", "0018042221111", "+1804222111", "18042221111", "+12065550100;ext=5",
    "+1 206 555 0100 ext. 77", "+3912345678", "+0", "++12065550100", "2065550100\n",
)  # fmt: skip
BOOLEANS = (
    "true", "True", "TRUE", "tRuE", "t", "T", "yes", "Y", "on", "1", "false", "False", "f", "no",
    "N", "off", "OFF", "0", "", " true", "null", "None", "2", "İ", "ｔrue",
)  # fmt: skip
TIMES = (
    "2025-03-01T10:11:12Z", "2025-03-01T10:11:12z", "2025-03-01 10:11:12", "2025-03-01",
    "2025-03-01T10:11", "2025-3-1T1:2", "2025-03-01T10:11:12.5", "2025-03-01T10:11:12,123456789Z",
    "2025-03-01T10:11:12Z\n", "2025-03-01T10:11:12 +02:00", "2025-03-01T10:11:12+0200",
    "2025-03-01T10:11:12+02", "20250301T101112Z", "2025-W09-6", "2025-060", "2025-03-09T02:30:00",
    "2025-11-02T01:30:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00",
    "9999-12-31T23:59:59", "1883-11-18T12:00:00Z", "1900-01-01T00:00:00", "2025-02-30T00:00:00Z",
    "2025-03-01T24:00:00Z", "2025-03-01T23:59:60Z", "2025-03-01t10:11:12Z", " 2025-03-01T10:11Z",
    "2025-03-01T10:11:12.000000Z", "2025-03-01T10:11:12-00:00", "2025-03-01T10:11:12+23:59",
    "2025-03-01T10:11:12+24:00", "2025-03-01T10:11:12+99:99", "２０２５-03-01T10:11:12Z", "now", "",
    "1740823872", "2025-03-01T10:11:12.123456+05:30", "2025-03-01T10:11:12Z ", "2025-13-01T00:00",
    "2025-03-01T10:11:12+01:30:15", "2025-03-01T10:11:12.1234567", "2025-07-01T00:00:00",
)  # fmt: skip
URLS = (
    "http://example.com", "https://api.example.com/leads/{{id}}/notify", "http://[::1]:8080",
    "ftp://example.com/x", "example.com", "http://", "http://exa mple.com", "", "http://localhost",
    "http://{{host}}/x", "https://user:pw@example.com/", "http://example.com:99999", "http://1.2.3",
    "http://127.0.0.1/?a=b#c", "javascript:alert(1)", "http://例え.jp/ü", "http://a.b-.com",
    "http://example.com/" + "x" * 240, "HTTP://EXAMPLE.COM", " http://example.com ", "http://é.fr/é",
    "https://example.com/\u2028", "http://example.com/a\nb", "ftps://a.co", "http://a_b.com",
)  # fmt: skip
CHOICES = ("OPEN", "CLOSED", "LOST", "open", "", "WON", " OPEN", "1", "a\u2029b", "NEW", "None")
DETAILS = ("blind_transfer", "", "LEAD_ASSIGNED", "x", "null", "has_call_dnc")
STATES = ("CA", "NY", "ca", "", "XX", "CAL", " CA", "DC")
KEYS = ("123", "124", "999", "0", "-0", "-1", "abc", "", " 123 ", "123.0", "1_2_3", "１２３", "1e2",
        "+123", "12345678901234567890", "456", "0x7b", "null", "٣", "123\n")  # fmt: skip
INTEGERS = ("0", "1", "30", "-1", "1.0", "1.5", "", " 7 ", "7.", "1e3", "x", "1_0", "９", "9" * 400)

NAMES = (
    "email phone_number metadata status status_detail lead_type representative external_id "
    "us_state lead_source call_schedule_start_time sms_dnc call_dnc".split()
)
_POOLS: Mapping[str, Sequence[str]] = {
    "email": EMAILS,
    "phone_number": PHONES,
    "metadata": ("{}", '{"a": 1}', "x", "", "null", "[1]", '"a"'),
    "status": CHOICES,
    "status_detail": DETAILS,
    "lead_type": KEYS,
    "representative": KEYS,
    "external_id": TEXTS,
    "us_state": STATES,
    "lead_source": TEXTS,
    "call_schedule_start_time": TIMES,
    "sms_dnc": BOOLEANS,
    "call_dnc": BOOLEANS,
    "min_reengagement_days": INTEGERS,
    "url": URLS,
    "trigger": ("CALL_COMPLETE", "SMS_DNC", "", "x", "lead_created"),
    "filter_condition": TEXTS,
}
_GOOD: Mapping[str, Sequence[str]] = {
    "email": ("ada@example.com", "grace@example.org"),
    "phone_number": (_PHONE, "+12065550198", "206-555-0197"),
    "status": ("OPEN", "CLOSED", "LOST", "CANCELLED"),
    "status_detail": ("blind_transfer", "escalation"),
    "lead_type": ("123", "124"),
    "representative": ("456",),
    "external_id": ("crm-77", "René", "42"),
    "us_state": ("CA", "NY"),
    "lead_source": ("USDALoans.com", "日本", "a b"),
    "call_schedule_start_time": ("2025-03-01T10:11:12Z", "2025-08-01T10:00:00-07:00"),
    "sms_dnc": ("true", "false"),
    "call_dnc": ("true", "false", "1"),
}
_JSON_VALUES: Sequence[object] = (
    None, True, False, 0, 1, -1, 1.0, 1.5, 1e-07, 1e16, 1e22, 123, 124, 999, 2**63, 2**64, -0.0,
    10**30, "", [], {}, [1], {"a": 1}, [[]], {"a": {"b": [None]}}, "x", 1e300, 0.1, {"": ""},
    ["a", {"b": 2}], 456,
)  # fmt: skip
_EXTRAS = ("first_name", "leads[0]", "metadata.first_name", "metadata.", "metadata[a]", "id", "",
           "created_time", "status_reason", "Email", "email ", "a.b", "metadata.a.b", "ünï",
           "leads[0]phone_number", "min_reengagement_days")  # fmt: skip


def _headers(content_type: str | None = None) -> Headers:
    headers = [("Host", world.HOST), ("Authorization", f"Token {world.TOKEN}")]
    if content_type is not None:
        headers.append(("Content-Type", content_type))
    return headers


def _request(
    family: str,
    method: str = "GET",
    target: str = "/api/leads/",
    content_type: str | None = None,
    body: bytes = b"",
) -> Request:
    return Request(family, method, target, _headers(content_type), body)


def _write(rng: Random, family: str, content_type: str, body: bytes) -> Request:
    method, target = rng.choice(_WRITES)
    return _request(family, method, target, content_type, body)


def _json(rng: Random, value: object) -> bytes:
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _phone_of(target: str) -> str:
    return _NEW_PHONE if target == "/api/leads/" else _PHONE


def _json_request(rng: Random, family: str, fields: dict[str, object]) -> Request:
    method, target = rng.choice(_WRITES)
    if method != "PATCH" and rng.random() < 0.9:
        fields = {"phone_number": _phone_of(target)} | fields
    return _request(family, method, target, "application/json", _json(rng, fields))


# JSON


def json_bodies(rng: Random) -> Request:
    """Fields of any type; sometimes a body that is no object."""
    if rng.random() < 0.05:
        body = _json(rng, rng.choice(_JSON_VALUES))
        return _write(rng, "JSON bodies", "application/json", body)
    if rng.random() < 0.1:
        return _webhook(rng)
    if rng.random() < 0.05:
        return _bulk(rng)
    fields: dict[str, object] = {}
    for _ in range(rng.randint(1, 5)):
        name = rng.choice((*NAMES, *NAMES, *_EXTRAS))
        pool: Sequence[object] = _POOLS.get(name, TEXTS)
        fields[name] = rng.choice(_JSON_VALUES if rng.random() < 0.5 else pool)
    return _json_request(rng, "JSON bodies", fields)


def _bulk(rng: Random) -> Request:
    """Bulk bodies that are refused as a whole; what becomes of the items is the vendor's."""
    values: Sequence[object] = (None, "x", 1, {}, {"0": {}}, True, 1.5, "", "null")
    value: object = {"leads": rng.choice(values)} if rng.random() < 0.8 else {}
    target = "/api/leads/bulk-create/"
    return _request("JSON bodies", "POST", target, "application/json", _json(rng, value))


def _webhook(rng: Random) -> Request:
    fields: dict[str, object] = {"url": rng.choice(URLS)}
    for name in ("trigger", "filter_condition", "url"):
        if rng.random() < 0.3:
            pool: Sequence[object] = _POOLS[name] if rng.random() < 0.7 else _JSON_VALUES
            fields[name] = rng.choice(pool)
    body = _json(rng, fields)
    return _request("JSON bodies", "POST", "/api/webhooks/", "application/json", body)


_BROKEN = (
    "", " ", "{", "}", "[", "{}x", "{'a': 1}", '{"a": 1,}', '{"a" 1}', '{"a": }', "[1,]", "nul",
    "NaN", "Infinity", "-Infinity", '{"a": NaN}', '"a', '"a\nb"', '"\\x"', '"\\u12"', "01", "1.",
    "-", "1e", "+1", "\ufeff{}", "{} {}", '{"a": "b" "c": 1}', "tru", "//x\n{}", "\x00", "1 2é",
    '{"a": "\t"}', '"\\ud800"', "[1 2]", "{1: 2}", "1" * 5000, '{"a": ' + "1" * 4301 + "}",
    "[" * 1200, '{"email": "a@b.co",\n\n  "x"}', "1e5x", '{"a":1', '{"a":"b', "\u00a0{}", "0x10",
)  # fmt: skip
_BROKEN_BYTES = (b"1 2\xc3", b'{"a": "\xff"}', b"\xc3", b"{\x80}", b'{"a": "\xed\xa0\x80"}',
                 b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", b'"\xe2\x82"')  # fmt: skip


def broken_json(rng: Random) -> Request:
    """Texts that are no JSON, or nearly."""
    kind = rng.random()
    if kind < 0.45:
        body = rng.choice(_BROKEN).encode()
    elif kind < 0.6:
        body = rng.choice(_BROKEN_BYTES)
    else:
        body = _json(rng, {"status": "OPEN", "metadata": {"a": [1, "é", None], "b": -1.5e3}})
        for _ in range(rng.randint(1, 3)):
            body = _mutated(rng, body)
    return _write(rng, "broken JSON", "application/json", body)


def _mutated(rng: Random, raw: bytes) -> bytes:
    if not raw:
        return b"x"
    place = rng.randrange(len(raw))
    kind = rng.randrange(4)
    if kind == 0:
        return raw[:place]
    if kind == 1:
        return raw[:place] + raw[place + 1 :]
    insert = rng.choice((b'"', b"{", b"}", b",", b":", b"1", b"x", b"\\", b"\xc3", b"\n", b" "))
    if kind == 2:
        return raw[:place] + insert + raw[place:]
    return raw[:place] + insert + raw[place + 1 :]


# Single kinds of fields, as JSON and as forms


def _one_field(family: str, names: Sequence[str]) -> Callable[[Random], Request]:
    def draw(rng: Random) -> Request:
        name = rng.choice(names)
        text = rng.choice(_POOLS[name])
        for _ in range(rng.choice((0, 0, 1, 2))):
            text = _altered(rng, text)
        if rng.random() < 0.7:
            return _json_request(rng, family, {name: text})
        return _form(rng, family, [(name, text)])

    return draw


def _altered(rng: Random, text: str) -> str:
    """The text with one character more, less or changed."""
    if not text:
        return rng.choice("1a ")
    place = rng.randrange(len(text))
    insert = rng.choice(("", "1", "0", " ", "é", ".", "-", "@", ":", "T", "+", "x", "٣", "\t", ","))
    return text[:place] + insert + text[place + rng.randrange(2) :]


def booleans(rng: Random) -> Request:
    """Texts and numbers for a boolean."""
    if rng.random() < 0.6:
        return _one_field("booleans", ("sms_dnc", "call_dnc"))(rng)
    return _json_request(rng, "booleans", {"sms_dnc": rng.choice(_JSON_VALUES)})


# Forms


def _fields(rng: Random) -> list[tuple[str, str]]:
    pairs = []
    pools = _GOOD if rng.random() < 0.5 else _POOLS
    for _ in range(rng.randint(1, 4)):
        name = rng.choice([*NAMES, rng.choice(_EXTRAS)])
        text = rng.choice(pools.get(name, ("x", "Ada", "é", "")))
        pairs.append((name, text))
    if rng.random() < 0.1:
        pairs.append(rng.choice(pairs))
    if rng.random() < 0.1:
        name, text = pairs[0]
        pairs[0] = (_altered(rng, name), text)
    if rng.random() < 0.1:
        name, text = pairs[0]
        pairs[0] = (name, _altered(rng, text))
    return pairs


def _form(rng: Random, family: str, pairs: list[tuple[str, str]]) -> Request:
    method, target = rng.choice(_WRITES)
    if method != "PATCH" and rng.random() < 0.9:
        pairs = [("phone_number", _phone_of(target)), *pairs]
    return _request(family, method, target, _FORM, urlencode(pairs).encode())


_ODD_FORMS = (b"", b"&", b"=", b"a", b"a=", b"=a", b"a=1;b=2", b"a=%zz", b"a=%", b"a=%ff", b"%ff=1",
              b"status", b"status=", b"status=OPEN&", b"&&status=LOST", b"a=b=c", b"status=%4fPEN",
              b"external_id=Ren\xe9", b"external_id=\xc3\xa9", b"a=\x80", b"+a+=+b+", b"a=%00",
              b"metadata=1?", b"metadata.a", b"metadata.a=&metadata.a=2", b"lead_type=-0",
              b"status=OPEN&status=x", b"status=a%E2%80%A9b", b'{"status":"OPEN"}')  # fmt: skip


def forms(rng: Random) -> Request:
    """URL-encoded forms as clients write them, and a few that they do not."""
    kind = rng.random()
    if kind < 0.15:
        return _write(rng, "forms", _FORM, rng.choice(_ODD_FORMS))
    if kind < 0.2:
        fields = [("url", rng.choice(URLS)), ("trigger", "CALL_COMPLETE")]
        body = urlencode(fields).encode()
        return _request("forms", "POST", "/api/webhooks/", _FORM, body)
    if kind < 0.25:
        body = b"&".join(b"a%d=1" % number for number in range(rng.choice((999, 1000, 1001, 1200))))
        return _write(rng, "forms", _FORM, body)
    return _form(rng, "forms", _fields(rng))


# Multipart

_BOUNDARIES = (
    "----WebKitFormBoundary7MA4YWxkTrZu0gW", "4ebf00fbcf094b5aa8f2f0e0b3b7c6a1", "X-BOUNDARY",
    "------------------------d74496d66958873e", "---------------------------9051914041544843365972",
    "dd7cb5e6-9c3e-4a9e-8a4b-0a8b0e4f1f6c", "gc0p4Jq0M2Yt08jU534c0p", "=_boundary_1",
)  # fmt: skip
_FILE_NAMES = (
    "a.csv",
    "é.txt",
    "a b.png",
    "x/y.txt",
    "..",
    "",
    'q"q.txt',
    "C:\\a\\b.txt",
    "&lt;.x",
)


def _part(rng: Random, name: str, text: str) -> bytes:
    quoted = name.replace("\\", "\\\\").replace('"', "%22")
    head = f'Content-Disposition: form-data; name="{quoted}"'
    if rng.random() < 0.08:
        file_name = rng.choice(_FILE_NAMES).replace('"', "%22")
        head += f'; filename="{file_name}"\r\nContent-Type: text/csv'
    elif rng.random() < 0.1:
        head += rng.choice(
            (
                "\r\nContent-Type: text/plain",
                "\r\nContent-Type: text/plain; charset=utf-8",
                "\r\nContent-Transfer-Encoding: 8bit",
                f"\r\nContent-Length: {len(text.encode())}",
            )
        )
    return f"{head}\r\n\r\n{text}".encode()


def multipart(rng: Random) -> Request:
    """Multipart forms as browsers, curl, requests, httpx, Node and Java write them."""
    boundary = rng.choice(_BOUNDARIES)
    method, target = rng.choice(_WRITES)
    pairs = _fields(rng)
    if method != "PATCH" and rng.random() < 0.9:
        pairs = [("phone_number", _phone_of(target)), *pairs]
    parts = [_part(rng, name, text) for name, text in pairs]
    separator = b"--" + boundary.encode()
    body = b"".join(separator + b"\r\n" + part + b"\r\n" for part in parts) + separator + b"--"
    body += rng.choice((b"\r\n", b"\r\n", b""))
    quoted = rng.choice((boundary, boundary, f'"{boundary}"'))
    content_type = f"multipart/form-data; boundary={quoted}"
    return _request("multipart", method, target, content_type, body)


_ODD_TYPES = (
    "multipart/form-data; boundary=B", 'multipart/form-data; boundary="B"',
    "multipart/form-data;boundary=B", "multipart/form-data; BOUNDARY=B", "multipart/form-data",
    'multipart/form-data; boundary="B "', "multipart/form-data; boundary=B ",
    "multipart/form-data; boundary=", "MULTIPART/FORM-DATA; boundary=B",
    "Multipart/Form-Data; boundary=B", "multipart/form-data; boundary=Ã©",
    "multipart/form-data; boundary=B; charset=latin-1", "multipart/form-data; charset=utf-16; boundary=B",
    "multipart/mixed; boundary=B", "multipart/form-data; boundary=" + "B" * 201,
    "multipart/form-data; boundary=" + "B" * 202, "multipart/form-data; boundary=" + "B" * 240,
    "multipart/form-data; boundary=a'()+_,-./:=?", 'multipart/form-data; boundary="a b"',
    "multipart/form-data; boundary=a b", "multipart/form-data; boundary=B; boundary=C",
    "multipart/form-data; boundary*=utf-8''B", "multipart/form-data boundary=B",
    "multipart/form-data; boundary=B;", "multipart/form-data; boundary=B; x",
)  # fmt: skip
_ODD_HEADS = (
    'Content-Disposition: form-data; name="{}"', "Content-Disposition: form-data; name={}",
    'content-disposition: form-data;name="{}"', "Content-Disposition: form-data; name*=utf-8''{}",
    'Content-Disposition: FORM-DATA; NAME="{}"', 'Content-Disposition: attachment; name="{}"',
    'Content-Disposition: name="{}"', "Content-Disposition: form-data", "X-Other: 1", "",
    'Content-Disposition: form-data; name="{}"; filename=""',
    'Content-Disposition: form-data; name="{}"; filename="f.txt"',
    "Content-Disposition: form-data; name=\"{}\"; filename*=utf-8''f.txt",
    'Content-Disposition: form-data; name="{}"\r\nContent-Transfer-Encoding: base64',
    'Content-Disposition: form-data; name="{}"\r\nContent-Transfer-Encoding: quoted-printable',
    'Content-Disposition: form-data; name="{}"\r\nContent-Type: text/plain; charset=utf-16',
    'Content-Disposition: form-data; name=" {} "', "Content-Disposition: form-data; name='{}'",
    'Content-Disposition: form-data; name="{}"\r\n folded: 1', "Content-Disposition : form-data; name={}",
    'Content-Disposition: form-data; name="{}"; name="status"', 'Content-Disposition:form-data;name="{}"',
    'Content-Type: text/plain\r\nContent-Disposition: form-data; name="{}"',
    'Content-Disposition: form-data; filename="f"; name="{}"\r\nContent-Transfer-Encoding: base64',
)  # fmt: skip
_ENDS = (b"--%s--\r\n", b"--%s--", b"--%s", b"", b"--", b"--%s --\r\n", b"--%s--\r\nepilogue", b"-")


def odd_multipart(rng: Random) -> Request:
    """Multipart forms that no client should write."""
    content_type = rng.choice(_ODD_TYPES)
    boundary = _boundary_of(content_type)
    if rng.random() < 0.07:
        boundary = b"other"
    line = rng.choice((b"\r\n",) * 12 + (b"\n", b" \r\n"))
    body = rng.choice((b"",) * 6 + (b"preamble\r\n", b"\r\n", b"--", b"{}"))
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(NAMES)
        text = rng.choice(_POOLS[name]).encode()
        if rng.random() < 0.1:
            text += rng.choice((b"\xff", b"\r\n", b"\r", b"--", b"--" + boundary[:1], b"\0"))
        head = rng.choice(_ODD_HEADS).format(name).encode()
        if rng.random() < 0.03:
            head = b"X-Long: " + b"x" * rng.choice((500, 1000, 1100)) + b"\r\n" + head
        body += b"--" + boundary + line + head + line + line + text + line
    end = rng.choice((_ENDS[0],) * 4 + _ENDS)
    body += end.replace(b"%s", boundary)
    if rng.random() < 0.15:
        body = _mutated(rng, body)
    return _write(rng, "odd multipart", content_type, body)


def _boundary_of(content_type: str) -> bytes:
    for part in content_type.split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower().startswith("boundary"):
            return value.rpartition("'")[2].strip('"').encode("latin-1") or b"B"
    return b"B"


# Charsets and media types

_CHARSETS = (
    "utf-8", "UTF-8", "latin-1", "ISO-8859-1", "ascii", "utf-16", "utf-16le", "utf-32", "cp1252",
    "utf-7", "shift_jis", "idna", "punycode", "rot13", "base64", "hex", "zlib", "nope", "",
    "utf_8_sig", "undefined", "raw_unicode_escape", "unicode_escape", "mbcs", "koi8-r", "big5",
)  # fmt: skip
_CHARSET_TYPES = (
    "{};charset={}", "{}; charset={}", '{}; charset="{}"', "{};  charset = {}", "{}; CHARSET={}",
    "{}; charset={}; charset=utf-8", "{}; charset*=utf-8''{}", "{}; x=y; charset={}",
)  # fmt: skip
_CHARSET_TEXTS = ('{"external_id": "René"}', '{"external_id": "a"}', "{bad", "{}", '{"lead_source": "日本"}',
                  "external_id=Ren%E9", "external_id=René", "external_id=a+b", "status=OPEN", "x-y=1",
                  "status=%4f")  # fmt: skip


def charsets(rng: Random) -> Request:
    """Bodies with a charset in their Content-Type, in that encoding or in another."""
    charset = rng.choice(_CHARSETS)
    text = rng.choice(_CHARSET_TEXTS)
    kind = "application/json" if text[0] == "{" else _FORM
    content_type = rng.choice(_CHARSET_TYPES).format(kind, charset)
    try:
        body = text.encode(charset if rng.random() < 0.5 else "utf-8")
    except (LookupError, UnicodeError):
        body = text.encode()
    return _write(rng, "charsets", content_type, body)


_MEDIA_TYPES = (
    "application/json", "APPLICATION/JSON", "application/json ", "text/plain", "text/json", "*/*",
    "application/*", "application/vnd.api+json", "json", "", " ", "application/json; a=b",
    "application/json, text/plain", "application/xml", "*/json", "text/*", "application",
    "application/json; a=" + "x" * 240, "application/json; a=" + "x" * 300, "/", ";", "*",
    _FORM.upper(), _FORM + ";", "application/x-www-form-urlencoded; a", "multipart/*",
    "multipart/form-data", "multipart/mixed; boundary=B ", 'text/plain; a="b', "application/json;",
    "a/b;c=d ; e=f", "application/json; charset", "text/plain;charset=utf-8", "é/é",
)  # fmt: skip


_PARAMETERS = ("a=b", "charset=utf-8", 'a="b;c"', "q=0.1", "a", "=", "a=", "boundary=B", "a*=utf-8''b",
               'a="b', "a*0=b; a*1=c", "charset = latin-1", "a=b c", "a*=x-y'z'b")  # fmt: skip


def _composed_type(rng: Random, types: Sequence[str]) -> str:
    text = rng.choice(types)
    if rng.random() < 0.3:
        text = _altered(rng, text).encode("ascii", "ignore").decode().replace("\t", " ")
    for _ in range(rng.choice((0, 1, 1, 2))):
        text += rng.choice((";", "; ", " ;", ";  ")) + rng.choice(_PARAMETERS)
    return text


_USUAL_TYPES = ("application/json", _FORM, "multipart/form-data; boundary=B", "text/plain")


def media_types(rng: Random) -> Request:
    """Any Content-Type over any body, or over none."""
    if rng.random() < 0.4:
        body = rng.choice((b"{}", b"status=OPEN", b"{", b"--B--"))
        return _write(rng, "media types", _composed_type(rng, _USUAL_TYPES), body)
    body = rng.choice((b"{}", b'{"status": "OPEN"}', b"status=OPEN", b"", b"{", b"x"))
    return _write(rng, "media types", rng.choice(_MEDIA_TYPES), body)


# What is not about the body


_QUERIES = (
    "", "page=1", "page=2", "page=3", "page=4", "page=0", "page=-1", "page=x", "page=last", "page=",
    "page_size=2", "page_size=0", "page_size=100", "page_size=x", "page= 2", "page=%2B1", "page=1_0",
    "page=%EF%BC%91", "page=2&page_size=2", "page=2&a=b&a=c", "format=json",
    "format=xml", "format=", "page=1&page=2", "x=%ff", "x=é".replace("é", "%C3%A9"), "page=2&x=a%20b",
    "page=2&x=a+b", "page=2&x=%2F~*'()", "page=2&x", "page=2&", "page=1.0", "page=9" + "9" * 30,
    "page_size=2&page=last", "page=%00", "search=x&page=1", "page_size=-1&page=2", "page=Last",
    "page=2&x=%ff", "page=2&b=1&a=2", "page=2;x=1", "search=%00", "indent=4", "page_size= 2",
    "page=2&=x", "page=2&x=%E2%82%AC", "?page=2", "page=2&x=/?:@", "page=2&x=a%2Fb",
)  # fmt: skip
_QUERY_PIECES = (
    "page=2", "page=3", "page_size=2", "page_size=1", "a=%20", "b=%C3%A9", "c=%ff", "d", "e=", "=f",
    "g=1+2", "page=2%20", "page=%202", "h=%26%3D", "i=~.-_", "format=json", "j=%e2%80%a8", "k=(x)*'!",
    "l=%0A", "search=a", "m=%", "n=a;o=b", "p=[1]", "q={}", "page=02", "page=2.", "page=-0", "r=%7F",
)  # fmt: skip
_SEARCHES = ("re", "RE", "home insurance", '"home ins"', "home,re", "x", "", " ", "%00", "'home ins'",
             "é", "home  insurance", ",", '"', "refi home", "ins,home", "INS", '"a\\"b"')  # fmt: skip


def lists(rng: Random) -> Request:
    """Pages, sizes, searches and whatever else may stand in a query."""
    if rng.random() < 0.3:
        search = rng.choice(_SEARCHES)
        text = search if search == "%00" else quote_plus(search)
        return _request("lists", target=f"/api/lead-types/?search={text}")
    path = rng.choice(("/api/leads/", "/api/leads/", "/api/lead-types/"))
    query = rng.choice(_QUERIES)
    if rng.random() < 0.3:
        pieces = rng.sample(_QUERY_PIECES, rng.randint(1, 4))
        query = "&".join(pieces)
    return _request("lists", target=f"{path}?{query}" if query else path)


_PATHS = (
    "/api/leads/", "/api/leads", "/api/leads//", "/api/leads/28013/", "/api/leads/28013", "/api/",
    "/api", "/", "/api/leads/28013//", "/api/leads/999/", "/api/leads/abc/", "/api/leads/28013.0/",
    "/api/leads/.", "/api/leads/./", "/api/leads/a.b/", "/api/leads/28013.json", "/api/leads/%2F",
    "/api/leads/28013%2F", "/api/leads%2F28013/", "/api/leads/!%2F", "/api/leads/%", "/api/leads/%/",
    "/api/leads/%zz", "/api/leads/%ff/", "/api/leads/%ff", "/api/leads/%C3%A9", "/api/leads/%C3%A9/",
    "/api/leads/%20/", "/api/leads/ 28013/".replace(" ", "%20"), "/api/leads/+28013/",
    "/api/leads/-1/", "/api/leads/0/", "/api/leads/1e3/", "/api/leads/99999999999999999999/",
    "/api/leads/%EF%BC%91/", "/api/leads/2_8013/", "/API/leads/", "/api/Leads/", "/api/leads/update",
    "/api/leads/update/", "/api/leads/bulk-create", "/api/leads/bulk-create/", "/api/leads/update/x",
    "/api/leads/%3F", "/api/leads/%3Fa=b", "/api/leads/a%0d%0ab", "/api/leads/a%0Ab/", "/api/leads/a%00/",
    "/api/leads/%23", "/api/leads/a;b", "/api/leads/a,b", "/api/leads/a:b", "/api/leads/a'b", "/x",
    "/api/lead-types", "/api/lead-types/123/", "/api/lead-types/123", "/api/webhooks/1/", "/api/webhooks",
    "/api/webhooks/9/", "/api/leads/28013/x/", "/api/leads/28013?a=b", "/api/leads?page=2&x=%2F",
    "/api/leads/%2e", "/api/leads/%2E%2E/", "//api/leads/", "//api/leads", "/api//leads/", "/api/leads/\\",
    "/api/leads/a|b", "/api/leads/a%7Cb", '/api/leads/"', "/api/leads/<a>", "/api/leads/[a]", "/api/leads/{a}",
    "/api/leads/^`", "/api/leads?x=é".replace("é", "%C3%A9"), "/api/leads?x=<>", "/api/leads/%25",
    "/api/leads/%2525/", "/api/leads/~a", "/api/leads/a&b", "/api/leads/a=b", "/api/leads/a@b", "/api/leads/$",
    "/api/leads/28013%0A/", "/api/leads/%E2%80%A8", "/api/leads/%7F", "/api/leads?x=%zz", "/api/leads?",
)  # fmt: skip


_PATH_PIECES = (
    "28013", "1", "a", "%20", "%2F", "/", ".", "%2e", "%C3%A9", "%c3", "%ff", "%", "%25", "~", "!", "'", "(",
    ")", "*", ",", ";", ":", "@", "&", "=", "+", "$", "-", "_", "%3F", "%23", "%00", "%0A", "%0d", "%7B", "{",
    "}", "|", "^", "`", "<", ">", '"', "%E2%82%AC", "%F0%9F%98%80", "%ED%A0%80", "[", "]", "\\", "%5C",
)  # fmt: skip


def paths(rng: Random) -> Request:
    """Paths that are there, nearly there, and not there."""
    method = rng.choice(("GET", "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"))
    target = rng.choice(_PATHS)
    if rng.random() < 0.35:
        steps = rng.choice(("/api/leads/", "/api/", "/api/lead-types/", "/api/leads/update/"))
        target = steps + "".join(rng.choices(_PATH_PIECES, k=rng.randint(1, 4)))
        target += rng.choice(("", "/", "/", "?a=b", "/?page=2"))
    request = _request("paths", method, target)
    if rng.random() < 0.15:
        del request.headers[1]
    return request


# Servers such as gunicorn refuse methods in small letters themselves.
_METHODS = (
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO", "PROPFIND", "LINK", "QUERY"
)  # fmt: skip
_OPERATION_PATHS = ("/api/leads/", "/api/leads/28013/", "/api/leads/update/", "/api/leads/999/",
                    "/api/leads/bulk-create/", "/api/lead-types/", "/api/lead-types/123/",
                    "/api/webhooks/", "/api/webhooks/1/", "/api/leads")  # fmt: skip


def methods(rng: Random) -> Request:
    """Methods that a path does not take, and those that hardly anybody knows."""
    method, target = rng.choice(_METHODS), rng.choice(_OPERATION_PATHS)
    body = rng.choice((b"", b"", b"{}", b"{"))
    return _request("methods", method, target, "application/json" if body else None, body)


def options(rng: Random) -> Request:
    """OPTIONS, with and without a body and a query."""
    target = rng.choice(_OPERATION_PATHS) + rng.choice(("", "", "?format=json", "?format=xml"))
    body = rng.choice((b"", b"", b"{}", b"x"))
    return _request("OPTIONS", "OPTIONS", target, "application/json" if body else None, body)


_ACCEPTS = (
    "*/*", "application/json", "text/html", "application/*", "text/*", "", "application/json; indent=4",
    "application/json; indent=99", "application/json; indent=0", "application/json; indent=x",
    "application/json;indent=2, */*", "text/html, application/json;indent=3", "*/*; indent=2",
    "application/*; indent=1", "application/json; q=0", "text/html, */*; q=0.1", "APPLICATION/JSON",
    "application/json; charset=utf-8", "*", "json", "text/html,application/xhtml+xml,*/*;q=0.8", ",",
    "application/json;indent=-1", 'application/json; indent="4"', "application/json; indent=4; q=0.5",
    "application/json, application/json; indent=2", "a" * 300 + ", application/json", "*/json",
    "application/json;indent= 5", "application/json; version=1", "; indent=3", "application/", "/json",
    "application/json; Indent=4", "text/html" + ", text/html" * 70 + ", application/json",
    "application/json;", "application/json; indent=4; indent=2", "*/*, application/json; indent=1",
    "application/json; indent=+3", "application/json; indent=1_0", "application/json; indent=08",
)  # fmt: skip
_CALLS = (
    ("GET", "/api/leads/28013/"), ("GET", "/api/leads/"), ("GET", "/api/leads/999/"),
    ("DELETE", "/api/leads/"), ("OPTIONS", "/api/leads/28013/"), ("POST", "/api/leads/"),
    ("GET", "/api/lead-types/?format=json"), ("GET", "/api/leads"), ("GET", "/api/x/"),
)  # fmt: skip


def accepts(rng: Random) -> Request:
    """What the client says it takes."""
    method, target = rng.choice(_CALLS)
    request = _request("Accept", method, target)
    accept = rng.choice(_ACCEPTS)
    if rng.random() < 0.3:
        types = ("application/json", "*/*", "application/*", "text/html", "application/xml")
        accept = _composed_type(rng, types)
        if rng.random() < 0.4:
            accept += "," + rng.choice(types)
    request.headers.append(("Accept", accept))
    if rng.random() < 0.1:
        del request.headers[1]
    return request


_AUTHS = (
    "Token abc", "token abc", "TOKEN abc", "Token", "Token ", "Token  abc", "Token a b", "Bearer abc",
    "", "Basic YTpi", "Token Ã©", "Token Ã\xa9", "Token \xe9", "Token\tabc", "Tokenabc", "Token abc ",
    "Token a,b", "Token: abc", "  Token abc", "Token \xa0", "Token a\xa0b", "Token a\x85b",
)  # fmt: skip


def auth(rng: Random) -> Request:
    """Credentials, good and bad, before whatever else is wrong."""
    method, target = rng.choice(_CALLS)
    request = _request("auth", method, target)
    del request.headers[1]
    if rng.random() < 0.9:
        request.headers.append(("Authorization", rng.choice(_AUTHS)))
    return request


FAMILIES: Mapping[str, Callable[[Random], Request]] = {
    "JSON bodies": json_bodies,
    "broken JSON": broken_json,
    "forms": forms,
    "multipart": multipart,
    "odd multipart": odd_multipart,
    "lists": lists,
    "date-times": _one_field("date-times", ("call_schedule_start_time",)),
    "booleans": booleans,
    "phones": _one_field("phones", ("phone_number",)),
    "e-mails": _one_field("e-mails", ("email",)),
    "charsets": charsets,
    "media types": media_types,
    "paths": paths,
    "methods": methods,
    "OPTIONS": options,
    "Accept": accepts,
    "auth": auth,
}


def drawn(seed: int, count: int, only: str | None = None) -> Iterator[Request]:
    """So many requests, of each family in turn; the same for the same seed."""
    rng = Random(f"requests {seed}")
    families = [draw for name, draw in FAMILIES.items() if only in (None, name)]
    for number in range(count):
        yield families[number % len(families)](rng)


def shown(request: Request) -> str:
    """The request in a line, without the headers that all have."""
    kept = [f"{name}: {value}" for name, value in request.headers if name != "Host"]
    usual = f"Authorization: Token {world.TOKEN}"
    headers = [each for each in kept if each != usual]
    if usual not in kept:
        headers.append("(other credential)")
    target = quote(request.target, safe="/?&=%:@!$'()*+,;~[]{}<>\\^`|\"#-._")
    return f"{request.method} {target} {headers} {request.body[:300]!r}"

"""What each named format takes and what it refuses."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from mockserver.dialects import aspnet_core, django_formats, javascript
from mockserver.documents import formats
from mockserver.documents.formats import (
    INTEGER_RANGES,
    UNCHECKED,
    parse_date,
    parse_date_time,
)

FORMATS = {
    **formats.FORMATS,
    **aspnet_core.FORMATS,
    **django_formats.FORMATS,
    **javascript.FORMATS,
}

GOOD = {
    "date": ["2025-01-31", "2024-02-29", "0001-01-01"],
    "date-time": [
        "2025-01-31T12:00:00Z",
        "2025-01-31t12:00:00z",
        "2025-01-31T12:00:00.123456+02:00",
        "2025-01-31T12:00:00.1Z",
        "2025-01-31T12:00:00-00:00",
    ],
    "email": ["ada@example.com", "ADA+x@example.co.uk", "ada@example.test"],
    "uri": ["https://example.com/a?b#c", "mailto:ada@example.com", "urn:x:y"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
    "field-list": ["id", "id,name,createdAt", "a_b,c1"],
    "js-date": [
        "2025",
        "2025-01",
        "2025-01-31",
        "2025T12:00",
        "2025-01-31T12:00",
        "2025-01-31T12:00:00",
        "2025-01-31T12:00:00Z",
        "2025-01-31T24:00:00.000Z",
        "2025-01-31 12:00:00+02:00",
    ],
    "not-blank": ["x", " x ", "0", "\u001d", "\u200b"],
    "numeric": ["1", "-1.5", "+.5", "1.", " 2 ", "1e3", "1E-12", "-1.5e-300"],
    "phone": ["+12025550101", "(202) 555-0101", "+442079460958"],
    "sort-list": ["name", "name:asc", "name:desc,createdAt", "a:asc,b:desc,c"],
    "django-email": [
        "ada@example.com",
        "u@company.local",
        "u@foo.invalid",
        "a@localhost",
        "o'x!#$%&*/=?^_`{|}~+-@b.com",
        r'"a@b\"\ c"@example.com',
        '""@example.com',
        "u@[127.0.0.1]",
        "u@[::ffff:1.2.3.4]",
        "a@exämple.рф",
        "a@b.co-op",
        "a@b.xn--p1ai",
        "a@" + "b" * 63 + ".com",
        "a" * 308 + "@example.com",
    ],
    "django-url": [
        "https://example.com",
        "HTTPS://EXÄMPLE.com.",
        "ftp://example.com/a",
        "ftps://ada:secret@example.com:99999",
        "http://ada:@LOCALHOST?x",
        'http://example.com/<">\x01é',
        "http://" + "a." * 125 + "com",
        "http://localhost:8080/hook?a=1#x",
        "https://example.com/{{lead.id}}?q={{name}}",
        "http://[::1]:80/",
        "http://127.0.0.1",
    ],
    "windows-time-zone": ["Eastern Standard Time", "Türkiye Standard Time", "America/New_York"],
    "dot-net-date-time": [
        "2025-01-31",
        "2025-01-31T12:00",
        "2025-01-31T12:00:00.123456789Z",
        "2025-01-31T12:00:00+02",
        "2025-01-31T12:00:00-14:00",
    ],
}

BAD = {
    "date": [
        "",
        "2025-02-29",
        "2025-1-1",
        "2025-13-01",
        "20250101",
        "2025-01-31T12:00:00Z",
        "2025-W01-1",
        "\u0662025-01-01",
        "2025-01-01\n",
    ],
    "date-time": [
        "",
        "2025-01-31",
        "2025-01-31T12:00:00",
        "2025-01-31 12:00:00Z",
        "2025-01-31T24:00:00Z",
        "2025-02-30T12:00:00Z",
        "2025-01-31T12:00:00+25:00",
        "2025-01-31T12:00:00+14:60",
        "2025-01-31T12:00Z",
        "2025-01-31T12:00:00Z\n",
    ],
    "email": [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        " ada@example.com",
        "ada@example..com",
        "Ada <ada@example.com>",
    ],
    "uri": ["", "example.com", "//example.com", "http://a b", "1a:b", "http://a\nb", 'http://"'],
    "uuid": [
        "",
        "123e4567e89b12d3a456426614174000",
        "{123e4567-e89b-12d3-a456-426614174000}",
        "urn:uuid:123e4567-e89b-12d3-a456-426614174000",
        "x",
    ],
    "field-list": ["", ",", "a,", "a b", "a,,b", "a;b", "ä"],
    "js-date": [
        "",
        "yesterday",
        "2025-02-29",
        "01/31/2025",
        "2025-13",
        "2025-01-31T12",
        "2025-01-31T24:00:01Z",
        "2025-01-31T12:60Z",
        "2025-01-31T12:00:00,5Z",
        "2025-01-31T12:00:00 00:00",
        "2025-01-31T12:00:00+24:00",
        "2025-01-31T12:00:00+14:60",
        "2025-01 12:00",
        "2025-01-31T",
        "2025-01-31Z",
        "\u0662025-01-31",
    ],
    "not-blank": ["", " ", "\t\n", "\u00a0", "\u0085\u2028"],
    "numeric": [
        "",
        "x",
        "1,5",
        "0x1",
        "nan",
        "inf",
        "1e999",
        "9" * 400,
        "--1",
        ".",
        "\u0661",
        "1_000",
    ],
    "phone": ["", "123", "+15101234567", "+11235550101", "phone"],
    "sort-list": ["", "name:up", "name:", ":asc", "a,,b", "a:asc,", "name :asc", "name:ASC"],
    "django-email": [
        "",
        "ada",
        "@example.com",
        "jörg@example.com",
        "a@b.c",
        "a@b.c1",
        "a@b.11",
        "a@-b.com",
        "a@b-.com",
        "a@b.com-",
        "a@b_c.com",
        "a@b..com",
        "a@b.com.",
        "a@b.com\n",
        "a@LOCALHOST",
        ".a@b.com",
        "a..b@b.com",
        "a b@c.com",
        '"john doe"@example.com',
        '"a"b"@c.com',
        "a@b@c.com",
        "u@[1.2.3]",
        "u@[01.2.3.4]",
        "u@[fe80::1%1]",
        "u@[::1",
        "a@" + "b" * 64 + ".com",
        "a@b." + "c" * 64,
        "a" * 309 + "@example.com",
    ],
    "django-url": [
        "",
        "example.com",
        "sftp://example.com",
        "http://:secret@example.com",
        "http://a:b:c@example.com",
        "http://example.c",
        "http://-example.com",
        "http://example-.com",
        "http://exa_mple.com",
        "http://example.com:",
        "http://example.com:123456",
        "http://1.2.3.256",
        "http://1.2.3",
        "http://[zz]",
        "http://[fe80::1%1]",
        "http://" + "a." * 126 + "com",
        "http://example.com/" + "a" * 2048,
        "http://example.com/a\u00a0b",
        "https://",
        "https:///path",
        "https://a b",
        "https://exa mple.com",
        "http://{{host}}/",
    ],
    "windows-time-zone": ["", "Nonsense", "../../etc/passwd", "\ud800"],
    "dot-net-date-time": [
        "",
        "2025-02-29",
        "2025-01-31 12:00:00",
        "2025-01-31t12:00:00z",
        "2025-01-31T12",
        "2025-01-31T24:00",
        "2025-01-31T12:00:00+0200",
        "2025-01-31T12:00:00+14:01",
        " 2025-01-31",
    ],
}


def _cases(table: dict[str, list[str]]) -> list[object]:
    return [
        pytest.param(name, text, id=f"{name}-{i}")
        for name, texts in table.items()
        for i, text in enumerate(texts)
    ]


def test_every_format_has_its_examples() -> None:
    assert FORMATS.keys() == GOOD.keys() == BAD.keys()


@pytest.mark.parametrize(("name", "text"), _cases(GOOD))
def test_a_format_takes_its_own(name: str, text: str) -> None:
    assert FORMATS[name](text) is True


@pytest.mark.parametrize(("name", "text"), _cases(BAD))
def test_a_format_refuses_everything_else(name: str, text: str) -> None:
    assert FORMATS[name](text) is False


def test_no_name_has_two_meanings() -> None:
    names = [*FORMATS, *INTEGER_RANGES, *UNCHECKED]
    assert len(names) == len(set(names))


def test_the_ranges_of_integers_are_those_of_their_widths() -> None:
    assert INTEGER_RANGES == {
        "int32": (-2147483648, 2147483647),
        "int64": (-9223372036854775808, 9223372036854775807),
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2025-01-31T12:00:00Z", datetime(2025, 1, 31, 12, tzinfo=UTC), id="UTC"),
        pytest.param(
            "2025-01-31t12:00:00z", datetime(2025, 1, 31, 12, tzinfo=UTC), id="small letters"
        ),
        pytest.param(
            "2025-01-31T12:00:00.5+02:00",
            datetime(2025, 1, 31, 12, 0, 0, 500000, timezone(timedelta(hours=2))),
            id="offset",
        ),
        pytest.param(
            "2025-01-31T12:00:00.123456789Z",
            datetime(2025, 1, 31, 12, 0, 0, 123456, UTC),
            id="nanoseconds are cut",
        ),
        pytest.param("2025-01-31T12:00:60Z", None, id="a leap second"),
        pytest.param("tomorrow", None, id="no date-time"),
    ],
)
def test_a_date_time_means_a_moment(text: str, moment: datetime | None) -> None:
    assert parse_date_time(text) == moment


@pytest.mark.parametrize(
    ("text", "day"), [("2025-01-31", date(2025, 1, 31)), ("2025-01-32", None), ("20250131", None)]
)
def test_a_date_means_a_day(text: str, day: date | None) -> None:
    assert parse_date(text) == day

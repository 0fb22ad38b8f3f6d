"""Texts of each format, built from public rules: the code under test has no say in what is valid.

For each format a strategy that builds valid texts (`FORMATS`), valid texts at the edge of the rules
that are tried every time (`EDGES`), and what is wrong in some way, by what is wrong (`BROKEN`).
People are made up: domains are reserved by RFC 2606, phone numbers by the regulators for use in
films and books wherever they reserve some.
"""

import string
from datetime import date

from hypothesis import strategies as st

Texts = st.SearchStrategy[str]

# E-mail addresses: RFC 5321, section 4.1.2 (Mailbox) and section 4.5.3.1 (lengths).

_ATEXT = string.ascii_letters + string.digits + "!#$%&'*+-/=?^_`{|}~"
_QTEXT = "".join(set(map(chr, range(33, 127))) - {'"', "\\"})
_LET_DIG = string.ascii_lowercase + string.digits
_LONG_LABEL = "l" * 63
_LONG_LOCAL = "l" * 64
_ZONES = ("com", "net", "org", "example", "museum", "travel", "co.uk", "xn--p1ai")
_UNROUTED = ("company.local", "localhost", "[192.0.2.1]")


def _joined(separator: str, parts: Texts, most: int) -> Texts:
    return st.lists(parts, min_size=1, max_size=most).map(separator.join)


def _locals() -> Texts:
    """Dotted atoms, at most 64 characters with all that is put around them."""
    atoms = st.text(_ATEXT, min_size=1, max_size=12)
    tags = st.text(_LET_DIG, min_size=1, max_size=8)
    return _joined(".", atoms, 4) | st.builds("{}+{}".format, atoms, tags)


def _domains() -> Texts:
    """Up to three labels of letters and digits, single hyphens within, below a known zone."""
    label = _joined("-", st.text(_LET_DIG, min_size=1, max_size=8), 2)
    built = st.builds("{}.{}".format, _joined(".", label, 3), st.sampled_from(_ZONES))
    return st.sampled_from(["example.com", "Mail.Example.ORG", "xn--bcher-kva.example"]) | built


def _mailboxes(local: Texts, domain: Texts) -> Texts:
    return st.builds("{}@{}".format, local, domain)


_EMAIL_EDGES = (
    "a@example.com",
    "1@2.example.com",
    "ADA.Lovelace@EXAMPLE.COM",
    "ada+leads@example.com",
    "ada+a+b+c@example.com",
    "o'hara@example.com",
    "_@example.com",
    "-@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com",
    "customer/department=shipping@example.com",
    "a.b.c.d.e.f@one.two.three.four.example.com",
    "ada@x-1.example.com",
    "ada@123.com",
    "ada@xn--bcher-kva.example",
    "ada@example.xn--p1ai",
    f"{_LONG_LOCAL}@example.com",
    f"ada@{_LONG_LABEL}.com",
    f"{_LONG_LOCAL}@{_LONG_LABEL}.{_LONG_LABEL}.example.com",
)
_EMAIL_FAULTS = {
    "no at sign": "ada.example.com",
    "two at signs": "ada@@example.com",
    "two addresses": "ada@example.com,grace@example.com",
    "no local part": "@example.com",
    "no domain": "ada@",
    "a dot in front": ".ada@example.com",
    "a dot at the end of the local part": "ada.@example.com",
    "two dots in the local part": "ada..lovelace@example.com",
    "two dots in the domain": "ada@example..com",
    "a dot in front of the domain": "ada@.example.com",
    "a hyphen in front of a label": "ada@-example.com",
    "a hyphen at the end of a label": "ada@example-.com",
    "a label of 64 characters": f"ada@l{_LONG_LABEL}.com",
    "one label only": "ada@example",
    "a zone of digits": "ada@example.123",
    "a space in the local part": "ada lovelace@example.com",
    "a space in the domain": "ada@exam ple.com",
    "an underscore in the domain": "ada@my_company.com",
    "a comma": "ada,lovelace@example.com",
    "a parenthesis": "ada(home)@example.com",
    "a colon": "ada:home@example.com",
    "a backslash": "ada\\lovelace@example.com",
    "an open quotation mark": '"ada@example.com',
    "a display name": "Ada <ada@example.com>",
    "a scheme": "mailto:ada@example.com",
    "letters beyond ASCII in the local part": "ad\u00e4@example.com",
    "an address of five numbers": "ada@[192.0.2.1.5]",
    "a line break": "ada@example.com\ngrace@example.com",
}

# Phone numbers: area codes that are assigned, and the lines that regulators keep for fiction.

_AREAS = ("202", "212", "312", "404", "415", "512", "617", "702", "808", "907", "416", "604", "787")
_LINES = (*range(100, 130), *range(150, 200))
"""555-0100 to 555-0199, without those that ask this server for a fault (0130 to 0149)."""
_SPELLINGS = (
    "+1{area}555{line}",
    "+1 {area} 555 {line}",
    "+1 ({area}) 555-{line}",
    "+1-{area}-555-{line}",
    "+1.{area}.555.{line}",
    "1{area}555{line}",
    "1-{area}-555-{line}",
    "1 ({area}) 555-{line}",
    "({area}) 555-{line}",
    "({area})555-{line}",
    "{area}-555-{line}",
    "{area}.555.{line}",
    "{area} 555 {line}",
    "{area}555{line}",
    "tel:+1-{area}-555-{line}",
)
_ABROAD = (
    "+44 20 7946 0123",  # Ofcom's numbers for drama
    "+442079460999",
    "011 44 20 7946 0123",  # as it is dialled in the United States
    "+33 1 99 00 12 34",  # ARCEP's
    "+61 2 5550 1234",  # ACMA's
    "+61 491 570 156",
    "+49 30 23125 123",  # Bundesnetzagentur's
    "+46 31 390 06 01",  # PTS's
    "+81 3 1234 5678",
    "+52 55 5555 0123",
)
"""Ofcom's mobile numbers (+44 7700 900123) are not here: `phonenumbers` refuses them."""
_PHONE_FAULTS = {
    "no area code": "555-0123",
    "one digit too few": "+1 202 555 012",
    "one digit too many": "+1 202 555 01234",
    "an area code with a 1 in front": "+1 123 555 0123",
    "an area code with a 0 in front": "+1 012 555 0123",
    "an area code that is a service": "+1 911 555 0123",
    "an exchange with a 1 in front": "+1 202 155 0123",
    "an exchange with a 0 in front": "+1 202 055 0123",
    "a country that nobody has": "+999 202 555 0123",
    "too short abroad": "+44 20 7946 012",
    "a letter among the digits": "+1 2O2 555 0123",
    "two numbers": "202-555-0123 or 202-555-0124",
    "words": "not a number",
    "signs only": "()-",
    "a plus only": "+",
    "an e-mail address": "ada@example.com",
}


def _phones() -> Texts:
    lines = st.sampled_from(_LINES).map("{:04}".format)
    spelt = st.builds(
        lambda spelling, area, line: spelling.format(area=area, line=line),
        st.sampled_from(_SPELLINGS),
        st.sampled_from(_AREAS),
        lines,
    )
    return spelt | st.sampled_from(_ABROAD)


# Time zones: "Default Time Zones" at learn.microsoft.com, and the tz database of IANA.

_WINDOWS = tuple(
    f"{region} Standard Time"
    for region in (
        "AUS Central;AUS Eastern;Afghanistan;Alaskan;Aleutian;Altai;Arab;Arabian;Arabic;Argentina;"
        "Astrakhan;Atlantic;Aus Central W.;Azerbaijan;Azores;Bahia;Bangladesh;Belarus;"
        "Bougainville;Canada Central;Cape Verde;Caucasus;Cen. Australia;Central America;"
        "Central Asia;Central Brazilian;Central Europe;Central European;Central Pacific;Central;"
        "Chatham Islands;China;Cuba;Dateline;E. Africa;E. Australia;E. Europe;E. South America;"
        "Easter Island;Eastern;Egypt;Ekaterinburg;FLE;Fiji;GMT;GTB;Georgian;Greenland;Greenwich;"
        "Haiti;Hawaiian;India;Iran;Israel;Jordan;Kaliningrad;Korea;Libya;Line Islands;Lord Howe;"
        "Magadan;Magallanes;Marquesas;Mauritius;Middle East;Montevideo;Morocco;Mountain;Myanmar;"
        "N. Central Asia;Namibia;Nepal;New Zealand;Newfoundland;Norfolk;North Asia East;"
        "North Asia;North Korea;Omsk;Pacific SA;Pacific;Pakistan;Paraguay;Qyzylorda;Romance;"
        "Russian;SA Eastern;SA Pacific;SA Western;SE Asia;Saint Pierre;Sakhalin;Samoa;Sao Tome;"
        "Saratov;Singapore;South Africa;South Sudan;Sri Lanka;Sudan;Syria;Taipei;Tasmania;"
        "Tocantins;Tokyo;Tomsk;Tonga;Transbaikal;Turkey;Turks And Caicos;US Eastern;US Mountain;"
        "Ulaanbaatar;Venezuela;Vladivostok;Volgograd;W. Australia;W. Central Africa;W. Europe;"
        "W. Mongolia;West Asia;West Bank;West Pacific;Yakutsk;Yukon"
    ).split(";")
)
_ZONE_EDGES = (
    "UTC",
    "UTC-11",
    "UTC+13",
    "Central Standard Time (Mexico)",
    "Russia Time Zone 11",
    "T\u00fcrkiye Standard Time",
    "Mid-Atlantic Standard Time",
    "Kamchatka Standard Time",
    "Etc/UTC",
    "America/Argentina/Buenos_Aires",
    "America/New_York",
    "America/Port-au-Prince",
    "Asia/Kathmandu",
    "Europe/Warsaw",
    "Pacific/Auckland",
)
_ZONE_FAULTS = {
    "a town that is none": "America/Atlantis",
    "a region only": "America",
    "an offset": "+05:00",
    "a way out of the folder of zones": "../../etc/passwd",
    "an absolute path": "/etc/localtime",
    "a name with more behind it": "Eastern Standard Time (daylight)",
    "words": "not a zone",
}

# Times: RFC 3339, and what JavaScript's Date reads of it.


def _moments() -> Texts:
    """In the years that every zone has a calendar for."""
    days = st.dates(date(2, 1, 1), date(9998, 12, 31))
    offsets = st.sampled_from(["Z", "+00:00", "-00:00", "-08:00", "+05:30", "+14:00"])
    return st.builds("{}T{}{}".format, days, st.times(), offsets)


def _instants() -> Texts:
    return st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z")


_MOMENT_EDGES = (
    "2024-02-29T23:59:59Z",
    "2025-01-31T00:00:00.000000Z",
    "2025-01-31T12:00:00.1+05:45",
    "2025-01-31T12:00:00-12:00",
)
_DAY_FAULTS = {
    "the 30th of February": "2025-02-30",
    "the 29th of February of a common year": "2025-02-29",
    "month 13": "2025-13-01",
    "day 0": "2025-01-00",
    "another order": "31/01/2025",
    "words": "yesterday",
}
_MOMENT_FAULTS = {name: f"{day}T12:00:00Z" for name, day in _DAY_FAULTS.items()} | {
    "hour 24": "2025-01-31T24:00:01Z",
    "minute 60": "2025-01-31T12:60:00Z",
    "a time only": "12:00:00Z",
    "an offset of a hundred hours": "2025-01-31T12:00:00+100:00",
}

# Numbers as texts: the decimal literals of JavaScript, signs in front.


def _decimals() -> Texts:
    digits = st.text(string.digits, min_size=1, max_size=12)
    whole_and_part = st.builds("{}.{}".format, digits, digits)
    exponents = st.integers(-99, 99).map("e{}".format) | st.just("")
    signs = st.sampled_from(["", "-", "+"])
    return st.builds("{}{}{}".format, signs, digits | whole_and_part, exponents)


# URLs: RFC 3986, of the schemes, hosts and lengths that a webhook may have.

_HOSTS = ("example.com", "hooks.example.com", "localhost", "192.0.2.1", "[2001:db8::1]")
_RESTS = ("", "/", "/a/{{id}}", "/b?state={{metadata.us_state}}", "?a=1&b=2", "#top", "/%C3%A9")


def _urls() -> Texts:
    return st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https", "HTTPS"]),
        st.sampled_from(_HOSTS),
        st.sampled_from(["", ":9000"]),
        st.sampled_from(_RESTS),
    )


_URL_FAULTS = {
    "no scheme": "example.com/hook",
    "no host": "https://",
    "a script": "javascript:alert(1)",
    "another scheme": "mailto:ada@example.com",
    "one slash": "https:/example.com",
    "a space in the host": "https://exam ple.com/",
    "a space in the path": "https://example.com/a b",
    "a hyphen in front of a label": "https://-example.com/",
    "two dots in the host": "https://example..com/",
    "one label only": "https://example/",
    "a port of letters": "https://example.com:http/",
    "an address past 255": "https://300.0.2.1/",
}

_QUOTED = st.text(_QTEXT, min_size=1, max_size=12).map('"{}"'.format)

FORMATS: dict[str, Texts] = {
    "date-time": _moments(),
    # RFC 5321 has quoted local parts, `localhost` and addresses in brackets as well, which
    # `email-validator` refuses unless it is told otherwise;
    "email": _mailboxes(_locals(), _domains()),
    # Django takes those, but the tag that RFC 5321 puts in front of an IPv6 address.
    "django-email": _mailboxes(_locals() | _QUOTED, _domains() | st.sampled_from(_UNROUTED)),
    "django-url": _urls(),
    "dot-net-date-time": st.dates().map(str) | _instants(),
    "js-date": st.dates().map(str) | _instants(),
    "numeric": _decimals(),
    "phone": _phones(),
    "windows-time-zone": st.sampled_from((*_WINDOWS, *_ZONE_EDGES)),
}
"""Texts of each format that no JSON Schema validator knows, or knows otherwise."""

EDGES: dict[str, tuple[str, ...]] = {
    "date": ("2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"),
    "date-time": _MOMENT_EDGES,
    "email": _EMAIL_EDGES,
    "django-email": (
        *_EMAIL_EDGES,
        '"ada.lovelace..home"@example.com',
        '"ada@home"@example.com',
        '"ada\\ lovelace"@example.com',
        *(f"ada@{domain}" for domain in _UNROUTED),
    ),
    "django-url": ("https://example.com", "http://user:secret@example.com:8080/a?b=c#d"),
    "dot-net-date-time": (
        "2024-02-29",
        "2025-01-31T12:00",
        "2025-01-31T12:00:00.1234567Z",
        "2025-01-31T12:00:00+02",
    ),
    "js-date": ("2024-02-29", "2025-01-31T12:00:00.000Z", *_MOMENT_EDGES),
    "not-blank": ("x", "0", " x ", "\u200b"),
    "numeric": ("0", "-0", "007", "+5", ".5", "5.", "1e3", "1E+3", " 12 "),
    "phone": (*_ABROAD, *(each.format(area="202", line="0123") for each in _SPELLINGS)),
    "windows-time-zone": (*_WINDOWS, *_ZONE_EDGES),
}
"""Valid texts at the edge of their format."""

BROKEN: dict[str, dict[str, str]] = {
    "date": _DAY_FAULTS,
    "date-time": _MOMENT_FAULTS,
    "email": _EMAIL_FAULTS,
    "django-email": _EMAIL_FAULTS,
    "django-url": _URL_FAULTS,
    "dot-net-date-time": {
        **_DAY_FAULTS,
        "a space for the T": "2025-01-31 12:00:00",
        "small letters": "2025-01-31t12:00:00z",
        "an hour past the day": "2025-01-31T24:00:00Z",
        "an offset past 14 hours": "2025-01-31T12:00:00+15:00",
    },
    "js-date": _DAY_FAULTS,
    "not-blank": {"nothing": "", "spaces": "  ", "white space": "\t\u00a0\u2003\n"},
    "numeric": {
        "words": "many",
        "a unit": "5 EUR",
        "a comma": "1,000",
        "two points": "1.2.3",
        "two signs": "--1",
        "an exponent without digits": "1e",
        "no number": "NaN",
        "no end": "1e999",
    },
    "phone": _PHONE_FAULTS,
    "windows-time-zone": _ZONE_FAULTS,
}
"""Texts that are not of their format, by what is wrong with them."""

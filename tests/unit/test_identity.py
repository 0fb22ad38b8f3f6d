"""Spellings of one phone number or e-mail address have one key."""

import string

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from mockserver.identity import _PLAIN_EMAIL, email_key, is_email, phone_e164, phone_key

ADA_PHONES = [
    "+12025550101",
    "12025550101",
    "2025550101",
    "(202) 555-0101",
    "202.555.0101",
    "1-202-555-0101",
    "+1 202 555 0101",
    " +1 (202) 555-0101 ",
    "tel:+1-202-555-0101",
    "+1 202 555 0101 ext. 7",
    "\uff0b1 202 555 0101",
]


@pytest.mark.parametrize("text", ADA_PHONES)
def test_every_spelling_of_a_number_has_the_same_key(text: str) -> None:
    assert (phone_key(text), phone_e164(text)) == ("+12025550101", "+12025550101")


@pytest.mark.parametrize(
    "text",
    [
        "1235550101",
        "+11235550101",
        "11235550101",
        "(123) 555-0101",
        "1 123 555 0101",
        "+1 (123) 555-0101",
    ],
)
def test_spellings_of_a_number_with_an_impossible_area_code_have_the_same_key_too(
    text: str,
) -> None:
    assert (phone_key(text), phone_e164(text)) == ("+11235550101", None)


@pytest.mark.parametrize("text", ["5101234567", "+15101234567", "15101234567", "510-123-4567"])
def test_spellings_of_a_number_that_is_not_assigned_have_the_same_key_too(text: str) -> None:
    assert (phone_key(text), phone_e164(text)) == ("+15101234567", None)


@pytest.mark.parametrize(
    ("text", "key", "valid"),
    [
        pytest.param("+442079460958", "+442079460958", "+442079460958", id="another country"),
        pytest.param(
            "+44 20 7946 0958", "+442079460958", "+442079460958", id="another country, spaced"
        ),
        pytest.param("1-800-FLOWERS", "+18003569377", "+18003569377", id="letters on the keys"),
        pytest.param("+1234567890", "+1234567890", None, id="too short, with a plus"),
        pytest.param("1234567890", "+11234567890", None, id="ten digits are a national number"),
        pytest.param("0" * 40, "0" * 40, None, id="too long: its digits"),
        pytest.param("+" + "2" * 40, "2" * 40, None, id="too long with a plus: its digits"),
        pytest.param("+999 123", "999123", None, id="no such country: its digits"),
        pytest.param("no digits", None, None, id="letters only"),
        pytest.param("", None, None, id="empty"),
        pytest.param("   ", None, None, id="blank"),
        pytest.param("+", None, None, id="only a plus"),
    ],
)
def test_odd_numbers_have_a_key_as_far_as_they_have_digits(
    text: str, key: str | None, valid: str | None
) -> None:
    assert (phone_key(text), phone_e164(text)) == (key, valid)


def test_no_phone_has_no_key() -> None:
    assert phone_key(None) is None


def test_national_notation_is_read_in_the_given_region() -> None:
    assert (phone_key("020 7946 0958", "GB"), phone_e164("020 7946 0958", "GB")) == (
        "+442079460958",
        "+442079460958",
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("(202) 555-0101", "+12025550101", True, id="two spellings"),
        pytest.param("2025550101", "2025550102", False, id="two numbers"),
        pytest.param("none", "none", False, id="texts without a number"),
        pytest.param(None, None, False, id="nothing"),
    ],
)
def test_two_texts_are_the_same_phone_if_they_have_one_key(
    one: str | None, other: str | None, same: bool
) -> None:
    assert (phone_key(one) is not None and phone_key(one) == phone_key(other)) is same


@pytest.mark.parametrize(
    ("text", "key", "valid"),
    [
        pytest.param("ada@example.com", "ada@example.com", True, id="plain"),
        pytest.param("Ada@Example.COM", "ada@example.com", True, id="capitals"),
        pytest.param(
            "ada+leads@example.com",
            "ada+leads@example.com",
            True,
            id="a tag is part of the address",
        ),
        pytest.param(
            "a.da@example.com", "a.da@example.com", True, id="dots are part of the address"
        ),
        pytest.param("ada@example.test", "ada@example.test", True, id="the reserved test domain"),
        pytest.param("ADA@EXÄMPLE.com", "ada@exämple.com", True, id="a domain outside ASCII"),
        pytest.param(
            "ada@xn--exmple-cua.com", "ada@exämple.com", True, id="the same domain in punycode"
        ),
        pytest.param(" ada@example.com ", "ada@example.com", False, id="spaces around it"),
        pytest.param("Not An Address ", "not an address", False, id="no address: trimmed text"),
        pytest.param("ada@localhost", "ada@localhost", False, id="a domain without a dot"),
        pytest.param(
            "Ada@[127.0.0.1]", "ada@[127.0.0.1]", False, id="a domain that is an IP address"
        ),
        pytest.param('"Ada"@example.com', '"ada"@example.com', False, id="a user in quotes"),
        pytest.param("ada@straße.de", "ada@straße.de", True, id="a domain with a sharp s"),
        pytest.param("ada@strasse.de", "ada@strasse.de", True, id="another domain"),
        pytest.param("Ada <ada@example.com>", "ada <ada@example.com>", False, id="a display name"),
        pytest.param("", None, False, id="empty"),
        pytest.param("  ", None, False, id="blank"),
    ],
)
def test_an_address_is_compared_without_letter_case(
    text: str, key: str | None, valid: bool
) -> None:
    assert (email_key(text), is_email(text)) == (key, valid)


def test_no_address_has_no_key() -> None:
    assert email_key(None) is None


def _parts(letters: str, separator: str) -> st.SearchStrategy[str]:
    return st.lists(st.text(letters, min_size=1, max_size=6), min_size=1, max_size=3).map(
        separator.join
    )


@given(
    local=_parts(string.ascii_letters + string.digits + "_+-", "."),
    domain=_parts(string.ascii_letters + string.digits, "-"),
    zone=st.sampled_from(["com", "net", "org", "example.com"]),
)
def test_a_plain_address_is_read_as_the_library_reads_it(
    local: str, domain: str, zone: str
) -> None:
    text = f"{local}@{domain}.{zone}"
    assert _PLAIN_EMAIL.fullmatch(text)
    library = validate_email(text, check_deliverability=False, test_environment=True).normalized
    assert (is_email(text), email_key(text)) == (True, library.casefold())

"""When two phone numbers or two e-mail addresses are the same: pure functions, cached."""

import re
from functools import lru_cache
from typing import Any

import phonenumbers

_CACHED = 1 << 16
_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+(?:com|net|org)"
)
_PLAIN_LENGTH = 64
"""Up to it no part of an address can be too long."""


@lru_cache(maxsize=_CACHED)
def phone_e164(text: str, region: str = "US") -> str | None:
    """The valid phone number in E.164, or None where `phonenumbers` knows no such number.

    National notation is read as a number of `region`.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=_CACHED)
def is_phone(text: str) -> bool:
    """Whether it is a valid phone number, in national notation one of the United States."""
    return phone_e164(text) is not None


@lru_cache(maxsize=_CACHED)
def phone_key(text: str | None, region: str = "US") -> str | None:
    """What two spellings of one phone number have in common.

    E.164, or the digits of what cannot be read as a number.

    None and text without any digit have no key: they match nothing.
    """
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return _digits(text) or None
    if not phonenumbers.is_possible_number(number):
        number = _international(text, number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _international(text: str, number: Any) -> Any:
    """The number that the same digits are behind a plus, where those are possible.

    `1 123 555 0101` is `+1 123 555 0101`, though no such area code exists and the parser therefore
    takes the second 1 for a prefix.
    """
    try:
        other = phonenumbers.parse("+" + _digits(text))
    except phonenumbers.NumberParseException:
        return number
    same_country = other.country_code == number.country_code
    return other if same_country and phonenumbers.is_possible_number(other) else number


@lru_cache(maxsize=_CACHED)
def is_email(text: str) -> bool:
    """Whether `email-validator` accepts the address; no name is resolved."""
    return _normalised(text) is not None


@lru_cache(maxsize=_CACHED)
def email_key(text: str | None) -> str | None:
    """The address as it is compared: `email-validator`'s normal form in small letters.

    Trimmed text where that knows no such address.

    Small letters and not case-folded: `ß` and `ss` are two domains.
    """
    if not text:
        return None
    return (_normalised(text) or text.strip()).lower() or None


def _normalised(text: str) -> str | None:
    """The library's normal form, or None.

    A plain address is its own, but for capitals in the domain, and need not wait for the library.
    """
    if len(text) < _PLAIN_LENGTH and _PLAIN_EMAIL.fullmatch(text):
        local, _, domain = text.partition("@")
        return f"{local}@{domain.lower()}"
    import email_validator

    try:
        return email_validator.validate_email(
            text, check_deliverability=False, test_environment=True
        ).normalized
    except email_validator.EmailNotValidError:
        return None

"""When two phone numbers or two e-mail addresses are the same: pure functions, cached."""

from functools import lru_cache
from typing import Any

import email_validator
import phonenumbers


_CACHED = 1 << 16


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
def phone_key(text: str | None, region: str = "US") -> str | None:
    """What two spellings of one phone number have in common: E.164, or the digits of what is not a possible number.

    None and text without any digit have no key: they match nothing.
    """
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "".join(filter(str.isdigit, text)) or None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=_CACHED)
def is_email(text: str) -> bool:
    """Whether `email-validator` accepts the address; no name is resolved."""
    return _normalised(text) is not None


@lru_cache(maxsize=_CACHED)
def email_key(text: str | None) -> str | None:
    """The address as it is compared: `email-validator`'s normal form, case-folded; trimmed text where it is no address."""
    if not text:
        return None
    return (_normalised(text) or text.strip()).casefold() or None


def _normalised(text: str) -> str | None:
    try:
        return email_validator.validate_email(text, check_deliverability=False, test_environment=True).normalized
    except email_validator.EmailNotValidError:
        return None


def same_phone(one: Any, other: Any) -> bool:
    """Whether both are texts of one phone number."""
    return phone_key(one) is not None and phone_key(one) == phone_key(other)

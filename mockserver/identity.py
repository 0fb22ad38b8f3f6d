"""When two phone numbers or two e-mail addresses are the same: pure functions, cached."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, overload

from mockserver.descriptors import tried_again
from mockserver.remembering import remembered

_PHONES = 1 << 15
_ADDRESSES, _REMEMBERED_ADDRESS = 1 << 14, 128
"""How many texts each cache holds, and how long an address may be in one: at most 20 MB each."""

# A text longer than any phone number or address is neither. It is refused before a library or a
# cache sees it: the libraries take milliseconds for some long texts, and a cache would keep them.
LONGEST_PHONE = 64
"""E.164 has 15 digits at most. That leaves a separator after each, `tel:`, and an extension of
20 digits with its words."""
LONGEST_EMAIL = 320
"""RFC 5321 (4.5.3.1) allows 64 octets before the @ and 255 after it."""

# Addresses whose normal form is known without `email-validator`. Only domains below com, net and
# org: for others the library knows special rules. A property test compares the two.
_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+(?:com|net|org)"
)
# In a shorter address no part can exceed its own limit: the local part's is 64 characters.
_PLAIN_LENGTH = 64

DEFAULT_REGION = "US"
# A number in E.164 whose area code and exchange begin with 2 to 9, as all of North America's do.
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")
_PREFIX_LENGTH = len("+1") + 7
# Lengths that no number of +1 has. The library would read what it knows of all its 25 regions.
_NO_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{7,8}")


@cache
def _library() -> Any:
    """`phonenumbers`, imported for the first number that needs it: it takes a tenth of a start."""
    return tried_again(_import_library)


def _import_library() -> Any:
    import phonenumbers

    # The library imports what it knows of a country at the first number of it, under a lock that it
    # does not release if the import fails: the next number would then wait for ever. So it must not
    # fail for lack of file descriptors.
    for region in phonenumbers.SUPPORTED_REGIONS:
        phonenumbers.PhoneMetadata.register_region_loader(region, _load_region)
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        phonenumbers.PhoneMetadata.register_nongeo_region_loader(code, _load_region)
    return phonenumbers


def _load_region(region: str | int) -> None:
    tried_again(import_module, f"phonenumbers.data.region_{region}")


class _Regions(Sequence[str]):
    """The names of the library's regions in their order, read when somebody asks for one."""

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(_library().SUPPORTED_REGIONS))

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._names[index]

    def __len__(self) -> int:
        return len(self._names)


REGIONS: Sequence[str] = _Regions()
"""The regions whose numbers can be read without a country code, as ISO 3166 names them."""


def phone_e164(text: str, region: str = DEFAULT_REGION) -> str | None:
    """The phone number in E.164, or None if `phonenumbers` does not find it valid.

    A number without a country code is read as one of `region`.
    """
    if len(text) > LONGEST_PHONE:
        return None
    return _short_phone_e164(text, region)


@lru_cache(maxsize=_PHONES)  # of short texts only
def _short_phone_e164(text: str, region: str) -> str | None:
    if text in _KNOWN:
        return _KNOWN[text][0]
    if _NORTH_AMERICAN.fullmatch(text):
        return text if _is_north_american_prefix(text[:_PREFIX_LENGTH]) else None
    if _NO_NORTH_AMERICAN.fullmatch(text):
        return None
    library = _library()
    try:
        number = library.parse(text, region)
    except library.NumberParseException:
        return None
    if not library.is_valid_number(number):
        return None
    return _in_e164(number)


def _in_e164(number: Any) -> str:
    library = _library()
    text: str = library.format_number(number, library.PhoneNumberFormat.E164)
    return text


_KNOWN: dict[str, Sequence[str | None]] = {}
"""What `know_phones` was given: the library's own answers, so they are the same for everyone."""

_INTERNATIONAL = re.compile(r"\+[0-9]{5,20}")


def known_phones(texts: Iterable[str]) -> dict[str, Sequence[str | None]]:
    """What `know_phones` needs to know of those texts that have a plus and digits only.

    By the text: its E.164 and its key.
    """
    numbers = filter(_INTERNATIONAL.fullmatch, texts)
    return {text: (phone_e164(text), phone_key(text)) for text in numbers}


def phones_version() -> str:
    """What changes with the library's version, without importing it."""
    found = find_spec("phonenumbers")
    assert found is not None, found
    assert found.origin is not None, found
    status = os.stat(found.origin)
    return f"{status.st_size} {int(status.st_mtime)}"


def know_phones(known: Mapping[str, Sequence[str | None]]) -> None:
    """Ask the library no more about these texts, of which `known_phones` told."""
    _KNOWN.update(known)


@lru_cache(maxsize=_PHONES)  # of short texts only
def _is_north_american_prefix(prefix: str) -> bool:
    """Whether valid numbers begin with `+1` and these seven digits.

    None of the library's patterns for +1 looks at the last three digits of a number. So one answer
    is right for a thousand numbers, and people never seen before are read in a third of the time.
    """
    library = _library()
    return bool(library.is_valid_number(library.parse(prefix + "000")))


def is_phone(text: str, region: str = DEFAULT_REGION) -> bool:
    """Whether it is a valid phone number; without a country code, one of `region`."""
    return len(text) <= LONGEST_PHONE and _short_phone_e164(text, region) is not None


def phone_key(text: str | None, region: str = DEFAULT_REGION) -> str | None:
    """The form in which phone numbers are compared: two spellings of one number give the same.

    It is E.164, or the mere digits of a text that cannot be a number.

    None and a text without digits have no key (None): they match nothing.
    """
    if not text:
        return None
    if len(text) > LONGEST_PHONE:
        return _digits(text) or None
    return _short_phone_key(text, region)


@lru_cache(maxsize=_PHONES)  # of short texts only
def _short_phone_key(text: str, region: str) -> str | None:
    if text in _KNOWN:
        return _KNOWN[text][1]
    valid = _short_phone_e164(text, region)
    if valid is not None:
        return valid
    library = _library()
    try:
        number = library.parse(text, region)
    except library.NumberParseException:
        return _digits(text) or None
    if not library.is_possible_number(number):
        number = _international(text, number)
    return _in_e164(number)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _international(text: str, number: Any) -> Any:
    """The number with the same digits after a plus, if that is possible; else `number`."""
    # `1 123 555 0101` means `+1 123 555 0101`. But the area code 123 does not exist, so the parser
    # takes the second 1 for a prefix and drops it.
    library = _library()
    try:
        other = library.parse("+" + _digits(text))
    except library.NumberParseException:
        return number
    if other.country_code == number.country_code and library.is_possible_number(other):
        return other
    return number


def is_email(text: str) -> bool:
    """Whether `email-validator` accepts the address. No domain is looked up in DNS."""
    return len(text) <= LONGEST_EMAIL and _normal_form(text) is not None


def email_key(text: str | None) -> str | None:
    """The form in which e-mail addresses are compared.

    It is `email-validator`'s normal form in small letters, or the trimmed text in small letters if
    the library does not accept the address. None and an empty text have no key.
    """
    if not text:
        return None
    if len(text) > LONGEST_EMAIL:
        return text.strip().lower() or None
    return _short_email_key(text)


@remembered(_ADDRESSES, _REMEMBERED_ADDRESS)
def _short_email_key(text: str) -> str | None:
    address = _normal_form(text) or text.strip()
    # Not `casefold`, which makes `ß` the same as `ss`: those are two domains.
    return address.lower() or None


@remembered(_ADDRESSES, _REMEMBERED_ADDRESS)
def _normal_form(text: str) -> str | None:
    """`email-validator`'s normal form of the address; None if it does not accept it."""
    if len(text) < _PLAIN_LENGTH and _PLAIN_EMAIL.fullmatch(text):
        local, _, domain = text.partition("@")
        return f"{local}@{domain.lower()}"
    # Its tables take 15 ms of a start and its validation 19 µs of a request: plain addresses
    # never need them.
    import email_validator

    try:
        address = email_validator.validate_email(
            text,
            check_deliverability=False,
            test_environment=True,  # or it would refuse the domains below .test
        )
    except email_validator.EmailNotValidError:
        return None
    return address.normalized

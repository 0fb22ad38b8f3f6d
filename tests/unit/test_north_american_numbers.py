"""A number of North America is read by its first seven digits: the library looks at no others."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from random import Random
from typing import Any

import phonenumbers
import pytest
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from mockserver.identity import phone_e164

# Python's own reader of regular expressions; it has no types.
parser: Any = import_module("re._parser")
constants: Any = import_module("re._constants")

DIGIT = str([(constants.CATEGORY, constants.CATEGORY_DIGIT)])
KINDS = (
    "general_desc fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager "
    "uan voicemail"
).split()


def regions() -> list[PhoneMetadata]:
    """What the library knows of each region with the country code 1."""
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]
    return [found for name in names if (found := PhoneMetadata.metadata_for_region(name))]


def patterns() -> Iterator[str]:
    for region in regions():
        for kind in KINDS:
            described: PhoneNumberDesc | None = getattr(region, kind)
            if described is not None and described.national_number_pattern is not None:
                yield described.national_number_pattern


def tails(items: Sequence[Any], length: int) -> set[tuple[str, ...]]:
    """What the last so many characters of a parsed regular expression can be."""
    if not items or length == 0:
        return {()}
    found = set()
    kind, value = items[-1]
    for end in item_tails(kind, value, length):
        for start in tails(items[:-1], length - len(end)):
            found.add(start + end)
    return found


def item_tails(kind: Any, value: Any, length: int) -> set[tuple[str, ...]]:
    if kind is constants.SUBPATTERN:
        return tails(list(value[-1]), length)
    if kind is constants.BRANCH:
        return set().union(*(tails(list(branch), length) for branch in value[1]))
    if kind is constants.MAX_REPEAT:
        least, most, repeated = value
        counts = range(least, most + 1)
        return set().union(*(tails(list(repeated) * count, length) for count in counts))
    return {(str(value),)}


@pytest.mark.parametrize("pattern", sorted(set(patterns())), ids=lambda pattern: pattern[:40])
def test_no_pattern_looks_at_the_last_three_digits(pattern: str) -> None:
    if pattern != "NA":  # the library's way to say that there are no such numbers
        assert tails(list(parser.parse(pattern)), 3) == {(DIGIT, DIGIT, DIGIT)}


def test_regions_are_told_apart_by_less_than_seven_digits() -> None:
    leading = [region.leading_digits for region in regions() if region.leading_digits is not None]
    assert leading
    assert all(parser.parse(pattern).getwidth()[1] <= 7 for pattern in leading)


def test_random_numbers_are_read_as_the_library_reads_them() -> None:
    chance = Random(1)
    for _ in range(3000):
        text = f"+1{chance.randint(2_000_000_000, 9_999_999_999)}"
        number = phonenumbers.parse(text)
        valid = phonenumbers.is_valid_number(number)
        assert (text, phone_e164(text)) == (text, text if valid else None)


def test_no_number_has_eight_or_nine_digits() -> None:
    lengths: set[int] = set()
    for region in regions():
        assert region.general_desc is not None
        lengths.update(region.general_desc.possible_length)
    assert lengths & {8, 9} == set()


@pytest.mark.parametrize("digits", ["23456789", "234567890"])
def test_such_a_number_is_none(digits: str) -> None:
    assert phone_e164("+1" + digits) is None

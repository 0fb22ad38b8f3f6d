"""Which leads are one person, and which only share a key."""

import pytest

from mockserver.life.people import Keys, Member, Profile, groups, shared_keys

ADA, BO = "ada@example.com", "bo@example.com"
ONE, TWO = "+12025550101", "+12025550102"


def lead(vendor: str, number: int, external_id: str | None = None, *who: str | None) -> Member:
    """A lead; `who` are name, e-mail address and phone number, as far as they are given."""
    name, email, phone = (*who, None, None, None)[:3]
    profile = Profile(name, email, phone, external_id, "NEW", "New", "new")
    return Member(vendor, number, {}, profile, Keys(name, email, phone), None)


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        pytest.param(
            [lead("a", 1, "x", "ada", ADA), lead("b", 2, "x", "bo", BO)],
            [[1, 2]],
            id="the same external id",
        ),
        pytest.param(
            [lead("a", 1, None, "ada", ADA, ONE), lead("b", 2, None, "ada", ADA, TWO)],
            [[1, 2]],
            id="the same name and e-mail address",
        ),
        pytest.param(
            [lead("a", 1, None, "ada", ADA, ONE), lead("b", 2, None, "ada", BO, ONE)],
            [[1, 2]],
            id="the same name and phone number",
        ),
        pytest.param(
            [lead("a", 1, None, None, ADA, ONE), lead("b", 2, None, "ada", ADA, ONE)],
            [[1, 2]],
            id="the same e-mail address and phone number",
        ),
        pytest.param(
            [lead("a", 1, None, "ada", ADA, ONE), lead("b", 2, None, "bo", ADA, TWO)],
            [[1], [2]],
            id="only the same e-mail address",
        ),
        pytest.param(
            [
                lead("a", 1, None, "ada", ADA, ONE),
                lead("a", 2, None, "bo", ADA, ONE),
                lead("b", 3, None, "cy", ADA, ONE),
            ],
            [[1], [2], [3]],
            id="two of a vendor have both keys",
        ),
        pytest.param(
            [lead("a", 1, "x", "ada", ADA, ONE), lead("b", 2, "y", "ada", ADA, ONE)],
            [[1], [2]],
            id="different external ids",
        ),
        pytest.param(
            [
                lead("a", 1, "x", "ada", ADA),
                lead("b", 2, None, "ada", ADA),
                lead("b", 3, "y", "ada", ADA),
            ],
            [[1, 2], [3]],
            id="one without an external id goes to the first",
        ),
        pytest.param([lead("a", 1), lead("b", 2)], [[1], [2]], id="nothing is known"),
    ],
)
def test_leads_are_one_person_by_these_rules(
    leads: list[Member], expected: list[list[int]]
) -> None:
    assert [[member.id for member in person] for person in groups(leads)] == expected


def test_what_several_people_have_is_told() -> None:
    people = [[lead("a", 1, None, "ada", ADA, ONE)], [lead("a", 2, None, "bo", BO, ONE)]]
    assert list(shared_keys(people)) == [("phone", ONE, (0, 1))]

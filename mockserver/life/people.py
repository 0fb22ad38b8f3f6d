"""Who a lead is: what every vendor's leads have in common, and which of them are one person."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import Transaction

State = Literal["new", "open", "calling", "won", "lost", "ended"]
"""How a lead stands, for all vendors alike. `ended` is neither won nor lost."""

Facts = Sequence[tuple[str, Any]]
"""What else to know of a lead: names in words and values, the most telling first."""


class Profile(NamedTuple):
    """What of a lead says who it is and how it stands.

    `status` is the vendor's value, `title` says it in words, `changed` is the time of the last
    change as the vendor writes it.
    """

    name: str | None
    email: str | None
    phone: str | None
    external_id: str | None
    status: Any
    title: str
    state: State
    changed: str | None = None


class Profiles:
    """Reads the leads of a vendor. A vendor whose columns have other names refines it."""

    def profile(self, lead: Row) -> Profile:
        """Who a lead is. It depends on its row alone."""
        status = lead.get("status")
        return Profile(
            text_or_none(lead.get("name")),
            text_or_none(lead.get("email")),
            text_or_none(lead.get("phone")),
            text_or_none(lead.get("external_id")),
            status,
            words_of(status),
            "open",
        )

    def facts(self, lead: Row, tx: Transaction) -> Facts:
        """What else to know of a lead, without what is not there."""
        return ()


def text_or_none(value: Any) -> str | None:
    """A value as text; None for one that is not there, or is empty."""
    return None if value in (None, "") else str(value)


def words_of(status: Any) -> str:
    """A status in words: `CLOSED_INCOMPLETE` is `Closed incomplete`."""
    return str(status).replace("_", " ").capitalize()


def given(facts: Iterable[tuple[str, Any]]) -> Facts:
    """The facts that have a value."""
    return [(name, value) for name, value in facts if value not in (None, "", 0)]


class Keys(NamedTuple):
    """What leads are compared by; None where a lead does not have it."""

    name: str | None
    email: str | None
    phone: str | None


class Member(NamedTuple):
    """A lead among all of a workspace, with who it is, and when the vendor says it changed."""

    vendor: str
    id: RowId
    row: Row
    profile: Profile
    keys: Keys
    changed: datetime | None


def groups(members: Sequence[Member]) -> list[list[Member]]:
    """The leads of each person, in the order of their first ones.

    Leads with one external id are one person; of leads that have two different ones nothing makes
    one. Otherwise it is the same name with the same e-mail address or phone number, or both of
    these, where no other lead of the vendor has them.
    """
    people = _Union(members)
    people.join_equal([member.profile.external_id for member in members])
    people.join_equal([_pair(member.keys.name, member.keys.email) for member in members])
    people.join_equal([_pair(member.keys.name, member.keys.phone) for member in members])
    both = [_pair(member.keys.email, member.keys.phone) for member in members]
    of_vendor = [(member.vendor, pair) for member, pair in zip(members, both, strict=True)]
    counts = Counter(of_vendor)
    alone = [pair if counts[vendor, pair] == 1 else None for vendor, pair in of_vendor]
    people.join_equal(alone)
    return people.groups()


def _pair(one: str | None, other: str | None) -> tuple[str, str] | None:
    return (one, other) if one and other else None


class _Union:
    """Disjoint sets of leads (union-find)."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._parents = list(range(len(members)))
        self._external_ids = [member.profile.external_id for member in members]

    def join_equal(self, keys: Sequence[Any]) -> None:
        """Join the leads that have the same key; None is no key."""
        first: dict[Any, int] = {}
        for place, key in enumerate(keys):
            if key is None:
                continue
            known = first.setdefault(key, place)
            if known != place:
                self._join(known, place)

    def _join(self, one: int, other: int) -> None:
        one, other = self._root(one), self._root(other)
        mine, others = self._external_ids[one], self._external_ids[other]
        if one == other or (mine and others and mine != others):
            return
        first, second = min(one, other), max(one, other)
        self._parents[second] = first
        self._external_ids[first] = mine or others

    def _root(self, place: int) -> int:
        parents = self._parents
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    def groups(self) -> list[list[Member]]:
        """The members of each set."""
        found: dict[int, list[Member]] = {}
        for place, member in enumerate(self._members):
            found.setdefault(self._root(place), []).append(member)
        return list(found.values())


def first_given(values: Iterable[str | None]) -> str | None:
    """The first value that is there."""
    return next((value for value in values if value), None)


class SharedKey(NamedTuple):
    """A key that several people have: its field, its value, and their places in the order."""

    field: Literal["email", "phone"]
    value: str
    places: Sequence[int]


def shared_keys(people: Sequence[Sequence[Member]]) -> Iterator[SharedKey]:
    """Each e-mail address and phone number that leads of several people have."""
    emails: dict[str, dict[int, None]] = {}
    phones: dict[str, dict[int, None]] = {}
    for place, members in enumerate(people):
        for member in members:
            _, email, phone = member.keys
            if email:
                emails.setdefault(email, {})[place] = None
            if phone:
                phones.setdefault(phone, {})[place] = None
    for value, places in emails.items():
        if len(places) > 1:
            yield SharedKey("email", value, tuple(places))
    for value, places in phones.items():
        if len(places) > 1:
            yield SharedKey("phone", value, tuple(places))

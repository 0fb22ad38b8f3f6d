"""The people of a workspace: leads of all vendors, grouped anew only where they have changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from weakref import ReferenceType, ref

from mockserver.documents.formats import parse_date_time
from mockserver.identity import DEFAULT_REGION, email_key, phone_e164
from mockserver.life.events import Cause, Event, EventLog
from mockserver.life.people import Keys, Member, SharedKey, first_given, groups, shared_keys
from mockserver.state.changes import Row, RowId
from mockserver.vendor import Vendor
from mockserver.workspaces import LEADS, Workspace

_KEPT_WORKSPACES = 4
_KEPT_LEADS = 100_000
"""Of how many workspaces, and with how many leads in all, the people are kept."""

_NEVER = datetime.min.replace(tzinfo=UTC)

Place = tuple[str, RowId]
"""The vendor of a lead and its id."""


class LastChange(NamedTuple):
    """When something last happened to a lead, and what made it."""

    at: datetime
    cause: Cause | None


@dataclass(eq=False, slots=True)
class Person:
    """One person: all leads that are the same one.

    `text` and `digits` are what a search looks through, `filters` those of `FILTERS` that fit.
    `shares` are the keys that other people have too.
    """

    members: list[Member]
    is_everywhere: bool
    text: str = ""
    digits: str = ""
    shares: list[SharedKey] = field(default_factory=list)
    filters: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """What the control API calls the person by: the first lead."""
        first = self.members[0]
        return f"{first.vendor}/{first.id}"

    @property
    def name(self) -> str | None:
        """The first name that a lead has."""
        return first_given(member.profile.name for member in self.members)

    def sort_out(self) -> None:
        """Find out which filters fit."""
        states = {member.profile.state for member in self.members}
        fits = {
            "all": True,
            "calls": "calling" in states,
            "won": "won" in states,
            "gaps": not self.is_everywhere,
            "shared": bool(self.shares),
        }
        self.filters = frozenset(name for name in FILTERS if fits[name])


FILTERS = ("all", "calls", "won", "gaps", "shared")
"""The choices of people."""


class People:
    """The people of one workspace. Rows are never changed, so what is known of one stays true.

    The workspace keeps them, so they do not refer to it.
    """

    def __init__(self, workspace: Workspace, vendors: Iterable[Vendor]) -> None:
        self._vendors = {
            vendor.name: vendor
            for vendor in vendors
            if LEADS in workspace.tables.get(vendor.name, ())
        }
        self._members: dict[Place, Member] = {}
        self._regions: Mapping[str, str] = {}
        self._by_place: dict[Place, Person] = {}
        self._changes: dict[Place, LastChange] = {}
        self._last_event = 0
        self.people: list[Person] = []

    def refresh(self, workspace: Workspace) -> None:
        """Follow what has changed in the workspace."""
        self._note_events(workspace.events)
        regions = {name: _region(name, workspace) for name in self._vendors}
        if regions != self._regions:
            self._members, self._regions = {}, regions
        before, self._members = self._members, dict(self._present_members(workspace))
        changed = [
            member for place, member in self._members.items() if before.get(place) is not member
        ]
        if len(before) == len(self._members) and all(
            _is_as_before(member, before.get((member.vendor, member.id))) for member in changed
        ):
            self._replace(changed)
        else:
            self._group()

    def _present_members(self, workspace: Workspace) -> Iterator[tuple[Place, Member]]:
        known = self._members
        for name in self._vendors:
            for row in workspace.tables[name][LEADS].all():
                place = name, row["id"]
                member = known.get(place)
                if member is None or member.row is not row:
                    member = self._member(name, row)
                yield place, member

    def _member(self, vendor: str, row: Row) -> Member:
        profile = self._vendors[vendor].profiles.profile(row)
        keys = Keys(
            " ".join(profile.name.casefold().split()) if profile.name else None,
            email_key(profile.email) if profile.email else None,
            _phone_key(profile.phone, self._regions[vendor]) if profile.phone else None,
        )
        return Member(vendor, row["id"], row, profile, keys, _moment_of(profile.changed))

    def _replace(self, changed: Sequence[Member]) -> None:
        """Follow changes after which everybody is who they were."""
        for member in changed:
            person = self._by_place[member.vendor, member.id]
            person.members = [
                member if (each.vendor, each.id) == (member.vendor, member.id) else each
                for each in person.members
            ]
            person.sort_out()

    def _group(self) -> None:
        grouped = groups(list(self._members.values()))
        self.people = [self._person(members) for members in grouped]
        for shared in shared_keys(grouped):
            for place in shared.places:
                self.people[place].shares.append(shared)
        for person in self.people:
            person.sort_out()
        self._by_place = {
            (member.vendor, member.id): person
            for person in self.people
            for member in person.members
        }
        self._forget_changes()

    def _forget_changes(self) -> None:
        """Keep no changes of leads that are gone."""
        changes = self._changes
        self._changes = {place: changes[place] for place in changes if place in self._members}

    def _person(self, members: list[Member]) -> Person:
        vendors = {member.vendor for member in members}
        texts: dict[str, None] = {}
        digits: dict[str, None] = {}
        for _, id, _, profile, keys, _ in members:
            for text in (profile.name, profile.email, profile.external_id, str(id), profile.phone):
                if text:
                    texts[text.casefold()] = None
            if keys.phone:
                digits[keys.phone] = None
        is_everywhere = len(vendors) == len(self._vendors)
        return Person(members, is_everywhere, "\n".join(texts), "\n".join(digits))

    def _note_events(self, events: EventLog) -> None:
        last = events.last
        if last < self._last_event:  # a reset
            self._changes, self._last_event = {}, 0
        for event in events.after(self._last_event):
            if event.lead is not None:
                self._changes[event.vendor, event.lead] = _change_of(event)
        self._last_event = last

    def having(self, vendor: str, id: RowId) -> Person | None:
        """The person that a lead belongs to."""
        return self._by_place.get((vendor, id))

    def last_change(self, person: Person) -> LastChange | None:
        """When something last happened to one of the person's leads."""
        found = [change for member in person.members if (change := self._last_of(member))]
        return max(found, key=_time_of) if found else None

    def _last_of(self, member: Member) -> LastChange | None:
        noted = self._changes.get((member.vendor, member.id))
        if noted is not None:
            return noted
        return None if member.changed is None else LastChange(member.changed, None)

    def in_order(self, people: Sequence[Person], order: str) -> list[Person]:
        """The people by `name`, or those whose leads were `changed` last first."""
        if order == "name":
            return sorted(people, key=_name_of)
        return sorted(people, key=self._moment, reverse=True)

    def _moment(self, person: Person) -> datetime:
        change = self.last_change(person)
        return _NEVER if change is None else change.at


def _region(vendor: str, workspace: Workspace) -> str:
    region: str = workspace.settings[vendor].get("phone_region", DEFAULT_REGION)
    return region


def _moment_of(text: str | None) -> datetime | None:
    moment = parse_date_time(text) if text else None
    try:
        return None if moment is None else moment.astimezone(UTC)
    except OverflowError:  # at the ends of the calendar
        return None


def _is_as_before(member: Member, before: Member | None) -> bool:
    """Whether a lead is the same person's as before its change."""
    if before is None:
        return False
    who, was = member.profile, before.profile
    return (who.name, who.email, who.phone, who.external_id) == (
        was.name,
        was.email,
        was.phone,
        was.external_id,
    )


def _phone_key(text: str, region: str) -> str:
    return phone_e164(text, region) or text


def _change_of(event: Event) -> LastChange:
    return LastChange(event.time, event.cause)


def _time_of(change: LastChange) -> datetime:
    return change.at


def _name_of(person: Person) -> tuple[bool, str]:
    return person.name is None, (person.name or "").casefold()


class PeopleCache:
    """The people of those workspaces that were asked for last, which keep them themselves."""

    def __init__(self) -> None:
        self._asked: list[tuple[ReferenceType[Workspace], int]] = []
        """These workspaces, the last one first, each with how many leads it had then."""

    def of(self, workspace: Workspace, vendors: Iterable[Vendor]) -> People:
        """The people of a workspace, as they are now."""
        people = workspace.derived
        if not isinstance(people, People):
            people = People(workspace, vendors)
        people.refresh(workspace)
        workspace.derived = people
        self._make_room(workspace)
        return people

    def _make_room(self, newest: Workspace) -> None:
        """Let those go that were asked for longest ago, where they are too many."""
        others = [asked for asked in self._asked if asked[0]() not in (None, newest)]
        self._asked = []
        total = 0
        for reference, leads in ((ref(newest), newest.lead_count()), *others):
            workspace = reference()
            if len(self._asked) < _KEPT_WORKSPACES and total + leads <= _KEPT_LEADS:
                self._asked.append((reference, leads))
                total += leads
            elif workspace is not None:
                workspace.derived = None

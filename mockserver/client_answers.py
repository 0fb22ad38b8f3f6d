"""What the client of the control API tells of events, due steps and calls, as small objects."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from mockserver.errors import MockserverError

Row = dict[str, Any]
"""A JSON object as the control API has it (openapi/control.yaml)."""

_OF_EVERY_EVENT = frozenset({"number", "at", "vendor", "lead", "kind", "cause"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a lead or a call, `at` a time of the workspace's clock.

    `cause` says what it comes from, like `{"due": 9}`: a request, a simulate, a due step or an act
    of the control API, with its number. An event of a preview has no number and no cause.

    What else there is depends on the kind and stands in `data`. Each member is an attribute too:
    `event.outcome`, `event.call`, `event.trigger`. As `from` is a word of Python, the two values of
    a status are `event["from"]` and `event["to"]`; brackets work for every member.
    """

    number: int | None
    at: datetime
    vendor: str
    lead: str | int | None
    kind: str
    cause: Mapping[str, int] | None
    data: Mapping[str, Any] = field(hash=False)

    def __getattr__(self, name: str) -> Any:
        # Python asks here only for what is no field. Copies ask before they have any.
        if name not in _FIELDS and name in self.data:
            return self.data[name]
        known = "" if name in _FIELDS else f"; its own members are {', '.join(self.data) or 'none'}"
        raise AttributeError(f"this event has no member {name!r}{known}")

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def __str__(self) -> str:
        return event_line(self)


_FIELDS = frozenset(Event.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of a stream: its number, its kind (docs/control.md lists them), and what it tells.

    The number leads a later stream on behind it.
    """

    number: int
    kind: str
    data: Row


def read_stream(lines: Iterable[bytes]) -> Iterator[StreamEvent]:
    """The events in the lines of a stream, as they come; comments are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.decode().rstrip("\r\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            yield StreamEvent(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields.clear()


@dataclass(frozen=True, slots=True)
class DueStep:
    """Something that will happen to a lead, `at` a time of the workspace's clock, and why.

    `at` is None while it is held, as by a paused pearl. `outcome` is what somebody chose; None
    where the lead's story decides.
    """

    number: int
    vendor: str
    lead: str | int
    step: str
    at: datetime | None
    attempt: int
    why: str
    held: bool
    outcome: str | None


@dataclass(frozen=True, slots=True)
class SimulatedLead:
    """A lead as it then is, its call (None where nobody was called), and what is due for it."""

    lead: Row | None
    call: Row | None
    due: list[DueStep]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulate made happen.

    `lead`, `call` and `due` are those of the lead that was named; `leads` has the same for each of
    many. `deliveries` is what webhooks were told. `next_due` comes first in the whole workspace.
    """

    events: list[Event]
    leads: list[SimulatedLead]
    deliveries: "list[Delivery]"
    next_due: DueStep | None

    @property
    def lead(self) -> Row | None:
        """The lead as the vendor's API shows it now."""
        return self._only.lead

    @property
    def call(self) -> Row | None:
        """The call as the vendor's API shows it now; None where nobody was called."""
        return self._only.call

    @property
    def due(self) -> list[DueStep]:
        """What is due for the lead."""
        return self._only.due

    @property
    def id(self) -> str | int:
        """The id of the call. Raises MockserverError where nobody was called."""
        call = self._only.call
        if call is None:
            raise MockserverError("nobody was called, so there is no call with an id")
        id: str | int = call["id"]
        return id

    @property
    def _only(self) -> SimulatedLead:
        if len(self.leads) != 1:
            raise MockserverError(f"it happened to {len(self.leads)} leads: `leads` has each")
        return self.leads[0]


@dataclass(frozen=True, slots=True)
class LeadStory:
    """What the calls to a lead end in, one after the other; the last step repeats.

    `source` is where the story comes from: `fixture`, `magic`, `drawn` or `control`. `attempts`
    counts the calls so far, and `due` has what is planned.
    """

    story: str
    source: str
    steps: list[Row]
    attempts: int
    due: list[DueStep]


@dataclass(frozen=True, slots=True)
class ChangedLead:
    """A lead as the vendor's API shows it after a change, and what the change made happen."""

    lead: Row | None
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Clock:
    """What a workspace's clock shows.

    `now` has a time zone. `shift` is how far the clock is ahead of the real time; zero for a frozen
    clock.
    """

    mode: Literal["real", "frozen", "shifted"]
    now: datetime
    shift: timedelta


@dataclass(frozen=True, slots=True)
class Passed(Clock):
    """The clock after time has passed, and what happened meanwhile.

    `steps` counts the due steps that were played. `events` has everything that happened from the
    first moment to the last, what requests did in that time too; `dropped` counts those that the
    server no longer keeps. `deliveries` is what webhooks were told meanwhile, or were still to be
    told, and `failed` counts what their receivers did not accept. `stopped` is "limit" where there
    were more steps than one call may play, and "reset" where the workspace began anew meanwhile.
    `next_due` comes first now.
    """

    steps: int
    events: list[Event]
    deliveries: "list[Delivery]"
    failed: int
    dropped: int
    stopped: Literal["limit", "reset"] | None
    next_due: DueStep | None


def read_event(shown: Row) -> Event:
    """An event as the API shows it."""
    data = {name: value for name, value in shown.items() if name not in _OF_EVERY_EVENT}
    return Event(
        shown.get("number"),
        datetime.fromisoformat(shown["at"]),
        shown["vendor"],
        shown["lead"],
        shown["kind"],
        shown.get("cause"),
        data,
    )


def event_line(event: Event) -> str:
    """The event in one line, for people."""
    words = [] if event.number is None else [f"{event.number:>3} "]
    words += [event.at.isoformat().replace("+00:00", "Z"), event.vendor, str(event.lead)]
    words.append(event.kind)
    words += [f"{name}={value}" for name, value in event.data.items() if value is not None]
    for kind, number in (event.cause or {}).items():
        words.append(f"(by {kind} {number})")
    return " ".join(words)


def read_due(shown: Row) -> DueStep:
    """A due step as the API shows it."""
    at = shown["at"]
    return DueStep(**{**shown, "at": None if at is None else datetime.fromisoformat(at)})


def read_due_or_none(shown: Row | None) -> DueStep | None:
    """The same, where there may be none."""
    return None if shown is None else read_due(shown)


def read_events(shown: Sequence[Row]) -> list[Event]:
    """Events as the API shows them."""
    return [read_event(each) for each in shown]


def read_simulated(shown: Row) -> Simulated:
    """The answer to a simulate."""
    leads = []
    for each in shown["leads"]:
        due = [read_due(step) for step in each["due"]]
        leads.append(SimulatedLead(each["lead"], each["call"], due))
    return Simulated(
        read_events(shown["events"]),
        leads,
        read_deliveries(shown["deliveries"]),
        read_due_or_none(shown["next_due"]),
    )


def read_story(shown: Row) -> LeadStory:
    """The answer to a new story."""
    due = [read_due(step) for step in shown["due"]]
    return LeadStory(
        shown["story"],
        shown["source"],
        shown["steps"],
        shown["attempts"],
        due,
    )


def read_clock(shown: Row) -> Clock:
    """The clock as the API shows it."""
    return Clock(
        shown["mode"],
        datetime.fromisoformat(shown["now"]),
        timedelta(seconds=shown["shift_seconds"]),
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery, `at` a time of the workspace's clock.

    Without an answer `status` is None, `error` says why in a sentence, and `failure` in a word.
    `ms` is how long it took, `answer` what the receiver answered: JSON, or text.
    """

    number: int
    at: datetime
    status: int | None
    ms: float
    failure: str | None
    error: str | None
    headers: Mapping[str, str]
    answer: Any


@dataclass(frozen=True, slots=True)
class Delivery:
    """One payload to one webhook because of one event, with every attempt.

    `webhook` is its key, like `vendor/1`. `state` is pending, held, delivered, failed, refused,
    lost, loop or dropped. `at` is when the event happened, `next_try` when it is tried again; both
    are times of the workspace's clock. `body` is the payload.
    """

    number: int
    event: int
    webhook: str
    vendor: str
    kind: str
    lead: str | int | None
    at: datetime
    cause: Mapping[str, int]
    url: str
    state: str
    next_try: datetime | None
    body: Any
    attempts: list[Attempt]
    remarks: list[str]

    @property
    def status(self) -> int | None:
        """What the receiver answered last; None where there was no answer."""
        return self.attempts[-1].status if self.attempts else None

    def __str__(self) -> str:
        return delivery_line(self)


@dataclass(frozen=True, slots=True)
class Received:
    """What came into an inbox, and the `answer` that it got.

    `delivery` and `attempt` are None where somebody else than this server sent it.
    """

    number: int
    delivery: int | None
    attempt: int | None
    at: datetime
    query: str
    headers: Mapping[str, str]
    body: Any
    answer: Row


def read_delivery(shown: Row) -> Delivery:
    """A delivery as the API shows it."""
    attempts = [
        Attempt(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in shown["attempts"]
    ]
    next_try = shown["next_try"]
    return Delivery(
        **{
            **shown,
            "at": datetime.fromisoformat(shown["at"]),
            "next_try": None if next_try is None else datetime.fromisoformat(next_try),
            "attempts": attempts,
        }
    )


def read_deliveries(shown: Sequence[Row]) -> list[Delivery]:
    """Deliveries as the API shows them."""
    return [read_delivery(each) for each in shown]


def read_received(shown: Row) -> Received:
    """What came into an inbox, as the API shows it."""
    return Received(**{**shown, "at": datetime.fromisoformat(shown["at"])})


def delivery_line(delivery: Delivery) -> str:
    """The delivery in one line, for people."""
    words = [f"{delivery.number:>3} ", delivery.kind, f"of lead {delivery.lead}"]
    words += ["to", delivery.webhook, delivery.url, delivery.state]
    if delivery.attempts:
        last = delivery.attempts[-1]
        words.append(f"({last.error or last.status})")
    return " ".join(words)

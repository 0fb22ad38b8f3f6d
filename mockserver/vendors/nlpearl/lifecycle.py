"""How outbound pearls call their leads, and what the calls end in.

A lead is queued, dialled five seconds later, and the call ends. What is documented stands in
`pages/postcall`, `pages/webhooks` and `v2/pearlFlow/update-pearl-outbound`; the rest is marked in
`outcomes.yaml` and in the settings.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path as File
from typing import Any, NamedTuple

from mockserver.collection import new_id
from mockserver.documents.zones import zone_named
from mockserver.errors import Path
from mockserver.identity import email_key
from mockserver.life.events import Happening
from mockserver.life.lifecycle import (
    DUE,
    PLAYED,
    Attempt,
    Lifecycle,
    Scene,
    after_of,
    attempt_from,
)
from mockserver.life.moments import moment_of, moment_text
from mockserver.life.outcomes import Outcome, load_outcomes
from mockserver.life.schedule import Hours, next_open
from mockserver.life.stories import chance, drawn_number, step_at
from mockserver.state.changes import Row
from mockserver.state.ids import token
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.vendors.nlpearl.calls import call_view, lead_view
from mockserver.vendors.nlpearl.conversations import CONVERSATIONS, filled, transcript_of
from mockserver.vendors.nlpearl.rows import (
    CALL,
    IN_PROGRESS,
    NEW,
    OUTBOUND,
    RUNNING,
    ZONE,
    stamp_of,
    time_text,
)
from mockserver.vendors.nlpearl.rules import phone_index
from mockserver.vendors.nlpearl.seeds import DUE_STEPS, of_pearl_and_lead
from mockserver.vendors.nlpearl.webhooks import WEBHOOKS_OF_PEARLS

NEED_RETRY, QUEUED, ON_CALL, VOICEMAIL, NO_LONGER = 10, 20, 40, 70, 150
CANCELED = 8

_CLOSED = frozenset({30, 100, 110, 130, 150, 220, 300, 500})
"""Statuses of a lead that is called no more."""

_CALLABLE = frozenset({NEW, NEED_RETRY})

_QUEUE, _DIAL, _END, _CHOSEN = DUE_STEPS
_DIALS_AFTER = timedelta(seconds=5)
_RINGS = 30
"""How many seconds it rings until nobody answered, where the pearl does not say."""
_SHORTEST_RING, _LONGEST_RING = 4, 15
"""Between which numbers of seconds somebody answers."""
_ENGAGED = 2
"""After so many seconds a busy or failed call is over."""
_NO_ANSWER = 7
_NO_RECORDING, _NO_TRANSCRIPT = 4, 3

_INTERVALS = {
    1: timedelta(hours=6),
    2: timedelta(days=1),
    3: timedelta(days=3),
    4: timedelta(weeks=1),
    6: timedelta(hours=3),
}
_MONTHLY = 5
_INTERVAL_WORDS = {
    1: "6 hours",
    2: "a day",
    3: "3 days",
    4: "a week",
    5: "a month",
    6: "3 hours",
}
_BUILT_IN_NAMES = {
    "agentName": "agent name",
    "firstName": "First Name",
    "lastName": "Last Name",
    "phoneNumber": "Phone Number",
}


class PlannedCall(NamedTuple):
    """When a call is to be made, which attempt it is, why, and what somebody wants of it."""

    at: datetime
    attempt: int
    why: str
    options: Mapping[str, Any] | None = None


class PearlLifecycle(Lifecycle):
    """The calls of outbound pearls."""

    event_kinds = Lifecycle.event_kinds | {"call.queued"}
    magic_columns = frozenset({"phoneNumber", "externalId", "callData"})
    default_stories: Mapping[str, Sequence[Any]] = {
        "answers": ["success"],
        "third_time": ["no_answer", "busy", "success"],
        "declines": ["not_successful"],
        "never_answers": ["no_answer"],
        "machine": ["voicemail_left"],
    }
    default_weights: Mapping[str, float] = {
        "answers": 4,
        "third_time": 3,
        "declines": 2,
        "never_answers": 1,
        "machine": 1,
    }

    fixed_fields = frozenset({"id", "pearlId", "relatedId", "leadId", "startTime"})
    needed_options: Mapping[str, str] = {_CHOSEN: "outcome", _END: "call"}

    # Events.

    def happenings(self, diffs: Sequence[RowDiff], tx: Transaction) -> list[Happening]:
        """Calls before leads, or the other way round: so come the webhooks of one moment."""
        of_calls: list[Happening] = []
        of_leads: list[Happening] = []
        for diff in diffs:
            if diff.table == "calls":
                of_calls += _call_happenings(diff, tx)
            elif diff.table == "leads":
                of_leads += _lead_happenings(diff)
        if tx.settings["webhook_order"] == "lead_first":
            return of_leads + of_calls
        return of_calls + of_leads

    def lead_happenings(self, diff: RowDiff, settings: Mapping[str, Any]) -> list[Happening]:
        """See `Lifecycle`."""
        return list(_lead_happenings(diff))

    def seeded(self, section: Mapping[str, Any], scene: Scene) -> Iterator[tuple[Path, str]]:
        """See `Lifecycle`: the webhooks of the fixture's pearls become rows, too."""
        yield from WEBHOOKS_OF_PEARLS.seeded(section, scene.tx)
        yield from super().seeded(section, scene)

    # After a request.

    def react(self, diffs: Sequence[RowDiff], scene: Scene) -> bool:
        """See `Lifecycle`."""
        wrote = False
        for diff in diffs:
            if diff.table == "leads":
                wrote = self._react_to_lead(diff, scene) or wrote
            elif diff.table == "pearls":
                wrote = self._react_to_pearl(diff, scene) or wrote
        return wrote

    def _react_to_lead(self, diff: RowDiff, scene: Scene) -> bool:
        id, after, tx = diff.id, diff.after, scene.tx
        if after is None:
            return self.end_story(id, scene)
        if diff.before is None:
            return self.play_if_meant(after, scene)
        wrote = False
        if "status" in after:
            wrote = self._react_to_status(id, after["status"], scene)
        if not self.magic_columns.isdisjoint(after):
            lead = tx.get("leads", id)
            assert lead is not None, id
            wrote = self.play_if_meant(lead, scene) or wrote
        return wrote

    def _react_to_status(self, id: Any, status: int, scene: Scene) -> bool:
        if status in _CLOSED:
            return self.cancel(id, scene)
        played = scene.tx.get(PLAYED, id)
        lead = scene.tx.get("leads", id)
        if status not in _CALLABLE or played is None or lead is None:
            return False
        if self.due_of(id, scene.tx):
            return False
        return self.plan_first(lead, scene) is not None

    def _react_to_pearl(self, diff: RowDiff, scene: Scene) -> bool:
        if diff.before is None or diff.after is None or "status" not in diff.after:
            return False
        steps = scene.tx.find(DUE, "group", diff.id)
        waiting = [due for due in steps if self.is_cancellable(due)]
        runs = diff.after["status"] == RUNNING
        for due in waiting:
            if runs:
                _release(due, scene)
            else:
                _hold(due, scene)
        return bool(waiting)

    # Planning.

    def plan_first(self, lead: Row, scene: Scene, after: datetime | None = None) -> Row | None:
        """See `Lifecycle`."""
        pearl = scene.tx.get("pearls", lead["pearlId"])
        if pearl is None or pearl["type"] != OUTBOUND or lead["status"] in _CLOSED:
            return None
        played = scene.tx.get(PLAYED, lead["id"])
        attempt = played["attempts"] + 1 if played is not None else 1
        at = after or _within_hours(scene.now, lead, pearl)
        why = f"attempt {attempt} of at most {_most_attempts(pearl, scene)}"
        return self._plan_call(lead, pearl, PlannedCall(at, attempt, why), scene)

    def _plan_call(self, lead: Row, pearl: Row, planned: PlannedCall, scene: Scene) -> Row:
        return self.plan(
            lead["id"],
            _QUEUE,
            planned.at,
            planned.why,
            scene,
            attempt=planned.attempt,
            group=pearl["id"],
            held=pearl["status"] != RUNNING,
            options=planned.options,
        )

    def plan_outcome(
        self, lead: Row, at: datetime, options: Mapping[str, Any], scene: Scene
    ) -> Row:
        """Plan a call at a time, with an outcome that somebody chose."""
        pearl = scene.tx.get("pearls", lead["pearlId"])
        why = f"simulate {options['outcome']}"
        if pearl is None:
            return super().plan_outcome(lead, at, options, scene)
        return self._plan_call(lead, pearl, PlannedCall(at, 1, why, options), scene)

    def is_cancellable(self, due: Row) -> bool:
        """See `Lifecycle`."""
        return bool(due["step"] != _END)

    # Playing.

    def play(self, due: Row, scene: Scene) -> None:
        """See `Lifecycle`."""
        lead = scene.tx.get("leads", due["lead"])
        if due["step"] == _END:
            self._play_end(due, lead, scene)
        elif lead is None:
            return
        elif due["step"] == _DIAL:
            self._play_dial(due, lead, scene)
        else:
            self._play_queue(due, lead, scene)

    def _attempt(self, due: Row, lead: Row, scene: Scene) -> Attempt | None:
        """What the step's call ends in: as the step says, else as the lead's story does."""
        options = due["options"]
        if "outcome" not in options:
            return self.attempt_of(lead, scene.tx.get(PLAYED, lead["id"]), scene.tx)
        return attempt_from(options, self.outcomes(scene.tx))

    def _play_queue(self, due: Row, lead: Row, scene: Scene) -> None:
        attempt = self._attempt(due, lead, scene)
        pearl = scene.tx.get("pearls", lead["pearlId"])
        if attempt is None or pearl is None or _is_spared(lead, due):
            return
        if not attempt.outcome.part("call"):
            self._find_before_dialling(lead, attempt, scene)
            return
        lead = self._queue(lead, scene)
        options = dict(due["options"])
        if scene.settings["call_status_8"] == "queued":
            row = _new_call(lead, scene) | {"status": CANCELED, "conversationStatus": QUEUED}
            options["call"] = scene.put("calls", row)["id"]
        scene.end_stage(self)
        self.plan(
            lead["id"],
            _DIAL,
            moment_of(due["at"]) + _DIALS_AFTER,
            "the lead is queued",
            scene,
            counted_from=moment_of(due["counted_from"]),
            attempt=due["attempt"],
            group=pearl["id"],
            options=options,
        )

    def _play_dial(self, due: Row, lead: Row, scene: Scene) -> None:
        attempt = self._attempt(due, lead, scene)
        pearl = scene.tx.get("pearls", lead["pearlId"])
        if attempt is None or pearl is None or _is_spared(lead, due):
            return
        if _is_full(pearl, scene):
            scene.tx.put(DUE, due)
            held = scene.tx.get(DUE, due["id"])
            assert held is not None
            _hold(held, scene)
            return
        call = self._dial(lead, scene, due["options"].get("call"))
        key = self._chance(call, scene)
        seconds = _ring(attempt.outcome, pearl, key) + _duration(attempt, pearl, key)
        self.plan(
            lead["id"],
            _END,
            moment_of(due["at"]) + timedelta(seconds=seconds),
            "the call runs",
            scene,
            counted_from=moment_of(due["counted_from"]),
            attempt=due["attempt"],
            group=pearl["id"],
            options=dict(due["options"]) | {"call": call["id"]},
        )

    def _play_end(self, due: Row, lead: Row | None, scene: Scene) -> None:
        call = scene.tx.get("calls", due["options"]["call"])
        if call is None or not self.is_ongoing(call):
            return
        attempt = None
        if lead is not None:
            attempt = self._attempt(due, lead, scene)
        if attempt is None:
            # The lead was deleted, or its story ended, while the call ran.
            attempt = Attempt(self.outcomes(scene.tx)["completed"])
        self._end(call, attempt, scene, counted_from=moment_of(due["counted_from"]))

    # The stages of a call.

    def simulate(self, lead: Row, attempt: Attempt, scene: Scene) -> Row | None:
        """See `Lifecycle`."""
        if not attempt.outcome.part("call"):
            self.cancel(lead["id"], scene)
            self._find_before_dialling(lead, attempt, scene)
            return None
        return self.end(self.start(lead, scene), attempt, scene)

    def start(self, lead: Row, scene: Scene) -> Row:
        """See `Lifecycle`."""
        self.cancel(lead["id"], scene)
        lead = self._queue(lead, scene)
        scene.end_stage(self)
        return self._dial(lead, scene)

    def end(self, call: Row, attempt: Attempt, scene: Scene) -> Row:
        """See `Lifecycle`."""
        for due in self.due_of(call["leadId"], scene.tx):
            if due["step"] == _END and due["options"].get("call") == call["id"]:
                scene.tx.delete(DUE, due["id"])
        return self._end(call, attempt, scene, counted_from=scene.now)

    def is_ongoing(self, call: Row) -> bool:
        """See `Lifecycle`."""
        return bool(call["status"] == IN_PROGRESS)

    def _find_before_dialling(self, lead: Row, attempt: Attempt, scene: Scene) -> None:
        """What a platform knows of a number without a call."""
        lead = scene.update("leads", lead, dict(attempt.outcome.part("lead")))
        self._drop_plans(lead, scene)
        scene.end_stage(self)

    def _drop_plans(self, lead: Row, scene: Scene) -> None:
        """Remove what a call leaves nothing of: the attempt after it is planned anew.

        What somebody chose stays for a lead that is still called, or where it was forced.
        """
        for due in self.due_of(lead["id"], scene.tx):
            is_chosen = "outcome" in due["options"] and not _is_spared(lead, due)
            if self.is_cancellable(due) and not is_chosen:
                scene.tx.delete(DUE, due["id"])

    def _queue(self, lead: Row, scene: Scene) -> Row:
        return scene.update("leads", lead, {"status": QUEUED})

    def _dial(self, lead: Row, scene: Scene, queued: str | None = None) -> Row:
        """The call begins, and the lead is on it."""
        row = _new_call(lead, scene)
        if queued is not None:
            row["id"] = queued
        call = scene.put("calls", row)
        scene.update("leads", lead, {"status": ON_CALL})
        scene.end_stage(self)
        return call

    def _end(self, call: Row, attempt: Attempt, scene: Scene, counted_from: datetime) -> Row:
        """The call ends, the lead has what came of it, and the next attempt is planned."""
        tx, outcome = scene.tx, attempt.outcome
        lead = tx.get("leads", call["leadId"] or "")
        pearl = tx.get("pearls", call["pearlId"]) or {}
        columns = self._what_was_said(call, lead, pearl, attempt, scene)
        ended = scene.update("calls", call, columns | dict(attempt.fields or {}))
        if lead is None:
            scene.end_stage(self)
            return ended
        played = tx.get(PLAYED, lead["id"])
        attempts = _attempts(played, lead, tx)
        if played is not None:
            played = tx.update(PLAYED, played, {"attempts": attempts})
        most = _most_attempts(pearl, scene)
        retries = _is_retried(outcome, scene)
        fields = dict(outcome.part("lead"))
        if retries and attempts >= most:
            fields |= outcome.last_attempt.get("lead", {})
            retries = False
        if not fields:
            fields = {"status": NEED_RETRY if attempts > 1 else NEW}
        lead = scene.update("leads", lead, fields)
        self._drop_plans(lead, scene)
        scene.end_stage(self)
        if retries and played is not None and pearl:
            planned = _next_call(lead, pearl, played, counted_from, scene)
            planned = planned._replace(why=f"{planned.why} after {outcome.name}")
            self._plan_call(lead, pearl, planned, scene)
        _make_room(pearl, scene)
        return ended

    def _what_was_said(
        self, call: Row, lead: Row | None, pearl: Row, attempt: Attempt, scene: Scene
    ) -> Row:
        """The columns of a call that has ended."""
        outcome = attempt.outcome
        key = self._chance(call, scene)
        fields = outcome.part("call")
        ended = {name: drawn_number(value, chance(*key, name)) for name, value in fields.items()}
        duration = _duration(attempt, pearl, key)
        ended |= {"duration": duration, "outcome": outcome.name, "events": list(outcome.counts)}
        conversation = CONVERSATIONS.get(outcome.says or "")
        if conversation is None:
            return ended
        settings = pearl.get("outboundSettings") or {}
        known = (lead or {}).get("callData") or {}
        texts = {**known, "voiceMail": settings.get("voiceMail")}
        ended["summary"] = filled(conversation.summary, texts)
        if settings.get("transcriptOptions") != _NO_TRANSCRIPT:
            ended["transcript"] = transcript_of(conversation, duration, texts)
        if settings.get("recordingTrack") != _NO_RECORDING:
            ended["recording"] = _recording(call, scene)
        if outcome.name != "voicemail_left":
            ended["collectedInfo"] = _collected(known, attempt.collected or {})
        return ended

    def _chance(self, call: Row, scene: Scene) -> tuple[int, str, str, int]:
        """What the numbers of a call are drawn by: not by its id, which may differ from run to run.

        By the lead, and by how many calls there were before.
        """
        lead = scene.tx.get("leads", call["leadId"] or "")
        number = len(scene.tx.find("calls", "lead", call["leadId"]))
        return scene.seed, self.vendor, self.identity(lead or call), number

    # Whom.

    def objection(self, lead: Row, outcome: Outcome) -> str | None:
        """See `Lifecycle`."""
        if lead["status"] in _CLOSED:
            return f"the lead is called no more: its status is {lead['status']}"
        return None

    def lead_view(self, lead: Row, tx: Transaction) -> Row:
        """See `Lifecycle`."""
        return lead_view(lead, tx)

    def call_view(self, call: Row, tx: Transaction) -> Row:
        """See `Lifecycle`."""
        return call_view(call)

    def update_of(self, lead: Row) -> tuple[str, str]:
        """See `Lifecycle`."""
        return "PUT", f"/v2/Outbound/{lead['pearlId']}/Lead/{lead['id']}"

    def lead_of(self, call: Row, tx: Transaction) -> Row | None:
        """See `Lifecycle`."""
        return tx.get("leads", call["leadId"]) if call["leadId"] else None

    def named(self, text: str, tx: Transaction) -> list[Row]:
        """See `Lifecycle`. An e-mail address is looked for in the leads' callData."""
        lead = tx.get("leads", text)
        if lead is not None:
            return [lead]
        found: dict[Any, Row] = {}
        phone = phone_index(text, tx.settings["phone_region"])
        for pearl in tx.rows("pearls"):
            for index, key in (("external id", text), ("phone", phone)):
                for row in tx.find("leads", index, (pearl["id"], key)):
                    found[row["id"]] = row
        if not found and "@" in text:
            address = email_key(text)
            for row in tx.rows("leads"):
                if any(_is_address(each, address) for each in (row["callData"] or {}).values()):
                    found[row["id"]] = row
        return list(found.values())

    def identity(self, lead: Row) -> str:
        """See `Lifecycle`."""
        return str(lead.get("externalId") or lead.get("phoneNumber") or lead["id"])

    def magic_values(
        self, lead: Row
    ) -> tuple[Iterable[str | None], Iterable[str | None], str | None]:
        """See `Lifecycle`."""
        texts = (lead["callData"] or {}).values()
        return texts, (lead["externalId"],), lead["phoneNumber"]


def _is_address(value: Any, address: str | None) -> bool:
    return isinstance(value, str) and "@" in value and email_key(value) == address


def _call_happenings(diff: RowDiff, tx: Transaction) -> Iterator[Happening]:
    row = tx.get("calls", diff.id)
    if row is None or diff.after is None or "status" not in diff.after:
        return
    data = {"call": row["id"], "status": row["status"]}
    data["conversationStatus"] = row["conversationStatus"]
    if row["status"] == IN_PROGRESS:
        yield Happening(row["leadId"], "call.started", data)
    elif diff.before is None and row.get("outcome") is None:
        yield Happening(row["leadId"], "call.queued", data)
    else:
        data |= {"outcome": row.get("outcome"), "duration": row["duration"]}
        yield Happening(row["leadId"], "call.ended", data)


def _lead_happenings(diff: RowDiff) -> Iterator[Happening]:
    before, after = diff.before, diff.after
    if before is None:
        yield Happening(diff.id, "lead.created", {"status": (after or {}).get("status")})
    elif after is None:
        yield Happening(diff.id, "lead.deleted", {})
    else:
        if "status" in after:
            yield Happening(
                diff.id, "lead.status", {"from": before.get("status"), "to": after["status"]}
            )
        fields = [name for name in after if name != "status"]
        if fields:
            yield Happening(diff.id, "lead.updated", {"fields": fields})


def _hold(due: Row, scene: Scene) -> None:
    """Have a due step wait, without a time."""
    if due["held"] is None:
        scene.tx.update(DUE, due, {"at": None, "held": due["at"]})


def _release(due: Row, scene: Scene) -> None:
    """Give a step that waits its time again: now, where that has passed."""
    if due["held"] is not None:
        at = max(due["held"], moment_text(scene.now))
        scene.tx.update(DUE, due, {"at": at, "held": None, "counted_from": at})


def _is_full(pearl: Row, scene: Scene) -> bool:
    """Whether all agents of the pearl are on a call, where the setting counts them."""
    if scene.settings["limit_agents"] != "on":
        return False
    ongoing = len(scene.tx.group("calls", "ongoing", pearl["id"]))
    return bool(ongoing >= pearl["totalAgents"])


def _make_room(pearl: Row, scene: Scene) -> None:
    """Have the call that waits longest for an agent dialled now."""
    if not pearl or scene.settings["limit_agents"] != "on" or pearl["status"] != RUNNING:
        return
    waiting = [due for due in scene.tx.find(DUE, "group", pearl["id"]) if due["step"] == _DIAL]
    held = [due for due in waiting if due["held"] is not None]
    if held and not _is_full(pearl, scene):
        _release(held[0], scene)


def _new_call(lead: Row, scene: Scene) -> Row:
    stamp = stamp_of(scene.now, scene.seed, "calls")
    row = CALL | {
        "id": new_id(scene.tx, "calls", stamp.id),
        "pearlId": lead["pearlId"],
        "startTime": time_text(scene.now),
        "conversationStatus": ON_CALL,
        "status": IN_PROGRESS,
        "leadId": lead["id"],
        "events": [],
        "outcome": None,
    }
    return row | of_pearl_and_lead(row, scene.tx)


def _recording(call: Row, scene: Scene) -> str:
    client = token(scene.seed, "client", 0, 24)
    return f"https://api.nlpearl.ai/v2/Recording/{client}/{call['pearlId']}/{call['id']}"


def _collected(known: Row, said: Mapping[str, Any]) -> list[Row]:
    """What was known before the call and what came out of it, sorted by id."""
    return [
        {"id": id, "name": _BUILT_IN_NAMES.get(id, id), "value": value}
        for id, value in sorted({**known, **said}.items())
    ]


def _ring(outcome: Outcome, pearl: Row, key: tuple[Any, ...]) -> int:
    """For how many seconds it rings."""
    longest: int = (pearl.get("outboundSettings") or {}).get("ringDuration") or _RINGS
    status = outcome.part("call").get("status")
    if status == _NO_ANSWER:
        return longest
    if outcome.says is None:
        return _ENGAGED
    most = min(longest, _LONGEST_RING)
    return int(drawn_number([_SHORTEST_RING, most], chance(*key, "ring")))


def _duration(attempt: Attempt, pearl: Row, key: tuple[Any, ...]) -> int:
    """How many seconds the conversation takes; a pearl may end it before."""
    if attempt.duration is not None:
        return attempt.duration
    drawn = drawn_number(attempt.outcome.part("call")["duration"], chance(*key, "duration"))
    minutes = (pearl.get("outboundSettings") or {}).get("callTimeout")
    return int(drawn if minutes is None else min(drawn, 60 * minutes))


def _attempts(played: Row | None, lead: Row, tx: Transaction) -> int:
    """How many attempts there were, with the one that ends: of the story, else of the lead."""
    if played is not None:
        return int(played["attempts"]) + 1
    return len(tx.find("calls", "lead", lead["id"]))


def _is_retried(outcome: Outcome, scene: Scene) -> bool:
    if outcome.part("lead").get("status") == VOICEMAIL:
        return bool(scene.settings["voicemail_retry"] == "yes")
    return outcome.next == "retry"


def _next_call(
    lead: Row, pearl: Row, played: Row, counted_from: datetime, scene: Scene
) -> PlannedCall:
    """The attempt after one that fell due at a time: as the story says, else by the interval."""
    interval = _interval(pearl, scene)
    reason = "as its story says"
    at = after_of(step_at(played["steps"], played["attempts"]), counted_from)
    if at is None:
        at = _within_hours(_later(counted_from, interval), lead, pearl)
        reason = f"{_INTERVAL_WORDS[interval]} after the one before fell due"
    attempt = played["attempts"] + 1
    why = f"attempt {attempt} of at most {_most_attempts(pearl, scene)}, {reason}"
    return PlannedCall(max(at, scene.now), attempt, why)


def _most_attempts(pearl: Row, scene: Scene) -> int:
    most = (pearl.get("outboundSettings") or {}).get("maximumCallAttempts")
    return int(most or scene.settings["call_attempts"])


def _interval(pearl: Row, scene: Scene) -> int:
    interval = (pearl.get("outboundSettings") or {}).get("minimumRetryIntervalHours")
    return int(interval or scene.settings["retry_interval"])


def _later(moment: datetime, interval: int) -> datetime:
    """The moment one retry interval later; a month later is the same day, or the month's last."""
    if interval != _MONTHLY:
        return moment + _INTERVALS[interval]
    first = (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(moment.day, last.day))


def _is_spared(lead: Row, due: Row) -> bool:
    """Whether the lead is called no more, and nobody insists."""
    return lead["status"] in _CLOSED and not due["options"].get("forced", False)


def _within_hours(moment: datetime, lead: Row, pearl: Row) -> datetime:
    """The moment itself, or the next one within the pearl's calling hours, in the lead's zone."""
    given = (pearl.get("outboundSettings") or {}).get("callingHours") or ()
    hours = [each for each in map(_hours, given) if each is not None]
    return next_open(moment, _zone(lead, pearl), hours)


def _zone(lead: Row, pearl: Row) -> tzinfo:
    return zone_named(lead["timeZoneId"] or pearl["timeZoneId"] or ZONE) or UTC


def _hours(given: Row) -> Hours | None:
    """Calling hours of a day; None where they are no such."""
    try:
        start = time.fromisoformat(given["start"])
        end = time.fromisoformat(given["end"])
        return Hours(int(given["day"]), start.replace(tzinfo=None), end.replace(tzinfo=None))
    except (KeyError, TypeError, ValueError):
        return None


LIFECYCLE = PearlLifecycle(
    "nlpearl",
    load_outcomes(File(__file__).with_name("outcomes.yaml")),
    {"call": "CallApiView", "lead": "LeadApiView"},
)
LIFECYCLE.webhooks = WEBHOOKS_OF_PEARLS

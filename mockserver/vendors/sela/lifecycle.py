"""How Sela calls its leads, what the calls end in, and which of its triggers a change sets off.

The vendor documents fields, their values and the names of the triggers (`webhooks/retrieve-a-
webhook`). What belongs together is mostly inferred, and marked in `outcomes.yaml` and `rules.py`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path as File
from typing import Any, NamedTuple

from mockserver.collection import new_number
from mockserver.documents.formats import parse_date_time
from mockserver.errors import Path
from mockserver.identity import email_key, phone_e164
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
from mockserver.life.moments import moment_text
from mockserver.life.outcomes import Outcome, load_outcomes
from mockserver.life.schedule import Hours, every_day, next_open
from mockserver.life.stories import Story, chance, drawn_number, step_at
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.vendors.sela.rows import (
    CALL,
    CALL_FIELDS,
    CLOSING,
    SET_FLAGS,
    call_count,
    lead_shown,
    moment_of,
    moment_shown,
    set_flags,
    time_text,
)
from mockserver.vendors.sela.seeds import DUE_STEPS
from mockserver.vendors.sela.webhooks import TRIGGERS_OF_LEADS
from mockserver.vendors.sela.zones import zone_of

_CALL, _OUTCOME = DUE_STEPS

_FIRST, _SLOT = "FIRST_CALL", "NEXT_AVAILABLE_SLOT"
_ASSIGNED = "LEAD_ASSIGNED"
_AS_TOLD = "as its story says"
_NO_CALL: Row = {"next_call_time": None, "next_call_time_reason": None}

_STATUS_TRIGGERS = frozenset({*CLOSING, "CALLBACK_TO_TRANSFER"})
"""Statuses that have a trigger of their own."""

_PLACE_COLUMNS = frozenset({"call_schedule_start_time", "us_state", "phone_number"})
"""What decides when a lead can be called."""
_CLOSING_COLUMNS = frozenset({"status", "call_dnc"})

_SILENT_COLUMNS = frozenset({"modified_time", SET_FLAGS})
"""What may change of a lead without an event."""

_LEAD_FIELDS = (
    "status",
    "status_detail",
    "status_reason",
    "next_call_time",
    "sms_dnc",
    "call_dnc",
    "representative",
)
"""What an outcome can set of a lead."""

_LONGEST_NUMBER = 18
_LATEST = datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)
"""A call that is to be made later is planned for then: no clock shows a later time."""
_SECOND = timedelta(seconds=1)


class Wanted(NamedTuple):
    """When a call is wanted, which attempt it is, and why; `is_exact`: at any hour of the day."""

    moment: datetime
    attempt: int
    why: str = ""
    is_exact: bool = False


class SelaLifecycle(Lifecycle):
    """The calls of leads, one after the other by the vendor's schedule."""

    event_kinds = Lifecycle.event_kinds | {
        "lead.reengaged",
        "lead.first_inbound",
        "lead.late_callback",
        "lead.sms_dnc",
        "lead.call_dnc",
        "call.inbound",
        "call.transfer",
        "call.complete",
    }
    own_fields: Mapping[str, Mapping[str, Any]] = {"call": CALL_FIELDS}
    laid_over = ("lead", "call")
    needed_options: Mapping[str, str] = {_OUTCOME: "outcome"}
    magic_columns = frozenset({"email", "phone_number", "external_id", "metadata"})
    default_stories: Mapping[str, Sequence[Any]] = {
        "books": ["appointment_booked"],
        "transfers": ["warm_transfer"],
        "third_time": ["no_answer", "voicemail", "appointment_booked"],
        "declines": ["not_interested"],
        "never_answers": ["no_answer"],
        "wants_no_calls": ["do_not_call"],
    }
    default_weights: Mapping[str, float] = {
        "books": 3,
        "transfers": 2,
        "third_time": 3,
        "declines": 2,
        "never_answers": 1,
        "wants_no_calls": 1,
    }

    # Events.

    def happenings(self, diffs: Sequence[RowDiff], tx: Transaction) -> list[Happening]:
        """In the order of a moment: first of the calls, then of the leads.

        A call that has ended changes its lead, too: the vendor counts it among the lead's fields.
        """
        found: list[Happening] = []
        counted: list[RowId] = []
        for diff in diffs:
            if diff.table == "calls":
                found += _call_happenings(diff, tx)
                counted += _counted(diff, tx)
        for diff in diffs:
            if diff.table == "leads":
                found += _lead_happenings(diff, tx.settings, counted)
        for lead in counted:
            if not any(diff.table == "leads" and diff.id == lead for diff in diffs):
                found.append(_updated(lead, ["call_count"]))
        return found

    def is_silent(self, diff: RowDiff, settings: Mapping[str, Any]) -> bool:
        """See `Lifecycle`: it changes nothing but what tells of no change."""
        table, _, before, after = diff
        if table != "leads" or before is None or after is None:
            return False
        if not _SILENT_COLUMNS.issuperset(after):
            return False
        return bool(settings["unchanged_update"] == "silent")

    def lead_happenings(self, diff: RowDiff, settings: Mapping[str, Any]) -> list[Happening]:
        """See `Lifecycle`."""
        return list(_lead_happenings(diff, settings))

    # After a request.

    def react(self, diffs: Sequence[RowDiff], scene: Scene) -> bool:
        """See `Lifecycle`."""
        wrote = False
        for diff in diffs:
            if diff.table == "leads":
                wrote = self._react_to_lead(diff, scene) or wrote
        return wrote

    def renewed(self, body: Any, tx: Transaction) -> Any:
        """See `Lifecycle`: the answer to a write of a lead is the lead."""
        if isinstance(body, dict) and "next_call_time" in body:
            row = tx.get("leads", body["id"])
            return body if row is None else lead_shown(row)
        return body

    def _react_to_lead(self, diff: RowDiff, scene: Scene) -> bool:
        if diff.after is None:
            return self.end_story(diff.id, scene)
        if diff.before is None:
            return self.play_if_meant(diff.after, scene)
        is_played = scene.tx.get(PLAYED, diff.id) is not None
        lead = scene.tx.get("leads", diff.id)
        assert lead is not None, diff.id
        wrote = False
        if is_played:
            wrote = self._replan(lead, diff, scene)
        elif not self.magic_columns.isdisjoint(diff.after):
            wrote = self.play_if_meant(lead, scene)
        if not _CLOSING_COLUMNS.isdisjoint(diff.after) and _is_closed(lead):
            wrote = self.cancel(diff.id, scene) or wrote
        if is_played:
            wrote = self._show_plan(lead, scene) or wrote
        return wrote

    def _replan(self, lead: Row, diff: RowDiff, scene: Scene) -> bool:
        """Let the plan of a played lead follow a change. Says whether it had to."""
        before, after = diff.before or {}, diff.after or {}
        pending = self._calls_of(lead["id"], scene.tx)
        was_closed = before.get("status") in CLOSING or before.get("call_dnc")
        if not _may_be_called(lead, scene.tx):
            self._cancel_calls(lead["id"], scene)
            return bool(pending)
        if "reengagements_count" in after or (was_closed and not pending):
            self._cancel_calls(lead["id"], scene)
            self._plan(lead, _scheduled(lead, scene), scene)
            return True
        if not pending or _PLACE_COLUMNS.isdisjoint(after):
            return False
        for due in pending:
            self._move(due, lead, scene)
        return True

    def _show_plan(self, lead: Row, scene: Scene) -> bool:
        """Have a lead show what is planned. Says whether it showed something else."""
        shown = self._next_shown(lead, scene)
        if shown["next_call_time"] == lead["next_call_time"]:
            return False
        scene.update("leads", lead, shown)
        return True

    def _move(self, due: Row, lead: Row, scene: Scene) -> None:
        """Reckon anew when a call of the schedule can be made."""
        options = due["options"]
        if "outcome" in options:
            return
        moment = max(moment_of(options.get("wanted", due["at"])), scene.now)
        wanted = Wanted(moment, due["attempt"], is_exact=options.get("exact", False))
        options = {**options, "wanted": moment_text(moment)}
        _set_time(due, _time(wanted, lead, scene), options, scene)

    # Planning.

    def begin_story(
        self, lead: Row, source: str, name: str, steps: Story, scene: Scene
    ) -> Row | None:
        """See `Lifecycle`."""
        due = super().begin_story(lead, source, name, steps, scene)
        scene.end_stage(self)
        return due

    def plan_first(self, lead: Row, scene: Scene, after: datetime | None = None) -> Row | None:
        """See `Lifecycle`. A call that the lead shows already is the one that is planned."""
        if not _may_be_called(lead, scene.tx):
            self._show_plan(lead, scene)
            return None
        wanted = _scheduled(lead, scene)
        shown = _future_call(lead, scene)
        if after is not None:
            wanted = wanted._replace(moment=after, why=_AS_TOLD, is_exact=True)
        elif shown is not None:
            wanted = wanted._replace(moment=shown, why="as the lead shows it")
        due = self._plan(lead, wanted, scene)
        changes = self._next_shown(lead, scene)
        if shown is not None and lead["next_call_time_reason"]:
            changes["next_call_time_reason"] = lead["next_call_time_reason"]
        scene.update("leads", lead, changes)
        return due

    def _plan(self, lead: Row, wanted: Wanted, scene: Scene) -> Row:
        """Plan a call. What the lead shows of it has to follow."""
        at = _time(wanted, lead, scene)
        why = f"attempt {wanted.attempt} of at most {len(_schedule(scene))}"
        if wanted.why:
            why += f", {wanted.why}"
        if at > _whole(wanted.moment):
            why += ", moved to when it may be called"
        options: Row = {"exact": True} if wanted.is_exact else {}
        if at != wanted.moment:
            options["wanted"] = moment_text(wanted.moment)
        return self.plan(lead["id"], _CALL, at, why, scene, attempt=wanted.attempt, options=options)

    def plan_outcome(
        self, lead: Row, at: datetime, options: Mapping[str, Any], scene: Scene
    ) -> Row:
        """Plan an outcome that somebody chose. The lead shows it where it is its next call."""
        step = _CALL if _is_outbound(self.outcomes(scene.tx)[options["outcome"]]) else _OUTCOME
        why = f"simulate {options['outcome']}"
        due = self.plan(lead["id"], step, _whole(at), why, scene, options=options)
        if step == _CALL:
            scene.update("leads", lead, self._next_shown(lead, scene))
            scene.end_stage(self)
        return due

    def _next_shown(self, lead: Row, scene: Scene) -> Row:
        """What the lead shows of the call that comes first among those that are planned."""
        calls = self._calls_of(lead["id"], scene.tx)
        if not calls:
            return dict(_NO_CALL)
        first = min(calls, key=_time_of_step)
        is_first = not _calls_made(lead, scene.tx) and not lead["reengagements_count"]
        return {
            "next_call_time": _shown(moment_of(first["at"]).astimezone(UTC)),
            "next_call_time_reason": _FIRST if is_first else _SLOT,
        }

    def reschedule(self, due: Row, at: datetime, scene: Scene) -> None:
        """See `Lifecycle`: the lead shows the same time."""
        options = {name: value for name, value in due["options"].items() if name != "wanted"}
        _set_time(due, _whole(at), options, scene)
        self._show(due, scene)

    def remove(self, due: Row, scene: Scene) -> None:
        """See `Lifecycle`. The lead then shows no call, or the one that comes next."""
        super().remove(due, scene)
        self._show(due, scene)

    def _show(self, due: Row, scene: Scene) -> None:
        """Have the lead of a step show what is planned now."""
        lead = scene.tx.get("leads", due["lead"])
        if lead is not None and due["step"] == _CALL:
            scene.update("leads", lead, self._next_shown(lead, scene))
            scene.end_stage(self)

    def catch_up(self, scene: Scene) -> bool:
        """See `Lifecycle`: a call of the schedule that is past is made in calling hours."""
        now = moment_text(scene.now)
        found = [due for due in scene.tx.rows(DUE) if due["at"] is not None and due["at"] < now]
        for due in found:
            lead = scene.tx.get("leads", due["lead"])
            if lead is None or "outcome" in due["options"]:
                self.reschedule(due, scene.now, scene)
            else:
                at = _time(Wanted(scene.now, due["attempt"]), lead, scene)
                self.reschedule(due, at, scene)
        return bool(found)

    def _calls_of(self, id: RowId, tx: Transaction) -> list[Row]:
        return [due for due in self.due_of(id, tx) if due["step"] == _CALL]

    def _cancel_calls(self, id: RowId, scene: Scene) -> None:
        """Remove the calls of the lead that its schedule has planned, and nobody chose."""
        for due in self._calls_of(id, scene.tx):
            if "outcome" not in due["options"]:
                scene.tx.delete(DUE, due["id"])

    # Playing.

    def play(self, due: Row, scene: Scene) -> None:
        """See `Lifecycle`. The whole of a call is at its due moment."""
        lead = scene.tx.get("leads", due["lead"])
        if lead is None:
            return
        is_chosen = "outcome" in due["options"]
        if is_chosen:
            attempt = attempt_from(due["options"], self.outcomes(scene.tx))
        else:
            attempt = self.attempt_of(lead, scene.tx.get(PLAYED, lead["id"]), scene.tx)
        # What a test has chosen is played whatever the lead's state: it was told so, or insisted.
        if attempt is None or not (is_chosen or _may_be_called(lead, scene.tx)):
            self._show(due, scene)
            return
        if is_chosen or attempt.outcome.part("call"):
            self.simulate(lead, attempt, scene)
        else:
            self._apply(lead, attempt, scene, is_attempt=True)
            scene.end_stage(self)

    def simulate(self, lead: Row, attempt: Attempt, scene: Scene) -> Row | None:
        """See `Lifecycle`."""
        if attempt.outcome.part("call"):
            is_inbound = not _is_outbound(attempt.outcome)
            return self.end(self._start(lead, scene, is_inbound=is_inbound), attempt, scene)
        self._apply(lead, attempt, scene, is_attempt=False)
        scene.end_stage(self)
        return None

    def start(self, lead: Row, scene: Scene) -> Row:
        """See `Lifecycle`. While the call runs none is planned."""
        call = self._start(lead, scene)
        self._cancel_calls(lead["id"], scene)
        if scene.tx.get(PLAYED, lead["id"]) is not None:
            self._show_plan(lead, scene)
        scene.end_stage(self)
        return call

    def _start(self, lead: Row, scene: Scene, *, is_inbound: bool = False) -> Row:
        """A call begins: its row is there, and it does not count yet."""
        row = CALL | {
            "id": new_number(scene.tx, "calls"),
            "lead": lead["id"],
            "started": moment_shown(scene.now),
            "ended": False,
            "inbound": is_inbound,
        }
        call = scene.put("calls", row)
        scene.end_stage(self)
        return call

    def end(self, call: Row, attempt: Attempt, scene: Scene) -> Row:
        """See `Lifecycle`: the lead has what came of it, and the next call is planned."""
        ended = scene.update("calls", call, self._result(call, attempt, scene))
        lead = scene.tx.get("leads", call["lead"])
        if lead is not None:
            self._apply(lead, attempt, scene, is_attempt=not ended["inbound"])
        scene.end_stage(self)
        return ended

    def _result(self, call: Row, attempt: Attempt, scene: Scene) -> Row:
        """The columns of a call that has ended."""
        lead = scene.tx.get("leads", call["lead"]) or call
        number = len(scene.tx.find("calls", "lead", call["lead"]))
        key = (scene.seed, self.vendor, self.identity(lead), number)
        fields = _laid_over(attempt, "call", CALL_FIELDS)
        if attempt.duration is not None:
            fields["duration"] = attempt.duration
        result = {name: drawn_number(value, chance(*key, name)) for name, value in fields.items()}
        if attempt.collected:
            result["collected"] = dict(attempt.collected)
        return result | {"ended": True, "outcome": attempt.outcome.name}

    def is_ongoing(self, call: Row) -> bool:
        """See `Lifecycle`."""
        return not call["ended"]

    def _apply(self, lead: Row, attempt: Attempt, scene: Scene, *, is_attempt: bool) -> None:
        """Set what the outcome makes of the lead, and plan or remove its next call.

        `is_attempt`: it is the next step of the lead's story, and counts in the schedule.
        """
        outcome, tx = attempt.outcome, scene.tx
        played = tx.get(PLAYED, lead["id"])
        if is_attempt and played is not None:
            tx.update(PLAYED, played, {"attempts": played["attempts"] + 1})
        fields = _laid_over(attempt, "lead", _LEAD_FIELDS)
        asked_for = fields.pop("next_call_time", None)
        if is_attempt and outcome.next == "retry" and _is_last(lead, scene):
            fields |= outcome.last_attempt.get("lead", {})
        if fields.get("status_detail") == _ASSIGNED:
            fields = {"representative": self._representative(lead, scene)} | fields
        fields["modified_time"] = time_text(scene.now, scene.settings)
        for trigger in outcome.counts:
            data = {"outcome": outcome.name, "trigger": trigger}
            kind = "lead." + trigger.removeprefix("LEAD_").lower()
            scene.happenings.append(Happening(lead["id"], kind, data))
        fields |= self._follow(lead | fields, attempt, asked_for, scene, is_attempt=is_attempt)
        scene.update("leads", lead, set_flags(lead, fields))

    def _follow(
        self,
        lead: Row,
        attempt: Attempt,
        asked_for: str | None,
        scene: Scene,
        *,
        is_attempt: bool,
    ) -> Row:
        """Plan what follows an outcome. Returns what the lead then shows of its next call."""
        if not _may_be_called(lead, scene.tx):
            self.cancel(lead["id"], scene)
            return dict(_NO_CALL)
        if not is_attempt and (attempt.outcome.next == "stop" or _future_call(lead, scene)):
            return {}
        self._cancel_calls(lead["id"], scene)
        played = scene.tx.get(PLAYED, lead["id"])
        wanted = self._next_call(lead, played, attempt, asked_for, scene)
        if wanted is None:
            return self._next_shown(lead, scene)
        if played is not None:
            self._plan(lead, wanted, scene)
            return self._next_shown(lead, scene)
        return {
            "next_call_time": _shown(_time(wanted, lead, scene)),
            "next_call_time_reason": _SLOT,
        }

    def _next_call(
        self,
        lead: Row,
        played: Row | None,
        attempt: Attempt,
        asked_for: str | None,
        scene: Scene,
    ) -> Wanted | None:
        """When the next call is wanted; None where there is none."""
        outcome = attempt.outcome
        number = _attempts(lead, scene.tx) + 1
        moment = _moment_asked_for(asked_for, scene)
        if moment is not None:
            return Wanted(moment, number, "as the person asked", is_exact=True)
        if outcome.next == "retry" and number > len(_schedule(scene)):
            return None
        if not outcome.part("call") and played is not None:
            # A step without a call does not repeat: at one moment it would go on for ever.
            if played["attempts"] >= len(played["steps"]):
                return None
        elif outcome.next == "stop":
            return None
        if played is not None:
            after = after_of(step_at(played["steps"], played["attempts"]), scene.now)
            if after is not None:
                return Wanted(after, number, _AS_TOLD, is_exact=True)
        if outcome.next == "callback":
            seconds = scene.settings["callback_after_seconds"]
            return Wanted(_later(scene.now, seconds), number, f"{_span(seconds)} later, as asked")
        gap = _gap(max(number, 2), scene)
        reason = f"{_span(gap)} after the one before fell due"
        return Wanted(_later(scene.now, gap), number, reason)

    def _representative(self, lead: Row, scene: Scene) -> int | None:
        """Who gets a lead that is assigned."""
        everybody = scene.tx.rows("representatives")
        if not everybody:
            return None
        point = chance(scene.seed, self.vendor, self.identity(lead), "representative")
        chosen: int = everybody[int(point * len(everybody))]["id"]
        return chosen

    # Whom.

    def objection(self, lead: Row, outcome: Outcome) -> str | None:
        """See `Lifecycle`. Whoever is called no more can still call, write or be assigned."""
        is_call = _is_outbound(outcome)
        plans = outcome.next != "stop" and not outcome.part("call")
        closes = "status" in outcome.part("lead") and not outcome.part("call")
        if not (is_call or plans or closes):
            return None
        if lead["status"] in CLOSING:
            return f"the lead is called no more: its status is {lead['status']}"
        if lead["call_dnc"] and (is_call or plans):
            return "the lead is called no more: its call_dnc is true"
        return None

    def wrong_fields(self, fields: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
        """See `Lifecycle`: those that outcomes set, and the time of a call."""
        for name in fields:
            if name not in CALL_FIELDS and name not in _LEAD_FIELDS:
                known = ", ".join((*_LEAD_FIELDS, *CALL_FIELDS))
                yield (name,), f"is no field that an outcome sets; those are {known}"
                return
        yield from super().wrong_fields(fields)
        asked_for = fields.get("next_call_time")
        if isinstance(asked_for, str) and parse_date_time(asked_for) is None:
            yield ("next_call_time",), f"must be a date-time, not {asked_for!r}"

    def lead_view(self, lead: Row, tx: Transaction) -> Row:
        """A lead as the API shows it, and the number of its calls, which only webhooks tell."""
        return lead_shown(lead) | {"call_count": call_count(lead["id"], tx)}

    def update_of(self, lead: Row) -> tuple[str, str]:
        """See `Lifecycle`."""
        return "PATCH", f"/api/leads/{lead['id']}/"

    def lead_of(self, call: Row, tx: Transaction) -> Row | None:
        """See `Lifecycle`."""
        return tx.get("leads", call["lead"]) if call["lead"] is not None else None

    def named(self, text: str, tx: Transaction) -> list[Row]:
        """See `Lifecycle`."""
        if text.isdecimal() and text.isascii() and len(text) <= _LONGEST_NUMBER:
            lead = tx.get("leads", int(text))
            if lead is not None:
                return [lead]
        found = {row["id"]: row for row in tx.find("leads", "external_id", text)}
        phone = phone_e164(text, tx.settings["phone_region"])
        if phone is not None:
            found |= {row["id"]: row for row in tx.find("leads", "phone", phone)}
        if "@" in text:
            found |= {row["id"]: row for row in tx.find("leads", "email", email_key(text))}
        return [found[id] for id in sorted(found)]

    def identity(self, lead: Row) -> str:
        """See `Lifecycle`."""
        return str(lead.get("external_id") or lead.get("phone_number") or lead["id"])

    def magic_values(
        self, lead: Row
    ) -> tuple[Iterable[str | None], Iterable[str | None], str | None]:
        """See `Lifecycle`: an address may stand in the metadata, too."""
        values = (lead["metadata"] or {}).values()
        texts = [lead["email"], *(value for value in values if isinstance(value, str))]
        return texts, (lead["external_id"],), lead["phone_number"]


def _call_happenings(diff: RowDiff, tx: Transaction) -> Iterator[Happening]:
    call = tx.get("calls", diff.id)
    if call is None or diff.after is None or "ended" not in diff.after:
        return
    if call["ended"]:
        yield from _end_happenings(call, tx)
    elif not call["inbound"]:
        data = {"call": call["id"], "call_count": call_count(call["lead"], tx)}
        yield Happening(call["lead"], "call.started", data | {"trigger": "BEFORE_CALLING"})


def _end_happenings(call: Row, tx: Transaction) -> Iterator[Happening]:
    lead, data = call["lead"], {"call": call["id"], "outcome": call["outcome"]}
    if call["inbound"]:
        if _is_first_inbound(call, tx):
            yield Happening(lead, "lead.first_inbound", data | {"trigger": "LEAD_FIRST_INBOUND"})
        else:
            yield Happening(lead, "call.inbound", data)
        return
    if call["transfer_initiated"]:
        yield Happening(lead, "call.transfer", data | {"trigger": "CALL_TRANSFER_INITIATED"})
    trigger = "CALL_ENDED" if call["connected"] else "CALL_FAILED"
    ended = data | {"duration": call["duration"], "trigger": trigger}
    yield Happening(lead, "call.ended", ended)
    data["call_count"] = call_count(lead, tx)
    yield Happening(lead, "call.complete", data | {"trigger": "CALL_COMPLETE"})


def _is_first_inbound(call: Row, tx: Transaction) -> bool:
    calls = tx.find("calls", "lead", call["lead"])
    return not any(each["inbound"] for each in calls if each["id"] != call["id"])


def _counted(diff: RowDiff, tx: Transaction) -> Iterator[RowId]:
    """The lead whose number of calls a change has raised."""
    call = tx.get("calls", diff.id)
    if call is not None and (diff.after or {}).get("ended") and call["lead"] is not None:
        yield call["lead"]


def _updated(lead: RowId, fields: Sequence[str]) -> Happening:
    return Happening(lead, "lead.updated", {"fields": fields, "trigger": "LEAD_UPDATED"})


def _lead_happenings(
    diff: RowDiff, settings: Mapping[str, Any], counted: Collection[RowId] = ()
) -> Iterator[Happening]:
    id, before, after = diff.id, diff.before, diff.after
    if after is None:
        yield Happening(id, "lead.deleted", {})
    elif before is None:
        data = {"status": after["status"], "trigger": "LEAD_CREATED"}
        yield Happening(id, "lead.created", data)
    else:
        yield from _status_happenings(id, before, after)
        fields = [name for name in after if name not in _SILENT_COLUMNS]
        if id in counted:
            fields.append("call_count")
        if fields or settings["unchanged_update"] == "event":
            yield _updated(id, fields)


def _status_happenings(id: RowId, before: Row, after: Row) -> Iterator[Happening]:
    if "reengagements_count" in after:
        for trigger in ("LEAD_BEFORE_REENGAGEMENT", "LEAD_REENGAGEMENT"):
            data = {"reengagements_count": after["reengagements_count"], "trigger": trigger}
            yield Happening(id, "lead.reengaged", data)
    if "status" in after:
        status = after["status"]
        data = {"from": before.get("status"), "to": status}
        if status in _STATUS_TRIGGERS:
            data["trigger"] = f"LEAD_{status}"
        yield Happening(id, "lead.status", data)
    for flag in ("sms_dnc", "call_dnc"):
        if after.get(flag):
            yield Happening(id, f"lead.{flag}", {"trigger": flag.upper()})


def _laid_over(attempt: Attempt, part: str, names: Collection[str]) -> Row:
    """What the outcome sets of an object, with what a test says of it instead."""
    given = {name: value for name, value in (attempt.fields or {}).items() if name in names}
    return {**attempt.outcome.part(part), **given}


def _is_outbound(outcome: Outcome) -> bool:
    call = outcome.part("call")
    return bool(call) and not call.get("inbound")


def _is_closed(lead: Row) -> bool:
    return lead["status"] in CLOSING or bool(lead["call_dnc"])


def _may_be_called(lead: Row, tx: Transaction) -> bool:
    """Whether neither the lead nor its lead type excludes a call."""
    if _is_closed(lead):
        return False
    lead_type = tx.get("lead_types", lead["lead_type"] or 0)
    return lead_type is None or bool(lead_type["outbound_calling"])


def _schedule(scene: Scene) -> Sequence[float]:
    schedule: Sequence[float] = scene.settings["call_schedule"]
    return schedule


def _gap(attempt: int, scene: Scene) -> float:
    """The seconds before an attempt, counted from 1; those of the last one where it is beyond."""
    schedule = _schedule(scene)
    return schedule[min(attempt, len(schedule)) - 1]


def _calls_made(lead: Row, tx: Transaction) -> list[Row]:
    """The calls since the lead came in, or came in once more."""
    since = lead["last_reengagement_time"]
    moment = moment_of(since) if since else None
    found = []
    for call in tx.find("calls", "lead", lead["id"]):
        is_recent = moment is None or moment_of(call["started"]) >= moment
        if call["ended"] and not call["inbound"] and is_recent:
            found.append(call)
    return found


def _attempts(lead: Row, tx: Transaction) -> int:
    return len(_calls_made(lead, tx))


def _is_last(lead: Row, scene: Scene) -> bool:
    return _attempts(lead, scene.tx) >= len(_schedule(scene))


def _scheduled(lead: Row, scene: Scene) -> Wanted:
    """The call that the schedule wants next, not before now."""
    made = _calls_made(lead, scene.tx)
    number = len(made) + 1
    gap = _gap(number, scene)
    if not made:
        return Wanted(_later(scene.now, gap), number)
    fell_due = moment_of(made[-1]["started"])
    reason = f"{_span(gap)} after the one before fell due"
    return Wanted(max(_later(fell_due, gap), scene.now), number, reason)


def _future_call(lead: Row, scene: Scene) -> datetime | None:
    """When the lead shows a call that is still to come."""
    moment = _moment_asked_for(lead["next_call_time"], scene)
    if moment is None or moment == _start_of(lead):
        return None
    return moment


def _moment_asked_for(text: str | None, scene: Scene) -> datetime | None:
    """The moment of a text, where it is one and is still to come."""
    moment = parse_date_time(text) if text else None
    if moment is None or moment <= scene.now:
        return None
    return min(moment, _LATEST)


def _start_of(lead: Row) -> datetime | None:
    text = lead["call_schedule_start_time"]
    return moment_of(text) if text else None


def _time(wanted: Wanted, lead: Row, scene: Scene) -> datetime:
    """When a call can be made that is wanted at a time: not before its start, and within hours."""
    start = _start_of(lead)
    moment = max(wanted.moment, start) if start is not None else wanted.moment
    whole = _whole(moment)
    if wanted.is_exact or whole == _LATEST:
        return whole
    zone = zone_of(lead, scene.settings["time_zone"])
    return next_open(whole, zone, _hours(scene.settings["calling_hours"]))


def _time_of_step(due: Row) -> tuple[str, RowId]:
    return due["at"], due["id"]


def _set_time(due: Row, at: datetime, options: Row, scene: Scene) -> None:
    text = moment_text(at)
    scene.tx.update(DUE, due, {"at": text, "counted_from": text, "options": options})


def _whole(moment: datetime) -> datetime:
    """The first whole second that is not before the moment, in UTC: the vendor shows no more."""
    if moment >= _LATEST:
        return _LATEST
    moment = moment.astimezone(UTC)
    return moment if not moment.microsecond else moment.replace(microsecond=0) + _SECOND


def _later(moment: datetime, seconds: float) -> datetime:
    return min(moment + timedelta(seconds=seconds), _LATEST)


@lru_cache(maxsize=64)
def _hours(text: str) -> tuple[Hours, ...]:
    """The calling hours of a setting; none: at any time."""
    if text == "off":
        return ()
    start, _, end = text.partition("-")
    return every_day(time.fromisoformat(start), time.fromisoformat(end))


def _shown(moment: datetime) -> str:
    """A moment as the vendor shows a call to come: in UTC, to the second."""
    return moment.isoformat(timespec="seconds")


def _span(seconds: float) -> str:
    """Seconds as people say them: `1d12h`."""
    left, words = round(seconds), ""
    for letter, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, length)
        words += f"{count}{letter}" if count else ""
    return words or "0s"


LIFECYCLE = SelaLifecycle(
    "sela",
    load_outcomes(File(__file__).with_name("outcomes.yaml")),
    {"lead": "PartialLead"},
)
LIFECYCLE.webhooks = TRIGGERS_OF_LEADS

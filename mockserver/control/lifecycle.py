"""Handlers for what happens to leads without a request: outcomes, due steps, stories, events."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from mockserver.call import Call, Request
from mockserver.control.api import Control, checked, nothing, operation, unknown
from mockserver.control.later import Underway
from mockserver.control.leads import event_view, lead_key
from mockserver.documents.formats import parse_date_time
from mockserver.documents.schema import Validator
from mockserver.documents.wording import explanation
from mockserver.errors import Path, Problem, Refusal
from mockserver.journal.redaction import hidden_link
from mockserver.journal.view import instant, json_or_text
from mockserver.life.events import Cause, Event
from mockserver.life.lifecycle import (
    AUTOPILOT,
    DUE,
    LEADS,
    PLAYED,
    STORIES,
    Attempt,
    Lifecycle,
    Scene,
)
from mockserver.life.moments import moment_of, span_of
from mockserver.life.outcomes import Outcome
from mockserver.life.stories import STORY, near, steps_of
from mockserver.play.steps import commit
from mockserver.state.changes import Row, RowId
from mockserver.state.clock import frozen_at
from mockserver.vendor import Reply
from mockserver.webhooks.deliveries import Delivery
from mockserver.webhooks.view import delivery_view, webhook_key
from mockserver.wire import write_json
from mockserver.workspaces import Workspace

_PAGE = 100
_MOST_NAMED = 20


class Subject(NamedTuple):
    """A lead with its vendor's lifecycle and the workspace that it is in."""

    workspace: Workspace
    vendor: str
    lifecycle: Lifecycle
    lead: Row


def due_view(vendor: str, row: Row) -> dict[str, Any]:
    """A due step as the API shows it; one that is held has no time."""
    at = row["at"]
    return {
        "number": row["id"],
        "vendor": vendor,
        "lead": row["lead"],
        "step": row["step"],
        "at": instant(moment_of(at)) if at is not None else None,
        "attempt": row["attempt"],
        "why": row["why"],
        "held": row["held"] is not None,
        "outcome": row["options"].get("outcome"),
    }


def next_due_view(workspace: Workspace) -> dict[str, Any] | None:
    """The due step that comes first; None where there is none."""
    found = workspace.earliest_due()
    return due_view(*found) if found is not None else None


def _lifecycle(vendor: str, server: Control) -> Lifecycle | None:
    return server.sites[vendor].vendor.lifecycle


def _lifecycles(server: Control, vendor: str | None = None) -> Iterator[tuple[str, Lifecycle]]:
    for name in server.sites:
        lifecycle = _lifecycle(name, server)
        if lifecycle is not None and vendor in (None, name):
            yield name, lifecycle


def _subject(vendor: str, text: str, workspace: Workspace, server: Control) -> Subject:
    """The lead that a text names.

    Raises Refusal("not_found") for none, Refusal("conflict") for several, naming them.
    """
    return _subjects(vendor, [text], workspace, server)[0]


def _subjects(
    vendor: str, texts: Iterable[str], workspace: Workspace, server: Control
) -> list[Subject]:
    """The lead that each text names.

    Raises Refusal as `_subject` does, with a sentence for each text that names none or several.
    """
    lifecycle = _lifecycle(vendor, server) if vendor in server.sites else None
    if lifecycle is None:
        known = [name for name, _ in _lifecycles(server)]
        text = f"{vendor!r} is no vendor whose leads are played; {near(vendor, known)}"
        raise Refusal("not_found", text)
    subjects = []
    missing, ambiguous = [], []
    tx = workspace.transaction(vendor)
    for text in texts:
        found = lifecycle.named(text, tx)
        if len(found) == 1:
            subjects.append(Subject(workspace, vendor, lifecycle, found[0]))
        elif found:
            ids = ", ".join(str(row["id"]) for row in found[:_MOST_NAMED])
            ambiguous.append(f"{text!r} names {len(found)} leads of {vendor}: {ids}.")
        else:
            missing.append(f"{workspace.name} has no lead {text!r} of {vendor}.")
    if missing or ambiguous:
        sentences = [*missing, *ambiguous]
        if len(sentences) > _MOST_NAMED:
            left_out = len(sentences) - _MOST_NAMED
            sentences = [*sentences[:_MOST_NAMED], f"And {left_out} more."]
        raise Refusal("not_found" if missing else "conflict", " ".join(sentences))
    return subjects


# Outcomes.


def _check_vendor(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    return server.unknown_names(query.get("vendor"), None, "query")


@operation
@checked(_check_vendor)
def list_outcomes(call: Call, server: Control) -> Reply:
    """The catalogue; for a lead, what each outcome would make happen to it."""
    workspace = server.workspace(call)
    vendor, named = call.query.get("vendor"), call.query.get("lead")
    found = []
    for name, lifecycle in _lifecycles(server, vendor):
        tx = workspace.transaction(name)
        leads = [] if named is None else lifecycle.named(named, tx)
        if named is not None and len(leads) != 1:
            if vendor is not None:
                _subject(name, named, workspace, server)
            continue
        for outcome in lifecycle.outcomes(tx).values():
            view = {"vendor": name} | outcome.as_json()
            if leads:
                view |= _effects(Subject(workspace, name, lifecycle, leads[0]), outcome.name)
            found.append(view)
    return Reply({"outcomes": found})


def _effects(subject: Subject, outcome: str) -> dict[str, Any]:
    attempt = Attempt(subject.lifecycle.outcomes(_tx(subject))[outcome])
    objection = subject.lifecycle.objection(subject.lead, attempt.outcome)
    scene = _scene(subject, Cause("simulate", 0))
    call = subject.lifecycle.simulate(subject.lead, attempt, scene)
    told = {"events": _previewed(subject, scene), "messages": _messages(scene)}
    return {"refused": objection, **told, **_what_is_left(subject, call, scene)}


def _tx(subject: Subject) -> Any:
    return subject.workspace.transaction(subject.vendor)


def _scene(subject: Subject, cause: Cause) -> Scene:
    workspace = subject.workspace
    return workspace.scene(_tx(subject), workspace.now(), cause)


# Simulations.


def _unfit_simulation(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    vendor = body.get("vendor")
    if vendor is not None and vendor not in server.sites:
        yield Problem(("vendor",), "value", unknown(vendor, server.sites), vendor)
        return
    yield from _unfit_members(body)
    when = body.get("when")
    if when is not None and span_of(when) is None and _instant(when) is None:
        text = "must be seconds from now, a text like +2h, or an instant"
        yield Problem(("when",), "format", text, when)
    yield from _unknown_values(body, call, server)


_NOT_WITH_A_PHASE = {
    "whole": ("call",),
    "start": ("call", "leads", "when", "duration", "collected", "fields"),
    "end": ("leads", "when"),
}


def _unfit_members(body: Mapping[str, Any]) -> Iterator[Problem]:
    """Members that exclude each other or are missing."""
    phase = body.get("phase", "whole")
    for name in _NOT_WITH_A_PHASE[phase]:
        if name in body:
            yield Problem((name,), "excess", f"goes not together with the phase {phase}")
    if phase == "end":
        if "call" not in body:
            yield Problem(("call",), "value", "is required with the phase end")
    elif "lead" not in body and "leads" not in body:
        yield Problem(("lead",), "value", "is required, or leads for many")
    elif "lead" in body and "leads" in body:
        yield Problem(("leads",), "excess", "goes not together with lead")
    if phase != "start" and "outcome" not in body:
        yield Problem(("outcome",), "value", "is required unless the phase is start")


def _unknown_values(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    """An outcome and fields that the vendor does not have."""
    vendor, name = body.get("vendor"), body.get("outcome")
    lifecycle = _lifecycle(vendor, server) if vendor is not None else None
    workspace = server.workspaces.named(call.path_parameters["workspace"])
    if lifecycle is None or workspace is None:
        return
    outcomes = lifecycle.outcomes(workspace.transaction(str(vendor)))
    if name is not None and name not in outcomes:
        text = f"{vendor} has no outcome {name!r}; {near(name, outcomes)}"
        yield Problem(("outcome",), "value", text, name)
    for path, text in lifecycle.wrong_fields(body.get("fields", {})):
        yield Problem(("fields", *path), "value", text)


def _instant(value: Any) -> datetime | None:
    return parse_date_time(value) if isinstance(value, str) else None


@operation
@checked(_unfit_simulation)
def simulate(call: Call, server: Control) -> Reply:
    """Play an outcome for a lead, or for many: all or none."""
    workspace, body = server.workspace(call), call.body
    vendor, phase = body["vendor"], body.get("phase", "whole")
    if phase == "end":
        return _end_call(workspace, server, body)
    names = body["leads"] if "leads" in body else [body["lead"]]
    call.works_through(len(names))
    subjects = _subjects(vendor, map(str, names), workspace, server)
    if not subjects:
        return Reply({"events": [], "leads": [], **_rest((), workspace)})
    if "when" in body:
        return _planned(subjects, body, server)
    if phase == "start":
        return _start_call(subjects[0], body, server)
    lifecycle = subjects[0].lifecycle
    scene = _scene(subjects[0], Cause("simulate", 0))
    attempt = _attempt(body, lifecycle, scene)
    calls: list[Row | None] = []
    problems: list[Problem] = []
    for position, subject in enumerate(subjects):
        lead = scene.tx.get(LEADS, subject.lead["id"]) or subject.lead
        objection = _objection(lifecycle, lead, attempt.outcome, body, position)
        if objection is not None:
            problems.append(objection)
        else:
            calls.append(lifecycle.simulate(lead, attempt, scene))
    if problems:
        raise Refusal("invalid", problems=problems)
    return _told(subjects, calls, scene, body, server)


def _start_call(subject: Subject, body: Mapping[str, Any], server: Control) -> Reply:
    lifecycle = subject.lifecycle
    if not lifecycle.has_calls:
        raise Refusal("conflict", f"{subject.vendor} has no calls that could start.")
    scene = _scene(subject, Cause("simulate", 0))
    outcomes = lifecycle.outcomes(scene.tx)
    any_call = next(each for each in outcomes.values() if each.part("call"))
    outcome = outcomes.get(body.get("outcome", ""), any_call)
    objection = _objection(lifecycle, subject.lead, outcome, body)
    if objection is not None:
        raise Refusal("invalid", problems=[objection])
    return _told([subject], [lifecycle.start(subject.lead, scene)], scene, body, server)


def _attempt(body: Mapping[str, Any], lifecycle: Lifecycle, scene: Scene) -> Attempt:
    outcome = lifecycle.outcomes(scene.tx)[body["outcome"]]
    return Attempt(outcome, body.get("duration"), body.get("collected"), body.get("fields"))


def _objection(
    lifecycle: Lifecycle,
    lead: Row,
    outcome: Outcome,
    body: Mapping[str, Any],
    position: int = 0,
) -> Problem | None:
    """Why the state of a lead, the one at that position, excludes the outcome; None if forced."""
    objection = lifecycle.objection(lead, outcome)
    if objection is None or body.get("force"):
        return None
    path: Path = ("leads", position) if "leads" in body else ("outcome",)
    return Problem(path, "state", f'{objection}; "force": true plays it all the same')


def _end_call(workspace: Workspace, server: Control, body: Mapping[str, Any]) -> Reply:
    vendor, id = body["vendor"], body["call"]
    lifecycle = _lifecycle(vendor, server)
    tx = workspace.transaction(vendor)
    row = tx.get("calls", id) if lifecycle is not None and lifecycle.has_calls else None
    if lifecycle is None or row is None:
        raise Refusal("not_found", f"{workspace.name} has no call {id!r} of {vendor}.")
    if not lifecycle.is_ongoing(row):
        raise Refusal("conflict", f"The call {id} has ended already.")
    called = lifecycle.lead_of(row, tx)
    if "lead" in body:
        named = _subject(vendor, str(body["lead"]), workspace, server).lead
        if called is None or named["id"] != called["id"]:
            raise Refusal("conflict", f"The call {id} is not one of the lead {named['id']}.")
    scene = workspace.scene(tx, workspace.now(), Cause("simulate", 0))
    ended = lifecycle.end(row, _attempt(body, lifecycle, scene), scene)
    lead = lifecycle.lead_of(ended, tx) or {"id": None}
    subject = Subject(workspace, vendor, lifecycle, lead)
    return _told([subject], [ended], scene, body, server)


def _planned(subjects: Sequence[Subject], body: Mapping[str, Any], server: Control) -> Reply:
    """The outcome as a due step of each lead."""
    now = subjects[0].workspace.now()
    at = _moment_asked(body["when"], now)
    lifecycle = subjects[0].lifecycle
    scene = _scene(subjects[0], Cause("simulate", 0))
    outcome = lifecycle.outcomes(scene.tx)[body["outcome"]]
    names = ("outcome", "duration", "collected", "fields")
    options = {name: body[name] for name in names if name in body}
    if body.get("force"):
        options["forced"] = True
    problems: list[Problem] = []
    for position, subject in enumerate(subjects):
        objection = _objection(lifecycle, subject.lead, outcome, body, position)
        if objection is not None:
            problems.append(objection)
        else:
            lifecycle.plan_outcome(subject.lead, max(at, now), options, scene)
    if problems:
        raise Refusal("invalid", problems=problems)
    return _told(subjects, [None] * len(subjects), scene, body, server)


def _moment_asked(when: Any, now: datetime) -> datetime:
    """The moment that a text or a number of seconds means.

    Raises Refusal("invalid") for one that no clock comes to.
    """
    try:
        span = span_of(when)
        moment = now + span if span is not None else _instant(when)
        assert moment is not None, when
        frozen_at(moment)
    except OverflowError:
        text = "must lead to a time from the year 2 to the year 9998"
        raise Refusal("invalid", problems=[Problem(("when",), "range", text, when)]) from None
    return moment


def _told(
    subjects: Sequence[Subject],
    calls: Sequence[Row | None],
    scene: Scene,
    body: Mapping[str, Any],
    server: Control,
) -> Reply:
    """Apply what was played, unless it is a preview, and tell what happened."""
    first = subjects[0]
    workspace = first.workspace
    answer: dict[str, Any] = {}
    deliveries: Sequence[Delivery] = ()
    if body.get("preview"):
        answer["events"] = _previewed(first, scene)
        answer["messages"] = _messages(scene)
    else:
        scene.cause = workspace.events.next_act("simulate")
        done = commit(workspace, first.vendor, scene)
        answer["events"] = [event_view(each) for each in done.events]
        deliveries = done.deliveries
    answer["leads"] = left = []
    for subject, call in zip(subjects, calls, strict=True):
        left.append(_what_is_left(subject, call, scene))
    if len(left) == 1 and "leads" not in body:
        answer |= left[0]
    if body.get("wait", True) and deliveries:
        return _delivered(answer, deliveries, workspace, server)
    return Reply(answer | _rest(deliveries, workspace))


def _rest(deliveries: Iterable[Delivery], workspace: Workspace) -> dict[str, Any]:
    """What became of the deliveries, and what comes next."""
    present = [workspace.deliveries.get(each.number) or each for each in deliveries]
    return {
        "deliveries": [delivery_view(each) for each in present],
        "next_due": next_due_view(workspace),
    }


def _delivered(
    answer: dict[str, Any], deliveries: Sequence[Delivery], workspace: Workspace, server: Control
) -> Reply:
    """The answer once the first attempts of the deliveries are settled."""

    async def work() -> Reply:
        numbers = frozenset(each.number for each in deliveries)
        with server.courier.waiting(workspace):
            await server.courier.settled(workspace, numbers)
            await server.courier.settled_pairs(workspace)
        return Reply(answer | _rest(deliveries, workspace))

    return Underway(work)


def _messages(scene: Scene) -> list[dict[str, Any]]:
    """What webhooks would be told."""
    views = []
    for _, message in scene.messages:
        webhook = message.webhook
        key = webhook_key(webhook.vendor, webhook.id)
        body = json_or_text(message.body.encode())
        url = hidden_link(message.url)
        views.append({"webhook": key, "kind": webhook.kind, "url": url, "body": body})
    return views


def _previewed(subject: Subject, scene: Scene) -> list[dict[str, Any]]:
    """What would happen, in the form of events without a number."""
    found = []
    for lead, kind, data in scene.happenings:
        event = Event(0, 0, scene.now, subject.vendor, scene.cause, lead, kind, data)
        view = event_view(event)
        del view["number"], view["cause"]
        found.append(view)
    return found


def _what_is_left(subject: Subject, call: Row | None, scene: Scene) -> dict[str, Any]:
    """The lead and the call as they then are, and what is due for the lead."""
    lifecycle, tx = subject.lifecycle, scene.tx
    id = subject.lead["id"]
    lead = tx.get(LEADS, id) if id is not None else None
    stored = tx.get("calls", call["id"]) if call is not None else None
    due = [] if id is None else lifecycle.due_of(id, tx)
    return {
        "lead": None if lead is None else lifecycle.lead_view(lead, tx),
        "call": None if stored is None else lifecycle.call_view(stored, tx),
        "due": [due_view(subject.vendor, row) for row in due],
    }


# Due steps.


@operation
@checked(_check_vendor)
def list_due(call: Call, server: Control) -> Reply:
    """What will happen, earliest first; what is held comes last."""
    workspace = server.workspace(call)
    found: list[tuple[str, Row]] = []
    for name, lifecycle in _lifecycles(server, call.query.get("vendor")):
        found += [(name, row) for row in _due_rows(name, lifecycle, workspace, call)]
    found.sort(key=_due_order)
    after = call.query.get("after", 0)
    limit = call.query.get("limit", _PAGE)
    page = found[after : after + limit]
    following = after + limit if len(found) > after + limit else None
    shown = [due_view(name, row) for name, row in page]
    return Reply({"due": shown, "total": len(found), "next": following})


def _due_rows(vendor: str, lifecycle: Lifecycle, workspace: Workspace, call: Call) -> Iterable[Row]:
    tx = workspace.transaction(vendor)
    named = call.query.get("lead")
    if named is None:
        call.works_through(len(tx.rows(DUE)))
        return tx.rows(DUE)
    found: list[Row] = []
    for lead in lifecycle.named(named, tx):
        found += lifecycle.due_of(lead["id"], tx)
    return found


def _due_order(found: tuple[str, Row]) -> tuple[bool, str, RowId]:
    row = found[1]
    return row["at"] is None, row["at"] or row["held"], row["id"]


@operation
def remove_due(call: Call, server: Control) -> Reply:
    """It will not happen."""
    workspace = server.workspace(call)
    number = call.path_parameters["number"]
    for name, lifecycle in _lifecycles(server):
        tx = workspace.transaction(name)
        row = tx.get(DUE, number)
        if row is not None:
            if not lifecycle.is_cancellable(row):
                raise Refusal(
                    "conflict",
                    f"The step {number} ends a call that has begun. To end it now, simulate its "
                    "phase end.",
                )
            scene = workspace.scene(tx, workspace.now(), Cause("control", 0))
            lifecycle.remove(row, scene)
            scene.cause = workspace.events.next_act("control")
            commit(workspace, name, scene)
            return nothing()
    raise Refusal("not_found", f"{workspace.name} has no due step {number}.")


# Autopilot and stories.


@operation
def get_autopilot(call: Call, server: Control) -> Reply:
    """Which leads are played, and by what stories."""
    return Reply(_autopilots(server.workspace(call), server))


def _autopilots(workspace: Workspace, server: Control) -> dict[str, Any]:
    views = {}
    for name, lifecycle in _lifecycles(server):
        if lifecycle.has_calls:
            tx = workspace.transaction(name)
            views[name] = lifecycle.autopilot(tx) | {"stories": dict(lifecycle.stories(tx))}
    return views


def _unfit_autopilots(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    workspace = server.workspaces.named(call.path_parameters["workspace"])
    for vendor, wanted in body.items():
        lifecycle = _lifecycle(vendor, server) if vendor in server.sites else None
        if lifecycle is None or not lifecycle.has_calls:
            known = [name for name, each in _lifecycles(server) if each.has_calls]
            text = f"calls nobody here; {near(vendor, known)}"
            yield Problem((vendor,), "value", text)
        elif workspace is not None:
            tx = workspace.transaction(vendor)
            for path, text in lifecycle.wrong_autopilot(_readable(wanted), tx):
                yield Problem((vendor, *path), "value", text)


def _readable(wanted: Any) -> dict[str, Any]:
    """What of a change has the shape that the document wants: the rest has its problems already."""
    shape: dict[str, Any] = wanted if isinstance(wanted, dict) else {}
    weights, stories = shape.get("weights"), shape.get("stories")
    readable: dict[str, Any] = {"weights": {}, "stories": {}}
    if isinstance(weights, dict):
        readable["weights"] = weights
    if isinstance(stories, dict):
        for name, story in stories.items():
            readable["stories"][name] = story if _STORY_SHAPE.is_valid(story) else []
    return readable


_STORY_SHAPE = Validator(STORY)


@operation
@checked(_unfit_autopilots)
def set_autopilot(call: Call, server: Control) -> Reply:
    """Change what the body names of the vendors' autopilots, all or none."""
    workspace = server.workspace(call)
    scenes: dict[str, Scene] = {}
    size = last_due = 0
    for vendor, wanted in call.body.items():
        lifecycle = _lifecycle(vendor, server)
        assert lifecycle is not None, vendor
        tx = workspace.transaction(vendor)
        call.works_through(len(tx.rows(LEADS)))
        # Due steps are numbered over all vendors, and none of these is stored yet.
        tx.skip_numbers(DUE, last_due)
        scenes[vendor] = workspace.scene(tx, workspace.now(), Cause("control", 0))
        _change_autopilot(wanted, scenes[vendor])
        lifecycle.follow_autopilot(scenes[vendor])
        last_due = tx.last_number(DUE)
        size += tx.effects()[1]
        workspace.require_rows(tx.changes())
    workspace.memory.require(size)
    cause = workspace.events.next_act("control")
    for vendor, scene in scenes.items():
        scene.cause = cause
        commit(workspace, vendor, scene)
    return Reply(_autopilots(workspace, server))


def _change_autopilot(wanted: Mapping[str, Any], scene: Scene) -> None:
    """Store what is wanted of a vendor's autopilot beside what it has."""
    tx = scene.tx
    stories = {**(tx.get(STORIES, STORIES) or {}), **wanted.get("stories", {})}
    tx.put(STORIES, stories | {"id": STORIES})
    present = tx.get(AUTOPILOT, AUTOPILOT) or {"mode": "magic", "weights": {}}
    given = {name: wanted[name] for name in ("mode", "weights") if name in wanted}
    tx.put(AUTOPILOT, present | given | {"id": AUTOPILOT})


@operation
def set_story(call: Call, server: Control) -> Reply:
    """Have a lead played by a story from now on."""
    subject = _subject_of_path(call, server)
    lifecycle, lead = subject.lifecycle, subject.lead
    if not lifecycle.has_calls:
        raise Refusal("conflict", f"{subject.vendor} calls nobody.")
    scene = _scene(subject, Cause("control", 0))
    name, steps = _story(call.body, lifecycle, scene)
    objection = lifecycle.objection(lead, lifecycle.outcomes(scene.tx)[steps[0]["outcome"]])
    if objection is not None:
        raise Refusal("conflict", f"No story can begin: {objection}.")
    lifecycle.begin_story(lead, "control", name, steps, scene)
    scene.cause = subject.workspace.events.next_act("control")
    commit(subject.workspace, subject.vendor, scene)
    return Reply(_story_view(subject))


def _story(body: Any, lifecycle: Lifecycle, scene: Scene) -> tuple[str, list[dict[str, Any]]]:
    """The name and the steps of what a body asks for. Raises Refusal("invalid")."""
    stories = lifecycle.stories(scene.tx)
    if isinstance(body, dict):
        name = body["story"]
        if name not in stories:
            text = f"{name!r} is no story; {near(name, stories)}"
            raise Refusal("invalid", problems=[Problem(("story",), "value", text)])
        return name, steps_of(stories[name])
    problems = [
        Problem(path, "value", text) for path, text in lifecycle.wrong_story(body, scene.tx)
    ]
    if problems:
        raise Refusal("invalid", problems=problems)
    steps = steps_of(body)
    return ", ".join(step["outcome"] for step in steps), steps


def _story_view(subject: Subject) -> dict[str, Any]:
    tx = _tx(subject)
    played = tx.get(PLAYED, subject.lead["id"]) or {}
    view = {name: played.get(name) for name in ("story", "source", "steps", "attempts")}
    due = subject.lifecycle.due_of(subject.lead["id"], tx)
    return view | {"due": [due_view(subject.vendor, row) for row in due]}


@operation
def clear_story(call: Call, server: Control) -> Reply:
    """Have a lead played no more."""
    subject = _subject_of_path(call, server)
    if not subject.lifecycle.has_calls:
        raise Refusal("conflict", f"{subject.vendor} calls nobody.")
    scene = _scene(subject, Cause("control", 0))
    subject.lifecycle.end_story(subject.lead["id"], scene)
    scene.cause = subject.workspace.events.next_act("control")
    commit(subject.workspace, subject.vendor, scene)
    return nothing()


def _subject_of_path(call: Call, server: Control) -> Subject:
    vendor, id = call.path_parameters["vendor"], call.path_parameters["id"]
    return _subject(vendor, id, server.workspace(call), server)


# Leads and events.


@operation
def change_lead(call: Call, server: Control) -> Reply:
    """Change a lead as an update by the vendor's API would, without a request of the journal."""
    subject = _subject_of_path(call, server)
    workspace, vendor = subject.workspace, subject.vendor
    site = server.sites[vendor]
    method, path = subject.lifecycle.update_of(subject.lead)
    raw = write_json(subject.lifecycle.update_body(subject.lead, call.body["fields"]))
    headers = {b"host": site.document.host.encode(), b"content-type": b"application/json"}
    whole = site.document.base_path + path
    request = Request(method, whole, whole, b"", "https", headers, raw)
    cause = workspace.events.next_act("control")
    try:
        happenings = site.change(workspace, request, cause)
    except Refusal as refusal:
        raise _in_fields(refusal, vendor) from None
    events: list[Event] = []
    if call.body.get("events", True):
        now, version = workspace.now(), workspace.version
        batch = workspace.events.add(happenings, vendor, now, cause, version)
        events = batch.events()
    tx = workspace.transaction(vendor)
    key = lead_key(workspace, vendor, str(subject.lead["id"]))
    lead = tx.get(LEADS, key)
    shown = None if lead is None else subject.lifecycle.lead_view(lead, tx)
    return Reply({"lead": shown, "events": [event_view(each) for each in events]})


def _in_fields(refusal: Refusal, vendor: str) -> Refusal:
    """The refusal of a vendor's API, with its problems where the body of this API has them."""
    problems = []
    for each in refusal.problems:
        text = explanation(each) or f"is refused by {vendor}"
        problems.append(Problem(("fields", *each.path), "value", text, each.value))
    if not problems:
        text = refusal.message or f"are refused by {vendor}: {refusal.kind}"
        problems.append(Problem(("fields",), "value", text))
    return Refusal("invalid", problems=problems)


def _check_events(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    vendor, kind = query.get("vendor"), query.get("kind")
    yield from server.unknown_names(vendor, None, "query")
    known: set[str] = set()
    for _, lifecycle in _lifecycles(server, vendor):
        known |= lifecycle.event_kinds
    if known and kind is not None and kind not in known:
        yield Problem(("kind",), "value", unknown(kind, known), kind, None, "query")


@operation
@checked(_check_events)
def list_events(call: Call, server: Control) -> Reply:
    """A page of what happened to leads and calls, oldest first."""
    workspace, query = server.workspace(call), call.query
    limit = query.get("limit", _PAGE)
    leads = named_leads(workspace, server, query)
    found = (
        event
        for event in workspace.events.after(query.get("after", 0))
        if query.get("vendor") in (None, event.vendor)
        and query.get("kind") in (None, event.kind)
        and (leads is None or (event.vendor, str(event.lead)) in leads)
    )
    page = list(islice(found, limit + 1))
    following = page[limit - 1].number if len(page) > limit else None
    return Reply(
        {
            "events": [event_view(each) for each in page[:limit]],
            "dropped": workspace.events.dropped,
            "last": workspace.events.last,
            "next": following,
        }
    )


def named_leads(
    workspace: Workspace, server: Control, query: Mapping[str, Any]
) -> set[tuple[str, str]] | None:
    """Vendor and id of the leads that the query names; None where it names none.

    A text that names no lead may be the id of one that was deleted.
    """
    text = query.get("lead")
    if text is None:
        return None
    leads: set[tuple[str, str]] = set()
    for name, lifecycle in _lifecycles(server, query.get("vendor")):
        leads.add((name, text))
        for lead in lifecycle.named(text, workspace.transaction(name)):
            leads.add((name, str(lead["id"])))
    return leads

"""What happens to a vendor's leads without a request: the base that each vendor's rules refine.

A lead that is *played* has a story: what its attempts end in. A *due step* is a row that says what
will happen to a lead, when and why. Both are made and removed in the transaction of their cause.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from sys import intern
from typing import Any, NamedTuple

from mockserver.documents.schema import Validator
from mockserver.documents.spec import Document
from mockserver.documents.wording import explanation
from mockserver.errors import DocumentError, Path
from mockserver.life.events import Cause, Happening
from mockserver.life.moments import later, moment_text, span_of
from mockserver.life.outcomes import Outcome, Outcomes, breaches, extended
from mockserver.life.stories import (
    MODES,
    STORY,
    MagicStories,
    Story,
    chance,
    drawn_from,
    near,
    step_at,
    steps_of,
    wrong_steps,
)
from mockserver.sections import (
    FLAG,
    ID,
    NUMBERED,
    TEXT,
    TEXT_ID,
    TEXT_OR_NULL,
    TIME,
    TIME_OR_NULL,
    Schema,
    SectionTable,
)
from mockserver.state.changes import Row, RowId
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.webhooks.base import WEBHOOKS, Message, Webhooks

LEADS, DUE, PLAYED = "leads", "due", "played"
AUTOPILOT, STORIES, OUTCOMES = "autopilot", "stories", "outcomes"

CHOSEN = "simulate"
"""The kind of a due step that plays an outcome which somebody chose."""

_ABSENT = object()
_NO_OPTIONS: Row = {}
"""Rows are never changed: most due steps share it."""


def _itself(value: Any) -> Any:
    return value


def tables(*, has_calls: bool = True, **indexes: Index) -> tuple[TableSpec, ...]:
    """The tables of a lifecycle; `indexes` are further ones of the due steps.

    A vendor without calls has no stories.
    """
    due = {"lead": Index("lead", _itself), **indexes}
    steps = TableSpec(DUE, due, timeline=Index("at", _itself), highest=0)
    if not has_calls:
        return steps, TableSpec(OUTCOMES)
    return (
        steps,
        TableSpec(OUTCOMES),
        TableSpec(PLAYED),
        TableSpec(AUTOPILOT),
        TableSpec(STORIES),
    )


_OUTCOME: Schema = {
    "type": "object",
    "required": ["extends"],
    "additionalProperties": False,
    "properties": {
        "extends": {"description": "An outcome that this vendor has.", "type": "string"},
        "title": TEXT,
        "next": {"enum": ["retry", "callback", "stop"]},
        "says": TEXT,
        "parts": {
            "description": "The fields that it sets otherwise, by object.",
            "type": "object",
            "additionalProperties": {"type": "object"},
        },
    },
}


def section_tables(
    lead_id: Schema, *, has_calls: bool = True, steps: Sequence[str] = (CHOSEN,)
) -> tuple[SectionTable, ...]:
    """What a fixture may say of a lead's future; `lead_id` is the schema of a lead's id.

    Of a vendor without calls it may say which outcomes there are besides, and what is due: `steps`
    are the kinds of due steps that the vendor plays.
    """
    outcomes, due = _outcome_table(), _due_table(lead_id, steps)
    if not has_calls:
        return outcomes, due
    return (*_story_tables(), outcomes, _played_table(lead_id), due)


def _story_tables() -> tuple[SectionTable, SectionTable]:
    return (
        SectionTable(
            AUTOPILOT,
            {
                "mode": {"enum": list(MODES)},
                "weights": {
                    "type": "object",
                    "additionalProperties": {"type": "number", "minimum": 0},
                },
            },
            single=True,
            defaults={"mode": "magic", "weights": {}},
            description="Which leads are played: none, those with a story or a magic value, or "
            "all. `weights` says how often each story is drawn for a lead that has none.",
        ),
        SectionTable(
            STORIES,
            {},
            others=STORY,
            single=True,
            description="Stories by name: what the attempts end in, one after the other.",
        ),
    )


def _outcome_table() -> SectionTable:
    return SectionTable(
        OUTCOMES,
        {},
        others=_OUTCOME,
        single=True,
        description="Further outcomes by name, each like one that the vendor has.",
    )


def _played_table(lead_id: Schema) -> SectionTable:
    return SectionTable(
        PLAYED,
        {
            "id": lead_id,
            "story": TEXT,
            "source": TEXT,
            "steps": STORY,
            "attempts": {"type": "integer", "minimum": 0},
        },
        required=("id", "story", "steps"),
        defaults={"id": None, "story": "", "source": "fixture", "steps": [], "attempts": 0},
        references={"id": LEADS},
        ids=None,
        description="A lead that is played, with its story and the attempts so far.",
    )


_OPTIONS: Schema = {
    "description": "What somebody chose: as in a step of a story. `call` is the one that goes on.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "outcome": TEXT_ID,
        "duration": {"type": "integer", "minimum": 0},
        "collected": {"type": "object"},
        "fields": {"type": "object"},
        "call": {"type": ["integer", "string"]},
        "wanted": {"type": "string", "format": "date-time"},
        "exact": FLAG,
        "forced": FLAG,
    },
}


def _due_table(lead_id: Schema, steps: Sequence[str]) -> SectionTable:
    return SectionTable(
        DUE,
        {
            "id": ID,
            "lead": lead_id,
            "group": TEXT_OR_NULL,
            "step": {"enum": list(steps)},
            "at": TIME_OR_NULL,
            "held": TIME_OR_NULL,
            "counted_from": TIME,
            "attempt": {"type": "integer", "minimum": 1},
            "why": TEXT,
            "options": _OPTIONS,
        },
        required=("lead", "step", "at", "counted_from"),
        defaults={
            "id": 0,
            "lead": None,
            "group": None,
            "step": "",
            "at": None,
            "held": None,
            "counted_from": "",
            "attempt": 1,
            "why": "",
            "options": {},
        },
        times={"at": moment_text, "held": moment_text, "counted_from": moment_text},
        references={"lead": LEADS},
        ids=NUMBERED,
        description="What will happen to a lead, and when. A step that is held has its time "
        "in `held`.",
    )


class Scene:
    """What a lifecycle works with: a time, a transaction, and a place to say what happened.

    `number` gives the number of a new due step, which no other one of the workspace has. Writes
    through `put`, `update` and `delete` belong to a stage; `end_stage` tells what happened in it.
    """

    __slots__ = (
        "_before",
        "_number",
        "_told",
        "cause",
        "happenings",
        "messages",
        "now",
        "seed",
        "settings",
        "tx",
    )

    def __init__(
        self,
        tx: Transaction,
        now: datetime,
        seed: int,
        cause: Cause,
        number: Callable[[Transaction], int],
    ) -> None:
        self.tx = tx
        self.now = now
        self.seed = seed
        self.settings = tx.settings
        self.cause = cause
        self.happenings: list[Happening] = []
        self.messages: list[tuple[int, Message]] = []
        """What webhooks are told, each with the position of its happening."""
        self._told = 0
        self._number = number
        self._before: dict[tuple[str, RowId], Row | None] = {}

    def next_number(self) -> int:
        """The number of a new due step."""
        return self._number(self.tx)

    def put(self, table: str, row: Row) -> Row:
        """Store a new row, or another one in place of that with its id."""
        self._keep(table, row["id"])
        return self.tx.put(table, row)

    def update(self, table: str, row: Row, changes: Row) -> Row:
        """Store the row with these columns changed. Returns it as it then is."""
        changed = {
            name: value for name, value in changes.items() if row.get(name, _ABSENT) != value
        }
        if not changed:
            return row
        self._keep(table, row["id"])
        return self.tx.update(table, row, changed)

    def delete(self, table: str, id: RowId) -> None:
        """Take a row away."""
        self._keep(table, id)
        self.tx.delete(table, id)

    def _keep(self, table: str, id: RowId) -> None:
        self._before.setdefault((table, id), self.tx.get(table, id))

    def end_stage(self, lifecycle: "Lifecycle") -> None:
        """Tell what the writes since the last stage make happen."""
        diffs = []
        for (table, id), before in self._before.items():
            after = self.tx.get(table, id)
            if before is None or after is None:
                diffs.append(RowDiff(table, id, before, after))
            elif before is not after:
                names = [name for name in after if before.get(name, _ABSENT) != after[name]]
                old = {name: before.get(name) for name in names}
                diffs.append(RowDiff(table, id, old, {name: after[name] for name in names}))
        self._before.clear()
        self.happenings += lifecycle.happenings(diffs, self.tx)
        self._tell(lifecycle.webhooks, diffs)

    def _tell(self, webhooks: Webhooks | None, diffs: Sequence[RowDiff]) -> None:
        """Make the messages of what has happened since the last stage, with the rows as now."""
        if webhooks is not None and self.tx.rows(WEBHOOKS):
            for position in range(self._told, len(self.happenings)):
                happening = self.happenings[position]
                for message in webhooks.messages(happening, diffs, self.tx):
                    self.messages.append((position, message))
        self._told = len(self.happenings)


class Attempt(NamedTuple):
    """An outcome to be played for a lead, with what a test says of it.

    `duration` is in seconds; `collected` is what the conversation finds out, by name; `fields` lay
    other values over those of the outcome.
    """

    outcome: Outcome
    duration: int | None = None
    collected: Mapping[str, Any] | None = None
    fields: Mapping[str, Any] | None = None


class Lifecycle:
    """What a vendor's leads go through.

    A vendor refines `happenings` and, where somebody is called, everything below it.
    """

    event_kinds: frozenset[str] = frozenset(
        {
            "lead.created",
            "lead.deleted",
            "lead.status",
            "lead.updated",
            "call.started",
            "call.ended",
        }
    )
    """Every kind that a happening may have: whoever asks for another one has misspelt it."""
    default_stories: Mapping[str, Sequence[Any]] = {}
    default_weights: Mapping[str, float] = {}
    has_calls = True
    own_fields: Mapping[str, Mapping[str, Any]] = {}
    """The schemas of the fields of objects that the document does not have."""
    laid_over: tuple[str, ...] = ("call",)
    """Of which objects an attempt may set fields itself."""
    fixed_fields: frozenset[str] = frozenset({"id"})
    """The fields of them that no attempt may set."""
    needed_options: Mapping[str, str] = {CHOSEN: "outcome"}
    """Which option a due step of a kind cannot be played without."""

    def __init__(self, vendor: str, outcomes: Outcomes, parts: Mapping[str, str]) -> None:
        """`parts` leads from the objects that outcomes set to the schemas of the document."""
        self.vendor = vendor
        self.built_in = outcomes
        self.parts = parts
        self.read_document: Callable[[], Document] | None = None
        """Reads the vendor's document, for a fixture that is read before it is served."""
        self._schemas: Mapping[str, Mapping[str, Any]] = {}
        self.webhooks: Webhooks | None = None
        """Whom the vendor tells of what happens; None: it documents no webhooks."""
        self._magic = MagicStories(outcomes)

    def check(self, document: Document) -> None:
        """Hold outcomes and payloads of webhooks to the document. Raises DocumentError."""
        documented = {part: document.fields(name) for part, name in self.parts.items()}
        self._schemas = {**documented, **self.own_fields}
        for place, text in breaches(self.built_in.values(), self._schemas):
            raise DocumentError(f"{self.vendor}/outcomes.yaml: {place}: {text}")
        if self.webhooks is not None:
            self.webhooks.check(document)

    @property
    def schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """The schemas of the fields of each part, from the document."""
        if not self._schemas and self.read_document is not None:
            self.check(self.read_document())
        return self._schemas

    def wrong_story(self, story: Sequence[Any], tx: Transaction) -> Iterator[tuple[Path, str]]:
        """What is wrong with the steps of a story: paths in it, and sentences."""
        for position, text in wrong_steps(story, self.outcomes(tx)):
            yield (position,), text
        for position, step in enumerate(steps_of(story)):
            for path, text in self.wrong_fields(step.get("fields", {})):
                yield (position, "fields", *path), text

    # What a workspace has.

    def outcomes(self, tx: Transaction) -> Outcomes:
        """The outcomes by name, with those that a fixture added."""
        return extended(self.built_in, _others(tx, OUTCOMES))

    def stories(self, tx: Transaction) -> Mapping[str, Any]:
        """The stories by name: this vendor's, and those of a fixture."""
        return {**self.default_stories, **_others(tx, STORIES)}

    def autopilot(self, tx: Transaction) -> Row:
        """Its mode and weights."""
        row = tx.get(AUTOPILOT, AUTOPILOT) or {"mode": "magic", "weights": {}}
        return {"mode": row["mode"], "weights": row["weights"] or dict(self.default_weights)}

    def wrong_fields(self, fields: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
        """What is wrong with the fields that an attempt sets itself: paths and sentences."""
        schemas: dict[str, Any] = {}
        for part in self.laid_over:
            schemas |= self.schemas.get(part, {})
        known = schemas.keys() - self.fixed_fields
        for name, value in fields.items():
            if name not in known:
                yield (name,), f"is no field that a test may set; {near(name, known)}"
                continue
            for problem in Validator(schemas[name]).all_problems(value):
                yield (name, *problem.path), explanation(problem)

    # Events.

    def happenings(self, diffs: Sequence[RowDiff], tx: Transaction) -> list[Happening]:
        """What changes of rows mean: a pure function of them, in the order of the vendor."""
        raise NotImplementedError

    def is_silent(self, diff: RowDiff, settings: Mapping[str, Any]) -> bool:
        """Whether a change surely means nothing, as of a lead that was sent again unchanged.

        Then no event comes of it, and nothing that is planned moves.
        """
        return False

    def lead_happenings(self, diff: RowDiff, settings: Mapping[str, Any]) -> Sequence[Happening]:
        """What the change of one lead means, where nothing else has changed.

        `settings` are the vendor's as they were then.
        """
        raise NotImplementedError

    # After a request.

    magic_columns: frozenset[str] = frozenset()
    """The columns of a lead that may have a magic value."""

    def concerns(self, diffs: Sequence[RowDiff], tx: Transaction) -> bool:
        """Whether `react` has anything to do. Nearly every update concerns nobody's future."""
        stored = tx.stored
        for table, id, before, after in diffs:
            if table != LEADS or before is None or after is None:
                return True
            if not self.magic_columns.isdisjoint(after) or stored[DUE].has("lead", id):
                return True
            if self.has_calls and stored[PLAYED].place(id) is not None:
                return True
        return False

    def react(self, diffs: Sequence[RowDiff], scene: Scene) -> bool:
        """Plan and cancel due steps as these changes make it necessary.

        Asked at the end of each transaction that changed rows. Says whether it wrote anything.
        """
        return False

    def renewed(self, body: Any, tx: Transaction) -> Any:
        """The body of an answer, where `react` has changed a row that stands in it."""
        return body

    # Playing.

    def play(self, due: Row, scene: Scene) -> None:
        """Do what a due step says. Its row is gone already."""
        raise NotImplementedError

    def simulate(self, lead: Row, attempt: Attempt, scene: Scene) -> Row | None:
        """Play a whole outcome for a lead now. Returns the call, None where there is none."""
        raise NotImplementedError

    def start(self, lead: Row, scene: Scene) -> Row:
        """Begin a call to a lead, and return it."""
        raise NotImplementedError

    def end(self, call: Row, attempt: Attempt, scene: Scene) -> Row:
        """End a call that has begun, and return it."""
        raise NotImplementedError

    def is_ongoing(self, call: Row) -> bool:
        """Whether the call has begun and not ended."""
        raise NotImplementedError

    def objection(self, lead: Row, outcome: Outcome) -> str | None:
        """Why the lead's state excludes the outcome, as a sentence; None where it does not."""
        return None

    def plan_first(self, lead: Row, scene: Scene, after: datetime | None = None) -> Row | None:
        """Plan the first attempt of a lead whose story begins. None where it may not be called.

        `after` is when the story wants it; without it the schedule says when.
        """
        return None

    def plan_outcome(
        self, lead: Row, at: datetime, options: Mapping[str, Any], scene: Scene
    ) -> Row:
        """Plan an outcome that somebody chose, at a time."""
        why = f"simulate {options['outcome']}"
        return self.plan(lead["id"], CHOSEN, at, why, scene, options=options)

    def reschedule(self, due: Row, at: datetime, scene: Scene) -> None:
        """Move a due step to another time, and whatever shows that time."""
        scene.tx.update(DUE, due, {"at": moment_text(at), "counted_from": moment_text(at)})

    def lead_view(self, lead: Row, tx: Transaction) -> Row:
        """A lead as the vendor's API shows it."""
        return lead

    def call_view(self, call: Row, tx: Transaction) -> Row:
        """A call as the vendor's API shows it, or as the control API does where it shows none."""
        return call

    # Whom.

    def named(self, text: str, tx: Transaction) -> list[Row]:
        """The leads that an id, external id, e-mail address or phone number names."""
        raise NotImplementedError

    def identity(self, lead: Row) -> str:
        """What chance is drawn by: external id or phone number, which do not tell a position."""
        raise NotImplementedError

    def magic_values(
        self, lead: Row
    ) -> tuple[Iterable[str | None], Iterable[str | None], str | None]:
        """What may have a magic value: texts, ids, and the phone number in E.164."""
        return (), (), None

    # Stories.

    def story_for(self, lead: Row, scene: Scene) -> tuple[str, str, Story] | None:
        """Where a lead's story comes from, its name and its steps; None: nobody plays it."""
        tx = scene.tx
        mode = self._mode(tx)
        if mode == "off":
            return None
        if scene.settings.get("magic") == "on":
            words = self._magic.words(*self.magic_values(lead))
            found = self._magic.meant(words, self.stories(tx)) if words else None
            if found is not None:
                return "magic", *found
        if mode == "all":
            stories = self.stories(tx)
            point = chance(scene.seed, "story", self.vendor, self.identity(lead))
            name = drawn_from(self.autopilot(tx)["weights"], point)
            if name is not None and name in stories:
                return "drawn", name, steps_of(stories[name])
        return None

    def _mode(self, tx: Transaction) -> str:
        """Which leads are played; asked for each lead that is added."""
        row = tx.get(AUTOPILOT, AUTOPILOT)
        return "magic" if row is None else str(row["mode"])

    def begin_story(
        self, lead: Row, source: str, name: str, steps: Story, scene: Scene
    ) -> Row | None:
        """Have the lead played by a story from now on. Returns the first due step."""
        tx = scene.tx
        self.cancel(lead["id"], scene)
        tx.put(
            PLAYED,
            {
                "id": lead["id"],
                "story": name,
                "source": source,
                "steps": steps,
                "attempts": 0,
            },
        )
        after = after_of(step_at(steps, 0), scene.now)
        return self.plan_first(lead, scene, after)

    def end_story(self, id: RowId, scene: Scene) -> bool:
        """Have the lead played no more. Says whether it was."""
        self.cancel(id, scene)
        return scene.tx.delete(PLAYED, id)

    def play_if_meant(self, lead: Row, scene: Scene) -> bool:
        """Begin the story that a lead is meant to have, unless it has one. Says whether it did."""
        # Nearly no lead has a story, so that is asked first: a large import asks for each lead.
        found = self.story_for(lead, scene)
        if found is None or scene.tx.get(PLAYED, lead["id"]) is not None:
            return False
        self.begin_story(lead, *found, scene)
        return True

    def attempt_of(self, lead: Row, played: Row | None, tx: Transaction) -> Attempt | None:
        """The attempt that comes next in the lead's story."""
        if played is None:
            return None
        step = step_at(played["steps"], played["attempts"])
        outcome = self.outcomes(tx).get(step["outcome"])
        if outcome is None:
            return None
        return Attempt(outcome, step.get("duration"), step.get("collected"), step.get("fields"))

    def seeded(self, section: Mapping[str, Any], scene: Scene) -> Iterator[tuple[Path, str]]:
        """Give the leads of a fixture their stories and due steps.

        `section` is the vendor's, whose rows are stored already. Yields what is wrong in it, each
        as a path in the section and a sentence.
        """
        tx = scene.tx
        # What names an outcome or a story is looked at once these are known to be good.
        wrong = list(self._wrong_outcomes(section.get(OUTCOMES, {})))
        if self.has_calls and not wrong:
            wrong += self._wrong_stories(section.get(STORIES, {}), tx)
            wrong += self._wrong_weights(section.get(AUTOPILOT, {}), tx)
            wrong += self._wrong_names(section, tx)
        if not wrong:
            wrong += self._wrong_due(section.get(DUE, ()), tx)
        if wrong:
            yield from wrong
            return
        if self.has_calls:
            self._begin_stories(section, scene)
        self.catch_up(scene)

    def _begin_stories(self, section: Mapping[str, Any], scene: Scene) -> None:
        tx = scene.tx
        if self.autopilot(tx)["mode"] == "off":
            for played in tx.written(PLAYED):
                if not played["steps"]:
                    tx.delete(PLAYED, played["id"])
            return
        stories = {name: steps_of(story) for name, story in self.stories(tx).items()}
        for played in tx.written(PLAYED):
            lead = tx.get(LEADS, played["id"])
            if not played["steps"] and played["story"] in stories and lead is not None:
                # Leads with one story share its steps.
                steps = stories[played["story"]]
                self.begin_story(lead, "fixture", played["story"], steps, scene)
        everybody = self.autopilot(tx)["mode"] == "all" and AUTOPILOT in section
        for lead in tx.rows(LEADS) if everybody else tx.written(LEADS):
            self.play_if_meant(lead, scene)

    def catch_up(self, scene: Scene) -> bool:
        """Have steps that are past fall due now. Says whether there were any."""
        now = moment_text(scene.now)
        found = [due for due in scene.tx.rows(DUE) if due["at"] is not None and due["at"] < now]
        for due in found:
            self.reschedule(due, scene.now, scene)
        return bool(found)

    def wrong_autopilot(
        self, wanted: Mapping[str, Any], tx: Transaction
    ) -> Iterator[tuple[Path, str]]:
        """What is wrong with a change of the autopilot: paths in it, and sentences."""
        stories = wanted.get("stories", {})
        yield from self._wrong_stories(stories, tx)
        known = {*self.stories(tx), *stories}
        for name in wanted.get("weights", {}):
            if name not in known:
                yield ("weights", name), f"{name!r} is no story; {near(name, known)}"

    def follow_autopilot(self, scene: Scene) -> None:
        """Have those leads played that the autopilot means, and no others."""
        tx = scene.tx
        mode = self.autopilot(tx)["mode"]
        ended = {"off": {"magic", "drawn", "fixture", "control"}, "magic": {"drawn"}, "all": set()}
        for played in list(tx.rows(PLAYED)):
            if played["source"] in ended[mode]:
                self.end_story(played["id"], scene)
        if mode != "off":
            for lead in list(tx.rows(LEADS)):
                self.play_if_meant(lead, scene)

    def remove(self, due: Row, scene: Scene) -> None:
        """Remove a due step because somebody wants so, with whatever shows its time."""
        scene.tx.delete(DUE, due["id"])

    def update_of(self, lead: Row) -> tuple[str, str]:
        """Method and path by which the vendor's API updates the lead."""
        raise NotImplementedError

    def update_body(self, lead: Row, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body of that update for these fields."""
        return fields

    def lead_of(self, call: Row, tx: Transaction) -> Row | None:
        """The lead that was called."""
        return None

    def _wrong_outcomes(self, added: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
        for name, content in added.items():
            if content["extends"] not in self.built_in:
                text = near(content["extends"], self.built_in)
                yield (OUTCOMES, name, "extends"), f"{content['extends']!r} is no outcome; {text}"
                continue
            outcome = extended(self.built_in, {name: content})[name]
            for place, text in breaches([outcome], self.schemas):
                yield (OUTCOMES, *place.split(".")), text

    def _wrong_stories(
        self, stories: Mapping[str, Any], tx: Transaction
    ) -> Iterator[tuple[Path, str]]:
        for name, story in stories.items():
            if name == "id":
                yield (STORIES, name), "is no name for a story"
            for path, text in self.wrong_story(story, tx):
                yield (STORIES, name, *path), text

    def _wrong_weights(
        self, autopilot: Mapping[str, Any], tx: Transaction
    ) -> Iterator[tuple[Path, str]]:
        stories = self.stories(tx)
        for name in autopilot.get("weights", {}):
            if name not in stories:
                text = f"{name!r} is no story; {near(name, stories)}"
                yield (AUTOPILOT, "weights", name), text

    def _wrong_names(
        self, section: Mapping[str, Any], tx: Transaction
    ) -> Iterator[tuple[Path, str]]:
        stories = self.stories(tx)
        for position, lead in enumerate(section.get(LEADS, ())):
            name = lead.get("story")
            if name is not None and name not in stories:
                yield (LEADS, position, "story"), f"{name!r} is no story; {near(name, stories)}"

    def _wrong_due(
        self, steps: Iterable[Mapping[str, Any]], tx: Transaction
    ) -> Iterator[tuple[Path, str]]:
        outcomes = self.outcomes(tx)
        for position, due in enumerate(steps):
            for path, text in self._wrong_step(due, outcomes):
                yield (DUE, position, *path), text

    def _wrong_step(self, due: Mapping[str, Any], outcomes: Outcomes) -> Iterator[tuple[Path, str]]:
        if (due["at"] is None) == (due.get("held") is None):
            yield ("at",), "either this or held must be a time, and the other one null"
        options = due.get("options", {})
        needed = self.needed_options.get(due["step"])
        if needed is not None and needed not in options:
            yield ("options", needed), f"is required where the step is {due['step']}"
        name = options.get("outcome")
        if name is not None and name not in outcomes:
            yield ("options", "outcome"), f"{name!r} is no outcome; {near(name, outcomes)}"
        for path, text in self.wrong_fields(options.get("fields", {})):
            yield ("options", "fields", *path), text

    # Due steps.

    def plan(
        self,
        lead: RowId,
        step: str,
        at: datetime,
        why: str,
        scene: Scene,
        *,
        counted_from: datetime | None = None,
        attempt: int = 1,
        group: str | None = None,
        held: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> Row:
        """Add a due step. `counted_from` is the time from which the next one is reckoned."""
        text = moment_text(at)
        return scene.tx.put(
            DUE,
            {
                "id": scene.next_number(),
                "lead": lead,
                "group": group,
                "step": step,
                "at": None if held else text,
                "held": text if held else None,
                "counted_from": moment_text(counted_from or at),
                "attempt": attempt,
                "why": intern(why),
                "options": dict(options) if options else _NO_OPTIONS,
            },
        )

    def due_of(self, id: RowId, tx: Transaction) -> list[Row]:
        """The due steps of a lead, by number."""
        return tx.find(DUE, "lead", id)

    def cancel(self, id: RowId, scene: Scene) -> bool:
        """Remove the due steps of a lead that have not begun. Says whether there were any."""
        found = [row for row in self.due_of(id, scene.tx) if self.is_cancellable(row)]
        for row in found:
            scene.tx.delete(DUE, row["id"])
        return bool(found)

    def is_cancellable(self, due: Row) -> bool:
        """Whether the step has not begun: the end of a call that runs is not."""
        return True


def name_story(row: Row, tx: Transaction) -> Row:
    """The row of a lead without the story that a fixture names in it: that is kept apart."""
    if "story" not in row:
        return row
    stored = dict(row)
    name = stored.pop("story")
    tx.put(
        PLAYED,
        {"id": row["id"], "story": name, "source": "fixture", "steps": [], "attempts": 0},
    )
    return stored


def after_of(step: Mapping[str, Any], now: datetime) -> datetime | None:
    """When a step of a story wants to be, counted from a time; None where it does not say."""
    span = span_of(step.get("after"))
    return None if span is None else later(now, span)


def attempt_from(options: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> Attempt | None:
    """The attempt that the options of a due step name; None where its outcome is gone."""
    outcome = outcomes.get(options["outcome"])
    if outcome is None:
        return None
    return Attempt(
        outcome, options.get("duration"), options.get("collected"), options.get("fields")
    )


def _others(tx: Transaction, table: str) -> dict[str, Any]:
    row = tx.get(table, table)
    return {} if row is None else {name: value for name, value in row.items() if name != "id"}


def changed_leads(diffs: Sequence[RowDiff]) -> Iterator[RowDiff]:
    """The changes of leads among all."""
    for diff in diffs:
        if diff.table == LEADS:
            yield diff

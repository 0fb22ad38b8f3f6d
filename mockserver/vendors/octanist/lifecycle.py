"""What an operator does with leads of Octanist, which calls nobody and documents no webhooks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File
from typing import Any

from mockserver.dialects.envelope import instant
from mockserver.dialects.javascript import number
from mockserver.errors import Path
from mockserver.identity import email_key
from mockserver.life.events import Happening
from mockserver.life.lifecycle import Attempt, Lifecycle, Scene, attempt_from
from mockserver.life.outcomes import load_outcomes
from mockserver.state.changes import Row
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.vendors.octanist.rows import LEAD
from mockserver.vendors.octanist.rules import phone_index
from mockserver.vendors.octanist.updates import Update, changes_of

_FIELDS = ("status", "value", "note", "lossReason")
"""What an update sets of a lead (`update-lead`)."""


class OperatorLifecycle(Lifecycle):
    """Leads are qualified, won and lost by hand."""

    has_calls = False
    laid_over = ("lead",)

    def happenings(self, diffs: Sequence[RowDiff], tx: Transaction) -> list[Happening]:
        """See `Lifecycle`."""
        found: list[Happening] = []
        for diff in diffs:
            if diff.table == "leads":
                found += _happenings(diff)
        return found

    def lead_happenings(self, diff: RowDiff, settings: Mapping[str, Any]) -> list[Happening]:
        """See `Lifecycle`."""
        return list(_happenings(diff))

    def react(self, diffs: Sequence[RowDiff], scene: Scene) -> bool:
        """See `Lifecycle`: what was to happen to a lead goes with it."""
        wrote = False
        for diff in diffs:
            if diff.table == "leads" and diff.after is None:
                wrote = self.cancel(diff.id, scene) or wrote
        return wrote

    def play(self, due: Row, scene: Scene) -> None:
        """See `Lifecycle`."""
        lead = scene.tx.get("leads", due["lead"])
        attempt = attempt_from(due["options"], self.outcomes(scene.tx))
        if lead is not None and attempt is not None:
            self.simulate(lead, attempt, scene)

    def simulate(self, lead: Row, attempt: Attempt, scene: Scene) -> Row | None:
        """See `Lifecycle`: the row changes as the vendor's update would change it."""
        fields = {**attempt.outcome.part("lead"), **(attempt.fields or {})}
        changes: Row = {"updatedAt": instant(scene.now)}
        if "value" in fields:
            changes["value"] = number(fields["value"])
        update = Update(changes, fields.get("status"), fields.get("note"), fields.get("lossReason"))
        scene.update("leads", lead, changes_of(lead, update, scene.settings))
        scene.end_stage(self)
        return None

    def wrong_fields(self, fields: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
        """See `Lifecycle`: those that an update takes."""
        for name in fields:
            if name not in _FIELDS:
                yield (name,), f"is no field that an update sets; those are {', '.join(_FIELDS)}"
                return
        yield from super().wrong_fields(fields)
        value = fields.get("value")
        if isinstance(value, int | float):
            try:
                number(value)
            except OverflowError:
                yield ("value",), "must be a finite number"

    def lead_view(self, lead: Row, tx: Transaction) -> Row:
        """See `Lifecycle`."""
        return {name: lead[name] for name in LEAD}

    def update_of(self, lead: Row) -> tuple[str, str]:
        """See `Lifecycle`."""
        return "PATCH", "/leads"

    def update_body(self, lead: Row, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Lifecycle`: the body names the lead."""
        return {**fields, "id": lead["id"]}

    def named(self, text: str, tx: Transaction) -> list[Row]:
        """See `Lifecycle`."""
        lead = tx.get("leads", text)
        if lead is not None:
            return [lead]
        found = {row["id"]: row for row in tx.find("leads", "email", email_key(text))}
        phone = phone_index(text, tx.settings["phone_region"])
        found |= {row["id"]: row for row in tx.find("leads", "phone", phone)}
        return list(found.values())

    def identity(self, lead: Row) -> str:
        """See `Lifecycle`."""
        return str(lead.get("phone") or lead.get("email") or lead["id"])


def _happenings(diff: RowDiff) -> Iterator[Happening]:
    before, after = diff.before, diff.after
    if after is None:
        yield Happening(diff.id, "lead.deleted", {})
    elif before is None:
        yield Happening(diff.id, "lead.created", {"status": after["status"]})
    else:
        if "status" in after:
            data = {"from": before.get("status"), "to": after["status"]}
            yield Happening(diff.id, "lead.status", data)
        fields = [name for name in after if name not in ("status", "updatedAt")]
        if fields:
            yield Happening(diff.id, "lead.updated", {"fields": fields})


LIFECYCLE = OperatorLifecycle(
    "octanist",
    load_outcomes(File(__file__).with_name("outcomes.yaml")),
    {"lead": "LeadUpdate"},
)

"""What an update makes of a lead of Octanist, whoever asks for it (`update-lead`)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockserver.state.changes import Row
from mockserver.vendors.octanist.rows import LOST, QUALIFYING


class Update(NamedTuple):
    """What an update sets on every lead, and three fields whose value depends on the lead."""

    changes: Row
    status: str | None
    note: str | None
    loss_reason: str | None


def changes_of(row: Row, update: Update, settings: Mapping[str, Any]) -> Row:
    """The columns of a lead that the update changes, with what they are then."""
    changes = dict(update.changes)
    status = row["status"] if update.status is None else update.status
    if update.status is not None:
        changes["status"] = status
        # A lead is qualified once: a later status does not move the time.
        if status in QUALIFYING and row["qualifiedAt"] is None:
            changes["qualifiedAt"] = changes["updatedAt"]
    if status == LOST:
        if update.loss_reason is not None:
            changes["lossReason"] = update.loss_reason
    elif row["status"] == LOST and settings["leaving_lost"] == "clear":
        changes["lossReason"] = None
    if update.note is not None:
        changes["note"] = update.note
        if row["note"] and settings["note_update"] == "append":
            changes["note"] = f"{row['note']}\n{update.note}"
    return changes

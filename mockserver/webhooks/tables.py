"""The table of what is still to be delivered: a row for each event and webhook."""

from mockserver.life.moments import moment_text
from mockserver.sections import FLAG, ID, NUMBERED, TEXT, TIME, TIME_OR_NULL, Schema, SectionTable
from mockserver.state.changes import Row, RowId
from mockserver.state.tables import Index, TableSpec
from mockserver.webhooks.base import WEBHOOKS

OUTBOX = "outbox"


def _itself(value: RowId | None) -> RowId | None:
    return value


def _of_waiting(webhook: RowId, held: str | None) -> RowId | None:
    return webhook if held == "pair" else None


def _turn(at: str | None, order: int) -> tuple[str, int] | None:
    return None if at is None else (at, order)


OUTBOX_TABLE = TableSpec(
    OUTBOX,
    {
        "webhook": Index("webhook", _itself),
        "pair": Index(("webhook", "held"), _of_waiting),
        "waits": Index("held", _itself),
    },
    timeline=Index(("at", "order"), _turn),
    highest=0,
)
"""Deliveries that are not settled. Those with a time wait for it; the others go now, or are held.

They go in their `order`, which is that of their numbers unless a test mode says otherwise.
`attempts` counts those that have begun: it is raised before anything is sent, so that an attempt
may be made twice where the server is killed, and none is forgotten.
"""

OUTBOX_ROW: Row = {
    "id": 0,
    "webhook": 0,
    "kind": "",
    "event": 0,
    "lead": None,
    "time": "",
    "cause": "control",
    "cause_number": 0,
    "url": "",
    "body": "",
    "order": 0,
    "attempts": 0,
    "at": None,
    "held": None,
    "by_hand": False,
    "probe": False,
    "remarks": [],
}


def outbox_section(lead_id: Schema, webhook_id: Schema = ID) -> SectionTable:
    """What a fixture may say of deliveries that are still to be made."""
    return SectionTable(
        OUTBOX,
        {
            "id": ID,
            "webhook": webhook_id,
            "kind": TEXT,
            "event": {"type": "integer", "minimum": 0},
            "lead": {"anyOf": [lead_id, {"type": "null"}]},
            "time": TIME,
            "cause": {"enum": ["request", "simulate", "due", "control"]},
            "cause_number": {"type": "integer", "minimum": 0},
            "url": TEXT,
            "body": TEXT,
            "order": {"type": "integer", "minimum": 0},
            "attempts": {"type": "integer", "minimum": 0},
            "at": TIME_OR_NULL,
            "held": {"enum": [None, "settle", "pair"]},
            "by_hand": FLAG,
            "probe": FLAG,
            "remarks": {"type": "array", "items": TEXT},
        },
        required=("webhook", "kind", "time", "url", "body"),
        defaults=OUTBOX_ROW,
        times={"at": moment_text, "time": moment_text},
        references={"webhook": WEBHOOKS},
        ids=NUMBERED,
        description="A delivery that is still to be made. `at` is when, if not now; `held` says "
        "that it waits for `settle`, or for the second of a pair. One made `by_hand` has no "
        "retries; a `probe` carries a wrong credential.",
    )

"""Octanist's section of a fixture: what its rows may hold, and how a lead is completed."""

from collections.abc import Collection
from typing import Any

from mockserver.dialects.envelope import instant
from mockserver.dialects.javascript import date, number
from mockserver.life.lifecycle import section_tables
from mockserver.sections import (
    FLAG,
    NOW,
    TEXT_ID,
    TEXT_OR_NULL,
    TIME,
    TIME_OR_NULL,
    Ids,
    Reading,
    Schema,
    Section,
    SectionTable,
    Seeding,
    no_number,
)
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendors.octanist.rows import (
    ATTRIBUTION,
    INSTANTS,
    QUALIFYING,
    ROW,
    STATUSES,
    attribution,
    custom_text,
    expiry,
    lead_id,
)

_SOURCES = ["inbound", "gtm", "api", "manual", "wordpress", "import"]

_COLUMNS: dict[str, Schema] = {
    "id": TEXT_ID,
    "status": {"enum": list(STATUSES)},
    "value": {"type": ["number", "null"]},
    "custom": {"description": "A text, or JSON that is stored as its text."},
    "source": {"enum": _SOURCES},
    "createdAt": TIME,
    "updatedAt": TIME,
    "qualifiedAt": TIME_OR_NULL,
    "expiresAt": TIME,
    "sessionId": {
        "description": "The id of a session; the API does not show it.",
        "type": ["string", "null"],
    },
}
"""The columns that need more than a text or a flag."""


def _column(name: str) -> Schema:
    if name in _COLUMNS:
        return _COLUMNS[name]
    if ATTRIBUTION.get(name) is False:
        return FLAG
    return TEXT_OR_NULL


def _number(value: float, seeding: Seeding) -> int | float:
    return number(value)


def _custom(value: Any, seeding: Seeding) -> str | None:
    return custom_text(value)


_INFINITE = ("finite", "holds a number past the range of doubles")


def _new_id(number: int, seeding: Seeding) -> str:
    return lead_id(number, seeding.seed)


def _inherits(row: Row, tx: Transaction) -> Row:
    """What a lead has from its session."""
    return attribution(row.get("sessionId"), tx)


def _complete(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
    """The lead as it would be if the API had created it and set its status at once."""
    created = row["createdAt"]
    row["updatedAt"] = given.get("updatedAt", created)
    if "expiresAt" not in given:
        moment = date(created)
        assert moment is not None, created
        row["expiresAt"] = expiry(moment)
    if "qualifiedAt" not in given and row["status"] in QUALIFYING:
        row["qualifiedAt"] = row["updatedAt"]
    return row


def _qualified(row: Row) -> Collection[str]:
    """What an export writes even if it is null.

    A null `qualifiedAt` must be written where the status would set it when the lead is read back.
    """
    if row["status"] in QUALIFYING:
        return ("qualifiedAt",)
    return ()


SECTION = Section(
    (
        SectionTable(
            "sessions",
            {"id": TEXT_ID} | {name: _column(name) for name in ATTRIBUTION},
            required=("id",),
            ids=None,
            defaults=ATTRIBUTION,
            description="A pixel session: the attribution of the leads that come in with its id.",
        ),
        SectionTable(
            "leads",
            {name: _column(name) for name in ROW},
            defaults=ROW | {"createdAt": NOW},
            references={"sessionId": "sessions"},
            times=dict.fromkeys(INSTANTS, instant),
            readings={
                "value": Reading(_number, *_INFINITE),
                "custom": Reading(_custom, *_INFINITE),
            },
            ids=Ids(_new_id, no_number),
            stated=("updatedAt", "expiresAt"),
            inherits=_inherits,
            complete=_complete,
            also_stated=_qualified,
            description="A lead as the API returns it. What is left out has the default that a "
            "lead from the API would have, or that of its session; without an id it gets the next "
            "one.",
        ),
        *section_tables(TEXT_ID, has_calls=False),
    )
)

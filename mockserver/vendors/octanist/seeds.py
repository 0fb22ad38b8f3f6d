"""Octanist's section of a fixture: the tables filled from it, and written down as one."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.dialects.envelope import instant
from mockserver.dialects.javascript import number
from mockserver.errors import Problem
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendor import Seeding
from mockserver.vendors.octanist.rows import (
    ATTRIBUTION,
    INSTANTS,
    QUALIFYING,
    ROW,
    attribution,
    custom_text,
    expiry,
    moment_of,
    new_id,
)

_READ: Mapping[str, Callable[[Any], Any]] = {"value": number, "custom": custom_text}
_STATED = ("id", "createdAt", "updatedAt", "expiresAt")
"""Columns of a lead whose default depends on the time."""


def seed(section: Mapping[str, Any], tx: Transaction, seeding: Seeding) -> Iterator[Problem]:
    """Fill the tables from the section of a fixture.

    Yields each dangling sessionId and each time or number out of range.
    """
    for given in section.get("sessions", ()):
        tx.put("sessions", ATTRIBUTION | given)
    leads = section.get("leads", ())
    taken = {given["id"] for given in leads if "id" in given}
    for index, given in enumerate(leads):
        problems = [Problem(("leads", index, name), *said) for name, *said in _faults(given, tx)]
        yield from problems
        if not problems:
            tx.put(
                "leads",
                _seeded(
                    given | {"id": given.get("id") or new_id(seeding.seed, tx, taken)}, tx, seeding
                ),
            )


def _faults(given: Row, tx: Transaction) -> Iterator[tuple[Any, ...]]:
    """What is wrong with a lead.

    The field, the keyword, the message and, of a reference, where it leads.
    """
    if given.get("sessionId") is not None and tx.get("sessions", given["sessionId"]) is None:
        yield (
            "sessionId",
            "reference",
            f"there is no {given['sessionId']} in sessions",
            ("sessions", given["sessionId"]),
        )
    for name in INSTANTS:
        if given.get(name) is not None and moment_of(given[name]) is None:
            yield name, "range", "is out of range"
    for name, read in _READ.items():
        if given.get(name) is not None and _overflows(read, given[name]):
            yield name, "finite", "holds a number past the range of doubles"


def _overflows(read: Callable[[Any], Any], value: Any) -> bool:
    try:
        read(value)
    except OverflowError:
        return True
    return False


def _seeded(given: Row, tx: Transaction, seeding: Seeding) -> Row:
    """A lead of a fixture.

    What it leaves out, it has as if it had come in by the API and had got its status at once.
    """
    times = {
        name: moment
        for name in INSTANTS
        if given.get(name) is not None and (moment := moment_of(given[name]))
    }
    created = times.get("createdAt", seeding.now)
    row = ROW | attribution(given.get("sessionId"), tx) | given
    row["createdAt"] = instant(created)
    row["updatedAt"] = instant(times.get("updatedAt", created))
    row["qualifiedAt"] = instant(times["qualifiedAt"]) if "qualifiedAt" in times else None
    row["expiresAt"] = instant(times["expiresAt"]) if "expiresAt" in times else expiry(created)
    if "qualifiedAt" not in given and row["status"] in QUALIFYING:
        row["qualifiedAt"] = row["updatedAt"]
    if row["value"] is not None:
        row["value"] = number(row["value"])
    row["custom"] = custom_text(row["custom"])
    return row


def export(tx: Transaction) -> dict[str, Any]:
    """The section that fills empty tables with these rows."""
    left_out = {
        id: ROW | attribution(id, tx) | dict.fromkeys(_STATED, ...)
        for id in (None, *(row["id"] for row in tx.rows("sessions")))
    }
    section = {
        "sessions": [_given(row, ATTRIBUTION | {"id": ...}) for row in tx.rows("sessions")],
        "leads": [_given(row, left_out[row["sessionId"]]) for row in tx.rows("leads")],
    }
    return {name: rows for name, rows in section.items() if rows}


def _given(row: Row, left_out: Row) -> Row:
    """What a row has beyond its defaults.

    A lead that was never qualified says so where its status would have it qualified.
    """
    given = {name: value for name, value in row.items() if value is not left_out[name]}
    if row.get("status") in QUALIFYING and row["qualifiedAt"] is None:
        given["qualifiedAt"] = None
    return given

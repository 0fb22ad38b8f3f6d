"""NLPearl's section of a fixture: the tables filled from it, and written down as one."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mockserver.documents.formats import parse_date_time
from mockserver.errors import Problem
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendor import Seeding
from mockserver.vendors.nlpearl.rows import (
    ACCOUNT,
    LEAD,
    PEARL,
    ZONE,
    Stamp,
    stamp_of,
    time_text,
    time_zone,
)

_PEARL: Row = PEARL | {"timeZoneId": ZONE}
_UNCOUNTED = dict.fromkeys(("totalLeads", "totalLeadsCompleted", "totalLeadsSuccess"))
_ROW: Row = LEAD | {"timeZoneId": None}
_REQUIRED = ("pearlId", "phoneNumber")
_STATED = ("id", "timeZone", "created")
"""Columns whose default depends on the time or on another row."""


def seed(section: Mapping[str, Any], tx: Transaction, seeding: Seeding) -> Iterator[Problem]:
    """Fill the tables from the section of a fixture.

    Yields each lead of no pearl and each time out of range.
    """
    if "account" in section or tx.get("account", "account") is None:
        tx.put("account", ACCOUNT | section.get("account", {}) | {"id": "account"})
    stamp = stamp_of(seeding.now, seeding.seed)
    yield from _seed_pearls(section.get("pearls", ()), stamp, tx)
    yield from _seed_leads(section.get("leads", ()), stamp, tx)


def _seed_pearls(rows: Collection[Row], stamp: Stamp, tx: Transaction) -> Iterator[Problem]:
    for index, given in enumerate(rows):
        created = _created(given, stamp)
        if created is None:
            yield Problem(("pearls", index, "created"), "range", "is out of range")
        tx.put("pearls", _PEARL | given | _UNCOUNTED | {"created": created})


def _seed_leads(rows: Collection[Row], stamp: Stamp, tx: Transaction) -> Iterator[Problem]:
    own = (lead["id"] for lead in rows if lead.get("id", "")[8:18] == stamp.machine)
    tx.skip_numbers("leads", max((int(id[18:], 16) for id in own), default=0))
    for index, given in enumerate(rows):
        pearl, created = tx.get("pearls", given["pearlId"]), _created(given, stamp)
        if created is None:
            yield Problem(("leads", index, "created"), "range", "is out of range")
        if pearl is None:
            yield Problem(
                ("leads", index, "pearlId"),
                "reference",
                f"there is no {given['pearlId']} in pearls",
                ("pearls", given["pearlId"]),
            )
            continue
        id = given.get("id") or stamp.id(tx.next_number("leads"))
        zone = {"timeZone": time_zone(given.get("timeZoneId"), pearl)}
        tx.put("leads", _ROW | zone | given | {"id": id, "created": created})


def _created(given: Row, stamp: Stamp) -> str | None:
    """When a row was created, in the API's form; None where that is out of range."""
    moment = parse_date_time(given["created"]) if "created" in given else None
    try:
        return time_text(moment) if moment else stamp.created
    except OverflowError:
        return None


def export(tx: Transaction) -> dict[str, Any]:
    """The section that fills empty tables with these rows."""
    section: dict[str, Any] = {}
    for row in tx.rows("account"):
        section["account"] = {name: row[name] for name in ACCOUNT}
    section["pearls"] = [
        _given(row, _PEARL | dict.fromkeys(_STATED, ...)) for row in tx.rows("pearls")
    ]
    left_out = _ROW | dict.fromkeys((*_STATED, *_REQUIRED), ...)
    section["leads"] = [_given(row, left_out) for row in tx.rows("leads")]
    return {name: value for name, value in section.items() if value}


def _given(row: Row, left_out: Row) -> Row:
    return {
        name: value
        for name, value in row.items()
        if value is not left_out[name] and value != LEAD["callsId"]
    }

"""Octanist's section of a fixture: the tables filled from it."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.dialects.envelope import instant
from mockserver.dialects.javascript import number
from mockserver.errors import Problem
from mockserver.state import Row, Transaction
from mockserver.vendor import Seeding
from mockserver.vendors.octanist.rows import ATTRIBUTION, INSTANTS, QUALIFYING, ROW, attribution, custom_text, expiry, moment_of, new_id


def seed(section: Mapping[str, Any], tx: Transaction, seeding: Seeding) -> Iterator[Problem]:
    """Fill the tables from the section of a fixture; yields each duplicate id, dangling sessionId and time out of range."""
    for place, given in enumerate(section.get("sessions", ())):
        if tx.get("sessions", given["id"]) is not None:
            yield Problem(("sessions", place, "id"), "unique", f"the id {given['id']} stands twice in sessions")
        tx.put("sessions", ATTRIBUTION | given)
    for place, given in enumerate(section.get("leads", ())):
        problems = [Problem(("leads", place, name), keyword, message) for name, keyword, message in _faults(given, tx)]
        yield from problems
        if not problems:
            tx.put("leads", _seeded(given, tx, seeding))


def _faults(given: Row, tx: Transaction) -> Iterator[tuple[str, str, str]]:
    if "id" in given and tx.get("leads", given["id"]) is not None:
        yield "id", "unique", f"the id {given['id']} stands twice in leads"
    if given.get("sessionId") is not None and tx.get("sessions", given["sessionId"]) is None:
        yield "sessionId", "reference", f"there is no {given['sessionId']} in sessions"
    for name in INSTANTS:
        if given.get(name) is not None and moment_of(given[name]) is None:
            yield name, "range", "is out of range"


def _seeded(given: Row, tx: Transaction, seeding: Seeding) -> Row:
    """A lead of a fixture: what it leaves out, it has as if it had come in by the API and had got its status at once."""
    times = {name: moment for name in INSTANTS if given.get(name) is not None and (moment := moment_of(given[name]))}
    created = times.get("createdAt", seeding.now)
    row = ROW | attribution(given.get("sessionId"), tx) | given
    row["id"] = given.get("id") or new_id(seeding.seed, tx)
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


def export(tx: Transaction, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The section that fills empty tables like these."""
    return {}

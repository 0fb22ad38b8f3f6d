"""Sela's section of a fixture: the tables filled from it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mockserver.errors import Problem
from mockserver.identity import phone_e164
from mockserver.state import Row, Transaction
from mockserver.vendor import Seeding
from mockserver.vendors.sela.rows import local, moment_of, new_lead, time_text

_TIMES = frozenset({"modified_time", "created_time", "received_time", "last_reengagement_time"})


def seed(section: Mapping[str, Any], tx: Transaction, seeding: Seeding) -> Iterator[Problem]:
    """Fill the tables from the section of a fixture; yields each duplicate id, invalid phone number and reference to nothing."""
    for table, defaults in _SEEDED.items():
        rows = section.get(table, ())
        yield from _duplicates(table, rows)
        tx.skip_numbers(table, max((row["id"] for row in rows if isinstance(row.get("id"), int)), default=0))
        for row in rows:
            tx.put(table, defaults | row)
    yield from _dangling("ingestion_configs", section, tx)
    yield from _duplicates("leads", section.get("leads", ()))
    yield from _dangling("leads", section, tx)
    yield from _seed_leads(section.get("leads", ()), tx, seeding)


_SEEDED: dict[str, Row] = {
    "lead_types": {"lead_metadata_fields": [], "outbound_calling": True},
    "representatives": {},
    "ingestion_configs": {"name": "", "requires_token": True, "lead_type": None, "field_map": {}},
    "webhooks": {"trigger": "CALL_COMPLETE", "filter_condition": None},
}


def _seed_leads(rows: Collection[Row], tx: Transaction, seeding: Seeding) -> Iterator[Problem]:
    tx.skip_numbers("leads", max((row["id"] for row in rows if "id" in row), default=0))
    for place, given in enumerate(rows):
        phone = phone_e164(given["phone_number"])
        if phone is None:
            yield Problem(("leads", place, "phone_number"), "phone", f"{given['phone_number']!r} is no valid phone number")
            continue
        fields = given | {"phone_number": phone} | _seed_times(given, seeding.settings)
        created = moment_of(given["created_time"]) if "created_time" in given else seeding.now
        number = given["id"] if "id" in given else tx.next_number("leads")
        tx.put("leads", new_lead(number, fields, created, seeding.settings, tx))


def _seed_times(given: Row, settings: Mapping[str, Any]) -> Row:
    times = {name: time_text(moment_of(given[name]), settings) for name in _TIMES if given.get(name)}
    start = given.get("call_schedule_start_time")
    return times | ({"call_schedule_start_time": local(moment_of(start), settings).isoformat()} if start else {})


def _duplicates(table: str, rows: Collection[Row]) -> Iterator[Problem]:
    seen = set()
    for place, row in enumerate(rows):
        if "id" in row and row["id"] in seen:
            yield Problem((table, place, "id"), "unique", f"the id {row['id']} stands twice in {table}")
        seen.add(row.get("id"))


def _dangling(table: str, section: Mapping[str, Any], tx: Transaction) -> Iterator[Problem]:
    for place, row in enumerate(section.get(table, ())):
        for field, target in (("lead_type", "lead_types"), ("representative", "representatives")):
            if row.get(field) is not None and tx.get(target, row[field]) is None:
                yield Problem((table, place, field), "reference", f"there is no {row[field]} in {target}")


def export(tx: Transaction, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The section that fills empty tables like these."""
    return {}

"""Sela's section of a fixture: the tables filled from it, and written down as one."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from mockserver.errors import Problem
from mockserver.identity import phone_e164
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendor import Seeding
from mockserver.vendors.sela.rows import LEAD, local, moment_of, new_lead, time_text

_TIMES = ("modified_time", "created_time", "received_time", "last_reengagement_time")
_DEFAULTS: dict[str, Row] = {
    "lead_types": {"lead_metadata_fields": [], "outbound_calling": True},
    "representatives": {},
    "ingestion_configs": {"name": "", "requires_token": True, "lead_type": None, "field_map": {}},
    "webhooks": {"id": 0, "url": "", "trigger": "CALL_COMPLETE", "filter_condition": None},
}
"""What the rows of the smaller tables have where a fixture leaves it out."""

_REFERENCES = {"lead_type": "lead_types", "representative": "representatives"}
_STATED = (
    "id",
    "phone_number",
    "modified_time",
    "created_time",
    "status",
    "next_call_time",
    "received_time",
)
_LEFT_OUT: dict[str, Row] = {
    "leads": LEAD | dict.fromkeys(_STATED, ...),
    **{table: row | dict.fromkeys(("id", "name", "url"), ...) for table, row in _DEFAULTS.items()},
}
"""What an export leaves out of a row.

The defaults, but for what is required and what depends on the time or on the lead type.
"""


def seed(section: Mapping[str, Any], tx: Transaction, seeding: Seeding) -> Iterator[Problem]:
    """Fill the tables from the section of a fixture.

    Yields each invalid phone number, time out of range and reference to nothing.
    """
    for table, defaults in _DEFAULTS.items():
        rows = [_numbered(row) for row in section.get(table, ())]
        tx.skip_numbers(
            table, max((row["id"] for row in rows if isinstance(row.get("id"), int)), default=0)
        )
        for row in rows:
            tx.put(table, defaults | row)
    if not section.get("unknown_references"):
        yield from _dangling("ingestion_configs", section, tx)
        yield from _dangling("leads", section, tx)
    yield from _seed_leads([_numbered(row) for row in section.get("leads", ())], tx, seeding)


def _numbered(row: Row) -> Row:
    """The row with an id that can be counted on from: 7.0 is an integer for JSON Schema."""
    return row | {"id": int(row["id"])} if isinstance(row.get("id"), float) else row


def _seed_leads(rows: Collection[Row], tx: Transaction, seeding: Seeding) -> Iterator[Problem]:
    tx.skip_numbers("leads", max((row["id"] for row in rows if "id" in row), default=0))
    for index, given in enumerate(rows):
        problems = [
            Problem(("leads", index, name), keyword, message)
            for name, keyword, message in _faults(given)
        ]
        yield from problems
        if not problems:
            fields = (
                given
                | {"phone_number": phone_e164(given["phone_number"])}
                | _seed_times(given, seeding.settings)
            )
            created = moment_of(given["created_time"]) if "created_time" in given else seeding.now
            number = given["id"] if "id" in given else tx.next_number("leads")
            tx.put("leads", new_lead(number, fields, created, seeding.settings, tx))


def _faults(given: Row) -> Iterator[tuple[str, str, str]]:
    if phone_e164(given["phone_number"]) is None:
        yield "phone_number", "phone", f"{given['phone_number']!r} is no valid phone number"
    for name in _TIMES:
        if given.get(name) and not _is_in_range(moment_of(given[name])):
            yield name, "range", "is out of range"


def _is_in_range(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _seed_times(given: Row, settings: Mapping[str, Any]) -> Row:
    """The times as they are stored: in the account's zone.

    One that is written as the API writes it stays as it is.
    """
    times = {}
    for name in _TIMES:
        if given.get(name):
            moment = moment_of(given[name])
            times[name] = (
                given[name] if _written(moment) == given[name] else time_text(moment, settings)
            )
    start = given.get("call_schedule_start_time")
    if start and moment_of(start).isoformat() != start:
        times["call_schedule_start_time"] = local(moment_of(start), settings).isoformat()
    return times


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _dangling(table: str, section: Mapping[str, Any], tx: Transaction) -> Iterator[Problem]:
    for index, row in enumerate(section.get(table, ())):
        for field, target in _REFERENCES.items():
            if row.get(field) is not None and tx.get(target, row[field]) is None:
                yield Problem(
                    (table, index, field),
                    "reference",
                    f"there is no {row[field]} in {target}",
                    (target, row[field]),
                )


def export(tx: Transaction) -> dict[str, Any]:
    """The section that fills empty tables with these rows.

    It says `unknown_references` where one leads to nothing.
    """
    section: dict[str, Any] = {"unknown_references": True} if _has_dangling(tx) else {}
    for table, left_out in _LEFT_OUT.items():
        section[table] = [
            {name: value for name, value in row.items() if value is not left_out[name]}
            for row in tx.rows(table)
        ]
    return {name: value for name, value in section.items() if value}


def _has_dangling(tx: Transaction) -> bool:
    pairs = [("leads", field, target) for field, target in _REFERENCES.items()] + [
        ("ingestion_configs", "lead_type", "lead_types")
    ]
    named = (
        (target, set(map(itemgetter(field), tx.rows(table)))) for table, field, target in pairs
    )
    return any(tx.get(target, id) is None for target, ids in named for id in ids if id is not None)

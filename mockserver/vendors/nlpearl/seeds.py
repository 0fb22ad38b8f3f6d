"""NLPearl's section of a fixture: the tables filled from it."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.errors import Problem
from mockserver.formats import parse_date_time
from mockserver.state import Row, Transaction
from mockserver.vendor import Seeding
from mockserver.vendors.nlpearl.rows import ACCOUNT, LEAD, PEARL, ZONE, stamp_of, time_text, time_zone


def seed(section: Mapping[str, Any], tx: Transaction, seeding: Seeding) -> Iterator[Problem]:
    """Fill the tables from the section of a fixture; yields each duplicate id and each lead of no pearl."""
    tx.put("account", ACCOUNT | section.get("account", {}) | {"id": "account"})
    for place, given in enumerate(section.get("pearls", ())):
        if tx.get("pearls", given["id"]) is not None:
            yield Problem(("pearls", place, "id"), "unique", f"the id {given['id']} stands twice in pearls")
        tx.put("pearls", PEARL | {"timeZoneId": ZONE} | given | _UNCOUNTED | {"created": _created(given, seeding)})
    leads = section.get("leads", ())
    stamp = stamp_of(seeding.now, seeding.seed)
    own = (lead["id"] for lead in leads if lead.get("id", "")[8:18] == stamp.machine)
    tx.skip_numbers("leads", max((int(id[18:], 16) for id in own), default=0))
    for place, given in enumerate(leads):
        id = given.get("id") or stamp.id(tx.next_number("leads"))
        pearl = tx.get("pearls", given["pearlId"])
        if tx.get("leads", id) is not None:
            yield Problem(("leads", place, "id"), "unique", f"the id {id} stands twice in leads")
        if pearl is None:
            yield Problem(("leads", place, "pearlId"), "reference", f"there is no {given['pearlId']} in pearls")
        else:
            zone = {"timeZoneId": None, "timeZone": time_zone(given.get("timeZoneId"), pearl)}
            tx.put("leads", LEAD | zone | given | {"id": id, "created": _created(given, seeding)})


_UNCOUNTED = dict.fromkeys(("totalLeads", "totalLeadsCompleted", "totalLeadsSuccess"))


def _created(given: Row, seeding: Seeding) -> str:
    return time_text(parse_date_time(given.get("created", "")) or seeding.now)


def export(tx: Transaction, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The section that fills empty tables like these."""
    return {}

"""How an outbound pearl calls: what an update of its settings changes.

(`v2/pearlFlow/update-pearl-outbound`)
"""

from collections.abc import Iterator
from typing import Any

from mockserver.state.changes import Row
from mockserver.vendors.nlpearl.rows import OUTBOUND_SETTINGS

_MOST = 2**31 - 1


def objections(given: Row) -> Iterator[str]:
    """What is wrong with numbers that a pearl cannot show."""
    for name in ("totalAgents", "budgetTotal"):
        value = given.get(name)
        if value is not None and not 0 <= value <= _MOST:
            yield f"{name} must be between 0 and {_MOST}"


def changes(pearl: Row, given: Row) -> Row:
    """The columns of the pearl that an update sets.

    Null is not given, but for the budget: without one there is no limit. An empty text or list is a
    value.
    """
    found: Row = {}
    if given.get("totalAgents") is not None:
        found["totalAgents"] = given["totalAgents"]
    if "budgetTotal" in given:
        found["budgetTotal"] = _whole(given["budgetTotal"])
    if given.get("timeZone") is not None:
        found["timeZoneId"] = given["timeZone"]
    others = {name: given[name] for name in OUTBOUND_SETTINGS if given.get(name) is not None}
    if "callingHours" in others:
        others["callingHours"] = [hours for hours in others["callingHours"] if hours is not None]
    if others:
        found["outboundSettings"] = (pearl["outboundSettings"] or {}) | others
    return found


def _whole(budget: Any) -> int | None:
    """The budget without its fraction: a pearl shows an integer."""
    return None if budget is None else int(budget)

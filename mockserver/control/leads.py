"""Handlers for what is stored: the leads of every vendor, and what was done to each."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, checked, operation
from mockserver.control.workspaces import LEADS
from mockserver.errors import Problem, Refusal
from mockserver.journal.records import ManyRows
from mockserver.journal.view import change_view, instant
from mockserver.state.changes import Row
from mockserver.state.transaction import RowDiff
from mockserver.vendor import Reply
from mockserver.wire import write_json
from mockserver.workspaces import Workspace

_PHONE_LENGTHS = range(7, 40)
_MAX_DIGITS = 40
_NO_DIGIT = re.compile(r"\D")
_GAP = r'[^\d"]{0,3}'

Found = tuple[str, int, Row]
"""A lead's vendor, its place among that vendor's leads, and its row."""


def _stranger(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    return server.strangers(query.get("vendor"), None, "query")


@operation
@checked(_stranger)
def list_leads(call: Call, server: Control) -> Reply:
    """A page of the leads of all vendors or of one."""
    workspace, limit = server.workspace(call), call.query.get("limit", 100)
    vendor = call.query.get("vendor")
    after, _, place = call.query.get("after", ":-1").partition(":")
    fits = _search(call.query.get("q", ""))
    found = (
        each
        for each in _leads(workspace, vendor)
        if each[:2] > (after, int(place)) and fits(each[2])
    )
    page = list(islice(found, limit + 1))
    following = "{}:{}".format(*page[limit - 1]) if len(page) > limit else None
    leads = [{"vendor": name, "id": row["id"], "lead": row} for name, _, row in page[:limit]]
    return Reply({"leads": leads, "next": following})


def _leads(workspace: Workspace, vendor: str | None) -> Iterator[Found]:
    for name, group in sorted(workspace.tables.items()):
        if vendor in (None, name) and LEADS in group:
            table = group[LEADS]
            yield from ((name, table.places[id], row) for id, row in table.rows.items())


def _search(text: str) -> Callable[[Row], bool]:
    """Whether a field of a row has the text in it, in any letter case.

    A phone number in any spelling.

    The JSON of a row is looked at first: that is ten times as fast, and says no to nearly all rows.
    """
    folded, digits = text.casefold(), _digits(text)
    likely = re.compile(
        "|".join(
            [re.escape(write_json(folded)[1:-1].decode()), *([_GAP.join(digits)] if digits else [])]
        )
    )

    def has(field: str) -> bool:
        return folded in field.casefold() or (
            digits != "" and len(field) in _PHONE_LENGTHS and digits in _NO_DIGIT.sub("", field)
        )

    return lambda row: (
        likely.search(write_json(row).decode().casefold()) is not None
        and any(map(has, _texts(row)))
    )


def _digits(text: str) -> str:
    """Those of a phone number, without the 1 that some spellings begin with.

    None where the text is no phone number.
    """
    digits = _NO_DIGIT.sub("", text)
    if len(digits) < _PHONE_LENGTHS.start or not text.isascii() or any(map(str.isalpha, text)):
        return ""
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


@operation
def get_lead(call: Call, server: Control) -> Reply:
    """A lead with every change to it that the journal still knows, also where it was deleted."""
    workspace, vendor, id = (
        server.workspace(call),
        call.path_parameters["vendor"],
        call.path_parameters["id"],
    )
    if LEADS not in workspace.tables.get(vendor, ()):
        raise Refusal(
            "not_found", f"{vendor!r} is no vendor; the vendors are {', '.join(server.sites)}."
        )
    rows = workspace.tables[vendor][LEADS].rows
    key = int(id) if id not in rows and id.isdecimal() and len(id) <= _MAX_DIGITS else id
    history = list(_history(workspace, vendor, id))
    if key not in rows and not history:
        raise Refusal("not_found", f"{workspace.name} has no lead {id!r} of {vendor}.")
    return Reply({"vendor": vendor, "id": key, "lead": rows.get(key), "history": history})


def _history(workspace: Workspace, vendor: str, id: str) -> Iterator[dict[str, Any]]:
    """Each change to the lead, oldest first. Of a change of many rows the columns are not known."""
    for record in workspace.journal:
        for change in record.changes if record.vendor == vendor else ():
            if change.table == LEADS and _is_about(change, id):
                yield {
                    "request": record.number,
                    "time": instant(record.time),
                    "operation": record.operation,
                    **_columns(change),
                }


def _is_about(change: RowDiff | ManyRows, id: str) -> bool:
    ids = change.ids if isinstance(change, ManyRows) else (change.id,)
    return any(str(each) == id for each in ids)


def _columns(change: RowDiff | ManyRows) -> dict[str, Any]:
    if isinstance(change, ManyRows):
        return {"before": None, "after": None, "fields": []}
    shown = change_view(change)
    return {name: shown[name] for name in ("before", "after", "fields")}

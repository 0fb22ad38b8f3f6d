"""Records of the journal as JSON, for people and tests: credentials are hidden in all of it."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from mockserver.call import Note
from mockserver.errors import Refusal
from mockserver.journal.records import AppliedFault, Journal, ManyRows, Record
from mockserver.journal.redaction import hidden_target, masked_headers, quoted
from mockserver.matching import Combine, KeyTrial, MatchTrace, Mismatch
from mockserver.state.changes import RowId
from mockserver.state.transaction import RowDiff
from mockserver.wire import read_json

SHOWN = 20
"""Of so many rows the ids are shown."""
_MAX_DEPTH = 100

_HOW: dict[Combine, str] = {
    "all given": "all given keys must fit one lead",
    "first that matches": "the first key that matches decides",
    "first given": "the first key given decides",
}


def select(
    journal: Journal,
    *,
    after: int = 0,
    vendor: str | None = None,
    operation: str | None = None,
    status: str | None = None,
    fault: str | None = None,
    unmatched: bool | None = None,
    q: str | None = None,
    order: str = "asc",
    before: int | None = None,
    limit: int = 100,
) -> list[Record]:
    """The first `limit` fitting records, by number; with the order `desc` the last ones.

    Their numbers lie between `after` and `before`, both excluded. `status` is a number, or a class
    as `4xx`; `fault` the name of one. `unmatched` asks for those that no operation answers (an
    unknown path, or a method that it does not take), or for the others. `q` is a text that target,
    body or answer hold, in any letter case.
    """
    text = q.casefold() if q else None
    fitting = [
        record
        for record in journal
        if record.number > after
        and (before is None or record.number < before)
        and vendor in (None, record.vendor)
        and operation in (None, record.operation)
        and (status is None or _has_status(record, status))
        and (fault is None or (record.fault is not None and record.fault.name == fault))
        and unmatched in (None, record.operation is None)
        and (text is None or _holds(record, text))
    ]
    return sorted(fitting, key=_number, reverse=order == "desc")[:limit]


def _has_status(record: Record, status: str) -> bool:
    if status.endswith("xx"):
        return record.status // 100 == int(status[0])
    return record.status == int(status)


def _holds(record: Record, text: str) -> bool:
    """Whether the folded text stands in a part of the request or answer that people may see."""
    if text in hidden_target(record.request).casefold():
        return True
    for raw in (record.request.body, record.answer):
        if raw and text in raw.decode("utf-8", "replace").casefold():
            return True
    return False


def _number(record: Record) -> int:
    return record.number


def summary(record: Record) -> dict[str, Any]:
    """A record in a line.

    `version` and `time` are the workspace's, `matched` the ids of the leads that the request meant,
    `fault` the name of one, `vendor` None for the path of none.
    """
    return {
        "number": record.number,
        "version": record.version,
        "time": instant(record.time),
        "vendor": record.vendor or None,
        "operation": record.operation,
        "method": record.request.method,
        "target": hidden_target(record.request),
        "status": record.status,
        "milliseconds": milliseconds(record),
        "fault": record.fault.name if record.fault is not None else None,
        "matched": _matched(record),
    }


def _matched(record: Record) -> list[RowId]:
    ids: dict[RowId, None] = {}
    for match in record.matches:
        ids |= dict.fromkeys(match.ids[:SHOWN])
    return list(ids)


def describe(record: Record) -> dict[str, Any]:
    """A record with all that is known of it, as JSON.

    A body is its JSON value, else its text, else `{"base64": ...}`; null where there was none or
    where it was too large to be read. Of the leads that a match or a key found, the first 20 stand
    there and `found` counts them all.
    """
    request = record.request
    return summary(record) | {
        "request": {
            "headers": masked_headers(request.headers.items()),
            "body": json_or_text(request.body),
            "raw": _raw(request.body),
        },
        "answer": {
            "status": record.status,
            "headers": masked_headers(record.answer_headers),
            "body": json_or_text(record.answer),
        },
        "matches": [match_view(match) for match in record.matches],
        "changes": [change_view(change) for change in record.changes],
        "notes": [f"{record.operation} {note_text(note)}" for note in record.notes],
        "fault": _fault(record.fault),
    }


def note_text(note: Note) -> str:
    """The words of a note, without the name of the operation before them."""
    return note.text.format(*map(quoted, note.values))


def milliseconds(record: Record) -> float:
    """How long the answer took."""
    return round(record.seconds * 1000, 3)


def instant(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC, with milliseconds and a Z."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def text_of(raw: bytes) -> tuple[str, bool]:
    """The bytes as text; as base64, and True, where they are not UTF-8."""
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        return b64encode(raw).decode(), True


def json_of(raw: bytes) -> Any:
    """The JSON value in `raw`. Raises Refusal where there is none."""
    return read_json(raw, _MAX_DEPTH)


def json_or_text(raw: bytes | None) -> Any:
    """A body as its JSON value, else its text, else `{"base64": ...}`; None where it is empty."""
    if not raw:
        return None
    try:
        return json_of(raw)
    except Refusal:
        text, encoded = text_of(raw)
        return {"base64": text} if encoded else text


def _raw(raw: bytes | None) -> str | None:
    """The body as it was sent, with repeated members and spaces; None where it is no UTF-8."""
    if not raw:
        return None
    text, encoded = text_of(raw)
    return None if encoded else text


def match_view(match: MatchTrace) -> dict[str, Any]:
    """How rows were looked for, as JSON."""
    return {
        "rule": match.rule,
        "rows": list(match.ids[:SHOWN]),
        "found": match.found,
        "steps": [_step(trial) for trial in match.trials],
        "verdict": verdict(match),
    }


def _step(trial: KeyTrial) -> dict[str, Any]:
    return {
        "key": trial.key,
        "value": _as_json(trial.value),
        "normalised": _as_json(trial.compared),
        "candidates": list(trial.ids[:SHOWN]),
        "found": trial.found,
        "verdict": trial.verdict,
    }


def _as_json(value: Any) -> Any:
    return [_as_json(each) for each in value] if isinstance(value, tuple) else value


def verdict(match: MatchTrace) -> str:
    """What each key found and what came of it, in a sentence."""
    parts = [trial_sentence(trial) for trial in match.trials]
    if len(match.keys) > 1:
        found = _leads(match.ids, match.found) if match.found else "nothing"
        parts.append(f"{_HOW[match.combine]}: {found} matched")
    parts += [_near_sentence(near) for near in match.near]
    parts += [f"lead {each.id} has {each.held}: {each.rule}" for each in match.spellings]
    return "; ".join(parts)


def trial_sentence(trial: KeyTrial) -> str:
    """What one key found, in words."""
    if trial.verdict == "not given":
        return f"{trial.key} was not given"
    value, compared = _text(trial.value), _text(trial.compared)
    read = f", compared as {compared}," if compared not in (value, "") else ""
    found = _leads(trial.ids, trial.found) if trial.found else "none"
    return f"{trial.key} {value}{read} matched {found}"


def _near_sentence(near: Mismatch) -> str:
    return f"lead {near.id} differs only in spelling: it has the {near.key} {near.held}"


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " and ".join(_text(each) for each in value if each is not None)
    return "" if value is None else str(value)


def _leads(ids: tuple[RowId, ...], found: int) -> str:
    if found == 1:
        return f"lead {ids[0]}"
    first = ", ".join(map(str, ids[:SHOWN]))
    return f"leads {first}" + (f" and {found - SHOWN} more" if found > SHOWN else "")


def change_view(change: RowDiff | ManyRows) -> dict[str, Any]:
    """A change of a row, or of many rows of one table, as JSON."""
    if isinstance(change, ManyRows):
        return {"table": change.table, "ids": list(change.ids), "count": change.count}
    fields = dict.fromkeys((*(change.before or ()), *(change.after or ())))
    return {
        "table": change.table,
        "id": change.id,
        "before": change.before,
        "after": change.after,
        "fields": list(fields),
    }


def _fault(fault: AppliedFault | None) -> dict[str, Any] | None:
    if fault is None:
        return None
    return {"kind": fault.name, "cause": fault.cause, "parameters": dict(fault.parameters)}

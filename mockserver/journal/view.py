"""Journal entries as JSON, for people and tests."""

from base64 import b64encode
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mockserver.call import Call
from mockserver.errors import Refusal
from mockserver.faults.catalogue import InjectedFault
from mockserver.journal.records import Journal
from mockserver.journal.redaction import masked_headers
from mockserver.matching import Combine, Match, Step
from mockserver.state.changes import Row
from mockserver.wire import read_json

_SHOWN = 20
_MAX_DEPTH = 100
_MISSING = object()

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
    status: int | None = None,
    unmatched: bool | None = None,
    limit: int = 100,
) -> list[Call]:
    """The first `limit` fitting entries with a number greater than `after`, by number.

    `unmatched` asks for those that no operation answers (an unknown path, or a method that it does
    not take), or for the others.
    """
    fitting = [
        call
        for call in journal
        if call.number > after
        and vendor in (None, call.vendor)
        and operation in (None, operation_of(call))
        and status in (None, call.status)
        and unmatched in (None, call.operation is None)
    ]
    return sorted(fitting, key=_number)[:limit]


def _number(call: Call) -> int:
    return call.number


def summary(call: Call) -> dict[str, Any]:
    """An entry in a line.

    `time` is the workspace's, `matched` the ids of the leads that it meant, `fault` the name of
    one.
    """
    return {
        "number": call.number,
        "time": instant(call.now),
        "vendor": call.vendor,
        "operation": operation_of(call),
        "method": call.request.method,
        "target": call.request.target,
        "status": call.status,
        "milliseconds": milliseconds(call),
        "fault": call.fault.kind.name if call.fault else None,
        "matched": list(
            dict.fromkeys(row["id"] for match in call.matches for row in match.rows[:_SHOWN])
        ),
    }


def describe(call: Call) -> dict[str, Any]:
    """An entry with all that is known of it, as JSON.

    A body is its JSON value, else its text, else `{"base64": ...}`; null where there was none or
    where it was too large to be read. Of the leads that a match or a key found, the first 20 stand
    there and `found` counts them all.
    """
    return summary(call) | {
        "request": {
            "headers": masked_headers(call.request.headers.items()),
            "body": _body(call.request.body),
        },
        "answer": {
            "status": call.status,
            "headers": masked_headers(call.answer_headers),
            "body": _body(call.answer),
        },
        "matches": [_match(match) for match in call.matches],
        "changes": [_change(change) for change in call.changes],
        "fault": _fault(call.fault),
    }


def operation_of(call: Call) -> str | None:
    """The operationId, or None where no operation answers the request."""
    return call.operation.id if call.operation else None


def milliseconds(call: Call) -> float:
    """How long the answer took."""
    return round(call.seconds * 1000, 3)


def instant(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC, with milliseconds and a Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def text_of(raw: bytes) -> tuple[str, bool]:
    """The bytes as text; as base64, and True, where they are not UTF-8."""
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        return b64encode(raw).decode(), True


def json_of(raw: bytes) -> Any:
    """The JSON value in `raw`. Raises Refusal where there is none."""
    return read_json(raw, _MAX_DEPTH)


def _body(raw: bytes | None) -> Any:
    if not raw:
        return None
    try:
        return json_of(raw)
    except Refusal:
        text, encoded = text_of(raw)
        return {"base64": text} if encoded else text


def _match(match: Match) -> dict[str, Any]:
    return {
        "rule": match.rule.name,
        "rows": _ids(match.rows),
        "found": len(match.rows),
        "steps": [_step(step) for step in match.trace],
        "verdict": verdict(match),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "value": _plain(step.value),
        "normalised": _plain(step.normalised),
        "candidates": _ids(step.rows),
        "found": len(step.rows),
        "verdict": step.verdict,
    }


def _ids(rows: list[Row]) -> list[Any]:
    return [row["id"] for row in islice(rows, _SHOWN)]


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def verdict(match: Match) -> str:
    """What each key found and what came of it, in a sentence."""
    parts = [_said(step) for step in match.trace]
    if len(match.rule.keys) > 1:
        parts.append(
            f"{_HOW[match.rule.combine]}: {_leads(match.rows) if match.rows else 'nothing'} matched"
        )
    return "; ".join(parts)


def _said(step: Step) -> str:
    if step.verdict == "not given":
        return f"{step.key} was not given"
    value, normalised = _text(step.value), _text(step.normalised)
    read = f", compared as {normalised}," if normalised not in (value, "") else ""
    return f"{step.key} {value}{read} matched {_leads(step.rows) if step.rows else 'none'}"


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " and ".join(_text(each) for each in value if each is not None)
    return "" if value is None else str(value)


def _leads(rows: list[Row]) -> str:
    if len(rows) == 1:
        return f"lead {rows[0]['id']}"
    first = ", ".join(str(row["id"]) for row in rows[:_SHOWN])
    return f"leads {first}" + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


def _change(change: Change) -> dict[str, Any]:
    before, after = change.before or {}, change.after or {}
    fields = [
        name
        for name in {**before, **after}
        if before.get(name, _MISSING) != after.get(name, _MISSING)
    ]
    return {
        "table": change.table,
        "id": change.id,
        "before": change.before,
        "after": change.after,
        "fields": fields,
    }


def _fault(fault: InjectedFault | None) -> dict[str, Any] | None:
    return (
        {"kind": fault.kind.name, "cause": fault.cause, "parameters": dict(fault.parameters)}
        if fault
        else None
    )

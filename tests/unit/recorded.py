"""Records for tests of what reads them: what is left out is that of a plain 200 without a body."""

from datetime import UTC, datetime
from typing import Any

from mockserver.call import Request
from mockserver.journal.records import Record
from mockserver.matching import KeyTrial, MatchTrace
from tests.records import record as plain_record
from tests.records import request as plain_request

NOW = datetime(2025, 1, 31, 12, 0, 0, 123456, UTC)


def record(
    number: int = 1,
    operation: str | None = "leads_update_update",
    path: str = "/sela/api/leads/update/",
    **fields: Any,
) -> Record:
    """A record; `fields` are those of Record, or of its Request."""
    sent = {name: fields.pop(name) for name in Request._fields if name in fields}
    called = plain_request("PUT", path)._replace(**sent)
    usual = {"operation": operation, "time": NOW, "seen_headers": (), "seconds": 0.0123456}
    return plain_record(number, request=called, **usual | fields)


def trial(key: str, value: Any, compared: Any, *ids: int) -> KeyTrial:
    """What one key did, and the ids of the rows that it found."""
    return KeyTrial(key, value, compared, ids[:100], len(ids))


def trace(
    trials: tuple[KeyTrial, ...] = (),
    ids: tuple[int, ...] = (),
    keys: tuple[str, ...] = ("phone_number",),
    **fields: Any,
) -> MatchTrace:
    """How rows were looked for, by the rule `update` unless it is said otherwise."""
    defaults: dict[str, Any] = {"rule": "update", "table": "leads", "combine": "first given"}
    found: dict[str, Any] = {"keys": keys, "trials": trials, "ids": ids[:100], "found": len(ids)}
    return MatchTrace(**defaults | found | fields)

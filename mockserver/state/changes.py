"""What can happen to a workspace, as plain data: each change says how things stand after it.

A change is an after-image: it names what it sets and the value that it sets. Applied again, in the
same order, a run of changes leaves the same state. `written` and `read` bring changes to JSON and
back, so a run can be kept in a file or sent to another process.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Row = dict[str, Any]
"""A stored record. Rows are replaced, never mutated: whoever holds one may keep it."""

RowId = int | str


class RequestNumber(NamedTuple):
    """A request took this number at this time of the workspace's clock."""

    number: int
    time: datetime


class RowChange(NamedTuple):
    """A row as it is after the change (None: it is gone), and its place among the table's rows."""

    vendor: str
    table: str
    id: RowId
    place: int
    row: Row | None


class IdCounter(NamedTuple):
    """The last number that a table has given to a new row."""

    vendor: str
    table: str
    last: int


class SettingsChange(NamedTuple):
    """All settings of a vendor."""

    vendor: str
    values: Mapping[str, Any]


class ClockChange(NamedTuple):
    """Where the clock stands still, or (None) how far it runs ahead of the real time."""

    frozen: datetime | None
    shift: timedelta


class FaultRuleChange(NamedTuple):
    """A fault rule as `FaultRule.as_json` tells it; None: it is gone."""

    id: int
    rule: Mapping[str, Any] | None


class FaultTally(NamedTuple):
    """What a fault rule has done so far: requests seen, faults applied, and its present window."""

    id: int
    seen: int = 0
    applied: int = 0
    opened: datetime | None = None
    admitted: int = 0


class FaultRulesCleared(NamedTuple):
    """No fault rule is left, and the next one is number 1 again."""


class TablesEmptied(NamedTuple):
    """No row is left in any table, and every table counts from its start again."""


class SnapshotSaved(NamedTuple):
    """The present rows, counters, settings and clock are kept under this name."""

    name: str


class SnapshotForgotten(NamedTuple):
    """Nothing is kept under this name any more."""

    name: str


class SnapshotRestored(NamedTuple):
    """Rows, counters, settings and clock are again what is kept under this name."""

    name: str


class WorkspaceReset(NamedTuple):
    """Everything is as it was before the first request, except the snapshots."""


class WorkspaceDeleted(NamedTuple):
    """Everything is as it was before the first request; nobody has the workspace any more."""


Change = (
    RequestNumber
    | RowChange
    | IdCounter
    | SettingsChange
    | ClockChange
    | FaultRuleChange
    | FaultTally
    | FaultRulesCleared
    | TablesEmptied
    | SnapshotSaved
    | SnapshotForgotten
    | SnapshotRestored
    | WorkspaceReset
    | WorkspaceDeleted
)

_KINDS: Mapping[str, Any] = {kind.__name__: kind for kind in Change.__args__}
_MICROSECOND = timedelta(microseconds=1)


def written(changes: Iterable[Change]) -> list[list[Any]]:
    """The changes as JSON values: of each its kind and then its fields."""
    return [[type(change).__name__, *map(_written_value, change)] for change in changes]


def _written_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    return value


def read(changes: Iterable[list[Any]]) -> list[Change]:
    """The changes that `written` has written. Raises ValueError for what is none."""
    return [_read_change(*change) for change in changes]


def _read_change(name: str, *values: Any) -> Change:
    kind = _KINDS.get(name)
    if kind is None or len(values) != len(kind._fields):
        raise ValueError(f"{name} with {len(values)} fields is no change of a workspace")
    types = kind.__annotations__.values()
    change: Change = kind(*map(_read_value, types, values))
    return change


def _read_value(type: Any, value: Any) -> Any:
    if type is timedelta:
        return value * _MICROSECOND
    if type in (datetime, datetime | None) and value is not None:
        return datetime.fromisoformat(value)
    return value

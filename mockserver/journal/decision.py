"""How a lead was found: what was sent for each key, who came into question, who was chosen."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.errors import Refusal
from mockserver.journal.directory import Directory
from mockserver.journal.records import Record
from mockserver.journal.view import SHOWN, json_of, match_view
from mockserver.journal.why import changed_among
from mockserver.matching import Key, KeyTrial, MatchingRule, MatchTrace
from mockserver.state.changes import RowId
from mockserver.wire import read_query

NameOf = Callable[[str, RowId], str | None]
"""The name of the row of a table with that id; None where it has none, or is gone."""


def decisions(record: Record, directory: Directory, name_of: NameOf) -> list[dict[str, Any]]:
    """Each match of a request, with its rule and mark, the candidates by name, and the choice."""
    fields = _Fields(record)
    found = []
    for match in record.matches:
        rule = directory.rule(record.vendor, match.rule)
        view = match_view(match)
        for step, trial in zip(view["steps"], match.trials, strict=True):
            step["sent"] = fields.sent(trial, _key(trial, rule))
        candidates = dict.fromkeys(_candidates(match))
        view |= {
            "candidates": [{"id": id, "name": name_of(match.table, id)} for id in candidates],
            "chosen": list(_chosen(match, record)),
            "decided_by": None,
            "setting": None,
            "provenance": None,
            "source": None,
        }
        if rule is not None:
            view |= {
                "decided_by": rule.several if match.found > 1 else None,
                "setting": rule.setting if match.found > 1 else None,
                "provenance": rule.provenance,
                "source": rule.source,
            }
        found.append(view)
    return found


def _key(trial: KeyTrial, rule: MatchingRule | None) -> Key | None:
    keys = rule.keys if rule is not None else ()
    return next((key for key in keys if key.field == trial.key), None)


def _candidates(match: MatchTrace) -> Iterator[RowId]:
    """The rows that the match or one of its keys found."""
    yield from match.ids[:SHOWN]
    for trial in match.trials:
        yield from trial.ids[:SHOWN]


def _chosen(match: MatchTrace, record: Record) -> Iterator[RowId]:
    """The rows that the request then was about."""
    changed = tuple(changed_among(match, record))
    if changed or match.found != 1:
        yield from changed
    else:
        yield match.ids[0]


class _Fields:
    """The fields of a request as they were sent."""

    def __init__(self, record: Record) -> None:
        self._body: Mapping[str, Any] = {}
        self._query = read_query(record.request.query_string)
        try:
            body = json_of(record.request.body or b"")
        except Refusal:
            return
        if isinstance(body, dict):
            self._body = body

    def sent(self, trial: KeyTrial, key: Key | None) -> Any:
        """What was sent for a key; its value where the request has it in another place."""
        columns = key.columns if key is not None else ()
        if not columns or not isinstance(trial.value, tuple):
            return self._field(trial.key, trial.value)
        pairs = zip(columns, trial.value, strict=False)
        return [self._field(name, value) for name, value in pairs]

    def _field(self, name: str, value: Any) -> Any:
        if name in self._body:
            return self._body[name]
        return self._query.get(name, value)

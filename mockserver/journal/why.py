"""Why a request was answered as it was: one sentence, with its parts as data.

The control API, the text of a failing test, the log and the plain list of requests all show this
sentence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from mockserver.journal.bodies import is_encoded_twice
from mockserver.journal.directory import Directory
from mockserver.journal.meant import meant_by
from mockserver.journal.records import WHOLE_BODY, ManyRows, Record, RefusalNote
from mockserver.journal.redaction import printable, shown_secrets
from mockserver.journal.view import trial_sentence, verdict
from mockserver.matching import MatchTrace
from mockserver.state.changes import RowId
from mockserver.state.transaction import RowDiff

What = Literal[
    "fault",
    "unknown operation",
    "no credential",
    "nothing found",
    "several found",
    "refused",
    "created",
    "updated",
    "deleted",
    "changed",
    "read",
]
"""What happened to a request; `changed` is more than one kind of change."""

_SHOWN = 5
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Why:
    """What happened to a request.

    `sentence` is for people; `parts` holds what it names as JSON values.
    """

    what: What
    sentence: str
    parts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The reason as JSON values only."""
        return {"what": self.what, "sentence": self.sentence, "parts": dict(self.parts)}


def why(record: Record, directory: Directory) -> Why:
    """What happened to the request of a record."""
    if record.fault is not None:
        return _fault(record)
    if record.operation is None:
        return _unknown_operation(record, directory)
    if record.refusal is not None:
        return _refusal(record, directory)
    if record.changes:
        return _changes(record, directory)
    return _read(record, directory)


def _fault(record: Record) -> Why:
    fault = record.fault
    assert fault is not None
    parts: dict[str, Any] = {"fault": fault.name, "cause": fault.cause}
    sentence = f"The fault {fault.name} ({fault.cause}) {_effect(record)}"
    if fault.left is not None:
        parts["left"] = fault.left
        sentence += f"; {_times(fault.left)}"
    return Why("fault", f"{sentence}.", parts)


def _effect(record: Record) -> str:
    answer = f"answered {record.status}" if record.status else "left it without an answer"
    if record.changes:
        return f"{answer}, and the request took effect: {_changed(record)}"
    return answer


def _times(left: int) -> str:
    if left == 0:
        return "no further request gets it"
    return f"{left} more {'request gets' if left == 1 else 'requests get'} it"


def _unknown_operation(record: Record, directory: Directory) -> Why:
    request = record.request
    called = f"{request.method} {request.path}"
    sentence = f"{record.vendor} has no operation {called}"
    if not record.vendor:
        sentence = f"No vendor has {called}"
    if record.methods:
        sentence = f"{request.path} takes {', '.join(record.methods)}, and not {request.method}"
    parts: dict[str, Any] = {"method": request.method, "path": request.path}
    meant = meant_by(record, directory.operations)
    if meant is None:
        return Why("unknown operation", _line(f"{sentence}."), parts)
    parts["meant"] = meant._asdict()
    if record.methods:
        return Why("unknown operation", _line(f"{sentence}."), parts)
    right = f"{meant.method} {meant.path} ({meant.operation})"
    sentence = f"{sentence}: it has {meant.mistake}. Probably meant: {right}."
    return Why("unknown operation", _line(sentence), parts)


def _refusal(record: Record, directory: Directory) -> Why:
    refusal = record.refusal
    assert refusal is not None
    if refusal.kind == "unauthorized":
        return _no_credential(record, directory)
    if refusal.kind == "not_found" and not refusal.problems:
        return _nothing_found(record)
    several = _several(record)
    if refusal.kind == "conflict" and several is not None:
        parts = {"status": record.status} | _several_parts(several, directory, record)
        found = f"{several.found} leads match, and none was changed: {verdict(several)}"
        return Why("several found", _line(f"Refused with {record.status}: {found}."), parts)
    fields = [{"field": name, "message": message} for name, message in refusal.problems]
    reason = _body_reason(record, directory) or _fields_reason(refusal)
    reason = reason or refusal.message or refusal.kind.replace("_", " ")
    parts = {"status": record.status, "kind": refusal.kind, "fields": fields}
    return Why("refused", _line(f"Refused with {record.status}: {reason.rstrip('.')}."), parts)


def _fields_reason(refusal: RefusalNote) -> str:
    """What is wrong with the first fields that were refused; empty where none was."""
    reasons = [_reason(name, message) for name, message in refusal.problems[:_SHOWN]]
    if len(refusal.problems) > _SHOWN:
        reasons.append(f"and {refusal.total - _SHOWN} more")
    return "; ".join(reasons)


def _body_reason(record: Record, directory: Directory) -> str | None:
    """What is wrong with the body as a whole, as far as it can be said better than by the API."""
    refusal, body = record.refusal, record.request.body
    assert refusal is not None
    if refusal.kind == "unsupported_media_type":
        return _other_media_type(record, directory)
    if refusal.kind == "malformed" and refusal.reason is None:
        return f"the body cannot be read: {refusal.message}" if body else "the body is empty"
    if [name for name, _ in refusal.problems] == [WHOLE_BODY] and is_encoded_twice(record.request):
        return "the body is a text that holds JSON: it was encoded twice"
    return None


def _other_media_type(record: Record, directory: Directory) -> str:
    operation = directory.operation(record)
    body = operation.body if operation is not None else None
    read = " or ".join(body.media_types) if body is not None else "no body"
    sent = record.request.headers.get(b"content-type", b"").decode("latin-1") or "none"
    return f"the Content-Type is {sent}, and {record.operation} reads {read}"


def _reason(name: str, message: str) -> str:
    is_sentence = name == WHOLE_BODY and not message.startswith("needs ")
    return message if is_sentence else f"{name} {message}"


def _no_credential(record: Record, directory: Directory) -> Why:
    assert record.refusal is not None
    reason = record.refusal.reason or "missing-credential"
    sent = list(islice(shown_secrets(record.request), _SHOWN))
    parts: dict[str, Any] = {"status": record.status, "reason": reason, "sent": sent}
    credential = directory.credentials.get(record.vendor)
    text = "the request has no credential"
    if reason == "unknown-credential":
        text = "the credential is refused here"
    elif credential is not None:
        parts["wanted"] = credential.form
        text = f"{record.vendor} reads `{credential.form}`, and the request has {_quoted(sent)}"
    return Why(
        "no credential", _line(f"Signed in as nobody, answered {record.status}: {text}."), parts
    )


def _quoted(sent: Sequence[str]) -> str:
    if not sent:
        return "no credential"
    return " and ".join(f"`{each}`" for each in sent)


def _nothing_found(record: Record) -> Why:
    parts: dict[str, Any] = {"status": record.status}
    tried = [trial for match in record.matches for trial in match.trials]
    parts["tried"] = [trial.key for trial in tried if trial.verdict != "not given"]
    given = "; ".join(verdict(match) for match in record.matches)
    reason = given or f"{record.request.path} names nothing that is there"
    sentence = f"Nothing found, answered {record.status}: {reason.rstrip('.')}."
    return Why("nothing found", _line(sentence), parts)


def _changes(record: Record, directory: Directory) -> Why:
    verbs = dict.fromkeys(_verb(change) for change in record.changes)
    what: What = next(iter(verbs)) if len(verbs) == 1 else "changed"
    parts: dict[str, Any] = {"rows": [_row(change) for change in record.changes[:_SHOWN]]}
    sentence = _changed(record)
    if record.action:
        parts["action"] = record.action
        sentence = f"{record.action.capitalize()}: {sentence[0].lower()}{sentence[1:]}"
    return Why(what, _line(f"{sentence}{_found(record, directory, parts)}."), parts)


def _read(record: Record, directory: Directory) -> Why:
    parts: dict[str, Any] = {"status": record.status}
    if record.action:
        parts["action"] = record.action
        sentence = f"{record.action.capitalize()}: nothing changed"
    elif record.matches and not any(match.found for match in record.matches):
        return _nothing_found(record)
    elif record.matches:
        ids = _texts(record.matches[-1].ids[:1])
        sentence = f"Read {_one(record.matches[-1].table)} {ids}"
    else:
        sentence = f"Answered {record.status}, and nothing changed"
    return Why("read", _line(f"{sentence}{_found(record, directory, parts)}."), parts)


def _found(record: Record, directory: Directory, parts: dict[str, Any]) -> str:
    """How the row was found, to be added to a sentence; adds to the parts."""
    several = _several(record)
    if several is not None:
        parts |= _several_parts(several, directory, record)
        return f"; {several.found} match by {_keys(several)}{_choice(several, directory, record)}"
    for match in record.matches:
        if match.found:
            decisive = [trial for trial in match.trials if trial.found]
            parts["found_by"] = [trial.key for trial in decisive]
            return "; " + " and ".join(trial_sentence(trial) for trial in decisive)
    return ""


def _several(record: Record) -> MatchTrace | None:
    return next((match for match in record.matches if match.found > 1), None)


def _several_parts(match: MatchTrace, directory: Directory, record: Record) -> dict[str, Any]:
    """Which rows matched, which of them was chosen, by which rule and setting, and how sure."""
    rule = directory.rule(record.vendor, match.rule)
    parts: dict[str, Any] = {
        "rule": match.rule,
        "found": match.found,
        "candidates": list(match.ids[:_SHOWN]),
        "chosen": list(changed_among(match, record)),
    }
    if rule is not None:
        parts["decided_by"] = rule.several
        parts["setting"] = rule.setting
        parts["provenance"] = rule.provenance
    return parts


def _choice(match: MatchTrace, directory: Directory, record: Record) -> str:
    rule = directory.rule(record.vendor, match.rule)
    candidates = _texts(match.ids[:_SHOWN])
    if rule is None:
        return f" ({candidates})"
    return f" ({candidates}): {rule.several}; {rule.provenance}"


def changed_among(match: MatchTrace, record: Record) -> Iterator[RowId]:
    """The rows of a match that the request changed."""
    for change in record.changes:
        if isinstance(change, RowDiff) and change.table == match.table and change.id in match.ids:
            yield change.id


def _keys(match: MatchTrace) -> str:
    return " and ".join(trial.key for trial in match.trials if trial.found)


def _verb(change: RowDiff | ManyRows) -> Literal["created", "updated", "deleted", "changed"]:
    if isinstance(change, ManyRows):
        return "changed"
    if change.before is None:
        return "created"
    return "deleted" if change.after is None else "updated"


def _row(change: RowDiff | ManyRows) -> dict[str, Any]:
    if isinstance(change, ManyRows):
        return {"table": change.table, "count": change.count}
    fields = list(change.after or ()) if _verb(change) == "updated" else []
    return {"table": change.table, "id": change.id, "what": _verb(change), "fields": fields}


def _changed(record: Record) -> str:
    """What became of the rows, in a few words."""
    groups: dict[tuple[str, str], list[RowDiff | ManyRows]] = {}
    for change in record.changes:
        groups.setdefault((_verb(change), change.table), []).append(change)
    texts = [_group(verb, table, changes) for (verb, table), changes in groups.items()]
    text = ", ".join(texts)
    return text[0].upper() + text[1:]


def _group(verb: str, table: str, changes: Sequence[RowDiff | ManyRows]) -> str:
    first = changes[0]
    if isinstance(first, ManyRows):
        return f"{verb} {first.count} {_many(table)}"
    if len(changes) > 1:
        ids = _texts(change.id for change in changes[:_SHOWN] if isinstance(change, RowDiff))
        more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
        return f"{verb} {len(changes)} {_many(table)} ({ids}{more})"
    text = f"{verb} {_one(table)} {first.id}"
    if verb == "updated":
        text += f" ({', '.join(first.after or ()) or 'nothing new'})"
    return text


def _many(table: str) -> str:
    return table.replace("_", " ")


def _one(table: str) -> str:
    return _many(table).removesuffix("s")


def _texts(ids: Iterable[RowId]) -> str:
    return ", ".join(map(str, ids))


def _line(sentence: str) -> str:
    """One line that is short enough to be read."""
    text = printable(" ".join(sentence.split()))
    return text if len(text) <= 2 * _LONGEST else f"{text[: 2 * _LONGEST]}…"

"""What was asked of a workspace and what came of it: plain records, bounded, oldest first."""

from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, Protocol

from mockserver.call import HeaderSet, Note, Request, header_size
from mockserver.documents.wording import explanation
from mockserver.errors import Problem, Refusal
from mockserver.faults.catalogue import InjectedFault
from mockserver.matching import KeyTrial, MatchTrace, Mismatch, OtherSpelling
from mockserver.stamps import http_date, stamp, stamped_headers
from mockserver.state.changes import RowId
from mockserver.state.memory import Memory, value_size, values_size
from mockserver.state.transaction import RowDiff

HeaderPairs = Sequence[tuple[bytes, bytes]]

LARGE_RECORD = 4000
"""Of how many bytes a record is a large one. One of an update takes 3,000."""

KEPT_DIFFS = 100
"""Of a change of more rows than this a record keeps ids and counts."""

_RECORD_BYTES = 600
_MATCH_BYTES = 300
_CHANGE_BYTES = 300
"""What a record, a match and a change take besides the texts they hold. Measured: 1,000 requests
that read a lead took 560 bytes each beside their answers, 1,000 that updated one 1,700."""

_SIDE_BYTES = 250
_COLUMN_BYTES = 100
"""What the columns before or after a change take together, and each of them beside its value."""

WHOLE_BODY = "the body"
"""Stands for a field in a problem of the body as a whole."""

_KEPT_PROBLEMS = 20
_LONGEST_MESSAGE = 300

_NOTE_BYTES = 200
_ID_BYTES = 8
_VALUE_BYTES = 60
NO_CONTENT = 204
"""A status that has no Content-Length (RFC 9110, 8.6). Only the control API has it."""


class AppliedFault(NamedTuple):
    """The fault that a request got: its name, why, and how.

    `cause` is `rule <id>`, `prefer`, `magic phone` or `magic e-mail`. `preference` is what the
    request asked for, as the `Preference-Applied` header tells it. `left` is how many more requests
    the rule gives it to (None: no end, or no rule).
    """

    name: str
    cause: str
    parameters: Mapping[str, Any]
    preference: bytes | None = None
    left: int | None = None

    @property
    def headers(self) -> HeaderPairs:
        """What an answer that the fault made or changed says of it."""
        said = [(b"mockserver-fault", f"{self.name}; {self.cause}".encode())]
        if self.preference is not None:
            said.append((b"preference-applied", self.preference))
        return said


def applied_fault(fault: InjectedFault) -> AppliedFault:
    """What a record keeps of a fault."""
    return AppliedFault(
        fault.kind.name, fault.cause, fault.parameters, fault.preference, fault.left
    )


class RefusalNote(NamedTuple):
    """Why an API refused a request: the kind and reason of the refusal, as `errors` names them.

    `problems` are the first fields that were refused, each with what is wrong with it; `total` is
    how many they are. `message` is the refusal's own text.
    """

    kind: str
    reason: str | None
    message: str | None
    problems: tuple[tuple[str, str], ...]
    total: int


def refusal_note(refusal: Refusal) -> RefusalNote:
    """What a record keeps of a refusal."""
    kept = tuple(
        (_field_name(problem), explanation(problem)[:_LONGEST_MESSAGE])
        for problem in refusal.problems[:_KEPT_PROBLEMS]
    )
    message = refusal.message
    return RefusalNote(
        refusal.kind,
        refusal.reason,
        message[:_LONGEST_MESSAGE] if message is not None else None,
        kept,
        len(refusal.problems),
    )


def _field_name(problem: Problem) -> str:
    """The refused field as a person writes it: `leads[1].phone`, `?limit`, or WHOLE_BODY."""
    name = ""
    for step in problem.path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}"
    name = name.removeprefix(".")[:_LONGEST_MESSAGE]
    if problem.location == "query":
        return f"?{name}"
    return name or WHOLE_BODY


@dataclass(frozen=True, slots=True)
class ManyRows:
    """A change of many rows of one table: their ids, and how many they are."""

    table: str
    ids: tuple[RowId, ...]
    count: int


RowChanges = tuple[RowDiff | ManyRows, ...]


class Record(NamedTuple):
    """One request and its answer, as plain data.

    `number` is the request's in its workspace, `version` the workspace's after it, `time` its
    clock's. `operation` is None where no operation answers the request; `methods` are those that
    its path takes. `status` and `answer` are what the client got (0: no answer), `own_headers` the
    API's headers, or (where a fault changed them) `seen_headers` all of the answer's. `seconds` is
    how long the answer took. `refusal` says why the API refused it, `action` in a word what the
    handler did, where the rows do not tell it. `notes` are for the report.
    """

    number: int
    version: int
    time: datetime
    vendor: str
    operation: str | None
    methods: tuple[str, ...]
    request: Request
    status: int
    answer: bytes
    own_headers: tuple[tuple[bytes, bytes], ...]
    seen_headers: HeaderPairs | None
    matches: tuple[MatchTrace, ...]
    changes: RowChanges
    fault: AppliedFault | None
    seconds: float
    refusal: RefusalNote | None = None
    action: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def answer_headers(self) -> HeaderPairs:
        """The headers of the answer, as the client sees them."""
        if self.seen_headers is not None:
            return self.seen_headers
        size = None if self.status == NO_CONTENT else len(self.answer)
        return answer_headers(self.own_headers, size, self.time, self.number, self.fault)


def answer_headers(
    own: HeaderPairs,
    size: int | None,
    time: datetime,
    number: int,
    fault: AppliedFault | None,
) -> HeaderPairs:
    """The headers of an answer: the API's own, the workspace's time, the request's number.

    They name the fault that made the answer or changed it.

    `size` is the body's, in bytes; None for NO_CONTENT. A `number` of 0 is not told.
    """
    if size is None or not number:
        length = () if size is None else ((b"content-length", b"%d" % size),)
        return [*own, (b"date", http_date(time)), *length]
    headers = [*own, *stamped_headers(stamp(size, time, number))]
    if fault is not None:
        headers[-1:-1] = fault.headers
    return headers


def row_changes(diffs: Sequence[RowDiff]) -> RowChanges:
    """What a record keeps of the changes of a transaction."""
    if len(diffs) <= KEPT_DIFFS:
        return tuple(diffs)
    ids: dict[str, list[RowId]] = {}
    for diff in diffs:
        ids.setdefault(diff.table, []).append(diff.id)
    return tuple(ManyRows(table, tuple(found), len(found)) for table, found in ids.items())


class Derived(Protocol):
    """What a reader has found out about the records of a journal, and keeps as long as they stay.

    It may refer to the records, but not to the journal: that would be a reference cycle.
    """

    def forget(self, record: Record) -> None:
        """Let go of a record that the journal drops."""


class Journal:
    """The last requests and their answers, as records. What they take counts in `memory` too.

    `dropped` says how many records had to go, `last_dropped` is the greatest number among them; 0
    where none had. `derived` is one reader's, and goes with the records. `on_large` is told the
    bytes of each large record.
    """

    __slots__ = (
        "__weakref__",
        "_bytes",
        "_cleared",
        "_max_bytes",
        "_max_entries",
        "_records",
        "_sizes",
        "derived",
        "dropped",
        "last_dropped",
        "memory",
        "on_large",
    )

    def __init__(self, max_entries: int = 1000, max_bytes: int = 16 << 20) -> None:
        """At most so many records, and so many bytes. The newest stays, however large it is."""
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._records: deque[Record] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = self._cleared = self.dropped = self.last_dropped = 0
        self.derived: Derived | None = None
        self.memory = Memory()
        self.on_large: Callable[[int], None] = _nobody

    @property
    def added(self) -> int:
        """How many records were added so far, those included that are gone."""
        return self._cleared + self.dropped + len(self._records)

    def newest_of(self, count: int) -> list[Record]:
        """So many records that were added last, newest first."""
        return list(islice(reversed(self._records), count))

    def since(self, added: int) -> list[Record]:
        """The records that were added after so many, as far as they are here, oldest first."""
        found = self.newest_of(self.added - added)
        found.reverse()
        return found

    def add(self, record: Record) -> None:
        """Keep a record; the oldest make room for it."""
        records = self._records
        size = _size(record)
        records.append(record)
        self._sizes.append(size)
        self._bytes += size
        memory = self.memory
        memory.journals += size
        if size > LARGE_RECORD:
            self.on_large(size)
        if len(records) > self._max_entries:
            self._drop_oldest()
        while self._bytes > self._max_bytes and len(records) > 1:
            self._drop_oldest()
        if memory.stored + memory.journals > memory.limit:
            memory.settle()

    def drop_all(self) -> None:
        """Drop every record, as others need the memory."""
        self.derived = None
        while self._records:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self._records.popleft()
        size = self._sizes.popleft()
        self._bytes -= size
        self.memory.journals -= size
        self.dropped += 1
        # Answers may end in another order than their requests came.
        self.last_dropped = max(self.last_dropped, oldest.number)
        if self.derived is not None:
            self.derived.forget(oldest)

    def get(self, number: int) -> Record | None:
        """The record of that number, or None: there was none yet, or it was dropped."""
        return next((record for record in self if record.number == number), None)

    def clear(self) -> None:
        """Forget every record, and that any was dropped."""
        self._cleared = self.added
        self.derived = None
        self._records.clear()
        self._sizes.clear()
        size = self._bytes
        self.memory.journals -= size
        self._bytes = self.dropped = self.last_dropped = 0

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records))

    def __len__(self) -> int:
        return len(self._records)


def _nobody(size: int) -> None:
    """Nobody keeps anything of a record beside the journal."""


def _size(record: Record) -> int:
    """How many bytes a record takes, as the journal counts them."""
    # Unpacking takes a tenth of the time of reading the fields by name.
    (*_, request, _, answer, own, seen, matches, changes, _, _, refusal, _, notes) = record
    _, path, raw_path, query, _, headers, body = request
    # Requests share equal headers, and sets of them know their size: see `headers_of`.
    size = headers.size if type(headers) is HeaderSet else header_size(headers.items())
    size += _RECORD_BYTES + len(path) + len(query) + len(answer) + _own_header_size(own)
    if raw_path is not path:
        size += len(raw_path)
    if body is not None:
        size += len(body)
    for match in matches:
        size += _match_size(match)
    for change in changes:
        size += _change_size(change)
    if seen is not None:
        size += header_size(seen)
    if refusal is not None:
        size += _refusal_size(refusal)
    for note in notes:
        size += _NOTE_BYTES + len(note.text) + sum(map(len, note.values))
    return size


@lru_cache(maxsize=64)
def _own_header_size(headers: tuple[tuple[bytes, bytes], ...]) -> int:
    return header_size(headers)


def _refusal_size(refusal: RefusalNote) -> int:
    size = _CHANGE_BYTES + len(refusal.message or "")
    for name, message in refusal.problems:
        size += 2 * _VALUE_BYTES + len(name) + len(message)
    return size


def _match_size(match: MatchTrace) -> int:
    size = _MATCH_BYTES + _ID_BYTES * len(match.ids)
    for _, value, _, _, _ in match.trials:
        # What it was compared as is hardly ever longer.
        size += _VALUE_BYTES + 2 * value.__sizeof__()
        if type(value) is tuple:
            size += 2 * value_size(f"{value}")
    for mismatch in match.mismatches:
        size += value_size(f"{mismatch.held}")
    others = len(match.mismatches) + len(match.spellings) + len(match.near)
    return size + 4 * _VALUE_BYTES * others


def _change_size(change: RowDiff | ManyRows) -> int:
    if isinstance(change, ManyRows):
        return _ID_BYTES * change.count
    size = _CHANGE_BYTES
    for side in (change.before, change.after):
        if side:
            size += _SIDE_BYTES + _COLUMN_BYTES * len(side) + values_size(side.values())
    return size


def record_as_json(record: Record) -> dict[str, Any]:
    """The record as JSON values, for `record_of`: nothing is hidden in it."""
    request = record.request
    seen = record.seen_headers
    return record._asdict() | {
        "time": record.time.isoformat(),
        "methods": list(record.methods),
        "request": request._asdict()
        | {
            "query_string": _text(request.query_string),
            "headers": [[_text(name), _text(value)] for name, value in request.headers.items()],
            "body": _base64(request.body),
        },
        "answer": _base64(record.answer),
        "own_headers": _header_texts(record.own_headers),
        "seen_headers": _header_texts(seen) if seen is not None else None,
        "matches": [_match_as_json(match) for match in record.matches],
        "changes": [_change_as_json(change) for change in record.changes],
        "fault": _fault_as_json(record.fault),
        "refusal": _refusal_as_json(record.refusal),
        "notes": [note._asdict() for note in record.notes],
    }


def record_of(data: Mapping[str, Any]) -> Record:
    """The record that `record_as_json` made."""
    request = data["request"]
    seen = data["seen_headers"]
    return Record(
        **dict(data)
        | {
            "time": datetime.fromisoformat(data["time"]),
            "methods": tuple(data["methods"]),
            "request": Request(
                **request
                | {
                    "query_string": request["query_string"].encode("latin-1"),
                    "headers": dict(_header_pairs(request["headers"])),
                    "body": _from_base64(request["body"]),
                }
            ),
            "answer": _from_base64(data["answer"]),
            "own_headers": _header_pairs(data["own_headers"]),
            "seen_headers": _header_pairs(seen) if seen is not None else None,
            "matches": tuple(_match_of(match) for match in data["matches"]),
            "changes": tuple(_change_of(change) for change in data["changes"]),
            "fault": _fault_of(data["fault"]),
            "refusal": _refusal_of(data["refusal"]),
            "notes": tuple(map(_note_of, data["notes"])),
        }
    )


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()


def _from_base64(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)


def _header_texts(headers: HeaderPairs) -> list[list[str]]:
    return [[_text(name), _text(value)] for name, value in headers]


def _header_pairs(texts: Sequence[Sequence[str]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in texts)


def _match_as_json(match: MatchTrace) -> dict[str, Any]:
    return match._asdict() | {
        "trials": [trial._asdict() for trial in match.trials],
        "mismatches": [mismatch._asdict() for mismatch in match.mismatches],
        "spellings": [spelling._asdict() for spelling in match.spellings],
        "near": [mismatch._asdict() for mismatch in match.near],
    }


def _match_of(data: Mapping[str, Any]) -> MatchTrace:
    trials = (KeyTrial(**trial) for trial in data["trials"])
    return MatchTrace(
        **dict(data)
        | {
            "keys": tuple(data["keys"]),
            "ids": tuple(data["ids"]),
            "trials": tuple(_with_tuples(trial) for trial in trials),
            "mismatches": tuple(Mismatch(**mismatch) for mismatch in data["mismatches"]),
            "spellings": tuple(OtherSpelling(**spelling) for spelling in data["spellings"]),
            "near": tuple(Mismatch(**mismatch) for mismatch in data["near"]),
        }
    )


def _with_tuples(trial: KeyTrial) -> KeyTrial:
    """JSON has no tuples: what a key of several values was compared as came as a list."""
    value, compared = trial.value, trial.compared
    return trial._replace(
        value=tuple(value) if isinstance(value, list) else value,
        compared=tuple(compared) if isinstance(compared, list) else compared,
        ids=tuple(trial.ids),
    )


def _change_as_json(change: RowDiff | ManyRows) -> dict[str, Any]:
    if isinstance(change, ManyRows):
        return {"table": change.table, "ids": list(change.ids), "count": change.count}
    return change._asdict()


def _change_of(data: Mapping[str, Any]) -> RowDiff | ManyRows:
    if "ids" in data:
        return ManyRows(data["table"], tuple(data["ids"]), data["count"])
    return RowDiff(**data)


def _note_of(data: Mapping[str, Any]) -> Note:
    return Note(**dict(data) | {"values": tuple(data["values"])})


def _fault_as_json(fault: AppliedFault | None) -> dict[str, Any] | None:
    if fault is None:
        return None
    preference = fault.preference
    return fault._asdict() | {"preference": None if preference is None else _text(preference)}


def _fault_of(data: Mapping[str, Any] | None) -> AppliedFault | None:
    if data is None:
        return None
    preference = data["preference"]
    return AppliedFault(
        data["name"],
        data["cause"],
        data["parameters"],
        None if preference is None else preference.encode("latin-1"),
        data["left"],
    )


def _refusal_as_json(refusal: RefusalNote | None) -> dict[str, Any] | None:
    if refusal is None:
        return None
    return refusal._asdict() | {"problems": [list(each) for each in refusal.problems]}


def _refusal_of(data: Mapping[str, Any] | None) -> RefusalNote | None:
    if data is None:
        return None
    problems = tuple((name, message) for name, message in data["problems"])
    return RefusalNote(**dict(data) | {"problems": problems})

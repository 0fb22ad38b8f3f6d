"""What a check stumbles over, request by request, and the findings that it adds up to."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from mockserver.documents.spec import Operation
from mockserver.journal.conduct.checks import CHECKS, LEVELS, Check, Level
from mockserver.journal.directory import Directory
from mockserver.journal.records import Record
from mockserver.journal.redaction import quoted

_BY_SLUG = {check.slug: check for check in CHECKS}


class Sign(NamedTuple):
    """One request that a check stumbled over.

    Signs of the same check, vendor, operation and `subject` add up to one finding. `done` says in a
    sentence what the client did. `level` is the check's unless it is given. `fields` are the names
    of the fields that it is about. A sign of the `whole` vendor is about no single operation.
    """

    slug: str
    record: Record
    subject: object
    done: str
    level: Level | None = None
    fields: tuple[str, ...] = ()
    whole: bool = False


class DeliverySign(NamedTuple):
    """Some deliveries of a vendor that a check stumbled over, and the requests that it is about.

    Signs of the same check, vendor, level and `subject` add up to one finding, as those of requests
    do.
    """

    slug: str
    vendor: str
    subject: object
    done: str
    deliveries: tuple[int, ...]
    requests: tuple[int, ...] = ()
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found about one operation (None: the requests reached none, or several).

    `vendor` is empty where they have the path of none.
    `requests` are the numbers of the requests, oldest first, and `done` says in a sentence what the
    client did in the first of them. `deliveries` are those of the deliveries that it is about.
    """

    check: Check
    level: Level
    vendor: str
    operation: str | None
    done: str
    requests: tuple[int, ...]
    deliveries: tuple[int, ...] = ()

    @property
    def message(self) -> str:
        """What was done, what the vendor expects, and why it hurts."""
        return f"{self.done} {self.check.meaning}"

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON values only."""
        return {
            "check": self.check.slug,
            "level": self.level,
            "title": self.check.title,
            "vendor": self.vendor or None,
            "operation": self.operation,
            "done": self.done,
            "message": self.message,
            "advice": self.check.advice,
            "requests": list(self.requests),
            "deliveries": list(self.deliveries),
            "count": len(self.deliveries or self.requests),
        }


def findings_from(signs: Iterable[Sign], deliveries: Iterable[DeliverySign] = ()) -> list[Finding]:
    """The findings, the worst first."""
    groups: dict[object, list[Sign]] = {}
    for sign in signs:
        record = sign.record
        operation = None if sign.whole else record.operation
        key = (sign.slug, sign.level, record.vendor, operation, sign.subject)
        groups.setdefault(key, []).append(sign)
    findings = [*map(_finding, groups.values()), *_delivery_findings(deliveries)]
    return sorted(findings, key=_severity)


def _delivery_findings(signs: Iterable[DeliverySign]) -> Iterator[Finding]:
    groups: dict[object, list[DeliverySign]] = {}
    for sign in signs:
        key = (sign.slug, sign.level, sign.vendor, sign.subject)
        groups.setdefault(key, []).append(sign)
    for group in groups.values():
        first = group[0]
        check = _BY_SLUG[first.slug]
        deliveries = {number for sign in group for number in sign.deliveries}
        requests = {number for sign in group for number in sign.requests}
        yield Finding(
            check,
            first.level or check.level,
            first.vendor,
            None,
            first.done,
            tuple(sorted(requests)),
            tuple(sorted(deliveries)),
        )


def _finding(signs: Sequence[Sign]) -> Finding:
    first = signs[0]
    check = _BY_SLUG[first.slug]
    return Finding(
        check,
        first.level or check.level,
        first.record.vendor,
        None if first.whole else first.record.operation,
        first.done,
        tuple(sorted({sign.record.number for sign in signs})),
    )


def _severity(finding: Finding) -> tuple[int, int, tuple[int, ...], tuple[int, ...]]:
    """What findings are sorted by, the worst and then the oldest first."""
    worst = LEVELS.index(finding.level), CHECKS.index(finding.check)
    return (*worst, finding.requests, finding.deliveries)


def called(record: Record) -> str:
    """The operation, or what was called in its place."""
    if record.operation is not None:
        return f"`{record.operation}`"
    return quoted(f"{record.request.method} {record.request.path}")


def header(record: Record, wanted: bytes) -> str | None:
    """The first answer header of that name, which is in lower case."""
    for name, value in record.answer_headers:
        if name.lower() == wanted:
            return value.decode("latin-1")
    return None


def parsed_json(raw: bytes) -> Any:
    """The JSON value in `raw`; None where there is none."""
    try:
        return orjson.loads(raw or b"null")
    except orjson.JSONDecodeError:
        return None


def is_answered(record: Record) -> bool:
    """Whether an operation answered the request, and no fault in its place."""
    return record.operation is not None and record.fault is None


def answered(records: Iterable[Record], directory: Directory) -> Iterator[tuple[Record, Operation]]:
    """The requests that an operation answered, without a fault."""
    for record in records:
        operation = directory.operation(record) if is_answered(record) else None
        if operation is not None:
            yield record, operation


def listed(word: str, names: Collection[str]) -> str:
    """`the <word> a`, or `the <word>s a, b`."""
    return f"the {word}{'' if len(names) == 1 else 's'} {', '.join(map(quoted, names))}"

"""What a check stumbles over, request by request, and the findings that it adds up to."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from mockserver.call import Call
from mockserver.documents.spec import Operation
from mockserver.journal.conduct.checks import CHECKS, LEVELS, Check, Level
from mockserver.journal.redaction import printable
from mockserver.journal.view import operation_of

_BY_SLUG = {check.slug: check for check in CHECKS}


class Sign(NamedTuple):
    """One request that a check stumbled over.

    What has the same vendor, operation and `subject` is one finding.

    `done` says in a sentence what the client did. `level` is the check's unless it is given.
    """

    slug: str
    call: Call
    subject: object
    done: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found about one operation.

    `operation` is None where the requests reached none.

    `requests` are the numbers of the requests, oldest first, and `done` says in a sentence what the
    client did in the first of them.
    """

    check: Check
    level: Level
    vendor: str
    operation: str | None
    done: str
    requests: tuple[int, ...]

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
            "vendor": self.vendor,
            "operation": self.operation,
            "message": self.message,
            "advice": self.check.advice,
            "requests": list(self.requests),
            "count": len(self.requests),
        }


def findings_of(signs: Iterable[Sign]) -> list[Finding]:
    """The findings, the worst first."""
    groups: dict[object, list[Sign]] = {}
    for sign in signs:
        key = (sign.slug, sign.level, sign.call.vendor, operation_of(sign.call), sign.subject)
        groups.setdefault(key, []).append(sign)
    found = [_finding(group) for group in groups.values()]
    return sorted(
        found, key=lambda each: (LEVELS.index(each.level), CHECKS.index(each.check), each.requests)
    )


def _finding(signs: Sequence[Sign]) -> Finding:
    first, check = signs[0], _BY_SLUG[signs[0].slug]
    requests = tuple(dict.fromkeys(sign.call.number for sign in signs))
    return Finding(
        check,
        first.level or check.level,
        first.call.vendor,
        operation_of(first.call),
        first.done,
        requests,
    )


def called(call: Call) -> str:
    """The operation, or what was called in its place."""
    return (
        f"`{call.operation.id}`"
        if call.operation is not None
        else quoted(f"{call.request.method} {call.request.path}")
    )


def quoted(text: object) -> str:
    """What a client sent, as a short piece of code that no Markdown gets out of."""
    line = printable(" ".join(str(text).replace("`", "'").split())) or '""'
    return f"`{line[:_SHOWN]}...`" if len(line) > _SHOWN else f"`{line}`"


_SHOWN = 200


def header(call: Call, wanted: bytes) -> str | None:
    """The first answer header of that name, which is in lower case."""
    return next(
        (value.decode("latin-1") for name, value in call.answer_headers if name.lower() == wanted),
        None,
    )


def json_of(raw: bytes | None) -> Any:
    """The JSON value in `raw`; None where there is none."""
    try:
        return orjson.loads(raw or b"null")
    except orjson.JSONDecodeError:
        return None


def answered(calls: Iterable[Call]) -> Iterator[tuple[Call, Operation]]:
    """The requests that an operation answered, without a fault."""
    return (
        (call, call.operation)
        for call in calls
        if call.operation is not None and call.fault is None
    )


def listed(word: str, names: Collection[str]) -> str:
    """`the <word> a`, or `the <word>s a, b`."""
    return f"the {word}{'' if len(names) == 1 else 's'} {', '.join(map(quoted, names))}"

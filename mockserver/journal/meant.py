"""The operation that was meant by a request that no operation answers."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import NamedTuple

from mockserver.documents.spec import Operation
from mockserver.journal.directory import Operations
from mockserver.journal.records import Record

Segments = tuple[str, ...]

_ALIKE = 0.75
"""How much of a misspelt segment must be right: `lead` and `leads` have 0.89 in common."""

_OTHER_BASE = 0.5
"""How far a path is away whose first word is another, as `v1` is for `v2`."""

_MOST_SEGMENTS = 12
_LONGEST_SEGMENT = 64
"""No document has longer paths. Comparing texts takes the product of their lengths in time."""


class Meant(NamedTuple):
    """An operation that a request probably meant, and what is wrong with the request.

    `path` is the operation's, with the values that the request has in place of its parameters.
    `mistake` completes the sentence "The request has …".
    """

    vendor: str
    operation: str
    method: str
    path: str
    mistake: str


class _Candidate(NamedTuple):
    """An operation, the path that would reach it, and how far the request's path is from it."""

    vendor: str
    operation: Operation
    path: str
    distance: float


def meant_by(record: Record, operations: Operations) -> Meant | None:
    """What the request of a record without an operation probably meant; None: nothing known."""
    return meant(record.vendor, record.request.method, record.request.path, operations)


def meant(vendor: str, method: str, path: str, operations: Operations) -> Meant | None:
    """The operation nearest to a path and method that no operation has.

    `vendor` is the one that was asked, "" for none; `path` begins with its name, or not where it
    was chosen by its host name. Nearest is first the same path but for slashes, base path and
    vendor, then one with a misspelt word; of these one with the same method, of the same vendor.
    """
    segments = _words(path)
    if len(segments) > _MOST_SEGMENTS or any(len(each) > _LONGEST_SEGMENT for each in segments):
        return None
    candidates = list(_candidates(segments, operations))
    if not candidates:
        return None

    asked = vendor or _named_vendor(segments, operations)

    def order(candidate: _Candidate) -> tuple[float, bool, bool, bool]:
        other_method = candidate.operation.method != method
        other_end = candidate.path.endswith("/") != path.endswith("/")
        return (candidate.distance, candidate.vendor != asked, other_method, other_end)

    best = min(candidates, key=order)
    return Meant(
        best.vendor,
        best.operation.id,
        best.operation.method,
        best.path,
        _mistake(vendor, method, path, best, operations),
    )


def _named_vendor(segments: Segments, operations: Operations) -> str:
    """The first vendor that the path names; empty where it names none."""
    return next((word.lower() for word in segments if word.lower() in operations), "")


def _candidates(segments: Segments, operations: Operations) -> Iterator[_Candidate]:
    """The operations whose path has as many words as the request's, and nearly the same."""
    for vendor, group in operations.items():
        base = _common_base(group)
        asked = _without_base(segments, base, operations)
        for operation in group:
            template = _words(operation.path)[len(base) :]
            for words, penalty in ((asked, 0.0), (asked[1:], _OTHER_BASE)):
                distance = _distance(template, words)
                if distance is not None:
                    path = _filled(operation.path, (*base, *words))
                    yield _Candidate(vendor, operation, f"/{vendor}{path}", distance + penalty)


def _common_base(group: Sequence[Operation]) -> Segments:
    """The words that all paths of a vendor begin with, as `api`."""
    paths = [_words(operation.path) for operation in group]
    base: list[str] = []
    for words in zip(*paths, strict=False):
        if len(set(words)) > 1 or words[0].startswith("{"):
            break
        base.append(words[0])
    return tuple(base)


def _without_base(segments: Segments, base: Segments, operations: Operations) -> Segments:
    """The words of a path after the names of vendors and the base path, however often."""
    ignored = {*operations, *base}
    index = _after_strange_words(segments, operations)
    while index < len(segments) and segments[index].lower() in ignored:
        index += 1
    return segments[index:]


def _after_strange_words(segments: Segments, operations: Operations) -> int:
    """Where the prefix of a vendor ends behind words that no path has, as a port or a host; or 0.

    As the first word the prefix may be misspelt.
    """
    for index, word in enumerate(segments):
        if word.lower() in operations:
            return index + 1
    if segments and get_close_matches(segments[0].lower(), operations, n=1, cutoff=_ALIKE):
        return 1
    return 0


def _distance(template: Segments, asked: Segments) -> float | None:
    """How much the words differ from those of a template: 0 for none; None for too much."""
    if len(template) != len(asked):
        return None
    distance = 0.0
    for wanted, word in zip(template, asked, strict=True):
        if wanted.startswith("{"):
            # A template with the word itself is nearer than one with a parameter there.
            distance += 0.01
            continue
        alike = SequenceMatcher(None, wanted.lower(), word.lower()).ratio()
        if alike < _ALIKE:
            return None
        distance += 1 - alike
    return distance


def _filled(template: str, words: Segments) -> str:
    """The path of a template, with the request's words in place of its parameters."""
    filled = []
    rest = iter(words)
    for segment in template.split("/"):
        word = next(rest, segment) if segment else ""
        filled.append(word if segment.startswith("{") else segment)
    return "/".join(filled)


def _mistake(
    vendor: str,
    method: str,
    path: str,
    best: _Candidate,
    operations: Operations,
) -> str:
    asked = path if path.startswith(f"/{vendor}/") or not vendor else f"/{vendor}{path}"
    right = best.path
    if asked == right:
        return f"the method {method}, where the path takes {_methods(best, operations)}"
    if asked + "/" == right:
        return "no slash at the end of its path"
    if asked.rstrip("/") == right.rstrip("/"):
        return "a slash too many at the end of its path"
    if best.vendor == vendor:
        return _difference(asked, right)
    if vendor:
        return f"a path of {best.vendor}"
    return _missing_prefix(asked, right) or _difference(asked, right)


def _missing_prefix(asked: str, right: str) -> str | None:
    """What the path of a request lacks at its beginning, and nothing else."""
    words, wanted = _words(asked), _words(right)
    lacking = len(wanted) - len(words)
    if lacking < 1 or wanted[lacking:] != words:
        return None
    return f"no `/{'/'.join(wanted[:lacking])}` before its path"


def _methods(best: _Candidate, operations: Operations) -> str:
    methods = [
        operation.method
        for operation in operations[best.vendor]
        if operation.path == best.operation.path
    ]
    return ", ".join(methods)


def _difference(asked: str, right: str) -> str:
    """What the path of a request has too much, too little or otherwise."""
    words, wanted = _words(asked), _words(right)
    extra = list(_more(words, wanted))
    if extra and len(words) > len(wanted):
        how = "twice" if extra[0] in wanted else "too much"
        return f"`/{extra[0]}` {how} in its path"
    missing = list(_more(wanted, words))
    if missing and len(wanted) > len(words):
        return f"no `/{missing[0]}` in its path"
    if words != wanted and sorted(words) == sorted(wanted):
        return "the words of its path in another order"
    for word, name in zip(words, wanted, strict=False):
        if word != name:
            return f"`{word}` in its path, where `{name}` is right"
    return "empty segments in its path"


def _words(path: str) -> Segments:
    return tuple(filter(None, path.split("/")))


def _more(words: Segments, others: Segments) -> Iterator[str]:
    """The words that stand more often among these than among the others."""
    for word in dict.fromkeys(words):
        if words.count(word) > others.count(word):
            yield word

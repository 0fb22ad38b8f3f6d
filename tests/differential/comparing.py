"""Both sides asked the same: which answers agree, and by which choice others differ."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote

from mockserver.app import Application, create_app
from mockserver.faults.delivery import Answer
from mockserver.state.changes import SnapshotRestored, SnapshotSaved
from tests.differential import world
from tests.differential.requests import Request, shown

COMPARED = (
    "content-type",
    "allow",
    "vary",
    "www-authenticate",
    "location",
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
)


_SIGNS = {
    "NUL, lone surrogates and infinity": re.compile(
        rb"Null characters are not|Surrogate characters are not|Out of range float values"
    ),
    "JSON of more than 128 levels": re.compile(rb"maximum recursion depth exceeded"),
    "charsets that are not read": re.compile(rb"Unsupported charset"),
}
"""The choices of `docs/fidelity.md` that refuse a request, by what their answers say."""

_OFFSET_WITH_SECONDS = re.compile(rb'[+-]\d\d:\d\d:\d\d"')
"""As zones had before 1900. RFC 3339 cannot write it: this server prints such a time in UTC."""


class Seen(NamedTuple):
    """An answer, as far as it is compared."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Framework(Protocol):
    """The other side: see `framework.Framework`."""

    def answer(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]: ...


class Mock:
    """This server, in process, with the world's rows. Each request finds them unchanged."""

    def __init__(self, **settings: Any) -> None:
        tables = {
            "lead_types": world.LEAD_TYPES,
            "representatives": world.REPRESENTATIVES,
            "webhooks": world.WEBHOOKS,
            "leads": world.LEADS,
        }
        switched = {
            "page_size": world.PAGE_SIZE,
            "max_page_size": world.MAX_PAGE_SIZE,
            "form_dnc": "false",
        }
        content = {
            "clock": world.NOW,
            "settings": {"sela": switched | settings},
            "sela": tables,
        }
        with TemporaryDirectory() as folder:
            file = Path(folder) / "world.json"
            file.write_text(json.dumps(content))
            self._app: Application = create_app(fixtures=str(file), journal_entries=1)
        self._workspace = self._app.workspaces.admit(world.TOKEN)
        self._workspace.apply([SnapshotSaved("start")])

    def answer(self, request: Request) -> Seen:
        """What this server answers."""
        answer = self._app.answer(_scope(request), request.body)
        assert isinstance(answer, Answer), answer
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            self._workspace.apply([SnapshotRestored("start")])
        headers = [(name.decode(), value.decode("latin-1")) for name, value in answer.headers]
        return _seen(answer.status, headers, answer.body, request)


def _scope(request: Request) -> dict[str, Any]:
    """The scope that the server makes of a request."""
    path, _, query = request.target.partition("?")
    headers = [(n.lower().encode(), v.encode("latin-1").strip()) for n, v in request.headers]
    return {
        "type": "http",
        "scheme": "http",
        "method": request.method,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": headers,
    }


def _seen(status: int, headers: list[tuple[str, str]], body: bytes, request: Request) -> Seen:
    kept = {name.lower(): value for name, value in headers if name.lower() in COMPARED}
    return Seen(status, kept, b"" if request.method == "HEAD" else body)


def theirs(framework: Framework, request: Request) -> Seen:
    """What the framework answers."""
    # A server hands header values over without the white space around them.
    headers = [(name, value.strip(" \t")) for name, value in request.headers]
    answer = framework.answer(request.method, request.target, headers, request.body)
    return _seen(*answer, request)


def kind_of(ours: Seen, other: Seen) -> str:
    """In a few words, how two answers differ; empty where they agree."""
    if ours.status != other.status:
        return f"status {other.status}, not {ours.status}"
    if ours.body != other.body:
        return f"body of {other.status}"
    for name in COMPARED:
        if ours.headers.get(name) != other.headers.get(name):
            return f"header {name} of {other.status}"
    return ""


def choice_of(ours: Seen, other: Seen) -> str:
    """The choice in docs/fidelity.md by which alone the two differ; empty where there is none."""
    if other.status in (0, 500) and ours.status < 500:
        return "the framework breaks"
    if ours.status == 400:
        for choice, sign in _SIGNS.items():
            if sign.search(ours.body):
                return choice
    if _OFFSET_WITH_SECONDS.search(other.body) and ours.status == other.status:
        return "offsets with seconds"
    return ""


@dataclass
class Example:
    """A request with its two answers."""

    request: Request
    ours: Seen
    other: Seen

    @property
    def size(self) -> int:
        """How much there is to read."""
        return len(self.request.raw)


@dataclass
class Tally:
    """What came of many requests, by family."""

    agreeing: dict[str, int] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)
    examples: dict[tuple[str, str], Example] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, request: Request, ours: Seen, other: Seen) -> None:
        """Count one request."""
        kind = kind_of(ours, other)
        if not kind:
            _count(self.agreeing, request.family)
            return
        choice = choice_of(ours, other)
        if choice:
            _count(self.chosen, choice)
            return
        _count(self.differing, request.family)
        key = (request.family, kind)
        self.counts[key] = self.counts.get(key, 0) + 1
        example = Example(request, ours, other)
        if key not in self.examples or example.size < self.examples[key].size:
            self.examples[key] = example

    def share(self, family: str | None = None) -> float:
        """How many of the requests agree that differ by no choice, from 0 to 1."""
        if family is None:
            good, bad = sum(self.agreeing.values()), sum(self.differing.values())
        else:
            good, bad = self.agreeing.get(family, 0), self.differing.get(family, 0)
        return good / (good + bad) if good + bad else 1.0

    def lines(self) -> list[str]:
        """The smallest example of each kind of difference; the commonest kind comes last."""
        found = []
        for key in sorted(self.counts, key=self.counts.__getitem__):
            example = self.examples[key]
            found += [
                f"{self.counts[key]} x {key[0]}: {key[1]}",
                f"    {shown(example.request)}",
                f"    framework: {_line(example.other)}",
                f"    this server: {_line(example.ours)}",
            ]
        return found


def _line(seen: Seen) -> str:
    text = seen.body.decode("utf-8", "replace")
    headers = {name: value for name, value in seen.headers.items() if name in _TELLING}
    return f"{seen.status} {headers} {text[:600]!r}"


_TELLING = ("content-type", "allow", "vary", "www-authenticate", "location")


def _count(numbers: dict[str, int], name: str) -> None:
    numbers[name] = numbers.get(name, 0) + 1

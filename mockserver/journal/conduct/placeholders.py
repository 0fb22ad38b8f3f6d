"""Credentials and ids that are no values: an unset variable, or a text of an example."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mockserver.journal.bodies import sent_value
from mockserver.journal.conduct.signs import Sign, called
from mockserver.journal.directory import Directory
from mockserver.journal.records import Record
from mockserver.journal.redaction import quoted, secret_texts
from mockserver.wire import read_query

_UNSET = frozenset(
    """undefined null none nil nan infinity nul #n/a n/a <nil> <null> <none>
    <undefined> (null) (nil) (none) <unset> <missing> [object%20object] [object+object]
    %!s(<nil>) %!v(<nil>) %!s(missing) %!d(string=) <no+value> [null] [undefined] [none]
    todo tbd tba fixme changeme replaceme placeholder""".split()
)
"""What an unset variable becomes in JavaScript, Python, Ruby, Go, C, SQL or a spreadsheet, and what
people write where a value is to follow. In small letters."""

_UNSET_WITH_SPACES = frozenset({"[object object]", "<no value>", "object object", "not set"})

_FORMS = re.compile(
    r"""
      .*\$\{[^{}]*\}.*              # ${KEY}: shells, JavaScript, Java
    | .*\{\{[^{}]*\}\}.*            # {{key}}: Postman, n8n, Jinja
    | .*\$\([^()]*\).*              # $(KEY): Azure, make
    | .*\#\{[^{}]*\}.*              # #{key}: Ruby, Octopus
    | .*<%.*%>.*                    # <%= key %>
    | \{[A-Za-z_][\w.\s-]*\}        # {pearlId}: OpenAPI, an f-string without its f
    | <[A-Za-z_][\w.\s/-]*>          # <api-key>
    | \[[A-Za-z_][\w.\s-]*\]        # [api key]
    | \$[A-Za-z_]\w*                # $KEY
    | %[A-Za-z_]\w*%                # %KEY%: Windows
    | :[A-Za-z_]\w*                 # :pearlId, of a router
    | @\{?[A-Za-z_][\w.]*\}?@?       # @key@, @{key}
    | _{2,}\w+?_{2,}                # __API_KEY__
    | [xX*.?#_-]{3,}                # xxx, ***, ...
    """,
    re.VERBOSE | re.DOTALL,
)
_THINGS = r"(?:api|app|access|auth|bearer|secret|account|client|lead|pearl|campaign|external|user)"
_WORDED = re.compile(
    rf"""
      (?:your|my|the|insert|enter|put|add|paste|replace|set|use|fill|change)[\s_.-]?
      (?:in[\s_.-]|with[\s_.-]|me[\s_.-]?|your[\s_.-]?|real[\s_.-]?|own[\s_.-]?)*
      (?:{_THINGS}[\s_.-]?)*(?:key|token|secret|id|account|credentials?|password|here|me)
      (?:[\s_.-]?(?:here|goes[\s_.-]?here))?
    | {_THINGS}[\s_.-]?(?:{_THINGS}[\s_.-]?)*(?:key|token|secret|id)(?:[\s_.-]?here)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUOTES = "\"'`"
_ID_NAME = re.compile(r"(?:.*_)?ids?|.*[a-z0-9]I[dD]s?|ID", re.DOTALL)
_LONGEST = 200


def is_placeholder(text: str) -> bool:
    """Whether the text stands for a value that was never filled in."""
    plain = text.strip().strip(_QUOTES).strip()
    if not plain or len(plain) > _LONGEST:
        return False
    small = plain.lower()
    if small in _UNSET or small in _UNSET_WITH_SPACES:
        return True
    return _FORMS.fullmatch(plain) is not None or _WORDED.fullmatch(plain) is not None


class Named(NamedTuple):
    """A text that names an account or a thing, and where it stood."""

    place: str
    text: str


def placeholders(records: Iterable[Record], directory: Directory) -> Iterator[Sign]:
    """Requests whose credential, or an id in them, was never filled in."""
    for record in records:
        for named in _named(record, directory):
            if is_placeholder(named.text):
                done = f"{called(record)} was sent {named.place} {quoted(named.text)}."
                yield Sign("placeholder", record, (named.place, named.text), done)


def _named(record: Record, directory: Directory) -> Iterator[Named]:
    for text in secret_texts(record.request):
        parts = text.split(":")
        if not any(map(is_placeholder, parts)):
            parts = [text]
        for part in dict.fromkeys(parts):
            yield Named("the credential", part)
    yield from _in_path(record, directory)
    for name, value in read_query(record.request.query_string).items():
        if _ID_NAME.fullmatch(name):
            yield Named(f"the parameter {quoted(name)}", value)
    yield from _in_body(record, directory)


def _in_path(record: Record, directory: Directory) -> Iterator[Named]:
    """The parameters of the path; all of its steps where it is no operation's."""
    steps = record.request.path.split("/")
    operation = directory.operation(record)
    if operation is None:
        yield from (Named("the path with", step) for step in steps)
        return
    # The path may have a prefix that the document does not have: they are compared from the end.
    template = operation.path.rstrip("/").split("/")
    while steps and not steps[-1]:
        steps.pop()
    for name, step in zip(reversed(template), reversed(steps), strict=False):
        if name.startswith("{"):
            yield Named(f"the path parameter {quoted(name[1:-1])}", step)


def _in_body(record: Record, directory: Directory) -> Iterator[Named]:
    """The ids in the body, and the fields by which the vendor finds a lead."""
    if not record.request.body:
        return
    operation = directory.operation(record)
    keys = directory.keys(record.vendor)
    waiting: list[tuple[str, Any]] = [("", sent_value(record.request, operation))]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.items())
        elif isinstance(value, list):
            waiting.extend((name, each) for each in value)
        elif isinstance(value, str) and (name in keys or _ID_NAME.fullmatch(name)):
            yield Named(f"the field {quoted(name)}", value)

"""Handlers for the journal.

List it, read one entry, verify, and write it as an archive or a report.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, checked, long, nothing, operation
from mockserver.control.later import Unsettled
from mockserver.errors import Problem, Refusal
from mockserver.journal.decision import decisions
from mockserver.journal.records import Journal, Record
from mockserver.journal.view import describe, select, summary
from mockserver.journal.why import why
from mockserver.life.events import Cause
from mockserver.media_types import is_preferred
from mockserver.state.changes import RowId
from mockserver.vendor import Reply
from mockserver.version import __version__
from mockserver.webhooks.view import delivery_view
from mockserver.workspaces import LEADS, Workspace

_MARKDOWN = "text/markdown"
_PLAIN = "text/plain"
MOST_IN_TEXT = 1000


def _check_names(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    """Refuse unknown vendors and operations: the answer would always be empty."""
    return server.unknown_names(query.get("vendor"), query.get("operation"), "query")


@operation
@checked(_check_names)
def list_unclaimed_requests(call: Call, server: Control) -> Reply:
    """A page of the requests that reached no workspace."""
    return _page(server.workspaces.unclaimed.journal, call, server)


@operation
def get_unclaimed_request(call: Call, server: Control) -> Reply:
    """One request that reached no workspace."""
    return _entry(server.workspaces.unclaimed, call, server)


@operation
@checked(_check_names)
def list_requests(call: Call, server: Control) -> Reply:
    """A page of the journal."""
    return _page(server.workspace(call).journal, call, server)


@operation
def get_request(call: Call, server: Control) -> Reply:
    """One request with everything that is known of it."""
    return _entry(server.workspace(call), call, server)


@operation
def clear_requests(call: Call, server: Control) -> Reply:
    """Empty the journal."""
    workspace = server.workspace(call)
    workspace.journal.clear()
    workspace.tell("reset", {"cause": "clear_requests"})
    return nothing()


def _page(journal: Journal, call: Call, server: Control) -> Reply:
    choice = dict(call.query)
    choice.pop("format", None)
    lines = choice.pop("lines", None)
    if is_text_wanted(call):
        newest = {"order": "desc", "limit": MOST_IN_TEXT}
        return _plain(select(journal, **choice | newest), lines, server)
    directory = server.directory
    requests = [
        summary(record) | {"why": why(record, directory).as_json()}
        for record in select(journal, **choice)
    ]
    return Reply({"requests": requests, "dropped": journal.dropped})


def _plain(records: Sequence[Record], lines: int | None, server: Control) -> Reply:
    from mockserver.journal.text import MOST_LINES, journal_lines

    return plain_text(journal_lines(records, server.directory, lines or MOST_LINES))


def is_text_wanted(call: Call) -> bool:
    """Whether the answer is to be plain text."""
    return _wants("text", _PLAIN, call)


def plain_text(lines: Iterable[str]) -> Reply:
    """These lines as the answer."""
    text = "".join(f"{line}\n" for line in lines)
    return Reply(text.encode(), 200, ((b"content-type", b"text/plain; charset=utf-8"),))


def _entry(workspace: Workspace, call: Call, server: Control) -> Reply:
    journal = workspace.journal
    number = call.path_parameters["number"]
    found = journal.get(number)
    if found is None:
        text = f"There is no request {number}."
        if 0 < number <= journal.last_dropped:
            text = f"There is no request {number} any more: the journal has dropped it."
        raise Refusal("not_found", text)
    from mockserver.journal.conduct.fields import remarks

    directory = server.directory
    shown = describe(found)
    operation = directory.operation(found)
    answer = operation.answers.get(found.status) if operation is not None else None
    shown["answer"]["provenance"] = answer.provenance if answer is not None else None
    explained = {
        "matches": decisions(found, directory, partial(_name_of, found.vendor, workspace, server)),
        "why": why(found, directory).as_json(),
        "remarks": [remark._asdict() for remark in remarks(found, directory)],
        "findings": [finding.as_json() for finding in server.findings.about(found, journal)],
        "deliveries": _caused_by(number, workspace),
    }
    return Reply(shown | explained)


def _caused_by(number: int, workspace: Workspace) -> list[dict[str, Any]]:
    """What webhooks were told because of a request."""
    cause = Cause("request", number)
    return [delivery_view(each) for each in workspace.deliveries if each.cause == cause]


def _name_of(
    vendor: str, workspace: Workspace, server: Control, table: str, id: RowId
) -> str | None:
    """The name of a lead, as it is stored now."""
    row = workspace.tables[vendor][LEADS].get(id) if table == LEADS else None
    return None if row is None else server.sites[vendor].vendor.profiles.profile(row).name


def check_within(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    """Refuse to wait longer than requests may wait here."""
    within = body.get("within", 0)
    if within > server.max_wait:
        message = f"must be at most {server.max_wait:g} seconds (--max-wait)"
        yield Problem(("within",), "maximum", message, within)


@operation
@checked(check_within)
@long
def verify_requests(call: Call, server: Control) -> Reply:
    """Whether the client sent the requests that it should have sent."""
    from mockserver.journal.verification import verify

    workspace = server.workspace(call)
    journal = workspace.journal

    def news() -> object:
        return journal.added, server.workspaces.holds(workspace)

    known = news()
    verdict = verify(journal, call.body, server.operations)
    content = {
        "passed": verdict.passed,
        "message": verdict.message,
        "found": verdict.found,
        "nearest": verdict.nearest,
    }
    within = call.body.get("within", 0)
    if within and verdict.may_change:
        return Unsettled(content, news, known, within)
    return Reply(content)


@operation
@long
def get_har(call: Call, server: Control) -> Reply:
    """The journal in the format that browsers and proxies read."""
    # Imported here: only a request for an archive needs it.
    from mockserver.journal.har import har
    from mockserver.webhooks.har import delivery_entries

    workspace = server.workspace(call)
    archive = har(workspace.journal, __version__)
    archive["log"]["entries"] += delivery_entries(workspace.deliveries)
    return Reply(archive)


@operation
@long
def get_report(call: Call, server: Control) -> Reply:
    """What the client did badly."""
    from mockserver.control.told import told_of
    from mockserver.journal.conduct import report

    workspace = server.workspace(call)
    journal, told = workspace.journal, told_of(workspace, server)
    found = report(journal, server.operations, server.rules, journal.dropped, told)
    if _wants("markdown", _MARKDOWN, call):
        headers = ((b"content-type", b"text/markdown; charset=utf-8"),)
        return Reply(found.as_markdown().encode(), 200, headers)
    return Reply(found.as_json())


def _wants(format: str, media_type: str, call: Call) -> bool:
    """Whether the query asks for the format, or the Accept header where the query is silent."""
    if "format" in call.query:
        return bool(call.query["format"] == format)
    accept = call.request.headers.get(b"accept", b"").decode("latin-1")
    return is_preferred(media_type, accept)

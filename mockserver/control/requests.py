"""Handlers for the journal.

List it, read one entry, verify, and write it as an archive or a report.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, checked, long, nothing, operation
from mockserver.errors import Problem, Refusal
from mockserver.journal.records import Journal
from mockserver.journal.view import describe, select, summary
from mockserver.vendor import Reply
from mockserver.version import __version__

_MARKDOWN = b"text/markdown"


def _check_names(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    """Refuse unknown vendors and operations: the answer would always be empty."""
    return server.unknown_names(query.get("vendor"), query.get("operation"), "query")


@operation
@checked(_check_names)
def list_unclaimed_requests(call: Call, server: Control) -> Reply:
    """A page of the requests that reached no workspace."""
    return _page(server.workspaces.unclaimed.journal, call)


@operation
def get_unclaimed_request(call: Call, server: Control) -> Reply:
    """One request that reached no workspace."""
    return _entry(server.workspaces.unclaimed.journal, call)


@operation
@checked(_check_names)
def list_requests(call: Call, server: Control) -> Reply:
    """A page of the journal."""
    return _page(server.workspace(call).journal, call)


@operation
def get_request(call: Call, server: Control) -> Reply:
    """One request with everything that is known of it."""
    return _entry(server.workspace(call).journal, call)


@operation
def clear_requests(call: Call, server: Control) -> Reply:
    """Empty the journal."""
    server.workspace(call).journal.clear()
    return nothing()


def _page(journal: Journal, call: Call) -> Reply:
    requests = [summary(entry) for entry in select(journal, **call.query)]
    return Reply({"requests": requests, "dropped": journal.dropped})


def _entry(journal: Journal, call: Call) -> Reply:
    number = call.path_parameters["number"]
    found = journal.get(number)
    if found is None:
        text = f"There is no request {number}."
        if number <= journal.last_dropped:
            text = f"There is no request {number} any more: the journal has dropped it."
        raise Refusal("not_found", text)
    return Reply(describe(found))


@operation
@long
def verify_requests(call: Call, server: Control) -> Reply:
    """Whether the client sent the requests that it should have sent."""
    from mockserver.journal.verification import verify

    verdict = verify(server.workspace(call).journal, call.body, server.operations)
    return Reply(
        {
            "passed": verdict.passed,
            "message": verdict.message,
            "found": verdict.found,
            "nearest": verdict.nearest,
        }
    )


@operation
@long
def get_har(call: Call, server: Control) -> Reply:
    """The journal in the format that browsers and proxies read."""
    # Imported here: only a request for an archive needs it.
    from mockserver.journal.har import har

    return Reply(har(server.workspace(call).journal, __version__))


@operation
@long
def get_report(call: Call, server: Control) -> Reply:
    """What the client did badly."""
    from mockserver.journal.conduct import report

    journal = server.workspace(call).journal
    rules = {vendor.name: vendor.rules for vendor in server.vendors}
    found = report(journal, server.operations, rules, journal.dropped)
    if _wants_markdown(call):
        headers = ((b"content-type", b"text/markdown; charset=utf-8"),)
        return Reply(found.as_markdown().encode(), 200, headers)
    return Reply(found.as_json())


def _wants_markdown(call: Call) -> bool:
    """Whether the query asks for Markdown, or the Accept header where the query is silent."""
    if "format" in call.query:
        return bool(call.query["format"] == "markdown")
    return _MARKDOWN in call.request.headers.get(b"accept", b"")

"""Handlers for the journal.

List it, read one entry, verify, and write it as an archive or a report.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, checked, nothing, operation
from mockserver.errors import Problem, Refusal
from mockserver.journal.records import Journal
from mockserver.journal.view import describe, select, summary
from mockserver.vendor import Reply
from mockserver.version import __version__

_MARKDOWN = b"text/markdown"


def _strangers(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    """A vendor or an operation that there is not: nothing would ever be found."""
    return server.strangers(query.get("vendor"), query.get("operation"), "query")


@operation
@checked(_strangers)
def list_unclaimed_requests(call: Call, server: Control) -> Reply:
    """Those that reached no workspace."""
    return _page(server.workspaces.unclaimed.journal, call)


@operation
def get_unclaimed_request(call: Call, server: Control) -> Reply:
    """One that reached no workspace."""
    return _entry(server.workspaces.unclaimed.journal, call)


@operation
@checked(_strangers)
def list_requests(call: Call, server: Control) -> Reply:
    """A page of the journal."""
    return _page(server.workspace(call).journal, call)


@operation
def get_request(call: Call, server: Control) -> Reply:
    """One entry with everything that is known of it."""
    return _entry(server.workspace(call).journal, call)


@operation
def clear_requests(call: Call, server: Control) -> Reply:
    """The journal is empty."""
    server.workspace(call).journal.clear()
    return nothing()


def _page(journal: Journal, call: Call) -> Reply:
    return Reply(
        {
            "requests": [summary(entry) for entry in select(journal, **call.query)],
            "dropped": journal.dropped,
        }
    )


def _entry(journal: Journal, call: Call) -> Reply:
    number = call.path_parameters["number"]
    found = journal.get(number)
    if found is None:
        dropped = number <= journal.last_dropped
        raise Refusal(
            "not_found",
            "There is no request "
            f"{number}{' any more: the journal has dropped it' if dropped else ''}.",
        )
    return Reply(describe(found))


@operation
def verify_requests(call: Call, server: Control) -> Reply:
    """Whether the client asked what it should have asked."""
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
def get_har(call: Call, server: Control) -> Reply:
    """The journal as browsers and proxies read it."""
    from mockserver.journal.har import har

    return Reply(har(server.workspace(call).journal, __version__))


@operation
def get_report(call: Call, server: Control) -> Reply:
    """What the client did badly."""
    from mockserver.journal.conduct import report

    journal = server.workspace(call).journal
    found = report(
        journal,
        server.operations,
        {vendor.name: vendor.rules for vendor in server.vendors},
        journal.dropped,
    )
    wanted = call.query.get("format") or (
        "markdown" if _MARKDOWN in call.request.headers.get(b"accept", b"") else "json"
    )
    if wanted == "markdown":
        return Reply(
            found.as_markdown().encode(), 200, ((b"content-type", b"text/markdown; charset=utf-8"),)
        )
    return Reply(found.as_json())

"""Requests whose path is no API's: a helpful 404, and a place in a journal."""

from collections.abc import Iterator, Sequence
from time import perf_counter

from mockserver.call import Request
from mockserver.dispatch import Site
from mockserver.faults.delivery import Answer
from mockserver.journal.directory import Operations
from mockserver.journal.meant import Meant, meant
from mockserver.journal.records import Record, answer_headers
from mockserver.state.changes import RequestNumber
from mockserver.wire import write_json
from mockserver.workspaces import Workspace, Workspaces

_STATUS = 404
_HEADERS = ((b"content-type", b"application/problem+json"),)


class Strays:
    """Answers such requests and keeps them, so that whoever misses one finds it.

    It belongs to the workspace of its credential, where it has one that a vendor reads; else it is
    one of the unclaimed.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        workspaces: Workspaces,
        prefixes: Sequence[str],
        operations: Operations,
    ) -> None:
        """`prefixes` are the paths at which the APIs begin: the answer names them."""
        self._sites = sites
        self._workspaces = workspaces
        self._begins = ", ".join(prefixes)
        self._operations = operations

    def answer(self, request: Request) -> tuple[Answer, Record]:
        """The answer to a request that no API has, and its record, which is in a journal then."""
        began = perf_counter()
        likely = meant("", request.method, request.path, self._operations)
        body = write_json(self._problem(request, likely))
        workspace = self._claimant(request, likely)
        number, now = workspace.requests + 1, workspace.now()
        record = Record(
            number=number,
            version=workspace.apply([RequestNumber(number, now)]),
            time=now,
            vendor="",
            operation=None,
            methods=(),
            request=request,
            status=_STATUS,
            answer=body,
            own_headers=_HEADERS,
            seen_headers=None,
            matches=(),
            changes=(),
            fault=None,
            seconds=perf_counter() - began,
        )
        workspace.journal.add(record)
        headers = answer_headers(_HEADERS, len(body), now, number, None)
        return Answer(_STATUS, headers, body), record

    def _problem(self, request: Request, likely: Meant | None) -> dict[str, object]:
        detail = f"Nothing is served at {request.path}. The APIs begin with {self._begins}."
        if likely is not None:
            detail += f" Probably meant: {likely.method} {likely.path} ({likely.operation})."
        return {"title": "Not Found", "status": _STATUS, "detail": detail}

    def _claimant(self, request: Request, likely: Meant | None) -> Workspace:
        """The workspace of the credential, read as the vendor does that was probably meant."""
        for site in self._in_order(likely):
            workspace = site.claimant(request)
            # A thread may be at work with it: then the request is not to change it.
            if workspace is not None and not workspace.turns.is_taken:
                return workspace
        return self._workspaces.unclaimed

    def _in_order(self, likely: Meant | None) -> Iterator[Site]:
        """The vendors, first the one that was probably meant."""
        first = likely.vendor if likely is not None else None
        yield from (site for site in self._sites if site.vendor.name == first)
        yield from (site for site in self._sites if site.vendor.name != first)

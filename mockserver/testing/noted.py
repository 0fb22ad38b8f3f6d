"""Transports of httpx whose errors say which request of the journal they are about."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx

from mockserver.client import ControlError, WorkspaceClient

_NUMBER = "mockserver-request"
_LOOKED_AT = 20
"""How many requests to a path are looked through for one whose answer was lost."""


class NotedResponse(httpx.Response):
    """A response whose `raise_for_status` notes the request's number and what happened to it."""

    workspace: WorkspaceClient

    def raise_for_status(self) -> "NotedResponse":
        """See httpx; the error has a note."""
        try:
            super().raise_for_status()
        except httpx.HTTPStatusError as error:
            _note(error, self.workspace, self.headers.get(_NUMBER))
            raise
        return self


class NotedTransport(httpx.BaseTransport):
    """Another transport, whose errors and responses note the number of the request."""

    def __init__(self, inner: httpx.BaseTransport, workspace: WorkspaceClient) -> None:
        self._inner = inner
        self._workspace = workspace

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        with _noting_lost_answers(self._workspace, request):
            response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        number = response.headers.get(_NUMBER)
        stream = _Stream(response.stream, self._workspace, number)
        return _noted(response, stream, self._workspace)

    def close(self) -> None:
        """Close the other transport."""
        self._inner.close()


class AsyncNotedTransport(httpx.AsyncBaseTransport):
    """The same for asyncio."""

    def __init__(self, inner: httpx.AsyncBaseTransport, workspace: WorkspaceClient) -> None:
        self._inner = inner
        self._workspace = workspace

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        with _noting_lost_answers(self._workspace, request):
            response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        number = response.headers.get(_NUMBER)
        stream = _AsyncStream(response.stream, self._workspace, number)
        return _noted(response, stream, self._workspace)

    async def aclose(self) -> None:
        """Close the other transport."""
        await self._inner.aclose()


def _noted(
    response: httpx.Response,
    stream: httpx.SyncByteStream | httpx.AsyncByteStream,
    workspace: WorkspaceClient,
) -> NotedResponse:
    noted = NotedResponse(
        response.status_code,
        headers=response.headers,
        stream=stream,
        extensions=response.extensions,
    )
    noted.workspace = workspace
    return noted


class _Stream(httpx.SyncByteStream):
    def __init__(
        self, inner: httpx.SyncByteStream, workspace: WorkspaceClient, number: str | None
    ) -> None:
        self._inner = inner
        self._workspace = workspace
        self._number = number

    def __iter__(self) -> Iterator[bytes]:
        with _noting(self._workspace, self._number):
            yield from self._inner

    def close(self) -> None:
        self._inner.close()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(
        self, inner: httpx.AsyncByteStream, workspace: WorkspaceClient, number: str | None
    ) -> None:
        self._inner = inner
        self._workspace = workspace
        self._number = number

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _noting(self._workspace, self._number):
            async for part in self._inner:
                yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


@contextmanager
def _noting(workspace: WorkspaceClient, number: str | None) -> Iterator[None]:
    """Add a note to the transport's errors, of the request of that number."""
    try:
        yield
    except httpx.TransportError as error:
        _note(error, workspace, number)
        raise


@contextmanager
def _noting_lost_answers(workspace: WorkspaceClient, request: httpx.Request) -> Iterator[None]:
    """Add a note to the transport's errors: an answer that is lost tells no number."""
    try:
        yield
    except httpx.TransportError as error:
        _note(error, workspace, _number_in_journal(workspace, request))
        raise


def _number_in_journal(workspace: WorkspaceClient, request: httpx.Request) -> str | None:
    """The number of the last request with that method and path; None if it is not there."""
    path = request.url.path
    try:
        page = workspace.call("GET", "/requests", order="desc", q=path, limit=_LOOKED_AT)
    except ControlError:
        return None
    for entry in page["requests"]:
        called = str(entry["target"]).partition("?")[0]
        if (entry["method"], called) == (request.method, path):
            return str(entry["number"])
    return None


def _note(error: Exception, workspace: WorkspaceClient, number: str | None) -> None:
    if number is None:
        error.add_note("Mockserver-Request: none was found in the journal")
        return
    try:
        sentence = workspace.request(int(number))["why"]["sentence"]
    except ControlError:
        # The workspace or the record is gone; the number says what was asked all the same.
        sentence = "no longer in the journal"
    error.add_note(f"Mockserver-Request: {number} ({sentence})")

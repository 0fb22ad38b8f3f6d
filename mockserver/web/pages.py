"""The paths beside the APIs: the console, `/livez`, `/readyz`, and a helpful 404 for all others.

`mockserver.app` imports this module at the first request for such a path.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mockserver.api import read_body
from mockserver.call import request_of, shared_headers
from mockserver.journal.records import Record
from mockserver.web.console import HEADERS, PAGE, Console
from mockserver.web.health import STATES
from mockserver.web.strays import Strays


def web(
    strays: Strays,
    log: Callable[[Record], None],
    log_health: Callable[[str], None],
    *,
    console: Console | None,
    max_body: int,
) -> Starlette:
    """The application for every path that belongs to no API.

    `strays` answers what nothing is served at, of which no more than `max_body` bytes are kept;
    `log` is told of it, and `log_health` in a sentence of a request to the others. Without a
    `console`, there is no page.
    """

    async def nothing_here(request: Request, error: Exception) -> Response:
        headers = shared_headers(request.scope["headers"])
        body = await read_body(headers, request.receive, max_body)
        answer, record = strays.answer(request_of(request.scope, headers, body))
        log(record)
        response = Response(answer.body, answer.status)
        response.raw_headers = list(answer.headers)
        return response

    def health(state: str) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            log_health(f"{request.method} {request.url.path} 200")
            return JSONResponse({"status": state})

        return answer

    async def page(request: Request) -> Response:
        assert console is not None
        answer = console.answer(request)
        if answer is None:
            detail = f"The console has no file {request.url.path}."
            return JSONResponse({"title": "Not Found", "status": 404, "detail": detail}, 404)
        log_health(f"{request.method} {request.url.path} {answer.status_code}")
        return answer

    async def to_page(request: Request) -> Response:
        if request.url.path == "/" and not _is_browser(request):
            return await nothing_here(request, LookupError())
        return RedirectResponse(PAGE, 307, HEADERS)

    routes = [Route(path, health(state)) for path, state in STATES.items()]
    if console is not None:
        to_it = [Route(path, to_page) for path in ("/", PAGE.rstrip("/"))]
        routes += [*to_it, Route(PAGE + "{file:path}", page)]
    return Starlette(routes=routes, exception_handlers={404: nothing_here})


def _is_browser(request: Request) -> bool:
    """Whether a person asks, with a browser."""
    return "text/html" in request.headers.get("accept", "")

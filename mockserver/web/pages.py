"""The paths beside the APIs: `/livez`, `/readyz`, and a helpful 404 for all others.

`mockserver.app` imports this module at the first request for such a path.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mockserver.api import read_body
from mockserver.call import request_of, shared_headers
from mockserver.journal.records import Record
from mockserver.web.strays import Strays


def web(
    strays: Strays,
    log: Callable[[Record], None],
    log_health: Callable[[str], None],
    *,
    max_body: int,
) -> Starlette:
    """The application for every path that belongs to no API.

    `strays` answers what nothing is served at, of which no more than `max_body` bytes are kept;
    `log` is told of it, and `log_health` in a sentence of a request to the other two.
    """

    async def nothing_here(request: Request, error: Exception) -> Response:
        headers = shared_headers(request.scope["headers"])
        body = await read_body(headers, request.receive, max_body)
        answer, record = strays.answer(request_of(request.scope, headers, body))
        log(record)
        response = Response(answer.body, answer.status)
        response.raw_headers = list(answer.headers)
        return response

    def health(status: str) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            log_health(f"{request.method} {request.url.path} 200")
            return JSONResponse({"status": status})

        return answer

    routes = [Route("/livez", health("alive")), Route("/readyz", health("ready"))]
    return Starlette(routes=routes, exception_handlers={404: nothing_here})

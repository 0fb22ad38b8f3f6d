"""The paths beside the APIs: `/livez`, `/readyz`, and a helpful 404 for all others.

`mockserver.app` imports this module at the first request for such a path.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mockserver.journal.directory import Operations
from mockserver.journal.meant import meant


def web(
    prefixes: tuple[str, ...],
    operations: Operations,
    log: Callable[[str], None],
    log_health: Callable[[str], None],
) -> Starlette:
    """The application for every path that belongs to no API.

    `prefixes` are the paths at which the APIs begin; the 404 names them, and the one of the
    `operations` that was probably meant. Each request is told to one of the logs in a sentence.
    """

    async def nothing_here(request: Request, error: Exception) -> JSONResponse:
        path = request.url.path
        begins = ", ".join(prefixes)
        detail = f"Nothing is served at {path}. The APIs begin with {begins}."
        likely = meant("", request.method, path, operations)
        if likely is not None:
            detail += f" Probably meant: {likely.method} {likely.path} ({likely.operation})."
        log(f"{request.method} 404 {detail}")
        problem = {"title": "Not Found", "status": 404, "detail": detail}
        return JSONResponse(problem, 404, media_type="application/problem+json")

    def health(status: str) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            log_health(f"{request.method} {request.url.path} 200")
            return JSONResponse({"status": status})

        return answer

    routes = [Route("/livez", health("alive")), Route("/readyz", health("ready"))]
    return Starlette(routes=routes, exception_handlers={404: nothing_here})

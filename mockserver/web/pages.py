"""What is no API: whether the server lives and is ready, and a word to those who are lost.

Imported when it is first asked for.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def web(prefixes: tuple[str, ...]) -> Starlette:
    """The application behind every path that no API has.

    `prefixes` are the paths at which the APIs begin.
    """

    async def nothing_here(request: Request, error: Exception) -> JSONResponse:
        detail = (
            f"Nothing is served at {request.url.path}. The APIs begin with {', '.join(prefixes)}."
        )
        return JSONResponse(
            {"title": "Not Found", "status": 404, "detail": detail},
            404,
            media_type="application/problem+json",
        )

    routes = [Route("/livez", _alive), Route("/readyz", _ready)]
    return Starlette(routes=routes, exception_handlers={404: nothing_here})


async def _alive(request: Request) -> JSONResponse:
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ready"})

"""The paths beside the APIs: `/livez`, `/readyz`, and a helpful 404 for all others.

`mockserver.app` imports this module at the first request for such a path.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def web(prefixes: tuple[str, ...]) -> Starlette:
    """The application for every path that belongs to no API.

    `prefixes` are the paths at which the APIs begin; the 404 names them.
    """

    async def nothing_here(request: Request, error: Exception) -> JSONResponse:
        begins = ", ".join(prefixes)
        detail = f"Nothing is served at {request.url.path}. The APIs begin with {begins}."
        problem = {"title": "Not Found", "status": 404, "detail": detail}
        return JSONResponse(problem, 404, media_type="application/problem+json")

    routes = [Route("/livez", _alive), Route("/readyz", _ready)]
    return Starlette(routes=routes, exception_handlers={404: nothing_here})


async def _alive(request: Request) -> JSONResponse:
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ready"})

"""The console: a page, its styles and its scripts, as files that a browser keeps and asks about.

The page is served without a token. It holds nothing: what it shows it reads from the control API.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from gzip import compress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path as File
from types import MappingProxyType

import orjson
from starlette.requests import Request
from starlette.responses import Response

from mockserver.documents.resources import folder
from mockserver.media_types import qualities

PAGE = "/__admin/"
"""Where the console is. Its files are below `console/`, the reference of the APIs beside it."""

_CODE = File(__file__).parent.parent / "console"
_VENDORS = File(__file__).parent.parent / "vendors"
_VIEWER_PACKAGE = "drf_spectacular_sidecar"
_VIEWER_FOLDER = "static/drf_spectacular_sidecar/swagger-ui-dist"
_VIEWER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}

_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_POLICY = f"{_STRICT}; require-trusted-types-for 'script'; trusted-types 'none'"
# The viewer has its icons in its style sheet, and makes elements from texts of its own.
_REFERENCE_POLICY = _STRICT.replace("img-src 'self'", "img-src 'self' data:")

_NO_FEATURES = ", ".join(
    f"{feature}=()" for feature in ("camera", "geolocation", "microphone", "payment", "usb")
)
HEADERS = MappingProxyType(
    {
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": _NO_FEATURES,
    }
)
"""What every answer of the console has, besides its policy."""


@dataclass(frozen=True)
class Asset:
    """A file as it is served."""

    content: bytes
    type: str
    policy: str = _POLICY

    @cached_property
    def tag(self) -> str:
        """Its ETag. It is a weak one: the compressed form has the same."""
        return f'W/"{sha256(self.content).hexdigest()[:20]}"'

    @cached_property
    def compressed(self) -> bytes:
        """The content, compressed by gzip; the same bytes each time."""
        return compress(self.content, 9, mtime=0)

    def answer(self, request: Request) -> Response:
        """The file, or 304 where the browser has it already."""
        headers = {**HEADERS, "Content-Security-Policy": self.policy, "ETag": self.tag}
        if self._is_known(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        content = self.content
        if _is_gzip_wanted(request.headers.get("accept-encoding", "")):
            content = self.compressed
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type=self.type)

    def _is_known(self, if_none_match: str) -> bool:
        """Whether the browser names this file among those that it has (RFC 9110, 13.1.2)."""
        strong = self.tag.removeprefix("W/")
        named = (each.strip().removeprefix("W/") for each in if_none_match.split(","))
        return any(each in ("*", strong) for each in named)


def _is_gzip_wanted(accept_encoding: str) -> bool:
    wanted = qualities(accept_encoding)
    return wanted.get("gzip", wanted.get("*", 0.0)) > 0


class Console:
    """The files of the console, by their paths."""

    def __init__(self, vendors: Sequence[str]) -> None:
        """`vendors` are the names of the vendors, of which each may say how it is shown."""
        self._vendors = vendors

    @cached_property
    def assets(self) -> Mapping[str, Asset]:
        """Every file by its path. They are read once: an installed package does not change."""
        return dict(self._read())

    def answer(self, request: Request) -> Response | None:
        """The file at the path of the request; None where there is none."""
        asset = self.assets.get(request.url.path)
        return None if asset is None else asset.answer(request)

    def _read(self) -> Iterator[tuple[str, Asset]]:
        for file in _CODE.rglob("*"):
            if file.suffix in _TYPES:
                name = file.relative_to(_CODE).as_posix()
                yield f"{PAGE}console/{name}", _asset(file)
        page = (_CODE / "app.html").read_bytes()
        yield PAGE, Asset(page, _TYPES[".html"])
        reference = (_CODE / "reference.html").read_bytes()
        yield f"{PAGE}reference/", Asset(reference, _TYPES[".html"], _REFERENCE_POLICY)
        looks = orjson.dumps({name: _look(name) for name in self._vendors})
        yield f"{PAGE}console/vendors.json", Asset(looks, _TYPES[".json"])
        for file in _viewer():
            yield f"{PAGE}viewer/{file.name}", _asset(file)


def _asset(file: File) -> Asset:
    return Asset(file.read_bytes(), _TYPES[file.suffix])


def _look(vendor: str) -> object:
    """How a vendor is shown: what its file `console.json` says, or nothing."""
    file = _VENDORS / vendor / "console.json"
    return orjson.loads(file.read_bytes()) if file.is_file() else {}


def _viewer() -> Sequence[File]:
    """The files of the viewer of OpenAPI documents; empty where this installation has none.

    The wheel has them among its resources. A checkout has the package that brings them, which is
    found and not imported: it would want Django.
    """
    places = [folder("viewer")]
    spec = find_spec(_VIEWER_PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        places.append(File(spec.submodule_search_locations[0]) / _VIEWER_FOLDER)
    for place in places:
        files = [place / name for name in _VIEWER_FILES]
        if all(file.is_file() for file in files):
            return files
    return ()

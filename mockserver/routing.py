"""Paths to operations: which route a path has, and its path parameters."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from mockserver.documents.spec import Operation
from mockserver.errors import Reason, Refusal

PathParameters = dict[str, Any]
_SLASH = re.compile("%(2[Ff])")


class Route:
    """One path of a vendor and the operations it has, by method."""

    __slots__ = ("methods", "operations", "segments")

    def __init__(self, path: str) -> None:
        self.segments = tuple(path.split("/"))
        self.operations: dict[str, Operation] = {}
        self.methods: tuple[str, ...] = ()

    def add(self, operation: Operation, implicit: Mapping[str, str]) -> None:
        """Serve one more method, and those the framework derives from it."""
        self.operations[operation.method] = operation
        derived = {
            name: self.operations[origin]
            for name, origin in implicit.items()
            if origin in self.operations
        }
        self.operations |= derived
        self.methods = tuple(self.operations)


class Router:
    """Paths to routes.

    Static ones by a dict, templated ones by their segments, a literal before a parameter.
    """

    def __init__(
        self,
        operations: tuple[Operation, ...],
        implicit: Mapping[str, str],
        case_sensitive: bool,
        slashes: bool = True,
    ) -> None:
        """`slashes` says whether one at the end of a path matters."""
        self._fold: Callable[[str], str] = str if case_sensitive else str.lower
        self._trim: Callable[[str], str] = str if slashes else lambda path: path.removesuffix("/")
        routes: dict[str, Route] = {}
        for operation in operations:
            path = self._trim(operation.path)
            routes.setdefault(path, Route(path)).add(operation, implicit)
        self._static = {
            self._fold(path): route for path, route in routes.items() if "{" not in path
        }
        self.static = self._static.get if case_sensitive and slashes else self._in_static
        """The route of a path without parameters."""
        self._templates: dict[int, list[Route]] = {}
        for path, route in sorted(
            routes.items(), key=lambda item: [step.startswith("{") for step in item[0].split("/")]
        ):
            if "{" in path:
                self._templates.setdefault(len(route.segments), []).append(route)

    def _in_static(self, path: str) -> Route | None:
        return self._static.get(self._fold(self._trim(path)))

    def find(self, path: str, raw_path: str) -> tuple[Route, PathParameters]:
        """The route of a path and its path parameters as text.

        `raw_path` still has its percent escapes.

        Raises Refusal("no_route"), with MISSING_SLASH where only a slash at the end is missing.
        """
        route = self.static(path)
        if route is not None:
            return route, {}
        found = self._in_templates(raw_path)
        if found is None:
            near = self._static.get(self._fold(path + "/")) or self._in_templates(raw_path + "/")
            raise Refusal("no_route", reason=Reason.MISSING_SLASH if near else None)
        return found

    def _in_templates(self, raw_path: str) -> tuple[Route, PathParameters] | None:
        steps = self._trim(raw_path).split("/")
        for route in self._templates.get(len(steps), ()):
            parameters: PathParameters = {}
            for wanted, step in zip(route.segments, steps, strict=True):
                if wanted[:1] == "{":
                    if not step:
                        break
                    parameters[wanted[1:-1]] = step
                elif wanted != step and self._fold(wanted) != self._fold(unquote(step)):
                    break
            else:
                return route, parameters
        return None


def read_path_parameter(kind: str, text: str, escaped_slashes: bool = False) -> Any:
    """A path parameter as its type. `escaped_slashes` says whether `%2F` stays what it is.

    Raises Refusal("not_found") with PATH_PARAMETER: nothing has such an id.
    """
    try:
        if "%" in text:
            kept = _SLASH.sub(r"%25\1", text) if escaped_slashes else text
            text = unquote(kept, errors="strict")
        if kind == "integer":
            return int(text)
        if kind == "uuid":
            return str(UUID(text))
        text.encode()
    except ValueError:
        raise Refusal("not_found", reason=Reason.PATH_PARAMETER) from None
    return text

"""Paths to operations: which route a path has, and its path parameters."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from mockserver.documents.spec import Operation
from mockserver.errors import Reason, Refusal

PathParameters = dict[str, Any]
_ANYTHING = re.compile(".+", re.DOTALL)


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
        for method, origin in implicit.items():
            if origin in self.operations:
                self.operations[method] = self.operations[origin]
        self.methods = tuple(self.operations)


class Router:
    """Paths to routes.

    A path without parameters is looked up in a dict. Another is matched with all templates at once,
    those with a literal first before those with a parameter; if it has percent escapes, it is
    compared with the templates that have as many segments.
    """

    def __init__(
        self,
        operations: tuple[Operation, ...],
        implicit: Mapping[str, str],
        case_sensitive: bool,
        slashes: bool = True,
        *,
        parameter: re.Pattern[str] = _ANYTHING,
        decoded: bool = False,
    ) -> None:
        """`slashes` says whether a slash at the end of a path matters.

        `parameter` is what a path parameter may be, as text. `decoded` says whether a path comes
        with its percent escapes decoded.
        """
        self._parameter = parameter.fullmatch
        self._unescape: Callable[[str], str] = str if decoded else unquote
        self._fold: Callable[[str], str] = str if case_sensitive else str.lower
        self._trim: Callable[[str], str] = str if slashes else _without_slash
        routes: dict[str, Route] = {}
        for operation in operations:
            path = self._trim(operation.path)
            routes.setdefault(path, Route(path)).add(operation, implicit)
        self._pattern: re.Pattern[str] | None = None
        self._static: dict[str, Route] = {}
        self._templates: dict[int, list[Route]] = {}
        self._groups: dict[int, tuple[Route, tuple[str, ...]]] = {}
        for path, route in routes.items():
            if "{" in path:
                self._templates.setdefault(len(route.segments), []).append(route)
            else:
                self._static[self._fold(path)] = route
        for candidates in self._templates.values():
            candidates.sort(key=_parameter_flags)
        # Every request comes through here: where no text has to change, the dict answers alone.
        self.static = self._static.get if case_sensitive and slashes else self._in_static
        """The route of a path without parameters."""

    def _in_static(self, path: str) -> Route | None:
        return self._static.get(self._fold(self._trim(path)))

    def find(self, path: str, raw_path: str) -> tuple[Route, PathParameters]:
        """The route of a path and its path parameters as text.

        `raw_path` still has its percent escapes.

        Raises Refusal("no_route"), with MISSING_SLASH where only a slash at the end is missing.
        """
        route = self.static(path)
        return (route, {}) if route is not None else self.find_template(path, raw_path)

    def find_template(self, path: str, raw_path: str) -> tuple[Route, PathParameters]:
        """As `find`, for a path that is none of the static ones."""
        found = self._in_templates(raw_path)
        if found is not None:
            return found
        if self._static.get(self._fold(path + "/")) or self._in_templates(raw_path + "/"):
            raise Refusal("no_route", reason=Reason.MISSING_SLASH)
        raise Refusal("no_route")

    def _in_templates(self, text: str) -> tuple[Route, PathParameters] | None:
        """The route whose template a path fits, and its path parameters."""
        path = self._trim(text)
        if "%" in path:
            return self._in_templates_by_segment(path)
        found = (self._pattern or self._new_pattern()).fullmatch(path)
        if found is None or found.lastindex is None:
            return None
        # The group of the whole template is closed last; those of its parameters follow it.
        route, names = self._groups[found.lastindex]
        parameters = {}
        for number, name in enumerate(names, found.lastindex + 1):
            value = found[number]
            if not self._parameter(value):
                return self._in_templates_by_segment(path)
            parameters[name] = value
        return route, parameters

    def _new_pattern(self) -> re.Pattern[str]:
        """All templates as one regular expression, made when it is needed; fills in `_groups`."""
        templates = []
        group = 1
        for candidates in self._templates.values():
            for route in candidates:
                names = tuple(segment[1:-1] for segment in route.segments if segment[:1] == "{")
                templates.append(f"({'/'.join(map(_segment_pattern, route.segments))})")
                self._groups[group] = (route, names)
                group += 1 + len(names)
        flags = re.ASCII if self._fold is str else re.ASCII | re.IGNORECASE
        self._pattern = re.compile("|".join(templates) or "(?!)", flags)
        return self._pattern

    def _in_templates_by_segment(self, path: str) -> tuple[Route, PathParameters] | None:
        segments = path.split("/")
        for route in self._templates.get(len(segments), ()):
            parameters: PathParameters = {}
            for wanted, segment in zip(route.segments, segments, strict=True):
                if wanted[:1] == "{":
                    if not self._parameter(segment):
                        break
                    parameters[wanted[1:-1]] = segment
                elif wanted != segment and self._fold(wanted) != self._fold(
                    self._unescape(segment)
                ):
                    break
            else:
                return route, parameters
        return None


def _segment_pattern(segment: str) -> str:
    return "([^/]+)" if segment[:1] == "{" else re.escape(segment)


def _without_slash(path: str) -> str:
    return path.removesuffix("/")


def _parameter_flags(route: Route) -> list[bool]:
    """For each segment whether it is a parameter: sorted by that, literals come first."""
    return [segment.startswith("{") for segment in route.segments]


def read_path_parameter(kind: str, text: str) -> Any:
    """A path parameter as its type.

    Raises Refusal("not_found") with PATH_PARAMETER for a text that no id can have.
    """
    try:
        if "%" in text:
            text = unquote(text, errors="strict")
    except ValueError:
        raise Refusal("not_found", reason=Reason.PATH_PARAMETER) from None
    return typed_path_parameter(kind, text)


def typed_path_parameter(kind: str, text: str) -> Any:
    """A path parameter whose escapes have been read as its type.

    Raises Refusal("not_found") with PATH_PARAMETER for a text that no id can have.
    """
    try:
        if kind == "integer":
            return int(text)
        if kind == "uuid":
            return str(UUID(text))
        text.encode()  # raises for a lone surrogate
    except ValueError:
        raise Refusal("not_found", reason=Reason.PATH_PARAMETER) from None
    return text

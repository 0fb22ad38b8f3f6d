"""Faults that a request asks for by its `Prefer` header (RFC 7240)."""

import re
from collections.abc import Mapping
from typing import Any

from mockserver.faults.catalogue import FaultKind, InjectedFault, by_status, named

_LONGEST_NAME = 40

# A separator, a name, and the value that follows `=`: quoted or plain. A comma begins a new
# preference, a semicolon a parameter of the one before.
_PREFERENCE = re.compile(r'(^|[,;])\s*([\w-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;"]*)))?')


def preferred(header: bytes) -> InjectedFault | None:
    """The fault that a `Prefer` header asks for: `code=429`, or `fault=slow; seconds=0.2`.

    The first preference that is understood counts. Other preferences are ignored, and so are
    parameters that the fault does not have.
    """
    kind: FaultKind | None = None
    preference = ""
    parameters: dict[str, Any] = {}
    for separator, name, quoted, plain in _PREFERENCE.findall(header.decode("latin-1")):
        value = quoted or plain
        if separator == ";":
            parameters[name.lower().replace("-", "_")] = _number(value)
            continue
        # A new preference begins, so the one before is complete.
        if kind is not None:
            break
        kind = _requested_kind(name.lower(), value)
        preference = f"{name.lower()}={value}"
        parameters = {}
    if kind is None:
        return None
    return InjectedFault(
        kind,
        "prefer",
        kind.parameters | _understood(kind, parameters),
        preference.encode("ascii", "replace"),
    )


def _requested_kind(name: str, value: str) -> FaultKind | None:
    if name == "code" and value.isdecimal() and len(value) == 3:
        return by_status(int(value))
    if name == "fault" and len(value) < _LONGEST_NAME:
        return named(value.lower())
    return None


def _number(text: str) -> Any:
    """The number that the text is, or the text."""
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return text


def _understood(kind: FaultKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the parameters that the fault has; none if one of them has a wrong value."""
    known = {name: value for name, value in given.items() if name in kind.parameters}
    if any(kind.problems(known)):
        return {}
    return known

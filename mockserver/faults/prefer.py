"""Faults that a request asks for by its `Prefer` header (RFC 7240)."""

import re
from collections.abc import Mapping
from typing import Any

from mockserver.faults.catalogue import FaultKind, InjectedFault, by_status, named

_PREFERENCE = re.compile(r'(^|[,;])\s*([\w-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;"]*)))?')


def preferred(header: bytes) -> InjectedFault | None:
    """The fault that a `Prefer` header (RFC 7240) asks for: `code=429`, or `fault=slow.

    Seconds=0.2` with its parameters.

    The first preference that is understood counts; others, and parameters that the fault does not
    take, are ignored.
    """
    kind, text, given = None, "", dict[str, Any]()
    for separator, name, quoted, plain in _PREFERENCE.findall(header.decode("latin-1")):
        value = quoted or plain
        if separator == ";":
            given[name.lower().replace("-", "_")] = _number(value)
            continue
        if kind is not None:
            break
        kind, text, given = _asked(name.lower(), value), f"{name.lower()}={value}", {}
    if kind is None:
        return None
    return InjectedFault(
        kind, "prefer", kind.parameters | _understood(kind, given), text.encode("ascii", "replace")
    )


def _asked(name: str, value: str) -> FaultKind | None:
    if name == "code":
        return by_status(int(value)) if value.isdecimal() and len(value) == 3 else None
    return named(value.lower()) if name == "fault" and len(value) < 40 else None


def _number(text: str) -> Any:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return text


def _understood(kind: FaultKind, given: Mapping[str, Any]) -> dict[str, Any]:
    known = {
        parameter.name: given[parameter.name] for parameter in kind.takes if parameter.name in given
    }
    return {} if any(kind.problems(known)) else known

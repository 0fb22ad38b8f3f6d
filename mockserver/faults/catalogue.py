"""What can be made to go wrong, as one catalogue.

Refusals in the vendor's words, broken answers, slow ones, lost ones.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from mockserver.errors import Kind, Problem

_LONGEST_WAIT = 3600.0
_LONGEST_RETRY = 86_400


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a rule may say about its fault.

    A number between two limits, or one of several words.

    `default` may be None, which is then also a value that it takes.
    """

    name: str
    default: Any
    help: str
    type: Literal["integer", "number", "string"] = "number"
    minimum: float = 0
    maximum: float = _LONGEST_WAIT
    choices: tuple[str, ...] = ()

    def refuses(self, value: Any) -> str | None:
        """Why the value is none of this parameter's, or None."""
        if value is None and self.default is None:
            return None
        if self.choices:
            return None if value in self.choices else f"must be one of {', '.join(self.choices)}"
        number = isinstance(
            value, int if self.type == "integer" else int | float
        ) and not isinstance(value, bool)
        if number and self.minimum <= value <= self.maximum:
            return None
        return (
            f"must be {'an integer' if self.type == 'integer' else 'a number'} from "
            f"{self.minimum:.10g} to {self.maximum:.10g}"
        )


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One entry of the catalogue.

    `status` is what a client sees in place of the answer (None: whatever the operation answers, or
    nothing at all); `refusal` is what the vendor's dialect phrases, where the fault is a refusal;
    `applies` says whether the request takes effect all the same.
    """

    name: str
    help: str
    status: int | None = None
    refusal: Kind | None = None
    applies: bool = False
    takes: tuple[Parameter, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The names that a rule may give, with their defaults."""
        return {parameter.name: parameter.default for parameter in self.takes}

    def problems(self, given: Mapping[str, Any]) -> Iterator[Problem]:
        """What is wrong with parameters, each problem with the parameter's name as its path."""
        known = {parameter.name: parameter for parameter in self.takes}
        for name, value in given.items():
            message = known[name].refuses(value) if name in known else _stranger(self)
            if message is not None:
                yield Problem((name,), "parameter", message, value)
        if "at_least" in known:
            yield from _range_problems(given)


def _stranger(kind: FaultKind) -> str:
    names = ", ".join(parameter.name for parameter in kind.takes)
    return f"is no parameter of {kind.name}, which takes {names or 'none'}"


def _range_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    low, high = given.get("at_least"), given.get("at_most")
    if (low is None) is not (high is None):
        missing = "at_least" if low is None else "at_most"
        yield Problem(
            (missing,), "parameter", "must be given: at_least and at_most go together", None
        )
    elif low is not None and "seconds" in given:
        yield Problem(
            ("seconds",),
            "parameter",
            "must be left out beside at_least and at_most",
            given["seconds"],
        )
    elif isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        yield Problem(("at_least",), "parameter", f"must be no greater than at_most, {high:g}", low)


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault that one request gets, and why: `cause` is `rule <id>`, `prefer` or `magic`.

    `parameters` are all decided: what was random is a number here. `preference` is the preference
    of the request that asked for it, for the `Preference-Applied` header of the answer.
    """

    kind: FaultKind
    cause: str
    parameters: Mapping[str, Any]
    preference: bytes | None = None


_RETRY = "The `Retry-After` that the answer has, in seconds"
_LOST = ("reset", "timeout", "gateway_html", "server_error", "empty_body")

_KINDS = (
    FaultKind("unauthorized", "Refused as a credential that is not known.", 401, "unauthorized"),
    FaultKind("forbidden", "Refused as something this account may not do.", 403, "forbidden"),
    FaultKind(
        "not_found", "Refused as if what the request names were not there.", 404, "not_found"
    ),
    FaultKind("conflict", "Refused as a conflict with what is stored.", 409, "conflict"),
    FaultKind(
        "validation",
        "Refused as a request that breaks a rule, without saying which.",
        400,
        "invalid",
    ),
    FaultKind(
        "rate_limited",
        "Refused as one request too many. With `limit` it is a real quota: so many requests in "
        "each window get through, and the others are"
        " told how long the window lasts.",
        429,
        "rate_limited",
        takes=(
            Parameter(
                "retry_after",
                1,
                f"{_RETRY}; with `limit` it is what is left of the window",
                "integer",
                maximum=_LONGEST_RETRY,
            ),
            Parameter(
                "limit",
                None,
                "How many requests a window lets through; without it none gets through",
                "integer",
                maximum=1_000_000,
            ),
            Parameter(
                "window",
                60.0,
                "How long a window is, in seconds of the workspace's clock",
                minimum=0.001,
                maximum=_LONGEST_RETRY,
            ),
        ),
    ),
    FaultKind("server_error", "The answer of an application that broke.", 500, "server_error"),
    FaultKind(
        "maintenance",
        "The answer of an application that is down for maintenance.",
        503,
        "maintenance",
        takes=(
            Parameter(
                "retry_after",
                None,
                f"{_RETRY}; without it there is none",
                "integer",
                maximum=_LONGEST_RETRY,
            ),
        ),
    ),
    FaultKind(
        "gateway_html", "The HTML page of a proxy that could not reach the application.", 502
    ),
    FaultKind("empty_body", "The right status and headers, and no body.", applies=True),
    FaultKind(
        "truncated_body",
        "Half of the body that Content-Length promises, then the connection closes.",
        applies=True,
    ),
    FaultKind("malformed_json", "The first half of the body, as if it were all.", applies=True),
    FaultKind(
        "slow",
        "The answer comes late: after `seconds`, or after a random time between `at_least` and "
        "`at_most`.",
        applies=True,
        takes=(
            Parameter("seconds", 1.0, "How long the answer waits"),
            Parameter("at_least", None, "The shortest wait"),
            Parameter("at_most", None, "The longest wait"),
        ),
    ),
    FaultKind(
        "slow_drip",
        "The body comes in small pieces.",
        applies=True,
        takes=(Parameter("seconds", 1.0, "How long it takes altogether"),),
    ),
    FaultKind(
        "timeout",
        "No answer; the connection closes when the client has given up, or in the end.",
        takes=(Parameter("seconds", 60.0, "How long the connection stays open"),),
    ),
    FaultKind("reset", "No answer: the connection is reset."),
    FaultKind(
        "apply_but_fail",
        "The request takes effect, and then its answer is lost.",
        applies=True,
        takes=(
            Parameter(
                "answer",
                "reset",
                "The fault that comes instead of the answer",
                "string",
                choices=_LOST,
            ),
            Parameter(
                "seconds", 60.0, "How long the connection stays open, where the answer is `timeout`"
            ),
        ),
    ),
)

CATALOGUE: Mapping[str, FaultKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Every fault there is, by name."""

_BY_STATUS = {kind.status: kind for kind in _KINDS if kind.status is not None}

MAGIC_PHONES: Mapping[str, str] = MappingProxyType(
    {
        "30": "validation",
        "31": "unauthorized",
        "33": "forbidden",
        "34": "not_found",
        "39": "conflict",
        "42": "rate_limited",
        "45": "server_error",
        "46": "gateway_html",
        "47": "maintenance",
        "40": "empty_body",
        "41": "truncated_body",
        "44": "malformed_json",
        "32": "slow",
        "35": "slow_drip",
        "48": "timeout",
        "49": "reset",
        "43": "apply_but_fail",
    }
)
"""The last two digits of a phone number `+1 <area> 555-01NN` to the fault that a request with it
gets."""


def by_name(name: str) -> FaultKind | None:
    """The fault of that name; hyphens are as good as underscores."""
    return CATALOGUE.get(name.replace("-", "_"))


def by_status(code: int) -> FaultKind | None:
    """The fault that a client sees as that status."""
    return _BY_STATUS.get(code)


def named(text: str) -> FaultKind | None:
    """The fault that a name or a status means."""
    return by_status(int(text)) if text.isdecimal() else by_name(text)


_EMAIL = re.compile(rb"(?:\+|%2b|\\u002b)fault-([a-z0-9_-]{1,40})(?:@|%40|\\u0040)", re.IGNORECASE)
_GAP = rb"(?:[\s().+-]|%2[089bde]){0,3}"
_PHONE_END = re.compile(
    rb"555" + _GAP + rb"01([34][0-9])(?=\s{0,3}(?:[\"&/\r\n,}\]]|$))", re.IGNORECASE
)
_PHONE_START = re.compile(
    rb"(?:(?:^|[\"=/\n])(?:tel:)?(?:\\u002b)?"
    + _GAP
    + rb"1?"
    + _GAP
    + rb"[0-9]{3}"
    + _GAP
    + rb"|[:,\[]\s{0,3}1?[0-9]{3})$",
    re.IGNORECASE,
)
_LONGEST_START = 60


def magic(text: bytes) -> FaultKind | None:
    """The fault that a magic value in the text asks for.

    In an e-mail address first, then in a phone number.

    The text is a body, a path or a query as it was sent: values may be JSON, with or without
    escapes, or percent-encoded. A phone number counts where it is a value by itself, not in the
    middle of a sentence.
    """
    kind = _magic_email(text) if b"fault-" in text else None
    return kind or (_magic_phone(text) if b"555" in text else None)


def _magic_email(text: bytes) -> FaultKind | None:
    kinds = (named(found[1].decode().lower()) for found in _EMAIL.finditer(text))
    return next(filter(None, kinds), None)


def _magic_phone(text: bytes) -> FaultKind | None:
    found = _PHONE_END.search(text)
    while found is not None:
        name, start = MAGIC_PHONES.get(found[1].decode()), found.start()
        if name is not None and _PHONE_START.search(text, max(0, start - _LONGEST_START), start):
            return CATALOGUE[name]
        found = _PHONE_END.search(text, found.end())
    return None

"""The catalogue of faults: refusals in the vendor's words, and broken, slow or lost answers.

The magic values that ask for a fault are here too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from mockserver.errors import Kind, Problem

_LONGEST_WAIT = 3600.0
_LONGEST_RETRY = 86_400
_LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a fault: a number between two limits, or one of several words.

    If `default` is None, a rule may give None too. With `takes_text` it may be any printable ASCII
    text as well.
    """

    name: str
    default: Any
    help: str
    type: Literal["integer", "number", "string"] = "number"
    minimum: float = 0
    maximum: float = _LONGEST_WAIT
    choices: tuple[str, ...] = ()
    takes_text: bool = False

    def refuses(self, value: Any) -> str | None:
        """What is wrong with the value (`must be ...`); None if nothing is."""
        if value is None and self.default is None:
            return None
        if self.choices:
            if value in self.choices:
                return None
            return f"must be one of {', '.join(self.choices)}"
        if self._is_number(value) and self.minimum <= value <= self.maximum:
            return None
        if self.takes_text and _fits_header(value):
            return None
        wanted = "an integer" if self.type == "integer" else "a number"
        text = f", or a text of at most {_LONGEST_TEXT} printable ASCII characters"
        return (
            f"must be {wanted} from {self.minimum:.10g} to {self.maximum:.10g}"
            f"{text if self.takes_text else ''}"
        )

    def _is_number(self, value: Any) -> bool:
        # In Python, but not in JSON, a bool is an integer.
        if isinstance(value, bool):
            return False
        if self.type == "integer":
            return isinstance(value, int)
        return isinstance(value, int | float)


def _fits_header(value: Any) -> bool:
    """Whether a header may have this value: no line break, nothing that HTTP would cut off."""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return False
    return value.isascii() and value.isprintable() and value == value.strip()


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One entry of the catalogue.

    `status` is what the client sees; None stands for the operation's own status, or for no answer.
    `refusal` is what the vendor's dialect phrases, if the fault is a refusal. `applies` says
    whether the request takes effect all the same.
    """

    name: str
    help: str
    status: int | None = None
    refusal: Kind | None = None
    applies: bool = False
    takes: tuple[Parameter, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The defaults of its parameters, by name."""
        return {parameter.name: parameter.default for parameter in self.takes}

    def problems(self, given: Mapping[str, Any]) -> Iterator[Problem]:
        """What is wrong with these parameters; a problem's path is the parameter's name."""
        known = {parameter.name: parameter for parameter in self.takes}
        for name, value in given.items():
            if name not in known:
                yield _problem(name, self._unknown_parameter(), value)
                continue
            message = known[name].refuses(value)
            if message is not None:
                yield _problem(name, message, value)
        if "at_least" in known:
            yield from _range_problems(given)

    def _unknown_parameter(self) -> str:
        names = ", ".join(self.parameters) or "none"
        return f"is no parameter of {self.name}, which takes {names}"


def _problem(name: str, message: str, value: Any) -> Problem:
    return Problem((name,), "parameter", message, value)


def _range_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    """A random wait needs both limits, in their order, and no fixed wait beside them."""
    low = given.get("at_least")
    high = given.get("at_most")
    if (low is None) is not (high is None):
        missing = "at_least" if low is None else "at_most"
        yield _problem(missing, "must be given: at_least and at_most go together", None)
    elif low is not None and "seconds" in given:
        message = "must be left out beside at_least and at_most"
        yield _problem("seconds", message, given["seconds"])
    # Limits that are no numbers are told already.
    elif isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        yield _problem("at_least", f"must be no greater than at_most, {high:g}", low)


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault that one request gets, and why.

    `cause` is `rule <id>`, `prefer`, `magic phone` or `magic e-mail`. All `parameters` are decided:
    a random one is a number here. `preference` is the preference of the request that asked for the
    fault, for the `Preference-Applied` header of the answer. `left` is how many more requests the
    rule gives it to (None: no end, or no rule).
    """

    kind: FaultKind
    cause: str
    parameters: Mapping[str, Any]
    preference: bytes | None = None
    left: int | None = None


_RETRY = "The `Retry-After` of the answer: seconds, or a text that is sent to the letter"
_RETRY_FORMAT = Parameter(
    "retry_format",
    "seconds",
    "How seconds are written in `Retry-After`: as they are, or as a date by the workspace's clock",
    "string",
    choices=("seconds", "date"),
)
_LOST = ("reset", "timeout", "gateway_html", "server_error", "empty_body")

_KINDS = (
    FaultKind("unauthorized", "Refused as an unknown credential.", 401, "unauthorized"),
    FaultKind("forbidden", "Refused as something that this account may not do.", 403, "forbidden"),
    FaultKind(
        "not_found",
        "Refused as if the thing that the request names did not exist.",
        404,
        "not_found",
    ),
    FaultKind("conflict", "Refused as a conflict with stored data.", 409, "conflict"),
    FaultKind(
        "validation",
        "Refused as an invalid request, without saying what is wrong.",
        400,
        "invalid",
    ),
    FaultKind(
        "rate_limited",
        "Refused as one request too many. With `limit` it is a real quota: so many requests in "
        "each window get through, and the others learn when the window ends.",
        429,
        "rate_limited",
        takes=(
            Parameter(
                "retry_after",
                1,
                f"{_RETRY}; with `limit` it is the rest of the window",
                "integer",
                maximum=_LONGEST_RETRY,
                takes_text=True,
            ),
            _RETRY_FORMAT,
            Parameter(
                "limit",
                None,
                "How many requests get through in a window; without it, none",
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
    FaultKind("server_error", "The answer of an application that failed.", 500, "server_error"),
    FaultKind(
        "maintenance",
        "The answer of an application that is down for maintenance.",
        503,
        "maintenance",
        takes=(
            Parameter(
                "retry_after",
                None,
                f"{_RETRY}; without it, the answer has none",
                "integer",
                maximum=_LONGEST_RETRY,
                takes_text=True,
            ),
            _RETRY_FORMAT,
        ),
    ),
    FaultKind("gateway_html", "The HTML page of a proxy that cannot reach the application.", 502),
    FaultKind("empty_body", "The right status and headers, but no body.", applies=True),
    FaultKind(
        "truncated_body",
        "Half of the body that Content-Length promises, then the connection closes.",
        applies=True,
    ),
    FaultKind(
        "malformed_json", "The first half of the body, as if it were the whole.", applies=True
    ),
    FaultKind(
        "slow",
        "The answer arrives late: after `seconds`, or after a random time between `at_least` and "
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
        "The body arrives in small pieces.",
        applies=True,
        takes=(Parameter("seconds", 1.0, "How long the whole body takes"),),
    ),
    FaultKind(
        "timeout",
        "No answer; the connection closes when the client gives up, or after `seconds`.",
        takes=(Parameter("seconds", 60.0, "How long the connection stays open"),),
    ),
    FaultKind("reset", "No answer: the connection is reset."),
    FaultKind(
        "apply_but_fail",
        "The request takes effect, but its answer is lost.",
        applies=True,
        takes=(
            Parameter(
                "answer",
                "reset",
                "The fault that the client sees instead of the answer",
                "string",
                choices=_LOST,
            ),
            Parameter(
                "seconds", 60.0, "How long the connection stays open if the answer is `timeout`"
            ),
        ),
    ),
)

CATALOGUE: Mapping[str, FaultKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Every fault, by name."""

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
"""From the last two digits of a phone number `+1 900 555-01NN` to the fault that it asks for.

The area code 900 is that of calls with a price: no person has such a number. The numbers 555-01NN
of other area codes are reserved for fiction, and mean nothing here.
"""

_MAGIC_NUMBER = re.compile(r"\+190055501([34][0-9])")


def by_name(name: str) -> FaultKind | None:
    """The fault of that name, which may have hyphens instead of underscores."""
    return CATALOGUE.get(name.replace("-", "_"))


def by_status(code: int) -> FaultKind | None:
    """The fault that shows the client this status."""
    return _BY_STATUS.get(code)


def named(text: str) -> FaultKind | None:
    """The fault of that name or status."""
    if text.isdecimal():
        return by_status(int(text))
    return by_name(text)


# Magic addresses are searched in the text as it was sent, so that no body has to be parsed first:
# each special character may be percent-encoded or a JSON escape.
_EMAIL = re.compile(rb"(?:\+|%2b|\\u002b)fault-([a-z0-9_-]{1,40})(?:@|%40|\\u0040)", re.IGNORECASE)


# Between the two stands nothing, or what the phone library skips: no letter but an x, each
# character perhaps percent-encoded or a JSON escape. So that a large body, which has both anywhere,
# need not be read once more.
_AREA_AND_EXCHANGE = re.compile(
    rb'900(?:[^0-9A-WYZa-wyz"]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}){0,24}555'
)


def may_have_magic_phone(text: bytes) -> bool:
    """Whether a magic phone number may stand in the text: nearly no text gets past this."""
    # `find` and not `in`: CPython first tries to take the bytes for one number.
    return text.find(b"900") >= 0 and _AREA_AND_EXCHANGE.search(text) is not None


def magic_phone(number: str | None) -> FaultKind | None:
    """The fault that a phone number in E.164 asks for."""
    found = _MAGIC_NUMBER.fullmatch(number or "")
    name = MAGIC_PHONES.get(found[1]) if found is not None else None
    return CATALOGUE[name] if name is not None else None


def magic_email(text: bytes) -> FaultKind | None:
    """The fault that an e-mail address asks for in a body, a path or a query as it was sent."""
    if text.find(b"fault-") < 0:
        return None
    for found in _EMAIL.finditer(text):
        kind = named(found[1].decode().lower())
        if kind is not None:
            return kind
    return None

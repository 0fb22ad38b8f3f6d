"""Which request gets which fault: the fault rules of a workspace, and what each has done."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil
from typing import Any
from urllib.parse import unquote

from mockserver.call import Call
from mockserver.documents.phones import phones_in
from mockserver.errors import Problem, Refusal
from mockserver.faults.catalogue import (
    CATALOGUE,
    FaultKind,
    InjectedFault,
    by_name,
    magic_email,
    magic_phone,
    may_have_magic_phone,
)
from mockserver.faults.prefer import preferred
from mockserver.forms import FORM, MULTIPART, Form, read_form, read_multipart
from mockserver.identity import email_key, phone_key
from mockserver.state.changes import FaultRuleChange, FaultTally
from mockserver.state.ids import token
from mockserver.state.memory import row_size
from mockserver.subset import differences, like
from mockserver.wire import read_json, read_query

_MAX_DEPTH = 128
_PHONE = re.compile(r"(?:tel:)?[\d\s().+/-]{7,32}", re.IGNORECASE)
_ENDING = 4
"""So many digits at the end of a phone number are the same in all its spellings."""

_CONDITIONS = ("vendor", "operation", "path", "body", "lead", "times", "skip", "probability")


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Which requests get a fault, how many of them, and until when. None stands for: any, no end.

    `path` is a shell pattern for the path below the vendor's prefix (`*` is any text, slashes
    included); `body` is what the body must hold (see `subset`); `lead` is an id, e-mail address or
    phone number that the request must name somewhere. The first `skip` of them pass, and of the
    others each gets the fault with that `probability`, up to so many `times`.
    """

    id: int
    kind: FaultKind
    parameters: Mapping[str, Any]
    vendor: str | None = None
    operation: str | None = None
    path: str | None = None
    body: Any = None
    lead: str | int | None = None
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    seconds_to_live: float | None = None
    expires: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The rule as JSON values, for a change of the workspace."""
        conditions = {name: getattr(self, name) for name in (*_CONDITIONS, "seconds_to_live")}
        expires = self.expires.isoformat() if self.expires is not None else None
        return {
            "fault": self.kind.name,
            "parameters": dict(self.parameters),
            **conditions,
            "expires": expires,
        }

    def fits(self, request: "_Request") -> bool:
        """Whether the request is one that the rule is about."""
        return (
            self.vendor in (None, request.vendor)
            and self.operation in (None, request.operation)
            and (self.path is None or like(self.path, request.path))
            and (self.body is None or not differences(self.body, request.body))
            and (self.lead is None or request.names(self.lead))
        )


def rule_of(id: int, data: Mapping[str, Any]) -> FaultRule:
    """The rule that `FaultRule.as_json` told."""
    fields = dict(data)
    kind = CATALOGUE[fields.pop("fault")]
    expires = fields.pop("expires")
    moment = datetime.fromisoformat(expires) if expires is not None else None
    return FaultRule(id, kind, expires=moment, **fields)


class _Request:
    """What rules ask about a request. Its body is read when the first rule asks for it."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.vendor = call.vendor
        self.operation = call.operation.id if call.operation else None
        self.path = call.request.path.removeprefix(f"/{call.vendor}")
        self.region = call.region

    @cached_property
    def body(self) -> Any:
        """The body as JSON or as the fields of a form; None where it is neither."""
        raw, content_type = (
            self._call.request.body,
            self._call.request.headers.get(b"content-type", b"").decode("latin-1"),
        )
        kind = content_type.partition(";")[0].strip().lower()
        if not raw:
            return None
        try:
            if kind == FORM:
                return read_form(raw, content_type)
            return (
                read_multipart(raw, content_type)
                if kind == MULTIPART
                else read_json(raw, _MAX_DEPTH)
            )
        except Refusal:
            return None

    @cached_property
    def texts(self) -> frozenset[str]:
        """Whatever in body, path and query may name a lead."""
        named = [
            *_scalars(self.body),
            *self.path.split("/"),
            *read_query(self._call.request.query_string).values(),
        ]
        return frozenset(str(value).strip() for value in named)

    def names(self, lead: str | int) -> bool:
        """Whether it names the lead by its id, e-mail address or phone number."""
        text = str(lead).strip()
        if text.casefold() in self._folded:
            return True
        if "@" in text:
            return email_key(text) in self._emails
        phone = phone_key(text, self.region) if _PHONE.fullmatch(text) else None
        return phone is not None and self._has_phone(phone)

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(map(str.casefold, self.texts))

    @cached_property
    def _emails(self) -> frozenset[str | None]:
        return frozenset(email_key(text) for text in self.texts if "@" in text)

    def _has_phone(self, key: str) -> bool:
        """Whether a text is a spelling of that number. Nearly every other one ends otherwise."""
        ending = key[-_ENDING:]
        for text in self.texts:
            if not _PHONE.fullmatch(text) or not _digits(text).endswith(ending):
                continue
            if phone_key(text, self.region) == key:
                return True
        return False


def _digits(text: str) -> str:
    """The digits of a phone number as ASCII has them, whichever script they are of."""
    return "".join([str(int(each)) for each in text if each.isdecimal()])


def _scalars(value: Any) -> Iterator[str | int | float]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict | list):
            waiting.extend(part.values() if isinstance(part, dict) else part)
        elif isinstance(part, str | int | float) and not isinstance(part, bool):
            yield part


class FaultRules:
    """The fault rules of one workspace, in the order in which they are asked: the first decides.

    Time is the workspace's; chance is decided by its seed, the rule's id and the count of the
    requests that the rule has seen. `put`, `count` and `clear` are for the workspace alone. `size`
    is about how many bytes the rules take.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.size = 0
        self._sizes: dict[int, int] = {}
        self._rules: dict[int, FaultRule] = {}
        self._tallies: dict[int, FaultTally] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, id: object) -> bool:
        return id in self._rules

    def new_rule(self, spec: Mapping[str, Any], now: datetime) -> FaultRuleChange:
        """The change that adds a rule.

        `spec` is a JSON object: `fault`, its `parameters`, and any field of `FaultRule` from
        `vendor` to `seconds_to_live`; null says the same as leaving a field out.

        Raises Refusal("invalid") naming everything that is wrong with it.
        """
        problems = list(unfit(spec, now))
        if problems:
            raise Refusal("invalid", problems=problems)
        given = {name: value for name, value in spec.items() if value is not None}
        kind = CATALOGUE[given.pop("fault").replace("-", "_")]
        parameters = kind.parameters | given.pop("parameters", {})
        expires = _end(now, given.get("seconds_to_live"))
        rule = FaultRule(self._last + 1, kind, parameters, expires=expires, **given)
        return FaultRuleChange(rule.id, rule.as_json())

    def put(self, id: int, rule: Mapping[str, Any] | None) -> None:
        """Have this rule under the id; None: have none."""
        self._tallies.pop(id, None)
        self._rules.pop(id, None)
        self.size -= self._sizes.pop(id, 0)
        if rule is not None:
            self._sizes[id] = row_size(dict(rule))
            self.size += self._sizes[id]
            self._rules[id] = rule_of(id, rule)
            self._tallies[id] = FaultTally(id)
            self._last = max(self._last, id)

    def count(self, tally: FaultTally) -> None:
        """Remember what the rule has done."""
        self._tallies[tally.id] = tally

    def clear(self) -> None:
        """Forget every rule; the next one is number 1 again."""
        self._rules, self._tallies, self._last = {}, {}, 0
        self._sizes, self.size = {}, 0

    def listing(self, now: datetime) -> list[dict[str, Any]]:
        """Every rule as `describe` tells it, in the order in which they are asked."""
        return [self.describe(id, now) for id in self._rules]

    def describe(self, id: int, now: datetime) -> dict[str, Any]:
        """A rule as JSON: what it says, and what it did.

        `seen` and `applied` count requests, `left` is how many more get the fault (null: no end);
        `spent` and `expired` say why none will.
        """
        rule, tally = self._rules[id], self._tallies[id]
        data = rule.as_json()
        del data["expires"]
        left = None if rule.times is None else rule.times - tally.applied
        return {
            "id": rule.id,
            **data,
            "seen": tally.seen,
            "applied": tally.applied,
            "left": left,
            "spent": left == 0,
            "expired": _is_over(rule, now),
        }

    def decide(self, call: Call) -> tuple[InjectedFault | None, list[FaultTally]]:
        """The fault that the request gets, and the tallies that this changes.

        The fault is asked for by the `Prefer` header, by a rule, or by a magic value in body, query
        or path.
        """
        if call.operation is None:
            return None, []
        request = call.request
        tallies: list[FaultTally] = []
        header = request.headers.get(b"prefer")
        if header is not None and (asked := preferred(header)) is not None:
            drawn = chance(self._seed, "prefer", call.number)
            return replace(asked, parameters=_decided(asked.parameters, drawn)), tallies
        if self._rules:
            fault = self._by_rule(call, tallies)
            if fault is not None:
                return fault, tallies
        if _may_have_magic(call):
            return _magic(call), tallies
        return None, tallies

    def _by_rule(self, call: Call, tallies: list[FaultTally]) -> InjectedFault | None:
        request = _Request(call)
        for rule in self._rules.values():
            tally = self._tallies[rule.id]
            if tally.applied == rule.times or _is_over(rule, call.now) or not rule.fits(request):
                continue
            tally = tally._replace(seen=tally.seen + 1)
            fault, tally = self._apply(rule, tally, call.now)
            tallies.append(tally)
            if fault is not None:
                return fault
        return None

    def _apply(
        self, rule: FaultRule, tally: FaultTally, now: datetime
    ) -> tuple[InjectedFault | None, FaultTally]:
        name = f"fault {rule.id}"
        if tally.seen <= rule.skip or chance(self._seed, name, tally.seen) >= rule.probability:
            return None, tally
        parameters = _decided(rule.parameters, chance(self._seed, f"{name} wait", tally.seen))
        if parameters.get("limit") is not None:
            tally = _in_present_window(rule, tally, now)
            if tally.admitted < parameters["limit"]:
                return None, tally._replace(admitted=tally.admitted + 1)
            parameters["retry_after"] = _seconds_left(rule, tally, now)
        tally = tally._replace(applied=tally.applied + 1)
        left = rule.times - tally.applied if rule.times is not None else None
        return InjectedFault(rule.kind, f"rule {rule.id}", parameters, left=left), tally


def chance(seed: int, kind: str, number: int) -> float:
    """A number from 0 up to but not including 1 that only seed, kind and number decide."""
    return int(token(seed, kind, number, 12), 16) / 16**12


def _decided(parameters: Mapping[str, Any], drawn: float) -> dict[str, Any]:
    """The parameters without what is random in them.

    `drawn`, from 0 to 1, says where in its range the wait is.
    """
    low, high = parameters.get("at_least"), parameters.get("at_most")
    if low is None or high is None:
        return dict(parameters)
    return {"seconds": round(low + (high - low) * drawn, 3)}


def _in_present_window(rule: FaultRule, tally: FaultTally, now: datetime) -> FaultTally:
    """The tally with the window that the moment lies in."""
    length = timedelta(seconds=rule.parameters["window"])
    opened = tally.opened
    if opened is None or now < opened:
        return tally._replace(opened=now, admitted=0)
    if now - opened >= length:
        return tally._replace(opened=now - (now - opened) % length, admitted=0)
    return tally


def _seconds_left(rule: FaultRule, tally: FaultTally, now: datetime) -> int:
    """How many seconds are left of the window, at least 1."""
    assert tally.opened is not None
    end = tally.opened + timedelta(seconds=rule.parameters["window"])
    return max(1, ceil((end - now).total_seconds()))


def _end(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _is_over(rule: FaultRule, now: datetime) -> bool:
    return rule.expires is not None and now >= rule.expires


def unfit(spec: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    """Every problem of a rule (see `FaultRules.new_rule`) whose fields have the right types."""
    name = spec.get("fault", "")
    kind = by_name(name)
    if kind is None:
        yield Problem(("fault",), "enum", f"must be one of {', '.join(CATALOGUE)}", name)
    else:
        for problem in kind.problems(spec.get("parameters") or {}):
            yield replace(problem, path=("parameters", *problem.path))
    path, lead = spec.get("path"), spec.get("lead")
    if path is not None and not path.startswith(("/", "*")):
        yield Problem(
            ("path",), "pattern", "must begin with a slash, or with * for any beginning", path
        )
    if isinstance(lead, str) and not lead.strip():
        yield Problem(
            ("lead",), "minLength", "must be an id, an e-mail address or a phone number", lead
        )
    try:
        _end(now, spec.get("seconds_to_live"))
    except OverflowError:
        yield Problem(
            ("seconds_to_live",),
            "maximum",
            "must end before the year 10000",
            spec["seconds_to_live"],
        )


def _may_have_magic(call: Call) -> bool:
    """Whether a closer look for a magic value is worth its time: nearly every request has none."""
    _, path, _, query, _, _, body = call.request
    if query:
        return True
    # `find` and not `in`: CPython first tries to take the bytes for one number.
    if body and (body.find(b"555") >= 0 or body.find(b"fault-") >= 0):
        return True
    return bool(call.path_parameters) and ("fault-" in path or "555" in path)


def _magic(call: Call) -> InjectedFault | None:
    """The fault that a magic value asks for, unless the setting `magic` is off."""
    if call.settings.get("magic") == "off":
        return None
    kind = _by_email(call)
    if kind is not None:
        return InjectedFault(kind, "magic e-mail", kind.parameters)
    kind = _by_phone(call)
    if kind is not None:
        return InjectedFault(kind, "magic phone", kind.parameters)
    return None


def _by_email(call: Call) -> FaultKind | None:
    request = call.request
    kind = magic_email(request.body) if request.body else None
    if kind is None and request.query_string:
        kind = magic_email(request.query_string)
    if kind is None and call.path_parameters:
        kind = magic_email(request.path.encode("utf-8", "replace"))
    return kind


def _by_phone(call: Call) -> FaultKind | None:
    for value in _phones(call):
        if isinstance(value, str | int) and not isinstance(value, bool):
            kind = magic_phone(phone_key(str(value), call.region))
            if kind is not None:
                return kind
    return None


def _phones(call: Call) -> Iterator[Any]:
    """What the request has where its document says that there is a phone number."""
    operation = call.operation
    if operation is None:
        return
    for name in operation.phones:
        yield unquote(str(call.path_parameters.get(name, "")))
    raw = call.request.body
    if operation.body is None or not raw or not may_have_magic_phone(raw):
        return
    sent = _Request(call).body
    if isinstance(sent, Form):
        sent = operation.body.form(sent)
    yield from phones_in(operation.body, sent)

"""Handlers for what changes how a workspace behaves: its faults, its clock, its settings."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from mockserver.call import Call, Request
from mockserver.control.api import Control, checked, nothing, operation
from mockserver.control.later import Underway
from mockserver.control.leads import event_view
from mockserver.control.lifecycle import next_due_view
from mockserver.dispatch import Site
from mockserver.documents.formats import parse_date_time
from mockserver.documents.spec import Operation
from mockserver.errors import Path, Problem, Refusal
from mockserver.faults.catalogue import (
    CATALOGUE,
    MAGIC_PHONES,
    FaultKind,
    InjectedFault,
    Parameter,
    by_name,
)
from mockserver.faults.delivery import Answer, as_seen, refusal_after, refusal_of
from mockserver.faults.rules import unfit
from mockserver.fixtures import settings_changes
from mockserver.journal.expectations import unfit_parts
from mockserver.journal.matchers import matchers_in
from mockserver.journal.records import answer_headers
from mockserver.journal.redaction import masked_headers
from mockserver.journal.view import instant, json_or_text
from mockserver.life.moments import moment_of
from mockserver.play.clockwork import Pace, Passed, due_until, require_still
from mockserver.state.changes import (
    Change,
    ClockChange,
    FaultRuleChange,
    FaultRulesCleared,
)
from mockserver.state.clock import WorkspaceClock, advanced, frozen_at, shifted_by
from mockserver.state.memory import row_size
from mockserver.vendor import Reply, Setting, Vendor
from mockserver.workspaces import Workspace

_MAGIC_EMAILS = ("<anything>+fault-<name>@<any domain>", "<anything>+fault-<status>@<any domain>")

_CONDITIONS = ("vendor", "operation", "path", "body")
"""What a fault rule says of a request as a filter of the journal does."""


@operation
def list_fault_kinds(call: Call, server: Control) -> Reply:
    """The catalogue and the magic values."""
    phones = {f"+1 900 555 01{ending}": name for ending, name in MAGIC_PHONES.items()}
    kinds = [_kind(kind) for kind in CATALOGUE.values()]
    return Reply({"faults": kinds, "magic": {"emails": list(_MAGIC_EMAILS), "phones": phones}})


def _kind(kind: FaultKind) -> dict[str, Any]:
    parameters = [_parameter(parameter) for parameter in kind.takes]
    return {
        "name": kind.name,
        "help": kind.help,
        "status": kind.status,
        "applies": kind.applies,
        "parameters": parameters,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    view = {
        "name": parameter.name,
        "type": parameter.type,
        "default": parameter.default,
        "help": parameter.help,
    }
    if parameter.choices:
        return view | {"choices": list(parameter.choices)}
    if parameter.takes_text:
        view["takes_text"] = True
    return view | {"minimum": parameter.minimum, "maximum": parameter.maximum}


@operation
def list_faults(call: Call, server: Control) -> Reply:
    """The workspace's fault rules, and how often each was applied."""
    workspace = server.workspace(call)
    return Reply({"faults": workspace.faults.listing(workspace.now())})


def _unfit_rule(rule: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    misnamed = list(server.unknown_names(rule.get("vendor"), rule.get("operation"), "body"))
    yield from misnamed or _unfit_conditions(rule, server)
    workspace = server.workspaces.named(call.path_parameters["workspace"])
    # The handler refuses an unknown workspace; this check needs a time all the same.
    now = call.now if workspace is None else workspace.now()
    yield from unfit(rule, now)


def _unfit_conditions(rule: Mapping[str, Any], server: Control) -> Iterator[Problem]:
    """What of a rule's path and body no request to its operations can have."""
    conditions = {name: rule[name] for name in _CONDITIONS if rule.get(name) is not None}
    if not str(conditions.get("path", "/")).startswith(("/", "*")):
        del conditions["path"]  # `unfit` says what is wrong with it
    matchers = list(matchers_in(conditions.get("body"), ("body",)))
    for path in matchers:
        text = "is a matcher, and a rule compares the body with values as they stand"
        yield Problem(path, "value", text)
    if not matchers:
        yield from unfit_parts(conditions, server.operations)


@operation
@checked(_unfit_rule)
def add_fault(call: Call, server: Control) -> Reply:
    """Add a rule after the others: the first rule that applies decides."""
    workspace = server.workspace(call)
    now = workspace.now()
    most = workspace.limits.fault_rules
    if len(workspace.faults) >= most:
        raise Refusal(
            "forbidden",
            f"A workspace may have at most {most} fault rules (--max-fault-rules); remove some "
            "first.",
        )
    change = workspace.faults.new_rule(call.body, now)
    workspace.memory.require(row_size(dict(change.rule or {})))
    workspace.apply([change])
    return Reply(workspace.faults.describe(change.id, now), 201)


@operation
@checked(_unfit_rule)
def preview_fault(call: Call, server: Control) -> Reply:
    """What a client of a vendor would get for a fault. Nothing changes."""
    workspace, body = server.workspace(call), call.body
    site = server.sites[body["vendor"]]
    kind = by_name(body["fault"])
    assert kind is not None, body
    parameters = kind.parameters | (body.get("parameters") or {})
    fault = InjectedFault(kind, "preview", parameters)
    meant = [each for each in site.document.operations if body.get("operation") in (None, each.id)]
    asked = _asked(site, meant[0], workspace)
    refusal = refusal_after(fault) if kind.applies else refusal_of(fault, asked.now)
    if refusal is None:  # the answer is the operation's own, which nobody knows
        status = min(meant[0].answers)
        seen = as_seen(fault, Answer(status, (), b""))
    else:
        seen = as_seen(fault, _refused(site, refusal, asked))
    return Reply(
        {
            "status": seen.status,
            "headers": masked_headers(seen.headers),
            "body": json_or_text(seen.body),
            "own": refusal is None and seen.status != 0,
            "applies": kind.applies,
            "seconds": parameters.get("seconds"),
            "help": kind.help,
        }
    )


def _asked(site: Site, operation: Operation, workspace: Workspace) -> Call:
    """A request for the operation, as far as an answer to it depends on that."""
    headers = {b"host": site.document.host.encode()}
    path = operation.path
    call = Call(Request(operation.method, path, path, b"", "https", headers, b""))
    call.vendor, call.operation = site.vendor.name, operation
    call.methods = tuple(each.method for each in site.document.operations if each.path == path)
    call.now, call.seed = workspace.now(), workspace.seed
    call.settings = workspace.settings[site.vendor.name]
    return call


def _refused(site: Site, refusal: Refusal, call: Call) -> Answer:
    reply = site.dialect.refuse(refusal, call)
    body = reply.body
    if not isinstance(body, bytes):
        body = site.dialect.write_body(body, call)
    headers = answer_headers(reply.headers, len(body), call.now, 0, None)
    return Answer(reply.status, headers, body)


@operation
def remove_faults(call: Call, server: Control) -> Reply:
    """Remove every rule."""
    server.workspace(call).apply([FaultRulesCleared()])
    return nothing()


@operation
def remove_fault(call: Call, server: Control) -> Reply:
    """Remove one rule."""
    workspace = server.workspace(call)
    id = call.path_parameters["id"]
    if id not in workspace.faults:
        raise Refusal("not_found", f"{workspace.name} has no fault rule {id}.")
    workspace.apply([FaultRuleChange(id, None)])
    return nothing()


@operation
def get_clock(call: Call, server: Control) -> Reply:
    """What the workspace's clock shows."""
    return Reply(clock_view(server.workspace(call)))


@operation
def set_clock(call: Call, server: Control) -> Reply:
    """Set the clock: real, frozen or shifted."""
    workspace = server.workspace(call)
    clock = _clock_asked(call.body, workspace)
    require_still(workspace)
    until = clock.now()
    if call.body.get("fire", True) and until > workspace.now():
        return _moving(workspace, clock, until, call.body, server)
    workspace.apply([ClockChange(clock.frozen, clock.shift)])
    return Reply(_passed_view(workspace, Passed(workspace.events.last)))


def _clock_asked(wanted: Mapping[str, Any], workspace: Workspace) -> WorkspaceClock:
    if wanted["mode"] == "real":
        return WorkspaceClock()
    if wanted["mode"] == "shifted":
        try:
            return shifted_by(timedelta(seconds=wanted["shift_seconds"]))
        except OverflowError:
            raise _no_such_time("shift_seconds") from None
    moment = None
    if "at" in wanted:
        moment = parse_date_time(wanted["at"])
    try:
        return frozen_at(moment or workspace.now())
    except OverflowError:
        raise _no_such_time("at") from None


def _unfit_advance(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    if "seconds" in body and "to" in body:
        yield Problem(("to",), "excess", "goes not together with seconds")
    if "seconds" not in body and "to" not in call.body:
        yield Problem(("seconds",), "value", "is required, or to")
    to = body.get("to")
    if isinstance(to, str) and to != "next" and parse_date_time(to) is None:
        yield Problem(("to",), "format", "must be an instant or the word next", to)


@operation
@checked(_unfit_advance)
def advance_clock(call: Call, server: Control) -> Reply:
    """Move the clock forward; what falls due on the way is played, moment by moment."""
    workspace = server.workspace(call)
    require_still(workspace)
    step = _step_asked(call.body, workspace)
    try:
        clock = advanced(workspace.clock, step)
        until = workspace.now() + step
    except OverflowError:
        raise _no_such_time("seconds" if "seconds" in call.body else "to") from None
    if call.body.get("fire", True):
        return _moving(workspace, clock, until, call.body, server)
    workspace.apply([ClockChange(clock.frozen, clock.shift)])
    return Reply(_passed_view(workspace, Passed(workspace.events.last)))


def _step_asked(wanted: Mapping[str, Any], workspace: Workspace) -> timedelta:
    """How much time is to pass. Raises Refusal for a time that is past."""
    if "seconds" in wanted:
        return timedelta(seconds=wanted["seconds"])
    now = workspace.now()
    if wanted["to"] == "next":
        found = workspace.earliest()
        return max(timedelta(), moment_of(found[2]["at"]) - now) if found else timedelta()
    moment = parse_date_time(wanted["to"])
    assert moment is not None, wanted
    if moment < now:
        text = f"is before the present time, {instant(now)}; a clock is set back by set_clock"
        raise Refusal("invalid", problems=[Problem(("to",), "range", text)])
    return moment - now


def _moving(
    workspace: Workspace,
    clock: WorkspaceClock,
    until: datetime,
    asked: Mapping[str, Any],
    server: Control,
) -> Reply:
    """The reply once everything is played that is due until then."""
    courier = server.courier
    pace = Pace(server.max_wait, asked.get("wait", True), asked.get("quiet", 0.0))
    is_busy = pace.settles and courier.is_busy(workspace)
    if due_until(workspace, until) is None and not is_busy:
        workspace.apply([ClockChange(clock.frozen, clock.shift)])
        return Reply(_passed_view(workspace, Passed(workspace.events.last)))

    async def work() -> Reply:
        passed = await server.clockwork.move(workspace, clock, until, pace)
        return Reply(_passed_view(workspace, passed))

    return Underway(work)


def _passed_view(workspace: Workspace, passed: Passed) -> dict[str, Any]:
    """The clock, and what happened while it moved."""
    return clock_view(workspace) | {
        "steps": passed.steps,
        "after": passed.after,
        "events": passed.events,
        "deliveries": passed.deliveries,
        "failed": passed.failed,
        "stopped": passed.stopped,
        "first": [event_view(each) for each in passed.first],
        "next_due": next_due_view(workspace),
    }


def _no_such_time(field: str) -> Refusal:
    reason = "must lead to a time from the year 2 to the year 9998"
    return Refusal("invalid", problems=[Problem((field,), "range", reason)])


def clock_view(workspace: Workspace) -> dict[str, Any]:
    """A workspace's clock as the API shows it."""
    clock = workspace.clock
    return {
        "mode": clock.mode,
        "now": instant(workspace.now()),
        "shift_seconds": clock.shift.total_seconds(),
    }


@operation
def get_settings(call: Call, server: Control) -> Reply:
    """Every switch of every vendor."""
    return Reply(_settings(server.workspace(call), server))


def _wrong_settings(changes: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    for vendor, values in changes.items():
        if vendor not in server.sites:
            text = f"is no vendor; the vendors are {', '.join(server.sites)}"
            yield Problem((vendor,), "value", text)
            continue
        for name, value in values.items():
            yield from _wrong_setting((vendor, name), server.sites[vendor].vendor, value)


@operation
@checked(_wrong_settings)
def change_settings(call: Call, server: Control) -> Reply:
    """Change the settings that the body names, all or none; null means the default."""
    workspace = server.workspace(call)
    changes: list[Change] = []
    for vendor, wanted in call.body.items():
        defaults = server.sites[vendor].vendor.defaults()
        values = dict(workspace.settings[vendor])
        for name, value in wanted.items():
            values[name] = defaults[name] if value is None else value
        changes += settings_changes(workspace, server.sites[vendor].vendor, values)
    workspace.apply(changes)
    return Reply(_settings(workspace, server))


def _wrong_setting(path: Path, vendor: Vendor, value: Any) -> Iterator[Problem]:
    name = str(path[-1])
    setting = next((each for each in vendor.settings if each.name == name), None)
    if setting is None:
        yield Problem(path, "value", vendor.unknown_setting(name), value)
    elif value is not None and (reason := setting.refuses(value)):
        yield Problem(path, "value", reason, value)


def _settings(workspace: Workspace, server: Control) -> dict[str, list[dict[str, Any]]]:
    views = {}
    for vendor in server.vendors:
        values = workspace.settings[vendor.name]
        views[vendor.name] = [_setting(each, values) for each in vendor.settings]
    return views


def _setting(setting: Setting, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": setting.name,
        "value": values[setting.name],
        "default": setting.initial,
        "values": list(setting.values),
        "help": setting.help,
        "provenance": setting.provenance,
        "source": setting.source,
    }

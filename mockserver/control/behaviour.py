"""Handlers for what a workspace does otherwise than by default.

Its faults, its clock, its settings.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, checked, nothing, operation
from mockserver.documents.formats import parse_date_time
from mockserver.errors import Path, Problem, Refusal
from mockserver.faults.catalogue import CATALOGUE, MAGIC_PHONES, FaultKind, Parameter
from mockserver.faults.rules import unfit
from mockserver.journal.view import instant
from mockserver.state.clock import Clock
from mockserver.vendor import Reply, Setting
from mockserver.workspaces import Workspace

_MAGIC_EMAILS = ("<anything>+fault-<name>@<any domain>", "<anything>+fault-<status>@<any domain>")


@operation
def list_fault_kinds(call: Call, server: Control) -> Reply:
    """The catalogue and the magic values."""
    phones = {f"+1 <area> 555-01{ending}": name for ending, name in MAGIC_PHONES.items()}
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
    said = {
        "name": parameter.name,
        "type": parameter.type,
        "default": parameter.default,
        "help": parameter.help,
    }
    if parameter.choices:
        return said | {"choices": list(parameter.choices)}
    return said | {"minimum": parameter.minimum, "maximum": parameter.maximum}


@operation
def list_faults(call: Call, server: Control) -> Reply:
    """The workspace's rules with what came of them."""
    workspace = server.workspace(call)
    return Reply({"faults": workspace.injection.listing(workspace.clock.now())})


def _unfit_rule(rule: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    yield from server.strangers(rule.get("vendor"), rule.get("operation"), "body")
    workspace = server.workspaces.named(call.path_parameters["workspace"])
    yield from unfit(rule, workspace.clock.now() if workspace is not None else call.now)


@operation
@checked(_unfit_rule)
def add_fault(call: Call, server: Control) -> Reply:
    """A new rule, asked after the others."""
    workspace = server.workspace(call)
    now = workspace.clock.now()
    return Reply(workspace.injection.describe(workspace.injection.add(call.body, now), now), 201)


@operation
def remove_faults(call: Call, server: Control) -> Reply:
    """No rule is left."""
    server.workspace(call).injection.clear()
    return nothing()


@operation
def remove_fault(call: Call, server: Control) -> Reply:
    """That rule is gone."""
    workspace, id = server.workspace(call), call.path_parameters["id"]
    if not workspace.injection.remove(id):
        raise Refusal("not_found", f"{workspace.name} has no fault rule {id}.")
    return nothing()


@operation
def get_clock(call: Call, server: Control) -> Reply:
    """What it shows."""
    return Reply(clock_view(server.workspace(call).clock))


@operation
def set_clock(call: Call, server: Control) -> Reply:
    """Real, frozen or shifted."""
    clock = server.workspace(call).clock
    _SETTERS[call.body["mode"]](clock, call.body)
    return Reply(clock_view(clock))


def _freeze(clock: Clock, wanted: Mapping[str, Any]) -> None:
    moment = parse_date_time(wanted["at"]) if "at" in wanted else clock.now()
    try:
        clock.freeze((moment or clock.now()).astimezone(UTC))
    except OverflowError:
        raise _no_such_time("at") from None


def _shift(clock: Clock, wanted: Mapping[str, Any]) -> None:
    try:
        clock.shift(timedelta(seconds=wanted["shift_seconds"]))
    except OverflowError:
        raise _no_such_time("shift_seconds") from None


_SETTERS = {"real": lambda clock, wanted: clock.real(), "frozen": _freeze, "shifted": _shift}


@operation
def advance_clock(call: Call, server: Control) -> Reply:
    """Later by so many seconds."""
    clock = server.workspace(call).clock
    try:
        clock.advance(timedelta(seconds=call.body["seconds"]))
    except OverflowError:
        raise _no_such_time("seconds") from None
    return Reply(clock_view(clock))


def _no_such_time(field: str) -> Refusal:
    return Refusal(
        "invalid",
        problems=[Problem((field,), "range", "must lead to a time between the years 1 and 9999")],
    )


def clock_view(clock: Clock) -> dict[str, Any]:
    """A clock as the API shows it."""
    return {
        "mode": clock.mode,
        "now": instant(clock.now()),
        "shift_seconds": clock.offset.total_seconds(),
    }


@operation
def get_settings(call: Call, server: Control) -> Reply:
    """Every switch of every vendor."""
    return Reply(_settings(server.workspace(call), server))


def _wrong_settings(changes: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    for vendor, values in changes.items():
        if vendor not in server.sites:
            yield Problem(
                (vendor,), "value", f"is no vendor; the vendors are {', '.join(server.sites)}"
            )
            continue
        known = {setting.name: setting for setting in server.sites[vendor].vendor.settings}
        for name, value in values.items():
            yield from _wrong_setting((vendor, name), known, value)


@operation
@checked(_wrong_settings)
def change_settings(call: Call, server: Control) -> Reply:
    """Those that are named, all or none."""
    workspace = server.workspace(call)
    for vendor, changes in call.body.items():
        defaults = server.sites[vendor].vendor.defaults()
        workspace.settings[vendor] |= {
            name: defaults[name] if value is None else value for name, value in changes.items()
        }
    return Reply(_settings(workspace, server))


def _wrong_setting(path: Path, known: Mapping[str, Setting], value: Any) -> Iterator[Problem]:
    setting = known.get(str(path[-1]))
    if setting is None:
        yield Problem(path, "value", f"is no setting; the settings are {', '.join(known)}", value)
    elif value is not None and (reason := setting.refuses(value)):
        yield Problem(path, "value", reason, value)


def _settings(workspace: Workspace, server: Control) -> dict[str, list[dict[str, Any]]]:
    return {
        vendor.name: [_setting(each, workspace.settings[vendor.name]) for each in vendor.settings]
        for vendor in server.vendors
    }


def _setting(setting: Setting, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": setting.name,
        "value": values[setting.name],
        "default": setting.default,
        "values": list(setting.values),
        "help": setting.help,
        "provenance": setting.provenance,
        "source": setting.source,
    }

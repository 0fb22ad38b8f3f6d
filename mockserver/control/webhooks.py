"""Handlers for webhooks: list, add, change, remove and test them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, checked, nothing, operation, unknown
from mockserver.control.later import Underway
from mockserver.errors import Problem, Refusal
from mockserver.play.examples import example_for
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import Transaction
from mockserver.vendor import Reply
from mockserver.webhooks.base import INBOX, WEBHOOKS, Webhook, Webhooks
from mockserver.webhooks.conduct import PROBE
from mockserver.webhooks.inbox import NAME
from mockserver.webhooks.sender import OF_THE_MESSAGE
from mockserver.webhooks.tables import OUTBOX
from mockserver.webhooks.view import Outcomes, delivery_view, webhook_key, webhook_view
from mockserver.workspaces import Workspace

HOLD = "hold"
"""In the place of an address: deliveries wait until somebody says what came of them."""

_HELD = INBOX + "held"
"""The address of a webhook whose deliveries are held, as it is stored."""

_NAME = re.compile(NAME)
_SET_BY_SERVER = OF_THE_MESSAGE | {"content-type", "mockserver-delivery"}
_MOST_DIGITS = 40


def webhooks_of(vendor: str, server: Control) -> Webhooks | None:
    """What the vendor's webhooks are; None where it documents none."""
    lifecycle = server.sites[vendor].vendor.lifecycle
    return None if lifecycle is None else lifecycle.webhooks


def no_webhooks(vendor: str) -> str:
    """Why there is no webhook of the vendor."""
    return f"{vendor.capitalize()} documents no webhooks; none are sent"


def vendors_with_webhooks(
    server: Control, vendor: str | None = None
) -> Iterator[tuple[str, Webhooks]]:
    """Every vendor that has webhooks, or the one that is asked for."""
    for name in server.sites:
        webhooks = webhooks_of(name, server)
        if webhooks is not None and vendor in (None, name):
            yield name, webhooks


def _check_vendor(query: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    return server.unknown_names(query.get("vendor"), None, "query")


@operation
@checked(_check_vendor)
def list_webhooks(call: Call, server: Control) -> Reply:
    """Every webhook, with what came of its last deliveries."""
    workspace = server.workspace(call)
    call.works_through(len(workspace.deliveries))
    outcomes = Outcomes(workspace.deliveries)
    found: list[Webhook] = []
    for name, webhooks in vendors_with_webhooks(server, call.query.get("vendor")):
        found += webhooks.listed(workspace.transaction(name))
    shown = [
        webhook_view(each, outcomes, _objection(each.url, workspace, server)) for each in found
    ]
    return Reply({"webhooks": shown})


def _objection(url: str, workspace: Workspace | None, server: Control) -> str | None:
    """Why this server does not go to an address; None where it does."""
    if url.startswith(INBOX):
        return _wrong_inbox(url)
    if workspace is not None and _is_inbox(url, workspace, server):
        return None
    return server.targets.objection(url)


def _is_inbox(url: str, workspace: Workspace, server: Control) -> bool:
    """Whether an address is that of an inbox here, to which nothing goes over a socket."""
    return server.courier.carrier.inbox_of(workspace, url) is not None


# What is to be.


def _unfit_webhook(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    vendor = body.get("vendor")
    if vendor is not None and vendor not in server.sites:
        yield Problem(("vendor",), "value", unknown(vendor, server.sites), vendor)
        vendor = None
    webhooks = None if vendor is None else webhooks_of(vendor, server)
    if vendor is not None and webhooks is None:
        yield Problem(("vendor",), "value", no_webhooks(vendor), vendor)
    yield from _unfit_address(body, call, server)
    if webhooks is None:
        return
    yield from _unfit_version(body, webhooks)
    kind = body.get("kind")
    if kind is not None and kind not in webhooks.kinds:
        yield Problem(("kind",), "value", unknown(kind, webhooks.kinds), kind)
    elif kind is not None:
        yield from _refused_by_vendor(body, webhooks, call, server)


def _unfit_address(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    workspace = server.workspaces.named(call.path_parameters["workspace"])
    to = body.get("to")
    if to is not None and to != HOLD:
        reason = _objection(to, workspace, server)
        if reason is not None:
            yield Problem(("to",), "target", reason, to)
    yield from _unfit_options(body.get("options", {}))


def _unfit_version(body: Mapping[str, Any], webhooks: Webhooks) -> Iterator[Problem]:
    version = body.get("options", {}).get("version")
    if version is not None and version not in webhooks.versions:
        text = f"is for payloads with versions, and {webhooks.vendor} has one for each kind"
        yield Problem(("options", "version"), "value", text, version)


def _unfit_options(options: Mapping[str, Any]) -> Iterator[Problem]:
    if options.get("stopped") is not None:
        text = "can only be null: then the webhook goes on"
        yield Problem(("options", "stopped"), "value", text)
    # The document tells what has another shape: this check is given it all the same.
    credential = options.get("credential")
    header = credential.get("header") if isinstance(credential, dict) else None
    if isinstance(header, str) and header.lower() in _SET_BY_SERVER:
        place = ("options", "credential", "header")
        yield Problem(place, "value", "is set by the server itself", header)


def _wrong_inbox(to: str) -> str | None:
    if _NAME.fullmatch(to.removeprefix(INBOX)):
        return None
    return (
        "must name an inbox with a letter or digit, then at most 63 letters, digits, dots, hyphens "
        "and underscores"
    )


def _refused_by_vendor(
    body: Mapping[str, Any], webhooks: Webhooks, call: Call, server: Control
) -> Iterator[Problem]:
    """What the vendor itself would find wrong."""
    workspace = server.workspaces.named(call.path_parameters["workspace"])
    if workspace is None or "to" not in body:
        return
    tx = workspace.transaction(webhooks.vendor)
    for path, text in webhooks.wrong(body["kind"], _address(body["to"]), body.get("scope"), tx):
        place = tuple("to" if step == "url" else step for step in path)
        yield Problem(place, "value", text)


def _address(to: str) -> str:
    return _HELD if to == HOLD else to


def _options(given: Mapping[str, Any], present: Mapping[str, Any], to: str | None) -> Row:
    """The options with what is given; what is null there is left out."""
    options = {**present, **given}
    if to is not None:
        options["hold"] = (to == HOLD) or given.get("hold")
    return {name: value for name, value in options.items() if value not in (None, False)}


@operation
@checked(_unfit_webhook)
def add_webhook(call: Call, server: Control) -> Reply:
    """Add a webhook, in the place of those that the vendor has no room for beside it."""
    body = call.body

    def store() -> Reply:
        workspace = server.workspace(call)
        webhook = _added(workspace, body, server)
        server.courier.review(workspace)
        return Reply(_shown(webhook, workspace, server), 201)

    return _once_looked_up(body["to"], call, server, store)


def _once_looked_up(to: str, call: Call, server: Control, store: Callable[[], Reply]) -> Reply:
    """The reply of `store`, if the name of an address leads to where this server may go.

    `store` has to find the workspace itself: it may be deleted meanwhile.
    """
    if to == HOLD or _is_inbox(to, server.workspace(call), server):
        return store()

    async def work() -> Reply:
        reason = await server.targets.refusal(to)
        if reason is not None:
            raise Refusal("invalid", problems=[Problem(("to",), "target", reason, to)])
        await server.workspace(call).turns.wait_until_free(server.max_wait)
        return store()

    return Underway(work)


def _added(workspace: Workspace, body: Mapping[str, Any], server: Control) -> Webhook:
    vendor, to = body["vendor"], body["to"]
    webhooks = webhooks_of(vendor, server)
    assert webhooks is not None, vendor
    tx = workspace.transaction(vendor)
    row = webhooks.new_row(body["kind"], _address(to), body.get("scope"), tx)
    row = row | {"options": _options(body.get("options", {}), {}, to)}
    webhook = webhooks.webhook(row)
    replaced = webhooks.replaced_by(webhook, tx)
    most = workspace.limits.webhooks
    if len(tx.rows(WEBHOOKS)) - len(replaced) >= most:
        raise Refusal(
            "forbidden",
            f"A workspace may have at most {most} webhooks of a vendor (--max-webhooks); remove "
            "some first.",
        )
    dropped: list[RowId] = []
    for each in replaced:
        dropped += _remove(each["id"], tx)
    tx.put(WEBHOOKS, row)
    _commit(workspace, tx, dropped)
    return webhook


def _shown(webhook: Webhook, workspace: Workspace, server: Control) -> dict[str, Any]:
    outcomes = Outcomes(workspace.deliveries)
    return webhook_view(webhook, outcomes, _objection(webhook.url, workspace, server))


def _remove(id: RowId, tx: Transaction) -> list[RowId]:
    """Delete a webhook with what is to be delivered to it. Returns the numbers of that."""
    waiting = [row["id"] for row in tx.find(OUTBOX, "webhook", id)]
    for number in waiting:
        tx.delete(OUTBOX, number)
    tx.delete(WEBHOOKS, id)
    return waiting


def _commit(workspace: Workspace, tx: Transaction, dropped: list[RowId]) -> None:
    """Apply what was written; deliveries that it drops are told so."""
    written = tx.changes()
    _, size = tx.effects()
    workspace.require_room(written, size)
    workspace.commit(written, size)
    for number in dropped:
        delivery = workspace.deliveries.get(int(number))
        if delivery is not None:
            workspace.deliveries.put(delivery._replace(state="dropped", next_try=None))


# One that is there.


def found_webhook(call: Call, server: Control) -> tuple[Workspace, Webhooks, Row]:
    """The webhook that the path names. Raises Refusal("not_found")."""
    workspace = server.workspace(call)
    vendor, text = call.path_parameters["vendor"], call.path_parameters["id"]
    webhooks = webhooks_of(vendor, server) if vendor in server.sites else None
    if webhooks is None:
        known = ", ".join(name for name, _ in vendors_with_webhooks(server))
        raise Refusal("not_found", f"{vendor!r} is no vendor with webhooks; there is {known}.")
    row = _row(workspace.transaction(vendor), text)
    if row is None:
        key = webhook_key(vendor, text)
        raise Refusal("not_found", f"{workspace.name} has no webhook {key}.")
    return workspace, webhooks, row


def _row(tx: Transaction, text: str) -> Row | None:
    found = tx.get(WEBHOOKS, text)
    if found is None and text.isdecimal() and len(text) <= _MOST_DIGITS:
        found = tx.get(WEBHOOKS, int(text))
    return found


def _unfit_change(body: Mapping[str, Any], call: Call, server: Control) -> Iterator[Problem]:
    yield from _unfit_address(body, call, server)
    vendor = call.path_parameters["vendor"]
    webhooks = webhooks_of(vendor, server) if vendor in server.sites else None
    workspace = server.workspaces.named(call.path_parameters["workspace"])
    if webhooks is not None:
        yield from _unfit_version(body, webhooks)
    if webhooks is None or workspace is None or "to" not in body:
        return
    row = _row(workspace.transaction(vendor), call.path_parameters["id"])
    if row is not None:
        webhook = webhooks.webhook(row)
        asked = {"kind": webhook.kind, "scope": webhook.scope, "to": body["to"]}
        yield from _refused_by_vendor(asked, webhooks, call, server)


@operation
@checked(_unfit_change)
def change_webhook(call: Call, server: Control) -> Reply:
    """Change where a webhook is, or how it is told."""
    found_webhook(call, server)  # a refusal comes before the look-up
    body = call.body

    def store() -> Reply:
        workspace, webhooks, row = found_webhook(call, server)
        if "to" in body:
            row = webhooks.changed(row, _address(body["to"]))
        row = row | {"options": _options(body.get("options", {}), row["options"], body.get("to"))}
        tx = workspace.transaction(webhooks.vendor)
        tx.put(WEBHOOKS, row)
        _commit(workspace, tx, [])
        server.courier.review(workspace)
        return Reply(_shown(webhooks.webhook(row), workspace, server))

    return _once_looked_up(body.get("to", HOLD), call, server, store)


@operation
def remove_webhook(call: Call, server: Control) -> Reply:
    """Remove a webhook; what is pending for it is dropped."""
    workspace, webhooks, row = found_webhook(call, server)
    tx = workspace.transaction(webhooks.vendor)
    _commit(workspace, tx, _remove(row["id"], tx))
    server.courier.review(workspace)
    return nothing()


@operation
def test_webhook(call: Call, server: Control) -> Reply:
    """Send an example, and answer what came of it."""
    workspace, webhooks, row = found_webhook(call, server)
    webhook = webhooks.webhook(row)
    is_probe = call.body.get("credential") == "wrong"
    if is_probe and webhook.options.get("credential") is None:
        text = "can be wrong only where the webhook has a credential"
        raise Refusal("invalid", problems=[Problem(("credential",), "state", text)])
    lifecycle = server.sites[webhooks.vendor].vendor.lifecycle
    assert lifecycle is not None, webhook
    example = example_for(webhook, lifecycle, workspace)
    if example is None:
        raise Refusal(
            "conflict",
            "There is nothing to test it with: nothing of its kind has happened here, and no lead "
            "of the workspace has an outcome that would tell it something.",
        )
    message = example.message
    if is_probe:
        message = message._replace(remarks=(*message.remarks, PROBE))
    sent = server.courier.send(workspace, message, example.lead, probe=is_probe)

    async def work() -> Reply:
        await server.courier.settled(workspace, [sent.number])
        return Reply(delivery_view(workspace.deliveries.get(sent.number) or sent))

    return Underway(work)

"""What a webhook can be tested with: something that it was told, or would be told."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from mockserver.life.events import Cause, Event, Happening
from mockserver.life.lifecycle import LEADS, Attempt, Lifecycle
from mockserver.state.changes import Row, RowId
from mockserver.webhooks.base import Message, Webhook, Webhooks
from mockserver.wire import write_json
from mockserver.workspaces import Workspace

_MOST_LEADS = 20
"""So many leads are tried, the newest ones, until one of them gives an example."""


class Example(NamedTuple):
    """What a webhook is told, and the lead that it is about."""

    message: Message
    lead: RowId | None


def example_for(webhook: Webhook, lifecycle: Lifecycle, workspace: Workspace) -> Example | None:
    """What to test a webhook with; None where nothing in the workspace could happen for it.

    That is the newest delivery of its kind as it was, else what the newest event of its kind
    would tell of the rows as they are, else what an outcome would tell of a lead. No field is made
    up.
    """
    found = _delivered(webhook, workspace) or _happened(webhook, lifecycle, workspace)
    return found or _simulated(webhook, lifecycle, workspace)


def _delivered(webhook: Webhook, workspace: Workspace) -> Example | None:
    for each in reversed(tuple(workspace.deliveries)):
        if each.vendor != webhook.vendor or each.kind != webhook.kind:
            continue
        if webhook.scope is None or each.webhook == webhook.id:
            remark = f"a test, with the payload of delivery {each.number}"
            return Example(Message(webhook, each.url, each.body, (remark,)), each.lead)
    return None


def _happened(webhook: Webhook, lifecycle: Lifecycle, workspace: Workspace) -> Example | None:
    webhooks = lifecycle.webhooks
    assert webhooks is not None, webhook
    tx = workspace.transaction(webhook.vendor)
    for event in reversed(tuple(workspace.events)):
        happening = Happening(event.lead, event.kind, event.data)
        if not _concerns(event, happening, webhook, webhooks, workspace):
            continue
        payload = webhooks.payload(webhook, happening, (), tx)
        if payload is not None:
            url, body = webhooks.address(webhook, payload), write_json(payload).decode()
            remark = f"a test, with the payload of event {event.number} by the rows of now"
            return Example(Message(webhook, url, body, (remark,)), event.lead)
    return None


def _concerns(
    event: Event,
    happening: Happening,
    webhook: Webhook,
    webhooks: Webhooks,
    workspace: Workspace,
) -> bool:
    """Whether the webhook would be told of an event whose lead is there still."""
    tx = workspace.transaction(webhook.vendor)
    if event.vendor != webhook.vendor or event.lead is None or tx.get(LEADS, event.lead) is None:
        return False
    kind = webhooks.kind_of(happening, tx.settings)
    return kind == webhook.kind and webhooks.is_for(webhook, happening, tx)


def _simulated(webhook: Webhook, lifecycle: Lifecycle, workspace: Workspace) -> Example | None:
    tx = workspace.transaction(webhook.vendor)
    for lead in islice(reversed(tx.rows(LEADS)), _MOST_LEADS):
        for outcome, message in _told(lead, webhook, lifecycle, workspace):
            remark = f"a test, with what the outcome {outcome} would tell"
            return Example(message._replace(remarks=(remark,)), lead["id"])
    return None


def _told(
    lead: Row, webhook: Webhook, lifecycle: Lifecycle, workspace: Workspace
) -> Iterator[tuple[str, Message]]:
    """What the webhook would be told by each outcome of a lead. Nothing of it is stored."""
    outcomes = lifecycle.outcomes(workspace.transaction(webhook.vendor))
    for outcome in outcomes.values():
        tx = workspace.transaction(webhook.vendor)
        scene = workspace.scene(tx, workspace.now(), Cause("control", 0))
        lifecycle.simulate(lead, Attempt(outcome), scene)
        for _, message in scene.messages:
            if message.webhook.id == webhook.id:
                yield outcome.name, message

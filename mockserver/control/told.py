"""What the report knows of the webhooks of a workspace."""

from mockserver.control.api import Control
from mockserver.control.webhooks import vendors_with_webhooks
from mockserver.journal.conduct import Told
from mockserver.life.events import Happening
from mockserver.state.changes import RowId
from mockserver.webhooks.base import Webhook
from mockserver.webhooks.conduct import World, told
from mockserver.workspaces import Workspace


def told_of(workspace: Workspace, server: Control) -> Told:
    """What the report says of deliveries, and of what no test has seen."""
    return told(workspace.journal, _world(workspace, server))


def _world(workspace: Workspace, server: Control) -> World:
    webhooks: list[Webhook] = []
    kinds: dict[str, tuple[str, ...]] = {}
    chosen: dict[tuple[str, str], str] = {}
    for name, each in vendors_with_webhooks(server):
        webhooks += each.listed(workspace.transaction(name))
        kinds[name] = each.kinds
        for kind, words in each.chosen.items():
            chosen[name, kind] = words
    outcomes = {}
    for name, site in server.sites.items():
        lifecycle = site.vendor.lifecycle
        if lifecycle is not None:
            outcomes[name] = tuple(lifecycle.outcomes(workspace.transaction(name)))

    def is_for(webhook: Webhook, lead: RowId) -> bool:
        lifecycle = server.sites[webhook.vendor].vendor.lifecycle
        assert lifecycle is not None, webhook
        assert lifecycle.webhooks is not None, webhook
        tx = workspace.transaction(webhook.vendor)
        return lifecycle.webhooks.is_for(webhook, Happening(lead, "lead.status", {}), tx)

    return World(
        tuple(workspace.deliveries),
        tuple(workspace.events),
        webhooks,
        chosen,
        outcomes,
        kinds,
        is_for,
    )

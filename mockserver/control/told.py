"""What the report knows of the webhooks of a workspace."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.control.api import Control
from mockserver.control.webhooks import vendors_with_webhooks
from mockserver.journal.conduct import Told
from mockserver.life.events import Happening
from mockserver.state.changes import RowId
from mockserver.webhooks.base import Webhook
from mockserver.webhooks.conduct import World, told
from mockserver.workspaces import Workspace

_CHOSEN = "chosen"


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
        described = server.sites[name].document.source.content.get("x-webhooks", {})
        for kind, words in _chosen(each.kinds, described):
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


def _chosen(kinds: tuple[str, ...], described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The kinds of webhooks of which the document marks something as chosen, with what that is."""
    shared: Mapping[str, Any] = next(iter(described.values()), {})
    for kind in kinds:
        sent = described.get(kind, shared).get("post", {})
        content = sent.get("requestBody", {}).get("content", {}).get("application/json", {})
        properties = content.get("schema", {}).get("properties", {})
        fields = [name for name, each in properties.items() if each.get("x-provenance") == _CHOSEN]
        if sent.get("x-provenance") == _CHOSEN:
            yield kind, "when it is sent is chosen"
        elif fields:
            yield kind, f"chosen is what its {', '.join(fields)} holds"

"""All handlers of the control API: whoever imports this module has registered them.

Each handler answers the operation of its name in openapi/control.yaml.
"""

from mockserver.control import (
    behaviour,
    deliveries,
    documents,
    fidelity,
    inboxes,
    leads,
    lifecycle,
    people,
    requests,
    stream,
    webhooks,
    workspaces,
)

__all__ = [
    "behaviour",
    "deliveries",
    "documents",
    "fidelity",
    "inboxes",
    "leads",
    "lifecycle",
    "people",
    "requests",
    "stream",
    "webhooks",
    "workspaces",
]

"""The control API: what a test needs around the vendors' APIs.

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
from mockserver.control.api import Control

__all__ = [
    "Control",
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

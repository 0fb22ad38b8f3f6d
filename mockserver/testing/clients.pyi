"""The vendors' clients as attributes of a workspace. Written by `make stubs`."""

from typing import Any

import httpx

from mockserver.client import WorkspaceClient

class VendorClients(WorkspaceClient):
    """A workspace with a client for each vendor, under the vendor's name."""

    def http(self, vendor: str, **options: Any) -> httpx.Client: ...
    @property
    def nlpearl(self) -> httpx.Client:
        """The workspace's client of the API `nlpearl`."""
    @property
    def octanist(self) -> httpx.Client:
        """The workspace's client of the API `octanist`."""
    @property
    def sela(self) -> httpx.Client:
        """The workspace's client of the API `sela`."""

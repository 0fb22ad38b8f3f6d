"""The vendors' clients as attributes of a workspace: `mockserver.<vendor>`.

Checkers and editors read `clients.pyi` instead of this file. There each vendor is a property, so
that they complete its name and refuse a misspelt one. `make stubs` writes it.
"""

from typing import TYPE_CHECKING, Any

from mockserver.client import WorkspaceClient

if TYPE_CHECKING:
    import httpx


class VendorClients(WorkspaceClient):
    """A workspace with a client for each vendor, under the vendor's name."""

    def __getattr__(self, name: str) -> "httpx.Client":
        """The vendor's client over a socket.

        Python asks here only for attributes that it does not find, so a vendor that the stub does
        not know yet works all the same.
        """
        if name.startswith("_") or name not in self.base_urls:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        client = self.http(name)
        # From now on Python finds it, and each access gives the same client.
        setattr(self, name, client)
        return client

    def http(self, vendor: str, **options: Any) -> "httpx.Client":
        """A new client of the vendor's API. A subclass says how it is made."""
        raise NotImplementedError

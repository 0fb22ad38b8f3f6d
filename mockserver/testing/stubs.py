"""Writes `clients.pyi`: what type checkers and editors know of the vendors' clients.

`make stubs` runs it after a vendor was added or renamed; a test compares the file with the vendors.
"""

import sys
from collections.abc import Iterable

from mockserver.app import load_vendors

_HEAD = '''\
"""The vendors' clients as attributes of a workspace. Written by `make stubs`."""

from typing import Any

import httpx

from mockserver.client import WorkspaceClient

class VendorClients(WorkspaceClient):
    """A workspace with a client for each vendor, under the vendor's name."""

    def http(self, vendor: str, **options: Any) -> httpx.Client: ...
'''

_PROPERTY = '''\
    @property
    def {name}(self) -> httpx.Client:
        """The workspace's client of the API `{name}`."""
'''


def render(vendors: Iterable[str]) -> str:
    """The text of the stub for vendors of these names."""
    properties = (_PROPERTY.format(name=name) for name in sorted(vendors))
    return _HEAD + "".join(properties)


def main() -> None:
    """Write the stub for the vendors there are to standard output."""
    sys.stdout.write(render(vendor.name for vendor in load_vendors()))


if __name__ == "__main__":
    main()

"""What a test works with: a workspace of its own, with a client for each vendor."""

from typing import Any

from mockserver.testing.kit import MockWorkspace, Running, workspace_name

__all__ = ["MockWorkspace", "Running", "workspace_name"]


def __getattr__(name: str) -> Any:
    # The old name differed by one letter from `MockServer`, which is the server.
    if name == "Mockserver":
        raise AttributeError("mockserver.testing.Mockserver is now called MockWorkspace")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

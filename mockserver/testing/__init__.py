"""What a test has in its hands: a workspace of its own, with clients of every vendor."""

from typing import Any

from mockserver.testing.kit import MockWorkspace, Running, workspace_name

__all__ = ["MockWorkspace", "Running", "workspace_name"]


def __getattr__(name: str) -> Any:
    if name == "Mockserver":  # until 0.1: a letter away from `MockServer`, the server
        raise AttributeError("mockserver.testing.Mockserver is now called MockWorkspace")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

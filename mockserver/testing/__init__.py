"""What a test has in its hands: a workspace of its own, with clients of every vendor."""

from mockserver.testing.kit import Mockserver, Running, workspace_name

__all__ = ["Mockserver", "Running", "workspace_name"]

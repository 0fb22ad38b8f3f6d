"""Clients of the control API: of the whole server, and of the workspace behind a test's vendor clients."""

from collections.abc import Iterator

import httpx
import pytest

from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace


@pytest.fixture
def admin(server: MockServer) -> Iterator[httpx.Client]:
    """A client of the control API."""
    with httpx.Client(base_url=f"{server.url}/__admin") as client:
        yield client


@pytest.fixture
def control(server: MockServer, workspace: Workspace) -> Iterator[httpx.Client]:
    """A client of this test's workspace in the control API."""
    with httpx.Client(base_url=f"{server.url}/__admin/workspaces/{workspace.name}") as client:
        yield client

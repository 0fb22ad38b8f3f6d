"""What a client would get for a fault is shown without anything happening."""

import httpx
import pytest

from mockserver.client import ControlError, WorkspaceClient
from mockserver.faults.catalogue import CATALOGUE
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace

VENDORS = ("nlpearl", "octanist", "sela")


@pytest.fixture
def world(server: MockServer, workspace: Workspace) -> WorkspaceClient:
    return server.client.workspace(workspace.name)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", CATALOGUE)
def test_every_fault_of_every_vendor_is_shown(
    world: WorkspaceClient, fault: str, vendor: str
) -> None:
    shown = world.preview_fault(fault, vendor)
    kind = CATALOGUE[fault]
    assert (shown["help"], shown["applies"]) == (kind.help, kind.applies)
    if kind.status is not None:
        assert shown["status"] == kind.status


def test_a_preview_is_what_a_client_then_gets(
    world: WorkspaceClient, octanist: httpx.Client
) -> None:
    shown = world.preview_fault("rate_limited", "octanist", "list_leads", retry_after=7)
    assert shown["headers"]["retry-after"] == "7"
    with world.add_fault("rate_limited", parameters={"retry_after": 7}):
        got = octanist.get("/leads")
    assert (shown["status"], shown["body"]["error"]) == (got.status_code, got.json()["error"])


def test_nothing_changes(world: WorkspaceClient, workspace: Workspace) -> None:
    version = workspace.version
    world.preview_fault("maintenance", "sela")
    assert (workspace.version, world.faults(), world.requests()) == (version, [], [])


def test_a_lost_answer_and_an_altered_one_are_told_apart(world: WorkspaceClient) -> None:
    lost = world.preview_fault("apply_but_fail", "sela")
    altered = world.preview_fault("slow", "sela", seconds=3)
    assert (lost["status"], lost["own"]) == (0, False)
    assert (altered["own"], altered["seconds"]) == (True, 3)


def test_what_cannot_be_is_refused(world: WorkspaceClient) -> None:
    with pytest.raises(ControlError, match="fault must be one of"):
        world.preview_fault("quake", "sela")
    with pytest.raises(ControlError, match="'zebra', which is not known"):
        world.preview_fault("slow", "zebra")
    with pytest.raises(ControlError, match="is no parameter of slow"):
        world.preview_fault("slow", "sela", speed=1)

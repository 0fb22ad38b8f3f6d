"""What is found out about a workspace is gone with what it is about, without the garbage collector."""

import gc
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import pytest

from mockserver.control.channel import Channels, Gap
from mockserver.control.findings import FindingsCache
from mockserver.control.grouping import PeopleCache
from mockserver.journal.directory import Directory
from mockserver.journal.records import Journal, Record
from mockserver.sections import Section
from mockserver.state.changes import (
    Change,
    RowChange,
    SnapshotRestored,
    SnapshotSaved,
    TablesEmptied,
    WorkspaceDeleted,
    WorkspaceReset,
)
from mockserver.state.tables import TableSpec
from mockserver.vendor import Vendor
from mockserver.workspaces import LEADS, Workspace, empty_origin
from tests.records import record, request
from tests.unit import tiny


class Traced(dict[Any, Any]):
    """A dictionary of which it can be seen whether anybody still has it."""


@pytest.fixture(autouse=True)
def collector_is_off() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def directory() -> Directory:
    return Directory({"shop": ()}, {"shop": ()})


@pytest.fixture
def findings(directory: Directory) -> FindingsCache:
    return FindingsCache(directory)


def refused(number: int, headers: Traced) -> Record:
    """A record that a check finds something about. It alone has the headers."""
    sent = request("GET", f"/nowhere/{number}", headers=headers)
    return record(number, "shop", status=404, request=sent)


def add(journal: Journal, number: int) -> Callable[[], object]:
    """Add a record. Returns what says whether anybody still has it."""
    headers = Traced({b"accept": b"*/*"})
    journal.add(refused(number, headers))
    return ref(headers)


def ask(findings: FindingsCache, journal: Journal) -> list[tuple[int, ...]]:
    """The requests of each finding about the newest record."""
    (newest,) = journal.newest_of(1)
    return [finding.requests for finding in findings.about(newest, journal)]


@pytest.mark.parametrize("end", [Journal.clear, Journal.drop_all])
def test_an_emptied_journal_keeps_no_record(
    end: Callable[[Journal], None], findings: FindingsCache
) -> None:
    journal = Journal()
    kept = add(journal, 1)
    assert ask(findings, journal) == [(1,)]
    assert kept() is not None
    end(journal)
    assert kept() is None
    add(journal, 1)
    assert ask(findings, journal) == [(1,)]


def test_a_dropped_record_is_not_kept(findings: FindingsCache) -> None:
    journal = Journal(max_entries=2)
    first, second = add(journal, 1), add(journal, 2)
    assert ask(findings, journal) == [(2,)]
    assert (first() is None, second() is None) == (False, False)
    add(journal, 3)
    assert (first() is None, second() is None) == (True, False)
    assert ask(findings, journal) == [(3,)]


def test_a_journal_is_freed_with_its_findings(findings: FindingsCache) -> None:
    journal = Journal()
    kept = add(journal, 1)
    ask(findings, journal)
    del journal
    assert kept() is None


def test_findings_are_kept_of_the_journal_that_was_asked_about_last(
    findings: FindingsCache,
) -> None:
    one, other = Journal(), Journal()
    for journal in (one, other):
        add(journal, 1)
        ask(findings, journal)
    assert (one.derived is None, other.derived is None) == (True, False)
    assert ask(findings, one) == [(1,)]


SHOP = Vendor("shop", tiny.Plain(), tiny.HEADER, (TableSpec(LEADS),), Section(()))
BO = "bo@example.com"


def shop(name: str = "one") -> Workspace:
    """A workspace without leads."""
    return Workspace(name, empty_origin({"shop": SHOP.tables}, {"shop": SHOP.defaults()}))


def put(workspace: Workspace, id: int, **columns: str) -> Callable[[], object]:
    """Store a lead. Returns what says whether anybody still has its row."""
    row = Traced({"id": id} | columns)
    workspace.apply([RowChange("shop", LEADS, id, id, row)])
    return ref(row)


def names(people: PeopleCache, workspace: Workspace) -> list[str | None]:
    return [person.name for person in people.of(workspace, (SHOP,)).people]


@pytest.mark.parametrize(
    "end", [WorkspaceReset(), WorkspaceDeleted(), SnapshotRestored("empty"), TablesEmptied()]
)
def test_the_people_of_a_workspace_go_with_its_rows(end: Change) -> None:
    people, workspace = PeopleCache(), shop()
    workspace.apply([SnapshotSaved("empty")])
    # Two who share a key know of each other.
    kept = [put(workspace, id, name=name, email=BO) for id, name in ((1, "bo"), (2, "cy"))]
    assert names(people, workspace) == ["bo", "cy"]
    workspace.apply([end])
    assert [each() for each in kept] == [None, None]
    put(workspace, 3, name="di")
    assert names(people, workspace) == ["di"]


def test_a_workspace_is_freed_with_its_people() -> None:
    people, workspace = PeopleCache(), shop()
    put(workspace, 1, name="bo")
    names(people, workspace)
    gone = ref(workspace)
    del workspace
    assert gone() is None


def test_people_are_kept_of_the_workspaces_that_were_asked_for_last() -> None:
    people, workspaces = PeopleCache(), [shop(f"shop-{number}") for number in range(6)]
    for workspace in workspaces:
        put(workspace, 1, name=workspace.name)
        names(people, workspace)
    names(people, workspaces[2])
    del workspaces[3]
    names(people, workspaces[0])
    kept = [workspace.name for workspace in workspaces if workspace.derived is not None]
    assert kept == ["shop-0", "shop-2", "shop-4", "shop-5"]
    assert names(people, workspaces[1]) == ["shop-1"]


def test_people_of_more_leads_than_are_kept_are_found_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mockserver.control.grouping._KEPT_LEADS", 2)
    people, small, large = PeopleCache(), shop(), shop("large")
    put(small, 1, name="bo")
    for id in (1, 2, 3):
        put(large, id, name=f"cy {id}")
    assert names(people, small) == ["bo"]
    assert names(people, large) == ["cy 1", "cy 2", "cy 3"]
    assert (small.derived is None, large.derived is None) == (False, True)


@pytest.mark.parametrize("end", [WorkspaceReset(), WorkspaceDeleted()])
def test_a_channel_that_nobody_reads_keeps_no_row_and_no_record(end: Change) -> None:
    workspace = shop()
    reader = Channels(1).open(workspace, None)
    row, headers = put(workspace, 1, name="bo"), add(workspace.journal, 1)
    assert (row() is None, headers() is None) == (False, False)
    workspace.apply([end])
    assert (row(), headers()) == (None, None)
    told = reader.read(lambda entries: [entry.what for entry in entries])
    assert [entry.kind for entry in told if not isinstance(entry, Gap)] == ["reset"]
    assert len(told) == 1


def test_the_channel_of_a_deleted_workspace_goes_with_its_last_reader() -> None:
    channels, workspace = Channels(2), shop()
    readers = [channels.open(workspace, None) for _ in range(2)]
    workspace.apply([WorkspaceDeleted()])
    for left, reader in zip((1, 0), readers, strict=True):
        reader.read(lambda entries: [entry.what for entry in entries])
        channels.close(reader)
        assert len(channels) == left
    gone = ref(workspace)
    del workspace, readers, reader
    assert gone() is None


def test_a_channel_tells_a_record_once_and_then_keeps_it_no_longer_than_the_journal() -> None:
    workspace = shop()
    reader = Channels(1).open(workspace, None)
    headers = add(workspace.journal, 1)
    assert len(reader.read(lambda entries: [entry.what for entry in entries])) == 1
    workspace.journal.clear()
    assert headers() is None

"""What workspaces take is counted, never too little, and bounded."""

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import mockserver
from mockserver.errors import Refusal
from mockserver.journal.records import Journal
from mockserver.life.events import Cause, Deferred, Happening
from mockserver.state.changes import (
    Change,
    FaultRuleChange,
    FaultRulesCleared,
    Row,
    RowChange,
    SnapshotForgotten,
    SnapshotRestored,
    SnapshotSaved,
    TablesEmptied,
    WorkspaceDeleted,
    WorkspaceReset,
)
from mockserver.state.memory import Memory, growth, row_size
from mockserver.state.transaction import RowDiff
from mockserver.webhooks.deliveries import Delivery, DeliveryLog
from mockserver.workspaces import SNAPSHOT_BYTES, Limits, Workspace, Workspaces
from tests.records import record
from tests.unit import tiny

PACKAGE = Path(mockserver.__file__).parent

_names = st.sampled_from(["one", "two", "three"])
_ids = st.integers(1, 4)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _ids, st.integers(0, 9)),
        st.tuples(st.just("delete"), _ids),
        st.tuples(st.sampled_from(["save", "restore", "forget"]), _names),
        st.tuples(st.sampled_from(["empty", "reset"])),
    ),
    max_size=30,
)


def world(memory: Memory, limits: Limits | None = None) -> Workspace:
    """A workspace in which Ada is, and whose bytes are counted there."""
    origin = tiny.workspaces(tiny.vendor()).origin
    return Workspace("world", origin, memory=memory, limits=limits)


def put(id: int, length: int) -> RowChange:
    return RowChange("tiny", "people", id, id, {"id": id, "name": "x" * 100 * length})


def change_of(step: tuple[Any, ...], workspace: Workspace) -> Change | None:
    """The change that a step means; None where it means nothing in this workspace."""
    match step:
        case ("put", id, length):
            return put(id, length)
        case ("delete", id):
            return RowChange("tiny", "people", id, id, None)
        case ("save", name):
            return SnapshotSaved(name)
        case ("forget", name):
            return SnapshotForgotten(name)
        case ("restore", name):
            return SnapshotRestored(name) if name in workspace.snapshots else None
        case ("empty",):
            return TablesEmptied()
    return WorkspaceReset()


def held(workspace: Workspace) -> int:
    """What the rows take that the workspace and its snapshots hold and its origin does not."""
    groups = [workspace.save().tables, *(each.tables for each in workspace.snapshots.values())]
    rows: dict[int, Row] = {}
    for tables in groups:
        rows |= {id(row): row for row in tables["tiny"]["people"].rows.values()}
    seed = workspace._origin.snapshot.tables["tiny"]["people"].rows.values()
    return sum(row_size(row) for row in rows.values() if not any(row is each for each in seed))


@example([("put", 2, 1), ("save", "one"), ("forget", "one"), ("put", 3, 1)])
@given(_steps)
def test_each_row_counts_once_whoever_shares_it(steps: list[tuple[Any, ...]]) -> None:
    memory = Memory()
    workspace = world(memory)
    for step in steps:
        change = change_of(step, workspace)
        if change is not None:
            workspace.apply([change])
        counted = sum(layer.size for layer in workspace._layers())
        copies = sum(sum(layer.copied.values()) for layer in workspace._layers())
        assert counted >= held(workspace)
        assert memory.stored == counted + copies + SNAPSHOT_BYTES * len(workspace.snapshots)
    for name in list(workspace.snapshots):
        workspace.apply([SnapshotForgotten(name)])
    assert workspace._layer.size == held(workspace)
    workspace.apply([WorkspaceDeleted()])
    assert memory.stored == 0


def test_a_run_of_changes_counts_what_is_left_of_it() -> None:
    memory = Memory()
    workspace = world(memory)
    workspace.apply([put(2, 5), put(2, 1), put(3, 1), RowChange("tiny", "people", 3, 3, None)])
    assert workspace._layer.size == held(workspace)
    workspace.apply([put(4, 1), TablesEmptied(), put(5, 2)])
    assert workspace._layer.size == held(workspace) == row_size({"id": 5, "name": "x" * 200})


@pytest.mark.parametrize(
    "value",
    [None, 5, 1.5, True, "text", "\U0001f600" * 9, ["a", {"b": [1, 2]}], {"a": None}, 2**70],
)
def test_a_changed_column_counts_as_in_the_whole_row(value: Any) -> None:
    before: Row = {"id": 1, "name": "Ada", "note": "é"}
    after = before | {"note": value}
    assert growth({"note": "é"}, {"note": value}) == growth(before, after)
    assert growth(before, after) == row_size(after) - row_size(before)
    assert growth(None, after) == row_size(after) == -growth(after, None)


def test_fault_rules_count() -> None:
    memory = Memory()
    workspace = world(memory)
    change = workspace.faults.new_rule({"fault": "reset", "body": {"a": "x" * 5000}}, tiny.NOW)
    workspace.apply([change])
    assert memory.stored > 5000
    workspace.apply([FaultRuleChange(1, None)])
    assert memory.stored == 0
    workspace.apply([change, FaultRulesCleared()])
    assert memory.stored == 0


def test_journals_count_and_go_where_rows_need_the_room() -> None:
    worlds = Workspaces(
        tiny.workspaces(tiny.vendor()).origin,
        strict=False,
        declared=frozenset(),
        default="demo",
        limit=9,
        memory=Memory(1 << 20),
    )
    idle, busy = worlds.admit("idle"), worlds.admit("busy")
    idle.journal.add(record(1, answer=b"x" * 300_000))
    busy.journal.add(record(1, answer=b"x" * 300_000))
    busy.require_room([], 500_000)
    worlds.memory.stored += 500_000
    worlds.memory.settle()
    assert (len(idle.journal), idle.journal.dropped, idle.journal.last_dropped) == (0, 1, 1)
    assert (len(busy.journal), busy.journal.dropped) == (1, 0)
    with pytest.raises(Refusal, match=r"at most 1 MB \(--max-memory\)") as caught:
        busy.require_room([], 1_000_000)
    assert (caught.value.kind, len(busy.journal)) == ("storage_full", 1)


def test_journals_never_fill_more_than_there_is() -> None:
    memory = Memory(1 << 20)
    worlds = Workspaces(
        tiny.workspaces(tiny.vendor()).origin,
        strict=False,
        declared=frozenset(),
        default="demo",
        limit=99,
        memory=memory,
    )
    for number in range(1, 200):
        account = worlds.admit(f"a{number % 50}")
        account.journal.add(record(number, answer=b"x" * 30_000))
        assert memory.stored + memory.journals <= memory.limit
    assert memory.journals == sum(each.journal._bytes for each in worlds) > 300_000


def test_a_journal_gives_back_what_it_counted() -> None:
    memory = Memory()
    journal = Journal(max_entries=3)
    journal.memory = memory
    for number in range(1, 9):
        journal.add(record(number))
    assert (len(journal), memory.journals) == (3, journal._bytes)
    journal.clear()
    assert memory.journals == 0


def test_a_deleted_workspace_gives_back_all_it_took() -> None:
    memory = Memory()
    worlds = Workspaces(
        tiny.workspaces(tiny.vendor()).origin,
        strict=False,
        declared=frozenset(),
        default="demo",
        limit=9,
        memory=memory,
    )
    before = (memory.stored, memory.journals)
    workspace = worlds.admit("me")
    workspace.apply([put(2, 5), SnapshotSaved("one"), put(2, 6)])
    workspace.journal.add(record(1))
    worlds.delete("me")
    workspace.apply([put(3, 5)])
    workspace.journal.add(record(2))
    assert (memory.stored, memory.journals) == before


class Meanwhile(str):
    """A text whose length somebody asks for while another thread stores 5 bytes."""

    __slots__ = ("memory",)
    memory: Memory

    def __len__(self) -> int:
        self.memory.stored += 5
        self.memory.journals += 5
        return super().__len__()


def test_what_a_thread_counts_while_a_size_is_computed_stays_counted() -> None:
    memory = Memory()
    url = Meanwhile("http://a.test")
    url.memory = memory
    log = DeliveryLog(1, memory)
    sizes = []
    for number in (1, 1, 2):
        log.put(delivery(number, url))
        sizes.append(memory.journals - memory.stored)
    log.clear()
    assert sizes == [1100 + len("{}") + len("http://a.test")] * 3
    assert memory.journals == memory.stored > 0


def delivery(number: int, url: str) -> Delivery:
    """A delivery that waits for its first attempt."""
    cause = Cause("request", 1)
    return Delivery(number, "tiny", 1, "lead", 1, 1, tiny.NOW, cause, url, "{}")


def test_no_size_is_computed_between_reading_a_count_and_writing_it() -> None:
    """See `Memory`: a thread beside the loop may count meanwhile, and that would be lost."""
    unsafe = []
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text("utf-8")
        if ".stored" in text or ".journals" in text:
            unsafe += [ast.unparse(each) for each in ast.walk(ast.parse(text)) if is_unsafe(each)]
    assert unsafe == []


def is_unsafe(node: ast.AST) -> bool:
    """Whether it adds what a call returns to a count of bytes."""
    if not isinstance(node, ast.AugAssign) or not isinstance(node.target, ast.Attribute):
        return False
    calls = [each for each in ast.walk(node.value) if isinstance(each, ast.Call)]
    return node.target.attr in ("stored", "journals") and bool(calls)


def test_what_a_large_request_has_changed_does_not_wait_long_to_be_read() -> None:
    memory = Memory()
    workspace = world(memory)
    read: list[int] = []

    def meaning(change: RowDiff, settings: Any) -> list[Happening]:
        read.append(int(change.id))
        return [Happening(change.id, "changed", {})]

    def request(number: int, answer: bytes) -> None:
        change = RowDiff("people", number, {"name": "before"}, {"name": "after"})
        deferred = Deferred(meaning, change, {}, "tiny", tiny.NOW, number, number)
        workspace.events.defer(deferred)
        workspace.journal.add(record(number, answer=answer))

    for number in range(1, 100):
        request(number, b"small")
    assert read == []
    for number in (100, 101):
        request(number, b"x" * 600_000)
    assert read == list(range(1, 102))
    workspace.events.clear()
    workspace.journal.clear()
    assert memory.journals == 0

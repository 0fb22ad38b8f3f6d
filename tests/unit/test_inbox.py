"""An inbox keeps what comes, answers as it is set, and takes no more than it may."""

from datetime import UTC, datetime

import pytest

from mockserver.errors import Refusal
from mockserver.state.memory import Memory
from mockserver.webhooks.inbox import Arrival, InboxAnswer, Inboxes

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


def inboxes(most: int = 100, entries: int = 1000, size: int = 4 << 20) -> Inboxes:
    return Inboxes(most, entries, size, Memory())


def arrival(body: bytes = b"{}", delivery: int | None = 7) -> Arrival:
    return Arrival(NOW, ((b"content-type", b"application/json"),), body, delivery, 1)


def bodies(box: Inboxes, name: str = "crm") -> list[bytes]:
    inbox = box.get(name)
    return [] if inbox is None else [entry.arrival.body for entry in inbox]


def test_an_inbox_is_there_once_something_comes_and_answers_204() -> None:
    box = inboxes()
    assert box.get("crm") is None
    assert box.receive("crm", arrival()) == InboxAnswer(204, 0.0, (), b"")
    inbox = box.get("crm")
    assert inbox is not None
    assert [tuple(entry) for entry in inbox] == [(1, arrival(), InboxAnswer(204))]


def test_answers_are_used_one_by_one_and_then_the_last_one_stays() -> None:
    box = inboxes()
    box.open("crm").set_answers([InboxAnswer(500), InboxAnswer(200, 8.0)], InboxAnswer(202))
    assert [box.receive("crm", arrival()).status for _ in range(4)] == [500, 200, 202, 202]


def test_the_oldest_entries_make_room_and_the_numbers_go_on() -> None:
    box = inboxes(entries=2)
    for text in (b"1", b"2", b"3"):
        box.receive("crm", arrival(text))
    inbox = box.get("crm")
    assert inbox is not None
    assert ([entry.number for entry in inbox], inbox.dropped, inbox.last) == ([2, 3], 1, 3)
    assert [entry.number for entry in inbox.after(2)] == [3]


def test_the_newest_entry_stays_however_large_it_is() -> None:
    box = inboxes(size=1000)
    box.receive("crm", arrival(b"small"))
    box.receive("crm", arrival(b"x" * 5000))
    assert bodies(box) == [b"x" * 5000]


def test_one_inbox_too_many_is_refused_and_a_delivery_to_it_is_answered_with_507() -> None:
    box = inboxes(most=1)
    box.receive("crm", arrival())
    with pytest.raises(Refusal) as refused:
        box.open("other")
    assert refused.value.kind == "forbidden"
    answer = box.receive("other", arrival())
    assert (answer.status, b"--max-inboxes" in answer.body) == (507, True)
    assert [name for name, _ in box] == ["crm"]


def test_what_is_kept_counts_in_the_memory_and_what_goes_does_not() -> None:
    box = inboxes()
    box.open("crm").set_answers([InboxAnswer(500, body=b"no")] * 2, InboxAnswer(200))
    for _ in range(3):
        box.receive("crm", arrival(b"x" * 100))
    assert box.memory.journals > 300
    box.drop_all()
    assert (box.memory.journals, box.memory.stored, bodies(box)) == (0, 0, [])
    box.receive("crm", arrival())
    box.open("crm").set_answers([InboxAnswer(500)], InboxAnswer(200, body=b"yes"))
    assert box.memory.stored > 0
    box.clear()
    assert (box.memory.journals, box.memory.stored, len(box)) == (0, 0, 0)


def test_answers_that_find_no_room_are_refused() -> None:
    box = Inboxes(100, 1000, 4 << 20, Memory(1000))
    with pytest.raises(Refusal) as refused:
        box.open("crm").set_answers([InboxAnswer(200, body=b"x" * 2000)], InboxAnswer())
    assert refused.value.kind == "storage_full"


def test_the_answers_that_are_kept_with_the_entries_count_too() -> None:
    box = inboxes(entries=2)
    inbox = box.open("crm")
    inbox.set_answers([InboxAnswer(500, body=b"x" * 5000), InboxAnswer(500)], InboxAnswer(200))
    sizes = []
    for _ in range(5):
        box.receive("crm", arrival())
        sizes.append(box.memory.journals)
    entry, answer = sizes[4] - 400, 400
    entry //= 2
    assert sizes == [
        entry + answer + 5000,
        2 * (entry + answer) + 5000,
        2 * (entry + answer),
        2 * entry + answer,
        2 * entry + answer,
    ]

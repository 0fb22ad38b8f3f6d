"""Inboxes: receivers of a workspace's own, that show what came and answer as they are set."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from mockserver.errors import Refusal
from mockserver.state.memory import Memory

HeaderPairs = tuple[tuple[bytes, bytes], ...]

_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
NAME = f"^{_NAME}$"
"""What the name of an inbox looks like."""

PATH = rf"/__admin/workspaces/([^/]+)/inbox/({_NAME})/?"
"""What the path of an inbox of this server looks like: the workspace and the name."""

_ENTRY_BYTES = 700
"""What an entry takes at most, its headers and bodies apart. Measured."""
_ANSWER_BYTES = 400
_FULL = 507


class Arrival(NamedTuple):
    """What comes into an inbox, `time` by the workspace's clock.

    `delivery` and `attempt` say which delivery of this server it is; None where somebody else sent
    it to the inbox's own URL.
    """

    time: datetime
    headers: HeaderPairs
    body: bytes
    delivery: int | None = None
    attempt: int | None = None
    query: str = ""


class InboxAnswer(NamedTuple):
    """What an inbox answers: after so many seconds of real time, with these headers and this body.

    A receiver that has nothing to say answers 204, so that is what an inbox does unless it is set.
    """

    status: int = 204
    seconds: float = 0.0
    headers: HeaderPairs = ()
    body: bytes = b""


class Entry(NamedTuple):
    """What came, with its number in the inbox and what was answered."""

    number: int
    arrival: Arrival
    answer: InboxAnswer


class Inbox:
    """One inbox: the last entries, and what it answers.

    `answers` are used one by one; once they are used up, `then` answers.
    """

    __slots__ = ("_bytes", "_entries", "_memory", "answers", "last", "then")

    def __init__(self, memory: Memory) -> None:
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._memory = memory
        self.answers: deque[InboxAnswer] = deque()
        self.then = InboxAnswer()
        self.last = 0
        """The number of the last entry; 0 where there was none."""

    @property
    def dropped(self) -> int:
        """How many entries had to go."""
        return self.last - len(self._entries)

    def receive(self, arrival: Arrival, most_entries: int, most_bytes: int) -> InboxAnswer:
        """Keep what comes, and answer. The oldest entries make room; the newest stays."""
        answer = self.then
        if self.answers:
            answer = self.answers.popleft()
            size = _answer_size(answer)
            self._memory.stored -= size
        self.last += 1
        entry = Entry(self.last, arrival, answer)
        before = self._entries[-1] if self._entries else None
        self._entries.append(entry)
        self._grow(_size_beside(entry, before))
        while len(self._entries) > most_entries or self._bytes > most_bytes:
            if len(self._entries) == 1:
                break
            oldest = self._entries.popleft()
            self._grow(-_size_beside(oldest, self._entries[0]))
        return answer

    def set_answers(self, answers: Sequence[InboxAnswer], then: InboxAnswer) -> None:
        """Answer with these, one by one, and from then on with `then`.

        Raises Refusal("storage_full") where there is no room for them.
        """
        grown = _answers_size(answers, then) - _answers_size(self.answers, self.then)
        self._memory.require(grown)
        self._memory.stored += grown
        self.answers = deque(answers)
        self.then = then

    def empty(self) -> None:
        """Drop every entry."""
        self._entries.clear()
        self._grow(-self._bytes)

    def after(self, number: int) -> Iterator[Entry]:
        """The entries with a higher number, oldest first."""
        for each in tuple(self._entries):
            if each.number > number:
                yield each

    def __iter__(self) -> Iterator[Entry]:
        return self.after(0)

    def __len__(self) -> int:
        return len(self._entries)

    def _grow(self, size: int) -> None:
        self._bytes += size
        self._memory.journals += size


class Inboxes:
    """The inboxes of a workspace by name. An inbox is there once something comes or it is set.

    What came counts in the memory, as journals do.
    """

    __slots__ = ("_by_name", "_most", "_most_bytes", "_most_entries", "memory", "version")

    def __init__(self, most: int, most_entries: int, most_bytes: int, memory: Memory) -> None:
        """At most so many inboxes; each keeps so many entries and bytes."""
        self._by_name: dict[str, Inbox] = {}
        self._most = most
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self.memory = memory
        self.version = 0
        """Counts the changes: whoever waits for one looks at it."""

    def receive(self, name: str, arrival: Arrival) -> InboxAnswer:
        """Put something into the inbox of that name. Returns what it answers.

        Where there may be no further inbox, nothing is kept, and the answer says so.
        """
        self.version += 1
        try:
            inbox = self.open(name)
        except Refusal as refusal:
            text = refusal.message or ""
            return InboxAnswer(_FULL, 0.0, ((b"content-type", b"text/plain"),), text.encode())
        return inbox.receive(arrival, self._most_entries, self._most_bytes)

    def open(self, name: str) -> Inbox:
        """The inbox of that name, which is there from now on.

        Raises Refusal("forbidden") where there may be no further one.
        """
        inbox = self._by_name.get(name)
        if inbox is None:
            if len(self._by_name) >= self._most:
                raise Refusal(
                    "forbidden",
                    f"A workspace may have at most {self._most} inboxes (--max-inboxes); clear "
                    "some first.",
                )
            inbox = self._by_name[name] = Inbox(self.memory)
        return inbox

    def get(self, name: str) -> Inbox | None:
        """The inbox of that name, if anything came or it was set."""
        return self._by_name.get(name)

    def remove(self, name: str) -> None:
        """Forget the inbox of that name, with all that came and what it answers."""
        self.version += 1
        inbox = self._by_name.pop(name, None)
        if inbox is None:
            return
        inbox.empty()
        inbox.set_answers((), InboxAnswer())

    def drop_all(self) -> None:
        """Drop what came, as others need the memory."""
        self.version += 1
        for inbox in self._by_name.values():
            inbox.empty()

    def clear(self) -> None:
        """Forget every inbox."""
        for name in tuple(self._by_name):
            self.remove(name)

    def __iter__(self) -> Iterator[tuple[str, Inbox]]:
        return iter(sorted(self._by_name.items()))

    def __len__(self) -> int:
        return len(self._by_name)


def _size_beside(entry: Entry, neighbour: Entry | None) -> int:
    """What an entry takes; its answer is there once for all that come one after the other."""
    if neighbour is not None and neighbour.answer is entry.answer:
        return _size(entry)
    return _size(entry) + _answer_size(entry.answer)


def _size(entry: Entry) -> int:
    arrival = entry.arrival
    size = _ENTRY_BYTES + len(arrival.body) + len(arrival.query)
    for name, value in arrival.headers:
        size += len(name) + len(value)
    return size


def _answers_size(answers: Sequence[InboxAnswer], then: InboxAnswer) -> int:
    return sum(map(_answer_size, answers)) + _answer_size(then) - _ANSWER_BYTES


def _answer_size(answer: InboxAnswer) -> int:
    size = _ANSWER_BYTES + len(answer.body)
    for name, value in answer.headers:
        size += len(name) + len(value)
    return size

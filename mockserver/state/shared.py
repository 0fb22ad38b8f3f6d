"""Maps whose copies share their content: copying is cheap, and a write copies only what it touches.

A map is cut into small parts. Each part names its owner, an object that stands for the one who may
change it. Who holds a map under another owner copies a part before changing it.

`parts` and `mask` are for those who read maps at every request: a call for each lookup takes longer
than the lookup.
"""

from collections.abc import Hashable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

PLACE_BITS = 9
"""A part of a `PlaceMap` has room for 512 neighbouring places."""

_FULL = 512
_MAX_DEPTH = 16
"""A part of a `HashMap` that has more keys is split, unless 16 bits of their hashes are equal."""


class _Part(dict[Any, Any]):
    """A part of a map: its owner, and by how many bits of its hash a key belongs to it."""

    __slots__ = ("depth", "owner")

    depth: int
    owner: object


def _part(owner: object, content: dict[Any, Any], depth: int = 0) -> _Part:
    part = _Part(content)
    part.owner = owner
    part.depth = depth
    return part


class PlaceMap(Generic[Value]):
    """Values by their places, which are whole numbers, in the order of the places."""

    __slots__ = ("_size", "owner", "parts")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.parts: dict[int, _Part] = {}
        self._size = 0

    def copy(self, owner: object) -> "PlaceMap[Value]":
        """A map with the same content for another owner. Costs a 512th of what it holds."""
        twin: PlaceMap[Value] = PlaceMap(owner)
        twin.parts = dict(self.parts)
        twin._size = self._size
        return twin

    def __getitem__(self, place: int) -> Value:
        value: Value = self.parts[place >> PLACE_BITS][place]
        return value

    def __len__(self) -> int:
        return self._size

    def last_place(self) -> int:
        """The greatest place; -1 where there is none."""
        if not self.parts:
            return -1
        last: int = next(reversed(next(reversed(self.parts.values()))))
        return last

    def set(self, place: int, value: Value) -> None:
        """Put a value at a place, instead of what is there."""
        number = place >> PLACE_BITS
        part = self.parts.get(number)
        if part is None:
            self._new_part(number)[place] = value
            self._size += 1
            return
        if part.owner is not self.owner:
            part = self.parts[number] = _part(self.owner, part)
        if place in part:
            part[place] = value
            return
        is_last = place > next(reversed(part))
        part[place] = value
        self._size += 1
        if not is_last:
            self.parts[number] = _part(self.owner, dict(sorted(part.items())))

    def _new_part(self, number: int) -> _Part:
        is_last = not self.parts or number > next(reversed(self.parts))
        part = self.parts[number] = _part(self.owner, {})
        if not is_last:
            self.parts = dict(sorted(self.parts.items()))
        return part

    def remove(self, place: int) -> None:
        """Take the value at that place away. It must be there."""
        number = place >> PLACE_BITS
        part = self.parts[number]
        if part.owner is not self.owner:
            part = self.parts[number] = _part(self.owner, part)
        del part[place]
        self._size -= 1
        if not part:
            del self.parts[number]

    def __iter__(self) -> Iterator[int]:
        for part in self.parts.values():
            yield from part

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PlaceMap):
            return NotImplemented
        return list(self) == list(other) and list(self.values()) == list(other.values())

    __hash__ = None  # type: ignore[assignment]  # it changes

    def values(self) -> Iterator[Value]:
        """Every value, in the order of the places."""
        for part in self.parts.values():
            yield from part.values()

    def window(self, start: int, stop: int) -> list[int]:
        """The places from the `start`-th to before the `stop`-th. Looks from the nearer end."""
        if start * 2 < self._size:
            return self._window_from_start(start, stop)
        return self._window_from_end(start, stop)

    def _window_from_start(self, start: int, stop: int) -> list[int]:
        found: list[int] = []
        for part in self.parts.values():
            if stop <= 0:
                break
            found += islice(part, max(start, 0), stop)
            start -= len(part)
            stop -= len(part)
        return found

    def _window_from_end(self, start: int, stop: int) -> list[int]:
        found: list[list[int]] = []
        first = self._size
        for part in reversed(self.parts.values()):
            if first <= start:
                break
            first -= len(part)
            if first < stop:
                found.append(list(islice(part, max(start - first, 0), stop - first)))
        return [place for places in reversed(found) for place in places]


class HashMap(Generic[Key, Value]):
    """Values by their keys, in no order.

    The algorithm is extendible hashing: a directory of parts, in which the lowest bits of a key's
    hash find the part; a part that is full is split in two by one more bit. So no write moves more
    than one part, however many keys there are.
    """

    __slots__ = ("_size", "mask", "owner", "parts")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.parts = [_part(owner, {})]
        self.mask = 0
        self._size = 0

    def copy(self, owner: object) -> "HashMap[Key, Value]":
        """A map with the same content for another owner. Costs about a 256th of what it holds."""
        twin: HashMap[Key, Value] = HashMap.__new__(HashMap)
        twin.owner = owner
        twin.parts = list(self.parts)
        twin.mask = self.mask
        twin._size = self._size
        return twin

    def get(self, key: Key) -> Value | None:
        """The value under that key."""
        return self.parts[hash(key) & self.mask].get(key)

    def __len__(self) -> int:
        return self._size

    def set(self, key: Key, value: Value) -> None:
        """Put a value under the key, instead of what is there."""
        number = hash(key) & self.mask
        part = self.parts[number]
        if part.owner is not self.owner:
            part = self._own(number)
        before = len(part)
        part[key] = value
        if len(part) > before:
            self._size += 1
            if before >= _FULL:
                self._split(number)

    def add(self, key: Key, value: Value) -> Value | None:
        """Put a value under a key that has none, and return None; else the value that it has.

        One look where `get` and `set` take two. No value is None.
        """
        number = hash(key) & self.mask
        part = self.parts[number]
        held: Value | None = part.get(key)
        if held is not None:
            return held
        if part.owner is not self.owner:
            part = self._own(number)
        part[key] = value
        self._size += 1
        if len(part) > _FULL:
            self._split(number)
        return None

    def remove(self, key: Key) -> None:
        """Take the key away. It must be there."""
        number = hash(key) & self.mask
        part = self.parts[number]
        if part.owner is not self.owner:
            part = self._own(number)
        del part[key]
        self._size -= 1

    def items(self) -> Iterator[tuple[Key, Value]]:
        """Every key with its value."""
        for number, part in enumerate(self.parts):
            if number < 1 << part.depth:  # where the part stands first in the directory
                yield from part.items()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HashMap):
            return NotImplemented
        return dict(self.items()) == dict(other.items())

    __hash__ = None  # type: ignore[assignment]  # it changes

    def _own(self, number: int) -> _Part:
        """The part with that number, as a copy that may be changed."""
        shared = self.parts[number]
        part = _part(self.owner, shared, shared.depth)
        self._enter(part, number)
        return part

    def _enter(self, part: _Part, number: int) -> None:
        """Enter a part for all numbers that have the same lowest bits."""
        step = 1 << part.depth
        self.parts[number & (step - 1) :: step] = [part] * (len(self.parts) // step)

    def _split(self, number: int) -> None:
        """Split a full part in two."""
        part = self.parts[number]
        if part.depth == _MAX_DEPTH:
            return
        bit = 1 << part.depth
        if bit == len(self.parts):
            self.parts += self.parts
            self.mask = len(self.parts) - 1
        halves = (_part(self.owner, {}, part.depth + 1), _part(self.owner, {}, part.depth + 1))
        for key, value in part.items():
            halves[hash(key) & bit != 0][key] = value
        self._enter(halves[0], number & ~bit)
        self._enter(halves[1], number | bit)

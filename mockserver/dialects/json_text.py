"""Where things stand in a JSON text: for parsers that name lines, bytes and paths."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from mockserver.errors import Path

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'[ \t\r\n]*(?:([{\[])|([}\]])|([,:])|("(?:[^"\\]|\\.)*")([ \t\r\n]*:)?|[^ \t\r\n{}\[\],:"]+)', re.DOTALL)


class Place(NamedTuple):
    """A path with the names as they are written, a line counted from 0, and how many bytes of UTF-8 stand before it in that line."""

    path: Path
    line: int
    byte: int


Found = dict[Path, tuple[Path, int]]
"""For each path how it is written and the character at which the first token of its value ends."""

Wanted = Iterable[tuple[Path, Path]]
"""Paths, each with what is left of it to go."""


def places(text: str, paths: Collection[Path]) -> dict[Path, Place]:
    """Where the values at those paths of a valid JSON text end, lists and objects where they begin. Names are found in any letter case."""
    found: Found = {}
    _visit(text, _after_space(text, 0), (), [(path, path) for path in paths], found)
    ordered = sorted(found, key=lambda path: found[path][1])
    positions = lines_and_bytes(text, [found[path][1] for path in ordered])
    return {path: Place(found[path][0], *position) for path, position in zip(ordered, positions, strict=True)}


def lines_and_bytes(text: str, ats: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The line and the byte of each of these characters, which ascend."""
    last = line = byte = 0
    for at in ats:
        before, newline, after = text[last:at].rpartition("\n")
        line += before.count("\n") + len(newline)
        byte = len(after.encode("utf-8", "surrogateescape")) + (0 if newline else byte)
        last = at
        yield line, byte


def _visit(text: str, at: int, here: Path, wanted: Wanted, found: Found) -> int:
    """Look in the value at that character. Returns the end of the value."""
    deeper: dict[int | str, list[tuple[Path, Path]]] = {}
    for path, rest in wanted:
        if rest:
            deeper.setdefault(_folded(rest[0]), []).append((path, rest[1:]))
    end = _visit_members(text, at, here, deeper, found) if deeper and text[at] in "{[" else _DECODER.raw_decode(text, at)[1]
    found.update((path, (here, at + 1 if text[at] in "{[" else end)) for path, rest in wanted if not rest)
    return end


def _visit_members(text: str, at: int, here: Path, wanted: dict[int | str, list[tuple[Path, Path]]], found: Found) -> int:
    named, step = text[at] == "{", 0
    at = _after_space(text, at + 1)
    while text[at] not in "}]":
        key: Any = step
        if named:
            key, at = _DECODER.raw_decode(text, at)
            at = _after_space(text, _after_space(text, at) + 1)
        at = _after_space(text, _visit(text, at, (*here, key), wanted.get(_folded(key), ()), found))
        at = _after_space(text, at + 1) if text[at] == "," else at
        step += 1
    return at + 1


def _folded(step: int | str) -> int | str:
    return step.lower() if isinstance(step, str) else step


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def open_path(text: str, at: int) -> Path:
    """The path of the value that is being read at a character of a text that is valid as far as that."""
    return tuple(step for step in _open(text, at, len(text))[0] if step is not None)


def open_token(text: str, at: int) -> int:
    """Where the token begins that a character belongs to."""
    return _after_space(text, _open(text, at, len(text))[1])


def first_of(text: str, tokens: Collection[str]) -> int:
    """The character at which the first of these tokens of a text begins; the text's length where none does."""
    found = (token for token in _TOKEN.finditer(text) if token.group().strip() in tokens)
    return next((_after_space(text, token.start()) for token in found), len(text))


def first_deeper(text: str, depth: int) -> int:
    """The character at which a text opens more than so many levels; its length where it does not."""
    return _open(text, len(text), depth)[1]


def _name(token: str) -> str:
    """The text that a token means, as far as it means one."""
    try:
        return str(json.loads(token))
    except ValueError:
        return token[1:-1]


def _open(text: str, end: int, depth: int) -> tuple[list[int | str | None], int]:
    """For each open level the name or index of its member (None: between two named ones), up to a character or to a level too many."""
    levels: list[int | str | None] = []
    at = 0
    while (token := _TOKEN.match(text, at)) and token.end() <= end:
        opening, closing, sign, name, colon = token.groups()
        at = token.end()
        if opening and len(levels) == depth:
            return levels, token.start(1)
        if opening:
            levels.append(0 if opening == "[" else None)
        elif colon and levels:
            levels[-1] = _name(name)
        elif not sign:
            if closing and levels:
                levels.pop()
            if levels:
                levels[-1] = levels[-1] + 1 if isinstance(levels[-1], int) else None
    return levels, at

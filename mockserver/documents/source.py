"""YAML files: parsed fast, and with the line of each value for messages about it."""

import json
import os
import re
import stat
import sys
from collections.abc import Callable
from functools import cached_property
from hashlib import blake2b
from importlib.util import cache_from_source
from pathlib import Path as File
from typing import Any, ClassVar

import yaml
from yaml.composer import Composer
from yaml.reader import Reader

from mockserver.errors import OperatorError, Path, UnreadableError
from mockserver.version import __version__

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MOST_BYTES = 256 << 20
_MOST_LEVELS = 100
_MOST_REPEATED = 1_000_000
_MOST_DIGITS = 4300
"""How large a file may be, how deep it may be nested, how many values its aliases may repeat, and
how many digits a number may have (Python's own limit)."""

_SHOWN = 60
_LONGEST = 300
"""How much is shown of a key or a value, and of the parser's own words."""

_TAG = "tag:yaml.org,2002:"
_TEXT = _TAG + "str"
_BOOL = _TAG + "bool"
_TIMESTAMP = _TAG + "timestamp"
_SCALARS_BUT_TEXT = frozenset({_TAG + "int", _TAG + "float", _BOOL, _TAG + "null"})
_JSON_TAGS = frozenset({_TAG + "map", _TAG + "seq", _TEXT}) | _SCALARS_BUT_TEXT


class _Loader(Composer, _BaseLoader):  # type: ignore[misc]  # the C loader where PyYAML was built with it
    """YAML that means the same as JSON.

    Keys are texts, also where they look like numbers. There are no timestamps, sets or bytes, `yes`
    and `off` are texts, and a key that stands twice is an error.
    """

    # The C loader composes nodes by a recursion that overflows the stack of C. So only its parser
    # is used, and nodes are composed by Python's composer, which can be told where to stop.

    def __init__(self, text: str) -> None:
        _BaseLoader.__init__(self, text)
        Composer.__init__(self)
        self._level = self._count = self._repeated = 0
        self._sizes: dict[Any, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            self._repeat(event)
            return super().compose_node(parent, index)
        self._count += 1
        self._level += 1
        if self._level > _MOST_LEVELS:
            raise _error(f"it is nested more than {_MOST_LEVELS} levels deep", event)
        if event.anchor in self.anchors:
            raise _error(f"the anchor {event.anchor!r} stands here twice", event)
        before = self._count
        node = super().compose_node(parent, index)
        self._level -= 1
        if event.anchor is not None:
            self._sizes[event.anchor] = self._count - before + 1
        return node

    def _repeat(self, event: Any) -> None:
        """Count the values that an alias repeats."""
        if event.anchor not in self.anchors:
            return  # the composer says so
        size = self._sizes.get(event.anchor)
        if size is None:
            raise _error("it holds a value that contains itself", event)
        self._count += size
        self._repeated += size
        if self._repeated > _MOST_REPEATED:
            raise _error(f"its aliases repeat more than {_MOST_REPEATED} values", event)

    yaml_constructors: ClassVar[dict[Any, Any]] = {
        tag: constructor
        for tag, constructor in _BaseLoader.yaml_constructors.items()
        if tag is None or tag in _JSON_TAGS  # None refuses all other tags
    }

    # The patterns that tell what a plain scalar is, by its first character.
    yaml_implicit_resolvers: ClassVar[dict[Any, Any]] = {
        first: [resolver for resolver in resolvers if resolver[0] not in (_TIMESTAMP, _BOOL)]
        for first, resolvers in _BaseLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        for key, _ in node.value:
            if key.tag in _SCALARS_BUT_TEXT:
                key.tag = _TEXT
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise _repeated_key(node)
        return mapping


_Loader.add_implicit_resolver(_BOOL, re.compile("^(?:true|false)$"), list("tf"))


def _error(message: str, part: Any) -> yaml.MarkedYAMLError:
    """What is wrong with an event or a node, at its line."""
    return yaml.MarkedYAMLError(problem=message, problem_mark=part.start_mark)


def _repeated_key(node: Any) -> yaml.MarkedYAMLError:
    seen = set()
    for key, _ in node.value:
        if key.value in seen:
            break
        seen.add(key.value)
    return _error(f"the key {_cut(repr(key.value))} stands here twice", key)


def _cut(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else text[:most] + "..."


def _careful(kind: str) -> Callable[[Any, Any], Any]:
    """The constructor of scalars of that kind; a value that is none of them is an error."""
    construct = _BaseLoader.yaml_constructors[_TAG + kind]

    def constructed(loader: Any, node: Any) -> Any:
        if len(node.value) > _MOST_DIGITS and not isinstance(node.value, list):
            raise _error(f"a scalar of this kind has at most {_MOST_DIGITS} characters", node)
        try:
            return construct(loader, node)
        except (ValueError, KeyError, IndexError, OverflowError):
            raise _error(f"{_cut(repr(node.value))} is no {kind}", node) from None

    return constructed


for _kind in ("bool", "int", "float"):
    _Loader.add_constructor(_TAG + _kind, _careful(_kind))


def _read_text(file: File) -> str:
    """The text of the file. Raises OSError, and OperatorError for what is no file of text."""
    status = file.stat()
    # A pipe could keep the start waiting, and a device might never end.
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise UnreadableError(f"{file}: cannot be read: it is no regular file")
    if status.st_size > _MOST_BYTES:
        raise OperatorError(f"{file}: is larger than {_MOST_BYTES >> 20} MB")
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise OperatorError(f"{file}:{line}: is not UTF-8 (byte {error.start})") from None


_IN_MEMORY: dict[File, bytes] = {}
"""The parsed content of this package's files where none can be kept beside the bytecode."""


def _parsed_copy_of(file: File) -> File:
    """Where the parsed content of the file is kept: beside Python's bytecode."""
    return File(cache_from_source(str(file))).with_suffix(".json")


def _stamp(file: File, raw: bytes) -> bytes:
    """What changes when the file, this package or the parsed content changes."""
    status = file.stat()
    digest = blake2b(raw, digest_size=16).hexdigest()
    return f"{__version__} {status.st_size} {int(status.st_mtime)} {digest}".encode()


class Source:
    """One YAML file: its parsed `content` and the line of each value in it."""

    _text: str | None = None

    def __init__(self, file: File, text: str | None = None) -> None:
        """Read the file, or take `text` for its text, and parse it.

        Raises OperatorError with file and line if it cannot be read or is not YAML.
        """
        self.file = file
        try:
            self._text = _read_text(file) if text is None else text
        except OSError as error:
            raise UnreadableError(f"{file}: cannot be read: {error.strerror}") from None
        except ValueError as error:  # a NUL in the name
            raise UnreadableError(f"{str(file)!r}: cannot be read: {error}") from None
        try:
            self.content: Any = yaml.load(self._text, _Loader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            problem = _cut(str(error.problem), _LONGEST)
            raise OperatorError(f"{file}:{line}: is not YAML: {problem}") from None
        except yaml.YAMLError as error:
            line = _unreadable_line(self._text)
            reason = str(error).splitlines()[0]
            raise OperatorError(f"{file}:{line}: is not YAML: {reason}") from None

    @classmethod
    def kept(cls, file: File) -> "Source | None":
        """The file with the content that `keep` wrote; None if the file has changed since."""
        try:
            kept = _IN_MEMORY.get(file) or _parsed_copy_of(file).read_bytes()
            stamp, _, raw = kept.partition(b"\n")
            if stamp != _stamp(file, raw):
                return None
            content = json.loads(raw)
        except (OSError, ValueError):
            return None
        # Without `__init__`, which would read and parse the file. Its text is read by `_root`, if
        # somebody asks for a line.
        source = cls.__new__(cls)
        source.file = file
        source.content = content
        return source

    def keep(self) -> None:
        """Write the parsed content beside the bytecode, for `kept`.

        Parsing YAML would take half of each start. Where Python may write no bytecode, the content
        is kept in memory, for the next server of this process. Only for files of this package.
        """
        raw = json.dumps(self.content).encode()
        kept = _stamp(self.file, raw) + b"\n" + raw
        copy = _parsed_copy_of(self.file)
        # Replaced at once, so that a server which starts beside this one reads a whole file.
        draft = copy.with_suffix(f".{os.getpid()}")
        try:
            if sys.dont_write_bytecode:
                raise PermissionError
            copy.parent.mkdir(exist_ok=True)
            draft.write_bytes(kept)
            draft.replace(copy)
        except OSError:
            _IN_MEMORY[self.file] = kept

    def line(self, path: Path) -> int:
        """The line, counted from 1, on which the value at that path begins.

        If there is no such value, the line of its nearest parent.
        """
        node = self._root
        line = node.start_mark.line if node else 0
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return int(line) + 1

    @cached_property
    def _root(self) -> Any:
        text = self._text
        if text is None:
            text = _read_text(self.file)
        return yaml.compose(text, _Loader)

    def sentence(self, path: Path, message: str) -> str:
        """A problem with the file, as every message names it: `file:line: path: message`."""
        place = f"{self.file}:{self.line(path)}"
        if not path:
            return f"{place}: {message}"
        return f"{place}: {_dotted(path)}: {message}"


def _unreadable_line(text: str) -> int:
    """The line of the first character that YAML does not allow."""
    found = Reader.NON_PRINTABLE.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _child(node: Any, step: str | int) -> tuple[int, Any] | None:
    """The line and the node of a member or an item; None if there is none."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line, item
    return None


def _dotted(path: Path) -> str:
    """The path as people write it, like `leads[2].email`."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{_cut(step)}" for step in path]
    return "".join(steps).lstrip(".")

"""YAML files: parsed fast, and with the line of each value for messages about it."""

import json
import os
import stat
import sys
from functools import cached_property
from hashlib import blake2b
from importlib.util import cache_from_source
from pathlib import Path as File
from typing import Any

from mockserver.errors import OperatorError, Path, UnreadableError
from mockserver.version import __version__

_MOST_BYTES = 256 << 20
"""How large a file may be."""

_SHOWN = 60
"""How much is shown of a key in a path."""


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


_FORMAT = 3
"""The number of the form in which content is kept."""


def _parsed_copy_of(file: File) -> File:
    """Where the parsed content of the file is kept: beside Python's bytecode."""
    return File(cache_from_source(str(file))).with_suffix(".json")


def _stamp(file: File, raw: bytes) -> bytes:
    """What changes when the file, this package or what is kept changes."""
    status = file.stat()
    digest = blake2b(raw, digest_size=16).hexdigest()
    return f"{_FORMAT} {__version__} {status.st_size} {int(status.st_mtime)} {digest}".encode()


class Source:
    """One YAML file: its parsed `content` and the line of each value in it.

    `is_kept` says whether the content was kept by an earlier start, and `notes` has what was kept
    with it.
    """

    _text: str | None = None
    is_kept = False
    notes: Any = None

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
        # Imported here: where all content is kept, as at most starts, no YAML is read.
        from mockserver.documents.yaml_loader import NotYaml, load

        try:
            self.content: Any = load(self._text)
        except NotYaml as error:
            raise OperatorError(f"{file}:{error.line}: is not YAML: {error.problem}") from None

    @classmethod
    def kept(cls, file: File) -> "Source | None":
        """The file with the content that `keep` wrote; None if the file has changed since."""
        try:
            kept = _IN_MEMORY.get(file) or _parsed_copy_of(file).read_bytes()
            stamp, _, raw = kept.partition(b"\n")
            if stamp != _stamp(file, raw):
                return None
            content, notes = json.loads(raw)
        except (OSError, ValueError):
            return None
        # Without `__init__`, which would read and parse the file. Its text is read by `_root`, if
        # somebody asks for a line.
        source = cls.__new__(cls)
        source.file = file
        source.content = content
        source.notes = notes
        source.is_kept = True
        return source

    def keep(self, notes: Any = None) -> None:
        """Write the parsed content beside the bytecode, for `kept`, and notes with it.

        Parsing YAML would take half of each start. Where Python may write no bytecode, the content
        is kept in memory, for the next server of this process. Only for files of this package.
        """
        raw = json.dumps([self.content, notes]).encode()
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
        from mockserver.documents.yaml_loader import child

        node = self._root
        line = node.start_mark.line if node else 0
        for step in path:
            found = child(node, step)
            if found is None:
                break
            line, node = found
        return int(line) + 1

    @cached_property
    def _root(self) -> Any:
        from mockserver.documents.yaml_loader import compose

        return compose(_read_text(self.file) if self._text is None else self._text)

    def sentence(self, path: Path, message: str) -> str:
        """A problem with the file, as every message names it: `file:line: path: message`."""
        place = f"{self.file}:{self.line(path)}"
        if not path:
            return f"{place}: {message}"
        return f"{place}: {_dotted(path)}: {message}"


def _dotted(path: Path) -> str:
    """The path as people write it, like `leads[2].email`."""
    steps = [
        f"[{step}]"
        if isinstance(step, int)
        else f".{step if len(step) <= _SHOWN else step[:_SHOWN] + '...'}"
        for step in path
    ]
    return "".join(steps).lstrip(".")

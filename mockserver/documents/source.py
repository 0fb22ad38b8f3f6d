"""YAML files: parsed fast, and with the line of each value for messages about it."""

import json
import os
import re
import sys
from contextlib import suppress
from functools import cached_property
from importlib.util import cache_from_source
from pathlib import Path as File
from typing import Any, ClassVar

import yaml

from mockserver.errors import OperatorError, Path
from mockserver.version import __version__

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAG = "tag:yaml.org,2002:"
_TEXT = _TAG + "str"
_BOOL = _TAG + "bool"
_TIMESTAMP = _TAG + "timestamp"
_SCALARS_BUT_TEXT = frozenset({_TAG + "int", _TAG + "float", _BOOL, _TAG + "null"})
_JSON_TAGS = frozenset({_TAG + "map", _TAG + "seq", _TEXT}) | _SCALARS_BUT_TEXT


class _Loader(_BaseLoader):  # type: ignore[misc]  # the C loader where PyYAML was built with it
    """YAML that means the same as JSON.

    Keys are texts, also where they look like numbers. There are no timestamps, sets or bytes, `yes`
    and `off` are texts, and a key that stands twice is an error.
    """

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


def _repeated_key(node: Any) -> yaml.MarkedYAMLError:
    seen = set()
    for key, _ in node.value:
        if key.value in seen:
            break
        seen.add(key.value)
    message = f"the key {key.value!r} stands here twice"
    return yaml.constructor.ConstructorError(None, None, message, key.start_mark)


def _parsed_copy_of(file: File) -> File:
    """Where the parsed content of the file is kept: beside Python's bytecode."""
    return File(cache_from_source(str(file))).with_suffix(".json")


def _stamp(file: File) -> list[str | int]:
    """What changes when the file or this package changes, as JSON can hold it."""
    status = file.stat()
    return [__version__, status.st_size, int(status.st_mtime)]


class Source:
    """One YAML file: its parsed `content` and the line of each value in it."""

    _text: str | None = None

    def __init__(self, file: File, text: str | None = None) -> None:
        """Read the file, or take `text` for its text, and parse it.

        Raises OperatorError with file and line if it cannot be read or is not YAML.
        """
        self.file = file
        try:
            self._text = file.read_text("utf-8") if text is None else text
            self.content: Any = yaml.load(self._text, _Loader)
            # An alias can make a value contain itself. JSON cannot write that: ValueError.
            json.dumps(self.content)
        except OSError as error:
            raise OperatorError(f"{file}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise OperatorError(f"{file}: is not UTF-8 (byte {error.start})") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise OperatorError(f"{file}:{line}: is not YAML: {error.problem}") from None
        except yaml.YAMLError as error:
            raise OperatorError(f"{file}: is not YAML: {str(error).splitlines()[0]}") from None
        except ValueError:
            raise OperatorError(f"{file}: holds a value that contains itself") from None

    @classmethod
    def kept(cls, file: File) -> "Source | None":
        """The file with the content that `keep` wrote; None if the file has changed since."""
        try:
            stamp, content = json.loads(_parsed_copy_of(file).read_bytes())
        except (OSError, ValueError):
            return None
        if stamp != _stamp(file):
            return None
        # Without `__init__`, which would read and parse the file. Its text is read by `_root`, if
        # somebody asks for a line.
        source = cls.__new__(cls)
        source.file = file
        source.content = content
        return source

    def keep(self) -> None:
        """Write the parsed content beside the bytecode, for `kept`.

        Parsing YAML would take half of each start. Where Python may write no bytecode, nothing is
        written.
        """
        if sys.dont_write_bytecode:
            return
        copy = _parsed_copy_of(self.file)
        # A folder that cannot be written to only costs time.
        with suppress(OSError):
            copy.parent.mkdir(exist_ok=True)
            # Replaced at once, so that a server which starts beside this one reads a whole file.
            draft = copy.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps([_stamp(self.file), self.content]), "utf-8")
            draft.replace(copy)

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
            text = self.file.read_text("utf-8")
        return yaml.compose(text, _Loader)

    def sentence(self, path: Path, message: str) -> str:
        """A problem with the file, as every message names it: `file:line: path: message`."""
        place = f"{self.file}:{self.line(path)}"
        if not path:
            return f"{place}: {message}"
        return f"{place}: {_dotted(path)}: {message}"


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
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(steps).lstrip(".")

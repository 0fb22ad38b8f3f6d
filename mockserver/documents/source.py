"""YAML files as their authors wrote them.

Parsed fast, and able to say on which line a value stands.
"""

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

_MAP, _LIST, _TEXT = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str"
_NOT_TEXT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "null"))


class _Loader(_BaseLoader):  # type: ignore[misc]  # the C loader where PyYAML was built with it
    """YAML as JSON would have it.

    Keys are texts, no timestamps, sets or bytes, no `yes` and `off`, no key twice.
    """

    yaml_constructors: ClassVar[dict[Any, Any]] = {
        tag: constructor
        for tag, constructor in _BaseLoader.yaml_constructors.items()
        if tag in (None, _MAP, _LIST, _TEXT, *_NOT_TEXT)
    }

    yaml_implicit_resolvers: ClassVar[dict[Any, Any]] = {
        first: [
            (tag, pattern)
            for tag, pattern in pairs
            if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
        ]
        for first, pairs in _BaseLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        for key, _ in node.value:
            if key.tag in _NOT_TEXT:
                key.tag = _TEXT
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            keys = [key.value for key, _ in node.value]
            second = next(key for i, (key, _) in enumerate(node.value) if key.value in keys[:i])
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {second.value!r} stands here twice", second.start_mark
            )
        return mapping


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def _copy_of(file: File) -> File:
    return File(cache_from_source(str(file))).with_suffix(".json")


def _stamp(file: File) -> list[str | int]:
    found = file.stat()
    return [__version__, found.st_size, int(found.st_mtime)]


class Source:
    """One YAML file: its parsed `content` and the line of each value in it."""

    _text: str | None = None

    def __init__(self, file: File, text: str | None = None) -> None:
        """Read and parse.

        Raises OperatorError with file and line where it cannot be read or is not YAML.
        """
        self.file = file
        try:
            self._text = file.read_text("utf-8") if text is None else text
            self.content: Any = yaml.load(self._text, _Loader)
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
        """The file with the content that `keep` wrote down, unless it has changed since."""
        try:
            stamp, content = json.loads(_copy_of(file).read_bytes())
        except (OSError, ValueError):
            return None
        if stamp != _stamp(file):
            return None
        source = cls.__new__(cls)
        source.file, source.content = file, content
        return source

    def keep(self) -> None:
        """Write the parsed content beside the bytecode, where that is allowed.

        Reading YAML is most of a start.
        """
        if sys.dont_write_bytecode:
            return
        copy = _copy_of(self.file)
        with suppress(OSError):
            copy.parent.mkdir(exist_ok=True)
            draft = copy.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps([_stamp(self.file), self.content]), "utf-8")
            draft.replace(copy)

    def line(self, path: Path) -> int:
        """The line, counted from 1, on which the value at that path begins.

        The nearest parent's where there is no such value.
        """
        node = self._root
        line = node.start_mark.line if node else 0
        for step in path:
            found = self._child(node, step)
            if found is None:
                break
            line, node = found
        return int(line) + 1

    @cached_property
    def _root(self) -> Any:
        return yaml.compose(
            self.file.read_text("utf-8") if self._text is None else self._text, _Loader
        )

    @staticmethod
    def _child(node: Any, step: str | int) -> tuple[int, Any] | None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    return key.start_mark.line, value
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value)
        ):
            return node.value[step].start_mark.line, node.value[step]
        return None

    def sentence(self, path: Path, message: str) -> str:
        """`file:line: path: message`, the form in which every problem with a file is told."""
        where = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in path
        ).lstrip(".")
        return f"{self.file}:{self.line(path)}: {where + ': ' if where else ''}{message}"

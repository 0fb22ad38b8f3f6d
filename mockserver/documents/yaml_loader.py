"""YAML that means the same as JSON, read without trusting its author."""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import yaml
from yaml.composer import Composer
from yaml.reader import Reader

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MOST_LEVELS = 100
_MOST_REPEATED = 1_000_000
_MOST_DIGITS = 4300
"""How deep a file may be nested, how many values its aliases may repeat, and how many digits a
number may have (Python's own limit)."""

_SHOWN = 60
_LONGEST = 300
"""How much is shown of a key or a value, and of the parser's own words."""


class NotYaml(Exception):
    """A text that cannot be read: the line, counted from 1, and what is wrong there."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


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


def load(text: str) -> Any:
    """The content of a YAML text as JSON values. Raises NotYaml."""
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise NotYaml(line, _cut(str(error.problem), _LONGEST)) from None
    except yaml.YAMLError as error:
        raise NotYaml(_unreadable_line(text), str(error).splitlines()[0]) from None


def compose(text: str) -> Any:
    """The nodes of a YAML text, which know their lines. The text has been read before."""
    return yaml.compose(text, _Loader)


def child(node: Any, step: str | int) -> tuple[int, Any] | None:
    """The line and the node of a member or an item; None if there is none."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line, item
    return None


def _unreadable_line(text: str) -> int:
    """The line of the first character that YAML does not allow."""
    found = Reader.NON_PRINTABLE.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1

"""JSON values as YAML, in a style that every reader of YAML takes for the same."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

_BaseDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

# What has another character, or only one, gets quotes: `y` is a boolean to some readers. The
# dumper itself quotes words like `null` and `off`.
_PLAIN = re.compile(r"[A-Za-z_$][\w$/.-]+", re.ASCII)


class _Dumper(_BaseDumper):  # type: ignore[misc]  # the C dumper where PyYAML was built with it
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = None if _PLAIN.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


def yaml_text(value: Any) -> str:
    """The value in block style, with quotes around every text that is not a simple word."""
    texts = []
    written: Steps = ()
    for steps, part in _pieces(value):
        # Each step is a line, and the first lines of a piece may stand there already.
        *_, text = _dumped(steps, part).split("\n", _common(steps, written))
        texts.append(text)
        written = steps
    return "".join(texts)


Steps = tuple[str, ...]
"""The names that lead to a piece of a value."""

_MOST_STEPS = 2
_MOST_ITEMS = 200
"""The dumper lets no other thread work before it is through with a piece, so pieces are short."""


def _pieces(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """The pieces of a value in their order: what is in its objects, and slices of its lists."""
    if isinstance(value, dict) and value and len(steps) < _MOST_STEPS:
        for name, part in value.items():
            yield from _pieces(part, (*steps, name))
    elif isinstance(value, list) and value and steps:
        for start in range(0, len(value), _MOST_ITEMS):
            yield steps, value[start : start + _MOST_ITEMS]
    else:
        yield steps, value


def _dumped(steps: Steps, part: Any) -> str:
    for name in reversed(steps):
        part = {name: part}
    text: str = yaml.dump(part, None, _Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)
    return text


def _common(steps: Steps, others: Steps) -> int:
    """How many steps they begin with in common."""
    count = 0
    for step, other in zip(steps, others, strict=False):
        if step != other:
            break
        count += 1
    return count

"""Writes YAML files in the one style that every YAML reader understands.

Block style, and quotes around each text that some reader could take for something else: readers of
YAML 1.1 and 1.2 disagree about `no`, `1_000` or `12:30`, and some end a text at a colon or a comma
where others go on. Long texts are folded into lines of 100 characters. Comments stay.

`python tools/yaml_style.py` writes the documents and the fixtures of this checkout anew. With
`--check` it names the files that are not in this style, and fails if there are any.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString

ROOT = Path(__file__).parent.parent
WIDTH = 100
_STEP = 2

# No colon, comma, hash, brace or bracket, and nothing in front that begins another kind of value:
# no digit either, as readers differ in what is a number, a date or a time.
_PLAIN = re.compile(r"[A-Za-z_$/][^:,#{}\[\]\\]*(?<! )")
# Booleans in YAML 1.1, though not for PyYAML, which is asked about all others.
_LETTERS = frozenset("ynYN")
_COMMENT = re.compile(r"(?:^|\s)(# .*)(?=\n(?:\s*#.*\n)*\W*(\w*))", re.MULTILINE)


def files() -> Iterator[Path]:
    """The files that are kept in this style."""
    yield from sorted(ROOT.glob("openapi/*.yaml"))
    yield from sorted(ROOT.glob("fixtures/**/*.yaml"))
    yield from sorted(ROOT.glob("mockserver/vendors/*/*.yaml"))


def formatted(text: str) -> str:
    """The same content in this style, with its comments.

    Raises ValueError where a comment stands at a place that block style does not have.
    """
    content = YAML().load(text)
    _style(content, 0)
    output = io.StringIO()
    _writer().dump(content, output)
    result = output.getvalue()
    if _comments(result) != _comments(text):
        raise ValueError("a comment cannot stay where it is: give it a line of its own")
    assert _content(result) == _content(text)
    return result


def is_plain(text: str) -> bool:
    """Whether every reader takes this for a text when it has no quotes."""
    if text in _LETTERS or not text.isprintable() or not _PLAIN.fullmatch(text):
        return False
    return bool(yaml.safe_load(text) == text)


class _Representer(RoundTripRepresenter):
    """Decides which keys and short texts have quotes, and writes null as a word."""

    def represent_str(self, text: str) -> Any:
        style = None if is_plain(text) else "'"
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def represent_none(self, _: None) -> Any:
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(str, _Representer.represent_str)
_Representer.add_representer(type(None), _Representer.represent_none)


def _writer() -> YAML:
    writer = YAML()
    writer.Representer = _Representer
    writer.indent(mapping=_STEP, sequence=2 * _STEP, offset=_STEP)
    # Long texts are folded here already. The writer would break quoted ones too.
    writer.width = sys.maxsize
    return writer


def _style(value: Any, column: int) -> None:
    """Give this style to a map or a sequence whose lines begin at that column."""
    if isinstance(value, CommentedMap):
        members = list(value.items())
    elif isinstance(value, CommentedSeq):
        members = list(enumerate(value))
    else:
        return
    value.fa.set_block_style()
    for comments in value.ca.items.values():
        _straighten(comments)
    for name, part in members:
        before = f"{name}: " if isinstance(value, CommentedMap) else "- "
        if isinstance(part, str):
            value[name] = _text(str(part), column, len(before))
        else:
            _style(part, column + _STEP)


def _straighten(comments: list[Any]) -> None:
    """Put comments at the end of a line right behind what they are about."""
    for comment in comments:
        if comment is not None and not isinstance(comment, list) and comment.value.startswith("#"):
            comment.start_mark.column = 0


def _text(text: str, column: int, before: int) -> Any:
    """The text as it is written, with lines of its own if it needs them."""
    if "\n" in text:
        return LiteralScalarString(text)
    quotes = 0 if is_plain(text) else 2 + text.count("'")
    if column + before + len(text) + quotes <= WIDTH:
        return text
    return _folded(text, WIDTH - column - _STEP)


def _folded(text: str, width: int) -> Any:
    """The text in lines of that width; two spaces in a row would not survive that."""
    words = text.split(" ")
    if len(words) == 1 or not all(words):
        return text
    folded = FoldedScalarString(text)
    folded.fold_pos = []
    begin, end = 0, -1
    for word in words:
        if end + 1 + len(word) - begin > width:
            folded.fold_pos.append(end)
            begin = end + 1
        end += 1 + len(word)
    return folded


def _comments(text: str) -> list[tuple[str, str]]:
    """Each comment, with the first word of what follows it."""
    return [(match[1].strip(), match[2]) for match in _COMMENT.finditer(text)]


def _content(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def main(arguments: list[str]) -> int:
    """Write the files anew, or only name those that would change; the exit code."""
    wrong = []
    for file in files():
        text = file.read_text("utf-8")
        try:
            result = formatted(text)
        except ValueError as error:
            sys.exit(f"{file.relative_to(ROOT)}: {error}")
        if result != text:
            wrong.append(str(file.relative_to(ROOT)))
            if "--check" not in arguments:
                file.write_text(result, "utf-8")
    for name in wrong:
        sys.stdout.write(f"{name}\n")
    return int(bool(wrong) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

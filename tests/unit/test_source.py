"""YAML files are read as JSON would have them, and every value has its line."""

import os
import sys
from itertools import pairwise
from pathlib import Path as File
from typing import Any

import pytest

from mockserver.documents.source import Source
from mockserver.errors import OperatorError, Path

FILE = File("some.yaml")
TEXT = """# a comment
people:
- name: Ada
  phones: [1, 2]
-
  name: Bob
200: {text: fine}
"""


def content(text: str) -> Any:
    return Source(FILE, text).content


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("true", True, id="true"),
        pytest.param("null", None, id="null"),
        pytest.param("~", None, id="tilde"),
        pytest.param("", None, id="nothing"),
        pytest.param("12", 12, id="an integer"),
        pytest.param("1.5", 1.5, id="a float"),
        pytest.param("99999999999999999999", 99999999999999999999, id="a long integer"),
        pytest.param("2025-01-31", "2025-01-31", id="a date is a text"),
        pytest.param("2025-01-31T12:00:00Z", "2025-01-31T12:00:00Z", id="a moment is a text"),
        pytest.param("yes", "yes", id="yes is a text"),
        pytest.param("No", "No", id="No is a text"),
        pytest.param("on", "on", id="on is a text"),
        pytest.param("OFF", "OFF", id="OFF is a text"),
        pytest.param("True", "True", id="True is a text"),
        pytest.param("+12025550101", 12025550101, id="a phone number without quotes is a number"),
        pytest.param("'+12025550101'", "+12025550101", id="a phone number in quotes is a text"),
        pytest.param("é", "é", id="UTF-8"),
    ],
)
def test_a_scalar_is_what_json_would_make_of_it(text: str, value: Any) -> None:
    assert content(f"a: {text}") == {"a": value}


def test_every_key_is_a_text_as_it_is_written() -> None:
    assert content("{200: a, 1.50: b, true: c, null: d, 2025-01-31: e, '0': f}") == {
        "200": "a",
        "1.50": "b",
        "true": "c",
        "null": "d",
        "2025-01-31": "e",
        "0": "f",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            "a: 1\nb: 2\na: 3\n",
            "some.yaml:3: is not YAML: the key 'a' stands here twice",
            id="a key twice",
        ),
        pytest.param(
            "x:\n- {a: 1, a: 1}\n",
            "some.yaml:2: is not YAML: the key 'a' stands here twice",
            id="a key twice, deeper",
        ),
        pytest.param(
            "200: 1\n'200': 2\n",
            "some.yaml:2: is not YAML: the key '200' stands here twice",
            id="a number and its text",
        ),
        pytest.param(
            "a: [1", "some.yaml:2: is not YAML: did not find expected ',' or ']'", id="never closed"
        ),
        pytest.param(
            "a: b: c",
            "some.yaml:1: is not YAML: mapping values are not allowed in this context",
            id="two colons",
        ),
        pytest.param(
            "a: *b", "some.yaml:1: is not YAML: found undefined alias 'b'", id="an alias of nothing"
        ),
        pytest.param(
            "? [a]\n: 1", "some.yaml:1: is not YAML: found unhashable key", id="a list for a key"
        ),
        pytest.param(
            "a: 1\n---\nb: 1",
            "some.yaml:2: is not YAML: but found another document",
            id="two documents",
        ),
        pytest.param(
            "a: \0",
            "some.yaml:1: is not YAML: unacceptable character #x0000: control characters are not allowed",
            id="NUL",
        ),
        pytest.param(
            "a: !!binary aGk=",
            "some.yaml:1: is not YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:binary'",
            id="bytes",
        ),
        pytest.param(
            "\na: !!python/object:os.system x",
            "some.yaml:2: is not YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object:os.system'",
            id="code",
        ),
    ],
)
def test_what_json_does_not_have_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(OperatorError) as caught:
        content(text)
    assert str(caught.value) == sentence


def test_a_file_is_read_as_utf_8(tmp_path: File) -> None:
    file = tmp_path / "some.yaml"
    file.write_bytes("a: é".encode())
    assert Source(file).content == {"a": "é"}


def test_another_encoding_is_one_sentence(tmp_path: File) -> None:
    file = tmp_path / "some.yaml"
    file.write_bytes(b"a: \xe9")
    with pytest.raises(OperatorError) as caught:
        Source(file)
    assert str(caught.value) == f"{file}:1: is not UTF-8 (byte 3)"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("none.yaml", "No such file or directory", id="no file"),
        pytest.param(".", "Is a directory", id="folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(name: str, reason: str, tmp_path: File) -> None:
    with pytest.raises(OperatorError) as caught:
        Source(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: cannot be read: {reason}"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param((), 2, id="the whole"),
        pytest.param(("people",), 2, id="a key"),
        pytest.param(("people", 0), 3, id="an item"),
        pytest.param(("people", 0, "phones", 1), 4, id="an item in a line"),
        pytest.param(("people", 1, "name"), 6, id="a key in an item"),
        pytest.param(("people", 1, "email"), 6, id="a missing key: where its mapping begins"),
        pytest.param(("people", 2), 2, id="a missing item: where the list is"),
        pytest.param(("people", 0, "name", "first"), 3, id="deeper than the value"),
        pytest.param(("200", "text"), 7, id="a number for a key"),
        pytest.param(("none",), 2, id="nothing there"),
    ],
)
def test_a_value_has_its_line(path: Path, line: int) -> None:
    assert Source(FILE, TEXT).line(path) == line


def test_an_empty_file_has_one_line() -> None:
    assert Source(FILE, "").line(("a",)) == 1


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        pytest.param((), "some.yaml:2: is wrong", id="the whole"),
        pytest.param(("people", 1, "name"), "some.yaml:6: people[1].name: is wrong", id="a place"),
    ],
)
def test_a_problem_is_told_with_file_line_and_place(path: Path, sentence: str) -> None:
    assert Source(FILE, TEXT).sentence(path, "is wrong") == sentence


_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]\n" for last, name in pairwise("abcdefghijkl")
)
_DEEP = "it is nested more than 100 levels deep"
_MANY = "its aliases repeat more than 1000000 values"
_ITSELF = "it holds a value that contains itself"
_LONG = "a scalar of this kind has at most 4300 characters"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param("a:\n  " + "[" * 3000 + "]" * 3000, 2, _DEEP, id="3,000 levels"),
        pytest.param("[" * 100_000, 1, _DEEP, id="100,000 levels"),
        pytest.param("{a: " * 100_000, 1, _DEEP, id="100,000 mappings"),
        pytest.param("- " * 100_000 + "x", 1, _DEEP, id="100,000 dashes"),
        pytest.param("? " * 100_000 + "x", 1, _DEEP, id="100,000 keys of keys"),
        pytest.param(_BOMB, 7, _MANY, id="an alias bomb"),
        pytest.param(
            "a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\nb:\n  <<: ["
            + ", ".join(["*a"] * 1000) + "]",
            3, _MANY, id="a bomb of merges",
        ),
        pytest.param("x: 1\na: &a\n- *a", 3, _ITSELF, id="a list in itself"),
        pytest.param("a: &a\n  <<: *a", 2, _ITSELF, id="a mapping merged with itself"),
        pytest.param("a: &x 1\nb: &x 2", 2, "the anchor 'x' stands here twice", id="an anchor twice"),
        pytest.param("\na: !!bool x", 2, "'x' is no bool", id="no bool"),
        pytest.param("a: !!int x", 1, "'x' is no int", id="no integer"),
        pytest.param("a: !!int ''", 1, "'' is no int", id="an empty integer"),
        pytest.param("a: !!float [x]", 1, "expected a scalar node, but found sequence", id="no scalar"),
        pytest.param("a: " + "9" * 5000, 1, _LONG, id="5,000 digits"),
        pytest.param("a: 0x" + "f" * 5000, 1, _LONG, id="5,000 hex digits"),
        pytest.param("a: 1" + ":59" * 100_000, 1, _LONG, id="sexagesimal digits"),
        pytest.param(
            "? " + "k" * 100_000 + "\n: 1\n? " + "k" * 100_000 + "\n: 2",
            3, "the key '" + "k" * 59 + "... stands here twice", id="a long key twice",
        ),
        pytest.param("a: &a {x: 1}\nb:\n  <<: *a\n  x: 2", 4, "the key 'x' stands here twice", id="merged twice"),
        pytest.param("a: 1\nb: \x1b[31m", 2, "unacceptable character #x001b: control characters are not allowed", id="an escape"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_one_sentence_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(OperatorError) as caught:
        content(text)
    assert str(caught.value) == f"some.yaml:{line}: is not YAML: {problem}"


def test_many_levels_and_aliases_are_read() -> None:
    assert content("a: &a [x]\nb: [*a, *a]\nc:\n  <<: {d: *a}")["c"] == {"d": ["x"]}
    assert str(content("[" * 99 + "]" * 99)).count("[") == 99


def test_a_pipe_is_no_file(tmp_path: File) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OperatorError, match="cannot be read: it is no regular file"):
        Source(tmp_path / "pipe")


def test_a_file_that_is_too_large_is_not_read(tmp_path: File) -> None:
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OperatorError, match="is larger than 256 MB"):
        Source(tmp_path / "large.yaml")


def test_a_name_that_no_file_can_have_is_one_sentence() -> None:
    with pytest.raises(OperatorError, match=r"cannot be read: .*embedded null"):
        Source(File("a\0b"))


@pytest.mark.usefixtures("bytecode_is_written")
@pytest.mark.parametrize("damage", [b"null", b"", b"[" * 100_000, b"{}\n{}", b"\xff\n\xff"])
def test_damaged_kept_content_is_not_used(damage: bytes, tmp_path: File) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(TEXT, "utf-8")
    Source(file).keep()
    (kept,) = (tmp_path / "__pycache__").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage)
    assert Source.kept(file) is None
    kept.write_bytes(whole.partition(b"\n")[0] + b"\n" + damage)
    assert Source.kept(file) is None
    kept.write_bytes(whole)
    assert Source.kept(file) is not None


@pytest.fixture
def bytecode_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.mark.usefixtures("bytecode_is_written")
def test_kept_content_is_used_until_the_file_changes(tmp_path: File) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(TEXT, "utf-8")
    before = Source.kept(file)
    Source(file).keep()
    kept = Source.kept(file)
    file.write_text(TEXT + "more: 1\n", "utf-8")
    assert (before, kept and kept.content, Source.kept(file)) == (None, content(TEXT), None)


@pytest.mark.usefixtures("bytecode_is_written")
def test_kept_content_still_knows_its_lines(tmp_path: File) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(TEXT, "utf-8")
    Source(file).keep()
    kept = Source.kept(file)
    assert kept is not None
    assert kept.line(("people", 1, "name")) == 6


@pytest.mark.usefixtures("bytecode_is_written")
def test_it_is_kept_in_memory_where_the_folder_cannot_be_written(tmp_path: File) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(TEXT, "utf-8")
    (tmp_path / "__pycache__").write_text("in the way", "utf-8")
    source = Source(file)
    source.keep()
    kept = Source.kept(file)
    assert kept is not None
    assert kept.content == source.content


def test_it_is_kept_in_memory_where_no_bytecode_is_written(
    tmp_path: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "some.yaml"
    file.write_text(TEXT, "utf-8")
    source = Source(file)
    source.keep()
    kept = Source.kept(file)
    assert kept is not None
    assert (list(tmp_path.iterdir()), kept.content) == ([file], source.content)
    file.write_text(TEXT + "more: 1\n", "utf-8")
    assert Source.kept(file) is None

"""The documents and fixtures are YAML that every reader takes for the same."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from mockserver.documents.source import Source
from tools.yaml_style import ROOT, files, formatted, is_plain

FILES = sorted(files())
NAMES = [str(file.relative_to(ROOT)) for file in FILES]


def plain_texts(text: str) -> Iterator[str]:
    for token in yaml.scan(text, yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken) and token.plain:
            yield token.value


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_only_what_is_empty_stands_in_braces(file: Path) -> None:
    opening = yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken
    closing = yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken
    tokens = list(yaml.scan(file.read_text("utf-8"), yaml.SafeLoader))
    for token, following in pairwise(tokens):
        if isinstance(token, opening):
            assert isinstance(following, closing), token.start_mark


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_text_without_quotes_has_no_character_that_a_reader_may_take_for_something_else(
    file: Path,
) -> None:
    for text in plain_texts(file.read_text("utf-8")):
        assert not set(text) & set(":,#{}[]"), text


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_line_has_a_hundred_characters_at_most(file: Path) -> None:
    for line in file.read_text("utf-8").splitlines():
        assert len(line) <= 100, line


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_readers_of_both_versions_of_yaml_read_what_this_server_reads(file: Path) -> None:
    text = file.read_text("utf-8")
    content = Source(file).content
    assert yaml.load(text, yaml.SafeLoader) == content
    for version in ("1.1", "1.2"):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        assert reader.load(text) == content


@pytest.mark.parametrize(
    "text",
    [
        *("a: b", "a:", "a,b", "a #b", "a{b", "a}", "[a", "a]", "{}", "'a'", '"a"', "-", "- a"),
        *("?", "? a", "!a", "&a", "*a", "|", ">", "%a", "@a", "`a", " a", "a ", "", "a\nb", "a\tb"),
        *("yes", "No", "on", "OFF", "y", "N", "true", "False", "null", "Null", "~"),
        *("1", "-1", "+1", "0x1f", "0o17", "017", "1_000", "1e3", ".5", ".inf", ".NaN", "12:30"),
        *("2025-01-31", "2025-01-31T10:00:00Z", "<<", "=", "1.0.2", "---", "...", "http://a"),
    ],
)
def test_what_some_reader_would_not_take_for_this_text_has_quotes(text: str) -> None:
    assert not is_plain(text)


@pytest.mark.parametrize("text", ["a", "The lead's name", "/pricing", "$ref", "_a", "a.b", "a-b c"])
def test_simple_words_need_no_quotes(text: str) -> None:
    assert is_plain(text)


def test_formatting_keeps_comments_and_content_and_folds_long_texts() -> None:
    text = f"""\
# first
a:   # behind
  {{b: [1, 'no'], "c,d": {{}}}}
# before
e: "{"word " * 30}end"
f:
- g: |
    two
    lines
"""
    assert (
        formatted(text)
        == f"""\
# first
a: # behind
  b:
    - 1
    - 'no'
  'c,d': {{}}
# before
e: >-
  {"word " * 18}word
  {"word " * 11}end
f:
  - g: |
      two
      lines
"""
    )


def test_formatting_refuses_a_file_whose_comments_it_could_not_keep() -> None:
    with pytest.raises(ValueError, match="give it a line of its own"):
        formatted("a: {b: c} # behind\n# before\nd: e\n")

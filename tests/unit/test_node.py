"""The messages of JSON.parse beside those of the Node that this machine has."""

import json
import shutil
import subprocess
from random import Random

import pytest

from mockserver.dialects.v8 import complaint
from mockserver.wire import write_json

NODE = shutil.which("node")
VERSION = "20"
"""The release whose words the server has (`docs/fidelity.md`)."""

PARSE = """
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const words = text => { try { JSON.parse(text); return null; } catch (error) { return error.message; } };
process.stdout.write(JSON.stringify(texts.map(words)));
"""
ALPHABET = [*'{}[]:,"-+.eE0123456789tfnrulasx\\/\n\t\x00 ', "é", "ÿ", "€", "😀", "\u2028"]
SOUND = [
    '{"email": "ada@example.com", "value": 12.5e-3, "custom": {"a": [1, -0, true, null]}}',
    '[["\\u00e9\\n", "😀", {}], [], "\\ud83d\\ude00", false, 1E+9]',
    '{"": {"b": "\\\\"}, "c": 0.25, "d": [{"e": "ÿ€"}]}',
    '"text"',
    " -1.5 ",
]
DRAWN = 4000


def draw(random: Random) -> str:
    """A sound text with some characters put in, taken out or changed, and perhaps cut off."""
    signs = list(random.choice(SOUND))
    for _ in range(random.randint(0, 3)):
        at = random.randrange(len(signs) + 1)
        removed = random.choice([0, 1, 1, random.randint(0, 9)])
        signs[at : at + removed] = random.choices(ALPHABET, k=random.choice([0, 1, 1, 2]))
    if random.random() < 0.3:
        del signs[random.randrange(len(signs) + 1) :]
    return "".join(signs)


def node(code: str, given: bytes) -> str:
    """What this machine's Node prints."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", code], input=given, capture_output=True, timeout=30, check=True
    )
    return done.stdout.decode()


@pytest.fixture(autouse=True, scope="module")
def the_right_node() -> None:
    """Skip where there is no Node of the release whose words these are."""
    if NODE is None:
        pytest.skip("there is no `node` on this machine's PATH to ask")
    version = node("process.stdout.write(process.versions.node)", b"")
    if version.partition(".")[0] != VERSION:
        pytest.skip(f"this machine's Node is {version}; the words are those of Node {VERSION}")


def test_node_says_the_same_of_texts_that_are_no_json() -> None:
    random = Random(20)
    texts = [draw(random) for _ in range(DRAWN)]
    said = json.loads(node(PARSE, json.dumps(texts).encode()))
    others = [
        (text, words, complaint(text))
        for text, words in zip(texts, said, strict=True)
        if complaint(text) != words
    ]
    assert others == []
    assert sum(words is not None for words in said) > DRAWN // 2


def test_half_a_surrogate_pair_is_written_as_node_writes_it() -> None:
    values = ["\ud83d", "a\udfffb", "😀\ud83d", {"\udc00": ["\udbff€"]}]
    code = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8'))))"
    assert write_json(values).decode() == node(code, json.dumps(values).encode())

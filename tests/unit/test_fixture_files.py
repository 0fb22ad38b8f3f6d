"""A folder of YAML files is one fixture, and each problem is told of the file that has it."""

import dataclasses
from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import pytest

from mockserver.documents.fixture_files import FixtureFiles
from mockserver.errors import FixtureError, UnreadableError
from mockserver.fixtures import Fixture
from mockserver.vendor import Vendor
from tests.unit import tiny

Write = Callable[..., File]

VENDORS: tuple[Vendor, ...] = (tiny.vendor(), dataclasses.replace(tiny.vendor(), name="other"))


TOP = ("accounts", "clock", "settings", "tiny", "other")


@pytest.fixture
def write(tmp_path: File) -> Write:
    """Writes files by their names and returns their folder."""

    def write(**texts: str) -> File:
        for name, text in texts.items():
            (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
        return tmp_path

    return write


def sentences(folder: File) -> list[str]:
    """What is said of a bad fixture, without the folder in front of each file."""
    with pytest.raises((FixtureError, UnreadableError)) as caught:
        Fixture(folder, VENDORS, seed=1)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_the_files_of_a_folder_are_one_fixture(write: Write) -> None:
    folder = write(
        a="accounts: [me, you]\ntiny: {people: [{name: Ada}]}\nsettings: {tiny: {size: 4}}\n",
        b="accounts: [you, they]\nsettings: {tiny: {loud: true}, other: {colour: blue}}\n",
        c="",
        d="other: {people: [{id: 7, name: Grace}]}\nclock: 2025-01-31T12:00:00Z\n",
    )
    content: Any = {
        "accounts": ["me", "you", "they"],
        "tiny": {"people": [{"name": "Ada"}]},
        "settings": {"tiny": {"size": 4, "loud": True}, "other": {"colour": "blue"}},
        "other": {"people": [{"id": 7, "name": "Grace"}]},
        "clock": "2025-01-31T12:00:00Z",
    }
    fixture = Fixture(folder, VENDORS, seed=1)
    assert FixtureFiles(folder).content == content
    assert fixture.accounts == frozenset({"me", "you", "they"})
    assert [*fixture.workspace.tables["other"]["people"].rows] == [7]


def test_other_files_hidden_files_and_folders_in_a_folder_do_not_count(
    write: Write, tmp_path: File
) -> None:
    for name in (".hidden.yaml", "notes.txt", "schema.json"):
        (tmp_path / name).write_text("a: [", "utf-8")
    (tmp_path / "more.yaml").mkdir()
    (tmp_path / "z.yml").write_text("accounts: [you]", "utf-8")
    assert FixtureFiles(write(a="accounts: [me]")).content == {"accounts": ["me", "you"]}


def test_an_empty_folder_is_refused(tmp_path: File) -> None:
    assert sentences(tmp_path) == [f"{tmp_path}: is a folder without a YAML file (*.yaml, *.yml)"]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        pytest.param("tiny: {}", "\ntiny: {people: []}", ["b.yaml:2: tiny: stands in a.yaml too"], id="a section"),
        pytest.param("clock: {shift_seconds: 1}", "clock: {shift_seconds: 1}", ["b.yaml:1: clock: stands in a.yaml too"], id="the clock"),
        pytest.param("settings: {tiny: {size: 4, loud: true}}", "settings:\n  tiny: {colour: red,\n    size: 4}", ["b.yaml:3: settings.tiny.size: stands in a.yaml too"], id="a setting"),
        pytest.param("accounts: me", "accounts: [you]", ['a.yaml:1: accounts: "me" is not of type "array"', "b.yaml:1: accounts: stands in a.yaml too"], id="accounts that are no list"),
        pytest.param("settings: 5", "settings: {tiny: {size: 4}}", ['a.yaml:1: settings: 5 is not of type "object"', "b.yaml:1: settings: stands in a.yaml too"], id="settings that are none"),
        pytest.param("tiny: {}", "- 1", ["b.yaml:1: must hold an object, like every file of the folder"], id="a file that is no fixture"),
    ],
)  # fmt: skip  # one line a sentence reads best
def test_what_stands_in_two_files_is_a_problem_that_names_both(
    first: str, second: str, said: list[str], write: Write
) -> None:
    folder = write(a=first, b=second)
    assert [line.replace(f"{folder}/", "") for line in sentences(folder)] == said


def test_each_problem_is_told_of_its_file_in_the_order_of_files_and_lines(write: Write) -> None:
    folder = write(
        a="accounts: [me]\nsettings:\n  tiny: {size: 0}\ntiny: {people: [{}]}\n",
        b="accounts:\n- you\n- 5\nsettings: {tiny: {colour: green}, nobody: {}}\nother:\n  people:\n  - {name: Ada, id: 1}\n  - {name: Ada, id: 1}\n",
        c="clock: noon\nleads: []\n",
    )
    assert sentences(folder) == [
        "a.yaml:3: settings.tiny.size: must be at least 1",
        "a.yaml:4: tiny.people[0].name: is required",
        'b.yaml:3: accounts[1]: 5 is not of type "string"',
        "b.yaml:4: settings.tiny.colour: must be one of red, blue",
        "b.yaml:4: settings.nobody: is no vendor; the vendors are tiny, other",
        "b.yaml:8: other.people[1].id: the id 1 stands twice in people",
        'c.yaml:1: clock: "noon" is no time; give one like 2025-01-31T12:00:00Z',
        f"c.yaml:2: leads: is no property here; the properties are {', '.join(TOP)}",
    ]


def test_every_file_that_cannot_be_read_is_named(write: Write, tmp_path: File) -> None:
    (tmp_path / "c.yaml").write_bytes(b"\xff")
    assert sentences(write(a="a: [", b="tiny: {}")) == [
        "a.yaml:2: is not YAML: did not find expected node content",
        "c.yaml:1: is not UTF-8 (byte 0)",
    ]


def test_a_file_that_is_no_yaml_hides_no_problem_of_the_others_and_makes_up_none(
    write: Write,
) -> None:
    folder = write(a="tiny: [", b="other: {people: [{name: 5}, {nick: Ada}]}", c="clock: noon")
    assert sentences(folder) == [
        "a.yaml:2: is not YAML: did not find expected node content",
        'b.yaml:1: other.people[0].name: 5 is not of type "string"',
        "b.yaml:1: other.people[1].nick: is no property here; the properties are id, name",
        "b.yaml:1: other.people[1].name: is required",
        'c.yaml:1: clock: "noon" is no time; give one like 2025-01-31T12:00:00Z',
    ]


def test_several_fixtures_are_added_to_each_other_in_their_order(tmp_path: File) -> None:
    texts = {
        "a": "accounts: [me]\nsettings: {tiny: {size: 4}}\ntiny: {people: [{id: 1, name: Ada}]}\n",
        "b": "accounts: [you]\ntiny: {people: [{id: 1, name: Jo}, {id: 2, name: Lu}]}\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    fixture = Fixture([tmp_path / name for name in texts], VENDORS, seed=1)
    people = fixture.workspace.tables["tiny"]["people"].rows
    assert {id: row["name"] for id, row in people.items()} == {1: "Jo", 2: "Lu"}
    assert fixture.workspace.settings["tiny"]["size"] == 4
    assert fixture.accounts == frozenset({"me", "you"})


def test_a_vendor_without_a_file_has_an_empty_section(write: Write) -> None:
    workspace = Fixture(write(a="tiny: {people: [{name: Ada}]}"), VENDORS, seed=1).workspace
    people = {name: len(group["people"].rows) for name, group in workspace.tables.items()}
    assert people == {"tiny": 1, "other": 0}

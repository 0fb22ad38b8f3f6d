"""A seed file that breaks rules is refused as a whole, each problem with its file, line and place."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path as File
from typing import Any

import pytest

from mockserver.app import load_vendors
from mockserver.errors import FixtureError, Problem
from mockserver.fixtures import BUNDLED, Fixture, fixture_file
from mockserver.resources import folder
from mockserver.state import Transaction
from mockserver.vendor import Seeding, Vendor
from tests.unit import tiny

Write = Callable[[str], File]


@pytest.fixture
def write(tmp_path: File) -> Write:
    """Writes a fixture to `seed.yaml` and returns the file."""

    def write(text: str) -> File:
        file = tmp_path / "seed.yaml"
        file.write_text(text, "utf-8")
        return file

    return write


def sentences(file: File, *vendors: Vendor) -> list[str]:
    """What is said of a bad fixture, without the file's name in front."""
    with pytest.raises(FixtureError) as caught:
        Fixture(file, vendors, seed=1)
    return sorted(line.removeprefix(f"{file}:") for line in str(caught.value).splitlines())


def with_seeder(seed: Callable[[Mapping[str, Any], Transaction, Seeding], Iterable[Problem]], name: str = "tiny") -> Vendor:
    return replace(tiny.vendor(), name=name, seed=seed)


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_fixture_is_known_by_its_name_and_has_no_problem(name: str) -> None:
    file = fixture_file(name)
    assert (file, Fixture(file, load_vendors(), seed=1).accounts) == (folder("fixtures") / f"{name}.yaml", frozenset())


def test_any_other_name_is_a_file() -> None:
    assert fixture_file("some/seed.yaml") == File("some/seed.yaml")


def test_an_empty_file_is_an_empty_fixture(write: Write) -> None:
    workspace = Fixture(write(""), (tiny.vendor(),), seed=5).workspace
    assert (workspace.name, workspace.seed, workspace.settings, workspace.tables["tiny"]["people"].rows) == (
        "seed",
        5,
        {"tiny": {"colour": "red", "unknown_references": "refuse", "size": 3, "loud": False}},
        {},
    )


def test_a_fixture_declares_accounts_settings_and_time(write: Write) -> None:
    text = "accounts: [me, you]\nclock: 2025-01-31T12:00:00+02:00\nsettings: {tiny: {colour: blue, size: 4, loud: true}}\n"
    fixture = Fixture(write(text), (tiny.vendor(),), seed=1)
    assert (fixture.accounts, fixture.workspace.clock.now(), fixture.workspace.settings["tiny"]) == (
        frozenset({"me", "you"}),
        datetime(2025, 1, 31, 10, tzinfo=UTC),
        {"colour": "blue", "unknown_references": "refuse", "size": 4, "loud": True},
    )


@pytest.mark.parametrize("moment", ["2025-01-31T12:00:00Z", "2025-01-31t12:00:00z", "2025-01-31T12:00:00.0+00:00"])
def test_the_time_is_kept_in_utc(moment: str, write: Write) -> None:
    now = Fixture(write(f"clock: {moment}"), (), seed=1).workspace.clock.now()
    assert (now, now.tzinfo) == (datetime(2025, 1, 31, 12, tzinfo=UTC), UTC)


def test_a_seeder_is_told_time_seed_and_settings(write: Write) -> None:
    told: list[Seeding] = []

    def seed(section: Mapping[str, Any], tx: Transaction, seeding: Seeding) -> Iterable[Problem]:
        told.append(seeding)
        return ()

    Fixture(write("clock: 2025-01-31T12:00:00Z\nsettings: {tiny: {size: 4}}\n"), (with_seeder(seed),), seed=7)
    settings = {"colour": "red", "unknown_references": "refuse", "size": 4, "loud": False}
    assert told == [Seeding(datetime(2025, 1, 31, 12, tzinfo=UTC), 7, settings)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("- 1", ['1: [1] is not of type "object"'], id="a list"),
        pytest.param("text", ['1: "text" is not of type "object"'], id="a text"),
        pytest.param("a: [", ["2: is not YAML: did not find expected node content"], id="no YAML"),
        pytest.param("clock: x\nclock: y", ["2: is not YAML: the key 'clock' stands here twice"], id="a key twice"),
        pytest.param("\nleads: []\n7: 1", ["2: leads: is no property here", "3: 7: is no property here"], id="unknown sections"),
        pytest.param("clock: 2025-02-30T00:00:00Z", ['1: clock: "2025-02-30T00:00:00Z" is not a "date-time"'], id="no such day"),
        pytest.param("accounts:\n- me\n- 5\n- ''", [
            '3: accounts[1]: 5 is not of type "string"',
            '4: accounts[2]: "" is shorter than 1 character',
        ], id="bad accounts"),
        pytest.param("accounts: 1\nclock: 2\nsettings: 3", [
            '1: accounts: 1 is not of type "array"',
            '2: clock: 2 is not of type "string"',
            '3: settings: 3 is not of type "object"',
        ], id="everything of the wrong kind"),
        pytest.param("settings:\n  other: {colour: red}\n  tiny:\n    hue: red\n    colour: green\n    size: big\n    loud: 1", [
            "2: settings.other: is no vendor; the vendors are tiny",
            "4: settings.tiny.hue: is no setting; the settings are colour, unknown_references, size, loud",
            "5: settings.tiny.colour: must be one of red, blue",
            "6: settings.tiny.size: must be an integer, like 3",
            "7: settings.tiny.loud: must be true or false",
        ], id="bad settings"),
    ],
)  # fmt: skip  # one line a sentence reads best
def test_each_problem_is_told_with_its_line_and_place(text: str, said: list[str], write: Write) -> None:
    assert sentences(write(text), tiny.vendor()) == said


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: File) -> None:
    with pytest.raises(FixtureError) as caught:
        Fixture(tmp_path / "none.yaml", (), seed=1)
    assert str(caught.value) == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"


def test_the_problems_of_settings_and_of_every_seeder_are_told_at_once(write: Write) -> None:
    def seed(section: Mapping[str, Any], tx: Transaction, seeding: Seeding) -> Iterable[Problem]:
        yield Problem(("leads", 0), "reference", "is nobody")
        yield Problem(("leads", 1), "reference", "is nobody either")

    vendors = with_seeder(seed, "sela"), with_seeder(seed, "octanist")
    said = sentences(write("settings: {sela: {size: x}}\nsela:\n  leads: []\noctanist: {}\n"), *vendors)
    assert said == [
        "1: settings.sela.size: must be an integer, like 3",
        "3: sela.leads[0]: is nobody",
        "3: sela.leads[1]: is nobody either",
        "4: octanist.leads[0]: is nobody",
        "4: octanist.leads[1]: is nobody either",
    ]


@pytest.mark.parametrize("vendor", [pytest.param(each, id=each.name) for each in load_vendors()])
def test_every_vendor_refuses_a_lead_that_is_none(vendor: Vendor, write: Write) -> None:
    said = sentences(write(f"{vendor.name}:\n  leads:\n  - 5\n  - {{no_such_field: 1}}\n"), vendor)
    assert {line.partition(":")[0] for line in said} == {"3", "4"}

"""A fixture is loaded as a whole or not at all, each problem told with its place: the file and line of a seed file, the path in JSON."""

import dataclasses
import json
from collections.abc import Callable, Iterable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.app import load_vendors
from mockserver.documents.fixture_files import FixtureFiles
from mockserver.documents.resources import folder
from mockserver.errors import FixtureError, Refusal, UnreadableError
from mockserver.fixtures import Fixture, export, fixture_file, merge, replace
from mockserver.sections import ID, TEXT, Reading, Section, SectionTable, Seeding
from mockserver.state.changes import Row
from mockserver.state.transaction import Transaction
from mockserver.vendor import Vendor
from mockserver.workspaces import Workspace
from tests.unit import tiny
from tests.world import FEW, PEOPLE, freeze, switch

Write = Callable[[str], File]
Load = Callable[[Workspace, Any, tuple[Vendor, ...]], None]

VENDORS = load_vendors()
DEMO = Fixture(PEOPLE, VENDORS, seed=1)
NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)
SECTIONS = {vendor.name: vendor.section.schema["properties"] for vendor in VENDORS}
TIME = "2025-01-31T04:00:00-08:00"


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


def no_property(known: Iterable[str], meant: str = "") -> str:
    """What is said of a property with another name than these."""
    return f"is no property here{meant}; the properties are {', '.join(known)}"


def columns(vendor: str, table: str) -> list[str]:
    return list(SECTIONS[vendor][table]["items"]["properties"])


TOP = ["accounts", "clock", "settings"]


def with_people(name: str = "tiny", **more: Any) -> Vendor:
    """A vendor of that name with people, and more said about them."""
    people = SectionTable("people", {"id": ID, "name": TEXT}, required=("name",), **more)
    return dataclasses.replace(tiny.vendor(), name=name, section=Section((people,)))


def nobody(value: str, seeding: Seeding) -> str:
    raise ValueError(value)


@pytest.mark.parametrize(("name", "file"), [("demo", "demo"), ("empty", "empty.yaml")])
def test_a_bundled_fixture_is_known_by_its_name_and_has_no_problem(name: str, file: str) -> None:
    found = fixture_file(name)
    assert (found, Fixture(found, load_vendors(), seed=1).accounts) == (
        folder("fixtures") / file,
        frozenset(),
    )


def test_the_demo_has_a_file_for_each_vendor() -> None:
    files = {file.stem for file in fixture_file("demo").glob("*.yaml")}
    assert files == {vendor.name for vendor in VENDORS}


def test_any_other_name_is_a_file() -> None:
    assert fixture_file("some/seed.yaml") == File("some/seed.yaml")


def test_a_fixture_may_add_outcomes_before_any_document_is_served(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for vendor in VENDORS:
        monkeypatch.setattr(vendor.lifecycle, "_schemas", {})
    fixture = """
        nlpearl:
          outcomes: {resold: {extends: success, parts: {lead: {status: 110}}}}
          stories: {again: [{outcome: resold, fields: {summary: Sold again}}]}
        """
    assert Fixture(write(fixture), VENDORS, seed=1).accounts == frozenset()
    wrong = fixture.replace("110", "3").replace("summary", "colour")
    with pytest.raises(FixtureError, match=r"parts\.lead\.status: 3 is no value of the document"):
        Fixture(write(wrong), VENDORS, seed=1)


def test_a_part_of_several_kinds_has_the_problems_of_the_kind_that_it_is(write: Write) -> None:
    fixture = """\
nlpearl:
  stories:
    odd:
    - {outcome: success, durations: 5}
    - 7
    - ''
    - {outcome: success, after: [1]}
"""
    steps = "outcome, after, duration, collected, fields"
    assert sentences(write(fixture), *VENDORS) == [
        (
            "4: nlpearl.stories.odd[0].durations: is no property here (did you mean duration?); the "
            f"properties are {steps}"
        ),
        "5: nlpearl.stories.odd[1]: 7 is none of what may stand here: string, object",
        '6: nlpearl.stories.odd[2]: "" is shorter than 1 character',
        '7: nlpearl.stories.odd[3].after: [1] is not of types "number", "string"',
    ]


def test_an_empty_file_is_an_empty_fixture(write: Write) -> None:
    workspace = Fixture(write(""), (tiny.vendor(),), seed=5).workspace
    assert (
        workspace.name,
        workspace.seed,
        workspace.settings,
        dict(workspace.tables["tiny"]["people"].rows),
    ) == (
        "seed",
        5,
        {
            "tiny": {
                "colour": "red",
                "unknown_references": "refuse",
                "size": 3,
                "loud": False,
                "magic": "on",
                "cors": "off",
            }
        },
        {},
    )


def test_a_fixture_declares_accounts_settings_and_time(write: Write) -> None:
    text = "accounts: [me, you]\nclock: 2025-01-31T12:00:00+02:00\nsettings: {tiny: {colour: blue, size: 4, loud: true}}\n"
    fixture = Fixture(write(text), (tiny.vendor(),), seed=1)
    assert (
        fixture.accounts,
        fixture.workspace.clock.now(),
        fixture.workspace.settings["tiny"],
    ) == (
        frozenset({"me", "you"}),
        datetime(2025, 1, 31, 10, tzinfo=UTC),
        {
            "colour": "blue",
            "unknown_references": "refuse",
            "size": 4,
            "loud": True,
            "magic": "on",
            "cors": "off",
        },
    )


@pytest.mark.parametrize(
    "moment", ["2025-01-31T12:00:00Z", "2025-01-31t12:00:00z", "2025-01-31T12:00:00.0+00:00"]
)
def test_the_time_is_kept_in_utc(moment: str, write: Write) -> None:
    now = Fixture(write(f"clock: {moment}"), (), seed=1).workspace.clock.now()
    assert (now, now.tzinfo) == (datetime(2025, 1, 31, 12, tzinfo=UTC), UTC)


def test_a_row_is_completed_with_time_seed_and_settings(write: Write) -> None:
    told: list[Seeding] = []

    def complete(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
        told.append(seeding)
        return row

    text = (
        "clock: 2025-01-31T12:00:00Z\nsettings: {tiny: {size: 4}}\ntiny: {people: [{name: Ada}]}\n"
    )
    Fixture(write(text), (with_people(complete=complete),), seed=7)
    settings = {
        "colour": "red",
        "unknown_references": "refuse",
        "size": 4,
        "loud": False,
        "magic": "on",
        "cors": "off",
    }
    assert told == [Seeding(datetime(2025, 1, 31, 12, tzinfo=UTC), 7, settings)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("- 1", ['1: [1] is not of type "object"'], id="a list"),
        pytest.param("text", ['1: "text" is not of type "object"'], id="a text"),
        pytest.param("a: [", ["2: is not YAML: did not find expected node content"], id="no YAML"),
        pytest.param("clock: x\nclock: y", ["2: is not YAML: the key 'clock' stands here twice"], id="a key twice"),
        pytest.param("\nleads: []\n7: 1", [f"{place}: {no_property([*TOP, 'tiny'])}" for place in ("2: leads", "3: 7")], id="unknown sections"),
        pytest.param("clock: 2025-02-30T00:00:00Z", ['1: clock: "2025-02-30T00:00:00Z" is no time; give one like 2025-01-31T12:00:00Z'], id="no such day"),
        pytest.param("accounts:\n- me\n- 5\n- ''", [
            '3: accounts[1]: 5 is not of type "string"',
            '4: accounts[2]: "" is shorter than 1 character',
        ], id="bad accounts"),
        pytest.param("accounts: 1\nclock: 2\nsettings: 3", [
            '1: accounts: 1 is not of type "array"',
            '2: clock: 2 is not of types "string", "object"',
            '3: settings: 3 is not of type "object"',
        ], id="everything of the wrong kind"),
        pytest.param("settings:\n  other: {colour: red}\n  tiny:\n    hue: red\n    colour: green\n    size: big\n    loud: 1", [
            "2: settings.other: is no vendor; the vendors are tiny",
            "4: settings.tiny.hue: is no setting; the settings are colour, unknown_references, size, loud, magic, cors",
            "5: settings.tiny.colour: must be one of red, blue",
            "6: settings.tiny.size: must be an integer, like 3",
            "7: settings.tiny.loud: must be true or false",
        ], id="bad settings"),
        pytest.param("settings: {tiny: {size: 0}}", ["1: settings.tiny.size: must be at least 1"], id="a setting out of its range"),
    ],
)  # fmt: skip  # one line a sentence reads best
def test_each_problem_is_told_with_its_line_and_place(
    text: str, said: list[str], write: Write
) -> None:
    assert sentences(write(text), tiny.vendor()) == said


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: File) -> None:
    with pytest.raises(UnreadableError) as caught:
        Fixture(tmp_path / "none.yaml", (), seed=1)
    assert (
        str(caught.value) == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"
    )


def test_the_problems_of_settings_and_of_every_section_are_told_at_once(write: Write) -> None:
    readings = {"name": Reading(nobody, "name", "{!r} is nobody")}
    vendors = with_people("one", readings=readings), with_people("two", readings=readings)
    text = "settings: {one: {size: x}}\none:\n  people: [{name: a},\n    {name: b}]\ntwo: {people: [{name: c}]}\n"
    assert sentences(write(text), *vendors) == [
        "1: settings.one.size: must be an integer, like 3",
        "3: one.people[0].name: 'a' is nobody",
        "4: one.people[1].name: 'b' is nobody",
        "5: two.people[0].name: 'c' is nobody",
    ]


def test_problems_are_told_in_the_order_of_the_file(write: Write) -> None:
    file = write(
        "settings: {sela: {page_size: 0}}\nsela:\n  leads:\n  - {phone_number: '12'}\n  - {phone_number: '+12025550199', status: NOPE}\nclock: noon\n"
    )
    with pytest.raises(FixtureError) as caught:
        Fixture(file, VENDORS, seed=1)
    assert [line.split(":")[1:3] for line in str(caught.value).splitlines()] == [
        ["1", " settings.sela.page_size"],
        ["4", " sela.leads[0].phone_number"],
        ["5", " sela.leads[1].status"],
        ["6", " clock"],
    ]


@pytest.mark.parametrize("vendor", [pytest.param(each, id=each.name) for each in load_vendors()])
def test_every_vendor_refuses_a_lead_that_is_none(vendor: Vendor, write: Write) -> None:
    said = sentences(write(f"{vendor.name}:\n  leads:\n  - 5\n  - {{no_such_field: 1}}\n"), vendor)
    assert {line.partition(":")[0] for line in said} == {"3", "4"}


def demo() -> Workspace:
    """A workspace with the demo fixture, at a fixed time."""
    workspace = Workspace("demo", DEMO.origin)
    freeze(workspace, NOW)
    return workspace


def contents(workspace: Workspace) -> Any:
    """Everything that a fixture can change, to the byte."""
    tables = {
        f"{vendor} {name}": (
            json.dumps([*table.rows.items()]),
            [place for place, _ in table.placed_rows()],
            table.last_number,
            table.save().indexes,
        )
        for vendor, group in workspace.tables.items()
        for name, table in group.items()
    }
    return tables, workspace.settings, workspace.clock.frozen, workspace.clock.shift


def rows(workspace: Workspace, vendor: str = "sela", table: str = "leads") -> dict[Any, Row]:
    return dict(workspace.tables[vendor][table].rows)


def refused(load: Load, content: Any) -> list[tuple[Any, str]]:
    """Path and message of each problem with a fixture that leaves the demo as it was."""
    workspace = demo()
    before = contents(workspace)
    with pytest.raises(Refusal) as caught:
        load(workspace, content, VENDORS)
    assert (caught.value.kind, contents(workspace)) == ("invalid", before)
    return sorted((problem.path, problem.message) for problem in caught.value.problems)


BOTH = pytest.mark.parametrize(
    "load", [pytest.param(replace, id="replace"), pytest.param(merge, id="merge")]
)

PHONE: Row = {"phone_number": "+12025550199"}


def test_replacing_leaves_nothing_of_what_was_there() -> None:
    workspace = demo()
    switch(workspace, "sela", create_status=200)
    replace(workspace, {"sela": {"leads": [PHONE | {"id": 7}]}}, VENDORS)
    made = Fixture(fixture_file("empty"), VENDORS, seed=1).workspace
    freeze(made, NOW)
    merge(made, {"sela": {"leads": [PHONE | {"id": 7}]}}, VENDORS)
    assert ([*rows(workspace)], contents(workspace)) == ([7], contents(made))


def test_merging_adds_rows_and_puts_others_in_place_of_those_with_their_id() -> None:
    workspace = demo()
    merge(
        workspace,
        {"sela": {"leads": [PHONE, {"id": 28002, "phone_number": "+12125550177"}]}},
        VENDORS,
    )
    assert [*rows(workspace)] == [*rows(demo()), 28014]
    assert (rows(workspace)[28002]["phone_number"], rows(workspace)[28002]["email"]) == (
        "+12125550177",
        None,
    )
    assert rows(workspace)[28001] == rows(demo())[28001]


def test_merging_sets_the_settings_that_are_named_and_leaves_the_others() -> None:
    workspace = demo()
    switch(workspace, "sela", create_status=200)
    merge(workspace, {"settings": {"sela": {"no_match_status": 400}}}, VENDORS)
    assert workspace.settings["sela"] == dict(demo().settings["sela"]) | {
        "create_status": 200,
        "no_match_status": 400,
    }


def test_rows_that_are_merged_may_refer_to_rows_that_are_there() -> None:
    workspace = demo()
    lead = {"lead_type": 123, "representative": 456}
    pearl, session = "66a1f0c2d60e456235eae601", "550e8400-e29b-41d4-a716-446655440000"
    content = {
        "sela": {"leads": [PHONE | lead]},
        "octanist": {"leads": [{"id": "new", "sessionId": session}]},
        "nlpearl": {"leads": [{"pearlId": pearl, "phoneNumber": "1"}]},
    }
    merge(workspace, content, VENDORS)
    assert rows(workspace)[28014] | lead == rows(workspace)[28014]
    assert rows(workspace, "octanist")["new"]["gclid"] == "gclid-ada"
    assert [*rows(workspace, "nlpearl").values()][-1]["timeZone"] == "-5.0"


def test_merging_leaves_the_account_unless_the_fixture_has_one() -> None:
    workspace = demo()
    merge(workspace, {"nlpearl": {}}, VENDORS)
    assert rows(workspace, "nlpearl", "account") == rows(demo(), "nlpearl", "account")
    merge(workspace, {"nlpearl": {"account": {"name": "Mine"}}}, VENDORS)
    account = {
        "name": "Mine",
        "totalAgents": 10,
        "creditBalance": 1000.0,
        "status": 1,
        "id": "account",
    }
    assert rows(workspace, "nlpearl", "account") == {"account": account}


@pytest.mark.parametrize(
    ("number", "id"), [pytest.param(5, 28014, id="behind"), pytest.param(30000, 30000, id="ahead")]
)
def test_the_numbers_of_merged_rows_never_go_back(number: int, id: int) -> None:
    workspace = demo()
    merge(
        workspace,
        {"sela": {"next_numbers": {"leads": number}, "leads": [PHONE | {"id": 3}, PHONE]}},
        VENDORS,
    )
    assert [*rows(workspace)][-2:] == [3, id]


def test_a_lead_without_an_id_gets_one_that_no_other_lead_of_the_fixture_has() -> None:
    workspace = demo()
    merge(workspace, {"octanist": {"leads": [{}]}}, VENDORS)
    taken = [*rows(workspace, "octanist")][-1]
    replace(workspace, {"octanist": {"leads": [{}, {"id": taken}]}}, VENDORS)
    first, second = rows(workspace, "octanist")
    assert first != second == taken


@BOTH
@pytest.mark.parametrize(
    ("clock", "frozen", "offset"),
    [
        pytest.param({}, NOW, timedelta(), id="none"),
        pytest.param(
            {"clock": "2026-01-01T02:00:00.5+02:00"},
            datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=UTC),
            timedelta(),
            id="frozen",
        ),
        pytest.param(
            {"clock": {"shift_seconds": -1.5}}, None, timedelta(seconds=-1.5), id="shifted"
        ),
        pytest.param({"clock": {"shift_seconds": 0}}, None, timedelta(), id="real"),
    ],
)
def test_a_fixture_sets_the_clock_that_it_names(
    load: Load, clock: Row, frozen: datetime | None, offset: timedelta
) -> None:
    workspace = demo()
    load(workspace, clock, VENDORS)
    assert (workspace.clock.frozen, workspace.clock.shift) == (frozen, offset)


@BOTH
def test_rows_without_a_time_have_that_of_the_clock_as_it_is_then(load: Load) -> None:
    workspace = demo()
    load(workspace, {"sela": {"leads": [PHONE | {"id": 1}]}}, VENDORS)
    assert rows(workspace)[1]["created_time"] == TIME
    load(
        workspace,
        {"clock": "2026-01-01T08:00:00Z", "sela": {"leads": [PHONE | {"id": 1}]}},
        VENDORS,
    )
    assert rows(workspace)[1]["created_time"] == "2026-01-01T00:00:00-08:00"


@BOTH
@pytest.mark.parametrize(
    ("content", "problems"),
    [
        pytest.param(["sela"], [((), '["sela"] is not of type "object"')], id="a list"),
        pytest.param(None, [((), 'null is not of type "object"')], id="null"),
        pytest.param({"leads": [], "sela": {"leads": [{}]}}, [
            (("leads",), no_property([*TOP, *SECTIONS])),
            (("sela", "leads", 0, "phone_number"), "is required"),
        ], id="out of the schema"),
        pytest.param({"clock": {"shift": 1}}, [
            (("clock", "shift"), no_property(["shift_seconds"])),
            (("clock", "shift_seconds"), "is required"),
        ], id="a clock that is none"),
        pytest.param({"clock": "0001-01-01T00:00:00+01:00"}, [(("clock",), "is out of range")], id="a moment before all time"),
        pytest.param({"clock": {"shift_seconds": -90000000000}}, [(("clock",), "is out of range")], id="a shift before all time"),
        pytest.param({"settings": {"sela": {"create_status": 5}, "other": {}}, "sela": {"leads": [{"phone_number": "1"}]}}, [
            (("sela", "leads", 0, "phone_number"), "'1' is no valid phone number"),
            (("settings", "other"), f"is no vendor; the vendors are {', '.join(vendor.name for vendor in VENDORS)}"),
            (("settings", "sela", "create_status"), "must be one of 201, 200"),
        ], id="settings and rows"),
        pytest.param({"nlpearl": {"pearls": [{"id": "p"}, {"id": "p"}]}, "octanist": {"leads": [{"id": "a"}]}, "sela": {"leads": [PHONE]}}, [
            (("nlpearl", "pearls", 1, "id"), "the id p stands twice in pearls"),
        ], id="one vendor of three"),
        pytest.param({vendor: {"leads": [lead | {"id": id}] * 2} for vendor, lead, id in (
            ("nlpearl", {"pearlId": "p", "phoneNumber": "1"}, "0" * 24), ("octanist", {"sessionId": "s"}, "a"), ("sela", PHONE | {"lead_type": 9}, 1),
        )}, [
            (("nlpearl", "leads", 0, "pearlId"), "there is no p in pearls"),
            (("nlpearl", "leads", 1, "id"), f"the id {'0' * 24} stands twice in leads"),
            (("nlpearl", "leads", 1, "pearlId"), "there is no p in pearls"),
            (("octanist", "leads", 0, "sessionId"), "there is no s in sessions"),
            (("octanist", "leads", 1, "id"), "the id a stands twice in leads"),
            (("octanist", "leads", 1, "sessionId"), "there is no s in sessions"),
            (("sela", "leads", 0, "lead_type"), "there is no 9 in lead_types"),
            (("sela", "leads", 1, "id"), "the id 1 stands twice in leads"),
            (("sela", "leads", 1, "lead_type"), "there is no 9 in lead_types"),
        ], id="ids twice and references to nothing"),
        pytest.param({"nlpearl": {"pearls": [{"id": "p", "created": "0001-01-01T00:00:00+01:00"}]},
                      "octanist": {"leads": [{"createdAt": "0001-01-01T00:00:00+01:00", "value": 10**400, "custom": [10**400]}]},
                      "sela": {"leads": [PHONE | {"received_time": "9999-12-31T23:59:59-01:00"}]}}, [
            (("nlpearl", "pearls", 0, "created"), "is out of range"),
            (("octanist", "leads", 0, "createdAt"), "is out of range"),
            (("octanist", "leads", 0, "custom"), "holds a number past the range of doubles"),
            (("octanist", "leads", 0, "value"), "holds a number past the range of doubles"),
            (("sela", "leads", 0, "received_time"), "is out of range"),
        ], id="times and numbers out of range"),
    ],
)  # fmt: skip  # one line a problem reads best
def test_a_fixture_with_problems_is_refused_with_all_of_them_and_changes_nothing(
    load: Load, content: Any, problems: Any
) -> None:
    assert refused(load, content) == problems


@BOTH
@pytest.mark.parametrize(
    ("content", "problems"),
    [
        pytest.param({"sela": {"leads": [PHONE, {"phone_number": "12", "status": "NOPE", "lead_type": 9, "title": "Countess"}]}}, [
            (("sela", "leads", 1, "lead_type"), "there is no 9 in lead_types"),
            (("sela", "leads", 1, "phone_number"), "'12' is no valid phone number"),
            (("sela", "leads", 1, "status"), '"NOPE" is not allowed (did you mean OPEN?); the values are ' + ", ".join(SECTIONS["sela"]["leads"]["items"]["properties"]["status"]["enum"])),
            (("sela", "leads", 1, "title"), no_property(columns("sela", "leads"))),
        ], id="one row"),
        pytest.param({"sela": {"leads": [{"phone_number": 5, "email": None, "id": 1}, 5, {"status": "NEW"}, {"phone_number": "12"}, PHONE | {"id": 1}]}}, [
            (("sela", "leads", 0, "phone_number"), '5 is not of type "string"'),
            (("sela", "leads", 1), '5 is not of type "object"'),
            (("sela", "leads", 2, "phone_number"), "is required"),
            (("sela", "leads", 3, "phone_number"), "'12' is no valid phone number"),
            (("sela", "leads", 4, "id"), "the id 1 stands twice in leads"),
        ], id="rows after one that cannot be read"),
        pytest.param({"sela": {"lead_types": [{"id": 5}], "representatives": [{"id": "6"}], "leads": [
            PHONE | {"lead_type": 5, "representative": 6}, PHONE | {"lead_type": 7, "representative": 7},
        ]}}, [
            (("sela", "lead_types", 0, "name"), "is required"),
            (("sela", "leads", 1, "lead_type"), "there is no 7 in lead_types"),
            (("sela", "representatives", 0, "id"), '"6" is not of type "integer"'),
        ], id="references to rows that cannot be read"),
        pytest.param({"octanist": {"sesions": [{"id": "s"}], "leads": [{"sessionId": "s", "value": 10**400}]}, "nlpearl": {"leads": 1, "pearls": [
            {"id": "p", "type": 9}, {"id": "p", "lastCall": 1},
        ]}}, [
            (("nlpearl", "leads"), '1 is not of type "array"'),
            (("nlpearl", "pearls", 0, "type"), "9 is not allowed; the values are 1 Inbound, 2 Outbound."),
            (("nlpearl", "pearls", 1, "id"), "the id p stands twice in pearls"),
            (("nlpearl", "pearls", 1, "lastCall"), no_property(columns("nlpearl", "pearls"))),
            (("octanist", "leads", 0, "value"), "holds a number past the range of doubles"),
            (("octanist", "sesions"), no_property(["next_numbers", "sessions", "leads", "outcomes", "due"], " (did you mean sessions?)")),
        ], id="a table with another name and one that is none"),
        pytest.param({"accounts": [5], "clock": {}, "settings": {"octanist": 1, "sela": {"page_size": -1}}, "nlpearl": {"leads": [{"pearlId": "p", "phoneNumber": "1", "callData": {"a": 1}}]}}, [
            (("accounts", 0), '5 is not of type "string"'),
            (("clock", "shift_seconds"), "is required"),
            (("nlpearl", "leads", 0, "callData", "a"), '1 is not of type "string"'),
            (("nlpearl", "leads", 0, "pearlId"), "there is no p in pearls"),
            (("settings", "octanist"), '1 is not of type "object"'),
            (("settings", "sela", "page_size"), "must be at least 1"),
        ], id="everywhere"),
    ],
)  # fmt: skip  # one line a problem reads best
def test_what_breaks_the_schema_hides_no_other_problem_and_makes_up_none(
    load: Load, content: Any, problems: Any
) -> None:
    assert refused(load, content) == problems


def test_a_hook_that_breaks_leaves_the_tables_as_they_were() -> None:
    def complete(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
        tx.put("people", row)
        raise RuntimeError("a bug")

    workspace = tiny.workspaces(tiny.vendor()).admit("demo")
    before = contents(workspace)
    with pytest.raises(RuntimeError, match="a bug"):
        merge(workspace, {"tiny": {"people": [{"name": "Ada"}]}}, (with_people(complete=complete),))
    assert contents(workspace) == before


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every list or object within a JSON value, with each of its keys."""
    if not isinstance(value, dict | list):
        return []
    keys = [*value] if isinstance(value, dict) else [*range(len(value))]
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


JUNK: st.SearchStrategy[Any] = st.sampled_from([
    *(None, True, 0, -1, 7.0, 0.5, 10**400, "", "x", "1", "open", "\0", [], [{}], {}, {"a": [1]}),
    *(28002, 124, "lead_demo02", "66a1f0c2d60e456235eae702", "+12125550102", "2024-02-29T12:00:00.5+14:00", "0001-01-01T00:00:00+14:00"),
]).map(deepcopy)  # fmt: skip  # by kind


def is_loaded(workspace: Workspace, content: Any) -> bool:
    try:
        merge(workspace, content, VENDORS)
    except Refusal:
        return False
    return True


@given(st.lists(st.tuples(st.integers(0), JUNK), min_size=1, max_size=3))
def test_a_fixture_with_junk_in_it_is_loaded_as_a_whole_or_not_at_all(
    junk: list[tuple[int, Any]],
) -> None:
    content = json.loads(json.dumps(FixtureFiles(FEW).content))
    for number, value in junk:
        spots = places(content)
        inside, key = spots[number % len(spots)]
        inside[key] = value
    workspace, twin = demo(), demo()
    if is_loaded(workspace, content):
        replace(twin, export(workspace, VENDORS), VENDORS)
    assert contents(twin) == contents(workspace)


def test_rows_follow_settings_only_where_a_fixture_changes_them() -> None:
    asked: list[Any] = []
    vendor = dataclasses.replace(tiny.vendor())
    vendor.settled(lambda tx, settings: asked.append(settings["size"]))
    workspace = tiny.workspaces(vendor).create("me")
    merge(workspace, {"tiny": {"people": [{"name": "Ada"}]}}, (vendor,))
    merge(workspace, {"settings": {"tiny": {"size": 4}}}, (vendor,))
    merge(workspace, {"settings": {"tiny": {"size": 4}}}, (vendor,))
    assert asked == [4]

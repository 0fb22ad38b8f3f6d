"""A vendor's section is data: its schema, seeding and export follow from what it says of its tables."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from mockserver.errors import Problem
from mockserver.sections import (
    FLAG,
    ID,
    NOW,
    TEXT,
    TEXT_ID,
    TIME,
    TIME_OR_NULL,
    Ids,
    Reading,
    Section,
    SectionTable,
    Seeding,
    no_number,
)
from mockserver.state.changes import Row
from mockserver.state.tables import Table, TableSpec
from mockserver.state.transaction import Transaction

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)
SEEDING = Seeding(NOON, 7, {})
WHOLE: dict[str, Any] = {"type": "integer"}


def lower(text: str, seeding: Seeding) -> str:
    if not text.isascii():
        raise ValueError(text)
    return text.lower()


def shop(**more: Any) -> Section:
    """Owners and their pets, with nothing but data."""
    owners = SectionTable("owners", {"id": TEXT_ID, "name": TEXT}, required=("id",), ids=None)
    pets = SectionTable(
        "pets",
        {
            "id": ID,
            "name": TEXT,
            "tame": FLAG,
            "born": TIME,
            "sold": TIME_OR_NULL,
            "owner": TEXT_ID,
            "mother": WHOLE,
        },
        required=("name",),
        defaults={"id": 0, "name": "", "tame": True, "born": NOW, "sold": None},
        references={"owner": "owners", "mother": "pets"},
        times={"born": datetime.isoformat, "sold": datetime.isoformat},
        readings={"name": Reading(lower, "ascii", "{!r} is not ASCII")},
    )
    return Section((pets, owners), **more)


def empty(section: Section) -> Transaction:
    """A transaction over the empty tables of a section."""
    return Transaction(
        "shop", {table.name: Table(TableSpec(table.name)) for table in section.tables}
    )


def seeded(section: Section, content: Any) -> tuple[Transaction, list[tuple[Any, str, str]]]:
    """The tables with that content in them; path, keyword and message of each problem."""
    tx = empty(section)
    return tx, told(section.seed(content, tx, SEEDING))


def told(problems: Iterable[Problem]) -> list[tuple[Any, str, str]]:
    return [(each.path, each.keyword, each.message) for each in problems]


def rows(tx: Transaction, table: str) -> list[Row]:
    return list(tx.rows(table))


def test_a_row_has_its_defaults_in_their_order_and_a_number_as_its_id() -> None:
    tx, _ = seeded(shop(), {"pets": [{"name": "Rex", "tame": False}, {"id": 7.0, "name": "Tom"}]})
    assert json.dumps(rows(tx, "pets")) == json.dumps([
        {"id": 8, "name": "rex", "tame": False, "born": "2025-01-31T12:00:00+00:00", "sold": None},
        {"id": 7, "name": "tom", "tame": True, "born": "2025-01-31T12:00:00+00:00", "sold": None},
    ])  # fmt: skip  # one line a row reads best


def test_times_are_written_in_utc_as_the_table_says() -> None:
    content = {"pets": [{"name": "a", "born": "2025-01-31T14:00:00+02:00", "sold": None}]}
    (pet,) = rows(seeded(shop(), content)[0], "pets")
    assert (pet["born"], pet["sold"]) == ("2025-01-31T12:00:00+00:00", None)


def test_rows_refer_to_rows_of_tables_further_down_and_of_their_own() -> None:
    pets = [{"name": "kitten", "owner": "o", "mother": 5}, {"id": 5, "name": "cat"}]
    tx, problems = seeded(shop(), {"pets": pets, "owners": [{"id": "o"}]})
    assert (problems, [row["name"] for row in rows(tx, "pets")]) == ([], ["kitten", "cat"])


def test_every_problem_is_told_with_its_place() -> None:
    pets = [{"name": "é", "owner": "o", "born": "0001-01-01T00:00:00+01:00"}, {"name": "a", "mother": 9}]  # fmt: skip
    assert seeded(shop(), {"pets": pets})[1] == [
        (("pets", 0, "born"), "range", "is out of range"),
        (("pets", 0, "name"), "ascii", "'é' is not ASCII"),
        (("pets", 0, "owner"), "reference", "there is no o in owners"),
        (("pets", 1, "mother"), "reference", "there is no 9 in pets"),
    ]


def test_a_row_may_refer_to_a_refused_row_without_a_problem_of_its_own() -> None:
    owners = SectionTable(
        "owners",
        {"id": TEXT_ID, "name": TEXT},
        required=("id",),
        ids=None,
        readings={"name": Reading(lower)},
    )
    section = Section((shop().tables[0], owners))
    content = {"owners": [{"id": "o", "name": "é"}], "pets": [{"name": "a", "owner": "o"}]}
    tx, problems = seeded(section, content)
    assert problems == [(("owners", 0, "name"), "range", "is out of range")]
    assert rows(tx, "pets") == []


def test_a_section_may_refer_to_nothing_where_it_says_so() -> None:
    section = shop(unknown_references=True)
    content = {"unknown_references": True, "pets": [{"id": 1, "name": "a", "owner": "o"}]}
    tx, problems = seeded(section, content)
    assert problems == []
    assert section.export(tx) == content | {
        "pets": [{"id": 1, "name": "a", "owner": "o", "born": "2025-01-31T12:00:00+00:00"}]
    }


def test_an_export_leaves_out_defaults_by_their_json_and_columns_that_no_fixture_has() -> None:
    section = Section((
        SectionTable("things", {"id": ID, "size": WHOLE, "list": {}}, defaults={"size": 1, "list": []}),
    ))  # fmt: skip
    tx = empty(section)
    for row in ({"size": 1, "list": []}, {"size": True, "list": [1]}, {"size": 1.0, "key": "x"}):
        tx.put("things", {"id": tx.next_number("things")} | row)
    things = [{"id": 1}, {"id": 2, "size": True, "list": [1]}, {"id": 3, "size": 1.0}]
    assert json.dumps(section.export(tx)) == json.dumps({"things": things})


def test_an_export_loads_back_to_the_same_rows() -> None:
    section = shop()
    pets = [{"name": "b", "tame": False, "owner": "o"}, {"id": 4, "name": "a", "mother": 5}]
    tx, _ = seeded(section, {"pets": pets, "owners": [{"id": "o", "name": "O"}]})
    again, problems = seeded(section, section.export(tx))
    assert (problems, rows(again, "pets")) == ([], rows(tx, "pets"))


def test_a_table_of_one_row_is_an_object_and_is_always_there() -> None:
    account = SectionTable("account", {"name": TEXT}, single=True, defaults={"name": "Demo"})
    section = Section((account,))
    tx, _ = seeded(section, {})
    assert (rows(tx, "account"), section.export(tx)) == ([{"name": "Demo", "id": "account"}], {})
    assert told(section.seed({"account": {"name": "Mine"}}, tx, SEEDING)) == []
    assert told(section.seed({}, tx, SEEDING)) == []
    assert section.export(tx) == {"account": {"name": "Mine"}}


def test_hooks_decide_what_depends_on_other_rows_and_columns() -> None:
    def inherits(row: Row, tx: Transaction) -> Row:
        owner = tx.get("owners", row["owner"])
        return {"town": owner["town"] if owner else None}

    def complete(row: Row, given: Row, tx: Transaction, seeding: Seeding) -> Row:
        return row | {"label": given.get("label", f"{row['owner']} in {row['town']}")}

    def named(number: int, seeding: Seeding) -> str:
        return f"pet{number}-{seeding.seed}"

    def in_paris(row: Row) -> tuple[str, ...]:
        return ("town",) if row["town"] == "Paris" else ()

    owners = SectionTable("owners", {"id": TEXT_ID, "town": TEXT}, required=("id",), ids=None)
    pets = SectionTable(
        "pets",
        {"id": TEXT_ID, "owner": TEXT_ID, "town": TEXT, "label": TEXT},
        required=("owner",),
        references={"owner": "owners"},
        ids=Ids(named, no_number),
        stated=("label",),
        inherits=inherits,
        complete=complete,
        also_stated=in_paris,
    )
    section = Section((owners, pets))
    towns = [{"id": "a", "town": "Rome"}, {"id": "b", "town": "Paris"}]
    content = {"owners": towns, "pets": [{"owner": "a", "id": "pet1-7"}, {"owner": "b"}]}
    tx, problems = seeded(section, content)
    assert (problems, section.export(tx)["pets"]) == (
        [],
        [
            {"owner": "a", "id": "pet1-7", "label": "a in Rome"},
            {"id": "pet2-7", "town": "Paris", "owner": "b", "label": "b in Paris"},
        ],
    )


def test_the_schema_follows_from_the_tables() -> None:
    tags = SectionTable("tags", {"id": ID, "name": TEXT}, required=("name",), description="A tag.")
    note = "The id of the next new row, where it is not the one after the highest."
    assert Section((tags,)).schema == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "next_numbers": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"tags": {"description": note, "type": "integer", "minimum": 1}},
            },
            "tags": {
                "type": "array",
                "items": {
                    "description": "A tag.",
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name"],
                    "properties": {"id": ID, "name": TEXT},
                },
            },
        },
    }
    Draft202012Validator(shop(unknown_references=True).schema)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param({"required": ("nmae",)}, "section table pets: nmae is no column", id="required"),
        pytest.param({"references": {"owner": "pets"}}, "section table pets: owner is no column", id="reference"),
        pytest.param({"ids": None}, "section table pets: without `ids`, id must be required", id="no id"),
        pytest.param({"defaults": {"name": NOW}}, "section table pets: name defaults to NOW, but is no time", id="no time"),
    ],
)  # fmt: skip  # one line a sentence reads best
def test_a_table_that_cannot_be_is_refused(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        SectionTable("pets", {"id": ID, "name": TEXT}, **table)
    assert str(caught.value) == sentence


def test_references_to_no_table_and_in_a_circle_are_refused() -> None:
    def table(name: str, target: str) -> SectionTable:
        return SectionTable(name, {"id": ID, "other": WHOLE}, references={"other": target})

    with pytest.raises(ValueError, match="section table a refers to b"):
        Section((table("a", "b"),))
    with pytest.raises(ValueError, match="nodes are in a cycle"):
        Section((table("a", "b"), table("b", "a")))

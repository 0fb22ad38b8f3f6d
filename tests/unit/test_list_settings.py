"""A vendor's setting may be a list of numbers: wherever settings come in and wherever they are told."""

import json
from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import pytest

from mockserver.call import Call, request_of
from mockserver.control.api import Control
from mockserver.dispatch import Site
from mockserver.documents.resources import folder
from mockserver.documents.spec import load_document
from mockserver.errors import FixtureError
from mockserver.fidelity import render_settings
from mockserver.fixtures import Fixture, export, replace, schema
from mockserver.play.attempts import Carrier
from mockserver.play.courier import Courier
from mockserver.play.timer import Timer
from mockserver.state.changes import SettingsChange, read, written
from mockserver.vendor import Setting, Vendor
from mockserver.webhooks.targets import Targets
from mockserver.workspaces import Workspaces
from tests.unit import tiny

WAITS = Setting(
    "waits",
    (0, 10800, 21600),
    "Seconds from one call to the next.",
    "chosen",
    "nowhere",
    least=0,
    most=86400,
    lengths=(1, 4),
)
FREE = Setting("free", (1.5,), "Any.", "chosen", "nowhere")
JSON = {b"content-type": b"application/json"}

Ask = Callable[[str, Any], tuple[int, Any]]


@pytest.fixture
def vendor() -> Vendor:
    """The tiny vendor with lists among its settings."""
    vendor = tiny.vendor()
    vendor.settings += (WAITS, FREE)
    return vendor


@pytest.fixture
def worlds(vendor: Vendor) -> Workspaces:
    """Its workspaces."""
    return tiny.workspaces(vendor)


@pytest.fixture
def ask(vendor: Vendor, worlds: Workspaces, tmp_path: File) -> Ask:
    """Asks the control API for the settings of a workspace."""
    file = tmp_path / "tiny.yaml"
    file.write_text(tiny.DOCUMENT, "utf-8")
    site = Site(vendor, load_document(file), worlds, lenient=True, max_body=1000, max_wait=1)
    document = load_document(folder("openapi") / "control.yaml", keep=True)

    async def no_network(*args: Any, **options: Any) -> Any:
        raise AssertionError("nothing is delivered here")

    courier = Courier(worlds, Carrier(worlds, no_network, 1))
    control = Control(
        document,
        worlds,
        [site],
        token=None,
        timer=Timer({}, courier, 1),
        courier=courier,
        targets=Targets(),
        max_body=1000,
        max_wait=1,
    )
    worlds.create("me")

    def ask(method: str, body: Any = None) -> tuple[int, Any]:
        path = "/__admin/workspaces/me/settings"
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
        }
        raw = b"" if body is None else json.dumps(body).encode()
        reply = control.reply_to(Call(request_of(scope, JSON, raw)), "")
        return reply.status, reply.body

    return ask


@pytest.mark.parametrize("value", [[0], [0, 0, 0, 0], [86400, 0.5], [0, 10800, 21600]])
def test_a_list_within_the_bounds_is_taken(value: list[float]) -> None:
    assert WAITS.refuses(value) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (60, "must be a list of numbers, like [0, 10800, 21600]"),
        ("0, 60", "must be a list of numbers, like [0, 10800, 21600]"),
        ({"0": 1}, "must be a list of numbers, like [0, 10800, 21600]"),
        (None, "must be a list of numbers, like [0, 10800, 21600]"),
        ([], "must have at least 1 number"),
        ([1, 2, 3, 4, 5], "must have at most 4 numbers"),
        ([1, "2h"], "number 2 of the list must be a number"),
        ([True], "number 1 of the list must be a number"),
        ([[0]], "number 1 of the list must be a number"),
        ([float("nan")], "number 1 of the list must be a number"),
        ([float("-inf")], "number 1 of the list must be a number"),
        ([0, -1], "number 2 of the list must be at least 0"),
        ([0, 86400.5], "number 2 of the list must be at most 86400"),
        ([10**400], "number 1 of the list must be at most 86400"),
    ],
)
def test_what_is_no_such_list_is_refused_in_a_sentence(value: Any, reason: str) -> None:
    assert WAITS.refuses(value) == reason


def test_an_integer_may_have_a_greatest_value_too() -> None:
    size = Setting("size", 3, "How much.", "chosen", "nowhere", least=1, most=9)
    told = [size.refuses(value) for value in (0, 1, 9, 10)]
    assert told == ["must be at least 1", None, None, "must be at most 9"]
    assert size.schema == {
        "description": "How much.",
        "default": 3,
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
    }


def test_a_fixture_sets_a_list_and_its_export_has_it(vendor: Vendor, tmp_path: File) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text("settings: {tiny: {waits: [60, 0.5]}}", "utf-8")
    workspace = Fixture(file, (vendor,), seed=1).workspace
    assert workspace.settings["tiny"]["waits"] == [60, 0.5]
    exported = export(workspace, (vendor,))
    assert exported["settings"] == {"tiny": {"waits": [60, 0.5]}}
    copy = tiny.workspaces(vendor).admit("copy")
    replace(copy, exported, (vendor,))
    assert copy.settings["tiny"] == workspace.settings["tiny"]


def test_an_export_leaves_a_list_out_that_is_the_default(vendor: Vendor, tmp_path: File) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text("settings: {tiny: {waits: [0, 10800, 21600]}}", "utf-8")
    assert "settings" not in export(Fixture(file, (vendor,), seed=1).workspace, (vendor,))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[0, x]", "number 2 of the list must be a number"),
        ("[.nan]", "number 1 of the list must be a number"),
        ("[]", "must have at least 1 number"),
        ("1h", "must be a list of numbers, like [0, 10800, 21600]"),
    ],
)
def test_a_fixture_with_a_bad_list_is_told_its_place(
    text: str, sentence: str, vendor: Vendor, tmp_path: File
) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(f"settings:\n  tiny:\n    waits: {text}\n", "utf-8")
    with pytest.raises(FixtureError) as caught:
        Fixture(file, (vendor,), seed=1)
    assert str(caught.value) == f"{file}:3: settings.tiny.waits: {sentence}"


def test_the_schema_of_fixtures_has_the_bounds(vendor: Vendor) -> None:
    settings = schema((vendor,))["properties"]["settings"]["properties"]["tiny"]["properties"]
    assert (settings["waits"], settings["free"]) == (
        {
            "description": "Seconds from one call to the next.",
            "default": [0, 10800, 21600],
            "type": "array",
            "items": {"type": "number", "minimum": 0, "maximum": 86400},
            "minItems": 1,
            "maxItems": 4,
        },
        {
            "description": "Any.",
            "default": [1.5],
            "type": "array",
            "items": {"type": "number"},
            "minItems": 1,
            "maxItems": 100,
        },
    )


def waits_in(answer: tuple[int, Any]) -> Any:
    """What an answer tells of the setting."""
    _, body = answer
    (setting,) = [each for each in body["tiny"] if each["name"] == "waits"]
    return setting


def test_the_control_api_lists_changes_and_sets_back_a_list(ask: Ask) -> None:
    first = waits_in(ask("GET", None))
    assert first == {
        "name": "waits",
        "value": [0, 10800, 21600],
        "default": [0, 10800, 21600],
        "values": [],
        "help": "Seconds from one call to the next.",
        "provenance": "chosen",
        "source": "nowhere",
    }
    changed = waits_in(ask("PATCH", {"tiny": {"waits": [0, 0.5]}}))
    assert changed == first | {"value": [0, 0.5]}
    assert waits_in(ask("PATCH", {"tiny": {"waits": None}})) == first


def test_the_control_api_names_what_is_wrong_with_a_list(ask: Ask) -> None:
    status, body = ask("PATCH", {"tiny": {"waits": [0, "2h"], "free": 1, "loud": [1]}})
    assert (status, {each["pointer"]: each["detail"] for each in body["errors"]}) == (
        400,
        {
            "/tiny/waits": "number 2 of the list must be a number",
            "/tiny/free": "must be a list of numbers, like [1.5]",
            "/tiny/loud": "must be true or false",
        },
    )
    assert waits_in(ask("GET", None))["value"] == [0, 10800, 21600]


def test_no_workspace_shares_its_default_with_another(worlds: Workspaces, vendor: Vendor) -> None:
    first, second = vendor.defaults()["waits"], vendor.defaults()["waits"]
    assert first == second == [0, 10800, 21600]
    assert first is not second


def test_a_change_with_a_list_is_plain_data(worlds: Workspaces) -> None:
    workspace = worlds.admit("me")
    change = SettingsChange("tiny", {**workspace.settings["tiny"], "waits": [1, 2.5]})
    assert read(json.loads(json.dumps(written([change])))) == [change]


def test_the_fidelity_page_tells_default_and_bounds() -> None:
    rows = [row.split(" | ")[:3] for row in render_settings((WAITS, FREE))]
    assert rows[-2:] == [
        ["| `waits`", "`[0, 10800, 21600]`", "1 to 4 numbers, each `0` to `86400`"],
        ["| `free`", "`[1.5]`", "1 to 100 numbers"],
    ]

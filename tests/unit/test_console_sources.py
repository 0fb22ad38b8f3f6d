"""What the console's own files must hold: safe ways to make elements, contrast, size."""

import json
import re
from itertools import product
from pathlib import Path

import pytest

import mockserver
from mockserver.vendors import __path__ as vendor_folders

FOLDER = Path(mockserver.__path__[0]) / "console"
SCRIPTS = sorted(FOLDER.rglob("*.js"))
FILES = sorted(each for each in FOLDER.rglob("*") if each.is_file())
UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|"
    r"setAttribute\(\s*[\"']style|createContextualFragment|srcdoc|javascript:"
)
TOKEN = re.compile(r"--([\w-]+): (?:light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)|(#[0-9a-f]{6}));")

# What is written on what, by tokens of the sheet.
PAIRS = [
    *product(["ink", "ink-2", "ink-3", "accent"], ["pane", "page", "raised"]),
    *product(["ink-2", "ink-3", "accent"], ["accent-soft"]),
    ("ink-3", "hover"),
    ("on-solid", "solid"),
    ("top-ink", "top"),
    ("top-ink-2", "top"),
    *[(tone, f"{tone}-soft") for tone in ("ok", "warn", "bad", "info", "mute")],
    *product(["ok", "warn", "bad"], ["pane"]),
    *[(hue, f"{hue}-soft") for hue in ("teal", "violet", "pink")],
    *product(["teal", "info", "violet"], ["raised"]),
    ("ink-2", "mute-soft"),
]


def tokens() -> dict[str, tuple[str, str]]:
    """The colours of the sheet: light and dark by name."""
    known: dict[str, tuple[str, str]] = {}
    for name, light, dark, both in TOKEN.findall((FOLDER / "app.css").read_text("utf-8")):
        known.setdefault(name, (light or both, dark or both))
    return known


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """The contrast of two colours."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("scheme", [pytest.param(0, id="light"), pytest.param(1, id="dark")])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(text: str, ground: str, scheme: int) -> None:
    known = tokens()
    assert ratio(known[text][scheme], known[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_border_of_a_field_can_be_seen(scheme: int) -> None:
    known = tokens()
    assert ratio(known["field"][scheme], known["pane"][scheme]) >= 3


@pytest.mark.parametrize(
    "file", [pytest.param(each, id=str(each.relative_to(FOLDER))) for each in SCRIPTS]
)
def test_no_text_is_read_as_html(file: Path) -> None:
    assert UNSAFE.findall(file.read_text("utf-8")) == []


def test_pages_have_no_script_and_no_style_of_their_own() -> None:
    for page in FOLDER.glob("*.html"):
        text = page.read_text("utf-8")
        assert re.findall(r"<script(?![^>]* src=)|<style|style=|\son\w+=", text) == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    for file in FILES:
        found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", file.read_text("utf-8"))
        assert set(found) <= {"http://www.w3.org"}, file


def test_lines_are_as_long_as_those_of_python() -> None:
    long = [
        f"{file.name}:{number}"
        for file in [*SCRIPTS, *FOLDER.glob("*.css")]
        if file.name != "icons.js"  # a line of an icon has no place to break
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if len(line) > 100 and "http" not in line and "font" not in line
    ]
    assert long == []


def test_every_icon_that_is_named_is_there() -> None:
    there = set(re.findall(r"^  (\w+):", (FOLDER / "icons.js").read_text("utf-8"), re.MULTILINE))
    named = {
        name
        for file in SCRIPTS
        for name in re.findall(r'icon\("([\w-]+)"\)', file.read_text("utf-8"))
    }
    assert named - there == set()


def test_how_a_vendor_is_shown_is_json_with_known_members() -> None:
    members = {"title", "hue", "create", "outcomes", "webhooks", "kinds"}
    for file in Path(vendor_folders[0]).glob("*/console.json"):
        assert set(json.loads(file.read_text("utf-8"))) <= members

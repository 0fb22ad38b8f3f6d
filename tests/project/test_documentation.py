"""The documentation is whole: what can be set, called or switched is told."""

import re
from pathlib import Path

import pytest

import mockserver
from mockserver import fidelity, fixture_schema
from mockserver.cli import cli
from mockserver.settings import OPTIONS, Option

ROOT = Path(mockserver.__path__[0]).parent


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("option", [pytest.param(option, id=option.name) for option in OPTIONS])
def test_the_readme_tells_each_option_its_variable_and_its_default(option: Option) -> None:
    (row,) = [
        line
        for line in page("README.md").splitlines()
        if f"`{option.flag}`" in line and line.startswith("|")
    ]
    assert f"`{option.variable}`" in row
    default = option.shown_default
    assert f"`{default}`" in row if default != "none" else "| none |" in row


@pytest.mark.parametrize("command", [pytest.param(name, id=name) for name in cli.commands])
def test_the_readme_tells_each_command(command: str) -> None:
    assert re.search(rf"\bmockserver {command}\b", page("README.md"))


def test_the_readme_tells_no_option_or_variable_that_is_not_there() -> None:
    told = set(re.findall(r"MOCKSERVER_[A-Z_]+", page("README.md")))
    assert told == {option.variable for option in OPTIONS}


def test_the_fidelity_page_says_what_the_code_does() -> None:
    assert page("docs/fidelity.md") == fidelity.render()


def test_the_schema_for_editors_is_made_from_the_vendors_there_are() -> None:
    assert page("fixtures/schema.json") == fixture_schema.render()

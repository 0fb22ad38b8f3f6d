"""The documentation is whole: what can be set, called or switched is told."""

import re
from pathlib import Path

import pytest

import mockserver
from mockserver import fidelity, fixture_schema
from mockserver.cli import cli
from mockserver.settings import OPTIONS, Option
from mockserver.testing import MockWorkspace

ROOT = Path(mockserver.__path__[0]).parent


NOT_FOR_USERS = {"call", "client", "name", "close", "conduct", "journal_text"}
"""Names of a workspace that the plugin uses, and that are told elsewhere if at all."""


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


def test_every_method_of_a_workspace_is_told() -> None:
    methods = {name for name in dir(MockWorkspace) if not name.startswith("_")}
    table = page("docs/testing.md").partition("### All of it\n")[2].partition("\n#")[0]
    assert set(re.findall(r"`(\w+)", table)) == methods - NOT_FOR_USERS

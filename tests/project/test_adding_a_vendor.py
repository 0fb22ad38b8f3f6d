"""docs/adding-a-vendor.md quotes the fourth vendor as it is tested, and its lists are complete."""

import re
from pathlib import Path
from typing import get_args

import pytest

from mockserver.documents.spec import EXTENSIONS
from mockserver.errors import Kind, Reason
from mockserver.vendor import Dialect

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-vendor.md").read_text("utf-8")
QUOTES = re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """The text below a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> set[str]:
    """Every word in code style in the first column of the tables."""
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_the_three_files_are_quoted_as_they_are() -> None:
    folder = ROOT / "tests" / "fourth_vendor"
    assert dict(QUOTES) == {
        "openapi/acme.yaml": (folder / "openapi.yaml").read_text("utf-8"),
        "mockserver/vendors/acme.py": (folder / "vendor.py").read_text("utf-8"),
        "fixtures/demo/acme.yaml": (folder / "demo.yaml").read_text("utf-8"),
    }


def test_every_extension_of_the_documents_is_told() -> None:
    assert first_cells(section("The document")) == EXTENSIONS


def test_every_kind_of_refusal_and_every_reason_is_told() -> None:
    reasons = {reason.name for reason in Reason}
    assert first_cells(section("Refusals")) == {*get_args(Kind), *reasons}


MEMBERS = sorted(
    {name for name in vars(Dialect) if not name.startswith("_")} | set(Dialect.__annotations__)
)


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_of_a_dialect_has_its_place_in_the_order_of_a_request(member: str) -> None:
    assert f"`{member}`" in section("The order of one request")


@pytest.mark.parametrize("file", re.findall(r"`((?:tests|mockserver|docs)/[\w/.]+)`", PAGE))
def test_every_file_that_it_names_is_there(file: str) -> None:
    assert (ROOT / file).exists() or file in dict(QUOTES)


@pytest.mark.parametrize("page", ["README.md", "docs/design.md"])
def test_the_pages_for_readers_lead_here(page: str) -> None:
    assert "adding-a-vendor.md)" in (ROOT / page).read_text("utf-8")

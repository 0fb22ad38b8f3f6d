"""Adding a vendor is adding files: the core and the dialects name none, save in the two texts that tell users what the product is."""

import ast
import inspect
import pkgutil
from pathlib import Path

import pytest

import mockserver
import mockserver.vendors
from mockserver.cli import cli

PACKAGE = Path(mockserver.__path__[0])
NAMES = tuple(module.name for module in pkgutil.iter_modules(mockserver.vendors.__path__))
FILES = sorted(
    file for file in PACKAGE.rglob("*.py") if not file.is_relative_to(PACKAGE / "vendors")
)
SHOWN = {mockserver.__doc__, *(command.help for command in (cli, *cli.commands.values()))}
"""Docstrings that users read: the package's, and those the command line prints as its help."""

Named = ast.Module | ast.FunctionDef | ast.ClassDef


def shown_lines(source: str) -> set[int]:
    """The numbers of the lines that hold a docstring which users read."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        text = ast.get_docstring(node) if isinstance(node, Named) else None
        if text is not None and text in SHOWN and isinstance(node, Named):
            lines.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return lines


def named_lines(source: str) -> list[str]:
    """Every other line with a vendor's name in it, in any letter case."""
    shown = shown_lines(source)
    lines = enumerate(source.splitlines(), 1)
    return [
        f"{number}: {line.strip()}"
        for number, line in lines
        if number not in shown and any(name in line.lower() for name in NAMES)
    ]


@pytest.mark.parametrize(
    "file", [pytest.param(file, id=str(file.relative_to(PACKAGE))) for file in FILES]
)
def test_no_vendor_is_named_outside_its_own_module(file: Path) -> None:
    assert named_lines(file.read_text("utf-8")) == []


def test_a_vendor_name_would_be_found() -> None:
    source = f'"""{inspect.cleandoc(mockserver.__doc__ or "")}"""\n\nDIALECT = "{NAMES[0].title()}Dialect"\n'
    assert named_lines(source) == [f'3: DIALECT = "{NAMES[0].title()}Dialect"']

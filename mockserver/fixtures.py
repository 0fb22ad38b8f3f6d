"""Seed files: what a workspace holds when it is first used, checked before anything is loaded."""

import json
from collections.abc import Iterator
from datetime import UTC
from itertools import chain
from pathlib import Path as File
from typing import Any

from jsonschema_rs import Draft202012Validator

from mockserver.clock import Clock
from mockserver.errors import FixtureError, OperatorError, Problem
from mockserver.formats import FORMATS, parse_date_time
from mockserver.resources import folder
from mockserver.schema import problems_of
from mockserver.source import Source
from mockserver.state import Table
from mockserver.vendor import Seeding, Vendor
from mockserver.workspaces import Workspace

BUNDLED = ("demo", "empty")


def fixture_file(name: str) -> File:
    """The file of a bundled fixture's name, or the path itself."""
    return folder("fixtures") / f"{name}.yaml" if name in BUNDLED else File(name)


class Fixture:
    """A seed file that has passed every check."""

    def __init__(self, file: File, vendors: tuple[Vendor, ...], seed: int) -> None:
        """Read a file and fill a workspace with it.

        Raises FixtureError with one line, `file:line: place: what is wrong`, for each problem.
        """
        try:
            self._source = Source(file)
        except OperatorError as error:
            raise FixtureError(str(error)) from None
        self._vendors = vendors
        self._content: dict[str, Any] = self._source.content if self._source.content is not None else {}
        self._refuse(self._against_schema())
        self.accounts = frozenset(self._content.get("accounts", ()))
        self.workspace = self._fill(seed)

    def _refuse(self, problems: Iterator[Problem]) -> None:
        sentences = [self._source.sentence(problem.path, problem.message) for problem in problems]
        if sentences:
            raise FixtureError("\n".join(sentences))

    def _against_schema(self) -> Iterator[Problem]:
        schema = json.loads((folder("fixtures") / "schema.json").read_text("utf-8"))
        validator = Draft202012Validator(schema, validate_formats=True, formats=FORMATS)
        yield from problems_of(validator, self._content, {})

    def _fill(self, seed: int) -> Workspace:
        moment = parse_date_time(self._content.get("clock", ""))
        clock = Clock(moment.astimezone(UTC) if moment else None)
        tables = {vendor.name: {spec.name: Table(spec) for spec in vendor.tables} for vendor in self._vendors}
        settings = {vendor.name: vendor.defaults() for vendor in self._vendors}
        workspace = Workspace("seed", tables, settings, clock, seed)
        seeded = chain.from_iterable(self._seeded(vendor, workspace) for vendor in self._vendors)
        self._refuse(chain(self._switched(settings), seeded))
        return workspace

    def _switched(self, settings: dict[str, dict[str, Any]]) -> Iterator[Problem]:
        switches = {vendor.name: {setting.name: setting for setting in vendor.settings} for vendor in self._vendors}
        for vendor, values in self._content.get("settings", {}).items():
            if vendor not in switches:
                yield Problem(("settings", vendor), "unknown", f"is no vendor; the vendors are {', '.join(switches)}")
                continue
            for name, value in values.items():
                setting = switches[vendor].get(name)
                if setting is None:
                    yield Problem(("settings", vendor, name), "unknown", f"is no setting; the settings are {', '.join(switches[vendor])}")
                elif reason := setting.refuses(value):
                    yield Problem(("settings", vendor, name), "value", reason)
                else:
                    settings[vendor][name] = value

    def _seeded(self, vendor: Vendor, workspace: Workspace) -> Iterator[Problem]:
        section = self._content.get(vendor.name) or {}
        seeding = Seeding(workspace.clock.now(), workspace.seed, workspace.settings[vendor.name])
        for problem in vendor.seed(section, workspace.transaction(vendor.name), seeding):
            yield Problem((vendor.name, *problem.path), problem.keyword, problem.message)

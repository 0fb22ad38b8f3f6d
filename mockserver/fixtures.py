"""Fixtures: what a workspace holds, from a seed file or by the control API, all of it or nothing.

And the way back.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import timedelta
from functools import lru_cache, reduce
from operator import getitem
from pathlib import Path as File
from typing import Any

from jsonschema_rs import Draft202012Validator

from mockserver.documents.fixture_files import FixtureFiles
from mockserver.documents.formats import parse_date_time
from mockserver.documents.resources import folder
from mockserver.documents.schema import problems_of
from mockserver.errors import FixtureError, Path, Problem, Refusal
from mockserver.sections import Seeding
from mockserver.state.changes import Change, ClockChange, RowId, SettingsChange, TablesEmptied
from mockserver.state.clock import WorkspaceClock, frozen_at, shifted_by
from mockserver.state.transaction import Transaction
from mockserver.vendor import Vendor, formats_of
from mockserver.workspaces import Origin, Workspace, empty_origin

BUNDLED = ("demo", "empty")

Settings = dict[str, dict[str, Any]]
"""The value of each switch, by vendor and name."""


def fixture_file(name: str) -> File:
    """The file or folder of a bundled fixture's name, or the path itself."""
    if name not in BUNDLED:
        return File(name)
    whole = folder("fixtures") / name
    return whole if whole.is_dir() else whole.with_suffix(".yaml")


class Fixture:
    """A seed file, or a folder of them, that has passed every check.

    Its `content`, the `accounts` that it declares, the `workspace` that it fills, and the `origin`
    that others begin with.
    """

    def __init__(self, file: File, vendors: tuple[Vendor, ...], seed: int) -> None:
        """Read a file, or the files of a folder, and fill a workspace with what they hold.

        Raises FixtureError with one line, `file:line: place: what is wrong`, for each problem.
        """
        files = FixtureFiles(file)
        self.content: Any = files.content
        self.workspace = empty_workspace(vendors, WorkspaceClock(), seed)
        try:
            merge(self.workspace, self.content, vendors)
            problems: tuple[Problem, ...] = ()
        except Refusal as refusal:
            problems = refusal.problems
        sentences = files.sentences(problems)
        if sentences:
            raise FixtureError("\n".join(sentences))
        self.accounts = frozenset(self.content.get("accounts", ()))
        self.origin = Origin(self.workspace.save(), seed)


def empty_workspace(vendors: tuple[Vendor, ...], clock: WorkspaceClock, seed: int) -> Workspace:
    """A workspace without rows, its settings at their defaults."""
    tables = {vendor.name: vendor.tables for vendor in vendors}
    settings = {vendor.name: vendor.defaults() for vendor in vendors}
    return Workspace("seed", empty_origin(tables, settings, clock=clock, seed=seed))


def replace(workspace: Workspace, content: Any, vendors: tuple[Vendor, ...]) -> None:
    """Let the workspace hold what it would hold had it been made from this fixture.

    Its clock goes on where the fixture has none. `content` is the fixture as a JSON value. Raises
    Refusal("invalid") naming every problem by its path in there; then the workspace is as it was.
    """
    made = empty_workspace(vendors, workspace.clock, workspace.seed)
    changes = _merging(made, content, vendors)
    workspace.apply([TablesEmptied(), *changes])


def merge(workspace: Workspace, content: Any, vendors: tuple[Vendor, ...]) -> None:
    """Add the rows of a fixture, or put them in place of those with the same id.

    Set the settings that it names and its clock. `content` is the fixture as a JSON value. Raises
    Refusal("invalid") naming every problem by its path in there; then the workspace is as it was.
    """
    workspace.apply(_merging(workspace, content, vendors))


def _merging(workspace: Workspace, content: Any, vendors: tuple[Vendor, ...]) -> list[Change]:
    """The changes that merge a fixture into the workspace. Raises Refusal("invalid")."""
    misfits = tuple(_misfits(content, vendors))
    sound = _Sound(content, misfits, vendors)
    settings = {vendor: dict(values) for vendor, values in workspace.settings.items()}
    clock, clock_problems = _clock_of(sound.content, workspace.clock)
    problems = [
        *misfits,
        *sound.duplicates,
        *clock_problems,
        *_switch(settings, sound.content.get("settings", {}), vendors),
    ]
    now = clock.now() if clock != workspace.clock else workspace.now()
    changes: list[Change] = [SettingsChange(vendor, settings[vendor]) for vendor in settings]
    changes.append(ClockChange(clock.frozen, clock.shift))
    for vendor in vendors:
        seeding = Seeding(now, workspace.seed, settings[vendor.name])
        tx = workspace.transaction(vendor.name)
        found = _fill(vendor, sound.content.get(vendor.name, {}), tx, seeding)
        problems += sound.told(found)
        changes += tx.changes()
    if problems:
        raise Refusal("invalid", problems=problems)
    return changes


def schema(vendors: tuple[Vendor, ...]) -> dict[str, Any]:
    """The JSON Schema of a fixture, put together from what the vendors say of their sections."""
    settings = {
        "description": "Behaviour switches, by vendor and name.",
        "type": "object",
        "additionalProperties": False,
        "properties": {vendor.name: _settings_schema(vendor) for vendor in vendors},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mockserver fixture",
        "description": "What a workspace holds when it is first used.",
        "type": "object",
        "additionalProperties": False,
        "properties": _ACCOUNTS_AND_CLOCK
        | {"settings": settings}
        | {vendor.name: vendor.section.schema for vendor in vendors},
    }


_ACCOUNTS_AND_CLOCK: dict[str, Any] = {
    "accounts": {
        "description": "Account names that `--auth strict` admits.",
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "uniqueItems": True,
    },
    "clock": {
        "description": "A moment at which the workspace's clock stands still, or how far it is "
        "ahead of the real time (behind it where that is negative).",
        "type": ["string", "object"],
        "format": "date-time",
        "additionalProperties": False,
        "required": ["shift_seconds"],
        "properties": {
            "shift_seconds": {
                "type": "number",
                "minimum": -315576000000,
                "maximum": 315576000000,
            }
        },
    },
}


def _settings_schema(vendor: Vendor) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {setting.name: setting.schema for setting in vendor.settings},
    }


@lru_cache(maxsize=16)
def _validator(vendors: tuple[Vendor, ...]) -> Draft202012Validator:
    """What checks a fixture's content, apart from its settings: they say better what is wrong."""
    whole = schema(vendors)
    loose = {"type": "object", "additionalProperties": {"type": "object"}}
    checked = whole | {"properties": whole["properties"] | {"settings": loose}}
    return Draft202012Validator(checked, validate_formats=True, formats=formats_of(vendors))


def _misfits(content: Any, vendors: tuple[Vendor, ...]) -> Iterator[Problem]:
    validator = _validator(vendors)
    if not validator.is_valid(content):
        yield from problems_of(validator, content, {})


_ROW, _FIELD = 3, 4
"""How many steps lead to a row of a fixture, and to a field of a row."""


class _Sound:
    """The part of a broken fixture that can be checked further, so that all problems show.

    `content` is what it has without the values that break the schema and without the rows that then
    lack one they need. `duplicates` are the problems with ids that stand in it twice.
    """

    def __init__(
        self, content: Any, misfits: Collection[Problem], vendors: tuple[Vendor, ...]
    ) -> None:
        """`misfits` is what the schema has against the content."""
        self.content = _stripped(content, misfits) if misfits else content
        self.duplicates = tuple(_duplicates(self.content))
        self._places: dict[Path, Path] = {}
        self._lost: set[Path] = {
            problem.path[:1] for problem in misfits if len(problem.path) < _ROW
        }
        if misfits:
            self._leave_out({problem.path[:_ROW] for problem in _misfits(self.content, vendors)})

    def _leave_out(self, partial: Collection[Path]) -> None:
        """Go on without these rows, and without the sections that are none."""
        for path in partial:
            if len(path) < _ROW:
                self.content.pop(path[0], None)
        for vendor, table in {path[:2] for path in partial if len(path) == _ROW}:
            if isinstance(self.content[vendor][table], dict):  # a table of one row
                del self.content[vendor][table]
                self._lost.add((vendor, table))
                continue
            rows = [
                ((vendor, table, index), row)
                for index, row in enumerate(self.content[vendor][table])
            ]
            kept = [(path, row) for path, row in rows if path not in partial]
            self.content[vendor][table] = [row for _, row in kept]
            self._places |= {(vendor, table, index): path for index, (path, _) in enumerate(kept)}
            self._lost |= {
                (vendor, table, row["id"]) if "id" in row else (vendor, table)
                for path, row in rows
                if path in partial
            }

    def told(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """The problems of what is left, except references to what was left out."""
        for problem in problems:
            if problem.keyword != "reference" or not self._is_lost(problem.path[0], *problem.value):
                yield dataclasses.replace(
                    problem,
                    path=self._places.get(problem.path[:_ROW], problem.path[:_ROW])
                    + problem.path[_ROW:],
                )

    def _is_lost(self, vendor: str | int, table: str, id: RowId) -> bool:
        """Whether the row may be there once the fixture fits the schema.

        A table may be missing because its name is wrong.
        """
        if (vendor,) in self._lost and table not in self.content[vendor]:
            return True
        return (vendor, table) in self._lost or (vendor, table, id) in self._lost


def _stripped(content: Any, misfits: Iterable[Problem]) -> Any:
    """A copy without the values that break the schema.

    In place of a row that is none stands an empty one: the others keep their places.
    """
    stripped = deepcopy(content) if isinstance(content, dict) else {}
    for *way, last in sorted(
        {problem.path[:_FIELD] for problem in misfits if problem.path}, key=len, reverse=True
    ):
        inside = reduce(getitem, way, stripped)
        if isinstance(inside, list):
            inside[last] = {}
        else:
            inside.pop(last, None)
    return stripped


def _clock_of(
    content: Mapping[str, Any], present: WorkspaceClock
) -> tuple[WorkspaceClock, list[Problem]]:
    """The clock that a fixture asks for, else the present one; and what is wrong with it."""
    asked = content.get("clock")
    try:
        if isinstance(asked, str):
            moment = parse_date_time(asked)
            assert moment is not None, asked
            return frozen_at(moment), []
        if asked is not None:
            return shifted_by(timedelta(seconds=asked["shift_seconds"])), []
    except OverflowError:
        return present, [Problem(("clock",), "range", "is out of range")]
    return present, []


def _switch(
    settings: Settings, asked: Mapping[str, Any], vendors: tuple[Vendor, ...]
) -> Iterator[Problem]:
    switches = {
        vendor.name: {setting.name: setting for setting in vendor.settings} for vendor in vendors
    }
    for vendor, values in asked.items():
        if vendor not in switches:
            yield Problem(
                ("settings", vendor),
                "unknown",
                f"is no vendor; the vendors are {', '.join(switches)}",
            )
            continue
        for name, value in values.items():
            setting = switches[vendor].get(name)
            if setting is None:
                yield Problem(
                    ("settings", vendor, name),
                    "unknown",
                    f"is no setting; the settings are {', '.join(switches[vendor])}",
                )
            elif reason := setting.refuses(value):
                yield Problem(("settings", vendor, name), "value", reason)
            else:
                settings[vendor][name] = value


def _fill(
    vendor: Vendor, section: Mapping[str, Any], tx: Transaction, seeding: Seeding
) -> Iterator[Problem]:
    for problem in vendor.section.seed(section, tx, seeding):
        yield dataclasses.replace(problem, path=(vendor.name, *problem.path))


def _duplicates(content: Mapping[str, Any]) -> Iterator[Problem]:
    tables = (
        (name, table, rows)
        for name, section in content.items()
        if isinstance(section, dict)
        for table, rows in section.items()
    )
    for name, table, rows in tables:
        seen = set()
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            if "id" in row and row["id"] in seen:
                yield Problem(
                    (name, table, index, "id"),
                    "unique",
                    f"the id {row['id']} stands twice in {table}",
                )
            seen.add(row.get("id"))


def export(workspace: Workspace, vendors: tuple[Vendor, ...]) -> dict[str, Any]:
    """The fixture that `replace` makes this workspace from again.

    Rows, their order, the next ids, settings, and a clock that is not real.

    It shares lists and objects within rows with the workspace: write it down, do not change it.
    """
    content: dict[str, Any] = _clock(workspace.clock)
    settings = {
        vendor.name: _changed(vendor.defaults(), workspace.settings[vendor.name])
        for vendor in vendors
    }
    content["settings"] = {vendor: changed for vendor, changed in settings.items() if changed}
    content |= {vendor.name: _section(vendor, workspace) for vendor in vendors}
    return {name: part for name, part in content.items() if part}


def _clock(clock: WorkspaceClock) -> dict[str, Any]:
    if clock.frozen is not None:
        return {"clock": clock.frozen.isoformat().replace("+00:00", "Z")}
    return {"clock": {"shift_seconds": clock.shift.total_seconds()}} if clock.shift else {}


def _changed(defaults: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value != defaults[name]}


def _section(vendor: Vendor, workspace: Workspace) -> dict[str, Any]:
    tables = workspace.tables[vendor.name]
    numbers = {
        name: tables[name].last_number + 1
        for name in vendor.section.numbered
        if tables[name].last_number
    }
    return ({"next_numbers": numbers} if numbers else {}) | vendor.section.export(
        workspace.transaction(vendor.name)
    )

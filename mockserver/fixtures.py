"""Fixtures: fill a workspace from a seed file or the control API, all or nothing, and export it."""

import dataclasses
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from functools import lru_cache, partial, reduce
from operator import getitem
from pathlib import Path as File
from typing import Any

from jsonschema_rs import Draft202012Validator

from mockserver.documents.excess import Excess
from mockserver.documents.fixture_files import FixtureFiles
from mockserver.documents.formats import parse_date_time
from mockserver.documents.relative_times import RelativeTimes
from mockserver.documents.resources import folder
from mockserver.documents.schema import problems_of
from mockserver.errors import LEFT_OUT, FixtureError, Path, Problem, Refusal, without
from mockserver.life.events import Cause
from mockserver.life.lifecycle import DUE, Scene
from mockserver.sections import Seeding
from mockserver.settings import REFUSED_ACCOUNTS
from mockserver.state.changes import Change, ClockChange, RowId, SettingsChange, TablesEmptied
from mockserver.state.clock import WorkspaceClock, frozen_at, shifted_by
from mockserver.state.ids import SEQUENCE
from mockserver.state.transaction import Transaction
from mockserver.vendor import Vendor, formats_of
from mockserver.workspaces import Limits, Origin, Workspace, empty_origin

BUNDLED = ("demo", "empty")

Settings = dict[str, dict[str, Any]]
"""The value of each switch, by vendor and name."""


def fixture_file(name: str) -> File:
    """The file or folder of a bundled fixture's name, or the path itself."""
    if name not in BUNDLED:
        return File(name)
    path = folder("fixtures") / name
    if path.is_dir():
        return path
    return path.with_suffix(".yaml")


class Fixture:
    """Seed files, or folders of them, that have passed every check.

    The `accounts` that they declare, the `workspace` that they fill, and the `origin` that others
    begin with.
    """

    def __init__(
        self,
        files: File | Sequence[File],
        vendors: tuple[Vendor, ...],
        seed: int,
        *,
        trusts_kept: bool = False,
    ) -> None:
        """Read a file, or the files of a folder, and fill a workspace with what they hold.

        Several are added to each other in their order, as `merge` does. With `trusts_kept`, a
        bundled one is not compared with the schemas again after a start that found nothing wrong
        with it. Raises FixtureError with one line, `file:line: place: what is wrong`, for each
        problem, and UnreadableError.
        """
        self._vendors = vendors
        self._seed = seed
        self._contents: list[Any] = []
        self.workspace = empty_workspace(vendors, WorkspaceClock(), seed)
        self._trusts_kept = trusts_kept
        sentences: list[str] = []
        parts = [FixtureFiles(file) for file in ([files] if isinstance(files, File) else files)]
        for part in parts:
            sentences += self._add(part, bool(sentences))
        if sentences:
            raise FixtureError("\n".join(sentences))
        for part in parts:
            part.keep()
        self.accounts = frozenset(
            account for content in self._contents for account in content.get("accounts", ())
        )
        self.origin = Origin(self.workspace.save(), seed)

    def _add(self, files: FixtureFiles, is_partial: bool) -> list[str]:
        """Add what the files hold to the workspace; what is wrong with them.

        If an earlier file is wrong, or one of these is no YAML, the rows that others refer to may
        be missing for that reason alone.
        """
        problems: tuple[Problem, ...] = ()
        is_proven = self._trusts_kept and files.is_proven
        try:
            _merge(self.workspace, files.content, self._vendors, is_proven=is_proven)
        except Refusal as refusal:
            problems = refusal.problems
        if is_partial or not files.is_whole:
            problems = tuple(each for each in problems if each.keyword != "reference")
        self._contents.append(files.content)
        return files.sentences(problems)

    @property
    def is_relative(self) -> bool:
        """Whether it holds times that are relative to the real present time."""
        times = _relative_times(self._vendors)
        return self.workspace.clock.frozen is None and any(map(times.are_in, self._contents))

    def origin_at(self, moment: datetime | None) -> Origin:
        """The origin at a moment, whose workspaces have a clock that stands still there.

        With None it is that of the present. Raises Refusal("invalid") for a moment at which no
        clock can be, or at which a time would be outside of the calendar.
        """
        try:
            clock = frozen_at(moment) if moment is not None else WorkspaceClock()
        except OverflowError:
            problem = Problem(("clock",), "range", "is out of range")
            raise Refusal("invalid", problems=[problem]) from None
        workspace = empty_workspace(self._vendors, clock, self._seed)
        for content in self._contents:
            known = content if moment is None else _without_clock(content)
            _merge(workspace, known, self._vendors, is_proven=True)
        return Origin(workspace.save(), self._seed)


def _without_clock(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in content.items() if name != "clock"}


def empty_workspace(
    vendors: tuple[Vendor, ...], clock: WorkspaceClock, seed: int, ids: str = SEQUENCE
) -> Workspace:
    """A workspace without rows, its settings at their defaults."""
    tables = {vendor.name: vendor.tables for vendor in vendors}
    settings = {vendor.name: vendor.defaults() for vendor in vendors}
    origin = empty_origin(tables, settings, clock=clock, seed=seed)
    # The limits are those of the workspace that gets the rows.
    limits = Limits(leads=sys.maxsize, calls=sys.maxsize)
    return Workspace("seed", origin, limits=limits, ids=ids)


def replace(workspace: Workspace, content: Any, vendors: tuple[Vendor, ...]) -> None:
    """Replace what the workspace holds by this fixture.

    Its clock goes on where the fixture has none. `content` is the fixture as a JSON value. Raises
    Refusal("invalid") naming every problem by its path in there; then the workspace is as it was.
    """
    # The changes are those of an empty workspace: nothing in this one may decide about them.
    empty = empty_workspace(vendors, workspace.clock, workspace.seed, workspace.ids)
    _apply(workspace, [TablesEmptied(), *_merging(empty, content, vendors)])


def merge(workspace: Workspace, content: Any, vendors: tuple[Vendor, ...]) -> None:
    """Add the rows of a fixture, or put them in place of those with the same id.

    Set the settings that it names and its clock. `content` is the fixture as a JSON value. Raises
    Refusal("invalid") naming every problem by its path in there; then the workspace is as it was.
    """
    _merge(workspace, content, vendors, is_proven=False)


def _merge(
    workspace: Workspace, content: Any, vendors: tuple[Vendor, ...], *, is_proven: bool
) -> None:
    """Merge; what `is_proven` has been compared with the schemas before."""
    _apply(workspace, _merging(workspace, content, vendors, is_proven=is_proven))


def _apply(workspace: Workspace, changes: list[Change]) -> None:
    """Make the changes if there is room for them. Raises Refusal as `require_room` does."""
    size = workspace.growth(changes)
    workspace.require_rows(changes)
    workspace.require_room(changes, size)
    workspace.apply(changes, size)


def settings_changes(
    workspace: Workspace, vendor: Vendor, settings: Mapping[str, Any]
) -> list[Change]:
    """The changes that give the vendor these settings, and what follows for its rows."""
    changes: list[Change] = [SettingsChange(vendor.name, settings)]
    if vendor.on_settings is not None:
        tx = workspace.transaction(vendor.name)
        vendor.on_settings(tx, settings)
        changes += tx.changes()
    return changes


def _merging(
    workspace: Workspace, content: Any, vendors: tuple[Vendor, ...], *, is_proven: bool = False
) -> list[Change]:
    """The changes that merge a fixture into the workspace. Raises Refusal("invalid")."""
    clock, clock_problems = _clock_of(content, workspace.clock)
    now = clock.now() if clock != workspace.clock else workspace.now()
    content, time_problems = _relative_times(vendors).resolved(content, now)
    misfits = () if is_proven else tuple(_misfits(content, vendors))
    if any(problem.path == ("clock",) for problem in misfits):
        clock_problems = []
    if any(problem.keyword == LEFT_OUT for problem in misfits):
        raise Refusal("invalid", problems=misfits)
    sound = _Sound(content, misfits, vendors)
    settings = {vendor: dict(values) for vendor, values in workspace.settings.items()}
    problems = [
        *misfits,
        *time_problems,
        *sound.duplicates,
        *_refused_accounts(sound.content),
        *clock_problems,
        *_switch(settings, sound.content.get("settings", {}), vendors),
    ]
    changes: list[Change] = [SettingsChange(vendor, settings[vendor]) for vendor in settings]
    changes.append(ClockChange(clock.frozen, clock.shift))
    last_due = 0
    for vendor in vendors:
        seeding = Seeding(now, workspace.seed, settings[vendor.name])
        tx = workspace.transaction(vendor.name)
        tx.settings = settings[vendor.name]
        if vendor.lifecycle is not None:
            tx.skip_numbers(DUE, last_due)
        # Costs as much as the table is long, so only where something follows from it.
        is_switched = settings[vendor.name] != workspace.settings[vendor.name]
        if is_switched and vendor.on_settings is not None:
            vendor.on_settings(tx, settings[vendor.name])
        found = _fill(vendor, sound.content.get(vendor.name, {}), tx, seeding)
        problems += sound.problems_of_fixture(found)
        problems += sound.problems_of_incomplete(vendor, seeding)
        if vendor.lifecycle is not None and not _has_problem(vendor.name, problems):
            scene = Scene(tx, now, workspace.seed, Cause("control", 0), _next_due)
            section = sound.content.get(vendor.name, {})
            for path, text in vendor.lifecycle.seeded(section, scene):
                problems.append(Problem((vendor.name, *path), "value", text))
            last_due = tx.last_number(DUE)
        changes += tx.changes()
    if problems:
        raise Refusal("invalid", problems=problems)
    return changes


def _has_problem(vendor: str, problems: Iterable[Problem]) -> bool:
    """Whether the vendor's section, its settings or the clock have one."""
    return any(
        vendor in path[:2] or path == ("clock",) for path in (each.path for each in problems)
    )


def schema(vendors: tuple[Vendor, ...]) -> dict[str, Any]:
    """The JSON Schema of a fixture, put together from the vendors' sections."""
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
def _checked_schema(vendors: tuple[Vendor, ...]) -> dict[str, Any]:
    """The schema of a fixture's content, apart from its settings."""
    # A setting names its possible values when it refuses one; the schema would say less.
    whole = schema(vendors)
    loose = {"type": "object", "additionalProperties": {"type": "object"}}
    return whole | {"properties": whole["properties"] | {"settings": loose}}


@lru_cache(maxsize=16)
def _relative_times(vendors: tuple[Vendor, ...]) -> RelativeTimes:
    sections = {vendor.name: vendor.section.schema for vendor in vendors}
    return RelativeTimes({"properties": sections})


@lru_cache(maxsize=16)
def _validator(vendors: tuple[Vendor, ...]) -> Draft202012Validator:
    return _compiled(_checked_schema(vendors), vendors)


def _compiled(part: dict[str, Any], vendors: tuple[Vendor, ...]) -> Draft202012Validator:
    return Draft202012Validator(part, validate_formats=True, formats=formats_of(vendors))


def _misfits(content: Any, vendors: tuple[Vendor, ...]) -> Iterator[Problem]:
    validator = _validator(vendors)
    if not validator.is_valid(content):
        schema = _checked_schema(vendors)
        compiled = partial(_compiled, vendors=vendors)
        excess = Excess(compiled)
        problems = problems_of(validator, excess.cut(content, schema), {})
        # Imported here: a fixture without problems needs no comparison of words.
        from mockserver.documents.hints import hinted

        yield from hinted(problems, schema, compiled)
        if excess.left_out:
            yield without(excess.left_out)


_ROW, _FIELD = 3, 4
"""How many steps lead to a row of a fixture, and to a field of a row."""


class _Sound:
    """The part of a broken fixture that can be checked further, so that all problems show at once.

    `content` is the fixture without the values that break the schema, and without the rows that
    then lack a value they need. `duplicates` are the problems with ids that it has twice.
    """

    def __init__(
        self, content: Any, misfits: Collection[Problem], vendors: tuple[Vendor, ...]
    ) -> None:
        """`misfits` is what the schema has against the content."""
        self.content = _stripped(content, misfits) if misfits else content
        self.duplicates = tuple(_duplicates(self.content))
        self._places: dict[Path, Path] = {}
        self._incomplete: list[tuple[Path, dict[str, Any]]] = []
        self._lost: set[Path] = {
            problem.path[:1] for problem in misfits if len(problem.path) < _ROW
        }
        if misfits:
            self._leave_out({problem.path[:_ROW] for problem in _misfits(self.content, vendors)})

    def _leave_out(self, partial: Collection[Path]) -> None:
        """Go on without these rows, and without the sections that are no objects."""
        for path in partial:
            if len(path) < _ROW:
                self.content.pop(path[0], None)
        for vendor, table in {path[:2] for path in partial if len(path) == _ROW}:
            if isinstance(self.content[vendor][table], dict):  # a table of one row
                del self.content[vendor][table]
                self._lost.add((vendor, table))
            else:
                self._leave_out_rows(vendor, table, partial)

    def _leave_out_rows(
        self, vendor: str | int, table: str | int, partial: Collection[Path]
    ) -> None:
        """Go on without these rows of one table, and remember where the others stood."""
        kept: list[Any] = []
        for index, row in enumerate(self.content[vendor][table]):
            path = (vendor, table, index)
            if path not in partial:
                self._places[vendor, table, len(kept)] = path
                kept.append(row)
                continue
            self._incomplete.append((path, row))
            if "id" in row:
                self._lost.add((vendor, table, row["id"]))
            else:
                self._lost.add((vendor, table))
        self.content[vendor][table] = kept

    def problems_of_fixture(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """The problems of what is left, with their paths in the whole fixture.

        A reference to a row that was left out is no problem.
        """
        for problem in problems:
            if problem.keyword == "reference" and self._is_lost(problem.path[0], *problem.value):
                continue
            row, rest = problem.path[:_ROW], problem.path[_ROW:]
            yield dataclasses.replace(problem, path=self._places.get(row, row) + rest)

    def problems_of_incomplete(self, vendor: Vendor, seeding: Seeding) -> Iterator[Problem]:
        """The problems of the values in the rows that were left out."""
        tables = {table.name: table for table in vendor.section.tables}
        for path, row in self._incomplete:
            if path[0] != vendor.name:
                continue
            _, problems = tables[str(path[1])].read(row, seeding)
            for problem in problems:
                yield dataclasses.replace(problem, path=path + problem.path)

    def _is_lost(self, vendor: str | int, table: str, id: RowId) -> bool:
        """Whether the row may be there once the fixture fits the schema.

        A table may be missing because its name is wrong.
        """
        if (vendor,) in self._lost and table not in self.content[vendor]:
            return True
        return (vendor, table) in self._lost or (vendor, table, id) in self._lost


def _stripped(content: Any, misfits: Iterable[Problem]) -> Any:
    """A copy without the values that break the schema."""
    stripped = deepcopy(content) if isinstance(content, dict) else {}
    broken = {problem.path[:_FIELD] for problem in misfits if problem.path}
    # The deepest first: a path must still lead somewhere when its turn comes.
    for *parents, last in sorted(broken, key=len, reverse=True):
        parent = reduce(getitem, parents, stripped)
        if isinstance(parent, list):
            parent[last] = {}  # an empty row, so that the others keep their places
        else:
            parent.pop(last, None)
    return stripped


def _clock_of(content: Any, present: WorkspaceClock) -> tuple[WorkspaceClock, list[Problem]]:
    """The clock that a fixture asks for, else the present one; and what is wrong with it.

    The fixture has not been checked: what is no clock at all is the schema's to refuse.
    """
    asked = content.get("clock") if isinstance(content, dict) else None
    moment = parse_date_time(asked) if isinstance(asked, str) else None
    shift = asked.get("shift_seconds") if isinstance(asked, dict) else None
    try:
        if moment is not None:
            return frozen_at(moment), []
        if isinstance(shift, int | float):
            return shifted_by(timedelta(seconds=shift)), []
    except (OverflowError, ValueError):  # ValueError: not a number
        return present, [Problem(("clock",), "range", "is out of range")]
    return present, []


def _switch(
    settings: Settings, asked: Mapping[str, Any], vendors: tuple[Vendor, ...]
) -> Iterator[Problem]:
    """Put the values asked for into the settings; the problems of those that cannot be."""
    by_name = {vendor.name: vendor for vendor in vendors}
    for name, values in asked.items():
        if name in by_name:
            yield from _switch_vendor(settings[name], values, by_name[name])
        else:
            near = _meant(name, by_name)
            text = f"is no vendor{near}; the vendors are {', '.join(by_name)}"
            yield Problem(("settings", name), "unknown", text)


def _switch_vendor(
    settings: dict[str, Any], asked: Mapping[str, Any], vendor: Vendor
) -> Iterator[Problem]:
    known = {setting.name: setting for setting in vendor.settings}
    for name, value in asked.items():
        path = ("settings", vendor.name, name)
        if name not in known:
            near = _meant(name, known)
            yield Problem(path, "unknown", vendor.unknown_setting(name) + near)
        elif reason := known[name].refuses(value):
            yield Problem(path, "value", reason + _meant(value, known[name].values))
        else:
            settings[name] = value


def _next_due(tx: Transaction) -> int:
    return tx.next_number(DUE)


def _meant(given: Any, known: Iterable[Any]) -> str:
    from mockserver.documents.hints import meant

    return meant(given, known)


def _fill(
    vendor: Vendor, section: Mapping[str, Any], tx: Transaction, seeding: Seeding
) -> Iterator[Problem]:
    for problem in vendor.section.seed(section, tx, seeding):
        yield dataclasses.replace(problem, path=(vendor.name, *problem.path))


def _refused_accounts(content: Mapping[str, Any]) -> Iterator[Problem]:
    """A problem for each account that no credential ever leads to."""
    accounts = content.get("accounts", ())
    for index, account in enumerate(accounts):
        if account in REFUSED_ACCOUNTS:
            message = f"{account!r} never gets in: it is the name for a credential that is refused"
            yield Problem(("accounts", index), "value", message, account)


def _duplicates(content: Mapping[str, Any]) -> Iterator[Problem]:
    """A problem for each id that a table has more than once."""
    for vendor, section in content.items():
        if not isinstance(section, dict):
            continue
        for table, rows in section.items():
            if isinstance(rows, list):
                yield from _duplicate_ids((vendor, table), rows)


def _duplicate_ids(path: Path, rows: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    seen = set()
    for index, row in enumerate(rows):
        if "id" not in row:
            continue
        if row["id"] in seen:
            text = f"the id {row['id']} stands twice in {path[-1]}"
            yield Problem((*path, index, "id"), "unique", text)
        seen.add(row["id"])


def export(workspace: Workspace, vendors: tuple[Vendor, ...]) -> dict[str, Any]:
    """The fixture from which `replace` makes this workspace again.

    It has the rows, their order, the next ids, the changed settings, and the clock unless it is
    real. It shares lists and objects within rows with the workspace: write it down, do not change
    it.
    """
    content: dict[str, Any] = {"clock": _clock(workspace.clock), "settings": {}}
    for vendor in vendors:
        changed = _changed(vendor.defaults(), workspace.settings[vendor.name])
        if changed:
            content["settings"][vendor.name] = changed
        content[vendor.name] = _section(vendor, workspace)
    return {name: part for name, part in content.items() if part}


def _clock(clock: WorkspaceClock) -> Any:
    """The clock as a fixture has it; None where it is real."""
    if clock.frozen is not None:
        return clock.frozen.isoformat().replace("+00:00", "Z")
    if clock.shift:
        return {"shift_seconds": clock.shift.total_seconds()}
    return None


def _changed(defaults: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value != defaults[name]}


def _section(vendor: Vendor, workspace: Workspace) -> dict[str, Any]:
    tables = workspace.tables[vendor.name]
    section: dict[str, Any] = {}
    numbers = {}
    for name in vendor.section.numbered:
        if tables[name].last_number != tables[name].start:
            numbers[name] = tables[name].last_number + 1
    if numbers:
        section["next_numbers"] = numbers
    return section | vendor.section.export(workspace.transaction(vendor.name))

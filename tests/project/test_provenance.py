"""Everything the server does says how sure it is and where it stands."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from mockserver.app import create_app
from mockserver.dispatch import Site
from mockserver.documents.provenance import PROVENANCES


@cache
def sites() -> tuple[Site, ...]:
    return create_app(fixtures="empty").sites


def marks() -> Iterator[tuple[str, str, str]]:
    """Each operation, answer, setting, rule and behaviour: its name, its mark and its source."""
    for site in sites():
        vendor = site.vendor
        for operation in site.document.operations:
            yield f"{vendor.name} operation {operation.id}", operation.provenance, operation.source
            for answer in operation.answers.values():
                yield (
                    f"{vendor.name} answer {operation.id} {answer.status}",
                    answer.provenance,
                    operation.source,
                )
        for setting in vendor.settings:
            yield f"{vendor.name} setting {setting.name}", setting.provenance, setting.source
        for rule in vendor.rules:
            yield f"{vendor.name} rule {rule.name}", rule.provenance, rule.source
        for behaviour in vendor.behaviours:
            yield (
                f"{vendor.name} behaviour {behaviour.rule}",
                behaviour.provenance,
                behaviour.source,
            )


def test_everything_has_a_mark() -> None:
    assert [name for name, mark, _ in marks() if mark not in PROVENANCES] == []


def test_everything_has_a_source() -> None:
    assert [name for name, _, source in marks() if not source.strip()] == []


def test_no_rule_setting_or_behaviour_is_told_twice() -> None:
    names = [name for name, _, _ in marks()]
    assert [name for name in sorted(set(names)) if names.count(name) > 1] == []


@pytest.mark.parametrize("kind", ["operation", "answer", "setting", "rule", "behaviour"])
def test_every_vendor_tells_of_each_kind(kind: str) -> None:
    silent = [
        site.vendor.name
        for site in sites()
        if not any(name.startswith(f"{site.vendor.name} {kind} ") for name, _, _ in marks())
    ]
    assert silent == []


def marks_in(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from [value["x-provenance"]] if "x-provenance" in value else []
        for part in value.values():
            yield from marks_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from marks_in(part)


@pytest.mark.parametrize(
    "name", [pytest.param(site.vendor.name, id=site.vendor.name) for site in sites()]
)
def test_every_mark_in_a_document_is_one_of_the_five(name: str) -> None:
    document = next(site.document for site in sites() if site.vendor.name == name)
    assert set(marks_in(document.source.content)) <= set(PROVENANCES)


def test_every_rule_speaks_of_operations_and_indexes_that_there_are() -> None:
    astray = []
    for site in sites():
        operations = {operation.id for operation in site.document.operations}
        indexes = {spec.name: set(spec.indexes) for spec in site.vendor.tables}
        for rule in site.vendor.rules:
            astray += [f"{rule.name}: {name}" for name in rule.operations if name not in operations]
            astray += [
                f"{rule.name}: {key.index}"
                for key in rule.keys
                if key.index not in indexes[rule.table]
            ]
    assert astray == []

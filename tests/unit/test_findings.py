"""What is kept of a journal's findings never differs from those of the whole journal."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.control.findings import FindingsCache
from mockserver.documents.spec import load_document
from mockserver.journal.conduct import findings_of
from mockserver.journal.conduct.observations import Observations
from mockserver.journal.directory import Directory
from mockserver.journal.records import Journal, Record
from mockserver.state.transaction import RowDiff
from tests.records import NOON, record, request

DOCUMENT = """openapi: 3.0.3
info: {title: Shop}
servers: [{url: 'https://api.shop.example'}]
paths:
  /things/:
    get:
      operationId: list_things
      x-provenance: documented
      parameters: [{name: page, in: query, schema: {type: integer}}]
      responses: {200: {description: A page, x-provenance: chosen}}
    put:
      operationId: update_thing
      x-provenance: documented
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {name: {type: string}, on: {type: boolean}}}
      responses: {200: {description: Done, x-provenance: inferred}, 400: {description: Bad}}
"""

_LATER = b'{"next": "https://api.shop.example/things/?page=%d"}'
_MADE = (RowDiff("things", 1, None, {"id": 1, "name": "ada"}),)
_TO_SLASH = ((b"location", b"/things/"),)


def _list(page: int, answer: bytes = b"{}") -> dict[str, Any]:
    asked = request("GET", "/things/", query_string=b"page=%d" % page)
    return {"operation": "list_things", "request": asked, "answer": answer}


def _update(body: bytes, **fields: Any) -> dict[str, Any]:
    asked = request("PUT", "/things/", body=body)
    return {"operation": "update_thing", "request": asked} | fields


KINDS: tuple[dict[str, Any], ...] = (
    _list(1, _LATER % 2),
    _list(2, _LATER % 3),
    _list(3),
    _update(b'{"name": "ada"}', changes=_MADE),
    _update(b'{"name": "ada", "strange": 1, "other_id": "undefined"}'),
    _update(b'{"strange": 2}'),
    _update(b'{"on": 1}', status=400, answer=b"no"),
    _update(b"{}", status=429, own_headers=((b"retry-after", b"3"),)),
    {"status": 404, "request": request("GET", "/nowhere/{id}")},
    {"status": 301, "request": request("POST", "/things", body=b"{}"), "own_headers": _TO_SLASH},
)
"""Requests about which a check says something, alone or together with others."""

_kinds = st.sampled_from(KINDS)
_steps = st.lists(st.tuples(_kinds, st.booleans(), st.integers(0, 9)), max_size=30)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    file: Path = tmp_path_factory.mktemp("shop") / "shop.yaml"
    file.write_text(DOCUMENT, "utf-8")
    return Directory({"shop": load_document(file).operations}, {"shop": ()})


def _about(found: Record, journal: Journal, directory: Directory) -> list[Any]:
    """The findings of the whole journal that are about a record."""
    ordered = sorted(journal, key=lambda each: each.number)
    findings = findings_of(ordered, directory)
    return [finding for finding in findings if found.number in finding.requests]


@given(steps=_steps)
def test_findings_kept_are_those_of_the_whole_journal(
    steps: list[tuple[dict[str, Any], bool, int]], directory: Directory
) -> None:
    cache, journal = FindingsCache(directory), Journal(max_entries=8)
    number = 0
    for kind, is_asked, chance in steps:
        number += 1
        if chance == 0:
            # As after a reset: the numbers begin anew.
            journal.clear()
            number = 1
        time = NOON + timedelta(seconds=number)
        journal.add(record(number, "shop", time=time, **kind))
        for each in journal if is_asked else ():
            assert cache.about(each, journal) == _about(each, journal, directory)


def test_findings_kept_follow_answers_that_end_in_another_order(directory: Directory) -> None:
    cache, journal = FindingsCache(directory), Journal()
    for number, kind in ((1, 6), (4, 6), (2, 0), (3, 1)):
        journal.add(record(number, "shop", **KINDS[kind]))
        for each in journal:
            assert cache.about(each, journal) == _about(each, journal, directory)


def test_what_a_record_told_is_read_once(directory: Directory) -> None:
    records = [record(number, "shop", **kind) for number, kind in enumerate(KINDS, 1)]
    observations = Observations(directory)
    observations.observe(records[:-1])
    before = list(observations.signs)
    observations.observe(records[1:])
    after = list(observations.signs)
    kept = [sign for sign in before if sign.record.number > 1]
    assert kept
    assert [id(sign) for sign in after[: len(kept)]] == [id(sign) for sign in kept]

"""The answers of a real ASP.NET Core application, against those of this server.

The files of the folder `aspnet` hold what a controller application of ASP.NET Core 10 answered:
default JSON and problem-details settings, `[ApiController]`, the documented types. `calls.jsonl.gz`
is about calls, analytics and outbound settings, `requests.jsonl.gz` about everything else.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mockserver.app import Application, create_app
from mockserver.call import Call, request_of
from mockserver.dialects.aspnet_core import problem
from mockserver.dialects.plain_json import sendable
from mockserver.dialects.system_text_json import Stop, Types, convert
from mockserver.documents.spec import Operation
from mockserver.documents.zones import offset_hours
from mockserver.vendors.nlpearl import DIALECT
from mockserver.vendors.nlpearl.rows import time_text
from mockserver.vendors.nlpearl.rules import BEHAVIOURS
from tests.vendors.recorded_requests import Recorded, answer_of, difference, recorded

FILES = sorted((Path(__file__).parent / "aspnet").glob("*.jsonl.gz"))
PEARL = "66552698d60e456235eae521"

NUL = "NUL characters and lone surrogates are refused."
ALL_FAILURES = (
    "Add Leads names every lead that failed, whether by an annotation or by a later rule."
)
TURKEY = "The zone that the document calls Türkiye Standard Time passes."
RETIRED_ZONES = "Two zones that Windows no longer has pass."
CHOSEN = {
    'add: \'{"phoneNumber":"a\\\\u0000b"}\'': NUL,
    'update: \'{"phoneNumber":"a\\\\u0000b"}\'': NUL,
    'adds: in the list \'{"phoneNumber":"a\\\\u0000b"}\'': NUL,
    "drawn 2494: adds": ALL_FAILURES,
    "zone 'Türkiye Standard Time'": TURKEY,
    "zone 'Mid-Atlantic Standard Time'": RETIRED_ZONES,
    "zone 'Kamchatka Standard Time'": RETIRED_ZONES,
}
"""Requests that are answered otherwise on purpose, with the sentence that says so."""

NOT_OURS = frozenset({"notfound/text", "bad/text", "text", "bool", "null", "throw", "escapes"})
"""Answers of the recorded application itself: none of this vendor's operations has the like."""


@cache
def lines() -> tuple[Recorded, ...]:
    return tuple(chain.from_iterable(map(recorded, FILES)))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Application:
    """An application that has every pearl, as the recorded one has."""
    file = tmp_path_factory.mktemp("replay") / "pearls.yaml"
    pearls = f"nlpearl: {{pearls: [{{id: '{PEARL}'}}]}}\n"
    file.write_text(pearls + "settings: {nlpearl: {unknown_pearl: create}}\n", "utf-8")
    return create_app(fixtures=str(file))


def test_requests_are_answered_as_the_framework_answers_them(app: Application) -> None:
    different = {}
    for request in lines():
        if not request.target.startswith("/words"):
            found = difference(request, answer_of(app, request))
            if found is not None:
                different[request.name] = found
    assert {name: each for name, each in different.items() if name not in CHOSEN} == {}
    assert different.keys() == {name for name in CHOSEN if not name.startswith("zone")} & {
        request.name for request in lines()
    }


def test_whatever_is_answered_otherwise_stands_in_the_list_of_behaviours() -> None:
    told = {each.rule: each.provenance for each in BEHAVIOURS}
    assert {told.get(sentence) for sentence in CHOSEN.values()} == {"chosen"}


def words(kind: str) -> Iterator[tuple[Recorded, str]]:
    """The recorded answers below `/words/<kind>`, and what follows that."""
    for request in lines():
        path = urlsplit(request.target).path
        if path.startswith(f"/words/{kind}"):
            yield request, path.removeprefix(f"/words/{kind}")


def test_a_status_has_the_words_that_the_framework_has_for_it() -> None:
    call = Call(request_of({"method": "GET", "path": "/", "query_string": b""}, {}, b""))
    compared = 0
    for request, rest in words(""):
        status = rest.removeprefix("problem/")
        if status.isdigit():
            detail = "Why it is so." if rest != status else None
            assert without_trace(problem(int(status), call, detail).body) == without_trace(
                json.loads(request.answer_body)
            )
            compared += 1
    assert compared == 52


def test_a_time_zone_is_known_to_the_framework_or_not() -> None:
    for request, _ in words("zone"):
        (id,) = parse_qs(urlsplit(request.target).query, keep_blank_values=True)["id"]
        if id and request.name not in CHOSEN:
            zone = json.loads(request.answer_body)
            assert offset_hours(id) == zone.get("totalHours"), request.name


def test_a_missing_thing_and_times_are_written_as_the_framework_writes_them() -> None:
    call = Call(request_of({"method": "GET", "path": "/", "query_string": b""}, {}, b""))
    for request, _ in words("notfound"):
        if request.target.endswith("notfound"):
            found = without_trace(json.loads(request.answer_body))
            assert without_trace(problem(404, call).body) == found
    for request, _ in words("numbers"):
        written = json.loads(request.answer_body)
        for name in ("time", "whole"):
            assert time_text(datetime.fromisoformat(written[name])) == written[name]


def test_every_recorded_word_is_compared_or_none_of_ours() -> None:
    rest = {kind for _, kind in words("") if not kind.removeprefix("problem/").isdigit()}
    assert rest - NOT_OURS == {"zone", "notfound", "numbers"}


def without_trace(body: Any) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "traceId"}


def test_a_fast_parser_decides_nothing_that_the_reader_would_decide_otherwise(
    app: Application,
) -> None:
    """Bodies that were spoilt at one place: what is told is what the reader alone would tell."""
    chance = Random(11)
    site = next(site for site in app.sites if site.vendor.name == "nlpearl")
    operations = {each.id: each for each in site.document.operations}
    for _ in range(1500):
        request = chance.choice(bodies())
        at = chance.randrange(len(request.body or b"") + 1)
        spoilt = (request.body or b"")[:at] + chance.choice(SPOILERS) + (request.body or b"")[at:]
        answer = answer_of(app, replace(request, body=spoilt))
        told = [key for key in errors_of(answer.body) if key.startswith("$")]
        operation = operations[operation_of(request)]
        assert told == stops_at(spoilt, operation), spoilt


SPOILERS = (
    *(b'"', b",", b":", b"{", b"}", b"[", b"]", b"1", b"-", b".", b"e", b"\\", b"\xff", b"\x00"),
    *(b" ", b"\n", b"null", b"true", b'"status":', b'"Status":"x",', b'"leads":[{}],', b"\\ud800"),
    *(b'"from":"2026-01-01 ",', b'"callingHours":[{"day":"x"}],'),
)


@cache
def bodies() -> tuple[Recorded, ...]:
    """Requests with a body of plain JSON that has a handler."""
    return tuple(
        each
        for each in lines()
        if each.body and each.headers.get("Content-Type") == "application/json"
        if "Authorization" in each.headers and operation_of(each)
    )


def operation_of(request: Recorded) -> str:
    last = request.target.rpartition("/")[2]
    names = {
        ("POST", "Lead"): "add_lead",
        ("POST", "Add"): "add_leads",
        ("POST", "Leads"): "search_leads",
        ("DELETE", "Leads"): "delete_leads",
        ("DELETE", "External"): "delete_leads_by_external_id",
        ("PUT", "Active"): "set_pearl_active",
        ("POST", "Calls"): "get_calls",
        ("POST", "Analytics"): "get_analytics",
        ("PUT", "Outbound"): "update_outbound_settings",
        ("PUT", "66552698d60e456235eae520"): "update_lead",
    }
    return names.get((request.method, last), "")


def stops_at(raw: bytes, operation: Operation) -> list[str]:
    assert operation.body is not None
    model = DIALECT.models[operation.id]
    record = Types(DIALECT.types, lenient=True).record(operation.body.schema, model.type)
    try:
        convert(raw.removeprefix(BOM_UTF8), record, DIALECT.max_depth)
    except Stop as stop:
        return [sendable(stop.path)]
    return []


def errors_of(body: bytes) -> dict[str, list[str]]:
    value = json.loads(body) if body else None
    found: dict[str, list[str]] = value.get("errors", {}) if isinstance(value, dict) else {}
    return found

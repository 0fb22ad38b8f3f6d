"""The answers of a real ASP.NET Core application, against those of this server.

`aspnet/requests.jsonl.gz` holds what a controller application of ASP.NET Core 10 answered: default
JSON and problem-details settings, `[ApiController]`, the documented types.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mockserver.app import Application, create_app
from mockserver.call import Call, request_of
from mockserver.dialects.aspnet_core import problem
from mockserver.documents.zones import offset_hours
from mockserver.vendors.nlpearl.rows import time_text
from mockserver.vendors.nlpearl.rules import BEHAVIOURS
from tests.vendors.recorded_requests import Recorded, answer_of, difference, recorded

REQUESTS = Path(__file__).parent / "aspnet" / "requests.jsonl.gz"

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
    return tuple(recorded(REQUESTS))


@pytest.fixture(scope="module")
def app() -> Application:
    return create_app()


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

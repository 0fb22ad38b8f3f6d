"""The log of requests: lines for people and for machines, bounded in number."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.journal.directory import Directory
from mockserver.journal.log import RequestLog
from mockserver.journal.records import AppliedFault
from tests.samples import SITES
from tests.unit.recorded import record, trace, trial

DIRECTORY = Directory(
    {site.vendor.name: site.document.operations for site in SITES},
    {site.vendor.name: site.vendor.rules for site in SITES},
)
PHONE = trial("phone_number", "+12025550101", "+12025550101", 28001)


def written(*entries: Any, **options: Any) -> list[str]:
    """The lines that a log writes about these entries."""
    texts: list[str] = []
    log = RequestLog(texts.append, DIRECTORY, **options)
    for entry in entries:
        log.add(entry)
    return "".join(texts).splitlines()


def without_time(line: str) -> str:
    return line.partition(" ")[2]


def test_a_line_says_what_was_asked_and_what_it_met() -> None:
    (line,) = written(record(matches=(trace((PHONE,), (28001,)),)))
    assert without_time(line) == (
        "sela PUT /sela/api/leads/update/ 200 12.3 ms leads_update_update lead 28001"
    )


def test_a_refused_request_has_its_reason() -> None:
    (line,) = written(record(operation=None, path="/sela/api/leads", status=301))
    assert without_time(line) == (
        "sela PUT /sela/api/leads 301 12.3 ms no operation - sela has no operation "
        "PUT /sela/api/leads: it has no slash at the end of its path. "
        "Probably meant: GET /sela/api/leads/ (leads_list)."
    )


def test_a_fault_is_named() -> None:
    (line,) = written(record(status=503, fault=AppliedFault("maintenance", "rule 3", {}, left=1)))
    assert without_time(line) == (
        "sela PUT /sela/api/leads/update/ 503 12.3 ms leads_update_update fault maintenance - "
        "The fault maintenance (rule 3) answered 503; 1 more request gets it."
    )


def test_secrets_and_control_characters_do_not_reach_the_terminal() -> None:
    entry = record(path="/sela/\x1b[31m", query_string=b"token=secret", status=404, operation=None)
    (line,) = written(entry)
    assert without_time(line).startswith(r"sela PUT /sela/\x1b[31m?token=*** 404")


def test_colours_are_around_the_status_only() -> None:
    (line,) = written(record(), colours=True)
    assert "\x1b[32m200\x1b[0m" in line
    assert line.count("\x1b") == 2


def test_debug_adds_the_bodies() -> None:
    lines = written(record(body=b'{"a": 1}', answer=b'{"b": 2}'), bodies=True)
    assert lines[1:] == ['    sent: {"a": 1}', '    answered: {"b": 2}']


def test_machines_get_json() -> None:
    (line,) = written(record(7, matches=(trace((PHONE,), (28001,)),)), as_json=True)
    told = json.loads(line)
    assert told == {
        "time": told["time"],
        "level": "info",
        "event": "request",
        "number": 7,
        "vendor": "sela",
        "method": "PUT",
        "target": "/sela/api/leads/update/",
        "status": 200,
        "milliseconds": 12.346,
        "operation": "leads_update_update",
        "matched": ["28001"],
        "fault": None,
        "why": "Read lead 28001; phone_number +12025550101 matched lead 28001.",
    }


def in_a_loop(log: RequestLog, count: int) -> None:
    async def add() -> None:
        for number in range(count):
            log.add(record(number))
        await asyncio.sleep(0.3)

    asyncio.run(add())


@pytest.mark.parametrize("as_json", [False, True])
def test_requests_beyond_the_rate_are_counted_in_one_line(as_json: bool) -> None:
    texts: list[str] = []
    in_a_loop(RequestLog(texts.append, DIRECTORY, rate=50, as_json=as_json), 105)
    (text,) = texts
    *lines, last = text.splitlines()
    assert len(lines) == 5
    if as_json:
        assert (json.loads(last)["event"], json.loads(last)["count"]) == ("requests", 100)
    else:
        assert without_time(last) == "and 100 more requests, too many for a line each"


def test_a_reader_that_left_stops_nobody() -> None:
    def broken(text: str) -> None:
        raise BrokenPipeError

    write: Callable[[str], None] = broken
    RequestLog(write, DIRECTORY).add(record())

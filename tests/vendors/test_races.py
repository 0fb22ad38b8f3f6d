"""Many requests at once behave as one after the other, and a refused one leaves no trace."""

import random
from typing import Any

import httpx
import pytest

from mockserver.documents.spec import Operation
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.control.worlds import tables
from tests.samples import (
    APP,
    NAMES,
    SAMPLES,
    SITES,
    WRITES,
    Sample,
    ask,
    by_name,
    of_vendor,
    options,
    send,
)
from tests.vendors.at_once import all_at_once

AT_ONCE = 25
REPEATABLE = tuple(sample for sample in WRITES if sample.method in ("PUT", "DELETE"))
"""Writes of which several have the effect of one (RFC 9110, 9.2.2)."""

OPERATIONS: dict[tuple[str, str], Operation] = {
    (site.vendor.name, operation.id): operation
    for site in SITES
    for operation in site.document.operations
}
READING = tuple(each for each in SAMPLES if OPERATIONS[each[:2]].body is not None)
GUARDED = tuple(each for each in SAMPLES if OPERATIONS[each[:2]].needs_credential)

BAD: dict[str, dict[str, Any]] = {
    "broken": {"content": b'{"a": '},
    "no JSON": {"content": b"NaN"},
    "not UTF-8": {"content": b'{"a": \xff}'},
    "NUL": {"content": b'{"a": "\\u0000"}'},
    "lone surrogate": {"content": b'{"a": "\\ud800"}'},
    "endless number": {"content": b'{"a": 1e400}'},
    "a list": {"content": b"[1]"},
    "a text": {"content": b'"a"'},
    "too deep": {"content": b"[" * 1500 + b"]" * 1500},
    "too long": {"content": b'{"a": "' + b"x" * 4000 + b'"}'},
    "other media type": {"content": b"<a/>", "headers": {"Content-Type": "application/xml"}},
}
"""Bodies that no operation takes."""


def frozen(server: MockServer, account: str) -> Workspace:
    """A workspace whose clock stands still, so that the order of requests shows in nothing else."""
    workspace = server.app.workspaces.admit(account)
    httpx.put(
        f"{server.url}/__admin/workspaces/{workspace.name}/clock",
        json={"mode": "frozen", "at": "2025-01-31T12:00:00Z"},
    )
    return workspace


def arguments(account: str, samples: list[Sample]) -> list[dict[str, Any]]:
    """The samples as the arguments of a client's requests."""
    return [
        {"method": sample.method, "url": sample.path, **options(sample, account)}
        for sample in samples
    ]


def told(answer: httpx.Response) -> tuple[int, bytes]:
    return answer.status_code, answer.content


@pytest.mark.parametrize("sample", by_name(WRITES))
def test_many_equal_writes_at_once_are_as_many_one_after_the_other(
    sample: Sample, server: MockServer, http: httpx.Client, account: str
) -> None:
    raced, ordered = frozen(server, account), frozen(server, f"{account}-ordered")
    answers = all_at_once(http, arguments(account, [sample] * AT_ONCE))
    expected = [send(http, ordered.name, sample) for _ in range(AT_ONCE)]
    assert sorted(map(told, answers)) == sorted(map(told, expected))
    assert tables(raced) == tables(ordered)


@pytest.mark.parametrize("sample", by_name(REPEATABLE))
def test_a_write_that_may_be_repeated_makes_no_second_row(
    sample: Sample, server: MockServer, http: httpx.Client, account: str
) -> None:
    raced, once = frozen(server, account), frozen(server, f"{account}-once")
    all_at_once(http, arguments(account, [sample] * AT_ONCE))
    send(http, once.name, sample)
    assert ids(raced, sample.vendor) == ids(once, sample.vendor)


def ids(workspace: Workspace, vendor: str) -> dict[str, list[Any]]:
    return {name: [*table.rows] for name, table in workspace.tables[vendor].items()}


UNREAD = [BAD[kind] for kind in ("NUL", "lone surrogate", "endless number")]
"""Bodies that are wrong only in a member which no operation knows."""


@pytest.mark.parametrize("vendor", NAMES)
def test_every_operation_at_once_is_as_in_the_order_in_which_the_journal_has_them(
    vendor: str, server: MockServer, http: httpx.Client, account: str
) -> None:
    raced, ordered = frozen(server, account), frozen(server, f"{account}-ordered")
    samples = of_vendor(vendor) * 5
    random.Random(vendor).shuffle(samples)
    answers = all_at_once(http, arguments(account, samples))
    asked = zip(samples, answers, strict=True)
    for sample, answer in sorted(asked, key=lambda pair: number(pair[1])):
        again = send(http, ordered.name, sample)
        assert (sample, *told(again)) == (sample, *told(answer))
    assert tables(raced) == tables(ordered)


def number(answer: httpx.Response) -> int:
    """Which request of its workspace it was."""
    return int(answer.headers["mockserver-request"])


def bad_requests() -> list[Any]:
    """Each operation that reads a body, with each kind of bad one."""
    return [
        pytest.param(sample, bad, id=f"{sample}, {kind}")
        for sample in READING
        for kind, bad in BAD.items()
    ]


@pytest.mark.parametrize(("sample", "bad"), bad_requests())
def test_a_body_that_is_refused_leaves_every_table_as_it_was(
    sample: Sample, bad: dict[str, Any], account: str
) -> None:
    workspace = APP.workspaces.admit(account)
    before = tables(workspace)
    headers = {"Content-Type": "application/json"} | bad.get("headers", {})
    answer = ask(account, sample, content=bad["content"], headers=headers)
    if 400 <= answer.status_code < 500:
        assert tables(workspace) == before
    else:
        # The framework skips members that it does not know, whatever is in them.
        assert (sample.vendor, bad in UNREAD) == ("nlpearl", True)


@pytest.mark.parametrize("sample", by_name(GUARDED))
def test_a_request_without_a_credential_is_refused_and_makes_no_workspace(sample: Sample) -> None:
    before = [each.name for each in APP.workspaces]
    answer = ask(None, sample)
    assert (answer.status_code, [each.name for each in APP.workspaces]) == (401, before)


@pytest.mark.parametrize("sample", by_name(WRITES))
def test_a_request_that_succeeds_shows_in_the_tables(sample: Sample, account: str) -> None:
    workspace = APP.workspaces.admit(account)
    before = tables(workspace)
    answer = ask(account, sample)
    assert (answer.is_success, tables(workspace) == before) == (True, False)

"""Whatever is done with one workspace's credential or to it by the control API, another one neither changes nor shows."""

import json
from itertools import count
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.faults.catalogue import CATALOGUE
from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.control.worlds import world
from tests.samples import NAMES, SAMPLES, VENDORS, Sample, of_vendor, send

MARK = "only-in-the-other"
PLACE = "example.com"
"""What stands in the demo fixture for each vendor; in the other workspace the mark stands there."""

NOON = {"mode": "frozen", "at": "2025-01-31T12:00:00Z"}
FAULTS = [
    name
    for name, kind in CATALOGUE.items()
    if not kind.name.startswith(("slow", "timeout", "truncated", "reset", "apply_but_fail"))
]
"""Those under which a client has an answer at once."""

_numbers = count(1)


class Control(NamedTuple):
    """A request to the workspace in the control API."""

    method: str
    path: str
    body: Any


Request = Sample | Control


def _asks(method: str, path: Any, /, **fields: Any) -> st.SearchStrategy[Control]:
    paths = path if isinstance(path, st.SearchStrategy) else st.just(path)
    bodies = st.fixed_dictionaries({}, optional=fields) if fields else st.none()
    return st.builds(Control, st.just(method), paths, bodies)


def _switches() -> dict[str, Any]:
    """A change of every setting that has choices."""
    return {
        vendor.name: st.fixed_dictionaries(
            {
                setting.name: st.sampled_from(setting.values)
                for setting in vendor.settings
                if setting.values
            }
        )
        for vendor in VENDORS.values()
    }


_asked_of_vendors = st.sampled_from(SAMPLES)
_spoilt = st.builds(
    lambda sample, body: sample._replace(body=body),
    st.sampled_from([sample for sample in SAMPLES if sample.body is not None]),
    st.sampled_from([{}, {"email": "x+fault-409@example.com"}, {"name": None}]),
)
"""Requests that are refused, most of them."""

_vendor_requests: st.SearchStrategy[Request] = _asked_of_vendors | _spoilt
_vendors = st.sampled_from(NAMES)
_snapshots = st.sampled_from(["/snapshots/one", "/snapshots/two"])
_views = "/export /leads /requests /har /report /settings /clock /faults /snapshots".split()
_control_requests: st.SearchStrategy[Request] = st.one_of(
    _asks("POST", "/reset"),
    _asks("DELETE", ""),
    _asks(
        "POST",
        "/seed",
        name=st.sampled_from(["demo", "empty"]),
        mode=st.sampled_from(["replace", "merge"]),
    ),
    _asks("GET", st.sampled_from(_views)),
    _asks("PUT", _snapshots),
    _asks("POST", _snapshots.map("{}/restore".format)),
    _asks("DELETE", _snapshots),
    _asks("DELETE", st.sampled_from(["/requests", "/faults", "/faults/1"])),
    _asks(
        "POST",
        "/faults",
        fault=st.sampled_from(FAULTS),
        vendor=_vendors,
        times=st.integers(1, 3),
    ),
    _asks("PUT", "/clock", mode=st.sampled_from(["real", "frozen"])),
    _asks(
        "PUT",
        "/clock",
        mode=st.just("shifted"),
        shift_seconds=st.integers(-(10**6), 10**6),
    ),
    _asks("POST", "/clock/advance", seconds=st.integers(0, 10**6)),
    _asks("PATCH", "/settings", **_switches()),
    _asks("POST", "/requests/verify", requests=_vendors.map(lambda name: [{"vendor": name}])),
)


def do(http: httpx.Client, account: str, request: Request) -> httpx.Response:
    """Send the request with the account's credential, or to its workspace in the control API."""
    if isinstance(request, Sample):
        return send(http, account, request)
    path = f"/__admin/workspaces/{account}{request.path}"
    return http.request(request.method, path, json=request.body)


def made(http: httpx.Client, kind: str) -> str:
    """The account of a new workspace."""
    account = f"{kind}-{next(_numbers)}"
    assert http.post("/__admin/workspaces", json={"name": account}).status_code == 201
    return account


def prepared(http: httpx.Client, server: MockServer) -> Workspace:
    """A workspace with something of everything in it, and the mark in every vendor's rows."""
    account = made(http, "other")
    exported = http.get(f"/__admin/workspaces/{account}/export").text
    fixture = json.loads(exported.replace(PLACE, f"{MARK}.example"))
    switches = {vendor.name: vendor.defaults() for vendor in VENDORS.values()}
    requests: list[Request] = [
        Control("POST", "/seed", {"fixture": fixture}),
        Control("PUT", "/clock", NOON),
        *SAMPLES,
        Control("PUT", "/snapshots/one", None),
        Control("POST", "/faults", {"fault": "maintenance", "vendor": NAMES[0], "times": 2}),
        Control("PATCH", "/settings", switches),
    ]
    for request in requests:
        answer = do(http, account, request)
        assert answer.is_success or isinstance(request, Sample)
    return server.app.workspaces.admit(account)


@pytest.mark.parametrize("vendor", NAMES)
def test_the_mark_stands_in_rows_of_every_vendor(
    vendor: str, server: MockServer, http: httpx.Client
) -> None:
    rows = prepared(http, server).tables[vendor]
    assert MARK in str([list(table.all()) for table in rows.values()])


@given(requests=st.lists(_vendor_requests | _control_requests, min_size=1, max_size=25))
def test_another_workspace_neither_changes_nor_shows(
    requests: list[Request], server: MockServer, http: httpx.Client
) -> None:
    account = made(http, "one")
    other = prepared(http, server)
    before = world(other)
    answers = [(request, do(http, account, request)) for request in requests]
    assert world(other) == before
    assert [request for request, answer in answers if MARK in answer.text] == []


@pytest.mark.parametrize("vendor", NAMES)
def test_every_operation_leaves_the_export_of_another_workspace_as_it_was(
    vendor: str, server: MockServer, http: httpx.Client
) -> None:
    account = made(http, "one")
    other = prepared(http, server)
    export = f"/__admin/workspaces/{other.name}/export"
    before = http.get(export).content
    answers = [send(http, account, sample) for sample in of_vendor(vendor)]
    assert http.get(export).content == before
    assert [answer.url for answer in answers if MARK in answer.text] == []


@given(requests=st.lists(_vendor_requests, min_size=1, max_size=10))
def test_two_workspaces_that_are_asked_the_same_in_turn_answer_the_same(
    requests: list[Request], http: httpx.Client
) -> None:
    accounts = [made(http, "twin") for _ in range(2)]
    for account in accounts:
        do(http, account, Control("PUT", "/clock", NOON))
    for request in requests:
        one, two = (do(http, account, request) for account in accounts)
        assert (one.status_code, one.headers, one.content) == (
            two.status_code,
            two.headers,
            two.content,
        )

"""Whatever is done with one workspace's credential or to it by the control API, another one neither changes nor shows."""

from itertools import count
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.control.worlds import world

PEARL = "66a1f0c2d60e456235eae601"
MARK = "only-in-the-other"
CREDENTIALS = {
    "sela": ("Authorization", "Token {}"),
    "octanist": ("X-API-KEY", "{}"),
    "nlpearl": ("Authorization", "Bearer {}:secret"),
}
FAULTS = (
    "unauthorized",
    "conflict",
    "rate_limited",
    "server_error",
    "maintenance",
    "gateway_html",
    "empty_body",
    "malformed_json",
)

Request = tuple[str, str, str, Any]
"""Whom it is for (a vendor, or `control` for the workspace in the control API), method, path, and JSON body."""

_numbers = count(1)
_emails = st.sampled_from(
    [
        "ada@example.com",
        "family@example.com",
        "new@example.com",
        f"{MARK}@example.com",
        "x+fault-409@example.com",
    ]
)
_phones = st.sampled_from(["+12025550101", "(212) 555-0102", "+12155550111", "+12025550142"])
_statuses = st.sampled_from(["open", "won", "CLOSED", "OPEN", 5])
_ids = st.sampled_from(
    ["28001", "28013", "lead_abc123", "lead_demo01", "66a1f0c2d60e456235eae701", "none"]
)


def _asks(whom: str, method: str, path: Any, /, **fields: Any) -> st.SearchStrategy[Request]:
    paths = path if isinstance(path, st.SearchStrategy) else st.just(path)
    return st.tuples(
        st.just(whom),
        st.just(method),
        paths,
        st.fixed_dictionaries({}, optional=fields) if fields else st.none(),
    )


_vendor_requests = st.one_of(
    _asks("sela", "GET", "/api/leads/"),
    _asks("sela", "POST", "/api/leads/", phone_number=_phones, email=_emails),
    _asks(
        "sela", "PUT", "/api/leads/update/", phone_number=_phones, email=_emails, status=_statuses
    ),
    _asks("sela", "PATCH", _ids.map("/api/leads/{}/".format), status=_statuses),
    _asks("octanist", "GET", "/api/leads"),
    _asks("octanist", "POST", "/api/leads", email=_emails, phone=_phones),
    _asks(
        "octanist", "PATCH", "/api/leads", id=_ids, email=_emails, phone=_phones, status=_statuses
    ),
    _asks("nlpearl", "POST", f"/v2/Outbound/{PEARL}/Lead", phoneNumber=_phones, externalId=_ids),
    _asks(
        "nlpearl",
        "PUT",
        _ids.map(f"/v2/Outbound/{PEARL}/Lead/{{}}".format),
        phoneNumber=_phones,
        status=st.sampled_from([1, 100]),
    ),
    _asks("nlpearl", "DELETE", f"/v2/Outbound/{PEARL}/Leads", leadIds=st.lists(_ids, max_size=3)),
)
_snapshots = st.sampled_from(["/snapshots/one", "/snapshots/two"])
_control_requests = st.one_of(
    _asks("control", "POST", "/reset"),
    _asks("control", "DELETE", ""),
    _asks(
        "control",
        "POST",
        "/seed",
        name=st.sampled_from(["demo", "empty"]),
        mode=st.sampled_from(["replace", "merge"]),
    ),
    _asks(
        "control",
        "GET",
        st.sampled_from(
            ["/export", "/leads", "/requests", "/har", "/report", "/settings", "/clock", "/faults"]
        ),
    ),
    _asks("control", "PUT", _snapshots),
    _asks("control", "POST", _snapshots.map("{}/restore".format)),
    _asks("control", "DELETE", _snapshots),
    _asks("control", "DELETE", st.sampled_from(["/requests", "/faults", "/faults/1"])),
    _asks(
        "control",
        "POST",
        "/faults",
        fault=st.sampled_from(FAULTS),
        vendor=st.sampled_from(list(CREDENTIALS)),
        times=st.integers(1, 3),
    ),
    _asks("control", "PUT", "/clock", mode=st.sampled_from(["real", "frozen"])),
    _asks(
        "control",
        "PUT",
        "/clock",
        mode=st.just("shifted"),
        shift_seconds=st.integers(-(10**6), 10**6),
    ),
    _asks("control", "POST", "/clock/advance", seconds=st.integers(0, 10**6)),
    _asks(
        "control",
        "PATCH",
        "/settings",
        octanist=st.just({"allow_bulk_updates": True}),
        nlpearl=st.just({"not_found_status": 404}),
    ),
    _asks("control", "POST", "/requests/verify", requests=st.just([{"vendor": "octanist"}])),
)


def send(client: httpx.Client, account: str, request: Request) -> httpx.Response:
    whom, method, path, body = request
    if whom == "control":
        return client.request(method, f"/__admin/workspaces/{account}{path}", json=body)
    name, form = CREDENTIALS[whom]
    return client.request(method, f"/{whom}{path}", json=body, headers={name: form.format(account)})


PREPARATION: list[Request] = [
    ("control", "PUT", "/clock", {"mode": "frozen", "at": "2025-01-31T12:00:00Z"}),
    ("octanist", "POST", "/api/leads", {"email": f"{MARK}@example.com", "note": MARK}),
    (
        "sela",
        "POST",
        "/api/leads/",
        {"phone_number": "+13125550188", "email": f"{MARK}@example.com", "external_id": MARK},
    ),
    (
        "nlpearl",
        "POST",
        f"/v2/Outbound/{PEARL}/Lead",
        {"phoneNumber": "+13125550188", "externalId": MARK},
    ),
    ("control", "PUT", "/snapshots/one", None),
    ("control", "POST", "/faults", {"fault": "maintenance", "vendor": "sela", "times": 2}),
    ("control", "PATCH", "/settings", {"octanist": {"create_status": 201}}),
]


def prepared(client: httpx.Client, server: MockServer) -> Workspace:
    """A workspace with something of everything in it."""
    account = f"other-{next(_numbers)}"
    client.post("/__admin/workspaces", json={"name": account})
    for request in PREPARATION:
        assert send(client, account, request).status_code < 300
    return server.app.workspaces.admit(account)


@given(requests=st.lists(_vendor_requests | _control_requests, min_size=1, max_size=25))
def test_another_workspace_neither_changes_nor_shows(
    requests: list[Request], server: MockServer
) -> None:
    account = f"one-{next(_numbers)}"
    with httpx.Client(base_url=server.url) as client:
        client.post("/__admin/workspaces", json={"name": account})
        other = prepared(client, server)
        before = world(other)
        answers = [(request, send(client, account, request)) for request in requests]
        assert world(other) == before
        asked_for = {MARK for request in requests if MARK in str(request)}
        assert [
            request for request, answer in answers if MARK in answer.text and not asked_for
        ] == []


@given(requests=st.lists(_vendor_requests, min_size=1, max_size=10))
def test_two_workspaces_that_are_asked_the_same_in_turn_answer_the_same(
    requests: list[Request], server: MockServer
) -> None:
    accounts = [f"twin-{next(_numbers)}" for _ in range(2)]
    with httpx.Client(base_url=server.url) as client:
        for account in accounts:
            client.post("/__admin/workspaces", json={"name": account})
            client.put(
                f"/__admin/workspaces/{account}/clock",
                json={"mode": "frozen", "at": "2025-01-31T12:00:00Z"},
            )
        for request in requests:
            one, two = (send(client, account, request) for account in accounts)
            assert (one.status_code, one.headers, one.content) == (
                two.status_code,
                two.headers,
                two.content,
            )

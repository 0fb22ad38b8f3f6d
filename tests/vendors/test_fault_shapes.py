"""Every fault of the catalogue, for every vendor: what the client sees, what took effect, what the journal says."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from mockserver.faults.catalogue import CATALOGUE, FaultKind
from mockserver.workspaces import Workspace
from tests.answers import end_to_end
from tests.control.worlds import tables
from tests.samples import NAMES, WRITES, Sample, of_vendor, send

BRIEF: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 0.05},
    "slow_drip": {"seconds": 0.05},
    "timeout": {"seconds": 0.05},
}
"""Parameters with which a fault takes no longer than a test should."""

BREAKING = {"truncated_body", "timeout", "reset", "apply_but_fail"}
"""Faults under which a client has no whole answer."""

VALIDATION = {400, 422}
"""The statuses that frameworks give a request that breaks a rule."""

PAIRS = [
    pytest.param(vendor, kind, id=f"{vendor} {kind.name}")
    for vendor in NAMES
    for kind in CATALOGUE.values()
]
REFUSALS = [
    pytest.param(vendor, kind, id=f"{vendor} {kind.name}")
    for vendor in NAMES
    for kind in CATALOGUE.values()
    if kind.refusal is not None
]


class Asked(NamedTuple):
    """A write that got a fault. `answer` is None where the client had none, or half of one."""

    sample: Sample
    answer: httpx.Response | None
    before: bytes
    workspace: Workspace


def asked(http: httpx.Client, workspace: Workspace, vendor: str, kind: FaultKind) -> Asked:
    """What comes of the vendor's first write under a rule for that fault."""
    sample = of_vendor(vendor, WRITES)[0]
    rule = {"fault": kind.name, "parameters": BRIEF.get(kind.name, {}), "vendor": vendor}
    control = f"/__admin/workspaces/{workspace.name}"
    http.put(f"{control}/clock", json={"mode": "frozen", "at": "2025-01-31T12:00:00Z"})
    assert http.post(f"{control}/faults", json=rule).status_code == 201
    before = tables(workspace)
    try:
        answer = send(http, workspace.name, sample)
    except httpx.TransportError:
        answer = None
    return Asked(sample, answer, before, workspace)


@pytest.mark.parametrize(("vendor", "kind"), PAIRS)
def test_a_request_takes_effect_where_the_catalogue_says_so(
    vendor: str, kind: FaultKind, http: httpx.Client, workspace: Workspace
) -> None:
    done = asked(http, workspace, vendor, kind)
    assert (done.answer is None, tables(workspace) != done.before) == (
        kind.name in BREAKING,
        kind.applies,
    )


@pytest.mark.parametrize(("vendor", "kind"), PAIRS)
def test_the_journal_has_the_fault_and_what_the_client_saw(
    vendor: str, kind: FaultKind, http: httpx.Client, workspace: Workspace
) -> None:
    done = asked(http, workspace, vendor, kind)
    entry = http.get(f"/__admin/workspaces/{workspace.name}/requests/1").json()
    assert (entry["vendor"], entry["operation"]) == (vendor, done.sample.operation)
    assert (entry["fault"]["kind"], entry["fault"]["cause"]) == (kind.name, "rule 1")
    if done.answer is not None:
        assert entry["status"] == done.answer.status_code
    if done.answer is not None and kind.refusal is not None:
        assert entry["answer"]["headers"] == end_to_end(done.answer.headers)


@pytest.mark.parametrize(("vendor", "kind"), REFUSALS)
def test_a_refusal_has_its_status_and_the_words_of_the_vendor(
    vendor: str, kind: FaultKind, http: httpx.Client, workspace: Workspace
) -> None:
    answer = asked(http, workspace, vendor, kind).answer
    assert answer is not None
    expected = VALIDATION if kind.refusal == "invalid" else {kind.status}
    assert answer.status_code in expected
    assert set(texts(answer)) & INTERNAL == set()


INTERNAL = {kind.refusal for kind in CATALOGUE.values()} | {"unknown", "missing"}
"""Names that the server has for refusals and their reasons, which are for no client."""


def texts(answer: httpx.Response) -> Iterator[str]:
    """Every text of a JSON body."""
    waiting = [answer.json()] if "json" in answer.headers.get("content-type", "") else []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            yield value


def shape(answer: httpx.Response) -> Any:
    """Status, kind of body and its members: all of an answer but ids, times and words."""
    kind = answer.headers.get("content-type")
    members = sorted(answer.json()) if "json" in (kind or "") else None
    return answer.status_code, kind, members, answer.headers.get("www-authenticate")


@pytest.mark.parametrize("vendor", NAMES)
def test_unauthorized_is_told_as_of_a_credential_that_is_refused(
    vendor: str, http: httpx.Client, workspace: Workspace
) -> None:
    made = asked(http, workspace, vendor, CATALOGUE["unauthorized"])
    refused = send(http, "invalid", made.sample)
    assert made.answer is not None
    assert shape(made.answer) == shape(refused)


@pytest.mark.parametrize("vendor", NAMES)
@pytest.mark.parametrize("name", ["slow", "slow_drip"])
def test_a_late_answer_is_the_whole_answer(
    vendor: str, name: str, http: httpx.Client, workspace: Workspace, account: str
) -> None:
    done = asked(http, workspace, vendor, CATALOGUE[name])
    other = f"{account}-other"
    http.post("/__admin/workspaces", json={"name": other})
    http.put(
        f"/__admin/workspaces/{other}/clock", json={"mode": "frozen", "at": "2025-01-31T12:00:00Z"}
    )
    good = send(http, other, done.sample)
    assert done.answer is not None
    assert (done.answer.status_code, done.answer.content) == (good.status_code, good.content)


@pytest.mark.parametrize("vendor", NAMES)
def test_a_broken_body_has_the_status_of_the_whole_one(
    vendor: str, http: httpx.Client, workspace: Workspace
) -> None:
    empty = asked(http, workspace, vendor, CATALOGUE["empty_body"]).answer
    assert empty is not None
    assert (empty.is_success, empty.content) == (True, b"")


@pytest.mark.parametrize("vendor", NAMES)
def test_a_proxy_answers_with_its_page(
    vendor: str, http: httpx.Client, workspace: Workspace
) -> None:
    answer = asked(http, workspace, vendor, CATALOGUE["gateway_html"]).answer
    assert answer is not None
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")


@pytest.mark.parametrize(
    ("prefer", "wait"),
    [
        pytest.param("code=429", "1", id="a second unless told otherwise"),
        pytest.param("code=429; retry-after=3", "3", id="too many requests"),
        pytest.param("code=503; retry-after=60", "60", id="maintenance"),
        pytest.param("code=503", None, id="maintenance without an end"),
    ],
)
@pytest.mark.parametrize("vendor", NAMES)
def test_every_vendor_tells_how_long_to_wait(
    vendor: str, prefer: str, wait: str | None, http: httpx.Client, account: str
) -> None:
    answer = send(http, account, of_vendor(vendor)[0], headers={"Prefer": prefer})
    assert answer.headers["preference-applied"] == prefer.partition(";")[0]
    assert answer.headers.get("retry-after") == wait

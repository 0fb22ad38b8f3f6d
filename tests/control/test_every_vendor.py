"""Every operation of the control API works with the rows and requests of every vendor."""

from typing import Any

import httpx
import pytest
import yaml

from mockserver.serving.server import MockServer
from mockserver.workspaces import Workspace
from tests.answers import end_to_end
from tests.control.worlds import contents, leads, tables, world
from tests.samples import NAMES, SAMPLES, VENDORS, WRITES, Sample, access, by_name, of_vendor, send

NOON = {"mode": "frozen", "at": "2025-01-31T12:00:00Z"}

every_vendor = pytest.mark.parametrize("vendor", NAMES)


@pytest.fixture
def asked(
    vendor: str, http: httpx.Client, control: httpx.Client, account: str
) -> list[httpx.Response]:
    """The answers to every operation of the vendor, at noon."""
    control.put("/clock", json=NOON)
    return [send(http, account, sample) for sample in of_vendor(vendor)]


# Requests


@every_vendor
def test_every_request_is_listed_by_vendor_and_operation(
    vendor: str, asked: list[httpx.Response], control: httpx.Client
) -> None:
    page = control.get("/requests", params={"vendor": vendor}).json()
    assert [
        (each["number"], each["operation"], each["method"], each["status"], each["fault"])
        for each in page["requests"]
    ] == [
        (number, sample.operation, sample.method, answer.status_code, None)
        for number, (sample, answer) in enumerate(
            zip(of_vendor(vendor), asked, strict=True), start=1
        )
    ]
    first = of_vendor(vendor)[0].operation
    found = control.get("/requests", params={"vendor": vendor, "operation": first}).json()
    assert [each["number"] for each in found["requests"]] == [1]


@pytest.mark.parametrize("sample", by_name(SAMPLES))
def test_an_entry_tells_request_answer_and_changes_and_no_credential(
    sample: Sample, http: httpx.Client, control: httpx.Client, account: str
) -> None:
    answer = send(http, account, sample)
    told = control.get(f"/requests/{answer.headers['mockserver-request']}").json()
    assert (told["vendor"], told["operation"]) == (sample.vendor, sample.operation)
    assert told["request"]["body"] == sample.body
    assert told["answer"]["headers"] == end_to_end(answer.headers)
    assert (told["changes"] != []) == (sample in WRITES)
    secrets = [
        value
        for group in access(VENDORS[sample.vendor], account).values()
        for value in group.values()
    ]
    assert [secret for secret in secrets if secret in str(told)] == []


@every_vendor
def test_what_was_asked_is_verified(
    vendor: str, asked: list[httpx.Response], control: httpx.Client
) -> None:
    filters = [
        {"vendor": vendor, "operation": sample.operation, "status": answer.status_code}
        for sample, answer in zip(of_vendor(vendor), asked, strict=True)
    ]
    ordered = {"requests": filters, "in_order": True}
    wrong = {"requests": [filters[0] | {"status": 418}]}
    verdicts = [control.post("/requests/verify", json=each).json() for each in (ordered, wrong)]
    assert [each["passed"] for each in verdicts] == [True, False]


@every_vendor
def test_the_journal_is_an_archive_and_a_report(
    vendor: str, asked: list[httpx.Response], control: httpx.Client, account: str
) -> None:
    archive, report = control.get("/har"), control.get("/report").json()
    entries = archive.json()["log"]["entries"]
    assert [each["response"]["status"] for each in entries] == [each.status_code for each in asked]
    assert report["coverage"].keys() == set(NAMES)
    assert report["requests"] == len(asked)
    for shown in (archive.text, control.get("/report?format=markdown").text):
        assert account not in shown


@every_vendor
def test_a_request_without_a_workspace_is_listed_apart(
    vendor: str, http: httpx.Client, admin: httpx.Client
) -> None:
    sample = of_vendor(vendor)[0]
    refused = send(http, "expired", sample)
    number = refused.headers["mockserver-request"]
    told = admin.get(f"/requests/{number}").json()
    assert (told["vendor"], told["operation"], told["status"]) == (vendor, sample.operation, 401)
    assert "expired" not in str(told)


# Leads


@every_vendor
def test_leads_are_listed_as_they_are_stored(
    vendor: str, control: httpx.Client, workspace: Workspace
) -> None:
    rows = workspace.tables[vendor]["leads"].rows
    page = control.get("/leads", params={"vendor": vendor, "limit": 1000}).json()
    assert page["leads"] == [{"vendor": vendor, "id": id, "lead": row} for id, row in rows.items()]
    first = page["leads"][0]
    told = control.get(f"/leads/{vendor}/{first['id']}").json()
    assert told == first | {"history": [], "events": [], "deliveries": []}


@every_vendor
def test_pages_lead_through_all_leads_once(vendor: str, control: httpx.Client) -> None:
    page = control.get("/leads", params={"vendor": vendor, "limit": 2}).json()
    seen = [each["id"] for each in page["leads"]]
    while page["next"] is not None:
        query = {"vendor": vendor, "limit": "2", "after": page["next"]}
        page = control.get("/leads", params=query).json()
        seen += [each["id"] for each in page["leads"]]
    whole = control.get("/leads", params={"vendor": vendor, "limit": 1000}).json()
    assert seen == [each["id"] for each in whole["leads"]]


@every_vendor
def test_a_lead_tells_what_was_done_to_it(
    vendor: str, asked: list[httpx.Response], control: httpx.Client
) -> None:
    entries = [control.get(f"/requests/{number}").json() for number in range(1, len(asked) + 1)]
    done = [
        (change["id"], entry["number"], entry["operation"])
        for entry in entries
        for change in entry["changes"]
        if change["table"] == "leads"
    ]
    assert done != []
    for id in dict.fromkeys(id for id, _, _ in done):
        told = control.get(f"/leads/{vendor}/{id}").json()
        history = [(each["request"], each["operation"]) for each in told["history"]]
        assert history == [(number, name) for other, number, name in done if other == id]


# What a workspace holds


def state(control: httpx.Client, workspace: Workspace) -> Any:
    return tables(workspace), control.get("/settings").json(), control.get("/clock").json()


@every_vendor
def test_a_snapshot_brings_everything_back(
    vendor: str, http: httpx.Client, control: httpx.Client, workspace: Workspace
) -> None:
    control.put("/clock", json=NOON)
    before = state(control, workspace)
    assert control.put("/snapshots/first").json()["leads"] == leads(workspace)
    for sample in of_vendor(vendor, WRITES):
        send(http, workspace.name, sample)
    assert tables(workspace) != before[0]
    assert control.post("/snapshots/first/restore").status_code == 204
    assert state(control, workspace) == before


@every_vendor
def test_reset_brings_back_the_seed(
    vendor: str,
    asked: list[httpx.Response],
    control: httpx.Client,
    workspace: Workspace,
    server: MockServer,
) -> None:
    assert control.post("/reset").status_code == 204
    assert world(workspace) == world(Workspace(workspace.name, server.app.workspaces.origin))


@every_vendor
def test_an_export_loads_back_to_the_same_rows(
    vendor: str, asked: list[httpx.Response], control: httpx.Client, workspace: Workspace
) -> None:
    before = contents(workspace)
    for format in ("json", "yaml"):
        fixture = yaml.safe_load(control.get("/export", params={"format": format}).content)
        control.post("/seed", json={"name": "empty"})
        answer = control.post("/seed", json={"fixture": fixture})
        assert (answer.status_code, contents(workspace)) == (200, before)


@every_vendor
def test_a_fixture_is_added_to_what_is_there(
    vendor: str, control: httpx.Client, workspace: Workspace
) -> None:
    section = control.get("/export").json()[vendor]
    count = leads(workspace)[vendor]
    control.post("/seed", json={"name": "empty"})
    answer = control.post("/seed", json={"fixture": {vendor: section}, "mode": "merge"})
    assert answer.json()["leads"] == dict.fromkeys(NAMES, 0) | {vendor: count}


@every_vendor
def test_a_fixture_with_an_unknown_table_or_column_changes_nothing(
    vendor: str, control: httpx.Client, workspace: Workspace
) -> None:
    before = tables(workspace)
    section = control.get("/export").json()[vendor]
    first, *others = section["leads"]
    wrong = section | {"nowhere": [], "leads": [first | {"nothing": 1}, *others]}
    answer = control.post("/seed", json={"fixture": {vendor: wrong}})
    assert (answer.status_code, {each["pointer"] for each in answer.json()["errors"]}) == (
        400,
        {f"/fixture/{vendor}/nowhere", f"/fixture/{vendor}/leads/0/nothing"},
    )
    assert tables(workspace) == before


# Settings, faults, clock


@every_vendor
def test_every_switch_takes_each_of_its_values(vendor: str, control: httpx.Client) -> None:
    for setting in VENDORS[vendor].settings:
        for value in (*setting.values, None):
            answer = control.patch("/settings", json={vendor: {setting.name: value}})
            (told,) = [each for each in answer.json()[vendor] if each["name"] == setting.name]
            assert told["value"] == (setting.initial if value is None else value)


@every_vendor
def test_an_unknown_switch_is_told_the_known_ones(vendor: str, control: httpx.Client) -> None:
    answer = control.patch("/settings", json={vendor: {"nothing": 1}})
    known = ", ".join(VENDORS[vendor].defaults())
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"pointer": f"/{vendor}/nothing", "detail": f"is no setting; the settings are {known}"}],
    )


@pytest.mark.parametrize("sample", by_name(SAMPLES))
def test_a_rule_for_one_operation_is_followed_and_counted(
    sample: Sample, http: httpx.Client, control: httpx.Client, account: str
) -> None:
    rule = {
        "fault": "rate_limited",
        "vendor": sample.vendor,
        "operation": sample.operation,
        "times": 1,
    }
    made = control.post("/faults", json=rule)
    answers = [send(http, account, sample) for _ in range(2)]
    (told,) = control.get("/faults").json()["faults"]
    assert (made.status_code, [answer.status_code == 429 for answer in answers]) == (
        201,
        [True, False],
    )
    assert (told["seen"], told["applied"], told["spent"]) == (1, 1, True)


@every_vendor
def test_a_rule_lives_by_the_clock_of_the_workspace(
    vendor: str, http: httpx.Client, control: httpx.Client, account: str
) -> None:
    sample = of_vendor(vendor)[0]
    control.put("/clock", json=NOON)
    control.post("/faults", json={"fault": "conflict", "seconds_to_live": 60})
    during = send(http, account, sample)
    control.post("/clock/advance", json={"seconds": 60})
    after = send(http, account, sample)
    assert (during.status_code, after.is_success) == (409, True)
    assert after.headers["date"] == "Fri, 31 Jan 2025 12:01:00 GMT"

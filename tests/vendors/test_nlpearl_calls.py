"""NLPearl's calls: how they are shown, searched and counted, and what a lead shows of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest

from mockserver.errors import Refusal
from mockserver.fixtures import export
from mockserver.serving.server import MockServer
from mockserver.state.changes import Row
from mockserver.workspaces import Workspace
from tests.vendors.exports import VENDORS, contents, holding, made_from
from tests.world import delete, freeze, put, switch

PEARL = "66a1f0c2d60e456235eae601"
INBOUND = "66a1f0c2d60e456235eae602"
ADA = "66a1f0c2d60e456235eae701"
JOE = "66a1f0c2d60e456235eae70d"
JOES_CALL = "66a1f0c2d60e456235eae80d"
CALLS, ANALYTICS = f"/v2/Pearl/{PEARL}/Calls", f"/v2/Pearl/{PEARL}/Analytics"
OUTBOUND_SETTINGS = f"/v2/Pearl/{PEARL}/Settings/Outbound"
ALL = {"fromDate": "2025-01-01", "toDate": "2026-12-31"}

STORED: Row = {
    "pearlId": PEARL,
    "relatedId": PEARL,
    "startTime": "2025-06-02T14:00:00Z",
    "conversationStatus": 130,
    "status": 4,
    "from": "+12025550190",
    "to": "+12025550101",
    "name": None,
    "duration": 30,
    "recording": None,
    "transcript": None,
    "summary": None,
    "collectedInfo": None,
    "tags": None,
    "isCallTransferred": False,
    "overallSentiment": 3,
    "leadId": ADA,
    "events": [],
}


@pytest.fixture
def ids() -> Iterator[str]:
    return (f"66a1f0c2d60e456235ea{number:04x}" for number in count(1))


def store(workspace: Workspace, ids: Iterator[str], *calls: Row) -> list[str]:
    """Store calls of Ada's, and return their ids."""
    stored = [{"id": next(ids)} | STORED | call for call in calls]
    for row in stored:
        put(workspace, "nlpearl", "calls", row)
    return [row["id"] for row in stored]


def errors(answer: httpx.Response) -> dict[str, list[str]]:
    assert answer.status_code == 400, answer.text
    found: dict[str, list[str]] = answer.json()["errors"]
    return found


def lead(client: httpx.Client, id: str = ADA) -> Any:
    return client.get(f"/v2/Outbound/{PEARL}/Lead/{id}").json()


def found(client: httpx.Client, **search: Any) -> list[str]:
    """The ids of the calls that a search answers."""
    answer = client.post(CALLS, json=ALL | search)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["results"]]


# One call


def test_a_call_is_shown_with_integers_and_with_its_lead(nlpearl: httpx.Client) -> None:
    assert nlpearl.get(f"/v2/Call/{JOES_CALL}").json() == {
        "id": JOES_CALL,
        "pearlId": PEARL,
        "relatedId": PEARL,
        "startTime": "2025-02-28T17:20:00Z",
        "conversationStatus": 100,
        "status": 4,
        "from": "+12025550190",
        "to": "+12025550100",
        "name": "Joe",
        "duration": 61,
        "recording": f"https://example.com/recordings/{JOES_CALL}.ogg",
        "transcript": [
            {
                "role": 2,
                "content": "Where shall the taxi take you?",
                "startTime": 0.5,
                "endTime": 2.25,
            },
            {"role": 3, "content": "To Orly Airport", "startTime": 3.0, "endTime": 4.5},
        ],
        "summary": "A taxi to Orly Airport was booked.",
        "collectedInfo": [{"id": "confirmBooking", "name": "Booking confirmed", "value": True}],
        "tags": ["booked"],
        "isCallTransferred": False,
        "overallSentiment": 5,
        "leadId": JOE,
    }


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("id", [ADA, PEARL, "0123456789abcdef01234567", "x"])
def test_an_id_of_no_call_is_a_wrong_call_id(
    nlpearl: httpx.Client, workspace: Workspace, id: str, status: int
) -> None:
    switch(workspace, "nlpearl", not_found_status=status)
    assert errors(nlpearl.get(f"/v2/Call/{id}")) == {"validation": ["wrong CallId"]}


def test_one_list_has_three_names(
    nlpearl: httpx.Client, workspace: Workspace, ids: Iterator[str]
) -> None:
    infos = [
        {"id": "firstName", "name": "First Name", "value": "Ada"},
        {"id": "rideTime", "name": "rideTime", "value": "Friday"},
    ]
    (id,) = store(workspace, ids, {"collectedInfo": infos})
    ada = lead(nlpearl)
    assert nlpearl.get(f"/v2/Call/{id}").json()["collectedInfo"] == infos
    assert ada["lastCall"]["collectedData"] == {"transcript": None, "collectedInfos": infos}
    assert ada["collectedData"] == {"rideTime": "Friday"}


# What a lead shows of its calls


def test_the_last_call_of_a_lead_is_the_last_one_that_has_ended(
    nlpearl: httpx.Client, workspace: Workspace, ids: Iterator[str]
) -> None:
    later, running, first = store(
        workspace,
        ids,
        {"startTime": "2025-06-02T14:00:00.5Z", "status": 7, "tags": ["late"]},
        {"startTime": "2025-06-03T14:00:00Z", "status": 3},
        {"startTime": "2025-06-02T14:00:00Z"},
    )
    ada = lead(nlpearl)
    assert ada["callsId"] == [first, later, running]
    assert ada["lastCall"] == {
        "id": later,
        "startTime": "2025-06-02T14:00:00.5Z",
        "pearlId": PEARL,
        "status": 7,
        "from": "+12025550190",
        "name": None,
        "collectedData": None,
        "summary": None,
        "duration": 30,
        "recording": None,
        "tags": ["late"],
    }


def test_a_call_in_progress_is_no_last_call(
    nlpearl: httpx.Client, workspace: Workspace, ids: Iterator[str]
) -> None:
    (id,) = store(workspace, ids, {"status": 3})
    ada = lead(nlpearl)
    assert (ada["callsId"], ada["lastCall"], ada["collectedData"]) == ([id], None, None)


def test_every_way_to_a_lead_shows_its_calls(
    nlpearl: httpx.Client, workspace: Workspace, ids: Iterator[str]
) -> None:
    store(workspace, ids, {})
    path = f"/v2/Outbound/{PEARL}/Lead"
    expected = lead(nlpearl)
    assert len(expected["callsId"]) == 1
    assert nlpearl.get(f"{path}/External/crm-1").json() == expected
    assert nlpearl.get(f"{path}/PhoneNumber/+12025550101").json() == expected
    assert nlpearl.put(f"{path}/{ADA}", json={}).json() == expected
    changed = nlpearl.put(f"{path}/{ADA}", json={"status": 130}).json()
    assert changed == expected | {"status": 130}


def test_calls_stay_when_their_lead_is_deleted(nlpearl: httpx.Client, workspace: Workspace) -> None:
    nlpearl.request("DELETE", f"/v2/Outbound/{PEARL}/Leads", json={"leadIds": [JOE]})
    assert nlpearl.get(f"/v2/Call/{JOES_CALL}").json()["leadId"] == JOE
    assert contents(made_from(export(workspace, VENDORS))) == contents(workspace)


# A search


def test_a_search_answers_a_page_of_short_calls(nlpearl: httpx.Client) -> None:
    assert nlpearl.post(CALLS, json=ALL).json() == {
        "count": 1,
        "results": [
            {
                "id": JOES_CALL,
                "startTime": "2025-02-28T17:20:00Z",
                "conversationStatus": 100,
                "status": 4,
                "from": "+12025550190",
                "to": "+12025550100",
                "duration": 61,
                "tags": ["booked"],
            }
        ],
    }


@pytest.mark.parametrize(
    ("dates", "is_there"),
    [
        pytest.param(("2025-06-02T14:00:00.5Z", "2025-06-02T14:00:00.5Z"), True, id="both ends"),
        pytest.param(("2025-06-02T14:00:00.501Z", "2025-06-03"), False, id="a moment late"),
        pytest.param(("2025-06-02", "2025-06-02T14:00:00.4999999Z"), False, id="a moment early"),
        pytest.param(("2025-06-02T16:00:00+02:00", "2025-06-03"), True, id="with an offset"),
        pytest.param(("2025-06-03", "2025-06-02"), False, id="the other way round"),
        pytest.param(("0001-01-01", "9999-12-31T23:59:59.9999999"), True, id="all of time"),
    ],
)
def test_a_search_takes_what_started_between_its_dates(
    nlpearl: httpx.Client,
    workspace: Workspace,
    ids: Iterator[str],
    dates: tuple[str, str],
    is_there: bool,
) -> None:
    (id,) = store(workspace, ids, {"startTime": "2025-06-02T14:00:00.5Z"})
    assert (id in found(nlpearl, fromDate=dates[0], toDate=dates[1])) is is_there


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        pytest.param({"statuses": [70, 10]}, [2, 1], id="statuses of the conversation"),
        pytest.param({"tags": ["hot", "cold"]}, [3, 1], id="one tag is enough"),
        pytest.param({"searchInput": "INVOICE"}, [2], id="a word of the summary"),
        pytest.param({"searchInput": "550101"}, [3, 2, 1], id="part of a number"),
        pytest.param({"statuses": [], "tags": None}, [3, 2, 1], id="nothing to filter by"),
        pytest.param({"sortProp": "DURATION"}, [1, 3, 2], id="by duration"),
        pytest.param({"sortProp": "tags", "isAscending": True}, [2, 3, 1], id="by tags"),
        pytest.param({"sortProp": "summary"}, [3, 2, 1], id="by what is no result"),
        pytest.param({"skip": 1, "limit": 1}, [2], id="one page"),
        pytest.param({"skip": -5, "limit": -1}, [3, 2, 1], id="less than nothing"),
    ],
)
def test_a_search_filters_sorts_and_pages(
    nlpearl: httpx.Client,
    workspace: Workspace,
    ids: Iterator[str],
    search: dict[str, Any],
    expected: list[int],
) -> None:
    delete(workspace, "nlpearl", "calls", JOES_CALL)
    stored = store(
        workspace,
        ids,
        {"conversationStatus": 10, "duration": 90, "tags": ["hot"]},
        {
            "startTime": "2025-06-03T14:00:00Z",
            "conversationStatus": 70,
            "summary": "An invoice is missing.",
            "duration": 3,
        },
        {"startTime": "2025-06-04T14:00:00Z", "tags": ["cold"]},
    )
    assert found(nlpearl, **search) == [stored[number - 1] for number in expected]


def test_a_search_needs_both_dates(nlpearl: httpx.Client) -> None:
    assert errors(nlpearl.post(CALLS, json={"fromDate": None})) == {
        "ToDate": ["The ToDate field is required."],
        "FromDate": ["The FromDate field is required."],
    }


def test_a_page_of_calls_has_a_limit(nlpearl: httpx.Client, workspace: Workspace) -> None:
    told = {"validation": ["limit must not be more than 100"]}
    assert errors(nlpearl.post(CALLS, json=ALL | {"limit": 101})) == told
    switch(workspace, "nlpearl", max_calls_limit=101)
    assert found(nlpearl, limit=101) == [JOES_CALL]


# Counting


def test_calls_in_progress_and_calls_of_today_are_counted(
    nlpearl: httpx.Client, workspace: Workspace, ids: Iterator[str]
) -> None:
    freeze(workspace, datetime(2025, 6, 3, 4, 0, tzinfo=UTC))  # 11 p.m. of the day before
    store(workspace, ids, {"status": 3}, {"startTime": "2025-06-02T04:59:59Z"}, {})
    pearl = nlpearl.get(f"/v2/Pearl/{PEARL}").json()
    assert (pearl["totalTodayCalls"], pearl["totalOngoingCalls"]) == (14 + 2, 1)
    ongoing = nlpearl.get(f"/v2/Pearl/{PEARL}/OngoingCalls").json()
    assert ongoing == {"totalOngoingCalls": 1, "totalOnQueue": None}


def test_only_an_inbound_pearl_has_a_queue(nlpearl: httpx.Client) -> None:
    ongoing = nlpearl.get(f"/v2/Pearl/{INBOUND}/OngoingCalls").json()
    assert ongoing == {"totalOngoingCalls": 0, "totalOnQueue": 1}


def test_analytics_count_the_calls_of_a_span(
    nlpearl: httpx.Client, workspace: Workspace, ids: Iterator[str]
) -> None:
    store(
        workspace,
        ids,
        {"startTime": "2025-06-01T09:30:00Z", "conversationStatus": 100, "overallSentiment": 5},
        {"startTime": "2025-06-01T09:45:00Z", "conversationStatus": 10, "status": 7, "duration": 0},
        {"startTime": "2025-06-02T10:00:00Z", "events": ["smsSent"], "isCallTransferred": True},
        {"startTime": "2025-06-02T11:00:00Z", "conversationStatus": 40, "status": 3},
    )
    answer = nlpearl.post(ANALYTICS, json={"from": "2025-06-01", "to": "2025-06-03"}).json()
    none = dict.fromkeys(answer["callsStatusOverview"], 0)
    first, second = "2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z"
    counted = {"needRetry": 1, "successful": 1}
    assert answer == {
        "callsStatusOverview": none | counted | {"totalCalls": 4, "totalLeads": 1, "completed": 1},
        "callsSentimentOverview": {
            "negative": 0,
            "slightlyNegative": 0,
            "neutral": 2,
            "slightlyPositive": 0,
            "positive": 1,
        },
        "callsStatusTimeLine": [
            none | counted | {"totalCalls": 2, "totalLeads": 1, "date": first},
            none | {"totalCalls": 2, "totalLeads": 1, "completed": 1, "date": second},
        ],
        "callsAverageTimeLine": [
            {"date": first, "averageCallDuration": 15.0},
            {"date": second, "averageCallDuration": 30.0},
        ],
        "callsCostTimeLine": [],
        "callsPickupRateTimeLine": [
            {"date": first, "pickupRatePercentage": 50.0},
            {"date": second, "pickupRatePercentage": 100.0},
        ],
        "callsSuccessRateTimeLine": [
            {"date": first, "successRatePercentage": 50.0},
            {"date": second, "successRatePercentage": 0.0},
        ],
        "callLabelCount": [],
        "callEventsCounts": {
            "takeMessageCount": 0,
            "smsSentCount": 1,
            "callTransferredCount": 1,
            "calendarBookedCount": 0,
            "emailSentCount": 0,
        },
        "callsByHourDayOfWeeks": [
            {"hourOfDay": 9, "dayOfWeek": 0, "count": 2},
            {"hourOfDay": 10, "dayOfWeek": 1, "count": 1},
            {"hourOfDay": 11, "dayOfWeek": 1, "count": 1},
        ],
        "callType": 2,
    }


def test_an_inbound_pearl_has_no_pickup_rate(nlpearl: httpx.Client) -> None:
    span = {"from": "2025-03-01", "to": "2025-04-01"}
    answer = nlpearl.post(f"/v2/Pearl/{INBOUND}/Analytics", json=span).json()
    assert (answer["callsPickupRateTimeLine"], answer["callType"]) == (None, 1)
    assert answer["callLabelCount"] == [{"id": None, "name": "billing", "color": None, "count": 1}]


def test_analytics_take_at_most_90_days(nlpearl: httpx.Client) -> None:
    told = {"validation": ["the date range must not be longer than 90 days"]}
    span = {"from": "2025-01-01", "to": "2025-04-01T00:00:00.001"}
    assert errors(nlpearl.post(ANALYTICS, json=span)) == told
    assert nlpearl.post(ANALYTICS, json=span | {"to": "2025-04-01"}).status_code == 200
    assert nlpearl.post(ANALYTICS, json={}).json()["callsStatusOverview"]["totalCalls"] == 0


# Outbound settings


def test_outbound_settings_change_what_is_given(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    before = nlpearl.get(f"/v2/Pearl/{PEARL}").json()
    hours = [{"day": 1, "start": "09:00", "end": "17:00"}]
    first = {"totalAgents": 3, "budgetTotal": 2000.5, "ringDuration": 20, "voiceMail": "Hello"}
    assert nlpearl.put(OUTBOUND_SETTINGS, json=first | {"callTimeout": None}).json() is True
    then = {"callingHours": [*hours, None], "voiceMail": "", "totalAgents": None}
    assert nlpearl.put(OUTBOUND_SETTINGS, json=then).json() is True
    after = nlpearl.get(f"/v2/Pearl/{PEARL}").json()
    assert after == before | {"totalAgents": 3, "budgetTotal": 2000}
    row = workspace.tables["nlpearl"]["pearls"].rows[PEARL]
    assert row["outboundSettings"] == {"ringDuration": 20, "voiceMail": "", "callingHours": hours}
    assert contents(made_from(export(workspace, VENDORS))) == contents(workspace)


def test_a_budget_that_is_null_is_no_limit(nlpearl: httpx.Client) -> None:
    nlpearl.put(OUTBOUND_SETTINGS, json={"totalAgents": 2})
    assert nlpearl.get(f"/v2/Pearl/{PEARL}").json()["budgetTotal"] == 1000
    nlpearl.put(OUTBOUND_SETTINGS, json={"budgetTotal": None})
    assert nlpearl.get(f"/v2/Pearl/{PEARL}").json()["budgetTotal"] is None


def test_a_new_zone_of_a_pearl_is_that_of_its_leads_without_one(nlpearl: httpx.Client) -> None:
    katherine = "66a1f0c2d60e456235eae704"
    nlpearl.put(OUTBOUND_SETTINGS, json={"timeZone": "Romance Standard Time"})
    assert [lead(nlpearl, id)["timeZone"] for id in (ADA, katherine)] == ["-5.0", "1.0"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        pytest.param(
            {"timeZone": "Nowhere"},
            {"validation": ["The time zone ID 'Nowhere' was not found on the local computer."]},
            id="no zone",
        ),
        pytest.param(
            {"totalAgents": -1, "budgetTotal": 1e30},
            {
                "validation": [
                    "totalAgents must be between 0 and 2147483647",
                    "budgetTotal must be between 0 and 2147483647",
                ]
            },
            id="numbers that a pearl cannot show",
        ),
        pytest.param(
            {"maximumCallAttempts": 6, "ringDuration": 9},
            {
                "RingDuration": ["The field RingDuration must be between 10 and 50."],
                "MaximumCallAttempts": ["The field MaximumCallAttempts must be between 1 and 5."],
            },
            id="ranges",
        ),
        pytest.param(
            {"minimumRetryIntervalHours": 24},
            {"MinimumRetryIntervalHours": ["The field MinimumRetryIntervalHours is invalid."]},
            id="hours for the number of an interval",
        ),
    ],
)
def test_outbound_settings_that_break_a_rule_change_nothing(
    nlpearl: httpx.Client, workspace: Workspace, settings: dict[str, Any], told: dict[str, Any]
) -> None:
    before = contents(workspace)
    assert errors(nlpearl.put(OUTBOUND_SETTINGS, json=settings)) == told
    assert contents(workspace) == before


def test_an_inbound_pearl_has_no_outbound_settings(nlpearl: httpx.Client) -> None:
    answer = nlpearl.put(f"/v2/Pearl/{INBOUND}/Settings/Outbound", json={"totalAgents": 2})
    assert errors(answer) == {"pearlId": ["An inbound pearl has no outbound settings."]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "Calls"),
        ("GET", "OngoingCalls"),
        ("POST", "Analytics"),
        ("PUT", "Settings/Outbound"),
    ],
)
def test_an_unknown_pearl_is_refused(nlpearl: httpx.Client, method: str, path: str) -> None:
    body = None if method == "GET" else ALL
    answer = nlpearl.request(method, f"/v2/Pearl/nowhere/{path}", json=body)
    assert errors(answer) == {"pearlId": ["The pearl was not found."]}


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/v2/Call"), ("POST", f"{CALLS}/Bulk"), ("GET", f"/v2/Pearl/{PEARL}/Settings")],
)
def test_operations_beside_these_are_not_there(
    nlpearl: httpx.Client, method: str, path: str
) -> None:
    assert nlpearl.request(method, path, json={}).status_code == 404


# A fixture


def test_a_seeded_call_has_numbers_and_name_from_its_pearl_and_lead() -> None:
    workspace = holding(
        "nlpearl",
        pearls=[
            {"id": "p", "phoneNumber": "1", "created": "2025-01-01T00:00:00Z"},
            {"id": "in", "phoneNumber": "2", "type": 1, "created": "2025-01-01T00:00:00Z"},
        ],
        leads=[{"id": ADA, "pearlId": "p", "phoneNumber": "3", "callData": {"lastName": "L"}}],
        calls=[{"pearlId": "p", "leadId": ADA}, {"pearlId": "in", "from": "4"}],
    )
    outbound, inbound = workspace.tables["nlpearl"]["calls"].rows.values()
    names = ("relatedId", "from", "to", "name", "startTime")
    assert [outbound[name] for name in names] == ["p", "1", "3", "L", "2026-01-05T21:59:01.25Z"]
    assert [inbound[name] for name in names[:4]] == ["in", "4", "2", None]
    assert export(workspace, VENDORS)["nlpearl"]["calls"] == [
        {"id": row["id"], "pearlId": row["pearlId"], "startTime": row["startTime"]} | given
        for row, given in ((outbound, {"leadId": ADA}), (inbound, {"from": "4"}))
    ]


def test_calls_and_leads_of_one_second_have_ids_of_their_own() -> None:
    workspace = holding(
        "nlpearl",
        pearls=[{"id": "p"}],
        leads=[{"pearlId": "p", "phoneNumber": "1"}],
        calls=[{"pearlId": "p"}],
    )
    tables = workspace.tables["nlpearl"]
    assert not {*tables["leads"].rows} & {*tables["calls"].rows}


@pytest.mark.parametrize(
    ("section", "path"),
    [
        pytest.param({"calls": [{}]}, ("calls", 0, "pearlId"), id="no pearl"),
        pytest.param(
            {"calls": [{"pearlId": "p", "leadId": ADA}]},
            ("calls", 0, "leadId"),
            id="a lead that is not there",
        ),
        pytest.param(
            {"calls": [{"pearlId": "p", "conversationStatus": 60}]},
            ("calls", 0, "conversationStatus"),
            id="a status that the vendor does not have",
        ),
        pytest.param(
            {"leads": [{"pearlId": "p", "phoneNumber": "1", "lastCall": None}]},
            ("leads", 0, "lastCall"),
            id="the last call of a lead",
        ),
    ],
)
def test_a_fixture_with_a_bad_call_is_refused(
    section: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(Refusal) as refused:
        holding("nlpearl", pearls=[{"id": "p"}], **section)
    assert [problem.path[-3:] for problem in refused.value.problems] == [path]


def test_calls_come_back_with_a_snapshot_and_with_a_reset(
    nlpearl: httpx.Client, server: MockServer, workspace: Workspace, ids: Iterator[str]
) -> None:
    base = f"{server.url}/__admin/workspaces/{workspace.name}"
    store(workspace, ids, {})
    two = found(nlpearl)
    assert httpx.put(f"{base}/snapshots/called").is_success
    httpx.post(f"{base}/reset")
    assert found(nlpearl) == [JOES_CALL]
    assert httpx.post(f"{base}/snapshots/called/restore").is_success
    assert (found(nlpearl), len(lead(nlpearl)["callsId"])) == (two, 1)

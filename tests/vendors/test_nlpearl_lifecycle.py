"""What happens to the leads of a pearl: calls, attempts, hours, a pause, and the vendor's answers.

The clock stands at 2 March 2026, 14:00 UTC, a Monday: the times are exact.
"""

from collections.abc import Iterator
from time import sleep
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.state.changes import read, written
from mockserver.workspaces import Workspace
from tests.lives import DAY, NOW, standing_workspace
from tests.pearl import PEARL, PEARL_NUMBER, PHONE, add_lead, advance, simulate

IN_AN_HOUR = "2026-03-02T15:00:00Z"
DUE_STEP: dict[str, Any] = {
    "lead": "66a1f0c2d60e456235eae701",
    "step": "call",
    "at": IN_AN_HOUR,
    "counted_from": IN_AN_HOUR,
}
ONE_TIME = "either this or held must be a time, and the other one null"


@pytest.fixture
def control(server: MockServer, account: str) -> Iterator[httpx.Client]:
    """The control API of a workspace whose clock stands at NOW."""
    with standing_workspace(server.url, account) as client:
        yield client


@pytest.fixture
def lead(control: httpx.Client, nlpearl: httpx.Client) -> str:
    """The id of a lead that the client has added to the pearl."""
    return add_lead(nlpearl)


def tell(control: httpx.Client, lead: str, story: list[Any]) -> dict[str, Any]:
    answer = control.put(f"/leads/nlpearl/{lead}/story", json=story)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def due(control: httpx.Client, lead: str | None = None) -> list[dict[str, Any]]:
    query = {} if lead is None else {"lead": lead}
    found: list[dict[str, Any]] = control.get("/due", params=query).json()["due"]
    return found


def shown(nlpearl: httpx.Client, lead: str) -> dict[str, Any]:
    row: dict[str, Any] = nlpearl.get(f"/v2/Outbound/{PEARL}/Lead/{lead}").json()
    return row


def events(control: httpx.Client, lead: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control.get("/events", params={"lead": lead}).json()["events"]
    return found


def statuses(happened: list[dict[str, Any]]) -> list[Any]:
    """The statuses of leads, and of calls in pairs, in the order in which they came."""
    told: list[Any] = []
    for event in happened:
        if event["kind"] == "lead.status":
            told.append(event["to"])
        elif event["kind"].startswith("call."):
            told.append((event["status"], event["conversationStatus"]))
    return told


def test_an_answered_call_is_everywhere_the_same(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    done = simulate(control, lead, "success")
    assert statuses(done["events"]) == [20, (3, 40), 40, (4, 100), 100]
    call = nlpearl.get(f"/v2/Call/{done['call']['id']}").json()
    assert call == done["call"]
    told = {name: call[name] for name in ("leadId", "pearlId", "from", "to", "name", "startTime")}
    assert told == {
        "leadId": lead,
        "pearlId": PEARL,
        "from": PEARL_NUMBER,
        "to": PHONE,
        "name": "Mira Tolland",
        "startTime": NOW,
    }
    assert 60 <= call["duration"] <= 240
    assert call["overallSentiment"] in (4, 5)
    row = shown(nlpearl, lead)
    assert row == done["lead"]
    assert (row["status"], row["callsId"]) == (100, [call["id"]])
    last = row["lastCall"]
    for name in ("id", "status", "startTime", "duration", "summary", "recording"):
        assert last[name] == call[name], name
    assert last["collectedData"] == {
        "transcript": call["transcript"],
        "collectedInfos": call["collectedInfo"],
    }
    assert {line["role"] for line in call["transcript"]} == {2, 3}
    assert control.get("/clock").json()["now"] == "2026-03-02T14:00:00.000Z"


def test_every_event_says_what_it_comes_from(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    simulate(control, lead, "no_answer")
    nlpearl.put(f"/v2/Outbound/{PEARL}/Lead/{lead}", json={"status": 130})
    control.patch(f"/leads/nlpearl/{lead}", json={"fields": {"status": 1}})
    happened = events(control, lead)
    assert [event["number"] for event in happened] == list(range(1, 9))
    assert [event["cause"] for event in happened] == [
        {"request": 1},
        *[{"simulate": 1}] * 5,
        {"request": 2},
        {"control": 1},
    ]
    numbers = [each["number"] for each in control.get("/requests").json()["requests"]]
    assert numbers == [1, 2], "events take no number of a request"
    assert control.get(f"/leads/nlpearl/{lead}").json()["events"] == happened


def test_nobody_answers_and_the_next_attempt_is_planned(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    alone = add_lead(nlpearl, externalId="alone", phoneNumber="+12025550173")
    tell(control, lead, ["no_answer"])
    advance(control, 60)
    happened = [event for event in events(control, lead) if event["kind"] != "lead.created"]
    assert statuses(happened) == [20, (3, 40), 40, (7, 10), 10]
    (call,) = [event["call"] for event in happened if event["kind"] == "call.ended"]
    row = nlpearl.get(f"/v2/Call/{call}").json()
    nothing = [row[name] for name in ("transcript", "summary", "recording", "collectedInfo")]
    assert (row["duration"], nothing) == (0, [None] * 4)
    (step,) = due(control, lead)
    assert (step["at"], step["attempt"], step["held"]) == ("2026-03-03T14:00:00.000Z", 2, False)
    assert step["why"] == (
        "attempt 2 of at most 3, a day after the one before fell due after no_answer"
    )
    assert shown(nlpearl, alone)["status"] == 1
    control.delete(f"/due/{step['number']}")
    advance(control, 7 * DAY)
    assert shown(nlpearl, lead)["status"] == 10
    assert len(shown(nlpearl, lead)["callsId"]) == 1


def test_a_call_in_two_halves_keeps_its_id(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    begun = control.post("/simulate", json={"vendor": "nlpearl", "lead": lead, "phase": "start"})
    id = begun.json()["call"]["id"]
    ongoing = f"/v2/Pearl/{PEARL}/OngoingCalls"
    assert nlpearl.get(f"/v2/Call/{id}").json()["status"] == 3
    assert nlpearl.get(ongoing).json()["totalOngoingCalls"] == 1
    half = {"vendor": "nlpearl", "phase": "end", "call": id, "outcome": "not_successful"}
    ended = control.post("/simulate", json=half)
    assert (ended.status_code, ended.json()["call"]["id"]) == (200, id)
    assert nlpearl.get(f"/v2/Call/{id}").json()["status"] == 4
    assert nlpearl.get(ongoing).json()["totalOngoingCalls"] == 0
    wrong = nlpearl.get(f"/v2/Call/{lead}")
    assert (wrong.status_code, wrong.json()["errors"]) == (400, {"validation": ["wrong CallId"]})
    count = len(events(control, lead))
    again = control.post("/simulate", json=half)
    assert (again.status_code, again.json()["detail"]) == (409, f"The call {id} has ended already.")
    assert len(events(control, lead)) == count


def test_attempts_keep_to_the_hours_of_the_leads_own_zone(
    control: httpx.Client, nlpearl: httpx.Client
) -> None:
    hours = [{"day": day, "start": "09:00", "end": "17:00"} for day in range(1, 6)]
    settings = {
        "maximumCallAttempts": 4,
        "minimumRetryIntervalHours": 6,
        "callingHours": hours,
    }
    changed = nlpearl.put(f"/v2/Pearl/{PEARL}/Settings/Outbound", json=settings)
    assert changed.json() is True, changed.text
    lead = add_lead(nlpearl, timeZoneId="Pacific Standard Time")
    (first,) = tell(control, lead, ["no_answer"])["due"]
    assert first["at"] == "2026-03-02T17:00:00.000Z"
    advance(control, 2 * DAY)
    queued = [
        event["at"]
        for event in events(control, lead)
        if event["kind"] == "lead.status" and event["to"] == 20
    ]
    assert queued == [
        "2026-03-02T17:00:00.000Z",
        "2026-03-02T20:00:00.000Z",
        "2026-03-02T23:00:00.000Z",
        "2026-03-03T17:00:00.000Z",
    ]
    after_calls = [
        event["to"]
        for event in events(control, lead)
        if event["kind"] == "lead.status" and event["from"] == 40
    ]
    assert after_calls == [10, 10, 10, 150]
    assert len(shown(nlpearl, lead)["callsId"]) == 4
    assert due(control, lead) == []


@pytest.mark.parametrize(
    ("at", "first"),
    [
        # On 8 March 2026 clocks of New York go from 2:00 to 3:00, on 1 November from 2:00 to 1:00.
        pytest.param("2026-03-08T05:00:00Z", "2026-03-08T07:00:00.000Z", id="in the gap of spring"),
        pytest.param("2026-11-01T04:00:00Z", "2026-11-01T05:30:00.000Z", id="twice in autumn"),
    ],
)
def test_an_opening_time_that_clocks_skip_or_repeat_is_the_first_moment(
    at: str, first: str, control: httpx.Client, nlpearl: httpx.Client
) -> None:
    start = "02:30" if "03-08" in at else "01:30"
    hours = [{"day": 7, "start": start, "end": "17:00"}]
    nlpearl.put(f"/v2/Pearl/{PEARL}/Settings/Outbound", json={"callingHours": hours})
    control.put("/clock", json={"mode": "frozen", "at": at})
    lead = add_lead(nlpearl, timeZoneId="Eastern Standard Time")
    (step,) = tell(control, lead, ["success"])["due"]
    assert step["at"] == first


def plan(control: httpx.Client, lead: str, outcome: str, when: int, **more: Any) -> None:
    body = {"vendor": "nlpearl", "lead": lead, "outcome": outcome, "when": when, **more}
    assert control.post("/simulate", json=body).status_code == 200


def test_a_chosen_call_moves_the_next_attempt_and_adds_none(
    control: httpx.Client, lead: str
) -> None:
    tell(control, lead, ["no_answer"])
    plan(control, lead, "busy", 3600)
    advance(control, seconds=7200)
    assert [(step["at"], step["attempt"]) for step in due(control, lead)] == [
        ("2026-03-03T15:00:00.000Z", 3)
    ]


def test_nothing_is_due_for_a_lead_that_a_call_has_closed(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    tell(control, lead, ["no_answer"])
    plan(control, lead, "success", 3600)
    plan(control, lead, "busy", 7200)
    advance(control, seconds=5000)
    assert (shown(nlpearl, lead)["status"], due(control, lead)) == (100, [])


def test_a_call_that_is_forced_for_later_is_made(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    simulate(control, lead, "success")
    plan(control, lead, "not_successful", 3600, force=True)
    plan(control, lead, "no_answer", 7200, force=True)
    exported = control.get("/export").json()
    control.post("/seed", json={"fixture": exported})
    advance(control, seconds=10_000)
    row = shown(nlpearl, lead)
    assert (row["status"], len(row["callsId"]), due(control, lead)) == (150, 3, [])


def test_a_paused_pearl_calls_nobody_and_goes_on_when_it_runs(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    deleted = add_lead(nlpearl, externalId="deleted", phoneNumber="+12025550173")
    for each in (lead, deleted):
        tell(control, each, [{"outcome": "no_answer", "after": "1h"}])
    nlpearl.put(f"/v2/Pearl/{PEARL}/Active", json={"isActive": False})
    assert [(step["at"], step["held"]) for step in due(control)] == [(None, True)] * 2
    nlpearl.request("DELETE", f"/v2/Outbound/{PEARL}/Leads", json={"leadIds": [deleted]})
    assert advance(control, 5 * 3600)["steps"] == 0
    nlpearl.put(f"/v2/Pearl/{PEARL}/Active", json={"isActive": True})
    assert [step["at"] for step in due(control)] == ["2026-03-02T19:00:00.000Z"]
    assert advance(control, 0)["steps"] == 1
    advance(control, 60)
    assert len(shown(nlpearl, lead)["callsId"]) == 1
    assert [event["kind"] for event in events(control, deleted)] == ["lead.created", "lead.deleted"]


@pytest.mark.parametrize("status", [100, 130])
def test_a_lead_that_the_client_closes_is_called_no_more(
    status: int, control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    tell(control, lead, ["no_answer", "success"])
    advance(control, 60)
    nlpearl.put(f"/v2/Outbound/{PEARL}/Lead/{lead}", json={"status": status})
    assert due(control, lead) == []
    advance(control, 3 * DAY)
    assert (shown(nlpearl, lead)["status"], len(shown(nlpearl, lead)["callsId"])) == (status, 1)
    nlpearl.put(f"/v2/Outbound/{PEARL}/Lead/{lead}", json={"status": 10})
    assert len(due(control, lead)) == 1, "call again"


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"callData": {"email": "ann+outcome-no-answer@example.com"}}, "no_answer"),
        ({"callData": {"email": "ann+story-third-time@example.com"}}, "third_time"),
        ({"externalId": "lead-7-outcome-busy"}, "busy"),
        ({"phoneNumber": "+19005550160"}, "success"),
        (
            {
                "phoneNumber": "+19005550150",
                "callData": {"email": "ann+outcome-success@example.com"},
            },
            "success",
        ),
    ],
    ids=["address", "story", "external id", "number", "an address beats a number"],
)
def test_a_tester_who_chooses_only_data_chooses_the_story(
    fields: dict[str, Any], outcome: str, control: httpx.Client, nlpearl: httpx.Client
) -> None:
    lead = add_lead(nlpearl, **fields)
    assert [step["why"] for step in due(control, lead)] == ["attempt 1 of at most 3"]
    played = control.get("/export", headers={"accept": "application/json"}).json()
    (story,) = played["nlpearl"]["played"]
    assert (story["story"], story["source"]) == (outcome, "magic")


@pytest.mark.parametrize(
    "fields",
    [
        {"phoneNumber": "+19005550170"},
        {"externalId": "no_outcome-busyness"},
        {"callData": {"email": "ann+outcome-nonsense@example.com"}},
        {"callData": {"note": "outcome-busy"}},
    ],
)
def test_what_is_no_magic_value_means_nothing(
    fields: dict[str, Any], control: httpx.Client, nlpearl: httpx.Client
) -> None:
    add_lead(nlpearl, **fields)
    assert due(control) == []


def test_magic_off_switches_stories_off_too(control: httpx.Client, nlpearl: httpx.Client) -> None:
    control.patch("/settings", json={"nlpearl": {"magic": "off"}})
    add_lead(nlpearl, callData={"email": "ann+outcome-no-answer@example.com"})
    assert due(control) == []


def test_the_clock_stops_at_the_last_step_that_one_move_may_play() -> None:
    with MockServer(max_steps=2) as small:
        admin = httpx.Client(base_url=small.url + "/__admin", timeout=30)
        admin.post("/workspaces", json={"name": "steps", "at": NOW})
        with httpx.Client(
            base_url=small.url + "/nlpearl", headers={"authorization": "Bearer steps:x"}
        ) as nlpearl:
            lead = add_lead(nlpearl)
        admin.put(f"/workspaces/steps/leads/nlpearl/{lead}/story", json=["no_answer"])
        passed = admin.post("/workspaces/steps/clock/advance", json={"seconds": DAY}).json()
        admin.close()
    assert (passed["steps"], passed["stopped"]) == (2, "limit")
    assert passed["now"] == "2026-03-02T14:00:05.000Z"


def test_a_move_back_plays_nothing_and_takes_nothing_back(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    tell(control, lead, ["no_answer"])
    advance(control, 60)
    before = shown(nlpearl, lead)
    control.put("/clock", json={"mode": "frozen", "at": "2026-03-01T00:00:00Z"})
    assert shown(nlpearl, lead) == before
    passed = control.put("/clock", json={"mode": "frozen", "at": "2026-03-03T14:01:00Z"}).json()
    assert passed["steps"] == 3
    assert len(shown(nlpearl, lead)["callsId"]) == 2


def test_fire_false_moves_the_clock_alone(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    tell(control, lead, ["success"])
    answer = control.post("/clock/advance", json={"seconds": 60, "fire": False}).json()
    assert (answer["steps"], answer["now"]) == (0, "2026-03-02T14:01:00.000Z")
    assert advance(control, 0)["steps"] == 1, "what is overdue is played at the next move"


def test_a_snapshot_holds_what_is_due_and_a_reset_drops_it(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    tell(control, lead, ["no_answer", "success"])
    advance(control, 60)
    planned = due(control, lead)
    control.put("/snapshots/between")
    advance(control, 2 * DAY)
    assert shown(nlpearl, lead)["status"] == 100
    count = len(events(control, lead))
    control.post("/snapshots/between/restore")
    assert due(control, lead) == planned
    assert len(events(control, lead)) == count, "a restore makes no event"
    exported = control.get("/export", headers={"accept": "application/json"}).json()
    control.post("/reset")
    assert (due(control), control.get("/events").json()["events"]) == ([], [])
    control.post("/seed", json={"mode": "replace", "fixture": exported})
    assert due(control, lead) == planned
    assert control.get("/events").json()["events"] == [], "a seed makes no event"
    advance(control, 2 * DAY)
    assert shown(nlpearl, lead)["status"] == 100


def test_what_was_played_can_be_replayed_from_its_changes(
    server: MockServer, account: str, control: httpx.Client, nlpearl: httpx.Client
) -> None:
    workspace = server.app.workspaces.named(account)
    assert workspace is not None
    told: list[Any] = []
    workspace.listen(lambda version, changes: told.append(written(changes)))
    lead = add_lead(nlpearl, externalId="replayed")
    tell(control, lead, ["no_answer", "success"])
    simulate(control, lead, "busy")
    advance(control, 3 * DAY)
    copy = Workspace(account, workspace.origin)
    for changes in told:
        copy.apply(read(changes))
    for table in ("leads", "calls", "due", "played"):
        expected = dict(workspace.tables["nlpearl"][table].rows)
        assert dict(copy.tables["nlpearl"][table].rows) == expected, table
    assert copy.clock == workspace.clock


def test_an_outcome_that_a_fixture_adds_is_like_the_one_it_extends(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    fixture = {
        "nlpearl": {
            "outcomes": {"delighted": {"extends": "success", "parts": {"call": {"duration": 77}}}}
        }
    }
    seeded = control.post("/seed", json={"mode": "merge", "fixture": fixture})
    assert seeded.status_code == 200, seeded.text
    call = simulate(control, lead, "delighted")["call"]
    assert (call["duration"], call["conversationStatus"]) == (77, 100)


@pytest.mark.parametrize(
    ("section", "errors"),
    [
        (
            {"outcomes": {"odd": {"extends": "sucess"}}},
            {
                "/fixture/nlpearl/outcomes/odd/extends": "'sucess' is no outcome; did you mean "
                "success or not_successful?"
            },
        ),
        (
            {"outcomes": {"odd": {"extends": "success", "parts": {"lead": {"status": 7}}}}},
            {"/fixture/nlpearl/outcomes/odd/parts/lead/status": "7 is no value of the document"},
        ),
        (
            {"outcomes": {"odd": {"extends": "success", "parts": {"lead": {"colour": 7}}}}},
            {"/fixture/nlpearl/outcomes/odd/parts/lead/colour": "is no field of the document"},
        ),
        (
            {"stories": {"odd": ["success", "no_anser"]}},
            {"/fixture/nlpearl/stories/odd/1": "'no_anser' is no outcome; did you mean no_answer?"},
        ),
        (
            {"autopilot": {"weights": {"never_answer": 1}}},
            {
                "/fixture/nlpearl/autopilot/weights/never_answer": "'never_answer' is no story; "
                "did you mean never_answers or answers?"
            },
        ),
        (
            {"leads": [{"pearlId": PEARL, "phoneNumber": PHONE, "story": "third"}]},
            {"/fixture/nlpearl/leads/0/story": "'third' is no story; did you mean third_time?"},
        ),
        (
            {"due": [DUE_STEP | {"step": "ring"}]},
            {
                "/fixture/nlpearl/due/0/step": '"ring" is not allowed; the values are call, dial, '
                "end, simulate"
            },
        ),
        (
            {
                "due": [
                    DUE_STEP | {"at": None},
                    DUE_STEP | {"held": DUE_STEP["at"]},
                    DUE_STEP | {"step": "end"},
                    DUE_STEP | {"options": {"outcome": "sucess", "fields": {"status": 77}}},
                ]
            },
            {
                "/fixture/nlpearl/due/0/at": ONE_TIME,
                "/fixture/nlpearl/due/1/at": ONE_TIME,
                "/fixture/nlpearl/due/2/options/call": "is required where the step is end",
                "/fixture/nlpearl/due/3/options/outcome": "'sucess' is no outcome; did you mean "
                "success or not_successful?",
                "/fixture/nlpearl/due/3/options/fields/status": "is 77, and must be one of "
                "3, 4, 5, 6, 7, 8",
            },
        ),
    ],
)
def test_a_fixture_that_names_what_is_not_there_is_refused(
    section: dict[str, Any], errors: dict[str, str], control: httpx.Client
) -> None:
    before = control.get("/export").text
    answer = control.post("/seed", json={"mode": "merge", "fixture": {"nlpearl": section}})
    assert answer.status_code == 400
    assert {each["pointer"]: each["detail"] for each in answer.json()["errors"]} == errors
    assert control.get("/export").text == before


def test_a_running_clock_plays_what_falls_due(server: MockServer, account: str) -> None:
    url = f"{server.url}/__admin/workspaces"
    httpx.post(url, json={"name": account})
    with httpx.Client(
        base_url=server.url + "/nlpearl", headers={"authorization": f"Bearer {account}:x"}
    ) as nlpearl:
        lead = add_lead(nlpearl, externalId="outcome-busy")
        # Five seconds of ringing pass at once.
        httpx.post(f"{url}/{account}/clock/advance", json={"seconds": 5})
        asked = {"lead": lead, "kind": "call.ended"}
        for _ in range(100):
            ended = httpx.get(f"{url}/{account}/events", params=asked).json()["events"]
            if ended:
                break
            sleep(0.05)
        assert [event["outcome"] for event in ended] == ["busy"]
        assert shown(nlpearl, lead)["status"] == 10


def test_the_end_of_a_call_that_runs_cannot_be_removed(
    control: httpx.Client, nlpearl: httpx.Client, lead: str
) -> None:
    tell(control, lead, ["success"])
    advance(control, 5)
    (step,) = due(control, lead)
    refused = control.delete(f"/due/{step['number']}")
    detail = (
        f"The step {step['number']} ends a call that has begun. To end it now, simulate its phase "
        "end."
    )
    told = step["step"], refused.status_code, refused.json()["detail"]
    assert told == ("end", 409, detail)
    assert due(control, lead) == [step]


def test_no_lead_of_a_fixture_is_played_where_the_autopilot_is_off(control: httpx.Client) -> None:
    lead = {"pearlId": PEARL, "phoneNumber": PHONE, "story": "third_time"}
    section = {"autopilot": {"mode": "off"}, "leads": [lead]}
    seeded = control.post("/seed", json={"mode": "merge", "fixture": {"nlpearl": section}})
    assert seeded.status_code == 200, seeded.text
    assert due(control) == []
    control.put("/autopilot", json={"nlpearl": {"mode": "all"}, "sela": {"mode": "all"}})
    numbers = [step["number"] for step in due(control)]
    assert len(numbers) > 2
    assert len(set(numbers)) == len(numbers)

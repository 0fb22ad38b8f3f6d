"""What Sela tells of leads: trigger by trigger, with which payload, to which address.

The clock stands at 2 March 2026, 14:00 UTC, 6 in the morning of the account. Webhooks go to an
inbox of the workspace, where nothing else is said.
"""

from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Any

import httpx
import orjson
import pytest

from mockserver import MockServer
from mockserver.vendors.sela.webhooks import TRIGGERS, filled, is_misplaced
from mockserver.webhooks.deliveries import Delivery
from mockserver.workspaces import Workspace
from tests.lives import Life

MIRA = {
    "phone_number": "+12025550171",
    "email": "mira@example.com",
    "lead_type": 123,
    "us_state": "DC",
    "metadata": {"city": "Washington"},
}
EVERY = [
    {"id": 100 + number, "trigger": trigger, "url": "inbox:crm"}
    for number, trigger in enumerate(TRIGGERS)
]
NOW = "2026-03-02T06:00:00.000000-08:00"
SLOT = "2026-03-02T17:00:00+00:00"


@pytest.fixture
def life(server: MockServer, account: str) -> Iterator[Life]:
    life = Life("sela", server.url, account)
    with life.control:
        life.seed("merge", webhooks=[{"id": 1, "url": "inbox:other", "trigger": "SMS_DNC"}])
        yield life


@pytest.fixture
def lead(life: Life, sela: httpx.Client) -> int:
    """The id of a lead that was added before there were webhooks."""
    id = add(sela)
    life.seed("merge", webhooks=EVERY)
    return id


Told = Callable[[], list[tuple[str, Any]]]


@pytest.fixture
def told(workspace: Workspace) -> Told:
    """The trigger and the payload of each delivery so far."""

    def told() -> list[tuple[str, Any]]:
        return [(each.kind, orjson.loads(each.body)) for each in workspace.deliveries]

    return told


def add(sela: httpx.Client, **fields: Any) -> int:
    answer = sela.post("/api/leads/", json=MIRA | fields)
    assert answer.status_code in (200, 201), answer.text
    id: int = answer.json()["id"]
    return id


def patch(sela: httpx.Client, lead: int, **fields: Any) -> None:
    answer = sela.patch(f"/api/leads/{lead}/", json=fields)
    assert answer.status_code == 200, answer.text


def triggers(told: list[tuple[str, Any]]) -> list[str]:
    return [trigger for trigger, _ in told]


def last(workspace: Workspace) -> Delivery:
    found = workspace.deliveries.get(workspace.deliveries.last)
    assert found is not None
    return found


# Payloads


def test_the_payload_is_a_flat_lead(life: Life, lead: int, told: Told) -> None:
    life.simulate(lead, "no_answer")
    payload = {
        "id": lead,
        "email": "mira@example.com",
        "phone_number": "+12025550171",
        "metadata": {"city": "Washington"},
        "modified_time": NOW,
        "created_time": NOW,
        "status": "OPEN",
        "status_reason": None,
        "lead_type": 123,
        "next_call_time": SLOT,
        "next_call_time_reason": "NEXT_AVAILABLE_SLOT",
        "external_id": None,
        "us_state": "DC",
        "lead_source": None,
        "received_time": NOW,
        "reengagements_count": 0,
        "last_reengagement_time": None,
        "call_schedule_start_time": None,
        "sms_dnc": None,
        "call_dnc": None,
        "call_count": 1,
        "last_chat": {},
    }
    before = {
        "next_call_time": "2026-03-02T14:00:00+00:00",
        "next_call_time_reason": "FIRST_CALL",
        "call_count": 0,
    }
    assert told() == [
        ("BEFORE_CALLING", payload | before),
        ("CALL_FAILED", payload),
        ("CALL_COMPLETE", payload),
        ("LEAD_UPDATED", payload),
    ]
    assert list(told()[0][1]) == list(payload)


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("UTC", "2026-03-02T14:00:00.000000Z"),
        ("America/Denver", "2026-03-02T07:00:00.000000-07:00"),
    ],
)
def test_times_have_the_accounts_offset(
    life: Life, lead: int, told: Told, zone: str, time: str
) -> None:
    life.set(time_zone=zone)
    life.simulate(lead, "busy")
    payload = told()[-1][1]
    assert (payload["created_time"], payload["next_call_time"]) == (time, SLOT)


def test_microseconds_are_told(life: Life, lead: int, told: Told, sela: httpx.Client) -> None:
    life.advance(1.25)
    patch(sela, lead, call_schedule_start_time="2026-03-05T10:00:00-05:00")
    payload = told()[-1][1]
    assert payload["modified_time"] == "2026-03-02T06:00:01.250000-08:00"
    assert payload["call_schedule_start_time"] == "2026-03-05T07:00:00.000000-08:00"


def test_flags_are_null_until_somebody_sets_them(
    life: Life, lead: int, told: Told, sela: httpx.Client
) -> None:
    flags: list[tuple[Any, Any]] = []
    for fields in ({"sms_dnc": False}, {"call_dnc": True}, {"call_dnc": False}):
        patch(sela, lead, **fields, external_id=f"x{len(flags)}")
        payload = told()[-1][1]
        flags.append((payload["sms_dnc"], payload["call_dnc"]))
    assert flags == [(False, None), (False, True), (False, False)]
    answer = sela.get(f"/api/leads/{lead}/").json()
    assert (answer["sms_dnc"], answer["call_dnc"], "set_flags" in answer) == (False, False, False)
    listed = sela.get("/api/leads/").json()["results"]
    assert next(row for row in listed if row["id"] == lead) == answer
    exported = life.ask("GET", "/export")["sela"]["leads"]
    assert exported[-1]["set_flags"] == ["call_dnc", "sms_dnc"]


def test_a_flag_set_to_what_it_shows_is_no_update(
    life: Life, lead: int, told: Told, sela: httpx.Client
) -> None:
    patch(sela, lead, sms_dnc=False)
    assert told() == []


def test_the_chat_is_that_of_the_last_call_that_has_one(life: Life, lead: int, told: Told) -> None:
    chat = {"summary": "Wants Friday", "currentOutcome": None}
    life.seed("merge", calls=[{"lead": lead, "last_chat": chat}])
    life.simulate(lead, "no_answer")
    assert (told()[-1][1]["last_chat"], told()[-1][1]["call_count"]) == (chat, 2)
    life.simulate(lead, "hung_up", fields={"last_chat": {"summary": "None"}})
    assert told()[-1][1]["last_chat"] == {"summary": "None"}


def test_an_outcome_of_a_fixture_may_have_a_chat(life: Life, lead: int, told: Told) -> None:
    chat = {"transcript": "Hello"}
    outcome = {"extends": "appointment_booked", "parts": {"call": {"last_chat": chat}}}
    life.seed("merge", outcomes={"booked_with_chat": outcome})
    life.simulate(lead, "booked_with_chat")
    assert told()[-1][1]["last_chat"] == chat


# Triggers


def _simulate(outcome: str) -> Callable[[Life, httpx.Client, int], Any]:
    return lambda life, sela, lead: life.simulate(lead, outcome)


def _patch(**fields: Any) -> Callable[[Life, httpx.Client, int], Any]:
    return lambda life, sela, lead: patch(sela, lead, **fields)


def _add(**fields: Any) -> Callable[[Life, httpx.Client, int], Any]:
    return lambda life, sela, lead: add(sela, **fields)


CAUSES = {
    "LEAD_CREATED": _add(email="other@example.com"),
    "LEAD_UPDATED": _patch(external_id="crm-9"),
    "LEAD_CLOSED": _simulate("appointment_booked"),
    "LEAD_CLOSED_INCOMPLETE": _simulate("incomplete"),
    "LEAD_LOST": _simulate("not_interested"),
    "LEAD_SCHEDULE_COMPLETED": _simulate("schedule_completed"),
    "LEAD_LATE_CALLBACK": _simulate("late_callback"),
    "LEAD_OUT_OF_TERRITORY": _simulate("out_of_territory"),
    "LEAD_BAD_NUMBER": _simulate("bad_number"),
    "LEAD_CANCELLED": _patch(status="CANCELLED"),
    "LEAD_CALLBACK_TO_TRANSFER": _simulate("live_handoff_unavailable"),
    "LEAD_BEFORE_REENGAGEMENT": _add(min_reengagement_days=0),
    "LEAD_REENGAGEMENT": _add(min_reengagement_days=0),
    "LEAD_FIRST_INBOUND": _simulate("first_inbound"),
    "CALL_COMPLETE": _simulate("voicemail"),
    "BEFORE_CALLING": _simulate("voicemail"),
    "CALL_FAILED": _simulate("busy"),
    "CALL_ENDED": _simulate("hung_up"),
    "CALL_TRANSFER_INITIATED": _simulate("warm_transfer"),
    "SMS_DNC": _simulate("do_not_text"),
    "CALL_DNC": _simulate("do_not_call"),
}


def test_every_trigger_has_a_cause() -> None:
    assert tuple(CAUSES) == TRIGGERS


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_trigger_is_told_once_to_its_webhook_alone(
    life: Life, sela: httpx.Client, workspace: Workspace, trigger: str
) -> None:
    lead = add(sela)
    life.seed("merge", webhooks=[{"id": 50, "trigger": trigger, "url": "inbox:crm"}])
    CAUSES[trigger](life, sela, lead)
    found = [each for each in workspace.deliveries if each.webhook == 50]
    assert [(each.kind, each.url) for each in found] == [(trigger, "inbox:crm")]


@pytest.mark.parametrize(
    "status",
    "CLOSED CLOSED_INCOMPLETE LOST SCHEDULE_COMPLETED OUT_OF_TERRITORY BAD_NUMBER CANCELLED "
    "CALLBACK_TO_TRANSFER".split(),
)
def test_a_status_by_the_api_has_its_trigger(
    life: Life, lead: int, sela: httpx.Client, told: Told, status: str
) -> None:
    patch(sela, lead, status=status)
    assert triggers(told()) == [f"LEAD_{status}", "LEAD_UPDATED"]


@pytest.mark.parametrize("status", ["UNKNOWN", "NEW"])
def test_other_statuses_are_updates(
    life: Life, lead: int, sela: httpx.Client, told: Told, status: str
) -> None:
    patch(sela, lead, status=status)
    assert triggers(told()) == ["LEAD_UPDATED"]


def test_the_triggers_of_one_moment_have_an_order(life: Life, lead: int, told: Told) -> None:
    life.simulate(lead, "warm_transfer")
    assert triggers(told()) == [
        "BEFORE_CALLING",
        "CALL_TRANSFER_INITIATED",
        "CALL_ENDED",
        "CALL_COMPLETE",
        "LEAD_CLOSED",
        "LEAD_UPDATED",
    ]


def test_webhooks_of_one_trigger_are_told_by_their_ids(
    life: Life, lead: int, sela: httpx.Client, workspace: Workspace
) -> None:
    hooks = [{"id": id, "trigger": "LEAD_LOST", "url": "inbox:crm"} for id in (90, 80, 200)]
    life.seed("merge", webhooks=hooks)
    patch(sela, lead, status="LOST")
    told = [each.webhook for each in workspace.deliveries if each.kind == "LEAD_LOST"]
    assert told == [80, 90, 104, 200]


def test_changes_by_the_api_are_events_once(
    life: Life, lead: int, sela: httpx.Client, told: Told
) -> None:
    body = {"phone_number": "+12025550171", "email": "mira@example.com", "status": "LOST"}
    for _ in range(2):
        answer = sela.put("/api/leads/update/", json=body | {"call_dnc": True})
        assert answer.status_code == 200
    assert triggers(told()) == ["LEAD_LOST", "CALL_DNC", "LEAD_UPDATED"]
    other = add(sela, email="other@example.com")
    patch(sela, other, status="LOST")
    assert triggers(told())[3:] == ["LEAD_CREATED", "LEAD_LOST", "LEAD_UPDATED"]
    assert [body["call_dnc"] for _, body in told()] == [True, True, True, None, None, None]


def test_changes_by_the_api_are_silent_by_a_setting(
    life: Life, lead: int, sela: httpx.Client, told: Told
) -> None:
    life.set(api_changes_fire="off")
    patch(sela, lead, status="LOST")
    assert told() == []


def test_before_a_reengagement_the_lead_is_shown_as_it_was(
    life: Life, lead: int, sela: httpx.Client, told: Told
) -> None:
    patch(sela, lead, status="CLOSED")
    life.advance(60)
    add(sela, min_reengagement_days=0, metadata={"city": "Tacoma"})
    names = (
        "status",
        "status_reason",
        "reengagements_count",
        "last_reengagement_time",
        "metadata",
        "modified_time",
        "next_call_time",
    )
    shown = {trigger: tuple(body[name] for name in names) for trigger, body in told()[2:]}
    later = "2026-03-02T06:01:00.000000-08:00"
    after = (
        "OPEN",
        "REENGAGEMENT",
        1,
        later,
        {"city": "Tacoma"},
        later,
        "2026-03-02T14:01:00+00:00",
    )
    assert shown == {
        "LEAD_BEFORE_REENGAGEMENT": ("CLOSED", None, 0, None, {"city": "Washington"}, NOW, None),
        "LEAD_REENGAGEMENT": after,
        "LEAD_UPDATED": after,
    }


# Webhooks by the API


def test_the_api_shows_neither_options_nor_the_short_name_of_an_inbox(
    life: Life, server: MockServer, account: str, sela: httpx.Client
) -> None:
    hook = {"id": 7, "trigger": "LEAD_LOST", "url": "inbox:crm", "options": {"copies": 2}}
    life.seed("merge", webhooks=[hook])
    assert sela.get("/api/webhooks/7/").json() == {
        "id": 7,
        "url": f"{server.url}/__admin/workspaces/{account}/inbox/crm",
        "trigger": "LEAD_LOST",
        "filter_condition": None,
    }


def test_a_filter_is_kept_and_not_evaluated(
    life: Life, lead: int, sela: httpx.Client, workspace: Workspace
) -> None:
    url = sela.get("/api/webhooks/100/").json()["url"]
    made = sela.post(
        "/api/webhooks/",
        json={"url": url, "trigger": "LEAD_LOST", "filter_condition": "us_state=CA"},
    ).json()
    assert made["filter_condition"] == "us_state=CA"
    patch(sela, lead, status="LOST")
    remarks = {each.webhook: each.remarks for each in workspace.deliveries}
    assert remarks == {
        104: (),
        made["id"]: ("filter_condition is not evaluated",),
        101: (),
    }


# Placeholders


def test_placeholders_are_filled_and_encoded(
    life: Life, sela: httpx.Client, workspace: Workspace
) -> None:
    url = "http://127.0.0.1:1/leads/{{id}}/{{metadata.city}}?s={{us_state}}&x={{metadata.none}}"
    made = sela.post("/api/webhooks/", json={"url": url, "trigger": "LEAD_UPDATED"})
    assert made.json()["url"] == url
    patch(sela, 28001, metadata={"city": "a/../b?c#é"})
    assert last(workspace).url == ("http://127.0.0.1:1/leads/28001/a%2F..%2Fb%3Fc%23%C3%A9?s=DC&x=")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("https://a.example", "https://a.example"),
        ("https://a.example/?{{id}}", "https://a.example/?7"),
        ("https://a.example?x={{flag}}&y={{none}}", "https://a.example?x=true&y="),
        ("https://a.example/{{list}}/", "https://a.example/%5B1%2C%22a%20b%22%5D/"),
        ("https://a.example/{{metadata}}", "https://a.example/%7B%22city%22%3A%22%25%22%7D"),
        ("https://a.example/{{metadata.city}}", "https://a.example/%25"),
        ("https://a.example/{{metadata.city.x}}/{{}}/", "https://a.example///"),
        ("https://a.example/{{text}}", "https://a.example/%7B%7Bid%7D%7D"),
        ("https://a.example/{id}/{{id", "https://a.example/{id}/{{id"),
        ("https://a.example/x?#{{id}}", "https://a.example/x?#{{id}}"),
    ],
)
def test_what_placeholders_become(url: str, address: str) -> None:
    payload = {
        "id": 7,
        "flag": True,
        "none": None,
        "list": [1, "a b"],
        "metadata": {"city": "%"},
        "text": "{{id}}",
    }
    assert filled(url, payload) == address


MISPLACED = [
    "http://{{metadata.host}}/",
    "http://a.{{metadata.host}}/",
    "http://{{metadata.host}}.example.com/",
    "http://example.com:{{id}}/",
    "http://{{id}}@example.com/",
    "http://user:{{id}}@example.com/",
    "{{metadata.scheme}}://example.com/",
    "http{{id}}://example.com/",
    "{{metadata.url}}",
    "http://[{{id}}]/",
]


@pytest.mark.parametrize("url", MISPLACED)
def test_a_placeholder_does_not_choose_the_receiver(
    life: Life, sela: httpx.Client, url: str
) -> None:
    answer = sela.post("/api/webhooks/", json={"url": url})
    assert (answer.status_code, answer.json()) == (400, {"url": ["Enter a valid URL."]})
    assert is_misplaced(url)
    fixture = {"sela": {"webhooks": [{"id": 7, "url": url}]}}
    status, detail = life.refused("POST", "/seed", {"fixture": fixture, "mode": "merge"})
    assert status == 400
    assert "webhooks[0].url" in detail
    assert "placeholders in path and query" in detail


@pytest.mark.parametrize(
    "url", ["inbox:", "inbox:a b", "inbox:../x", "crm", "mailto:a@example.com"]
)
def test_a_fixture_may_not_have_another_address(life: Life, url: str) -> None:
    fixture = {"sela": {"webhooks": [{"id": 7, "url": url}]}}
    status, _ = life.refused("POST", "/seed", {"fixture": fixture, "mode": "merge"})
    assert status == 400


def test_webhooks_load_back_as_they_were_exported(life: Life) -> None:
    options = {"retries": "standard", "credential": {"header": "X-Token", "value": "s3cret"}}
    hook = {"id": 7, "trigger": "LEAD_LOST", "url": "https://a.example/{{id}}", "options": options}
    life.seed("replace", webhooks=[hook])
    exported = life.ask("GET", "/export")["sela"]
    assert exported["webhooks"] == [hook]
    life.seed("replace", **exported)
    assert life.ask("GET", "/export")["sela"] == exported


def exported_with_one_delivery(life: Life) -> Any:
    """The vendor's part of an export, as soon as all other deliveries have arrived."""
    end = monotonic() + 5
    while True:
        exported = life.ask("GET", "/export")["sela"]
        if len(exported["outbox"]) == 1:
            return exported
        assert monotonic() < end, exported["outbox"]
        sleep(0.01)


def test_what_is_held_loads_back_as_it_was_exported(
    life: Life, lead: int, sela: httpx.Client, workspace: Workspace
) -> None:
    hook = {"id": 7, "trigger": "LEAD_LOST", "url": "inbox:held", "options": {"hold": True}}
    life.seed("merge", webhooks=[hook])
    patch(sela, lead, status="LOST")
    exported = exported_with_one_delivery(life)
    (held,) = exported["outbox"]
    assert (held["kind"], held["lead"], held["held"]) == ("LEAD_LOST", lead, "settle")
    assert orjson.loads(held["body"])["status"] == "LOST"
    life.seed("replace", **exported)
    assert life.ask("GET", "/export")["sela"]["outbox"] == exported["outbox"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"to": "http://{{id}}@127.0.0.1/"}, "placeholders in its path and its query only"),
        ({"to": "http://127.0.0.1/" + "a" * 255}, "must have at most 255 characters"),
        ({"to": "inbox:crm", "scope": "28001"}, "each webhook is of all leads"),
    ],
)
def test_the_control_api_holds_a_webhook_to_the_vendors_rules(
    life: Life, fields: dict[str, Any], text: str
) -> None:
    body = {"vendor": "sela", "kind": "LEAD_LOST"} | fields
    status, detail = life.refused("POST", "/webhooks", body)
    assert (status, text in detail) == (400, True), detail

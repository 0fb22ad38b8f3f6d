"""What NLPearl tells of calls and leads: when, whom, and with which payload.

The clock stands at 2 March 2026, 14:00 UTC. Webhooks go to an inbox of the workspace.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml

from mockserver import MockServer
from mockserver.vendors.nlpearl import webhooks
from mockserver.workspaces import Workspace
from tests.lives import Life
from tests.pearl import MIRA, PEARL, PEARL_NUMBER, PHONE, add_lead

OTHER_PEARL = "66a1f0c2d60e456235eae602"
ALL = [{"kind": "call", "url": "inbox:crm"}, {"kind": "lead", "url": "inbox:crm"}]
DOCUMENT = Path(__file__).parents[2] / "openapi" / "nlpearl.yaml"


@pytest.fixture
def life(server: MockServer, account: str) -> Iterator[Life]:
    life = Life("nlpearl", server.url, account)
    with life.control:
        yield life


@pytest.fixture
def lead(life: Life, nlpearl: httpx.Client) -> str:
    """The id of a lead of the pearl, whose workspace has a webhook of each kind for all pearls."""
    life.seed("merge", webhooks=ALL)
    return add_lead(nlpearl)


@pytest.fixture
def told(workspace: Workspace) -> Callable[[], list[tuple[str, Any]]]:
    """The kind and the payload of each delivery so far."""

    def told() -> list[tuple[str, Any]]:
        return [(each.kind, orjson.loads(each.body)) for each in workspace.deliveries]

    return told


Told = Callable[[], list[tuple[str, Any]]]


def set_urls(nlpearl: httpx.Client, pearl: str = PEARL, **urls: str | None) -> httpx.Response:
    return nlpearl.put(f"/v2/Pearl/{pearl}/Settings/Outbound", json=urls)


def rows(workspace: Workspace) -> list[Any]:
    return list(workspace.tables["nlpearl"]["webhooks"].all())


def statuses(told: list[tuple[str, Any]]) -> list[tuple[str, int]]:
    return [(kind, body["status"]) for kind, body in told]


# Payloads


def test_an_answered_call_is_told_at_both_ends_and_its_lead_at_each_status(
    life: Life, lead: str, told: Told, nlpearl: httpx.Client
) -> None:
    done = life.simulate(lead, "success", duration=95, collected={"rideTime": "Friday"})
    call = nlpearl.get(f"/v2/Call/{done['call']['id']}").json()
    del call["relatedId"]
    start = call | {
        "conversationStatus": 40,
        "status": 3,
        "duration": 0,
        "recording": None,
        "transcript": None,
        "summary": None,
        "collectedInfo": None,
        "overallSentiment": 3,
    }
    shown = {
        "id": lead,
        "pearlId": PEARL,
        "externalId": "mira-1",
        "phoneNumber": PHONE,
        "timeZone": "-5.0",
        "status": 20,
        "created": "2026-03-02T14:00:00Z",
        "callsId": [],
        "callData": MIRA["callData"],
        "collectedData": None,
    }
    on_call = shown | {"status": 40, "callsId": [call["id"]]}
    ended = on_call | {"status": 100, "collectedData": {"rideTime": "Friday"}}
    assert told() == [
        ("lead", shown),
        ("call", start),
        ("lead", on_call),
        ("call", call),
        ("lead", ended),
    ]
    assert (call["from"], call["to"], call["name"]) == (PEARL_NUMBER, PHONE, "Mira Tolland")
    assert (call["duration"], call["leadId"]) == (95, lead)
    assert {line["role"] for line in call["transcript"]} == {2, 3}


def test_payloads_have_the_vendors_keys_in_the_vendors_order(
    life: Life, lead: str, told: Told
) -> None:
    life.simulate(lead, "success")
    calls = [list(body) for kind, body in told() if kind == "call"]
    leads = [list(body) for kind, body in told() if kind == "lead"]
    assert calls == 2 * [
        "id pearlId startTime conversationStatus status from to name duration recording "
        "transcript summary collectedInfo tags isCallTransferred overallSentiment leadId".split()
    ]
    assert leads == 3 * [
        "id pearlId externalId phoneNumber timeZone status created callsId callData "
        "collectedData".split()
    ]


def test_times_have_milliseconds_without_zeros_at_their_end(
    life: Life, lead: str, told: Told
) -> None:
    life.advance(5.502)
    life.simulate(lead, "no_answer")
    assert {body["startTime"] for kind, body in told() if kind == "call"} == {
        "2026-03-02T14:00:05.502Z"
    }


def test_nobody_answers(life: Life, lead: str, told: Told) -> None:
    life.simulate(lead, "no_answer")
    assert statuses(told()) == [("lead", 20), ("call", 3), ("lead", 40), ("call", 7), ("lead", 10)]
    end = told()[3][1]
    names = ("duration", "transcript", "summary", "recording", "collectedInfo")
    assert [end[name] for name in names] == [0, None, None, None, None]


def test_a_lead_that_is_not_dialled_has_no_call_webhook(life: Life, lead: str, told: Told) -> None:
    life.simulate(lead, "blacklisted")
    assert statuses(told()) == [("lead", 220)]


def test_a_queued_call_is_not_told(life: Life, lead: str, told: Told) -> None:
    life.set(call_status_8="queued")
    life.tell(lead, ["success"])
    life.advance(600)
    assert statuses(told()) == [("lead", 20), ("call", 3), ("lead", 40), ("call", 4), ("lead", 100)]


def test_enums_by_name(life: Life, lead: str, told: Told) -> None:
    life.set(webhook_enums="name")
    life.simulate(lead, "success", fields={"overallSentiment": 4})
    assert [body["status"] for _, body in told()] == [
        "InCallQueue",
        "InProgress",
        "OnCall",
        "Completed",
        "Success",
    ]
    end = told()[3][1]
    assert (end["conversationStatus"], end["overallSentiment"]) == ("Success", "SlightlyPositive")
    assert {line["role"] for line in end["transcript"]} == {"Pearl", "Client"}


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ("eCallStatusView", webhooks.CALL_STATUSES),
        ("eConversationStatusView", webhooks.CONVERSATION_STATUSES),
        ("eLeadStatusView", webhooks.LEAD_STATUSES),
        ("eSentimentView", webhooks.SENTIMENTS),
        ("eChatMessageRoleView", webhooks.ROLES),
    ],
)
def test_names_of_enums_are_those_of_the_document(schema: str, names: dict[int, str]) -> None:
    schemas = yaml.safe_load(DOCUMENT.read_text("utf-8"))["components"]["schemas"]
    listed = [each.split() for each in schemas[schema]["description"].split(",")]
    assert names == {int(number): name for number, name in listed}


def test_version_1_has_capitals(life: Life, lead: str, told: Told) -> None:
    v1 = {"options": {"version": "V1"}}
    life.seed("merge", webhooks=[each | v1 for each in ALL])
    life.simulate(lead, "success", collected={"rideTime": "Friday"})
    bodies = dict(told())
    call, shown = bodies["call"], bodies["lead"]
    assert list(call) == (
        "Id PearlId StartTime ConversationStatus Status From To Name Duration Recording "
        "Transcript Summary CollectedInfo Tags IsCallTransferred OverallSentiment LeadId "
        "RelatedId".split()
    )
    assert list(call["Transcript"][0]) == ["Role", "Content", "StartTime", "EndTime"]
    assert {"Id": "rideTime", "Name": "rideTime", "Value": "Friday"} in call["CollectedInfo"]
    assert list(shown) == (
        "Id PearlId ExternalId PhoneNumber TimeZone Status Created CallsId CallData "
        "CollectedData".split()
    )
    assert (shown["CallData"], shown["CollectedData"]) == (
        MIRA["callData"],
        {"rideTime": "Friday"},
    )


# When


def test_the_lead_may_come_first(life: Life, lead: str, told: Told) -> None:
    life.set(webhook_order="lead_first")
    life.simulate(lead, "success")
    assert statuses(told()) == [("lead", 20), ("lead", 40), ("call", 3), ("lead", 100), ("call", 4)]


def test_an_added_lead_is_not_told(life: Life, lead: str, told: Told) -> None:
    assert told() == []


def test_an_added_lead_is_told_where_it_is_wanted(
    life: Life, nlpearl: httpx.Client, told: Told
) -> None:
    life.seed("merge", webhooks=ALL)
    life.set(lead_webhook_on_add="on")
    add_lead(nlpearl)
    assert statuses(told()) == [("lead", 1)]


def test_an_update_by_the_api_is_told_once(
    life: Life, lead: str, nlpearl: httpx.Client, told: Told
) -> None:
    path = f"/v2/Outbound/{PEARL}/Lead/{lead}"
    nlpearl.put(path, json={"status": 130})
    nlpearl.put(path, json={"status": 130})
    nlpearl.put(path, json={"externalId": "mira-2"})
    assert statuses(told()) == [("lead", 130)]


def test_updates_by_the_api_are_silent_by_a_setting(
    life: Life, lead: str, nlpearl: httpx.Client, told: Told
) -> None:
    life.set(api_changes_fire="off")
    nlpearl.put(f"/v2/Outbound/{PEARL}/Lead/{lead}", json={"status": 10})
    life.simulate(lead, "blacklisted")
    assert statuses(told()) == [("lead", 220)]


# Whom


def test_the_settings_of_a_pearl_set_replace_and_remove_its_webhooks(
    life: Life, nlpearl: httpx.Client, workspace: Workspace
) -> None:
    set_urls(nlpearl, callWebhookUrl="https://crm.example.com/1", leadWebhookUrl="https://b.test/")
    set_urls(nlpearl, callWebhookUrl="https://crm.example.com/2", leadWebhookUrl=None)
    first = {"id": 1, "kind": "call", "pearl": PEARL, "url": "https://crm.example.com/2"}
    second = {"id": 2, "kind": "lead", "pearl": PEARL, "url": "https://b.test/"}
    assert rows(workspace) == [first | {"options": {}}, second | {"options": {}}]
    pearl = workspace.tables["nlpearl"]["pearls"].get(PEARL)
    assert pearl is not None
    assert pearl["outboundSettings"] is None
    set_urls(nlpearl, callWebhookUrl="")
    assert rows(workspace) == [second | {"options": {}}]


def test_a_new_address_keeps_how_the_webhook_is_delivered(
    life: Life, nlpearl: httpx.Client, workspace: Workspace
) -> None:
    options = {"retries": [5], "hold": True, "stopped": "loop"}
    hook = {"kind": "call", "pearl": PEARL, "url": "inbox:held", "options": options}
    life.seed("merge", webhooks=[hook])
    set_urls(nlpearl, callWebhookUrl="https://crm.example.com/")
    assert [(row["url"], row["options"]) for row in rows(workspace)] == [
        ("https://crm.example.com/", {"retries": [5]})
    ]


def test_a_pearls_own_webhook_beats_that_of_all_pearls(
    life: Life, lead: str, workspace: Workspace
) -> None:
    own = {"kind": "call", "pearl": PEARL, "url": "inbox:own"}
    others = {"kind": "lead", "pearl": OTHER_PEARL, "url": "inbox:others"}
    life.seed("merge", webhooks=[own, others])
    life.simulate(lead, "success")
    assert [(each.kind, each.url) for each in workspace.deliveries] == [
        ("lead", "inbox:crm"),
        ("call", "inbox:own"),
        ("lead", "inbox:crm"),
        ("call", "inbox:own"),
        ("lead", "inbox:crm"),
    ]


def test_a_fixture_may_give_the_addresses_with_the_pearl(life: Life, workspace: Workspace) -> None:
    settings = {"ringDuration": 20, "callWebhookUrl": "inbox:crm", "leadWebhookUrl": ""}
    life.seed("replace", pearls=[{"id": PEARL, "outboundSettings": settings}])
    row = {"id": 1, "kind": "call", "pearl": PEARL, "url": "inbox:crm"}
    assert rows(workspace) == [row | {"options": {}}]
    exported = life.ask("GET", "/export")["nlpearl"]
    assert exported["webhooks"] == [row]
    assert exported["pearls"][0]["outboundSettings"] == {"ringDuration": 20}
    life.seed("replace", **exported)
    assert life.ask("GET", "/export")["nlpearl"] == exported


@pytest.mark.parametrize(
    ("section", "path"),
    [
        pytest.param({"webhooks": [*ALL, ALL[1]]}, "webhooks[2]", id="two of all pearls"),
        pytest.param(
            {
                "pearls": [{"id": PEARL, "outboundSettings": {"callWebhookUrl": "inbox:a"}}],
                "webhooks": [{"kind": "call", "pearl": PEARL, "url": "inbox:b"}],
            },
            "outboundSettings.callWebhookUrl",
            id="two addresses",
        ),
        pytest.param(
            {"webhooks": [{"kind": "lead", "pearl": "none", "url": "inbox:b"}]},
            "webhooks[0].pearl",
            id="no such pearl",
        ),
        pytest.param(
            {"webhooks": [{"kind": "lead", "url": "inbox:b", "options": {"copies": 11}}]},
            "webhooks[0].options.copies",
            id="a wrong option",
        ),
    ],
)
def test_what_is_wrong_in_a_fixture_is_named(
    life: Life, section: dict[str, Any], path: str
) -> None:
    body = {"fixture": {"nlpearl": section}, "mode": "merge"}
    status, detail = life.refused("POST", "/seed", body)
    assert status == 400
    assert path in detail


def test_a_merged_webhook_takes_the_place_of_the_one_there_was(
    life: Life, lead: str, workspace: Workspace
) -> None:
    life.seed("merge", webhooks=[{"id": 9, "kind": "call", "url": "inbox:new"}])
    assert [(row["id"], row["kind"], row["url"]) for row in rows(workspace)] == [
        (2, "lead", "inbox:crm"),
        (9, "call", "inbox:new"),
    ]


# Which hosts

PRIVATE = [
    "http://localhost:3000/hook",
    "http://LOCALHOST./hook",
    "https://shop.localhost/",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://10.1.2.3/",
    "http://192.168.0.7:8080/",
    "http://169.254.169.254/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://app:9000/",
    "http://crm.internal/",
    "ftp://crm.example.com/",
    "crm.example.com/hook",
    "no url",
    "http://[/",
]


@pytest.mark.parametrize("url", PRIVATE)
@pytest.mark.parametrize("name", ["callWebhookUrl", "leadWebhookUrl"])
def test_a_private_host_is_refused_by_a_setting(
    life: Life, nlpearl: httpx.Client, workspace: Workspace, url: str, name: str
) -> None:
    life.set(webhook_hosts="public")
    answer = set_urls(nlpearl, **{name: url})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"validation": ["Invalid Webhook URL"]}
    assert rows(workspace) == []


@pytest.mark.parametrize(
    "url", ["https://crm.example.com/hook?token=1", "http://203.0.114.7/", "http://[2606:4700::1]/"]
)
def test_a_public_host_is_taken(
    life: Life, nlpearl: httpx.Client, workspace: Workspace, url: str
) -> None:
    life.set(webhook_hosts="public")
    assert set_urls(nlpearl, callWebhookUrl=url).status_code == 200
    assert [row["url"] for row in rows(workspace)] == [url]


def test_every_host_is_taken_unless_the_setting_says_otherwise(
    life: Life, nlpearl: httpx.Client, workspace: Workspace
) -> None:
    for url in PRIVATE:
        assert set_urls(nlpearl, callWebhookUrl=url).status_code == 200
    assert [row["url"] for row in rows(workspace)] == PRIVATE[-1:]


# By the control API


@pytest.mark.parametrize(
    ("kind", "scope", "text"),
    [
        ("call", "none", "scope there is no pearl 'none'"),
        ("lead", OTHER_PEARL, "scope is an inbound pearl, which has no lead webhook"),
    ],
)
def test_the_control_api_says_what_the_platform_has_no_webhook_for(
    life: Life, kind: str, scope: str, text: str
) -> None:
    body = {"vendor": "nlpearl", "kind": kind, "scope": scope, "to": "inbox:crm"}
    status, detail = life.refused("POST", "/webhooks", body)
    assert (status, text in detail) == (400, True), detail


def test_a_webhook_of_all_pearls_replaces_those_of_single_ones(
    life: Life, lead: str, nlpearl: httpx.Client, workspace: Workspace
) -> None:
    set_urls(nlpearl, callWebhookUrl="https://a.test/", leadWebhookUrl="https://b.test/")
    life.ask("POST", "/webhooks", {"vendor": "nlpearl", "kind": "call", "to": "inbox:all"})
    assert [(row["kind"], row["pearl"], row["url"]) for row in rows(workspace)] == [
        ("lead", None, "inbox:crm"),
        ("lead", PEARL, "https://b.test/"),
        ("call", None, "inbox:all"),
    ]

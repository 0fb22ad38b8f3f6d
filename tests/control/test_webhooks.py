"""Webhooks, deliveries and inboxes by the control API: what it answers and what it refuses."""

import socket
from collections.abc import Iterator
from threading import Event, Timer
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.webhooks.base import options_with
from tests.answers import problems, refused
from tests.lives import NOW, remove_webhooks, standing_workspace
from tests.pearl import ADA, GRACE, PEARL, simulate


@pytest.fixture
def control(server: MockServer, account: str) -> Iterator[httpx.Client]:
    """The control API of a workspace whose clock stands at NOW, without webhooks."""
    with standing_workspace(server.url, account) as client:
        remove_webhooks(client)
        yield client


def add(control: httpx.Client, to: str = "inbox:crm", kind: str = "call", **more: Any) -> Any:
    body = {"vendor": "nlpearl", "kind": kind, "to": to} | more
    answer = control.post("/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def deliveries(control: httpx.Client, **query: Any) -> list[Any]:
    found: list[Any] = control.get("/deliveries", params=query).json()["deliveries"]
    return found


def inbox(control: httpx.Client, name: str = "crm") -> Any:
    return control.get(f"/inbox/{name}").json()


# Webhooks


def test_a_webhook_says_where_it_is_and_what_came_of_it(control: httpx.Client) -> None:
    made = add(control)
    assert made == {
        "key": "nlpearl/1",
        "vendor": "nlpearl",
        "id": 1,
        "kind": "call",
        "scope": None,
        "url": "inbox:crm",
        "options": {},
        "state": "active",
        "refused": None,
        "last": None,
        "failing_since": None,
    }
    simulate(control)
    last = {"delivery": 2, "state": "delivered", "at": "2026-03-02T14:00:00.000Z"}
    last |= {"status": 204, "error": None}
    assert control.get("/webhooks").json() == {"webhooks": [made | {"last": last}]}


def test_a_webhook_that_fails_says_since_when(control: httpx.Client) -> None:
    add(control)
    control.put("/inbox/crm", json={"then": {"status": 500}})
    simulate(control, outcome="no_answer")
    control.post("/clock/advance", json={"seconds": 60})
    simulate(control, outcome="no_answer")
    (shown,) = control.get("/webhooks").json()["webhooks"]
    assert (shown["last"]["status"], shown["last"]["state"]) == (500, "failed")
    assert shown["failing_since"] == "2026-03-02T14:00:00.000Z"
    control.put("/inbox/crm", json={})
    simulate(control, outcome="no_answer")
    (shown,) = control.get("/webhooks").json()["webhooks"]
    assert shown["failing_since"] is None


def test_one_webhook_of_a_kind_takes_the_place_of_the_other(control: httpx.Client) -> None:
    add(control)
    second = add(control, "inbox:other")
    assert [each["key"] for each in control.get("/webhooks").json()["webhooks"]] == [second["key"]]


def test_a_webhook_for_one_object_hears_of_nothing_else(control: httpx.Client) -> None:
    made = add(control, scope=PEARL)
    assert made["scope"] == PEARL
    simulate(control)
    assert len(deliveries(control, webhook=made["key"])) == 2


def test_every_problem_of_a_webhook_is_named(control: httpx.Client) -> None:
    body = {"vendor": "nlperl", "kind": 5, "to": "ftp://127.0.0.1/", "options": {"copies": 0}}
    assert problems(control.post("/webhooks", json=body)) == {
        "/vendor": "is 'nlperl', which is not known; did you mean nlpearl?",
        "/kind": "must be a string",
        "/to": "only http:// and https:// URLs are called",
        "/options/copies": "must be at least 1",
    }


def test_an_unknown_kind_is_named_with_those_that_are_like_it(control: httpx.Client) -> None:
    body = {"vendor": "sela", "kind": "LEAD_CLOSE", "to": "inbox:crm"}
    found = problems(control.post("/webhooks", json=body))
    assert found["/kind"].startswith(
        "is 'LEAD_CLOSE', which is not known; did you mean LEAD_CLOSED"
    )


def test_a_vendor_that_documents_no_webhooks_has_none(control: httpx.Client) -> None:
    body = {"vendor": "octanist", "kind": "lead", "to": "inbox:crm"}
    assert problems(control.post("/webhooks", json=body)) == {
        "/vendor": "Octanist documents no webhooks; none are sent"
    }
    answer = control.delete("/webhooks/octanist/1")
    assert refused(answer) == (
        404,
        "'octanist' is no vendor with webhooks; there is nlpearl, sela.",
    )


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("http://10.0.0.5/", "10.0.0.5 is not loopback, and --webhook-targets does not name it"),
        ("http://user:pw@127.0.0.1/", "the URL holds credentials: give them as a header"),
        ("nowhere", "only http:// and https:// URLs are called"),
        ("inbox:", "must name an inbox with a letter or digit"),
        ("inbox:a/b", "must name an inbox with a letter or digit"),
    ],
)
def test_an_address_to_which_nothing_may_go_is_refused_at_once(
    to: str, reason: str, control: httpx.Client
) -> None:
    body = {"vendor": "nlpearl", "kind": "call", "to": to}
    found = problems(control.post("/webhooks", json=body))
    assert found["/to"].startswith(reason)
    made = add(control)
    assert problems(control.patch(f"/webhooks/{made['key']}", json={"to": to})) == found
    assert control.get("/webhooks").json()["webhooks"] == [made]


@pytest.mark.parametrize(
    ("retries", "place", "reason"),
    [
        ("always", "", "must be one of none, standard"),
        ([5, -1], "/1", "must be at least 0"),
        (["5"], "/0", "must be a number"),
        ([1] * 51, "", "must have at most 50 items"),
        (5, "", "must be a string, an array, or null"),
    ],
)
def test_retries_that_cannot_be_are_told_exactly(
    retries: Any, place: str, reason: str, control: httpx.Client
) -> None:
    body = {"vendor": "nlpearl", "kind": "call", "to": "inbox:crm", "options": {"retries": retries}}
    found = problems(control.post("/webhooks", json=body))
    assert found == {f"/options/retries{place}": reason}


@pytest.mark.parametrize(
    "header", ["Host", "content-length", "Transfer-Encoding", "Content-Type", "Mockserver-Delivery"]
)
def test_a_credential_is_no_header_of_the_server_itself(header: str, control: httpx.Client) -> None:
    options = {"credential": {"header": header, "value": "s3cret"}}
    body = {"vendor": "nlpearl", "kind": "call", "to": "inbox:crm", "options": options}
    found = {"/options/credential/header": "is set by the server itself"}
    assert problems(control.post("/webhooks", json=body)) == found
    made = add(control)
    change = control.patch(f"/webhooks/{made['key']}", json={"options": options})
    assert problems(change) == found


def test_an_inbox_may_be_named_by_its_url_with_a_query(
    server: MockServer, account: str, control: httpx.Client
) -> None:
    add(control, f"{server.url}/__admin/workspaces/{account}/inbox/crm?from=calls")
    simulate(control, outcome="no_answer")
    assert {each["query"] for each in inbox(control)["received"]} == {"from=calls"}


def test_an_inbox_of_a_fixture_has_the_name_of_one(control: httpx.Client) -> None:
    row = {"webhook": 1, "kind": "call", "time": NOW, "url": "inbox:../crm", "body": "{}"}
    webhook = {"id": 1, "kind": "call", "url": "inbox:../crm"}
    fixture = {"nlpearl": {"webhooks": [webhook], "outbox": [row]}}
    assert control.post("/seed", json={"fixture": fixture}).status_code == 200
    (shown,) = control.get("/webhooks").json()["webhooks"]
    assert shown["refused"].startswith("must name an inbox with a letter or digit")
    control.post("/clock/advance", json={"seconds": 0})
    (sent,) = deliveries(control)
    assert sent["state"] == "refused"
    assert sent["attempts"][0]["error"] == "'../crm' is no name of an inbox"
    assert control.get("/inboxes").json()["inboxes"] == []


def test_a_fixture_says_exactly_what_is_wrong_with_retries(control: httpx.Client) -> None:
    rows = [{"kind": "call", "url": "inbox:crm", "options": {"retries": [5, -1]}}]
    found = problems(control.post("/seed", json={"fixture": {"nlpearl": {"webhooks": rows}}}))
    place = "/fixture/nlpearl/webhooks/0/options/retries/1"
    assert found == {place: "-1 is less than the minimum of 0"}


def test_deliveries_that_a_seed_brings_are_no_gap_in_the_journal(control: httpx.Client) -> None:
    add(control, "hold")
    simulate(control, wait=False)
    control.post("/deliveries/1/settle", json={"status": 204})
    exported = control.get("/export").json()
    control.post("/reset")
    control.post("/seed", json={"fixture": exported})
    shown = control.get("/deliveries").json()
    assert [each["number"] for each in shown["deliveries"]] == [2]
    assert (shown["dropped"], shown["last"]) == (0, 2)
    verdict = control.post(
        "/deliveries/verify", json={"deliveries": [{"kind": "lead"}], "times": 0}
    )
    assert verdict.json()["passed"]


def test_this_server_is_no_target_but_for_its_inboxes(
    server: MockServer, account: str, control: httpx.Client
) -> None:
    inboxes = f"/__admin/workspaces/{account}/inbox"
    for path in ("/__admin/reset", "/sela/api/leads/", f"{inboxes}/a%2Fb", f"{inboxes}/-a"):
        body = {"vendor": "nlpearl", "kind": "call", "to": server.url + path}
        assert "this server itself" in problems(control.post("/webhooks", json=body))["/to"]


def test_there_may_be_only_so_many_webhooks(control: httpx.Client) -> None:
    for number in range(100):
        add(control, f"inbox:{number}", "CALL_ENDED", vendor="sela")
    body = {"vendor": "sela", "kind": "CALL_ENDED", "to": "inbox:one-more"}
    status, sentence = refused(control.post("/webhooks", json=body))
    assert status == 403
    assert "at most 100 webhooks of a vendor (--max-webhooks)" in sentence


def test_what_is_changed_of_a_webhook_is_what_is_named(control: httpx.Client) -> None:
    made = add(control, options={"copies": 2, "retries": [5], "plain": True})
    change = {"to": "inbox:other", "options": {"copies": None, "late": 30}}
    changed = control.patch(f"/webhooks/{made['key']}", json=change).json()
    assert (changed["url"], changed["options"]) == (
        "inbox:other",
        {"retries": [5], "plain": True, "late": 30},
    )


def test_the_value_of_a_credential_is_shown_to_nobody(control: httpx.Client) -> None:
    credential = {"header": "X-Hook-Secret", "value": "s3cret"}
    made = add(control, options={"credential": credential})
    assert made["options"]["credential"] == {"header": "X-Hook-Secret", "value": "***"}
    simulate(control)
    assert inbox(control)["received"][0]["headers"]["x-hook-secret"] == "s3cret", "it came so"


def test_every_option_of_a_webhook_is_one_of_the_document(server: MockServer) -> None:
    document = server.client.document("control")
    described = document["components"]["schemas"]["WebhookOptions"]["properties"]
    assert described.keys() == options_with("V1", "V2")["properties"].keys()


def test_a_webhook_that_is_removed_hears_of_nothing(control: httpx.Client) -> None:
    made = add(control, options={"late": 3600})
    simulate(control, outcome="no_answer")
    assert control.delete(f"/webhooks/{made['key']}").status_code == 204
    assert {each["state"] for each in deliveries(control)} == {"dropped"}
    simulate(control, GRACE, "no_answer")
    control.post("/clock/advance", json={"seconds": 7200})
    assert (len(deliveries(control)), inbox(control)["received"]) == (2, [])
    again = control.delete(f"/webhooks/{made['key']}")
    assert again.status_code == 404


# Tests of a webhook


def test_a_webhook_is_tested_with_what_an_outcome_would_tell(control: httpx.Client) -> None:
    made = add(control)
    sent = control.post(f"/webhooks/{made['key']}/test", json={}).json()
    assert (sent["state"], sent["event"], sent["body"]["status"]) == ("delivered", 0, 3)
    assert sent["remarks"][0].startswith("a test, with what the outcome ")
    assert control.get("/events").json()["events"] == [], "nothing has happened"


def test_a_webhook_is_tested_with_the_last_payload_of_its_kind(control: httpx.Client) -> None:
    made = add(control)
    simulate(control)
    last = deliveries(control)[-1]
    sent = control.post(f"/webhooks/{made['key']}/test", json={}).json()
    assert sent["body"] == last["body"]
    assert sent["remarks"] == [f"a test, with the payload of delivery {last['number']}"]


def test_a_webhook_is_tested_with_the_last_event_of_its_kind(control: httpx.Client) -> None:
    simulate(control, outcome="busy")
    made = add(control)
    sent = control.post(f"/webhooks/{made['key']}/test", json={}).json()
    assert sent["body"]["status"] == 5
    assert "the payload of event" in sent["remarks"][0]


def test_a_wrong_credential_is_sent_where_there_is_a_right_one(control: httpx.Client) -> None:
    made = add(control)
    wrong = {"credential": "wrong"}
    answer = control.post(f"/webhooks/{made['key']}/test", json=wrong)
    assert problems(answer) == {
        "/credential": "can be wrong only where the webhook has a credential"
    }
    credential = {"header": "X-Hook-Secret", "value": "s3cret"}
    control.patch(f"/webhooks/{made['key']}", json={"options": {"credential": credential}})
    control.post(f"/webhooks/{made['key']}/test", json=wrong)
    assert inbox(control)["received"][0]["headers"]["x-hook-secret"] == "wrong"


# Deliveries


def test_deliveries_are_listed_by_what_they_are(control: httpx.Client) -> None:
    call, lead = add(control), add(control, kind="lead")
    simulate(control)
    simulate(control, GRACE, "busy")

    def numbers(**query: Any) -> list[int]:
        return [each["number"] for each in deliveries(control, **query)]

    assert numbers() == list(range(1, 11))
    assert numbers(kind="call") == numbers(webhook=call["key"]) == [2, 4, 7, 9]
    assert numbers(webhook=lead["key"], lead="crm-2") == [6, 8, 10]
    assert numbers(lead=ADA, after=3, limit=1) == [4]
    assert numbers(state="failed") == numbers(vendor="sela") == []
    assert set(problems(control.get("/deliveries?kind=cal&vendor=x"))) == {"kind", "vendor"}


def test_a_delivery_is_shown_with_its_attempts(control: httpx.Client) -> None:
    add(control, kind="lead")
    control.put("/inbox/crm", json={"answers": [{"status": 500, "body": {"no": 1}}]})
    simulate(control, outcome="wrong_country_code")
    shown = control.get("/deliveries/1").json()
    (attempt,) = shown.pop("attempts")
    assert attempt.pop("ms") >= 0
    assert attempt == {
        "number": 1,
        "at": "2026-03-02T14:00:00.000Z",
        "status": 500,
        "failure": None,
        "error": None,
        "headers": {"content-type": "application/json"},
        "answer": {"no": 1},
    }
    assert shown.pop("body")["status"] == 30
    assert shown == {
        "number": 1,
        "event": 1,
        "webhook": "nlpearl/1",
        "vendor": "nlpearl",
        "kind": "lead",
        "lead": ADA,
        "at": "2026-03-02T14:00:00.000Z",
        "cause": {"simulate": 1},
        "url": "inbox:crm",
        "state": "failed",
        "next_try": None,
        "remarks": [],
    }
    assert refused(control.get("/deliveries/2")) == (404, "There is no delivery 2.")


def test_deliveries_are_told_as_text(control: httpx.Client) -> None:
    add(control, kind="lead")
    assert control.get("/deliveries?format=text").text == "(no deliveries)\n"
    simulate(control, outcome="wrong_country_code")
    control.put("/inbox/crm", json={"then": {"status": 500}})
    simulate(control, GRACE, "wrong_country_code")
    lines = control.get("/deliveries?format=text").text.splitlines()
    assert lines[0].startswith(f"  1  lead of lead {ADA} to nlpearl/1 inbox:crm  delivered  204 (")
    assert lines[1].startswith(f"  2  lead of lead {GRACE} to nlpearl/1 inbox:crm  failed")
    assert lines[2].startswith("     attempt 1 at 2026-03-02T14:00:00.000Z: 500 (")
    assert lines[3].startswith('     body: {"id": ')
    one = control.get("/deliveries?format=text&lines=2").text.splitlines()
    assert one[0] == "(1 delivery before these)"


def test_a_delivery_is_tried_once_more_by_hand(control: httpx.Client) -> None:
    add(control, kind="lead")
    control.put("/inbox/crm", json={"answers": [{"status": 500}]})
    simulate(control, outcome="wrong_country_code")
    again = control.post("/deliveries/1/redeliver").json()
    assert (again["state"], [each["status"] for each in again["attempts"]]) == (
        "delivered",
        [500, 204],
    )
    bodies = [each["body"] for each in inbox(control)["received"]]
    assert bodies[0] == bodies[1]
    assert control.post("/deliveries/9/redeliver").status_code == 404


def test_a_held_delivery_is_settled_by_whoever_takes_it(control: httpx.Client) -> None:
    add(control, "hold", "lead")
    told = simulate(control, outcome="wrong_country_code")
    assert [each["state"] for each in told["deliveries"]] == ["held"]
    body = {"status": 200, "headers": {"X-Mine": "1"}, "body": {"ok": True}}
    settled = control.post("/deliveries/1/settle", json=body).json()
    (attempt,) = settled["attempts"]
    assert settled["state"] == "delivered"
    assert (attempt["status"], attempt["headers"], attempt["answer"]) == (
        200,
        {"x-mine": "1"},
        {"ok": True},
    )
    assert refused(control.post("/deliveries/1/settle", json={"status": 200})) == (
        409,
        "The delivery 1 is delivered, not held.",
    )


def test_a_held_delivery_may_have_no_answer(control: httpx.Client) -> None:
    add(control, "hold", "lead")
    simulate(control, outcome="wrong_country_code")
    settled = control.post("/deliveries/1/settle", json={"error": "it died"}).json()
    assert (settled["state"], settled["attempts"][0]["error"]) == ("failed", "it died")


def test_a_settlement_has_a_status_or_an_error(control: httpx.Client) -> None:
    both = control.post("/deliveries/1/settle", json={"status": 200, "error": "x"})
    assert problems(both) == {"/error": "goes not together with status"}
    neither = control.post("/deliveries/1/settle", json={})
    assert problems(neither) == {"/status": "is required, or error"}


def test_a_request_and_a_lead_know_what_webhooks_were_told(
    control: httpx.Client, nlpearl: httpx.Client
) -> None:
    add(control, kind="lead")
    simulate(control, outcome="wrong_country_code")
    path = f"/v2/Outbound/{PEARL}/Lead/{GRACE}"
    number = nlpearl.put(path, json={"status": 130}).headers["mockserver-request"]
    of_request = control.get(f"/requests/{number}").json()["deliveries"]
    assert [(each["lead"], each["body"]["status"]) for each in of_request] == [(GRACE, 130)]
    of_lead = control.get(f"/leads/nlpearl/{ADA}").json()["deliveries"]
    assert [each["number"] for each in of_lead] == [1]


def test_an_archive_has_an_entry_for_each_attempt(control: httpx.Client) -> None:
    control.put("/inbox/crm", json={"answers": [{"status": 500, "body": "no"}]})
    add(control, kind="lead", options={"copies": 2})
    simulate(control, outcome="wrong_country_code")
    first, second = control.get("/har").json()["log"]["entries"]
    assert (first["request"]["method"], first["request"]["url"]) == ("POST", "inbox:crm")
    assert '"status":30' in first["request"]["postData"]["text"].replace(" ", "")
    assert (first["response"]["status"], first["response"]["content"]["text"]) == (500, "no")
    assert [each["_mockserver"]["attempt"] for each in (first, second)] == [1, 2]


# Verification


def verify(control: httpx.Client, *filters: Any, **more: Any) -> Any:
    answer = control.post("/deliveries/verify", json={"deliveries": filters} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_deliveries_are_held_to_what_was_expected(control: httpx.Client) -> None:
    key = add(control)["key"]
    simulate(control)
    start, end = {"body": {"status": 3}}, {"body": {"status": 4, "duration": {"$any": True}}}
    assert verify(control, start, end, in_order=True)["found"] == [1, 2]
    assert not verify(control, end, start, in_order=True)["passed"]
    assert verify(control, end, start)["passed"]
    assert verify(control, {"webhook": key, "lead": "crm-1", "state": "delivered"}, times=2)[
        "passed"
    ]
    assert not verify(control, {"lead": GRACE})["passed"]
    assert verify(control, {"kind": "call"}, times=0, after=2)["passed"]


def test_a_verdict_says_what_came_instead(control: httpx.Client) -> None:
    add(control)
    simulate(control, outcome="busy")
    verdict = verify(control, {"webhook": "nlpearl/1", "body": {"status": 4}})
    assert verdict["message"].splitlines() == [
        'expected at least 1 delivery: {"webhook": "nlpearl/1", "body": {"status": 4}}',
        "found 0 among 2 deliveries",
        "nearest:",
        f"  delivery 2: call of lead {ADA} to inbox:crm, answered 204",
        "    body.status: expected 4, was 5",
        f"  delivery 1: call of lead {ADA} to inbox:crm, answered 204",
        "    body.status: expected 4, was 3",
    ]
    assert [each["number"] for each in verdict["nearest"]] == [2, 1]


def test_a_verdict_says_what_came_of_the_attempt(control: httpx.Client) -> None:
    add(control, kind="lead")
    control.put("/inbox/crm", json={"then": {"status": 500}})
    simulate(control, outcome="wrong_country_code")
    message = verify(control, {"state": "delivered"})["message"]
    assert 'state: expected "delivered", was "failed" (answered 500)' in message


def test_deliveries_that_arrived_the_other_way_round_are_in_that_order(
    control: httpx.Client,
) -> None:
    add(control, options={"order": "swapped"})
    simulate(control)
    start, end = {"body": {"status": 3}}, {"body": {"status": 4}}
    assert verify(control, end, start, in_order=True)["passed"]
    assert not verify(control, start, end, in_order=True)["passed"]


def test_a_filter_that_no_delivery_can_fit_is_refused(control: httpx.Client) -> None:
    filters: list[Any] = [{"vendor": "x"}, {"kind": "cal"}, {"webhook": "nlpearl/9"}]
    filters.append({"body": {"id": {"$patern": "x"}}})
    answer = control.post("/deliveries/verify", json={"deliveries": filters, "times": 1})
    assert set(problems(answer)) == {
        "/times",
        "/deliveries/0/vendor",
        "/deliveries/1/kind",
        "/deliveries/2/webhook",
    }
    wrong = control.post("/deliveries/verify", json={"deliveries": filters[3:]})
    assert set(problems(wrong)) == {"/deliveries/0/body/id/$patern"}


def test_parts_of_a_filter_that_do_not_go_together_are_refused(control: httpx.Client) -> None:
    key = add(control)["key"]
    simulate(control)
    filters = [
        {"vendor": "octanist"},
        {"vendor": "sela", "kind": "call"},
        {"vendor": "sela", "webhook": key},
        {"webhook": key, "kind": "lead"},
        {"webhook": key, "kind": "call", "vendor": "nlpearl"},
    ]
    found = problems(control.post("/deliveries/verify", json={"deliveries": filters}))
    assert found.pop("/deliveries/0/vendor") == "Octanist documents no webhooks; none are sent"
    assert found.pop("/deliveries/1/kind").startswith("is 'call', which is not known; ")
    assert found.pop("/deliveries/2/webhook").startswith(f"is '{key}', which is not known; ")
    assert found == {"/deliveries/3/kind": "is 'lead', which is not known; known are call"}


def test_a_version_is_refused_where_payloads_have_none(control: httpx.Client) -> None:
    said = {"/options/version": "is for payloads with versions, and sela has one for each kind"}
    body = {"vendor": "sela", "kind": "LEAD_LOST", "to": "inbox:crm", "options": {"version": "V1"}}
    assert problems(control.post("/webhooks", json=body)) == said
    key = control.post("/webhooks", json=body | {"options": {"version": None}}).json()["key"]
    changed = control.patch(f"/webhooks/{key}", json={"options": {"version": "V2"}})
    assert problems(changed) == said
    fixture = {
        "sela": {
            "webhooks": [{"trigger": "LEAD_LOST", "url": "inbox:crm", "options": {"version": "V1"}}]
        }
    }
    place = "/fixture/sela/webhooks/0/options/version"
    assert place in problems(control.post("/seed", json={"fixture": fixture}))


def test_deliveries_of_a_webhook_without_its_vendor_are_not_listed(control: httpx.Client) -> None:
    [error] = control.get("/deliveries?webhook=sella/1").json()["errors"]
    said = "is 'sella/1', and must be a vendor and the webhook's id, like nlpearl/1 or sela/1"
    assert error == {"parameter": "webhook", "detail": said}
    assert deliveries(control, webhook="sela/99") == []


def test_a_verdict_waits_for_what_has_not_come_yet(control: httpx.Client) -> None:
    import threading

    add(control, "hold", "lead")
    simulate(control, outcome="wrong_country_code")
    later = threading.Timer(0.2, lambda: control.post("/deliveries/1/settle", json={"status": 204}))
    later.start()
    assert verify(control, {"state": "delivered"}, within=5)["passed"]
    later.join()
    assert not verify(control, {"state": "failed"}, within=0.05)["passed"]


# Inboxes


def test_an_inbox_shows_what_came_and_what_it_answered(control: httpx.Client) -> None:
    assert inbox(control) == {
        "name": "crm",
        "entries": 0,
        "last": 0,
        "dropped": 0,
        "answers": [],
        "then": {"status": 204, "seconds": 0.0, "headers": {}, "body": None},
        "received": [],
        "next": None,
    }
    assert control.get("/inboxes").json() == {"inboxes": []}, "to look makes none"
    add(control, kind="lead")
    simulate(control, outcome="wrong_country_code")
    (entry,) = inbox(control)["received"]
    assert (entry["number"], entry["delivery"], entry["attempt"]) == (1, 1, 1)
    assert entry["headers"]["mockserver-delivery"] == "1.1"
    assert entry["body"]["status"] == 30
    assert entry["answer"]["status"] == 204
    assert [each["name"] for each in control.get("/inboxes").json()["inboxes"]] == ["crm"]


def test_anybody_may_put_something_into_an_inbox(
    server: MockServer, account: str, control: httpx.Client
) -> None:
    answers = [{"status": 418, "body": "no", "headers": {"X-Mine": "1"}}, {"body": {"ok": True}}]
    control.put("/inbox/mine", json={"answers": answers, "then": {"status": 500}})
    url = f"{server.url}/__admin/workspaces/{account}/inbox/mine?token=abc&x=1"
    first = httpx.post(url, content=b"\xff", headers={"Authorization": "Bearer s3cret"})
    assert (first.status_code, first.text, first.headers["x-mine"]) == (418, "no", "1")
    second = httpx.post(url, json={"a": 1})
    assert (second.status_code, second.json()) == (200, {"ok": True})
    assert second.headers["content-type"] == "application/json"
    assert [httpx.post(url).status_code for _ in range(2)] == [500, 500]
    entries = inbox(control, "mine")["received"]
    assert [each["body"] for each in entries] == [{"base64": "/w=="}, {"a": 1}, None, None]
    assert (entries[0]["delivery"], entries[0]["query"]) == (None, "token=***&x=1")
    assert entries[0]["headers"]["authorization"] == "Bearer ***"


def test_an_inbox_needs_no_token() -> None:
    with MockServer(admin_token="a-token-of-ours", fixtures="empty") as server:
        url = f"{server.url}/__admin/workspaces/demo/inbox/crm"
        assert httpx.post(url).status_code == 204
        assert httpx.get(url).status_code == 401


def test_an_inbox_may_be_slow(control: httpx.Client) -> None:
    control.put("/inbox/crm", json={"then": {"seconds": 0.2}})
    answer = control.post("/inbox/crm")
    assert (answer.status_code, answer.elapsed.total_seconds() >= 0.2) == (204, True)


def test_an_inbox_that_is_cleared_begins_anew(control: httpx.Client) -> None:
    control.put("/inbox/crm", json={"then": {"status": 500}})
    control.post("/inbox/crm")
    assert control.delete("/inbox/crm").status_code == 204
    assert control.post("/inbox/crm").status_code == 204
    assert [each["number"] for each in inbox(control)["received"]] == [1]
    control.post("/reset")
    assert inbox(control)["received"] == []


def test_a_page_of_an_inbox_says_what_comes_next(control: httpx.Client) -> None:
    for _ in range(3):
        control.post("/inbox/crm")
    page = control.get("/inbox/crm?limit=2").json()
    assert ([each["number"] for each in page["received"]], page["next"]) == ([1, 2], 2)
    page = control.get("/inbox/crm?limit=2&after=2").json()
    assert ([each["number"] for each in page["received"]], page["next"]) == ([3], None)


def test_answers_of_an_inbox_that_cannot_be_are_refused(control: httpx.Client) -> None:
    answers = [{"status": 99}, {"headers": {"Content-Length": "1"}}, {"headers": {"a b": "1"}}]
    body = {"answers": answers, "then": {"seconds": 61}}
    assert set(problems(control.put("/inbox/crm", json=body))) == {
        "/answers/0/status",
        "/answers/1/headers/Content-Length",
        "/answers/2/headers/a b",
        "/then/seconds",
    }
    assert set(problems(control.post("/inbox/-x"))) == {"name"}
    shapeless = {"answers": [[None]], "then": {"headers": 5}}
    assert set(problems(control.put("/inbox/crm", json=shapeless))) == {
        "/answers/0",
        "/then/headers",
    }


@pytest.mark.parametrize("credential", [{}, {"header": 5, "value": "x"}, "Host", [], 5])
def test_a_credential_of_another_shape_is_told_by_the_document(
    credential: Any, control: httpx.Client
) -> None:
    options = {"credential": credential}
    body = {"vendor": "sela", "kind": "LEAD_LOST", "to": "inbox:crm", "options": options}
    for answer in (
        control.post("/webhooks", json=body),
        control.patch("/webhooks/sela/1", json={"options": options}),
    ):
        assert answer.status_code == 400, answer.text
        places = {each["pointer"][:19] for each in answer.json()["errors"]}
        assert places == {"/options/credential"}


def test_a_workspace_that_is_deleted_while_a_name_is_looked_up_gets_no_webhook(
    control: httpx.Client, server: MockServer, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted = Event()
    look_up = socket.getaddrinfo

    def late(host: str, *args: Any, **options: Any) -> Any:
        if host != "hooks.example":
            return look_up(host, *args, **options)
        deleted.wait(1)
        return look_up("127.0.0.1", *args, **options)

    def delete() -> None:
        server.client.workspace(account).delete()
        deleted.set()

    monkeypatch.setattr(socket, "getaddrinfo", late)
    later = Timer(0.1, delete)
    later.start()
    body = {"vendor": "nlpearl", "kind": "call", "to": "http://hooks.example/"}
    answer = control.post("/webhooks", json=body)
    later.join()
    assert answer.status_code == 404

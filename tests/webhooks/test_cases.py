"""One life of a lead each, with all that is told of it: the demo, a clock that stands, a receiver.

The values are exact: what a tester sees at each step, in the answers, at the receiver, in the report.
"""

from collections.abc import Callable, Iterator
from time import sleep
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.lives import DAY, NOW, remove_webhooks, standing_workspace
from tests.pearl import PEARL
from tests.webhooks.listener import Got, Listener

MIRA = {
    "phoneNumber": "+12025550171",
    "externalId": "crm-41",
    "callData": {"firstName": "Mira", "lastName": "Tolland"},
}

CALL_KEYS = [
    *("id", "pearlId", "startTime", "conversationStatus", "status", "from", "to", "name"),
    *("duration", "recording", "transcript", "summary", "collectedInfo", "tags"),
    *("isCallTransferred", "overallSentiment", "leadId"),
]
LEAD_KEYS = [
    *("id", "pearlId", "externalId", "phoneNumber", "timeZone", "status", "created"),
    *("callsId", "callData", "collectedData"),
]


class World:
    """A new workspace of the demo, without webhooks, whose clock stands at NOW."""

    def __init__(self, url: str, name: str, **more: str) -> None:
        self.control = standing_workspace(url, name, **more)
        pearl = {"Authorization": f"Bearer {name}:secret"}
        self.nlpearl = httpx.Client(base_url=f"{url}/nlpearl/v2", headers=pearl)
        self.sela = httpx.Client(
            base_url=f"{url}/sela/api", headers={"Authorization": f"Token {name}"}
        )
        remove_webhooks(self.control)

    def close(self) -> None:
        for each in (self.control, self.nlpearl, self.sela):
            each.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the control API answers, which is not a refusal."""
        answer = self.control.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def add(self) -> str:
        """A lead of the pearl; its id."""
        answer = self.nlpearl.post(f"/Outbound/{PEARL}/Lead", json=MIRA)
        id: str = answer.json()["leadId"]
        return id

    def hear(self, to: str, kind: str = "call", **options: Any) -> Any:
        """Set a webhook of the pearl, or of Sela."""
        vendor, scope = ("nlpearl", PEARL) if kind in ("call", "lead") else ("sela", None)
        body = {"vendor": vendor, "kind": kind, "to": to, "scope": scope, "options": options}
        return self.ask("POST", "/webhooks", body)

    def simulate(self, lead: str, outcome: str | None, **more: Any) -> Any:
        body = {"vendor": "nlpearl", "lead": lead} | more
        if outcome is not None:
            body["outcome"] = outcome
        return self.ask("POST", "/simulate", body)

    def advance(self, seconds: float) -> Any:
        return self.ask("POST", "/clock/advance", {"seconds": seconds})

    def delivery(self, number: int) -> Any:
        return self.ask("GET", f"/deliveries/{number}")

    def findings(self) -> list[str]:
        """The checks of the report that have found something."""
        findings = self.ask("GET", "/report?format=json")["findings"]
        return [each["check"] for each in findings]

    def lead(self, id: str) -> Any:
        return self.nlpearl.get(f"/Outbound/{PEARL}/Lead/{id}").json()


@pytest.fixture(scope="module")
def demo() -> Iterator[MockServer]:
    """A server of the demo."""
    with MockServer() as running:
        yield running


@pytest.fixture
def world(demo: MockServer, account: str) -> Iterator[World]:
    made = World(demo.url, account)
    yield made
    made.close()


def hear_both(world: World, receiver: Listener) -> None:
    world.hear(receiver.url + "/call")
    world.hear(receiver.url + "/lead", "lead")


def of_kind(receiver: Listener, kind: str) -> list[Any]:
    return [each.json for each in receiver.got if each.path == f"/{kind}"]


# What is told.


def test_one_answered_call_is_everywhere_the_same(world: World, receiver: Listener) -> None:
    hear_both(world, receiver)
    lead = world.add()
    world.simulate(lead, "success")
    told = [(each.path, each.json["status"]) for each in receiver.got]
    assert told == [("/lead", 20), ("/call", 3), ("/lead", 40), ("/call", 4), ("/lead", 100)]
    start, end = of_kind(receiver, "call")
    assert (start["conversationStatus"], start["duration"]) == (40, 0)
    assert end["conversationStatus"] == 100
    assert end["duration"] > 0
    for each in (start, end):
        facts = tuple(each[name] for name in ("id", "leadId", "to", "from", "name"))
        assert facts == (end["id"], lead, "+12025550171", "+12025550190", "Mira Tolland")
    shown, call = world.lead(lead), world.nlpearl.get(f"/Call/{end['id']}").json()
    last = shown["lastCall"]
    assert (shown["callsId"], last["id"]) == ([end["id"]], end["id"])
    for name in ("status", "startTime", "duration"):
        assert end[name] == call[name] == last[name], name
    collected = {"transcript": end["transcript"], "collectedInfos": end["collectedInfo"]}
    assert last["collectedData"] == collected
    assert call["transcript"] == end["transcript"]
    assert world.ask("GET", "/clock")["now"] == "2026-03-02T14:00:00.000Z"


def test_nobody_answers_and_there_is_one_step_to_come(world: World, receiver: Listener) -> None:
    hear_both(world, receiver)
    lead = world.add()
    world.advance(60)
    assert receiver.got == [], "a lead without a story is left alone"
    world.ask("PUT", f"/leads/nlpearl/{lead}/story", ["no_answer"])
    world.advance(60)
    start, end = of_kind(receiver, "call")
    assert (start["status"], end["status"]) == (3, 7)
    for each in (start, end):
        names = ("duration", "transcript", "summary", "recording", "collectedInfo")
        assert [each[name] for name in names] == [0, None, None, None, None]
    assert of_kind(receiver, "lead")[-1]["status"] == 10
    (step,) = world.ask("GET", f"/due?vendor=nlpearl&lead={lead}")["due"]
    assert step["at"] == "2026-03-03T14:01:00.000Z", "a day after the call, which was at 14:01"
    assert "a day after" in step["why"]
    world.ask("DELETE", f"/due/{step['number']}")
    count = len(receiver.got)
    world.advance(7 * DAY)
    assert len([each for each in receiver.got[count:] if each.json.get("leadId") == lead]) == 0


@pytest.mark.parametrize(
    ("at", "start"),
    [
        (NOW, "2026-03-02T14:00:00Z"),
        ("2026-03-02T14:00:05.502Z", "2026-03-02T14:00:05.502Z"),
    ],
)
def test_the_wire_is_the_vendors(at: str, start: str, world: World, receiver: Listener) -> None:
    world.ask("PUT", "/clock", {"mode": "frozen", "at": at})
    hear_both(world, receiver)
    world.simulate(world.add(), "success")
    calls, leads = of_kind(receiver, "call"), of_kind(receiver, "lead")
    assert [list(each) for each in calls] == [CALL_KEYS] * 2
    assert [list(each) for each in leads] == [LEAD_KEYS] * 3
    assert {each["startTime"] for each in calls} == {start}
    assert {part["role"] for part in calls[1]["transcript"]} == {2, 3}
    for each in receiver.got:
        names = ("host", "content-type", "user-agent", "mockserver-delivery")
        assert sorted(each.headers) == sorted((*names, "content-length", "connection"))


def test_the_wire_has_names_or_capitals_where_that_is_wanted(
    world: World, receiver: Listener
) -> None:
    world.ask("PATCH", "/settings", {"nlpearl": {"webhook_enums": "name"}})
    world.hear(receiver.url + "/call", version="V2")
    lead = world.add()
    world.simulate(lead, "success")
    end = of_kind(receiver, "call")[1]
    assert (end["status"], end["conversationStatus"]) == ("Completed", "Success")
    world.hear(receiver.url + "/capital", version="V1")
    world.simulate(lead, "success", force=True)
    (_, capital) = of_kind(receiver, "capital")
    assert list(capital) == [name[0].upper() + name[1:] for name in (*CALL_KEYS, "relatedId")]


def test_a_call_in_two_halves_is_told_in_two_halves(world: World, receiver: Listener) -> None:
    world.hear(receiver.url + "/call")
    lead = world.add()
    id = world.simulate(lead, None, phase="start")["call"]["id"]
    assert [each["status"] for each in of_kind(receiver, "call")] == [3]
    world.simulate(lead, "not_successful", phase="end", call=id)
    told = [(each["id"], each["status"]) for each in of_kind(receiver, "call")]
    assert told == [(id, 3), (id, 4)]
    half = {"vendor": "nlpearl", "phase": "end", "call": id, "outcome": "not_successful"}
    assert world.control.post("/simulate", json=half).status_code == 409
    assert len(receiver.got) == 2, "nothing is sent"


def test_changes_by_the_api_are_told_once(world: World, receiver: Listener) -> None:
    for trigger in ("LEAD_LOST", "CALL_DNC", "SMS_DNC", "LEAD_UPDATED"):
        world.hear(f"{receiver.url}/{trigger}", trigger)
    lost = {"phone_number": "+12025550101", "status": "LOST", "call_dnc": True}
    for _ in range(2):
        assert world.sela.put("/leads/update/", json=lost).status_code == 200
    world.advance(0)
    assert [each.path for each in receiver.got] == ["/LEAD_LOST", "/CALL_DNC", "/LEAD_UPDATED"]
    listed = world.sela.get("/leads/").json()["results"]
    other = next(each["id"] for each in listed if each["status"] != "LOST")
    assert world.sela.patch(f"/leads/{other}/", json={"status": "LOST"}).status_code == 200
    world.advance(0)
    assert [each.path for each in receiver.got[3:]] == ["/LEAD_LOST", "/LEAD_UPDATED"]
    for each in receiver.bodies:
        assert {"call_count", "last_chat"} <= each.keys()
        assert not {"status_detail", "representative"} & each.keys()
        assert each["next_call_time"] is None or each["next_call_time"].endswith("+00:00")
        moment, _, _ = each["modified_time"].rpartition("-")
        assert len(moment.rpartition(".")[2]) == 6, each["modified_time"]


def test_placeholders_are_filled_on_the_request_line(world: World, receiver: Listener) -> None:
    path = "/leads/{{id}}/{{metadata.city}}?s={{us_state}}&x={{metadata.none}}"
    webhook = {"url": receiver.url + path, "trigger": "LEAD_UPDATED"}
    assert world.sela.post("/webhooks/", json=webhook).status_code == 201
    lead = world.sela.get("/leads/").json()["results"][0]
    change = {"metadata": {"city": "a/../b?c#é"}}
    assert world.sela.patch(f"/leads/{lead['id']}/", json=change).status_code == 200
    world.advance(0)
    state = lead["us_state"] or ""
    (got,) = receiver.got
    assert got.path == f"/leads/{lead['id']}/a%2F..%2Fb%3Fc%23%C3%A9?s={state}&x="
    host = {"url": "http://{{metadata.host}}/", "trigger": "LEAD_UPDATED"}
    refused = world.sela.post("/webhooks/", json=host)
    assert (refused.status_code, refused.json()) == (400, {"url": ["Enter a valid URL."]})


# Receivers.


def test_a_receiver_that_closes_the_lead_stops_the_retry_of_tomorrow(
    world: World, demo: MockServer, account: str
) -> None:
    lead = world.add()

    def close_it(got: Got) -> int:
        if got.json["id"] == lead and got.json["status"] == 10:
            world.nlpearl.put(f"/Outbound/{PEARL}/Lead/{lead}", json={"status": 130})
        return 204

    acting = Listener(close_it)
    world.hear(acting.url, "lead")
    world.ask("PUT", f"/leads/nlpearl/{lead}/story", ["no_answer", "success"])
    world.advance(3 * DAY)
    shown = world.lead(lead)
    assert (shown["status"], len(shown["callsId"])) == (130, 1)
    assert world.ask("GET", f"/due?vendor=nlpearl&lead={lead}")["due"] == []
    (put,) = world.ask("GET", "/requests?operation=update_lead")["requests"]
    assert put["time"][:16] == "2026-03-02T14:00"
    acting.close()


def test_twice_and_the_other_way_round(world: World, receiver: Listener) -> None:
    world.hear(receiver.url, copies=2)
    lead = world.add()
    world.simulate(lead, "success")
    first, second, third, fourth = receiver.got
    assert (first.body, third.body) == (second.body, fourth.body)
    assert [each.delivery for each in receiver.got] == ["1.1", "1.2", "2.1", "2.2"]
    world.hear(receiver.url, order="swapped", copies=1)
    for _ in range(2):
        receiver.got.clear()
        world.simulate(lead, "success", force=True)
        assert [each["status"] for each in receiver.bodies] == [4, 3]


def test_an_answer_that_gets_lost_makes_two_of_a_receiver_that_remembers_nothing(
    world: World,
) -> None:
    lead = world.add()

    def write(got: Got) -> int:
        note = {"callData": {"firstName": "Mira", "seen": "yes"}}
        world.nlpearl.put(f"/Outbound/{PEARL}/Lead/{lead}", json=note)
        return 204

    writing = Listener(write)
    world.hear(writing.url, lose_answer=1, retries=[5, 300])
    (told,) = world.simulate(lead, None, phase="start")["deliveries"]
    assert (told["state"], told["next_try"]) == ("pending", "2026-03-02T14:00:05.000Z")
    sleep(0.5)
    assert len(writing.got) == 1, "nothing comes as real time passes"
    world.advance(4)
    assert len(writing.got) == 1
    world.advance(1)
    assert writing.got[0].body == writing.got[1].body
    shown = world.delivery(1)
    assert (shown["state"], len(shown["attempts"])) == ("delivered", 2)
    assert "not-idempotent" in world.findings()
    writing.close()


@pytest.mark.parametrize(
    ("answer", "sent_again"),
    [
        pytest.param(204, [], id="after its 204"),
        pytest.param(None, ["2.2"], id="before it answered"),
    ],
)
def test_a_receiver_that_dies_at_the_end_event(
    answer: int | None, sent_again: list[str], world: World
) -> None:
    dying = Listener(lambda got: 204 if got.json["status"] == 3 else answer)
    world.hear(dying.url, retries=[5])
    lead = world.add()
    world.simulate(lead, "no_answer")
    dying.close()
    assert world.lead(lead)["status"] == 10, "the vendor's API answers all the time"
    alive = Listener(port=dying.port)
    world.advance(5)
    assert [each.delivery for each in alive.got] == sent_again
    if answer is not None:
        assert not {"receiver-failed", "not-idempotent"} & set(world.findings())
    alive.close()


def test_a_receiver_that_is_down_for_good(world: World) -> None:
    down = Listener()
    down.close()
    world.hear(down.url, retries="standard")
    lead = world.add()
    world.simulate(lead, "success")
    world.advance(4 * DAY)
    end = world.delivery(2)
    waits = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert [each["at"] for each in end["attempts"]] == [
        _after(sum(waits[: index + 1])) for index in range(10)
    ]
    assert {each["error"] for each in end["attempts"]} == {"connection refused"}
    assert end["state"] == "failed"
    assert "receiver-failed" in world.findings()
    assert world.lead(lead)["status"] == 100
    world.nlpearl.put(f"/Outbound/{PEARL}/Lead/{lead}", json={"callData": {"firstName": "Ann"}})
    up = Listener(port=down.port)
    assert world.ask("POST", "/deliveries/2/redeliver")["state"] == "delivered"
    assert (up.bodies[0]["status"], up.bodies[0]["name"]) == (4, "Mira Tolland")
    up.close()


def _after(seconds: int) -> str:
    day, rest = divmod(14 * 3600 + seconds, DAY)
    hour, rest = divmod(rest, 3600)
    return f"2026-03-{2 + day:02d}T{hour:02d}:{rest // 60:02d}:{rest % 60:02d}.000Z"


def _remembering(*names: str) -> Callable[[Got], tuple[int, Any]]:
    """A receiver that takes for a repetition what has these fields in common with what came."""
    seen: set[tuple[Any, ...]] = set()

    def react(got: Got) -> tuple[int, Any]:
        key = tuple(got.json[name] for name in names)
        is_new = key not in seen
        seen.add(key)
        return 200, {"ok": True} if is_new else {"duplicate": True}

    return react


@pytest.mark.parametrize(
    ("names", "is_found"), [(("id",), True), (("id", "status"), False), ((), False)]
)
def test_a_receiver_that_takes_the_end_for_a_repetition(
    names: tuple[str, ...], is_found: bool, world: World, receiver: Listener
) -> None:
    if names:
        receiver.reaction = _remembering(*names)
    world.hear(receiver.url, copies=2)
    world.simulate(world.add(), "success")
    assert ("taken-for-duplicate" in world.findings()) is is_found


def test_a_receiver_that_takes_the_second_no_answer_for_the_first(
    world: World, receiver: Listener
) -> None:
    receiver.reaction = _remembering("id", "status")
    world.hear(receiver.url, "lead", copies=2)
    lead = world.add()
    for _ in range(2):
        world.simulate(lead, "no_answer")
        world.advance(DAY)
    assert "taken-for-duplicate" in world.findings()


# Worlds and targets.


def test_two_worlds_with_one_receiver(demo: MockServer, account: str, receiver: Listener) -> None:
    a, b = (World(demo.url, f"{account}-{name}", ids=name) for name in "ab")
    leads = {}
    for path, each in (("/a", a), ("/b", b)):
        each.hear(receiver.url + path)
        each.hear(receiver.url + path, "lead")
        leads[path] = each.add()
    paths = ("/deliveries", "/requests", "/inboxes", "/due", "/clock")
    before = [b.ask("GET", path) for path in paths]
    a.simulate(leads["/a"], "success")
    a.advance(3600)
    assert {each.path for each in receiver.got} == {"/a"}
    assert [b.ask("GET", path) for path in paths] == before
    b.simulate(leads["/b"], "success")
    ids: dict[str, set[str]] = {"/a": set(), "/b": set()}
    for got in receiver.got:
        ids[got.path] |= {got.json["id"], got.json.get("leadId", got.json["id"])}
    assert not ids["/a"] & ids["/b"]
    a.close()
    b.close()


REFUSED = [
    ("http://10.0.0.5/", "10.0.0.5 is not loopback, and --webhook-targets does not name it"),
    ("http://169.254.169.254/", "is a link-local address"),
    ("http://[::ffff:169.254.169.254]/", "is a link-local address"),
    ("http://2852039166/", "is a link-local address"),
    ("http://0.0.0.0:1/", "is an unspecified address"),
    ("ftp://127.0.0.1/", "only http:// and https:// URLs are called"),
    ("http://user:pw@127.0.0.1/", "the URL holds credentials"),
    ("{base}/__admin/reset", "is this server itself: only inboxes are targets here"),
    ("{base}/sela/api/leads/", "is this server itself: only inboxes are targets here"),
]


@pytest.mark.parametrize(("target", "reason"), REFUSED)
def test_where_a_webhook_may_not_go(
    target: str, reason: str, world: World, demo: MockServer
) -> None:
    url = target.format(base=demo.url)
    body = {"vendor": "nlpearl", "kind": "call", "to": url}
    answer = world.control.post("/webhooks", json=body)
    assert answer.status_code == 400
    assert reason in answer.json()["errors"][0]["detail"]
    if url.startswith("ftp"):
        return
    # The vendor's own operation takes it, and the delivery shows the rule.
    settings = world.nlpearl.put(f"/Pearl/{PEARL}/Settings/Outbound", json={"callWebhookUrl": url})
    assert settings.status_code == 200, settings.text
    (told, _) = world.simulate(world.add(), "success")["deliveries"]
    assert told["state"] == "refused"
    assert reason in told["attempts"][0]["error"]


def test_a_redirection_to_this_server_is_followed_by_nobody(
    world: World, demo: MockServer, receiver: Listener
) -> None:
    receiver.reaction = lambda got: (302, f"{demo.url}/__admin/reset")
    world.hear(receiver.url)
    lead = world.add()
    done = world.simulate(lead, "success")
    assert [each["state"] for each in done["deliveries"]] == ["failed"] * 2
    assert "receiver-redirects" in world.findings()
    assert world.lead(lead)["id"] == lead, "no reset"

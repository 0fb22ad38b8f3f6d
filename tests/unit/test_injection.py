"""Which request gets which fault, and what a client sees of it on the wire."""

import asyncio
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import httpx
import pytest
import uvicorn

import mockserver
from mockserver.call import Call, request_of
from mockserver.documents.spec import load_document
from mockserver.errors import Reason, Refusal
from mockserver.faults.catalogue import CATALOGUE, InjectedFault
from mockserver.faults.delivery import Answer, as_seen, deliver, refusal_after, refusal_of
from mockserver.faults.prefer import preferred
from mockserver.faults.rules import FaultRule, FaultRules, chance, rule_of
from mockserver.serving.limits import Limits
from mockserver.serving.listeners import Listeners, bind, url_of
from mockserver.serving.protocol import Door
from mockserver.serving.server import Server
from tests.serving.door import Service
from tests.unit.tiny import DOCUMENT, NOW

PAGE = (Path(mockserver.__path__[0]).parent / "docs" / "faults.md").read_text("utf-8")
ADA = {
    "name": "Ada",
    "phone": "+12025550101",
    "emails": ["ada@example.com"],
    "id": 28001,
    "member": True,
}
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The operations of a small document, by id."""
    file = tmp_path_factory.mktemp("tiny") / "tiny.yaml"
    file.write_text(DOCUMENT, "utf-8")
    return {operation.id: operation for operation in load_document(file).operations}


@pytest.fixture
def ask(operations: Mapping[str, Any]) -> Callable[..., Call]:
    """Makes a request on its way to `create_person`, or to another operation."""

    def make(
        body: Any = ADA,
        *,
        operation: str = "create_person",
        path: str = "/people",
        query: str = "",
        after: float = 0.0,
        **headers: str,
    ) -> Call:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {
            name.replace("_", "-").encode(): value.encode()
            for name, value in (JSON | headers).items()
        }
        scope = {
            "method": "POST",
            "path": f"/tiny{path}",
            "query_string": query.encode(),
            "headers": [],
        }
        call = Call(request_of(scope, named, raw))
        call.vendor, call.operation, call.number, call.now = (
            "tiny",
            operations.get(operation),
            1,
            NOW + timedelta(seconds=after),
        )
        call.path_parameters = {"id": path.rpartition("/")[2]} if path.count("/") > 1 else {}
        return call

    return make


class Rules(FaultRules):
    """A workspace's rules with what the workspace does: it keeps what they ask it to."""

    def add(self, spec: Mapping[str, Any], now: datetime) -> int:
        change = self.new_rule(spec, now)
        self.put(change.id, change.rule)
        return change.id

    def fault_of(self, call: Call) -> InjectedFault | None:
        fault, tallies = self.decide(call)
        for tally in tallies:
            self.count(tally)
        return fault


def rules(*specs: Mapping[str, Any], seed: int = 1) -> Rules:
    """A workspace's rules, all made at the same moment."""
    made = Rules(seed)
    for spec in specs:
        made.add(spec, NOW)
    return made


def name_of(fault: InjectedFault | None) -> str | None:
    return fault.kind.name if fault else None


def test_without_any_reason_there_is_no_fault(ask: Callable[..., Call]) -> None:
    assert rules().fault_of(ask()) is None


def test_a_rule_gives_its_fault_with_all_of_its_parameters(ask: Callable[..., Call]) -> None:
    fault = rules({"fault": "maintenance", "parameters": {"retry_after": 9}}).fault_of(ask())
    assert fault == InjectedFault(
        CATALOGUE["maintenance"], "rule 1", {"retry_after": 9, "retry_format": "seconds"}
    )


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="every request"),
        pytest.param({"vendor": "tiny"}, id="vendor"),
        pytest.param({"operation": "create_person"}, id="operation"),
        pytest.param({"path": "/people"}, id="path"),
        pytest.param({"path": "/p*"}, id="the beginning of a path"),
        pytest.param({"path": "*"}, id="any path"),
        pytest.param(
            {"body": {"name": "Ada", "emails": ["ada@example.com"]}}, id="some of the body"
        ),
        pytest.param({"lead": 28001}, id="an id"),
        pytest.param({"lead": "28001"}, id="an id as text"),
        pytest.param({"lead": "Ada@Example.com"}, id="an e-mail address"),
        pytest.param({"lead": "(202) 555-0101"}, id="a phone number"),
        pytest.param(
            {
                "vendor": None,
                "path": None,
                "body": None,
                "lead": None,
                "times": None,
                "parameters": None,
            },
            id="null is any",
        ),
    ],
)
def test_a_rule_fits_a_request(ask: Callable[..., Call], spec: dict[str, Any]) -> None:
    assert name_of(rules({"fault": "conflict"} | spec).fault_of(ask())) == "conflict"


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"vendor": "other"}, id="vendor"),
        pytest.param({"operation": "list_people"}, id="operation"),
        pytest.param({"path": "/person"}, id="path"),
        pytest.param({"path": "/tiny/people"}, id="the path with the prefix"),
        pytest.param({"body": {"name": "Grace"}}, id="body"),
        pytest.param({"body": {"member": 1}}, id="true is not 1"),
        pytest.param({"lead": "1"}, id="an id that is part of another"),
        pytest.param({"lead": "True"}, id="true names nobody"),
        pytest.param({"lead": "+12025550102"}, id="a phone number"),
        pytest.param({"vendor": "tiny", "lead": 7}, id="only one of two"),
    ],
)
def test_a_rule_passes_over_other_requests(ask: Callable[..., Call], spec: dict[str, Any]) -> None:
    made = rules({"fault": "conflict"} | spec)
    assert made.fault_of(ask()) is None
    assert made.listing(NOW)[0]["seen"] == 0


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param({"path": "/people/28001"}, id="path"),
        pytest.param({"query": "id=28001&x="}, id="query"),
        pytest.param({"body": {"deep": [{"id": 28001}]}}, id="deep in the body"),
        pytest.param(
            {
                "body": b"id=28001",
                "content_type": "application/x-www-form-urlencoded; charset=utf-8",
            },
            id="form",
        ),
        pytest.param(
            {
                "body": b'--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n28001\r\n--b--\r\n',
                "content_type": "multipart/form-data; boundary=b",
            },
            id="multipart form",
        ),
    ],
)
def test_a_lead_may_be_named_anywhere(ask: Callable[..., Call], request_of: dict[str, Any]) -> None:
    made = rules({"fault": "conflict", "lead": 28001})
    assert name_of(made.fault_of(ask(**({"body": b""} | request_of)))) == "conflict"


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 500])
def test_a_body_that_cannot_be_read_holds_nothing(ask: Callable[..., Call], raw: bytes) -> None:
    assert (
        rules(
            {"fault": "conflict", "body": {"name": "Ada"}}, {"fault": "conflict", "lead": 1}
        ).fault_of(ask(raw))
        is None
    )


def test_a_body_past_the_limit_holds_nothing(ask: Callable[..., Call]) -> None:
    call = ask()
    call.request = call.request._replace(body=None)
    assert rules({"fault": "conflict", "lead": "ada@example.com"}).fault_of(call) is None


def test_an_unknown_path_or_method_gets_no_fault(ask: Callable[..., Call]) -> None:
    assert rules({"fault": "reset"}).fault_of(ask(operation="nothing", prefer="code=500")) is None


def test_the_first_rule_that_applies_decides(ask: Callable[..., Call]) -> None:
    made = rules(
        {"fault": "conflict", "times": 1},
        {"fault": "reset", "times": 1},
        {"fault": "forbidden", "vendor": "other"},
    )
    assert [name_of(made.fault_of(ask())) for _ in range(3)] == ["conflict", "reset", None]


def test_some_requests_pass_first_and_then_so_many_get_it(ask: Callable[..., Call]) -> None:
    made = rules({"fault": "conflict", "skip": 2, "times": 1})
    assert [name_of(made.fault_of(ask())) for _ in range(5)] == [None, None, "conflict", None, None]


def test_a_rule_lives_so_long_on_the_workspaces_clock(ask: Callable[..., Call]) -> None:
    made = rules({"fault": "conflict", "seconds_to_live": 10})
    assert [name_of(made.fault_of(ask(after=seconds))) for seconds in (0, 9.999, 10, 11)] == [
        "conflict",
        "conflict",
        None,
        None,
    ]
    assert [
        made.listing(NOW + timedelta(seconds=seconds))[0]["expired"] for seconds in (9, 10)
    ] == [False, True]


def test_chance_is_decided_by_the_seed(ask: Callable[..., Call]) -> None:
    spec = {"fault": "conflict", "probability": 0.5}
    runs = [
        [made.fault_of(ask()) is not None for _ in range(200)]
        for made in (rules(spec), rules(spec), rules(spec, seed=2))
    ]
    assert runs[0] == runs[1] != runs[2]
    assert 70 < sum(runs[0]) < 130


@pytest.mark.parametrize(("probability", "times"), [(0, 0), (1, 50)])
def test_a_probability_may_be_none_or_certain(
    ask: Callable[..., Call], probability: int, times: int
) -> None:
    made = rules({"fault": "conflict", "probability": probability})
    assert sum(made.fault_of(ask()) is not None for _ in range(50)) == times


def test_a_random_wait_is_within_its_range_and_the_same_in_every_run(
    ask: Callable[..., Call],
) -> None:
    spec = {"fault": "slow", "parameters": {"at_least": 0.5, "at_most": 2}}
    runs = [
        [fault.parameters for _ in range(20) if (fault := made.fault_of(ask()))]
        for made in (rules(spec), rules(spec))
    ]
    assert runs[0] == runs[1]
    assert all(list(each) == ["seconds"] and 0.5 <= each["seconds"] <= 2 for each in runs[0])
    assert len({each["seconds"] for each in runs[0]}) > 10


def test_chance_is_even() -> None:
    drawn = [chance(1, "x", number) for number in range(1000)]
    assert all(0 <= each < 1 for each in drawn)
    assert 450 < sum(drawn) < 550


def test_a_quota_lets_so_many_through_in_each_window(ask: Callable[..., Call]) -> None:
    made = rules({"fault": "rate_limited", "parameters": {"limit": 2, "window": 10}})
    taken = [
        made.fault_of(ask(after=seconds))
        for seconds in (100, 101, 102, 109.5, 110, 119, 119.9, 135)
    ]
    waits = [fault.parameters["retry_after"] if fault else None for fault in taken]
    assert waits == [None, None, 8, 1, None, None, 1, None]


def test_a_window_begins_anew_where_the_clock_was_turned_back(ask: Callable[..., Call]) -> None:
    made = rules({"fault": "rate_limited", "parameters": {"limit": 1, "window": 10}})
    assert [name_of(made.fault_of(ask(after=seconds))) for seconds in (100, 50, 51)] == [
        None,
        None,
        "rate_limited",
    ]


def test_without_a_limit_every_request_is_one_too_many(ask: Callable[..., Call]) -> None:
    fault = rules({"fault": "rate_limited", "parameters": {"retry_after": 7}}).fault_of(ask())
    assert (name_of(fault), fault and fault.parameters["retry_after"]) == ("rate_limited", 7)


def test_a_rule_tells_what_it_says_and_what_it_did(ask: Callable[..., Call]) -> None:
    made = rules(
        {
            "fault": "slow-drip",
            "skip": 1,
            "times": 1,
            "lead": "ada@example.com",
            "parameters": {"seconds": 2},
        }
    )
    for _ in range(3):
        made.fault_of(ask())
    assert made.listing(NOW) == [
        {
            "id": 1,
            "fault": "slow_drip",
            "parameters": {"seconds": 2},
            "vendor": None,
            "operation": None,
            "path": None,
            "body": None,
            "lead": "ada@example.com",
            "times": 1,
            "skip": 1,
            "probability": 1.0,
            "seconds_to_live": None,
            "seen": 2,
            "applied": 1,
            "left": 0,
            "spent": True,
            "expired": False,
        }
    ]


def test_rules_are_numbered_and_can_be_removed() -> None:
    made = rules({"fault": "reset"}, {"fault": "slow"})
    made.put(1, None)
    made.put(1, None)
    assert (made.add({"fault": "timeout"}, NOW), len(made), 1 in made, 2 in made) == (
        3,
        2,
        False,
        True,
    )
    made.clear()
    assert (made.listing(NOW), made.add({"fault": "reset"}, NOW)) == ([], 1)


def test_a_rule_told_as_json_is_the_same_rule() -> None:
    spec = {"fault": "slow", "lead": 7, "body": {"a": [1]}, "seconds_to_live": 5, "times": 2}
    change = FaultRules(1).new_rule(spec, NOW)
    assert change.rule is not None
    rule = rule_of(change.id, json.loads(json.dumps(change.rule)))
    assert (rule.as_json(), rule.expires) == (change.rule, NOW + timedelta(seconds=5))


def test_everything_wrong_with_a_rule_is_told_at_once() -> None:
    spec = {
        "fault": "slow",
        "parameters": {"seconds": -1, "x": 1},
        "path": "people",
        "lead": " ",
        "seconds_to_live": 1e300,
    }
    with pytest.raises(Refusal) as caught:
        rules(spec)
    assert caught.value.kind == "invalid"
    assert [problem.path for problem in caught.value.problems] == [
        ("parameters", "seconds"),
        ("parameters", "x"),
        ("path",),
        ("lead",),
        ("seconds_to_live",),
    ]


def test_an_unknown_fault_is_told_with_those_there_are() -> None:
    with pytest.raises(Refusal) as caught:
        rules({"fault": "teapot"})
    assert [problem.message for problem in caught.value.problems] == [
        f"must be one of {', '.join(CATALOGUE)}"
    ]


def test_the_page_tells_each_field_of_a_rule_and_its_example_makes_one() -> None:
    told = PAGE.partition("## Rules")[2].partition("## ")[0]
    inner = {"id", "kind", "expires"}
    named = {"fault"} | {field.name for field in fields(FaultRule)} - inner
    assert set(re.findall(r"^\| `(\w+)`", told, re.MULTILINE)) == named
    example = re.search(r"```json\n(.*?)```", told, re.DOTALL)
    assert example is not None
    assert rules(json.loads(example[1])).listing(NOW)[0]["left"] == 3


@pytest.mark.parametrize(
    ("header", "name", "parameters", "applied"),
    [
        pytest.param(
            "code=429",
            "rate_limited",
            {"retry_after": 1, "retry_format": "seconds", "limit": None, "window": 60.0},
            "code=429",
            id="a status",
        ),
        pytest.param(
            'code="503"',
            "maintenance",
            {"retry_after": None, "retry_format": "seconds"},
            "code=503",
            id="in quotes",
        ),
        pytest.param(
            "Fault = Apply-But-Fail",
            "apply_but_fail",
            {"answer": "reset", "seconds": 60.0},
            "fault=Apply-But-Fail",
            id="a name",
        ),
        pytest.param(
            "fault=slow; seconds=0.2",
            "slow",
            {"seconds": 0.2, "at_least": None, "at_most": None},
            "fault=slow",
            id="with a parameter",
        ),
        pytest.param(
            "code=503;retry-after=5",
            "maintenance",
            {"retry_after": 5, "retry_format": "seconds"},
            "code=503",
            id="with a hyphened parameter",
        ),
        pytest.param(
            "code=503; retry_after=-5",
            "maintenance",
            {"retry_after": None, "retry_format": "seconds"},
            "code=503",
            id="with a bad parameter",
        ),
        pytest.param(
            "code=503; x=5",
            "maintenance",
            {"retry_after": None, "retry_format": "seconds"},
            "code=503",
            id="with an unknown parameter",
        ),
        pytest.param(
            "fault=apply-but-fail; answer=timeout; seconds=1",
            "apply_but_fail",
            {"answer": "timeout", "seconds": 1},
            "fault=apply-but-fail",
            id="with a word",
        ),
        pytest.param(
            "respond-async, wait=10, code=404", "not_found", {}, "code=404", id="after others"
        ),
        pytest.param(
            "code=418, code=409; x, code=404",
            "conflict",
            {},
            "code=409",
            id="the first that is understood",
        ),
    ],
)
def test_a_header_asks_for_a_fault(
    header: str, name: str, parameters: dict[str, Any], applied: str
) -> None:
    assert preferred(header.encode()) == InjectedFault(
        CATALOGUE[name], "prefer", parameters, applied.encode()
    )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "code",
        "code=200",
        "code=4290",
        "fault=",
        "fault=teapot",
        "wait=429",
        "x; code=429",
        "code=\xb2",
        '"code=429"',
        ",,;;==",
    ],
)
def test_a_header_may_ask_for_nothing(header: str) -> None:
    assert preferred(header.encode("latin-1")) is None


def test_the_header_comes_before_rules_and_rules_before_magic(ask: Callable[..., Call]) -> None:
    made = rules({"fault": "conflict", "times": 1})
    body = {"email": "ada+fault-403@example.com"}
    calls = [ask(body, prefer="code=429"), ask(body), ask(body)]
    assert [(fault.kind.name, fault.cause) for call in calls if (fault := made.fault_of(call))] == [
        ("rate_limited", "prefer"),
        ("conflict", "rule 1"),
        ("forbidden", "magic e-mail"),
    ]


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param({"body": {"note": "ada+fault-apply-but-fail@example.com"}}, id="body"),
        pytest.param({"query": "note=ada%2Bfault-apply-but-fail@example.com"}, id="query"),
        pytest.param({"path": "/people/ada+fault-apply-but-fail@example.com"}, id="path"),
    ],
)
def test_magic_addresses_may_stand_anywhere(
    ask: Callable[..., Call], request_of: dict[str, Any]
) -> None:
    assert rules().fault_of(ask(**({"body": b""} | request_of))) == InjectedFault(
        CATALOGUE["apply_but_fail"], "magic e-mail", {"answer": "reset", "seconds": 60.0}
    )


PHONES = """openapi: 3.0.3
info: {title: Phones}
servers: [{url: 'https://api.phones.example'}]
paths:
  /people/{phone}/{other}:
    put:
      operationId: call_person
      x-provenance: chosen
      parameters:
        - {name: phone, in: path, required: true, schema: {type: string, x-phone: true}}
        - {name: other, in: path, required: true, schema: {type: string}}
        - {name: mobile, in: query, schema: {type: string}}
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Person'}}
          application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Person'}}
          multipart/form-data: {schema: {$ref: '#/components/schemas/Person'}}
      responses: {200: {description: Done}}
components:
  schemas:
    Person:
      type: object
      properties:
        phone: {type: string, x-phone: true}
        fax: {type: string, x-format: phone}
        code: {type: string}
        extra: {type: object, properties: {mobile: {type: string, x-phone: true}}}
        numbers: {type: array, items: {type: string, x-phone: true}}
        friends: {type: array, x-partial: report, items: {$ref: '#/components/schemas/Friend'}}
    Friend: {type: object, properties: {phone: {type: string, x-phone: true}, code: {type: string}}}
"""
FORM = {"content_type": "application/x-www-form-urlencoded"}
PART = b'--b\r\nContent-Disposition: form-data; name="phone"\r\n\r\n%s\r\n--b--'


@pytest.fixture(scope="module")
def phone_operation(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An operation whose document says where phone numbers belong."""
    file = tmp_path_factory.mktemp("phones") / "phones.yaml"
    file.write_text(PHONES, "utf-8")
    (operation,) = load_document(file).operations
    return operation


def phone_fault(
    ask: Callable[..., Call], operation: Any, request_of: Mapping[str, Any], **settings: str
) -> str | None:
    """The name of the fault of a request to the operation."""
    made = dict(request_of)
    path = made.pop("path", "x/y")
    call = ask(**({"body": b"", "path": f"/{path}"} | made))
    call.operation, call.settings = operation, settings
    call.path_parameters = dict(zip(("phone", "other"), path.split("/"), strict=True))
    return name_of(rules().fault_of(call))


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param({"body": {"phone": "+19005550142"}}, id="E.164"),
        pytest.param({"body": {"phone": "19005550142"}}, id="no plus"),
        pytest.param({"body": {"phone": "9005550142"}}, id="national"),
        pytest.param({"body": {"phone": "(900) 555-0142"}}, id="brackets"),
        pytest.param({"body": {"phone": " 900.555.0142 "}}, id="dots and white space"),
        pytest.param({"body": {"phone": "tel:+1-900-555-0142"}}, id="an address"),
        pytest.param({"body": {"phone": 19005550142}}, id="a JSON number"),
        pytest.param({"body": rb'{"phone": "\u002B19005550142"}'}, id="an escaped plus"),
        pytest.param({"body": {"fax": "+19005550142"}}, id="by its format"),
        pytest.param({"body": {"extra": {"mobile": "+19005550142"}}}, id="a field in a field"),
        pytest.param({"body": {"numbers": ["x", "+19005550142"]}}, id="an item of a list"),
        pytest.param({"body": {"friends": [{}, {"phone": "+19005550142"}]}}, id="a part of many"),
        pytest.param({"body": b"code=1&phone=%28900%29+555-0142", **FORM}, id="a form"),
        pytest.param({"body": b"friends[0]phone=900-555-0142", **FORM}, id="a form of many"),
        pytest.param(
            {"body": PART % b"+1 900 555 0142", "content_type": "multipart/form-data; boundary=b"},
            id="a multipart form",
        ),
        pytest.param({"path": "+19005550142/y"}, id="a path parameter"),
        pytest.param({"path": "%2B19005550142/y"}, id="an escaped path parameter"),
    ],
)
def test_a_magic_number_counts_where_a_phone_belongs(
    ask: Callable[..., Call], phone_operation: Any, request_of: dict[str, Any]
) -> None:
    assert phone_fault(ask, phone_operation, request_of) == "rate_limited"
    assert phone_fault(ask, phone_operation, request_of, magic="off") is None


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param({"body": {"code": "+19005550142"}}, id="another field"),
        pytest.param({"body": {"friends": [{"code": "+19005550142"}]}}, id="another one of many"),
        pytest.param({"body": {"mobile": "+19005550142"}}, id="a field of another level"),
        pytest.param({"body": {"extra": {"phone": "+19005550142"}}}, id="an unknown field"),
        pytest.param({"body": {"phone": "call 900-555-0142 now"}}, id="in a sentence"),
        pytest.param({"body": {"phone": True, "friends": "9005550142"}}, id="no text, no list"),
        pytest.param({"body": b'{"phone": "+19005550142"'}, id="no JSON"),
        pytest.param({"query": "mobile=%2B19005550142"}, id="the query"),
        pytest.param({"path": "x/+19005550142"}, id="another path parameter"),
        pytest.param({"path": "2025550134/y", "body": {"phone": "+12025550142"}}, id="fiction"),
    ],
)
def test_a_magic_number_means_nothing_elsewhere(
    ask: Callable[..., Call], phone_operation: Any, request_of: dict[str, Any]
) -> None:
    assert phone_fault(ask, phone_operation, request_of) is None


def test_a_random_wait_may_be_asked_for_by_a_header(ask: Callable[..., Call]) -> None:
    waits = [rules().fault_of(ask(prefer="fault=slow; at_least=1; at_most=2")) for _ in range(2)]
    assert waits[0] == waits[1]
    assert waits[0] is not None
    assert 1 <= waits[0].parameters["seconds"] <= 2


NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def given(name: str, **parameters: Any) -> InjectedFault:
    """The fault with these parameters and its defaults."""
    return InjectedFault(CATALOGUE[name], "rule 1", CATALOGUE[name].parameters | parameters)


def test_a_refusal_has_its_kind_its_reason_and_its_wait() -> None:
    faults = [
        given("unauthorized"),
        given("validation"),
        given("rate_limited", retry_after=3),
        given("maintenance"),
        given("reset"),
    ]
    refusals = [refusal_of(fault, NOON) for fault in faults]
    assert [(each.kind, each.reason, each.retry_after) for each in refusals] == [
        ("unauthorized", Reason.UNKNOWN, None),
        ("invalid", None, None),
        ("rate_limited", None, 3),
        ("maintenance", None, None),
        ("server_error", None, None),
    ]


@pytest.mark.parametrize(
    ("parameters", "header"),
    [
        pytest.param({"retry_after": 90}, b"90", id="seconds"),
        pytest.param(
            {"retry_after": 90, "retry_format": "date"},
            b"Sat, 31 Jan 2026 12:01:30 GMT",
            id="a date",
        ),
        pytest.param({"retry_after": "soon"}, b"soon", id="a text"),
        pytest.param({"retry_after": ""}, b"", id="nothing"),
    ],
)
def test_the_wait_of_a_refusal_is_written_as_it_is_asked_for(
    parameters: dict[str, Any], header: bytes
) -> None:
    refusal = refusal_of(given("rate_limited", **parameters), NOON)
    assert refusal.retry_header == ((b"retry-after", header),)


@pytest.mark.parametrize("text", ["a\r\nb: c", " soon", "é", "x" * 101])
def test_a_wait_that_no_header_can_have_is_refused(text: str) -> None:
    (problem,) = CATALOGUE["maintenance"].problems({"retry_after": text})
    assert problem.path == ("retry_after",)


def test_only_a_lost_answer_can_be_an_error_instead() -> None:
    told = [
        refusal_after(each)
        for each in (
            given("apply_but_fail"),
            given("slow"),
            given("apply_but_fail", answer="server_error"),
        )
    ]
    assert [each and each.kind for each in told] == [None, None, "server_error"]


BODY = json.dumps(
    {"name": "Zoë Ångström", "phone": "+12025550101", "filler": "é" * 60}, ensure_ascii=False
).encode()
NEARLY = 0.095
"""A tenth of a second, for a loop whose timers are exact to a millisecond."""
HEADERS = [(b"content-type", b"application/json"), (b"mockserver-request", b"7")]


def test_half_of_a_body_ends_with_a_whole_character() -> None:
    assert as_seen(given("malformed_json"), Answer(200, HEADERS, "ééé".encode())) == Answer(
        200, HEADERS, "é".encode()
    )


@pytest.mark.parametrize("name", ["reset", "timeout", "apply_but_fail"])
def test_a_lost_answer_is_seen_as_none(name: str) -> None:
    assert as_seen(given(name), Answer(200, HEADERS, BODY)) == Answer(0, (), b"")


@pytest.mark.parametrize("name", ["slow", "slow_drip", "conflict"])
def test_other_answers_are_seen_as_they_are(name: str) -> None:
    assert as_seen(given(name), Answer(200, HEADERS, BODY)) == Answer(200, HEADERS, BODY)


done: SimpleQueue[str] = SimpleQueue()
"""The faults that the server has delivered."""


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers `BODY` under the fault that the request asks for."""
    await receive()
    asked = json.loads(dict(scope["headers"])[b"fault"])
    await deliver(given(**asked), Answer(200, HEADERS, BODY), scope, receive, send)
    done.put(asked["name"])


def own_server(listener: socket.socket) -> uvicorn.Server:
    door = Door(Service(lambda scope, raw: app, app), Limits())
    return Server(door, Listeners((listener,)))


def plain_server(listener: socket.socket) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
        )
    )


@pytest.fixture(scope="module", params=[own_server, plain_server])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server as the command line runs it, and one as somebody else may."""
    listener = bind("127.0.0.1", 0)
    server = request.param(listener)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield url_of(listener)
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def get(url: str) -> Iterator[Callable[..., httpx.Response]]:
    """Asks for the answer under a fault."""
    with httpx.Client(base_url=url, timeout=5) as client:
        yield lambda name, **parameters: client.get(
            "/", headers={"Fault": json.dumps({"name": name, **parameters})}
        )


def wire(url: str, name: str, **parameters: Any) -> list[bytes]:
    """What comes over a socket under a fault, in the pieces in which it comes."""
    with socket.create_connection(
        ("127.0.0.1", int(url.rpartition(":")[2])), timeout=5
    ) as connection:
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nFault: %s\r\n\r\n"
            % json.dumps({"name": name, **parameters}).encode()
        )
        return list(iter(lambda: connection.recv(65536), b""))


def test_an_empty_body_has_status_and_headers(get: Callable[..., httpx.Response]) -> None:
    answer = get("empty_body")
    assert (
        answer.status_code,
        answer.content,
        answer.headers["content-type"],
        answer.headers["content-length"],
    ) == (
        200,
        b"",
        "application/json",
        "0",
    )
    assert get("slow", seconds=0).content == BODY


def test_malformed_json_is_half_of_the_body_with_its_own_length(
    get: Callable[..., httpx.Response],
) -> None:
    answer = get("malformed_json")
    assert BODY.startswith(answer.content)
    assert len(BODY) // 2 - 1 <= len(answer.content) == int(answer.headers["content-length"])
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_gateway_answers_with_its_own_page(get: Callable[..., httpx.Response]) -> None:
    answer = get("gateway_html")
    assert (answer.status_code, answer.headers["content-type"], answer.headers["server"]) == (
        502,
        "text/html",
        "nginx",
    )
    assert answer.headers["mockserver-request"] == "7"
    assert "<h1>502 Bad Gateway</h1>" in answer.text


def test_a_truncated_body_promises_more_than_comes(
    url: str, get: Callable[..., httpx.Response]
) -> None:
    head, _, body = b"".join(wire(url, "truncated_body")).partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(BODY) in head.lower()
    assert body == BODY[: len(BODY) // 2]
    with pytest.raises(httpx.RemoteProtocolError):
        get("truncated_body")


def test_a_slow_answer_is_late_and_whole(get: Callable[..., httpx.Response]) -> None:
    began = time.perf_counter()
    assert get("slow", seconds=0.1).content == BODY
    assert time.perf_counter() - began >= NEARLY


def test_a_dripping_body_comes_in_several_pieces(
    url: str, get: Callable[..., httpx.Response]
) -> None:
    began = time.perf_counter()
    assert get("slow_drip", seconds=0.1).content == BODY
    assert NEARLY <= time.perf_counter() - began < 2
    with httpx.stream(
        "GET", url, headers={"Fault": json.dumps({"name": "slow_drip", "seconds": 0.1})}
    ) as answer:
        assert len(list(answer.iter_raw())) >= 3


@pytest.mark.parametrize(
    "asked", [{"name": "reset"}, {"name": "apply_but_fail"}], ids=lambda asked: asked["name"]
)
def test_a_reset_is_one_on_the_wire(
    url: str, get: Callable[..., httpx.Response], asked: dict[str, str]
) -> None:
    with pytest.raises(ConnectionResetError):
        wire(url, **asked)
    with pytest.raises(httpx.ReadError):
        get(**asked)


@pytest.mark.parametrize(
    "asked",
    [{"name": "timeout"}, {"name": "apply_but_fail", "answer": "timeout"}],
    ids=lambda asked: asked["name"],
)
def test_a_timeout_closes_without_an_answer(
    url: str, get: Callable[..., httpx.Response], asked: dict[str, str]
) -> None:
    began = time.perf_counter()
    assert wire(url, **asked, seconds=0.1) == []
    assert time.perf_counter() - began >= NEARLY
    with pytest.raises(httpx.RemoteProtocolError):
        get(**asked, seconds=0.05)


@pytest.mark.parametrize("name", ["timeout", "slow", "slow_drip"])
def test_a_wait_ends_where_the_client_leaves(url: str, name: str) -> None:
    with asking(url, name, seconds=60) as connection:
        # Closed like this, the socket tells the server that it reads nothing more either.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert until_done(name)


class Left:
    """A connection whose client has left: what a server's `send` is a method of."""

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    async def send(self, message: Any) -> None:
        """Sends nothing."""

    async def receive(self) -> Any:
        """Says that the client has left."""
        return {"type": "http.disconnect"}


@pytest.mark.parametrize("name", ["reset", "timeout", "truncated_body"])
def test_no_connection_is_ended_that_the_client_has_ended(name: str) -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.transport.abort()
        await asyncio.sleep(0.01)
        left = Left(writer.transport)
        answer = Answer(200, HEADERS, BODY)
        await deliver(given(name=name, seconds=0.01), answer, {}, left.receive, left.send)
        server.close()

    asyncio.run(asyncio.wait_for(run(), 5))


def test_an_answer_that_never_comes_is_not_waited_for_by_a_client_that_has_closed(url: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url, headers={"Fault": '{"name": "timeout", "seconds": 60}'}, timeout=0.1)
    assert until_done("timeout")


@contextmanager
def asking(url: str, name: str, **parameters: Any) -> Iterator[socket.socket]:
    """A connection on which an answer under a fault was asked for a moment ago."""
    while not done.empty():
        done.get()
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        fault = json.dumps({"name": name, **parameters}).encode()
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nFault: %b\r\n\r\n" % fault)
        time.sleep(0.05)
        yield connection


def until_done(name: str) -> bool:
    """Wait until the fault is delivered; a request of an earlier test may be on its way still."""
    while done.get(timeout=2) != name:
        pass
    return True


def test_an_answer_to_head_has_no_body_to_break(url: str) -> None:
    for name in ("malformed_json", "slow_drip", "gateway_html"):
        assert (
            httpx.head(
                url,
                headers={
                    "Fault": json.dumps(
                        {"name": name} | ({"seconds": 0} if name == "slow_drip" else {})
                    )
                },
            ).content
            == b""
        )


async def in_process(name: str, **parameters: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        return await client.get("/", headers={"Fault": json.dumps({"name": name, **parameters})})


@pytest.mark.parametrize("name", ["empty_body", "slow", "slow_drip"])
def test_an_application_in_process_answers_late_and_broken_too(name: str) -> None:
    answer = asyncio.run(in_process(name, **({"seconds": 0.05} if "slow" in name else {})))
    assert (answer.status_code, answer.content) == (200, b"" if name == "empty_body" else BODY)


@pytest.mark.parametrize(
    "asked",
    [{"name": "reset"}, {"name": "truncated_body"}, {"name": "timeout", "seconds": 0.05}],
    ids=lambda asked: asked["name"],
)
def test_an_application_in_process_has_no_connection_to_close(asked: dict[str, Any]) -> None:
    with pytest.raises(
        ConnectionResetError if asked["name"] == "reset" else ConnectionAbortedError
    ):
        asyncio.run(in_process(**asked))

"""Fault rules by the control API: made, listed with what came of them, removed."""

from typing import Any

import httpx
import pytest

from mockserver.faults.catalogue import CATALOGUE, MAGIC_PHONES
from tests.samples import NAMES

RULE = {
    "id": 1,
    "fault": "rate_limited",
    "parameters": {"retry_after": 3, "retry_format": "seconds", "limit": None, "window": 60.0},
    "vendor": "octanist",
    "operation": "list_leads",
    "path": None,
    "body": None,
    "lead": None,
    "times": 1,
    "skip": 0,
    "probability": 1.0,
    "seconds_to_live": None,
    "seen": 0,
    "applied": 0,
    "left": 1,
    "spent": False,
    "expired": False,
}
NEW = {
    "fault": "rate_limited",
    "parameters": {"retry_after": 3},
    "vendor": "octanist",
    "operation": "list_leads",
    "times": 1,
}


def test_the_catalogue_tells_every_fault_and_what_it_takes(admin: httpx.Client) -> None:
    told = admin.get("/faults").json()
    assert {
        each["name"]: [parameter["name"] for parameter in each["parameters"]]
        for each in told["faults"]
    } == {kind.name: list(kind.parameters) for kind in CATALOGUE.values()}
    assert told["magic"]["phones"] == {
        f"+1 900 555 01{ending}": name for ending, name in MAGIC_PHONES.items()
    }


def test_a_fault_of_the_catalogue_is_told_whole(admin: httpx.Client) -> None:
    (told,) = [
        each for each in admin.get("/faults").json()["faults"] if each["name"] == "slow_drip"
    ]
    assert told == {
        "name": "slow_drip",
        "help": "The body arrives in small pieces.",
        "status": None,
        "applies": True,
        "parameters": [
            {
                "name": "seconds",
                "type": "number",
                "default": 1,
                "help": "How long the whole body takes",
                "minimum": 0,
                "maximum": 3600,
            }
        ],
    }


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_fault_of_the_catalogue_can_be_asked_for(name: str, control: httpx.Client) -> None:
    answer = control.post("/faults", json={"fault": name})
    assert (answer.status_code, answer.json()["fault"]) == (201, name)


def test_a_refusal_is_lost_like_any_other_answer(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    assert octanist.get("/leads/nobody").status_code == 404
    control.post(
        "/faults", json={"fault": "apply_but_fail", "parameters": {"answer": "server_error"}}
    )
    assert octanist.get("/leads/nobody").status_code == 500


def test_a_rule_is_made_again_from_what_is_told_of_it(control: httpx.Client) -> None:
    made = control.post("/faults", json=NEW).json()
    told = {
        name: value
        for name, value in made.items()
        if name not in ("id", "seen", "applied", "left", "spent", "expired")
    }
    assert control.post("/faults", json=told).json() == made | {"id": 2}


def test_a_rule_is_followed_and_counts_what_it_did(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    assert control.post("/faults", json=NEW).json() == RULE
    answers = [octanist.get("/leads") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 200]
    assert answers[0].headers["retry-after"] == "3"
    assert control.get("/faults").json() == {
        "faults": [RULE | {"seen": 1, "applied": 1, "left": 0, "spent": True}]
    }


def test_a_rule_lives_by_the_clock_of_the_workspace(
    control: httpx.Client, octanist: httpx.Client
) -> None:
    control.put("/clock", json={"mode": "frozen", "at": "2025-01-31T12:00:00Z"})
    control.post("/faults", json={"fault": "server_error", "seconds_to_live": 60})
    assert octanist.get("/leads").status_code == 500
    control.post("/clock/advance", json={"seconds": 60})
    assert octanist.get("/leads").status_code == 200
    assert [each["expired"] for each in control.get("/faults").json()["faults"]] == [True]


def test_the_journal_tells_which_rule_it_was(control: httpx.Client, octanist: httpx.Client) -> None:
    control.post("/faults", json=NEW)
    number = octanist.get("/leads").headers["mockserver-request"]
    parameters = {"retry_after": 3, "retry_format": "seconds", "limit": None, "window": 60.0}
    assert control.get(f"/requests/{number}").json()["fault"] == {
        "kind": "rate_limited",
        "cause": "rule 1",
        "parameters": parameters,
    }


def test_rules_are_removed_one_by_one_or_all_at_once(control: httpx.Client) -> None:
    for name in ("slow", "reset", "timeout"):
        control.post("/faults", json={"fault": name})
    assert control.delete("/faults/2").status_code == 204
    assert [each["fault"] for each in control.get("/faults").json()["faults"]] == [
        "slow",
        "timeout",
    ]
    assert control.delete("/faults").status_code == 204
    assert control.get("/faults").json() == {"faults": []}


@pytest.mark.parametrize("id", ["2", "0", "99999999999999999999", "x"])
def test_a_rule_that_is_not_there_is_not_removed(id: str, control: httpx.Client) -> None:
    control.post("/faults", json={"fault": "slow"})
    assert (
        control.delete(f"/faults/{id}").status_code,
        len(control.get("/faults").json()["faults"]),
    ) == (404, 1)


@pytest.mark.parametrize(
    ("rule", "errors"),
    [
        pytest.param({}, {"/fault": "is required"}, id="empty"),
        pytest.param({"fault": "slow", "vendor": "sella"}, {"/vendor": "is 'sella', which is not known; did you mean sela?"}, id="vendor"),
        pytest.param(
            {"fault": "slow", "vendor": "octanist", "operation": "leads_create"},
            {"/operation": "is 'leads_create', which is not known; did you mean create_lead?"},
            id="operation of another vendor",
        ),
        pytest.param({"fault": "slow", "path": "/octanist/api/leads"}, {"/path": "'/octanist/api/leads' is no path of any vendor: did you mean /api/leads or /api/leads/?"}, id="path with the prefix"),
        pytest.param({"fault": "slow", "vendor": "octanist", "path": "/api/lead"}, {"/path": "'/api/lead' is no path of octanist: did you mean /api/leads or /api/leads/{id} or /api/stats?"}, id="path of no operation"),
        pytest.param({"fault": "slow", "operation": "list_leads", "path": "/api/check"}, {"/path": "'/api/check' is no path of list_leads: did you mean /api/leads?"}, id="path of another operation"),
        pytest.param({"fault": "slow", "operation": "list_leads", "body": {"status": "won"}}, {"/body": "list_leads takes no body"}, id="body of an operation without one"),
        pytest.param(
            {"fault": "slow", "body": {"email": {"$pattern": "@example.com$"}, "tags": [{"$any": True}]}},
            {
                "/body/email": "is a matcher, and a rule compares the body with values as they stand",
                "/body/tags/0": "is a matcher, and a rule compares the body with values as they stand",
            },
            id="matchers",
        ),
        pytest.param({"fault": "slow", "tmes": 1}, {"/tmes": "is no property here; known are fault, parameters, vendor, operation, path, body, lead, times, skip, probability, seconds_to_live"}, id="misspelt"),
        pytest.param({"fault": "slow", "probability": 2}, {"/probability": "must be at most 1"}, id="probability"),
        pytest.param({"fault": "slow", "times": 0}, {"/times": "must be at least 1"}, id="times"),
        pytest.param({"fault": "slow", "times": "1"}, {"/times": "must be an integer or null"}, id="text"),
        pytest.param({"fault": "slow", "lead": []}, {"/lead": "must be a string, an integer, or null"}, id="lead"),
        pytest.param(
            {"fault": "slow", "parameters": {"secs": 1}},
            {"/parameters/secs": "is no parameter of slow, which takes seconds, at_least, at_most"},
            id="parameter",
        ),
        pytest.param(
            {"fault": "slow", "vendor": "x", "parameters": {"seconds": -1}},
            {"/vendor": f"is 'x', which is not known; known are {', '.join(NAMES)}", "/parameters/seconds": "must be a number from 0 to 3600"},
            id="several at once",
        ),
        pytest.param(
            {"fault": "slow", "parameters": {"seconds": -1, "x": 1}, "vendor": "q", "operation": "update_leed", "times": 0, "probability": 2},
            {
                "/times": "must be at least 1",
                "/probability": "must be at most 1",
                "/vendor": f"is 'q', which is not known; known are {', '.join(NAMES)}",
                "/operation": "is 'update_leed', which is not known; did you mean update_lead or create_lead or delete_leads?",
                "/parameters/seconds": "must be a number from 0 to 3600",
                "/parameters/x": "is no parameter of slow, which takes seconds, at_least, at_most",
            },
            id="out of the document and otherwise",
        ),
        pytest.param(
            {"fault": 5, "parameters": [], "path": "leads", "seconds_to_live": 1e300},
            {
                "/fault": "must be a string",
                "/parameters": "must be a JSON object or null",
                "/path": "must begin with a slash, or with * for any beginning",
                "/seconds_to_live": "must end before the year 10000",
            },
            id="no fault and no parameters",
        ),
    ],
)  # fmt: skip  # a row of a table stays one row
def test_a_rule_that_could_never_do_anything_is_refused(
    rule: Any, errors: dict[str, str], control: httpx.Client
) -> None:
    answer = control.post("/faults", json=rule)
    assert (
        answer.status_code,
        {each["pointer"]: each["detail"] for each in answer.json()["errors"]},
    ) == (400, errors)
    assert control.get("/faults").json() == {"faults": []}

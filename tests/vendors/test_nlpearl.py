"""NLPearl's rules, one story each."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mockserver.errors import FixtureError
from mockserver.identity import phone_key
from mockserver.journal.view import describe
from mockserver.serving.server import MockServer
from mockserver.state.changes import TablesEmptied
from mockserver.state.tables import SavedTable
from mockserver.vendors.nlpearl.rules import phone_index
from mockserver.workspaces import Workspace
from tests.world import freeze, switch

PEARL = "66a1f0c2d60e456235eae601"
INBOUND = "66a1f0c2d60e456235eae602"
ADA = "66a1f0c2d60e456235eae701"
JOE = "66a1f0c2d60e456235eae70d"
LEADS = f"/v2/Outbound/{PEARL}/Leads"
LEAD = f"/v2/Outbound/{PEARL}/Lead"
NOWHERE = "0123456789abcdef01234567"

ADA_ROW = {
    "id": ADA,
    "externalId": "crm-1",
    "phoneNumber": "+12025550101",
    "timeZone": "-5.0",
    "status": 1,
    "created": "2025-02-10T17:01:00Z",
    "callsId": [],
    "lastCall": None,
    "callData": {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"},
    "collectedData": None,
}


def contents(workspace: Workspace) -> dict[str, SavedTable]:
    """Everything that is stored, with order and counters."""
    return {name: table.save() for name, table in workspace.tables["nlpearl"].items()}


def errors(answer: httpx.Response) -> dict[str, list[str]]:
    """The errors of a validation problem."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    return answer.json()["errors"]


def add(client: httpx.Client, **lead: Any) -> str:
    answer = client.post(LEAD, json={"phoneNumber": "+12025550150"} | lead)
    assert answer.status_code == 200, answer.text
    return answer.json()["leadId"]


def ids(answer: httpx.Response) -> list[str]:
    return [lead["externalId"] for lead in answer.json()["results"]]


# Adding one lead


def test_a_new_lead_is_answered_with_its_id_and_has_these_fields(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    freeze(workspace, datetime(2025, 3, 1, 12, 0, 0, 120_000, UTC))
    id = add(
        nlpearl,
        externalId="crm-50",
        timeZoneId="Pacific Standard Time",
        callData={"firstName": "Joan"},
    )
    assert id.startswith("67c2f6c0")
    assert id.endswith("000001")
    assert nlpearl.get(f"{LEAD}/{id}").json() == {
        "id": id,
        "externalId": "crm-50",
        "phoneNumber": "+12025550150",
        "timeZone": "-8.0",
        "status": 1,
        "created": "2025-03-01T12:00:00.12Z",
        "callsId": [],
        "lastCall": None,
        "callData": {"firstName": "Joan"},
        "collectedData": None,
    }


def test_a_lead_needs_no_more_than_a_phone_number(nlpearl: httpx.Client) -> None:
    lead = nlpearl.get(f"{LEAD}/{add(nlpearl)}").json()
    assert (lead["externalId"], lead["callData"], lead["timeZone"], lead["status"]) == (
        None,
        None,
        "-5.0",
        1,
    )


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        pytest.param("Pacific Standard Time", "-8.0", id="Windows"),
        pytest.param("Türkiye Standard Time", "3.0", id="renamed by Windows"),
        pytest.param("Turkey Standard Time", "3.0", id="its old name"),
        pytest.param("Nepal Standard Time", "5.75", id="quarter hour"),
        pytest.param("UTC", "0.0", id="none"),
        pytest.param("Europe/Rome", "1.0", id="IANA"),
        pytest.param(None, "-5.0", id="the pearl's"),
    ],
)
def test_time_zone_is_the_standard_offset_as_a_float(
    nlpearl: httpx.Client, name: str | None, offset: str
) -> None:
    assert nlpearl.get(f"{LEAD}/{add(nlpearl, timeZoneId=name)}").json()["timeZone"] == offset


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=repr(name))
        for name in ("Nowhere", "", " ", "../etc/passwd", "x" * 5000)
    ],
)
def test_an_unknown_time_zone_is_refused(nlpearl: httpx.Client, name: str) -> None:
    answer = nlpearl.post(LEAD, json={"phoneNumber": "+12025550150", "timeZoneId": name})
    assert errors(answer) == {
        "TimeZoneId": [f"The time zone ID '{name}' was not found on the local computer."]
    }


def test_iana_zones_can_be_switched_off(nlpearl: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "nlpearl", time_zones="windows")
    message = ["The time zone ID 'Europe/Rome' was not found on the local computer."]
    assert errors(nlpearl.post(LEAD, json={"phoneNumber": "+1", "timeZoneId": "Europe/Rome"})) == {
        "TimeZoneId": message
    }
    assert errors(nlpearl.put(f"{LEAD}/{ADA}", json={"timeZoneId": "Europe/Rome"})) == {
        "TimeZoneId": message
    }
    assert add(nlpearl, timeZoneId="romance standard time")


@pytest.mark.parametrize(
    "lead",
    [
        pytest.param({}, id="missing"),
        pytest.param({"phoneNumber": None}, id="null"),
        pytest.param({"phoneNumber": ""}, id="empty"),
        pytest.param({"phoneNumber": " \t"}, id="white space"),
    ],
)
def test_a_lead_without_a_phone_number_is_refused(
    nlpearl: httpx.Client, lead: dict[str, Any]
) -> None:
    assert errors(nlpearl.post(LEAD, json=lead)) == {
        "PhoneNumber": ["The PhoneNumber field is required."]
    }


@pytest.mark.parametrize(
    ("lead", "keys"),
    [
        pytest.param(
            {"phoneNumber": " ", "externalId": 7, "callData": {"a": 1}},
            {"leadToAdd", "$.externalId"},
            id="the first value that does not convert",
        ),
        pytest.param(
            {"phoneNumber": " ", "timeZoneId": "Nowhere"},
            {"PhoneNumber"},
            id="annotations before rules of the handler",
        ),
        pytest.param(
            {"phoneNumber": "1", "timeZoneId": "Nowhere"},
            {"TimeZoneId"},
            id="rules of the handler",
        ),
    ],
)
def test_problems_are_told_in_the_order_in_which_the_framework_finds_them(
    nlpearl: httpx.Client, lead: dict[str, Any], keys: set[str]
) -> None:
    assert set(errors(nlpearl.post(LEAD, json=lead))) == keys


def test_a_phone_number_may_be_any_text_and_comes_back_as_it_was_sent(
    nlpearl: httpx.Client,
) -> None:
    sent = "(202) 555-0177 ask for Joan"
    assert nlpearl.get(f"{LEAD}/{add(nlpearl, phoneNumber=sent)}").json()["phoneNumber"] == sent


def test_leads_may_repeat_each_other(nlpearl: httpx.Client) -> None:
    first = add(nlpearl, phoneNumber="+12025550101", externalId="crm-1")
    assert first != add(nlpearl, phoneNumber="+12025550101", externalId="crm-1")


def test_repeated_leads_can_be_refused(nlpearl: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "nlpearl", duplicate_leads="refuse")
    assert errors(
        nlpearl.post(LEAD, json={"phoneNumber": "(202) 555-0101", "externalId": "crm-2"})
    ) == {
        "PhoneNumber": ["A lead with this phoneNumber already exists."],
        "ExternalId": ["A lead with this externalId already exists."],
    }
    leads = [{"phoneNumber": "+12025550160"}, {"phoneNumber": "+1 202 555 0160"}]
    assert set(errors(nlpearl.post(f"{LEADS}/Add", json={"leads": leads}))) == {
        "Leads[1].PhoneNumber"
    }


# Pearls


@pytest.mark.parametrize(
    "pearl", [pytest.param(NOWHERE, id="an object id"), pytest.param("my pearl", id="any text")]
)
def test_adding_a_lead_creates_its_pearl_where_the_setting_says_so(
    nlpearl: httpx.Client, workspace: Workspace, pearl: str
) -> None:
    switch(workspace, "nlpearl", unknown_pearl="create")
    id = nlpearl.post(f"/v2/Outbound/{pearl}/Lead", json={"phoneNumber": "+12025550150"}).json()[
        "leadId"
    ]
    assert nlpearl.get(f"/v2/Outbound/{pearl}/Lead/{id}").json()["timeZone"] == "0.0"
    made = nlpearl.get(f"/v2/Pearl/{pearl}").json()
    assert (made["id"], made["name"], made["type"], made["status"], made["totalLeads"]) == (
        pearl,
        f"Pearl {pearl}",
        2,
        1,
        1,
    )


@pytest.mark.parametrize(
    ("pearl", "seeded"),
    [
        pytest.param("undefined", PEARL, id="an unset variable"),
        pytest.param(NOWHERE, NOWHERE, id="an id of elsewhere"),
    ],
)
def test_the_journal_says_which_pearls_there_are_and_how_to_seed_one(
    nlpearl: httpx.Client, workspace: Workspace, pearl: str, seeded: str
) -> None:
    nlpearl.post(f"/v2/Outbound/{pearl}/Lead", json={"phoneNumber": "+12025550150"})
    (record,) = workspace.journal
    section = f'{{"nlpearl":{{"pearls":[{{"id":"{seeded}"}}]}}}}'
    (note,) = describe(record)["notes"]
    assert note == (
        f"add_lead named the pearl `{pearl}`, and the workspace has `{PEARL}`, `{INBOUND}`. To "
        f"seed one: a fixture with `{section}`, or `POST /__admin/workspaces/<workspace>/seed` "
        f'with `{{"mode":"merge","fixture":{section}}}`. With the setting unknown_pearl: create a '
        "pearl is made when a lead is added to it"
    )


def test_the_journal_says_so_of_an_empty_workspace_too(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    workspace.apply([TablesEmptied()])
    nlpearl.get(f"{LEAD}/{ADA}")
    (record,) = workspace.journal
    (note,) = describe(record)["notes"]
    assert note.startswith(f"get_lead named the pearl `{PEARL}`, and the workspace has no pearl.")


def test_adding_leads_to_an_unknown_pearl_is_refused(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    before = contents(workspace)
    assert (
        nlpearl.post(f"/v2/Outbound/{NOWHERE}/Lead", json={"phoneNumber": "+1"}).status_code == 400
    )
    assert (
        nlpearl.post(
            f"/v2/Outbound/{NOWHERE}/Leads/Add", json={"leads": [{"phoneNumber": "+1"}]}
        ).status_code
        == 400
    )
    assert contents(workspace) == before


def test_a_refused_lead_leaves_no_pearl_behind(nlpearl: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "nlpearl", time_zones="windows")
    before = contents(workspace)
    assert (
        nlpearl.post(
            f"/v2/Outbound/{NOWHERE}/Lead", json={"phoneNumber": "+1", "timeZoneId": "Europe/Rome"}
        ).status_code
        == 400
    )
    assert contents(workspace) == before


def test_an_inbound_pearl_takes_no_leads(nlpearl: httpx.Client, workspace: Workspace) -> None:
    before, refused = contents(workspace), {"pearlId": ["An inbound pearl takes no leads."]}
    assert (
        errors(nlpearl.post(f"/v2/Outbound/{INBOUND}/Lead", json={"phoneNumber": "+1"})) == refused
    )
    assert (
        errors(
            nlpearl.post(
                f"/v2/Outbound/{INBOUND}/Leads/Add", json={"leads": [{"phoneNumber": "+1"}]}
            )
        )
        == refused
    )
    assert contents(workspace) == before


ON_PEARLS = [
    pytest.param("GET", f"/v2/Outbound/{NOWHERE}/Lead/{ADA}", None, id="get_lead"),
    pytest.param(
        "GET", f"/v2/Outbound/{NOWHERE}/Lead/External/crm-1", None, id="get_lead_by_external_id"
    ),
    pytest.param(
        "GET",
        f"/v2/Outbound/{NOWHERE}/Lead/PhoneNumber/+12025550101",
        None,
        id="get_lead_by_phone_number",
    ),
    pytest.param("PUT", f"/v2/Outbound/{NOWHERE}/Lead/{ADA}", {"status": 100}, id="update_lead"),
    pytest.param("POST", f"/v2/Outbound/{NOWHERE}/Leads", {}, id="search_leads"),
    pytest.param("DELETE", f"/v2/Outbound/{NOWHERE}/Leads", {"leadIds": [ADA]}, id="delete_leads"),
    pytest.param(
        "DELETE",
        f"/v2/Outbound/{NOWHERE}/Leads/External",
        {"leadExternalIds": ["crm-1"]},
        id="delete_leads_by_external_id",
    ),
    pytest.param("GET", f"/v2/Pearl/{NOWHERE}", None, id="get_pearl"),
    pytest.param("PUT", f"/v2/Pearl/{NOWHERE}/Active", {"isActive": True}, id="set_pearl_active"),
]


@pytest.mark.parametrize(("method", "path", "body"), ON_PEARLS)
def test_an_unknown_pearl_is_not_found(
    nlpearl: httpx.Client, workspace: Workspace, method: str, path: str, body: Any
) -> None:
    before = contents(workspace)
    assert errors(nlpearl.request(method, path, json=body)) == {
        "pearlId": ["The pearl was not found."]
    }
    assert contents(workspace) == before


@pytest.mark.parametrize(("method", "path", "body"), ON_PEARLS)
def test_an_unknown_pearl_can_be_a_404(
    nlpearl: httpx.Client, workspace: Workspace, method: str, path: str, body: Any
) -> None:
    switch(workspace, "nlpearl", not_found_status=404)
    answer = nlpearl.request(method, path, json=body)
    assert (answer.status_code, answer.json()["title"], answer.json()["status"]) == (
        404,
        "Not Found",
        404,
    )


def test_pearls_are_listed_and_the_first_is_outbound(nlpearl: httpx.Client) -> None:
    assert nlpearl.get("/v2/Pearl").json() == [
        {
            "id": PEARL,
            "name": "Loan qualification",
            "createdAt": "2025-01-15T09:00:00Z",
            "type": 2,
            "status": 1,
        },
        {
            "id": INBOUND,
            "name": "Front desk",
            "createdAt": "2025-01-20T09:00:00Z",
            "type": 1,
            "status": 1,
        },
    ]


def test_an_outbound_pearl_counts_its_leads(nlpearl: httpx.Client) -> None:
    nlpearl.put(f"{LEAD}/{ADA}", json={"status": 130})
    assert nlpearl.get(f"/v2/Pearl/{PEARL}").json() == {
        "id": PEARL,
        "name": "Loan qualification",
        "type": 2,
        "status": 1,
        "phoneNumber": "+12025550190",
        "totalAgents": 5,
        "created": "2025-01-15T09:00:00Z",
        "budgetConsumed": 120,
        "totalTodayCalls": 14,
        "totalOngoingCalls": 0,
        "totalOnQueue": None,
        "totalLeads": 13,
        "totalLeadsCompleted": 5,
        "totalLeadsSuccess": 2,
        "budgetTotal": 1000,
    }


def test_an_inbound_pearl_counts_its_queue(nlpearl: httpx.Client) -> None:
    pearl = nlpearl.get(f"/v2/Pearl/{INBOUND}").json()
    assert (
        pearl["totalOnQueue"],
        pearl["totalLeads"],
        pearl["totalLeadsCompleted"],
        pearl["totalLeadsSuccess"],
    ) == (1, None, None, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"isActive": True}, 1, id="run"),
        pytest.param({"isActive": False}, 2, id="pause"),
        pytest.param({}, 2, id="nothing said"),
    ],
)
def test_a_pearl_runs_or_pauses(nlpearl: httpx.Client, body: dict[str, Any], status: int) -> None:
    assert nlpearl.put(f"/v2/Pearl/{PEARL}/Active", json=body).json() == status
    assert nlpearl.get(f"/v2/Pearl/{PEARL}").json()["status"] == status


def test_the_account_is_the_fixtures(nlpearl: httpx.Client) -> None:
    assert nlpearl.get("/v2/Account").json() == {
        "name": "Demo account",
        "totalAgents": 10,
        "creditBalance": 250.5,
        "status": 1,
    }


# Adding many leads


def test_leads_are_added_together(nlpearl: httpx.Client) -> None:
    leads = [
        {"phoneNumber": "+12025550161", "externalId": "a"},
        {"PhoneNumber": "+12025550162", "externalid": "b"},
    ]
    assert nlpearl.post(f"{LEADS}/Add", json={"leads": leads}).json() is True
    assert [nlpearl.get(f"{LEAD}/External/{id}").json()["phoneNumber"] for id in "ab"] == [
        "+12025550161",
        "+12025550162",
    ]


MIXED: list[Any] = [
    {"phoneNumber": "+12025550161", "externalId": "good"},
    {"externalId": "no phone"},
    {"phoneNumber": "+12025550162", "timeZoneId": "Nowhere"},
    None,
    {"phoneNumber": "+12025550163", "externalId": "good too"},
]


def test_good_leads_stay_and_failed_ones_are_named_by_place(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    before = len(workspace.tables["nlpearl"]["leads"].rows)
    assert errors(nlpearl.post(f"{LEADS}/Add", json={"leads": MIXED})) == {
        "Leads[1].PhoneNumber": ["The PhoneNumber field is required."],
        "Leads[2].TimeZoneId": ["The time zone ID 'Nowhere' was not found on the local computer."],
        "Leads[3]": ["The Leads field is required."],
    }
    assert len(workspace.tables["nlpearl"]["leads"].rows) == before + 2
    assert nlpearl.get(f"{LEAD}/External/good too").status_code == 200


LEADS_REQUIRED = {"leadsToAdd": ["The leadsToAdd field is required."]}


@pytest.mark.parametrize("form", ["problem_details", "list"])
def test_of_leads_that_cannot_all_be_converted_none_is_stored(
    nlpearl: httpx.Client, workspace: Workspace, form: str
) -> None:
    switch(workspace, "nlpearl", failed_leads=form)
    before = contents(workspace)
    body = b'{"leads": [{"phoneNumber": "+1"}, {"phoneNumber": 5},\n {"externalId": "x"}, [], {"phoneNumber": "", "callData": {"a": 1}}]}'
    answer = nlpearl.post(
        "/v2/Outbound/none/Leads/Add", content=body, headers={"content-type": "application/json"}
    )
    assert errors(answer) == LEADS_REQUIRED | {
        "$.leads[1].phoneNumber": [
            NOT_CONVERTED.format("System.String", "leads[1].phoneNumber", 0, 51)
        ],
    }
    assert contents(workspace) == before


NOT_CONVERTED = "The JSON value could not be converted to {}. Path: $.{} | LineNumber: {} | BytePositionInLine: {}."


def test_a_slash_at_the_end_of_a_path_means_nothing(nlpearl: httpx.Client) -> None:
    plain, slashed = (
        nlpearl.get(f"/v2/Outbound/{PEARL}/Lead/66a1f0c2d60e456235eae701{end}") for end in ("", "/")
    )
    assert (slashed.status_code, slashed.json()) == (200, plain.json())
    assert nlpearl.get("/v2/Pearl/").json() == nlpearl.get("/v2/pearl").json()


def test_an_escaped_slash_in_a_path_stays_escaped(nlpearl: httpx.Client) -> None:
    for external in ("a/b", "c%2Fd", "e f"):
        assert (
            nlpearl.post(
                LEAD, json={"phoneNumber": "+12025550164", "externalId": external}
            ).status_code
            == 200
        )
    found = [
        nlpearl.get(f"{LEAD}/External/{place}").status_code
        for place in ("a%2Fb", "a%2fb", "c%2Fd", "e%20f")
    ]
    assert found == [400, 400, 200, 200]


@pytest.mark.parametrize(
    "body",
    [b'{"a\x01": 1, "b": "\xff"}', b'{"a\\x": ' + b'{"b":' * 40, b'{"\xff": 1, "a": "\x01"}'],
)
def test_a_name_that_no_parser_reads_is_refused_like_all_that_is_no_json(
    nlpearl: httpx.Client, body: bytes
) -> None:
    assert (
        nlpearl.post(LEAD, content=body, headers={"Content-Type": "application/json"}).status_code
        == 400
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(
            b'\xef\xbb\xbf{"phoneNumber": "+12025550165"}',
            "application/json",
            id="a byte order mark",
        ),
        pytest.param(
            '{"phoneNumber": "+12025550165"}'.encode("utf-16-le"),
            "application/json; charset=utf-16",
            id="UTF-16",
        ),
        pytest.param(
            '\ufeff{"phoneNumber": "+12025550165"}'.encode("utf-16-le"),
            'text/json; charset="Unicode"',
            id="UTF-16 with a mark",
        ),
    ],
)
def test_bodies_come_in_the_encodings_that_dotnet_writes(
    nlpearl: httpx.Client, body: bytes, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    assert nlpearl.post(LEAD, content=body, headers=headers).status_code == 200
    assert "leadToAdd" in errors(nlpearl.post(LEAD, content=body[:-2], headers=headers))


def test_failed_leads_can_be_a_list(nlpearl: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "nlpearl", failed_leads="list")
    answer = nlpearl.post(f"{LEADS}/Add", json={"leads": MIXED[:4]})
    assert (answer.status_code, answer.headers["content-type"]) == (
        400,
        "application/json; charset=utf-8",
    )
    assert answer.json() == [
        {
            "phoneNumber": None,
            "externalId": "no phone",
            "errors": ["The PhoneNumber field is required."],
        },
        {
            "phoneNumber": "+12025550162",
            "externalId": None,
            "errors": ["The time zone ID 'Nowhere' was not found on the local computer."],
        },
        {"phoneNumber": None, "externalId": None, "errors": ["The Leads field is required."]},
    ]


@pytest.mark.slow
def test_fifty_thousand_leads_are_taken(nlpearl: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "nlpearl", unknown_pearl="create")
    leads = [{"phoneNumber": f"+1202{number:07d}"} for number in range(50_000)]
    answer = nlpearl.post("/v2/Outbound/many/Leads/Add", json={"leads": leads}, timeout=60)
    assert (answer.status_code, answer.json()) == (200, True)
    assert (
        nlpearl.get("/v2/Outbound/many/Lead/PhoneNumber/(202) 004-9999").json()["phoneNumber"]
        == "+12020049999"
    )
    assert nlpearl.get("/v2/Pearl/many").json()["totalLeads"] == 50_000


def test_more_than_fifty_thousand_leads_are_refused_and_none_is_stored(
    nlpearl: httpx.Client, workspace: Workspace
) -> None:
    before = contents(workspace)
    answer = nlpearl.post(
        f"{LEADS}/Add", json={"leads": [{"phoneNumber": "+1"}] * 50_001}, timeout=60
    )
    assert errors(answer) == {
        "Leads": [
            "The field Leads must be a string or array type with a maximum length of '50000'."
        ]
    }
    assert contents(workspace) == before


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="missing"),
        pytest.param({"leads": None}, id="null"),
        pytest.param({"leads": []}, id="empty"),
    ],
)
def test_no_leads_are_all_added_unless_switched(
    nlpearl: httpx.Client, workspace: Workspace, body: dict[str, Any]
) -> None:
    assert nlpearl.post(f"{LEADS}/Add", json=body).json() is True
    switch(workspace, "nlpearl", empty_leads="refuse")
    assert errors(nlpearl.post(f"{LEADS}/Add", json=body)) == {
        "Leads": ["The Leads field is required."]
    }


# Reading a lead


def test_a_lead_is_found_by_its_id(nlpearl: httpx.Client) -> None:
    assert nlpearl.get(f"{LEAD}/{ADA}").json() == ADA_ROW


def test_a_lead_is_found_by_its_external_id(nlpearl: httpx.Client) -> None:
    assert nlpearl.get(f"{LEAD}/External/crm-1").json() == ADA_ROW


@pytest.mark.parametrize(
    "spelling",
    [
        "+12025550101",
        "%2B12025550101",
        "12025550101",
        "(202) 555-0101",
        "202-555-0101",
        "+1 202 555 0101",
    ],
)
def test_a_lead_is_found_by_its_phone_number_in_any_spelling(
    nlpearl: httpx.Client, spelling: str
) -> None:
    assert nlpearl.get(f"{LEAD}/PhoneNumber/{spelling}").json() == ADA_ROW


def test_the_short_way_to_a_phone_key_ends_where_the_long_one_does() -> None:
    phones = [f"+1{area}{exchange}0101" for area in range(200, 1000) for exchange in ("555", "011")]
    assert [phone_index(phone, "US") for phone in phones] == [phone_key(phone) for phone in phones]


@pytest.mark.parametrize("path", ["External/crm-50", "PhoneNumber/(202) 555-0150"])
def test_of_several_leads_the_newest_is_meant_unless_switched(
    nlpearl: httpx.Client, workspace: Workspace, path: str
) -> None:
    freeze(workspace, datetime(2025, 3, 1, tzinfo=UTC))
    first, _, last = (add(nlpearl, externalId="crm-50") for _ in range(3))
    assert nlpearl.get(f"{LEAD}/{path}").json()["id"] == last
    switch(workspace, "nlpearl", several_leads="oldest")
    assert nlpearl.get(f"{LEAD}/{path}").json()["id"] == first


UNKNOWN = [
    pytest.param("GET", NOWHERE, "leadId", id="id"),
    pytest.param("GET", "nonsense", "leadId", id="no object id"),
    pytest.param("GET", "External/nobody", "externalId", id="external id"),
    pytest.param("GET", "PhoneNumber/+12025550199", "phoneNumber", id="phone number"),
    pytest.param("GET", "PhoneNumber/none", "phoneNumber", id="no phone number"),
    pytest.param("PUT", NOWHERE, "leadId", id="update"),
]


@pytest.mark.parametrize(("method", "path", "place"), UNKNOWN)
def test_an_unknown_lead_is_not_found(
    nlpearl: httpx.Client, workspace: Workspace, method: str, path: str, place: str
) -> None:
    body = {"status": 100} if method == "PUT" else None
    assert errors(nlpearl.request(method, f"{LEAD}/{path}", json=body)) == {
        place: ["The lead was not found."]
    }
    switch(workspace, "nlpearl", not_found_status=404)
    assert nlpearl.request(method, f"{LEAD}/{path}", json=body).status_code == 404


def test_a_lead_belongs_to_its_pearl_alone(nlpearl: httpx.Client) -> None:
    assert nlpearl.get(f"/v2/Outbound/{INBOUND}/Lead/{ADA}").status_code == 400
    assert (
        nlpearl.put(f"/v2/Outbound/{INBOUND}/Lead/{ADA}", json={"status": 100}).status_code == 400
    )
    assert (
        nlpearl.request("DELETE", f"/v2/Outbound/{INBOUND}/Leads", json={"leadIds": [ADA]}).json()
        is False
    )
    assert nlpearl.get(f"{LEAD}/{ADA}").json() == ADA_ROW


def test_a_path_that_is_no_text_finds_nothing(nlpearl: httpx.Client) -> None:
    assert errors(nlpearl.get(f"{LEAD}/%ff")) == {"leadId": ["The lead was not found."]}


# Updating a lead


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        pytest.param({"status": 130}, {"status": 130}, id="stop calling"),
        pytest.param(
            {"phoneNumber": "(202) 555-0180"}, {"phoneNumber": "(202) 555-0180"}, id="phone number"
        ),
        pytest.param({"externalId": "x"}, {"externalId": "x"}, id="external id"),
        pytest.param({"externalId": ""}, {"externalId": ""}, id="an empty text is a value"),
        pytest.param({"timeZoneId": "India Standard Time"}, {"timeZone": "5.5"}, id="time zone"),
        pytest.param({"callData": {"a": "b"}}, {"callData": {"a": "b"}}, id="callData is replaced"),
        pytest.param({"callData": {}}, {"callData": {}}, id="callData is emptied"),
        pytest.param(
            {"callData": {"a": None, "b": "c"}},
            {"callData": {"b": "c"}},
            id="a null in callData is dropped",
        ),
        pytest.param(
            {"STATUS": 100, "PhoneNumber": "1"},
            {"status": 100, "phoneNumber": "1"},
            id="names in any letter case",
        ),
        pytest.param({"stranger": 1}, {}, id="an unknown member is ignored"),
        pytest.param({}, {}, id="nothing"),
        pytest.param(
            {
                "phoneNumber": None,
                "externalId": None,
                "timeZoneId": None,
                "callData": None,
                "status": None,
            },
            {},
            id="null is not given",
        ),
    ],
)
def test_an_update_changes_what_is_given_and_answers_the_lead(
    nlpearl: httpx.Client, given: Any, changed: Any
) -> None:
    answer = nlpearl.put(f"{LEAD}/{ADA}", json=given)
    assert (answer.status_code, answer.json()) == (200, ADA_ROW | changed)
    assert nlpearl.get(f"{LEAD}/{ADA}").json() == ADA_ROW | changed


def test_call_data_can_be_merged(nlpearl: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "nlpearl", call_data_update="merge")
    call_data = nlpearl.put(
        f"{LEAD}/{ADA}", json={"callData": {"lastName": "King", "city": "London"}}
    ).json()["callData"]
    assert call_data == {
        "firstName": "Ada",
        "lastName": "King",
        "email": "ada@example.com",
        "city": "London",
    }


@pytest.mark.parametrize("status", [1, 10, 100, 110, 130])
def test_an_update_sets_these_statuses(nlpearl: httpx.Client, status: int) -> None:
    assert nlpearl.put(f"{LEAD}/{ADA}", json={"status": status}).json()["status"] == status


@pytest.mark.parametrize("status", [0, 20, 30, 40, 70, 150, 220, 300, 500, 999, -1])
def test_an_update_sets_no_other_status(
    nlpearl: httpx.Client, workspace: Workspace, status: int
) -> None:
    before = contents(workspace)
    assert errors(nlpearl.put(f"{LEAD}/{ADA}", json={"phoneNumber": "+1", "status": status})) == {
        "Status": ["The field Status is invalid."]
    }
    assert contents(workspace) == before


def test_an_updated_lead_is_found_by_its_new_keys_only(nlpearl: httpx.Client) -> None:
    nlpearl.put(f"{LEAD}/{ADA}", json={"phoneNumber": "+12025550188", "externalId": "new"})
    found = [
        nlpearl.get(f"{LEAD}/{path}").status_code
        for path in ("External/new", "PhoneNumber/2025550188")
    ]
    lost = [
        nlpearl.get(f"{LEAD}/{path}").status_code
        for path in ("External/crm-1", "PhoneNumber/2025550101")
    ]
    assert (found, lost) == ([200, 200], [400, 400])


# Searching


def test_a_search_gives_short_leads_and_counts_all(nlpearl: httpx.Client) -> None:
    found = nlpearl.post(LEADS, json={"skip": 0, "limit": 1, "isAscending": True}).json()
    short = {
        name: value
        for name, value in ADA_ROW.items()
        if name not in ("callsId", "lastCall", "collectedData")
    }
    assert found == {"count": 13, "results": [short]}


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        pytest.param({"searchInput": "ada", "isAscending": True}, [1], id="a value of callData"),
        pytest.param(
            {"searchInput": "FAMILY@", "isAscending": True}, [11, 12], id="in any letter case"
        ),
        pytest.param({"searchInput": "crm-13"}, [13], id="external id"),
        pytest.param(
            {"searchInput": "555010", "isAscending": True, "limit": 3}, [1, 2, 3], id="phone number"
        ),
        pytest.param({"searchInput": "firstName"}, [], id="not the names in callData"),
        pytest.param({"searchInput": "", "limit": 2, "isAscending": True}, [1, 2], id="no text"),
        pytest.param({"statuses": [1], "isAscending": True}, [1, 12], id="one status"),
        pytest.param({"statuses": [100, 130]}, [13, 5, 3], id="two statuses, newest first"),
        pytest.param({"statuses": [999]}, [], id="a status that is none"),
        pytest.param({"statuses": [], "limit": 1}, [13], id="no statuses"),
        pytest.param(
            {"statuses": None, "searchInput": None, "sortProp": None, "limit": 1}, [13], id="nulls"
        ),
        pytest.param({"skip": 11, "limit": 5, "isAscending": True}, [12, 13], id="second page"),
        pytest.param({"skip": 99}, [], id="past the end"),
        pytest.param({"skip": -3, "limit": 1}, [13], id="negative skip"),
        pytest.param(
            {"skip": "11", "limit": "1", "isAscending": True}, [12], id="numbers as texts"
        ),
        pytest.param(
            {"sortProp": "PHONENUMBER", "limit": 2, "isAscending": True},
            [13, 1],
            id="sorted in any letter case",
        ),
        pytest.param(
            {"sortProp": "status", "limit": 2}, [11, 10], id="sorted by a number, descending"
        ),
        pytest.param(
            {"sortProp": "nothing", "limit": 2, "isAscending": True}, [1, 2], id="unknown sortProp"
        ),
        pytest.param(
            {"sortProp": "lastCall", "limit": 1}, [13], id="sorted by what most do not have"
        ),
    ],
)
def test_a_search_finds(nlpearl: httpx.Client, search: dict[str, Any], expected: list[int]) -> None:
    assert ids(nlpearl.post(LEADS, json=search)) == [f"crm-{number}" for number in expected]


@pytest.mark.parametrize(
    "limit",
    [
        pytest.param({}, id="none"),
        pytest.param({"limit": 0}, id="zero"),
        pytest.param({"limit": -1}, id="negative"),
    ],
)
def test_a_search_without_a_limit_has_the_default_one(
    nlpearl: httpx.Client, workspace: Workspace, limit: dict[str, int]
) -> None:
    assert len(ids(nlpearl.post(LEADS, json=limit))) == 13
    switch(workspace, "nlpearl", search_limit=4)
    assert len(ids(nlpearl.post(LEADS, json=limit))) == 4


def test_leads_of_one_moment_keep_their_order(nlpearl: httpx.Client, workspace: Workspace) -> None:
    freeze(workspace, datetime(2025, 3, 1, tzinfo=UTC))
    for name in ("zz1", "zz2", "zz3"):
        add(nlpearl, externalId=name)
    assert ids(nlpearl.post(LEADS, json={"searchInput": "zz", "isAscending": True})) == [
        "zz1",
        "zz2",
        "zz3",
    ]
    assert ids(nlpearl.post(LEADS, json={"searchInput": "zz"})) == ["zz3", "zz2", "zz1"]


# Deleting


@pytest.mark.parametrize(
    ("asked", "deleted"),
    [
        pytest.param([ADA, JOE], True, id="all there"),
        pytest.param([ADA, NOWHERE], True, id="one there"),
        pytest.param([ADA, ADA, None], True, id="one twice, and null"),
        pytest.param([NOWHERE], False, id="none there"),
        pytest.param([], False, id="none asked for"),
        pytest.param(None, False, id="null"),
    ],
)
def test_leads_are_deleted_by_their_ids(nlpearl: httpx.Client, asked: Any, deleted: bool) -> None:
    assert nlpearl.request("DELETE", LEADS, json={"leadIds": asked}).json() is deleted
    assert nlpearl.get(f"{LEAD}/{ADA}").status_code == (400 if ADA in (asked or ()) else 200)


def test_leads_are_deleted_by_their_external_ids(nlpearl: httpx.Client) -> None:
    add(nlpearl, externalId="crm-1")
    body: Any = {"leadExternalIds": ["crm-1", "crm-2", "nobody"]}
    assert nlpearl.request("DELETE", f"{LEADS}/External", json=body).json() is True
    assert nlpearl.post(LEADS, json={}).json()["count"] == 11
    assert nlpearl.request("DELETE", f"{LEADS}/External", json=body).json() is False


def test_a_deletion_can_be_true_only_for_all(nlpearl: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "nlpearl", delete_result="all")
    assert nlpearl.request("DELETE", LEADS, json={"leadIds": [ADA, NOWHERE]}).json() is False
    assert nlpearl.request("DELETE", LEADS, json={"leadIds": [JOE]}).json() is True


def test_a_bad_id_is_named_by_its_place_among_nulls(nlpearl: httpx.Client) -> None:
    assert set(errors(nlpearl.request("DELETE", LEADS, json={"leadIds": [ADA, None, 5]}))) == {
        "$.leadIds[2]",
        "deleteLeadsRequest",
    }


# Worlds and fixtures


def test_the_documented_account_id_is_a_credential(server: MockServer) -> None:
    headers = {"Authorization": "Bearer 66552698d60e456235eae520:tWPqr5EEZv2dxqutv58NsCg7NuqGc1tX"}
    assert httpx.get(f"{server.url}/nlpearl/v2/Account", headers=headers).status_code == 200


def test_ids_are_the_same_in_every_run(serve: Callable[..., str]) -> None:
    made = []
    for seed in (7, 7, 8):
        with httpx.Client(
            base_url=serve(seed=seed) + "/nlpearl", headers={"Authorization": "Bearer a:b"}
        ) as client:
            made.append(add(client)[8:])
    assert made[0] == made[1]
    assert made[0] != made[2]


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        pytest.param(
            {"pearls": [{"id": "p"}, {"id": "p"}]},
            "nlpearl.pearls[1].id: the id p stands twice in pearls",
            id="pearl twice",
        ),
        pytest.param(
            {"leads": [{"pearlId": "p", "phoneNumber": "1"}]},
            "nlpearl.leads[0].pearlId: there is no p in pearls",
            id="no pearl",
        ),
        pytest.param(
            {
                "pearls": [{"id": "p"}],
                "leads": [{"id": ADA, "pearlId": "p", "phoneNumber": "1"}] * 2,
            },
            f"nlpearl.leads[1].id: the id {ADA} stands twice in leads",
            id="lead twice",
        ),
        pytest.param(
            {"pearls": [{"id": "p", "timeZoneId": "Nowhere"}]},
            "nlpearl.pearls[0].timeZoneId",
            id="unknown zone",
        ),
        pytest.param(
            {"leads": [{"pearlId": "p"}]}, "nlpearl.leads[0].phoneNumber", id="no phone number"
        ),
    ],
)
def test_a_fixture_that_breaks_a_rule_stops_the_start(
    tmp_path: Any, section: dict[str, Any], sentence: str
) -> None:
    file = tmp_path / "fixture.yaml"
    file.write_text(json.dumps({"nlpearl": section}), "utf-8")
    with pytest.raises(FixtureError) as caught:
        MockServer(fixtures=str(file))
    assert sentence in str(caught.value)


def test_rows_load_back_as_they_are_and_new_ids_go_past_them(
    nlpearl: httpx.Client, workspace: Workspace, tmp_path: Any
) -> None:
    freeze(workspace, datetime(2025, 3, 1, tzinfo=UTC))
    last = add(nlpearl)
    tables = workspace.tables["nlpearl"]
    section = {
        "pearls": list(tables["pearls"].rows.values()),
        "leads": list(tables["leads"].rows.values()),
    }
    file = tmp_path / "fixture.yaml"
    file.write_text(json.dumps({"nlpearl": section, "clock": "2025-03-01T00:00:00Z"}), "utf-8")
    with MockServer(fixtures=str(file)) as other:
        loaded = other.app.workspaces.admit("a").tables["nlpearl"]
        assert {name: list(loaded[name].rows.values()) for name in section} == section
        with httpx.Client(
            base_url=f"{other.url}/nlpearl", headers={"Authorization": "Bearer a:b"}
        ) as client:
            assert int(add(client), 16) == int(last, 16) + 1


# Strange input


NASTY = [
    pytest.param(b'{"phoneNumber": "a\\u0000b"}', id="NUL"),
    pytest.param(b'{"phoneNumber": "\\ud800"}', id="lone surrogate"),
    pytest.param(b'{"\\ud800": {"x": "\\ud800"}}', id="lone surrogate in a name"),
    pytest.param(b'{"a\\u0000": {"x": "\\u0000"}}', id="NUL in a name"),
    pytest.param(b'{"phoneNumber": "\xff"}', id="no UTF-8"),
    pytest.param(b'{"status": 1e400}', id="infinite"),
    pytest.param(b'{"status": 1' + b"0" * 400 + b"}", id="ten to the 400th"),
    pytest.param(b'{"status": 1' + b"0" * 5000 + b"}", id="ten to the 5000th"),
    pytest.param(
        b'{"status": 9007199254740993, "skip": 9007199254740993, "leadIds": 9007199254740993}',
        id="past 2 to the 53rd",
    ),
    pytest.param(
        b'{"status": 18446744073709551616, "skip": 18446744073709551616, "leads": 18446744073709551616}',
        id="past 64 bits",
    ),
    pytest.param(
        b'{"skip": "99999999999999999999", "isActive": "true"}', id="a huge number as text"
    ),
    pytest.param(b'{"status": NaN}', id="NaN"),
    pytest.param(b'{"callData": ' + b"[" * 5000 + b"]" * 5000 + b"}", id="deep"),
    pytest.param(b"[" * 200_000, id="deep and open"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"null", id="null"),
    pytest.param(b'"text"', id="a text"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"   ", id="white space"),
    pytest.param(b"{", id="half an object"),
    pytest.param(
        b'{"callData": [], "leads": {}, "leadIds": "x", "leadExternalIds": [[]], "statuses": {}, "isActive": null}',
        id="wrong types",
    ),
    pytest.param(
        b'{"callData": {"": {}}, "leads": [[], 1, "x", null], "leadIds": [{}], "statuses": [null, 1.5]}',
        id="wrong types inside",
    ),
    pytest.param(b'{"phoneNumber": "' + b"9" * 100_000 + b'"}', id="a long phone number"),
]
WRITING = [
    pytest.param("POST", LEAD, id="add_lead"),
    pytest.param("POST", f"{LEADS}/Add", id="add_leads"),
    pytest.param("PUT", f"{LEAD}/{ADA}", id="update_lead"),
    pytest.param("POST", LEADS, id="search_leads"),
    pytest.param("DELETE", LEADS, id="delete_leads"),
    pytest.param("DELETE", f"{LEADS}/External", id="delete_leads_by_external_id"),
    pytest.param("PUT", f"/v2/Pearl/{PEARL}/Active", id="set_pearl_active"),
]


@pytest.mark.parametrize("body", NASTY)
@pytest.mark.parametrize(("method", "path"), WRITING)
def test_strange_bodies_never_break_the_server(
    nlpearl: httpx.Client, workspace: Workspace, method: str, path: str, body: bytes
) -> None:
    before = contents(workspace)
    answer = nlpearl.request(
        method, path, content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert contents(workspace) == before


@pytest.mark.parametrize("strictness", ["vendor", "document"])
def test_whole_numbers_with_a_fraction(serve: Callable[..., str], strictness: str) -> None:
    with httpx.Client(
        base_url=serve(strictness=strictness) + "/nlpearl", headers={"Authorization": "Bearer a:b"}
    ) as client:
        update = client.put(f"{LEAD}/{ADA}", json={"status": 100.0})
        search = client.post(LEADS, json={"skip": 1.0, "limit": 2.0})
    assert {update.status_code, search.status_code} == ({400} if strictness == "vendor" else {200})
    if strictness == "document":
        assert update.json()["status"] == 100
        assert len(ids(search)) == 2


@pytest.mark.parametrize(
    ("body", "key"),
    [
        pytest.param({"phoneNumber": "+1", "stranger": 1}, "$.stranger", id="unknown member"),
        pytest.param(
            {"phoneNumber": "+1", "callData": {"a": None}}, "CallData.A", id="null in callData"
        ),
        pytest.param({"PhoneNumber": "+1"}, "$.PhoneNumber", id="letter case"),
    ],
)
def test_document_strictness_reads_to_the_letter(
    serve: Callable[..., str], body: dict[str, Any], key: str
) -> None:
    url = serve(strictness="document") + "/nlpearl" + LEAD
    assert key in errors(httpx.post(url, json=body, headers={"Authorization": "Bearer a:b"}))

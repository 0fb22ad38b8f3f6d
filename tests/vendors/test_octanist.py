"""Octanist's leads: the documented rules one by one, and what the server does where the documentation is silent."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import yaml

from mockserver.journal.view import describe
from mockserver.state.changes import Row
from mockserver.workspaces import Workspace
from tests.world import freeze, switch

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NOON_TEXT = "2026-03-10T12:00:00.000Z"
SESSION = "550e8400-e29b-41d4-a716-446655440000"
FAMILY = {"email": "family@example.com"}


def lead(client: httpx.Client, id: str) -> Row:
    return client.get(f"/leads/{id}").json()["data"]


def error(answer: httpx.Response) -> tuple[int, str, dict[str, Any]]:
    """The status, the code and the details of a refusal."""
    body = answer.json()
    assert body["success"] is False
    return answer.status_code, body["error"]["code"], body["error"]["details"]


def create(client: httpx.Client, **fields: Any) -> Row:
    return lead(client, client.post("/leads", json=fields).json()["data"]["id"])


def update(client: httpx.Client, **fields: Any) -> Row:
    """The lead after an update that succeeds."""
    answer = client.patch("/leads", json=fields)
    assert answer.status_code == 200, answer.text
    return lead(client, answer.json()["data"]["leadId"])


def ids(client: httpx.Client, **query: Any) -> list[str]:
    """The ids of the leads that a query lists, without what the demo's have in common."""
    answer = client.get("/leads", params=query)
    assert answer.status_code == 200, answer.text
    return [each["id"].removeprefix("lead_") for each in answer.json()["data"]]


def settle(workspace: Workspace, **settings: Any) -> None:
    switch(workspace, "octanist", **settings)


def rows(workspace: Workspace) -> dict[Any, Row]:
    return dict(workspace.tables["octanist"]["leads"].rows)


# The key


def test_a_key_is_checked_without_the_envelope(octanist: httpx.Client) -> None:
    answer = octanist.post("/check")
    assert (answer.status_code, answer.json()) == (200, {"success": True})


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no key"),
        pytest.param({"X-API-KEY": ""}, id="an empty key"),
        pytest.param({"X-API-KEY": "invalid"}, id="an invalid key"),
        pytest.param({"X-API-KEY": "expired"}, id="an expired key"),
        pytest.param({"Authorization": "Bearer demo"}, id="a bearer token"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/check"),
        ("GET", "/leads"),
        ("GET", "/leads/lead_abc123"),
        ("POST", "/leads"),
        ("PATCH", "/leads"),
        ("POST", "/stats"),
    ],
)
def test_every_operation_wants_a_key(
    octanist: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = httpx.request(method, f"{octanist.base_url}{path[1:]}", headers=headers)
    assert error(answer) == (401, "UNAUTHORIZED", {})
    assert answer.json()["error"]["message"] == "Invalid or missing API key"


def test_another_keys_leads_are_not_found(octanist: httpx.Client) -> None:
    id = create(octanist, name="Ada")["id"]
    assert error(octanist.get(f"/leads/{id}", headers={"X-API-KEY": "somebody-else"})) == (
        404,
        "NOT_FOUND",
        {},
    )


# Routes


@pytest.mark.parametrize("path", ["/nothing", "/leads/", "/LEADS", "/leads/a/b", "/v1/leads"])
def test_an_unknown_route_is_told_in_the_envelope(octanist: httpx.Client, path: str) -> None:
    assert error(octanist.get(path)) == (404, "NOT_FOUND", {})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("DELETE", "/leads", "GET, HEAD, PATCH, POST", id="leads"),
        pytest.param("PUT", "/leads/lead_abc123", "GET, HEAD", id="a lead"),
        pytest.param("GET", "/check", "POST", id="check"),
        pytest.param("GET", "/stats", "POST", id="stats"),
    ],
)
def test_a_wrong_method_is_told_which_ones_there_are(
    octanist: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = octanist.request(method, path)
    assert error(answer) == (405, "METHOD_NOT_ALLOWED", {})
    assert ", ".join(sorted(answer.headers["allow"].split(", "))) == allowed


def test_head_is_answered_like_get(octanist: httpx.Client) -> None:
    answer = octanist.head("/leads/lead_abc123")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (
        200,
        b"",
        "application/json",
    )


def test_every_request_has_an_id_of_its_own_and_the_workspaces_time(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    freeze(workspace, NOON)
    metas = [octanist.get(path).json()["meta"] for path in ("/leads/lead_abc123", "/leads/none")]
    assert [meta["timestamp"] for meta in metas] == [NOON_TEXT, NOON_TEXT]
    assert metas[0]["requestId"] != metas[1]["requestId"]


# Reading bodies


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/ld+json",
        None,
    ],
)
def test_json_is_read_with_and_without_a_content_type(
    octanist: httpx.Client, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert (
        octanist.patch("/leads", content=b'{"id": "lead_abc123"}', headers=headers).status_code
        == 200
    )


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "*/*"],
)
def test_another_content_type_is_refused(octanist: httpx.Client, content_type: str) -> None:
    answer = octanist.patch(
        "/leads", content=b'{"id": "lead_abc123"}', headers={"Content-Type": content_type}
    )
    assert error(answer) == (415, "UNSUPPORTED_MEDIA_TYPE", {})


def test_a_body_that_is_too_large_is_refused(serve: Callable[..., str]) -> None:
    url = serve(max_body=100)
    answer = httpx.post(
        f"{url}/octanist/api/leads", headers={"X-API-KEY": "demo"}, json={"name": "x" * 200}
    )
    assert error(answer) == (413, "PAYLOAD_TOO_LARGE", {})


NASTY = {
    "nothing": b"",
    "white space": b"  ",
    "broken": b'{"id": ',
    "two values": b"{} {}",
    "NaN": b'{"id": "a", "value": NaN}',
    "endless": b'{"id": "a", "value": 1e400}',
    "400 digits": b'{"id": "a", "value": 1' + b"0" * 400 + b"}",
    "5000 digits": b'{"id": "a", "value": 1' + b"0" * 5000 + b"}",
    "endless text": b'{"id": "a", "value": "1' + b"0" * 400 + b'"}',
    "endless in custom": b'{"id": "a", "value": null, "custom": {"a": [1' + b"0" * 400 + b"]}}",
    "a null": b"null",
    "a list": b"[]",
    "a list of leads": b'[{"id": "lead_abc123"}]',
    "a text": b'"lead_abc123"',
    "a number": b"1",
    "a NUL": b'{"id": "a\\u0000", "name": "a\\u0000"}',
    "a NUL in a name": b'{"id": "a", "a\\u0000": 1, "name": "a"}',
    "a lone surrogate": b'{"id": "\\ud800", "name": "\\ud800"}',
    "a lone surrogate above a NUL": b'{"name": "a", "\\udfff": {"b": "\\u0000"}}',
    "no UTF-8": b'{"id": \xff}',
    "half a byte order mark": b'\xef\xbb{"id": "a", "name": "a"}',
    "deep lists": b'{"name": "a", "custom": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"custom":' * 200 + b"1" + b"}" * 200,
    "objects for texts": b'{"id": {}, "email": [], "phone": 1, "name": false}',
}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    "content", [pytest.param(content, id=name) for name, content in NASTY.items()]
)
def test_strange_bodies_are_refused_and_leave_everything_as_it_was(
    octanist: httpx.Client, workspace: Workspace, method: str, content: bytes
) -> None:
    before = rows(workspace)
    answer = octanist.request(
        method, "/leads", content=content, headers={"Content-Type": "application/json"}
    )
    assert error(answer)[:2] == (400, "VALIDATION_ERROR")
    assert rows(workspace) == before


@pytest.mark.parametrize(
    "content", [pytest.param(content, id=name) for name, content in NASTY.items()]
)
def test_strange_bodies_do_not_break_the_stats(octanist: httpx.Client, content: bytes) -> None:
    answer = octanist.post("/stats", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "Unexpected end of JSON input", id="nothing"),
        pytest.param(
            b"{id: 1}",
            "Expected property name or '}' in JSON at position 1",
            id="a name without quotes",
        ),
        pytest.param(
            b'{"value": NaN}',
            'Unexpected token \'N\', "{"value": NaN}" is not valid JSON',
            id="NaN",
        ),
        pytest.param(
            b'{"value": \xff}',
            'Unexpected token \'\ufffd\', "{"value": \ufffd}" is not valid JSON',
            id="no UTF-8",
        ),
        pytest.param(
            b'\xef\xbb\xbf{"id" 1}',
            "Expected ':' after property name in JSON at position 6",
            id="after a byte order mark",
        ),
        pytest.param(
            b"[" * 129 + b"]" * 129, "body must not nest deeper than 128 levels", id="too deep"
        ),
        pytest.param(
            b'{"value": 1' + b"0" * 5000 + b"}",
            "body must not hold a number of thousands of digits",
            id="a long number",
        ),
    ],
)
def test_a_body_that_is_no_json_is_told_in_the_words_of_javascript(
    octanist: httpx.Client, content: bytes, words: str
) -> None:
    answer = octanist.patch("/leads", content=content, headers={"Content-Type": "application/json"})
    assert error(answer) == (400, "VALIDATION_ERROR", {"body": [words]})
    assert answer.json()["error"]["message"] == "The request body is not valid JSON"


@pytest.mark.parametrize(
    ("content", "details"),
    [
        pytest.param(
            "[😀]",
            rb"""{"body":["Unexpected token '\ud83d', \"[%s]\" is not valid JSON"]}"""
            % "😀".encode(),
            id="the sign that is wrong",
        ),
        pytest.param(
            '["1234567890😀12345", x]',
            rb"""{"body":["Unexpected token 'x', ...\"%s12345\", x]\" is not valid JSON"]}"""
            % "😀".encode(),
            id="a whole pair at the edge",
        ),
        pytest.param(
            '["1234567890😀123456", x]',
            rb"""{"body":["Unexpected token 'x', ...\"\ude00123456\", x]\" is not valid JSON"]}""",
            id="half a pair at the edge",
        ),
        pytest.param(
            r'{"name": "Ada", "custom": {"\ud83d": "\u0000"}}',
            rb"""{"custom":["custom must not contain lone surrogates"],"""
            rb""""custom.\ud83d":["custom.\ud83d must not contain NUL characters"]}""",
            id="the name of a field",
        ),
    ],
)
def test_half_a_surrogate_pair_is_written_as_javascript_does(
    octanist: httpx.Client, content: str, details: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = octanist.post("/leads", content=content.encode(), headers=headers)
    assert answer.status_code == 400
    assert answer.content.partition(b'"details":')[2].partition(b'},"meta"')[0] == details


def test_bytes_that_are_no_utf_8_are_replaced(octanist: httpx.Client) -> None:
    answer = octanist.post(
        "/leads", content=b'{"name": "Ad\xe8le"}', headers={"Content-Type": "application/json"}
    )
    assert lead(octanist, answer.json()["data"]["id"])["name"] == "Ad\ufffdle"


def test_a_byte_order_mark_is_passed_over(octanist: httpx.Client) -> None:
    answer = octanist.patch(
        "/leads", content=b'\xef\xbb\xbf{"id": "lead_demo01", "note": "marked"}'
    )
    assert (answer.status_code, lead(octanist, "lead_demo01")["note"]) == (200, "marked")


def test_all_problems_are_named_at_once(octanist: httpx.Client) -> None:
    body = {
        "id": 7,
        "status": "open",
        "changedTo": None,
        "value": "1,000",
        "note": [],
        "lossReason": {},
    }
    answer = octanist.patch("/leads", json=body)
    assert error(answer) == (
        400,
        "VALIDATION_ERROR",
        {
            "id": ["id must be a string"],
            "status": ["status must be one of qualified, won, lost"],
            "changedTo": ["changedTo must be one of qualified, won, lost"],
            "value": ["value must be a number"],
            "note": ["note must be a string"],
            "lossReason": ["lossReason must be a string"],
        },
    )
    assert answer.json()["error"]["message"].endswith(" (and 5 more)")


# Updating


def test_the_first_identifier_given_decides(octanist: httpx.Client) -> None:
    answer = octanist.patch(
        "/leads",
        json={
            "id": "lead_demo01",
            "email": "grace@example.com",
            "phone": "+13125550103",
            "note": "hello",
        },
    )
    assert answer.json()["data"] == {
        "leadId": "lead_demo01",
        "leadsUpdated": 1,
        "message": "Lead updated successfully",
    }


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        pytest.param({"id": "lead_demo01"}, "lead_demo01", id="id"),
        pytest.param({"email": "ada@example.com"}, "lead_demo01", id="e-mail"),
        pytest.param(
            {"email": " ADA@Example.com "}, "lead_demo01", id="e-mail in another spelling"
        ),
        pytest.param({"phone": "+12025550101"}, "lead_demo01", id="phone"),
        pytest.param({"phone": " +12025550101 "}, "lead_demo01", id="phone with white space"),
        pytest.param({"phone": "+1234567890"}, "lead_abc123", id="a phone that is no valid number"),
        pytest.param({"id": "", "email": "ada@example.com"}, "lead_demo01", id="an empty id"),
        pytest.param(
            {"id": "", "email": "", "phone": "+12025550101"}, "lead_demo01", id="an empty e-mail"
        ),
    ],
)
def test_a_lead_is_found_by_an_identifier(
    octanist: httpx.Client, identifier: Row, found: str
) -> None:
    assert octanist.patch("/leads", json=identifier).json()["data"]["leadId"] == found


def test_identifiers_are_not_changed_by_an_update(octanist: httpx.Client) -> None:
    after = update(
        octanist, id="lead_demo01", email="new@example.com", phone="+12025550199", name="New"
    )
    assert (after["email"], after["phone"], after["name"]) == (
        "ada@example.com",
        "+12025550101",
        "Ada Lovelace",
    )


@pytest.mark.parametrize(
    "body", [{}, {"status": "won"}, {"id": ""}, {"id": "", "email": "", "phone": ""}]
)
def test_an_update_needs_an_identifier(octanist: httpx.Client, body: Row) -> None:
    sentence = "One of id, email, phone is required"
    answer = octanist.patch("/leads", json=body)
    assert error(answer) == (
        400,
        "VALIDATION_ERROR",
        {"id": [sentence], "email": [sentence], "phone": [sentence]},
    )
    assert answer.json()["error"]["message"] == sentence


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param({"id": "lead_none"}, id="id"),
        pytest.param({"email": "nobody@example.com"}, id="e-mail"),
        pytest.param({"email": "   "}, id="blank e-mail"),
        pytest.param({"phone": "+12025550199"}, id="phone"),
        pytest.param({"phone": "  "}, id="blank phone"),
        pytest.param(
            {"id": "lead_none", "email": "ada@example.com"}, id="no falling through to the e-mail"
        ),
        pytest.param({"id": " ", "email": "ada@example.com"}, id="a blank id is given"),
    ],
)
def test_an_update_of_nobody_is_not_found_and_creates_none(
    octanist: httpx.Client, workspace: Workspace, identifier: Row
) -> None:
    before = rows(workspace)
    assert error(octanist.patch("/leads", json=identifier | {"status": "won"})) == (
        404,
        "NOT_FOUND",
        {},
    )
    assert rows(workspace) == before


def test_identifiers_fall_through_where_the_setting_says_so(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, identifier_fallback=True)
    assert update(octanist, id="lead_none", email="ada@example.com")["id"] == "lead_demo01"


def test_a_phone_that_is_spelled_otherwise_finds_nothing_and_the_trace_says_why(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    assert octanist.patch("/leads", json={"phone": "(202) 555-0101"}).status_code == 404
    (record,) = workspace.journal
    assert describe(record)["matches"][0]["verdict"] == (
        "id was not given; email was not given; phone (202) 555-0101 matched none; the first key "
        "given decides: nothing matched; lead lead_demo01 differs only in spelling: it has the "
        "phone +12025550101"
    )


def test_phones_are_compared_as_numbers_where_the_setting_says_so(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, phone_match="e164")
    statuses = [
        octanist.patch("/leads", json={"phone": phone}).status_code
        for phone in (" +12025550101 ", "(202) 555-0101")
    ]
    assert statuses == [200, 200]
    *_, record = workspace.journal
    (spelling,) = record.matches[0].spellings
    assert (spelling.value, spelling.held, spelling.provenance) == (
        "(202) 555-0101",
        "+12025550101",
        "chosen",
    )


NULLS = {"id": None, "email": "ada@example.com", "status": "won", "value": None}


def test_a_null_is_refused(octanist: httpx.Client, workspace: Workspace) -> None:
    assert error(octanist.patch("/leads", json=NULLS)) == (
        400,
        "VALIDATION_ERROR",
        {"id": ["id must be a string"], "value": ["value must be a number"]},
    )
    (record,) = workspace.journal
    (note,) = describe(record)["notes"]
    assert note == (
        "update_lead sent null for `id, value`, which is refused; with the setting nulls: absent "
        "it is not sent"
    )


def test_a_null_counts_as_absent_where_the_setting_says_so(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, nulls="absent")
    assert update(octanist, **NULLS)["status"] == "won"
    assert octanist.patch("/leads", json={"id": None, "status": "won"}).status_code == 400
    created = create(octanist, name="Neo", email=None, custom={"a": None})
    assert (created["email"], created["custom"]) == (None, '{"a":null}')
    record = next(iter(workspace.journal))
    (note,) = describe(record)["notes"]
    assert note == (
        "update_lead sent null for `id, value`, which counts as not sent with the setting nulls: "
        "absent"
    )


def test_a_phone_without_digits_finds_itself(octanist: httpx.Client) -> None:
    created = create(octanist, phone="unknown")
    assert update(octanist, phone=" unknown ")["id"] == created["id"]


@pytest.mark.parametrize("identifier", [FAMILY, {"phone": "+12155550111"}])
def test_several_matches_are_a_conflict_and_nothing_changes(
    octanist: httpx.Client, workspace: Workspace, identifier: Row
) -> None:
    before = rows(workspace)
    assert error(octanist.patch("/leads", json=identifier | {"status": "won"})) == (
        409,
        "CONFLICT",
        {},
    )
    assert rows(workspace) == before


def test_bulk_updates_change_every_match_with_one_timestamp(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, allow_bulk_updates=True)
    answer = octanist.patch("/leads", json=FAMILY | {"status": "won", "value": 10})
    assert answer.json()["data"] == {
        "leadId": "lead_demo11",
        "leadsUpdated": 2,
        "message": "Lead updated successfully",
    }
    leads = [lead(octanist, id) for id in ("lead_demo11", "lead_demo12")]
    assert [(each["status"], each["value"]) for each in leads] == [("won", 10), ("won", 10)]
    assert len({each["updatedAt"] for each in leads}) == 1


def test_an_id_never_conflicts(octanist: httpx.Client) -> None:
    assert update(octanist, id="lead_demo12", **FAMILY, status="won")["status"] == "won"


def test_status_wins_over_changed_to(octanist: httpx.Client) -> None:
    assert update(octanist, id="lead_demo01", status="won", changedTo="lost")["status"] == "won"


def test_changed_to_alone_is_a_status(octanist: httpx.Client) -> None:
    assert (
        update(octanist, id="lead_demo01", changedTo="lost", lossReason="Price")["lossReason"]
        == "Price"
    )


def test_a_bad_changed_to_is_refused_beside_a_good_status(octanist: httpx.Client) -> None:
    answer = octanist.patch(
        "/leads", json={"id": "lead_demo01", "status": "won", "changedTo": "open"}
    )
    assert error(answer) == (
        400,
        "VALIDATION_ERROR",
        {"changedTo": ["changedTo must be one of qualified, won, lost"]},
    )


@pytest.mark.parametrize("status", ["qualified", "won", "lost"])
@pytest.mark.parametrize("id", ["lead_demo01", "lead_demo02", "lead_demo03", "lead_demo05"])
def test_any_status_may_follow_any_other(octanist: httpx.Client, id: str, status: str) -> None:
    assert update(octanist, id=id, status=status)["status"] == status


@pytest.mark.parametrize("status", ["open", "", "Won", "WON", None, 1, True, ["won"]])
def test_other_statuses_are_refused(octanist: httpx.Client, status: Any) -> None:
    answer = octanist.patch("/leads", json={"id": "lead_demo01", "status": status})
    assert error(answer) == (
        400,
        "VALIDATION_ERROR",
        {"status": ["status must be one of qualified, won, lost"]},
    )


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param("5000", b"5000", id="text"),
        pytest.param(" 12.50 ", b"12.5", id="text with white space"),
        pytest.param("1e3", b"1000", id="text with an exponent"),
        pytest.param("+7", b"7", id="text with a sign"),
        pytest.param(5000.0, b"5000", id="whole fraction"),
        pytest.param(0.1, b"0.1", id="fraction"),
        pytest.param(-3, b"-3", id="negative"),
        pytest.param(-0.0, b"0", id="minus zero"),
        pytest.param(2**53, b"9007199254740992", id="the last exact integer"),
        pytest.param(2**53 + 1, b"9007199254740992", id="the first that is none"),
        pytest.param(2**64, b"18446744073709552000", id="past 64 bits"),
        pytest.param("1e16", b"10000000000000000", id="past the exact integers"),
        pytest.param(-1e20, b"-100000000000000000000", id="the last zeros"),
        pytest.param(1e21, b"1e+21", id="the first exponent"),
    ],
)
def test_value_is_stored_as_a_number_of_javascript(
    octanist: httpx.Client, sent: Any, stored: bytes
) -> None:
    assert octanist.patch("/leads", json={"id": "lead_demo01", "value": sent}).status_code == 200
    assert b'"value":' + stored + b"," in octanist.get("/leads/lead_demo01").content


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "abc",
        "1,000",
        "1.000,00",
        "0x10",
        "NaN",
        "Infinity",
        "1e999",
        "\u0661",
        None,
        True,
        [],
        {},
    ],
)
def test_value_that_is_no_number_is_refused(octanist: httpx.Client, value: Any) -> None:
    answer = octanist.patch("/leads", json={"id": "lead_demo01", "value": value})
    assert error(answer) == (400, "VALIDATION_ERROR", {"value": ["value must be a number"]})


@pytest.mark.parametrize(
    ("id", "given", "stored"),
    [
        pytest.param(
            "lead_demo01", {"status": "lost", "lossReason": "Price"}, "Price", id="with lost"
        ),
        pytest.param(
            "lead_demo01", {"status": "won", "lossReason": "Price"}, None, id="with another status"
        ),
        pytest.param("lead_demo01", {"lossReason": "Price"}, None, id="without a status, open"),
        pytest.param(
            "lead_demo01",
            {"status": "won", "changedTo": "lost", "lossReason": "Price"},
            None,
            id="with lost overruled",
        ),
        pytest.param("lead_demo05", {"lossReason": "Price"}, "Price", id="without a status, lost"),
        pytest.param("lead_demo05", {"status": "lost"}, "Pricing mismatch", id="lost again"),
        pytest.param("lead_demo05", {"note": "x"}, "Pricing mismatch", id="something else"),
        pytest.param("lead_demo05", {"status": "won"}, None, id="leaving lost"),
    ],
)
def test_loss_reason_is_stored_only_when_the_lead_is_lost(
    octanist: httpx.Client, id: str, given: Row, stored: str | None
) -> None:
    assert update(octanist, id=id, **given)["lossReason"] == stored


def test_loss_reason_is_kept_where_the_setting_says_so(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, leaving_lost="keep")
    assert update(octanist, id="lead_demo05", status="won")["lossReason"] == "Pricing mismatch"


def test_a_note_replaces_the_one_before(octanist: httpx.Client) -> None:
    assert update(octanist, id="lead_abc123", note="Called back")["note"] == "Called back"


def test_a_note_is_appended_where_the_setting_says_so(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, note_update="append")
    assert (
        update(octanist, id="lead_abc123", note="Called back")["note"]
        == "Customer notes\nCalled back"
    )
    assert update(octanist, id="lead_demo01", note="First")["note"] == "First"


@pytest.mark.parametrize(
    ("status", "qualified"), [("qualified", NOON_TEXT), ("won", NOON_TEXT), ("lost", None)]
)
def test_qualified_at_is_set_when_a_lead_is_first_qualified_or_won(
    octanist: httpx.Client, workspace: Workspace, status: str, qualified: str | None
) -> None:
    freeze(workspace, NOON)
    after = update(octanist, id="lead_demo01", status=status)
    assert (after["qualifiedAt"], after["updatedAt"]) == (qualified, NOON_TEXT)


def test_qualified_at_stays(octanist: httpx.Client) -> None:
    assert (
        update(octanist, id="lead_abc123", status="won")["qualifiedAt"]
        == "2026-01-18T09:00:00.000Z"
    )


def test_an_identifier_alone_moves_nothing_but_the_time(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    freeze(workspace, NOON)
    before = lead(octanist, "lead_demo01")
    assert update(octanist, id="lead_demo01", colour="red") == before | {"updatedAt": NOON_TEXT}


# Creating


def test_a_new_lead_is_open_comes_from_the_api_and_lives_ninety_days(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    freeze(workspace, NOON)
    created = create(octanist, name="Joan Clarke")
    held = {key: value for key, value in created.items() if value not in (None, False)}
    times = {
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
        "expiresAt": "2026-06-08T12:00:00.000Z",
    }
    assert (
        held
        == {"id": created["id"], "name": "Joan Clarke", "status": "open", "source": "api"} | times
    )


def test_every_lead_has_the_same_keys(octanist: httpx.Client) -> None:
    documented = list(lead(octanist, "lead_abc123"))
    assert list(create(octanist, name="Joan")) == documented
    assert documented[-8:] == [
        "createdAt",
        "updatedAt",
        "qualifiedAt",
        "expiresAt",
        "dclid",
        "wbraid",
        "gbraid",
        "epik",
    ]


def test_a_lead_keeps_everything_it_came_with(octanist: httpx.Client) -> None:
    names = "name email phone note website path gclid dclid wbraid gbraid fbc fbp ga4cid ga4sid li_fat_id msclkid ttclid twclid rdt_cid sccid"
    given: Row = {
        name: f"the {name}" for name in f"{names} epik utm_source utm_medium utm_campaign".split()
    }
    given |= dict.fromkeys(
        ("ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"), True
    )
    created = create(octanist, **given)
    assert {name: created[name] for name in given} == given


def test_what_may_not_be_set_is_ignored(octanist: httpx.Client) -> None:
    created = create(
        octanist,
        name="Joan",
        status="won",
        value=5,
        lossReason="x",
        source="gtm",
        id="lead_mine",
        createdAt="2020-01-01",
    )
    assert (created["status"], created["value"], created["lossReason"], created["source"]) == (
        "open",
        None,
        None,
        "api",
    )
    assert created["id"] != "lead_mine"


NOBODY = [
    pytest.param({}, id="nothing"),
    pytest.param({"note": "x"}, id="a note"),
    pytest.param({"website": "https://example.com"}, id="a website"),
    pytest.param({"sessionId": SESSION}, id="a session"),
    pytest.param({"custom": None}, id="null"),
    pytest.param({"name": "", "email": "", "phone": "", "custom": ""}, id="empty texts"),
]


@pytest.mark.parametrize("body", NOBODY)
def test_a_new_lead_needs_a_name_an_email_a_phone_or_custom(
    octanist: httpx.Client, body: Row
) -> None:
    sentence = ["One of name, email, phone, custom is required"]
    assert error(octanist.post("/leads", json=body)) == (
        400,
        "VALIDATION_ERROR",
        {"name": sentence, "email": sentence, "phone": sentence, "custom": sentence},
    )


def test_a_new_lead_of_nobody_is_refused_to_the_letter_too(serve: Callable[..., str]) -> None:
    url = serve(strictness="document")
    for body in ({"custom": None}, {"name": ""}):
        answer = httpx.post(f"{url}/octanist/api/leads", headers={"X-API-KEY": "demo"}, json=body)
        assert error(answer)[:2] == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("custom", [{}, [], 0, False, " "])
def test_custom_alone_is_enough(octanist: httpx.Client, custom: Any) -> None:
    assert octanist.post("/leads", json={"name": "", "custom": custom}).status_code == 200


def test_every_creation_makes_a_lead(octanist: httpx.Client) -> None:
    first, second = (create(octanist, email="ada@example.com") for _ in range(2))
    assert first["id"] != second["id"]
    assert octanist.patch("/leads", json={"email": "ada@example.com"}).status_code == 409


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param('{"a": 1}', '{"a": 1}', id="text"),
        pytest.param({"company": "Acme Inc"}, '{"company":"Acme Inc"}', id="object"),
        pytest.param([1.0, 2.5, "é", None, True], '[1,2.5,"é",null,true]', id="array"),
        pytest.param({"b": 1, "1": 2}, '{"1":2,"b":1}', id="array indexes first"),
        pytest.param(7, "7", id="number"),
        pytest.param(False, "false", id="boolean"),
        pytest.param(None, None, id="null"),
    ],
)
def test_custom_is_stored_as_text(octanist: httpx.Client, sent: Any, stored: str | None) -> None:
    assert create(octanist, name="Joan", custom=sent)["custom"] == stored


@pytest.mark.parametrize(
    ("sent", "stored"), [(True, True), (False, False), ("granted", True), ("denied", False)]
)
def test_consent_may_be_said_in_the_old_words(
    octanist: httpx.Client, sent: Any, stored: bool
) -> None:
    assert create(octanist, name="Joan", ad_storage=sent)["ad_storage"] is stored


@pytest.mark.parametrize("sent", ["true", "", 1, None])
def test_other_consent_is_refused(octanist: httpx.Client, sent: Any) -> None:
    answer = octanist.post("/leads", json={"name": "Joan", "ad_storage": sent})
    assert error(answer) == (
        400,
        "VALIDATION_ERROR",
        {"ad_storage": ["ad_storage must be true or false"]},
    )


def test_to_the_letter_consent_is_a_boolean(serve: Callable[..., str]) -> None:
    url = serve(strictness="document")
    answer = httpx.post(
        f"{url}/octanist/api/leads",
        headers={"X-API-KEY": "demo"},
        json={"name": "Joan", "ad_storage": "granted"},
    )
    assert error(answer)[:2] == (400, "VALIDATION_ERROR")


def test_a_session_gives_its_attribution(octanist: httpx.Client) -> None:
    created = create(
        octanist, name="Joan", sessionId=SESSION, gclid="mine", fbc="mine", ad_user_data=True
    )
    assert [
        created[name]
        for name in ("path", "gclid", "fbc", "utm_campaign", "ad_storage", "ad_user_data")
    ] == [*("/pricing", "gclid-ada", None, "summer_sale", True, False)]
    assert "sessionId" not in created


@pytest.mark.parametrize("session", ["unknown", ""])
def test_without_a_session_the_request_gives_it(octanist: httpx.Client, session: str) -> None:
    assert create(octanist, name="Joan", sessionId=session, gclid="mine")["gclid"] == "mine"


def test_an_unknown_session_is_refused_where_the_setting_says_so(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, unknown_session="refuse")
    answer = octanist.post("/leads", json={"name": "Joan", "sessionId": "unknown"})
    assert error(answer) == (
        400,
        "VALIDATION_ERROR",
        {"sessionId": ["sessionId is no session of this organization"]},
    )


def test_the_status_of_a_creation_is_a_setting(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, create_status=201)
    assert octanist.post("/leads", json={"name": "Joan"}).status_code == 201


@pytest.mark.parametrize(
    ("email", "status"),
    [
        ("a@spam.example", 403),
        ("A@SPAM.example ", 403),
        ("a@junk.example", 403),
        ("a@example.com", 200),
    ],
)
def test_rejected_domains_are_forbidden(
    octanist: httpx.Client, workspace: Workspace, email: str, status: int
) -> None:
    settle(workspace, reject_email_domains="spam.example, junk.example")
    before = len(rows(workspace))
    answer = octanist.post("/leads", json={"email": email})
    assert (answer.status_code, len(rows(workspace)) - before) == (status, int(status == 200))
    assert status == 200 or error(answer) == (403, "FORBIDDEN", {})


def test_the_same_seed_gives_the_same_ids(serve: Callable[..., str]) -> None:
    urls = [serve(seed=seed) for seed in (7, 7, 8)]
    made = [
        httpx.post(
            f"{url}/octanist/api/leads", headers={"X-API-KEY": "demo"}, json={"name": "Joan"}
        ).json()
        for url in urls
    ]
    ids = [answer["data"]["id"] for answer in made]
    assert ids[0] == ids[1] != ids[2]


# Reading and listing


@pytest.mark.parametrize("id", ["none", "lead_abc123 ", "%00", "%ff", "a" * 5000, "%F0%9F%98%80"])
def test_an_unknown_lead_is_not_found(octanist: httpx.Client, id: str) -> None:
    assert error(octanist.get(f"/leads/{id}")) == (404, "NOT_FOUND", {})


def test_the_newest_leads_are_listed_first(octanist: httpx.Client) -> None:
    assert ids(octanist) == ["abc123", *(f"demo{number:02}" for number in range(12, 0, -1))]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "lost"}, ["demo09", "demo05"]),
        ({"status": "won", "source": "gtm"}, ["abc123", "demo03"]),
        ({"source": "import"}, ["demo08"]),
        ({"labelId": "label_xyz"}, ["abc123", "demo10"]),
        ({"website": "https://example.com"}, ["abc123", "demo01"]),
        ({"utm_source": "google", "utm_medium": "cpc"}, ["abc123", "demo02", "demo01"]),
        ({"utm_campaign": "Summer_Sale"}, []),
        ({"value": "1200"}, ["demo03"]),
        ({"value": "1.2e3"}, ["demo03"]),
        ({"value[gte]": "1200"}, ["abc123", "demo07", "demo03"]),
        ({"value[gt]": "1200"}, ["abc123", "demo07"]),
        ({"value[lte]": "1200"}, ["demo10", "demo03"]),
        ({"value[lt]": "1200"}, ["demo10"]),
        ({"value[gt]": "800", "value[lt]": "5000"}, ["demo07", "demo03"]),
        ({"gclid": "abc123"}, ["abc123"]),
        ({"gclid[exists]": "true"}, ["abc123", "demo03", "demo01"]),
        ({"msclkid[exists]": "false", "status": "won"}, ["demo10", "demo07", "demo03"]),
        ({"epik[exists]": "true"}, []),
        ({"createdAt": "2026-01-15T10:30:00.000Z"}, ["abc123"]),
        ({"createdAt": "2026-01-15T12:30:00+02:00"}, ["abc123"]),
        ({"createdAt[gte]": "2026-01-15"}, ["abc123"]),
        ({"createdAt[gte]": "2026"}, ["abc123"]),
        ({"createdAt[gt]": "2026-01-15T10:29:59"}, ["abc123"]),
        ({"createdAt[gt]": "2026-01-15 10:30"}, []),
        ({"createdAt[gt]": "2026-01-15T10:30:00Z"}, []),
        ({"createdAt[lt]": "2025-02-12"}, ["demo02", "demo01"]),
        ({"createdAt[lte]": "2025-02-10T17:01:00.000Z"}, ["demo01"]),
        ({"updatedAt[gte]": "2026-02-20"}, ["abc123"]),
        ({"qualifiedAt[exists]": "false", "status": "lost"}, ["demo09", "demo05"]),
        ({"qualifiedAt[gte]": "2026-01-18T09:00:00Z"}, ["abc123"]),
        ({"search": "HOPPER"}, ["demo02"]),
        ({"search": "family@"}, ["demo12", "demo11"]),
        ({"search": "+1617"}, ["demo08", "demo06"]),
        ({"search": "\0"}, []),
        ({"search": "", "limit": "1"}, ["abc123"]),
        ({"website": ""}, []),
    ],
)
def test_filters_are_combined_with_and(
    octanist: httpx.Client, query: dict[str, str], found: list[str]
) -> None:
    assert ids(octanist, **query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"value": "18446744073709551616"}, ["demo01"]),
        ({"value": "1.8446744073709552e19"}, ["demo01"]),
        ({"value[gt]": "18446744073709551616"}, []),
        ({"value[gte]": "18446744073709551600"}, ["demo01"]),
        ({"value[gt]": "1" + "0" * 308}, []),
    ],
)
def test_large_values_are_compared_as_doubles(
    octanist: httpx.Client, query: dict[str, str], found: list[str]
) -> None:
    octanist.patch("/leads", json={"id": "lead_demo01", "value": 2**64})
    assert ids(octanist, **query) == found


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("createdAt:asc", ["demo01", "demo02", "demo03"]),
        ("createdAt", ["demo01", "demo02", "demo03"]),
        ("name:asc", ["demo01", "demo03", "demo06"]),
        ("value:desc", ["abc123", "demo07", "demo03"]),
        ("value:asc", ["demo10", "demo03", "demo07"]),
        ("email,createdAt:desc", ["demo01", "demo03", "demo06"]),
        ("status:desc,value:asc", ["demo10", "demo03", "demo07"]),
        ("phone:desc", ["demo07", "demo08", "demo06"]),
    ],
)
def test_leads_are_sorted_with_nulls_last(
    octanist: httpx.Client, sort: str, first: list[str]
) -> None:
    assert ids(octanist, sort=sort, limit=3) == first


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("createdAt:desc", [2, 1, 0]), ("createdAt:asc", [0, 1, 2]), ("note:desc", [2, 1, 0])],
)
def test_equal_leads_keep_the_order_in_which_they_were_added(
    octanist: httpx.Client, workspace: Workspace, sort: str, expected: list[int]
) -> None:
    freeze(workspace, NOON)
    made = [
        create(octanist, name=f"Joan {number}", utm_source="ties")["name"] for number in range(3)
    ]
    listed = octanist.get("/leads", params={"sort": sort, "utm_source": "ties"}).json()["data"]
    assert [each["name"] for each in listed] == [made[place] for place in expected]


def test_fields_gives_just_those(octanist: httpx.Client) -> None:
    answer = octanist.get("/leads", params={"fields": "email,id,email", "status": "lost"}).json()[
        "data"
    ]
    assert [list(each.items()) for each in answer] == [
        [("email", "tony@example.com"), ("id", "lead_demo09")],
        [("email", "edsger@example.com"), ("id", "lead_demo05")],
    ]


@pytest.mark.parametrize(
    ("query", "count", "pagination"),
    [
        ({}, 13, {"limit": 50, "page": 1, "totalPages": 1, "total": 13, "hasMore": False}),
        ({"limit": 5}, 5, {"limit": 5, "page": 1, "totalPages": 3, "total": 13, "hasMore": True}),
        (
            {"limit": 5, "page": 3},
            3,
            {"limit": 5, "page": 3, "totalPages": 3, "total": 13, "hasMore": False},
        ),
        (
            {"limit": 5, "page": 4},
            0,
            {"limit": 5, "page": 4, "totalPages": 3, "total": 13, "hasMore": False},
        ),
        (
            {"status": "won", "limit": 100},
            4,
            {"limit": 100, "page": 1, "totalPages": 1, "total": 4, "hasMore": False},
        ),
        (
            {"gclid": "none"},
            0,
            {"limit": 50, "page": 1, "totalPages": 0, "total": 0, "hasMore": False},
        ),
        (
            {"page": 10**18},
            0,
            {"limit": 50, "page": 10**18, "totalPages": 1, "total": 13, "hasMore": False},
        ),
    ],
)
def test_a_list_is_paged(
    octanist: httpx.Client, query: dict[str, Any], count: int, pagination: Row
) -> None:
    body = octanist.get("/leads", params=query).json()
    assert (len(body["data"]), body["meta"]["pagination"]) == (count, pagination)
    assert list(body["meta"]) == ["pagination", "requestId", "timestamp"]


@pytest.mark.parametrize(
    ("query", "code", "details"),
    [
        ({"limit": 0}, "VALIDATION_ERROR", {"limit": ["limit must be at least 1"]}),
        ({"limit": 101}, "VALIDATION_ERROR", {"limit": ["limit must be at most 100"]}),
        ({"limit": "ten"}, "VALIDATION_ERROR", {"limit": ["limit must be an integer"]}),
        ({"page": 0}, "VALIDATION_ERROR", {"page": ["page must be at least 1"]}),
        ({"page": "1.5"}, "VALIDATION_ERROR", {"page": ["page must be an integer"]}),
        (
            {"sort": "name:up"},
            "VALIDATION_ERROR",
            {"sort": ["sort must be field:asc or field:desc, several separated by commas"]},
        ),
        (
            {"fields": "id,,name"},
            "VALIDATION_ERROR",
            {"fields": ["fields must be names of fields, separated by commas"]},
        ),
        (
            {"sort": "colour,name", "fields": "id,size"},
            "VALIDATION_ERROR",
            {
                "sort": ["sort names colour, which is no field of a lead"],
                "fields": ["fields names size, which is no field of a lead"],
            },
        ),
        (
            {"fields": "sessionId"},
            "VALIDATION_ERROR",
            {"fields": ["fields names sessionId, which is no field of a lead"]},
        ),
        (
            {"status": "new"},
            "INVALID_FILTER",
            {"status": ["status must be one of open, qualified, won, lost"]},
        ),
        (
            {"source": "web"},
            "INVALID_FILTER",
            {"source": ["source must be one of inbound, gtm, api, manual, wordpress, import"]},
        ),
        ({"value[gte]": "much"}, "INVALID_FILTER", {"value[gte]": ["value[gte] must be a number"]}),
        ({"value": "9" * 400}, "INVALID_FILTER", {"value": ["value must be a number"]}),
        (
            {"gclid[exists]": "yes"},
            "INVALID_FILTER",
            {"gclid[exists]": ["gclid[exists] must be one of true, false"]},
        ),
        (
            {"colour": "red"},
            "INVALID_FILTER",
            {"colour": ["colour is no parameter of this endpoint"]},
        ),
        (
            {"email": "ada@example.com"},
            "INVALID_FILTER",
            {"email": ["email is no parameter of this endpoint"]},
        ),
        (
            {"value[ne]": "1"},
            "INVALID_FILTER",
            {"value[ne]": ["value[ne] is no parameter of this endpoint"]},
        ),
        (
            {"createdAt[gte]": "yesterday"},
            "INVALID_DATE",
            {"createdAt[gte]": ["createdAt[gte] must be an ISO 8601 date, or a date and time"]},
        ),
        (
            {"updatedAt": "2026-02-30"},
            "INVALID_DATE",
            {"updatedAt": ["updatedAt must be an ISO 8601 date, or a date and time"]},
        ),
        (
            {"updatedAt": "0001-01-01T00:00:00+14:00"},
            "INVALID_DATE",
            {"updatedAt": ["updatedAt must be an ISO 8601 date, or a date and time"]},
        ),
        (
            {"createdAt": "x", "status": "new", "limit": 0},
            "VALIDATION_ERROR",
            {
                "createdAt": ["createdAt must be an ISO 8601 date, or a date and time"],
                "status": ["status must be one of open, qualified, won, lost"],
                "limit": ["limit must be at least 1"],
            },
        ),
    ],
)
def test_a_bad_query_is_refused_with_its_code(
    octanist: httpx.Client, query: dict[str, Any], code: str, details: Row
) -> None:
    assert error(octanist.get("/leads", params=query)) == (400, code, details)


def test_a_bad_filter_comes_before_a_bad_date(octanist: httpx.Client) -> None:
    assert (
        error(octanist.get("/leads", params={"createdAt": "x", "status": "new"}))[1]
        == "INVALID_FILTER"
    )


def test_unknown_parameters_are_ignored_where_the_setting_says_so(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, unknown_parameters="ignore")
    assert ids(
        octanist, status="lost", email="ada@example.com", colour="red", **{"value[ne]": "1"}
    ) == ["demo09", "demo05"]


def test_only_lists_look_at_their_query(octanist: httpx.Client) -> None:
    answers = [
        octanist.post("/check?a=1"),
        octanist.get("/leads/lead_abc123?a=1"),
        octanist.patch("/leads?a=1", json={"id": "lead_abc123"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_to_the_letter_the_query_is_refused_alike(serve: Callable[..., str]) -> None:
    url = serve(strictness="document")
    answer = httpx.get(
        f"{url}/octanist/api/leads?colour=red&limit=0", headers={"X-API-KEY": "demo"}
    )
    assert error(answer)[:2] == (400, "VALIDATION_ERROR")


# Stats


def stats(client: httpx.Client, **body: Any) -> Row:
    answer = client.post("/stats", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_the_stats_of_a_custom_period(octanist: httpx.Client) -> None:
    assert stats(octanist, period="custom", startDate="2025-02-10", endDate="2025-02-21") == {
        "usage": {
            "leadsUsed": 12,
            "leadsLimit": 500,
            "lockedLeads": 0,
            "periodStart": "2025-02-10T00:00:00.000Z",
            "periodEnd": "2025-02-21T23:59:59.999Z",
        },
        "leads": {
            "total": 12,
            "byStatus": {"open": 4, "qualified": 3, "won": 3, "lost": 2},
            "bySource": {
                "gtm": 4,
                "inbound": 2,
                "wordpress": 1,
                "api": 3,
                "manual": 1,
                "import": 1,
            },
        },
        "conversion": {
            "qualified": 6,
            "qualificationRate": 8 / 12,
            "winRate": 0.5,
            "averageValue": 1800.1666666666667,
            "totalValue": 5400.5,
        },
    }


def test_a_custom_period_has_its_ends(octanist: httpx.Client) -> None:
    totals = [
        stats(octanist, period="custom", startDate=day, endDate=day)["leads"]["total"]
        for day in ("2026-01-14", "2026-01-15", "2026-01-16")
    ]
    assert totals == [0, 1, 0]


def test_the_stats_of_no_lead_are_zeros(octanist: httpx.Client) -> None:
    data = stats(octanist, period="custom", startDate="2026-03-01", endDate="2026-01-01")
    assert data["leads"] == {
        "total": 0,
        "byStatus": {"open": 0, "qualified": 0, "won": 0, "lost": 0},
        "bySource": {},
    }
    assert data["conversion"] == {
        "qualified": 0,
        "qualificationRate": 0,
        "winRate": 0,
        "averageValue": 0,
        "totalValue": 0,
    }


@pytest.mark.parametrize(
    ("today", "period", "days"),
    [
        (NOON, "current", ("2026-03-01", "2026-03-31")),
        (NOON, "previous", ("2026-02-01", "2026-02-28")),
        (datetime(2024, 3, 31, tzinfo=UTC), "previous", ("2024-02-01", "2024-02-29")),
        (datetime(2026, 1, 1, tzinfo=UTC), "previous", ("2025-12-01", "2025-12-31")),
        (datetime(9000, 12, 31, tzinfo=UTC), "current", ("9000-12-01", "9000-12-31")),
    ],
)
def test_a_period_is_a_calendar_month(
    octanist: httpx.Client,
    workspace: Workspace,
    today: datetime,
    period: str,
    days: tuple[str, str],
) -> None:
    freeze(workspace, today)
    usage = stats(octanist, period=period)["usage"]
    assert (usage["periodStart"], usage["periodEnd"]) == (
        f"{days[0]}T00:00:00.000Z",
        f"{days[1]}T23:59:59.999Z",
    )


def test_the_period_is_the_current_one_unless_told_otherwise(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    freeze(workspace, datetime(2026, 1, 31, tzinfo=UTC))
    assert stats(octanist)["leads"]["total"] == 1


def test_without_a_subscription_there_is_no_period(
    octanist: httpx.Client, workspace: Workspace
) -> None:
    settle(workspace, subscription="none")
    usage = stats(octanist)["usage"]
    assert (usage["periodStart"], usage["periodEnd"]) == (None, None)


def test_leads_past_the_limit_are_locked(octanist: httpx.Client, workspace: Workspace) -> None:
    settle(workspace, leads_limit=10)
    usage = stats(octanist, period="custom", startDate="2025-01-01", endDate="2026-12-31")["usage"]
    assert (usage["leadsUsed"], usage["leadsLimit"], usage["lockedLeads"]) == (13, 10, 3)


def test_huge_values_do_not_break_the_stats(octanist: httpx.Client) -> None:
    for id in ("lead_demo01", "lead_demo02"):
        update(octanist, id=id, status="won", value=1.7e308)
    conversion = stats(octanist, period="custom", startDate="2025-02-10", endDate="2025-02-11")[
        "conversion"
    ]
    assert conversion["totalValue"] == 1.7976931348623157e308


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        (
            {"period": "week"},
            "VALIDATION_ERROR",
            {"period": ["period must be one of current, previous, custom"]},
        ),
        (
            {"period": "custom"},
            "VALIDATION_ERROR",
            {"startDate": ["startDate is required"], "endDate": ["endDate is required"]},
        ),
        (
            {"period": "custom", "startDate": "2026-01-01"},
            "VALIDATION_ERROR",
            {"endDate": ["endDate is required"]},
        ),
        (
            {"period": "custom", "startDate": "2026-02-30", "endDate": "2026-03-01"},
            "INVALID_DATE",
            {"startDate": ["startDate must be a date, YYYY-MM-DD"]},
        ),
        (
            {"period": "custom", "startDate": "01/02/2026", "endDate": ""},
            "INVALID_DATE",
            {
                "startDate": ["startDate must be a date, YYYY-MM-DD"],
                "endDate": ["endDate must be a date, YYYY-MM-DD"],
            },
        ),
        ({"startDate": 5}, "VALIDATION_ERROR", {"startDate": ["startDate must be a string"]}),
        ([], "VALIDATION_ERROR", {"body": ["body must be a JSON object"]}),
    ],
)
def test_bad_stats_are_refused(octanist: httpx.Client, body: Any, code: str, details: Row) -> None:
    assert error(octanist.post("/stats", json=body)) == (400, code, details)


def test_stats_need_a_body(octanist: httpx.Client) -> None:
    assert error(octanist.post("/stats"))[:2] == (400, "VALIDATION_ERROR")


# Fixtures


def start_with(serve: Callable[..., str], path: Any, text: str) -> httpx.Client:
    path.write_text(text, "utf-8")
    return httpx.Client(
        base_url=f"{serve(fixtures=str(path))}/octanist/api", headers={"X-API-KEY": "demo"}
    )


def test_a_lead_of_a_fixture_has_the_defaults_of_one_from_the_api(
    serve: Callable[..., str], tmp_path: Any
) -> None:
    text = "clock: '2026-03-10T12:00:00Z'\noctanist:\n  leads: [{email: ada@example.com}, {name: Joan, status: won, value: 5.0, custom: {a: 1}}]\n"
    with start_with(serve, tmp_path / "some.yaml", text) as client:
        joan, ada = client.get("/leads").json()["data"]
        assert create(client, email="ada@example.com") | {"id": ada["id"]} == ada
    assert (joan["value"], joan["custom"], joan["qualifiedAt"], joan["expiresAt"]) == (
        5,
        '{"a":1}',
        NOON_TEXT,
        "2026-06-08T12:00:00.000Z",
    )


def test_a_row_as_it_was_exported_loads_back(
    serve: Callable[..., str], octanist: httpx.Client, workspace: Workspace, tmp_path: Any
) -> None:
    for body in (
        {"name": "Joan", "sessionId": SESSION},
        {"email": "a@example.com", "custom": [1]},
        {"phone": "x"},
    ):
        octanist.post("/leads", json=body)
    before = list(rows(workspace).values())
    section = {
        "sessions": list(workspace.tables["octanist"]["sessions"].rows.values()),
        "leads": before,
    }
    with start_with(
        serve, tmp_path / "export.yaml", yaml.safe_dump({"octanist": section}, sort_keys=False)
    ) as client:
        after = client.get("/leads", params={"sort": "id"}).json()["data"]
        assert after == octanist.get("/leads", params={"sort": "id"}).json()["data"]
        made = [client.post("/leads", json={"name": "Joan"}).json()["data"]["id"] for _ in range(4)]
    assert not {row["id"] for row in before} & set(made)


@pytest.mark.parametrize(
    ("leads", "complaint"),
    [
        ("[{id: a}, {id: a}]", "leads[1].id: the id a stands twice in leads"),
        ("[{name: Joan, sessionId: none}]", "leads[0].sessionId: there is no none in sessions"),
        ("[{createdAt: '0001-01-01T00:00:00+14:00'}]", "leads[0].createdAt: is out of range"),
        ("[{colour: red}]", "leads[0].colour: is no property here"),
        ("[{status: new}]", "leads[0].status: "),
        ("[]\n  sessions: [{id: a}, {id: a}]", "sessions[1].id: the id a stands twice in sessions"),
    ],
)
def test_a_bad_fixture_stops_the_start(
    serve: Callable[..., str], tmp_path: Any, leads: str, complaint: str
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(f"octanist:\n  leads: {leads}\n", "utf-8")
    with pytest.raises(Exception) as caught:
        serve(fixtures=str(file))
    assert f"octanist.{complaint}" in str(caught.value)

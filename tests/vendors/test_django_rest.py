"""What the framework says and takes, over the socket and as tables."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from mockserver.dialects.django_fields import date_time
from mockserver.dialects.django_negotiation import accepted
from mockserver.dialects.django_rest import DjangoRest, search_terms
from mockserver.documents.schema import Reader
from mockserver.errors import Problem
from mockserver.workspaces import Workspace

DIALECT = DjangoRest(keyword="Token", zone="America/Los_Angeles")
ADA = {"phone_number": "+12025550101", "email": "ada@example.com"}
UPDATE = "/api/leads/update/"
JSON = {"Content-Type": "application/json"}
LEAD = "/api/leads/28001/"


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        pytest.param(None, "Authentication credentials were not provided.", id="none"),
        pytest.param(
            b"Bearer ada", "Authentication credentials were not provided.", id="another scheme"
        ),
        pytest.param(
            b"Token",
            "Invalid token header. No credentials provided.",
            id="nothing after the keyword",
        ),
        pytest.param(
            b"Token a b",
            "Invalid token header. Token string should not contain spaces.",
            id="spaces",
        ),
        pytest.param(
            b"Token \xff\xfe",
            "Invalid token header. Token string should not contain invalid characters.",
            id="no UTF-8",
        ),
        pytest.param(b"Token invalid", "Invalid token.", id="a token that does not get in"),
    ],
)
def test_a_credential_that_does_not_get_in_is_401(
    sela: httpx.Client, header: bytes | None, detail: str
) -> None:
    del sela.headers["Authorization"]
    response = sela.get(LEAD, headers={b"Authorization": header} if header else {})
    assert (response.status_code, response.json()) == (401, {"detail": detail})
    assert response.headers["www-authenticate"] == "Token"


def test_the_keyword_may_be_in_any_letter_case(sela: httpx.Client, account: str) -> None:
    assert sela.get(LEAD, headers={"Authorization": f"tOKEN {account}"}).status_code == 200


def test_the_credential_is_asked_for_before_the_method(sela: httpx.Client) -> None:
    del sela.headers["Authorization"]
    assert sela.delete(LEAD).status_code == 401


def test_a_wrong_method_is_405_with_the_methods_there_are(sela: httpx.Client) -> None:
    response = sela.delete(LEAD)
    assert (response.status_code, response.json()) == (
        405,
        {"detail": 'Method "DELETE" not allowed.'},
    )
    assert response.headers["allow"] == "GET, PATCH, HEAD, OPTIONS"


def test_every_view_says_what_it_allows_and_varies_by_nothing(sela: httpx.Client) -> None:
    for method, accept in (("GET", "*/*"), ("OPTIONS", "*/*"), ("GET", "text/html")):
        headers = sela.request(method, "/api/leads/", headers={"Accept": accept}).headers
        assert (headers["allow"], headers.get("vary"), headers["content-type"]) == (
            "GET, POST, HEAD, OPTIONS",
            None,
            "application/json",
        )


def test_options_describes_the_view(sela: httpx.Client) -> None:
    response = sela.options("/api/lead-types/")
    assert response.status_code == 200
    assert response.json()["name"] == "Lead Type List"


def test_head_is_get_without_a_body(sela: httpx.Client) -> None:
    response = sela.head(LEAD)
    assert (response.status_code, response.content) == (200, b"")


def test_an_unknown_path_is_the_frameworks_page(sela: httpx.Client) -> None:
    response = sela.get("/api/nothing/")
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert (
        "<h1>Not Found</h1><p>The requested resource was not found on this server.</p>"
        in response.text
    )


def test_paths_are_case_sensitive(sela: httpx.Client) -> None:
    assert sela.get("/API/leads/").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_missing_slash_at_the_end_is_301_for_every_method(
    sela: httpx.Client, method: str
) -> None:
    response = sela.request(method, "/api/leads/update?a=%20b")
    assert (response.status_code, response.content) == (301, b"")
    assert response.headers["location"] == "/sela/api/leads/update/?a=%20b"


def test_a_place_of_strange_characters_is_redirected_in_escapes(sela: httpx.Client) -> None:
    response = sela.get("/api/leads/%E2%82%AC%0D%0Ax")
    assert response.headers["location"] == "/sela/api/leads/%E2%82%AC%0D%0Ax/"


@pytest.mark.parametrize("id", ["abc", "1.5", "1" * 5000, "%00", "%FF", "99999999999999999999999"])
def test_an_id_that_no_lead_has_is_404(sela: httpx.Client, id: str) -> None:
    assert sela.get(f"/api/leads/{id}/").status_code == 404


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        (b"*/*", True),
        (b"application/json", True),
        (b"application/*;q=0.1", True),
        (b"text/html, Application/JSON; indent=2", True),
        (b"text/html", False),
        (b"application/xml,text/*", False),
        (b"", False),
    ],
)
def test_what_an_accept_header_leaves_room_for(accept: bytes, taken: bool) -> None:
    assert (accepted(accept) is not None) is taken


def test_an_accept_header_without_json_is_406(sela: httpx.Client) -> None:
    response = sela.get(LEAD, headers={"Accept": "text/html"})
    assert (response.status_code, response.json()) == (
        406,
        {"detail": "Could not satisfy the request Accept header."},
    )


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        pytest.param("GET", LEAD, {}, id="a view"),
        pytest.param("OPTIONS", LEAD, {}, id="its description"),
        pytest.param("DELETE", LEAD, {}, id="a wrong method"),
        pytest.param(
            "GET", LEAD, {"headers": {"Accept": "text/html"}}, id="an Accept header without JSON"
        ),
        pytest.param("GET", LEAD, {"headers": {"Authorization": "Token"}}, id="a bad credential"),
        pytest.param(
            "POST", "/api/leads/", {"json": {"phone_number": "+12025550199"}}, id="a new lead"
        ),
        pytest.param("PUT", UPDATE, {"content": b"{", "headers": JSON}, id="a bad body"),
    ],
)
def test_a_format_that_is_not_json_is_404_before_all_else(
    sela: httpx.Client, workspace: Workspace, method: str, path: str, sent: dict[str, Any]
) -> None:
    leads = dict(workspace.tables["sela"]["leads"].rows)
    response = sela.request(method, path + "?format=json&format=xml", **sent)
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})
    assert workspace.tables["sela"]["leads"].rows == leads


@pytest.mark.parametrize("query", ["format=json", "format=", "format=xml&format=json"])
def test_json_may_be_asked_for_by_the_query(sela: httpx.Client, query: str) -> None:
    assert sela.get(f"{LEAD}?{query}").status_code == 200


def test_another_media_type_is_415(sela: httpx.Client) -> None:
    response = sela.put(UPDATE, content=b"x", headers={"Content-Type": "text/plain; charset=utf-8"})
    assert (response.status_code, response.json()) == (
        415,
        {"detail": 'Unsupported media type "text/plain; charset=utf-8" in request.'},
    )


def test_a_body_past_the_limit_is_413(serve: Any) -> None:
    response = httpx.put(
        serve(max_body=100) + "/sela" + UPDATE,
        json={"a": "b" * 100},
        headers={"Authorization": "Token demo"},
    )
    assert (response.status_code, response.json()) == (
        413,
        {"detail": "Request body exceeded the limit of 100 bytes."},
    )


def test_a_body_of_no_bytes_is_an_empty_object(sela: httpx.Client) -> None:
    response = sela.put(UPDATE)
    assert (response.status_code, response.json()) == (
        400,
        {"phone_number": ["This field is required."]},
    )


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        pytest.param(
            b'{"a":',
            {"detail": "JSON parse error - Expecting value: line 1 column 6 (char 5)"},
            id="broken",
        ),
        pytest.param(
            b"\xff",
            {
                "detail": "JSON parse error - 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
            },
            id="not UTF-8",
        ),
        pytest.param(
            b'{"a":NaN}',
            {
                "detail": "JSON parse error - Out of range float values are not JSON compliant: 'NaN'"
            },
            id="NaN",
        ),
        pytest.param(
            b"[" * 200 + b"]" * 200,
            {
                "detail": "JSON parse error - maximum recursion depth exceeded while decoding a JSON object from a unicode string"
            },
            id="too deep",
        ),
        pytest.param(
            b"[]",
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
            id="list",
        ),
        pytest.param(
            b'"a"',
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]},
            id="text",
        ),
        pytest.param(
            b"1",
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
            id="number",
        ),
        pytest.param(b"null", {"non_field_errors": ["No data provided"]}, id="null"),
    ],
)
def test_a_body_that_is_no_object_is_400(
    sela: httpx.Client, content: bytes, answer: dict[str, Any]
) -> None:
    response = sela.put(UPDATE, content=content, headers=JSON)
    assert (response.status_code, response.json()) == (400, answer)


WRONG = "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("phone_number", None, "This field may not be null."),
        ("phone_number", "", "This field may not be blank."),
        ("phone_number", "  ", "This field may not be blank."),
        ("phone_number", "12", "Enter a valid phone number."),
        ("phone_number", "+15101234567", "Enter a valid phone number."),
        ("phone_number", True, "Enter a valid phone number."),
        ("phone_number", ["+12025550101"], "Enter a valid phone number."),
        ("email", "ada", "Enter a valid email address."),
        ("email", "jörg@example.com", "Enter a valid email address."),
        ("email", {}, "Enter a valid email address."),
        ("email", False, "Enter a valid email address."),
        ("status", "WON", '"WON" is not a valid choice.'),
        ("status", "", '"" is not a valid choice.'),
        ("status", None, "This field may not be null."),
        ("status", 7, '"7" is not a valid choice.'),
        ("status", True, '"True" is not a valid choice.'),
        ("status_detail", "no", '"no" is not a valid choice.'),
        ("us_state", "California", '"California" is not a valid choice.'),
        ("external_id", "x" * 256, "Ensure this field has no more than 255 characters."),
        ("external_id", True, "Not a valid string."),
        ("external_id", [], "Not a valid string."),
        ("lead_type", 999, 'Invalid pk "999" - object does not exist.'),
        ("lead_type", 10**400, f'Invalid pk "{10**400}" - object does not exist.'),
        ("lead_type", "0999", 'Invalid pk "0999" - object does not exist.'),
        ("lead_type", 999.5, 'Invalid pk "999.5" - object does not exist.'),
        ("lead_type", "abc", "Incorrect type. Expected pk value, received str."),
        ("lead_type", True, "Incorrect type. Expected pk value, received bool."),
        ("lead_type", [1], "Incorrect type. Expected pk value, received list."),
        ("representative", "1.0", "Incorrect type. Expected pk value, received str."),
        ("call_dnc", "maybe", "Must be a valid boolean."),
        ("call_dnc", 2, "Must be a valid boolean."),
        ("call_dnc", [], "Must be a valid boolean."),
        ("call_dnc", None, "This field may not be null."),
        ("call_schedule_start_time", "tomorrow", WRONG),
        ("call_schedule_start_time", 12, WRONG),
        ("call_schedule_start_time", "2025-13-01T00:00:00Z", WRONG),
        ("call_schedule_start_time", "2025-01-01T00:00:00+25:00", WRONG),
        ("call_schedule_start_time", "0001-01-01T00:00:00Z", "Datetime value out of range."),
        ("call_schedule_start_time", "9999-12-31T23:59:59-23:00", "Datetime value out of range."),
        ("metadata", "text", 'Expected a dictionary of items but got type "str".'),
        ("metadata", [], 'Expected a dictionary of items but got type "list".'),
        ("email", "a\0@example.com", "Null characters are not allowed."),
        ("external_id", "\ud800", "Surrogate characters are not allowed: U+D800."),
    ],
)
def test_what_a_field_says_of_a_value_that_it_cannot_take(
    sela: httpx.Client, field: str, value: Any, message: str
) -> None:
    response = sela.put(UPDATE, content=json.dumps(ADA | {field: value}), headers=JSON)
    assert (response.status_code, response.json()) == (400, {field: [message]})


def test_several_problems_come_together_in_the_order_of_the_fields(sela: httpx.Client) -> None:
    response = sela.put(UPDATE, json={"call_dnc": 5, "status": "WON", "email": "x"})
    assert list(response.json().items()) == [
        ("email", ["Enter a valid email address."]),
        ("phone_number", ["This field is required."]),
        ("status", ['"WON" is not a valid choice.']),
        ("call_dnc", ["Must be a valid boolean."]),
    ]


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("external_id", 12, "12"),
        ("external_id", 1.5, "1.5"),
        ("external_id", "  crm ", "crm"),
        ("external_id", "", ""),
        ("lead_source", "", ""),
        ("email", " Ada@example.com ", "Ada@example.com"),
        ("us_state", "", ""),
        ("us_state", None, None),
        ("status_detail", "", ""),
        ("lead_type", "124", 124),
        ("lead_type", 124.0, 124),
        ("lead_type", "", None),
        ("call_dnc", "true", True),
        ("call_dnc", "ON", True),
        ("call_dnc", 1, True),
        ("call_dnc", "no", False),
        ("sms_dnc", "1", True),
        ("sms_dnc", 0, False),
        ("call_schedule_start_time", "2025-03-01T10:00:00Z", "2025-03-01T02:00:00-08:00"),
        ("call_schedule_start_time", "2025-07-01 10:00", "2025-07-01T10:00:00-07:00"),
        ("call_schedule_start_time", "2025-07-01", "2025-07-01T00:00:00-07:00"),
        ("call_schedule_start_time", "2025-03-09T02:30:00", "2025-03-09T03:30:00-07:00"),
        ("call_schedule_start_time", "0001-01-01", "0001-01-01T07:52:58Z"),
        ("call_schedule_start_time", "9999-12-31T23:59:59Z", "9999-12-31T15:59:59-08:00"),
        ("call_schedule_start_time", None, None),
    ],
)
def test_what_a_field_reads(sela: httpx.Client, field: str, value: Any, read: Any) -> None:
    response = sela.put(UPDATE, json=ADA | {field: value})
    assert (response.status_code, response.json()[field]) == (200, read)


@pytest.mark.parametrize(
    "spelling",
    [
        "2025550101",
        "202-555-0101",
        "(202) 555-0101",
        "1-202-555-0101",
        "+1 (202) 555-0101",
        2025550101,
    ],
)
def test_a_phone_number_comes_back_as_e164(sela: httpx.Client, spelling: str | int) -> None:
    assert (
        sela.put(UPDATE, json=ADA | {"phone_number": spelling}).json()["phone_number"]
        == "+12025550101"
    )


def test_a_form_is_read_like_an_object(sela: httpx.Client) -> None:
    form = ADA | {
        "status": "CLOSED",
        "call_dnc": "true",
        "lead_type": "124",
        "representative": "",
        "us_state": "",
        "nickname": "Countess",
    }
    lead = sela.put(UPDATE, data=form | {"metadata.a": "1"}).json()
    assert {
        name: lead[name]
        for name in ("status", "call_dnc", "sms_dnc", "lead_type", "representative", "us_state")
    } == {
        "status": "CLOSED",
        "call_dnc": True,
        "sms_dnc": False,
        "lead_type": 124,
        "representative": None,
        "us_state": "",
    }
    assert lead["metadata"] == {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "a": "1",
        "nickname": "Countess",
    }


def test_a_boolean_that_a_form_leaves_out_stays(sela: httpx.Client) -> None:
    sela.put(UPDATE, data=ADA | {"call_dnc": "on"})
    assert sela.put(UPDATE, data=ADA | {"status": "LOST"}).json()["call_dnc"] is True


def test_an_empty_choice_in_a_form_stays_as_it_was(sela: httpx.Client) -> None:
    assert sela.put(UPDATE, data=ADA | {"status": ""}).json()["status"] == "OPEN"


def test_an_empty_text_in_a_form_is_refused_where_an_object_is_refused_too(
    sela: httpx.Client,
) -> None:
    empty = {"phone_number": ""}
    for response in (sela.patch(LEAD, data=empty), sela.patch(LEAD, json=empty)):
        assert (response.status_code, response.json()) == (
            400,
            {"phone_number": ["This field may not be blank."]},
        )


def test_a_multipart_form_is_read_and_a_file_refused(sela: httpx.Client) -> None:
    assert (
        sela.put(UPDATE, files={name: (None, text) for name, text in ADA.items()}).status_code
        == 200
    )
    response = sela.put(UPDATE, files={"phone_number": ("phone.txt", b"x")})
    assert response.json() == {"phone_number": ["Enter a valid phone number."]}


def test_a_form_is_read_in_document_strictness_too(serve: Any) -> None:
    url = serve(strictness="document") + "/sela" + UPDATE
    headers = {"Authorization": "Token demo"}
    response = httpx.put(
        url, data=ADA | {"call_dnc": "true", "lead_type": "124", "metadata": "{}"}, headers=headers
    )
    assert (response.json()["call_dnc"], response.json()["lead_type"]) == (True, 124)
    assert httpx.put(url, data=ADA | {"call_dnc": "on"}, headers=headers).json() == {
        "call_dnc": ["Must be a valid boolean."]
    }


def test_a_form_without_a_boundary_is_400(sela: httpx.Client) -> None:
    response = sela.put(UPDATE, content=b"x", headers={"Content-Type": "multipart/form-data"})
    answer = {"detail": "Multipart form parse error - Invalid boundary in multipart: None"}
    assert (response.status_code, response.json()) == (400, answer)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"", "multipart/form-data; boundary=x", id="no bytes"),
        pytest.param(b"nonsense", "multipart/form-data; boundary=x", id="no parts"),
        pytest.param(
            b"phone_number%ff=1", "application/x-www-form-urlencoded", id="a name that is not UTF-8"
        ),
    ],
)
def test_a_form_without_the_field_is_400(sela: httpx.Client, content: bytes, kind: str) -> None:
    response = sela.put(UPDATE, content=content, headers={"Content-Type": kind})
    assert (response.status_code, response.json()) == (
        400,
        {"phone_number": ["This field is required."]},
    )


def test_a_form_of_too_many_fields_is_the_frameworks_page(sela: httpx.Client) -> None:
    response = sela.put(
        UPDATE,
        content=b"&a=1" * 1001,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (response.status_code, response.headers["content-type"]) == (
        400,
        "text/html; charset=utf-8",
    )
    assert "<h1>Bad Request (400)</h1><p></p>" in response.text


def test_bytes_of_a_form_that_are_not_utf8_are_replaced(sela: httpx.Client) -> None:
    form = b"phone_number=%2B12025550101&external_id=%ff"
    response = sela.put(
        UPDATE, content=form, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (response.status_code, response.json()["external_id"]) == (200, "\ufffd")


def test_document_strictness_takes_values_to_the_letter(serve: Any) -> None:
    body = {
        "phone_number": 2025550101,
        "lead_type": "124",
        "call_dnc": "true",
        "external_id": 5,
        "call_schedule_start_time": "2025-07-01",
    }
    response = httpx.put(
        serve(strictness="document") + "/sela" + UPDATE,
        json=body,
        headers={"Authorization": "Token demo"},
    )
    assert response.json() == {
        "phone_number": ["Enter a valid phone number."],
        "lead_type": ["Incorrect type. Expected pk value, received str."],
        "external_id": ["Not a valid string."],
        "call_schedule_start_time": [WRONG],
        "call_dnc": ["Must be a valid boolean."],
    }


def test_nested_problems_are_nested_as_the_serializers_are() -> None:
    item = {
        "type": "object",
        "required": ["email"],
        "properties": {"email": {"type": "string"}, "extra": {"type": "object"}},
    }
    schema = {
        "type": "object",
        "properties": {"leads": {"type": "array", "items": item}, "metadata": {"type": "object"}},
    }
    value = {"leads": [{"email": "a"}, {"email": 5, "extra": []}, {}], "metadata": {}}
    problems = [
        *Reader(schema).read(value)[1],
        Problem(("metadata", "a", 0), "null-character", "Null characters are not allowed."),
    ]
    assert DIALECT.errors(problems, schema) == {
        "leads": [
            {},
            {
                "email": ["Not a valid string."],
                "extra": ['Expected a dictionary of items but got type "list".'],
            },
            {"email": ["This field is required."]},
        ],
        "metadata": ["Null characters are not allowed."],
    }


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("12", 12),
        ("12.0", 12),
        (" 12 ", 12),
        (12.0, 12),
        (1e15, 10**15),
        (1e30, "1e+30"),
        ("", ""),
        ("12.5", "12.5"),
        (True, True),
        ("x", "x"),
        ("1" * 1001, "1" * 1001),
    ],
)
def test_what_an_integer_field_reads(value: Any, read: Any) -> None:
    assert DIALECT.coercer({"type": "integer"})(value) == read


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1" * 1001, "String value too large."),
        (-1, "Ensure this value is greater than or equal to 0."),
        (11, "Ensure this value is less than or equal to 10."),
        ("x", "A valid integer is required."),
        (1.5, "A valid integer is required."),
        (1e30, "A valid integer is required."),
    ],
)
def test_what_an_integer_field_says(value: Any, message: str) -> None:
    schema = {
        "type": "object",
        "properties": {"days": {"type": "integer", "minimum": 0, "maximum": 10}},
    }
    _, problems = Reader(schema, DIALECT.coercer).read({"days": value})
    assert DIALECT.errors(problems, schema) == {"days": [message]}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-02T03:04:05Z", datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2025-1-2 3:04", datetime.fromisoformat("2025-01-02T03:04")),
        ("2025-1-2T3:04:05.5 +0100", datetime.fromisoformat("2025-01-02T03:04:05.5+01:00")),
        ("2025-1-2T3:04:05-08", datetime.fromisoformat("2025-01-02T03:04:05-08:00")),
        ("2025-03-09T02:30", datetime.fromisoformat("2025-03-09T02:30")),
        ("2025-01-02T25:00", None),
        ("2025-01-02T03:04:05+24:00", None),
        ("2025-01-02 03:04-9959", None),
        ("", None),
    ],
)
def test_the_moments_a_date_time_field_reads(text: str, moment: datetime | None) -> None:
    assert date_time(text, ZoneInfo("America/Los_Angeles")) == moment


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59",
        "9999-12-31T23:59:59-08:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_the_first_and_last_moments_have_no_place_in_every_zone(text: str) -> None:
    assert date_time(text, ZoneInfo("America/Los_Angeles")) == "Datetime value out of range."


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        (" ,, ", []),
        ("home  ins\tx", ["home", "ins", "x"]),
        ("home,ins", ["home", "ins"]),
        ('"home ins" x', ["home ins", "x"]),
        ("'home, ins',x", ["'home", "ins'", "x"]),
        ("'home, ins', x", ["home, ins", "x"]),
        (r'"say \"a\\b\""', ['say "a\\b"']),
        ('"home ins', ['"home', "ins"]),
        ("it's", ["it's"]),
        ('a"b c"d', ['a"b c"d']),
    ],
)
def test_the_terms_of_a_search(text: str, terms: list[str]) -> None:
    assert list(search_terms(text)) == terms

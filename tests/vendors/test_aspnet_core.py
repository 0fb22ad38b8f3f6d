"""The wordings of ASP.NET Core and System.Text.Json, in tables."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mockserver.dialects.aspnet_core import AspNetCore, Model, grouped
from mockserver.errors import Problem
from mockserver.workspaces import Workspace
from tests.world import switch

PEARL = "66a1f0c2d60e456235eae601"
LEAD = f"/v2/Outbound/{PEARL}/Lead"
ONE = f"{LEAD}/66a1f0c2d60e456235eae701"
LEADS = f"/v2/Outbound/{PEARL}/Leads"
JSON = {"content-type": "application/json"}
TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00")
REQUIRED = {"leadToUpdate": ["The leadToUpdate field is required."]}


def details(answer: httpx.Response) -> dict[str, Any]:
    """A problem details body without its traceId."""
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    body = answer.json()
    assert TRACE.fullmatch(body.pop("traceId"))
    return body


def put(client: httpx.Client, body: bytes) -> dict[str, list[str]]:
    """The errors of an update with that body."""
    answer = client.put(ONE, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    return details(answer)["errors"]


def test_a_validation_problem_has_this_shape(nlpearl: httpx.Client) -> None:
    answer = nlpearl.post(LEAD, json={})
    assert answer.status_code == 400
    assert list(answer.json()) == ["type", "title", "status", "errors", "traceId"]
    assert details(answer) == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "One or more validation errors occurred.",
        "status": 400,
        "errors": {"PhoneNumber": ["The PhoneNumber field is required."]},
    }


def test_trace_ids_differ_from_request_to_request_and_repeat_from_run_to_run(
    serve: Callable[..., str],
) -> None:
    runs = []
    for url in (serve(seed=7), serve(seed=7)):
        with httpx.Client(
            base_url=f"{url}/nlpearl", headers={"Authorization": "Bearer a:b"}
        ) as client:
            runs.append([client.get(f"{LEAD}/unknown").json()["traceId"] for _ in range(2)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


# Authentication and routing


@pytest.mark.parametrize(
    "credential",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer secret", id="no colon"),
        pytest.param("Bearer :secret", id="no account"),
        pytest.param("Bearer account:", id="no secret"),
        pytest.param("Basic YTpi", id="another scheme"),
        pytest.param("Bearer invalid:secret", id="refused account"),
        pytest.param("Bearer expired:secret", id="expired account"),
    ],
)
def test_a_bad_credential_is_answered_401_without_a_body(
    nlpearl: httpx.Client, credential: str | None
) -> None:
    del nlpearl.headers["authorization"]
    answer = nlpearl.get(
        "/v2/Account", headers={} if credential is None else {"Authorization": credential}
    )
    assert (answer.status_code, answer.content, answer.headers["www-authenticate"]) == (
        401,
        b"",
        "Bearer",
    )
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("credential", ["Bearer a:b", "bearer a:b", "Bearer a:b:c"])
def test_a_good_credential_gets_in(nlpearl: httpx.Client, credential: str) -> None:
    assert nlpearl.get("/v2/Account", headers={"Authorization": credential}).status_code == 200


def test_the_credential_is_looked_at_before_the_body(nlpearl: httpx.Client) -> None:
    assert (
        nlpearl.post(
            LEAD, content=b"{", headers=JSON | {"Authorization": "Bearer secret"}
        ).status_code
        == 401
    )


@pytest.mark.parametrize("credential", ["Bearer a:b", "Bearer secret"])
def test_routing_comes_before_the_credential(nlpearl: httpx.Client, credential: str) -> None:
    unknown = nlpearl.get("/v2/Outbound", headers={"Authorization": credential})
    wrong = nlpearl.patch(ONE, headers={"Authorization": credential})
    assert (unknown.status_code, unknown.content) == (404, b"")
    assert (wrong.status_code, wrong.content, wrong.headers["allow"]) == (405, b"", "GET, PUT")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE"])
def test_no_method_is_implied(nlpearl: httpx.Client, method: str) -> None:
    answer = nlpearl.request(method, "/v2/Account")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_paths_match_in_any_letter_case(nlpearl: httpx.Client) -> None:
    assert nlpearl.get(ONE.lower()).json() == nlpearl.get(ONE).json()
    assert nlpearl.get("/V2/account").status_code == 200


# Bodies


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "text/json",
        "application/vnd.api+json",
        "application/merge-patch+json; charset=utf-8",
        "application/*+json",
        "text/vnd.api+json",
        "application/+json",
        "application/json, text/plain",
        "application/json; charset=unicode-1-1-utf-8",
    ],
)
def test_these_content_types_are_read(nlpearl: httpx.Client, content_type: str) -> None:
    assert (
        nlpearl.put(ONE, content=b'{"status": 100}', headers={"content-type": content_type}).json()[
            "status"
        ]
        == 100
    )


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "text/plain, application/json",
        "image/json",
        "application/json+xml",
        "application/json; charset=latin1",
        "application/json; charset=utf8",
        "application/json; charset=",
    ],
)
@pytest.mark.parametrize("body", [b'{"status": 100}', b""])
def test_other_content_types_are_answered_415(
    nlpearl: httpx.Client, content_type: str | None, body: bytes
) -> None:
    answer = nlpearl.put(
        ONE, content=body, headers={} if content_type is None else {"content-type": content_type}
    )
    assert answer.status_code == 415
    assert details(answer) == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.16",
        "title": "Unsupported Media Type",
        "status": 415,
    }


FORM_ERROR = "Failed to read the request form. {}"
CUT_SHORT = FORM_ERROR.format(
    "Unexpected end of Stream, the content may have already been read by another component. "
)
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        pytest.param("multipart/form-data; boundary=x", b"{}", CUT_SHORT, id="no boundary in it"),
        pytest.param("multipart/form-data; boundary=x", PART[:-6], CUT_SHORT, id="cut short"),
        pytest.param(
            "multipart/form-data",
            PART,
            FORM_ERROR.format("Missing content-type boundary."),
            id="no boundary named",
        ),
        pytest.param(
            "multipart/form-data; boundary=" + "x" * 129,
            PART,
            FORM_ERROR.format("Multipart boundary length limit 128 exceeded."),
            id="a long boundary",
        ),
        pytest.param(
            "application/x-www-form-urlencoded",
            b"a=1&" * 1024,
            FORM_ERROR.format("Form value count limit 1024 exceeded."),
            id="many fields",
        ),
        pytest.param(
            "application/x-www-form-urlencoded",
            b"a" * 2049,
            FORM_ERROR.format("Form key length limit 2048 exceeded."),
            id="a long name",
        ),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_form_that_cannot_be_read_is_told_before_anything_else(
    nlpearl: httpx.Client, method: str, content_type: str, body: bytes, error: str
) -> None:
    answer = nlpearl.request(method, ONE, content=body, headers={"content-type": content_type})
    assert (answer.status_code, details(answer)["errors"]) == (400, {"": [error]})


def test_a_form_is_no_body_even_when_it_can_be_read(nlpearl: httpx.Client) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert nlpearl.put(ONE, content=PART, headers=headers).status_code == 415


def test_a_body_that_is_too_large_is_answered_413(serve: Callable[..., str]) -> None:
    url = serve(max_body=1000) + "/nlpearl"
    answer = httpx.post(
        url + LEAD, json={"phoneNumber": "1" * 1000}, headers={"Authorization": "Bearer a:b"}
    )
    assert (answer.status_code, answer.content) == (413, b"")
    assert "content-type" not in answer.headers


def test_an_unknown_lead_can_be_answered_404(nlpearl: httpx.Client, workspace: Workspace) -> None:
    switch(workspace, "nlpearl", not_found_status=404)
    answer = nlpearl.get(f"{LEAD}/unknown")
    assert answer.status_code == 404
    assert details(answer) == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.5",
        "title": "Not Found",
        "status": 404,
    }


UPDATE = "NLPearl.Core.Models.LeadToUpdateApi"
STATUS = "System.Nullable`1[NLPearl.Core.Models.eLeadStatusInputApi]"


@pytest.mark.parametrize(
    ("body", "words", "path", "at"),
    [
        pytest.param(b"x", "'x' is an invalid start of a value.", "$", (0, 0), id="no value"),
        pytest.param(
            b'{"a": +1}', "'+' is an invalid start of a value.", "$.a", (0, 6), id="no member value"
        ),
        pytest.param(
            '{"a": é}'.encode(),
            "'0xC3' is an invalid start of a value.",
            "$.a",
            (0, 6),
            id="more than ASCII",
        ),
        pytest.param(
            b'{"a": \xff}', "'0xFF' is an invalid start of a value.", "$.a", (0, 6), id="no UTF-8"
        ),
        pytest.param(
            b'{"a": NaN}',
            "'N' is an invalid start of a value.",
            "$.a",
            (0, 6),
            id="what Python takes for a number",
        ),
        pytest.param(
            b'{"a": nope}',
            "'nope}' is an invalid JSON literal. Expected the literal 'null'.",
            "$.a",
            (0, 7),
            id="no null",
        ),
        pytest.param(
            b"tru",
            "'tru' is an invalid JSON literal. Expected the literal 'true'.",
            "$",
            (0, 3),
            id="half a literal",
        ),
        pytest.param(
            b"{a: 1}",
            "'a' is an invalid start of a property name. Expected a '\"'.",
            "$",
            (0, 1),
            id="no property name",
        ),
        pytest.param(
            b'{"a" 1}',
            "'1' is invalid after a property name. Expected a ':'.",
            "$",
            (0, 5),
            id="no colon",
        ),
        pytest.param(
            b'{"a": 1\n "b": 2}',
            "'\"' is invalid after a value. Expected either ',', '}', or ']'.",
            "$",
            (1, 1),
            id="no comma on a second line",
        ),
        pytest.param(
            b"{} x",
            "'x' is invalid after a single JSON value. Expected end of data.",
            "$",
            (0, 3),
            id="more than one value",
        ),
        pytest.param(
            b'{"a": "b',
            "Expected end of string, but instead reached end of data.",
            "$.a",
            (0, 8),
            id="open string",
        ),
        pytest.param(
            b'{"a": "\n"}',
            "'0x0A' is invalid within a JSON string. The string should be correctly escaped.",
            "$.a",
            (0, 7),
            id="control character",
        ),
        pytest.param(
            b'{"a": "\\x"}',
            "'x' is an invalid escapable character within a JSON string. The string should be correctly escaped.",
            "$.a",
            (0, 8),
            id="no escape",
        ),
        pytest.param(
            b'{"a": "\\u12x4"}',
            "'x' is not a hex digit following '\\u' within a JSON string. The string should be correctly escaped.",
            "$.a",
            (0, 11),
            id="no hex digit",
        ),
        pytest.param(
            b'{"a": 01}', "Invalid leading zero before '1'.", "$.a", (0, 7), id="leading zero"
        ),
        pytest.param(
            b'{"a": 555-0101}',
            "'-' is an invalid end of a number. Expected a delimiter.",
            "$.a",
            (0, 9),
            id="more than a number",
        ),
        pytest.param(
            b'{"a": 1.}',
            "'}' is invalid within a number, immediately after a decimal point ('.'). Expected a digit ('0'-'9').",
            "$.a",
            (0, 8),
            id="no fraction",
        ),
        pytest.param(
            b'{"a": -}',
            "'}' is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit ('0'-'9').",
            "$.a",
            (0, 7),
            id="no digit",
        ),
        pytest.param(
            b'{"a": -',
            "Expected a digit ('0'-'9'), but instead reached end of data.",
            "$.a",
            (0, 7),
            id="half a number",
        ),
        pytest.param(
            b'{"a": 1, }',
            "The JSON object contains a trailing comma at the end which is not supported in this mode. Change the reader options.",
            "$",
            (0, 9),
            id="trailing comma in an object",
        ),
        pytest.param(
            b'{"x": [1,]}',
            "The JSON array contains a trailing comma at the end which is not supported in this mode. Change the reader options.",
            "$.x",
            (0, 9),
            id="trailing comma in a list",
        ),
        pytest.param(
            b'{"x": [1,}',
            "'}' is an invalid start of a value.",
            "$.x",
            (0, 9),
            id="an item that is a bracket",
        ),
        pytest.param(
            b'{"x": [1}',
            "'}' is invalid without a matching open.",
            "$.x",
            (0, 8),
            id="another bracket than the open one",
        ),
        pytest.param(
            b'{"x": ",]" y',
            "'y' is invalid after a value. Expected either ',', '}', or ']'.",
            "$",
            (0, 11),
            id="after a text",
        ),
        pytest.param(
            b'{"a": 1.5x}',
            "'x' is an invalid end of a number. Expected 'E' or 'e'.",
            "$.a",
            (0, 9),
            id="after a fraction",
        ),
        pytest.param(
            b'{"a": 1e}',
            "'}' is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit ('0'-'9').",
            "$.a",
            (0, 8),
            id="no exponent",
        ),
        pytest.param(
            b'{"a": 1,',
            "Expected start of a property name or value, but instead reached end of data.",
            "$",
            (0, 7),
            id="nothing after a comma",
        ),
        pytest.param(
            b'{"a": 1, ',
            "Expected start of a property name or value, but instead reached end of data.",
            "$",
            (0, 9),
            id="white space after a comma",
        ),
        pytest.param(
            b'{"a"',
            "Expected a value, but instead reached end of data.",
            "$",
            (0, 4),
            id="nothing after a name",
        ),
        pytest.param(
            b'{"a": "\\u12',
            "Expected end of string, but instead reached end of data.",
            "$.a",
            (0, 11),
            id="half an escape",
        ),
        pytest.param(
            b'{"a": nul',
            "'nul' is an invalid JSON literal. Expected the literal 'null'.",
            "$.a",
            (0, 9),
            id="half a null",
        ),
        pytest.param(
            b'{"a": [',
            "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed.",
            "$.a",
            (0, 7),
            id="open list",
        ),
        pytest.param(
            b" ",
            "The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when isFinalBlock is true.",
            "$",
            (0, 1),
            id="white space",
        ),
        pytest.param(
            b'{"a":' * 32 + b"[" + b"]" + b"}" * 32,
            "The maximum configured depth of 32 has been exceeded. Cannot read next JSON array.",
            "$.a",
            (0, 160),
            id="too deep",
        ),
        pytest.param(
            b'{"callData": {"b": "c", "d" 5}}',
            "'5' is invalid after a property name. Expected a ':'.",
            "$.callData",
            (0, 28),
            id="within a map",
        ),
        pytest.param(
            b'{"callData": {"b": "c", "first name": -}}',
            "'}' is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit ('0'-'9').",
            "$.callData['first name']",
            (0, 39),
            id="a member of a map",
        ),
        pytest.param(
            b"[1,",
            f"The JSON value could not be converted to {UPDATE}.",
            "$",
            (0, 1),
            id="a list, however it ends",
        ),
        pytest.param(
            b'"text"',
            f"The JSON value could not be converted to {UPDATE}.",
            "$",
            (0, 6),
            id="a text",
        ),
        pytest.param(
            b'{"externalId": "\xff"}',
            "The JSON value could not be converted to System.String.",
            "$.externalId",
            (0, 18),
            id="a text that is no UTF-8",
        ),
        pytest.param(
            b'{"status": 1' + b"0" * 5000 + b"}",
            f"The JSON value could not be converted to {STATUS}.",
            "$.status",
            (0, 5012),
            id="a number longer than Python reads",
        ),
    ],
)
def test_a_body_that_is_no_object_is_refused_in_these_words(
    nlpearl: httpx.Client, body: bytes, words: str, path: str, at: tuple[int, int]
) -> None:
    assert (
        put(nlpearl, body)
        == {path: [f"{words} Path: {path} | LineNumber: {at[0]} | BytePositionInLine: {at[1]}."]}
        | REQUIRED
    )


@pytest.mark.parametrize("body", [b"", b"null"])
def test_an_empty_body_is_refused(nlpearl: httpx.Client, body: bytes) -> None:
    assert put(nlpearl, body) == {"": ["A non-empty request body is required."]} | REQUIRED


def test_thirty_two_levels_are_read(nlpearl: httpx.Client) -> None:
    assert (
        nlpearl.put(ONE, content=b'{"x": ' + b"[" * 31 + b"]" * 31 + b"}", headers=JSON).status_code
        == 200
    )


MAP = "System.Collections.Generic.Dictionary`2[System.String,System.String]"


@pytest.mark.parametrize(
    ("body", "path", "type", "at"),
    [
        pytest.param(
            b'{"phoneNumber": 5}', "$.phoneNumber", "System.String", (0, 17), id="number for a text"
        ),
        pytest.param(
            b'{"PHONENUMBER": true}',
            "$.PHONENUMBER",
            "System.String",
            (0, 20),
            id="boolean for a text",
        ),
        pytest.param(b'{"status": "100"}', "$.status", STATUS, (0, 16), id="text for an enum"),
        pytest.param(
            b'{"status":\n "Success"}',
            "$.status",
            STATUS,
            (1, 10),
            id="name for an enum, on a second line",
        ),
        pytest.param(b'{"status": 100.0}', "$.status", STATUS, (0, 16), id="fraction for an enum"),
        pytest.param(b'{"status": 1e2}', "$.status", STATUS, (0, 14), id="exponent for an enum"),
        pytest.param(b'{"status": 2147483648}', "$.status", STATUS, (0, 21), id="past 32 bits"),
        pytest.param(
            b'{"status": 1, "status": true}',
            "$.status",
            STATUS,
            (0, 28),
            id="boolean for an enum, the second time",
        ),
        pytest.param(b'{"callData": [[], 1]}', "$.callData", MAP, (0, 14), id="list for a map"),
        pytest.param(
            b'{"x": [1, {"y": 2}], "callData": {"age": 5}}',
            "$.callData.age",
            "System.String",
            (0, 42),
            id="number in a map",
        ),
        pytest.param(
            b'{"callData": {"+1": []}}',
            "$.callData.+1",
            "System.String",
            (0, 21),
            id="under a key of digits",
        ),
        pytest.param(
            '{"callData": {"é": "ü", "first name": {}}}'.encode(),
            "$.callData['first name']",
            "System.String",
            (0, 41),
            id="after more than ASCII",
        ),
        pytest.param(
            b'{"externalId": "a\\u0000b"}', "$.externalId", "System.String", (0, 25), id="NUL"
        ),
        pytest.param(
            b'{"externalId": "\\udfff"}',
            "$.externalId",
            "System.String",
            (0, 23),
            id="lone surrogate",
        ),
    ],
)
def test_a_value_that_cannot_be_converted_is_named_by_its_path(
    nlpearl: httpx.Client, body: bytes, path: str, type: str, at: tuple[int, int]
) -> None:
    message = f"The JSON value could not be converted to {type}. Path: {path} | LineNumber: {at[0]} | BytePositionInLine: {at[1]}."
    assert put(nlpearl, body) == {path: [message]} | REQUIRED


@pytest.mark.parametrize(
    ("body", "path", "type", "byte"),
    [
        pytest.param({"skip": "x"}, "$.skip", "System.Int32", 11, id="text for a number"),
        pytest.param({"skip": " 1"}, "$.skip", "System.Int32", 12, id="white space in a number"),
        pytest.param({"skip": "1.0"}, "$.skip", "System.Int32", 13, id="fraction in a text"),
        pytest.param({"skip": 1.0}, "$.skip", "System.Int32", 11, id="fraction"),
        pytest.param({"skip": None}, "$.skip", "System.Int32", 12, id="null"),
        pytest.param(
            {"isAscending": "true"}, "$.isAscending", "System.Boolean", 21, id="text for a boolean"
        ),
        pytest.param(
            {"isAscending": 1}, "$.isAscending", "System.Boolean", 16, id="number for a boolean"
        ),
        pytest.param(
            {"statuses": 1},
            "$.statuses",
            "System.Collections.Generic.List`1[NLPearl.Core.Models.eLeadStatusView]",
            13,
            id="no list",
        ),
        pytest.param(
            {"statuses": [1, "10"]},
            "$.statuses[1]",
            "NLPearl.Core.Models.eLeadStatusView",
            19,
            id="text in a list of enums",
        ),
        pytest.param(
            {"statuses": [None]},
            "$.statuses[0]",
            "NLPearl.Core.Models.eLeadStatusView",
            17,
            id="null in a list of enums",
        ),
    ],
)
def test_a_search_that_cannot_be_converted(
    nlpearl: httpx.Client, body: dict[str, Any], path: str, type: str, byte: int
) -> None:
    # Positions are counted in this text; older versions of httpx put spaces in theirs.
    content = json.dumps(body, separators=(",", ":"))
    answer = nlpearl.post(LEADS, content=content, headers=JSON)
    message = f"The JSON value could not be converted to {type}. Path: {path} | LineNumber: 0 | BytePositionInLine: {byte}."
    assert details(answer)["errors"] == {
        path: [message],
        "leadSearch": ["The leadSearch field is required."],
    }


@pytest.mark.parametrize("limit", ["2", "+2", "002"])
def test_a_number_may_be_a_text(nlpearl: httpx.Client, limit: str) -> None:
    assert len(nlpearl.post(LEADS, json={"limit": limit}).json()["results"]) == 2


def test_the_last_of_two_spellings_of_a_name_counts(nlpearl: httpx.Client) -> None:
    assert (
        nlpearl.put(ONE, content=b'{"status": 100, "STATUS": 130}', headers=JSON).json()["status"]
        == 130
    )


# The dialect by itself

DIALECT = AspNetCore({"op": Model("thing", "Shop.Thing")}, {"colour": "Shop.Colour"})
OBJECT = {
    "type": "object",
    "properties": {
        "price": {"type": "number", "format": "double"},
        "count": {"type": "integer", "format": "int32"},
        "colour": {"type": "integer", "nullable": True},
        "tags": {"type": "array", "items": {"type": "string"}},
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "words": {"type": "object", "additionalProperties": {"type": "string"}},
        "anything": {},
    },
}


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param({"price": "1.5"}, {"price": 1.5}, id="a number as text"),
        pytest.param({"price": "1e3"}, {"price": 1000.0}, id="with an exponent"),
        pytest.param({"price": " 1"}, {"price": " 1"}, id="no number"),
        pytest.param(
            {"count": "-7", "COLOUR": "7"},
            {"count": -7, "colour": "7"},
            id="an integer, but no enum, as text",
        ),
        pytest.param(
            {"count": 1.0, "colour": 2.0},
            {"count": "1.0", "colour": "2.0"},
            id="fractions are spoilt",
        ),
        pytest.param({"tags": ["a", None]}, {"tags": ["a", ""]}, id="null in a list of texts"),
        pytest.param(
            {"numbers": ["1", 2, None]}, {"numbers": [1, 2, None]}, id="a list of numbers"
        ),
        pytest.param({"words": {"a": None, "b": "c"}}, {"words": {"b": "c"}}, id="null in a map"),
        pytest.param(
            {"Anything": [1], "other": 1}, {"anything": [1]}, id="letter case and strangers"
        ),
        pytest.param(
            {"tags": 1, "numbers": {}, "words": []},
            {"tags": 1, "numbers": {}, "words": []},
            id="wrong types are left alone",
        ),
        pytest.param([], [], id="no object"),
        pytest.param(None, None, id="null"),
    ],
)
def test_values_are_read_as_system_text_json_does(sent: Any, read: Any) -> None:
    assert DIALECT.coercer(OBJECT)(sent) == read


@pytest.mark.parametrize(
    ("problem", "key", "message"),
    [
        pytest.param(
            Problem(("items", 3, "name"), "required", "", None, {"type": "string"}),
            "Items[3].Name",
            "The Name field is required.",
            id="missing",
        ),
        pytest.param(
            Problem(("items",), "maxItems", "", [1, 2], {"type": "array", "maxItems": 1}),
            "Items",
            "The field Items must be a string or array type with a maximum length of '1'.",
            id="too many",
        ),
        pytest.param(
            Problem(("colour",), "enum", "", 9, {"type": "integer"}),
            "Colour",
            "The field Colour is invalid.",
            id="no such value",
        ),
        pytest.param(
            Problem(("name",), "unique", "is taken"), "Name", "is taken", id="a rule of the handler"
        ),
        pytest.param(
            Problem(("thingId",), "unknown", "is unknown", location="path"),
            "thingId",
            "is unknown",
            id="a path parameter",
        ),
    ],
)
def test_a_problem_has_this_key_and_these_words(problem: Problem, key: str, message: str) -> None:
    assert DIALECT.worded([problem]) == [(key, message)]


def test_one_field_can_have_several_messages_but_no_message_twice() -> None:
    problems = [
        Problem(("name",), "a", "first"),
        Problem(("name",), "b", "second"),
        Problem(("name",), "c", "first"),
    ]
    assert grouped(DIALECT.worded(problems)) == {"Name": ["first", "second"]}


def test_of_many_errors_the_first_199_are_told(nlpearl: httpx.Client) -> None:
    answer = nlpearl.post(f"{LEADS}/Add", json={"leads": [{}] * 250})
    errors = details(answer)["errors"]
    assert (len(errors), errors[""]) == (200, ["The input was not valid."])
    assert "Leads[198].PhoneNumber" in errors
    assert "Leads[199].PhoneNumber" not in errors


def test_of_too_many_leads_only_the_list_is_told(nlpearl: httpx.Client) -> None:
    answer = nlpearl.post(f"{LEADS}/Add", json={"leads": [{}] * 50001})
    assert details(answer)["errors"] == {
        "Leads": [
            "The field Leads must be a string or array type with a maximum length of '50000'."
        ]
    }


def test_a_blank_path_parameter_is_told_beside_the_body(nlpearl: httpx.Client) -> None:
    answer = nlpearl.post("/v2/Outbound/%20/Lead", content=b"[", headers=JSON)
    assert set(details(answer)["errors"]) == {"$", "leadToAdd", "pearlId"}

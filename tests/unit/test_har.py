"""A journal as an HTTP archive: what the format requires is there, and no credential is."""

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from mockserver.journal.har import har
from mockserver.journal.records import AppliedFault
from mockserver.journal.view import verdict
from tests.unit.recorded import record
from tests.unit.test_journal import MISS

TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": -1}
TIME = {"type": "number", "minimum": 0}


def all_of(**properties: Any) -> dict[str, Any]:
    """The schema of an object in which each of these must be, and beyond which only private members may be."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "patternProperties": {"^_": {}},
    }


def closed(schema: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return schema | {"properties": schema["properties"] | optional, "additionalProperties": False}


PAIRS = {"type": "array", "items": closed(all_of(name=TEXT, value=TEXT))}
POST_DATA = closed(all_of(mimeType=TEXT, params=PAIRS, text=TEXT))
CONTENT = closed(all_of(size=COUNT, mimeType=TEXT), text=TEXT, encoding={"enum": ["base64"]})
MESSAGE = {
    "httpVersion": TEXT,
    "cookies": {"type": "array"},
    "headers": PAIRS,
    "headersSize": COUNT,
    "bodySize": COUNT,
}
REQUEST = closed(
    all_of(
        method=TEXT,
        url={"type": "string", "pattern": "^https?://[^ ]*$"},
        queryString=PAIRS,
        **MESSAGE,
    ),
    postData=POST_DATA,
)
RESPONSE = closed(
    all_of(status=COUNT, statusText=TEXT, content=CONTENT, redirectURL=TEXT, **MESSAGE)
)
STARTED = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
TIMINGS = closed(all_of(send=TIME, wait=TIME, receive=TIME))
ENTRY = closed(
    all_of(
        startedDateTime=STARTED,
        time=TIME,
        request=REQUEST,
        response=RESPONSE,
        cache={"const": {}},
        timings=TIMINGS,
    )
)
LOG = closed(
    all_of(
        version={"const": "1.2"},
        creator=closed(all_of(name=TEXT, version=TEXT)),
        entries={"type": "array", "items": ENTRY},
    )
)
HAR = Draft202012Validator(closed(all_of(log=LOG)))


def entry(**slots: Any) -> dict[str, Any]:
    """The entry of one call, in an archive that is valid."""
    made = har([record(**slots)], "1.2.3")
    HAR.validate(made)
    (only,) = made["log"]["entries"]
    return only


def test_an_empty_journal_is_an_archive_without_entries() -> None:
    made = har([], "1.2.3")
    HAR.validate(made)
    assert made == {
        "log": {
            "version": "1.2",
            "creator": {"name": "mockserver", "version": "1.2.3"},
            "entries": [],
        }
    }


def test_an_entry_has_request_answer_and_times() -> None:
    made = entry(
        number=7,
        path="/sela/api/léads/",
        raw_path="/sela/api/l%C3%A9ads/",
        query_string=b"page=2&q=a%20b&empty=",
        headers={
            b"host": b"127.0.0.1:8080",
            b"authorization": b"Token s3cret",
            b"content-type": b"application/json",
        },
        body='{"name":"é"}'.encode(),
        status=404,
        answer=b'{"detail":"No"}',
        seen_headers=(
            (b"content-type", b"application/json"),
            (b"vary", b"accept"),
            (b"vary", b"cookie"),
        ),
        matches=(MISS,),
        fault=AppliedFault("slow", "magic", {}),
    )
    assert made == {
        "startedDateTime": "2025-01-31T12:00:00.123Z",
        "time": 12.346,
        "request": {
            "method": "PUT",
            "url": "http://127.0.0.1:8080/sela/api/l%C3%A9ads/?page=2&q=a%20b&empty=",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [
                {"name": "host", "value": "127.0.0.1:8080"},
                {"name": "authorization", "value": "Token ***"},
                {"name": "content-type", "value": "application/json"},
            ],
            "queryString": [
                {"name": "page", "value": "2"},
                {"name": "q", "value": "a b"},
                {"name": "empty", "value": ""},
            ],
            "headersSize": -1,
            "bodySize": 13,
            "postData": {"mimeType": "application/json", "params": [], "text": '{"name":"é"}'},
        },
        "response": {
            "status": 404,
            "statusText": "Not Found",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [
                {"name": "content-type", "value": "application/json"},
                {"name": "vary", "value": "accept, cookie"},
            ],
            "content": {"size": 15, "mimeType": "application/json", "text": '{"detail":"No"}'},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": 15,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 12.346, "receive": 0},
        "_mockserver": {
            "number": 7,
            "vendor": "sela",
            "operation": "leads_update_update",
            "time": "2025-01-31T12:00:00.123Z",
            "fault": "slow",
            "matches": [verdict(MISS)],
        },
    }


def test_records_stand_in_the_order_in_which_they_are_given() -> None:
    made = har([record(2), record(1, None)], "1")
    HAR.validate(made)
    assert [each["_mockserver"]["number"] for each in made["log"]["entries"]] == [2, 1]


@pytest.mark.parametrize(
    ("raw", "size", "post_data"),
    [
        pytest.param(b"", 0, None, id="no body"),
        pytest.param(None, -1, None, id="a body too large to be read"),
        pytest.param(
            b"a=1",
            3,
            {"mimeType": "", "params": [], "text": "a=1"},
            id="a body of no declared type",
        ),
        pytest.param(
            b"\xff\xfe",
            2,
            {"mimeType": "", "params": [], "text": "//4=", "_encoding": "base64"},
            id="no text",
        ),
    ],
)
def test_what_was_sent_is_there(
    raw: bytes | None, size: int, post_data: dict[str, Any] | None
) -> None:
    request = entry(body=raw)["request"]
    assert (request["bodySize"], request.get("postData")) == (size, post_data)


def test_an_answer_that_is_no_text_is_encoded() -> None:
    assert entry(answer=b"\xff\xfe")["response"]["content"] == {
        "size": 2,
        "mimeType": "",
        "text": "//4=",
        "encoding": "base64",
    }


def test_a_redirect_tells_where_to() -> None:
    response = entry(status=301, seen_headers=((b"location", b"/sela/api/leads/"),))["response"]
    assert (response["statusText"], response["redirectURL"]) == (
        "Moved Permanently",
        "/sela/api/leads/",
    )


def test_a_request_that_got_no_answer_has_status_0() -> None:
    response = entry(status=0)["response"]
    assert (response["status"], response["statusText"], response["bodySize"]) == (0, "", 0)


def test_no_credential_is_in_an_archive() -> None:
    names = (b"authorization", b"proxy-authorization", b"x-api-key", b"cookie")
    assert "s3cret" not in str(har([record(headers=dict.fromkeys(names, b"Basic s3cret"))], "1"))

"""What the report finds in a journal, with a small API of things and with the real vendors."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path as File
from typing import Any

import httpx
import pytest

import mockserver
from mockserver.app import create_app
from mockserver.call import Note
from mockserver.documents.schema import Coerce, Coercer, Schema
from mockserver.documents.spec import Document, load_document
from mockserver.errors import OperatorError
from mockserver.journal.conduct import Report, report
from mockserver.journal.conduct.checks import CHECKS, LEVELS, selected_checks
from mockserver.journal.conduct.placeholders import is_placeholder
from mockserver.journal.records import AppliedFault, ManyRows, Record, RowChanges
from mockserver.matching import (
    Key,
    KeyTrial,
    MatchingRule,
    MatchTrace,
    Mismatch,
    OtherSpelling,
)
from mockserver.state.changes import Row, RowId
from mockserver.state.transaction import RowDiff
from tests.records import NOON, record, request
from tests.world import PEOPLE

DOCS = File(mockserver.__path__[0]).parent / "docs"

DOCUMENT = """openapi: 3.0.3
info: {title: Shop}
servers: [{url: 'https://api.shop.example'}]
paths:
  /things/:
    get:
      operationId: list_things
      x-provenance: documented
      parameters: [{name: page, in: query, schema: {type: integer}}, {name: size, in: query, schema: {type: integer}}]
      responses: {200: {description: A page}, 404: {description: None, x-provenance: inferred}}
    put:
      operationId: update_thing
      x-provenance: documented
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Thing'}}
          application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Thing'}}
      responses: {200: {description: Done}, 201: {description: Made, x-provenance: chosen}, 400: {description: Bad}, 409: {description: Clash}}
  /things/search:
    post:
      operationId: search_things
      x-provenance: documented
      requestBody: {content: {application/json: {schema: {type: object, properties: {skip: {type: integer}, limit: {type: integer}}}}}}
      responses: {200: {description: Some}}
  /things/many:
    post:
      operationId: add_things
      x-provenance: documented
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties: {things: {type: array, items: {$ref: '#/components/schemas/Thing'}, x-partial: report}}
      responses: {200: {description: Some}}
  /things/free:
    post:
      operationId: take_anything
      x-provenance: documented
      requestBody: {content: {application/json: {schema: {type: object, additionalProperties: true}}}}
      responses: {200: {description: Taken}}
components:
  schemas:
    Thing:
      type: object
      properties:
        serial: {type: integer, readOnly: true}
        number: {type: string}
        email: {type: string}
        state: {type: string}
        extra: {type: object}
"""

OPEN_TO_ALL = DOCUMENT.replace(
    "      properties:\n        serial",
    "      additionalProperties: true\n      properties:\n        serial",
)

NUMBER, EMAIL = Key("number", "number", str.upper), Key("email", "email", str.lower)
RULE = MatchingRule(
    "by key",
    ("update_thing",),
    "things",
    (NUMBER, EMAIL),
    "first given",
    "404",
    "all",
    "documented",
    "nowhere",
)
FALLING = MatchingRule(
    "falling",
    ("update_thing",),
    "things",
    (NUMBER, EMAIL),
    "first that matches",
    "404",
    "all",
    "inferred",
    "nowhere",
)
UNUSED = MatchingRule(
    "unused",
    ("update_thing",),
    "things",
    (NUMBER,),
    "first given",
    "404",
    "all",
    "chosen",
    "nowhere",
)

ADA: Row = {"id": 1, "number": "A1", "email": "ada@x", "state": "new", "extra": {"old": 1}}
BOB: Row = {"id": 2, "number": "B2", "email": "bob@x", "state": "new", "extra": None}


@pytest.fixture
def shop(tmp_path: File) -> Document:
    """The document of the small API."""
    return document(tmp_path, DOCUMENT)


def document(folder: File, text: str, coercer: Coercer | None = None) -> Document:
    (folder / "shop.yaml").write_text(text, "utf-8")
    return load_document(folder / "shop.yaml", coercer)


class Client:
    """Makes the records of a journal: each request has the next number and comes a second after the one before."""

    def __init__(self, shop: Document, step: float = 1.0) -> None:
        self.operations = {operation.id: operation for operation in shop.operations}
        self.rules: Sequence[MatchingRule] = (RULE, UNUSED)
        self.step = timedelta(seconds=step)
        self.records: list[Record] = []

    def send(
        self,
        name: str | None = None,
        *,
        body: Any = None,
        raw: bytes | None = b"",
        answer: Any = None,
        method: str = "",
        path: str = "",
        query_string: bytes = b"",
        headers: Mapping[bytes, bytes] | None = None,
        **fields: Any,
    ) -> None:
        """A request to an operation, or to nowhere; the further fields are those of its record."""
        operation = self.operations.get(name or "")
        asked = request(
            method or (operation.method if operation else "GET"),
            path or (operation.path if operation else "/nowhere"),
            query_string=query_string,
            headers=headers,
            body=raw if body is None else _bytes(body),
        )
        number = len(self.records) + 1
        plain = record(
            number,
            "shop",
            operation=name,
            request=asked,
            time=NOON + (number - 1) * self.step,
            answer=_bytes(answer),
        )
        self.records.append(plain._replace(**fields))

    def report(self, dropped: int = 0) -> Report:
        operations = {"shop": tuple(self.operations.values())}
        return report(self.records, operations, {"shop": self.rules}, dropped)

    def found(self) -> list[tuple[str, tuple[int, ...]]]:
        """Each finding's check and the requests that it is about."""
        return [(finding.check.slug, finding.requests) for finding in self.report().findings]

    def done(self) -> list[str]:
        """What each finding says of the client."""
        return [finding.done for finding in self.report().findings]


def _bytes(value: Any) -> bytes:
    return b"" if value is None else json.dumps(value).encode()


@pytest.fixture
def client(shop: Document) -> Client:
    """A client of the small API whose workspace has a clock that goes."""
    return Client(shop)


@pytest.fixture
def still(shop: Document) -> Client:
    """The same with a clock that stands still."""
    return Client(shop, step=0)


def update(row: Row, **changes: Any) -> RowChanges:
    """What a record keeps of an update: the changed columns."""
    before = {name: row[name] for name in changes}
    return (RowDiff("things", row["id"], before, changes),)


def by(
    rule: MatchingRule,
    rows: Sequence[Row],
    *trials: KeyTrial,
    mismatches: Sequence[Mismatch] = (),
) -> tuple[MatchTrace, ...]:
    """A match by the rule that found the rows; the keys that they have otherwise."""
    keys = tuple(key.field for key in rule.keys)
    found = _ids(rows)
    trace = MatchTrace(
        rule.name, rule.table, rule.combine, keys, trials, found, len(rows), tuple(mismatches)
    )
    return (trace,)


def _ids(rows: Sequence[Row]) -> tuple[RowId, ...]:
    return tuple(row["id"] for row in rows)


def wait(seconds: object, status: int = 429) -> dict[str, Any]:
    return {"status": status, "seen_headers": ((b"retry-after", str(seconds).encode()),)}


def test_a_client_that_behaves_is_told_nothing(client: Client) -> None:
    client.send("list_things", answer={"results": [1], "next": None})
    client.send(
        "update_thing", body={"number": "A1", "state": "old"}, changes=update(ADA, state="old")
    )
    assert client.found() == []


# ------------------------------------------------------------------------------------------------------------------ repetition


@pytest.mark.parametrize(
    ("retry_after", "found"),
    [
        pytest.param("2", [("early-retry", (2,))], id="too early"),
        pytest.param("1", [], id="just in time"),
        pytest.param(
            "Fri, 31 Jan 2025 12:00:02 GMT", [("early-retry", (2,))], id="too early for a time"
        ),
        pytest.param("Fri, 31 Jan 2025 12:00:01 GMT", [], id="in time for a time"),
        pytest.param("soon", [], id="a header that says nothing"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_waits_for_retry_after(
    retry_after: str, found: list[Any], status: int, client: Client
) -> None:
    client.send("list_things", **wait(retry_after, status))
    client.send("list_things")
    assert client.found() == found


def test_an_early_retry_says_how_early_it_was(client: Client) -> None:
    client.send("list_things", **wait(60))
    client.send("list_things")
    assert client.done() == [
        "`list_things` was sent again 1 s after request 1, whose 429 asked for 60 s."
    ]


def test_every_retry_is_measured_against_the_last_refusal(client: Client) -> None:
    for _ in range(3):
        client.send("list_things", **wait(9))
    assert client.found() == [("early-retry", (2, 3))]


def test_another_request_may_come_at_once(client: Client) -> None:
    client.send("list_things", **wait(60))
    client.send("list_things", query_string=b"page=2")
    assert client.found() == []


def test_a_retry_on_a_clock_that_stands_still_is_only_a_note(still: Client) -> None:
    still.send("list_things", **wait(1))
    still.send("list_things")
    assert [(finding.check.slug, finding.level) for finding in still.report().findings] == [
        ("early-retry", "note")
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refused_request_is_not_sent_again(status: int, client: Client) -> None:
    for _ in range(3):
        client.send("list_things", status=status)
    assert ("retried-4xx", (2, 3)) in client.found()


@pytest.mark.parametrize("status", [200, 408, 429, 500, 503])
def test_what_may_pass_by_itself_is_sent_again(status: int, client: Client) -> None:
    for _ in range(2):
        client.send("list_things", status=status)
    assert client.found() == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"headers": {b"authorization": b"Bearer other"}}, id="another credential"),
        pytest.param({"query_string": b"page=2"}, id="another query"),
        pytest.param({"raw": b"{}"}, id="another body"),
        pytest.param({"raw": None}, id="a body too large to be known"),
    ],
)
def test_another_request_is_no_repetition(other: dict[str, Any], client: Client) -> None:
    client.send("list_things", status=403)
    client.send("list_things", status=403, **other)
    assert client.found() == []


def test_after_a_write_the_same_request_may_go_otherwise(client: Client) -> None:
    client.send("list_things", status=403)
    client.send("update_thing", changes=update(ADA, state="old"))
    client.send("list_things", status=403)
    assert client.found() == []


# ------------------------------------------------------------------------------------------------------------------ fields


@pytest.mark.parametrize(
    ("field", "found"),
    [
        pytest.param({"state": "old"}, [], id="known"),
        pytest.param({"stat": "old"}, [("unknown-fields", (1,))], id="unknown and dropped"),
        pytest.param({"colour": "red"}, [("extra-fields", (1,))], id="unknown and kept aside"),
        pytest.param(
            {"old": 2},
            [("unknown-fields", (1,))],
            id="unknown, and what is kept by that name is older",
        ),
        pytest.param({"serial": 5}, [("read-only-fields", (1,))], id="marked read-only"),
        pytest.param(
            {"id": 5}, [("read-only-fields", (1,))], id="a column that the operation does not set"
        ),
        pytest.param({"": 1}, [("unknown-fields", (1,))], id="without a name"),
    ],
)
def test_a_field_is_judged_by_what_became_of_it(
    field: dict[str, Any], found: list[Any], client: Client
) -> None:
    client.send(
        "update_thing",
        body={"number": "A1"} | field,
        changes=update(ADA, extra={"old": 1, "colour": "red"}),
    )
    assert client.found() == found


def test_fields_that_the_document_lets_in_are_extra_fields(tmp_path: File) -> None:
    client = Client(document(tmp_path, OPEN_TO_ALL))
    client.send("update_thing", body={"number": "A1", "colour": "red"}, changes=update(ADA))
    assert client.found() == [("extra-fields", (1,))]


CLOSED_TO_ALL = OPEN_TO_ALL.replace("additionalProperties: true", "additionalProperties: false")
ANSWERED = DOCUMENT.replace(
    "responses: {200: {description: Some}}",
    """responses:
        200:
          description: A page
          content:
            application/json:
              schema:
                type: object
                properties:
                  total: {type: integer}
                  things:
                    type: array
                    items:
                      type: object
                      properties: {id: {type: integer}, email: {type: string}, since: {type: string}}""",
    1,
)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        pytest.param("since", [("read-only-fields", (1,))], id="a column of the documented record"),
        pytest.param("total", [("unknown-fields", (1,))], id="a field beside the record"),
    ],
)
def test_the_documented_answers_tell_what_columns_a_record_has(
    field: str, found: list[Any], tmp_path: File
) -> None:
    client = Client(document(tmp_path, ANSWERED))
    client.send("update_thing", body={"number": "A1", field: 1}, changes=update(ADA, state="old"))
    assert client.found() == found


def test_a_field_that_was_kept_aside_before_shows_in_the_answer(client: Client) -> None:
    answer = {"thing": {"id": 1, "extra": {"colour": "red"}}}
    client.send("update_thing", body={"number": "A1", "colour": "red"}, answer=answer)
    assert client.found() == [("extra-fields", (1,))]


MANY = (ManyRows("things", tuple(range(101)), 101),)


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        pytest.param(DOCUMENT, "colour", [], id="kept aside or dropped, nobody knows"),
        pytest.param(OPEN_TO_ALL, "colour", [("extra-fields", (1,))], id="kept, says the document"),
        pytest.param(
            CLOSED_TO_ALL, "colour", [("unknown-fields", (1,))], id="dropped, says the document"
        ),
        pytest.param(DOCUMENT, "id", [("read-only-fields", (1,))], id="the id, which each row has"),
        pytest.param(
            ANSWERED, "since", [("read-only-fields", (1,))], id="a column of the documented record"
        ),
    ],
)
def test_of_many_changed_rows_the_document_tells_what_became_of_a_field(
    text: str, field: str, found: list[Any], tmp_path: File
) -> None:
    def drop_unknown(schema: Schema) -> Coerce:
        return lambda value: {name: value[name] for name in value if name in schema["properties"]}

    client = Client(document(tmp_path, text, drop_unknown if text == CLOSED_TO_ALL else None))
    client.send("update_thing", body={"number": "A1", field: 1}, changes=MANY)
    assert client.found() == found


def test_a_body_without_fixed_fields_takes_all(client: Client) -> None:
    client.send("take_anything", body={"what": "ever"})
    assert client.found() == []


def in_any_case(schema: Schema) -> Coerce:
    """Reads names in any letter case, and drops what is unknown."""
    known = schema.get("properties", {})

    def coerce(value: Any) -> Any:
        read = {name.lower(): part for name, part in value.items()}
        return {name: part for name, part in read.items() if name in known}

    return coerce


def test_a_field_that_was_read_in_another_case_is_known(tmp_path: File) -> None:
    client = Client(document(tmp_path, DOCUMENT, in_any_case))
    client.send("update_thing", raw=b'{"Number": "A1", "Other": 1}', changes=update(ADA))
    assert client.done() == ["`update_thing` was sent the field `Other`."]


def test_a_form_is_judged_as_it_was_read(client: Client) -> None:
    client.send(
        "update_thing",
        raw=b"number=A1&stat=x",
        headers={b"content-type": b"application/x-www-form-urlencoded"},
        changes=update(ADA),
    )
    assert client.done() == ["`update_thing` was sent the field `stat`."]


def test_the_items_of_a_list_are_judged_but_for_those_refused(client: Client) -> None:
    items: list[Any] = [
        {"number": "A1", "stat": 1},
        {"number": 5, "bad": 1},
        {"number": "A2", "stat": 1, "id": 3},
        "none",
        {"number": "A3"},
    ]
    client.send("add_things", body={"things": items}, changes=update(ADA))
    assert client.done() == [
        "`add_things` was sent the field `things[].stat`.",
        "`add_things` was sent the field `things[].id`.",
    ]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"status": 409}, id="refused"),
        pytest.param({"fault": AppliedFault("slow", "magic phone", {})}, id="under a fault"),
        pytest.param({"body": [1]}, id="no object"),
    ],
)
def test_of_other_requests_no_field_is_judged(given: dict[str, Any], client: Client) -> None:
    client.send("update_thing", **{"body": {"stat": 1}} | given)
    assert client.found() == []


def test_findings_about_the_same_fields_are_one(client: Client) -> None:
    for names in ({"b": 1, "a": 2}, {"a": 1, "b": 2}, {"a": 1}):
        client.send("update_thing", body=names, changes=update(ADA))
    assert client.done() == [
        "`update_thing` was sent the fields `b`, `a`.",
        "`update_thing` was sent the field `a`.",
    ]
    assert client.found() == [("unknown-fields", (1, 2)), ("unknown-fields", (3,))]


def test_a_parameter_that_the_operation_does_not_know_is_told(client: Client) -> None:
    client.send("list_things", query_string=b"page=1&limit=5&sort=x")
    assert client.done() == [
        "`list_things` was asked with the query parameters `limit`, `sort` and answered 200."
    ]


# ------------------------------------------------------------------------------------------------------------------ pages

LINKED = {"next": "http://shop.example/things/?page=2&size=2", "results": [1, 2]}
NUMBERED = {"data": [1], "meta": {"pagination": {"page": 1, "totalPages": 3, "hasMore": True}}}
COUNTED = {"count": 3, "results": [1, 2]}


@pytest.mark.parametrize(
    ("name", "first", "answer", "second"),
    [
        pytest.param(
            "list_things",
            {"query_string": b"size=2"},
            LINKED,
            {"query_string": b"size=2&page=2"},
            id="a link",
        ),
        pytest.param("list_things", {}, NUMBERED, {"query_string": b"page=2"}, id="a number"),
        pytest.param(
            "list_things",
            {},
            {"page": 1, "pages": 2},
            {"query_string": b"page=2"},
            id="a number at the top",
        ),
        pytest.param(
            "search_things",
            {"body": {"limit": 2}},
            COUNTED,
            {"body": {"limit": 2, "skip": 2}},
            id="an offset",
        ),
    ],
)
def test_the_next_page_is_asked_for(
    name: str, first: dict[str, Any], answer: Any, second: dict[str, Any], client: Client
) -> None:
    client.send(name, answer=answer, **first)
    assert client.found() == [("page-loop-stopped", (1,))]
    client.send("update_thing", changes=update(ADA))
    client.send(name, **second)
    assert client.found() == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        pytest.param("list_things", {"answer": {"next": None, "results": []}}, id="no link"),
        pytest.param("list_things", {"answer": {"next": "tomorrow"}}, id="next is no link"),
        pytest.param(
            "list_things",
            {"answer": {"meta": {"pagination": {"page": 3, "totalPages": 3, "hasMore": False}}}},
            id="the last page",
        ),
        pytest.param(
            "list_things", {"answer": {"meta": {"page": "one"}}}, id="a page that is no number"
        ),
        pytest.param(
            "list_things", {"answer": LINKED, "method": "HEAD"}, id="an answer without a body"
        ),
        pytest.param(
            "list_things",
            {"answer": LINKED, "fault": AppliedFault("truncated_body", "magic phone", {})},
            id="a broken answer",
        ),
        pytest.param("list_things", {"answer": [1, 2]}, id="a bare list"),
        pytest.param("list_things", {"answer": COUNTED}, id="a count without an offset to ask for"),
        pytest.param(
            "search_things", {"answer": COUNTED, "body": {"skip": 1}}, id="the last of the count"
        ),
        pytest.param(
            "search_things",
            {"answer": {"count": 3, "results": []}, "body": {"skip": 9}},
            id="past the count",
        ),
    ],
)
def test_where_no_page_follows_none_is_missed(
    name: str, given: dict[str, Any], client: Client
) -> None:
    client.send(name, **given)
    assert client.found() == []


def test_a_page_asked_for_before_is_asked_for_again(client: Client) -> None:
    client.send("list_things", query_string=b"size=2&page=2")
    client.send("list_things", query_string=b"size=2", answer=LINKED)
    assert client.found() == [("page-loop-stopped", (2,))]


@pytest.mark.parametrize(
    ("name", "given", "answer"),
    [
        pytest.param("list_things", {"query_string": b"size=1"}, LINKED, id="by a link"),
        pytest.param("list_things", {"query_string": b"size=1&page=1"}, NUMBERED, id="by a number"),
        pytest.param(
            "search_things", {"body": {"limit": 1, "skip": 0}}, COUNTED, id="by an offset"
        ),
    ],
)
def test_a_single_row_of_the_first_page_is_no_unfinished_list(
    name: str, given: dict[str, Any], answer: Any, client: Client
) -> None:
    client.send(name, answer=answer, **given)
    assert client.found() == []


def test_a_loop_of_single_rows_is_read_to_its_end(client: Client) -> None:
    client.send("list_things", query_string=b"size=1", answer=NUMBERED)
    second = {"page": 2, "pages": 3}
    client.send("list_things", query_string=b"size=1&page=2", answer=second)
    assert client.found() == [("page-loop-stopped", (2,))]


# ------------------------------------------------------------------------------------------------------------------ paths


SLASH = ((b"Location", b"/things/?a=b"),)


@pytest.mark.parametrize(
    ("method", "followed"),
    [
        pytest.param(
            "GET",
            "clients that follow it send the same request there; httpx, curl and Java's HttpClient follow only when they are told to, and take the empty answer for the vendor's",
            id="a read",
        ),
        pytest.param(
            "POST",
            "clients that follow it (requests, httpx, fetch, Go, Java's HttpClient, curl -L) send a GET without the body there, so the write is lost",
            id="a POST",
        ),
        pytest.param(
            "PUT",
            "of the clients that follow it Go sends a GET without the body there, requests and curl -L send PUT without the body, fetch, httpx and Java's HttpClient send it whole",
            id="another write",
        ),
    ],
)
def test_a_path_without_its_slash_is_told_and_what_clients_make_of_it(
    method: str, followed: str, client: Client
) -> None:
    client.send(method=method, path="/things", status=301, seen_headers=SLASH)
    assert client.found() == [("missing-slash", (1,))]
    assert client.done() == [
        f"`{method} /things` was called, and answered 301 to the path with a slash at its end: {followed}."
    ]


def test_a_redirection_that_is_followed_without_the_body_is_told(client: Client) -> None:
    client.send(method="PUT", path="/things", body={}, status=301, seen_headers=SLASH)
    client.send("list_things")
    assert client.found() == [("missing-slash", (1,)), ("lost-body", (2,))]
    assert client.done()[1] == (
        "`PUT /things` (request 1) was redirected with 301, and followed with GET and no body: "
        "what it was to write is lost."
    )


@pytest.mark.parametrize(
    "then",
    [
        pytest.param([{"name": "update_thing", "body": {"state": "x"}}], id="the body is sent again"),
        pytest.param([{"name": "list_things", "headers": {b"authorization": b"b"}}], id="another sender"),
        pytest.param([{"name": "search_things"}, {"name": "list_things"}], id="not the next request"),
    ],
)  # fmt: skip
def test_no_body_is_lost_where_the_next_request_is_another_one(
    then: list[dict[str, Any]], client: Client
) -> None:
    client.send(method="PUT", path="/things", body={}, status=301, seen_headers=SLASH)
    for each in then:
        client.send(**each)
    assert client.found() == [("missing-slash", (1,))]


# ----------------------------------------------------------------------------------------------------------------- writes

LOST = AppliedFault("apply_but_fail", "rule 1", {})
SPOILT = AppliedFault("truncated_body", "rule 1", {})
NEW = (RowDiff("things", 9, None, ADA),)


@pytest.mark.parametrize(
    ("name", "changes", "spoilt", "words"),
    [
        pytest.param("take_anything", update(ADA), {"fault": LOST, "status": 0}, "got no answer (fault apply_but_fail)", id="a POST"),
        pytest.param("update_thing", NEW, {"fault": LOST, "status": 500}, "was answered 500 (fault apply_but_fail)", id="new rows"),
        pytest.param("take_anything", NEW, {"fault": SPOILT}, "was answered 200 (fault truncated_body)", id="half an answer"),
    ],
)  # fmt: skip
def test_a_write_that_took_effect_and_came_again_is_told(
    name: str, changes: RowChanges, spoilt: dict[str, Any], words: str, client: Client
) -> None:
    write: dict[str, Any] = {"body": {"number": "1"}, "changes": changes}
    client.send(name, **write | spoilt)
    client.send("list_things")
    client.send(name, **write)
    found = [finding for finding in client.report().findings if finding.level == "error"]
    assert [(each.check.slug, each.requests, each.done) for each in found] == [
        (
            "repeated-write",
            (3,),
            f"`{name}` was sent again as it was after request 1, which had taken effect but {words}: it was done twice.",
        )
    ]


def test_what_is_created_twice_is_told(client: Client) -> None:
    for _ in range(2):
        client.send("take_anything", body={"number": "1"}, changes=NEW)
    (found,) = [each for each in client.report().findings if each.level == "warning"]
    assert (found.check.slug, found.requests, found.done) == (
        "double-create",
        (2,),
        "`take_anything` was sent again as it was in request 1, and made what that one had made once more.",
    )


def test_what_was_deleted_may_be_created_again(client: Client) -> None:
    client.send("take_anything", body={"number": "1"}, changes=NEW)
    client.send("update_thing", changes=(RowDiff("things", 9, ADA, None),))
    client.send("take_anything", body={"number": "1"}, changes=NEW)
    assert "double-create" not in [slug for slug, _ in client.found()]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"fault": LOST}, {"changes": (), "status": 409}, id="it is refused as a duplicate"),
        pytest.param({"fault": LOST}, {"body": {"number": "2"}}, id="another write"),
        pytest.param({"fault": LOST, "changes": (), "status": 0}, {}, id="the first did nothing"),
        pytest.param({}, {}, id="the first was answered"),
        pytest.param({"fault": LOST, "name": "update_thing"}, {"name": "update_thing"}, id="an update"),
    ],
)  # fmt: skip
def test_what_is_done_once_or_may_come_twice_is_no_finding(
    first: dict[str, Any], second: dict[str, Any], client: Client
) -> None:
    usual = {"name": "take_anything", "body": {"number": "1"}, "changes": update(ADA)}
    client.send(**usual | first)
    client.send(**usual | second)
    assert "repeated-write" not in [slug for slug, _ in client.found()]


def test_a_path_or_method_that_there_is_not_is_told(client: Client) -> None:
    client.send(method="GET", path="/thing", status=404)
    client.send(method="PATCH", path="/things/", status=405, methods=("GET", "PUT"))
    client.send(method="GET", path="/thing", status=404, query_string=b"page=1")
    client.send(method="OPTIONS", path="/things/", status=200)
    assert client.done() == [
        "`GET /thing` was called and answered 404: no operation has that path.",
        "`PATCH /things/` was called and answered 405: the path takes GET, PUT.",
    ]
    assert client.found() == [("unmatched", (1, 3)), ("unmatched", (2,))]


def test_a_refused_body_is_told_in_the_vendors_words(client: Client) -> None:
    client.send("update_thing", status=400, answer={"state": ["`so`\nnot"]}, body={})
    client.send(
        "update_thing",
        status=400,
        answer=None,
        body={"a": 1},
        fault=AppliedFault("validation", "prefer", {}),
    )
    assert client.found() == [("refused", (1,))]
    assert client.done() == [
        '`update_thing` was answered 400, saying `{"state": ["\'so\'\\nnot"]}`.'
    ]


# ------------------------------------------------------------------------------------------------------------------ matches


def number(value: str | None, *rows: Row) -> KeyTrial:
    return KeyTrial("number", value, value, _ids(rows), len(rows))


def email(value: str | None, *rows: Row) -> KeyTrial:
    return KeyTrial("email", value, value, _ids(rows), len(rows))


BOBS_EMAIL = Mismatch("email", "bob@x", 1, "ada@x")
OTHER_NUMBER = Mismatch("number", "Z9", 2, "B2")
NOT_LOOKED_AT = by(RULE, [ADA], number("A1", ADA), mismatches=[BOBS_EMAIL])
PASSED_OVER = by(FALLING, [BOB], number("Z9"), email("bob@x", BOB), mismatches=[OTHER_NUMBER])
OF_TWO = by(RULE, [ADA, BOB], number("A1", ADA, BOB), mismatches=[BOBS_EMAIL])


@pytest.mark.parametrize(
    ("matches", "changes", "found"),
    [
        pytest.param(NOT_LOOKED_AT, update(ADA, state="old"), ["other-lead"], id="a key not looked at"),
        pytest.param(by(RULE, [ADA], number("A1", ADA)), update(ADA, state="old"), [], id="the same lead"),
        pytest.param(NOT_LOOKED_AT, update(ADA, email="bob@x"), [], id="a key taken over"),
        pytest.param(NOT_LOOKED_AT, (), ["other-lead"], id="a lead that was read"),
        pytest.param(NOT_LOOKED_AT, update(ADA, email=None), ["other-lead"], id="a key emptied"),
        pytest.param(NOT_LOOKED_AT, (RowDiff("things", 1, ADA, None),), ["other-lead"], id="a lead that was deleted"),
        pytest.param(NOT_LOOKED_AT, (RowDiff("others", 1, {}, {"email": "bob@x"}),), ["other-lead"], id="a row of another table"),
        pytest.param(PASSED_OVER, update(BOB, number="Z9"), ["other-lead"], id="a key passed over"),
        pytest.param(OF_TWO, update(ADA, state="old"), ["other-lead", "several-matches"], id="the one of two that was changed"),
        pytest.param(OF_TWO, update(BOB, state="old"), ["several-matches"], id="the other of two was changed"),
        pytest.param(OF_TWO, (), [], id="two that were left alone"),
        pytest.param(PASSED_OVER, (ManyRows("things", (1, 2), 2),), ["other-lead"], id="one of many changed, a key passed over"),
        pytest.param(NOT_LOOKED_AT, (ManyRows("things", (1, 2), 2),), [], id="one of many changed, which may have taken the key over"),
    ],
)  # fmt: skip
def test_the_lead_that_was_named_is_the_one_that_is_taken(
    matches: tuple[MatchTrace, ...], changes: RowChanges, found: list[str], client: Client
) -> None:
    client.send("update_thing", matches=matches, changes=changes)
    assert [slug for slug, _ in client.found()] == found


def test_another_lead_is_told_with_both_keys(client: Client) -> None:
    client.send("update_thing", matches=NOT_LOOKED_AT)
    sentence = "`update_thing` named the `email` `bob@x`, and the rule `by key` took the lead `1`, whose `email` is `ada@x`."
    assert client.done() == [sentence]


def test_of_several_leads_one_is_changed(client: Client) -> None:
    client.send(
        "update_thing",
        matches=by(RULE, [ADA, BOB], number("A1", ADA, BOB)),
        changes=update(BOB, state="old"),
    )
    assert client.found() == [("several-matches", (1,))]
    assert client.done() == [
        "`update_thing` named 2 leads by the rule `by key`, and the vendor changed 1 of them."
    ]


def test_of_several_leads_one_is_read(client: Client) -> None:
    client.send("list_things", matches=by(RULE, [ADA, BOB], number("A1", ADA, BOB)))
    assert client.done() == [
        "`list_things` named 2 leads by the rule `by key`, and the vendor took one of them."
    ]


def test_of_more_leads_than_a_record_has_whole_all_that_were_changed_are_counted(
    client: Client,
) -> None:
    kept = tuple(range(100))
    trace = MatchTrace("by key", "things", "first given", ("number",), (), kept, 150)
    many = ManyRows("things", tuple(range(150)), 150)
    client.send("update_thing", matches=(trace,), changes=(many,))
    assert client.done() == [
        "`update_thing` named 150 leads by the rule `by key`, and the vendor changed 150 of them."
    ]


@pytest.mark.parametrize("status", [200, 409])
def test_several_leads_that_are_left_alone_are_no_matter(status: int, client: Client) -> None:
    client.send("update_thing", status=status, matches=by(RULE, [ADA, BOB], number("A1", ADA, BOB)))
    assert client.found() == []


def test_what_the_documentation_does_not_say_is_noted(client: Client) -> None:
    client.rules = (RULE, FALLING)
    client.send("list_things", status=404)
    client.send("update_thing", status=201, matches=by(FALLING, [], number("Z9"), email("z@x")))
    client.send("list_things", status=404, query_string=b"page=2")
    client.send(
        "list_things",
        status=404,
        query_string=b"page=3",
        fault=AppliedFault("not_found", "prefer", {}),
    )
    assert client.found() == [
        ("inferred-behaviour", (1, 3)),
        ("general-behaviour", (2,)),
        ("general-behaviour", (2,)),
    ]
    assert client.done() == [
        "`list_things` was refused with 404.",
        "The vendor's documents do not have the 201 of `update_thing`: chosen.",
        "The vendor's documents do not have the rule `falling`: inferred.",
    ]


def test_what_every_call_relies_on_is_said_once(client: Client) -> None:
    client.rules = (RULE, FALLING, replace(FALLING, name="other"))
    for rule in ("falling", "other", "falling"):
        trace = MatchTrace(rule, "things", "first given", ("number",), (), (1,), 1)
        client.send("update_thing", matches=(trace,))
    (finding,) = client.report().findings
    assert (finding.check.slug, finding.operation, finding.requests, finding.done) == (
        "general-behaviour",
        None,
        (1, 2, 3),
        "The vendor's documents do not have the rule `falling` and the rule `other`: inferred.",
    )


@pytest.mark.parametrize(
    ("provenance", "found"),
    [
        ("inferred", ["inferred-behaviour"]),
        ("chosen", ["chosen-behaviour"]),
        ("documented", []),
    ],
)
def test_a_rule_that_one_request_needed_is_named(
    client: Client, provenance: str, found: list[str]
) -> None:
    other = OtherSpelling("number", "a1", 1, "A1", "numbers are compared in capitals", provenance)
    (trace,) = by(RULE, [ADA], number("a1", ADA))
    client.send("update_thing", matches=(trace._replace(spellings=(other,)),))
    assert [slug for slug, _ in client.found()] == found
    sentence = (
        "`update_thing` named the `number` `a1` and found the lead `1`, which has `A1`: numbers "
        "are compared in capitals."
    )
    assert client.done() == [sentence] * len(found)


def test_a_lead_that_differs_only_in_spelling_is_told(client: Client) -> None:
    (trace,) = by(RULE, [], number("a-1"))
    near = Mismatch("number", "a-1", 1, "A1")
    client.send("update_thing", status=404, matches=(trace._replace(near=(near,)),))
    assert ("spelling", (1,)) in client.found()
    assert (
        "`update_thing` named the `number` `a-1` and found no lead, while the lead `1` has it as "
        "`A1`." in client.done()
    )


def test_what_was_noted_on_the_way_is_told(client: Client) -> None:
    note = Note("not-seeded", "shelf", "named the shelf {}, which is not there", ("`x`",))
    client.send("update_thing", status=400, notes=(note,))
    client.send("update_thing", status=400, notes=(note,))
    assert ("not-seeded", (1, 2)) in client.found()
    assert "`update_thing` named the shelf `'x'`, which is not there." in client.done()


# ------------------------------------------------------------------------------------------------------------ placeholders

PLACEHOLDERS = """undefined null None NaN nil NULL your_api_key YOUR-API-KEY yourApiKey ${KEY} {{key}}
<api-key> $API_KEY %API_KEY% $(KEY) #{key} {pearlId} :pearlId [API_KEY] <YOUR_TOKEN> __KEY__ (null)
key-${KEY} YOUR_API_KEY_HERE insert_key_here replace_me CHANGEME api_key account_id xxxx *** <nil>
TODO""".split()
VALUES = """demo secret invalid t1 w-1 lead_demo01 66a1f0c2d60e456235eae601 +12025550123 crm-1 token
ada@example.com nullable undefined-behaviour tPWqr5EEZv2dxqutv58NsCg7NuqGc1tX 0 -1 key id john
id_in_your_crm_123 user-1 my-test noneSuch 550e8400-e29b-41d4-a716-446655440000""".split()


@pytest.mark.parametrize("text", [*PLACEHOLDERS, "[object Object]", "'undefined'", "Your API key"])
def test_a_text_stands_for_a_value_that_was_never_filled_in(text: str) -> None:
    assert is_placeholder(text)
    assert is_placeholder(f" {text} ")


@pytest.mark.parametrize("text", [*VALUES, "", " "])
def test_a_value_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("request_of", "done"),
    [
        pytest.param(
            {"headers": {b"x-api-key": b"null"}},
            "`update_thing` was sent the credential `null`.",
            id="a key",
        ),
        pytest.param(
            {"headers": {b"authorization": b"Bearer undefined:undefined"}},
            "`update_thing` was sent the credential `undefined`.",
            id="a credential of two parts",
        ),
        pytest.param(
            {"headers": {b"authorization": b"Token ${A:-b}"}},
            "`update_thing` was sent the credential `${A:-b}`.",
            id="a colon within",
        ),
        pytest.param(
            {"body": {"extra": {"ids": ["1", "NaN"]}}},
            "`update_thing` was sent the field `ids` `NaN`.",
            id="one of many ids",
        ),
        pytest.param(
            {"body": {"email": "undefined"}},
            "`update_thing` was sent the field `email` `undefined`.",
            id="a key of a matching rule",
        ),
        pytest.param(
            {"query_string": b"lead_id=%7B%7Bid%7D%7D"},
            "`update_thing` was sent the parameter `lead_id` `{{id}}`.",
            id="a parameter",
        ),
    ],
)
def test_a_placeholder_is_an_error(client: Client, request_of: Any, done: str) -> None:
    client.send("update_thing", **request_of)
    errors = [each.done for each in client.report().findings if each.level == "error"]
    assert errors == [done]


def test_other_texts_may_be_placeholders(client: Client) -> None:
    client.send("update_thing", body={"state": "null", "extra": {"note": "undefined"}})
    assert [slug for slug, _ in client.found() if slug == "placeholder"] == []


def test_a_placeholder_in_a_path_that_is_not_there_is_told_too(client: Client) -> None:
    client.send(path="/thing/undefined", status=404)
    assert ("placeholder", (1,)) in client.found()


# ------------------------------------------------------------------------------------------------------------------ report


def test_the_report_is_plain_json(client: Client) -> None:
    client.send("list_things", **wait(9))
    client.send("list_things")
    (check,) = [check for check in CHECKS if check.slug == "early-retry"]
    told = client.report(dropped=2).as_json()
    done = "`list_things` was sent again 1 s after request 1, whose 429 asked for 9 s."
    assert json.loads(json.dumps(told)) == told
    assert {name: value for name, value in told.items() if name != "coverage"} == {
        "requests": 2,
        "dropped": 2,
        "findings": [
            {
                "check": "early-retry",
                "level": "error",
                "title": check.title,
                "vendor": "shop",
                "operation": "list_things",
                "done": done,
                "message": f"{done} {check.meaning}",
                "advice": check.advice,
                "requests": [2],
                "deliveries": [],
                "count": 1,
            }
        ],
    }


def test_the_coverage_tells_what_was_and_was_not_seen(client: Client) -> None:
    client.send("list_things")
    client.send("list_things", status=0, fault=AppliedFault("reset", "magic phone", {}))
    client.send("list_things", status=502, fault=AppliedFault("gateway_html", "magic phone", {}))
    client.send("update_thing", status=409, matches=by(RULE, [ADA, BOB], number("A1", ADA, BOB)))
    client.send(
        "update_thing",
        matches=[*by(RULE, [], number("Z9")), *by(RULE, [ADA], number("A1", ADA))],
        changes=update(ADA),
    )
    lost = AppliedFault("apply_but_fail", "magic phone", {"answer": "timeout"})
    client.send("update_thing", status=0, fault=lost, changes=update(ADA))
    client.send(status=404)
    (listed, updated, *_), rules = (
        client.report().coverage["shop"][name] for name in ("operations", "rules")
    )
    assert listed == {
        "operation": "list_things",
        "method": "GET",
        "path": "/things/",
        "requests": 3,
        "statuses": {"no answer": 1, "200": 1, "502": 1},
        "never_seen": [404],
    }
    assert (updated["statuses"], updated["never_seen"]) == (
        {"no answer": 1, "200": 1, "409": 1},
        [201, 400],
    )
    assert rules == [
        {"rule": "by key", "provenance": "documented", "none": 1, "one": 1, "several": 1},
        {"rule": "unused", "provenance": "chosen", "none": 0, "one": 0, "several": 0},
    ]
    assert client.report().coverage["shop"]["never_called"] == [
        "search_things",
        "add_things",
        "take_anything",
    ]
    assert client.report().coverage["shop"]["requests"] == 7


def test_the_page_reads_like_this(client: Client) -> None:
    client.send("list_things", query_string=b"a|b=1")
    client.send(method="GET", path="/<b>x", status=404)
    unmatched, unknown = (
        check for check in CHECKS if check.slug in ("unmatched", "unknown-parameters")
    )
    assert (
        client.report(dropped=1).as_markdown()
        == f"""# Client conduct

2 requests: 1 error, 1 warning, 0 notes.

Incomplete: the journal dropped 1 older request, which this report does not cover.

## Error: Called an unknown operation (`unmatched`)

{unmatched.meaning} {unmatched.advice}

- `GET /<b>x` was called and answered 404: no operation has that path. (shop, request 2)

## Warning: Sent unknown query parameters (`unknown-parameters`)

{unknown.meaning} {unknown.advice}

- `list_things` was asked with the query parameter `a|b` and answered 200. (shop, request 1)

## Coverage

### shop: 1 of 5 operations

| operation | requests | statuses seen | documented, never seen |
|---|---|---|---|
| `list_things` | 1 | 200 (1) | 404 |

| matching rule | none | one | several |
|---|---|---|---|
| by key | 0 | 0 | 0 |
| unused | 0 | 0 | 0 |

Never called: `update_thing`, `search_things`, `add_things`, `take_anything`
"""
    )


def test_many_requests_are_counted_and_not_listed(client: Client) -> None:
    for _ in range(13):
        client.send(path="/thing", status=410)
    assert (
        "(shop, requests 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more)" in client.report().as_markdown()
    )


def test_entries_are_taken_in_the_order_of_their_numbers(client: Client) -> None:
    client.send("list_things", **wait(9))
    client.send("list_things")
    client.records.reverse()
    assert client.found() == [("early-retry", (2,))]


def test_the_worst_comes_first(client: Client) -> None:
    client.send("list_things", status=404)
    client.send("list_things", query_string=b"x=1")
    client.send(status=404)
    assert [finding.level for finding in client.report().findings] == ["error", "warning", "note"]


@pytest.mark.parametrize(
    ("fail_on", "found"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(["error"], ["unmatched"], id="errors"),
        pytest.param(["warning"], ["unmatched", "unknown-parameters"], id="warnings and worse"),
        pytest.param(
            ["note"], ["unmatched", "unknown-parameters", "inferred-behaviour"], id="everything"
        ),
        pytest.param(["inferred-behaviour"], ["inferred-behaviour"], id="one check"),
        pytest.param(
            ["inferred-behaviour", "error"],
            ["unmatched", "inferred-behaviour"],
            id="a check and a level",
        ),
        pytest.param(["refused"], [], id="a check that found nothing"),
    ],
)
def test_a_run_fails_on_the_checks_and_levels_it_names(
    fail_on: list[str], found: list[str], client: Client
) -> None:
    client.send("list_things", status=404)
    client.send("list_things", query_string=b"x=1")
    client.send(status=404)
    wanted = selected_checks(fail_on)
    assert [
        finding.check.slug
        for finding in client.report().findings
        if wanted & {finding.check.slug, finding.level}
    ] == found


def test_a_name_that_is_neither_check_nor_level_is_refused() -> None:
    with pytest.raises(
        OperatorError,
        match=r"^'errors', 'retries': no such check or level; .* error, warning, note, .* early-retry, ",
    ):
        selected_checks(["retries", "error", "errors"])


# ------------------------------------------------------------------------------------------------------------------ vendors


def watched(*requests: tuple[str, str, Any]) -> Report:
    """The report on these requests of one account: method, path and body."""
    app = create_app(fixtures=PEOPLE)
    credentials = {"Authorization": "Token watched", "X-API-KEY": "watched"}

    async def send() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://mock"
        ) as client:
            for method, path, body in requests:
                bearer = (
                    {"Authorization": "Bearer watched:secret"}
                    if path.startswith("/nlpearl")
                    else {}
                )
                await client.request(method, path, json=body, headers=credentials | bearer)

    asyncio.run(send())
    workspace = app.workspaces.named("watched")
    assert workspace is not None
    journal = workspace.journal
    operations = {site.vendor.name: site.document.operations for site in app.sites}
    rules = {site.vendor.name: site.vendor.rules for site in app.sites}
    return report(journal, operations, rules, journal.dropped)


PEARL = "66a1f0c2d60e456235eae601"
PHONE = "+18042221111"


@pytest.mark.parametrize(
    ("requests", "found"),
    [
        pytest.param(
            [("PUT", "/sela/api/leads/update", {"phone_number": PHONE})], [("missing-slash", None, (1,))], id="sela, without the slash"
        ),
        pytest.param(
            [("POST", "/sela/api/leads/", {"phone_number": "+12025550190", "status": "LOST", "colour": "red", "min_days": 1})],
            [("read-only-fields", "leads_create", (1,)), ("extra-fields", "leads_create", (1,))],
            id="sela, fields of all kinds",
        ),
        pytest.param(
            [("PUT", "/sela/api/leads/update/", {"phone_number": "+12025550190"})] * 2, [("retried-4xx", "leads_update_update", (2,))], id="sela, a 404 again"
        ),
        pytest.param(
            [("GET", "/sela/api/leads/?page_size=5", None)], [("page-loop-stopped", "leads_list", (1,))], id="sela, one page only"
        ),
        pytest.param(
            [("GET", "/octanist/api/leads?limit=5", None)], [("page-loop-stopped", "list_leads", (1,))], id="octanist, one page only"
        ),
        pytest.param(
            [("PATCH", "/octanist/api/leads", {"id": "lead_abc123", "email": "else@example.com", "name": "X", "colour": 1})],
            [("other-lead", "update_lead", (1,)), ("unknown-fields", "update_lead", (1,)), ("read-only-fields", "update_lead", (1,))],
            id="octanist, another lead and fields of all kinds",
        ),
        pytest.param([("GET", "/octanist/api/lead", None)], [("unmatched", None, (1,))], id="octanist, a path that there is not"),
        pytest.param(
            [("POST", f"/nlpearl/v2/Outbound/{PEARL}/Leads", {"limit": 5})], [("page-loop-stopped", "search_leads", (1,))], id="nlpearl, one page only"
        ),
        pytest.param(
            [("POST", f"/nlpearl/v2/Outbound/{PEARL}/Leads/Add", {"leads": [{"PhoneNumber": "+12025550190", "colour": 1, "created": "x"}]})],
            [("unknown-fields", "add_leads", (1,)), ("read-only-fields", "add_leads", (1,))],
            id="nlpearl, fields of all kinds",
        ),
    ],
)  # fmt: skip
def test_the_vendors_requests_are_judged(
    requests: list[tuple[str, str, Any]], found: list[Any]
) -> None:
    findings = watched(*requests).findings
    assert [
        (each.check.slug, each.operation, each.requests)
        for each in findings
        if not each.check.slug.endswith("-behaviour")
    ] == found


# ------------------------------------------------------------------------------------------------------------------ documentation


def test_the_page_on_conduct_tells_each_check() -> None:
    table = (DOCS / "conduct.md").read_text("utf-8").partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{check.slug}` | {check.level} | {check.title} | {check.meaning} | {check.advice} |"
        for check in CHECKS
    ]


def test_the_page_on_conduct_shows_a_report_as_it_is() -> None:
    listing, update = (
        ("GET", "/octanist/api/leads?search=x%2Bfault-429%40example.com", None),
        {"email": "john@example.com", "status": "won", "vaule": 5000},
    )
    page = watched(listing, listing, ("PATCH", "/octanist/api/leads", update)).as_markdown()
    (shown,) = re.findall(
        r"```markdown\n(.*?)```", (DOCS / "conduct.md").read_text("utf-8"), re.DOTALL
    )
    assert re.sub(r"again [\d.]+ s", "again 0.2 s", page) == shown


def test_every_check_has_a_name_of_its_own_that_is_no_level() -> None:
    slugs = [check.slug for check in CHECKS]
    assert len({*slugs, *LEVELS}) == len(slugs) + len(LEVELS)
    assert [slug for slug in slugs if not re.fullmatch(r"[a-z0-9-]+", slug)] == []


def test_the_checks_stand_with_the_worst_first() -> None:
    assert [check.level for check in CHECKS] == sorted(
        (check.level for check in CHECKS), key=LEVELS.index
    )

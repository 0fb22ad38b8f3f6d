"""A vendor of four operations with the plainest of dialects, for tests of what is around a handler."""

from datetime import UTC, datetime
from pathlib import Path as File
from typing import Any

from mockserver.call import Call
from mockserver.credential import Credential
from mockserver.dialects.plain_json import PlainJson
from mockserver.dispatch import Site
from mockserver.documents.spec import load_document
from mockserver.errors import Refusal
from mockserver.sections import ID, TEXT, Section, SectionTable
from mockserver.state.clock import WorkspaceClock
from mockserver.state.tables import Index, TableSpec
from mockserver.state.transaction import Transaction
from mockserver.vendor import Reply, Setting, Vendor
from mockserver.workspaces import Origin, Workspace, Workspaces, empty_origin

DOCUMENT = """openapi: 3.0.3
info: {title: Tiny, version: '1'}
servers: [{url: 'https://api.tiny.example/v1'}]
security: [{key: []}]
paths:
  /people:
    get:
      operationId: list_people
      x-provenance: chosen
      parameters: [{name: limit, in: query, schema: {type: integer, minimum: 1}}]
      responses:
        200: {description: All, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Person'}}}}}
        400: {description: Refused}
        401: {description: Refused}
    post:
      operationId: create_person
      x-provenance: chosen
      requestBody: &body
        required: true
        content:
          application/json: {schema: {$ref: '#/components/schemas/Person'}}
          application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Person'}}
          multipart/form-data: {schema: {$ref: '#/components/schemas/Person'}}
      responses: &answers
        201: {description: Made, content: {application/json: {schema: {$ref: '#/components/schemas/Person'}}}}
        400: {description: Refused}
        401: {description: Refused}
        404: {description: Refused}
        405: {description: Refused}
        409: {description: Refused}
        413: {description: Refused}
        415: {description: Refused}
        500: {description: Broken}
  /people/me:
    get: {operationId: who, x-provenance: chosen, security: [{key: []}, {}], responses: {200: {description: You}}}
  /people/{id}:
    put:
      operationId: change_person
      x-provenance: chosen
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody: *body
      responses: *answers
components:
  schemas:
    Person:
      type: object
      required: [name]
      additionalProperties: false
      properties: {id: {type: integer}, name: {type: string, maxLength: 9}, age: {type: integer}, friend: {type: integer, x-reference: people}}
"""

NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)


class Plain(PlainJson):
    """A dialect that says what it was told, as it was told."""

    case_sensitive_paths = False
    max_depth = 4

    def error(self, refusal: Refusal, call: Call) -> Any:
        problems = [
            [list(problem.path), problem.keyword, problem.location] for problem in refusal.problems
        ]
        told = {
            "kind": refusal.kind,
            "reason": refusal.reason,
            "message": refusal.message,
            "limit": refusal.limit,
            "problems": problems,
            "allowed": list(call.methods) if refusal.kind == "method_not_allowed" else [],
        }
        return {name: value for name, value in told.items() if value}


HEADER = Credential("X-Key")
SECTION = Section((SectionTable("people", {"id": ID, "name": TEXT}, required=("name",)),))


def vendor(dialect: Plain | None = None, credential: Credential = HEADER) -> Vendor:
    """A vendor that keeps people."""

    settings = (
        Setting("colour", "red", "Which.", "chosen", "nowhere", ("red", "blue")),
        Setting(
            "unknown_references", "refuse", "Whether.", "chosen", "nowhere", ("refuse", "accept")
        ),
        Setting("size", 3, "How much.", "chosen", "nowhere", least=1),
        Setting("loud", False, "Whether.", "chosen", "nowhere"),
    )
    people = TableSpec("people", {"name": Index("name", str)})
    tiny = Vendor(
        "tiny",
        dialect or Plain(),
        credential,
        (people,),
        SECTION,
        settings,
        curl="curl {url}/v1/people",
    )
    for handler in (list_people, create_person, who, change_person):
        tiny.operation(handler)
    return tiny


def list_people(call: Call, tx: Transaction) -> Reply:
    """Everybody, or the first few."""
    return Reply(list(tx.rows("people"))[: call.query.get("limit")])


def create_person(call: Call, tx: Transaction) -> Reply:
    """A new person; refused after it was stored where the name is taken, and broken where it is `bug`."""
    row = tx.put("people", {"id": tx.next_number("people")} | call.body)
    if len(tx.find("people", "name", row["name"])) > 1:
        raise Refusal("conflict", "taken")
    if row["name"] == "bug":
        raise RuntimeError("a bug")
    return Reply(row, 201, ((b"x-number", b"%d" % call.number),))


def who(call: Call, tx: Transaction) -> Reply:
    """What a handler is told of its caller."""
    return Reply(
        {
            "account": call.account,
            "now": call.now.isoformat(),
            "url": call.request.url,
            "number": call.number,
        }
    )


def change_person(call: Call, tx: Transaction) -> Reply:
    """The person after the change; an answer out of the document where the name becomes `odd`."""
    row = tx.get("people", call.path_parameters["id"])
    if row is None:
        raise Refusal("not_found", "nobody")
    tx.put("people", row | call.body)
    return Reply({"colour": "odd"} if call.body["name"] == "odd" else row | call.body, 201)


def workspaces(*vendors: Vendor) -> Workspaces:
    """Workspaces that begin with Ada."""
    empty = empty_origin(
        {each.name: each.tables for each in vendors},
        {each.name: each.defaults() for each in vendors},
        clock=WorkspaceClock(NOW),
    )
    seed = Workspace("seed", empty)
    for each in vendors:
        tx = seed.transaction(each.name)
        tx.put("people", {"id": tx.next_number("people"), "name": "Ada"})
        seed.apply(tx.changes())
    origin = Origin(seed.save(), empty.seed)
    return Workspaces(origin, strict=False, declared=frozenset(), default="demo", limit=100)


def site(
    folder: File,
    dialect: Plain | None = None,
    *,
    credential: Credential = HEADER,
    lenient: bool = True,
    max_body: int = 1000,
    max_wait: float = 5,
) -> tuple[Site, Workspaces]:
    """The vendor, served from a document in that folder."""
    file = folder / "tiny.yaml"
    file.write_text(DOCUMENT, "utf-8")
    tiny = vendor(dialect, credential)
    worlds = workspaces(tiny)
    return Site(
        tiny, load_document(file), worlds, lenient=lenient, max_body=max_body, max_wait=max_wait
    ), worlds

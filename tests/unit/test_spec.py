"""OpenAPI documents are read strictly, and their schemas keep their exact meaning on the way to JSON Schema."""

from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import pytest
import yaml

from mockserver.documents.schema import (
    Coerce,
    Reader,
    Schema,
    compile_schema,
    query_coercer,
    schema_at,
    to_json_schema,
)
from mockserver.documents.spec import Document, load_document
from mockserver.errors import DocumentError, Path, Problem

HEAD = """openapi: 3.0.3
info: {title: Tiny, version: '1'}
servers: [{url: 'https://api.tiny.example/v1/'}]
"""
ANSWERS = "responses: {'200': {description: Done}}"

Write = Callable[[str], File]


@pytest.fixture
def write(tmp_path: File) -> Write:
    """Writes a document to `tiny.yaml` and returns the file."""

    def write(text: str) -> File:
        file = tmp_path / "tiny.yaml"
        file.write_text(text, "utf-8")
        return file

    return write


def operation(*lines: str, path: str = "/a") -> str:
    """A document with one POST operation: its own lines begin with line 8."""
    return "\n".join(
        [
            f"{HEAD}paths:",
            f"  {path}:",
            "    post: {",
            "      operationId: a,",
            *(f"      {line}," for line in lines),
            "    }",
            "",
        ]
    )


def with_schema(schema: Schema) -> str:
    """A document whose one operation takes a body of that schema."""
    body = {"content": {"application/json": {"schema": schema}}}
    return operation(
        "x-provenance: chosen",
        f"requestBody: {yaml.safe_dump(body, default_flow_style=True, width=10_000).strip()}",
        ANSWERS,
    )


def body_of(document: Document) -> Reader:
    body = document.operations[0].body
    assert body is not None
    return body.reader


# ------------------------------------------------------------------------------------------------------------- what is read

WHOLE = f"""{HEAD}security: [{{key: []}}]
paths:
  /leads/{{id}}/:
    put:
      operationId: change
      summary: Change a lead
      x-provenance: documented
      x-source: leads/change
      parameters:
      - {{name: id, in: path, required: true, schema: {{type: integer}}}}
      - $ref: '#/components/parameters/limit'
      requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Lead'}}}}, text/plain: {{schema: {{}}}}}}}}
      responses:
        200: {{description: Done, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Lead'}}}}}}}}
        '404': {{$ref: '#/components/responses/Missing'}}
  /health:
    get: {{operationId: health, x-provenance: chosen, security: [], responses: {{'204': {{description: Fine}}}}}}
  /either/{{ref}}:
    get:
      operationId: either
      x-provenance: chosen
      security: [{{key: []}}, {{}}]
      parameters: [{{name: ref, in: path, required: true, schema: {{type: string, format: uuid}}}}]
      responses: {{'200': {{description: Fine}}}}
components:
  parameters:
    limit: {{name: limit, in: query, required: true, schema: {{type: integer, minimum: 1}}}}
  responses:
    Missing: {{description: Missing, x-provenance: inferred, content: {{application/json: {{schema: {{type: object}}}}}}}}
  schemas:
    Lead: {{type: object, required: [name], properties: {{name: {{$ref: '#/components/schemas/Name'}}}}}}
    Name: {{type: string}}
"""


def test_a_document_says_who_it_is(write: Write) -> None:
    document = load_document(write(WHOLE))
    assert (document.title, document.host, document.base_path) == (
        "Tiny",
        "api.tiny.example",
        "/v1",
    )


def test_an_operation_has_everything_that_the_document_says_of_it(write: Write) -> None:
    change, health, either = load_document(write(WHOLE)).operations
    assert (
        change.id,
        change.method,
        change.path,
        change.summary,
        change.provenance,
        change.source,
        change.path_parameters,
    ) == (
        "change",
        "PUT",
        "/v1/leads/{id}/",
        "Change a lead",
        "documented",
        "leads/change",
        {"id": "integer"},
    )
    assert (health.method, health.path, health.body, either.path_parameters) == (
        "GET",
        "/v1/health",
        None,
        {"ref": "uuid"},
    )


def test_an_operation_knows_whether_it_wants_a_credential(write: Write) -> None:
    found = [
        (operation.id, operation.needs_credential)
        for operation in load_document(write(WHOLE)).operations
    ]
    assert found == [("change", True), ("health", False), ("either", False)]


def test_a_body_has_its_media_types_and_its_resolved_schema(write: Write) -> None:
    body = load_document(write(WHOLE)).operations[0].body
    assert body is not None
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    assert (body.media_types, body.reader.schema, body.item, body.reported) == (
        ("application/json", "text/plain"),
        schema,
        None,
        None,
    )


def test_an_answer_has_its_own_provenance_or_that_of_its_operation(write: Write) -> None:
    answers = load_document(write(WHOLE)).operations[0].answers
    assert [(answer.status, answer.provenance) for answer in answers.values()] == [
        (200, "documented"),
        (404, "inferred"),
    ]


def test_an_answer_is_held_to_its_schema(write: Write) -> None:
    validator = load_document(write(WHOLE)).operations[0].answers[200].validator
    assert validator is not None
    assert [validator.is_valid(body) for body in ({"name": "Ada"}, {}, {"name": 1})] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("values", "read", "wrong"),
    [
        pytest.param({"limit": "7"}, {"limit": 7}, [], id="a number"),
        pytest.param({"limit": "0"}, {"limit": 0}, [("limit", "minimum")], id="too small"),
        pytest.param({"limit": "x"}, {"limit": "x"}, [("limit", "type")], id="no number"),
        pytest.param({}, {}, [("limit", "required")], id="missing"),
    ],
)
def test_a_query_is_read_as_its_parameters_types(
    values: dict[str, str], read: dict[str, Any], wrong: list[tuple[str, str]], write: Write
) -> None:
    value, problems = load_document(write(WHOLE)).operations[0].query.read(values)
    assert (value, [(problem.path[0], problem.keyword) for problem in problems]) == (read, wrong)


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        pytest.param("integer", "-12", -12, id="integer"),
        pytest.param("integer", "1.5", "1.5", id="no integer"),
        pytest.param("integer", "1" * 5000, "1" * 5000, id="an endless integer"),
        pytest.param("integer", "\u0661", "\u0661", id="a digit of another script"),
        pytest.param("integer", "", "", id="an empty integer"),
        pytest.param("number", "1.5", 1.5, id="number"),
        pytest.param("number", "2", 2, id="a whole number"),
        pytest.param("number", "nan", "nan", id="no number"),
        pytest.param("boolean", "true", True, id="true"),
        pytest.param("boolean", "false", False, id="false"),
        pytest.param("boolean", "1", "1", id="no boolean"),
        pytest.param("string", "1", "1", id="a text stays one"),
    ],
)
def test_a_query_parameter_is_read_as_its_type_or_left_alone(
    type: str, text: str, value: Any
) -> None:
    read = query_coercer({"properties": {"q": {"type": type}}})({"q": text, "other": text})
    assert (read, [each.__class__ for each in read.values()]) == (
        {"q": value, "other": text},
        [value.__class__, str],
    )


# ------------------------------------------------------------------------------------------------- what the reader refuses


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        pytest.param("", ["1: is no OpenAPI 3.0 document"], id="an empty file"),
        pytest.param("[]", ["1: is no OpenAPI 3.0 document"], id="a list"),
        pytest.param("openapi: 3.1.0\n", ["1: is no OpenAPI 3.0 document"], id="another version"),
        pytest.param("openapi: 3.0.3\n", ["1: info: is missing", "1: servers: is missing", "1: paths: is missing"], id="nothing in it"),
        pytest.param("openapi: 3.0.3\n\ninfo: x\nservers: []\npaths: 1\n", [
            '3: info: "x" is not of type "object"',
            "4: servers: [] has less than 1 item",
            '5: paths: 1 is not of type "object"',
        ], id="nothing of the right kind"),
        pytest.param(HEAD + "paths:\n  /a:\n", ['5: paths./a: null is not of type "object"'], id="an empty path"),
        pytest.param(HEAD + "paths:\n  /a:\n    get:\n", ['6: paths./a.get: null is not of type "object"'], id="an empty operation"),
        pytest.param(HEAD + "paths:\n  /a:\n    head: {}\n", ["6: paths./a.head: `head` is no method this server knows"], id="a method"),
        pytest.param(HEAD + "paths:\n  /a:\n    get: {}\n", [
            "6: paths./a.get.operationId: is missing",
            "6: paths./a.get.responses: is missing",
        ], id="an operation without a name and answers"),
        pytest.param(HEAD + "paths:\n  /a: {get: &a {operationId: a, x-provenance: chosen, " + ANSWERS + "}}\n  /b: {get: *a}\n", [
            "6: paths./b.get: the operationId 'a' is used twice",
        ], id="one name twice"),
        pytest.param("openapi: 3.0.3\nopenapi: 3.0.3\n", ["2: is not YAML: the key 'openapi' stands here twice"], id="a key twice"),
    ],
)  # fmt: skip  # one line a sentence reads best
def test_a_mistake_in_a_document_is_told_with_its_line_and_place(
    text: str, sentences: list[str], write: Write
) -> None:
    file = write(text)
    with pytest.raises(DocumentError) as caught:
        load_document(file)
    assert sorted(str(caught.value).splitlines()) == sorted(
        f"{file}:{sentence}" for sentence in sentences
    )


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        pytest.param(["x-provenance: guessed", ANSWERS], "6: paths./a.post: `x-provenance` must be one of documented, client, observed, inferred, chosen", id="provenance"),
        pytest.param([ANSWERS], "6: paths./a.post: `x-provenance` must be one of documented, client, observed, inferred, chosen", id="no provenance"),
        pytest.param(["x-provenance: chosen", ANSWERS, "callbacks: {}"], "6: paths./a.post: `callbacks` is no operation key this server knows", id="key"),
        pytest.param(["x-provenance: chosen", "responses: {}"], "9: paths./a.post.responses: {} has less than 1 property", id="no answers"),
        pytest.param(["x-provenance: chosen", "responses: {other: {description: x}}"], '9: paths./a.post.responses: "other" does not match "^([1-5][0-9][0-9]|default)$"', id="status"),
        pytest.param(["x-provenance: chosen", "responses: {'200': {$ref: '#/components/responses/X'}}"], "9: paths./a.post.responses.200: `#/components/responses/X` leads nowhere", id="reference of an answer"),
        pytest.param(["x-provenance: chosen", ANSWERS, "requestBody: {}"], "10: paths./a.post.requestBody.content: is missing", id="body without content"),
        pytest.param(["x-provenance: chosen", ANSWERS, "requestBody: {content: {text/plain: {}}}"], "10: paths./a.post.requestBody.content.text/plain.schema: is missing", id="body without a schema"),
        pytest.param(["x-provenance: chosen", ANSWERS, "requestBody: {$ref: '#/components/X'}"], "10: paths./a.post.requestBody: `#/components/X` leads nowhere", id="reference of a body"),
        pytest.param(["x-provenance: chosen", ANSWERS, "parameters: [{name: q, in: query}]"], "10: paths./a.post.parameters[0].schema: is missing", id="parameter without a schema"),
        pytest.param(["x-provenance: chosen", ANSWERS, "parameters: [{name: q, in: header, schema: {}}]"], '10: paths./a.post.parameters[0].in: "header" is not one of "path" or "query"', id="place of a parameter"),
        pytest.param(["x-provenance: chosen", ANSWERS, "parameters: [{$ref: other.yaml}]"], "10: paths./a.post.parameters[0]: `other.yaml` leads nowhere", id="reference of a parameter"),
        pytest.param(["x-provenance: chosen", ANSWERS, "parameters: [{name: id, in: path, schema: {}}]"], "6: paths./a.post: the path's parameters are not the ones it declares", id="parameter that the path lacks"),
        pytest.param(["x-provenance: chosen", ANSWERS, "parameters: [{name: q, in: query, schema: {const: 1}}]"], "10: paths./a.post.parameters: `const` is no schema keyword this server knows", id="keyword of a parameter"),
    ],
)  # fmt: skip  # one line a mistake reads best
def test_a_mistake_in_an_operation_is_told_with_its_line_and_place(
    lines: list[str], sentence: str, write: Write
) -> None:
    file = write(operation(*lines))
    with pytest.raises(DocumentError) as caught:
        load_document(file)
    assert str(caught.value) == f"{file}:{sentence}"


def test_a_path_must_declare_its_parameters(write: Write) -> None:
    file = write(operation("x-provenance: chosen", ANSWERS, path="/a/{id}"))
    with pytest.raises(DocumentError) as caught:
        load_document(file)
    assert (
        str(caught.value)
        == f"{file}:6: paths./a/{{id}}.post: the path's parameters are not the ones it declares"
    )


@pytest.mark.parametrize(
    ("schema", "place", "message"),
    [
        pytest.param({"const": 1}, ".requestBody", "`const` is no schema keyword this server knows", id="keyword"),
        pytest.param({"x-other": 1}, ".requestBody", "`x-other` is no schema keyword this server knows", id="extension"),
        pytest.param({"properties": {"a": {"items": {"oneOf": [{}, {"if": {}}]}}}}, ".requestBody.properties.a.items.oneOf[1]", "`if` is no schema keyword this server knows", id="keyword deep inside"),
        pytest.param({"format": "ipv4"}, ".requestBody", "`format: ipv4` is no format this server knows", id="format"),
        pytest.param({"x-format": "ipv4"}, ".requestBody", "`x-format: ipv4` is no format this server knows", id="x-format"),
        pytest.param("string", ".requestBody", "is no schema", id="no schema"),
        pytest.param({"items": []}, ".requestBody.items", "is no schema", id="a list of items"),
        pytest.param({"properties": []}, ".requestBody", "`properties` must be a mapping", id="properties in a list"),
        pytest.param({"required": True}, ".requestBody", "`required` must be a list", id="required of OpenAPI 2"),
        pytest.param({"enum": "a"}, ".requestBody", "`enum` must be a list", id="a lone enum"),
        pytest.param({"oneOf": {}}, ".requestBody", "`oneOf` must be a list", id="a mapping of schemas"),
        pytest.param({"$ref": "#/components/schemas/X"}, ".requestBody", "`#/components/schemas/X` leads nowhere", id="reference"),
        pytest.param({"$ref": "other.yaml#/X"}, ".requestBody", "`other.yaml#/X` leads nowhere", id="another file"),
        pytest.param({"pattern": "("}, "", 'has a schema that means nothing: "(" is not a "regex"', id="pattern"),
        pytest.param({"minLength": "x"}, "", 'has a schema that means nothing: "x" is not of type "integer"', id="length"),
        pytest.param({"properties": {"a": {"type": "array", "x-partial": "some", "items": {}}}}, ".requestBody", "`x-partial` of 'a' must be report or refuse, and needs `items`", id="x-partial"),
        pytest.param({"properties": {"a": {"type": "array", "x-partial": "report"}}}, ".requestBody", "`x-partial` of 'a' must be report or refuse, and needs `items`", id="x-partial without items"),
    ],
)  # fmt: skip  # one line a mistake reads best
def test_a_mistake_in_a_schema_is_told_with_its_place(
    schema: Any, place: str, message: str, write: Write
) -> None:
    file = write(with_schema(schema))
    with pytest.raises(DocumentError) as caught:
        load_document(file)
    line = 9 if place else 6
    assert str(caught.value) == f"{file}:{line}: paths./a.post{place}: {message}"


def test_a_schema_may_not_contain_itself(write: Write) -> None:
    schemas = "components: {schemas: {Tree: {type: object, properties: {left: {$ref: '#/components/schemas/Tree'}}}}}\n"
    file = write(with_schema({"$ref": "#/components/schemas/Tree"}) + schemas)
    with pytest.raises(
        DocumentError,
        match=r":9: paths\./a\.post\.requestBody\.properties\.left: `.*Tree` leads back to itself",
    ):
        load_document(file)


def test_every_mistake_is_told_at_once(write: Write) -> None:
    file = write(
        operation(
            "x-provenance: guessed",
            "callbacks: {}",
            "requestBody: {content: {a/b: {schema: {const: 1}}}}",
            ANSWERS,
        )
    )
    with pytest.raises(DocumentError) as caught:
        load_document(file)
    assert [line.split(": ", 2)[2][:15] for line in str(caught.value).splitlines()] == [
        "`callbacks` is ",
        "`x-provenance` ",
        "`const` is no s",
    ]


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: File) -> None:
    with pytest.raises(DocumentError) as caught:
        load_document(tmp_path / "none.yaml")
    assert (
        str(caught.value) == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"
    )


# --------------------------------------------------------------------------------------------- schemas keep their meaning

STATUS: Schema = {"type": "string", "enum": ["NEW", "WON"]}
NULL: Schema = {"enum": [None]}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        pytest.param({"type": "string"}, ["", "x"], [None, 1], id="not nullable"),
        pytest.param({"type": "string", "nullable": False}, ["x"], [None, 1], id="nullable false"),
        pytest.param({"type": "string", "nullable": True}, ["x", None], [1, [], {}, False], id="beside a type"),
        pytest.param({"type": "string", "nullable": True, "maxLength": 2}, ["xy", None], ["xyz", 1], id="beside a type and a limit"),
        pytest.param({"type": "integer", "format": "int32", "nullable": True}, [1, None], [2**31, "1"], id="beside a range"),
        pytest.param({"type": "string", "format": "email", "nullable": True}, ["a@b.co", None], ["x", 1], id="beside a format"),
        pytest.param(STATUS | {"nullable": True}, ["NEW", None], ["NOPE", 1], id="beside an enum"),
        pytest.param({"type": "string", "x-enum": ["NEW"], "nullable": True}, ["NEW", None], ["NOPE", 1], id="beside an x-enum"),
        pytest.param({"type": "array", "items": STATUS, "nullable": True}, [[], ["NEW"], None], [["NOPE"], [None], "NEW"], id="a list"),
        pytest.param({"type": "array", "items": STATUS | {"nullable": True}}, [[None, "NEW"]], [None, ["NOPE"]], id="items"),
        pytest.param({"type": "object", "properties": {"a": {}}, "required": ["a"], "nullable": True}, [{"a": 1}, None], [{}, 1], id="an object"),
        pytest.param({"type": "object", "additionalProperties": STATUS | {"nullable": True}}, [{"a": None}], [{"a": "NOPE"}], id="other properties"),
        pytest.param({"nullable": True, "oneOf": [STATUS, NULL]}, ["NEW", None], ["NOPE", 1, ""], id="without type beside oneOf with null"),
        pytest.param({"nullable": True, "oneOf": [STATUS, {"enum": [""]}, NULL]}, ["NEW", "", None], ["NOPE"], id="oneOf with blank and null"),
        pytest.param({"nullable": True, "anyOf": [STATUS, {"type": "integer"}]}, ["NEW", 1, None], ["NOPE", 1.5], id="beside anyOf"),
        pytest.param({"nullable": True, "allOf": [STATUS]}, ["NEW", None], ["NOPE", 1], id="beside an allOf of one"),
        pytest.param({"nullable": True, "allOf": [STATUS, {"maxLength": 3}]}, ["NEW", None], ["NOPE", 1], id="beside an allOf of two"),
        pytest.param({"allOf": [STATUS | {"nullable": True}]}, ["NEW", None], ["NOPE"], id="inside an allOf"),
        pytest.param({"oneOf": [STATUS | {"nullable": True}, {"type": "integer"}]}, ["NEW", 1, None], ["NOPE"], id="inside a oneOf"),
        pytest.param({"nullable": True, "not": {"type": "string"}}, [1, None], ["x"], id="beside not"),
        pytest.param({"nullable": True, "minLength": 2}, [None, "xy", 1], ["x"], id="without type beside a limit"),
        pytest.param({"nullable": True}, [None, 1, "x", [], {}], [], id="alone"),
    ],
)  # fmt: skip  # one line a position reads best
def test_nullable_means_or_null_and_nothing_else(
    schema: Schema, good: list[Any], bad: list[Any], write: Write
) -> None:
    reader = body_of(load_document(write(with_schema(schema))))
    assert [value for value in good if reader.read(value)[1]] == []
    assert [value for value in bad if not reader.read(value)[1]] == []


def test_a_nullable_property_beside_a_null_enum_does_not_switch_validation_off(
    write: Write,
) -> None:
    schemas = (
        "components: {schemas: {Status: {enum: [NEW, WON], type: string}, Null: {enum: [null]}}}\n"
    )
    status = {
        "nullable": True,
        "oneOf": [{"$ref": "#/components/schemas/Status"}, {"$ref": "#/components/schemas/Null"}],
    }
    lead = {"type": "object", "properties": {"status": status, "name": {"type": "string"}}}
    reader = body_of(load_document(write(with_schema(lead) + schemas)))
    bodies = [{"status": "NEW"}, {"status": None}, {"status": "NOPE"}, {"status": "NEW", "name": 1}]
    assert [[problem.path for problem in reader.read(body)[1]] for body in bodies] == [
        [],
        [],
        [("status",)],
        [("name",)],
    ]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        pytest.param({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1, 0], id="exclusive minimum"),
        pytest.param({"type": "number", "maximum": 1, "exclusiveMaximum": True}, [0.9], [1], id="exclusive maximum"),
        pytest.param({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, [1], [0], id="inclusive minimum"),
        pytest.param({"type": "integer", "format": "int32"}, [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1, 10**400], id="int32"),
        pytest.param({"type": "integer", "format": "int64"}, [2**63 - 1, -(2**63)], [2**63, -(2**63) - 1], id="int64"),
        pytest.param({"type": "integer", "format": "int32", "minimum": 0, "maximum": 2**40}, [0, 2**31 - 1], [-1, 2**31], id="range and limits"),
        pytest.param({"type": "integer"}, [0, 2**70, 10**400], [1.5, "1", True], id="integer without a width"),
        pytest.param({"type": "number", "format": "double"}, [1.5, 1], ["1"], id="double says nothing"),
        pytest.param({"type": "string", "format": "uuid"}, ["123e4567-e89b-12d3-a456-426614174000"], ["x"], id="format"),
        pytest.param({"type": "string", "x-format": "phone"}, ["+12025550101"], ["+15101234567", "x"], id="x-format"),
        pytest.param({"type": "string", "format": "uri", "x-format": "uuid"}, ["123e4567-e89b-12d3-a456-426614174000"], ["urn:x:y"], id="x-format wins"),
        pytest.param({"type": "string", "x-enum": ["a", "b"]}, ["a"], ["c"], id="x-enum"),
        pytest.param({"type": "object", "additionalProperties": False, "properties": {"a": {}}}, [{"a": 1}], [{"b": 1}], id="closed"),
        pytest.param({"type": "object", "properties": {"a": {"type": "string", "readOnly": True}}}, [{"a": "x"}], [{"a": 1}], id="read-only"),
        pytest.param({"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True}, [[1]], [[], [1, 1], [1, 2, 3]], id="list limits"),
        pytest.param({"type": "string", "default": "x", "example": 1, "description": "d", "title": "t", "deprecated": True}, ["y"], [1], id="prose"),
    ],
)  # fmt: skip  # one line a keyword reads best
def test_a_keyword_means_what_openapi_says(schema: Schema, good: list[Any], bad: list[Any]) -> None:
    validator = compile_schema(schema)
    assert (
        [validator.is_valid(value) for value in good],
        [validator.is_valid(value) for value in bad],
    ) == (
        [True] * len(good),
        [False] * len(bad),
    )


def test_translation_leaves_its_input_alone() -> None:
    schema = {
        "type": "object",
        "nullable": True,
        "properties": {"a": {"type": "integer", "minimum": 1, "exclusiveMinimum": True}},
    }
    before = yaml.safe_dump(schema)
    assert to_json_schema(schema) == {
        "type": ["object", "null"],
        "properties": {"a": {"type": "integer", "exclusiveMinimum": 1}},
    }
    assert yaml.safe_dump(schema) == before


# ------------------------------------------------------------------------------------------------------ reading one value

LEAD: Schema = {
    "type": "object",
    "required": ["name", "phone"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 3},
        "phone": {"type": "string"},
        "owner": {"type": "integer", "nullable": True, "x-reference": "people"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
OWNER: Schema = {"type": "integer", "nullable": True, "x-reference": "people"}


def somebody(table: str, id: Any) -> bool:
    return (table, id) == ("people", 7)


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        pytest.param({"name": "Ada", "phone": "1", "owner": 7}, [], id="fine"),
        pytest.param({"name": "Ada", "phone": "1", "owner": None}, [], id="no reference"),
        pytest.param(
            {}, [(("name",), "required", None), (("phone",), "required", None)], id="two missing"
        ),
        pytest.param(
            {"name": "Augusta", "tags": ["a", 2], "owner": 8, "colour": "red", "size": 1},
            [
                (("colour",), "additionalProperties", "red"),
                (("name",), "maxLength", "Augusta"),
                (("owner",), "reference", 8),
                (("phone",), "required", None),
                (("size",), "additionalProperties", 1),
                (("tags", 1), "type", 2),
            ],
            id="one of each",
        ),
        pytest.param(
            {"name": "Ada", "phone": "1", "owner": "x"},
            [(("owner",), "type", "x")],
            id="a bad reference is told once",
        ),
        pytest.param([], [((), "type", [])], id="no object"),
    ],
)
def test_a_reader_names_every_problem_at_once(
    value: Any, problems: list[tuple[Path, str, Any]]
) -> None:
    read, found = Reader(LEAD).read(value, somebody)
    assert (read, sorted((problem.path, problem.keyword, problem.value) for problem in found)) == (
        value,
        problems,
    )


def test_a_problem_carries_the_schema_of_its_property() -> None:
    _, problems = Reader(LEAD).read({"name": "Ada", "phone": "1", "owner": 8}, somebody)
    assert problems == [Problem(("owner",), "reference", "no such id in people", 8, OWNER)]


def test_references_are_taken_on_trust_where_nobody_can_tell() -> None:
    assert Reader(LEAD).read({"name": "Ada", "phone": "1", "owner": 8})[1] == []


def test_a_reader_coerces_before_it_validates() -> None:
    def coercer(schema: Schema) -> Coerce:
        return lambda value: {name: str(text) for name, text in value.items()}

    schema = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}}
    assert Reader(schema, coercer).read({"name": 123}) == ({"name": "123"}, [])


@pytest.mark.parametrize(
    ("path", "part"),
    [
        pytest.param((), LEAD, id="the whole"),
        pytest.param(("owner",), OWNER, id="a property"),
        pytest.param(("tags", 3), {"type": "string"}, id="an item"),
        pytest.param(("colour",), {}, id="nothing known"),
        pytest.param(("name", "first", 0), {}, id="deeper than anything known"),
    ],
)
def test_a_schema_is_found_by_the_path_of_its_value(path: Path, part: Schema) -> None:
    assert schema_at(LEAD, path) == part


def test_the_schema_of_other_properties_speaks_for_each_of_them() -> None:
    assert schema_at({"type": "object", "additionalProperties": {"type": "string"}}, ("any",)) == {
        "type": "string"
    }


def test_a_partial_list_is_left_to_the_item_reader(write: Write) -> None:
    item = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    leads = {"type": "array", "maxItems": 2, "items": item, "x-partial": "report"}
    document = load_document(write(with_schema({"type": "object", "properties": {"leads": leads}})))
    body = document.operations[0].body
    assert body is not None
    assert body.item is not None
    assert (
        body.reported,
        body.reader.read({"leads": [{}, 1]})[1],
        len(body.reader.read({"leads": [1, 2, 3]})[1]),
    ) == ("leads", [], 1)
    assert (
        [problem.path for problem in body.item.read({})[1]],
        body.item.read({"name": "Ada"})[1],
    ) == ([("name",)], [])


# ---------------------------------------------------------------------------------------------------------------- payloads


def with_payload(payload: str) -> str:
    return f"{HEAD}paths: {{}}\nx-webhooks:\n  lead:\n    post: {{{payload}}}\n"


BODY = "requestBody: {content: {application/json: {schema: {type: object, properties: {id: {type: integer}, name: {type: string, x-provenance: chosen}}}}}}"


def test_a_payload_has_everything_that_the_document_says_of_it(write: Write) -> None:
    document = load_document(
        write(
            with_payload(
                f"summary: A lead, x-provenance: observed, x-source: hooks, {BODY}, {ANSWERS}"
            )
        )
    )
    (payload,) = document.webhooks.values()
    assert (payload.name, payload.summary, payload.provenance, payload.source, payload.fields) == (
        "lead",
        "A lead",
        "observed",
        "hooks",
        {"id": "observed", "name": "chosen"},
    )
    assert [payload.validator.is_valid(value) for value in ({"id": 1}, {"id": "1"})] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (f"x-provenance: chosen, {ANSWERS}", "x-webhooks.lead.post.requestBody: is missing"),
        (f"{BODY}, {ANSWERS}", "x-webhooks.lead.post.x-provenance: is missing"),
        (
            f"x-provenance: chosen, {BODY.replace('integer', 'number, maximal: 3')}, {ANSWERS}",
            "`maximal` is no schema keyword this server knows",
        ),
        (
            f"x-provenance: chosen, {BODY.replace('integer', 'integr')}, {ANSWERS}",
            "has a schema that means nothing",
        ),
    ],
)
def test_a_payload_that_means_nothing_stops_the_start(
    write: Write, payload: str, text: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        load_document(write(with_payload(payload)))
    assert text in str(refused.value)

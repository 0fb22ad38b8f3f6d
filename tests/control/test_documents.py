"""The OpenAPI documents, as the control API serves them."""

from typing import Any

import httpx
import pytest
import yaml

from mockserver.documents.generators import for_generators
from mockserver.documents.schema import compile_schema
from mockserver.documents.spec import Document
from mockserver.serving.server import MockServer
from tests.samples import NAMES, SITES


def parts(value: Any) -> list[dict[str, Any]]:
    """Every object within a value."""
    found = [value] if isinstance(value, dict) else []
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            found += parts(part)
    return found


def documents(server: MockServer) -> dict[str, Document]:
    found = {site.vendor.name: site.document for site in SITES}
    return found | {"control": server.app.control.document}


def address(server: MockServer, name: str) -> str:
    first = "__admin" if name == "control" else name + documents(server)[name].base_path
    return f"{server.url}/{first}"


@pytest.mark.parametrize("name", [*NAMES, "control"])
@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_document_has_this_server_for_its_server(
    admin: httpx.Client, server: MockServer, name: str, ending: str
) -> None:
    answer = admin.get(f"/documents/{name}{ending}")
    assert answer.headers["content-type"] == "application/json"
    content = documents(server)[name].source.content
    assert answer.json() == content | {"servers": [{"url": address(server, name)}]}


@pytest.mark.parametrize("name", [*NAMES, "control"])
def test_yaml_is_the_same_in_a_style_for_every_reader(admin: httpx.Client, name: str) -> None:
    answer = admin.get(f"/documents/{name}.yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(answer.text) == admin.get(f"/documents/{name}").json()
    for token in yaml.scan(answer.text, yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken) and token.plain:
            assert not set(token.value) & set(":,#{}[] "), token.value


@pytest.mark.parametrize("name", [*NAMES, "control"])
def test_for_generators_a_body_has_one_media_type_and_no_enum_of_null(
    admin: httpx.Client, name: str
) -> None:
    content = admin.get(f"/documents/{name}", params={"for": "generators"}).json()
    for part in parts(content["paths"]):
        if "application/json" in part.get("content", {}):
            assert list(part["content"]) == ["application/json"]
    for part in parts(content):
        assert not any("NullEnum" in str(each) for each in part.get("oneOf", ()))


def test_for_generators_a_text_of_any_application_is_plain() -> None:
    text = {"schema": {"type": "string"}}
    content = {"content": {"application/x-pem-file": text, "text/markdown": text}}
    assert for_generators(content) == {"content": {"text/plain": text, "text/markdown": text}}
    field = {"properties": {"content": {"type": "string"}}}
    assert for_generators(field) == field


def test_for_generators_a_union_with_a_list_of_another_name_is_any_value() -> None:
    schemas = {
        "Steps": {"type": "array"},
        "Story": {"oneOf": [{"$ref": "#/components/schemas/Steps"}]},
    }
    changed = for_generators({"components": {"schemas": schemas}})
    assert changed == {"components": {"schemas": {"Steps": {"type": "array"}, "Story": {}}}}


def test_the_document_for_generators_takes_the_same_json_and_the_other_stays() -> None:
    choice = {
        "nullable": True,
        "oneOf": [{"$ref": "#/components/schemas/State"}, {"enum": [""]}, {"enum": [None]}],
    }
    content = {"components": {"schemas": {"State": {"enum": ["open"]}, "Lead": choice}}}
    (joined,) = (for_generators(content)["components"]["schemas"]["Lead"],)
    assert joined == {"type": "string", "nullable": True, "enum": ["open", "", None]}
    assert content["components"]["schemas"]["Lead"] is choice
    assert "oneOf" in choice
    validator = compile_schema(joined)
    assert [validator.is_valid(value) for value in ("open", "", None, "x", 1)] == [
        *(True, True, True),
        *(False, False),
    ]


def test_what_may_be_null_is_put_in_its_place() -> None:
    moment = {"type": "string", "format": "date-time", "pattern": "Z$"}
    schemas: dict[str, dict[str, Any]] = {
        "Moment": moment,
        "Call": {"type": "object", "properties": {"at": {"$ref": "#/components/schemas/Moment"}}},
        "Lead": {
            "properties": {
                "call": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Call"}]},
                "at": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Moment"}]},
            }
        },
    }
    changed = for_generators({"components": {"schemas": schemas}})["components"]["schemas"]
    assert changed["Lead"]["properties"] == {
        "call": schemas["Call"] | {"nullable": True},
        "at": {"type": "string", "format": "date-time", "nullable": True},
    }


def test_an_answer_that_narrows_an_error_is_that_error() -> None:
    error = {"$ref": "#/components/schemas/Error"}
    narrow = {"allOf": [error], "properties": {"code": {"enum": ["NOT_FOUND"]}}}
    assert for_generators({"schema": narrow}) == {"schema": error}


@pytest.mark.parametrize("other", [{"type": "object"}, {"type": "array", "items": {}}])
def test_a_text_or_what_has_no_class_is_any_value(other: dict[str, Any]) -> None:
    assert for_generators({"anyOf": [{"type": "string"}, other]}) == {}
    assert for_generators({"oneOf": [{"type": "string"}, other]}) == {}


def test_an_enum_of_null_alone_is_left_out() -> None:
    schemas = {"Null": {"enum": [None]}, "State": {"enum": ["open"]}}
    changed = for_generators({"components": {"schemas": schemas}})
    assert list(changed["components"]["schemas"]) == ["State"]


def test_a_parameter_with_the_name_of_a_schema_is_put_in_its_place() -> None:
    parameter = {"name": "workspace", "in": "path"}
    content = {
        "parameters": [{"$ref": "#/components/parameters/workspace"}],
        "components": {
            "schemas": {"Workspace": {"type": "object"}},
            "parameters": {"workspace": parameter},
        },
    }
    assert for_generators(content)["parameters"] == [parameter]


def test_a_choice_of_other_things_than_texts_stays() -> None:
    content = {"oneOf": [{"type": "string"}, {"enum": [None]}], "anyOf": [{"enum": [1]}]}
    numbers = {"oneOf": [{"enum": [1]}, {"enum": [None]}]}
    assert (for_generators(content), for_generators(numbers)) == (content, numbers)


@pytest.mark.parametrize("name", ["nobody", "control.xml", "control.", "control.json.json"])
def test_an_unknown_document_is_refused_with_the_names_of_those_there_are(
    admin: httpx.Client, name: str
) -> None:
    answer = admin.get(f"/documents/{name}")
    known = ", ".join(sorted([*NAMES, "control"]))
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        f"There is no document {name!r}; there are {known}, each as .json and .yaml.",
    )


def test_the_client_reads_a_document(server: MockServer) -> None:
    plain, simple = (
        server.client.document("control"),
        server.client.document("control", for_generators=True),
    )
    assert plain["servers"] == simple["servers"] == [{"url": f"{server.url}/__admin"}]

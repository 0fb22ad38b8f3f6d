"""NUL is in no made-up good request, so it is sent here.

It is refused in every text that is read, and breaks nothing in a path.
"""

from functools import reduce
from operator import getitem
from typing import Any

import pytest
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok

from tests.contract.control_narrowing import control_contract
from tests.contract.narrowing import INVALID, access, contracts, known

SCHEMAS = {
    "vendor": contracts("vendor", "positive"),
    "document": contracts("document", "positive") | {"control": control_contract("positive")},
}
OPERATIONS = [
    pytest.param(result.ok(), id=f"{strictness}, {name}: {result.ok().label}")
    for strictness, schemas in SCHEMAS.items()
    for name, schema in schemas.items()
    for result in schema.get_all_operations()
    if isinstance(result, Ok)
]


def nuls(operation: Any) -> dict[str, Any]:
    """A NUL for each text in the operation's body, and for each text in a list."""
    document = operation.schema.raw_schema
    schema = resolved(
        document, operation.definition.raw["requestBody"]["content"]["application/json"]["schema"]
    )
    texts: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        if part.get("type") == "string":
            texts[name] = "\0"
        elif resolved(document, part.get("items", {})).get("type") == "string":
            texts[name] = ["\0"]
    return texts


def resolved(document: Any, schema: Any) -> Any:
    """The schema that a reference leads to."""
    while "$ref" in schema:
        schema = reduce(getitem, schema["$ref"].split("/")[1:], document)
    return schema


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_nul_in_a_body_is_refused(operation: Any) -> None:
    texts = nuls(operation) if operation.body else {}
    places = {
        each.name: known(each)
        for each in operation.iter_parameters()
        if each.location is ParameterLocation.PATH
    }
    case = operation.Case(
        path_parameters=places,
        body=texts if operation.body else NOT_SET,
        media_type="application/json",
    )
    answer = case.call_and_validate(**access(operation))
    assert answer.status_code in INVALID or not texts


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_nul_in_path_and_query_breaks_nothing(operation: Any) -> None:
    named = {
        each.name: "\0"
        for each in operation.iter_parameters()
        if each.location is ParameterLocation.PATH
    }
    asked = {
        each.name: "\0"
        for each in operation.iter_parameters()
        if each.location is ParameterLocation.QUERY
    }
    case = operation.Case(
        path_parameters=named,
        query=asked,
        body={} if operation.body else NOT_SET,
        media_type="application/json",
    )
    sent = access(operation)
    answer = case.call(**sent)
    if answer.content:  # else NLPearl's server has refused the path, which is before its document
        case.validate_response(answer, headers=sent["headers"], transport_kwargs=sent)
    assert answer.status_code < 500

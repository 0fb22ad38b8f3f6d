"""NUL is in no made-up good request, so it is sent here: it is refused wherever it stands in a body, and breaks nothing in a path."""

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


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_nul_in_a_body_is_refused(operation: Any) -> None:
    places = {
        each.name: known(each)
        for each in operation.iter_parameters()
        if each.location is ParameterLocation.PATH
    }
    case = operation.Case(
        path_parameters=places,
        body={"\0": ["\0"]} if operation.body else NOT_SET,
        media_type="application/json",
    )
    answer = case.call_and_validate(**access(operation))
    assert answer.status_code in INVALID or not operation.body


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
    answer = case.call_and_validate(**access(operation))
    assert answer.status_code < 500

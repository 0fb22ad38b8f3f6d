"""Every text with a format, in the body of every operation.

What the rules of the format allow is taken, and what they forbid is refused.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.schemas import OpenApiSchema

from mockserver.documents.spec import Body
from tests.contract.narrowing import INVALID, access, contracts, known, read_schema, reset
from tests.contract.values import BROKEN, EDGES


def formats(body: Body) -> Iterator[tuple[str, str]]:
    """The fields of a body with a text of a known format, each with that format."""
    for name, part in read_schema(body).get("properties", {}).items():
        for choice in (part, *part.get("anyOf", ())):
            format = choice.get("x-format", choice.get("format"))
            if format in BROKEN:
                yield name, format


def fields(strictness: str) -> Iterator[Any]:
    """Each such field of each operation of each vendor, as parameters of a test."""
    for vendor, schema in contracts(strictness, "positive", one_type=True).items():
        bodies = {
            operation.id: operation.body
            for site in schema.app.sites
            for operation in site.document.operations
            if site.vendor.name == vendor and operation.body
        }
        for operation in operations(schema):
            body = bodies.get(operation.definition.raw["operationId"])
            for name, format in formats(body) if body else ():
                label = f"{strictness}, {vendor}: {operation.label} {name}"
                yield pytest.param(operation, name, format, id=label)


def operations(schema: OpenApiSchema) -> Iterator[Any]:
    for result in schema.get_all_operations():
        if isinstance(result, Ok):
            yield result.ok()


def status(case: Case[Any], field: str, text: str) -> int:
    """What is answered when the field has that text, in a path that leads somewhere."""
    reset(case.operation.app)
    case.path_parameters = {
        each.name: known(each)
        for each in case.operation.iter_parameters()
        if each.location is ParameterLocation.PATH
    }
    assert isinstance(case.body, dict)
    case.body[field] = text
    return case.call(**access(case.operation)).status_code


@pytest.mark.parametrize(("operation", "field", "format"), [*fields("vendor"), *fields("document")])
@settings(max_examples=1)
@given(data=st.data())
def test_a_text_is_taken_if_it_is_of_its_format(
    operation: Any, field: str, format: str, data: st.DataObject
) -> None:
    case = data.draw(operation.as_strategy())
    refused = [text for text in EDGES[format] if status(case, field, text) in INVALID]
    broken = BROKEN[format].items()
    taken = [fault for fault, text in broken if status(case, field, text) not in INVALID]
    assert (refused, taken) == ([], [])

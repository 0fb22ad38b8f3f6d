"""Walks along the links of the documents: what was created can be read, changed, listed and deleted."""

import pytest
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import negative_data_rejection
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.contract.narrowing import contracts
from tests.contract.walking import links, walk

LENIENT: list[CheckFunction] = [negative_data_rejection]
"""In `vendor` strictness more is taken than the document says, on purpose: the vendors' frameworks coerce and ignore."""

TO_THE_LETTER = contracts("document", "all", one_type=True)
AS_THE_VENDOR = contracts("vendor", "positive", one_type=True)


@pytest.mark.parametrize(
    ("schema", "excluded"),
    [
        *[
            pytest.param(schema, [], id=f"{name} to the letter")
            for name, schema in TO_THE_LETTER.items()
            if any(links(schema))
        ],
        *[
            pytest.param(schema, LENIENT, id=f"{name} as the vendor reads")
            for name, schema in AS_THE_VENDOR.items()
            if any(links(schema))
        ],
    ],
)
def test_what_was_created_can_be_read_changed_listed_and_deleted(
    schema: OpenApiSchema, excluded: list[CheckFunction]
) -> None:
    assert len(walk(schema, excluded, steps=6)) >= min(2, len({*links(schema)}))


@pytest.mark.parametrize(
    ("schema", "name", "ends"),
    [
        pytest.param(schema, name, ends, id=f"{vendor}: {ends[0]} {name}")
        for vendor, schema in AS_THE_VENDOR.items()
        for name, *ends in links(schema)
    ],
)
def test_every_link_leads_on(schema: OpenApiSchema, name: str, ends: list[str]) -> None:
    followed = walk(schema.include(operation_id=ends), LENIENT, steps=4)
    statuses = {status for id, status in followed if f"] {name} -> " in id}
    assert any(200 <= status < 300 for status in statuses)

"""Every operation of every bundled document, called with made-up requests: what comes back keeps the document, whatever was sent."""

from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis.checks import CheckFunction
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import negative_data_rejection
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.contract.narrowing import contracts

TO_THE_LETTER = contracts("document", "all")
AS_THE_VENDOR = contracts("vendor", "positive")
LENIENT: list[CheckFunction] = [negative_data_rejection]
"""In `vendor` strictness more is taken than the document says, on purpose: the vendors' frameworks coerce and ignore."""


@schemathesis.pytest.parametrize(**TO_THE_LETTER)
def test_to_the_letter_good_requests_are_answered_and_bad_ones_refused(case: Case[Any]) -> None:
    case.operation.app.workspaces.reset()
    case.call_and_validate()


@schemathesis.pytest.parametrize(**AS_THE_VENDOR)
def test_as_the_vendor_reads_good_requests_are_answered(case: Case[Any]) -> None:
    case.operation.app.workspaces.reset()
    case.call_and_validate(excluded_checks=LENIENT)


@pytest.mark.parametrize(
    ("schema", "excluded"),
    [
        *[pytest.param(schema, [], id=f"{name} to the letter") for name, schema in TO_THE_LETTER.items()],
        *[pytest.param(schema, LENIENT, id=f"{name} as the vendor reads") for name, schema in AS_THE_VENDOR.items()],
    ],
)
def test_what_was_created_can_be_read_changed_listed_and_deleted(schema: OpenApiSchema, excluded: list[CheckFunction]) -> None:
    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # the base class is made from the document
        def setup(self) -> None:
            schema.app.workspaces.reset()

        def call(self, case: Case[Any], **options: object) -> Response:
            return case.call(headers=schema.config.headers)

        def validate_response(self, response: Response, case: Case[Any], **options: object) -> None:
            case.validate_response(response, headers=schema.config.headers, excluded_checks=excluded, recorder=self.recorder)

    Walk.run(settings=settings(stateful_step_count=6))

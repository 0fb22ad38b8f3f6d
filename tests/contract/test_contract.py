"""Every operation of every bundled document, called with made-up requests: what comes back keeps the document, whatever was sent."""

from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis.checks import CheckFunction
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput
from schemathesis.specs.openapi.checks import negative_data_rejection
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.contract.narrowing import contracts, links

TO_THE_LETTER = contracts("document", "all")
AS_THE_VENDOR = contracts("vendor", "positive")
WALKS = 6
"""How many walks along the links are made for each made-up request of an operation."""

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
    answered: set[tuple[str, int]] = set()
    followed: set[str] = set()

    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # the base class is made from the document
        def setup(self) -> None:
            schema.app.workspaces.reset()

        def step(self, input: StepInput) -> StepOutput:
            if input.transition is not None and input.is_applied:
                followed.add(input.transition.id.rpartition(" -> ")[0])
            return super().step(input)  # type: ignore[no-any-return]  # for the same reason

        def call(self, case: Case[Any], **options: object) -> Response:
            response = case.call(headers=schema.config.headers)
            answered.add((case.operation.label, response.status_code))
            return response

        def validate_response(self, response: Response, case: Case[Any], **options: object) -> None:
            case.validate_response(response, headers=schema.config.headers, excluded_checks=excluded, recorder=self.recorder)

    Walk.run(settings=settings(max_examples=WALKS * settings.default.max_examples, stateful_step_count=8))
    assert {link for label, status, link in links(schema) if (label, status) in answered} - followed == set()

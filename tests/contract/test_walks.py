"""Walks along the links of the documents: what was created can be read, changed, listed and deleted."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput
from schemathesis.specs.openapi.checks import ensure_resource_availability, negative_data_rejection
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.contract.narrowing import contracts

WALKS, STEPS = 5, 6
"""How many walks are made for each made-up request of an operation, and how long one is at most."""

LENIENT: list[CheckFunction] = [negative_data_rejection]
"""In `vendor` strictness more is taken than the document says, on purpose: the vendors' frameworks coerce and ignore."""


def links(schema: OpenApiSchema) -> Iterator[tuple[tuple[str, int], str]]:
    """Every link of the document: the operation and the status that it leads on from, and its name as a walk tells it."""
    for path, item in schema.raw_schema["paths"].items():
        for method, operation in item.items():
            label = f"{method.upper()} {path}"
            for status, response in operation["responses"].items():
                yield from (((label, int(status)), f"{label} -> [{status}] {name}") for name in response.get("links", ()))


def is_followed(step: StepInput) -> bool:
    """Whether a step takes all that its link says from the answer before; a walk leaves some of it out now and then."""
    if step.transition is None or not step.is_applied:
        return False
    body = step.transition.request_body.value if step.transition.request_body else None
    said = set(body.ok()) if isinstance(body, Ok) and isinstance(body.ok(), dict) else set()
    return said <= {name for _, name in step.applied_parameters}


@pytest.mark.parametrize(
    ("schema", "excluded"),
    [
        *[pytest.param(schema, [], id=f"{name} to the letter") for name, schema in contracts("document", "all", walked=True).items()],
        *[pytest.param(schema, LENIENT, id=f"{name} as read") for name, schema in contracts("vendor", "positive", walked=True).items()],
    ],
)
def test_every_link_can_be_followed(schema: OpenApiSchema, excluded: list[CheckFunction]) -> None:
    answered: set[tuple[str, int]] = set()
    followed: set[str] = set()

    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # the base class is made from the document
        def setup(self) -> None:
            schema.app.workspaces.reset()

        def step(self, input: StepInput) -> StepOutput:
            # A step with something of its own may well speak of a lead that is not there.
            self.excluded = excluded if is_followed(input) else [*excluded, ensure_resource_availability]
            if is_followed(input) and input.transition:
                followed.add(input.transition.id.rpartition(" -> ")[0])
            return super().step(input)

        def call(self, case: Case[Any], **options: object) -> Response:
            response = case.call(headers=schema.config.headers)
            answered.add((case.operation.label, response.status_code))
            return response

        def validate_response(self, response: Response, case: Case[Any], **options: object) -> None:
            case.validate_response(response, headers=schema.config.headers, excluded_checks=self.excluded, recorder=self.recorder)

    profile = settings.get_profile(settings.get_current_profile_name())
    Walk.run(settings=settings(profile, max_examples=WALKS * profile.max_examples, stateful_step_count=STEPS))
    assert {link for origin, link in links(schema) if origin in answered} - followed == set()

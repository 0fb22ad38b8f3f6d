"""A walk along the links of a document, and what it led to."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import settings
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput
from schemathesis.specs.openapi.checks import ensure_resource_availability, use_after_free
from schemathesis.specs.openapi.schemas import OpenApiSchema
from schemathesis.specs.openapi.stateful.dependencies import DependencyGraph

from mockserver.app import Application
from tests.contract.narrowing import access, reset


def links(schema: OpenApiSchema) -> Iterator[tuple[str, str, str]]:
    """Every link of the document but those of answers that a setting asks for: its name, and the operations it leads from and to."""
    for item in schema.raw_schema["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                found = (
                    response.get("links", {}) if response.get("x-provenance") != "chosen" else {}
                )
                for name, link in found.items():
                    shared = schema.raw_schema["components"].get("links", {})
                    target = shared[link["$ref"].rpartition("/")[2]] if "$ref" in link else link
                    yield name, operation["operationId"], target["operationId"]


def is_followed(step: StepInput) -> bool:
    """Whether a step takes all that its link says from the answer before; a walk leaves some of it out now and then."""
    if step.transition is None or not step.is_applied:
        return False
    body = step.transition.request_body.value if step.transition.request_body else None
    said = set(body.ok()) if isinstance(body, Ok) and isinstance(body.ok(), dict) else set()
    return said <= {name for _, name in step.applied_parameters}


def named(body: dict[str, Any]) -> set[Any]:
    """The texts in the lists of a body."""
    lists = [value for value in body.values() if isinstance(value, list)]
    return {item for items in lists for item in items if isinstance(item, str)}


def walk(
    schema: Any,
    excluded: list[CheckFunction],
    steps: int,
    begin: Callable[[Application], None] = reset,
) -> set[tuple[str, int]]:
    """Walk along the links, each time from where the server begins; gives each link that was followed, with the statuses it led to."""
    followed = set()
    schema.analysis._dependency_graph = DependencyGraph(
        operations={}, resources={}
    )  # no links but those that are written

    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # the base class is made from the document
        def setup(self) -> None:
            begin(schema.app)
            self.deleted: list[Any] = []

        def step(self, input: StepInput) -> StepOutput:
            case = input.case
            self.deleted += (
                [named(case.body)]
                if case.method == "DELETE" and isinstance(case.body, dict)
                else []
            )
            # A step that leaves out some of its link may well ask for what is not there, as may one that finds by its body what has changed;
            untrue = (
                []
                if is_followed(input) and case.path_parameters
                else [ensure_resource_availability]
            )
            # a DELETE with a body takes away what its body names, not all below its path.
            places = set(case.path_parameters.values())
            untrue += (
                [use_after_free]
                if self.deleted and not any(places & names for names in self.deleted)
                else []
            )
            self.excluded = [*excluded, *untrue]
            output = super().step(input)
            if is_followed(input) and input.transition:
                followed.add((input.transition.id, output.response.status_code))
            return output

        def call(self, case: Case[Any], **options: object) -> Response:
            return case.call(**access(case.operation))

        def validate_response(self, response: Response, case: Case[Any], **options: object) -> None:
            sent = access(case.operation)
            case.validate_response(
                response,
                headers=sent["headers"],
                transport_kwargs=sent,
                excluded_checks=self.excluded,
                recorder=self.recorder,
            )

    profile = settings.get_profile(settings.get_current_profile_name())
    Walk.run(settings=settings(profile, stateful_step_count=steps))
    return followed

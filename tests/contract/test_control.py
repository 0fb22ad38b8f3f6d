"""Every operation of the control API, called with made-up requests: good ones are answered as described, bad ones are refused."""

from typing import Any

import pytest
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import use_after_free

from tests.contract.control_narrowing import begin, control_contract
from tests.contract.walking import links, walk

GOOD, BAD = control_contract("positive"), control_contract("negative")
EMPTIED: list[CheckFunction] = [use_after_free]
"""DELETE on a list empties it; the list itself is still there."""


@GOOD.parametrize()
def test_good_requests_are_answered(case: Case[Any]) -> None:
    begin(case.operation.app)
    case.call_and_validate()


@BAD.parametrize()
def test_bad_requests_are_refused(case: Case[Any]) -> None:
    begin(case.operation.app)
    case.call_and_validate()


def test_every_operation_is_tested() -> None:
    tested = {
        result.ok().definition.raw["operationId"]
        for result in GOOD.get_all_operations()
        if isinstance(result, Ok)
    }
    assert tested == {operation.id for operation in GOOD.app.control.document.operations}


def test_what_was_made_can_be_read_changed_and_deleted() -> None:
    assert len(walk(control_contract("positive"), EMPTIED, steps=6, begin=begin)) > 1


@pytest.mark.parametrize(
    ("name", "ends"),
    [pytest.param(name, ends, id=f"{ends[0]} {name}") for name, *ends in links(GOOD)],
)
def test_every_link_leads_on(name: str, ends: list[str]) -> None:
    followed = walk(
        control_contract("positive").include(operation_id=ends), EMPTIED, steps=4, begin=begin
    )
    assert {200, 201, 204} & {status for id, status in followed if f"] {name} -> " in id}

"""Every operation of every bundled document, called with made-up requests: what comes back keeps the document, whatever was sent."""

from typing import Any

import schemathesis
from schemathesis.checks import CheckFunction
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from mockserver.documents.resources import folder
from tests.contract.narrowing import access, contracts, reset

TO_THE_LETTER = contracts("document", "all")
AS_THE_VENDOR = contracts("vendor", "positive")
LENIENT: list[CheckFunction] = [negative_data_rejection]
"""In `vendor` strictness more is taken than the document says, on purpose: the vendors' frameworks coerce and ignore."""


@schemathesis.pytest.parametrize(**TO_THE_LETTER)
def test_to_the_letter_good_requests_are_answered_and_bad_ones_refused(case: Case[Any]) -> None:
    reset(case.operation.app)
    case.call_and_validate(**access(case.operation))


@schemathesis.pytest.parametrize(**AS_THE_VENDOR)
def test_as_the_vendor_reads_good_requests_are_answered(case: Case[Any]) -> None:
    reset(case.operation.app)
    case.call_and_validate(excluded_checks=LENIENT, **access(case.operation))


def test_every_bundled_document_is_tested_here_or_in_a_file_of_its_own() -> None:
    documents = {file.stem for file in folder("openapi").glob("*.yaml")}
    assert ({*TO_THE_LETTER, "control"}, {*AS_THE_VENDOR, "control"}) == (documents, documents)

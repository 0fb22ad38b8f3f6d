"""This server answers as the real framework does: see `make differential` for more requests."""

import sys
from collections.abc import Iterator

import pytest

from tests.differential.comparing import Mock, Tally, theirs
from tests.differential.environment import OtherEnvironment
from tests.differential.requests import FAMILIES, drawn


@pytest.fixture(scope="module")
def framework() -> Iterator[OtherEnvironment]:
    # A process of its own: Django sets the time zone of the whole process.
    environment = OtherEnvironment(sys.executable)
    yield environment
    environment.close()


@pytest.fixture(scope="module")
def mock() -> Mock:
    return Mock()


def compared(framework: OtherEnvironment, mock: Mock, seed: int, count: int) -> Tally:
    tally = Tally()
    for request in drawn(seed, count):
        tally.add(request, mock.answer(request), theirs(framework, request))
    return tally


@pytest.mark.parametrize(
    ("seed", "count"), [(101, 340), pytest.param(102, 3400, marks=pytest.mark.slow)]
)
def test_the_framework_answers_the_same(
    framework: OtherEnvironment, mock: Mock, seed: int, count: int
) -> None:
    tally = compared(framework, mock, seed, count)
    assert tally.lines() == []


@pytest.mark.slow
def test_nearly_all_of_many_requests_are_answered_the_same(
    framework: OtherEnvironment, mock: Mock
) -> None:
    tally = compared(framework, mock, seed=1, count=4000)
    assert tally.share() >= 0.97, "\n".join(tally.lines())
    low = {family: tally.share(family) for family in FAMILIES if tally.share(family) < 0.95}
    assert low == {}, "\n".join(tally.lines())

"""Every reader takes time that grows with the length of its input, and no faster.

This is the one test that measures time. It compares CPU time of one process with itself, the
smallest of several rounds, because machines change their speed.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep, thread_time
from typing import Any

import pytest

from tests.growth.readers import CASES, Case

ROUNDS = 3
MOST_ROUNDS = 70
"""A machine that changes its speed within a round is measured again: the least times stay."""

ATTEMPTS = 3
PAUSE = 3.0
"""How often all rounds are measured, and how many seconds lie between: a slow machine may stay so
for seconds."""

SIZES = (1, 2, 4, 8)
LARGEST = 128_000
SMALLEST = 16_000
LONG_ENOUGH = 0.002
"""Seconds of CPU time. Shorter ones measure the clock."""


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("case", [pytest.param(each, id=each.name) for each in CASES])
def test_a_reader_is_linear_in_its_input(case: Case) -> None:
    with _no_collector():
        for _ in range(ATTEMPTS):
            one, two, four, eight = _seconds(case, _size(case))
            if _is_linear(one, two, four, eight):
                break
            sleep(PAUSE)
    assert _is_linear(one, two, four, eight), (two / one, four / two, eight / four)


def _is_linear(one: float, two: float, four: float, eight: float) -> bool:
    doubling = max(two / one, four / two, eight / four)
    return doubling < 2.6 and eight / one < 12


@contextmanager
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _size(case: Case) -> int:
    """An input that is long enough to be measured."""
    size = SMALLEST
    while size < LARGEST and _once(case, case.worst(size), 1) < LONG_ENOUGH:
        size *= 2
    return size


def _seconds(case: Case, size: int) -> list[float]:
    """The CPU time of the input, and of those twice, four and eight times as long.

    A reader that refuses long inputs at once is called so often that it can be measured.
    """
    inputs = [case.worst(size * factor) for factor in SIZES]
    times = max(1, round(LONG_ENOUGH / max(_once(case, inputs[0], 1), 1e-7)))
    least = [float("inf")] * len(inputs)
    for number in range(1, MOST_ROUNDS + 1):
        for index, value in enumerate(inputs):
            least[index] = min(least[index], _once(case, value, times))
        if number >= ROUNDS and _is_linear(*least):
            break
    return least


def _once(case: Case, value: Any, times: int) -> float:
    start = thread_time()
    for _ in range(times):
        case.read(value)
    return thread_time() - start

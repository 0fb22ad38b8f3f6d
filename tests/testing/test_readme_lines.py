"""README.md: a new user pastes its lines, one after the other, into a terminal."""

import shutil
from collections.abc import Callable

import pytest

from tests.testing.pasted import lines, paste


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines are for curl")
def test_every_line_works_when_it_is_pasted_after_the_others(serve: Callable[..., str]) -> None:
    url = serve(fixtures="demo")
    pasted = lines("README.md")
    assert len(pasted) > 4
    answers = {line: paste(line, url) for line in pasted}
    assert {line: told for line, told in answers.items() if told[0] >= 300} == {}

"""docs/calls.md: every line works when it is pasted, and its tests pass."""

import re
import shutil
from collections.abc import Callable

import pytest
import yaml

from mockserver import MockServer
from tests.testing.pasted import blocks, lines, paste
from tests.testing.suites import Suite

PAGE = "docs/calls.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines are for curl")
def test_every_line_works_when_it_is_pasted(serve: Callable[..., str]) -> None:
    url = serve(fixtures="demo")
    answers = {line: paste(line, url) for line in lines(PAGE)}
    assert [line for line, (status, _) in answers.items() if status >= 300] == []
    played = [answer for line, (_, answer) in answers.items() if line.endswith("/clock/advance")]
    assert all(answer["stopped"] is None for answer in played)
    assert [answer["steps"] > 0 for answer in played] == [True, True, False]
    (ended,) = [answer for line, (_, answer) in answers.items() if "kind=call.ended" in line]
    assert [event["outcome"] for event in ended["events"]] == ["success", "no_answer"]


@pytest.mark.parametrize("text", blocks(PAGE, "yaml"))
def test_a_fixture_on_the_page_is_one(text: str, server: MockServer) -> None:
    workspace = server.client.create(at="2026-03-02T14:00:00Z")
    workspace.seed("demo")
    workspace.seed(yaml.safe_load(text), "merge")
    assert "second_time" in workspace.autopilot()["nlpearl"]["stories"]
    (lead,) = workspace.leads("nlpearl", q="+12025550172")
    assert [step.lead for step in workspace.due("nlpearl", lead)] == [lead["id"]]
    workspace.delete()


@pytest.mark.slow
def test_the_tests_on_the_page_pass(suite: Suite) -> None:
    files = {f"test_{place}.py": text for place, text in enumerate(blocks(PAGE, "python"))}
    done = suite(files)
    assert re.fullmatch(r"\d+ passed", done.summary), done.out

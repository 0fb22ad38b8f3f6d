"""docs/webhooks.md: every line works when it is pasted, and its tests pass."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.webhooks.base import OPTIONS
from tests.testing.pasted import blocks, lines, paste
from tests.testing.suites import Suite

PAGE = "docs/webhooks.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines are for curl")
def test_every_line_works_when_it_is_pasted(serve: Callable[..., str]) -> None:
    url = serve(fixtures="demo")
    answers = {line: paste(line, url) for line in lines(PAGE)}
    assert [line for line, (status, _) in answers.items() if status >= 300] == []
    came = next(answer for line, (_, answer) in answers.items() if line.endswith("/inbox/calls"))
    assert [each["body"]["status"] for each in came["received"]] == [3, 4]
    (verdict,) = [answer for line, (_, answer) in answers.items() if line.endswith("/verify")]
    assert verdict["passed"], verdict["message"]


def test_every_option_has_a_line() -> None:
    pasted = "".join(lines(PAGE))
    assert [name for name in OPTIONS["properties"] if f'"{name}"' not in pasted] == []


@pytest.mark.slow
def test_the_tests_on_the_page_pass(suite: Suite) -> None:
    files = {f"test_{place}.py": text for place, text in enumerate(blocks(PAGE, "python"))}
    done = suite(files)
    assert re.fullmatch(r"\d+ passed", done.summary), done.out


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_the_test_for_node_passes(serve: Callable[..., str], tmp_path: Path) -> None:
    (text,) = blocks(PAGE, "js")
    file = tmp_path / "hook.test.mjs"
    file.write_text(text, "utf-8")
    environment = os.environ | {"MOCKSERVER_URL": serve(fixtures="demo")}
    command = ["node", "--test", str(file)]
    done = subprocess.run(
        command, capture_output=True, check=False, text=True, timeout=60, env=environment
    )
    assert done.returncode == 0, done.stdout

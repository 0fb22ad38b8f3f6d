"""The curl lines of a page, and what a server answers when they are pasted."""

import json
import re
import shlex
import subprocess
from typing import Any

from tests.testing.suites import ROOT

_URL = "http://127.0.0.1:8080"


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / name).read_text("utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The code of a page in that language."""
    return re.findall(rf"```{language}\n(.*?)```", page(name), re.DOTALL)


def lines(name: str) -> list[str]:
    """The lines of a page that ask a server which was just started, in their order."""
    text = "".join(blocks(name, "sh")).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.startswith("curl ") and _URL in line]


def paste(line: str, url: str) -> tuple[int, Any]:
    """The status that a line gets from the server at a URL, and the answer: JSON, or text."""
    command = [*shlex.split(line.replace(_URL, url)), "-sS", "-w", "\n%{http_code}"]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=30)
    body, _, status = done.stdout.rpartition("\n")
    answer = json.loads(body) if body.startswith(("{", "[")) else body or None
    return int(status), answer

"""The framework in a process of its own, by the interpreter of an environment that has it."""

import base64
import json
import subprocess
from pathlib import Path

_ROOT = Path(__file__).parents[2]


class OtherEnvironment:
    """The application of `framework.py`, asked over standard input and output."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, "-m", "tests.differential.framework"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the framework answers: status, headers and body."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps([method, target, headers, base64.b64encode(body).decode()])
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        status, sent, content = json.loads(self._process.stdout.readline())
        pairs = [(name, value) for name, value in sent]
        return status, pairs, base64.b64decode(content)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()

"""What a test file of a user's is run with, and what comes of it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Run(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def summary(self) -> str:
        """pytest's last line, without the time that it took."""
        return self.out.splitlines()[-1].rpartition(" in ")[0].strip("= ")


Suite = Callable[..., Run]

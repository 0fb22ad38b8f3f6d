"""File descriptors in reserve: what is imported or read at its first use must not fail for lack.

A library imports a module, or reads a time zone, when a request first needs it. When connections
have used up the descriptors of the process, that fails. So a few are held open, and are let go for
as long as the request is tried again.
"""

import errno
import os
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

_RESERVE = 4
_USED_UP = frozenset({errno.EMFILE, errno.ENFILE})
_Result = TypeVar("_Result")

_held: list[int] = []
# One reserve for the process: descriptors are the process's, however many servers it has.


def hold_reserve() -> None:
    """Hold the reserve from now on, as far as there are descriptors for it."""
    try:
        while len(_held) < _RESERVE:
            _held.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        return


def are_used_up(error: OSError) -> bool:
    """Whether the error is that no descriptor is left."""
    return error.errno in _USED_UP


def tried_again(function: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call the function, and once more with the reserve where descriptors are used up."""
    try:
        return function(*arguments)
    except OSError as error:
        if not are_used_up(error):
            raise
        return with_reserve(partial(function, *arguments))


def with_reserve(function: Callable[[], _Result]) -> _Result:
    """Call the function while the reserve is free."""
    while _held:
        os.close(_held.pop())
    try:
        return function()
    finally:
        hold_reserve()

"""Caches of functions of a text: they hold short texts only, so that they are bounded in bytes."""

from collections.abc import Callable
from functools import lru_cache, update_wrapper
from typing import Any, TypeVar, cast

LONGEST = 256
"""How long a text or a header may be that is remembered."""

_Function = TypeVar("_Function", bound=Callable[[Any], Any])


def remembered(entries: int, longest: int = LONGEST) -> Callable[[_Function], _Function]:
    """Decorator: remember so many results of a function of a text, of bytes or of None.

    Where that is longer than `longest`, the function is called each time. Nothing is remembered of
    a call that raises.
    """

    def decorate(function: _Function) -> _Function:
        short = lru_cache(maxsize=entries)(function)

        def call(text: Any) -> Any:
            if text is None or len(text) <= longest:
                return short(text)
            return function(text)

        update_wrapper(call, function)
        return cast(_Function, call)

    return decorate

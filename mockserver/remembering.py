"""Caches of functions of a text: they hold short texts only, so that they are bounded in bytes."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

LONGEST = 256
"""How long a text or a header may be that is remembered."""

_Function = TypeVar("_Function", bound=Callable[[Any], Any])


class _Results(dict[Any, Any]):
    """The results of a function by its argument; a missing one is found by calling it."""

    __slots__ = ("_entries", "_function", "_longest")

    def __init__(self, function: Callable[[Any], Any], entries: int, longest: int) -> None:
        super().__init__()
        self._function = function
        self._entries = entries
        self._longest = longest

    def __missing__(self, text: Any) -> Any:
        result = self._function(text)
        if text is None or len(text) <= self._longest:
            if len(self) >= self._entries:
                self.clear()
            self[text] = result
        return result


def remembered(entries: int, longest: int = LONGEST) -> Callable[[_Function], _Function]:
    """Decorator: remember so many results of a function of a text, of bytes or of None.

    Where that is longer than `longest`, the function is called each time. Nothing is remembered of
    a call that raises.
    """

    def decorate(function: _Function) -> _Function:
        # The dictionary's own method: what is remembered is found without a call of Python.
        return cast(_Function, _Results(function, entries, longest).__getitem__)

    return decorate

"""The garbage collector, which work that makes no garbage does without."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector away from the rows of long work: it finds nothing in them.

    It would hold up every thread each time that it looks at all of them. Where the process has
    frozen what it began with, it does not look at these rows later either.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count():
            gc.freeze()
        if was_enabled:
            gc.enable()

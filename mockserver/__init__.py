"""A local stand-in for the lead APIs of Sela, Octanist and NLPearl."""

from typing import TYPE_CHECKING, Any

from mockserver.version import __version__

if TYPE_CHECKING:
    from mockserver.serving.server import MockServer

__all__ = ["MockServer", "__version__"]


def __getattr__(name: str) -> Any:
    """`MockServer`, imported when somebody asks for it.

    The command line and the pytest plugin start without it.
    """
    if name == "MockServer":
        from importlib import import_module

        return import_module("mockserver.serving.server").MockServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

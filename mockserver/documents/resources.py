"""Where the bundled documents and fixtures lie.

Inside the wheel, or beside the package in a checkout.
"""

from pathlib import Path as File

_PACKAGE = File(__file__).parent.parent


def folder(name: str) -> File:
    """The folder `openapi` or `fixtures`, wherever this installation has it."""
    bundled = _PACKAGE / "_resources" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name

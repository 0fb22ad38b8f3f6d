"""Where the bundled documents and fixtures are: in the wheel, or beside the package."""

from pathlib import Path as File

_PACKAGE = File(__file__).parent.parent


def folder(name: str) -> File:
    """The folder `openapi` or `fixtures` of this installation."""
    # In the wheel first: an editable installation has no such folder, and an installed package must
    # not look into whatever lies beside it.
    bundled = _PACKAGE / "_resources" / name
    if bundled.is_dir():
        return bundled
    return _PACKAGE.parent / name

"""These tests stand for a user's own suite: they know the plugin's fixtures and nothing else of this project."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PEOPLE = HERE.parent / "people"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """They run where they are named on the command line, and otherwise as one test: tests/testing/test_shared_server.py."""
    named = [Path(arg.partition("::")[0]).resolve() for arg in config.args]
    return None if any(HERE in (each, *each.parents) for each in named) else True


@pytest.fixture(scope="session", autouse=True)
def _people(request: pytest.FixtureRequest) -> None:
    """Start the server with the people that the tests are about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOCKSERVER_FIXTURES", os.environ.get("MOCKSERVER_FIXTURES", str(PEOPLE)))
        request.getfixturevalue("mockserver_server")

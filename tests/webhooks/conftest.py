"""A receiver on a real socket."""

from collections.abc import Iterator

import pytest

from tests.webhooks.listener import Listener


@pytest.fixture
def receiver() -> Iterator[Listener]:
    """A receiver that answers 204."""
    listener = Listener()
    yield listener
    listener.close()

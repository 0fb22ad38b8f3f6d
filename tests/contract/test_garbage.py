"""A request leaves no reference cycle behind: what it used is free at once.

The server runs the garbage collector seldom, so a cycle would keep bodies and answers for long.
"""

import gc
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.samples import APP, SAMPLES, Sample, options

BODIES: list[bytes | None] = [
    None,
    b"",
    b"{",
    b"[]",
    b"{}",
    b'{"name": null, "email": 5, "phone": "x"}',
    b'{"email": "ada+fault-409@example.com"}',
    json.dumps({"email": "x" * 1000, "phone": "1" * 1000}).encode(),
]
"""What is sent in place of a sample's body (None: that itself). Most are refused."""


@pytest.fixture(autouse=True)
def collector_is_off() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def send(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
    """Send a request to the application; its answer is of no interest."""
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), *pairs],
    }
    APP.answer(scope, body)


def send_sample(sample: Sample, account: str | None, body: bytes | None) -> None:
    """Send the sample with that body in place of its own."""
    sent = options(sample, account)
    headers = {**sent["headers"], "Content-Type": "application/json"}
    if body is None:
        body = b"" if sample.body is None else json.dumps(sample.body).encode()
    send(sample.method, sample.path, urlencode(sent["params"]), headers, body)


def garbage_of(sample: Sample, account: str | None, body: bytes | None) -> int:
    """How many objects only the garbage collector can free after the request."""
    send_sample(sample, account, body)  # what is made at the first use stays
    gc.collect()
    send_sample(sample, account, body)
    return gc.collect()


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_request_to_a_vendor_leaves_no_cycle(sample: Sample) -> None:
    found = {body: garbage_of(sample, "garbage", body) for body in BODIES}
    assert {body: count for body, count in found.items() if count} == {}
    assert garbage_of(sample, None, None) == 0

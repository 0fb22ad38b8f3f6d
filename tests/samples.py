"""A request that succeeds for each operation of each vendor, found in the vendor's document.

What the tests of "every vendor" send comes from here, so that a new vendor is tested by being there.
Path and query parameters have the `example` of the document. A body is an example of the document
or, where there is none, the smallest that fits the schema. Of several examples the first counts
that succeeds in a new workspace of the demo fixture, and changes something if any does.
"""

import asyncio
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from mockserver.app import create_app
from mockserver.dispatch import Site
from mockserver.documents.schema import Schema
from mockserver.documents.spec import Operation
from mockserver.vendor import Vendor
from mockserver.workspaces import Workspace
from tests.world import PEOPLE

APP = create_app(max_body=4000, fixtures=PEOPLE)
SITES: tuple[Site, ...] = APP.sites
VENDORS: dict[str, Vendor] = {site.vendor.name: site.vendor for site in SITES}
NAMES: tuple[str, ...] = tuple(VENDORS)

_numbers = count(1)
_TEXTS = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "dot-net-date-time": "2025-01-31",
    "email": "sample@example.com",
    "js-date": "2025-01-31",
    "numeric": "12",
    "phone": "+12025550160",
    "uri": "https://example.com/sample",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "windows-time-zone": "Eastern Standard Time",
}
"""A text of each format that a text without a format would not fit."""


class Sample(NamedTuple):
    """A request to a vendor. `path` begins with the vendor's prefix on this server."""

    vendor: str
    operation: str
    method: str
    path: str
    query: Mapping[str, Any]
    body: Any

    def __str__(self) -> str:
        return f"{self.vendor} {self.operation}"


def new_account() -> str:
    """The account of a workspace in this process that no other test uses."""
    return f"sample-{next(_numbers)}"


def access(vendor: Vendor, account: str) -> dict[str, dict[str, str]]:
    """What carries a credential of the account, as options of an httpx client."""
    credential = vendor.credential
    return {
        "headers": dict(credential.headers(account)),
        "params": dict(credential.query(account)),
    }


def options(sample: Sample, account: str | None, **changes: Any) -> dict[str, Any]:
    """What an httpx client sends: the sample with a credential of the account (None: with none).

    `changes` are options too: more headers, or `content` in place of the body.
    """
    given = access(VENDORS[sample.vendor], account) if account is not None else {}
    sent: dict[str, Any] = dict(changes)
    sent["headers"] = {**given.get("headers", {}), **changes.get("headers", {})}
    sent["params"] = {**given.get("params", {}), **sample.query}
    if sample.body is not None and "content" not in changes:
        sent["json"] = sample.body
    return sent


def send(
    client: httpx.Client, account: str | None, sample: Sample, **changes: Any
) -> httpx.Response:
    """The answer over a socket, to a client whose base URL is the server's own."""
    return client.request(sample.method, sample.path, **options(sample, account, **changes))


def ask(account: str | None, sample: Sample, **changes: Any) -> httpx.Response:
    """The answer of the application in this process."""

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            sent = options(sample, account, **changes)
            return await client.request(sample.method, sample.path, **sent)

    return asyncio.run(call())


def _resolved(content: Any, part: Any) -> Any:
    """A part of a document, with its `$ref` followed."""
    while isinstance(part, dict) and "$ref" in part:
        found = content
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


class _Documented:
    """One operation as its document writes it."""

    def __init__(self, site: Site, operation: Operation, workspace: Workspace) -> None:
        self._content = site.document.source.content
        self._site = site
        self._operation = operation
        self._tables = workspace.tables[site.vendor.name]
        path = operation.path.removeprefix(site.document.base_path)
        self._part = self._content["paths"][path][operation.method.lower()]

    def candidates(self) -> Iterator[Sample]:
        """The requests that the document proposes, the most telling first."""
        vendor, operation = self._site.vendor.name, self._operation
        path, query = self._places()
        for body in self._bodies():
            yield Sample(vendor, operation.id, operation.method, path, query, body)

    def _places(self) -> tuple[str, dict[str, Any]]:
        path, query = f"/{self._site.vendor.name}{self._operation.path}", {}
        for each in self._part.get("parameters", ()):
            parameter = _resolved(self._content, each)
            value = self._example(parameter)
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(str(value), safe=""))
            elif parameter.get("required"):
                query[parameter["name"]] = value
        return path, query

    def _example(self, parameter: Mapping[str, Any]) -> Any:
        if "example" in parameter:
            return parameter["example"]
        return self.smallest(_resolved(self._content, parameter["schema"]))

    def _bodies(self) -> Iterator[Any]:
        body = self._operation.body
        if body is None:
            yield None
            return
        written = _resolved(self._content, self._part["requestBody"])["content"]
        for content in written.values():
            if "example" in content:
                yield content["example"]
            for example in content.get("examples", {}).values():
                yield _resolved(self._content, example)["value"]
        yield self.smallest(body.reader.schema)

    def smallest(self, schema: Schema) -> Any:
        """The smallest value that fits a schema, with an id that is there for a reference."""
        if "example" in schema:
            return schema["example"]
        if "x-reference" in schema:
            return next(iter(self._tables[schema["x-reference"]].rows))
        for key in ("enum", "x-enum"):
            if key in schema:
                return schema[key][0]
        for key in ("allOf", "oneOf", "anyOf"):
            if key in schema:
                return self.smallest(schema[key][0])
        return self._of_type(schema)

    def _of_type(self, schema: Schema) -> Any:
        kind = schema.get("type", "object")
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.smallest(properties[name]) for name in schema.get("required", ())}
        if kind == "array":
            return [self.smallest(schema["items"])] if schema.get("minItems") else []
        if kind == "string":
            return _TEXTS.get(schema.get("x-format") or schema.get("format", ""), "sample")
        return schema.get("minimum", kind == "boolean" or 1)


class _Tried(NamedTuple):
    """What came of a request in a new workspace."""

    sample: Sample
    answer: httpx.Response
    writes: bool


def _tried(sample: Sample) -> _Tried:
    account = new_account()
    tables = APP.workspaces.admit(account).tables[sample.vendor].values()
    before = [(table.rows, table.last_number) for table in tables]
    answer = ask(account, sample)
    return _Tried(sample, answer, before != [(table.rows, table.last_number) for table in tables])


def _best(site: Site, operation: Operation) -> _Tried:
    """The first request of the document that succeeds; one that changes something counts more."""
    candidates = _Documented(site, operation, APP.workspaces.unclaimed).candidates()
    tried = [_tried(sample) for sample in candidates]
    good = [each for each in tried if each.answer.is_success]
    for each in good:
        if each.writes:
            return each
    if good:
        return good[0]
    told = [f"{each.sample.path} {each.sample.body} -> {each.answer.text[:200]}" for each in tried]
    raise AssertionError(
        f"no request that succeeds for {site.vendor.name} {operation.id}; give its parameters and "
        "its body an `example` in the document that fits the demo fixture:\n" + "\n".join(told)
    )


_TRIED = [_best(site, operation) for site in SITES for operation in site.document.operations]

SAMPLES: tuple[Sample, ...] = tuple(each.sample for each in _TRIED)
"""One for each operation of each vendor."""

WRITES: tuple[Sample, ...] = tuple(each.sample for each in _TRIED if each.writes)
"""Those that change something in a new workspace."""

READS: tuple[Sample, ...] = tuple(each.sample for each in _TRIED if not each.writes)
"""Those that change nothing."""


def by_name(samples: tuple[Sample, ...]) -> list[Any]:
    """The samples as parameters of a test."""
    return [pytest.param(sample, id=str(sample)) for sample in samples]


def of_vendor(name: str, samples: tuple[Sample, ...] = SAMPLES) -> list[Sample]:
    """A vendor's samples, in the order of its document."""
    return [sample for sample in samples if sample.vendor == name]

"""Payloads of webhooks are held to the OpenAPI document of their vendor."""

import logging
from pathlib import Path

import pytest

from mockserver.documents.spec import Document, load_document
from mockserver.errors import DocumentError
from mockserver.life.events import Happening
from mockserver.state.changes import Row
from mockserver.state.transaction import RowDiff, Transaction
from mockserver.webhooks.base import Webhook, Webhooks
from mockserver.workspaces import Workspace

DOCUMENT = """openapi: 3.0.3
info: {title: Tiny, version: '1'}
servers: [{url: 'https://api.tiny.example/v1/'}]
paths: {}
x-webhooks:
  lead:
    post:
      x-provenance: documented
      requestBody: {content: {application/json: {schema: {type: object, required: [id]}}}}
      responses: {'200': {description: Done}}
"""


class Told(Webhooks):
    """Webhooks that are told what a test wants, whatever happens."""

    payloads: tuple[str, ...] = ("lead",)

    def __init__(self, told: Row) -> None:
        super().__init__("tiny")
        self.told = told

    def webhook(self, row: Row) -> Webhook:
        return Webhook("tiny", row["id"], "lead", row["url"], None, {})

    def kind_of(self, happening: Happening, settings: object) -> str:
        return "lead"

    def payload(
        self, webhook: Webhook, happening: Happening, diffs: object, tx: Transaction
    ) -> Row:
        return self.told


@pytest.fixture
def document(tmp_path: Path) -> Document:
    file = tmp_path / "tiny.yaml"
    file.write_text(DOCUMENT, "utf-8")
    return load_document(file)


def transaction(workspace: Workspace) -> Transaction:
    tx = workspace.transaction("sela")
    for id in (12, 11):
        tx.put("webhooks", {"id": id, "kind": "lead", "url": f"https://a.example/{id}"})
    return tx


def bodies(webhooks: Webhooks, workspace: Workspace) -> list[tuple[str, str]]:
    tx = transaction(workspace)
    for row in workspace.tables["sela"]["webhooks"].all():
        tx.delete("webhooks", row["id"])
    diffs: list[RowDiff] = []
    messages = webhooks.messages(Happening(None, "lead.updated", {}), diffs, tx)
    return [(message.url, message.body) for message in messages]


def test_a_payload_that_fits_is_told_by_the_ids_of_the_webhooks(
    document: Document, workspace: Workspace
) -> None:
    webhooks = Told({"id": 1})
    webhooks.check(document)
    assert bodies(webhooks, workspace) == [
        ("https://a.example/11", '{"id":1}'),
        ("https://a.example/12", '{"id":1}'),
    ]


def test_a_payload_out_of_the_document_is_told_and_logged(
    document: Document, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    webhooks = Told({})
    webhooks.check(document)
    with caplog.at_level(logging.ERROR):
        assert len(bodies(webhooks, workspace)) == 2
    text = 'tiny sends the webhook lead a payload out of the document: "id" is a required property'
    assert [record.getMessage() for record in caplog.records] == [text, text]
    caplog.clear()


def test_a_document_that_lacks_a_payload_stops_the_start(document: Document) -> None:
    webhooks = Told({})
    webhooks.payloads = ("lead", "call")
    with pytest.raises(DocumentError, match="x-webhooks: must describe lead, call"):
        webhooks.check(document)

"""The control document as schemathesis reads it: what only this server knows (names of vendors, faults, switches) is said in schema words."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import httpx
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.schemas import OpenApiSchema

from mockserver.app import Application, create_app
from mockserver.documents.spec import Operation
from mockserver.faults.catalogue import CATALOGUE
from mockserver.journal.records import Record
from mockserver.serving.server import MockServer
from mockserver.state.changes import SnapshotSaved
from tests.world import add_fault

Json = dict[str, Any]

WORKSPACE, SNAPSHOT, VENDOR, LEAD, TOKEN = (
    "contract",
    "kept",
    "octanist",
    "lead_abc123",
    "contract-token",
)
NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)
OPERATIONS = ["list_leads", "create_lead", "update_lead"]
A_CENTURY = 3_000_000_000

ONLY: dict[str, list[Any]] = {
    "workspace": [WORKSPACE],
    "snapshot": [SNAPSHOT, "another"],
    "number": [1, 2],
    "vendor": [VENDOR],
    "operation": OPERATIONS,
}
"""The values that a parameter takes: others lead nowhere, or are a 400 that no schema can say."""

_RULE: Json = {
    "fault": {"type": "string", "enum": sorted(CATALOGUE)},
    "parameters": {"type": "object", "enum": [{}]},
    "vendor": {"type": "string", "enum": [VENDOR]},
    "operation": {"type": "string", "enum": OPERATIONS},
    "path": {"type": "string", "pattern": "^[/*][a-z/*]{0,9}$"},
    "lead": {"oneOf": [{"type": "string", "pattern": "^[a-z@.]{1,9}$"}, {"type": "integer"}]},
    "seconds_to_live": {"type": "number", "minimum": 0, "maximum": A_CENTURY, "nullable": True},
}
NARROWED: dict[str, Json] = {
    "Expectation": {
        "enum": [
            {"requests": [{"vendor": VENDOR}]},
            {
                "requests": [
                    {"operation": "list_leads", "method": "GET", "path": "/api/*", "status": 200}
                ],
                "times": 1,
            },
            {
                "requests": [
                    {"operation": "update_lead", "body": {"status": "won"}},
                    {"fault": "slow"},
                ],
                "in_order": True,
                "after": 1,
            },
            {
                "requests": [{"headers": {"X-API-KEY": "other"}, "query": {"limit": "1"}}],
                "at_least": 0,
                "at_most": 3,
            },
        ]
    },
    "SettingChanges": {
        "enum": [
            {VENDOR: {}},
            {VENDOR: {"allow_bulk_updates": True}},
            {VENDOR: {"allow_bulk_updates": None}},
        ]
    },
}
"""What takes the place of a schema whose good values a list says better."""

PROPERTIES: dict[str, Json] = {
    "NewFaultRule": _RULE,
    "Advance": {"seconds": {"type": "number", "minimum": 0, "maximum": A_CENTURY}},
}
"""What takes the place of single properties."""

FIXTURE = {
    "enum": [
        {},
        {VENDOR: {"leads": [{"id": LEAD, "email": "a@example.com"}]}},
        {"clock": "2025-01-31T12:00:00Z"},
    ]
}
SHIFT = {"type": "number", "minimum": -A_CENTURY, "maximum": A_CENTURY}


def _document(app: Application, narrowed: bool) -> Json:
    content: Json = deepcopy(app.control.document.source.content)
    content["servers"] = [{"url": app.control.document.base_path}]
    parameters, schemas = content["components"]["parameters"], content["components"]["schemas"]
    if narrowed:
        for name, known in ONLY.items():
            parameters[name]["schema"] = {"enum": known}
        for name, properties in PROPERTIES.items():
            schemas[name]["properties"] |= properties
        schemas["Seed"]["oneOf"][0]["properties"]["fixture"] = FIXTURE
        schemas["NewClock"]["oneOf"][-1]["properties"]["shift_seconds"] = SHIFT
        schemas |= {name: schemas[name] | schema for name, schema in NARROWED.items()}
    return content


def control_contract(mode: str) -> OpenApiSchema:
    """The contract of the control API, with `positive` data that it takes or `negative` data that it refuses."""
    app = create_app(auth="strict", default_account=WORKSPACE, admin_token=TOKEN)
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "generation": {"mode": mode, "allow-x00": False, "database": "none"},
            "headers": {"Authorization": f"Bearer {TOKEN}"},
            "checks": {"enabled": True},
            "phases": {"enabled": True},
            "analysis": {
                "constants": {"enabled": False}
            },  # texts found in the source keep no format
        }
    )
    schema = schemathesis.openapi.from_dict(
        _document(app, narrowed=mode == "positive"), config=config
    )
    schema.app = app
    if mode == "positive":
        return schema
    fallible = schema.include(
        operation_id=[each.id for each in app.control.document.operations if _can_be_wrong(each)]
    )
    assert isinstance(fallible, OpenApiSchema)
    return fallible


def _can_be_wrong(operation: Operation) -> bool:
    """Whether a request can break a rule of the document; a workspace may have any name."""
    typed = set(operation.path_parameters.values()) - {"string"} or "snapshots/{" in operation.path
    return bool(operation.body or operation.query.schema["properties"] or typed)


def _asked() -> tuple[Record, ...]:
    """Two requests as a journal keeps them."""
    with MockServer(default_account=WORKSPACE) as server:
        url, headers = f"{server.url}/{VENDOR}/api/leads", {"X-API-KEY": WORKSPACE}
        httpx.get(url, headers=headers)
        httpx.patch(url, headers=headers, json={"id": LEAD, "status": "lost"})
        return tuple(server.app.workspaces.admit(WORKSPACE).journal)


ASKED = _asked()


def begin(app: Application) -> None:
    """One workspace, with a journal, a snapshot and a fault rule; and the same journal where no workspace was reached."""
    for workspace in tuple(app.workspaces):
        app.workspaces.delete(workspace.name)
    app.workspaces.reset()
    workspace = app.workspaces.create(WORKSPACE)
    workspace.apply([SnapshotSaved(SNAPSHOT)])
    add_fault(workspace, {"fault": "slow"})
    for record in ASKED:
        workspace.journal.add(record)
        app.workspaces.unclaimed.journal.add(record)

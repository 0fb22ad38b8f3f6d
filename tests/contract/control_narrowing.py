"""The control document as schemathesis reads it.

What only this server knows (names of vendors, faults, switches) is said in schema words. The vendor
that is named is the first there is.
"""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import urlencode

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.schemas import OpenApiSchema

from mockserver.app import Application, create_app
from mockserver.dispatch import Site
from mockserver.documents.spec import Operation
from mockserver.faults.catalogue import CATALOGUE
from tests.contract.asking import Answered, ask
from tests.contract.narrowing import ACCOUNT, demo
from tests.world import PEOPLE

Json = dict[str, Any]

SNAPSHOT, TOKEN = "kept", "contract-token"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
A_CENTURY = 3_000_000_000


class Example(NamedTuple):
    """A request to a vendor that its document gives all of."""

    operation: str
    method: str
    path: str
    body: Any

    @property
    def writes(self) -> bool:
        """Whether it is one that may change something."""
        return self.body is not None


def examples(site: Site) -> Iterator[Example]:
    """A request of each operation whose path parameters and body have examples."""
    content = site.document.source.content
    for path, item in content["paths"].items():
        for method, part in item.items():
            target, body = f"/{site.vendor.name}{site.document.base_path}{path}", None
            for parameter in (_resolved(content, each) for each in part.get("parameters", ())):
                if parameter["in"] == "path" and "example" in parameter:
                    name = f"{{{parameter['name']}}}"
                    target = target.replace(name, str(parameter["example"]))
            if "requestBody" in part:
                body = _body_example(content, part["requestBody"])
            if "{" not in target and (body is not None or "requestBody" not in part):
                yield Example(part["operationId"], method.upper(), target, body)


def _body_example(content: Json, body: Json) -> Any:
    for kind in _resolved(content, body)["content"].values():
        if "example" in kind:
            return kind["example"]
        for example in kind.get("examples", {}).values():
            return _resolved(content, example)["value"]
    return None


def _resolved(content: Json, part: Any) -> Any:
    while "$ref" in part:
        found = content
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def lead_and_outcome(site: Site) -> tuple[str, str]:
    """The id of the first lead, and an outcome that goes on; a word where there is none."""
    lead = str(demo().fixture[site.vendor.name]["leads"][0]["id"])
    lifecycle = site.vendor.lifecycle
    if lifecycle is None:
        return lead, "none"
    names = (name for name, each in lifecycle.built_in.items() if each.next == "retry")
    return lead, next(names, next(iter(lifecycle.built_in)))


def _some(site: Site) -> tuple[Example, Example]:
    """A request that reads, and one that may write."""
    found = tuple(examples(site))
    reads = (each for each in found if each.method == "GET" and not each.writes)
    writes = (each for each in found if each.writes)
    return next(reads), next(writes)


def _has_webhooks(site: Site) -> bool:
    return site.vendor.lifecycle is not None and site.vendor.lifecycle.webhooks is not None


class Narrowing:
    """What the parameters and bodies of the control API can be, for a server with that vendor."""

    def __init__(self, sites: Sequence[Site]) -> None:
        site = sites[0]
        self._vendor = site.vendor.name
        self._operations = [each.id for each in site.document.operations][:3]
        self._settings = site.vendor.settings[:1]
        self._examples = _some(site)
        self._lead, self._outcome = lead_and_outcome(site)
        lifecycle = site.vendor.lifecycle
        webhooks = lifecycle.webhooks if lifecycle is not None else None
        self._kinds = webhooks.kinds if webhooks is not None else ("none",)
        self._has_calls = lifecycle is not None and lifecycle.has_calls
        self._webhooks = [f"{each.vendor.name}/1" for each in sites if _has_webhooks(each)]

    def narrow(self, components: Json) -> None:
        """Change the components of the document."""
        parameters, schemas = components["parameters"], components["schemas"]
        for name, values in self._parameters().items():
            parameters[name]["schema"] = {"enum": values}
        # A stream goes on unless it is told when to end.
        parameters["stream_seconds"] |= {"required": True, "schema": {"enum": [0]}}
        for name, properties in self._properties().items():
            schemas[name]["properties"] |= properties
        whole, text, _ = [each["properties"] for each in schemas["Seed"]["oneOf"]]
        whole["fixture"] = {"enum": self._fixtures()}
        text["text"] = {"enum": [json.dumps(each) for each in self._fixtures()]}
        shift = {"type": "number", "minimum": -A_CENTURY, "maximum": A_CENTURY}
        schemas["ShiftedClock"]["properties"]["shift_seconds"] = shift
        schemas["Expectation"] |= {"enum": self._expectations()}
        schemas["Advance"] |= {
            "enum": [{"seconds": 5}, {"to": "next"}, {"seconds": 0, "fire": False}]
        }
        schemas["Simulation"] |= {"enum": self._simulations()}
        schemas["NewStory"] |= {
            "enum": [[self._outcome], [{"outcome": self._outcome, "after": "2h"}]]
        }
        schemas["NewAutopilots"] |= {"enum": self._autopilots()}
        schemas["LeadChange"] |= {"enum": [{"fields": {}}, {"fields": {}, "events": False}]}
        schemas["SettingChanges"] |= {"enum": self._changes()}
        self._narrow_webhooks(schemas)

    def _narrow_webhooks(self, schemas: Json) -> None:
        """What can be said of webhooks: a target is looked up, and an outcome settles once."""
        new = {"vendor": self._vendor, "kind": self._kinds[0], "to": "inbox:crm"}
        schemas["NewWebhook"] |= {"enum": [new, new | {"options": {"copies": 2, "late": None}}]}
        schemas["WebhookChange"] |= {"enum": [{"to": "hold"}, {"options": {"plain": True}}]}
        schemas["WebhookTest"] |= {"enum": [{}, {"credential": "right"}]}
        schemas["Settlement"] |= {"enum": [{"status": 204}, {"error": "gone"}]}
        wanted = {"vendor": self._vendor, "kind": self._kinds[0], "body": {"id": {"$any": True}}}
        schemas["ExpectedDeliveries"] |= {
            "enum": [{"deliveries": [wanted]}, {"deliveries": [{"state": "lost"}], "times": 0}]
        }
        answer = {"status": 200, "body": {"ok": True}, "headers": {"x-mine": "1"}}
        schemas["InboxAnswers"] |= {"enum": [{}, {"answers": [answer], "then": {"status": 204}}]}

    def _parameters(self) -> dict[str, list[Any]]:
        """The values of each parameter: others lead nowhere, or are a 400 no schema can say."""
        return {
            "workspace": [ACCOUNT],
            "document": ["control", self._vendor, f"{self._vendor}.json", f"{self._vendor}.yaml"],
            "snapshot": [SNAPSHOT, "another"],
            "number": [1, 2],
            "vendor": [self._vendor],
            "vendor_name": [self._vendor],
            "lead": [self._lead, "nobody"],
            "lead_name": [self._lead, "nobody"],
            "operation": self._operations,
            "webhook_id": ["1", "2"],
            "webhook_kind": list(self._kinds),
            "delivery_webhook": self._webhooks,
            "event_kind": ["lead.created", "lead.status"],
            "delivery_number": [1, 2],
            "inbox": ["crm"],
        }

    def _properties(self) -> dict[str, Json]:
        lead = [{"type": "string", "pattern": "^[a-z@.]{1,9}$"}, {"type": "integer"}]
        time = {"type": "number", "minimum": 0, "maximum": A_CENTURY}
        rule = {
            "fault": {"type": "string", "enum": sorted(CATALOGUE)},
            "parameters": {"type": "object", "enum": [{}]},
            "vendor": {"type": "string", "enum": [self._vendor]},
            "operation": {"type": "string", "enum": self._operations},
            "path": {"type": "string", "enum": ["*", "/*"]},
            "body": {"nullable": True, "enum": [None]},
            "lead": {"oneOf": lead},
            "seconds_to_live": time | {"nullable": True},
        }
        named = ("fault", "parameters", "vendor", "operation")
        preview = {name: rule[name] for name in named}
        return {"NewFaultRule": rule, "FaultToPreview": preview}

    def _simulations(self) -> list[Json]:
        one = {"vendor": self._vendor, "lead": self._lead, "outcome": self._outcome}
        return [
            one,
            one | {"preview": True, "force": True},
            one | {"when": "+2h", "force": True},
            {"vendor": self._vendor, "leads": [], "outcome": self._outcome},
            {"vendor": self._vendor, "phase": "end", "call": "none", "outcome": self._outcome},
        ]

    def _autopilots(self) -> list[Json]:
        if not self._has_calls:
            return [{}]
        return [{}, {self._vendor: {"mode": "all"}}, {self._vendor: {"weights": {}, "stories": {}}}]

    def _fixtures(self) -> list[Json]:
        section = {self._vendor: demo().fixture[self._vendor]}
        return [{}, section, {"clock": "2025-01-31T12:00:00Z"}]

    def _expectations(self) -> list[Json]:
        read, write = self._examples
        asked = {"operation": read.operation, "method": read.method, "path": "/*", "status": 200}
        written = {"operation": write.operation, "body": write.body}
        other = {"headers": {"x-other": "value"}, "query": {"limit": "1"}}
        return [
            {"requests": [{"vendor": self._vendor}]},
            {"requests": [asked], "times": 1},
            {"requests": [written, {"fault": "slow"}], "in_order": True, "after": 1},
            {"requests": [other], "at_least": 0, "at_most": 3},
            {"requests": [{"body": {"$pattern": "^a"}, "query": {"limit": 1}}], "within": 0.01},
        ]

    def _changes(self) -> list[Json]:
        values: list[Json] = [{self._vendor: {}}]
        for setting in self._settings:
            values.append({self._vendor: {setting.name: setting.default}})
            values.append({self._vendor: {setting.name: None}})
        return values


def control_contract(mode: str) -> OpenApiSchema:
    """The contract of the control API.

    With `positive` data it is tested with what it takes, with `negative` with what it refuses.
    """
    app = create_app(auth="strict", default_account=ACCOUNT, admin_token=TOKEN, fixtures=PEOPLE)
    content: Json = deepcopy(app.control.document.source.content)
    content["servers"] = [{"url": app.control.document.base_path}]
    if mode == "positive":
        Narrowing(app.sites).narrow(content["components"])
    schema = schemathesis.openapi.from_dict(content, config=_config(mode))
    schema.app = app
    if mode == "positive":
        return schema
    fallible = schema.include(
        operation_id=[each.id for each in app.control.document.operations if _can_be_wrong(each)]
    )
    assert isinstance(fallible, OpenApiSchema)
    return fallible


def _config(mode: str) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "generation": {"mode": mode, "allow-x00": False, "database": "none"},
            "headers": ADMIN,
            "checks": {"enabled": True},
            "phases": {"enabled": True},
            # texts found in the source keep no format
            "analysis": {"constants": {"enabled": False}},
        }
    )


def _can_be_wrong(operation: Operation) -> bool:
    """Whether a request can break a rule of the document; a workspace may have any name.

    A stream is left out: it would not end where the made-up part is a header that nobody reads.
    """
    if operation.id.startswith("stream_"):
        return False
    typed = set(operation.path_parameters.values()) - {"string"} or "snapshots/{" in operation.path
    return bool(operation.body or operation.query.schema["properties"] or typed)


def begin(app: Application) -> None:
    """One workspace, with a journal, a snapshot, a fault rule and something that is due.

    The same was asked where no workspace was reached.
    """
    base = f"{app.control.document.base_path}/workspaces"
    for workspace in _control(app, "GET", base).content["workspaces"]:
        _control(app, "DELETE", f"{base}/{workspace['name']}")
    _control(app, "POST", f"{app.control.document.base_path}/reset")
    _control(app, "POST", base, {"name": ACCOUNT})
    credential = demo().credentials[app.sites[0].vendor.name]
    query = urlencode(credential["params"])
    for example in _some(app.sites[0]):
        target = f"{example.path}?{query}"
        ask(app, example.method, target, example.body, credential["headers"])
        ask(app, example.method, example.path, example.body)
    _control(app, "PUT", f"{base}/{ACCOUNT}/snapshots/{SNAPSHOT}")
    _control(app, "POST", f"{base}/{ACCOUNT}/faults", {"fault": "slow"})
    lifecycle = app.sites[0].vendor.lifecycle
    if lifecycle is not None and lifecycle.webhooks is not None:
        kind = lifecycle.webhooks.kinds[0]
        hook = {"vendor": lifecycle.webhooks.vendor, "kind": kind, "to": "inbox:crm"}
        key = _control(app, "POST", f"{base}/{ACCOUNT}/webhooks", hook).content["key"]
        _control(app, "POST", f"{base}/{ACCOUNT}/webhooks/{key}/test", {})
    if lifecycle is not None:
        lead, outcome = lead_and_outcome(app.sites[0])
        later = {"vendor": app.sites[0].vendor.name, "lead": lead, "outcome": outcome, "when": 60}
        _control(app, "POST", f"{base}/{ACCOUNT}/simulate", later)


def _control(app: Application, method: str, path: str, body: Any = None) -> Answered:
    told = ask(app, method, path, body, ADMIN)
    assert told.status < 300, (method, path, told)
    return told

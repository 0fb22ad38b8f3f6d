"""The bundled documents as schemathesis reads them.

What prose and framework add to a document is said in schema words, nothing is loosened. A vendor is
found by being there, and what is special of it is read from its document.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import unquote

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.schemas import OpenApiSchema

from mockserver.app import Application, create_app
from mockserver.dispatch import Site
from mockserver.documents.spec import Body
from mockserver.forms import FORM, MULTIPART
from tests.contract.asking import ask
from tests.contract.values import FORMATS
from tests.world import PEOPLE

Json = dict[str, Any]

ACCOUNT = "contract"
_WORKSPACES = "/__admin/workspaces"
_WORKSPACE = f"{_WORKSPACES}/{ACCOUNT}"

SETTINGS: dict[str, dict[str, Any]] = {
    "sela": {"duplicate": "existing", "ingestion_duplicate": "create"},
    "nlpearl": {
        "not_found_status": 404,
        "max_calls_limit": 2**31 - 1,
        "max_analytics_days": 10**7,
    },
}
"""Switches off each 400 for what is in the store already, or is not, which no schema can say.

So it does with limits that a setting moves.

A vendor that refuses nothing for that reason need not be here.
"""

RULES: dict[str, dict[tuple[str, str], Json]] = {
    "nlpearl": {
        ("OutboundSettingsApi", "totalAgents"): {"minimum": 0},
        ("OutboundSettingsApi", "budgetTotal"): {"minimum": 0, "maximum": 2**31 - 1},
        ("OutboundSettingsApi", "timeZone"): {"format": "windows-time-zone"},
    },
}
"""What a handler refuses in the vendor's own words, by vendor, schema and property."""

NOWHERE: dict[str, str] = {"sela": r"\.", "nlpearl": r"^\s*$"}
"""What a part of a path may not hold, by vendor, as no schema can say it of an integer.

Django's pattern of a path knows no dot, and answers with a page. ASP.NET Core takes white space for
no value.
"""

UNFIT = frozenset({"66a1f0c2d60e456235eae602"})
"""Ids in the demo that some operation refuses: an inbound pearl takes no leads."""

ONLY = "CONTRACT_VENDOR"
"""The variable that asks for the contract of one vendor: to make all of them takes most of the time."""

LISTS: dict[str, tuple[str, ...]] = {"field-list": ("",), "sort-list": ("", ":asc", ":desc")}
"""Formats of lists of names, by what may stand behind a name."""

INVALID = frozenset({400, 422})
"""Statuses that say that a body breaks a rule, whatever the vendor."""

for _name, _strategy in FORMATS.items():
    schemathesis.openapi.format(_name, _strategy)


class Demo(NamedTuple):
    """What the contract tests know of the server: a fixture, and each vendor's credential.

    A credential is what a call of schemathesis takes: `headers`, `params`.
    """

    fixture: Json
    credentials: Mapping[str, Json]

    def ids(self, vendor: str) -> dict[str, list[Any]]:
        """The ids of all rows of a vendor, by table."""
        tables = self.fixture.get(vendor, {}).items()
        return {
            name: [row["id"] for row in rows] for name, rows in tables if isinstance(rows, list)
        }


@cache
def demo() -> Demo:
    """The demo, with the settings that these tests need, as the control API tells it."""
    app = create_app(fixtures=PEOPLE)
    workspace = ask(app, "POST", _WORKSPACES, {"name": ACCOUNT}).content
    present = {site.vendor.name for site in app.sites}
    changes = {vendor: values for vendor, values in SETTINGS.items() if vendor in present}
    told = ask(app, "PATCH", f"{_WORKSPACE}/settings", changes)
    assert told.status == 200, told
    credentials = {
        vendor: {"headers": carried["headers"], "params": carried.get("query", {})}
        for vendor, carried in workspace["credentials"].items()
    }
    return Demo(ask(app, "GET", f"{_WORKSPACE}/export").content, credentials)


def application(strictness: str) -> Application:
    """A server that holds the demo and admits one account only."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "demo.json"
        file.write_text(json.dumps(demo().fixture), "utf-8")
        app = create_app(
            strictness=strictness, auth="strict", default_account=ACCOUNT, fixtures=str(file)
        )
    ask(app, "POST", _WORKSPACES, {"name": ACCOUNT})
    return app


def reset(app: Application) -> None:
    """The account's workspace back to the seed."""
    assert ask(app, "POST", f"{_WORKSPACE}/reset").status == 204


def access(operation: Any) -> Json:
    """What a call of the operation takes for its credential: the headers of its contract, or more."""
    prefix = operation.full_path.split("/")[1]
    return demo().credentials.get(prefix, {"headers": operation.schema.config.headers})


def known(parameter: Any) -> Any:
    """A value of a path parameter that leads somewhere, where the demo has one."""
    schema = parameter.definition["schema"]
    return schema.get("anyOf", [{"enum": schema.get("enum", ["0"])}])[0]["enum"][0]


def _is_partial(body: Body) -> bool:
    """Whether the items of a list in the body are judged one by one."""
    return any("x-partial" in part for part in body.reader.schema.get("properties", {}).values())


def read_schema(body: Body) -> Json:
    """The schema that a body is read with: where it is `x-mapped-to` one, that of what it means."""
    mapped = body.item if not _is_partial(body) else None
    return (mapped or body.reader).schema


def _in_a_form(schema: Json) -> Json:
    """The schema of what a form can say.

    It says null only as JSON text, and by an empty text that the field is null or left out.
    """
    fields = {}
    for name, part in schema.get("properties", {}).items():
        slim = _without_null(part)
        required = name in schema.get("required", ()) or "minLength" in part
        may_be_empty = part.get("nullable") or not required
        fields[name] = {"anyOf": [{"enum": [""]}, slim]} if may_be_empty else slim
    return schema | {"properties": fields} if fields else schema


def _without_null(part: Json) -> Json:
    slim = dict(part)
    if part.get("type") not in ("object", "array"):
        slim.pop("nullable", None)
    if "enum" in part:
        slim["enum"] = [value for value in part["enum"] if value is not None]
    if "oneOf" in part:
        slim["oneOf"] = [each for each in part["oneOf"] if each.get("enum") != [None]]
    return slim


def with_all_links(content: Json) -> None:
    """Add those links to the document that stand in extensions, as generators take none with a body."""
    components = content.get("components", {})
    components["links"] = components.get("links", {}) | components.pop("x-links", {})
    for item in content["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                for name, link in response.pop("x-links", {}).items():
                    if "$ref" in link:
                        link["$ref"] = link["$ref"].replace("/x-links/", "/links/")
                    response.setdefault("links", {})[name] = link


class Narrowing:
    """Says a vendor's document in schema words only, for a server that has the given ids."""

    def __init__(self, site: Site, ids: Mapping[str, list[Any]]) -> None:
        self._site = site
        self._ids = ids
        self._names = tuple(dict.fromkeys(_listed(site.document.source.content)))

    def document(self) -> Json:
        """The whole document, served below the vendor's prefix."""
        content: Json = self._part(self._site.document.source.content)
        content["servers"] = [{"url": f"/{self._site.vendor.name}{self._site.document.base_path}"}]
        with_all_links(content)
        schemas = content["components"]["schemas"]
        for (schema, name), words in RULES.get(self._site.vendor.name, {}).items():
            schemas[schema]["properties"][name] |= words
        for parameter in content["components"].get("parameters", {}).values():
            self._place(parameter)
        for item in content["paths"].values():
            for operation in item.values():
                self._operation(operation)
        return content

    def _operation(self, operation: Json) -> None:
        for parameter in operation.get("parameters", ()):
            self._place(parameter)
        if "requestBody" in operation:
            self._body(operation["operationId"], operation["requestBody"])

    def _place(self, parameter: Json) -> None:
        """Half of the values of a path parameter lead somewhere, where it has an example."""
        if parameter.get("in") == "path" and "example" in parameter:
            ids = self._ids_like(parameter["example"])
            parameter["schema"] = {"anyOf": [{"enum": ids}, parameter["schema"]]}

    def _ids_like(self, example: Any) -> list[Any]:
        for ids in self._ids.values():
            if example in ids:
                return [id for id in ids if id not in UNFIT]
        return [example]

    def _body(self, name: str, body: Json) -> None:
        if self._site.vendor.dialect.empty_body is ...:
            body["required"] = True
        (read,) = [
            operation.body
            for operation in self._site.document.operations
            if operation.id == name and operation.body
        ]
        if _is_partial(read):  # a form spells its list in numbered fields, which no schema can say
            for form in (FORM, MULTIPART):
                body["content"].pop(form, None)
        schema = self._part(read_schema(read))
        for kind, content in body["content"].items():
            if kind in (FORM, MULTIPART):
                content["schema"] = _in_a_form(schema)
            elif read_schema(read) is not read.reader.schema:
                content["schema"] = schema

    def _part(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._part(each) for each in part]
        if not isinstance(part, dict):
            return part
        schema = {key: self._part(value) for key, value in part.items()}
        if "x-any-of" in schema:
            schema["anyOf"] = schema.pop("x-any-of")
        self._narrow(schema, part.get("x-format"))
        if part.get("x-partial") == "report":
            schema["items"] = {}
        return schema

    def _narrow(self, schema: Json, format: Any) -> None:
        if format == "not-blank":
            schema["pattern"] = r"\S"  # which bad data can be told from by
        elif format in LISTS:
            schema["enum"] = _lists(self._names, LISTS[format])
        elif isinstance(format, str):
            schema["format"] = format
        if "x-enum" in schema:
            schema["enum"] = [*schema["x-enum"], *_null(schema)]
        elif "x-reference" in schema:
            schema["enum"] = [*self._ids[schema["x-reference"]], *_null(schema)]


def _null(schema: Json) -> list[None]:
    return [None] if schema.get("nullable") else []


def _listed(part: Any) -> Iterator[str]:
    """The names that lists of names have in the examples and defaults of a document."""
    if isinstance(part, list):
        yield from chain.from_iterable(map(_listed, part))
    if not isinstance(part, dict):
        return
    schema = part.get("schema")
    if isinstance(schema, dict) and schema.get("x-format") in LISTS:
        for text in (part.get("example"), schema.get("example"), schema.get("default")):
            yield from (name.partition(":")[0] for name in text.split(",")) if text else ()
    yield from chain.from_iterable(map(_listed, part.values()))


def _lists(names: tuple[str, ...], endings: tuple[str, ...]) -> list[str]:
    """Lists of one name, of each two neighbours, and of all names."""
    single = [f"{name}{ending}" for name in names for ending in endings]
    pairs = [f"{one},{two}" for one, two in pairwise(single)]
    return [*single, *pairs, ",".join(reversed(single))]


def _in_one_media_type(document: Json) -> Json:
    """The document with the first media type of each request body only."""
    for item in document["paths"].values():
        for operation in item.values():
            if "requestBody" in operation:
                content = operation["requestBody"]["content"]
                operation["requestBody"]["content"] = dict([*content.items()][:1])
    return document


def contract(site: Site, app: Application, mode: str, one_type: bool) -> OpenApiSchema:
    """The vendor's contract, ready to be tested with `positive` data or with `all`.

    With `one_type` it speaks one media type, in which a link can say null.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "generation": {
                "mode": mode,
                "allow-x00": False,
                "database": "none",
                "with-security-parameters": False,  # `access` has them
            },
            "checks": {"enabled": True},
            "phases": {"enabled": True},
            # texts found in the source keep no format
            "analysis": {"constants": {"enabled": False}},
        }
    )
    document = Narrowing(site, demo().ids(site.vendor.name)).document()
    schema = schemathesis.openapi.from_dict(
        _in_one_media_type(document) if one_type else document, config=config
    )
    schema.app = app
    nowhere = re.compile(NOWHERE.get(site.vendor.name, "$^"))

    @schema.hook
    def filter_case(context: Any, case: Case[Any]) -> bool:
        places = case.path_parameters or {}
        return not any(nowhere.search(unquote(str(value))) for value in places.values())

    return schema


def contracts(strictness: str, mode: str, *, one_type: bool = False) -> dict[str, OpenApiSchema]:
    """The contract of every vendor there is a document for, by name; or of the one asked for."""
    app, only = application(strictness), os.environ.get(ONLY)
    sites = [site for site in app.sites if only in (None, site.vendor.name)]
    return {site.vendor.name: contract(site, app, mode, one_type) for site in sites}

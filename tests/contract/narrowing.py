"""The bundled documents as schemathesis reads them: what prose and framework add is said in schema words, nothing is loosened."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.schemas import OpenApiSchema
from tzlocal.windows_tz import win_tz

from mockserver.app import Application, create_app
from mockserver.dialects.django_formats import is_django_email
from mockserver.dispatch import Site
from mockserver.identity import is_email, phone_e164
from mockserver.state.changes import Row
from mockserver.state.tables import Table
from mockserver.wire import FORM, MULTIPART
from tests.world import switch

ACCOUNT = "contract"
CREDENTIALS: dict[str, dict[str, str]] = {
    "sela": {"Authorization": f"Token {ACCOUNT}"},
    "octanist": {"X-API-KEY": ACCOUNT},
    "nlpearl": {"Authorization": f"Bearer {ACCOUNT}:secret"},
}
"""What each vendor's client sends to be let in as the one declared account."""

PLACES: dict[str, dict[str, str]] = {
    "sela": {
        "LeadId": "leads",
        "LeadTypeId": "lead_types",
        "WebhookId": "webhooks",
        "IngestionId": "ingestion_configs",
    },
    "octanist": {"id": "leads"},
    "nlpearl": {"pearlId": "pearls", "leadId": "leads"},
}
"""The table whose ids a path parameter takes: half of the paths then lead somewhere."""

TAKEN: dict[str, Callable[[Row], bool]] = {"pearls": lambda row: row["type"] == 2}
"""Which rows of a table every operation takes: an inbound pearl has no leads, and adding some to it is a 400 that no schema can say."""

SETTINGS: dict[str, dict[str, Any]] = {
    "sela": {"duplicate": "existing", "ingestion_duplicate": "create"},
    "nlpearl": {"not_found_status": 404},
}
"""Switches off each 400 for what is in the store already, or is not, which no schema can say."""

Json = dict[str, Any]


def _phones() -> st.SearchStrategy[str]:
    digits = st.integers(2_000_000_000, 9_999_999_999).map(str)
    notations = st.sampled_from(["+1{}{}{}", "({}) {}-{}", "{}-{}-{}", "1{}{}{}"])
    numbers = st.builds(
        lambda number, notation: notation.format(number[:3], number[3:6], number[6:]),
        digits,
        notations,
    )
    return numbers.filter(lambda number: phone_e164(number) is not None)


def _names(separator: str, endings: tuple[str, ...]) -> st.SearchStrategy[str]:
    name = st.builds(
        str.__add__,
        st.sampled_from(["id", "name", "email", "status", "value", "createdAt"]),
        st.sampled_from(endings),
    )
    return st.lists(name, min_size=1, max_size=3).map(separator.join)


def _moments() -> st.SearchStrategy[str]:
    """Those that every zone has a calendar for."""
    offsets = st.sampled_from(["Z", "+00:00", "-08:00", "+05:30"])
    return st.builds(
        "{}T{}{}".format, st.dates(date(2, 1, 1), date(9998, 12, 31)), st.times(), offsets
    )


FORMATS: dict[str, st.SearchStrategy[str]] = {
    "date-time": _moments(),
    "email": st.emails(
        domains=st.sampled_from(["example.com", "mail.example.org", "xn--bcher-kva.example"])
    ).filter(is_email),
    "field-list": _names(",", ("",)),
    "js-date": st.dates().map(str)
    | st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z"),
    "numeric": st.integers(-(10**12), 10**12).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(str),
    "phone": _phones(),
    "sort-list": _names(",", ("", ":asc", ":desc")),
    "django-email": st.emails(
        domains=st.sampled_from(["example.com", "company.local", "localhost"])
    ).filter(is_django_email),
    "django-url": st.builds(
        "http{}://{}/{}".format,
        st.sampled_from(["", "s"]),
        st.sampled_from(["example.com", "localhost:9000"]),
        st.sampled_from(["", "a/{{id}}", "b?state={{metadata.us_state}}"]),
    ),
    "windows-time-zone": st.sampled_from(sorted(win_tz))
    | st.sampled_from(sorted(available_timezones() - {"localtime", "posixrules", "Factory"})),
}
"""Texts of each format that no JSON Schema validator knows, or that the server takes less of than RFC 5322 allows."""

for _name, _strategy in FORMATS.items():
    schemathesis.openapi.format(_name, _strategy)


def _in_a_form(schema: Json) -> Json:
    """The schema of what a form can say: null only as JSON text, and by an empty text that the field is null or left out."""
    fields = {}
    for name, part in schema.get("properties", {}).items():
        slim = {
            key: value
            for key, value in part.items()
            if key != "nullable" or part.get("type") in ("object", "array")
        }
        slim |= (
            {"enum": [value for value in part["enum"] if value is not None]}
            if "enum" in part
            else {}
        )
        slim |= (
            {"oneOf": [each for each in part["oneOf"] if each.get("enum") != [None]]}
            if "oneOf" in part
            else {}
        )
        may_be_empty = part.get("nullable") or not (
            name in schema.get("required", ()) or "minLength" in part
        )
        fields[name] = {"anyOf": [{"enum": [""]}, slim]} if may_be_empty else slim
    return schema | {"properties": fields} if fields else schema


class Narrowing:
    """Says a vendor's document in schema words only, for a server that holds the given tables."""

    def __init__(self, site: Site, tables: Mapping[str, Table]) -> None:
        self._site = site
        self._tables = tables

    def document(self) -> Json:
        """The whole document, served below the vendor's prefix."""
        content: Json = self._part(self._site.document.source.content)
        content["servers"] = [{"url": f"/{self._site.vendor.name}{self._site.document.base_path}"}]
        for parameter in content["components"].get("parameters", {}).items():
            self._place(*parameter)
        for item in content["paths"].values():
            for operation in item.values():
                self._operation(operation)
        return content

    def _operation(self, operation: Json) -> None:
        for parameter in operation.get("parameters", ()):
            if "$ref" not in parameter:
                self._place(parameter["name"], parameter)
        if "requestBody" in operation:
            self._body(operation["operationId"], operation["requestBody"])

    def _body(self, name: str, body: Json) -> None:
        if self._site.vendor.dialect.empty_body is ...:
            body["required"] = True
        (read,) = [
            operation.body
            for operation in self._site.document.operations
            if operation.id == name and operation.body
        ]
        partial = any(
            "x-partial" in part for part in read.reader.schema.get("properties", {}).values()
        )
        if partial:  # a form spells its list in numbered fields, which no schema can say
            body["content"] = {
                kind: content
                for kind, content in body["content"].items()
                if kind not in (FORM, MULTIPART)
            }
        mapped = None if partial else read.item
        schema = self._part((mapped or read.reader).schema)
        for kind, content in body["content"].items():
            if kind in (FORM, MULTIPART):
                content["schema"] = _in_a_form(schema)
            elif mapped:
                content["schema"] = schema

    def _place(self, name: str, parameter: Json) -> None:
        table = PLACES[self._site.vendor.name].get(name)
        if parameter["in"] == "path" and table:
            taken = TAKEN.get(table, bool)
            ids = [id for id, row in self._tables[table].rows.items() if taken(row)]
            parameter["schema"] = {"anyOf": [{"enum": ids}, parameter["schema"]]}

    def _part(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._part(each) for each in part]
        if not isinstance(part, dict):
            return part
        schema = {key: self._part(value) for key, value in part.items()}
        if part.get("x-format") == "not-blank":
            schema["pattern"] = r"\S"  # which bad data can be told from by
        elif isinstance(part.get("x-format"), str):
            schema["format"] = part["x-format"]
        if "x-enum" in part or "x-reference" in part:
            ids = part["x-enum"] if "x-enum" in part else self._tables[part["x-reference"]].rows
            schema["enum"] = [*ids, *([None] if part.get("nullable") else [])]
        if part.get("x-partial") == "report":
            schema["items"] = {}
        return schema


def _in_one_media_type(document: Json) -> Json:
    """The document with the first media type of each request body only."""
    for item in document["paths"].values():
        for operation in item.values():
            if "requestBody" in operation:
                operation["requestBody"]["content"] = dict(
                    [*operation["requestBody"]["content"].items()][:1]
                )
    return document


def contract(site: Site, app: Application, mode: str, walked: bool) -> OpenApiSchema:
    """The vendor's contract, ready to be tested against the application with `positive` data or with `all`.

    One that is `walked` speaks one media type, in which a link can say null.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "generation": {"mode": mode, "allow-x00": False, "database": "none"},
            "headers": CREDENTIALS[site.vendor.name],
            "checks": {"enabled": True},
            "phases": {"enabled": True},
            "analysis": {
                "constants": {"enabled": False}
            },  # texts found in the source keep no format
        }
    )
    document = Narrowing(site, app.workspaces.unclaimed.tables[site.vendor.name]).document()
    schema = schemathesis.openapi.from_dict(
        _in_one_media_type(document) if walked else document, config=config
    )
    schema.app = app
    return schema


def application(strictness: str) -> Application:
    """A server that admits one account only."""
    app = create_app(strictness=strictness, auth="strict", default_account=ACCOUNT)
    workspace = app.workspaces.create(ACCOUNT)
    for vendor in workspace.settings:
        switch(workspace, vendor, **SETTINGS.get(vendor, {}))
    return app


def contracts(strictness: str, mode: str, *, walked: bool = False) -> dict[str, OpenApiSchema]:
    """The contract of every vendor there is a document for, by name."""
    app = application(strictness)
    return {site.vendor.name: contract(site, app, mode, walked) for site in app.sites}

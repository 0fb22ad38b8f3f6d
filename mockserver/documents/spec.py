"""OpenAPI document -> operations with compiled validators.

A strict reader: what it does not understand, it refuses by name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path as File
from typing import Any
from urllib.parse import urlsplit

from jsonschema_rs import Draft202012Validator, ValidationError

from mockserver.documents.formats import FORMATS, INTEGER_RANGES, UNCHECKED, Formats
from mockserver.documents.provenance import PROVENANCES
from mockserver.documents.schema import (
    EXCLUSIVE,
    KEYWORDS,
    NESTED,
    Coerce,
    Coercer,
    FormCoercer,
    LateValidator,
    Reader,
    Schema,
    Validator,
    form_coercer,
    problems_of,
    query_coercer,
)
from mockserver.documents.source import Source
from mockserver.errors import DocumentError, OperatorError, Path, Problem

_JSON = "application/json"
METHODS = ("get", "put", "post", "delete", "patch")
_SILENT = frozenset(
    "default description title example readOnly writeOnly deprecated discriminator".split()
)
EXTENSIONS = frozenset(
    "x-format x-phone x-reference x-partial x-mapped-to x-enum x-any-of x-links x-provenance "
    "x-source x-documented x-chosen x-webhooks".split()
)
"""What a document may say beyond OpenAPI; docs/adding-a-vendor.md tells each of them."""

_OPERATION_KEYS = frozenset(
    "operationId summary description tags security parameters requestBody responses "
    "deprecated".split()
)
_MAPPING: Schema = {"type": "object"}
_CONTENT: Schema = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "object", "required": ["schema"]},
}
_PARAMETER: Schema = {
    "type": "object",
    "if": {"required": ["$ref"]},
    "else": {
        "required": ["name", "in", "schema"],
        "properties": {"in": {"enum": ["path", "query"]}, "schema": _MAPPING},
    },
}
_BODY: Schema = {
    "type": "object",
    "if": {"required": ["$ref"]},
    "else": {"required": ["content"], "properties": {"content": _CONTENT}},
}
_RESPONSE: Schema = {"type": "object", "properties": {"content": _CONTENT}}
_OPERATION: Schema = {
    "type": "object",
    "required": ["operationId", "responses"],
    "properties": {
        "operationId": {"type": "string"},
        "parameters": {"type": "array", "items": _PARAMETER},
        "requestBody": _BODY,
        "responses": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^([1-5][0-9][0-9]|default)$"},
            "additionalProperties": _RESPONSE,
        },
        "security": {"type": "array"},
    },
}
_WEBHOOK: Schema = {
    "type": "object",
    "required": ["post"],
    "additionalProperties": False,
    "properties": {
        "post": _OPERATION
        | {
            "required": ["requestBody", "responses", "x-provenance"],
            "properties": _OPERATION["properties"]
            | {
                "x-provenance": {"enum": list(PROVENANCES)},
                "requestBody": {
                    "type": "object",
                    "required": ["content"],
                    "properties": {"content": _CONTENT | {"required": [_JSON]}},
                },
            },
        }
    },
}
_SHAPE: Schema = {
    "type": "object",
    "required": ["info", "servers", "paths"],
    "properties": {
        "info": {"type": "object", "required": ["title"]},
        "servers": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["url"]},
        },
        "paths": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": dict.fromkeys(METHODS, _OPERATION),
            },
        },
        "x-webhooks": {"type": "object", "additionalProperties": _WEBHOOK},
        "components": {
            "type": "object",
            "properties": {
                "schemas": _MAPPING,
                "parameters": {"type": "object", "additionalProperties": _PARAMETER},
                "responses": {"type": "object", "additionalProperties": _RESPONSE},
                "requestBodies": {"type": "object", "additionalProperties": _BODY},
            },
        },
    },
}
"""The shape that a document must have before it is read. Schemas are read one by one later."""

_CONTAINERS: dict[str, type] = {
    "properties": dict,
    "required": list,
    "enum": list,
    "allOf": list,
    "anyOf": list,
    "oneOf": list,
    "x-any-of": list,
}
_SCHEMA_KEYS = KEYWORDS | _SILENT | NESTED | EXTENSIONS | {"nullable", "format", *EXCLUSIVE}
_DEFAULT = "default"
"""The name of a response that stands for all statuses that are not named."""
_PATH_PARAMETER = re.compile(r"{([^}]*)}")


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation reads: media types and its reader.

    `form` reads the texts of an HTML form before the reader does. The handler reads with `item`:
    each item of an `x-partial` array, or what it makes of a body that is `x-mapped-to` a schema.
    `items` is the name of such an array, `reported` too where its items are answered one by one.
    `schema` is the whole one: the reader's has no items of `x-partial` arrays. `literal_types` has
    the media types as a Content-Type without parameters names them.
    """

    media_types: tuple[str, ...]
    reader: Reader
    form: Coerce
    item: Reader | None
    items: str | None
    reported: str | None
    schema: Schema
    literal_types: Mapping[bytes, str]

    def reports(self, problem: Problem) -> bool:
        """Whether the problem is in an item that is answered by itself."""
        return len(problem.path) > 1 and problem.path[0] == self.reported


@dataclass(frozen=True, slots=True)
class DocumentedAnswer:
    """One documented response: its validator where it has a JSON body, and how sure it is."""

    status: int
    validator: Validator | None
    provenance: str


@dataclass(frozen=True, slots=True)
class DocumentedPayload:
    """What the API sends by itself: its validator, and how sure it and each of its fields are."""

    name: str
    summary: str
    validator: Validator
    provenance: str
    source: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, ready to be served.

    `path` includes the base path of the vendor's server; `path_parameters` gives the type
    of each path parameter, `phones` are those that are phone numbers; `asks` says whether a query
    parameter is required; `answers_anything` whether it may answer what is not among its `answers`.
    """

    id: str
    method: str
    path: str
    summary: str
    provenance: str
    source: str
    path_parameters: Mapping[str, str]
    phones: frozenset[str]
    query: Reader
    asks: bool
    body: Body | None
    answers: Mapping[int, DocumentedAnswer]
    needs_credential: bool
    answers_anything: bool = False

    def compile(self) -> None:
        """Make every schema ready.

        Raises jsonschema_rs.ValidationError for one that means nothing.
        """
        bodies = (self.body.reader, self.body.item) if self.body else ()
        for validator in (self.query, *bodies, *self.answers.values()):
            if validator is not None and validator.validator is not None:
                validator.validator.compile()


@dataclass(frozen=True)
class Document:
    """A loaded OpenAPI document."""

    source: Source
    coercer: Coercer | None = None
    formats: Formats = field(default_factory=lambda: FORMATS)
    """The string formats that its schemas may name."""
    form_coercer: FormCoercer = form_coercer
    """Compiles how the texts of an HTML form are read before the coercer reads them."""
    trusted: bool = False
    """Whether its schemas are known to be good.

    They are then compiled when they are first needed.
    """
    problems: list[tuple[Path, str]] = field(default_factory=list)
    _resolved: dict[str, Schema] = field(default_factory=dict)
    _shared_answers: dict[str, Validator | None] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The API's name."""
        return str(self.source.content["info"]["title"])

    @cached_property
    def host(self) -> str:
        """The vendor's own host name, from the first server's URL."""
        return urlsplit(str(self.source.content["servers"][0]["url"])).netloc

    @cached_property
    def base_path(self) -> str:
        """The path that every operation's path comes after, without a slash at its end."""
        return urlsplit(str(self.source.content["servers"][0]["url"])).path.rstrip("/")

    def keep(self) -> None:
        """Keep the content beside the bytecode: nothing is wrong with it, nor with its handlers."""
        if not self.trusted:
            self.source.keep()

    def fields(self, name: str) -> dict[str, Any]:
        """The schemas of the fields of a schema of the document, by name.

        Each has the values that its description lists as an `enum`.
        """
        schemas = self.source.content["components"]["schemas"]
        at = ("components", "schemas", name, "properties")
        found = {}
        for field_name, part in schemas[name]["properties"].items():
            first = _first_schema(part, schemas)
            schema = self._schema(part, (*at, field_name))
            if "enum" in first:
                schema = schema | {"enum": first["enum"]}
            found[field_name] = schema
        return found

    @cached_property
    def webhooks(self) -> Mapping[str, DocumentedPayload]:
        """The payloads that the API sends by itself, by their names in `x-webhooks`.

        Raises DocumentError with a line for each problem.
        """
        found = {}
        for name, item in self.source.content.get("x-webhooks", {}).items():
            found[name] = self._payload(name, item["post"])
        self._stop_if_wrong()
        return found

    def _payload(self, name: str, part: dict[str, Any]) -> DocumentedPayload:
        at: Path = ("x-webhooks", name, "post")
        schema = self._schema(part["requestBody"]["content"][_JSON]["schema"], at)
        validator = Validator(schema, formats=None)
        if not self.trusted:
            self._prove(validator, at)
        mark = part["x-provenance"]
        fields = schema.get("properties", {})
        marks = {field: each.get("x-provenance", mark) for field, each in fields.items()}
        source = part.get("x-source", "")
        return DocumentedPayload(name, part.get("summary", ""), validator, mark, source, marks)

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in the document's order.

        Raises DocumentError with a line for each problem.
        """
        found = self._operations()
        self._stop_if_wrong()
        return tuple(found)

    def _stop_if_wrong(self) -> None:
        if self.problems:
            raise DocumentError(
                "\n".join(self.source.sentence(path, text) for path, text in self.problems)
            )

    def _operations(self) -> list[Operation]:
        content = self.source.content
        if not isinstance(content, dict) or not str(content.get("openapi", "")).startswith("3.0."):
            self.problems.append(((), "is no OpenAPI 3.0 document"))
            return []
        broken = set()
        if not self.trusted:
            broken = {path[:3] for path, _ in self._misshapen(content)}
        if any(len(index) < 3 or index[0] != "paths" for index in broken):
            return []
        found: dict[str, Operation] = {}
        for path, item in content["paths"].items():
            for method, part in item.items():
                at: Path = ("paths", path, method)
                if method not in METHODS:
                    self.problems.append((at, f"`{method}` is no method this server knows"))
                elif at not in broken:
                    self._add(found, path, method, part)
        return list(found.values())

    def _add(
        self, found: dict[str, Operation], path: str, method: str, part: dict[str, Any]
    ) -> None:
        """Read one operation, and add it to those found so far."""
        at: Path = ("paths", path, method)
        id = part["operationId"]
        if id in found:
            self.problems.append((at, f"the operationId {id!r} is used twice"))
        found[id] = self._operation(path, method, part, at)
        if not self.trusted:
            self._prove(found[id], at)

    def _prove(self, part: Operation | Validator, at: Path) -> None:
        try:
            part.compile()
        except ValidationError as error:
            self.problems.append((at, f"has a schema that means nothing: {error.message}"))

    def _misshapen(self, content: Any) -> list[tuple[Path, str]]:
        found = problems_of(Draft202012Validator(_SHAPE), content, {})
        self.problems.extend(
            (problem.path, "is missing" if problem.keyword == "required" else problem.message)
            for problem in found
        )
        return self.problems

    def _operation(self, path: str, method: str, part: dict[str, Any], at: Path) -> Operation:
        for name in part:
            if name not in _OPERATION_KEYS and name not in EXTENSIONS:
                self.problems.append((at, f"`{name}` is no operation key this server knows"))
        if part.get("x-provenance") not in PROVENANCES:
            self.problems.append((at, f"`x-provenance` must be one of {', '.join(PROVENANCES)}"))
        parameters = self._parameters(part, at)
        in_path = [each for each in parameters if each["in"] == "path"]
        in_query = [each for each in parameters if each["in"] == "query"]
        if {each["name"] for each in in_path} != set(_PATH_PARAMETER.findall(path)):
            self.problems.append((at, "the path's parameters are not the ones it declares"))
        security = part.get("security", self.source.content.get("security", []))
        return Operation(
            id=part["operationId"],
            method=method.upper(),
            path=self.base_path + path,
            summary=part.get("summary", ""),
            provenance=part.get("x-provenance", ""),
            source=part.get("x-source", ""),
            path_parameters={each["name"]: _parameter_type(each["schema"]) for each in in_path},
            phones=frozenset(each["name"] for each in in_path if each["schema"].get("x-phone")),
            query=self._query(in_query, at),
            asks=any(each.get("required") for each in in_query),
            body=self._body(part, at),
            answers=self._answers(part, at),
            needs_credential=bool(security) and {} not in security,
            answers_anything=_DEFAULT in part["responses"],
        )

    def _parameters(self, part: dict[str, Any], at: Path) -> list[dict[str, Any]]:
        """The parameters of an operation, without those whose `$ref` leads nowhere."""
        found = []
        for index, each in enumerate(part.get("parameters", [])):
            parameter = self._resolve(each, (*at, "parameters", index))
            if parameter:
                found.append(parameter)
        return found

    def _query(self, parameters: list[dict[str, Any]], at: Path) -> Reader:
        properties = {
            each["name"]: self._schema(each["schema"], (*at, "parameters")) for each in parameters
        }
        required = [each["name"] for each in parameters if each.get("required")]
        return Reader(
            {"type": "object", "properties": properties, "required": required},
            query_coercer,
            self.formats,
        )

    def _body(self, part: dict[str, Any], at: Path) -> Body | None:
        if "requestBody" not in part:
            return None
        body = self._resolve(part["requestBody"], (*at, "requestBody"))
        if not body:
            return None
        first = next(iter(body["content"].values()))
        schema = self._schema(first["schema"], (*at, "requestBody"))
        whole = schema
        item, items, reported = None, None, None
        form = self.form_coercer(schema, self.formats)
        if "x-mapped-to" in schema:
            item = Reader(
                self._schema(schema["x-mapped-to"], (*at, "requestBody", "x-mapped-to")),
                self.coercer,
                self.formats,
            )
            form = self.form_coercer(item.schema, self.formats)
        for name, prop in schema.get("properties", {}).items():
            if "x-partial" in prop and (
                "items" not in prop or prop["x-partial"] not in ("report", "refuse")
            ):
                self.problems.append(
                    (
                        (*at, "requestBody"),
                        f"`x-partial` of {name!r} must be report or refuse, and needs `items`",
                    )
                )
            elif "x-partial" in prop:
                item, items = Reader(prop["items"], self.coercer, self.formats), name
                reported = name if prop["x-partial"] == "report" else None
                loose = {key: value for key, value in prop.items() if key != "items"}
                schema = schema | {"properties": schema["properties"] | {name: loose}}
        reader = Reader(schema, self.coercer, self.formats)
        literal = {name.encode(): name for name in body["content"]}
        return Body(tuple(body["content"]), reader, form, item, items, reported, whole, literal)

    def _answers(self, part: dict[str, Any], at: Path) -> dict[int, DocumentedAnswer]:
        answers = {}
        for status, given in part["responses"].items():
            if status == _DEFAULT:
                continue
            where = (*at, "responses", status)
            response = self._resolve(given, where)
            ref = given.get("$ref", "")
            validator = self._shared_answers.get(ref)
            if validator is None:
                validator = self._answer_validator(response, where)
                if ref:
                    self._shared_answers[ref] = validator
            mark = response.get("x-provenance", part.get("x-provenance", ""))
            answers[int(status)] = DocumentedAnswer(int(status), validator, mark)
        return answers

    def _answer_validator(self, response: dict[str, Any], at: Path) -> Validator | None:
        """The validator of a response; None for one without JSON."""
        if not any("json" in kind for kind in response.get("content", {})):
            return None
        schema = partial(self._answer_schema, response, at)
        # The server wrote the strings of its answers itself: checking their formats costs three
        # microseconds of a request, so only the contract tests do it.
        if self.trusted:
            return LateValidator(schema, formats=None)
        return Validator(schema(), formats=None)

    def _answer_schema(self, response: dict[str, Any], at: Path) -> Schema:
        """The schema of what a response may have in JSON."""
        schemas = self._answer_schemas(response, at)
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _answer_schemas(self, response: dict[str, Any], at: Path) -> list[Schema]:
        """The different schemas of a response in JSON."""
        schemas: list[Schema] = []
        for kind, content in response.get("content", {}).items():
            if "json" not in kind:
                continue
            schema = self._schema(content["schema"], at)
            if schema not in schemas:
                schemas.append(schema)
        return schemas

    def _resolve(self, part: Any, at: Path, seen: tuple[str, ...] = ()) -> Any:
        if not isinstance(part, dict) or "$ref" not in part:
            return part
        ref = str(part["$ref"])
        if ref in seen:
            self.problems.append((at, f"`{ref}` leads back to itself"))
            return {}
        target: Any = self.source.content if ref.startswith("#/") else None
        for step in ref[2:].split("/"):
            if not isinstance(target, dict):
                target = None
                break
            # The escapes of a JSON pointer (RFC 6901).
            target = target.get(step.replace("~1", "/").replace("~0", "~"))
        if target is None:
            self.problems.append((at, f"`{ref}` leads nowhere"))
            return {}
        return self._resolve(target, at, (*seen, ref))

    def _schema(self, part: Any, at: Path, seen: tuple[str, ...] = ()) -> Schema:
        """The schema with every `$ref` put in and an `allOf` of one folded into its parent."""
        if isinstance(part, dict) and "$ref" in part:
            ref = str(part["$ref"])
            if ref in seen:
                self.problems.append((at, f"`{ref}` leads back to itself"))
                return {}
            if ref not in self._resolved:
                self._resolved[ref] = self._schema(self._resolve(part, at), at, (*seen, ref))
            return self._resolved[ref]
        if not isinstance(part, dict):
            self.problems.append((at, "is no schema"))
            return {}
        schema: Schema = {}
        for key, value in part.items():
            container = _CONTAINERS.get(key)
            if container is not None and not isinstance(value, container):
                name = "mapping" if container is dict else "list"
                self.problems.append((at, f"`{key}` must be a {name}"))
                continue
            self._known(key, value, at)
            if key in ("allOf", "anyOf", "oneOf", "x-any-of"):
                name = "anyOf" if key == "x-any-of" else key
                schema[name] = [
                    self._schema(each, (*at, key, i), seen) for i, each in enumerate(value)
                ]
            elif key == "properties":
                schema[key] = {
                    name: self._schema(each, (*at, key, name), seen) for name, each in value.items()
                }
            elif key in ("items", "not") or (
                key == "additionalProperties" and isinstance(value, dict)
            ):
                schema[key] = self._schema(value, (*at, key), seen)
            else:
                schema[key] = value
        return _folded(schema)

    def _known(self, key: str, value: Any, at: Path) -> None:
        if key not in _SCHEMA_KEYS:
            self.problems.append((at, f"`{key}` is no schema keyword this server knows"))
        elif key == "x-format" and value not in self.formats:
            self.problems.append((at, f"`x-format: {value}` is no format this server knows"))
        elif (
            key == "format"
            and value not in self.formats
            and value not in INTEGER_RANGES
            and value not in UNCHECKED
        ):
            self.problems.append((at, f"`format: {value}` is no format this server knows"))


_LISTED = re.compile(r"\d+ [A-Z]\w+(, \d+ [A-Z]\w+)*\s*", re.ASCII)
"""A description that lists the values of an integer: `1 Running, 2 Paused`."""
_NUMBER = re.compile(r"\b\d+(?= )", re.ASCII)


def _first_schema(part: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """The schema itself, or the one that it refers to: directly, or as the first of several.

    It is `nullable` where any of them on the way is.
    """
    nullable = False
    while True:
        nullable = nullable or part.get("nullable", False)
        combined = next((word for word in ("allOf", "anyOf", "oneOf") if word in part), None)
        if "$ref" in part:
            part = schemas[part["$ref"].rpartition("/")[2]]
        elif combined is not None:
            part = part[combined][0]
        else:
            return _with_listed_values(part) | ({"nullable": True} if nullable else {})


def _with_listed_values(schema: Schema) -> Schema:
    """The schema with the values that its description lists: some documents say them only there."""
    described = str(schema.get("description", ""))
    if "enum" in schema or schema.get("type") != "integer" or not _LISTED.fullmatch(described):
        return schema
    return schema | {"enum": [int(number) for number in _NUMBER.findall(described)]}


def _folded(schema: Schema) -> Schema:
    """The schema with an `allOf` of one part put into it, if the two contradict nowhere."""
    # OpenAPI 3.0 ignores what stands beside a `$ref`, so documents wrap it in such an `allOf`.
    parts: Sequence[Schema] = schema.get("allOf", ())
    if len(parts) != 1:
        return schema
    (only,) = parts
    shared = schema.keys() & only.keys() & (KEYWORDS | NESTED)
    if any(schema[key] != only[key] for key in shared):
        return schema
    rest = {key: value for key, value in schema.items() if key != "allOf"}
    return only | rest


def _parameter_type(schema: Schema) -> str:
    if schema.get("format") == "uuid":
        return "uuid"
    return str(schema.get("type", "string"))


def load_document(
    file: File,
    coercer: Coercer | None = None,
    *,
    form_coercer: FormCoercer = form_coercer,
    formats: Formats | None = None,
    keep: bool = False,
) -> Document:
    """Read an OpenAPI document and everything in it.

    `coercer` compiles what reads bodies leniently; None reads them to the letter. `form_coercer`
    compiles what reads the texts of a form before that. `formats` are string formats that it may
    name beside the standard ones.

    With `keep` the content that `Document.keep` kept is neither parsed nor proven again until the
    file changes.

    Raises DocumentError with one line, `file:line: index: what is wrong`, for each problem.
    """
    try:
        kept = Source.kept(file) if keep else None
        document = Document(
            kept or Source(file),
            coercer,
            {**FORMATS, **(formats or {})},
            form_coercer,
            trusted=kept is not None,
        )
    except OperatorError as error:
        raise DocumentError(str(error)) from None
    if not document.trusted:
        _ = document.operations, document.webhooks
    return document

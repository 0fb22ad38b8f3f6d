"""One value against one schema.

How it is coerced and validated, and everything that is wrong with it.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from jsonschema_rs import Draft202012Validator

from mockserver.documents.excess import Excess
from mockserver.documents.formats import FORMATS, INTEGER_RANGES, Formats
from mockserver.errors import Path, Problem, Refusal, limited, without
from mockserver.forms import Form, Upload
from mockserver.identity import DEFAULT_REGION, is_phone
from mockserver.wire import read_json

Schema = dict[str, Any]
Coerce = Callable[[Any], Any]
"""Turns what a client sent into what the vendor's framework would read.

Leaves alone what it cannot.
"""

Coercer = Callable[[Schema], Coerce]
"""Compiles a schema into its Coerce."""

FormCoercer = Callable[[Schema, Formats], Coerce]
"""Compiles a schema, and the formats that it may name, into what reads an HTML form."""

Exists = Callable[[str, Any], bool]
"""Whether a table of the workspace has a row with that id."""

_FORM_DEPTH = 64
_PHONE = "phone"
_MAX_DIGITS = 300
KEYWORDS = frozenset(
    "type enum required minLength maxLength pattern minimum maximum minItems maxItems uniqueItems "
    "minProperties".split()
)
"""Schema keywords that mean the same in OpenAPI 3.0 and in JSON Schema."""

NESTED = frozenset("properties items additionalProperties allOf anyOf oneOf not".split())
"""Keywords that hold schemas."""

EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
"""Booleans in OpenAPI 3.0 that sharpen a limit."""


def _any_id(table: str, id: Any) -> bool:
    return True


class Reader:
    """Reads one value against one schema.

    Coerces it, validates it, and says everything that is wrong with it.
    """

    __slots__ = (
        "_coerce",
        "_formats",
        "_references",
        "_referring",
        "_regional",
        "schema",
        "validator",
    )

    def __init__(
        self, schema: Schema, coercer: Coercer | None = None, formats: Formats = FORMATS
    ) -> None:
        """`schema` is resolved (no `$ref`); `formats` are those that it may name.

        Without a coercer the value is taken exactly as it was sent.
        """
        self.schema = schema
        self.validator = Validator(schema, formats)
        self._coerce = coercer(schema) if coercer else None
        self._formats = formats
        self._regional: dict[str, Validator] = {}
        self._references = tuple(
            (name, part["x-reference"])
            for name, part in schema.get("properties", {}).items()
            if "x-reference" in part
        )
        self._referring = frozenset(name for name, _ in self._references)

    @property
    def coerces(self) -> bool:
        """Whether a value is read as the API's framework reads it, and not to the letter."""
        return self._coerce is not None

    def read(
        self, value: Any, exists: Exists = _any_id, region: str = DEFAULT_REGION
    ) -> tuple[Any, list[Problem]]:
        """The value as the server goes on with it, and every problem with it.

        A phone number without a country code is one of that region.
        """
        sent = value
        validator = self.validator if region == DEFAULT_REGION else self._validator_in(region)
        if self._coerce is not None:
            value = self._coerce(value)
        # Nearly every value is valid, and asking for that alone is much faster.
        is_valid = validator.is_valid(value)
        problems = [] if is_valid else limited(validator.problems(value))
        names = self._referring
        if names and isinstance(value, dict) and not names.isdisjoint(value):
            problems += self._dangling(value, sent, problems, exists)
        return value, problems

    def coerced(self, value: Any) -> Any:
        """The value as the vendor's framework reads it, valid or not."""
        return value if self._coerce is None else self._coerce(value)

    def _validator_in(self, region: str) -> "Validator":
        """The validator whose phone numbers are those of a region, made when it is first needed."""
        validator = self._regional.get(region)
        if validator is None:
            formats = dict(self._formats)
            formats[_PHONE] = partial(is_phone, region=region)
            validator = self._regional[region] = Validator(self.schema, formats)
        return validator

    def _dangling(
        self, value: Any, sent: Any, problems: list[Problem], exists: Exists
    ) -> list[Problem]:
        """A problem for each reference to a row that does not exist."""
        found = []
        wrong = {problem.path for problem in problems} if problems else ()
        for name, table in self._references:
            id = value.get(name)
            if id is None or (name,) in wrong or exists(table, id):
                continue
            message = f"no such id in {table}"
            part = self.schema["properties"][name]
            found.append(Problem((name,), "reference", message, sent[name], part))
        return found


class Validator:
    """A schema that is compiled when it is first needed.

    A server uses few of its schemas, and starts sooner.
    """

    __slots__ = ("_formats", "compiled", "is_valid", "schema")

    is_valid: Callable[[Any], bool]
    """Whether a value fits the schema."""
    compiled: Any

    def __init__(self, schema: Schema, formats: Formats | None = FORMATS) -> None:
        """See `compile_schema`."""
        self.schema = schema
        self._formats = formats
        self.is_valid = self._first

    def all_problems(self, value: Any) -> Iterator[Problem]:
        """The problems of any value."""
        self.compile()
        yield from self.problems(value)

    def problems(self, value: Any) -> Iterator[Problem]:
        """The problems of a value that does not fit, as far as they are collected."""
        excess = Excess(partial(compile_schema, formats=self._formats))
        part = excess.cut(value, self.schema)
        yield from excess.problems
        yield from problems_of(self.compiled, part, self.schema)
        if excess.left_out:
            yield without(excess.left_out)

    def _first(self, value: Any) -> bool:
        self.compile()
        return self.is_valid(value)

    def compile(self) -> None:
        """Be ready. Raises jsonschema_rs.ValidationError for a schema that means nothing."""
        self.compiled = compile_schema(self.schema, self._formats)
        self.is_valid = self.compiled.is_valid


class LateValidator(Validator):
    """A validator whose schema is put together when somebody first asks for it."""

    __slots__ = ("_known", "_make")

    def __init__(self, make: Callable[[], Schema], formats: Formats | None = FORMATS) -> None:
        """`make` puts the schema together."""
        self._make = make
        self._known: Schema | None = None
        self._formats = formats
        self.is_valid = self._first

    @property
    def schema(self) -> Schema:  # type: ignore[override]  # it is a slot there
        """The schema."""
        if self._known is None:
            self._known = self._make()
        return self._known


def compile_schema(schema: Schema, formats: Formats | None = FORMATS) -> Any:
    """The validator of a resolved schema, which may name these formats.

    With None it checks none and is several times as fast: for what this server wrote itself.
    """
    checked = None if formats is None else dict(formats)
    return Draft202012Validator(
        to_json_schema(schema, formats or {}),
        validate_formats=formats is not None,
        formats=checked,
    )


def to_json_schema(schema: Schema, formats: Formats = FORMATS) -> Schema:
    """A resolved OpenAPI 3.0 schema as JSON Schema 2020-12, meaning the same.

    What it names beside `formats` is no `format` of the result.

    `nullable` allows null wherever it stands, with or without a `type`, beside an `enum` or a
    `oneOf`.
    """
    out: Schema = {}
    for key, value in schema.items():
        if key in ("allOf", "anyOf", "oneOf"):
            out[key] = [to_json_schema(each, formats) for each in value]
        elif key == "properties":
            out[key] = {name: to_json_schema(each, formats) for name, each in value.items()}
        elif key in ("items", "not") or (key == "additionalProperties" and isinstance(value, dict)):
            out[key] = to_json_schema(value, formats)
        elif key == "additionalProperties" or key in KEYWORDS:
            out[key] = value
    _translate_limits(schema, out, formats)
    if schema.get("nullable"):
        return _or_null(out)
    return out


def _or_null(schema: Schema) -> Schema:
    # Another keyword may refuse null although the type allows it: then null is a form of its own.
    refusing = schema.keys() & {"enum", "allOf", "anyOf", "oneOf", "not"}
    if "type" in schema and not refusing:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [{"type": "null"}, schema]}


def _translate_limits(schema: Schema, out: Schema, formats: Formats) -> None:
    format = schema.get("x-format", schema.get("format"))
    if format in formats:
        out["format"] = format
    elif format in INTEGER_RANGES:
        low, high = INTEGER_RANGES[format]
        out["minimum"] = max(low, out.get("minimum", low))
        out["maximum"] = min(high, out.get("maximum", high))
    for exclusive, limit in EXCLUSIVE.items():
        if schema.get(exclusive) and limit in out:
            out[exclusive] = out.pop(limit)
    if "x-enum" in schema:
        out["enum"] = schema["x-enum"]


def problems_of(validator: Any, value: Any, schema: Schema) -> Iterator[Problem]:
    """Every problem of the value, each at the path of the property it is about."""
    for error in validator.iter_errors(value):
        kind, path = error.kind, tuple(error.instance_path)
        if kind.name == "required":
            yield _problem((*path, kind.property), kind.name, error.message, None, schema)
        elif kind.name == "additionalProperties":
            for name in kind.unexpected:
                yield _problem(
                    (*path, name),
                    kind.name,
                    "is no property here",
                    error.instance.get(name),
                    schema,
                )
        else:
            yield _problem(path, kind.name, error.message, error.instance, schema)


def _problem(path: Path, keyword: str, message: str, value: Any, schema: Schema) -> Problem:
    return Problem(path, keyword, message, value, schema_at(schema, path))


def schema_at(schema: Schema, path: Path) -> Schema:
    """The part of a resolved schema that speaks of the value at that path.

    Empty where none does.
    """
    for step in path:
        extra = schema.get("additionalProperties")
        schema = (
            schema.get("items", {})
            if isinstance(step, int)
            else schema.get("properties", {}).get(step, extra)
        )
        if not isinstance(schema, dict):
            return {}
    return schema


def query_coercer(schema: Schema) -> Coerce:
    """Reads the texts of a query string as the types their parameters have."""
    readers = {
        name: _FROM_TEXT[part["type"]]
        for name, part in schema["properties"].items()
        if part.get("type") in _FROM_TEXT
    }

    def coerce(values: Any) -> Any:
        read = {}
        for name, value in values.items():
            read[name] = readers[name](value) if name in readers else value
        return read

    return coerce


def form_coercer(schema: Schema, formats: Formats = FORMATS) -> Coerce:
    """Reads the texts of an HTML form as the types of their properties.

    Lists and objects are JSON text.

    An empty text for a property that takes none is null, or is left out where null is not taken
    either and no `minLength` speaks of it. A list of objects has a field for each of their
    properties: see `Form.items_of`. A file is a list without items: no property takes one.
    """
    properties = schema.get("properties", {})
    lists = {
        name: form_coercer(part["items"], formats)
        for name, part in properties.items()
        if "properties" in part.get("items", {})
    }
    readers = {
        name: _FROM_TEXT[part["type"]]
        for name, part in properties.items()
        if part.get("type") in _FROM_TEXT
    }

    @cache
    def blank(name: str) -> Any:
        part = properties[name]
        if part.get("nullable"):
            return None if _refuses_blank(part, formats) else ""
        if "minLength" in part or name in schema.get("required", ()):
            return ""
        return ... if _refuses_blank(part, formats) else ""

    def read(name: str, text: Any) -> Any:
        if isinstance(text, Upload):
            return [] if name in properties else ...
        if text == "" and name in properties and blank(name) != "":
            return blank(name)
        return readers[name](text) if name in readers else text

    def coerce(form: Any) -> Any:
        fields = {name: read(name, text) for name, text in form.items() if name not in lists}
        for name, item in lists.items():
            fields[name] = [
                item(each) if isinstance(each, Form) else each for each in form.items_of(name)
            ] or ...
        return {name: value for name, value in fields.items() if value is not ...}

    return coerce


def _refuses_blank(schema: Schema, formats: Formats) -> bool:
    return not compile_schema(schema, formats).is_valid("")


def _from_json(text: str) -> Any:
    try:
        return read_json(text.encode(), _FORM_DEPTH)
    except Refusal:
        return text


def _integer(text: str) -> int | str:
    is_whole = text.removeprefix("-").isdecimal() and text.isascii()
    # Python refuses to read a number of thousands of digits.
    if is_whole and len(text) <= _MAX_DIGITS:
        return int(text)
    return text


def _number(text: str) -> float | str:
    whole = _integer(text)
    if isinstance(whole, int) or not FORMATS["numeric"](text):
        return whole
    return float(text)


def _boolean(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "object": _from_json,
    "array": _from_json,
}

"""What Django REST framework answers to OPTIONS: SimpleMetadata of a view that a router made."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.dialects.plain_json import format_of
from mockserver.documents.schema import Schema
from mockserver.documents.spec import Operation

_CHILD = {"type": "field", "required": True, "read_only": False}
"""What is said of the items of a list, and of the values of a free dictionary."""

_TYPES = {
    "boolean": "boolean",
    "integer": "integer",
    "string": "string",
    "array": "list",
    "object": "nested object",
}
_FORMATS = {
    "date-time": "datetime",
    "email": "email",
    "django-email": "email",
    "uri": "url",
    "django-url": "url",
}


def metadata(operations: Mapping[str, Operation]) -> dict[str, Any]:
    """The description of a view, which has these operations by method."""
    found: dict[str, Any] = {
        "name": _view_name(next(iter(operations.values())).path),
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }
    actions = {
        method: fields for method in ("PUT", "POST") if (fields := _fields(operations.get(method)))
    }
    if actions:
        found["actions"] = actions
    return found


def _view_name(path: str) -> str:
    """`Lead List` for `/api/leads/`, `Lead Instance` for one of them, else the action's name."""
    _, *steps = [step for step in path.split("/") if step]
    if steps and steps[-1].startswith("{"):
        return f"{_model(steps[-2:][0])} Instance"
    if len(steps) == 1:
        return f"{_model(steps[0])} List"
    return "".join(steps[-1:]).replace("-", " ").capitalize()


def _model(step: str) -> str:
    """The singular of a path's step, as a title: `Lead Type` for `lead-types`."""
    return step.removesuffix("s").replace("-", " ").title()


def _fields(operation: Operation | None) -> dict[str, Any]:
    """What is said of each field of the view's serializer; empty where it has none.

    That is the serializer of the answers, if these have the fields of the request.
    """
    if operation is None or operation.body is None:
        return {}
    sent: Schema = operation.body.reader.schema
    names = sent.get("properties", {}).keys()
    if not names:
        return {}
    schema = next((each for each in _answers(operation) if _shares(each, names)), sent)
    required = schema.get("required", ())
    found = {}
    for name, part in schema["properties"].items():
        key = sent["properties"].get(name, {}).get("x-reference")
        reference = {"x-reference": key} if key else {}
        found[name] = _field(name, part | reference, name in required)
    return found


def _answers(operation: Operation) -> Iterator[Schema]:
    """The schemas of the operation's answers to a request that succeeded."""
    for answer in operation.answers.values():
        if answer.status < 300 and answer.validator is not None:
            yield answer.validator.schema


def _shares(schema: Schema, names: Any) -> bool:
    """Whether the schema has some of these properties."""
    return not names.isdisjoint(schema.get("properties", ()))


def _field(name: str, schema: Schema, required: bool) -> dict[str, Any]:
    read_only = bool(schema.get("readOnly"))
    choices = _choices(schema)
    found: dict[str, Any] = {
        "type": _type(schema, bool(choices)),
        "required": required and not read_only,
        "read_only": read_only,
        "label": "ID" if name == "id" else name.replace("_", " ").capitalize(),
    }
    for keyword, key in (
        ("maxLength", "max_length"),
        ("minimum", "min_value"),
        ("maximum", "max_value"),
    ):
        if keyword in schema:
            found[key] = schema[keyword]
    if found["type"] in ("list", "nested object"):
        found["child"] = dict(_CHILD)
    if choices and not read_only:
        found["choices"] = [{"value": each, "display_name": each} for each in choices]
    return found


def _type(schema: Schema, has_choices: bool) -> str:
    if "x-reference" in schema:
        return "field"
    if has_choices:
        return "choice"
    return _FORMATS.get(format_of(schema)) or _TYPES.get(schema.get("type", ""), "field")


def _choices(schema: Schema) -> list[str]:
    """The values of a field of choices, without those that mean nothing is chosen."""
    parts = [schema]
    for group in ("oneOf", "anyOf", "allOf"):
        parts += schema.get(group, ())
    return [each for part in parts for each in part.get("enum", ()) if each not in ("", None)]

"""How Django REST framework's serializers find their fields in an HTML form.

All values stay texts: the fields read them afterwards, as they read those of JSON.
"""

import re
from functools import cache
from typing import Any

from mockserver.documents.formats import Formats
from mockserver.documents.schema import Coerce, Schema, compile_schema
from mockserver.forms import Form, Upload, is_item

FILE_KEY = "\0file"
"""The only member of the object that stands for a file. No body has it, as NUL is refused."""


def file_in(value: Any) -> Upload | None:
    """The file that stands in a value of a form; None where it is something else."""
    if isinstance(value, dict) and FILE_KEY in value:
        name, kind = value[FILE_KEY]
        return Upload(name, kind)
    return None


def form_reader(schema: Schema, formats: Formats) -> Coerce:
    """Compiles how a serializer with this schema finds its values in a form.

    A free dictionary `name` has the fields `name.key`; a list of serializers the fields
    `name[0]key`. An empty text for a field that takes none is null, or is left out where the field
    takes no null either and is not required. Files under other names are left out.
    """
    properties = schema.get("properties", {})
    dictionaries: dict[str, re.Pattern[str]] = {}
    lists: dict[str, Coerce] = {}
    for name, part in properties.items():
        if part.get("type") == "array":
            lists[name] = form_reader(part.get("items", {}), formats)
        elif part.get("type") == "object" and not part.get("properties"):
            dictionaries[name] = re.compile(rf"^{re.escape(name)}\.(.+)$")

    @cache
    def blank(name: str) -> Any:
        return _blank(properties[name], formats, name in schema.get("required", ()))

    def read(form: Any) -> Any:
        if not isinstance(form, Form):
            return form
        fields = {}
        for name, value in form.items():
            if name in dictionaries or name in lists:
                continue
            if isinstance(value, Upload):
                if name in properties:
                    fields[name] = {FILE_KEY: [value.name, value.kind]}
                continue
            # A name that is no field's is not to be remembered: a client may send any number.
            read_value = blank(name) if value == "" and name in properties else value
            if read_value is not ...:
                fields[name] = read_value
        for name, pattern in dictionaries.items():
            _read_dictionary(form, fields, name, pattern)
        for name, reader in lists.items():
            _read_list(form, fields, name, reader)
        return fields

    return read


def _blank(schema: Schema, formats: Formats, is_required: bool) -> Any:
    """What an empty text means: itself, null, or `...` where it is as if it had not been sent."""
    if compile_schema(schema, formats).is_valid(""):
        return ""
    if schema.get("nullable"):
        return None
    # Only a required field says in its schema how short its text may be.
    if is_required or "minLength" in schema:
        return ""
    return ...


def _read_dictionary(
    form: Form, fields: dict[str, Any], name: str, pattern: re.Pattern[str]
) -> None:
    """DictField: the fields `name.key`; empty where there is only a field of that name."""
    found = {}
    for key in form:
        match = pattern.match(key)
        if match is None:
            continue
        fields.pop(key, None)
        if not isinstance(form[key], Upload):
            found[match[1]] = form[key]
    if found or name in form:
        fields[name] = found


def _read_list(form: Form, fields: dict[str, Any], name: str, reader: Coerce) -> None:
    """ListField: the value of that name, or the fields `name[0]`, `name[0]key`, ..."""
    if name in form:
        value = form[name]
        is_file = isinstance(value, Upload)
        fields[name] = [{FILE_KEY: [value.name, value.kind]} if is_file else value]
        return
    items = form.items_of(name)
    if items:
        fields[name] = [reader(item) for item in items]
        for key in [key for key in fields if is_item(key, name)]:
            del fields[key]

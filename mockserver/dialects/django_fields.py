"""The fields of Django REST framework's serializers: how each reads one value, and what it says.

A field is made from a schema of the document by `field_of`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from mockserver.dialects.django_formats import FORMATS
from mockserver.dialects.django_forms import file_in
from mockserver.dialects.plain_json import as_it_is, format_of
from mockserver.documents import formats
from mockserver.documents.formats import Format
from mockserver.documents.schema import Coerce, Schema

Complain = Callable[[Any], list[str]]
"""What a field says of a value that it refuses; empty where it has only its general sentence."""

_BLANK = "This field may not be blank."
_OUT_OF_RANGE = "Datetime value out of range."
_WRONG_KEY = "Incorrect type. Expected pk value, received {}."
_WRONG_DATE_TIME = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
_WRONG_FORMAT = {
    "email": "Enter a valid email address.",
    "django-email": "Enter a valid email address.",
    "phone": "Enter a valid phone number.",
    "uri": "Enter a valid URL.",
    "django-url": "Enter a valid URL.",
    "uuid": "Must be a valid UUID.",
}
"""What a field says of a text that does not have its format."""

_IS_OF_FORMAT: Mapping[str, Format] = {**formats.FORMATS, **FORMATS}

_TRUE = frozenset({"t", "y", "yes", "true", "on", "1", 1})
_FALSE = frozenset({"f", "n", "no", "false", "off", "0", 0})
_ZERO_FRACTION = re.compile(r"\.0*\s*$")
_MAX_INTEGER_TEXT = 1000
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"[T ](?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:[\.,](?P<microsecond>\d{1,6})\d{0,6})?)?"
    r"\s*+(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?$"
)
"""Django's own pattern of a date-time, which allows one digit for a month or an hour.

A line end may follow, as `$` lets it."""

_NO_OFFSET = "-00:00"
"""How RFC 3339 (4.3) writes that the offset is not known."""


@dataclass(frozen=True, slots=True)
class Field:
    """One serializer field: how it reads a value, and what it says of a value that it refuses.

    `read` returns a value that the field refuses as it was sent. The field says what `complain`
    returns, or the sentence `otherwise` where that is an empty list.
    """

    read: Coerce
    complain: Complain
    otherwise: str


def field_of(schema: Schema, zone: tzinfo) -> Field:
    """The serializer field that has this schema.

    A time without an offset is read as one of `zone`.
    """
    if "x-reference" in schema:
        return _KEY
    if _has_choices(schema):
        return _CHOICE
    if schema.get("format") == "date-time":
        return _date_time_field(zone)
    kind = schema.get("type")
    if kind == "object":
        return _object_field(schema, zone)
    if kind == "integer":
        return _integer_field(schema)
    if kind == "string":
        return _text_field(schema)
    return _SIMPLE.get(kind, _ANY)


def _has_choices(schema: Schema) -> bool:
    parts = [schema]
    for group in ("oneOf", "anyOf", "allOf"):
        parts += schema.get(group, ())
    return any(part.get("enum") for part in parts)


def _no_complaint(value: Any) -> list[str]:
    return []


def _complain_of_choice(value: Any) -> list[str]:
    file = file_in(value)
    shown = file.name if file is not None else value
    return [f'"{shown}" is not a valid choice.']


# Objects and lists


def _object_field(schema: Schema, zone: tzinfo) -> Field:
    """A serializer where the schema has properties, otherwise a field for a free dictionary."""
    properties = schema.get("properties", {})
    if not properties:
        return Field(as_it_is, _complain_of_dictionary, "")
    readers: dict[str, Coerce] = {}
    for name, part in properties.items():
        read = field_of(part, zone).read
        if read is not as_it_is:
            readers[name] = read
    return Field(_serializer_reader(readers), _complain_of_serializer, "Invalid data.")


def _serializer_reader(readers: Mapping[str, Coerce]) -> Coerce:
    # Most values are texts, and calling their reader would cost more than what it does.
    texts = frozenset(name for name, reader in readers.items() if reader is _read_text)

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        found = {}
        for name, item in value.items():
            if type(item) is str and name in texts:
                found[name] = item.strip()
            elif name in readers:
                found[name] = readers[name](item)
            else:
                found[name] = item
        return found

    return read


def _complain_of_serializer(value: Any) -> list[str]:
    if value is None:
        return ["No data provided"]
    return [f"Invalid data. Expected a dictionary, but got {type(value).__name__}."]


def _complain_of_dictionary(value: Any) -> list[str]:
    return [f'Expected a dictionary of items but got type "{type(value).__name__}".']


def _complain_of_list(value: Any) -> list[str]:
    if isinstance(value, list):
        return []
    return [f'Expected a list of items but got type "{type(value).__name__}".']


# Primary keys, booleans and integers


def _read_key(value: Any) -> Any:
    """A primary key as Django looks it up: `int()` of texts and fractions, null for an empty text.

    Booleans stay, because the field refuses them although Python counts them as integers.
    """
    if value == "":
        return None
    if not isinstance(value, str | float):
        return value
    try:
        return int(value)
    except ValueError:
        return value


def _complain_of_key(value: Any) -> list[str]:
    file = file_in(value)
    kind = file.kind if file is not None else type(value).__name__
    return [_WRONG_KEY.format(kind)]


def _read_boolean(value: Any) -> Any:
    plain = value.lower() if isinstance(value, str) else value
    if not isinstance(plain, str | int | float):
        return value
    if plain in _TRUE:
        return True
    if plain in _FALSE:
        return False
    return value


def _integer_field(schema: Schema) -> Field:
    def complain(value: Any) -> list[str]:
        return _complain_of_integer(schema, value)

    return Field(_read_integer, complain, "A valid integer is required.")


def _read_integer(value: Any) -> Any:
    """IntegerField: `int()` of the value's text, without a fraction of zeros.

    A number such as `1e30` becomes a text. A schema would accept the number as an integer, but
    `int("1e+30")` fails, and so the framework refuses it.
    """
    if type(value) is int or not isinstance(value, str | float):
        return value
    text = str(value)
    if len(text) > _MAX_INTEGER_TEXT:
        return value
    try:
        return int(_ZERO_FRACTION.sub("", text))
    except ValueError:
        return text


def _complain_of_integer(schema: Schema, value: Any) -> list[str]:
    if isinstance(value, str) and len(value) > _MAX_INTEGER_TEXT:
        return ["String value too large."]
    if type(value) is not int:
        return []
    if value < schema.get("minimum", value):
        return [f"Ensure this value is greater than or equal to {schema['minimum']}."]
    if value > schema.get("maximum", value):
        return [f"Ensure this value is less than or equal to {schema['maximum']}."]
    return []


# Texts


def _text_field(schema: Schema) -> Field:
    def complain(value: Any) -> list[str]:
        return _complain_of_text(schema, value)

    otherwise = _WRONG_FORMAT.get(format_of(schema), "Not a valid string.")
    return Field(_text_reader(schema), complain, otherwise)


def _text_reader(schema: Schema) -> Coerce:
    if schema.get("format") == "email" and schema.get("nullable"):
        return _read_nullable_email
    return _read_text


def _read_text(value: Any) -> Any:
    """CharField: numbers become texts, white space around a text is cut off."""
    if type(value) is str:
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _read_nullable_email(value: Any) -> Any:
    """An empty address is null: the format would refuse an empty text, the field does not."""
    text = _read_text(value)
    return None if text == "" else text


def _complain_of_text(schema: Schema, value: Any) -> list[str]:
    if not isinstance(value, str):
        return []
    if not value and schema.get("minLength"):
        return [_BLANK]
    found = []
    if len(value) > schema.get("maxLength", len(value)):
        found.append(f"Ensure this field has no more than {schema['maxLength']} characters.")
    format = format_of(schema)
    if format in _WRONG_FORMAT and not _IS_OF_FORMAT[format](value):
        found.append(_WRONG_FORMAT[format])
    return found


# Times


def _date_time_field(zone: tzinfo) -> Field:
    def read(value: Any) -> Any:
        return _read_date_time(value, zone)

    def complain(value: Any) -> list[str]:
        return _complain_of_date_time(value, zone)

    return Field(read, complain, _WRONG_DATE_TIME)


def _read_date_time(value: Any, zone: tzinfo) -> Any:
    """DateTimeField: the moment in UTC; a time without an offset has that of `_NO_OFFSET`."""
    if not isinstance(value, str):
        return value
    moment = date_time(value, zone)
    if not isinstance(moment, datetime):
        # The schema knows other date-times: this one it has to refuse.
        return _OUT_OF_RANGE if isinstance(moment, str) else ""
    if moment.tzinfo is None:
        return moment.isoformat() + _NO_OFFSET
    return moment.astimezone(UTC).isoformat()


def moment_in(text: str, zone: tzinfo) -> datetime:
    """The moment of a text that DateTimeField has read.

    One without an offset is a time of `zone`. Raises Refusal.
    """
    moment = datetime.fromisoformat(text)
    if text.endswith(_NO_OFFSET):
        return moment.replace(tzinfo=zone)
    return moment


def _complain_of_date_time(value: Any, zone: tzinfo) -> list[str]:
    return [value] if value == _OUT_OF_RANGE else []


def date_time(text: str, zone: tzinfo) -> datetime | str | None:
    """The moment that DateTimeField reads in a text, without an offset where the text has none.

    Returns the framework's complaint for a moment that is out of range, in `zone` or in UTC, and
    None for a text that is no date-time. Every form of `datetime.fromisoformat` and of Django's own
    pattern is read.
    """
    moment = _parsed(text)
    if moment is None:
        return None
    there = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        there.astimezone(UTC).astimezone(zone)
    except OverflowError:
        return _OUT_OF_RANGE
    return moment


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    match = _DATE_TIME.match(text)
    if match is None:
        return None
    parts = match.groupdict()
    zone = parts.pop("zone")
    # The fraction of a second is written without the zeros at its end.
    parts["microsecond"] = (parts["microsecond"] or "").ljust(6, "0")
    numbers = {name: int(part) for name, part in parts.items() if part}
    try:
        return datetime(**numbers, tzinfo=_offset(zone))
    except ValueError:
        return None


def _offset(text: str | None) -> timezone | None:
    """The offset that `Z`, `+02`, `+0200` or `+02:00` means."""
    if text is None:
        return None
    if text == "Z":
        return UTC
    minutes = 60 * int(text[1:3])
    if len(text) > 3:
        minutes += int(text[-2:])
    if text[0] == "-":
        minutes = -minutes
    return timezone(timedelta(minutes=minutes))


_KEY = Field(_read_key, _complain_of_key, _WRONG_KEY.format("str"))
_CHOICE = Field(as_it_is, _complain_of_choice, "")
_ANY = Field(as_it_is, _no_complaint, "")
_SIMPLE: Mapping[Any, Field] = {
    "boolean": Field(_read_boolean, _no_complaint, "Must be a valid boolean."),
    "array": Field(as_it_is, _complain_of_list, "Expected a list of items."),
}
"""The fields that depend on nothing but the type."""

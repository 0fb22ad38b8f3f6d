"""Reads JSON into values as System.Text.Json does with the web defaults of ASP.NET Core.

It converts as it reads. The first thing wrong, in the order of the text, of syntax or of type, ends
it and is the only one told. Its path leads to where the reader is, and its place is the byte that
the reader has come to. Members that a type lacks are skipped unread.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from mockserver.dialects import utf8_json
from mockserver.dialects.dot_net_values import ascii_folded, date_time, floating, int32, single
from mockserver.dialects.utf8_json import Broken, NotText, Utf8JsonReader, position
from mockserver.documents.schema import Schema
from mockserver.errors import Path

_NOT_CONVERTED = "The JSON value could not be converted to {}."
_NO_MEMBER = "The JSON property '{}' could not be mapped to any .NET member contained in type '{}'."

_SPECIAL = re.compile(r"""[.' /"\[\]()\t\n\r\f\b\\\x85\u2028\u2029]""")


class Stop(Exception):
    """A text cannot be read into its type: the path of the reader, and what is said."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


class Reading:
    """A text on its way into a type: the reader, and the path to where it is."""

    def __init__(self, raw: bytes, max_depth: int) -> None:
        self.tokens = Utf8JsonReader(raw, max_depth)
        self.path: list[str | int] = []

    def text(self, type: str) -> str:
        """The last text or name. Raises Stop for one that .NET or this server cannot keep."""
        try:
            text = self.tokens.text()
        except NotText:
            raise self.unconverted(type) from None
        # .NET keeps NUL; this server refuses it for all vendors.
        if "\0" in text:
            raise self.unconverted(type)
        return text

    def unconverted(self, type: str) -> Stop:
        """The type cannot hold the value that the reader has come to."""
        return self.stop(_NOT_CONVERTED.format(type), self.tokens.at)

    def stop(self, words: str, at: int) -> Stop:
        """The words with the path and the place of a byte."""
        line, byte = position(self.tokens.raw, at)
        path = json_path(tuple(self.path))
        return Stop(
            path, f"{words} Path: {path} | LineNumber: {line} | BytePositionInLine: {byte}."
        )


class Converter(Protocol):
    """Reads a value of one .NET type, whose full name is `type`."""

    @property
    def type(self) -> str:
        """The name that stands in errors."""
        ...

    def read(self, reading: Reading) -> Any:
        """The value whose first token was read last. Raises Stop and Broken."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string. Null is one, too."""

    type: str = "System.String"

    def read(self, reading: Reading) -> str | None:
        """See `Converter`."""
        if reading.tokens.token == utf8_json.TEXT:
            return reading.text(self.type)
        if reading.tokens.token != utf8_json.NULL:
            raise reading.unconverted(self.type)
        return None


@dataclass(frozen=True, slots=True)
class Flag:
    """A Boolean."""

    type: str = "System.Boolean"

    def read(self, reading: Reading) -> bool:
        """See `Converter`."""
        if reading.tokens.token not in (utf8_json.TRUE, utf8_json.FALSE):
            raise reading.unconverted(self.type)
        return reading.tokens.token == utf8_json.TRUE


@dataclass(frozen=True, slots=True)
class Number:
    """A number or an enum; in a text too, where `quoted` says so."""

    type: str
    parse: Callable[[str], int | float]
    quoted: bool

    def read(self, reading: Reading) -> int | float:
        """See `Converter`."""
        token = reading.tokens.token
        try:
            if token == utf8_json.NUMBER:
                return self.parse(reading.tokens.span.decode("ascii"))
            if token == utf8_json.TEXT and self.quoted:
                return self.parse(reading.text(self.type))
        except ValueError:
            pass
        raise reading.unconverted(self.type)


@dataclass(frozen=True, slots=True)
class Moment:
    """A DateTime; its value stays the text that was sent."""

    type: str = "System.DateTime"

    def read(self, reading: Reading) -> str:
        """See `Converter`."""
        if reading.tokens.token != utf8_json.TEXT:
            raise reading.unconverted(self.type)
        text = reading.text(self.type)
        try:
            date_time(text)
        except ValueError:
            raise reading.unconverted(self.type) from None
        return text


@dataclass(frozen=True, slots=True)
class Optional:
    """`Nullable<T>`: null, or a value. The errors of the value name this type."""

    type: str
    value: "Number | Flag | Moment"

    def read(self, reading: Reading) -> Any:
        """See `Converter`."""
        if reading.tokens.token == utf8_json.NULL:
            return None
        return self.value.read(reading)


@dataclass(frozen=True, slots=True)
class Items:
    """`List<T>`. While its items are read the path ends with the number of those that it has."""

    type: str
    item: Converter

    def read(self, reading: Reading) -> list[Any] | None:
        """See `Converter`."""
        tokens = reading.tokens
        if tokens.token == utf8_json.NULL:
            return None
        if tokens.token != utf8_json.ARRAY:
            raise reading.unconverted(self.type)
        found: list[Any] = []
        reading.path.append(0)
        while tokens.read() != utf8_json.ARRAY_END:
            found.append(self.item.read(reading))
            reading.path[-1] = len(found)
        reading.path.pop()
        return found


@dataclass(frozen=True, slots=True)
class Entries:
    """`Dictionary<string, string>`."""

    type: str
    value: Converter

    def read(self, reading: Reading) -> dict[str, Any] | None:
        """See `Converter`."""
        tokens = reading.tokens
        if tokens.token == utf8_json.NULL:
            return None
        if tokens.token != utf8_json.OBJECT:
            raise reading.unconverted(self.type)
        found: dict[str, Any] = {}
        while tokens.read() != utf8_json.OBJECT_END:
            name = reading.text(self.value.type)
            reading.path.append(name)
            tokens.read()
            found[name] = self.value.read(reading)
            reading.path.pop()
        return found


class Member(NamedTuple):
    """A property of a class: its name in the document, and what reads it."""

    name: str
    converter: Converter


@dataclass(frozen=True, slots=True)
class Record:
    """An object of a class.

    `members` has them by name; with `lenient` also by `ascii_folded` name. Otherwise a name must be
    spelled as in the document, and one that the class lacks is refused.
    """

    type: str
    members: Mapping[str, Member]
    lenient: bool
    names: frozenset[str]
    """The names as the document spells them."""
    has_records: bool
    """Whether a member is a list of objects of a class."""

    def read(self, reading: Reading) -> dict[str, Any] | None:
        """See `Converter`."""
        tokens = reading.tokens
        if tokens.token == utf8_json.NULL:
            return None
        if tokens.token != utf8_json.OBJECT:
            raise reading.unconverted(self.type)
        found: dict[str, Any] = {}
        while tokens.read() != utf8_json.OBJECT_END:
            name = self._name(reading)
            member = self.member(name)
            reading.path.append(name)
            if member is not None:
                tokens.read()
                found[member.name] = member.converter.read(reading)
            elif self.lenient:
                tokens.read()
                tokens.skip()
            else:
                raise reading.stop(_NO_MEMBER.format(name, self.type), tokens.at)
            reading.path.pop()
        return found

    def member(self, name: str) -> Member | None:
        """The member of that name."""
        found = self.members.get(name)
        if found is None and self.lenient:
            found = self.members.get(ascii_folded(name))
        return found

    def _name(self, reading: Reading) -> str:
        try:
            return reading.tokens.name()
        except NotText:
            raise reading.unconverted(self.type) from None


def convert(raw: bytes, converter: Converter, max_depth: int) -> Any:
    """The value of a text. Raises Stop where it cannot be read."""
    reading = Reading(raw, max_depth)
    try:
        reading.tokens.read()
        value = converter.read(reading)
        reading.tokens.read()
    except Broken as broken:
        raise reading.stop(broken.words, broken.at) from None
    return value


_NAME_END = re.compile(rb'"[ \t\r\n]*+:')
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")


def hides_a_value(raw: bytes, value: Any, record: Record) -> bool:
    """Whether a value that another parser made of the text may lack one that this one would read.

    That is one of several with the same name: all but the last are gone. Two names may differ in
    letter case, or in escaped letters.
    """
    if type(value) is not dict:
        return False
    if _repeats(value, record):
        return True
    # `find` and not `in`: CPython first tries to take the bytes for one number.
    if raw.find(b"\\u00") >= 0 and _ESCAPED_LETTER.search(raw):
        return True
    # Counting the colons is faster than looking for names, and a text rarely has others.
    colons = raw.count(b":")
    if colons == len(value):
        return False
    names = _count_names(value)
    return colons > names and len(_NAME_END.findall(raw)) > names


def _repeats(value: dict[str, Any], record: Record) -> bool:
    """Whether an object, or one in a list of it, spells the name of a member in two ways."""
    if not value.keys() <= record.names:
        members = [member for member in map(record.member, value) if member is not None]
        if len({member.name for member in members}) < len(members):
            return True
    if not record.has_records:
        return False
    for name, part in value.items():
        member = record.member(name)
        if member is None or type(part) is not list or not isinstance(member.converter, Items):
            continue
        item = member.converter.item
        if isinstance(item, Record) and _any_repeats(part, item):
            return True
    return False


def _any_repeats(values: list[Any], record: Record) -> bool:
    names = record.names
    if record.has_records:
        return any(type(value) is dict and _repeats(value, record) for value in values)
    for value in values:
        # Nearly every item spells its names as the document does.
        if type(value) is dict and not value.keys() <= names and _repeats(value, record):
            return True
    return False


def _count_names(value: Any) -> int:
    """How many names the objects in a value have."""
    parts = value
    count = 0
    if type(value) is dict:
        count = len(value)
        parts = value.values()
    for part in parts:
        if type(part) is dict or type(part) is list:
            count += _count_names(part)
    return count


def json_path(path: Path) -> str:
    """`$.leads[3].callData['first name']`, as System.Text.Json writes it."""
    text = "$"
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _SPECIAL.search(step):
            text += f"['{step}']"
        else:
            text += f".{step}"
    return text


_VALUES = {"boolean": "System.Boolean", "integer": "System.Int32", "number": "System.Double"}
_FORMATS = {"float": "System.Single", "date-time": "System.DateTime"}


class Types:
    """Makes converters of the schemas of a document.

    `names` has by property the full name of the type of its value, or of its items, where that is
    an enum or a class. `lenient` reads with the web defaults, otherwise to the letter.
    """

    def __init__(self, names: Mapping[str, str], lenient: bool) -> None:
        self._names = names
        self._lenient = lenient

    def record(self, schema: Schema, type: str) -> Record:
        """What reads an object of that class."""
        members = {}
        required = schema.get("required", ())
        for name, part in schema.get("properties", {}).items():
            converter = self._converter(part, self._names.get(name), name in required)
            members[name] = Member(name, converter)
        names = frozenset(members)
        converters = [member.converter for member in members.values()]
        has_records = any(
            isinstance(each, Items) and isinstance(each.item, Record) for each in converters
        )
        if self._lenient:
            # The lower-case names come last: where two differ in case only, the last one counts.
            members |= {ascii_folded(name): member for name, member in members.items()}
        return Record(type, members, self._lenient, names, has_records)

    def _converter(self, schema: Schema, name: str | None, required: bool = False) -> Converter:
        kind = schema.get("type")
        if kind == "array":
            item = self._converter(schema.get("items", {}), name)
            return Items(f"System.Collections.Generic.List`1[{item.type}]", item)
        if kind == "object" and "properties" in schema:
            return self.record(schema, name or "System.Object")
        if kind == "object":
            value = Text()
            type = f"System.Collections.Generic.Dictionary`2[System.String,{value.type}]"
            return Entries(type, value)
        plain = self._plain(schema, name)
        if plain is None:
            return Text()
        # [Required] says something only of a type that can be null.
        if schema.get("nullable") or required:
            type = f"System.Nullable`1[{plain.type}]"
            return Optional(type, replace(plain, type=type))
        return plain

    def _plain(self, schema: Schema, name: str | None) -> Number | Flag | Moment | None:
        """What reads a value type; None for a string."""
        kind, format = schema.get("type"), schema.get("format", "")
        if kind == "boolean":
            return Flag()
        if kind == "integer":
            return Number(name or _VALUES[kind], int32, self._lenient and name is None)
        if kind == "number":
            parse = single if format == "float" else floating
            return Number(_FORMATS.get(format, _VALUES[kind]), parse, self._lenient)
        if format == "date-time":
            return Moment()
        return None

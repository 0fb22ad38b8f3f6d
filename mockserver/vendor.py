"""What a vendor module is made of.

A Vendor with its dialect, tables, settings, matching rules and handlers.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Protocol

from mockserver.call import Call
from mockserver.credential import Authenticate, Credential
from mockserver.documents.formats import FORMATS, Format, Formats
from mockserver.documents.provenance import Provenance
from mockserver.documents.schema import Coerce, Schema
from mockserver.documents.wording import written
from mockserver.errors import Refusal
from mockserver.identity import DEFAULT_REGION, REGIONS
from mockserver.life.lifecycle import Lifecycle
from mockserver.life.people import Profiles
from mockserver.matching import MatchingRule
from mockserver.sections import Section
from mockserver.state.tables import TableSpec
from mockserver.state.transaction import Transaction

Header = tuple[bytes, bytes]
"""The name of a header, in lower case, and its value."""


@dataclass(slots=True)
class Reply:
    """What a handler answers.

    A status, a body for JSON (bytes are sent as they are) and headers beyond the usual ones. The
    Content-Type is the dialect's unless it is among the headers. `wrapped` says whether the body
    goes into the envelope of a dialect that has one.
    """

    body: Any = None
    status: int = 200
    headers: tuple[Header, ...] = ()
    wrapped: bool = True


Value = str | int | bool | Sequence[float]
"""What a setting can be: a text, an integer, a switch, or a list of numbers."""

_TYPES = {bool: "boolean", int: "integer", str: "string"}
_KINDS = {bool: "true or false", int: "an integer, like {}", str: "a text, like {}"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One switch for a behaviour that the vendor's documentation leaves open.

    `values` are the choices; empty means any value of the default's type. An integer, and each
    number of a list, is no less than `least` and no more than `most`. `choices` says in words what
    they are, where they are too many to list.

    A setting is a list of numbers if its default is a tuple of them. `lengths` says how many
    numbers a list has: the fewest and the most. Handlers get it as a list, which they do not
    change.

    A text has to match `pattern` as a whole, where there is one; `choices` then says what it asks.
    """

    name: str
    default: str | int | bool | tuple[float, ...]
    help: str
    provenance: Provenance
    source: str
    values: Sequence[str | int | bool] = ()
    least: int | None = None
    choices: str = ""
    most: int | None = None
    lengths: tuple[int, int] = (1, 100)
    pattern: str = ""

    @property
    def initial(self) -> Value:
        """The default as workspaces, fixtures and the control API have it."""
        if isinstance(self.default, tuple):
            return list(self.default)
        return self.default

    def refuses(self, value: Any) -> str | None:
        """Why the value is none of this setting's, or None."""
        if isinstance(self.default, tuple):
            return self._refuses_list(value)
        if self.values and value not in self.values:
            return "must be " + (self.choices or f"one of {', '.join(map(written, self.values))}")
        if type(value) is not type(self.default):
            return "must be " + _KINDS[type(self.default)].format(self.default)
        if self.pattern and not re.fullmatch(self.pattern, str(value)):
            return f"must be {self.choices}"
        if isinstance(value, int):
            return self._refuses_number(value)
        return None

    def _refuses_list(self, value: Any) -> str | None:
        if not isinstance(value, list):
            return f"must be a list of numbers, like {self.initial}"
        fewest, most = self.lengths
        if len(value) < fewest:
            return f"must have at least {_numbers(fewest)}"
        if len(value) > most:
            return f"must have at most {_numbers(most)}"
        for position, number in enumerate(value, 1):
            reason = self._refuses_item(number)
            if reason is not None:
                return f"number {position} of the list {reason}"
        return None

    def _refuses_item(self, value: Any) -> str | None:
        # A boolean is an int in Python, and YAML has .nan and .inf.
        if type(value) is int or (type(value) is float and isfinite(value)):
            return self._refuses_number(value)
        return "must be a number"

    def _refuses_number(self, value: float) -> str | None:
        if self.least is not None and value < self.least:
            return f"must be at least {self.least}"
        if self.most is not None and value > self.most:
            return f"must be at most {self.most}"
        return None

    @property
    def schema(self) -> Schema:
        """The JSON Schema of its values."""
        schema: Schema = {"description": self.help, "default": self.initial}
        if self.choices:
            schema["description"] = f"{self.help} It is {self.choices}."
        elif self.values:
            return schema | {"enum": list(self.values)}
        if self.pattern:
            return schema | {"type": "string", "pattern": f"^({self.pattern})$"}
        if not isinstance(self.default, tuple):
            return schema | {"type": _TYPES[type(self.default)]} | self._bounds
        fewest, most = self.lengths
        items = {"type": "number"} | self._bounds
        return schema | {"type": "array", "items": items, "minItems": fewest, "maxItems": most}

    @property
    def _bounds(self) -> Schema:
        bounds = {"minimum": self.least, "maximum": self.most}
        return {keyword: limit for keyword, limit in bounds.items() if limit is not None}


def _numbers(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def phone_region(source: str) -> Setting:
    """The setting of a vendor that reads phone numbers: whose need no country code."""
    return Setting(
        "phone_region",
        DEFAULT_REGION,
        "The region of phone numbers without a country code.",
        "chosen",
        source,
        REGIONS,
        choices="a region of the phone library, like US or NL",
    )


MAGIC = Setting(
    "magic",
    "on",
    "Whether magic e-mail addresses and phone numbers in a request ask for a fault.",
    "chosen",
    "this server",
    ("on", "off"),
)
"""A setting that every vendor has."""

CORS = Setting(
    "cors",
    "off",
    "Whether web pages of other sites may call the API: preflights are answered, and each answer "
    "to a request with an Origin allows it. Requests without a workspace, preflights among them, "
    "follow the default workspace.",
    "chosen",
    "this server",
    ("on", "off"),
)
"""Another one: the vendors document nothing for browsers."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One rule of behaviour in a sentence, with how sure it is and where it stands."""

    rule: str
    provenance: Provenance
    source: str


class Dialect(Protocol):
    """How a vendor's framework reads requests and phrases answers.

    One instance serves every request of a vendor. Its members stand here in the order in which
    they are asked; `mockserver.dialects.plain_json.PlainJson` has a default for each.
    """

    # At the start, when the document is read.

    formats: Mapping[str, Format]
    """The framework's own string formats, by the name that an `x-format` of the document uses.

    A test is given a text and says whether it is one.
    """

    def coercer(self, schema: Schema) -> Coerce:
        """Compiles how the framework reads a value of that schema, `$ref`s resolved.

        Asked for each body of the document, in `vendor` strictness only. What it returns is given a
        parsed body and leaves alone what it cannot read: the schema judges that.
        """
        ...

    def form_coercer(self, schema: Schema, formats: Formats) -> Coerce:
        """Compiles how the framework reads an HTML form before the `coercer` of that schema does.

        Asked for each body of the document, in `vendor` strictness only. What it returns is given a
        `mockserver.forms.Form`.
        """
        ...

    def authenticator(self, credential: Credential) -> Authenticate:
        """Compiles how the framework reads the vendor's credential.

        Asked once. What it returns is given each request whose path there is (with
        `authenticates_first` whatever its method, else those whose method there is too), before
        its body is looked at. It returns the name of the account, or None where there is none.

        It raises Refusal("unauthorized") for a credential that is not well formed, and what else
        the framework refuses before that.
        """
        ...

    # For bytes that are no request.

    def refuse_unread(self, status: int, sentence: str) -> Reply:
        """The answer to bytes that could not be read as a request, with a body of bytes.

        That is what the framework's own server sends before the framework sees anything: 400, 408,
        414, 431, 501 or 505. `sentence` says what is wrong.
        """
        ...

    # For each request: its bytes, its path, its method.

    def decoded(self, raw: bytes, content_type: str) -> bytes:
        """A body as the framework's parser gets it, its text in UTF-8.

        Asked first of all, of a body that was read whole. Plain ASCII of a media type without
        parameters is not asked about.
        """
        ...

    case_sensitive_paths: bool
    trailing_slashes: bool
    """Whether a slash at the end of a path matters."""
    implicit_methods: Mapping[str, str]
    """Methods the framework adds to a route: `{"HEAD": "GET"}`."""
    decodes_paths: bool
    """Whether a path is decoded as a whole, by `decoded_path`, before it is looked up.

    Otherwise it is split first, and each of its parameters is decoded by itself.
    """

    def decoded_path(self, path: str, raw_path: str) -> str:
        """A path as the framework's routes see it. Raises Refusal for one that it refuses.

        `path` has its escapes read as UTF-8, `raw_path` has them as they came.
        """
        ...

    def method(self, name: str) -> str:
        """The method that a name means: `get` is `GET` for a framework that ignores case."""
        ...

    authenticates_first: bool
    """Whether a missing credential is told before a wrong method."""

    parameter: re.Pattern[str]
    """What a path parameter may be, as text: the whole of it has to match."""

    # For each request with an operation and a workspace: its parameters and its body.

    def check(self, call: Call) -> None:
        """Hook before anything of the request is read. Raises Refusal."""
        ...

    def path_parameter(self, name: str, kind: str, text: str) -> Any:
        """A path parameter as its type.

        Raises Refusal: of the kind `invalid` for what is told together with problems of query and
        body, otherwise it is the answer.
        """
        ...

    strict_query: bool
    """Whether query parameters are validated in `vendor` strictness too.

    Otherwise bad and unknown ones are handed on as text.
    """
    empty_body: Any
    """What a body of no bytes is read as; `...` where it is refused as malformed."""

    def media_type(self, content_type: str, offered: tuple[str, ...]) -> str | None:
        """Which offered media type a Content-Type means, or None: it is refused.

        Asked of a body that is not empty, or that may not be, and whose Content-Type is not
        literally one of those offered. `content_type` is empty where the header is missing.
        """
        ...

    max_depth: int
    """How deep a JSON body may nest."""
    most_problems: int
    """How many problems of a request an answer names, at most 200; the others are counted."""

    def read_body(self, raw: bytes, kind: str, call: Call) -> Any:
        """The value in a body of an offered media type: of JSON, or a `Form`.

        Raises Refusal("malformed"), and Unsafe where texts or numbers cannot be stored.
        """
        ...

    # For each answer, one of the two.

    def accept(self, reply: Reply, call: Call) -> Reply:
        """A handler's reply as it goes out: wrapped where it says so, and with its headers.

        Asked while the transaction is open: a Refusal raised here undoes what the handler did.
        """
        ...

    def write_body(self, body: Any, call: Call) -> bytes:
        """The body of an answer as it is sent. Not asked of bytes: they are sent as they are."""
        ...

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """The answer to a refusal, in the vendor's words.

        Asked for whatever went wrong, so `call` may lack everything that comes after that: without
        a path there are no `methods` and no `operation`, without an operation no body. A reason
        never stands in the answer: its words do.
        """
        ...


Handler = Callable[[Call, Transaction], Reply]
Precheck = Callable[[Call, Transaction], object]
"""Raises Refusal for a request that its handler need not see. What it returns does not matter."""


Settle = Callable[[Transaction, Mapping[str, Any]], None]
"""Changes what rows hold in the terms of earlier settings into the terms of these."""

_NO_SECTION = Section()
_USUAL_PROFILES = Profiles()


@dataclass(eq=False)
class Vendor:
    """One vendor: data, a dialect, and handlers named by the operationIds of `openapi/<name>.yaml`.

    `credential` says where requests carry the account that chooses their workspace.
    `section` says what a fixture may hold for it, by table. A table without a part
    there begins empty. `removed` leads from settings that there were once to those that take their
    place. `lifecycle` is what happens to its leads without a request, `profiles` say who they are.
    `curl` is one line for the start-up banner, with `{url}` for the base URL.
    """

    name: str
    dialect: Dialect
    credential: Credential
    tables: tuple[TableSpec, ...]
    section: Section = _NO_SECTION
    settings: tuple[Setting, ...] = ()
    rules: tuple[MatchingRule, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    curl: str = ""
    handlers: dict[str, Handler] = field(default_factory=dict)
    prechecks: dict[str, Precheck] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)
    on_settings: Settle | None = None
    lifecycle: Lifecycle | None = None
    profiles: Profiles = _USUAL_PROFILES

    def __post_init__(self) -> None:
        """Raise ValueError for a section with a table that the vendor does not have.

        Every vendor has the settings `magic` and `cors`.
        """
        self.settings = (*self.settings, MAGIC, CORS)
        names = {spec.name for spec in self.tables}
        for table in self.section.tables:
            if table.name not in names:
                raise ValueError(f"{self.name}: the section's {table.name} is no table")

    def operation(self, handler: Handler) -> Handler:
        """Decorator: this function answers the operation of its name."""
        self.handlers[handler.__name__] = handler
        return handler

    def settled(self, settle: Settle) -> Settle:
        """Decorator: call this function when the vendor's settings change in a workspace."""
        self.on_settings = settle
        return settle

    def unknown_setting(self, name: str) -> str:
        """What is wrong with a setting of a name that the vendor does not have."""
        if name in self.removed:
            return f"is no setting any more; `{self.removed[name]}` takes its place"
        return f"is no setting; the settings are {', '.join(self.defaults())}"

    def check_first(self, precheck: Precheck) -> Callable[[Handler], Handler]:
        """Decorator: call `precheck` after the path parameters are read and before the body is.

        Some frameworks look up the object of a path first, so that a missing one is a 404 whatever
        the body holds. `precheck` may raise Refusal.
        """

        def keep(handler: Handler) -> Handler:
            self.prechecks[handler.__name__] = precheck
            return handler

        return keep

    def defaults(self) -> dict[str, Any]:
        """Each setting's default."""
        return {setting.name: setting.initial for setting in self.settings}


def formats_of(vendors: Iterable[Vendor]) -> dict[str, Format]:
    """The standard string formats, and those of the vendors' dialects."""
    formats = dict(FORMATS)
    for vendor in vendors:
        formats |= vendor.dialect.formats
    return formats

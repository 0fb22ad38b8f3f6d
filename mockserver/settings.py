"""The options of a server: one table of flags, environment variables, defaults and help texts."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from ipaddress import ip_network
from typing import Any

from mockserver.errors import SettingError

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE
_SHORTEST_TOKEN = 8

DEFAULT_SEED = 1
RANDOM = "random"
"""As a seed: one that nobody has chosen."""

_RANDOM_SEEDS = 2**53
"""A random seed is below this, so that it survives JSON and a spreadsheet on its way back."""

REFUSED_ACCOUNTS = frozenset({"invalid", "expired"})
"""Account names that are always refused, so that a client can test its 401."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to configure the server.

    `parse` turns text into the value, or raises ValueError saying what the value must be; `several`
    does so with a list, for an option that may be given more than once. A value that is `secret`
    stands in no message. `bare` is the text that the flag means without a value; without one the
    flag needs a value.
    """

    name: str
    default: Any
    parse: Callable[[str], Any]
    help: str
    secret: bool = False
    several: Callable[[Sequence[Any]], Any] | None = None
    bare: str = ""

    @property
    def metavar(self) -> str:
        """What kind of value it is, as `--help` shows it."""
        metavar: str = getattr(self.parse, "metavar", "TEXT")
        return metavar

    @property
    def shown_default(self) -> str:
        """Its default, as `--help` shows it."""
        if isinstance(self.default, bool):
            return "on" if self.default else "off"
        text = ", ".join(self.default) if isinstance(self.default, tuple) else str(self.default)
        return text.removesuffix(".0") or "none"

    @property
    def flag(self) -> str:
        """Its name on the command line, like `--log-level`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its name in the environment, like `MOCKSERVER_LOG_LEVEL`."""
        return "MOCKSERVER_" + self.name.upper()


@dataclass(frozen=True, slots=True)
class _OneOf:
    """Parses one of these words."""

    choices: tuple[str, ...]

    @property
    def metavar(self) -> str:
        return f"[{'|'.join(self.choices)}]"

    def __call__(self, text: str) -> str:
        if text not in self.choices:
            raise ValueError("one of " + ", ".join(self.choices))
        return text


def _one_of(*choices: str) -> _OneOf:
    return _OneOf(choices)


@dataclass(frozen=True, slots=True)
class _Integer:
    """Parses an integer from `low` to `high`."""

    low: int
    high: int
    metavar: str = "INTEGER"

    def __call__(self, text: str) -> int:
        # The length comes first: Python refuses to convert thousands of digits.
        is_integer = len(text) <= 20 and text.removeprefix("-").isdecimal()
        if not is_integer or not self.low <= int(text) <= self.high:
            raise ValueError(f"an integer from {self.low} to {self.high}")
        return int(text)


@dataclass(frozen=True, slots=True)
class _Seconds:
    """Parses seconds, in decimals too, from `low` to `high`."""

    low: float
    high: float
    metavar: str = "SECONDS"

    def __call__(self, text: str) -> float:
        if not _DECIMAL.fullmatch(text) or not self.low <= float(text) <= self.high:
            raise ValueError(f"seconds from {self.low:g} to {self.high:g}, like 2.5")
        return float(text)


@dataclass(frozen=True, slots=True)
class _InUnits:
    """Parses a whole number with one of these units behind it, or without one."""

    units: Mapping[str, int]
    low: int
    high: int
    metavar: str
    what: str

    def __call__(self, text: str) -> int:
        match = _MEASURE.fullmatch(text)
        unit = self.units.get(match[2].lower()) if match else None
        if match is None or unit is None or not self.low <= int(match[1]) * unit <= self.high:
            raise ValueError(self.what)
        return int(match[1]) * unit


@dataclass(frozen=True, slots=True)
class _Seed:
    """Parses a seed, or draws one if it is to be random."""

    integer: _Integer
    metavar: str = "INTEGER|random"

    def __call__(self, text: str) -> int:
        if text == RANDOM:
            from secrets import randbelow

            return randbelow(_RANDOM_SEEDS)
        try:
            return self.integer(text)
        except ValueError as error:
            raise ValueError(f"{error}, or {RANDOM}") from None


def _switch(text: str) -> bool:
    value = _SWITCHES.get(text.lower())
    if value is None:
        raise ValueError("on or off")
    return value


_ON = dict.fromkeys(("on", "true", "yes", "1"), True)
_OFF = dict.fromkeys(("off", "false", "no", "0"), False)
_SWITCHES = _ON | _OFF


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not all(_HOST_NAME.fullmatch(name) for name in names):
        raise ValueError("host names and addresses, separated by commas")
    return names


# A wildcard for the first label is a name of a certificate too.
_HOST_NAME = re.compile(r"(?:\*\.)?[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}", re.ASCII)


def _networks(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",") if name.strip() not in ("", "loopback")]
    if text.strip().lower() in ("", "off"):
        return ()
    try:
        return (*_LOOPBACK, *(str(ip_network(name, strict=False)) for name in names))
    except ValueError:
        raise ValueError(
            "loopback, off, or networks like 10.0.0.0/8, separated by commas"
        ) from None


_LOOPBACK = ("127.0.0.0/8", "::1/128")


def _targets(text: str) -> tuple[str, ...]:
    items = [item.strip().lower() for item in text.split(",") if item.strip()]
    for item in items:
        if not _is_target(item):
            raise ValueError(
                "networks like 10.0.0.0/8, hosts like app or app:9000, private or any, separated "
                f"by commas; {item} is none of them"
            )
    return tuple(item for item in items if item != "loopback")


def _is_target(item: str) -> bool:
    host, port = host_and_port(item)
    if port is not None and not 1 <= port <= 65_535:
        return False
    try:
        ip_network(host, strict=False)
    except ValueError:
        # A name that ends in a number would be an address, and this is none.
        ends_in_number = host.rpartition(".")[2].isdecimal()
        return bool(_TARGET_NAME.fullmatch(host)) and not ends_in_number
    return True


_TARGET_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]{0,252}", re.ASCII)


def host_and_port(item: str) -> tuple[str, int | None]:
    """The host and the port of an item like `app:9000` or `[fd00::1]:9000`; or no port."""
    host, _, port = item.rpartition(":")
    is_whole = ":" not in host or (host.startswith("[") and host.endswith("]"))
    if host and is_whole and port.isdecimal() and len(port) <= 5:
        return host.strip("[]"), int(port)
    return item.strip("[]"), None


def _any_text(text: str) -> str:
    return text


_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_MEASURE = re.compile(r"([0-9]{1,15}) ?([A-Za-z]*)", re.ASCII)
_SIZES = {"": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_TIMES = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_MOST_BYTES = 1 << 40
_MOST_SECONDS = 10 * 366 * 86400

_size = _InUnits(
    _SIZES, 1, _MOST_BYTES, "SIZE", "a size from 1 byte to 1TB, like 1048576, 64MB or 4GB"
)
_memory = _InUnits(
    _SIZES, MEGABYTE, _MOST_BYTES, "SIZE", "a size from 1MB to 1TB, like 512MB or 4GB"
)
_idle_time = _InUnits(
    _TIMES,
    0,
    _MOST_SECONDS,
    "TIME",
    "seconds, or a time like 30m, 12h or 7d, up to ten years; 0 is off",
)


def _fixtures(text: str) -> tuple[str, ...]:
    # As in PATH: several stand in one variable. A path that holds the separator is given by a flag.
    return _named(text.split(os.pathsep))


def _named(fixtures: Sequence[Any]) -> tuple[str, ...]:
    names = tuple(str(each) for each in fixtures if isinstance(each, str | os.PathLike))
    if not names or len(names) < len(fixtures) or not all(map(str.strip, names)):
        raise ValueError("a name or a path, or several of them")
    return names


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("a text that is not empty")
    return text


def _token(text: str) -> str:
    # A token travels in a header; an empty one means that there is none.
    fits = text.isascii() and text.isprintable() and " " not in text
    if text and not (fits and len(text) >= _SHORTEST_TOKEN):
        raise ValueError(f"at least {_SHORTEST_TOKEN} ASCII characters without spaces")
    return text


def _account(text: str) -> str:
    # A colon would end the account in a credential that has a second part.
    fits = text.isascii() and text.isprintable() and " " not in text and ":" not in text
    if not fits or text == "" or text in REFUSED_ACCOUNTS:
        raise ValueError(
            "a name that can stand in every vendor's credential: ASCII without spaces and colons, "
            "neither invalid nor expired"
        )
    return text


OPTIONS = (
    Option(
        "host",
        "localhost",
        _text,
        "Address to listen on; localhost means 127.0.0.1 and ::1.",
    ),
    Option(
        "port",
        8080,
        _Integer(0, 65535),
        "Port to listen on; with 0 the system chooses a free one, which is printed.",
    ),
    Option(
        "tls",
        False,
        _switch,
        "Listen with TLS too, and be a proxy for the vendors' https:// addresses.",
        bare="on",
    ),
    Option(
        "tls_port",
        8443,
        _Integer(0, 65535),
        "Port to listen on with TLS; with 0 the system chooses a free one, which is printed.",
    ),
    Option(
        "tls_dir",
        "",
        _any_text,
        "Folder that keeps the certificate authority for the next start; without one it is made "
        "anew at each start.",
    ),
    Option(
        "tls_names",
        (),
        _names,
        "Further host names and addresses, separated by commas, for the certificate.",
    ),
    Option(
        "tls_cert",
        "",
        _any_text,
        "File with a certificate of your own, in PEM, with those between it and its authority.",
    ),
    Option("tls_key", "", _any_text, "File with the private key of --tls-cert, in PEM."),
    Option(
        "unix",
        "",
        _any_text,
        "Path of a socket file to listen on too; the control API asks for no token there.",
    ),
    Option(
        "trust_proxy",
        (),
        _networks,
        "Follow in links what a proxy says in Forwarded or X-Forwarded-Proto and -Host: one on "
        "this machine (loopback), and in the networks given, separated by commas.",
        bare="loopback",
    ),
    Option(
        "fixtures",
        ("demo",),
        _fixtures,
        "What a workspace holds at first: demo, empty, a YAML file, or a folder of them. Given "
        "several times, each is added to those before it.",
        several=_named,
    ),
    Option(
        "seed",
        DEFAULT_SEED,
        _Seed(_Integer(0, 2**63 - 1)),
        "Number from which ids and chance are generated, or random: then it is printed.",
    ),
    Option(
        "strictness",
        "vendor",
        _one_of("vendor", "document"),
        "vendor reads requests as the vendor's framework does, document strictly by its OpenAPI "
        "document.",
    ),
    Option(
        "auth",
        "any",
        _one_of("any", "strict"),
        "any accepts every well-formed credential, strict only the accounts of the fixture.",
    ),
    Option(
        "log_level",
        "info",
        _one_of("debug", "info", "warning", "error"),
        "How much is logged to stderr: info has a line for each request, debug the bodies too, "
        "warning what went wrong.",
    ),
    Option(
        "log_format",
        "text",
        _one_of("text", "json"),
        "text is for people (in colours on a terminal), json for machines.",
    ),
    Option(
        "log_rate",
        2000,
        _Integer(10, 10**6),
        "How many requests are logged in a second; those beyond are counted in one line.",
    ),
    Option(
        "max_body",
        32 * MEGABYTE,
        _size,
        "Largest request body in bytes (or like 64MB); a larger one is answered with 413.",
    ),
    Option(
        "max_wait",
        60,
        _Integer(1, 86_400),
        "How many seconds a request waits while its workspace is busy with a long one; then it is "
        "answered with 503.",
    ),
    Option(
        "max_head",
        64 * KILOBYTE,
        _Integer(KILOBYTE, 2**30),
        "Largest head of a request in bytes: its first line and its header lines; a larger one is "
        "answered with 431.",
    ),
    Option(
        "max_headers",
        100,
        _Integer(1, 10**6),
        "How many header lines a request may have; one with more is answered with 431.",
    ),
    Option(
        "max_target",
        16 * KILOBYTE,
        _Integer(64, 2**30),
        "Longest path with its query in bytes; a longer one is answered with 414.",
    ),
    Option(
        "head_timeout",
        10,
        _Integer(1, 86_400),
        "Seconds in which the head of a request has to come; a slower one is answered with 408.",
    ),
    Option(
        "body_timeout",
        30,
        _Integer(1, 86_400),
        "Seconds after which a body of which nothing more comes is answered with 408.",
    ),
    Option(
        "idle_timeout",
        75,
        _Integer(1, 86_400),
        "Seconds after which a connection is closed on which no request comes, or whose client "
        "reads nothing of its answer.",
    ),
    Option(
        "max_workspaces",
        10_000,
        _Integer(1, 10**9),
        "How many workspaces there may be at a time; for one more, the one that is idle longest "
        "is deleted.",
    ),
    Option(
        "workspace_idle",
        0,
        _idle_time,
        "Seconds (or like 30m, 12h, 7d) after which a workspace that nobody used is deleted; 0 is "
        "off.",
    ),
    Option(
        "max_memory",
        512 * MEGABYTE,
        _memory,
        "How many bytes (or like 4GB) all workspaces may take together: rows, snapshots, fault "
        "rules and journals.",
    ),
    Option(
        "max_leads",
        1_000_000,
        _Integer(1, 10**9),
        "How many leads a workspace may hold.",
    ),
    Option(
        "max_calls",
        1_000_000,
        _Integer(1, 10**9),
        "How many calls of a vendor a workspace may hold, and how many due steps.",
    ),
    Option(
        "max_steps",
        10_000,
        _Integer(1, 10**7),
        "How many due steps one move of a clock may play.",
    ),
    Option(
        "max_webhooks",
        100,
        _Integer(1, 10**6),
        "How many webhooks of a vendor a workspace may have.",
    ),
    Option(
        "max_deliveries",
        100_000,
        _Integer(1, 10**9),
        "How many deliveries of a workspace may wait to be sent.",
    ),
    Option(
        "max_snapshots",
        100,
        _Integer(1, 10**6),
        "How many snapshots a workspace may have.",
    ),
    Option(
        "max_fault_rules",
        1000,
        _Integer(1, 10**6),
        "How many fault rules a workspace may have.",
    ),
    Option(
        "max_streams",
        16,
        _Integer(0, 10_000),
        "How many event streams of the control API there may be at a time; one more is answered "
        "with 503.",
    ),
    Option(
        "journal_entries",
        1000,
        _Integer(1, 10**7),
        "How many requests each workspace's journal keeps.",
    ),
    Option(
        "journal_bytes",
        16 * MEGABYTE,
        _size,
        "How many bytes (or like 64MB) of requests and answers each workspace's journal keeps.",
    ),
    Option(
        "journal_events",
        10_000,
        _Integer(1, 10**7),
        "How many events each workspace keeps.",
    ),
    Option(
        "journal_deliveries",
        10_000,
        _Integer(1, 10**7),
        "How many deliveries each workspace keeps after they are settled.",
    ),
    Option(
        "webhook_targets",
        (),
        _targets,
        "Where webhooks may be sent beside this machine: networks, hosts, hosts with a port, "
        "private or any, separated by commas.",
    ),
    Option(
        "webhook_ca",
        "",
        _any_text,
        "File with certificates of further authorities, in PEM, that webhook receivers are "
        "trusted by.",
    ),
    Option(
        "webhook_timeout",
        5.0,
        _Seconds(0.1, 30),
        "Seconds that a webhook receiver has for its whole answer, unless its webhook says "
        "otherwise.",
    ),
    Option(
        "max_inboxes",
        100,
        _Integer(1, 10**6),
        "How many inboxes a workspace may have.",
    ),
    Option(
        "inbox_entries",
        1000,
        _Integer(1, 10**7),
        "How many entries each inbox keeps.",
    ),
    Option(
        "inbox_bytes",
        4 * MEGABYTE,
        _size,
        "How many bytes (or like 64MB) of entries each inbox keeps.",
    ),
    Option(
        "admin_token",
        "",
        _token,
        "Token that the control API asks for; without one, a server that other machines can reach "
        "makes one and prints it.",
        secret=True,
    ),
    Option(
        "console",
        True,
        _switch,
        "Serve the console, a web page at /__admin/; off has the control API alone.",
    ),
    Option(
        "default_account",
        "demo",
        _account,
        "Account of requests without a credential, to endpoints that need none.",
    ),
)
"""Every option, in the order of `--help`."""

_BY_NAME = {option.name: option for option in OPTIONS}


@dataclass(frozen=True, slots=True)
class Settings:
    """A server's configuration, valid by construction through `read`."""

    host: str = "localhost"
    port: int = 8080
    tls: bool = False
    tls_port: int = 8443
    tls_dir: str = ""
    tls_names: tuple[str, ...] = ()
    tls_cert: str = ""
    tls_key: str = ""
    unix: str = ""
    trust_proxy: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ("demo",)
    seed: int = DEFAULT_SEED
    strictness: str = "vendor"
    auth: str = "any"
    log_level: str = "info"
    log_format: str = "text"
    log_rate: int = 2000
    max_body: int = 32 * MEGABYTE
    max_wait: int = 60
    max_head: int = 64 * KILOBYTE
    max_headers: int = 100
    max_target: int = 16 * KILOBYTE
    head_timeout: int = 10
    body_timeout: int = 30
    idle_timeout: int = 75
    max_workspaces: int = 10_000
    workspace_idle: int = 0
    max_memory: int = 512 * MEGABYTE
    max_leads: int = 1_000_000
    max_calls: int = 1_000_000
    max_steps: int = 10_000
    max_webhooks: int = 100
    max_deliveries: int = 100_000
    max_snapshots: int = 100
    max_fault_rules: int = 1000
    max_streams: int = 16
    journal_entries: int = 1000
    journal_bytes: int = 16 * MEGABYTE
    journal_events: int = 10_000
    journal_deliveries: int = 10_000
    webhook_targets: tuple[str, ...] = ()
    webhook_ca: str = ""
    webhook_timeout: float = 5.0
    max_inboxes: int = 100
    inbox_entries: int = 1000
    inbox_bytes: int = 4 * MEGABYTE
    admin_token: str = ""
    console: bool = True
    default_account: str = "demo"

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Settings":
        """Settings from option names to values (text, or a value of the default's type).

        None means the default. `fixtures` is text or a sequence of paths.

        Raises SettingError with a sentence for each bad value, naming the flag and its environment
        variable.
        """
        parsed = {}
        problems = []
        for name, value in values.items():
            try:
                parsed[name] = _parsed(name, value)
            except SettingError as error:
                problems.append(str(error))
        if problems:
            raise SettingError("\n".join(problems))
        settings = cls(**parsed)
        settings._refuse_half_a_certificate()
        return settings

    def _refuse_half_a_certificate(self) -> None:
        if bool(self.tls_cert) != bool(self.tls_key):
            given, missing = ("tls_cert", "tls_key") if self.tls_cert else ("tls_key", "tls_cert")
            raise SettingError(f"{_place(given)} needs {_place(missing)} beside it")
        if self.tls_cert and not self.tls:
            raise SettingError(f"{_place('tls_cert')} needs {_place('tls')} beside it")


def _parsed(name: str, value: Any) -> Any:
    option = _BY_NAME.get(name)
    if option is None:
        raise SettingError(f"there is no option {name!r}; the options are {', '.join(_BY_NAME)}")
    if value is None:
        return option.default
    text = str(value)
    if isinstance(value, list | tuple):
        text = ", ".join(map(str, value))
    try:
        if option.several is not None and not isinstance(value, str):
            return option.several(value if isinstance(value, list | tuple) else [value])
        return option.parse(text)
    except ValueError as error:
        shown = text if isinstance(value, list | tuple) else value
        given = "" if option.secret else f" is {shown!r}, but"
        raise SettingError(f"{_place(name)}{given} must be {error}") from None


def _place(name: str) -> str:
    option = _BY_NAME[name]
    return f"{option.flag} (or {option.variable})"


# The fields of `Settings` are written out for type checkers; they must be those of the table.
assert [option.name for option in OPTIONS] == [field.name for field in fields(Settings)]

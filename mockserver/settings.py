"""How a server is started.

One table of flags, environment variables, defaults and their sentences.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from mockserver.errors import SettingError

MEGABYTE = 1024 * 1024
_SHORTEST_TOKEN = 8

REFUSED_ACCOUNTS = frozenset({"invalid", "expired"})
"""Account names that never get in, so that a client can test its 401."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to configure the server.

    `parse` turns text into the value or raises ValueError with what is wanted instead.
    """

    name: str
    default: Any
    parse: Callable[[str], Any]
    help: str

    @property
    def flag(self) -> str:
        """The command line's name, `--log-level`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment's name, `MOCKSERVER_LOG_LEVEL`."""
        return "MOCKSERVER_" + self.name.upper()


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return text

    return parse


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or len(text) > 20 or not low <= int(text) <= high:
            raise ValueError(f"an integer from {low} to {high}")
        return int(text)

    return parse


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("a text that is not empty")
    return text


def _token(text: str) -> str:
    if text and not (
        text.isascii() and text.isprintable() and " " not in text and len(text) >= _SHORTEST_TOKEN
    ):
        raise ValueError(f"at least {_SHORTEST_TOKEN} ASCII characters without spaces")
    return text


def _account(text: str) -> str:
    if (
        not (text.isascii() and text.isprintable())
        or {" ", ":"} & {*text}
        or text in {"", *REFUSED_ACCOUNTS}
    ):
        raise ValueError(
            "a name that every vendor's credential can have: ASCII without spaces and colons, "
            "neither invalid nor expired"
        )
    return text


OPTIONS = (
    Option("host", "127.0.0.1", _text, "Address to listen on."),
    Option(
        "port", 8080, _between(0, 65535), "Port to listen on; 0 takes a free one and prints it."
    ),
    Option(
        "fixtures",
        "demo",
        _text,
        "What a workspace holds at first: demo, empty, a YAML file, or a folder of them.",
    ),
    Option("seed", 1, _between(0, 2**63 - 1), "Decides every generated id."),
    Option(
        "strictness",
        "vendor",
        _one_of("vendor", "document"),
        "vendor reads as the vendor's framework does, document to the letter.",
    ),
    Option(
        "auth",
        "any",
        _one_of("any", "strict"),
        "any admits every well-formed credential, strict only the accounts that are declared.",
    ),
    Option(
        "log_level",
        "info",
        _one_of("debug", "info", "warning", "error"),
        "How much is logged to stderr.",
    ),
    Option(
        "max_body",
        32 * MEGABYTE,
        _between(1, 2**40),
        "Largest request body in bytes; above it the answer is 413.",
    ),
    Option(
        "max_workspaces",
        10_000,
        _between(1, 10**9),
        "How many accounts may have a workspace at a time.",
    ),
    Option(
        "journal_entries",
        1000,
        _between(1, 10**7),
        "How many requests each workspace's journal keeps.",
    ),
    Option(
        "journal_bytes",
        16 * MEGABYTE,
        _between(1, 2**40),
        "How many bytes of requests and answers each workspace's journal keeps.",
    ),
    Option(
        "admin_token",
        "",
        _token,
        "What the control API asks for; beyond loopback one is made and printed unless it is given "
        "here.",
    ),
    Option(
        "default_account",
        "demo",
        _account,
        "Account of requests to endpoints that are open without a credential.",
    ),
)
"""Every option there is."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A server's configuration, valid by construction through `read`."""

    host: str = "127.0.0.1"
    port: int = 8080
    fixtures: str = "demo"
    seed: int = 1
    strictness: str = "vendor"
    auth: str = "any"
    log_level: str = "info"
    max_body: int = 32 * MEGABYTE
    max_workspaces: int = 10_000
    journal_entries: int = 1000
    journal_bytes: int = 16 * MEGABYTE
    admin_token: str = ""
    default_account: str = "demo"

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Settings":
        """Settings from option names to values (text, or a value of the default's type).

        None means the default.

        Raises SettingError naming the flag and its environment variable.
        """
        known = {option.name: option for option in OPTIONS}
        parsed = {}
        for name, value in values.items():
            if name not in known:
                raise SettingError(
                    f"there is no option {name!r}; the options are {', '.join(known)}"
                )
            option = known[name]
            try:
                parsed[name] = option.default if value is None else option.parse(str(value))
            except ValueError as error:
                raise SettingError(
                    f"{option.flag} (or {option.variable}) is {value!r}, but must be {error}"
                ) from None
        return cls(**parsed)


assert [option.name for option in OPTIONS] == [field.name for field in fields(Settings)]

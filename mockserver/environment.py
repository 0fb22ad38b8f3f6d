"""The variables of the environment: which are options, which are not ours, and which are slips."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mockserver.settings import OPTIONS

PREFIX = "MOCKSERVER_"

OTHER_VARIABLES = frozenset(
    {
        "MOCKSERVER_FAIL_ON",
        "MOCKSERVER_FORMAT",
        "MOCKSERVER_IDS",
        "MOCKSERVER_REPORT",
        "MOCKSERVER_REPORT_FILE",
        "MOCKSERVER_RUN",
        "MOCKSERVER_URL",
        "MOCKSERVER_WORKSPACE",
    }
)
"""Variables of the pytest plugin and of commands beside `serve`."""

# Kubernetes makes these for a Service called mockserver, or mockserver-x, in every container of its
# namespace; Docker makes the last two kinds for a link of that name.
_SERVICE = re.compile(r"MOCKSERVER(_\w+)?_SERVICE_(HOST|PORT(_\w+)?)", re.ASCII)
_LINKED_PORT = re.compile(
    r"MOCKSERVER(_\w+)?_PORT_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?", re.ASCII
)
_ADDRESS = re.compile(r"(tcp|udp|sctp)://", re.ASCII)
_LINK = re.compile(r"MOCKSERVER(_\w+)?_(NAME|ENV_\w+)", re.ASCII)
"""What else a Docker link makes. Its names are as free as those of an application."""

_CLOSE = 0.75
"""How much of two names has to be alike, for one to be a slip of the other."""


@dataclass
class Environment:
    """What the variables say.

    `values` are texts by the name of the option. `ignored` are variables of options whose value is
    the platform's, `unknown` those that are close to none of ours. `problems` is a sentence for
    each slip.
    """

    values: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def warnings(self) -> list[str]:
        """A line for those who read the log, for each kind of variable that was ignored."""
        lines = [
            f"{name} is ignored: its value is that of a Kubernetes Service or a Docker link"
            for name in self.ignored
        ]
        if self.unknown:
            lines.append(f"No variables of mockserver, and ignored: {', '.join(self.unknown)}")
        return lines


_OPTIONS = {option.variable: option.name for option in OPTIONS}


def read_environment(variables: Mapping[str, str]) -> Environment:
    """The options that the variables set. An empty variable counts as one that is not set."""
    environment = Environment()
    for name in sorted(variables):
        if name.startswith(PREFIX) and variables[name]:
            _read(name, variables[name], environment)
    return environment


def _read(name: str, value: str, environment: Environment) -> None:
    option = _OPTIONS.get(name)
    if name.endswith("_PORT") and _ADDRESS.match(value):
        if option is not None:
            environment.ignored.append(name)
    elif option is not None:
        environment.values[option] = value
    elif name not in OTHER_VARIABLES and not _is_of_a_service(name):
        meant = None if _LINK.fullmatch(name) else _meant(name)
        if meant is None:
            environment.unknown.append(name)
        else:
            environment.problems.append(
                f"{name} is no variable of mockserver; {meant} was probably meant"
            )


def _is_of_a_service(name: str) -> bool:
    return bool(_SERVICE.fullmatch(name) or _LINKED_PORT.fullmatch(name))


def _meant(name: str) -> str | None:
    """The variable that a name is a slip of."""
    from difflib import SequenceMatcher

    given = name.removeprefix(PREFIX)
    closest, likeness = None, _CLOSE
    for variable in (*_OPTIONS, *sorted(OTHER_VARIABLES)):
        found = SequenceMatcher(None, given, variable.removeprefix(PREFIX)).ratio()
        if found >= likeness:
            closest, likeness = variable, found
    return closest

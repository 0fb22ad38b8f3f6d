"""What can be made to go wrong, as one catalogue: refusals in the vendor's words, broken answers, slow ones, lost ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mockserver.errors import Kind


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One entry of the catalogue.

    `refusal` is what the vendor's dialect phrases, where the fault is a refusal; `status` is what a client sees in its place (None: whatever
    the operation answers, or nothing at all). `parameters` are the names that a rule may give, with their defaults.
    """

    name: str
    help: str
    status: int | None = None
    refusal: Kind | None = None
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that one request gets, and why: `cause` is `rule <id>`, `prefer` or `magic`."""

    kind: FaultKind
    cause: str
    parameters: Mapping[str, Any]

"""How sure a rule is."""

from typing import Literal, get_args

Provenance = Literal[
    "documented",
    "client",
    "observed",
    "inferred",
    "chosen",
]
"""From the surest to the least sure.

- `documented`: the vendor's own words.
- `client`: the vendor's SDK does so.
- `observed`: public client code relies on it.
- `inferred`: what the framework behind the API does, or plain reasoning.
- `chosen`: no source says. Where a user may need another behaviour, a setting changes it.
"""

PROVENANCES: tuple[str, ...] = get_args(Provenance)
